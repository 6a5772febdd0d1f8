/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about requests of a peer that connects to us, and what becomes of them: answers, duplicates,
 * and connections that end or do not read (P-TCP-22b, P-TCP-30, 31, P-TLS-28, P-DUP, P-RTX-5). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/build.h"
#include "radsecgw/packet.h"
#include "sim.h"

/* A world in which all requests go to the server, and the visitor has a connection. */
static struct sim_conn *
begin(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_server(s);
	sim_start(s);
	return sim_visit(s);
}

/* The request was answered with a Protocol-Error that says this. */
static void
assert_refused(const struct sim_req *r, uint32_t cause)
{
	struct rgw_packet p;

	assert_int_equal(r->answers, 1);
	assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
	assert_int_equal(p.code, RGW_PROTOCOL_ERROR);
	assert_int_equal(rgw_packet_error_cause(&p), cause);
	assert_int_equal(rgw_packet_original_code(&p), r->data[0]);
	assert_int_equal(p.data[20], RGW_MESSAGE_AUTHENTICATOR);
}

/* P-TCP-22b: the answer comes on the connection that asked, whatever else is open. */
static void
answer_comes_on_the_connection_that_asked(void **state)
{
	struct sim s;
	struct sim_conn *a = begin(&s);
	struct sim_conn *b = sim_visit(&s);
	struct sim_req *r, *q;

	(void)state;
	r = sim_ask(&s, a, 1, 0, "user@example.org");
	q = sim_ask(&s, b, 1, 255, "user@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	assert_int_equal(q->answers, 1);
	assert_int_equal(a->sent, 1);
	assert_int_equal(b->sent, 1);
	assert_int_equal(s.got[0]->source->to.port, 1812);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_answered), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_sent), 2);
	sim_end(&s);
}

static void
accounting_goes_to_its_own_port(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r = sim_ask(&s, c, 4, 9, "user@example.org");

	(void)state;
	sim_run(&s, 100);
	assert_int_equal(s.got[0]->source->to.port, 1813);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCOUNTING_RESPONSE);
	sim_end(&s);
}

/* Reject and Challenge pass as they are, and at once: the clock does not move here (P-GW-23, P-PRX-10). */
static void
other_answers_pass(void **state)
{
	static const uint8_t codes[] = { RGW_ACCESS_REJECT, RGW_ACCESS_CHALLENGE };
	struct sim s;
	struct sim_conn *c = begin(&s);

	(void)state;
	s.server.answer = SIM_SILENT;
	for (size_t i = 0; i < sizeof codes; i++) {
		struct sim_req *r = sim_ask(&s, c, 1, (uint8_t)i, "user@example.org");

		sim_server_reply(&s, s.got[i], codes[i]);
		assert_int_equal(r->answers, 1);
		assert_int_equal(r->answer[0], codes[i]);
		assert_int_equal(r->answer[20], RGW_MESSAGE_AUTHENTICATOR);
	}
	sim_end(&s);
}

/* A request goes from one TLS connection to another. */
static void
visitor_asks_national(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r, *q;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	c = sim_visit(&s);
	r = sim_ask(&s, c, 1, 0, "user@example.org");
	q = sim_ask(&s, c, 4, 0, "user@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(q->answers, 1);
	assert_int_equal(s.n_sources, 0);
	sim_end(&s);
}

/* P-RTX-8: the connection to national is lost meanwhile; the visitor does not notice. */
static void
national_is_lost_meanwhile(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	for (unsigned i = 0; i < 50; i++)
		sim_ask(&s, c, 1, (uint8_t)i, "user@example.org");
	sim_run(&s, 100);
	assert_int_equal(s.n_got, 50);
	s.national.answer = SIM_ANSWER;
	sim_cut(&s, sim_first_ours(&s));
	sim_run(&s, 1000);
	assert_int_equal(sim_answered(&s), 50);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_retried), 50);
	assert_true(c->up);
	sim_end(&s);
}

/* The visitor goes while national works: its answer finds nobody, and closes nothing (P-TCP-31b). */
static void
visitor_is_gone_before_national_answers(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	sim_ask(&s, c, 1, 0, "user@example.org");
	sim_run(&s, 100);
	sim_cut(&s, c);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_gone), 1);
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	assert_non_null(sim_first_ours(&s));
	sim_end(&s);
}

