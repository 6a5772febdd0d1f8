/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rsp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* radsecproxy.conf as a whole: what stands outside of blocks, and the order of the rest. */

/* ---- what is wrong ---- */

static const struct {
	const char *kind;
	unsigned bit;
} kinds[] = {
	{ "tls", RGW_RSP_TLS },
	{ "rewrite", RGW_RSP_REWRITE },
	{ "client", RGW_RSP_CLIENT },
	{ "server", RGW_RSP_SERVER },
	{ "realm", RGW_RSP_REALM },
};

#define N_KINDS (sizeof kinds / sizeof kinds[0])

static void
check_reference(struct rgw_map *m, const struct rgw_node *block, const char *option, const char *kind)
{
	const struct rgw_node *node = NULL;

	while ((node = rgw_node_get(block, option, node)) != NULL)
		if (rgw_rsp_block(m, kind, node->value) == NULL)
			rgw_node_error(m->tree, node, "%s %.60s: there is no block %s with this name", node->word,
			    node->value, kind);
}

static void
check_neighbour(struct rgw_map *m, const struct rgw_node *block)
{
	enum rgw_rsp_type type = rgw_rsp_type(block);
	bool tls = type == RGW_RSP_OVER_TLS || type == RGW_RSP_DTLS;

	if (rgw_node_get(block, "type", NULL) == NULL)
		rgw_node_error(m->tree, block, "%s %.60s: a type was expected: udp, tcp, tls or dtls", block->word,
		    block->value);
	if (!tls && rgw_node_get(block, "secret", NULL) == NULL)
		rgw_node_error(m->tree, block, "%s %.60s: a secret was expected", block->word, block->value);
	check_reference(m, block, "tls", "tls");
	if (tls && rgw_node_get(block, "tls", NULL) == NULL && rgw_node_get(block, "pskkey", NULL) == NULL &&
	    rgw_rsp_used(m, block, "tls", "tls") == NULL)
		rgw_node_error(m->tree, block,
		    "%s %.60s: a block tls was expected, by the option tls or with the name default", block->word,
		    block->value);
	check_reference(m, block, "rewrite", "rewrite");
	check_reference(m, block, "rewritein", "rewrite");
	check_reference(m, block, "rewriteout", "rewrite");
}

static void
check_block(struct rgw_map *m, struct rgw_node *block)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (!rgw_word_is(block->word, kinds[i].kind))
			continue;
		if (*block->value == '\0')
			rgw_node_error(m->tree, block, "%s: a name was expected", block->word);
		rgw_map_check(m, block, kinds[i].bit);
		if ((kinds[i].bit & (RGW_RSP_CLIENT | RGW_RSP_SERVER)) != 0)
			check_neighbour(m, block);
		check_reference(m, block, "server", "server");
		check_reference(m, block, "accountingserver", "server");
		return;
	}
	rgw_node_error(m->tree, block,
	    "%.60s is no kind of block; tls, rewrite, client, server or realm was expected", block->word);
}

/* Undoes %xx where the value is a text, unless it would hide a control character. */
static void
decode_values(struct rgw_map *m, struct rgw_node *block, bool rewrite)
{
	for (size_t i = 0; i < block->n; i++) {
		struct rgw_node *node = block->v[i];
		struct rgw_strbuf text = { 0 };
		bool plain = !node->block && !rewrite && strchr(node->value, '%') != NULL &&
		    !rgw_word_is(node->word, "secret") && !rgw_word_is(node->word, "pskkey");

		if (node->block)
			decode_values(m, node, rgw_word_is(node->word, "rewrite"));
		if (!plain)
			continue;
		rgw_rsp_decode(node->value, &text);
		for (size_t j = 0; j < text.n; j++)
			plain = plain && (unsigned char)text.v[j] >= ' ' && text.v[j] != 0x7f;
		if (plain) {
			free(node->value);
			node->value = text.v;
		} else {
			rgw_strbuf_fini(&text);
		}
	}
}

/* ---- outside of blocks ---- */

static bool
uses(const struct rgw_map *m, const char *kind, enum rgw_rsp_type type)
{
	const struct rgw_node *node = NULL;

	while ((node = rgw_rsp_next(m, kind, node)) != NULL)
		if (rgw_rsp_type(node) == type)
			return true;
	return false;
}

/* "address", "*", each with a port or without, as one of our addresses. */
static void
add_address(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *node, const char *key, unsigned port)
{
	struct rgw_node only = { .word = node->word, .value = node->value };
	struct rgw_rsp_host h;
	char text[320];
	struct rgw_addr a;

	rgw_rsp_host(&only, 0, &h);
	port = h.port != 0 ? h.port : port;
	if (strcmp(h.text, "*") == 0)
		snprintf(h.text, sizeof h.text, "::");
	if (rgw_word_is(h.text, "localhost"))
		snprintf(h.text, sizeof h.text, "127.0.0.1");
	if (!rgw_addr_parse(h.text, 0, &a)) {
		snprintf(text, sizeof text, "127.0.0.1:%u", port);
		rgw_out_remark(&m->out, s, node,
		    "%s %s: listeners have addresses here, not names. Write the address of the "
		    "host in place of 127.0.0.1.",
		    node->word, node->value);
	} else {
		snprintf(text, sizeof text, a.family == 4 ? "%s:%u" : "[%s]:%u", h.text, port);
	}
	rgw_out_set(&m->out, s, node, key, text);
}

