/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The files that an option of files and directories names. */

/* Is the file one that editors and package managers leave behind, and that must not be used again? */
static bool
is_left_over(const char *name)
{
	static const char *const ends[] = { "~", "#", ".bak", ".orig", ".old", ".swp", ".tmp", ".dpkg-old",
		".dpkg-dist", ".dpkg-new", ".rpmsave", ".rpmnew", ".rpmorig" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (len > strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static bool
take_entry(const struct rgw_tls_files *files, const char *folder, const char *name, struct rgw_tls_problem *problem)
{
	char path[4096];
	char why[512];
	struct rgw_blob f;
	struct stat st;
	bool good = true;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (name[0] == '.' || (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
		return true;
	if (is_left_over(name)) {
		rgw_tls_tell(files->ear, files->key, "%s is left out: its name is that of an old version of a file",
		    path);
	} else if (rgw_tls_read_file(path, files->limit, &f, why, sizeof why)) {
		good = files->take(files->ctx, path, &f, false, problem);
		rgw_pem_drop(&f);
	} else {
		rgw_tls_tell(files->ear, files->key, "left out: %s", why);
	}
	return good;
}

static bool
take_folder(const struct rgw_tls_files *files, const char *path, struct rgw_tls_problem *problem)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);
	bool good = true;

	if (n < 0)
		return rgw_tls_fail(problem, files->key, "cannot open the directory %s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		good = good && take_entry(files, path, entries[i]->d_name, problem);
		free(entries[i]);
	}
	free(entries);
	return good;
}

bool
rgw_tls_each_file(const struct rgw_tls_files *files, const char *path, struct rgw_tls_problem *problem)
{
	struct rgw_blob f;
	char why[512];
	struct stat st;
	bool good;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return take_folder(files, path, problem);
	if (rgw_tls_read_file(path, files->limit, &f, why, sizeof why)) {
		good = files->take(files->ctx, path, &f, true, problem);
		rgw_pem_drop(&f);
		return good;
	}
	if (stat(path, &st) != 0 || st.st_size != 0)
		return rgw_tls_fail(problem, files->key, "%s", why);
	rgw_tls_tell(files->ear, files->key, "left out: %s", why);
	return true;
}

