/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/crl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dertext.h"

/* The reader of CRLs; what a set of them says is in test_crlset.c. */

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A small CRL in the language of dertext.h, with parts that a test replaces. */
#define V2 "0201 01"
#define ALGORITHM "300a06082a8648ce3d040302"
#define SHA1 "300906072a8648ce3d0401"
#define NAME "30(31(30(0603550403 0c('ca'))))"
#define BEGINS "17('260101000000Z')"
#define ENDS "17('260201000000Z')"
#define SIGNATURE "0303 00aabb"
#define CRL(version, name, dates, entries, tail) \
	"30(30(" version ALGORITHM name dates entries tail ")" ALGORITHM SIGNATURE ")"
#define DATES BEGINS ENDS
#define REVOKED "17('251224180000Z')"
#define ENTRY(serial, tail) "30(02(" serial ")" REVOKED tail ")"
#define EXTENSION(last, value) "30(0603551d" last " 04(" value "))"
#define CRITICAL(last, value) "30(0603551d" last " 0101ff 04(" value "))"
#define LIST(extensions) "a0(30(" extensions "))"
#define REASON(code) "30(" EXTENSION("15", "0a01" code) ")"
#define NUMBER(n) EXTENSION("14", "02(" n ")")
#define KEY_ID EXTENSION("23", "30(80('key of ca'))")
#define SCOPE(parts) CRITICAL("1c", "30(" parts ")")
#define WITH_DATES(dates) CRL(V2, NAME, dates, "", "")
#define WITH_ENTRIES(entries) CRL(V2, NAME, DATES, "30(" entries ")", "")
#define WITH(extensions) CRL(V2, NAME, DATES, "", LIST(extensions))
#define OCTETS_16 "7f112233445566778899aabbccddeeff"
#define ONE_ENTRY "30(" ENTRY("05", "") ")"

/* ---- helpers ---- */

static void
assert_span(struct rgw_span s, const void *octets, size_t n)
{
	assert_int_equal(s.len, n);
	assert_memory_equal(s.data, octets, n);
}

/* What must hold of a CRL that was read: spans are inside, and the walk finds what was counted. */
static void
look_at(const struct rgw_crl *crl, const uint8_t *der, size_t len)
{
	const struct rgw_span spans[] = { crl->tbs, crl->algorithm, crl->signature, crl->facts.issuer,
		crl->facts.key_id, crl->facts.number, crl->facts.point, crl->entries };
	struct rgw_span rest = crl->entries;
	struct rgw_crl_entry entry;
	size_t n = 0;
	size_t longest = 0;

	for (size_t i = 0; i < COUNT(spans); i++) {
		if (spans[i].data == NULL)
			continue;
		assert_true(spans[i].data >= der && spans[i].data <= der + len);
		assert_true(spans[i].len <= (size_t)(der + len - spans[i].data));
	}
	assert_true(crl->facts.users || crl->facts.cas);
	assert_true(crl->facts.issuer.len > 2 && crl->signature.len > 0);
	for (; rgw_crl_next_entry(&rest, &entry); n++)
		longest = entry.serial.len > longest ? entry.serial.len : longest;
	assert_int_equal(n, crl->facts.n_entries);
	assert_int_equal(longest, crl->facts.serial_octets);
	assert_int_equal(rest.len, 0);
}

/* Reads from memory of exactly this size, so that a sanitizer sees each octet read beyond it. */
static enum rgw_crl_fault
fault_of(const uint8_t *der, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	struct rgw_crl_problem problem;
	struct rgw_crl crl;

	assert_non_null(copy);
	memcpy(copy, der, len);
	if (rgw_crl_parse(&crl, copy, len, &problem)) {
		look_at(&crl, copy, len);
		assert_int_equal(problem.fault, RGW_CRL_NO_FAULT);
		assert_int_equal(problem.entry, 0);
		assert_int_equal(problem.extension.len, 0);
	} else {
		assert_true(crl.tbs.data == NULL && crl.facts.issuer.data == NULL && crl.entries.data == NULL);
		assert_int_not_equal(problem.fault, RGW_CRL_NO_FAULT);
	}
	free(copy);
	return problem.fault;
}

