/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_HISTORY_H
#define RADSECGW_APP_HISTORY_H

#include "radsecgw/histogram.h"
#include "radsecgw/json.h"
#include "radsecgw/rows.h"

/*
 * What was counted in the last ten minutes: a sample each ten seconds, from which lines of rates and latencies can be
 * drawn. A history allocates nothing, begins as zero, and takes 10 KiB. Whoever serves the status page owns it.
 */
#define RGW_HISTORY_SAMPLES 61
#define RGW_HISTORY_EACH 10000  /* milliseconds from one sample to the next */

/* All numbers have been counted since the start of the gateway, by all workers. */
struct rgw_sample {
	rgw_ms at;
	uint64_t accepted;      /* requests that were accepted, ... */
	uint64_t unanswered;    /* ... and those that ended since nobody answered, or nobody could be asked */
	uint64_t accepts;       /* answers of peers and servers, of two kinds ... */
	uint64_t rejects;
	uint64_t durations[RGW_HISTOGRAM_BOUNDS + 1];  /* ... and how long all kinds took */
};

struct rgw_history {
	size_t n;               /* number of samples there are */
	size_t next;            /* where the next one goes: once all are there, in place of the oldest */
	struct rgw_sample v[RGW_HISTORY_SAMPLES];
};

/* The tables of the report that a sample is made of, as bits. */
unsigned rgw_history_tables(void);
/* Makes a sample of rows. */
struct rgw_sample rgw_history_sample(const struct rgw_rows *rows, rgw_ms now);
void rgw_history_add(struct rgw_history *history, const struct rgw_sample *sample);
/* Writes an object "history": the bounds of the ranges of durations, and the samples of the last ten minutes, the
 * oldest first, with that of this moment behind them. */
void rgw_history_json(const struct rgw_history *history, const struct rgw_sample *now, struct rgw_json *j);

#endif
