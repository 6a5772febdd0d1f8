/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nastable_priv.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/fair.h"

/*
 * The table of NASes and sessions; see nastable.h. An entry is owned by its neighbour's row, which is in the order in
 * which its entries were heard of; it is found by each of its names. All memory is of a size that strangers decide, so
 * what cannot be had is not learned.
 */

/* What the system's allocator adds to a block, about. */
#define BLOCK_OCTETS 16

/* What a name takes in the table of names, at the most. */
#define NAME_OCTETS (2 * sizeof(void *))

static const uint8_t types[RGW_NAMES] = {
	[RGW_NAME_IP] = RGW_NAS_IP_ADDRESS, [RGW_NAME_IPV6] = RGW_NAS_IPV6_ADDRESS,
	[RGW_NAME_IDENTIFIER] = RGW_NAS_IDENTIFIER, [RGW_NAME_SESSION] = RGW_ACCT_SESSION_ID,
	[RGW_NAME_STATION] = RGW_CALLING_STATION_ID, [RGW_NAME_CUI] = RGW_CHARGEABLE_USER_IDENTITY,
	[RGW_NAME_USER] = RGW_USER_NAME,
};

/* ---- names ---- */

void
rgw_nas_names_of(struct rgw_nas_names *names, const struct rgw_packet *packet)
{
	struct rgw_attr a = { 0 };

	memset(names, 0, sizeof *names);
	while (rgw_packet_next(packet, &a))
		for (unsigned i = 0; i < RGW_NAMES; i++)
			if (types[i] == a.type && names->v[i].len == 0) {
				names->v[i].p = a.value;
				names->v[i].len = a.len;
			}
}

static bool
has_any(const struct rgw_nas_names *names, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		if (names->v[i].len > 0)
			return true;
	return false;
}

bool
rgw_nas_names_nas(const struct rgw_nas_names *names)
{
	return has_any(names, 0, RGW_NAS_NAMES);
}

bool
rgw_nas_names_session(const struct rgw_nas_names *names)
{
	return has_any(names, RGW_NAS_NAMES, RGW_NAMES);
}

static uint64_t
hash_of(const struct rgw_nastable *t, unsigned kind, const uint8_t *p, size_t len)
{
	struct rgw_hashkey key = t->key;

	key.k0 ^= kind;
	return rgw_siphash(&key, p, len);
}

/* The mark of a NAS's name; never 0. */
uint32_t
rgw_nastable_mark_of(const struct rgw_nastable *t, const struct rgw_nas_names *names, unsigned kind)
{
	if (names->v[kind].len == 0)
		return 0;
	return (uint32_t)(hash_of(t, kind, names->v[kind].p, names->v[kind].len) >> 32) | 1;
}

static struct rgw_nas_item *
entry_of(struct rgw_nas_key *name)
{
	return (struct rgw_nas_item *)(void *)((char *)name - name->entry);
}

bool
rgw_nastable_is_equal(const struct rgw_nas_item *e, const struct rgw_nas_key *name,
    const struct rgw_nas_names *names, unsigned kind)
{
	return name->len == names->v[kind].len && memcmp(e->text + name->at, names->v[kind].p, name->len) == 0;
}

/* The first entry of this name from `node` on, which is the first node with the hash or NULL. */
struct rgw_nas_item *
rgw_nastable_next_with(struct rgw_hnode *node, const struct rgw_nas_names *names, unsigned kind, struct rgw_hnode **at)
{
	for (; node != NULL; node = rgw_htab_next(node)) {
		struct rgw_nas_key *name = RGW_CONTAINER(node, struct rgw_nas_key, node);

		if (name->kind == kind && rgw_nastable_is_equal(entry_of(name), name, names, kind)) {
			*at = node;
			return entry_of(name);
		}
	}
	return NULL;
}

struct rgw_nas_item *
rgw_nastable_first_with(struct rgw_nastable *t, const struct rgw_nas_names *names, unsigned kind, struct rgw_hnode **at)
{
	uint64_t hash = hash_of(t, kind, names->v[kind].p, names->v[kind].len);

	return rgw_nastable_next_with(rgw_htab_first(&t->names, hash), names, kind, at);
}

const struct rgw_nas_key *
rgw_nastable_name_of(const struct rgw_nas_item *e, unsigned kind)
{
	for (unsigned i = 0; i < e->n_names; i++)
		if (e->names[i].kind == kind && e->names[i].len > 0)
			return &e->names[i];
	return NULL;
}

bool
rgw_nastable_is_fresh(const struct rgw_nas_item *e, rgw_ms now)
{
	return now < e->seen + FRESH_MS;
}

