/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/hop.h"

#include <string.h>

#include "radsecgw/vsa.h"
#include "radsecgw/wire.h"

/*
 * The conversion of a packet from one hop to the next: hidden values are re-keyed, Proxy-State and
 * authenticators belong to each hop (P-PRX, P-ENC, P-SLT).
 */

/* Salts have 15 free bits (P-SLT-2). */
#define SALTS 32768

/* What one conversion needs while it goes through the attributes. */
struct convert {
	struct rgw_wr w;
	const struct rgw_hidden_table *hidden;
	struct rgw_hide_key from;
	struct rgw_hide_key to;
	/* A value that goes on in the next attribute of the same vendor and type (P-ENC-6). */
	struct rgw_rekey chain;
	bool chain_open;
	bool chain_keyed;  /* false: it began without a salt, so all of it stays */
	uint32_t chain_vendor;
	uint16_t chain_type;
	/* The sub-attribute whose TLVs go on in the next one; 0 = none. */
	uint16_t cut_tlvs;
	/* Salts of this packet, to keep them unique; cleared when the first one is met. */
	bool salts_clear;
	uint8_t salts[SALTS / 8];
};

static void
begin(struct convert *c, uint8_t *out, size_t cap, const struct rgw_hidden_table *hidden,
    struct rgw_hide_key from, struct rgw_hide_key to)
{
	c->w = rgw_wr_of(out, cap < RGW_PACKET_MAX ? cap : RGW_PACKET_MAX);
	c->hidden = hidden;
	c->from = from;
	c->to = to;
	c->chain_open = false;
	c->cut_tlvs = 0;
	c->salts_clear = false;
}

/* Keeps the salt of a value if it is legal and new in this packet, else takes the next salt that is (P-SLT-5).
 * */
static void
choose_salt(struct convert *c, uint8_t salt[static 2])
{
	unsigned n = (unsigned)(salt[0] & 0x7f) << 8 | salt[1];

	if (!c->salts_clear) {
		memset(c->salts, 0, sizeof c->salts);
		c->salts_clear = true;
	}
	while ((c->salts[n / 8] >> n % 8 & 1) != 0)
		n = (n + 1) % SALTS;
	c->salts[n / 8] |= (uint8_t)(1 << n % 8);
	salt[0] = (uint8_t)(0x80 | n >> 8);
	salt[1] = (uint8_t)n;
}

/* Starts on a value and re-keys its first piece, in place. A value that is too short to hold a salt is invalid
 * and stays as it is (P-SLT-7). false = nothing was started. */
static bool
rekey_first(struct convert *c, struct rgw_rekey *rk, const struct rgw_hidden *row, uint8_t *value,
    size_t len)
{
	uint8_t old_salt[2];
	size_t head = row->tagged ? 1 : 0;

	if (row->method != RGW_HIDE_SALT) {
		rgw_rekey_begin(rk, row->method, c->from, c->to, NULL, NULL);
		rgw_rekey_update(rk, value, len);
		return true;
	}
	if (len < head + 2)
		return false;
	memcpy(old_salt, value + head, 2);
	choose_salt(c, value + head);
	rgw_rekey_begin(rk, row->method, c->from, c->to, old_salt, value + head);
	rgw_rekey_update(rk, value + head + 2, len - head - 2);
	return true;
}

static void
rekey_value(struct convert *c, const struct rgw_hidden *row, uint8_t *value, size_t len)
{
	struct rgw_rekey rk;

	if (rekey_first(c, &rk, row, value, len))
		rgw_rekey_end(&rk);
}

/* The octets at a reader's position, writable: the reader runs over our own output. */
static uint8_t *
writable(struct convert *c, const uint8_t *at)
{
	return c->w.base + (at - c->w.base);
}

/* Re-keys hidden TLVs inside a vendor attribute (P-ENC-7); what does not parse stays as it is. */
static void
rekey_tlvs(struct convert *c, uint32_t vendor, uint16_t type, struct rgw_rd r)
{
	while (rgw_rd_left(&r) > 0) {
		uint8_t tlv = rgw_rd_u8(&r);
		uint8_t len = rgw_rd_u8(&r);
		const uint8_t *value = len >= 2 ? rgw_rd_bytes(&r, len - 2u) : NULL;
		const struct rgw_hidden *row = rgw_hidden_find(c->hidden, vendor, type, tlv);

		if (value == NULL)
			return;
		if (row != NULL && tlv != 0)
			rekey_value(c, row, writable(c, value), len - 2u);
	}
}

