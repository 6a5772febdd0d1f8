/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CONVERSATION_H
#define RADSECGW_CONVERSATION_H

#include <stddef.h>
#include <stdint.h>

#include "radsecgw/cache.h"
#include "radsecgw/hash.h"
#include "radsecgw/list.h"
#include "radsecgw/time.h"

/*
 * Where a conversation lives: an Access-Challenge carries a State, and the request that brings it back belongs to the
 * same home server (P-PRX-13, P-TCP-46). The place is remembered under the State and the talker that it was given to,
 * for a while, in a table of bounded size. The State is kept only as a keyed hash.
 *
 * Talkers use the table fairly (fair.h): when it fills, the talker that holds most forgets its own oldest
 * conversations, so the challenges of one talker never push out those of the others. All functions take constant time,
 * but for rgw_conversations_expire. An entry takes at most RGW_CONVERSATION_OCTETS with its share of the hash table.
 */
#define RGW_CONVERSATION_OCTETS 104

struct rgw_conversations {
	struct rgw_cache cache;
	struct rgw_cache_row all;   /* conversations of all talkers, oldest first */
	struct rgw_hashkey hashkey;
	rgw_ms lifetime;
	uint32_t limit;
};

/* A client or peer as one that gets challenges, in which it is embedded; before it ends, rgw_conversations_leave tells
 * the table. */
struct rgw_talker {
	uint64_t number;            /* number by which talkers are told apart */
	struct rgw_link own;        /* conversations of the talker, oldest first */
	uint32_t n;
};

/* The place where a conversation lives; what the engine makes of it is its own matter. */
struct rgw_conversation {
	uint32_t target;   /* number of the target, which is never used for another one; 0 = none */
	uint32_t serial;   /* serial of the connection, or 0 */
	uint64_t id;       /* what the log calls the conversation; 0 = it is no conversation */
	uint32_t began;    /* the lower half of the time at which its first round came, milliseconds */
	uint32_t rounds;   /* number of its rounds up to this one */
};

void rgw_conversations_init(struct rgw_conversations *c, const struct rgw_hashkey *hashkey,
    uint32_t limit, rgw_ms lifetime);
/* Changes the greatest number of conversations; if there are more, the oldest are forgotten. */
void rgw_conversations_limit(struct rgw_conversations *c, uint32_t limit);
void rgw_conversations_fini(struct rgw_conversations *c);

void rgw_talker_init(struct rgw_talker *talker, uint64_t number);
/* Forgets the conversations of a talker, which is about to end. */
void rgw_conversations_leave(struct rgw_conversations *c, struct rgw_talker *talker);

/* Notes that the conversation of a talker with this State lives there from now on. Returns the number of older
 * conversations, which might still have gone on, that were forgotten for want of room. */
unsigned rgw_conversations_put(struct rgw_conversations *c, struct rgw_talker *talker, const void *state,
    size_t len, const struct rgw_conversation *where, rgw_ms now);
/* Returns where the conversation of a State lives; target 0 = not known. */
struct rgw_conversation rgw_conversations_get(const struct rgw_conversations *c,
    const struct rgw_talker *talker, const void *state, size_t len, rgw_ms now);

/* Forgets conversations that have not gone on for too long. */
void rgw_conversations_expire(struct rgw_conversations *c, rgw_ms now);
/* When it is worth while to call rgw_conversations_expire next, or RGW_NEVER. */
rgw_ms rgw_conversations_next(const struct rgw_conversations *c);

#endif
