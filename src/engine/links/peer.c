/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../engine.h"

#include <assert.h>
#include <stdlib.h>

/* The connection set of a peer: which connection takes a request, and who waits. How many connections
 * there are is decided in growth.c. */

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
		struct rgw_attempt *a = RGW_CONTAINER(l, struct rgw_attempt, link);

		if (a->queued_until > now) {
			rgw_timer_set(&gw->timers, timer, a->queued_until);
			return;
		}
		RGW_LOG(gw->log, RGW_LOG_WARNING, "queue-timeout", name,
		    "no connection to the peer took the request within queue-time",
		    rgw_f_str("peer", name), rgw_f_origin(&a->req->origin),
		    rgw_f_uint("up", peer->n_up), rgw_f_uint("queued", peer->queued));
		rgw_pool_failed(a, RGW_FAIL_QUEUE_TIME, 0, now);
	}
}

void
rgw_peer_init(struct rgw_peer *peer, struct rgw_gw *gw, const struct rgw_conf_peer *conf,
    rgw_ms now)
{
	rgw_target_init(&peer->target, gw, &conf->head);
	peer->conf = conf;
	peer->quota = &gw->common->peers[conf->head.index];
	rgw_asker_init(&peer->asker, UINT64_C(1) << 32 | conf->head.index, &conf->status_server_rate, now);
	rgw_link_init(&peer->conns);
	rgw_link_init(&peer->incoming);
	rgw_link_init(&peer->queue);
	rgw_timer_init(&peer->queue_timer, on_queue_timer);
	rgw_timer_init(&peer->open_timer, on_open_timer);
	rgw_growth_init(peer, now);
	peer->n_hosts = conf->connect.n;
	peer->hosts = rgw_xcalloc(peer->n_hosts, sizeof *peer->hosts);
	for (uint32_t i = 0; i < peer->n_hosts; i++)
		rgw_host_init(&peer->hosts[i], gw, &conf->head, &conf->connect.v[i], now);
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
	rgw_target_fini(&peer->target);
	rgw_timer_unset(&gw->timers, &peer->queue_timer);
	rgw_timer_unset(&gw->timers, &peer->open_timer);
	rgw_timer_unset(&gw->timers, &peer->shrink_timer);
}

/* ---- which connection ---- */

static bool
was_on(const struct rgw_req *req, const struct rgw_conn *conn)
{
	for (unsigned i = 0; i < RGW_LEFT; i++)
		if (req->left[i] == conn->serial)
			return true;
	return false;
}

/* Never again the connection where it was (P-TCP-27): one that is suspected still stands. */
static bool
can_take(const struct rgw_conn *conn, const struct rgw_attempt *a, rgw_ms now)
{
	/* Nothing more is put on a mute connection while another one is about to come up. */
	return conn->state == RGW_CONN_UP && !conn->blocked && !was_on(a->req, conn) &&
	    !(conn->mute && conn->peer->n_opening > 0) && rgw_idpool_available(conn->lane.ids, now) &&
	    rgw_blame_allows(conn, a, now);
}

/* Has nothing come on it since it was asked whether it lives? */
static bool
is_unheard(const struct rgw_conn *conn)
{
	return conn->watchdog.pending && conn->heard_at < conn->probed_at;
}

/* OKAY ones before those that have to prove themselves, before suspected ones; those that are heard before those that
 * have just been asked; among equals the one with the least to do. */
static bool
is_better(const struct rgw_conn *a, const struct rgw_conn *b)
{
	static const uint8_t place[] = { [RGW_WD_OKAY] = 0, [RGW_WD_REOPEN] = 1, [RGW_WD_SUSPECT] = 2 };

	if (a->mute != b->mute)
		return b->mute;
	if (a->watchdog.state != b->watchdog.state)
		return place[a->watchdog.state] < place[b->watchdog.state];
	if (is_unheard(a) != is_unheard(b))
		return is_unheard(b);
	return a->lane.ids->busy < b->lane.ids->busy;
}

/* The one where the conversation lives, or the one that the caller's station falls on. */
static struct rgw_conn *
preferred(struct rgw_peer *peer, const struct rgw_attempt *a)
{
	const struct rgw_packet *p = &a->req->packet;
	struct rgw_attr station;
	unsigned n = 0;

	if (a->prefer == 0 && (peer->n_okay < 2 || !rgw_packet_has(p, RGW_AT_EAP_MESSAGE) ||
	        !rgw_packet_get(p, RGW_AT_CALLING_STATION_ID, &station)))
		return NULL;
	if (a->prefer == 0)
		n = (unsigned)(rgw_siphash(&peer->target.gw->common->salt, station.value, station.len) %
		               peer->n_okay);
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);
		bool okay = conn->state == RGW_CONN_UP && conn->counted;

		if (a->prefer != 0 ? conn->serial == a->prefer : okay && n-- == 0)
			return conn;
	}
	return NULL;
}

