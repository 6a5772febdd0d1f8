/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CACHE_H
#define RADSECGW_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "radsecgw/hash.h"
#include "radsecgw/list.h"
#include "radsecgw/mem.h"

/*
 * A bounded table of objects of one size, which it owns. Each object is found by a hash, and stands in one row in the
 * order in which the objects of that row give way, the first first. A row is whatever the user of the cache tells
 * apart, for example objects in use and objects that are only remembered. When objects give way, and how many a row may
 * have, is the user's matter; there are never more than the limit of the cache. All functions take constant time. Not
 * thread-safe.
 */
struct rgw_cache {
	struct rgw_htab tab;
	struct rgw_slab slab;
};

/* One row of objects. It is part of whoever uses the cache, and owns nothing. */
struct rgw_cache_row {
	struct rgw_link order;
	size_t n;
};

/* Each object of a cache begins with this. */
struct rgw_cached {
	struct rgw_hnode node;
	struct rgw_link order;
};

void rgw_cache_init(struct rgw_cache *cache, size_t object_size, size_t limit);
/* Changes the greatest number of objects. If there are more, they stay, and no object is added before there is room. */
void rgw_cache_limit(struct rgw_cache *cache, size_t limit);
/* Frees all objects. */
void rgw_cache_fini(struct rgw_cache *cache);
void rgw_cache_row_init(struct rgw_cache_row *row);

/* A new object, which stands last in the row and is zero but for its struct rgw_cached. NULL = the limit is reached, or
 * memory is out. Other objects may have the same hash. */
void *rgw_cache_add(struct rgw_cache *cache, struct rgw_cache_row *row, uint64_t hash)
    __attribute__((warn_unused_result));
/* Frees an object of the row. */
void rgw_cache_remove(struct rgw_cache *cache, struct rgw_cache_row *row, void *object);
/* Moves an object from one row to the end of another, which may be the same. */
void rgw_cache_move(struct rgw_cache_row *from, struct rgw_cache_row *to, void *object);

/* The objects with this hash, one after the other, NULL behind the last; the caller compares the real keys. */
void *rgw_cache_find(const struct rgw_cache *cache, uint64_t hash);
void *rgw_cache_find_next(const void *object);
/* The object that is the first to give way, or NULL. */
void *rgw_cache_first(const struct rgw_cache_row *row);

#endif
