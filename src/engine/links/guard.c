/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

/* The watchdog of a connection that we opened (RFC 3539, P-WD-1 to 14): this file sends its Status-Servers, does
 * what it says, and keeps the peer's counts of good and of suspected connections. Any packet on the connection
 * counts as a sign of life, even one whose authenticator is wrong, since inside TLS nobody but the peer can have
 * sent it (P-WD-12). */

static void
count_as(struct rgw_conn *conn, bool okay, bool lame)
{
	struct rgw_peer *peer = conn->peer;

	peer->n_okay += (unsigned)okay - conn->counted;
	peer->n_lame += (unsigned)lame - conn->lame;
	conn->counted = okay;
	conn->lame = lame;
	rgw_peer_review(peer);
}

/* Brings the peer's counts up to date: the watchdog's state has changed, or the connection has become mute or has
 * ceased to be. */
static void
count_again(struct rgw_conn *conn)
{
	bool suspect = conn->watchdog.state == RGW_WD_SUSPECT;

	count_as(conn, conn->watchdog.state == RGW_WD_OKAY && !conn->mute, suspect || conn->mute);
}

static void
log_state(const struct rgw_conn *conn, enum rgw_log_level level, const char *event, const char *text)
{
	const char *name = conn->peer->conf->head.name;

	RGW_LOG(conn->gw->log, level, event, name, text, rgw_f_str("peer", name),
	    rgw_f_addr("addr", &conn->addr), rgw_f_uint("conn", conn->lane.serial),
	    rgw_f_str("watchdog", rgw_watchdog_name(conn->watchdog.state)));
}

static void
send_probe(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;
	size_t len = rgw_probe_build(gw, 0, &conn->lane.side);

	rgw_idpool_probe(conn->lane.ids, RGW_STATUS_SERVER, gw->scratch + 4, now);
	conn->probed_at = now;
	conn->probed_nth = conn->n_sent;
	rgw_mute_sent(conn, now);
	/* The result is not looked at: a full buffer means that the far end reads nothing, and that is what the
	 * watchdog is to find out. */
	if (gw->ops->conn_send(gw->ops_ctx, conn->io, &(struct rgw_outgoing){ gw->scratch, len, NULL }))
		rgw_count(gw, RGW_CTR_watchdogs_sent);
}

/* The connection is good, so the peer is back. */
static void
on_okay(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_peer *peer = conn->peer;

	count_again(conn);
	peer->failed = peer->must_prove = false;
	rgw_on_target(&peer->target, RGW_TURN_UP, now);
	rgw_peer_renewed(conn, now);
}

/* A peer that may change sessions must find a connection that works, so it is asked at least so often. */
#define CHANGES_MS 15000

/* Milliseconds between the watchdogs of the peer; 0 = it is not asked. */
static rgw_ms
interval_of(const struct rgw_peer *peer)
{
	if (peer->conf->status_server == RGW_NO || peer->ignores_status)
		return 0;
	return (peer->conf->allow & RGW_SERVICE_CHANGES) != 0 ? rgw_ms_min(peer->conf->watchdog, CHANGES_MS)
	                                                      : peer->conf->watchdog;
}

void
rgw_guard_open(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_peer *peer = conn->peer;
	const struct rgw_conf_peer *conf = peer->conf;
	/* Only a peer that has ever answered a Status-Server can prove itself with some, or one whose answers
	 * have all been wrong so far. */
	bool reopened = peer->failed && peer->n_okay == 0 &&
	    (peer->answers_status || peer->must_prove || conf->status_server == RGW_YES);

	if (rgw_watchdog_open(&conn->watchdog, interval_of(peer), reopened,
	        conf->reopen_answers, rgw_gw_random16(conn->gw), now) == RGW_WD_SEND)
		send_probe(conn, now);
	if (conn->watchdog.state == RGW_WD_OKAY)
		on_okay(conn, now);
}

void
rgw_guard_mute(struct rgw_conn *conn, bool mute, rgw_ms now)
{
	conn->mute = mute;
	count_again(conn);
	if (mute) {
		rgw_count(conn->gw, RGW_CTR_connections_quiet);
		log_state(conn, RGW_LOG_NOTICE, "connection-mute",
		    "nothing comes on the connection for much longer than usual, not even an answer to "
		    "Status-Server: another one is opened, and new requests go elsewhere");
		rgw_peer_wake(conn->peer, now);
	} else if (conn->counted) {
		log_state(conn, RGW_LOG_NOTICE, "connection-okay", "the connection is good again");
		on_okay(conn, now);
		rgw_peer_wake(conn->peer, now);
	}
}

