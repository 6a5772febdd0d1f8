/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about limits: who may connect, and how long a connection lasts (P-TLS-24 to 27, P-TCP-48, 49). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define USER "user@example.org"

static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_server(s);
}

/* The engine refuses a connection, counts that, and says so. */
static void
assert_refused(struct sim *s, const char *from, enum rgw_counter c)
{
	uint64_t before = sim_counter(s, c);
	uint64_t accepted = sim_counter(s, RGW_CTR_accepted);

	assert_null(sim_accept(s, from));
	assert_int_equal(sim_counter(s, c), before + 1);
	assert_int_equal(sim_counter(s, RGW_CTR_accepted), accepted + 1);
	assert_string_equal(s->last_event, "connection-refused");
	assert_non_null(strstr(s->last_line, rgw_counter_name(c)));
}

/* Connections in both directions, as the engine counts them. */
static size_t
conns(const struct sim *s)
{
	struct rgw_gw_usage usage;

	rgw_gw_get_usage(s->gw, &usage);
	return usage.conns;
}

/* ---- who is let in ---- */

static struct sim_conn *
visit_from(struct sim *s, const char *from)
{
	struct sim_conn *c = sim_accept(s, from);

	assert_non_null(c);
	sim_identify(s, c);
	return c;
}

/* Only connections that are up count: strangers in their handshakes take nothing from peers. */
static void
max_connections(void **state)
{
	struct sim s;
	struct sim_conn *c, *late[2];

	(void)state;
	init(&s);
	sim_ini(&s, "[gateway]\nmax-connections = 3");
	sim_start(&s);
	c = sim_visit(&s);
	for (int i = 0; i < 10; i++)
		assert_non_null(sim_accept(&s, "203.0.113.6"));
	late[0] = sim_accept(&s, "203.0.113.7");
	late[1] = sim_accept(&s, "203.0.113.7");
	visit_from(&s, "203.0.113.7");
	sim_identify(&s, late[0]);
	assert_refused(&s, "203.0.113.8", RGW_CTR_refused_max_connections);
	/* A connection that was let in before that, and of which it is known too late who it is, is refused then. */
	sim_identify(&s, late[1]);
	assert_true(late[1]->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections), 2);
	assert_int_equal(sim_count_up(&s), 3);
	sim_cut(&s, c);
	visit_from(&s, "203.0.113.8");
	assert_refused(&s, "203.0.113.9", RGW_CTR_refused_max_connections);
	sim_end(&s);
}

/* Connections that we open do not count. */
static void
max_connections_is_for_incoming_ones(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-4\n[gateway]\nmax-connections = 1");
	sim_start(&s);
	sim_run(&s, 100);
	assert_int_equal(sim_count_up(&s), 1);
	sim_visit(&s);
	assert_int_equal(sim_count_up(&s), 2);
	sim_end(&s);
}

/* The limit for one address bites when it is known who the peer is, for until then the connection is not up. */
static void
max_connections_per_address(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	init(&s);
	sim_ini(&s, "[gateway]\nmax-connections-per-address = 2");
	sim_start(&s);
	c = sim_visit(&s);
	sim_visit(&s);
	assert_true(visit_from(&s, "203.0.113.5")->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_per_address), 1);
	assert_int_equal(rgw_quota_used(&s.common->incoming), 2);
	assert_true(visit_from(&s, "203.0.113.6")->up);
	sim_cut(&s, c);
	assert_true(visit_from(&s, "203.0.113.5")->up);
	sim_end(&s);
}

/* Who the peer is shows after the handshake only, so that is when this limit bites. */
static void
max_connections_of_the_peer(void **state)
{
	struct sim s;
	struct sim_conn *first, *c;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nmax-connections = 2");
	sim_start(&s);
	first = sim_visit(&s);
	sim_visit(&s);
	c = sim_accept(&s, "203.0.113.77");
	sim_identify(&s, c);
	assert_true(c->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_peer), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_opened), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_failed), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_ended), 0);
	assert_int_equal(conns(&s), 2);
	sim_cut(&s, first);
	sim_visit(&s);
	assert_int_equal(sim_count_up(&s), 2);
	sim_end(&s);
}

