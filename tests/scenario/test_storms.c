/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about who gets in while others storm the port, and when somebody comes back whose connections
 * nobody has missed yet (P-TLS-24 to 26, P-TCP-48). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define USER "user@example.org"

/* The limits that the gateway has without a word in its configuration. */
static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_server(s);
	/* A storm is long, and its lines are many. */
	s->log.level = RGW_LOG_WARNING;
}

/* The visitor says from where it comes, and somebody else may come from anywhere. */
static void
name_the_visitor(struct sim *s, const char *prefix)
{
	sim_add_second(s);
	sim_ini(s, "[peer visitor]\naddress = %s\n[peer second]\naccept = yes", prefix);
}

static struct sim_conn *
visit_from(struct sim *s, const char *from)
{
	struct sim_conn *c = sim_accept(s, from);

	assert_non_null(c);
	sim_identify(s, c);
	return c;
}

static void
assert_refused(struct sim *s, const char *from, enum rgw_counter c)
{
	uint64_t before = sim_counter(s, c);

	assert_null(sim_accept(s, from));
	assert_int_equal(sim_counter(s, c), before + 1);
	assert_string_equal(s->last_event, "connection-refused");
	assert_non_null(strstr(s->last_line, rgw_counter_name(c)));
}

static void
assert_evicted(const struct sim *s, const struct sim_conn *c, enum rgw_counter counter, uint64_t n)
{
	assert_true(c->closed_by_engine);
	assert_int_equal(sim_counter(s, counter), n);
	assert_string_equal(s->last_event, "half-open-evicted");
	assert_non_null(strstr(s->last_line, rgw_counter_name(counter)));
}

/* ---- storms ---- */

/* Strangers open connections that never come to anything. Every second one says something. */
struct storm {
	unsigned addresses;
	unsigned per_second;
	unsigned begun;
	bool ipv6;
};

static void
blow(struct sim *s, struct storm *storm)
{
	unsigned n = storm->begun++ % storm->addresses;
	struct sim_conn *c;
	char from[64];

	if (storm->ipv6)
		snprintf(from, sizeof from, "2001:db8:%x:%x::%x", n >> 16, n & 0xffff, storm->begun & 0xff);
	else
		snprintf(from, sizeof from, "198.18.%u.%u", n / 250, n % 250 + 1);
	c = sim_accept(s, from);
	if (c != NULL && storm->begun % 2 == 0)
		sim_shake(s, c);
}

/* Lets time pass while it storms. */
static void
endure(struct sim *s, struct storm *storm, rgw_ms began, rgw_ms ms)
{
	rgw_ms end = s->now + ms;

	while (s->now < end) {
		sim_run(s, 1);
		while (storm->begun < (s->now - began) * storm->per_second / 1000)
			blow(s, storm);
	}
}

#define TIMES 30

/* A peer connects again and again while it storms: 50 ms to it and back, three times until it is up.
 * Returns how often it got in at the first attempt. */
static unsigned
get_in(struct sim *s, struct storm *storm, const char *network, bool always_new)
{
	rgw_ms began = s->now;
	unsigned got_in = 0;

	endure(s, storm, began, 7000);
	for (unsigned i = 0; i < TIMES; i++) {
		struct sim_conn *c;
		char from[64];

		snprintf(from, sizeof from, "%s.%u", network, always_new ? i + 1 : 1);
		c = sim_accept(s, from);
		endure(s, storm, began, 50);
		if (c != NULL && c->engine != NULL)
			sim_shake(s, c);
		endure(s, storm, began, 100);
		if (c != NULL && c->engine != NULL) {
			c->up = true;
			rgw_conn_on_open(c->engine, sim_peer_conf(s, "visitor")->head.id, RGW_PROVEN_BY_CERTIFICATE,
			    s->now);
		}
		endure(s, storm, began, 500);
		got_in += c != NULL && c->up;
		if (c != NULL && c->up)
			sim_cut(s, c);
		sim_audit(s);
		endure(s, storm, began, 100);
	}
	return got_in;
}

/* What kind the peer is, and from where it comes. */
enum peer { NAMED, PROVEN, UNKNOWN, NEW_EACH_TIME };

