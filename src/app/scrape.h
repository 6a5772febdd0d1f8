/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_SCRAPE_H
#define RADSECGW_APP_SCRAPE_H

#include <stdio.h>

#include "figures.h"
#include "radsecgw/http.h"
#include "radsecgw/metrictext.h"
#include "radsecgw/rows.h"

/*
 * A scrape is all metrics at one moment: the rows of all workers and what else is known, and how that is written. Which
 * metrics there are stands in one table; their labels are names of the configuration and words of ours, so no stranger
 * can make a new series.
 */
struct rgw_scrape {
	const struct rgw_rows *rows;        /* borrowed: of the tables in rgw_scrape_tables and of others, added up */
	uint32_t workers;
	struct rgw_figures figures;
	uint64_t started;                   /* milliseconds since 1970 */
	struct rgw_http_counts http;        /* of the server that is asked */
};

/* The tables of the report that a scrape needs, as bits. */
unsigned rgw_scrape_tables(void);
/* The text of a scrape; the caller frees it. NULL = there is no memory for it. */
char *rgw_scrape_write(const struct rgw_scrape *scrape, bool openmetrics, size_t *len) RGW_MUST_USE;
/* Does this Accept header (RFC 9110 12.5.1), or NULL, prefer OpenMetrics? */
bool rgw_scrape_wants_openmetrics(const char *accept);
/* Prints all families there can be: name, type, labels and explanation, with tabs in between. */
void rgw_scrape_print_families(FILE *out);

#endif
