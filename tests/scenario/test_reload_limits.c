/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include "../../src/engine/doors/doors.h"
#include "../../src/engine/links/links.h"

/* Limits and times that another configuration changes take effect on what lives: smaller ones end nothing, but let
 * nothing new in before there is room; greater ones count at once. */

static struct rgw_peer *
national(const struct sim *s)
{
	return rgw_peer_by_id(s->gw, sim_peer_conf(s, "national")->head.id);
}

static void
ask_many(struct sim *s, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		sim_request(s, RGW_ACCESS_REQUEST, (uint16_t)(1000 + i / 200), (uint8_t)(i % 200), "bob@example.org");
}

/* ---- connections ---- */

/* The interval of a watchdog that runs becomes shorter, and longer again. */
static void
watchdog(void **state)
{
	unsigned probes;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-1\nidle-timeout = 0");
	sim_start(&s);
	sim_run(&s, 100);
	probes = s.national.probes;
	sim_run(&s, 20000);
	assert_int_equal(s.national.probes, probes);
	sim_reload(&s, "[peer national]\nwatchdog = 6s");
	sim_run(&s, 20000);
	assert_in_range(s.national.probes - probes, 2, 6);
	probes = s.national.probes;
	sim_reload(&s, "[peer national]\nwatchdog = 60s");
	sim_run(&s, 40000);
	assert_int_equal(s.national.probes, probes);
	sim_end(&s);
}

/* A watchdog is switched off, and a connection that was suspected counts as good; and on again, and finds it dead. */
static void
watchdog_off_and_on(void **state)
{
	unsigned probes;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-1\nidle-timeout = 0\nwatchdog = 6s\nstatus-server = on");
	sim_start(&s);
	sim_run(&s, 100);
	s.national.hang = true;
	while (national(&s)->n_lame == 0)
		sim_run(&s, 100);
	sim_reload(&s, "[peer national]\nstatus-server = off");
	assert_int_equal(national(&s)->n_lame, 0);
	assert_int_equal(national(&s)->n_okay, 1);
	probes = s.national.probes;
	sim_run(&s, 30000);
	assert_int_equal(s.national.probes, probes);
	assert_true(s.conns[0]->up);
	sim_reload(&s, "[peer national]\nstatus-server = on");
	sim_run(&s, 30000);
	assert_true(s.national.probes > probes);
	assert_false(s.conns[0]->up);
	s.national.hang = false;
	sim_end(&s);
}

static void
idle_timeout(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-4\nidle-timeout = 100s");
	sim_start(&s);
	ask_many(&s, 0, 1);
	sim_run(&s, 30000);
	assert_int_equal(sim_count_up(&s), 1);
	sim_reload(&s, "[peer national]\nidle-timeout = 20s");
	sim_run(&s, 100);
	assert_int_equal(sim_count_up(&s), 0);
	ask_many(&s, 1, 1);
	sim_run(&s, 15000);
	sim_reload(&s, "[peer national]\nidle-timeout = 60s");
	sim_run(&s, 30000);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

static void
lifetime(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nidle-timeout = 0\nlifetime = 1h");
	sim_start(&s);
	ask_many(&s, 0, 1);
	sim_run(&s, 60000);
	sim_reload(&s, "[peer national]\nlifetime = 30s");
	sim_run(&s, 100);
	assert_true(s.conns[0]->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_lifetimes), 1);
	sim_run(&s, 20000);
	sim_reload(&s, "[peer national]\nlifetime = 1h");
	sim_run(&s, 60000);
	assert_true(s.conns[1]->up);
	sim_end(&s);
}

/* An attempt that is under way has the new time, shorter or longer. */
static void
connect_and_handshake_timeout(void **state)
{
	struct sim_conn *visit;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-1\nconnect-timeout = 10s");
	s.national.no_tcp = true;
	sim_start(&s);
	sim_run(&s, 3000);
	assert_non_null(s.conns[0]->engine);
	sim_reload(&s, "[peer national]\nconnect-timeout = 4s\n[listen radsec]\nhandshake-timeout = 20s");
	sim_run(&s, 900);
	assert_non_null(s.conns[0]->engine);
	sim_run(&s, 200);
	assert_null(s.conns[0]->engine);
	visit = sim_accept(&s, "203.0.113.5");
	sim_run(&s, 3000);
	sim_reload(&s, "[listen radsec]\nhandshake-timeout = 5s");
	sim_run(&s, 1900);
	assert_non_null(visit->engine);
	sim_run(&s, 200);
	assert_null(visit->engine);
	sim_end(&s);
}