static unsigned
story(enum peer peer, struct storm storm, uint32_t max_half_open)
{
	struct sim s;
	unsigned got_in;

	init(&s);
	if (max_half_open > 0)
		sim_ini(&s, "[gateway]\nmax-half-open = %u", max_half_open);
	if (peer == NAMED)
		name_the_visitor(&s, "203.0.113.0/26");
	sim_start(&s);
	if (peer == PROVEN)
		sim_cut(&s, visit_from(&s, "203.0.113.1"));
	got_in = get_in(&s, &storm, "203.0.113", peer == NEW_EACH_TIME);
	sim_end(&s);
	return got_in;
}

/* The storm opens 60 connections a second from 20 addresses, each of them held until handshake-timeout. */
static void
half_open_storm(void **state)
{
	const struct storm storm = { .addresses = 20, .per_second = 60 };

	(void)state;
	assert_int_equal(story(NAMED, storm, 0), TIMES);
	assert_int_equal(story(PROVEN, storm, 0), TIMES);
	assert_int_equal(story(UNKNOWN, storm, 0), TIMES);
	assert_int_equal(story(NEW_EACH_TIME, storm, 0), TIMES);
}

/* If the places are far fewer than the storm wants, those who hold many of them give way. */
static void
half_open_storm_without_room(void **state)
{
	const struct storm storm = { .addresses = 20, .per_second = 60 };
	const struct storm wide = { .addresses = 300, .per_second = 80 };

	(void)state;
	assert_int_equal(story(NAMED, storm, 64), TIMES);
	assert_int_equal(story(UNKNOWN, storm, 64), TIMES);
	assert_int_equal(story(NEW_EACH_TIME, storm, 64), TIMES);
	/* If no place is held for a second, the connection that has had its place for longest gives way all the
	 * same. */
	assert_int_equal(story(NEW_EACH_TIME, wide, 64), TIMES);
}

/* The storm opens 300 connections a second from 60 addresses, each within its own limit. */
static void
connect_storm(void **state)
{
	const struct storm storm = { .addresses = 60, .per_second = 300 };
	const struct storm ipv6 = { .addresses = 60, .per_second = 300, .ipv6 = true };
	const struct storm many = { .addresses = 2700, .per_second = 600 };

	(void)state;
	assert_int_equal(story(NAMED, storm, 0), TIMES);
	assert_int_equal(story(PROVEN, storm, 0), TIMES);
	assert_int_equal(story(UNKNOWN, storm, 0), TIMES);
	assert_int_equal(story(NEW_EACH_TIME, storm, 0), TIMES);
	assert_int_equal(story(NEW_EACH_TIME, ipv6, 0), TIMES);
	/* The storm has nearly as many addresses as the manual promises. */
	assert_int_equal(story(NEW_EACH_TIME, many, 0), TIMES);
}

/* Each connection of the storm comes from an address of its own: a known peer does not notice, whatever the family; for
 * others there is only luck, and the gateway has no more of them half-open than it may. */
static void
storm_from_everywhere(void **state)
{
	const struct storm storm = { .addresses = 60000, .per_second = 1000 };
	const struct storm ipv6 = { .addresses = 60000, .per_second = 1000, .ipv6 = true };

	(void)state;
	assert_int_equal(story(NAMED, storm, 0), TIMES);
	assert_int_equal(story(PROVEN, storm, 0), TIMES);
	assert_int_equal(story(PROVEN, ipv6, 64), TIMES);
	assert_in_range(story(NEW_EACH_TIME, ipv6, 64), 0, 15);
}

/* Somebody behind the same address holds handshakes, as fast as the address may: the peer gets in when the
 * rate lets it, for those that hold places too long give way to it. */
static void
storm_behind_the_same_address(void **state)
{
	struct storm storm = { .addresses = 1, .per_second = 8 };
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	assert_int_equal(get_in(&s, &storm, "198.18.0", false), TIMES);
	assert_true(sim_counter(&s, RGW_CTR_half_open_evicted_per_address) > TIMES);
	assert_int_equal(sim_counter(&s, RGW_CTR_half_open_evicted), 0);
	sim_end(&s);
}

/* ---- each limit bites ---- */

