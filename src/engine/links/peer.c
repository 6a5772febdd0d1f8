/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <stdlib.h>

/* A peer as a target: how it stands, and which of its connections takes a request (P-TCP-46). The gateway owns the
 * peer, and the peer the connections that we opened to it. How many of them there are is decided in growth.c. */

/* ---- state ---- */

const char *
rgw_peer_state_name(enum rgw_peer_state state)
{
	switch (state) {
	case RGW_PEER_IDLE:
		return "idle";
	case RGW_PEER_OPENING:
		return "opening";
	case RGW_PEER_UP:
		return "up";
	case RGW_PEER_DOUBTFUL:
		return "doubtful";
	case RGW_PEER_DOWN:
		return "down";
	}
	return "unknown";
}

static enum rgw_peer_state
state_of(const struct rgw_peer *peer)
{
	if (peer->n_okay > 0)
		return RGW_PEER_UP;
	if (peer->n_up > 0)
		return RGW_PEER_DOUBTFUL;
	if (peer->failed)
		return RGW_PEER_DOWN;
	return peer->n_opening > 0 ? RGW_PEER_OPENING : RGW_PEER_IDLE;
}

void
rgw_peer_review(struct rgw_peer *peer)
{
	enum rgw_peer_state state = state_of(peer);
	const char *name = peer->conf->head.name;

	if (state == RGW_PEER_UP)
		peer->ailing_since = 0;
	else if ((state == RGW_PEER_DOUBTFUL || state == RGW_PEER_DOWN) && peer->ailing_since == 0)
		peer->ailing_since = peer->target.gw->log->now;
	if (state == peer->state)
		return;
	RGW_LOG(peer->target.gw->log, RGW_LOG_DEBUG, "peer-state", name, "the state of the peer has changed",
	    rgw_f_str("peer", name), rgw_f_str("was", rgw_peer_state_name(peer->state)),
	    rgw_f_str("is", rgw_peer_state_name(state)),
	    rgw_f_uint("up", peer->n_up), rgw_f_uint("okay", peer->n_okay), rgw_f_uint("opening", peer->n_opening));
	peer->state = state;
}

static enum rgw_standing
standing(struct rgw_target *target, unsigned service, rgw_ms now)
{
	const struct rgw_peer *peer = rgw_peer_of(target);
	/* Nothing says yet that the peer cannot be reached at once. */
	bool may_be_back = peer->n_lame == 0 && !peer->unreachable;

	if ((peer->conf->allow & service) == 0)
		return RGW_UNFIT;
	if (peer->known.gone)
		return RGW_DOWN;
	if ((service & RGW_SERVICE_CHANGES) != 0)
		return rgw_reverse_standing(peer);
	switch (peer->state) {
	case RGW_PEER_UP:
		return RGW_UP;
	case RGW_PEER_IDLE:
	case RGW_PEER_OPENING:
		/* Connections are opened on demand, but not yet if one has just ended. */
		return peer->retry_at > now ? RGW_SHAKY : RGW_IDLE;
	case RGW_PEER_DOUBTFUL:
		return may_be_back ? RGW_PROVING : RGW_DOUBTFUL;
	case RGW_PEER_DOWN:
		break;
	}
	/* The peer's connection may have ended only just now, and may be back before other members have answered. */
	return may_be_back ? RGW_RETURNING : RGW_DOWN;
}

/* ---- a connection as a lane ---- */

static bool
lane_send(struct rgw_lane *lane, const struct rgw_outgoing *out, rgw_ms now)
{
	struct rgw_conn *conn = rgw_conn_of(lane);
	struct rgw_gw *gw = conn->gw;

	conn->blocked = !gw->ops->conn_send(gw->ops_ctx, conn->io, out);
	if (conn->blocked)
		return false;
	rgw_count(gw, RGW_CTR_tls_sent);
	conn->used_at = now;
	return true;
}

static void
lane_sent(struct rgw_lane *lane, struct rgw_ticket *ticket, rgw_ms now)
{
	rgw_blame_sent(rgw_conn_of(lane), ticket, now);
}

