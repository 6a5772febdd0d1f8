/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ENGINE_H
#define RADSECGW_ENGINE_H

/*
 * What the files of the engine share. Who owns what: the gateway owns clients, peers, servers,
 * entries, packet buffers and the connections that came in; a peer owns the connections to it, a
 * server its sources. A request is owned by its entry in the duplicate cache from the moment it is accepted
 * until it is answered or ended. It is tried at a target by an attempt, which is part of
 * it; a second attempt may be under way at another target. A lane borrows the attempts that wait on it,
 * through its identifiers; rgw_attempt_detach is the one place where an attempt and its lane (or queue)
 * let go of each other.
 */

#include "radsecgw/addr.h"
#include "radsecgw/admission.h"
#include "radsecgw/auth.h"
#include "radsecgw/common.h"
#include "radsecgw/conf.h"
#include "radsecgw/conversation.h"
#include "radsecgw/deadrealm.h"
#include "radsecgw/dupcache.h"
#include "radsecgw/gateway.h"
#include "radsecgw/idpool.h"
#include "radsecgw/list.h"
#include "radsecgw/mem.h"
#include "radsecgw/nai.h"
#include "radsecgw/packet.h"
#include "radsecgw/ratelimit.h"
#include "radsecgw/realm.h"
#include "radsecgw/retrans.h"
#include "radsecgw/stream.h"
#include "radsecgw/timerq.h"
#include "radsecgw/watchdog.h"

/* Requests that one lane carries: all identifiers but the watchdog's. */
#define RGW_PER_LANE 255

/* A client as it runs: its section and what was learned about it (P-BR-8). */
struct rgw_client {
	const struct rgw_conf_client *conf;          /* borrowed */
	enum rgw_auto require_message_authenticator; /* AUTO = not decided yet */
	enum rgw_auto limit_proxy_state;
	struct rgw_bucket superseding;               /* how often it may take back what it asked */
};

/* Neighbours that can serve the same requests, as [pool] says. */
struct rgw_pool {
	const struct rgw_conf_pool *conf;  /* borrowed */
	struct rgw_target **members;       /* owned array of borrowed targets */
	size_t n;
	size_t next;                       /* round-robin: who is next */
};

/* A realm that had no answer from a neighbour which may be dead itself, or not. */
struct rgw_doubt {
	const struct rgw_conf_pool *pool;  /* borrowed */
	rgw_ms at;
	uint8_t len;
	uint8_t realm[RGW_ATTR_VALUE_MAX];
};

/* A neighbour that requests are sent to: what a peer and a server have in common. */
struct rgw_target {
	const struct rgw_conf_head *conf;  /* borrowed: its section; the kind tells which it is */
	struct rgw_gw *gw;                 /* borrowed: the owner */
	struct rgw_pool alone;             /* the pool of one that its name means */
	struct rgw_target *self;           /* the only member of that pool */
	rgw_ms heard_at;                   /* the last valid packet from it */
	rgw_ms silent_until;               /* others answered what it did not: they go first until then */
	struct rgw_doubt *doubt;           /* owned: for which realm that was; NULL = none */
};

/* A space of identifiers towards a target: one connection that we opened, or one UDP source. */
struct rgw_lane {
	struct rgw_target *target;        /* borrowed */
	const struct rgw_secret *secret;  /* borrowed */
	struct rgw_idpool *ids;           /* owned by what the lane belongs to, which is ... */
	struct rgw_conn *conn;            /* ... this connection ... */
	struct rgw_source *source;        /* ... or this source; the other is NULL */
};

/* Who asked, and the way back. */
struct rgw_origin {
	const struct rgw_secret *secret;  /* borrowed, as the next two */
	struct rgw_client *client;        /* over UDP; NULL over TLS */
	struct rgw_conn *conn;            /* over TLS; NULL over UDP */
	uint32_t sock;                    /* over UDP: the receiving socket ... */
	struct rgw_addr local;            /* ... and its address */
	struct rgw_addr remote;
};

