/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about packets that rewrites make too big (P-ATT-16), and about operator-name, which is the first
 * that is left out (P-CPX-3, 4). */

#include "sim_priv.h"

#include <stdio.h>
#include <string.h>

#include "radsecgw/build.h"
#include "radsecgw/wire.h"

#define USER "bob@example.org"
#define TRACE 200

static struct sim_req *
login(struct sim *s, const char *user)
{
	return sim_request(s, 1, (uint16_t)(10000 + s->n_reqs), 1, user);
}

/* ---- packets that get too big ---- */

/* Adds attributes of that many octets in all. */
static const uint8_t *
padding(size_t len)
{
	static const uint8_t zero[4096];
	static uint8_t out[4096];  /* a test has one thread */
	struct rgw_wr w = rgw_wr_of(out, sizeof out);

	while (len > 0) {
		size_t n = len > 255 + 2 ? 255 : len > 255 ? 250 : len;

		rgw_wr_u8(&w, RGW_REPLY_MESSAGE);
		rgw_wr_u8(&w, (uint8_t)n);
		rgw_wr_bytes(&w, zero, n - 2);
		len -= n;
	}
	assert_false(w.bad);
	return out;
}

/* A login whose packet has that many octets. */
static struct sim_spec
login_of(struct sim *s, size_t len)
{
	/* Header, Message-Authenticator, User-Name, User-Password, Proxy-State and the nonce. */
	size_t usual = 20 + 18 + 2 + strlen(USER) + 18 + 10 + 10;

	return (struct sim_spec){ .port = (uint16_t)(10000 + s->n_reqs), .id = 1, .user = USER,
		.more = padding(len - usual), .more_len = len - usual };
}

static struct sim_req *
big_login(struct sim *s, size_t len)
{
	struct sim_spec spec = login_of(s, len);
	struct sim_req *r = sim_request_with(s, &spec);

	assert_int_equal(r->len, len);
	return r;
}

/* A packet may be full to the last octet; one octet more is refused and counted, once as a request and once as a
 * packet. */
static void
request_that_gets_too_big_is_refused(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_rewrite(&s, "client nas", "rewrite-in", "add = 200 = 12345678");
	sim_ini(&s, "[client nas]\noperator-name = 1a");
	sim_start(&s);
	r = big_login(&s, 4096 - 10);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.got[0]->len, 4096);
	r = big_login(&s, 4096 - 9);
	assert_string_equal(s.last_event, "rewrite-too-big");
	assert_non_null(strstr(s.last_line, "rewrite=r0"));
	assert_non_null(strstr(s.last_line, "client=nas"));
	assert_non_null(strstr(s.last_line, "octets=4097"));
	sim_run(&s, 100);
	assert_int_equal(r->answers, 0);
	assert_int_equal(s.n_got, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_too_big), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_refused), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 2);
	sim_end(&s);
}

static void
request_that_gets_too_big_passes_without(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_rewrite(&s, "client nas", "rewrite-in", "add = 200 = 12345678\noverflow = skip");
	sim_rewrite(&s, "client nas", "rewrite-in", "replace = User-Name /bob/ann/");
	sim_start(&s);
	r = big_login(&s, 4096 - 9);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	EXPECT_GOT(&s, 0, TRACE, "");
	EXPECT_GOT(&s, 0, RGW_USER_NAME, "ann@example.org,");
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_skipped), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_changed), 1);
	sim_end(&s);
}