static void
half_open_ones_make_room(void **state)
{
	struct sim s;
	struct sim_conn *c[8];

	(void)state;
	init(&s);
	sim_ini(&s, "[gateway]\nmax-half-open = 4");
	sim_start(&s);
	c[0] = sim_accept(&s, "203.0.113.9");
	for (int i = 1; i < 4; i++)
		c[i] = sim_accept(&s, "203.0.113.6");
	sim_shake(&s, c[1]);
	assert_int_equal(sim_counter(&s, RGW_CTR_half_open_evicted), 0);
	sim_run(&s, 1000);
	c[4] = sim_accept(&s, "203.0.113.7");
	assert_evicted(&s, c[2], RGW_CTR_half_open_evicted, 1);
	assert_non_null(strstr(s.last_line, "203.0.113.6"));
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_silent), 1);
	c[5] = sim_accept(&s, "203.0.113.8");
	assert_evicted(&s, c[3], RGW_CTR_half_open_evicted, 2);
	/* All addresses hold a place now; two of the places are old. */
	c[6] = sim_accept(&s, "203.0.113.8");
	assert_evicted(&s, c[0], RGW_CTR_half_open_evicted, 3);
	sim_run(&s, 500);
	c[7] = sim_accept(&s, "203.0.113.9");
	assert_evicted(&s, c[1], RGW_CTR_half_open_evicted, 4);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_failed), 1);
	/* A connection that is up is not half-open, and the one that was let in last is there. */
	sim_identify(&s, c[4]);
	sim_identify(&s, c[7]);
	assert_non_null(sim_accept(&s, "203.0.113.9"));
	assert_non_null(sim_accept(&s, "203.0.113.9"));
	assert_int_equal(sim_counter(&s, RGW_CTR_half_open_evicted), 4);
	assert_int_equal(sim_count_up(&s), 2);
	sim_end(&s);
}

static void
half_open_per_address(void **state)
{
	struct sim s;
	struct sim_conn *c[3];

	(void)state;
	init(&s);
	sim_ini(&s, "[gateway]\nmax-half-open-per-address = 2");
	sim_start(&s);
	c[0] = sim_accept(&s, "2001:db8::1");
	sim_run(&s, 1);
	c[1] = sim_accept(&s, "2001:db8::2");
	sim_run(&s, 998);
	assert_refused(&s, "2001:db8::3", RGW_CTR_refused_max_half_open_per_address);
	assert_non_null(sim_accept(&s, "2001:db8:0:1::3"));
	sim_run(&s, 1);
	c[2] = sim_accept(&s, "2001:db8::4");
	assert_evicted(&s, c[0], RGW_CTR_half_open_evicted_per_address, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_half_open_evicted), 0);
	assert_non_null(c[1]->engine);
	assert_non_null(c[2]->engine);
	sim_end(&s);
}

static void
connect_rate(void **state)
{
	struct sim s;
	char from[32];

	(void)state;
	init(&s);
	sim_ini(&s, "[gateway]\nconnect-rate = 2/s burst 3");
	sim_start(&s);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(from, sizeof from, "203.0.113.%u", i);
		assert_non_null(sim_accept(&s, from));
	}
	assert_refused(&s, "203.0.113.7", RGW_CTR_refused_connect_rate);
	sim_run(&s, 499);
	assert_refused(&s, "203.0.113.8", RGW_CTR_refused_connect_rate);
	sim_run(&s, 1);
	/* Addresses that have had a place leave it to others. */
	assert_refused(&s, "203.0.113.2", RGW_CTR_refused_connect_rate);
	assert_non_null(sim_accept(&s, "203.0.113.9"));
	sim_end(&s);
}

/* Known addresses have a rate of their own, and a limit, too. */
static void
connect_rate_of_known_addresses(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	name_the_visitor(&s, "203.0.113.0/24");
	sim_ini(&s, "[gateway]\nconnect-rate = 1/s burst 2");
	sim_start(&s);
	for (int i = 0; i < 2; i++) {
		char from[32];

		snprintf(from, sizeof from, "198.18.0.%d", i);
		assert_non_null(sim_accept(&s, from));
	}
	assert_refused(&s, "198.18.0.9", RGW_CTR_refused_connect_rate);
	assert_non_null(sim_accept(&s, "203.0.113.1"));
	assert_non_null(sim_accept(&s, "203.0.113.2"));
	assert_refused(&s, "203.0.113.3", RGW_CTR_refused_connect_rate_known);
	sim_end(&s);
}

