/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/crl.h"

#include <stdio.h>
#include <stdlib.h>

#include "dertext.h"
#include "helpers.h"

/* What a set of CRLs says of a certificate. The reader of CRLs is tested in test_crl.c. */

/* So many allocations more succeed, and the last one was of that many octets; see the Makefile. */
static unsigned allocations = ~0u;
static size_t allocated;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static bool
may_allocate(void)
{
	if (allocations == 0)
		return false;
	allocations--;
	return true;
}

void *
__wrap_realloc(void *p, size_t size)
{
	return may_allocate() ? __real_realloc(p, size) : NULL;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	allocated = n * size;
	return may_allocate() ? __real_calloc(n, size) : NULL;
}

/* ---- CRLs and certificates ---- */

/* Days of January 2026, and the seconds at which they begin. */
#define DAY(n) (1767225600 + ((int64_t)(n) - 1) * 86400)

#define NO_NUMBER NULL

/* What a CRL is to say; what is left out is not said. */
struct spec {
	const char *issuer;     /* common name */
	const char *key;        /* keyIdentifier, in ASCII */
	const char *number;     /* octets of cRLNumber, in hexadecimal */
	int begins, ends;       /* days of January; 0 = the first, and the tenth */
	const char *scope;      /* parts of issuingDistributionPoint, as in dertext.h */
	const char *entries;    /* the same */
};

#define ENTRY(serial) "30(02(" serial ") 17('251224180000Z'))"
#define ENTRY_OF(serial, date, reason) "30(02(" serial ") " date " 30(30(0603551d15 04(0a01" reason "))))"

/* Appends a value between two texts, if there is a value. */
static void
append(char text[static 4000], const char *before, const char *value, const char *after)
{
	size_t n = strlen(text);

	if (value != NULL)
		assert_true(snprintf(text + n, 4000 - n, "%s%s%s", before, value, after) < (int)(4000 - n));
}

/* Adds a CRL, whose octets are gone afterwards. */
static enum rgw_crls_added
add(struct rgw_crls *set, const struct spec *spec, int64_t now)
{
	char text[4000];
	struct rgw_crl_problem problem;
	struct rgw_crl crl;
	struct test_der *der = malloc(sizeof *der);
	enum rgw_crls_added added;
	bool extends = spec->key != NULL || spec->number != NULL || spec->scope != NULL;

	assert_non_null(der);
	snprintf(text, sizeof text, "30(30(020101 300a06082a8648ce3d040302 30(31(30(0603550403 0c('%s')))) "
	    "17('2601%02d000000Z') 17('2601%02d000000Z')", spec->issuer, spec->begins > 0 ? spec->begins : 1,
	    spec->ends > 0 ? spec->ends : 10);
	append(text, "30(", spec->entries, ")");
	append(text, "", extends ? "a0(30(" : NULL, "");
	append(text, "30(0603551d23 04(30(80('", spec->key, "'))))");
	append(text, "30(0603551d14 04(02(", spec->number, ")))");
	append(text, "30(0603551d1c 0101ff 04(30(", spec->scope, ")))");
	append(text, "", extends ? "))" : NULL, "");
	append(text, ") 300a06082a8648ce3d040302 ", "0303 00aabb", ")");
	test_der_make(der, text);
	assert_true(rgw_crl_parse(&crl, der->octets, der->len, &problem));
	added = rgw_crls_add(set, &crl, now);
	memset(der, 0xee, sizeof *der);
	free(der);
	return added;
}

/* Asks about a certificate of CN=`issuer`; key may be NULL, serial is hexadecimal. */
static struct rgw_crl_answer
ask_about(const struct rgw_crls *set, const char *issuer, const char *key, const char *serial, bool is_ca, int64_t now)
{
	char text[200];
	struct test_der name;
	uint8_t number[64];
	struct rgw_x509 cert = { .is_ca = is_ca };

	snprintf(text, sizeof text, "30(31(30(0603550403 0c('%s'))))", issuer);
	test_der_make(&name, text);
	cert.issuer = (struct rgw_span){ name.octets, name.len };
	cert.serial = (struct rgw_span){ number, help_hex(serial, number, sizeof number) };
	if (key != NULL)
		cert.authority_key = (struct rgw_span){ (const uint8_t *)key, strlen(key) };
	return rgw_crls_ask(set, &cert, now);
}

static enum rgw_crl_verdict
verdict(const struct rgw_crls *set, const char *issuer, const char *serial, int64_t now)
{
	return ask_about(set, issuer, NULL, serial, false, now).verdict;
}

/* ---- one CRL ---- */

static void
test_an_empty_set_covers_nobody(void **state)
{
	struct rgw_crls set = { NULL, 0 };

	(void)state;
	assert_int_equal(verdict(&set, "ca", "05", DAY(2)), RGW_CRL_NOT_COVERED);
	assert_null(ask_about(&set, "ca", NULL, "05", false, DAY(2)).crl);
	rgw_crls_free(&set);
}

