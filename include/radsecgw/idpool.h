/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_IDPOOL_H
#define RADSECGW_IDPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/radius.h"
#include "radsecgw/time.h"

/*
 * The 256 identifiers of one connection or source port (P-ID-1 to 5). Identifier 0 is kept for Status-Server (P-TCP-20,
 * 41). An identifier whose request timed out rests, because the answer may still come; when no other identifier is left
 * it may be used again at once, as long as only one earlier request of it can still be answered: the authenticators of
 * the last two requests are kept, so a late answer is told from a wrong one and never harms the connection. What a pool
 * is made of is known in idpool.c alone; others look at single identifiers, and never write to them.
 */
struct rgw_idpool;

enum rgw_id_state { RGW_ID_FREE, RGW_ID_BUSY, RGW_ID_RESTING };

/* A request that was sent under an identifier. */
struct rgw_id_sent {
	uint8_t auth[RGW_AUTH_LEN];  /* the request's Request Authenticator */
	uint8_t code;                /* the request's code; 0 = no request was sent */
	rgw_ms late_until;           /* time until which an answer to the request may come; 0 = the answer has come, or
	                              * never will */
};

/* One identifier. The struct is visible since whoever judges an answer compares the authenticators of both requests. */
struct rgw_id {
	void *owner;                 /* borrowed: what was given to rgw_idpool_take, while BUSY; else NULL */
	struct rgw_id_sent now;      /* the current request, or the last one */
	struct rgw_id_sent before;   /* the request before that */
	uint8_t state;               /* enum rgw_id_state */
};

/* Makes a pool, which the caller owns until rgw_idpool_free. `rest`: milliseconds for which an answer may still come
 * after its request was given up. NULL = memory is out. */
struct rgw_idpool *rgw_idpool_new(rgw_ms rest) __attribute__((warn_unused_result));
/* Changes that time for requests that are given up from now on. */
void rgw_idpool_rest(struct rgw_idpool *pool, rgw_ms rest);
/* Wipes the pool, since somebody might search for the secret with what it holds, and frees it. NULL does nothing. */
void rgw_idpool_free(struct rgw_idpool *pool);

/* Returns what is known of an identifier, for example of that of a packet that came. The result is borrowed, and valid
 * as long as the pool. */
const struct rgw_id *rgw_idpool_find(const struct rgw_idpool *pool, uint8_t id);
/* The owner of the first identifier above *id that has one, and *id becomes that identifier; NULL = there is no further
 * owner. Begin with 0. Identifiers may be taken and given back between two calls. */
void *rgw_idpool_next(const struct rgw_idpool *pool, unsigned *id);
/* How many identifiers are BUSY, without identifier 0. */
unsigned rgw_idpool_busy(const struct rgw_idpool *pool);

/* Takes an identifier for a request; 0 = no identifier can be taken. */
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
/* Notes that a Status-Server was sent under identifier 0, which is never taken; a Status-Server before it that had no
 * answer is given up (P-TCP-20, P-SS-8). */
void rgw_idpool_probe(struct rgw_idpool *pool, uint8_t code, const uint8_t auth[static RGW_AUTH_LEN],
    rgw_ms now);
/* Notes that the answer to that Status-Server came. */
void rgw_idpool_probe_answered(struct rgw_idpool *pool);
/* Notes that a late answer came to a request of the identifier, `now` or `before` of what rgw_idpool_find returns:
 * the identifier need not rest for that request any longer, or a flood of requests that are given up would use up all
 * identifiers. */
void rgw_idpool_late(struct rgw_idpool *pool, uint8_t id, const struct rgw_id_sent *which, rgw_ms now);
/* Frees an identifier at once, since nothing was sent under it after all. */
void rgw_idpool_unused(struct rgw_idpool *pool, uint8_t id);

#endif
