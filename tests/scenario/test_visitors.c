/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about what peers that connect to us send: what closes their connection, what does not, and
 * how it is cut up (P-TCP-35, P-TCP-38, 39, P-ERR-10, P-SS, P-STR). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/build.h"
#include "sim.h"

static const uint8_t some_auth[16] = "0123456789abcde";

/* The visitor understands Protocol-Error, and what it asks goes to the server. */
static struct sim_conn *
begin(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_server(s);
	sim_ini(s, "[peer visitor]\nprotocol-error = yes");
	sim_start(s);
	return sim_visit(s);
}

/* A request put together by hand. */
struct made {
	struct rgw_builder b;
	uint8_t data[4096];
	size_t len;
};

static void
make(struct made *m, uint8_t code, uint8_t id, bool msgauth)
{
	bool is_signed = code == 4 || code == 40 || code == 43;

	rgw_build_begin(&m->b, m->data, sizeof m->data, code, id, is_signed ? NULL : some_auth, msgauth);
}

static void
finish(struct made *m)
{
	struct rgw_secret *secret = rgw_secret_new(SIM_RADSEC, strlen(SIM_RADSEC));

	m->len = rgw_build_request(&m->b, secret);
	assert_true(m->len > 0);
	rgw_secret_free(secret);
}

/* Fills the packet up to a length, which must be possible. */
static void
pad(struct made *m, size_t len)
{
	static const uint8_t filler[253] = { 'x' };

	while (m->b.w.len + 255 + 3 <= len)
		rgw_build_attr(&m->b, RGW_REPLY_MESSAGE, filler, sizeof filler);
	while (m->b.w.len < len) {
		size_t left = len - m->b.w.len;
		size_t n = left > 255 ? left - 3 : left;

		rgw_build_attr(&m->b, RGW_REPLY_MESSAGE, filler, n - 2);
	}
}

/* The request was answered with that code and that Error-Cause; sim.c has verified the authenticators. */
static void
assert_answered(const struct sim_req *r, uint8_t code, uint32_t cause)
{
	struct rgw_packet p;

	assert_int_equal(r->answers, 1);
	assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
	assert_int_equal(p.code, code);
	assert_int_equal(rgw_packet_error_cause(&p), cause);
}

/* The request was answered with a Protocol-Error that says this (P-ERR-1, 2). */
static void
assert_refused(const struct sim_req *r, uint32_t cause)
{
	struct rgw_packet p;

	assert_int_equal(r->answers, 1);
	assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
	assert_int_equal(p.code, RGW_PROTOCOL_ERROR);
	assert_int_equal(rgw_packet_error_cause(&p), cause);
	assert_int_equal(rgw_packet_original_code(&p), r->data[0]);
	assert_int_equal(p.n_msgauth, 1);
	assert_int_equal(p.data[20], RGW_MESSAGE_AUTHENTICATOR);
}

/* ---- what closes a connection (RFC 6613 2.6.4) ---- */

/* What is wrong with a packet, under the identifier 77. */
struct fault {
	const char *rule;              /* part of what the log must say */
	enum rgw_counter counter;
	uint8_t code;
	bool msgauth;                  /* the packet has one ... */
	size_t flip;                   /* ... and the octet at this offset is wrong; 0 = none */
	const char *octets;            /* or the packet is just these after its authenticator */
	uint16_t n_octets;
	uint16_t length;               /* and its Length field says this */
};

#define LENGTH_ZERO "\x01\x00"
#define LENGTH_ONE "\x01\x01"

