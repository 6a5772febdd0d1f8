/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tlshello.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

/* Our own reader of Hellos; see tlshello.h. */

enum { CHANGE_CIPHER_SPEC = 20, HANDSHAKE = 22 };
enum { EXT_PRE_SHARED_KEY = 41, EXT_VERSIONS = 43, EXT_PSK_MODES = 45, EXT_KEY_SHARE = 51 };

#define MESSAGE_HEADER 4
#define RANDOM_OCTETS 32
#define PSK_DHE_KE 1
#define TLS_1_3 0x0304

/* ---- reading ---- */

/* Octets that have still to be read. After an overrun there are none, and `bad` says so. */
struct span {
	const uint8_t *p;
	size_t n;
	bool bad;
};

static const uint8_t *
take(struct span *s, size_t n)
{
	const uint8_t *p = s->p;

	if (n > s->n) {
		s->bad = true;
		s->n = 0;
		return p;
	}
	s->p += n;
	s->n -= n;
	return p;
}

static uint32_t
number(struct span *s, size_t octets)
{
	const uint8_t *p = take(s, octets);
	uint32_t value = 0;

	for (size_t i = 0; i < octets && !s->bad; i++)
		value = value << 8 | p[i];
	return value;
}

/* A vector with its length in so many octets. */
static struct span
vector(struct span *s, size_t octets)
{
	size_t n = number(s, octets);
	const uint8_t *p = take(s, n);

	return (struct span){ p, s->bad ? 0 : n, s->bad };
}

/* Moves over the header of a message. false = that is not the kind, or the length is not that of the whole. */
static bool
begin(struct span *s, uint8_t kind)
{
	return number(s, 1) == kind && number(s, 3) == s->n && !s->bad;
}

/* ---- ClientHello ---- */

static bool
read_modes(struct rgw_client_hello *out, struct span body)
{
	struct span modes = vector(&body, 1);

	while (modes.n > 0)
		out->has_dhe |= number(&modes, 1) == PSK_DHE_KE;
	return !body.bad && !modes.bad;
}

/* Identities and binders go in pairs. The list of binders is the very end of the message. */
static bool
read_keys(struct rgw_client_hello *out, struct span body, const uint8_t *message)
{
	struct span identities = vector(&body, 2);
	const uint8_t *binders_at = body.p;
	struct span binders = vector(&body, 2);
	size_t n = 0;

	while (identities.n > 0 && !identities.bad && !binders.bad) {
		struct span identity = vector(&identities, 2);
		uint32_t age = number(&identities, 4);
		struct span binder = vector(&binders, 1);

		if (n < RGW_HELLO_IDENTITIES)
			out->identities[n] = (struct rgw_hello_identity){ identity.p, identity.n, age, binder.p,
				binder.n };
		n++;
	}
	out->has_psk = true;
	out->n = n < RGW_HELLO_IDENTITIES ? n : RGW_HELLO_IDENTITIES;
	out->truncated = (size_t)(binders_at - message);
	return n > 0 && !identities.bad && !binders.bad && !body.bad && body.n == 0 && binders.n == 0;
}

bool
rgw_client_hello_parse(struct rgw_client_hello *out, const uint8_t *message, size_t len)
{
	struct span s = { message, len, false };
	struct span suites;
	struct span all;

	*out = (struct rgw_client_hello){ .n = 0 };
	if (!begin(&s, 1))
		return false;
	take(&s, 2 + RANDOM_OCTETS);
	vector(&s, 1);
	suites = vector(&s, 2);
	out->suites = suites.p;
	out->suites_len = suites.n & ~(size_t)1;
	vector(&s, 1);
	all = vector(&s, 2);
	while (all.n > 0 && !all.bad) {
		uint32_t kind = number(&all, 2);
		struct span body = vector(&all, 2);

		/* The keys come last, once. */
		if (out->has_psk || (kind == EXT_PSK_MODES && !read_modes(out, body)) ||
		    (kind == EXT_PRE_SHARED_KEY && !read_keys(out, body, message)))
			return false;
	}
	return !all.bad && !s.bad && s.n == 0;
}

