/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../links/links.h"
#include "doors.h"

#include <stdlib.h>
#include <string.h>

/*
 * Clients that are known by names, as containers are. A name stands for whatever addresses it has now, and those that
 * it had before the last look-up, since a client that moves may have sent something from there. An address that the
 * configuration gives to a client as such stays with that client, whatever a name server says.
 */

/* The client that has this very address in the configuration, or NULL. */
static const struct rgw_conf_client *
configured(const struct rgw_gw *gw, const struct rgw_prefix *address, const struct rgw_addr *from)
{
	for (size_t i = 0; i < gw->conf->client.n; i++)
		for (size_t j = 0; j < gw->conf->client.v[i]->address.n; j++) {
			const struct rgw_conf_origin *origin = &gw->conf->client.v[i]->address.v[j];

			if (origin->name.host == NULL && origin->prefix.bits == address->bits &&
			    rgw_prefix_contains(&origin->prefix, from))
				return gw->conf->client.v[i];
		}
	return NULL;
}

static void
add(struct rgw_gw *gw, const struct rgw_host *host, const struct rgw_addr *addr, bool current)
{
	struct rgw_prefix p = { .family = addr->family, .bits = addr->family == 4 ? 32 : 128 };
	struct rgw_conf_client *client = gw->conf->client.v[host->owner->index];
	const struct rgw_conf_client *other;

	memcpy(p.ip, addr->ip, sizeof p.ip);
	other = configured(gw, &p, addr);
	if (other == NULL)
		other = rgw_prefixmap_add(gw->client_by_name, &p, client);
	if (current && other != NULL && other != client)
		RGW_LOG(gw->log, RGW_LOG_WARNING, "address-taken", client->head.name,
		    "an address of the name belongs to another client, and stays with it",
		    rgw_f_str("client", client->head.name), rgw_f_str("host", host->conf->host),
		    rgw_f_addr("addr", addr), rgw_f_str("other", other->head.name));
}

static void
on_changed(struct rgw_host *host, bool news, rgw_ms now)
{
	struct rgw_gw *gw = host->gw;

	(void)news;
	(void)now;
	rgw_prefixmap_free(gw->client_by_name);
	gw->client_by_name = rgw_prefixmap_new();
	/* A client that has an address now goes before a client that had it. */
	for (size_t i = 0; i < gw->n_names; i++)
		for (size_t j = 0; j < gw->names[i].n_addrs; j++)
			add(gw, &gw->names[i], &gw->names[i].addrs[j], true);
	for (size_t i = 0; i < gw->n_names; i++)
		for (size_t j = 0; j < gw->names[i].n_before; j++)
			add(gw, &gw->names[i], &gw->names[i].before[j], false);
}

static void
init_name(struct rgw_host *host, struct rgw_gw *gw, const struct rgw_conf_head *client, const struct rgw_hostport *name,
    rgw_ms now)
{
	rgw_host_init(host, gw, client, "client", name, now);
	host->changed = on_changed;
}

void
rgw_names_init(struct rgw_gw *gw, rgw_ms now)
{
	const struct rgw_conf *conf = gw->conf;

	for (size_t i = 0; i < conf->client.n; i++)
		for (size_t j = 0; j < conf->client.v[i]->address.n; j++)
			gw->n_names += conf->client.v[i]->address.v[j].name.host != NULL;
	gw->names = rgw_xcalloc(gw->n_names, sizeof *gw->names);
	gw->client_by_name = rgw_prefixmap_new();
	for (size_t i = 0, n = 0; i < conf->client.n; i++)
		for (size_t j = 0; j < conf->client.v[i]->address.n; j++) {
			const struct rgw_conf_origin *origin = &conf->client.v[i]->address.v[j];

			if (origin->name.host != NULL)
				init_name(&gw->names[n++], gw, &conf->client.v[i]->head, &origin->name, now);
		}
}

void
rgw_names_fini(struct rgw_gw *gw)
{
	for (size_t i = 0; i < gw->n_names; i++)
		rgw_host_fini(&gw->names[i]);
	free(gw->names);
	rgw_prefixmap_free(gw->client_by_name);
}

const struct rgw_conf_client *
rgw_names_find(struct rgw_gw *gw, const struct rgw_addr *from, uint32_t listen, rgw_ms now)
{
	const struct rgw_prefixmap *clients = gw->conf->listen.v[listen]->clients;
	const struct rgw_conf_client *client = NULL;

	if (gw->n_names > 0)
		client = rgw_prefixmap_find(gw->client_by_name, from);
	if (client != NULL && !rgw_conf_may_ask(client, listen))
		client = NULL;
	if (client == NULL && clients != NULL)
		client = rgw_prefixmap_find(clients, from);
	for (size_t i = 0; client == NULL && i < gw->n_names; i++)
		rgw_host_refresh(&gw->names[i], now);
	return client;
}
