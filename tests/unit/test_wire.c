/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/wire.h"

#include "helpers.h"

static const uint8_t octets[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08 };

static void
reads_integers_in_network_order(void **state)
{
	struct rgw_rd r = rgw_rd_of(octets, sizeof octets);

	(void)state;
	assert_int_equal(rgw_rd_u8(&r), 0x01);
	assert_int_equal(rgw_rd_u16(&r), 0x0203);
	assert_int_equal(rgw_rd_u32(&r), 0x04050607);
	assert_int_equal(rgw_rd_left(&r), 1);
	assert_false(r.bad);
}

static void
reads_high_values_unsigned(void **state)
{
	static const uint8_t high[] = { 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfd };
	struct rgw_rd r = rgw_rd_of(high, sizeof high);

	(void)state;
	assert_int_equal(rgw_rd_u8(&r), 0xff);
	assert_int_equal(rgw_rd_u16(&r), 0xfffe);
	assert_true(rgw_rd_u32(&r) == 0xfffffffd);
	assert_false(r.bad);
}

/* For every length of input and every wish: either all of it and a moved cursor, or NULL. */
static void
bytes_come_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t have = 0; have <= sizeof octets; have++)
		for (size_t want = 0; want <= sizeof octets + 2; want++) {
			struct rgw_rd r = rgw_rd_of(octets, have);
			const uint8_t *p = rgw_rd_bytes(&r, want);

			assert_int_equal(p != NULL, want <= have);
			assert_int_equal(r.bad, want > have);
			assert_int_equal(rgw_rd_left(&r), want <= have ? have - want : have);
			assert_true(p == NULL || p == octets);
		}
}

static void
an_integer_past_the_end_is_zero(void **state)
{
	struct rgw_rd r = rgw_rd_of(octets, 0);

	(void)state;
	assert_int_equal(rgw_rd_u8(&r), 0);
	assert_true(r.bad);
	r = rgw_rd_of(octets, 1);
	assert_int_equal(rgw_rd_u16(&r), 0);
	assert_true(r.bad);
	for (size_t n = 0; n < 2; n++) {
		r = rgw_rd_of(octets, n);
		assert_int_equal(rgw_rd_u32(&r), 0);
		assert_true(r.bad);
	}
	for (size_t n = 2; n < 4; n++) {
		r = rgw_rd_of(octets, n);
		rgw_rd_u32(&r);
		assert_true(r.bad);
	}
}

static void
a_read_error_sticks(void **state)
{
	struct rgw_rd r = rgw_rd_of(octets, sizeof octets);

	(void)state;
	assert_null(rgw_rd_bytes(&r, sizeof octets + 1));
	assert_int_equal(rgw_rd_u8(&r), 0);
	assert_int_equal(rgw_rd_u16(&r), 0);
	assert_int_equal(rgw_rd_u32(&r), 0);
	assert_null(rgw_rd_bytes(&r, 0));
	assert_true(rgw_rd_sub(&r, 1).bad);
	assert_true(r.bad);
}

static void
a_wish_that_would_overflow_fails(void **state)
{
	struct rgw_rd r = rgw_rd_of(octets, sizeof octets);

	(void)state;
	rgw_rd_u8(&r);
	assert_null(rgw_rd_bytes(&r, SIZE_MAX));
	assert_true(r.bad);
}

static void
sub_readers_have_their_own_end(void **state)
{
	struct rgw_rd r = rgw_rd_of(octets, sizeof octets);
	struct rgw_rd sub = rgw_rd_sub(&r, 3);

	(void)state;
	assert_int_equal(rgw_rd_left(&sub), 3);
	assert_int_equal(rgw_rd_left(&r), 5);
	assert_null(rgw_rd_bytes(&sub, 4));
	assert_true(sub.bad);
	assert_false(r.bad);
	assert_int_equal(rgw_rd_u8(&r), 0x04);
	sub = rgw_rd_sub(&r, 0);
	assert_int_equal(rgw_rd_left(&sub), 0);
	assert_false(sub.bad);
	sub = rgw_rd_sub(&r, 5);
	assert_true(sub.bad);
	assert_true(r.bad);
	assert_int_equal(rgw_rd_left(&sub), 0);
}

