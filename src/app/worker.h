/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_WORKER_H
#define RADSECGW_APP_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/common.h"
#include "radsecgw/conf.h"
#include "radsecgw/log.h"
#include "radsecgw/logsink.h"

struct ev_loop;

/*
 * One worker: an event loop with its sockets, its engine and its log. A worker is made and freed by the main thread,
 * and belongs to the thread that runs it as long as that runs; from outside it takes orders and nothing else.
 */
struct rgw_worker;

/* The orders that a worker may be given; bits. */
enum rgw_order {
	RGW_ORDER_STATUS = 1,  /* log the state */
	RGW_ORDER_DRAIN = 2,   /* take no new requests, and finish those in flight within drain-time */
	RGW_ORDER_ABORT = 4,   /* the second signal: end at once */
	RGW_ORDER_END = 8,     /* all workers have finished, or will not start: end */
};

/* Called once by the thread of the worker when the worker has finished draining. The worker goes on to refuse new
 * requests until it is told to end: its sockets are members of groups, from which none may go before all do, or its
 * addresses would meet another worker. */
typedef void rgw_worker_finished(void *ctx);

/* Makes worker number `number`, from 0, of conf->gateway.workers. The worker borrows all pointers. NULL = this kernel
 * has no epoll. */
struct rgw_worker *rgw_worker_new(const struct rgw_conf *conf, uint32_t number,
    struct rgw_common *common, struct rgw_logsink *sink);
/* Opens sockets and contexts: everything that needs rights or may fail. false = something has failed; the log says
 * why. */
bool rgw_worker_open(struct rgw_worker *worker);
/* Makes the engine of the worker; all workers must have been opened. */
void rgw_worker_start(struct rgw_worker *worker, rgw_worker_finished *finished, void *ctx);
/* Runs the loop of the worker; returns when it has been told to end. */
void rgw_worker_run(struct rgw_worker *worker);
/* Gives orders to the worker, bits of enum rgw_order; from any thread. */
void rgw_worker_tell(struct rgw_worker *worker, unsigned orders);
/* Ends the work of a worker that does not run any more: logs the state, says goodbye to all neighbours and sends the
 * octets that are still to be sent. */
void rgw_worker_end(struct rgw_worker *worker);
/* Frees the worker, without a goodbye if rgw_worker_end has not said it. NULL is ignored. */
void rgw_worker_free(struct rgw_worker *worker);

/* Both functions are for the thread that runs the worker. */
struct ev_loop *rgw_worker_loop(struct rgw_worker *worker);
struct rgw_log *rgw_worker_log(struct rgw_worker *worker);

#endif
