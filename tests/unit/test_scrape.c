/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/app/scrape.h"

#include <stdlib.h>

#include "../../src/app/health.h"
#include "../../src/app/record.h"
#include "helpers.h"
#include "radsecgw/certrows.h"
#include "radsecgw/counters.h"
#include "radsecgw/histogram.h"
#include "radsecgw/report.h"

/* How all metrics of a moment are written, who gets which format, and when the gateway is ready. */

#define T(name) (&rgw_report_tables[RGW_REPORT_##name])

static void
add(struct rgw_rows *rows, const struct rgw_table *table, const char *name, const struct rgw_cell *cells, size_t n)
{
	rgw_rows_add(rows, &(struct rgw_row){ .table = table, .name = name, .cells = cells, .n = n });
}

#define ADD(rows, table, name, ...)                                                                    \
	do {                                                                                           \
		const struct rgw_cell cells_[] = { __VA_ARGS__ };                                      \
		add(rows, table, name, cells_, COUNT(cells_));                                         \
	} while (0)

/* Counter c stands at 100000 + c. */
static void
add_counters(struct rgw_rows *rows)
{
	for (unsigned c = 0; c < RGW_COUNTER_COUNT; c++)
		ADD(rows, T(COUNTERS), rgw_counter_name(c), rgw_c_add("value", 100000 + c));
}

static void
add_durations(struct rgw_rows *rows, const char *name)
{
	struct rgw_cell cells[RGW_HISTOGRAM_BOUNDS + 2];

	for (size_t i = 0; i <= RGW_HISTOGRAM_BOUNDS; i++)
		cells[i] = rgw_c_add("range", i);
	cells[RGW_HISTOGRAM_BOUNDS + 1] = rgw_c_add("sum_ms", 1234567);
	add(rows, T(DURATIONS), name, cells, COUNT(cells));
}

static void
add_all(struct rgw_rows *rows)
{
	rgw_rows_init(rows);
	ADD(rows, T(PEERS), "a \"b\"\\", rgw_c_best("state", "up", 0), rgw_c_add("up", 3), rgw_c_add("okay", 2),
	    rgw_c_add("opening", 1), rgw_c_add("open", 7), rgw_c_add("queued", 0), rgw_c_add("failed_attempts", 0),
	    rgw_c_add("incoming", 5));
	ADD(rows, T(PEERS), "second", rgw_c_best("state", "drained", 0), rgw_c_add("up", 1), rgw_c_add("okay", 0),
	    rgw_c_add("opening", 0), rgw_c_add("open", 0), rgw_c_add("queued", 9), rgw_c_add("failed_attempts", 4),
	    rgw_c_add("incoming", 0));
	add_counters(rows);
	ADD(rows, T(GATEWAY), NULL, rgw_c_add("pending", 11), rgw_c_add("draining", 2));
	ADD(rows, T(POOLS), "p", rgw_c_same(rgw_f_str("member", "second")), rgw_c_best("standing", "idle", 1),
	    rgw_c_best("answers", "no", 0), rgw_c_add("open", 1));
	ADD(rows, T(LISTENERS), "l", rgw_c_same(rgw_f_str("address", "one")), rgw_c_same(rgw_f_uint("connections", 8)));
	ADD(rows, T(LISTENERS), "l", rgw_c_same(rgw_f_str("address", "two")), rgw_c_same(rgw_f_uint("connections", 8)));
	ADD(rows, T(LIMITS), "queue", rgw_c_add("used", 9), rgw_c_add("max", 10), rgw_c_percent("percent"),
	    rgw_c_same(rgw_f_str("kind", "peer")), rgw_c_same(rgw_f_str("of", "second")));
	add_durations(rows, "second");
	ADD(rows, &rgw_net_certificates, "t", rgw_c_same(rgw_f_uint("not_after", 1999999999)));
	ADD(rows, &rgw_net_crls, "t", rgw_c_same(rgw_f_str("issuer", "CN=a \"b\"")),
	    rgw_c_same(rgw_f_uint("next_update", 1888888888)));
	ADD(rows, &rgw_record_table, NULL, rgw_c_same(rgw_f_uint("reloads", 3)), rgw_c_same(rgw_f_uint("failed", 1)),
	    rgw_c_same(rgw_f_uint("last_ms", 1500)));
}

/* The whole text, with a NUL; the caller frees it. */
static char *
text_of(const struct rgw_rows *rows, bool openmetrics)
{
	struct rgw_scrape scrape = { .rows = rows, .workers = 4, .started = 1700000000123,
		.figures = { .cpu = 2500, .resident = 4096 }, .http = { .not_allowed = 6 } };
	size_t len;
	char *octets = rgw_scrape_write(&scrape, openmetrics, &len);
	char *text = calloc(1, len + 1);

	assert_non_null(octets);
	assert_non_null(text);
	memcpy(text, octets, len);
	free(octets);
	return text;
}

