/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf_priv.h"
#include "radsecgw/peerid.h"

/* What one option cannot know alone, in the sections about neighbours that are reached over sockets:
 * [listen], [peer] and [server]. A value that is broken has been reported, and nothing is concluded
 * from it. */

/* Ports that people mix up (P-TCP-8, P-TCP-10). */
static bool
is_udp_port(uint16_t port)
{
	return port == 1812 || port == 1813 || port == 1645 || port == 1646 || port == 3799;
}

#define RADSEC_PORT 2083

/* TCP and UDP have their ports apart, so an address may be in both lists. */
static const struct rgw_addrs *
addresses_of(const struct rgw_conf_listen *listen, bool tls)
{
	return tls ? &listen->tls : &listen->udp;
}

/* The first section with the address, whichever comes earlier in the files, up to the i-th address of
 * `last`. */
static const struct rgw_section *
listener_of(const struct rgw_build *b, const struct rgw_addr *a, bool tls,
    const struct rgw_section *last, size_t i)
{
	for (size_t k = 0; k < b->sections.n; k++) {
		const struct rgw_section *section = b->sections.v[k];
		const struct rgw_addrs *list;

		if (section->kind != RGW_CONF_LISTEN)
			continue;
		list = addresses_of(section->data, tls);
		for (size_t j = 0; j < list->n; j++) {
			if (section == last && j == i)
				return NULL;
			if (rgw_addr_equal(&list->v[j], a))
				return section;
		}
	}
	return NULL;
}

/* Does a packet to this address arrive at a listener that stands there? The loopback addresses belong to this machine,
 * so one that takes packets for all addresses gets them, too. */
static bool
arrives_at(const struct rgw_addr *to, const struct rgw_addr *listener)
{
	static const uint8_t any[sizeof listener->ip];

	if (rgw_addr_equal(to, listener))
		return true;
	return to->family == listener->family && to->port == listener->port && rgw_addr_is_loopback(to) &&
	    memcmp(listener->ip, any, sizeof any) == 0;
}

static const struct rgw_section *
listener_at(const struct rgw_build *b, const struct rgw_addr *to, bool tls)
{
	for (size_t k = 0; k < b->sections.n; k++) {
		const struct rgw_section *section = b->sections.v[k];
		const struct rgw_addrs *list = addresses_of(section->data, tls);

		for (size_t j = 0; section->kind == RGW_CONF_LISTEN && j < list->n; j++)
			if (arrives_at(to, &list->v[j]))
				return section;
	}
	return NULL;
}

/* A neighbour must not be ourselves, as far as its host tells. Names are not looked up here. */
static void
check_not_ourselves(struct rgw_build *b, struct rgw_place at, const struct rgw_hostport *to, const char *key, bool tls)
{
	static const char *const loopback[] = { "127.0.0.1", "::1" };
	bool by_name = rgw_host_is_local(to->host);
	const struct rgw_section *own = NULL;
	struct rgw_addr a;
	char title[RGW_TITLE_TEXT];

	for (size_t i = 0; own == NULL && i < (by_name ? 2 : 1); i++)
		if (rgw_addr_parse(by_name ? loopback[i] : to->host, to->port, &a))
			own = listener_at(b, &a, tls);
	if (own != NULL)
		rgw_build_error(b, at, "%s: %s port %u is our own %s, so requests would go in circles", key, to->host,
		    to->port, rgw_build_title(RGW_CONF_LISTEN, own->data, title));
}

