/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_ROUND_H
#define RADSECGW_APP_ROUND_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "inbox.h"
#include "radsecgw/http.h"
#include "radsecgw/rows.h"
#include "worker.h"

/*
 * A round asks each worker for something, by a job, on behalf of a thread that is none of theirs. Whoever asks while a
 * round is under way waits for its end like the one who began it: so workers are never asked for the same thing twice
 * at the same time, however many want to know. A worker that does not answer within a time is late, which whoever waits
 * is told then; whoever comes later is told at once, until the worker has answered.
 *
 * The owner's thread makes all calls; `run` is called by the threads of the workers.
 */
struct rgw_round;

/* What one worker is asked. */
struct rgw_visit {
	struct rgw_job job;
	struct rgw_round *round;
	bool out;                /* the worker has not answered; only for the owner's thread */
	struct rgw_rows rows;    /* owned: what the worker tells */
};

/* Somebody who waits. */
struct rgw_waiter {
	struct rgw_link link;
	struct rgw_round *round;
	struct rgw_http_exchange *exchange;  /* borrowed */
	bool openmetrics;                    /* the form that is wanted */
};

struct rgw_round_ops {
	void (*run)(struct rgw_worker *worker, struct rgw_visit *visit);  /* in the thread of the worker */
	void (*then)(struct rgw_round *round);  /* all have answered: answers all waiters */
	void (*late)(struct rgw_round *round);  /* some have not, in time: the same */
	rgw_ms limit;                           /* that time, in milliseconds */
};

struct rgw_round {
	const struct rgw_round_ops *ops;
	void *owner;                       /* borrowed, as the next three */
	struct rgw_inbox *home;            /* of the owner's thread; its `take` must call rgw_round_take */
	struct rgw_worker *const *workers;
	uint32_t n_workers;
	struct rgw_visit *visits;          /* owned: one for each worker */
	uint32_t n_out;                    /* number of workers that have not answered */
	bool is_late;                      /* the time is over, and they still have not */
	bool is_over;                      /* a worker has ended: nobody can be asked any more */
	struct rgw_link waiters;           /* owned */
	ev_timer deadline;
};

/* The round borrows all pointers but the number; it has no visits under way. */
void rgw_round_init(struct rgw_round *round, const struct rgw_round_ops *ops, void *owner, struct rgw_inbox *home);
/* Says whom to ask; once, before anybody does. */
void rgw_round_set_workers(struct rgw_round *round, struct rgw_worker *const *workers, uint32_t n);
/* Frees what the round owns, when its jobs have come home and nobody waits. */
void rgw_round_fini(struct rgw_round *round);

/* The exchange, which has not been answered, waits for the end of the round, which begins if it is not under way. */
void rgw_round_join(struct rgw_round *round, struct rgw_http_exchange *exchange, bool openmetrics);
/* The same without anybody who waits; nothing if the round is under way or some worker is late. */
void rgw_round_begin(struct rgw_round *round);
/* Takes one that waits off the list, in order to answer it; NULL = nobody waits. The caller frees it. */
struct rgw_waiter *rgw_round_next(struct rgw_round *round);
/* A job has come to the inbox. */
void rgw_round_take(struct rgw_job *job);

#endif
