/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TIME_H
#define RADSECGW_TIME_H

#include <stdint.h>

/*
 * Time inside the gateway: milliseconds of a clock that never goes back (CLOCK_MONOTONIC in the
 * daemon, a counter in the simulation). Layers below `net` never read a clock; they are given `now`
 * and hand back the deadline at which they want to be called again.
 */
typedef uint64_t rgw_ms;

/* A deadline that never comes. */
#define RGW_NEVER UINT64_MAX

static inline rgw_ms
rgw_ms_min(rgw_ms a, rgw_ms b)
{
	return a < b ? a : b;
}

/* The deadline after a delay: now + delay, where a delay of RGW_NEVER stays RGW_NEVER. */
static inline rgw_ms
rgw_ms_after(rgw_ms now, rgw_ms delay)
{
	return delay >= RGW_NEVER - now ? RGW_NEVER : now + delay;
}

#endif
