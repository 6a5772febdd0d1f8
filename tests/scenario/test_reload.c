/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include "radsecgw/build.h"

#include "../../src/engine/doors/doors.h"
#include "../../src/engine/links/links.h"

/* Another configuration while the gateway runs: what has begun ends as it began, what is known goes on. */

/* ---- where requests go ---- */

/* A realm of its own for the server comes; the requests that wait at the peer are not touched. */
static void
realm_is_added(void **state)
{
	struct sim_req *before, *after;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 500;
	sim_start(&s);
	before = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@new.example");
	sim_run(&s, 100);
	sim_reload(&s, "[realm new.example]\npool = local");
	after = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@new.example");
	sim_run(&s, 1000);
	assert_int_equal(sim_sends_to(&s, before, &s.national), 1);
	assert_int_equal(sim_sends_to(&s, after, &s.server), 1);
	assert_int_equal(sim_answered(&s), 2);
	assert_int_equal(s.n_conns, 1);
	sim_end(&s);
}

/* A realm moves while a request waits for a connection: the request goes where it was to go. */
static void
realm_moves_while_requests_wait(void **state)
{
	struct sim_req *before, *after;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.handshake_delay = 800;
	sim_start(&s);
	before = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(sim_sends(&s, before->nonce), 0);
	sim_reload(&s, "[realm *]\npool = local");
	after = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 1500);
	assert_int_equal(sim_sends_to(&s, before, &s.national), 1);
	assert_int_equal(sim_sends_to(&s, after, &s.server), 1);
	assert_int_equal(sim_answered(&s), 2);
	sim_end(&s);
}

/* One turn of a login: with the State of the turn before, if there was one. */
static struct sim_req *
turn(struct sim *s, uint8_t id, const struct sim_req *before)
{
	struct sim_spec spec = { .id = id, .port = 1000, .user = "bob@example.org", .eap = true };
	struct rgw_packet p;
	struct rgw_attr a;

	if (before != NULL) {
		p = sim_packet_of(before->answer, before->answer_len);
		assert_true(rgw_packet_get(&p, RGW_AT_STATE, &a));
		spec.state = a.value;
		spec.state_len = a.len;
	}
	return sim_request_with(s, &spec);
}

/* A login of several rounds goes on at its member, whatever becomes of the order and the policy of its pool, as long as
 * the member is there; a new one follows the new order. */
static void
login_stays_with_its_member(void **state)
{
	struct sim_req *first, *second, *other, *third;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	s.national.answer = s.second.answer = SIM_CHALLENGE;
	sim_start(&s);
	first = turn(&s, 1, NULL);
	sim_run(&s, 100);
	assert_int_equal(sim_sends_to(&s, first, &s.national), 1);
	sim_reload(&s, "[pool federation]\nmembers = second, national, local\npolicy = least-outstanding");
	second = turn(&s, 2, first);
	other = turn(&s, 3, NULL);
	sim_run(&s, 100);
	assert_int_equal(sim_sends_to(&s, second, &s.national), 1);
	assert_int_equal(sim_sends_to(&s, other, &s.second), 1);
	/* The member is taken from the pool: whoever is left gets what there is. */
	sim_reload(&s, "[pool federation]\nmembers = second, local");
	third = turn(&s, 4, second);
	sim_run(&s, 100);
	assert_int_equal(sim_sends_to(&s, third, &s.national), 0);
	assert_int_equal(sim_sends_to(&s, third, &s.second), 1);
	sim_end(&s);
}

/* A request that was sent before its pool changed is tried at the second member of its own pool. */
static void
request_keeps_its_pool(void **state)
{
	struct sim_req *r;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	sim_ini(&s, "[pool federation]\nretry-after = 2s");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 1000);
	sim_reload(&s, "[pool federation]\nmembers = national, local");
	sim_run(&s, 1500);
	assert_int_equal(sim_sends_to(&s, r, &s.second), 1);
	assert_int_equal(sim_sends_to(&s, r, &s.server), 0);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* A member comes up for which requests of the old pool wait elsewhere. */
