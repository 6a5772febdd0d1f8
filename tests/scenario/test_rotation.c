/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about secrets that change while requests are under way: what neighbours send may be made with the secret or
 * with the previous one, what we ask is made with the secret, and what we answer with that of the request. That an
 * answer is made with the secret of its request, and hides its key under that, is seen by the world (sim_nas.c). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/build.h"
#include "radsecgw/md5.h"
#include "radsecgw/report.h"
#include "sim.h"

#define USER "user@example.org"
#define DAY 86400000

/* A world in which the client, the visitor, national and the server have a previous secret. */
static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_ini(s,
	    "[client nas]\nprevious-secret = " SIM_BEFORE "\n"
	    "[peer visitor]\nsecret = " SIM_RADSEC "\nprevious-secret = " SIM_BEFORE "\n"
	    "[peer national]\nsecret = " SIM_RADSEC "\nprevious-secret = " SIM_BEFORE "\n"
	    "[server local]\nprevious-secret = " SIM_BEFORE);
}

static void
expect(const struct sim *s, enum rgw_counter c, uint64_t n)
{
	if (sim_counter(s, c) != n)
		fail_msg("%s is %llu", rgw_counter_name(c), (unsigned long long)sim_counter(s, c));
}

/* The User-Password in a packet, opened with this secret (RFC 2865 5.2). */
static void
open_password(const uint8_t *data, size_t len, const char *secret, uint8_t out[static 16])
{
	struct rgw_packet p = sim_packet_of(data, len);
	struct rgw_attr a;
	struct rgw_md5 md5;

	assert_true(rgw_packet_get(&p, RGW_AT_USER_PASSWORD, &a));
	assert_int_equal(a.len, 16);
	rgw_md5_init(&md5);
	rgw_md5_update(&md5, secret, strlen(secret));
	rgw_md5_update(&md5, data + 4, RGW_AUTH_LEN);
	rgw_md5_final(&md5, out);
	for (size_t i = 0; i < 16; i++)
		out[i] ^= a.value[i];
}

/* The far end of the next hop must find the password that the request had, as whoever made it meant it. */
static void
expect_password(const struct sim_req *r, const struct sim_got *g, const char *next)
{
	uint8_t meant[16], found[16];

	open_password(r->data, r->len, r->secret, meant);
	open_password(g->data, g->len, next, found);
	assert_memory_equal(meant, found, sizeof meant);
}

/* What the status tells of the previous secret of a neighbour. */
struct told {
	const char *table, *name;
	char text[64];
};

static void
on_row(void *ctx, const struct rgw_row *row)
{
	struct told *told = ctx;

	if (strcmp(row->table->name, told->table) != 0 || strcmp(row->name, told->name) != 0)
		return;
	for (size_t i = 0; i < row->n; i++)
		if (strcmp(row->cells[i].field.key, "previous_secret") == 0)
			strncpy(told->text, row->cells[i].field.data, sizeof told->text - 1);
}

static void
expect_told(struct sim *s, const char *table, const char *name, const char *want)
{
	struct told told = { table, name, "" };

	rgw_gw_report(s->gw, ~0u, on_row, &told);
	assert_string_equal(told.text, want);
}

/* ---- clients ---- */

static void
clients_move_from_one_to_the_other(void **state)
{
	static const uint8_t codes[] = { RGW_ACCESS_REQUEST, RGW_ACCOUNTING_REQUEST };
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	expect_told(&s, "clients", "nas", "not used since the start");
	for (unsigned step = 0; step < 2; step++) {
		s.nas_secret = step == 0 ? SIM_BEFORE : SIM_SECRET;
		for (unsigned i = 0; i < 2; i++) {
			struct sim_req *r = sim_request(&s, codes[i], 5000, (uint8_t)(step * 10 + i), USER);

			sim_run(&s, 1000);
			assert_int_equal(r->answers, 1);
			assert_true(r->served);
			if (codes[i] == RGW_ACCESS_REQUEST)
				expect_password(r, s.got[s.n_got - 1], SIM_RADSEC);
		}
	}
	expect(&s, RGW_CTR_client_previous_secret, 2);
	sim_run(&s, 7000);
	expect_told(&s, "clients", "nas", "used 10 s ago");
	sim_end(&s);
}

