/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fr.h"

/*
 * FreeRADIUS's proxy.conf and clients.conf: home_server, home_server_pool, realm, client, and listen where it stands
 * in the same file. Sections of a server that answers by itself are none of ours.
 */

/* ---- clients and listeners ---- */

static void
put_network(const struct rgw_node *client, char *out, size_t size)
{
	const char *address = rgw_fr_address(client)->value;
	const char *mask = rgw_node_text(client, "netmask", NULL);

	if (strcmp(address, "*") == 0)
		address = rgw_node_get(client, "ipv6addr", NULL) != NULL ? "::/0" : "0.0.0.0/0";
	if (mask != NULL && strchr(address, '/') == NULL)
		snprintf(out, size, "%.200s/%.8s", address, mask);
	else
		snprintf(out, size, "%.200s", address);
}

static void
map_client(struct rgw_map *m, struct rgw_node *client, struct rgw_node *tls)
{
	bool over_tls = rgw_word_is(rgw_node_text(client, "proto", "udp"), "tls");
	struct rgw_out_section *s =
	    rgw_out_section(&m->out, over_tls ? RGW_CONF_PEER : RGW_CONF_CLIENT, client->value, client);
	char text[256];

	put_network(client, text, sizeof text);
	if (over_tls)
		rgw_out_set(&m->out, s, rgw_node_get(client, "proto", NULL), "accept", "yes");
	rgw_out_set(&m->out, s, rgw_fr_address(client), "address", text);
	rgw_fr_secret(m, s, client);
	if (over_tls && tls != NULL)
		rgw_out_set(&m->out, s, NULL, "tls", rgw_fr_tls(m, client, tls));
	if (over_tls)
		rgw_out_set_said(&m->out, s, NULL, "match", "any",
		    "As before, every certificate of this trust is taken for this peer's. A name would be safer.");
	if (over_tls && tls == NULL) {
		rgw_out_remark(&m->out, s, client,
		    "client %s: the certificate of the server stands in the listen section of "
		    "another file. Write a [tls] section, a [listen] section with tls and profile, and tls here.",
		    client->value);
		s->off = true;
	}
	if (rgw_word_is(rgw_node_text(client, "proto", "udp"), "tcp")) {
		rgw_out_remark(&m->out, s, client,
		    "client %s: RADIUS over plain TCP is possible on loopback, and where IPsec "
		    "protects it: then it is a [peer] with insecure-tcp = yes.",
		    client->value);
		s->off = true;
	}
	rgw_map_carry(m, client, RGW_FR_CLIENT, s);
	if (over_tls)
		rgw_fr_limits(m, s, client);
	rgw_fr_note_unknown(m, client, RGW_FR_CLIENT, s);
}

static struct rgw_node *
tls_of_listener(const struct rgw_map *m)
{
	struct rgw_node *listen = NULL;

	while ((listen = rgw_fr_next(&m->tree->root, "listen", listen)) != NULL)
		if (rgw_fr_next(listen, "tls", NULL) != NULL)
			return rgw_fr_next(listen, "tls", NULL);
	return NULL;
}

static void
map_listen(struct rgw_map *m, struct rgw_node *listen)
{
	struct rgw_node *tls = rgw_fr_next(listen, "tls", NULL);
	const char *type = rgw_node_text(listen, "type", "auth");
	const char *host = rgw_fr_address(listen) != NULL ? rgw_fr_address(listen)->value : "*";
	long port = rgw_map_number(listen, "port", 0);
	struct rgw_out_section *s;
	char text[320];

	s = rgw_out_section(&m->out, RGW_CONF_LISTEN,
	    *listen->value != '\0' ? listen->value :
	        tls != NULL        ? "tls" :
	                             type,
	    listen);
	if (strstr(type, "auth") == NULL && strstr(type, "acct") == NULL) {
		rgw_out_note(&m->out, s, listen, "listen with type = %s: %s", type, RGW_FR_OURS_ALONE);
		s->off = true;
		return;
	}
	rgw_fr_put_place(host,
	    port != 0                        ? port :
	        tls != NULL                  ? 2083 :
	        strstr(type, "auth") != NULL ? 1812 :
	                                       1813,
	    text, sizeof text);
	rgw_out_set(&m->out, s, rgw_fr_address(listen), tls != NULL ? "tls" : "udp", text);
	if (tls != NULL)
		rgw_out_set(&m->out, s, NULL, "profile", rgw_fr_tls(m, listen, tls));
}

static void
map_listeners(struct rgw_map *m)
{
	struct rgw_node *listen = NULL;
	struct rgw_out_section *s;

	while ((listen = rgw_fr_next(&m->tree->root, "listen", listen)) != NULL)
		map_listen(m, listen);
	for (size_t i = 0; i < m->out.sections.n; i++)
		if (m->out.sections.v[i]->kind == RGW_CONF_LISTEN && rgw_out_get(m->out.sections.v[i], "udp") != NULL)
			return;
	s = rgw_out_section(&m->out, RGW_CONF_LISTEN, "udp", NULL);
	rgw_out_set_said(&m->out, s, NULL, "udp", "[::]:1812",
	    "The file says nothing of ports, so these are the usual ones. Where "
	    "a RADIUS server has them on the same machine, write others.");
	rgw_out_set(&m->out, s, NULL, "udp", "[::]:1813");
}

