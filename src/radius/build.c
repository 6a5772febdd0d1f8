/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/build.h"

#include <string.h>

#include "radsecgw/auth.h"

/* Packets that the gateway itself sends: Status-Server and its answer, rejects, NAKs, Protocol-Error. */

void
rgw_build_begin(struct rgw_builder *b, uint8_t *buf, size_t cap, uint8_t code, uint8_t id,
    const uint8_t *auth, bool with_msgauth)
{
	b->w = rgw_wr_of(buf, cap);
	b->msgauth_at = 0;
	rgw_wr_u8(&b->w, code);
	rgw_wr_u8(&b->w, id);
	rgw_wr_u16(&b->w, 0);
	rgw_wr_bytes(&b->w, auth != NULL ? auth : rgw_zero_auth, RGW_AUTH_LEN);
	if (with_msgauth) {
		b->msgauth_at = b->w.len;
		rgw_build_attr(b, RGW_MESSAGE_AUTHENTICATOR, rgw_zero_auth, RGW_AUTH_LEN);
	}
}

void
rgw_build_attr(struct rgw_builder *b, uint8_t type, const void *value, size_t len)
{
	if (len > RGW_ATTR_VALUE_MAX) {
		b->w.bad = true;
		return;
	}
	rgw_wr_u8(&b->w, type);
	rgw_wr_u8(&b->w, (uint8_t)(len + 2));
	rgw_wr_bytes(&b->w, value, len);
}

void
rgw_build_u32(struct rgw_builder *b, uint8_t type, uint32_t value)
{
	rgw_wr_u8(&b->w, type);
	rgw_wr_u8(&b->w, 6);
	rgw_wr_u32(&b->w, value);
}

void
rgw_build_copy(struct rgw_builder *b, const struct rgw_packet *from, uint8_t type)
{
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(from, &a))
		if (a.type == type)
			rgw_build_attr(b, type, a.value, a.len);
}

static bool
finish(struct rgw_builder *b)
{
	rgw_wr_patch_u16(&b->w, 2, (uint16_t)b->w.len);
	return !b->w.bad && b->w.len <= RGW_PACKET_MAX;
}

size_t
rgw_build_request(struct rgw_builder *b, const struct rgw_secret *secret)
{
	if (!finish(b))
		return 0;
	rgw_sign_request(b->w.base, b->w.len, b->msgauth_at, secret);
	return b->w.len;
}

size_t
rgw_build_response(struct rgw_builder *b, const uint8_t *request_auth,
    const struct rgw_secret *secret)
{
	if (!finish(b))
		return 0;
	rgw_sign_response(b->w.base, b->w.len, b->msgauth_at, request_auth, secret);
	return b->w.len;
}

size_t
rgw_build_status_answer(uint8_t *buf, size_t cap, const struct rgw_packet *request,
    bool accounting_only, const struct rgw_secret *secret)
{
	uint8_t code = accounting_only ? RGW_ACCOUNTING_RESPONSE : RGW_ACCESS_ACCEPT;
	struct rgw_builder b;

	rgw_build_begin(&b, buf, cap, code, request->id, NULL, !accounting_only);
	rgw_build_copy(&b, request, RGW_PROXY_STATE);
	return rgw_build_response(&b, rgw_packet_auth(request), secret);
}

size_t
rgw_build_protocol_error(uint8_t *buf, size_t cap, const struct rgw_packet *request,
    uint32_t error_cause, const struct rgw_secret *secret)
{
	const uint8_t original[5] = { RGW_ORIGINAL_PACKET_CODE, 0, 0, 0, request->code };
	struct rgw_builder b;

	rgw_build_begin(&b, buf, cap, RGW_PROTOCOL_ERROR, request->id, NULL, true);
	rgw_build_attr(&b, RGW_EXTENDED_1, original, sizeof original);
	rgw_build_u32(&b, RGW_ERROR_CAUSE, error_cause);
	rgw_build_copy(&b, request, RGW_PROXY_STATE);
	return rgw_build_response(&b, rgw_packet_auth(request), secret);
}

/* The codes of a request, its ACK and its NAK follow on one another. */
size_t
rgw_build_nak(uint8_t *buf, size_t cap, const struct rgw_packet *request, uint32_t error_cause,
    const struct rgw_secret *secret)
{
	struct rgw_builder b;

	rgw_build_begin(&b, buf, cap, (uint8_t)(request->code + 2), request->id, NULL, request->n_msgauth > 0);
	rgw_build_u32(&b, RGW_ERROR_CAUSE, error_cause);
	rgw_build_copy(&b, request, RGW_PROXY_STATE);
	return rgw_build_response(&b, rgw_packet_auth(request), secret);
}

size_t
rgw_build_reject(uint8_t *buf, size_t cap, const struct rgw_packet *request, uint32_t error_cause,
    const char *message, const struct rgw_secret *secret)
{
	/* An EAP-Failure: its code, the identifier of the response in the request, and its length. */
	uint8_t failure[4] = { 4, 0, 0, 4 };
	struct rgw_builder b;
	struct rgw_attr eap;

	rgw_build_begin(&b, buf, cap, RGW_ACCESS_REJECT, request->id, NULL, true);
	if (rgw_packet_get(request, RGW_AT_EAP_MESSAGE, &eap)) {
		if (eap.len >= 2)
			failure[1] = eap.value[1];
		rgw_build_attr(&b, RGW_EAP_MESSAGE, failure, sizeof failure);
	} else if (message != NULL) {
		rgw_build_attr(&b, RGW_REPLY_MESSAGE, message, strlen(message));
	}
	rgw_build_u32(&b, RGW_ERROR_CAUSE, error_cause);
	rgw_build_copy(&b, request, RGW_PROXY_STATE);
	return rgw_build_response(&b, rgw_packet_auth(request), secret);
}
