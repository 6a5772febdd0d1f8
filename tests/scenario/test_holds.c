/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about neighbours that get no new requests because somebody wants to work on them, and about a gateway that
 * takes none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define USER "user@example.org"

static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_pool(s, "national, second");
}

static struct sim_spec
login_spec(struct sim *s)
{
	return (struct sim_spec){ .port = (uint16_t)(10000 + s->n_reqs), .id = 1, .user = USER, .eap = true };
}

static struct sim_req *
login(struct sim *s)
{
	struct sim_spec spec = login_spec(s);

	return sim_request_with(s, &spec);
}

/* When the target was given a request last. */
static rgw_ms
given_at(struct sim *s, const char *name)
{
	size_t open;
	rgw_ms since;

	assert_true(rgw_gw_load(s->gw, name, &open, &since));
	return since;
}

static size_t
load_of(struct sim *s, const char *name)
{
	size_t open;
	rgw_ms since;

	assert_true(rgw_gw_load(s->gw, name, &open, &since));
	return open;
}

/* What is open is answered where it is, what is new goes elsewhere, and afterwards all is as before. */
static void
open_requests_are_answered(void **state)
{
	struct sim s;
	struct sim_req *first, *second, *third;
	rgw_ms given;

	(void)state;
	init(&s);
	s.national.delay = 2000;
	sim_start(&s);
	sim_run(&s, 500);
	first = login(&s);
	given = s.now;
	sim_run(&s, 100);
	assert_int_equal(load_of(&s, "national"), 1);
	assert_int_equal(given_at(&s, "national"), given);
	assert_true(rgw_gw_hold(s.gw, "national", true, s.now));
	second = login(&s);
	sim_run(&s, 1000);
	assert_int_equal(second->answers, 1);
	assert_int_equal(sim_sends_to(&s, second, &s.second), 1);
	assert_int_equal(first->answers, 0);
	sim_run(&s, 1500);
	assert_int_equal(first->answers, 1);
	assert_int_equal(sim_sends(&s, first->nonce), 1);
	assert_int_equal(load_of(&s, "national"), 0);
	assert_true(rgw_gw_hold(s.gw, "national", false, s.now));
	third = login(&s);
	sim_run(&s, 2500);
	assert_int_equal(third->answers, 1);
	assert_int_equal(sim_sends_to(&s, third, &s.national), 1);
	sim_end(&s);
}

/* A login of several rounds ends where it has begun. */
static void
conversations_go_on(void **state)
{
	struct sim s;
	struct sim_req *round;
	struct sim_spec spec;
	struct rgw_packet p;
	struct rgw_attr attr;

	(void)state;
	init(&s);
	s.national.answer = SIM_CHALLENGE;
	sim_start(&s);
	sim_run(&s, 500);
	round = login(&s);
	sim_run(&s, 100);
	assert_true(rgw_gw_hold(s.gw, "national", true, s.now));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(round->answers, 1);
		assert_int_equal(rgw_packet_parse(&p, round->answer, round->answer_len), RGW_PACKET_OK);
		assert_true(rgw_packet_get(&p, RGW_AT_STATE, &attr));
		spec = login_spec(&s);
		spec.state = attr.value;
		spec.state_len = attr.len;
		round = sim_request_with(&s, &spec);
		sim_run(&s, 100);
		assert_int_equal(sim_sends_to(&s, round, &s.national), 1);
	}
	assert_int_equal(s.second.requests, 0);
	sim_end(&s);
}

/* What waits for a connection moves to another member. */
static void
queue_moves(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.national.no_tcp = true;
	sim_start(&s);
	sim_run(&s, 500);
	r = login(&s);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 0);
	assert_int_equal(load_of(&s, "national"), 1);
	assert_true(rgw_gw_hold(s.gw, "national", true, s.now));
	sim_run(&s, 200);
	assert_int_equal(r->answers, 1);
	assert_int_equal(load_of(&s, "national"), 0);
	sim_end(&s);
}

/* With nobody else to ask, the pool says what becomes of a request. */
static void
nobody_is_left(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 500);
	assert_true(rgw_gw_hold(s.gw, "national", true, s.now));
	assert_true(rgw_gw_hold(s.gw, "second", true, s.now));
	r = login(&s);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_REJECT);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_drained), 1);
	assert_string_equal(s.last_event, "drained");
	assert_true(rgw_gw_hold(s.gw, "second", false, s.now));
	r = login(&s);
	sim_run(&s, 100);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	sim_end(&s);
}

