/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "choose.h"

/* The choice of a member of a pool, without anything that a test would have to set up (P-FO-3 to 7). */

enum rgw_rank
rgw_choose_rank(enum rgw_standing standing, bool silent)
{
	switch (standing) {
	case RGW_UP:
	case RGW_IDLE:
		return silent ? RGW_RANK_SILENT : RGW_RANK_GOOD;
	case RGW_SHAKY:
	case RGW_PROVING:
	case RGW_RETURNING:
	case RGW_DOUBTFUL:
		return RGW_RANK_DOUBTFUL;
	case RGW_DOWN:
		return RGW_RANK_DOWN;
	case RGW_UNFIT:
		break;
	}
	return RGW_RANK_UNFIT;
}

/* What it costs to choose a member; smaller is better, among members of one rank without marks, or with marks of the
 * same time. */
static uint64_t
cost(enum rgw_pool_policy policy, const struct rgw_candidate *candidates, size_t n, size_t next, size_t i)
{
	switch (policy) {
	case RGW_POOL_FAILOVER:
		break;
	case RGW_POOL_ROUND_ROBIN:
		return (i + n - next % n) % n;
	case RGW_POOL_LEAST_OUTSTANDING:
		return candidates[i].load;
	case RGW_POOL_HASH:
		return UINT64_MAX - candidates[i].weight;
	}
	return i;
}

/* Is member `a` better than member `b`? The first property that differs decides: rank, mark, cost. */
static bool
is_better(const struct rgw_candidate *a, uint64_t cost_a, const struct rgw_candidate *b, uint64_t cost_b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return a->mark != b->mark ? a->mark < b->mark : cost_a < cost_b;
}

size_t
rgw_choose(enum rgw_pool_policy policy, const struct rgw_candidate *candidates, size_t n, size_t next,
    enum rgw_rank worst)
{
	uint64_t least = 0;
	size_t best = n;

	for (size_t i = 0; i < n; i++) {
		uint64_t price;

		if (candidates[i].excluded || candidates[i].rank > worst)
			continue;
		price = cost(policy, candidates, n, next, i);
		if (best < n && !is_better(&candidates[i], price, &candidates[best], least))
			continue;
		best = i;
		least = price;
	}
	return best;
}
