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
	RGW_CONN_CONNECTING,  /* we have begun to connect; outgoing only */
	RGW_CONN_ACCEPTED,    /* accepted, and no octet has come yet; incoming only */
	RGW_CONN_HANDSHAKE,
	RGW_CONN_UP,
	RGW_CONN_DRAINING,    /* nothing new is begun; the connection ends when nothing is open on it */
	RGW_CONN_GONE,        /* the connection is being taken apart */
};

/* One connection, opened by us or by a peer. Requests may go out on its lane, and come in on it. */
struct rgw_conn {
	struct rgw_gw *gw;            /* borrowed */
	struct rgw_peer *peer;        /* borrowed: the peer at the far end; NULL while that of an incoming connection is
	                               * not identified */
	bool incoming;                /* the peer opened the connection */
	bool proven;                  /* a valid packet came on the connection, so the attempt to connect counts as a
	                               * success */
	bool blocked;                 /* conn_send has refused a packet, and no room has been told since */
	enum rgw_conn_state state;
	enum rgw_proof proof;         /* by what the far end has proven who it is, once the connection is up */
	struct rgw_edition *edition;  /* holds a reference: the edition by which the connection stands, whose secret
	                               * it uses */
	struct rgw_listener *listener;/* borrowed: incoming: where the connection came in */
	struct rgw_link link;         /* among the peer's connections, once the peer is known; or among those of
	                               * balancers that have not said for whom they are */
	void *io;                     /* borrowed: the outer layer's handle */
	struct rgw_addr addr;
	struct rgw_addr via;          /* the balancer that opened the connection for that address; family 0 = none */
	struct rgw_timer timer;       /* the connection's next deadline of any kind */
	rgw_ms deadline;              /* when connect, handshake or drain must be over */
	rgw_ms up_at;
	rgw_ms used_at;               /* time of the last packet in either direction, but for watchdogs */
	struct rgw_watchdog watchdog; /* the connection's watchdog; outgoing, while up */
	rgw_ms probed_at;             /* when the last Status-Server was sent on the connection */
	rgw_ms heard_at;              /* outgoing: when the last packet came from the far end, watchdogs included;
	                               * incoming: when the last octet came, or the connection came up */
	bool counted;                 /* the connection counts in peer->n_okay */
	struct rgw_stream stream;
	struct rgw_lane lane;         /* the connection as a lane; its identifiers exist once requests may be sent */
	uint64_t n_sent;              /* number of requests sent on the connection ... */
	uint64_t n_read;              /* ... and how many of them the peer has read, as its answers show */
	uint64_t probed_nth;          /* n_sent when the last Status-Server was sent */
	rgw_ms quiet_since;           /* when the request was sent since which nothing has come; 0 = none */
	rgw_ms mute_at;               /* when the connection becomes mute unless something comes; 0 = it has not been
	                               * asked yet */
	rgw_ms exposed_at;            /* while mute: since when the peer is known to live; RGW_NEVER = not known */
	bool mute;                    /* nothing comes on the connection although something should; see mute.c */
	bool lame;                    /* the connection counts in peer->n_lame */
	uint64_t alone;               /* number of the request that is tried alone until the peer has read it; 0 =
	                               * none */
	rgw_ms sent_at;               /* when the last request was sent on the connection */
	rgw_ms opened_at;             /* when the attempt to connect began; incoming: when it was accepted */
	rgw_ms round_trip;            /* outgoing: milliseconds that it took to set up TCP */
	struct rgw_asked asked;       /* requests that came on the connection */
	struct rgw_visit visit;       /* incoming: the connection's place in the admission */
};

/* One host name or address to be reached. A host is part of the client, peer or server that wants its addresses. */
struct rgw_host {
	char *name;                       /* owned */
	uint16_t port;
	struct rgw_addr *addrs;           /* owned */
	size_t n_addrs;
	struct rgw_addr *before;          /* owned: addresses of the look-up before the last one, if they were ... */
	size_t n_before;                  /* ... others; their number */
	bool literal;                     /* the host is an address, or rests: it is not looked up */
	bool asked;                       /* a look-up is under way */
	rgw_ms asked_at;                  /* when the last look-up began; 0 = never */
	unsigned fails;
	struct rgw_timer timer;           /* when the next look-up is due */
	struct rgw_gw *gw;                /* borrowed, as the next one */
	struct rgw_known *owner;          /* the client, peer or server of the host */
	const char *field;                /* what log lines call the owner */
	/* A look-up has succeeded after which other addresses count. `news`: the addresses are others than before; else
	 * addresses of an earlier look-up count no longer. */
	void (*changed)(struct rgw_host *host, bool news, rgw_ms now);
};

