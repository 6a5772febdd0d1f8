/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/nai.h"

#include "helpers.h"

/* P-NAI-2, P-NAI-7: the realm is what stands behind the last "@". */
static void
realm_of_a_name(void **state)
{
	static const struct { const char *name; const char *realm; } rows[] = {
		{ "bob@example.org", "example.org" }, { "@example.org", "example.org" },
		{ "a@b.c@d.e", "d.e" }, { "a@@d.e", "d.e" }, { "a@b@", NULL }, { "bob@", NULL },
		{ "@", NULL }, { "@@", NULL }, { "bob", NULL }, { "", NULL }, { "bob@x", "x" },
		{ "fred=?#$&*+-/^smith@example.com", "example.com" },
		{ "home.example!bob@other.example", "other.example" },
		{ "bob@Example.ORG.", "Example.ORG." }, { "DOMAIN\\bob", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const uint8_t *name = (const uint8_t *)rows[i].name;
		size_t len = 999;
		const uint8_t *realm = rgw_realm_of(name, strlen(rows[i].name), &len);

		assert_int_equal(realm != NULL, rows[i].realm != NULL);
		if (realm == NULL)
			continue;
		assert_int_equal(len, strlen(rows[i].realm));
		assert_memory_equal(realm, rows[i].realm, len);
		assert_true(realm > name && realm + len == name + strlen(rows[i].name));
	}
}

/* P-NAI-10: each fault alone, and what is none. */
static void
faults_of_names(void **state)
{
	static const struct { const char *name; size_t len; unsigned faults; } rows[] = {
		{ "bob@example.org", 15, 0 },
		{ "bob", 3, 0 }, { "bob@", 4, 0 }, { "", 0, 0 },
		/* Without a realm nothing is wrong with it. */
		{ "b ob..", 6, 0 },
		{ "bob @example.org", 16, 0 },
		{ "bob@example .org", 16, RGW_NAI_SPACE },
		{ "bob@example.org ", 16, RGW_NAI_SPACE },
		{ "bob@ example.org", 16, RGW_NAI_SPACE },
		{ "bob@example.org\t", 16, RGW_NAI_SPACE },
		{ "bob@example.org\0", 16, RGW_NAI_SPACE },
		{ "bob@example.org\x7f", 16, RGW_NAI_SPACE },
		{ "bob@ex\xc3\xa4mple.org", 16, 0 },
		{ "bob@example..org", 16, RGW_NAI_TWO_DOTS },
		{ "bob@.example.org", 16, RGW_NAI_LEADING_DOT },
		{ "bob@example.org.", 16, RGW_NAI_TRAILING_DOT },
		{ "bob@.", 5, RGW_NAI_LEADING_DOT | RGW_NAI_TRAILING_DOT },
		{ "bob@..", 6, RGW_NAI_LEADING_DOT | RGW_NAI_TRAILING_DOT | RGW_NAI_TWO_DOTS },
		{ "bob@example", 11, RGW_NAI_NO_DOT },
		{ "bob@x@example.org", 17, RGW_NAI_TWO_ATS },
		{ "@example.org", 12, 0 }, { "@@example.org", 13, RGW_NAI_TWO_ATS },
		/* What stands before the last "@" is the home's business. */
		{ "b..ob.@example.org", 18, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(rgw_nai_faults((const uint8_t *)rows[i].name, rows[i].len),
		    rows[i].faults);
}

static void
each_fault_has_its_words(void **state)
{
	static const unsigned faults[] = { RGW_NAI_SPACE, RGW_NAI_TWO_DOTS, RGW_NAI_LEADING_DOT,
		RGW_NAI_TRAILING_DOT, RGW_NAI_NO_DOT, RGW_NAI_TWO_ATS };

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(rgw_nai_fault_text(faults[i]),
			    rgw_nai_fault_text(faults[j]));
	assert_non_null(strstr(rgw_nai_fault_text(RGW_NAI_TRAILING_DOT), "ends with a dot"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(realm_of_a_name),
		cmocka_unit_test(faults_of_names),
		cmocka_unit_test(each_fault_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