static void
writes_what_it_reads(void **state)
{
	uint8_t buf[16];
	struct rgw_wr w = rgw_wr_of(buf, sizeof buf);
	struct rgw_rd r;

	(void)state;
	memset(buf, 0xee, sizeof buf);
	rgw_wr_u8(&w, 0xab);
	rgw_wr_u16(&w, 0xfedc);
	rgw_wr_u32(&w, 0x89abcdef);
	rgw_wr_bytes(&w, "xy", 2);
	rgw_wr_zero(&w, 2);
	assert_false(w.bad);
	assert_int_equal(w.len, 11);
	assert_int_equal(buf[11], 0xee);
	r = rgw_rd_of(buf, w.len);
	assert_int_equal(rgw_rd_u8(&r), 0xab);
	assert_int_equal(rgw_rd_u16(&r), 0xfedc);
	assert_true(rgw_rd_u32(&r) == 0x89abcdef);
	assert_memory_equal(rgw_rd_bytes(&r, 4), "xy\0\0", 4);
}

/* A value that does not fit is not written in part, and nothing is written after it. */
static void
a_write_error_sticks_and_writes_nothing(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < 4; cap++) {
		uint8_t buf[8];
		struct rgw_wr w = rgw_wr_of(buf, cap);

		memset(buf, 0xee, sizeof buf);
		rgw_wr_u32(&w, 0x01020304);
		assert_true(w.bad);
		assert_int_equal(w.len, 0);
		rgw_wr_u8(&w, 1);
		rgw_wr_bytes(&w, NULL, 0);
		rgw_wr_zero(&w, 1);
		assert_null(rgw_wr_room(&w, 0));
		rgw_wr_patch_u16(&w, 0, 7);
		assert_int_equal(w.len, 0);
		for (size_t i = 0; i < sizeof buf; i++)
			assert_int_equal(buf[i], 0xee);
	}
}

static void
fills_to_the_last_octet(void **state)
{
	uint8_t buf[5];
	struct rgw_wr w = rgw_wr_of(buf, 4);

	(void)state;
	buf[4] = 0xee;
	rgw_wr_u16(&w, 1);
	rgw_wr_u16(&w, 2);
	assert_false(w.bad);
	assert_int_equal(w.len, 4);
	assert_non_null(rgw_wr_room(&w, 0));
	assert_null(rgw_wr_room(&w, 1));
	assert_true(w.bad);
	assert_int_equal(buf[4], 0xee);
}

static void
room_that_would_overflow_fails(void **state)
{
	uint8_t buf[4];
	struct rgw_wr w = rgw_wr_of(buf, sizeof buf);

	(void)state;
	rgw_wr_u8(&w, 1);
	assert_null(rgw_wr_room(&w, SIZE_MAX));
	assert_true(w.bad);
}

static void
patches_only_what_is_written(void **state)
{
	uint8_t buf[8] = { 0 };
	struct rgw_wr w = rgw_wr_of(buf, sizeof buf);

	(void)state;
	rgw_wr_u32(&w, 0);
	rgw_wr_patch_u16(&w, 2, 0x1234);
	assert_false(w.bad);
	assert_int_equal(w.len, 4);
	assert_memory_equal(buf, "\0\0\x12\x34", 4);
	rgw_wr_patch_u16(&w, 3, 0x5678);
	assert_true(w.bad);
	assert_int_equal(buf[3], 0x34);
	assert_int_equal(buf[4], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_integers_in_network_order),
		cmocka_unit_test(reads_high_values_unsigned),
		cmocka_unit_test(bytes_come_whole_or_not_at_all),
		cmocka_unit_test(an_integer_past_the_end_is_zero),
		cmocka_unit_test(a_read_error_sticks),
		cmocka_unit_test(a_wish_that_would_overflow_fails),
		cmocka_unit_test(sub_readers_have_their_own_end),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(a_write_error_sticks_and_writes_nothing),
		cmocka_unit_test(fills_to_the_last_octet),
		cmocka_unit_test(room_that_would_overflow_fails),
		cmocka_unit_test(patches_only_what_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