enum rgw_attempt_state {
	RGW_ATTEMPT_NONE,    /* not under way */
	RGW_ATTEMPT_QUEUED,  /* on the queue of its target */
	RGW_ATTEMPT_SENT,    /* on a lane, under an identifier */
};

/* A request on its way at one target. */
struct rgw_attempt {
	struct rgw_req *req;         /* borrowed: what it is part of */
	enum rgw_attempt_state state;
	uint8_t id;                  /* on the lane, while SENT */
	bool sent_before;            /* the request was on a lane that is gone */
	uint16_t sent_len;
	uint32_t prefer;             /* serial of the connection where its conversation lives; 0 = any */
	struct rgw_target *target;   /* borrowed */
	struct rgw_lane *lane;       /* borrowed: while SENT */
	struct rgw_link link;        /* on the queue of the target, while QUEUED */
	rgw_ms queued_until;
	rgw_ms sent_at;
	uint8_t *sent;               /* owned: while SENT over UDP, the octets to be repeated */
	struct rgw_retrans retrans;
	struct rgw_timer timer;      /* UDP: the next repetition; TLS: the end of response-window */
};

/* So many packets that arrive together are checked together. */
#define RGW_TOGETHER 8

/* The first one, and one that runs beside it (retry-after). */
#define RGW_ATTEMPTS 2

/* So many connections that a request has left are remembered. */
#define RGW_LEFT 4

/* By what a request is known when it comes again. Many are kept for a while for their answers, so they are
 * small, and apart from the few that are worked on. */
struct rgw_entry {
	struct rgw_dup dup;          /* key, authenticator and end of life */
	struct rgw_req *req;         /* owned: while it is worked on; NULL once answered */
	struct rgw_link origin_link; /* among those that came on one connection */
	uint8_t *answer;             /* owned: once answered */
	uint16_t answer_len;
	bool answer_is_signed;       /* else that is done each time it leaves */
};

/* A request that is worked on. */
struct rgw_req {
	struct rgw_entry *entry;     /* borrowed: its owner */
	uint8_t *octets;             /* owned: the request as received and verified ... */
	struct rgw_packet packet;    /* ... and where its attributes are; borrows octets */
	struct rgw_origin origin;
	rgw_ms accepted_at;
	struct rgw_pool *pool;       /* borrowed: where it goes; NULL before that is known */
	uint64_t tried;              /* members of the pool that have had their chance; bits */
	struct rgw_attempt attempts[RGW_ATTEMPTS];
	uint32_t left[RGW_LEFT];     /* serials of connections it was on and that stood when it left ... */
	uint8_t n_left;              /* ... them: it must not come back (P-TCP-27) */
	struct rgw_timer retry_timer;/* when it is tried elsewhere, too */
};

enum rgw_conn_state {
	RGW_CONN_CONNECTING,  /* ours only */
	RGW_CONN_ACCEPTED,    /* a peer's only: no octet yet */
	RGW_CONN_HANDSHAKE,
	RGW_CONN_UP,
	RGW_CONN_DRAINING,    /* nothing new; it ends when nothing is open on it */
	RGW_CONN_GONE,        /* being taken apart */
};

struct rgw_conn {
	struct rgw_gw *gw;            /* borrowed */
	struct rgw_peer *peer;        /* borrowed: whose it is; NULL while a peer's is not identified */
	bool incoming;                /* the peer opened it */
	bool proven;                  /* a valid packet came, so this attempt counts as a success */
	bool blocked;                 /* conn_send said no */
	enum rgw_conn_state state;
	uint32_t serial;              /* tells connections apart in logs */
	uint32_t listen;              /* incoming: index of the [listen] section */
	uint32_t n_pending;           /* incoming: requests that wait for their answer */
	struct rgw_link link;         /* among the half-open, or among the peer's own */
	void *io;                     /* borrowed: the outer layer's handle */
	struct rgw_addr addr;
	struct rgw_timer timer;       /* the next deadline of any kind */
	rgw_ms deadline;              /* of connect and handshake, and of a drain */
	rgw_ms up_at;
	rgw_ms used_at;               /* the last packet in either direction, but for watchdogs */
	struct rgw_watchdog watchdog; /* outgoing, while up */
	rgw_ms probed_at;             /* when its last Status-Server was sent */
	rgw_ms heard_at;              /* the last packet from the far end, watchdogs included */
	bool counted;                 /* in peer->n_okay */
	struct rgw_stream stream;
	struct rgw_lane lane;         /* outgoing: ids exists while up */
	struct rgw_link requests;     /* incoming: those that came on it, answered ones included */
	struct rgw_bucket superseding;/* incoming: how often requests on it may be taken back */
	struct rgw_admitted *admitted;/* incoming: owned by the admission table */
};

