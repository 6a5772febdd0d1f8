/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_VERDICT_H
#define RADSECGW_APP_VERDICT_H

#include <stdint.h>

#include "radsecgw/conf.h"
#include "radsecgw/rows.h"

/*
 * The verdict is what a monitoring system like Nagios or Icinga wants to hear: one word, sentences, and figures behind
 * a bar. CRITICAL = no requests are taken, or a certificate of ours has expired; WARNING = a pool cannot be used, a
 * certificate expires soon, or a limit is near; UNKNOWN is for whoever asks and learns nothing.
 */
enum rgw_verdict_state { RGW_VERDICT_OK, RGW_VERDICT_WARNING, RGW_VERDICT_CRITICAL, RGW_VERDICT_UNKNOWN,
	RGW_VERDICT_STATES };

/* The words; the numbers of the states are the exit status that such systems expect. */
extern const char *const rgw_verdict_words[RGW_VERDICT_STATES];

struct rgw_verdict {
	enum rgw_verdict_state state;
	char text[1536];              /* the sentences; more of them than that are cut off */
	char line[1536 + 320];        /* the whole */
};

/* The tables of the report that it needs, as bits; and it needs the rows of certificates. */
unsigned rgw_verdict_tables(void);
/* Judges the rows of all workers, added up, at this time, which is in seconds since 1970. */
void rgw_verdict_make(const struct rgw_rows *rows, enum rgw_ready_requires what, int64_t time,
    struct rgw_verdict *verdict);
/* The state that a line begins with. */
enum rgw_verdict_state rgw_verdict_read(const char *line, size_t len);

#endif
