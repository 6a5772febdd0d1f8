/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dertext.h"
#include "helpers.h"
#include "radsecgw/x509.h"

/* What a CA allows those below it to be called (RFC 5280 4.2.1.10). */

#define NAME(text) "31(30(0603550403 0c('" text "')))"
#define PERMIT(what) "a0(30(" what "))"
#define EXCLUDE(what) "a1(30(" what "))"

static struct rgw_span
span(const char *text, struct test_der *der)
{
	test_der_make(der, text);
	return (struct rgw_span){ der->octets, der->len };
}

static void
names(void **state)
{
	static const struct {
		const char *constraints;
		const char *san;
		bool allowed;
	} rows[] = {
		{ "", "82('a.test')", true },
		{ PERMIT("82('test')"), "82('test')", true },
		{ PERMIT("82('test')"), "82('a.TEST')", true },
		{ PERMIT("82('test')"), "82('*.test')", true },
		{ PERMIT("82('test')"), "82('atest')", false },
		{ PERMIT("82('test')"), "82('test.evil')", false },
		{ PERMIT("82('test')"), "82('a.test') 82('evil')", false },
		{ PERMIT("82('test')"), "8200", false },
		{ PERMIT("82('.test')"), "82('a.test')", true },
		{ PERMIT("82('.test')"), "82('test')", false },
		{ PERMIT("8200"), "82('a.test')", true },
		{ "a0(30(82('a.test')) 30(82('b.test')))", "82('b.test')", true },
		{ EXCLUDE("82('a.test')"), "82('b.test')", true },
		{ EXCLUDE("82('a.test')"), "82('a.test')", false },
		{ EXCLUDE("82('a.test')"), "82('x.a.test')", false },
		{ EXCLUDE("82('a.test')"), "82('*.test')", false },
		{ EXCLUDE("82('a.test')"), "82('*.a.test')", false },
		{ EXCLUDE("8200"), "82('b.test')", false },
		{ PERMIT("82('test')") EXCLUDE("82('a.test')"), "82('b.test')", true },
		{ PERMIT("82('test')") EXCLUDE("82('a.test')"), "82('a.test')", false },
		/* Only names of a kind that is constrained are asked. */
		{ PERMIT("82('test')"), "87(c0000201) 82('test')", true },
		{ PERMIT("87(c0000200 ffffff00)"), "87(c0000201)", true },
		{ PERMIT("87(c0000200 ffffff00)"), "87(c0000301)", false },
		{ PERMIT("87(c0000200 ffffff00)"), "8710 20010db8000000000000000000000001", false },
		{ EXCLUDE("87(c0000200 ffffff00)"), "87(c0000201)", false },
		{ EXCLUDE("87(c0000200 ffffff00)"), "87(c0000301)", true },
		/* Kinds that are not understood. */
		{ PERMIT("86('test')"), "86('x://test')", false },
		{ EXCLUDE("81('test')"), "81('a@b')", false },
		{ EXCLUDE("a0(0603551d11 a0(0500))"), "a0(0603551d12 a0(0500))", false },
		/* The subject. */
		{ PERMIT("a4(30(" NAME("org") "))"), "82('a.test')", true },
		{ PERMIT("a4(30(" NAME("other") "))"), "82('a.test')", false },
		{ EXCLUDE("a4(30(" NAME("other") "))"), "82('a.test')", false },
		/* Malformed ones allow nothing. */
		{ "a0(31(82('test')))", "82('a.test')", false },
		{ "a0(3000)", "82('a.test')", false },
		{ "a1(3000)", "82('a.test')", false },
		{ PERMIT("82('test')") "0500", "82('a.test')", false },
		{ EXCLUDE("82('a')") PERMIT("82('test')"), "82('a.test')", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der c, n, s;
		struct rgw_x509 ca = { .constraints = span(rows[i].constraints, &c) };
		struct rgw_x509 cert = { .san = span(rows[i].san, &n),
			.subject = span("30(" NAME("org") NAME("x") ")", &s) };

		if (rgw_x509_permits(&ca, &cert) != rows[i].allowed)
			fail_msg("row %zu: %s, %s", i, rows[i].constraints, rows[i].san);
	}
}

/* The common name counts as a host's name where it may be taken for one. */
static void
common_name(void **state)
{
	struct test_der c, n, s;
	struct rgw_x509 ca = { .constraints = span(PERMIT("82('test')"), &c) };
	struct rgw_x509 cert = { .subject = span("30(" NAME("x") ")", &s) };

	(void)state;
	assert_true(rgw_x509_permits(&ca, &cert));
	cert.common_name = (struct rgw_span){ (const uint8_t *)"evil", 4 };
	assert_false(rgw_x509_permits(&ca, &cert));
	cert.common_name = (struct rgw_span){ (const uint8_t *)"a.test", 6 };
	assert_true(rgw_x509_permits(&ca, &cert));
	cert.common_name = (struct rgw_span){ (const uint8_t *)"evil", 4 };
	cert.is_ca = true;
	assert_true(rgw_x509_permits(&ca, &cert));
	cert.is_ca = false;
	cert.san = span("82('a.test')", &n);
	assert_true(rgw_x509_permits(&ca, &cert));
	ca.constraints = (struct rgw_span){ NULL, 0 };
	cert.san = span("82('evil')", &n);
	assert_true(rgw_x509_permits(&ca, &cert));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(common_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
