/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <stdlib.h>

/* Where a request goes, and where it goes next when its attempt at one member of its pool comes to nothing. The gateway
 * holds the editions,
 * and these own the pools. */

static void
make(struct rgw_gw *gw, struct rgw_pool *pool, const struct rgw_conf_pool *conf)
{
	pool->conf = conf;
	pool->n = conf->members.n;
	pool->members = rgw_xcalloc(pool->n, sizeof(struct rgw_target *));
	for (size_t i = 0; i < pool->n; i++)
		pool->members[i] = rgw_target_of(gw, conf->members.v[i]);
}

void
rgw_pools_make(struct rgw_gw *gw, const struct rgw_edition *old)
{
	const struct rgw_conf *conf = gw->conf;
	struct rgw_pool *pools = rgw_xcalloc(conf->pool.n, sizeof *pools);

	for (size_t i = 0; i < conf->pool.n; i++) {
		const struct rgw_conf_head *before = NULL;

		make(gw, &pools[i], conf->pool.v[i]);
		if (old != NULL)
			before = rgw_conf_by_id(old->conf, RGW_CONF_POOL, conf->pool.v[i]->head.id);
		if (before != NULL)
			pools[i].next = old->pools[before->index].next;
	}
	gw->edition->pools = pools;
}

void
rgw_pools_free(struct rgw_edition *edition)
{
	for (size_t i = 0; i < edition->conf->pool.n; i++)
		free(edition->pools[i].members);
	free(edition->pools);
	edition->pools = NULL;
}

struct rgw_pool *
rgw_pool_of(struct rgw_gw *gw, const struct rgw_conf_head *head)
{
	return head->kind == RGW_CONF_POOL ? &gw->edition->pools[head->index] : &rgw_target_of(gw, head)->alone;
}

/* ---- where it goes first ---- */

void
rgw_pool_start(struct rgw_attempt *a, struct rgw_target *target, uint32_t prefer, rgw_ms now)
{
	struct rgw_req *req = a->req;

	a->target = target;
	target->asked_at = now;
	a->ticket.care = (uint8_t)rgw_suspect_care(req);
	a->ticket.suspect = req->n_suspected > 0;
	a->prefer = prefer;
	a->ticket.sent_at = now;
	req->tried |= rgw_pool_bit(req->pool, target);
	rgw_trail_note(req, RGW_STEP_TRIES, target->conf->name, now);
	rgw_retry_arm(req, now);
	if (rgw_queue_take(a, now) == RGW_NO_ROOM)
		rgw_pool_failed(a, RGW_FAIL_FULL, 0, now);
}

/* The member that would take the request if it got new requests at present; NULL = there is none. */
static struct rgw_target *
held_member(const struct rgw_req *req, rgw_ms now)
{
	for (size_t i = 0; i < req->pool->n; i++)
		if (req->pool->members[i]->held && rgw_rank_at_home(req->pool->members[i], req, now) != RGW_RANK_UNFIT)
			return req->pool->members[i];
	return NULL;
}

static void
on_held(struct rgw_gw *gw, struct rgw_req *req, const struct rgw_target *held, rgw_ms now)
{
	RGW_LOG(gw->log, RGW_LOG_WARNING, "drained", held->conf->name,
	    "a request came for those only who get no new ones since `radsecgw drain`; see `radsecgw resume`",
	    rgw_f_target(held), rgw_f_origin(&req->origin));
	rgw_req_outage(gw, req, RGW_CTR_request_drained, now);
}

/* Ends a request that no member takes, whatever its state. */
static void
on_unfit(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	const struct rgw_target *first = req->pool->members[0];
	enum rgw_counter how = RGW_CTR_request_not_allowed;
	struct rgw_identity room;

	for (size_t i = 0; i < req->pool->n; i++)
		if (rgw_rank_is_loop(req->pool->members[i], req))
			how = RGW_CTR_request_loop;
	if (how == RGW_CTR_request_loop)
		/* Two gateways would send the request to and fro between them. */
		RGW_LOG(gw->log, RGW_LOG_WARNING, "loop", first->conf->name,
		    "the realm leads back to the peer that the request came from; who serves it?",
		    rgw_f_target(first), rgw_f_origin(&req->origin),
		    rgw_f_identity(gw, &req->packet, &room));
	else
		RGW_LOG(gw->log, RGW_LOG_WARNING, "not-allowed", first->conf->name,
		    "this pool, peer or server does not take this kind of request; see `allow` of a peer, `auth` and "
		    "`acct` of a server",
		    rgw_f_target(first), rgw_f_origin(&req->origin),
		    rgw_f_str("code", rgw_code_name(req->packet.code)));
	rgw_req_turn_away(gw, req, how, now);
}

