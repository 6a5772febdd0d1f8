/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/watchdog.h"

/*
 * The watchdog of one connection (RFC 3539 3.4, P-WD): when to send a Status-Server, and what its absence
 * means. The connection owns it and brings the time.
 */

/* The interval Twinit varies by so much in either direction (P-WD-2). */
#define JITTER_MS 2000

const char *
rgw_watchdog_name(enum rgw_wd_state state)
{
	switch (state) {
	case RGW_WD_OKAY:
		return "okay";
	case RGW_WD_SUSPECT:
		return "suspect";
	case RGW_WD_REOPEN:
		return "reopen";
	}
	return "unknown";
}

/* SetWatchdog */
static void
arm(struct rgw_watchdog *wd, uint16_t random, rgw_ms now)
{
	wd->since = now;
	wd->tw = wd->init - JITTER_MS + (rgw_ms)2 * JITTER_MS * random / UINT16_MAX;
}

enum rgw_wd_action
rgw_watchdog_open(struct rgw_watchdog *wd, rgw_ms init, bool reopened, uint32_t needed,
    uint16_t random, rgw_ms now)
{
	*wd = (struct rgw_watchdog){ .init = init, .needed = needed };
	if (init == 0)
		return RGW_WD_NOTHING;
	arm(wd, random, now);
	wd->state = reopened ? RGW_WD_REOPEN : RGW_WD_OKAY;
	wd->pending = true;
	return RGW_WD_SEND;
}

void
rgw_watchdog_off(struct rgw_watchdog *wd)
{
	*wd = (struct rgw_watchdog){ .state = RGW_WD_OKAY };
}

void
rgw_watchdog_change(struct rgw_watchdog *wd, rgw_ms init, uint32_t needed, uint16_t random, rgw_ms now)
{
	rgw_ms since = wd->init != 0 ? wd->since : now;

	wd->needed = needed;
	if (init == wd->init)
		return;
	if (init == 0) {
		rgw_watchdog_off(wd);
		return;
	}
	wd->init = init;
	arm(wd, random, since);
}

enum rgw_wd_action
rgw_watchdog_ask(struct rgw_watchdog *wd, uint16_t random, rgw_ms now)
{
	if (wd->init == 0 || wd->pending || wd->state != RGW_WD_OKAY)
		return RGW_WD_NOTHING;
	wd->pending = true;
	arm(wd, random, now);
	return RGW_WD_SEND;
}

/* The next question goes out right after the answer, so that recovery takes round trips, not minutes. */
static enum rgw_wd_action
reopening(struct rgw_watchdog *wd, bool dwa)
{
	if (!dwa)
		return RGW_WD_NOTHING;
	/* The count of answers starts anew after a question without an answer (P-WD-9). */
	wd->answers = wd->missed ? 0 : wd->answers + 1;
	wd->missed = false;
	if (wd->answers >= wd->needed) {
		wd->state = RGW_WD_OKAY;
		return RGW_WD_FAILBACK;
	}
	wd->pending = true;
	return RGW_WD_SEND;
}

enum rgw_wd_action
rgw_watchdog_heard(struct rgw_watchdog *wd, bool dwa, uint16_t random, rgw_ms now)
{
	if (wd->init == 0)
		return RGW_WD_NOTHING;
	if (dwa)
		wd->pending = false;
	if (wd->state == RGW_WD_REOPEN && !dwa)
		return RGW_WD_NOTHING;
	arm(wd, random, now);
	if (wd->state == RGW_WD_REOPEN)
		return reopening(wd, dwa);
	if (wd->state == RGW_WD_OKAY)
		return RGW_WD_NOTHING;
	wd->state = RGW_WD_OKAY;
	return RGW_WD_FAILBACK;
}

enum rgw_wd_action
rgw_watchdog_expired(struct rgw_watchdog *wd, uint16_t random, rgw_ms now)
{
	if (wd->state == RGW_WD_SUSPECT)
		return RGW_WD_CLOSE;
	arm(wd, random, now);
	if (!wd->pending) {
		wd->pending = true;
		return RGW_WD_SEND;
	}
	if (wd->state == RGW_WD_OKAY) {
		wd->state = RGW_WD_SUSPECT;
		return RGW_WD_FAILOVER;
	}
	if (wd->missed)
		return RGW_WD_CLOSE;
	wd->missed = true;
	return RGW_WD_NOTHING;
}

rgw_ms
rgw_watchdog_deadline(const struct rgw_watchdog *wd)
{
	return wd->init == 0 ? RGW_NEVER : wd->since + wd->tw;
}
