/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rsp.h"

/*
 * Blocks `client` and `server`. Over UDP they become [client] and [server]. Over TLS they become [peer]; a client and
 * a server that are the same machine by host, tls and rules become one peer, which connects in both directions.
 */

/* ---- who is the same ---- */

static bool
same_text(const struct rgw_node *a, const struct rgw_node *b, const char *option)
{
	return strcmp(rgw_node_text(a, option, ""), rgw_node_text(b, option, "")) == 0;
}

static bool
has_host(const struct rgw_node *block, const char *text)
{
	size_t n = rgw_rsp_hosts(block);
	struct rgw_rsp_host h;

	for (size_t i = 0; i < n; i++) {
		rgw_rsp_host(block, i, &h);
		if (strcasecmp(h.text, text) == 0)
			return true;
	}
	return false;
}

static bool
same_hosts(const struct rgw_node *client, const struct rgw_node *server)
{
	size_t n = rgw_rsp_hosts(client);
	struct rgw_rsp_host first, h;

	if (n != rgw_rsp_hosts(server))
		return false;
	rgw_rsp_host(client, 0, &first);
	for (size_t i = 0; i < n; i++) {
		rgw_rsp_host(client, i, &h);
		if (h.is_network || h.is_address != first.is_address || !has_host(server, h.text))
			return false;
	}
	return true;
}

static bool
same_rules(const struct rgw_node *a, const struct rgw_node *b)
{
	const struct rgw_node *x = NULL;
	const struct rgw_node *y = NULL;

	do {
		x = rgw_node_get(a, "matchcertificateattribute", x);
		y = rgw_node_get(b, "matchcertificateattribute", y);
		if ((x == NULL) != (y == NULL) || (x != NULL && strcmp(x->value, y->value) != 0))
			return false;
	} while (x != NULL);
	return rgw_map_is_on(a, "certificatenamecheck", true) == rgw_map_is_on(b, "certificatenamecheck", true) &&
	    same_text(a, b, "servername") && same_text(a, b, "secret") && same_text(a, b, "pskkey") &&
	    same_text(a, b, "pskidentity");
}

static bool
are_one(const struct rgw_map *m, const struct rgw_node *client, const struct rgw_node *server)
{
	return rgw_rsp_type(client) == RGW_RSP_OVER_TLS && rgw_rsp_type(server) == RGW_RSP_OVER_TLS &&
	    rgw_node_get(server, "dynamiclookupcommand", NULL) == NULL &&
	    rgw_node_get(server, "pskkey", NULL) == NULL && same_rules(client, server) &&
	    rgw_rsp_used(m, client, "tls", "tls") == rgw_rsp_used(m, server, "tls", "tls") &&
	    same_hosts(client, server);
}

/* The other block of the same machine: the first one that fits, and which does not fit an earlier one. */
static struct rgw_node *
twin_of(const struct rgw_map *m, const struct rgw_node *block)
{
	bool is_client = rgw_word_is(block->word, "client");
	const char *other = is_client ? "server" : "client";
	struct rgw_node *twin = NULL;

	while ((twin = rgw_rsp_next(m, other, twin)) != NULL) {
		const struct rgw_node *mine = NULL;

		if (!(is_client ? are_one(m, block, twin) : are_one(m, twin, block)))
			continue;
		while ((mine = rgw_rsp_next(m, block->word, mine)) != block)
			if (is_client ? are_one(m, mine, twin) : are_one(m, twin, mine))
				break;
		if (mine == block)
			return twin;
	}
	return NULL;
}

/* ---- what all have in common ---- */

static void
set_secret(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block)
{
	const struct rgw_node *secret = rgw_node_get(block, "secret", NULL);
	struct rgw_strbuf octets = { 0 };

	if (secret == NULL)
		return;
	rgw_rsp_decode(secret->value, &octets);
	if (s->kind != RGW_CONF_PEER || rgw_out_get(s, "insecure-tcp") != NULL || strcmp(octets.v, "radsec") != 0)
		rgw_out_secret(&m->out, s, secret, "secret", octets.v, octets.n);
	rgw_strbuf_fini(&octets);
}

static void
add_address(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_rsp_host *h)
{
	rgw_out_set(&m->out, s, h->from, "address", h->text);
}

/* "host:port", with the port only where it is not the usual one. */
static void
add_place(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block, const struct rgw_rsp_host *h,
    const char *key, long usual)
{
	long port = h->port != 0 ? h->port : rgw_map_number(block, "port", usual);
	bool six = strchr(h->text, ':') != NULL;
	char text[320];

	if (port == usual && strcmp(key, "connect") == 0 && usual == 2083)
		snprintf(text, sizeof text, "%s", h->text);
	else
		snprintf(text, sizeof text, six ? "[%s]:%ld" : "%s:%ld", h->text, port);
	rgw_out_set(&m->out, s, h->from, key, text);
	rgw_out_became(rgw_node_get(block, "port", NULL), text);
}