/* One host name or address to be reached. */
struct rgw_host {
	const struct rgw_hostport *conf;  /* borrowed */
	struct rgw_addr *addrs;           /* owned */
	size_t n_addrs;
	bool asked;                       /* a look-up is under way */
	unsigned fails;
	struct rgw_timer timer;           /* next look-up */
	struct rgw_target *target;        /* borrowed: whose it is */
	uint32_t query;                   /* its number in rgw_gw.hosts */
};

struct rgw_peer {
	struct rgw_target target;
	const struct rgw_conf_peer *conf;   /* borrowed */
	struct rgw_host *hosts;             /* owned */
	size_t n_hosts;
	size_t next_addr;                   /* which address the next attempt takes, over all hosts */
	struct rgw_link conns;              /* that we opened */
	unsigned n_up;                      /* those that are not draining */
	unsigned n_okay;                    /* of these, those whose watchdog says OKAY */
	unsigned n_opening;
	struct rgw_link incoming;           /* that it opened */
	unsigned n_incoming;
	struct rgw_quota *quota;            /* borrowed: those, in all workers */
	struct rgw_link queue;              /* requests, oldest first */
	size_t queued;
	struct rgw_timer queue_timer;       /* the first of the queue gives up */
	struct rgw_timer open_timer;        /* the next attempt to connect */
	rgw_ms retry_at;                    /* no attempt before that */
	unsigned fails;                     /* attempts in a row that came to nothing */
	rgw_ms call_at;                     /* until then they are not forgotten because it is needed */
	bool failed;                        /* it went away by no wish of ours: reopening validates */
	rgw_ms patient_until;               /* until then nobody has waited long enough to give way */
	bool answers_status;                /* it has answered a Status-Server */
	bool ignores_status;                /* it never does (P-WD-11) */
	struct rgw_timer shrink_timer;      /* too many connections for the load? */
	unsigned shrink_ticks;              /* how often in a row they were */
	struct rgw_bucket connect_rate;
};

/* One UDP socket towards a server. */
struct rgw_source {
	struct rgw_lane lane;
	struct rgw_port *port;   /* borrowed: the owner */
	struct rgw_link link;    /* among the port's sources */
	void *io;                /* borrowed: the outer layer's handle */
	struct rgw_addr addr;    /* whom it asks */
	rgw_ms used_at;
};

enum rgw_port_state {
	RGW_PORT_ALIVE,
	RGW_PORT_SUSPECTED,  /* a request had no answer, and nothing else had since */
	RGW_PORT_DEAD,
};

/* One of a server's two ports: authentication and accounting live and die apart. */
struct rgw_port {
	struct rgw_server *server;   /* borrowed: the owner; NULL = the server has no such port */
	const char *name;
	struct rgw_host host;
	struct rgw_link sources;
	unsigned n_sources;
	struct rgw_link queue;       /* requests that wait for an address or an identifier */
	size_t n_requests;           /* queued and sent */
	enum rgw_port_state state;
	rgw_ms heard_at;             /* the last valid answer on this port */
	struct rgw_timer timer;      /* SUSPECTED, DEAD: the earlier one of the next two */
	rgw_ms change_at;            /* when the state changes by itself */
	rgw_ms probe_at;             /* when Status-Server is sent */
	struct rgw_source *prober;   /* borrowed: where a Status-Server is under way, or NULL */
	uint8_t probe_id;
	size_t next_addr;            /* which address of the host is in use, modulo their number */
	struct rgw_timer tidy_timer; /* what waits is looked at, and sources that are not needed */
};

