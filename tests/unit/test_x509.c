/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/x509.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs.h"
#include "dertext.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A small certificate in the language of dertext.h, with parts that a test replaces. */
#define VERSION "a0(0201 02)"
#define SERIAL "0201 05"
#define ALGORITHM "300a06082a8648ce3d040302"
#define CN(text) "31(30(0603550403 0c('" text "')))"
#define ISSUER "30(" CN("ca") ")"
#define SUBJECT "30(" CN("leaf") ")"
#define VALIDITY "30(17('200101000000Z') 18('21200101000000Z'))"
#define KEY "300b 3006 0604 2a864801 0301 00"
#define SIGNATURE "0303 00aabb"
#define CERT(version, serial, issuer, validity, subject, tail) \
	"30(30(" version serial ALGORITHM issuer validity subject KEY tail ")" ALGORITHM SIGNATURE ")"
#define WITH(tail) CERT(VERSION, SERIAL, ISSUER, VALIDITY, SUBJECT, tail)
#define EXTENSIONS(list) "a3(30(" list "))"
#define EXTENSION(last, value) "30(0603551d" last " 04(" value "))"
#define SAN(names) EXTENSION("11", "30(" names ")")
#define WITH_SAN(names) WITH(EXTENSIONS(SAN(names)))
#define NAIREALM(value) "a0(06082b06010505070808 a0(" value "))"
#define WITH_SUBJECT(rdns) CERT(VERSION, SERIAL, ISSUER, VALIDITY, "30(" rdns ")", "")
#define WITH_VALIDITY(times) CERT(VERSION, SERIAL, ISSUER, times, SUBJECT, "")

/* All that a caller may walk, with what must always hold. */
static void
walk(const struct rgw_x509 *cert, const uint8_t *der, size_t len)
{
	const struct rgw_span spans[] = { cert->serial, cert->issuer, cert->subject,
		cert->common_name, cert->san, cert->policies };
	struct rgw_span rest = cert->san;
	struct rgw_span policy;
	struct rgw_san san;
	char text[200];

	for (size_t i = 0; i < COUNT(spans); i++) {
		if (spans[i].data == NULL)
			continue;
		assert_true(spans[i].data >= der && spans[i].data <= der + len);
		assert_true(spans[i].len <= (size_t)(der + len - spans[i].data));
	}
	while (rgw_x509_next_san(&rest, &san))
		assert_true(san.value.len <= cert->san.len);
	rest = cert->policies;
	while (rgw_x509_next_policy(&rest, &policy))
		assert_true(strlen(rgw_oid_format(policy, text, sizeof text)) > 0);
	assert_true(strlen(rgw_name_format(cert->issuer, text, sizeof text)) < sizeof text);
	assert_true(strlen(rgw_name_format(cert->subject, text, sizeof text)) < sizeof text);
}

/* Parses from memory of exactly this size, so that a sanitizer sees each octet read beyond it. */
static bool
accepts(const uint8_t *der, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	struct rgw_x509 cert;
	bool ok;

	assert_non_null(copy);
	memcpy(copy, der, len);
	ok = rgw_x509_parse(&cert, copy, len);
	if (ok)
		walk(&cert, copy, len);
	else
		assert_true(cert.subject.data == NULL && cert.san.data == NULL);
	free(copy);
	return ok;
}

static bool
accepts_text(const char *text)
{
	struct test_der der;

	test_der_make(&der, text);
	return accepts(der.octets, der.len);
}

/* The certificate of that name; it lives as long as *der. */
static struct rgw_x509
sample(const char *name, struct test_der *der)
{
	struct rgw_x509 cert;

	assert_non_null(test_cert_hex(name));
	test_der_make(der, test_cert_hex(name));
	assert_true(rgw_x509_parse(&cert, der->octets, der->len));
	return cert;
}

static void
assert_span(struct rgw_span s, const void *octets, size_t n)
{
	assert_int_equal(s.len, n);
	assert_memory_equal(s.data, octets, n);
}

static void
test_fields_of_a_certificate(void **state)
{
	struct test_der der;
	struct rgw_x509 cert = sample("server", &der);
	char text[80];

	(void)state;
	assert_span(cert.serial, "\x00\x80\x00", 3);
	assert_span(cert.common_name, "server", 6);
	assert_string_equal(rgw_name_format(cert.issuer, text, sizeof text),
	    "CN=radsecgw test CA, O=radsecgw tests");
	assert_string_equal(rgw_name_format(cert.subject, text, sizeof text),
	    "CN=server, O=radsecgw tests");
	assert_int_equal(cert.not_before, 1577836800);  /* date -ud 2020-01-01 +%s */
	assert_int_equal(cert.not_after, 4733510400);   /* 2120-01-01, GeneralizedTime */
	assert_false(cert.is_ca);
	assert_true(cert.has_eku && cert.eku_server && !cert.eku_client);
	assert_null(cert.policies.data);
}

