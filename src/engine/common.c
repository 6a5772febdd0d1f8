/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/common.h"

#include <stdlib.h>

#include "radsecgw/mem.h"

/* What all workers share; see common.h. */

/* Entries of the table of NASes and sessions, and octets that they may take. */
#define NASES 65536
#define NAS_OCTETS (16u << 20)

/* Gives the quota of an id its limit, and makes the quota if there is none. */
static void
set(struct rgw_quota **quotas, uint32_t id, uint32_t max)
{
	if (quotas[id] != NULL) {
		rgw_quota_limit(quotas[id], max);
		return;
	}
	quotas[id] = rgw_xcalloc(1, sizeof **quotas);
	rgw_quota_init(quotas[id], max);
}

static void
make_room(struct rgw_quota ***quotas, uint32_t *n, uint32_t wanted)
{
	if (wanted <= *n)
		return;
	*quotas = rgw_xrealloc(*quotas, wanted * sizeof **quotas);
	while (*n < wanted)
		(*quotas)[(*n)++] = NULL;
}

void
rgw_common_adopt(struct rgw_common *c, const struct rgw_conf *conf)
{
	rgw_quota_limit(&c->incoming, conf->gateway.max_connections);
	make_room(&c->listens, &c->n_listens, conf->ids[RGW_CONF_LISTEN].n);
	for (size_t i = 0; i < conf->listen.n; i++) {
		uint32_t max = conf->listen.v[i]->max_connections;

		set(c->listens, conf->listen.v[i]->head.id, max != 0 ? max : UINT32_MAX);
	}
	make_room(&c->peers, &c->n_peers, conf->ids[RGW_CONF_PEER].n);
	for (size_t i = 0; i < conf->peer.n; i++)
		set(c->peers, conf->peer.v[i]->head.id, conf->peer.v[i]->max_connections);
}

struct rgw_common *
rgw_common_new(const struct rgw_conf *conf, const struct rgw_hashkey *salt)
{
	struct rgw_common *c = rgw_xcalloc(1, sizeof *c);

	c->salt = *salt;
	rgw_nastable_init(&c->nases, salt, NASES, NAS_OCTETS);
	rgw_quota_init(&c->incoming, conf->gateway.max_connections);
	rgw_common_adopt(c, conf);
	return c;
}

static void
free_all(struct rgw_quota **quotas, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		free(quotas[i]);
	free(quotas);
}

void
rgw_common_free(struct rgw_common *c)
{
	if (c == NULL)
		return;
	free_all(c->listens, c->n_listens);
	free_all(c->peers, c->n_peers);
	rgw_nastable_fini(&c->nases);
	rgw_wipe(c, sizeof *c);
	free(c);
}
