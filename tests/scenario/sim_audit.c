/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include <string.h>

#include "../../src/engine/doors/doors.h"
#include "../../src/engine/links/links.h"
#include "../../src/engine/requests/requests.h"

/* Looks inside the engine between two events. */

/* ---- requests ---- */

static void
check_attempt(struct rgw_attempt *a)
{
	const struct rgw_req *req = a->req;
	size_t i = 0;

	while (i < req->pool->n && req->pool->members[i] != a->target)
		i++;
	assert_true(i < req->pool->n);
	/* Where it is under way it has its chance. */
	assert_true((req->tried >> i & 1) != 0);
	if (a->state == RGW_ATTEMPT_QUEUED)
		return;
	assert_ptr_equal(a->ticket.lane->target, a->target);
	assert_ptr_equal(rgw_idpool_find(a->ticket.lane->ids, a->ticket.id)->owner, &a->ticket);
	/* Whoever is asked over UDP is asked again. */
	if (a->ticket.lane->repeats != NULL) {
		assert_true(rgw_timer_is_set(&a->timer));
		assert_non_null(a->sent);
	}
}

static size_t
length(const struct rgw_link *list)
{
	size_t n = 0;

	for (const struct rgw_link *l = list->next; l != list; l = l->next)
		n++;
	return n;
}

/* Each open trail belongs to one request, and the others are no more than the ring holds. */
static void
check_trails(struct rgw_gw *gw)
{
	const struct rgw_trails *t = &gw->trails;
	size_t n_open = length(&t->open), n_owned = 0;

	for (struct rgw_link *l = gw->dups.pending.order.next; l != &gw->dups.pending.order; l = l->next) {
		struct rgw_dup *dup = RGW_CONTAINER(l, struct rgw_dup, cached.order);
		struct rgw_entry *entry = RGW_CONTAINER(dup, struct rgw_entry, dup);

		n_owned += entry->req->trail != NULL;
		if (entry->req->trail != NULL)
			assert_int_equal(entry->req->trail->result, RGW_RESULT_OPEN);
	}
	assert_int_equal(n_owned, n_open);
	assert_int_equal(length(&t->bad), t->n_bad);
	assert_int_equal(n_open + length(&t->good) + t->n_bad, t->slab.used);
	assert_true(t->slab.used <= t->limit || t->slab.used == n_open);
	assert_int_equal(t->limit, gw->conf->gateway.ring);
}

static void
check_requests(struct rgw_gw *gw)
{
	size_t n = 0;

	for (struct rgw_link *l = gw->dups.pending.order.next; l != &gw->dups.pending.order; l = l->next) {
		struct rgw_dup *dup = RGW_CONTAINER(l, struct rgw_dup, cached.order);
		struct rgw_entry *entry = RGW_CONTAINER(dup, struct rgw_entry, dup);
		struct rgw_req *req = entry->req;
		struct rgw_attempt *a = req->attempts;

		n++;
		assert_ptr_equal(req->entry, entry);
		assert_null(entry->answer);
		/* No request waits for nothing, but one that gave way only absorbs repetitions. */
		assert_true(rgw_req_is_tried(req) || gw->counters.v[RGW_CTR_requests_gave_way] > 0);
		for (unsigned i = 0; i < RGW_ATTEMPTS; i++) {
			assert_ptr_equal(a[i].req, req);
			if (a[i].state != RGW_ATTEMPT_NONE)
				check_attempt(&a[i]);
		}
		if (a[0].state == RGW_ATTEMPT_NONE || a[1].state == RGW_ATTEMPT_NONE)
			continue;
		/* Never twice at one target, and with State never at two (P-PRX-13). */
		assert_ptr_not_equal(a[0].target, a[1].target);
		assert_false(rgw_packet_has(&req->packet, RGW_AT_STATE));
	}
	assert_int_equal(n, gw->holding.n);
}

/* ---- what is known by ids ---- */

