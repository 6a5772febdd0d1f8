/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include "../links/events.h"

/* What links tell about lanes and targets, and what that means for the requests on them. Answers are taken in
 * response.c, and what comes on the connections of peers in doors/tlsin.c. */

/* ---- lanes ---- */

static struct rgw_attempt *
attempt_of(struct rgw_ticket *ticket)
{
	return RGW_CONTAINER(ticket, struct rgw_attempt, ticket);
}

static void
on_closed(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	rgw_suspect_lost(a, false, false, why, now);
}

static void
on_broken(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	rgw_suspect_lost(a, false, true, why, now);
}

static void
on_ended(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	rgw_suspect_lost(a, a->ticket.blamed, true, why, now);
}

static void
on_explained(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	rgw_suspect_lost(a, a->ticket.blamed, false, why, now);
}

static void
on_bad_answer(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	if (a->ticket.blamed)
		rgw_suspect_stop_bad_answer(a, why, now);
}

static enum rgw_standing
standing_of(const struct rgw_attempt *a, rgw_ms now)
{
	return a->target->ops->standing(a->target, rgw_req_service(a->req), now);
}

/* Moves a request that is open on a suspected connection elsewhere if there is anywhere to go (P-FO-1). */
static void
on_suspect(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	(void)why;
	if (standing_of(a, now) == RGW_UP || rgw_pool_has_other(a, now))
		rgw_pool_move(a, now);
}

/* Nobody listens at the lane's address: the request goes to another member if the target is down at all addresses that
 * are known, else to the target's other address. */
static void
on_refused(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	(void)why;
	if (standing_of(a, now) == RGW_DOWN && rgw_pool_has_other(a, now))
		rgw_pool_move(a, now);
	else
		rgw_queue_take_back(a, now);
}

/* Refuses CoA and Disconnect for a NAS at whose address nobody listens (P-COA-42). */
static bool
is_refused(struct rgw_attempt *a, rgw_ms now)
{
	if (!rgw_code_is_dynamic(a->req->packet.code))
		return false;
	rgw_req_refuse(a->target->gw, a->req, RGW_CTR_request_nas_unreachable, RGW_CAUSE_UNSUPPORTED_EXTENSION, now);
	return true;
}

static void
on_hopeless(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	(void)why;
	if (!is_refused(a, now))
		rgw_retry_lose_hope(a, now);
}

/* Nobody listens at any address: the request goes to another member; without one it is repeated with its pauses, for
 * the target may come back. */
static void
on_unreachable(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	(void)why;
	if (is_refused(a, now))
		return;
	rgw_retry_lose_hope(a, now);
	if (rgw_pool_has_other(a, now))
		rgw_pool_move(a, now);
}

static void
on_moved(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	(void)why;
	rgw_queue_take_back(a, now);
}

static void (*const on_loss[RGW_LOSSES])(struct rgw_attempt *a, const char *why, rgw_ms now) = {
	[RGW_LOSS_CLOSED] = on_closed,
	[RGW_LOSS_BROKEN] = on_broken,
	[RGW_LOSS_ENDED] = on_ended,
	[RGW_LOSS_EXPLAINED] = on_explained,
	[RGW_LOSS_ANSWER] = on_bad_answer,
	[RGW_LOSS_SUSPECT] = on_suspect,
	[RGW_LOSS_REFUSED] = on_refused,
	[RGW_LOSS_UNREACHABLE] = on_unreachable,
	[RGW_LOSS_HOPELESS] = on_hopeless,
	[RGW_LOSS_MOVED] = on_moved,
};

/* Suspects the first blamed request of the lane most of all: a peer reads no further than the request for which it ends
 * the connection. */
static void
suspect_first(struct rgw_lane *lane)
{
	struct rgw_ticket *first = NULL;

	struct rgw_ticket *t;

	for (unsigned id = 0; (t = rgw_idpool_next(lane->ids, &id)) != NULL;)
		if (t->blamed && (first == NULL || t->nth < first->nth))
			first = t;
	if (first != NULL)
		attempt_of(first)->req->first_suspect = true;
}

void
rgw_on_lane_lost(struct rgw_lane *lane, enum rgw_loss loss, const char *why, rgw_ms now)
{
	struct rgw_ticket *t;

	if (loss == RGW_LOSS_ENDED || loss == RGW_LOSS_EXPLAINED)
		suspect_first(lane);
	for (unsigned id = 0; (t = rgw_idpool_next(lane->ids, &id)) != NULL;) {
		rgw_trail_note(attempt_of(t)->req, RGW_STEP_LOST, why != NULL ? why : "", now);
		on_loss[loss](attempt_of(t), why, now);
	}
}

/* ---- targets ---- */

static void
each_queue(struct rgw_target *target, void (*visit)(struct rgw_queue *queue, rgw_ms now), rgw_ms now)
{
	for (unsigned i = 0; i < RGW_SERVICES; i++) {
		struct rgw_queue *queue = rgw_target_nth_queue(target, i);

		if (queue != NULL)
			visit(queue, now);
	}
}

void
rgw_on_target(struct rgw_target *target, enum rgw_turn turn, rgw_ms now)
{
	switch (turn) {
	case RGW_TURN_UP:
		rgw_pool_attract(target, now);
		break;
	case RGW_TURN_ROOM:
		each_queue(target, rgw_queue_pump, now);
		break;
	case RGW_TURN_OVERDUE:
		each_queue(target, rgw_queue_expire, now);
		break;
	case RGW_TURN_FAILED:
		rgw_recall_others(target, now);
		break;
	case RGW_TURN_DOWN:
		rgw_pool_evacuate(target, now);
		break;
	}
}