static void
test_listed_and_not_listed(void **state)
{
	struct rgw_crls set = { NULL, 0 };
	struct rgw_crl_answer answer;

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca",
	    .entries = ENTRY_OF("05", "17('251224180000Z')", "01") ENTRY("7e") }, DAY(1)), RGW_CRLS_ADDED);
	answer = ask_about(&set, "ca", NULL, "05", false, DAY(2));
	assert_int_equal(answer.verdict, RGW_CRL_REVOKED);
	assert_int_equal(answer.reason, 1);
	assert_int_equal(answer.date, 1766599200);
	assert_ptr_equal(answer.crl, set.v[0]);
	answer = ask_about(&set, "ca", NULL, "7e", false, DAY(2));
	assert_int_equal(answer.verdict, RGW_CRL_REVOKED);
	assert_int_equal(answer.reason, RGW_CRL_UNSPECIFIED);
	answer = ask_about(&set, "ca", NULL, "06", false, DAY(2));
	assert_int_equal(answer.verdict, RGW_CRL_GOOD);
	assert_int_equal(answer.crl->facts.next_update, DAY(10));
	assert_int_equal(verdict(&set, "ca", "04", DAY(2)), RGW_CRL_GOOD);
	assert_int_equal(verdict(&set, "ca", "7f", DAY(2)), RGW_CRL_GOOD);
	assert_int_equal(verdict(&set, "cb", "05", DAY(2)), RGW_CRL_NOT_COVERED);
	assert_int_equal(verdict(&set, "caa", "05", DAY(2)), RGW_CRL_NOT_COVERED);
	rgw_crls_free(&set);
	assert_int_equal(set.n, 0);
}

static void
test_a_list_without_entries(void **state)
{
	struct rgw_crls set = { NULL, 0 };

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca" }, DAY(1)), RGW_CRLS_ADDED);
	assert_int_equal(verdict(&set, "ca", "05", DAY(2)), RGW_CRL_GOOD);
	assert_int_equal(verdict(&set, "ca", "00", DAY(2)), RGW_CRL_GOOD);
	rgw_crls_free(&set);
}

/* The first and the last second count. Whoever is listed stays revoked. */
static void
test_dates(void **state)
{
	struct rgw_crls set = { NULL, 0 };
	static const struct {
		int64_t now;
		enum rgw_crl_verdict verdict;
	} rows[] = {
		{ DAY(3) - 1, RGW_CRL_NOT_YET },
		{ DAY(3), RGW_CRL_GOOD },
		{ DAY(6), RGW_CRL_GOOD },
		{ DAY(6) + 1, RGW_CRL_EXPIRED },
		{ 0, RGW_CRL_NOT_YET },
		{ INT64_MAX, RGW_CRL_EXPIRED },
	};

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .begins = 3, .ends = 6, .entries = ENTRY("05") },
	    DAY(1)), RGW_CRLS_ADDED);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(verdict(&set, "ca", "06", rows[i].now), rows[i].verdict);
		assert_non_null(ask_about(&set, "ca", NULL, "06", false, rows[i].now).crl);
		assert_int_equal(verdict(&set, "ca", "05", rows[i].now), RGW_CRL_REVOKED);
	}
	rgw_crls_free(&set);
}

/* The set keeps 32 bits of the date of a revocation. */
static void
test_dates_of_revocation(void **state)
{
	struct rgw_crls set = { NULL, 0 };

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca",
	    .entries = ENTRY_OF("01", "17('691231235959Z')", "01") ENTRY_OF("02", "18('21060207062814Z')", "02")
	    ENTRY_OF("03", "18('21060207062816Z')", "03") ENTRY_OF("04", "18('99991231235959Z')", "04") }, DAY(1)),
	    RGW_CRLS_ADDED);
	assert_int_equal(ask_about(&set, "ca", NULL, "01", false, DAY(2)).date, 0);
	assert_int_equal(ask_about(&set, "ca", NULL, "02", false, DAY(2)).date, UINT32_MAX - 1);
	assert_int_equal(ask_about(&set, "ca", NULL, "03", false, DAY(2)).date, UINT32_MAX);
	assert_int_equal(ask_about(&set, "ca", NULL, "04", false, DAY(2)).date, UINT32_MAX);
	assert_int_equal(ask_about(&set, "ca", NULL, "04", false, DAY(2)).reason, 4);
	rgw_crls_free(&set);
}

/* ---- serial numbers ---- */

