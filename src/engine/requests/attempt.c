/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../engine.h"

#include <string.h>

#include "radsecgw/hop.h"
#include "radsecgw/loopmark.h"

/* Is the packet signed when it leaves? Where the authenticator comes of the signature it has to be known
 * at once, for the answer depends on it. */
static bool
is_signed_later(const struct rgw_attempt *a)
{
	return !rgw_is_signed_request(a->req->packet.code);
}

static struct rgw_outgoing
outgoing(const struct rgw_attempt *a, const struct rgw_secret *secret, const uint8_t *data, size_t len)
{
	return (struct rgw_outgoing){ data, len, is_signed_later(a) ? secret : NULL };
}

/* The answer did not come in time: over UDP the same octets go out again as long as that has a use,
 * over TLS the target's chance is over. */
static void
on_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_attempt *a = RGW_CONTAINER(timer, struct rgw_attempt, timer);
	struct rgw_source *source = a->lane->source;
	struct rgw_gw *gw = a->target->gw;
	struct rgw_outgoing out;
	struct rgw_port *port;
	rgw_ms since;
	rgw_ms next;

	if (source == NULL) {
		rgw_pool_failed(a, RGW_FAIL_NO_ANSWER, 0, now);
		return;
	}
	if (!rgw_retrans_again(&a->retrans, &source->port->server->conf->retransmit,
	        rgw_gw_random16(gw), now, &next)) {
		port = source->port;
		since = a->retrans.since;
		rgw_pool_failed(a, RGW_FAIL_NO_ANSWER, 0, now);
		rgw_health_silent(port, since, now);
		return;
	}
	out = outgoing(a, source->lane.secret, a->sent, a->sent_len);
	gw->ops->source_send(gw->ops_ctx, source->io, &out);
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

/* What an attempt holds of its lane, given back; the identifier has been dealt with. */
static void
let_go(struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_gw *gw = a->target->gw;
	struct rgw_lane *lane = a->lane;
	struct rgw_req *req = a->req;

	if (lane->conn != NULL && lane->conn->state != RGW_CONN_GONE)
		req->left[req->n_left++ % RGW_LEFT] = lane->conn->serial;
	a->state = RGW_ATTEMPT_NONE;
	a->lane = NULL;
	rgw_timer_unset(&gw->timers, &a->timer);
	if (a->sent != NULL) {
		rgw_memory_uncopy(gw, req, a->sent_len);
		rgw_bufs_put(&gw->bufs, a->sent, a->sent_len);
	}
	a->sent = NULL;
	/* The identifier may serve somebody who waits. */
	if (lane->source != NULL)
		rgw_port_left(lane->source->port, now);
	else
		rgw_conn_settled(lane->conn, now);
}

void
rgw_attempt_answered(struct rgw_attempt *a, rgw_ms now)
{
	rgw_idpool_answered(a->lane->ids, a->id);
	let_go(a, now);
}

void
rgw_attempt_detach(struct rgw_attempt *a, rgw_ms now)
{
	if (a->state == RGW_ATTEMPT_SENT) {
		rgw_idpool_given_up(a->lane->ids, a->id, now);
		let_go(a, now);
	} else if (a->state == RGW_ATTEMPT_QUEUED) {
		rgw_link_remove(&a->link);
		a->state = RGW_ATTEMPT_NONE;
		if (a->target->conf->kind == RGW_CONF_PEER)
			rgw_peer_left(rgw_target_peer(a->target), a);
		else
			rgw_port_left(rgw_server_port(rgw_target_server(a->target),
			    a->req->packet.code), now);
	}
}

static void
on_too_big(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	RGW_LOG(gw->log, RGW_LOG_WARNING, "request-too-big", rgw_origin_name(&req->origin),
	    "dropped: with what the next hop needs it would exceed 4096 octets",
	    rgw_f_origin(&req->origin), rgw_f_uint("octets", req->packet.len));
	rgw_req_refuse(gw, req, RGW_CTR_request_too_big, RGW_CAUSE_OTHER_PROXY_ERROR, now);
}

/* Over UDP it needs a copy, and who holds most of max-request-octets gets none when that is short. */
static bool
is_over_share(struct rgw_gw *gw, const struct rgw_req *req, const struct rgw_lane *lane, size_t len)
{
	if (lane->source == NULL || !rgw_memory_is_over_share(gw, req, len))
		return false;
	rgw_memory_log(gw, &req->origin, "requests-over-share", rgw_origin_name(&req->origin),
	    "not sent: max-request-octets is short, and the asker holds more than its share; do the peers and "
	    "servers that it asks for answer?");
	return true;
}

