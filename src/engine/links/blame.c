/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

/*
 * Requests at which a peer closes the connection, as the connection sees them; what becomes of such a request is
 * said in requests/suspects.c. A peer reads what it is sent in order, so an answer clears all that was sent before
 * the request that it answers. When a connection ends, each request that it had not cleared is a suspect, and the
 * first of them most of all, since a peer reads no further than that. Suspects are sent again a few at a time, so
 * that the next end, if there is one, leaves few that were there both times. These, and the first one, are sent
 * alone: on a connection on which everything else is cleared, and which takes nothing else until this request is
 * cleared, too. So the third end shows whose fault it was, and nobody else pays for it.
 *
 * A peer that goes away takes all its connections with it. A suspect therefore waits for a moment before it is
 * sent on a connection that stood already when its own one ended, or it would be there when that one ends, too.
 */

/* The number of suspects that may be under way on a connection at one time without being cleared. */
#define SUSPECTS_TOGETHER 16

/* The greatest number of connections beyond what the load needs that are opened for suspects. */
#define CONNECTIONS_BESIDE 4

/* How long a suspect keeps away from connections that may be about to end for the same reason as its own. */
#define GRACE_MS 50

/* A peer that has not closed a connection for this long, and some round trips more, has read what it was sent. A peer
 * that answers Status-Server tells us itself, unless it hangs. */
#define READ_AFTER_MS 300
#define READ_AFTER_TRIPS 4
#define HANGS_AFTER_MS 8000

static rgw_ms
read_after(const struct rgw_conn *conn)
{
	if (conn->peer->answers_status && conn->watchdog.init != 0)
		return conn->sent_at + HANGS_AFTER_MS;
	return conn->sent_at + READ_AFTER_MS + READ_AFTER_TRIPS * conn->round_trip;
}

/* Requests on the connection that the peer may not have read yet. */
static uint64_t
n_unread(const struct rgw_conn *conn, rgw_ms now)
{
	return now < read_after(conn) ? conn->n_sent - conn->n_read : 0;
}

bool
rgw_blame_is_pending(const struct rgw_conn *conn, const struct rgw_ticket *ticket, rgw_ms now)
{
	return ticket->nth > conn->n_read && now < read_after(conn);
}

/* The number of suspects that wait for a connection of the peer. */
static size_t
n_suspects(const struct rgw_peer *peer)
{
	return peer->queue.n - peer->queue.n_as[RGW_CARE_NONE];
}

size_t
rgw_blame_wants(const struct rgw_peer *peer)
{
	size_t n = (peer->queue.n_as[RGW_CARE_FEW] + SUSPECTS_TOGETHER - 1) / SUSPECTS_TOGETHER +
	    peer->queue.n_as[RGW_CARE_ALONE];

	return n < CONNECTIONS_BESIDE ? n : CONNECTIONS_BESIDE;
}

/* Is the connection kept free for suspects? While suspects wait, the newest connections of a peer are: one for each
 * suspect, but never more than half of the connections. */
static bool
is_reserved(const struct rgw_peer *peer, const struct rgw_conn *conn)
{
	size_t n = n_suspects(peer);
	size_t most = peer->n_up / 2 < n ? peer->n_up / 2 : n;

	for (struct rgw_link *l = peer->conns.prev; l != &peer->conns && most > 0; l = l->prev) {
		const struct rgw_conn *c = RGW_CONTAINER(l, struct rgw_conn, link);

		if (c == conn)
			return true;
		if (c->state == RGW_CONN_UP)
			most--;
	}
	return false;
}

/* May the connection be about to end anyway, because another connection of the peer has ended just now, or because it
 * is suspected or mute itself while other connections are not? */
static bool
may_follow(const struct rgw_conn *conn, rgw_ms now)
{
	const struct rgw_peer *peer = conn->peer;

	return (conn->up_at <= peer->lost_at && now < peer->lost_at + GRACE_MS) ||
	    (conn->lame && peer->n_up > peer->n_lame);
}

bool
rgw_blame_allows(const struct rgw_conn *conn, enum rgw_care care, rgw_ms now)
{
	if (conn->alone != 0 || (care != RGW_CARE_NONE && may_follow(conn, now)))
		return false;
	switch (care) {
	case RGW_CARE_NONE:
		break;
	case RGW_CARE_FEW:
		return n_unread(conn, now) < SUSPECTS_TOGETHER;
	case RGW_CARE_ALONE:
		return n_unread(conn, now) == 0;
	case RGW_CARE_NO_MORE:
		return false;
	}
	return n_suspects(conn->peer) == 0 || !is_reserved(conn->peer, conn);
}

