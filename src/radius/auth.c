/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/auth.h"

#include <string.h>

#include "digests.h"
#include "radsecgw/mem.h"
#include "radsecgw/vsa.h"

/*
 * The authentication of packets: which authenticator and which Message-Authenticator a packet must have,
 * verified and made (P-AUT, P-MA).
 */

const uint8_t rgw_zero_auth[RGW_AUTH_LEN];

bool
rgw_is_signed_request(unsigned code)
{
	return code == RGW_ACCOUNTING_REQUEST || code == RGW_DISCONNECT_REQUEST ||
	    code == RGW_COA_REQUEST;
}

const uint8_t *
rgw_hide_auth(const struct rgw_packet *request)
{
	return rgw_is_signed_request(request->code) ? rgw_zero_auth : rgw_packet_auth(request);
}

/* ---- what must be signed ---- */

/* MS-CHAP (RFC 2548 2.1 and 2.3): a response, and the challenge that it responds to. VPN concentrators send it
 * without Message-Authenticator (P-MA-7). */
static bool
has_mschap(const struct rgw_packet *p)
{
	return rgw_vsa_has(p, RGW_MICROSOFT, RGW_MS_CHAP_CHALLENGE) &&
	    (rgw_vsa_has(p, RGW_MICROSOFT, RGW_MS_CHAP_RESPONSE) ||
	        rgw_vsa_has(p, RGW_MICROSOFT, RGW_MS_CHAP2_RESPONSE));
}

static bool
has_password(const struct rgw_packet *p)
{
	return rgw_packet_has(p, RGW_AT_USER_PASSWORD) || rgw_packet_has(p, RGW_AT_CHAP_PASSWORD) ||
	    rgw_packet_has(p, RGW_AT_ARAP_PASSWORD) || has_mschap(p);
}

bool
rgw_auth_needs_msgauth(const struct rgw_packet *request)
{
	if (request->code == RGW_STATUS_SERVER)
		return true;
	return request->code == RGW_ACCESS_REQUEST &&
	    (rgw_packet_has(request, RGW_AT_EAP_MESSAGE) || !has_password(request));
}

/* ---- checking ---- */

/* Finds the Message-Authenticator, if there is exactly one and its length is right. */
static bool
get_msgauth(const struct rgw_packet *p, struct rgw_attr *a)
{
	return p->n_msgauth == 1 && rgw_packet_get(p, RGW_AT_MESSAGE_AUTHENTICATOR, a) &&
	    a->len == RGW_AUTH_LEN;
}

/* Is the authenticator of the packet a hash? */
static bool
is_hashed(const struct rgw_auth_check *c)
{
	return c->is_response || rgw_is_signed_request(c->packet->code);
}

static size_t
n_digests(const struct rgw_auth_check *c)
{
	struct rgw_attr a;

	return (is_hashed(c) ? 1u : 0u) + (get_msgauth(c->packet, &a) ? 1u : 0u);
}

/* How many of the checks, from the first on, find room beside each other. */
static size_t
group(const struct rgw_auth_check *checks, size_t n)
{
	size_t digests = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		digests += n_digests(&checks[i]);
		if (digests > RGW_MD5_LANES)
			break;
	}
	return i;
}

static bool
is_digest(const struct digests *d, size_t lane, const uint8_t *expected)
{
	uint8_t digest[RGW_MD5_LEN];

	rgw_md5_digest(d->lanes[lane].state, digest);
	return rgw_ct_equal(digest, expected, sizeof digest);
}

