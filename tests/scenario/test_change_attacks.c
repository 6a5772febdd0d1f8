/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "sim_coa.h"
#include "sim_priv.h"

/* CoA and Disconnect of people who mean harm, and those that cannot be served: nothing of it reaches a NAS that it is
 * not for, each has its counter and its line, and logins go on. */

#define USER "bob@example.org"
#define STATION "02-00-00-00-00-01"

/* "nas" at 192.0.2.10 takes CoA; "second-nas" at 192.0.2.11 is the home's server that sends it. */
static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_add_client(s);
	sim_ini(s, "[listen radius]\naccept = auth, acct, coa\n[client nas]\ncoa = yes\n"
	    "[client second-nas]\nallow = coa, disconnect\ncoa-realms = *\n");
}

static void
login(struct sim *s, uint8_t id)
{
	struct sim_req *r = sim_request_with(s, &(struct sim_spec){ .port = 5000, .id = id, .user = USER,
		.station = STATION });

	sim_run(s, 1000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
}

static void
begin_for_nas(struct sim_more *m)
{
	sim_more_begin(m);
	sim_more_u32(m, RGW_NAS_IP_ADDRESS, 0xc000020a);
}

/* P-COA-31, P-COA-33: octets that somebody has recorded come again after 10 s, 4 minutes and 10 minutes. As long as the
 * answer is kept they get that, and then they are too old. */
static void
replays_change_nothing(void **state)
{
	struct sim_more m;
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_start(&s);
	begin_for_nas(&m);
	sim_more_u32(&m, RGW_EVENT_TIMESTAMP, (uint32_t)(SIM_EPOCH + (int64_t)(s.now / 1000)));
	r = sim_change(&s, RGW_DISCONNECT_REQUEST, 1, USER, STATION, &m);
	sim_run(&s, 10000);
	assert_int_equal(sim_n_at_nases(&s), 1);
	sim_again(&s, r);
	sim_run(&s, 230000);
	sim_again(&s, r);
	assert_int_equal(r->answers, 3);
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_stale), 0);
	sim_run(&s, 360000);
	sim_again(&s, r);
	assert_int_equal(r->answers, 3);
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_stale), 1);
	assert_string_equal(s.last_event, "stale-request");
	assert_int_equal(sim_n_at_nases(&s), 1);
	sim_end(&s);
}

/* P-AUT-4: answers in the name of the NAS that were made without its secret, of a wrong code, or under another
 * identifier: the sender hears the NAS alone. */
static void
forged_answers_are_dropped(void **state)
{
	static const struct { enum sim_answer answer; enum rgw_counter counter; } rows[] = {
		{ SIM_FORGED, RGW_CTR_response_bad_authenticator },
		{ SIM_WRONG_ID, RGW_CTR_response_unmatched },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim_more m;
		struct sim s;
		struct sim_req *r;

		init(&s);
		s.server.answer = SIM_SILENT;
		sim_start(&s);
		begin_for_nas(&m);
		r = sim_change(&s, RGW_COA_REQUEST, 1, USER, NULL, &m);
		sim_server_reply_how(&s, s.got[0], rows[i].answer);
		assert_int_equal(r->answers, 0);
		assert_int_equal(sim_counter(&s, rows[i].counter), 1);
		sim_server_reply(&s, s.got[0], RGW_DISCONNECT_ACK);
		assert_int_equal(r->answers, 0);
		assert_int_equal(sim_counter(&s, RGW_CTR_response_bad_pair), 1);
		sim_server_reply(&s, s.got[0], RGW_COA_ACK);
		assert_int_equal(r->answers, 1);
		assert_int_equal(r->answer[0], RGW_COA_ACK);
		sim_end(&s);
	}
}

/* P-CPX-7: requests for NASes that nobody knows, without end: each gets its NAK and none is learned; the table stays as
 * it was, and logins between them have their answers. */