/* Numbers that look alike in some number of octets are not taken for each other, whatever the longest is. */
static void
test_serial_numbers_are_numbers(void **state)
{
	static const char *const all[] = { "00", "01", "7f", "0080", "00ff", "0100", "ff", "80", "ff7f", "ff00", "8000",
		"00ff00", "7fffffffffffffffffffffffffffffffffffffff", "8000000000000000000000000000000000000000",
		"00ffffffffffffffffffffffffffffffffffffffff", "00ffffffffffffffffffffffffffffffffffffff00" };

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		for (size_t other = 0; other < COUNT(all); other++) {
			struct rgw_crls set = { NULL, 0 };
			char entries[400];

			snprintf(entries, sizeof entries, ENTRY("%s") ENTRY("%s") ENTRY("%s"), all[i], all[other],
			    all[i]);
			assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .entries = entries }, DAY(1)),
			    RGW_CRLS_ADDED);
			for (size_t j = 0; j < COUNT(all); j++)
				assert_int_equal(verdict(&set, "ca", all[j], DAY(2)),
				    j == i || j == other ? RGW_CRL_REVOKED : RGW_CRL_GOOD);
			rgw_crls_free(&set);
		}
	}
}

/* A certificate may have a longer serial number than any CRL, or, if no reader has seen it, none. */
static void
test_serial_numbers_that_no_crl_has(void **state)
{
	struct rgw_crls set = { NULL, 0 };
	char zeros[] = "000000000000000000000000000000000000000000000000000000000005";
	struct rgw_x509 cert = { .serial = { NULL, 0 } };

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .entries = ENTRY("05") }, DAY(1)), RGW_CRLS_ADDED);
	assert_int_equal(verdict(&set, "ca", zeros, DAY(2)), RGW_CRL_GOOD);
	cert.issuer = set.v[0]->facts.issuer;
	assert_int_equal(rgw_crls_ask(&set, &cert, DAY(2)).verdict, RGW_CRL_GOOD);
	rgw_crls_free(&set);
}

/* A CRL with many entries, octet by octet. */
struct many {
	uint8_t *octets;
	size_t len;
};

#define SERIAL 16
#define ONE (2 + 2 + SERIAL + 15)

static uint8_t *
put_head(uint8_t *at, uint8_t tag, size_t len)
{
	const uint8_t head[] = { tag, 0x84, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
		(uint8_t)len };

	/* As short as it can be, for CRLs of 64 KiB to 16 MiB. */
	assert_true(len >= 1 << 16 && len < 1 << 24);
	memcpy(at, head, 1);
	at[1] = 0x83;
	memcpy(at + 2, head + 3, 3);
	return at + 5;
}

/* Serial numbers of 16 octets, positive and never the same, in no order. */
static void
serial_of(uint32_t i, uint8_t out[SERIAL])
{
	struct help_rng rng = { i };

	help_fill(&rng, out, SERIAL);
	out[0] = 0x40 | (out[0] & 0x3f);
	memcpy(out + 4, &i, 4);
}

static struct many
many_entries(uint32_t n)
{
	struct test_der before, after;
	struct many m = { NULL, 0 };
	uint8_t *at;
	size_t list = (size_t)n * ONE, tbs;

	test_der_make(&before, "020101 300a06082a8648ce3d040302 30(31(30(0603550403 0c('ca')))) "
	    "17('260101000000Z') 17('260110000000Z')");
	test_der_make(&after, "300a06082a8648ce3d040302 0303 00aabb");
	tbs = before.len + 5 + list;
	m.octets = at = calloc(1, 10 + tbs + after.len);
	assert_non_null(at);
	at = put_head(put_head(at, 0x30, 5 + tbs + after.len), 0x30, tbs);
	memcpy(at, before.octets, before.len);
	at = put_head(at + before.len, 0x30, list);
	for (uint32_t i = 0; i < n; i++, at += ONE) {
		at[0] = 0x30;
		at[1] = ONE - 2;
		at[2] = 0x02;
		at[3] = SERIAL;
		serial_of(i, at + 4);
		memcpy(at + 4 + SERIAL, "\x17\x0d" "251224180000Z", 15);
	}
	memcpy(at, after.octets, after.len);
	m.len = (size_t)(at - m.octets) + after.len;
	return m;
}

#define MANY 100000

/* Each entry is found, none else, and it takes less memory than the file. */
static void
test_many_entries(void **state)
{
	struct many m = many_entries(MANY);
	struct rgw_crls set = { NULL, 0 };
	struct rgw_crl_problem problem;
	struct rgw_crl crl;
	uint8_t serial[SERIAL];
	struct rgw_x509 cert = { .serial = { serial, SERIAL } };

	(void)state;
	assert_true(rgw_crl_parse(&crl, m.octets, m.len, &problem));
	assert_int_equal(crl.facts.n_entries, MANY);
	assert_int_equal(rgw_crls_add(&set, &crl, DAY(1)), RGW_CRLS_ADDED);
	assert_in_range(allocated, 1, 5 * (size_t)(1 << 20) / 2);
	cert.issuer = set.v[0]->facts.issuer;
	free(m.octets);
	for (uint32_t i = 0; i < MANY; i++) {
		serial_of(i, serial);
		assert_int_equal(rgw_crls_ask(&set, &cert, DAY(2)).verdict, RGW_CRL_REVOKED);
		serial[SERIAL - 1] ^= 1;
		assert_int_equal(rgw_crls_ask(&set, &cert, DAY(2)).verdict, RGW_CRL_GOOD);
	}
	rgw_crls_free(&set);
}

