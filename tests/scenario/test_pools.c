/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about pools: who is asked first, who is asked next, and who answers (P-FO, P-RTX-7, 8,
 * P-TCP-14, 27 to 29, P-ERR-9). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define USER "user@example.org"

/* A pool of national and second. */
static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_pool(s, "national, second");
}

/* Each from a port of its own. */
static struct sim_req *
login(struct sim *s)
{
	return sim_request(s, 1, (uint16_t)(10000 + s->n_reqs), 1, USER);
}

static void
many(struct sim *s, unsigned n, rgw_ms pause)
{
	for (unsigned i = 0; i < n; i++) {
		login(s);
		sim_run(s, pause);
	}
}

static struct sim_req *
login_from(struct sim *s, unsigned station)
{
	char text[24];

	snprintf(text, sizeof text, "02-00-00-00-00-%02x", station);
	return sim_request_with(s, &(struct sim_spec){ .port = (uint16_t)(10000 + s->n_reqs), .id = 1,
		.user = USER, .station = text });
}

/* ---- policies ---- */

static void
failover_takes_the_first(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	many(&s, 20, 10);
	sim_run(&s, 1000);
	assert_int_equal(s.national.requests, 20);
	assert_int_equal(s.second.requests, 0);
	assert_int_equal(sim_answered(&s), 20);
	sim_end(&s);
}

static void
round_robin_takes_turns(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\npolicy = round-robin");
	sim_start(&s);
	for (unsigned i = 0; i < 20; i++) {
		login(&s);
		sim_run(&s, 50);
		assert_int_equal(s.national.requests, i / 2 + 1);
	}
	assert_int_equal(s.second.requests, 10);
	sim_end(&s);
}

static void
least_outstanding_goes_where_little_is_open(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\npolicy = least-outstanding");
	s.national.delay = 2000;
	sim_start(&s);
	many(&s, 50, 40);
	assert_in_range(s.national.requests, 1, 4);
	sim_run(&s, 3000);
	assert_int_equal(sim_answered(&s), 50);
	sim_end(&s);
}

/* P-FO-5: a station stays where it is, and only those of a member that goes move. */
static void
hash_moves_few(void **state)
{
	const struct sim_far *first[40];
	unsigned n = 0;
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\npolicy = hash");
	sim_start(&s);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 40; i++) {
			struct sim_req *r = login_from(&s, i);

			sim_run(&s, 100);
			if (round == 0)
				first[i] = r->got->far;
			else if (first[i] == &s.second || round == 1)
				assert_ptr_equal(r->got->far, first[i]);
			else
				assert_ptr_equal(r->got->far, &s.second);
			n += round == 0 && r->got->far == &s.second;
		}
		if (round < 1)
			continue;
		s.national.refuse = true;
		s.national.answer = SIM_SILENT;
		many(&s, 40, 0);
		sim_cut_all(&s, &s.national);
		sim_run(&s, 100);
	}
	assert_in_range(n, 8, 32);
	sim_end(&s);
}

/* A member that does not take accounting is no member for it. */
static void
members_that_do_not_take_it_are_passed_over(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nallow = auth");
	sim_start(&s);
	login(&s);
	sim_request(&s, 4, 5000, 1, USER);
	sim_run(&s, 100);
	assert_int_equal(s.national.requests, 1);
	assert_int_equal(s.second.requests, 1);
	assert_int_equal(sim_answered(&s), 2);
	sim_end(&s);
}

/* ---- what is open moves ---- */

/* P-TCP-29, P-FO-1, P-FO-4: at once, with a new identifier and authenticator; the far end verifies that
 * all of it was re-keyed. */
static void
lost_connection_moves_at_once(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\nretry-after = 0");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	many(&s, 100, 0);
	sim_run(&s, 100);
	sim_cut_all(&s, &s.national);
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 100);
	assert_int_equal(s.second.requests, 100);
	assert_int_equal(s.national.requests, 100);
	assert_memory_not_equal(s.got[0]->data + 4, s.got[100]->data + 4, 16);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_moved), 100);
	sim_end(&s);
}

/* One of two connections: the other one of the same member takes over. */
static void
lost_connection_moves_to_its_neighbour(void **state)
{
	struct sim s;
	size_t n;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nstatus-server = off\n[pool federation]\nretry-after = 0");
	sim_ini(&s, "[peer national]\nconnections = 2-4");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	sim_run(&s, 1000);
	many(&s, 50, 0);
	s.national.answer = SIM_ANSWER;
	n = sim_first_to(&s, &s.national)->sent;
	assert_in_range(n, 24, 26);
	sim_cut(&s, sim_first_to(&s, &s.national));
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), n);
	/* Only the request that is the most likely reason tries another member. */
	assert_int_equal(s.second.requests, 1);
	sim_end(&s);
}