/* Key types do not matter here, malformed extensions do. */
static void
test_samples(void **state)
{
	struct test_der der;
	size_t i = 0;

	(void)state;
	for (; test_cert_name(i) != NULL; i++) {
		const char *name = test_cert_name(i);
		bool bad = strcmp(name, "ip-bad") == 0 || strcmp(name, "san-twice") == 0;

		test_der_make(&der, test_cert_hex(name));
		if (accepts(der.octets, der.len) == bad)
			fail_msg("%s", name);
	}
	assert_true(i > 30);
}

static void
test_roles_and_ca(void **state)
{
	static const struct {
		const char *name;
		bool is_ca, has_eku, server, client;
	} rows[] = {
		{ "server", false, true, true, false },
		{ "client", false, true, false, true },
		{ "both", false, true, true, true },
		{ "any-eku", false, true, true, true },
		{ "no-eku", false, false, false, false },
		{ "ca", true, false, false, false },
		{ "clone", true, false, false, false },
		{ "leaf-ca", true, true, true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der;
		struct rgw_x509 cert = sample(rows[i].name, &der);

		assert_int_equal(cert.is_ca, rows[i].is_ca);
		assert_int_equal(cert.has_eku, rows[i].has_eku);
		assert_int_equal(cert.eku_server, rows[i].server);
		assert_int_equal(cert.eku_client, rows[i].client);
	}
}

#define CA EXTENSION("13", "3003 0101ff")
#define KEY_USAGE(value) EXTENSION("0f", value)

static void
test_who_may_issue(void **state)
{
	static const struct {
		const char *text;
		bool has_usage, cert_sign, crl_sign, may_issue;
	} rows[] = {
		{ WITH(""), false, false, false, false },
		{ WITH(EXTENSIONS(CA)), false, false, false, true },
		{ WITH(EXTENSIONS(EXTENSION("13", "3000"))), false, false, false, false },
		{ WITH(EXTENSIONS(KEY_USAGE("0302 0106"))), true, true, true, false },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0302 0106"))), true, true, true, true },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0302 0204"))), true, true, false, true },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0302 0186"))), true, true, true, true },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0303 070680"))), true, true, true, true },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0302 0102"))), true, false, true, false },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0302 07 80"))), true, false, false, false },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0303 07 0080"))), true, false, false, false },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0301 00"))), true, false, false, false },
		/* The bit is there, but does not count. */
		{ WITH(EXTENSIONS(CA KEY_USAGE("0302 0304"))), true, false, false, false },
		/* No BIT STRING, an empty one, nine bits that do not count, and something behind it. */
		{ WITH(EXTENSIONS(CA KEY_USAGE("0402 0106"))), true, false, false, false },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0300"))), true, false, false, false },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0302 0906"))), true, false, false, false },
		{ WITH(EXTENSIONS(CA KEY_USAGE("0302 0106 00"))), true, false, false, false },
		{ WITH(EXTENSIONS(CA KEY_USAGE(""))), true, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der;
		struct rgw_x509 cert;

		test_der_make(&der, rows[i].text);
		if (!rgw_x509_parse(&cert, der.octets, der.len) || cert.has_key_usage != rows[i].has_usage ||
		    cert.key_cert_sign != rows[i].cert_sign || cert.crl_sign != rows[i].crl_sign ||
		    rgw_x509_may_sign_crls(&cert) != (!rows[i].has_usage || rows[i].crl_sign) ||
		    rgw_x509_may_issue(&cert) != rows[i].may_issue)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
	assert_false(accepts_text(WITH(EXTENSIONS(KEY_USAGE("03020106") KEY_USAGE("03020106")))));
}

