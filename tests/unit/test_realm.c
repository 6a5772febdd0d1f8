/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/realm.h"

#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"
#include "radsecgw/nai.h"
#include "radsecgw/pattern.h"

/* A configuration of realms only, from their patterns ("/..." for a regular expression), and the look-up
 * made from it. */
struct fixture {
	struct rgw_conf conf;
	struct rgw_realms *realms;
};

static enum rgw_realm_kind
kind_of(const char *pattern)
{
	if (strcmp(pattern, "*") == 0)
		return RGW_REALM_DEFAULT;
	if (strcmp(pattern, "-") == 0)
		return RGW_REALM_NONE;
	return pattern[0] == '.' ? RGW_REALM_SUFFIX : RGW_REALM_EXACT;
}

static struct fixture *
realms_of(const char *const *patterns, size_t n)
{
	struct fixture *f = rgw_xcalloc(1, sizeof *f);
	char why[80];

	f->conf.realm.v = rgw_xcalloc(n, sizeof *f->conf.realm.v);
	f->conf.realm.n = n;
	for (size_t i = 0; i < n; i++) {
		struct rgw_conf_realm *r = rgw_xcalloc(1, sizeof *r);

		r->head.name = rgw_xstrdup(patterns[i]);
		r->kind = kind_of(patterns[i]);
		if (patterns[i][0] == '/') {
			r->kind = RGW_REALM_REGEX;
			r->regex = rgw_pattern_new(patterns[i] + 1, true, why, sizeof why);
			assert_non_null(r->regex);
		}
		f->conf.realm.v[i] = r;
	}
	f->realms = rgw_realms_new(&f->conf);
	return f;
}

static void
fixture_free(struct fixture *f)
{
	rgw_realms_free(f->realms);
	for (size_t i = 0; i < f->conf.realm.n; i++) {
		rgw_pattern_free(f->conf.realm.v[i]->regex);
		free(f->conf.realm.v[i]->head.name);
		free(f->conf.realm.v[i]);
	}
	free(f->conf.realm.v);
	free(f);
}

/* The pattern that serves a realm, or "(none)". The realm lies in memory of its own size. */
static const char *
find(const struct fixture *f, const void *realm, size_t len)
{
	uint8_t *copy = rgw_xcalloc(1, len > 0 ? len : 1);
	const struct rgw_conf_realm *found;

	memcpy(copy, realm, len);
	found = rgw_realms_find(f->realms, copy, len);
	free(copy);
	return found != NULL ? found->head.name : "(none)";
}

static void
check_table(const char *const *patterns, size_t n, const char *const (*rows)[2], size_t n_rows)
{
	struct fixture *f = realms_of(patterns, n);

	for (size_t i = 0; i < n_rows; i++)
		assert_string_equal(find(f, rows[i][0], strlen(rows[i][0])), rows[i][1]);
	fixture_free(f);
}

/* P-PKT-7: NULs are octets like others. */
static void
names_with_nul(void **state)
{
	const uint8_t name[] = { 'a', 0, '@', 'b', 0, 'c' };
	size_t len;
	const uint8_t *realm = rgw_realm_of(name, sizeof name, &len);
	static const char *const patterns[] = { "b", "*" };
	struct fixture *f = realms_of(patterns, COUNT(patterns));

	(void)state;
	assert_ptr_equal(realm, name + 3);
	assert_int_equal(len, 3);
	assert_string_equal(find(f, realm, len), "*");
	fixture_free(f);
}

static void
exact_before_suffix_and_longer_before_shorter(void **state)
{
	static const char *const patterns[] = { ".org", ".example.org", "b.example.org",
		"example.org",
		".c.example.org", "*", "-", "x.y.z" };
	static const char *const rows[][2] = {
		{ "example.org", "example.org" },
		{ "b.example.org", "b.example.org" },
		{ "a.example.org", ".example.org" },
		{ "a.b.example.org", ".example.org" },
		{ "c.example.org", ".example.org" },  /* a suffix does not serve itself */
		{ "d.c.example.org", ".c.example.org" },
		{ "e.d.c.example.org", ".c.example.org" },
		{ "xexample.org", ".org" },           /* whole labels only: P-NAI-6 */
		{ "other.org", ".org" },
		{ "org", "*" },
		{ "example.com", "*" },
		{ "x.y.z", "x.y.z" },
		{ "w.x.y.z", "*" },
		{ "y.z", "*" },
		{ "", "-" },
	};

	(void)state;
	check_table(patterns, COUNT(patterns), rows, COUNT(rows));
}