static void
servers_are_held_too(void **state)
{
	struct sim s;
	struct sim_req *r;
	size_t open;
	rgw_ms since;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "local, national");
	sim_start(&s);
	sim_run(&s, 500);
	assert_true(rgw_gw_hold(s.gw, "local", true, s.now));
	r = login(&s);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_sends_to(&s, r, &s.national), 1);
	assert_false(rgw_gw_hold(s.gw, "locol", true, s.now));
	assert_false(rgw_gw_load(s.gw, "locol", &open, &since));
	sim_end(&s);
}

/* A gateway that takes nothing, and then takes requests again, also of peers. */
static void
gateway_comes_back(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 500);
	rgw_gw_drain(s.gw);
	r = login(&s);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 0);
	assert_null(sim_accept(&s, "203.0.113.5"));
	rgw_gw_resume(s.gw, s.now);
	r = login(&s);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_non_null(sim_visit(&s));
	sim_end(&s);
}

/* Whoever holds and lets go under load loses nothing. */
static void
nothing_is_lost_under_load(void **state)
{
	static const char *const names[] = { "national", "second" };
	struct sim s;

	(void)state;
	init(&s);
	s.national.delay = s.second.delay = 300;
	sim_start(&s);
	sim_run(&s, 500);
	for (unsigned i = 0; i < 600; i++) {
		login(&s);
		sim_run(&s, 5);
		if (i % 50 == 0) {
			assert_true(rgw_gw_hold(s.gw, names[i / 50 % 2], true, s.now));
			assert_true(rgw_gw_hold(s.gw, names[(i / 50 + 1) % 2], false, s.now));
			sim_audit(&s);
		}
	}
	sim_run(&s, 1000);
	assert_int_equal(sim_answered(&s), 600);
	assert_true(s.national.requests > 200 && s.second.requests > 200);
	assert_int_equal(s.national.requests + s.second.requests, 600);
	sim_end(&s);
}

static size_t
old_connections(struct sim *s, const char *name)
{
	bool good;

	return rgw_gw_old_connections(s->gw, name, &good);
}

static bool
has_a_good_one(struct sim *s, const char *name)
{
	bool good;
	size_t old = rgw_gw_old_connections(s->gw, name, &good);

	(void)old;
	return good;
}