static void
check_addresses(struct rgw_build *b, const struct rgw_section *section, bool tls)
{
	const struct rgw_addrs *list = addresses_of(section->data, tls);
	struct rgw_place at = rgw_check_place(section, list);
	const char *key = tls ? "tls" : "udp";

	for (size_t i = 0; i < list->n; i++) {
		const struct rgw_section *other = listener_of(b, &list->v[i], tls, section, i);
		struct rgw_place there;
		char title[RGW_TITLE_TEXT];
		char addr[RGW_ADDR_TEXT];

		if (tls && !((const struct rgw_conf_listen *)section->data)->insecure_tcp &&
		    is_udp_port(list->v[i].port))
			rgw_build_warn(b, at, "tls: port %u belongs to RADIUS/UDP; RADIUS/TLS uses %u",
			    list->v[i].port, RADSEC_PORT);
		if (other == NULL)
			continue;
		there = rgw_check_place(other, addresses_of(other->data, tls));
		rgw_build_error(b, at, "%s: %s is already in %s at %s:%u", key,
		    rgw_addr_format(&list->v[i], addr),
		    rgw_build_title(RGW_CONF_LISTEN, other->data, title), there.file, there.line);
	}
}

static void
check_listen_kind(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_listen *listen = section->data;
	struct rgw_place at = { listen->head.file, listen->head.line };
	bool udp = rgw_build_given(section, &listen->udp)->yes;
	bool tls = rgw_build_given(section, &listen->tls)->yes;
	char title[RGW_TITLE_TEXT];

	rgw_build_title(RGW_CONF_LISTEN, listen, title);
	if (udp && tls)
		rgw_build_error(b, at, "%s has `udp` and `tls`; make two sections of it", title);
	else if (!udp && !tls)
		rgw_build_error(b, at, "%s needs `udp` or `tls`", title);
	else if (tls && !listen->insecure_tcp && !rgw_build_given(section, &listen->profile)->yes)
		rgw_build_error(b, at, "%s needs `profile`, the name of a [tls] section", title);
}

static void
check_profile(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_listen *listen = section->data;
	const struct rgw_conf_refs *list = &listen->profile;

	for (size_t i = 0; i < list->n; i++)
		for (size_t j = 0; j < i; j++)
			if (list->v[j] == list->v[i]) {
				rgw_build_error(b, rgw_check_place(section, list),
				    "profile: %s is given twice", list->v[i]->name);
				break;
			}
}

static bool
has_profile(const struct rgw_conf_listen *listen, const struct rgw_conf_tls *tls)
{
	for (size_t i = 0; i < listen->profile.n; i++)
		if (listen->profile.v[i] == &tls->head)
			return true;
	return false;
}

/* May a peer come in here? */
static bool
is_open_to_peers(const struct rgw_build *b, const struct rgw_conf_listen *listen)
{
	for (size_t i = 0; i < b->sections.n; i++) {
		const struct rgw_section *section = b->sections.v[i];
		const struct rgw_conf_peer *peer = section->data;

		if (section->kind != RGW_CONF_PEER)
			continue;
		if (rgw_build_given(section, &peer->accept)->broken)
			return true;
		if (peer->accept && !peer->insecure_tcp && (peer->tls == NULL || has_profile(listen, peer->tls)))
			return true;
	}
	return false;
}

/* A listener that is there for nobody is worth a word, but it does no harm. */
static void
check_listen_use(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_listen *listen = section->data;
	struct rgw_place at = { listen->head.file, listen->head.line };
	char title[RGW_TITLE_TEXT];

	/* That there is nobody at all is reported elsewhere. */
	if (b->conf->client.n == 0 && !rgw_check_some_peer(b, true))
		return;
	rgw_build_title(RGW_CONF_LISTEN, listen, title);
	if (listen->udp.n > 0 && b->conf->client.n == 0)
		rgw_build_warn(b, at, "nobody can send requests to %s: there is no [client NAME]",
		    title);
	if (listen->tls.n > 0 && listen->profile.n > 0 && !listen->insecure_tcp &&
	    !rgw_build_given(section, &listen->profile)->broken && !is_open_to_peers(b, listen))
		rgw_build_warn(b, at,
		    "nobody can connect to %s: no [peer NAME] with `accept = yes` has one of its "
		    "profiles as `tls`",
		    title);
}

