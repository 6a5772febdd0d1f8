/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about what peers send: good, bad, strange and in pieces (P-TCP-35 to 39, P-STR, P-ERR). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/build.h"
#include "sim.h"

/* A world in which one request waits for an answer that the story gives. */
static struct sim_req *
ask(struct sim *s, uint8_t code)
{
	struct sim_req *r;

	s->national.answer = SIM_SILENT;
	sim_start(s);
	r = sim_request(s, code, 5000, 7, "user@example.org");
	sim_run(s, 100);
	assert_int_equal(s->n_got, 1);
	return r;
}

/* P-TCP-35g: RFC 6613 closes the connection. Its request is not sent again; the others on it lose nothing. */
static void
wrong_authenticator_closes_and_nothing_is_lost(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	ask(&s, 1);
	for (unsigned i = 0; i < 20; i++)
		sim_request(&s, 1, 6000, (uint8_t)i, "user@example.org");
	s.national.answer = SIM_ANSWER;
	sim_reply_forged(&s, s.got[0]);
	assert_true(s.conns[0]->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_authenticator), 1);
	sim_run(&s, 1000);
	assert_int_equal(sim_answered(&s), 20);
	assert_int_equal(s.reqs[0]->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_bad_answer), 1);
	sim_end(&s);
}

/* P-TCP-36: with the option of the successor standard, an answer that does not verify is dropped, and the right one
 * still counts. */
static void
wrong_authenticator_is_discarded_if_so_configured(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nbad-response = discard");
	r = ask(&s, 1);
	sim_reply_forged(&s, s.got[0]);
	assert_int_equal(sim_count_up(&s), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_authenticator), 1);
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* P-TCP-35h: the Response Authenticator of the answer is right, and its Message-Authenticator is not. */
static void
wrong_message_authenticator_closes(void **state)
{
	struct rgw_secret *secret = rgw_secret_new("radsec", 6);
	struct sim s;
	struct rgw_builder b;
	uint8_t out[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	ask(&s, 1);
	rgw_build_begin(&b, out, sizeof out, RGW_ACCESS_ACCEPT, s.got[0]->data[1], NULL, false);
	rgw_build_attr(&b, RGW_MESSAGE_AUTHENTICATOR, "0123456789abcdef", 16);
	len = rgw_build_response(&b, s.got[0]->data + 4, secret);
	sim_octets(&s, s.conns[0], out, len);
	assert_true(s.conns[0]->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_message_authenticator), 1);
	rgw_secret_free(secret);
	sim_end(&s);
}

/* P-BR-12, P-TCP-39: on TLS an answer without Message-Authenticator is good; the NAS gets one that
 * has it, first (P-BR-2). */
static void
missing_message_authenticator_is_no_fault_on_tls(void **state)
{
	struct rgw_secret *secret = rgw_secret_new("radsec", 6);
	struct sim s;
	struct sim_req *r;
	struct rgw_builder b;
	uint8_t out[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	r = ask(&s, 1);
	rgw_build_begin(&b, out, sizeof out, RGW_ACCESS_REJECT, s.got[0]->data[1], NULL, false);
	len = rgw_build_response(&b, s.got[0]->data + 4, secret);
	sim_octets(&s, s.conns[0], out, len);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_REJECT);
	assert_int_equal(r->answer[20], RGW_MESSAGE_AUTHENTICATOR);
	rgw_secret_free(secret);
	sim_end(&s);
}

static void
second_answer_is_dropped(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	r = ask(&s, 1);
	sim_reply(&s, s.got[0], 0);
	sim_reply(&s, s.got[0], RGW_ACCESS_REJECT);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

/* P-TCP-38a, P-TCP-38c: an answer under an identifier for which nothing waits is dropped without a word to the peer. */
static void
unmatched_answer_is_dropped(void **state)
{
	struct sim s;
	struct sim_got stray;
	uint8_t octets[4096];

	(void)state;
	sim_init(&s, "198.51.100.1");
	ask(&s, 1);
	stray = *s.got[0];
	stray.data = memcpy(octets, stray.data, stray.len);
	stray.data[1] = 200;
	sim_reply(&s, &stray, 0);
	stray.data[1] = 0;
	sim_reply(&s, &stray, 0);
	/* An answer that is signed for an authenticator of zeros, which nobody sent, is dropped as well. */
	stray.data[1] = 200;
	memset(stray.data + 4, 0, 16);
	sim_reply(&s, &stray, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_unmatched), 3);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 0);
	assert_int_equal(sim_count_up(&s), 1);
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(sim_answered(&s), 1);
	sim_end(&s);
}

