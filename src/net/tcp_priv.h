/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TCP_PRIV_H
#define RADSECGW_TCP_PRIV_H

#include "net_priv.h"
#include "radsecgw/session.h"
#include "shaker.h"

/*
 * A TCP connection as the network layer sees it, with the session on it. It is made by connect.c or listen.c,
 * belongs to the net, and is forgotten in one of two ways: the engine closes it (rgw_tcp_close), or it has failed
 * and the engine is told so (rgw_tcp_lost). Its memory goes at the end of the turn, so whoever is in the middle of
 * something may still look at its stage.
 */

enum rgw_tcp_stage {
	RGW_TCP_CONNECTING,  /* ours: TCP is not there yet */
	RGW_TCP_ACCEPTED,    /* a peer's: its first octets are not there yet, so there is no session */
	RGW_TCP_HANDSHAKE,
	RGW_TCP_OPEN,
	RGW_TCP_LINGER,      /* the engine has forgotten it; what is queued still goes out */
	RGW_TCP_DEAD,        /* closed; memory goes at the end of the turn */
};

/* Looks at what came first on a connection that a peer has opened, and gives it a session. */
typedef void rgw_tcp_peek(struct rgw_tcp *t, rgw_ms now);

/* What is needed until a session stands, and not a moment longer. The thread of the shaker reads it while a step
 * is done, all but `tcp`; so all that the judge needs is here, and not where the loop may change it. */
struct rgw_handshake {
	struct rgw_shake shake;
	struct rgw_tcp *tcp;                     /* borrowed: the owner */
	const struct rgw_contexts *contexts;     /* borrowed: which certificates are ours */
	const struct rgw_conf *conf;             /* borrowed: whose peers may come in; NULL = we have connected */
	const struct rgw_conf_tls *profile;      /* borrowed: the identity that is shown to one that came in */
	struct rgw_addr from;                    /* from where it came */
	struct rgw_cert_rules rules;             /* owned: who the peer that we connect to must be */
	const struct rgw_conf_peer *peer;        /* borrowed: who it turned out to be */
};

struct rgw_tcp {
	struct rgw_net *net;                 /* borrowed: the owner */
	struct rgw_conn *conn;               /* borrowed: the engine's side; NULL from LINGER on */
	struct rgw_link link;                /* among all, the lingering or the dead */
	struct rgw_link dirty;               /* among those with octets to send */
	struct rgw_session *session;         /* owned; NULL while ACCEPTED */
	struct rgw_handshake *handshake;     /* owned; NULL before there is one, and when it is over */
	const struct rgw_conf_peer *peer;    /* borrowed: whom we connect to, or who it turned out to be */
	rgw_tcp_peek *peek;                  /* while ACCEPTED */
	const void *listener;                /* borrowed: what the peek needs; NULL = we opened the connection */
	struct rgw_addr addr;
	int fd;
	enum rgw_tcp_stage stage;
	size_t unsealed;                     /* octets of its packets in the sealer */
	size_t out_octets;                   /* what its write buffer takes, as counted in net->out_octets */
	size_t peer_out;                     /* the same, as counted in net->peer_out */
	bool refused;                        /* the engine was told that there is no room */
	bool broken;                         /* writing has failed; reported at the end of the turn */
	bool heard_out;                      /* not read any more: the peer has said goodbye */
	bool paused;                         /* not read, since it does not read either */
	bool shut;                           /* our direction is closed */
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
/* Takes note of what the write buffer takes. */
void rgw_tcp_count_out(struct rgw_tcp *t);
/* What may wait on a connection that is up, now: no connection takes all that is left, and no peer takes with all
 * of its connections what others need. */
size_t rgw_tcp_most_waiting(const struct rgw_tcp *t);
/* Takes it out of all counts. */
void rgw_tcp_forget_out(struct rgw_tcp *t);

/* sealer.c: a packet is to be signed, and then written. That is done before the connection ends. */
void rgw_sealer_add(struct rgw_tcp *t, const struct rgw_outgoing *packet);

/* tcpend.c: how connections end */
/* The connection is over by no doing of the engine: the engine is told, and the socket closed. */
void rgw_tcp_lost(struct rgw_tcp *t, const char *why, rgw_ms now);
/* Closes the socket at once, without a word. Memory goes at the end of the turn. */
void rgw_tcp_bury(struct rgw_tcp *t);
/* A connection that is dead has become free of the shaker, and may go. */
void rgw_tcp_let_go(struct rgw_tcp *t);
/* The session stands, or never will: what the handshake needed goes. */
void rgw_tcp_end_handshake(struct rgw_tcp *t);
/* Frees the dead. */
void rgw_tcp_free_dead(struct rgw_net *net);

/* tcp.c: how they live */
/* Takes a socket in, and watches it in the way of the stage. NULL = no memory; the socket stays open. */
struct rgw_tcp *rgw_tcp_new(struct rgw_net *net, int fd, enum rgw_tcp_stage stage, const struct rgw_addr *addr)
    __attribute__((warn_unused_result));
/* Gives the connection a handshake, whose session is the one that the connection has. NULL = no memory. */
struct rgw_handshake *rgw_tcp_prepare_handshake(struct rgw_tcp *t) __attribute__((warn_unused_result));
/* The far end is there, and so is the session. The handshake is under way from now on, or the connection is up
 * at once if its session needs none; and then it may be gone after the call. */
void rgw_tcp_begin(struct rgw_tcp *t, rgw_ms now);

#endif
