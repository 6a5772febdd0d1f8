/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/retrans.h"

#include "helpers.h"

#define MOST 16
#define MIDDLE 32768

/* The defaults: 2 s, 16 s, 30 s, 5 transmissions. */
static const struct rgw_retransmit defaults = { 2000, 16000, 30000, 5 };

/* When a request that is never answered is sent, and when it is given up. */
struct course {
	rgw_ms sent[MOST];
	size_t n;
	rgw_ms given_up;
};

/* At most MOST transmissions are looked at, so limits of 0 end, too. */
static struct course
course_of(const struct rgw_retransmit *conf, uint16_t random, rgw_ms start)
{
	struct course c = { .sent = { 0 }, .n = 1, .given_up = RGW_NEVER };
	struct rgw_retrans r;
	rgw_ms now = rgw_retrans_begin(&r, conf, random, start);

	assert_int_equal(r.since, start);
	assert_int_equal(r.sent, 1);
	while (c.n < MOST) {
		rgw_ms next = 0;

		if (!rgw_retrans_again(&r, conf, random, now, &next)) {
			c.given_up = now - start;
			break;
		}
		c.sent[c.n++] = now - start;
		assert_int_equal(r.sent, c.n);
		assert_true(next > now);
		now = next;
	}
	return c;
}

static void
expect(const struct course *c, size_t n, const rgw_ms *sent, rgw_ms given_up)
{
	assert_int_equal(c->n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(c->sent[i], sent[i]);
	assert_int_equal(c->given_up, given_up);
}

/* RFC 5080 2.2.1 with RAND = -0.1, 0 and +0.1; the longest time-out cuts the last one. */
static void
times_with_the_defaults(void **state)
{
	static const rgw_ms shortest[] = { 0, 1800, 5220, 11718, 24065 };
	static const rgw_ms middle[] = { 0, 2000, 6000, 14000 };
	static const rgw_ms longest[] = { 0, 2200, 6820, 16522 };
	struct course c;

	(void)state;
	c = course_of(&defaults, 0, 5000);
	expect(&c, COUNT(shortest), shortest, 30000);
	c = course_of(&defaults, MIDDLE, 5000);
	expect(&c, COUNT(middle), middle, 30000);
	c = course_of(&defaults, UINT16_MAX, 0);
	expect(&c, COUNT(longest), longest, 30000);
}

/* MRC: after the last transmission one more time-out passes, then it is over. */
static void
transmissions_have_a_limit(void **state)
{
	static const rgw_ms times[] = { 0, 2000, 6000, 14000, 30000, 46000, 62000 };
	struct rgw_retransmit conf = { 2000, 16000, 0, 1 };
	struct course c;

	(void)state;
	for (uint32_t n = 1; n <= 6; n++) {
		conf.mrc = n;
		c = course_of(&conf, MIDDLE, 77);
		expect(&c, n, times, times[n]);
	}
}

/* MRD: the last time-out ends with the time in all, and nothing is sent then. */
static void
time_in_all_has_a_limit(void **state)
{
	static const struct {
		rgw_ms mrd;
		size_t n;
	} rows[] = { { 1, 1 }, { 2000, 1 }, { 2001, 2 }, { 6000, 2 }, { 6001, 3 }, { 14000, 3 },
		{ 29999, 4 }, { 30000, 4 }, { 30001, 5 }, { 46001, 6 } };
	static const rgw_ms times[] = { 0, 2000, 6000, 14000, 30000, 46000 };
	struct rgw_retransmit conf = { 2000, 16000, 0, 0 };
	struct course c;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		conf.mrd = rows[i].mrd;
		c = course_of(&conf, MIDDLE, 123456);
		expect(&c, rows[i].n, times, rows[i].mrd);
	}
}

/* MRT: one time-out is never longer, jitter aside; the first one is not cut. */
static void
one_time_out_has_a_limit(void **state)
{
	static const rgw_ms below[] = { 0, 2000, 5000, 8000, 11000 };
	static const rgw_ms least[] = { 0, 1800, 4500, 7200, 9900 };
	static const rgw_ms most[] = { 0, 2200, 5500, 8800, 12100 };
	struct rgw_retransmit conf = { 2000, 3000, 0, 5 };
	struct course c;

	(void)state;
	c = course_of(&conf, MIDDLE, 0);
	expect(&c, COUNT(below), below, 14000);
	c = course_of(&conf, 0, 0);
	expect(&c, COUNT(least), least, 12600);
	c = course_of(&conf, UINT16_MAX, 0);
	expect(&c, COUNT(most), most, 15400);
}

