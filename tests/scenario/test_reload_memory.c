/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include "../../src/engine/doors/doors.h"
#include "../../src/engine/links/links.h"

#define FILTER_ID 11

/* What the gateway has in mind when another configuration comes, and what of it stays; and what of the old one goes
 * with the requests that began under it. */

/* ---- rewrites ---- */

/* A request is rewritten as it was to be when it came, on its way there and on its way back. */
static void
old_rewrite_is_used(void **state)
{
	struct sim_req *open, *next;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_rewrite(&s, "peer national", "rewrite-in", "add = Filter-Id = old");
	sim_rewrite(&s, "client nas", "rewrite-out", "add = Filter-Id = client");
	sim_rewrite(&s, "gateway", "rewrite-out", "add = Filter-Id = old-gateway");
	s.national.delay = 300;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	sim_move(&s, "rewrite r2", true);
	sim_reload(&s, "[rewrite r0]\nadd = Filter-Id = new\n[rewrite r2]\nadd = Filter-Id = new-gateway\n"
	    "[client nas]\nrewrite-out =");
	next = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 1000);
	EXPECT_ANSWER(open, FILTER_ID, "old,client,old-gateway,");
	EXPECT_ANSWER(next, FILTER_ID, "new,new-gateway,");
	sim_end(&s);
}

/* The same of a request that waits, and of one whose client and whose peer are gone. */
static void
old_rewrite_of_those_who_are_gone(void **state)
{
	struct sim_req *open, *waits;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	sim_ini(&s, "[realm waits.example]\npool = second");
	sim_rewrite(&s, "peer national", "rewrite-in", "add = Filter-Id = peer");
	sim_rewrite(&s, "client nas", "rewrite-out", "add = Filter-Id = client");
	sim_rewrite(&s, "peer second", "rewrite-out", "add = Filter-Id = out");
	s.national.delay = 300;
	s.second.handshake_delay = 600;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	waits = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@waits.example");
	sim_run(&s, 100);
	sim_drop(&s, "client nas");
	sim_drop(&s, "peer national");
	sim_drop(&s, "pool federation");
	sim_drop(&s, "rewrite r0");
	sim_drop(&s, "rewrite r1");
	sim_reload(&s, "[client other]\naddress = 192.0.2.10\nsecret = " SIM_OTHER "\n[realm *]\npool = local\n"
	    "[rewrite r2]\nadd = Filter-Id = later");
	sim_run(&s, 1500);
	EXPECT_ANSWER(open, FILTER_ID, "peer,client,");
	sim_expect_values(waits->got->data, waits->got->len, FILTER_ID, "out,");
	assert_int_equal(waits->answers, 1);
	sim_run(&s, 1000);
	assert_int_equal(s.n_confs, 1);
	assert_true(rgw_list_empty(&s.gw->gone));
	sim_end(&s);
}

/* ---- what stays ---- */

static void
held_peer_stays_held(void **state)
{
	struct sim_req *r;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	sim_start(&s);
	assert_true(rgw_gw_hold(s.gw, "national", true, s.now));
	sim_move(&s, "peer national", true);
	sim_reload(&s, "[pool federation]\nmembers = national, second, local");
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(sim_sends_to(&s, r, &s.second), 1);
	assert_true(rgw_gw_hold(s.gw, "national", false, s.now));
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(sim_sends_to(&s, r, &s.national), 1);
	sim_end(&s);
}

/* A drained gateway stays drained: new peers are not connected to before it is resumed. */
static void
drained_gateway_stays_drained(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	sim_run(&s, 100);
	rgw_gw_drain(s.gw);
	sim_reload(&s, "[peer second]\nconnect = 198.51.100.2\nname = second.example\ntls = federation\n"
	    "connections = 1-4");
	sim_run(&s, 1000);
	assert_int_equal(sim_count_to(&s, &s.second), 0);
	sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_while_draining), 1);
	rgw_gw_resume(s.gw, s.now);
	sim_run(&s, 100);
	assert_int_equal(sim_count_to(&s, &s.second), 1);
	sim_end(&s);
}

/* A connection that is about to close closes, although another configuration comes in the same turn. */
static void
drained_connection_closes(void **state)
{
	struct sim_conn *c;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	c = sim_visit(&s);
	sim_run(&s, 100);
	rgw_gw_drain(s.gw);
	sim_reload(&s, "[client more]\naddress = 192.0.2.77\nsecret = " SIM_SECRET);
	sim_run(&s, 200);
	assert_true(c->closed_by_engine);
	assert_int_equal(s.n_confs, 1);
	sim_end(&s);
}

