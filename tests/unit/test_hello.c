/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/net/hello.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/tls.h"
#include "radsecgw/wire.h"

#define HEADER 5
#define HELLO_MAX 1024

/* ---- the first record ---- */

/* The verdict on so many octets of a record that says it has `len`, in memory of their own. */
static enum rgw_hello
look(uint8_t kind, size_t len, size_t n, size_t *need)
{
	const uint8_t header[HEADER] = { kind, 3, 1, (uint8_t)(len >> 8), (uint8_t)len };
	uint8_t *copy = calloc(1, n);
	enum rgw_hello verdict;

	assert_non_null(copy);
	memcpy(copy, header, n < HEADER ? n : HEADER);
	verdict = rgw_hello_look(copy, n, need);
	free(copy);
	return verdict;
}

static void
octets_come_one_by_one(void **state)
{
	size_t need;

	(void)state;
	for (size_t n = 1; n < HEADER; n++) {
		assert_int_equal(look(22, 300, n, &need), RGW_HELLO_MORE);
		assert_int_equal(need, HEADER);
	}
	for (size_t n = HEADER; n < HEADER + 300; n++) {
		assert_int_equal(look(22, 300, n, &need), RGW_HELLO_MORE);
		assert_int_equal(need, HEADER + 300);
	}
	assert_int_equal(look(22, 300, HEADER + 300, &need), RGW_HELLO_WHOLE);
	assert_int_equal(look(22, 300, HEADER + 301, &need), RGW_HELLO_WHOLE);
	assert_int_equal(need, HEADER + 300);
}

static void
other_records_begin_no_session(void **state)
{
	size_t need;

	(void)state;
	for (unsigned kind = 0; kind < 256; kind++)
		assert_int_equal(look((uint8_t)kind, 300, 1, &need),
		    kind == 22 ? RGW_HELLO_MORE : RGW_HELLO_NO_TLS);
}

static void
longer_than_a_record_may_be(void **state)
{
	size_t need;

	(void)state;
	assert_int_equal(look(22, 16384, HEADER, &need), RGW_HELLO_MORE);
	assert_int_equal(look(22, 16385, HEADER, &need), RGW_HELLO_TOO_LONG);
	assert_int_equal(look(22, 65535, HEADER, &need), RGW_HELLO_TOO_LONG);
}

/* ---- the name in it ---- */

/* A ClientHello that asks for a name of so many letters. */
static size_t
build(uint8_t *out, size_t letters)
{
	struct rgw_wr w = rgw_wr_of(out, HELLO_MAX);

	rgw_wr_u8(&w, 22);
	rgw_wr_u16(&w, 0x0301);
	rgw_wr_u16(&w, (uint16_t)(letters + 56));
	rgw_wr_u8(&w, 1);
	rgw_wr_u8(&w, 0);
	rgw_wr_u16(&w, (uint16_t)(letters + 52));
	rgw_wr_u16(&w, 0x0303);
	rgw_wr_zero(&w, 32 + 1);     /* Random, no session */
	rgw_wr_u16(&w, 2);
	rgw_wr_u16(&w, 0x1301);
	rgw_wr_u16(&w, 0x0100);      /* no compression */
	rgw_wr_u16(&w, (uint16_t)(letters + 9));
	rgw_wr_u16(&w, 0);           /* the extension: a list with one name */
	rgw_wr_u16(&w, (uint16_t)(letters + 5));
	rgw_wr_u16(&w, (uint16_t)(letters + 3));
	rgw_wr_u8(&w, 0);
	rgw_wr_u16(&w, (uint16_t)letters);
	for (size_t i = 0; i < letters; i++)
		rgw_wr_u8(&w, 'x');
	assert_false(w.bad);
	assert_int_equal(w.len, letters + 61);
	return w.len;
}

static bool
peek(size_t letters, char *name, size_t size)
{
	uint8_t hello[HELLO_MAX];
	size_t len = build(hello, letters);

	return rgw_tls_peek_sni(hello, len, name, size);
}

static void
name_is_read(void **state)
{
	char name[256];

	(void)state;
	assert_true(peek(18, name, sizeof name));
	assert_string_equal(name, "xxxxxxxxxxxxxxxxxx");
	assert_true(peek(255, name, sizeof name));
	assert_int_equal(strlen(name), 255);
}

static void
no_name(void **state)
{
	uint8_t hello[HELLO_MAX];
	char name[256];
	size_t len = build(hello, 18);

	(void)state;
	assert_false(peek(0, name, sizeof name));
	for (size_t n = 0; n < len; n++)
		assert_false(rgw_tls_peek_sni(hello, n, name, sizeof name));
}

/* What there is no room for is not taken for a shorter name. */
static void
name_that_is_too_long(void **state)
{
	char name[256], little[8];

	(void)state;
	assert_false(peek(256, name, sizeof name));
	assert_false(peek(300, name, sizeof name));
	assert_true(peek(7, little, sizeof little));
	assert_false(peek(8, little, sizeof little));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_come_one_by_one),
		cmocka_unit_test(other_records_begin_no_session),
		cmocka_unit_test(longer_than_a_record_may_be),
		cmocka_unit_test(name_is_read),
		cmocka_unit_test(no_name),
		cmocka_unit_test(name_that_is_too_long),
	};

	return cmocka_run_group_tests_name("hello", tests, NULL, NULL);
}
