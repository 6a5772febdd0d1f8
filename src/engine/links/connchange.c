/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

/* A connection from one edition to the next: by which it stands, and which times hold. */

/* When what the connection is about to do must be done, by the times that hold now. */
static void
set_deadline(struct rgw_conn *conn)
{
	switch (conn->state) {
	case RGW_CONN_CONNECTING:
		conn->deadline = conn->opened_at + conn->peer->conf->connect_timeout;
		break;
	case RGW_CONN_ACCEPTED:
		conn->deadline = conn->opened_at + conn->listener->conf->handshake_timeout;
		break;
	case RGW_CONN_HANDSHAKE:
		conn->deadline = conn->incoming ? conn->opened_at + conn->listener->conf->handshake_timeout
		    : conn->opened_at + conn->round_trip + conn->peer->conf->handshake_timeout;
		break;
	case RGW_CONN_UP:
	case RGW_CONN_DRAINING:
	case RGW_CONN_GONE:
		break;
	}
}

static bool
is_over(const struct rgw_known *known)
{
	return known->gone || known->renewed;
}

bool
rgw_conn_is_outdated(const struct rgw_conn *conn)
{
	return (conn->peer != NULL && is_over(&conn->peer->known)) ||
	    (conn->incoming && is_over(&conn->listener->known));
}

void
rgw_conn_change(struct rgw_conn *conn, struct rgw_edition *old, rgw_ms now)
{
	const struct rgw_peer *peer = conn->peer;

	if (conn->edition == old && !rgw_conn_is_outdated(conn)) {
		rgw_conn_stand_by_current(conn);
		if (peer != NULL)
			conn->lane.side = (struct rgw_side){ peer->conf->secret, peer->conf->previous_secret };
	}
	if (conn->lane.ids != NULL)
		rgw_idpool_rest(conn->lane.ids, conn->gw->conf->gateway.request_lifetime);
	set_deadline(conn);
	if (!conn->incoming && conn->state == RGW_CONN_UP)
		rgw_guard_change(conn, now);
	rgw_conn_set_timer(conn);
}
