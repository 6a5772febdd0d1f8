/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about members that say no, about pools of which no member can be reached, and about pools of
 * unlike members (P-ERR-8, P-ERR-9, P-EAP-3, P-GW-30). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/packet.h"
#include "sim.h"

#define USER "user@example.org"

/* A pool of national and second, which is not asked because national takes its time. */
static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_pool(s, "national, second");
	sim_ini(s, "[pool federation]\nretry-after = 0");
}

static struct sim_req *
login(struct sim *s, uint8_t code)
{
	return sim_request(s, code, (uint16_t)(10000 + s->n_reqs), 1, USER);
}

static struct rgw_packet
answer_of(const struct sim_req *r)
{
	struct rgw_packet p;

	assert_int_equal(r->answers, 1);
	assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
	return p;
}

/* ---- Protocol-Error ---- */

/* P-ERR-9: the fault is on the way, so another member may do better. */
static void
fault_on_the_way_leads_to_the_next(void **state)
{
	static const uint32_t causes[] = { 502, 505, 506, 406 };

	(void)state;
	for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
		struct sim s;
		struct sim_req *r;

		init(&s);
		sim_ini(&s, "[pool federation]\ndead-realm = 0");
		s.national.answer = SIM_ERROR;
		s.national.error_cause = causes[i];
		sim_start(&s);
		r = login(&s, 1);
		sim_run(&s, 200);
		assert_int_equal(r->answers, 1);
		assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
		assert_int_equal(s.national.requests, 1);
		assert_int_equal(s.second.requests, 1);
		/* The fault says nothing about the next request. */
		login(&s, 1);
		assert_int_equal(s.national.requests, 2);
		sim_run(&s, 100);
		sim_end(&s);
	}
}

/* P-ERR-8, P-ERR-9: the fault is at the home server; it is told to whoever understands it. */
static void
fault_at_the_home_server_is_final(void **state)
{
	static const uint32_t causes[] = { 0, 401, 404, 405, 501, 503, 504, 507 };

	(void)state;
	for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
		struct sim s;
		struct sim_req *r;
		struct rgw_packet p;

		init(&s);
		sim_ini(&s, "[client nas]\nprotocol-error = %s", sim_yes(i % 2 == 0));
		s.national.answer = SIM_ERROR;
		s.national.error_cause = causes[i];
		sim_start(&s);
		r = login(&s, 1);
		sim_run(&s, 200);
		assert_int_equal(s.second.requests, 0);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_refused), 1);
		if (i % 2 == 0) {
			p = answer_of(r);
			assert_int_equal(p.code, RGW_PROTOCOL_ERROR);
			assert_int_equal(rgw_packet_error_cause(&p), causes[i] != 0 ? causes[i] : 505);
		} else {
			assert_int_equal(r->answers, 0);
		}
		sim_end(&s);
	}
}

/* Both members say that they have no way: each is asked once. */
static void
everybody_refuses(void **state)
{
	struct sim s;
	struct sim_req *r;
	struct rgw_packet p;

	(void)state;
	init(&s);
	sim_ini(&s, "[client nas]\nprotocol-error = yes");
	s.national.answer = s.second.answer = SIM_ERROR;
	s.second.error_cause = 505;
	sim_start(&s);
	r = login(&s, 1);
	sim_run(&s, 5000);
	p = answer_of(r);
	assert_int_equal(p.code, RGW_PROTOCOL_ERROR);
	assert_int_equal(rgw_packet_error_cause(&p), 505);
	assert_int_equal(sim_sends(&s, r->nonce), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_refused), 1);
	sim_end(&s);
}

/* One member says no while the other one is asked, too: the other one decides. */
static void
refusal_while_the_other_is_asked(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\nretry-after = 1s");
	s.national.answer = SIM_ERROR;
	s.national.delay = 1500;
	s.second.delay = 2000;
	sim_start(&s);
	r = login(&s, 1);
	sim_run(&s, 2000);
	assert_int_equal(r->answers, 0);
	assert_int_equal(rgw_gw_pending(s.gw), 1);
	sim_run(&s, 2000);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	assert_int_equal(sim_sends(&s, r->nonce), 2);
	sim_end(&s);
}

