/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

/*
 * CoA and Disconnect to a peer (P-RCA): they go down the connection on which the session came, whoever opened it, or
 * any other one that the peer has. A connection that came in is a lane of its own kind for that: it gets identifiers
 * when something is sent on it first, and the peer's watchdog, not ours, tells whether it lives.
 */

static bool
send_packet(struct rgw_lane *lane, const struct rgw_outgoing *out, rgw_ms now)
{
	return rgw_conn_lane_ops.send(lane, out, now);
}

static void
answered(struct rgw_lane *lane, const struct rgw_ticket *ticket, rgw_ms now)
{
	(void)ticket;
	rgw_conn_of(lane)->used_at = now;
}

/* Nothing depends on what comes on such a connection. */
static void
heard(struct rgw_lane *lane, rgw_ms now)
{
	(void)lane;
	(void)now;
}

static void
settled(struct rgw_lane *lane, rgw_ms now)
{
	rgw_conn_settled(rgw_conn_of(lane), now);
}

const struct rgw_lane_ops rgw_reverse_lane_ops = {
	.unexpected_code = RGW_CTR_peer_unexpected_code,
	.send = send_packet,
	.answered = answered,
	.heard = heard,
	.settled = settled,
};

static bool
was_on(const struct rgw_wish *wish, const struct rgw_conn *conn)
{
	for (unsigned i = 0; i < wish->n_left; i++)
		if (wish->left[i] == conn->lane.serial)
			return true;
	return false;
}

/* Can the connection take the request now? */
static bool
can_take(struct rgw_conn *conn, const struct rgw_wish *wish, rgw_ms now)
{
	if (conn->state != RGW_CONN_UP || conn->blocked || was_on(wish, conn))
		return false;
	if (!conn->incoming && !rgw_blame_allows(conn, wish->care, now))
		return false;
	return rgw_conn_make_ids(conn) && rgw_idpool_available(conn->lane.ids, now);
}

/* Is `a` better than `b`? The connection where the session is goes first, then connections that the peer has opened:
 * NASes are behind those; then the one with the least to do. */
static bool
is_better(const struct rgw_conn *a, const struct rgw_conn *b, uint32_t prefer)
{
	if ((a->lane.serial == prefer) != (b->lane.serial == prefer))
		return a->lane.serial == prefer;
	if (a->incoming != b->incoming)
		return a->incoming;
	return rgw_idpool_busy(a->lane.ids) < rgw_idpool_busy(b->lane.ids);
}

static struct rgw_conn *
best_of(struct rgw_link *conns, struct rgw_conn *best, const struct rgw_wish *wish, rgw_ms now)
{
	for (struct rgw_link *l = conns->next; l != conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (can_take(conn, wish, now) && (best == NULL || is_better(conn, best, wish->prefer)))
			best = conn;
	}
	return best;
}

struct rgw_lane *
rgw_reverse_lane(struct rgw_peer *peer, struct rgw_wish *wish, rgw_ms now)
{
	struct rgw_conn *best = best_of(&peer->incoming, NULL, wish, now);

	best = best_of(&peer->conns, best, wish, now);
	if (best != NULL)
		return &best->lane;
	wish->yields = wish->n_left > 0 || wish->care != RGW_CARE_NONE;
	return NULL;
}

enum rgw_standing
rgw_reverse_standing(const struct rgw_peer *peer)
{
	bool is_up = peer->n_up > 0;

	for (struct rgw_link *l = peer->incoming.next; l != &peer->incoming && !is_up; l = l->next)
		is_up = RGW_CONTAINER(l, struct rgw_conn, link)->state == RGW_CONN_UP;
	if (is_up)
		return RGW_UP;
	return peer->conf->connect.n > 0 && !peer->failed ? RGW_IDLE : RGW_DOWN;
}

bool
rgw_reverse_stays(const struct rgw_peer *peer)
{
	return (peer->conf->allow & RGW_SERVICE_CHANGES) != 0;
}

void
rgw_reverse_opened(struct rgw_conn *conn, rgw_ms now)
{
	if (conn->peer != NULL && conn->peer->changes.n > 0)
		rgw_peer_wake(conn->peer, now);
}