/* Reads a text; the octets live in *der. */
static struct rgw_crl
read_text(const char *text, struct test_der *der)
{
	struct rgw_crl_problem problem;
	struct rgw_crl crl;
	char why[200];

	test_der_make(der, text);
	if (!rgw_crl_parse(&crl, der->octets, der->len, &problem))
		fail_msg("%s: %s", rgw_crl_explain(&problem, why, sizeof why), text);
	look_at(&crl, der->octets, der->len);
	return crl;
}

static struct rgw_crl_entry
entry_of(const struct rgw_crl *crl, size_t i)
{
	struct rgw_span rest = crl->entries;
	struct rgw_crl_entry entry;

	do
		assert_true(rgw_crl_next_entry(&rest, &entry));
	while (i-- > 0);
	return entry;
}

/* ---- what is read ---- */

static void
test_parts_of_a_crl(void **state)
{
	static const char text[] = CRL(V2, NAME, DATES,
	    "30(" ENTRY("05", "") ENTRY("00ff", REASON("01")) ")",
	    LIST(KEY_ID NUMBER("0102") EXTENSION("12", "3000")));
	struct test_der der, algorithm, name;
	struct rgw_crl crl = read_text(text, &der);

	(void)state;
	test_der_make(&algorithm, ALGORITHM);
	test_der_make(&name, NAME);
	assert_span(crl.algorithm, algorithm.octets, algorithm.len);
	assert_span(crl.facts.issuer, name.octets, name.len);
	assert_span(crl.signature, "\xaa\xbb", 2);
	assert_span(crl.facts.key_id, "key of ca", 9);
	assert_span(crl.facts.number, "\x01\x02", 2);
	assert_int_equal(crl.facts.this_update, 1767225600);  /* date -ud 2026-01-01 +%s */
	assert_int_equal(crl.facts.next_update, 1769904000);
	assert_int_equal(crl.facts.n_entries, 2);
	assert_int_equal(crl.facts.serial_octets, 2);
	assert_true(crl.facts.users && crl.facts.cas && !crl.is_v1);
	assert_span(entry_of(&crl, 0).serial, "\x05", 1);
	assert_int_equal(entry_of(&crl, 0).date, 1766599200);
	assert_int_equal(entry_of(&crl, 0).reason, RGW_CRL_UNSPECIFIED);
	assert_span(entry_of(&crl, 1).serial, "\x00\xff", 2);
	assert_int_equal(entry_of(&crl, 1).reason, 1);
}

/* What is signed is the first part, with its tag and its length. */
static void
test_what_is_signed(void **state)
{
	struct test_der der, tbs;
	struct rgw_crl crl = read_text(WITH_ENTRIES(ENTRY("05", "")), &der);

	(void)state;
	test_der_make(&tbs, "30(" V2 ALGORITHM NAME DATES "30(" ENTRY("05", "") "))");
	assert_span(crl.tbs, tbs.octets, tbs.len);
}

/* The CRLs of three programs, signed with ECDSA (and all reasons, OpenSSL 3.0), RSA (version 1, OpenSSL 3.0), and
 * Ed25519 (GnuTLS 3.7). */
static const char ecdsa_crl[] =
	"308201d93082017f020101300a06082a8648ce3d040302302f31173015060355040a0c0e7261647365636777207465737473"
	"3114301206035504030c0b7265766f6b696e67204341170d3236313133303138333434305a170d3236313233303138333434"
	"305a30818f3020020105170d3236303130313030303030305a300c300a0603551d1504030a0101302002017e170d32363033"
	"30313030303030305a300c300a0603551d1504030a0106302102021000170d3236303330313030303030305a300c300a0603"
	"551d1504030a010230260215008faa0011223344556677889900aabbccddeeff01170d3236303230313030303030305aa081"
	"8c308189306a0603551d230463306180147beb67a610ba093ab0b2a7130760f9b27e42db00a133a431302f31173015060355"
	"040a0c0e72616473656367772074657374733114301206035504030c0b7265766f6b696e672043418214605ae598b3f257d8"
	"b0f91b71d495980a4a94432b300f0603551d1c0101ff040530038101ff300a0603551d14040302012b300a06082a8648ce3d"
	"040302034800304502204fdf37b080a100a716248d323eb10214d241c47d3ed2060f03c89bfa4798daea022100c4a262f0d6"
	"9359d0a326926e3c54fb2e0de0feae5051e1517b84830912a8f0a6";
