/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/hop.h"

/* The answer to a request over UDP did not come in time. */
static void
on_retrans_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_req *req = RGW_CONTAINER(timer, struct rgw_req, retrans_timer);
	struct rgw_source *source = req->lane->source;
	struct rgw_gw *gw = req->target->gw;
	rgw_ms next;

	if (!rgw_retrans_again(&req->retrans, &rgw_target_server(req->target)->conf->retransmit,
	        rgw_gw_random16(gw), now, &next)) {
		rgw_req_time_out(gw, req, now);
		return;
	}
	gw->ops->source_send(gw->ops_ctx, source->io, req->sent, req->sent_len);
	rgw_count(gw, RGW_CTR_server_retransmitted);
	rgw_timer_set(&gw->timers, timer, next);
}

void
rgw_req_init(struct rgw_req *req, const struct rgw_origin *origin, const struct rgw_packet *packet,
    uint8_t *octets, rgw_ms now)
{
	*req = (struct rgw_req){
		.octets = octets,
		.packet = *packet,
		.origin = *origin,
		.accepted_at = now,
	};
	req->packet.data = octets;
	rgw_link_init(&req->link);
	rgw_link_init(&req->origin_link);
	rgw_timer_init(&req->retrans_timer, on_retrans_timer);
}

void
rgw_req_free(struct rgw_gw *gw, struct rgw_req *req)
{
	rgw_dupcache_remove(&gw->dups, &req->dup);
	rgw_link_remove(&req->origin_link);
	rgw_bufs_put(&gw->bufs, req->octets, req->packet.len);
	rgw_bufs_put(&gw->bufs, req->answer, req->answer_len);
	rgw_slab_put(&gw->reqs, req);
}

/* What a request holds of its target, given back; the identifier has been dealt with. */
static void
let_go(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	struct rgw_lane *lane = req->lane;

	req->state = RGW_REQ_NEW;
	req->lane = NULL;
	rgw_timer_unset(&gw->timers, &req->retrans_timer);
	rgw_bufs_put(&gw->bufs, req->sent, req->sent_len);
	req->sent = NULL;
	/* The identifier may serve somebody who waits. */
	if (lane->source != NULL)
		rgw_port_left(lane->source->port, now);
	else
		rgw_conn_settled(lane->conn, now);
}

void
rgw_req_answered(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	rgw_idpool_answered(req->lane->ids, req->id);
	let_go(gw, req, now);
}

void
rgw_req_detach(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	if (req->state == RGW_REQ_SENT) {
		rgw_idpool_given_up(req->lane->ids, req->id, now);
		let_go(gw, req, now);
	} else if (req->state == RGW_REQ_QUEUED) {
		rgw_link_remove(&req->link);
		req->state = RGW_REQ_NEW;
		if (req->target->conf->kind == RGW_CONF_PEER)
			rgw_target_peer(req->target)->queued--;
		else
			rgw_port_left(rgw_server_port(rgw_target_server(req->target), req->packet.code),
			    now);
	}
}

/* It does not wait any more, so neither does the connection that it came on. */
static void
not_pending(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	struct rgw_conn *from = req->origin.conn;

	gw->pending--;
	if (from == NULL)
		return;
	from->n_pending--;
	rgw_conn_settled(from, now);
}

void
rgw_req_end(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now)
{
	rgw_req_detach(gw, req, now);
	rgw_count(gw, how);
	not_pending(gw, req, now);
	rgw_req_free(gw, req);
}

void
rgw_origin_send(struct rgw_gw *gw, const struct rgw_origin *origin, const uint8_t *data, size_t len)
{
	const char *name;

	if (origin->conn == NULL) {
		gw->ops->udp_send(gw->ops_ctx, origin->sock, &origin->local, &origin->remote, data, len);
		rgw_count(gw, RGW_CTR_udp_sent);
		return;
	}
	if (gw->ops->conn_send(gw->ops_ctx, origin->conn->io, data, len)) {
		rgw_count(gw, RGW_CTR_tls_sent);
		return;
	}
	name = origin->conn->peer->conf->head.name;
	rgw_count(gw, RGW_CTR_tls_answers_dropped);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "write-buffer-full", name,
	    "an answer is dropped: the peer does not read, and write-buffer is full",
	    rgw_f_str("from_peer", name), rgw_f_addr("addr", &origin->conn->addr),
	    rgw_f_uint("conn", origin->conn->serial));
}

static void
keep_answer(struct rgw_gw *gw, struct rgw_req *req, const uint8_t *data, size_t len, rgw_ms now)
{
	req->answer = rgw_bufs_get(&gw->bufs, len);
	if (req->answer == NULL) {
		/* It was sent; only a retransmission would find nothing, and be a new request. */
		rgw_req_free(gw, req);
		return;
	}
	memcpy(req->answer, data, len);
	req->answer_len = (uint16_t)len;
	req->state = RGW_REQ_ANSWERED;
	rgw_dupcache_answered(&gw->dups, &req->dup, now);
}

static void
send_and_keep(struct rgw_gw *gw, struct rgw_req *req, const uint8_t *data, size_t len, rgw_ms now)
{
	rgw_origin_send(gw, &req->origin, data, len);
	if (req->origin.conn != NULL)
		req->origin.conn->used_at = now;
	not_pending(gw, req, now);
	keep_answer(gw, req, data, len, now);
}

void
rgw_req_reply(struct rgw_gw *gw, struct rgw_req *req, const uint8_t *data, size_t len, rgw_ms now)
{
	rgw_count(gw, RGW_CTR_request_answered);
	send_and_keep(gw, req, data, len, now);
}

