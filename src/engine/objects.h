/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_OBJECTS_H
#define ENGINE_OBJECTS_H

/*
 * The objects of the engine. Who owns what: the gateway owns clients, peers, servers, entries, packet
 * buffers and the connections that came in; a peer owns the connections to it, a server its sources. A
 * request is owned by its entry in the duplicate cache from the moment it is accepted until it is
 * answered or ended. It is tried at a target by an attempt, which is part of it; a second attempt may
 * be under way at another target. A lane borrows the attempts that wait on it, through its identifiers;
 * rgw_attempt_detach is the one place where an attempt and its lane (or queue) let go of each other.
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
#include "radsecgw/loopmark.h"
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

/* What requests take while they are worked on. */
struct rgw_holding {
	uint32_t n;
	uint64_t octets;  /* of their objects and packets, as large as the buffers for them are */
};

/* Whoever asks, a client or a peer, and what it has of what all of them share. */
struct rgw_asker {
	struct rgw_holding holding;
	struct rgw_talker talker;
	struct rgw_bucket probes;  /* Status-Servers, and what else is answered without a request object */
};

/* A client as it runs: its section and what was learned about it (P-BR-8). */
struct rgw_client {
	const struct rgw_conf_client *conf;          /* borrowed */
	enum rgw_auto require_message_authenticator; /* AUTO = not decided (yet) */
	enum rgw_auto limit_proxy_state;
	rgw_ms warned_at;                            /* of what such a client risks; 0 = never */
	struct rgw_bucket superseding;               /* how often it may take back what it asked */
	struct rgw_asker asker;
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
	struct rgw_asker *asker;          /* borrowed: the same, or its peer, as one who asks */
	uint32_t sock;                    /* over UDP: the receiving socket ... */
	struct rgw_addr local;            /* ... and its address */
	struct rgw_addr remote;
};

/* How a request is sent on a connection, since connections have ended while it was open on them; see blame.c. */
enum rgw_suspicion {
	RGW_NO_SUSPECT,
	RGW_SENT_WITH_FEW,
	RGW_SENT_ALONE,
	RGW_SENT_NO_MORE,  /* only what is under way of it goes on */
};

#define RGW_SUSPICIONS (RGW_SENT_NO_MORE + 1)

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
	enum rgw_suspicion suspicion;/* of its request, when it was begun */
	uint64_t nth;                /* over TLS, while SENT: which request of its connection it is */
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
	uint8_t *answer;             /* owned: once answered, unless a connection has taken it */
	uint16_t answer_len;
	bool answer_is_signed;       /* else that is done each time it leaves */
	uint8_t repeats;             /* how often the answer has been sent again */
	uint16_t kept;               /* once nobody works on it: its octets in gw->kept */
	bool authentic;              /* nobody but the client can have sent the request */
};

/* A request that is worked on. */
struct rgw_req {
	struct rgw_entry *entry;     /* borrowed: its owner */
	uint8_t *octets;             /* owned: the request as received and verified ... */
	struct rgw_packet packet;    /* ... and where its attributes are; borrows octets */
	struct rgw_origin origin;
	size_t holds;                /* octets of it in the holdings of its asker and of the gateway */
	rgw_ms accepted_at;
	struct rgw_pool *pool;       /* borrowed: where it goes; NULL before that is known */
	uint64_t tried;              /* members of the pool that have had their chance; bits */
	struct rgw_attempt attempts[RGW_ATTEMPTS];
	uint32_t left[RGW_LEFT];     /* serials of connections it was on and that stood when it left ... */
	uint8_t n_left;              /* ... them: it must not come back (P-TCP-27) */
	bool first_suspect;          /* it was the first that a peer may not have read when a connection ended */
	uint8_t n_suspected;         /* connections that have ended perhaps because of it; see blame.c */
	uint8_t n_moved;             /* connections that have ended with it, for no reason that is known */
	bool no_hope;                /* all members of the pool were dead a moment ago */
	struct rgw_timer retry_timer;/* when it is tried elsewhere, too, or given up for want of hope */
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
	struct rgw_lane lane;         /* outgoing: ids exists while up */
	uint64_t n_sent;              /* outgoing: requests sent on it ... */
	uint64_t n_read;              /* ... and how many of them the peer has read, as its answers show */
	uint64_t probed_nth;          /* n_sent when the last Status-Server was sent */
	rgw_ms quiet_since;           /* outgoing: a request was sent then, and nothing has come since; 0 = else */
	rgw_ms mute_at;               /* then it is mute unless something comes; 0 = it has not been asked yet */
	rgw_ms exposed_at;            /* while mute: since when the peer is known to live; RGW_NEVER = it is not */
	bool mute;                    /* nothing comes on it although it should; see mute.c */
	bool lame;                    /* in peer->n_lame */
	uint64_t alone;               /* which of them is tried alone until it is read; 0 = none */
	rgw_ms sent_at;               /* when the last of them was sent */
	rgw_ms opened_at;             /* outgoing: when the attempt to connect began ... */
	rgw_ms round_trip;            /* ... and what it took to set up TCP */
	struct rgw_link requests;     /* incoming: those that came on it, answered ones included */
	struct rgw_bucket superseding;/* incoming: how often requests on it may be taken back */
	struct rgw_visit visit;       /* incoming: its place in the admission */
};

