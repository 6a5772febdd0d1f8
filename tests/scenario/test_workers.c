/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories in which another worker is there, too: what it has of the common limits is taken by hand. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim.h"

static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_server(s);
}

static void
take(struct rgw_quota *quota, unsigned n)
{
	while (n-- > 0)
		assert_true(rgw_quota_take(quota));
}

static void
give(struct rgw_quota *quota, unsigned n)
{
	while (n-- > 0)
		rgw_quota_give(quota);
}

static void
connections_in_all(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	init(&s);
	sim_ini(&s, "[gateway]\nmax-connections = 10");
	sim_start(&s);
	take(&s.common->incoming, 9);
	c = sim_visit(&s);
	assert_null(sim_accept(&s, "203.0.113.6"));
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections), 1);
	/* The worker's own place is gone, and the other worker is faster. */
	sim_cut(&s, c);
	take(&s.common->incoming, 1);
	assert_null(sim_accept(&s, "203.0.113.6"));
	give(&s.common->incoming, 10);
	sim_visit(&s);
	assert_int_equal(rgw_quota_used(&s.common->incoming), 1);
	sim_end(&s);
}

/* A connection that is refused by one limit holds no place under another. */
static void
connections_of_the_listener(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[listen radsec]\nmax-connections = 2");
	sim_start(&s);
	take(s.common->listens[0], 1);
	sim_visit(&s);
	assert_null(sim_accept(&s, "203.0.113.6"));
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_listener), 1);
	assert_int_equal(rgw_quota_used(&s.common->incoming), 1);
	assert_int_equal(rgw_quota_used(s.common->listens[0]), 2);
	give(s.common->listens[0], 1);
	assert_non_null(sim_accept(&s, "203.0.113.6"));
	sim_end(&s);
}

static void
connections_of_the_peer(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct rgw_quota *quota;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nmax-connections = 3");
	sim_start(&s);
	quota = s.common->peers[sim_peer_conf(&s, "visitor")->head.id];
	take(quota, 2);
	sim_visit(&s);
	c = sim_accept(&s, "203.0.113.77");
	sim_identify(&s, c);
	assert_true(c->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_peer), 1);
	assert_int_equal(rgw_quota_used(quota), 3);
	assert_int_equal(rgw_quota_used(&s.common->incoming), 1);
	give(quota, 2);
	sim_visit(&s);
	assert_int_equal(sim_count_up(&s), 2);
	sim_end(&s);
}

/* A connection that is refused by one limit when it is known who it is keeps no place under the others. */
static void
places_are_given_back(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct rgw_quota *peer;

	(void)state;
	init(&s);
	sim_ini(&s, "[gateway]\nmax-connections = 4\n[listen radsec]\nmax-connections = 4");
	sim_start(&s);
	peer = s.common->peers[sim_peer_conf(&s, "visitor")->head.id];
	c = sim_accept(&s, "203.0.113.6");
	take(&s.common->incoming, 4);
	sim_identify(&s, c);
	assert_true(c->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections), 1);
	give(&s.common->incoming, 4);
	c = sim_accept(&s, "203.0.113.6");
	take(s.common->listens[0], 4);
	sim_identify(&s, c);
	assert_true(c->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_listener), 1);
	give(s.common->listens[0], 4);
	assert_int_equal(rgw_quota_used(peer), 0);
	assert_int_equal(rgw_quota_used(s.common->listens[0]), 0);
	assert_int_equal(rgw_quota_used(&s.common->incoming), 0);
	sim_visit(&s);
	sim_end(&s);
}

/* A refused address takes nothing of what all share, and a full gateway costs an address nothing. */
static void
refusals_hold_nothing(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[gateway]\nconnect-rate-per-address = 0\nmax-connections = 5\nmax-connections-per-address = 1");
	sim_start(&s);
	sim_visit(&s);
	for (int i = 0; i < 20; i++) {
		struct sim_conn *c = sim_accept(&s, "203.0.113.5");

		sim_identify(&s, c);
		assert_true(c->closed_by_engine);
	}
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_per_address), 20);
	assert_int_equal(rgw_quota_used(&s.common->incoming), 1);
	take(&s.common->incoming, 4);
	assert_null(sim_accept(&s, "203.0.113.7"));
	give(&s.common->incoming, 4);
	assert_non_null(sim_accept(&s, "203.0.113.7"));
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_in_all),
		cmocka_unit_test(connections_of_the_listener),
		cmocka_unit_test(connections_of_the_peer),
		cmocka_unit_test(places_are_given_back),
		cmocka_unit_test(refusals_hold_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
