/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_RATELIMIT_H
#define RADSECGW_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/time.h"

/* A rate as it is configured, "10/s", "600/m", "100/s burst 200": events per period, and how many may come at once. */
struct rgw_rate {
	uint32_t events;  /* number of events per period; 0 = no limit */
	rgw_ms period;
	uint32_t burst;
};

/*
 * A token bucket. In any stretch of time t it lets through at most burst + events * t / period. Pure; a bucket starts
 * full. Time that seems to go back adds nothing.
 */
struct rgw_bucket {
	uint32_t events;  /* number of events per period; 0 = everything passes */
	uint32_t burst;
	rgw_ms period;
	uint64_t level;   /* tokens times period, so that no token is lost to rounding */
	rgw_ms last;
};

void rgw_bucket_init(struct rgw_bucket *b, uint32_t events, rgw_ms period, uint32_t burst,
    rgw_ms now);
/* Changes the rate. Tokens that are in the bucket stay there as far as it holds them; a bucket without a limit was
 * full. */
void rgw_bucket_change(struct rgw_bucket *b, const struct rgw_rate *rate, rgw_ms now);
/* Takes a token from the bucket; false = none is left. */
bool rgw_bucket_take(struct rgw_bucket *b, rgw_ms now) RGW_MUST_USE;
/* The number of whole tokens that are left; UINT32_MAX if everything passes. */
uint32_t rgw_bucket_left(struct rgw_bucket *b, rgw_ms now);
/* When the next token will be in the bucket: now, or later. */
rgw_ms rgw_bucket_next(struct rgw_bucket *b, rgw_ms now);

#endif