/* The i-th of everything that the gateway knows by ids, and that is gone; NULL = that was all. */
static struct rgw_known *
known_at(const struct rgw_gw *gw, size_t i)
{
	for (unsigned kind = 0; kind < RGW_CONF_KINDS; kind++)
		for (uint32_t id = 0; id < gw->known[kind].n; id++)
			if (gw->known[kind].v[id] != NULL && i-- == 0)
				return gw->known[kind].v[id];
	for (struct rgw_link *l = gw->gone.next; l != &gw->gone; l = l->next)
		if (i-- == 0)
			return RGW_CONTAINER(l, struct rgw_known, link);
	return NULL;
}

/* The edition with this serial, which must be alive. */
static const struct rgw_edition *
edition_of(const struct rgw_gw *gw, uint64_t serial)
{
	for (struct rgw_link *l = gw->editions.next; l != &gw->editions; l = l->next)
		if (RGW_CONTAINER(l, struct rgw_edition, link)->serial == serial)
			return RGW_CONTAINER(l, struct rgw_edition, link);
	fail_msg("edition %llu is not alive", (unsigned long long)serial);
	return NULL;
}

/* Everything works by its section of an edition that is alive: what is gone by one that knew it, the rest by the
 * current one. */
static void
check_known(const struct rgw_gw *gw)
{
	struct rgw_known *k;

	for (size_t i = 0; (k = known_at(gw, i)) != NULL; i++) {
		const struct rgw_edition *e = edition_of(gw, k->reads);

		assert_ptr_equal(rgw_conf_by_id(e->conf, k->ops->kind, k->section->id), k->section);
		assert_null(k->was);
		assert_true(k->gone ? e->serial >= k->first && e->serial <= k->last : e == gw->edition);
	}
}

/* Each edition is held as often as it is used; nobody else is there. */
static void
check_editions(const struct sim *s)
{
	const struct rgw_gw *gw = s->gw;
	unsigned n = 0, refs = 0;

	for (struct rgw_link *l = gw->editions.next; l != &gw->editions; l = l->next) {
		n++;
		refs += RGW_CONTAINER(l, struct rgw_edition, link)->refs;
	}
	assert_int_equal(n, s->n_confs);
	assert_int_equal(refs, n + gw->holding.n + gw->n_conns + gw->n_sources);
}

/* ---- what all of that takes ---- */

/* An entry and its share of the table. */
#define ENTRY_OCTETS (sizeof(struct rgw_entry) + 16)

/* What a request that is worked on takes, and the same of all of one asker. */
static size_t
held_by(const struct rgw_req *req)
{
	size_t n = ENTRY_OCTETS + sizeof *req + rgw_bufs_octets(req->packet.len);

	for (unsigned i = 0; i < RGW_ATTEMPTS; i++)
		if (req->attempts[i].sent != NULL)
			n += rgw_bufs_octets(req->attempts[i].sent_len);
	assert_int_equal(req->holds, n);
	return n;
}

static struct rgw_holding
check_asker(struct rgw_gw *gw, const struct rgw_asker *asker)
{
	struct rgw_holding sum = { 0, 0 };
	uint32_t talks = 0;

	for (struct rgw_link *l = gw->dups.pending.order.next; l != &gw->dups.pending.order; l = l->next) {
		struct rgw_dup *dup = RGW_CONTAINER(l, struct rgw_dup, cached.order);
		const struct rgw_req *req = RGW_CONTAINER(dup, struct rgw_entry, dup)->req;

		if (req->origin.asker != asker)
			continue;
		sum.n++;
		sum.octets += held_by(req);
	}
	for (struct rgw_link *l = asker->talker.own.next; l != &asker->talker.own; l = l->next)
		talks++;
	assert_int_equal(talks, asker->talker.n);
	assert_int_equal(sum.n, asker->holding.n);
	assert_int_equal(sum.octets, asker->holding.octets);
	return sum;
}

static uint64_t
sum_kept(const struct rgw_cache_row *row)
{
	uint64_t sum = 0;

	for (struct rgw_link *l = row->order.next; l != &row->order; l = l->next) {
		struct rgw_dup *dup = RGW_CONTAINER(l, struct rgw_dup, cached.order);
		const struct rgw_entry *entry = RGW_CONTAINER(dup, struct rgw_entry, dup);

		assert_null(entry->req);
		assert_int_equal(entry->kept,
		    ENTRY_OCTETS + (entry->answer != NULL ? rgw_bufs_octets(entry->answer_len) : 0));
		sum += entry->kept;
	}
	return sum;
}

