/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "sim_coa.h"
#include "sim_priv.h"
#include "radsecgw/build.h"

/* CoA and Disconnect: from home to the NAS, over UDP and down connections, in stories. */

/* "nas" at 192.0.2.10 takes CoA; "second-nas" at 192.0.2.11 is the home's server that sends it. */
static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_add_client(s);
	sim_ini(s, "[listen radius]\naccept = auth, acct, coa\n[client nas]\ncoa = yes\n"
	    "[client second-nas]\nallow = coa, disconnect\ncoa-realms = *\n");
}

/* A login from "nas": what it teaches. */
static void
login(struct sim *s, uint8_t id, const char *user, const char *station)
{
	struct sim_req *r = sim_request_with(s, &(struct sim_spec){ .port = 5000, .id = id, .user = user,
		.station = station });

	sim_run(s, 1000);
	assert_int_equal(r->answers, 1);
}

/* P-COA-1, P-COA-20, P-COA-21, P-CPX-14, P-CPX-15, P-CPX-20, P-CPX-22: to the NAS and back. It gets what it can
 * take, and who asked gets all Proxy-States; State and unknown attributes are left as they are. */
static void
goes_to_the_nas_and_back(void **state)
{
	static const uint8_t codes[] = { RGW_COA_REQUEST, RGW_DISCONNECT_REQUEST };
	struct sim_more m;
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	for (size_t i = 0; i < sizeof codes; i++) {
		struct sim_req *r;

		sim_more_begin(&m);
		sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
		sim_more_text(&m, RGW_OPERATOR_NAME, "1example.net");
		sim_more_put(&m, RGW_EXTENDED_1, "\x08opaque", 7);
		sim_more_text(&m, RGW_STATE, "state");
		sim_more_text(&m, 11, "filter");
		sim_more_put(&m, 200, "\x01\x02", 2);
		r = sim_change(&s, codes[i], (uint8_t)(1 + i), "bob@example.org", NULL, &m);
		sim_run(&s, 100);
		assert_int_equal(s.n_got, i + 1);
		assert_int_equal(s.got[i]->source->to.ip[3], 10);
		assert_int_equal(s.got[i]->source->to.port, 3799);
		assert_int_equal(s.got[i]->data[0], codes[i]);
		assert_int_equal(sim_count_attrs(s.got[i]->data, s.got[i]->len, RGW_PROXY_STATE), 0);
		assert_int_equal(sim_count_attrs(s.got[i]->data, s.got[i]->len, RGW_OPERATOR_NAME), 0);
		assert_int_equal(sim_count_attrs(s.got[i]->data, s.got[i]->len, RGW_EXTENDED_1), 0);
		EXPECT_GOT(&s, i, RGW_STATE, "state,");
		EXPECT_GOT(&s, i, 11, "filter,");
		EXPECT_GOT(&s, i, 200, "\x01\x02,");
		assert_int_equal(r->answers, 1);
		assert_int_equal(r->answer[0], codes[i] + 1);
		assert_int_equal(sim_count_attrs(r->answer, r->answer_len, RGW_PROXY_STATE), 1);
	}
	sim_end(&s);
}

/* P-COA-10, P-COA-11: a NAK of the NAS goes back with what is in it; Authorize-Only needs no more than that. */
static void
nak_of_the_nas_goes_back(void **state)
{
	static const uint8_t cause[4] = { 0, 0, 1, 251 };  /* 507 */
	struct sim_more m;
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	sim_more_u32(&m, 6, 17);
	r = sim_change(&s, RGW_COA_REQUEST, 1, "bob@example.org", NULL, &m);
	sim_server_reply_with(&s, s.got[0], RGW_COA_NAK, RGW_ERROR_CAUSE, cause, sizeof cause);
	sim_expect_cause(r, RGW_COA_NAK, 507);
	sim_end(&s);
}

/* P-CPX-23, P-COA-6: what a login has taught finds the NAS: the station, the user, and both together. What does not fit
 * together finds nothing. */
