/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <stdlib.h>

/* Connections that peers open: who is let in, and what becomes of those who do not say who they are (P-TLS-24 to 28).
 * Such a connection is owned by the gateway; it counts for its address as long as it lives, and for its peer once the
 * handshake has proven whose it is. */

/* A connection that is silent for longer than this gives its place to a new connection of the same peer. */
#define SILENT_MS 5000

/* From where may anybody come? A peer without `address` opens the listener to the whole world. */
static void
add_allowed(struct rgw_listener *l, const struct rgw_conf *conf)
{
	rgw_prefixmap_free(l->allowed);
	l->allowed = rgw_prefixmap_new();
	l->anywhere = false;
	for (size_t i = 0; i < conf->peer.n && l->conf->tls.n > 0; i++) {
		const struct rgw_conf_peer *peer = conf->peer.v[i];

		if (!peer->accept || !rgw_conf_lets_in(l->conf, peer))
			continue;
		/* Over plain TCP the address is all that tells who it is, so there nobody comes from anywhere. */
		l->anywhere |= peer->address.n == 0 && !peer->insecure_tcp;
		for (size_t j = 0; j < peer->address.n; j++)
			rgw_prefixmap_add(l->allowed, &peer->address.v[j], l);
	}
}

static struct rgw_admission_limits
limits_of(const struct rgw_conf_gateway *conf)
{
	return (struct rgw_admission_limits){
		.per_address = conf->max_connections_per_address,
		.half_open = conf->max_half_open,
		.half_open_per_address = conf->max_half_open_per_address,
		.rate = conf->connect_rate,
		.rate_per_address = conf->connect_rate_per_address,
	};
}

void
rgw_accept_init(struct rgw_gw *gw, const struct rgw_conf *conf, const struct rgw_hashkey *key, rgw_ms now)
{
	const struct rgw_admission_limits limits = limits_of(&conf->gateway);

	rgw_admission_init(&gw->admission, &limits, key, now);
	rgw_link_init(&gw->unnamed);
}

/* ---- listeners ---- */

static struct rgw_listener *
listener_of(struct rgw_known *known)
{
	return RGW_CONTAINER(known, struct rgw_listener, known);
}

static void
read_listener(struct rgw_known *known)
{
	listener_of(known)->conf = (const struct rgw_conf_listen *)known->section;
}

static struct rgw_known *
make_listener(struct rgw_gw *gw, const struct rgw_conf_head *section, rgw_ms now)
{
	struct rgw_listener *l = rgw_xcalloc(1, sizeof *l);

	(void)now;
	l->gw = gw;
	l->quota = gw->common->listens[section->id];
	l->conf = (const struct rgw_conf_listen *)section;
	add_allowed(l, gw->conf);
	return &l->known;
}

static void
change_listener(struct rgw_known *known, struct rgw_edition *old, rgw_ms now)
{
	(void)old;
	(void)now;
	add_allowed(listener_of(known), listener_of(known)->gw->conf);
}

/* Connections of the listener are drained with those of their peers. */
static void
leave_listener(struct rgw_known *known, rgw_ms now)
{
	(void)known;
	(void)now;
}

static void
end_listener(struct rgw_known *known, rgw_ms now)
{
	struct rgw_listener *l = listener_of(known);

	(void)now;
	rgw_prefixmap_free(l->allowed);
	free(l);
}

const struct rgw_known_ops rgw_listener_ops = {
	.kind = RGW_CONF_LISTEN,
	.make = make_listener,
	.read = read_listener,
	.change = change_listener,
	.leave = leave_listener,
	.end = end_listener,
};

static struct rgw_conn *
first_unnamed(const struct rgw_gw *gw)
{
	struct rgw_link *l = rgw_list_first(&gw->unnamed);

	return l != NULL ? RGW_CONTAINER(l, struct rgw_conn, link) : NULL;
}

static void
close_half_open(struct rgw_gw *gw, rgw_ms now)
{
	struct rgw_visit *visit;
	struct rgw_conn *conn;

	while ((conn = first_unnamed(gw)) != NULL)
		rgw_conn_close(conn, RGW_LOG_INFO, "connection-closed", "the gateway stops", now);
	while ((visit = rgw_admission_any(&gw->admission)) != NULL)
		rgw_conn_close(RGW_CONTAINER(visit, struct rgw_conn, visit), RGW_LOG_INFO,
		    "connection-closed", "the gateway stops", now);
}

void
rgw_accept_fini(struct rgw_gw *gw, rgw_ms now)
{
	close_half_open(gw, now);
}

