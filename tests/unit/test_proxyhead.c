/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/net/proxyhead.h"

#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"

/* The header that a balancer puts in front of a connection. Each look is at a copy of its own size, so that a reader
 * that goes on behind it is seen by the sanitizer. */

#define SIGNATURE "0d0a0d0a000d0a515549540a"

static struct rgw_proxyhead
look(const uint8_t *octets, size_t n)
{
	uint8_t *copy = malloc(n);
	struct rgw_proxyhead head;

	assert_non_null(copy);
	memcpy(copy, octets, n);
	head = rgw_proxyhead_look(copy, n);
	free(copy);
	return head;
}

/* Octets come in one after the other, and others behind the header: the verdict comes with the last octet of the
 * header, and stays as it is. Returns it. */
static struct rgw_proxyhead
follow(const uint8_t *octets, size_t n)
{
	uint8_t all[2048];
	struct rgw_proxyhead head, later;
	size_t at = 1;

	assert_true(n + 8 <= sizeof all);
	memcpy(all, octets, n);
	memset(all + n, 0x16, 8);
	for (head = look(all, at); head.kind == RGW_PROXYHEAD_MORE; head = look(all, ++at)) {
		assert_true(head.len > at);
		assert_true(at < n);
	}
	assert_true(head.kind == RGW_PROXYHEAD_BAD ? at <= n : at == n && head.len == n);
	for (; at <= n + 8; at++) {
		later = look(all, at);
		assert_int_equal(later.kind, head.kind);
		assert_int_equal(later.len, head.len);
		assert_memory_equal(&later.from, &head.from, sizeof head.from);
	}
	return head;
}

static struct rgw_proxyhead
text(const char *line)
{
	return follow((const uint8_t *)line, strlen(line));
}

/* A header of version 2 from its octets behind the signature, with so many behind those. */
static struct rgw_proxyhead
binary(const char *hex, size_t more)
{
	uint8_t octets[1024];
	size_t n = help_hex(SIGNATURE, octets, sizeof octets);

	n += help_hex(hex, octets + n, sizeof octets - n);
	memset(octets + n, 0xee, more);
	return follow(octets, n + more);
}

static void
assert_from(struct rgw_proxyhead head, const char *address)
{
	char buf[RGW_ADDR_TEXT];

	assert_int_equal(head.kind, RGW_PROXYHEAD_FROM);
	assert_string_equal(rgw_addr_format(&head.from, buf), address);
}

static void
assert_bad(struct rgw_proxyhead head, const char *why)
{
	assert_int_equal(head.kind, RGW_PROXYHEAD_BAD);
	assert_non_null(strstr(head.why, why));
}

/* ---- version 1 ---- */

