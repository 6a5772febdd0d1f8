/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_AUTH_H
#define RADSECGW_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/packet.h"
#include "radsecgw/secret.h"

/* Authenticators of packets (protocol.md sections 2 and 3). All comparisons are constant-time. */

/* Sixteen zeros: the authenticator in place of one that is not known yet. */
extern const uint8_t rgw_zero_auth[RGW_AUTH_LEN];

/* Does a request carry the Request Authenticator that its octets and the secret give? Codes 4, 40
 * and 43 (P-AUT-3); true for the codes whose authenticator is random. */
bool rgw_request_auth_ok(const struct rgw_packet *p, const struct rgw_secret *secret);

/* Does a response carry the right Response Authenticator for the request's authenticator (P-AUT-4)? */
bool rgw_response_auth_ok(const struct rgw_packet *p, const uint8_t request_auth[static RGW_AUTH_LEN],
    const struct rgw_secret *secret);

enum rgw_msgauth { RGW_MSGAUTH_ABSENT, RGW_MSGAUTH_OK, RGW_MSGAUTH_BAD };

/* Checks Message-Authenticator (P-MA-1 to 4). request_auth is that of the request for a response
 * and NULL for a request. More than one, or one of another length, is BAD. */
enum rgw_msgauth rgw_msgauth_check(const struct rgw_packet *p, const uint8_t *request_auth,
    const struct rgw_secret *secret);

/*
 * Signing in place, in the order of P-AUT-7, a packet whose Length is final and whose hidden
 * attributes are. msgauth_at is the offset of a Message-Authenticator attribute (its value is
 * overwritten), or 0 for none. Codes 1 and 12 must hold their random authenticator by then.
 */
void rgw_sign_request(uint8_t *packet, size_t len, size_t msgauth_at, const struct rgw_secret *secret);
void rgw_sign_response(uint8_t *packet, size_t len, size_t msgauth_at,
    const uint8_t request_auth[static RGW_AUTH_LEN], const struct rgw_secret *secret);

/* The authenticator that hidden attributes of a request depend on: its own for code 1 and 12,
 * zeros for 4, 40 and 43 (P-SLT-10). */
const uint8_t *rgw_hide_auth(const struct rgw_packet *request);

#endif
