/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watchset.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "radsecgw/hash.h"
#include "radsecgw/mem.h"

/* Entries of a directory that are looked at. */
#define ENTRIES_MAX 4096

/* ---- the set ---- */

static struct rgw_watchdir *
find(const struct rgw_watchset *set, const char *path)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->dirs[i].path, path) == 0)
			return &set->dirs[i];
	return NULL;
}

static struct rgw_watchdir *
add_dir(struct rgw_watchset *set, const char *path, rgw_watchset_begin *begin, void *ctx)
{
	struct rgw_watchdir *dir = find(set, path);

	if (dir != NULL)
		return dir;
	if (set->n == set->limit) {
		set->full = true;
		return NULL;
	}
	set->dirs = rgw_xrealloc(set->dirs, (set->n + 1) * sizeof *set->dirs);
	dir = &set->dirs[set->n++];
	*dir = (struct rgw_watchdir){ .path = rgw_xstrdup(path), .wd = -1 };
	begin(ctx, dir);
	return dir;
}

static bool
has_name(const struct rgw_watchdir *dir, const char *name)
{
	for (size_t i = 0; i < dir->n_names; i++)
		if (strcmp(dir->names[i], name) == 0)
			return true;
	return false;
}

static void
add_name(struct rgw_watchset *set, struct rgw_watchdir *dir, const char *name)
{
	if (dir->all || has_name(dir, name))
		return;
	if (dir->n_names == RGW_WATCH_NAMES) {
		set->full = true;
		return;
	}
	dir->names = rgw_xrealloc(dir->names, (dir->n_names + 1) * sizeof *dir->names);
	dir->names[dir->n_names++] = rgw_xstrdup(name);
}

bool
rgw_watchset_has(const struct rgw_watchset *set, int wd)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->dirs[i].wd == wd)
			return true;
	return false;
}

bool
rgw_watchset_matters(const struct rgw_watchset *set, int wd, const char *name)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct rgw_watchdir *dir = &set->dirs[i];

		/* Two paths may lead to one directory all the same, by a mount. */
		if (dir->wd == wd && (name == NULL || dir->all || has_name(dir, name)))
			return true;
	}
	return false;
}

void
rgw_watchset_fini(struct rgw_watchset *set)
{
	for (size_t i = 0; i < set->n; i++) {
		for (size_t j = 0; j < set->dirs[i].n_names; j++)
			free(set->dirs[i].names[j]);
		free(set->dirs[i].names);
		free(set->dirs[i].path);
	}
	free(set->dirs);
	*set = (struct rgw_watchset){ .limit = set->limit };
}

/* ---- the way of a path ---- */

/* A walk: where it is, a real path, and what is left of the way. */
struct walk {
	struct rgw_watchset *set;
	rgw_watchset_begin *begin;
	void *ctx;
	char at[PATH_MAX];
	char left[PATH_MAX];
};

/* dir/name, for the root, too; false if that is too long. */
static bool
join(char out[static PATH_MAX], const char *dir, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name);

	return n > 0 && n < PATH_MAX;
}

/* Takes the first name off the way that is left. */
static bool
next_name(char *left, char name[static NAME_MAX + 1])
{
	size_t skip = strspn(left, "/");
	size_t len = strcspn(left + skip, "/");

	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(name, left + skip, len);
	name[len] = '\0';
	memmove(left, left + skip + len, strlen(left + skip + len) + 1);
	return true;
}

static void
go_up(char *at)
{
	char *slash = strrchr(at, '/');

	slash[slash == at] = '\0';
}

/* The target of a link goes before what is left of the way, with a slash more between them. So a circle of links ends
 * where the way is too long. */
static bool
follow(struct walk *w, const char *link)
{
	char target[PATH_MAX], way[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof target - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	if (!join(way, target, w->left))
		return false;
	if (target[0] == '/')
		memcpy(w->at, "/", 2);
	memcpy(w->left, way, strlen(way) + 1);
	return true;
}

/* One name further. false = the way ends here: at what is no directory, or is not there. */
static bool
step(struct walk *w, const char *name)
{
	struct rgw_watchdir *dir;
	char next[PATH_MAX];
	struct stat st;

	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") == 0) {
		go_up(w->at);
		return true;
	}
	dir = add_dir(w->set, w->at, w->begin, w->ctx);
	if (dir == NULL)
		return false;
	add_name(w->set, dir, name);
	if (!join(next, w->at, name) || lstat(next, &st) != 0)
		return false;
	if (S_ISLNK(st.st_mode))
		return follow(w, next);
	if (!S_ISDIR(st.st_mode))
		return false;
	memcpy(w->at, next, strlen(next) + 1);
	return true;
}

/* Walks to the end. false = that is no directory. */
static bool
walk_to(struct walk *w, const char *path)
{
	char name[NAME_MAX + 1], cwd[PATH_MAX] = "/";

	memcpy(w->at, "/", 2);
	if (path[0] != '/' && getcwd(cwd, sizeof cwd) == NULL)
		return false;
	if (!join(w->left, cwd, path))
		return false;
	while (next_name(w->left, name))
		if (!step(w, name))
			return false;
	return true;
}

void
rgw_watchset_walk(struct rgw_watchset *set, const char *path, rgw_watchset_begin *begin, void *ctx)
{
	struct walk *w = rgw_xcalloc(1, sizeof *w);
	struct rgw_watchdir *dir;
	char entry[PATH_MAX];
	struct dirent *e;
	DIR *in = NULL;

	w->set = set;
	w->begin = begin;
	w->ctx = ctx;
	dir = walk_to(w, path) ? add_dir(set, w->at, begin, ctx) : NULL;
	if (dir != NULL) {
		dir->all = true;
		in = opendir(dir->path);
	}
	/* What the links in it lead to; a directory that one of them leads to is not entered. */
	for (unsigned i = 0; in != NULL && i < ENTRIES_MAX && (e = readdir(in)) != NULL; i++)
		if ((e->d_type == DT_LNK || e->d_type == DT_UNKNOWN) && join(entry, path, e->d_name))
			(void)walk_to(w, entry);
	if (in != NULL)
		closedir(in);
	free(w);
}

/* ---- looking ---- */

static uint64_t
mark_of(const char *path, const char *name, struct stat *st)
{
	static const struct rgw_hashkey key = { 0x77617463682c206c, 0x6f6f6b2c2074656c };
	int error = stat(path, st) == 0 ? 0 : errno;
	const uint64_t facts[] = { (uint64_t)error, st->st_dev, st->st_ino, (uint64_t)st->st_size, st->st_mode,
		(uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec };
	uint64_t hash = rgw_siphash(&key, facts, error == 0 ? sizeof facts : sizeof facts[0]);

	return rgw_siphash(&(struct rgw_hashkey){ key.k0, hash }, name, strlen(name));
}

uint64_t
rgw_watchset_look(const char *path)
{
	struct stat st = { .st_mode = 0 };
	uint64_t mark = mark_of(path, path, &st);
	char entry[PATH_MAX];
	struct dirent *e;
	DIR *in;

	if (!S_ISDIR(st.st_mode) || (in = opendir(path)) == NULL)
		return mark;
	/* The order in which they come does not matter. */
	for (unsigned i = 0; i < ENTRIES_MAX && (e = readdir(in)) != NULL; i++)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && join(entry, path, e->d_name))
			mark += mark_of(entry, e->d_name, &st);
	closedir(in);
	return mark;
}
