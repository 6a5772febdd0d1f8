/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about requests that come more than once (P-DUP, P-RTX, P-ID). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

static void
one_request_is_answered(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 7, "user@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_sends(&s, r->nonce), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_answered), 1);
	sim_end(&s);
}

/* P-RTX-3, P-RTX-6, P-DUP-3: a pending request is sent on TLS exactly once, however often the NAS asks. */
static void
retransmission_before_the_answer_is_absorbed(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 9000;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 7, "user@example.org");
	for (int i = 0; i < 4; i++) {
		sim_run(&s, 2000);
		sim_again(&s, r);
	}
	sim_run(&s, 5000);
	assert_int_equal(sim_sends(&s, r->nonce), 1);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 4);
	sim_end(&s);
}

/* P-DUP-2: after the answer the NAS gets the same octets again (sim.c compares them). */
static void
retransmission_after_the_answer_is_replayed(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 7, "user@example.org");
	sim_run(&s, 100);
	sim_again(&s, r);
	sim_run(&s, 9800);
	sim_again(&s, r);
	assert_int_equal(r->answers, 3);
	assert_int_equal(sim_sends(&s, r->nonce), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 2);
	sim_end(&s);
}

/* P-DUP-4: when the duplicate window is over, the same octets are a new request. */
static void
after_the_window_it_is_a_new_request(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-4");
	s.national.delay = 0;
	sim_start(&s);
	r = sim_request(&s, 4, 5000, 7, "user@example.org");
	sim_run(&s, 30 + 9999);
	sim_again(&s, r);
	assert_int_equal(sim_sends(&s, r->nonce), 1);
	sim_run(&s, 2);
	sim_again(&s, r);
	assert_int_equal(sim_sends(&s, r->nonce), 2);
	sim_end(&s);
}

/* P-DUP-5, P-ID-7: the same identifier with another authenticator is a new request, which gets an identifier and an
 * authenticator of its own on the connection; the old one is over, and its answer, which comes late, goes to nobody. */
static void
reused_identifier_supersedes(void **state)
{
	struct sim s;
	struct sim_req *old;
	struct sim_req *new;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 2000;
	sim_start(&s);
	old = sim_request(&s, 1, 5000, 7, "user@example.org");
	sim_run(&s, 1000);
	new = sim_request(&s, 1, 5000, 7, "user@example.org");
	assert_int_not_equal(new->got->data[1], old->got->data[1]);
	assert_memory_not_equal(new->got->data + 4, old->got->data + 4, 16);
	sim_run(&s, 5000);
	assert_int_equal(old->answers, 0);
	assert_int_equal(new->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

/* A reused identifier after the answer: the entry kept for replays makes way. */
static void
reused_identifier_after_the_answer(void **state)
{
	struct sim s;
	struct sim_req *old;
	struct sim_req *new;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	old = sim_request(&s, 1, 5000, 7, "user@example.org");
	sim_run(&s, 100);
	new = sim_request(&s, 1, 5000, 7, "user@example.org");
	sim_run(&s, 100);
	assert_int_equal(old->answers, 1);
	assert_int_equal(new->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 0);
	sim_end(&s);
}

/* P-DUP-1: port, socket and code tell requests apart as well as the identifier does. */
static void
equal_identifiers_elsewhere_are_other_requests(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	sim_request(&s, 1, 5000, 7, "a@example.org");
	sim_request(&s, 1, 5001, 7, "b@example.org");
	sim_request(&s, 4, 5000, 7, "c@example.org");
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 3);
	assert_int_equal(s.n_got, 3);
	sim_end(&s);
}

/* P-ID-5: nobody answers; the request ends, its identifier rests, and the answer that comes after
 * all is recognised, dropped, and harms nothing. */
static void
late_answer_is_dropped_quietly(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 7, "user@example.org");
	sim_run(&s, 31000);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	assert_string_equal(s.last_event, "request-timeout");
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_count_up(&s), 1);
	/* The NAS tries once more, which is a new request under another identifier. */
	s.national.answer = SIM_ANSWER;
	sim_again(&s, r);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_not_equal(s.got[0]->data[1], s.got[1]->data[1]);
	sim_end(&s);
}

