/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/eap.h"

#include "radsecgw/radius.h"

/* The form of EAP-Message: together, the attributes of a request must be one EAP packet (RFC 3579). */

enum { EAP_REQUEST = 1, EAP_RESPONSE, EAP_SUCCESS, EAP_FAILURE };

/* The header of an EAP packet: Code, Identifier and two octets of Length. In requests and responses a type
 * follows. */
#define HEADER 4

bool
rgw_eap_is_well_formed(const struct rgw_packet *packet)
{
	struct rgw_attr a = { 0 };
	uint8_t head[HEADER] = { 0 };
	size_t n = 0, length;

	if (!rgw_packet_has(packet, RGW_AT_EAP_MESSAGE))
		return true;
	/* The EAP header is read octet by octet, for it may be spread over several attributes, however odd that
	 * is. */
	while (rgw_packet_next(packet, &a)) {
		if (a.type != RGW_EAP_MESSAGE)
			continue;
		for (size_t i = 0; i < a.len && n + i < HEADER; i++)
			head[n + i] = a.value[i];
		n += a.len;
	}
	if (n == 0)
		return true;
	length = (size_t)head[2] << 8 | head[3];
	if (n < HEADER || length > n)
		return false;
	switch (head[0]) {
	case EAP_REQUEST:
	case EAP_RESPONSE:
		return length > HEADER;
	case EAP_SUCCESS:
	case EAP_FAILURE:
		return length >= HEADER;
	default:
		return false;
	}
}
