/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <stdlib.h>

/* Connections that peers open: who is let in, and what becomes of those who do not say who they are.
 * A connection counts for its address as long as it lives, and for its peer once that is known. */

/* From where may anybody come? A peer without `address` opens the listener to the whole world. */
static void
add_allowed(struct rgw_listener *l, const struct rgw_conf *conf)
{
	bool anywhere = false;

	l->allowed = rgw_prefixmap_new();
	for (size_t i = 0; i < conf->peer.n; i++) {
		const struct rgw_conf_peer *peer = conf->peer.v[i];
		bool served = false;

		for (size_t j = 0; j < l->conf->profile.n; j++)
			served |= l->conf->profile.v[j] == &peer->tls->head;
		if (!peer->accept || !served)
			continue;
		anywhere |= peer->address.n == 0;
		for (size_t j = 0; j < peer->address.n; j++)
			rgw_prefixmap_add(l->allowed, &peer->address.v[j], l);
	}
	if (!anywhere)
		return;
	rgw_prefixmap_free(l->allowed);
	l->allowed = NULL;
}

void
rgw_accept_init(struct rgw_gw *gw, const struct rgw_hashkey *key, rgw_ms now)
{
	const struct rgw_conf *conf = gw->conf;

	rgw_link_init(&gw->silent);
	rgw_link_init(&gw->shaking);
	rgw_admission_init(&gw->admission, &conf->gateway, &gw->common->incoming, key, now);
	gw->listeners = rgw_xcalloc(conf->listen.n, sizeof *gw->listeners);
	for (size_t i = 0; i < conf->listen.n; i++) {
		gw->listeners[i].conf = conf->listen.v[i];
		gw->listeners[i].quota = &gw->common->listens[i];
		if (conf->listen.v[i]->tls.n > 0)
			add_allowed(&gw->listeners[i], conf);
	}
}

static void
close_all(struct rgw_link *list, rgw_ms now)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(list)) != NULL)
		rgw_conn_close(RGW_CONTAINER(l, struct rgw_conn, link), RGW_LOG_INFO,
		    "connection-closed", "the gateway stops", now);
}

void
rgw_accept_fini(struct rgw_gw *gw, rgw_ms now)
{
	close_all(&gw->silent, now);
	close_all(&gw->shaking, now);
	for (size_t i = 0; i < gw->conf->peer.n; i++)
		close_all(&gw->peers[i].incoming, now);
	for (size_t i = 0; i < gw->conf->listen.n; i++)
		rgw_prefixmap_free(gw->listeners[i].allowed);
	free(gw->listeners);
	rgw_admission_fini(&gw->admission);
}

void
rgw_accept_drain(struct rgw_gw *gw, rgw_ms now)
{
	close_all(&gw->silent, now);
	close_all(&gw->shaking, now);
	for (size_t i = 0; i < gw->conf->peer.n; i++) {
		struct rgw_link *head = &gw->peers[i].incoming;

		for (struct rgw_link *l = head->next; l != head; l = l->next)
			rgw_conn_drain(RGW_CONTAINER(l, struct rgw_conn, link), now);
	}
}

/* ---- admission ---- */

/* A limit that was reached, or another reason to refuse. */
struct refusal {
	enum rgw_counter counter;
	const char *why;
};

static const struct refusal refuse_draining = { RGW_CTR_refused_draining, "the gateway is stopping" };
static const struct refusal refuse_address = { RGW_CTR_refused_address,
	"no [peer] with `accept = yes` and a profile of this listener may come from this address" };
static const struct refusal refuse_listener = { RGW_CTR_refused_max_connections_listener,
	"max-connections of the listener is reached" };
static const struct refusal refuse_memory = { RGW_CTR_refused_no_memory, "out of memory" };

static const struct refusal refusals[] = {
	[RGW_ADMIT_MAX] = { RGW_CTR_refused_max_connections, "max-connections is reached" },
	[RGW_ADMIT_MAX_PER_ADDRESS] = { RGW_CTR_refused_max_connections_per_address,
		"max-connections-per-address is reached" },
	[RGW_ADMIT_RATE] = { RGW_CTR_refused_connect_rate, "more than connect-rate" },
	[RGW_ADMIT_RATE_PER_ADDRESS] = { RGW_CTR_refused_connect_rate_per_address,
		"more than connect-rate-per-address" },
	[RGW_ADMIT_NO_MEMORY] = { RGW_CTR_refused_no_memory, "out of memory" },
};

/* All checks that cost next to nothing, in the order in which they say most (P-TLS-26). */
static const struct refusal *
why_refuse(struct rgw_gw *gw, struct rgw_listener *l, const struct rgw_addr *from, rgw_ms now,
    struct rgw_admitted **admitted)
{
	enum rgw_admit verdict;

	if (gw->draining)
		return &refuse_draining;
	if (l->allowed != NULL && rgw_prefixmap_find(l->allowed, from) == NULL)
		return &refuse_address;
	if (rgw_quota_is_full(l->quota))
		return &refuse_listener;
	verdict = rgw_admission_enter(&gw->admission, from, now, admitted);
	if (verdict != RGW_ADMIT_OK)
		return &refusals[verdict];
	if (rgw_quota_take(l->quota))
		return NULL;
	/* Another worker was faster. */
	rgw_admission_leave(&gw->admission, *admitted);
	*admitted = NULL;
	return &refuse_listener;
}