/* How a peer stands, as its connections show. All changes go through rgw_peer_review. */
enum rgw_peer_state {
	RGW_PEER_IDLE,      /* there is no connection, and the peer has not failed */
	RGW_PEER_OPENING,   /* as IDLE, but a connection is being opened */
	RGW_PEER_UP,        /* a connection is good */
	RGW_PEER_DOUBTFUL,  /* connections are up, but none of them is good */
	RGW_PEER_DOWN,      /* the peer has failed, and there is no connection */
};

struct rgw_peer {
	struct rgw_known known;
	struct rgw_target target;
	const struct rgw_conf_peer *conf;   /* borrowed */
	enum rgw_peer_state state;
	struct rgw_host *hosts;             /* owned */
	size_t n_hosts;
	size_t next_addr;                   /* index of the address that the next attempt takes, over all hosts */
	struct rgw_link conns;              /* owned: connections that we opened */
	unsigned n_up;                      /* number of those connections that are up and not draining */
	unsigned n_okay;                    /* number of those that are up and whose watchdog says OKAY */
	unsigned n_opening;
	struct rgw_link incoming;           /* connections that the peer opened */
	unsigned n_incoming;
	struct rgw_quota *quota;            /* borrowed: number of connections that the peer opened, in all workers */
	struct rgw_previous previous_psk;   /* use of the peer's previous pre-shared key */
	struct rgw_queue queue;             /* requests that go to homes ... */
	struct rgw_queue changes;           /* ... and those that change or end sessions */
	struct rgw_timer open_timer;        /* when the next attempt to connect is due */
	rgw_ms retry_at;                    /* time before which no attempt to connect is made */
	unsigned fails;                     /* number of attempts to connect in a row that came to nothing, ... */
	unsigned rounds;                    /* ... of rounds of such attempts over all addresses, ... */
	size_t missed;                      /* ... and of addresses that failed in the next round */
	rgw_ms call_at;                     /* time until which fails and rounds are not forgotten when the peer is
	                                     * needed */
	bool failed;                        /* the peer went away by no wish of ours: reopening validates (P-WD-7) */
	bool unreachable;                   /* the last attempts to connect ended without a connection */
	bool must_prove;                    /* the peer's first answer on a connection broke a rule, so reopening
	                                     * validates, too */
	unsigned n_excused;                 /* number of connections in a row that a request has ended before a valid
	                                     * packet */
	unsigned n_lame;                    /* number of connections that are up but suspected or mute */
	rgw_ms silence;                     /* milliseconds of the longest time lately between a request and the next
	                                     * sign of life, ... */
	rgw_ms silence_since;               /* ... when that time was measured, since it counts half after a while,
	                                     * ... */
	unsigned n_silences;                /* ... and the number of such times, as far as that matters */
	rgw_ms lost_at;                     /* when a connection of the peer ended last for no reason that is known */
	rgw_ms patient_until;               /* time until which no request has waited long enough to give way */
	struct rgw_asker asker;             /* the peer as one that asks us */
	bool answers_status;                /* the peer has answered a Status-Server */
	bool ignores_status;                /* the peer never answers Status-Server (P-WD-11) */
	bool misdoes_status;                /* the peer answers Status-Server with a wrong Message-Authenticator, and
	                                     * that was said */
	bool renewing;                      /* all connections up to serial old_until are to be replaced */
	uint32_t old_until;                 /* the last serial of the connections to be replaced, or that have been */
	struct rgw_timer shrink_timer;      /* when the number of connections is compared with the load */
	unsigned shrink_ticks;              /* number of times in a row that there were too many connections for the
	                                     * load */
	struct rgw_bucket connect_rate;
	rgw_ms ailing_since;                /* time since when no connection is good although one was wanted; 0 = not
	                                     * so */
	char ailment[96];                   /* why the last connection ended, or did not come up; cut if it is longer */
};

