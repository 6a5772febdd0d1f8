/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "reading.h"
#include "radsecgw/peerid.h"

/* The checks of the sections about neighbours that are reached over sockets: [listen], [peer] and [server]. A
 * value that is broken has been reported, and nothing is concluded from it. */

/* Is this a port of RADIUS/UDP, which people mix up with that of RADIUS/TLS (P-TCP-8, P-TCP-10)? */
static bool
is_udp_port(uint16_t port)
{
	return port == 1812 || port == 1813 || port == 1645 || port == 1646 || port == 3799;
}

#define RADSEC_PORT 2083

/* The addresses of a section for TLS or for UDP. TCP and UDP have ports of their own, so an address may be in
 * both lists. */
static const struct rgw_addrs *
addresses_of(const struct rgw_conf_listen *listen, bool tls)
{
	return tls ? &listen->tls : &listen->udp;
}

/* The first section of the files that has the address; the search ends at the i-th address of `last`. */
static const struct rgw_section *
listener_of(const struct rgw_draft *d, const struct rgw_addr *a, bool tls,
    const struct rgw_section *last, size_t i)
{
	for (size_t k = 0; k < d->sections.n; k++) {
		const struct rgw_section *section = d->sections.v[k];
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
listener_at(const struct rgw_draft *d, const struct rgw_addr *to, bool tls)
{
	for (size_t k = 0; k < d->sections.n; k++) {
		const struct rgw_section *section = d->sections.v[k];
		const struct rgw_addrs *list = addresses_of(section->data, tls);

		for (size_t j = 0; section->kind == RGW_CONF_LISTEN && j < list->n; j++)
			if (arrives_at(to, &list->v[j]))
				return section;
	}
	return NULL;
}

/* Reports a neighbour that is the gateway itself, as far as its host tells. Names are not looked up here. */
static void
check_not_ourselves(struct rgw_draft *d, const struct rgw_section *section, const struct rgw_hostports *list,
    const struct rgw_hostport *to, bool tls)
{
	static const char *const loopback[] = { "127.0.0.1", "::1" };
	bool by_name = rgw_addr_is_local_name(to->host);
	const struct rgw_section *own = NULL;
	struct rgw_addr a;
	char title[RGW_TITLE_TEXT];

	for (size_t i = 0; own == NULL && i < (by_name ? 2 : 1); i++)
		if (rgw_addr_parse(by_name ? loopback[i] : to->host, to->port, &a))
			own = listener_at(d, &a, tls);
	if (own != NULL)
		rgw_check_error(d, section, list, "%s port %u is our own %s, so requests would go in circles",
		    to->host, to->port, rgw_draft_title(own->data, title));
}

static void
check_addresses(struct rgw_draft *d, const struct rgw_section *section, bool tls)
{
	const struct rgw_addrs *list = addresses_of(section->data, tls);

	for (size_t i = 0; i < list->n; i++) {
		const struct rgw_section *other = listener_of(d, &list->v[i], tls, section, i);
		struct rgw_place there;
		char title[RGW_TITLE_TEXT];
		char addr[RGW_ADDR_TEXT];

		if (tls && !((const struct rgw_conf_listen *)section->data)->insecure_tcp &&
		    is_udp_port(list->v[i].port))
			rgw_check_warn(d, section, list, "port %u belongs to RADIUS/UDP; RADIUS/TLS uses %u",
			    list->v[i].port, RADSEC_PORT);
		if (other == NULL)
			continue;
		there = rgw_check_place(other, addresses_of(other->data, tls));
		rgw_check_error(d, section, list, "%s is already in %s at %s:%u",
		    rgw_addr_format(&list->v[i], addr), rgw_draft_title(other->data, title), there.file, there.line);
	}
}

static void
check_listen_kind(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_listen *listen = section->data;
	bool udp = rgw_draft_given(section, &listen->udp)->yes;
	bool tls = rgw_draft_given(section, &listen->tls)->yes;

	if (udp && tls)
		rgw_check_error(d, section, NULL, "has `udp` and `tls`; make two sections of it");
	else if (!udp && !tls)
		rgw_check_error(d, section, NULL, "needs `udp` or `tls`");
	else if (tls && !listen->insecure_tcp && !rgw_draft_given(section, &listen->profile)->yes)
		rgw_check_error(d, section, NULL, "needs `profile`, the name of a [tls] section");
}

static bool
has_profile(const struct rgw_conf_listen *listen, const struct rgw_conf_tls *tls)
{
	for (size_t i = 0; i < listen->profile.n; i++)
		if (listen->profile.v[i] == &tls->head)
			return true;
	return false;
}

/* Is there a peer that may connect to this listener? */
static bool
is_open_to_peers(const struct rgw_draft *d, const struct rgw_conf_listen *listen)
{
	for (size_t i = 0; i < d->sections.n; i++) {
		const struct rgw_section *section = d->sections.v[i];
		const struct rgw_conf_peer *peer = section->data;

		if (section->kind != RGW_CONF_PEER)
			continue;
		if (rgw_draft_given(section, &peer->accept)->broken)
			return true;
		if (peer->accept && !peer->insecure_tcp && (peer->tls == NULL || has_profile(listen, peer->tls)))
			return true;
	}
	return false;
}

/* Reports a listener that nobody can use; it does no harm, so this is a warning. */
static void
check_listen_use(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_listen *listen = section->data;
	struct rgw_place at = { listen->head.file, listen->head.line };
	char title[RGW_TITLE_TEXT];

	/* A configuration where nobody at all can send requests is reported by rgw_check_all. */
	if (d->conf->client.n == 0 && !rgw_check_some_peer(d, true))
		return;
	rgw_draft_title(listen, title);
	if (listen->udp.n > 0 && d->conf->client.n == 0)
		rgw_draft_warn(d, at, "nobody can send requests to %s: there is no [client NAME]",
		    title);
	if (listen->tls.n > 0 && listen->profile.n > 0 && !listen->insecure_tcp &&
	    !rgw_draft_given(section, &listen->profile)->broken && !is_open_to_peers(d, listen))
		rgw_draft_warn(d, at,
		    "nobody can connect to %s: no [peer NAME] with `accept = yes` has one of its "
		    "profiles as `tls`",
		    title);
}

void
rgw_check_listen(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_listen *listen = section->data;

	check_listen_kind(d, section);
	check_addresses(d, section, false);
	check_addresses(d, section, true);
	rgw_check_twice(d, section, &listen->profile);
	check_listen_use(d, section);
	rgw_check_plain_listen(d, section);
}

/* Reports two peers that one certificate could belong to: requests of one would be taken for those of the
 * other. */
static void
check_unambiguous(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;

	for (size_t i = 0; i < d->conf->peer.n && d->conf->peer.v[i] != peer; i++) {
		const struct rgw_conf_peer *other = d->conf->peer.v[i];
		const struct rgw_cert_rule *shared;
		char rule[300];

		if (!other->accept || other->insecure_tcp || other->psk_identity != NULL || other->tls != peer->tls ||
		    !rgw_cert_rules_overlap(&peer->identity, &other->identity, &shared))
			continue;
		/* Two sections of the same name have been reported as such. */
		if (!rgw_check_overlap(&peer->address, &other->address) ||
		    strcmp(peer->head.name, other->head.name) == 0)
			continue;
		rgw_draft_error(d, (struct rgw_place){ peer->head.file, peer->head.line },
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

/* Reports a peer that may connect to us although nothing tells which certificate is its own. */
static void
check_identity(struct rgw_draft *d, const struct rgw_section *section)
{
	struct rgw_conf_peer *peer = section->data;

	if (rgw_draft_given(section, &peer->match)->broken ||
	    rgw_draft_given(section, &peer->cert_name)->broken ||
	    rgw_draft_given(section, &peer->connect)->broken)
		return;
	rgw_peer_rules(peer, NULL, &peer->identity);
	if (peer->identity.n == 0 && peer->match.n > 0)
		rgw_check_error(d, section, &peer->match,
		    "a policy alone does not say who the peer is; add `name`, another rule or `any`");
	else if (peer->identity.n == 0)
		rgw_check_error(d, section, NULL,
		    "may connect to us, but nothing says which certificate is its own; add `name` or `match`");
	else if (has_names_and_addresses(peer))
		rgw_check_error(d, section, &peer->connect,
		    "the peer may connect to us, and its certificate would need the names and the addresses; "
		    "say with `name` or `match` which one it has");
}

/* Is there a listener to which a peer with this [tls] section can connect? */
static bool
is_served(const struct rgw_draft *d, const struct rgw_conf_tls *tls)
{
	for (size_t i = 0; i < d->conf->listen.n; i++) {
		const char *name = d->conf->listen.v[i]->head.name;
		const struct rgw_section *section = rgw_draft_find(d, RGW_CONF_LISTEN, name);
		const struct rgw_conf_listen *listen = section->data;

		if (rgw_draft_given(section, &listen->profile)->broken || has_profile(listen, tls))
			return true;
	}
	return false;
}

static void
check_accept(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;

	if (!peer->accept)
		return;
	if (!peer->insecure_tcp && !rgw_draft_given(section, &peer->psk_identity)->yes)
		check_identity(d, section);
	rgw_check_twice(d, section, &peer->address);
	if (peer->tls != NULL && !peer->insecure_tcp && d->conf->listen.n > 0 && !is_served(d, peer->tls))
		rgw_check_error(d, section, NULL,
		    "may connect to us, but no [listen] section has its [tls %s] as a profile",
		    peer->tls->head.name);
	if (d->conf->realm.n == 0)
		rgw_check_error(d, section, NULL,
		    "may send requests, but there is no [realm PATTERN] to route them; add one");
	if (peer->tls != NULL && !peer->insecure_tcp && !rgw_draft_given(section, &peer->psk_identity)->yes)
		check_unambiguous(d, section);
}

static void
check_any(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	bool only_any = peer->match.n > 0 && peer->cert_name == NULL;

	for (size_t i = 0; i < peer->match.n; i++)
		only_any = only_any && peer->match.v[i].kind == RGW_CERT_ANY;
	if (only_any)
		rgw_draft_warn(d, rgw_check_place(section, &peer->match),
		    "match = any alone: every certificate of this trust %s",
		    peer->accept ? "may connect as this peer" : "is accepted");
}

static void
check_response_window(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	rgw_ms lifetime = rgw_check_lifetime(d);
	char text[RGW_UNIT_TEXT];

	if (peer->response_window > lifetime)
		rgw_check_error(d, section, &peer->response_window,
		    "a request lives no longer than request-lifetime, which is %s",
		    rgw_unit_format(lifetime, rgw_unit_time, text));
}

/* Checks the rewrites of a peer. Requests come from peers that connect to us, and go to peers to which we
 * connect. */
static void
check_peer_rewriting(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	bool asks = peer->accept || rgw_draft_given(section, &peer->accept)->broken;
	bool asked = rgw_draft_given(section, &peer->connect)->yes;
	/* CoA goes both ways on any connection, if it is allowed. */
	unsigned changes = (peer->allow & RGW_SERVICE_CHANGES) != 0 || rgw_draft_given(section, &peer->allow)->broken
	    ? RGW_REWRITE_CHANGES | RGW_REWRITE_CHANGE_ANSWERS : 0;
	unsigned comes = (asks ? RGW_REWRITE_REQUESTS : 0) | (asked ? RGW_REWRITE_ANSWERS : 0) | changes;
	unsigned goes = (asked ? RGW_REWRITE_REQUESTS : 0) | (asks ? RGW_REWRITE_ANSWERS : 0) | changes;

	rgw_check_rewriting(d, section, &peer->rewrite_in, comes, &peer->rewrite_out, goes);
}

/* Reports fewer connections than workers: a worker without a connection of its own could send nothing to the
 * peer. */
static void
check_connections(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_section *gateway = rgw_draft_find(d, RGW_CONF_GATEWAY, "");
	const uint32_t *workers = &d->conf->gateway.workers;
	const struct rgw_conf_peer *peer = section->data;

	/* A peer that may change sessions sends that down a connection that stands. */
	if (peer->connect.n > 0 && (peer->allow & RGW_SERVICE_CHANGES) != 0 && peer->connections.min == 0 &&
	    !rgw_draft_given(section, &peer->connections)->broken)
		rgw_check_error(d, section, &peer->connections,
		    "`allow` has coa or disconnect, so one connection must stay open; keep 1 or more");

	if (peer->connect.n > 0 && peer->connections.max < *workers &&
	    !rgw_draft_given(section, &peer->connections)->broken &&
	    !rgw_draft_given(gateway, workers)->broken)
		rgw_check_error(d, section, &peer->connections,
		    "at most %u, but each of the %u workers needs one of its own; allow %u or more, or set "
		    "fewer `workers`", peer->connections.max, *workers, *workers);
}

/* Beside a previous secret, the file must say which one took its place, be it the default or any other. Over plain TCP
 * a secret is needed anyway. */
static void
check_peer_secrets(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;

	if (rgw_draft_given(section, &peer->previous_secret)->yes &&
	    !rgw_draft_given(section, &peer->secret)->yes && !peer->insecure_tcp)
		rgw_check_error(d, section, &peer->previous_secret,
		    "needs `secret` or `secret-file` beside it, even if that is the usual `radsec`");
	rgw_check_previous_secret(d, section, &peer->secret, &peer->previous_secret);
}

void
rgw_check_peer(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;

	if (!rgw_draft_given(section, &peer->connect)->yes && !peer->accept &&
	    !rgw_draft_given(section, &peer->accept)->broken)
		rgw_check_error(d, section, NULL, "needs `connect`, or `accept = yes`");
	check_accept(d, section);
	check_any(d, section);
	check_response_window(d, section);
	check_peer_rewriting(d, section);
	check_connections(d, section);
	rgw_check_plain_peer(d, section);
	rgw_check_psk_peer(d, section);
	check_peer_secrets(d, section);
	rgw_check_peer_changes(d, section);
	for (size_t i = 0; i < peer->connect.n; i++) {
		if (!peer->insecure_tcp && is_udp_port(peer->connect.v[i].port))
			rgw_check_warn(d, section, &peer->connect,
			    "port %u belongs to RADIUS/UDP; RADIUS/TLS uses %u", peer->connect.v[i].port,
			    RADSEC_PORT);
		check_not_ourselves(d, section, &peer->connect, &peer->connect.v[i], true);
	}
}

/* Checks where a server takes one kind of requests. */
static void
check_server_host(struct rgw_draft *d, const struct rgw_section *section,
    const struct rgw_hostports *list, uint16_t port)
{
	struct rgw_prefix host = { 0 };
	struct rgw_addr a;

	if (list->n > 1)
		rgw_check_error(d, section, list, "only one address is possible; make a [server NAME] of each");
	if (list->n != 1)
		return;
	if (list->v[0].port == RADSEC_PORT)
		rgw_check_warn(d, section, list,
		    "port %u belongs to RADIUS/TLS, for which there is [peer NAME]; RADIUS/UDP uses %u",
		    RADSEC_PORT, port);
	check_not_ourselves(d, section, list, &list->v[0], false);
	if (!rgw_addr_parse(list->v[0].host, list->v[0].port, &a))
		return;
	memcpy(host.ip, a.ip, sizeof host.ip);
	host.family = a.family;
	host.bits = a.family == 4 ? 32 : 128;
	rgw_check_public(d, section, list, &host, list->v[0].host);
}

static void
check_source(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_server *server = section->data;
	const struct rgw_addrs *source = &server->source;

	if (source->n > 2 || (source->n == 2 && source->v[0].family == source->v[1].family))
		rgw_check_error(d, section, source, "only one address of each family can be used");
}

void
rgw_check_server(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_server *server = section->data;

	if (!rgw_draft_given(section, &server->auth)->yes &&
	    !rgw_draft_given(section, &server->acct)->yes)
		rgw_check_error(d, section, NULL, "needs `auth` or `acct`");
	check_server_host(d, section, &server->auth, 1812);
	check_server_host(d, section, &server->acct, 1813);
	check_source(d, section);
	rgw_check_secret(d, section, &server->secret);
	rgw_check_secret(d, section, &server->previous_secret);
	rgw_check_previous_secret(d, section, &server->secret, &server->previous_secret);
	rgw_check_rewriting(d, section, &server->rewrite_in, RGW_REWRITE_ANSWERS, &server->rewrite_out,
	    RGW_REWRITE_REQUESTS);
	rgw_check_target_name(d, section);
}
