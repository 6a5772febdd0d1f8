/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/conversation.h"

#include <string.h>

struct entry {
	struct rgw_hnode node;
	struct rgw_link order;
	struct rgw_conversation where;
	rgw_ms expires;
};

void
rgw_conversations_init(struct rgw_conversations *c, const struct rgw_hashkey *hashkey, uint32_t limit,
    rgw_ms lifetime)
{
	*c = (struct rgw_conversations){ .hashkey = *hashkey, .limit = limit, .lifetime = lifetime };
	rgw_htab_init(&c->tab);
	rgw_slab_init(&c->slab, sizeof(struct entry), limit);
	rgw_link_init(&c->order);
}

void
rgw_conversations_fini(struct rgw_conversations *c)
{
	rgw_htab_fini(&c->tab);
	rgw_slab_fini(&c->slab);
}

/* 64 bits of a keyed hash: nobody can make two states meet, and by chance they do not. */
static uint64_t
hash_of(const struct rgw_conversations *c, uint64_t who, const void *state, size_t len)
{
	uint8_t text[sizeof who + 255];

	memcpy(text, &who, sizeof who);
	if (len > 255)
		len = 255;
	memcpy(text + sizeof who, state, len);
	return rgw_siphash(&c->hashkey, text, sizeof who + len);
}

static void
forget(struct rgw_conversations *c, struct entry *e)
{
	rgw_htab_remove(&c->tab, &e->node);
	rgw_link_remove(&e->order);
	rgw_slab_put(&c->slab, e);
}

/* Makes room: what is too old goes, and the oldest if there is no room otherwise. */
static void
forget_old(struct rgw_conversations *c, rgw_ms now)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&c->order)) != NULL) {
		struct entry *e = RGW_CONTAINER(l, struct entry, order);

		if (e->expires > now && c->slab.used < c->limit)
			return;
		forget(c, e);
	}
}

static struct entry *
find(const struct rgw_conversations *c, uint64_t hash)
{
	struct rgw_hnode *node = rgw_htab_first(&c->tab, hash);

	return node != NULL ? RGW_CONTAINER(node, struct entry, node) : NULL;
}

void
rgw_conversations_put(struct rgw_conversations *c, uint64_t who, const void *state, size_t len,
    const struct rgw_conversation *where, rgw_ms now)
{
	uint64_t hash = hash_of(c, who, state, len);
	struct entry *e = find(c, hash);

	if (e != NULL)
		forget(c, e);
	forget_old(c, now);
	e = rgw_slab_get(&c->slab);
	if (e == NULL)
		return;  /* it goes by the other rules, then */
	e->where = *where;
	e->expires = now + c->lifetime;
	rgw_link_init(&e->order);
	if (!rgw_htab_add(&c->tab, &e->node, hash)) {
		rgw_slab_put(&c->slab, e);
		return;
	}
	rgw_list_append(&c->order, &e->order);
}

struct rgw_conversation
rgw_conversations_get(struct rgw_conversations *c, uint64_t who, const void *state, size_t len,
    rgw_ms now)
{
	const struct entry *e = find(c, hash_of(c, who, state, len));

	if (e == NULL || e->expires <= now)
		return (struct rgw_conversation){ NULL, 0 };
	return e->where;
}
