/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/process.h"

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "control.h"
#include "metrics.h"
#include "confine.h"
#include "privileges.h"
#include "radsecgw/common.h"
#include "radsecgw/mem.h"
#include "radsecgw/net.h"
#include "radsecgw/thread.h"
#include "radsecgw/tls.h"
#include "radsecgw/version.h"
#include "reload.h"
#include "watcher.h"
#include "worker.h"

/*
 * The process: it makes the workers, runs each in its thread, hands signals on to them and waits for their end.
 */

enum { ON_TERM, ON_INT, ON_HUP, ON_USR1, SIGNALS };

struct process {
	const char *path;               /* borrowed, as the next one: of the configuration */
	struct rgw_logsink *sink;
	struct rgw_reloader *reloader;  /* owned: it has the configuration */
	struct rgw_common *common;      /* owned, as the next three */
	struct rgw_worker **workers;    /* the first one has the thread that called */
	uint32_t n_workers;
	pthread_t *threads;             /* of all others, in their order */
	uint32_t n_threads;
	struct ev_loop *loop;           /* borrowed, as the next one: of the first worker */
	struct rgw_log *log;
	ev_signal signals[SIGNALS];
	struct rgw_inbox home;          /* open as soon as there is a worker: jobs that are done */
	uint32_t n_finished;            /* workers that have drained */
	bool draining;
	struct rgw_control *control;    /* owned; NULL = no commands are taken */
	struct rgw_watcher *watcher;    /* owned */
	struct rgw_sweeper sweeper;
	struct rgw_metrics *metrics;    /* owned; NULL = no metrics are served */
	struct rgw_notifier *notifier;  /* owned; NULL = no service manager wants to be told */
};

/* What all workers are told. */
struct order {
	struct rgw_job job;
	struct process *process;  /* borrowed */
};

static void
on_told(struct rgw_job *job)
{
	free(RGW_CONTAINER(job, struct order, job));
}

static void
tell_all(struct process *p, bool (*run)(struct rgw_worker *, struct rgw_job *), void (*done)(struct rgw_job *))
{
	for (uint32_t i = 0; i < p->n_workers; i++) {
		struct order *order = rgw_xcalloc(1, sizeof *order);

		order->job.run = run;
		order->job.done = done;
		order->process = p;
		rgw_worker_post(p->workers[i], &order->job);
	}
}

static void
come_home(void *ctx, struct rgw_job *job)
{
	(void)ctx;
	job->done(job);
}

/* No job stays where it is when the workers have ended: what a job asks for when it is done comes home, too. */
static void
gather(struct process *p)
{
	struct rgw_job *job;
	bool more = true;

	while (more) {
		more = false;
		for (uint32_t i = 0; i < p->n_workers; i++)
			more |= rgw_worker_return_all(p->workers[i]);
		for (; (job = rgw_inbox_next(&p->home)) != NULL; more = true)
			job->done(job);
	}
}

/* ---- the end ---- */

static void
on_drained(struct rgw_job *job)
{
	struct process *p = RGW_CONTAINER(job, struct order, job)->process;

	if (job->was_run && ++p->n_finished == p->n_workers)
		tell_all(p, rgw_worker_stop, on_told);
	on_told(job);
}

/* ---- signals ---- */

static void
on_stop_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct process *p = w->data;

	(void)loop;
	(void)revents;
	if (p->draining)
		tell_all(p, rgw_worker_abort, on_told);
	else
		tell_all(p, rgw_worker_drain, on_drained);
	p->draining = true;
	rgw_notifier_stopping(p->notifier);
}

static void
on_hup(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct process *p = w->data;
	const char *target = rgw_reloader_conf(p->reloader)->log.target;

	(void)loop;
	(void)revents;
	if (rgw_logsink_reopen(p->sink))
		RGW_LOG(p->log, RGW_LOG_NOTICE, "log-reopened", NULL, "log file opened anew",
		    rgw_f_str("target", target));
	else
		RGW_LOG(p->log, RGW_LOG_ERROR, "log-reopened", NULL,
		    "cannot open the log file anew; the old one stays in use", rgw_f_str("target", target));
	rgw_reloader_signal(p->reloader);
}

static void
on_usr1(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	tell_all(w->data, rgw_worker_log_status, on_told);
}

