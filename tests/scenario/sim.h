/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SIM_H
#define SIM_H

/*
 * The real engine in a world that does not exist: a clock that moves when it is told to, NASes that
 * send datagrams, and peers at the far end of connections. The world checks what must always hold:
 *
 *   - a request is sent at most once on any one connection;
 *   - a NAS gets only answers to what it asked, with the right authenticator, and the same octets
 *     each time;
 *   - under one identifier at most two requests can still be answered;
 *   - every accepted request ends in exactly one counter; limits hold; at the end nothing is left.
 *
 * A story is a test function: it sets the world up, lets things happen and looks at what came out.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/gateway.h"
#include "radsecgw/packet.h"
#include "radsecgw/radius.h"
#include "radsecgw/secret.h"

#define SIM_SECRET "testing123"
#define SIM_RADSEC "radsec"
#define SIM_LOCAL "between gateway and server"
#define SIM_OTHER "which came after a while"
#define SIM_BEFORE "the one that was before"
#define SIM_THIRD "a secret of nobody here"

/* Of so many copies of a request the times are kept. */
#define SIM_COPIES 8

/* Wall time when the clock of the world begins, seconds. */
#define SIM_EPOCH 1000000000

/* What arrives together arrives within so much time; of datagrams that is so many. */
#define SIM_HELD_MS 2
#define SIM_HELD 40

/* What a far end does with a request, after its delay. */
enum sim_answer {
	SIM_ANSWER,         /* the usual answer */
	SIM_SILENT,         /* never answers by itself */
	SIM_TWICE,          /* the same answer, and once more */
	SIM_FORGED,         /* an answer with a wrong authenticator */
	SIM_WRONG_SECRET,   /* an answer signed with another secret */
	SIM_ERROR,          /* Protocol-Error with `error_cause` */
	SIM_HALF,           /* half of an answer, and never the rest */
	SIM_CHALLENGE,      /* Access-Challenge with a State of its own; other codes as usual */
	SIM_BAD_MSGAUTH,    /* an answer with a wrong Message-Authenticator */
	SIM_BAD_ATTRIBUTE,  /* an answer with an attribute of length 0 */
	SIM_TOO_SHORT,      /* an answer whose Length is less than a header has */
	SIM_TOO_LONG,       /* an answer whose Length is more than a packet may have */
	SIM_WRONG_ID,       /* an answer under the next identifier */
	SIM_ANSWERS,
};

/* How one far end fares: a peer that we connect to, or the server. Times are milliseconds. */
struct sim_far {
	const char *secret;        /* one of those above: of connections and sockets that are opened from now on */
	const char *answers_with;  /* of its answers; NULL = that of the connection or socket */
	/* its connections */
	rgw_ms connect_delay;
	rgw_ms handshake_delay;
	bool refuse;               /* connection refused after connect_delay */
	bool no_tcp;               /* nothing ever comes back */
	bool no_tls;               /* TCP stands, the handshake never ends */
	uint32_t refuse_ip;        /* only this address refuses (last octet), 0 = none */
	/* requests */
	enum sim_answer answer;
	rgw_ms delay;
	uint32_t error_cause;
	unsigned odd;              /* so many of 100 answers are of some other kind */
	unsigned split;            /* so many of 100 answers are read in two pieces */
	unsigned held;             /* so many of 100 wait for others, and are read together with them */
	bool hang;                 /* no packet comes from it; connections stay */
	rgw_ms closes_after;       /* so long after it has read a request of a user `poison...` it closes */
	bool no_status;            /* Status-Server is not answered */
	bool wrong_status;         /* Status-Server is answered with another secret */
	bool misdone_status;       /* Status-Server is answered with a wrong Message-Authenticator */
	/* what came */
	unsigned probes;           /* Status-Servers */
	size_t requests;
	/* for the random driver */
	rgw_ms sick_until;         /* a fault lasts until then; 0 = there was none */
	rgw_ms usual_delay;
	bool no_status_ever;
};

/* How datagrams fare on one way, there and back. */
struct sim_path {
	unsigned loss;             /* of 100 */
	unsigned doubled;          /* of 100 */
	rgw_ms delay;
	rgw_ms jitter;             /* up to so much more: they overtake each other */
};