/* ---- keys and scopes ---- */

static void
test_keys_of_one_issuer(void **state)
{
	struct rgw_crls set = { NULL, 0 };

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .key = "old", .number = "07",
	    .entries = ENTRY("05") }, DAY(1)), RGW_CRLS_ADDED);
	assert_int_equal(ask_about(&set, "ca", "old", "05", false, DAY(2)).verdict, RGW_CRL_REVOKED);
	assert_int_equal(ask_about(&set, "ca", "old", "06", false, DAY(2)).verdict, RGW_CRL_GOOD);
	assert_int_equal(ask_about(&set, "ca", "new", "05", false, DAY(2)).verdict, RGW_CRL_NOT_COVERED);
	assert_int_equal(ask_about(&set, "ca", "ol", "05", false, DAY(2)).verdict, RGW_CRL_NOT_COVERED);
	assert_int_equal(ask_about(&set, "ca", NULL, "05", false, DAY(2)).verdict, RGW_CRL_REVOKED);
	/* Another key has a count of its own. */
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .key = "new", .number = "01",
	    .entries = ENTRY("06") }, DAY(1)), RGW_CRLS_ADDED);
	assert_int_equal(set.n, 2);
	assert_int_equal(ask_about(&set, "ca", "old", "06", false, DAY(2)).verdict, RGW_CRL_GOOD);
	assert_int_equal(ask_about(&set, "ca", "new", "06", false, DAY(2)).verdict, RGW_CRL_REVOKED);
	assert_int_equal(ask_about(&set, "ca", "new", "05", false, DAY(2)).verdict, RGW_CRL_GOOD);
	/* Who does not say the key is asked for with both. */
	assert_int_equal(ask_about(&set, "ca", NULL, "05", false, DAY(2)).verdict, RGW_CRL_REVOKED);
	assert_int_equal(ask_about(&set, "ca", NULL, "06", false, DAY(2)).verdict, RGW_CRL_REVOKED);
	assert_int_equal(ask_about(&set, "ca", NULL, "07", false, DAY(2)).verdict, RGW_CRL_GOOD);
	rgw_crls_free(&set);
}

static void
test_a_crl_that_names_no_key(void **state)
{
	struct rgw_crls set = { NULL, 0 };

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .entries = ENTRY("05") }, DAY(1)), RGW_CRLS_ADDED);
	assert_int_equal(ask_about(&set, "ca", "any", "05", false, DAY(2)).verdict, RGW_CRL_REVOKED);
	assert_int_equal(ask_about(&set, "ca", "any", "06", false, DAY(2)).verdict, RGW_CRL_GOOD);
	rgw_crls_free(&set);
}

#define USERS "8101ff"
#define CAS "8201ff"

static void
test_end_entities_and_cas(void **state)
{
	struct rgw_crls set = { NULL, 0 };

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .scope = USERS, .number = "09",
	    .entries = ENTRY("05") }, DAY(1)), RGW_CRLS_ADDED);
	assert_int_equal(ask_about(&set, "ca", NULL, "05", false, DAY(2)).verdict, RGW_CRL_REVOKED);
	assert_int_equal(ask_about(&set, "ca", NULL, "05", true, DAY(2)).verdict, RGW_CRL_NOT_COVERED);
	/* Both stand beside each other, whatever their numbers are. */
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .scope = CAS, .number = "02",
	    .entries = ENTRY("06") }, DAY(1)), RGW_CRLS_ADDED);
	assert_int_equal(ask_about(&set, "ca", NULL, "05", false, DAY(2)).verdict, RGW_CRL_REVOKED);
	assert_int_equal(ask_about(&set, "ca", NULL, "05", true, DAY(2)).verdict, RGW_CRL_GOOD);
	assert_int_equal(ask_about(&set, "ca", NULL, "06", true, DAY(2)).verdict, RGW_CRL_REVOKED);
	assert_int_equal(ask_about(&set, "ca", NULL, "06", false, DAY(2)).verdict, RGW_CRL_GOOD);
	rgw_crls_free(&set);
}

