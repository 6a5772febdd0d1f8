/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/decode.h"

#include <stdio.h>

#include "radsecgw/addr.h"
#include "radsecgw/vsa.h"

/* Attributes for people, see radsecgw/decode.h. A reader walks the packet, and the attributes of vendors inside it. */

enum form { TEXT, NUMBER, TAGGED_TEXT, TAGGED_NUMBER, ADDRESS, OPAQUE, LENGTH, EAP, USER, STATION, MESSAGE };

struct row {
	uint8_t type;
	uint8_t form;
	const char *name;
};

/* Sorted by type. */
static const struct row standard[] = {
	{ 1, USER, "User-Name" },
	{ 2, LENGTH, "User-Password" },
	{ 3, LENGTH, "CHAP-Password" },
	{ 4, ADDRESS, "NAS-IP-Address" },
	{ 5, NUMBER, "NAS-Port" },
	{ 6, NUMBER, "Service-Type" },
	{ 7, NUMBER, "Framed-Protocol" },
	{ 8, ADDRESS, "Framed-IP-Address" },
	{ 9, ADDRESS, "Framed-IP-Netmask" },
	{ 11, TEXT, "Filter-Id" },
	{ 12, NUMBER, "Framed-MTU" },
	{ 18, MESSAGE, "Reply-Message" },
	{ 24, LENGTH, "State" },
	{ 25, LENGTH, "Class" },
	{ 27, NUMBER, "Session-Timeout" },
	{ 28, NUMBER, "Idle-Timeout" },
	{ 29, NUMBER, "Termination-Action" },
	{ 30, TEXT, "Called-Station-Id" },
	{ 31, STATION, "Calling-Station-Id" },
	{ 32, TEXT, "NAS-Identifier" },
	{ 33, LENGTH, "Proxy-State" },
	{ 40, NUMBER, "Acct-Status-Type" },
	{ 41, NUMBER, "Acct-Delay-Time" },
	{ 42, NUMBER, "Acct-Input-Octets" },
	{ 43, NUMBER, "Acct-Output-Octets" },
	{ 44, TEXT, "Acct-Session-Id" },
	{ 45, NUMBER, "Acct-Authentic" },
	{ 46, NUMBER, "Acct-Session-Time" },
	{ 47, NUMBER, "Acct-Input-Packets" },
	{ 48, NUMBER, "Acct-Output-Packets" },
	{ 49, NUMBER, "Acct-Terminate-Cause" },
	{ 50, STATION, "Acct-Multi-Session-Id" },
	{ 52, NUMBER, "Acct-Input-Gigawords" },
	{ 53, NUMBER, "Acct-Output-Gigawords" },
	{ 55, NUMBER, "Event-Timestamp" },
	{ 60, LENGTH, "CHAP-Challenge" },
	{ 61, NUMBER, "NAS-Port-Type" },
	{ 64, TAGGED_NUMBER, "Tunnel-Type" },
	{ 65, TAGGED_NUMBER, "Tunnel-Medium-Type" },
	{ 69, LENGTH, "Tunnel-Password" },
	{ 70, LENGTH, "ARAP-Password" },
	{ 73, LENGTH, "ARAP-Security" },
	{ 74, LENGTH, "ARAP-Security-Data" },
	{ 76, NUMBER, "Prompt" },
	{ 77, TEXT, "Connect-Info" },
	{ 79, EAP, "EAP-Message" },
	{ 80, LENGTH, "Message-Authenticator" },
	{ 81, TAGGED_TEXT, "Tunnel-Private-Group-Id" },
	{ 84, LENGTH, "ARAP-Challenge-Response" },
	{ 85, NUMBER, "Acct-Interim-Interval" },
	{ 87, TEXT, "NAS-Port-Id" },
	{ 89, USER, "Chargeable-User-Identity" },
	{ 95, ADDRESS, "NAS-IPv6-Address" },
	{ 101, NUMBER, "Error-Cause" },
	{ 102, TEXT, "EAP-Key-Name" },
	{ 103, LENGTH, "Digest-Response" },
	{ 126, TEXT, "Operator-Name" },
	{ 174, NUMBER, "Mobility-Domain-Id" },
	{ 177, LENGTH, "WLAN-SSID" },
	{ 186, NUMBER, "WLAN-Pairwise-Cipher" },
	{ 187, NUMBER, "WLAN-Group-Cipher" },
	{ 188, NUMBER, "WLAN-AKM-Suite" },
};