static void
connect_rate_per_address(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[gateway]\nconnect-rate-per-address = 1/s burst 2");
	sim_start(&s);
	sim_cut(&s, sim_accept(&s, "2001:db8::5"));
	sim_cut(&s, sim_accept(&s, "2001:db8::6"));
	assert_refused(&s, "2001:db8::7", RGW_CTR_refused_connect_rate_per_address);
	assert_non_null(sim_accept(&s, "2001:db8:0:1::7"));
	sim_run(&s, 1000);
	assert_non_null(sim_accept(&s, "2001:db8::7"));
	sim_end(&s);
}

/* The addresses of a peer that we connect to, and that may connect to us, are known: literals and names. */
static void
addresses_that_we_connect_to_are_known(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_add_second(&s);
	sim_ini(&s, "[peer second]\naccept = yes\n"  /* 198.51.100.2 */
	    "[peer visitor]\nconnect = radius.example\nconnections = 0-4");
	s.dns_ip = 77;
	s.dns_ttl = 3600;
	sim_ini(&s, "[gateway]\nconnect-rate = 1/h burst 1");
	sim_start(&s);
	sim_run(&s, 1000);
	assert_non_null(sim_accept(&s, "198.18.0.1"));
	assert_refused(&s, "198.18.0.2", RGW_CTR_refused_connect_rate);
	/* National is one that we connect to, and it may not connect to us. */
	assert_refused(&s, "198.51.100.1", RGW_CTR_refused_connect_rate);
	assert_non_null(sim_accept(&s, "192.0.2.77"));
	assert_refused(&s, "198.51.100.2", RGW_CTR_refused_connect_rate_known);
	sim_end(&s);
}

/* Half-open ones of both kinds end when the gateway stops. */
static void
gateway_stops_in_a_storm(void **state)
{
	struct sim s;
	struct sim_conn *known, *stranger;

	(void)state;
	init(&s);
	name_the_visitor(&s, "203.0.113.0/24");
	sim_start(&s);
	known = sim_accept(&s, "203.0.113.1");
	stranger = sim_accept(&s, "198.18.0.1");
	rgw_gw_drain(s.gw);
	assert_true(known->closed_by_engine);
	assert_true(stranger->closed_by_engine);
	sim_end(&s);
}

/* ---- a peer that comes back ---- */

/* A peer lost power: its connections are silent, and nobody has told us that they are gone. */
static void
silent_connection_is_replaced(void **state)
{
	struct sim s;
	struct sim_conn *old[3], *new;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nmax-connections = 3");
	sim_start(&s);
	for (int i = 0; i < 3; i++) {
		old[i] = sim_visit(&s);
		sim_run(&s, 100);
	}
	/* Any octet shows that a connection lives, and the first one is the last to be heard of. */
	sim_octets(&s, old[0], "\x01", 1);
	sim_run(&s, 4800);
	/* Five seconds of silence are not yet too long. */
	new = visit_from(&s, "203.0.113.5");
	assert_true(new->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_peer), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_replaced), 0);
	sim_run(&s, 1);
	new = visit_from(&s, "203.0.113.5");
	assert_true(new->up);
	assert_string_equal(s.last_event, "connection-replaced");
	assert_non_null(strstr(s.last_line, "visitor"));
	assert_true(old[1]->closed_by_engine);
	assert_true(old[0]->up);
	assert_true(old[2]->up);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_replaced), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_peer), 1);
	/* The silent connections are replaced one after the other, and then no more. */
	sim_run(&s, 200);
	assert_true(visit_from(&s, "203.0.113.5")->up);
	assert_true(old[2]->closed_by_engine);
	assert_true(visit_from(&s, "203.0.113.5")->up);
	assert_true(old[0]->closed_by_engine);
	assert_true(visit_from(&s, "203.0.113.5")->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_replaced), 3);
	assert_int_equal(sim_count_up(&s), 3);
	sim_end(&s);
}

