/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_SESSION_H
#define RADSECGW_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/outbuf.h"

/*
 * A session is what stands between the octets of a TCP connection and the packets on it: TLS, or nothing at all (RFC
 * 6613 1). A session works over memory: it is fed the octets that have arrived, and puts the octets that are to be sent
 * into its buffer. So whoever owns the socket need not know of which kind the session is, and sockets stay outside of
 * the session.
 *
 * A session belongs to the connection that made it, and is used by one thread at a time. One error idiom holds for all
 * kinds: a function that goes on returns an enum rgw_session_result, and rgw_session_why has the sentence that belongs
 * to a failure.
 */

enum rgw_session_result {
	RGW_SESSION_OK,      /* the step is done, or some octets are there */
	RGW_SESSION_WANT,    /* all input has been taken, and more is needed */
	RGW_SESSION_CLOSED,  /* the far end has said goodbye */
	RGW_SESSION_FAILED,  /* the session is over; nothing may be called but why, free and the buffer's functions */
};

struct rgw_session;

/* The operations of one kind of session. */
struct rgw_session_ops {
	/* The end of the stream is the goodbye. With TLS, which has a goodbye of its own, an end without that is a
	 * fault (P-TLS-16). */
	bool ends_with_stream;
	/* Goes on with the handshake. OK = the session stands, and the far end is who it should be. NULL = this kind
	 * has no handshake, and stands from the beginning. */
	enum rgw_session_result (*handshake)(struct rgw_session *session);
	/* Lends octets from the network. The calls of handshake and read that follow consume the octets; they must go
	 * on until one of them says WANT, or the session is over. */
	void (*feed)(struct rgw_session *session, const uint8_t *data, size_t len);
	/* Takes decrypted octets. OK: *len octets, at least one, are in buf. */
	enum rgw_session_result (*read)(struct rgw_session *session, uint8_t *buf, size_t cap, size_t *len);
	/* Puts one packet into the buffer, as one record (P-STR-4). false = the session has failed. */
	bool (*write)(struct rgw_session *session, const uint8_t *data, size_t len);
	/* Says goodbye, into the buffer (P-TLS-16). */
	void (*close)(struct rgw_session *session);
	/* A sentence about the failure, with what was presented and what was expected. */
	const char *(*why)(const struct rgw_session *session);
	/* What protects the session, in words, such as "TLSv1.3, TLS13-AES128-GCM-SHA256, ALPN radius/1.0". */
	const char *(*describe)(struct rgw_session *session, char *buf, size_t size);
	/* Wipes and frees the session. */
	void (*free)(struct rgw_session *session);
};

/* The part with which sessions of all kinds begin. */
struct rgw_session {
	const struct rgw_session_ops *ops;
	struct rgw_outbuf out;   /* octets that are to be sent; whoever sends them tells so by rgw_outbuf_sent */
};

/* Makes a session of plain TCP: what arrives is what was sent. NULL = there is no memory. */
struct rgw_session *rgw_plain_new(void) __attribute__((warn_unused_result));

/* See struct rgw_session_ops. */
static inline enum rgw_session_result __attribute__((warn_unused_result))
rgw_session_handshake(struct rgw_session *session)
{
	return session->ops->handshake(session);
}

static inline void
rgw_session_feed(struct rgw_session *session, const uint8_t *data, size_t len)
{
	session->ops->feed(session, data, len);
}

static inline enum rgw_session_result __attribute__((warn_unused_result))
rgw_session_read(struct rgw_session *session, uint8_t *buf, size_t cap, size_t *len)
{
	return session->ops->read(session, buf, cap, len);
}

static inline bool __attribute__((warn_unused_result))
rgw_session_write(struct rgw_session *session, const uint8_t *data, size_t len)
{
	return session->ops->write(session, data, len);
}

static inline void
rgw_session_close(struct rgw_session *session)
{
	session->ops->close(session);
}

static inline const char *
rgw_session_why(const struct rgw_session *session)
{
	return session->ops->why(session);
}

static inline const char *
rgw_session_describe(struct rgw_session *session, char *buf, size_t size)
{
	return session->ops->describe(session, buf, size);
}

/* NULL is ignored. */
static inline void
rgw_session_free(struct rgw_session *session)
{
	if (session != NULL)
		session->ops->free(session);
}

#endif