/* P-ATT-16: what the next hop adds has its room, or a login would be lost for the sake of a rewrite. */
static void
room_is_left_for_what_the_hop_adds(void **state)
{
	static const uint8_t auth[16] = { 1, 2, 3 };
	struct sim s;
	uint8_t data[4096];
	struct rgw_builder b;
	size_t len;

	(void)state;
	for (unsigned over = 0; over < 2; over++) {
		sim_init(&s, "198.51.100.1");
		sim_rewrite(&s, "client nas", "rewrite-in", "add = 200 = 12345678\noverflow = skip");
		sim_start(&s);
		/* A CHAP login without challenge and without Message-Authenticator gets 36 octets more. */
		rgw_build_begin(&b, data, sizeof data, RGW_ACCESS_REQUEST, 1, auth, false);
		rgw_build_attr(&b, RGW_CHAP_PASSWORD, "0123456789abcdefg", 17);
		rgw_wr_bytes(&b.w, padding(4096 - 36 - 10 + over - b.w.len), 4096 - 36 - 10 + over - b.w.len);
		len = rgw_build_request(&b, s.secrets[0]);
		assert_int_equal(len, 4096 - 36 - 10 + over);
		s.expected_foreign = 1;
		sim_datagram(&s, 0, "192.0.2.10", data, len);
		sim_run(&s, 100);
		assert_int_equal(s.n_got, 1);
		assert_int_equal(s.got[0]->len, over == 0 ? 4096 : 4096 - 9);
		assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_skipped), over);
		sim_end(&s);
	}
}

/* A packet that is too big for the hop anyway is not the fault of a rewrite. */
static void
request_that_is_too_big_anyway(void **state)
{
	static const uint8_t auth[16] = { 1, 2, 3 };
	struct sim s;
	uint8_t data[4096];
	struct rgw_builder b;
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_rewrite(&s, "client nas", "rewrite-in", "replace = User-Name /bob/ann/");
	sim_start(&s);
	rgw_build_begin(&b, data, sizeof data, RGW_ACCESS_REQUEST, 1, auth, false);
	rgw_build_attr(&b, RGW_USER_NAME, USER, strlen(USER));
	rgw_build_attr(&b, RGW_USER_PASSWORD, "0123456789abcdef", 16);
	rgw_wr_bytes(&b.w, padding(4096 - b.w.len), 4096 - b.w.len);
	len = rgw_build_request(&b, s.secrets[0]);
	assert_int_equal(len, 4096);
	sim_datagram(&s, 0, "192.0.2.10", data, len);
	sim_run(&s, 100);
	assert_string_equal(s.last_event, "request-too-big");
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_changed), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_refused), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_too_big), 1);
	sim_end(&s);
}

/* A value can get too big in a packet that has room: only then is it known. */
static void
value_that_gets_too_big(void **state)
{
	char user[254];
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes");
	sim_rewrite(&s, "client nas", "rewrite-in", "replace = User-Name /$$/.org/");
	sim_rewrite(&s, "peer visitor", "rewrite-in", "replace = User-Name /$$/.org/");
	sim_start(&s);
	memset(user, 'x', 253);
	user[253] = '\0';
	login(&s, user + 4);
	sim_run(&s, 100);
	assert_int_equal(s.n_got, 1);
	login(&s, user + 3);
	assert_string_equal(s.last_event, "rewrite-too-big");
	assert_non_null(strstr(s.last_line, "octets=254"));
	/* Over TLS it is said. */
	c = sim_visit(&s);
	r = sim_ask(&s, c, RGW_ACCESS_REQUEST, 1, user);
	assert_int_equal(r->answer[0], RGW_PROTOCOL_ERROR);
	sim_ask_again(&s, r);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 1);
	assert_int_equal(s.n_got, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_too_big), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_refused), 2);
	sim_end(&s);
}

/* A pool of two, of which the first gets more than fits. */
static void
init_pool(struct sim *s, const char *overflow)
{
	char lines[80];

	sim_init(s, "198.51.100.1");
	sim_to_pool(s, "national, second");
	snprintf(lines, sizeof lines, "add = 200 = 12345678\noverflow = %s", overflow);
	sim_rewrite(s, "peer national", "rewrite-out", lines);
}

static void
too_big_for_one_member(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_pool(&s, "refuse");
	sim_start(&s);
	r = big_login(&s, 4096);
	sim_run(&s, 200);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.national.requests, 0);
	assert_int_equal(s.second.requests, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_refused), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_too_big), 0);
	/* The same happens once more, with the connection of the first member up. */
	r = big_login(&s, 4096);
	sim_run(&s, 200);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.second.requests, 2);
	sim_end(&s);
}