/* These certificates are unusual, but well-formed or harmless. */
static void
test_accepted_forms(void **state)
{
	static const struct {
		const char *why;
		const char *text;
	} rows[] = {
		{ "v3 without extensions", WITH("") },
		{ "v1", CERT("", SERIAL, ISSUER, VALIDITY, SUBJECT, "") },
		{ "v2 with unique identifiers",
		    CERT("a0(0201 01)", SERIAL, ISSUER, VALIDITY, SUBJECT, "810200aa 820200bb") },
		{ "v3 with the second identifier only", WITH("820200bb") },
		{ "negative serial number", CERT(VERSION, "0201 ff", ISSUER, VALIDITY, SUBJECT, "") },
		{ "long serial number", CERT(VERSION, "02('0123456789012345678901234567890123456789')",
		    ISSUER, VALIDITY, SUBJECT, "") },
		{ "serial number with a needed sign octet",
		    CERT(VERSION, "0202 0080", ISSUER, VALIDITY, SUBJECT, "") },
		{ "empty subject", WITH_SUBJECT("") },
		{ "several attributes in one part",
		    WITH_SUBJECT("31(30(0603550403 0c('a')) 30(060355040a 0c('b')))") },
		{ "empty string in a name", WITH_SUBJECT("31(30(0603550403 0c00))") },
		{ "basicConstraints that say FALSE", WITH(EXTENSIONS(EXTENSION("13", "3003 010100"))) },
		{ "basicConstraints with a path length",
		    WITH(EXTENSIONS(EXTENSION("13", "3006 0101ff 020100"))) },
		{ "critical FALSE written out",
		    WITH(EXTENSIONS("30(0603551d13 010100 04(3000))")) },
		{ "critical TRUE", WITH(EXTENSIONS("30(0603551d13 0101ff 04(3000))")) },
		{ "another extension twice, with junk",
		    WITH(EXTENSIONS(EXTENSION("0e", "ff") EXTENSION("0e", "ff"))) },
		{ "an extension whose identifier only begins alike",
		    WITH(EXTENSIONS("30(0604551d1101 04(ff))" SAN("82('a')"))) },
		{ "empty dNSName", WITH_SAN("8200") },
		{ "policy with qualifiers",
		    WITH(EXTENSIONS(EXTENSION("20", "30(30(06028837 30(30(0500))))"))) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (!accepts_text(rows[i].text))
			fail_msg("%s", rows[i].why);
}

struct bad_form {
	const char *why;
	const char *text;
};

static void
all_refused(const struct bad_form *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (accepts_text(rows[i].text))
			fail_msg("%s", rows[i].why);
}

#define REFUSE_SERIAL(why, serial) { why, CERT(VERSION, serial, ISSUER, VALIDITY, SUBJECT, "") }

#define OCTETS_32 "'0123456789abcdef0123456789abcdef'"
#define OCTETS_128 OCTETS_32 OCTETS_32 OCTETS_32 OCTETS_32

/* X.690 8.1, 10.1. The serial number stands for any element. */
static void
test_refuses_what_der_forbids(void **state)
{
	static const struct bad_form rows[] = {
		REFUSE_SERIAL("indefinite length", "0280 05 0000"),
		REFUSE_SERIAL("reserved length", "02ff 05"),
		REFUSE_SERIAL("length of one octet more than needed", "028101 05"),
		REFUSE_SERIAL("length with a leading zero", "02820001 05"),
		REFUSE_SERIAL("length with three leading zeros", "028400000001 05"),
		REFUSE_SERIAL("length of five octets", "02850000000001 05"),
		REFUSE_SERIAL("length of 2^32 - 1", "0284ffffffff 05"),
		REFUSE_SERIAL("length of 2^64 - 1", "0288ffffffffffffffff 05"),
		REFUSE_SERIAL("length of 2^64 + 128", "0289010000000000000080" OCTETS_128),
		REFUSE_SERIAL("indefinite length with 128 octets", "0280" OCTETS_128),
		REFUSE_SERIAL("high tag number", "1f0201 05"),
		REFUSE_SERIAL("high tag number in the private class", "df0201 05"),
		REFUSE_SERIAL("tag of an end of contents", "000105"),
		REFUSE_SERIAL("no serial number", ""),
		REFUSE_SERIAL("empty INTEGER", "0200"),
		REFUSE_SERIAL("INTEGER with a needless zero", "02020005"),
		REFUSE_SERIAL("INTEGER with a needless sign", "0202ff80"),
		REFUSE_SERIAL("another type", "040105"),
		REFUSE_SERIAL("constructed INTEGER", "2203020105"),
		{ "nothing", "" },
		{ "one octet", "30" },
		{ "empty SEQUENCE", "3000" },
		{ "a SEQUENCE of indefinite length all around", "3080" WITH("") "0000" },
		{ "octet behind the certificate", WITH("") "00" },
		{ "two certificates", WITH("") WITH("") },
		{ "octets behind the signature", "30(30(" VERSION SERIAL ALGORITHM ISSUER VALIDITY SUBJECT
		    KEY ")" ALGORITHM SIGNATURE "0500)" },
		{ "no signature", "30(30(" VERSION SERIAL ALGORITHM ISSUER VALIDITY SUBJECT KEY ")"
		    ALGORITHM ")" },
		{ "no algorithm of the signature", "30(30(" VERSION SERIAL ALGORITHM ISSUER VALIDITY
		    SUBJECT KEY ")" SIGNATURE ")" },
		{ "PEM", "'-----BEGIN CERTIFICATE-----'" },
	};

	(void)state;
	all_refused(rows, COUNT(rows));
}

static void
test_refuses_bad_structure(void **state)
{
	static const struct bad_form rows[] = {
		{ "v1 written out", CERT("a0(020100)", SERIAL, ISSUER, VALIDITY, SUBJECT, "") },
		{ "v4", CERT("a0(020103)", SERIAL, ISSUER, VALIDITY, SUBJECT, "") },
		{ "negative version", CERT("a0(0201fe)", SERIAL, ISSUER, VALIDITY, SUBJECT, "") },
		{ "version of two octets", CERT("a0(02020102)", SERIAL, ISSUER, VALIDITY, SUBJECT, "") },
		{ "empty version", CERT("a0(0200)", SERIAL, ISSUER, VALIDITY, SUBJECT, "") },
		{ "two versions", CERT("a0(020102 020102)", SERIAL, ISSUER, VALIDITY, SUBJECT, "") },
		{ "extensions in v1", CERT("", SERIAL, ISSUER, VALIDITY, SUBJECT,
		    EXTENSIONS(SAN("82('a')"))) },
		{ "extensions in v2", CERT("a0(020101)", SERIAL, ISSUER, VALIDITY, SUBJECT,
		    EXTENSIONS(SAN("82('a')"))) },
		{ "unique identifier in v1", CERT("", SERIAL, ISSUER, VALIDITY, SUBJECT, "810200aa") },
		{ "a third unique identifier", WITH("830200aa") },
		{ "unique identifiers in the wrong order", WITH("820200bb 810200aa") },
		{ "element behind the extensions", WITH(EXTENSIONS(SAN("82('a')")) "0500") },
		{ "extensions twice", WITH(EXTENSIONS(SAN("82('a')")) EXTENSIONS(SAN("82('b')"))) },
		{ "no extension in the list", WITH("a3(3000)") },
		{ "empty holder of extensions", WITH("a300") },
		{ "element behind the list", WITH("a3(30(" SAN("82('a')") ") 0500)") },
		{ "unknown element", WITH("a4(0500)") },
		{ "no validity", CERT(VERSION, SERIAL, ISSUER, "", SUBJECT, "") },
		{ "no subject", CERT(VERSION, SERIAL, ISSUER, VALIDITY, "", "") },
		{ "one time only", WITH_VALIDITY("30(17('200101000000Z'))") },
		{ "three times", WITH_VALIDITY("30(17('200101000000Z') 17('200101000000Z')"
		    " 17('200101000000Z'))") },
		{ "a day that there is not",
		    WITH_VALIDITY("30(17('200101000000Z') 17('210229000000Z'))") },
	};

	(void)state;
	all_refused(rows, COUNT(rows));
}

static void
test_refuses_bad_names(void **state)
{
	static const struct bad_form rows[] = {
		{ "empty part", WITH_SUBJECT("3100") },
		{ "SEQUENCE for SET", WITH_SUBJECT("30(30(0603550403 0c('a')))") },
		{ "SET for SEQUENCE", WITH_SUBJECT("31(31(0603550403 0c('a')))") },
		{ "no value", WITH_SUBJECT("31(30(0603550403))") },
		{ "two values", WITH_SUBJECT("31(30(0603550403 0c('a') 0c('b')))") },
		{ "no type", WITH_SUBJECT("31(30(0c('a')))") },
		{ "empty type", WITH_SUBJECT("31(30(0600 0c('a')))") },
		{ "type that does not end", WITH_SUBJECT("31(30(0603550483 0c('a')))") },
		{ "type that begins with padding", WITH_SUBJECT("31(30(0603800403 0c('a')))") },
		{ "type with padding", WITH_SUBJECT("31(30(060455048003 0c('a')))") },
		{ "value longer than its holder", WITH_SUBJECT("31(30(0603550403 0c0261))") },
		{ "value of indefinite length", WITH_SUBJECT("31(30(0603550403 2c80 0c0161 0000))") },
		{ "value with a high tag number", WITH_SUBJECT("31(30(0603550403 1f0161))") },
		{ "an octet behind", WITH_SUBJECT("31(30(0603550403 0c('a'))) 00") },
		{ "an octet behind within", WITH_SUBJECT("31(30(0603550403 0c('a')) 00)") },
		{ "issuer malformed too", CERT(VERSION, SERIAL, "30(3100)", VALIDITY, SUBJECT, "") },
		{ "more parts than the bound", WITH_SUBJECT(
		    CN("a") CN("a") CN("a") CN("a") CN("a") CN("a") CN("a") CN("a")
		    CN("a") CN("a") CN("a") CN("a") CN("a") CN("a") CN("a") CN("a")
		    CN("a") CN("a") CN("a") CN("a") CN("a") CN("a") CN("a") CN("a")
		    CN("a") CN("a") CN("a") CN("a") CN("a") CN("a") CN("a") CN("a") CN("a")) },
	};

	(void)state;
	all_refused(rows, COUNT(rows));
}

#define REFUSE_EXT(why, last, value) { why, WITH(EXTENSIONS(EXTENSION(last, value))) }
#define EKU_SERVER "06082b06010505070301"

static void
test_refuses_bad_extensions(void **state)
{
	static const struct bad_form rows[] = {
		{ "SAN twice", WITH(EXTENSIONS(SAN("82('a')") SAN("82('b')"))) },
		{ "basicConstraints twice",
		    WITH(EXTENSIONS(EXTENSION("13", "3000") EXTENSION("13", "3000"))) },
		{ "extended key usage twice", WITH(EXTENSIONS(EXTENSION("25", "30(" EKU_SERVER ")")
		    EXTENSION("25", "30(" EKU_SERVER ")"))) },
		{ "policies twice", WITH(EXTENSIONS(EXTENSION("20", "30(30(06028837))")
		    EXTENSION("20", "30(30(06028837))"))) },
		{ "extension without value", WITH(EXTENSIONS("30(0603551d11)")) },
		{ "extension without identifier", WITH(EXTENSIONS("30(04(3000))")) },
		{ "critical 1", WITH(EXTENSIONS("30(0603551d13 010101 04(3000))")) },
		{ "critical of two octets", WITH(EXTENSIONS("30(0603551d13 0102ffff 04(3000))")) },
		{ "empty critical", WITH(EXTENSIONS("30(0603551d13 0100 04(3000))")) },
		{ "two values", WITH(EXTENSIONS("30(0603551d13 04(3000) 04(3000))")) },
		{ "value in pieces", WITH(EXTENSIONS("30(0603551d13 24(04(3000)))")) },
		{ "SET of an extension", WITH(EXTENSIONS("31(0603551d13 04(3000))")) },
		REFUSE_EXT("empty value", "13", ""),
		REFUSE_EXT("cA is 1", "13", "3003 010101"),
		REFUSE_EXT("path length without contents", "13", "3005 0101ff 0200"),
		REFUSE_EXT("basicConstraints with more", "13", "3008 0101ff 020100 0500"),
		REFUSE_EXT("octets behind basicConstraints", "13", "3000 00"),
		REFUSE_EXT("basicConstraints are a SET", "13", "3100"),
		REFUSE_EXT("no extended key usage", "25", "3000"),
		REFUSE_EXT("extended key usage is no identifier", "25", "3003 020101"),
		REFUSE_EXT("empty identifier", "25", "3002 0600"),
		REFUSE_EXT("octets behind the extended key usage", "25", "30(" EKU_SERVER ") 00"),
		REFUSE_EXT("no policy", "20", "3000"),
		REFUSE_EXT("policy without identifier", "20", "30(3000)"),
		REFUSE_EXT("policy is no SEQUENCE", "20", "30(06028837)"),
		REFUSE_EXT("qualifiers are no SEQUENCE", "20", "30(30(06028837 0500))"),
		REFUSE_EXT("policy with more", "20", "30(30(06028837 3000 3000))"),
		REFUSE_EXT("octets behind the policies", "20", "30(30(06028837)) 00"),
	};

	(void)state;
	all_refused(rows, COUNT(rows));
}

/* RFC 5280 4.2.1.6, RFC 7585 2.2. */
static void
test_refuses_bad_alternative_names(void **state)
{
	static const struct bad_form rows[] = {
		{ "no name", WITH_SAN("") },
		{ "not a list", WITH(EXTENSIONS(EXTENSION("11", "8201 61"))) },
		{ "octets behind", WITH(EXTENSIONS(EXTENSION("11", "30(82('a')) 00"))) },
		{ "name longer than the list", WITH_SAN("820261") },
		{ "name much longer", WITH_SAN("827f61") },
		{ "name of a huge length", WITH_SAN("8284ffffffff61") },
		{ "name of indefinite length", WITH_SAN("a280 820161 0000") },
		{ "second name cut short", WITH_SAN("82('a') 82") },
		{ "unknown kind", WITH_SAN("8901 61") },
		{ "universal tag", WITH_SAN("0c('a')") },
		{ "dNSName in pieces", WITH_SAN("a2(16('a'))") },
		{ "otherName that is plain", WITH_SAN("80(0603551d11)") },
		{ "directoryName that is plain", WITH_SAN("84(3000)") },
		{ "application class", WITH_SAN("4201 61") },
		{ "empty iPAddress", WITH_SAN("8700") },
		{ "iPAddress of 3 octets", WITH_SAN("8703c00002") },
		{ "iPAddress of 5 octets", WITH_SAN("8705c000020100") },
		{ "iPAddress with a mask", WITH_SAN("8708c0000200ffffff00") },
		{ "iPAddress of 15 octets", WITH_SAN("87('123456789012345')") },
		{ "empty registeredID", WITH_SAN("8800") },
		{ "registeredID that does not end", WITH_SAN("880188") },
		{ "empty otherName", WITH_SAN("a000") },
		{ "otherName without value", WITH_SAN("a0(0603551d11)") },
		{ "otherName with an empty value", WITH_SAN("a0(0603551d11 a000)") },
		{ "otherName with two values", WITH_SAN("a0(0603551d11 a0(0500 0500))") },
		{ "otherName with more", WITH_SAN("a0(0603551d11 a0(0500) 0500)") },
		{ "otherName without type", WITH_SAN("a0(a0(0500))") },
		{ "NAIRealm without explicit tag", WITH_SAN("a0(06082b06010505070808 80('a.b'))") },
		{ "NAIRealm with an implicit tag", WITH_SAN("a0(06082b06010505070808 0c('a.b'))") },
		{ "two NAIRealms in one", WITH_SAN(NAIREALM("0c('a.b') 0c('c.d')")) },
	};

	(void)state;
	all_refused(rows, COUNT(rows));
}

/* A single odd name is ignored, not the certificate. */
static void
test_nairealms_that_name_nothing(void **state)
{
	static const char *const rows[] = { "0c00", "16('example.org')", "13('example.org')", "2c(0c('a.b'))", "0500" };
	struct test_der der;
	struct rgw_x509 cert;
	struct rgw_span rest;
	struct rgw_san san;
	char text[800];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof text, WITH_SAN("a0(06082b06010505070808 a0(%s)) 82('a.b')"), rows[i]);
		test_der_make(&der, text);
		assert_true(rgw_x509_parse(&cert, der.octets, der.len));
		rest = cert.san;
		assert_true(rgw_x509_next_san(&rest, &san));
		assert_int_equal(san.kind, RGW_SAN_BAD_NAIREALM);
		assert_true(rgw_x509_next_san(&rest, &san));
		assert_int_equal(san.kind, RGW_SAN_DNS);
	}
}