/* P-NAI-3: ASCII letters in either case, on both sides; no other octets are folded. */
static void
ascii_case_is_folded(void **state)
{
	static const char *const patterns[] = { "Example.ORG", ".SUB.example.Org",
		"x\xc3\xbcx.example",
		"a[b.example", "*" };
	static const char *const rows[][2] = {
		{ "example.org", "Example.ORG" }, { "EXAMPLE.ORG", "Example.ORG" },
		{ "x.sub.EXAMPLE.org", ".SUB.example.Org" },
		{ "X\xc3\xbcX.example", "x\xc3\xbcx.example" },
		{ "x\xc3\x9cx.example", "*" },  /* U-umlaut in capitals stays what it is */
		{ "a{b.example", "*" },               /* '[' + 32; not letters */
		{ "A[B.EXAMPLE", "a[b.example" },
		{ "a;b.example", "*" },
	};

	(void)state;
	check_table(patterns, COUNT(patterns), rows, COUNT(rows));
}

/* Regular expressions are tried last of all but the default, in their order, and for the whole realm. */
static void
regular_expressions(void **state)
{
	static const char *const patterns[] = { "*", "/(.*\\.)?3gppnetwork\\.org", "/.*\\.org", "/[a-f]+",
		".example.org", "x.3gppnetwork.org", "/.*" };
	static const char *const rows[][2] = {
		{ "mnc1.3gppnetwork.org", "/(.*\\.)?3gppnetwork\\.org" },
		{ "3GPPNetwork.ORG", "/(.*\\.)?3gppnetwork\\.org" },
		{ "x3gppnetwork.org", "/.*\\.org" },
		{ "3gppnetwork.org.", "/.*" },
		{ "x.3gppnetwork.org", "x.3gppnetwork.org" },
		{ "a.example.org", ".example.org" },
		{ "cafe", "/[a-f]+" }, { "cafes", "/.*" },
		{ "\xc3\xbc", "/.*" },
	};
	struct fixture *f;

	(void)state;
	check_table(patterns, COUNT(patterns), rows, COUNT(rows));
	/* A text cannot have a NUL, so no expression is for it. */
	f = realms_of(patterns, COUNT(patterns));
	assert_string_equal(find(f, "a\0b", 3), "*");
	assert_string_equal(find(f, "", 0), "*");
	fixture_free(f);
}

/* P-NAI-7: a name without a realm is served by its own pattern, then by the default. */
static void
no_realm(void **state)
{
	static const char *const with[] = { "*", "-", "example.org" };
	static const char *const without[] = { "*", "example.org" };
	static const char *const neither[] = { "example.org" };
	struct fixture *f = realms_of(with, COUNT(with));
	const struct rgw_conf_realm *r;

	(void)state;
	assert_string_equal(find(f, "", 0), "-");
	r = rgw_realms_find(f->realms, NULL, 0);
	assert_string_equal(r->head.name, "-");
	/* What rgw_realm_of leaves in the length of no realm plays no part. */
	r = rgw_realms_find(f->realms, NULL, 3);
	assert_string_equal(r->head.name, "-");
	assert_string_equal(find(f, "-", 1), "*");
	assert_string_equal(find(f, "*", 1), "*");
	fixture_free(f);
	f = realms_of(without, COUNT(without));
	assert_string_equal(find(f, "", 0), "*");
	fixture_free(f);
	f = realms_of(neither, COUNT(neither));
	assert_string_equal(find(f, "", 0), "(none)");
	assert_string_equal(find(f, "other.org", 9), "(none)");
	assert_string_equal(find(f, "example.org", 11), "example.org");
	fixture_free(f);
}

static void
no_realms_at_all(void **state)
{
	struct fixture *f = realms_of(NULL, 0);

	(void)state;
	assert_string_equal(find(f, "example.org", 11), "(none)");
	assert_string_equal(find(f, "", 0), "(none)");
	fixture_free(f);
	rgw_realms_free(NULL);
}

