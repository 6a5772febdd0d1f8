/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_HASH_H
#define RADSECGW_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"

/*
 * Keyed hashing (SipHash-2-4) and an intrusive hash table. The key is random per process, so a
 * sender of requests cannot choose names or ports that fall into one bucket.
 */
struct rgw_hashkey {
	uint64_t k0;
	uint64_t k1;
};

/* SipHash-2-4 of len octets. */
uint64_t rgw_siphash(const struct rgw_hashkey *key, const void *data, size_t len);

/* One object's place in a table, embedded in the object; the table owns nothing. */
struct rgw_hnode {
	struct rgw_hnode *next;
	uint64_t hash;
};

/* A chained table. It doubles when all buckets could have an entry, so it takes two pointers for each entry at the most
 * while it grows, and it halves when an eighth of them could. When memory is out the table stays at its size; only the
 * very first entry can fail. Not thread-safe. */
struct rgw_htab {
	struct rgw_hnode **buckets;  /* owned */
	size_t mask;
	size_t count;
};

void rgw_htab_init(struct rgw_htab *tab);
void rgw_htab_fini(struct rgw_htab *tab);

/* Adds a node under its hash; equal hashes may stand beside each other. false = out of memory. */
bool rgw_htab_add(struct rgw_htab *tab, struct rgw_hnode *node, uint64_t hash) RGW_MUST_USE;
/* Adds a node at start-up and while the configuration is read: ends the process if memory is out, as
 * rgw_xcalloc does. */
void rgw_htab_xadd(struct rgw_htab *tab, struct rgw_hnode *node, uint64_t hash);
/* Takes out a node that is in the table. No walk over nodes may go on after that. */
void rgw_htab_remove(struct rgw_htab *tab, struct rgw_hnode *node);

/* The nodes with this hash, one after the other; the caller compares the real keys:
 *     for (n = rgw_htab_first(t, h); n != NULL; n = rgw_htab_next(n)) ... */
struct rgw_hnode *rgw_htab_first(const struct rgw_htab *tab, uint64_t hash);
struct rgw_hnode *rgw_htab_next(const struct rgw_hnode *node);

#endif
