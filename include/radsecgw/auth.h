/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_AUTH_H
#define RADSECGW_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/packet.h"
#include "radsecgw/secret.h"

/* Authenticators of packets (protocol.md sections 2 and 3). All comparisons are constant-time. */

/* Sixteen zeros, which stand in place of an authenticator that is not known yet. */
extern const uint8_t rgw_zero_auth[RGW_AUTH_LEN];

/* Codes whose Request Authenticator is a hash of the packet, not a random number: 4, 40 and 43. */
bool rgw_is_signed_request(unsigned code);

enum rgw_msgauth { RGW_MSGAUTH_ABSENT, RGW_MSGAUTH_OK, RGW_MSGAUTH_BAD };

/* One packet whose authenticators are to be checked, and what came out. */
struct rgw_auth_check {
	const struct rgw_packet *packet;     /* borrowed */
	const struct rgw_secret *secret;     /* borrowed */
	bool is_response;
	uint8_t request_auth[RGW_AUTH_LEN];  /* Request Authenticator of the request that a response answers */
	/* Is the authenticator of a response, or of a request of code 4, 40 or 43, the hash that it has to be
	 * (P-AUT-3, P-AUT-4)? True for requests whose authenticator is random. */
	bool auth_ok;
	/* Is the Message-Authenticator right (P-MA-1 to 4)? More than one, or one of another length, is BAD. */
	enum rgw_msgauth msgauth;
};

/* Must a request of this kind carry a Message-Authenticator where nothing but the secret protects it (P-MA-6 to 8)?
 * Requests with EAP must, requests without anything that only the user could know must, and Status-Server. */
bool rgw_auth_needs_msgauth(const struct rgw_packet *request);

/* Checks n packets. The more packets there are the less each costs: eight digests are worked out side by side. */
void rgw_auth_check(struct rgw_auth_check *checks, size_t n);

/* Checks one packet. request_auth NULL: the packet is a request. */
struct rgw_auth_check rgw_auth_check_one(const struct rgw_packet *p, const uint8_t *request_auth,
    const struct rgw_secret *secret);

/*
 * Signing in place, in the order of P-AUT-7, a packet whose Length is final and whose hidden
 * attributes are. msgauth_at is the offset of a Message-Authenticator attribute (its value is
 * overwritten), or 0 for none. Codes 1 and 12 must hold their random authenticator by then.
 */
void rgw_sign_request(uint8_t *packet, size_t len, size_t msgauth_at, const struct rgw_secret *secret);
void rgw_sign_response(uint8_t *packet, size_t len, size_t msgauth_at,
    const uint8_t request_auth[static RGW_AUTH_LEN], const struct rgw_secret *secret);

/* A packet to be signed as by rgw_sign, in whose header is what the formulas want there: the random authenticator of
 * codes 1 and 12, zeros for 4, 40 and 43, that of the request for a response. All pointers are borrowed. */
struct rgw_unsigned {
	uint8_t *packet;
	size_t len;
	size_t msgauth_at;
	const struct rgw_secret *secret;
};

/* Signs n packets in place, side by side. */
void rgw_sign(const struct rgw_unsigned *packets, size_t n);

/* The authenticator that hidden attributes of a request depend on: the request's own for code 1 and 12, zeros for 4, 40
 * and 43 (P-SLT-10). */
const uint8_t *rgw_hide_auth(const struct rgw_packet *request);

#endif