struct rgw_server {
	struct rgw_target target;
	const struct rgw_conf_server *conf;          /* borrowed */
	enum rgw_auto require_message_authenticator; /* AUTO = none seen yet (P-BR-5) */
	struct rgw_port auth;
	struct rgw_port acct;
};

/* A [listen] section with `tls`, as it runs. */
struct rgw_listener {
	const struct rgw_conf_listen *conf;  /* borrowed */
	struct rgw_prefixmap *allowed;       /* owned: from where peers may come; NULL = anywhere */
	struct rgw_quota *quota;             /* borrowed: its connections, in all workers */
};

struct rgw_gw {
	const struct rgw_conf *conf;   /* borrowed, as the next four */
	struct rgw_common *common;
	const struct rgw_ops *ops;
	void *ops_ctx;
	struct rgw_log *log;
	struct rgw_timerq timers;
	struct rgw_dupcache dups;
	struct rgw_slab entries;
	struct rgw_slab reqs;
	struct rgw_bufs bufs;
	struct rgw_client *clients;           /* owned, by the index of their section, as the next */
	struct rgw_peer *peers;
	struct rgw_server *servers;
	struct rgw_listener *listeners;
	struct rgw_pool *pools;
	struct rgw_realms *realms;            /* owned */
	struct rgw_host **hosts;              /* owned array of borrowed hosts, by their query number */
	uint32_t n_hosts;
	struct rgw_conversations conversations;
	struct rgw_deadrealms deadrealms;
	struct rgw_admission admission;
	struct rgw_link silent;               /* connections that peers open, oldest first: before ... */
	struct rgw_link shaking;              /* ... and in the handshake */
	uint32_t n_half_open;
	size_t n_conns;
	size_t n_sources;
	size_t pending;
	bool draining;
	uint32_t serial;
	struct rgw_counters counters;
	uint8_t random[1024];                 /* fetched in batches */
	size_t random_left;
	uint8_t scratch[RGW_PACKET_MAX];      /* the packet being built */
	uint8_t rewritten[RGW_PACKET_MAX];    /* the packet that a rewrite has made */
};

static inline void
rgw_count(struct rgw_gw *gw, enum rgw_counter c)
{
	gw->counters.v[c]++;
}

static inline struct rgw_peer *
rgw_target_peer(struct rgw_target *target)
{
	return RGW_CONTAINER(target, struct rgw_peer, target);
}

static inline struct rgw_server *
rgw_target_server(struct rgw_target *target)
{
	return RGW_CONTAINER(target, struct rgw_server, target);
}

/* gateway.c */
/* Random octets, n <= 16; valid until the next call. */
const uint8_t *rgw_gw_random(struct rgw_gw *gw, size_t n);
uint16_t rgw_gw_random16(struct rgw_gw *gw);
/* Between delay and one and a half of it, so that many who wait do not move in step. */
rgw_ms rgw_gw_spread(struct rgw_gw *gw, rgw_ms delay);

/* fields.c: what log lines say about neighbours and requests */
/* User-Name of a request as a log field, shortened or hashed as the configuration says. */
struct rgw_identity {
	char text[24];
};
struct rgw_field rgw_f_identity(struct rgw_gw *gw, const struct rgw_packet *packet,
    struct rgw_identity *room);
/* The name of whoever asked, and of where the request goes. */
const char *rgw_origin_name(const struct rgw_origin *origin);
/* A number that tells askers apart. */
uint64_t rgw_origin_number(const struct rgw_origin *origin);
struct rgw_field rgw_f_origin(const struct rgw_origin *origin);
struct rgw_field rgw_f_target(const struct rgw_target *target);