/* ---- entries ---- */

static size_t
octets_of(const struct rgw_nas_item *e)
{
	return sizeof *e + e->n_names * (sizeof e->names[0] + NAME_OCTETS) + e->text_len + 2 * BLOCK_OCTETS;
}

void
rgw_nastable_forget(struct rgw_nastable *t, struct rgw_nas_item *e)
{
	for (unsigned i = 0; i < e->n_names; i++)
		if (e->names[i].len > 0)
			rgw_htab_remove(&t->names, &e->names[i].node);
	t->octets -= octets_of(e);
	t->n--;
	t->n_sessions -= e->is_session;
	e->owner->n--;
	e->owner->octets -= octets_of(e);
	rgw_link_remove(&e->link);
	free(e->text);
	free(e);
}

struct rgw_nas_owner *
rgw_nastable_find_owner(struct rgw_nastable *t, bool is_peer, uint32_t id)
{
	for (struct rgw_link *l = t->owners.next; l != &t->owners; l = l->next) {
		struct rgw_nas_owner *o = RGW_CONTAINER(l, struct rgw_nas_owner, link);

		if (o->id == id && o->is_peer == is_peer) {
			/* Who was heard of lately is found first. */
			rgw_link_remove(l);
			rgw_list_prepend(&t->owners, l);
			return o;
		}
	}
	return NULL;
}

struct rgw_nas_owner *
rgw_nastable_owner_for(struct rgw_nastable *t, const struct rgw_teacher *from)
{
	struct rgw_nas_owner *o = rgw_nastable_find_owner(t, from->is_peer, from->id);

	if (o != NULL)
		return o;
	o = calloc(1, sizeof *o);
	if (o == NULL)
		return NULL;
	o->is_peer = from->is_peer;
	o->id = from->id;
	rgw_link_init(&o->entries);
	rgw_list_append(&t->owners, &o->link);
	return o;
}

static struct rgw_nas_item *
oldest_of(const struct rgw_nas_owner *o)
{
	struct rgw_link *l = rgw_list_first(&o->entries);

	return l != NULL ? RGW_CONTAINER(l, struct rgw_nas_item, link) : NULL;
}

static struct rgw_nas_owner *
largest(struct rgw_nastable *t)
{
	struct rgw_nas_owner *found = NULL;

	for (struct rgw_link *l = t->owners.next; l != &t->owners; l = l->next) {
		struct rgw_nas_owner *o = RGW_CONTAINER(l, struct rgw_nas_owner, link);

		if (found == NULL || o->octets > found->octets)
			found = o;
	}
	return found;
}

/* The greatest size of an entry. */
#define MOST_OCTETS \
	(sizeof(struct rgw_nas_item) + 2 * BLOCK_OCTETS + \
	    RGW_SESSION_NAMES * (sizeof(struct rgw_nas_key) + NAME_OCTETS + RGW_ATTR_VALUE_MAX))

static bool
has_room(const struct rgw_nastable *t, const struct rgw_nas_owner *o)
{
	return rgw_fair_may_take(t->limit, t->n, o->n, 1) &&
	    rgw_fair_may_take(t->max_octets, t->octets, o->octets, MOST_OCTETS);
}

/* Makes room for one more entry of the owner: its own oldest ones give way if it holds more than its share, else the
 * oldest of whoever holds most. Returns how many gave way. */
unsigned
rgw_nastable_make_room(struct rgw_nastable *t, struct rgw_nas_owner *o, rgw_ms now)
{
	struct rgw_nas_item *old = oldest_of(o);
	unsigned n = 0;

	if (old != NULL && !rgw_nastable_is_fresh(old, now))
		rgw_nastable_forget(t, old);
	for (; !has_room(t, o); n++) {
		old = oldest_of(o);
		if (old == NULL)
			old = oldest_of(largest(t));
		if (old == NULL)
			break;
		rgw_nastable_forget(t, old);
	}
	return n;
}

bool
rgw_nastable_is_from(const struct rgw_nas_item *e, const struct rgw_teacher *from)
{
	return e->owner->id == from->id && e->owner->is_peer == from->is_peer &&
	    (from->is_peer || rgw_addr_equal(&e->addr, &from->addr));
}

void
rgw_nastable_hear(struct rgw_nas_item *e, const struct rgw_teacher *from, rgw_ms now)
{
	e->seen = now;
	e->worker = from->worker;
	e->serial = from->serial;
	rgw_link_remove(&e->link);
	rgw_list_append(&e->owner->entries, &e->link);
}

