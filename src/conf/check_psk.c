/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "reading.h"

/* The checks of pre-shared keys (RFC 9813). One peer is known in one way: by a key, or by certificates (P-PSK-12). A
 * key belongs to a section that somebody has written; a peer that is found in the DNS has none (P-PSK-15). The secret
 * inside is that of any peer over TLS (P-PSK-16). */

/* A key of fewer octets is taken, but more are advised (P-PSK-2). */
#define ADVISED 24

static bool
is_equal(const struct rgw_secret *a, const struct rgw_secret *b)
{
	return a != NULL && b != NULL && a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

/* ---- the keys of one peer against all others ---- */

/* Reports a key that is also a secret of the section (P-PSK-4): it would protect what it is not made for. */
static void
check_against_secrets(struct rgw_draft *d, const struct rgw_section *section, struct rgw_secret *const *key,
    const struct rgw_conf_head *other, const struct rgw_secret *secret, const struct rgw_secret *previous)
{
	char title[RGW_TITLE_TEXT];

	if (is_equal(*key, secret) || is_equal(*key, previous))
		rgw_check_error(d, section, key, "the same octets are a secret of %s at %s:%u; a secret must not be "
		    "used as a key (RFC 9813 4.1.3)", rgw_draft_title(other, title), other->file, other->line);
}

static void
check_not_a_secret(struct rgw_draft *d, const struct rgw_section *section, struct rgw_secret *const *key)
{
	const struct rgw_conf *conf = d->conf;

	for (size_t i = 0; i < conf->client.n; i++)
		check_against_secrets(d, section, key, &conf->client.v[i]->head, conf->client.v[i]->secret,
		    conf->client.v[i]->previous_secret);
	for (size_t i = 0; i < conf->peer.n; i++)
		check_against_secrets(d, section, key, &conf->peer.v[i]->head, conf->peer.v[i]->secret,
		    conf->peer.v[i]->previous_secret);
	for (size_t i = 0; i < conf->server.n; i++)
		check_against_secrets(d, section, key, &conf->server.v[i]->head, conf->server.v[i]->secret,
		    conf->server.v[i]->previous_secret);
}

static bool
share_key(const struct rgw_conf_peer *a, const struct rgw_conf_peer *b)
{
	return is_equal(a->psk, b->psk) || is_equal(a->psk, b->previous_psk) || is_equal(a->previous_psk, b->psk) ||
	    is_equal(a->previous_psk, b->previous_psk);
}

/* Reports an identity that two peers have who connect to the same place, and an identity or key that is used in both
 * directions (P-PSK-13). */
static void
check_alone(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;

	for (size_t i = 0; i < d->conf->peer.n && d->conf->peer.v[i] != peer; i++) {
		const struct rgw_conf_peer *other = d->conf->peer.v[i];
		bool crossed = peer->accept != other->accept;
		bool named = other->psk_identity != NULL && strcmp(peer->psk_identity, other->psk_identity) == 0;

		if (crossed && named)
			rgw_check_error(d, section, &peer->psk_identity, "[peer %s] at %s:%u has it for the other "
			    "direction; an identity is for incoming or for outgoing connections (RFC 9813 6)",
			    other->head.name, other->head.file, other->head.line);
		else if (crossed && share_key(peer, other))
			rgw_check_error(d, section, &peer->psk, "[peer %s] at %s:%u has the same key for the other "
			    "direction; take another one (RFC 9813 6)", other->head.name, other->head.file,
			    other->head.line);
		else if (named && peer->accept && other->accept && peer->tls == other->tls &&
		    strcmp(peer->head.name, other->head.name) != 0)
			rgw_check_error(d, section, &peer->psk_identity, "it is already that of [peer %s] at %s:%u",
			    other->head.name, other->head.file, other->head.line);
	}
}

/* ---- one peer ---- */

static void
check_key(struct rgw_draft *d, const struct rgw_section *section, struct rgw_secret *const *key)
{
	if (*key == NULL)
		return;
	if ((*key)->len < ADVISED)
		rgw_check_warn(d, section, key, "%zu octets are few for a key; 32 random ones are advised",
		    (*key)->len);
	check_not_a_secret(d, section, key);
}

static void
check_way(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;

	if (peer->accept && rgw_draft_given(section, &peer->connect)->yes)
		rgw_check_error(d, section, &peer->psk_identity, "one key must not be used in both directions (RFC "
		    "9813 6); make a [peer] section with `connect` and one with `accept`, each with a key of its own");
	if (peer->tls != NULL && peer->tls->max_version != RGW_TLS_1_3)
		rgw_check_error(d, section, &peer->psk_identity, "pre-shared keys are for TLS 1.3, and [tls %s] has "
		    "max-version = 1.2", peer->tls->head.name);
}

void
rgw_check_psk_peer(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;

	if (!rgw_draft_given(section, &peer->psk_identity)->yes) {
		if (rgw_draft_given(section, &peer->previous_psk)->yes && peer->accept && !peer->insecure_tcp)
			rgw_check_error(d, section, &peer->previous_psk, "needs `psk-identity` and `psk` beside it");
		return;
	}
	if (peer->insecure_tcp || peer->psk_identity == NULL)
		return;
	if (!rgw_draft_given(section, &peer->psk)->yes)
		rgw_check_error(d, section, &peer->psk_identity, "needs `psk` or `psk-file` beside it");
	check_key(d, section, &peer->psk);
	check_key(d, section, &peer->previous_psk);
	if (is_equal(peer->psk, peer->previous_psk))
		rgw_check_warn(d, section, &peer->previous_psk, "it is the same as `psk`; remove it");
	check_way(d, section);
	check_alone(d, section);
}

/* ---- [tls] sections ---- */

/* Is there nobody but peers with keys that uses the section? */
static bool
is_for_keys(const struct rgw_draft *d, const struct rgw_conf_tls *tls)
{
	bool keys = false;

	for (size_t i = 0; i < d->sections.n; i++) {
		const struct rgw_section *section = d->sections.v[i];
		const struct rgw_conf_peer *peer = section->data;

		if (section->kind != RGW_CONF_PEER || peer->tls != tls)
			continue;
		if (!rgw_draft_given(section, &peer->psk_identity)->yes && !rgw_draft_given(section, &peer->psk)->yes)
			return false;
		keys = true;
	}
	return keys;
}

void
rgw_check_psk_tls(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_tls *tls = section->data;
	const void *const fields[] = { &tls->certificate, &tls->key, &tls->ca };
	bool any = false;

	for (size_t i = 0; i < 3; i++)
		any |= rgw_draft_given(section, fields[i])->yes;
	if (!any && is_for_keys(d, tls))
		return;
	for (size_t i = 0; i < 3; i++)
		if (!rgw_draft_given(section, fields[i])->yes)
			rgw_check_error(d, section, NULL, "needs `%s`%s", rgw_draft_opt(section, fields[i])->key,
			    any ? "" : "; only a section of peers with `psk-identity` alone goes without");
}