void
rgw_check_listen(struct rgw_build *b, const struct rgw_section *section)
{
	check_listen_kind(b, section);
	check_addresses(b, section, false);
	check_addresses(b, section, true);
	check_profile(b, section);
	check_listen_use(b, section);
	rgw_check_plain_listen(b, section);
}

bool
rgw_check_overlap(const struct rgw_prefixes *a, const struct rgw_prefixes *b)
{
	if (a->n == 0 || b->n == 0)
		return true;
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++) {
			const struct rgw_prefix *p = &a->v[i];
			const struct rgw_prefix *q = &b->v[j];
			const struct rgw_prefix *wide = p->bits < q->bits ? p : q;
			const struct rgw_prefix *narrow = p->bits < q->bits ? q : p;
			struct rgw_addr first = { .family = narrow->family };

			memcpy(first.ip, narrow->ip, sizeof first.ip);
			if (rgw_prefix_contains(wide, &first))
				return true;
		}
	return false;
}

/* A certificate must belong to one peer, or requests would be taken for another's. */
static void
check_unambiguous(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;

	for (size_t i = 0; i < b->conf->peer.n && b->conf->peer.v[i] != peer; i++) {
		const struct rgw_conf_peer *other = b->conf->peer.v[i];
		const struct rgw_cert_rule *shared;
		char rule[300];

		if (!other->accept || other->insecure_tcp || other->tls != peer->tls ||
		    !rgw_peer_rules_overlap(&peer->identity, &other->identity, &shared))
			continue;
		/* The same name for two peers has been reported as such. */
		if (!rgw_check_overlap(&peer->address, &other->address) ||
		    strcmp(peer->head.name, other->head.name) == 0)
			continue;
		rgw_build_error(b, (struct rgw_place){ peer->head.file, peer->head.line },
		    "a certificate with %s could be that of [peer %s] and of [peer %s] at %s:%u; give "
		    "them different rules, addresses or [tls] sections",
		    rgw_cert_rule_format(shared, rule, sizeof rule), peer->head.name,
		    other->head.name, other->head.file, other->head.line);
	}
}

/* Names of `connect` are alternatives, but rules of different kinds must all hold. */
static bool
has_names_and_addresses(const struct rgw_conf_peer *peer)
{
	const struct rgw_cert_rules *rules = &peer->identity;

	for (size_t i = peer->match.n + 1; i < rules->n; i++)
		if (rules->v[i].kind != rules->v[i - 1].kind)
			return true;
	return false;
}

/* Can it be told whose certificate is the peer's? */
static void
check_identity(struct rgw_build *b, const struct rgw_section *section)
{
	struct rgw_conf_peer *peer = section->data;
	struct rgw_place at = { peer->head.file, peer->head.line };
	char title[RGW_TITLE_TEXT];

	if (rgw_build_given(section, &peer->match)->broken ||
	    rgw_build_given(section, &peer->cert_name)->broken ||
	    rgw_build_given(section, &peer->connect)->broken)
		return;
	rgw_peer_rules(peer, NULL, &peer->identity);
	rgw_build_title(RGW_CONF_PEER, peer, title);
	if (peer->identity.n == 0 && peer->match.n > 0)
		rgw_build_error(b, rgw_check_place(section, &peer->match),
		    "match: a policy alone does not say who the peer is; add `name`, another rule or "
		    "`any`");
	else if (peer->identity.n == 0)
		rgw_build_error(b, at,
		    "%s may connect to us, but nothing says which certificate is its own; add `name` "
		    "or `match`",
		    title);
	else if (has_names_and_addresses(peer))
		rgw_build_error(b, rgw_check_place(section, &peer->connect),
		    "connect: the peer may connect to us, and its certificate would need the names and "
		    "the addresses; say with `name` or `match` which one it has");
}