/* P-COD-2: an Accounting-Response does not answer an Access-Request; the request goes on waiting. */
static void
answer_of_the_wrong_kind_is_dropped(void **state)
{
	static const uint8_t wrong_for_auth[] = { 5, 41, 42, 44, 45 };
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	ask(&s, 1);
	for (size_t i = 0; i < sizeof wrong_for_auth; i++)
		sim_reply(&s, s.got[0], wrong_for_auth[i]);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_pair), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_peer_unexpected_code), 4);
	assert_int_equal(sim_count_up(&s), 1);
	sim_reply(&s, s.got[0], RGW_ACCESS_CHALLENGE);
	assert_int_equal(sim_answered(&s), 1);
	sim_end(&s);
}

/* P-TCP-39, P-RCA-6: requests and codes that nobody knows are dropped and close nothing. */
static void
unknown_codes_are_dropped(void **state)
{
	static const uint8_t odd[] = { 0, 1, 4, 6, 12, 13, 40, 43, 50, 255 };
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	ask(&s, 4);
	for (size_t i = 0; i < sizeof odd; i++) {
		const uint8_t packet[20] = { odd[i], 9, 0, 20 };

		sim_octets(&s, s.conns[0], packet, sizeof packet);
	}
	assert_int_equal(sim_counter(&s, RGW_CTR_peer_unexpected_code), sizeof odd);
	assert_int_equal(sim_count_up(&s), 1);
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(sim_answered(&s), 1);
	sim_end(&s);
}

/* RFC 5176: a peer that we connect to may ask to change a session. It is told that this is not served, with a cause of
 * the kind that belongs into a NAK (P-EC-1). If its request is not signed rightly, the request is dropped, for our own
 * requests have nothing to do with it. */
static void
dynamic_requests_get_a_nak(void **state)
{
	static const uint8_t codes[] = { 40, 43 };
	struct rgw_secret *secret = rgw_secret_new(SIM_RADSEC, strlen(SIM_RADSEC));
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	ask(&s, 1);
	for (size_t i = 0; i < 2; i++) {
		uint8_t packet[64];
		struct rgw_builder b;
		struct rgw_packet p;
		size_t len;

		rgw_build_begin(&b, packet, sizeof packet, codes[i], 7, NULL, i == 0);
		rgw_build_attr(&b, RGW_USER_NAME, "user@example.org", 16);
		len = rgw_build_request(&b, secret);
		sim_octets(&s, s.conns[0], packet, len);
		assert_int_equal(sim_counter(&s, RGW_CTR_tls_bad_code), i + 1);
		assert_int_equal(rgw_packet_parse(&p, s.heard, s.heard_len), RGW_PACKET_OK);
		assert_int_equal(p.code, codes[i] + 2);
		assert_int_equal(p.id, 7);
		assert_int_equal(rgw_packet_error_cause(&p), RGW_CAUSE_UNSUPPORTED_EXTENSION);
		packet[4] ^= 1;
		sim_octets(&s, s.conns[0], packet, len);
		assert_int_equal(sim_counter(&s, RGW_CTR_peer_unexpected_code), i + 1);
	}
	assert_int_equal(sim_count_up(&s), 1);
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(sim_answered(&s), 1);
	rgw_secret_free(secret);
	sim_end(&s);
}

/* P-TCP-35b, P-TCP-35c, P-TCP-35d and P-TCP-35e: a packet with lengths or attributes that cannot be closes the
 * connection. */
static void
malformed_packet_closes(void **state)
{
	static const struct {
		uint8_t octets[24];
		size_t len;
	} bad[] = {
		{ { 2, 1, 0, 19 }, 4 },                                     /* Length below 20 */
		{ { 2, 1, 0x10, 0x01 }, 4 },                                /* Length above 4096 */
		{ { 2, 1, 0, 22, [20] = 18, [21] = 0 }, 22 },               /* attribute of length 0 */
		{ { 2, 1, 0, 22, [20] = 18, [21] = 1 }, 22 },               /* of length 1 */
		{ { 2, 1, 0, 24, [20] = 18, [21] = 5 }, 24 },               /* runs past the end */
		{ { 2, 1, 0, 21, [20] = 18 }, 21 },                         /* one octet is left over */
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sim s;

		sim_init(&s, "198.51.100.1");
		ask(&s, 1);
		sim_request(&s, 1, 6000, 2, "user@example.org");
		s.national.answer = SIM_ANSWER;
		sim_octets(&s, s.conns[0], bad[i].octets, bad[i].len);
		assert_true(s.conns[0]->closed_by_engine);
		assert_int_equal(sim_counter(&s, RGW_CTR_tls_malformed), 1);
		assert_string_equal(s.last_event, "connection-closed");
		sim_run(&s, 1000);
		/* Only the request under the identifier 1 is stopped. */
		assert_int_equal(sim_answered(&s), 1);
		assert_int_equal(s.reqs[1]->answers, 1);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_bad_answer), 1);
		sim_end(&s);
	}
}

