/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/peermatch.h"

#include <stdio.h>
#include <string.h>

#include "radsecgw/certid.h"
#include "radsecgw/peerid.h"

/* The explanation names at most so many peers of which none fits. */
#define NAMED_MAX 3

/* The search for the peer of a certificate, and what it has seen so far. */
struct search {
	const struct rgw_addr *from;
	const struct rgw_x509 *cert;
	const uint8_t *sha256;
	const struct rgw_conf_peer *elsewhere;  /* fits, but may not come from there */
	unsigned tried;
	char *why;
	size_t size;
};

bool
rgw_peer_may_come_from(const struct rgw_conf_peer *peer, const struct rgw_addr *from)
{
	for (size_t i = 0; i < peer->address.n; i++)
		if (rgw_prefix_contains(&peer->address.v[i], from))
			return true;
	return peer->address.n == 0;
}

/* Adds to the explanation why a peer does not fit. */
static void
note(struct search *s, const struct rgw_conf_peer *peer, const struct rgw_cert_rule *failed)
{
	size_t at = strlen(s->why);
	char what[160];

	if (s->tried++ >= NAMED_MAX) {
		if (s->tried == NAMED_MAX + 1)
			snprintf(s->why + at, s->size - at, "; and so on");
		return;
	}
	snprintf(s->why + at, s->size - at, "%s [peer %s]: %s", at > 0 ? ";" : "it belongs to no peer:",
	    peer->head.name, rgw_cert_explain(RGW_CERT_NO_MATCH, failed, what, sizeof what));
}

/* Is the certificate that of this peer, which may come from there? */
static bool
fits(struct search *s, const struct rgw_conf_peer *peer)
{
	const struct rgw_cert_rule *failed = NULL;
	enum rgw_cert_verdict verdict =
	    rgw_cert_judge(s->cert, RGW_CERT_OF_CLIENT, &peer->identity, s->sha256, &failed);

	if (verdict == RGW_CERT_NO_MATCH)
		note(s, peer, failed);
	else if (verdict != RGW_CERT_OK)
		rgw_cert_explain(verdict, NULL, s->why, s->size);
	else if (s->elsewhere == NULL && !rgw_peer_may_come_from(peer, s->from))
		s->elsewhere = peer;
	return verdict == RGW_CERT_OK && rgw_peer_may_come_from(peer, s->from);
}

const struct rgw_conf_peer *
rgw_peer_match(const struct rgw_conf *conf, const struct rgw_conf_tls *tls, const struct rgw_addr *from,
    const struct rgw_x509 *cert, const uint8_t *sha256, char *why, size_t size)
{
	struct search s = { .from = from, .cert = cert, .sha256 = sha256, .why = why, .size = size };

	snprintf(why, size, "%s", "");
	for (int any = 0; any <= 1; any++)
		for (size_t i = 0; i < conf->peer.n; i++) {
			const struct rgw_conf_peer *peer = conf->peer.v[i];

			if (peer->accept && !peer->insecure_tcp && peer->psk_identity == NULL && peer->tls == tls &&
			    rgw_cert_rules_are_any(&peer->identity) == (any == 1) && fits(&s, peer))
				return peer;
		}
	if (s.elsewhere != NULL)
		snprintf(why, size, "it is that of [peer %s], which may not connect from there; see its "
		    "option `address`", s.elsewhere->head.name);
	else if (why[0] == '\0')
		snprintf(why, size, "no [peer] with `accept = yes` has [tls %s]", tls->head.name);
	return NULL;
}

const struct rgw_conf_peer *
rgw_peer_at(const struct rgw_conf *conf, const struct rgw_addr *from)
{
	for (size_t i = 0; i < conf->peer.n; i++) {
		const struct rgw_conf_peer *peer = conf->peer.v[i];

		if (peer->accept && peer->insecure_tcp && peer->address.n > 0 && rgw_peer_may_come_from(peer, from))
			return peer;
	}
	return NULL;
}
