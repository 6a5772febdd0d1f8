/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <string.h>

#include "radsecgw/hop.h"
#include "radsecgw/loopmark.h"
#include "trace.h"

/* A request at one target: what is sent on a lane, how it is repeated there, and how both let go of each other. The
 * attempt is part of its request. */

/* Is the packet signed when it leaves? If the Request Authenticator is itself a hash of the packet, it is signed at
 * once: the response is verified against it. */
static bool
is_signed_later(const struct rgw_attempt *a)
{
	return !rgw_is_signed_request(a->req->packet.code);
}

static struct rgw_outgoing
outgoing(const struct rgw_attempt *a, const struct rgw_lane *lane, const uint8_t *data, size_t len)
{
	return (struct rgw_outgoing){ data, len, is_signed_later(a) ? lane->side.secret : NULL };
}

/* The answer did not come in time: where requests are repeated the same octets go out again as long as that has a use
 * (P-RTX-4), else the chance of the target is over. */
static void
on_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_attempt *a = RGW_CONTAINER(timer, struct rgw_attempt, timer);
	struct rgw_lane *lane = a->ticket.lane;
	struct rgw_gw *gw = a->target->gw;
	struct rgw_outgoing out;
	rgw_ms since = a->retrans.since;
	rgw_ms next;

	if (lane->repeats == NULL || !rgw_retrans_again(&a->retrans, lane->repeats, rgw_gw_random16(gw), now, &next)) {
		rgw_pool_failed(a, RGW_FAIL_NO_ANSWER, 0, now);
		if (lane->ops->silent != NULL)
			lane->ops->silent(lane, since, now);
		return;
	}
	out = outgoing(a, lane, a->sent, a->sent_len);
	(void)lane->ops->send(lane, &out, now);
	rgw_count(gw, RGW_CTR_server_retransmitted);
	rgw_timer_set(&gw->timers, timer, next);
}

void
rgw_attempt_init(struct rgw_attempt *a, struct rgw_req *req)
{
	*a = (struct rgw_attempt){ .req = req };
	rgw_link_init(&a->link);
	rgw_timer_init(&a->timer, on_timer);
}

static void
drop_copy(struct rgw_attempt *a)
{
	struct rgw_gw *gw = a->target->gw;

	if (a->sent == NULL)
		return;
	rgw_memory_uncopy(gw, a->req, a->sent_len);
	rgw_bufs_put(&gw->bufs, a->sent, a->sent_len);
	a->sent = NULL;
}

/* Keeps a copy of the octets to be sent again. false = there is no room for it. */
static bool
keep_copy(struct rgw_attempt *a, size_t len)
{
	struct rgw_gw *gw = a->target->gw;

	if (!rgw_memory_copy(gw, a->req, len))
		return false;
	a->sent = rgw_bufs_get(&gw->bufs, len);
	if (a->sent == NULL) {
		rgw_memory_uncopy(gw, a->req, len);
		return false;
	}
	memcpy(a->sent, gw->scratch, len);
	a->sent_len = (uint16_t)len;
	return true;
}

/* Gives back what an attempt holds of its lane; the identifier has been dealt with. */
static void
let_go(struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_lane *lane = a->ticket.lane;
	struct rgw_req *req = a->req;

	if (lane->serial != 0 && !lane->gone)
		req->left[req->n_left++ % RGW_LEFT] = lane->serial;
	a->state = RGW_ATTEMPT_NONE;
	a->ticket.lane = NULL;
	rgw_target_queue(a->target, rgw_req_service(req))->n_sent--;
	rgw_timer_unset(&a->target->gw->timers, &a->timer);
	drop_copy(a);
	/* The identifier may serve another request that waits. */
	lane->ops->settled(lane, now);
}

void
rgw_attempt_answered(struct rgw_attempt *a, rgw_ms now)
{
	rgw_idpool_answered(a->ticket.lane->ids, a->ticket.id);
	let_go(a, now);
}

void
rgw_attempt_detach(struct rgw_attempt *a, rgw_ms now)
{
	if (a->state == RGW_ATTEMPT_SENT) {
		rgw_idpool_given_up(a->ticket.lane->ids, a->ticket.id, now);
		let_go(a, now);
	} else if (a->state == RGW_ATTEMPT_QUEUED) {
		rgw_queue_leave(a);
	}
}

static void
on_too_big(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	RGW_LOG(gw->log, RGW_LOG_WARNING, "request-too-big", rgw_origin_name(&req->origin),
	    "dropped: with what the next hop needs the request would exceed 4096 octets",
	    rgw_f_origin(&req->origin), rgw_f_uint("octets", req->packet.len));
	rgw_req_refuse(gw, req, RGW_CTR_request_too_big, RGW_CAUSE_OTHER_PROXY_ERROR, now);
}

/* Does whoever asked hold too much to get a copy for repetition? A request that is to be repeated needs one, and when
 * max-request-octets is short the asker that holds most of it gets none. */
