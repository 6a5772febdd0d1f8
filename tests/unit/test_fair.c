/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/fair.h"

#include "helpers.h"

/* Each holder takes one after the other, as much as it may; what each has in the end. */
static void
take_in_turns(uint64_t whole, uint64_t *held, size_t n)
{
	uint64_t taken = 0;
	bool any = true;

	for (size_t i = 0; i < n; i++)
		taken += held[i];
	while (any) {
		any = false;
		for (size_t i = 0; i < n; i++) {
			if (!rgw_fair_may_take(whole, taken, held[i], 1))
				continue;
			held[i]++;
			taken++;
			any = true;
		}
		assert_true(taken <= whole);
	}
}

static void
free_is_what_is_left(void **state)
{
	(void)state;
	assert_int_equal(rgw_fair_free(100, 30), 70);
	assert_int_equal(rgw_fair_free(100, 100), 0);
	assert_int_equal(rgw_fair_free(100, 130), 0);
	assert_int_equal(rgw_fair_free(UINT64_MAX, 1), UINT64_MAX - 1);
}

/* n holders have 4 / (1 + 4n) of it each, and 1 / (1 + 4n) stays. */
static void
parts_of_the_greedy(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 20; n++) {
		const uint64_t whole = 100000;
		uint64_t held[20] = { 0 };
		uint64_t left = whole;

		take_in_turns(whole, held, n);
		for (size_t i = 0; i < n; i++) {
			assert_in_range(held[i], 4 * whole / (1 + 4 * n), 4 * whole / (1 + 4 * n) + 1);
			left -= held[i];
		}
		assert_in_range(left, whole / (1 + 4 * n) - 20, whole / (1 + 4 * n) + 20);
		/* Somebody who has nothing still gets something. */
		assert_true(rgw_fair_may_take(whole, whole - left, 0, left / 2));
	}
}

/* A holder that came first and took all it could gets no more once another is there, and the other does. */
static void
who_holds_most_is_refused_first(void **state)
{
	uint64_t held[2] = { 0, 0 };

	(void)state;
	take_in_turns(1000, held, 1);
	assert_int_equal(held[0], 800);
	assert_true(rgw_fair_may_take(1000, 800, 0, 100));
	assert_false(rgw_fair_may_take(1000, 900, 800, 1));
	assert_true(rgw_fair_may_take(1000, 900, 100, 1));
	take_in_turns(1000, held, 2);
	assert_in_range(held[1], 155, 165);
	/* What is taken is given back after a while, and both take again what they can get: soon both have as much. */
	for (unsigned round = 0; round < 500; round++) {
		held[0] -= held[0] / 50;
		held[1] -= held[1] / 50;
		take_in_turns(1000, held, 2);
	}
	assert_in_range(held[0], 420, 460);
	assert_in_range(held[1], 420, 460);
}

static void
never_more_than_the_whole(void **state)
{
	(void)state;
	assert_false(rgw_fair_may_take(100, 100, 0, 1));
	assert_false(rgw_fair_may_take(100, 99, 0, 2));
	assert_false(rgw_fair_may_take(100, 120, 0, 1));
	assert_false(rgw_fair_may_take(0, 0, 0, 1));
	assert_true(rgw_fair_may_take(100, 99, 0, 1));
	assert_true(rgw_fair_may_take(3, 2, 2, 1));
}

/* Who takes all that it may at once, as long as it may, gets as far as one who takes it piece by piece. */
static void
room_is_what_may_be_taken(void **state)
{
	(void)state;
	assert_int_equal(rgw_fair_room(1000, 0, 0), 1000);
	assert_int_equal(rgw_fair_room(1000, 700, 700), 300);
	assert_int_equal(rgw_fair_room(1000, 790, 790), 50);
	assert_int_equal(rgw_fair_room(1000, 800, 800), 0);
	assert_int_equal(rgw_fair_room(1000, 900, 900), 0);
	assert_int_equal(rgw_fair_room(1000, 900, 0), 100);
	assert_int_equal(rgw_fair_room(1000, 1000, 0), 0);
	assert_int_equal(rgw_fair_room(1000, 1200, 0), 0);
	for (uint64_t taken = 0; taken <= 1000; taken += 50)
		for (uint64_t mine = 0; mine <= taken; mine += 10) {
			uint64_t room = rgw_fair_room(1000, taken, mine);

			assert_true(room == 0 || rgw_fair_may_take(1000, taken, mine, room));
			assert_false(rgw_fair_may_take(1000, taken, mine, room + 1));
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_is_what_is_left),
		cmocka_unit_test(parts_of_the_greedy),
		cmocka_unit_test(who_holds_most_is_refused_first),
		cmocka_unit_test(never_more_than_the_whole),
		cmocka_unit_test(room_is_what_may_be_taken),
	};

	return cmocka_run_group_tests_name("fair", tests, NULL, NULL);
}
