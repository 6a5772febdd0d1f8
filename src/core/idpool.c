/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/idpool.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

/*
 * The 256 identifiers of one connection or source port: free ones are taken, and used ones rest until no late
 * answer can be mistaken (P-ID).
 */

/* A FIFO of identifiers; 0 = none, since identifier 0 is never in a list. */
struct id_list {
	uint8_t first;
	uint8_t last;
};

struct rgw_idpool {
	struct rgw_id id[256];
	uint8_t next[256];       /* the identifier behind each in its list; 0 = it is the last one */
	struct id_list free;     /* free identifiers, the least recently used first (P-ID-2) */
	struct id_list resting;  /* identifiers that rest, the one whose rest ends first before the others */
	rgw_ms rest;             /* milliseconds for which an answer may come after its request was given up */
	uint16_t busy;           /* identifiers that are BUSY, without identifier 0 */
};

static void
append(struct rgw_idpool *pool, struct id_list *list, uint8_t id)
{
	pool->next[id] = 0;
	if (list->first == 0)
		list->first = id;
	else
		pool->next[list->last] = id;
	list->last = id;
}

static uint8_t
pop(struct rgw_idpool *pool, struct id_list *list)
{
	uint8_t id = list->first;

	if (id != 0)
		list->first = pool->next[id];
	return id;
}

struct rgw_idpool *
rgw_idpool_new(rgw_ms rest)
{
	struct rgw_idpool *pool = malloc(sizeof *pool);

	if (pool == NULL)
		return NULL;
	memset(pool, 0, sizeof *pool);
	pool->rest = rest;
	for (unsigned id = 1; id < 256; id++)
		append(pool, &pool->free, (uint8_t)id);
	return pool;
}

void
rgw_idpool_rest(struct rgw_idpool *pool, rgw_ms rest)
{
	pool->rest = rest;
}

void
rgw_idpool_free(struct rgw_idpool *pool)
{
	if (pool != NULL)
		rgw_wipe(pool, sizeof *pool);
	free(pool);
}

const struct rgw_id *
rgw_idpool_find(const struct rgw_idpool *pool, uint8_t id)
{
	return &pool->id[id];
}

void *
rgw_idpool_next(const struct rgw_idpool *pool, unsigned *id)
{
	while (++*id < 256)
		if (pool->id[*id].owner != NULL)
			return pool->id[*id].owner;
	return NULL;
}

unsigned
rgw_idpool_busy(const struct rgw_idpool *pool)
{
	return pool->busy;
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
		id = pool->next[id];
	return id;
}

bool
rgw_idpool_available(const struct rgw_idpool *pool, rgw_ms now)
{
	return pool->free.first != 0 || rested(pool, now) != 0;
}

/* Takes an identifier out of the middle of a list. */
static void
unlist(struct rgw_idpool *pool, struct id_list *list, uint8_t id)
{
	uint8_t before = 0;

	for (uint8_t at = list->first; at != id; at = pool->next[at])
		before = at;
	if (before == 0)
		list->first = pool->next[id];
	else
		pool->next[before] = pool->next[id];
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
rgw_idpool_late(struct rgw_idpool *pool, uint8_t id, const struct rgw_id_sent *which, rgw_ms now)
{
	struct rgw_id *slot = &pool->id[id];

	*(which == &slot->now ? &slot->now.late_until : &slot->before.late_until) = 0;
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