bool
rgw_blame_lets_pass(const struct rgw_peer *peer, rgw_ms now)
{
	return peer->n_up > 1 || now < peer->lost_at + GRACE_MS ||
	    (peer->fails == 0 && (peer->n_opening > 0 || peer->n_up < peer->conf->connections.max));
}

void
rgw_blame_wait(struct rgw_peer *peer, rgw_ms now)
{
	if (n_suspects(peer) == 0)
		return;
	if (peer->lost_at + GRACE_MS > now)
		rgw_peer_wake(peer, peer->lost_at + GRACE_MS);
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (conn->state != RGW_CONN_UP || n_unread(conn, now) == 0 ||
		    (peer->n_up > 1 && !is_reserved(peer, conn)))
			continue;
		rgw_guard_ask(conn, now);
		rgw_peer_wake(peer, read_after(conn));
	}
}

void
rgw_blame_sent(struct rgw_conn *conn, struct rgw_ticket *ticket, rgw_ms now)
{
	ticket->nth = ++conn->n_sent;
	conn->sent_at = now;
	rgw_mute_sent(conn, now);
	if (ticket->care != RGW_CARE_ALONE)
		return;
	conn->alone = ticket->nth;
	rgw_guard_ask(conn, now);
	rgw_conn_set_timer(conn);
}

static void
clear(struct rgw_conn *conn, rgw_ms now)
{
	conn->alone = 0;
	if (conn->peer->queue.n > 0)
		rgw_peer_wake(conn->peer, now);
}

void
rgw_blame_read(struct rgw_conn *conn, uint64_t nth, rgw_ms now)
{
	if (nth > conn->n_read)
		conn->n_read = nth;
	if (conn->n_read == conn->n_sent)
		rgw_mute_read_all(conn);
	if (conn->alone != 0 && conn->alone <= conn->n_read)
		clear(conn, now);
	else if (conn->alone != 0)
		rgw_guard_ask(conn, now);
	else if (n_suspects(conn->peer) > 0)
		rgw_peer_wake(conn->peer, now);
}

rgw_ms
rgw_blame_deadline(const struct rgw_conn *conn)
{
	return conn->alone != 0 ? read_after(conn) : RGW_NEVER;
}

void
rgw_blame_expired(struct rgw_conn *conn, rgw_ms now)
{
	conn->n_read = conn->n_sent;
	clear(conn, now);
}

/* ---- the end of a connection ---- */

/* May the request of this ticket be why the peer closed the connection? */
static bool
is_to_blame(const struct rgw_conn *conn, const struct rgw_ticket *t)
{
	if (conn->alone != 0)
		return t->nth == conn->alone;
	return t->nth > conn->n_read;
}

bool
rgw_blame_answer(struct rgw_conn *conn, uint8_t id, const char *why, rgw_ms now)
{
	const struct rgw_id *slot = rgw_idpool_find(conn->lane.ids, id);
	struct rgw_ticket *t;

	/* The answer may belong to the request that had the identifier before, too. */
	if (slot->owner == NULL || slot->before.late_until > now)
		return false;
	for (unsigned i = 0; (t = rgw_idpool_next(conn->lane.ids, &i)) != NULL;)
		t->blamed = i == id;
	rgw_on_lane_lost(&conn->lane, RGW_LOSS_ANSWER, why, now);
	return true;
}

bool
rgw_blame_is_plain(const struct rgw_conn *conn)
{
	const struct rgw_ticket *t;

	if (conn->lane.ids == NULL || conn->alone != 0)
		return conn->alone != 0;
	for (unsigned id = 0; (t = rgw_idpool_next(conn->lane.ids, &id)) != NULL;)
		if (t->suspect && is_to_blame(conn, t))
			return true;
	return false;
}

/* What the end of the connection means for the tickets on its lane. */
static enum rgw_loss
loss_of(const struct rgw_conn *conn, enum rgw_fault fault)
{
	switch (fault) {
	case RGW_FAULT_NONE:
	case RGW_FAULT_REQUEST:
		break;
	case RGW_FAULT_PEER:
		return RGW_LOSS_BROKEN;
	case RGW_FAULT_UNKNOWN:
		return conn->alone != 0 ? RGW_LOSS_EXPLAINED : RGW_LOSS_ENDED;
	}
	return RGW_LOSS_CLOSED;
}

void
rgw_blame_end(struct rgw_conn *conn, enum rgw_fault fault, const char *why, rgw_ms now)
{
	struct rgw_ticket *t;

	if (fault == RGW_FAULT_UNKNOWN)
		conn->peer->lost_at = now;
	for (unsigned id = 0; (t = rgw_idpool_next(conn->lane.ids, &id)) != NULL;)
		t->blamed = fault == RGW_FAULT_UNKNOWN && is_to_blame(conn, t);
	rgw_on_lane_lost(&conn->lane, loss_of(conn, fault), why, now);
}