struct sim;
struct sim_conn;
struct sim_req;

/* A request as the far end got it. */
struct sim_got {
	size_t len;
	const char *secret;      /* with which it was signed */
	uint32_t nonce;          /* of the NAS's request */
	struct sim_conn *conn;   /* a peer: where it came; NULL after the connection ended */
	struct sim_source *source;/* a server: the same; NULL after the socket was closed */
	struct sim_far *far;       /* whose far end it is */
	struct sim_req *req;       /* whose request it is; NULL = of nobody we know */
	unsigned life;             /* of that request */
	struct sim_got *older;     /* on the same lane under the same identifier */
	struct sim_got *before;    /* of the same request, anywhere */
	struct sim_got *next_here; /* on the same lane */
	unsigned copies;         /* a server: how often it came, and when */
	rgw_ms copy_at[SIM_COPIES];
	rgw_ms at;
	bool answered;
	bool poisoned;             /* the far end has closed the connection because of some request */
	uint8_t *data;             /* behind the object */
};

/* A connection as the world sees it. */
struct sim_conn {
	struct rgw_conn *engine;   /* NULL once it is over for the engine */
	const char *secret;
	struct rgw_addr to;
	char host[64];
	unsigned number;           /* 1, 2, 3 in the order of opening */
	bool up;
	bool closed_by_engine;
	bool incoming;             /* the visitor opened it */
	bool full;                 /* conn_send says no */
	bool was_full;             /* incoming: answers may have been lost */
	bool mute;                 /* the far end sends nothing on it */
	bool shaking;              /* incoming: the handshake has begun */
	bool half;                 /* the far end has begun a packet and does not go on */
	bool poisoned;             /* the far end has read what it closes for, and reads no further */
	rgw_ms opened_at;
	size_t sent;               /* packets the engine sent on it */
	uint32_t peer;             /* id of the peer whose it is, unless it is incoming */
	struct sim_far *far;       /* the same; NULL = incoming */
	struct sim_got *got;       /* what came on it */
	struct sim_got *by_id[256];/* the same, newest first */
	uint8_t *held;             /* owned: octets that are read soon, together */
	size_t held_len;
};

/* A UDP socket towards the server as the world sees it. */
struct sim_source {
	struct rgw_source *engine; /* NULL after the engine closed it */
	const char *secret;
	struct rgw_addr from;      /* as the configuration wants; family 0 = the system's choice */
	struct rgw_addr to;
	rgw_ms closed_at;
	struct sim_got *got;       /* what came from it */
	struct sim_got *by_id[256];/* the same, newest first */
	struct sim_datagram {
		uint8_t *octets;       /* owned */
		size_t len;
		struct sim_got *answers; /* NULL = nothing that counts */
	} held[SIM_HELD];          /* what is read soon, together */
	size_t n_held;
};

/* A request as the NAS, or the visitor, knows it. */
struct sim_req {
	size_t len;
	const char *secret;        /* with which it was signed */
	uint32_t nonce;
	struct sim_conn *conn;     /* the visitor's connection; NULL = a NAS asked */
	uint8_t nas;               /* which client: 0 = the first */
	uint16_t port;             /* the NAS's source port */
	uint32_t sock;             /* 0: authentication and accounting, 1: accounting only */
	rgw_ms asked_at;
	unsigned life;             /* sent again much later it is a new request: its second life */
	rgw_ms accepted_at;        /* when this life began */
	unsigned answers;          /* packets that came back for it ... */
	unsigned answers_here;     /* ... in this life */
	unsigned answer_life;      /* in which life the answer came first */
	bool served;               /* a far end answered it, not the gateway; in this life */
	size_t answer_len;
	rgw_ms answered_at;
	bool superseded;           /* the NAS reused its identifier */
	bool heard;                /* the NAS has its answer */
	unsigned sends;            /* of the NAS */
	struct sim_req *older;     /* in the same bucket */
	struct sim_got *got;       /* where it arrived, newest first */
	struct sim_far *home;      /* it carries a State of this far end */
	bool pooled;               /* any member of the pool may answer it */
	bool spoiled;              /* a peer has given a bad answer to it: it is not sent again */
	unsigned poisoned;         /* connections that far ends have closed because of it, in this life */
	uint8_t *data;             /* behind the object */
	uint8_t *answer;           /* owned; NULL = none yet */
};