static void
finds_the_session(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	login(&s, 1, "bob@example.org", "02-00-00-00-00-01");
	(void)sim_change(&s, RGW_DISCONNECT_REQUEST, 1, NULL, "02-00-00-00-00-01", NULL);
	(void)sim_change(&s, RGW_DISCONNECT_REQUEST, 2, "bob@example.org", NULL, NULL);
	(void)sim_change(&s, RGW_DISCONNECT_REQUEST, 3, "bob@example.org", "02-00-00-00-00-01", NULL);
	sim_run(&s, 100);
	assert_int_equal(sim_n_at_nases(&s), 3);
	sim_expect_cause(sim_change(&s, RGW_DISCONNECT_REQUEST, 4, "eve@example.org", "02-00-00-00-00-01", NULL),
	    RGW_DISCONNECT_NAK, RGW_CAUSE_NO_SESSION);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_change_mismatch), 1);
	assert_string_equal(s.last_event, "coa-mismatch");
	sim_expect_cause(sim_change(&s, RGW_DISCONNECT_REQUEST, 5, NULL, "02-00-00-00-00-02", NULL), RGW_DISCONNECT_NAK,
	    RGW_CAUSE_NO_SESSION);
	assert_int_equal(sim_n_at_nases(&s), 3);
	sim_end(&s);
}

/* A session ends with its Accounting-Stop, and those of a NAS with its Accounting-On. */
static void
forgets_what_ended(void **state)
{
	static const uint32_t stops[] = { 2, 7, 8 };
	struct sim_more m;
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
		login(&s, 1, "bob@example.org", "02-00-00-00-00-01");
		sim_more_begin(&m);
		sim_more_u32(&m, RGW_ACCT_STATUS_TYPE, stops[i]);
		(void)sim_request_with(&s, &(struct sim_spec){ .code = RGW_ACCOUNTING_REQUEST, .port = 5000,
			.id = (uint8_t)(10 + i), .station = stops[i] == 2 ? "02-00-00-00-00-01" : NULL,
			.more = m.octets, .more_len = m.w.len });
		sim_expect_cause(
		    sim_change(&s, RGW_DISCONNECT_REQUEST, (uint8_t)(1 + i), NULL, "02-00-00-00-00-01", NULL),
		    RGW_DISCONNECT_NAK, RGW_CAUSE_NO_SESSION);
		sim_run(&s, 60000);
	}
	assert_int_equal(sim_n_at_nases(&s), 0);
	sim_end(&s);
}

/* Error-Cause 402 without any name, 502 for a NAS that nobody knows (P-CPX-7), 403 for names of two NASes. */
static void
says_why_not(void **state)
{
	struct sim_more m;
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[client third]\naddress = 192.0.2.12\nsecret = " SIM_SECRET "\ncoa = yes\nnas-identifier = third");
	sim_start(&s);
	sim_expect_cause(sim_change(&s, RGW_COA_REQUEST, 1, NULL, NULL, NULL), RGW_COA_NAK,
	    RGW_CAUSE_MISSING_ATTRIBUTE);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000024d);
	sim_expect_cause(sim_change(&s, RGW_COA_REQUEST, 2, NULL, NULL, &m), RGW_COA_NAK, RGW_CAUSE_NOT_ROUTABLE);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_change_unroutable), 2);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	sim_more_text(&m, RGW_NAS_IDENTIFIER, "third");
	sim_expect_cause(sim_change(&s, RGW_COA_REQUEST, 3, NULL, NULL, &m), RGW_COA_NAK, RGW_CAUSE_NAS_MISMATCH);
	assert_int_equal(sim_n_at_nases(&s), 0);
	sim_more_begin(&m);
	sim_more_text(&m, RGW_NAS_IDENTIFIER, "third");
	(void)sim_change(&s, RGW_COA_REQUEST, 4, NULL, NULL, &m);
	assert_int_equal(s.got[0]->source->to.ip[3], 12);
	sim_run(&s, 100);
	sim_end(&s);
}

/* P-COA-40: who is not allowed to hears nothing over UDP. */
static void
silence_for_who_may_not(void **state)
{
	struct sim_more m;
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[client second-nas]\nallow = coa");
	sim_start(&s);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	r = sim_change(&s, RGW_DISCONNECT_REQUEST, 1, NULL, NULL, &m);
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_not_allowed), 1);
	assert_string_equal(s.last_event, "not-allowed-here");
	(void)sim_request(&s, RGW_ACCESS_REQUEST, 5000, 1, "bob@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_not_allowed), 1);
	assert_int_equal(sim_n_at_nases(&s), 0);
	sim_end(&s);
}