static const char rsa_crl[] =
	"308201bb3081a4300d06092a864886f70d01010b05003037310b300906035504061302585831173015060355040a0c0e7261"
	"647365636777207465737473310f300d06035504030c06525341204341170d3236313133303138333530375a170d32363132"
	"33303138333530375a303c3012020105170d3236303130313030303030305a30260215008faa0011223344556677889900aa"
	"bbccddeeff01170d3236303230313030303030305a300d06092a864886f70d01010b05000382010100660cb9fc2b4c698cca"
	"f63a0ddd4f55479cfa211e6ff560f9bd909ee0a3b7f70be9c7e2551c426bb3a73af0bef63011100cb99e58c3bd99d2e88ae2"
	"7fd703f67723d4140e690ebec3796e735d6b13047ec42d3956efceda79d3d51822496b92c961c30065103ed75ed77ea49109"
	"4978589781139947edddc465e8217a11fda3c85285b5fdaad64dad4e517526e2f7808c8cd79ffa9df55367f24acf37515af5"
	"ad06e2cd542b17eb0bef80a11c8b05fb63612309c771581c58b2d35ddfb28b22e1661776eb516d210dc9d8004e9a3115c181"
	"bdc630b3f3bdaf702bf381906b4be8378154c18ff9a9e789ad52e47f82e775294338e4abdd0d7dbb1d23bb82b3195d";
static const char ed25519_crl[] =
	"3081d4308187020101300506032b657030143112301006035504031309476e75544c53204341170d32363131333031383335"
	"30385a170d3236313233303138333530385a30153013020200c8170d3236313133303138333530385aa030302e301f060355"
	"1d23041830168014b4954738127bee97a6ed13c68fc4711aabf51c1e300b0603551d1404040202012c300506032b65700341"
	"001e1031db818b68fd6037a5ec2927ebf42c2a2f9ed9065334d5dd3059dc502d24de90f0e7b00d5c5a2d276eb4f55bbaac53"
	"a4cd059bba15bad109edb4427fb305";

static void
test_crls_of_other_programs(void **state)
{
	struct test_der der;
	struct rgw_crl crl = read_text(ecdsa_crl, &der);
	char name[80];

	(void)state;
	assert_string_equal(rgw_name_format(crl.facts.issuer, name, sizeof name), "CN=revoking CA, O=radsecgw tests");
	assert_span(crl.facts.number, "\x2b", 1);
	assert_span(crl.facts.key_id,
	    "\x7b\xeb\x67\xa6\x10\xba\x09\x3a\xb0\xb2\xa7\x13\x07\x60\xf9\xb2\x7e\x42\xdb\x00", 20);
	assert_int_equal(crl.facts.this_update, 1796063680);
	assert_int_equal(crl.facts.next_update, 1796063680 + 30 * 86400);
	assert_true(crl.facts.users && !crl.facts.cas);
	assert_int_equal(crl.facts.n_entries, 4);
	assert_int_equal(crl.facts.serial_octets, 21);
	assert_string_equal(rgw_crl_reason_name(entry_of(&crl, 0).reason), "keyCompromise");
	assert_string_equal(rgw_crl_reason_name(entry_of(&crl, 1).reason), "certificateHold");
	assert_string_equal(rgw_crl_reason_name(entry_of(&crl, 2).reason), "cACompromise");
	assert_string_equal(rgw_crl_reason_name(entry_of(&crl, 3).reason), "unspecified");
	crl = read_text(rsa_crl, &der);
	assert_true(crl.is_v1 && crl.facts.users && crl.facts.cas);
	assert_int_equal(crl.facts.n_entries, 2);
	assert_int_equal(crl.signature.len, 256);
	crl = read_text(ed25519_crl, &der);
	assert_span(crl.facts.number, "\x01\x2c", 2);
	assert_span(entry_of(&crl, 0).serial, "\x00\xc8", 2);
	assert_int_equal(crl.signature.len, 64);
}

/* ---- what is taken ---- */