static void
too_big_for_all_members(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_pool(&s, "refuse");
	sim_rewrite(&s, "gateway", "rewrite-out", "add = 200 = 12345678\npackets = access-request");
	sim_start(&s);
	r = big_login(&s, 4090);
	sim_run(&s, 200);
	assert_int_equal(r->answers, 0);
	assert_int_equal(s.n_got, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_too_big), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_refused), 2);
	sim_end(&s);
}

/* The request is tried at the second member after a while, where it does not fit: the first attempt goes on. */
static void
too_big_for_the_second_attempt(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_pool(&s, "refuse");
	s.second.delay = 8000;
	/* Second is the first here. */
	sim_to_pool(&s, "second, national");
	sim_start(&s);
	r = big_login(&s, 4096);
	sim_run(&s, 5000);
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_refused), 1);
	assert_int_equal(rgw_gw_pending(s.gw), 1);
	sim_run(&s, 5000);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

static void
skipped_for_one_member(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_pool(&s, "skip");
	sim_start(&s);
	r = big_login(&s, 4096);
	sim_run(&s, 200);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.national.requests, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_skipped), 1);
	sim_end(&s);
}

/* An answer has no other way to go. */
static void
answer_that_gets_too_big(void **state)
{
	static const char *const overflows[] = { "add = 200 = ${client}\noverflow = refuse",
		"add = 200 = ${client}\noverflow = skip" };
	char value[254];
	struct sim s;
	struct sim_req *r;

	(void)state;
	memset(value, 'x', 253);
	value[253] = '\0';
	for (unsigned skip = 0; skip < 2; skip++) {
		sim_init(&s, "198.51.100.1");
		s.national.answer = SIM_SILENT;
		sim_rewrite(&s, "client nas", "rewrite-out", overflows[skip]);
		sim_rewrite(&s, "client nas", "rewrite-out",
		    "replace = Filter-Id /$$/y/\noverflow = skip");
		sim_rewrite(&s, "client nas", "rewrite-out",
		    skip ? "replace = Connect-Info /$$/y/\noverflow = skip"
		         : "replace = Connect-Info /$$/y/");
		sim_start(&s);
		r = login(&s, USER);
		sim_run(&s, 100);
		sim_reply_with(&s, s.got[0], 0, 11, value, 253);
		assert_int_equal(r->answers, 1);
		assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_skipped), 1);
		r = login(&s, USER);
		sim_run(&s, 100);
		sim_reply_with(&s, s.got[1], 0, 77, value, 253);
		assert_int_equal(r->answers, skip);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_answer_too_big), 1 - skip);
		assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_refused), 1 - skip);
		assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_skipped), 1 + skip);
		sim_end(&s);
	}
}

/* Proxy-States of the request come back and count, whether the server has sent them or not. */
static void
room_is_left_for_proxy_states(void **state)
{
	/* Header, Message-Authenticator, the key, the nonce, a Proxy-State, and 10 octets for the trace. */
	size_t most = 4096 - 20 - 18 - 21 - 10 - 10 - 10;
	uint8_t more[4096];
	struct sim s;
	struct sim_req *r;

	(void)state;
	for (unsigned over = 0; over < 2; over++) {
		memcpy(more, padding(most + over), most + over);
		for (size_t i = 0; i < most + over; i += more[i + 1])
			more[i] = RGW_PROXY_STATE;
		sim_init(&s, "198.51.100.1");
		sim_rewrite(&s, "peer national", "rewrite-in",
		    "remove = Filter-Id\npackets = access-accept");
		sim_rewrite(&s, "client nas", "rewrite-out", "add = 200 = 12345678\noverflow = skip");
		sim_ini(&s, "[gateway]\nloop-limit = 0");
		s.national.answer = SIM_SILENT;
		sim_start(&s);
		r = sim_request_with(&s, &(struct sim_spec){ .port = 10000, .id = 1, .more = more,
			.more_len = most + over });
		sim_run(&s, 100);
		sim_reply_with(&s, s.got[0], 0, 11, more, 253);
		assert_int_equal(r->answers, 1);
		assert_int_equal(r->answer_len, over == 0 ? 4096 : 4096 - 9);
		assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_skipped), over);
		sim_end(&s);
	}
}

