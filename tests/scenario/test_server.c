/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about a server that is asked over UDP and is silent, or not there (P-RTX-1, 4, P-ID-6, 8,
 * P-SS-8, 20, 21, P-FO-7). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define USER "user@example.org"

static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_server(s);
}

/* ---- a silent server ---- */

/* RFC 5080 2.2.1: each time-out is twice the last one, give or take a tenth, and at most 16 seconds. */
static void
assert_course(const struct sim_got *g)
{
	rgw_ms gap = 1000;

	assert_in_range(g->copies, 4, 5);
	for (unsigned i = 1; i < g->copies; i++) {
		rgw_ms is = g->copy_at[i] - g->copy_at[i - 1];
		/* Times are whole milliseconds. */
		rgw_ms least = gap * 2 - gap / 5, most = gap * 2 + gap / 5;

		if (i > 1) {
			least = gap * 2 - gap / 10 - 1;
			most = gap * 2 + gap / 10 + 1;
		}
		assert_in_range(is, least < 14400 ? least : 14400, most < 17600 ? most : 17600);
		gap = is;
	}
}

/* P-RTX-4, P-ID-6: sim_in.c verifies that the octets are the same each time. */
static void
silent_server_is_asked_again(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sim s;
		struct sim_conn *c;
		struct sim_req *r, *q;

		init(&s);
		s.seed = seed;
		s.server.answer = SIM_SILENT;
		sim_start(&s);
		c = sim_visit(&s);
		r = sim_request(&s, 1, 5000, 1, USER);
		q = sim_ask(&s, c, 4, 1, USER);
		sim_run(&s, 29999);
		assert_int_equal(rgw_gw_pending(s.gw), 2);
		sim_run(&s, 1);
		assert_int_equal(rgw_gw_pending(s.gw), 0);
		assert_int_equal(s.n_got, 2);
		assert_course(s.got[0]);
		assert_course(s.got[1]);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_sent), 2);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_retransmitted),
		    s.got[0]->copies + s.got[1]->copies - 2);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 2);
		/* P-GW-30: a silent server leads to no answer, for peers neither. */
		assert_int_equal(r->answers + q->answers, 0);
		sim_end(&s);
	}
}

static void
answered_after_the_third_copy(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 7000);
	assert_int_equal(s.got[0]->copies, 3);
	sim_server_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	/* The server answers each copy; only the first answer counts (P-ID-8). */
	sim_server_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	sim_run(&s, 60000);
	assert_int_equal(s.got[0]->copies, 3);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 0);
	sim_end(&s);
}

/* The options of `retransmit`: two transmissions, then it is over before the lifetime ends. */
static void
retransmissions_have_a_limit(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[server local]\nretransmit = irt 1s mrt 1s mrc 2");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 1799);
	assert_int_equal(rgw_gw_pending(s.gw), 1);
	assert_int_equal(s.got[0]->copies, 2);
	sim_run(&s, 402);
	assert_int_equal(rgw_gw_pending(s.gw), 0);
	assert_int_equal(s.got[0]->copies, 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 1);
	sim_end(&s);
}

/* ---- is it alive? ---- */

/* P-FO-7: a silent server is suspected, dead after `zombie`, and tried again after `revive`; requests go there all the
 * time, since they have nowhere else to go. */
static void
suspected_dead_and_tried_again(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 29999);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 0);
	sim_run(&s, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 1);
	assert_string_equal(s.last_event, "server-down");
	sim_run(&s, 39999);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 0);
	sim_run(&s, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 1);
	assert_string_equal(s.last_event, "server-down");
	/* Another lost request changes nothing. */
	sim_request(&s, 1, 5000, 2, USER);
	assert_int_equal(s.n_got, 2);
	sim_run(&s, 299999);
	assert_string_equal(s.last_event, "request-timeout");
	sim_run(&s, 1);
	assert_string_equal(s.last_event, "server-alive");
	assert_int_equal(sim_counter(&s, RGW_CTR_server_revived), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 1);
	s.server.answer = SIM_ANSWER;
	r = sim_request(&s, 1, 5000, 3, USER);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_probes), 0);
	sim_end(&s);
}