struct vendor_row {
	uint32_t vendor;
	struct row row;
};

/* Attributes of vendors that hold no secret, and names for some that do. */
static const struct vendor_row of_vendors[] = {
	{ 311, { 1, LENGTH, "MS-CHAP-Response" } },
	{ 311, { 2, LENGTH, "MS-CHAP-Error" } },
	{ 311, { 7, NUMBER, "MS-MPPE-Encryption-Policy" } },
	{ 311, { 8, NUMBER, "MS-MPPE-Encryption-Types" } },
	{ 311, { 11, LENGTH, "MS-CHAP-Challenge" } },
	{ 311, { 12, LENGTH, "MS-CHAP-MPPE-Keys" } },
	{ 311, { 16, LENGTH, "MS-MPPE-Send-Key" } },
	{ 311, { 17, LENGTH, "MS-MPPE-Recv-Key" } },
	{ 311, { 25, LENGTH, "MS-CHAP2-Response" } },
	{ 311, { 26, LENGTH, "MS-CHAP2-Success" } },
	{ 14122, { 1, TEXT, "WISPr-Location-ID" } },
	{ 14122, { 2, TEXT, "WISPr-Location-Name" } },
	{ 14122, { 7, NUMBER, "WISPr-Bandwidth-Max-Up" } },
	{ 14122, { 8, NUMBER, "WISPr-Bandwidth-Max-Down" } },
	{ 14823, { 1, TEXT, "Aruba-User-Role" } },
	{ 14823, { 2, NUMBER, "Aruba-User-Vlan" } },
	{ 14823, { 5, TEXT, "Aruba-Essid-Name" } },
	{ 14823, { 6, TEXT, "Aruba-Location-Id" } },
	{ 14823, { 10, TEXT, "Aruba-AP-Group" } },
};

static const struct row *
find(uint32_t vendor, uint16_t type)
{
	for (size_t i = 0; vendor == 0 && i < sizeof standard / sizeof standard[0]; i++)
		if (standard[i].type == type)
			return &standard[i];
	for (size_t i = 0; vendor != 0 && i < sizeof of_vendors / sizeof of_vendors[0]; i++)
		if (of_vendors[i].vendor == vendor && of_vendors[i].row.type == type)
			return &of_vendors[i].row;
	return NULL;
}

/* ---- values ---- */

static void
print(struct rgw_decoded *out, const char *before, uint64_t number, const char *after)
{
	out->len = (size_t)snprintf((char *)out->value, sizeof out->value, "%s%ju%s", before, (uintmax_t)number,
	    after);
}

void
rgw_decode_length(struct rgw_decoded *out)
{
	out->as = RGW_DECODED_LENGTH;
	print(out, "", out->n, out->n == 1 ? " octet" : " octets");
}

static void
put_text(struct rgw_decoded *out, const uint8_t *octets, size_t n)
{
	out->len = n < sizeof out->value ? n : sizeof out->value;
	memcpy(out->value, octets, out->len);
}

static void
put_hex(struct rgw_decoded *out)
{
	static const char digits[] = "0123456789abcdef";

	out->len = 0;
	for (size_t i = 0; i < out->n && out->len + 2 <= sizeof out->value; i++) {
		out->value[out->len++] = (uint8_t)digits[out->octets[i] >> 4];
		out->value[out->len++] = (uint8_t)digits[out->octets[i] & 15];
	}
}

static void
put_number(struct rgw_decoded *out, size_t skip)
{
	struct rgw_rd r = rgw_rd_of(out->octets, out->n);
	uint32_t number = rgw_rd_u32(&r);

	if (r.bad || rgw_rd_left(&r) > 0)
		rgw_decode_length(out);
	else
		print(out, "", skip > 0 ? number & 0xffffff : number, "");
}

static void
put_address(struct rgw_decoded *out)
{
	struct rgw_addr addr = { .family = out->n == 4 ? 4 : 6 };
	char text[RGW_ADDR_TEXT];

	if (out->n != 4 && out->n != 16) {
		rgw_decode_length(out);
		return;
	}
	memcpy(addr.ip, out->octets, out->n);
	rgw_addr_format(&addr, text);
	put_text(out, (const uint8_t *)text, strlen(text));
}

/* The first piece of an EAP packet tells what it is (RFC 3748 4); nobody can tell a further piece from that, so types
 * are told where the code and the length fit. */
