/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_HEALTH_H
#define RADSECGW_APP_HEALTH_H

#include "radsecgw/conf.h"
#include "radsecgw/rows.h"

/* Room for a sentence about health. */
#define RGW_HEALTH_TEXT 512

/* The tables of the report that tell whether the gateway is ready, as bits. */
unsigned rgw_health_tables(void);
/* Is the gateway ready, as far as these rows of all workers tell, added up? `why` gets a sentence about it. */
bool rgw_health_is_ready(const struct rgw_rows *rows, enum rgw_ready_requires what, char why[static RGW_HEALTH_TEXT]);

#endif
