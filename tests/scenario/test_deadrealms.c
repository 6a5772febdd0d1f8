/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about realms that are dead behind a living member, or that one member has no way to (P-FO-7). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define NEAR "bob@near.example"
#define FAR "bob@far.example"
#define HOUR 3600000

/* So many realms that were never answered are remembered all the same. */
#define UNPROVEN 4096

/* A pool of national and second, which answer nothing by themselves but Status-Server. */
static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_pool(s, "national, second");
	s->national.answer = s->second.answer = SIM_SILENT;
}

/* Asks, and tells whether national got the request first; it is answered at once if so wished. */
static bool
ask(struct sim *s, const char *user, bool answer)
{
	uint64_t before = s->national.requests;
	bool first;

	sim_request(s, 1, (uint16_t)(10000 + s->n_reqs), 1, user);
	sim_run(s, 100);
	first = s->national.requests > before;
	if (answer)
		sim_reply(s, s->got[s->n_got - 1], 0);
	sim_run(s, 1);
	return first;
}

/* A request of the realm that national leaves unanswered while it answers others; second has it then. */
static void
make_mark(struct sim *s)
{
	assert_true(ask(s, FAR, false));
	assert_true(ask(s, NEAR, true));
	sim_run(s, 3000);  /* retry-after */
	sim_reply(s, s->got[s->n_got - 1], 0);
	sim_run(s, 1);
}

static void
only_that_realm_goes_elsewhere(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	make_mark(&s);
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 1);
	for (int i = 0; i < 20; i++) {
		assert_false(ask(&s, FAR, true));
		assert_false(ask(&s, "x@FAR.example", true));
		assert_true(ask(&s, NEAR, true));
	}
	assert_int_equal(sim_answered(&s), 62);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_suspected), 0);
	sim_end(&s);
}

static void
mark_has_an_end(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	make_mark(&s);
	sim_run(&s, HOUR - 10000);
	assert_false(ask(&s, FAR, true));
	sim_run(&s, 10000);
	assert_true(ask(&s, FAR, true));
	sim_end(&s);
}

/* The member that got the last request says that it has no way there. */
static void
no_way(struct sim *s)
{
	static const uint8_t cause[4] = { 0, 0, 502 >> 8, 502 & 255 };

	sim_reply_with(s, s->got[s->n_got - 1], RGW_PROTOCOL_ERROR, RGW_ERROR_CAUSE, cause, sizeof cause);
	sim_run(s, 100);
}

/* Neither member serves the realm: the one that left it unanswered longest ago goes first, so that both are tried. */
static void
oldest_mark_goes_first(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	assert_true(ask(&s, FAR, false));
	no_way(&s);
	assert_int_equal(s.second.requests, 1);
	no_way(&s);
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 2);
	/* National's mark is older; then second's is. */
	assert_true(ask(&s, FAR, false));
	no_way(&s);
	assert_int_equal(s.second.requests, 2);
	no_way(&s);
	assert_true(ask(&s, FAR, false));
	no_way(&s);
	/* Now second serves the realm, and has no mark any more. */
	sim_reply(&s, s.got[s.n_got - 1], 0);
	sim_run(&s, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_cleared), 1);
	assert_false(ask(&s, FAR, true));
	sim_end(&s);
}

static void
answer_clears_the_mark(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	make_mark(&s);
	/* Second does not answer, so national is asked after a while, and does answer. */
	assert_false(ask(&s, FAR, false));
	assert_true(ask(&s, NEAR, true));
	sim_run(&s, 3000);
	sim_reply(&s, s.got[s.n_got - 1], 0);
	sim_run(&s, 100);
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_cleared), 1);
	assert_true(ask(&s, FAR, true));
	sim_end(&s);
}

/* Nothing else was asked meanwhile: Status-Server finds out whether it is the member or the realm. */
static void
status_server_tells_realm_from_member(void **state)
{
	(void)state;
	for (int alive = 0; alive <= 1; alive++) {
		struct sim s;

		init(&s);
		sim_start(&s);
		assert_true(ask(&s, NEAR, true));
		s.national.no_status = alive == 0;
		assert_true(ask(&s, FAR, false));
		sim_run(&s, 3000);
		sim_reply(&s, s.got[s.n_got - 1], 0);
		sim_run(&s, 1000);
		/* These come besides the ones with which the connections began. */
		assert_int_equal(sim_counter(&s, RGW_CTR_watchdogs_sent), 1 + s.n_conns);
		assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), alive);
		/* A living member keeps the other realms; a silent one goes last for all. */
		assert_int_equal(ask(&s, NEAR, true), alive == 1);
		assert_false(ask(&s, FAR, true));
		sim_end(&s);
	}
}

