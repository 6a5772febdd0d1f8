/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/ratelimit.h"

/* A token bucket; whoever limits something owns one. */

void
rgw_bucket_init(struct rgw_bucket *b, uint32_t events, rgw_ms period, uint32_t burst, rgw_ms now)
{
	*b = (struct rgw_bucket){ .events = events, .burst = burst > 0 ? burst : 1,
		.period = period > 0 ? period : 1, .last = now };
	b->level = b->burst * b->period;
}

static void
refill(struct rgw_bucket *b, rgw_ms now)
{
	uint64_t full = b->burst * b->period;

	if (now <= b->last)
		return;
	/* A long pause fills the bucket anyway, and must not overflow the product below. */
	if (now - b->last >= full / b->events + 1)
		b->level = full;
	else
		b->level += (now - b->last) * b->events;
	if (b->level > full)
		b->level = full;
	b->last = now;
}

void
rgw_bucket_change(struct rgw_bucket *b, const struct rgw_rate *rate, rgw_ms now)
{
	struct rgw_bucket old = *b;

	rgw_bucket_init(b, rate->events, rate->period, rate->burst, now);
	if (old.events == 0)
		return;
	refill(&old, now);
	/* The level in units of the new period; a fraction of a token is lost. */
	if (old.level / old.period < b->burst)
		b->level = old.period == b->period ? old.level : old.level / old.period * b->period;
}

bool
rgw_bucket_take(struct rgw_bucket *b, rgw_ms now)
{
	if (b->events == 0)
		return true;
	refill(b, now);
	if (b->level < b->period)
		return false;
	b->level -= b->period;
	return true;
}

uint32_t
rgw_bucket_left(struct rgw_bucket *b, rgw_ms now)
{
	if (b->events == 0)
		return UINT32_MAX;
	refill(b, now);
	return (uint32_t)(b->level / b->period);
}

rgw_ms
rgw_bucket_next(struct rgw_bucket *b, rgw_ms now)
{
	if (b->events == 0)
		return now;
	refill(b, now);
	if (b->level >= b->period)
		return now;
	return now + (b->period - b->level + b->events - 1) / b->events;
}
