/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/histogram.h"

/* Histograms of durations; they are owned by those whose durations they count. */

const rgw_ms rgw_histogram_bounds[RGW_HISTOGRAM_BOUNDS] = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000,
	30000 };

void
rgw_histogram_add(struct rgw_histogram *h, rgw_ms duration)
{
	unsigned i = 0;

	while (i < RGW_HISTOGRAM_BOUNDS && duration > rgw_histogram_bounds[i])
		i++;
	h->counts[i]++;
	h->sum += duration;
}