static void
turn_off(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *block, const char *why)
{
	rgw_out_remark(&m->out, s, block, "%s %s: %s", block->word, block->value, why);
	s->off = true;
}

/* A pre-shared key is octets there, and hexadecimal digits here. */
static void
set_psk(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *block)
{
	struct rgw_node *key = rgw_node_get(block, "pskkey", NULL);
	const struct rgw_node *identity = rgw_node_get(block, "pskidentity", NULL);
	struct rgw_strbuf octets = { 0 };
	struct rgw_strbuf digits = { 0 };

	if (key == NULL)
		return;
	if (!rgw_out_has(RGW_CONF_PEER, "psk")) {
		turn_off(m, s, block,
		    "this version of radsecgw knows peers by certificates only, not by pre-shared keys. Use a "
		    "certificate for this peer, or a version that has psk.");
		return;
	}
	rgw_out_set(&m->out, s, identity, "psk-identity", identity != NULL ? identity->value : block->value);
	rgw_strbuf_put(&digits, "");
	if (strncmp(key->value, "%%", 2) == 0) {
		rgw_strbuf_put(&digits, key->value + 2);
	} else {
		rgw_rsp_decode(key->value, &octets);
		for (size_t i = 0; i < octets.n; i++)
			rgw_strbuf_printf(&digits, "%02x", (unsigned char)octets.v[i]);
	}
	rgw_out_set(&m->out, s, key, "psk", digits.v);
	rgw_strbuf_fini(&octets);
	rgw_strbuf_fini(&digits);
}

static void
set_tls(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block)
{
	const struct rgw_out_section *section = rgw_rsp_tls_of(m, block);

	if (section != NULL)
		rgw_out_set(&m->out, s, rgw_node_get(block, "tls", NULL), "tls", section->name);
}

/* ---- over UDP ---- */

static void
make_udp_client(struct rgw_map *m, struct rgw_node *block)
{
	struct rgw_out_section *s = rgw_out_section(&m->out, RGW_CONF_CLIENT, block->value, block);
	struct rgw_rsp_host h;

	for (size_t i = 0; i < rgw_rsp_hosts(block); i++) {
		rgw_rsp_host(block, i, &h);
		add_address(m, s, &h);
	}
	set_secret(m, s, block);
	rgw_map_carry(m, block, RGW_RSP_CLIENT, s);
	if (rgw_node_get(block, "requiremessageauthenticator", NULL) == NULL &&
	    rgw_map_is_on(&m->tree->root, "requiremessageauthenticator", false))
		rgw_out_set(&m->out, s, rgw_node_get(&m->tree->root, "requiremessageauthenticator", NULL),
		    "require-message-authenticator", "yes");
	rgw_rsp_rewriting(m, s, block, false);
}

static bool
is_used(const struct rgw_map *m, const struct rgw_node *server, const char *option)
{
	const struct rgw_node *realm = NULL;

	while ((realm = rgw_rsp_next(m, "realm", realm)) != NULL)
		for (const struct rgw_node *node = NULL; (node = rgw_node_get(realm, option, node)) != NULL;)
			if (rgw_rsp_block(m, "server", node->value) == server)
				return true;
	return false;
}

/* There, a request is sent again after the same time each time. */
static void
set_retransmit(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block)
{
	long interval = rgw_map_number(block, "retryinterval", 5);
	long count = rgw_map_number(block, "retrycount", 2);
	long all = interval * (count + 1);
	char text[128];

	snprintf(text, sizeof text, "irt %lds mrt %lds mrc %ld mrd %lds", interval, interval, count + 1,
	    all > 300 ? 300 : all);
	rgw_out_set(&m->out, s, rgw_node_get(block, "retryinterval", NULL), "retransmit", text);
	rgw_out_became(rgw_node_get(block, "retrycount", NULL), text);
}

/* The address that requests leave from. */
static void
set_source(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block)
{
	const struct rgw_node *place = rgw_node_get(block, "source", NULL);
	const struct rgw_node *root = &m->tree->root;
	const char *option = place != NULL ? "source" : "sourceudp";

	if (place != NULL)
		root = block;
	for (struct rgw_node *node = NULL; (node = rgw_node_get(root, option, node)) != NULL;) {
		struct rgw_node only = { .word = node->word, .value = node->value };
		struct rgw_rsp_host h;

		rgw_rsp_host(&only, 0, &h);
		if (h.is_address)
			rgw_out_set(&m->out, s, node, "source", h.text);
		if (h.port != 0)
			rgw_out_remark(&m->out, s, node,
			    "%s %s: requests leave from ports that the system chooses. If a filter "
			    "wants one port, let it ask for the address.",
			    node->word, node->value);
	}
}

