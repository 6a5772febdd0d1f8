/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * The life of one connection, whoever opened it: its states, its deadlines and its end (P-TCP-20 to 48, RFC 6613).
 * A connection that we opened belongs to its peer, one that came in to the gateway; either ends in gone(), which
 * frees it. What comes on it is cut into packets in packets.c; whether it still works is told by guard.c and mute.c,
 * and for which request it may have ended by blame.c.
 */

/* A connection that stood for this long was a success even if no packet ever came on it. */
#define PROVEN_AFTER_MS 10000

/* The number of connections in a row whose end is not held against the peer because a request explains it. */
#define EXCUSES 3

const char *
rgw_conn_state_name(enum rgw_conn_state state)
{
	switch (state) {
	case RGW_CONN_CONNECTING:
		return "connecting";
	case RGW_CONN_ACCEPTED:
		return "accepted";
	case RGW_CONN_HANDSHAKE:
		return "handshake";
	case RGW_CONN_UP:
		return "up";
	case RGW_CONN_DRAINING:
		return "draining";
	case RGW_CONN_GONE:
		return "gone";
	}
	return "unknown";
}

static const char *
peer_name(const struct rgw_conn *conn)
{
	return conn->peer != NULL ? conn->peer->conf->head.name : "";
}

static bool
is_up(const struct rgw_conn *conn)
{
	return conn->state == RGW_CONN_UP || conn->state == RGW_CONN_DRAINING;
}

static void
log_conn(const struct rgw_conn *conn, enum rgw_log_level level, const char *event, const char *text,
    const char *reason)
{
	const char *peer = peer_name(conn);

	RGW_LOG(conn->gw->log, level, event, conn->peer != NULL ? peer : NULL, text,
	    rgw_f_str("peer", peer), rgw_f_addr("addr", &conn->addr), rgw_f_uint("conn", conn->lane.serial),
	    rgw_f_str("opened_by", conn->incoming ? "peer" : "us"),
	    rgw_f_str("state", rgw_conn_state_name(conn->state)), rgw_f_str("reason", reason),
	    rgw_f_via(&conn->via));
}

/* The count of the peer's outgoing connections that a connection in this state belongs to; NULL = none. */
static unsigned *
count_of(struct rgw_peer *peer, enum rgw_conn_state state)
{
	switch (state) {
	case RGW_CONN_CONNECTING:
	case RGW_CONN_HANDSHAKE:
		return &peer->n_opening;
	case RGW_CONN_UP:
		return &peer->n_up;
	case RGW_CONN_ACCEPTED:
	case RGW_CONN_DRAINING:
	case RGW_CONN_GONE:
		break;
	}
	return NULL;
}

void
rgw_conn_enter(struct rgw_conn *conn, enum rgw_conn_state state)
{
	unsigned *from = conn->incoming ? NULL : count_of(conn->peer, conn->state);
	unsigned *to = conn->incoming ? NULL : count_of(conn->peer, state);

	/* A new one is in its first state already, and has not been counted. */
	if (from != NULL && conn->state != state)
		(*from)--;
	if (to != NULL)
		(*to)++;
	log_conn(conn, RGW_LOG_DEBUG, "connection-state", rgw_conn_state_name(state), "");
	conn->state = state;
	conn->lane.gone = state == RGW_CONN_GONE;
	if (conn->incoming)
		return;
	if (state == RGW_CONN_UP) {
		conn->peer->unreachable = false;
		conn->peer->target.trouble[0] = '\0';
	}
	else if (state == RGW_CONN_DRAINING || state == RGW_CONN_GONE)
		rgw_guard_leave(conn);
	rgw_peer_review(conn->peer);
}

static bool
has_requests(const struct rgw_conn *conn)
{
	return conn->lane.ids != NULL && rgw_idpool_busy(conn->lane.ids) > 0;
}

/* Is a request under way on the connection, in either direction? */
static bool
is_busy(const struct rgw_conn *conn)
{
	return conn->asked.n_pending > 0 || has_requests(conn);
}