/* ---- all members are known to be dead ---- */

static void
init_server_pool(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_pool(s, "local");
}

/* ICMP says so at once, and again each time that something is sent. */
static void
dead_server_is_an_outage(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_server_pool(&s);
	sim_start(&s);
	s.server_gone = true;
	/* As the first one, while it is dead, and when it was to be tried again. */
	for (unsigned i = 0; i < 3; i++) {
		r = login(&s, 1);
		sim_run(&s, 2400);
		assert_int_equal(r->answers, 0);
		sim_run(&s, 200);
		assert_int_equal(r->answers, 1);
		assert_int_equal(r->answer[0], RGW_ACCESS_REJECT);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_outage), i + 1);
		sim_run(&s, i * 2000);
	}
	/* Where the policy is to drop, that is no answer: it may still get a better one. */
	r = login(&s, 4);
	sim_run(&s, 5000);
	assert_int_equal(r->answers, 0);
	s.server_gone = false;
	sim_run(&s, 20000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_outage), 3);
	sim_end(&s);
}

/* The member is there again: nobody is rejected who can have an answer. */
static void
dead_server_comes_back(void **state)
{
	struct sim s;
	struct sim_req *r, *q;

	(void)state;
	init_server_pool(&s);
	sim_start(&s);
	s.server_gone = true;
	r = login(&s, 1);
	s.server_gone = false;
	s.server.delay = 100;
	q = login(&s, 1);
	sim_run(&s, 200);
	assert_int_equal(q->answer[0], RGW_ACCESS_ACCEPT);
	s.server.delay = 4000;
	sim_run(&s, 7000);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_outage), 0);
	sim_end(&s);
}

/* Nothing is known of a server that has only gone silent, so its requests live as long as they may. */
static void
silent_server_is_no_outage(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_server_pool(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	r = login(&s, 1);
	sim_run(&s, 40000);
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_outage), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	sim_end(&s);
}

/* ---- no member can be reached ---- */

/* P-EAP-3: a login is rejected, with EAP-Failure where there was EAP. */
static void
outage_rejects_logins(void **state)
{
	static const uint8_t failure[] = { 4, 77, 0, 4 };
	struct sim s;
	struct sim_req *plain, *eap;
	struct rgw_packet p;
	struct rgw_attr a;
	const char message[] = "come back later";

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\nreply-message = %s", message);
	s.national.refuse = s.second.refuse = true;
	sim_start(&s);
	plain = login(&s, 1);
	eap = sim_request_with(&s, &(struct sim_spec){ .port = 5000, .id = 9, .user = USER, .eap = true });
	sim_run(&s, 4900);
	assert_int_equal(plain->answers, 0);
	sim_run(&s, 1000);
	p = answer_of(plain);
	assert_int_equal(p.code, RGW_ACCESS_REJECT);
	assert_int_equal(p.n_msgauth, 1);
	assert_int_equal(rgw_packet_error_cause(&p), 502);
	assert_non_null(memmem(plain->answer, plain->answer_len, message, strlen(message)));
	p = answer_of(eap);
	assert_int_equal(p.code, RGW_ACCESS_REJECT);
	assert_true(rgw_packet_get(&p, RGW_AT_EAP_MESSAGE, &a));
	assert_int_equal(a.len, sizeof failure);
	assert_memory_equal(a.value, failure, sizeof failure);
	assert_null(memmem(eap->answer, eap->answer_len, message, strlen(message)));
	assert_int_equal(sim_counter(&s, RGW_CTR_outage_rejects), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_timed_out), 2);
	/* A NAS that asks again gets the same answer. */
	sim_again(&s, plain);
	assert_int_equal(plain->answers, 2);
	sim_end(&s);
}

static void
outage_drops(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\noutage-auth = drop");
	s.national.refuse = s.second.refuse = true;
	sim_start(&s);
	login(&s, 1);
	login(&s, 4);
	sim_run(&s, 6000);
	assert_int_equal(sim_answered(&s), 0);
	assert_int_equal(rgw_gw_pending(s.gw), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_timed_out), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_outage_rejects), 0);
	sim_end(&s);
}

