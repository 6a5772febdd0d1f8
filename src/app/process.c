/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/process.h"

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "privileges.h"
#include "radsecgw/common.h"
#include "radsecgw/mem.h"
#include "radsecgw/net.h"
#include "radsecgw/thread.h"
#include "radsecgw/tls.h"
#include "radsecgw/version.h"
#include "worker.h"

/*
 * The process: it makes the workers, runs each in its thread, hands signals on to them and waits for their end.
 */

enum { ON_TERM, ON_INT, ON_HUP, ON_USR1, SIGNALS };

struct process {
	const struct rgw_conf *conf;    /* borrowed, as the next one */
	struct rgw_logsink *sink;
	struct rgw_common *common;      /* owned, as the next three */
	struct rgw_worker **workers;    /* the first one has the thread that called */
	uint32_t n_workers;
	pthread_t *threads;             /* of all others, in their order */
	uint32_t n_threads;
	struct ev_loop *loop;           /* borrowed, as the next one: of the first worker */
	struct rgw_log *log;
	ev_signal signals[SIGNALS];
	ev_async counted;               /* somebody has finished */
	atomic_uint n_finished;
	bool draining;
};

static void
tell_all(struct process *p, unsigned orders)
{
	for (uint32_t i = 0; i < p->n_workers; i++)
		rgw_worker_tell(p->workers[i], orders);
}

/* ---- the end ---- */

/* Runs a worker in its thread. */
static void
on_finished(void *ctx)
{
	struct process *p = ctx;

	atomic_fetch_add_explicit(&p->n_finished, 1, memory_order_release);
	ev_async_send(p->loop, &p->counted);
}

static void
on_counted(struct ev_loop *loop, ev_async *w, int revents)
{
	struct process *p = w->data;

	(void)loop;
	(void)revents;
	if (atomic_load_explicit(&p->n_finished, memory_order_acquire) == p->n_workers)
		tell_all(p, RGW_ORDER_END);
}

/* ---- signals ---- */

static void
on_stop_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct process *p = w->data;

	(void)loop;
	(void)revents;
	tell_all(p, p->draining ? RGW_ORDER_ABORT : RGW_ORDER_DRAIN);
	p->draining = true;
}

static void
on_hup(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct process *p = w->data;

	(void)loop;
	(void)revents;
	if (rgw_logsink_reopen(p->sink))
		RGW_LOG(p->log, RGW_LOG_NOTICE, "log-reopened", NULL, "log file opened anew",
		    rgw_f_str("target", p->conf->log.target));
	else
		RGW_LOG(p->log, RGW_LOG_ERROR, "log-reopened", NULL,
		    "cannot open the log file anew; the old one stays in use",
		    rgw_f_str("target", p->conf->log.target));
}

static void
on_usr1(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	tell_all(w->data, RGW_ORDER_STATUS);
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
	ev_async_init(&p->counted, on_counted);
	p->counted.data = p;
	ev_async_start(p->loop, &p->counted);
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
make_workers(struct process *p)
{
	struct rgw_hashkey salt;

	rgw_random(&salt, sizeof salt);
	p->common = rgw_common_new(p->conf, &salt);
	p->workers = rgw_xcalloc(p->conf->gateway.workers, sizeof(struct rgw_worker *));
	p->threads = rgw_xcalloc(p->conf->gateway.workers, sizeof *p->threads);
	while (p->n_workers < p->conf->gateway.workers) {
		struct rgw_worker *w = rgw_worker_new(p->conf, p->n_workers, p->common, p->sink);

		if (w == NULL)
			return false;
		p->workers[p->n_workers++] = w;
	}
	p->loop = rgw_worker_loop(p->workers[0]);
	p->log = rgw_worker_log(p->workers[0]);
	return true;
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

/* All files are read and all sockets bound before the rights are given up. */
static bool
start(struct process *p)
{
	allow_files();
	for (uint32_t i = 0; i < p->n_workers; i++)
		if (!rgw_worker_open(p->workers[i]))
			return false;
	if (!rgw_privileges_drop(&p->conf->gateway, p->log))
		return false;
	for (uint32_t i = 0; i < p->n_workers; i++)
		rgw_worker_start(p->workers[i], on_finished, p);
	watch(p);
	return true;
}

static enum rgw_exit
run(struct process *p)
{
	const char *warning = rgw_tls_library_warning();
	bool started = start_threads(p);
	char tls[64];

	if (!started) {
		tell_all(p, RGW_ORDER_END);
	} else {
		RGW_LOG(p->log, RGW_LOG_NOTICE, "started", NULL, "radsecgw is running",
		    rgw_f_str("version", rgw_version()), rgw_f_str("tls", rgw_version_tls(tls, sizeof tls)),
		    rgw_f_uint("workers", p->n_workers), rgw_f_uint("clients", p->conf->client.n),
		    rgw_f_uint("peers", p->conf->peer.n), rgw_f_uint("realms", p->conf->realm.n));
		if (warning != NULL)
			RGW_LOG(p->log, RGW_LOG_WARNING, "tls-library-old", NULL, warning,
			    rgw_f_str("tls", tls));
		rgw_worker_run(p->workers[0]);
	}
	for (uint32_t i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	if (!started)
		return RGW_EXIT_START;
	for (uint32_t i = 0; i < p->n_workers; i++)
		rgw_worker_end(p->workers[i]);
	RGW_LOG(p->log, RGW_LOG_NOTICE, "stopped", NULL, "radsecgw has stopped",
	    rgw_f_str("version", rgw_version()));
	return RGW_EXIT_OK;
}

enum rgw_exit
rgw_process_run(const struct rgw_conf *conf, struct rgw_logsink *sink)
{
	struct process p = { .conf = conf, .sink = sink };
	enum rgw_exit result = RGW_EXIT_START;

	if (!rgw_net_library_init()) {
		fputs("radsecgw: the DNS library does not start\n", stderr);
		return result;
	}
	atomic_init(&p.n_finished, 0);
	if (make_workers(&p) && start(&p))
		result = run(&p);
	for (uint32_t i = 0; i < p.n_workers; i++)
		rgw_worker_free(p.workers[i]);
	free(p.threads);
	free(p.workers);
	rgw_common_free(p.common);
	rgw_net_library_fini();
	return result;
}
