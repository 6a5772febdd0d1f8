/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/stream.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"

/* What came out of a stream: all packets behind each other, and their lengths. */
struct taken {
	uint8_t octets[16384];
	size_t len;
	size_t packet[64];
	size_t n;
};

/* Feeds one piece, in memory of its own that is gone afterwards, and takes what comes out. */
static enum rgw_stream_result
feed(struct rgw_stream *s, const uint8_t *data, size_t n, rgw_ms now, struct taken *t)
{
	uint8_t *copy = rgw_xcalloc(1, n > 0 ? n : 1);
	struct rgw_rd in;
	struct rgw_rd packet;
	enum rgw_stream_result result;

	memcpy(copy, data, n);
	in = rgw_rd_of(copy, n);
	while ((result = rgw_stream_next(s, &in, now, &packet)) == RGW_STREAM_PACKET) {
		size_t len = rgw_rd_left(&packet);

		assert_true(t->n < COUNT(t->packet) && t->len + len <= sizeof t->octets);
		memcpy(t->octets + t->len, rgw_rd_bytes(&packet, len), len);
		t->len += len;
		t->packet[t->n++] = len;
	}
	assert_true(result != RGW_STREAM_MORE || rgw_rd_left(&in) == 0);
	free(copy);
	return result;
}

/* Packets of these lengths with some content, one behind the other. */
static size_t
make_packets(uint8_t *out, const size_t *lens, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < lens[i]; k++)
			out[at + k] = (uint8_t)(k * 31 + i);
		out[at + 2] = (uint8_t)(lens[i] >> 8);
		out[at + 3] = (uint8_t)lens[i];
		at += lens[i];
	}
	return at;
}

static void
assert_taken(const struct taken *t, const uint8_t *data, const size_t *lens, size_t n)
{
	size_t at = 0;

	assert_int_equal(t->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(t->packet[i], lens[i]);
		at += lens[i];
	}
	assert_int_equal(t->len, at);
	assert_memory_equal(t->octets, data, at);
}

static void
nothing_in_nothing_out(void **state)
{
	struct rgw_stream s;
	struct taken t = { .n = 0 };

	(void)state;
	rgw_stream_init(&s);
	assert_int_equal(feed(&s, (const uint8_t *)"", 0, 1, &t), RGW_STREAM_MORE);
	assert_null(s.part);
	assert_true(s.since == RGW_NEVER);
	rgw_stream_fini(&s);
	rgw_stream_fini(&s);
}

/* P-STR-7: many packets come in one piece, and none of them is copied. */
static void
many_in_one(void **state)
{
	static const size_t lens[] = { 20, 21, 4096, 20, 100, 4095, 20 };
	uint8_t data[16384];
	size_t n = make_packets(data, lens, COUNT(lens));
	struct taken t = { .n = 0 };
	struct rgw_stream s;

	(void)state;
	rgw_stream_init(&s);
	assert_int_equal(feed(&s, data, n, 1, &t), RGW_STREAM_MORE);
	assert_taken(&t, data, lens, COUNT(lens));
	assert_null(s.part);
}

/* P-STR-1, P-STR-2: packets come octet by octet. */
static void
octet_by_octet(void **state)
{
	static const size_t lens[] = { 20, 37, 4096, 20, 4095, 256, 255 };
	uint8_t data[16384];
	size_t n = make_packets(data, lens, COUNT(lens));
	struct taken t = { .n = 0 };
	struct rgw_stream s;

	(void)state;
	rgw_stream_init(&s);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(feed(&s, data + i, 1, i, &t), RGW_STREAM_MORE);
	assert_taken(&t, data, lens, COUNT(lens));
	assert_null(s.part);
}

/* A few packets are cut at every place, and at every two places. */
static void
every_split(void **state)
{
	static const size_t lens[] = { 20, 23, 40, 20 };
	uint8_t data[256];
	size_t n = make_packets(data, lens, COUNT(lens));

	(void)state;
	for (size_t one = 0; one <= n; one++)
		for (size_t two = one; two <= n; two++) {
			struct taken t = { .n = 0 };
			struct rgw_stream s;

			rgw_stream_init(&s);
			assert_int_equal(feed(&s, data, one, 1, &t), RGW_STREAM_MORE);
			assert_int_equal(feed(&s, data + one, two - one, 2, &t), RGW_STREAM_MORE);
			assert_int_equal(feed(&s, data + two, n - two, 3, &t), RGW_STREAM_MORE);
			assert_taken(&t, data, lens, COUNT(lens));
			assert_null(s.part);
		}
}

static void
pieces_of_every_size(void **state)
{
	static const size_t lens[] = { 4096, 20, 3000, 21 };
	uint8_t data[16384];
	size_t n = make_packets(data, lens, COUNT(lens));

	(void)state;
	for (size_t piece = 1; piece < n; piece += piece < 50 ? 1 : 97) {
		struct taken t = { .n = 0 };
		struct rgw_stream s;

		rgw_stream_init(&s);
		for (size_t at = 0; at < n; at += piece)
			assert_int_equal(feed(&s, data + at, n - at < piece ? n - at : piece,
			    1, &t), RGW_STREAM_MORE);
		assert_taken(&t, data, lens, COUNT(lens));
		rgw_stream_fini(&s);
	}
}

/* P-PKT-2, P-STR-5: each value of Length, judged as soon as its second octet is there, whether the
 * four octets come together or one by one; and a good packet before does not matter. */
