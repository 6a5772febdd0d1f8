/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ENGINE_H
#define RADSECGW_ENGINE_H

/*
 * The gateway of one worker, as all rooms of the engine see it. The rooms:
 *
 *   doors/     who asks: datagrams of clients, and requests on connections
 *   requests/  what is asked: from the duplicate cache over the choice of a target to the answer
 *   links/     who is asked: peers with their connections, servers with their sockets, and their addresses
 *
 * Requests see links as targets and lanes (links/target.h, links/lane.h); links tell requests what has happened by
 * the five calls of links/events.h. Nothing else is called from links into requests or doors.
 *
 * Who owns what: the gateway owns clients, peers, servers, entries, packet buffers and the connections that came in;
 * a peer owns the connections to it, a server its sources. A request is owned by its entry in the duplicate cache from
 * the moment it is accepted until it is answered or ended.
 */

#include "radsecgw/admission.h"
#include "radsecgw/auth.h"
#include "radsecgw/common.h"
#include "radsecgw/conf.h"
#include "radsecgw/conversation.h"
#include "radsecgw/deadrealm.h"
#include "radsecgw/dupcache.h"
#include "radsecgw/gateway.h"
#include "radsecgw/loopmark.h"
#include "radsecgw/mem.h"
#include "radsecgw/packet.h"
#include "radsecgw/radius.h"
#include "radsecgw/timerq.h"

#include "asker.h"

struct rgw_client;
struct rgw_host;
struct rgw_listener;
struct rgw_peer;
struct rgw_pool;
struct rgw_realms;
struct rgw_server;

/* The number of packets that are checked together at the most when they arrive together: their digests are worked out
 * side by side. */
#define RGW_TOGETHER 8

struct rgw_batch {
	struct rgw_packet packets[RGW_TOGETHER];
	struct rgw_auth_check checks[RGW_TOGETHER];  /* checks of the packets, in the same order */
	size_t n;
};

/* The services that a request can ask for; each has an index for arrays of this size. */
#define RGW_SERVICES 2

/* The service that a request of this code asks for; 0 = none, since the gateway does not forward the code. */
static inline unsigned
rgw_service_of(uint8_t code)
{
	switch (code) {
	case RGW_ACCESS_REQUEST:
		return RGW_SERVICE_AUTH;
	case RGW_ACCOUNTING_REQUEST:
		return RGW_SERVICE_ACCT;
	default:
		return 0;
	}
}

/* The index of a service, which must be one. */
static inline unsigned
rgw_service_index(unsigned service)
{
	return (unsigned)__builtin_ctz(service);
}

struct rgw_gw {
	struct rgw_edition *edition;   /* holds a reference: the current edition */
	const struct rgw_conf *conf;   /* borrowed: that of the edition */
	struct rgw_common *common;     /* borrowed, as the next three */
	const struct rgw_ops *ops;
	void *ops_ctx;
	struct rgw_log *log;
	struct rgw_timerq timers;
	struct rgw_dupcache dups;
	struct rgw_slab reqs;
	struct rgw_bufs bufs;
	struct rgw_client *clients;           /* owned: clients by the index of their section, as peers and servers */
	struct rgw_host *names;               /* owned: hosts of all clients that have names ... */
	size_t n_names;
	struct rgw_prefixmap *client_by_name; /* owned: ... and struct rgw_conf_client by the addresses of these
	                                       * hosts */
	struct rgw_peer *peers;
	struct rgw_server *servers;
	struct rgw_listener *listeners;
	struct rgw_pool *pools;
	struct rgw_loopmark mark;             /* mark by which we know our own requests again */
	struct rgw_conversations conversations;
	struct rgw_deadrealms deadrealms;
	struct rgw_admission admission;       /* admission of connections that peers open */
	size_t n_conns;
	size_t n_sources;
	struct rgw_holding holding;           /* what requests take that are worked on */
	uint64_t kept;                        /* octets of entries that are kept to know repetitions */
	bool draining;
	uint32_t serial;                      /* serial of the last connection */
	struct rgw_counters counters;
	uint8_t random[1024];                 /* random octets, fetched in batches */
	size_t random_left;
	uint8_t scratch[RGW_PACKET_MAX];      /* the packet that is being built */
	uint8_t rewritten[RGW_PACKET_MAX];    /* the packet that a rewrite has made */
};

static inline void
rgw_count(struct rgw_gw *gw, enum rgw_counter c)
{
	gw->counters.v[c]++;
}

/* chance.c: random numbers */
/* Random octets, n <= 16; valid until the next call. */
const uint8_t *rgw_gw_random(struct rgw_gw *gw, size_t n);
uint16_t rgw_gw_random16(struct rgw_gw *gw);
/* A random time from 0 to `most`, milliseconds. */
rgw_ms rgw_gw_below(struct rgw_gw *gw, rgw_ms most);
/* A random time between `delay` and one and a half of it, so that many who wait do not move in step. */
rgw_ms rgw_gw_spread(struct rgw_gw *gw, rgw_ms delay);

/* batch.c: packets that came together */
/* Checks the packets of the batch, hands them over in their order, and empties the batch. Whatever one packet changes
 * is seen by the next. false = `take` said so of one packet, and the rest was not handed over. */
bool rgw_batch_take(struct rgw_batch *batch, bool (*take)(void *arg, struct rgw_auth_check *checked, rgw_ms now),
    void *arg, rgw_ms now);

/* fields.c: what log lines say about requests */
/* User-Name of a request as a log field, shortened or hashed as the configuration says. */
struct rgw_identity {
	char text[24];
};
struct rgw_field rgw_f_identity(struct rgw_gw *gw, const struct rgw_packet *packet,
    struct rgw_identity *room);

/* Is it time to log the risk that a neighbour runs, which is done once a day? Then *said_at becomes now; 0 = it was
 * never said. */
static inline bool
rgw_is_due(rgw_ms *said_at, rgw_ms now)
{
	if (*said_at != 0 && now - *said_at < 86400000)
		return false;
	*said_at = now;
	return true;
}

#endif