/* ---- deadlines: one timer for all of them ---- */

rgw_ms
rgw_conn_packet_deadline(const struct rgw_conn *conn)
{
	return rgw_ms_after(conn->stream.since, conn->gw->conf->gateway.packet_timeout);
}

static rgw_ms
idle_deadline(const struct rgw_conn *conn)
{
	rgw_ms timeout = conn->peer->conf->idle_timeout;

	return timeout != 0 ? conn->used_at + timeout : RGW_NEVER;
}

static rgw_ms
lifetime_deadline(const struct rgw_conn *conn)
{
	rgw_ms lifetime = conn->peer->conf->lifetime;

	return lifetime != 0 && conn->state == RGW_CONN_UP ? conn->up_at + lifetime : RGW_NEVER;
}

void
rgw_conn_set_timer(struct rgw_conn *conn)
{
	rgw_ms at = conn->deadline;

	if (is_up(conn)) {
		at = rgw_ms_min(at, rgw_conn_packet_deadline(conn));
		at = rgw_ms_min(at, idle_deadline(conn));
		at = rgw_ms_min(at, lifetime_deadline(conn));
		at = rgw_ms_min(at, rgw_watchdog_deadline(&conn->watchdog));
		at = rgw_ms_min(at, rgw_blame_deadline(conn));
		at = rgw_ms_min(at, rgw_mute_deadline(conn));
	}
	/* One that drains ends at once when nothing is open on it, and whatever else happens in the same turn. */
	if (conn->state == RGW_CONN_DRAINING && !is_busy(conn))
		at = 0;
	rgw_timer_set(&conn->gw->timers, &conn->timer, at);
}

/* May the connection be closed when nobody uses it, since neither `connections` nor changes (P-RCA-8) want it open? */
static bool
is_spare(const struct rgw_conn *conn)
{
	return conn->state == RGW_CONN_DRAINING || (conn->incoming ? !rgw_reverse_stays(conn->peer)
	        : conn->peer->n_up > conn->peer->conf->connections.min);
}

static void
on_not_up(struct rgw_conn *conn, rgw_ms now)
{
	bool silent = conn->state == RGW_CONN_ACCEPTED;

	if (conn->state == RGW_CONN_CONNECTING) {
		rgw_count(conn->gw, RGW_CTR_connect_timeouts);
		rgw_conn_close(conn, RGW_LOG_WARNING, "connect-failed", "no TCP connection within connect-timeout",
		    now);
		return;
	}
	rgw_count(conn->gw, RGW_CTR_handshake_timeouts);
	/* A visitor that never said a word is one of many who only look whether the port is open. */
	rgw_conn_close(conn, silent ? RGW_LOG_INFO : RGW_LOG_WARNING,
	    conn->incoming ? "handshake-failed" : "connect-failed", silent && conn->visit.from == NULL
	    ? "no PROXY header, or nothing behind it, within handshake-timeout"
	    : "no TLS session within handshake-timeout", now);
}

/* The rest of a packet did not come in time. The part that came may say which request the answer belonged to. */
static void
on_packet_timeout(struct rgw_conn *conn, rgw_ms now)
{
	static const char why[] = "the rest of a packet did not come within packet-timeout";

	rgw_count(conn->gw, RGW_CTR_packet_timeouts);
	if (!conn->incoming && conn->stream.have > 1)
		(void)rgw_blame_answer(conn, conn->stream.part[1], why, now);
	rgw_conn_close(conn, RGW_LOG_WARNING, "connection-closed", why, now);
}

/* No deadline ends the connection: does what else is due. */
static void
look_after(struct rgw_conn *conn, rgw_ms now)
{
	if (rgw_blame_deadline(conn) <= now)
		rgw_blame_expired(conn, now);
	/* A connection that is busy or wanted is looked at again after another idle time. */
	if (idle_deadline(conn) <= now)
		conn->used_at = now;
	if (rgw_mute_deadline(conn) <= now && !rgw_mute_expired(conn, now))
		return;
	if (rgw_watchdog_deadline(&conn->watchdog) > now || rgw_guard_expired(conn, now))
		rgw_conn_set_timer(conn);
}

