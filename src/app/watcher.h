/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_WATCHER_H
#define RADSECGW_APP_WATCHER_H

#include "radsecgw/filewatch.h"
#include "radsecgw/list.h"
#include "radsecgw/log.h"
#include "reload.h"

struct ev_loop;

/*
 * The watcher has the files of the configuration that is in effect watched, as far as its options `watch` want that,
 * and asks the reloader for what has changed: certificates, keys and CAs are read again under the same configuration,
 * and files of the configuration bring a new one. A certificate that is replaced before its key does not fit for a
 * moment: certificates are tried again, with growing pauses, before anybody is told that they cannot be used.
 *
 * The process owns the watcher; all calls belong to its thread.
 */
struct rgw_watcher;

struct rgw_watcher_tuning {
	struct rgw_filewatch_tuning files;
	rgw_ms pause;     /* milliseconds until the first new try, and twice as many until the next */
	rgw_ms patience;  /* milliseconds until a try that fails is told */
};

#define RGW_WATCHER_TUNING { .files = RGW_FILEWATCH_TUNING, .pause = 1000, .patience = 30000 }

/* Makes a watcher, which borrows the pointers, and copies `tuning`. It begins to watch the files of the reloader's
 * configuration, so what changes from now on is noticed. */
struct rgw_watcher *rgw_watcher_new(struct ev_loop *loop, struct rgw_log *log, struct rgw_reloader *reloader,
    const struct rgw_watcher_tuning *tuning) RGW_MUST_USE;
/* The reloader has another configuration in effect: its files are watched from now on. */
void rgw_watcher_follow(struct rgw_watcher *watcher);
/* Frees the watcher, when the reloader carries nothing out any more. NULL is ignored. */
void rgw_watcher_free(struct rgw_watcher *watcher);

#endif