/* A connection that can take the attempt now, or NULL (P-TCP-46). */
static struct rgw_conn *
pick(struct rgw_peer *peer, const struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_conn *best = preferred(peer, a);

	if (best != NULL && can_take(best, a, now) && best->counted)
		return best;
	best = NULL;
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (can_take(conn, a, now) && (best == NULL || is_better(conn, best)))
			best = conn;
	}
	return best;
}

/* ---- requests ---- */

/* Whoever has waited so long for an answer gives way when there is nobody else to give way. */
#define PATIENCE_MS 5000

/* The one on a connection that has waited longest, of those whose identifier can be used again. NULL = there is
 * none, or the connection has identifiers left. */
static struct rgw_attempt *
longest_on(const struct rgw_conn *conn, rgw_ms now)
{
	const struct rgw_idpool *ids = conn->lane.ids;
	struct rgw_attempt *longest = NULL;

	if (conn->state != RGW_CONN_UP || conn->watchdog.state != RGW_WD_OKAY || rgw_idpool_available(ids, now))
		return NULL;
	for (unsigned id = 1; id < 256; id++) {
		struct rgw_attempt *a = ids->id[id].owner;

		if (a != NULL && (longest == NULL || a->sent_at < longest->sent_at) &&
		    rgw_idpool_reusable(ids, (uint8_t)id, now))
			longest = a;
	}
	return longest;
}

/* All identifiers are taken, and no further connection is about to come up: there are enough, or the peer
 * takes no more. A dead realm must not keep them until its requests have outlived themselves: the one that
 * has waited longest lets its identifier go. It goes on absorbing repetitions, and may still be tried
 * elsewhere. */
static bool
make_way(struct rgw_peer *peer, rgw_ms now)
{
	struct rgw_attempt *longest = NULL;

	bool growing = peer->n_opening > 0 && peer->fails == 0;

	if (peer->n_okay == 0 || growing || now < peer->patient_until)
		return false;
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);
		struct rgw_attempt *a = longest_on(conn, now);

		if (a != NULL && (longest == NULL || a->sent_at < longest->sent_at))
			longest = a;
	}
	if (longest == NULL || now - longest->sent_at < PATIENCE_MS) {
		/* Until then it is not worth looking again. */
		peer->patient_until = longest != NULL ? longest->sent_at + PATIENCE_MS : now + 100;
		return false;
	}
	rgw_count(peer->target.gw, RGW_CTR_requests_gave_way);
	RGW_LOG(peer->target.gw->log, RGW_LOG_WARNING, "gave-way", peer->conf->head.name,
	    "all identifiers are taken: the request that has waited longest for its answer lets its own go; "
	    "is a home server behind the peer dead, or are its connections too few?",
	    rgw_f_target(&peer->target), rgw_f_uint("waited_ms", now - longest->sent_at));
	rgw_mark_unanswered(longest, now);
	rgw_attempt_detach(longest, now);
	return true;
}

static struct rgw_conn *
find_room(struct rgw_peer *peer, const struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_conn *conn = pick(peer, a, now);

	return conn == NULL && a->suspicion == RGW_NO_SUSPECT && make_way(peer, now) ? pick(peer, a, now) : conn;
}

static void
join(struct rgw_peer *peer, struct rgw_link *list, struct rgw_attempt *a)
{
	a->state = RGW_ATTEMPT_QUEUED;
	rgw_list_append(list, &a->link);
	peer->queued++;
	peer->queued_as[a->suspicion]++;
}

void
rgw_peer_suspect(struct rgw_attempt *a)
{
	enum rgw_suspicion suspicion = rgw_blame_suspicion(a->req);

	if (a->target->conf->kind == RGW_CONF_PEER) {
		rgw_target_peer(a->target)->queued_as[a->suspicion]--;
		rgw_target_peer(a->target)->queued_as[suspicion]++;
	}
	a->suspicion = suspicion;
}

void
rgw_peer_left(struct rgw_peer *peer, const struct rgw_attempt *a)
{
	peer->queued--;
	peer->queued_as[a->suspicion]--;
}

/* Suspects wait where others would have been sent at once, so they do not fill the queue. */
bool
rgw_peer_has_room(const struct rgw_peer *peer)
{
	return peer->queued_as[RGW_NO_SUSPECT] < peer->conf->queue;
}