/* P-COA-30 to 32, P-COA-34: what is too old, or too far ahead, is dropped, and so is what does not say it where that is
 * wanted. */
static void
old_requests_are_dropped(void **state)
{
	static const struct { int64_t age; bool fresh; } rows[] = {
		{ 301, false }, { 300, true }, { 0, true }, { -300, true }, { -301, false }, { 600, false },
	};
	struct sim_more m;
	struct sim s;
	uint64_t stale = 0;
	size_t fresh = 0;

	(void)state;
	init(&s);
	sim_start(&s);
	sim_run(&s, 5000);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		sim_more_begin(&m);
		sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
		sim_more_u32(&m, RGW_EVENT_TIMESTAMP, (uint32_t)(SIM_EPOCH + (int64_t)(s.now / 1000) - rows[i].age));
		(void)sim_change(&s, RGW_COA_REQUEST, (uint8_t)i, NULL, NULL, &m);
		stale += !rows[i].fresh;
		fresh += rows[i].fresh;
		assert_int_equal(sim_counter(&s, RGW_CTR_udp_stale), stale);
		assert_int_equal(sim_n_at_nases(&s), fresh);
	}
	sim_run(&s, 100);
	sim_reload(&s, "[client second-nas]\nrequire-event-timestamp = yes");
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	(void)sim_change(&s, RGW_COA_REQUEST, 100, NULL, NULL, &m);
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_missing_event_timestamp), 1);
	assert_int_equal(sim_n_at_nases(&s), fresh);
	sim_end(&s);
}

/* P-COA-31: an old answer of a NAS is dropped, and the right one is taken. */
static void
old_answers_are_dropped(void **state)
{
	uint8_t then[4] = { 0x3b, 0x9a, 0xc8, 0 };
	struct sim_more m;
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	r = sim_change(&s, RGW_COA_REQUEST, 1, NULL, NULL, &m);
	sim_server_reply_with(&s, s.got[0], RGW_COA_ACK, RGW_EVENT_TIMESTAMP, then, sizeof then);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_stale), 1);
	assert_int_equal(r->answers, 0);
	sim_server_reply(&s, s.got[0], RGW_COA_ACK);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* P-COA-2, P-COA-3, P-COA-33: a repetition gets the same answer for 300 s, and the NAS hears of it once. A request with
 * another authenticator is a new one. */
static void
repetitions_are_known(void **state)
{
	struct sim_more m;
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_start(&s);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	r = sim_change(&s, RGW_COA_REQUEST, 1, NULL, NULL, &m);
	sim_run(&s, 290000);
	sim_again(&s, r);
	assert_int_equal(r->answers, 2);
	assert_int_equal(sim_n_at_nases(&s), 1);
	sim_more_text(&m, 11, "new");
	r = sim_change(&s, RGW_COA_REQUEST, 1, NULL, NULL, &m);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_n_at_nases(&s), 2);
	sim_end(&s);
}

/* P-COA-42: ICMP says that nobody listens. */
static void
nobody_listens(void **state)
{
	struct sim_more m;
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	s.server_gone = true;
	for (uint8_t i = 1; i <= 2; i++) {
		struct sim_req *r;

		sim_more_begin(&m);
		sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
		r = sim_change(&s, RGW_COA_REQUEST, i, NULL, NULL, &m);
		sim_run(&s, 100);
		sim_expect_cause(r, RGW_COA_NAK, RGW_CAUSE_UNSUPPORTED_EXTENSION);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_nas_unreachable), i);
	}
	sim_end(&s);
}

/* A mute NAS is asked again and again for ten seconds. Over UDP the sender repeats its request and gets no answer. */
static void
mute_nas(void **state)
{
	struct sim_more m;
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	r = sim_change(&s, RGW_COA_REQUEST, 1, NULL, NULL, &m);
	sim_run(&s, 9000);
	assert_in_range(s.got[0]->copies, 2, 4);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 0);
	sim_run(&s, 2500);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	assert_int_equal(r->answers, 0);
	sim_end(&s);
}

