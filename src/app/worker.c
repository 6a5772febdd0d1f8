/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <ev.h>
#include <stdlib.h>

#include "radsecgw/mem.h"
#include "radsecgw/net.h"
#include "radsecgw/share.h"

/* A worker is one event loop with its sockets, its engine and its log (see worker.h). */

struct rgw_worker {
	const struct rgw_conf *conf;  /* borrowed from the current edition: the worker's view; NULL before the first */
	uint32_t number;              /* from 0 */
	struct rgw_common *common;    /* borrowed */
	bool level_lent;              /* a command has set the level of the log for a time */
	struct rgw_log log;
	struct ev_loop *loop;         /* owned, as the next two */
	struct rgw_net *net;
	struct rgw_gw *gw;            /* NULL before it has started */
	struct rgw_inbox inbox;       /* open if there is a loop */
	struct rgw_inbox *home;       /* borrowed: where jobs go that are done; NULL = they are done at once */
	ev_timer drain_timer;
	ev_prepare drain_check;
	struct rgw_job *draining;     /* borrowed: it is done when everything is drained; NULL = not asked, or done */
};

/* ---- draining ---- */

static void
finish(struct rgw_worker *worker)
{
	struct rgw_job *job = worker->draining;

	worker->draining = NULL;
	ev_timer_stop(worker->loop, &worker->drain_timer);
	ev_prepare_stop(worker->loop, &worker->drain_check);
	if (job != NULL)
		rgw_worker_return(worker, job);
}

static void
on_drain_check(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct rgw_worker *worker = w->data;

	(void)loop;
	(void)revents;
	if (rgw_gw_pending(worker->gw) == 0)
		finish(worker);
}

static void
on_drain_timeout(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_worker *worker = w->data;

	(void)loop;
	(void)revents;
	rgw_net_now(worker->net);
	RGW_LOG(&worker->log, RGW_LOG_WARNING, "drain-timeout", NULL,
	    "stopping although requests are open; drain-time is over",
	    rgw_f_uint("open", rgw_gw_pending(worker->gw)));
	finish(worker);
}

bool
rgw_worker_drain(struct rgw_worker *worker, struct rgw_job *job)
{
	RGW_LOG(&worker->log, RGW_LOG_NOTICE, "stopping", NULL,
	    "no new requests; finishing what is in flight",
	    rgw_f_uint("open", rgw_gw_pending(worker->gw)));
	worker->draining = job;
	rgw_gw_drain(worker->gw);
	ev_timer_set(&worker->drain_timer, (double)worker->conf->gateway.drain_time / 1000, 0);
	ev_timer_start(worker->loop, &worker->drain_timer);
	ev_prepare_start(worker->loop, &worker->drain_check);
	if (rgw_gw_pending(worker->gw) == 0)
		finish(worker);
	return false;
}

/* ---- jobs ---- */

static void
take_job(void *ctx, struct rgw_job *job)
{
	struct rgw_worker *worker = ctx;

	rgw_net_now(worker->net);
	job->was_run = true;
	if (job->run(worker, job))
		rgw_worker_return(worker, job);
}

void
rgw_worker_post(struct rgw_worker *worker, struct rgw_job *job)
{
	job->was_run = false;
	rgw_inbox_put(&worker->inbox, job);
}

void
rgw_worker_return(struct rgw_worker *worker, struct rgw_job *job)
{
	if (worker->home != NULL)
		rgw_inbox_put(worker->home, job);
	else
		job->done(job);
}

bool
rgw_worker_return_all(struct rgw_worker *worker)
{
	bool any = worker->draining != NULL;
	struct rgw_job *job;

	finish(worker);
	for (; (job = rgw_inbox_next(&worker->inbox)) != NULL; any = true)
		rgw_worker_return(worker, job);
	return any;
}

bool
rgw_worker_log_status(struct rgw_worker *worker, struct rgw_job *job)
{
	(void)job;
	rgw_gw_log_status(worker->gw);
	return true;
}

bool
rgw_worker_abort(struct rgw_worker *worker, struct rgw_job *job)
{
	RGW_LOG(&worker->log, RGW_LOG_NOTICE, "stopping", NULL, "second signal: stopping at once",
	    rgw_f_uint("open", rgw_gw_pending(worker->gw)));
	return rgw_worker_stop(worker, job);
}

bool
rgw_worker_stop(struct rgw_worker *worker, struct rgw_job *job)
{
	(void)job;
	ev_break(worker->loop, EVBREAK_ALL);
	return true;
}

/* ---- configurations ---- */

struct rgw_worker_change {
	struct rgw_worker *worker;     /* borrowed */
	struct rgw_conf *view;         /* owned: the configuration, with the worker's share of the limits */
	struct rgw_net_change *net;    /* owned until it is made */
	struct rgw_edition *edition;   /* a reference, until the engine and the network layer have theirs */
	struct rgw_job job;            /* tells the process that the edition is over */
	void (*over)(void *ctx);
	void *ctx;                     /* borrowed: what `over` is given */
};

static void
tell_over(struct rgw_job *job)
{
	struct rgw_worker_change *change = RGW_CONTAINER(job, struct rgw_worker_change, job);

	change->over(change->ctx);
}

static void
on_edition_over(void *ctx, const struct rgw_conf *conf)
{
	struct rgw_worker_change *change = ctx;

	(void)conf;
	/* A change that is not made is freed by whoever gives it up. */
	if (change->over != NULL)
		rgw_worker_return(change->worker, &change->job);
}