/* The member where the conversation of a request lives, if it can be reached (P-TCP-46). */
static struct rgw_target *
home_of(const struct rgw_req *req, uint32_t *serial, rgw_ms now)
{
	const struct rgw_conversation where = req->talk;
	struct rgw_target *home = NULL;

	*serial = 0;
	for (size_t i = 0; where.target != 0 && i < req->pool->n; i++)
		if (req->pool->members[i]->number == where.target)
			home = req->pool->members[i];
	if (home == NULL || rgw_rank_at_home(home, req, now) > RGW_RANK_DOUBTFUL)
		return NULL;
	*serial = where.serial;
	return home;
}

void
rgw_pool_dispatch(struct rgw_gw *gw, struct rgw_req *req, const struct rgw_conf_head *section, rgw_ms now)
{
	rgw_trail_note(req, RGW_STEP_POOL, section->name, now);
	rgw_pool_dispatch_in(gw, req, rgw_pool_of(gw, section), 0, now);
}

void
rgw_pool_dispatch_in(struct rgw_gw *gw, struct rgw_req *req, struct rgw_pool *pool, uint32_t prefer, rgw_ms now)
{
	struct rgw_target *target, *held;
	uint32_t serial;

	req->pool = pool;
	target = home_of(req, &serial, now);
	if (prefer != 0)
		serial = prefer;
	if (target == NULL)
		target = rgw_rank_best(req, RGW_RANK_DOWN, now);
	req->pool->next++;
	if (target == NULL) {
		held = held_member(req, now);
		if (held != NULL)
			on_held(gw, req, held, now);
		else
			on_unfit(gw, req, now);
		return;
	}
	req->no_hope = rgw_rank_of(target, req, now) == RGW_RANK_DOWN;
	rgw_pool_start(&req->attempts[0], target, serial, now);
}

void
rgw_pool_move_to(struct rgw_attempt *a, struct rgw_target *target, rgw_ms now)
{
	rgw_count(target->gw, RGW_CTR_requests_moved);
	rgw_pool_start(a, target, 0, now);
}

/* ---- where it goes next ---- */

static void
on_all_refused(struct rgw_gw *gw, struct rgw_req *req, uint32_t error_cause, rgw_ms now)
{
	if (error_cause != RGW_CAUSE_NOT_ROUTABLE)
		rgw_req_refuse(gw, req, RGW_CTR_request_refused, error_cause, now);
	else if (req->pool == &req->pool->members[0]->alone)
		rgw_req_turn_away(gw, req, RGW_CTR_request_refused, now);
	else
		rgw_req_outage(gw, req, RGW_CTR_request_refused, now);
}

/* Ends or keeps a request when no member is left to try. */
static void
give_up(struct rgw_gw *gw, struct rgw_req *req, enum rgw_failure how, enum rgw_counter full,
    uint32_t error_cause, rgw_ms now)
{
	switch (how) {
	case RGW_FAIL_FULL:
		rgw_req_refuse(gw, req, full, RGW_CAUSE_RESOURCES_UNAVAILABLE, now);
		break;
	case RGW_FAIL_QUEUE_TIME:
		rgw_req_outage(gw, req, RGW_CTR_request_queue_timed_out, now);
		break;
	case RGW_FAIL_NO_ANSWER:
		rgw_req_time_out(gw, req, now);
		break;
	case RGW_FAIL_REFUSED:
		on_all_refused(gw, req, error_cause, now);
		break;
	case RGW_FAIL_OVER_SHARE:
		rgw_req_refuse(gw, req, RGW_CTR_request_over_share, RGW_CAUSE_RESOURCES_UNAVAILABLE, now);
		break;
	case RGW_FAIL_TOO_BIG:
		rgw_req_refuse(gw, req, RGW_CTR_request_too_big, RGW_CAUSE_OTHER_PROXY_ERROR, now);
		break;
	}
}

void
rgw_pool_failed(struct rgw_attempt *a, enum rgw_failure how, uint32_t error_cause, rgw_ms now)
{
	struct rgw_req *req = a->req;
	struct rgw_gw *gw = a->target->gw;
	enum rgw_counter full = a->target->ops->full;
	struct rgw_target *next;

	rgw_trail_note_numbers(req, RGW_STEP_FAILED, how, error_cause, a->target->conf->name, now);
	if (how == RGW_FAIL_NO_ANSWER)
		rgw_mark_unanswered(a, now);
	if (how == RGW_FAIL_REFUSED && error_cause == RGW_CAUSE_NOT_ROUTABLE)
		rgw_mark_unroutable(a, now);
	rgw_attempt_detach(a, now);
	if (rgw_req_is_tried(req))
		return;
	next = rgw_rank_best(req, RGW_RANK_DOUBTFUL, now);
	if (next != NULL)
		rgw_pool_move_to(a, next, now);
	else
		give_up(gw, req, how, full, error_cause, now);
}

bool
rgw_pool_has_other(struct rgw_attempt *a, rgw_ms now)
{
	return rgw_rank_best(a->req, RGW_RANK_SILENT, now) != NULL;
}