/* ---- over connections ---- */

/* National is the home and may change sessions, the visitor is where users are. */
static void
init_federation(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_ini(s, "[peer national]\nallow = auth, acct, coa, disconnect\n"
	    "[peer visitor]\nallow = auth, acct, coa, disconnect\n");
}

static struct sim_conn *
visit_and_login(struct sim *s, uint8_t id, const char *station)
{
	struct sim_conn *c = sim_visit(s);
	struct sim_req *r = sim_ask_with(s, c, &(struct sim_spec){ .id = id, .user = "bob@example.org",
		.station = station });

	sim_run(s, 1000);
	assert_int_equal(r->answers, 1);
	return c;
}

/* P-RCA-3, P-RCA-4, P-RCA-9, P-RCA-10, P-CPX-24: down the connection on which the session came, though there is
 * another one; and its answer goes back up ours. Proxies keep their Proxy-States and get ours. */
static void
goes_down_the_connection_of_the_session(void **state)
{
	struct sim s;
	struct sim_conn *first, *second;
	struct sim_got *g;

	(void)state;
	init_federation(&s);
	sim_start(&s);
	sim_run(&s, 1000);
	first = visit_and_login(&s, 1, "02-00-00-00-00-01");
	second = visit_and_login(&s, 1, "02-00-00-00-00-02");
	s.visitor.answer = SIM_SILENT;
	for (uint8_t i = 0; i < 4; i++) {
		sim_change_by_peer(&s, RGW_DISCONNECT_REQUEST, i,
		    i % 2 == 0 ? "02-00-00-00-00-01" : "02-00-00-00-00-02", NULL);
		g = s.got[s.n_got - 1];
		assert_int_equal(g->data[0], RGW_DISCONNECT_REQUEST);
		assert_ptr_equal(g->conn, i % 2 == 0 ? first : second);
		assert_int_equal(sim_count_attrs(g->data, g->len, RGW_PROXY_STATE), 2);
		sim_reply(&s, g, RGW_DISCONNECT_ACK);
		sim_expect_heard(&s, RGW_DISCONNECT_ACK, i, 0);
	}
	/* Without that connection, another one of the peer. */
	sim_cut(&s, first);
	sim_change_by_peer(&s, RGW_DISCONNECT_REQUEST, 9, "02-00-00-00-00-01", NULL);
	assert_ptr_equal(s.got[s.n_got - 1]->conn, second);
	/* And when that ends, too, the request waits for the next one. */
	sim_cut(&s, second);
	assert_int_equal(s.heard_len, 0);
	second = sim_visit(&s);
	sim_run(&s, 100);
	assert_ptr_equal(s.got[s.n_got - 1]->conn, second);
	sim_reply(&s, s.got[s.n_got - 1], RGW_DISCONNECT_ACK);
	sim_expect_heard(&s, RGW_DISCONNECT_ACK, 9, 0);
	sim_end(&s);
}

/* P-RCA-7: a peer that is gone, and one that is mute: the sender gets a NAK. */
static void
peer_without_answer(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	init_federation(&s);
	sim_start(&s);
	sim_run(&s, 1000);
	c = visit_and_login(&s, 1, "02-00-00-00-00-01");
	s.visitor.answer = SIM_SILENT;
	sim_change_by_peer(&s, RGW_COA_REQUEST, 1, "02-00-00-00-00-01", NULL);
	sim_run(&s, 11000);
	assert_int_equal(s.heard_len, 0);
	sim_run(&s, 2000);
	sim_expect_heard(&s, RGW_COA_NAK, 1, RGW_CAUSE_RESOURCES_UNAVAILABLE);
	sim_cut(&s, c);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 2, "02-00-00-00-00-01", NULL);
	sim_run(&s, 6000);
	sim_expect_heard(&s, RGW_COA_NAK, 2, RGW_CAUSE_NOT_ROUTABLE);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_outage), 1);
	sim_end(&s);
}

/* P-COA-41, P-CPX-8: the logins of the user must go to the sender; `coa-realms` takes the place of that. P-CPX-6:
 * and the User-Name leads nobody home. */
