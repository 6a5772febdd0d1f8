/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/dupcache.h"

#include <string.h>

/*
 * The cache of requests by source and identifier, which finds duplicates (P-DUP). A worker owns it; entries are
 * embedded in what remembers a request.
 */

void
rgw_dupcache_init(struct rgw_dupcache *cache, const struct rgw_hashkey *hashkey, rgw_ms lifetime,
    rgw_ms window)
{
	rgw_htab_init(&cache->tab);
	rgw_link_init(&cache->pending);
	rgw_link_init(&cache->answered);
	cache->hashkey = *hashkey;
	cache->lifetime = lifetime;
	cache->window = window;
}

void
rgw_dupcache_fini(struct rgw_dupcache *cache)
{
	rgw_htab_fini(&cache->tab);
}

struct rgw_dupkey
rgw_dupkey_of(uint32_t place, const struct rgw_addr *from, uint8_t code, uint8_t id)
{
	struct rgw_dupkey key = { .scope = from->scope, .place = place, .port = from->port,
		.code = code, .id = id };

	memcpy(key.ip, from->ip, sizeof key.ip);
	return key;
}

struct rgw_dup *
rgw_dupcache_find(const struct rgw_dupcache *cache, const struct rgw_dupkey *key)
{
	uint64_t hash = rgw_siphash(&cache->hashkey, key, sizeof *key);

	for (struct rgw_hnode *n = rgw_htab_first(&cache->tab, hash); n != NULL;
	     n = rgw_htab_next(n)) {
		struct rgw_dup *dup = RGW_CONTAINER(n, struct rgw_dup, node);

		if (memcmp(&dup->key, key, sizeof *key) == 0)
			return dup;
	}
	return NULL;
}

bool
rgw_dupcache_add(struct rgw_dupcache *cache, struct rgw_dup *dup, rgw_ms now)
{
	uint64_t hash = rgw_siphash(&cache->hashkey, &dup->key, sizeof dup->key);

	if (!rgw_htab_add(&cache->tab, &dup->node, hash))
		return false;
	dup->expires = now + cache->lifetime;
	rgw_link_init(&dup->link);
	rgw_list_append(&cache->pending, &dup->link);
	return true;
}

void
rgw_dupcache_answered(struct rgw_dupcache *cache, struct rgw_dup *dup, rgw_ms now)
{
	dup->expires = now + cache->window;
	rgw_link_remove(&dup->link);
	rgw_list_append(&cache->answered, &dup->link);
}

void
rgw_dupcache_remove(struct rgw_dupcache *cache, struct rgw_dup *dup)
{
	rgw_htab_remove(&cache->tab, &dup->node);
	rgw_link_remove(&dup->link);
}

static struct rgw_dup *
first_of(const struct rgw_link *list)
{
	struct rgw_link *l = rgw_list_first(list);

	return l != NULL ? RGW_CONTAINER(l, struct rgw_dup, link) : NULL;
}

struct rgw_dup *
rgw_dupcache_expired(const struct rgw_dupcache *cache, rgw_ms now)
{
	struct rgw_dup *dup = first_of(&cache->pending);

	if (dup != NULL && dup->expires <= now)
		return dup;
	dup = first_of(&cache->answered);
	return dup != NULL && dup->expires <= now ? dup : NULL;
}

rgw_ms
rgw_dupcache_next(const struct rgw_dupcache *cache)
{
	const struct rgw_dup *pending = first_of(&cache->pending);
	const struct rgw_dup *answered = first_of(&cache->answered);

	return rgw_ms_min(pending != NULL ? pending->expires : RGW_NEVER,
	    answered != NULL ? answered->expires : RGW_NEVER);
}
