/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_HISTOGRAM_H
#define RADSECGW_HISTOGRAM_H

#include <stdint.h>

#include "radsecgw/time.h"

/*
 * A histogram of durations: how many fell into each of a fixed number of ranges, and their sum. The ranges are the same
 * in all histograms, from 1 ms to 30 s, so histograms can be added up. A histogram allocates nothing, and begins as
 * zero.
 */
#define RGW_HISTOGRAM_BOUNDS 14

/* The longest duration of each range, in milliseconds, ascending. Behind the last bound there is one more range. */
extern const rgw_ms rgw_histogram_bounds[RGW_HISTOGRAM_BOUNDS];

struct rgw_histogram {
	uint64_t counts[RGW_HISTOGRAM_BOUNDS + 1];  /* number of durations in each range; those of shorter ranges are
	                                             * not counted again */
	uint64_t sum;                               /* milliseconds of all durations */
};

/* Counts a duration. */
void rgw_histogram_add(struct rgw_histogram *h, rgw_ms duration);

#endif