/* One UDP socket towards a server; owned by its port. */
struct rgw_source {
	struct rgw_lane lane;
	struct rgw_port *port;   /* borrowed: the owner */
	struct rgw_edition *edition;  /* holds a reference: the edition by which the socket was opened, and whose
	                          * secret it uses */
	bool retired;            /* nothing new is sent from the socket, which closes when nothing is open on it */
	struct rgw_link link;    /* among the port's sources */
	void *io;                /* borrowed: the outer layer's handle */
	struct rgw_addr addr;    /* address that the socket asks */
	rgw_ms used_at;
};

enum rgw_port_state {
	RGW_PORT_ALIVE,
	RGW_PORT_SUSPECTED,  /* a request had no answer, and nothing else was answered since */
	RGW_PORT_DEAD,
};

/* One of a server's ports: each service has its own, and they live and die apart. */
struct rgw_port {
	struct rgw_server *server;   /* borrowed: the owner; NULL = the server has never had such a port */
	bool closed;                 /* the server has no such port any more */
	const char *name;
	struct rgw_host host;
	struct rgw_link sources;     /* owned */
	unsigned n_sources;
	struct rgw_queue queue;      /* requests that wait for an address or an identifier */
	enum rgw_port_state state;
	rgw_ms heard_at;             /* when the last valid answer came to this port */
	struct rgw_timer timer;      /* SUSPECTED, DEAD: the earlier one of the next two */
	rgw_ms since;                /* when the state began */
	rgw_ms change_at;            /* when the state changes by itself */
	rgw_ms probe_at;             /* when the next Status-Server is sent */
	struct rgw_source *prober;   /* borrowed: the source on which a Status-Server is under way, or NULL */
	uint8_t probe_id;
	size_t next_addr;            /* index of the host's address in use, modulo their number */
	size_t refused;              /* number of addresses in a row at which nobody listens */
	struct rgw_timer tidy_timer; /* when waiting requests are looked at, and unneeded sources closed */
};

struct rgw_server {
	struct rgw_known known;
	struct rgw_target target;
	const struct rgw_conf_server *conf;          /* borrowed */
	enum rgw_auto require_message_authenticator; /* AUTO = no Message-Authenticator was seen yet (P-BR-5) */
	rgw_ms warned_at;                            /* when the log last said what such a server risks; 0 = never */
	struct rgw_port ports[RGW_SERVICES];
};

/* A [listen] section as it runs. Of one with `udp` only the section is looked at. */
struct rgw_listener {
	struct rgw_known known;
	const struct rgw_conf_listen *conf;  /* borrowed */
	struct rgw_gw *gw;                   /* borrowed: the owner */
	struct rgw_prefixmap *allowed;       /* owned: addresses from which peers may come ... */
	bool anywhere;                       /* ... unless a peer names none, so that it may come from anywhere */
	struct rgw_quota *quota;             /* borrowed: number of the listener's connections, in all workers */
};

static inline struct rgw_peer *
rgw_peer_by_id(const struct rgw_gw *gw, uint32_t id)
{
	return RGW_CONTAINER(rgw_known_by_id(gw, RGW_CONF_PEER, id), struct rgw_peer, known);
}

static inline struct rgw_server *
rgw_server_by_id(const struct rgw_gw *gw, uint32_t id)
{
	return RGW_CONTAINER(rgw_known_by_id(gw, RGW_CONF_SERVER, id), struct rgw_server, known);
}

static inline struct rgw_listener *
rgw_listener_by_id(const struct rgw_gw *gw, uint32_t id)
{
	return RGW_CONTAINER(rgw_known_by_id(gw, RGW_CONF_LISTEN, id), struct rgw_listener, known);
}

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
/* By what the far end of a connection that is up has proven who it is: "certificate", "psk" or "previous-psk" with the
 * identity, or "address"; returns buf. */
