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
static struct rgw_client *
configured(const struct rgw_gw *gw, const struct rgw_prefix *address, const struct rgw_addr *from)
{
	for (size_t i = 0; i < gw->conf->client.n; i++)
		for (size_t j = 0; j < gw->conf->client.v[i]->address.n; j++) {
			const struct rgw_conf_origin *origin = &gw->conf->client.v[i]->address.v[j];

			if (origin->name.host == NULL && origin->prefix.bits == address->bits &&
			    rgw_prefix_contains(&origin->prefix, from))
				return rgw_client_by_id(gw, gw->conf->client.v[i]->head.id);
		}
	return NULL;
}

static void
add(struct rgw_client *client, const struct rgw_host *host, const struct rgw_addr *addr, bool current)
{
	struct rgw_prefix p = { .family = addr->family, .bits = addr->family == 4 ? 32 : 128 };
	struct rgw_gw *gw = client->gw;
	const char *name = client->conf->head.name;
	const struct rgw_client *other;

	memcpy(p.ip, addr->ip, sizeof p.ip);
	other = configured(gw, &p, addr);
	if (other == NULL)
		other = rgw_prefixmap_add(gw->client_by_name, &p, client);
	if (current && other != NULL && other != client)
		RGW_LOG(gw->log, RGW_LOG_WARNING, "address-taken", name,
		    "an address of the name belongs to another client, and stays with it",
		    rgw_f_str("client", name), rgw_f_str("host", host->name),
		    rgw_f_addr("addr", addr), rgw_f_str("other", other->conf->head.name));
}

/* Adds the addresses that the names of a client have now, or those that they had before. */
static void
add_all(struct rgw_client *client, bool current)
{
	for (size_t i = 0; i < client->n_hosts; i++) {
		const struct rgw_host *host = &client->hosts[i];

		for (size_t j = 0; j < (current ? host->n_addrs : host->n_before); j++)
			add(client, host, current ? &host->addrs[j] : &host->before[j], current);
	}
}

static void
find_out(struct rgw_gw *gw)
{
	rgw_prefixmap_free(gw->client_by_name);
	gw->client_by_name = rgw_prefixmap_new();
	/* A client that has an address now goes before a client that had it. */
	for (struct rgw_link *l = gw->named.next; l != &gw->named; l = l->next)
		add_all(RGW_CONTAINER(l, struct rgw_client, named), true);
	for (struct rgw_link *l = gw->named.next; l != &gw->named; l = l->next)
		add_all(RGW_CONTAINER(l, struct rgw_client, named), false);
	gw->names_changed = false;
}

static void
on_changed(struct rgw_host *host, bool news, rgw_ms now)
{
	(void)news;
	(void)now;
	find_out(host->gw);
}

void
rgw_names_free(struct rgw_client *client)
{
	for (size_t i = 0; i < client->n_hosts; i++)
		rgw_host_fini(&client->hosts[i]);
	free(client->hosts);
	client->hosts = NULL;
	client->n_hosts = 0;
	rgw_link_remove(&client->named);
	client->gw->names_changed = true;
}

void
rgw_names_set(struct rgw_client *client, rgw_ms now)
{
	const struct rgw_conf_origins *address = &client->conf->address;
	size_t n = 0;

	rgw_names_free(client);
	for (size_t i = 0; i < address->n; i++)
		n += address->v[i].name.host != NULL;
	client->hosts = rgw_xcalloc(n, sizeof *client->hosts);
	for (size_t i = 0; i < address->n; i++) {
		struct rgw_host *host = &client->hosts[client->n_hosts];

		if (address->v[i].name.host == NULL)
			continue;
		rgw_host_init(host, client->gw, &client->known, "client", &address->v[i].name, now);
		host->changed = on_changed;
		client->n_hosts++;
	}
}

void
rgw_names_order(struct rgw_gw *gw)
{
	for (size_t i = 0; i < gw->conf->client.n; i++) {
		struct rgw_client *client = rgw_client_by_id(gw, gw->conf->client.v[i]->head.id);

		rgw_link_remove(&client->named);
		if (client->n_hosts > 0)
			rgw_list_append(&gw->named, &client->named);
	}
}

void
rgw_names_settle(struct rgw_gw *gw)
{
	rgw_names_order(gw);
	if (gw->names_changed)
		find_out(gw);
}

void
rgw_names_init(struct rgw_gw *gw)
{
	rgw_link_init(&gw->named);
	gw->client_by_name = rgw_prefixmap_new();
}

void
rgw_names_fini(struct rgw_gw *gw)
{
	rgw_prefixmap_free(gw->client_by_name);
}

/* Asks again for the names of all clients: one of them may have moved. */
static void
refresh(struct rgw_gw *gw, rgw_ms now)
{
	for (struct rgw_link *l = gw->named.next; l != &gw->named; l = l->next) {
		struct rgw_client *client = RGW_CONTAINER(l, struct rgw_client, named);

		for (size_t i = 0; i < client->n_hosts; i++)
			rgw_host_refresh(&client->hosts[i], now);
	}
}

struct rgw_client *
rgw_names_find(struct rgw_gw *gw, const struct rgw_addr *from, uint32_t listen, rgw_ms now)
{
	const struct rgw_conf_listen *at = rgw_listener_by_id(gw, listen)->conf;
	const struct rgw_conf_client *found = NULL;
	struct rgw_client *client = NULL;

	if (!rgw_list_empty(&gw->named))
		client = rgw_prefixmap_find(gw->client_by_name, from);
	if (client != NULL && rgw_conf_may_ask(client->conf, at->head.index))
		return client;
	if (at->clients != NULL)
		found = rgw_prefixmap_find(at->clients, from);
	if (found != NULL)
		return rgw_client_by_id(gw, found->head.id);
	refresh(gw, now);
	return NULL;
}