/* P-ID-2, P-ID-5: an identifier that comes into use again while an answer to its last request may
 * still arrive keeps both authenticators, so the late answer closes nothing. */
static void
late_answer_to_a_reused_identifier(void **state)
{
	struct sim s;
	uint8_t id;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	for (unsigned i = 0; i < 255; i++)
		sim_request(&s, 1, 5000, (uint8_t)i, "user@dead.example");
	sim_run(&s, 31000);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 255);
	/* All identifiers rest; the next requests use them again, oldest first. */
	sim_request(&s, 1, 6000, 1, "user@example.org");
	assert_int_equal(s.n_got, 256);
	id = s.got[255]->data[1];
	assert_int_equal(id, s.got[0]->data[1]);
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	sim_reply(&s, s.got[255], 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_answered), 1);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

/* A third use of an identifier has to wait, for it would leave an answer that nobody could tell from a wrong one. */
static void
identifier_is_not_used_a_third_time(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	sim_request(&s, 1, 4999, 0, "user@dead.example");
	sim_run(&s, 100);
	/* The NAS changes its mind again and again, which gives each request up at once. */
	for (int round = 0; round < 3; round++)
		for (unsigned i = 0; i < 254; i++)
			sim_request(&s, 1, 5000, (uint8_t)i, "user@dead.example");
	assert_int_equal(s.n_got, 1 + 2 * 254);
	sim_run(&s, 6000);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_timed_out), 254);
	/* When an answer can no longer come, the identifiers serve again. */
	sim_run(&s, 30000);
	sim_request(&s, 1, 6000, 0, "user@example.org");
	assert_int_equal(s.n_got, 2 + 2 * 254);
	sim_end(&s);
}

/* A client that uses its identifier anew for each packet floods us: after a burst that is dropped, and
 * others do not notice. */
static void
superseding_has_a_limit(void **state)
{
	struct sim s;
	struct sim_req *other;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	for (unsigned i = 0; i < 1000; i++)
		sim_request(&s, 1, 5000, 1, "user@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 512);
	assert_int_equal(sim_counter(&s, RGW_CTR_superseding_too_fast), 1000 - 1 - 512);
	assert_string_equal(s.last_event, "superseding-too-fast");
	sim_run(&s, 100);
	s.national.answer = SIM_ANSWER;
	other = sim_request(&s, 1, 5001, 1, "user@example.org");
	sim_run(&s, 1000);
	assert_int_equal(other->answers, 1);
	/* A second later the client may use its identifiers anew again. */
	s.national.answer = SIM_SILENT;
	sim_request(&s, 1, 5000, 1, "user@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 513);
	sim_end(&s);
}

/* Only the answer is kept for repetition, and nothing of the work on it. */
static void
kept_answer_is_one_buffer(void **state)
{
	struct sim s;
	struct rgw_gw_usage usage;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 1000);
	rgw_gw_get_usage(s.gw, &usage);
	assert_int_equal(usage.requests, 1);
	assert_int_equal(usage.buffers, 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_request_is_answered),
		cmocka_unit_test(retransmission_before_the_answer_is_absorbed),
		cmocka_unit_test(retransmission_after_the_answer_is_replayed),
		cmocka_unit_test(after_the_window_it_is_a_new_request),
		cmocka_unit_test(reused_identifier_supersedes),
		cmocka_unit_test(reused_identifier_after_the_answer),
		cmocka_unit_test(equal_identifiers_elsewhere_are_other_requests),
		cmocka_unit_test(late_answer_is_dropped_quietly),
		cmocka_unit_test(late_answer_to_a_reused_identifier),
		cmocka_unit_test(identifier_is_not_used_a_third_time),
		cmocka_unit_test(superseding_has_a_limit),
		cmocka_unit_test(kept_answer_is_one_buffer),
	};

	return cmocka_run_group_tests_name("duplicates", tests, NULL, NULL);
}