/* P-STR-2, P-STR-7: an answer in single octets, and two in one piece. */
static void
any_fragmentation_is_read(void **state)
{
	struct rgw_secret *secret = rgw_secret_new("radsec", 6);
	struct sim s;
	uint8_t out[512];
	size_t len = 0;

	(void)state;
	sim_init(&s, "198.51.100.1");
	ask(&s, 1);
	sim_request(&s, 1, 5000, 8, "user@example.org");
	for (int i = 0; i < 2; i++) {
		struct rgw_builder b;

		rgw_build_begin(&b, out + len, sizeof out - len, 2, s.got[i]->data[1], NULL, true);
		len += rgw_build_response(&b, s.got[i]->data + 4, secret);
	}
	for (size_t i = 0; i < len / 2; i++)
		sim_octets(&s, s.conns[0], out + i, 1);
	assert_int_equal(sim_answered(&s), 1);
	sim_octets(&s, s.conns[0], out + len / 2, len - len / 2);
	assert_int_equal(sim_answered(&s), 2);
	rgw_secret_free(secret);
	sim_end(&s);
}

/* P-STR-6: the rest of a packet does not come, so its connection is closed. */
static void
incomplete_packet_has_a_deadline(void **state)
{
	static const uint8_t start[] = { 2, 1, 0 };
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	ask(&s, 1);
	sim_octets(&s, s.conns[0], start, sizeof start);
	sim_run(&s, 5000);
	/* One more octet does not stretch the deadline. */
	sim_octets(&s, s.conns[0], "\x40", 1);
	sim_run(&s, 4999);
	assert_false(s.conns[0]->closed_by_engine);
	sim_run(&s, 1);
	assert_true(s.conns[0]->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_packet_timeouts), 1);
	sim_end(&s);
}

/* P-ERR-3, 8, 9: Protocol-Error ends the request and is not passed on as it is. */
static void
protocol_error_to_a_client_that_wants_it(void **state)
{
	static const uint8_t original[] = { 4, 0, 0, 0, 1 };
	struct sim s;
	struct sim_req *r;
	struct rgw_packet p;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[client nas]\nprotocol-error = yes");
	r = ask(&s, 1);
	sim_reply_with(&s, s.got[0], RGW_PROTOCOL_ERROR, RGW_EXTENDED_1, original, sizeof original);
	assert_int_equal(r->answers, 1);
	assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
	assert_int_equal(p.code, RGW_PROTOCOL_ERROR);
	assert_int_equal(rgw_packet_error_cause(&p), RGW_CAUSE_OTHER_PROXY_ERROR);
	assert_int_equal(rgw_packet_original_code(&p), 1);
	assert_int_equal(p.n_proxy_state, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_protocol_errors_received), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_refused), 1);
	sim_again(&s, r);
	assert_int_equal(r->answers, 2);
	sim_end(&s);
}

/* P-ERR-9, 11: an ordinary client hears that there is no way, where no pool says otherwise, and of other errors
 * nothing; P-ERR-5: one for another code is not for us. */
