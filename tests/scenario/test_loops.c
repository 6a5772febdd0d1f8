/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about requests that come back to where they have been (P-PRX-7). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/loopmark.h"
#include "sim.h"

#define USER "user@example.org"
#define OF_THE_CLIENT "\x21\x05" "abc"

/* The Proxy-State that stands last in a request as it arrived, as it is on the wire. */
static size_t
last_proxy_state(const struct sim_got *g, uint8_t out[static 255])
{
	struct rgw_packet p = sim_packet_of(g->data, g->len);
	struct rgw_attr a = { 0 };
	size_t len = 0;

	while (rgw_packet_next(&p, &a))
		if (a.type == RGW_PROXY_STATE) {
			out[0] = a.type;
			out[1] = (uint8_t)(a.len + 2);
			memcpy(out + 2, a.value, a.len);
			len = a.len + 2u;
		}
	return len;
}

/* A request with further attributes, of a kind. */
static struct sim_req *
request(struct sim *s, uint8_t code, uint8_t id, const void *more, size_t len)
{
	return sim_request_with(s, &(struct sim_spec){ .code = code, .port = 5000, .id = id, .user = USER,
	    .more = more, .more_len = len });
}

/* A request goes out with one more Proxy-State than it came with, the last one; nobody who asked sees that. */
static void
requests_carry_a_mark(void **state)
{
	struct sim s;
	struct sim_req *r;
	uint8_t mark[255];

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	for (uint8_t code = 1; code <= 4; code = (uint8_t)(code + 3)) {
		size_t at = s.n_got;

		r = request(&s, code, code, OF_THE_CLIENT, 5);
		sim_run(&s, 1000);
		/* The Proxy-States are the client's, that of the simulator by which it knows the request, and ours. */
		assert_int_equal(sim_count_attrs(s.got[at]->data, s.got[at]->len, RGW_PROXY_STATE), 3);
		assert_int_equal(last_proxy_state(s.got[at], mark), RGW_LOOPMARK_LEN + 2);
		assert_memory_equal(mark + 2, "rsgw", 4);
		assert_int_equal(mark[14], 1);
		assert_int_equal(r->answers, 1);
		assert_int_equal(sim_count_attrs(r->answer, r->answer_len, RGW_PROXY_STATE), 2);
	}
	sim_end(&s);
}

static void
mark_may_be_left_out(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nloop-marker = no");
	sim_start(&s);
	request(&s, 1, 1, OF_THE_CLIENT, 5);
	sim_run(&s, 1000);
	assert_int_equal(sim_count_attrs(s.got[0]->data, s.got[0]->len, RGW_PROXY_STATE), 2);
	sim_end(&s);
}

/* The cause is Request Not Routable (RFC 5176 3.5). */
static void
expect_cause_502(const struct sim_req *r)
{
	struct rgw_packet p = sim_packet_of(r->answer, r->answer_len);
	struct rgw_attr a;

	assert_true(rgw_packet_get(&p, RGW_AT_ERROR_CAUSE, &a));
	assert_int_equal(a.len, 4);
	assert_memory_equal(a.value, "\0\0\1\xf6", 4);
}

/* A request that comes back is rejected at once, and goes nowhere; one that somebody else has marked goes on, and is
 * counted. */
static void
what_comes_back_is_rejected(void **state)
{
	struct sim s;
	struct sim_req *r;
	uint8_t mark[255];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	request(&s, 1, 1, NULL, 0);
	sim_run(&s, 1000);
	len = last_proxy_state(s.got[0], mark);
	r = request(&s, 1, 2, mark, len);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_REJECT);
	expect_cause_502(r);
	assert_string_equal(s.last_event, "loop");
	assert_non_null(strstr(s.last_line, "realm=example.org"));
	assert_non_null(strstr(s.last_line, "client=nas"));
	assert_int_equal(sim_counter(&s, RGW_CTR_request_loop), 1);
	assert_int_equal(s.n_got, 1);
	mark[8] ^= 1;
	r = request(&s, 1, 3, mark, len);
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	assert_int_equal(last_proxy_state(s.got[1], mark), RGW_LOOPMARK_LEN + 2);
	assert_int_equal(mark[14], 2);
	sim_end(&s);
}

/* Accounting has no rejection; a peer that understands Protocol-Error gets that for both kinds. */
static void
accounting_that_comes_back(void **state)
{
	struct sim s;
	struct sim_req *r;
	uint8_t mark[255];
	size_t len;

	(void)state;
	for (unsigned errors = 0; errors < 2; errors++) {
		sim_init(&s, "198.51.100.1");
		sim_ini(&s, "[client nas]\nprotocol-error = %s", sim_yes(errors != 0));
		sim_start(&s);
		request(&s, 4, 1, NULL, 0);
		sim_run(&s, 1000);
		len = last_proxy_state(s.got[0], mark);
		for (uint8_t code = 1; code <= 4; code = (uint8_t)(code + 3)) {
			r = request(&s, code, 10, mark, len);
			sim_run(&s, 1000);
			assert_int_equal(r->answers, errors == 0 && code == 4 ? 0 : 1);
			if (errors != 0)
				assert_int_equal(r->answer[0], RGW_PROTOCOL_ERROR);
		}
		assert_int_equal(sim_counter(&s, RGW_CTR_request_loop), 2);
		assert_int_equal(s.n_got, 1);
		sim_end(&s);
	}
}

/* What a client has asked may come once more from somebody else, as from a home server beside us that is asked first.
 * But if that one brings it again, the realm's route leads back to it. */
static void
circle_through_a_peer(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;
	uint8_t mark[255];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes");
	sim_start(&s);
	request(&s, 1, 1, NULL, 0);
	sim_run(&s, 1000);
	len = last_proxy_state(s.got[0], mark);
	c = sim_visit(&s);
	r = sim_ask_with(&s, c, &(struct sim_spec){ .code = 1, .id = 9, .user = USER, .more = mark,
	    .more_len = len });
	sim_run(&s, 100);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	assert_int_equal(s.n_got, 2);
	len = last_proxy_state(s.got[1], mark);
	r = sim_ask_with(&s, c, &(struct sim_spec){ .code = 1, .id = 10, .user = USER, .more = mark,
	    .more_len = len });
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_PROTOCOL_ERROR);
	expect_cause_502(r);
	assert_non_null(strstr(s.last_line, "peer=visitor"));
	assert_int_equal(s.n_got, 2);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_carry_a_mark),
		cmocka_unit_test(mark_may_be_left_out),
		cmocka_unit_test(what_comes_back_is_rejected),
		cmocka_unit_test(accounting_that_comes_back),
		cmocka_unit_test(circle_through_a_peer),
	};

	return cmocka_run_group_tests_name("loops", tests, NULL, NULL);
}