/* A realm that a member has left unanswered stays marked, wherever the member stands now. */
static void
marks_stay(void **state)
{
	struct rgw_gw_usage usage;
	struct sim_req *r;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	sim_ini(&s, "[pool federation]\nretry-after = 1s\ndead-realm = 100s\ndead-realm-after = 1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@dead.example");
	sim_run(&s, 500);
	s.national.answer = SIM_ANSWER;
	sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 2000);
	rgw_gw_get_usage(s.gw, &usage);
	assert_int_equal(usage.realm_marks, 1);
	sim_move(&s, "peer second", true);
	sim_reload(&s, "[peer extra]\nconnect = 198.51.100.77\nname = extra.example\ntls = federation");
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 3, "bob@dead.example");
	sim_run(&s, 100);
	assert_int_equal(sim_sends_to(&s, r, &s.second), 1);
	assert_int_equal(sim_sends_to(&s, r, &s.national), 0);
	/* Another peer under the same name is not the one that was silent. */
	sim_drop(&s, "peer national");
	sim_drop(&s, "pool federation");
	sim_reload(&s, "[realm *]\npool = second");
	sim_run(&s, 500);
	sim_reload(&s, "[peer national]\nconnect = 198.51.100.1\nname = national.example\ntls = federation\n"
	    "[pool federation]\nmembers = national, second\n[realm *]\npool = federation");
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 4, "bob@dead.example");
	sim_run(&s, 100);
	assert_int_equal(sim_sends_to(&s, r, &s.national), 1);
	sim_end(&s);
}

/* What was learned of clients and servers counts as long as they are the same, and the option leaves it open. */
static void
learned_things_stay(void **state)
{
	struct rgw_client *c;
	struct rgw_server *server;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm *]\npool = local");
	sim_start(&s);
	sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	c = rgw_client_by_id(s.gw, 0);
	server = rgw_server_by_id(s.gw, 0);
	assert_int_equal(c->require_message_authenticator, RGW_YES);
	assert_int_equal(server->require_message_authenticator, RGW_YES);
	sim_reload(&s, "[client nas]\nprotocol-error = yes\n[server local]\nzombie = 20s");
	assert_int_equal(c->require_message_authenticator, RGW_YES);
	assert_int_equal(c->limit_proxy_state, RGW_YES);
	assert_int_equal(server->require_message_authenticator, RGW_YES);
	sim_reload(&s, "[client nas]\nrequire-message-authenticator = no");
	assert_int_equal(c->require_message_authenticator, RGW_NO);
	assert_int_equal(c->limit_proxy_state, RGW_YES);
	sim_reload(&s, "[client nas]\nrequire-message-authenticator =\naddress = 192.0.2.10/31\n"
	    "[server local]\nauth = 198.51.100.97");
	assert_int_equal(c->require_message_authenticator, RGW_AUTO);
	assert_int_equal(c->limit_proxy_state, RGW_AUTO);
	assert_int_equal(server->require_message_authenticator, RGW_AUTO);
	sim_end(&s);
}

/* The conversations of a client that is gone are forgotten with it. */
static void
conversations_go_with_their_talker(void **state)
{
	struct rgw_gw_usage usage;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_CHALLENGE;
	sim_start(&s);
	for (uint8_t i = 1; i < 6; i++)
		sim_request(&s, RGW_ACCESS_REQUEST, 1000, i, "bob@example.org");
	sim_run(&s, 100);
	sim_reload(&s, "[client nas]\nprotocol-error = yes");
	rgw_gw_get_usage(s.gw, &usage);
	assert_int_equal(usage.conversations, 5);
	sim_drop(&s, "client nas");
	sim_reload(&s, "[client other]\naddress = 192.0.2.10\nsecret = " SIM_SECRET);
	sim_run(&s, 500);
	rgw_gw_get_usage(s.gw, &usage);
	assert_int_equal(usage.conversations, 0);
	sim_end(&s);
}

/* Connections go on counting for their peer and their listener, whose places are others now. */
static void
quotas_stay(void **state)
{
	struct sim_conn *c;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	c = sim_visit(&s);
	sim_move(&s, "peer visitor", true);
	sim_move(&s, "listen radius", true);
	sim_reload(&s, "[peer first]\naccept = yes\nname = first.example\ntls = federation");
	assert_int_equal(sim_peer_conf(&s, "visitor")->head.index, 0);
	assert_int_equal(sim_peer_conf(&s, "visitor")->head.id, 1);
	assert_int_equal(rgw_quota_used(s.common->peers[1]), 1);
	assert_int_equal(rgw_quota_used(s.common->listens[0]), 1);
	sim_cut(&s, c);
	assert_int_equal(rgw_quota_used(s.common->peers[1]), 0);
	assert_int_equal(rgw_quota_used(s.common->listens[0]), 0);
	sim_end(&s);
}

/* ---- names ---- */

