/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about what comes back from a server over UDP: good, forged, malformed, without protection
 * (P-BR-5, 6, 8, P-MA-6, P-AUT-5, P-PKT-5, 6, P-COD-2). Nothing of it has a consequence but a line. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/build.h"
#include "sim.h"

#define USER "user@example.org"

static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_server(s);
	s->server.answer = SIM_SILENT;
}

/* An answer made by hand, sent from the server. */
struct made {
	uint8_t code;
	bool msgauth;
	bool eap;
	uint32_t cause;    /* Error-Cause, or 0 for none */
	bool bad_auth;     /* the Response Authenticator is wrong */
	bool bad_msgauth;  /* it is right, and Message-Authenticator is wrong */
};

static void
send_made(struct sim *s, const struct sim_got *g, struct made m)
{
	struct rgw_secret *secret = rgw_secret_new(SIM_LOCAL, strlen(SIM_LOCAL));
	struct rgw_builder b;
	uint8_t out[256];
	size_t len;

	rgw_build_begin(&b, out, sizeof out, m.code, g->data[1], NULL, m.msgauth);
	if (m.eap)
		rgw_build_attr(&b, RGW_EAP_MESSAGE, "\x03\x01\x00\x04", 4);
	if (m.cause != 0)
		rgw_build_u32(&b, RGW_ERROR_CAUSE, m.cause);
	if (m.bad_msgauth)
		rgw_build_attr(&b, RGW_MESSAGE_AUTHENTICATOR, "0123456789abcdef", 16);
	len = rgw_build_response(&b, g->data + 4, secret);
	assert_true(len > 0);
	if (m.bad_auth)
		out[4] ^= 1;
	sim_server_octets(s, g->source, out, len);
	rgw_secret_free(secret);
}

/* Asks, gets this answer, and tells whether it was good. The next request is independent of it. */
static bool
good_answer(struct sim *s, uint8_t code, struct made m)
{
	struct sim_req *r = sim_request(s, code, 5000, (uint8_t)s->n_reqs, USER);
	struct sim_got *g = s->got[s->n_got - 1];
	bool good;

	assert_int_equal(g->nonce, r->nonce);
	send_made(s, g, m);
	good = r->answers > 0;
	if (!good) {
		/* The request still waits, and the right answer counts. */
		sim_server_reply(s, g, 0);
		assert_int_equal(r->answers, 1);
	}
	return good;
}

static const struct made plain = { .code = 2 };
static const struct made with_msgauth = { .code = 2, .msgauth = true };
static const struct made plain_eap = { .code = 2, .eap = true };

/* P-BR-5: all four codes that answer an Access-Request need a Message-Authenticator if it is required; accounting is
 * not affected (P-BR-14). */
static void
message_authenticator_required(void **state)
{
	static const uint8_t codes[] = { 2, 3, 11, 52 };
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[server local]\nrequire-message-authenticator = yes\n[client nas]\nprotocol-error = yes");
	sim_start(&s);
	for (size_t i = 0; i < sizeof codes; i++) {
		assert_false(good_answer(&s, 1, (struct made){ .code = codes[i] }));
		assert_int_equal(sim_counter(&s, RGW_CTR_response_missing_message_authenticator), i + 1);
		assert_true(good_answer(&s, 1, (struct made){ .code = codes[i], .msgauth = true }));
	}
	assert_true(good_answer(&s, 4, (struct made){ .code = 5 }));
	/* The Message-Authenticator is looked for before the authenticator is verified: the counter tells. */
	assert_false(good_answer(&s, 1, (struct made){ .code = 2, .bad_auth = true }));
	assert_int_equal(sim_counter(&s, RGW_CTR_response_missing_message_authenticator), 5);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_authenticator), 0);
	sim_end(&s);
}

/* P-BR-6: with `no`, a Message-Authenticator is never demanded but for EAP, whatever was seen. */
static void
message_authenticator_not_required(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[server local]\nrequire-message-authenticator = no");
	sim_start(&s);
	assert_true(good_answer(&s, 1, plain));
	assert_true(good_answer(&s, 1, with_msgauth));
	assert_true(good_answer(&s, 1, plain));
	/* P-MA-6 */
	assert_false(good_answer(&s, 1, plain_eap));
	assert_int_equal(sim_counter(&s, RGW_CTR_response_missing_message_authenticator), 1);
	assert_true(good_answer(&s, 1, (struct made){ .code = 11, .eap = true, .msgauth = true }));
	sim_end(&s);
}