/* ---- operator-name ---- */

static void
operator_name_where_there_is_none(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[client nas]\noperator-name = 1institution.example");
	sim_start(&s);
	login(&s, USER);
	sim_request(&s, RGW_ACCOUNTING_REQUEST, 20000, 1, USER);
	/* P-CPX-4 */
	sim_request_with(&s,
	    &(struct sim_spec){ .port = 20001, .id = 1, .user = USER, .more = "\x7e\x07" "1a.bc",
		.more_len = 7 });
	/* Only requests of that client are concerned. */
	sim_ask(&s, sim_visit(&s), RGW_ACCESS_REQUEST, 1, USER);
	sim_run(&s, 100);
	EXPECT_GOT(&s, 0, RGW_OPERATOR_NAME, "1institution.example,");
	EXPECT_GOT(&s, 1, RGW_OPERATOR_NAME, "1institution.example,");
	EXPECT_GOT(&s, 2, RGW_OPERATOR_NAME, "1a.bc,");
	EXPECT_GOT(&s, 3, RGW_OPERATOR_NAME, "");
	assert_int_equal(sim_answered(&s), 4);
	assert_int_equal(sim_count_attrs(s.reqs[0]->answer, s.reqs[0]->answer_len, RGW_OPERATOR_NAME), 0);
	sim_end(&s);
}

/* P-ATT-16: operator-name is the first that can be left out, and what a rewrite has set stays. */
static void
operator_name_gives_way(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[client nas]\noperator-name = 1institution.example");
	sim_rewrite(&s, "client nas", "rewrite-in", "replace = User-Name /^bob/ann/");
	sim_rewrite(&s, "client nas", "rewrite-in",
	    "default = Operator-Name = 1special.example\npackets = accounting-request");
	sim_start(&s);
	big_login(&s, 4096 - 22);
	big_login(&s, 4096 - 21);
	assert_string_equal(s.last_event, "rewrite-too-big");
	assert_non_null(strstr(s.last_line, "option=operator-name"));
	sim_request(&s, RGW_ACCOUNTING_REQUEST, 20000, 1, USER);
	sim_run(&s, 100);
	EXPECT_GOT(&s, 0, RGW_OPERATOR_NAME, "1institution.example,");
	EXPECT_GOT(&s, 1, RGW_OPERATOR_NAME, "");
	EXPECT_GOT(&s, 1, RGW_USER_NAME, "ann@example.org,");
	EXPECT_GOT(&s, 2, RGW_OPERATOR_NAME, "1special.example,");
	assert_int_equal(sim_answered(&s), 3);
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_skipped), 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_that_gets_too_big_is_refused),
		cmocka_unit_test(request_that_gets_too_big_passes_without),
		cmocka_unit_test(room_is_left_for_what_the_hop_adds),
		cmocka_unit_test(request_that_is_too_big_anyway),
		cmocka_unit_test(value_that_gets_too_big),
		cmocka_unit_test(too_big_for_one_member),
		cmocka_unit_test(too_big_for_all_members),
		cmocka_unit_test(too_big_for_the_second_attempt),
		cmocka_unit_test(skipped_for_one_member),
		cmocka_unit_test(answer_that_gets_too_big),
		cmocka_unit_test(room_is_left_for_proxy_states),
		cmocka_unit_test(operator_name_where_there_is_none),
		cmocka_unit_test(operator_name_gives_way),
	};

	return cmocka_run_group_tests_name("limits of rewrites", tests, NULL, NULL);
}