/* Can a peer with this trust come in anywhere? */
static bool
is_served(const struct rgw_build *b, const struct rgw_conf_tls *tls)
{
	for (size_t i = 0; i < b->conf->listen.n; i++) {
		const char *name = b->conf->listen.v[i]->head.name;
		const struct rgw_section *section = rgw_build_find(b, RGW_CONF_LISTEN, name);
		const struct rgw_conf_listen *listen = section->data;

		if (rgw_build_given(section, &listen->profile)->broken || has_profile(listen, tls))
			return true;
	}
	return false;
}

static void
check_peer_addresses(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	const struct rgw_prefixes *list = &peer->address;
	char text[RGW_ADDR_TEXT];

	for (size_t i = 0; i < list->n; i++)
		for (size_t j = 0; j < i; j++)
			if (memcmp(&list->v[i], &list->v[j], sizeof list->v[i]) == 0) {
				rgw_build_error(b, rgw_check_place(section, list),
				    "address: %s is given twice",
				    rgw_prefix_format(&list->v[i], text));
				break;
			}
}

static void
check_accept(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	struct rgw_place at = { peer->head.file, peer->head.line };
	char title[RGW_TITLE_TEXT];

	if (!peer->accept)
		return;
	rgw_build_title(RGW_CONF_PEER, peer, title);
	if (!peer->insecure_tcp)
		check_identity(b, section);
	check_peer_addresses(b, section);
	if (peer->tls != NULL && !peer->insecure_tcp && b->conf->listen.n > 0 && !is_served(b, peer->tls))
		rgw_build_error(b, at,
		    "%s may connect to us, but no [listen] section has its [tls %s] as a profile",
		    title, peer->tls->head.name);
	if (b->conf->realm.n == 0)
		rgw_build_error(b, at,
		    "%s may send requests, but there is no [realm PATTERN] to route them; add one",
		    title);
	if (peer->tls != NULL && !peer->insecure_tcp)
		check_unambiguous(b, section);
}

static void
check_any(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	bool only_any = peer->match.n > 0 && peer->cert_name == NULL;

	for (size_t i = 0; i < peer->match.n; i++)
		only_any = only_any && peer->match.v[i].kind == RGW_CERT_ANY;
	if (only_any)
		rgw_build_warn(b, rgw_check_place(section, &peer->match),
		    "match = any alone: every certificate of this trust %s",
		    peer->accept ? "may connect as this peer" : "is accepted");
}

static void
check_response_window(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	rgw_ms lifetime = rgw_check_lifetime(b);
	char text[RGW_UNIT_TEXT];

	if (peer->response_window > lifetime)
		rgw_build_error(b, rgw_check_place(section, &peer->response_window),
		    "response-window: a request lives no longer than request-lifetime, which is %s",
		    rgw_unit_format(lifetime, rgw_unit_time, text));
}

/* Requests come from those who connect to us, and go to those to whom we connect. */
static void
check_peer_rewriting(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	bool asks = peer->accept || rgw_build_given(section, &peer->accept)->broken;
	bool asked = rgw_build_given(section, &peer->connect)->yes;
	unsigned comes = (asks ? RGW_REWRITE_REQUESTS : 0) | (asked ? RGW_REWRITE_ANSWERS : 0);
	unsigned goes = (asked ? RGW_REWRITE_REQUESTS : 0) | (asks ? RGW_REWRITE_ANSWERS : 0);

	rgw_check_rewriting(b, section, &peer->rewrite_in, comes, &peer->rewrite_out, goes);
}

/* A worker without a connection of its own could send nothing to the peer. */
static void
check_connections(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_section *gateway = rgw_build_find(b, RGW_CONF_GATEWAY, "");
	const uint32_t *workers = &b->conf->gateway.workers;
	const struct rgw_conf_peer *peer = section->data;

	if (peer->connect.n > 0 && peer->connections.max < *workers &&
	    !rgw_build_given(section, &peer->connections)->broken &&
	    !rgw_build_given(gateway, workers)->broken)
		rgw_build_error(b, rgw_check_place(section, &peer->connections),
		    "connections: at most %u, but each of the %u workers needs one of its own; allow %u or "
		    "more, or set fewer `workers`",
		    peer->connections.max, *workers, *workers);
}