/* P-BR-8: the first answer with a Message-Authenticator decides; an answer with EAP must have one, so it shows
 * nothing. */
static void
message_authenticator_is_learned(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	assert_true(good_answer(&s, 1, plain));
	assert_true(good_answer(&s, 1, (struct made){ .code = 11, .eap = true, .msgauth = true }));
	assert_true(good_answer(&s, 4, (struct made){ .code = 5, .msgauth = true }));
	assert_true(good_answer(&s, 1, plain));
	assert_true(good_answer(&s, 1, with_msgauth));
	assert_false(good_answer(&s, 1, plain));
	assert_int_equal(sim_counter(&s, RGW_CTR_response_missing_message_authenticator), 1);
	sim_end(&s);
}

/* P-BR-8: while nothing is decided, its answers are taken, and once a day a line says what that means. */
static void
undecided_servers_are_named_once_a_day(void **state)
{
	static const struct {
		struct made answer;
		unsigned lines;    /* one that it was answered, and one about the server */
		rgw_ms after;
	} rows[] = {
		{ { .code = 11, .eap = true, .msgauth = true }, 1, 0 },
		{ { .code = 2 }, 2, 0 },
		{ { .code = 2 }, 1, 86000000 },
		{ { .code = 2 }, 2, 86400000 },
	};
	struct sim s;

	(void)state;
	init(&s);
	/* Without the lines that say the same of the client. */
	sim_ini(&s, "[client nas]\nrequire-message-authenticator = no\nlimit-proxy-state = no");
	sim_start(&s);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned lines;

		sim_run(&s, rows[i].after);
		lines = s.log_lines;
		assert_true(good_answer(&s, 1, rows[i].answer));
		assert_int_equal(s.log_lines - lines, rows[i].lines);
	}
	sim_end(&s);
}

/* Nobody stands between us and a server on this machine, and a proxy there may sign some answers and not others. */
static void
nothing_is_learned_on_loopback(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[server local]\nauth = 127.0.0.99\nacct = 127.0.0.99");
	sim_start(&s);
	assert_true(good_answer(&s, 1, with_msgauth));
	assert_true(good_answer(&s, 1, plain));
	sim_end(&s);
}

/* Nobody but the server teaches the gateway that. */
static void
nothing_is_learned_from_forgeries(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_start(&s);
	r = sim_request(&s, 1, 6000, 1, USER);
	send_made(&s, s.got[0], (struct made){ .code = 2, .msgauth = true, .bad_auth = true });
	send_made(&s, s.got[0], (struct made){ .code = 2, .bad_msgauth = true });
	send_made(&s, s.got[0], plain);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* P-AUT-5, P-MA-3: a forged answer is dropped, the request goes on, and the server is not taken to live for it. */
static void
forged_answers_are_dropped(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_start(&s);
	c = sim_visit(&s);
	r = sim_ask(&s, c, 1, 1, USER);
	send_made(&s, s.got[0], (struct made){ .code = 2, .bad_auth = true });
	assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_authenticator), 1);
	assert_string_equal(s.last_event, "bad-response");
	send_made(&s, s.got[0], (struct made){ .code = 2, .bad_msgauth = true });
	assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_message_authenticator), 1);
	assert_int_equal(r->answers, 0);
	sim_run(&s, 3000);
	assert_int_equal(s.got[0]->copies, 2);
	sim_run(&s, 27000);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 1);
	send_made(&s, s.got[0], (struct made){ .code = 2, .bad_auth = true });
	assert_int_equal(sim_counter(&s, RGW_CTR_server_revived), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_unmatched), 1);
	assert_true(c->up);
	sim_end(&s);
}

