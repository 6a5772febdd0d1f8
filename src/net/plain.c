/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "radsecgw/session.h"

/* Sessions of plain TCP (RFC 6613), for loopback and for what IPsec protects (P-TCP-1, P-TCP-2). Nothing is agreed on,
 * encrypted or signed: the address of a connection tells whose it is, and the secret must do the rest. */

struct plain {
	struct rgw_session base;
	const uint8_t *in;     /* borrowed: input that has not been read */
	size_t in_len;
};

static void
feed(struct rgw_session *session, const uint8_t *data, size_t len)
{
	struct plain *plain = (struct plain *)session;

	plain->in = data;
	plain->in_len = len;
}

static enum rgw_session_result
take(struct rgw_session *session, uint8_t *buf, size_t cap, size_t *len)
{
	struct plain *plain = (struct plain *)session;
	size_t n = plain->in_len < cap ? plain->in_len : cap;

	if (n == 0)
		return RGW_SESSION_WANT;
	memcpy(buf, plain->in, n);
	plain->in += n;
	plain->in_len -= n;
	*len = n;
	return RGW_SESSION_OK;
}

static bool
put(struct rgw_session *session, const uint8_t *data, size_t len)
{
	return rgw_outbuf_put(&session->out, data, len);
}

/* Says nothing: over plain TCP the end of the stream is the goodbye, and the connection's owner makes that. */
static void
say_goodbye(struct rgw_session *session)
{
	(void)session;
}

/* Why the session has failed, which only a write can do. */
static const char *
why(const struct rgw_session *session)
{
	(void)session;
	return "out of memory";
}

static const char *
describe(struct rgw_session *session, char *buf, size_t size)
{
	(void)session;
	snprintf(buf, size, "none");
	return buf;
}

static void
drop(struct rgw_session *session)
{
	rgw_outbuf_fini(&session->out);
	free(session);
}

static const struct rgw_session_ops ops = {
	.ends_with_stream = true,
	.handshake = NULL,
	.feed = feed,
	.read = take,
	.write = put,
	.close = say_goodbye,
	.why = why,
	.describe = describe,
	.free = drop,
};

struct rgw_session *
rgw_plain_new(void)
{
	struct plain *plain = calloc(1, sizeof *plain);

	if (plain == NULL)
		return NULL;
	plain->base.ops = &ops;
	return &plain->base;
}
