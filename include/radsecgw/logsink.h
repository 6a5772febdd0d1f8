/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_LOGSINK_H
#define RADSECGW_LOGSINK_H

#include <stdbool.h>

#include "radsecgw/list.h"
#include "radsecgw/log.h"

/*
 * Where log lines go: standard error, syslog, or a file. Writing never waits: lines gather in a buffer of bounded size,
 * from which a thread writes many at once; a line that finds it full, since the target takes too little, is dropped,
 * and the logger counts it. Before that thread is started each line goes to the target at once, or is dropped. Several
 * threads may write, and one may open the file anew, or another target, meanwhile.
 */
struct rgw_logsink;

/* Opens a target: "stderr", "syslog" or a path. NULL on failure, with errno set. */
struct rgw_logsink *rgw_logsink_open(const char *target);
/* Opens a log file anew, for rotation; keeps the old one if that fails. */
bool rgw_logsink_reopen(struct rgw_logsink *sink);
/* The sink has the target of the other one from now on, which is freed. */
void rgw_logsink_become(struct rgw_logsink *sink, struct rgw_logsink *other);
/* Starts the thread of the sink, before other threads write to it. false = it does not start, with errno set; the sink
 * goes on as before. */
bool rgw_logsink_start(struct rgw_logsink *sink) RGW_MUST_USE;
/* Gives the target what is left, with some time to take it, and ends the thread. Each line goes to the target at once
 * from then on. */
void rgw_logsink_stop(struct rgw_logsink *sink);
/* Does the same, and closes the target. NULL is ignored. */
void rgw_logsink_close(struct rgw_logsink *sink);

/* Sends a message to the syslog of this machine, whatever the target is: a rgw_log_raw_sink; ctx is the sink. */
bool rgw_logsink_syslog(void *ctx, const char *message, size_t len);
/* The functions for rgw_log_init; ctx is the sink. */
bool rgw_logsink_write(void *ctx, enum rgw_log_level level, const char *line, size_t len);
void rgw_logsink_clock(void *ctx, int64_t *sec, uint32_t *nsec);

/* Remembers a warning: a rgw_log_ear; ctx is the sink. */
void rgw_logsink_hear(void *ctx, const struct rgw_log_heard *heard);
/* The last warnings of all threads; borrowed, good as long as the sink is. */
struct rgw_warnings;
struct rgw_warnings *rgw_logsink_warnings(struct rgw_logsink *sink);

#endif