static void
close_idle(struct rgw_conn *conn, rgw_ms now)
{
	rgw_count(conn->gw, RGW_CTR_idle_timeouts);
	/* A connection that drains is no loss of a peer that works, so the next connection to the peer need not
	 * wait. */
	if (conn->counted && conn->proven)
		rgw_conn_enter(conn, RGW_CONN_DRAINING);
	rgw_conn_close(conn, RGW_LOG_INFO, "connection-closed", "idle-timeout", now);
}

static void
on_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_conn *conn = RGW_CONTAINER(timer, struct rgw_conn, timer);
	struct rgw_gw *gw = conn->gw;

	if (!is_up(conn)) {
		on_not_up(conn, now);
	} else if (rgw_conn_packet_deadline(conn) <= now) {
		on_packet_timeout(conn, now);
	} else if (conn->state == RGW_CONN_DRAINING && (!is_busy(conn) || conn->deadline <= now)) {
		rgw_conn_close(conn, RGW_LOG_INFO, "connection-closed",
		    is_busy(conn) ? "drained as long as possible" : "drained", now);
	} else if (lifetime_deadline(conn) <= now) {
		rgw_count(gw, RGW_CTR_lifetimes);
		log_conn(conn, RGW_LOG_INFO, "connection-old",
		    "lifetime reached: no new requests; it closes when the open ones are answered", "lifetime");
		rgw_conn_drain(conn, now);
	} else if (idle_deadline(conn) <= now && !is_busy(conn) && is_spare(conn)) {
		close_idle(conn, now);
	} else {
		look_after(conn, now);
	}
}

/* ---- the life of a connection ---- */

struct rgw_conn *
rgw_conn_new(struct rgw_gw *gw, const struct rgw_addr *addr)
{
	struct rgw_conn *conn = calloc(1, sizeof *conn);

	if (conn == NULL)
		return NULL;
	conn->gw = gw;
	conn->edition = rgw_edition_hold(gw->edition);
	conn->lane.serial = ++gw->serial;
	conn->addr = *addr;
	conn->deadline = RGW_NEVER;
	rgw_link_init(&conn->link);
	rgw_stream_init(&conn->stream);
	rgw_timer_init(&conn->timer, on_timer);
	gw->n_conns++;
	return conn;
}

void
rgw_conn_stand_by_current(struct rgw_conn *conn)
{
	struct rgw_edition *before = conn->edition;

	conn->edition = rgw_edition_hold(conn->gw->edition);
	rgw_edition_drop(before);
}

void
rgw_conn_belongs(struct rgw_conn *conn, struct rgw_peer *peer)
{
	conn->peer = peer;
	rgw_conn_stand_by_current(conn);
	conn->lane = (struct rgw_lane){ .target = &peer->target, .ops = &rgw_conn_lane_ops,
		.window = &peer->conf->response_window, .side = { peer->conf->secret, peer->conf->previous_secret },
		.addr = &conn->addr, .serial = conn->lane.serial };
}

struct rgw_conn *
rgw_conn_open(struct rgw_peer *peer, const char *host, const struct rgw_addr *to, rgw_ms now)
{
	struct rgw_gw *gw = peer->target.gw;
	struct rgw_conn *conn = rgw_conn_new(gw, to);

	if (conn == NULL)
		return NULL;
	rgw_conn_belongs(conn, peer);
	rgw_asked_init(&conn->asked, now);
	conn->io = gw->ops->conn_open(gw->ops_ctx, conn, peer->conf, host, to);
	if (conn->io == NULL) {
		gw->n_conns--;
		rgw_edition_drop(conn->edition);
		free(conn);
		return NULL;
	}
	rgw_list_append(&peer->conns, &conn->link);
	rgw_conn_enter(conn, RGW_CONN_CONNECTING);
	conn->opened_at = now;
	conn->deadline = now + peer->conf->connect_timeout;
	rgw_conn_set_timer(conn);
	return conn;
}

