/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_LINKS_H
#define ENGINE_LINKS_H

/*
 * Peers with their connections and servers with their sockets, as the files of this room see them. The gateway owns
 * peers, servers and listeners; a peer owns the connections that we opened to it, the gateway those that came in.
 */

#include "radsecgw/addr.h"
#include "radsecgw/admission.h"
#include "radsecgw/quota.h"
#include "radsecgw/ratelimit.h"
#include "radsecgw/stream.h"
#include "radsecgw/watchdog.h"

#include "../engine.h"
#include "events.h"
#include "lane.h"
#include "target.h"

enum rgw_conn_state {
	RGW_CONN_CONNECTING,  /* ours only */
	RGW_CONN_ACCEPTED,    /* a peer's only: no octet yet */
	RGW_CONN_HANDSHAKE,
	RGW_CONN_UP,
	RGW_CONN_DRAINING,    /* nothing new; it ends when nothing is open on it */
	RGW_CONN_GONE,        /* being taken apart */
};

/* One connection, opened by us or by a peer. Requests may go out on its lane, and come in on it. */
struct rgw_conn {
	struct rgw_gw *gw;            /* borrowed */
	struct rgw_peer *peer;        /* borrowed: whose it is; NULL while a peer's is not identified */
	bool incoming;                /* the peer opened it */
	bool proven;                  /* a valid packet came, so this attempt counts as a success */
	bool blocked;                 /* conn_send said no */
	enum rgw_conn_state state;
	uint32_t listen;              /* incoming: index of the [listen] section */
	struct rgw_link link;         /* among the peer's own, once it is known whose it is */
	void *io;                     /* borrowed: the outer layer's handle */
	struct rgw_addr addr;
	struct rgw_timer timer;       /* the next deadline of any kind */
	rgw_ms deadline;              /* of connect and handshake, and of a drain */
	rgw_ms up_at;
	rgw_ms used_at;               /* the last packet in either direction, but for watchdogs */
	struct rgw_watchdog watchdog; /* outgoing, while up */
	rgw_ms probed_at;             /* when its last Status-Server was sent */
	rgw_ms heard_at;              /* outgoing: the last packet from the far end, watchdogs included;
	                               * incoming: the last octet, or when it came up */
	bool counted;                 /* in peer->n_okay */
	struct rgw_stream stream;
	struct rgw_lane lane;         /* ids exists once requests may be sent on it */
	uint64_t n_sent;              /* requests sent on it ... */
	uint64_t n_read;              /* ... and how many of them the peer has read, as its answers show */
	uint64_t probed_nth;          /* n_sent when the last Status-Server was sent */
	rgw_ms quiet_since;           /* a request was sent then, and nothing has come since; 0 = else */
	rgw_ms mute_at;               /* then it is mute unless something comes; 0 = it has not been asked yet */
	rgw_ms exposed_at;            /* while mute: since when the peer is known to live; RGW_NEVER = it is not */
	bool mute;                    /* nothing comes on it although it should; see mute.c */
	bool lame;                    /* in peer->n_lame */
	uint64_t alone;               /* which request is tried alone until it is read; 0 = none */
	rgw_ms sent_at;               /* when the last request was sent */
	rgw_ms opened_at;             /* outgoing: when the attempt to connect began ... */
	rgw_ms round_trip;            /* ... and what it took to set up TCP */
	struct rgw_asked asked;       /* what came on it */
	struct rgw_visit visit;       /* incoming: its place in the admission */
};

/* One host name or address to be reached. It is part of whoever wants its addresses. */
struct rgw_host {
	const struct rgw_hostport *conf;  /* borrowed */
	struct rgw_addr *addrs;           /* owned */
	size_t n_addrs;
	struct rgw_addr *before;          /* owned: what the look-up before the last one said, if that was ... */
	size_t n_before;                  /* ... something else */
	bool literal;                     /* it is an address, and never looked up */
	bool asked;                       /* a look-up is under way */
	rgw_ms asked_at;                  /* when the last one began; 0 = never */
	unsigned fails;
	struct rgw_timer timer;           /* next look-up */
	struct rgw_gw *gw;                /* borrowed, as the next one */
	const struct rgw_conf_head *owner;/* whose it is */
	const char *field;                /* what log lines call the owner */
	/* A look-up has succeeded after which other addresses count. `news`: they are others than before; else those
	 * that there were before count no longer. */
	void (*changed)(struct rgw_host *host, bool news, rgw_ms now);
	uint32_t query;                   /* its number in rgw_gw.hosts */
};