/* A CRL for all is not superseded by a newer one for some of them, and the other way round. */
static void
test_scopes_are_kept_apart(void **state)
{
	static const char *const scopes[] = { NULL, USERS, CAS };

	(void)state;
	for (size_t i = 0; i < COUNT(scopes); i++) {
		for (size_t j = 0; j < COUNT(scopes); j++) {
			struct rgw_crls set = { NULL, 0 };

			assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .scope = scopes[i], .number = "01" },
			    DAY(1)), RGW_CRLS_ADDED);
			assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .scope = scopes[j], .number = "02" },
			    DAY(1)), RGW_CRLS_ADDED);
			assert_int_equal(set.n, i == j ? 1 : 2);
			rgw_crls_free(&set);
		}
	}
}

/* An issuer that divides its CRL: a part speaks of certificates that name its point. */
#define POINT(name) "a0(a0(86('" name "')))"
#define POINT_OF_CERT(name) "30(" POINT(name) ")"

static enum rgw_crl_verdict
verdict_with_points(const struct rgw_crls *set, const char *points, int64_t now)
{
	struct rgw_x509 cert = { .issuer = set->v[0]->facts.issuer, .serial = { (const uint8_t *)"\x05", 1 } };
	struct test_der der;

	if (points != NULL) {
		test_der_make(&der, points);
		cert.crl_points = (struct rgw_span){ der.octets, der.len };
	}
	return rgw_crls_ask(set, &cert, now).verdict;
}

static void
test_distribution_points(void **state)
{
	static const struct {
		const char *points;
		enum rgw_crl_verdict verdict;
	} rows[] = {
		{ NULL, RGW_CRL_NOT_COVERED },
		{ "", RGW_CRL_NOT_COVERED },
		{ POINT_OF_CERT("first"), RGW_CRL_REVOKED },
		{ POINT_OF_CERT("second"), RGW_CRL_GOOD },
		{ POINT_OF_CERT("third"), RGW_CRL_NOT_COVERED },
		{ POINT_OF_CERT("firs"), RGW_CRL_NOT_COVERED },
		{ POINT_OF_CERT("third") POINT_OF_CERT("first"), RGW_CRL_REVOKED },
		{ "30(a0(a0(86('third') 86('first'))))", RGW_CRL_REVOKED },
		/* The other name of the first point; the same text is another kind of name there. */
		{ "30(a0(a0(82('other'))))", RGW_CRL_REVOKED },
		{ "30(a0(a0(86('other'))))", RGW_CRL_NOT_COVERED },
		/* For some reasons, by another issuer, and relative to the issuer. */
		{ "30(" POINT("first") "81020640)", RGW_CRL_NOT_COVERED },
		{ "30(" POINT("first") "a2(82('cb')))", RGW_CRL_NOT_COVERED },
		{ "30(81020640)" POINT_OF_CERT("first"), RGW_CRL_REVOKED },
		{ "30(a0(a1(86('first'))))", RGW_CRL_NOT_COVERED },
		{ "30(82('first'))", RGW_CRL_NOT_COVERED },
		/* Malformed ones. */
		{ "30(a0(a0(86('first') 86)))", RGW_CRL_NOT_COVERED },
		{ "31(" POINT("first") ")", RGW_CRL_NOT_COVERED },
	};
	struct rgw_crls set = { NULL, 0 };

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .number = "01", .entries = ENTRY("05"),
	    .scope = "a0(a0(86('first') 82('other')))" }, DAY(1)), RGW_CRLS_ADDED);
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .number = "02", .scope = POINT("second") }, DAY(1)),
	    RGW_CRLS_ADDED);
	assert_int_equal(set.n, 2);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (verdict_with_points(&set, rows[i].points, DAY(2)) != rows[i].verdict)
			fail_msg("%s", rows[i].points != NULL ? rows[i].points : "no points");
	/* The newest of one part counts for it. */
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .number = "03",
	    .scope = "a0(a0(86('first') 82('other')))" }, DAY(1)), RGW_CRLS_ADDED);
	assert_int_equal(set.n, 2);
	assert_int_equal(verdict_with_points(&set, POINT_OF_CERT("first"), DAY(2)), RGW_CRL_GOOD);
	rgw_crls_free(&set);
}

/* A certificate with this extension. */
#define CERT_WITH(extension) "30(30(a0(020102) 020105 300a06082a8648ce3d040302 " \
	"30(31(30(0603550403 0c('ca')))) 30(17('200101000000Z') 18('21200101000000Z')) " \
	"30(31(30(0603550403 0c('leaf')))) 300b 3006 0604 2a864801 0301 00 " \
	"a3(30(" extension "))) 300a06082a8648ce3d040302 0303 00aabb)"