/* A peer that may have fewer connections keeps those that stand, and opens no more; with more allowed it opens them. */
static void
connections(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 3-4");
	s.national.delay = 2000;
	sim_start(&s);
	sim_run(&s, 1000);
	assert_int_equal(sim_count_up(&s), 3);
	sim_reload(&s, "[peer national]\nconnections = 0-1");
	ask_many(&s, 0, 1000);
	sim_run(&s, 1000);
	assert_int_equal(s.n_conns, 3);
	sim_reload(&s, "[peer national]\nconnections = 0-6");
	sim_run(&s, 1000);
	assert_in_range(sim_count_up(&s), 5, 6);
	sim_run(&s, 5000);
	assert_int_equal(sim_answered(&s), 1000);
	sim_end(&s);
}

/* ---- who may come in ---- */

static void
max_connections(void **state)
{
	struct sim_conn *c[4];
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	for (int i = 0; i < 3; i++)
		c[i] = sim_visit(&s);
	sim_reload(&s, "[peer visitor]\nmax-connections = 2");
	c[3] = sim_accept(&s, "203.0.113.5");
	sim_identify(&s, c[3]);
	assert_null(c[3]->engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_peer), 1);
	assert_int_equal(sim_count_up(&s), 3);
	sim_reload(&s, "[peer visitor]\nmax-connections = 4");
	c[3] = sim_visit(&s);
	sim_reload(&s, "[gateway]\nmax-connections = 3");
	assert_null(sim_accept(&s, "203.0.113.9"));
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections), 1);
	sim_reload(&s, "[gateway]\nmax-connections = 9\n[listen radsec]\nmax-connections = 4");
	assert_null(sim_accept(&s, "203.0.113.9"));
	assert_int_equal(sim_counter(&s, RGW_CTR_refused_max_connections_listener), 1);
	assert_int_equal(sim_count_up(&s), 4);
	sim_reload(&s, "[listen radsec]\nmax-connections = 0\n[peer visitor]\nmax-connections = 9");
	sim_visit(&s);
	sim_end(&s);
}

/* Half-open connections that are too many now give way as if others had come. */
static void
max_half_open(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-4\n[gateway]\nmax-half-open = 20\nmax-half-open-per-address = 10");
	sim_start(&s);
	for (unsigned i = 0; i < 10; i++)
		assert_non_null(sim_accept(&s, i < 6 ? "203.0.113.5" : "203.0.113.6"));
	sim_run(&s, 1500);
	sim_reload(&s, "[gateway]\nmax-half-open = 8\nmax-half-open-per-address = 4");
	assert_int_equal(sim_counter(&s, RGW_CTR_half_open_evicted_per_address), 2);
	assert_int_equal(s.gw->n_conns, 8);
	sim_reload(&s, "[gateway]\nmax-half-open = 5");
	assert_int_equal(s.gw->n_conns, 5);
	sim_reload(&s, "[gateway]\nmax-half-open = 30\nmax-half-open-per-address = 30");
	for (unsigned i = 0; i < 20; i++)
		assert_non_null(sim_accept(&s, "203.0.113.5"));
	assert_int_equal(s.gw->n_conns, 25);
	sim_end(&s);
}

static unsigned
accepted_of(struct sim *s, unsigned n)
{
	unsigned got = 0;

	for (unsigned i = 0; i < n; i++) {
		struct sim_conn *c = sim_accept(s, "203.0.113.5");

		got += c != NULL;
		if (c != NULL)
			sim_cut(s, c);
	}
	return got;
}

static void
connect_rate(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nconnect-rate = 0\nconnect-rate-per-address = 0");
	sim_start(&s);
	assert_int_equal(accepted_of(&s, 50), 50);
	sim_reload(&s, "[gateway]\nconnect-rate-per-address = 1/s burst 5");
	assert_int_equal(accepted_of(&s, 20), 5);
	/* What is left of the old budget is no more than the new one holds; a greater one fills with time. */
	sim_reload(&s, "[gateway]\nconnect-rate-per-address = 10/s burst 20");
	assert_int_equal(accepted_of(&s, 20), 0);
	sim_run(&s, 1000);
	assert_int_equal(accepted_of(&s, 20), 10);
	sim_reload(&s, "[gateway]\nconnect-rate-per-address = 0\nconnect-rate = 1/s burst 3");
	assert_in_range(accepted_of(&s, 20), 1, 3);
	sim_reload(&s, "[gateway]\nconnect-rate = 0");
	assert_int_equal(accepted_of(&s, 20), 20);
	sim_end(&s);
}

/* ---- requests ---- */