static void
failed_attempt_empties_the_queue(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	s.national.refuse = true;
	sim_start(&s);
	many(&s, 10, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_moved), 0);
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 10);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_moved), 10);
	sim_end(&s);
}

static void
queue_time_leads_to_the_next(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\nretry-after = 0");
	sim_ini(&s, "[peer national]\nqueue-time = 1s");
	s.national.no_tcp = true;
	sim_start(&s);
	r = login(&s);
	sim_run(&s, 900);
	assert_int_equal(s.second.requests, 0);
	sim_run(&s, 200);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.second.requests, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_timed_out), 0);
	sim_end(&s);
}

static void
full_queue_leads_to_the_next(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\nretry-after = 0");
	sim_ini(&s, "[peer national]\nqueue = 3");
	s.national.no_tcp = true;
	sim_start(&s);
	many(&s, 10, 0);
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 7);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_full), 0);
	/* The others follow when the attempt has failed. */
	sim_run(&s, 3000);
	assert_int_equal(sim_answered(&s), 10);
	sim_end(&s);
}

static void
response_window_leads_to_the_next(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\nretry-after = 0");
	sim_ini(&s, "[peer national]\nresponse-window = 2s\n[peer second]\nresponse-window = 2s");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	r = login(&s);
	sim_run(&s, 2000);
	assert_int_equal(r->answers, 0);
	sim_run(&s, 200);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.national.requests, 1);
	/* With nobody left it is over. */
	s.second.answer = SIM_SILENT;
	login(&s);
	sim_run(&s, 4100);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	sim_end(&s);
}

/* A single peer has nobody beside it: requests wait and are answered after it is back (P-RTX-8). */
static void
single_peer_is_waited_for(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	/* They have been let in, so that there are more than may wait turns none away. */
	sim_ini(&s, "[peer national]\nqueue = 20");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	many(&s, 20, 0);
	sim_run(&s, 100);
	many(&s, 30, 0);
	s.national.answer = SIM_ANSWER;
	s.national.refuse = true;
	sim_cut_all(&s, &s.national);
	sim_run(&s, 2000);
	assert_int_equal(sim_answered(&s), 0);
	s.national.refuse = false;
	sim_run(&s, 2500);
	assert_int_equal(sim_answered(&s), 50);
	sim_end(&s);
}

/* A connection that just came up and dies again: nobody waits for longer than three seconds. */
static void
young_connection_dies(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sim s;
		struct sim_req *r;

		sim_init(&s, "198.51.100.1");
		s.seed = seed;
		s.national.answer = SIM_SILENT;
		sim_start(&s);
		login(&s);
		sim_run(&s, sim_random(&s, 30000));
		r = login(&s);
		s.national.answer = SIM_ANSWER;
		sim_cut_all(&s, &s.national);
		sim_run(&s, 3000);
		assert_int_equal(r->answers, 1);
		sim_end(&s);
	}
}

/* Everything is down; whoever comes up first gets what waits, wherever it waits. */
static void
first_one_up_takes_what_waits(void **state)
{
	(void)state;
	for (int which = 0; which < 2; which++) {
		struct sim s;
		struct sim_far *up, *down;

		init(&s);
		sim_ini(&s, "[pool federation]\nretry-after = 0");
		s.national.refuse = s.second.refuse = true;
		sim_start(&s);
		many(&s, 10, 0);
		sim_run(&s, 1000);
		up = which == 0 ? &s.national : &s.second;
		down = which == 0 ? &s.second : &s.national;
		up->refuse = false;
		/* Of the other one not even a failure is heard meanwhile. */
		down->no_tcp = true;
		down->refuse = false;
		sim_run(&s, 1500);
		assert_int_equal(sim_answered(&s), 10);
		assert_int_equal(up->requests, 10);
		sim_end(&s);
	}
}

/* What waits is under way at whoever comes up already, or was refused there: it does not go there
 * twice. */
static void
nobody_takes_what_it_has_or_had(void **state)
{
	(void)state;
	for (int refused = 0; refused < 2; refused++) {
		struct sim s;
		struct sim_req *r;

		init(&s);
		sim_ini(&s, "[pool federation]\nretry-after = 1s");
		s.national.no_tcp = true;
		s.second.answer = refused ? SIM_ERROR : SIM_SILENT;
		sim_start(&s);
		r = login(&s);
		sim_run(&s, 3500);
		assert_int_equal(s.second.requests, 1);
		/* Enough for another connection. */
		s.second.answer = SIM_SILENT;
		many(&s, 300, 0);
		sim_run(&s, 500);
		assert_int_equal(sim_count_to(&s, &s.second), 2);
		assert_int_equal(rgw_gw_pending(s.gw), 301);
		sim_audit(&s);
		assert_int_equal(sim_sends(&s, r->nonce), 1);
		sim_end(&s);
	}
}

