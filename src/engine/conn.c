/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <stdlib.h>

/* A packet whose rest does not come holds a buffer; after this its connection is closed (P-STR-6). */
#define PACKET_TIMEOUT_MS 10000

/* A connection that stood this long was a success even if no packet ever came. */
#define PROVEN_AFTER_MS 10000

static const char *
state_name(enum rgw_conn_state state)
{
	switch (state) {
	case RGW_CONN_CONNECTING:
		return "connecting";
	case RGW_CONN_HANDSHAKE:
		return "handshake";
	case RGW_CONN_UP:
		return "up";
	}
	return "unknown";
}

static void
log_conn(const struct rgw_conn *conn, enum rgw_log_level level, const char *event, const char *text,
    const char *reason)
{
	const char *peer = conn->peer->conf->head.name;

	RGW_LOG(conn->peer->gw->log, level, event, peer, text, rgw_f_str("peer", peer),
	    rgw_f_addr("addr", &conn->addr), rgw_f_uint("conn", conn->serial),
	    rgw_f_str("state", state_name(conn->state)), rgw_f_str("reason", reason));
}

/* All changes of state go through here; the peer's counts follow. */
static void
enter(struct rgw_conn *conn, enum rgw_conn_state state)
{
	if (state == RGW_CONN_UP) {
		conn->peer->n_opening--;
		conn->peer->n_up++;
	}
	log_conn(conn, RGW_LOG_DEBUG, "connection-state", state_name(state), "");
	conn->state = state;
}

static void
on_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_conn *conn = RGW_CONTAINER(timer, struct rgw_conn, timer);
	struct rgw_gw *gw = conn->peer->gw;

	switch (conn->state) {
	case RGW_CONN_CONNECTING:
		rgw_count(gw, RGW_CTR_connect_timeouts);
		rgw_conn_close(conn, "connect-failed", "no TCP connection within connect-timeout", now);
		break;
	case RGW_CONN_HANDSHAKE:
		rgw_count(gw, RGW_CTR_handshake_timeouts);
		rgw_conn_close(conn, "connect-failed", "no TLS session within handshake-timeout", now);
		break;
	case RGW_CONN_UP:
		rgw_count(gw, RGW_CTR_packet_timeouts);
		rgw_conn_close(conn, "connection-closed", "the rest of a packet did not come", now);
		break;
	}
}

struct rgw_conn *
rgw_conn_new(struct rgw_peer *peer, const char *host, const struct rgw_addr *to, rgw_ms now)
{
	struct rgw_gw *gw = peer->gw;
	struct rgw_conn *conn = calloc(1, sizeof *conn);

	if (conn == NULL)
		return NULL;
	conn->peer = peer;
	conn->serial = ++gw->serial;
	conn->state = RGW_CONN_CONNECTING;
	conn->addr = *to;
	rgw_stream_init(&conn->stream);
	rgw_timer_init(&conn->timer, on_timer);
	conn->io = gw->ops->conn_open(gw->ops_ctx, conn, peer->conf, host, to);
	if (conn->io == NULL) {
		free(conn);
		return NULL;
	}
	rgw_link_init(&conn->link);
	rgw_list_append(&peer->conns, &conn->link);
	peer->n_opening++;
	gw->n_conns++;
	rgw_timer_set(&gw->timers, &conn->timer, now + peer->conf->connect_timeout);
	return conn;
}

/* The unanswered requests go back to the peer's queue at once; nothing waits for the NAS (P-TCP-29). */
static void
move_requests(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_gw *gw = conn->peer->gw;

	for (unsigned id = 1; id < 256; id++) {
		struct rgw_req *req = conn->ids->id[id].owner;

		if (req == NULL)
			continue;
		rgw_req_detach(gw, req, now);
		req->sent_before = true;
		rgw_peer_enqueue(conn->peer, req, now);
	}
}

