/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

/* An operator ends sessions by the command line; and connections stay for what changes sessions. */

static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_ini(s, "[client nas]\ncoa = yes");
	sim_start(s);
	sim_run(s, 100);
	for (uint8_t i = 1; i <= 3; i++)
		(void)sim_request_with(s, &(struct sim_spec){ .port = 5000, .id = i, .user = i < 3 ? "bob" : "eve",
			.station = i == 1 ? "phone" : i == 2 ? "laptop" : "tablet" });
	sim_run(s, 1000);
}

static void
expect(const struct sim *s, unsigned found, unsigned ended, unsigned refused, unsigned open)
{
	struct rgw_disconnects d = rgw_gw_disconnected(s->gw);

	assert_int_equal(d.found, found);
	assert_int_equal(d.ended, ended);
	assert_int_equal(d.refused, refused);
	assert_int_equal(d.open, open);
}

/* All sessions of a user, one by its station, none of a stranger. The NAS gets all that was learned of the session, and
 * when it was asked. */
static void
ends_what_has_the_name(void **state)
{
	struct sim s;
	size_t n;

	(void)state;
	init(&s);
	n = s.n_got;
	s.server.delay = 500;
	assert_true(rgw_gw_disconnect(s.gw, RGW_NAME_USER, "bob", s.now));
	expect(&s, 2, 0, 0, 2);
	assert_false(rgw_gw_disconnect(s.gw, RGW_NAME_USER, "eve", s.now));
	sim_run(&s, 600);
	expect(&s, 2, 2, 0, 0);
	assert_int_equal(s.n_got, n + 2);
	EXPECT_GOT(&s, n, RGW_USER_NAME, "bob,");
	assert_int_equal(sim_count_attrs(s.got[n]->data, s.got[n]->len, RGW_EVENT_TIMESTAMP), 1);
	assert_true(rgw_gw_disconnect(s.gw, RGW_NAME_STATION, "tablet", s.now));
	EXPECT_GOT(&s, n + 2, RGW_CALLING_STATION_ID, "tablet,");
	sim_run(&s, 600);
	expect(&s, 1, 1, 0, 0);
	assert_true(rgw_gw_disconnect(s.gw, RGW_NAME_USER, "nobody", s.now));
	expect(&s, 0, 0, 0, 0);
	sim_end(&s);
}

/* A NAS that refuses, one where nobody listens, and one that is mute: each is told. */
static void
tells_of_failures(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	s.server_gone = true;
	assert_true(rgw_gw_disconnect(s.gw, RGW_NAME_STATION, "phone", s.now));
	sim_run(&s, 100);
	expect(&s, 1, 0, 1, 0);
	assert_int_equal(rgw_gw_disconnected(s.gw).error_cause, RGW_CAUSE_UNSUPPORTED_EXTENSION);
	s.server_gone = false;
	/* A NAS that has sent ICMP is believed for a while. */
	sim_run(&s, 6000);
	s.server.answer = SIM_SILENT;
	assert_true(rgw_gw_disconnect(s.gw, RGW_NAME_STATION, "phone", s.now));
	sim_run(&s, 12000);
	expect(&s, 1, 0, 1, 0);
	assert_int_equal(rgw_gw_disconnected(s.gw).error_cause, RGW_CAUSE_RESOURCES_UNAVAILABLE);
	rgw_gw_drain(s.gw);
	assert_true(rgw_gw_disconnect(s.gw, RGW_NAME_STATION, "phone", s.now));
	expect(&s, 1, 0, 1, 0);
	sim_end(&s);
}

/* P-RCA-8: connections on which sessions may be changed are not closed because nobody uses them, and we ask every 15 s
 * whether those that we have opened still live. */
static void
connections_stay_for_changes(void **state)
{
	struct sim_conn *c;
	struct sim s;

	(void)state;
	for (int changes = 0; changes <= 1; changes++) {
		sim_init(&s, "198.51.100.1");
		sim_ini(&s, "[peer visitor]\nallow = auth%s\nidle-timeout = 30s\n", changes ? ", coa" : "");
		sim_ini(&s, "[peer national]\nallow = auth%s\nwatchdog = 60s\n", changes ? ", coa" : "");
		sim_start(&s);
		c = sim_visit(&s);
		sim_run(&s, 20000);
		assert_int_equal(s.national.probes, 1 + changes);
		sim_run(&s, 40000);
		assert_int_equal(c->engine != NULL, changes);
		sim_end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_what_has_the_name),
		cmocka_unit_test(tells_of_failures),
		cmocka_unit_test(connections_stay_for_changes),
	};

	return cmocka_run_group_tests_name("operator", tests, NULL, NULL);
}