static void
test_points_in_certificates(void **state)
{
	static const struct {
		const char *text;
		bool is_there;
	} rows[] = {
		{ CERT_WITH("30(0603551d1f 04(30(" POINT_OF_CERT("first") ")))"), true },
		{ CERT_WITH("30(0603551d1f 0101ff 04(30(" POINT_OF_CERT("first") ")))"), true },
		{ CERT_WITH("30(0603551d1f 04(30(" POINT_OF_CERT("first") ") 00))"), false },
		{ CERT_WITH("30(0603551d1f 04(31(" POINT_OF_CERT("first") ")))"), false },
		{ CERT_WITH("30(0603551d1f 0400)"), false },
		{ CERT_WITH("30(0603551d0e 0400)"), false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der, points;
		struct rgw_x509 cert;

		test_der_make(&der, rows[i].text);
		test_der_make(&points, POINT_OF_CERT("first"));
		assert_true(rgw_x509_parse(&cert, der.octets, der.len));
		assert_int_equal(cert.crl_points.data != NULL, rows[i].is_there);
		assert_int_equal(cert.crl_points.len, rows[i].is_there ? points.len : 0);
		if (rows[i].is_there)
			assert_memory_equal(cert.crl_points.data, points.octets, points.len);
	}
}

/* What certificates say of the key of their issuer; one that cannot be read is no reason to refuse. */
static void
test_keys_in_certificates(void **state)
{
	static const struct {
		const char *value;
		const char *key;
	} rows[] = {
		{ "30(80('the key'))", "the key" },
		{ "30(80('the key') a1(82('ca.test')) 82(05))", "the key" },
		{ "30(a1(82('ca.test')) 82(05))", "" },
		{ "3000", "" },
		{ "30(80('the key') 0500)", "" },
		{ "30(80('the key')) 00", "" },
		{ "0500", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der;
		struct rgw_x509 cert;
		char text[600];

		snprintf(text, sizeof text, CERT_WITH("30(0603551d23 04(%s))"), rows[i].value);
		test_der_make(&der, text);
		assert_true(rgw_x509_parse(&cert, der.octets, der.len));
		assert_int_equal(cert.authority_key.len, strlen(rows[i].key));
		assert_true(cert.authority_key.len == 0 ||
		    memcmp(cert.authority_key.data, rows[i].key, cert.authority_key.len) == 0);
	}
}

/* ---- several CRLs of one issuer ---- */

/* Two CRLs of one issuer, of which the first lists 01 and the second 02, in either order; the second one counts. */
static void
check_second_counts(const struct spec *first, const struct spec *second)
{
	const struct spec one = { "ca", first->key, first->number, first->begins, first->ends, NULL, ENTRY("01") };
	const struct spec two = { "ca", second->key, second->number, second->begins, second->ends, NULL, ENTRY("02") };

	for (int turn = 0; turn < 2; turn++) {
		struct rgw_crls set = { NULL, 0 };

		assert_int_equal(add(&set, turn == 0 ? &one : &two, DAY(5)), RGW_CRLS_ADDED);
		assert_int_equal(add(&set, turn == 0 ? &two : &one, DAY(5)), turn == 0 ? RGW_CRLS_ADDED : RGW_CRLS_OLD);
		assert_int_equal(set.n, 1);
		assert_int_equal(verdict(&set, "ca", "01", DAY(5)), RGW_CRL_GOOD);
		assert_int_equal(verdict(&set, "ca", "02", DAY(5)), RGW_CRL_REVOKED);
		/* The newer one is not needed twice. */
		assert_int_equal(add(&set, &two, DAY(5)), RGW_CRLS_OLD);
		rgw_crls_free(&set);
	}
}

static void
test_the_newest_counts(void **state)
{
	(void)state;
	/* By number, also where the dates say otherwise. */
	check_second_counts(&(struct spec){ .number = "01", .begins = 3 },
	    &(struct spec){ .number = "02", .begins = 3 });
	check_second_counts(&(struct spec){ .number = "01", .begins = 3 },
	    &(struct spec){ .number = "02", .begins = 2 });
	check_second_counts(&(struct spec){ .number = "7f" }, &(struct spec){ .number = "0080" });
	check_second_counts(&(struct spec){ .number = "00ff" }, &(struct spec){ .number = "0100" });
	check_second_counts(&(struct spec){ .number = "0080" }, &(struct spec){ .number = "0101" });
	check_second_counts(&(struct spec){ .number = "0101" }, &(struct spec){ .number = "008000" });
	/* By date, if the numbers are equal or not there. */
	check_second_counts(&(struct spec){ .begins = 2 }, &(struct spec){ .begins = 3 });
	check_second_counts(&(struct spec){ .number = "05", .begins = 2 },
	    &(struct spec){ .number = "05", .begins = 3 });
	/* What has a number is newer than what has none. */
	check_second_counts(&(struct spec){ .begins = 4 }, &(struct spec){ .number = "00", .begins = 2 });
	check_second_counts(&(struct spec){ .key = "key", .number = "01" },
	    &(struct spec){ .key = "key", .number = "02" });
}

/* The newest counts even if it has ended and an older one has not. */
static void
test_the_newest_may_have_ended(void **state)
{
	struct rgw_crls set = { NULL, 0 };

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .number = "01", .ends = 20 }, DAY(5)),
	    RGW_CRLS_ADDED);
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .number = "02", .ends = 4 }, DAY(5)),
	    RGW_CRLS_ADDED);
	assert_int_equal(verdict(&set, "ca", "01", DAY(5)), RGW_CRL_EXPIRED);
	rgw_crls_free(&set);
}

