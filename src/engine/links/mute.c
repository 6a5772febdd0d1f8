/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

/*
 * Connections that stand, and on which nothing comes although it should. A watchdog needs up to a minute to find
 * that out; here the peer's own pace is the measure. A connection that has been quiet for several times as long
 * as usual, with a request on it, is asked with Status-Server, and if it does not answer that within several
 * times the usual time either, it is mute: new requests go elsewhere, and another connection is opened. Only what
 * comes on another connection shows that the peer itself lives; then the mute one is closed, and its requests
 * move. A peer that hangs altogether is left to the watchdog and to the pool.
 */

/* No connection is asked before this much time has passed without a sign. A segment that is lost on a longer way comes
 * again after 200 ms or more. */
#define QUIET_NEAR_MS 60
#define QUIET_FAR_MS 300
#define NEAR_MS 2

/* This many times the usual silence is too long. */
#define TIMES 4

/* A silence that was measured counts half after this time. */
#define HALF_LIFE_MS 30000

/* The number of silences that tell what is usual. */
#define SAMPLES 8

/* How long what the peer has sent may be on its way when another connection shows that it lives. */
#define ON_THE_WAY_MS 20

static rgw_ms
too_long(const struct rgw_conn *conn)
{
	rgw_ms usual = TIMES * conn->peer->silence;
	rgw_ms least = conn->round_trip < NEAR_MS ? QUIET_NEAR_MS : QUIET_FAR_MS + TIMES * conn->round_trip;

	return usual > least ? usual : least;
}

static void
note(struct rgw_peer *peer, rgw_ms ms, rgw_ms now)
{
	if (now - peer->silence_since >= HALF_LIFE_MS) {
		peer->silence /= 2;
		peer->silence_since = now;
	}
	if (ms > peer->silence)
		peer->silence = ms;
	if (peer->n_silences < SAMPLES)
		peer->n_silences++;
}

/* Is enough known about the peer to tell that a connection is mute? */
static bool
can_tell(const struct rgw_conn *conn)
{
	return conn->peer->n_silences >= SAMPLES && conn->peer->answers_status && conn->watchdog.init != 0;
}

rgw_ms
rgw_mute_deadline(const struct rgw_conn *conn)
{
	if (conn->incoming || conn->quiet_since == 0 || !can_tell(conn))
		return RGW_NEVER;
	if (conn->mute)
		return rgw_ms_after(conn->exposed_at, ON_THE_WAY_MS + 2 * conn->round_trip);
	return conn->mute_at != 0 ? conn->mute_at : conn->quiet_since + too_long(conn);
}

void
rgw_mute_sent(struct rgw_conn *conn, rgw_ms now)
{
	if (conn->quiet_since != 0)
		return;
	conn->quiet_since = now;
	if (rgw_mute_deadline(conn) < conn->timer.at)
		rgw_conn_set_timer(conn);
}

/* The peer lives: connections that have been mute for all that have no excuse. */
static void
expose_others(struct rgw_peer *peer, rgw_ms now)
{
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (!conn->mute || conn->exposed_at != RGW_NEVER)
			continue;
		conn->exposed_at = now;
		rgw_conn_set_timer(conn);
	}
}

void
rgw_mute_heard(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_peer *peer = conn->peer;

	/* The first answer on a connection takes longer because the connection has just begun, so it is not
	 * measured. */
	if (conn->quiet_since != 0 && conn->proven)
		note(peer, now - conn->quiet_since, now);
	/* More answers may be to come, unless it turns out that this one was for the last request. */
	conn->quiet_since = conn->n_read < conn->n_sent ? now : 0;
	conn->mute_at = 0;
	if (conn->mute)
		rgw_guard_mute(conn, false, now);
	if (peer->n_lame > 0)
		expose_others(peer, now);
}

void
rgw_mute_read_all(struct rgw_conn *conn)
{
	conn->quiet_since = conn->mute_at = 0;
}

bool
rgw_mute_expired(struct rgw_conn *conn, rgw_ms now)
{
	if (conn->mute) {
		rgw_count(conn->gw, RGW_CTR_connections_mute);
		rgw_conn_give_up(conn,
		    "nothing comes on the connection any more, while the peer answers on another one", now);
		return false;
	}
	if (conn->mute_at == 0) {
		rgw_guard_ask(conn, now);
		conn->mute_at = now + too_long(conn);
		return true;
	}
	conn->exposed_at = RGW_NEVER;
	rgw_guard_mute(conn, true, now);
	return true;
}