static void
test_accepted_forms(void **state)
{
	static const char *const texts[] = {
		WITH_ENTRIES(""),
		WITH_DATES("18('20260101000000Z') 18('20260201000000Z')"),
		WITH_DATES(BEGINS "18('20510101000000Z')"),
		WITH_DATES(BEGINS BEGINS),
		CRL("", NAME, DATES, "", ""),
		CRL("", NAME, DATES, ONE_ENTRY, ""),
		/* Serial numbers that no CA should have given. */
		WITH_ENTRIES(ENTRY("00", "")),
		WITH_ENTRIES(ENTRY("ff", "") ENTRY("80", "")),
		WITH_ENTRIES(ENTRY("00" "ff112233445566778899aabbccddeeff00112233", "")),
		WITH_ENTRIES(ENTRY("80112233445566778899aabbccddeeff00112233", "")),
		WITH_ENTRIES(ENTRY("05", "") ENTRY("03", "") ENTRY("05", "")),
		/* A reason that is not known, and extensions that need not be. */
		WITH_ENTRIES(ENTRY("05", REASON("0b"))),
		WITH_ENTRIES(ENTRY("05", "30(" CRITICAL("15", "0a0101") ")")),
		WITH_ENTRIES(ENTRY("05", "30(" EXTENSION("18", "18('20260101000000Z')") ")")),
		WITH(EXTENSION("63", "3000") EXTENSION("63", "3000")),
		WITH("30(0603551d14 010100 04(020105))"),
		WITH(NUMBER("00ff112233445566778899aabbccddeeff00112233")),
		WITH(NUMBER("00")),
		/* Keys may be named by the certificate of the issuer, too, or not at all. */
		WITH(EXTENSION("23", "30(80('key') a1(82('ca.test')) 82(05))")),
		WITH(EXTENSION("23", "30(a1(82('ca.test')) 82(05))")),
		WITH(EXTENSION("23", "3000")),
		WITH(SCOPE("")),
		WITH(SCOPE("8101ff")),
		WITH(SCOPE("8201ff")),
		WITH(SCOPE("810100 820100 840100 850100")),
		WITH(EXTENSION("1c", "30(8101ff)")),
		WITH(SCOPE("a0(a0(86('http://ca.test/1.crl'))) 8101ff")),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct test_der der;

		read_text(texts[i], &der);
	}
}