/* One that was made beforehand waits beside the one in force, and takes its place in time. */
static void
test_a_crl_of_the_future(void **state)
{
	struct rgw_crls set = { NULL, 0 };
	const struct spec now_in_force = { .issuer = "ca", .number = "01", .entries = ENTRY("01") };
	const struct spec later = { .issuer = "ca", .number = "02", .begins = 6, .ends = 20, .entries = ENTRY("02") };
	const struct spec between = { .issuer = "ca", .number = "0100", .begins = 7, .ends = 20 };

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		assert_int_equal(add(&set, turn == 0 ? &later : &now_in_force, DAY(5)), RGW_CRLS_ADDED);
		assert_int_equal(add(&set, turn == 0 ? &now_in_force : &later, DAY(5)), RGW_CRLS_ADDED);
		assert_int_equal(add(&set, &later, DAY(5)), RGW_CRLS_OLD);
		assert_int_equal(set.n, 2);
		assert_int_equal(verdict(&set, "ca", "01", DAY(5)), RGW_CRL_REVOKED);
		assert_int_equal(verdict(&set, "ca", "03", DAY(5)), RGW_CRL_GOOD);
		assert_int_equal(verdict(&set, "ca", "01", DAY(6)), RGW_CRL_GOOD);
		assert_int_equal(verdict(&set, "ca", "02", DAY(6)), RGW_CRL_REVOKED);
		assert_int_equal(verdict(&set, "ca", "03", DAY(11)), RGW_CRL_GOOD);
		/* When that time has come, what is older goes with the next one. */
		assert_int_equal(add(&set, &now_in_force, DAY(6)), RGW_CRLS_OLD);
		assert_int_equal(add(&set, &between, DAY(7)), RGW_CRLS_ADDED);
		assert_int_equal(set.n, 1);
		assert_int_equal(verdict(&set, "ca", "02", DAY(7)), RGW_CRL_GOOD);
		rgw_crls_free(&set);
	}
}

/* Of several CRLs that speak of a certificate, the one that revokes it decides, then one that is in force. */
static void
test_the_greatest_verdict_holds(void **state)
{
	struct rgw_crls set = { NULL, 0 };

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .key = "future", .begins = 20, .ends = 25 }, DAY(5)),
	    RGW_CRLS_ADDED);
	assert_int_equal(verdict(&set, "ca", "01", DAY(15)), RGW_CRL_NOT_YET);
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .key = "ended", .entries = ENTRY("02") }, DAY(5)),
	    RGW_CRLS_ADDED);
	assert_int_equal(verdict(&set, "ca", "01", DAY(15)), RGW_CRL_EXPIRED);
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .key = "good", .begins = 14, .ends = 20 }, DAY(5)),
	    RGW_CRLS_ADDED);
	assert_int_equal(verdict(&set, "ca", "01", DAY(15)), RGW_CRL_GOOD);
	assert_int_equal(verdict(&set, "ca", "02", DAY(15)), RGW_CRL_REVOKED);
	rgw_crls_free(&set);
}

/* ---- limits ---- */

static void
test_a_set_is_bounded(void **state)
{
	struct rgw_crls set = { NULL, 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < RGW_CRLS_MAX; i++) {
		snprintf(name, sizeof name, "ca%d", i);
		assert_int_equal(add(&set, &(struct spec){ .issuer = name, .entries = ENTRY("05") }, DAY(1)),
		    RGW_CRLS_ADDED);
	}
	assert_int_equal(add(&set, &(struct spec){ .issuer = "one more" }, DAY(1)), RGW_CRLS_FULL);
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca7", .begins = 1 }, DAY(1)), RGW_CRLS_OLD);
	assert_int_equal(set.n, RGW_CRLS_MAX);
	assert_int_equal(verdict(&set, "ca1023", "05", DAY(2)), RGW_CRL_REVOKED);
	assert_int_equal(verdict(&set, "one more", "05", DAY(2)), RGW_CRL_NOT_COVERED);
	rgw_crls_free(&set);
}

