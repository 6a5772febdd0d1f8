/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_HEALTH_H
#define RADSECGW_APP_HEALTH_H

#include "radsecgw/conf.h"
#include "radsecgw/rows.h"

/* Room for a sentence about health. */
#define RGW_HEALTH_TEXT 512

/* The tables of the report that tell whether the gateway is ready, as bits. */
unsigned rgw_health_tables(void);
/* How many pools there are, and how many of them can be used; a peer or server in place of a pool counts as one. */
struct rgw_health_pools {
	unsigned all, usable;
};
struct rgw_health_pools rgw_health_pools(const struct rgw_rows *rows);
/* Is the gateway ready, as far as these rows of all workers tell, added up? `why` gets a sentence about it. */
bool rgw_health_is_ready(const struct rgw_rows *rows, enum rgw_ready_requires what, char why[static RGW_HEALTH_TEXT]);

#endif