/* P-CRT-10: 1 to 255 octets. */
static void
test_length_of_nairealm(void **state)
{
	for (size_t n = 254; n <= 257; n++) {
		char realm[300] = "";
		char text[800];
		struct test_der der;
		struct rgw_x509 cert;
		struct rgw_span rest;
		struct rgw_san san;

		memset(realm, 'a', n);
		snprintf(text, sizeof text, WITH_SAN(NAIREALM("0c('%s')")), realm);
		test_der_make(&der, text);
		assert_true(rgw_x509_parse(&cert, der.octets, der.len));
		rest = cert.san;
		assert_true(rgw_x509_next_san(&rest, &san));
		assert_int_equal(san.kind, n <= 255 ? RGW_SAN_NAIREALM : RGW_SAN_BAD_NAIREALM);
	}
	(void)state;
}

static void
test_walks_alternative_names(void **state)
{
	static const char text[] = WITH_SAN("81('a@b') 82('a.b') 86('x:y') 8704c0000201"
	    " 8710 20010db8000000000000000000000001 88028837 " NAIREALM("0c('a.b')")
	    " a0(0603551d11 a0(0c('other'))) a3(3000) a4(30(" CN("dir") ")) a5(8000) 82('nul' 00 'b')");
	static const struct {
		enum rgw_san_kind kind;
		const char *octets;
		size_t n;
	} want[] = {
		{ RGW_SAN_EMAIL, "a@b", 3 },
		{ RGW_SAN_DNS, "a.b", 3 },
		{ RGW_SAN_URI, "x:y", 3 },
		{ RGW_SAN_IP, "\xc0\x00\x02\x01", 4 },
		{ RGW_SAN_IP, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16 },
		{ RGW_SAN_RID, "\x88\x37", 2 },
		{ RGW_SAN_NAIREALM, "a.b", 3 },
		{ RGW_SAN_OTHER, "\x06\x03\x55\x1d\x11\xa0\x07\x0c\x05other", 14 },
		{ RGW_SAN_OTHER, "\x30\x00", 2 },
		{ RGW_SAN_OTHER, "\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03" "dir", 16 },
		{ RGW_SAN_OTHER, "\x80\x00", 2 },
		{ RGW_SAN_DNS, "nul\0b", 5 },  /* kept as octets; the matcher refuses it */
	};
	struct test_der der;
	struct rgw_x509 cert;
	struct rgw_span rest;
	struct rgw_san san;

	(void)state;
	test_der_make(&der, text);
	assert_true(rgw_x509_parse(&cert, der.octets, der.len));
	rest = cert.san;
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(rgw_x509_next_san(&rest, &san));
		assert_int_equal(san.kind, want[i].kind);
		assert_span(san.value, want[i].octets, want[i].n);
	}
	assert_false(rgw_x509_next_san(&rest, &san));
	assert_false(rgw_x509_next_san(&rest, &san));
}