static void
line_names_the_source(void **state)
{
	(void)state;
	assert_from(text("PROXY TCP4 192.0.2.7 198.51.100.1 4711 2083\r\n"), "192.0.2.7:4711");
	assert_from(text("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255:65535");
	assert_from(text("PROXY TCP6 2001:db8::7 2001:db8::1 4711 2083\r\n"), "[2001:db8::7]:4711");
	assert_from(text("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	    "65535 65535\r\n"), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
	assert_from(text("PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 1 2\r\n"), "192.0.2.7:1");
}

static void
line_names_nobody(void **state)
{
	char longest[RGW_PROXYHEAD_TEXT_MAX + 1];

	(void)state;
	assert_int_equal(text("PROXY UNKNOWN\r\n").kind, RGW_PROXYHEAD_OWN);
	assert_int_equal(text("PROXY UNKNOWN ffff::1 whatever 7\r\n").kind, RGW_PROXYHEAD_OWN);
	snprintf(longest, sizeof longest, "PROXY UNKNOWN %091d\r\n", 0);
	assert_int_equal(strlen(longest), RGW_PROXYHEAD_TEXT_MAX);
	assert_int_equal(text(longest).kind, RGW_PROXYHEAD_OWN);
}

static void
line_is_too_long(void **state)
{
	char line[RGW_PROXYHEAD_TEXT_MAX + 2];

	(void)state;
	snprintf(line, sizeof line, "PROXY UNKNOWN %092d\r\n", 0);
	assert_int_equal(strlen(line), RGW_PROXYHEAD_TEXT_MAX + 1);
	assert_bad(text(line), "longer than 107 octets");
}

static void
line_is_none(void **state)
{
	static const char *const lines[][2] = {
		{ "\x16\x03\x01", "no PROXY header" },
		{ "PROXZ TCP4 192.0.2.7 198.51.100.1 1 2\r\n", "no PROXY header" },
		{ "proxy TCP4 192.0.2.7 198.51.100.1 1 2\r\n", "no PROXY header" },
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n", "ends in another way" },
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\r", "ends in another way" },
		{ "PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n", "neither TCP4 nor TCP6" },
		{ "PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n", "neither TCP4 nor TCP6" },
		{ "PROXY \r\n", "neither TCP4 nor TCP6" },
		{ "PROXY TCP4\r\n", "an address" },
		{ "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n", "an address" },
		{ "PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n", "an address" },
		{ "PROXY TCP4 192.0.2.7 198.51.100 1 2\r\n", "an address" },
		{ "PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n", "an address" },
		{ "PROXY TCP6 fe80::1%eth0 2001:db8::1 1 2\r\n", "an address" },
		{ "PROXY TCP4 192.0.2.7 198.51.100.1\r\n", "a port" },
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n", "a port" },
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 \r\n", "a port" },
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n", "a port" },
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 65536 2\r\n", "a port" },
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 1 99999\r\n", "a port" },
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n", "a port" },
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 -1 2\r\n", "a port" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_bad(text(lines[i][0]), lines[i][1]);
}

static void
line_with_a_hidden_end(void **state)
{
	static const char line[] = "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\0 3\r\n";

	(void)state;
	assert_bad(follow((const uint8_t *)line, sizeof line - 1), "not text");
}

/* ---- version 2 ---- */

#define IPV4_BLOCK "c0000207 c6336401 1267 0823"
#define IPV6_BLOCK "20010db8000000000000000000000007 20010db8000000000000000000000001 1267 0823"

static void
block_names_the_source(void **state)
{
	(void)state;
	assert_from(binary("21 11 000c" IPV4_BLOCK, 0), "192.0.2.7:4711");
	assert_from(binary("21 21 0024" IPV6_BLOCK, 0), "[2001:db8::7]:4711");
	assert_from(binary("21 21 0024 00000000000000000000ffffc0000207 20010db8000000000000000000000001 1267 0823", 0),
	    "192.0.2.7:4711");
}

/* What stands behind the addresses is skipped, up to the longest header that is taken. */
static void
block_has_more_behind_it(void **state)
{
	(void)state;
	assert_from(binary("21 11 000f" IPV4_BLOCK "030004", 0), "192.0.2.7:4711");
	assert_from(binary("21 11 0208" IPV4_BLOCK, 508), "192.0.2.7:4711");
	assert_from(binary("21 21 0208" IPV6_BLOCK, 484), "[2001:db8::7]:4711");
}

static void
block_names_nobody(void **state)
{
	(void)state;
	assert_int_equal(binary("20 00 0000", 0).kind, RGW_PROXYHEAD_OWN);
	assert_int_equal(binary("20 11 000c" IPV4_BLOCK, 0).kind, RGW_PROXYHEAD_OWN);
	assert_int_equal(binary("20 77 0003", 3).kind, RGW_PROXYHEAD_OWN);
	assert_int_equal(binary("21 00 0000", 0).kind, RGW_PROXYHEAD_OWN);
	assert_int_equal(binary("21 00 0208", 520).kind, RGW_PROXYHEAD_OWN);
}

static void
block_is_none(void **state)
{
	static const char *const blocks[][2] = {
		{ "11 11 000c" IPV4_BLOCK, "its version" },
		{ "31 11 000c" IPV4_BLOCK, "its version" },
		{ "22 11 000c" IPV4_BLOCK, "its version" },
		{ "21 12 000c" IPV4_BLOCK, "its family" },
		{ "21 22 0024" IPV6_BLOCK, "its family" },
		{ "21 31 000c" IPV4_BLOCK, "its family" },
		{ "21 10 000c" IPV4_BLOCK, "its family" },
		{ "21 01 000c" IPV4_BLOCK, "its family" },
		{ "21 11 0209" IPV4_BLOCK, "longer than 536 octets" },
		{ "20 00 ffff" IPV4_BLOCK, "longer than 536 octets" },
		{ "21 11 000b" IPV4_BLOCK, "too short" },
		{ "21 21 0023" IPV6_BLOCK, "too short" },
		{ "21 11 0000", "too short" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(blocks); i++)
		assert_bad(binary(blocks[i][0], 0), blocks[i][1]);
}

/* Whatever octet of the signature is another one, that is seen as soon as it is there. */
static void
signature_is_another(void **state)
{
	uint8_t octets[64];
	size_t n = help_hex(SIGNATURE "20 00 0000", octets, sizeof octets);

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		octets[i] ^= 0x40;
		assert_int_equal(look(octets, i + 1).kind, RGW_PROXYHEAD_BAD);
		assert_bad(follow(octets, n), "no PROXY header");
		octets[i] ^= 0x40;
	}
	assert_int_equal(follow(octets, n).kind, RGW_PROXYHEAD_OWN);
}

/* Says how much must be there, so that octets that come one by one do not wake us in between. */
static void
need_is_told(void **state)
{
	uint8_t octets[64];

	(void)state;
	(void)help_hex(SIGNATURE "21 11 000c" IPV4_BLOCK, octets, sizeof octets);
	assert_int_equal(look(octets, 1).len, 16);
	assert_int_equal(look(octets, 15).len, 16);
	assert_int_equal(look(octets, 16).len, 28);
	assert_int_equal(look((const uint8_t *)"PR", 2).len, 6);
	assert_int_equal(look((const uint8_t *)"PROXY TCP4", 10).len, 11);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_names_the_source),
		cmocka_unit_test(line_names_nobody),
		cmocka_unit_test(line_is_too_long),
		cmocka_unit_test(line_is_none),
		cmocka_unit_test(line_with_a_hidden_end),
		cmocka_unit_test(block_names_the_source),
		cmocka_unit_test(block_has_more_behind_it),
		cmocka_unit_test(block_names_nobody),
		cmocka_unit_test(block_is_none),
		cmocka_unit_test(signature_is_another),
		cmocka_unit_test(need_is_told),
	};

	return cmocka_run_group_tests_name("proxyhead", tests, NULL, NULL);
}
