/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/idpool.h"

#include <stddef.h>
#include <string.h>

/*
 * The 256 identifiers of one connection or source port: free ones are taken, and used ones rest until no late
 * answer can be mistaken (P-ID).
 */

static void
append(struct rgw_idpool *pool, struct rgw_id_list *list, uint8_t id)
{
	pool->id[id].next = 0;
	if (list->first == 0)
		list->first = id;
	else
		pool->id[list->last].next = id;
	list->last = id;
}

static uint8_t
pop(struct rgw_idpool *pool, struct rgw_id_list *list)
{
	uint8_t id = list->first;

	if (id != 0)
		list->first = pool->id[id].next;
	return id;
}

void
rgw_idpool_init(struct rgw_idpool *pool, rgw_ms rest)
{
	memset(pool, 0, sizeof *pool);
	pool->rest = rest;
	for (unsigned id = 1; id < 256; id++)
		append(pool, &pool->free, (uint8_t)id);
}

static bool
settled(const struct rgw_id_sent *sent, rgw_ms now)
{
	return sent->late_until <= now;
}

bool
rgw_idpool_reusable(const struct rgw_idpool *pool, uint8_t id, rgw_ms now)
{
	/* An identifier keeps two authenticators, one of them for the new request, so only one earlier request
	 * of it may still be answered. For a free identifier that holds anyway. */
	const struct rgw_id *slot = &pool->id[id];

	return (slot->state != RGW_ID_BUSY && settled(&slot->now, now)) || settled(&slot->before, now);
}

/* The identifier that has rested longest among those that can be used again; 0 = none. */
static uint8_t
rested(const struct rgw_idpool *pool, rgw_ms now)
{
	uint8_t id = pool->resting.first;

	while (id != 0 && !rgw_idpool_reusable(pool, id, now))
		id = pool->id[id].next;
	return id;
}

bool
rgw_idpool_available(const struct rgw_idpool *pool, rgw_ms now)
{
	return pool->free.first != 0 || rested(pool, now) != 0;
}

/* Takes an identifier out of the middle of a list. */
static void
unlist(struct rgw_idpool *pool, struct rgw_id_list *list, uint8_t id)
{
	uint8_t before = 0;

	for (uint8_t at = list->first; at != id; at = pool->id[at].next)
		before = at;
	if (before == 0)
		list->first = pool->id[id].next;
	else
		pool->id[before].next = pool->id[id].next;
	if (list->last == id)
		list->last = before;
}

uint8_t
rgw_idpool_take(struct rgw_idpool *pool, void *owner, rgw_ms now)
{
	uint8_t id = pop(pool, &pool->free);
	struct rgw_id *slot;

	if (id == 0) {
		id = rested(pool, now);
		if (id == 0)
			return 0;
		unlist(pool, &pool->resting, id);
	}
	slot = &pool->id[id];
	if (!settled(&slot->now, now) || settled(&slot->before, now))
		slot->before = slot->now;
	slot->now = (struct rgw_id_sent){ .code = 0 };
	slot->owner = owner;
	slot->state = RGW_ID_BUSY;
	pool->busy++;
	return id;
}

void
rgw_idpool_sent(struct rgw_idpool *pool, uint8_t id, uint8_t code,
    const uint8_t auth[static RGW_AUTH_LEN])
{
	struct rgw_id_sent *sent = &pool->id[id].now;

	sent->code = code;
	memcpy(sent->auth, auth, RGW_AUTH_LEN);
}

static void
release(struct rgw_idpool *pool, uint8_t id, enum rgw_id_state state)
{
	struct rgw_id *slot = &pool->id[id];

	slot->owner = NULL;
	slot->state = (uint8_t)state;
	pool->busy--;
	append(pool, state == RGW_ID_FREE ? &pool->free : &pool->resting, id);
}

void
rgw_idpool_answered(struct rgw_idpool *pool, uint8_t id)
{
	release(pool, id, RGW_ID_FREE);
}

void
rgw_idpool_given_up(struct rgw_idpool *pool, uint8_t id, rgw_ms now)
{
	pool->id[id].now.late_until = now + pool->rest;
	release(pool, id, RGW_ID_RESTING);
}

void
rgw_idpool_late(struct rgw_idpool *pool, uint8_t id, struct rgw_id_sent *which, rgw_ms now)
{
	struct rgw_id *slot = &pool->id[id];

	which->late_until = 0;
	if (slot->state != RGW_ID_RESTING || !settled(&slot->now, now) || !settled(&slot->before, now))
		return;
	unlist(pool, &pool->resting, id);
	slot->state = RGW_ID_FREE;
	append(pool, &pool->free, id);
}

void
rgw_idpool_unused(struct rgw_idpool *pool, uint8_t id)
{
	struct rgw_id *slot = &pool->id[id];

	slot->now = slot->before;
	slot->before = (struct rgw_id_sent){ .code = 0 };
	release(pool, id, RGW_ID_FREE);
}

void
rgw_idpool_probe(struct rgw_idpool *pool, uint8_t code, const uint8_t auth[static RGW_AUTH_LEN],
    rgw_ms now)
{
	struct rgw_id *slot = &pool->id[0];

	slot->before = slot->now;
	if (slot->state == RGW_ID_BUSY)
		slot->before.late_until = now + pool->rest;
	slot->now = (struct rgw_id_sent){ .code = code };
	memcpy(slot->now.auth, auth, RGW_AUTH_LEN);
	slot->state = RGW_ID_BUSY;
}

void
rgw_idpool_probe_answered(struct rgw_idpool *pool)
{
	pool->id[0].state = RGW_ID_FREE;
}
