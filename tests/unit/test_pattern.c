/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/pattern.h"

#include <pthread.h>
#include <stdio.h>

#include <malloc.h>

#include "helpers.h"

static struct rgw_pattern *
pattern_of(const char *text, bool anchored)
{
	char why[128] = "";
	struct rgw_pattern *p = rgw_pattern_new(text, anchored, why, sizeof why);

	if (p == NULL)
		fail_msg("%s: %s", text, why);
	assert_string_equal(rgw_pattern_text(p), text);
	return p;
}

static bool
matches(const char *text, bool anchored, const void *data, size_t len)
{
	struct rgw_pattern *p = pattern_of(text, anchored);
	bool yes = rgw_pattern_match(p, data, len, NULL);

	rgw_pattern_free(p);
	return yes;
}

static void
finds_anywhere_or_covers_all(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool found, covers;
	} rows[] = {
		{ "example", "example", true, true },
		{ "example", "bob@example.org", true, false },
		{ "@example\\.org$", "bob@example.org", true, false },
		{ "@example\\.org$", "bob@exampleXorg", false, false },
		{ "^bob@", "bob@example.org", true, false },
		{ "^bob@", "x bob@example.org", false, false },
		{ "", "", true, true },
		{ "", "x", true, false },
		{ "^$", "", true, true },
		{ ".*", "", true, true },
		{ "x", "", false, false },
		/* The longest match decides, not the first alternative. */
		{ "a|ab", "ab", true, true },
		{ "(a|ab)(c|bcd)", "abcd", true, true },
		{ "b*", "abbb", true, false },
		/* Letters of ASCII match in either case. */
		{ "EXAMPLE\\.org", "example.ORG", true, true },
		{ "[a-f]+", "ABCDEF", true, true },
		{ "[^a-z]", "ABC", false, false },
		{ "[[:upper:]]", "a", true, true },
		/* Repetitions. */
		{ "([0-9a-f]{2}-){5}[0-9a-f]{2}", "02-00-00-AB-cd-ef", true, true },
		{ "([0-9a-f]{2}-){5}[0-9a-f]{2}", "02-00-00-AB-cd", false, false },
		{ "a{2,3}", "aaaa", true, false },
		{ "x{2,}", "xxxxx", true, true },
		/* A line break is an octet as any other. */
		{ "^b", "a\nb", false, false },
		{ "a.b", "a\nb", true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = strlen(rows[i].text);

		if (matches(rows[i].pattern, false, rows[i].text, n) != rows[i].found ||
		    matches(rows[i].pattern, true, rows[i].text, n) != rows[i].covers)
			fail_msg("%s with %s", rows[i].pattern, rows[i].text);
	}
}

static void
says_where_groups_are(void **state)
{
	static const struct {
		const char *pattern, *text;
		int from[4], to[4];  /* -1 = took no part */
	} rows[] = {
		{ "^(.*)@(.*)$", "bob@example.org", { 0, 0, 4, -1 }, { 15, 3, 15, -1 } },
		/* Both take as much as they can, the first one before the second. */
		{ "(.*)@(.*)", "a@b@c", { 0, 0, 4, -1 }, { 5, 3, 5, -1 } },
		{ "(a)|(b)", "xb", { 1, -1, 1, -1 }, { 2, -1, 2, -1 } },
		{ "x(y*)", "ax", { 1, 2, -1, -1 }, { 2, 2, -1, -1 } },
		{ "$", "abc", { 3, -1, -1, -1 }, { 3, -1, -1, -1 } },
		{ "((b)o)b", "bob", { 0, 0, 0, -1 }, { 3, 2, 1, -1 } },
	};
	struct rgw_pattern_group g[RGW_PATTERN_GROUPS];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_pattern *p = pattern_of(rows[i].pattern, false);

		assert_true(rgw_pattern_match(p, (const uint8_t *)rows[i].text, strlen(rows[i].text), g));
		for (size_t k = 0; k < RGW_PATTERN_GROUPS; k++) {
			int from = k < 4 ? rows[i].from[k] : -1;
			int to = k < 4 ? rows[i].to[k] : -1;

			assert_int_equal(g[k].set, from >= 0);
			assert_int_equal(g[k].from, from >= 0 ? from : 0);
			assert_int_equal(g[k].to, from >= 0 ? to : 0);
		}
		rgw_pattern_free(p);
	}
}

/* A tenth group of a pattern is found by nobody, but does no harm. */
static void
has_nine_groups(void **state)
{
	struct rgw_pattern_group g[RGW_PATTERN_GROUPS];
	struct rgw_pattern *p = pattern_of("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", false);

	(void)state;
	assert_true(rgw_pattern_match(p, (const uint8_t *)"abcdefghij", 10, g));
	assert_true(g[9].set && g[9].from == 8 && g[9].to == 9);
	assert_int_equal(rgw_pattern_count(p), 10);
	rgw_pattern_free(p);
}

/* Every octet but NUL is one character, also where the text would be bad UTF-8. */
static void
octets_match_themselves(void **state)
{
	struct rgw_pattern_group g[RGW_PATTERN_GROUPS];
	struct rgw_pattern *dot = pattern_of("^(.)$", false);

	(void)state;
	for (unsigned c = 1; c < 256; c++) {
		const uint8_t octet = (uint8_t)c;
		char own[8] = { '[', '^', (char)c, ']', '\0' };

		assert_true(rgw_pattern_match(dot, &octet, 1, g));
		assert_int_equal(g[1].to, 1);
		if (c != '^' && c != ']' && c != '[')
			assert_false(matches(own, false, &octet, 1));
	}
	rgw_pattern_free(dot);
	assert_true(matches("^\xc3\xa9+$", true, "\xc3\xa9\xa9", 3));
	assert_false(matches("\xc3\xa9", false, "\xc3\x89", 2));
}

