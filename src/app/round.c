/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "round.h"

#include <stdlib.h>

#include "radsecgw/mem.h"

/* A round of questions to all workers; see round.h. Whoever serves the answers owns it. */

/* ---- in the threads of the workers ---- */

static bool
run_visit(struct rgw_worker *worker, struct rgw_job *job)
{
	struct rgw_visit *visit = RGW_CONTAINER(job, struct rgw_visit, job);

	visit->round->ops->run(worker, visit);
	/* The job goes to the owner's thread, and not to that of the process, which may be the one that is stuck. */
	rgw_inbox_put(visit->round->home, job);
	return false;
}

/* The worker has ended before it has run the job. */
static void
send_home(struct rgw_job *job)
{
	rgw_inbox_put(RGW_CONTAINER(job, struct rgw_visit, job)->round->home, job);
}

/* ---- in the owner's thread ---- */

static void
forget_rows(struct rgw_round *round)
{
	for (uint32_t i = 0; i < round->n_workers; i++)
		rgw_rows_fini(&round->visits[i].rows);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_round *round = w->data;

	(void)loop;
	(void)revents;
	round->is_late = true;
	round->ops->late(round);
}

void
rgw_round_init(struct rgw_round *round, const struct rgw_round_ops *ops, void *owner, struct rgw_inbox *home)
{
	*round = (struct rgw_round){ .ops = ops, .owner = owner, .home = home };
	rgw_link_init(&round->waiters);
	ev_timer_init(&round->deadline, on_deadline, (double)ops->limit / 1000, 0);
	round->deadline.data = round;
}

void
rgw_round_set_workers(struct rgw_round *round, struct rgw_worker *const *workers, uint32_t n)
{
	round->workers = workers;
	round->n_workers = n;
	round->visits = rgw_xcalloc(n, sizeof *round->visits);
	for (uint32_t i = 0; i < n; i++) {
		round->visits[i].round = round;
		round->visits[i].job.run = run_visit;
		round->visits[i].job.done = send_home;
		rgw_rows_init(&round->visits[i].rows);
	}
}

void
rgw_round_fini(struct rgw_round *round)
{
	ev_timer_stop(round->home->loop, &round->deadline);
	forget_rows(round);
	free(round->visits);
}

void
rgw_round_begin(struct rgw_round *round)
{
	if (round->n_out > 0 || round->is_over)
		return;
	ev_timer_set(&round->deadline, (double)round->ops->limit / 1000, 0);
	ev_timer_start(round->home->loop, &round->deadline);
	round->n_out = round->n_workers;
	for (uint32_t i = 0; i < round->n_workers; i++) {
		round->visits[i].out = true;
		rgw_worker_post(round->workers[i], &round->visits[i].job);
	}
}

/* Whoever waits has gone. */
static void
on_gone(void *arg, struct rgw_http_exchange *exchange)
{
	struct rgw_waiter *waiter = arg;

	(void)exchange;
	rgw_link_remove(&waiter->link);
	free(waiter);
}

void
rgw_round_join(struct rgw_round *round, struct rgw_http_exchange *exchange, bool openmetrics)
{
	struct rgw_waiter *waiter = rgw_xcalloc(1, sizeof *waiter);

	waiter->round = round;
	waiter->exchange = exchange;
	waiter->openmetrics = openmetrics;
	rgw_list_append(&round->waiters, &waiter->link);
	rgw_http_defer(exchange, on_gone, waiter);
	if (round->is_late || round->is_over)
		round->ops->late(round);
	else
		rgw_round_begin(round);
}

struct rgw_waiter *
rgw_round_next(struct rgw_round *round)
{
	struct rgw_link *l = rgw_list_pop(&round->waiters);

	return l != NULL ? RGW_CONTAINER(l, struct rgw_waiter, link) : NULL;
}

void
rgw_round_take(struct rgw_job *job)
{
	struct rgw_visit *visit = RGW_CONTAINER(job, struct rgw_visit, job);
	struct rgw_round *round = visit->round;

	visit->out = false;
	round->is_over |= !job->was_run;
	if (--round->n_out > 0)
		return;
	ev_timer_stop(round->home->loop, &round->deadline);
	round->is_late = false;
	if (round->is_over)
		round->ops->late(round);
	else
		round->ops->then(round);
	forget_rows(round);
}