/* How a peer stands, as its connections show. All changes go through rgw_peer_review. */
enum rgw_peer_state {
	RGW_PEER_IDLE,      /* there is no connection, and it has not failed */
	RGW_PEER_OPENING,   /* the same, but one is being opened */
	RGW_PEER_UP,        /* a connection is good */
	RGW_PEER_DOUBTFUL,  /* connections are up, but none of them is good */
	RGW_PEER_DOWN,      /* it has failed, and there is no connection */
};

struct rgw_peer {
	struct rgw_target target;
	const struct rgw_conf_peer *conf;   /* borrowed */
	enum rgw_peer_state state;
	struct rgw_host *hosts;             /* owned */
	size_t n_hosts;
	size_t next_addr;                   /* which address the next attempt takes, over all hosts */
	struct rgw_link conns;              /* owned: that we opened */
	unsigned n_up;                      /* those that are not draining */
	unsigned n_okay;                    /* of these, those whose watchdog says OKAY */
	unsigned n_opening;
	struct rgw_link incoming;           /* that it opened */
	unsigned n_incoming;
	struct rgw_quota *quota;            /* borrowed: those, in all workers */
	struct rgw_queue queue;             /* requests of all services */
	struct rgw_timer open_timer;        /* the next attempt to connect */
	rgw_ms retry_at;                    /* no attempt before that */
	unsigned fails;                     /* attempts in a row that came to nothing, ... */
	unsigned rounds;                    /* ... rounds of them over all addresses, ... */
	size_t missed;                      /* ... and how many addresses of the next round did */
	rgw_ms call_at;                     /* until then they are not forgotten because it is needed */
	bool failed;                        /* it went away by no wish of ours: reopening validates (P-WD-7) */
	bool unreachable;                   /* the last attempts to connect ended without a connection */
	bool must_prove;                    /* its first answer on a connection broke a rule: so does that */
	unsigned n_excused;                 /* connections in a row that a request has ended before a valid packet */
	unsigned n_lame;                    /* connections that are up but suspected or mute */
	rgw_ms silence;                     /* the longest lately between a request and the next sign of life, ... */
	rgw_ms silence_since;               /* ... which counts half after a while ... */
	unsigned n_silences;                /* ... and of so many, as far as that matters */
	rgw_ms lost_at;                     /* when a connection of it ended last for no reason that is known */
	rgw_ms patient_until;               /* until then nobody has waited long enough to give way */
	struct rgw_asker asker;             /* as somebody who asks us */
	bool answers_status;                /* it has answered a Status-Server */
	bool ignores_status;                /* it never does (P-WD-11) */
	bool misdoes_status;                /* it does, with a wrong Message-Authenticator, and that was said */
	bool renewing;                      /* all connections up to the next serial are to be replaced ... */
	uint32_t old_until;                 /* ... or have been */
	struct rgw_timer shrink_timer;      /* too many connections for the load? */
	unsigned shrink_ticks;              /* how often in a row they were */
	struct rgw_bucket connect_rate;
};

/* One UDP socket towards a server; owned by its port. */
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

/* One of a server's ports: each service has its own, and they live and die apart. */
struct rgw_port {
	struct rgw_server *server;   /* borrowed: the owner; NULL = the server has no such port */
	const char *name;
	struct rgw_host host;
	struct rgw_link sources;     /* owned */
	unsigned n_sources;
	struct rgw_queue queue;      /* requests that wait for an address or an identifier */
	enum rgw_port_state state;
	rgw_ms heard_at;             /* the last valid answer on this port */
	struct rgw_timer timer;      /* SUSPECTED, DEAD: the earlier one of the next two */
	rgw_ms change_at;            /* when the state changes by itself */
	rgw_ms probe_at;             /* when Status-Server is sent */
	struct rgw_source *prober;   /* borrowed: where a Status-Server is under way, or NULL */
	uint8_t probe_id;
	size_t next_addr;            /* which address of the host is in use, modulo their number */
	size_t refused;              /* so many of them in a row have nobody who listens */
	struct rgw_timer tidy_timer; /* what waits is looked at, and sources that are not needed */
};