/* Does a request explain the end of the connection better than the peer's health does? Then the end is not held against
 * the peer. On connections on which nothing valid has come a request is an excuse only a few times. */
static bool
is_excused(struct rgw_conn *conn, enum rgw_fault fault)
{
	struct rgw_peer *peer = conn->peer;
	bool works = peer->n_okay > conn->counted && has_requests(conn);

	if (!is_up(conn) || fault == RGW_FAULT_NONE || fault == RGW_FAULT_PEER)
		return false;
	if (fault != RGW_FAULT_REQUEST && !works && !rgw_blame_is_plain(conn))
		return false;
	return conn->proven || peer->n_excused++ < EXCUSES;
}

/* Did the connection's watchdog doubt it? For a peer that has never answered Status-Server, that tells us little. */
static bool
is_doubtful(const struct rgw_conn *conn)
{
	return conn->watchdog.state != RGW_WD_OKAY &&
	    (conn->peer->answers_status || conn->peer->conf->status_server == RGW_YES);
}

/* Does the end of the connection speak against the peer? */
static void
judge_peer(struct rgw_conn *conn, enum rgw_fault fault, bool lost, rgw_ms now)
{
	struct rgw_peer *peer = conn->peer;

	if (peer->n_up == 0 && lost)
		rgw_peer_failed(peer, now);
	/* A peer whose very first answer is wrong is asked before it gets requests again. */
	if ((fault == RGW_FAULT_REQUEST || fault == RGW_FAULT_PEER) && !conn->proven && peer->n_okay == 0) {
		peer->must_prove = true;
		rgw_peer_failed(peer, now);
	}
}

/* A connection that we opened leaves its peer. Its unanswered requests are tried elsewhere at once; nothing
 * waits for the NAS (P-TCP-29). */
static void
leave_peer(struct rgw_conn *conn, enum rgw_fault fault, const char *why, rgw_ms now)
{
	struct rgw_peer *peer = conn->peer;
	enum rgw_conn_state last = conn->state;
	bool was_up = is_up(conn);
	bool excused = is_excused(conn, fault);
	bool good = was_up && (excused || conn->proven || now - conn->up_at >= PROVEN_AFTER_MS);
	/* Closing an idle connection is not a failure. When the watchdog closes one, its requests have already
	 * moved, so that none are left cannot tell; hence the doubt. */
	bool lost = last == RGW_CONN_UP && !excused && (is_doubtful(conn) || has_requests(conn));

	rgw_count(conn->gw, was_up ? RGW_CTR_connections_lost : RGW_CTR_connections_failed);
	if (was_up)
		peer->unreachable = false;
	rgw_link_remove(&conn->link);
	rgw_conn_enter(conn, RGW_CONN_GONE);
	judge_peer(conn, fault, lost, now);
	/* The orderly end of a connection that was replaced says nothing about the peer. */
	if (last != RGW_CONN_DRAINING)
		rgw_peer_on_attempt(peer, &(struct rgw_try){ .to = &conn->addr, .began = conn->opened_at,
			.connected = was_up, .good = good, .why = why }, now);
	if (excused)
		peer->retry_at = now;
	if (conn->lane.ids != NULL)
		rgw_blame_end(conn, fault, why, now);
	/* Suspects may be waiting for another connection of the peer, and this was its last one. */
	if (peer->state == RGW_PEER_DOWN)
		rgw_on_target(&peer->target, RGW_TURN_DOWN, now);
}

