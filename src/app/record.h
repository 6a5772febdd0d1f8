/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_RECORD_H
#define RADSECGW_APP_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "radsecgw/rows.h"

/* A record of reloads: which configuration is in effect, and what came of all that were asked for since the start. */
struct rgw_record {
	const char *path;    /* borrowed: the configuration's file */
	rgw_ms uptime;
	time_t read;         /* when the configuration was read from its files ... */
	time_t since;        /* ... and when it came into effect */
	uint64_t done;       /* number of reloads, those by `undo` included ... */
	uint64_t failed;     /* ... and of those that came to nothing */
	rgw_ms took;         /* milliseconds that the last one took */
	bool can_undo;       /* there is a configuration to go back to */
	bool awaited;        /* a confirmation is, without which that comes back ... */
	rgw_ms left;         /* ... in so many milliseconds */
	unsigned keylogs;    /* number of [tls] sections with `keylog` */
};

/* Tells the record as one row of this table. */
void rgw_record_tell(const struct rgw_record *record, rgw_row_fn *row, void *ctx);
extern const struct rgw_table rgw_record_table;
/* Writes it as lines for people. */
void rgw_record_print(const struct rgw_record *record, FILE *out);

#endif