static void
watch(struct process *p)
{
	static const struct {
		int number;
		void (*callback)(struct ev_loop *, ev_signal *, int);
	} table[SIGNALS] = {
		[ON_TERM] = { SIGTERM, on_stop_signal },
		[ON_INT] = { SIGINT, on_stop_signal },
		[ON_HUP] = { SIGHUP, on_hup },
		[ON_USR1] = { SIGUSR1, on_usr1 },
	};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < SIGNALS; i++) {
		ev_signal_init(&p->signals[i], table[i].callback, table[i].number);
		p->signals[i].data = p;
		ev_signal_start(p->loop, &p->signals[i]);
	}
}

/* ---- threads ---- */

static void *
run_worker(void *arg)
{
	rgw_worker_run(arg);
	rgw_tls_thread_fini();
	return NULL;
}

static bool
start_threads(struct process *p)
{
	for (; p->n_threads + 1 < p->n_workers; p->n_threads++) {
		uint32_t worker = p->n_threads + 1;
		char name[32];

		snprintf(name, sizeof name, "worker-%u", worker + 1);
		if (rgw_thread_start(&p->threads[p->n_threads], name, run_worker, p->workers[worker]))
			continue;
		RGW_LOG(p->log, RGW_LOG_ERROR, "start-failed", NULL, "cannot start a thread",
		    rgw_f_str("reason", strerror(errno)));
		return false;
	}
	return true;
}

/* ---- the whole ---- */

static bool
make_workers(struct process *p, const struct rgw_conf *conf)
{
	struct rgw_hashkey salt;

	rgw_random(&salt, sizeof salt);
	p->common = rgw_common_new(conf, &salt);
	p->workers = rgw_xcalloc(conf->gateway.workers, sizeof(struct rgw_worker *));
	p->threads = rgw_xcalloc(conf->gateway.workers, sizeof *p->threads);
	while (p->n_workers < conf->gateway.workers) {
		struct rgw_worker *w = rgw_worker_new(conf, p->n_workers, p->common, p->sink, &p->home);

		if (w == NULL)
			return false;
		p->workers[p->n_workers++] = w;
		if (p->loop != NULL)
			continue;
		p->loop = rgw_worker_loop(w);
		p->log = rgw_worker_log(w);
		rgw_inbox_open(&p->home, p->loop, come_home, p);
	}
	return true;
}

static void
make_notifier(struct process *p, const struct rgw_conf *conf)
{
	const struct rgw_notify_scope scope = { .workers = p->workers, .n_workers = p->n_workers, .log = p->log,
		.loop = p->loop, .ready_requires = conf->metrics.ready_requires };

	p->notifier = rgw_notifier_new(&scope);
}

static void
on_in_effect(void *ctx)
{
	struct process *p = ctx;

	rgw_watcher_follow(p->watcher);
	rgw_notifier_require(p->notifier, rgw_reloader_conf(p->reloader)->metrics.ready_requires);
}

static unsigned
tell_others(void *ctx, const struct rgw_conf *next)
{
	struct process *p = ctx;

	return rgw_metrics_adopt(p->metrics, &next->metrics) ? 1 : 0;
}

static void
on_metrics_adopted(void *ctx)
{
	struct process *p = ctx;

	rgw_reloader_taken(p->reloader);
}

/* Files are watched before they are read. */
static void
make_reloader(struct process *p, struct rgw_snapshot *first)
{
	static const struct rgw_watcher_tuning tuning = RGW_WATCHER_TUNING;
	const struct rgw_reload_scope scope = { .path = p->path, .workers = p->workers, .n_workers = p->n_workers,
		.common = p->common, .sink = p->sink, .log = p->log, .home = &p->home, .loop = p->loop,
		.stopping = &p->draining, .notifier = p->notifier, .others = tell_others,
		.in_effect = on_in_effect, .ctx = p };

	p->reloader = rgw_reloader_new(&scope, first);
	p->watcher = rgw_watcher_new(p->loop, p->log, p->reloader, &tuning);
}

/* Takes as many descriptors as the system lets us have: strangers who hold connections must not use up those
 * that are for peers, and the usual limit is meant for programs that cannot have more. */
static void
allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool
open_control(struct process *p)
{
	const struct rgw_control_scope scope = { .reloader = p->reloader, .log = p->log, .workers = p->workers,
		.n_workers = p->n_workers, .loop = p->loop, .stopping = &p->draining };

	return rgw_control_open(&scope, &p->control);
}

