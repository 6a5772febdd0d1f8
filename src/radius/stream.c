/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/stream.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"
#include "radsecgw/radius.h"

/*
 * A stream cuts the octets of a TLS connection into packets (P-STR). The connection owns it, with room for one
 * packet that has not come whole.
 */

/* Code, Identifier and Length are enough to know how long a packet is. */
#define PREFIX 4

void
rgw_stream_init(struct rgw_stream *s)
{
	*s = (struct rgw_stream){ .since = RGW_NEVER };
}

void
rgw_stream_fini(struct rgw_stream *s)
{
	if (s->part != NULL)
		rgw_wipe(s->part, s->have);
	free(s->part);
	rgw_stream_init(s);
}

static size_t
length_field(const uint8_t *packet)
{
	return (size_t)packet[2] << 8 | packet[3];
}

static bool
bad_length(size_t len)
{
	return len < RGW_HEADER_LEN || len > RGW_PACKET_MAX;
}

/* Moves up to n octets of input behind what is there already. */
static void
take(struct rgw_stream *s, struct rgw_rd *in, size_t n)
{
	if (n > rgw_rd_left(in))
		n = rgw_rd_left(in);
	memcpy(s->part + s->have, rgw_rd_bytes(in, n), n);
	s->have = (uint16_t)(s->have + n);
}

/* Goes on with a packet of which the start has come before and is kept. */
static enum rgw_stream_result
complete(struct rgw_stream *s, struct rgw_rd *in, struct rgw_rd *packet)
{
	size_t len;

	if (s->have < PREFIX) {
		take(s, in, PREFIX - s->have);
		if (s->have < PREFIX)
			return RGW_STREAM_MORE;
	}
	len = length_field(s->part);
	if (bad_length(len)) {
		*packet = rgw_rd_of(s->part, PREFIX);
		return RGW_STREAM_BAD_LENGTH;
	}
	take(s, in, len - s->have);
	if (s->have < len)
		return RGW_STREAM_MORE;
	*packet = rgw_rd_of(s->part, len);
	s->since = RGW_NEVER;
	return RGW_STREAM_PACKET;
}

enum rgw_stream_result
rgw_stream_next(struct rgw_stream *s, struct rgw_rd *in, rgw_ms now, struct rgw_rd *packet)
{
	size_t len;

	if (s->part != NULL && s->since == RGW_NEVER)
		rgw_stream_fini(s);  /* the packet that the last call handed out */
	if (s->part != NULL)
		return complete(s, in, packet);
	if (rgw_rd_left(in) == 0)
		return RGW_STREAM_MORE;
	if (rgw_rd_left(in) >= PREFIX) {
		len = length_field(in->p);
		if (bad_length(len)) {
			*packet = rgw_rd_of(in->p, PREFIX);
			return RGW_STREAM_BAD_LENGTH;
		}
		if (rgw_rd_left(in) >= len) {
			*packet = rgw_rd_sub(in, len);
			return RGW_STREAM_PACKET;
		}
	}
	s->part = malloc(RGW_PACKET_MAX);
	if (s->part == NULL)
		return RGW_STREAM_NO_MEMORY;
	s->have = 0;
	s->since = now;
	return complete(s, in, packet);
}