static void
malformed_datagrams_are_dropped(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
	} rows[] = {
		{ "", 0 }, { "\x02", 1 }, { "\x02\x01\x00", 3 }, { "\x02\x01\x00\x14", 4 },
		{ "\x02\x01\x00\x14" "0123456789abcde", 19 },           /* one octet too few */
		{ "\x02\x01\x00\x13" "0123456789abcdef", 20 },          /* Length 19 */
		{ "\x02\x01\x10\x01" "0123456789abcdef", 20 },          /* Length 4097 */
		{ "\x02\x01\x00\x15" "0123456789abcdef", 20 },          /* Length 21 */
		{ "\x02\x01\x00\x16" "0123456789abcdef" "\x01\x00", 22 },
		{ "\x02\x01\x00\x16" "0123456789abcdef" "\x01\x01", 22 },
		{ "\x02\x01\x00\x16" "0123456789abcdef" "\x01\x03", 22 },
	};
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		sim_server_octets(&s, s.sources[0], rows[i].octets, rows[i].len);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_malformed), i + 1);
		assert_string_equal(s.last_event, "malformed-datagram");
		assert_non_null(strstr(s.last_line, "local"));
	}
	sim_server_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_received),
	    sizeof rows / sizeof rows[0] + 1);
	sim_end(&s);
}

/* Octets behind the packet are padding (P-PKT-4). */
static void
padding_is_ignored(void **state)
{
	struct rgw_secret *secret = rgw_secret_new(SIM_LOCAL, strlen(SIM_LOCAL));
	struct sim s;
	struct sim_req *r;
	struct rgw_builder b;
	uint8_t out[256] = { 0 };
	size_t len;

	(void)state;
	init(&s);
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	rgw_build_begin(&b, out, sizeof out, 2, s.got[0]->data[1], NULL, true);
	len = rgw_build_response(&b, s.got[0]->data + 4, secret);
	sim_server_octets(&s, s.sources[0], out, len + 7);
	assert_int_equal(r->answers, 1);
	rgw_secret_free(secret);
	sim_end(&s);
}

static void
answers_that_do_not_fit_are_dropped(void **state)
{
	static const uint8_t strange[] = { 1, 4, 12, 40, 41, 43, 44, 99, 255 };
	static const uint8_t pairs[] = { 5 };
	struct sim s;
	struct sim_req *r;
	struct sim_got stray;
	uint8_t octets[4096];

	(void)state;
	init(&s);
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	for (size_t i = 0; i < sizeof strange; i++) {
		send_made(&s, s.got[0], (struct made){ .code = strange[i] });
		assert_int_equal(sim_counter(&s, RGW_CTR_server_unexpected_code), i + 1);
	}
	for (size_t i = 0; i < sizeof pairs; i++) {
		send_made(&s, s.got[0], (struct made){ .code = pairs[i] });
		assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_pair), i + 1);
	}
	stray = *s.got[0];
	stray.data = memcpy(octets, stray.data, stray.len);
	stray.data[1] = (uint8_t)(stray.data[1] + 100);
	send_made(&s, &stray, with_msgauth);
	stray.data[1] = 0;
	send_made(&s, &stray, with_msgauth);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_unmatched), 2);
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_peer_unexpected_code), 0);
	sim_server_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* The answer of one socket does not count on another, though the identifier is the same (P-ID-1). */
static void
answer_to_another_socket(void **state)
{
	struct sim s;
	struct sim_req *r, *q;
	struct sim_got crossed;

	(void)state;
	init(&s);
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	q = sim_request(&s, 4, 5000, 1, USER);
	assert_int_equal(s.got[0]->data[1], s.got[1]->data[1]);
	crossed = *s.got[0];
	crossed.source = s.got[1]->source;
	send_made(&s, &crossed, with_msgauth);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_pair), 1);
	assert_int_equal(r->answers + q->answers, 0);
	sim_server_reply(&s, s.got[0], 0);
	sim_server_reply(&s, s.got[1], 0);
	assert_int_equal(r->answers + q->answers, 2);
	sim_end(&s);
}