static bool
open_metrics(struct process *p)
{
	const struct rgw_metrics_scope scope = { .conf = rgw_reloader_conf(p->reloader), .sink = p->sink, .log = p->log,
		.reloader = p->reloader, .workers = p->workers, .n_workers = p->n_workers, .home = &p->home,
		.adopted = on_metrics_adopted, .ctx = p };

	return rgw_metrics_open(&scope, &p->metrics);
}

/* All files are read and all sockets bound before the rights are given up. */
static bool
start(struct process *p)
{
	allow_files();
	if (!rgw_reloader_prepare(p->reloader) || !open_control(p) || !open_metrics(p) ||
	    !rgw_privileges_drop(rgw_reloader_conf(p->reloader), p->log) ||
	    !rgw_confine(rgw_reloader_conf(p->reloader), p->path, p->log))
		return false;
	if (!rgw_logsink_start(p->sink)) {
		RGW_LOG(p->log, RGW_LOG_ERROR, "start-failed", NULL, "cannot start the thread that writes the log",
		    rgw_f_str("reason", strerror(errno)));
		return false;
	}
	rgw_reloader_start(p->reloader);
	watch(p);
	return true;
}

static void
say_started(struct process *p)
{
	const struct rgw_conf *conf = rgw_reloader_conf(p->reloader);
	const char *warning = rgw_tls_library_warning();
	char tls[64];

	RGW_LOG(p->log, RGW_LOG_NOTICE, "started", NULL, "radsecgw is running", rgw_f_str("version", rgw_version()),
	    rgw_f_str("tls", rgw_version_tls(tls, sizeof tls)), rgw_f_uint("workers", p->n_workers),
	    rgw_f_uint("clients", conf->client.n), rgw_f_uint("peers", conf->peer.n),
	    rgw_f_uint("realms", conf->realm.n));
	if (warning != NULL)
		RGW_LOG(p->log, RGW_LOG_WARNING, "tls-library-old", NULL, warning, rgw_f_str("tls", tls));
	rgw_notifier_ready(p->notifier);
}

static enum rgw_exit
run(struct process *p)
{
	bool started = start_threads(p) && rgw_metrics_start(p->metrics);

	if (started) {
		say_started(p);
		rgw_worker_run(p->workers[0]);
	} else {
		tell_all(p, rgw_worker_stop, on_told);
	}
	for (uint32_t i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	rgw_metrics_stop(p->metrics);
	rgw_reloader_stop(p->reloader);
	rgw_sweeper_stop(&p->sweeper);
	gather(p);
	if (!started)
		return RGW_EXIT_START;
	for (uint32_t i = 0; i < p->n_workers; i++)
		rgw_worker_end(p->workers[i]);
	RGW_LOG(p->log, RGW_LOG_NOTICE, "stopped", NULL, "radsecgw has stopped",
	    rgw_f_str("version", rgw_version()));
	return RGW_EXIT_OK;
}

static void
free_all(struct process *p)
{
	rgw_metrics_free(p->metrics);
	rgw_notifier_free(p->notifier);
	rgw_control_free(p->control);
	rgw_watcher_free(p->watcher);
	rgw_reloader_free(p->reloader);
	rgw_sweeper_stop(&p->sweeper);
	if (p->loop != NULL)
		rgw_inbox_close(&p->home);
	for (uint32_t i = 0; i < p->n_workers; i++)
		rgw_worker_free(p->workers[i]);
	free(p->threads);
	free(p->workers);
	rgw_common_free(p->common);
}

enum rgw_exit
rgw_process_run(const char *path, struct rgw_conf *conf, struct rgw_logsink *sink)
{
	struct process p = { .path = path, .sink = sink };
	struct rgw_snapshot *first = rgw_snapshot_new(conf, &p.sweeper);
	enum rgw_exit result = RGW_EXIT_START;

	if (!rgw_net_library_init()) {
		fputs("radsecgw: the DNS library does not start\n", stderr);
		rgw_snapshot_drop(first);
		return result;
	}
	if (make_workers(&p, conf)) {
		rgw_sweeper_init(&p.sweeper, &p.home);
		make_notifier(&p, conf);
		make_reloader(&p, first);
		if (start(&p))
			result = run(&p);
	} else {
		rgw_snapshot_drop(first);
	}
	free_all(&p);
	rgw_net_library_fini();
	return result;
}
