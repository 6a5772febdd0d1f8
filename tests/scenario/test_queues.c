/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about requests that wait for room, while sending one of them ends or moves another. */

#include "sim_priv.h"

#include <stdio.h>
#include <string.h>

#include "radsecgw/wire.h"

#define USER "bob@example.org"

/* Attributes that make a login one of about 4,090 octets, which fits a hop but leaves a rewrite no room. */
static size_t
padding(uint8_t out[static 4096])
{
	static const uint8_t zero[253];
	struct rgw_wr w = rgw_wr_of(out, 4096);

	for (size_t i = 0; i < 15; i++) {
		rgw_wr_u8(&w, RGW_REPLY_MESSAGE);
		rgw_wr_u8(&w, 255);
		rgw_wr_bytes(&w, zero, sizeof zero);
	}
	rgw_wr_u8(&w, RGW_REPLY_MESSAGE);
	rgw_wr_u8(&w, 172);
	rgw_wr_bytes(&w, zero, 170);
	return w.len;
}

static struct sim_req *
login(struct sim *s)
{
	return sim_request(s, 1, (uint16_t)(10000 + s->n_reqs), 1, USER);
}

static struct sim_req *
big_login(struct sim *s)
{
	uint8_t more[4096];
	struct sim_spec spec = { .port = (uint16_t)(10000 + s->n_reqs), .id = 1, .user = USER, .more = more,
		.more_len = padding(more) };

	return sim_request_with(s, &spec);
}

/* Two peers with one connection each, whose identifiers are all taken by requests that nobody answers. A
 * rewrite makes two of those that wait too big for either peer: each goes to the other one's queue in the
 * very moment in which that queue is worked on. */
static void
request_that_fails_as_it_leaves_a_queue(void **state)
{
	struct sim_req *big[2], *small[2];
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	sim_ini(&s, "[pool federation]\npolicy = round-robin\nretry-after = 0\n"
	    "[peer national]\nconnections = 1-1\nqueue-time = 20s\n"
	    "[peer second]\nconnections = 1-1\nqueue-time = 20s");
	s.national.answer = s.second.answer = SIM_SILENT;
	sim_rewrite(&s, "peer national", "rewrite-out", "add = 200 = 0123456789");
	sim_rewrite(&s, "peer second", "rewrite-out", "add = 200 = 0123456789");
	sim_start(&s);
	sim_run(&s, 100);
	for (unsigned i = 0; i < 510; i++)
		login(&s);
	sim_run(&s, 1);
	assert_int_equal(s.national.requests, 255);
	assert_int_equal(s.second.requests, 255);
	for (unsigned i = 0; i < 2; i++)
		big[i] = big_login(&s);
	for (unsigned i = 0; i < 2; i++)
		small[i] = login(&s);
	/* After five seconds requests that nobody answers make way for those that wait. */
	sim_run(&s, 6000);
	s.national.answer = s.second.answer = SIM_ANSWER;
	sim_reply(&s, s.got[0], 0);
	sim_run(&s, 1000);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(small[i]->answers, 1);
		assert_int_equal(big[i]->answers, 0);
	}
	assert_int_equal(sim_counter(&s, RGW_CTR_request_too_big), 2);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_that_fails_as_it_leaves_a_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