/* Its connection was lost, which says nothing about the request: it may come back to that member. */
static void
tried_again_where_its_connection_was_lost(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\nretry-after = 0");
	s.national.answer = SIM_SILENT;
	s.second.answer = SIM_ERROR;
	s.second.delay = 2000;
	sim_start(&s);
	r = login(&s);
	sim_run(&s, 100);
	sim_cut_all(&s, &s.national);
	s.national.answer = SIM_ANSWER;
	sim_run(&s, 2500);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	assert_int_equal(sim_sends_to(&s, r, &s.national), 2);
	assert_int_equal(sim_sends_to(&s, r, &s.second), 1);
	sim_end(&s);
}

/* P-TCP-14, P-WD-13: behind the peer one realm is silent. That moves nothing and is no fault of the
 * connection. */
static void
silent_realm_moves_nothing(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\ndead-realm = 0\nretry-after = 0");
	sim_ini(&s, "[peer national]\nstatus-server = on");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	for (unsigned i = 0; i < 200; i++) {
		login(&s);
		sim_run(&s, 500);
		/* Every fourth is answered. */
		if (i % 4 == 0)
			sim_reply(&s, s.got[s.n_got - 1], 0);
	}
	assert_int_equal(s.second.requests, 0);
	assert_int_equal(sim_answered(&s), 50);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_suspected), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_moved), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_lost), 0);
	sim_end(&s);
}

/* ---- retry-after ---- */

static void
unanswered_request_is_tried_elsewhere_too(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.national.delay = 5000;
	sim_start(&s);
	r = login(&s);
	sim_run(&s, 2900);
	assert_int_equal(s.second.requests, 0);
	sim_run(&s, 300);
	assert_int_equal(r->answers, 1);
	/* The other answer comes late, and is none. */
	sim_run(&s, 20000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_doubled), 1);
	assert_int_equal(sim_sends(&s, r->nonce), 2);
	assert_int_equal(sim_count_to(&s, &s.national), 1);
	sim_end(&s);
}

static void
first_answer_wins(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.national.delay = 3500;
	s.second.delay = 3500;
	sim_start(&s);
	r = login(&s);
	sim_run(&s, 3600);
	assert_int_equal(r->answers, 1);
	assert_true(s.got[0]->answered && !s.got[1]->answered);
	sim_run(&s, 20000);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_doubled), 1);
	sim_end(&s);
}

/* With both silent it is tried once at each, not for ever. */
static void
nobody_answers(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.national.answer = s.second.answer = SIM_SILENT;
	sim_start(&s);
	r = login(&s);
	sim_run(&s, 40000);
	assert_int_equal(sim_sends(&s, r->nonce), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	sim_end(&s);
}

/* When its time had come nobody else could be reached; later somebody can. */
static void
tried_elsewhere_as_soon_as_there_is_somebody(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.national.refuse = s.second.refuse = true;
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	r = login(&s);
	sim_run(&s, 300);
	s.national.refuse = false;
	sim_run(&s, 4500);
	assert_int_equal(sim_sends_to(&s, r, &s.national), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_doubled), 0);
	s.second.refuse = false;
	sim_run(&s, 10000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_doubled), 1);
	sim_end(&s);
}

/* Two at a time: with a third member the one that was asked first gives way. */
static void
third_member_takes_the_place_of_the_first(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\nmembers = national, second, local");
	s.national.answer = s.server.answer = SIM_SILENT;
	s.second.delay = 7000;
	sim_start(&s);
	r = login(&s);
	sim_run(&s, 6100);
	assert_int_equal(s.server.requests, 1);
	sim_audit(&s);
	/* Too late for this one. */
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 0);
	sim_run(&s, 4000);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* P-PRX-13: a request with State belongs to one home server. */
static void
request_with_state_is_not_doubled(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	sim_request_with(&s, &(struct sim_spec){ .port = 5000, .id = 1, .user = USER, .state = "abc",
		.state_len = 3 });
	sim_run(&s, 29000);
	assert_int_equal(s.national.requests, 1);
	assert_int_equal(s.second.requests, 0);
	sim_end(&s);
}