#define RGW_PROOF_TEXT (RGW_PSK_IDENTITY_MAX + 16)
const char *rgw_conn_proof_text(const struct rgw_conn *conn, char buf[static RGW_PROOF_TEXT]);
/* The connection has come up: tells by what. */
void rgw_conn_tell_proof(struct rgw_conn *conn, rgw_ms now);
struct rgw_conn *rgw_conn_new(struct rgw_gw *gw, const struct rgw_addr *addr);
/* Opens a connection to a peer; NULL = that is not possible now. */
struct rgw_conn *rgw_conn_open(struct rgw_peer *peer, const char *host, const struct rgw_addr *to,
    rgw_ms now);
/* Changes the state of a connection. All changes go through here; the peer's counts follow. */
void rgw_conn_enter(struct rgw_conn *conn, enum rgw_conn_state state);
/* Notes to which peer of the current edition the connection belongs. */
void rgw_conn_belongs(struct rgw_conn *conn, struct rgw_peer *peer);
/* Closes the connection in good order; requests that are open on its lane move, requests that came on it end. */
void rgw_conn_close(struct rgw_conn *conn, enum rgw_log_level level, const char *event,
    const char *why, rgw_ms now);
/* Closes the connection because it is of no use any more, for a reason that a request on it may have given. */
void rgw_conn_give_up(struct rgw_conn *conn, const char *why, rgw_ms now);
/* Closes the connection for a packet that breaks a rule; the line says which packet it was. If the packet is the answer
 * to a request, the request is not sent again. */
void rgw_conn_close_for(struct rgw_conn *conn, const struct rgw_packet *packet, const char *rule,
    rgw_ms now);
/* Begins nothing new on the connection, and closes it as soon as nothing is open on it. */
void rgw_conn_drain(struct rgw_conn *conn, rgw_ms now);
/* One request less is open on the connection; if it drains and was waiting for that, it ends soon. */
void rgw_conn_settled(struct rgw_conn *conn, rgw_ms now);
/* The connection stands by the current edition from now on. */
void rgw_conn_stand_by_current(struct rgw_conn *conn);
/* Sets the connection's timer to its next deadline. */
void rgw_conn_set_timer(struct rgw_conn *conn);
/* Makes the identifiers of the connection, if it has none: something is to be asked on it. false = memory is out. */
bool rgw_conn_make_ids(struct rgw_conn *conn);
/* When the rest of a packet must have come; RGW_NEVER = no packet has begun. */
rgw_ms rgw_conn_packet_deadline(const struct rgw_conn *conn);

/* connchange.c: a connection from one edition to the next */
/* Is the connection's peer, or the listener at which it came in, gone or another one by the current edition? Such a
 * connection ends, and until then it stands by the edition that it has, which keeps both of them alive. */
bool rgw_conn_is_outdated(const struct rgw_conn *conn);
/* The gateway has taken up another edition after `old`. A connection that stood by that stands by the new one now,
 * unless it is outdated; new times hold in any case. */
void rgw_conn_change(struct rgw_conn *conn, struct rgw_edition *old, rgw_ms now);

/* accept.c: connections that peers open */
void rgw_accept_init(struct rgw_gw *gw, const struct rgw_conf *conf, const struct rgw_hashkey *key, rgw_ms now);
void rgw_accept_fini(struct rgw_gw *gw, rgw_ms now);
extern const struct rgw_known_ops rgw_listener_ops;
/* Takes up the limits of the current edition. */
void rgw_accept_change(struct rgw_gw *gw, rgw_ms now);
/* Everything is as the current edition wants it, after `old`: half-open connections stand by it, or close. */
void rgw_accept_settle(struct rgw_gw *gw, struct rgw_edition *old, rgw_ms now);
/* Drains all connections that peers opened. */
void rgw_accept_drain(struct rgw_gw *gw, rgw_ms now);
/* The handshake of the connection begins. */
void rgw_accept_shaking(struct rgw_conn *conn);
/* The peer of the connection, by its id, is known now. false = the connection was closed. */
bool rgw_accept_identified(struct rgw_conn *conn, uint32_t peer, rgw_ms now);
/* The connection ends, and `last` was its state: it leaves all lists and counts, the requests that came on it end, and
 * those that are open on its lane move; `why` is a phrase for the log. */