static void
max_connections_of_the_listener(void **state)
{
	struct sim s;
	struct sim_conn *c, *late;

	(void)state;
	init(&s);
	sim_ini(&s, "[listen radsec]\nmax-connections = 2");
	sim_start(&s);
	c = sim_visit(&s);
	late = sim_accept(&s, "203.0.113.6");
	visit_from(&s, "203.0.113.6");
	assert_refused(&s, "203.0.113.7", RGW_CTR_refused_max_connections_listener);
	sim_identify(&s, late);
	assert_true(late->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_listener), 2);
	sim_cut(&s, c);
	visit_from(&s, "203.0.113.7");
	assert_refused(&s, "203.0.113.8", RGW_CTR_refused_max_connections_listener);
	sim_end(&s);
}

/* P-TLS-26: the address is checked before anything else is looked at, and at no cost for those who may come. */
static void
addresses_from_where_nobody_may_come(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\naddress = 203.0.113.0/24, 2001:db8::/32\n"
	    "[gateway]\nconnect-rate = 1/m burst 2");
	sim_start(&s);
	for (int i = 0; i < 10; i++)
		assert_refused(&s, "198.51.100.7", RGW_CTR_refused_address);
	assert_refused(&s, "2001:db9::1", RGW_CTR_refused_address);
	assert_int_equal(conns(&s), 0);
	assert_non_null(sim_accept(&s, "203.0.113.255"));
	assert_non_null(sim_accept(&s, "2001:db8:ffff::1"));
	sim_end(&s);
}

/* One peer without `address` opens the listener to all, if the listener has its trust. */
static void
peer_from_anywhere(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer visitor]\naddress = 203.0.113.0/24\n[peer national]\naccept = yes");
	sim_start(&s);
	assert_non_null(sim_accept(&s, "198.51.100.7"));
	sim_end(&s);

	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer visitor]\naddress = 203.0.113.0/24\n"
	    "[tls campus]\ncertificate = own.pem\nkey = own.key\nca = campus.pem\n"
	    "[listen other]\ntls = 192.0.2.2\nprofile = campus\n"
	    "[peer national]\naccept = yes\ntls = campus");
	sim_start(&s);
	assert_refused(&s, "198.51.100.7", RGW_CTR_refused_address);
	sim_end(&s);
}

static void
nothing_can_be_accepted(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	rgw_gw_on_accept_failed(s.gw, 0, "Too many open files", s.now);
	assert_int_equal(sim_counter(&s, RGW_CTR_accept_failed), 1);
	assert_string_equal(s.last_event, "accept-failed");
	sim_end(&s);
}

/* ---- how long it may take ---- */

/* P-TLS-25: handshake-timeout runs since the connection was accepted, however late the first octet came. */
static void
handshake_has_an_end(void **state)
{
	struct sim s;
	struct sim_conn *silent, *slow, *good;

	(void)state;
	init(&s);
	sim_start(&s);
	silent = sim_accept(&s, "203.0.113.5");
	slow = sim_accept(&s, "203.0.113.5");
	good = sim_accept(&s, "203.0.113.5");
	sim_run(&s, 4000);
	sim_shake(&s, slow);
	sim_run(&s, 998);
	sim_identify(&s, good);
	sim_run(&s, 1);
	assert_non_null(silent->engine);
	assert_non_null(slow->engine);
	sim_run(&s, 1);
	assert_true(silent->closed_by_engine);
	assert_true(slow->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_handshake_timeouts), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_silent), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_failed), 1);
	sim_run(&s, 60000);
	assert_true(good->up);
	sim_end(&s);
}

static void
handshake_fails(void **state)
{
	struct sim s;
	struct sim_conn *c;
	unsigned lines;

	(void)state;
	init(&s);
	sim_start(&s);
	c = sim_accept(&s, "203.0.113.5");
	sim_shake(&s, c);
	sim_cut(&s, c);
	assert_string_equal(s.last_event, "handshake-failed");
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_failed), 1);
	/* Whoever only looks whether the port is open gets no line but for debugging. */
	s.log.level = RGW_LOG_INFO;
	lines = s.log_lines;
	sim_cut(&s, sim_accept(&s, "203.0.113.5"));
	assert_int_equal(s.log_lines, lines);
	assert_int_equal(sim_counter(&s, RGW_CTR_incoming_silent), 1);
	sim_end(&s);
}

