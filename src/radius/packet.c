/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/packet.h"

#include "radsecgw/wire.h"

/*
 * A parsed packet is a view of octets that somebody else owns: one walk checks the form (P-PKT, P-ATT) and
 * remembers where the attributes are that others ask for.
 */

/* Which attributes the walk remembers. */
static const uint8_t slot_of[256] = {
	[RGW_USER_NAME] = RGW_AT_USER_NAME,
	[RGW_USER_PASSWORD] = RGW_AT_USER_PASSWORD,
	[RGW_CHAP_PASSWORD] = RGW_AT_CHAP_PASSWORD,
	[RGW_CHAP_CHALLENGE] = RGW_AT_CHAP_CHALLENGE,
	[RGW_STATE] = RGW_AT_STATE,
	[RGW_CALLING_STATION_ID] = RGW_AT_CALLING_STATION_ID,
	[RGW_ARAP_PASSWORD] = RGW_AT_ARAP_PASSWORD,
	[RGW_EAP_MESSAGE] = RGW_AT_EAP_MESSAGE,
	[RGW_MESSAGE_AUTHENTICATOR] = RGW_AT_MESSAGE_AUTHENTICATOR,
	[RGW_PROXY_STATE] = RGW_AT_PROXY_STATE,
	[RGW_ERROR_CAUSE] = RGW_AT_ERROR_CAUSE,
};

enum rgw_packet_error
rgw_packet_parse(struct rgw_packet *out, const uint8_t *data, size_t len)
{
	struct rgw_rd r = rgw_rd_of(data, len);

	*out = (struct rgw_packet){ .data = data };
	out->code = rgw_rd_u8(&r);
	out->id = rgw_rd_u8(&r);
	out->len = rgw_rd_u16(&r);
	if (r.bad || len < RGW_HEADER_LEN)
		return RGW_PACKET_SHORT;
	if (out->len < RGW_HEADER_LEN || out->len > RGW_PACKET_MAX)
		return RGW_PACKET_BAD_LENGTH;
	if (out->len > len)
		return RGW_PACKET_SHORT;

	r = rgw_rd_of(data, out->len);
	rgw_rd_bytes(&r, RGW_HEADER_LEN);
	while (rgw_rd_left(&r) > 0) {
		uint16_t at = (uint16_t)(r.p - data);
		uint8_t type = rgw_rd_u8(&r);
		uint8_t attr_len = rgw_rd_u8(&r);
		uint8_t slot = slot_of[type];

		if (attr_len < 2 || rgw_rd_bytes(&r, attr_len - 2u) == NULL)
			return RGW_PACKET_BAD_ATTR;
		if (slot != RGW_AT_NONE && out->at[slot] == 0)
			out->at[slot] = at;
		out->n_msgauth += type == RGW_MESSAGE_AUTHENTICATOR;
		out->n_proxy_state += type == RGW_PROXY_STATE;
	}
	return RGW_PACKET_OK;
}

const char *
rgw_packet_strerror(enum rgw_packet_error error)
{
	switch (error) {
	case RGW_PACKET_OK:
		return "no error";
	case RGW_PACKET_SHORT:
		return "fewer octets than its Length field says";
	case RGW_PACKET_BAD_LENGTH:
		return "its Length field is below 20 or above 4096";
	case RGW_PACKET_BAD_ATTR:
		return "its attributes do not fill the packet exactly";
	}
	return "unknown";
}

/* Reads the attribute at an offset that the walk has passed. */
static void
read_at(const struct rgw_packet *p, uint16_t at, struct rgw_attr *a)
{
	struct rgw_rd r = rgw_rd_of(p->data, p->len);

	rgw_rd_bytes(&r, at);
	a->at = at;
	a->type = rgw_rd_u8(&r);
	a->len = (uint8_t)(rgw_rd_u8(&r) - 2);
	a->value = rgw_rd_bytes(&r, a->len);
}

bool
rgw_packet_next(const struct rgw_packet *p, struct rgw_attr *a)
{
	uint16_t at = a->at == 0 ? RGW_HEADER_LEN : (uint16_t)(a->at + 2 + a->len);

	if (at >= p->len)
		return false;
	read_at(p, at, a);
	return true;
}

bool
rgw_packet_get(const struct rgw_packet *p, enum rgw_packet_slot slot, struct rgw_attr *a)
{
	if (p->at[slot] == 0)
		return false;
	read_at(p, p->at[slot], a);
	return true;
}

uint32_t
rgw_packet_error_cause(const struct rgw_packet *p)
{
	struct rgw_attr a;
	struct rgw_rd r;

	if (!rgw_packet_get(p, RGW_AT_ERROR_CAUSE, &a))
		return 0;
	do {
		r = rgw_rd_of(a.value, a.len);
		if (a.type == RGW_ERROR_CAUSE && a.len == 4)
			return rgw_rd_u32(&r);
	} while (rgw_packet_next(p, &a));
	return 0;
}

uint32_t
rgw_packet_original_code(const struct rgw_packet *p)
{
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(p, &a)) {
		struct rgw_rd r = rgw_rd_of(a.value, a.len);

		if (a.type == RGW_EXTENDED_1 && rgw_rd_u8(&r) == RGW_ORIGINAL_PACKET_CODE &&
		    rgw_rd_left(&r) == 4)
			return rgw_rd_u32(&r);
	}
	return 0;
}

bool
rgw_code_is_request(unsigned code)
{
	return code == RGW_ACCESS_REQUEST || code == RGW_ACCOUNTING_REQUEST ||
	    code == RGW_STATUS_SERVER || code == RGW_DISCONNECT_REQUEST || code == RGW_COA_REQUEST;
}

bool
rgw_code_answers(unsigned response, unsigned request)
{
	/* Only Access-Accept and Accounting-Response (codes 2 and 5) answer Status-Server (P-SS-6). */
	if (response == RGW_PROTOCOL_ERROR)
		return rgw_code_is_request(request) && request != RGW_STATUS_SERVER;
	switch (request) {
	case RGW_ACCESS_REQUEST:
		return response == RGW_ACCESS_ACCEPT || response == RGW_ACCESS_REJECT ||
		    response == RGW_ACCESS_CHALLENGE;
	case RGW_ACCOUNTING_REQUEST:
		return response == RGW_ACCOUNTING_RESPONSE;
	case RGW_STATUS_SERVER:
		return response == RGW_ACCESS_ACCEPT || response == RGW_ACCOUNTING_RESPONSE;
	case RGW_DISCONNECT_REQUEST:
		return response == RGW_DISCONNECT_ACK || response == RGW_DISCONNECT_NAK;
	case RGW_COA_REQUEST:
		return response == RGW_COA_ACK || response == RGW_COA_NAK;
	default:
		return false;
	}
}