static const struct listening {
	enum rgw_rsp_type type;
	const char *option;
	const char *name;
	const char *key;
	unsigned port;
} listening[] = {
	{ RGW_RSP_UDP, "listenudp", "udp", "udp", 1812 },
	{ RGW_RSP_TCP, "listentcp", "tcp", "tls", 1812 },
	{ RGW_RSP_OVER_TLS, "listentls", "tls", "tls", 2083 },
};

static void
set_profiles(struct rgw_map *m, struct rgw_out_section *s)
{
	const struct rgw_node *client = NULL;
	unsigned n = 0;

	while ((client = rgw_rsp_next(m, "client", client)) != NULL) {
		struct rgw_out_section *section =
		    rgw_rsp_type(client) == RGW_RSP_OVER_TLS ? rgw_rsp_tls_of(m, client) : NULL;
		const struct rgw_out_line *have = rgw_out_get(s, "profile");
		char item[80];

		if (section == NULL)
			continue;
		snprintf(item, sizeof item, "%s\n", section->name);
		if (have != NULL && strstr(have->value, item) != NULL)
			continue;
		rgw_out_set(&m->out, s, NULL, "profile", section->name);
		n++;
	}
	if (n > 1)
		rgw_out_remark(&m->out, s, NULL,
		    "with several profiles the server name that a peer asks for chooses, and the "
		    "first is used for all others; there it was the address of the client. If peers of the other "
		    "profiles cannot "
		    "connect, give them a [listen] section with an address or port of its own.");
}

static void
map_listeners(struct rgw_map *m)
{
	for (size_t i = 0; i < sizeof listening / sizeof listening[0]; i++) {
		const struct listening *l = &listening[i];
		struct rgw_node *node = rgw_node_get(&m->tree->root, l->option, NULL);
		struct rgw_out_section *s;

		if (!uses(m, "client", l->type))
			continue;
		s = rgw_out_section(&m->out, RGW_CONF_LISTEN, l->name, NULL);
		if (node == NULL)
			rgw_out_set(
			    &m->out, s, NULL, l->key, l->type == RGW_RSP_OVER_TLS ? "[::]:2083" : "[::]:1812");
		for (; node != NULL; node = rgw_node_get(&m->tree->root, l->option, node))
			add_address(m, s, node, l->key, l->port);
		if (l->type == RGW_RSP_TCP)
			rgw_out_set(&m->out, s, NULL, "insecure-tcp", "yes");
		if (l->type == RGW_RSP_OVER_TLS)
			set_profiles(m, s);
	}
}

static void
map_destination(struct rgw_map *m)
{
	struct rgw_node *node = rgw_node_get(&m->tree->root, "logdestination", NULL);
	struct rgw_out_section *s;
	const char *path;

	if (node == NULL && m->tree->words)
		return;
	s = rgw_out_single(&m->out, RGW_CONF_LOG);
	if (node == NULL) {
		rgw_out_set_said(&m->out, s, NULL, "target", "syslog",
		    "Without -f lines went to syslog; with stderr in its place the service manager gets them.");
		return;
	}
	if (strncasecmp(node->value, "file:", 5) != 0) {
		rgw_out_set(&m->out, s, node, "target", "syslog");
		if (strcasestr(node->value, "log_") != NULL && strcasestr(node->value, "daemon") == NULL)
			rgw_out_remark(&m->out, s, node,
			    "%s %s: lines go to the facility daemon here. Let the syslog daemon "
			    "choose them by the name of the program.",
			    node->word, node->value);
		return;
	}
	path = node->value + 5;
	while (path[0] == '/' && path[1] == '/')
		path++;
	rgw_out_set(&m->out, s, node, "target", path);
}

/* The key of hashes in the log. */
static void
map_keys(struct rgw_map *m)
{
	struct rgw_node *key = rgw_node_get(&m->tree->root, "logkey", NULL);
	const char *mac = rgw_node_text(&m->tree->root, "logmac", "Original");
	struct rgw_out_section *s = key != NULL ? rgw_out_single(&m->out, RGW_CONF_LOG) : NULL;
	bool hashed = strncasecmp(mac, "Fully", 5) == 0;

	if (key != NULL && hashed)
		rgw_out_secret(&m->out, s, key, "hash-key", key->value, strlen(key->value));
	else if (key != NULL)
		rgw_out_note(&m->out, s, key, "LogKey: a key is needed here only where all of an address is hashed.");
	if (key == NULL && hashed)
		rgw_out_remark(&m->out, rgw_out_single(&m->out, RGW_CONF_LOG),
		    rgw_node_get(&m->tree->root, "logmac", NULL),
		    "LogMAC %s: a hash has a key here: give one in hash-key, or lines do not show the address.", mac);
	key = rgw_node_get(&m->tree->root, "ftickskey", NULL);
	if (key != NULL)
		rgw_out_secret(&m->out, rgw_out_single(&m->out, RGW_CONF_LOG), key, "fticks-key", key->value,
		    strlen(key->value));
}

