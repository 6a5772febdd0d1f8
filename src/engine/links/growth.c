/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <stdio.h>

/* How many connections a peer has: they are opened as the load asks for them, with pauses where that fails (P-TLS-20 to
 * 23), and those that the load has not needed for long are closed (P-FO-3). */

/* The number of attempts to connect at one time: one to a peer that does not answer, two to a peer of which nothing is
 * known, and more to a peer that works, since a burst of requests waits for them. */
static unsigned
opening_max(const struct rgw_peer *peer)
{
	if (peer->fails > 0)
		return 1;
	return peer->n_okay > 0 ? 4 : 2;
}

/* A connection more than the load needs is closed after this many looks at it (P-FO-3: five minutes). */
#define SHRINK_LOOK_MS 60000
#define SHRINK_LOOKS 5

/* When an address has taken this long to fail, the requests that wait for the peer do not wait for its next address. */
#define SLOW_MS 1000

/* The pauses between attempts begin anew for a peer that is needed, at most this often. */
#define CALL_MS 30000

size_t
rgw_peer_load(const struct rgw_peer *peer)
{
	size_t load = peer->queue.n + peer->changes.n;

	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		const struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (conn->state == RGW_CONN_UP)
			load += rgw_idpool_busy(conn->lane.ids);
	}
	return load;
}

/* How many connections the load asks for, within the limits. A connection is opened ahead when four fifths of the
 * identifiers are in use. A peer that went away is called until it is back (P-WD-6). */
static unsigned
wanted(const struct rgw_peer *peer)
{
	size_t want = (rgw_peer_load(peer) * 5 / 4 + RGW_PER_LANE - 1) / RGW_PER_LANE;

	if (want == 0 && peer->failed)
		want = 1;
	want += rgw_blame_wants(peer);
	if (want < peer->conf->connections.min)
		want = peer->conf->connections.min;
	if (want > peer->conf->connections.max)
		want = peer->conf->connections.max;
	return (unsigned)want;
}

/* Drains the connection with the least to do when there have been too many connections for a long time. */
static void
on_shrink_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_peer *peer = RGW_CONTAINER(timer, struct rgw_peer, shrink_timer);
	struct rgw_conn *least = NULL;

	if (peer->n_up <= 1)
		return;
	rgw_timer_set(&peer->target.gw->timers, timer, now + SHRINK_LOOK_MS);
	/* With one connection less, half of the identifiers would still be free. */
	if (peer->n_up <= wanted(peer) ||
	    rgw_peer_load(peer) * 2 > (size_t)(peer->n_up - 1) * RGW_PER_LANE) {
		peer->shrink_ticks = 0;
		return;
	}
	if (++peer->shrink_ticks < SHRINK_LOOKS)
		return;
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (conn->state == RGW_CONN_UP &&
		    (least == NULL || rgw_idpool_busy(conn->lane.ids) <= rgw_idpool_busy(least->lane.ids)))
			least = conn;
	}
	rgw_count(peer->target.gw, RGW_CTR_connections_surplus);
	rgw_conn_drain(least, now);
}

void
rgw_growth_init(struct rgw_peer *peer, rgw_ms now)
{
	const struct rgw_rate *rate = &peer->conf->connect_rate;

	rgw_timer_init(&peer->shrink_timer, on_shrink_timer);
	rgw_bucket_init(&peer->connect_rate, rate->events, rate->period, rate->burst, now);
}

void
rgw_peer_watch_size(struct rgw_peer *peer, rgw_ms now)
{
	peer->shrink_ticks = 0;
	if (!rgw_timer_is_set(&peer->shrink_timer))
		rgw_timer_set(&peer->target.gw->timers, &peer->shrink_timer, now + SHRINK_LOOK_MS);
}

/* Starts one attempt if it may be made now; else sets the timer for when it may. */
static bool
open_more(struct rgw_peer *peer, rgw_ms now)
{
	struct rgw_gw *gw = peer->target.gw;
	struct rgw_addr to;
	const char *host;

	if (now < peer->retry_at) {
		rgw_peer_wake(peer, peer->retry_at);
		return false;
	}
	host = rgw_peer_address(peer, peer->next_addr, &to);
	if (host == NULL)
		return false;  /* goes on when a look-up succeeds */
	if (!rgw_bucket_take(&peer->connect_rate, now)) {
		rgw_count(gw, RGW_CTR_connect_rate_limited);
		rgw_peer_wake(peer, rgw_bucket_next(&peer->connect_rate, now));
		return false;
	}
	if (rgw_conn_open(peer, host, &to, now) == NULL) {
		rgw_count(gw, RGW_CTR_connections_failed);
		rgw_peer_on_attempt(peer, &(struct rgw_try){ .to = &to, .began = now,
			.why = "no connection can be begun" }, now);
		rgw_peer_wake(peer, peer->retry_at);
		return false;
	}
	return true;
}

