/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about how many connections a peer has: they come with the load and go when it has gone
 * (P-ID-4, P-FO-3). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

static void
init(struct sim *s, uint32_t max)
{
	sim_init(s, "198.51.100.1");
	sim_ini(s, "[peer national]\nconnections = 0-%u\nqueue = 10000", max);
}

static void
many(struct sim *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sim_request(s, 1, (uint16_t)(10000 + s->n_reqs / 200), (uint8_t)(s->n_reqs % 200),
		    "user@example.org");
}

/* The load is 8,000 requests per second, each under way for half a second: 4,000 at a time. None is lost, and
 * afterwards there are as few connections as are needed. */
static void
four_thousand_in_flight(void **state)
{
	struct sim s;
	size_t most = 0;

	(void)state;
	init(&s, 16);
	/* Kept answers count against the limit, too. Nothing but being too many closes a connection. */
	sim_ini(&s, "[gateway]\nmax-requests = 100000\n[peer national]\nidle-timeout = 0");
	/* Writing log lines takes most of the time. */
	s.log.level = RGW_LOG_NOTICE;
	s.national.delay = 500;
	s.draining = 16;
	sim_start(&s);
	for (unsigned i = 0; i < 500; i++) {
		many(&s, i < 300 ? 1 + 80 * i / 300 : 80);
		sim_run(&s, 10);
		if (sim_count_up(&s) > most)
			most = sim_count_up(&s);
		if (i % 50 == 0)
			sim_audit(&s);
	}
	sim_run(&s, 1000);
	assert_int_equal(most, 16);
	assert_int_equal(sim_answered(&s), s.n_reqs);
	assert_int_equal(s.n_conns, 16);
	/* Ten requests per second need one connection: the others go, one after the other. */
	for (unsigned i = 0; i < 300; i++) {
		many(&s, 1);
		sim_run(&s, 1000);
	}
	assert_in_range(sim_count_up(&s), 15, 16);
	for (unsigned i = 0; i < 1200; i++) {
		many(&s, 1);
		sim_run(&s, 1000);
	}
	assert_int_equal(sim_count_up(&s), 1);
	assert_int_equal(sim_answered(&s), s.n_reqs);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_surplus), 15);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_retried), 0);
	sim_end(&s);
}

/* The bound of connections holds, whatever it is: the world looks at each connection that is opened. */
static void
bound_holds(void **state)
{
	(void)state;
	for (uint32_t max = 1; max <= 5; max++) {
		struct sim s;

		init(&s, max);
		s.national.delay = 50;
		sim_start(&s);
		many(&s, 2000);
		sim_run(&s, 4000);
		assert_int_equal(sim_answered(&s), 2000);
		assert_int_equal(s.n_conns, max);
		sim_end(&s);
	}
}

/* The next connection is opened before the first one is full, so that no request has to wait for it. */
static void
opened_ahead(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 4);
	s.national.delay = 2000;
	sim_start(&s);
	many(&s, 1);
	sim_run(&s, 100);
	for (unsigned i = 1; i <= 300; i++) {
		many(&s, 1);
		assert_int_equal(s.national.requests, i + 1);
		if (i == 203)
			assert_int_equal(s.n_conns, 1);
		if (i == 205)
			assert_int_equal(s.n_conns, 2);
		sim_run(&s, 1);
	}
	sim_run(&s, 3000);
	assert_int_equal(sim_answered(&s), 301);
	sim_end(&s);
}

/* A burst waits for connections: to a peer that works four are opened at one time. */
static void
growth_of_a_peer_that_works(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 16);
	sim_ini(&s, "[peer national]\nconnect-rate = 0");
	sim_start(&s);
	many(&s, 1);
	sim_run(&s, 1000);
	assert_int_equal(s.n_conns, 1);
	s.national.handshake_delay = 1000;
	many(&s, 3000);
	sim_run(&s, 100);
	assert_int_equal(s.n_conns, 1 + 4);
	sim_run(&s, 5000);
	assert_int_equal(sim_answered(&s), 3001);
	sim_end(&s);
}

/* Connections are opened as connect-rate allows, and not two at a time to a peer that does not answer. */
static void
growth_keeps_to_connect_rate(void **state)
{
	struct sim s;
	size_t before = 0;

	(void)state;
	init(&s, 16);
	sim_ini(&s, "[peer national]\nconnect-rate = 2/s burst 3");
	s.national.delay = 400;
	sim_start(&s);
	for (unsigned i = 0; i < 10; i++) {
		many(&s, 4000 - (unsigned)rgw_gw_pending(s.gw));
		sim_run(&s, 1000);
		assert_true(s.n_conns - before <= (i == 0 ? 5u : 2u));
		before = s.n_conns;
	}
	assert_int_equal(s.n_conns, 16);
	assert_true(sim_counter(&s, RGW_CTR_connect_rate_limited) > 0);
	sim_run(&s, 5000);
	assert_int_equal(sim_answered(&s), s.n_reqs);
	sim_end(&s);
}

static void
silent_peer_is_called_once_at_a_time(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 16);
	s.national.no_tcp = true;
	sim_start(&s);
	many(&s, 4000);
	sim_run(&s, 2000);
	assert_in_range(s.n_conns, 1, 2);
	sim_run(&s, 3000);
	assert_in_range(s.n_conns, 2, 3);
	sim_audit(&s);
	sim_end(&s);
}

/* A load that needs the connections keeps them, however long. */
static void
needed_connections_stay(void **state)
{
	struct sim s;
	size_t needed = 0;

	(void)state;
	init(&s, 4);
	s.log.level = RGW_LOG_NOTICE;
	s.national.delay = 1000;
	sim_start(&s);
	for (unsigned i = 0; i < 450; i++) {
		many(&s, 300);
		sim_run(&s, 1000);
		if (i == 10)
			needed = sim_count_up(&s);
	}
	assert_in_range(needed, 2, 3);
	assert_int_equal(sim_count_up(&s), needed);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_surplus), 0);
	sim_run(&s, 2000);
	assert_int_equal(sim_answered(&s), s.n_reqs);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_thousand_in_flight),
		cmocka_unit_test(bound_holds),
		cmocka_unit_test(opened_ahead),
		cmocka_unit_test(growth_of_a_peer_that_works),
		cmocka_unit_test(growth_keeps_to_connect_rate),
		cmocka_unit_test(silent_peer_is_called_once_at_a_time),
		cmocka_unit_test(needed_connections_stay),
	};

	return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
