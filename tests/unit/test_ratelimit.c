/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/ratelimit.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"

/* How many pass at one moment. */
static unsigned
drain(struct rgw_bucket *b, rgw_ms now)
{
	unsigned n = 0;

	while (n < 1000000 && rgw_bucket_take(b, now))
		n++;
	return n;
}

static void
starts_full(void **state)
{
	struct rgw_bucket b;

	(void)state;
	rgw_bucket_init(&b, 10, 1000, 25, 500);
	assert_int_equal(drain(&b, 500), 25);
	assert_false(rgw_bucket_take(&b, 500));
}

static void
refills_at_the_rate(void **state)
{
	struct rgw_bucket b;

	(void)state;
	rgw_bucket_init(&b, 10, 1000, 25, 0);
	drain(&b, 0);
	assert_int_equal(drain(&b, 99), 0);
	assert_int_equal(drain(&b, 100), 1);
	assert_int_equal(drain(&b, 1100), 10);
	assert_int_equal(drain(&b, 3600), 25);
	assert_int_equal(drain(&b, 1000000), 25);
	assert_int_equal(drain(&b, RGW_NEVER - 1), 25);
}

/* Nothing is lost to rounding: three in seven milliseconds, asked each millisecond. */
static void
fractions_add_up(void **state)
{
	struct rgw_bucket b;
	unsigned n = 0;

	(void)state;
	rgw_bucket_init(&b, 3, 7, 2, 0);
	for (rgw_ms now = 0; now <= 7000; now++)
		n += drain(&b, now);
	assert_int_equal(n, 2 + 3000);
}

static void
no_rate_means_no_limit(void **state)
{
	struct rgw_bucket b;

	(void)state;
	rgw_bucket_init(&b, 0, 1000, 1, 0);
	assert_int_equal(drain(&b, 0), 1000000);
	assert_int_equal(rgw_bucket_next(&b, 77), 77);
}

static void
odd_settings(void **state)
{
	struct rgw_bucket b;

	(void)state;
	rgw_bucket_init(&b, 1, 0, 0, 0);  /* one per millisecond, one at once */
	assert_int_equal(drain(&b, 0), 1);
	assert_int_equal(drain(&b, 1), 1);
	rgw_bucket_init(&b, UINT32_MAX, 1, 3, 0);
	assert_int_equal(drain(&b, 0), 3);
	assert_int_equal(drain(&b, 1), 3);
	rgw_bucket_init(&b, 1, 86400000, UINT32_MAX, 0);
	for (int i = 0; i < 1000; i++)
		assert_true(rgw_bucket_take(&b, 0));
	rgw_bucket_init(&b, 1, 86400000, 1, 0);
	assert_true(rgw_bucket_take(&b, 0));
	assert_false(rgw_bucket_take(&b, 86399999));
	assert_true(rgw_bucket_take(&b, 86400000));
}

/* A clock that seems to go back adds nothing, and costs nothing when it comes forward again. */
static void
time_that_goes_back_adds_nothing(void **state)
{
	struct rgw_bucket b;

	(void)state;
	rgw_bucket_init(&b, 10, 1000, 1, 1000);
	assert_int_equal(drain(&b, 1000), 1);
	assert_int_equal(drain(&b, 0), 0);
	assert_int_equal(drain(&b, 999), 0);
	assert_int_equal(drain(&b, 1050), 0);
	assert_int_equal(drain(&b, 500), 0);
	assert_int_equal(drain(&b, 1100), 1);
}

/* Does exactly one millisecond separate "no" from "yes", and is asking free of side effects? */
static void
next_is_the_first_moment(void **state)
{
	static const struct { uint32_t events; rgw_ms period; uint32_t burst; } rows[] = {
		{ 10, 1000, 1 }, { 3, 7, 2 }, { 1, 60000, 5 }, { 7, 3, 1 }, { 600, 60000, 20 },
		{ 999, 1000, 1 }, { 1, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_bucket b;
		rgw_ms now = 12345;

		rgw_bucket_init(&b, rows[i].events, rows[i].period, rows[i].burst, now);
		assert_int_equal(rgw_bucket_next(&b, now), now);
		for (int k = 0; k < 50; k++) {
			struct rgw_bucket copy;
			rgw_ms next;

			drain(&b, now);
			next = rgw_bucket_next(&b, now);
			assert_true(next > now);
			copy = b;
			assert_false(rgw_bucket_take(&copy, next - 1));
			copy = b;
			assert_int_equal(rgw_bucket_next(&copy, next), next);
			assert_true(rgw_bucket_take(&copy, next));
			now = next;
		}
	}
}

/* As many tokens as are said to be left can be taken, and not one more. */
static void
left_is_what_can_be_taken(void **state)
{
	struct rgw_bucket b;

	(void)state;
	rgw_bucket_init(&b, 10, 1000, 7, 0);
	assert_int_equal(rgw_bucket_left(&b, 0), 7);
	for (uint32_t n = 7; n > 0; n--) {
		assert_int_equal(rgw_bucket_left(&b, 0), n);
		assert_true(rgw_bucket_take(&b, 0));
	}
	assert_int_equal(rgw_bucket_left(&b, 0), 0);
	assert_false(rgw_bucket_take(&b, 0));
	/* Time counts, and a part of a token is none. */
	assert_int_equal(rgw_bucket_left(&b, 199), 1);
	assert_int_equal(rgw_bucket_left(&b, 200), 2);
	assert_int_equal(rgw_bucket_left(&b, 100000), 7);
	rgw_bucket_init(&b, 0, 0, 0, 0);
	assert_int_equal(rgw_bucket_left(&b, 0), UINT32_MAX);
}

/* The property: between any two moments at most burst + rate * time pass; and one that asks often
 * enough loses at most one token against it. */
static void
any_window(struct help_rng *rng)
{
	enum { N = 1200 };
	uint32_t events = 1 + help_below(rng, 20);
	rgw_ms period = 1 + help_below(rng, 1000);
	uint32_t burst = 1 + help_below(rng, 10);
	rgw_ms *passed = rgw_xcalloc(N, sizeof *passed);
	struct rgw_bucket b;
	rgw_ms now = help_below(rng, 1000);
	size_t n = 0;

	rgw_bucket_init(&b, events, period, burst, now);
	while (n < N) {
		for (uint32_t tries = help_below(rng, 30); tries > 0 && n < N; tries--)
			if (rgw_bucket_take(&b, now))
				passed[n++] = now;
		now += help_below(rng, 1 + (uint32_t)period / (1 + help_below(rng, 10)));
		if (help_below(rng, 50) == 0)
			now += help_below(rng, 20) * period;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = i; k < n; k++)
			assert_true((k - i + 1) * period <=
			    burst * period + events * (passed[k] - passed[i]));
	free(passed);
}

static void
at_most_burst_plus_rate_in_any_window(void **state)
{
	struct help_rng rng = { 6 };

	(void)state;
	for (int round = 0; round < 40; round++)
		any_window(&rng);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_full),
		cmocka_unit_test(refills_at_the_rate),
		cmocka_unit_test(fractions_add_up),
		cmocka_unit_test(no_rate_means_no_limit),
		cmocka_unit_test(odd_settings),
		cmocka_unit_test(time_that_goes_back_adds_nothing),
		cmocka_unit_test(next_is_the_first_moment),
		cmocka_unit_test(left_is_what_can_be_taken),
		cmocka_unit_test(at_most_burst_plus_rate_in_any_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
