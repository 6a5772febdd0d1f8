/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radsecgw/watchdog.h"

#define INIT 30000
#define MIDDLE 0x8000

/* P-WD-2: an interval lies between Twinit - 2 s and Twinit + 2 s. */
static void
interval_varies(void **state)
{
	struct rgw_watchdog wd;

	(void)state;
	rgw_watchdog_open(&wd, INIT, false, 3, 0, 1000);
	assert_int_equal(rgw_watchdog_deadline(&wd), 1000 + INIT - 2000);
	rgw_watchdog_open(&wd, INIT, false, 3, UINT16_MAX, 1000);
	assert_int_equal(rgw_watchdog_deadline(&wd), 1000 + INIT + 2000);
	rgw_watchdog_heard(&wd, false, MIDDLE, 5000);
	assert_in_range(rgw_watchdog_deadline(&wd), 5000 + INIT - 1, 5000 + INIT + 1);
}

/* P-WD-7, 8: a connection is in service at once for the first time; silence asks, then suspects, then closes; never two
 * at a time (P-WD-4, 5). */
static void
okay_to_down(void **state)
{
	struct rgw_watchdog wd;

	(void)state;
	/* The connection begins with a Status-Server. */
	assert_int_equal(rgw_watchdog_open(&wd, INIT, false, 3, MIDDLE, 0), RGW_WD_SEND);
	assert_int_equal(wd.state, RGW_WD_OKAY);
	assert_int_equal(rgw_watchdog_heard(&wd, true, MIDDLE, 0), RGW_WD_NOTHING);
	assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, 30000), RGW_WD_SEND);
	assert_int_equal(wd.state, RGW_WD_OKAY);
	assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, 60000), RGW_WD_FAILOVER);
	assert_int_equal(wd.state, RGW_WD_SUSPECT);
	assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, 90000), RGW_WD_CLOSE);
}

/* A connection that does not answer even the first Status-Server is down after two intervals. */
static void
mute_from_the_beginning(void **state)
{
	struct rgw_watchdog wd;

	(void)state;
	rgw_watchdog_open(&wd, INIT, false, 3, MIDDLE, 0);
	assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, 30000), RGW_WD_FAILOVER);
	assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, 60000), RGW_WD_CLOSE);
}

static void
answer_keeps_it_okay(void **state)
{
	struct rgw_watchdog wd;

	(void)state;
	rgw_watchdog_open(&wd, INIT, false, 3, MIDDLE, 0);
	rgw_watchdog_heard(&wd, true, MIDDLE, 0);
	for (rgw_ms now = 30000; now < 300000; now += 30000) {
		assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, now), RGW_WD_SEND);
		assert_int_equal(rgw_watchdog_heard(&wd, true, MIDDLE, now + 10), RGW_WD_NOTHING);
		assert_int_equal(wd.state, RGW_WD_OKAY);
	}
}

/* P-WD-3: any packet arms the watchdog anew, but does not answer what is pending. */
static void
other_packets_put_it_off(void **state)
{
	struct rgw_watchdog wd;

	(void)state;
	rgw_watchdog_open(&wd, INIT, false, 3, MIDDLE, 0);
	rgw_watchdog_heard(&wd, true, MIDDLE, 0);
	assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, 30000), RGW_WD_SEND);
	assert_int_equal(rgw_watchdog_heard(&wd, false, MIDDLE, 40000), RGW_WD_NOTHING);
	assert_in_range(rgw_watchdog_deadline(&wd), 69990, 70010);
	assert_true(wd.pending);
	assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, 70000), RGW_WD_FAILOVER);
}

/* P-FO-2: a suspected connection is good again after any packet. */
static void
suspect_comes_back(void **state)
{
	(void)state;
	for (int dwa = 0; dwa <= 1; dwa++) {
		struct rgw_watchdog wd;

		rgw_watchdog_open(&wd, INIT, false, 3, MIDDLE, 0);
		rgw_watchdog_expired(&wd, MIDDLE, 30000);
		rgw_watchdog_expired(&wd, MIDDLE, 60000);
		assert_int_equal(rgw_watchdog_heard(&wd, dwa == 1, MIDDLE, 61000), RGW_WD_FAILBACK);
		assert_int_equal(wd.state, RGW_WD_OKAY);
		assert_int_equal(wd.pending, dwa == 0);
		assert_in_range(rgw_watchdog_deadline(&wd), 90990, 91010);
	}
}

