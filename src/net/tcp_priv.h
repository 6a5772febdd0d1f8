/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TCP_PRIV_H
#define RADSECGW_TCP_PRIV_H

#include "net_priv.h"

/* What tcp.c (a connection as it works), connect.c (how we open one) and listen.c (how peers do)
 * share. */

struct rgw_listen_socket;

enum rgw_tcp_stage {
	RGW_TCP_CONNECTING,  /* ours: TCP is not there yet */
	RGW_TCP_ACCEPTED,    /* a peer's: the ClientHello is not there yet, so there is no session */
	RGW_TCP_HANDSHAKE,
	RGW_TCP_OPEN,
	RGW_TCP_LINGER,      /* the engine has forgotten it; what is queued still goes out */
	RGW_TCP_DEAD,        /* closed; memory goes at the end of the turn */
};

/* One TCP connection with its TLS session. */
struct rgw_tcp {
	struct rgw_net *net;               /* borrowed: the owner */
	struct rgw_conn *conn;             /* borrowed: the engine's side; NULL from LINGER on */
	struct rgw_link link;              /* among all, the lingering or the dead */
	struct rgw_link dirty;             /* among those with octets to send */
	struct rgw_link job;               /* among those that the shaker has; its lock is for this link */
	struct rgw_tls *tls;               /* owned; NULL while ACCEPTED */
	const struct rgw_conf_peer *peer;  /* borrowed: whom we connect to, or who it turned out to be */
	struct rgw_cert_rules rules;       /* owned: who the peer that we connect to must be */
	struct rgw_listen_socket *listener;/* borrowed: where it came in; NULL = we opened it */
	const struct rgw_conf_tls *profile;/* borrowed: the identity that it is shown, once chosen */
	struct rgw_addr addr;
	int fd;
	enum rgw_tcp_stage stage;
	size_t unsealed;                   /* octets of its packets in the sealer */
	size_t out_octets;                 /* what its write buffer takes, as counted in net->out_octets */
	size_t peer_out;                   /* the same, as counted in net->peer_out */
	bool refused;                      /* the engine was told that there is no room */
	bool broken;                       /* writing failed; reported at the end of the turn */
	bool heard_out;                    /* not read any more: the peer has said goodbye */
	bool paused;                       /* not read, since it does not read either */
	bool shut;                         /* our direction is closed */
	bool busy;                         /* the shaker has it: its session is not to be touched */
	enum rgw_tls_result step;          /* what came of the shaker's step */
	uint8_t *lent;                     /* owned: what the step reads */
	size_t lent_len;
	rgw_ms linger_until;
	ev_io readable;
	ev_io writable;
};

/* Takes a socket in: sets it up and watches it in the way of the stage. NULL = no memory; the socket
 * stays open. */
struct rgw_tcp *rgw_tcp_new(struct rgw_net *net, int fd, enum rgw_tcp_stage stage,
    const struct rgw_addr *addr);
/* The connection is over by no doing of the engine: it is told, and the socket closed. */
void rgw_tcp_lost(struct rgw_tcp *t, const char *why, rgw_ms now);
/* Closes the socket at once, without a word. Memory goes at the end of the turn. */
void rgw_tcp_bury(struct rgw_tcp *t);
/* Encrypts a packet. A failure is reported at the end of the turn. */
void rgw_tcp_write(struct rgw_tcp *t, const uint8_t *data, size_t len);
/* A handshake is under way from now on. */
void rgw_tcp_begin_handshake(struct rgw_tcp *t, rgw_ms now);
/* Is the certificate with this digest one of ours (P-CRT-18)? Then `why` says what that means. */
bool rgw_tcp_is_own_cert(const struct rgw_net *net, const uint8_t *sha256, char *why, size_t size);
/* Options of every connection, and those of a peer. */
void rgw_tcp_set_options(int fd, const struct rgw_conf_peer *peer);

/* The shaker has done its step. */
void rgw_tcp_stepped(struct rgw_tcp *t, rgw_ms now);

/* shaker.c: handshakes, in a thread of their own */
struct rgw_shaker *rgw_shaker_new(struct rgw_net *net);
/* Ends the thread; the connections must have been closed before. */
void rgw_shaker_free(struct rgw_shaker *shaker);
/* Does one step of the handshake with what is `lent`; rgw_tcp_stepped is called in another turn of the
 * loop. Until then the connection is busy. */
void rgw_shaker_take(struct rgw_shaker *shaker, struct rgw_tcp *t);
/* The connection has been closed. true = it is not busy any more; else rgw_tcp_stepped will follow. */
bool rgw_shaker_give_back(struct rgw_shaker *shaker, struct rgw_tcp *t);

/* sealer.c: a packet is to be signed, and then written. That is done before the connection ends. */
void rgw_sealer_add(struct rgw_tcp *t, const struct rgw_outgoing *packet);

/* listen.c: looks at what came on a connection without a session, and makes one when the whole
 * ClientHello is there. */
void rgw_listen_peek(struct rgw_tcp *t, rgw_ms now);

#endif
