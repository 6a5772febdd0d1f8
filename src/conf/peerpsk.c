/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/peerpsk.h"

#include <string.h>

#include "radsecgw/escape.h"
#include "radsecgw/peermatch.h"

bool
rgw_psk_is_identity(const uint8_t *octets, size_t len)
{
	char room[RGW_ESCAPE_ROOM];
	size_t taken;
	size_t n;

	if (len == 0 || len > RGW_PSK_IDENTITY_MAX)
		return false;
	/* Quotes and backslashes are all that is escaped and yet a part of a text. */
	for (; len > 0; octets += taken, len -= taken)
		if (rgw_escape(RGW_ESCAPE_TEXT, octets, len, room, &taken, &n) == room && octets[0] != '"' &&
		    octets[0] != '\\')
			return false;
	return true;
}

static bool
is_candidate(const struct rgw_conf_peer *peer, const struct rgw_conf_tls *tls)
{
	return peer->accept && peer->psk_identity != NULL && peer->tls == tls;
}

bool
rgw_psk_is_awaited(const struct rgw_conf *conf, const struct rgw_conf_tls *tls, const struct rgw_addr *from)
{
	for (size_t i = 0; i < conf->peer.n; i++)
		if (is_candidate(conf->peer.v[i], tls) && rgw_peer_may_come_from(conf->peer.v[i], from))
			return true;
	return false;
}

/* Compares all octets, whichever of them differ. `padded` has RGW_PSK_IDENTITY_MAX octets. */
static bool
is_same(const char *identity, const uint8_t *padded, size_t len)
{
	size_t n = strlen(identity);
	size_t differ = n ^ len;

	for (size_t i = 0; i < n; i++)
		differ |= (size_t)((uint8_t)identity[i] ^ padded[i]);
	return differ == 0;
}

const struct rgw_conf_peer *
rgw_psk_find(const struct rgw_conf *conf, const struct rgw_conf_tls *tls, const struct rgw_addr *from,
    const uint8_t *identity, size_t len)
{
	uint8_t padded[RGW_PSK_IDENTITY_MAX] = { 0 };
	const struct rgw_conf_peer *found = NULL;

	if (len > sizeof padded)
		return NULL;
	memcpy(padded, identity, len);
	for (size_t i = 0; i < conf->peer.n; i++) {
		const struct rgw_conf_peer *peer = conf->peer.v[i];
		bool from_there = rgw_peer_may_come_from(peer, from);

		if (is_candidate(peer, tls) && is_same(peer->psk_identity, padded, len) && from_there)
			found = peer;
	}
	return found;
}
