/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/worker.h"

#include <ev.h>
#include <signal.h>
#include <stdlib.h>

#include "privileges.h"
#include "radsecgw/gateway.h"
#include "radsecgw/mem.h"
#include "radsecgw/net.h"
#include "radsecgw/tls.h"
#include "radsecgw/version.h"

enum { ON_TERM, ON_INT, ON_HUP, ON_USR1, SIGNALS };

struct worker {
	const struct rgw_conf *conf;  /* borrowed, as the next two */
	struct rgw_log *log;
	struct rgw_logsink *sink;
	struct rgw_common *common;    /* owned, as the next three */
	struct ev_loop *loop;
	struct rgw_net *net;
	struct rgw_gw *gw;
	ev_signal signals[SIGNALS];
	ev_timer drain_timer;
	ev_prepare drain_check;
};

static void
stop_when_drained(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct worker *worker = w->data;

	(void)revents;
	if (rgw_gw_pending(worker->gw) == 0)
		ev_break(loop, EVBREAK_ALL);
}

static void
on_drain_timeout(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct worker *worker = w->data;

	(void)revents;
	RGW_LOG(worker->log, RGW_LOG_WARNING, "drain-timeout", NULL,
	    "stopping although requests are open; drain-time is over",
	    rgw_f_uint("open", rgw_gw_pending(worker->gw)));
	ev_break(loop, EVBREAK_ALL);
}

static void
on_stop_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct worker *worker = w->data;
	double drain_time = (double)worker->conf->gateway.drain_time / 1000;

	(void)revents;
	rgw_net_now(worker->net);
	if (ev_is_active(&worker->drain_timer)) {
		RGW_LOG(worker->log, RGW_LOG_NOTICE, "stopping", NULL, "second signal: stopping at once",
		    rgw_f_uint("open", rgw_gw_pending(worker->gw)));
		ev_break(loop, EVBREAK_ALL);
		return;
	}
	RGW_LOG(worker->log, RGW_LOG_NOTICE, "stopping", NULL,
	    "no new requests; finishing what is in flight",
	    rgw_f_uint("open", rgw_gw_pending(worker->gw)));
	rgw_gw_drain(worker->gw);
	ev_timer_set(&worker->drain_timer, drain_time, 0);
	ev_timer_start(loop, &worker->drain_timer);
	ev_prepare_start(loop, &worker->drain_check);
	if (rgw_gw_pending(worker->gw) == 0)
		ev_break(loop, EVBREAK_ALL);
}

static void
on_hup(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct worker *worker = w->data;

	(void)loop;
	(void)revents;
	rgw_net_now(worker->net);
	if (rgw_logsink_reopen(worker->sink))
		RGW_LOG(worker->log, RGW_LOG_NOTICE, "log-reopened", NULL, "log file opened anew",
		    rgw_f_str("target", worker->conf->log.target));
	else
		RGW_LOG(worker->log, RGW_LOG_ERROR, "log-reopened", NULL,
		    "cannot open the log file anew; the old one stays in use",
		    rgw_f_str("target", worker->conf->log.target));
}

static void
on_usr1(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct worker *worker = w->data;

	(void)loop;
	(void)revents;
	rgw_net_now(worker->net);
	rgw_gw_log_status(worker->gw);
}

static void
watch(struct worker *worker)
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
		ev_signal_init(&worker->signals[i], table[i].callback, table[i].number);
		worker->signals[i].data = worker;
		ev_signal_start(worker->loop, &worker->signals[i]);
	}
	ev_timer_init(&worker->drain_timer, on_drain_timeout, 0, 0);
	ev_prepare_init(&worker->drain_check, stop_when_drained);
	worker->drain_timer.data = worker->drain_check.data = worker;
}

/* Everything that needs rights or may fail comes before the rights are given up. */
static enum rgw_exit
start(struct worker *worker)
{
	if (!rgw_net_open(worker->net) || !rgw_privileges_drop(&worker->conf->gateway, worker->log))
		return RGW_EXIT_START;
	worker->gw = rgw_gw_new(worker->conf, worker->common, &rgw_net_ops, worker->net, worker->log,
	    rgw_net_now(worker->net));
	watch(worker);
	rgw_net_start(worker->net, worker->gw);
	RGW_LOG(worker->log, RGW_LOG_NOTICE, "started", NULL, "radsecgw is running",
	    rgw_f_str("version", rgw_version()), rgw_f_str("tls", rgw_version_tls()),
	    rgw_f_uint("clients", worker->conf->client.n), rgw_f_uint("peers", worker->conf->peer.n),
	    rgw_f_uint("realms", worker->conf->realm.n));
	return RGW_EXIT_OK;
}

static void
stop(struct worker *worker)
{
	if (worker->gw != NULL) {
		rgw_net_now(worker->net);
		rgw_gw_log_status(worker->gw);
		rgw_gw_free(worker->gw);
		rgw_net_flush(worker->net);
		RGW_LOG(worker->log, RGW_LOG_NOTICE, "stopped", NULL, "radsecgw has stopped",
		    rgw_f_str("version", rgw_version()));
	}
	rgw_net_free(worker->net);
}

enum rgw_exit
rgw_worker_run(const struct rgw_conf *conf, struct rgw_log *log, struct rgw_logsink *sink)
{
	struct worker worker = { .conf = conf, .log = log, .sink = sink };
	struct rgw_hashkey salt;
	enum rgw_exit result;

	/* epoll only: libev's io_uring is not ready for many sockets, and the environment must not
	 * choose another. */
	worker.loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (worker.loop == NULL) {
		RGW_LOG(log, RGW_LOG_ERROR, "start-failed", NULL, "this kernel has no epoll",
		    rgw_f_str("version", rgw_version()));
		return RGW_EXIT_START;
	}
	rgw_random(&salt, sizeof salt);
	worker.common = rgw_common_new(conf, &salt);
	worker.net = rgw_net_new(conf, worker.loop, log);
	result = start(&worker);
	if (result == RGW_EXIT_OK)
		ev_run(worker.loop, 0);
	stop(&worker);
	ev_loop_destroy(worker.loop);
	rgw_common_free(worker.common);
	return result;
}