/* With fewer requests than are worked on nothing ends, and nothing new is taken before there is room. */
static void
max_requests(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nmax-requests = 100");
	s.national.delay = 2000;
	sim_start(&s);
	ask_many(&s, 0, 40);
	sim_run(&s, 100);
	sim_reload(&s, "[gateway]\nmax-requests = 16");
	ask_many(&s, 40, 5);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_no_room), 5);
	sim_run(&s, 3000);
	assert_int_equal(sim_answered(&s), 40);
	/* Kept answers give way to the limit, too. */
	ask_many(&s, 50, 20);
	assert_in_range(rgw_gw_pending(s.gw), 12, 16);
	sim_reload(&s, "[gateway]\nmax-requests = 1000");
	ask_many(&s, 100, 200);
	assert_in_range(rgw_gw_pending(s.gw), 212, 216);
	sim_run(&s, 5000);
	sim_end(&s);
}

static void
kept_answers(void **state)
{
	struct rgw_gw_usage usage;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	ask_many(&s, 0, 900);
	sim_run(&s, 1500);
	rgw_gw_get_usage(s.gw, &usage);
	assert_int_equal(usage.requests, 900);
	sim_reload(&s, "[gateway]\nkept-answers = 64k");
	rgw_gw_get_usage(s.gw, &usage);
	assert_in_range(usage.requests, 100, 300);
	assert_true(usage.kept <= 65536);
	sim_end(&s);
}

/* The time of requests that wait, and of answers that are kept, is the new one. */
static void
request_lifetime(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_SILENT;
	sim_ini(&s, "[gateway]\nrequest-lifetime = 30s\nduplicate-window = 10s");
	sim_start(&s);
	ask_many(&s, 0, 10);
	sim_run(&s, 10000);
	sim_reload(&s, "[gateway]\nrequest-lifetime = 12s");
	ask_many(&s, 10, 1);
	sim_run(&s, 1900);
	assert_int_equal(rgw_gw_pending(s.gw), 11);
	sim_run(&s, 200);
	assert_int_equal(rgw_gw_pending(s.gw), 1);
	sim_reload(&s, "[gateway]\nrequest-lifetime = 40s");
	sim_run(&s, 30000);
	assert_int_equal(rgw_gw_pending(s.gw), 1);
	sim_end(&s);
}

static void
duplicate_window(void **state)
{
	struct sim_req *r;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nduplicate-window = 20s");
	sim_start(&s);
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 6000);
	sim_again(&s, r);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 1);
	sim_reload(&s, "[gateway]\nduplicate-window = 5s");
	sim_run(&s, 1);
	sim_again(&s, r);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 2);
	sim_end(&s);
}

/* Requests that wait keep their place; their time is the new one. */
static void
queue(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nqueue = 10\nqueue-time = 20s");
	s.national.no_tcp = true;
	sim_start(&s);
	ask_many(&s, 0, 11);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_full), 1);
	sim_reload(&s, "[peer national]\nqueue = 5");
	ask_many(&s, 20, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_full), 2);
	assert_int_equal(rgw_gw_pending(s.gw), 10);
	sim_reload(&s, "[peer national]\nqueue = 20");
	ask_many(&s, 30, 10);
	assert_int_equal(rgw_gw_pending(s.gw), 20);
	sim_run(&s, 5000);
	sim_reload(&s, "[peer national]\nqueue-time = 6s");
	sim_run(&s, 900);
	assert_int_equal(rgw_gw_pending(s.gw), 20);
	sim_run(&s, 200);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_timed_out), 20);
	sim_end(&s);
}

static void
response_window(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	ask_many(&s, 0, 1);
	sim_run(&s, 1000);
	sim_reload(&s, "[peer national]\nresponse-window = 3s");
	ask_many(&s, 1, 1);
	sim_run(&s, 3100);
	/* The first one was sent when there was no window. */
	assert_int_equal(rgw_gw_pending(s.gw), 1);
	sim_end(&s);
}

static void
loop_limit_and_packet_timeout(void **state)
{
	static const uint8_t half[] = { 1, 2, 0, 40, 0 };
	struct sim_conn *c;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\npacket-timeout = 60s");
	sim_start(&s);
	c = sim_visit(&s);
	sim_octets(&s, c, half, sizeof half);
	sim_run(&s, 5000);
	assert_true(c->up);
	sim_reload(&s, "[gateway]\npacket-timeout = 4s");
	sim_run(&s, 1);
	assert_false(c->up);
	c = sim_visit(&s);
	sim_reload(&s, "[gateway]\nloop-limit = 1");
	sim_request_with(&s, &(struct sim_spec){ .port = 1000, .id = 1, .user = "bob@example.org",
		.more = "\x21\x03x", .more_len = 3 });
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_too_many_proxy_states), 1);
	sim_reload(&s, "[gateway]\nloop-limit = 2");
	sim_request_with(&s, &(struct sim_spec){ .port = 1000, .id = 2, .user = "bob@example.org",
		.more = "\x21\x03x", .more_len = 3 });
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 1);
	sim_run(&s, 1000);
	sim_end(&s);
}

