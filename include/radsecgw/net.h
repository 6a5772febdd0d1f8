/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_NET_H
#define RADSECGW_NET_H

#include <stdbool.h>

#include "radsecgw/conf.h"
#include "radsecgw/gateway.h"
#include "radsecgw/log.h"

struct ev_loop;

/*
 * The network layer of one worker: sockets, sessions, names and the clock. It implements the operations of the
 * engine (struct rgw_ops) on libev, and hands the engine what happens. One turn of the loop takes what has arrived,
 * lets the engine work, and then sends all that came of it: datagrams in batches, records in one write per
 * connection. A worker owns its layer; but for the thread that does handshakes, one thread uses it.
 */
struct rgw_net;

/* Begins and ends the use of the DNS library. Both functions must be called once, before the first layer is made and
 * after the last one is freed, by one thread. false = there is no DNS library. */
bool rgw_net_library_init(void) __attribute__((warn_unused_result));
void rgw_net_library_fini(void);

/* Makes the layer of worker number `worker`, from 0, of conf->gateway.workers. The layer borrows all pointers. Never
 * NULL. */
struct rgw_net *rgw_net_new(const struct rgw_conf *conf, uint32_t worker, struct ev_loop *loop,
    struct rgw_log *log);

/* Reads the certificates and binds all sockets. Several workers must do so one after the other, in their order.
 * false = something has failed; the log says what. */
bool rgw_net_open(struct rgw_net *net) __attribute__((warn_unused_result));

/* The operations by which the engine reaches the world; their context is the rgw_net. */
extern const struct rgw_ops rgw_net_ops;

/* Connects the layer to the engine, which it borrows, and starts to receive. All workers must have opened their
 * sockets by then. */
void rgw_net_start(struct rgw_net *net, struct rgw_gw *gw);

/* Reads the monotonic clock, in milliseconds. The log gets the same time, and so does the engine with each event. */
rgw_ms rgw_net_now(struct rgw_net *net);

/* Sends the packets that wait, as far as that is possible without blocking, and tells the engine what comes of it. */
void rgw_net_flush(struct rgw_net *net);

/* Closes all sockets and frees the layer. The engine must be gone by then. NULL is ignored. */
void rgw_net_free(struct rgw_net *net);

#endif