/* ---- the whole ---- */

static void
check_block(struct rgw_map *m, struct rgw_node *block)
{
	static const struct {
		const char *kind;
		unsigned bit;
		bool named;
	} kinds[] = {
		{ "client", RGW_FR_CLIENT, true },
		{ "home_server", RGW_FR_HOME, true },
		{ "home_server_pool", RGW_FR_POOL, true },
		{ "realm", RGW_FR_REALM, true },
		{ "listen", RGW_FR_LISTEN, false },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(block->word, kinds[i].kind) != 0)
			continue;
		if (kinds[i].named && *block->value == '\0')
			rgw_node_error(m->tree, block, "%s: a name was expected", block->word);
		for (size_t j = 0; j < block->n; j++)
			if (!block->v[j]->block && rgw_map_row(m, kinds[i].bit, block->v[j]->word) != NULL) {
				struct rgw_node one = { .v = &block->v[j], .n = 1 };

				rgw_map_check(m, &one, kinds[i].bit);
			}
		if (kinds[i].bit == RGW_FR_CLIENT &&
		    (rgw_fr_address(block) == NULL || rgw_node_get(block, "secret", NULL) == NULL))
			rgw_node_error(m->tree, block, "client %.60s: an address (ipaddr) and a secret were expected",
			    block->value);
	}
}

static void
check_references(struct rgw_map *m)
{
	struct rgw_node *pool = NULL;
	struct rgw_node *realm = NULL;

	while ((pool = rgw_fr_next(&m->tree->root, "home_server_pool", pool)) != NULL)
		for (struct rgw_node *node = NULL; (node = rgw_node_get(pool, "home_server", node)) != NULL;)
			if (rgw_fr_find(m, "home_server", node->value) == NULL)
				rgw_node_error(m->tree, node,
				    "home_server = %.60s: there is no section home_server with this name",
				    node->value);
	while ((realm = rgw_fr_next(&m->tree->root, "realm", realm)) != NULL)
		for (const char *const *w = (const char *const[]){ "pool", "auth_pool", "acct_pool", NULL };
		     *w != NULL; w++) {
			struct rgw_node *node = rgw_node_get(realm, *w, NULL);

			if (node != NULL && rgw_fr_find(m, "home_server_pool", node->value) == NULL)
				rgw_node_error(m->tree, node,
				    "%s = %.60s: there is no section home_server_pool with this name", node->word,
				    node->value);
		}
}

/* Does what `make` does for each block of a kind, those within `clients` included. */
static void
for_each(struct rgw_map *m, const char *kind, void (*make)(struct rgw_map *m, struct rgw_node *node))
{
	struct rgw_node *node = NULL;

	while ((node = rgw_fr_next(&m->tree->root, kind, node)) != NULL)
		make(m, node);
}

static void
map_client_alone(struct rgw_map *m, struct rgw_node *client)
{
	map_client(m, client, tls_of_listener(m));
}

static void
map_group(struct rgw_map *m, struct rgw_node *group)
{
	struct rgw_node *client = NULL;

	while ((client = rgw_fr_next(group, "client", client)) != NULL)
		map_client(m, client, tls_of_listener(m));
}

static void
check_all(struct rgw_map *m)
{
	struct rgw_node *group = NULL;

	for (size_t i = 0; i < m->tree->root.n; i++)
		if (m->tree->root.v[i]->block)
			check_block(m, m->tree->root.v[i]);
	while ((group = rgw_fr_next(&m->tree->root, "clients", group)) != NULL)
		for (size_t i = 0; i < group->n; i++)
			if (group->v[i]->block)
				check_block(m, group->v[i]);
	check_references(m);
}

bool
rgw_map_freeradius(struct rgw_map *m)
{
	struct rgw_out_section *gateway;

	m->rows = rgw_fr_rows;
	m->n_rows = rgw_fr_n_rows;
	check_all(m);
	if (m->tree->errors > 0)
		return false;
	gateway = rgw_out_single(&m->out, RGW_CONF_GATEWAY);
	rgw_out_set_said(&m->out, gateway, NULL, "malformed-realms", "none",
	    "Requests for malformed realms were sent on. Without this option they are rejected here, as federations "
	    "ask for. A request without User-Name goes where names without a realm go; "
	    "there, the server itself answered it.");
	map_listeners(m);
	for_each(m, "client", map_client_alone);
	for_each(m, "clients", map_group);
	for_each(m, "home_server", rgw_fr_home);
	for_each(m, "home_server_pool", rgw_fr_pool);
	for_each(m, "realm", rgw_fr_realm);
	return m->tree->errors == 0;
}