static void
reverse_path_is_checked(void **state)
{
	struct sim_more m;
	struct sim s;

	(void)state;
	init_federation(&s);
	sim_ini(&s, "[client nas]\ncoa = yes\n[realm example.net]\npool = local\n");
	sim_start(&s);
	sim_run(&s, 1000);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	sim_more_text(&m, RGW_USER_NAME, "eve@example.net");
	sim_change_by_peer(&s, RGW_COA_REQUEST, 1, NULL, &m);
	sim_expect_heard(&s, RGW_COA_NAK, 1, RGW_CAUSE_NOT_ROUTABLE);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_change_wrong_sender), 1);
	assert_string_equal(s.last_event, "coa-wrong-sender");
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	sim_more_text(&m, RGW_USER_NAME, "bob@example.org");
	sim_change_by_peer(&s, RGW_COA_REQUEST, 2, NULL, &m);
	sim_run(&s, 100);
	sim_expect_heard(&s, RGW_COA_ACK, 2, 0);
	sim_reload(&s, "[peer national]\ncoa-realms = .example.net, example.net");
	sim_change_by_peer(&s, RGW_COA_REQUEST, 3, NULL, &m);
	sim_expect_heard(&s, RGW_COA_NAK, 3, RGW_CAUSE_NOT_ROUTABLE);
	assert_int_equal(sim_n_at_nases(&s), 1);
	sim_end(&s);
}

/* A server's address shows that a client is where logins of its realm go. */
static void
server_is_where_logins_go(void **state)
{
	struct sim_more m;
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[client second-nas]\ncoa-realms =\n[server home]\nauth = 192.0.2.11\nsecret = " SIM_LOCAL "\n"
	    "[realm example.net]\npool = home\n");
	sim_start(&s);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	r = sim_change(&s, RGW_COA_REQUEST, 1, "bob@example.net", NULL, &m);
	sim_run(&s, 100);
	assert_int_equal(r->answer[0], RGW_COA_ACK);
	sim_expect_cause(sim_change(&s, RGW_COA_REQUEST, 2, "bob@example.org", NULL, &m), RGW_COA_NAK,
	    RGW_CAUSE_NOT_ROUTABLE);
	sim_end(&s);
}

/* P-COA-40, P-RCA-1, P-RCA-6: a peer that may not hears so, or nothing, and nothing goes on. P-COA-35: on a
 * connection an old request goes on. */
static void
peers_that_may_not(void **state)
{
	struct sim_more m;
	struct sim s;

	(void)state;
	init_federation(&s);
	sim_ini(&s, "[peer national]\nallow = auth, coa\n[peer visitor]\nallow = auth\n[client nas]\ncoa = yes\n");
	sim_start(&s);
	sim_run(&s, 1000);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	sim_more_u32(&m, RGW_EVENT_TIMESTAMP, SIM_EPOCH - 1000);
	sim_change_by_peer(&s, RGW_DISCONNECT_REQUEST, 1, NULL, &m);
	assert_int_equal(s.heard_len, 0);
	sim_expect_cause(sim_ask(&s, sim_visit(&s), RGW_COA_REQUEST, 1, NULL), RGW_COA_NAK, RGW_CAUSE_PROHIBITED);
	assert_int_equal(sim_counter(&s, RGW_CTR_tls_not_allowed), 2);
	assert_int_equal(sim_n_at_nases(&s), 0);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 2, NULL, &m);
	sim_run(&s, 100);
	sim_expect_heard(&s, RGW_COA_ACK, 2, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_tls_stale), 1);
	sim_end(&s);
}

/* P-CPX-1, P-CPX-2, P-CPX-5, P-RCA-5, P-PRX-12: by the realm in Operator-Name, of which the first counts; and by
 * nothing else. */