static void
check_group(struct rgw_auth_check *checks, size_t n)
{
	struct digests d;
	struct rgw_attr a;
	size_t lane = 0;

	d.n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct rgw_auth_check *c = &checks[i];
		const struct rgw_packet *p = c->packet;
		const uint8_t *auth = c->is_response ? c->request_auth : rgw_hide_auth(p);

		if (is_hashed(c))
			digests_add_authenticator(&d, p->data, p->len, auth, c->secret);
		if (get_msgauth(p, &a))
			digests_add_msgauth(&d, p->data, p->len, a.at, auth, c->secret);
	}
	digests_run(&d);
	for (size_t i = 0; i < n; i++) {
		struct rgw_auth_check *c = &checks[i];
		const struct rgw_packet *p = c->packet;

		c->auth_ok = !is_hashed(c) || is_digest(&d, lane++, rgw_packet_auth(p));
		if (get_msgauth(p, &a))
			c->msgauth = is_digest(&d, lane++, a.value) ? RGW_MSGAUTH_OK : RGW_MSGAUTH_BAD;
		else
			c->msgauth = p->n_msgauth == 0 ? RGW_MSGAUTH_ABSENT : RGW_MSGAUTH_BAD;
	}
}

void
rgw_auth_check(struct rgw_auth_check *checks, size_t n)
{
	while (n > 0) {
		size_t some = group(checks, n);

		check_group(checks, some);
		checks += some;
		n -= some;
	}
}

struct rgw_auth_check
rgw_auth_check_one(const struct rgw_packet *p, const uint8_t *request_auth, const struct rgw_secret *secret)
{
	struct rgw_auth_check check = { .packet = p, .secret = secret, .is_response = request_auth != NULL };

	if (request_auth != NULL)
		memcpy(check.request_auth, request_auth, RGW_AUTH_LEN);
	rgw_auth_check(&check, 1);
	return check;
}

/* ---- signing ---- */

/* Access-Request and Status-Server (codes 1 and 12) keep the random number in the authenticator. */
static bool
wants_hash(const struct rgw_unsigned *u)
{
	return u->packet[0] != RGW_ACCESS_REQUEST && u->packet[0] != RGW_STATUS_SERVER;
}

/* Verifies up to as many packets as there are lanes. Message-Authenticator comes before the hash of the packet
 * (P-AUT-7). */
static void
sign_group(const struct rgw_unsigned *u, size_t n)
{
	struct digests d;
	size_t lane = 0;

	d.n = 0;
	for (size_t i = 0; i < n; i++)
		if (u[i].msgauth_at != 0)
			digests_add_msgauth(&d, u[i].packet, u[i].len, u[i].msgauth_at, u[i].packet + 4,
			    u[i].secret);
	digests_run(&d);
	for (size_t i = 0; i < n; i++)
		if (u[i].msgauth_at != 0)
			rgw_md5_digest(d.lanes[lane++].state, u[i].packet + u[i].msgauth_at + 2);
	d.n = lane = 0;
	for (size_t i = 0; i < n; i++)
		if (wants_hash(&u[i]))
			digests_add_authenticator(&d, u[i].packet, u[i].len, u[i].packet + 4, u[i].secret);
	digests_run(&d);
	for (size_t i = 0; i < n; i++)
		if (wants_hash(&u[i]))
			rgw_md5_digest(d.lanes[lane++].state, u[i].packet + 4);
}

void
rgw_sign(const struct rgw_unsigned *packets, size_t n)
{
	for (size_t i = 0; i < n; i += RGW_MD5_LANES)
		sign_group(packets + i, n - i < RGW_MD5_LANES ? n - i : RGW_MD5_LANES);
}

void
rgw_sign_request(uint8_t *packet, size_t len, size_t msgauth_at, const struct rgw_secret *secret)
{
	if (rgw_is_signed_request(packet[0]))
		memcpy(packet + 4, rgw_zero_auth, RGW_AUTH_LEN);
	rgw_sign(&(struct rgw_unsigned){ packet, len, msgauth_at, secret }, 1);
}

void
rgw_sign_response(uint8_t *packet, size_t len, size_t msgauth_at,
    const uint8_t request_auth[static RGW_AUTH_LEN], const struct rgw_secret *secret)
{
	memcpy(packet + 4, request_auth, RGW_AUTH_LEN);
	rgw_sign(&(struct rgw_unsigned){ packet, len, msgauth_at, secret }, 1);
}