/* ingress.c: requests, from wherever they come */
/* Somebody who asks: nobody may take back requests for new ones without end (P-DUP-5), since each costs
 * an identifier at the next hop. */
void rgw_ingress_init(struct rgw_bucket *superseding, rgw_ms now);
/* A request that has passed the checks of its transport. Deals with duplicates, then accepts it and
 * sends it on its way. `place` is the socket or connection (P-DUP-1). */
void rgw_ingress_take(struct rgw_gw *gw, const struct rgw_origin *origin, uint32_t place,
    const struct rgw_packet *packet, rgw_ms now);

/* route.c: which way a request takes */
/* Sends it to whoever serves its realm, or ends it as the configuration says for the realm. */
void rgw_route(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);

/* tlsin.c: what peers send on the connections that they opened, checked. false = it was closed. */
bool rgw_tlsin_on_packet(struct rgw_conn *conn, const struct rgw_auth_check *checked, rgw_ms now);

/* entry.c: what requests are known by */
/* A new one, which is found from now on, or NULL for want of room. Kept answers give way to it. */
struct rgw_entry *rgw_entry_new(struct rgw_gw *gw, const struct rgw_dupkey *key, const uint8_t *auth,
    rgw_ms now);
/* Forgets one that nobody works on. */
void rgw_entry_free(struct rgw_gw *gw, struct rgw_entry *entry);
/* From now on it is kept for its answer, which is copied. false = out of memory. */
bool rgw_entry_keep(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_outgoing *answer,
    rgw_ms now);
/* Sends the kept answer once more. */
void rgw_entry_repeat(struct rgw_gw *gw, const struct rgw_entry *entry, const struct rgw_origin *origin);
/* Forgets it; if it is worked on, that ends in this counter. */
void rgw_entry_end(struct rgw_gw *gw, struct rgw_entry *entry, enum rgw_counter how, rgw_ms now);
/* Ends what has taken too long, and forgets what was kept long enough. */
void rgw_entries_expire(struct rgw_gw *gw, rgw_ms now);
/* Ends all, when the gateway does. */
void rgw_entries_end(struct rgw_gw *gw, rgw_ms now);

/* request.c: the life of a request */
/* A request of which the entry is new, or NULL for want of memory. The packet is copied. */
struct rgw_req *rgw_req_new(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_origin *origin,
    const struct rgw_packet *packet, rgw_ms now);