/* Country and institution belong to clients there, and to the gateway here. */
static void
map_visited(struct rgw_map *m, const char *option, const char *key)
{
	struct rgw_node *client = NULL;
	const struct rgw_node *first = NULL;

	while ((client = rgw_rsp_next(m, "client", client)) != NULL) {
		struct rgw_node *node = rgw_node_get(client, option, NULL);

		if (node != NULL && first == NULL)
			rgw_out_set(&m->out, rgw_out_single(&m->out, RGW_CONF_LOG), node, key, node->value);
		else if (node != NULL && strcmp(first->value, node->value) != 0)
			rgw_out_remark(&m->out, rgw_out_single(&m->out, RGW_CONF_LOG), node,
			    "%s %s: one value holds for all "
			    "clients here. Where they differ, give each group of clients a gateway of its own.",
			    node->word, node->value);
		if (first == NULL)
			first = node;
	}
}

static void
map_duplicates(struct rgw_map *m)
{
	struct rgw_node *client = NULL;
	struct rgw_node *most = NULL;
	bool differ = false;
	char text[32];
	long n = 0;

	while ((client = rgw_rsp_next(m, "client", client)) != NULL) {
		struct rgw_node *node = rgw_node_get(client, "duplicateinterval", NULL);

		if (node == NULL)
			continue;
		differ = differ || (most != NULL && strcmp(most->value, node->value) != 0);
		if (most == NULL || strtol(node->value, NULL, 0) > n) {
			most = node;
			n = strtol(node->value, NULL, 0);
		}
		rgw_out_became(node, "[gateway] duplicate-window");
	}
	if (most == NULL)
		return;
	snprintf(text, sizeof text, "%lds", n < 5 ? 5 : n > 30 ? 30 : n);
	rgw_out_set(&m->out, rgw_out_single(&m->out, RGW_CONF_GATEWAY), most, "duplicate-window", text);
	if (differ || n < 5 || n > 30)
		rgw_out_remark(&m->out, rgw_out_single(&m->out, RGW_CONF_GATEWAY), most,
		    "%s: one time from 5 to 30 seconds "
		    "holds for all clients here; a request that is repeated after it is sent on as a new one.",
		    most->word);
}

static void
map_global(struct rgw_map *m)
{
	struct rgw_out_section *gateway = rgw_out_single(&m->out, RGW_CONF_GATEWAY);

	rgw_out_set_said(&m->out, gateway, NULL, "malformed-realms", "none",
	    "Requests for malformed realms were sent on. Without this option they are rejected here, as federations "
	    "ask for. A request without User-Name goes where names without a realm go; "
	    "there, such a login got no answer, and accounting was acknowledged.");
	rgw_map_carry(m, &m->tree->root, RGW_RSP_GLOBAL, NULL);
	map_destination(m);
	map_keys(m);
	map_visited(m, "fticksviscountry", "fticks-country");
	/* Basic reports name no institution. */
	if (strcasecmp(rgw_node_text(&m->tree->root, "fticksreporting", "Full"), "Basic") != 0)
		map_visited(m, "fticksvisinst", "fticks-institution");
	map_duplicates(m);
	if (uses(m, "server", RGW_RSP_OVER_TLS) || uses(m, "client", RGW_RSP_OVER_TLS))
		for (const char *const *w = (const char *const[]){ "sourcetls", "sourcetcp", NULL }; *w != NULL;
		     w++) {
			struct rgw_node *node = rgw_node_get(&m->tree->root, *w, NULL);

			if (node != NULL && node->value[0] != '*')
				rgw_out_remark(&m->out, gateway, node,
				    "%s %s: connections leave from the address that the system "
				    "chooses. If a peer lets only one address in, set that address in the routes of "
				    "the system.",
				    node->word, node->value);
		}
}

bool
rgw_map_radsecproxy(struct rgw_map *m)
{
	m->rows = rgw_rsp_rows;
	m->n_rows = rgw_rsp_n_rows;
	rgw_map_check(m, &m->tree->root, RGW_RSP_GLOBAL);
	for (size_t i = 0; i < m->tree->root.n; i++)
		if (m->tree->root.v[i]->block)
			check_block(m, m->tree->root.v[i]);
	if (m->tree->errors > 0)
		return false;
	decode_values(m, &m->tree->root, false);
	map_global(m);
	rgw_rsp_tls(m);
	map_listeners(m);
	rgw_rsp_neighbours(m);
	rgw_rsp_realms(m);
	rgw_rsp_unused_rewrites(m);
	return true;
}