static const struct fault faults[] = {
	{ .rule = "below 20", .counter = RGW_CTR_tls_malformed, .code = 1, .octets = "", .length = 19 },
	{ .rule = "below 20", .counter = RGW_CTR_tls_malformed, .code = 1, .octets = "", .length = 0 },
	{ .rule = "above 4096", .counter = RGW_CTR_tls_malformed, .code = 1, .octets = "",
	    .length = 4097 },
	{ .rule = "above 4096", .counter = RGW_CTR_tls_malformed, .code = 1, .octets = "",
	    .length = 65535 },
	{ .rule = "length of 0 or 1", .counter = RGW_CTR_tls_malformed, .code = 1,
	    .octets = LENGTH_ZERO, .n_octets = 2, .length = 22 },
	{ .rule = "length of 0 or 1", .counter = RGW_CTR_tls_malformed, .code = 1,
	    .octets = LENGTH_ONE, .n_octets = 2, .length = 22 },
	{ .rule = "do not fill", .counter = RGW_CTR_tls_malformed, .code = 1, .octets = "\x01\x04" "a",
	    .n_octets = 3, .length = 23 },
	{ .rule = "do not fill", .counter = RGW_CTR_tls_malformed, .code = 1,
	    .octets = "\x01\x03" "a\x01", .n_octets = 4, .length = 24 },
	/* The rule holds even for a code that nobody knows. */
	{ .rule = "do not fill", .counter = RGW_CTR_tls_malformed, .code = 99,
	    .octets = "\x01\x04" "a", .n_octets = 3, .length = 23 },
	{ .rule = "Request Authenticator", .counter = RGW_CTR_tls_bad_authenticator, .code = 4,
	    .flip = 4 },
	{ .rule = "Request Authenticator", .counter = RGW_CTR_tls_bad_authenticator, .code = 40,
	    .flip = 19 },
	{ .rule = "Request Authenticator", .counter = RGW_CTR_tls_bad_authenticator, .code = 43,
	    .flip = 10 },
	{ .rule = "Message-Authenticator", .counter = RGW_CTR_tls_bad_message_authenticator, .code = 1,
	    .msgauth = true, .flip = 22 },
	{ .rule = "Message-Authenticator", .counter = RGW_CTR_tls_bad_message_authenticator, .code = 1,
	    .msgauth = true, .flip = 4 },
	{ .rule = "Message-Authenticator", .counter = RGW_CTR_tls_bad_message_authenticator,
	    .code = 12, .msgauth = true, .flip = 37 },
	{ .rule = "Message-Authenticator", .counter = RGW_CTR_tls_bad_message_authenticator, .code = 1,
	    .octets = "\x50\x03x", .n_octets = 3, .length = 23 },
};

static void
make_faulty(struct made *m, const struct fault *f)
{
	make(m, f->code, 77, f->msgauth);
	rgw_build_attr(&m->b, RGW_USER_NAME, "user@example.org", 16);
	finish(m);
	if (f->flip != 0)
		m->data[f->flip] ^= 1;
	if (f->octets == NULL)
		return;
	memcpy(m->data + 20, f->octets, f->n_octets);
	m->len = 20u + f->n_octets;
	m->data[2] = (uint8_t)(f->length >> 8);
	m->data[3] = (uint8_t)f->length;
}

/* A fault closes only the connection that sent it, and what was asked on it ends (P-TCP-35, 37, P-TLS-29). */
static void
fault_closes_its_connection_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		const struct fault *f = &faults[i];
		struct sim s;
		struct sim_conn *bad = begin(&s);
		struct sim_conn *good = sim_visit(&s);
		struct sim_req *lost, *kept;
		struct made m;
		char code[32];

		s.server.answer = SIM_SILENT;
		lost = sim_ask(&s, bad, 1, 1, "user@example.org");
		kept = sim_ask(&s, good, 1, 1, "user@example.org");
		make_faulty(&m, f);
		sim_octets(&s, bad, m.data, m.len);
		assert_true(bad->closed_by_engine);
		assert_string_equal(s.last_event, "connection-closed");
		assert_non_null(strstr(s.last_line, "visitor"));
		assert_non_null(strstr(s.last_line, f->rule));
		assert_non_null(strstr(s.last_line, "id=77"));
		assert_non_null(strstr(s.last_line, "not worked on any more"));
		snprintf(code, sizeof code, "code_number=%u", f->code);
		assert_non_null(strstr(s.last_line, code));
		assert_int_equal(sim_counter(&s, f->counter), 1);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_gone), 1);
		assert_true(good->up);
		sim_server_reply(&s, s.got[0], 0);
		sim_server_reply(&s, s.got[1], 0);
		assert_int_equal(lost->answers, 0);
		assert_int_equal(kept->answers, 1);
		assert_int_equal(s.n_got, 2);
		sim_end(&s);
	}
}

