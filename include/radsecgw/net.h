/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_NET_H
#define RADSECGW_NET_H

#include <stdbool.h>

#include "radsecgw/conf.h"
#include "radsecgw/confread.h"
#include "radsecgw/edition.h"
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

/* Makes the layer of worker number `worker`, from 0, of so many. The layer borrows the pointers. Never NULL. It has no
 * sockets before it has taken up a first edition. */
struct rgw_net *rgw_net_new(uint32_t worker, uint32_t workers, struct ev_loop *loop, struct rgw_log *log);

/*
 * A change takes the layer from the configuration that it has, if any, to another one, in two phases. The first may
 * fail, and may take long: it reads certificates and binds sockets. The second cannot fail, and costs the loop little.
 */
struct rgw_net_change;

/* Prepares the change to the worker's view `next`, which it borrows, and which must have inherited its ids from the
 * configuration that the layer has. Certificates whose files have the same octets as before, and sockets whose
 * addresses stay, are kept. Nothing of the layer is changed, so this may run in another thread while the loop runs, as
 * long as one change is prepared at a time. Several workers must prepare one after the other, in their order, and all
 * before the first of them adopts; `first` is the change of the first one, with which this one shares what CRLs say, or
 * NULL. What worker 0 says stands for all. NULL = something has failed: the report says
 * what, and before the layer has its first edition the log does so, too. */
struct rgw_net_change *rgw_net_prepare(struct rgw_net *net, const struct rgw_conf *next,
    const struct rgw_net_change *first, struct rgw_conf_report *report) RGW_MUST_USE;
/* Undoes what was prepared, if the change is not made after all; in the thread that prepared it, or in that of the
 * loop. NULL is ignored. */
void rgw_net_change_free(struct rgw_net_change *change);
/* Makes the change, and frees it. The edition has the configuration for which it was prepared; the layer takes a
 * reference of its own. The engine adopts the edition after this, before anything else happens in the loop. Sockets
 * that are gone are read once more before, and their requests belong to the old edition; they are closed when the
 * request-lifetime of that has passed, since answers may still have to leave. Connections that stand, and handshakes
 * that are under way, are judged again under the new configuration: those that are not good enough any more are lost,
 * with the reason, within a second. So are connections, at any time, of which a certificate of either side ends; those
 * that we have opened are replaced before (rgw_conn_on_expiring). */
void rgw_net_adopt(struct rgw_net *net, struct rgw_net_change *change, struct rgw_edition *edition);

/* The operations by which the engine reaches the world; their context is the rgw_net. */
extern const struct rgw_ops rgw_net_ops;

/* Connects the layer, which has taken up its first edition, to the engine, which it borrows, and starts to receive. All
 * workers must have prepared their sockets by then. */
void rgw_net_start(struct rgw_net *net, struct rgw_gw *gw);

/* Reads the monotonic clock, in milliseconds. The log gets the same time, and so does the engine with each event. */
rgw_ms rgw_net_now(struct rgw_net *net);

/* Sends the packets that wait, as far as that is possible without blocking, and tells the engine what comes of it. */
void rgw_net_flush(struct rgw_net *net);

/* Closes all sockets and frees the layer. The engine must be gone by then. NULL is ignored. */
void rgw_net_free(struct rgw_net *net);

#endif
