/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PACKET_H
#define RADSECGW_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/radius.h"

/*
 * A received packet. It is walked once, when it comes in; after that its attributes can be iterated
 * without further checks, and the ones that decisions need are found by their offset.
 */

/* The attributes whose place the walk remembers. */
enum rgw_packet_slot {
	RGW_AT_NONE,
	RGW_AT_USER_NAME,
	RGW_AT_USER_PASSWORD,
	RGW_AT_CHAP_PASSWORD,
	RGW_AT_CHAP_CHALLENGE,
	RGW_AT_STATE,
	RGW_AT_CALLING_STATION_ID,
	RGW_AT_ARAP_PASSWORD,
	RGW_AT_EAP_MESSAGE,
	RGW_AT_MESSAGE_AUTHENTICATOR,
	RGW_AT_PROXY_STATE,
	RGW_AT_ERROR_CAUSE,
	RGW_AT_SLOTS
};

struct rgw_packet {
	const uint8_t *data;          /* borrowed: len octets */
	uint16_t len;                 /* octets by the Length field; padding behind them is forgotten (P-PKT-4) */
	uint8_t code;
	uint8_t id;
	uint16_t at[RGW_AT_SLOTS];    /* offset of the first attribute of the kind; 0 = absent */
	uint16_t n_msgauth;           /* number of Message-Authenticators */
	uint16_t n_proxy_state;
};

/* The reasons why octets are no packet. */
enum rgw_packet_error {
	RGW_PACKET_OK,
	RGW_PACKET_SHORT,       /* fewer octets than the header or than Length says (P-PKT-5) */
	RGW_PACKET_BAD_LENGTH,  /* Length below 20 or above 4096 (P-PKT-2) */
	RGW_PACKET_BAD_ATTR,    /* an attribute of length 0 or 1, or one that runs past the end (P-PKT-6) */
};

/* Walks the packet and fills *out, which borrows data. Octets beyond Length are ignored. */
enum rgw_packet_error rgw_packet_parse(struct rgw_packet *out, const uint8_t *data, size_t len) RGW_MUST_USE;

/* The error in words for the log, such as "attributes do not fill the packet". */
const char *rgw_packet_strerror(enum rgw_packet_error error);

/* One attribute. A zeroed struct stands before the first; rgw_packet_next moves on. */
struct rgw_attr {
	const uint8_t *value;  /* borrowed from the packet */
	uint16_t at;           /* offset of the attribute in the packet */
	uint8_t type;
	uint8_t len;           /* number of octets of the value */
};

/* The next attribute of a parsed packet, in order; false at the end. */
bool rgw_packet_next(const struct rgw_packet *p, struct rgw_attr *a) RGW_MUST_USE;

/* The first attribute of a remembered kind; false = absent. */
bool rgw_packet_get(const struct rgw_packet *p, enum rgw_packet_slot slot, struct rgw_attr *a) RGW_MUST_USE;

/* The value of the first Error-Cause of the right length (P-EC), or 0. */
uint32_t rgw_packet_error_cause(const struct rgw_packet *p);
/* The value of Original-Packet-Code (241.4, P-ERR-2), or 0. */
uint32_t rgw_packet_original_code(const struct rgw_packet *p);

static inline const uint8_t *
rgw_packet_auth(const struct rgw_packet *p)
{
	return p->data + 4;
}

static inline bool
rgw_packet_has(const struct rgw_packet *p, enum rgw_packet_slot slot)
{
	return p->at[slot] != 0;
}

/* Is the code that of a request (P-COD)? Unknown codes are neither request nor response. */
bool rgw_code_is_request(unsigned code);
/* Does a request of this code change or end a session (RFC 5176)? Such requests go the other way: from home to
 * the NAS. */
static inline bool
rgw_code_is_dynamic(unsigned code)
{
	return code == RGW_DISCONNECT_REQUEST || code == RGW_COA_REQUEST;
}

/* May `response` answer `request`? The table of section 1.1 (P-COD-1): Protocol-Error
 * answers anything but Status-Server (P-SS-6). */
bool rgw_code_answers(unsigned response, unsigned request);

#endif
