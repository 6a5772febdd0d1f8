/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/outbuf.h"

#include <stdlib.h>

#include "helpers.h"

/* What waits to be sent, against a model: all records one behind the other, and how far the network is. */

/* So many allocations more succeed; see the Makefile. */
static unsigned allocations = ~0u;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *
__wrap_realloc(void *p, size_t size)
{
	if (allocations == 0)
		return NULL;
	allocations--;
	return __real_realloc(p, size);
}

static void
put(struct rgw_outbuf *out, const char *text)
{
	assert_true(rgw_outbuf_put(out, text, strlen(text)));
}

static void
expect(const struct rgw_outbuf *out, const char *text)
{
	assert_int_equal(rgw_outbuf_waiting(out), strlen(text));
	assert_memory_equal(out->data + out->at, text, strlen(text));
}

static void
empty_buffers_keep_no_memory(void **state)
{
	struct rgw_outbuf out = { 0 };

	(void)state;
	assert_int_equal(rgw_outbuf_waiting(&out), 0);
	put(&out, "a record");
	assert_non_null(out.data);
	rgw_outbuf_sent(&out, 8);
	assert_null(out.data);
	assert_int_equal(out.cap, 0);
	assert_int_equal(rgw_outbuf_waiting(&out), 0);
	rgw_outbuf_sent(&out, 0);
	rgw_outbuf_fini(&out);
}

/* The network takes what it likes; what is left goes on where it stopped, and records stay in their order. */
static void
pieces_are_taken_in_order(void **state)
{
	struct rgw_outbuf out = { 0 };

	(void)state;
	put(&out, "first,");
	put(&out, "second,");
	rgw_outbuf_sent(&out, 3);
	expect(&out, "st,second,");
	put(&out, "third");
	expect(&out, "st,second,third");
	rgw_outbuf_sent(&out, 10);
	expect(&out, "third");
	rgw_outbuf_sent(&out, 5);
	assert_null(out.data);
}

/* A record of any length is put in whole, and empty ones change nothing. */
static void
records_of_all_lengths(void **state)
{
	static const size_t lengths[] = { 1, 0, 511, 512, 513, 4096, 16384 + 256 + 5, 1 };
	static uint8_t record[20000];
	struct rgw_outbuf out = { 0 };
	size_t all = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		memset(record, (int)('a' + i), sizeof record);
		assert_true(rgw_outbuf_put(&out, record, lengths[i]));
		all += lengths[i];
		assert_int_equal(rgw_outbuf_waiting(&out), all);
		if (lengths[i] > 0)
			assert_int_equal(out.data[out.len - 1], 'a' + i);
	}
	rgw_outbuf_fini(&out);
	assert_null(out.data);
}

/* A buffer that is never empty does not grow for ever: what has been sent makes room. */
static void
sent_octets_make_room(void **state)
{
	static const uint8_t record[200];
	struct rgw_outbuf out = { 0 };
	size_t cap;

	(void)state;
	assert_true(rgw_outbuf_put(&out, record, sizeof record));
	cap = out.cap;
	for (int i = 0; i < 10000; i++) {
		assert_true(rgw_outbuf_put(&out, record, sizeof record));
		rgw_outbuf_sent(&out, sizeof record);
	}
	assert_int_equal(rgw_outbuf_waiting(&out), sizeof record);
	assert_int_equal(out.cap, cap);
	rgw_outbuf_fini(&out);
}

/* Without memory a record is not in at all, not even a part of it, and what waited still waits. */
static void
no_memory_takes_nothing(void **state)
{
	static const uint8_t large[4096];
	struct rgw_outbuf out = { 0 };

	(void)state;
	allocations = 0;
	assert_false(rgw_outbuf_put(&out, "x", 1));
	assert_int_equal(rgw_outbuf_waiting(&out), 0);
	allocations = ~0u;
	put(&out, "before,waits");
	rgw_outbuf_sent(&out, 7);
	allocations = 0;
	assert_false(rgw_outbuf_put(&out, large, sizeof large));
	expect(&out, "waits");
	put(&out, ",fits");
	expect(&out, "waits,fits");
	allocations = ~0u;
	rgw_outbuf_fini(&out);
}

/* Whatever is put in comes out, in all orders of putting and sending. */
static void
random_use_loses_nothing(void **state)
{
	struct help_rng rng = { 7 };
	struct rgw_outbuf out = { 0 };
	uint8_t record[700];
	uint8_t next_in = 0;
	uint8_t next_out = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t waits = rgw_outbuf_waiting(&out);
		size_t n = help_below(&rng, sizeof record);

		if (help_below(&rng, 2) == 0) {
			for (size_t k = 0; k < n; k++)
				record[k] = next_in++;
			assert_true(rgw_outbuf_put(&out, record, n));
			assert_int_equal(rgw_outbuf_waiting(&out), waits + n);
		} else if (waits > 0) {
			n = 1 + help_below(&rng, (uint32_t)waits);
			for (size_t k = 0; k < n; k++)
				assert_int_equal(out.data[out.at + k], next_out++);
			rgw_outbuf_sent(&out, n);
			assert_int_equal(out.data == NULL, n == waits);
		}
	}
	rgw_outbuf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_buffers_keep_no_memory),
		cmocka_unit_test(pieces_are_taken_in_order),
		cmocka_unit_test(records_of_all_lengths),
		cmocka_unit_test(sent_octets_make_room),
		cmocka_unit_test(no_memory_takes_nothing),
		cmocka_unit_test(random_use_loses_nothing),
	};

	return cmocka_run_group_tests_name("outbuf", tests, NULL, NULL);
}
