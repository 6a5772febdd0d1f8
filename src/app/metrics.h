/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_METRICS_H
#define RADSECGW_APP_METRICS_H

#include "radsecgw/conf.h"
#include "radsecgw/logsink.h"
#include "reload.h"
#include "worker.h"

/*
 * Metrics and health over HTTP, as [metrics] says: /metrics, /livez and /readyz. All of it has a thread of its own,
 * with a loop of its own: what is told costs the workers no more than to say it, and a worker that is stuck does not
 * keep the others from being asked. The process owns it; calls belong to the thread of the process.
 */
struct rgw_metrics;

/* Whom it concerns; all pointers are borrowed. */
struct rgw_metrics_scope {
	const struct rgw_conf *conf;             /* needed only while the sockets are opened */
	struct rgw_inbox *home;                  /* of the process */
	void (*adopted)(void *ctx);              /* called when it works by another configuration */
	void *ctx;                               /* what it is given */
	struct rgw_logsink *sink;
	struct rgw_log *log;                     /* of the process: for what goes wrong at the start */
	const struct rgw_reloader *reloader;
	struct rgw_worker *const *workers;
	uint32_t n_workers;
};

/* Opens the sockets, before privileges are dropped. *out is NULL if there are to be none. false = one cannot be opened,
 * and the log says why. */
bool rgw_metrics_open(const struct rgw_metrics_scope *scope, struct rgw_metrics **out) RGW_MUST_USE;
/* Begins to serve; the workers have started. NULL is ignored. false = the system gives no thread, and the log says
 * so. */
bool rgw_metrics_start(struct rgw_metrics *metrics) RGW_MUST_USE;
/* Has it work by this configuration, apart from the addresses, and then calls `adopted`; nothing is read of it after
 * the call. The thread runs. false = there is none, and nothing is to be waited for. */
bool rgw_metrics_adopt(struct rgw_metrics *metrics, const struct rgw_conf_metrics *conf) RGW_MUST_USE;
/* Ends the thread, before the jobs of workers are gathered. NULL is ignored, and so is one that has not started. */
void rgw_metrics_stop(struct rgw_metrics *metrics);
/* Closes the sockets, when the workers have returned all jobs. NULL is ignored. */
void rgw_metrics_free(struct rgw_metrics *metrics);

#endif
