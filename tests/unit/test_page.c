/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/app/page.h"

#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/counters.h"
#include "radsecgw/report.h"

/* What the status page may do, what it is told, and what is remembered for it. */

#define T(name) (&rgw_report_tables[RGW_REPORT_##name])

#define ADD(rows, table_, name_, ...)                                                                  \
	do {                                                                                           \
		const struct rgw_cell cells_[] = { __VA_ARGS__ };                                      \
		rgw_rows_add(rows, &(struct rgw_row){ .table = (table_), .name = (name_), .cells = cells_, \
		    .n = COUNT(cells_) });                                                             \
	} while (0)

/* The hashes are those of openssl dgst -sha256 -binary | base64. */
static void
policy(void **state)
{
	char text[RGW_PAGE_POLICY];

	(void)state;
	rgw_page_policy("<html><style>a{}</style><script>f()</script></html>", text);
	assert_string_equal(text, "default-src 'none'; script-src "
	    "'sha256-GcEEE0IkDzIP5EQ6DXZaDPORqT5RTBELX8Fyzyg9yvo='; "
	    "style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='; "
	    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
	/* Without either, what counts is the hash of nothing. */
	rgw_page_policy("<html></html>", text);
	assert_non_null(strstr(text, "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"));
}

/* ---- warnings ---- */

static char *
warnings_of(struct rgw_warnings *w)
{
	struct rgw_json j;
	size_t len;
	char *text;

	rgw_json_init(&j, 1 << 20);
	rgw_json_object(&j, NULL);
	rgw_warnings_json(w, &j);
	rgw_json_end(&j);
	text = rgw_json_take(&j, &len);
	assert_non_null(text);
	return text;
}

static void
hear(struct rgw_warnings *w, int64_t at, const char *who, const char *text, const char *reason)
{
	const struct rgw_field fields[] = { rgw_f_str("user", "bob@example.org"), rgw_f_str("reason", reason),
		{ .type = RGW_FIELD_END } };

	rgw_warnings_add(w, &(struct rgw_log_heard){ RGW_LOG_WARNING, "event", who, text, fields }, at);
}

/* The newest comes first, the same one is counted, and no other field than the reason is kept. */
static void
warnings_repeated(void **state)
{
	struct rgw_warnings *w = rgw_warnings_new();
	char *text;

	(void)state;
	hear(w, 10, "one", "it fails", "because");
	hear(w, 11, NULL, "another", "why");
	hear(w, 12, "one", "it fails", "because");
	text = warnings_of(w);
	assert_string_equal(text, "{\"warnings\":["
	    "{\"at\":12,\"times\":2,\"level\":\"warning\",\"event\":\"event\",\"neighbour\":\"one\","
	    "\"text\":\"it fails\","
	    "\"reason\":\"because\"},"
	    "{\"at\":11,\"times\":1,\"level\":\"warning\",\"event\":\"event\",\"neighbour\":\"\",\"text\":\"another\","
	    "\"reason\":\"why\"}]}");
	free(text);
	rgw_warnings_free(w);
}

/* The oldest gives way; texts without end are cut. */
static void
warnings_bounded(void **state)
{
	struct rgw_warnings *w = rgw_warnings_new();
	char name[16], large[5000];
	unsigned n = 0;
	char *text;

	(void)state;
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "peer%02d", i);
		hear(w, i, name, large, large);
	}
	text = warnings_of(w);
	for (const char *at = text; (at = strstr(at, "\"at\"")) != NULL; at++)
		n++;
	assert_int_equal(n, RGW_WARNINGS);
	assert_non_null(strstr(text, "\"peer99\""));
	assert_non_null(strstr(text, "\"peer80\""));
	assert_null(strstr(text, "\"peer79\""));
	assert_true(strlen(text) < RGW_WARNINGS * 600);
	free(text);
	rgw_warnings_free(w);
}

/* ---- the history ---- */

