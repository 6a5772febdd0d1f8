/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_FILEWATCH_H
#define RADSECGW_FILEWATCH_H

#include <stddef.h>
#include <stdint.h>

#include "radsecgw/log.h"
#include "radsecgw/time.h"

struct ev_loop;

/*
 * A watcher notices that files or directories have changed: written in place, replaced by a rename, removed, made
 * anew, or reached in another way, since a directory or a symbolic link on the way to them has been replaced (as
 * Kubernetes does with `..data`). A path may name what does not exist yet. Of a directory, every entry counts, and what
 * is behind those that are symbolic links. A write through a hard link with another name is not noticed.
 *
 * The callback comes once, when something has changed and then nothing for the settle time; if it never gets quiet,
 * after ten times that. It says that there is reason to read the files again, not that their content differs. What
 * changes between the reading of a file and the call that begins to watch it is not noticed: begin to watch, then read.
 *
 * inotify tells. Where it does not, for want of watches or permission, a line in the log says so, and all is looked at
 * from time to time as well. All calls belong to the thread of the loop.
 */
struct rgw_filewatch;

struct rgw_filewatch_tuning {
	rgw_ms settle;
	rgw_ms poll;       /* between two looks where inotify does not tell */
	unsigned watches;  /* directories that inotify watches, at most; 0 = never use it */
};

#define RGW_FILEWATCH_TUNING { .settle = 1000, .poll = 10000, .watches = 512 }

/* May call rgw_filewatch_set() and rgw_filewatch_free(). */
typedef void rgw_filewatch_changed(void *ctx);

/* Borrows all pointers but `tuning`, which is copied. Nothing is watched yet. */
struct rgw_filewatch *rgw_filewatch_new(struct ev_loop *loop, struct rgw_log *log,
    const struct rgw_filewatch_tuning *tuning, rgw_filewatch_changed *changed, void *ctx);

/* Watches exactly these paths from now on; they are copied. A change that was noticed before is still told. */
void rgw_filewatch_set(struct rgw_filewatch *watch, const char *const *paths, size_t n);

/* NULL is ignored. */
void rgw_filewatch_free(struct rgw_filewatch *watch);

#endif
