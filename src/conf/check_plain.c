/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "reading.h"

/* RADIUS over plain TCP (RFC 6613), which is not to be used where nothing else protects it (P-TCP-1): it stays on
 * this machine, or somebody has said that IPsec is there (P-TCP-2). Whose connection it is tells nothing but the
 * address, and what is in the packets nothing but the secret. P-TCP-3: for those who ask, UDP stays the usual way. */

/* P-TCP-7 to P-TCP-10 */
#define RADSEC_PORT 2083
#define TCP_PORT 1812

static void
refuse_elsewhere(struct rgw_draft *d, struct rgw_place at, const char *key, const char *what)
{
	rgw_draft_error(d, at, "%s: %s is not loopback, and nothing protects plain TCP on its way (RFC 6613 1); use "
	    "TLS, or say `insecure-tcp-over = ipsec` if IPsec is there", key, what);
}

/* Must it stay on this machine? Nothing is concluded from a value that is broken. */
static bool
must_stay(const struct rgw_section *section, const unsigned *over)
{
	return *over == 0 && !rgw_draft_given(section, over)->broken;
}

static void
check_port(struct rgw_draft *d, struct rgw_place at, const char *key, uint16_t port)
{
	if (port == RADSEC_PORT)
		rgw_draft_error(d, at, "%s: port %u belongs to RADIUS/TLS, and is taken where none is given; plain TCP "
		    "usually has %u, so write that", key, RADSEC_PORT, TCP_PORT);
}

static void
warn(struct rgw_draft *d, struct rgw_place at, unsigned over, const char *title)
{
	rgw_draft_warn(d, at, "insecure-tcp: the connections of %s are not encrypted; all that protects them is %s",
	    title, (over & RGW_LAYER_IPSEC) != 0 ? "IPsec, and whether that is there is not looked at"
	                                  : "that they stay on this machine");
}

/* ---- listeners ---- */

static bool
is_awaited(const struct rgw_draft *d, const struct rgw_conf_listen *listen)
{
	for (size_t i = 0; i < d->conf->peer.n; i++)
		if (d->conf->peer.v[i]->accept && rgw_conf_lets_in(listen, d->conf->peer.v[i]))
			return true;
	return false;
}

void
rgw_check_plain_listen(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_listen *listen = section->data;
	struct rgw_place at = rgw_check_place(section, &listen->tls);
	char title[RGW_TITLE_TEXT];
	char text[RGW_ADDR_TEXT];

	if (!listen->insecure_tcp || listen->tls.n == 0)
		return;
	for (size_t i = 0; i < listen->tls.n; i++) {
		check_port(d, at, "tls", listen->tls.v[i].port);
		if (must_stay(section, &listen->insecure_tcp_over) && !rgw_addr_is_loopback(&listen->tls.v[i]))
			refuse_elsewhere(d, at, "tls", rgw_addr_format(&listen->tls.v[i], text));
	}
	rgw_draft_title(listen, title);
	warn(d, rgw_check_place(section, &listen->insecure_tcp), listen->insecure_tcp_over, title);
	if (!is_awaited(d, listen))
		rgw_draft_warn(d, (struct rgw_place){ listen->head.file, listen->head.line },
		    "nobody can connect to %s: no [peer NAME] with `accept = yes` has `insecure-tcp = yes`", title);
}

/* ---- peers ---- */

/* Names are not looked up here, so but for localhost none is known to stay on this machine. */
static bool
is_on_this_machine(const char *host)
{
	struct rgw_addr a;

	return rgw_addr_is_local_name(host) || (rgw_addr_parse(host, 0, &a) && rgw_addr_is_loopback(&a));
}

/* A network that begins with a loopback address has no others: a wider one would begin before it. */
static bool
is_loopback_network(const struct rgw_prefix *p)
{
	struct rgw_addr first = { .family = p->family };

	memcpy(first.ip, p->ip, sizeof first.ip);
	return rgw_addr_is_loopback(&first);
}

static void
check_connect(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	struct rgw_place at = rgw_check_place(section, &peer->connect);

	for (size_t i = 0; i < peer->connect.n; i++) {
		check_port(d, at, "connect", peer->connect.v[i].port);
		if (must_stay(section, &peer->insecure_tcp_over) && !is_on_this_machine(peer->connect.v[i].host))
			refuse_elsewhere(d, at, "connect", peer->connect.v[i].host);
	}
}

/* One secret belongs to one address (P-TCP-6, P-TCP-23), so an address must belong to one peer. */
static void
check_unambiguous(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;

	for (size_t i = 0; i < d->conf->peer.n && d->conf->peer.v[i] != peer; i++) {
		const struct rgw_conf_peer *other = d->conf->peer.v[i];

		if (other->accept && other->insecure_tcp && peer->address.n > 0 && other->address.n > 0 &&
		    rgw_check_overlap(&peer->address, &other->address))
			rgw_draft_error(d, rgw_check_place(section, &peer->address),
			    "address: a connection could be that of [peer %s] and of [peer %s] at %s:%u, since "
			    "over plain TCP only the address tells; give them different ones", peer->head.name,
			    other->head.name, other->head.file, other->head.line);
	}
}

/* Where a plain connection comes from is all that tells whose it is (P-TCP-35a). */
static void
check_accept(struct rgw_draft *d, const struct rgw_section *section, const char *title)
{
	const struct rgw_conf_peer *peer = section->data;
	struct rgw_place at = { peer->head.file, peer->head.line };
	bool served = false;
	char text[RGW_ADDR_TEXT];

	if (!rgw_draft_given(section, &peer->address)->yes)
		rgw_draft_error(d, at, "%s needs `address`: over plain TCP nothing else tells who connects", title);
	for (size_t i = 0; i < peer->address.n; i++)
		if (must_stay(section, &peer->insecure_tcp_over) && !is_loopback_network(&peer->address.v[i]))
			refuse_elsewhere(d, rgw_check_place(section, &peer->address), "address",
			    rgw_prefix_format(&peer->address.v[i], text));
	for (size_t i = 0; i < d->conf->listen.n; i++)
		served |= rgw_conf_lets_in(d->conf->listen.v[i], peer);
	if (!served)
		rgw_draft_error(d, at, "%s may connect to us, but no [listen] section with `tls` has "
		    "`insecure-tcp = yes`", title);
	check_unambiguous(d, section);
}

void
rgw_check_plain_peer(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	struct rgw_place at = { peer->head.file, peer->head.line };
	char title[RGW_TITLE_TEXT];

	rgw_draft_title(peer, title);
	if (!peer->insecure_tcp) {
		if (!rgw_draft_given(section, &peer->tls)->yes &&
		    !rgw_draft_given(section, &peer->insecure_tcp)->broken)
			rgw_draft_error(d, at, "%s needs `tls`", title);
		return;
	}
	if (!rgw_draft_given(section, &peer->secret)->yes)
		rgw_draft_error(d, at, "%s needs `secret` or `secret-file`: the one that is used inside TLS protects "
		    "nothing", title);
	else
		rgw_check_secret(d, section, &peer->secret);
	rgw_check_secret(d, section, &peer->previous_secret);
	check_connect(d, section);
	if (peer->accept)
		check_accept(d, section, title);
	warn(d, rgw_check_place(section, &peer->insecure_tcp), peer->insecure_tcp_over, title);
}
