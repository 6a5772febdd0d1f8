/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CORE_NASTABLE_PRIV_H
#define RADSECGW_CORE_NASTABLE_PRIV_H

#include "radsecgw/nastable.h"

/* The inside of the table of NASes and sessions, for the files that work on it under its lock. */

/* Entries that were not heard of for this long are forgotten. */
#define FRESH_MS 86400000

struct rgw_nas_owner {
	struct rgw_link link;
	struct rgw_link entries;   /* the oldest first */
	size_t n;
	uint64_t octets;           /* that its entries take */
	bool is_peer;
	uint32_t id;
};

/* Where entries were last heard from: a NAS behind a neighbour, as far as its names and its address tell. It is there
 * as long as it has entries. */
struct rgw_nas_place {
	struct rgw_hnode node;
	struct rgw_link items;          /* entries of this place */
	struct rgw_nas_owner *owner;    /* borrowed */
	struct rgw_addr addr;
	uint32_t marks[RGW_NAS_NAMES];  /* of the names of the NAS; 0 = not said */
};

/* A name of an entry. */
struct rgw_nas_key {
	struct rgw_hnode node;
	uint8_t kind;              /* enum rgw_nas_name */
	uint8_t len;
	uint16_t at;               /* where the value is in the text */
	uint16_t entry;            /* octets from the start of the entry to this name */
	bool is_found;             /* the entry is found by the name, which not too many others have */
};

/* A NAS, which has one name, or a session. */
struct rgw_nas_item {
	struct rgw_link link;      /* in the owner's row */
	struct rgw_link beside;    /* in the row of the place */
	struct rgw_nas_place *place;  /* borrowed; of a session, with the marks of its NAS */
	uint64_t nth;              /* a smaller number is that of an entry that was there before */
	rgw_ms seen;
	uint32_t worker;
	uint32_t serial;
	uint16_t text_len;
	uint8_t n_names;
	bool is_session;
	struct rgw_nas_key names[];   /* the text follows: all values */
};

static inline uint8_t *
rgw_nastable_text(const struct rgw_nas_item *e)
{
	return (uint8_t *)(uintptr_t)&e->names[e->n_names];
}

bool rgw_nastable_is_equal(const struct rgw_nas_item *e, const struct rgw_nas_key *name,
    const struct rgw_nas_names *names, unsigned kind);
/* The first entry of this name from `node` on, which is the first node with the hash or NULL. */
struct rgw_nas_item *rgw_nastable_next_with(struct rgw_nastable *t, struct rgw_hnode *node,
    const struct rgw_nas_names *names, unsigned kind, struct rgw_hnode **at);
struct rgw_nas_item *rgw_nastable_first_with(struct rgw_nastable *t, const struct rgw_nas_names *names,
    unsigned kind, struct rgw_hnode **at);
const struct rgw_nas_key *rgw_nastable_name_of(const struct rgw_nas_item *e, unsigned kind);
bool rgw_nastable_is_fresh(const struct rgw_nas_item *e, rgw_ms now);
bool rgw_nastable_is_from(const struct rgw_nas_item *e, const struct rgw_teacher *from);
void rgw_nastable_forget(struct rgw_nastable *t, struct rgw_nas_item *e);
struct rgw_nas_owner *rgw_nastable_owner_for(struct rgw_nastable *t, const struct rgw_teacher *from);
struct rgw_nas_owner *rgw_nastable_find_owner(struct rgw_nastable *t, bool is_peer, uint32_t id);
/* Makes room for one more entry of the owner: its own oldest one gives way if it holds more than its share, else the
 * oldest of whoever holds most. Returns how many gave way. */
unsigned rgw_nastable_make_room(struct rgw_nastable *t, struct rgw_nas_owner *o, rgw_ms now);
/* What is said of a NAS, and by whom. */
struct rgw_nas_where {
	const struct rgw_teacher *from;
	uint32_t marks[RGW_NAS_NAMES];
};
struct rgw_nas_where rgw_nastable_where(const struct rgw_nastable *t, const struct rgw_nas_names *names,
    const struct rgw_teacher *from);
/* The place, NULL = nothing was heard from there. */
struct rgw_nas_place *rgw_nastable_find_place(const struct rgw_nastable *t, const struct rgw_nas_where *where);
/* The entry was heard of again, from there. */
void rgw_nastable_hear(struct rgw_nastable *t, struct rgw_nas_item *e, const struct rgw_nas_where *where, rgw_ms now);
/* Adds an entry with those of the names whose kinds are from `first` to before `end`. NULL = there is no memory. */
struct rgw_nas_item *rgw_nastable_add(struct rgw_nastable *t, struct rgw_nas_owner *o,
    const struct rgw_nas_names *names, unsigned first, unsigned end, const struct rgw_nas_where *where, rgw_ms now);
bool rgw_nastable_same_nas(const struct rgw_nastable *t, const struct rgw_nas_item *e,
    const struct rgw_nas_names *names);
/* Is what both say of the session the same, but for names that change while it lasts? */
bool rgw_nastable_is_session(const struct rgw_nas_item *e, const struct rgw_nas_names *names, bool strict);
/* The name by which a session is looked for: the one that tells most. RGW_NAMES = none. */
unsigned rgw_nastable_best_name(const struct rgw_nas_names *names);
struct rgw_teacher rgw_nastable_teacher_of(const struct rgw_nas_item *e);
/* The mark of a NAS's name; never 0. */
uint32_t rgw_nastable_mark_of(const struct rgw_nastable *t, const struct rgw_nas_names *names, unsigned kind);
void rgw_nastable_free_owner(struct rgw_nastable *t, struct rgw_nas_owner *o);

#endif