static void
lane_answered(struct rgw_lane *lane, const struct rgw_ticket *ticket, rgw_ms now)
{
	struct rgw_conn *conn = rgw_conn_of(lane);

	conn->used_at = now;
	rgw_blame_read(conn, ticket->nth, now);
}

static void
lane_heard(struct rgw_lane *lane, rgw_ms now)
{
	struct rgw_conn *conn = rgw_conn_of(lane);

	(void)now;
	if (conn->proven)
		return;
	conn->proven = true;
	conn->peer->n_excused = 0;
	rgw_peer_proven(conn->peer);
}

static void
lane_status_answered(struct rgw_lane *lane, rgw_ms now)
{
	rgw_idpool_probe_answered(lane->ids);
	rgw_guard_heard(rgw_conn_of(lane), true, now);
}

/* A wrong signature under an answer to Status-Server is noted once. The Response Authenticator proves that the secret
 * is right, so the peer's software is at fault. Inside TLS nobody else can have sent the answer, so it shows that the
 * peer lives (P-WD-11). */
static void
lane_status_misdone(struct rgw_lane *lane, const struct rgw_packet *p)
{
	struct rgw_peer *peer = rgw_conn_of(lane)->peer;

	if (!peer->misdoes_status)
		rgw_lane_log(lane, p, RGW_LOG_WARNING, "status-answer-wrong",
		    "the peer signs its answers to Status-Server wrongly; the secret is right, so its software "
		    "needs an update");
	peer->misdoes_status = true;
}

static void
lane_settled(struct rgw_lane *lane, rgw_ms now)
{
	rgw_conn_settled(rgw_conn_of(lane), now);
}

static bool
lane_may_end_for(struct rgw_lane *lane, const struct rgw_ticket *ticket, rgw_ms now)
{
	return rgw_blame_is_pending(rgw_conn_of(lane), ticket, now);
}

static bool
lane_is_mute(struct rgw_lane *lane, rgw_ms since)
{
	return rgw_guard_is_mute(rgw_conn_of(lane), since);
}

/* Is an answer without Message-Authenticator to be dropped? Over TLS never (P-BR-12); over plain TCP EAP needs one
 * (P-MA-6). */
static bool
lane_needs_msgauth(struct rgw_lane *lane, const struct rgw_packet *p)
{
	const struct rgw_id *slot = rgw_idpool_find(lane->ids, p->id);

	return rgw_conn_of(lane)->peer->conf->insecure_tcp && slot->state == RGW_ID_BUSY &&
	    slot->now.code == RGW_ACCESS_REQUEST && rgw_packet_has(p, RGW_AT_EAP_MESSAGE);
}

const struct rgw_lane_ops rgw_conn_lane_ops = {
	.unexpected_code = RGW_CTR_peer_unexpected_code,
	.send = lane_send,
	.sent = lane_sent,
	.answered = lane_answered,
	.heard = lane_heard,
	.status_answered = lane_status_answered,
	.status_misdone = lane_status_misdone,
	.settled = lane_settled,
	.may_end_for = lane_may_end_for,
	.is_mute = lane_is_mute,
	.needs_msgauth = lane_needs_msgauth,
};

/* ---- which connection ---- */

static bool
was_on(const struct rgw_wish *wish, const struct rgw_conn *conn)
{
	for (unsigned i = 0; i < wish->n_left; i++)
		if (wish->left[i] == conn->lane.serial)
			return true;
	return false;
}

/* Can the connection take the request now? Never a connection on which the request has been already (P-TCP-27): a
 * suspected connection still stands. */
static bool
can_take(const struct rgw_conn *conn, const struct rgw_wish *wish, rgw_ms now)
{
	/* No further request is put on a mute connection while another connection is about to come up. */
	return conn->state == RGW_CONN_UP && !conn->blocked && !was_on(wish, conn) &&
	    !(conn->mute && conn->peer->n_opening > 0) && rgw_idpool_available(conn->lane.ids, now) &&
	    rgw_blame_allows(conn, wish->care, now);
}

/* Has nothing come on the connection since it was asked whether it lives? */
static bool
is_unheard(const struct rgw_conn *conn)
{
	return conn->watchdog.pending && conn->heard_at < conn->probed_at;
}