void rgw_accept_forget(struct rgw_conn *conn, enum rgw_conn_state last, const char *why, rgw_ms now);

/* peer.c: the connection set of a peer */
extern const struct rgw_lane_ops rgw_conn_lane_ops;
/* Makes a peer, which the gateway owns. */
struct rgw_known *rgw_peer_make(struct rgw_gw *gw, const struct rgw_conf_head *section, rgw_ms now);
/* Works by the peer's section from now on. */
void rgw_peer_read(struct rgw_known *known);
/* Closes the connections of the peer, and frees it. */
void rgw_peer_close(struct rgw_known *known, rgw_ms now);
void rgw_peer_end(struct rgw_known *known, rgw_ms now);
/* Makes the hosts of the peer that its section names. */
void rgw_peer_make_hosts(struct rgw_peer *peer, rgw_ms now);
void rgw_peer_free_hosts(struct rgw_peer *peer);
const char *rgw_peer_state_name(enum rgw_peer_state state);
/* Works out the peer's state anew, since what it is made of has changed. All changes of state are made here. */
void rgw_peer_review(struct rgw_peer *peer);
/* Sends what is queued as far as there is room, and opens connections as needed. This is for events and
 * timers only: sending can end or move other requests, so whatever may be called from there, or from a loop
 * over requests, asks for it with rgw_peer_wake instead. */
void rgw_peer_pump(struct rgw_peer *peer, rgw_ms now);
/* Lets a timer call rgw_peer_pump at that time, or earlier. `now` means this turn of the loop or the next. */
void rgw_peer_wake(struct rgw_peer *peer, rgw_ms at);
/* The n-th address over all hosts of the peer, modulo their number, and the name of its host; NULL = no address is
 * known. */
const char *rgw_peer_address(const struct rgw_peer *peer, size_t n, struct rgw_addr *out);
/* The number of addresses over all hosts of the peer. */
size_t rgw_peer_n_addresses(const struct rgw_peer *peer);

/* peerchange.c: a peer from one edition to the next */
extern const struct rgw_known_ops rgw_peer_ops;

/* growth.c: how many connections a peer has */
void rgw_growth_init(struct rgw_peer *peer, rgw_ms now);
/* Opens as many connections as the load asks for and the limits allow now. */
void rgw_peer_grow(struct rgw_peer *peer, rgw_ms now);
/* How an attempt to connect ended. */
struct rgw_try {
	const struct rgw_addr *to;
	rgw_ms began;
	bool connected;  /* a connection came up ... */
	bool good;       /* ... and it was of use */
	const char *why; /* borrowed: why it has ended, or did not come up */
};
void rgw_peer_on_attempt(struct rgw_peer *peer, const struct rgw_try *try, rgw_ms now);
/* Notes that a connection of the peer is good. */
void rgw_peer_proven(struct rgw_peer *peer);
/* One of the peer's hosts has other addresses now: they are tried at once. */
void rgw_peer_moved(struct rgw_peer *peer, const struct rgw_host *host, rgw_ms now);
/* The peer went away by no wish of ours. */
void rgw_peer_failed(struct rgw_peer *peer, rgw_ms now);
/* The peer is needed: if it was given up, it is tried soon, and the pauses grow anew. */
void rgw_peer_call(struct rgw_peer *peer, rgw_ms now);
/* Ends attempts to connect that are of no use any more. */
void rgw_peer_end_attempts(struct rgw_peer *peer, const char *why, rgw_ms now);
/* Drains the connections of a peer that is gone, once nothing waits for them. */
void rgw_peer_ebb(struct rgw_peer *peer, rgw_ms now);
/* The number of requests that the peer has or that wait for it. */
size_t rgw_peer_load(const struct rgw_peer *peer);
/* All connections that we have opened to the peer are replaced: they drain as soon as a new one is good. */
void rgw_peer_renew(struct rgw_peer *peer, rgw_ms now);
/* A connection is good: if it is a new one, the old ones drain. */
void rgw_peer_renewed(struct rgw_conn *conn, rgw_ms now);
/* The peer has one more connection: looks from now on whether there are too many. */
void rgw_peer_watch_size(struct rgw_peer *peer, rgw_ms now);