/* P-STR-6: packet-timeout bounds the time for the rest of a packet, counted from its first octet. */
static void
packet_has_an_end(void **state)
{
	struct sim s;
	struct sim_conn *c, *other;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	other = sim_visit(&s);
	r = sim_ask(&s, other, 1, 7, USER);
	sim_ask(&s, c, 1, 7, USER);
	sim_octets(&s, c, r->data, 3);
	for (int i = 0; i < 9; i++) {
		sim_run(&s, 1000);
		sim_octets(&s, c, r->data + 3 + i, 1);
	}
	sim_run(&s, 999);
	assert_true(c->up);
	sim_run(&s, 1);
	assert_true(c->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_packet_timeouts), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_gone), 1);
	assert_true(other->up);
	sim_end(&s);
}

/* P-TLS-27: idle-timeout is counted from the last packet in either direction, the watchdog left aside. */
static void
idle_incoming_connection_is_closed(void **state)
{
	struct sim s;
	struct sim_conn *c, *d, *other;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nidle-timeout = 300s");
	s.server.delay = 1000;
	sim_start(&s);
	c = sim_visit(&s);
	d = sim_visit(&s);
	other = sim_visit(&s);
	sim_run(&s, 200000);
	sim_ask(&s, c, 1, 1, USER);
	sim_ask(&s, d, 1, 1, USER);
	sim_run(&s, 5000);
	sim_octets(&s, d, s.reqs[1]->data, s.reqs[1]->len);
	sim_ask(&s, other, RGW_STATUS_SERVER, 0, NULL);
	sim_run(&s, 94999);
	assert_true(other->up);
	sim_run(&s, 1);
	assert_true(other->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_idle_timeouts), 1);
	sim_run(&s, 200999);
	assert_true(c->up);
	sim_run(&s, 1);
	assert_true(c->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_idle_timeouts), 2);
	assert_string_equal(s.last_event, "connection-closed");
	sim_run(&s, 3999);
	assert_true(d->up);
	sim_run(&s, 1);
	assert_true(d->closed_by_engine);
	sim_end(&s);
}

/* A connection on which somebody waits is not idle. */
static void
busy_incoming_connection_is_not_idle(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nidle-timeout = 20s");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	sim_ask(&s, c, 1, 1, USER);
	sim_run(&s, 39999);
	assert_true(c->up);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	sim_run(&s, 1);
	assert_true(c->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_idle_timeouts), 1);
	sim_end(&s);
}

/* As many of the connections that we opened stay as `connections` wants. */
static void
idle_outgoing_connections_are_closed(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-4\nidle-timeout = 200s");
	s.national.delay = 500;
	sim_start(&s);
	for (unsigned i = 0; i < 400; i++)
		sim_request(&s, 1, (uint16_t)(6000 + i / 200), (uint8_t)(i % 200), USER);
	sim_run(&s, 2000);
	assert_int_equal(sim_answered(&s), 400);
	assert_int_equal(sim_count_up(&s), 2);
	sim_run(&s, 197000);
	assert_int_equal(sim_count_up(&s), 2);
	sim_run(&s, 10000);
	assert_int_equal(sim_count_up(&s), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_idle_timeouts), 1);
	sim_run(&s, 3600000);
	assert_int_equal(sim_count_up(&s), 1);
	assert_int_equal(s.n_conns, 2);
	sim_end(&s);
}

/* Without a minimum the last connection goes, too, and comes back when it is needed. */
static void
last_idle_outgoing_connection_is_closed(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-4\nidle-timeout = 20s");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 25000);
	/* A request still waits on this connection. */
	assert_int_equal(sim_count_up(&s), 1);
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	sim_run(&s, 19999);
	assert_int_equal(sim_count_up(&s), 1);
	sim_run(&s, 30000);
	assert_int_equal(sim_count_up(&s), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_idle_timeouts), 1);
	s.national.answer = SIM_ANSWER;
	r = sim_request(&s, 1, 5000, 2, USER);
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.n_conns, 2);
	sim_end(&s);
}