static void
goes_by_operator_name(void **state)
{
	struct sim_more m;
	struct sim s;

	(void)state;
	init_federation(&s);
	sim_add_second(&s);
	sim_ini(&s, "[peer second]\nallow = auth, acct, coa\n[realm visited.example]\npool = second\ncoa = visitor\n");
	sim_start(&s);
	sim_run(&s, 1000);
	(void)sim_visit(&s);
	sim_more_begin(&m);
	sim_more_text(&m, RGW_OPERATOR_NAME, "1visited.example");
	sim_more_text(&m, RGW_OPERATOR_NAME, "1other.example");
	sim_more_text(&m, RGW_NAS_IDENTIFIER, "far away");
	sim_change_by_peer(&s, RGW_COA_REQUEST, 1, NULL, &m);
	assert_true(s.got[s.n_got - 1]->conn->incoming);
	EXPECT_GOT(&s, s.n_got - 1, RGW_OPERATOR_NAME, "1visited.example,1other.example,");
	sim_run(&s, 100);
	sim_expect_heard(&s, RGW_COA_ACK, 1, 0);
	sim_more_begin(&m);
	sim_more_text(&m, RGW_OPERATOR_NAME, "1other.example");
	sim_more_text(&m, RGW_NAS_IDENTIFIER, "far away");
	sim_change_by_peer(&s, RGW_COA_REQUEST, 2, NULL, &m);
	sim_expect_heard(&s, RGW_COA_NAK, 2, RGW_CAUSE_NOT_ROUTABLE);
	sim_end(&s);
}

/* The only other peer that takes CoA gets what we know nothing of; two of them do not. */
static void
goes_to_the_only_other_peer(void **state)
{
	struct sim_more m;
	struct sim s;

	(void)state;
	init_federation(&s);
	sim_start(&s);
	sim_run(&s, 1000);
	(void)sim_visit(&s);
	sim_more_begin(&m);
	sim_more_text(&m, RGW_NAS_IDENTIFIER, "far away");
	sim_change_by_peer(&s, RGW_COA_REQUEST, 1, NULL, &m);
	sim_run(&s, 100);
	sim_expect_heard(&s, RGW_COA_ACK, 1, 0);
	sim_add_second(&s);
	sim_reload(&s, "[peer second]\nallow = auth, acct, coa");
	sim_run(&s, 1000);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 2, NULL, &m);
	sim_expect_heard(&s, RGW_COA_NAK, 2, RGW_CAUSE_NOT_ROUTABLE);
	sim_end(&s);
}

/* A stranger that claims the NAS or the session of another one gets nothing. */
static void
claims_of_others_change_nothing(void **state)
{
	struct sim_more m;
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[client thief]\naddress = 192.0.2.12\nsecret = " SIM_SECRET "\ncoa = yes\n");
	sim_start(&s);
	sim_more_begin(&m);
	sim_more_text(&m, RGW_NAS_IDENTIFIER, "ap-1");
	for (uint8_t nas = 0; nas <= 2; nas += 2)
		(void)sim_request_with(&s, &(struct sim_spec){ .port = 5000, .id = nas, .nas = nas, .user = "bob@x.org",
			.station = "02-00-00-00-00-01", .more = m.octets, .more_len = m.w.len });
	sim_run(&s, 1000);
	assert_int_equal(sim_counter(&s, RGW_CTR_nas_conflicts), 2);
	(void)sim_change(&s, RGW_DISCONNECT_REQUEST, 1, NULL, "02-00-00-00-00-01", NULL);
	assert_int_equal(s.got[s.n_got - 1]->source->to.ip[3], 10);
	(void)sim_change(&s, RGW_DISCONNECT_REQUEST, 2, NULL, NULL, &m);
	assert_int_equal(s.got[s.n_got - 1]->source->to.ip[3], 10);
	sim_run(&s, 100);
	sim_end(&s);
}

/* An Access-Request that anybody can have sent teaches nothing. */
static void
forgeries_teach_nothing(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	(void)sim_request_with(&s, &(struct sim_spec){ .port = 5000, .bare = true, .station = "02-00-00-00-00-01" });
	sim_run(&s, 1000);
	sim_expect_cause(sim_change(&s, RGW_DISCONNECT_REQUEST, 1, NULL, "02-00-00-00-00-01", NULL), RGW_DISCONNECT_NAK,
	    RGW_CAUSE_NO_SESSION);
	sim_end(&s);
}

/* A session whose NAS takes no CoA. */
static void
nas_takes_none(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[client nas]\ncoa = no");
	sim_start(&s);
	login(&s, 1, "bob@example.org", "02-00-00-00-00-01");
	sim_expect_cause(sim_change(&s, RGW_DISCONNECT_REQUEST, 1, NULL, "02-00-00-00-00-01", NULL), RGW_DISCONNECT_NAK,
	    RGW_CAUSE_PROHIBITED);
	sim_end(&s);
}