void
rgw_guard_leave(struct rgw_conn *conn)
{
	conn->mute = false;
	count_as(conn, false, false);
	rgw_watchdog_off(&conn->watchdog);
}

void
rgw_guard_heard(struct rgw_conn *conn, bool dwa, rgw_ms now)
{
	if (dwa) {
		rgw_count(conn->gw, RGW_CTR_watchdogs_answered);
		conn->peer->answers_status = true;
		rgw_blame_read(conn, conn->probed_nth, now);
	}
	conn->heard_at = now;
	rgw_mute_heard(conn, now);
	switch (rgw_watchdog_heard(&conn->watchdog, dwa, rgw_gw_random16(conn->gw), now)) {
	case RGW_WD_SEND:
		send_probe(conn, now);
		break;
	case RGW_WD_FAILBACK:
		log_state(conn, RGW_LOG_NOTICE, "connection-okay", "the connection is good again");
		on_okay(conn, now);
		rgw_peer_wake(conn->peer, now);
		break;
	default:
		break;
	}
}

void
rgw_guard_ask(struct rgw_conn *conn, rgw_ms now)
{
	if (rgw_watchdog_ask(&conn->watchdog, rgw_gw_random16(conn->gw), now) != RGW_WD_SEND)
		return;
	send_probe(conn, now);
	rgw_conn_set_timer(conn);
}

void
rgw_guard_ask_all(struct rgw_peer *peer, rgw_ms now)
{
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (conn->state == RGW_CONN_UP)
			rgw_guard_ask(conn, now);
	}
}

bool
rgw_guard_is_mute(const struct rgw_conn *conn, rgw_ms since)
{
	return conn->watchdog.pending && conn->probed_at <= since;
}

/* Has this peer shown that it never answers Status-Server? It has answered requests since the first Status-Server was
 * sent, and no Status-Server ever (P-WD-11). */
static bool
ignores_status(const struct rgw_conn *conn)
{
	return conn->peer->conf->status_server == RGW_AUTO && !conn->peer->answers_status &&
	    conn->watchdog.pending && conn->heard_at > conn->probed_at;
}

static void
switch_off(struct rgw_peer *peer, rgw_ms now)
{
	peer->ignores_status = true;
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (conn->state != RGW_CONN_UP)
			continue;
		rgw_watchdog_off(&conn->watchdog);
		on_okay(conn, now);
		rgw_conn_set_timer(conn);
	}
}

void
rgw_guard_change(struct rgw_conn *conn, rgw_ms now)
{
	bool was_off = conn->watchdog.init == 0;

	rgw_watchdog_change(&conn->watchdog, interval_of(conn->peer), conn->peer->conf->reopen_answers,
	    rgw_gw_random16(conn->gw), now);
	if (!was_off && conn->watchdog.init == 0)
		on_okay(conn, now);
}

/* Moves the requests that are open on a suspected connection elsewhere if there is anywhere to go (P-FO-1). */
static void
fail_over(struct rgw_conn *conn, rgw_ms now)
{
	rgw_count(conn->gw, RGW_CTR_connections_suspected);
	count_again(conn);
	log_state(conn, RGW_LOG_WARNING, "connection-suspect",
	    "no traffic and no reply to Status-Server: moving its open requests to other connections");
	rgw_on_lane_lost(&conn->lane, RGW_LOSS_SUSPECT, "the connection is suspected", now);
	if (conn->peer->n_okay == 0)
		rgw_on_target(&conn->peer->target, RGW_TURN_FAILED, now);
}

bool
rgw_guard_expired(struct rgw_conn *conn, rgw_ms now)
{
	if (ignores_status(conn)) {
		log_state(conn, RGW_LOG_NOTICE, "status-server-ignored",
		    "the peer answers requests but no Status-Server; it is not asked any more");
		switch_off(conn->peer, now);
		return true;
	}
	switch (rgw_watchdog_expired(&conn->watchdog, rgw_gw_random16(conn->gw), now)) {
	case RGW_WD_SEND:
		send_probe(conn, now);
		return true;
	case RGW_WD_FAILOVER:
		fail_over(conn, now);
		return true;
	case RGW_WD_CLOSE:
		/* A peer that does not know Status-Server can only prove itself with answers to requests. */
		if (!conn->peer->answers_status)
			conn->peer->must_prove = false;
		rgw_count(conn->gw, RGW_CTR_watchdog_timeouts);
		rgw_conn_close(conn, RGW_LOG_WARNING, "connection-closed",
		    "the watchdog had no answer: the peer hangs, or the way to it is cut", now);
		return false;
	default:
		return true;
	}
}