static void
expect(const char *text, const char *line)
{
	char want[256];

	snprintf(want, sizeof want, "\n%s\n", line);
	if (strstr(text, want) == NULL)
		fail_msg("there is no line %s", line);
}

static void
samples(void **state)
{
	struct rgw_rows rows;
	char *text;

	(void)state;
	add_all(&rows);
	text = text_of(&rows, false);
	expect(text, "radsecgw_workers 4");
	expect(text, "process_start_time_seconds 1700000000.123");
	expect(text, "process_cpu_seconds_total 2.5");
	expect(text, "radsecgw_http_refused_total{reason=\"not_allowed\"} 6");
	expect(text, "radsecgw_requests_in_flight 11");
	expect(text, "radsecgw_draining 1");
	expect(text, "radsecgw_peer_up{peer=\"a \\\"b\\\"\\\\\"} 1");
	expect(text, "radsecgw_peer_up{peer=\"second\"} 0");
	expect(text, "radsecgw_peer_state{peer=\"second\",state=\"drained\"} 1");
	expect(text, "radsecgw_peer_state{peer=\"second\",state=\"up\"} 0");
	expect(text, "radsecgw_peer_connections{peer=\"a \\\"b\\\"\\\\\",kind=\"incoming\"} 5");
	expect(text, "radsecgw_pool_member_usable{pool=\"p\",member=\"second\"} 1");
	expect(text, "radsecgw_pool_member_answers{pool=\"p\",member=\"second\"} 0");
	expect(text, "radsecgw_listener_connections{listener=\"l\"} 8");
	assert_null(strstr(strstr(text, "radsecgw_listener_connections{") + 1, "radsecgw_listener_connections{"));
	expect(text, "radsecgw_limit_used{limit=\"queue\",kind=\"peer\",of=\"second\"} 9");
	expect(text, "radsecgw_target_duration_seconds_bucket{target=\"second\",le=\"0.005\"} 3");
	expect(text, "radsecgw_target_duration_seconds_bucket{target=\"second\",le=\"+Inf\"} 105");
	expect(text, "radsecgw_target_duration_seconds_sum{target=\"second\"} 1234.567");
	expect(text, "radsecgw_certificate_not_after_timestamp_seconds{tls=\"t\"} 1999999999");
	expect(text, "radsecgw_crl_next_update_timestamp_seconds{tls=\"t\",issuer=\"CN=a \\\"b\\\"\"} 1888888888");
	expect(text, "radsecgw_configuration_reloads_failed_total 1");
	expect(text, "radsecgw_configuration_last_reload_duration_seconds 1.5");
	free(text);
	rgw_rows_fini(&rows);
}

/* Each counter is in one sample and no more. */
static void
every_counter_once(void **state)
{
	struct rgw_rows rows;
	char *text;

	(void)state;
	add_all(&rows);
	text = text_of(&rows, true);
	for (unsigned c = 0; c < RGW_COUNTER_COUNT; c++) {
		char value[16];
		const char *at;

		snprintf(value, sizeof value, " %u\n", 100000 + c);
		at = strstr(text, value);
		if (at == NULL || strstr(at + 1, value) != NULL)
			fail_msg("%s is not there once", rgw_counter_name(c));
	}
	free(text);
	rgw_rows_fini(&rows);
}

/* No two samples have the same name and labels, and the samples of a family stand together. */
static void
nothing_twice(void **state)
{
	struct rgw_rows rows;
	char *text;

	(void)state;
	add_all(&rows);
	text = text_of(&rows, false);
	for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		char *end = strchr(line, '\n'), *at;
		char want[512];

		/* The name and the labels of a sample, or the name behind "# TYPE ", stand before the last blank. */
		while (*end != ' ')
			end--;
		assert_true((size_t)(end - line) + 3 < sizeof want);
		snprintf(want, sizeof want, "\n%.*s ", (int)(end - line), line);
		at = strstr(strchr(line, '\n'), want);
		if (at != NULL && strncmp(line, "# HELP", 6) != 0)
			fail_msg("twice: %s", want);
	}
	free(text);
	rgw_rows_fini(&rows);
}

/* What is listed is what there can be. */
static void
families_are_listed(void **state)
{
	struct rgw_rows rows;
	char *text, *list = NULL;
	size_t len;
	FILE *out = open_memstream(&list, &len);

	(void)state;
	assert_non_null(out);
	rgw_scrape_print_families(out);
	assert_int_equal(fclose(out), 0);
	add_all(&rows);
	text = text_of(&rows, false);
	for (char *at = strstr(text, "# TYPE "); at != NULL; at = strstr(at + 1, "# TYPE ")) {
		char want[128];

		snprintf(want, sizeof want, "%.*s\t", (int)strcspn(at + 7, " "), at + 7);
		if (strstr(list, want) == NULL)
			fail_msg("not listed: %s", want);
	}
	free(text);
	free(list);
	rgw_rows_fini(&rows);
}