/* A request that waits for a connection to national goes with its visitor. */
static void
visitor_is_gone_while_its_request_is_queued(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.no_tcp = true;
	sim_start(&s);
	c = sim_visit(&s);
	sim_ask(&s, c, 1, 0, "user@example.org");
	sim_cut(&s, c);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_gone), 1);
	s.national.no_tcp = false;
	sim_run(&s, 4000);
	assert_int_equal(s.n_got, 0);
	sim_end(&s);
}

/* P-ERR-10: peers are told what a UDP client would have to guess. */
static void
national_takes_nothing(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r, *q;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes");
	s.national.refuse = true;
	sim_ini(&s, "[peer national]\nqueue = 1");
	sim_start(&s);
	c = sim_visit(&s);
	r = sim_ask(&s, c, 1, 0, "user@example.org");
	q = sim_ask(&s, c, 1, 1, "user@example.org");
	assert_refused(q, RGW_CAUSE_RESOURCES_UNAVAILABLE);
	assert_int_equal(r->answers, 0);
	sim_run(&s, 5000);
	assert_refused(r, RGW_CAUSE_NOT_ROUTABLE);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_timed_out), 1);
	sim_end(&s);
}

static void
no_route(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes");
	sim_drop(&s, "realm *");
	sim_ini(&s, "[realm example.org]\npool = local");
	sim_start(&s);
	c = sim_visit(&s);
	r = sim_ask(&s, c, 1, 0, "user@elsewhere.example");
	assert_refused(r, RGW_CAUSE_NOT_ROUTABLE);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_route), 1);
	assert_string_equal(s.last_event, "no-route");
	assert_non_null(strstr(s.last_line, "visitor"));
	/* The refusal is kept for repetitions, as any answer is. */
	sim_octets(&s, c, r->data, r->len);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_route), 1);
	sim_end(&s);
}

/* A route that leads back to where the request came from. */
static void
loop(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes\nconnect = 198.51.100.3\n[realm *]\npool = visitor");
	sim_start(&s);
	c = sim_visit(&s);
	r = sim_ask(&s, c, 1, 0, "user@example.org");
	assert_refused(r, RGW_CAUSE_NOT_ROUTABLE);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_loop), 1);
	assert_string_equal(s.last_event, "loop");
	assert_true(c->up);
	sim_end(&s);
}

/* The server has no port for accounting; national does not take it. */
static void
target_does_not_take_it(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_server(&s);
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes\n[server local]\nacct =");
	sim_start(&s);
	c = sim_visit(&s);
	r = sim_ask(&s, c, 4, 0, "user@example.org");
	assert_refused(r, RGW_CAUSE_NOT_ROUTABLE);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_not_allowed), 1);
	r = sim_ask(&s, c, 1, 1, "user@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* The gateway has room for sixteen requests at once: what does not fit gets no answer, and closes nothing. */
static void
max_requests_bites(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nmax-requests = 16");
	sim_to_server(&s);
	sim_start(&s);
	c = sim_visit(&s);
	for (uint8_t i = 0; i < 18; i++)
		sim_ask(&s, c, 1, i, "user@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_over_share), 5);
	assert_non_null(strstr(s.last_line, "visitor"));
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 13);
	assert_true(c->up);
	sim_end(&s);
}

/* ---- duplicates ---- */

/* P-DUP-3, P-DUP-7 */
static void
duplicate_of_a_pending_request_is_absorbed(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r = sim_ask(&s, c, 1, 7, "user@example.org");

	(void)state;
	sim_octets(&s, c, r->data, r->len);
	sim_octets(&s, c, r->data, r->len);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 2);
	assert_int_equal(s.got[0]->copies, 1);
	sim_run(&s, 100);
	assert_int_equal(s.n_got, 1);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* P-DUP-4, P-DUP-7, P-TCP-32: a repeated request is not worked on twice within the window. Its answer is under way
 * already, or the connection would have ended, so nothing is sent again, and no octet of it is kept. */
static void
duplicate_of_an_answered_request_is_absorbed(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_conn *other = sim_visit(&s);
	struct sim_req *r = sim_ask(&s, c, 1, 7, "user@example.org");
	struct rgw_gw_usage usage;

	(void)state;
	sim_run(&s, 100);
	rgw_gw_get_usage(s.gw, &usage);
	assert_int_equal(usage.requests, 1);
	assert_int_equal(usage.buffers, 0);
	sim_octets(&s, c, r->data, r->len);
	sim_run(&s, 9904);
	sim_octets(&s, c, r->data, r->len);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.n_got, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 2);
	assert_int_equal(other->sent, 0);
	sim_run(&s, 1);
	sim_octets(&s, c, r->data, r->len);
	assert_int_equal(s.n_got, 2);
	sim_end(&s);
}

