/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_DECODE_H
#define RADSECGW_DECODE_H

#include "radsecgw/hide.h"
#include "radsecgw/packet.h"
#include "radsecgw/wire.h"

/*
 * The attributes of a packet for people: a name from a small table, else numbers, and a value as a text. What is a
 * secret, or may hold one, is shown by its length: passwords and what proves them, keys, EAP, State, Class,
 * Proxy-State, and all that vendors have put in, except attributes of them that the table knows. Names of users and
 * addresses of devices are told apart, so that the caller can show as much of them as may be seen. Pure; nothing is
 * allocated.
 */

/* What may be shown of a value. */
enum rgw_decoded_as {
	RGW_DECODED_PLAIN,    /* `value` may be shown */
	RGW_DECODED_LENGTH,   /* the same: it is the length of what may not */
	RGW_DECODED_OPAQUE,   /* the same, unless names or devices are to be hidden: nobody knows what it is */
	RGW_DECODED_USER,     /* it is a name of a user, or tells who it is */
	RGW_DECODED_STATION,  /* it is the address of a device, or may hold it */
	RGW_DECODED_MESSAGE,  /* it is a text for the user, which may name the user */
};

/* Octets of a value as a text at the most: those of an attribute as they are, or in hexadecimal digits. */
#define RGW_DECODED_ROOM 512

struct rgw_decoded {
	enum rgw_decoded_as as;
	char name[48];
	const uint8_t *octets;   /* borrowed from the packet: the value as it is there ... */
	size_t n;
	uint8_t value[RGW_DECODED_ROOM];  /* ... and as a text of `len` octets, any of which may be there */
	size_t len;
};

/* Where a reader of attributes is. */
struct rgw_decoder {
	const struct rgw_packet *packet;         /* borrowed, as the next */
	const struct rgw_hidden_table *hidden;   /* what else is hidden */
	struct rgw_attr attr;
	uint32_t vendor;                         /* while it is inside an attribute of a vendor; 0 = it is not */
	struct rgw_rd inside;                    /* the rest of that */
};

static inline struct rgw_decoder
rgw_decoder_of(const struct rgw_packet *packet, const struct rgw_hidden_table *hidden)
{
	return (struct rgw_decoder){ .packet = packet, .hidden = hidden };
}

/* The next attribute; each of a vendor is one. false = there are no more. */
bool rgw_decode_next(struct rgw_decoder *d, struct rgw_decoded *out) RGW_MUST_USE;
/* Shows the length of the value in place of the value. */
void rgw_decode_length(struct rgw_decoded *out);

#endif
