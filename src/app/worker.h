/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_WORKER_H
#define RADSECGW_APP_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "inbox.h"
#include "radsecgw/common.h"
#include "radsecgw/confread.h"
#include "radsecgw/gateway.h"
#include "radsecgw/log.h"
#include "radsecgw/logsink.h"
#include "radsecgw/net.h"

/*
 * One worker: an event loop with its sockets, its engine and its log. A worker is made and freed by the main thread,
 * and belongs to the thread that runs it as long as that runs; from outside it takes jobs and nothing else.
 */
struct rgw_worker;

/* Makes worker number `number`, from 0, of conf->gateway.workers, of which only the log's options count yet. The worker
 * borrows all other pointers; jobs that are done go to `home`, as long as the worker lives. NULL = this kernel has no
 * epoll. */
struct rgw_worker *rgw_worker_new(const struct rgw_conf *conf, uint32_t number, struct rgw_common *common,
    struct rgw_logsink *sink, struct rgw_inbox *home) RGW_MUST_USE;

/* A configuration that is prepared for a worker: everything is there that the worker needs to work with it. */
struct rgw_worker_change;

/* Prepares the first configuration or another one, which must have inherited its ids from the one that the worker has:
 * reads certificates, binds sockets, sorts realms. It may run in any thread while the worker runs, for one worker after
 * the other, in their order; `first` is the change of the first one, or NULL (rgw_net_prepare). The change borrows the
 * configuration. NULL = something has failed, and the report says what. */
struct rgw_worker_change *rgw_worker_prepare(struct rgw_worker *worker, const struct rgw_conf *next,
    const struct rgw_worker_change *first, struct rgw_conf_report *report) RGW_MUST_USE;
/* Undoes what was prepared, in the thread that prepared it or in that of the worker; or frees one that is
 * over. NULL is ignored. */
void rgw_worker_change_free(struct rgw_worker_change *change);
/* Makes the change, in the thread of the worker or before that runs; `common` must have taken up the configuration
 * (rgw_common_adopt), and all workers must be prepared. `over` is called once, in the thread of the process, when
 * nothing that this worker does needs the configuration any more, and rgw_worker_change_free may follow. */
void rgw_worker_adopt(struct rgw_worker *worker, struct rgw_worker_change *change, void (*over)(void *ctx), void *ctx);
/* Runs the loop of the worker; returns when it has been told to end. */
void rgw_worker_run(struct rgw_worker *worker);

/* Has the job run by the thread of the worker, which borrows it until it is done; from any thread. */
void rgw_worker_post(struct rgw_worker *worker, struct rgw_job *job);
/* Sends home a job whose `run` said false; for the thread of the worker. */
void rgw_worker_return(struct rgw_worker *worker, struct rgw_job *job);
/* Sends home all jobs that the worker has, when it does not run any more. false = there were none. */
bool rgw_worker_return_all(struct rgw_worker *worker);

/* What jobs can ask of a worker; each is a `run`. */
/* Logs the state. */
bool rgw_worker_log_status(struct rgw_worker *worker, struct rgw_job *job);
/* Takes nothing new, finishes what is in flight within drain-time; the job is done then. It is given once. The worker
 * goes on to refuse what is new until it is told to end: its sockets are members of groups, from which none may go
 * before all do, or its addresses would meet another worker. */
bool rgw_worker_drain(struct rgw_worker *worker, struct rgw_job *job);
/* The second signal: ends at once. */
bool rgw_worker_abort(struct rgw_worker *worker, struct rgw_job *job);
/* All workers have finished, or will not start: ends. */
bool rgw_worker_stop(struct rgw_worker *worker, struct rgw_job *job);

/* The log of the worker gets another level, which a new configuration changes if it has another one than the old, but
 * not while the level is lent: until it is given back. For the thread of the worker, as the next. */
void rgw_worker_set_level(struct rgw_worker *worker, enum rgw_log_level level, bool lent);
/* The log has the level of the configuration again. */
void rgw_worker_reset_level(struct rgw_worker *worker);

/* Ends the work of a worker that does not run any more: logs the state, says goodbye to all neighbours and sends
 * the octets that are still to be sent. */
void rgw_worker_end(struct rgw_worker *worker);
/* Frees the worker, without a goodbye if rgw_worker_end has not said it. NULL is ignored. */
void rgw_worker_free(struct rgw_worker *worker);

/* These are for the thread that runs the worker, and borrowed from it. The engine is NULL before it has started. */
struct ev_loop *rgw_worker_loop(struct rgw_worker *worker);
struct rgw_log *rgw_worker_log(struct rgw_worker *worker);
struct rgw_gw *rgw_worker_gw(struct rgw_worker *worker);
struct rgw_net *rgw_worker_net(struct rgw_worker *worker);

#endif
