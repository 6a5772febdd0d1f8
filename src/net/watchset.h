/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_WATCHSET_H
#define RADSECGW_WATCHSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The directories that must be watched so that no change of some paths is missed, and the names in them that matter.
 * Walking a path adds each directory on its way with the name that leads on, through symbolic links. All directories
 * are real paths, without links, so that each stands here once.
 */

/* Names in one directory, and directories, at most; who has more must be looked at. */
#define RGW_WATCH_NAMES 1024

struct rgw_watchdir {
	char *path;        /* owned */
	char **names;      /* owned */
	size_t n_names;
	bool all;          /* every name matters */
	int wd;            /* of inotify, or -1 */
};

struct rgw_watchset {
	struct rgw_watchdir *dirs;  /* owned */
	size_t n;
	size_t limit;
	bool full;         /* something did not fit */
};

/* Called for a directory before anything in it is looked at; dir->wd is to be set. */
typedef void rgw_watchset_begin(void *ctx, struct rgw_watchdir *dir);

/* Adds all that `path` depends on, which is relative to the current directory if it does not begin with a slash. */
void rgw_watchset_walk(struct rgw_watchset *set, const char *path, rgw_watchset_begin *begin, void *ctx);
/* Does an event on this watch and name matter? Without a name (NULL) it is about the directory itself. */
bool rgw_watchset_matters(const struct rgw_watchset *set, int wd, const char *name);
bool rgw_watchset_has(const struct rgw_watchset *set, int wd);
void rgw_watchset_fini(struct rgw_watchset *set);

/* A number that tells whether anything at this path has changed between two looks: what is there, its size, time and
 * inode, and the same for each entry of a directory. */
uint64_t rgw_watchset_look(const char *path);

#endif