static void
no_text_never_matches(void **state)
{
	uint8_t text[254];

	(void)state;
	memset(text, 'a', sizeof text);
	assert_true(matches("^a*$", true, text, 253));
	assert_false(matches("a", false, text, 254));
	assert_true(matches("", true, NULL, 0));
	text[2] = '\0';
	assert_true(matches("a", false, text, 2));
	assert_false(matches("a", false, text, 3));
	assert_false(matches(".*", false, text, 253));
}

static void
refuses_what_is_no_pattern(void **state)
{
	static const struct {
		const char *pattern, *word;
	} rows[] = {
		{ "(", "nmatched (" },
		{ "a)", NULL },
		{ "[a", "nmatched [" },
		{ "a\\", "railing backslash" },
		{ "*a", NULL },
		{ "a{2,1}", "nvalid" },
		{ "[[:nothing:]]", "character class" },
		{ "[z-a]", "range end" },
		{ "(a)\\1", "back-references" },
		{ "([^]]\\9)\\9", "back-references" },
		{ "[[]\\1", "back-references" },
		{ "[[:alpha:]]\\2", "back-references" },
		{ "((((x{99}){99}){99}){99})", "repetitions" },
		{ "x{255}{255}{255}", "repetitions" },
		{ "(x{30000}y)*{3}", "repetitions" },
		{ "(x{9000,}y){2}", "repetitions" },
		{ "a++++++++++++++++++++++++++++++++", "repetitions" },
		{ "((((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+", "repetitions" },
		{ "(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx){1,300}", "repetitions" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char why[128] = "";
		struct rgw_pattern *p = rgw_pattern_new(rows[i].pattern, false, why, sizeof why);

		/* Some are read in a way of their own by some libraries. */
		if (p == NULL ? rows[i].word != NULL && strstr(why, rows[i].word) == NULL
		              : rows[i].word != NULL)
			fail_msg("%s: %s", rows[i].pattern, why);
		rgw_pattern_free(p);
	}
	rgw_pattern_free(NULL);
}

/* A pattern may only look like something that is refused. */
static void
takes_what_is_harmless(void **state)
{
	static const struct {
		const char *pattern, *text;
	} rows[] = {
		{ "[\\1]", "1" },
		{ "[]\\1]", "]" },
		{ "[^]\\1]", "x" },
		{ "[[:digit:]\\2]", "\\" },
		{ "\\\\1", "\\1" },
		{ "a\\.1", "a.1" },
		{ ".{1,64}@.{1,64}\\..{1,64}", "b@example.org" },
		{ "(x{100}){100}", NULL },
		{ "[{]{3}", "{{{" },
		{ "([a-z0-9-]+\\.)+[a-z]+", "a.b-c.org" },
		{ "(a)1+2+3+4+5+6+7+8+9+0+1+2+3+4+5+6+7+8+9+", "a1234567890123456789" },
		{ "\\)\\{99999", ")" "{99999" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_pattern *p = pattern_of(rows[i].pattern, true);

		if (rows[i].text != NULL &&
		    !rgw_pattern_match(p, (const uint8_t *)rows[i].text, strlen(rows[i].text), NULL))
			fail_msg("%s with %s", rows[i].pattern, rows[i].text);
		rgw_pattern_free(p);
	}
}

/* Whoever chooses the texts must not fill the memory with what the library remembers of them. */
static void
forgets_what_it_has_seen(void **state)
{
	struct rgw_pattern *p = pattern_of(".*@.{16}x", false);
	struct help_rng rng = { 7 };
	size_t before = mallinfo2().uordblks;
	size_t most = 0;
	uint8_t text[253];

	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		size_t now = mallinfo2().uordblks;

		for (size_t k = 0; k < sizeof text; k++)
			text[k] = (uint8_t)"ab@y"[help_below(&rng, 4)];
		assert_false(rgw_pattern_match(p, text, sizeof text, NULL));
		if (now > before && now - before > most)
			most = now - before;
	}
	assert_in_range(most, 0, 48 << 20);
	/* It is as good as new. */
	assert_true(rgw_pattern_match(p, (const uint8_t *)"a@0123456789abcdefx", 19, NULL));
	rgw_pattern_free(p);
}

/* What several workers do with one pattern of the configuration. */
static void *
match_often(void *arg)
{
	struct rgw_pattern *pattern = arg;
	char text[32];
	uintptr_t wrong = 0;

	for (unsigned i = 0; i < 3000; i++) {
		struct rgw_pattern_group groups[RGW_PATTERN_GROUPS];
		int n = snprintf(text, sizeof text, "user%u@example.org", i);

		wrong += !rgw_pattern_match(pattern, (const uint8_t *)text, (size_t)n, groups) ||
		    groups[1].to != n - 12;
	}
	return (void *)wrong;
}

static void
threads_share_a_pattern(void **state)
{
	char why[64];
	struct rgw_pattern *pattern = rgw_pattern_new("(user[0-9]+)@example\\.org", true, why, sizeof why);
	pthread_t threads[4];
	void *wrong;

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, match_often, pattern), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	rgw_pattern_free(pattern);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_anywhere_or_covers_all),
		cmocka_unit_test(says_where_groups_are),
		cmocka_unit_test(has_nine_groups),
		cmocka_unit_test(octets_match_themselves),
		cmocka_unit_test(no_text_never_matches),
		cmocka_unit_test(refuses_what_is_no_pattern),
		cmocka_unit_test(takes_what_is_harmless),
		cmocka_unit_test(forgets_what_it_has_seen),
		cmocka_unit_test(threads_share_a_pattern),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
