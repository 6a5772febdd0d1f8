/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <assert.h>

/* Attempts that wait for a lane of their target, oldest first. The queue is part of the target, which says how long the
 * queue may get and how long an attempt may wait there. */

/* ---- in and out ---- */

static void
join(struct rgw_queue *q, struct rgw_link *list, struct rgw_attempt *a)
{
	a->state = RGW_ATTEMPT_QUEUED;
	rgw_list_append(list, &a->link);
	q->n++;
	q->n_as[a->ticket.care]++;
}

static struct rgw_queue *
queue_of(const struct rgw_attempt *a)
{
	return rgw_target_queue(a->target, rgw_req_service(a->req));
}

void
rgw_queue_leave(struct rgw_attempt *a)
{
	struct rgw_queue *q = queue_of(a);

	rgw_link_remove(&a->link);
	a->state = RGW_ATTEMPT_NONE;
	q->n--;
	q->n_as[a->ticket.care]--;
}

void
rgw_queue_review(struct rgw_attempt *a)
{
	struct rgw_queue *q = queue_of(a);

	q->n_as[a->ticket.care]--;
	a->ticket.care = (uint8_t)rgw_suspect_care(a->req);
	q->n_as[a->ticket.care]++;
}

/* Has the queue room for one more request? Suspects wait where other requests would have been sent at once, so they do
 * not fill the queue. */
bool
rgw_queue_has_room(const struct rgw_queue *q)
{
	return (q->limits_sent ? q->n + q->n_sent : q->n_as[RGW_CARE_NONE]) < q->limit;
}

static void
enqueue(struct rgw_queue *q, struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_target *target = q->target;

	join(q, &q->waiting, a);
	a->queued_at = now;
	rgw_trail_note(a->req, RGW_STEP_WAITS, target->trouble, now);
	if (!rgw_timer_is_set(&q->timer))
		rgw_timer_set(&target->gw->timers, &q->timer, rgw_ms_after(now, q->time));
	target->ops->wake(target, rgw_req_service(a->req), now);
}

void
rgw_queue_take_back(struct rgw_attempt *a, rgw_ms now)
{
	rgw_attempt_detach(a, now);
	a->sent_before = true;
	enqueue(queue_of(a), a, now);
}

static void
complain(const struct rgw_attempt *a, enum rgw_trouble trouble)
{
	struct rgw_field origin = rgw_f_origin(&a->req->origin);

	a->target->ops->complain(a->target, rgw_req_service(a->req), trouble, &origin);
}

void
rgw_queue_expire(struct rgw_queue *q, rgw_ms now)
{
	struct rgw_link *l;

	/* The queue is in the order of time, so only its head is looked at. */
	while ((l = rgw_list_first(&q->waiting)) != NULL) {
		struct rgw_attempt *a = RGW_CONTAINER(l, struct rgw_attempt, link);

		if (rgw_ms_after(a->queued_at, q->time) > now) {
			rgw_timer_set(&q->target->gw->timers, &q->timer, rgw_ms_after(a->queued_at, q->time));
			return;
		}
		complain(a, RGW_TROUBLE_TIME);
		rgw_pool_failed(a, RGW_FAIL_QUEUE_TIME, 0, now);
	}
}

void
rgw_queue_each(struct rgw_queue *q, void (*visit)(struct rgw_attempt *a, void *arg, rgw_ms now), void *arg, rgw_ms now)
{
	struct rgw_link all;
	struct rgw_link *l;

	/* What is done with one attempt may take others from the queue or add some: attempts that are still to be
	 * looked at are on a list of their own, which they leave like the queue itself. */
	rgw_link_init(&all);
	while ((l = rgw_list_pop(&q->waiting)) != NULL)
		rgw_list_append(&all, l);
	while ((l = rgw_list_pop(&all)) != NULL) {
		rgw_list_append(&q->waiting, l);
		visit(RGW_CONTAINER(l, struct rgw_attempt, link), arg, now);
	}
}

/* ---- lanes ---- */

/* Takes the identifier from the request that has waited longest for its answer. That request goes on absorbing
 * repetitions, and may still be tried elsewhere. */
static bool
make_way(struct rgw_target *target, rgw_ms now)
{
	struct rgw_ticket *ticket = target->ops->longest != NULL ? target->ops->longest(target, now) : NULL;
	struct rgw_attempt *a;

	if (ticket == NULL)
		return false;
	a = RGW_CONTAINER(ticket, struct rgw_attempt, ticket);
	rgw_count(target->gw, RGW_CTR_requests_gave_way);
	RGW_LOG(target->gw->log, RGW_LOG_WARNING, "gave-way", target->conf->name,
	    "all identifiers are taken: the request that has waited longest for its answer gives its own up; "
	    "is a home server behind the peer dead, or are its connections too few?",
	    rgw_f_target(target), rgw_f_uint("waited_ms", now - ticket->sent_at));
	rgw_mark_unanswered(a, now);
	rgw_attempt_detach(a, now);
	return true;
}

