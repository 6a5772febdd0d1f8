/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

/* Another configuration while the gateway runs: what has begun ends as it began, what is known goes on. */

/* A realm of its own for the server comes; the requests that wait at the peer are not touched. */
static void
realm_is_added(void **state)
{
	struct sim_req *before, *after;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 500;
	sim_start(&s);
	before = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@new.example");
	sim_run(&s, 100);
	assert_int_equal(sim_count_up(&s), 1);
	sim_reload(&s, "[realm new.example]\npool = local");
	after = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@new.example");
	sim_run(&s, 1000);
	assert_int_equal(sim_sends_to(&s, before, &s.national), 1);
	assert_int_equal(sim_sends_to(&s, after, &s.server), 1);
	assert_int_equal(sim_answered(&s), 2);
	assert_int_equal(s.n_conns, 1);
	sim_end(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(realm_is_added),
	};

	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
