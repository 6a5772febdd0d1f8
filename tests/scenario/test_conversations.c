/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about conversations: an Access-Challenge, and the request that brings its State back (P-PRX-13,
 * P-TCP-43, P-TCP-46). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/packet.h"
#include "sim.h"

#define USER "user@example.org"

/* National and second take turns; each challenges. */
static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_pool(s, "national, second");
	sim_ini(s, "[pool federation]\npolicy = round-robin\n[peer national]\nconnections = 3-4");
	s->national.answer = s->second.answer = SIM_CHALLENGE;
}

static struct sim_spec
eap(struct sim *s)
{
	return (struct sim_spec){ .port = (uint16_t)(10000 + s->n_reqs), .id = 1, .user = USER, .eap = true };
}

static struct sim_req *
begin(struct sim *s)
{
	struct sim_spec spec = eap(s);
	struct sim_req *r = sim_request_with(s, &spec);

	sim_run(s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_CHALLENGE);
	return r;
}

/* The next request of the conversation, with the State of the last answer. */
static struct sim_req *
send_next(struct sim *s, const struct sim_req *last)
{
	struct sim_spec spec = eap(s);
	struct rgw_packet p;
	struct rgw_attr state;

	assert_int_equal(rgw_packet_parse(&p, last->answer, last->answer_len), RGW_PACKET_OK);
	assert_true(rgw_packet_get(&p, RGW_AT_STATE, &state));
	spec.state = state.value;
	spec.state_len = state.len;
	return sim_request_with(s, &spec);
}

static struct sim_req *
next(struct sim *s, const struct sim_req *last)
{
	struct sim_req *r = send_next(s, last);

	sim_run(s, 100);
	assert_int_equal(r->answers, 1);
	return r;
}

/* A conversation has the same member and the same connection, round after round, whatever else happens. */
static void
conversation_stays_where_it_is(void **state)
{
	struct sim s;
	struct sim_req *talk[12];
	struct sim_conn *conn[12];

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 1000);
	for (unsigned i = 0; i < 12; i++) {
		talk[i] = begin(&s);
		conn[i] = talk[i]->got->conn;
		assert_ptr_equal(talk[i]->got->far, i % 2 == 0 ? &s.national : &s.second);
	}
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 12; i++) {
			/* Requests that are open elsewhere draw no conversation away. */
			s.national.answer = s.second.answer = SIM_SILENT;
			for (unsigned k = 0; k < 3; k++)
				sim_request(&s, 1, (uint16_t)(10000 + s.n_reqs), 1, USER);
			s.national.answer = s.second.answer = SIM_CHALLENGE;
			talk[i] = next(&s, talk[i]);
			assert_ptr_equal(talk[i]->got->conn, conn[i]);
		}
	}
	sim_end(&s);
}

/* The connection of a conversation is gone and its member is not: the member goes before everything else. */
static void
connection_of_the_conversation_is_lost(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 1000);
	r = begin(&s);
	sim_cut(&s, r->got->conn);
	for (unsigned round = 0; round < 10; round++) {
		r = next(&s, r);
		assert_ptr_equal(r->got->far, &s.national);
	}
	/* Now there is a connection to prefer again, even if it has more to do than the others. */
	assert_non_null(r->got->conn);
	sim_end(&s);
}

/* A member that is suspected has not lost its conversations; one that is down has. */
static void
conversation_moves_when_its_member_is_down(void **state)
{
	struct sim s;
	struct sim_req *r, *q;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nconnections = 1-4\nstatus-server = on\nwatchdog = 6s");
	sim_start(&s);
	sim_run(&s, 1000);
	r = begin(&s);
	s.national.no_status = true;
	while (sim_counter(&s, RGW_CTR_connections_suspected) == 0)
		sim_run(&s, 10);
	q = send_next(&s, r);
	assert_ptr_equal(q->got->far, &s.national);
	/* From now on nothing comes from national. */
	s.national.hang = true;
	sim_run(&s, 30000);
	assert_int_equal(sim_counter(&s, RGW_CTR_watchdog_timeouts), 1);
	q = next(&s, r);
	assert_ptr_equal(q->got->far, &s.second);
	/* The conversation lives at second now, though national is back. */
	s.national.hang = s.national.no_status = false;
	sim_run(&s, 30000);
	for (unsigned round = 0; round < 4; round++) {
		q = next(&s, q);
		assert_ptr_equal(q->got->far, &s.second);
	}
	sim_end(&s);
}

/* Nothing comes from the member of a conversation any more, not even an answer to Status-Server: after twice
 * `retry-after` the request goes by way of the other member, well within the patience of a NAS. */
