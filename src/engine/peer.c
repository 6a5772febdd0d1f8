/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <stdlib.h>

/* Attempts at one time: one to a peer that does not answer, two to one that does. */
#define OPENING_MAX 2

static void
on_open_timer(struct rgw_timer *timer, rgw_ms now)
{
	rgw_peer_pump(RGW_CONTAINER(timer, struct rgw_peer, open_timer), now);
}

/* The queue is in the order of time, so only its head is looked at. */
static void
on_queue_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_peer *peer = RGW_CONTAINER(timer, struct rgw_peer, queue_timer);
	struct rgw_gw *gw = peer->target.gw;
	const char *name = peer->conf->head.name;
	struct rgw_link *l;

	while ((l = rgw_list_first(&peer->queue)) != NULL) {
		struct rgw_req *req = RGW_CONTAINER(l, struct rgw_req, link);

		if (req->queued_until > now) {
			rgw_timer_set(&gw->timers, timer, req->queued_until);
			return;
		}
		RGW_LOG(gw->log, RGW_LOG_WARNING, "queue-timeout", name,
		    "dropped: no connection to the peer took the request within queue-time",
		    rgw_f_str("peer", name), rgw_f_origin(&req->origin),
		    rgw_f_uint("up", peer->n_up), rgw_f_uint("queued", peer->queued));
		rgw_req_refuse(gw, req, RGW_CTR_request_queue_timed_out, RGW_CAUSE_NOT_ROUTABLE, now);
	}
}

void
rgw_peer_init(struct rgw_peer *peer, struct rgw_gw *gw, const struct rgw_conf_peer *conf,
    rgw_ms now)
{
	const struct rgw_rate *rate = &conf->connect_rate;

	peer->target = (struct rgw_target){ .conf = &conf->head, .gw = gw };
	peer->conf = conf;
	rgw_link_init(&peer->conns);
	rgw_link_init(&peer->incoming);
	rgw_link_init(&peer->queue);
	rgw_timer_init(&peer->queue_timer, on_queue_timer);
	rgw_timer_init(&peer->open_timer, on_open_timer);
	rgw_bucket_init(&peer->connect_rate, rate->events, rate->period, rate->burst, now);
	peer->n_hosts = conf->connect.n;
	peer->hosts = rgw_xcalloc(peer->n_hosts, sizeof *peer->hosts);
	for (uint32_t i = 0; i < peer->n_hosts; i++)
		rgw_host_init(&peer->hosts[i], &peer->target, &conf->connect.v[i], now);
	if (conf->connections.min > 0)
		rgw_timer_set(&gw->timers, &peer->open_timer, now);
}

void
rgw_peer_fini(struct rgw_peer *peer, rgw_ms now)
{
	struct rgw_gw *gw = peer->target.gw;
	struct rgw_link *l;

	while ((l = rgw_list_first(&peer->conns)) != NULL)
		rgw_conn_close(RGW_CONTAINER(l, struct rgw_conn, link), RGW_LOG_INFO,
		    "connection-closed", "the gateway stops", now);
	for (size_t i = 0; i < peer->n_hosts; i++)
		rgw_host_fini(&peer->hosts[i]);
	free(peer->hosts);
	rgw_timer_unset(&gw->timers, &peer->queue_timer);
	rgw_timer_unset(&gw->timers, &peer->open_timer);
}

/* A connection that can take a request now, or NULL. */
static struct rgw_conn *
pick(struct rgw_peer *peer, rgw_ms now)
{
	struct rgw_conn *best = NULL;

	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (conn->state != RGW_CONN_UP || conn->blocked ||
		    !rgw_idpool_available(conn->lane.ids, now))
			continue;
		if (best == NULL || conn->lane.ids->busy < best->lane.ids->busy)
			best = conn;
	}
	return best;
}

bool
rgw_peer_enqueue(struct rgw_peer *peer, struct rgw_req *req, rgw_ms now)
{
	/* One that was on a connection already was let in before; it is never turned away. */
	if (peer->queued >= peer->conf->queue && !req->sent_before)
		return false;
	req->state = RGW_REQ_QUEUED;
	req->queued_until = now + peer->conf->queue_time;
	rgw_list_append(&peer->queue, &req->link);
	peer->queued++;
	if (!rgw_timer_is_set(&peer->queue_timer))
		rgw_timer_set(&peer->target.gw->timers, &peer->queue_timer, req->queued_until);
	return true;
}

