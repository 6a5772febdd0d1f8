/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/quota.h"

/*
 * A quota counts what all workers share, such as connections; it is the only thing here that several threads
 * change.
 */

void
rgw_quota_init(struct rgw_quota *quota, uint32_t max)
{
	atomic_init(&quota->max, max);
	atomic_init(&quota->used, 0);
}

void
rgw_quota_limit(struct rgw_quota *quota, uint32_t max)
{
	atomic_store_explicit(&quota->max, max, memory_order_relaxed);
}

uint32_t
rgw_quota_max(const struct rgw_quota *quota)
{
	return atomic_load_explicit(&quota->max, memory_order_relaxed);
}

bool
rgw_quota_take(struct rgw_quota *quota)
{
	unsigned used = atomic_load_explicit(&quota->used, memory_order_relaxed);

	/* The count never exceeds the limit, not even for a moment: that would turn somebody else away. */
	do {
		if (used >= rgw_quota_max(quota))
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&quota->used, &used, used + 1,
	    memory_order_relaxed, memory_order_relaxed));
	return true;
}

void
rgw_quota_give(struct rgw_quota *quota)
{
	atomic_fetch_sub_explicit(&quota->used, 1, memory_order_relaxed);
}

uint32_t
rgw_quota_used(const struct rgw_quota *quota)
{
	return atomic_load_explicit(&quota->used, memory_order_relaxed);
}

bool
rgw_quota_is_full(const struct rgw_quota *quota)
{
	return rgw_quota_used(quota) >= rgw_quota_max(quota);
}
