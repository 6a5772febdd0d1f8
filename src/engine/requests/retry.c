/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

/* Requests that wait too long for an answer: they are tried at a second member of their pool beside the first one
 * (retry-after), or given up when all members are dead. */

/* How long a request is tried at members that are all known to be dead. */
#define OUTAGE_AFTER_MS 2500

void
rgw_retry_arm(struct rgw_req *req, rgw_ms now)
{
	const struct rgw_pool *pool = req->pool;
	rgw_ms after = pool->n > 1 ? pool->conf->retry_after : 0;

	if (req->no_hope && (after == 0 || after > OUTAGE_AFTER_MS))
		after = OUTAGE_AFTER_MS;
	if (after != 0)
		rgw_timer_set(&pool->members[0]->gw->timers, &req->retry_timer, now + after);
}

/* An attempt that is not under way; if both are, the one that has waited longest gives way. */
static struct rgw_attempt *
free_attempt(struct rgw_req *req, rgw_ms now)
{
	struct rgw_attempt *a = &req->attempts[0];

	for (unsigned i = 0; i < RGW_ATTEMPTS; i++) {
		if (req->attempts[i].state == RGW_ATTEMPT_NONE)
			return &req->attempts[i];
		if (req->attempts[i].ticket.sent_at < a->ticket.sent_at)
			a = &req->attempts[i];
	}
	rgw_attempt_detach(a, now);
	return a;
}

/* Has nothing at all come from the targets that were asked? Else the realm is silent, not the targets. */
static bool
is_unheard(const struct rgw_req *req)
{
	bool asked = false;

	for (unsigned i = 0; i < RGW_ATTEMPTS; i++) {
		const struct rgw_attempt *a = &req->attempts[i];

		if (a->state == RGW_ATTEMPT_SENT && a->target->heard_at > a->ticket.sent_at)
			return false;
		asked = asked || a->state == RGW_ATTEMPT_SENT;
	}
	return asked;
}

/* Asks whether the connections of a request with State still live. Such a request belongs to one home server, so it is
 * not tried at two (P-PRX-13), and that it waits means nothing by itself (P-WD-13). But a peer of which nothing has
 * come since is asked whether it lives, and if it leaves that unanswered for as long, the request takes another way to
 * the same home server. */
static void
doubt_way(struct rgw_req *req, struct rgw_target *other, rgw_ms now)
{
	struct rgw_attempt *a = &req->attempts[0];
	struct rgw_lane *lane;

	if (a->state != RGW_ATTEMPT_SENT)
		a = &req->attempts[1];
	lane = a->ticket.lane;
	if (a->state == RGW_ATTEMPT_SENT && lane->ops->is_mute != NULL && is_unheard(req)) {
		if (lane->ops->is_mute(lane, now - req->pool->conf->retry_after)) {
			rgw_attempt_detach(a, now);
			rgw_pool_move_to(a, other, now);
			return;
		}
		lane->target->ops->ask(lane->target, now);
	}
	rgw_retry_arm(req, now);
}

static bool
are_all_dead(const struct rgw_req *req, rgw_ms now)
{
	for (size_t i = 0; i < req->pool->n; i++)
		if (rgw_rank_of(req->pool->members[i], req, now) < RGW_RANK_DOWN)
			return false;
	return true;
}

void
rgw_retry_lose_hope(struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_req *req = a->req;

	if (req->no_hope || !are_all_dead(req, now))
		return;
	req->no_hope = true;
	rgw_retry_arm(req, now);
}

/* Ends a request for which all members are dead. It has been tried all the same, for one of them may be back. If no
 * member has shown itself the request is answered as in an outage; where an outage has no answer, it lives on. */
static bool
ends_without_hope(struct rgw_req *req, rgw_ms now)
{
	struct rgw_gw *gw = req->pool->members[0]->gw;

	if (!req->no_hope)
		return false;
	req->no_hope = false;
	if (!are_all_dead(req, now))
		return false;
	return rgw_req_answer_outage(gw, req, RGW_CTR_request_outage, now);
}

static void
on_retry_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_req *req = RGW_CONTAINER(timer, struct rgw_req, retry_timer);
	struct rgw_target *other;

	if (ends_without_hope(req, now))
		return;
	other = rgw_suspect_may_double(req, now) ? rgw_rank_best(req, RGW_RANK_SILENT, now) : NULL;
	if (other == NULL) {
		rgw_retry_arm(req, now);  /* somebody may come back */
		if (is_unheard(req))
			rgw_recall_members(req->pool, now);
		return;
	}
	if (rgw_packet_has(&req->packet, RGW_AT_STATE)) {
		doubt_way(req, other, now);
		return;
	}
	rgw_count(other->gw, RGW_CTR_requests_doubled);
	rgw_pool_start(free_attempt(req, now), other, 0, now);
}

void
rgw_retry_init(struct rgw_req *req)
{
	rgw_timer_init(&req->retry_timer, on_retry_timer);
}