void
rgw_accept_drain(struct rgw_gw *gw, rgw_ms now)
{
	close_half_open(gw, now);
	for (size_t i = 0; i < gw->conf->peer.n; i++) {
		struct rgw_link *head = &rgw_peer_by_id(gw, gw->conf->peer.v[i]->head.id)->incoming;

		for (struct rgw_link *l = head->next; l != head; l = l->next)
			rgw_conn_drain(RGW_CONTAINER(l, struct rgw_conn, link), now);
	}
}

/* ---- admission ---- */

/* Why a connection is refused: a limit that was reached, or something else. */
struct refusal {
	enum rgw_counter counter;
	const char *why;
};

static const struct refusal refuse_draining = { RGW_CTR_refused_draining, "the gateway is stopping or drained" };
static const struct refusal refuse_address = { RGW_CTR_refused_address,
	"no [peer] with `accept = yes` and a profile of this listener may come from this address" };
static const struct refusal refuse_gateway = { RGW_CTR_refused_max_connections,
	"max-connections is reached" };
static const struct refusal refuse_listener = { RGW_CTR_refused_max_connections_listener,
	"max-connections of the listener is reached" };
static const struct refusal refuse_peer = { RGW_CTR_refused_max_connections_peer,
	"max-connections of the peer is reached" };
static const struct refusal refuse_caller = { RGW_CTR_refused_max_connections_per_address,
	"max-connections-per-address is reached" };
/* No balancer is between us and whoever has connected. */
static const struct rgw_addr nobody;

static const struct refusal refuse_memory = { RGW_CTR_refused_no_memory, "out of memory" };

static const struct refusal refusals[] = {
	[RGW_ADMIT_HALF_OPEN_PER_ADDRESS] = { RGW_CTR_refused_max_half_open_per_address,
		"max-half-open-per-address is reached, and all these connections are young" },
	[RGW_ADMIT_RATE_PER_ADDRESS] = { RGW_CTR_refused_connect_rate_per_address,
		"more connections than connect-rate-per-address" },
	[RGW_ADMIT_RATE_STRANGERS] = { RGW_CTR_refused_connect_rate,
		"more connections than connect-rate; strangers who tried less often of late go first" },
	[RGW_ADMIT_RATE_KNOWN] = { RGW_CTR_refused_connect_rate_known,
		"more connections than connect-rate; known addresses that tried less often of late go first" },
	[RGW_ADMIT_NO_MEMORY] = { RGW_CTR_refused_no_memory, "out of memory" },
};

/* Is the address that of a peer which we connect to, and which may also connect to us? */
static bool
is_reached_by_us(const struct rgw_gw *gw, const struct rgw_addr *from)
{
	struct rgw_prefix network = rgw_admission_network(from);

	for (size_t i = 0; i < gw->conf->peer.n; i++) {
		const struct rgw_peer *peer = rgw_peer_by_id(gw, gw->conf->peer.v[i]->head.id);

		if (!peer->conf->accept)
			continue;
		for (size_t j = 0; j < peer->n_hosts; j++)
			for (size_t k = 0; k < peer->hosts[j].n_addrs; k++)
				if (rgw_prefix_contains(&network, &peer->hosts[j].addrs[k]))
					return true;
	}
	return false;
}

/* Is a limit reached that makes a handshake pointless? An address that has connections already is let in all the same,
 * since it may have lost them and be back. */
static const struct refusal *
why_full(const struct rgw_gw *gw, const struct rgw_listener *l, const struct rgw_addr *from)
{
	const struct refusal *why = NULL;

	if (rgw_quota_is_full(l->quota))
		why = &refuse_listener;
	else if (rgw_quota_is_full(&gw->common->incoming))
		why = &refuse_gateway;
	return why == NULL || rgw_admission_is_connected(&gw->admission, from) ? NULL : why;
}

/* Why this address may not come in, by all checks that cost next to nothing, in the order in which they say most
 * (P-TLS-26). NULL = it may. */
static const struct refusal *
why_refuse(struct rgw_gw *gw, const struct rgw_listener *l, const struct rgw_addr *from, rgw_ms now,
    struct rgw_caller **caller, struct rgw_visit **weakest)
{
	bool named = rgw_prefixmap_find(l->allowed, from) != NULL;
	const struct refusal *full;
	enum rgw_admit verdict;

	if (gw->draining)
		return &refuse_draining;
	if (!l->anywhere && !named)
		return &refuse_address;
	full = why_full(gw, l, from);
	if (full != NULL)
		return full;
	verdict = rgw_admission_ask(&gw->admission, from, named || is_reached_by_us(gw, from), now, caller,
	    weakest);
	return verdict != RGW_ADMIT_OK ? &refusals[verdict] : NULL;
}

