/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/log.h"

#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"

/* Takes lines as the target of a log would, and can refuse them. */
struct target {
	struct rgw_log log;
	char line[8192];   /* the last one taken, terminated */
	size_t len;
	size_t taken;
	bool refuse;
	enum rgw_log_level level;
};

static bool
sink(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	struct target *t = ctx;

	if (t->refuse)
		return false;
	assert_true(len < sizeof t->line);
	memcpy(t->line, line, len);
	t->line[len] = '\0';
	t->len = len;
	t->taken++;
	t->level = level;
	/* One line, and it fits what a pipe takes in one piece. */
	assert_true(len > 1 && len <= 4096);
	assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
	return true;
}

static void
fixed_clock(void *ctx, int64_t *sec, uint32_t *nsec)
{
	(void)ctx;
	*sec = 1717761600;  /* 2024-06-07T12:00:00Z */
	*nsec = 7999999;
}

static int
setup(void **state)
{
	struct target *t = rgw_xcalloc(1, sizeof *t);

	rgw_log_init(&t->log, sink, fixed_clock, t);
	t->log.rate_per_second = 0;
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

/*
 * A tiny checker of JSON: one object of strings and numbers. It returns where the value of a key
 * stands, decoded, so that tests can look at it. Any deviation from RFC 8259 fails the test.
 */
struct json {
	const char *p;
	const char *want;    /* key that is looked for, or NULL */
	char value[8192];
	bool found;
	size_t members;
};

static unsigned
json_hex(struct json *j)
{
	unsigned n = 0;

	for (int i = 0; i < 4; i++, j->p++) {
		char c = *j->p;

		assert_true((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
		    (c >= 'A' && c <= 'F'));
		n = n << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return n;
}

/* One well-formed UTF-8 sequence (RFC 3629), by the table of Unicode. Returns its length. */
static size_t
utf8_sequence(const char *text)
{
	static const uint8_t table[][6] = {
		/* first octet, second octet, length */
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	uint8_t a = (uint8_t)text[0];
	uint8_t b = (uint8_t)text[1];

	for (size_t i = 0; i < COUNT(table); i++) {
		const uint8_t *t = table[i];

		if (a < t[0] || a > t[1] || b < t[2] || b > t[3])
			continue;
		for (size_t k = 2; k < t[4]; k++)
			if (((uint8_t)text[k] & 0xc0) != 0x80)
				return 0;
		return t[4];
	}
	return 0;
}

static void
json_string(struct json *j, char *out, size_t cap)
{
	size_t n = 0;

	assert_int_equal(*j->p++, '"');
	while (*j->p != '"') {
		uint8_t c = (uint8_t)*j->p;
		size_t len = 1;

		assert_true(c >= 0x20 && n + 5 < cap);
		if (c == '\\') {
			j->p++;
			if (*j->p == 'u') {
				j->p++;
				c = (uint8_t)json_hex(j);  /* all that our writer ever needs */
				out[n++] = (char)c;
				continue;
			}
			assert_non_null(strchr("\"\\/bfnrt", *j->p));
			assert_true(*j->p != '\0');
		} else if (c >= 0x80) {
			len = utf8_sequence(j->p);
			assert_true(len > 0);
		}
		memcpy(out + n, j->p, len);
		n += len;
		j->p += len;
	}
	out[n] = '\0';
	j->p++;
}

static void
json_member(struct json *j)
{
	char key[256];
	char value[8192];

	json_string(j, key, sizeof key);
	assert_int_equal(*j->p++, ':');
	if (*j->p == '"') {
		json_string(j, value, sizeof value);
	} else {
		size_t n = strspn(j->p, "0123456789");

		assert_true(n > 0 && n < 21 && (n == 1 || *j->p != '0'));
		memcpy(value, j->p, n);
		value[n] = '\0';
		j->p += n;
	}
	j->members++;
	if (j->want != NULL && strcmp(key, j->want) == 0) {
		assert_false(j->found);
		j->found = true;
		memcpy(j->value, value, sizeof value);
	}
}

/* Checks a line and looks for a member; its value is in out->value if out->found. */
static void
json_check(struct json *out, const char *line, const char *want)
{
	*out = (struct json){ .p = line, .want = want };
	assert_int_equal(*out->p++, '{');
	do
		json_member(out);
	while (*out->p++ == ',');
	assert_int_equal(out->p[-1], '}');
	assert_string_equal(out->p, "\n");
}

static void
assert_json(const struct target *t, const char *key, const char *value)
{
	struct json *j = rgw_xcalloc(1, sizeof *j);

	json_check(j, t->line, key);
	if (value == NULL) {
		assert_false(j->found);
	} else {
		assert_true(j->found);
		assert_string_equal(j->value, value);
	}
	free(j);
}

static void
one_line_of_text(void **state)
{
	struct target *t = *state;
	struct rgw_addr a;

	assert_true(rgw_addr_parse("[2001:db8::1]:1812", 0, &a));
	RGW_LOG(&t->log, RGW_LOG_NOTICE, "peer-up", "nro", "connection is up",
	    rgw_f_str("peer", "nro"), rgw_f_uint("conn", 3), rgw_f_addr("to", &a),
	    rgw_f_octets("user", "a b", 3));
	assert_string_equal(t->line, "2024-06-07T12:00:00.007Z notice peer-up: connection is up "
	    "peer=nro conn=3 to=[2001:db8::1]:1812 user=\"a b\"\n");
	assert_int_equal(t->level, RGW_LOG_NOTICE);
}

static void
one_line_of_json(void **state)
{
	struct target *t = *state;
	struct rgw_addr a;

	assert_true(rgw_addr_parse("192.0.2.1:1812", 0, &a));
	t->log.format = RGW_LOG_JSON;
	RGW_LOG(&t->log, RGW_LOG_ERROR, "peer-up", "nro", "it is \"up\"", rgw_f_str("peer", "nro"),
	    rgw_f_uint("conn", UINT64_MAX), rgw_f_addr("to", &a), rgw_f_octets("user", "a\0b", 3));
	assert_string_equal(t->line, "{\"ts\":\"2024-06-07T12:00:00.007Z\",\"level\":\"error\","
	    "\"event\":\"peer-up\",\"msg\":\"it is \\\"up\\\"\",\"peer\":\"nro\","
	    "\"conn\":18446744073709551615,\"to\":\"192.0.2.1:1812\",\"user\":\"a\\u0000b\"}\n");
	assert_json(t, "msg", "it is \"up\"");
}

/* What a text field looks like; the JSON of the same octets must hold together in any case. */
static void
escaping_table(void **state)
{
	static const struct {
		const char *in; size_t n; const char *text; const char *json;
	} rows[] = {
		{ "plain", 5, "plain", "plain" },
		{ "", 0, "\"\"", "" },
		{ " ", 1, "\" \"", " " },
		{ "a=b", 3, "\"a=b\"", "a=b" },
		{ "a\"b", 3, "\"a\\\"b\"", "a\\\"b" },
		{ "a\\b", 3, "\"a\\\\b\"", "a\\\\b" },
		{ "a\nb", 3, "\"a\\x0ab\"", "a\\u000ab" },
		{ "\x1b[2J", 4, "\"\\x1b[2J\"", "\\u001b[2J" },
		{ "a\0b", 3, "\"a\\x00b\"", "a\\u0000b" },
		{ "\x7f", 1, "\"\\x7f\"", "\\u007f" },
		{ "\xff", 1, "\"\\xff\"", "\\u00ff" },
		{ "b\xc3\xbc" "cher", 7, "\"b\xc3\xbc" "cher\"", "b\xc3\xbc" "cher" },
		{ "\xe2\x82\xac", 3, "\"\xe2\x82\xac\"", "\xe2\x82\xac" },
		{ "\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80" },
		{ "\xc3", 1, "\"\\xc3\"", "\\u00c3" },                       /* cut off */
		{ "\xe2\x82", 2, "\"\\xe2\\x82\"", "\\u00e2\\u0082" },
		{ "\xc0\xaf", 2, "\"\\xc0\\xaf\"", "\\u00c0\\u00af" },       /* overlong */
		{ "\xe0\x80\xaf", 3, "\"\\xe0\\x80\\xaf\"", "\\u00e0\\u0080\\u00af" },
		{ "\xf0\x80\x80\xaf", 4, "\"\\xf0\\x80\\x80\\xaf\"",
		    "\\u00f0\\u0080\\u0080\\u00af" },
		/* a surrogate */
		{ "\xed\xa0\x80", 3, "\"\\xed\\xa0\\x80\"", "\\u00ed\\u00a0\\u0080" },
		{ "\xf4\x90\x80\x80", 4, "\"\\xf4\\x90\\x80\\x80\"",
		    "\\u00f4\\u0090\\u0080\\u0080" },                        /* above U+10FFFF */
		{ "\xc3\x28", 2, "\"\\xc3(\"", "\\u00c3(" },
		/* U+009B is CSI, which starts a terminal's control sequence as ESC [ does. */
		{ "\xc2\x9b" "2J", 4, "\"\\xc2\\x9b2J\"", "\\u009b2J" },
		{ "\xc2\xa0", 2, "\"\xc2\xa0\"", "\xc2\xa0" },
	};
	struct target *t = *state;
	char expect[256];

	for (size_t i = 0; i < COUNT(rows); i++) {
		t->log.format = RGW_LOG_TEXT;
		RGW_LOG(&t->log, RGW_LOG_ERROR, "e", NULL, "m",
		    rgw_f_octets("k", rows[i].in, rows[i].n));
		snprintf(expect, sizeof expect, "2024-06-07T12:00:00.007Z error e: m k=%s\n",
		    rows[i].text);
		assert_string_equal(t->line, expect);
		t->log.format = RGW_LOG_JSON;
		RGW_LOG(&t->log, RGW_LOG_ERROR, "e", NULL, "m",
		    rgw_f_octets("k", rows[i].in, rows[i].n));
		snprintf(expect, sizeof expect, "\"msg\":\"m\",\"k\":\"%s\"}\n", rows[i].json);
		assert_string_equal(strstr(t->line, "\"msg\""), expect);
		assert_json(t, "msg", "m");
	}
}

/* Random octets in fields of random length: the JSON always parses, the text never holds control
 * octets or broken UTF-8. */
static void
any_octets_give_a_sane_line(void **state)
{
	struct target *t = *state;
	struct help_rng rng = { 5 };
	uint8_t data[1500];

	for (size_t step = 0; step < 4000; step++) {
		size_t n = help_below(&rng, step % 10 == 0 ? sizeof data : 60);
		size_t m = help_below(&rng, 300);

		help_fill(&rng, data, sizeof data);
		for (size_t i = 0; i < n && step % 3 == 0; i++)
			data[i] |= 0x80;
		t->log.format = step % 2 == 0 ? RGW_LOG_JSON : RGW_LOG_TEXT;
		RGW_LOG(&t->log, RGW_LOG_ERROR, "e", NULL, "m", rgw_f_octets("a", data, n),
		    rgw_f_uint("n", n), rgw_f_octets("b", data + n / 2, m));
		if (t->log.format == RGW_LOG_JSON)
			assert_json(t, "none", NULL);
		for (size_t i = 0; i + 1 < t->len;) {
			uint8_t c = (uint8_t)t->line[i];
			size_t len = c < 0x80 ? 1 : utf8_sequence(t->line + i);

			assert_true(c >= 0x20 && c != 0x7f && len > 0);
			assert_false(c == 0xc2 && (uint8_t)t->line[i + 1] < 0xa0);
			i += len;
		}
	}
}

/* A field that does not fit is left out whole; those behind it that fit are there. */
static void
long_fields_are_left_out(void **state)
{
	struct target *t = *state;
	char *big = rgw_xcalloc(1, 100001);

	memset(big, 'x', 100000);
	t->log.format = RGW_LOG_JSON;
	for (size_t n = 3600; n <= 4100; n++) {
		RGW_LOG(&t->log, RGW_LOG_ERROR, "e", NULL, "m", rgw_f_uint("before", 1),
		    rgw_f_octets("big", big, n), rgw_f_str("after", "yes"));
		assert_json(t, "before", "1");
		if (strstr(t->line, "\"big\"") == NULL)
			assert_json(t, "after", "yes");
		else
			assert_true(t->len > n);
	}
	assert_null(strstr(t->line, "\"big\""));
	RGW_LOG(&t->log, RGW_LOG_ERROR, "e", NULL, "m", rgw_f_octets("big", big, 100000),
	    rgw_f_str("after", "yes"));
	assert_json(t, "after", "yes");
	assert_json(t, "big", NULL);
	t->log.format = RGW_LOG_TEXT;
	RGW_LOG(&t->log, RGW_LOG_ERROR, "e", NULL, "m", rgw_f_octets("big", big, 100000),
	    rgw_f_str("after", "yes"));
	assert_string_equal(t->line, "2024-06-07T12:00:00.007Z error e: m after=yes\n");
	free(big);
}

/* Each octet of such a field takes six: what counts is the escaped form. */
static void
long_escaped_fields_are_left_out(void **state)
{
	struct target *t = *state;
	uint8_t ones[1000];

	memset(ones, 1, sizeof ones);
	t->log.format = RGW_LOG_JSON;
	for (size_t n = 500; n < 700; n++) {
		RGW_LOG(&t->log, RGW_LOG_ERROR, "e", NULL, "m", rgw_f_octets("k", ones, n),
		    rgw_f_str("after", "yes"));
		assert_json(t, "msg", "m");
		assert_true(strstr(t->line, "\"k\"") == NULL || t->len > 6 * n);
	}
}

/* Messages come from us, but also from libraries and file names: they are cut, and JSON holds. */
static void
a_long_message_keeps_json_valid(void **state)
{
	struct target *t = *state;
	char message[6000];

	t->log.format = RGW_LOG_JSON;
	for (size_t n = 100; n < sizeof message; n += 53) {
		memset(message, n % 2 == 0 ? 'x' : '"', n);
		message[n] = '\0';
		RGW_LOG(&t->log, RGW_LOG_ERROR, "e", NULL, message, rgw_f_str("after", "yes"));
		assert_json(t, "after", "yes");
	}
}

static void
levels_filter(void **state)
{
	struct target *t = *state;

	for (int level = RGW_LOG_ERROR; level <= RGW_LOG_DEBUG; level++)
		for (int line = RGW_LOG_ERROR; line <= RGW_LOG_DEBUG; line++) {
			size_t before = t->taken;

			t->log.level = (enum rgw_log_level)level;
			RGW_LOG(&t->log, (enum rgw_log_level)line, "e", NULL, "m",
			    rgw_f_uint("n", 1));
			assert_int_equal(t->taken - before, line <= level);
			rgw_log_write(&t->log, (enum rgw_log_level)line, "e", NULL, "m",
			    (const struct rgw_field[]){ { .type = RGW_FIELD_END } });
			assert_int_equal(t->taken - before, line <= level ? 2 : 0);
		}
	assert_string_equal(rgw_log_level_name(RGW_LOG_WARNING), "warning");
}

static struct rgw_field
counting_field(unsigned *count)
{
	++*count;
	return rgw_f_uint("n", *count);
}

static void
fields_are_not_evaluated_when_the_level_is_off(void **state)
{
	struct target *t = *state;
	unsigned count = 0;

	t->log.level = RGW_LOG_INFO;
	RGW_LOG(&t->log, RGW_LOG_DEBUG, "e", NULL, "m", counting_field(&count));
	assert_int_equal(count, 0);
	RGW_LOG(&t->log, RGW_LOG_INFO, "e", NULL, "m", counting_field(&count));
	assert_int_equal(count, 1);
}

static bool
log_once(struct target *t, const char *event, const char *who)
{
	size_t before = t->taken;

	RGW_LOG(&t->log, RGW_LOG_ERROR, event, who, "m", rgw_f_str("who", who));
	return t->taken > before;
}

static void
the_limit_is_per_event_and_neighbour(void **state)
{
	struct target *t = *state;

	t->log.rate_per_second = 3;
	t->log.now = 1000;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(log_once(t, "a", "x"), i < 3);
		assert_int_equal(log_once(t, "a", "y"), i < 3);
		assert_int_equal(log_once(t, "b", "x"), i < 3);
		assert_int_equal(log_once(t, "b", NULL), i < 3);
	}
}

static void
the_next_line_tells_how_many_were_left_out(void **state)
{
	struct target *t = *state;

	t->log.format = RGW_LOG_JSON;
	t->log.rate_per_second = 2;
	for (int i = 0; i < 9; i++)
		log_once(t, "a", "x");
	assert_json(t, "suppressed", NULL);
	t->log.now += 499;
	assert_false(log_once(t, "a", "x"));
	t->log.now += 1;
	assert_true(log_once(t, "a", "x"));
	assert_json(t, "suppressed", "8");
	t->log.now += 1000000;
	assert_true(log_once(t, "a", "x"));
	assert_json(t, "suppressed", NULL);
	/* A long silence saves up no more than a second's worth. */
	assert_true(log_once(t, "a", "x"));
	assert_false(log_once(t, "a", "x"));
}

/* Over any time the lines that passed and those reported as left out are all lines. */
static void
no_line_is_lost_silently(void **state)
{
	struct target *t = *state;
	struct help_rng rng = { 8 };
	uint64_t passed = 0;
	uint64_t told = 0;

	t->log.rate_per_second = 5;
	for (uint64_t i = 1; i <= 5000; i++) {
		const char *note;

		t->log.now += help_below(&rng, 100);
		if (!log_once(t, "a", "x"))
			continue;
		passed++;
		note = strstr(t->line, " suppressed=");
		told += note != NULL ? strtoull(note + 12, NULL, 10) : 0;
		assert_int_equal(passed + told, i);
	}
	assert_true(passed < 5 + 5 * t->log.now / 1000 + 1);
}

static void
zero_means_no_limit(void **state)
{
	struct target *t = *state;

	t->log.rate_per_second = 0;
	for (int i = 0; i < 1000; i++)
		assert_true(log_once(t, "a", "x"));
}

/* More neighbours than there is room for: the table stays bounded, and a line is only ever let
 * through too much, never held back without cause. */
static void
many_neighbours_are_bounded(void **state)
{
	struct target *t = *state;
	char name[16];

	t->log.rate_per_second = 1;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		t->log.now++;
		assert_true(log_once(t, "a", name));
	}
}

static void
lost_lines_are_reported(void **state)
{
	struct target *t = *state;

	t->log.format = RGW_LOG_JSON;
	t->refuse = true;
	for (int i = 0; i < 7; i++)
		assert_false(log_once(t, "a", "x"));
	assert_int_equal(t->log.dropped, 7);
	t->refuse = false;
	assert_true(log_once(t, "a", "x"));
	assert_json(t, "lines_lost", "7");
	assert_true(log_once(t, "a", "x"));
	assert_json(t, "lines_lost", NULL);
	t->refuse = true;
	log_once(t, "a", "x");
	t->refuse = false;
	log_once(t, "a", "x");
	assert_json(t, "lines_lost", "1");
	assert_int_equal(t->log.dropped, 8);
}

/* The notes must come through although the fields fill the line. */
static void
notes_have_room_in_a_full_line(void **state)
{
	struct target *t = *state;
	char big[4000];

	memset(big, 'x', sizeof big);
	t->log.format = RGW_LOG_JSON;
	t->log.rate_per_second = 1;
	t->log.worker = 64;
	for (size_t n = 3700; n < 3990; n++) {
		t->log.now += 1000000;
		log_once(t, "a", "x");
		assert_false(log_once(t, "a", "x"));
		t->refuse = true;
		log_once(t, "b", "x");
		t->refuse = false;
		t->log.now += 1000;
		RGW_LOG(&t->log, RGW_LOG_ERROR, "a", "x", "m", rgw_f_octets("k", big, n));
		assert_json(t, "worker", "64");
		assert_json(t, "suppressed", "1");
		assert_json(t, "lines_lost", "1");
	}
}

static void
lines_tell_the_worker(void **state)
{
	struct target *t = *state;

	log_once(t, "a", "x");
	assert_null(strstr(t->line, "worker"));
	t->log.worker = 3;
	log_once(t, "a", "x");
	assert_non_null(strstr(t->line, ": m worker=3"));
	t->log.format = RGW_LOG_JSON;
	log_once(t, "a", "x");
	assert_json(t, "worker", "3");
}

/* A line that tells of others and is lost itself must not take the number with it. */
static void
a_lost_line_does_not_take_the_count_with_it(void **state)
{
	struct target *t = *state;

	t->log.format = RGW_LOG_JSON;
	t->log.rate_per_second = 1;
	log_once(t, "a", "x");
	for (int i = 0; i < 5; i++)
		assert_false(log_once(t, "a", "x"));
	t->log.now += 1000;
	t->refuse = true;
	log_once(t, "a", "x");
	t->refuse = false;
	t->log.now += 1000;
	assert_true(log_once(t, "a", "x"));
	assert_json(t, "suppressed", "5");
	assert_json(t, "lines_lost", "1");
}

static void
null_strings_are_empty(void **state)
{
	struct target *t = *state;

	RGW_LOG(&t->log, RGW_LOG_ERROR, "e", NULL, "m", rgw_f_str("k", NULL));
	assert_non_null(strstr(t->line, " k=\"\"\n"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_line_of_text),
		TEST(one_line_of_json),
		TEST(escaping_table),
		TEST(any_octets_give_a_sane_line),
		TEST(long_fields_are_left_out),
		TEST(long_escaped_fields_are_left_out),
		TEST(a_long_message_keeps_json_valid),
		TEST(levels_filter),
		TEST(fields_are_not_evaluated_when_the_level_is_off),
		TEST(the_limit_is_per_event_and_neighbour),
		TEST(the_next_line_tells_how_many_were_left_out),
		TEST(no_line_is_lost_silently),
		TEST(zero_means_no_limit),
		TEST(many_neighbours_are_bounded),
		TEST(lost_lines_are_reported),
		TEST(notes_have_room_in_a_full_line),
		TEST(lines_tell_the_worker),
		TEST(a_lost_line_does_not_take_the_count_with_it),
		TEST(null_strings_are_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
