/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_REPORT_H
#define RADSECGW_REPORT_H

#include "radsecgw/gateway.h"
#include "radsecgw/rows.h"

/*
 * What the gateway of a worker tells about itself, as rows: for the log's status, for `radsecgw status` and for whoever
 * else asks. Rows of one table come in the same order from all workers.
 */
enum rgw_report_table {
	RGW_REPORT_PEERS,
	RGW_REPORT_SERVERS,
	RGW_REPORT_COUNTERS,
	RGW_REPORT_GATEWAY,
	RGW_REPORT_CONNECTIONS,
	RGW_REPORT_CLIENTS,
	RGW_REPORT_POOLS,
	RGW_REPORT_REALMS,
	RGW_REPORT_LISTENERS,
	RGW_REPORT_LIMITS,
	RGW_REPORT_ROUTES,
	RGW_REPORT_DURATIONS,
	RGW_REPORT_ANSWERS,
	RGW_REPORT_NASES,
	RGW_REPORT_TABLES,
};

extern const struct rgw_table rgw_report_tables[RGW_REPORT_TABLES];

/* Tells all rows of the tables whose bits (1 << enum rgw_report_table) are set. */
void rgw_gw_report(struct rgw_gw *gw, unsigned tables, rgw_row_fn *row, void *ctx);

#endif