/* Is connection `a` better than `b`? OKAY connections go before those that have to prove themselves, these before
 * suspected ones; connections that were heard before those that have just been asked; among equals the connection with
 * the least to do. */
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
	return rgw_idpool_busy(a->lane.ids) < rgw_idpool_busy(b->lane.ids);
}

/* The connection where the conversation lives, or the one that a hash of the caller's station chooses; NULL = no
 * preference. */
static struct rgw_conn *
preferred(struct rgw_peer *peer, const struct rgw_wish *wish)
{
	const struct rgw_packet *p = wish->packet;
	struct rgw_attr station;
	unsigned n = 0;

	if (wish->prefer == 0 && (peer->n_okay < 2 || !rgw_packet_has(p, RGW_AT_EAP_MESSAGE) ||
	        !rgw_packet_get(p, RGW_AT_CALLING_STATION_ID, &station)))
		return NULL;
	if (wish->prefer == 0)
		n = (unsigned)(rgw_siphash(&peer->target.gw->common->salt, station.value, station.len) %
		               peer->n_okay);
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);
		bool okay = conn->state == RGW_CONN_UP && conn->counted;

		if (wish->prefer != 0 ? conn->lane.serial == wish->prefer : okay && n-- == 0)
			return conn;
	}
	return NULL;
}

/* A connection that can take the request now, or NULL (P-TCP-46). */
static struct rgw_lane *
lane(struct rgw_target *target, struct rgw_wish *wish, rgw_ms now)
{
	struct rgw_peer *peer = rgw_peer_of(target);
	struct rgw_conn *best;

	if ((wish->service & RGW_SERVICE_CHANGES) != 0)
		return rgw_reverse_lane(peer, wish, now);
	best = preferred(peer, wish);
	if (best != NULL && can_take(best, wish, now) && best->counted)
		return &best->lane;
	best = NULL;
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (can_take(conn, wish, now) && (best == NULL || is_better(conn, best)))
			best = conn;
	}
	if (best != NULL)
		return &best->lane;
	/* A request that is only barred from connections it has already been on does not block those behind it. */
	wish->yields = wish->care != RGW_CARE_NONE ? rgw_blame_lets_pass(peer, now) : wish->n_left > 0;
	return NULL;
}

/* A request that has waited this long for an answer gives its identifier up when no other can be had. */
#define PATIENCE_MS 5000

/* The ticket on a connection that has waited longest, of those whose identifier can be used again. NULL = there is
 * none, or the connection has identifiers left. */
static struct rgw_ticket *
longest_on(const struct rgw_conn *conn, rgw_ms now)
{
	const struct rgw_idpool *ids = conn->lane.ids;
	struct rgw_ticket *longest = NULL;
	struct rgw_ticket *t;

	if (conn->state != RGW_CONN_UP || conn->watchdog.state != RGW_WD_OKAY || rgw_idpool_available(ids, now))
		return NULL;
	for (unsigned id = 0; (t = rgw_idpool_next(ids, &id)) != NULL;)
		if ((longest == NULL || t->sent_at < longest->sent_at) && rgw_idpool_reusable(ids, (uint8_t)id, now))
			longest = t;
	return longest;
}

/* The ticket that is to give way, if all identifiers are taken and no further connection is about to come up: there are
 * enough, or the peer takes no more. A dead realm must not keep identifiers until its requests have outlived
 * themselves. */
static struct rgw_ticket *
longest(struct rgw_target *target, rgw_ms now)
{
	struct rgw_peer *peer = rgw_peer_of(target);
	bool growing = peer->n_opening > 0 && peer->fails == 0;
	struct rgw_ticket *found = NULL;

	if (peer->n_okay == 0 || growing || now < peer->patient_until)
		return NULL;
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		struct rgw_ticket *t = longest_on(RGW_CONTAINER(l, struct rgw_conn, link), now);

		if (t != NULL && (found == NULL || t->sent_at < found->sent_at))
			found = t;
	}
	if (found != NULL && now - found->sent_at >= PATIENCE_MS)
		return found;
	/* Before that time looking again would find nothing. */
	peer->patient_until = found != NULL ? found->sent_at + PATIENCE_MS : now + 100;
	return NULL;
}