/* Any answer shows that it lives (P-SS-21). */
static void
answer_ends_the_suspicion(void **state)
{
	static const rgw_ms waits[] = { 1000, 50000 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sim s;
		struct sim_req *r;

		init(&s);
		s.server.answer = SIM_SILENT;
		sim_start(&s);
		sim_request(&s, 1, 5000, 1, USER);
		sim_run(&s, 30000 + waits[i]);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), i);
		s.server.answer = SIM_ANSWER;
		r = sim_request(&s, 1, 5000, 2, USER);
		sim_run(&s, 5);
		assert_int_equal(r->answers, 1);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_revived), 1);
		sim_run(&s, 600000);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), i);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_revived), 1);
		sim_end(&s);
	}
}

/* P-SS-21: one lost request is the fault of its realm, if others are answered meanwhile. */
static void
lost_request_among_answered_ones(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, USER);
	sim_request(&s, 1, 5001, 1, USER);
	sim_run(&s, 10000);
	sim_server_reply(&s, s.got[1], 0);
	sim_run(&s, 20000);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 0);
	/* An answer that came before the request was sent does not count. */
	sim_request(&s, 1, 5000, 2, USER);
	sim_run(&s, 30000);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 1);
	sim_end(&s);
}

/* The ports for authentication and for accounting live and die apart. */
static void
ports_are_judged_apart(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, USER);
	sim_request(&s, 4, 5000, 1, USER);
	sim_run(&s, 10000);
	sim_server_reply(&s, s.got[1], 0);
	sim_run(&s, 20000);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 1);
	assert_non_null(strstr(s.last_line, "port=auth"));
	sim_end(&s);
}

/* P-SS-1, P-SS-8: probes under new identifiers and authenticators, until one is answered. */
static void
suspected_server_is_probed(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[server local]\nstatus-server = yes");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 29999);
	assert_int_equal(s.server.probes, 0);
	sim_run(&s, 1);
	assert_int_equal(s.server.probes, 1);
	sim_run(&s, 5 * 33000);
	assert_in_range(s.server.probes, 6, 7);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_probes), s.server.probes);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 1);
	for (size_t i = 1; i < s.n_all; i++) {
		assert_int_equal(s.all[i]->data[0], RGW_STATUS_SERVER);
		if (i == 1)
			continue;
		assert_in_range(s.all[i]->at - s.all[i - 1]->at, 27000, 33000);
		/* Gateways that ask the same server do not do so in step. */
		assert_int_not_equal(s.all[i]->at - s.all[i - 1]->at, 30000);
		assert_int_not_equal(s.all[i]->data[1], s.all[i - 1]->data[1]);
		assert_memory_not_equal(s.all[i]->data + 4, s.all[i - 1]->data + 4, 16);
	}
	/* Time alone does not make the server alive again. */
	sim_run(&s, 600000);
	assert_string_equal(s.last_event, "server-down");
	s.server.no_status = false;
	sim_run(&s, 33000 + 5);
	assert_string_equal(s.last_event, "server-alive");
	assert_int_equal(sim_counter(&s, RGW_CTR_server_revived), 1);
	s.server.probes = 0;
	sim_run(&s, 600000);
	assert_int_equal(s.server.probes, 0);
	/* P-SS-23: probes are not counted as requests. */
	assert_int_equal(sim_counter(&s, RGW_CTR_server_sent), 1);
	sim_end(&s);
}

