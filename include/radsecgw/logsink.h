/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_LOGSINK_H
#define RADSECGW_LOGSINK_H

#include <stdbool.h>

#include "radsecgw/log.h"

/*
 * Where log lines go: standard error, syslog, or a file. Writing never waits: a line that the target
 * does not take at once is dropped, and the logger counts it. Several threads may write, each line being
 * one system call, and one may open the file anew, or another target, meanwhile.
 */
struct rgw_logsink;

/* Opens a target: "stderr", "syslog" or a path. NULL on failure, with errno set. */
struct rgw_logsink *rgw_logsink_open(const char *target);
/* Opens a log file anew, for rotation; keeps the old one if that fails. */
bool rgw_logsink_reopen(struct rgw_logsink *sink);
/* The sink has the target of the other one from now on, which is freed. */
void rgw_logsink_become(struct rgw_logsink *sink, struct rgw_logsink *other);
/* NULL is ignored. */
void rgw_logsink_close(struct rgw_logsink *sink);

/* The functions for rgw_log_init; ctx is the sink. */
bool rgw_logsink_write(void *ctx, enum rgw_log_level level, const char *line, size_t len);
void rgw_logsink_clock(void *ctx, int64_t *sec, uint32_t *nsec);

#endif
