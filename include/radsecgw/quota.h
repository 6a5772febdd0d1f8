/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_QUOTA_H
#define RADSECGW_QUOTA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/list.h"

/*
 * A counter that never passes its limit: of what it counts, all threads together may have that many at one time. The
 * counter says how many there are and nothing about what they are, so no order of memory is implied. Safe for any
 * number of threads.
 */
struct rgw_quota {
	atomic_uint max;
	atomic_uint used;
};

void rgw_quota_init(struct rgw_quota *quota, uint32_t max);
/* Changes the limit. What is taken stays; if that is more than the limit, nothing is taken before there is room. */
void rgw_quota_limit(struct rgw_quota *quota, uint32_t max);
/* The limit. */
uint32_t rgw_quota_max(const struct rgw_quota *quota);
/* Takes one more of what is counted. false = there are as many as may be; nothing was taken. */
bool rgw_quota_take(struct rgw_quota *quota) RGW_MUST_USE;
/* Gives back one that was taken. */
void rgw_quota_give(struct rgw_quota *quota);
/* The number that is taken now. A caller that asks in order to take may be overtaken. */
uint32_t rgw_quota_used(const struct rgw_quota *quota);
bool rgw_quota_is_full(const struct rgw_quota *quota);

#endif