static uint64_t
check_kept(struct rgw_gw *gw)
{
	uint64_t sum = sum_kept(&gw->dups.answered) + sum_kept(&gw->dups.changes);

	assert_int_equal(sum, gw->kept);
	return sum;
}

static void
check_memory(struct rgw_gw *gw)
{
	const struct rgw_conf_gateway *conf = &gw->conf->gateway;
	struct rgw_holding sum = { 0, 0 }, one;
	uint64_t kept = check_kept(gw);
	struct rgw_known *known;
	uint32_t talks = 0;

	for (size_t i = 0; (known = known_at(gw, i)) != NULL; i++) {
		const struct rgw_asker *asker = known->ops == &rgw_client_ops ? &rgw_client_of(known)->asker
		    : known->ops == &rgw_peer_ops ? &RGW_CONTAINER(known, struct rgw_peer, known)->asker : NULL;

		if (asker == NULL)
			continue;
		one = check_asker(gw, asker);
		sum.n += one.n;
		sum.octets += one.octets;
		talks += asker->talker.n;
	}
	assert_int_equal(sum.n, gw->holding.n);
	assert_int_equal(sum.octets, gw->holding.octets);
	assert_int_equal(talks, gw->conversations.cache.slab.used);
	assert_true(talks <= gw->conversations.limit);
	assert_true(kept <= conf->kept_answers);
	assert_true(kept == 0 || sum.octets + kept <= conf->max_request_octets);
}

/* ---- lanes ---- */

static unsigned
check_lane(const struct rgw_lane *lane)
{
	unsigned busy = 0;

	for (unsigned id = 1; id < 256; id++) {
		const struct rgw_id *slot = rgw_idpool_find(lane->ids, (uint8_t)id);
		struct rgw_ticket *t = slot->owner;

		busy += slot->state == RGW_ID_BUSY;
		if (t == NULL)
			continue;
		assert_int_equal(slot->state, RGW_ID_BUSY);
		assert_int_equal(RGW_CONTAINER(t, struct rgw_attempt, ticket)->state, RGW_ATTEMPT_SENT);
		assert_int_equal(t->id, id);
		assert_ptr_equal(t->lane, lane);
	}
	assert_int_equal(busy, rgw_idpool_busy(lane->ids));
	return busy;
}

static void
check_queue(const struct rgw_queue *queue)
{
	uint32_t n_as[RGW_CARES] = { 0 };
	uint32_t n = 0;

	for (struct rgw_link *l = queue->waiting.next; l != &queue->waiting; l = l->next) {
		const struct rgw_attempt *a = RGW_CONTAINER(l, struct rgw_attempt, link);

		n++;
		n_as[a->ticket.care]++;
		assert_int_equal(a->state, RGW_ATTEMPT_QUEUED);
		assert_ptr_equal(a->target, queue->target);
	}
	assert_int_equal(n, queue->n);
	assert_memory_equal(n_as, queue->n_as, sizeof n_as);
	/* Nobody waits for ever. */
	assert_true(n == 0 || queue->time == RGW_NEVER || rgw_timer_is_set(&queue->timer));
}

/* ---- peers ---- */

/* A connection on which nothing comes is closed after three intervals at the most (P-WD-14). */
static void
check_watchdog(const struct sim *s, const struct rgw_conn *conn)
{
	rgw_ms since = conn->up_at > conn->heard_at ? conn->up_at : conn->heard_at;

	/* A watchdog that is switched on begins anew. */
	if (since < s->jumped_at)
		since = s->jumped_at;
	if (since < s->reloaded_at)
		since = s->reloaded_at;
	if (conn->state == RGW_CONN_UP && conn->watchdog.init != 0)
		assert_true(s->now - since <= 3 * (conn->watchdog.init + 2000));
}

/* With a suspect that is not cleared nothing else is under way that is not cleared, either, unless the peer has
 * had its time to close. */