static void
flood_for_unknown_nases(void **state)
{
	struct rgw_nastable_use before, after;
	struct sim_more m;
	char name[32];
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	login(&s, 1);
	before = rgw_nastable_used(&s.common->nases);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "nobody-%u", i);
		sim_more_begin(&m);
		sim_more_text(&m, RGW_NAS_IDENTIFIER, name);
		sim_expect_cause(sim_change(&s, RGW_COA_REQUEST, (uint8_t)i, NULL, NULL, &m), RGW_COA_NAK,
		    RGW_CAUSE_NOT_ROUTABLE);
		assert_string_equal(s.last_event, "coa-unroutable");
		if (i % 1000 == 999)
			login(&s, (uint8_t)(2 + i / 1000));
	}
	assert_int_equal(sim_counter(&s, RGW_CTR_request_change_unroutable), 5000);
	after = rgw_nastable_used(&s.common->nases);
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(sim_n_at_nases(&s), 0);
	sim_end(&s);
}

/* Accounting-On and -Off of a NAS that nobody would miss, without end: another NAS's session is as it was. */
static void
flood_of_accounting_off(void **state)
{
	struct sim_more m;
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	login(&s, 1);
	for (unsigned i = 0; i < 2000; i++) {
		sim_more_begin(&m);
		sim_more_u32(&m, RGW_ACCT_STATUS_TYPE, 7 + i % 2);
		(void)sim_request_with(&s, &(struct sim_spec){ .code = RGW_ACCOUNTING_REQUEST, .nas = 1, .port = 5001,
			.id = (uint8_t)i, .more = m.octets, .more_len = m.w.len });
		sim_run(&s, 20);
	}
	assert_in_range(s.common->nases.steps, 0, 2000);
	(void)sim_change(&s, RGW_DISCONNECT_REQUEST, 1, NULL, STATION, NULL);
	sim_run(&s, 100);
	assert_int_equal(sim_n_at_nases(&s), 1);
	sim_end(&s);
}

/* Error-Cause 506: CoA to more NASes than the gateway asks at one time. */
static void
too_many_nases(void **state)
{
	struct sim_req *last = NULL;
	struct sim_more m;
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[client wlan]\naddress = 10.0.0.0/8\nsecret = " SIM_SECRET "\ncoa = yes\n");
	sim_start(&s);
	for (uint32_t i = 0; i <= 4096; i++) {
		sim_more_begin(&m);
		sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0x0a000001 + i);
		last = sim_change(&s, RGW_COA_REQUEST, (uint8_t)i, NULL, NULL, &m);
		if (i % 200 == 199)
			sim_run(&s, 100);
	}
	sim_expect_cause(last, RGW_COA_NAK, RGW_CAUSE_RESOURCES_UNAVAILABLE);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_identifier), 1);
	assert_string_equal(s.last_event, "nas-too-many");
	sim_run(&s, 100);
	assert_int_equal(sim_n_at_nases(&s), 4096);
	sim_end(&s);
}

/* Error-Cause 505: a rewrite makes the request, or its answer, too big. */
static void
rewrite_makes_it_too_big(void **state)
{
	char user[254] = "b@";
	struct sim_more m;
	struct sim s;

	(void)state;
	memset(user + 2, 'x', sizeof user - 3);
	init(&s);
	sim_rewrite(&s, "client second-nas", "rewrite-in", "add = Filter-Id = guests-of-${realm}\n"
	    "packets = coa-request");
	sim_rewrite(&s, "client second-nas", "rewrite-out", "add = Filter-Id = guests-of-${realm}\n"
	    "packets = disconnect-ack");
	sim_start(&s);
	begin_for_nas(&m);
	sim_expect_cause(sim_change(&s, RGW_COA_REQUEST, 1, user, NULL, &m), RGW_COA_NAK, RGW_CAUSE_OTHER_PROXY_ERROR);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_too_big), 1);
	assert_int_equal(sim_n_at_nases(&s), 0);
	(void)sim_change(&s, RGW_DISCONNECT_REQUEST, 2, user, NULL, &m);
	sim_run(&s, 100);
	sim_expect_cause(s.reqs[s.n_reqs - 1], RGW_DISCONNECT_NAK, RGW_CAUSE_OTHER_PROXY_ERROR);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_answer_too_big), 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replays_change_nothing),
		cmocka_unit_test(forged_answers_are_dropped),
		cmocka_unit_test(flood_for_unknown_nases),
		cmocka_unit_test(flood_of_accounting_off),
		cmocka_unit_test(too_many_nases),
		cmocka_unit_test(rewrite_makes_it_too_big),
	};

	return cmocka_run_group_tests_name("attacks by CoA", tests, NULL, NULL);
}