static void
outage_acknowledges_accounting(void **state)
{
	struct sim s;
	struct sim_req *r;
	struct rgw_packet p;

	(void)state;
	init(&s);
	sim_ini(&s, "[pool federation]\noutage-acct = ack");
	s.national.refuse = s.second.refuse = true;
	sim_start(&s);
	r = login(&s, 4);
	sim_run(&s, 6000);
	p = answer_of(r);
	assert_int_equal(p.code, RGW_ACCOUNTING_RESPONSE);
	assert_int_equal(p.n_proxy_state, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_outage_acks), 1);
	sim_end(&s);
}

/* Peers, and clients that understand it, hear of the error instead, and can turn to somebody else. */
static void
outage_is_told_to_peers(void **state)
{
	static const uint8_t codes[] = { 1, 4 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sim s;
		struct sim_req *r, *q;
		struct rgw_packet p;

		init(&s);
		sim_ini(&s, "[peer visitor]\nprotocol-error = yes\n[pool federation]\noutage-acct = ack");
		sim_ini(&s, "[client nas]\nprotocol-error = yes");
		s.national.refuse = s.second.refuse = true;
		sim_start(&s);
		r = sim_ask(&s, sim_visit(&s), codes[i], 1, USER);
		q = login(&s, codes[i]);
		sim_run(&s, 6000);
		p = answer_of(r);
		assert_int_equal(p.code, RGW_PROTOCOL_ERROR);
		assert_int_equal(rgw_packet_error_cause(&p), 502);
		p = answer_of(q);
		assert_int_equal(p.code, RGW_PROTOCOL_ERROR);
		assert_int_equal(sim_counter(&s, RGW_CTR_outage_rejects) +
		    sim_counter(&s, RGW_CTR_outage_acks), 0);
		sim_end(&s);
	}
}

/* If all queues are full, the request is told so at once. */
static void
everything_is_full(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nqueue = 2\n[peer second]\nqueue = 3");
	s.national.no_tcp = s.second.no_tcp = true;
	sim_start(&s);
	for (unsigned i = 0; i < 8; i++)
		login(&s, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_full), 3);
	assert_int_equal(rgw_gw_pending(s.gw), 5);
	sim_end(&s);
}

/* ---- unlike members ---- */

/* A request does not go back to the peer that it came from; another member gets it. */
static void
asker_is_passed_over(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "visitor, national");
	sim_ini(&s, "[peer visitor]\nconnect = 198.51.100.3\nconnections = 0-4");
	s.national.delay = 5000;
	sim_start(&s);
	r = sim_ask(&s, sim_visit(&s), 1, 1, USER);
	sim_run(&s, 6000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.national.requests, 1);
	assert_int_equal(s.visitor.requests, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_loop), 0);
	/* A request of a NAS goes to that peer. */
	login(&s, 1);
	sim_run(&s, 100);
	assert_int_equal(s.visitor.requests, 1);
	sim_end(&s);
}

static void
asker_is_the_only_member(void **state)
{
	struct sim s;
	struct sim_req *r;
	struct rgw_packet p;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "visitor");
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes\nconnect = 198.51.100.3\nconnections = 0-4");
	sim_start(&s);
	r = sim_ask(&s, sim_visit(&s), 1, 1, USER);
	sim_run(&s, 100);
	p = answer_of(r);
	assert_int_equal(p.code, RGW_PROTOCOL_ERROR);
	assert_int_equal(rgw_packet_error_cause(&p), 502);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_loop), 1);
	assert_int_equal(s.visitor.requests, 0);
	sim_end(&s);
}

/* The server and the peer are at one address and one port; only the transport tells them apart (P-TCP-23). */
static void
init_mixed(struct sim *s, bool server_first)
{
	sim_init(s, "198.51.100.1");
	sim_to_pool(s, server_first ? "local, national" : "national, local");
	sim_ini(s, "[server local]\nauth = 198.51.100.1:2083");
}