static void
put_eap(struct rgw_decoded *out)
{
	static const char *const codes[] = { [1] = "request", [2] = "response", [3] = "success", [4] = "failure" };
	const uint8_t *p = out->octets;
	size_t said = out->n >= 4 ? (size_t)(p[2] << 8 | p[3]) : 0;
	int n;

	rgw_decode_length(out);
	if (said < 4 || said < out->n || p[0] < 1 || p[0] > 4 || (p[0] < 3 && out->n < 5))
		return;
	if (p[0] < 3)
		n = snprintf((char *)out->value, sizeof out->value, "%s %u of type %u, %zu octets", codes[p[0]], p[1],
		    p[4], said);
	else
		n = snprintf((char *)out->value, sizeof out->value, "%s %u, %zu octets", codes[p[0]], p[1], said);
	out->len = (size_t)n;
}

static void
put_value(struct rgw_decoded *out, enum form form)
{
	size_t tag = out->n > 0 && out->octets[0] < 0x20;

	switch (form) {
	case NUMBER:
	case TAGGED_NUMBER:
		put_number(out, form == TAGGED_NUMBER);
		break;
	case ADDRESS:
		put_address(out);
		break;
	case LENGTH:
		rgw_decode_length(out);
		break;
	case OPAQUE:
		out->as = RGW_DECODED_OPAQUE;
		put_hex(out);
		break;
	case EAP:
		put_eap(out);
		break;
	case TAGGED_TEXT:
		put_text(out, out->octets + tag, out->n - tag);
		break;
	case TEXT:
	case USER:
	case STATION:
	case MESSAGE:
		out->as = form == USER ? RGW_DECODED_USER : form == STATION ? RGW_DECODED_STATION
		    : form == MESSAGE ? RGW_DECODED_MESSAGE : RGW_DECODED_PLAIN;
		put_text(out, out->octets, out->n);
		break;
	}
}

/* ---- attributes ---- */

/* From 192 on they are for experiments, of vendors without a number or longer than one attribute (RFC 3575, 6929). */
#define FIRST_ODD 192

static void
decode(const struct rgw_decoder *d, uint32_t vendor, uint16_t type, const uint8_t *octets, size_t n,
    struct rgw_decoded *out)
{
	const struct row *row = find(vendor, type);
	bool odd = vendor != 0 || type >= FIRST_ODD;
	enum form form = row != NULL ? (enum form)row->form : odd ? LENGTH : OPAQUE;

	*out = (struct rgw_decoded){ .as = RGW_DECODED_PLAIN, .octets = octets != NULL ? octets : out->value,
		.n = n };
	if (row != NULL)
		snprintf(out->name, sizeof out->name, "%s", row->name);
	else if (vendor != 0)
		snprintf(out->name, sizeof out->name, "Vendor %u, attribute %u", vendor, type);
	else
		snprintf(out->name, sizeof out->name, "Attribute %u", type);
	if (rgw_hidden_find(d->hidden, vendor, type, 0) != NULL)
		form = LENGTH;
	put_value(out, form);
}

static bool
next_inside(struct rgw_decoder *d, struct rgw_decoded *out)
{
	struct rgw_sub sub;

	if (d->vendor == 0 || !rgw_vsa_next(&d->inside, rgw_vendor_format_of(d->vendor), &sub)) {
		d->vendor = 0;
		return false;
	}
	decode(d, d->vendor, sub.type, sub.value.p, rgw_rd_left(&sub.value), out);
	return true;
}

/* Goes into an attribute of a vendor, if it is one all the way. */
static bool
enter(struct rgw_decoder *d)
{
	struct rgw_rd r = rgw_rd_of(d->attr.value, d->attr.len);
	uint32_t vendor = rgw_rd_u32(&r);

	if (d->attr.type != RGW_VENDOR_SPECIFIC || r.bad || vendor == 0 ||
	    !rgw_vsa_parses(r, rgw_vendor_format_of(vendor)))
		return false;
	d->vendor = vendor;
	d->inside = r;
	return true;
}

bool
rgw_decode_next(struct rgw_decoder *d, struct rgw_decoded *out)
{
	if (next_inside(d, out))
		return true;
	if (!rgw_packet_next(d->packet, &d->attr))
		return false;
	if (enter(d))
		return next_inside(d, out);
	decode(d, 0, d->attr.type, d->attr.value, d->attr.len, out);
	if (d->attr.type == RGW_VENDOR_SPECIFIC)
		rgw_decode_length(out);
	return true;
}
