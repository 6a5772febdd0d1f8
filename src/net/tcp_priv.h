/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TCP_PRIV_H
#define RADSECGW_TCP_PRIV_H

#include "net_priv.h"
#include "radsecgw/session.h"
#include "shaker.h"

/*
 * A TCP connection as the network layer sees it, with the session on it. The connection is made by connect.c or
 * listen.c, belongs to the net, and is forgotten in one of two ways: the engine closes it (rgw_tcp_close), or it has
 * failed and the engine is told so (rgw_tcp_lost). Its memory goes at the end of the turn, so a caller in the middle of
 * something may still look at its stage.
 */

enum rgw_tcp_stage {
	RGW_TCP_CONNECTING,  /* outgoing: TCP is not there yet */
	RGW_TCP_ACCEPTED,    /* incoming: the first octets are not there yet, so there is no session */
	RGW_TCP_HANDSHAKE,
	RGW_TCP_OPEN,
	RGW_TCP_LINGER,      /* the engine has forgotten the connection; what is queued still goes out */
	RGW_TCP_DEAD,        /* the connection is closed; its memory goes at the end of the turn */
};

/* Looks at what came first on a connection that a peer has opened, and gives it a session. */
typedef void rgw_tcp_peek(struct rgw_tcp *t, rgw_ms now);

/* What is needed until a session stands, and not a moment longer. The thread of the shaker reads all of this but `tcp`
 * while a step is done; so all that the judge needs is here, and not where the loop may change it. */
struct rgw_handshake {
	struct rgw_shake shake;
	struct rgw_tcp *tcp;                     /* borrowed: the owner */
	const struct rgw_contexts *contexts;     /* borrowed from `tcp`: certificates, to know our own */
	const struct rgw_conf *conf;             /* borrowed: the configuration whose peers may come in; NULL = we have
	                                          * connected */
	const struct rgw_conf_tls *profile;      /* borrowed: the identity that is shown to an incoming connection */
	struct rgw_addr from;                    /* address that an incoming connection came from */
	struct rgw_cert_rules rules;             /* owned: rules that tell who the peer that we connect to must be */
	const struct rgw_conf_peer *peer;        /* borrowed: the peer that the far end turned out to be */
	bool keys;                               /* there are peers with pre-shared keys that may come from there */
};

/* No id of a peer. */
#define RGW_TCP_NOBODY UINT32_MAX

struct rgw_tcp {
	struct rgw_net *net;                 /* borrowed: the owner */
	struct rgw_conn *conn;               /* borrowed: the connection as the engine knows it; NULL from LINGER on */
	struct rgw_link link;                /* among the living, the lingering or the dead connections */
	struct rgw_link dirty;               /* among the connections with octets to send */
	struct rgw_session *session;         /* owned; NULL while ACCEPTED */
	struct rgw_handshake *handshake;     /* owned; NULL before the handshake begins, and when it is over */
	struct rgw_contexts *contexts;       /* holds a reference, and by that the edition under which the connection
	                                      * begins, until it is up */
	const struct rgw_conf_listen *listen;/* borrowed from that edition, while ACCEPTED: the section by which the
	                                      * connection has come */
	rgw_tcp_peek *peek;                  /* looks at the first octets, while ACCEPTED */
	struct rgw_chain *chain;             /* holds a reference: what the peer has shown; NULL = nothing, over plain
	                                      * TCP, or not yet */
	enum rgw_proof proof;                /* how the far end has proven who it is, once it has ... */
	uint8_t psk[RGW_PSK_DIGEST];         /* ... and by which key, if it was by one */
	char *host;                          /* owned: the host that we connect to by TLS; NULL = we do not */
	int64_t ends;                        /* last second of the certificates of either side, since 1970 ... */
	double warn_at;                      /* ... and when the connection is to be replaced before that */
	uint32_t tls;                        /* id of the [tls] section of an incoming connection */
	uint32_t peer;                       /* id of the peer that we connect to, or that the far end turned out to
	                                      * be, or RGW_TCP_NOBODY */
	struct rgw_addr addr;
	struct rgw_addr via;                 /* the balancer that opened the connection for that address; family 0 =
	                                      * none */
	int fd;
	enum rgw_tcp_stage stage;
	size_t unsealed;                     /* octets of the connection's packets in the sealer */
	size_t out_octets;                   /* octets that the connection's write buffer takes, as counted in
	                                      * net->out_octets */
	size_t peer_out;                     /* the same octets, as counted in net->peer_out */
	bool incoming;                       /* the peer has opened the connection */
	bool warned;                         /* the time of `warn_at` has come */
	bool refused;                        /* the engine was told that there is no room */
	bool broken;                         /* writing has failed; reported at the end of the turn */
	bool heard_out;                      /* the connection is not read any more: the peer has said goodbye */
	bool paused;                         /* the connection is not read, since the peer does not read either */
	bool shut;                           /* our direction of the connection is closed */
	rgw_ms linger_until;
	ev_io readable;
	ev_io writable;
};