/* guard.c: the watchdog of a connection that we opened */
void rgw_guard_open(struct rgw_conn *conn, rgw_ms now);
/* The peer's section may have other options for watchdogs than before. */
void rgw_guard_change(struct rgw_conn *conn, rgw_ms now);
/* Asks with Status-Server whether the peer lives, on this connection or on all that are up, unless an answer is awaited
 * there already. */
void rgw_guard_ask(struct rgw_conn *conn, rgw_ms now);
void rgw_guard_ask_all(struct rgw_peer *peer, rgw_ms now);
/* Has a Status-Server been waiting for its answer since then, or longer? */
bool rgw_guard_is_mute(const struct rgw_conn *conn, rgw_ms since);
/* A packet came on the connection, whether its authenticator is right or not: inside TLS only the peer can have sent
 * it, so it shows that the peer lives (P-WD-12). `dwa`: the packet answers a Status-Server. */
void rgw_guard_heard(struct rgw_conn *conn, bool dwa, rgw_ms now);
/* The watchdog's deadline has passed. false = the connection was closed. */
bool rgw_guard_expired(struct rgw_conn *conn, rgw_ms now);
/* The connection is found to be mute, or not to be so any more. */
void rgw_guard_mute(struct rgw_conn *conn, bool mute, rgw_ms now);
/* The connection does not count any more, because it ends or drains. */
void rgw_guard_leave(struct rgw_conn *conn);

/* mute.c: connections on which nothing comes although it should */
/* A request or a Status-Server is sent on the connection. */
void rgw_mute_sent(struct rgw_conn *conn, rgw_ms now);
/* A packet came on the connection. */
void rgw_mute_heard(struct rgw_conn *conn, rgw_ms now);
/* The peer has read all that was sent on the connection. */
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
/* May the requests behind a suspect that waits leave before it? */
bool rgw_blame_lets_pass(const struct rgw_peer *peer, rgw_ms now);
/* Suspects may be waiting: sees to it that connections become free for them, and that the suspects are looked at. */
void rgw_blame_wait(struct rgw_peer *peer, rgw_ms now);
/* The ticket was sent on the connection. */
void rgw_blame_sent(struct rgw_conn *conn, struct rgw_ticket *ticket, rgw_ms now);
/* An answer shows that the peer has read so many requests of the connection. */
void rgw_blame_read(struct rgw_conn *conn, uint64_t nth, rgw_ms now);
/* May the connection still end because of the ticket? */
bool rgw_blame_is_pending(const struct rgw_conn *conn, const struct rgw_ticket *ticket, rgw_ms now);
/* When rgw_blame_expired is to be called: when the peer has said nothing for so long, and has not closed the connection
 * either, that it has read all requests. */
rgw_ms rgw_blame_deadline(const struct rgw_conn *conn);
void rgw_blame_expired(struct rgw_conn *conn, rgw_ms now);
/* An answer under this identifier breaks a rule, for which the connection is to be closed: the request that it answers
 * is stopped. false = no request is, or it cannot be told which. */
bool rgw_blame_answer(struct rgw_conn *conn, uint8_t id, const char *why, rgw_ms now);
/* Does a suspect that is open on the connection explain its end? */
bool rgw_blame_is_plain(const struct rgw_conn *conn);
/* The connection has ended: every ticket on its lane is told. */
void rgw_blame_end(struct rgw_conn *conn, enum rgw_fault fault, const char *why, rgw_ms now);

/* server.c: the sources of a server */
/* Makes a server, which the gateway owns. */
struct rgw_known *rgw_server_make(struct rgw_gw *gw, const struct rgw_conf_head *section, rgw_ms now);
/* Works by the server's section from now on. */
void rgw_server_read(struct rgw_known *known);
/* Frees the server with its sockets. */
void rgw_server_end(struct rgw_known *known, rgw_ms now);
/* Gives the server one of its ports. */
void rgw_port_init(struct rgw_server *server, unsigned service, const struct rgw_hostport *conf, rgw_ms now);
/* Makes the host of the port, in place of the one that it has had. */
void rgw_port_set_host(struct rgw_port *port, const struct rgw_hostport *conf, rgw_ms now);
/* A source that has an identifier left, opened if need be; NULL = there is none for the moment. */
struct rgw_source *rgw_port_source(struct rgw_port *port, rgw_ms now);