/* ---- as a target ---- */

static size_t
load(struct rgw_target *target)
{
	return rgw_peer_load(rgw_peer_of(target));
}

static void
wake(struct rgw_target *target, unsigned service, rgw_ms now)
{
	(void)service;
	rgw_peer_wake(rgw_peer_of(target), now);
}

static void
grow(struct rgw_target *target, rgw_ms now)
{
	struct rgw_peer *peer = rgw_peer_of(target);

	rgw_peer_grow(peer, now);
	if (peer->queue.n > 0)
		rgw_blame_wait(peer, now);
}

static void
ask(struct rgw_target *target, rgw_ms now)
{
	rgw_guard_ask_all(rgw_peer_of(target), now);
}

static void
call(struct rgw_target *target, rgw_ms now)
{
	rgw_peer_call(rgw_peer_of(target), now);
}

static void
complain(struct rgw_target *target, unsigned service, enum rgw_trouble trouble, const struct rgw_field *origin)
{
	const struct rgw_peer *peer = rgw_peer_of(target);
	const char *name = peer->conf->head.name;
	struct rgw_log *log = target->gw->log;

	(void)service;
	switch (trouble) {
	case RGW_TROUBLE_FULL:
		RGW_LOG(log, RGW_LOG_WARNING, "queue-full", name,
		    "the queue of the peer is full; is the peer up, and are its connections enough?",
		    rgw_f_str("peer", name), rgw_f_uint("queue", peer->conf->queue), rgw_f_uint("up", peer->n_up));
		break;
	case RGW_TROUBLE_WAITS:
		break;
	case RGW_TROUBLE_TIME:
		RGW_LOG(log, RGW_LOG_WARNING, "queue-timeout", name,
		    "no connection to the peer took the request within queue-time", rgw_f_str("peer", name), *origin,
		    rgw_f_uint("up", peer->n_up), rgw_f_uint("queued", peer->queue.n));
		break;
	}
}

static const struct rgw_target_ops target_ops = {
	.field = "peer",
	.unanswered = "no answer in time; the home server behind the peer may be down",
	.full = RGW_CTR_request_queue_full,
	.is_many = true,
	.standing = standing,
	.load = load,
	.lane = lane,
	.longest = longest,
	.wake = wake,
	.grow = grow,
	.ask = ask,
	.call = call,
	.complain = complain,
};

/* ---- life ---- */

static void
on_open_timer(struct rgw_timer *timer, rgw_ms now)
{
	rgw_peer_pump(RGW_CONTAINER(timer, struct rgw_peer, open_timer), now);
}

static void
on_host_changed(struct rgw_host *host, bool news, rgw_ms now)
{
	if (news)
		rgw_peer_moved(RGW_CONTAINER(host->owner, struct rgw_peer, known), host, now);
}

void
rgw_peer_make_hosts(struct rgw_peer *peer, rgw_ms now)
{
	const struct rgw_hostports *connect = &peer->conf->connect;

	peer->n_hosts = connect->n;
	peer->hosts = rgw_xcalloc(peer->n_hosts, sizeof *peer->hosts);
	for (size_t i = 0; i < peer->n_hosts; i++) {
		rgw_host_init(&peer->hosts[i], peer->target.gw, &peer->known, "peer", &connect->v[i], now);
		peer->hosts[i].changed = on_host_changed;
	}
}

void
rgw_peer_free_hosts(struct rgw_peer *peer)
{
	for (size_t i = 0; i < peer->n_hosts; i++)
		rgw_host_fini(&peer->hosts[i]);
	free(peer->hosts);
	peer->hosts = NULL;
	peer->n_hosts = 0;
}

static struct rgw_peer *
peer_of(struct rgw_known *known)
{
	return RGW_CONTAINER(known, struct rgw_peer, known);
}