static void
make_udp_server(struct rgw_map *m, struct rgw_node *block)
{
	struct rgw_out_section *s = rgw_out_section(&m->out, RGW_CONF_SERVER, block->value, block);
	const char *status = rgw_node_text(block, "statusserver", "off");
	bool acct = is_used(m, block, "accountingserver");
	struct rgw_rsp_host h;

	rgw_rsp_host(block, 0, &h);
	if (!acct || is_used(m, block, "server"))
		add_place(m, s, block, &h, "auth", 1812);
	if (acct)
		add_place(m, s, block, &h, "acct", 1812);
	if (rgw_rsp_hosts(block) > 1)
		rgw_out_remark(&m->out, s, block,
		    "server %s: a server has one host here, and the first was taken. For the "
		    "others write a [server] each, and a [pool] of them.",
		    block->value);
	set_secret(m, s, block);
	set_source(m, s, block);
	set_retransmit(m, s, block);
	if (rgw_word_is(status, "on") || rgw_word_is(status, "minimal") || rgw_word_is(status, "1"))
		rgw_out_set(&m->out, s, rgw_node_get(block, "statusserver", NULL), "status-server", "yes");
	if (rgw_word_is(status, "auto"))
		rgw_out_set_said(&m->out, s, rgw_node_get(block, "statusserver", NULL), "status-server", "no",
		    "If the server answers Status-Server, yes lets it be asked when it is suspected.");
	rgw_map_carry(m, block, RGW_RSP_SERVER, s);
	if (rgw_node_get(block, "requiremessageauthenticator", NULL) == NULL &&
	    rgw_map_is_on(&m->tree->root, "requiremessageauthenticator", false))
		rgw_out_set(&m->out, s, NULL, "require-message-authenticator", "yes");
	rgw_rsp_rewriting(m, s, block, false);
}

/* ---- over TLS and TCP ---- */

static void
set_watch(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *server)
{
	struct rgw_node *node = rgw_node_get(server, "statusserver", NULL);
	const struct rgw_row *row = rgw_map_row(m, RGW_RSP_SERVER, "statusserver");
	char text[32];

	if (node == NULL)
		rgw_out_set_said(&m->out, s, NULL, "status-server", "off",
		    "With auto it is noticed sooner when the peer hangs, if it answers Status-Server.");
	for (const struct rgw_word_pair *pair = row->words; node != NULL && pair->theirs != NULL; pair++)
		if (rgw_word_is(node->value, pair->theirs))
			rgw_out_set(&m->out, s, node, "status-server", pair->ours);
	snprintf(text, sizeof text, "%lds", rgw_map_number(server, "retryinterval", 10));
	rgw_out_set(&m->out, s, rgw_node_get(server, "retryinterval", NULL), "response-window", text);
	if (rgw_node_get(server, "sni", NULL) != NULL && !rgw_map_is_on(server, "sni", true))
		rgw_out_set(&m->out, s, rgw_node_get(server, "sni", NULL), "sni", "");
}

static bool
is_loopback(const struct rgw_node *block)
{
	for (size_t i = 0; i < rgw_rsp_hosts(block); i++) {
		struct rgw_rsp_host h;
		static const uint8_t one[16] = { [15] = 1 };

		rgw_rsp_host(block, i, &h);
		if (h.is_address &&
		    (h.prefix.family == 4 ? h.prefix.ip[0] != 127 : memcmp(h.prefix.ip, one, 16) != 0))
			return false;
		if (!h.is_address && !rgw_word_is(h.text, "localhost"))
			return false;
	}
	return true;
}

/* What a type of connection needs, or why there is no such peer. */
static void
set_session(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *block)
{
	switch (rgw_rsp_type(block)) {
	case RGW_RSP_DTLS:
		turn_off(m, s, block,
		    "RADIUS/DTLS is not spoken here. Ask whoever runs it for RADIUS/TLS (TCP port 2083).");
		return;
	case RGW_RSP_TCP:
		rgw_out_set(&m->out, s, rgw_node_get(block, "type", NULL), "insecure-tcp", "yes");
		set_secret(m, s, block);
		if (!is_loopback(block))
			turn_off(m, s, block,
			    "RADIUS over plain TCP can be read and changed on its way. It is possible here on "
			    "loopback, and where IPsec protects it: then write insecure-tcp-over = ipsec.");
		return;
	default:
		set_tls(m, s, block);
		set_secret(m, s, block);
		set_psk(m, s, block);
	}
}