static void
requests_of_an_old_pool_are_attracted(void **state)
{
	struct sim_req *r;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	sim_ini(&s, "[pool federation]\nretry-after = 0\n[peer second]\nreconnect = 500ms-1s");
	s.national.refuse = s.second.refuse = true;
	sim_start(&s);
	sim_run(&s, 3000);
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	/* From now on nothing is heard of the first one, which might send the request elsewhere. */
	s.national.refuse = false;
	s.national.no_tcp = true;
	sim_run(&s, 10);
	sim_reload(&s, "[pool federation]\nmembers = national, local");
	s.second.refuse = false;
	sim_run(&s, 2400);
	assert_int_equal(sim_sends_to(&s, r, &s.second), 1);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* ---- peers and servers that come and go ---- */

static void
peer_comes(void **state)
{
	struct sim_req *r;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	sim_run(&s, 1000);
	sim_reload(&s, "[peer second]\nconnect = 198.51.100.2\nname = second.example\ntls = federation\n"
	    "connections = 1-4\n[realm new.example]\npool = second");
	sim_run(&s, 100);
	assert_int_equal(sim_count_to(&s, &s.second), 1);
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@new.example");
	sim_run(&s, 100);
	assert_int_equal(sim_sends_to(&s, r, &s.second), 1);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* What is open at a peer that goes is answered, then its connection closes; what was not sent goes elsewhere. */
static void
peer_goes(void **state)
{
	struct sim_req *open, *next;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 500;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(sim_count_to(&s, &s.national), 1);
	sim_drop(&s, "peer national");
	sim_reload(&s, "[realm *]\npool = local");
	next = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 300);
	assert_int_equal(sim_sends_to(&s, next, &s.server), 1);
	assert_int_equal(open->answers, 0);
	assert_int_equal(sim_count_to(&s, &s.national), 1);
	sim_run(&s, 300);
	assert_int_equal(open->answers, 1);
	assert_int_equal(sim_count_to(&s, &s.national), 0);
	/* The edition is over as soon as nothing of it is left, and the peer with it. */
	sim_run(&s, 300);
	assert_int_equal(s.n_confs, 1);
	assert_true(rgw_list_empty(&s.gw->gone));
	sim_end(&s);
}

/* A peer goes while requests wait for it: they go to another member, if there is one. */
static void
peer_goes_for_which_requests_wait(void **state)
{
	struct sim_req *pooled, *alone;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	sim_ini(&s, "[realm alone.example]\npool = national");
	s.national.no_tls = true;
	sim_start(&s);
	pooled = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	alone = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@alone.example");
	sim_run(&s, 100);
	sim_drop(&s, "peer national");
	sim_drop(&s, "realm alone.example");
	sim_reload(&s, "[pool federation]\nmembers = second");
	sim_run(&s, 500);
	assert_int_equal(sim_sends_to(&s, pooled, &s.second), 1);
	assert_int_equal(pooled->answers, 1);
	assert_int_equal(sim_sends(&s, alone->nonce), 0);
	sim_end(&s);
}

/* Another name is another peer: the one is opened, the other drains. */
static void
peer_is_renamed(void **state)
{
	struct sim_req *open, *next;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 500;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	sim_drop(&s, "peer national");
	sim_reload(&s, "[peer national-new]\nconnect = 198.51.100.1\nname = national.example\ntls = federation\n"
	    "[realm *]\npool = national-new");
	next = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 1000);
	assert_int_equal(open->answers + next->answers, 2);
	assert_true(s.conns[0]->closed_by_engine);
	assert_true(s.conns[1]->up);
	sim_end(&s);
}

/* The address of a peer changes: the old connection serves until the new one is good. */
static void
peer_is_renumbered(void **state)
{
	struct sim_req *open, *between, *next;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 300;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	s.national.handshake_delay = 100;
	sim_reload(&s, "[peer national]\nconnect = 198.51.100.9");
	between = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 50);
	assert_ptr_equal(between->got->conn, s.conns[0]);
	sim_run(&s, 150);
	assert_true(s.conns[1]->up);
	assert_int_equal(s.conns[1]->to.ip[3], 9);
	next = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 3, "bob@example.org");
	assert_ptr_equal(next->got->conn, s.conns[1]);
	sim_run(&s, 1000);
	assert_int_equal(open->answers + between->answers + next->answers, 3);
	assert_true(s.conns[0]->closed_by_engine);
	sim_end(&s);
}

/* Nothing of a peer has changed: its connection, its identifiers and what was learned stay. */
static void
unchanged_peer_is_left_alone(void **state)
{
	struct rgw_peer *peer;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	peer = rgw_peer_by_id(s.gw, sim_peer_conf(&s, "national")->head.id);
	assert_true(peer->answers_status);
	for (int i = 0; i < 20; i++) {
		sim_move(&s, "peer national", i % 2 == 0);
		sim_reload(&s, i % 2 == 0 ? "[peer national]\nwatchdog = 20s" : "[peer national]\nwatchdog = 30s");
		sim_run(&s, 1000);
		sim_request(&s, RGW_ACCESS_REQUEST, 1000, (uint8_t)(2 + i), "bob@example.org");
	}
	sim_run(&s, 1000);
	assert_int_equal(s.n_conns, 1);
	assert_int_equal(sim_answered(&s), 21);
	assert_ptr_equal(rgw_peer_by_id(s.gw, sim_peer_conf(&s, "national")->head.id), peer);
	assert_true(peer->answers_status);
	assert_int_equal(s.n_confs, 1);
	sim_end(&s);
}

