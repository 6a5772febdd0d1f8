/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/engine/requests/choose.h"

#include "helpers.h"

/* Which member of a pool a request goes to: choose.c. */

#define GOOD { .rank = RGW_RANK_GOOD }

/* The first member that works is chosen, and of those that work no other. */
static void
failover_takes_the_first_that_works(void **state)
{
	struct rgw_candidate c[3] = { { .rank = RGW_RANK_DOWN }, { .rank = RGW_RANK_GOOD, .load = 9 }, GOOD };

	(void)state;
	assert_int_equal(rgw_choose(RGW_POOL_FAILOVER, c, 3, 2, RGW_RANK_DOWN), 1);
	c[0].rank = RGW_RANK_GOOD;
	assert_int_equal(rgw_choose(RGW_POOL_FAILOVER, c, 3, 2, RGW_RANK_DOWN), 0);
}

/* Round-robin begins at `next`, and goes on to whoever comes after one that is left out. */
static void
round_robin_goes_round(void **state)
{
	struct rgw_candidate c[3] = { GOOD, GOOD, GOOD };

	(void)state;
	for (size_t next = 0; next < 7; next++)
		assert_int_equal(rgw_choose(RGW_POOL_ROUND_ROBIN, c, 3, next, RGW_RANK_GOOD), next % 3);
	c[1].excluded = true;
	assert_int_equal(rgw_choose(RGW_POOL_ROUND_ROBIN, c, 3, 1, RGW_RANK_GOOD), 2);
	c[2].rank = RGW_RANK_DOUBTFUL;
	assert_int_equal(rgw_choose(RGW_POOL_ROUND_ROBIN, c, 3, 1, RGW_RANK_DOWN), 0);
}

static void
least_outstanding_takes_who_has_least(void **state)
{
	struct rgw_candidate c[3] = { { .load = 7 }, { .load = 5 }, { .load = 5 } };

	(void)state;
	/* Of equal ones the first. */
	assert_int_equal(rgw_choose(RGW_POOL_LEAST_OUTSTANDING, c, 3, 2, RGW_RANK_GOOD), 1);
	c[2].load = 4;
	assert_int_equal(rgw_choose(RGW_POOL_LEAST_OUTSTANDING, c, 3, 0, RGW_RANK_GOOD), 2);
	/* However great the loads are. */
	c[0].load = c[1].load = UINT64_MAX;
	c[2].load = UINT64_MAX - 1;
	assert_int_equal(rgw_choose(RGW_POOL_LEAST_OUTSTANDING, c, 3, 0, RGW_RANK_GOOD), 2);
}

static void
hash_takes_the_greatest_weight(void **state)
{
	struct rgw_candidate c[3] = { { .weight = 1 }, { .weight = UINT64_MAX }, { .weight = 2 } };

	(void)state;
	assert_int_equal(rgw_choose(RGW_POOL_HASH, c, 3, 0, RGW_RANK_GOOD), 1);
	/* When a member goes, its keys go to whoever is next by weight, not by place. */
	c[1].excluded = true;
	assert_int_equal(rgw_choose(RGW_POOL_HASH, c, 3, 0, RGW_RANK_GOOD), 2);
}

/* The rank goes before the mark, and the mark before the policy; of marks the oldest is best, and none is better. */
static void
rank_mark_policy(void **state)
{
	struct rgw_candidate c[3] = { { .rank = RGW_RANK_SILENT }, { .mark = 2000 }, { .mark = 1000, .load = 9 } };

	(void)state;
	assert_int_equal(rgw_choose(RGW_POOL_LEAST_OUTSTANDING, c, 3, 0, RGW_RANK_DOWN), 2);
	c[2].mark = 2000;
	assert_int_equal(rgw_choose(RGW_POOL_LEAST_OUTSTANDING, c, 3, 0, RGW_RANK_DOWN), 1);
	c[2].mark = 0;
	assert_int_equal(rgw_choose(RGW_POOL_LEAST_OUTSTANDING, c, 3, 0, RGW_RANK_DOWN), 2);
	c[0].rank = RGW_RANK_GOOD;
	assert_int_equal(rgw_choose(RGW_POOL_FAILOVER, c, 3, 0, RGW_RANK_DOWN), 0);
}

/* Nobody is chosen who is worse than what the caller takes, or who has had its chance. */
static void
nobody_is_left(void **state)
{
	struct rgw_candidate c[2] = { { .rank = RGW_RANK_DOUBTFUL }, { .rank = RGW_RANK_UNFIT } };

	(void)state;
	assert_int_equal(rgw_choose(RGW_POOL_FAILOVER, c, 2, 0, RGW_RANK_SILENT), 2);
	assert_int_equal(rgw_choose(RGW_POOL_FAILOVER, c, 2, 0, RGW_RANK_DOUBTFUL), 0);
	c[0].excluded = true;
	assert_int_equal(rgw_choose(RGW_POOL_FAILOVER, c, 2, 0, RGW_RANK_DOWN), 2);
	assert_int_equal(rgw_choose(RGW_POOL_ROUND_ROBIN, c, 0, 5, RGW_RANK_DOWN), 0);
}

/* A target that is up or idle may be silent; what is known against one makes it doubtful whether it is silent or not,
 * and so does a failure from which it may be back (P-WD-7, P-FO-7). */
static void
standings_have_ranks(void **state)
{
	static const struct {
		enum rgw_standing standing;
		enum rgw_rank rank, silent;
	} all[] = {
		{ RGW_UP, RGW_RANK_GOOD, RGW_RANK_SILENT },
		{ RGW_IDLE, RGW_RANK_GOOD, RGW_RANK_SILENT },
		{ RGW_SHAKY, RGW_RANK_DOUBTFUL, RGW_RANK_DOUBTFUL },
		{ RGW_PROVING, RGW_RANK_DOUBTFUL, RGW_RANK_DOUBTFUL },
		{ RGW_RETURNING, RGW_RANK_DOUBTFUL, RGW_RANK_DOUBTFUL },
		{ RGW_DOUBTFUL, RGW_RANK_DOUBTFUL, RGW_RANK_DOUBTFUL },
		{ RGW_DOWN, RGW_RANK_DOWN, RGW_RANK_DOWN },
		{ RGW_UNFIT, RGW_RANK_UNFIT, RGW_RANK_UNFIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		assert_int_equal(rgw_choose_rank(all[i].standing, false), all[i].rank);
		assert_int_equal(rgw_choose_rank(all[i].standing, true), all[i].silent);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failover_takes_the_first_that_works),
		cmocka_unit_test(round_robin_goes_round),
		cmocka_unit_test(least_outstanding_takes_who_has_least),
		cmocka_unit_test(hash_takes_the_greatest_weight),
		cmocka_unit_test(rank_mark_policy),
		cmocka_unit_test(nobody_is_left),
		cmocka_unit_test(standings_have_ranks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
