/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

/* Members of pools that were given up are tried soon when they are needed: when another member fails, or when a request
 * has nobody else to turn to (P-FO-3). */

void
rgw_recall_members(struct rgw_pool *pool, rgw_ms now)
{
	for (size_t i = 0; i < pool->n; i++)
		if (pool->members[i]->ops->call != NULL)
			pool->members[i]->ops->call(pool->members[i], now);
}

/* Can the target be turned to for any service? A peer without connections can as long as nothing is known against
 * it. */
static bool
works(struct rgw_target *target, rgw_ms now)
{
	for (unsigned i = 0; 1u << i < RGW_SERVICE_COA; i++)
		if (target->ops->standing(target, 1u << i, now) <= RGW_SHAKY)
			return true;
	return false;
}

static void
recall_in(const struct rgw_edition *edition, const struct rgw_target *target, rgw_ms now)
{
	for (size_t i = 0; i < edition->conf->pool.n; i++) {
		struct rgw_pool *pool = &edition->pools[i];
		bool is_member = false;
		size_t n = 0;

		for (size_t j = 0; j < pool->n; j++) {
			is_member = is_member || pool->members[j] == target;
			n += pool->members[j] != target && works(pool->members[j], now);
		}
		if (n == 0 && is_member)
			rgw_recall_members(pool, now);
	}
}

void
rgw_recall_others(struct rgw_target *target, rgw_ms now)
{
	struct rgw_link *editions = &target->gw->editions;

	for (struct rgw_link *l = editions->next; l != editions; l = l->next)
		recall_in(RGW_CONTAINER(l, struct rgw_edition, link), target, now);
}
