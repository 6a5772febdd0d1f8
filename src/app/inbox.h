/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_INBOX_H
#define RADSECGW_APP_INBOX_H

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

#include "radsecgw/list.h"

/*
 * Jobs are how threads ask each other for something. Whoever makes a job embeds it in what the job needs, and owns that
 * again when the job is done: it goes to the inbox of a worker, is run by the thread of that worker, and comes home to
 * the inbox of the process, where it is done by the thread of the first worker. Nothing else is written by two threads.
 */
struct rgw_job;
struct rgw_worker;

struct rgw_job {
	/* Runs in the thread of the worker. false = rgw_worker_return will follow. */
	bool (*run)(struct rgw_worker *worker, struct rgw_job *job);
	/* Runs once in the thread of the first worker, for each job that was posted. */
	void (*done)(struct rgw_job *job);
	bool was_run;          /* false when it is done: the worker ended first */
	struct rgw_link link;  /* in an inbox */
};

/* Where jobs arrive for the thread that runs `loop`. */
struct rgw_inbox {
	struct ev_loop *loop;           /* borrowed, as the context of take */
	void (*take)(void *ctx, struct rgw_job *job);
	void *ctx;
	pthread_mutex_t lock;           /* of the next one */
	struct rgw_link jobs;           /* borrowed, oldest first */
	ev_async arrived;
};

/* The inbox stays where it is until it is closed. `take` is called for each job, in the order in which they came. */
void rgw_inbox_open(struct rgw_inbox *inbox, struct ev_loop *loop, void (*take)(void *ctx, struct rgw_job *job),
    void *ctx);
/* Ends the use of the loop, which must not run; the inbox must be empty. */
void rgw_inbox_close(struct rgw_inbox *inbox);
/* Puts a job in; from any thread. */
void rgw_inbox_put(struct rgw_inbox *inbox, struct rgw_job *job);
/* The oldest job, or NULL; for the thread of the loop, or when that does not run. */
struct rgw_job *rgw_inbox_next(struct rgw_inbox *inbox);

#endif
