/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_METRICTEXT_H
#define RADSECGW_METRICTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/time.h"

/*
 * A writer of metrics in the text format of Prometheus (0.0.4) or in that of OpenMetrics (1.0.0). It appends to a
 * buffer of its own that grows up to a limit. If the limit is reached or memory is out, the writer fails: what follows
 * is ignored, and the end tells, so that callers check once. No locale matters.
 *
 * A family is begun, and then its samples follow. The caller must not write a family twice, nor two samples of a family
 * with the same labels. Names must be those of the formats; values of labels may be any octets.
 */
enum rgw_metric_type { RGW_METRIC_COUNTER, RGW_METRIC_GAUGE, RGW_METRIC_INFO, RGW_METRIC_HISTOGRAM };

struct rgw_label {
	const char *name;
	const char *value;
};

/* All fields are private. */
struct rgw_metrictext {
	char *buf;                  /* owned */
	size_t len;
	size_t room;                /* octets that buf has */
	size_t limit;               /* octets that the text may have */
	bool openmetrics;
	bool failed;
	const char *family;         /* borrowed: the name of the family that is written */
	const char *help;           /* borrowed: its explanation; NULL = its head stands already */
	enum rgw_metric_type type;
};

/* A text of at most `limit` octets. Nothing is allocated before the first sample. */
void rgw_metrictext_init(struct rgw_metrictext *t, bool openmetrics, size_t limit);
/* Ends the text and hands it over: the caller frees it, and *len has its octets. NULL = the writer has failed. The
 * writer is then as after rgw_metrictext_init. */
char *rgw_metrictext_take(struct rgw_metrictext *t, size_t *len) __attribute__((warn_unused_result));

/* Begins a family. Its name has no suffix for its type: the writer adds "_total", "_info" and the like. A family
 * without a sample does not appear. `name` and `help` are borrowed until the next family. */
void rgw_metrictext_family(struct rgw_metrictext *t, const char *name, enum rgw_metric_type type, const char *help);
/* Adds a sample of a family that is no histogram. */
void rgw_metrictext_add(struct rgw_metrictext *t, const struct rgw_label *labels, size_t n, uint64_t value);
/* Does the same for a duration, which the text has in seconds. */
void rgw_metrictext_add_ms(struct rgw_metrictext *t, const struct rgw_label *labels, size_t n, rgw_ms value);

/* A histogram to be written. All pointers are borrowed. */
struct rgw_metric_histogram {
	const rgw_ms *bounds;    /* ascending */
	const uint64_t *counts;  /* for each bound how many came up to it, but not up to the one before; and one more
	                          * number for those above all bounds */
	size_t n_bounds;
	rgw_ms sum;
};

/* Adds all samples of a histogram, with these labels, to a family of histograms. */
void rgw_metrictext_add_histogram(struct rgw_metrictext *t, const struct rgw_label *labels, size_t n,
    const struct rgw_metric_histogram *h);

#endif
