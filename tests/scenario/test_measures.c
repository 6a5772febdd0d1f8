/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about what the gateway tells of its neighbours: how long their answers take and of which kind they are, and
 * whether there is a way for requests. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/report.h"
#include "sim.h"

#define USER "user@example.org"

/* A cell of the row of that name; fails the test if there is none. The texts are good until the next call. */
static struct rgw_field
cell(struct sim *s, enum rgw_report_table table, const char *name, const char *key)
{
	static struct rgw_rows rows;
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;

	rgw_rows_fini(&rows);
	rgw_gw_report(s->gw, 1u << table, rgw_rows_add, &rows);
	for (size_t i = 0; rgw_rows_get(&rows, i, &row, room); i++)
		for (size_t c = 0; (row.name == NULL || strcmp(row.name, name) == 0) && c < row.n; c++)
			if (strcmp(room[c].field.key, key) == 0)
				return room[c].field;
	fail_msg("there is no %s of %s", key, name);
	return (struct rgw_field){ .type = RGW_FIELD_END };
}

static uint64_t
number(struct sim *s, enum rgw_report_table table, const char *name, const char *key)
{
	return cell(s, table, name, key).number;
}

static const char *
text(struct sim *s, enum rgw_report_table table, const char *name, const char *key)
{
	return cell(s, table, name, key).data;
}

/* Frees what the last call of cell keeps. */
static void
forget(struct sim *s)
{
	(void)cell(s, RGW_REPORT_GATEWAY, "", "pending");
}

static void
expect_usable(struct sim *s, const char *route, const char *want)
{
	assert_string_equal(text(s, RGW_REPORT_ROUTES, route, "usable"), want);
}

/* Each answer counts where it came from, by its code and by its time since the request was sent. */
static void
answers_are_measured(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 40;
	sim_start(&s);
	sim_run(&s, 1000);
	sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, USER);
	sim_request(&s, RGW_ACCOUNTING_REQUEST, 1001, 1, USER);
	sim_run(&s, 1000);
	s.national.answer = SIM_SILENT;
	sim_request(&s, RGW_ACCESS_REQUEST, 1002, 1, USER);
	sim_run(&s, 1500);
	sim_reply(&s, s.got[2], RGW_ACCESS_REJECT);
	sim_request(&s, RGW_ACCESS_REQUEST, 1003, 1, USER);
	sim_run(&s, 100);
	sim_reply_error(&s, s.got[3], RGW_CAUSE_OTHER_PROXY_ERROR);
	sim_run(&s, 100);
	assert_int_equal(number(&s, RGW_REPORT_ANSWERS, "national", "accept"), 1);
	assert_int_equal(number(&s, RGW_REPORT_ANSWERS, "national", "accounting"), 1);
	assert_int_equal(number(&s, RGW_REPORT_ANSWERS, "national", "reject"), 1);
	assert_int_equal(number(&s, RGW_REPORT_ANSWERS, "national", "protocol_error"), 1);
	assert_int_equal(number(&s, RGW_REPORT_ANSWERS, "national", "challenge"), 0);
	assert_int_equal(number(&s, RGW_REPORT_DURATIONS, "national", "50ms"), 2);
	assert_int_equal(number(&s, RGW_REPORT_DURATIONS, "national", "100ms"), 1);
	assert_int_equal(number(&s, RGW_REPORT_DURATIONS, "national", "2s"), 1);
	assert_int_equal(number(&s, RGW_REPORT_DURATIONS, "national", "sum_ms"), 40 + 40 + 1500 + 100);
	forget(&s);
	sim_end(&s);
}

/* The time that a request waits for a connection is none of the peer's. */
static void
waiting_does_not_count(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.connect_delay = 1800;
	s.national.delay = 10;
	sim_start(&s);
	sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, USER);
	sim_run(&s, 3000);
	assert_int_equal(number(&s, RGW_REPORT_DURATIONS, "national", "10ms"), 1);
	assert_int_equal(number(&s, RGW_REPORT_DURATIONS, "national", "sum_ms"), 10);
	forget(&s);
	sim_end(&s);
}

/* A pool can be used as long as one of its members can, and it is told of when none can. */
static void
pool_is_usable_with_one_member(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	sim_start(&s);
	/* Nothing is known against a peer to which the first connection is opened. */
	expect_usable(&s, "federation", "yes");
	sim_run(&s, 1000);
	expect_usable(&s, "federation", "yes");
	s.national.refuse = true;
	sim_cut_all(&s, &s.national);
	sim_run(&s, 2000);
	expect_usable(&s, "federation", "yes");
	s.second.refuse = true;
	sim_cut_all(&s, &s.second);
	sim_run(&s, 2000);
	expect_usable(&s, "federation", "no");
	s.second.refuse = false;
	sim_run(&s, 61000);
	expect_usable(&s, "federation", "yes");
	assert_true(rgw_gw_hold(s.gw, "second", true, s.now));
	expect_usable(&s, "federation", "no");
	forget(&s);
	sim_end(&s);
}

/* A peer in place of a pool is a route, a server to which nothing leads is none, and draining is told. */
static void
routes_are_what_requests_can_take(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	sim_run(&s, 1000);
	expect_usable(&s, "national", "yes");
	assert_int_equal(number(&s, RGW_REPORT_GATEWAY, "", "draining"), 0);
	rgw_gw_drain(s.gw);
	assert_int_equal(number(&s, RGW_REPORT_GATEWAY, "", "draining"), 1);
	rgw_gw_resume(s.gw, s.now);
	assert_int_equal(number(&s, RGW_REPORT_GATEWAY, "", "draining"), 0);
	forget(&s);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_measured),
		cmocka_unit_test(waiting_does_not_count),
		cmocka_unit_test(pool_is_usable_with_one_member),
		cmocka_unit_test(routes_are_what_requests_can_take),
	};

	return cmocka_run_group_tests_name("measures", tests, NULL, NULL);
}
