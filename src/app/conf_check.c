/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf_priv.h"

/* P-PKT-13: up to here a secret can be guessed from a recorded packet. */
#define SHORT_SECRET 12

static struct rgw_place
place_of(const struct rgw_section *section, const void *field)
{
	const struct rgw_conf_head *head = section->data;
	const struct rgw_given *given = rgw_build_given(section, field);

	return given->yes ? given->at : (struct rgw_place){ head->file, head->line };
}

static void
check_gateway(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_gateway *gateway = section->data;
	const struct rgw_strings *list = &gateway->encrypted_attribute;

	for (size_t i = 0; i < list->n; i++) {
		struct rgw_hidden row;
		struct rgw_hidden before;

		rgw_hidden_parse(list->v[i], &row);
		rgw_hidden_table_add(b->conf->hidden, &row);
		for (size_t j = 0; j < i; j++) {
			rgw_hidden_parse(list->v[j], &before);
			if (before.vendor == row.vendor && before.type == row.type)
				rgw_build_error(b, place_of(section, list),
				    "encrypted-attribute: %s and %s are the same attribute",
				    list->v[j], list->v[i]);
		}
	}
}

static void
check_log(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_log *log = section->data;
	const struct rgw_given *key = rgw_build_given(section, &log->hash_key);

	if (rgw_build_given(section, &log->identity)->broken)
		return;
	if (log->identity == RGW_LOG_ID_HASH && !key->yes)
		rgw_build_error(b, place_of(section, &log->identity),
		    "identity = hash needs `hash-key` or `hash-key-file`");
	if (log->identity != RGW_LOG_ID_HASH && key->yes)
		rgw_build_error(b, key->at,
		    "hash-key has no effect without identity = hash; remove one or set the other");
}

static void
check_tls(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_tls *tls = section->data;
	bool min_given = rgw_build_given(section, &tls->min_version)->yes;

	if (tls->min_version > tls->max_version)
		rgw_build_error(b,
		    place_of(section, min_given ? &tls->min_version : &tls->max_version),
		    "min-version is newer than max-version");
}

/* The first section with the address, whichever comes earlier in the files. */
static const struct rgw_section *
listener_before(const struct rgw_build *b, const struct rgw_section *last, const struct rgw_addr *a,
    size_t i)
{
	for (size_t k = 0; k < b->sections.n; k++) {
		const struct rgw_section *section = b->sections.v[k];
		const struct rgw_conf_listen *listen = section->data;

		if (section->kind != RGW_CONF_LISTEN)
			continue;
		for (size_t j = 0; j < listen->udp.n; j++) {
			if (section == last && j == i)
				return NULL;
			if (rgw_addr_equal(&listen->udp.v[j], a))
				return section;
		}
	}
	return NULL;
}

static void
check_listen(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_listen *listen = section->data;

	for (size_t i = 0; i < listen->udp.n; i++) {
		const struct rgw_section *other = listener_before(b, section, &listen->udp.v[i], i);
		struct rgw_place at;
		char title[RGW_TITLE_TEXT];
		char addr[RGW_ADDR_TEXT];

		if (other == NULL)
			continue;
		at = place_of(other, &((const struct rgw_conf_listen *)other->data)->udp);
		rgw_build_error(b, place_of(section, &listen->udp),
		    "udp: %s is already in %s at %s:%u", rgw_addr_format(&listen->udp.v[i], addr),
		    rgw_build_title(RGW_CONF_LISTEN, other->data, title), at.file, at.line);
	}
}

/* Loopback, private, link-local, unique local and carrier-grade addresses. */
static const char *const sheltered[] = {
	"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
	"100.64.0.0/10", "::1/128", "fe80::/10", "fc00::/7",
};

static bool
is_public(const struct rgw_prefix *p)
{
	struct rgw_addr first = { .family = p->family };

	memcpy(first.ip, p->ip, sizeof first.ip);
	for (size_t i = 0; i < sizeof sheltered / sizeof sheltered[0]; i++) {
		struct rgw_prefix shelter;

		if (rgw_prefix_parse(sheltered[i], &shelter) && p->bits >= shelter.bits &&
		    rgw_prefix_contains(&shelter, &first))
			return false;
	}
	return true;
}

