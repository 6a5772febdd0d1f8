/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <string.h>

/* What is known of the members of a pool when a request looks for one of them: their ranks, and what else the choice
 * depends on. The choice is made in choose.c. */

size_t
rgw_pool_index(const struct rgw_pool *pool, const struct rgw_target *target)
{
	size_t i = 0;

	while (i < pool->n && pool->members[i] != target)
		i++;
	return i;
}

uint64_t
rgw_pool_bit(const struct rgw_pool *pool, const struct rgw_target *target)
{
	return UINT64_C(1) << rgw_pool_index(pool, target);
}

bool
rgw_req_is_at(const struct rgw_req *req, const struct rgw_target *target)
{
	for (unsigned i = 0; i < RGW_ATTEMPTS; i++)
		if (req->attempts[i].state != RGW_ATTEMPT_NONE && req->attempts[i].target == target)
			return true;
	return false;
}

bool
rgw_rank_is_loop(const struct rgw_target *target, const struct rgw_req *req)
{
	/* A target and the asker are the same peer if they have the same section. */
	return target->conf == req->origin.asker->conf;
}

enum rgw_rank
rgw_rank_of(struct rgw_target *target, const struct rgw_req *req, rgw_ms now)
{
	return target->held ? RGW_RANK_UNFIT : rgw_rank_at_home(target, req, now);
}

enum rgw_rank
rgw_rank_at_home(struct rgw_target *target, const struct rgw_req *req, rgw_ms now)
{
	if (rgw_rank_is_loop(target, req))
		return RGW_RANK_UNFIT;
	return rgw_choose_rank(target->ops->standing(target, rgw_req_service(req), now), target->silent_until > now);
}

bool
rgw_rank_waits_at(const struct rgw_req *req, struct rgw_target *own, rgw_ms now)
{
	return own->ops->is_many && rgw_packet_has(&req->packet, RGW_AT_STATE) &&
	    own->ops->standing(own, rgw_req_service(req), now) <= RGW_RETURNING;
}

/* The weight of a target for a key, by rendezvous hashing: each member has its own order of preference for a key, so
 * that only the keys of a member that goes are spread over the others. */
static uint64_t
weight(const struct rgw_target *target, const struct rgw_req *req, uint8_t key)
{
	struct rgw_gw *gw = target->gw;
	struct rgw_attr a = { 0 };
	struct rgw_hashkey own = gw->common->salt;

	own.k0 ^= rgw_siphash(&gw->common->salt, target->conf->name, strlen(target->conf->name));
	while (rgw_packet_next(&req->packet, &a))
		if (a.type == key)
			return rgw_siphash(&own, a.value, a.len);
	return rgw_siphash(&own, req->entry->dup.auth, sizeof req->entry->dup.auth);
}

/* What the choice depends on, for a member whose rank is good enough. */
static struct rgw_candidate
candidate(const struct rgw_req *req, size_t i, enum rgw_rank worst, rgw_ms now)
{
	const struct rgw_pool *pool = req->pool;
	struct rgw_target *t = pool->members[i];
	struct rgw_candidate c = { .rank = rgw_rank_of(t, req, now),
		.excluded = (req->tried >> i & 1) != 0 || rgw_req_is_at(req, t) };

	if (c.excluded || c.rank > worst)
		return c;
	c.mark = rgw_mark_of(req, t, now);
	if (pool->conf->policy == RGW_POOL_LEAST_OUTSTANDING)
		c.load = t->ops->load(t);
	else if (pool->conf->policy == RGW_POOL_HASH)
		c.weight = weight(t, req, pool->conf->hash_key);
	return c;
}

struct rgw_target *
rgw_rank_best(const struct rgw_req *req, enum rgw_rank worst, rgw_ms now)
{
	struct rgw_candidate candidates[RGW_POOL_MEMBERS_MAX];
	const struct rgw_pool *pool = req->pool;
	size_t best;

	if (rgw_suspect_care(req) == RGW_CARE_NO_MORE)
		return NULL;
	for (size_t i = 0; i < pool->n; i++)
		candidates[i] = candidate(req, i, worst, now);
	best = rgw_choose(pool->conf->policy, candidates, pool->n, pool->next, worst);
	return best < pool->n ? pool->members[best] : NULL;
}
