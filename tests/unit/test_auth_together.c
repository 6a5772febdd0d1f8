/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Authenticators of many packets at once (rgw_auth_check, rgw_sign, rgw_hop_unsigned), against the formulas
 * of helpers.h, which share no code with the library. */

#include "radsecgw/auth.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"

#define MOST 40
#define SECRET_MAX 300
#define HEADER 20
#define MSGAUTH 80

static const uint8_t zeros[16];

static const uint8_t request_codes[] = { 1, 4, 12, 40, 43 };
static const uint8_t response_codes[] = { 2, 3, 5, 11, 41, 42, 44, 45, 52 };

/* One packet, and what belongs to it. */
struct entry {
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_secret *secret;
	bool is_response;
	uint8_t request_auth[16];
};

/* P-AUT-2: of these the authenticator is a hash. */
static bool
is_hashed(const struct entry *e)
{
	return e->is_response || e->in.code == 4 || e->in.code == 40 || e->in.code == 43;
}

/* The authenticator that the formulas have in the header. */
static const uint8_t *
formula_auth(const struct entry *e)
{
	if (e->is_response)
		return e->request_auth;
	return is_hashed(e) ? zeros : rgw_packet_auth(&e->in);
}

static bool
auth_ok(const struct entry *e)
{
	return help_auth_ok(&e->in, formula_auth(e), e->secret->octets, e->secret->len);
}

static bool
msgauth_ok(const struct entry *e)
{
	return help_msgauth_ok(&e->in, formula_auth(e), e->secret->octets, e->secret->len);
}

static void
put_filler(struct entry *e, struct help_rng *rng)
{
	uint8_t value[253];
	size_t n = help_below(rng, 8) == 0 ? sizeof value : help_below(rng, 30);

	help_fill(rng, value, n);
	help_attr(&e->p, (uint8_t)(1 + help_below(rng, 60)), value, n);
}

static uint8_t
some_code(struct help_rng *rng, bool is_response)
{
	if (is_response)
		return response_codes[help_below(rng, COUNT(response_codes))];
	return request_codes[help_below(rng, COUNT(request_codes))];
}

/* A packet with so many Message-Authenticators; a single one may have another length. */
static void
make(struct entry *e, struct help_rng *rng, unsigned msgauths, bool odd_length)
{
	uint8_t octets[SECRET_MAX];
	size_t secret_len = 1 + help_below(rng, help_below(rng, 2) == 0 ? SECRET_MAX : 20);
	unsigned fillers = help_below(rng, help_below(rng, 8) == 0 ? 100 : 6);

	e->is_response = help_below(rng, 2) == 0;
	help_fill(rng, octets, secret_len);
	e->secret = rgw_secret_new(octets, secret_len);
	help_fill(rng, e->request_auth, 16);
	help_fill(rng, octets, 16);
	help_begin(&e->p, some_code(rng, e->is_response), (uint8_t)help_below(rng, 256), octets);
	odd_length = odd_length && msgauths == 1;
	while (fillers > 0 || msgauths > 0) {
		if (help_below(rng, fillers + msgauths) < msgauths) {
			help_attr(&e->p, MSGAUTH, octets, odd_length ? help_below(rng, 40) : 16);
			msgauths--;
		} else {
			if (e->p.len < 3500)
				put_filler(e, rng);
			fillers--;
		}
	}
	if (help_below(rng, 20) == 0)
		help_pad(&e->p, 44, RGW_PACKET_MAX);
	e->in = help_finish(&e->p);
}

static void
forget(struct entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rgw_secret_free(e[i].secret);
}

/* Signs by the formulas. Of several Message-Authenticators the first is right, and of one that is too long
 * the first 16 octets are. */
static void
sign_by_hand(struct entry *e)
{
	uint8_t text[4096 + SECRET_MAX];
	size_t at = e->in.at[RGW_AT_MESSAGE_AUTHENTICATOR];
	struct rgw_attr a;

	memcpy(text, e->p.b, e->p.len);
	memcpy(text + 4, formula_auth(e), 16);
	if (rgw_packet_get(&e->in, RGW_AT_MESSAGE_AUTHENTICATOR, &a) && a.len >= 16) {
		memset(text + at + 2, 0, 16);
		help_hmac(e->secret->octets, e->secret->len, text, e->p.len, text + at + 2);
	}
	memcpy(text + e->p.len, e->secret->octets, e->secret->len);
	if (is_hashed(e))
		help_md5(text, e->p.len + e->secret->len, text + 4);
	memcpy(e->p.b, text, e->p.len);
}

/* Changes one octet so that it is still a packet. */
static void
spoil(struct entry *e, struct help_rng *rng)
{
	for (;;) {
		size_t at = help_below(rng, (uint32_t)e->p.len);
		uint8_t was = e->p.b[at];

		e->p.b[at] ^= (uint8_t)(1 + help_below(rng, 255));
		if (rgw_packet_parse(&e->in, e->p.b, e->p.len) == RGW_PACKET_OK)
			return;
		e->p.b[at] = was;
	}
}