static void
odd_dots(void **state)
{
	static const char *const patterns[] = { ".example.org", "*" };
	static const char *const rows[][2] = {
		{ ".example.org", "*" }, { "..example.org", ".example.org" },
		{ "a..example.org", ".example.org" }, { "example.org.", "*" },
		{ "a.example.org.", "*" }, { ".", "*" }, { "....", "*" }, { "a.example.orgx", "*" },
	};

	(void)state;
	check_table(patterns, COUNT(patterns), rows, COUNT(rows));
}

/* P-NAI-8: up to the 253 octets that a User-Name holds, and one more than it can. */
static void
long_names(void **state)
{
	char name[260];
	char suffix[260];
	const char *patterns[] = { name, suffix, "*" };
	struct fixture *f;
	char longer[300];

	(void)state;
	memset(name, 'a', sizeof name);
	for (size_t i = 10; i < 253; i += 10)
		name[i] = '.';
	name[253] = '\0';
	memcpy(suffix, name + 10, 244);  /* ".aaa...", 243 octets and the end */
	f = realms_of(patterns, COUNT(patterns));
	assert_string_equal(find(f, name, 253), name);
	assert_string_equal(find(f, name, 252), "*");
	memcpy(longer, name, 253);
	longer[0] = 'b';
	assert_string_equal(find(f, longer, 253), suffix);
	snprintf(longer, sizeof longer, "a%s", name);
	assert_string_equal(find(f, longer, 254), "*");
	memset(longer, '.', sizeof longer);
	assert_string_equal(find(f, longer, 253), "*");
	fixture_free(f);
}

/* The definition of the look-up is a walk over all patterns. */
static const char *
find_slowly(const char *const *patterns, size_t n, const char *realm)
{
	const char *best = "*";
	size_t len = strlen(realm);

	for (size_t i = 0; i < n; i++) {
		size_t m = strlen(patterns[i]);

		if (strcmp(patterns[i], realm) == 0)
			return patterns[i];
		if (patterns[i][0] == '.' && m < len && strcmp(realm + len - m, patterns[i]) == 0 &&
		    (best[0] != '.' || m > strlen(best)))
			best = patterns[i];
	}
	return best;
}

/* Thousands of realms of few labels, looked up against the walk. */
static void
against_a_linear_search(void **state)
{
	enum { N = 300, LOOKUPS = 3000, LEN = 16 };
	struct help_rng rng = { 91 };
	char (*texts)[LEN] = rgw_xcalloc(N, sizeof *texts);
	const char **patterns = rgw_xcalloc(N + 1, sizeof *patterns);
	struct fixture *f;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		unsigned n = i;

		/* Labels are single letters; each pattern comes out once. */
		snprintf(texts[i], LEN, "%s%c.%c.%c", i % 2 == 0 ? "." : "", 'a' + n / 2 % 6,
		    'a' + n / 12 % 6, 'a' + n / 72 % 6);
		if (i % 4 < 2)
			memmove(texts[i] + (i % 2 == 0), texts[i] + 2 + (i % 2 == 0), 4);
		patterns[i] = texts[i];
		for (size_t k = 0; k < i; k++)
			if (strcmp(texts[k], texts[i]) == 0)
				patterns[i] = "unused.pattern";
	}
	patterns[N] = "*";
	f = realms_of(patterns, N + 1);
	for (size_t i = 0; i < LOOKUPS; i++) {
		char realm[32];
		size_t labels = 1 + help_below(&rng, 5);
		size_t len = 0;

		for (size_t k = 0; k < labels; k++) {
			realm[len++] = (char)('a' + help_below(&rng, 6));
			realm[len++] = '.';
		}
		realm[--len] = '\0';
		assert_string_equal(find(f, realm, len), find_slowly(patterns, N + 1, realm));
	}
	fixture_free(f);
	free(patterns);
	free(texts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_with_nul),
		cmocka_unit_test(exact_before_suffix_and_longer_before_shorter),
		cmocka_unit_test(ascii_case_is_folded),
		cmocka_unit_test(regular_expressions),
		cmocka_unit_test(no_realm),
		cmocka_unit_test(no_realms_at_all),
		cmocka_unit_test(odd_dots),
		cmocka_unit_test(long_names),
		cmocka_unit_test(against_a_linear_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