/* P-DUP-5, P-RTX-5: the visitor uses its identifier for something else. */
static void
reused_identifier_supersedes(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r, *q;

	(void)state;
	s.server.answer = SIM_SILENT;
	r = sim_ask(&s, c, 1, 7, "user@example.org");
	q = sim_ask(&s, c, 1, 7, "user@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 1);
	sim_run(&s, 5000);
	assert_int_equal(s.got[0]->copies, 1);
	assert_int_equal(s.got[1]->copies, 2);
	sim_server_reply(&s, s.got[0], 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	assert_int_equal(r->answers, 0);
	sim_server_reply(&s, s.got[1], 0);
	assert_int_equal(q->answers, 1);
	/* The visitor reuses its identifier after an answer: the kept answer is thrown away. */
	q = sim_ask(&s, c, 1, 7, "user@example.org");
	assert_int_equal(s.n_got, 3);
	sim_server_reply(&s, s.got[2], 0);
	assert_int_equal(q->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 1);
	sim_end(&s);
}

/* P-DUP-1: the connection tells requests of one identifier apart, even if their octets are the same. */
static void
same_identifier_on_two_connections(void **state)
{
	struct sim s;
	struct sim_conn *a = begin(&s);
	struct sim_conn *b = sim_visit(&s);
	struct sim_req *r = sim_ask(&s, a, 1, 7, "user@example.org");
	struct sim_req *q = sim_ask_octets(&s, b, r->data, r->len);

	(void)state;
	q->nonce = r->nonce;
	assert_int_equal(s.n_got, 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 0);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(q->answers, 1);
	assert_int_equal(a->sent, 1);
	assert_int_equal(b->sent, 1);
	sim_end(&s);
}

/* The code tells requests of one identifier apart, too. */
static void
same_identifier_for_two_codes(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r = sim_ask(&s, c, 1, 7, "user@example.org");
	struct sim_req *q = sim_ask(&s, c, 4, 7, "user@example.org");

	(void)state;
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(q->answers, 1);
	sim_end(&s);
}

/* ---- connections that end ---- */

/* P-TLS-28, P-RTX-5, P-TCP-31: nobody works on what nobody waits for. */
static void
closed_while_pending(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r;
	struct rgw_gw_usage usage;

	(void)state;
	s.server.answer = SIM_SILENT;
	r = sim_ask(&s, c, 1, 7, "user@example.org");
	sim_run(&s, 3000);
	assert_int_equal(s.got[0]->copies, 2);
	sim_cut(&s, c);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_gone), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_ended), 1);
	rgw_gw_get_usage(s.gw, &usage);
	assert_int_equal(usage.requests, 0);
	assert_int_equal(usage.buffers, 0);
	assert_int_equal(usage.conns, 0);
	sim_run(&s, 20000);
	assert_int_equal(s.got[0]->copies, 2);
	sim_server_reply(&s, s.got[0], 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	assert_int_equal(r->answers, 0);
	/* The visitor went, which says nothing about the server. */
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 0);
	sim_end(&s);
}

/* P-TCP-30, P-DUP-8: what was kept for repetition goes with the connection, and only that. */
static void
closed_after_answers(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_conn *other = sim_visit(&s);
	struct sim_req *r;
	struct rgw_gw_usage usage;

	(void)state;
	for (uint8_t i = 0; i < 20; i++)
		sim_ask(&s, c, 1, i, "user@example.org");
	r = sim_ask(&s, other, 1, 0, "user@example.org");
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 21);
	sim_cut(&s, c);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_gone), 0);
	rgw_gw_get_usage(s.gw, &usage);
	assert_int_equal(usage.requests, 1);
	sim_octets(&s, other, r->data, r->len);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 1);
	sim_end(&s);
}