static void
test_walks_end_on_anything(void **state)
{
	static const uint8_t junk[] = { 0x82, 0x05, 'a' };
	struct rgw_span none = { NULL, 0 };
	struct rgw_span rest = { junk, sizeof junk };
	struct rgw_span policy;
	struct rgw_x509 cert;
	struct rgw_san san;

	(void)state;
	assert_false(rgw_x509_parse(&cert, NULL, 0));
	assert_false(rgw_x509_next_san(&none, &san));
	assert_false(rgw_x509_next_policy(&none, &policy));
	assert_false(rgw_x509_next_san(&rest, &san));
	assert_int_equal(rest.len, 0);
	rest = (struct rgw_span){ junk, sizeof junk };
	assert_false(rgw_x509_next_policy(&rest, &policy));
	assert_int_equal(rest.len, 0);
}

static void
test_walks_policies(void **state)
{
	struct test_der der;
	struct rgw_x509 cert = sample("policy", &der);
	struct rgw_span rest = cert.policies;
	struct rgw_span policy;
	char text[20];

	(void)state;
	assert_true(rgw_x509_next_policy(&rest, &policy));
	assert_string_equal(rgw_oid_format(policy, text, sizeof text), "2.999.1");
	assert_true(rgw_x509_next_policy(&rest, &policy));
	assert_string_equal(rgw_oid_format(policy, text, sizeof text), "2.999.2");
	assert_false(rgw_x509_next_policy(&rest, &policy));
}