/* P-TCP-25: that the peer is down says nothing about the server. */
static void
peer_is_down_and_the_server_helps(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_mixed(&s, false);
	sim_start(&s);
	login(&s, 1);
	sim_run(&s, 100);
	s.national.answer = SIM_SILENT;
	r = login(&s, 1);
	s.national.refuse = true;
	sim_cut_all(&s, &s.national);
	sim_run(&s, 10);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.server.requests, 1);
	sim_end(&s);
}

/* ICMP is as good as a reset: at once, and not for long. P-TCP-25: it says nothing about the peer. */
static void
server_is_gone_and_the_peer_helps(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_mixed(&s, true);
	s.server_gone = true;
	sim_start(&s);
	r = login(&s, 1);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.national.requests, 1);
	s.server_gone = false;
	login(&s, 1);
	sim_run(&s, 10);
	assert_int_equal(s.national.requests, 2);
	sim_run(&s, 6000);
	login(&s, 1);
	sim_run(&s, 10);
	assert_int_equal(s.national.requests, 2);
	assert_int_equal(s.server.requests, 1);
	assert_int_equal(sim_answered(&s), 3);
	sim_end(&s);
}

/* A silent server: the peer is asked beside it, and the server's late answer is none. */
static void
silent_server_beside_a_peer(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_mixed(&s, true);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	r = login(&s, 1);
	sim_run(&s, 3100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.got[0]->copies, 2);
	sim_run(&s, 20000);
	/* The server is not asked again for a request that has its answer. */
	assert_int_equal(s.got[0]->copies, 2);
	sim_server_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_response_late), 1);
	sim_end(&s);
}

/* The repetitions are over: the next one. */
static void
repetitions_end_and_the_peer_helps(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_mixed(&s, true);
	sim_ini(&s, "[pool federation]\nretry-after = 0\n"
	    "[server local]\nretransmit = irt 500ms mrt 1s mrc 3 mrd 2s");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	r = login(&s, 1);
	sim_run(&s, 2500);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.national.requests, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 1);
	/* The server is suspected, so the next request does not even begin there. */
	login(&s, 1);
	assert_int_equal(s.server.requests, 1);
	sim_run(&s, 100);
	sim_end(&s);
}

static void
full_server_leads_to_the_next(void **state)
{
	struct sim s;

	(void)state;
	init_mixed(&s, true);
	sim_ini(&s, "[server local]\nmax-requests = 5");
	s.server.delay = 1000;
	sim_start(&s);
	for (unsigned i = 0; i < 8; i++)
		login(&s, 1);
	sim_run(&s, 2000);
	assert_int_equal(s.server.requests, 5);
	assert_int_equal(s.national.requests, 3);
	assert_int_equal(sim_answered(&s), 8);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_identifier), 0);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dead_server_is_an_outage),
		cmocka_unit_test(dead_server_comes_back),
		cmocka_unit_test(silent_server_is_no_outage),
		cmocka_unit_test(fault_on_the_way_leads_to_the_next),
		cmocka_unit_test(fault_at_the_home_server_is_final),
		cmocka_unit_test(everybody_refuses),
		cmocka_unit_test(refusal_while_the_other_is_asked),
		cmocka_unit_test(outage_rejects_logins),
		cmocka_unit_test(outage_drops),
		cmocka_unit_test(outage_acknowledges_accounting),
		cmocka_unit_test(outage_is_told_to_peers),
		cmocka_unit_test(everything_is_full),
		cmocka_unit_test(asker_is_passed_over),
		cmocka_unit_test(asker_is_the_only_member),
		cmocka_unit_test(peer_is_down_and_the_server_helps),
		cmocka_unit_test(server_is_gone_and_the_peer_helps),
		cmocka_unit_test(silent_server_beside_a_peer),
		cmocka_unit_test(repetitions_end_and_the_peer_helps),
		cmocka_unit_test(full_server_leads_to_the_next),
	};

	return cmocka_run_group_tests_name("outages", tests, NULL, NULL);
}