/* The end of a connection, whichever side ended it. */
static void
gone(struct rgw_conn *conn, enum rgw_fault fault, const char *why, rgw_ms now)
{
	struct rgw_peer *peer = conn->incoming ? NULL : conn->peer;
	enum rgw_conn_state last = conn->state;
	struct rgw_gw *gw = conn->gw;

	if (peer != NULL && !is_up(conn))
		(void)snprintf(peer->target.trouble, sizeof peer->target.trouble, "%s", why);
	if (conn->incoming)
		rgw_conn_enter(conn, RGW_CONN_GONE);
	rgw_on_conn_gone(conn, now);
	if (conn->incoming)
		rgw_accept_forget(conn, last, why, now);
	else
		leave_peer(conn, fault, why, now);
	gw->n_conns--;
	rgw_timer_unset(&gw->timers, &conn->timer);
	rgw_stream_fini(&conn->stream);
	rgw_idpool_free(conn->lane.ids);
	rgw_edition_drop(conn->edition);
	free(conn);
	if (peer != NULL)
		rgw_peer_wake(peer, now);
}

/* What the end of the connection means, in words. */
static const char *
end_text(const struct rgw_conn *conn)
{
	if (!is_up(conn))
		return conn->incoming ? "a peer could not connect" : "no connection to the peer";
	if (conn->incoming)
		return conn->asked.n_pending > 0 ? "the connection has ended; requests that came on it are not worked "
		                             "on any more"
		                           : "the connection has ended";
	return has_requests(conn) ? "the connection has ended; its open requests are sent again "
	                                  "elsewhere"
	                                : "the connection has ended";
}

void
rgw_conn_close(struct rgw_conn *conn, enum rgw_log_level level, const char *event, const char *why,
    rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;

	if (gw->draining && level < RGW_LOG_INFO)
		level = RGW_LOG_INFO;
	log_conn(conn, level, event, end_text(conn), why);
	gw->ops->conn_close(gw->ops_ctx, conn->io);
	gone(conn, RGW_FAULT_NONE, why, now);
}

void
rgw_conn_give_up(struct rgw_conn *conn, const char *why, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;

	log_conn(conn, RGW_LOG_WARNING, "connection-closed", end_text(conn), why);
	gw->ops->conn_close(gw->ops_ctx, conn->io);
	gone(conn, RGW_FAULT_UNKNOWN, why, now);
}

void
rgw_conn_close_for(struct rgw_conn *conn, const struct rgw_packet *p, const char *rule, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;
	bool stopped = !conn->incoming && rgw_blame_answer(conn, p->id, rule, now);

	RGW_LOG(gw->log, RGW_LOG_WARNING, "connection-closed", peer_name(conn), end_text(conn),
	    rgw_f_str("peer", peer_name(conn)), rgw_f_addr("addr", &conn->addr),
	    rgw_f_uint("conn", conn->lane.serial), rgw_f_str("opened_by", conn->incoming ? "peer" : "us"),
	    rgw_f_str("state", rgw_conn_state_name(conn->state)), rgw_f_str("reason", rule),
	    rgw_f_str("code", rgw_code_name(p->code)), rgw_f_uint("code_number", p->code),
	    rgw_f_uint("id", p->id), rgw_f_uint("length", p->len), rgw_f_via(&conn->via));
	gw->ops->conn_close(gw->ops_ctx, conn->io);
	gone(conn, stopped ? RGW_FAULT_REQUEST : RGW_FAULT_PEER, rule, now);
}

void
rgw_conn_drain(struct rgw_conn *conn, rgw_ms now)
{
	if (conn->state != RGW_CONN_UP)
		return;
	rgw_conn_enter(conn, RGW_CONN_DRAINING);
	conn->deadline = now + conn->gw->conf->gateway.request_lifetime;
	rgw_conn_set_timer(conn);
	if (!conn->incoming)
		rgw_peer_wake(conn->peer, now);
}

void
rgw_conn_settled(struct rgw_conn *conn, rgw_ms now)
{
	/* The timer closes the connection, since the caller may be in the middle of something on it. */
	if (conn->state == RGW_CONN_DRAINING && !is_busy(conn))
		rgw_conn_set_timer(conn);
	if (conn->state != RGW_CONN_GONE && conn->peer->queue.n + conn->peer->changes.n > 0)
		rgw_peer_wake(conn->peer, now);
}