/* The new connection is there before the old one goes, and what is open on that is answered on it. */
static void
connections_are_replaced(void **state)
{
	struct sim s;
	struct sim_req *open, *later;
	struct sim_conn *old;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-1");
	s.national.delay = 2000;
	s.national.handshake_delay = 300;
	s.draining = 1;
	sim_start(&s);
	sim_run(&s, 1000);
	old = sim_first_up(&s);
	open = login(&s);
	sim_run(&s, 100);
	assert_true(rgw_gw_reconnect(s.gw, "national", true, s.now));
	sim_run(&s, 100);
	assert_true(old->up);
	assert_int_equal(old_connections(&s, "national"), 1);
	assert_false(has_a_good_one(&s, "national"));
	sim_run(&s, 500);
	assert_true(has_a_good_one(&s, "national"));
	later = login(&s);
	sim_run(&s, 100);
	assert_ptr_equal(open->got->conn, old);
	assert_ptr_not_equal(later->got->conn, old);
	/* What is open on the old connection counts, too. */
	assert_int_equal(load_of(&s, "national"), 2);
	sim_run(&s, 4000);
	assert_int_equal(open->answers, 1);
	assert_int_equal(later->answers, 1);
	assert_int_equal(sim_sends(&s, open->nonce), 1);
	assert_true(old->closed_by_engine);
	assert_int_equal(old_connections(&s, "national"), 0);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

/* With no new connection the old one stays, and it is not tried for ever. */
static void
old_connection_stays(void **state)
{
	struct sim s;
	struct sim_conn *old;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	sim_run(&s, 1000);
	old = sim_first_up(&s);
	s.national.refuse = true;
	assert_true(rgw_gw_reconnect(s.gw, "national", true, s.now));
	sim_run(&s, 10000);
	r = login(&s);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_ptr_equal(r->got->conn, old);
	assert_true(rgw_gw_reconnect(s.gw, "national", false, s.now));
	s.national.refuse = false;
	sim_run(&s, 120000);
	assert_true(old->up);
	/* The pauses after the attempts that came to nothing do not hold up whoever asks once more. */
	s.national.refuse = true;
	assert_true(rgw_gw_reconnect(s.gw, "national", true, s.now));
	sim_run(&s, 100000);
	s.national.refuse = false;
	assert_true(rgw_gw_reconnect(s.gw, "national", true, s.now));
	sim_run(&s, 200);
	assert_true(has_a_good_one(&s, "national"));
	assert_true(old->closed_by_engine);
	assert_false(rgw_gw_reconnect(s.gw, "visitor", true, s.now));
	assert_false(rgw_gw_reconnect(s.gw, "local", true, s.now));
	sim_end(&s);
}

/* A peer that is connected to on demand gets a new connection, too, although nobody needs one now. */
static void
idle_connection_is_replaced(void **state)
{
	struct sim s;
	struct sim_conn *old;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-4");
	sim_start(&s);
	login(&s);
	sim_run(&s, 1000);
	old = sim_first_up(&s);
	assert_true(rgw_gw_reconnect(s.gw, "national", true, s.now));
	sim_run(&s, 1000);
	assert_true(old->closed_by_engine);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

/* A peer that is back after a failure has yet to prove itself, and so has the connection that is to take the place of
 * the one that it has: one is opened, and not one more each time somebody looks. The old one, which is proven first, is
 * no new one, and stays until that is proven, too. */
static void
unproven_connections_are_replaced_by_proven_ones(void **state)
{
	struct sim s;
	struct sim_conn *old;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-1");
	s.draining = 1;
	s.national.answer = SIM_SILENT;
	s.national.delay = 1000;
	sim_start(&s);
	sim_run(&s, 2000);
	login(&s);
	sim_run(&s, 100);
	sim_cut_all(&s, &s.national);
	while (sim_count_to(&s, &s.national) == 0)
		sim_run(&s, 10);
	old = sim_first_to(&s, &s.national);
	sim_run(&s, 500);
	assert_true(rgw_gw_reconnect(s.gw, "national", true, s.now));
	while (strcmp(s.last_event, "connection-okay") != 0) {
		sim_run(&s, 10);
		assert_true(sim_count_to(&s, &s.national) <= 2);
	}
	/* The first that is proven is the old one: it is asked, and stays. */
	assert_false(has_a_good_one(&s, "national"));
	r = login(&s);
	sim_run(&s, 10);
	assert_ptr_equal(r->got->conn, old);
	sim_run(&s, 2000);
	assert_true(has_a_good_one(&s, "national"));
	sim_run(&s, 60000);
	assert_true(old->closed_by_engine);
	assert_int_equal(sim_count_to(&s, &s.national), 1);
	sim_run(&s, 40000);
	sim_end(&s);
}

/* Who waits for a member that cannot be reached goes to the other as soon as that takes requests again. */
static void
waiting_requests_come_back(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.national.refuse = true;
	sim_start(&s);
	sim_run(&s, 3000);
	assert_true(rgw_gw_hold(s.gw, "second", true, s.now));
	r = login(&s);
	sim_run(&s, 500);
	assert_int_equal(r->answers, 0);
	assert_true(rgw_gw_hold(s.gw, "second", false, s.now));
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_sends_to(&s, r, &s.second), 1);
	sim_end(&s);
}

/* Connections that were lost while the gateway took nothing are opened again when it takes requests, before one
 * comes. */
static void
connections_come_back(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 500);
	rgw_gw_drain(s.gw);
	sim_cut_all(&s, &s.national);
	sim_run(&s, 100000);
	assert_int_equal(sim_count_to(&s, &s.national), 0);
	rgw_gw_resume(s.gw, s.now);
	sim_run(&s, 200);
	assert_int_equal(sim_count_to(&s, &s.national), 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_requests_are_answered),
		cmocka_unit_test(conversations_go_on),
		cmocka_unit_test(queue_moves),
		cmocka_unit_test(nobody_is_left),
		cmocka_unit_test(servers_are_held_too),
		cmocka_unit_test(gateway_comes_back),
		cmocka_unit_test(nothing_is_lost_under_load),
		cmocka_unit_test(connections_are_replaced),
		cmocka_unit_test(old_connection_stays),
		cmocka_unit_test(idle_connection_is_replaced),
		cmocka_unit_test(unproven_connections_are_replaced_by_proven_ones),
		cmocka_unit_test(waiting_requests_come_back),
		cmocka_unit_test(connections_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