/* What is special about a request; all zero is an Access-Request without anything. */
struct sim_spec {
	uint8_t code;              /* 0 = Access-Request */
	uint8_t nas;               /* which client: 0, or 1 after sim_add_client */
	uint16_t port;             /* of the NAS */
	uint32_t sock;             /* of the gateway: 0, or 1 for accounting only */
	uint8_t id;
	const char *user;
	const char *station;       /* Calling-Station-Id */
	const void *state;
	size_t state_len;
	bool bare;                 /* no Message-Authenticator */
	bool eap;                  /* an EAP-Response with the identifier 77 */
	const void *more;          /* further attributes, as they are on the wire */
	size_t more_len;
};

struct sim {
	struct sim_line *ini;      /* owned: the configuration, line by line */
	size_t n_ini;
	const struct rgw_conf *conf; /* what was read from it last, and is freed with its edition; NULL before
	                              * sim_start */
	unsigned n_confs;          /* so many are not freed yet */
	unsigned reloads;
	bool may_be_wrong;         /* errors in it are expected */
	struct rgw_common *common;
	struct rgw_log log;
	struct rgw_gw *gw;
	rgw_ms now;
	rgw_ms reloaded_at;
	rgw_ms jumped_at;          /* when the machine was suspended last */
	uint64_t seed;
	struct sim_far national;
	struct sim_far visitor;    /* if it has an address where we connect to it */
	struct sim_far second;
	struct sim_far server;     /* only answer, delay, error_cause, odd and hang mean something */
	bool no_fds;               /* conn_open fails at once */
	unsigned draining;         /* so many connections of ours may drain while others are open */
	struct sim_path nas_path;
	struct sim_path server_path;
	struct rgw_secret *secrets[6];
	const char *nas_secret;    /* of NASes */
	const char *visitor_secret;/* of what the visitor asks; NULL = that of its connection */
	rgw_ms least_lifetime;     /* the shortest request-lifetime that there was */
	/* the server */
	bool server_gone;          /* ICMP port unreachable */
	uint8_t server_gone_ip;    /* only at this address (last octet), 0 = at all */
	bool no_sockets;           /* source_open fails */
	/* names */
	bool no_dns;
	uint8_t dns_ip;            /* a name resolves to 192.0.2.dns_ip */
	uint8_t dns_ip2;           /* and to this one, unless 0 */
	uint32_t dns_ttl;
	unsigned dns_asked;
	/* what happened */
	struct sim_conn **conns;
	size_t n_conns;
	struct sim_got **got;      /* requests that arrived at far ends */
	size_t n_got;
	struct sim_got **all;      /* these, and Status-Servers */
	size_t n_all;
	struct sim_req **reqs;
	size_t n_reqs;
	struct sim_source **sources;
	size_t n_sources;
	uint8_t heard[4096];       /* the last packet that a peer got and did not wait for */
	size_t heard_len;
	size_t foreign_datagrams;  /* datagrams that answer nothing sim_request asked ... */
	size_t expected_foreign;   /* ... of which the story knows */
	unsigned log_lines;        /* without those of logins and accounting */
	bool log_full;             /* the log takes no lines */
	char last_event[64];
	char last_line[1024];      /* all of it, but for the time stamp */
	char last_login[1024];     /* the last line of a login or of accounting, in the same way ... */
	unsigned n_logins;         /* ... and the number of them */
	char last_tick[1024];      /* the last line of F-Ticks, and the number of them */
	unsigned n_ticks;
	struct sim_event *events;  /* owned: a heap of what will happen */
	size_t n_events;
	size_t events_room;
	uint64_t event_serial;
	struct sim_req **by_key;   /* owned: requests by where they came from and their identifier */
	size_t n_keys;             /* a power of two */
	size_t n_indexed;
	struct sim_req **by_nonce; /* owned */
	uint32_t next_nonce;
	bool quiet;                /* NASes send nothing any more */
	/* for whoever drives the world */
	void *driver;
	void (*on_answer)(struct sim *s, struct sim_req *r, const struct rgw_packet *p);
	void (*on_accepted)(struct sim *s, struct sim_req *r);
};