static void
close_chain(struct convert *c)
{
	if (c->chain_open && c->chain_keyed)
		rgw_rekey_end(&c->chain);
	c->chain_open = false;
}

/* Re-keys a value that may be one piece of several (P-ENC-6). */
static void
rekey_piece(struct convert *c, const struct rgw_hidden *row, uint8_t *value, size_t len, bool more)
{
	bool goes_on = c->chain_open && c->chain_vendor == row->vendor && c->chain_type == row->type;

	if (!goes_on && !more) {
		rekey_value(c, row, value, len);
		return;
	}
	if (goes_on) {
		if (c->chain_keyed)
			rgw_rekey_update(&c->chain, value, len);
	} else {
		close_chain(c);
		c->chain_keyed = rekey_first(c, &c->chain, row, value, len);
		c->chain_vendor = row->vendor;
		c->chain_type = row->type;
		c->chain_open = true;
	}
	if (!more)
		close_chain(c);
}

/* Re-keys what is hidden in a Vendor-Specific value that stands in the output already. A value whose inside
 * does not parse stays whole (P-ATT-7). */
static void
rekey_vendor(struct convert *c, const uint8_t *value, size_t len)
{
	struct rgw_rd r = rgw_rd_of(value, len);
	uint32_t vendor = rgw_rd_u32(&r);
	struct rgw_vendor_format format;
	struct rgw_sub sub;

	/* Vendor 0 means the standard space in the table; in a packet it means nothing of the kind. */
	if (r.bad || vendor == 0 || !rgw_hidden_vendor(c->hidden, vendor))
		return;
	format = rgw_vendor_format_of(vendor);
	if (!rgw_vsa_parses(r, format))
		return;
	while (rgw_vsa_next(&r, format, &sub)) {
		const struct rgw_hidden *row = rgw_hidden_find(c->hidden, vendor, sub.type, 0);

		if (row != NULL) {
			rekey_piece(c, row, writable(c, sub.value.p), rgw_rd_left(&sub.value),
			    sub.more);
		} else if (rgw_hidden_has_tlvs(c->hidden, vendor, sub.type)) {
			/* The rest of a list that was cut into pieces may begin anywhere, so it is not read as
			 * TLVs. */
			if (c->cut_tlvs != sub.type)
				rekey_tlvs(c, vendor, sub.type, sub.value);
			c->cut_tlvs = sub.more ? sub.type : 0;
		}
	}
}

/* Copies one attribute and re-keys it if it is a hidden one. */
static void
convert_attr(struct convert *c, const struct rgw_attr *a)
{
	uint8_t *out = rgw_wr_room(&c->w, 2u + a->len);
	const struct rgw_hidden *row;

	if (out == NULL)
		return;
	out[0] = a->type;
	out[1] = (uint8_t)(2 + a->len);
	memcpy(out + 2, a->value, a->len);
	if (a->type == RGW_VENDOR_SPECIFIC) {
		rekey_vendor(c, out + 2, a->len);
		return;
	}
	row = rgw_hidden_find(c->hidden, 0, a->type, 0);
	if (row != NULL)
		rekey_value(c, row, out + 2, a->len);
}

/* Is anything hidden in a Vendor-Specific value? The value is walked through as in rekey_vendor. */
static bool
hides_vendor(const struct rgw_hidden_table *hidden, const struct rgw_attr *a)
{
	struct rgw_rd r = rgw_rd_of(a->value, a->len);
	uint32_t vendor = rgw_rd_u32(&r);
	struct rgw_vendor_format format = rgw_vendor_format_of(vendor);
	struct rgw_sub sub;

	if (r.bad || vendor == 0 || !rgw_hidden_vendor(hidden, vendor) || !rgw_vsa_parses(r, format))
		return false;
	while (rgw_vsa_next(&r, format, &sub))
		if (rgw_hidden_find(hidden, vendor, sub.type, 0) != NULL ||
		    rgw_hidden_has_tlvs(hidden, vendor, sub.type))
			return true;
	return false;
}

