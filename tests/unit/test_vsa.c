/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/vsa.h"

#include "helpers.h"

static const struct rgw_vendor_format usual = { 1, 1, false };
static const struct rgw_vendor_format lucent = { 2, 1, false };
static const struct rgw_vendor_format wimax = { 1, 1, true };

static void
walks_through_sub_attributes(void **state)
{
	static const uint8_t data[] = { 1, 5, 'a', 'b', 'c', 255, 2, 7, 3, 0 };
	struct rgw_rd r = rgw_rd_of(data, sizeof data);
	struct rgw_sub sub;

	(void)state;
	assert_true(rgw_vsa_next(&r, usual, &sub));
	assert_int_equal(sub.type, 1);
	assert_int_equal(rgw_rd_left(&sub.value), 3);
	assert_ptr_equal(sub.value.p, data + 2);
	assert_int_equal(rgw_rd_left(&sub.octets), 5);
	assert_ptr_equal(sub.octets.p, data);
	assert_false(sub.more);
	assert_true(rgw_vsa_next(&r, usual, &sub));
	assert_int_equal(sub.type, 255);
	assert_int_equal(rgw_rd_left(&sub.value), 0);
	assert_true(rgw_vsa_next(&r, usual, &sub));
	assert_int_equal(sub.type, 7);
	assert_false(rgw_vsa_next(&r, usual, &sub));
	assert_false(r.bad);
}

/* P-ENC-6: types of two octets, and an octet that says whether the value goes on. */
static void
knows_other_formats(void **state)
{
	static const uint8_t data[] = { 1, 4, 0x81, 'x', 1, 3, 0x7f };
	struct rgw_rd r = rgw_rd_of((const uint8_t *)"\x01\x02\x04x", 4);
	struct rgw_sub sub;

	(void)state;
	assert_true(rgw_vsa_next(&r, lucent, &sub));
	assert_int_equal(sub.type, 0x102);
	assert_int_equal(rgw_rd_left(&sub.value), 1);
	r = rgw_rd_of(data, sizeof data);
	assert_true(rgw_vsa_next(&r, wimax, &sub));
	assert_true(sub.more);
	assert_int_equal(sub.value.p[0], 'x');
	assert_true(rgw_vsa_next(&r, wimax, &sub));
	assert_false(sub.more);
	assert_int_equal(rgw_vsa_header(usual), 2);
	assert_int_equal(rgw_vsa_header(lucent), 3);
	assert_int_equal(rgw_vsa_header(wimax), 3);
}

static void
tells_what_does_not_parse(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const struct rgw_vendor_format *format;
		bool parses;
	} rows[] = {
		{ "\x01\x02", 2, &usual, true },
		{ "\x01\x03x\x02\x02", 5, &usual, true },
		{ "\x01\x02\x02", 3, &lucent, false },
		{ "\x01\x02\x03", 3, &lucent, true },
		{ "\x01\x03\x80", 3, &wimax, true },
		/* Nothing; half a header; lengths of 0, 1, less than the header, too much; rests. */
		{ "", 0, &usual, false },
		{ "\x01", 1, &usual, false },
		{ "\x01\x00", 2, &usual, false },
		{ "\x01\x01", 2, &usual, false },
		{ "\x01\x02", 2, &wimax, false },
		{ "\x01\x03", 2, &usual, false },
		{ "\x01\xffx", 3, &usual, false },
		{ "\x01\x02\x03", 3, &usual, false },
		{ "\x01\x02\x01\x00", 4, &usual, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_rd r = rgw_rd_of((const uint8_t *)rows[i].data, rows[i].len);

		assert_int_equal(rgw_vsa_parses(r, *rows[i].format), rows[i].parses);
		/* The reader stays where it is. */
		assert_int_equal(rgw_rd_left(&r), rows[i].len);
	}
}

/* Of the vendor and of the type that are asked for, wherever it stands, and not what only looks like it. */
static void
finds_one_in_a_packet(void **state)
{
	static const char beside[] = "\x00\x00\x01\x37\x0b\x03x\x01\x02";
	struct help_packet p;
	struct rgw_packet packet;

	(void)state;
	help_begin(&p, 1, 9, NULL);
	help_attr(&p, 1, "user", 4);
	help_attr(&p, 26, "\x00\x00\x00\x09\x01\x03x", 7);
	help_attr(&p, 26, "\x00\x00\x01", 3);
	packet = help_finish(&p);
	assert_true(rgw_vsa_has(&packet, 9, 1));
	assert_false(rgw_vsa_has(&packet, 9, 3));
	assert_false(rgw_vsa_has(&packet, 311, 1));
	help_attr(&p, 26, beside, sizeof beside - 1);
	packet = help_finish(&p);
	assert_true(rgw_vsa_has(&packet, 311, 11));
	assert_true(rgw_vsa_has(&packet, 311, 1));
	assert_false(rgw_vsa_has(&packet, 311, 25));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_through_sub_attributes),
		cmocka_unit_test(knows_other_formats),
		cmocka_unit_test(tells_what_does_not_parse),
		cmocka_unit_test(finds_one_in_a_packet),
	};

	return cmocka_run_group_tests_name("vsa", tests, NULL, NULL);
}
