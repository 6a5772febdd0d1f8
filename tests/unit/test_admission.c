/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/admission.h"

#include "callers.h"
#include "helpers.h"

#define IDLE_MAX RGW_ADDRESSES_IDLE

/* ---- numbers ---- */

/* Only connections that are up count: a half-open one takes nothing from them, and has another limit. */
static void
connections_from_one_address(void **state)
{
	struct rgw_admission_limits l = callers_limits(2, 10, 10);
	struct rgw_addr one = callers_addr("192.0.2.1"), other = callers_addr("192.0.2.2");
	struct rgw_admission a;
	struct rgw_visit v[5];

	(void)state;
	callers_init(&a, &l, 0);
	/* The port says nothing about who it is. */
	assert_int_equal(callers_enter(&a, "192.0.2.1:1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "192.0.2.1:2", 0, &v[1]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "192.0.2.1:3", 0, &v[2]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "192.0.2.2:3", 0, &v[3]), RGW_ADMIT_OK);
	assert_false(rgw_admission_is_connected(&a, &one));
	assert_true(rgw_admission_identified(&a, &v[0], 0));
	assert_true(rgw_admission_is_connected(&a, &one));
	assert_false(rgw_admission_is_connected(&a, &other));
	assert_true(rgw_admission_identified(&a, &v[1], 0));
	assert_false(rgw_admission_identified(&a, &v[2], 0));
	/* It stays what it was. */
	assert_true(v[2].half_open);
	callers_audit(&a);
	assert_int_equal(callers_enter(&a, "192.0.2.1:4", 0, &v[4]), RGW_ADMIT_OK);
	assert_true(rgw_admission_identified(&a, &v[3], 0));
	rgw_admission_leave(&a, &v[0], 0);
	assert_true(rgw_admission_identified(&a, &v[2], 0));
	assert_false(rgw_admission_identified(&a, &v[4], 0));
	for (int i = 1; i < 4; i++)
		rgw_admission_leave(&a, &v[i], 0);
	assert_false(rgw_admission_is_connected(&a, &one));
	callers_end(&a);
}

/* A site never gets less than a /64, so that is one address (P-TLS-24), whatever is counted. */
static void
ipv6_counts_by_network(void **state)
{
	struct rgw_admission_limits l = callers_limits(1, 100, 2);
	struct rgw_addr one = callers_addr("2001:db8:0:9::1"), same = callers_addr("2001:db8:0:9:ffff::2");
	struct rgw_admission a;
	struct rgw_visit v[5];

	(void)state;
	l.rate_per_address = (struct rgw_rate){ 1, 60000, 3 };
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "2001:db8:0:1::1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "2001:db8:0:1:ffff::2", 0, &v[1]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "2001:db8:0:1:8000::", 0, &v[2]), RGW_ADMIT_HALF_OPEN_PER_ADDRESS);
	assert_int_equal(callers_enter(&a, "2001:db8:0:2::1", 0, &v[2]), RGW_ADMIT_OK);
	assert_true(rgw_admission_identified(&a, &v[0], 0));
	assert_false(rgw_admission_identified(&a, &v[1], 0));
	assert_true(rgw_admission_identified(&a, &v[2], 0));
	for (int i = 0; i < 3; i++) {
		rgw_admission_leave(&a, &v[i], 0);
		assert_int_equal(callers_visit(&a, i % 2 == 0 ? &one : &same, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(callers_visit(&a, &same, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	callers_end(&a);
}

/* All 32 bits of IPv4 count, and octets that are equal in both families are two addresses. */
static void
ipv4_counts_by_host(void **state)
{
	struct rgw_admission_limits l = callers_limits(1, 100, 1);
	struct rgw_admission a;
	struct rgw_visit v[3];

	(void)state;
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "32.1.13.184", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "32.1.13.185", 0, &v[1]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "2001:db8::", 0, &v[2]), RGW_ADMIT_OK);
	callers_end(&a);
}

/* ---- rates ---- */

static void
rate_of_a_class(void **state)
{
	struct rgw_admission_limits l = callers_limits(100, 100, 100);
	struct rgw_admission a;
	struct rgw_addr from[7];

	(void)state;
	l.rate = (struct rgw_rate){ 10, 1000, 3 };
	callers_init(&a, &l, 5000);
	for (uint32_t i = 0; i < 7; i++)
		from[i] = callers_numbered(i);
	for (int i = 0; i < 3; i++)
		assert_int_equal(callers_visit(&a, &from[i], 5000), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &from[3], 5000), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(callers_visit(&a, &from[4], 5099), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(callers_visit(&a, &from[5], 5100), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &from[6], 5100), RGW_ADMIT_RATE_STRANGERS);
	/* When nobody else takes them, there are soon enough for whoever asked in vain. */
	assert_int_equal(callers_visit(&a, &from[3], 5299), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(callers_visit(&a, &from[3], 5300), RGW_ADMIT_OK);
	callers_end(&a);
}

static void
rate_of_one_address(void **state)
{
	struct rgw_admission_limits l = callers_limits(100, 100, 100);
	struct rgw_addr one = callers_addr("192.0.2.1");
	struct rgw_addr other = callers_addr("192.0.2.2");
	struct rgw_admission a;

	(void)state;
	l.rate_per_address = (struct rgw_rate){ 1, 1000, 2 };
	callers_init(&a, &l, 0);
	assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	assert_int_equal(callers_visit(&a, &other, 0), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &one, 999), RGW_ADMIT_RATE_PER_ADDRESS);
	assert_int_equal(callers_visit(&a, &one, 1000), RGW_ADMIT_OK);
	/* It is remembered though it has no connection. */
	assert_int_equal(callers_visit(&a, &one, 1000), RGW_ADMIT_RATE_PER_ADDRESS);
	callers_end(&a);
}

/* A connection that one address is denied, whatever for, takes nothing from the rate of its class. */
static void
denied_ones_cost_the_others_nothing(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 100, 1);
	struct rgw_addr greedy = callers_addr("192.0.2.1");
	struct rgw_addr other = callers_addr("192.0.2.2");
	struct rgw_admission a;
	struct rgw_visit v;

	(void)state;
	l.rate = (struct rgw_rate){ 1, 60000, 3 };
	l.rate_per_address = (struct rgw_rate){ 1, 60000, 1 };
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "192.0.2.1", 0, &v), RGW_ADMIT_OK);
	for (int i = 0; i < 50; i++)
		assert_int_equal(callers_visit(&a, &greedy, 0), RGW_ADMIT_HALF_OPEN_PER_ADDRESS);
	rgw_admission_leave(&a, &v, 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(callers_visit(&a, &greedy, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	/* Two of the three are left. */
	assert_int_equal(callers_visit(&a, &other, 0), RGW_ADMIT_OK);
	other.ip[3]++;
	assert_int_equal(callers_visit(&a, &other, 0), RGW_ADMIT_OK);
	other.ip[3]++;
	assert_int_equal(callers_visit(&a, &other, 0), RGW_ADMIT_RATE_STRANGERS);
	callers_end(&a);
}

/* A connection that is denied by the number of its address's connections loses no token of the address either. */
static void
order_of_the_verdicts(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 100, 1);
	struct rgw_addr one = callers_addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v;

	(void)state;
	l.rate_per_address = (struct rgw_rate){ 1, 60000, 2 };
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "192.0.2.1", 0, &v), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_HALF_OPEN_PER_ADDRESS);
	rgw_admission_leave(&a, &v, 0);
	assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	callers_end(&a);
}

static void
no_rate_means_no_limit(void **state)
{
	struct rgw_admission_limits l = callers_limits(1, 1, 1);
	struct rgw_addr one = callers_addr("192.0.2.1");
	struct rgw_admission a;

	(void)state;
	callers_init(&a, &l, 0);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(a.tab.count, 1);
	callers_end(&a);
}

/* If tokens are short, an address that asked seldom of late goes first, and one that has not asked gets the last
 * one. */
static void
tokens_are_dealt_evenly(void **state)
{
	struct rgw_admission_limits l = callers_limits(1000, 1000, 1000);
	struct rgw_addr greedy = callers_addr("192.0.2.1");
	struct rgw_addr modest = callers_addr("192.0.2.2");
	struct rgw_addr fresh = callers_addr("192.0.2.3");
	struct rgw_admission a;

	(void)state;
	l.rate = (struct rgw_rate){ 1, 10000, 40 };
	callers_init(&a, &l, 0);
	/* Half of the burst is for anybody. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(callers_visit(&a, &greedy, 0), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &greedy, 0), RGW_ADMIT_RATE_STRANGERS);
	/* Of the 20 that are left another one gets tokens until it asked half as often as there are. */
	for (int i = 0; i < 7; i++)
		assert_int_equal(callers_visit(&a, &modest, 0), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &modest, 0), RGW_ADMIT_RATE_STRANGERS);
	for (uint32_t i = 0; i < 12; i++) {
		struct rgw_addr other = callers_numbered(i);

		assert_int_equal(callers_visit(&a, &other, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(callers_visit(&a, &modest, 0), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(callers_visit(&a, &fresh, 0), RGW_ADMIT_OK);
	fresh.ip[3]++;
	assert_int_equal(callers_visit(&a, &fresh, 0), RGW_ADMIT_RATE_STRANGERS);
	/* Who asked in vain asked, too: with one token left, one who has not asked goes before it. */
	assert_int_equal(callers_visit(&a, &fresh, 10000), RGW_ADMIT_RATE_STRANGERS);
	fresh.ip[3]++;
	assert_int_equal(callers_visit(&a, &fresh, 10000), RGW_ADMIT_OK);
	callers_end(&a);
}

/* How often an address asked is forgotten by halves. */
static void
asking_is_forgotten(void **state)
{
	struct rgw_admission_limits l = callers_limits(1000, 1000, 1000);
	struct rgw_addr one = callers_addr("192.0.2.1");
	struct rgw_admission a;

	(void)state;
	l.rate = (struct rgw_rate){ 1, 360000000, 8 };
	callers_init(&a, &l, 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &one, RGW_ASKED_HALF_MS - 1), RGW_ADMIT_RATE_STRANGERS);
	/* Two of late, and four are left; after it three of late, and three are left. */
	assert_int_equal(callers_visit(&a, &one, RGW_ASKED_HALF_MS), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &one, RGW_ASKED_HALF_MS), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(callers_visit(&a, &one, 100 * RGW_ASKED_HALF_MS), RGW_ADMIT_OK);
	callers_end(&a);
}

/* If tokens are not short, no address notices any of that. */
static void
one_alone_gets_the_whole_rate(void **state)
{
	struct rgw_admission_limits l = callers_limits(1000, 1000, 1000);
	struct rgw_addr one = callers_addr("192.0.2.1");
	struct rgw_admission a;

	(void)state;
	l.rate = (struct rgw_rate){ 100, 1000, 200 };
	callers_init(&a, &l, 0);
	for (rgw_ms now = 0; now < 60000; now += 10)
		assert_int_equal(callers_visit(&a, &one, now), RGW_ADMIT_OK);
	callers_end(&a);
}

/* A storm from 60 addresses at three times the rate, each within its own: who comes for the first time gets
 * in, from the beginning on, and the storm gets the rest of the rate. */
static void
storm_within_the_limits_of_each(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 1024, 32);
	struct rgw_admission a;
	unsigned stormed = 0;

	(void)state;
	l.rate = (struct rgw_rate){ 100, 1000, 200 };
	l.rate_per_address = (struct rgw_rate){ 10, 1000, 20 };
	callers_init(&a, &l, 0);
	for (uint32_t i = 0; i < 300 * 30; i++) {
		struct rgw_addr from = callers_numbered(i % 60);
		rgw_ms now = i * 10 / 3;

		stormed += callers_visit(&a, &from, now) == RGW_ADMIT_OK;
		if (i % 100 == 99) {
			from = callers_numbered(1000 + i);
			assert_int_equal(callers_visit(&a, &from, now), RGW_ADMIT_OK);
		}
	}
	assert_in_range(stormed, 28 * 100, 32 * 100);
	callers_end(&a);
}

/* ---- the table ---- */

/* A stranger with many addresses does not fill our memory: the one that was unused longest is forgotten, and its rate
 * with it. */
static void
table_is_bounded(void **state)
{
	struct rgw_admission_limits l = callers_limits(10, 10, 10);
	struct rgw_admission a;
	struct rgw_addr from;

	(void)state;
	l.rate_per_address = (struct rgw_rate){ 1, 3600000, 1 };
	callers_init(&a, &l, 0);
	for (uint32_t i = 0; i < IDLE_MAX; i++) {
		from = callers_numbered(i);
		assert_int_equal(callers_visit(&a, &from, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	/* The first one comes again, and is denied: now the second one is unused longest. */
	from = callers_numbered(0);
	assert_int_equal(callers_visit(&a, &from, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	from = callers_numbered(IDLE_MAX);
	assert_int_equal(callers_visit(&a, &from, 0), RGW_ADMIT_OK);
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	assert_int_equal(a.tab.count, IDLE_MAX);
	from = callers_numbered(0);
	assert_int_equal(callers_visit(&a, &from, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	from = callers_numbered(2);
	assert_int_equal(callers_visit(&a, &from, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	from = callers_numbered(1);
	assert_int_equal(callers_visit(&a, &from, 0), RGW_ADMIT_OK);
	callers_end(&a);
}

/* However many strangers come, those that are known stay; and there are not too many of them either. */
static void
proven_addresses_are_forgotten_apart(void **state)
{
	struct rgw_admission_limits l = callers_limits(10, 10, 10);
	struct rgw_admission a;
	struct rgw_addr from;
	struct rgw_visit v;

	(void)state;
	callers_init(&a, &l, 0);
	for (uint32_t i = 0; i <= IDLE_MAX; i++) {
		from = callers_numbered(i);
		assert_int_equal(callers_come(&a, &from, false, 0, &v, NULL), RGW_ADMIT_OK);
		assert_true(rgw_admission_identified(&a, &v, 0));
		rgw_admission_leave(&a, &v, 0);
	}
	assert_int_equal(a.n_idle[true], IDLE_MAX);
	for (uint32_t i = 0; i < 2 * IDLE_MAX; i++) {
		from = callers_numbered(1 << 20 | i);
		assert_int_equal(callers_visit(&a, &from, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	assert_int_equal(a.tab.count, 2 * IDLE_MAX);
	for (uint32_t i = 0; i <= IDLE_MAX; i++) {
		from = callers_numbered(i);
		assert_int_equal(callers_come(&a, &from, false, 0, &v, NULL), RGW_ADMIT_OK);
		assert_int_equal(rgw_admission_class_of(&v), i == 0 ? RGW_STRANGERS : RGW_KNOWN);
		rgw_admission_leave(&a, &v, 0);
	}
	callers_end(&a);
}

/* Addresses with connections stay, however many others come, and do not count as idle. */
static void
connected_ones_are_never_forgotten(void **state)
{
	struct rgw_admission_limits l = callers_limits(1, 100, 1);
	struct rgw_admission a;
	struct rgw_visit v[10];
	struct rgw_addr from;

	(void)state;
	callers_init(&a, &l, 0);
	for (uint32_t i = 0; i < 10; i++) {
		from = callers_numbered(i);
		assert_int_equal(callers_come(&a, &from, false, 0, &v[i], NULL), RGW_ADMIT_OK);
		if (i < 5)
			assert_true(rgw_admission_identified(&a, &v[i], 0));
	}
	assert_int_equal(a.n_idle[false], 0);
	for (uint32_t i = 10; i < 3 * IDLE_MAX; i++) {
		from = callers_numbered(i);
		assert_int_equal(callers_visit(&a, &from, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	assert_int_equal(a.tab.count, IDLE_MAX + 10);
	for (uint32_t i = 0; i < 10; i++) {
		from = callers_numbered(i);
		assert_true(rgw_admission_is_connected(&a, &from) == (i < 5));
		if (i >= 5)
			assert_int_equal(callers_visit(&a, &from, 0), RGW_ADMIT_HALF_OPEN_PER_ADDRESS);
		rgw_admission_leave(&a, &v[i], 0);
	}
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	assert_int_equal(a.n_idle[true], 5);
	callers_end(&a);
}

/* An address that leaves becomes the one that was used last, and keeps its rate when it comes back. */
static void
leave_and_come_back(void **state)
{
	struct rgw_admission_limits l = callers_limits(10, 10, 10);
	struct rgw_addr one = callers_addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v[2];
	struct rgw_addr from;

	(void)state;
	l.rate_per_address = (struct rgw_rate){ 1, 3600000, 3 };
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "192.0.2.1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "192.0.2.1", 0, &v[1]), RGW_ADMIT_OK);
	rgw_admission_leave(&a, &v[0], 0);
	assert_int_equal(a.n_idle[false], 0);
	for (uint32_t i = 0; i < IDLE_MAX; i++) {
		from = callers_numbered(i);
		callers_visit(&a, &from, 0);
	}
	rgw_admission_leave(&a, &v[1], 0);
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	for (uint32_t i = 0; i < IDLE_MAX - 1; i++) {
		from = callers_numbered(IDLE_MAX + i);
		callers_visit(&a, &from, 0);
	}
	assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	callers_end(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_from_one_address),
		cmocka_unit_test(ipv6_counts_by_network),
		cmocka_unit_test(ipv4_counts_by_host),
		cmocka_unit_test(rate_of_a_class),
		cmocka_unit_test(rate_of_one_address),
		cmocka_unit_test(denied_ones_cost_the_others_nothing),
		cmocka_unit_test(order_of_the_verdicts),
		cmocka_unit_test(no_rate_means_no_limit),
		cmocka_unit_test(tokens_are_dealt_evenly),
		cmocka_unit_test(asking_is_forgotten),
		cmocka_unit_test(one_alone_gets_the_whole_rate),
		cmocka_unit_test(storm_within_the_limits_of_each),
		cmocka_unit_test(table_is_bounded),
		cmocka_unit_test(proven_addresses_are_forgotten_apart),
		cmocka_unit_test(connected_ones_are_never_forgotten),
		cmocka_unit_test(leave_and_come_back),
	};

	return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