/* The last common name counts, and one that is no text hides those before it. */
static void
test_common_name(void **state)
{
	static const struct {
		const char *text;
		const char *name;
		size_t n;
	} rows[] = {
		{ WITH_SUBJECT(CN("a")), "a", 1 },
		{ WITH_SUBJECT(CN("a") CN("b")), "b", 1 },
		{ WITH_SUBJECT("31(30(0603550403 0c('a')) 30(0603550403 0c('b')))"), "b", 1 },
		{ WITH_SUBJECT("31(30(0603550403 13('p')))"), "p", 1 },
		{ WITH_SUBJECT("31(30(0603550403 14('t')))"), "t", 1 },
		{ WITH_SUBJECT("31(30(0603550403 16('i')))"), "i", 1 },
		{ WITH_SUBJECT("31(30(0603550403 0c('a' 00 'b')))"), "a\0b", 3 },
		{ WITH_SUBJECT("31(30(060355040a 0c('a')))"), "", 0 },
		{ WITH_SUBJECT(""), "", 0 },
		{ WITH_SUBJECT("31(30(0603550403 1e('radius.test!')))"), "", 0 },
		{ WITH_SUBJECT(CN("a") "31(30(0603550403 1e('ab')))"), "", 0 },
		{ WITH_SUBJECT("31(30(0603550403 1c('abcd')))"), "", 0 },
		{ WITH_SUBJECT("31(30(0603550403 30(0c('a'))))"), "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der;
		struct rgw_x509 cert;

		test_der_make(&der, rows[i].text);
		assert_true(rgw_x509_parse(&cert, der.octets, der.len));
		assert_int_equal(cert.common_name.len, rows[i].n);
		if (rows[i].n > 0)
			assert_span(cert.common_name, rows[i].name, rows[i].n);
	}
}

/* Every proper prefix of every sample is refused. */
static void
test_truncation(void **state)
{
	struct test_der der;

	(void)state;
	for (size_t i = 0; test_cert_name(i) != NULL; i++) {
		test_der_make(&der, test_cert_hex(test_cert_name(i)));
		for (size_t n = 0; n < der.len; n++)
			if (accepts(der.octets, n))
				fail_msg("%s cut to %zu octets", test_cert_name(i), n);
	}
}

#define FULL(name) WITH(EXTENSIONS(SAN(name) EXTENSION("13", "30(010100)") \
	EXTENSION("20", "30(30(06(8837)))") EXTENSION("25", "30(" EKU_SERVER ")") \
	EXTENSION("0e", "aabbcc")))