/* P-RTX-2: 0 means that nothing limits it; the time-outs double for ever. */
static void
without_limits_it_goes_on(void **state)
{
	const struct rgw_retransmit conf = { 1000, 0, 0, 0 };
	struct course c = course_of(&conf, MIDDLE, 9);
	rgw_ms gap = 1000;

	(void)state;
	assert_int_equal(c.n, MOST);
	assert_int_equal(c.given_up, RGW_NEVER);
	for (size_t i = 1; i < MOST; i++) {
		rgw_ms is = c.sent[i] - c.sent[i - 1];

		assert_in_range(is, gap, gap + gap / 1000);
		gap *= 2;
	}
}

/* A call that comes late does not get another time-out beyond the time in all. */
static void
late_timer(void **state)
{
	struct rgw_retrans r;
	rgw_ms next = 0;

	(void)state;
	assert_int_equal(rgw_retrans_begin(&r, &defaults, MIDDLE, 1000), 3000);
	assert_true(rgw_retrans_again(&r, &defaults, MIDDLE, 29000, &next));
	assert_int_equal(next, 31000);
	assert_false(rgw_retrans_again(&r, &defaults, MIDDLE, 31000, &next));
	assert_int_equal(next, 31000);
}

/* Each computation has a jitter of its own (P-RTX-1). */
static void
jitter_is_new_each_time(void **state)
{
	struct rgw_retrans r;
	rgw_ms next = 0;

	(void)state;
	assert_int_equal(rgw_retrans_begin(&r, &defaults, 0, 0), 1800);
	assert_true(rgw_retrans_again(&r, &defaults, UINT16_MAX, 1800, &next));
	assert_int_equal(next, 1800 + 1800 + 1980);
}

static void
jitter_is_a_tenth(void **state)
{
	static const rgw_ms values[] = { 10, 100, 2000, 16000, 30000, 3600000, 86400000 };
	struct help_rng rng = { 1 };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		rgw_ms v = values[i];
		rgw_ms sum = 0;

		assert_int_equal(rgw_jitter(v, 0), v - v / 10);
		assert_in_range(rgw_jitter(v, MIDDLE), v, v + v / 100000);
		assert_int_equal(rgw_jitter(v, UINT16_MAX), v + v / 10);
		for (int n = 0; n < 1000; n++) {
			rgw_ms is = rgw_jitter(v, (uint16_t)help_next(&rng));

			assert_in_range(is, v - v / 10, v + v / 10);
			sum += is / 10;
		}
		if (v >= 2000)
			assert_in_range(sum / 100, v - v / 100, v + v / 100);
	}
	assert_int_equal(rgw_jitter(0, 12345), 0);
}

/* With all values of the jitter the course stays within the bounds that the three extremes show. */
static void
any_jitter(void **state)
{
	static const rgw_ms least[] = { 0, 1800, 5220, 11718, 24065 };
	static const rgw_ms most[] = { 0, 2200, 6820, 16522, 30000 };

	(void)state;
	for (uint32_t random = 0; random <= UINT16_MAX; random += 13) {
		struct course c = course_of(&defaults, (uint16_t)random, 0);

		assert_in_range(c.n, 4, 5);
		assert_int_equal(c.given_up, 30000);
		for (size_t i = 0; i < c.n; i++)
			assert_in_range(c.sent[i], least[i], most[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_with_the_defaults),
		cmocka_unit_test(transmissions_have_a_limit),
		cmocka_unit_test(time_in_all_has_a_limit),
		cmocka_unit_test(one_time_out_has_a_limit),
		cmocka_unit_test(without_limits_it_goes_on),
		cmocka_unit_test(late_timer),
		cmocka_unit_test(jitter_is_new_each_time),
		cmocka_unit_test(jitter_is_a_tenth),
		cmocka_unit_test(any_jitter),
	};

	return cmocka_run_group_tests_name("retrans", tests, NULL, NULL);
}
