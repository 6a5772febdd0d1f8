/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/auth.h"

#include <string.h>

#include "radsecgw/mem.h"

const uint8_t rgw_zero_auth[RGW_AUTH_LEN];

/* MD5(Code + ID + Length + auth + Attributes + S), the formula of P-AUT-2 and P-AUT-4. */
static void
authenticator(uint8_t out[static RGW_AUTH_LEN], const uint8_t *packet, size_t len,
    const uint8_t *auth, const struct rgw_secret *secret)
{
	struct rgw_md5 md5;

	rgw_md5_init(&md5);
	rgw_md5_update(&md5, packet, 4);
	rgw_md5_update(&md5, auth, RGW_AUTH_LEN);
	rgw_md5_update(&md5, packet + RGW_HEADER_LEN, len - RGW_HEADER_LEN);
	rgw_md5_update(&md5, secret->octets, secret->len);
	rgw_md5_final(&md5, out);
}

/* HMAC over the packet with `auth` in the header and zeros in the attribute at `at` (P-MA-1). */
static void
message_authenticator(uint8_t out[static RGW_AUTH_LEN], const uint8_t *packet, size_t len, size_t at,
    const uint8_t *auth, const struct rgw_secret *secret)
{
	size_t value = at + 2;
	size_t behind = value + RGW_AUTH_LEN;
	struct rgw_md5 md5;

	rgw_hmac_begin(&md5, &secret->hmac);
	rgw_md5_update(&md5, packet, 4);
	rgw_md5_update(&md5, auth, RGW_AUTH_LEN);
	rgw_md5_update(&md5, packet + RGW_HEADER_LEN, value - RGW_HEADER_LEN);
	rgw_md5_update(&md5, rgw_zero_auth, RGW_AUTH_LEN);
	rgw_md5_update(&md5, packet + behind, len - behind);
	rgw_hmac_end(&md5, &secret->hmac, out);
}

/* Codes whose Request Authenticator is a hash of the packet, not a random number. */
static bool
is_signed_request(unsigned code)
{
	return code == RGW_ACCOUNTING_REQUEST || code == RGW_DISCONNECT_REQUEST ||
	    code == RGW_COA_REQUEST;
}

const uint8_t *
rgw_hide_auth(const struct rgw_packet *request)
{
	return is_signed_request(request->code) ? rgw_zero_auth : rgw_packet_auth(request);
}

bool
rgw_request_auth_ok(const struct rgw_packet *p, const struct rgw_secret *secret)
{
	uint8_t expect[RGW_AUTH_LEN];

	if (!is_signed_request(p->code))
		return true;
	authenticator(expect, p->data, p->len, rgw_zero_auth, secret);
	return rgw_ct_equal(expect, rgw_packet_auth(p), sizeof expect);
}

bool
rgw_response_auth_ok(const struct rgw_packet *p, const uint8_t request_auth[static RGW_AUTH_LEN],
    const struct rgw_secret *secret)
{
	uint8_t expect[RGW_AUTH_LEN];

	authenticator(expect, p->data, p->len, request_auth, secret);
	return rgw_ct_equal(expect, rgw_packet_auth(p), sizeof expect);
}

enum rgw_msgauth
rgw_msgauth_check(const struct rgw_packet *p, const uint8_t *request_auth,
    const struct rgw_secret *secret)
{
	const uint8_t *auth = request_auth != NULL ? request_auth : rgw_hide_auth(p);
	uint8_t expect[RGW_AUTH_LEN];
	struct rgw_attr a;

	if (!rgw_packet_get(p, RGW_AT_MESSAGE_AUTHENTICATOR, &a))
		return RGW_MSGAUTH_ABSENT;
	if (p->n_msgauth != 1 || a.len != RGW_AUTH_LEN)
		return RGW_MSGAUTH_BAD;
	message_authenticator(expect, p->data, p->len, a.at, auth, secret);
	return rgw_ct_equal(expect, a.value, sizeof expect) ? RGW_MSGAUTH_OK : RGW_MSGAUTH_BAD;
}

static void
put_msgauth(uint8_t *packet, size_t len, size_t at, const uint8_t *auth,
    const struct rgw_secret *secret)
{
	uint8_t value[RGW_AUTH_LEN];

	message_authenticator(value, packet, len, at, auth, secret);
	memcpy(packet + at + 2, value, sizeof value);
}

void
rgw_sign_request(uint8_t *packet, size_t len, size_t msgauth_at, const struct rgw_secret *secret)
{
	bool hashed = is_signed_request(packet[0]);

	if (msgauth_at != 0)
		put_msgauth(packet, len, msgauth_at, hashed ? rgw_zero_auth : packet + 4, secret);
	if (hashed)
		authenticator(packet + 4, packet, len, rgw_zero_auth, secret);
}

void
rgw_sign_response(uint8_t *packet, size_t len, size_t msgauth_at,
    const uint8_t request_auth[static RGW_AUTH_LEN], const struct rgw_secret *secret)
{
	if (msgauth_at != 0)
		put_msgauth(packet, len, msgauth_at, request_auth, secret);
	authenticator(packet + 4, packet, len, request_auth, secret);
}
