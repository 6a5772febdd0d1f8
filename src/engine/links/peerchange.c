/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

/*
 * A peer from one edition to the next. Its connections go on, and by the new edition, unless that has changed who the
 * peer is or how it is reached: then those that we have opened are replaced, and the others drain. A peer that is gone
 * opens no more connections; those that stand take what waits for the peer, and drain then.
 */

static bool
are_same_hosts(const struct rgw_peer *peer)
{
	const struct rgw_hostports *connect = &peer->conf->connect;

	if (connect->n != peer->n_hosts)
		return false;
	for (size_t i = 0; i < connect->n; i++)
		if (!rgw_host_is(&peer->hosts[i], &connect->v[i]))
			return false;
	return true;
}

/* The peer may be another one behind the same name: what was learned of the one before means nothing. */
static void
begin_anew(struct rgw_peer *peer, rgw_ms now)
{
	peer->answers_status = peer->ignores_status = peer->misdoes_status = peer->must_prove = false;
	rgw_peer_end_attempts(peer, "the configuration of the peer has changed", now);
	rgw_peer_proven(peer);
	rgw_peer_renew(peer, now);
}

static void
change_conns(struct rgw_link *conns, struct rgw_edition *old, rgw_ms now)
{
	for (struct rgw_link *l = conns->next; l != conns; l = l->next)
		rgw_conn_change(RGW_CONTAINER(l, struct rgw_conn, link), old, now);
}

/* Drains connections that the peer has opened, if they are outdated, or if the listener at which they came in would not
 * let the peer in any more. */
static void
drain_incoming(struct rgw_peer *peer, rgw_ms now)
{
	for (struct rgw_link *l = peer->incoming.next; l != &peer->incoming; l = l->next) {
		struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);

		if (rgw_conn_is_outdated(conn) || !rgw_conf_lets_in(conn->listener->conf, peer->conf))
			rgw_conn_drain(conn, now);
	}
}

static void
change(struct rgw_known *known, struct rgw_edition *old, rgw_ms now)
{
	struct rgw_peer *peer = RGW_CONTAINER(known, struct rgw_peer, known);
	const struct rgw_conf_peer *was = (const struct rgw_conf_peer *)known->was;
	const struct rgw_conf_peer *conf = peer->conf;

	rgw_queue_change(&peer->queue, conf->queue, conf->queue_time);
	rgw_queue_change(&peer->changes, conf->queue, conf->queue_time);
	rgw_bucket_change(&peer->asker.probes, &conf->status_server_rate, now);
	rgw_bucket_change(&peer->connect_rate, &conf->connect_rate, now);
	if (conf->status_server != was->status_server)
		peer->ignores_status = false;
	if (!are_same_hosts(peer)) {
		rgw_peer_free_hosts(peer);
		rgw_peer_make_hosts(peer, now);
		peer->next_addr = peer->missed = 0;
	}
	change_conns(&peer->conns, old, now);
	change_conns(&peer->incoming, old, now);
	drain_incoming(peer, now);
	if (known->renewed)
		begin_anew(peer, now);
	rgw_peer_wake(peer, now);
}

static void
leave(struct rgw_known *known, rgw_ms now)
{
	struct rgw_peer *peer = RGW_CONTAINER(known, struct rgw_peer, known);

	peer->asker.gone = true;
	rgw_nastable_end_owner(&peer->target.gw->common->nases, true, known->section->id);
	for (size_t i = 0; i < peer->n_hosts; i++)
		rgw_host_rest(&peer->hosts[i]);
	drain_incoming(peer, now);
	rgw_on_target(&peer->target, RGW_TURN_DOWN, now);
	rgw_peer_ebb(peer, now);
}

const struct rgw_known_ops rgw_peer_ops = {
	.kind = RGW_CONF_PEER,
	.make = rgw_peer_make,
	.read = rgw_peer_read,
	.change = change,
	.leave = leave,
	.close = rgw_peer_close,
	.end = rgw_peer_end,
};
