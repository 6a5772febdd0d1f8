/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_NOTIFY_H
#define RADSECGW_APP_NOTIFY_H

#include <ev.h>
#include <stdint.h>

#include "radsecgw/conf.h"
#include "radsecgw/log.h"
#include "worker.h"

/*
 * What the gateway tells the service manager that has started it, as sd_notify(3) says: datagrams to the socket that
 * NOTIFY_SOCKET names. It says when it is ready, reads its configuration anew and stops, how it fares in a sentence,
 * and, if WATCHDOG_USEC wants that, that it lives: which it says only when the loops of all workers have turned since
 * the last time. The process owns the notifier; all calls belong to its thread.
 */
struct rgw_notifier;

/* Whom it concerns; all pointers are borrowed. */
struct rgw_notify_scope {
	struct rgw_worker *const *workers;
	uint32_t n_workers;
	struct rgw_log *log;
	struct ev_loop *loop;
	enum rgw_ready_requires ready_requires;
};

/* NULL = nobody wants to be told, which all other functions take. */
struct rgw_notifier *rgw_notifier_new(const struct rgw_notify_scope *scope);
/* Frees the notifier, when all jobs have come home. */
void rgw_notifier_free(struct rgw_notifier *notifier);

/* The gateway has started, or has taken up another configuration, or has not and works on. */
void rgw_notifier_ready(struct rgw_notifier *notifier);
void rgw_notifier_reloading(struct rgw_notifier *notifier);
void rgw_notifier_stopping(struct rgw_notifier *notifier);
/* Other pools are required for the gateway to be ready. */
void rgw_notifier_require(struct rgw_notifier *notifier, enum rgw_ready_requires what);

#endif