static void
refuse(struct rgw_gw *gw, const struct rgw_listener *l, const struct rgw_addr *from, const struct rgw_addr *via,
    const struct refusal *why)
{
	const char *listen = l->conf->head.name;

	rgw_count(gw, why->counter);
	RGW_LOG(gw->log, gw->draining ? RGW_LOG_INFO : RGW_LOG_WARNING, "connection-refused", listen,
	    why->why, rgw_f_str("listen", listen), rgw_f_addr("from", from),
	    rgw_f_str("counter", rgw_counter_name(why->counter)), rgw_f_via(via));
}

/* Closes a half-open connection to make room for the handshake of the newcomer (P-TLS-25), or since there are too many.
 * */
static void
evict(struct rgw_conn *victim, const struct rgw_caller *newcomer, rgw_ms now)
{
	struct rgw_gw *gw = victim->gw;
	const char *listen = victim->listener->conf->head.name;
	uint32_t held = rgw_admission_held(&victim->visit);
	bool own = (newcomer == NULL || victim->visit.from == newcomer) &&
	    held > gw->conf->gateway.max_half_open_per_address;
	enum rgw_counter counter =
	    own ? RGW_CTR_half_open_evicted_per_address : RGW_CTR_half_open_evicted;

	rgw_count(gw, counter);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "half-open-evicted", listen,
	    own ? "max-half-open-per-address is reached: the oldest handshake of the address gives way"
	        : "max-half-open is reached: the oldest handshake of the address with most of them gives way",
	    rgw_f_str("listen", listen), rgw_f_addr("from", &victim->addr),
	    rgw_f_str("known", rgw_admission_class_of(&victim->visit) == RGW_KNOWN ? "yes" : "no"),
	    rgw_f_uint("half_open", held), rgw_f_str("counter", rgw_counter_name(counter)), rgw_f_via(&victim->via));
	rgw_conn_close(victim, RGW_LOG_DEBUG, "handshake-failed", "the handshake gave way to another one", now);
}

void
rgw_accept_shaking(struct rgw_conn *conn)
{
	conn->visit.shaking = true;
}

/* Takes in the connection as one of this caller. */
static void
enter(struct rgw_conn *conn, struct rgw_caller *caller, struct rgw_visit *weakest, rgw_ms now)
{
	rgw_admission_enter(&conn->gw->admission, caller, &conn->visit, now);
	if (weakest != NULL)
		evict(RGW_CONTAINER(weakest, struct rgw_conn, visit), conn->visit.from, now);
}

static void
begin(struct rgw_conn *conn, struct rgw_listener *l, void *io, rgw_ms now)
{
	conn->incoming = true;
	conn->listener = l;
	conn->io = io;
	rgw_asked_init(&conn->asked, now);
	rgw_conn_enter(conn, RGW_CONN_ACCEPTED);
	conn->opened_at = now;
	conn->deadline = now + l->conf->handshake_timeout;
	rgw_conn_set_timer(conn);
}

struct rgw_conn *
rgw_gw_on_accept(struct rgw_gw *gw, uint32_t listen, const struct rgw_addr *from, void *io, rgw_ms now)
{
	struct rgw_listener *l = rgw_listener_by_id(gw, listen);
	struct rgw_caller *caller = NULL;
	struct rgw_visit *weakest = NULL;
	const struct refusal *why = why_refuse(gw, l, from, now, &caller, &weakest);
	struct rgw_conn *conn = why == NULL ? rgw_conn_new(gw, from) : NULL;

	rgw_count(gw, RGW_CTR_accepted);
	if (conn == NULL) {
		refuse(gw, l, from, &nobody, why != NULL ? why : &refuse_memory);
		return NULL;
	}
	enter(conn, caller, weakest, now);
	begin(conn, l, io, now);
	return conn;
}

/* ---- connections of balancers ---- */

/* Until a header has come, nothing is known of whoever is behind the balancer, and no limit of addresses can hold. A
 * balancer sends the header with the first octets, so few connections wait for it, and not for long: whoever must give
 * way is one whose balancer does not do its part. */
static void
make_room_for_unnamed(struct rgw_gw *gw, uint32_t most, rgw_ms now)
{
	while (gw->n_unnamed > most) {
		struct rgw_conn *first = first_unnamed(gw);
		const char *listen = first->listener->conf->head.name;

		rgw_count(gw, RGW_CTR_proxy_evicted);
		RGW_LOG(gw->log, RGW_LOG_WARNING, "half-open-evicted", listen,
		    "more connections of balancers wait for their PROXY header than max-half-open says: the oldest "
		    "gives way", rgw_f_str("listen", listen), rgw_f_addr("from", &first->addr),
		    rgw_f_uint("half_open", gw->n_unnamed),
		    rgw_f_str("counter", rgw_counter_name(RGW_CTR_proxy_evicted)));
		rgw_conn_close(first, RGW_LOG_DEBUG, "handshake-failed", "the connection gave way to another one", now);
	}
}