static void
conversation_goes_round_a_mute_member(void **state)
{
	struct sim s;
	struct sim_req *r, *q;
	unsigned probes;

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 1000);
	r = begin(&s);
	probes = s.national.probes;
	s.national.hang = true;
	q = send_next(&s, r);
	sim_run(&s, 2900);
	assert_int_equal(s.national.probes, probes);
	sim_run(&s, 3000);
	/* The member was asked whether it lives, once on each connection (P-WD-4), and the request was never at two
	 * members (P-PRX-13). */
	assert_int_equal(s.national.probes, probes + 3);
	assert_int_equal(s.second.requests, 0);
	sim_run(&s, 200);
	assert_int_equal(q->answers, 1);
	assert_ptr_equal(q->got->far, &s.second);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_moved), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_doubled), 0);
	/* The conversation goes on from there. */
	q = next(&s, q);
	assert_ptr_equal(q->got->far, &s.second);
	s.national.hang = false;
	sim_run(&s, 1000);
	sim_end(&s);
}

/* The watchdog has asked by itself shortly before: the peer still has its time to answer. */
static void
mute_member_has_its_time(void **state)
{
	rgw_ms wait = 0;

	(void)state;
	for (unsigned pass = 0; pass < 2; pass++) {
		struct sim s;
		struct sim_req *r, *q;
		unsigned probes;

		init(&s);
		sim_ini(&s, "[peer national]\nconnections = 1-4");
		sim_start(&s);
		sim_run(&s, 1000);
		probes = s.national.probes;
		r = begin(&s);
		s.national.hang = true;
		if (pass == 0) {
			for (; s.national.probes == probes; wait += 10)
				sim_run(&s, 10);
			sim_end(&s);
			continue;
		}
		sim_run(&s, wait - 2500);
		q = send_next(&s, r);
		sim_run(&s, 3500);
		assert_int_equal(s.national.probes, probes + 1);
		assert_int_equal(q->answers, 0);
		sim_run(&s, 2700);
		assert_int_equal(q->answers, 1);
		assert_int_equal(s.national.probes, probes + 1);
		sim_end(&s);
	}
}

enum sign { ANSWERS_STATUS, ANSWERS_OTHERS, IS_NOT_ASKED };

/* As long as something comes from its member, or nothing can be known, a request with State waits there: it
 * may be the home server that takes its time (P-WD-13). */
static void
conversation_waits_for_a_slow_realm(void **state)
{
	(void)state;
	for (enum sign sign = ANSWERS_STATUS; sign <= IS_NOT_ASKED; sign++) {
		struct sim s;
		struct sim_req *r, *q;
		unsigned probes;

		init(&s);
		sim_ini(&s, "[peer national]\nstatus-server = %s", sign == IS_NOT_ASKED ? "off" : "auto");
		s.national.no_status = sign == ANSWERS_OTHERS;
		sim_start(&s);
		sim_run(&s, 1000);
		r = begin(&s);
		probes = s.national.probes;
		s.national.answer = SIM_SILENT;
		q = send_next(&s, r);
		for (unsigned i = 0; i < 50; i++) {
			sim_run(&s, 200);
			if (sign != ANSWERS_OTHERS)
				continue;
			s.national.answer = SIM_CHALLENGE;
			sim_request(&s, 1, (uint16_t)(10000 + s.n_reqs), 1, USER);
			sim_run(&s, 20);
			s.national.answer = SIM_SILENT;
		}
		assert_int_equal(q->answers, 0);
		assert_ptr_equal(q->got->far, &s.national);
		assert_int_equal(s.national.probes > probes, sign == ANSWERS_STATUS);
		assert_int_equal(sim_counter(&s, RGW_CTR_requests_moved), 0);
		sim_end(&s);
	}
}

/* A conversation stays at a mute member where no other member could be asked. */
static void
mute_members_keep_their_conversations(void **state)
{
	struct sim s;
	struct sim_req *r, *q;

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 1000);
	r = begin(&s);
	s.national.hang = s.second.hang = true;
	q = send_next(&s, r);
	sim_run(&s, 8000);
	assert_int_equal(q->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_moved), 1);
	sim_end(&s);
}

/* A State that nobody has seen, or that was given to somebody else, goes by the policy. */
static void
unknown_state_goes_by_the_policy(void **state)
{
	struct sim s;
	struct sim_conn *visit;
	struct sim_req *r, *q;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer second]\nconnections = 1-4");
	sim_start(&s);
	sim_run(&s, 1000);
	r = begin(&s);
	assert_ptr_equal(r->got->far, &s.national);
	visit = sim_visit(&s);
	q = sim_ask_with(&s, visit, &(struct sim_spec){ .id = 1, .user = USER, .state = "N00000001",
		.state_len = 9 });
	assert_ptr_equal(q->got->far, &s.second);
	q = sim_request_with(&s, &(struct sim_spec){ .port = 5000, .id = 1, .user = USER, .state = "?",
		.state_len = 1 });
	assert_ptr_equal(q->got->far, &s.national);
	q = sim_request_with(&s, &(struct sim_spec){ .port = 5001, .id = 1, .user = USER, .state = "?",
		.state_len = 1 });
	sim_run(&s, 100);
	assert_ptr_equal(q->got->far, &s.second);
	sim_end(&s);
}

