/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_IDPOOL_H
#define RADSECGW_IDPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/radius.h"
#include "radsecgw/time.h"

/*
 * The 256 identifiers of one connection (P-ID-1 to 5). Identifier 0 is kept for Status-Server
 * (P-TCP-20, 41). One that timed out rests, because its answer may still come; when nothing else is
 * left it may be used again at once, as long as only one earlier request of it can still be answered:
 * the authenticators of the last two requests are kept, so a late answer is told from a wrong one
 * and never harms the connection. Pure and without allocation.
 */
enum rgw_id_state { RGW_ID_FREE, RGW_ID_BUSY, RGW_ID_RESTING };

/* The request that was sent under an identifier. code 0 = nothing yet. */
struct rgw_id_sent {
	uint8_t auth[RGW_AUTH_LEN];
	uint8_t code;
	rgw_ms late_until;  /* an answer may come until then; 0 = it has come, or never will */
};

struct rgw_id {
	void *owner;               /* borrowed: the request while BUSY, else NULL */
	struct rgw_id_sent now;    /* the current request, or the last one */
	struct rgw_id_sent before; /* the one before */
	uint8_t state;
	uint8_t next;              /* in the list of free or of resting ones; 0 = end */
};

/* A FIFO of identifiers; 0 = none, since 0 itself is never in a list. */
struct rgw_id_list {
	uint8_t first;
	uint8_t last;
};

struct rgw_idpool {
	struct rgw_id id[256];
	struct rgw_id_list free;     /* least recently used first (P-ID-2) */
	struct rgw_id_list resting;  /* the one whose rest ends first comes first */
	rgw_ms rest;                 /* how long an answer may come after the request timed out */
	uint16_t busy;
};

void rgw_idpool_init(struct rgw_idpool *pool, rgw_ms rest);

/* Takes an identifier for a request; 0 = all are taken. */
uint8_t rgw_idpool_take(struct rgw_idpool *pool, void *owner, rgw_ms now);
/* Would rgw_idpool_take succeed? */
bool rgw_idpool_available(const struct rgw_idpool *pool, rgw_ms now);
/* Could this identifier be used again at once, if it is BUSY after being given up? */
bool rgw_idpool_reusable(const struct rgw_idpool *pool, uint8_t id, rgw_ms now);
/* Notes what was sent under an identifier that is BUSY. */
void rgw_idpool_sent(struct rgw_idpool *pool, uint8_t id, uint8_t code,
    const uint8_t auth[static RGW_AUTH_LEN]);
/* Frees an identifier: the valid answer came. */
void rgw_idpool_answered(struct rgw_idpool *pool, uint8_t id);
/* Lets an identifier rest: nobody waits any more (the request timed out, or the client went another way). */
void rgw_idpool_given_up(struct rgw_idpool *pool, uint8_t id, rgw_ms now);
/* Identifier 0, which is never taken: a Status-Server was sent under it; one before it that had no
 * answer is given up (P-TCP-20, P-SS-8). */
void rgw_idpool_probe(struct rgw_idpool *pool, uint8_t code, const uint8_t auth[static RGW_AUTH_LEN],
    rgw_ms now);
/* Notes that the answer to that Status-Server came. */
void rgw_idpool_probe_answered(struct rgw_idpool *pool);
/* A late answer came, to the request under it (or under it before): it need not rest for that any
 * longer, or a flood of requests that are given up would use up all identifiers. */
void rgw_idpool_late(struct rgw_idpool *pool, uint8_t id, struct rgw_id_sent *which, rgw_ms now);
/* Nothing was sent under it after all: free at once. */
void rgw_idpool_unused(struct rgw_idpool *pool, uint8_t id);

#endif