struct rgw_conn *
rgw_gw_on_balanced(struct rgw_gw *gw, uint32_t listen, const struct rgw_addr *balancer, void *io, rgw_ms now)
{
	struct rgw_listener *l = rgw_listener_by_id(gw, listen);
	struct rgw_conn *conn = gw->draining ? NULL : rgw_conn_new(gw, balancer);

	rgw_count(gw, RGW_CTR_accepted);
	if (conn == NULL) {
		refuse(gw, l, balancer, &nobody, gw->draining ? &refuse_draining : &refuse_memory);
		return NULL;
	}
	rgw_list_append(&gw->unnamed, &conn->link);
	gw->n_unnamed++;
	begin(conn, l, io, now);
	make_room_for_unnamed(gw, gw->conf->gateway.max_half_open, now);
	return conn;
}

static bool
is_unnamed(const struct rgw_conn *conn)
{
	return conn->visit.from == NULL;
}

static void
leave_unnamed(struct rgw_conn *conn)
{
	rgw_link_remove(&conn->link);
	conn->gw->n_unnamed--;
}

bool
rgw_conn_on_named(struct rgw_conn *conn, const struct rgw_addr *from, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;
	struct rgw_caller *caller = NULL;
	struct rgw_visit *weakest = NULL;
	const struct refusal *why = why_refuse(gw, conn->listener, from, now, &caller, &weakest);

	if (!rgw_addr_equal(&conn->addr, from))
		conn->via = conn->addr;
	conn->addr = *from;
	if (why != NULL) {
		refuse(gw, conn->listener, from, &conn->via, why);
		rgw_conn_close(conn, RGW_LOG_DEBUG, "handshake-failed", why->why, now);
		return false;
	}
	leave_unnamed(conn);
	enter(conn, caller, weakest, now);
	return true;
}

void
rgw_gw_on_accept_failed(struct rgw_gw *gw, uint32_t listen, const char *why, rgw_ms now)
{
	const char *name = rgw_listener_by_id(gw, listen)->conf->head.name;

	(void)now;
	rgw_count(gw, RGW_CTR_accept_failed);
	RGW_LOG(gw->log, RGW_LOG_ERROR, "accept-failed", name,
	    "no connection can be accepted for the moment; is the limit of open files too low?",
	    rgw_f_str("listen", name), rgw_f_str("reason", why), rgw_f_uint("connections", gw->n_conns));
}

/* ---- from the handshake to the end ---- */

/* Does the silent connection `a` give way to the new one before the silent connection `b`? A connection from the
 * address where the new one comes from is more likely dead; on a connection with requests somebody may still wait. */
static bool
goes_before(const struct rgw_conn *a, const struct rgw_conn *b, const struct rgw_conn *new)
{
	bool a_is_near = a->visit.from == new->visit.from;

	if (a_is_near != (b->visit.from == new->visit.from))
		return a_is_near;
	if ((a->asked.n_pending == 0) != (b->asked.n_pending == 0))
		return a->asked.n_pending == 0;
	return a->heard_at < b->heard_at;
}

/* Closes a silent connection of the peer to make room for a new one that has proven its identity. If the peer lost
 * power, or the way to it was cut, some of its connections are dead and nobody knows it yet. `far`: the silent
 * connection need not come from the same address as the new one. false = no connection is silent. */
static bool
replace_silent(struct rgw_peer *peer, const struct rgw_conn *new, bool far, rgw_ms now)
{
	struct rgw_conn *first = NULL;

	for (struct rgw_link *l = peer->incoming.next; l != &peer->incoming; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (now - conn->heard_at > SILENT_MS && (far || conn->visit.from == new->visit.from) &&
		    (first == NULL || goes_before(conn, first, new)))
			first = conn;
	}
	if (first == NULL)
		return false;
	rgw_count(peer->target.gw, RGW_CTR_incoming_replaced);
	rgw_conn_close(first, RGW_LOG_WARNING, "connection-replaced",
	    "there is no place for one more connection, the peer has connected anew, and this one is silent", now);
	return true;
}