/* Packets that were sent before the fault have been taken, those that follow it have not. */
static void
fault_amid_good_packets(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct made good[2], bad;
	uint8_t all[3 * 4096];
	size_t len = 0;

	(void)state;
	for (uint8_t i = 0; i < 2; i++) {
		make(&good[i], 1, i, true);
		finish(&good[i]);
	}
	make_faulty(&bad, &faults[4]);
	memcpy(all, good[0].data, good[0].len);
	len += good[0].len;
	memcpy(all + len, bad.data, bad.len);
	len += bad.len;
	memcpy(all + len, good[1].data, good[1].len);
	len += good[1].len;
	sim_octets(&s, c, all, len);
	assert_true(c->closed_by_engine);
	assert_int_equal(s.n_got, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_tls_received), 2);
	sim_end(&s);
}

/* P-DUP-6: a forgery does not touch what is kept; it closes the connection, which is enough. */
static void
forgery_is_not_taken_for_a_new_request(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r;
	uint8_t forged[4096];

	(void)state;
	s.server.answer = SIM_SILENT;
	r = sim_ask(&s, c, 1, 7, "user@example.org");
	memcpy(forged, r->data, r->len);
	forged[4] ^= 1;
	sim_octets(&s, c, forged, r->len);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_gone), 1);
	sim_end(&s);
}

/* ---- what does not close it (P-TCP-38, 39) ---- */