/* P-FO-6: a visitor that comes back asks the same anew; nothing of its last connection is left. */
static void
visitor_comes_back(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_req *r = sim_ask(&s, c, 1, 7, "user@example.org");

	(void)state;
	sim_run(&s, 100);
	sim_cut(&s, c);
	c = sim_visit(&s);
	r = sim_ask_octets(&s, c, r->data, r->len);
	r->nonce = s.reqs[0]->nonce;
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 0);
	assert_int_equal(s.n_got, 2);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* ---- a visitor that does not read ---- */

/* The answer does not fit into the buffer: it is dropped, and comes when it is asked for again. */
static void
answer_that_the_buffer_does_not_take(void **state)
{
	struct sim s;
	struct sim_conn *c = begin(&s);
	struct sim_conn *other = sim_visit(&s);
	struct sim_req *r, *q;

	(void)state;
	c->full = true;
	q = sim_ask(&s, other, 1, 7, "user@example.org");
	r = sim_ask(&s, c, 1, 7, "user@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 0);
	assert_int_equal(q->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_tls_answers_dropped), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_answered), 2);
	assert_string_equal(s.last_event, "write-buffer-full");
	assert_non_null(strstr(s.last_line, "visitor"));
	sim_octets(&s, c, r->data, r->len);
	assert_int_equal(sim_counter(&s, RGW_CTR_tls_answers_dropped), 2);
	c->full = false;
	rgw_conn_on_writable(c->engine, s.now);
	assert_int_equal(r->answers, 0);
	sim_octets(&s, c, r->data, r->len);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.n_got, 2);
	sim_end(&s);
}

/* P-DUP-6: over plain TCP, as over UDP, a request that carries no proof of where it comes from takes nothing away from
 * one that does; inside TLS the connection is the proof. */
static void
unproven_request_supersedes_only_inside_tls(void **state)
{
	static const uint8_t auth[RGW_AUTH_LEN] = { 1 };

	(void)state;
	for (unsigned plain = 0; plain <= 1; plain++) {
		struct rgw_builder b;
		struct sim_conn *c;
		uint8_t out[256];
		struct sim s;
		size_t len;

		sim_init(&s, "198.51.100.1");
		sim_to_server(&s);
		if (plain == 1)
			sim_visitor_without_tls(&s);
		s.server.answer = SIM_SILENT;
		sim_start(&s);
		c = sim_visit(&s);
		sim_ask_with(&s, c, &(struct sim_spec){ .id = 1, .user = "user@example.org", .eap = true });
		rgw_build_begin(&b, out, sizeof out, RGW_ACCESS_REQUEST, 1, auth, false);
		rgw_build_attr(&b, RGW_USER_NAME, "user@example.org", 16);
		rgw_build_attr(&b, RGW_USER_PASSWORD, "0123456789abcdef", 16);
		len = b.w.len;
		out[2] = (uint8_t)(len >> 8);
		out[3] = (uint8_t)len;
		sim_octets(&s, c, out, len);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 1 - plain);
		assert_int_equal(sim_counter(&s, RGW_CTR_superseding_unproven), plain);
		sim_abort(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer_comes_on_the_connection_that_asked),
		cmocka_unit_test(accounting_goes_to_its_own_port),
		cmocka_unit_test(other_answers_pass),
		cmocka_unit_test(visitor_asks_national),
		cmocka_unit_test(national_is_lost_meanwhile),
		cmocka_unit_test(visitor_is_gone_before_national_answers),
		cmocka_unit_test(visitor_is_gone_while_its_request_is_queued),
		cmocka_unit_test(national_takes_nothing),
		cmocka_unit_test(no_route),
		cmocka_unit_test(loop),
		cmocka_unit_test(target_does_not_take_it),
		cmocka_unit_test(max_requests_bites),
		cmocka_unit_test(duplicate_of_a_pending_request_is_absorbed),
		cmocka_unit_test(duplicate_of_an_answered_request_is_absorbed),
		cmocka_unit_test(reused_identifier_supersedes),
		cmocka_unit_test(same_identifier_on_two_connections),
		cmocka_unit_test(same_identifier_for_two_codes),
		cmocka_unit_test(closed_while_pending),
		cmocka_unit_test(closed_after_answers),
		cmocka_unit_test(visitor_comes_back),
		cmocka_unit_test(answer_that_the_buffer_does_not_take),
		cmocka_unit_test(unproven_request_supersedes_only_inside_tls),
	};

	return cmocka_run_group_tests_name("inbound", tests, NULL, NULL);
}