/* Takes the places that a connection needs once its peer is known: all of them, or none; then the result says why. */
static const struct refusal *
take_places(struct rgw_conn *conn, struct rgw_peer *peer, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;
	const struct {
		struct rgw_quota *quota;
		const struct refusal *why;
	} places[] = {
		{ peer->quota, &refuse_peer },
		{ conn->listener->quota, &refuse_listener },
		{ &gw->common->incoming, &refuse_gateway },
	};
	const struct refusal *why = NULL;
	size_t n = 0;

	while (why == NULL && n < sizeof places / sizeof places[0]) {
		if (rgw_quota_take(places[n].quota))
			n++;
		else
			why = places[n].why;
	}
	if (why == NULL && !rgw_admission_identified(&gw->admission, &conn->visit, now))
		why = &refuse_caller;
	while (why != NULL && n > 0)
		rgw_quota_give(places[--n].quota);
	return why;
}

bool
rgw_accept_identified(struct rgw_conn *conn, uint32_t id, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;
	struct rgw_peer *peer = rgw_peer_by_id(gw, id);
	const struct rgw_conf_peer *conf = peer->conf;
	const struct refusal *why = take_places(conn, peer, now);

	if (why != NULL && replace_silent(peer, conn, why == &refuse_peer, now))
		why = take_places(conn, peer, now);
	if (why != NULL) {
		rgw_count(gw, why->counter);
		RGW_LOG(gw->log, RGW_LOG_WARNING, "connection-refused", conf->head.name, why->why,
		    rgw_f_str("peer", conf->head.name), rgw_f_addr("from", &conn->addr),
		    rgw_f_uint("connections", rgw_quota_used(peer->quota)),
		    rgw_f_str("counter", rgw_counter_name(why->counter)), rgw_f_via(&conn->via));
		rgw_conn_close(conn, RGW_LOG_DEBUG, "handshake-failed", why->why, now);
		return false;
	}
	rgw_conn_belongs(conn, peer);
	conn->lane.ops = &rgw_reverse_lane_ops;
	conn->heard_at = now;
	rgw_list_append(&peer->incoming, &conn->link);
	peer->n_incoming++;
	return true;
}

void
rgw_accept_forget(struct rgw_conn *conn, enum rgw_conn_state last, const char *why, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;

	if (is_unnamed(conn)) {
		leave_unnamed(conn);
	} else {
		rgw_link_remove(&conn->link);
		rgw_admission_leave(&gw->admission, &conn->visit, now);
	}
	if (conn->peer != NULL) {
		conn->peer->n_incoming--;
		rgw_quota_give(conn->peer->quota);
		rgw_quota_give(conn->listener->quota);
		rgw_quota_give(&gw->common->incoming);
		rgw_count(gw, RGW_CTR_incoming_ended);
		if (conn->lane.ids != NULL)
			rgw_on_lane_lost(&conn->lane, RGW_LOSS_CLOSED, why, now);
		return;
	}
	rgw_count(gw, last == RGW_CONN_ACCEPTED ? RGW_CTR_incoming_silent : RGW_CTR_incoming_failed);
}

/* ---- another edition ---- */

void
rgw_accept_change(struct rgw_gw *gw, rgw_ms now)
{
	const struct rgw_admission_limits limits = limits_of(&gw->conf->gateway);
	struct rgw_visit *visit;

	rgw_admission_change(&gw->admission, &limits, now);
	while ((visit = rgw_admission_surplus(&gw->admission, now)) != NULL)
		evict(RGW_CONTAINER(visit, struct rgw_conn, visit), NULL, now);
	make_room_for_unnamed(gw, limits.half_open, now);
}

/* A connection that is half-open goes on under the new edition, unless its listener does not. */
static void
settle(struct rgw_conn *conn, struct rgw_edition *old, rgw_ms now)
{
	if (rgw_conn_is_outdated(conn))
		rgw_conn_close(conn, RGW_LOG_INFO, "handshake-failed", "the listener is gone or another one", now);
	else
		rgw_conn_change(conn, old, now);
}

void
rgw_accept_settle(struct rgw_gw *gw, struct rgw_edition *old, rgw_ms now)
{
	for (unsigned i = 0; i < RGW_CLASSES; i++) {
		struct rgw_link *head = &gw->admission.classes[i].half_open;
		struct rgw_link *next;

		for (struct rgw_link *l = head->next; l != head; l = next) {
			next = l->next;
			settle(RGW_CONTAINER(RGW_CONTAINER(l, struct rgw_visit, age), struct rgw_conn, visit), old,
			    now);
		}
	}
	for (struct rgw_link *l = gw->unnamed.next, *next; l != &gw->unnamed; l = next) {
		next = l->next;
		settle(RGW_CONTAINER(l, struct rgw_conn, link), old, now);
	}
}
