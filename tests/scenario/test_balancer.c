/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about a balancer in front of us, which says for whom it opens a connection: whose limits hold, and what
 * becomes of connections for which it does not say that. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define BALANCER "198.51.100.20"
#define USER "user@example.org"

static void
init(struct sim *s, const char *ini)
{
	sim_init(s, "198.51.100.1");
	sim_to_server(s);
	sim_ini(s, "%s", ini);
	sim_start(s);
}

static size_t
conns(const struct sim *s)
{
	struct rgw_gw_usage usage;

	rgw_gw_get_usage(s->gw, &usage);
	return usage.conns;
}

/* A connection that the balancer opens for this address; NULL = that may not connect. */
static struct sim_conn *
come(struct sim *s, const char *from)
{
	struct sim_conn *c = sim_balanced(s, BALANCER);

	assert_non_null(c);
	return sim_named(s, c, from) ? c : NULL;
}

static void
login_comes_through(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	init(&s, "[peer visitor]\naddress = 203.0.113.0/24");
	c = come(&s, "203.0.113.5");
	assert_non_null(c);
	sim_identify(&s, c);
	assert_string_equal(s.last_event, "connection-up");
	assert_non_null(strstr(s.last_line, "addr=203.0.113.5:40000"));
	assert_non_null(strstr(s.last_line, "via=" BALANCER ":40000"));
	r = sim_ask(&s, c, 1, 7, USER);
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* The rules for addresses are for whoever is behind the balancer: it may come from where no peer may. */
static void
address_is_that_behind_it(void **state)
{
	struct sim s;

	(void)state;
	init(&s, "[peer visitor]\naddress = 203.0.113.0/24");
	assert_null(come(&s, "192.0.2.77"));
	assert_string_equal(s.last_event, "handshake-failed");
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_address), 1);
	assert_int_equal(conns(&s), 0);
	assert_non_null(come(&s, "203.0.113.5"));
	/* Its own address is like any other. */
	assert_null(come(&s, BALANCER));
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_address), 2);
	sim_end(&s);
}

/* One stranger behind the balancer comes without end, and takes nothing from another. */
static void
stranger_does_not_shut_others_out(void **state)
{
	struct sim s;
	unsigned refused = 0;
	struct sim_conn *friend;

	(void)state;
	init(&s, "[gateway]\nconnect-rate-per-address = 5/s burst 10\nmax-half-open-per-address = 4");
	for (unsigned i = 0; i < 200; i++)
		refused += come(&s, "192.0.2.66") == NULL;
	assert_int_equal(refused, 196);
	assert_int_equal(conns(&s), 4);
	friend = come(&s, "203.0.113.5");
	assert_non_null(friend);
	sim_identify(&s, friend);
	assert_true(friend->up);
	sim_end(&s);
}

/* Nothing holds a place without a header for long: the oldest gives way when there are too many, and whoever says at
 * once for whom it is comes through among any number of others. */
static void
half_a_header_gives_way(void **state)
{
	struct sim s;
	struct sim_conn *first, *friend;

	(void)state;
	init(&s, "[gateway]\nmax-half-open = 8");
	first = sim_balanced(&s, BALANCER);
	for (unsigned i = 0; i < 7; i++)
		assert_non_null(sim_balanced(&s, BALANCER));
	assert_false(first->closed_by_engine);
	assert_non_null(sim_balanced(&s, BALANCER));
	assert_true(first->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_proxy_evicted), 1);
	for (unsigned i = 0; i < 100; i++)
		assert_non_null(sim_balanced(&s, BALANCER));
	assert_int_equal(conns(&s), 8);
	friend = come(&s, "203.0.113.5");
	assert_non_null(friend);
	for (unsigned i = 0; i < 100; i++)
		assert_non_null(sim_balanced(&s, BALANCER));
	assert_false(friend->closed_by_engine);
	sim_identify(&s, friend);
	assert_true(friend->up);
	/* Places of those who wait for no header are others. */
	assert_int_equal(conns(&s), 9);
	for (unsigned i = 0; i < 8; i++)
		assert_non_null(sim_accept(&s, "203.0.113.9"));
	assert_int_equal(conns(&s), 17);
	sim_end(&s);
}