/*
 * Every length octet that the parser follows, changed to every other value, is noticed. The lists
 * have one member each: a name that swallows exactly the one behind it would be well-formed.
 */
static void
test_altered_lengths(void **state)
{
	static const char *const rows[] = { FULL("81('a@b')"), FULL("82('a.b')"), FULL("86('x:y')"),
		FULL("87(c0000201)"), FULL("88(8837)"), FULL(NAIREALM("0c('a.b')")),
		FULL("a0(06(551d11) a0(0c('other')))") };
	struct test_der der;

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		test_der_make(&der, rows[n]);
		assert_true(accepts(der.octets, der.len));
		assert_true(der.n_lengths > 30);
		for (size_t i = 0; i < der.n_lengths; i++) {
			uint8_t *at = &der.octets[der.lengths[i]];
			uint8_t right = *at;

			for (unsigned value = 0; value < 256; value++) {
				*at = (uint8_t)value;
				if (value != right && accepts(der.octets, der.len))
					fail_msg("%zu: %u for %u", der.lengths[i], value, right);
			}
			*at = right;
		}
	}
}

/* Every octet of some samples changed to every value: whatever comes out, it is walked. */
static void
test_altered_octets(void **state)
{
	static const char *const names[] = { "nairealm", "policy" };
	struct test_der der;

	(void)state;
	for (size_t i = 0; i <= COUNT(names); i++) {
		test_der_make(&der, i < COUNT(names) ? test_cert_hex(names[i]) :
		    FULL("82('a.b') " NAIREALM("0c('a.b')")));
		for (size_t n = 0; n < der.len; n++) {
			uint8_t right = der.octets[n];

			for (unsigned value = 0; value < 256; value++) {
				der.octets[n] = (uint8_t)value;
				accepts(der.octets, der.len);
			}
			der.octets[n] = right;
		}
	}
}