/* ---- new connections in place of all ---- */

static bool
is_old(const struct rgw_peer *peer, const struct rgw_conn *conn)
{
	return peer->renewing && conn->state == RGW_CONN_UP && conn->lane.serial <= peer->old_until;
}

/* Those that are to be replaced, and of these, those that work. */
static unsigned
count_old(const struct rgw_peer *peer, unsigned *n_fit)
{
	unsigned n = 0;

	*n_fit = 0;
	for (struct rgw_link *l = peer->conns.next; peer->renewing && l != &peer->conns; l = l->next) {
		const struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		n += is_old(peer, conn);
		*n_fit += is_old(peer, conn) && !conn->lame;
	}
	return n;
}

void
rgw_peer_renew(struct rgw_peer *peer, rgw_ms now)
{
	peer->renewing = peer->n_up > 0;
	peer->old_until = peer->target.gw->serial;
	peer->retry_at = now;
	rgw_peer_wake(peer, now);
}

void
rgw_peer_renewed(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_peer *peer = conn->peer;

	if (!peer->renewing || conn->lane.serial <= peer->old_until)
		return;
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *old = RGW_CONTAINER(l, struct rgw_conn, link);

		if (old->lane.serial <= peer->old_until)
			rgw_conn_drain(old, now);
	}
	peer->renewing = false;
}

/* ---- no more ---- */

static struct rgw_conn *
opening(const struct rgw_peer *peer)
{
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (conn->state == RGW_CONN_CONNECTING || conn->state == RGW_CONN_HANDSHAKE)
			return conn;
	}
	return NULL;
}

void
rgw_peer_end_attempts(struct rgw_peer *peer, const char *why, rgw_ms now)
{
	struct rgw_conn *conn;

	while ((conn = opening(peer)) != NULL)
		rgw_conn_close(conn, RGW_LOG_INFO, "connect-failed", why, now);
}

void
rgw_peer_ebb(struct rgw_peer *peer, rgw_ms now)
{
	if (peer->queue.n > 0)
		return;
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next)
		rgw_conn_drain(RGW_CONTAINER(l, struct rgw_conn, link), now);
	rgw_peer_end_attempts(peer, "the peer is not in the configuration any more", now);
}

/* ---- as many as are needed ---- */

void
rgw_peer_grow(struct rgw_peer *peer, rgw_ms now)
{
	unsigned n_old, n_old_fit, want;

	if (peer->known.gone) {
		rgw_peer_ebb(peer, now);
		return;
	}
	if (peer->target.gw->draining && peer->queue.n == 0)
		return;
	n_old = count_old(peer, &n_old_fit);
	want = wanted(peer);
	if (n_old > 0 && want == 0)
		want = 1;
	/* Connections that are suspected or mute do no work, but count for the limit; those that are to be replaced
	 * count for neither. */
	while (peer->n_opening < opening_max(peer) &&
	    peer->n_up - n_old + peer->n_opening < peer->conf->connections.max &&
	    peer->n_up - peer->n_lame - n_old_fit + peer->n_opening < want)
		if (!open_more(peer, now))
			break;
}

/* The pause before the next attempt. It grows by half with each round over all addresses that came to nothing, from the
 * lower to the upper bound of `reconnect`, the spread included (P-TLS-20 to 22). Doubling would miss a peer that is
 * away for a few seconds by longer than requests can wait. */
static rgw_ms
back_off(const struct rgw_peer *peer)
{
	rgw_ms longest = peer->conf->reconnect.max / 3 * 2;
	rgw_ms delay = peer->conf->reconnect.min;

	for (unsigned i = 1; i < peer->rounds && delay < longest; i++)
		delay += delay / 2;
	return delay < longest || longest < peer->conf->reconnect.min ? delay : longest;
}

