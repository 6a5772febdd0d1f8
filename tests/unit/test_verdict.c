/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/app/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/certrows.h"
#include "radsecgw/report.h"

/* What monitoring is told of a gateway: the worst of all that is known, and each reason in words. */

#define NOW 1800000000
#define DAY 86400

struct world {
	const char *usable;     /* of the second pool; the first one can be used */
	bool draining;
	int64_t ends;           /* of the certificate */
	uint64_t used;          /* percent of a limit */
	const char *section;    /* name of the [tls] section */
};

static void
put(struct rgw_rows *rows, const struct rgw_table *table, const char *name, const struct rgw_cell *cells, size_t n)
{
	rgw_rows_add(rows, &(struct rgw_row){ .table = table, .name = name, .cells = cells, .n = n });
}

static enum rgw_verdict_state
judge(const struct world *w, enum rgw_ready_requires what, struct rgw_verdict *verdict)
{
	const struct rgw_cell gateway[] = { rgw_c_add("pending", 7), rgw_c_add("connections", 2),
		rgw_c_add("half_open", 1), rgw_c_add("draining", w->draining) };
	const struct rgw_cell limit[] = { rgw_c_add("used", w->used), rgw_c_add("max", 100), rgw_c_percent("percent"),
		rgw_c_same(rgw_f_str("kind", "peer")), rgw_c_same(rgw_f_str("of", "national")) };
	const struct rgw_cell good = rgw_c_best("usable", "yes", 0);
	const struct rgw_cell second = rgw_c_best("usable", w->usable, strcmp(w->usable, "yes") != 0);
	const struct rgw_cell end = rgw_c_same(rgw_f_uint("not_after", (uint64_t)w->ends));
	struct rgw_rows rows;

	rgw_rows_init(&rows);
	put(&rows, &rgw_report_tables[RGW_REPORT_GATEWAY], NULL, gateway, 4);
	put(&rows, &rgw_report_tables[RGW_REPORT_LIMITS], "queue", limit, 5);
	put(&rows, &rgw_report_tables[RGW_REPORT_ROUTES], "one", &good, 1);
	put(&rows, &rgw_report_tables[RGW_REPORT_ROUTES], "two", &second, 1);
	put(&rows, &rgw_net_certificates, w->section, &end, 1);
	rgw_verdict_make(&rows, what, NOW, verdict);
	rgw_rows_fini(&rows);
	assert_int_equal(rgw_verdict_read(verdict->line, strlen(verdict->line)), verdict->state);
	return verdict->state;
}

static void
all_is_well(void **state)
{
	const struct world w = { "yes", false, NOW + 14 * DAY, 89, "lab" };
	struct rgw_verdict v;

	(void)state;
	assert_int_equal(judge(&w, RGW_READY_ANY, &v), RGW_VERDICT_OK);
	assert_string_equal(v.line, "OK: ready: all pools can be used, of which there are 2|usable_pools=2;;;0;2 "
	    "pending=7;;;0 connections=2;;;0 half_open=1;;;0 certificate_days=14;14:;0:");
}

static void
each_fault_is_told(void **state)
{
	static const struct {
		struct world w;
		enum rgw_ready_requires what;
		enum rgw_verdict_state want;
		const char *words;
	} rows[] = {
		{ { "no", false, NOW + 99 * DAY, 1, "lab" }, RGW_READY_ANY, RGW_VERDICT_WARNING,
		    "WARNING: ready: 1 of 2" },
		{ { "no", false, NOW + 99 * DAY, 1, "lab" }, RGW_READY_ALL, RGW_VERDICT_CRITICAL,
		    "CRITICAL: not ready: 1 of 2" },
		{ { "yes", true, NOW + 99 * DAY, 1, "lab" }, RGW_READY_NONE, RGW_VERDICT_CRITICAL,
		    "drained or stopping" },
		{ { "yes", false, NOW + 14 * DAY - 1, 1, "lab" }, RGW_READY_ANY, RGW_VERDICT_WARNING,
		    "; a certificate of [tls lab] expires in 13 days|" },
		{ { "yes", false, NOW - 1, 1, "lab" }, RGW_READY_ANY, RGW_VERDICT_CRITICAL,
		    "; a certificate of [tls lab] has expired|" },
		{ { "yes", false, NOW + 99 * DAY, 90, "lab" }, RGW_READY_ANY, RGW_VERDICT_WARNING,
		    "; the limit queue of peer national is used to 90 %|" },
		{ { "no", false, NOW - 1, 100, "a|b" }, RGW_READY_ANY, RGW_VERDICT_CRITICAL, "[tls a/b]" },
	};
	struct rgw_verdict v;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(judge(&rows[i].w, rows[i].what, &v), rows[i].want);
		assert_non_null(strstr(v.line, rows[i].words));
		assert_ptr_equal(strchr(v.line, '|'), strrchr(v.line, '|'));
	}
}

static void
other_lines_say_nothing(void **state)
{
	static const char *const lines[] = { "", "OK", "OKAY: x", "there is no such command\n", "ok: x" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_int_equal(rgw_verdict_read(lines[i], strlen(lines[i])), RGW_VERDICT_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(each_fault_is_told),
		cmocka_unit_test(other_lines_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