static void
answers_from_a_client_are_dropped(void **state)
{
	static const uint8_t codes[] = { 2, 3, 5, 11, 41, 42, 44, 45, 52 };
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r;
	struct made m;

	(void)state;
	s.server.answer = SIM_SILENT;
	r = sim_ask(&s, c, 1, 7, "user@example.org");
	for (size_t i = 0; i < sizeof codes; i++) {
		make(&m, codes[i], 7, false);
		finish(&m);
		sim_octets(&s, c, m.data, m.len);
		assert_int_equal(sim_counter(&s, RGW_CTR_peer_unexpected_code), i + 1);
		assert_string_equal(s.last_event, "unexpected-code");
	}
	assert_true(c->up);
	assert_int_equal(c->sent, 0);
	sim_server_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* P-ERR-10: codes that nobody knows, and requests that are not served here. */
static void
unknown_codes_are_refused(void **state)
{
	static const uint8_t codes[] = { 6, 13, 40, 43, 99, 254, 255 };
	struct sim s;
	struct sim_conn *c = begin(&s);

	(void)state;
	for (size_t i = 0; i < sizeof codes; i++) {
		struct sim_req *r = sim_ask(&s, c, codes[i], 9, "user@example.org");

		if (codes[i] == 40 || codes[i] == 43)
			assert_answered(r, codes[i] + 2, RGW_CAUSE_UNSUPPORTED_EXTENSION);
		else
			assert_refused(r, RGW_CAUSE_UNSUPPORTED_EXTENSION);
		assert_int_equal(sim_counter(&s, RGW_CTR_tls_bad_code), i + 1);
	}
	assert_true(c->up);
	assert_int_equal(s.n_got, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 0);
	sim_end(&s);
}

/* P-ERR-10: to a peer of which nobody has said that it understands Protocol-Error, none is sent, whatever ends a
 * request here. A login is rejected, and accounting gets nothing that it could take for an acknowledgement. */
static void
ordinary_peers_get_ordinary_answers(void **state)
{
	static const uint8_t unknown[] = { 6, 13, 99, 254, 255 };
	static const char *const services[] = { "auth", "acct", "auth, acct" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sim s;
		struct sim_conn *c;
		struct sim_req *auth, *acct;

		sim_init(&s, "198.51.100.1");
		sim_ini(&s, "[peer visitor]\nallow = %s\n[realm nobody.example]\nreject = No.", services[i]);
		sim_start(&s);
		c = sim_visit(&s);
		for (size_t k = 0; k < sizeof unknown; k++)
			assert_int_equal(sim_ask(&s, c, unknown[k], 9, "user@nobody.example")->answers, 0);
		assert_answered(sim_ask(&s, c, 40, 9, "user@nobody.example"), 42, RGW_CAUSE_UNSUPPORTED_EXTENSION);
		assert_answered(sim_ask(&s, c, 43, 9, "user@nobody.example"), 45, RGW_CAUSE_UNSUPPORTED_EXTENSION);
		auth = sim_ask(&s, c, 1, 1, "user@nobody.example");
		acct = sim_ask(&s, c, 4, 1, "user@nobody.example");
		assert_int_equal(auth->answers, 1);
		assert_int_equal(auth->answer[0], RGW_ACCESS_REJECT);
		assert_int_equal(acct->answers, 0);
		assert_true(c->up);
		sim_end(&s);
	}
}

/* A Message-Authenticator of a code that nobody knows cannot be judged. */
static void
unknown_code_with_an_odd_message_authenticator(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r;
	struct made m;

	(void)state;
	make(&m, 99, 1, false);
	rgw_build_attr(&m.b, RGW_MESSAGE_AUTHENTICATOR, "what could it be", 16);
	finish(&m);
	r = sim_ask_octets(&s, c, m.data, m.len);
	assert_refused(r, RGW_CAUSE_UNSUPPORTED_EXTENSION);
	assert_true(c->up);
	sim_end(&s);
}

/* Codes that the option `allow` of the peer does not name are refused. */
static void
codes_that_are_not_allowed(void **state)
{
	static const char *const services[] = { "auth", "acct" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t good = i == 0 ? 1 : 4;
		struct sim s;
		struct sim_conn *c;
		struct sim_req *r, *q;

		sim_init(&s, "198.51.100.1");
		sim_to_server(&s);
		sim_ini(&s, "[peer visitor]\nallow = %s\nprotocol-error = yes", services[i]);
		sim_start(&s);
		c = sim_visit(&s);
		r = sim_ask(&s, c, 5 - good, 1, "user@example.org");
		q = sim_ask(&s, c, good, 1, "user@example.org");
		assert_refused(r, RGW_CAUSE_UNSUPPORTED_EXTENSION);
		assert_int_equal(sim_counter(&s, RGW_CTR_tls_bad_code), 1);
		sim_run(&s, 100);
		assert_int_equal(q->answers, 1);
		assert_int_equal(q->answer[0], good + 1);
		assert_int_equal(s.n_got, 1);
		sim_end(&s);
	}
}

/* P-BR-12: TLS protects the request; towards the server there is one again (P-GW-15), and the answer
 * has one. The first has EAP, the second neither EAP nor a password. */
static void
missing_message_authenticator_is_no_fault(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);

	(void)state;
	for (uint8_t i = 0; i < 2; i++) {
		struct sim_req *r;
		struct made m;

		make(&m, 1, i, false);
		rgw_build_attr(&m.b, RGW_USER_NAME, "user@example.org", 16);
		if (i == 0)
			rgw_build_attr(&m.b, RGW_EAP_MESSAGE, "\x02\x01\x00\x05\x01", 5);
		finish(&m);
		r = sim_ask_octets(&s, c, m.data, m.len);
		sim_run(&s, 100);
		assert_int_equal(r->answers, 1);
		assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	}
	assert_int_equal(s.n_got, 2);
	sim_end(&s);
}

/* Attributes that nobody knows, or of a length that they cannot have, go on as they are. */
static void
unknown_attributes_pass(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r;
	struct made m;

	(void)state;
	make(&m, 1, 1, true);
	rgw_build_attr(&m.b, 250, "?", 1);
	rgw_build_attr(&m.b, 0, NULL, 0);
	rgw_build_attr(&m.b, RGW_NAS_IP_ADDRESS, "\x01\x02", 2);
	rgw_build_attr(&m.b, RGW_VENDOR_SPECIFIC, "\xff", 1);
	rgw_build_attr(&m.b, RGW_EXTENDED_1, "\x7f", 1);
	finish(&m);
	r = sim_ask_octets(&s, c, m.data, m.len);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	/* A Proxy-State of ours stands behind them. */
	assert_int_equal(s.got[0]->len, m.len + 15);
	assert_memory_equal(s.got[0]->data + 38, m.data + 38, m.len - 38);
	sim_end(&s);
}

