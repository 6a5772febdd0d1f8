/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/hash.h"

#include <stdlib.h>

#include "radsecgw/mem.h"

/*
 * SipHash (Aumasson and Bernstein, SipHash-2-4) and the hash table over it. The table owns its buckets; nodes
 * belong to whoever adds them.
 */

static inline uint64_t
rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static inline void
sip_round(uint64_t v[static 4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* Reads up to eight octets in little-endian order, as the definition of SipHash has it. */
static inline uint64_t
load_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint64_t
rgw_siphash(const struct rgw_hashkey *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v[4] = {
		key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
		key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573,
	};
	uint64_t last = (uint64_t)len << 56;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		uint64_t m = load_le(p + i, 8);

		v[3] ^= m;
		sip_round(v);
		sip_round(v);
		v[0] ^= m;
	}
	last |= load_le(p + i, len - i);
	v[3] ^= last;
	sip_round(v);
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* A table starts without buckets, so that empty ones cost nothing. */
#define FIRST_BUCKETS 16

void
rgw_htab_init(struct rgw_htab *tab)
{
	*tab = (struct rgw_htab){ NULL, 0, 0 };
}

void
rgw_htab_fini(struct rgw_htab *tab)
{
	free(tab->buckets);
	rgw_htab_init(tab);
}

static void
push(struct rgw_htab *tab, struct rgw_hnode *node)
{
	struct rgw_hnode **bucket = &tab->buckets[node->hash & tab->mask];

	node->next = *bucket;
	*bucket = node;
}

/* Gives the table n buckets; without memory for them it stays as it is. */
static void
resize(struct rgw_htab *tab, size_t n)
{
	size_t old_n = tab->buckets != NULL ? tab->mask + 1 : 0;
	struct rgw_hnode **old = tab->buckets;
	struct rgw_hnode **new = calloc(n, sizeof *new);

	if (new == NULL)
		return;
	tab->buckets = new;
	tab->mask = n - 1;
	for (size_t i = 0; i < old_n; i++) {
		struct rgw_hnode *node = old[i];

		while (node != NULL) {
			struct rgw_hnode *next = node->next;

			push(tab, node);
			node = next;
		}
	}
	free(old);
}

bool
rgw_htab_add(struct rgw_htab *tab, struct rgw_hnode *node, uint64_t hash)
{
	if (tab->buckets == NULL)
		resize(tab, FIRST_BUCKETS);
	else if (tab->count > tab->mask)
		resize(tab, 2 * (tab->mask + 1));
	if (tab->buckets == NULL)
		return false;
	node->hash = hash;
	push(tab, node);
	tab->count++;
	return true;
}

void
rgw_htab_xadd(struct rgw_htab *tab, struct rgw_hnode *node, uint64_t hash)
{
	while (!rgw_htab_add(tab, node, hash))
		free(rgw_xcalloc(FIRST_BUCKETS, sizeof *tab->buckets));
}

void
rgw_htab_remove(struct rgw_htab *tab, struct rgw_hnode *node)
{
	struct rgw_hnode **at = &tab->buckets[node->hash & tab->mask];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->next = NULL;
	tab->count--;
	if (tab->count < (tab->mask + 1) / 8 && tab->mask + 1 > FIRST_BUCKETS)
		resize(tab, (tab->mask + 1) / 2);
}

static struct rgw_hnode *
same_hash(struct rgw_hnode *node, uint64_t hash)
{
	while (node != NULL && node->hash != hash)
		node = node->next;
	return node;
}

struct rgw_hnode *
rgw_htab_first(const struct rgw_htab *tab, uint64_t hash)
{
	return tab->buckets != NULL ? same_hash(tab->buckets[hash & tab->mask], hash) : NULL;
}

struct rgw_hnode *
rgw_htab_next(const struct rgw_hnode *node)
{
	return same_hash(node->next, node->hash);
}
