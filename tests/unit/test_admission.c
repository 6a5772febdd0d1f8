/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/admission.h"

#include "helpers.h"

#define IDLE_MAX RGW_ADDRESSES_IDLE
#define DAY RGW_PROVEN_MS

static const struct rgw_hashkey hashkey = { 1, 2 };

static struct rgw_admission_limits
limits(uint32_t per_address, uint32_t half_open, uint32_t half_open_per_address)
{
	return (struct rgw_admission_limits){ .per_address = per_address, .half_open = half_open,
		.half_open_per_address = half_open_per_address };
}

/* The quota is that of the test that runs. */
static void
init(struct rgw_admission *a, const struct rgw_admission_limits *l, uint32_t max, rgw_ms now)
{
	static struct rgw_quota quota;

	rgw_quota_init(&quota, max);
	rgw_admission_init(a, l, &quota, &hashkey, now);
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

/* Half-open connections must be as many as the classes say, in the order of their age, and not too many. */
static void
audit(const struct rgw_admission *a)
{
	for (size_t i = 0; i < RGW_CLASSES; i++) {
		const struct rgw_admission_class *c = &a->classes[i];
		rgw_ms before = 0;
		uint32_t n = 0;

		for (struct rgw_link *l = c->half_open.next; l != &c->half_open; l = l->next) {
			const struct rgw_visit *v = RGW_CONTAINER(l, struct rgw_visit, age);

			assert_true(v->half_open);
			assert_true(v->since >= before);
			assert_int_equal(rgw_admission_class_of(v), i);
			assert_in_range(rgw_admission_held(v), 1, a->limits.half_open_per_address);
			before = v->since;
			n++;
		}
		assert_int_equal(n, c->n_half_open);
		assert_in_range(n, 0, a->limits.half_open);
	}
}

/* Of those that are old enough, nobody holds more than the one that gives way; and only if none is, it is young. */
static void
check_fairness(const struct rgw_admission *a, const struct rgw_visit *evict, rgw_ms now)
{
	const struct rgw_admission_class *c = &a->classes[rgw_admission_class_of(evict)];

	for (struct rgw_link *l = c->half_open.next; l != &c->half_open; l = l->next) {
		const struct rgw_visit *v = RGW_CONTAINER(l, struct rgw_visit, age);

		if (now - v->since < RGW_SETTLE_MS)
			continue;
		assert_true(now - evict->since >= RGW_SETTLE_MS);
		assert_true(rgw_admission_held(evict) >= rgw_admission_held(v));
	}
}

/* Asks, and enters if it may; who has to go to make room leaves. */
static enum rgw_admit
come_from(struct rgw_admission *a, const struct rgw_addr *from, bool named, rgw_ms now,
    struct rgw_visit *visit, struct rgw_visit **evicted)
{
	struct rgw_caller *caller = NULL;
	struct rgw_visit *evict = NULL;
	enum rgw_admit verdict = rgw_admission_ask(a, from, named, now, &caller, &evict);

	if (verdict == RGW_ADMIT_OK) {
		if (evict != NULL)
			check_fairness(a, evict, now);
		rgw_admission_enter(a, caller, visit, now);
		assert_ptr_not_equal(evict, visit);
		if (evict != NULL)
			rgw_admission_leave(a, evict, now);
	} else {
		assert_null(caller);
		assert_null(evict);
	}
	if (evicted != NULL)
		*evicted = evict;
	audit(a);
	return verdict;
}

static enum rgw_admit
enter(struct rgw_admission *a, const char *from, rgw_ms now, struct rgw_visit *visit)
{
	struct rgw_addr who = addr(from);
	struct rgw_visit *evicted;
	enum rgw_admit verdict = come_from(a, &who, false, now, visit, &evicted);

	assert_null(evicted);
	return verdict;
}

/* It gets in, and the one that is given has to go. */
static void
expect_evicted(struct rgw_admission *a, const char *from, rgw_ms now, struct rgw_visit *visit,
    const struct rgw_visit *victim)
{
	struct rgw_addr who = addr(from);
	struct rgw_visit *evicted;

	assert_int_equal(come_from(a, &who, false, now, visit, &evicted), RGW_ADMIT_OK);
	assert_ptr_equal(evicted, victim);
}

/* One that comes and goes at once. */
static enum rgw_admit
visit(struct rgw_admission *a, const struct rgw_addr *from, rgw_ms now)
{
	struct rgw_visit v;
	enum rgw_admit verdict = come_from(a, from, false, now, &v, NULL);

	if (verdict == RGW_ADMIT_OK)
		rgw_admission_leave(a, &v, now);
	return verdict;
}

/* A peer proves its identity from there, and leaves. */
static void
prove(struct rgw_admission *a, const char *from, rgw_ms now)
{
	struct rgw_visit v;

	assert_int_equal(enter(a, from, now, &v), RGW_ADMIT_OK);
	assert_true(rgw_admission_identified(a, &v, now));
	rgw_admission_leave(a, &v, now);
}

/* All half-open ones leave; nothing is left after it. */
static void
end(struct rgw_admission *a)
{
	struct rgw_visit *v;

	while ((v = rgw_admission_any(a)) != NULL)
		rgw_admission_leave(a, v, 0);
	audit(a);
	assert_int_equal(rgw_quota_used(a->all), 0);
	assert_int_equal(a->tab.count, a->n_idle[0] + a->n_idle[1]);
	rgw_admission_fini(a);
}

/* ---- numbers ---- */

/* Only those that are up count: who is half-open takes nothing from them. */
static void
connections_in_all(void **state)
{
	struct rgw_admission_limits l = limits(64, 10, 10);
	struct rgw_admission a;
	struct rgw_visit v[4];

	(void)state;
	init(&a, &l, 2, 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(enter(&a, "192.0.2.1", 0, &v[i]), RGW_ADMIT_OK);
	assert_int_equal(rgw_quota_used(a.all), 0);
	assert_true(rgw_admission_identified(&a, &v[0], 0));
	assert_true(rgw_admission_identified(&a, &v[1], 0));
	assert_int_equal(rgw_quota_used(a.all), 2);
	/* Another one was faster; it stays what it was. */
	assert_false(rgw_admission_identified(&a, &v[2], 0));
	assert_true(v[2].half_open);
	audit(&a);
	rgw_admission_leave(&a, &v[2], 0);
	assert_int_equal(rgw_quota_used(a.all), 2);
	/* From now on nothing is begun that would be in vain. */
	assert_int_equal(enter(&a, "192.0.2.3", 0, &v[2]), RGW_ADMIT_MAX);
	/* Whoever leaves makes room for another. */
	rgw_admission_leave(&a, &v[0], 0);
	assert_int_equal(enter(&a, "192.0.2.3", 0, &v[2]), RGW_ADMIT_OK);
	assert_true(rgw_admission_identified(&a, &v[3], 0));
	rgw_admission_leave(&a, &v[1], 0);
	rgw_admission_leave(&a, &v[3], 0);
	end(&a);
}

/* Half-open or not, it is one more. */
static void
connections_from_one_address(void **state)
{
	struct rgw_admission_limits l = limits(2, 10, 10);
	struct rgw_admission a;
	struct rgw_visit v[4];

	(void)state;
	init(&a, &l, 100, 0);
	/* The port says nothing about who it is. */
	assert_int_equal(enter(&a, "192.0.2.1:1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1:2", 0, &v[1]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1:3", 0, &v[2]), RGW_ADMIT_MAX_PER_ADDRESS);
	assert_true(rgw_admission_identified(&a, &v[0], 0));
	assert_int_equal(enter(&a, "192.0.2.1:3", 0, &v[2]), RGW_ADMIT_MAX_PER_ADDRESS);
	assert_int_equal(enter(&a, "192.0.2.2:3", 0, &v[3]), RGW_ADMIT_OK);
	rgw_admission_leave(&a, &v[0], 0);
	assert_int_equal(enter(&a, "192.0.2.1:3", 0, &v[2]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1:4", 0, &v[0]), RGW_ADMIT_MAX_PER_ADDRESS);
	end(&a);
}

/* Nobody gets less than a /64, so that is one address (P-TLS-24), whatever is counted. */
static void
ipv6_counts_by_network(void **state)
{
	struct rgw_admission_limits l = limits(1, 100, 1);
	struct rgw_addr one = addr("2001:db8:0:9::1"), same = addr("2001:db8:0:9:ffff::2");
	struct rgw_admission a;
	struct rgw_visit v[4];

	(void)state;
	l.rate_per_address = (struct rgw_rate){ 1, 60000, 2 };
	init(&a, &l, 100, 0);
	assert_int_equal(enter(&a, "2001:db8:0:1::1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "2001:db8:0:1:ffff::2", 0, &v[1]), RGW_ADMIT_MAX_PER_ADDRESS);
	assert_int_equal(enter(&a, "2001:db8:0:2::1", 0, &v[2]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "2001:db8:0:3::1", 0, &v[3]), RGW_ADMIT_OK);
	rgw_admission_leave(&a, &v[0], 0);
	assert_int_equal(enter(&a, "2001:db8:0:1:ffff::2", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "2001:db8:0:1::1", 0, &v[1]), RGW_ADMIT_MAX_PER_ADDRESS);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &same, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	/* Half-open ones, too. */
	a.limits.per_address = 100;
	assert_int_equal(enter(&a, "2001:db8:0:2:1::", 0, &v[1]), RGW_ADMIT_HALF_OPEN_PER_ADDRESS);
	end(&a);
}

/* All 32 bits of IPv4 count, and octets that are equal in both families are two addresses. */
static void
ipv4_counts_by_host(void **state)
{
	struct rgw_admission_limits l = limits(1, 100, 1);
	struct rgw_admission a;
	struct rgw_visit v[3];

	(void)state;
	init(&a, &l, 100, 0);
	assert_int_equal(enter(&a, "32.1.13.184", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "32.1.13.185", 0, &v[1]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "2001:db8::", 0, &v[2]), RGW_ADMIT_OK);
	end(&a);
}

/* ---- rates ---- */

static void
rate_of_a_class(void **state)
{
	struct rgw_admission_limits l = limits(100, 100, 100);
	struct rgw_admission a;
	struct rgw_addr from[5];

	(void)state;
	l.rate = (struct rgw_rate){ 10, 1000, 3 };
	init(&a, &l, 100, 5000);
	for (uint32_t i = 0; i < 5; i++)
		from[i] = numbered(i);
	for (int i = 0; i < 3; i++)
		assert_int_equal(visit(&a, &from[i], 5000), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &from[3], 5000), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(visit(&a, &from[3], 5099), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(visit(&a, &from[3], 5100), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &from[4], 5100), RGW_ADMIT_RATE_STRANGERS);
	end(&a);
}

static void
rate_of_one_address(void **state)
{
	struct rgw_admission_limits l = limits(100, 100, 100);
	struct rgw_addr one = addr("192.0.2.1");
	struct rgw_addr other = addr("192.0.2.2");
	struct rgw_admission a;

	(void)state;
	l.rate_per_address = (struct rgw_rate){ 1, 1000, 2 };
	init(&a, &l, 100, 0);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	assert_int_equal(visit(&a, &other, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 999), RGW_ADMIT_RATE_PER_ADDRESS);
	assert_int_equal(visit(&a, &one, 1000), RGW_ADMIT_OK);
	/* It is remembered though it has no connection. */
	assert_int_equal(visit(&a, &one, 1000), RGW_ADMIT_RATE_PER_ADDRESS);
	end(&a);
}

/* What one address is denied, whatever for, takes nothing from the rate of its class. */
static void
denied_ones_cost_the_others_nothing(void **state)
{
	struct rgw_admission_limits l = limits(1, 100, 100);
	struct rgw_addr greedy = addr("192.0.2.1");
	struct rgw_addr other = addr("192.0.2.2");
	struct rgw_admission a;
	struct rgw_visit v;

	(void)state;
	l.rate = (struct rgw_rate){ 1, 60000, 3 };
	l.rate_per_address = (struct rgw_rate){ 1, 60000, 1 };
	init(&a, &l, 100, 0);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &v), RGW_ADMIT_OK);
	for (int i = 0; i < 50; i++)
		assert_int_equal(visit(&a, &greedy, 0), RGW_ADMIT_MAX_PER_ADDRESS);
	rgw_admission_leave(&a, &v, 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(visit(&a, &greedy, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	/* Two of the three are left. */
	assert_int_equal(visit(&a, &other, 0), RGW_ADMIT_OK);
	other.ip[3]++;
	assert_int_equal(visit(&a, &other, 0), RGW_ADMIT_OK);
	other.ip[3]++;
	assert_int_equal(visit(&a, &other, 0), RGW_ADMIT_RATE_STRANGERS);
	end(&a);
}

/* Nor does one that is denied by the number of its connections lose a token of its own. */
static void
order_of_the_verdicts(void **state)
{
	struct rgw_admission_limits l = limits(2, 100, 1);
	struct rgw_addr one = addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v[3];

	(void)state;
	l.rate_per_address = (struct rgw_rate){ 1, 60000, 3 };
	init(&a, &l, 2, 0);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_HALF_OPEN_PER_ADDRESS);
	assert_true(rgw_admission_identified(&a, &v[0], 0));
	assert_int_equal(enter(&a, "192.0.2.1", 0, &v[1]), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_MAX_PER_ADDRESS);
	assert_true(rgw_admission_identified(&a, &v[1], 0));
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_MAX);
	rgw_admission_leave(&a, &v[0], 0);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	rgw_admission_leave(&a, &v[1], 0);
	end(&a);
}

static void
no_rate_means_no_limit(void **state)
{
	struct rgw_admission_limits l = limits(1, 1, 1);
	struct rgw_addr one = addr("192.0.2.1");
	struct rgw_admission a;

	(void)state;
	init(&a, &l, 1, 0);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(a.tab.count, 1);
	end(&a);
}

/* Tokens are short: who had few of late goes first, and who had none gets the last one. */
static void
tokens_are_dealt_evenly(void **state)
{
	struct rgw_admission_limits l = limits(1000, 1000, 1000);
	struct rgw_addr greedy = addr("192.0.2.1"), modest = addr("192.0.2.2"), fresh = addr("192.0.2.3");
	struct rgw_admission a;

	(void)state;
	l.rate = (struct rgw_rate){ 1, 3600000, 40 };
	init(&a, &l, 100, 0);
	/* Half of the burst is for anybody. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(visit(&a, &greedy, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &greedy, 0), RGW_ADMIT_RATE_STRANGERS);
	/* Of the 20 that are left another one gets tokens until it had half as many as there are. */
	for (int i = 0; i < 7; i++)
		assert_int_equal(visit(&a, &modest, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &modest, 0), RGW_ADMIT_RATE_STRANGERS);
	for (uint32_t i = 0; i < 12; i++) {
		struct rgw_addr other = numbered(i);

		assert_int_equal(visit(&a, &other, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(visit(&a, &modest, 0), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(visit(&a, &fresh, 0), RGW_ADMIT_OK);
	fresh.ip[3]++;
	assert_int_equal(visit(&a, &fresh, 0), RGW_ADMIT_RATE_STRANGERS);
	end(&a);
}

/* What an address had is forgotten by halves. */
static void
use_is_forgotten(void **state)
{
	struct rgw_admission_limits l = limits(1000, 1000, 1000);
	struct rgw_addr one = addr("192.0.2.1");
	struct rgw_admission a;

	(void)state;
	l.rate = (struct rgw_rate){ 1, 360000000, 8 };
	init(&a, &l, 100, 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, RGW_USE_HALF_MS - 1), RGW_ADMIT_RATE_STRANGERS);
	/* Two of late, and four are left; after it three of late, and three are left. */
	assert_int_equal(visit(&a, &one, RGW_USE_HALF_MS), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, RGW_USE_HALF_MS), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(visit(&a, &one, 100 * RGW_USE_HALF_MS), RGW_ADMIT_OK);
	end(&a);
}

/* Where tokens are not short nobody notices any of that. */
static void
one_alone_gets_the_whole_rate(void **state)
{
	struct rgw_admission_limits l = limits(1000, 1000, 1000);
	struct rgw_addr one = addr("192.0.2.1");
	struct rgw_admission a;

	(void)state;
	l.rate = (struct rgw_rate){ 100, 1000, 200 };
	init(&a, &l, 100, 0);
	for (rgw_ms now = 0; now < 60000; now += 10)
		assert_int_equal(visit(&a, &one, now), RGW_ADMIT_OK);
	end(&a);
}

/* A storm from 60 addresses at three times the rate, each within its own: who comes for the first time gets in
 * each time, from the beginning on, and the storm gets the rest of the rate. */
static void
storm_within_the_limits_of_each(void **state)
{
	struct rgw_admission_limits l = limits(64, 1024, 32);
	struct rgw_admission a;
	unsigned stormed = 0;

	(void)state;
	l.rate = (struct rgw_rate){ 100, 1000, 200 };
	l.rate_per_address = (struct rgw_rate){ 10, 1000, 20 };
	init(&a, &l, 1024, 0);
	for (uint32_t i = 0; i < 300 * 30; i++) {
		struct rgw_addr from = numbered(i % 60);
		rgw_ms now = i * 10 / 3;

		stormed += visit(&a, &from, now) == RGW_ADMIT_OK;
		if (i % 100 == 99) {
			from = numbered(1000 + i);
			assert_int_equal(visit(&a, &from, now), RGW_ADMIT_OK);
		}
	}
	assert_in_range(stormed, 28 * 100, 32 * 100);
	end(&a);
}

/* ---- half-open places ---- */

/* Who holds most gives way, and of its own the oldest that has not said a word. */
static void
most_half_open_gives_way(void **state)
{
	struct rgw_admission_limits l = limits(64, 5, 5);
	struct rgw_admission a;
	struct rgw_visit v[10];

	(void)state;
	init(&a, &l, 100, 0);
	assert_int_equal(enter(&a, "192.0.2.9", 0, &v[0]), RGW_ADMIT_OK);
	for (int i = 1; i < 4; i++)
		assert_int_equal(enter(&a, "192.0.2.1", 10, &v[i]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.8", 20, &v[4]), RGW_ADMIT_OK);
	v[1].shaking = true;
	assert_int_equal(rgw_admission_held(&v[1]), 3);
	expect_evicted(&a, "192.0.2.2", 5000, &v[5], &v[2]);
	expect_evicted(&a, "192.0.2.2", 5000, &v[6], &v[3]);
	/* Now it holds one that shakes; the other holds two that are too young to go. */
	expect_evicted(&a, "192.0.2.2", 5000, &v[7], &v[0]);
	assert_int_equal(rgw_admission_held(&v[7]), 3);
	/* As soon as they are old enough they go, although older ones are there elsewhere. */
	expect_evicted(&a, "192.0.2.7", 6000, &v[8], &v[5]);
	end(&a);
}

/* Among addresses that hold as many the one that has done so for longest gives way, if one of its own is old. */
static void
oldest_gives_way_among_equals(void **state)
{
	struct rgw_admission_limits l = limits(64, 3, 5);
	struct rgw_admission a;
	struct rgw_visit v[6];

	(void)state;
	init(&a, &l, 100, 0);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.2", 1, &v[1]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.3", 2, &v[2]), RGW_ADMIT_OK);
	expect_evicted(&a, "192.0.2.4", 2000, &v[3], &v[0]);
	expect_evicted(&a, "192.0.2.5", 2000, &v[4], &v[1]);
	expect_evicted(&a, "192.0.2.6", 2000, &v[5], &v[2]);
	end(&a);
}

/* No handshake is ended in its first second while there is an older one; but there is always room. */
static void
young_ones_stay(void **state)
{
	struct rgw_admission_limits l = limits(64, 4, 4);
	struct rgw_admission a;
	struct rgw_visit v[8];

	(void)state;
	init(&a, &l, 100, 0);
	assert_int_equal(enter(&a, "192.0.2.9", 1, &v[0]), RGW_ADMIT_OK);
	for (int i = 1; i < 4; i++)
		assert_int_equal(enter(&a, "192.0.2.1", 500, &v[i]), RGW_ADMIT_OK);
	v[0].shaking = true;
	expect_evicted(&a, "192.0.2.2", 1001, &v[4], &v[0]);
	/* All are young now. */
	v[1].shaking = true;
	expect_evicted(&a, "192.0.2.3", 1001, &v[5], &v[2]);
	expect_evicted(&a, "192.0.2.4", 1499, &v[6], &v[3]);
	expect_evicted(&a, "192.0.2.5", 1500, &v[7], &v[1]);
	end(&a);
}

/* An address at its own limit gives up one of its own, whoever else holds more or is older; and nobody behind
 * the same address is cut off in the first second. */
static void
half_open_of_one_address(void **state)
{
	struct rgw_admission_limits l = limits(64, 100, 3);
	struct rgw_admission a;
	struct rgw_visit v[8];

	(void)state;
	init(&a, &l, 100, 0);
	assert_int_equal(enter(&a, "192.0.2.9", 0, &v[0]), RGW_ADMIT_OK);
	for (int i = 1; i < 4; i++)
		assert_int_equal(enter(&a, "192.0.2.1", 1000, &v[i]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1", 1999, &v[4]), RGW_ADMIT_HALF_OPEN_PER_ADDRESS);
	v[1].shaking = true;
	expect_evicted(&a, "192.0.2.1", 2000, &v[4], &v[2]);
	expect_evicted(&a, "192.0.2.1", 2000, &v[5], &v[3]);
	expect_evicted(&a, "192.0.2.1", 2000, &v[6], &v[1]);
	assert_int_equal(enter(&a, "192.0.2.1", 2999, &v[7]), RGW_ADMIT_HALF_OPEN_PER_ADDRESS);
	/* Who is known by now holds no place among them. */
	assert_true(rgw_admission_identified(&a, &v[5], 2999));
	assert_int_equal(enter(&a, "192.0.2.1", 2999, &v[7]), RGW_ADMIT_OK);
	rgw_admission_leave(&a, &v[5], 2999);
	end(&a);
}

/* Both limits at once: one gives way, not two. */
static void
own_limit_comes_before_that_of_all(void **state)
{
	struct rgw_admission_limits l = limits(64, 3, 2);
	struct rgw_admission a;
	struct rgw_visit v[4];

	(void)state;
	init(&a, &l, 100, 0);
	assert_int_equal(enter(&a, "192.0.2.9", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1", 1, &v[1]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1", 2, &v[2]), RGW_ADMIT_OK);
	expect_evicted(&a, "192.0.2.1", 5000, &v[3], &v[1]);
	assert_int_equal(a.classes[RGW_STRANGERS].n_half_open, 3);
	end(&a);
}

/* ---- known addresses ---- */

/* Strangers have used up all that is theirs: an address that the configuration names does not notice. */
static void
named_addresses_have_their_own(void **state)
{
	struct rgw_admission_limits l = limits(64, 2, 2);
	struct rgw_addr named = addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v[5], *evicted;

	(void)state;
	l.rate = (struct rgw_rate){ 1, 60000, 3 };
	init(&a, &l, 100, 0);
	assert_int_equal(enter(&a, "203.0.113.1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "203.0.113.2", 0, &v[1]), RGW_ADMIT_OK);
	expect_evicted(&a, "203.0.113.3", 2000, &v[2], &v[0]);
	assert_int_equal(enter(&a, "203.0.113.4", 2000, &v[3]), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(come_from(&a, &named, true, 2000, &v[3], &evicted), RGW_ADMIT_OK);
	assert_null(evicted);
	assert_int_equal(rgw_admission_class_of(&v[3]), RGW_KNOWN);
	assert_int_equal(come_from(&a, &named, true, 2000, &v[4], &evicted), RGW_ADMIT_OK);
	assert_null(evicted);
	/* They have limits, too. */
	assert_int_equal(come_from(&a, &named, true, 4000, &v[0], &evicted), RGW_ADMIT_RATE_KNOWN);
	/* Named no more, it is a stranger as soon as they have places for what it holds. */
	assert_int_equal(come_from(&a, &named, false, 4000, &v[0], &evicted), RGW_ADMIT_RATE_KNOWN);
	rgw_admission_leave(&a, &v[1], 4000);
	rgw_admission_leave(&a, &v[2], 4000);
	assert_int_equal(come_from(&a, &named, false, 4000, &v[0], &evicted), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(rgw_admission_class_of(&v[4]), RGW_STRANGERS);
	end(&a);
}

/* Whoever has proven its identity is known for a day, from the last time on. */
static void
proven_addresses_are_known(void **state)
{
	struct rgw_admission_limits l = limits(64, 2, 2);
	struct rgw_addr proven = addr("2001:db8::1"), same = addr("2001:db8::ffff:2");
	struct rgw_admission a;
	struct rgw_visit v;

	(void)state;
	l.rate = (struct rgw_rate){ 1, 3600000, 2 };
	init(&a, &l, 100, 0);
	prove(&a, "2001:db8::1", 0);
	assert_int_equal(a.n_idle[true], 1);
	assert_int_equal(visit(&a, &(struct rgw_addr){ .family = 4, .ip = { 1 } }, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &(struct rgw_addr){ .family = 4, .ip = { 2 } }, 0), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(come_from(&a, &same, false, DAY / 2, &v, NULL), RGW_ADMIT_OK);
	assert_int_equal(rgw_admission_class_of(&v), RGW_KNOWN);
	assert_true(rgw_admission_identified(&a, &v, DAY / 2));
	rgw_admission_leave(&a, &v, DAY / 2);
	assert_int_equal(come_from(&a, &proven, false, DAY / 2 + DAY - 1, &v, NULL), RGW_ADMIT_OK);
	assert_int_equal(rgw_admission_class_of(&v), RGW_KNOWN);
	rgw_admission_leave(&a, &v, DAY / 2 + DAY - 1);
	assert_int_equal(come_from(&a, &proven, false, DAY / 2 + DAY, &v, NULL), RGW_ADMIT_OK);
	assert_int_equal(rgw_admission_class_of(&v), RGW_STRANGERS);
	rgw_admission_leave(&a, &v, DAY / 2 + DAY);
	assert_int_equal(a.n_idle[true], 0);
	end(&a);
}

/* What a proxy holds half-open when the first of its connections has come up counts among the known. */
static void
half_open_ones_change_their_class(void **state)
{
	struct rgw_admission_limits l = limits(64, 4, 4);
	struct rgw_addr named = addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v[6];

	(void)state;
	init(&a, &l, 100, 0);
	assert_int_equal(enter(&a, "203.0.113.1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(come_from(&a, &named, true, 5, &v[1], NULL), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "203.0.113.1", 10, &v[2]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "203.0.113.1", 20, &v[3]), RGW_ADMIT_OK);
	assert_true(rgw_admission_identified(&a, &v[3], 30));
	audit(&a);
	assert_int_equal(a.classes[RGW_STRANGERS].n_half_open, 0);
	assert_int_equal(a.classes[RGW_KNOWN].n_half_open, 3);
	assert_ptr_equal(rgw_admission_any(&a), &v[0]);
	rgw_admission_leave(&a, &v[3], 30);
	/* It is the one that holds most among the known now. */
	assert_int_equal(come_from(&a, &named, true, 30, &v[4], NULL), RGW_ADMIT_OK);
	rgw_admission_leave(&a, &v[1], 30);
	expect_evicted(&a, "203.0.113.1", 5000, &v[5], NULL);
	expect_evicted(&a, "203.0.113.1", 5000, &v[3], &v[0]);
	end(&a);
}

/* Not if the known have no places for them: then they stay what they were until they have. */
static void
no_class_has_more_than_it_may(void **state)
{
	struct rgw_admission_limits l = limits(64, 2, 2);
	struct rgw_addr named = addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v[5];

	(void)state;
	init(&a, &l, 100, 0);
	assert_int_equal(come_from(&a, &named, true, 0, &v[0], NULL), RGW_ADMIT_OK);
	assert_int_equal(come_from(&a, &named, true, 0, &v[1], NULL), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "203.0.113.1", 0, &v[2]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "203.0.113.1", 0, &v[3]), RGW_ADMIT_OK);
	assert_true(rgw_admission_identified(&a, &v[2], 0));
	audit(&a);
	assert_int_equal(rgw_admission_class_of(&v[3]), RGW_STRANGERS);
	assert_int_equal(enter(&a, "203.0.113.1", 0, &v[4]), RGW_ADMIT_OK);
	assert_int_equal(rgw_admission_class_of(&v[4]), RGW_STRANGERS);
	rgw_admission_leave(&a, &v[4], 0);
	rgw_admission_leave(&a, &v[0], 0);
	/* There is one place, and it holds one. */
	expect_evicted(&a, "203.0.113.1", 5000, &v[4], &v[1]);
	assert_int_equal(rgw_admission_class_of(&v[3]), RGW_KNOWN);
	rgw_admission_leave(&a, &v[2], 5000);
	end(&a);
}

/* ---- the table ---- */

/* Whoever has many addresses does not fill our memory: the one that was unused longest is forgotten,
 * and its rate with it. */
static void
table_is_bounded(void **state)
{
	struct rgw_admission_limits l = limits(10, 10, 10);
	struct rgw_admission a;
	struct rgw_addr from;

	(void)state;
	l.rate_per_address = (struct rgw_rate){ 1, 3600000, 1 };
	init(&a, &l, 10, 0);
	for (uint32_t i = 0; i < IDLE_MAX; i++) {
		from = numbered(i);
		assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	/* The first one comes again, and is denied: now the second one is unused longest. */
	from = numbered(0);
	assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	from = numbered(IDLE_MAX);
	assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_OK);
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	assert_int_equal(a.tab.count, IDLE_MAX);
	from = numbered(0);
	assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	from = numbered(2);
	assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	from = numbered(1);
	assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_OK);
	end(&a);
}

/* However many strangers come, those that are known stay; and there are not too many of them either. */
static void
proven_addresses_are_forgotten_apart(void **state)
{
	struct rgw_admission_limits l = limits(10, 10, 10);
	struct rgw_admission a;
	struct rgw_addr from;
	struct rgw_visit v;

	(void)state;
	init(&a, &l, 10, 0);
	for (uint32_t i = 0; i <= IDLE_MAX; i++) {
		from = numbered(i);
		assert_int_equal(come_from(&a, &from, false, 0, &v, NULL), RGW_ADMIT_OK);
		assert_true(rgw_admission_identified(&a, &v, 0));
		rgw_admission_leave(&a, &v, 0);
	}
	assert_int_equal(a.n_idle[true], IDLE_MAX);
	for (uint32_t i = 0; i < 2 * IDLE_MAX; i++) {
		from = numbered(1 << 20 | i);
		assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	assert_int_equal(a.tab.count, 2 * IDLE_MAX);
	for (uint32_t i = 0; i <= IDLE_MAX; i++) {
		from = numbered(i);
		assert_int_equal(come_from(&a, &from, false, 0, &v, NULL), RGW_ADMIT_OK);
		assert_int_equal(rgw_admission_class_of(&v), i == 0 ? RGW_STRANGERS : RGW_KNOWN);
		rgw_admission_leave(&a, &v, 0);
	}
	end(&a);
}

/* Addresses with connections stay, however many others come, and do not count as idle. */
static void
connected_ones_are_never_forgotten(void **state)
{
	struct rgw_admission_limits l = limits(1, 100, 10);
	struct rgw_admission a;
	struct rgw_visit v[10];
	struct rgw_addr from;

	(void)state;
	init(&a, &l, 100, 0);
	for (uint32_t i = 0; i < 10; i++) {
		from = numbered(i);
		assert_int_equal(come_from(&a, &from, false, 0, &v[i], NULL), RGW_ADMIT_OK);
	}
	assert_int_equal(a.n_idle[false], 0);
	for (uint32_t i = 10; i < 3 * IDLE_MAX; i++) {
		from = numbered(i);
		assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_OK);
	}
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	assert_int_equal(a.tab.count, IDLE_MAX + 10);
	for (uint32_t i = 0; i < 10; i++) {
		from = numbered(i);
		assert_int_equal(visit(&a, &from, 0), RGW_ADMIT_MAX_PER_ADDRESS);
		rgw_admission_leave(&a, &v[i], 0);
		assert_int_equal(a.n_idle[false], IDLE_MAX);
	}
	assert_int_equal(a.tab.count, IDLE_MAX);
	end(&a);
}

/* Leaving makes it the one that was used last, and it keeps its rate when it comes back. */
static void
leave_and_come_back(void **state)
{
	struct rgw_admission_limits l = limits(10, 10, 10);
	struct rgw_addr one = addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v[2];
	struct rgw_addr from;

	(void)state;
	l.rate_per_address = (struct rgw_rate){ 1, 3600000, 3 };
	init(&a, &l, 10, 0);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(enter(&a, "192.0.2.1", 0, &v[1]), RGW_ADMIT_OK);
	rgw_admission_leave(&a, &v[0], 0);
	assert_int_equal(a.n_idle[false], 0);
	for (uint32_t i = 0; i < IDLE_MAX; i++) {
		from = numbered(i);
		visit(&a, &from, 0);
	}
	rgw_admission_leave(&a, &v[1], 0);
	assert_int_equal(a.n_idle[false], IDLE_MAX);
	for (uint32_t i = 0; i < IDLE_MAX - 1; i++) {
		from = numbered(IDLE_MAX + i);
		visit(&a, &from, 0);
	}
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_OK);
	assert_int_equal(visit(&a, &one, 0), RGW_ADMIT_RATE_PER_ADDRESS);
	end(&a);
}

/* Everything at once, for long: no count is ever wrong, and nobody is evicted against the rules. */
static void
anything_goes(void **state)
{
	struct rgw_admission_limits l = limits(6, 12, 3);
	struct rgw_visit v[64];
	bool there[64] = { false };
	struct rgw_admission a;
	uint32_t r = 12345;
	rgw_ms now = 0;

	(void)state;
	l.rate = (struct rgw_rate){ 100, 1000, 50 };
	init(&a, &l, 20, 0);
	for (int i = 0; i < 200000; i++) {
		size_t k;

		r = r * 1664525 + 1013904223;
		k = r >> 26;
		now += r >> 16 & 63;
		if (!there[k]) {
			struct rgw_addr from = numbered(r >> 8 & 7);
			struct rgw_visit *evicted = NULL;

			there[k] = come_from(&a, &from, (r >> 12 & 15) == 0, now, &v[k], &evicted) ==
			    RGW_ADMIT_OK;
			if (evicted != NULL)
				there[evicted - v] = false;
		} else if ((r & 0x8000) != 0 && v[k].half_open && (r & 0x4000) == 0) {
			v[k].shaking = true;
		} else if ((r & 0x8000) != 0 && v[k].half_open) {
			rgw_admission_identified(&a, &v[k], now);
			audit(&a);
		} else {
			rgw_admission_leave(&a, &v[k], now);
			there[k] = false;
			audit(&a);
		}
	}
	for (size_t k = 0; k < 64; k++)
		if (there[k])
			rgw_admission_leave(&a, &v[k], now);
	end(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_in_all),
		cmocka_unit_test(connections_from_one_address),
		cmocka_unit_test(ipv6_counts_by_network),
		cmocka_unit_test(ipv4_counts_by_host),
		cmocka_unit_test(rate_of_a_class),
		cmocka_unit_test(rate_of_one_address),
		cmocka_unit_test(denied_ones_cost_the_others_nothing),
		cmocka_unit_test(order_of_the_verdicts),
		cmocka_unit_test(no_rate_means_no_limit),
		cmocka_unit_test(tokens_are_dealt_evenly),
		cmocka_unit_test(use_is_forgotten),
		cmocka_unit_test(one_alone_gets_the_whole_rate),
		cmocka_unit_test(storm_within_the_limits_of_each),
		cmocka_unit_test(most_half_open_gives_way),
		cmocka_unit_test(oldest_gives_way_among_equals),
		cmocka_unit_test(young_ones_stay),
		cmocka_unit_test(half_open_of_one_address),
		cmocka_unit_test(own_limit_comes_before_that_of_all),
		cmocka_unit_test(named_addresses_have_their_own),
		cmocka_unit_test(proven_addresses_are_known),
		cmocka_unit_test(half_open_ones_change_their_class),
		cmocka_unit_test(no_class_has_more_than_it_may),
		cmocka_unit_test(table_is_bounded),
		cmocka_unit_test(proven_addresses_are_forgotten_apart),
		cmocka_unit_test(connected_ones_are_never_forgotten),
		cmocka_unit_test(leave_and_come_back),
		cmocka_unit_test(anything_goes),
	};

	return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
