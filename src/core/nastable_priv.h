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

/* A name by which an entry is found. */
struct rgw_nas_key {
	struct rgw_hnode node;
	uint8_t kind;              /* enum rgw_nas_name */
	uint8_t len;               /* 0 = the entry has no such name */
	uint16_t at;               /* where the value is in the text */
	uint32_t entry;            /* octets from the start of the entry to this name */
};

/* A NAS, which has one name, or a session. Of the NAS of a session marks are kept, which tell it from others. */
struct rgw_nas_item {
	struct rgw_link link;      /* in the owner's row */
	struct rgw_nas_owner *owner;       /* borrowed */
	uint64_t nth;              /* a smaller number is that of an entry that was there before */
	rgw_ms seen;
	uint32_t worker;
	uint32_t serial;
	struct rgw_addr addr;
	uint32_t marks[RGW_NAS_NAMES];  /* a session: of the names of its NAS; 0 = not said */
	uint8_t n_names;
	bool is_session;
	uint8_t *text;             /* owned: the values */
	size_t text_len;
	struct rgw_nas_key names[];
};


bool rgw_nastable_is_equal(const struct rgw_nas_item *e, const struct rgw_nas_key *name,
    const struct rgw_nas_names *names, unsigned kind);
/* The first entry of this name from `node` on, which is the first node with the hash or NULL. */
struct rgw_nas_item *rgw_nastable_next_with(struct rgw_hnode *node, const struct rgw_nas_names *names,
    unsigned kind, struct rgw_hnode **at);
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
void rgw_nastable_hear(struct rgw_nas_item *e, const struct rgw_teacher *from, rgw_ms now);
/* Adds an entry with n_names names from `first` on. NULL = there is no memory. */
struct rgw_nas_item *rgw_nastable_add(struct rgw_nastable *t, struct rgw_nas_owner *o,
    const struct rgw_nas_names *names, unsigned first, unsigned n_names, const struct rgw_teacher *from, rgw_ms now);
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