void
rgw_peer_proven(struct rgw_peer *peer)
{
	peer->fails = peer->rounds = 0;
	peer->missed = 0;
}

/* Is this the address that the next attempt would take? Of several attempts that were made at one time, only one moves
 * on. */
static bool
is_next(const struct rgw_peer *peer, const struct rgw_addr *to)
{
	struct rgw_addr next;

	return rgw_peer_address(peer, peer->next_addr, &next) != NULL && rgw_addr_equal(&next, to);
}

/* Turns to the peer's next address, which is tried at once. A pause follows only when all addresses of the peer have
 * failed. */
static void
next_address(struct rgw_peer *peer, rgw_ms now)
{
	peer->next_addr++;
	if (++peer->missed < rgw_peer_n_addresses(peer)) {
		peer->retry_at = now;
		return;
	}
	peer->missed = 0;
	peer->rounds++;
	for (size_t i = 0; i < peer->n_hosts; i++)
		rgw_host_refresh(&peer->hosts[i], now);
	peer->retry_at = now + rgw_gw_spread(peer->target.gw, back_off(peer));
}

void
rgw_peer_on_attempt(struct rgw_peer *peer, const struct rgw_try *try, rgw_ms now)
{
	snprintf(peer->ailment, sizeof peer->ailment, "%s", try->why);
	if (try->good) {
		/* The connection worked until now, so the next try may come soon, but not in step with everybody else
		 * who lost the same peer. */
		rgw_peer_proven(peer);
		peer->retry_at = now + rgw_gw_below(peer->target.gw, peer->conf->reconnect.min / 4);
		return;
	}
	peer->fails++;
	if (peer->ailing_since == 0 && peer->n_okay == 0)
		peer->ailing_since = now;
	if (!is_next(peer, try->to))
		return;
	next_address(peer, now);
	/* An address that says no at once costs nobody anything, as long as the peer has another one. */
	if (peer->missed > 0 && now - try->began < SLOW_MS)
		return;
	peer->unreachable = !try->connected;
	if (peer->n_up > 0)
		return;
	rgw_peer_failed(peer, now);
	rgw_on_target(&peer->target, RGW_TURN_DOWN, now);
}

static bool
leads_to(const struct rgw_peer *peer, const struct rgw_addr *addr)
{
	for (size_t i = 0; i < peer->n_hosts; i++)
		if (rgw_host_has(&peer->hosts[i], addr))
			return true;
	return false;
}

/* An attempt to connect to an address that the peer has left, or NULL. */
static struct rgw_conn *
vain_attempt(const struct rgw_peer *peer)
{
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (conn->state == RGW_CONN_CONNECTING && !leads_to(peer, &conn->addr))
			return conn;
	}
	return NULL;
}

/* Ends attempts to connect to addresses that the peer has left, since nothing is hoped for from them; connections that
 * stand are left alone. The end of one attempt may change all the others, so the list is begun anew each time. */
void
rgw_peer_moved(struct rgw_peer *peer, const struct rgw_host *host, rgw_ms now)
{
	struct rgw_conn *conn;

	peer->next_addr = peer->missed = 0;
	for (const struct rgw_host *h = peer->hosts; h != host; h++)
		peer->next_addr += h->n_addrs;
	if (peer->n_up == 0)
		peer->retry_at = now;
	while ((conn = vain_attempt(peer)) != NULL)
		rgw_conn_close(conn, RGW_LOG_INFO, "connect-failed", "the name leads elsewhere now", now);
	rgw_peer_pump(peer, now);
}

void
rgw_peer_failed(struct rgw_peer *peer, rgw_ms now)
{
	if (peer->failed)
		return;
	peer->failed = true;
	rgw_peer_review(peer);
	rgw_on_target(&peer->target, RGW_TURN_FAILED, now);
}

/* A request does not call a peer, which would defeat the pauses (P-TLS-23); the failure of another member of its pool
 * does. */
void
rgw_peer_call(struct rgw_peer *peer, rgw_ms now)
{
	rgw_ms soon = now + rgw_gw_spread(peer->target.gw, peer->conf->reconnect.min);

	if (!peer->failed || peer->n_up > 0 || peer->rounds < 2 || now < peer->call_at)
		return;
	peer->call_at = now + CALL_MS;
	peer->rounds = 1;
	peer->retry_at = rgw_ms_min(peer->retry_at, soon);
	rgw_peer_wake(peer, peer->retry_at);
}
