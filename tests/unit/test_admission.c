/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/admission.h"

#include "helpers.h"

/* Addresses without connections that are remembered. */
#define IDLE_MAX 4096

static const struct rgw_hashkey hashkey = { 1, 2 };

static struct rgw_conf_gateway
limits(uint32_t max, uint32_t max_per_address)
{
	return (struct rgw_conf_gateway){ .max_connections = max,
		.max_connections_per_address = max_per_address };
}

/* The quota is that of the test that runs. */
static void
init(struct rgw_admission *a, const struct rgw_conf_gateway *conf, rgw_ms now)
{
	static struct rgw_quota quota;

	rgw_quota_init(&quota, conf->max_connections);
	rgw_admission_init(a, conf, &quota, &hashkey, now);
}

static struct rgw_addr
addr(const char *text)
{
	struct rgw_addr out;

	assert_true(rgw_addr_parse(text, 40000, &out));
	return out;
}

/* The n-th of many IPv4 addresses. */
static struct rgw_addr
numbered(uint32_t n)
{
	return (struct rgw_addr){ .family = 4, .port = 1,
		.ip = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };
}

static enum rgw_admit
enter(struct rgw_admission *a, const char *from, rgw_ms now, struct rgw_admitted **out)
{
	struct rgw_addr who = addr(from);

	*out = NULL;
	return rgw_admission_enter(a, &who, now, out);
}

/* One that comes and goes at once. */
static enum rgw_admit
visit(struct rgw_admission *a, const struct rgw_addr *from, rgw_ms now)
{
	struct rgw_admitted *e = NULL;
	enum rgw_admit verdict = rgw_admission_enter(a, from, now, &e);

	if (verdict == RGW_ADMIT_OK)
		rgw_admission_leave(a, e);
	else
		assert_null(e);
	return verdict;
}

static void
connections_in_all(void **state)
{
	struct rgw_conf_gateway conf = limits(2, 64);
	struct rgw_admission a;
	struct rgw_admitted *e[3];

	(void)state;
	init(&a, &conf, 0);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &e[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.2", 0, &e[1]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.3", 0, &e[2]), RGW_ADMIT_MAX);
	assert_null(e[2]);
	assert_int_equal(rgw_quota_used(a.all), 2);
	/* Whoever leaves makes room for another. */
	rgw_admission_leave(&a, e[0]);
	assert_int_equal(enter(&a, "192.0.2.3", 0, &e[2]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &e[0]), RGW_ADMIT_MAX);
	rgw_admission_leave(&a, e[1]);
	rgw_admission_leave(&a, e[2]);
	assert_int_equal(rgw_quota_used(a.all), 0);
	rgw_admission_fini(&a);
}