bool
rgw_hop_hides(const struct rgw_packet *in, const struct rgw_hidden_table *hidden)
{
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(in, &a))
		if (a.type == RGW_VENDOR_SPECIFIC ? hides_vendor(hidden, &a)
		                                  : rgw_hidden_find(hidden, 0, a.type, 0) != NULL)
			return true;
	return false;
}

static void
put_attr(struct rgw_wr *w, uint8_t type, const uint8_t *value, uint8_t len)
{
	rgw_wr_u8(w, type);
	rgw_wr_u8(w, (uint8_t)(2 + len));
	rgw_wr_bytes(w, value, len);
}

static void
put_header(struct rgw_wr *w, uint8_t code, uint8_t id, const uint8_t *auth, bool msgauth)
{
	rgw_wr_u8(w, code);
	rgw_wr_u8(w, id);
	rgw_wr_u16(w, 0);
	rgw_wr_bytes(w, auth, RGW_AUTH_LEN);
	if (msgauth)
		put_attr(w, RGW_MESSAGE_AUTHENTICATOR, rgw_zero_auth, RGW_AUTH_LEN);
}

struct rgw_unsigned
rgw_hop_unsigned(uint8_t *packet, size_t len, const struct rgw_secret *secret)
{
	/* Our Message-Authenticator stands first in what we send (P-BR-1, P-BR-2); the one that was received
	 * does not come along. */
	bool msgauth = len > RGW_HEADER_LEN && packet[RGW_HEADER_LEN] == RGW_MESSAGE_AUTHENTICATOR;

	return (struct rgw_unsigned){ packet, len, msgauth ? RGW_HEADER_LEN : 0, secret };
}

static void
sign(uint8_t *packet, size_t len, const struct rgw_secret *secret)
{
	struct rgw_unsigned u = rgw_hop_unsigned(packet, len, secret);

	rgw_sign(&u, 1);
}

/* Is this Original-Packet-Code, which belongs into Protocol-Error only (P-ERR-7)? */
static bool
is_original_code(const struct rgw_attr *a)
{
	return a->type == RGW_EXTENDED_1 && a->len > 0 && a->value[0] == RGW_ORIGINAL_PACKET_CODE;
}

static bool
request_wants_msgauth(const struct rgw_packet *in)
{
	return in->code == RGW_ACCESS_REQUEST ||
	    (in->code != RGW_ACCOUNTING_REQUEST && in->n_msgauth > 0);
}

/* Does the attribute of a request come along? */
static bool
is_forwarded(const struct rgw_attr *a)
{
	return a->type != RGW_MESSAGE_AUTHENTICATOR && !is_original_code(a);
}

/* Is the attribute for proxies only? A NAS takes all attributes of a CoA- or Disconnect-Request as mandatory
 * (P-COA-8), and refuses the whole for one that it does not know, though it should not (P-CPX-21). What may stand in
 * such a request beside that is for the NAS to judge, which alone can change a session (P-COA-7, P-COA-9). */
static bool
is_for_proxies(const struct rgw_attr *a)
{
	return a->type == RGW_PROXY_STATE || a->type == RGW_OPERATOR_NAME ||
	    (a->type == RGW_EXTENDED_1 && a->len > 0 && a->value[0] == RGW_OPERATOR_NAS_IDENTIFIER);
}

/* Does the attribute of an answer come along? Its Proxy-States do not: those of the request take their place
 * (P-PRX-6). */
static bool
is_returned(const struct rgw_attr *a)
{
	return is_forwarded(a) && a->type != RGW_PROXY_STATE;
}

/* The CHAP challenge was the Request Authenticator, which does not come along, so it becomes an attribute
 * (P-CHP-3). */
static bool
needs_chap_challenge(const struct rgw_packet *in)
{
	return in->code == RGW_ACCESS_REQUEST && rgw_packet_has(in, RGW_AT_CHAP_PASSWORD) &&
	    !rgw_packet_has(in, RGW_AT_CHAP_CHALLENGE);
}

