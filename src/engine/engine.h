/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ENGINE_H
#define RADSECGW_ENGINE_H

/*
 * What the files of the engine share. Who owns what: the gateway owns clients, peers, requests and
 * packet buffers; a peer owns its connections; a request is owned by the duplicate cache from the
 * moment it is accepted until rgw_req_end or the end of its replay time. A connection borrows the
 * requests that wait on it, through its identifiers; rgw_req_detach is the one place where a request
 * and its connection (or queue) let go of each other.
 */

#include "radsecgw/addr.h"
#include "radsecgw/conf.h"
#include "radsecgw/dupcache.h"
#include "radsecgw/gateway.h"
#include "radsecgw/idpool.h"
#include "radsecgw/list.h"
#include "radsecgw/mem.h"
#include "radsecgw/packet.h"
#include "radsecgw/ratelimit.h"
#include "radsecgw/realm.h"
#include "radsecgw/stream.h"
#include "radsecgw/timerq.h"

/* A client as it runs: its section and what was learned about it (P-BR-8). */
struct rgw_client {
	const struct rgw_conf_client *conf;          /* borrowed */
	enum rgw_auto require_message_authenticator; /* AUTO = not decided yet */
	enum rgw_auto limit_proxy_state;
};

enum rgw_req_state {
	RGW_REQ_NEW,       /* accepted, not on its way */
	RGW_REQ_QUEUED,    /* on its peer's queue */
	RGW_REQ_SENT,      /* on a connection, under an identifier */
	RGW_REQ_ANSWERED,  /* kept for replays */
};

struct rgw_req {
	struct rgw_dup dup;         /* key, authenticator and end of life */
	enum rgw_req_state state;
	uint8_t *octets;            /* owned: the request as received and verified ... */
	struct rgw_packet packet;   /* ... and where its attributes are; borrows octets */
	struct rgw_client *client;  /* borrowed: who asked ... */
	uint32_t sock;              /* ... where ... */
	struct rgw_addr local;
	struct rgw_addr remote;     /* ... and from where */
	struct rgw_peer *peer;      /* borrowed: where it is sent; NULL before that is known */
	struct rgw_conn *conn;      /* borrowed: while SENT */
	struct rgw_link link;       /* on the queue, while QUEUED */
	rgw_ms queued_until;
	rgw_ms accepted_at;
	uint8_t *answer;            /* owned: while ANSWERED */
	uint16_t answer_len;
	uint8_t id;                 /* on conn, while SENT */
	bool sent_before;           /* it was on a connection that is gone */
};

enum rgw_conn_state {
	RGW_CONN_CONNECTING,
	RGW_CONN_HANDSHAKE,
	RGW_CONN_UP,
};

struct rgw_conn {
	struct rgw_peer *peer;    /* borrowed: the owner */
	struct rgw_link link;     /* among the peer's connections */
	void *io;                 /* borrowed: the outer layer's handle */
	uint32_t serial;          /* tells connections apart in logs */
	enum rgw_conn_state state;
	struct rgw_addr addr;
	struct rgw_timer timer;   /* connect, handshake or incomplete-packet deadline */
	rgw_ms up_at;
	bool proven;              /* a valid packet came, so this attempt counts as a success */
	bool blocked;             /* conn_send said no */
	struct rgw_stream stream;
	struct rgw_idpool *ids;   /* owned: exists while UP */
};

/* One host of a peer's `connect` list. */
struct rgw_host {
	const struct rgw_hostport *conf;  /* borrowed */
	struct rgw_addr *addrs;           /* owned */
	size_t n_addrs;
	bool literal;
	bool asked;                       /* a look-up is under way */
	unsigned fails;
	struct rgw_timer timer;           /* next look-up */
	struct rgw_peer *peer;            /* borrowed: the owner */
	uint32_t query;
};

struct rgw_peer {
	struct rgw_gw *gw;                  /* borrowed: the owner */
	const struct rgw_conf_peer *conf;   /* borrowed */
	struct rgw_host *hosts;             /* owned */
	size_t n_hosts;
	size_t next_addr;                   /* which address the next attempt takes, over all hosts */
	struct rgw_link conns;
	unsigned n_up;
	unsigned n_opening;
	struct rgw_link queue;              /* requests, oldest first */
	size_t queued;
	struct rgw_timer queue_timer;       /* the first of the queue gives up */
	struct rgw_timer open_timer;        /* the next attempt to connect */
	rgw_ms retry_at;                    /* no attempt before that */
	unsigned fails;                     /* attempts in a row that came to nothing */
	struct rgw_bucket connect_rate;
};

