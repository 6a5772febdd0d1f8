/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TIMERQ_H
#define RADSECGW_TIMERQ_H

#include <stdbool.h>

#include "radsecgw/time.h"

/*
 * Deadlines in order: an intrusive pairing heap. Setting a timer is O(1), so a timer may be moved with every packet;
 * nothing is allocated, so setting cannot fail. The queue reads no clock: its owner asks for rgw_timerq_next() and
 * calls rgw_timerq_run() when that time has come.
 */
struct rgw_timer;

/* The function of a timer, called once per expiry, with the timer already unset; it may set the timer again. */
typedef void rgw_timer_fn(struct rgw_timer *timer, rgw_ms now);

struct rgw_timer {
	rgw_ms at;                /* when the timer fires; RGW_NEVER when unset */
	rgw_timer_fn *fire;
	struct rgw_timer *child;  /* the rest belongs to the heap */
	struct rgw_timer *next;
	struct rgw_timer *prev;   /* left sibling, or the parent for a first child */
};

struct rgw_timerq {
	struct rgw_timer *root;  /* borrowed, like all timers */
};

void rgw_timerq_init(struct rgw_timerq *q);
void rgw_timer_init(struct rgw_timer *t, rgw_timer_fn *fire);

/* Sets or moves a timer; at == RGW_NEVER unsets it. Unsetting an unset timer is fine. */
void rgw_timer_set(struct rgw_timerq *q, struct rgw_timer *t, rgw_ms at);

static inline void
rgw_timer_unset(struct rgw_timerq *q, struct rgw_timer *t)
{
	rgw_timer_set(q, t, RGW_NEVER);
}

static inline bool
rgw_timer_is_set(const struct rgw_timer *t)
{
	return t->at != RGW_NEVER;
}

/* The earliest deadline of the queue, or RGW_NEVER. */
rgw_ms rgw_timerq_next(const struct rgw_timerq *q);

/* Fires all timers that are due at `now`, in order of their deadlines. A timer that sets itself to
 * a time <= now fires again in the same run. */
void rgw_timerq_run(struct rgw_timerq *q, rgw_ms now);

#endif