static bool
enqueue(struct rgw_peer *peer, struct rgw_attempt *a, rgw_ms now)
{
	/* A request that was on a lane already was let in before; it is never turned away. */
	if (!rgw_peer_has_room(peer) && !a->sent_before)
		return false;
	join(peer, &peer->queue, a);
	a->queued_until = now + peer->conf->queue_time;
	if (!rgw_timer_is_set(&peer->queue_timer))
		rgw_timer_set(&peer->target.gw->timers, &peer->queue_timer, a->queued_until);
	return true;
}

bool
rgw_peer_take(struct rgw_peer *peer, struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_gw *gw = peer->target.gw;
	const char *name = peer->conf->head.name;
	/* Whoever waits already goes first. */
	struct rgw_conn *conn = peer->queued == 0 ? find_room(peer, a, now) : NULL;

	if (conn != NULL && rgw_attempt_send(a, &conn->lane, now)) {
		/* Another one is opened before this one is full. */
		if (conn->lane.ids->busy > RGW_PER_LANE * 4 / 5)
			rgw_peer_grow(peer, now);
		return true;
	}
	if (enqueue(peer, a, now)) {
		rgw_peer_wake(peer, now);
		return true;
	}
	RGW_LOG(gw->log, RGW_LOG_WARNING, "queue-full", name,
	    "the queue of the peer is full; is the peer up, and are its connections enough?",
	    rgw_f_str("peer", name), rgw_f_uint("queue", peer->conf->queue),
	    rgw_f_uint("up", peer->n_up));
	return false;
}

void
rgw_peer_wake(struct rgw_peer *peer, rgw_ms at)
{
	if (at < peer->open_timer.at)
		rgw_timer_set(&peer->target.gw->timers, &peer->open_timer, at);
}

/* Puts an attempt that waits onto another list, which it leaves like the queue itself. */
static void
set_aside(struct rgw_link *list, struct rgw_attempt *a)
{
	rgw_link_remove(&a->link);
	rgw_list_append(list, &a->link);
}

/* Sends an attempt of the queue. false = it could not leave and has its place and its time back, but at the
 * end of `list`. Otherwise it was sent, or it ended or went elsewhere because it cannot be sent here. */
static bool
send_from_queue(struct rgw_peer *peer, struct rgw_attempt *a, struct rgw_conn *conn, struct rgw_link *list,
    rgw_ms now)
{
	rgw_attempt_detach(a, now);
	if (rgw_attempt_send(a, &conn->lane, now))
		return true;
	join(peer, list, a);
	return false;
}

/* May requests behind this one leave before it? One that is only barred from connections that it has already
 * been on does not block the others. */
static bool
lets_pass(const struct rgw_peer *peer, const struct rgw_attempt *a, rgw_ms now)
{
	return a->suspicion != RGW_NO_SUSPECT ? rgw_blame_lets_pass(peer, now) : a->req->n_left > 0;
}

/* Sends what is queued, oldest first, as far as there is room. Sending may end any request, or queue one
 * here, so the loop only ever looks at the head of the queue: what cannot leave is set aside meanwhile. */
static void
send_queued(struct rgw_peer *peer, rgw_ms now)
{
	struct rgw_link skipped;
	struct rgw_link *l;

	rgw_link_init(&skipped);
	while ((l = rgw_list_first(&peer->queue)) != NULL) {
		struct rgw_attempt *a = RGW_CONTAINER(l, struct rgw_attempt, link);
		struct rgw_conn *conn = find_room(peer, a, now);

		if (conn == NULL && lets_pass(peer, a, now))
			set_aside(&skipped, a);
		else if (conn == NULL)
			break;
		else
			(void)send_from_queue(peer, a, conn, &skipped, now);
	}
	while ((l = rgw_list_last(&skipped)) != NULL) {
		rgw_link_remove(l);
		rgw_list_prepend(&peer->queue, l);
	}
	if (rgw_list_empty(&peer->queue))
		rgw_timer_unset(&peer->target.gw->timers, &peer->queue_timer);
}

void
rgw_peer_pump(struct rgw_peer *peer, rgw_ms now)
{
	assert(!peer->pumping);
	if (peer->pumping) {
		rgw_peer_wake(peer, now);
		return;
	}
	peer->pumping = true;
	if (peer->queued > 0)
		send_queued(peer, now);
	rgw_peer_grow(peer, now);
	if (peer->queued > 0)
		rgw_blame_wait(peer, now);
	peer->pumping = false;
}