/* Without memory the set stays as it was. */
static void
test_without_memory(void **state)
{
	struct rgw_crls set = { NULL, 0 };
	const struct spec newer = { .issuer = "ca", .begins = 2 };

	(void)state;
	assert_int_equal(add(&set, &(struct spec){ .issuer = "ca", .entries = ENTRY("05") }, DAY(2)), RGW_CRLS_ADDED);
	for (unsigned i = 0; i < 2; i++) {
		allocations = i;
		assert_int_equal(add(&set, &newer, DAY(2)), RGW_CRLS_NO_MEMORY);
		allocations = ~0u;
		assert_int_equal(set.n, 1);
		assert_int_equal(verdict(&set, "ca", "05", DAY(2)), RGW_CRL_REVOKED);
	}
	assert_int_equal(add(&set, &newer, DAY(2)), RGW_CRLS_ADDED);
	assert_int_equal(verdict(&set, "ca", "05", DAY(2)), RGW_CRL_GOOD);
	rgw_crls_free(&set);
}

/* ---- keys that have verified CRLs ---- */

/* CRLs of one name and scope, signed by different keys: one by each counts. */
static void
test_keys_are_told_apart(void **state)
{
	static const uint8_t one[32] = { 1 }, two[32] = { 2 };
	struct test_der der;
	struct rgw_crl_problem problem;
	struct rgw_crls set = { NULL, 0 };
	struct rgw_crl crl;

	(void)state;
	test_der_make(&der, "30(30(020101 300a06082a8648ce3d040302 30(31(30(0603550403 0c('ca')))) 17('260101000000Z') "
	    "17('260110000000Z') 30(" ENTRY("05") ")) 300a06082a8648ce3d040302 0303 00aabb)");
	assert_true(rgw_crl_parse(&crl, der.octets, der.len, &problem));
	assert_int_equal(crl.facts.key.len, 0);
	crl.facts.key = (struct rgw_span){ one, sizeof one };
	assert_int_equal(rgw_crls_add(&set, &crl, DAY(2)), RGW_CRLS_ADDED);
	assert_int_equal(rgw_crls_add(&set, &crl, DAY(2)), RGW_CRLS_OLD);
	crl.facts.key = (struct rgw_span){ two, sizeof two };
	assert_int_equal(rgw_crls_add(&set, &crl, DAY(2)), RGW_CRLS_ADDED);
	assert_int_equal(set.n, 2);
	assert_memory_equal(set.v[0]->facts.key.data, one, sizeof one);
	assert_memory_equal(set.v[1]->facts.key.data, two, sizeof two);
	assert_int_equal(ask_about(&set, "ca", NULL, "05", false, DAY(2)).verdict, RGW_CRL_REVOKED);
	rgw_crls_free(&set);
}

/* What nobody has verified takes no place: not even that of the same one. */
static void
test_unverified_ones_stay_beside_each_other(void **state)
{
	struct test_der der;
	struct rgw_crl_problem problem;
	struct rgw_crls set = { NULL, 0 };
	struct rgw_crl crl;

	(void)state;
	test_der_make(&der, "30(30(020101 300a06082a8648ce3d040302 30(31(30(0603550403 0c('ca')))) 17('260101000000Z') "
	    "17('260110000000Z')) 300a06082a8648ce3d040302 0303 00aabb)");
	assert_true(rgw_crl_parse(&crl, der.octets, der.len, &problem));
	assert_int_equal(rgw_crls_put(&set, &crl), RGW_CRLS_ADDED);
	assert_int_equal(rgw_crls_put(&set, &crl), RGW_CRLS_ADDED);
	assert_int_equal(set.n, 2);
	assert_false(rgw_crls_is_superseded(&set, set.v[0], DAY(2)));
	rgw_crls_free(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_set_covers_nobody),
		cmocka_unit_test(test_listed_and_not_listed),
		cmocka_unit_test(test_a_list_without_entries),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_dates_of_revocation),
		cmocka_unit_test(test_serial_numbers_are_numbers),
		cmocka_unit_test(test_serial_numbers_that_no_crl_has),
		cmocka_unit_test(test_many_entries),
		cmocka_unit_test(test_keys_of_one_issuer),
		cmocka_unit_test(test_a_crl_that_names_no_key),
		cmocka_unit_test(test_end_entities_and_cas),
		cmocka_unit_test(test_scopes_are_kept_apart),
		cmocka_unit_test(test_distribution_points),
		cmocka_unit_test(test_points_in_certificates),
		cmocka_unit_test(test_keys_in_certificates),
		cmocka_unit_test(test_the_newest_counts),
		cmocka_unit_test(test_the_newest_may_have_ended),
		cmocka_unit_test(test_a_crl_of_the_future),
		cmocka_unit_test(test_the_greatest_verdict_holds),
		cmocka_unit_test(test_a_set_is_bounded),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_keys_are_told_apart),
		cmocka_unit_test(test_unverified_ones_stay_beside_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