/* No other member was tried, so the request lasts until it has outlived itself. */
static void
outliving_itself_is_a_mark(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\nretry-after = 0");
	sim_start(&s);
	assert_true(ask(&s, FAR, false));
	assert_true(ask(&s, NEAR, true));
	sim_run(&s, 29000);
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 0);
	sim_run(&s, 1000);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 1);
	assert_false(ask(&s, FAR, true));
	assert_true(ask(&s, NEAR, true));
	sim_end(&s);
}

/* The member says nothing at all for so long that it was at fault itself; that it is back later tells nothing about
 * the realm. */
static void
member_that_was_silent_for_long(void **state)
{
	(void)state;
	for (int late = 0; late <= 1; late++) {
		struct sim s;
		struct sim_req *other;

		init(&s);
		s.national.no_status = true;
		sim_start(&s);
		other = sim_request(&s, 1, 9000, 1, "bob");
		assert_true(ask(&s, FAR, false));
		sim_run(&s, 3000);
		assert_int_equal(s.second.requests, 2);
		sim_reply(&s, s.reqs[1]->got, 0);
		assert_int_equal(s.reqs[1]->answers, 1);
		sim_run(&s, late == 1 ? 6000 : 4000);
		assert_int_equal(other->answers, 0);
		sim_reply(&s, other->got->before, 0);
		assert_int_equal(other->answers, 1);
		assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), late == 1 ? 0 : 1);
		assert_int_equal(ask(&s, FAR, true), late == 1);
		sim_end(&s);
	}
}

/* P-ERR-9: a member says itself that it has no way to the realm. */
static void
not_routable_is_a_mark(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	assert_true(ask(&s, FAR, false));
	no_way(&s);
	sim_reply(&s, s.got[s.n_got - 1], 0);
	sim_run(&s, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 1);
	assert_false(ask(&s, FAR, true));
	assert_true(ask(&s, NEAR, true));
	sim_end(&s);
}

static void
so_many_in_a_row(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\ndead-realm-after = 3");
	sim_start(&s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 0);
		make_mark(&s);
	}
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 1);
	assert_false(ask(&s, FAR, true));
	sim_end(&s);
}

static void
switched_off(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\ndead-realm = 0");
	sim_start(&s);
	make_mark(&s);
	assert_true(ask(&s, FAR, true));
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 0);
	sim_end(&s);
}

/* Invented realms, for which nobody has a way: each is marked at both members, and they displace only each
 * other. */
static void
flood_of_realms(void **state)
{
	struct sim s;
	struct rgw_gw_usage usage;
	char user[64];

	(void)state;
	init(&s);
	sim_start(&s);
	make_mark(&s);
	s.national.answer = s.second.answer = SIM_ERROR;
	s.national.error_cause = s.second.error_cause = RGW_CAUSE_NOT_ROUTABLE;
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(user, sizeof user, "bob@%08x.invented.example", i * 2654435761u);
		sim_request(&s, 1, (uint16_t)(20000 + i % 40000), (uint8_t)(i / 40000), user);
		if (i % 200 == 0)
			sim_run(&s, 500);
	}
	sim_run(&s, 1000);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 100002);
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 200001);
	rgw_gw_get_usage(s.gw, &usage);
	assert_true(usage.realm_marks <= 2 * UNPROVEN + 1);
	s.national.answer = s.second.answer = SIM_SILENT;
	assert_false(ask(&s, FAR, true));
	assert_true(ask(&s, NEAR, true));
	sim_end(&s);
}

/* One connection to one peer, and a realm that leaves every request unanswered: its identifiers are all taken
 * long before its requests have outlived themselves, but a login of another realm gets through. */
static void
dead_realm_does_not_keep_all_identifiers(void **state)
{
	struct sim s;
	struct sim_req *dead[300];
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-1\nstatus-server = on");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	sim_run(&s, 100);
	for (unsigned i = 0; i < 255; i++)
		dead[i] = sim_request(&s, 1, 9000, (uint8_t)i, FAR);
	sim_run(&s, 4000);
	/* No request has waited long yet. */
	r = sim_request(&s, 1, 10000, 1, NEAR);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_gave_way), 0);
	assert_int_equal(s.national.requests, 255);
	sim_run(&s, 1500);
	/* Another request comes, and both go out. */
	sim_request(&s, 1, 10000, 2, NEAR);
	sim_run(&s, 10);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_gave_way), 2);
	assert_int_equal(s.national.requests, 257);
	assert_string_equal(s.last_event, "gave-way");
	sim_reply(&s, r->got, 0);
	sim_run(&s, 10);
	assert_int_equal(r->answers, 1);
	/* An answer to a request that gave way is late, and does no harm. */
	sim_reply(&s, dead[0]->got, 0);
	sim_run(&s, 10);
	assert_int_equal(dead[0]->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	assert_int_equal(sim_count_up(&s), 1);
	/* The request that gave way absorbs repetitions as before. */
	sim_again(&s, dead[0]);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 1);
	sim_end(&s);
}