/* P-WD-7, P-WD-9: a connection needs three answers, and each question is asked right after the answer before. */
static void
reopened_must_prove_itself(void **state)
{
	struct rgw_watchdog wd;

	(void)state;
	assert_int_equal(rgw_watchdog_open(&wd, INIT, true, 3, MIDDLE, 0), RGW_WD_SEND);
	assert_int_equal(wd.state, RGW_WD_REOPEN);
	/* P-WD-8: anything else is thrown away, and puts nothing off. */
	assert_int_equal(rgw_watchdog_heard(&wd, false, MIDDLE, 5), RGW_WD_NOTHING);
	assert_int_equal(wd.since, 0);
	assert_int_equal(rgw_watchdog_heard(&wd, true, MIDDLE, 10), RGW_WD_SEND);
	assert_int_equal(rgw_watchdog_heard(&wd, true, MIDDLE, 20), RGW_WD_SEND);
	assert_int_equal(wd.state, RGW_WD_REOPEN);
	assert_int_equal(rgw_watchdog_heard(&wd, true, MIDDLE, 30), RGW_WD_FAILBACK);
	assert_int_equal(wd.state, RGW_WD_OKAY);
	assert_false(wd.pending);
}

static void
as_many_answers_as_configured(void **state)
{
	struct rgw_watchdog wd;

	(void)state;
	rgw_watchdog_open(&wd, INIT, true, 1, MIDDLE, 0);
	assert_int_equal(rgw_watchdog_heard(&wd, true, MIDDLE, 10), RGW_WD_FAILBACK);
}

/* P-WD-9 (3): an answer that was missed takes the count back, so that three more are needed. */
static void
missed_answer_starts_anew(void **state)
{
	struct rgw_watchdog wd;

	(void)state;
	rgw_watchdog_open(&wd, INIT, true, 3, MIDDLE, 0);
	rgw_watchdog_heard(&wd, true, MIDDLE, 10);
	assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, 30010), RGW_WD_NOTHING);
	assert_int_equal(wd.state, RGW_WD_REOPEN);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rgw_watchdog_heard(&wd, true, MIDDLE, 30020), RGW_WD_SEND);
	assert_int_equal(rgw_watchdog_heard(&wd, true, MIDDLE, 30030), RGW_WD_FAILBACK);
}

static void
silent_after_reopening_is_closed(void **state)
{
	struct rgw_watchdog wd;

	(void)state;
	rgw_watchdog_open(&wd, INIT, true, 3, MIDDLE, 0);
	assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, 30000), RGW_WD_NOTHING);
	assert_int_equal(rgw_watchdog_expired(&wd, MIDDLE, 60000), RGW_WD_CLOSE);
}

/* P-WD-11: without a watchdog the connection counts as good. */
static void
switched_off(void **state)
{
	struct rgw_watchdog wd;

	(void)state;
	assert_int_equal(rgw_watchdog_open(&wd, 0, true, 3, MIDDLE, 0), RGW_WD_NOTHING);
	assert_int_equal(wd.state, RGW_WD_OKAY);
	assert_true(rgw_watchdog_deadline(&wd) == RGW_NEVER);
	assert_int_equal(rgw_watchdog_heard(&wd, true, MIDDLE, 10), RGW_WD_NOTHING);
	rgw_watchdog_open(&wd, INIT, true, 3, MIDDLE, 0);
	rgw_watchdog_off(&wd);
	assert_int_equal(wd.state, RGW_WD_OKAY);
	assert_true(rgw_watchdog_deadline(&wd) == RGW_NEVER);
}

static void
states_have_names(void **state)
{
	(void)state;
	assert_string_equal(rgw_watchdog_name(RGW_WD_OKAY), "okay");
	assert_string_equal(rgw_watchdog_name(RGW_WD_SUSPECT), "suspect");
	assert_string_equal(rgw_watchdog_name(RGW_WD_REOPEN), "reopen");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval_varies),
		cmocka_unit_test(okay_to_down),
		cmocka_unit_test(mute_from_the_beginning),
		cmocka_unit_test(answer_keeps_it_okay),
		cmocka_unit_test(other_packets_put_it_off),
		cmocka_unit_test(suspect_comes_back),
		cmocka_unit_test(reopened_must_prove_itself),
		cmocka_unit_test(as_many_answers_as_configured),
		cmocka_unit_test(missed_answer_starts_anew),
		cmocka_unit_test(silent_after_reopening_is_closed),
		cmocka_unit_test(switched_off),
		cmocka_unit_test(states_have_names),
	};

	return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