void
rgw_peer_read(struct rgw_known *known)
{
	struct rgw_peer *peer = peer_of(known);
	const struct rgw_conf_peer *conf = (const struct rgw_conf_peer *)known->section;

	peer->conf = conf;
	peer->target.conf = peer->asker.conf = &conf->head;
	peer->asker.is_shielded = !conf->insecure_tcp;
	peer->asker.wants_msgauth = true;
	peer->asker.hears_errors = conf->protocol_error;
	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next)
		RGW_CONTAINER(l, struct rgw_conn, link)->lane.window = &conf->response_window;
	for (struct rgw_link *l = peer->incoming.next; l != &peer->incoming; l = l->next)
		RGW_CONTAINER(l, struct rgw_conn, link)->lane.window = &conf->response_window;
}

struct rgw_known *
rgw_peer_make(struct rgw_gw *gw, const struct rgw_conf_head *section, rgw_ms now)
{
	struct rgw_peer *peer = rgw_xcalloc(1, sizeof *peer);
	const struct rgw_conf_peer *conf = (const struct rgw_conf_peer *)section;

	peer->known.section = section;
	rgw_target_init(&peer->target, gw, section, &target_ops);
	peer->previous_psk.counter = RGW_CTR_previous_psk_used;
	rgw_queue_init(&peer->queue, &peer->target, conf->queue, conf->queue_time);
	rgw_queue_init(&peer->changes, &peer->target, conf->queue, conf->queue_time);
	for (unsigned i = 0; i < RGW_SERVICES; i++)
		peer->target.queues[i] = (1u << i & RGW_SERVICE_CHANGES) != 0 ? &peer->changes : &peer->queue;
	peer->quota = gw->common->peers[section->id];
	rgw_asker_init(&peer->asker, gw, &conf->status_server_rate, now);
	rgw_link_init(&peer->conns);
	rgw_link_init(&peer->incoming);
	rgw_peer_read(&peer->known);
	rgw_timer_init(&peer->open_timer, on_open_timer);
	rgw_growth_init(peer, now);
	rgw_peer_make_hosts(peer, now);
	if (conf->connections.min > 0)
		rgw_timer_set(&gw->timers, &peer->open_timer, now);
	return &peer->known;
}

static void
close_all(struct rgw_link *conns, rgw_ms now)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(conns)) != NULL)
		rgw_conn_close(RGW_CONTAINER(l, struct rgw_conn, link), RGW_LOG_INFO,
		    "connection-closed", "the gateway stops", now);
}

void
rgw_peer_close(struct rgw_known *known, rgw_ms now)
{
	close_all(&peer_of(known)->incoming, now);
	close_all(&peer_of(known)->conns, now);
}

void
rgw_peer_end(struct rgw_known *known, rgw_ms now)
{
	struct rgw_peer *peer = peer_of(known);
	struct rgw_gw *gw = peer->target.gw;

	(void)now;
	rgw_peer_free_hosts(peer);
	rgw_target_fini(&peer->target);
	rgw_queue_fini(&peer->queue);
	rgw_queue_fini(&peer->changes);
	rgw_conversations_leave(&gw->conversations, &peer->asker.talker);
	rgw_timer_unset(&gw->timers, &peer->open_timer);
	rgw_timer_unset(&gw->timers, &peer->shrink_timer);
	free(peer);
}

void
rgw_peer_wake(struct rgw_peer *peer, rgw_ms at)
{
	if (at < peer->open_timer.at)
		rgw_timer_set(&peer->target.gw->timers, &peer->open_timer, at);
}

void
rgw_peer_pump(struct rgw_peer *peer, rgw_ms now)
{
	rgw_on_target(&peer->target, RGW_TURN_ROOM, now);
}

/* ---- addresses ---- */

size_t
rgw_peer_n_addresses(const struct rgw_peer *peer)
{
	size_t n = 0;

	for (size_t i = 0; i < peer->n_hosts; i++)
		n += peer->hosts[i].n_addrs;
	return n;
}

const char *
rgw_peer_address(const struct rgw_peer *peer, size_t n, struct rgw_addr *out)
{
	size_t total = rgw_peer_n_addresses(peer);

	if (total == 0)
		return NULL;
	n %= total;
	for (size_t i = 0; i < peer->n_hosts; i++) {
		const struct rgw_host *host = &peer->hosts[i];

		if (n < host->n_addrs) {
			*out = host->addrs[n];
			return host->name;
		}
		n -= host->n_addrs;
	}
	return NULL;
}