/* P-ERR-8, 9: a Protocol-Error is not passed on, but told in our own words, with the cause if there is one. */
static void
protocol_error_from_the_server(void **state)
{
	static const uint32_t causes[][2] = { { 0, RGW_CAUSE_OTHER_PROXY_ERROR },
		{ RGW_CAUSE_NOT_ROUTABLE, RGW_CAUSE_NOT_ROUTABLE } };
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;
	struct rgw_packet p;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes");
	sim_start(&s);
	c = sim_visit(&s);
	for (uint8_t i = 0; i < 2; i++) {
		r = sim_ask(&s, c, 1, i, USER);
		send_made(&s, s.got[i], (struct made){ .code = 52, .msgauth = true, .cause = causes[i][0] });
		assert_int_equal(r->answers, 1);
		assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
		assert_int_equal(p.code, RGW_PROTOCOL_ERROR);
		assert_int_equal(rgw_packet_error_cause(&p), causes[i][1]);
	}
	/* An ordinary client hears nothing (P-ERR-11). */
	r = sim_request(&s, 1, 5000, 1, USER);
	send_made(&s, s.got[2], (struct made){ .code = 52, .msgauth = true });
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_refused), 3);
	assert_int_equal(rgw_gw_pending(s.gw), 0);
	sim_end(&s);
}

/* P-ATT-16: an answer that has 4096 octets with the Proxy-States of the asker has no room for a Message-Authenticator.
 * Inside TLS it goes without, and to a client that may do without, too; the others get nothing, and a line says why.
 * Over plain TCP nothing protects it, so there nobody gets it without, either (P-BR-2). */
static void
answer_without_room_for_a_message_authenticator(void **state)
{
	enum { VISITOR, PLAIN, STRICT, LAX, ALL };
	static const uint8_t filler[253] = { 'x' };
	struct rgw_secret *secret = rgw_secret_new(SIM_LOCAL, strlen(SIM_LOCAL));

	(void)state;
	for (int who = 0; who < ALL; who++) {
		bool refused = who == PLAIN || who == STRICT;
		struct sim s;
		struct sim_req *r;
		struct rgw_packet request;
		struct rgw_builder b;
		uint8_t out[4096];
		size_t len;

		init(&s);
		sim_ini(&s, "[client nas]\nreply-message-authenticator = %s", sim_yes(who == STRICT));
		if (who == PLAIN)
			sim_visitor_without_tls(&s);
		sim_start(&s);
		r = who <= PLAIN ? sim_ask(&s, sim_visit(&s), 1, 1, USER) : sim_request(&s, 1, 6000, 1, USER);
		rgw_build_begin(&b, out, sizeof out, 2, s.got[0]->data[1], NULL, false);
		request = sim_packet_of(r->data, r->len);
		rgw_build_copy(&b, &request, RGW_PROXY_STATE);
		while (b.w.len + 100 <= 4090)
			rgw_build_attr(&b, RGW_REPLY_MESSAGE, filler, 98);
		rgw_build_attr(&b, RGW_REPLY_MESSAGE, filler, 4096 - b.w.len - 2);
		len = rgw_build_response(&b, s.got[0]->data + 4, secret);
		sim_server_octets(&s, s.sources[0], out, len);
		assert_int_equal(r->answers, !refused);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_answer_too_big), refused);
		if (refused)
			assert_string_equal(s.last_event, "answer-too-big");
		else
			assert_int_equal(r->answer_len, 4096);
		sim_end(&s);
	}
	rgw_secret_free(secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_authenticator_required),
		cmocka_unit_test(message_authenticator_not_required),
		cmocka_unit_test(message_authenticator_is_learned),
		cmocka_unit_test(undecided_servers_are_named_once_a_day),
		cmocka_unit_test(nothing_is_learned_on_loopback),
		cmocka_unit_test(nothing_is_learned_from_forgeries),
		cmocka_unit_test(forged_answers_are_dropped),
		cmocka_unit_test(malformed_datagrams_are_dropped),
		cmocka_unit_test(padding_is_ignored),
		cmocka_unit_test(answers_that_do_not_fit_are_dropped),
		cmocka_unit_test(answer_to_another_socket),
		cmocka_unit_test(protocol_error_from_the_server),
		cmocka_unit_test(answer_without_room_for_a_message_authenticator),
	};

	return cmocka_run_group_tests_name("server_answers", tests, NULL, NULL);
}