/* How often which outcome was the right one. */
struct outcomes {
	unsigned auth[2];
	unsigned msgauth[3];
};

static void
check_batch(struct entry *e, size_t n, struct outcomes *seen)
{
	struct rgw_auth_check checks[MOST];

	for (size_t i = 0; i < n; i++) {
		/* What comes out does not depend on what was there. */
		memset(&checks[i], 0x55, sizeof checks[i]);
		checks[i].packet = &e[i].in;
		checks[i].secret = e[i].secret;
		checks[i].is_response = e[i].is_response;
		memcpy(checks[i].request_auth, e[i].request_auth, 16);
	}
	rgw_auth_check(checks, n);
	for (size_t i = 0; i < n; i++) {
		bool auth = !is_hashed(&e[i]) || auth_ok(&e[i]);
		enum rgw_msgauth msgauth = RGW_MSGAUTH_ABSENT;

		if (help_count(&e[i].in, MSGAUTH) > 0)
			msgauth = msgauth_ok(&e[i]) ? RGW_MSGAUTH_OK : RGW_MSGAUTH_BAD;
		assert_int_equal(checks[i].auth_ok, auth);
		assert_int_equal(checks[i].msgauth, msgauth);
		seen->auth[auth]++;
		seen->msgauth[msgauth]++;
	}
}

/* P-AUT-3, P-AUT-4, P-MA-1 to 4. */
static void
many_are_checked_like_one(void **state)
{
	static const unsigned msgauths[] = { 0, 0, 0, 1, 1, 1, 1, 1, 2, 3 };
	struct entry *e = rgw_xcalloc(MOST, sizeof *e);
	struct outcomes seen = { 0 };
	struct help_rng rng = { 2865 };

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t n = help_below(&rng, MOST + 1);

		for (size_t i = 0; i < n; i++) {
			make(&e[i], &rng, msgauths[help_below(&rng, COUNT(msgauths))],
			    help_below(&rng, 10) == 0);
			/* A code that nobody knows: there is no formula for its header. */
			if (help_below(&rng, 20) == 0)
				e[i].in.code = e[i].p.b[0] = 50;
			sign_by_hand(&e[i]);
			if (help_below(&rng, 3) == 0)
				spoil(&e[i], &rng);
		}
		check_batch(e, n, &seen);
		forget(e, n);
	}
	free(e);
	assert_true(seen.auth[false] > 500 && seen.auth[true] > 1000);
	assert_true(seen.msgauth[RGW_MSGAUTH_ABSENT] > 500 && seen.msgauth[RGW_MSGAUTH_OK] > 1000 &&
	    seen.msgauth[RGW_MSGAUTH_BAD] > 500);
}

/* The header holds what the formulas want there, and the value of Message-Authenticator holds anything. */
static struct rgw_unsigned
make_unsigned(struct entry *e, struct help_rng *rng)
{
	make(e, rng, help_below(rng, 2), false);
	memmove(e->p.b + 4, formula_auth(e), 16);
	return (struct rgw_unsigned){ e->p.b, e->p.len, e->in.at[RGW_AT_MESSAGE_AUTHENTICATOR], e->secret };
}

/* P-AUT-2, P-AUT-4, P-AUT-7, P-MA-1; nothing else in the packet changes, and nothing behind it. */
static void
many_are_signed_like_one(void **state)
{
	struct entry *e = rgw_xcalloc(MOST, sizeof *e);
	struct entry *before = rgw_xcalloc(MOST, sizeof *before);
	struct rgw_unsigned packets[MOST];
	struct help_rng rng = { 2866 };
	unsigned hashed = 0;

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t n = help_below(&rng, MOST + 1);

		for (size_t i = 0; i < n; i++)
			packets[i] = make_unsigned(&e[i], &rng);
		memcpy(before, e, n * sizeof *e);
		rgw_sign(packets, n);
		for (size_t i = 0; i < n; i++) {
			size_t at = packets[i].msgauth_at;

			assert_int_equal(help_count(&e[i].in, MSGAUTH), at != 0);
			if (at != 0) {
				assert_true(msgauth_ok(&e[i]));
				memcpy(before[i].p.b + at + 2, e[i].p.b + at + 2, 16);
			}
			if (is_hashed(&e[i])) {
				assert_true(auth_ok(&e[i]));
				memcpy(before[i].p.b + 4, e[i].p.b + 4, 16);
				hashed++;
			}
			assert_memory_equal(before[i].p.b, e[i].p.b, sizeof e[i].p.b);
		}
		forget(e, n);
	}
	free(e);
	free(before);
	assert_true(hashed > 1000);
}

/* ---- packets that are signed as they leave ---- */

/* What is in a packet that comes. */
enum { WITH_MSGAUTH = 1, WITH_EAP = 2, WITH_TEXT = 4, WITH_PROXY_STATE = 8, VARIANTS = 16 };