struct rgw_gw {
	const struct rgw_conf *conf;   /* borrowed, as the next four */
	const struct rgw_ops *ops;
	void *ops_ctx;
	struct rgw_log *log;
	struct rgw_timerq timers;
	struct rgw_dupcache dups;
	struct rgw_slab reqs;
	struct rgw_bufs bufs;
	struct rgw_prefixmap *clients_by_ip;  /* owned */
	struct rgw_client *clients;           /* owned */
	struct rgw_realms *realms;            /* owned */
	struct rgw_peer *peers;               /* owned */
	size_t n_conns;
	size_t pending;
	bool draining;
	uint32_t serial;
	struct rgw_counters counters;
	uint8_t random[256];                  /* fetched in batches */
	size_t random_left;
	uint8_t scratch[RGW_PACKET_MAX];      /* the packet being built */
};

static inline void
rgw_count(struct rgw_gw *gw, enum rgw_counter c)
{
	gw->counters.v[c]++;
}

/* gateway.c */
/* Random octets, n <= 16; valid until the next call. */
const uint8_t *rgw_gw_random(struct rgw_gw *gw, size_t n);
/* Between delay and one and a half of it, so that many who wait do not move in step. */
rgw_ms rgw_gw_spread(struct rgw_gw *gw, rgw_ms delay);
/* User-Name of a request as a log field, shortened or hashed as the configuration says. */
struct rgw_identity {
	char text[24];
};
struct rgw_field rgw_gw_identity(struct rgw_gw *gw, const struct rgw_packet *packet,
    struct rgw_identity *room);

/* request.c: the life of a request */
/* Sends it to its peer, or puts it on the peer's queue, or ends it. */
void rgw_req_dispatch(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);
/* Tries to send on a connection that is up; false = it could not take it. May end the request. */
bool rgw_req_send(struct rgw_gw *gw, struct rgw_req *req, struct rgw_conn *conn, rgw_ms now);
/* Takes it from its connection or queue; the identifier rests if an answer may still come. */
void rgw_req_detach(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);
/* The request ends without an answer, in this counter; it is gone after that. */
void rgw_req_end(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Sends an answer to whoever asked and keeps it for retransmissions. The bytes are copied. */
void rgw_req_answer(struct rgw_gw *gw, struct rgw_req *req, const uint8_t *data, size_t len,
    rgw_ms now);
/* Tells the client about a failure if it wants to hear of it (protocol-error), and ends it. */
void rgw_req_refuse(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    rgw_ms now);
/* Frees what has expired. */
void rgw_req_expire(struct rgw_gw *gw, rgw_ms now);
void rgw_req_free(struct rgw_gw *gw, struct rgw_req *req);

/* response.c: what peers send */
/* false = the connection was closed. */
bool rgw_response_on_packet(struct rgw_conn *conn, const uint8_t *data, size_t len, rgw_ms now);

/* conn.c: one connection */
struct rgw_conn *rgw_conn_new(struct rgw_peer *peer, const char *host, const struct rgw_addr *to,
    rgw_ms now);
/* Closes it and moves its requests. */
void rgw_conn_close(struct rgw_conn *conn, const char *event, const char *why, rgw_ms now);

/* peer.c: the connection set of a peer */
void rgw_peer_init(struct rgw_peer *peer, struct rgw_gw *gw, const struct rgw_conf_peer *conf,
    uint32_t index, rgw_ms now);
void rgw_peer_fini(struct rgw_peer *peer, rgw_ms now);
/* A connection that can take a request now, or NULL. */
struct rgw_conn *rgw_peer_pick(struct rgw_peer *peer, rgw_ms now);
/* Queues a request; a new one only if there is room. false = full. */
bool rgw_peer_enqueue(struct rgw_peer *peer, struct rgw_req *req, rgw_ms now);
/* Sends what is queued as far as there is room, and opens connections as needed. */
void rgw_peer_pump(struct rgw_peer *peer, rgw_ms now);
/* An attempt came to nothing, or one proved good. */
void rgw_peer_on_attempt(struct rgw_peer *peer, bool good, rgw_ms now);

/* resolve.c: addresses of a peer's hosts */
void rgw_host_init(struct rgw_host *host, struct rgw_peer *peer, const struct rgw_hostport *conf,
    uint32_t query, rgw_ms now);
void rgw_host_fini(struct rgw_host *host);
/* The n-th address over all hosts of the peer, modulo their number, and the host it belongs to;
 * NULL = there is none. */
const char *rgw_host_address(const struct rgw_peer *peer, size_t n, struct rgw_addr *out);
size_t rgw_host_count(const struct rgw_peer *peer);

#endif