static void
check_alone(const struct rgw_conn *conn)
{
	if (conn->alone == 0)
		return;
	assert_int_equal(conn->alone, conn->n_sent);
	assert_true(rgw_timer_is_set(&conn->timer));
}

/* What a connection refers to stays as long as the edition by which it stands. */
static void
check_stays(const struct rgw_conn *conn, const struct rgw_known *known)
{
	assert_in_range(conn->edition->serial, known->first, known->gone ? known->last : conn->gw->n_editions);
}

static void
check_conn(const struct sim *s, const struct rgw_conn *conn)
{
	bool okay = conn->state == RGW_CONN_UP && conn->watchdog.state == RGW_WD_OKAY && !conn->mute;
	bool suspect = conn->state == RGW_CONN_UP && conn->watchdog.state == RGW_WD_SUSPECT;

	assert_int_not_equal(conn->state, RGW_CONN_GONE);
	assert_true(rgw_timer_is_set(&conn->timer) || conn->state == RGW_CONN_UP);
	/* One that drains has no watchdog and does not count. */
	assert_true(conn->counted == okay);
	assert_true(conn->lame == (suspect || (conn->mute && conn->state == RGW_CONN_UP)));
	check_watchdog(s, conn);
	assert_true(conn->n_read <= conn->n_sent && conn->alone <= conn->n_sent);
	if (conn->lane.ids != NULL)
		check_lane(&conn->lane);
	check_alone(conn);
}

static void
check_conns(const struct sim *s, struct rgw_peer *peer)
{
	unsigned up = 0, okay = 0, opening = 0;

	for (struct rgw_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
		const struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		check_conn(s, conn);
		check_stays(conn, &peer->known);
		up += conn->state == RGW_CONN_UP;
		okay += conn->counted;
		opening += conn->state == RGW_CONN_CONNECTING || conn->state == RGW_CONN_HANDSHAKE;
	}
	assert_int_equal(up, peer->n_up);
	assert_int_equal(okay, peer->n_okay);
	assert_int_equal(opening, peer->n_opening);
	/* More than that stay if the limit has become smaller. */
	assert_true(s->reloads > 0 || up + opening <= peer->conf->connections.max);
	/* A peer with a connection that is good has not failed. */
	assert_true(okay == 0 || !peer->failed);
	assert_int_equal(peer->state, okay > 0 ? RGW_PEER_UP : up > 0 ? RGW_PEER_DOUBTFUL : peer->failed ? RGW_PEER_DOWN
	    : opening > 0 ? RGW_PEER_OPENING : RGW_PEER_IDLE);
}

/* Who is taken for silent has not been heard since, and is not for ever. */
static void
check_target(const struct sim *s, const struct rgw_target *t)
{
	if (t->silent_until == 0)
		return;
	assert_true(t->silent_until <= s->now + 60000);
	assert_true(t->heard_at + 60000 <= t->silent_until);
}

static void
check_peer(const struct sim *s, struct rgw_peer *peer)
{
	unsigned incoming = 0;

	check_target(s, &peer->target);
	check_conns(s, peer);
	check_queue(&peer->queue);
	/* Those that were on connections before may come on top. */
	assert_true(s->reloads > 0 ||
	    peer->queue.n <= peer->conf->queue + (size_t)RGW_PER_LANE * peer->conf->connections.max * 2);
	for (struct rgw_link *l = peer->incoming.next; l != &peer->incoming; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);
		unsigned pending = 0;

		incoming++;
		check_stays(conn, &peer->known);
		check_stays(conn, &conn->listener->known);
		for (struct rgw_link *r = conn->asked.entries.next; r != &conn->asked.entries; r = r->next)
			pending += RGW_CONTAINER(r, struct rgw_entry, origin_link)->req != NULL;
		assert_int_equal(pending, conn->asked.n_pending);
	}
	assert_int_equal(incoming, peer->n_incoming);
	/* A peer that is gone may have had the id before. */
	assert_in_range(rgw_quota_used(peer->quota), incoming, s->reloads > 0 ? 1000 : incoming);
	assert_true(s->reloads > 0 || incoming <= peer->conf->max_connections);
}

