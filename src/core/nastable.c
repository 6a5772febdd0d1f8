/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nastable_priv.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/fair.h"
#include "radsecgw/mac.h"

/*
 * The table of NASes and sessions; see nastable.h. An entry is owned by its neighbour's row, which is in the order in
 * which its entries were heard of; it is found by each of its names. All memory is of a size that strangers decide, so
 * what cannot be had is not learned.
 */

/* What the system's allocator adds to a block, about. */
#define BLOCK_OCTETS 16

/* So many entries are found by the same name: of a user who may be anybody at all, of which a neighbour has its share
 * (fair.h), and of one neighbour if it is another name. More of them only make every walk longer. */
#define SAME_USER 64
#define SAME_NAME 16

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

/* Is the text the address of a device, and nothing else? */
static bool
read_mac(const uint8_t *p, size_t len, char digits[static RGW_MAC_DIGITS])
{
	return len > 0 && rgw_mac_read(p, len, digits) == len;
}

/* Each side writes the address of a device as it likes: it is found by what it is. */
static uint64_t
hash_of(const struct rgw_nastable *t, unsigned kind, const uint8_t *p, size_t len)
{
	struct rgw_hashkey key = t->key;
	char mac[RGW_MAC_DIGITS];

	key.k0 ^= kind;
	if (kind == RGW_NAME_STATION && read_mac(p, len, mac))
		return rgw_siphash(&key, mac, sizeof mac);
	return rgw_siphash(&key, p, len);
}

static bool
is_same_mac(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	char one[RGW_MAC_DIGITS], other[RGW_MAC_DIGITS];

	return read_mac(a, a_len, one) && read_mac(b, b_len, other) && memcmp(one, other, sizeof one) == 0;
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
	const uint8_t *text = rgw_nastable_text(e) + name->at;

	if (name->len == names->v[kind].len && memcmp(text, names->v[kind].p, name->len) == 0)
		return true;
	return kind == RGW_NAME_STATION && is_same_mac(text, name->len, names->v[kind].p, names->v[kind].len);
}