/* Names that stay are not asked for anew; those that come are, and one that goes is nobody's any more. */
static void
names_stay_and_go(void **state)
{
	struct sim_req *r;
	unsigned asked;
	struct sim s;

	(void)state;
	sim_init(&s, "radius.example");
	s.dns_ip = 10;
	sim_ini(&s, "[client nas]\naddress = nas.example\n[realm *]\npool = local");
	sim_start(&s);
	sim_run(&s, 100);
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	asked = s.dns_asked;
	sim_reload(&s, "[client nas]\nprotocol-error = yes\n[peer national]\nwatchdog = 20s");
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.dns_asked, asked);
	sim_reload(&s, "[client nas]\naddress = 192.0.2.99");
	sim_request(&s, RGW_ACCESS_REQUEST, 1000, 3, "bob@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_unknown_client), 1);
	sim_reload(&s, "[client nas]\naddress = nas.example, other.example");
	/* A name that is looked up when its client goes is forgotten. */
	sim_drop(&s, "client nas");
	sim_reload(&s, "[client other]\naddress = 192.0.2.10\nsecret = " SIM_SECRET);
	sim_run(&s, 1000);
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 4, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* Of two clients whose names lead to the same address the first one goes: the address is the other one's at once. */
static void
address_of_a_name_passes_on(void **state)
{
	struct sim_req *r;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.dns_ip = 10;
	sim_ini(&s, "[client nas]\naddress = nas.example\n"
	    "[client other]\naddress = other.example\nsecret = " SIM_OTHER);
	sim_start(&s);
	sim_run(&s, 100);
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	sim_drop(&s, "client nas");
	sim_reload(&s, NULL);
	s.nas_secret = SIM_OTHER;
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* ---- editions ---- */

/* Who is gone may be known to several editions; it works by one of those that are left. */
static void
gone_peer_outlives_its_last_edition(void **state)
{
	struct sim_req *first;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 5000;
	sim_start(&s);
	first = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	/* The request holds the first edition, the connection the second one. */
	sim_reload(&s, "[peer national]\nwatchdog = 20s\nidle-timeout = 300s");
	sim_run(&s, 100);
	sim_drop(&s, "peer national");
	sim_reload(&s, "[realm *]\npool = local");
	assert_int_equal(s.n_confs, 3);
	sim_cut_all(&s, &s.national);
	sim_run(&s, 1000);
	assert_int_equal(s.n_confs, 2);
	assert_false(rgw_list_empty(&s.gw->gone));
	assert_int_equal(rgw_gw_pending(s.gw), 1);
	sim_audit(&s);
	sim_run(&s, 60000);
	assert_int_equal(first->answers, 0);
	assert_int_equal(s.n_confs, 1);
	assert_true(rgw_list_empty(&s.gw->gone));
	sim_end(&s);
}

/* A socket of a server that has changed closes, although the answer to a Status-Server is awaited there. */
static void
probe_keeps_no_socket(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm *]\npool = local\n[server local]\nstatus-server = yes\nwatchdog = 60s\nzombie = 5s\n"
	    "retransmit = irt 1s mrt 1s mrc 2 mrd 3s");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 4000);
	assert_int_equal(s.server.probes, 1);
	s.server.secret = SIM_OTHER;
	sim_reload(&s, "[server local]\nstatus-server =\nwatchdog =\nsecret = " SIM_OTHER);
	sim_run(&s, 500);
	assert_null(s.sources[0]->engine);
	assert_int_equal(s.n_confs, 1);
	sim_end(&s);
}

/* An id that has become free is given to another peer, while the one that had it is still there. */
static void
id_is_used_again(void **state)
{
	struct sim_req *open, *next;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 1000;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	sim_drop(&s, "peer national");
	sim_reload(&s, "[realm *]\npool = local");
	sim_reload(&s, "[peer second]\nconnect = 198.51.100.2\nname = second.example\ntls = federation\n"
	    "[realm *]\npool = second");
	assert_int_equal(sim_peer_conf(&s, "second")->head.id, 0);
	next = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 2000);
	assert_int_equal(open->answers + next->answers, 2);
	assert_int_equal(sim_sends_to(&s, next, &s.second), 1);
	sim_end(&s);
}

/* A wrong configuration changes nothing. */
static void
wrong_configuration_is_refused(void **state)
{
	struct sim_req *r;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	s.may_be_wrong = true;
	assert_false(sim_try_reload(&s, "[realm *]\npool = nobody"));
	assert_int_equal(s.n_confs, 1);
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	sim_reload(&s, NULL);
	sim_end(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_rewrite_is_used),
		cmocka_unit_test(old_rewrite_of_those_who_are_gone),
		cmocka_unit_test(held_peer_stays_held),
		cmocka_unit_test(drained_gateway_stays_drained),
		cmocka_unit_test(drained_connection_closes),
		cmocka_unit_test(marks_stay),
		cmocka_unit_test(learned_things_stay),
		cmocka_unit_test(conversations_go_with_their_talker),
		cmocka_unit_test(quotas_stay),
		cmocka_unit_test(names_stay_and_go),
		cmocka_unit_test(address_of_a_name_passes_on),
		cmocka_unit_test(gone_peer_outlives_its_last_edition),
		cmocka_unit_test(probe_keeps_no_socket),
		cmocka_unit_test(id_is_used_again),
		cmocka_unit_test(wrong_configuration_is_refused),
	};

	return cmocka_run_group_tests_name("reload-memory", tests, NULL, NULL);
}
