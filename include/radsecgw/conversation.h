/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CONVERSATION_H
#define RADSECGW_CONVERSATION_H

#include <stdint.h>

#include "radsecgw/hash.h"
#include "radsecgw/list.h"
#include "radsecgw/mem.h"
#include "radsecgw/time.h"

/*
 * Where a conversation lives: an Access-Challenge carries a State, and the request that brings it back
 * belongs to the same home server (P-PRX-13, P-TCP-46). Remembered under the State and whom it was
 * given to, for a while, in a table of bounded size that forgets the oldest first. The State is kept
 * only as a keyed hash.
 */
struct rgw_conversations {
	struct rgw_htab tab;
	struct rgw_slab slab;
	struct rgw_link order;      /* oldest first */
	struct rgw_hashkey hashkey;
	rgw_ms lifetime;
	uint32_t limit;
};

/* Where: what the engine makes of it is its own matter. */
struct rgw_conversation {
	void *target;      /* borrowed; must live as long as the table */
	uint32_t serial;   /* of the connection, or 0 */
};

void rgw_conversations_init(struct rgw_conversations *c, const struct rgw_hashkey *hashkey,
    uint32_t limit, rgw_ms lifetime);
void rgw_conversations_fini(struct rgw_conversations *c);

/* The conversation of `who` (any number that tells askers apart) with this State. */
void rgw_conversations_put(struct rgw_conversations *c, uint64_t who, const void *state, size_t len,
    const struct rgw_conversation *where, rgw_ms now);
/* Where it lives; target NULL = not known. */
struct rgw_conversation rgw_conversations_get(struct rgw_conversations *c, uint64_t who,
    const void *state, size_t len, rgw_ms now);

#endif
