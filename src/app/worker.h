/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_WORKER_H
#define RADSECGW_APP_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "inbox.h"
#include "radsecgw/common.h"
#include "radsecgw/conf.h"
#include "radsecgw/gateway.h"
#include "radsecgw/log.h"
#include "radsecgw/logsink.h"

/*
 * One worker: an event loop with its sockets, its engine and its log. A worker is made and freed by the main thread,
 * and belongs to the thread that runs it as long as that runs; from outside it takes jobs and nothing else.
 */
struct rgw_worker;

/* Makes worker number `number`, from 0, of conf->gateway.workers. The worker borrows all pointers. NULL = this kernel
 * has no epoll. */
struct rgw_worker *rgw_worker_new(const struct rgw_conf *conf, uint32_t number,
    struct rgw_common *common, struct rgw_logsink *sink);
/* Opens sockets and contexts: everything that needs rights or may fail. false = something has failed; the log says
 * why. */
bool rgw_worker_open(struct rgw_worker *worker);
/* Makes the engine of the worker; all workers must be open. Jobs that are done go to `home`, which is borrowed. */
void rgw_worker_start(struct rgw_worker *worker, struct rgw_inbox *home);
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

/* Ends the work of a worker that does not run any more: logs the state, says goodbye to all neighbours and sends
 * the octets that are still to be sent. */
void rgw_worker_end(struct rgw_worker *worker);
/* Frees the worker, without a goodbye if rgw_worker_end has not said it. NULL is ignored. */
void rgw_worker_free(struct rgw_worker *worker);

/* These are for the thread that runs the worker, and borrowed from it. The engine is NULL before it has started. */
struct ev_loop *rgw_worker_loop(struct rgw_worker *worker);
struct rgw_log *rgw_worker_log(struct rgw_worker *worker);
struct rgw_gw *rgw_worker_gw(struct rgw_worker *worker);

#endif
