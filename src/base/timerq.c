/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/timerq.h"

#include <stddef.h>

/*
 * A queue of timers as a pairing heap; timers are embedded in what they belong to, and the queue owns none of
 * them.
 */

/* Joins two heaps; the later root becomes the first child of the earlier one. */
static struct rgw_timer *
meld(struct rgw_timer *a, struct rgw_timer *b)
{
	if (a == NULL)
		return b;
	if (b == NULL)
		return a;
	if (b->at < a->at) {
		struct rgw_timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next != NULL)
		b->next->prev = b;
	a->child = b;
	return a;
}

/* Joins a list of siblings into one heap: pairs from left to right, then all from right to left. */
static struct rgw_timer *
meld_siblings(struct rgw_timer *first)
{
	struct rgw_timer *pairs = NULL;
	struct rgw_timer *heap = NULL;

	while (first != NULL) {
		struct rgw_timer *a = first;
		struct rgw_timer *b = a->next;

		first = b != NULL ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b != NULL)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs != NULL) {
		struct rgw_timer *a = pairs;

		pairs = a->next;
		a->next = NULL;
		heap = meld(heap, a);
	}
	if (heap != NULL)
		heap->prev = NULL;
	return heap;
}

static void
take_out(struct rgw_timerq *q, struct rgw_timer *t)
{
	struct rgw_timer *rest = meld_siblings(t->child);

	if (q->root == t) {
		q->root = rest;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next != NULL)
			t->next->prev = t->prev;
		q->root = meld(q->root, rest);
	}
	t->child = t->next = t->prev = NULL;
	t->at = RGW_NEVER;
}

void
rgw_timerq_init(struct rgw_timerq *q)
{
	q->root = NULL;
}

void
rgw_timer_init(struct rgw_timer *t, rgw_timer_fn *fire)
{
	*t = (struct rgw_timer){ .at = RGW_NEVER, .fire = fire };
}

void
rgw_timer_set(struct rgw_timerq *q, struct rgw_timer *t, rgw_ms at)
{
	if (t->at == at)
		return;
	if (t->at != RGW_NEVER)
		take_out(q, t);
	if (at == RGW_NEVER)
		return;
	t->at = at;
	q->root = meld(q->root, t);
}

rgw_ms
rgw_timerq_next(const struct rgw_timerq *q)
{
	return q->root != NULL ? q->root->at : RGW_NEVER;
}

void
rgw_timerq_run(struct rgw_timerq *q, rgw_ms now)
{
	while (q->root != NULL && q->root->at <= now) {
		struct rgw_timer *t = q->root;

		take_out(q, t);
		t->fire(t, now);
	}
}
