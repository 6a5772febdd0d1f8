/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about connections that stand and on which nothing comes, found out by the pace of their peer long before
 * a watchdog would. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define USER "user@example.org"

static struct sim_req *
login(struct sim *s)
{
	return sim_request(s, 1, (uint16_t)(10000 + s->n_reqs), 1, USER);
}

/* National with two connections; enough has been answered to know its pace. */
static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_ini(s, "[peer national]\nstatus-server = on\nconnections = 2-3");
	sim_start(s);
	sim_run(s, 1000);
	for (unsigned i = 0; i < 20; i++) {
		login(s);
		login(s);
		sim_run(s, 100);
	}
	assert_int_equal(sim_answered(s), 40);
	assert_int_equal(sim_count_up(s), 2);
}

/* The connection is asked, taken for mute, and replaced; the new one shows that the peer lives, so the request moves
 * there. */
static void
mute_connection_is_replaced(void **state)
{
	struct sim s;
	struct sim_conn *mute;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.national.answer = SIM_SILENT;
	r = login(&s);
	s.national.answer = SIM_ANSWER;
	mute = r->got->conn;
	mute->mute = true;
	/* The limit is 300 ms and four times the usual, then as long for the answer to Status-Server. */
	sim_run(&s, 600);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_quiet), 0);
	sim_run(&s, 150);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_quiet), 1);
	assert_int_equal(r->answers, 0);
	sim_run(&s, 250);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_mute), 1);
	assert_true(mute->closed_by_engine);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_count_up(&s), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_suspected), 0);
	sim_end(&s);
}

/* The peer hangs altogether: that is for its watchdog to find out. */
static void
peer_that_hangs_keeps_its_connections(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	s.national.hang = true;
	login(&s);
	login(&s);
	sim_run(&s, 20000);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_quiet), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_mute), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_lost), 0);
	assert_int_equal(sim_count_up(&s), 2);
	sim_end(&s);
}

/* The connection was only slow: it is good again. */
static void
mute_connection_speaks_again(void **state)
{
	struct sim s;
	struct sim_req *r, *q;

	(void)state;
	init(&s);
	s.national.hang = true;
	r = login(&s);
	q = login(&s);
	sim_run(&s, 1000);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_quiet), 2);
	s.national.hang = false;
	sim_reply(&s, r->got, 0);
	assert_string_equal(s.last_event, "answered");
	sim_reply(&s, q->got, 0);
	assert_int_equal(r->answers, 1);
	assert_int_equal(q->answers, 1);
	for (unsigned i = 0; i < 10; i++)
		login(&s);
	sim_run(&s, 1000);
	assert_int_equal(sim_answered(&s), 52);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_mute), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_lost), 0);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mute_connection_is_replaced),
		cmocka_unit_test(peer_that_hangs_keeps_its_connections),
		cmocka_unit_test(mute_connection_speaks_again),
	};

	return cmocka_run_group_tests_name("mute", tests, NULL, NULL);
}
