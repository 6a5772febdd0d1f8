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
#include "radsecgw/radius.h"

#define SIM_SECRET "testing123"
#define SIM_RADSEC "radsec"
#define SIM_LOCAL "between gateway and server"

/* Of so many copies of a request the times are kept. */
#define SIM_COPIES 8

/* What the far end does with a request. */
enum sim_answer {
	SIM_ANSWER,         /* answers after `delay` */
	SIM_SILENT,         /* never answers by itself */
};

struct sim_conn;

/* A request as the far end got it. */
struct sim_got {
	uint8_t data[4096];
	size_t len;
	uint32_t nonce;          /* of the NAS's request */
	struct sim_conn *conn;   /* a peer: where it came; NULL after the connection ended */
	struct sim_source *source;/* a server: the same; NULL after the socket was closed */
	unsigned copies;         /* a server: how often it came, and when */
	rgw_ms copy_at[SIM_COPIES];
	rgw_ms at;
	bool answered;
};

/* A connection as the world sees it. */
struct sim_conn {
	struct rgw_conn *engine;   /* NULL once it is over for the engine */
	struct rgw_addr to;
	char host[64];
	unsigned number;           /* 1, 2, 3 in the order of opening */
	bool up;
	bool closed_by_engine;
	bool incoming;             /* the visitor opened it */
	bool full;                 /* conn_send says no */
	rgw_ms opened_at;
	size_t sent;               /* packets the engine sent on it */
};

/* A UDP socket towards the server as the world sees it. */
struct sim_source {
	struct rgw_source *engine; /* NULL after the engine closed it */
	struct rgw_addr from;      /* as the configuration wants; family 0 = the system's choice */
	struct rgw_addr to;
	rgw_ms closed_at;
};

/* A request as the NAS, or the visitor, knows it. */
struct sim_req {
	uint8_t data[4096];
	size_t len;
	uint32_t nonce;
	struct sim_conn *conn;     /* the visitor's connection; NULL = a NAS asked */
	uint16_t port;             /* the NAS's source port */
	uint32_t sock;             /* 0: authentication and accounting, 1: accounting only */
	rgw_ms asked_at;
	unsigned answers;          /* datagrams that came back for it */
	uint8_t answer[4096];
	size_t answer_len;
	rgw_ms answered_at;
	bool superseded;           /* the NAS reused its identifier */
};

struct sim {
	struct rgw_conf conf;
	struct rgw_log log;
	struct rgw_gw *gw;
	rgw_ms now;
	uint64_t seed;
	/* how new connections fare */
	rgw_ms connect_delay;
	rgw_ms handshake_delay;
	bool refuse;               /* connection refused after connect_delay */
	bool no_tcp;               /* nothing ever comes back */
	bool no_tls;               /* TCP stands, the handshake never ends */
	bool no_fds;               /* conn_open fails at once */
	unsigned draining;         /* so many connections of ours may drain while others are open */
	uint32_t refuse_ip;        /* only this address refuses (last octet), 0 = none */
	/* how requests fare */
	enum sim_answer answer;
	rgw_ms delay;
	bool same_again;           /* the story lets one request become a new one on a connection */
	/* the server */
	enum sim_answer server_answer;
	rgw_ms server_delay;
	bool server_gone;          /* ICMP port unreachable */
	uint8_t server_gone_ip;    /* only at this address (last octet), 0 = at all */
	bool no_sockets;           /* source_open fails */
	unsigned probes;           /* Status-Servers that came to it */
	bool answer_probes;
	/* names */
	bool no_dns;
	uint8_t dns_ip;            /* a name resolves to 192.0.2.dns_ip */
	uint8_t dns_ip2;           /* and to this one, unless 0 */
	uint32_t dns_ttl;
	unsigned dns_asked;
	/* what happened */
	struct sim_conn **conns;
	size_t n_conns;
	struct sim_got **got;
	size_t n_got;
	struct sim_req **reqs;
	size_t n_reqs;
	struct sim_source **sources;
	size_t n_sources;
	uint8_t heard[4096];       /* the last packet that the visitor got and did not wait for */
	size_t heard_len;
	size_t foreign_datagrams;  /* datagrams that answer nothing sim_request asked ... */
	size_t expected_foreign;   /* ... of which the story knows */
	unsigned log_lines;
	char last_event[64];
	char last_line[1024];      /* all of it, but for the time stamp */
	void *events;              /* owned: the queue of what will happen */
	uint64_t event_serial;
	uint32_t next_nonce;
};

/* Sets up a world with one client, 192.0.2.10, and one peer, "national", reached by `connect`
 * (a literal or a name). The configuration may be changed until sim_start. */
void sim_init(struct sim *s, const char *connect);
void sim_start(struct sim *s);
/* Lets all time limits pass, checks that nothing is left and that the counts add up, frees. */
void sim_end(struct sim *s);
/* The same without waiting: ends in the middle of things. */
void sim_abort(struct sim *s);

struct rgw_conf_peer *sim_peer_conf(struct sim *s);     /* "national": we connect to it */
struct rgw_conf_peer *sim_visitor_conf(struct sim *s);  /* "visitor": it connects to us */
struct rgw_conf_server *sim_server_conf(struct sim *s);
struct rgw_conf_listen *sim_listen_conf(struct sim *s);
struct rgw_conf_client *sim_client_conf(struct sim *s);
/* All requests go to the server. */
void sim_to_server(struct sim *s);

/* Moves the clock on, and everything happens that is due. */
void sim_run(struct sim *s, rgw_ms ms);
uint32_t sim_random(struct sim *s, uint32_t below);

/* A NAS sends a request; user may be NULL for no User-Name. Returns what it remembers of it. */
struct sim_req *sim_request(struct sim *s, uint8_t code, uint16_t port, uint8_t id, const char *user);
/* The same octets again. */
void sim_again(struct sim *s, struct sim_req *r);
/* Any octets from any address. */
void sim_datagram(struct sim *s, uint32_t sock, const char *from, const void *data, size_t len);

/* Somebody opens a TCP connection to us; NULL = the engine refused it. */
struct sim_conn *sim_accept(struct sim *s, const char *from);
/* It turns out to be the visitor. */
void sim_identify(struct sim *s, struct sim_conn *c);
/* Both at once, from 203.0.113.5. */
struct sim_conn *sim_visit(struct sim *s);
/* The visitor asks; the request is remembered like that of a NAS. */
struct sim_req *sim_ask(struct sim *s, struct sim_conn *c, uint8_t code, uint8_t id, const char *user);
/* The same with octets that the story makes itself; they are one whole request. */
struct sim_req *sim_ask_octets(struct sim *s, struct sim_conn *c, const void *data, size_t len);
/* The server's answer to a request; `code` 0 = the usual one. */
void sim_server_reply(struct sim *s, struct sim_got *g, uint8_t code);
/* Raw octets from the server's address. */
void sim_server_octets(struct sim *s, struct sim_source *source, const void *data, size_t len);
size_t sim_count_sources(const struct sim *s);

/* What the far end does when told. `code` 0 = the usual answer. */
void sim_reply(struct sim *s, struct sim_got *g, uint8_t code);
/* The same with a wrong authenticator. */
void sim_reply_forged(struct sim *s, struct sim_got *g);
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

uint64_t sim_counter(const struct sim *s, enum rgw_counter c);
/* Requests that have their answer. */
size_t sim_answered(const struct sim *s);
/* How often the far end got the request with this nonce. */
size_t sim_sends(const struct sim *s, uint32_t nonce);

#endif