/* Is an attempt under way? */
bool rgw_req_is_tried(const struct rgw_req *req);
/* The request ends without an answer, in this counter; it is gone after that. */
void rgw_req_end(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Nobody answered it in time: it ends, and the log says so. */
void rgw_req_time_out(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);
/* Sends the answer in gw->scratch, as rgw_hop_response has left it, to whoever asked, and keeps it for
 * retransmissions. */
void rgw_req_reply(struct rgw_gw *gw, struct rgw_req *req, size_t len, rgw_ms now);
/* Tells whoever asked about a failure if they want to hear of it (protocol-error; peers always do),
 * and ends it. */
void rgw_req_refuse(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    rgw_ms now);
/* Ends it with an Access-Reject; if it is no Access-Request, in the way of rgw_req_refuse. error_cause and
 * message as in rgw_build_reject. */
void rgw_req_reject(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    const char *message, rgw_ms now);
/* Ends an Accounting-Request as if it had been recorded. */
void rgw_req_acknowledge(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Does whoever asked understand Protocol-Error? Peers do (P-ERR-10), clients if the configuration says so
 * (P-ERR-11). */
bool rgw_origin_hears_errors(const struct rgw_origin *origin);
/* Ends it in the way that its pool has for an outage. */
void rgw_req_outage(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Sends an answer to whoever asked; what a connection does not take is counted. */
void rgw_origin_send(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_outgoing *answer);

/* rewriting.c: attributes that the configuration changes on the way. Each returns the packet itself if
 * nothing is to be changed; or *room, which then describes one that is valid until the next call; or NULL if
 * the packet is to be refused, about which there is a line already. */
struct rgw_hop_response;
/* A request has come in. */
const struct rgw_packet *rgw_rewriting_came(struct rgw_gw *gw, const struct rgw_origin *origin,
    const struct rgw_packet *packet, struct rgw_packet *room);
/* It is to be sent. */
const struct rgw_packet *rgw_rewriting_goes(const struct rgw_attempt *a, struct rgw_packet *room);
/* Its answer has come from the target and is to go back as `hop` says. */
const struct rgw_packet *rgw_rewriting_answered(const struct rgw_req *req,
    const struct rgw_target *target, const struct rgw_hop_response *hop, struct rgw_packet *room);

/* attempt.c: a request at one target */
void rgw_attempt_init(struct rgw_attempt *a, struct rgw_req *req);
/* Tries to send on a lane; false = it could not take it. May end the request. */
bool rgw_attempt_send(struct rgw_attempt *a, struct rgw_lane *lane, rgw_ms now);
/* Takes it from its lane or queue; the identifier rests if an answer may still come. */
void rgw_attempt_detach(struct rgw_attempt *a, rgw_ms now);
/* The same when its answer has come: the identifier is free. */
void rgw_attempt_answered(struct rgw_attempt *a, rgw_ms now);

/* pool.c: where a request goes, first and next */
void rgw_pools_init(struct rgw_gw *gw);
void rgw_pools_fini(struct rgw_gw *gw);
void rgw_target_init(struct rgw_target *target, struct rgw_gw *gw, const struct rgw_conf_head *conf);
void rgw_target_fini(struct rgw_target *target);
/* The pool that a reference means. */
struct rgw_pool *rgw_pool_of(struct rgw_gw *gw, const struct rgw_conf_head *head);
/* Makes the timer of a new request, which tries it elsewhere when it is left unanswered. */
void rgw_pool_init_retry(struct rgw_req *req);
/* Sends a request on its way. Its pool is set. */
void rgw_pool_dispatch(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);

/* marks.c: is it the member that does not answer, or the realm behind it? */
/* When the target left the realm of the request unanswered; 0 = it did not, as far as is known. */
rgw_ms rgw_mark_of(const struct rgw_req *req, const struct rgw_target *target, rgw_ms now);
/* An attempt that was sent ends without an answer: if its target is alive, it is the realm behind it. */
void rgw_mark_unanswered(const struct rgw_attempt *a, rgw_ms now);
/* The target says that it has no way to the realm. */
void rgw_mark_unroutable(const struct rgw_attempt *a, rgw_ms now);
/* An answer came at one target; what is known about the others of the request follows. */
void rgw_mark_answered(struct rgw_attempt *a, rgw_ms now);
/* A valid packet came from the target. */
void rgw_target_heard(struct rgw_target *target, rgw_ms now);
/* It answers, if late: nothing is held against the realm. */
void rgw_target_late(struct rgw_target *target);

/* Why an attempt came to nothing; it decides what becomes of the request if nobody is left to try. */
enum rgw_failure {
	RGW_FAIL_FULL,         /* the target's queue is full, or its max-requests reached */
	RGW_FAIL_QUEUE_TIME,   /* no connection took it in time */
	RGW_FAIL_NO_ANSWER,    /* response-window or all repetitions are over */
	RGW_FAIL_REFUSED,      /* the target says that it cannot serve it */
	RGW_FAIL_TOO_BIG,      /* what is rewritten for the target does not fit into a packet */
};

/* The attempt came to nothing: the next member is tried, or the request ends. error_cause: what the
 * target said, for REFUSED. */
void rgw_pool_failed(struct rgw_attempt *a, enum rgw_failure how, uint32_t error_cause, rgw_ms now);
/* The lane of the attempt is gone or suspected: it goes elsewhere, or waits at its target. */
void rgw_pool_move(struct rgw_attempt *a, rgw_ms now);
/* Is there anybody better to turn to than the attempt's own target? */
bool rgw_pool_has_other(struct rgw_attempt *a, rgw_ms now);
/* The target cannot be reached: what waits on the queue goes elsewhere if it can. */
void rgw_pool_evacuate(struct rgw_link *queue, rgw_ms now);
/* The target can be reached again: what waits at others of its pools, who cannot, comes to it. */
void rgw_pool_attract(struct rgw_target *target, rgw_ms now);

/* recall.c: members that were given up */
/* Tries those of the pool soon. */
void rgw_recall_members(struct rgw_pool *pool, rgw_ms now);
/* The target has failed: does the same for its pools of which nobody works any more. */
void rgw_recall_others(struct rgw_target *target, rgw_ms now);

/* response.c: what targets answer */
/* What rgw_auth_check is to look at before rgw_response_take. */
struct rgw_auth_check rgw_response_check(const struct rgw_lane *lane, const struct rgw_packet *packet);
/* Takes an answer that came on a lane, checked; others may have been taken in between. NULL = fine, or
 * dropped; else the rule that it breaks, for which a connection is closed (RFC 6613 2.6.4). */
const char *rgw_response_take(struct rgw_lane *lane, struct rgw_auth_check *checked, rgw_ms now);
/* A line about a packet that came on a lane. */
void rgw_log_packet(const struct rgw_lane *lane, const struct rgw_packet *packet,
    enum rgw_log_level level, const char *event, const char *text);

/* conn.c: one connection of either direction */
struct rgw_conn *rgw_conn_new(struct rgw_gw *gw, const struct rgw_addr *addr);
/* Opens one to a peer; NULL = not possible now. */
struct rgw_conn *rgw_conn_open(struct rgw_peer *peer, const char *host, const struct rgw_addr *to,
    rgw_ms now);
/* Closes it; what is open on one of ours moves, what came on one of a peer's ends. */
void rgw_conn_close(struct rgw_conn *conn, enum rgw_log_level level, const char *event,
    const char *why, rgw_ms now);
/* The same for a packet that breaks a rule; the line says which packet it was. */
void rgw_conn_close_for(struct rgw_conn *conn, const struct rgw_packet *packet, const char *rule,
    rgw_ms now);
/* Nothing new is begun on it; it is closed as soon as nothing is open on it. */
void rgw_conn_drain(struct rgw_conn *conn, rgw_ms now);
/* One thing less is open on it; if it drains and was waiting for that, it ends soon. */
void rgw_conn_settled(struct rgw_conn *conn, rgw_ms now);
/* Sets the timer to the next deadline. */
void rgw_conn_set_timer(struct rgw_conn *conn);

/* accept.c: connections that peers open */
void rgw_accept_init(struct rgw_gw *gw, const struct rgw_hashkey *key, rgw_ms now);
void rgw_accept_fini(struct rgw_gw *gw, rgw_ms now);
/* All of them end when nothing is open on them. */
void rgw_accept_drain(struct rgw_gw *gw, rgw_ms now);
/* Its handshake begins. */
void rgw_accept_shaking(struct rgw_conn *conn);
/* Its peer is known. false = it was closed. */
bool rgw_accept_identified(struct rgw_conn *conn, const struct rgw_conf_peer *peer, rgw_ms now);
/* It ends: leaves all lists and counts, and the requests that came on it end. */
void rgw_accept_forget(struct rgw_conn *conn, rgw_ms now);

/* peer.c: the connection set of a peer */
void rgw_peer_init(struct rgw_peer *peer, struct rgw_gw *gw, const struct rgw_conf_peer *conf,
    rgw_ms now);
void rgw_peer_fini(struct rgw_peer *peer, rgw_ms now);
/* Sends the attempt or queues it. false = there is no room. It may end the request: true, then. */
bool rgw_peer_take(struct rgw_peer *peer, struct rgw_attempt *a, rgw_ms now);
/* Sends what is queued as far as there is room, and opens connections as needed. */
void rgw_peer_pump(struct rgw_peer *peer, rgw_ms now);
/* The same, soon. */
void rgw_peer_nudge(struct rgw_peer *peer, rgw_ms now);

/* growth.c: how many connections a peer has */
void rgw_growth_init(struct rgw_peer *peer, rgw_ms now);
/* Opens as many as the load asks for and the limits allow now. */
void rgw_peer_grow(struct rgw_peer *peer, rgw_ms now);
/* An attempt to connect came to nothing, or one proved good. */
void rgw_peer_on_attempt(struct rgw_peer *peer, bool good, rgw_ms now);
/* It went away by no wish of ours. */
void rgw_peer_failed(struct rgw_peer *peer, rgw_ms now);
/* It is needed: if it was given up, it is tried soon, and the pauses grow anew. */
void rgw_peer_call(struct rgw_peer *peer, rgw_ms now);
/* Requests that it has or that wait for it. */
size_t rgw_peer_load(const struct rgw_peer *peer);
/* There is one more: looks from now on whether there are too many. */
void rgw_peer_watch_size(struct rgw_peer *peer, rgw_ms now);

/* guard.c: the watchdog of a connection that we opened */
void rgw_guard_open(struct rgw_conn *conn, rgw_ms now);
/* Does the peer live? Its connections are asked now. */
void rgw_guard_ask(struct rgw_peer *peer, rgw_ms now);
/* Has a Status-Server been waiting for its answer since then, or longer? */
bool rgw_guard_is_mute(const struct rgw_conn *conn, rgw_ms since);
/* A valid packet came on it; `dwa`: it answers a Status-Server. */
void rgw_guard_heard(struct rgw_conn *conn, bool dwa, rgw_ms now);
/* Its deadline has passed. false = the connection was closed. */
bool rgw_guard_expired(struct rgw_conn *conn, rgw_ms now);
/* It does not count any more, because it ends or drains. */
void rgw_guard_leave(struct rgw_conn *conn);

/* server.c: the sources of a server */
void rgw_server_init(struct rgw_server *server, struct rgw_gw *gw, const struct rgw_conf_server *conf,
    rgw_ms now);
void rgw_server_fini(struct rgw_server *server);
struct rgw_port *rgw_server_port(struct rgw_server *server, uint8_t code);
/* Sends the attempt, or lets it wait for an address or a socket. false = there is no room. */
bool rgw_server_take(struct rgw_server *server, struct rgw_attempt *a, rgw_ms now);
/* Sends what waits, as far as that is possible. */
void rgw_port_pump(struct rgw_port *port, rgw_ms now);
/* A source that has an identifier left, opened if need be; NULL = none for the moment. */
struct rgw_source *rgw_port_source(struct rgw_port *port, rgw_ms now);
/* An attempt came to it, to wait or to be sent, or left it. */
void rgw_port_joined(struct rgw_port *port);
void rgw_port_left(struct rgw_port *port, rgw_ms now);

/* health.c: is a server alive? */
void rgw_health_init(struct rgw_port *port);
void rgw_health_fini(struct rgw_port *port);
/* The answer to a Status-Server came. */
void rgw_health_probe_answered(struct rgw_port *port);
/* A valid answer of any kind came. */
void rgw_health_heard(struct rgw_port *port, rgw_ms now);
/* A request that was sent first at `since` had no answer. */
void rgw_health_silent(struct rgw_port *port, rgw_ms since, rgw_ms now);
/* ICMP: nobody listens. */
void rgw_health_unreachable(struct rgw_port *port, const char *why, rgw_ms now);
const char *rgw_health_name(enum rgw_port_state state);

/* resolve.c: addresses of hosts */
/* Pointers to the host are kept until the gateway ends. */
void rgw_host_init(struct rgw_host *host, struct rgw_target *target, const struct rgw_hostport *conf,
    rgw_ms now);
void rgw_host_fini(struct rgw_host *host);
/* The n-th address over all hosts of the peer, modulo their number, and the host it belongs to;
 * NULL = there is none. */
const char *rgw_host_address(const struct rgw_peer *peer, size_t n, struct rgw_addr *out);
size_t rgw_host_count(const struct rgw_peer *peer);

#endif