static void
bad_lengths_are_seen_at_once(void **state)
{
	(void)state;
	for (size_t n = 0; n < 65536; n += n < 30 || (n > 4090 && n < 4100) ? 1 : 13) {
		const uint8_t head[4] = { 1, 9, (uint8_t)(n >> 8), (uint8_t)n };
		enum rgw_stream_result want = n < 20 || n > 4096 ? RGW_STREAM_BAD_LENGTH :
		    RGW_STREAM_MORE;
		const size_t good = 20;

		for (int way = 0; way < 3; way++) {
			uint8_t data[24];
			struct taken t = { .n = 0 };
			struct rgw_stream s;

			rgw_stream_init(&s);
			if (way == 0) {
				assert_int_equal(feed(&s, head, 4, 1, &t), want);
			} else if (way == 1) {
				for (size_t i = 0; i < 3; i++)
					assert_int_equal(feed(&s, head + i, 1, 1, &t),
					    RGW_STREAM_MORE);
				assert_int_equal(feed(&s, head + 3, 1, 1, &t), want);
			} else {
				make_packets(data, &good, 1);
				memcpy(data + 20, head, 4);
				assert_int_equal(feed(&s, data, 24, 1, &t), want);
				assert_int_equal(t.n, 1);
			}
			rgw_stream_fini(&s);
			assert_null(s.part);
		}
	}
}

/* A stream that was bad once stays so: nothing behind is taken for a packet. */
static void
a_bad_length_is_final(void **state)
{
	uint8_t data[4 + 20] = { 1, 9, 0, 19 };
	const size_t good = 20;
	struct taken t = { .n = 0 };
	struct rgw_stream s;

	(void)state;
	make_packets(data + 4, &good, 1);
	rgw_stream_init(&s);
	for (size_t i = 0; i < 3; i++)
		feed(&s, data + i, 1, 1, &t);
	for (int i = 0; i < 3; i++)
		assert_int_equal(feed(&s, data + 3, sizeof data - 3, 1, &t), RGW_STREAM_BAD_LENGTH);
	assert_int_equal(t.n, 0);
	rgw_stream_fini(&s);
}

/* P-STR-6: the time of the first octet of the packet that is incomplete; not of later ones. */
static void
since_is_the_first_octet(void **state)
{
	static const size_t lens[] = { 30, 30 };
	uint8_t data[60];
	struct taken t = { .n = 0 };
	struct rgw_stream s;

	(void)state;
	make_packets(data, lens, COUNT(lens));
	rgw_stream_init(&s);
	feed(&s, data, 1, 100, &t);
	assert_int_equal(s.since, 100);
	feed(&s, data + 1, 20, 200, &t);
	assert_int_equal(s.since, 100);
	feed(&s, data + 21, 0, 250, &t);
	assert_int_equal(s.since, 100);
	feed(&s, data + 21, 10, 300, &t);  /* ends one packet and begins the next */
	assert_int_equal(t.n, 1);
	assert_int_equal(s.since, 300);
	feed(&s, data + 31, 29, 400, &t);
	assert_int_equal(t.n, 2);
	assert_true(s.since == RGW_NEVER);
	assert_null(s.part);
}

/* Memory exists only while a packet is incomplete, and fini gives it back in the middle of one. */
static void
memory_is_given_back(void **state)
{
	static const size_t len = 100;
	uint8_t data[100];
	struct taken t = { .n = 0 };
	struct rgw_stream s;
	struct rgw_rd in;
	struct rgw_rd packet;

	(void)state;
	make_packets(data, &len, 1);
	rgw_stream_init(&s);
	feed(&s, data, 50, 1, &t);
	assert_non_null(s.part);
	in = rgw_rd_of(data + 50, 50);
	assert_int_equal(rgw_stream_next(&s, &in, 2, &packet), RGW_STREAM_PACKET);
	/* Until the next call the packet is there. */
	assert_int_equal(rgw_rd_left(&packet), 100);
	assert_memory_equal(packet.p, data, 100);
	assert_int_equal(rgw_stream_next(&s, &in, 2, &packet), RGW_STREAM_MORE);
	assert_null(s.part);
	feed(&s, data, 50, 1, &t);
	rgw_stream_fini(&s);
	assert_null(s.part);
	/* And it can be used again. */
	assert_int_equal(feed(&s, data, 100, 1, &t), RGW_STREAM_MORE);
	assert_int_equal(t.n, 1);
}

/* Random packets in random pieces against the packets that were put in. */
static void
random_pieces(void **state)
{
	struct help_rng rng = { 31 };

	(void)state;
	for (size_t round = 0; round < 300; round++) {
		size_t lens[8];
		uint8_t data[16384];
		struct taken t = { .n = 0 };
		struct rgw_stream s;
		size_t n;

		for (size_t i = 0; i < COUNT(lens); i++)
			lens[i] = 20 + help_below(&rng, help_below(&rng, 4) == 0 ? 1900 : 60);
		n = make_packets(data, lens, COUNT(lens));
		rgw_stream_init(&s);
		for (size_t at = 0; at < n;) {
			size_t piece = 1 + help_below(&rng, 1 + help_below(&rng, 200));

			if (piece > n - at)
				piece = n - at;
			assert_int_equal(feed(&s, data + at, piece, at, &t), RGW_STREAM_MORE);
			at += piece;
		}
		assert_taken(&t, data, lens, COUNT(lens));
		assert_null(s.part);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_nothing_out),
		cmocka_unit_test(many_in_one),
		cmocka_unit_test(octet_by_octet),
		cmocka_unit_test(every_split),
		cmocka_unit_test(pieces_of_every_size),
		cmocka_unit_test(bad_lengths_are_seen_at_once),
		cmocka_unit_test(a_bad_length_is_final),
		cmocka_unit_test(since_is_the_first_octet),
		cmocka_unit_test(memory_is_given_back),
		cmocka_unit_test(random_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