/* A lane that can take the attempt now; NULL = none, and the wish says whether the attempts behind this one may go
 * first. */
static struct rgw_lane *
find_lane(const struct rgw_attempt *a, struct rgw_wish *wish, rgw_ms now)
{
	const struct rgw_req *req = a->req;
	struct rgw_target *target = a->target;
	struct rgw_lane *lane;

	*wish = (struct rgw_wish){
		.packet = &req->packet,
		.service = rgw_req_service(req),
		.care = a->ticket.care,
		.prefer = a->prefer,
		.left = req->left,
		.n_left = req->n_left < RGW_LEFT ? req->n_left : RGW_LEFT,
	};
	lane = target->ops->lane(target, wish, now);
	if (lane == NULL && wish->care == RGW_CARE_NONE && make_way(target, now))
		lane = target->ops->lane(target, wish, now);
	return lane;
}

enum rgw_fate
rgw_queue_take(struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_target *target = a->target;
	struct rgw_queue *q = queue_of(a);
	enum rgw_fate fate = RGW_NO_ROOM;
	struct rgw_lane *lane = NULL;
	bool full = q->limits_sent && !rgw_queue_has_room(q);
	struct rgw_wish wish;

	/* Requests that wait already go first. */
	if (!full && q->n == 0)
		lane = find_lane(a, &wish, now);
	if (lane != NULL)
		fate = rgw_attempt_send(a, lane, now);
	/* Another connection is opened before this one is full. */
	if (fate == RGW_SENT && target->ops->grow != NULL && rgw_idpool_busy(lane->ids) > RGW_PER_LANE * 4 / 5)
		target->ops->grow(target, now);
	if (fate != RGW_NO_ROOM)
		return fate;
	/* A request that was on a lane already was let in before; it is never turned away for those that wait. */
	if (full || (!q->limits_sent && !a->sent_before && !rgw_queue_has_room(q))) {
		complain(a, RGW_TROUBLE_FULL);
		return RGW_NO_ROOM;
	}
	complain(a, RGW_TROUBLE_WAITS);
	enqueue(q, a, now);
	return RGW_WAITS;
}

/* ---- what waits ---- */

/* Puts an attempt that waits onto another list, which it leaves like the queue itself. */
static void
set_aside(struct rgw_link *list, struct rgw_attempt *a)
{
	rgw_link_remove(&a->link);
	rgw_list_append(list, &a->link);
}

/* Sends the attempts that wait, oldest first, as far as there is room. Sending may end any request, or let one wait
 * here, so the loop only ever looks at the head of the queue: attempts that cannot leave are set aside meanwhile. */
static void
send_waiting(struct rgw_queue *q, rgw_ms now)
{
	struct rgw_link skipped;
	struct rgw_link *l;

	rgw_link_init(&skipped);
	while ((l = rgw_list_first(&q->waiting)) != NULL) {
		struct rgw_attempt *a = RGW_CONTAINER(l, struct rgw_attempt, link);
		struct rgw_wish wish;
		struct rgw_lane *lane = find_lane(a, &wish, now);

		if (lane == NULL && !wish.yields)
			break;
		if (lane == NULL) {
			set_aside(&skipped, a);
			continue;
		}
		rgw_attempt_detach(a, now);
		if (rgw_attempt_send(a, lane, now) != RGW_NO_ROOM)
			continue;
		/* The attempt gets its place and its time back. */
		join(q, &skipped, a);
		/* A lane that repeats takes all but those for whose copies there is no memory, so none follows now. */
		if (lane->repeats != NULL)
			break;
	}
	while ((l = rgw_list_last(&skipped)) != NULL) {
		rgw_link_remove(l);
		rgw_list_prepend(&q->waiting, l);
	}
	if (rgw_list_empty(&q->waiting))
		rgw_timer_unset(&q->target->gw->timers, &q->timer);
}

void
rgw_queue_pump(struct rgw_queue *q, rgw_ms now)
{
	struct rgw_target *target = q->target;

	assert(!q->pumping);
	if (q->pumping)
		return;
	q->pumping = true;
	if (q->n > 0)
		send_waiting(q, now);
	if (target->ops->grow != NULL)
		target->ops->grow(target, now);
	q->pumping = false;
}