static struct rgw_packet
make_variant(struct help_packet *p, uint8_t code, const uint8_t *auth, unsigned with)
{
	help_begin(p, code, 7, auth);
	if ((with & WITH_TEXT) != 0)
		help_text(p, 1, "bob@example.org");
	if ((with & WITH_MSGAUTH) != 0)
		help_attr(p, MSGAUTH, "0123456789abcdef", 16);
	if ((with & WITH_EAP) != 0)
		help_attr(p, 79, "\2\1\0\5\1", 5);
	if ((with & WITH_PROXY_STATE) != 0)
		help_text(p, 33, "state");
	return help_finish(p);
}

/* The same packets, signed at once and later. */
struct work {
	struct help_hops *hops;
	uint8_t at_once[MOST][4096];
	uint8_t later[MOST][4096];
	uint8_t untouched[4096];
	struct rgw_unsigned packets[MOST];
	size_t n;
	unsigned total;
};

/* What lies behind a packet of 20 octets looks like a Message-Authenticator, and is none. */
static void
clear(struct work *w)
{
	memset(w->at_once, MSGAUTH, sizeof w->at_once);
	memset(w->later, MSGAUTH, sizeof w->later);
	memset(w->untouched, MSGAUTH, sizeof w->untouched);
	w->n = 0;
}

static void
sign_and_compare(struct work *w)
{
	rgw_sign(w->packets, w->n);
	for (size_t i = 0; i < w->n; i++) {
		assert_memory_equal(w->later[i], w->at_once[i], sizeof w->later[i]);
		assert_memory_equal(w->later[i] + w->packets[i].len, w->untouched,
		    sizeof w->later[i] - w->packets[i].len);
	}
	w->total += (unsigned)w->n;
	clear(w);
}

/* A Message-Authenticator was written: meanwhile the header holds what the formulas want there. */
static void
add(struct work *w, size_t len, const uint8_t *header, const struct rgw_secret *to)
{
	assert_true(len >= HEADER);
	assert_memory_equal(w->later[w->n] + 4, header, 16);
	w->packets[w->n] = rgw_hop_unsigned(w->later[w->n], len, to);
	w->n++;
	if (w->n == MOST)
		sign_and_compare(w);
}

static void
add_request(struct work *w, const struct rgw_packet *in)
{
	const struct help_hops *h = w->hops;
	struct rgw_hop_request hop = { .in = in, .hidden = h->hidden, .from = h->secret_a,
		.to = h->secret_b, .fresh_auth = h->auth_b, .id = 9 };
	size_t len = rgw_hop_request(w->at_once[w->n], 4096, &hop);

	hop.later = true;
	assert_int_equal(rgw_hop_request(w->later[w->n], 4096, &hop), len);
	add(w, len, in->code == 1 ? h->auth_b : zeros, h->secret_b);
}

static void
add_response(struct work *w, const struct rgw_packet *in, const struct rgw_packet *request, bool msgauth)
{
	const struct help_hops *h = w->hops;
	struct rgw_hop_response hop = { .in = in, .hidden = h->hidden, .from = h->secret_b,
		.from_auth = h->auth_b, .request = request, .to = h->secret_a, .msgauth = msgauth };
	size_t len = rgw_hop_response(w->at_once[w->n], 4096, &hop);

	hop.later = true;
	assert_int_equal(rgw_hop_response(w->later[w->n], 4096, &hop), len);
	add(w, len, rgw_packet_auth(request), h->secret_a);
}

static struct work *
work_new(void)
{
	struct work *w = rgw_xcalloc(1, sizeof *w);

	w->hops = help_hops_new("secret of the one side", "and of the other");
	clear(w);
	return w;
}

static void
work_free(struct work *w)
{
	help_hops_free(w->hops);
	free(w);
}

static void
requests_signed_later(void **state)
{
	struct work *w = work_new();

	(void)state;
	for (size_t i = 0; i < COUNT(request_codes); i++)
		for (unsigned with = 0; with < VARIANTS; with++) {
			struct help_packet p;
			struct rgw_packet in = make_variant(&p, request_codes[i], w->hops->auth_a, with);

			add_request(w, &in);
		}
	sign_and_compare(w);
	assert_int_equal(w->total, COUNT(request_codes) * VARIANTS);
	work_free(w);
}

static void
responses_signed_later(void **state)
{
	struct work *w = work_new();

	(void)state;
	for (size_t i = 0; i < COUNT(response_codes) * COUNT(request_codes); i++)
		for (unsigned with = 0; with < VARIANTS * VARIANTS; with++) {
			uint8_t code = response_codes[i / COUNT(request_codes)];
			struct help_packet asked, p;
			struct rgw_packet request = make_variant(&asked,
			    request_codes[i % COUNT(request_codes)], w->hops->auth_a, with / VARIANTS);
			struct rgw_packet in = make_variant(&p, code, w->hops->auth_b, with % VARIANTS);

			add_response(w, &in, &request, false);
			add_response(w, &in, &request, true);
		}
	sign_and_compare(w);
	assert_int_equal(w->total, COUNT(response_codes) * COUNT(request_codes) * VARIANTS * VARIANTS * 2);
	work_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_are_checked_like_one),
		cmocka_unit_test(many_are_signed_like_one),
		cmocka_unit_test(requests_signed_later),
		cmocka_unit_test(responses_signed_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