static void
make_server_peer(struct rgw_map *m, struct rgw_node *server, struct rgw_node *client)
{
	struct rgw_out_section *s = rgw_out_section(&m->out, RGW_CONF_PEER, server->value, server);
	bool tcp = rgw_rsp_type(server) == RGW_RSP_TCP;
	size_t n = rgw_rsp_hosts(server);
	struct rgw_rsp_host h;

	if (rgw_node_get(server, "dynamiclookupcommand", NULL) != NULL) {
		turn_off(m, s, server,
		    "home servers are not looked up in the DNS by this version of radsecgw. Logins of realms "
		    "that only this server serves are rejected; let them go to a proxy that looks them up.");
		rgw_out_became(rgw_node_get(server, "dynamiclookupcommand", NULL), "see the remark");
		rgw_out_note(&m->out, s, NULL, "It was: %s", rgw_node_text(server, "dynamiclookupcommand", ""));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		rgw_rsp_host(server, i, &h);
		add_place(m, s, server, &h, "connect", tcp ? 1812 : 2083);
	}
	if (client != NULL) {
		rgw_out_set(&m->out, s, client, "accept", "yes");
		rgw_rsp_host(client, 0, &h);
		for (size_t i = 0; h.is_address && i < rgw_rsp_hosts(client); i++) {
			rgw_rsp_host(client, i, &h);
			add_address(m, s, &h);
		}
	}
	set_session(m, s, server);
	if (rgw_rsp_type(server) == RGW_RSP_OVER_TLS && rgw_node_get(server, "pskkey", NULL) == NULL)
		rgw_rsp_match(m, s, server, 0, n);
	set_watch(m, s, server);
	rgw_map_carry(m, server, RGW_RSP_SERVER, s);
	rgw_rsp_rewriting(m, s, server, client != NULL);
	if (client != NULL) {
		rgw_map_carry(m, client, RGW_RSP_CLIENT, s);
		rgw_rsp_rewriting(m, s, client, true);
	}
}

/* The hosts of a client that are of one kind; of names, addresses and networks each kind is a peer of its own, since
 * a certificate shows them in different ways. */
enum class { CLASS_NAME, CLASS_ADDRESS, CLASS_NETWORK, N_CLASSES };

static enum class class_of(const struct rgw_rsp_host *h) {
	return h->is_network ? CLASS_NETWORK :
	    h->is_address    ? CLASS_ADDRESS :
	                       CLASS_NAME;
}

static void
make_client_peer(struct rgw_map *m, struct rgw_node *client, enum class class)
{
	struct rgw_out_section *s = NULL;
	size_t first = 0;
	size_t n = 0;
	struct rgw_rsp_host h;

	for (size_t i = 0; i < rgw_rsp_hosts(client); i++) {
		rgw_rsp_host(client, i, &h);
		if (class_of(&h) != class)
			continue;
		first = n++ == 0 ? i : first;
		if (s == NULL) {
			s = rgw_out_section(&m->out, RGW_CONF_PEER, client->value, client);
			rgw_out_set(&m->out, s, NULL, "accept", "yes");
		}
		if (class != CLASS_NAME)
			add_address(m, s, &h);
	}
	if (s == NULL)
		return;
	set_session(m, s, client);
	if (rgw_rsp_type(client) == RGW_RSP_OVER_TLS && rgw_node_get(client, "pskkey", NULL) == NULL)
		rgw_rsp_match(m, s, client, first, n);
	rgw_map_carry(m, client, RGW_RSP_CLIENT, s);
	rgw_rsp_rewriting(m, s, client, false);
}

static void
make(struct rgw_map *m, struct rgw_node *block)
{
	bool udp = rgw_rsp_type(block) == RGW_RSP_UDP;
	struct rgw_node *twin = udp ? NULL : twin_of(m, block);

	if (rgw_word_is(block->word, "server") && udp)
		make_udp_server(m, block);
	else if (rgw_word_is(block->word, "server"))
		make_server_peer(m, block, twin);
	else if (udp)
		make_udp_client(m, block);
	else if (twin == NULL)
		for (unsigned class = 0; class < N_CLASSES; class ++)
			make_client_peer(m, block, (enum class) class);
}

void
rgw_rsp_neighbours(struct rgw_map *m)
{
	for (size_t i = 0; i < m->tree->root.n; i++) {
		struct rgw_node *node = m->tree->root.v[i];

		if (node->block && (rgw_word_is(node->word, "client") || rgw_word_is(node->word, "server")))
			make(m, node);
	}
}

const char *
rgw_rsp_target(const struct rgw_map *m, const struct rgw_node *server)
{
	const struct rgw_out_section *s =
	    rgw_out_of(&m->out, rgw_rsp_type(server) == RGW_RSP_UDP ? RGW_CONF_SERVER : RGW_CONF_PEER, server);

	return s != NULL && !s->off ? s->name : NULL;
}
