/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_DUPCACHE_H
#define RADSECGW_DUPCACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/addr.h"
#include "radsecgw/cache.h"
#include "radsecgw/hash.h"
#include "radsecgw/radius.h"
#include "radsecgw/time.h"

/*
 * Every request that is being worked on or was answered a short while ago, found by what makes a request the same
 * (P-DUP-1): where it came from and to, Code, Identifier, and then the Request Authenticator. The cache owns its
 * entries, which the engine makes longer for what it keeps of a request. Pending entries end after the request's
 * lifetime, answered entries after the duplicate window, those of CoA and Disconnect after the time in which such a
 * request counts as new (P-COA-33); each time is the same for all, so a row in order of time for each replaces a timer
 * per request.
 */

/* What must be equal before authenticators are compared. Unused octets are zero. */
struct rgw_dupkey {
	uint8_t ip[16];
	uint32_t scope;  /* interface index: link-local addresses are the same on every link */
	uint32_t place;  /* the receiving socket or, for a stream, the connection */
	uint16_t port;
	uint8_t code;
	uint8_t id;
};

struct rgw_dup {
	struct rgw_cached cached;
	struct rgw_dupkey key;
	uint8_t auth[RGW_AUTH_LEN];
	bool answered;    /* the entry is kept for replays only */
	rgw_ms since;     /* when the request came, or when it was answered */
};

struct rgw_dupcache {
	struct rgw_cache cache;
	struct rgw_cache_row pending;   /* entries of requests that are worked on, oldest first */
	struct rgw_cache_row answered;  /* entries of requests that are answered, oldest first ... */
	struct rgw_cache_row changes;   /* ... but for CoA and Disconnect */
	struct rgw_hashkey hashkey;
	rgw_ms lifetime;
	rgw_ms window;
};

/* Makes an empty cache. Its entries are of this size, and begin with their struct rgw_dup; there are never more than
 * `limit`. */
void rgw_dupcache_init(struct rgw_dupcache *cache, const struct rgw_hashkey *hashkey, size_t entry_size,
    size_t limit, rgw_ms lifetime, rgw_ms window);
/* Changes the limit and the times, also for the entries that are there. If there are more entries than the limit, no
 * entry is added before there is room. */
void rgw_dupcache_change(struct rgw_dupcache *cache, size_t limit, rgw_ms lifetime, rgw_ms window);
void rgw_dupcache_fini(struct rgw_dupcache *cache);

/* The key of a request that came from an address to a place. */
struct rgw_dupkey rgw_dupkey_of(uint32_t place, const struct rgw_addr *from, uint8_t code, uint8_t id);

/* Returns the entry with this key, whatever its authenticator, or NULL. There is at most one. */
struct rgw_dup *rgw_dupcache_find(const struct rgw_dupcache *cache, const struct rgw_dupkey *key);

/* Adds a pending entry, which is zero but for its struct rgw_dup; no other entry may have that key. NULL = the limit is
 * reached, or there is no memory. */
struct rgw_dup *rgw_dupcache_add(struct rgw_dupcache *cache, const struct rgw_dupkey *key,
    const uint8_t auth[static RGW_AUTH_LEN], rgw_ms now) RGW_MUST_USE;
/* Keeps the entry for replays only from now on, for the duplicate window (P-DUP-4). */
void rgw_dupcache_answered(struct rgw_dupcache *cache, struct rgw_dup *dup, rgw_ms now);
/* Frees the entry. */
void rgw_dupcache_remove(struct rgw_dupcache *cache, struct rgw_dup *dup);

/* The answered entry that is the first to give way, or NULL. */
struct rgw_dup *rgw_dupcache_oldest(const struct rgw_dupcache *cache);

/* Returns an entry whose time is over, which is still in the cache, or NULL. */
struct rgw_dup *rgw_dupcache_expired(const struct rgw_dupcache *cache, rgw_ms now);
/* The time at which the next entry ends, or RGW_NEVER. */
rgw_ms rgw_dupcache_next(const struct rgw_dupcache *cache);

#endif
