/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_CHOOSE_H
#define ENGINE_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/conf.h"
#include "radsecgw/time.h"

#include "../links/target.h"

/*
 * The choice of a member of a pool (P-FO-3 to 7). Pure: what is known of the members comes as candidates, which the
 * caller owns, and the answer depends on nothing else.
 */

/* How good it is to turn to a member now, the best first. */
enum rgw_rank {
	RGW_RANK_GOOD,      /* the member works, or nothing is known against it */
	RGW_RANK_SILENT,    /* the member seems to work but has not answered what another one did */
	RGW_RANK_DOUBTFUL,  /* the member is suspected, or back after a failure and not proven yet */
	RGW_RANK_DOWN,
	RGW_RANK_UNFIT,     /* the member does not take this kind of request, or it is who asked */
};

/* What is known of a member, as far as it decides. */
struct rgw_candidate {
	enum rgw_rank rank;
	bool excluded;     /* the member has had its chance, or the request is there already */
	rgw_ms mark;       /* when the member left the realm unanswered; 0 = it did not. Older marks are better */
	uint64_t load;     /* least-outstanding: number of requests that the member has */
	uint64_t weight;   /* hash: the member with the greatest goes first */
};

/* The rank of a target. `silent`: the target has not answered what another one did. */
enum rgw_rank rgw_choose_rank(enum rgw_standing standing, bool silent);

/* The index of the best candidate by the policy, if it is of rank `worst` or better; n = no candidate is. Of equal
 * candidates the first is best. `next`: where round-robin begins. */
size_t rgw_choose(enum rgw_pool_policy policy, const struct rgw_candidate *candidates, size_t n, size_t next,
    enum rgw_rank worst);

#endif
