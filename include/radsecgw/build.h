/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_BUILD_H
#define RADSECGW_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/packet.h"
#include "radsecgw/secret.h"
#include "radsecgw/wire.h"

/*
 * Packets that the gateway makes itself: probes, answers to Status-Server, Protocol-Errors. A sticky
 * error in the writer means that finishing returns 0.
 */
struct rgw_builder {
	struct rgw_wr w;
	size_t msgauth_at;  /* offset of the Message-Authenticator; 0 = none */
};

/* Starts a packet in `buf`, which the caller owns. auth is the random authenticator of code 1 or 12; NULL
 * writes zeros, which the signature replaces. with_msgauth puts Message-Authenticator first (P-BR-2). */
void rgw_build_begin(struct rgw_builder *b, uint8_t *buf, size_t cap, uint8_t code, uint8_t id,
    const uint8_t *auth, bool with_msgauth);

/* Adds an attribute; a value above 253 octets is an error that shows at the end. */
void rgw_build_attr(struct rgw_builder *b, uint8_t type, const void *value, size_t len);
/* Adds an attribute that holds an integer. */
void rgw_build_u32(struct rgw_builder *b, uint8_t type, uint32_t value);
/* Copies all attributes of one type, in order. */
void rgw_build_copy(struct rgw_builder *b, const struct rgw_packet *from, uint8_t type);

/* Sets the Length of the packet and signs it. Returns the length, or 0 if something did not fit. */
size_t rgw_build_request(struct rgw_builder *b, const struct rgw_secret *secret) RGW_MUST_USE;
size_t rgw_build_response(struct rgw_builder *b, const uint8_t *request_auth,
    const struct rgw_secret *secret) RGW_MUST_USE;

/* Answers a Status-Server (P-SS-4, 5): Access-Accept with Message-Authenticator, or a bare
 * Accounting-Response on a port that takes accounting only. Proxy-States go back (P-PRX-4). */
size_t rgw_build_status_answer(uint8_t *buf, size_t cap, const struct rgw_packet *request,
    bool accounting_only, const struct rgw_secret *secret) RGW_MUST_USE;

/* Builds an Access-Reject for a request that nobody could be asked about: EAP-Failure inside if the request had
 * EAP (P-EAP-3), Error-Cause, and a Reply-Message unless it is NULL or the request had EAP (an answer with EAP
 * has none, RFC 3579 2.6.5). */
size_t rgw_build_reject(uint8_t *buf, size_t cap, const struct rgw_packet *request, uint32_t error_cause,
    const char *message, const struct rgw_secret *secret) RGW_MUST_USE;

/* Builds a Protocol-Error for a request (P-ERR-1, 2). */
size_t rgw_build_protocol_error(uint8_t *buf, size_t cap, const struct rgw_packet *request,
    uint32_t error_cause, const struct rgw_secret *secret) RGW_MUST_USE;

/* Builds the NAK of a CoA- or Disconnect-Request (RFC 5176 2.3, 3.5), signed as the request is. */
size_t rgw_build_nak(uint8_t *buf, size_t cap, const struct rgw_packet *request, uint32_t error_cause,
    const struct rgw_secret *secret) RGW_MUST_USE;

#endif