/* The attempt does not need its identifier: no lane of this target can have it. */
static bool
fail(struct rgw_attempt *a, struct rgw_lane *lane, uint8_t id, enum rgw_failure how, rgw_ms now)
{
	rgw_idpool_unused(lane->ids, id);
	rgw_pool_failed(a, how, 0, now);
	return true;
}

/* Over a connection a packet is sent once (P-TCP-27). */
static bool
send_on_conn(struct rgw_gw *gw, struct rgw_attempt *a, struct rgw_conn *conn, size_t len, rgw_ms now)
{
	struct rgw_outgoing out = outgoing(a, conn->lane.secret, gw->scratch, len);
	rgw_ms window = conn->peer->conf->response_window;

	if (!gw->ops->conn_send(gw->ops_ctx, conn->io, &out)) {
		conn->blocked = true;
		return false;
	}
	rgw_count(gw, RGW_CTR_tls_sent);
	conn->used_at = now;
	if (window != 0 && window < gw->conf->gateway.request_lifetime)
		rgw_timer_set(&gw->timers, &a->timer, now + window);
	return true;
}

/* Over UDP it is sent again with the same octets (P-RTX-4), so they are kept. */
static bool
send_on_source(struct rgw_gw *gw, struct rgw_attempt *a, struct rgw_source *source, size_t len,
    rgw_ms now)
{
	const struct rgw_conf_retransmit *retransmit = &source->port->server->conf->retransmit;
	struct rgw_outgoing out;

	if (!rgw_memory_copy(gw, a->req, len))
		return false;
	a->sent = rgw_bufs_get(&gw->bufs, len);
	if (a->sent == NULL) {
		rgw_memory_uncopy(gw, a->req, len);
		return false;
	}
	memcpy(a->sent, gw->scratch, len);
	a->sent_len = (uint16_t)len;
	out = outgoing(a, source->lane.secret, a->sent, len);
	gw->ops->source_send(gw->ops_ctx, source->io, &out);
	rgw_count(gw, RGW_CTR_server_sent);
	source->used_at = now;
	rgw_port_joined(source->port);
	rgw_timer_set(&gw->timers, &a->timer,
	    rgw_retrans_begin(&a->retrans, retransmit, rgw_gw_random16(gw), now));
	return true;
}

bool
rgw_attempt_send(struct rgw_attempt *a, struct rgw_lane *lane, rgw_ms now)
{
	struct rgw_gw *gw = a->target->gw;
	struct rgw_req *req = a->req;
	uint8_t id = rgw_idpool_take(lane->ids, a, now);
	struct rgw_hop_request hop = {
		.hidden = gw->conf->hidden,
		.from = req->origin.secret,
		.to = lane->secret,
		.fresh_auth = rgw_gw_random(gw, RGW_AUTH_LEN),
		.id = id,
		.later = is_signed_later(a),
	};
	uint8_t mark[RGW_LOOPMARK_LEN];
	struct rgw_packet room;
	size_t len;

	if (id == 0)
		return false;
	if (gw->conf->gateway.loop_marker) {
		rgw_loopmark_write(&gw->mark, req->origin.asker->talker.number,
		    rgw_loopmark_passed(&req->packet), mark);
		hop.mark = mark;
		hop.mark_len = sizeof mark;
	}
	hop.in = rgw_rewriting_goes(a, &room);
	if (hop.in == NULL)
		return fail(a, lane, id, RGW_FAIL_TOO_BIG, now);
	len = rgw_hop_request(gw->scratch, sizeof gw->scratch, &hop);
	if (len == 0) {
		rgw_idpool_unused(lane->ids, id);
		on_too_big(gw, req, now);
		return true;
	}
	if (is_over_share(gw, req, lane, len))
		return fail(a, lane, id, RGW_FAIL_OVER_SHARE, now);
	if (lane->conn != NULL ? !send_on_conn(gw, a, lane->conn, len, now)
	                       : !send_on_source(gw, a, lane->source, len, now)) {
		rgw_idpool_unused(lane->ids, id);
		return false;
	}
	if (a->sent_before)
		rgw_count(gw, RGW_CTR_requests_retried);
	rgw_idpool_sent(lane->ids, id, req->packet.code, gw->scratch + 4);
	a->state = RGW_ATTEMPT_SENT;
	a->lane = lane;
	a->id = id;
	a->sent_at = now;
	if (lane->conn != NULL)
		rgw_blame_sent(lane->conn, a, now);
	return true;
}