/* Is there a reason to try another member before other connections of the same member? A request at which connections
 * have ended twice gets its last try elsewhere if it can. */
static bool
leaves(const struct rgw_req *req, struct rgw_target *own, rgw_ms now)
{
	if (!own->ops->is_many)
		return true;
	if (rgw_rank_waits_at(req, own, now))
		return false;
	return own->ops->standing(own, rgw_req_service(req), now) != RGW_UP || rgw_suspect_care(req) == RGW_CARE_ALONE;
}

void
rgw_pool_move(struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_req *req = a->req;
	struct rgw_target *own = a->target;
	struct rgw_target *other;

	if (rgw_suspect_care(req) == RGW_CARE_NO_MORE) {
		rgw_suspect_stop(a, "the request is not answered where it was sent last", now);
		return;
	}
	rgw_attempt_detach(a, now);
	a->sent_before = true;
	if (leaves(req, own, now)) {
		other = rgw_rank_best(req, RGW_RANK_SILENT, now);
		/* On another connection the request may be tried at its target again. */
		req->tried &= ~rgw_pool_bit(req->pool, own);
		if (other != NULL) {
			rgw_pool_move_to(a, other, now);
			return;
		}
	}
	rgw_pool_start(a, own, 0, now);
}

void
rgw_pool_put_off(struct rgw_attempt *a, rgw_ms now)
{
	rgw_attempt_detach(a, now);
	a->req->tried &= ~rgw_pool_bit(a->req->pool, a->target);
	rgw_retry_arm(a->req, now);
}

/* Takes an attempt that waits to another member. If that member has no room, the attempt goes on waiting: its own
 * target may be back before it is too late. */
static void
lead_away(struct rgw_attempt *a, struct rgw_target *to, rgw_ms now)
{
	if (!rgw_queue_has_room(rgw_target_queue(to, rgw_req_service(a->req))))
		return;
	rgw_attempt_detach(a, now);
	a->req->tried &= ~rgw_pool_bit(a->req->pool, a->target);
	rgw_pool_move_to(a, to, now);
}

static void
evacuate(struct rgw_attempt *a, void *arg, rgw_ms now)
{
	struct rgw_target *other = NULL;

	(void)arg;
	if (!rgw_rank_waits_at(a->req, a->target, now))
		other = rgw_rank_best(a->req, RGW_RANK_SILENT, now);
	if (other != NULL)
		lead_away(a, other, now);
}

static void
each_waiting(struct rgw_target *target, void (*visit)(struct rgw_attempt *a, void *arg, rgw_ms now), void *arg,
    rgw_ms now)
{
	for (unsigned i = 0; i < RGW_SERVICES; i++) {
		struct rgw_queue *queue = rgw_target_nth_queue(target, i);

		if (queue != NULL && queue->n > 0)
			rgw_queue_each(queue, visit, arg, now);
	}
}

void
rgw_pool_evacuate(struct rgw_target *target, rgw_ms now)
{
	each_waiting(target, evacuate, NULL, now);
}

/* A target that attracts attempts, and the pool that they belong to. */
struct attraction {
	struct rgw_pool *pool;
	struct rgw_target *target;
};

/* Is there no connection to the attempt's target, and has connecting failed? */
static bool
is_cut_off(const struct rgw_attempt *a, rgw_ms now)
{
	enum rgw_standing standing = a->target->ops->standing(a->target, rgw_req_service(a->req), now);

	return standing == RGW_RETURNING || standing == RGW_DOWN;
}

static void
attract(struct rgw_attempt *a, void *arg, rgw_ms now)
{
	const struct attraction *to = arg;
	const struct rgw_req *req = a->req;

	if (req->pool == to->pool && is_cut_off(a, now) && !rgw_req_is_at(req, to->target) &&
	    !rgw_rank_waits_at(req, a->target, now) && (req->tried & rgw_pool_bit(to->pool, to->target)) == 0 &&
	    rgw_rank_of(to->target, req, now) <= RGW_RANK_SILENT)
		lead_away(a, to->target, now);
}

/* Moves requests of one edition. */
static void
attract_in(const struct rgw_edition *edition, struct rgw_target *target, rgw_ms now)
{
	for (size_t i = 0; i < edition->conf->pool.n; i++) {
		struct rgw_pool *pool = &edition->pools[i];

		if (rgw_pool_index(pool, target) == pool->n)
			continue;
		for (size_t j = 0; j < pool->n; j++)
			if (pool->members[j] != target && pool->members[j]->ops->is_many)
				each_waiting(pool->members[j], attract, &(struct attraction){ pool, target }, now);
	}
}

void
rgw_pool_attract(struct rgw_target *target, rgw_ms now)
{
	struct rgw_link *editions = &target->gw->editions;

	for (struct rgw_link *l = editions->next; l != editions; l = l->next)
		attract_in(RGW_CONTAINER(l, struct rgw_edition, link), target, now);
}