void
rgw_peer_dispatch(struct rgw_peer *peer, struct rgw_req *req, rgw_ms now)
{
	struct rgw_gw *gw = peer->target.gw;
	const char *name = peer->conf->head.name;
	/* Whoever waits already goes first. */
	struct rgw_conn *conn = peer->queued == 0 ? pick(peer, now) : NULL;

	if (conn != NULL && rgw_req_send(gw, req, &conn->lane, now))
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

void
rgw_peer_nudge(struct rgw_peer *peer, rgw_ms now)
{
	rgw_timer_set(&peer->target.gw->timers, &peer->open_timer, now);
}

static void
send_queued(struct rgw_peer *peer, rgw_ms now)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&peer->queue)) != NULL) {
		struct rgw_req *req = RGW_CONTAINER(l, struct rgw_req, link);
		struct rgw_conn *conn = pick(peer, now);

		if (conn == NULL)
			return;
		rgw_req_detach(peer->target.gw, req, now);
		if (!rgw_req_send(peer->target.gw, req, &conn->lane, now)) {
			/* Full after all: back to its place, with the time it had left. */
			req->state = RGW_REQ_QUEUED;
			rgw_list_prepend(&peer->queue, &req->link);
			peer->queued++;
		}
	}
	rgw_timer_unset(&peer->target.gw->timers, &peer->queue_timer);
}

/* How many connections the load asks for, within the limits. */
static unsigned
wanted(const struct rgw_peer *peer)
{
	size_t load = peer->queued;
	size_t want;

	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		const struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (conn->state == RGW_CONN_UP)
			load += conn->lane.ids->busy;
	}
	want = (load + RGW_PER_LANE - 1) / RGW_PER_LANE;
	if (want < peer->conf->connections.min)
		want = peer->conf->connections.min;
	if (want > peer->conf->connections.max)
		want = peer->conf->connections.max;
	return (unsigned)want;
}

/* Starts one attempt if it may be made now; else sets the timer for when it may. */
static bool
open_more(struct rgw_peer *peer, rgw_ms now)
{
	struct rgw_gw *gw = peer->target.gw;
	struct rgw_addr to;
	const char *host;

	if (now < peer->retry_at) {
		rgw_timer_set(&gw->timers, &peer->open_timer, peer->retry_at);
		return false;
	}
	host = rgw_host_address(peer, peer->next_addr, &to);
	if (host == NULL)
		return false;  /* goes on when a look-up succeeds */
	if (!rgw_bucket_take(&peer->connect_rate, now)) {
		rgw_count(gw, RGW_CTR_connect_rate_limited);
		rgw_timer_set(&gw->timers, &peer->open_timer,
		    rgw_bucket_next(&peer->connect_rate, now));
		return false;
	}
	if (rgw_conn_open(peer, host, &to, now) == NULL) {
		rgw_count(gw, RGW_CTR_connections_failed);
		rgw_peer_on_attempt(peer, false, now);
		rgw_timer_set(&gw->timers, &peer->open_timer, peer->retry_at);
		return false;
	}
	return true;
}

void
rgw_peer_pump(struct rgw_peer *peer, rgw_ms now)
{
	unsigned opening_max = peer->fails == 0 ? OPENING_MAX : 1;

	if (peer->queued > 0)
		send_queued(peer, now);
	if (peer->target.gw->draining && peer->queued == 0)
		return;
	while (peer->n_opening < opening_max && peer->n_up + peer->n_opening < wanted(peer))
		if (!open_more(peer, now))
			break;
}

/* Grows by half with each round over all addresses that came to nothing, from the lower to the upper
 * bound of `reconnect`, the spread included (P-TLS-20 to 22). Doubling would miss a peer that is
 * away for a few seconds by longer than requests can wait. */
static rgw_ms
back_off(const struct rgw_peer *peer)
{
	rgw_ms longest = peer->conf->reconnect.max / 3 * 2;
	rgw_ms delay = peer->conf->reconnect.min;
	size_t addrs = rgw_host_count(peer);
	size_t rounds = addrs > 0 ? (peer->fails - 1) / addrs : 0;

	while (rounds-- > 0 && delay < longest)
		delay += delay / 2;
	return delay < longest || longest < peer->conf->reconnect.min ? delay : longest;
}

void
rgw_peer_on_attempt(struct rgw_peer *peer, bool good, rgw_ms now)
{
	if (good) {
		/* It worked until now, so the next try may come soon, but not in step with everybody
		 * else who lost the same peer. */
		peer->fails = 0;
		peer->retry_at = now + rgw_gw_spread(peer->target.gw, peer->conf->reconnect.min / 4);
		return;
	}
	peer->fails++;
	peer->next_addr++;
	peer->retry_at = now + rgw_gw_spread(peer->target.gw, back_off(peer));
}