/* The end of a connection, whoever ended it. */
static void
gone(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_peer *peer = conn->peer;
	struct rgw_gw *gw = peer->gw;
	bool was_up = conn->state == RGW_CONN_UP;
	bool good = was_up && (conn->proven || now - conn->up_at >= PROVEN_AFTER_MS);

	rgw_count(gw, was_up ? RGW_CTR_connections_lost : RGW_CTR_connections_failed);
	rgw_timer_unset(&gw->timers, &conn->timer);
	rgw_link_remove(&conn->link);
	gw->n_conns--;
	if (was_up) {
		peer->n_up--;
		move_requests(conn, now);
	} else {
		peer->n_opening--;
	}
	rgw_stream_fini(&conn->stream);
	if (conn->ids != NULL)
		rgw_wipe(conn->ids, sizeof *conn->ids);
	free(conn->ids);
	free(conn);
	rgw_peer_on_attempt(peer, good, now);
	rgw_peer_pump(peer, now);
}

void
rgw_conn_close(struct rgw_conn *conn, const char *event, const char *why, rgw_ms now)
{
	struct rgw_gw *gw = conn->peer->gw;
	const char *text = conn->state == RGW_CONN_UP
	    ? "closed by us; its open requests are sent again elsewhere"
	    : "no connection to the peer";

	log_conn(conn, gw->draining ? RGW_LOG_INFO : RGW_LOG_WARNING, event,
	    gw->draining ? "closed by us" : text, why);
	gw->ops->conn_close(gw->ops_ctx, conn->io);
	gone(conn, now);
}

void
rgw_conn_on_connected(struct rgw_conn *conn, rgw_ms now)
{
	enter(conn, RGW_CONN_HANDSHAKE);
	rgw_timer_set(&conn->peer->gw->timers, &conn->timer, now + conn->peer->conf->handshake_timeout);
}

void
rgw_conn_on_open(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_gw *gw = conn->peer->gw;

	conn->ids = malloc(sizeof *conn->ids);
	if (conn->ids == NULL) {
		rgw_conn_close(conn, "connect-failed", "out of memory", now);
		return;
	}
	rgw_idpool_init(conn->ids, gw->conf->gateway.request_lifetime);
	rgw_timer_unset(&gw->timers, &conn->timer);
	conn->up_at = now;
	enter(conn, RGW_CONN_UP);
	rgw_count(gw, RGW_CTR_connections_opened);
	log_conn(conn, RGW_LOG_NOTICE, "connection-up", "connection to the peer is up", "");
	rgw_peer_pump(conn->peer, now);
}

void
rgw_conn_on_writable(struct rgw_conn *conn, rgw_ms now)
{
	conn->blocked = false;
	rgw_peer_pump(conn->peer, now);
}

void
rgw_conn_on_lost(struct rgw_conn *conn, const char *why, rgw_ms now)
{
	bool up = conn->state == RGW_CONN_UP;

	log_conn(conn, up ? RGW_LOG_NOTICE : RGW_LOG_WARNING, up ? "connection-lost" : "connect-failed",
	    up ? "the connection ended; its open requests are sent again elsewhere"
	       : "no connection to the peer",
	    why);
	gone(conn, now);
}

void
rgw_conn_on_data(struct rgw_conn *conn, const uint8_t *data, size_t len, rgw_ms now)
{
	struct rgw_gw *gw = conn->peer->gw;
	struct rgw_rd in = rgw_rd_of(data, len);
	struct rgw_rd packet;

	for (;;) {
		switch (rgw_stream_next(&conn->stream, &in, now, &packet)) {
		case RGW_STREAM_PACKET:
			if (!rgw_response_on_packet(conn, packet.p, rgw_rd_left(&packet), now))
				return;
			continue;
		case RGW_STREAM_MORE:
			rgw_timer_set(&gw->timers, &conn->timer,
			    rgw_ms_after(PACKET_TIMEOUT_MS, conn->stream.since));
			return;
		case RGW_STREAM_BAD_LENGTH:
			rgw_count(gw, RGW_CTR_response_malformed);
			rgw_conn_close(conn, "malformed-packet",
			    "Length field below 20 or above 4096 (RFC 6613 2.6.4)", now);
			return;
		case RGW_STREAM_NO_MEMORY:
			rgw_conn_close(conn, "connection-closed", "out of memory", now);
			return;
		}
	}
}