/* Who left unanswered what another one answered goes last, until something comes from it. */
static void
silent_member_goes_last(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nstatus-server = off");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	login(&s);
	sim_run(&s, 3500);
	assert_string_equal(s.last_event, "answered");
	login(&s);
	sim_run(&s, 100);
	assert_int_equal(s.national.requests, 1);
	assert_int_equal(s.second.requests, 2);
	sim_reply(&s, s.got[0], 0);
	sim_run(&s, 1);
	login(&s);
	sim_run(&s, 3500);
	assert_int_equal(s.national.requests, 2);
	assert_int_equal(s.second.requests, 3);
	/* Once more, and this time nothing comes; after a minute it is tried again. */
	login(&s);
	sim_run(&s, 50000);
	assert_int_equal(s.national.requests, 2);
	sim_run(&s, 12000);
	login(&s);
	assert_int_equal(s.national.requests, 3);
	sim_run(&s, 100);
	sim_end(&s);
}

/* Its connection was idle and is closed: that makes it no better. */
static void
silent_member_without_connections_goes_last(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nconnections = 0-4\nstatus-server = off\nidle-timeout = 10s");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	login(&s);
	sim_run(&s, 25000);
	assert_int_equal(sim_count_to(&s, &s.national), 0);
	login(&s);
	sim_run(&s, 100);
	assert_int_equal(s.national.requests, 1);
	assert_int_equal(s.second.requests, 2);
	sim_end(&s);
}

/* We closed its connection, it did not: it keeps its place, from that moment on. */
static void
good_member_without_connections_goes_first(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nconnections = 0-4\nidle-timeout = 10s");
	sim_start(&s);
	login(&s);
	sim_run(&s, 5000);
	assert_int_equal(sim_count_to(&s, &s.national), 1);
	while (sim_count_to(&s, &s.national) != 0)
		sim_run(&s, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_idle_timeouts), 1);
	login(&s);
	sim_run(&s, 1000);
	assert_int_equal(s.national.requests, 2);
	assert_int_equal(s.second.requests, 0);
	assert_int_equal(sim_answered(&s), 2);
	sim_end(&s);
}

/* It answers others, so it is not silent: the fault is behind it. */
static void
member_that_answers_others_is_not_silent(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\ndead-realm = 0");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	login(&s);
	sim_run(&s, 1000);
	s.national.answer = SIM_ANSWER;
	login(&s);
	sim_run(&s, 2500);
	assert_int_equal(s.second.requests, 1);
	login(&s);
	assert_int_equal(s.national.requests, 3);
	sim_run(&s, 100);
	sim_end(&s);
}

/* Some NASes ask again and again; the far end gets each request once, on either member. */
static void
storm_of_retransmissions(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	s.national.delay = 4000;
	s.second.delay = 4000;
	sim_start(&s);
	for (unsigned i = 0; i < 200; i++)
		sim_login(&s, &(struct sim_spec){ .port = (uint16_t)(10000 + i), .id = 1, .user = USER });
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 200; i++)
			sim_again(&s, s.reqs[i]);
		sim_run(&s, 500);
	}
	sim_run(&s, 10000);
	assert_int_equal(sim_answered(&s), 200);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(sim_sends_to(&s, s.reqs[i], &s.national), 1);
		assert_in_range(sim_sends_to(&s, s.reqs[i], &s.second), 0, 1);
	}
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failover_takes_the_first),
		cmocka_unit_test(round_robin_takes_turns),
		cmocka_unit_test(least_outstanding_goes_where_little_is_open),
		cmocka_unit_test(hash_moves_few),
		cmocka_unit_test(members_that_do_not_take_it_are_passed_over),
		cmocka_unit_test(lost_connection_moves_at_once),
		cmocka_unit_test(lost_connection_moves_to_its_neighbour),
		cmocka_unit_test(failed_attempt_empties_the_queue),
		cmocka_unit_test(queue_time_leads_to_the_next),
		cmocka_unit_test(full_queue_leads_to_the_next),
		cmocka_unit_test(response_window_leads_to_the_next),
		cmocka_unit_test(single_peer_is_waited_for),
		cmocka_unit_test(young_connection_dies),
		cmocka_unit_test(first_one_up_takes_what_waits),
		cmocka_unit_test(nobody_takes_what_it_has_or_had),
		cmocka_unit_test(tried_again_where_its_connection_was_lost),
		cmocka_unit_test(silent_realm_moves_nothing),
		cmocka_unit_test(unanswered_request_is_tried_elsewhere_too),
		cmocka_unit_test(first_answer_wins),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(tried_elsewhere_as_soon_as_there_is_somebody),
		cmocka_unit_test(third_member_takes_the_place_of_the_first),
		cmocka_unit_test(request_with_state_is_not_doubled),
		cmocka_unit_test(silent_member_goes_last),
		cmocka_unit_test(silent_member_without_connections_goes_last),
		cmocka_unit_test(good_member_without_connections_goes_first),
		cmocka_unit_test(member_that_answers_others_is_not_silent),
		cmocka_unit_test(storm_of_retransmissions),
	};

	return cmocka_run_group_tests_name("pools", tests, NULL, NULL);
}
