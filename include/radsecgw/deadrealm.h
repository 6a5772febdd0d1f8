/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_DEADREALM_H
#define RADSECGW_DEADREALM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/cache.h"
#include "radsecgw/hash.h"
#include "radsecgw/time.h"

/*
 * Which realms a neighbour did not serve although it was alive (P-FO-7). A mark belongs to one realm at
 * one neighbour, so that a dead institution takes nobody else down, and a neighbour that is cut off
 * from one institution keeps all others. Memory is bounded: realms that were ever answered have room
 * of their own, and names that nobody has answered for, which anybody can invent, displace only each
 * other. Names are compared without regard to ASCII case.
 */
struct rgw_deadrealms {
	struct rgw_cache cache;
	struct rgw_cache_row proven;    /* realms that were answered, the longest unused first */
	struct rgw_cache_row unproven;  /* other realms, the longest unused first */
	size_t limit_proven;
	size_t limit_unproven;
	size_t n_marks;
	struct rgw_hashkey hashkey;
};

void rgw_deadrealms_init(struct rgw_deadrealms *d, const struct rgw_hashkey *hashkey,
    size_t limit_proven, size_t limit_unproven);
void rgw_deadrealms_fini(struct rgw_deadrealms *d);

/* Notes that a request of the realm had no answer from the neighbour `who`. Returns the number of such requests in a
 * row. */
uint32_t rgw_deadrealms_silent(struct rgw_deadrealms *d, const void *realm, size_t len, uint32_t who,
    rgw_ms now);
/* Notes that a request of the realm had an answer. Returns the number of requests in a row that had none before it. */
uint32_t rgw_deadrealms_answered(struct rgw_deadrealms *d, const void *realm, size_t len, uint32_t who);
/* When the last of at least `after` requests in a row had no answer; 0 = there is no such mark, or it is
 * as old as `expiry`. */
rgw_ms rgw_deadrealms_mark(const struct rgw_deadrealms *d, const void *realm, size_t len, uint32_t who,
    uint32_t after, rgw_ms expiry, rgw_ms now);

#endif