/* The ports of a server that lives inside something else are taken down. */
void rgw_server_fini(struct rgw_server *server);
extern const struct rgw_target_ops rgw_server_target_ops;

/* nas.c: clients that take CoA and Disconnect */
/* The NASes of a client work by its section, and change, leave and end with it. */
void rgw_nases_read(struct rgw_gw *gw, const struct rgw_known *client);
void rgw_nases_change(struct rgw_gw *gw, const struct rgw_known *client, struct rgw_edition *old, rgw_ms now);
void rgw_nases_leave(struct rgw_gw *gw, const struct rgw_known *client, rgw_ms now);
void rgw_nases_end(struct rgw_gw *gw, const struct rgw_known *client);

/* reverse.c: CoA and Disconnect to peers */
/* Connections that came in, as lanes. */
extern const struct rgw_lane_ops rgw_reverse_lane_ops;
/* A connection of either direction that can take the request; NULL = none. */
struct rgw_lane *rgw_reverse_lane(struct rgw_peer *peer, struct rgw_wish *wish, rgw_ms now);
enum rgw_standing rgw_reverse_standing(const struct rgw_peer *peer);
/* Do connections that the peer has opened stay for that when nobody uses them? */
bool rgw_reverse_stays(const struct rgw_peer *peer);
/* The connection is up, or has room again: what waits for it goes on. */
void rgw_reverse_opened(struct rgw_conn *conn, rgw_ms now);

/* serverchange.c: a server from one edition to the next */
/* The sockets of a port go on by the edition after `old`, or are retired. */
void rgw_server_change_sources(struct rgw_port *port, struct rgw_edition *old, rgw_ms now);
extern const struct rgw_known_ops rgw_server_ops;

/* health.c: is a server alive? */
void rgw_health_init(struct rgw_port *port);
void rgw_health_fini(struct rgw_port *port);
/* The port gets no more requests: it is not asked any more whether it lives. */
void rgw_health_stop(struct rgw_port *port, rgw_ms now);
/* The answer to a Status-Server came. */
void rgw_health_probe_answered(struct rgw_port *port);
/* A valid answer of any kind came. */
void rgw_health_heard(struct rgw_port *port, rgw_ms now);
/* A request that was sent first at `since` had no answer in the end. */
void rgw_health_silent(struct rgw_port *port, rgw_ms since, rgw_ms now);
/* The port is not alive, but the server has other addresses now: they are tried at once. */
void rgw_health_moved(struct rgw_port *port, rgw_ms now);
/* The server's section may have other times than before, or may ask in another way whether it lives. */
void rgw_health_change(struct rgw_port *port, rgw_ms now);
/* ICMP says that nobody listens at any address of the port. */
void rgw_health_unreachable(struct rgw_port *port, const char *why, rgw_ms now);
const char *rgw_health_name(enum rgw_port_state state);

/* probe.c */
/* Writes a Status-Server of our own to gw->scratch, signed (P-SS-1 to 3). Returns its length. */
size_t rgw_probe_build(struct rgw_gw *gw, uint8_t id, const struct rgw_side *side);

/* host.c: addresses of hosts */
/* The host is part of its owner and does not move: pointers to it are kept. */
void rgw_host_init(struct rgw_host *host, struct rgw_gw *gw, struct rgw_known *owner, const char *field,
    const struct rgw_hostport *conf, rgw_ms now);
void rgw_host_fini(struct rgw_host *host);
/* None of the host's addresses works: the name is looked up as soon as that may be done again. */
void rgw_host_refresh(struct rgw_host *host, rgw_ms now);
/* Is it the host that the configuration names so? */
bool rgw_host_is(const struct rgw_host *host, const struct rgw_hostport *conf);
/* The host is not looked up any more, and keeps the addresses that it has. */
void rgw_host_rest(struct rgw_host *host);
bool rgw_host_has(const struct rgw_host *host, const struct rgw_addr *addr);

#endif
