/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/hop.h"

void
rgw_req_free(struct rgw_gw *gw, struct rgw_req *req)
{
	rgw_dupcache_remove(&gw->dups, &req->dup);
	rgw_bufs_put(&gw->bufs, req->octets, req->packet.len);
	rgw_bufs_put(&gw->bufs, req->answer, req->answer_len);
	rgw_slab_put(&gw->reqs, req);
}

void
rgw_req_detach(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	struct rgw_peer *peer = req->peer;

	if (req->state == RGW_REQ_SENT) {
		rgw_idpool_given_up(req->conn->ids, req->id, now);
		req->conn = NULL;
		/* Its identifier may serve somebody who waits. */
		if (peer->queued > 0)
			rgw_timer_set(&gw->timers, &peer->open_timer, now);
	} else if (req->state == RGW_REQ_QUEUED) {
		rgw_link_remove(&req->link);
		peer->queued--;
	}
	req->state = RGW_REQ_NEW;
}

void
rgw_req_end(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now)
{
	rgw_req_detach(gw, req, now);
	rgw_count(gw, how);
	gw->pending--;
	rgw_req_free(gw, req);
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
	gw->ops->udp_send(gw->ops_ctx, req->sock, &req->local, &req->remote, data, len);
	rgw_count(gw, RGW_CTR_udp_sent);
	gw->pending--;
	keep_answer(gw, req, data, len, now);
}

void
rgw_req_answer(struct rgw_gw *gw, struct rgw_req *req, const uint8_t *data, size_t len, rgw_ms now)
{
	rgw_count(gw, RGW_CTR_request_answered);
	send_and_keep(gw, req, data, len, now);
}

void
rgw_req_refuse(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    rgw_ms now)
{
	size_t len = 0;

	if (req->client->conf->protocol_error)
		len = rgw_build_protocol_error(gw->scratch, sizeof gw->scratch, &req->packet,
		    error_cause, req->client->conf->secret);
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
	const char *client = req->client->conf->head.name;

	RGW_LOG(gw->log, RGW_LOG_WARNING, "request-too-big", client,
	    "dropped: with what the next hop needs it would exceed 4096 octets",
	    rgw_f_str("client", client), rgw_f_uint("octets", req->packet.len));
	rgw_req_refuse(gw, req, RGW_CTR_request_too_big, RGW_CAUSE_OTHER_PROXY_ERROR, now);
}

bool
rgw_req_send(struct rgw_gw *gw, struct rgw_req *req, struct rgw_conn *conn, rgw_ms now)
{
	uint8_t id = rgw_idpool_take(conn->ids, req, now);
	struct rgw_hop_request hop = {
		.in = &req->packet,
		.hidden = gw->conf->hidden,
		.from = req->client->conf->secret,
		.to = conn->peer->conf->secret,
		.fresh_auth = rgw_gw_random(gw, RGW_AUTH_LEN),
		.id = id,
	};
	size_t len;

	if (id == 0)
		return false;
	len = rgw_hop_request(gw->scratch, sizeof gw->scratch, &hop);
	if (len == 0) {
		rgw_idpool_unused(conn->ids, id);
		on_too_big(gw, req, now);
		return true;
	}
	if (!gw->ops->conn_send(gw->ops_ctx, conn->io, gw->scratch, len)) {
		rgw_idpool_unused(conn->ids, id);
		conn->blocked = true;
		return false;
	}
	rgw_count(gw, RGW_CTR_tls_sent);
	if (req->sent_before)
		rgw_count(gw, RGW_CTR_requests_retried);
	rgw_idpool_sent(conn->ids, id, req->packet.code, gw->scratch + 4);
	req->state = RGW_REQ_SENT;
	req->conn = conn;
	req->id = id;
	return true;
}

void
rgw_req_dispatch(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	struct rgw_peer *peer = req->peer;
	const char *name = peer->conf->head.name;
	struct rgw_conn *conn;

	/* Whoever waits already goes first. */
	conn = peer->queued == 0 ? rgw_peer_pick(peer, now) : NULL;
	if (conn != NULL && rgw_req_send(gw, req, conn, now))
		return;
	if (!rgw_peer_enqueue(peer, req, now)) {
		RGW_LOG(gw->log, RGW_LOG_WARNING, "queue-full", name,
		    "dropped: the queue of the peer is full; is the peer up, and are its connections "
		    "enough?",
		    rgw_f_str("peer", name), rgw_f_uint("queue", peer->conf->queue),
		    rgw_f_uint("up", peer->n_up));
		rgw_req_refuse(gw, req, RGW_CTR_request_queue_full, RGW_CAUSE_RESOURCES_UNAVAILABLE,
		    now);
		return;
	}
	rgw_peer_pump(peer, now);
}

static void
on_timed_out(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	const char *peer = req->peer->conf->head.name;
	struct rgw_identity room;

	RGW_LOG(gw->log, RGW_LOG_WARNING, "request-timeout", peer,
	    "no answer within request-lifetime; the home server behind the peer may be down",
	    rgw_f_str("peer", peer), rgw_f_str("client", req->client->conf->head.name),
	    rgw_gw_identity(gw, &req->packet, &room));
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
			on_timed_out(gw, req, now);
	}
}