static void
test_scopes(void **state)
{
	static const struct {
		const char *text;
		bool users, cas;
	} rows[] = {
		{ WITH(SCOPE("")), true, true },
		{ WITH(SCOPE("8101ff")), true, false },
		{ WITH(SCOPE("8201ff")), false, true },
		{ WITH(SCOPE("8101ff 820100")), true, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der;
		struct rgw_crl crl = read_text(rows[i].text, &der);

		assert_int_equal(crl.facts.users, rows[i].users);
		assert_int_equal(crl.facts.cas, rows[i].cas);
	}
}

/* ---- what is refused, and why ---- */

#define LONG_SERIAL "01112233445566778899aabbccddeeff0011223344"
#define MALFORMED(text) { text, RGW_CRL_MALFORMED, NULL }

static const struct {
	const char *text;
	enum rgw_crl_fault fault;
	const char *where;  /* how the sentence ends; NULL = it says no place */
} refused[] = {
	MALFORMED(""),
	MALFORMED("0500"),
	MALFORMED("3000"),
	MALFORMED("30(3000)"),
	MALFORMED("30(30(" V2 ALGORITHM NAME DATES ")" ALGORITHM ")"),
	MALFORMED("30(30(" V2 ALGORITHM NAME DATES ")" ALGORITHM SIGNATURE "0500)"),
	MALFORMED(WITH("") "00"),
	MALFORMED("3080 30(" V2 ALGORITHM NAME DATES ")" ALGORITHM SIGNATURE "0000"),
	MALFORMED("30(31(" V2 ALGORITHM NAME DATES ")" ALGORITHM SIGNATURE ")"),
	MALFORMED(CRL(V2, NAME, DATES, "3005", "")),
	MALFORMED(CRL(V2, NAME, DATES, "", "0500")),
	MALFORMED(CRL(V2, NAME, DATES, "", LIST(NUMBER("05")) "0500")),
	MALFORMED(CRL(V2, NAME, DATES, ONE_ENTRY, "3000")),
	{ "30(30(" V2 ALGORITHM NAME DATES ")" ALGORITHM "0301 00)", RGW_CRL_BAD_SIGNATURE, NULL },
	{ "30(30(" V2 ALGORITHM NAME DATES ")" ALGORITHM "0300)", RGW_CRL_BAD_SIGNATURE, NULL },
	{ "30(30(" V2 ALGORITHM NAME DATES ")" ALGORITHM "0303 01aaba)", RGW_CRL_BAD_SIGNATURE, NULL },
	{ CRL("020100", NAME, DATES, "", ""), RGW_CRL_BAD_VERSION, NULL },
	{ CRL("020102", NAME, DATES, "", ""), RGW_CRL_BAD_VERSION, NULL },
	{ CRL("02020101", NAME, DATES, "", ""), RGW_CRL_BAD_VERSION, NULL },
	{ CRL("0200", NAME, DATES, "", ""), RGW_CRL_BAD_VERSION, NULL },
	{ "30(30(" V2 "300a06082a8648ce3d040303" NAME DATES ")" ALGORITHM SIGNATURE ")", RGW_CRL_ALGORITHMS_DIFFER,
	    NULL },
	{ "30(30(" V2 "300c06082a8648ce3d040302 0500" NAME DATES ")" ALGORITHM SIGNATURE ")",
	    RGW_CRL_ALGORITHMS_DIFFER, NULL },
	{ "30(30(" V2 NAME DATES ")" ALGORITHM SIGNATURE ")", RGW_CRL_ALGORITHMS_DIFFER, NULL },
	{ "30(30(" V2 SHA1 NAME DATES ")" SHA1 SIGNATURE ")", RGW_CRL_WEAK, NULL },
	{ "30(30(" V2 "3000" NAME DATES ")" "3000" SIGNATURE ")", RGW_CRL_WEAK, NULL },
	{ CRL(V2, "3000", DATES, "", ""), RGW_CRL_BAD_ISSUER, NULL },
	{ CRL(V2, "30(3100)", DATES, "", ""), RGW_CRL_BAD_ISSUER, NULL },
	{ CRL(V2, "", DATES, "", ""), RGW_CRL_BAD_ISSUER, NULL },
	{ CRL(V2, "30(31(30(0603550403)))", DATES, "", ""), RGW_CRL_BAD_ISSUER, NULL },
	{ WITH_DATES(""), RGW_CRL_BAD_DATES, NULL },
	{ WITH_DATES("17('261301000000Z')" ENDS), RGW_CRL_BAD_DATES, NULL },
	{ WITH_DATES(BEGINS "17('260231000000Z')"), RGW_CRL_BAD_DATES, NULL },
	{ WITH_DATES(BEGINS "17('2602010000Z')"), RGW_CRL_BAD_DATES, NULL },
	{ WITH_DATES(BEGINS "18('20260201000000+0100')"), RGW_CRL_BAD_DATES, NULL },
	{ WITH_DATES(BEGINS), RGW_CRL_NO_END, NULL },
	{ CRL(V2, NAME, BEGINS, ONE_ENTRY, ""), RGW_CRL_NO_END, NULL },
	{ WITH_DATES(ENDS BEGINS), RGW_CRL_ENDS_BEFORE_IT_BEGINS, NULL },
	{ WITH_ENTRIES(ENTRY("05", "") ENTRY("", "")), RGW_CRL_BAD_ENTRY, ", entry 2" },
	{ WITH_ENTRIES(ENTRY("0005", "")), RGW_CRL_BAD_ENTRY, ", entry 1" },
	{ WITH_ENTRIES("0500"), RGW_CRL_BAD_ENTRY, ", entry 1" },
	{ WITH_ENTRIES("30(020105)"), RGW_CRL_BAD_ENTRY, ", entry 1" },
	{ WITH_ENTRIES("30(020105 17('260100000000Z'))"), RGW_CRL_BAD_ENTRY, ", entry 1" },
	{ WITH_ENTRIES(ENTRY("05", "") ENTRY("06", "") "30"), RGW_CRL_BAD_ENTRY, ", entry 3" },
	{ WITH_ENTRIES(ENTRY(LONG_SERIAL, "")), RGW_CRL_LONG_SERIAL, ", entry 1" },
	{ WITH_ENTRIES(ENTRY("00ff" LONG_SERIAL, "")), RGW_CRL_LONG_SERIAL, ", entry 1" },
	{ WITH_ENTRIES(ENTRY("ff7f" LONG_SERIAL, "")), RGW_CRL_LONG_SERIAL, ", entry 1" },
	{ WITH_ENTRIES(ENTRY("05", REASON("08"))), RGW_CRL_REMOVES, ", entry 1, extension 2.5.29.21" },
	{ CRL("", NAME, DATES, "30(" ENTRY("05", REASON("01")) ")", ""), RGW_CRL_V1_EXTENSIONS, ", entry 1" },
	{ CRL("", NAME, DATES, "", LIST(NUMBER("05"))), RGW_CRL_V1_EXTENSIONS, NULL },
	{ WITH_ENTRIES(ENTRY("05", "3000")), RGW_CRL_BAD_EXTENSION, ", entry 1" },
	{ WITH_ENTRIES(ENTRY("05", "0500")), RGW_CRL_BAD_EXTENSION, ", entry 1" },
	{ WITH_ENTRIES(ENTRY("05", REASON("01") "0500")), RGW_CRL_BAD_EXTENSION, ", entry 1" },
	{ WITH_ENTRIES(ENTRY("05", "30(" EXTENSION("15", "0a020001") ")")), RGW_CRL_BAD_EXTENSION,
	    ", entry 1, extension 2.5.29.21" },
	{ WITH_ENTRIES(ENTRY("05", "30(" EXTENSION("15", "0a00") ")")), RGW_CRL_BAD_EXTENSION,
	    ", entry 1, extension 2.5.29.21" },
	{ WITH_ENTRIES(ENTRY("05", "30(" EXTENSION("15", "020101") ")")), RGW_CRL_BAD_EXTENSION,
	    ", entry 1, extension 2.5.29.21" },
	{ WITH_ENTRIES(ENTRY("05", "30(" EXTENSION("15", "0a0101 00") ")")), RGW_CRL_BAD_EXTENSION,
	    ", entry 1, extension 2.5.29.21" },
	{ WITH(""), RGW_CRL_BAD_EXTENSION, NULL },
	{ CRL(V2, NAME, DATES, "", "a000"), RGW_CRL_BAD_EXTENSION, NULL },
	{ CRL(V2, NAME, DATES, "", "a0(30(" NUMBER("05") ") 0500)"), RGW_CRL_BAD_EXTENSION, NULL },
	{ WITH(NUMBER("05") "0500"), RGW_CRL_BAD_EXTENSION, NULL },
	{ WITH("30(0603551d80 0403 020105)"), RGW_CRL_BAD_EXTENSION, ", extension #551D80" },
	{ WITH("30(0603551d14 0101aa 0403 020105)"), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.20" },
	{ WITH("30(0603551d14 0403 020105 0500)"), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.20" },
	{ WITH(NUMBER("ff")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.20" },
	{ WITH(NUMBER("")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.20" },
	{ WITH(NUMBER(LONG_SERIAL)), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.20" },
	{ WITH(EXTENSION("14", "020105 00")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.20" },
	{ WITH(EXTENSION("23", "30(80('a') 80('b'))")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.35" },
	{ WITH(EXTENSION("23", "30(80('a')) 00")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.35" },
	{ WITH(EXTENSION("23", "31(80('a'))")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.35" },
	{ WITH(SCOPE("8201ff 8101ff")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(SCOPE("810155")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(SCOPE("8102ffff")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(SCOPE("8100")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(SCOPE("8601ff")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(CRITICAL("1c", "3000 00")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(NUMBER("05") NUMBER("06")), RGW_CRL_EXTENSION_TWICE, ", extension 2.5.29.20" },
	{ WITH(SCOPE("") SCOPE("")), RGW_CRL_EXTENSION_TWICE, ", extension 2.5.29.28" },
	{ WITH_ENTRIES(ENTRY("05", "30(" EXTENSION("15", "0a0101") EXTENSION("15", "0a0101") ")")),
	    RGW_CRL_EXTENSION_TWICE, ", entry 1, extension 2.5.29.21" },
	{ WITH(NUMBER("05") CRITICAL("63", "3000")), RGW_CRL_UNKNOWN_CRITICAL, ", extension 2.5.29.99" },
	{ WITH(CRITICAL("2e", "3000")), RGW_CRL_UNKNOWN_CRITICAL, ", extension 2.5.29.46" },
	{ WITH("30(06032a0304 0101ff 0400)"), RGW_CRL_UNKNOWN_CRITICAL, ", extension 1.2.3.4" },
	{ WITH_ENTRIES(ENTRY("05", "") ENTRY("06", "30(" CRITICAL("63", "3000") ")")), RGW_CRL_UNKNOWN_CRITICAL,
	    ", entry 2, extension 2.5.29.99" },
	/* What is known of a CRL means nothing in an entry. */
	{ WITH_ENTRIES(ENTRY("05", "30(" CRITICAL("14", "020105") ")")), RGW_CRL_UNKNOWN_CRITICAL,
	    ", entry 1, extension 2.5.29.20" },
	{ WITH(CRITICAL("1b", "020105")), RGW_CRL_DELTA, ", extension 2.5.29.27" },
	{ WITH(EXTENSION("1b", "020105")), RGW_CRL_DELTA, ", extension 2.5.29.27" },
	{ WITH(SCOPE("8401ff")), RGW_CRL_INDIRECT, ", extension 2.5.29.28" },
	{ WITH_ENTRIES(ENTRY("05", "30(" CRITICAL("1d", "30(82('ca.test'))") ")")), RGW_CRL_INDIRECT,
	    ", entry 1, extension 2.5.29.29" },
	{ WITH_ENTRIES(ENTRY("05", "30(" EXTENSION("1d", "30(82('ca.test'))") ")")), RGW_CRL_INDIRECT,
	    ", entry 1, extension 2.5.29.29" },
	{ WITH(SCOPE("83020640")), RGW_CRL_SOME_REASONS, ", extension 2.5.29.28" },
	{ WITH(SCOPE("a0(a1(30(0603550403 0c('1'))))")), RGW_CRL_RELATIVE_POINT, ", extension 2.5.29.28" },
	{ WITH(SCOPE("a0(a2(86('http://ca.test/1.crl')))")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(SCOPE("a0(a0(86('http://ca.test/1.crl')) 0500)")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(SCOPE("a0(a000)")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(SCOPE("a000")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(SCOPE("a0(a0(86('1') 86))")), RGW_CRL_BAD_EXTENSION, ", extension 2.5.29.28" },
	{ WITH(SCOPE("8501ff")), RGW_CRL_ATTRIBUTES, ", extension 2.5.29.28" },
	{ WITH(SCOPE("8101ff 8201ff")), RGW_CRL_FOR_NOBODY, ", extension 2.5.29.28" },
};

static void
test_refuses(void **state)
{
	bool seen[RGW_CRL_FAULTS] = { [RGW_CRL_NO_FAULT] = true, [RGW_CRL_TOO_LONG] = true };

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct rgw_crl_problem problem;
		struct rgw_crl crl;
		struct test_der der;
		char why[200];
		const char *place;

		test_der_make(&der, refused[i].text);
		if (rgw_crl_parse(&crl, der.octets, der.len, &problem))
			fail_msg("accepted: %s", refused[i].text);
		rgw_crl_explain(&problem, why, sizeof why);
		if (problem.fault != refused[i].fault)
			fail_msg("%s: %s", refused[i].text, why);
		place = strstr(why, ", entry ");
		if (place == NULL)
			place = strstr(why, ", extension ");
		if ((place == NULL) != (refused[i].where == NULL) ||
		    (place != NULL && strcmp(place, refused[i].where) != 0))
			fail_msg("%s: %s", refused[i].text, why);
		fault_of(der.octets, der.len);
		seen[problem.fault] = true;
	}
	for (int i = 0; i < RGW_CRL_FAULTS; i++)
		if (!seen[i])
			fail_msg("nothing is refused as %d", i);
}

/* Nothing of a CRL that is too long is looked at. */
static void
test_refuses_long_ones(void **state)
{
	struct rgw_crl_problem problem;
	struct rgw_crl crl;
	uint8_t octet = 0x30;
	uint8_t *most = calloc(1, RGW_CRL_MAX_OCTETS);

	(void)state;
	assert_non_null(most);
	assert_false(rgw_crl_parse(&crl, &octet, RGW_CRL_MAX_OCTETS + 1, &problem));
	assert_int_equal(problem.fault, RGW_CRL_TOO_LONG);
	assert_false(rgw_crl_parse(&crl, most, RGW_CRL_MAX_OCTETS, &problem));
	assert_int_equal(problem.fault, RGW_CRL_MALFORMED);
	free(most);
}

static void
test_sentences(void **state)
{
	static const uint8_t id[] = { 0x55, 0x1d, 0x1c };
	struct rgw_crl_problem problem = { RGW_CRL_NO_END, 0, { NULL, 0 } };
	char buf[200];
	char before[200] = "";

	(void)state;
	assert_string_equal(rgw_crl_explain(&problem, buf, sizeof buf),
	    "the CRL has no nextUpdate, so nobody could see that it is out of date");
	problem = (struct rgw_crl_problem){ RGW_CRL_BAD_EXTENSION, 100000, { id, sizeof id } };
	assert_string_equal(rgw_crl_explain(&problem, buf, sizeof buf),
	    "an extension of the CRL is malformed, entry 100000, extension 2.5.29.28");
	assert_string_equal(rgw_crl_explain(&problem, buf, 20), "an extension of ...");
	/* Each fault has a sentence of its own. */
	for (int i = 0; i < RGW_CRL_FAULTS; i++) {
		problem = (struct rgw_crl_problem){ (enum rgw_crl_fault)i, 0, { NULL, 0 } };
		assert_true(strlen(rgw_crl_explain(&problem, buf, sizeof buf)) > 20);
		assert_string_not_equal(buf, before);
		memcpy(before, buf, sizeof before);
	}
}

static void
test_names_of_reasons(void **state)
{
	(void)state;
	assert_string_equal(rgw_crl_reason_name(0), "unspecified");
	assert_string_equal(rgw_crl_reason_name(4), "superseded");
	assert_string_equal(rgw_crl_reason_name(7), "unknown reason");
	assert_string_equal(rgw_crl_reason_name(10), "aACompromise");
	assert_string_equal(rgw_crl_reason_name(11), "unknown reason");
	assert_string_equal(rgw_crl_reason_name(255), "unknown reason");
}

/* ---- anything ---- */

#define LARGE CRL(V2, NAME, DATES, "30(" ENTRY(OCTETS_16, REASON("01")) ENTRY("05", "") ")", \
	LIST(KEY_ID NUMBER("0102") SCOPE("a0(a0(86('1') 86('2'))) 8101ff")))

static void
test_truncation(void **state)
{
	struct test_der der;

	(void)state;
	test_der_make(&der, LARGE);
	assert_int_equal(fault_of(der.octets, der.len), RGW_CRL_NO_FAULT);
	for (size_t n = 0; n < der.len; n++)
		assert_int_equal(fault_of(der.octets, n), RGW_CRL_MALFORMED);
}

/* Lengths that do not fit are seen, each of them. */
static void
test_altered_lengths(void **state)
{
	struct test_der der;

	(void)state;
	test_der_make(&der, LARGE);
	for (size_t i = 0; i < der.n_lengths; i++) {
		uint8_t *octet = &der.octets[der.lengths[i]];
		uint8_t before = *octet;

		for (int change = -1; change <= 1; change += 2) {
			*octet = (uint8_t)(before + change);
			assert_int_not_equal(fault_of(der.octets, der.len), RGW_CRL_NO_FAULT);
		}
		*octet = before;
	}
}

/* Whatever one octet becomes, what is read stays inside. */
static void
test_altered_octets(void **state)
{
	struct test_der der;

	(void)state;
	test_der_make(&der, LARGE);
	for (size_t i = 0; i < der.len; i++) {
		uint8_t before = der.octets[i];

		for (unsigned value = 0; value < 256; value++) {
			der.octets[i] = (uint8_t)value;
			fault_of(der.octets, der.len);
		}
		der.octets[i] = before;
	}
}

/* A walk over anything ends. */
static void
test_walks_end_on_anything(void **state)
{
	struct test_der der;
	struct rgw_span rest = { NULL, 0 };
	struct rgw_crl_entry entry;

	(void)state;
	assert_false(rgw_crl_next_entry(&rest, &entry));
	test_der_make(&der, ENTRY("05", "") "0500" ENTRY("06", ""));
	rest = (struct rgw_span){ der.octets, der.len };
	assert_true(rgw_crl_next_entry(&rest, &entry));
	assert_false(rgw_crl_next_entry(&rest, &entry));
	assert_false(rgw_crl_next_entry(&rest, &entry));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_of_a_crl),
		cmocka_unit_test(test_what_is_signed),
		cmocka_unit_test(test_crls_of_other_programs),
		cmocka_unit_test(test_accepted_forms),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_refuses_long_ones),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_names_of_reasons),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_altered_lengths),
		cmocka_unit_test(test_altered_octets),
		cmocka_unit_test(test_walks_end_on_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