/* handshake-timeout runs since the connection was accepted, however late the header came. */
static void
header_has_its_time(void **state)
{
	struct sim s;
	struct sim_conn *silent, *late;

	(void)state;
	init(&s, "[gateway]\nmax-half-open = 100");
	silent = sim_balanced(&s, BALANCER);
	late = sim_balanced(&s, BALANCER);
	sim_run(&s, 4999);
	assert_true(sim_named(&s, late, "203.0.113.5"));
	assert_false(silent->closed_by_engine);
	sim_run(&s, 1);
	assert_true(silent->closed_by_engine);
	assert_true(late->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_handshake_timeouts), 2);
	assert_int_equal(conns(&s), 0);
	sim_end(&s);
}

/* A balancer that only looks whether the port is open gets no line but for debugging. */
static void
look_leaves_no_trace(void **state)
{
	struct sim s;
	unsigned lines;

	(void)state;
	init(&s, "[gateway]\nmax-half-open = 100");
	s.log.level = RGW_LOG_INFO;
	lines = s.log_lines;
	sim_cut(&s, sim_balanced(&s, BALANCER));
	assert_int_equal(s.log_lines, lines);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_silent), 1);
	assert_int_equal(conns(&s), 0);
	sim_end(&s);
}

static void
nobody_comes_while_we_stop(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	init(&s, "[gateway]\nmax-half-open = 100");
	c = sim_balanced(&s, BALANCER);
	rgw_gw_drain(s.gw);
	assert_true(c->closed_by_engine);
	assert_null(sim_balanced(&s, BALANCER));
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_draining), 1);
	sim_end(&s);
}

/* A reload gives nobody more time, and takes none away. */
static void
header_has_its_time_across_a_reload(void **state)
{
	struct sim s;
	struct sim_conn *silent, *late;

	(void)state;
	init(&s, "[gateway]\nmax-half-open = 100");
	sim_run(&s, 100000);
	silent = sim_balanced(&s, BALANCER);
	late = sim_balanced(&s, BALANCER);
	sim_run(&s, 1000);
	sim_reload(&s, "[gateway]\nmax-half-open = 90");
	sim_run(&s, 3000);
	assert_false(late->closed_by_engine);
	assert_true(sim_named(&s, late, "203.0.113.5"));
	sim_reload(&s, "[gateway]\nmax-half-open = 80");
	sim_run(&s, 999);
	assert_false(silent->closed_by_engine || late->closed_by_engine);
	sim_run(&s, 1);
	assert_true(silent->closed_by_engine && late->closed_by_engine);
	sim_end(&s);
}

/* Whoever waits at a listener that another configuration does not have is not kept. */
static void
listener_goes_away(void **state)
{
	struct sim s;
	struct sim_conn *waiting, *other;

	(void)state;
	init(&s, "[listen second]\ntls = 192.0.2.1:2084\nprofile = federation");
	waiting = sim_balanced(&s, BALANCER);
	other = come(&s, "203.0.113.5");
	sim_drop(&s, "listen radsec");
	sim_reload(&s, "[gateway]\nmax-half-open = 90");
	assert_true(waiting->closed_by_engine);
	assert_true(other->closed_by_engine);
	assert_int_equal(conns(&s), 0);
	sim_end(&s);
}

/* With another configuration fewer may wait. */
static void
places_become_fewer(void **state)
{
	struct sim s;
	struct sim_conn *old, *c = NULL;

	(void)state;
	init(&s, "[gateway]\nmax-half-open = 100");
	old = sim_balanced(&s, BALANCER);
	for (unsigned i = 0; i < 11; i++)
		c = sim_balanced(&s, BALANCER);
	sim_reload(&s, "[gateway]\nmax-half-open = 8");
	assert_int_equal(conns(&s), 8);
	assert_true(old->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_proxy_evicted), 4);
	assert_true(sim_named(&s, c, "203.0.113.5"));
	sim_identify(&s, c);
	assert_true(c->up);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(login_comes_through),
		cmocka_unit_test(address_is_that_behind_it),
		cmocka_unit_test(stranger_does_not_shut_others_out),
		cmocka_unit_test(half_a_header_gives_way),
		cmocka_unit_test(header_has_its_time),
		cmocka_unit_test(look_leaves_no_trace),
		cmocka_unit_test(nobody_comes_while_we_stop),
		cmocka_unit_test(header_has_its_time_across_a_reload),
		cmocka_unit_test(listener_goes_away),
		cmocka_unit_test(places_become_fewer),
	};

	return cmocka_run_group_tests_name("balancer", tests, NULL, NULL);
}