/* One host name or address to be reached. */
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
	const struct rgw_conf_head *owner;/* whose it is: a client, a peer or a server */
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
	size_t queued_as[RGW_SUSPICIONS];   /* the same by suspicion */
	bool pumping;                       /* its queue is being worked on; see rgw_peer_pump */
	struct rgw_timer queue_timer;       /* the first of the queue gives up */
	struct rgw_timer open_timer;        /* the next attempt to connect */
	rgw_ms retry_at;                    /* no attempt before that */
	unsigned fails;                     /* attempts in a row that came to nothing, ... */
	unsigned rounds;                    /* ... rounds of them over all addresses, ... */
	size_t missed;                      /* ... and how many addresses of the next round did */
	rgw_ms call_at;                     /* until then they are not forgotten because it is needed */
	bool failed;                        /* it went away by no wish of ours: reopening validates */
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
	size_t refused;              /* so many of them in a row have nobody who listens */
	struct rgw_timer tidy_timer; /* what waits is looked at, and sources that are not needed */
};

struct rgw_server {
	struct rgw_target target;
	const struct rgw_conf_server *conf;          /* borrowed */
	enum rgw_auto require_message_authenticator; /* AUTO = none seen yet (P-BR-5) */
	rgw_ms warned_at;                            /* of what such a server risks; 0 = never */
	struct rgw_port auth;
	struct rgw_port acct;
};

/* A [listen] section with `tls`, as it runs. */
struct rgw_listener {
	const struct rgw_conf_listen *conf;  /* borrowed */
	struct rgw_prefixmap *allowed;       /* owned: from where peers may come, as they say ... */
	bool anywhere;                       /* ... but some do not say, so they may from anywhere */
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
	struct rgw_host *names;               /* owned: of all clients that have names ... */
	size_t n_names;
	struct rgw_prefixmap *client_by_name; /* owned: ... and by their addresses, struct rgw_conf_client */
	struct rgw_peer *peers;
	struct rgw_server *servers;
	struct rgw_listener *listeners;
	struct rgw_pool *pools;
	struct rgw_realms *realms;            /* owned */
	struct rgw_host **hosts;              /* owned array of borrowed hosts, by their query number */
	uint32_t n_hosts;
	struct rgw_loopmark mark;             /* by which we know our own requests */
	struct rgw_conversations conversations;
	struct rgw_deadrealms deadrealms;
	struct rgw_admission admission;       /* of connections that peers open */
	size_t n_conns;
	size_t n_sources;
	struct rgw_holding holding;           /* requests that are worked on */
	uint64_t kept;                        /* octets that requests take which are kept to know repetitions */
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
/* Any time up to this one. */
rgw_ms rgw_gw_below(struct rgw_gw *gw, rgw_ms most);
/* Between delay and one and a half of it, so that many who wait do not move in step. */
rgw_ms rgw_gw_spread(struct rgw_gw *gw, rgw_ms delay);

#endif