struct rgw_server {
	struct rgw_target target;
	const struct rgw_conf_server *conf;          /* borrowed */
	enum rgw_auto require_message_authenticator; /* AUTO = none seen yet (P-BR-5) */
	rgw_ms warned_at;                            /* of what such a server risks; 0 = never */
	struct rgw_port ports[RGW_SERVICES];
};

/* A [listen] section with `tls`, as it runs. */
struct rgw_listener {
	const struct rgw_conf_listen *conf;  /* borrowed */
	struct rgw_prefixmap *allowed;       /* owned: from where peers may come, as they say ... */
	bool anywhere;                       /* ... but some do not say, so they may from anywhere */
	struct rgw_quota *quota;             /* borrowed: its connections, in all workers */
};

static inline struct rgw_peer *
rgw_peer_of(struct rgw_target *target)
{
	return RGW_CONTAINER(target, struct rgw_peer, target);
}

static inline struct rgw_conn *
rgw_conn_of(struct rgw_lane *lane)
{
	return RGW_CONTAINER(lane, struct rgw_conn, lane);
}

/* conn.c: one connection of either direction */
const char *rgw_conn_state_name(enum rgw_conn_state state);
struct rgw_conn *rgw_conn_new(struct rgw_gw *gw, const struct rgw_addr *addr);
/* Opens one to a peer; NULL = not possible now. */
struct rgw_conn *rgw_conn_open(struct rgw_peer *peer, const char *host, const struct rgw_addr *to,
    rgw_ms now);
/* All changes of its state go through here; the peer's counts follow. */
void rgw_conn_enter(struct rgw_conn *conn, enum rgw_conn_state state);
/* It is known whose it is. */
void rgw_conn_belongs(struct rgw_conn *conn, struct rgw_peer *peer);
/* Closes it in good order; what is open on its lane moves, what came on it ends. */
void rgw_conn_close(struct rgw_conn *conn, enum rgw_log_level level, const char *event,
    const char *why, rgw_ms now);
/* Closes it because it is of no use any more, for a reason that a request on it may have given. */
void rgw_conn_give_up(struct rgw_conn *conn, const char *why, rgw_ms now);
/* Closes it for a packet that breaks a rule; the line says which packet it was. If that is the answer to a
 * request, the request is not sent again. */
void rgw_conn_close_for(struct rgw_conn *conn, const struct rgw_packet *packet, const char *rule,
    rgw_ms now);
/* Nothing new is begun on it; it is closed as soon as nothing is open on it. */
void rgw_conn_drain(struct rgw_conn *conn, rgw_ms now);
/* One thing less is open on it; if it drains and was waiting for that, it ends soon. */
void rgw_conn_settled(struct rgw_conn *conn, rgw_ms now);
/* Sets the timer to the next deadline. */
void rgw_conn_set_timer(struct rgw_conn *conn);
/* When the rest of a packet must have come; RGW_NEVER = none has begun. */
rgw_ms rgw_conn_packet_deadline(const struct rgw_conn *conn);

/* accept.c: connections that peers open */
void rgw_accept_init(struct rgw_gw *gw, const struct rgw_hashkey *key, rgw_ms now);
void rgw_accept_fini(struct rgw_gw *gw, rgw_ms now);
/* All of them end when nothing is open on them. */
void rgw_accept_drain(struct rgw_gw *gw, rgw_ms now);
/* Its handshake begins. */
void rgw_accept_shaking(struct rgw_conn *conn);
/* Its peer is known. false = it was closed. */
bool rgw_accept_identified(struct rgw_conn *conn, const struct rgw_conf_peer *peer, rgw_ms now);
/* It ends after `last`: leaves all lists and counts, and the requests that came on it end. */
void rgw_accept_forget(struct rgw_conn *conn, enum rgw_conn_state last, rgw_ms now);

/* peer.c: the connection set of a peer */
extern const struct rgw_lane_ops rgw_conn_lane_ops;
void rgw_peer_init(struct rgw_peer *peer, struct rgw_gw *gw, const struct rgw_conf_peer *conf,
    rgw_ms now);
void rgw_peer_fini(struct rgw_peer *peer, rgw_ms now);
const char *rgw_peer_state_name(enum rgw_peer_state state);
/* What its state is made of has changed. All changes of state are made here. */
void rgw_peer_review(struct rgw_peer *peer);
/* Sends what is queued as far as there is room, and opens connections as needed. This is for events and
 * timers only: sending can end or move other requests, so whatever may be called from there, or from a loop
 * over requests, asks for it with rgw_peer_wake instead. */
