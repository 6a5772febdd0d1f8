/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_SWEEPER_H
#define RADSECGW_APP_SWEEPER_H

#include <pthread.h>

#include "inbox.h"
#include "radsecgw/conf.h"

/*
 * The sweeper frees configurations that nobody needs any more. For thousands of sections that takes a while, so a
 * thread does it that exists only as long as there is one to be freed. The process owns the sweeper; all calls belong
 * to the process's own thread.
 */
struct rgw_sweeper {
	struct rgw_inbox *home;    /* borrowed: of the process; NULL = no thread may be started (any more) */
	struct rgw_conf **confs;   /* owned: they wait, in the order in which they came */
	size_t n;
	struct rgw_conf *sweeping; /* owned by the thread, if there is one */
	pthread_t thread;
	struct rgw_job swept;      /* comes home when the thread is about to end */
};

/* The sweeper stays where it is. */
void rgw_sweeper_init(struct rgw_sweeper *sweeper, struct rgw_inbox *home);
/* Takes over a configuration, and frees it soon; or at once, when it may not start a thread. */
void rgw_sweeper_take(struct rgw_sweeper *sweeper, struct rgw_conf *conf);
/* Frees all that waits. No thread is left; but its job may be on its way home. */
void rgw_sweeper_stop(struct rgw_sweeper *sweeper);

#endif