static void
protocol_error_to_an_ordinary_client(void **state)
{
	static const uint8_t other[] = { 4, 0, 0, 0, 4 };
	static const uint8_t no_way[] = { 0, 0, 1, 0xf6 };
	static const uint8_t fault[] = { 0, 0, 1, 0xf9 };
	struct sim s;
	struct sim_req *r, *q;
	struct rgw_packet p;

	(void)state;
	sim_init(&s, "198.51.100.1");
	r = ask(&s, 1);
	sim_reply_with(&s, s.got[0], RGW_PROTOCOL_ERROR, RGW_EXTENDED_1, other, sizeof other);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_pair), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_protocol_errors_received), 0);
	assert_int_equal(rgw_gw_pending(s.gw), 1);
	sim_reply_with(&s, s.got[0], RGW_PROTOCOL_ERROR, RGW_ERROR_CAUSE, fault, sizeof fault);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_refused), 1);
	assert_int_equal(r->answers, 0);
	q = sim_request(&s, 1, 1645, 2, "user@example.org");
	sim_reply_with(&s, s.got[1], RGW_PROTOCOL_ERROR, RGW_ERROR_CAUSE, no_way, sizeof no_way);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_refused), 2);
	assert_int_equal(q->answers, 1);
	assert_int_equal(rgw_packet_parse(&p, q->answer, q->answer_len), RGW_PACKET_OK);
	assert_int_equal(p.code, RGW_ACCESS_REJECT);
	assert_int_equal(rgw_packet_error_cause(&p), RGW_CAUSE_NOT_ROUTABLE);
	assert_int_equal(rgw_gw_pending(s.gw), 0);
	sim_end(&s);
}

/* P-TLS-32: Error-Cause 406 says that the record was not taken. */
static void
unsupported_accounting_is_not_acknowledged(void **state)
{
	static const uint8_t cause[] = { 0, 0, 1, 0x96 };
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	r = ask(&s, 4);
	sim_reply_with(&s, s.got[0], 0, RGW_ERROR_CAUSE, cause, sizeof cause);
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_accounting_unsupported), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_refused), 1);
	sim_end(&s);
}

/* P-PRX-4, P-PRX-6: whatever the far end does to Proxy-State, the NAS gets exactly its own. */
static void
proxy_state_is_restored(void **state)
{
	struct sim s;
	struct sim_req *r;
	struct rgw_packet p;
	struct rgw_attr a;
	char nonce[9];

	(void)state;
	sim_init(&s, "198.51.100.1");
	r = ask(&s, 1);
	sim_reply_with(&s, s.got[0], 0, RGW_PROXY_STATE, "injected", 8);
	assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
	assert_int_equal(p.n_proxy_state, 1);
	assert_true(rgw_packet_get(&p, RGW_AT_PROXY_STATE, &a));
	snprintf(nonce, sizeof nonce, "%08x", r->nonce);
	assert_memory_equal(a.value, nonce, 8);
	sim_end(&s);
}

/* P-ATT-16: an answer has 4096 octets, and a Message-Authenticator has to be added. */
static void
answer_that_grows_too_big(void **state)
{
	struct rgw_secret *secret = rgw_secret_new("radsec", 6);
	struct sim s;
	struct sim_req *r;
	static const uint8_t filler[253] = { 'x' };
	struct rgw_builder b;
	uint8_t out[4096];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	r = ask(&s, 1);
	rgw_build_begin(&b, out, sizeof out, 2, s.got[0]->data[1], NULL, false);
	while (b.w.len + 100 <= 4090)
		rgw_build_attr(&b, RGW_REPLY_MESSAGE, filler, 98);
	rgw_build_attr(&b, RGW_REPLY_MESSAGE, filler, 4096 - b.w.len - 2);
	len = rgw_build_response(&b, s.got[0]->data + 4, secret);
	assert_int_equal(len, 4096);
	sim_octets(&s, s.conns[0], out, len);
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_answer_too_big), 1);
	assert_int_equal(sim_count_up(&s), 1);
	rgw_secret_free(secret);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_authenticator_closes_and_nothing_is_lost),
		cmocka_unit_test(wrong_authenticator_is_discarded_if_so_configured),
		cmocka_unit_test(wrong_message_authenticator_closes),
		cmocka_unit_test(missing_message_authenticator_is_no_fault_on_tls),
		cmocka_unit_test(second_answer_is_dropped),
		cmocka_unit_test(unmatched_answer_is_dropped),
		cmocka_unit_test(answer_of_the_wrong_kind_is_dropped),
		cmocka_unit_test(unknown_codes_are_dropped),
		cmocka_unit_test(dynamic_requests_get_a_nak),
		cmocka_unit_test(malformed_packet_closes),
		cmocka_unit_test(any_fragmentation_is_read),
		cmocka_unit_test(incomplete_packet_has_a_deadline),
		cmocka_unit_test(protocol_error_to_a_client_that_wants_it),
		cmocka_unit_test(protocol_error_to_an_ordinary_client),
		cmocka_unit_test(unsupported_accounting_is_not_acknowledged),
		cmocka_unit_test(proxy_state_is_restored),
		cmocka_unit_test(answer_that_grows_too_big),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