/* P-TCP-49: another connection takes the place of an old one; what is open on the old one is still answered there. */
static void
old_outgoing_connection_is_replaced(void **state)
{
	struct sim s;
	struct sim_req *r, *q;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nstatus-server = off\nconnections = 1-4\nlifetime = 3600s");
	s.draining = 1;
	sim_start(&s);
	sim_run(&s, 3599000);
	assert_int_equal(s.n_conns, 1);
	s.national.answer = SIM_SILENT;
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 2000);
	assert_int_equal(sim_counter(&s, RGW_CTR_lifetimes), 1);
	assert_int_equal(s.n_conns, 2);
	assert_true(s.conns[0]->up);
	assert_true(s.conns[1]->up);
	s.national.answer = SIM_ANSWER;
	q = sim_request(&s, 1, 5000, 2, USER);
	sim_run(&s, 100);
	assert_int_equal(q->answers, 1);
	assert_int_equal(s.conns[0]->sent, 1);
	assert_int_equal(s.conns[1]->sent, 1);
	sim_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	sim_run(&s, 0);
	assert_true(s.conns[0]->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_retried), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_failed), 0);
	assert_true(s.conns[1]->up);
	sim_end(&s);
}

/* A silent peer holds the old one no longer than its requests live. */
static void
old_outgoing_connection_ends(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-4\nlifetime = 600s");
	s.national.answer = SIM_SILENT;
	s.draining = 1;
	sim_start(&s);
	sim_run(&s, 599500);
	sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 29000);
	assert_non_null(s.conns[0]->engine);
	sim_run(&s, 1600);
	assert_null(s.conns[0]->engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	assert_int_equal(s.n_got, 1);
	/* An old connection that nobody uses goes at once. */
	sim_run(&s, 600000);
	assert_null(s.conns[1]->engine);
	assert_true(s.conns[2]->up);
	assert_int_equal(sim_counter(&s, RGW_CTR_lifetimes), 2);
	sim_end(&s);
}

/* The end of an old connection is no failure of the peer, even if nothing ever came on it: the next one comes at
 * once. */
static void
old_connection_is_no_failure(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-4\nlifetime = 5s");
	sim_start(&s);
	sim_run(&s, 5100);
	assert_null(s.conns[0]->engine);
	assert_int_equal(s.n_conns, 2);
	assert_true(s.conns[1]->up);
	sim_end(&s);
}

static void
old_incoming_connection_is_closed(void **state)
{
	struct sim s;
	struct sim_conn *idle, *busy;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nlifetime = 600s");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	idle = sim_visit(&s);
	busy = sim_visit(&s);
	sim_run(&s, 599999);
	r = sim_ask(&s, busy, 1, 1, USER);
	assert_true(idle->up);
	sim_run(&s, 1);
	assert_true(idle->closed_by_engine);
	assert_true(busy->up);
	assert_int_equal(sim_counter(&s, RGW_CTR_lifetimes), 2);
	sim_server_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	sim_run(&s, 0);
	assert_true(busy->closed_by_engine);
	sim_end(&s);
}

/* An old connection that always has something open is closed all the same, once all requests of before are over. */
static void
old_incoming_connection_that_never_rests(void **state)
{
	struct sim s;
	struct sim_conn *c;
	unsigned n = 0;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nlifetime = 600s");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	sim_run(&s, 595500);
	while (c->up && n < 100) {
		sim_ask(&s, c, 1, (uint8_t)n++, USER);
		sim_run(&s, 1000);
	}
	assert_true(c->closed_by_engine);
	assert_int_equal(n, 35);
	assert_in_range(sim_counter(&s, RGW_CTR_request_gone), 29, 30);
	sim_end(&s);
}

/* A draining connection on which a request takes the place of another does not rest in between. */
static void
old_incoming_connection_with_a_superseded_request(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nlifetime = 600s");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	sim_run(&s, 599999);
	sim_ask(&s, c, 1, 1, USER);
	sim_run(&s, 1000);
	r = sim_ask(&s, c, 1, 1, USER);
	sim_run(&s, 1000);
	assert_true(c->up);
	sim_server_reply(&s, s.got[1], 0);
	assert_int_equal(r->answers, 1);
	sim_run(&s, 0);
	assert_true(c->closed_by_engine);
	sim_end(&s);
}

/* ---- the gateway stops ---- */