/* A silent connection on which somebody may still wait for an answer goes after those that are idle. Those from the
 * address that the peer comes from now go before those from elsewhere. */
static void
order_of_replacement(void **state)
{
	struct sim s;
	struct sim_conn *busy, *idle, *elsewhere;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nmax-connections = 3");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	elsewhere = visit_from(&s, "203.0.113.77");
	busy = sim_visit(&s);
	r = sim_ask(&s, busy, 1, 1, USER);
	sim_run(&s, 1000);
	idle = sim_visit(&s);
	sim_run(&s, 5001);
	assert_true(visit_from(&s, "203.0.113.5")->up);
	assert_true(idle->closed_by_engine);
	assert_true(busy->up);
	assert_true(visit_from(&s, "203.0.113.5")->up);
	assert_true(busy->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_gone), 1);
	assert_int_equal(r->answers, 0);
	assert_true(elsewhere->up);
	assert_true(visit_from(&s, "203.0.113.5")->up);
	assert_true(elsewhere->closed_by_engine);
	sim_end(&s);
}

/* A silent connection gives its place whatever limit is in the way, if it comes from the same address. A peer that has
 * no such connection is not even let in where all is full. */
static void
silent_connection_gives_any_place(void **state)
{
	(void)state;
	for (int limit = 0; limit < 3; limit++) {
		struct sim s;
		struct sim_conn *here, *there;

		init(&s);
		if (limit == 0)
			sim_ini(&s, "[gateway]\nmax-connections = 2");
		else if (limit == 1)
			sim_ini(&s, "[listen radsec]\nmax-connections = 2");
		else
			sim_ini(&s, "[gateway]\nmax-connections-per-address = 1");
		sim_start(&s);
		there = visit_from(&s, "203.0.113.77");
		sim_run(&s, 1000);
		here = visit_from(&s, "203.0.113.5");
		assert_true(visit_from(&s, "203.0.113.5")->closed_by_engine);
		assert_int_equal(sim_counter(&s, RGW_CTR_incoming_replaced), 0);
		sim_run(&s, 5001);
		assert_true(limit == 2 || sim_accept(&s, "203.0.113.9") == NULL);
		assert_true(visit_from(&s, "203.0.113.5")->up);
		assert_true(here->closed_by_engine);
		assert_true(there->up);
		assert_int_equal(sim_counter(&s, RGW_CTR_incoming_replaced), 1);
		assert_true(visit_from(&s, "203.0.113.5")->closed_by_engine);
		assert_true(there->up);
		sim_end(&s);
	}
}

/* The other connections of the same peer are in another worker: nothing here can give way, and nothing is lost. */
static void
nothing_to_replace_in_this_worker(void **state)
{
	struct sim s;
	struct rgw_quota *quota;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nmax-connections = 2");
	sim_start(&s);
	quota = s.common->peers[sim_peer_conf(&s, "visitor")->head.id];
	assert_true(rgw_quota_take(quota));
	assert_true(rgw_quota_take(quota));
	sim_run(&s, 60000);
	assert_true(visit_from(&s, "203.0.113.5")->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_replaced), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_peer), 1);
	rgw_quota_give(quota);
	rgw_quota_give(quota);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_open_storm),
		cmocka_unit_test(half_open_storm_without_room),
		cmocka_unit_test(connect_storm),
		cmocka_unit_test(storm_from_everywhere),
		cmocka_unit_test(storm_behind_the_same_address),
		cmocka_unit_test(half_open_ones_make_room),
		cmocka_unit_test(half_open_per_address),
		cmocka_unit_test(connect_rate),
		cmocka_unit_test(connect_rate_of_known_addresses),
		cmocka_unit_test(connect_rate_per_address),
		cmocka_unit_test(addresses_that_we_connect_to_are_known),
		cmocka_unit_test(gateway_stops_in_a_storm),
		cmocka_unit_test(silent_connection_is_replaced),
		cmocka_unit_test(order_of_replacement),
		cmocka_unit_test(silent_connection_gives_any_place),
		cmocka_unit_test(nothing_to_replace_in_this_worker),
	};

	return cmocka_run_group_tests_name("storms", tests, NULL, NULL);
}
