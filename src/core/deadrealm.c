/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/deadrealm.h"

#include <string.h>

/*
 * Marks of realms that a target left unanswered (P-FO-7). A worker owns the table, which never grows beyond its
 * bound.
 */

/* Marks that one realm can have; a pool has few members. */
#define MARKS 4

#define NAME_MAX 253

struct mark {
	uint32_t who;
	uint32_t n;    /* requests in a row without an answer; 0 = no mark */
	rgw_ms at;
};

/* A realm is known by the keyed hash of its name, so nobody can make two names meet. */
struct entry {
	struct rgw_cached cached;
	bool proven;
	struct mark marks[MARKS];
};

/* The hash table takes two pointers for each entry at the most. */
_Static_assert(sizeof(struct entry) + 2 * sizeof(void *) <= 128, "as the manual says");

void
rgw_deadrealms_init(struct rgw_deadrealms *d, const struct rgw_hashkey *hashkey, size_t limit_proven,
    size_t limit_unproven)
{
	*d = (struct rgw_deadrealms){ .limit_proven = limit_proven, .limit_unproven = limit_unproven,
		.hashkey = *hashkey };
	rgw_cache_init(&d->cache, sizeof(struct entry), limit_proven + limit_unproven);
	rgw_cache_row_init(&d->proven);
	rgw_cache_row_init(&d->unproven);
}

void
rgw_deadrealms_fini(struct rgw_deadrealms *d)
{
	rgw_cache_fini(&d->cache);
}

static uint64_t
hash_of(const struct rgw_deadrealms *d, const uint8_t *realm, size_t len)
{
	uint8_t name[NAME_MAX];

	if (len > sizeof name)
		len = sizeof name;
	for (size_t i = 0; i < len; i++)
		name[i] = realm[i] >= 'A' && realm[i] <= 'Z' ? realm[i] | 0x20 : realm[i];
	return rgw_siphash(&d->hashkey, name, len);
}

static void
clear(struct rgw_deadrealms *d, struct mark *m)
{
	d->n_marks -= m->n > 0;
	m->n = 0;
}

static struct rgw_cache_row *
row_of(struct rgw_deadrealms *d, const struct entry *e)
{
	return e->proven ? &d->proven : &d->unproven;
}

/* There is a place for one more in the row after this: whoever was not used for longest gives it. */
static void
make_room(struct rgw_deadrealms *d, struct rgw_cache_row *row, size_t limit)
{
	while (row->n >= limit) {
		struct entry *e = rgw_cache_first(row);

		for (size_t i = 0; i < MARKS; i++)
			clear(d, &e->marks[i]);
		rgw_cache_remove(&d->cache, row, e);
	}
}

static struct entry *
get(struct rgw_deadrealms *d, uint64_t hash)
{
	struct entry *e = rgw_cache_find(&d->cache, hash);

	if (e != NULL) {
		rgw_cache_move(row_of(d, e), row_of(d, e), e);
		return e;
	}
	make_room(d, &d->unproven, d->limit_unproven);
	return rgw_cache_add(&d->cache, &d->unproven, hash);
}

static struct mark *
mark_of(struct entry *e, uint32_t who)
{
	for (size_t i = 0; i < MARKS; i++)
		if (e->marks[i].n > 0 && e->marks[i].who == who)
			return &e->marks[i];
	return NULL;
}

/* Returns a free mark of the realm, or its oldest one. */
static struct mark *
new_mark(struct rgw_deadrealms *d, struct entry *e, uint32_t who)
{
	struct mark *m = &e->marks[0];

	for (size_t i = 1; i < MARKS && m->n > 0; i++)
		if (e->marks[i].n == 0 || e->marks[i].at < m->at)
			m = &e->marks[i];
	clear(d, m);
	m->who = who;
	d->n_marks++;
	return m;
}

uint32_t
rgw_deadrealms_silent(struct rgw_deadrealms *d, const void *realm, size_t len, uint32_t who, rgw_ms now)
{
	struct entry *e = get(d, hash_of(d, realm, len));
	struct mark *m;

	if (e == NULL)
		return 0;
	m = mark_of(e, who);
	if (m == NULL)
		m = new_mark(d, e, who);
	m->n++;
	m->at = now;
	return m->n;
}

uint32_t
rgw_deadrealms_answered(struct rgw_deadrealms *d, const void *realm, size_t len, uint32_t who)
{
	struct entry *e = get(d, hash_of(d, realm, len));
	struct mark *m;
	uint32_t n = 0;

	if (e == NULL)
		return 0;
	m = mark_of(e, who);
	if (m != NULL) {
		n = m->n;
		clear(d, m);
	}
	if (!e->proven) {
		make_room(d, &d->proven, d->limit_proven);
		rgw_cache_move(&d->unproven, &d->proven, e);
		e->proven = true;
	}
	return n;
}

rgw_ms
rgw_deadrealms_mark(const struct rgw_deadrealms *d, const void *realm, size_t len, uint32_t who,
    uint32_t after, rgw_ms expiry, rgw_ms now)
{
	struct entry *e = d->n_marks > 0 ? rgw_cache_find(&d->cache, hash_of(d, realm, len)) : NULL;
	const struct mark *m = e != NULL ? mark_of(e, who) : NULL;

	return m != NULL && m->n >= after && now - m->at < expiry ? m->at : 0;
}