struct rgw_worker_change *
rgw_worker_prepare(struct rgw_worker *worker, const struct rgw_conf *next, const struct rgw_worker_change *first,
    struct rgw_conf_report *report)
{
	struct rgw_worker_change *change = rgw_xcalloc(1, sizeof *change);

	change->worker = worker;
	change->job.done = tell_over;
	change->view = rgw_share_new(next, worker->number);
	change->net = rgw_net_prepare(worker->net, change->view, first != NULL ? first->net : NULL, report);
	if (change->net == NULL) {
		rgw_worker_change_free(change);
		return NULL;
	}
	change->edition = rgw_edition_new(change->view, on_edition_over, change);
	return change;
}

void
rgw_worker_change_free(struct rgw_worker_change *change)
{
	if (change == NULL)
		return;
	rgw_net_change_free(change->net);
	rgw_edition_drop(change->edition);
	rgw_share_free(change->view);
	free(change);
}

static void
start(struct rgw_worker *worker, struct rgw_worker_change *change)
{
	rgw_net_adopt(worker->net, change->net, change->edition);
	worker->gw = rgw_gw_new(change->edition, worker->common, &rgw_net_ops, worker->net, &worker->log,
	    rgw_net_now(worker->net));
	rgw_net_start(worker->net, worker->gw);
}

static void
go_on(struct rgw_worker *worker, struct rgw_worker_change *change)
{
	rgw_net_adopt(worker->net, change->net, change->edition);
	rgw_gw_adopt(worker->gw, change->edition, rgw_net_now(worker->net));
}

static void
set_log(struct rgw_worker *worker, const struct rgw_conf *conf)
{
	bool level = worker->conf == NULL || worker->conf->log.level != conf->log.level;

	if (level && !worker->level_lent)
		worker->log.level = conf->log.level;
	worker->log.format = conf->log.format;
	worker->log.rate_per_second = conf->log.rate;
}

void
rgw_worker_adopt(struct rgw_worker *worker, struct rgw_worker_change *change, void (*over)(void *ctx), void *ctx)
{
	struct rgw_edition *edition = change->edition;

	change->over = over;
	change->ctx = ctx;
	set_log(worker, change->view);
	if (worker->gw == NULL)
		start(worker, change);
	else
		go_on(worker, change);
	worker->conf = change->view;
	change->net = NULL;
	change->edition = NULL;
	rgw_edition_drop(edition);
}

void
rgw_worker_set_level(struct rgw_worker *worker, enum rgw_log_level level, bool lent)
{
	worker->log.level = level;
	worker->level_lent = lent;
}

void
rgw_worker_reset_level(struct rgw_worker *worker)
{
	rgw_worker_set_level(worker, worker->conf->log.level, false);
}

/* ---- its life ---- */

struct rgw_worker *
rgw_worker_new(const struct rgw_conf *conf, uint32_t number, struct rgw_common *common, struct rgw_logsink *sink,
    struct rgw_inbox *home)
{
	struct rgw_worker *worker = rgw_xcalloc(1, sizeof *worker);

	worker->number = number;
	worker->common = common;
	worker->home = home;
	rgw_log_init(&worker->log, rgw_logsink_write, rgw_logsink_clock, sink);
	worker->log.raw = rgw_logsink_syslog;
	worker->log.ear = rgw_logsink_hear;
	set_log(worker, conf);
	worker->log.worker = conf->gateway.workers > 1 ? number + 1 : 0;
	/* The loop uses epoll only: libev's io_uring is not ready for many sockets, and the environment must
	 * not choose another way. */
	worker->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (worker->loop == NULL) {
		RGW_LOG(&worker->log, RGW_LOG_ERROR, "start-failed", NULL,
		    "no event loop; does this kernel have epoll, and are there descriptors left?",
		    rgw_f_uint("number", number + 1));
		rgw_worker_free(worker);
		return NULL;
	}
	worker->net = rgw_net_new(number, conf->gateway.workers, worker->loop, &worker->log);
	rgw_inbox_open(&worker->inbox, worker->loop, take_job, worker);
	ev_timer_init(&worker->drain_timer, on_drain_timeout, 0, 0);
	ev_prepare_init(&worker->drain_check, on_drain_check);
	worker->drain_timer.data = worker->drain_check.data = worker;
	return worker;
}

void
rgw_worker_run(struct rgw_worker *worker)
{
	ev_run(worker->loop, 0);
}

void
rgw_worker_end(struct rgw_worker *worker)
{
	worker->home = NULL;
	rgw_net_now(worker->net);
	rgw_gw_abandon(worker->gw);
	rgw_gw_log_status(worker->gw);
	rgw_gw_free(worker->gw);
	worker->gw = NULL;
	rgw_net_flush(worker->net);
}

void
rgw_worker_free(struct rgw_worker *worker)
{
	if (worker == NULL)
		return;
	worker->home = NULL;
	if (worker->gw != NULL)
		rgw_gw_free(worker->gw);
	rgw_net_free(worker->net);
	if (worker->loop != NULL) {
		rgw_inbox_close(&worker->inbox);
		ev_loop_destroy(worker->loop);
	}
	free(worker);
}

struct ev_loop *
rgw_worker_loop(struct rgw_worker *worker)
{
	return worker->loop;
}

struct rgw_log *
rgw_worker_log(struct rgw_worker *worker)
{
	return &worker->log;
}

struct rgw_gw *
rgw_worker_gw(struct rgw_worker *worker)
{
	return worker->gw;
}

struct rgw_net *
rgw_worker_net(struct rgw_worker *worker)
{
	return worker->net;
}