static void
draining_gateway(void **state)
{
	struct sim s;
	struct sim_conn *idle, *busy, *half;
	struct sim_req *r, *q;

	(void)state;
	init(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	idle = sim_visit(&s);
	busy = sim_visit(&s);
	half = sim_accept(&s, "203.0.113.9");
	r = sim_ask(&s, busy, 1, 1, USER);
	rgw_gw_drain(s.gw);
	assert_refused(&s, "203.0.113.5", RGW_CTR_refused_draining);
	sim_run(&s, 0);
	assert_true(half->closed_by_engine);
	assert_true(idle->closed_by_engine);
	assert_true(busy->up);
	/* A gateway that stops takes nothing new, from whomever. */
	q = sim_ask(&s, busy, 1, 2, USER);
	sim_request(&s, 1, 5000, 1, USER);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_while_draining), 2);
	sim_octets(&s, busy, r->data, r->len);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 1);
	assert_int_equal(s.n_got, 1);
	sim_server_reply(&s, s.got[0], 0);
	assert_int_equal(r->answers, 1);
	assert_int_equal(q->answers, 0);
	assert_int_equal(rgw_gw_pending(s.gw), 0);
	sim_run(&s, 0);
	assert_true(busy->closed_by_engine);
	assert_int_equal(conns(&s), 0);
	sim_end(&s);
}

/* A gateway that stops does not wait for ever for a server that is silent. */
static void
draining_gateway_with_a_silent_server(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	init(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	sim_ask(&s, c, 1, 1, USER);
	sim_run(&s, 1000);
	rgw_gw_drain(s.gw);
	sim_run(&s, 28999);
	assert_true(c->up);
	assert_int_equal(s.got[0]->copies, sim_counter(&s, RGW_CTR_server_retransmitted) + 1);
	assert_in_range(s.got[0]->copies, 4, 5);
	sim_run(&s, 1);
	assert_true(c->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_gone), 0);
	sim_end(&s);
}

/* A gateway that ends in the middle of things accounts for all of them and frees them. */
static void
gateway_that_ends_at_once(void **state)
{
	struct sim s;
	struct sim_conn *c;

	(void)state;
	init(&s);
	sim_start(&s);
	c = sim_visit(&s);
	sim_ask(&s, c, 1, 1, USER);
	sim_run(&s, 100);
	s.server.answer = SIM_SILENT;
	sim_ask(&s, c, 1, 2, USER);
	sim_ask(&s, c, 4, 2, USER);
	sim_request(&s, 4, 5000, 1, USER);
	sim_accept(&s, "203.0.113.9");
	sim_octets(&s, c, "\x01", 1);
	rgw_gw_abandon(s.gw);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_abandoned), 3);
	assert_int_equal(rgw_gw_pending(s.gw), 0);
	sim_abort(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(max_connections),
		cmocka_unit_test(max_connections_is_for_incoming_ones),
		cmocka_unit_test(max_connections_per_address),
		cmocka_unit_test(max_connections_of_the_peer),
		cmocka_unit_test(max_connections_of_the_listener),
		cmocka_unit_test(addresses_from_where_nobody_may_come),
		cmocka_unit_test(peer_from_anywhere),
		cmocka_unit_test(nothing_can_be_accepted),
		cmocka_unit_test(handshake_has_an_end),
		cmocka_unit_test(handshake_fails),
		cmocka_unit_test(packet_has_an_end),
		cmocka_unit_test(idle_incoming_connection_is_closed),
		cmocka_unit_test(busy_incoming_connection_is_not_idle),
		cmocka_unit_test(idle_outgoing_connections_are_closed),
		cmocka_unit_test(last_idle_outgoing_connection_is_closed),
		cmocka_unit_test(old_outgoing_connection_is_replaced),
		cmocka_unit_test(old_outgoing_connection_ends),
		cmocka_unit_test(old_connection_is_no_failure),
		cmocka_unit_test(old_incoming_connection_is_closed),
		cmocka_unit_test(old_incoming_connection_that_never_rests),
		cmocka_unit_test(old_incoming_connection_with_a_superseded_request),
		cmocka_unit_test(draining_gateway),
		cmocka_unit_test(draining_gateway_with_a_silent_server),
		cmocka_unit_test(gateway_that_ends_at_once),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