static void
status_server_rate(void **state)
{
	struct sim_conn *c;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	c = sim_visit(&s);
	sim_reload(&s, "[peer visitor]\nstatus-server-rate = 1/s burst 2");
	for (int i = 0; i < 5; i++)
		sim_ask(&s, c, RGW_STATUS_SERVER, 0, NULL);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 2);
	sim_reload(&s, "[peer visitor]\nstatus-server-rate = 0");
	for (int i = 0; i < 5; i++)
		sim_ask(&s, c, RGW_STATUS_SERVER, 0, NULL);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 7);
	sim_end(&s);
}

/* ---- servers ---- */

static void
server_limits(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm *]\npool = local\n[server local]\nmax-requests = 10");
	s.server.delay = 500;
	sim_start(&s);
	ask_many(&s, 0, 11);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_identifier), 1);
	sim_reload(&s, "[server local]\nmax-requests = 5");
	ask_many(&s, 20, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_identifier), 2);
	sim_reload(&s, "[server local]\nmax-requests = 20");
	ask_many(&s, 30, 10);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_identifier), 2);
	sim_run(&s, 1000);
	assert_int_equal(sim_answered(&s), 20);
	sim_end(&s);
}

/* How a request is repeated, and when a silent server counts as dead. */
static void
server_times(void **state)
{
	struct sim_req *r;
	struct rgw_port *port;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm *]\npool = local\n[server local]\nretransmit = irt 1s mrt 1s mrc 2 mrd 4s\n"
	    "zombie = 100s\nrevive = 200s");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	r = sim_request(&s, RGW_ACCESS_REQUEST, 1000, 1, "bob@example.org");
	sim_run(&s, 500);
	sim_reload(&s, "[server local]\nretransmit = irt 1s mrt 1s mrc 6 mrd 10s");
	sim_run(&s, 12000);
	assert_in_range(r->got->copies, 6, 7);
	port = &rgw_server_by_id(s.gw, 0)->ports[0];
	assert_int_equal(port->state, RGW_PORT_SUSPECTED);
	sim_reload(&s, "[server local]\nzombie = 3s");
	sim_run(&s, 3000);
	assert_int_equal(port->state, RGW_PORT_DEAD);
	sim_reload(&s, "[server local]\nrevive = 4s");
	sim_run(&s, 4000);
	assert_int_equal(port->state, RGW_PORT_ALIVE);
	sim_end(&s);
}

/* A dead server is asked from now on, or not any more and comes back by itself. */
static void
server_is_asked_or_not(void **state)
{
	struct rgw_port *port;
	unsigned probes;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm *]\npool = local\n[server local]\nrevive = 1h");
	s.server_gone = true;
	sim_start(&s);
	ask_many(&s, 0, 1);
	sim_run(&s, 100);
	port = &rgw_server_by_id(s.gw, 0)->ports[0];
	assert_int_equal(port->state, RGW_PORT_DEAD);
	s.server_gone = false;
	s.server.hang = true;
	sim_reload(&s, "[server local]\nstatus-server = yes\nwatchdog = 6s\nrevive =");
	sim_run(&s, 100);
	probes = s.server.probes;
	assert_int_equal(probes, 1);
	sim_run(&s, 20000);
	assert_in_range(s.server.probes, 3, 6);
	sim_reload(&s, "[server local]\nstatus-server = no\nwatchdog =\nrevive = 25s");
	probes = s.server.probes;
	sim_run(&s, 5500);
	assert_int_equal(s.server.probes, probes);
	assert_int_equal(port->state, RGW_PORT_ALIVE);
	sim_end(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(watchdog),
		cmocka_unit_test(watchdog_off_and_on),
		cmocka_unit_test(idle_timeout),
		cmocka_unit_test(lifetime),
		cmocka_unit_test(connect_and_handshake_timeout),
		cmocka_unit_test(connections),
		cmocka_unit_test(max_connections),
		cmocka_unit_test(max_half_open),
		cmocka_unit_test(connect_rate),
		cmocka_unit_test(max_requests),
		cmocka_unit_test(kept_answers),
		cmocka_unit_test(request_lifetime),
		cmocka_unit_test(duplicate_window),
		cmocka_unit_test(queue),
		cmocka_unit_test(response_window),
		cmocka_unit_test(loop_limit_and_packet_timeout),
		cmocka_unit_test(status_server_rate),
		cmocka_unit_test(server_limits),
		cmocka_unit_test(server_times),
		cmocka_unit_test(server_is_asked_or_not),
	};

	return cmocka_run_group_tests_name("reload-limits", tests, NULL, NULL);
}
