/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reading.h"
#include "radsecgw/errnotext.h"
#include "radsecgw/mem.h"

/* Files that the configuration names: their paths, their contents, and patterns of them. */

#define WILDCARDS "*?["

/* The length of the directory in a path, its last slash included. */
static size_t
directory_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash + 1 - path) : 0;
}

char *
rgw_path_from(const char *file, const char *path)
{
	size_t len = path[0] == '/' ? 0 : directory_len(file);
	size_t path_len = strlen(path);
	char *joined = rgw_xcalloc(1, len + path_len + 1);

	memcpy(joined, file, len);
	memcpy(joined + len, path, path_len + 1);
	return joined;
}

/* Opens a file to be read; opening a pipe without a writer does not block. */
static int
open_file(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && fstat(fd, st) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static const char *
read_all(int fd, size_t limit, struct rgw_strbuf *out, char buf[static RGW_ERRNO_TEXT])
{
	char chunk[4096];
	const char *why = NULL;
	size_t n_before = out->n;

	rgw_strbuf_add(out, "", 0);
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			why = rgw_errno_text(errno, buf);
		else if (out->n - n_before + (size_t)n > limit)
			why = "file is too large";
		if (n <= 0 || why != NULL)
			break;
		rgw_strbuf_add(out, chunk, (size_t)n);
	}
	rgw_wipe(chunk, sizeof chunk);
	return why;
}

const char *
rgw_file_read(const char *path, size_t limit, struct rgw_strbuf *out, struct stat *st,
    char buf[static RGW_ERRNO_TEXT])
{
	const char *why;
	int fd = open_file(path, st);

	if (fd < 0)
		return rgw_errno_text(errno, buf);
	/* A pipe may be read, too, and its writer may be slower than we are, so reading waits. */
	if (S_ISDIR(st->st_mode))
		why = rgw_errno_text(EISDIR, buf);
	else if (fcntl(fd, F_SETFL, 0) != 0)
		why = rgw_errno_text(errno, buf);
	else
		why = read_all(fd, limit, out, buf);
	close(fd);
	return why;
}

const char *
rgw_file_value(bool no_files, const char *path, size_t limit, struct rgw_strbuf *out, struct stat *st,
    char buf[static RGW_ERRNO_TEXT])
{
	const char *why = no_files ? "files are not read here" : rgw_file_read(path, limit, out, st, buf);

	if (why == NULL && out->n > 0 && out->v[out->n - 1] == '\n') {
		out->n -= out->n > 1 && out->v[out->n - 2] == '\r' ? 2 : 1;
		out->v[out->n] = '\0';
	}
	return why;
}

const char *
rgw_file_check(const char *path, bool directory, struct stat *st, char buf[static RGW_ERRNO_TEXT])
{
	const char *why = NULL;
	int fd = open_file(path, st);

	if (fd < 0)
		return rgw_errno_text(errno, buf);
	if (S_ISDIR(st->st_mode) && !directory)
		why = rgw_errno_text(EISDIR, buf);
	else if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		why = "neither a file nor a directory";
	close(fd);
	return why;
}

/* Puts the directory of the file before the pattern; the directory is a name, so wildcards in it are escaped.
 * */
static char *
pattern_from(const char *file, const char *pattern)
{
	struct rgw_strbuf text = { 0 };
	size_t len = pattern[0] == '/' ? 0 : directory_len(file);

	for (size_t i = 0; i < len; i++) {
		if (strchr("*?[\\", file[i]) != NULL)
			rgw_strbuf_add(&text, "\\", 1);
		rgw_strbuf_add(&text, file + i, 1);
	}
	rgw_strbuf_add(&text, pattern, strlen(pattern));
	return text.v;
}

/* Is this error of glob one? A directory that is not there matches nothing; a directory that cannot be read is
 * an error. */
static int
on_glob_error(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

static int
compare_names(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

const char *
rgw_file_match(const char *file, const char *pattern, struct rgw_strings *out, char buf[static RGW_ERRNO_TEXT])
{
	char *full = pattern_from(file, pattern);
	glob_t found;
	int rc = glob(full, GLOB_NOSORT, on_glob_error, &found);
	const char *why = NULL;

	free(full);
	switch (rc) {
	case 0:
		/* The paths are sorted by octets, so that their order does not depend on the locale. */
		qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare_names);
		for (size_t i = 0; i < found.gl_pathc; i++)
			*(char **)rgw_array_grow(out, sizeof *out->v) =
			    rgw_xstrdup(found.gl_pathv[i]);
		break;
	case GLOB_NOMATCH:
		/* A pattern may match nothing, but a plain name promises that there is a file. */
		if (strpbrk(pattern, WILDCARDS) == NULL)
			why = rgw_errno_text(ENOENT, buf);
		break;
	default:
		why = rc == GLOB_ABORTED ? rgw_errno_text(EACCES, buf) : "the directory cannot be searched";
		break;
	}
	globfree(&found);
	return why;
}

char *
rgw_file_searched(const char *file, const char *pattern)
{
	char *path = rgw_path_from(file, pattern);
	size_t plain = strcspn(pattern, WILDCARDS);
	size_t len;

	path[strlen(path) - (strlen(pattern) - plain)] = '\0';
	len = directory_len(path);
	/* The slash at the end goes unless it is the whole path. */
	path[len > 1 ? len - 1 : len] = '\0';
	if (len > 0 && pattern[plain] != '\0')
		return path;
	free(path);
	return pattern[plain] != '\0' ? rgw_xstrdup(".") : NULL;
}

void
rgw_strings_fini(struct rgw_strings *strings)
{
	for (size_t i = 0; i < strings->n; i++)
		free(strings->v[i]);
	free(strings->v);
	*strings = (struct rgw_strings){ 0 };
}