static bool
is_over_share(struct rgw_gw *gw, const struct rgw_req *req, const struct rgw_lane *lane, size_t len)
{
	if (lane->repeats == NULL || !rgw_memory_is_over_share(gw, req, len))
		return false;
	rgw_memory_log(gw, &req->origin, "requests-over-share", rgw_origin_name(&req->origin),
	    "not sent: max-request-octets is short, and the asker holds more than its share; do the peers and "
	    "servers that it asks for answer?");
	return true;
}

/* Gives up an attempt that does not need its identifier, since no lane of its target can have the request. */
static enum rgw_fate
fail(struct rgw_attempt *a, struct rgw_lane *lane, enum rgw_failure how, rgw_ms now)
{
	rgw_idpool_unused(lane->ids, a->ticket.id);
	rgw_pool_failed(a, how, 0, now);
	return RGW_ENDED;
}

/* Writes the request for the hop of the lane to the scratch buffer. Returns its length; 0 = the request is too big, or
 * its rewritten form is, and then *rewritten is NULL. */
static size_t
write_request(struct rgw_attempt *a, const struct rgw_lane *lane, const struct rgw_packet **rewritten)
{
	struct rgw_gw *gw = a->target->gw;
	const struct rgw_req *req = a->req;
	struct rgw_hop_request hop = {
		.hidden = req->edition->conf->hidden,
		.from = req->origin.side.secret,
		.to = lane->side.secret,
		.fresh_auth = rgw_gw_random(gw, RGW_AUTH_LEN),
		.id = a->ticket.id,
		.to_nas = a->target->conf->kind == RGW_CONF_CLIENT,
		.later = is_signed_later(a),
	};
	uint8_t mark[RGW_LOOPMARK_LEN];
	struct rgw_packet room;

	if (gw->conf->gateway.loop_marker) {
		rgw_loopmark_write(&gw->mark, req->origin.asker->talker.number,
		    rgw_loopmark_passed(&req->packet), mark);
		hop.mark = mark;
		hop.mark_len = sizeof mark;
	}
	hop.in = *rewritten = rgw_rewriting_goes(a, &room);
	return hop.in != NULL ? rgw_hop_request(gw->scratch, sizeof gw->scratch, &hop) : 0;
}

/* Milliseconds for the answer to a CoA or Disconnect on a connection: more than a NAS behind the next gateway has. */
#define CHANGE_MS 12000

/* How long the answer may take on a lane where requests are not repeated; 0 = as long as the request lives. */
static rgw_ms
window_of(const struct rgw_attempt *a, const struct rgw_lane *lane)
{
	return rgw_code_is_dynamic(a->req->packet.code) ? CHANGE_MS : *lane->window;
}

/* Sets the timer that ends the wait for the answer, or repeats the request. */
static void
set_timer(struct rgw_attempt *a, const struct rgw_lane *lane, rgw_ms now)
{
	struct rgw_gw *gw = a->target->gw;

	if (lane->repeats != NULL)
		rgw_timer_set(&gw->timers, &a->timer,
		    rgw_retrans_begin(&a->retrans, lane->repeats, rgw_gw_random16(gw), now));
	else if (window_of(a, lane) != 0 && window_of(a, lane) < gw->conf->gateway.request_lifetime)
		rgw_timer_set(&gw->timers, &a->timer, now + window_of(a, lane));
}

enum rgw_fate
rgw_attempt_send(struct rgw_attempt *a, struct rgw_lane *lane, rgw_ms now)
{
	struct rgw_gw *gw = a->target->gw;
	struct rgw_req *req = a->req;
	const struct rgw_packet *rewritten;
	struct rgw_outgoing out;
	size_t len;

	a->ticket.id = rgw_idpool_take(lane->ids, &a->ticket, now);
	if (a->ticket.id == 0)
		return RGW_NO_ROOM;
	len = write_request(a, lane, &rewritten);
	if (rewritten == NULL)
		return fail(a, lane, RGW_FAIL_TOO_BIG, now);
	if (len == 0) {
		rgw_idpool_unused(lane->ids, a->ticket.id);
		on_too_big(gw, req, now);
		return RGW_ENDED;
	}
	if (is_over_share(gw, req, lane, len))
		return fail(a, lane, RGW_FAIL_OVER_SHARE, now);
	if (lane->repeats != NULL && !keep_copy(a, len)) {
		rgw_idpool_unused(lane->ids, a->ticket.id);
		return RGW_NO_ROOM;
	}
	out = outgoing(a, lane, a->sent != NULL ? a->sent : gw->scratch, len);
	if (!rgw_lane_send(lane, &a->ticket, &out, now)) {
		drop_copy(a);
		return RGW_NO_ROOM;
	}
	a->state = RGW_ATTEMPT_SENT;
	rgw_trail_note_numbers(req, RGW_STEP_SENT, lane->serial, a->ticket.id, a->target->conf->name, now);
	if (req->traced != 0)
		rgw_trace_packet(req, RGW_TRACE_SENT, lane->serial, a->target->conf->name, out.data, out.len, now);
	rgw_target_queue(a->target, rgw_req_service(req))->n_sent++;
	set_timer(a, lane, now);
	if (a->sent_before)
		rgw_count(gw, RGW_CTR_requests_retried);
	return RGW_SENT;
}