void rgw_peer_pump(struct rgw_peer *peer, rgw_ms now);
/* Lets a timer do the same at that time, or earlier. `now` means this turn of the loop or the next. */
void rgw_peer_wake(struct rgw_peer *peer, rgw_ms at);
/* The n-th address over all hosts of the peer, modulo their number, and the host it belongs to;
 * NULL = there is none. */
const char *rgw_peer_address(const struct rgw_peer *peer, size_t n, struct rgw_addr *out);
/* How many addresses there are over all hosts of the peer. */
size_t rgw_peer_n_addresses(const struct rgw_peer *peer);

/* growth.c: how many connections a peer has */
void rgw_growth_init(struct rgw_peer *peer, rgw_ms now);
/* Opens as many as the load asks for and the limits allow now. */
void rgw_peer_grow(struct rgw_peer *peer, rgw_ms now);
/* How an attempt to connect ended. */
struct rgw_try {
	const struct rgw_addr *to;
	rgw_ms began;
	bool connected;  /* there was a connection ... */
	bool good;       /* ... and it was worth something */
};
void rgw_peer_on_attempt(struct rgw_peer *peer, const struct rgw_try *try, rgw_ms now);
/* A connection of it is good. */
void rgw_peer_proven(struct rgw_peer *peer);
/* One of its hosts has other addresses now: they are tried at once. */
void rgw_peer_moved(struct rgw_peer *peer, const struct rgw_host *host, rgw_ms now);
/* It went away by no wish of ours. */
void rgw_peer_failed(struct rgw_peer *peer, rgw_ms now);
/* It is needed: if it was given up, it is tried soon, and the pauses grow anew. */
void rgw_peer_call(struct rgw_peer *peer, rgw_ms now);
/* Requests that it has or that wait for it. */
size_t rgw_peer_load(const struct rgw_peer *peer);
/* All connections that we have opened to it are replaced: they drain as soon as a new one is good. */
void rgw_peer_renew(struct rgw_peer *peer, rgw_ms now);
/* A connection is good: if it is a new one, the old ones drain. */
void rgw_peer_renewed(struct rgw_conn *conn, rgw_ms now);
/* There is one more: looks from now on whether there are too many. */
void rgw_peer_watch_size(struct rgw_peer *peer, rgw_ms now);

/* guard.c: the watchdog of a connection that we opened */
void rgw_guard_open(struct rgw_conn *conn, rgw_ms now);
/* Does the peer live? The connection is asked now, unless it is being asked; or all that are up are. */
void rgw_guard_ask(struct rgw_conn *conn, rgw_ms now);
void rgw_guard_ask_all(struct rgw_peer *peer, rgw_ms now);
/* Has a Status-Server been waiting for its answer since then, or longer? */
bool rgw_guard_is_mute(const struct rgw_conn *conn, rgw_ms since);
/* A packet came on it, whether its authenticator is right or not: inside TLS only the peer can have sent it, so it
 * shows that the peer lives (P-WD-12). `dwa`: it answers a Status-Server. */
void rgw_guard_heard(struct rgw_conn *conn, bool dwa, rgw_ms now);
/* Its deadline has passed. false = the connection was closed. */
bool rgw_guard_expired(struct rgw_conn *conn, rgw_ms now);
/* It is found to be mute, or not to be so any more. */
void rgw_guard_mute(struct rgw_conn *conn, bool mute, rgw_ms now);
/* It does not count any more, because it ends or drains. */
void rgw_guard_leave(struct rgw_conn *conn);

/* mute.c: connections on which nothing comes although it should */
/* A request or a Status-Server is sent on the connection. */
void rgw_mute_sent(struct rgw_conn *conn, rgw_ms now);
/* A packet came on it. */
void rgw_mute_heard(struct rgw_conn *conn, rgw_ms now);
/* It shows that the peer has read all that was sent. */
void rgw_mute_read_all(struct rgw_conn *conn);
/* When rgw_mute_expired is to be called. false = the connection was closed. */
rgw_ms rgw_mute_deadline(const struct rgw_conn *conn);
bool rgw_mute_expired(struct rgw_conn *conn, rgw_ms now);

