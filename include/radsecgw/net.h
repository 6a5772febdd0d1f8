/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_NET_H
#define RADSECGW_NET_H

#include <stdbool.h>

#include "radsecgw/conf.h"
#include "radsecgw/gateway.h"
#include "radsecgw/log.h"

struct ev_loop;

/*
 * The outer layer of one worker: sockets, TLS sessions, names and the clock. It implements the
 * operations of the engine on libev and hands it what happens. One loop turn takes what has arrived,
 * lets the engine work, and then sends everything that came of it: datagrams in batches, records in
 * one write per connection.
 */
struct rgw_net;

/* Must be called once before the first is made and after the last is freed, by one thread. false = no DNS
 * library. */
bool rgw_net_library_init(void);
void rgw_net_library_fini(void);

/* That of worker number `worker`, from 0, of conf->gateway.workers. Borrows all pointers. */
struct rgw_net *rgw_net_new(const struct rgw_conf *conf, uint32_t worker, struct ev_loop *loop,
    struct rgw_log *log);

/* Reads certificates and binds all sockets; those of several workers must do so one after the other, in
 * their order. false = something failed; the log says what. */
bool rgw_net_open(struct rgw_net *net);

/* The engine's way to the world; its context is the rgw_net. */
extern const struct rgw_ops rgw_net_ops;

/* Connects the engine and starts to receive. All workers must have opened their sockets. */
void rgw_net_start(struct rgw_net *net, struct rgw_gw *gw);

/* Milliseconds of the monotonic clock; also what the engine and the log are told. */
rgw_ms rgw_net_now(struct rgw_net *net);

/* Sends what is waiting to be sent, as far as that is possible without blocking. */
void rgw_net_flush(struct rgw_net *net);

/* Closes all sockets. The engine must be gone by then. NULL is ignored. */
void rgw_net_free(struct rgw_net *net);

#endif
