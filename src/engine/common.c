/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/common.h"

#include <stdlib.h>

#include "radsecgw/mem.h"

struct rgw_common *
rgw_common_new(const struct rgw_conf *conf, const struct rgw_hashkey *salt)
{
	struct rgw_common *c = rgw_xcalloc(1, sizeof *c);

	c->salt = *salt;
	rgw_quota_init(&c->incoming, conf->gateway.max_connections);
	c->listens = rgw_xcalloc(conf->listen.n, sizeof *c->listens);
	for (size_t i = 0; i < conf->listen.n; i++) {
		uint32_t max = conf->listen.v[i]->max_connections;

		rgw_quota_init(&c->listens[i], max != 0 ? max : UINT32_MAX);
	}
	c->peers = rgw_xcalloc(conf->peer.n, sizeof *c->peers);
	for (size_t i = 0; i < conf->peer.n; i++)
		rgw_quota_init(&c->peers[i], conf->peer.v[i]->max_connections);
	return c;
}

void
rgw_common_free(struct rgw_common *c)
{
	if (c == NULL)
		return;
	free(c->listens);
	free(c->peers);
	rgw_wipe(c, sizeof *c);
	free(c);
}