static void
check_prefix(struct rgw_build *b, const struct rgw_section *section, const struct rgw_prefix *p)
{
	struct rgw_conf_client *client = section->data;
	struct rgw_place at = place_of(section, &client->address);
	const struct rgw_conf_client *other = rgw_prefixmap_add(b->conf->client_by_ip, p, client);
	char title[RGW_TITLE_TEXT];
	char text[RGW_ADDR_TEXT];

	rgw_prefix_format(p, text);
	if (other == client)
		rgw_build_error(b, at, "address: %s is given twice", text);
	else if (other != NULL)
		rgw_build_error(b, at, "address: %s is already that of %s at %s:%u", text,
		    rgw_build_title(RGW_CONF_CLIENT, other, title), other->head.file,
		    other->head.line);
	/* P-DEP-1 */
	if (is_public(p))
		rgw_build_warn(b, at,
		    "address: %s is public, and nothing protects RADIUS/UDP on its way; use a "
		    "private network or a tunnel",
		    text);
}

static void
check_client(struct rgw_build *b, const struct rgw_section *section)
{
	struct rgw_conf_client *client = section->data;
	struct rgw_place at = { client->head.file, client->head.line };
	char title[RGW_TITLE_TEXT];

	for (size_t i = 0; i < client->address.n; i++)
		check_prefix(b, section, &client->address.v[i]);
	if (client->secret != NULL && client->secret->len <= SHORT_SECRET)
		rgw_build_warn(b, place_of(section, &client->secret),
		    "secret: %d octets or fewer can be guessed; take 24 random ones or more",
		    SHORT_SECRET);
	if (!rgw_build_given(section, &client->pool)->yes && b->conf->realm.n == 0)
		rgw_build_error(b, at,
		    "%s has no `pool`, and there is no [realm PATTERN] to route its requests; add "
		    "one of them",
		    rgw_build_title(RGW_CONF_CLIENT, client, title));
}

static bool
is_udp_port(uint16_t port)
{
	return port == 1812 || port == 1813 || port == 1645 || port == 1646 || port == 3799;
}

static void
check_peer(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	bool only_any = peer->match.n > 0 && peer->cert_name == NULL;

	for (size_t i = 0; i < peer->match.n; i++)
		only_any = only_any && peer->match.v[i].kind == RGW_CERT_ANY;
	if (only_any)
		rgw_build_warn(b, place_of(section, &peer->match),
		    "match = any alone: every certificate of this trust is accepted");
	/* P-TCP-8, P-TCP-10 */
	for (size_t i = 0; i < peer->connect.n; i++)
		if (is_udp_port(peer->connect.v[i].port))
			rgw_build_warn(b, place_of(section, &peer->connect),
			    "connect: port %u belongs to RADIUS/UDP; RADIUS/TLS uses 2083",
			    peer->connect.v[i].port);
}

static void
check_section(struct rgw_build *b, const struct rgw_section *section)
{
	switch (section->kind) {
	case RGW_CONF_GATEWAY:
		check_gateway(b, section);
		break;
	case RGW_CONF_LOG:
		check_log(b, section);
		break;
	case RGW_CONF_TLS:
		check_tls(b, section);
		break;
	case RGW_CONF_LISTEN:
		check_listen(b, section);
		break;
	case RGW_CONF_CLIENT:
		check_client(b, section);
		break;
	case RGW_CONF_PEER:
		check_peer(b, section);
		break;
	case RGW_CONF_REALM:
	case RGW_CONF_KINDS:
		break;
	}
}

void
rgw_check_all(struct rgw_build *b, const char *path)
{
	struct rgw_place whole = { path, 0 };

	for (size_t i = 0; i < b->sections.n; i++)
		check_section(b, b->sections.v[i]);
	if (b->conf->listen.n == 0)
		rgw_build_error(b, whole,
		    "there is no [listen NAME], so nothing would be received");
	if (b->conf->client.n == 0)
		rgw_build_error(b, whole, "there is no [client NAME], so nobody may send requests");
	if (b->conf->peer.n == 0)
		rgw_build_error(b, whole, "there is no [peer NAME], so requests could go nowhere");
}