/* P-PRX: Proxy-States that are too many show a loop over other proxies; the limit is exact, and 0 is none. */
static void
too_many_proxy_states(void **state)
{
	(void)state;
	for (uint32_t limit = 0; limit <= 4; limit += 4)
		for (unsigned n = 4; n <= 5; n++) {
			bool pass = limit == 0 || n <= limit;
			struct sim s;
			struct sim_conn *c;
			struct sim_req *r;
			struct made m;

			sim_init(&s, "198.51.100.1");
			sim_to_server(&s);
			sim_ini(&s, "[gateway]\nloop-limit = %u", limit);
			sim_start(&s);
			c = sim_visit(&s);
			make(&m, 1, 1, true);
			for (unsigned i = 0; i < n; i++)
				rgw_build_attr(&m.b, RGW_PROXY_STATE, "again", 5);
			finish(&m);
			r = sim_ask_octets(&s, c, m.data, m.len);
			sim_run(&s, 100);
			assert_int_equal(r->answers, pass);
			assert_int_equal(s.n_got, pass);
			assert_int_equal(sim_counter(&s, RGW_CTR_tls_too_many_proxy_states), !pass);
			assert_true(c->up);
			sim_end(&s);
		}
}

/* ---- Status-Server ---- */

/* P-SS-4, P-SS-20, P-SS-23, P-PRX-15: Status-Server is answered here, never sent on, and counts as no request. */
static void
status_server_is_answered_here(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r;

	(void)state;
	for (uint8_t i = 1; i <= 3; i++) {
		r = sim_ask(&s, c, 12, 0, NULL);
		assert_int_equal(r->answers, 1);
		assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
		assert_int_equal(r->answer[20], RGW_MESSAGE_AUTHENTICATOR);
		assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), i);
	}
	assert_int_equal(s.n_sources, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 0);
	sim_end(&s);
	/* A visitor that may send accounting only gets the same on this port. */
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer visitor]\nallow = acct");
	sim_start(&s);
	r = sim_ask(&s, sim_visit(&s), 12, 0, NULL);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	sim_end(&s);
}

/* P-SS-3: a Status-Server with attributes that have no place in it is answered like any other. */
static void
status_server_with_more_in_it(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct made m;

	(void)state;
	make(&m, 12, 0, true);
	rgw_build_attr(&m.b, RGW_USER_NAME, "user@example.org", 16);
	rgw_build_attr(&m.b, 200, "unknown", 7);
	finish(&m);
	sim_octets(&s, c, m.data, m.len);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 0);
	assert_true(c->up);
	s.expected_foreign = 1;
	sim_end(&s);
}

/* P-SS-9: a Status-Server without Message-Authenticator is dropped; that a bad one closes is shown above. */
static void
status_server_needs_message_authenticator(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct made m;

	(void)state;
	make(&m, 12, 0, false);
	finish(&m);
	sim_octets(&s, c, m.data, m.len);
	assert_int_equal(c->sent, 0);
	assert_true(c->up);
	assert_int_equal(sim_counter(&s, RGW_CTR_tls_missing_message_authenticator), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 0);
	assert_string_equal(s.last_event, "missing-message-authenticator");
	sim_end(&s);
}

/* Answers that the gateway makes itself are not kept, so they are dropped and forgotten if the buffer is full. */
static void
own_answers_and_a_full_buffer(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r, *q;

	(void)state;
	c->full = true;
	r = sim_ask(&s, c, 12, 0, NULL);
	q = sim_ask(&s, c, 99, 0, NULL);
	assert_int_equal(sim_counter(&s, RGW_CTR_tls_answers_dropped), 2);
	c->full = false;
	sim_octets(&s, c, r->data, r->len);
	sim_octets(&s, c, q->data, q->len);
	assert_int_equal(r->answers, 1);
	assert_int_equal(q->answers, 1);
	sim_end(&s);
}

/* ---- packets in pieces, and of all sizes (P-STR-7, P-PKT-2) ---- */

/* Notes a request whose octets the story sends by itself. */
static struct sim_req *
announce(struct sim *s, struct sim_conn *c, const struct made *m)
{
	struct sim_req *r;

	c->up = false;
	r = sim_ask_octets(s, c, m->data, m->len);
	c->up = true;
	return r;
}

