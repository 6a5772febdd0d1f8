/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts of x509.h: object identifiers and distinguished names. */
#include "radsecgw/x509.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dertext.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct rgw_span
octets_of(const char *text, struct test_der *der)
{
	test_der_make(der, text);
	return (struct rgw_span){ der->octets, der->len };
}

static void
test_oid_both_ways(void **state)
{
	static const struct {
		const char *hex;
		const char *dotted;
	} rows[] = {
		{ "00", "0.0" },
		{ "27", "0.39" },
		{ "28", "1.0" },
		{ "4f", "1.39" },
		{ "50", "2.0" },
		{ "7f", "2.47" },
		{ "8100", "2.48" },
		{ "8837", "2.999" },
		{ "883703", "2.999.3" },
		{ "551d11", "2.5.29.17" },
		{ "2b06010505070808", "1.3.6.1.5.5.7.8.8" },
		{ "2a864886f70d010901", "1.2.840.113549.1.9.1" },
		{ "2a7f", "1.2.127" },
		{ "2a8100", "1.2.128" },
		{ "2aff7f", "1.2.16383" },
		{ "2a818000", "1.2.16384" },
		{ "2a8fffffff7f", "1.2.4294967295" },
		{ "2a9080808000", "1.2.4294967296" },
		{ "2a81ffffffffffffffff7f", "1.2.18446744073709551615" },
		{ "81ffffffffffffffff7f", "2.18446744073709551535" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der;
		struct rgw_span oid = octets_of(rows[i].hex, &der);
		uint8_t octets[16];
		char text[64];

		assert_string_equal(rgw_oid_format(oid, text, sizeof text), rows[i].dotted);
		assert_int_equal(rgw_oid_parse(rows[i].dotted, octets, sizeof octets), oid.len);
		assert_memory_equal(octets, oid.data, oid.len);
	}
}

static void
test_oid_that_has_no_dotted_text(void **state)
{
	static const struct {
		const char *hex;
		const char *text;
	} rows[] = {
		{ "", "#" },
		{ "80", "#80" },
		{ "2a80", "#2A80" },
		{ "2a8001", "#2A8001" },
		{ "2aff", "#2AFF" },
		{ "2a8280808080808080808000", "#2A8280808080808080808000" },   /* 2^64 */
		{ "2a83ffffffffffffffffff7f", "#2A83FFFFFFFFFFFFFFFFFF7F" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der;
		char text[64];

		rgw_oid_format(octets_of(rows[i].hex, &der), text, sizeof text);
		assert_string_equal(text, rows[i].text);
	}
}

static void
test_oid_texts_refused(void **state)
{
	static const char *const rows[] = {
		"", ".", "1", "1.", ".1", "1..2", "1.2.", "3.1", "0.40", "1.40", "1.02", "1.09", "1.00",
		"01.2",
		"1.-2",
		"1.+2", "1. 2", " 1.2", "1.2 ", "1.2x", "x", "1,2", "1.2.18446744073709551616",
		"1.2.99999999999999999999", "2.18446744073709551536", "1.2.00", "-1.2", "0x1.2",
	};
	uint8_t octets[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rgw_oid_parse(rows[i], octets, sizeof octets) != 0)
			fail_msg("'%s'", rows[i]);
}

static void
test_oid_must_fit(void **state)
{
	uint8_t octets[4] = { 0, 0, 0, 0xee };

	(void)state;
	assert_int_equal(rgw_oid_parse("2.5.29.17", octets, 3), 3);
	assert_int_equal(rgw_oid_parse("2.5.29.17.1", octets, 3), 0);
	assert_int_equal(rgw_oid_parse("2.5.29.128", octets, 3), 0);
	assert_int_equal(rgw_oid_parse("2.5", octets, 0), 0);
	assert_int_equal(octets[3], 0xee);
}

#define RDN(type, value) "31(30(06(" type ") " value "))"
#define CN "550403"
#define O "55040a"

static void
test_names(void **state)
{
	static const struct {
		const char *der;
		const char *text;
	} rows[] = {
		{ "30()", "" },
		{ "30(" RDN(CN, "0c('gw.example.org')") ")", "CN=gw.example.org" },
		{ "30(" RDN(O, "13('Example')") RDN(CN, "0c('gw')") ")", "CN=gw, O=Example" },
		{ "30(" RDN("550406", "13('DE')") RDN("550408", "0c('s')") RDN("550407", "0c('l')")
		    RDN("550409", "0c('r')") RDN("55040b", "0c('u')") ")",
		    "OU=u, street=r, L=l, ST=s, C=DE" },
		{ "30(" RDN("0992268993f22c640119", "16('org')")
		    RDN("0992268993f22c640119", "16('example')")
		    RDN("0992268993f22c640101", "0c('u')") ")", "UID=u, DC=example, DC=org" },
		{ "30(" RDN("2a864886f70d010901", "16('a@b')") RDN("550405", "13('7')") ")",
		    "serialNumber=7, emailAddress=a@b" },
		{ "30(31(30(0603550403 0c('a')) 30(060355040a 0c('b'))))", "CN=a+O=b" },
		{ "30(" RDN("883701", "0c('x')") ")", "2.999.1=x" },
		{ "30(" RDN("69a2f1c0f8a7e3b5d9c1a0f3e1b2c7d8817f", "0c('x')") ")",
		    "#69A2F1C0F8A7E3B5D9C1A0F3E1B2C7D8817F=x" },
		/* What could be taken for the text around it (RFC 4514 2.4). */
		{ "30(" RDN(CN, "0c('a, O=b')") ")", "CN=a\\, O=b" },
		{ "30(" RDN(CN, "0c('a+O=b')") ")", "CN=a\\+O=b" },
		{ "30(" RDN(CN, "0c('a\\b\"c<d>e;f')") ")", "CN=a\\\\b\\\"c\\<d\\>e\\;f" },
		{ "30(" RDN(CN, "0c(' a b ')") ")", "CN=\\ a b\\ " },
		{ "30(" RDN(CN, "0c(' ')") ")", "CN=\\ " },
		{ "30(" RDN(CN, "0c('#1#')") ")", "CN=\\#1#" },
		{ "30(" RDN(CN, "0c()") ")", "CN=" },
		/* What is not printable. */
		{ "30(" RDN(CN, "0c('a' 00 'b' 0a0d1b7f)") ")", "CN=a\\00b\\0A\\0D\\1B\\7F" },
		{ "30(" RDN(CN, "0c('Universit' c3a4 't')") ")", "CN=Universit\\C3\\A4t" },
		{ "30(" RDN(CN, "14('t' e4)") ")", "CN=t\\E4" },
		/* What is no text octet by octet. */
		{ "30(" RDN(CN, "1e('ab')") ")", "CN=#1E026162" },
		{ "30(" RDN(CN, "30(0500)") ")", "CN=#30020500" },
		{ "30(" RDN(CN, "0500") ")", "CN=#0500" },
		{ "", "(malformed)" },
		{ "30(30())", "(malformed)" },
		{ "300131", "(malformed)" },
		{ "30() 00", "(malformed)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der;
		char text[128];

		rgw_name_format(octets_of(rows[i].der, &der), text, sizeof text);
		assert_string_equal(text, rows[i].text);
	}
	assert_string_equal(rgw_name_format((struct rgw_span){ NULL, 0 }, (char[16]){ 0 }, 16),
	    "(malformed)");
}

/* For every size: inside the buffer, terminated, whole if it fits and marked if it does not. */
static void
test_cuts(void **state)
{
	static const char whole[] = "CN=a\\00\\, b, O=Example";
	struct test_der der;
	struct rgw_span name = octets_of("30(" RDN(O, "0c('Example')") RDN(CN, "0c('a' 00 ', b')") ")",
	    &der);

	(void)state;
	for (size_t size = 0; size < sizeof whole + 4; size++) {
		char *text = malloc(size + 1);
		size_t len;

		assert_non_null(text);
		memset(text, '~', size + 1);
		assert_ptr_equal(rgw_name_format(name, text, size), text);
		assert_int_equal(text[size], '~');
		if (size == 0) {
			free(text);
			continue;
		}
		len = strlen(text);
		assert_true(len < size);
		if (size >= sizeof whole)
			assert_string_equal(text, whole);
		else if (size > 3)
			assert_string_equal(text + len - 3, "...");
		if (size > 3 && size < sizeof whole)
			assert_memory_equal(text, whole, len - 3);
		free(text);
	}
	assert_string_equal(rgw_oid_format(octets_of("883703", &der), (char[8]){ 0 }, 8), "2.999.3");
	assert_string_equal(rgw_oid_format(octets_of("883703", &der), (char[7]){ 0 }, 7), "2.9...");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oid_both_ways),
		cmocka_unit_test(test_oid_that_has_no_dotted_text),
		cmocka_unit_test(test_oid_texts_refused),
		cmocka_unit_test(test_oid_must_fit),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