/* ---- ServerHello ---- */

/* The random of a HelloRetryRequest. */
static const uint8_t retry_random[RANDOM_OCTETS] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static void
read_server_extension(struct rgw_server_hello *out, uint32_t kind, struct span *body)
{
	if (kind == EXT_VERSIONS) {
		out->tls13 = number(body, 2) == TLS_1_3;
	} else if (kind == EXT_KEY_SHARE) {
		out->has_share = true;
	} else if (kind == EXT_PRE_SHARED_KEY) {
		out->has_psk = true;
		out->selected = (uint16_t)number(body, 2);
	}
}

bool
rgw_server_hello_parse(struct rgw_server_hello *out, const uint8_t *message, size_t len)
{
	struct span s = { message, len, false };
	const uint8_t *random;
	struct span all;
	bool bad = false;

	*out = (struct rgw_server_hello){ .retry = false };
	if (!begin(&s, 2))
		return false;
	take(&s, 2);
	random = take(&s, RANDOM_OCTETS);
	out->retry = !s.bad && memcmp(random, retry_random, sizeof retry_random) == 0;
	vector(&s, 1);
	take(&s, 3);
	/* TLS 1.2 may have no extensions at all. */
	if (s.n == 0)
		return !s.bad;
	all = vector(&s, 2);
	while (all.n > 0 && !all.bad) {
		uint32_t kind = number(&all, 2);
		struct span body = vector(&all, 2);

		read_server_extension(out, kind, &body);
		bad |= body.bad;
	}
	return !bad && !all.bad && !s.bad && s.n == 0;
}

/* ---- messages out of records ---- */

static void
stop(struct rgw_flight *f)
{
	f->over = true;
	rgw_flight_fini(f);
}

/* Hands over the message if it is whole; what follows it stays. */
static void
hand_over(struct rgw_flight *f, rgw_flight_message *each, void *arg)
{
	while (!f->over && f->len >= MESSAGE_HEADER) {
		size_t whole = MESSAGE_HEADER +
		    ((size_t)f->message[1] << 16 | (size_t)f->message[2] << 8 | f->message[3]);

		if (whole > RGW_HELLO_MAX)
			stop(f);
		if (f->over || f->len < whole)
			return;
		each(arg, f->message, whole);
		f->len -= whole;
		memmove(f->message, f->message + whole, f->len);
	}
	if (f->over || f->len == 0)
		rgw_flight_fini(f);
}

static void
collect(struct rgw_flight *f, const uint8_t *data, size_t len, rgw_flight_message *each, void *arg)
{
	uint8_t *grown = f->len + len <= RGW_HELLO_MAX ? realloc(f->message, f->len + len) : NULL;

	if (grown == NULL) {
		stop(f);
		return;
	}
	f->message = grown;
	memcpy(f->message + f->len, data, len);
	f->len += len;
	hand_over(f, each, arg);
}

/* Looks at the header of a record. What is neither handshake nor the octet that some send for old boxes ends it: from
 * there on all is encrypted, or an alert. */
static void
on_header(struct rgw_flight *f)
{
	f->have = 0;
	f->left = (size_t)f->header[3] << 8 | f->header[4];
	if (f->header[0] != HANDSHAKE && f->header[0] != CHANGE_CIPHER_SPEC)
		stop(f);
}

void
rgw_flight_follow(struct rgw_flight *f, const uint8_t *data, size_t len, rgw_flight_message *each, void *arg)
{
	while (len > 0 && !f->over) {
		size_t wanted = f->left > 0 ? f->left : sizeof f->header - f->have;
		size_t n = len < wanted ? len : wanted;

		if (f->left > 0) {
			f->left -= n;
			if (f->header[0] == HANDSHAKE)
				collect(f, data, n, each, arg);
		} else {
			memcpy(f->header + f->have, data, n);
			f->have += n;
			if (f->have == sizeof f->header)
				on_header(f);
		}
		data += n;
		len -= n;
	}
}

void
rgw_flight_fini(struct rgw_flight *f)
{
	free(f->message);
	f->message = NULL;
	f->len = 0;
}
