/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to a text before it has a type, and which name was meant by another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/conf/reading.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

/* raw -> text, where "|" stands for the end of an item; or words of the complaint. */
static const struct {
	const char *raw;
	bool list;
	bool ok;
	const char *want;
} expansions[] = {
	{ "", false, true, "" },
	{ "plain text", false, true, "plain text" },
	{ "a, b", false, true, "a, b" },
	{ "a, b", true, true, "a|b" },
	{ "a,,b,", true, true, "a||b|" },
	{ "\"a ;b\"", false, true, "a ;b" },
	{ "\"a \"\"b\"\"\"", false, true, "a \"b\"" },
	{ "\"\"", false, true, "" },
	{ "a\"b", false, true, "a\"b" },
	{ "\"a,b\", c", true, true, "a,b|c" },
	{ "c , \"a,b\"", true, true, "c |a,b" },
	{ "x, \"a\"", false, true, "x, \"a\"" },
	{ "pa$$word", false, true, "pa$word" },
	{ "$${RGW_TEST}", false, true, "${RGW_TEST}" },
	{ "${RGW_TEST}", false, true, "one, \"two\" ;$$" },
	{ "<${RGW_TEST}>", false, true, "<one, \"two\" ;$$>" },
	{ "${RGW_TEST}", true, true, "one| \"two\" ;$$" },
	{ "\"${RGW_TEST}\"", true, true, "one, \"two\" ;$$" },
	{ "${RGW_UNSET:-a:-b, ;c}", false, true, "a:-b, ;c" },
	{ "${RGW_UNSET:-}", false, true, "" },
	{ "${RGW_EMPTY}", false, true, "" },
	{ "${RGW_EMPTY:-full}", false, true, "full" },
	{ "${RGW_TEST:-x}${RGW_EMPTY}y", false, true, "one, \"two\" ;$$y" },
	{ "${RGW_UNSET}", false, false,
	    "no variable RGW_UNSET; set it, or write ${RGW_UNSET:-default}" },
	{ "${}", false, false, "needs the name of a variable" },
	{ "${A B}", false, false, "needs the name of a variable" },
	{ "${1A}", false, false, "needs the name of a variable" },
	{ "${:-x}", false, false, "needs the name of a variable" },
	{ "${A", false, false, "without `}`" },
	{ "a$b", false, false, "a single `$`" },
	{ "a$", false, false, "a single `$`" },
	{ "\"a", false, false, "needs one at the end" },
	{ "\"a\"\"", false, false, "needs one at the end" },
	{ "\"a\" b", false, false, "behind the closing" },
	{ "\"a\", b", false, false, "behind the closing" },
	{ "\"a\" b", true, false, "behind the closing" },
	{ "\"${RGW_UNSET}\"", false, false, "no variable" },
	{ "${file:/nonexistent/secret}", false, false,
	    "cannot read /nonexistent/secret: No such file" },
	{ "${file:/}", false, false, "cannot read /: Is a directory" },
};

/* Lists of pairs are expanded alike, where some variables stay and a "$" stays what it is. */
static const struct {
	const char *raw;
	bool ok;
	const char *want;
} pairs[] = {
	{ "A = b", true, "A = b" },
	{ "A=b,  C  =d", true, "A= b|C  = d" },
	{ "A = \"b, c\", D = e", true, "A = b, c|D = e" },
	{ "A =\"b\"", true, "A = b" },
	{ "\"A = b, c\", D = e", true, "A = b, c|D = e" },
	{ "A = \"\"\"b\"\", c\"", true, "A = \"b\", c" },
	{ "A = b = \"c, d\"", true, "A = b = \"c|d\"" },
	{ "A = b\"c\"", true, "A = b\"c\"" },
	{ "A = \"b", false, "needs one at the end" },
	{ "A = \"b\" c", false, "behind the closing" },
	{ "A = ${client}-${peer}-${realm}-${source}", true, "A = ${client}-${peer}-${realm}-${source}" },
	{ "A = \"${client}\"", true, "A = ${client}" },
	{ "A = $$", true, "A = $$" },
	{ "A = $${client}", true, "A = $${client}" },
	{ "A = $", false, "a single `$`" },
	{ "A = ${RGW_TEST}", true, "A = one| \"two\" ;$$$$" },
	{ "A = \"${RGW_TEST}\"", true, "A = one, \"two\" ;$$$$" },
	{ "A = ${CLIENT}", false, "no variable CLIENT" },
	{ "A = ${clients:-x}", true, "A = x" },
	{ "A = ${client:-x}", false, "${client} is no variable of the environment here" },
	{ "${RGW_PAIR}", true, "A=b" },
};