/* The client changes while requests are open: each is answered with its own secret, now and when it comes again. */
static void
requests_in_flight_when_a_client_changes(void **state)
{
	struct sim_req *old, *new;
	struct sim s;

	(void)state;
	init(&s);
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	sim_run(&s, 100);
	s.nas_secret = SIM_BEFORE;
	old = sim_request(&s, 1, 5000, 1, USER);
	sim_again(&s, old);
	s.nas_secret = SIM_SECRET;
	new = sim_request(&s, 1, 5000, 2, USER);
	sim_again(&s, old);
	expect(&s, RGW_CTR_duplicate_absorbed, 2);
	sim_run(&s, 1000);
	assert_int_equal(s.n_got, 2);
	expect_password(old, s.got[0], SIM_RADSEC);
	expect_password(new, s.got[1], SIM_RADSEC);
	sim_reply(&s, s.got[1], 0);
	sim_reply(&s, s.got[0], 0);
	sim_again(&s, new);
	sim_again(&s, old);
	assert_int_equal(old->answers, 2);
	assert_int_equal(new->answers, 2);
	expect(&s, RGW_CTR_duplicate_replayed, 2);
	/* An answer of our own, to a request that nobody answers. */
	s.nas_secret = SIM_BEFORE;
	old = sim_request(&s, 1, 5000, 3, "user@bad realm");
	assert_int_equal(old->answers, 1);
	assert_false(old->served);
	sim_again(&s, old);
	assert_int_equal(old->answers, 2);
	sim_end(&s);
}

/* The gateway gets the new secret while requests are open, then the client, and then the one before is gone. */
static void
requests_in_flight_when_the_gateway_changes(void **state)
{
	struct sim_spec spec = { .port = 5000, .id = 2, .user = USER, .bare = true };
	struct sim_req *bare, *open, *kept, *r;
	struct sim s;

	(void)state;
	init(&s);
	s.national.answer = SIM_SILENT;
	s.nas_secret = SIM_BEFORE;
	sim_ini(&s, "[client nas]\nsecret = " SIM_BEFORE "\nprevious-secret =\nlimit-proxy-state = no\n"
	            "require-message-authenticator = no");
	sim_start(&s);
	sim_run(&s, 100);
	kept = sim_request(&s, 1, 5000, 1, USER);
	bare = sim_request_with(&s, &spec);
	spec.id = 3;
	open = sim_request_with(&s, &spec);
	sim_reply(&s, s.got[0], 0);
	sim_reply(&s, s.got[1], 0);
	sim_reload(&s, "[client nas]\nsecret = " SIM_SECRET "\nprevious-secret = " SIM_BEFORE);
	/* The request that is open; what is repeated, even if it does not show with which secret it was made. */
	sim_reply(&s, s.got[2], 0);
	assert_int_equal(open->answers, 1);
	sim_again(&s, kept);
	assert_int_equal(kept->answers, 2);
	sim_again(&s, bare);
	assert_int_equal(bare->answers, 2);
	for (unsigned i = 0; i < 2; i++) {
		r = sim_request(&s, 1, 5000, (uint8_t)(10 + i), USER);
		sim_reply(&s, s.got[s.n_got - 1], 0);
		assert_int_equal(r->answers, 1);
		s.nas_secret = SIM_SECRET;
	}
	expect(&s, RGW_CTR_client_previous_secret, 2);
	/* Without the previous secret the kept answer is of no use, and what comes is a new request, or is refused. */
	sim_reload(&s, "[client nas]\nprevious-secret =");
	sim_again(&s, open);
	assert_int_equal(open->answers_here, 0);
	assert_int_equal(s.foreign_datagrams, 0);
	assert_int_equal(s.n_got, 6);
	sim_again(&s, kept);
	assert_int_equal(kept->answers, 2);
	expect(&s, RGW_CTR_udp_bad_message_authenticator, 1);
	expect(&s, RGW_CTR_client_previous_secret, 2);
	sim_end(&s);
}

