/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <string.h>

#include "links/links.h"

/* Neighbours that are to get no new requests for a while, because somebody wants to work on them, or the whole gateway;
 * and connections that are to be replaced. What is under way goes on in any case. */

void
rgw_gw_resume(struct rgw_gw *gw, rgw_ms now)
{
	gw->draining = false;
	for (size_t i = 0; i < gw->conf->peer.n; i++)
		rgw_peer_wake(rgw_peer_by_id(gw, gw->conf->peer.v[i]->head.id), now);
}

static struct rgw_peer *
find_peer(struct rgw_gw *gw, const char *name)
{
	for (size_t i = 0; i < gw->conf->peer.n; i++)
		if (strcmp(gw->conf->peer.v[i]->head.name, name) == 0)
			return rgw_peer_by_id(gw, gw->conf->peer.v[i]->head.id);
	return NULL;
}

static struct rgw_target *
find(struct rgw_gw *gw, const char *name)
{
	struct rgw_peer *peer = find_peer(gw, name);

	if (peer != NULL)
		return &peer->target;
	for (size_t i = 0; i < gw->conf->server.n; i++)
		if (strcmp(gw->conf->server.v[i]->head.name, name) == 0)
			return &rgw_server_by_id(gw, gw->conf->server.v[i]->head.id)->target;
	return NULL;
}

bool
rgw_gw_hold(struct rgw_gw *gw, const char *name, bool held, rgw_ms now)
{
	struct rgw_target *target = find(gw, name);

	if (target == NULL)
		return false;
	target->held = held;
	/* What waits elsewhere although it is down may come back to it, as if it had come up. */
	rgw_on_target(target, held ? RGW_TURN_DOWN : RGW_TURN_UP, now);
	return true;
}

bool
rgw_gw_load(struct rgw_gw *gw, const char *name, size_t *open, rgw_ms *since)
{
	struct rgw_target *target = find(gw, name);

	if (target == NULL)
		return false;
	*open = target->ops->load(target);
	for (unsigned i = 0; i < RGW_SERVICES; i++) {
		const struct rgw_queue *queue = rgw_target_nth_queue(target, i);

		/* Connections of a peer that drain have requests, too. */
		if (queue != NULL && *open < queue->n + queue->n_sent)
			*open = queue->n + queue->n_sent;
	}
	*since = target->asked_at;
	return true;
}

bool
rgw_gw_reconnect(struct rgw_gw *gw, const char *name, bool renew, rgw_ms now)
{
	struct rgw_peer *peer = find_peer(gw, name);

	if (peer == NULL || peer->conf->connect.n == 0)
		return false;
	if (renew)
		rgw_peer_renew(peer, now);
	else
		peer->renewing = false;
	return true;
}

size_t
rgw_gw_old_connections(struct rgw_gw *gw, const char *name, bool *good)
{
	const struct rgw_peer *peer = find_peer(gw, name);
	size_t n = 0;

	*good = false;
	for (struct rgw_link *l = peer != NULL ? peer->conns.next : NULL; l != NULL && l != &peer->conns; l = l->next) {
		const struct rgw_conn *conn = RGW_CONTAINER(l, struct rgw_conn, link);
		bool is_old = conn->lane.serial <= peer->old_until;

		n += is_old;
		*good |= !is_old && conn->counted;
	}
	return n;
}
