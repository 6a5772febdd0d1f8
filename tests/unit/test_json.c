/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/json.h"

#include <stdlib.h>

#include "helpers.h"

#define LIMIT 4096

/* Ends the text, which must be this one. */
static void
check(struct rgw_json *j, const char *expected)
{
	size_t len;
	char *text = rgw_json_take(j, &len);

	assert_non_null(text);
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
	free(text);
}

static void
check_fails(struct rgw_json *j)
{
	size_t len = 99;

	assert_null(rgw_json_take(j, &len));
	assert_int_equal(len, 0);
}

static void
values(void **state)
{
	struct rgw_json j;

	(void)state;
	rgw_json_init(&j, LIMIT);
	rgw_json_object(&j, NULL);
	rgw_json_str(&j, "name", "tld1");
	rgw_json_uint(&j, "most", UINT64_MAX);
	rgw_json_int(&j, "least", INT64_MIN);
	rgw_json_seconds(&j, "age", 61007);
	rgw_json_bool(&j, "up", true);
	rgw_json_bool(&j, "down", false);
	rgw_json_null(&j, "why");
	rgw_json_str(&j, "nobody", NULL);
	rgw_json_end(&j);
	check(&j, "{\"name\":\"tld1\",\"most\":18446744073709551615,\"least\":-9223372036854775808,\"age\":61.007,"
	    "\"up\":true,\"down\":false,\"why\":null,\"nobody\":null}");
}

static void
nesting(void **state)
{
	struct rgw_json j;

	(void)state;
	rgw_json_init(&j, LIMIT);
	rgw_json_array(&j, NULL);
	rgw_json_array(&j, NULL);
	rgw_json_end(&j);
	rgw_json_object(&j, NULL);
	rgw_json_array(&j, "a");
	rgw_json_uint(&j, NULL, 1);
	rgw_json_object(&j, NULL);
	rgw_json_end(&j);
	rgw_json_end(&j);
	rgw_json_object(&j, "o");
	rgw_json_str(&j, "k", "v");
	rgw_json_end(&j);
	rgw_json_end(&j);
	rgw_json_uint(&j, NULL, 2);
	rgw_json_end(&j);
	check(&j, "[[],{\"a\":[1,{}],\"o\":{\"k\":\"v\"}},2]");
}

static void
one_value_is_a_text(void **state)
{
	struct rgw_json j;

	(void)state;
	rgw_json_init(&j, LIMIT);
	rgw_json_str(&j, NULL, "");
	check(&j, "\"\"");
}

/* The same value as text, for each kind of octets that cannot stand for themselves. */
static void
strings(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} rows[] = {
		{ "a\"b\\c", 5, "\"a\\\"b\\\\c\"" },
		{ "\n\t\x1b\x7f", 4, "\"\\u000a\\u0009\\u001b\\u007f\"" },
		{ "a\0b", 3, "\"a\\u0000b\"" },
		{ "M\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x98\x80", 17,
		    "\"M\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x98\x80\"" },
		{ "\xff\xfe", 2, "\"\\u00ff\\u00fe\"" },
		{ "\xc3", 1, "\"\\u00c3\"" },                            /* cut */
		{ "\xc0\xaf", 2, "\"\\u00c0\\u00af\"" },                 /* longer than needed */
		{ "\xed\xa0\x80", 3, "\"\\u00ed\\u00a0\\u0080\"" },      /* a surrogate */
		{ "\xf4\x90\x80\x80", 4, "\"\\u00f4\\u0090\\u0080\\u0080\"" },
		{ "\xc2\x9b" "31m", 5, "\"\\u009b31m\"" },               /* CSI */
		{ "/</script>", 10, "\"/</script>\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_json j;
		/* A copy without a terminator, so that reading behind its end shows. */
		char *copy = malloc(rows[i].n);

		assert_non_null(copy);
		memcpy(copy, rows[i].in, rows[i].n);
		rgw_json_init(&j, LIMIT);
		rgw_json_octets(&j, NULL, copy, rows[i].n);
		check(&j, rows[i].out);
		free(copy);
	}
}

static void
names_are_escaped(void **state)
{
	struct rgw_json j;

	(void)state;
	rgw_json_init(&j, LIMIT);
	rgw_json_object(&j, NULL);
	rgw_json_uint(&j, "a\"\n", 1);
	rgw_json_end(&j);
	check(&j, "{\"a\\\"\\u000a\":1}");
}

/* Exactly as long as allowed, and one octet longer. */
static void
limit(void **state)
{
	struct rgw_json j;

	(void)state;
	rgw_json_init(&j, 7);
	rgw_json_array(&j, NULL);
	rgw_json_uint(&j, NULL, 12345);
	rgw_json_end(&j);
	check(&j, "[12345]");

	rgw_json_init(&j, 6);
	rgw_json_array(&j, NULL);
	rgw_json_uint(&j, NULL, 12345);
	rgw_json_end(&j);
	check_fails(&j);

	/* What comes after the failure changes nothing, whatever it is. */
	rgw_json_init(&j, 3);
	rgw_json_object(&j, NULL);
	rgw_json_str(&j, "long", "text");
	rgw_json_array(&j, "more");
	rgw_json_uint(&j, NULL, 1);
	rgw_json_end(&j);
	rgw_json_end(&j);
	check_fails(&j);
}

static void
grows(void **state)
{
	struct rgw_json j;
	size_t len;
	char *text;

	(void)state;
	rgw_json_init(&j, 1 << 20);
	rgw_json_array(&j, NULL);
	for (int i = 0; i < 10000; i++)
		rgw_json_str(&j, NULL, "octets");
	rgw_json_end(&j);
	text = rgw_json_take(&j, &len);
	assert_non_null(text);
	assert_int_equal(len, 1 + 10000 * 9);
	assert_int_equal(strlen(text), len);
	free(text);
}

static void
depth(void **state)
{
	for (unsigned n = RGW_JSON_DEPTH; n <= RGW_JSON_DEPTH + 1; n++) {
		struct rgw_json j;
		size_t len;
		char *text;

		(void)state;
		rgw_json_init(&j, LIMIT);
		for (unsigned i = 0; i < n; i++)
			rgw_json_array(&j, NULL);
		for (unsigned i = 0; i < n; i++)
			rgw_json_end(&j);
		text = rgw_json_take(&j, &len);
		assert_int_equal(text != NULL, n <= RGW_JSON_DEPTH);
		free(text);
	}
}

static void
unfinished(void **state)
{
	struct rgw_json j;

	(void)state;
	rgw_json_init(&j, LIMIT);
	rgw_json_object(&j, NULL);
	check_fails(&j);
	rgw_json_init(&j, LIMIT);
	check_fails(&j);
	rgw_json_array(&j, NULL);
	rgw_json_fini(&j);
	rgw_json_fini(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(nesting),
		cmocka_unit_test(one_value_is_a_text),
		cmocka_unit_test(strings),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(limit),
		cmocka_unit_test(grows),
		cmocka_unit_test(depth),
		cmocka_unit_test(unfinished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