/* Only the tables that are used are asked for; those with a row for each connection or realm are not. */
static void
tables(void **state)
{
	unsigned all = rgw_scrape_tables();

	(void)state;
	assert_true((all >> RGW_REPORT_COUNTERS & 1) == 1);
	assert_true((all >> RGW_REPORT_PEERS & 1) == 1);
	assert_true((all >> RGW_REPORT_CONNECTIONS & 1) == 0);
	assert_true((all >> RGW_REPORT_REALMS & 1) == 0);
}

static void
formats(void **state)
{
	static const struct {
		const char *accept;
		bool open;
	} rows[] = {
		{ NULL, false },
		{ "", false },
		{ "*/*", false },
		{ "text/plain", false },
		{ "application/openmetrics-text", true },
		{ "Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", true },
		{ "application/openmetrics-text;version=\"1.0.0\"", true },
		{ "application/openmetrics-text;version=2.0.0", false },
		{ "application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=0.0.1", true },
		{ "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
		  "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,"
		  "text/plain;version=0.0.4;q=0.2,*/*;q=0.1", true },
		{ "text/plain;q=0.6, application/openmetrics-text;q=0.5", false },
		{ "text/plain;q=0.5, application/openmetrics-text;q=0.501", true },
		{ "*/*, application/openmetrics-text;q=0.5", false },
		{ "application/openmetrics-text;q=0", false },
		{ "application/openmetrics-text;q=0.0", false },
		{ "application/openmetrics-text;q=", false },
		{ "application/openmetrics-text;q=1.5", false },
		{ "application/openmetrics-text;q=x", false },
		{ "application/openmetrics-text ; q=1.000", true },
		{ ",,;;=,;q=1", false },
		{ "application/openmetrics-textual", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rgw_scrape_wants_openmetrics(rows[i].accept) != rows[i].open)
			fail_msg("%s", rows[i].accept);
}

static void
check_ready(const char *usable, bool draining, enum rgw_ready_requires what, bool want)
{
	char why[RGW_HEALTH_TEXT];
	struct rgw_rows rows;

	rgw_rows_init(&rows);
	ADD(&rows, T(GATEWAY), NULL, rgw_c_add("draining", draining));
	for (size_t i = 0; usable[i] != '\0'; i++)
		ADD(&rows, T(ROUTES), "pool", rgw_c_same(rgw_f_str("usable", usable[i] == '+' ? "yes" : "no")));
	if (rgw_health_is_ready(&rows, what, why) != want)
		fail_msg("'%s' %d: %s", usable, (int)what, why);
	assert_true(strncmp(why, want ? "ready: " : "not ready: ", want ? 7 : 11) == 0);
	rgw_rows_fini(&rows);
}

static void
ready(void **state)
{
	(void)state;
	check_ready("", false, RGW_READY_ANY, true);
	check_ready("", false, RGW_READY_ALL, true);
	check_ready("+", false, RGW_READY_ANY, true);
	check_ready("-", false, RGW_READY_ANY, false);
	check_ready("-+-", false, RGW_READY_ANY, true);
	check_ready("++", false, RGW_READY_ALL, true);
	check_ready("+-", false, RGW_READY_ALL, false);
	check_ready("---", false, RGW_READY_NONE, true);
	check_ready("++", true, RGW_READY_ANY, false);
	check_ready("++", true, RGW_READY_NONE, false);
}

/* Names are mentioned as far as there is room for them. */
static void
why_not(void **state)
{
	static const char want[] = "not ready: 1 of 9 pools can be used, but not a, b, c, d, e and others";
	char why[RGW_HEALTH_TEXT], name[300] = "a";
	struct rgw_rows rows;

	(void)state;
	rgw_rows_init(&rows);
	ADD(&rows, T(ROUTES), "good", rgw_c_same(rgw_f_str("usable", "yes")));
	for (size_t i = 0; i < 8; i++, name[0]++)
		ADD(&rows, T(ROUTES), name, rgw_c_same(rgw_f_str("usable", "no")));
	assert_false(rgw_health_is_ready(&rows, RGW_READY_ALL, why));
	assert_string_equal(why, want);
	rgw_rows_fini(&rows);
	rgw_rows_init(&rows);
	memset(name, 'x', sizeof name - 1);
	for (size_t i = 0; i < 8; i++)
		ADD(&rows, T(ROUTES), name, rgw_c_same(rgw_f_str("usable", "no")));
	assert_false(rgw_health_is_ready(&rows, RGW_READY_ANY, why));
	assert_true(strlen(why) < 400);
	rgw_rows_fini(&rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples),
		cmocka_unit_test(every_counter_once),
		cmocka_unit_test(nothing_twice),
		cmocka_unit_test(families_are_listed),
		cmocka_unit_test(tables),
		cmocka_unit_test(formats),
		cmocka_unit_test(ready),
		cmocka_unit_test(why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