/* P-TCP-44b: a visitor may go on with a conversation on another connection of its own, from another port. */
static void
visitor_changes_its_connection(void **state)
{
	struct sim s;
	struct sim_req *r;
	struct sim_req *first;
	struct sim_spec spec = { .id = 1, .user = USER, .eap = true };

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 1000);
	r = first = sim_ask_with(&s, sim_visit(&s), &spec);
	for (unsigned round = 0; round < 5; round++) {
		struct rgw_packet p;
		struct rgw_attr at;

		sim_run(&s, 100);
		assert_int_equal(r->answers, 1);
		assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
		assert_true(rgw_packet_get(&p, RGW_AT_STATE, &at));
		spec.state = at.value;
		spec.state_len = at.len;
		r = sim_ask_with(&s, sim_visit(&s), &spec);
		assert_ptr_equal(r->got->conn, first->got->conn);
	}
	sim_run(&s, 100);
	sim_end(&s);
}

/* A conversation that a server leads stays there, too. */
static void
conversation_with_a_server(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "local, national");
	sim_ini(&s, "[pool federation]\npolicy = round-robin");
	s.server.answer = SIM_CHALLENGE;
	sim_start(&s);
	r = begin(&s);
	for (unsigned round = 0; round < 6; round++) {
		r = next(&s, r);
		assert_ptr_equal(r->got->far, &s.server);
	}
	sim_end(&s);
}

/* P-TCP-43: all of one station is on one connection, and the stations are spread. */
static void
station_chooses_the_connection(void **state)
{
	struct sim_conn *conn[32];
	unsigned on_first = 0;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 3-4");
	s.national.delay = 1000;
	sim_start(&s);
	sim_run(&s, 1000);
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < 32; i++) {
			struct sim_spec spec = eap(&s);
			struct sim_req *r;
			char station[24];

			snprintf(station, sizeof station, "02-00-00-00-00-%02x", i);
			spec.station = station;
			r = sim_request_with(&s, &spec);
			if (round == 0)
				conn[i] = r->got->conn;
			assert_ptr_equal(r->got->conn, conn[i]);
			on_first += round == 0 && r->got->conn == conn[0];
		}
		sim_run(&s, 300);
	}
	assert_in_range(on_first, 3, 20);
	sim_run(&s, 2000);
	assert_int_equal(sim_answered(&s), 128);
	sim_end(&s);
}

/* P-TCP-45a, P-TCP-45b and P-TCP-45c: a station repeats its EAP packet, so the NAS repeats the request. As long as the
 * connection stands that makes nobody send anything; when it has ended the request goes out once on another one. */
static void
repetition_of_eap_is_absorbed(void **state)
{
	struct sim s;
	struct sim_conn *first;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\nretry-after = 0");
	sim_start(&s);
	sim_run(&s, 1000);
	r = begin(&s);
	s.national.answer = s.second.answer = SIM_SILENT;
	r = send_next(&s, r);
	first = r->got->conn;
	for (unsigned i = 0; i < 3; i++) {
		sim_run(&s, 3000);
		sim_again(&s, r);
	}
	assert_int_equal(sim_sends(&s, r->nonce), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 3);
	sim_cut(&s, first);
	sim_run(&s, 1000);
	for (unsigned i = 0; i < 3; i++) {
		sim_run(&s, 3000);
		sim_again(&s, r);
	}
	assert_int_equal(sim_sends(&s, r->nonce), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_retried), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 6);
	sim_reply(&s, r->got, 0);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversation_stays_where_it_is),
		cmocka_unit_test(connection_of_the_conversation_is_lost),
		cmocka_unit_test(conversation_moves_when_its_member_is_down),
		cmocka_unit_test(conversation_goes_round_a_mute_member),
		cmocka_unit_test(mute_member_has_its_time),
		cmocka_unit_test(conversation_waits_for_a_slow_realm),
		cmocka_unit_test(mute_members_keep_their_conversations),
		cmocka_unit_test(unknown_state_goes_by_the_policy),
		cmocka_unit_test(visitor_changes_its_connection),
		cmocka_unit_test(conversation_with_a_server),
		cmocka_unit_test(station_chooses_the_connection),
		cmocka_unit_test(repetition_of_eap_is_absorbed),
	};

	return cmocka_run_group_tests_name("conversations", tests, NULL, NULL);
}
