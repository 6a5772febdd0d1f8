/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream in pieces gives the same packets as in one. The first four octets of the input choose
 * the pieces, the others are the stream.
 */
#include <stdlib.h>
#include <string.h>

#include "radsecgw/radius.h"
#include "radsecgw/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* Where the reader of the packets is: they must be the octets of the stream, one behind the
 * other. */
struct reader {
	const uint8_t *data;
	size_t size;
	size_t at;
	size_t packets;
};

static void
got_packet(struct reader *r, struct rgw_rd *packet)
{
	size_t len = rgw_rd_left(packet);
	const uint8_t *octets = rgw_rd_bytes(packet, len);

	require(len >= RGW_HEADER_LEN && len <= RGW_PACKET_MAX && len <= r->size - r->at);
	require((size_t)octets[2] << 8 == (len & 0xff00) && octets[3] == (len & 0xff));
	require(memcmp(octets, r->data + r->at, len) == 0);
	r->at += len;
	r->packets++;
}

/* Feeds one piece from memory of its own size, gone afterwards. */
static enum rgw_stream_result
feed(struct rgw_stream *s, struct reader *r, const uint8_t *piece, size_t n, rgw_ms now)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	enum rgw_stream_result result;
	struct rgw_rd packet;
	struct rgw_rd in;

	require(copy != NULL);
	memcpy(copy, piece, n);
	in = rgw_rd_of(copy, n);
	while ((result = rgw_stream_next(s, &in, now, &packet)) == RGW_STREAM_PACKET)
		got_packet(r, &packet);
	if (result == RGW_STREAM_MORE) {
		require(rgw_rd_left(&in) == 0);
		require((s->part != NULL) == (s->since != RGW_NEVER));
	}
	free(copy);
	return result;
}

/* Feeds all in pieces of at most `most` octets, as `seed` has it. */
static enum rgw_stream_result
run(struct reader *r, uint32_t seed, size_t most)
{
	enum rgw_stream_result result = RGW_STREAM_MORE;
	struct rgw_stream s;
	size_t at = 0;

	rgw_stream_init(&s);
	while (at < r->size && result == RGW_STREAM_MORE) {
		size_t n;

		seed = seed * 1664525 + 1013904223;
		n = most == SIZE_MAX ? r->size : (seed >> 8) % most + 1;
		if (n > r->size - at)
			n = r->size - at;
		result = feed(&s, r, r->data + at, n, at);
		at += n;
	}
	if (result == RGW_STREAM_MORE) {
		/* What is not handed out is kept, and its first octet is as old as it is. */
		require(s.have == r->size - r->at || (s.part == NULL && r->at == r->size));
		require(s.part == NULL || memcmp(s.part, r->data + r->at, s.have) == 0);
	}
	rgw_stream_fini(&s);
	require(s.part == NULL && s.since == RGW_NEVER);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t most[] = { 1, 3, 20, 100, 1500, 16384 };
	enum rgw_stream_result once;
	struct reader whole;
	uint32_t seed;

	if (size < 4)
		return 0;
	seed = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
	whole = (struct reader){ data + 4, size - 4, 0, 0 };
	once = run(&whole, seed, SIZE_MAX);
	for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
		struct reader pieces = { data + 4, size - 4, 0, 0 };

		require(run(&pieces, seed, most[i]) == once);
		require(pieces.packets == whole.packets && pieces.at == whole.at);
	}
	return 0;
}