/* Status-Server ends here, and its answer is made with its secret, too. */
static void
status_server_of_clients(void **state)
{
	struct sim_req *r;
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	s.nas_secret = SIM_BEFORE;
	r = sim_request(&s, RGW_STATUS_SERVER, 5000, 1, NULL);
	assert_int_equal(r->answers, 1);
	expect(&s, RGW_CTR_client_previous_secret, 1);
	sim_end(&s);
}

static void
other_secrets_of_clients_are_refused(void **state)
{
	static const char *const wrong[] = { SIM_THIRD, SIM_BEFORE };
	struct sim s;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sim_req *r;

		init(&s);
		/* Without previous-secret the one before is like any other. */
		if (i == 1)
			sim_ini(&s, "[client nas]\nprevious-secret =");
		sim_start(&s);
		s.nas_secret = wrong[i];
		(void)sim_request(&s, 1, 5000, 1, USER);
		expect(&s, RGW_CTR_udp_bad_message_authenticator, 1);
		assert_string_equal(s.last_event, "bad-message-authenticator");
		(void)sim_request(&s, 4, 5000, 2, USER);
		expect(&s, RGW_CTR_udp_bad_authenticator, 1);
		assert_string_equal(s.last_event, "bad-authenticator");
		expect(&s, RGW_CTR_client_previous_secret, 0);
		expect(&s, RGW_CTR_requests_accepted, 0);
		s.nas_secret = SIM_SECRET;
		r = sim_request(&s, 1, 5000, 3, USER);
		sim_run(&s, 1000);
		assert_int_equal(r->answers, 1);
		sim_end(&s);
	}
}

/* A request without Message-Authenticator is taken with the secret, whatever it was made with, and a line says so once
 * a day. */
static void
requests_that_do_not_show_their_secret(void **state)
{
	struct sim_spec spec = { .port = 5000, .user = USER, .bare = true };
	struct sim_req *r;
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[client nas]\nlimit-proxy-state = no\nrequire-message-authenticator = no");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	sim_run(&s, 100);
	for (unsigned i = 0; i < 3; i++) {
		unsigned lines = s.log_lines;

		spec.id = (uint8_t)(i + 1);
		r = sim_request_with(&s, &spec);
		if (i != 1)
			assert_string_equal(s.last_event, "previous-secret-unproven");
		else
			assert_int_equal(s.log_lines, lines);
		expect_password(r, s.got[s.n_got - 1], SIM_RADSEC);
		sim_reply(&s, s.got[s.n_got - 1], 0);
		assert_int_equal(r->answers, 1);
		sim_run(&s, DAY / 2);
	}
	s.nas_secret = SIM_BEFORE;
	spec.id = 9;
	r = sim_request_with(&s, &spec);
	sim_reply(&s, s.got[s.n_got - 1], 0);
	assert_int_equal(r->answers, 0);
	assert_int_equal(s.foreign_datagrams, 1);
	s.expected_foreign = 1;
	expect(&s, RGW_CTR_client_previous_secret, 0);
	sim_end(&s);
}

/* The line is written once an hour, whatever comes. */
static void
use_is_said_once_an_hour(void **state)
{
	unsigned said = 0;
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 100);
	s.log.level = RGW_LOG_NOTICE;
	s.nas_secret = SIM_BEFORE;
	for (unsigned i = 0; i < 9; i++) {
		unsigned lines = s.log_lines;

		(void)sim_request(&s, RGW_STATUS_SERVER, 5000, (uint8_t)i, NULL);
		said += s.log_lines - lines;
		if (s.log_lines > lines)
			assert_string_equal(s.last_event, "previous-secret-used");
		sim_run(&s, 1000000);
	}
	assert_int_equal(said, 3);
	sim_end(&s);
}

/* ---- peers that ask ---- */