static void
octet_by_octet(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r[3];
	struct made m;

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		make(&m, 1, i, true);
		rgw_build_attr(&m.b, RGW_USER_NAME, "user@example.org", 16);
		finish(&m);
		r[i] = announce(&s, c, &m);
		for (size_t at = 0; at < m.len; at++) {
			assert_int_equal(s.n_got, i);
			sim_octets(&s, c, m.data + at, 1);
		}
		assert_int_equal(s.n_got, i + 1u);
	}
	sim_run(&s, 100);
	for (int i = 0; i < 3; i++)
		assert_int_equal(r[i]->answers, 1);
	sim_end(&s);
}

static void
many_in_one_piece(void **state)
{
	static uint8_t all[200 * 64];
	struct sim s;
	struct sim_conn *c = begin(&s);
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct made m;

		make(&m, i % 3 == 0 ? 4 : 1, (uint8_t)i, i % 3 == 1);
		rgw_build_attr(&m.b, RGW_USER_NAME, "u@example.org", 13);
		finish(&m);
		announce(&s, c, &m);
		memcpy(all + len, m.data, m.len);
		len += m.len;
	}
	sim_octets(&s, c, all, len);
	assert_int_equal(s.n_got, 200);
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 200);
	assert_int_equal(c->sent, 200);
	sim_end(&s);
}

static void
smallest_requests(void **state)
{
	static const uint8_t codes[] = { 1, 4 };
	struct sim s;
	struct sim_conn *c = begin(&s);

	(void)state;
	for (uint8_t i = 0; i < 2; i++) {
		struct sim_req *r;
		struct made m;

		make(&m, codes[i], 1, false);
		finish(&m);
		assert_int_equal(m.len, 20);
		r = sim_ask_octets(&s, c, m.data, m.len);
		sim_run(&s, 100);
		assert_int_equal(r->answers, 1);
	}
	sim_end(&s);
}

/* P-ATT-16: a request with a Message-Authenticator is as long on the way out; without one it would grow. */
static void
longest_requests(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r;
	struct made m;

	(void)state;
	make(&m, 1, 1, true);
	pad(&m, 4096);
	finish(&m);
	assert_int_equal(m.len, 4096);
	r = sim_ask_octets(&s, c, m.data, m.len);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	assert_int_equal(s.got[0]->len, 4096);
	make(&m, 1, 2, false);
	pad(&m, 4096);
	finish(&m);
	r = sim_ask_octets(&s, c, m.data, m.len);
	assert_refused(r, RGW_CAUSE_OTHER_PROXY_ERROR);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_too_big), 1);
	make(&m, 4, 3, false);
	pad(&m, 4096);
	finish(&m);
	r = sim_ask_octets(&s, c, m.data, m.len);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_true(c->up);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fault_closes_its_connection_only),
		cmocka_unit_test(fault_amid_good_packets),
		cmocka_unit_test(forgery_is_not_taken_for_a_new_request),
		cmocka_unit_test(answers_from_a_client_are_dropped),
		cmocka_unit_test(unknown_codes_are_refused),
		cmocka_unit_test(ordinary_peers_get_ordinary_answers),
		cmocka_unit_test(unknown_code_with_an_odd_message_authenticator),
		cmocka_unit_test(codes_that_are_not_allowed),
		cmocka_unit_test(missing_message_authenticator_is_no_fault),
		cmocka_unit_test(unknown_attributes_pass),
		cmocka_unit_test(too_many_proxy_states),
		cmocka_unit_test(status_server_is_answered_here),
		cmocka_unit_test(status_server_with_more_in_it),
		cmocka_unit_test(status_server_needs_message_authenticator),
		cmocka_unit_test(own_answers_and_a_full_buffer),
		cmocka_unit_test(octet_by_octet),
		cmocka_unit_test(many_in_one_piece),
		cmocka_unit_test(smallest_requests),
		cmocka_unit_test(longest_requests),
	};

	return cmocka_run_group_tests_name("visitors", tests, NULL, NULL);
}