/* DER written from its end to its beginning, so that lengths are known when they are written. */
struct back {
	uint8_t octets[1 << 20];
	size_t at;
};

static void
prepend(struct back *b, const void *octets, size_t n)
{
	assert_true(n <= b->at);
	b->at -= n;
	memcpy(b->octets + b->at, octets, n);
}

static void
prepend_text(struct back *b, const char *text)
{
	struct test_der der;

	test_der_make(&der, text);
	prepend(b, der.octets, der.len);
}

/* Makes all from here to `end` the contents of an element. */
static void
wrap(struct back *b, uint8_t tag, size_t end)
{
	size_t n = end - b->at;
	uint8_t head[5] = { tag, (uint8_t)n };
	size_t octets = n < 0x80 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : 3;

	if (octets > 0)
		head[1] = (uint8_t)(0x80 | octets);
	for (size_t i = 0; i < octets; i++)
		head[2 + i] = (uint8_t)(n >> 8 * (octets - 1 - i));
	prepend(b, head, 2 + octets);
}

/* Deep nesting costs nothing: what is not needed is not opened, and nothing recurses. */
static void
test_deep_nesting(void **state)
{
	struct back *b = calloc(1, sizeof *b);
	size_t end = sizeof b->octets;
	size_t end_tbs;

	(void)state;
	assert_non_null(b);
	b->at = end;
	prepend_text(b, ALGORITHM SIGNATURE);
	end_tbs = b->at;
	for (int i = 0; i < 150000; i++)
		wrap(b, 0x30, end_tbs);
	assert_false(accepts(b->octets + b->at, end_tbs - b->at));
	wrap(b, 0xa0, end_tbs);
	prepend_text(b, "0603551d11");
	wrap(b, 0xa0, end_tbs);
	wrap(b, 0x30, end_tbs);
	wrap(b, 0x04, end_tbs);
	prepend_text(b, "0603551d11");
	for (int i = 0; i < 2; i++)
		wrap(b, 0x30, end_tbs);
	wrap(b, 0xa3, end_tbs);
	prepend_text(b, VERSION SERIAL ALGORITHM ISSUER VALIDITY SUBJECT KEY);
	wrap(b, 0x30, end_tbs);
	wrap(b, 0x30, end);
	assert_true(accepts(b->octets + b->at, end - b->at));
	free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_of_a_certificate),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_roles_and_ca),
		cmocka_unit_test(test_who_may_issue),
		cmocka_unit_test(test_accepted_forms),
		cmocka_unit_test(test_refuses_what_der_forbids),
		cmocka_unit_test(test_refuses_bad_structure),
		cmocka_unit_test(test_refuses_bad_names),
		cmocka_unit_test(test_refuses_bad_extensions),
		cmocka_unit_test(test_refuses_bad_alternative_names),
		cmocka_unit_test(test_nairealms_that_name_nothing),
		cmocka_unit_test(test_length_of_nairealm),
		cmocka_unit_test(test_walks_alternative_names),
		cmocka_unit_test(test_walks_end_on_anything),
		cmocka_unit_test(test_walks_policies),
		cmocka_unit_test(test_common_name),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_altered_lengths),
		cmocka_unit_test(test_altered_octets),
		cmocka_unit_test(test_deep_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