static void
expands_pairs(void **state)
{
	(void)state;
	setenv("RGW_TEST", "one, \"two\" ;$$", 1);
	setenv("RGW_PAIR", "A=b", 1);
	setenv("client", "not this one", 1);
	for (size_t i = 0; i < N(pairs); i++) {
		struct rgw_expansion e = { .file = "x.ini", .list = true, .pairs = true, .vars = true };
		bool ok = rgw_conf_expand(&e, pairs[i].raw);

		for (size_t k = 0; k < e.text.n; k++)
			if (e.text.v[k] == RGW_ITEM_END)
				e.text.v[k] = '|';
		if (ok != pairs[i].ok)
			fail_msg("%s: %s", pairs[i].raw, ok ? e.text.v : e.why);
		if (strstr(ok ? e.text.v : e.why, pairs[i].want) == NULL || (ok && strcmp(e.text.v,
		    pairs[i].want) != 0))
			fail_msg("%s: %s", pairs[i].raw, ok ? e.text.v : e.why);
		rgw_expansion_fini(&e);
	}
	unsetenv("client");
}

static void
expands(void **state)
{
	(void)state;
	setenv("RGW_TEST", "one, \"two\" ;$$", 1);
	setenv("RGW_EMPTY", "", 1);
	unsetenv("RGW_UNSET");
	for (size_t i = 0; i < N(expansions); i++) {
		struct rgw_expansion e = { .file = "x.ini", .list = expansions[i].list };
		bool ok = rgw_conf_expand(&e, expansions[i].raw);

		for (size_t k = 0; k < e.text.n; k++)
			if (e.text.v[k] == RGW_ITEM_END)
				e.text.v[k] = '|';
		if (ok != expansions[i].ok)
			fail_msg("%s: %s", expansions[i].raw, ok ? "was taken" : e.why);
		if (ok)
			assert_string_equal(e.text.v, expansions[i].want);
		else if (strstr(e.why, expansions[i].want) == NULL)
			fail_msg("%s: %s", expansions[i].raw, e.why);
		rgw_expansion_fini(&e);
	}
}

static void
joins_paths(void **state)
{
	static const struct { const char *file, *path, *want; } rows[] = {
		{ "radsecgw.ini", "a.pem", "a.pem" },
		{ "/etc/radsecgw/radsecgw.ini", "certs/a.pem", "/etc/radsecgw/certs/a.pem" },
		{ "/etc/radsecgw/radsecgw.ini", "/run/a.pem", "/run/a.pem" },
		{ "conf.d/x.ini", "../a.pem", "conf.d/../a.pem" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char *path = rgw_path_from(rows[i].file, rows[i].path);

		assert_string_equal(path, rows[i].want);
		free(path);
	}
}

static void
finds_the_nearest_name(void **state)
{
	static const struct { const char *text, *name; bool near; } rows[] = {
		{ "secrte", "secret", true },
		{ "secre", "secret", true },
		{ "ssecret", "secret", true },
		{ "Secret", "secret", true },
		{ "request_life_time", "request-lifetime", true },
		{ "conect-timout", "connect-timeout", true },
		{ "crl", "ca", false },
		{ "coa", "ca", true },
		{ "warn", "warning", true },
		{ "ca_file", "ca", true },
		{ "cafile", "ca", false },
		{ "wa", "warning", false },
		{ "xy", "ca", false },
		{ "ac", "ca", false },
		{ "workers", "user", false },
	};
	char longest[2 * RGW_NEAREST_TEXT];
	struct rgw_nearest near;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		rgw_nearest_init(&near, rows[i].text);
		rgw_nearest_try(&near, rows[i].name);
		if ((near.best[0] != '\0') != rows[i].near)
			fail_msg("%s and %s", rows[i].text, rows[i].name);
	}
	memset(longest, 'a', sizeof longest);
	longest[RGW_NEAREST_TEXT] = '\0';
	rgw_nearest_init(&near, longest);
	rgw_nearest_try(&near, longest);
	assert_string_equal(near.best, "");
	rgw_nearest_init(&near, longest + 1);
	rgw_nearest_try(&near, longest + 1);
	assert_string_equal(near.best, longest + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expands),
		cmocka_unit_test(expands_pairs),
		cmocka_unit_test(joins_paths),
		cmocka_unit_test(finds_the_nearest_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
