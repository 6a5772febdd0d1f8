/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/dupcache.h"

#include <string.h>

#include "radsecgw/packet.h"

/*
 * The cache of requests by source and identifier, which finds duplicates (P-DUP). A worker owns it; entries are
 * embedded in what remembers a request.
 */

/* Milliseconds that an answered CoA or Disconnect is kept: as long as its Event-Timestamp may be old (P-COA-33). */
#define CHANGE_WINDOW 300000

void
rgw_dupcache_init(struct rgw_dupcache *cache, const struct rgw_hashkey *hashkey, size_t entry_size, size_t limit,
    rgw_ms lifetime, rgw_ms window)
{
	rgw_cache_init(&cache->cache, entry_size, limit);
	rgw_cache_row_init(&cache->pending);
	rgw_cache_row_init(&cache->answered);
	rgw_cache_row_init(&cache->changes);
	cache->hashkey = *hashkey;
	cache->lifetime = lifetime;
	cache->window = window;
}

void
rgw_dupcache_change(struct rgw_dupcache *cache, size_t limit, rgw_ms lifetime, rgw_ms window)
{
	rgw_cache_limit(&cache->cache, limit);
	cache->lifetime = lifetime;
	cache->window = window;
}

void
rgw_dupcache_fini(struct rgw_dupcache *cache)
{
	rgw_cache_fini(&cache->cache);
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
	struct rgw_dup *dup = rgw_cache_find(&cache->cache, rgw_siphash(&cache->hashkey, key, sizeof *key));

	while (dup != NULL && memcmp(&dup->key, key, sizeof *key) != 0)
		dup = rgw_cache_find_next(dup);
	return dup;
}

struct rgw_dup *
rgw_dupcache_add(struct rgw_dupcache *cache, const struct rgw_dupkey *key, const uint8_t auth[static RGW_AUTH_LEN],
    rgw_ms now)
{
	struct rgw_dup *dup =
	    rgw_cache_add(&cache->cache, &cache->pending, rgw_siphash(&cache->hashkey, key, sizeof *key));

	if (dup == NULL)
		return NULL;
	dup->key = *key;
	memcpy(dup->auth, auth, RGW_AUTH_LEN);
	dup->since = now;
	return dup;
}

static struct rgw_cache_row *
row_of(struct rgw_dupcache *cache, const struct rgw_dup *dup, bool answered)
{
	if (!answered)
		return &cache->pending;
	return rgw_code_is_dynamic(dup->key.code) ? &cache->changes : &cache->answered;
}

void
rgw_dupcache_answered(struct rgw_dupcache *cache, struct rgw_dup *dup, rgw_ms now)
{
	rgw_cache_move(row_of(cache, dup, dup->answered), row_of(cache, dup, true), dup);
	dup->since = now;
	dup->answered = true;
}

void
rgw_dupcache_remove(struct rgw_dupcache *cache, struct rgw_dup *dup)
{
	rgw_cache_remove(&cache->cache, row_of(cache, dup, dup->answered), dup);
}

/* When the time of the first entry of a row is over, which is before all others of the row. */
static rgw_ms
end_of(const struct rgw_cache_row *row, rgw_ms time)
{
	const struct rgw_dup *dup = rgw_cache_first(row);

	return dup != NULL ? dup->since + time : RGW_NEVER;
}

struct rgw_dup *
rgw_dupcache_expired(const struct rgw_dupcache *cache, rgw_ms now)
{
	if (end_of(&cache->pending, cache->lifetime) <= now)
		return rgw_cache_first(&cache->pending);
	if (end_of(&cache->answered, cache->window) <= now)
		return rgw_cache_first(&cache->answered);
	return end_of(&cache->changes, CHANGE_WINDOW) <= now ? rgw_cache_first(&cache->changes) : NULL;
}

struct rgw_dup *
rgw_dupcache_oldest(const struct rgw_dupcache *cache)
{
	struct rgw_dup *oldest = rgw_cache_first(&cache->answered);

	return oldest != NULL ? oldest : rgw_cache_first(&cache->changes);
}

rgw_ms
rgw_dupcache_next(const struct rgw_dupcache *cache)
{
	rgw_ms next = rgw_ms_min(end_of(&cache->pending, cache->lifetime), end_of(&cache->answered, cache->window));

	return rgw_ms_min(next, end_of(&cache->changes, CHANGE_WINDOW));
}