/* A probe is sent at once, so a server that lives is never dead; and what answers it counts (P-SS-6). */
static void
answers_to_probes(void **state)
{
	static const struct {
		uint8_t code;
		bool good;
	} rows[] = { { 2, true }, { 5, true }, { 3, false }, { 11, false }, { 52, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim s;

		init(&s);
		sim_ini(&s, "[server local]\nstatus-server = yes");
		s.server.answer = SIM_SILENT;
		sim_start(&s);
		sim_request(&s, 1, 5000, 1, USER);
		sim_run(&s, 30010);
		assert_int_equal(s.server.probes, 1);
		sim_server_reply(&s, s.all[1], rows[i].code);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_revived), rows[i].good);
		assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_pair), !rows[i].good);
		/* The same answer again is late, or does not fit still. */
		sim_server_reply(&s, s.all[1], rows[i].code);
		assert_int_equal(sim_counter(&s, RGW_CTR_response_late), rows[i].good);
		sim_run(&s, 50000);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), !rows[i].good);
		sim_end(&s);
	}
}

/* The answer to a request ends probing, too, and the probe under way is forgotten. */
static void
request_is_answered_while_a_probe_is_under_way(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[server local]\nstatus-server = yes");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 30010);
	assert_int_equal(s.server.probes, 1);
	s.server.answer = SIM_ANSWER;
	sim_request(&s, 1, 5000, 2, USER);
	sim_run(&s, 100);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_revived), 1);
	sim_server_reply(&s, s.got[1], 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	sim_run(&s, 120000);
	assert_int_equal(s.server.probes, 1);
	sim_end(&s);
}

/* ---- ICMP ---- */

/* The server is dead at once; but the request goes on being sent, and is answered when somebody listens again. */
static void
nobody_listens(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.server_gone = true;
	sim_start(&s);
	c = sim_visit(&s);
	r = sim_ask(&s, c, 1, 1, USER);
	sim_run(&s, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_unreachable), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 1);
	assert_string_equal(s.last_event, "server-down");
	sim_run(&s, 4000);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_retransmitted), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_unreachable), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 1);
	s.server_gone = false;
	sim_run(&s, 3000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.n_got, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 1);
	sim_end(&s);
}

/* A port that ICMP calls unreachable is cheap to ask: it is tried again soon, whatever `revive` says; but not later
 * than that. */
static void
unreachable_server_is_tried_again_soon(void **state)
{
	static const unsigned revives[] = { 300, 2 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		rgw_ms wait = i == 0 ? 5000 : 2000;
		struct sim s;

		init(&s);
		sim_ini(&s, "[server local]\nrevive = %us\nretransmit = mrc 1", revives[i]);
		s.server_gone = true;
		sim_start(&s);
		sim_request(&s, 1, 5000, 1, USER);
		s.server_gone = false;
		sim_run(&s, wait);
		assert_string_not_equal(s.last_event, "server-alive");
		sim_run(&s, 1);
		assert_string_equal(s.last_event, "server-alive");
		sim_end(&s);
	}
}

static void
unreachable_server_is_probed(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[server local]\nstatus-server = yes\nretransmit = mrc 1");
	s.server.no_status = false;
	s.server_gone = true;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 5000);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_probes), 0);
	sim_run(&s, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_probes), 1);
	sim_run(&s, 10000);
	s.server_gone = false;
	sim_run(&s, 23010);
	assert_int_equal(s.server.probes, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_revived), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silent_server_is_asked_again),
		cmocka_unit_test(answered_after_the_third_copy),
		cmocka_unit_test(retransmissions_have_a_limit),
		cmocka_unit_test(suspected_dead_and_tried_again),
		cmocka_unit_test(answer_ends_the_suspicion),
		cmocka_unit_test(lost_request_among_answered_ones),
		cmocka_unit_test(ports_are_judged_apart),
		cmocka_unit_test(suspected_server_is_probed),
		cmocka_unit_test(answers_to_probes),
		cmocka_unit_test(request_is_answered_while_a_probe_is_under_way),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(unreachable_server_is_tried_again_soon),
		cmocka_unit_test(unreachable_server_is_probed),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