/* The same for a server, whose answer comes after it has gone. */
static void
server_goes(void **state)
{
	struct sim_req *open, *next;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm *]\npool = local");
	s.server.delay = 500;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	sim_drop(&s, "server local");
	sim_reload(&s, "[realm *]\npool = national");
	next = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 600);
	assert_int_equal(open->answers + next->answers, 2);
	assert_int_equal(sim_sends_to(&s, next, &s.national), 1);
	sim_run(&s, 300);
	assert_int_equal(sim_count_sources(&s), 0);
	assert_int_equal(s.n_confs, 1);
	sim_end(&s);
}

/* What is open at a server that goes is repeated as before. */
static void
server_goes_while_requests_are_repeated(void **state)
{
	struct sim_req *open;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm *]\npool = local\n[server local]\nretransmit = irt 1s mrt 4s mrc 3 mrd 20s");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	sim_drop(&s, "server local");
	sim_reload(&s, "[realm *]\npool = national");
	sim_run(&s, 2000);
	assert_in_range(open->got->copies, 2, 3);
	sim_server_reply(&s, open->got, 0);
	assert_int_equal(open->answers, 1);
	sim_end(&s);
}

/* Another address, another secret: what is open is answered at the old socket, and the next request goes to the new
 * address with the new secret at once. */
static void
server_is_another_one(void **state)
{
	struct sim_req *open, *next;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm *]\npool = local");
	s.server.delay = 300;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	s.server.secret = SIM_OTHER;
	sim_reload(&s, "[server local]\nauth = 198.51.100.98\nsecret = " SIM_OTHER);
	next = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	assert_int_equal(s.n_sources, 2);
	assert_int_equal(s.sources[1]->to.ip[3], 98);
	sim_run(&s, 700);
	assert_int_equal(open->answers + next->answers, 2);
	assert_int_equal(sim_count_sources(&s), 1);
	assert_null(s.sources[0]->engine);
	sim_end(&s);
}

/* A server loses its port for accounting, and gets it back. */
static void
server_loses_a_port(void **state)
{
	struct sim_req *open, *none, *again;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm *]\npool = local");
	s.server.delay = 300;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCOUNTING_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	sim_reload(&s, "[server local]\nacct =");
	none = sim_request(&s, RGW_ACCOUNTING_REQUEST, 1000, 2, "bob@example.org");
	sim_run(&s, 700);
	assert_int_equal(open->answers, 1);
	assert_int_equal(sim_sends(&s, none->nonce), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_not_allowed), 1);
	sim_reload(&s, "[server local]\nacct = 198.51.100.99");
	again = sim_request(&s, RGW_ACCOUNTING_REQUEST, 1000, 3, "bob@example.org");
	sim_run(&s, 700);
	assert_int_equal(again->answers, 1);
	sim_end(&s);
}

/* ---- secrets ---- */

/* What a client asked with its old secret is answered with that; what comes later needs the new one. */
static void
client_has_another_secret(void **state)
{
	struct sim_req *open, *old, *new;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 300;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	sim_reload(&s, "[client nas]\nsecret = " SIM_OTHER);
	/* Its repetition with the old secret is no request of this client any more, and does no harm. */
	sim_again(&s, open);
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_bad_message_authenticator), 1);
	old = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_bad_message_authenticator), 2);
	s.nas_secret = SIM_OTHER;
	new = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 3, "bob@example.org");
	sim_run(&s, 1000);
	assert_int_equal(open->answers, 1);
	assert_int_equal(old->answers, 0);
	assert_int_equal(new->answers, 1);
	sim_end(&s);
}

