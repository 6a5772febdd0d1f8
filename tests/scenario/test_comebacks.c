/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about a member of a pool that was away for long and is back just when the other one goes: its
 * next attempt to connect would come much later than a login can wait (P-TLS-22, P-FO-1). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define NEAR "bob@near.example"
#define DEAD "bob@dead.example"
#define MINUTE 60000
#define SEEDS 20

/* A pool of national and second, with a connection to each; second was away for ten minutes. */
static void
init(struct sim *s, uint64_t seed)
{
	sim_init(s, "198.51.100.1");
	s->seed = seed;
	sim_to_pool(s, "national, second");
	sim_ini(s, "[peer national]\nconnections = 1-4\nstatus-server = on\n"
	    "[peer second]\nconnections = 1-4\nstatus-server = on");
	sim_start(s);
	sim_run(s, 1000);
	s->second.refuse = true;
	sim_cut_all(s, &s->second);
	sim_run(s, 10 * MINUTE);
}

static struct sim_req *
login(struct sim *s, const char *user)
{
	return sim_request(s, 1, (uint16_t)(10000 + s->n_reqs), 1, user);
}

static void
it_is_called_when_the_other_one_is_lost(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim s;
		struct sim_req *r;

		init(&s, seed);
		s.second.refuse = false;
		s.national.refuse = true;
		sim_cut_all(&s, &s.national);
		r = login(&s, NEAR);
		sim_run(&s, 1500);
		assert_int_equal(r->answers, 1);
		assert_int_equal(s.second.requests, 1);
		sim_end(&s);
	}
}

/* The failure of a peer that is not in the pool calls nobody: its pauses are kept (P-TLS-23). */
static void
it_is_not_called_for_a_stranger(void **state)
{
	size_t tries = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim s;
		size_t before;

		sim_init(&s, "198.51.100.1");
		s.seed = seed;
		sim_to_pool(&s, "second");
		sim_ini(&s, "[peer national]\nconnections = 1-4\n[peer second]\nconnections = 1-4");
		s.second.refuse = true;
		sim_start(&s);
		sim_run(&s, 10 * MINUTE);
		before = s.n_conns;
		s.national.refuse = true;
		sim_cut_all(&s, &s.national);
		sim_run(&s, 3000);
		for (size_t i = before; i < s.n_conns; i++)
			tries += s.conns[i]->far == &s.second;
		sim_end(&s);
	}
	/* If the peer were called, it would be tried in each run; by itself it is in one of about fifteen. */
	assert_in_range(tries, 0, SEEDS / 4);
}

/* The peer comes back only some time after the other one has gone: queue-time is long enough for that. */
static void
it_is_called_again(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim s;
		struct sim_req *r;

		init(&s, seed);
		s.national.refuse = true;
		sim_cut_all(&s, &s.national);
		r = login(&s, NEAR);
		sim_run(&s, 2000);
		s.second.refuse = false;
		sim_run(&s, 2900);
		assert_int_equal(r->answers, 1);
		assert_int_equal(s.second.requests, 1);
		sim_end(&s);
	}
}

/* The other one's connection stands, but nothing comes on it: the second look of retry-after finds it. */
static void
it_is_called_when_the_other_one_is_mute(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim s;
		struct sim_req *r;

		init(&s, seed);
		s.second.refuse = false;
		s.national.hang = true;
		r = login(&s, NEAR);
		sim_run(&s, 6500);
		assert_int_equal(r->answers, 1);
		assert_int_equal(s.second.requests, 1);
		sim_end(&s);
	}
}

/* The other member lives, and a realm behind it is dead: that calls nobody. */
static void
dead_realm_calls_nobody(void **state)
{
	struct sim s;
	uint64_t before;

	(void)state;
	init(&s, 1);
	before = sim_counter(&s, RGW_CTR_connections_failed);
	for (unsigned i = 0; i < 600; i++) {
		s.national.answer = SIM_SILENT;
		login(&s, DEAD);
		s.national.answer = SIM_ANSWER;
		sim_run(&s, 500);
		login(&s, NEAR);
		sim_run(&s, 500);
	}
	assert_in_range(sim_counter(&s, RGW_CTR_connections_failed) - before, 8, 20);
	sim_end(&s);
}

/* All members stay away, and logins go on: the pauses grow as ever. */
static void
who_stays_away_is_not_called_for_each_login(void **state)
{
	(void)state;
	for (int mute = 0; mute < 2; mute++) {
		struct sim s;
		uint64_t before;

		init(&s, 1);
		before = sim_counter(&s, RGW_CTR_connections_failed);
		s.national.hang = mute;
		s.national.refuse = true;
		if (!mute)
			sim_cut_all(&s, &s.national);
		for (unsigned i = 0; i < 600; i++) {
			login(&s, NEAR);
			sim_run(&s, 1000);
		}
		assert_in_range(sim_counter(&s, RGW_CTR_connections_failed) - before, 20, 60);
		sim_end(&s);
	}
}

/* A member that has no connections because nobody needed one is as good as one that has some: nobody else is called
 * when the first choice is lost (P-TLS-23). */
static void
it_is_not_called_beside_one_on_demand(void **state)
{
	size_t tries = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim s;
		size_t before;

		sim_init(&s, "198.51.100.1");
		s.seed = seed;
		sim_ini(&s, "[peer visitor]\nconnect = 198.51.100.3\nconnections = 0-4");
		sim_to_pool(&s, "national, second, visitor");
		sim_ini(&s, "[peer national]\nconnections = 1-4\n[peer visitor]\nconnections = 1-4");
		s.visitor.refuse = true;
		sim_start(&s);
		sim_run(&s, 10 * MINUTE);
		before = s.n_conns;
		s.national.answer = SIM_SILENT;
		s.national.refuse = true;
		login(&s, NEAR);
		sim_run(&s, 100);
		sim_cut_all(&s, &s.national);
		sim_run(&s, 3000);
		assert_int_equal(sim_answered(&s), 1);
		for (size_t i = before; i < s.n_conns; i++)
			tries += s.conns[i]->far == &s.visitor;
		sim_end(&s);
	}
	assert_in_range(tries, 0, SEEDS / 4);
}

/* Many gateways lose the same peers at the same time: they do not call in step (P-TLS-22). */
static void
calls_are_spread(void **state)
{
	unsigned soon = 0, later = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim s;
		rgw_ms lost;
		size_t i;

		init(&s, seed);
		i = s.n_conns;
		lost = s.now;
		s.national.refuse = true;
		sim_cut_all(&s, &s.national);
		s.second.refuse = false;
		sim_run(&s, 2000);
		while (s.conns[i]->far != &s.second)
			i++;
		soon += s.conns[i]->opened_at - lost < 600;
		later += s.conns[i]->opened_at - lost > 650;
		assert_in_range(s.conns[i]->opened_at - lost, 0, 1500);
		sim_end(&s);
	}
	assert_in_range(soon, 2, SEEDS - 5);
	assert_in_range(later, 2, SEEDS - 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_called_when_the_other_one_is_lost),
		cmocka_unit_test(it_is_not_called_for_a_stranger),
		cmocka_unit_test(it_is_called_again),
		cmocka_unit_test(it_is_called_when_the_other_one_is_mute),
		cmocka_unit_test(dead_realm_calls_nobody),
		cmocka_unit_test(who_stays_away_is_not_called_for_each_login),
		cmocka_unit_test(it_is_not_called_beside_one_on_demand),
		cmocka_unit_test(calls_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