/* Copies the names of these kinds into the entry. false = memory is out, and the entry has none. */
static bool
write_names(struct rgw_nastable *t, struct rgw_nas_item *e, const struct rgw_nas_names *names, unsigned first)
{
	size_t at = 0;

	for (unsigned i = 0; i < e->n_names; i++)
		at += names->v[first + i].len;
	e->text = malloc(at > 0 ? at : 1);
	e->text_len = at;
	if (e->text == NULL)
		return false;
	at = 0;
	for (unsigned i = 0; i < e->n_names; i++) {
		struct rgw_nas_key *name = &e->names[i];
		uint8_t len = names->v[first + i].len;

		*name = (struct rgw_nas_key){ .kind = (uint8_t)(first + i), .at = (uint16_t)at,
			.entry = (uint32_t)((char *)name - (char *)e) };
		if (len == 0)
			continue;
		memcpy(e->text + at, names->v[first + i].p, len);
		if (!rgw_htab_add(&t->names, &name->node, hash_of(t, first + i, names->v[first + i].p, len)))
			continue;
		name->len = len;
		at += len;
	}
	return true;
}

/* Adds an entry with n_names names from `first` on. NULL = there is no memory. */
struct rgw_nas_item *
rgw_nastable_add(struct rgw_nastable *t, struct rgw_nas_owner *o, const struct rgw_nas_names *names,
    unsigned first, unsigned n_names,
    const struct rgw_teacher *from, rgw_ms now)
{
	struct rgw_nas_item *e = calloc(1, sizeof *e + n_names * sizeof e->names[0]);

	if (e == NULL)
		return NULL;
	e->n_names = (uint8_t)n_names;
	if (!write_names(t, e, names, first)) {
		free(e);
		return NULL;
	}
	e->owner = o;
	e->is_session = n_names > 1;
	e->addr = from->addr;
	e->nth = ++t->taught;
	rgw_link_init(&e->link);
	rgw_nastable_hear(e, from, now);
	o->n++;
	t->n++;
	t->n_sessions += e->is_session;
	t->octets += octets_of(e);
	o->octets += octets_of(e);
	return e;
}

/* ---- what entries are ---- */

bool
rgw_nastable_same_nas(const struct rgw_nastable *t, const struct rgw_nas_item *e, const struct rgw_nas_names *names)
{
	for (unsigned i = 0; i < RGW_NAS_NAMES; i++) {
		uint32_t mark = rgw_nastable_mark_of(t, names, i);

		if (mark != 0 && e->marks[i] != 0 && e->marks[i] != mark)
			return false;
	}
	return true;
}

/* Is what both say of the session the same, but for names that change while it lasts? */
bool
rgw_nastable_is_session(const struct rgw_nas_item *e, const struct rgw_nas_names *names, bool strict)
{
	for (unsigned i = RGW_NAS_NAMES; i < (strict ? RGW_NAMES : RGW_NAME_CUI); i++) {
		const struct rgw_nas_key *name = rgw_nastable_name_of(e, i);

		if (name != NULL && names->v[i].len > 0 && !rgw_nastable_is_equal(e, name, names, i))
			return false;
	}
	return true;
}

/* The name by which a session is looked for: the one that tells most. RGW_NAMES = none. */
unsigned
rgw_nastable_best_name(const struct rgw_nas_names *names)
{
	unsigned i = RGW_NAS_NAMES;

	while (i < RGW_NAMES && names->v[i].len == 0)
		i++;
	return i;
}

struct rgw_teacher
rgw_nastable_teacher_of(const struct rgw_nas_item *e)
{
	return (struct rgw_teacher){ .is_peer = e->owner->is_peer, .id = e->owner->id, .worker = e->worker,
		.serial = e->serial, .addr = e->addr };
}

void
rgw_nastable_free_owner(struct rgw_nastable *t, struct rgw_nas_owner *o)
{
	struct rgw_nas_item *e;

	while ((e = oldest_of(o)) != NULL)
		rgw_nastable_forget(t, e);
	rgw_link_remove(&o->link);
	free(o);
}

/* ---- the whole ---- */

void
rgw_nastable_init(struct rgw_nastable *t, const struct rgw_hashkey *key, size_t limit, uint64_t max_octets)
{
	*t = (struct rgw_nastable){ .key = *key, .limit = limit, .max_octets = max_octets };
	pthread_mutex_init(&t->lock, NULL);
	rgw_htab_init(&t->names);
	rgw_link_init(&t->owners);
}

void
rgw_nastable_fini(struct rgw_nastable *t)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&t->owners)) != NULL)
		rgw_nastable_free_owner(t, RGW_CONTAINER(l, struct rgw_nas_owner, link));
	rgw_htab_fini(&t->names);
	pthread_mutex_destroy(&t->lock);
}