/* ---- servers ---- */

static void
check_port(struct rgw_port *port)
{
	unsigned sources = 0;
	size_t n = 0;

	if (port->server == NULL)
		return;
	check_queue(&port->queue);
	for (struct rgw_link *l = port->sources.next; l != &port->sources; l = l->next) {
		const struct rgw_source *source = RGW_CONTAINER(l, struct rgw_source, link);

		sources++;
		n += check_lane(&source->lane);
		/* A Status-Server is no request. */
		n -= port->prober == source;
	}
	assert_int_equal(n, port->queue.n_sent);
	assert_int_equal(sources, port->n_sources);
	assert_true(port->state == RGW_PORT_ALIVE || port->closed || port->server->known.gone ||
	    rgw_timer_is_set(&port->timer));
}

static void
check_server(const struct sim *s, struct rgw_server *server)
{
	check_target(s, &server->target);
	for (size_t i = 0; i < RGW_SERVICES; i++)
		check_port(&server->ports[i]);
}

/* ---- who is not known yet ---- */

static void
check_half_open(const struct rgw_gw *gw, const struct rgw_admission_class *c)
{
	uint32_t n = 0;

	for (struct rgw_link *l = c->half_open.next; l != &c->half_open; l = l->next) {
		struct rgw_visit *visit = RGW_CONTAINER(l, struct rgw_visit, age);
		const struct rgw_conn *conn = RGW_CONTAINER(visit, struct rgw_conn, visit);

		n++;
		assert_true(conn->incoming);
		assert_null(conn->peer);
		assert_int_equal(conn->state, visit->shaking ? RGW_CONN_HANDSHAKE : RGW_CONN_ACCEPTED);
		assert_in_range(rgw_admission_held(visit), 1, gw->conf->gateway.max_half_open_per_address);
	}
	assert_int_equal(n, c->n_half_open);
	assert_in_range(n, 0, gw->conf->gateway.max_half_open);
}

void
sim_explain(const struct sim *s, const struct sim_req *r)
{
	struct rgw_gw *gw = s->gw;

	for (struct rgw_link *l = gw->dups.pending.order.next; l != &gw->dups.pending.order; l = l->next) {
		struct rgw_dup *dup = RGW_CONTAINER(l, struct rgw_dup, cached.order);
		const struct rgw_req *req = RGW_CONTAINER(dup, struct rgw_entry, dup)->req;

		if (memcmp(dup->auth, r->data + 4, RGW_AUTH_LEN) != 0)
			continue;
		print_message("the engine works on it: tried %llx, suspected %u, moved %u, retried at %llu\n",
		    (unsigned long long)req->tried, req->n_suspected, req->n_moved,
		    (unsigned long long)req->retry_timer.at);
		for (unsigned i = 0; i < RGW_ATTEMPTS; i++)
			if (req->attempts[i].state != RGW_ATTEMPT_NONE)
				print_message("attempt at %s, %s since %llu\n", req->attempts[i].target->conf->name,
				    req->attempts[i].state == RGW_ATTEMPT_SENT ? "sent" : "queued",
				    (unsigned long long)req->attempts[i].ticket.sent_at);
	}
}

void
sim_audit(struct sim *s)
{
	struct rgw_gw *gw = s->gw;
	struct rgw_known *known;

	check_requests(gw);
	check_trails(gw);
	check_memory(gw);
	check_known(gw);
	check_editions(s);
	for (size_t i = 0; (known = known_at(gw, i)) != NULL; i++)
		if (known->ops == &rgw_peer_ops)
			check_peer(s, RGW_CONTAINER(known, struct rgw_peer, known));
		else if (known->ops == &rgw_server_ops)
			check_server(s, RGW_CONTAINER(known, struct rgw_server, known));
	for (size_t i = 0; i < RGW_CLASSES; i++)
		check_half_open(gw, &gw->admission.classes[i]);
	assert_true(s->reloads > 0 || gw->dups.cache.slab.used <= gw->conf->gateway.max_requests);
}