static void
peers_that_ask_move_from_one_to_the_other(void **state)
{
	struct sim_conn *c;
	struct sim_req *r;
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 100);
	c = sim_visit(&s);
	expect_told(&s, "peers", "visitor", "not used since the start");
	for (unsigned step = 0; step < 2; step++) {
		s.visitor_secret = step == 0 ? SIM_BEFORE : SIM_RADSEC;
		r = sim_ask(&s, c, RGW_ACCESS_REQUEST, (uint8_t)(step * 10), USER);
		expect_password(r, s.got[s.n_got - 1], SIM_RADSEC);
		sim_run(&s, 1000);
		assert_int_equal(r->answers, 1);
		r = sim_ask(&s, c, RGW_ACCOUNTING_REQUEST, (uint8_t)(step * 10 + 1), USER);
		sim_run(&s, 1000);
		assert_int_equal(r->answers, 1);
		r = sim_ask(&s, c, RGW_STATUS_SERVER, (uint8_t)(step * 10 + 2), NULL);
		assert_int_equal(r->answers, 1);
		/* Answered with a NAK. */
		(void)sim_ask(&s, c, RGW_COA_REQUEST, (uint8_t)(step * 10 + 3), NULL);
		assert_int_equal(s.heard[0], RGW_COA_NAK);
	}
	assert_int_equal(s.foreign_datagrams, 0);
	expect(&s, RGW_CTR_peer_previous_secret, 4);
	expect_told(&s, "peers", "visitor", "used 2 s ago");
	sim_end(&s);
}

/* The gateway gets the new secret while a peer waits for an answer: that comes under the old one, and a connection that
 * begins after that may have either. */
static void
the_gateway_changes_while_a_peer_asks(void **state)
{
	struct sim_conn *old, *new;
	struct sim_req *open, *r;
	struct sim s;

	(void)state;
	init(&s);
	s.national.answer = SIM_SILENT;
	sim_ini(&s, "[peer visitor]\nsecret = " SIM_BEFORE "\nprevious-secret =");
	s.visitor_secret = SIM_BEFORE;
	sim_start(&s);
	sim_run(&s, 100);
	old = sim_visit(&s);
	open = sim_ask(&s, old, RGW_ACCESS_REQUEST, 1, USER);
	sim_reload(&s, "[peer visitor]\nsecret = " SIM_RADSEC "\nprevious-secret = " SIM_BEFORE);
	new = sim_visit(&s);
	for (unsigned i = 0; i < 2; i++) {
		r = sim_ask(&s, new, RGW_ACCESS_REQUEST, (uint8_t)(2 + i), USER);
		expect_password(r, s.got[s.n_got - 1], SIM_RADSEC);
		sim_reply(&s, s.got[s.n_got - 1], 0);
		assert_int_equal(r->answers, 1);
		s.visitor_secret = SIM_RADSEC;
	}
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(open->answers, 1);
	expect(&s, RGW_CTR_peer_previous_secret, 1);
	sim_run(&s, 1000);
	assert_true(old->closed_by_engine);
	assert_non_null(new->engine);
	sim_reload(&s, "[peer visitor]\nprevious-secret =");
	assert_non_null(new->engine);
	s.visitor_secret = SIM_BEFORE;
	(void)sim_ask(&s, new, RGW_ACCESS_REQUEST, 9, USER);
	assert_true(new->closed_by_engine);
	expect(&s, RGW_CTR_tls_bad_message_authenticator, 1);
	sim_end(&s);
}

static void
other_secrets_of_peers_that_ask_end_the_connection(void **state)
{
	static const char *const wrong[] = { SIM_THIRD, SIM_BEFORE };
	struct sim s;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint8_t code = i < 2 ? RGW_ACCESS_REQUEST : RGW_ACCOUNTING_REQUEST;
		struct sim_conn *c;

		init(&s);
		if (i % 2 == 1)
			sim_ini(&s, "[peer visitor]\nprevious-secret =");
		sim_start(&s);
		c = sim_visit(&s);
		s.visitor_secret = wrong[i % 2];
		(void)sim_ask(&s, c, code, 1, USER);
		assert_true(c->closed_by_engine);
		expect(&s, i < 2 ? RGW_CTR_tls_bad_message_authenticator : RGW_CTR_tls_bad_authenticator, 1);
		expect(&s, RGW_CTR_peer_previous_secret, 0);
		sim_end(&s);
	}
}