void
rgw_conn_on_connected(struct rgw_conn *conn, rgw_ms now)
{
	rgw_conn_enter(conn, RGW_CONN_HANDSHAKE);
	/* The time of a connection that a peer opened has run since it was accepted. */
	if (conn->incoming) {
		rgw_accept_shaking(conn);
		return;
	}
	conn->round_trip = now - conn->opened_at;
	conn->deadline = now + conn->peer->conf->handshake_timeout;
	rgw_conn_set_timer(conn);
}

bool
rgw_conn_make_ids(struct rgw_conn *conn)
{
	if (conn->lane.ids != NULL)
		return true;
	conn->lane.ids = rgw_idpool_new(conn->gw->conf->gateway.request_lifetime);
	return conn->lane.ids != NULL;
}

void
rgw_conn_on_open(struct rgw_conn *conn, uint32_t peer, enum rgw_proof proof, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;

	if (conn->incoming && !rgw_accept_identified(conn, peer, now))
		return;
	if (!conn->incoming && !rgw_conn_make_ids(conn)) {
		rgw_conn_close(conn, RGW_LOG_ERROR, "connect-failed", "out of memory", now);
		return;
	}
	conn->up_at = conn->used_at = now;
	conn->proof = proof;
	conn->deadline = RGW_NEVER;
	rgw_conn_enter(conn, RGW_CONN_UP);
	if (!conn->incoming)
		rgw_guard_open(conn, now);
	rgw_conn_set_timer(conn);
	rgw_count(gw, conn->incoming ? RGW_CTR_incoming_opened : RGW_CTR_connections_opened);
	rgw_conn_tell_proof(conn, now);
	rgw_reverse_opened(conn, now);
	if (conn->incoming)
		return;
	rgw_peer_watch_size(conn->peer, now);
	rgw_peer_pump(conn->peer, now);
}

/* A connection that we opened is replaced first, as at the end of its lifetime. */
void
rgw_conn_on_expiring(struct rgw_conn *conn, rgw_ms now)
{
	if (conn->state != RGW_CONN_UP)
		return;
	log_conn(conn, RGW_LOG_INFO, "connection-old",
	    "its certificates are near their end: no new requests; it closes when the open ones are answered",
	    "certificate");
	rgw_conn_drain(conn, now);
}

void
rgw_conn_on_stalled(struct rgw_conn *conn)
{
	rgw_count(conn->gw, RGW_CTR_connections_stalled);
	log_conn(conn, RGW_LOG_WARNING, "connection-stalled",
	    "the peer does not read: nothing is read from it either until it does",
	    "half of write-buffer waits");
}

void
rgw_conn_on_writable(struct rgw_conn *conn, rgw_ms now)
{
	conn->blocked = false;
	rgw_reverse_opened(conn, now);
	if (!conn->incoming)
		rgw_peer_pump(conn->peer, now);
}

bool
rgw_conn_on_goodbye(struct rgw_conn *conn, rgw_ms now)
{
	if (!conn->incoming || !is_up(conn))
		return false;
	if (is_busy(conn))
		rgw_conn_drain(conn, now);
	else
		rgw_conn_close(conn, RGW_LOG_NOTICE, "connection-lost", "the peer closed the connection", now);
	return true;
}

void
rgw_conn_on_lost(struct rgw_conn *conn, const char *why, rgw_ms now)
{
	enum rgw_log_level level = is_up(conn) ? RGW_LOG_NOTICE : RGW_LOG_WARNING;
	const char *event = is_up(conn) ? "connection-lost"
	                                : conn->incoming ? "handshake-failed" : "connect-failed";

	/* A visitor that only looks whether the port is open gets no line. */
	if (conn->state == RGW_CONN_ACCEPTED)
		level = RGW_LOG_DEBUG;
	log_conn(conn, level, event, end_text(conn), why);
	gone(conn, RGW_FAULT_UNKNOWN, why, now);
}