/* A kept answer that was made with another secret is not sent again: what is hidden in it could not be read. */
static void
kept_answer_ends_with_its_secret(void **state)
{
	uint8_t data[4096], auth[RGW_AUTH_LEN] = { 1, 2, 3 };
	struct rgw_builder b;
	struct sim s;
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[client nas]\nrequire-message-authenticator = no\nlimit-proxy-state = no");
	sim_start(&s);
	rgw_build_begin(&b, data, sizeof data, RGW_ACCESS_REQUEST, 7, auth, false);
	rgw_build_attr(&b, RGW_USER_NAME, "bob@example.org", 15);
	rgw_build_attr(&b, RGW_USER_PASSWORD, "0123456789abcdef", 16);
	len = rgw_build_request(&b, sim_secret_of(&s, SIM_SECRET));
	sim_datagram(&s, 0, "192.0.2.10", data, len);
	sim_run(&s, 100);
	sim_datagram(&s, 0, "192.0.2.10", data, len);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 1);
	sim_reload(&s, "[peer national]\nwatchdog = 20s");
	sim_datagram(&s, 0, "192.0.2.10", data, len);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 2);
	sim_reload(&s, "[client nas]\nsecret = " SIM_OTHER);
	sim_datagram(&s, 0, "192.0.2.10", data, len);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 2);
	sim_run(&s, 100);
	s.expected_foreign = s.foreign_datagrams;
	sim_end(&s);
}

/* The connection with the old secret serves until one with the new secret is good. */
static void
peer_has_another_secret(void **state)
{
	struct sim_req *open, *between, *next;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 300;
	sim_start(&s);
	open = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	s.national.secret = SIM_OTHER;
	sim_reload(&s, "[peer national]\nsecret = " SIM_OTHER);
	between = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 2, "bob@example.org");
	assert_ptr_equal(between->got->conn, s.conns[0]);
	sim_run(&s, 500);
	next = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 3, "bob@example.org");
	assert_ptr_equal(next->got->conn, s.conns[1]);
	sim_run(&s, 1000);
	assert_int_equal(open->answers + between->answers + next->answers, 3);
	assert_true(s.conns[0]->closed_by_engine);
	sim_end(&s);
}

/* A connection that is being opened when the secret changes would come up with the old one. */
static void
secret_changes_during_a_handshake(void **state)
{
	struct sim_req *r;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.handshake_delay = 500;
	sim_start(&s);
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 100);
	s.national.secret = SIM_OTHER;
	sim_reload(&s, "[peer national]\nsecret = " SIM_OTHER);
	assert_true(s.conns[0]->closed_by_engine);
	sim_run(&s, 1500);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* A connection that a peer has opened drains: what was asked on it is answered with the old secret. */
static void
visitor_has_another_secret(void **state)
{
	struct sim_conn *old, *new;
	struct sim_req *open, *next;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 300;
	sim_start(&s);
	old = sim_visit(&s);
	open = sim_ask(&s, old, RGW_ACCESS_REQUEST, 1, "bob@example.org");
	sim_run(&s, 100);
	s.visitor.secret = SIM_OTHER;
	sim_reload(&s, "[peer visitor]\nsecret = " SIM_OTHER);
	new = sim_visit(&s);
	next = sim_ask(&s, new, RGW_ACCESS_REQUEST, 1, "bob@example.org");
	sim_run(&s, 1000);
	assert_int_equal(open->answers + next->answers, 2);
	assert_true(old->closed_by_engine);
	assert_true(new->up);
	sim_end(&s);
}