void
rgw_check_peer(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	char title[RGW_TITLE_TEXT];

	if (!rgw_build_given(section, &peer->connect)->yes && !peer->accept &&
	    !rgw_build_given(section, &peer->accept)->broken)
		rgw_build_error(b, (struct rgw_place){ peer->head.file, peer->head.line },
		    "%s needs `connect`, or `accept = yes`",
		    rgw_build_title(RGW_CONF_PEER, peer, title));
	check_accept(b, section);
	check_any(b, section);
	check_response_window(b, section);
	check_peer_rewriting(b, section);
	check_connections(b, section);
	rgw_check_plain_peer(b, section);
	for (size_t i = 0; i < peer->connect.n; i++) {
		struct rgw_place at = rgw_check_place(section, &peer->connect);

		if (!peer->insecure_tcp && is_udp_port(peer->connect.v[i].port))
			rgw_build_warn(b, at, "connect: port %u belongs to RADIUS/UDP; RADIUS/TLS uses %u",
			    peer->connect.v[i].port, RADSEC_PORT);
		check_not_ourselves(b, at, &peer->connect.v[i], "connect", true);
	}
}

/* Where a server is, for one kind of requests. */
static void
check_server_host(struct rgw_build *b, const struct rgw_section *section,
    const struct rgw_hostports *list, const char *key, uint16_t port)
{
	struct rgw_place at = rgw_check_place(section, list);
	struct rgw_prefix host = { 0 };
	struct rgw_addr a;

	if (list->n > 1)
		rgw_build_error(b, at,
		    "%s: only one address is possible; make a [server NAME] of each", key);
	if (list->n != 1)
		return;
	if (list->v[0].port == RADSEC_PORT)
		rgw_build_warn(b, at,
		    "%s: port %u belongs to RADIUS/TLS, for which there is [peer NAME]; RADIUS/UDP "
		    "uses %u",
		    key, RADSEC_PORT, port);
	check_not_ourselves(b, at, &list->v[0], key, false);
	if (!rgw_addr_parse(list->v[0].host, list->v[0].port, &a))
		return;
	memcpy(host.ip, a.ip, sizeof host.ip);
	host.family = a.family;
	host.bits = a.family == 4 ? 32 : 128;
	/* P-DEP-1 */
	if (rgw_check_is_public(&host))
		rgw_build_warn(b, at,
		    "%s: %s is public, and nothing protects RADIUS/UDP on its way; use a private "
		    "network or a tunnel",
		    key, list->v[0].host);
}

static void
check_source(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_server *server = section->data;
	const struct rgw_addrs *source = &server->source;

	if (source->n > 2 || (source->n == 2 && source->v[0].family == source->v[1].family))
		rgw_build_error(b, rgw_check_place(section, source),
		    "source: only one address of each family can be used");
}

void
rgw_check_server(struct rgw_build *b, const struct rgw_section *section)
{
	const struct rgw_conf_server *server = section->data;
	char title[RGW_TITLE_TEXT];

	if (!rgw_build_given(section, &server->auth)->yes &&
	    !rgw_build_given(section, &server->acct)->yes)
		rgw_build_error(b, (struct rgw_place){ server->head.file, server->head.line },
		    "%s needs `auth` or `acct`", rgw_build_title(RGW_CONF_SERVER, server, title));
	check_server_host(b, section, &server->auth, "auth", 1812);
	check_server_host(b, section, &server->acct, "acct", 1813);
	check_source(b, section);
	rgw_check_secret(b, section, &server->secret);
	rgw_check_rewriting(b, section, &server->rewrite_in, RGW_REWRITE_ANSWERS, &server->rewrite_out,
	    RGW_REWRITE_REQUESTS);
	rgw_check_target_name(b, section);
}