static void
connections_from_one_address(void **state)
{
	struct rgw_conf_gateway conf = limits(100, 2);
	struct rgw_admission a;
	struct rgw_admitted *e[4];

	(void)state;
	init(&a, &conf, 0);
	/* The port says nothing about who it is. */
	assert_int_equal(enter(&a, "192.0.2.1:1", 0, &e[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1:2", 0, &e[1]), RGW_ADMIT_OK);
	assert_ptr_equal(e[0], e[1]);
	assert_int_equal(enter(&a, "192.0.2.1:3", 0, &e[2]), RGW_ADMIT_MAX_PER_ADDRESS);
	assert_null(e[2]);
	assert_int_equal(enter(&a, "192.0.2.2:3", 0, &e[3]), RGW_ADMIT_OK);
	assert_int_equal(rgw_quota_used(a.all), 3);
	rgw_admission_leave(&a, e[0]);
	assert_int_equal(enter(&a, "192.0.2.1:3", 0, &e[2]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1:4", 0, &e[0]), RGW_ADMIT_MAX_PER_ADDRESS);
	rgw_admission_leave(&a, e[1]);
	rgw_admission_leave(&a, e[2]);
	rgw_admission_leave(&a, e[3]);
	rgw_admission_fini(&a);
}

/* Nobody gets less than a /64, so that is one address (P-TLS-24). */
static void
ipv6_counts_by_network(void **state)
{
	struct rgw_conf_gateway conf = limits(100, 1);
	struct rgw_admission a;
	struct rgw_admitted *e[4];

	(void)state;
	init(&a, &conf, 0);
	assert_int_equal(enter(&a, "2001:db8:0:1::1", 0, &e[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "2001:db8:0:1:ffff::2", 0, &e[1]), RGW_ADMIT_MAX_PER_ADDRESS);
	assert_int_equal(enter(&a, "2001:db8:0:2::1", 0, &e[2]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "2001:db8:0:3::1", 0, &e[3]), RGW_ADMIT_OK);
	rgw_admission_leave(&a, e[0]);
	assert_int_equal(enter(&a, "2001:db8:0:1:ffff::2", 0, &e[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "2001:db8:0:1::1", 0, &e[1]), RGW_ADMIT_MAX_PER_ADDRESS);
	rgw_admission_leave(&a, e[0]);
	rgw_admission_leave(&a, e[2]);
	rgw_admission_leave(&a, e[3]);
	rgw_admission_fini(&a);
}

/* All 32 bits of IPv4 count, and octets that are equal in both families are two addresses. */
static void
ipv4_counts_by_host(void **state)
{
	struct rgw_conf_gateway conf = limits(100, 1);
	struct rgw_admission a;
	struct rgw_admitted *e[3];

	(void)state;
	init(&a, &conf, 0);
	assert_int_equal(enter(&a, "32.1.13.184", 0, &e[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "32.1.13.185", 0, &e[1]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "2001:db8::", 0, &e[2]), RGW_ADMIT_OK);
	for (int i = 0; i < 3; i++)
		rgw_admission_leave(&a, e[i]);
	rgw_admission_fini(&a);
}

static void
rate_of_all(void **state)
{
	struct rgw_conf_gateway conf = limits(100, 100);
	struct rgw_admission a;
	struct rgw_addr from[5];

	(void)state;
	conf.connect_rate = (struct rgw_rate){ 10, 1000, 3 };
	init(&a, &conf, 5000);
	for (uint32_t i = 0; i < 5; i++)
		from[i] = numbered(i);
	for (int i = 0; i < 3; i++)
		assert_int_equal(visit(&a, &from[i], 5000), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &from[3], 5000), RGW_ADMIT_RATE);
	assert_int_equal(visit(&a, &from[3], 5099), RGW_ADMIT_RATE);
	assert_int_equal(rgw_quota_used(a.all), 0);
	assert_int_equal(visit(&a, &from[3], 5100), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &from[4], 5100), RGW_ADMIT_RATE);
	rgw_admission_fini(&a);
}

static void
rate_of_one_address(void **state)
{
	struct rgw_conf_gateway conf = limits(100, 100);
	struct rgw_addr one = addr("192.0.2.1");
	struct rgw_addr other = addr("192.0.2.2");
	struct rgw_admission a;

	(void)state;
	conf.connect_rate_per_address = (struct rgw_rate){ 1, 1000, 2 };
	init(&a, &conf, 0);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	assert_int_equal(visit(&a, &other, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 999), RGW_ADMIT_RATE_PER_ADDRESS);
	assert_int_equal(visit(&a, &one, 1000), RGW_ADMIT_OK);
	/* It is remembered though it has no connection. */
	assert_int_equal(visit(&a, &one, 1000), RGW_ADMIT_RATE_PER_ADDRESS);
	rgw_admission_fini(&a);
}

/* What one address is denied, whatever for, takes nothing from the rate of all. */
static void
denied_ones_cost_the_others_nothing(void **state)
{
	struct rgw_conf_gateway conf = limits(100, 1);
	struct rgw_addr greedy = addr("192.0.2.1");
	struct rgw_addr other = addr("192.0.2.2");
	struct rgw_admission a;
	struct rgw_admitted *e;

	(void)state;
	conf.connect_rate = (struct rgw_rate){ 1, 60000, 3 };
	conf.connect_rate_per_address = (struct rgw_rate){ 1, 60000, 1 };
	init(&a, &conf, 0);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &e), RGW_ADMIT_OK);
	for (int i = 0; i < 50; i++)
		assert_int_equal(visit(&a, &greedy, 0), RGW_ADMIT_MAX_PER_ADDRESS);
	rgw_admission_leave(&a, e);
	for (int i = 0; i < 50; i++)
		assert_int_equal(visit(&a, &greedy, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	/* Two of the three are left. */
	assert_int_equal(visit(&a, &other, 0), RGW_ADMIT_OK);
	other.ip[3]++;
	assert_int_equal(visit(&a, &other, 0), RGW_ADMIT_OK);
	other.ip[3]++;
	assert_int_equal(visit(&a, &other, 0), RGW_ADMIT_RATE);
	rgw_admission_fini(&a);
}

/* Nor does one that is denied by the number of its connections lose a token of its own. */
static void
order_of_the_verdicts(void **state)
{
	struct rgw_conf_gateway conf = limits(2, 1);
	struct rgw_addr one = addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_admitted *e[2];

	(void)state;
	conf.connect_rate_per_address = (struct rgw_rate){ 1, 60000, 2 };
	init(&a, &conf, 0);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &e[0]), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_MAX_PER_ADDRESS);
	assert_int_equal(enter(&a, "192.0.2.2", 0, &e[1]), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_MAX);
	rgw_admission_leave(&a, e[0]);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	rgw_admission_leave(&a, e[1]);
	rgw_admission_fini(&a);
}

static void
no_rate_means_no_limit(void **state)
{
	struct rgw_conf_gateway conf = limits(1, 1);
	struct rgw_addr one = addr("192.0.2.1");
	struct rgw_admission a;

	(void)state;
	init(&a, &conf, 0);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(a.n_idle, 1);
	rgw_admission_fini(&a);
}

/* Whoever has many addresses does not fill our memory: the one that was unused longest is forgotten,
 * and its rate with it. */
static void
table_is_bounded(void **state)
{
	struct rgw_conf_gateway conf = limits(10, 10);
	struct rgw_admission a;
	struct rgw_addr from;

	(void)state;
	conf.connect_rate_per_address = (struct rgw_rate){ 1, 3600000, 1 };
	init(&a, &conf, 0);
	for (uint32_t i = 0; i < IDLE_MAX; i++) {
		from = numbered(i);
		assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(a.n_idle, IDLE_MAX);
	/* The first one comes again, and is denied: now the second one is unused longest. */
	from = numbered(0);
	assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	from = numbered(IDLE_MAX);
	assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_OK);
	assert_int_equal(a.n_idle, IDLE_MAX);
	assert_int_equal(a.tab.count, IDLE_MAX);
	from = numbered(0);
	assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	from = numbered(2);
	assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	from = numbered(1);
	assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_OK);
	rgw_admission_fini(&a);
}

/* Addresses with connections stay, however many others come, and do not count as idle. */
static void
connected_ones_are_never_forgotten(void **state)
{
	struct rgw_conf_gateway conf = limits(100, 1);
	struct rgw_admission a;
	struct rgw_admitted *e[10];
	struct rgw_addr from;

	(void)state;
	init(&a, &conf, 0);
	for (uint32_t i = 0; i < 10; i++) {
		from = numbered(i);
		assert_int_equal(rgw_admission_enter(&a, &from, 0, &e[i]), RGW_ADMIT_OK);
	}
	assert_int_equal(a.n_idle, 0);
	for (uint32_t i = 10; i < 3 * IDLE_MAX; i++) {
		from = numbered(i);
		assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(a.n_idle, IDLE_MAX);
	assert_int_equal(a.tab.count, IDLE_MAX + 10);
	for (uint32_t i = 0; i < 10; i++) {
		from = numbered(i);
		assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_MAX_PER_ADDRESS);
		rgw_admission_leave(&a, e[i]);
		assert_int_equal(a.n_idle, IDLE_MAX);
	}
	assert_int_equal(a.tab.count, IDLE_MAX);
	rgw_admission_fini(&a);
}

/* Leaving makes it the one that was used last, and it keeps its rate when it comes back. */
static void
leave_and_come_back(void **state)
{
	struct rgw_conf_gateway conf = limits(10, 10);
	struct rgw_addr one = addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_admitted *e[2];
	struct rgw_addr from;

	(void)state;
	conf.connect_rate_per_address = (struct rgw_rate){ 1, 3600000, 3 };
	init(&a, &conf, 0);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &e[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &e[1]), RGW_ADMIT_OK);
	rgw_admission_leave(&a, e[0]);
	assert_int_equal(a.n_idle, 0);
	for (uint32_t i = 0; i < IDLE_MAX; i++) {
		from = numbered(i);
		visit(&a, &from, 0);
	}
	rgw_admission_leave(&a, e[1]);
	assert_int_equal(a.n_idle, IDLE_MAX);
	for (uint32_t i = 0; i < IDLE_MAX - 1; i++) {
		from = numbered(IDLE_MAX + i);
		visit(&a, &from, 0);
	}
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	assert_int_equal(rgw_quota_used(a.all), 0);
	rgw_admission_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_in_all),
		cmocka_unit_test(connections_from_one_address),
		cmocka_unit_test(ipv6_counts_by_network),
		cmocka_unit_test(ipv4_counts_by_host),
		cmocka_unit_test(rate_of_all),
		cmocka_unit_test(rate_of_one_address),
		cmocka_unit_test(denied_ones_cost_the_others_nothing),
		cmocka_unit_test(order_of_the_verdicts),
		cmocka_unit_test(no_rate_means_no_limit),
		cmocka_unit_test(table_is_bounded),
		cmocka_unit_test(connected_ones_are_never_forgotten),
		cmocka_unit_test(leave_and_come_back),
	};

	return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