/* A peer that is gone may not ask any more, on a connection that drains. */
static void
visitor_goes(void **state)
{
	struct sim_req *open, *next;
	struct sim_conn *c;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 300;
	sim_start(&s);
	c = sim_visit(&s);
	open = sim_ask(&s, c, RGW_ACCESS_REQUEST, 1, "bob@example.org");
	sim_run(&s, 100);
	sim_drop(&s, "peer visitor");
	sim_reload(&s, NULL);
	next = sim_ask(&s, c, RGW_ACCESS_REQUEST, 2, "bob@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_while_draining), 1);
	sim_run(&s, 1000);
	assert_int_equal(open->answers, 1);
	assert_int_equal(next->answers, 0);
	assert_true(c->closed_by_engine);
	assert_int_equal(rgw_quota_used(&s.common->incoming), 0);
	sim_end(&s);
}

/* ---- listeners ---- */

/* What came in at a listener that goes is answered, then the connection closes; handshakes end. */
static void
listener_goes(void **state)
{
	struct sim_conn *c, *half;
	struct sim_req *open;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 300;
	sim_start(&s);
	c = sim_visit(&s);
	half = sim_accept(&s, "203.0.113.7");
	open = sim_ask(&s, c, RGW_ACCESS_REQUEST, 1, "bob@example.org");
	sim_run(&s, 100);
	sim_drop(&s, "listen radsec");
	sim_reload(&s, "[listen other]\ntls = 192.0.2.2\nprofile = federation");
	assert_null(half->engine);
	sim_run(&s, 100);
	assert_true(c->up);
	sim_run(&s, 1000);
	assert_int_equal(open->answers, 1);
	assert_true(c->closed_by_engine);
	assert_int_equal(s.n_confs, 1);
	assert_int_equal(rgw_quota_used(s.common->listens[0]), 0);
	sim_end(&s);
}

/* A connection that drains knows where it came in for as long as it lives, even if all that was open when its listener
 * went is answered, and what was asked later is not. */
static void
listener_goes_before_its_connection(void **state)
{
	struct sim_req *open, *next;
	struct sim_conn *c;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 500;
	sim_start(&s);
	c = sim_visit(&s);
	open = sim_ask(&s, c, RGW_ACCESS_REQUEST, 1, "bob@example.org");
	sim_run(&s, 300);
	sim_drop(&s, "listen radsec");
	sim_reload(&s, "[listen other]\ntls = 192.0.2.2\nprofile = federation");
	sim_run(&s, 150);
	next = sim_ask(&s, c, RGW_ACCESS_REQUEST, 2, "bob@example.org");
	sim_run(&s, 400);
	assert_int_equal(open->answers, 1);
	assert_int_equal(next->answers, 0);
	assert_true(c->up);
	assert_false(rgw_list_empty(&s.gw->gone));
	sim_run(&s, 1000);
	assert_int_equal(next->answers, 1);
	assert_true(c->closed_by_engine);
	assert_true(rgw_list_empty(&s.gw->gone));
	assert_int_equal(rgw_quota_used(s.common->listens[0]), 0);
	sim_end(&s);
}

/* A connection stays as long as its listener would let its peer in, and drains then. */
static void
listener_lets_in_others(void **state)
{
	struct sim_conn *c;
	struct sim_req *open;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[tls other]\ncertificate = c.pem\nkey = k.pem\nca = ca.pem");
	s.national.delay = 300;
	sim_start(&s);
	c = sim_visit(&s);
	sim_reload(&s, "[listen radsec]\nprofile = other, federation");
	sim_run(&s, 1000);
	assert_true(c->up);
	open = sim_ask(&s, c, RGW_ACCESS_REQUEST, 1, "bob@example.org");
	sim_run(&s, 100);
	sim_reload(&s, "[listen radsec]\nprofile = other\n[listen more]\ntls = 192.0.2.2\nprofile = federation");
	sim_run(&s, 1000);
	assert_int_equal(open->answers, 1);
	assert_true(c->closed_by_engine);
	sim_end(&s);
}

/* A listener that stays keeps its handshakes. */
static void
handshake_goes_on(void **state)
{
	struct sim_conn *c;
	struct sim_req *r;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	c = sim_accept(&s, "203.0.113.5");
	sim_shake(&s, c);
	sim_move(&s, "peer visitor", true);
	sim_reload(&s, "[client more]\naddress = 192.0.2.77\nsecret = " SIM_SECRET);
	sim_run(&s, 300);
	assert_int_equal(s.n_confs, 1);
	sim_identify(&s, c);
	r = sim_ask(&s, c, RGW_ACCESS_REQUEST, 1, "bob@example.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(realm_is_added),
		cmocka_unit_test(realm_moves_while_requests_wait),
		cmocka_unit_test(login_stays_with_its_member),
		cmocka_unit_test(request_keeps_its_pool),
		cmocka_unit_test(requests_of_an_old_pool_are_attracted),
		cmocka_unit_test(peer_comes),
		cmocka_unit_test(peer_goes),
		cmocka_unit_test(peer_goes_for_which_requests_wait),
		cmocka_unit_test(peer_is_renamed),
		cmocka_unit_test(peer_is_renumbered),
		cmocka_unit_test(unchanged_peer_is_left_alone),
		cmocka_unit_test(server_goes),
		cmocka_unit_test(server_goes_while_requests_are_repeated),
		cmocka_unit_test(server_is_another_one),
		cmocka_unit_test(server_loses_a_port),
		cmocka_unit_test(client_has_another_secret),
		cmocka_unit_test(kept_answer_ends_with_its_secret),
		cmocka_unit_test(peer_has_another_secret),
		cmocka_unit_test(secret_changes_during_a_handshake),
		cmocka_unit_test(visitor_has_another_secret),
		cmocka_unit_test(visitor_goes),
		cmocka_unit_test(listener_goes),
		cmocka_unit_test(listener_goes_before_its_connection),
		cmocka_unit_test(listener_lets_in_others),
		cmocka_unit_test(handshake_goes_on),
	};

	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