size_t
rgw_hop_request(uint8_t *out, size_t cap, const struct rgw_hop_request *hop)
{
	const struct rgw_packet *in = hop->in;
	bool msgauth = request_wants_msgauth(in);
	const uint8_t *auth = rgw_zero_auth;
	struct rgw_attr a = { 0 };
	struct convert c;

	if (in->code == RGW_ACCESS_REQUEST)
		auth = rgw_packet_has(in, RGW_AT_ARAP_PASSWORD) ? rgw_packet_auth(in) : hop->fresh_auth;
	begin(&c, out, cap, hop->hidden, (struct rgw_hide_key){ hop->from, rgw_hide_auth(in) },
	    (struct rgw_hide_key){ hop->to, auth });
	put_header(&c.w, in->code, hop->id, auth, msgauth);
	while (rgw_packet_next(in, &a))
		if (is_forwarded(&a) && !(hop->to_nas && is_for_proxies(&a)))
			convert_attr(&c, &a);
	if (needs_chap_challenge(in))
		put_attr(&c.w, RGW_CHAP_CHALLENGE, rgw_packet_auth(in), RGW_AUTH_LEN);
	if (hop->mark != NULL && !hop->to_nas && !c.w.bad && c.w.cap - c.w.len >= 2u + hop->mark_len)
		put_attr(&c.w, RGW_PROXY_STATE, hop->mark, hop->mark_len);
	close_chain(&c);
	rgw_wr_patch_u16(&c.w, 2, (uint16_t)c.w.len);
	if (c.w.bad)
		return 0;
	if (!hop->later)
		sign(out, c.w.len, hop->to);
	return c.w.len;
}

size_t
rgw_hop_request_len(const struct rgw_packet *in, bool to_nas)
{
	size_t len = RGW_HEADER_LEN + (request_wants_msgauth(in) ? RGW_MSGAUTH_LEN : 0) +
	    (needs_chap_challenge(in) ? 2 + RGW_AUTH_LEN : 0);
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(in, &a))
		len += is_forwarded(&a) && !(to_nas && is_for_proxies(&a)) ? 2u + a.len : 0;
	return len;
}

static bool
response_wants_msgauth(const struct rgw_hop_response *hop)
{
	switch (hop->request->code) {
	case RGW_ACCESS_REQUEST:
		return hop->msgauth || rgw_packet_has(hop->in, RGW_AT_EAP_MESSAGE);
	case RGW_COA_REQUEST:
	case RGW_DISCONNECT_REQUEST:
		return hop->request->n_msgauth > 0;
	default:
		return false;
	}
}

size_t
rgw_hop_response(uint8_t *out, size_t cap, const struct rgw_hop_response *hop)
{
	const struct rgw_packet *request = hop->request;
	bool msgauth = response_wants_msgauth(hop);
	struct rgw_attr a = { 0 };
	struct convert c;

	begin(&c, out, cap, hop->hidden, (struct rgw_hide_key){ hop->from, hop->from_auth },
	    (struct rgw_hide_key){ hop->to, rgw_packet_auth(request) });
	put_header(&c.w, hop->in->code, request->id, rgw_packet_auth(request), msgauth);
	while (rgw_packet_next(hop->in, &a))
		if (is_returned(&a))
			convert_attr(&c, &a);
	close_chain(&c);
	a = (struct rgw_attr){ 0 };
	while (rgw_packet_has(request, RGW_AT_PROXY_STATE) && rgw_packet_next(request, &a))
		if (a.type == RGW_PROXY_STATE)
			put_attr(&c.w, a.type, a.value, a.len);
	rgw_wr_patch_u16(&c.w, 2, (uint16_t)c.w.len);
	if (c.w.bad)
		return 0;
	if (!hop->later)
		sign(out, c.w.len, hop->to);
	return c.w.len;
}

size_t
rgw_hop_response_len(const struct rgw_hop_response *hop)
{
	size_t len = RGW_HEADER_LEN + (response_wants_msgauth(hop) ? RGW_MSGAUTH_LEN : 0);
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(hop->in, &a))
		len += is_returned(&a) ? 2u + a.len : 0;
	a = (struct rgw_attr){ 0 };
	while (rgw_packet_next(hop->request, &a))
		len += a.type == RGW_PROXY_STATE ? 2u + a.len : 0;
	return len;
}
