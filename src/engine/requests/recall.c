/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../engine.h"

/* Members of pools that were given up are tried at once when they are needed. */

void
rgw_recall_members(struct rgw_pool *pool, rgw_ms now)
{
	for (size_t i = 0; i < pool->n; i++)
		if (pool->members[i]->conf->kind == RGW_CONF_PEER)
			rgw_peer_call(rgw_target_peer(pool->members[i]), now);
}

/* Can it be turned to? A peer without connections can as long as nothing is known against it. */
static bool
works(struct rgw_target *target)
{
	const struct rgw_peer *peer;
	const struct rgw_server *server;

	if (target->conf->kind == RGW_CONF_PEER) {
		peer = rgw_target_peer(target);
		return peer->n_okay > 0 || (peer->n_up == 0 && !peer->failed);
	}
	server = rgw_target_server(target);
	return (server->auth.server != NULL && server->auth.state != RGW_PORT_DEAD) ||
	    (server->acct.server != NULL && server->acct.state != RGW_PORT_DEAD);
}

void
rgw_recall_others(struct rgw_target *target, rgw_ms now)
{
	struct rgw_gw *gw = target->gw;

	for (size_t i = 0; i < gw->conf->pool.n; i++) {
		struct rgw_pool *pool = &gw->pools[i];
		bool is_member = false;
		size_t n = 0;

		for (size_t j = 0; j < pool->n; j++) {
			is_member = is_member || pool->members[j] == target;
			n += pool->members[j] != target && works(pool->members[j]);
		}
		if (n == 0 && is_member)
			rgw_recall_members(pool, now);
	}
}
