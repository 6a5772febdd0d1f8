/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_VSA_H
#define RADSECGW_VSA_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/hide.h"
#include "radsecgw/list.h"
#include "radsecgw/packet.h"
#include "radsecgw/wire.h"

/*
 * The inside of a Vendor-Specific attribute: sub-attributes in the format of the vendor (P-ENC-6). The
 * reader stands behind the Vendor-Id.
 */
struct rgw_sub {
	uint16_t type;
	bool more;             /* the value goes on in the next attribute of the vendor and type */
	struct rgw_rd value;   /* borrowed: the value */
	struct rgw_rd octets;  /* borrowed: the whole sub-attribute, with its header */
};

/* Takes the next sub-attribute. false at the end, or with r->bad if what is left is no sub-attribute. */
bool rgw_vsa_next(struct rgw_rd *r, struct rgw_vendor_format format, struct rgw_sub *out) RGW_MUST_USE;
/* Is there at least one sub-attribute, and nothing else (P-ATT-6, P-ATT-7)? The reader is not moved. */
bool rgw_vsa_parses(struct rgw_rd r, struct rgw_vendor_format format) RGW_MUST_USE;
/* Does the packet have this attribute of a vendor, wherever it stands? */
bool rgw_vsa_has(const struct rgw_packet *packet, uint32_t vendor, uint16_t type);
/* The number of octets that stand before the value of a sub-attribute. */
size_t rgw_vsa_header(struct rgw_vendor_format format);

#endif
