/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_WATCHDOG_H
#define RADSECGW_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/time.h"

/*
 * The watchdog of one connection (RFC 3539 3.4, P-WD-1 to 14): Status-Server asks, its answer shows
 * that the far end lives. Pure; whoever owns the connection does what the action says. A connection
 * that is down has no watchdog; that is the connection set's matter.
 */
enum rgw_wd_state {
	RGW_WD_OKAY,
	RGW_WD_SUSPECT,  /* a watchdog had no answer: what is open on the connection moves (P-FO-1) */
	RGW_WD_REOPEN,   /* the peer had failed: it must answer some watchdogs first (P-WD-7, P-WD-9) */
};

enum rgw_wd_action {
	RGW_WD_NOTHING,
	RGW_WD_SEND,      /* a Status-Server is to be sent */
	RGW_WD_FAILOVER,  /* the connection has become SUSPECT */
	RGW_WD_FAILBACK,  /* the connection has become OKAY again */
	RGW_WD_CLOSE,     /* the connection is DOWN */
};

struct rgw_watchdog {
	enum rgw_wd_state state;
	bool pending;        /* a Status-Server waits for its answer */
	bool missed;         /* in REOPEN: a Status-Server has had no answer already */
	uint32_t answers;    /* in REOPEN: number of Status-Servers that were answered */
	uint32_t needed;
	rgw_ms init;         /* milliseconds of Twinit; 0 = switched off: OKAY and never heard from */
	rgw_ms tw;           /* milliseconds of the current interval: init - 2 s .. init + 2 s (P-WD-2) */
	rgw_ms since;        /* when the interval began */
};

/* The connection is up, and begins with a Status-Server unless the watchdog is switched off: the answer shows that the
 * secrets are the same before they matter. `reopened`: the peer had failed before, and needs `needed` answers. */
enum rgw_wd_action rgw_watchdog_open(struct rgw_watchdog *wd, rgw_ms init, bool reopened,
    uint32_t needed, uint16_t random, rgw_ms now);
/* Switches the watchdog off, and the connection counts as OKAY from now on (P-WD-11). */
void rgw_watchdog_off(struct rgw_watchdog *wd);
/* Changes the times of a watchdog that runs or is off; the interval that is under way gets its new length, counted from
 * when it began. It may be off afterwards, or have been: then it begins with a whole interval. */
void rgw_watchdog_change(struct rgw_watchdog *wd, rgw_ms init, uint32_t needed, uint16_t random, rgw_ms now);
/* Asks the far end now whether it lives, since somebody doubts that, unless it is being asked already. */
enum rgw_wd_action rgw_watchdog_ask(struct rgw_watchdog *wd, uint16_t random, rgw_ms now);
/* A packet came from the far end, of whatever kind (P-WD-12); `dwa`: the packet answers the Status-Server. */
enum rgw_wd_action rgw_watchdog_heard(struct rgw_watchdog *wd, bool dwa, uint16_t random, rgw_ms now);
/* The watchdog's deadline has passed. */
enum rgw_wd_action rgw_watchdog_expired(struct rgw_watchdog *wd, uint16_t random, rgw_ms now);
/* When to call rgw_watchdog_expired; RGW_NEVER when the watchdog is switched off. */
rgw_ms rgw_watchdog_deadline(const struct rgw_watchdog *wd);

const char *rgw_watchdog_name(enum rgw_wd_state state);

#endif