/* One connection, and its identifiers from the first on taken by requests of a dead realm. */
static void
fill(struct sim *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sim_request(s, 1, (uint16_t)(9000 + s->n_reqs / 200), (uint8_t)(s->n_reqs % 200), FAR);
}

/* The request that was sent first gives way, which is not the one with the lowest identifier. */
static void
longest_gives_way(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	fill(&s, 254);
	sim_run(&s, 1000);
	/* The first request is answered: its identifier serves the last of these two. */
	sim_reply(&s, s.got[0], 0);
	fill(&s, 2);
	sim_run(&s, 4500);
	sim_request(&s, 1, 10000, 1, NEAR);
	sim_run(&s, 10);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_gave_way), 1);
	sim_reply(&s, s.got[255], 0);
	sim_run(&s, 10);
	assert_int_equal(s.reqs[255]->answers, 1);
	sim_reply(&s, s.got[1], 0);
	sim_run(&s, 10);
	assert_int_equal(s.reqs[1]->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	sim_end(&s);
}

/* As long as a connection is about to come up, nobody gives way; if the peer takes no more, somebody does. */
static void
growth_comes_first(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned refused = 0; refused < 2; refused++) {
		sim_init(&s, "198.51.100.1");
		sim_ini(&s, "[peer national]\nconnections = 1-2\nstatus-server = on");
		s.national.answer = SIM_SILENT;
		sim_start(&s);
		sim_run(&s, 100);
		s.national.connect_delay = 2900;
		s.national.handshake_delay = 4000;
		s.national.refuse = refused == 1;
		fill(&s, 255);
		sim_run(&s, 6000);
		fill(&s, 1);
		sim_run(&s, 10);
		assert_int_equal(sim_counter(&s, RGW_CTR_requests_gave_way), refused);
		assert_int_equal(s.national.requests, 255 + refused);
		sim_run(&s, 2000);
		assert_int_equal(sim_count_up(&s), 2 - refused);
		assert_int_equal(s.national.requests, 256);
		sim_end(&s);
	}
}

/* This shows, too, that the member leaves the realm unanswered. */
static void
giving_way_is_a_mark(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nconnections = 1-1");
	sim_start(&s);
	fill(&s, 254);
	sim_run(&s, 100);
	ask(&s, NEAR, true);
	fill(&s, 1);
	sim_run(&s, 6000);
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 0);
	ask(&s, NEAR, true);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_gave_way), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_realms_marked), 1);
	sim_end(&s);
}

/* Of each identifier two requests can be told apart, so no more than that may be unanswered. */
static void
identifiers_give_way_once(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-1\nstatus-server = on");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	for (unsigned i = 0; i < 255; i++)
		sim_request(&s, 1, 9000, (uint8_t)i, FAR);
	sim_run(&s, 6000);
	for (unsigned i = 0; i < 255; i++)
		sim_request(&s, 1, 9001, (uint8_t)i, FAR);
	sim_run(&s, 6000);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_gave_way), 255);
	for (unsigned i = 0; i < 255; i++)
		sim_request(&s, 1, 9002, (uint8_t)i, FAR);
	sim_run(&s, 4000);
	assert_int_equal(s.national.requests, 510);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_gave_way), 255);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_that_realm_goes_elsewhere),
		cmocka_unit_test(mark_has_an_end),
		cmocka_unit_test(oldest_mark_goes_first),
		cmocka_unit_test(answer_clears_the_mark),
		cmocka_unit_test(status_server_tells_realm_from_member),
		cmocka_unit_test(outliving_itself_is_a_mark),
		cmocka_unit_test(member_that_was_silent_for_long),
		cmocka_unit_test(not_routable_is_a_mark),
		cmocka_unit_test(so_many_in_a_row),
		cmocka_unit_test(switched_off),
		cmocka_unit_test(flood_of_realms),
		cmocka_unit_test(dead_realm_does_not_keep_all_identifiers),
		cmocka_unit_test(longest_gives_way),
		cmocka_unit_test(growth_comes_first),
		cmocka_unit_test(giving_way_is_a_mark),
		cmocka_unit_test(identifiers_give_way_once),
	};

	return cmocka_run_group_tests_name("deadrealms", tests, NULL, NULL);
}