static void
leave(struct rgw_gw *gw, uint32_t listen, struct rgw_admitted *admitted)
{
	rgw_quota_give(gw->listeners[listen].quota);
	rgw_admission_leave(&gw->admission, admitted);
}

static void
refuse(struct rgw_gw *gw, const struct rgw_listener *l, const struct rgw_addr *from,
    const struct refusal *why)
{
	const char *listen = l->conf->head.name;

	rgw_count(gw, why->counter);
	RGW_LOG(gw->log, gw->draining ? RGW_LOG_INFO : RGW_LOG_WARNING, "connection-refused", listen,
	    why->why, rgw_f_str("listen", listen), rgw_f_addr("from", from),
	    rgw_f_str("counter", rgw_counter_name(why->counter)));
}

/* There is always room for one more handshake (P-TLS-25). Who has not said a word yet goes first, and
 * the oldest, since it has had the longest time. */
static void
make_room(struct rgw_gw *gw, rgw_ms now)
{
	struct rgw_link *oldest = rgw_list_first(&gw->silent);

	if (gw->n_half_open < gw->conf->gateway.max_half_open)
		return;
	if (oldest == NULL)
		oldest = rgw_list_first(&gw->shaking);
	rgw_count(gw, RGW_CTR_half_open_evicted);
	rgw_conn_close(RGW_CONTAINER(oldest, struct rgw_conn, link), RGW_LOG_INFO, "handshake-failed",
	    "max-half-open is reached, and it is the oldest", now);
}

void
rgw_accept_shaking(struct rgw_conn *conn)
{
	rgw_link_remove(&conn->link);
	rgw_list_append(&conn->gw->shaking, &conn->link);
}

struct rgw_conn *
rgw_gw_on_accept(struct rgw_gw *gw, uint32_t listen, const struct rgw_addr *from, void *io, rgw_ms now)
{
	struct rgw_listener *l = &gw->listeners[listen];
	struct rgw_admitted *admitted = NULL;
	const struct refusal *why = why_refuse(gw, l, from, now, &admitted);
	struct rgw_conn *conn = why == NULL ? rgw_conn_new(gw, from) : NULL;

	rgw_count(gw, RGW_CTR_accepted);
	if (conn == NULL) {
		if (admitted != NULL)
			leave(gw, listen, admitted);
		refuse(gw, l, from, why != NULL ? why : &refuse_memory);
		return NULL;
	}
	make_room(gw, now);
	conn->state = RGW_CONN_ACCEPTED;
	conn->incoming = true;
	conn->listen = listen;
	conn->io = io;
	conn->admitted = admitted;
	rgw_ingress_init(&conn->superseding, now);
	rgw_list_append(&gw->silent, &conn->link);
	gw->n_half_open++;
	conn->deadline = now + l->conf->handshake_timeout;
	rgw_conn_set_timer(conn);
	return conn;
}

void
rgw_gw_on_accept_failed(struct rgw_gw *gw, uint32_t listen, const char *why, rgw_ms now)
{
	const char *name = gw->listeners[listen].conf->head.name;

	(void)now;
	rgw_count(gw, RGW_CTR_accept_failed);
	RGW_LOG(gw->log, RGW_LOG_ERROR, "accept-failed", name,
	    "no connection can be accepted for the moment; is the limit of open files too low?",
	    rgw_f_str("listen", name), rgw_f_str("reason", why), rgw_f_uint("connections", gw->n_conns));
}

/* ---- from the handshake to the end ---- */

bool
rgw_accept_identified(struct rgw_conn *conn, const struct rgw_conf_peer *conf, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;
	struct rgw_peer *peer = &gw->peers[conf->head.index];

	if (!rgw_quota_take(peer->quota)) {
		rgw_count(gw, RGW_CTR_refused_max_connections_peer);
		RGW_LOG(gw->log, RGW_LOG_WARNING, "connection-refused", conf->head.name,
		    "max-connections of the peer is reached", rgw_f_str("peer", conf->head.name),
		    rgw_f_addr("from", &conn->addr), rgw_f_uint("connections", rgw_quota_used(peer->quota)));
		rgw_conn_close(conn, RGW_LOG_DEBUG, "handshake-failed",
		    "max-connections of the peer is reached", now);
		return false;
	}
	rgw_link_remove(&conn->link);
	gw->n_half_open--;
	conn->peer = peer;
	rgw_list_append(&peer->incoming, &conn->link);
	peer->n_incoming++;
	return true;
}

/* What came on it and waits is not worked on any more, and nobody can get what was kept for
 * repetition (P-TLS-28, P-TCP-30, P-TCP-31). */
static void
end_requests(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&conn->requests)) != NULL) {
		struct rgw_entry *entry = RGW_CONTAINER(l, struct rgw_entry, origin_link);

		rgw_entry_end(conn->gw, entry, RGW_CTR_request_gone, now);
	}
}

void
rgw_accept_forget(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;

	end_requests(conn, now);
	rgw_link_remove(&conn->link);
	leave(gw, conn->listen, conn->admitted);
	if (conn->peer != NULL) {
		conn->peer->n_incoming--;
		rgw_quota_give(conn->peer->quota);
		rgw_count(gw, RGW_CTR_incoming_ended);
		return;
	}
	gw->n_half_open--;
	rgw_count(gw, conn->state == RGW_CONN_ACCEPTED ? RGW_CTR_incoming_silent
	                                               : RGW_CTR_incoming_failed);
}