/*
 * Sets up a world: one client, "nas", at 192.0.2.10; two peers, "national", to which the gateway
 * connects at `connect` (a literal or a name), and "visitor", which connects to the gateway; and a
 * server, "local", at 198.51.100.99. All requests go to national. Every option has the value that the
 * program ships with, unless the story says otherwise before sim_start.
 */
void sim_init(struct sim *s, const char *connect);
/* Lines of the configuration, as they stand in a file: "[peer national]\nwatchdog = 6s\n". A key that
 * has a value already gets this one; a key without a value goes back to its default. The text is a
 * format of printf. */
void sim_ini(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Removes a section with all its lines: "realm *". */
void sim_drop(struct sim *s, const char *section);
/* Moves a section before or behind all others. */
void sim_move(struct sim *s, const char *section, bool front);
/* Reads the configuration as the program does, without touching a file, and starts the engine. */
void sim_start(struct sim *s);
/* The gateway takes up the configuration again after these lines have been added, as with sim_ini, in one turn. NULL =
 * none have; sections that are dropped before (sim_drop) are gone then. */
void sim_reload(struct sim *s, const char *ini);
/* The same with lines that may be wrong. false = they are: the gateway goes on as before. */
bool sim_try_reload(struct sim *s, const char *ini);
/* Lets all time limits pass, checks that nothing is left and that the counts add up, frees. */
void sim_end(struct sim *s);
/* The same without waiting: ends in the middle of things. */
void sim_abort(struct sim *s);

/* A peer's section as it was read: from sim_start on. */
const struct rgw_conf_peer *sim_peer_conf(const struct sim *s, const char *name);
/* The same for a pool, wherever in the configuration it stands. */
const struct rgw_conf_pool *sim_pool_conf(const struct sim *s, const char *name);
/* A second client, "second-nas" at 192.0.2.11, with the secret of the first. */
void sim_add_client(struct sim *s);
/* A third peer, "second", to which the gateway connects at 198.51.100.2. */
void sim_add_second(struct sim *s);
/* The visitor connects over plain TCP, which IPsec is said to protect. */
void sim_visitor_without_tls(struct sim *s);
/* All requests go to the server, and there is no national. */
void sim_to_server(struct sim *s);
/* All requests go to the pool "federation", which has these members: "national, second". With its name
 * there second is added. */
void sim_to_pool(struct sim *s, const char *members);
/* A [rewrite] with these lines and a name of its own, last in the list `key` of a section. */
void sim_rewrite(struct sim *s, const char *section, const char *key, const char *lines);
static inline const char *
sim_yes(bool yes)
{
	return yes ? "yes" : "no";
}

/* What is in octets that must be a packet; the values of one type in it, each with a comma behind it. */
struct rgw_packet sim_packet_of(const uint8_t *data, size_t len);
size_t sim_count_attrs(const uint8_t *data, size_t len, uint8_t type);
void sim_expect_values(const uint8_t *data, size_t len, uint8_t type, const char *want);
/* The same of the i-th request as it arrived, and of the answer to one. */
#define EXPECT_GOT(s, i, type, want) sim_expect_values((s)->got[i]->data, (s)->got[i]->len, type, want)
#define EXPECT_ANSWER(r, type, want) sim_expect_values((r)->answer, (r)->answer_len, type, want)

/* Moves the clock on, and everything happens that is due. */
void sim_run(struct sim *s, rgw_ms ms);
/* The clock moves, and nobody is there to see it: the machine was suspended. */
void sim_jump(struct sim *s, rgw_ms ms);
uint32_t sim_random(struct sim *s, uint32_t below);

/* A NAS sends a request; user may be NULL for no User-Name. Returns what it remembers of it. */
struct sim_req *sim_request(struct sim *s, uint8_t code, uint16_t port, uint8_t id, const char *user);
struct sim_req *sim_request_with(struct sim *s, const struct sim_spec *spec);
/* The same octets again. */
void sim_again(struct sim *s, struct sim_req *r);
/* A NAS as they are: it sends, and up to three times again, every three seconds, until it has its
 * answer. */
struct sim_req *sim_login(struct sim *s, const struct sim_spec *spec);
/* Any octets from any address. */
void sim_datagram(struct sim *s, uint32_t sock, const char *from, const void *data, size_t len);

/* Somebody opens a TCP connection to us; NULL = the engine refused it. */
struct sim_conn *sim_accept(struct sim *s, const char *from);
/* The same by a balancer, which then says for whom it is; false = the engine has closed it for that. */
struct sim_conn *sim_balanced(struct sim *s, const char *balancer);
bool sim_named(struct sim *s, struct sim_conn *c, const char *from);
/* Its first octets come: the handshake begins. */
void sim_shake(struct sim *s, struct sim_conn *c);
/* It turns out to be the visitor; or this peer, which must accept. */
void sim_identify(struct sim *s, struct sim_conn *c);
void sim_identify_as(struct sim *s, struct sim_conn *c, const struct rgw_conf_peer *peer);
/* Both at once, from 203.0.113.5. */
struct sim_conn *sim_visit(struct sim *s);
/* The visitor asks; the request is remembered like that of a NAS. */
struct sim_req *sim_ask(struct sim *s, struct sim_conn *c, uint8_t code, uint8_t id, const char *user);
/* The same with octets that the story makes itself; they are one whole request. */
struct sim_req *sim_ask_octets(struct sim *s, struct sim_conn *c, const void *data, size_t len);
struct sim_req *sim_ask_with(struct sim *s, struct sim_conn *c, const struct sim_spec *spec);
/* The same octets again. */
void sim_ask_again(struct sim *s, struct sim_req *r);
/* The server's answer to a request; `code` 0 = the usual one. */
void sim_server_reply(struct sim *s, struct sim_got *g, uint8_t code);
/* The same in any of the ways to answer; and with an attribute. */
void sim_server_reply_how(struct sim *s, struct sim_got *g, enum sim_answer how);
void sim_server_reply_with(struct sim *s, struct sim_got *g, uint8_t code, uint8_t type, const void *value,
    size_t len);
/* Raw octets from the server's address. */
void sim_server_octets(struct sim *s, struct sim_source *source, const void *data, size_t len);
size_t sim_count_sources(const struct sim *s);

/* What the far end does when told. `code` 0 = the usual answer. */
void sim_reply(struct sim *s, struct sim_got *g, uint8_t code);
/* The same with a wrong authenticator. */
void sim_reply_forged(struct sim *s, struct sim_got *g);
/* Protocol-Error. */
void sim_reply_error(struct sim *s, struct sim_got *g, uint32_t cause);
/* Any of the ways to answer a request that came on a connection. */
void sim_reply_how(struct sim *s, struct sim_got *g, enum sim_answer how);
/* An attribute in the answer. */
void sim_reply_with(struct sim *s, struct sim_got *g, uint8_t code, uint8_t type, const void *value,
    size_t len);
/* Raw octets on a connection. */
void sim_octets(struct sim *s, struct sim_conn *c, const void *data, size_t len);
/* The connection ends, by no doing of ours. */
void sim_cut(struct sim *s, struct sim_conn *c);
/* The first connection that is up, or NULL; and the first of those that we opened. */
struct sim_conn *sim_first_up(struct sim *s);
struct sim_conn *sim_first_ours(struct sim *s);
size_t sim_count_up(const struct sim *s);
/* The same for those that lead to one far end. */
struct sim_conn *sim_first_to(struct sim *s, const struct sim_far *far);
size_t sim_count_to(const struct sim *s, const struct sim_far *far);
/* All connections to a far end are cut. */
void sim_cut_all(struct sim *s, const struct sim_far *far);
/* The buffer of a connection is full, or has room again. */
void sim_set_full(struct sim *s, struct sim_conn *c, bool full);

uint64_t sim_counter(const struct sim *s, enum rgw_counter c);
/* Requests that have their answer. */
size_t sim_answered(const struct sim *s);
/* How often far ends got the request with this nonce; or one of them. */
size_t sim_sends(const struct sim *s, uint32_t nonce);
size_t sim_sends_to(const struct sim *s, const struct sim_req *r, const struct sim_far *far);

/* sim_audit.c: looks inside the engine. What one part of it says must be what the others say: lists,
 * counts and states agree, limits hold, and no request is tried twice at one target. */
void sim_audit(struct sim *s);
/* Prints where a request is, if the engine still works on it. */
void sim_explain(const struct sim *s, const struct sim_req *r);

#endif