/* Who fills the table pushes out its own sessions. */
static void
table_is_bounded(void **state)
{
	char station[24];
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	s.common->nases.limit = 10;
	for (uint8_t i = 0; i < 20; i++) {
		snprintf(station, sizeof station, "station-%u", i);
		login(&s, i, "bob@example.org", station);
	}
	assert_int_equal(sim_counter(&s, RGW_CTR_nas_crowded_out), 12);
	(void)sim_change(&s, RGW_DISCONNECT_REQUEST, 1, NULL, station, NULL);
	sim_run(&s, 100);
	assert_int_equal(sim_n_at_nases(&s), 1);
	sim_end(&s);
}

/* Without any CoA in the configuration nothing is learned. */
static void
nothing_is_learned_for_nobody(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	login(&s, 1, "bob@example.org", "02-00-00-00-00-01");
	assert_int_equal(rgw_nastable_used(&s.common->nases).octets, 0);
	sim_reload(&s, "[client nas]\ncoa = yes");
	login(&s, 2, "bob@example.org", "02-00-00-00-00-01");
	assert_int_equal(rgw_nastable_used(&s.common->nases).sessions, 1);
	sim_end(&s);
}

/* Across a reload: what was learned stays, requests under way end well, and a new secret holds for new requests. */
static void
survives_reloads(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_start(&s);
	login(&s, 1, "bob@example.org", "02-00-00-00-00-01");
	s.server.answer = SIM_SILENT;
	r = sim_change(&s, RGW_DISCONNECT_REQUEST, 1, NULL, "02-00-00-00-00-01", NULL);
	sim_reload(&s, "[gateway]\nloop-limit = 31");
	sim_server_reply(&s, s.got[s.n_got - 1], RGW_DISCONNECT_ACK);
	assert_int_equal(r->answers, 1);
	r = sim_change(&s, RGW_DISCONNECT_REQUEST, 2, NULL, "02-00-00-00-00-01", NULL);
	sim_reload(&s, "[client nas]\ncoa = 192.0.2.99");
	sim_server_reply(&s, s.got[s.n_got - 1], RGW_DISCONNECT_ACK);
	assert_int_equal(r->answers, 1);
	(void)sim_change(&s, RGW_DISCONNECT_REQUEST, 3, NULL, "02-00-00-00-00-01", NULL);
	assert_int_equal(s.got[s.n_got - 1]->source->to.ip[3], 99);
	sim_server_reply(&s, s.got[s.n_got - 1], RGW_DISCONNECT_ACK);
	sim_drop(&s, "client nas");
	sim_reload(&s, NULL);
	sim_expect_cause(sim_change(&s, RGW_DISCONNECT_REQUEST, 4, NULL, "02-00-00-00-00-01", NULL), RGW_DISCONNECT_NAK,
	    RGW_CAUSE_NO_SESSION);
	sim_run(&s, 700000);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_to_the_nas_and_back),
		cmocka_unit_test(nak_of_the_nas_goes_back),
		cmocka_unit_test(finds_the_session),
		cmocka_unit_test(forgets_what_ended),
		cmocka_unit_test(says_why_not),
		cmocka_unit_test(silence_for_who_may_not),
		cmocka_unit_test(old_requests_are_dropped),
		cmocka_unit_test(old_answers_are_dropped),
		cmocka_unit_test(repetitions_are_known),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(mute_nas),
		cmocka_unit_test(goes_down_the_connection_of_the_session),
		cmocka_unit_test(peer_without_answer),
		cmocka_unit_test(reverse_path_is_checked),
		cmocka_unit_test(server_is_where_logins_go),
		cmocka_unit_test(peers_that_may_not),
		cmocka_unit_test(goes_by_operator_name),
		cmocka_unit_test(goes_to_the_only_other_peer),
		cmocka_unit_test(claims_of_others_change_nothing),
		cmocka_unit_test(forgeries_teach_nothing),
		cmocka_unit_test(nas_takes_none),
		cmocka_unit_test(table_is_bounded),
		cmocka_unit_test(nothing_is_learned_for_nobody),
		cmocka_unit_test(survives_reloads),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
