/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/cache.h"

#include <string.h>

void
rgw_cache_init(struct rgw_cache *cache, size_t object_size, size_t limit)
{
	rgw_htab_init(&cache->tab);
	rgw_slab_init(&cache->slab, object_size, limit);
}

void
rgw_cache_limit(struct rgw_cache *cache, size_t limit)
{
	cache->slab.limit = limit;
}

void
rgw_cache_fini(struct rgw_cache *cache)
{
	rgw_htab_fini(&cache->tab);
	rgw_slab_fini(&cache->slab);
}

void
rgw_cache_row_init(struct rgw_cache_row *row)
{
	rgw_link_init(&row->order);
	row->n = 0;
}

void *
rgw_cache_add(struct rgw_cache *cache, struct rgw_cache_row *row, uint64_t hash)
{
	struct rgw_cached *c = rgw_slab_get(&cache->slab);

	if (c == NULL)
		return NULL;
	memset(c, 0, cache->slab.object_size);
	if (!rgw_htab_add(&cache->tab, &c->node, hash)) {
		rgw_slab_put(&cache->slab, c);
		return NULL;
	}
	rgw_list_append(&row->order, &c->order);
	row->n++;
	return c;
}

void
rgw_cache_remove(struct rgw_cache *cache, struct rgw_cache_row *row, void *object)
{
	struct rgw_cached *c = object;

	rgw_htab_remove(&cache->tab, &c->node);
	rgw_link_remove(&c->order);
	row->n--;
	rgw_slab_put(&cache->slab, c);
}

void
rgw_cache_move(struct rgw_cache_row *from, struct rgw_cache_row *to, void *object)
{
	struct rgw_cached *c = object;

	rgw_link_remove(&c->order);
	from->n--;
	rgw_list_append(&to->order, &c->order);
	to->n++;
}

static void *
object_of(struct rgw_hnode *node)
{
	return node != NULL ? RGW_CONTAINER(node, struct rgw_cached, node) : NULL;
}

void *
rgw_cache_find(const struct rgw_cache *cache, uint64_t hash)
{
	return object_of(rgw_htab_first(&cache->tab, hash));
}

void *
rgw_cache_find_next(const void *object)
{
	const struct rgw_cached *c = object;

	return object_of(rgw_htab_next(&c->node));
}

void *
rgw_cache_first(const struct rgw_cache_row *row)
{
	struct rgw_link *l = rgw_list_first(&row->order);

	return l != NULL ? RGW_CONTAINER(l, struct rgw_cached, order) : NULL;
}