/* Peers understand Protocol-Error (P-ERR-10), clients if the configuration says so (P-ERR-11). */
static bool
hears_errors(const struct rgw_origin *origin)
{
	return origin->client == NULL || origin->client->conf->protocol_error;
}

void
rgw_req_refuse(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    rgw_ms now)
{
	size_t len = 0;

	if (hears_errors(&req->origin))
		len = rgw_build_protocol_error(gw->scratch, sizeof gw->scratch, &req->packet,
		    error_cause, req->origin.secret);
	if (len == 0) {
		rgw_req_end(gw, req, how, now);
		return;
	}
	rgw_req_detach(gw, req, now);
	rgw_count(gw, how);
	send_and_keep(gw, req, gw->scratch, len, now);
}

static void
on_too_big(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	RGW_LOG(gw->log, RGW_LOG_WARNING, "request-too-big", rgw_origin_name(&req->origin),
	    "dropped: with what the next hop needs it would exceed 4096 octets",
	    rgw_f_origin(&req->origin), rgw_f_uint("octets", req->packet.len));
	rgw_req_refuse(gw, req, RGW_CTR_request_too_big, RGW_CAUSE_OTHER_PROXY_ERROR, now);
}

/* Over a connection a packet is sent once (P-TCP-27). */
static bool
send_on_conn(struct rgw_gw *gw, struct rgw_conn *conn, size_t len, rgw_ms now)
{
	if (!gw->ops->conn_send(gw->ops_ctx, conn->io, gw->scratch, len)) {
		conn->blocked = true;
		return false;
	}
	rgw_count(gw, RGW_CTR_tls_sent);
	conn->used_at = now;
	return true;
}

/* Over UDP it is sent again with the same octets (P-RTX-4), so they are kept. */
static bool
send_on_source(struct rgw_gw *gw, struct rgw_req *req, struct rgw_source *source, size_t len,
    rgw_ms now)
{
	const struct rgw_conf_retransmit *retransmit = &source->port->server->conf->retransmit;

	req->sent = rgw_bufs_get(&gw->bufs, len);
	if (req->sent == NULL)
		return false;
	memcpy(req->sent, gw->scratch, len);
	req->sent_len = (uint16_t)len;
	gw->ops->source_send(gw->ops_ctx, source->io, req->sent, len);
	rgw_count(gw, RGW_CTR_server_sent);
	source->used_at = now;
	rgw_port_joined(source->port);
	rgw_timer_set(&gw->timers, &req->retrans_timer,
	    rgw_retrans_begin(&req->retrans, retransmit, rgw_gw_random16(gw), now));
	return true;
}

bool
rgw_req_send(struct rgw_gw *gw, struct rgw_req *req, struct rgw_lane *lane, rgw_ms now)
{
	uint8_t id = rgw_idpool_take(lane->ids, req, now);
	struct rgw_hop_request hop = {
		.in = &req->packet,
		.hidden = gw->conf->hidden,
		.from = req->origin.secret,
		.to = lane->secret,
		.fresh_auth = rgw_gw_random(gw, RGW_AUTH_LEN),
		.id = id,
	};
	size_t len;

	if (id == 0)
		return false;
	len = rgw_hop_request(gw->scratch, sizeof gw->scratch, &hop);
	if (len == 0) {
		rgw_idpool_unused(lane->ids, id);
		on_too_big(gw, req, now);
		return true;
	}
	if (lane->conn != NULL ? !send_on_conn(gw, lane->conn, len, now)
	                       : !send_on_source(gw, req, lane->source, len, now)) {
		rgw_idpool_unused(lane->ids, id);
		return false;
	}
	if (req->sent_before)
		rgw_count(gw, RGW_CTR_requests_retried);
	rgw_idpool_sent(lane->ids, id, req->packet.code, gw->scratch + 4);
	req->state = RGW_REQ_SENT;
	req->lane = lane;
	req->id = id;
	return true;
}

void
rgw_req_dispatch(struct rgw_req *req, rgw_ms now)
{
	if (req->target->conf->kind == RGW_CONF_PEER)
		rgw_peer_dispatch(rgw_target_peer(req->target), req, now);
	else
		rgw_server_dispatch(rgw_target_server(req->target), req, now);
}

void
rgw_req_time_out(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	const char *name = req->target->conf->name;
	bool peer = req->target->conf->kind == RGW_CONF_PEER;
	struct rgw_identity room;

	RGW_LOG(gw->log, RGW_LOG_WARNING, "request-timeout", name,
	    peer ? "no answer within request-lifetime; the home server behind the peer may be down"
	         : "no answer from the server; is it up, and does it know us and our secret?",
	    rgw_f_target(req->target), rgw_f_origin(&req->origin),
	    rgw_f_identity(gw, &req->packet, &room));
	if (!peer && req->state == RGW_REQ_SENT)
		rgw_health_silent(req->lane->source->port, req->retrans.since, now);
	rgw_req_end(gw, req, RGW_CTR_request_timed_out, now);
}

void
rgw_req_expire(struct rgw_gw *gw, rgw_ms now)
{
	struct rgw_dup *dup;

	while ((dup = rgw_dupcache_expired(&gw->dups, now)) != NULL) {
		struct rgw_req *req = RGW_CONTAINER(dup, struct rgw_req, dup);

		if (req->state == RGW_REQ_ANSWERED)
			rgw_req_free(gw, req);
		else
			rgw_req_time_out(gw, req, now);
	}
}
