/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_WARNINGS_H
#define RADSECGW_APP_WARNINGS_H

#include <stdint.h>

#include "radsecgw/json.h"
#include "radsecgw/log.h"

/*
 * The last warnings and errors of the log, for people who look at the gateway's page: their sentences, the neighbour
 * and the reason, but no other fields, which may name users. A warning that comes again is counted and becomes the
 * newest. Any thread may call; the sink of the log owns the collection, which takes 10 KiB.
 */
struct rgw_warnings;

#define RGW_WARNINGS 20

struct rgw_warnings *rgw_warnings_new(void);
void rgw_warnings_free(struct rgw_warnings *w);
/* Takes a line of the log; `at` is in seconds since 1970. */
void rgw_warnings_add(struct rgw_warnings *w, const struct rgw_log_heard *heard, int64_t at);
/* Writes an array "warnings", the newest first. */
void rgw_warnings_json(struct rgw_warnings *w, struct rgw_json *j);

#endif