static void
add_counts(struct rgw_rows *rows)
{
	struct rgw_cell cells[RGW_HISTOGRAM_BOUNDS + 2];

	rgw_rows_init(rows);
	ADD(rows, T(COUNTERS), rgw_counter_name(RGW_CTR_requests_accepted), rgw_c_add("value", 20));
	ADD(rows, T(COUNTERS), rgw_counter_name(RGW_CTR_request_timed_out), rgw_c_add("value", 3));
	ADD(rows, T(COUNTERS), rgw_counter_name(RGW_CTR_request_outage), rgw_c_add("value", 4));
	ADD(rows, T(COUNTERS), rgw_counter_name(RGW_CTR_request_answered), rgw_c_add("value", 100));
	for (size_t i = 0; i < COUNT(cells); i++)
		cells[i] = rgw_c_add("range", i);
	rgw_rows_add(rows, &(struct rgw_row){ .table = T(DURATIONS), .name = "a", .cells = cells, .n = COUNT(cells) });
	rgw_rows_add(rows, &(struct rgw_row){ .table = T(DURATIONS), .name = "b", .cells = cells, .n = COUNT(cells) });
	ADD(rows, T(ANSWERS), "a", rgw_c_add("accept", 5), rgw_c_add("reject", 6), rgw_c_add("challenge", 70));
	ADD(rows, T(ANSWERS), "b", rgw_c_add("accept", 1), rgw_c_add("reject", 1), rgw_c_add("challenge", 70));
}

/* What all targets did is added up. */
static void
sample(void **state)
{
	struct rgw_rows rows;
	struct rgw_sample s;

	(void)state;
	add_counts(&rows);
	s = rgw_history_sample(&rows, 77);
	assert_int_equal(s.at, 77);
	assert_int_equal(s.accepted, 20);
	assert_int_equal(s.unanswered, 7);
	assert_int_equal(s.accepts, 6);
	assert_int_equal(s.rejects, 7);
	for (size_t i = 0; i <= RGW_HISTOGRAM_BOUNDS; i++)
		assert_int_equal(s.durations[i], 2 * i);
	rgw_rows_fini(&rows);
}

/* Only the last ten minutes are told, the oldest first, and this moment last. */
static void
history_turns(void **state)
{
	struct rgw_history h = { .n = 0 };
	struct rgw_sample s = { .at = 0 };
	unsigned long before = 600001, n = 0;
	struct rgw_json j;
	size_t len;
	char *text;

	(void)state;
	for (unsigned i = 0; i < 150; i++, s.at += RGW_HISTORY_EACH)
		rgw_history_add(&h, &s);
	rgw_json_init(&j, 1 << 20);
	rgw_json_object(&j, NULL);
	s.at -= RGW_HISTORY_EACH / 2;
	rgw_history_json(&h, &s, &j);
	rgw_json_end(&j);
	text = rgw_json_take(&j, &len);
	assert_non_null(text);
	for (const char *at = text; (at = strstr(at, "\"ago_ms\":")) != NULL; n++) {
		unsigned long ago = strtoul(at += 9, NULL, 10);

		assert_true(ago < before);
		before = ago;
	}
	assert_int_equal(before, 0);
	/* The oldest of the samples is older than ten minutes. */
	assert_int_equal(n, RGW_HISTORY_SAMPLES);
	free(text);
}

/* ---- the whole ---- */

static void
json(void **state)
{
	struct rgw_history history = { .n = 0 };
	struct rgw_page_state s = { .workers = 3, .time = 1700000000, .now = 5, .history = &history };
	struct rgw_rows rows;
	size_t len;
	char *text;

	(void)state;
	add_counts(&rows);
	ADD(&rows, T(PEERS), "<b>one\"", rgw_c_best("state", "down", 3));
	ADD(&rows, T(ROUTES), "p", rgw_c_best("usable", "no", 1));
	s.rows = &rows;
	s.warnings = rgw_warnings_new();
	text = rgw_page_json(&s, &len);
	assert_non_null(text);
	assert_non_null(strstr(text, "\"workers\":3,\"time\":1700000000,\"ready\":false,"
	    "\"health\":\"not ready: no pool can be used: "));
	assert_non_null(strstr(text, "\"peers\":[{\"name\":\"<b>one\\\"\",\"state\":\"down\"}]"));
	assert_non_null(strstr(text, "\"routes\":[{\"name\":\"p\",\"usable\":\"no\"}]"));
	assert_non_null(strstr(text, "\"samples\":[{\"ago_ms\":0,\"accepted\":20,\"unanswered\":7"));
	assert_non_null(strstr(text, "\"warnings\":[]"));
	/* Counters are in the history only. */
	assert_null(strstr(text, "\"counters\""));
	free(text);
	rgw_warnings_free(s.warnings);
	rgw_rows_fini(&rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy),
		cmocka_unit_test(warnings_repeated),
		cmocka_unit_test(warnings_bounded),
		cmocka_unit_test(sample),
		cmocka_unit_test(history_turns),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