/* blame.c: requests at which a peer closes the connection */
enum rgw_fault {
	RGW_FAULT_NONE,     /* we end the connection for a reason that no request has given */
	RGW_FAULT_REQUEST,  /* a request has given the reason, and has been stopped */
	RGW_FAULT_PEER,     /* the peer has broken a rule, for no reason that a request has given */
	RGW_FAULT_UNKNOWN,  /* the connection has ended, and any request may be why */
};

/* How many connections more than the load needs suspects want, so that others are not held up by them. */
size_t rgw_blame_wants(const struct rgw_peer *peer);
/* May a request that is to be sent with such care be sent on this connection, as far as suspects are concerned? */
bool rgw_blame_allows(const struct rgw_conn *conn, enum rgw_care care, rgw_ms now);
/* A suspect waits: may those behind it leave before it? */
bool rgw_blame_lets_pass(const struct rgw_peer *peer, rgw_ms now);
/* Suspects may be waiting: sees to it that connections become free for them, and that they are looked at. */
void rgw_blame_wait(struct rgw_peer *peer, rgw_ms now);
/* The ticket was sent on the connection. */
void rgw_blame_sent(struct rgw_conn *conn, struct rgw_ticket *ticket, rgw_ms now);
/* An answer shows that the peer has read so many requests of the connection. */
void rgw_blame_read(struct rgw_conn *conn, uint64_t nth, rgw_ms now);
/* May the connection still end because of the ticket? */
bool rgw_blame_is_pending(const struct rgw_conn *conn, const struct rgw_ticket *ticket, rgw_ms now);
/* When rgw_blame_expired is to be called: the peer says nothing, and has not closed the connection either. */
rgw_ms rgw_blame_deadline(const struct rgw_conn *conn);
void rgw_blame_expired(struct rgw_conn *conn, rgw_ms now);
/* An answer under this identifier breaks a rule, for which the connection is to be closed: the request that it
 * answers is stopped. false = there is none, or it cannot be told which. */
bool rgw_blame_answer(struct rgw_conn *conn, uint8_t id, const char *why, rgw_ms now);
/* Does a suspect that is open on the connection explain its end? */
bool rgw_blame_is_plain(const struct rgw_conn *conn);
/* The connection has ended: whoever waits on its lane is told. */
void rgw_blame_end(struct rgw_conn *conn, enum rgw_fault fault, const char *why, rgw_ms now);

/* server.c: the sources of a server */
void rgw_server_init(struct rgw_server *server, struct rgw_gw *gw, const struct rgw_conf_server *conf,
    rgw_ms now);
void rgw_server_fini(struct rgw_server *server);
/* A source that has an identifier left, opened if need be; NULL = none for the moment. */
struct rgw_source *rgw_port_source(struct rgw_port *port, rgw_ms now);

/* health.c: is a server alive? */
void rgw_health_init(struct rgw_port *port);
void rgw_health_fini(struct rgw_port *port);
/* The answer to a Status-Server came. */
void rgw_health_probe_answered(struct rgw_port *port);
/* A valid answer of any kind came. */
void rgw_health_heard(struct rgw_port *port, rgw_ms now);
/* A request that was sent first at `since` had no answer. */
void rgw_health_silent(struct rgw_port *port, rgw_ms since, rgw_ms now);
/* It is not alive, but has other addresses now: they are tried at once. */
void rgw_health_moved(struct rgw_port *port, rgw_ms now);
/* ICMP: nobody listens at any address of it. */
void rgw_health_unreachable(struct rgw_port *port, const char *why, rgw_ms now);
const char *rgw_health_name(enum rgw_port_state state);

/* probe.c */
/* Writes a Status-Server of our own to gw->scratch, signed (P-SS-1 to 3). Returns its length. */
size_t rgw_probe_build(struct rgw_gw *gw, uint8_t id, const struct rgw_side *side);

/* host.c: addresses of hosts */
/* `conf` and `owner` outlive the gateway, and so does the host: pointers to it are kept. */
void rgw_host_init(struct rgw_host *host, struct rgw_gw *gw, const struct rgw_conf_head *owner, const char *field,
    const struct rgw_hostport *conf, rgw_ms now);
void rgw_host_fini(struct rgw_host *host);
/* None of its addresses works: it is looked up as soon as that may be done again. */
void rgw_host_refresh(struct rgw_host *host, rgw_ms now);
bool rgw_host_has(const struct rgw_host *host, const struct rgw_addr *addr);

#endif