/* tcpopts.c: sets the options of every connection, and those of a peer. */
void rgw_tcp_set_options(int fd, const struct rgw_conf_peer *peer);

/* tcpbuf.c: what waits to be sent */
/* Encrypts a packet into the write buffer. A failure is reported at the end of the turn. */
void rgw_tcp_write(struct rgw_tcp *t, const uint8_t *data, size_t len);
/* Marks that there is something to send at the end of the turn. */
void rgw_tcp_mark_dirty(struct rgw_tcp *t);
/* Counts anew the octets that the connection's write buffer takes. */
void rgw_tcp_count_out(struct rgw_tcp *t);
/* How many octets may wait on a connection that is up, now: no connection takes all that is left, and no peer takes
 * with all of its connections what others need. */
size_t rgw_tcp_most_waiting(const struct rgw_tcp *t);
/* Takes the connection's write buffer out of all counts. */
void rgw_tcp_forget_out(struct rgw_tcp *t);

/* sealer.c: lets a packet be signed, and then written. That is done before the connection ends. */
void rgw_sealer_add(struct rgw_tcp *t, const struct rgw_outgoing *packet);

/* judge.c: whether connections that are up are good enough */
#define RGW_JUDGE_TEXT 1024
/* Is the connection good enough for the current configuration? Without `names` whose it is stays as it was. That of a
 * connection which is coming up is found. false: `why` is a sentence. */
bool rgw_judge(struct rgw_tcp *t, bool names, char why[static RGW_JUDGE_TEXT]) RGW_MUST_USE;
/* The handshake of a connection is done: takes from the session what proves whose it is. `peer` is what was found
 * during the handshake, under the configuration of then, or NULL. false = there is no memory. */
bool rgw_judge_take(struct rgw_tcp *t, const struct rgw_conf_peer *peer) RGW_MUST_USE;
/* The connection, which is up now, ends with its certificates. */
void rgw_judge_begin(struct rgw_tcp *t);

/* tcpend.c: how connections end */
/* The connection is over by no doing of the engine: the engine is told, and the socket closed. */
void rgw_tcp_lost(struct rgw_tcp *t, const char *why, rgw_ms now);
/* Closes the socket at once, without a word. Memory goes at the end of the turn. */
void rgw_tcp_bury(struct rgw_tcp *t);
/* A dead connection has become free of the shaker, and may go. */
void rgw_tcp_let_go(struct rgw_tcp *t);
/* Frees what the handshake needed, since the session stands, or never will. */
void rgw_tcp_end_handshake(struct rgw_tcp *t);
/* Frees the connections that are dead. */
void rgw_tcp_free_dead(struct rgw_net *net);

/* tcp.c: how connections live */
/* Takes a socket in, and watches it in the way of the stage. NULL = no memory; the socket stays open. */
struct rgw_tcp *rgw_tcp_new(struct rgw_net *net, int fd, enum rgw_tcp_stage stage, const struct rgw_addr *addr)
    __attribute__((warn_unused_result));
/* Gives the connection a handshake, whose session is the one that the connection has. NULL = no memory. */
struct rgw_handshake *rgw_tcp_prepare_handshake(struct rgw_tcp *t) __attribute__((warn_unused_result));
/* Begins the session, since the far end is there. The handshake is under way from now on, or the connection is up at
 * once if its session needs none; and then the connection may be gone after the call. */
void rgw_tcp_begin(struct rgw_tcp *t, rgw_ms now);

#endif