/* ---- answers ---- */

/* Requests are made with the secret, as the world sees; answers may be made with the previous one, and so are those of
 * Status-Server. */
static void
answers_of_peers(void **state)
{
	struct sim_req *r;
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nstatus-server = on\nwatchdog = 6s");
	sim_start(&s);
	s.national.answers_with = SIM_BEFORE;
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	expect_password(r, s.got[0], SIM_RADSEC);
	r = sim_request(&s, 4, 5000, 2, USER);
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	sim_run(&s, 30000);
	assert_true(sim_counter(&s, RGW_CTR_watchdogs_answered) > 1);
	expect(&s, RGW_CTR_peer_previous_secret, 2 + sim_counter(&s, RGW_CTR_watchdogs_answered));
	expect(&s, RGW_CTR_connections_suspected, 0);
	s.national.answers_with = SIM_RADSEC;
	r = sim_request(&s, 1, 5000, 3, USER);
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

static void
answers_of_servers(void **state)
{
	struct sim_req *late, *r;
	struct sim s;

	(void)state;
	init(&s);
	sim_to_server(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	s.server.answers_with = SIM_BEFORE;
	for (unsigned step = 0; step < 2; step++) {
		for (unsigned i = 0; i < 2; i++) {
			r = sim_request(&s, i == 0 ? 1 : 4, 5000, (uint8_t)(step * 10 + i), USER);
			if (i == 0)
				expect_password(r, s.got[s.n_got - 1], SIM_LOCAL);
			sim_server_reply(&s, s.got[s.n_got - 1], 0);
			assert_int_equal(r->answers, 1);
		}
		s.server.answers_with = SIM_LOCAL;
	}
	expect(&s, RGW_CTR_server_previous_secret, 2);
	expect_told(&s, "servers", "local", "used 0 s ago");
	/* An answer that comes when the client has taken its request back. */
	late = sim_request(&s, 1, 5000, 50, USER);
	r = sim_request(&s, 1, 5000, 50, USER);
	s.server.answers_with = SIM_BEFORE;
	sim_server_reply(&s, s.got[s.n_got - 2], 0);
	expect(&s, RGW_CTR_response_late, 1);
	expect(&s, RGW_CTR_server_previous_secret, 3);
	assert_int_equal(late->answers, 0);
	sim_server_reply(&s, s.got[s.n_got - 1], 0);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* We get the new secret while a server and a peer have requests: what was asked with the one before is answered with
 * that, and so may be what is asked now. */
static void
the_gateway_changes_while_it_waits_for_answers(void **state)
{
	struct sim_req *open[2];
	struct sim s;

	(void)state;
	for (unsigned peer = 0; peer < 2; peer++) {
		struct sim_far *far;

		init(&s);
		far = peer ? &s.national : &s.server;
		if (!peer)
			sim_to_server(&s);
		far->answer = SIM_SILENT;
		far->secret = far->answers_with = SIM_BEFORE;
		sim_ini(&s, peer ? "[peer national]\nsecret = " SIM_BEFORE "\nprevious-secret ="
		                 : "[server local]\nsecret = " SIM_BEFORE "\nprevious-secret =");
		sim_start(&s);
		sim_run(&s, 100);
		open[0] = sim_request(&s, 1, 5000, 1, USER);
		far->secret = peer ? SIM_RADSEC : SIM_LOCAL;
		sim_reload(&s, peer ? "[peer national]\nsecret = " SIM_RADSEC "\nprevious-secret = " SIM_BEFORE
		                    : "[server local]\nsecret = " SIM_LOCAL "\nprevious-secret = " SIM_BEFORE);
		sim_run(&s, 100);
		open[1] = sim_request(&s, 1, 5000, 2, USER);
		assert_int_equal(s.n_got, 2);
		for (unsigned i = 0; i < 2; i++) {
			expect_password(open[i], s.got[i], i == 0 ? SIM_BEFORE : far->secret);
			if (peer)
				sim_reply(&s, s.got[i], 0);
			else
				sim_server_reply(&s, s.got[i], 0);
			assert_int_equal(open[i]->answers, 1);
		}
		expect(&s, RGW_CTR_response_bad_authenticator, 0);
		assert_true(sim_counter(&s, peer ? RGW_CTR_peer_previous_secret : RGW_CTR_server_previous_secret) > 0);
		sim_end(&s);
	}
}

/* The identifier of a request that was given up carries another one when the answer to the first comes: the answer is
 * compared with both requests, under both secrets, and does no harm. */
static void
late_answers_to_the_request_before(void **state)
{
	static const char *const secrets[] = { SIM_RADSEC, SIM_BEFORE };
	struct sim s;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sim_req *r = NULL;

		init(&s);
		sim_ini(&s, "[peer national]\nconnections = 1");
		s.national.answer = SIM_SILENT;
		sim_start(&s);
		sim_run(&s, 100);
		for (unsigned n = 0; n < 256; n++)
			r = sim_request(&s, 1, 5000, 1, USER);
		assert_int_equal(s.n_got, 256);
		assert_int_equal(s.got[0]->data[1], s.got[255]->data[1]);
		s.national.answers_with = secrets[i];
		sim_reply(&s, s.got[0], 0);
		expect(&s, RGW_CTR_response_late, 1);
		sim_reply(&s, s.got[255], 0);
		assert_int_equal(r->answers, 1);
		assert_int_equal(sim_count_up(&s), 1);
		sim_end(&s);
	}
}

static void
other_secrets_of_answers_are_refused(void **state)
{
	static const char *const wrong[] = { SIM_THIRD, SIM_BEFORE };
	struct sim s;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sim_req *r;

		init(&s);
		if (i % 2 == 1)
			sim_ini(&s, "[peer national]\nprevious-secret =\n[server local]\nprevious-secret =");
		if (i < 2)
			sim_to_server(&s);
		s.national.answer = s.server.answer = SIM_SILENT;
		sim_start(&s);
		sim_run(&s, 100);
		s.national.answers_with = s.server.answers_with = wrong[i % 2];
		r = sim_request(&s, 1, 5000, 1, USER);
		if (i < 2)
			sim_server_reply(&s, s.got[0], 0);
		else
			sim_reply(&s, s.got[0], 0);
		assert_int_equal(r->answers, 0);
		expect(&s, RGW_CTR_response_bad_authenticator, 1);
		expect(&s, RGW_CTR_peer_previous_secret, 0);
		expect(&s, RGW_CTR_server_previous_secret, 0);
		if (i < 2) {
			s.server.answers_with = SIM_LOCAL;
			sim_server_reply(&s, s.got[0], 0);
			assert_int_equal(r->answers, 1);
		}
		sim_end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_move_from_one_to_the_other),
		cmocka_unit_test(requests_in_flight_when_a_client_changes),
		cmocka_unit_test(requests_in_flight_when_the_gateway_changes),
		cmocka_unit_test(status_server_of_clients),
		cmocka_unit_test(other_secrets_of_clients_are_refused),
		cmocka_unit_test(requests_that_do_not_show_their_secret),
		cmocka_unit_test(use_is_said_once_an_hour),
		cmocka_unit_test(peers_that_ask_move_from_one_to_the_other),
		cmocka_unit_test(the_gateway_changes_while_a_peer_asks),
		cmocka_unit_test(other_secrets_of_peers_that_ask_end_the_connection),
		cmocka_unit_test(answers_of_peers),
		cmocka_unit_test(answers_of_servers),
		cmocka_unit_test(the_gateway_changes_while_it_waits_for_answers),
		cmocka_unit_test(late_answers_to_the_request_before),
		cmocka_unit_test(other_secrets_of_answers_are_refused),
	};

	return cmocka_run_group_tests_name("rotation", tests, NULL, NULL);
}
