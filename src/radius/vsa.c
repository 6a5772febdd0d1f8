/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/vsa.h"

/* The inside of Vendor-Specific attributes, in the formats that vendors use for it. */

size_t
rgw_vsa_header(struct rgw_vendor_format format)
{
	return (size_t)format.type_octets + format.length_octets + format.continuation;
}

bool
rgw_vsa_next(struct rgw_rd *r, struct rgw_vendor_format format, struct rgw_sub *out)
{
	struct rgw_rd from_start = *r;
	size_t header = rgw_vsa_header(format);
	size_t len;

	if (rgw_rd_left(r) == 0)
		return false;
	out->type = format.type_octets == 2 ? rgw_rd_u16(r) : rgw_rd_u8(r);
	len = rgw_rd_u8(r);
	out->more = format.continuation && (rgw_rd_u8(r) & 0x80) != 0;
	if (len < header)
		r->bad = true;
	out->value = rgw_rd_sub(r, len - header);
	out->octets = rgw_rd_sub(&from_start, len);
	return !r->bad;
}

bool
rgw_vsa_parses(struct rgw_rd r, struct rgw_vendor_format format)
{
	struct rgw_sub sub;
	bool any = false;

	while (rgw_vsa_next(&r, format, &sub))
		any = true;
	return any && !r.bad;
}

bool
rgw_vsa_has(const struct rgw_packet *packet, uint32_t vendor, uint16_t type)
{
	struct rgw_vendor_format format = rgw_vendor_format_of(vendor);
	struct rgw_attr a = { 0 };
	struct rgw_sub sub;

	while (rgw_packet_next(packet, &a)) {
		struct rgw_rd r = rgw_rd_of(a.value, a.len);

		if (a.type != RGW_VENDOR_SPECIFIC || rgw_rd_u32(&r) != vendor || !rgw_vsa_parses(r, format))
			continue;
		while (rgw_vsa_next(&r, format, &sub))
			if (sub.type == type)
				return true;
	}
	return false;
}