/* The first entry of this name from `node` on, which is the first node with the hash or NULL. */
struct rgw_nas_item *
rgw_nastable_next_with(struct rgw_nastable *t, struct rgw_hnode *node, const struct rgw_nas_names *names,
    unsigned kind, struct rgw_hnode **at)
{
	for (; node != NULL; node = rgw_htab_next(node)) {
		struct rgw_nas_key *name = RGW_CONTAINER(node, struct rgw_nas_key, node);

		t->steps++;
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

	return rgw_nastable_next_with(t, rgw_htab_first(&t->names, hash), names, kind, at);
}

const struct rgw_nas_key *
rgw_nastable_name_of(const struct rgw_nas_item *e, unsigned kind)
{
	for (unsigned i = 0; i < e->n_names; i++)
		if (e->names[i].kind == kind)
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
	return sizeof *e + e->n_names * (sizeof e->names[0] + NAME_OCTETS) + e->text_len + BLOCK_OCTETS;
}

#define PLACE_OCTETS (sizeof(struct rgw_nas_place) + NAME_OCTETS + BLOCK_OCTETS)

/* Takes the entry from its place, which ends with its last one. */
static void
leave_place(struct rgw_nastable *t, struct rgw_nas_item *e)
{
	struct rgw_nas_place *p = e->place;

	rgw_link_remove(&e->beside);
	e->place = NULL;
	if (rgw_list_first(&p->items) != NULL)
		return;
	t->octets -= PLACE_OCTETS;
	p->owner->octets -= PLACE_OCTETS;
	rgw_htab_remove(&t->places, &p->node);
	free(p);
}

void
rgw_nastable_forget(struct rgw_nastable *t, struct rgw_nas_item *e)
{
	struct rgw_nas_owner *o = e->place->owner;

	for (unsigned i = 0; i < e->n_names; i++)
		if (e->names[i].is_found)
			rgw_htab_remove(&t->names, &e->names[i].node);
	t->octets -= octets_of(e);
	t->n--;
	t->n_sessions -= e->is_session;
	o->n--;
	o->octets -= octets_of(e);
	rgw_link_remove(&e->link);
	leave_place(t, e);
	free(e);
}

/* ---- places ---- */

struct rgw_nas_where
rgw_nastable_where(const struct rgw_nastable *t, const struct rgw_nas_names *names, const struct rgw_teacher *from)
{
	struct rgw_nas_where where = { .from = from };

	for (unsigned i = 0; i < RGW_NAS_NAMES; i++)
		where.marks[i] = rgw_nastable_mark_of(t, names, i);
	return where;
}

static uint64_t
place_hash(const struct rgw_nastable *t, const struct rgw_nas_where *where)
{
	struct {
		struct rgw_addr addr;
		uint32_t marks[RGW_NAS_NAMES];
		uint32_t id;
		uint32_t is_peer;
	} key = { .addr = where->from->addr, .id = where->from->id, .is_peer = where->from->is_peer };

	memcpy(key.marks, where->marks, sizeof key.marks);
	return rgw_siphash(&t->key, &key, sizeof key);
}

static bool
is_place(const struct rgw_nas_place *p, const struct rgw_nas_where *where)
{
	return p->owner->id == where->from->id && p->owner->is_peer == where->from->is_peer &&
	    memcmp(p->marks, where->marks, sizeof p->marks) == 0 && rgw_addr_equal(&p->addr, &where->from->addr);
}

struct rgw_nas_place *
rgw_nastable_find_place(const struct rgw_nastable *t, const struct rgw_nas_where *where)
{
	struct rgw_hnode *node = rgw_htab_first(&t->places, place_hash(t, where));

	for (; node != NULL; node = rgw_htab_next(node))
		if (is_place(RGW_CONTAINER(node, struct rgw_nas_place, node), where))
			return RGW_CONTAINER(node, struct rgw_nas_place, node);
	return NULL;
}

/* The place, which is made if there is none, and must then get an entry. NULL = there is no memory. */
static struct rgw_nas_place *
place_for(struct rgw_nastable *t, struct rgw_nas_owner *o, const struct rgw_nas_where *where)
{
	struct rgw_nas_place *p = rgw_nastable_find_place(t, where);

	if (p != NULL)
		return p;
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return NULL;
	p->owner = o;
	p->addr = where->from->addr;
	memcpy(p->marks, where->marks, sizeof p->marks);
	rgw_link_init(&p->items);
	if (!rgw_htab_add(&t->places, &p->node, place_hash(t, where))) {
		free(p);
		return NULL;
	}
	t->octets += PLACE_OCTETS;
	o->octets += PLACE_OCTETS;
	return p;
}

/* ---- owners ---- */

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
	(sizeof(struct rgw_nas_item) + BLOCK_OCTETS + PLACE_OCTETS + \
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
	const struct rgw_nas_place *p = e->place;

	return p->owner->id == from->id && p->owner->is_peer == from->is_peer &&
	    (from->is_peer || rgw_addr_equal(&p->addr, &from->addr));
}

void
rgw_nastable_hear(struct rgw_nastable *t, struct rgw_nas_item *e, const struct rgw_nas_where *where, rgw_ms now)
{
	struct rgw_nas_owner *o = e->place->owner;
	struct rgw_nas_place *p = is_place(e->place, where) ? e->place : place_for(t, o, where);

	e->seen = now;
	e->worker = where->from->worker;
	e->serial = where->from->serial;
	rgw_link_remove(&e->link);
	rgw_list_append(&o->entries, &e->link);
	if (p == NULL || p == e->place)
		return;
	leave_place(t, e);
	e->place = p;
	rgw_list_append(&p->items, &e->beside);
}

/* Have so many entries the name that one more need not be found by it? A user's are shared between all neighbours: none
 * of them hides the sessions of the others behind its own. */
static bool
is_common(struct rgw_nastable *t, const struct rgw_nas_owner *o, const struct rgw_nas_names *names, unsigned kind)
{
	bool is_user = kind == RGW_NAME_USER || kind == RGW_NAME_CUI;
	unsigned all = 0, own = 0;
	struct rgw_hnode *at;

	for (struct rgw_nas_item *e = rgw_nastable_first_with(t, names, kind, &at); e != NULL;
	     e = rgw_nastable_next_with(t, rgw_htab_next(at), names, kind, &at)) {
		all++;
		own += e->place->owner == o;
		if (!is_user && own >= SAME_NAME)
			return true;
	}
	return is_user && !rgw_fair_may_take(SAME_USER, all, own, 1);
}

/* Copies the names of these kinds into the entry. */
static void
write_names(struct rgw_nastable *t, struct rgw_nas_item *e, const struct rgw_nas_names *names, unsigned first,
    unsigned end)
{
	struct rgw_nas_key *name = e->names;

	for (unsigned i = first; i < end; i++) {
		uint8_t len = names->v[i].len;

		if (len == 0)
			continue;
		*name = (struct rgw_nas_key){ .kind = (uint8_t)i, .len = len, .at = e->text_len,
			.entry = (uint16_t)((char *)name - (char *)e) };
		memcpy(rgw_nastable_text(e) + e->text_len, names->v[i].p, len);
		e->text_len = (uint16_t)(e->text_len + len);
		name->is_found = !is_common(t, e->place->owner, names, i) &&
		    rgw_htab_add(&t->names, &name->node, hash_of(t, i, names->v[i].p, len));
		name++;
	}
}

struct rgw_nas_item *
rgw_nastable_add(struct rgw_nastable *t, struct rgw_nas_owner *o, const struct rgw_nas_names *names,
    unsigned first, unsigned end, const struct rgw_nas_where *where, rgw_ms now)
{
	struct rgw_nas_item *e;
	unsigned n_names = 0;
	size_t text = 0;

	for (unsigned i = first; i < end; i++) {
		n_names += names->v[i].len > 0;
		text += names->v[i].len;
	}
	e = calloc(1, sizeof *e + n_names * sizeof e->names[0] + text);
	if (e == NULL)
		return NULL;
	e->place = place_for(t, o, where);
	if (e->place == NULL) {
		free(e);
		return NULL;
	}
	rgw_link_init(&e->link);
	rgw_link_init(&e->beside);
	rgw_list_append(&e->place->items, &e->beside);
	e->n_names = (uint8_t)n_names;
	write_names(t, e, names, first, end);
	e->is_session = first >= RGW_NAS_NAMES;
	e->nth = ++t->taught;
	rgw_nastable_hear(t, e, where, now);
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

		if (mark != 0 && e->place->marks[i] != 0 && e->place->marks[i] != mark)
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
	const struct rgw_nas_place *p = e->place;

	return (struct rgw_teacher){ .is_peer = p->owner->is_peer, .id = p->owner->id, .worker = e->worker,
		.serial = e->serial, .addr = p->addr };
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
	rgw_htab_init(&t->places);
	rgw_link_init(&t->owners);
}

void
rgw_nastable_fini(struct rgw_nastable *t)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&t->owners)) != NULL)
		rgw_nastable_free_owner(t, RGW_CONTAINER(l, struct rgw_nas_owner, link));
	rgw_htab_fini(&t->names);
	rgw_htab_fini(&t->places);
	pthread_mutex_destroy(&t->lock);
}
