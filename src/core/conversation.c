/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/conversation.h"

#include <string.h>

#include "radsecgw/fair.h"

/*
 * A conversation remembers by State which target has begun a login, so that the next request of it goes there.
 * A worker owns the table; see radsecgw/conversation.h.
 */

/* An entry that has expired is forgotten so long afterwards at the latest, many together. */
#define SLACK_MS 10000

struct entry {
	struct rgw_cached cached;
	struct rgw_link own;         /* among those of its talker; oldest first */
	struct rgw_talker *talker;   /* borrowed */
	rgw_ms expires;
	struct rgw_conversation where;
};

/* The hash table takes two pointers for each entry at the most. */
_Static_assert(sizeof(struct entry) + 2 * sizeof(void *) <= RGW_CONVERSATION_OCTETS, "as the manual says");

void
rgw_conversations_init(struct rgw_conversations *c, const struct rgw_hashkey *hashkey, uint32_t limit,
    rgw_ms lifetime)
{
	*c = (struct rgw_conversations){ .hashkey = *hashkey, .limit = limit, .lifetime = lifetime };
	rgw_cache_init(&c->cache, sizeof(struct entry), limit);
	rgw_cache_row_init(&c->all);
}

void
rgw_conversations_fini(struct rgw_conversations *c)
{
	rgw_cache_fini(&c->cache);
}

void
rgw_talker_init(struct rgw_talker *talker, uint64_t number)
{
	*talker = (struct rgw_talker){ .number = number };
	rgw_link_init(&talker->own);
}

/* A State is known by 64 bits of its keyed hash: nobody can make two of them meet, and by chance they do not.
 * */
static uint64_t
hash_of(const struct rgw_conversations *c, const struct rgw_talker *talker, const void *state, size_t len)
{
	uint8_t text[sizeof talker->number + 255];

	memcpy(text, &talker->number, sizeof talker->number);
	if (len > 255)
		len = 255;
	memcpy(text + sizeof talker->number, state, len);
	return rgw_siphash(&c->hashkey, text, sizeof talker->number + len);
}

static void
forget(struct rgw_conversations *c, struct entry *e)
{
	rgw_link_remove(&e->own);
	e->talker->n--;
	rgw_cache_remove(&c->cache, &c->all, e);
}

void
rgw_conversations_leave(struct rgw_conversations *c, struct rgw_talker *talker)
{
	struct rgw_link *own;

	while ((own = rgw_list_first(&talker->own)) != NULL)
		forget(c, RGW_CONTAINER(own, struct entry, own));
}

void
rgw_conversations_limit(struct rgw_conversations *c, uint32_t limit)
{
	c->limit = limit;
	rgw_cache_limit(&c->cache, limit);
	while (c->all.n > limit)
		forget(c, rgw_cache_first(&c->all));
}

/* Makes room for a new conversation: the talker gives up its own oldest. Only a talker that has none gets the
 * place of the oldest of all, when no place is left. Returns how many were forgotten. */
static unsigned
make_room(struct rgw_conversations *c, struct rgw_talker *talker)
{
	unsigned n = 0;

	/* A talker that has more than its share, since others have come, gives up two for one until that is over. */
	while (n < 2 && !rgw_fair_may_take(c->limit, c->all.n, talker->n, 1)) {
		struct rgw_link *own = rgw_list_first(&talker->own);
		struct entry *e = own != NULL ? RGW_CONTAINER(own, struct entry, own) : rgw_cache_first(&c->all);

		if (e == NULL)
			break;
		forget(c, e);
		n++;
	}
	return n;
}

unsigned
rgw_conversations_put(struct rgw_conversations *c, struct rgw_talker *talker, const void *state, size_t len,
    const struct rgw_conversation *where, rgw_ms now)
{
	uint64_t hash = hash_of(c, talker, state, len);
	struct entry *e = rgw_cache_find(&c->cache, hash);
	unsigned n_forgotten;

	if (e != NULL)
		forget(c, e);
	rgw_conversations_expire(c, now);
	n_forgotten = make_room(c, talker);
	e = rgw_cache_add(&c->cache, &c->all, hash);
	if (e == NULL)
		return n_forgotten;  /* it goes by the other rules, then */
	e->talker = talker;
	e->where = *where;
	e->expires = now + c->lifetime;
	rgw_list_append(&talker->own, &e->own);
	talker->n++;
	return n_forgotten;
}

struct rgw_conversation
rgw_conversations_get(const struct rgw_conversations *c, const struct rgw_talker *talker,
    const void *state, size_t len, rgw_ms now)
{
	const struct entry *e = rgw_cache_find(&c->cache, hash_of(c, talker, state, len));

	if (e == NULL || e->expires <= now)
		return (struct rgw_conversation){ 0 };
	return e->where;
}

void
rgw_conversations_expire(struct rgw_conversations *c, rgw_ms now)
{
	struct entry *e;

	while ((e = rgw_cache_first(&c->all)) != NULL && e->expires <= now)
		forget(c, e);
}

rgw_ms
rgw_conversations_next(const struct rgw_conversations *c)
{
	const struct entry *e = rgw_cache_first(&c->all);

	return e != NULL ? e->expires + SLACK_MS : RGW_NEVER;
}
