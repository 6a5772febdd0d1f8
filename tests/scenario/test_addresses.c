/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about names that have several addresses, and others later (P-TLS-20 to 22). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define USER "user@example.org"

/* Peer national stands under a name with the addresses 192.0.2.1 and 192.0.2.2, and goes before second. */
static void
init(struct sim *s)
{
	sim_init(s, "radius.example");
	s->dns_ip2 = 2;
	sim_to_pool(s, "national, second");
}

/* One server stands under a name with these two addresses, alone. */
static void
init_server(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_server(s);
	sim_ini(s, "[server local]\nauth = radius.example");
	s->dns_ip2 = 2;
}

/* When the n-th connection to national was begun. */
static rgw_ms
opened_at(const struct sim *s, size_t n)
{
	for (size_t i = 0; i < s->n_conns; i++)
		if (s->conns[i]->far == &s->national && n-- == 0)
			return s->conns[i]->opened_at;
	fail_msg("no such connection");
	return 0;
}

static size_t
opened(const struct sim *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_conns; i++)
		n += s->conns[i]->far == &s->national;
	return n;
}

/* The first address refuses: the next one is tried at once, and nothing goes to the other member. */
static void
next_address_at_once(void **state)
{
	struct sim s;
	struct sim_req *r;
	rgw_ms refused;

	(void)state;
	init(&s);
	s.national.refuse_ip = 1;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.national.requests, 1);
	assert_int_equal(s.second.requests, 0);
	refused = opened_at(&s, 0) + s.national.connect_delay;
	assert_int_equal(opened_at(&s, 1), refused);
	sim_end(&s);
}

/* Two attempts at a time come to the same address: the next one is not passed over. */
static void
attempts_side_by_side(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nconnections = 2-4");
	s.national.refuse_ip = 1;
	sim_start(&s);
	sim_run(&s, 100);
	assert_int_equal(opened_at(&s, 1), opened_at(&s, 0));
	assert_true(sim_count_up(&s) >= 1);
	assert_int_equal(sim_first_up(&s)->to.ip[3], 2);
	sim_end(&s);
}

/* All addresses have failed: only now there is a pause, and what waits goes to the other member. */
static void
pause_behind_the_last_address(void **state)
{
	struct sim s;
	struct sim_req *r;
	rgw_ms pause;

	(void)state;
	init(&s);
	s.national.refuse = true;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 400);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.second.requests, 1);
	assert_int_equal(opened(&s), 2);
	sim_run(&s, 3000);
	assert_true(opened(&s) >= 4);
	pause = opened_at(&s, 2) - opened_at(&s, 1);
	assert_in_range(pause, 500, 1000);  /* `reconnect` as shipped begins with 500ms */
	assert_in_range(opened_at(&s, 3) - opened_at(&s, 2), 0, s.national.connect_delay);
	sim_end(&s);
}

/* An address that says nothing holds no request up for longer than that, though the next address works. */
static void
silent_address_is_not_waited_for_twice(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	s.national.no_tcp = true;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, sim_peer_conf(&s, "national")->connect_timeout + 200);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.second.requests, 1);
	assert_int_equal(opened(&s), 2);
	sim_end(&s);
}

/* The first address of a server refuses: the next is asked at once, and the server is not down. */
static void
next_address_of_a_server(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_server(&s);
	s.server_gone = true;
	s.server_gone_ip = 1;
	sim_start(&s);
	sim_run(&s, 10);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_unreachable), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 0);
	sim_end(&s);
}

/* Both addresses of a server refuse: no other is left to ask, so the server is down. */
static void
no_address_of_a_server(void **state)
{
	struct sim s;

	(void)state;
	init_server(&s);
	s.server_gone = true;
	sim_start(&s);
	sim_run(&s, 10);
	sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 100);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_unreachable), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 1);
	sim_run(&s, 40000);
	sim_end(&s);
}

/* ---- names that lead elsewhere later ---- */

/* The peer has moved: its name is asked for as soon as the address that is known refuses, whatever the TTL. */
static void
moved_peer_is_found_at_once(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "radius.example");
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 2000);
	assert_int_equal(s.dns_asked, 1);
	s.dns_ip = 9;
	s.national.refuse_ip = 1;
	sim_cut(&s, sim_first_up(&s));
	r = sim_request(&s, 1, 5000, 2, USER);
	sim_run(&s, 400);
	assert_int_equal(s.dns_asked, 2);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_first_up(&s)->to.ip[3], 9);
	sim_end(&s);
}

/* However often the addresses change and fail, nobody is asked more than once a second. */
static void
name_is_asked_once_a_second(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	s.dns_ip2 = 0;
	s.national.refuse = true;
	sim_ini(&s, "[peer national]\nconnections = 1-4");
	sim_start(&s);
	for (unsigned i = 0; i < 100; i++) {
		s.dns_ip = (uint8_t)(10 + i);
		sim_run(&s, 100);
	}
	assert_in_range(s.dns_asked, 9, 11);
	sim_end(&s);
}

/* A TTL is honoured from five seconds on. */
static void
time_to_live_is_honoured(void **state)
{
	static const struct {
		uint32_t ttl;
		unsigned asked;  /* in a minute and a bit */
	} rows[] = { { 0, 13 }, { 1, 13 }, { 5, 13 }, { 20, 4 }, { 300, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim s;

		init(&s);
		s.dns_ttl = rows[i].ttl;
		sim_start(&s);
		sim_run(&s, 61000);
		assert_int_equal(s.dns_asked, rows[i].asked);
		sim_end(&s);
	}
}

/* The addresses of a name may come in another order, which changes nothing. */
static void
order_is_no_news(void **state)
{
	struct sim s;
	unsigned lines;

	(void)state;
	init(&s);
	s.dns_ttl = 5;
	sim_start(&s);
	sim_run(&s, 1000);
	lines = s.log_lines;
	s.dns_ip = 2;
	s.dns_ip2 = 1;
	sim_run(&s, 20000);
	assert_true(s.dns_asked > 3);
	assert_int_equal(s.log_lines, lines);
	sim_end(&s);
}

/* An attempt to connect to an address that the name does not have any more ends at once. */
static void
attempt_to_an_old_address_ends(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "radius.example");
	sim_ini(&s, "[peer national]\nconnections = 0-4");
	s.dns_ttl = 5;
	s.national.no_tcp = true;
	sim_start(&s);
	sim_run(&s, 4500);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 100);
	s.dns_ip = 9;
	s.national.no_tcp = false;
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.national.requests, 1);
	assert_int_equal(sim_first_up(&s)->to.ip[3], 9);
	sim_end(&s);
}

/* A server has moved while a request was open: it is asked at its new address, with probes and without. */
static void
moved_server_is_found_at_once(void **state)
{
	(void)state;
	for (int probes = 0; probes <= 1; probes++) {
		struct sim s;
		struct sim_req *r;

		init_server(&s);
		s.dns_ip2 = 0;
		sim_ini(&s, "[server local]\nstatus-server = %s", sim_yes(probes));
		sim_start(&s);
		sim_run(&s, 2000);
		s.server_gone = true;
		s.server_gone_ip = 1;
		s.dns_ip = 9;
		r = sim_request(&s, 1, 5000, 1, USER);
		sim_run(&s, 50);
		assert_int_equal(r->answers, 1);
		assert_int_equal(s.dns_asked, 2);
		sim_end(&s);
	}
}

/* A server that says nothing has its name asked for when it is suspected. */
static void
silent_server_is_looked_up(void **state)
{
	struct sim s;

	(void)state;
	init_server(&s);
	s.server.answer = SIM_SILENT;
	s.server.no_status = true;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 29000);
	assert_int_equal(s.dns_asked, 1);
	sim_run(&s, 3000);
	assert_true(sim_counter(&s, RGW_CTR_server_suspected) > 0);
	assert_int_equal(s.dns_asked, 2);
	sim_run(&s, 30000);
	sim_end(&s);
}

/* ---- clients that are known by a name ---- */

/* The client, whose requests come from 192.0.2.10, is known by a name that has this last octet now. */
static void
init_client(struct sim *s, uint8_t ip)
{
	sim_init(s, "198.51.100.1");
	sim_ini(s, "[client nas]\naddress = nas.example");
	s->dns_ip = ip;
	sim_start(s);
	sim_run(s, 2000);
}

static void
client_by_name(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_client(&s, 10);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 500);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.dns_asked, 1);
	sim_end(&s);
}

/* A client comes from an address that nobody has: its name is looked up at once, and the next request is served. */
static void
client_that_has_moved(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_client(&s, 11);
	s.dns_ip = 10;
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 500);
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_unknown_client), 1);
	assert_int_equal(s.dns_asked, 2);
	sim_again(&s, r);
	sim_run(&s, 500);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* However many strangers there are, they cause one look-up a second. */
static void
strangers_cause_few_look_ups(void **state)
{
	struct sim s;

	(void)state;
	init_client(&s, 11);
	for (unsigned i = 0; i < 100; i++) {
		sim_request(&s, 1, (uint16_t)(5000 + i), 1, USER);
		sim_run(&s, 50);
	}
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_unknown_client), 100);
	assert_in_range(s.dns_asked, 5, 7);
	sim_end(&s);
}

/* The address that the name had before is served until the look-up that follows the change, and not after it. */
static void
address_of_a_moment_ago(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.dns_ttl = 60;
	sim_ini(&s, "[client nas]\naddress = nas.example");
	s.dns_ip = 10;
	sim_start(&s);
	sim_run(&s, 30000);
	s.dns_ip = 11;
	sim_run(&s, 60000);
	assert_int_equal(s.dns_asked, 2);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 500);
	assert_int_equal(r->answers, 1);
	sim_run(&s, 60000);
	assert_int_equal(s.dns_asked, 3);
	r = sim_request(&s, 1, 5000, 2, USER);
	sim_run(&s, 500);
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_unknown_client), 1);
	sim_end(&s);
}

/* A look-up that fails takes no address away from the client. */
static void
client_without_dns(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_client(&s, 10);
	s.no_dns = true;
	sim_run(&s, 700000);
	assert_true(sim_counter(&s, RGW_CTR_resolve_failed) > 1);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 500);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_address_at_once),
		cmocka_unit_test(attempts_side_by_side),
		cmocka_unit_test(pause_behind_the_last_address),
		cmocka_unit_test(silent_address_is_not_waited_for_twice),
		cmocka_unit_test(next_address_of_a_server),
		cmocka_unit_test(no_address_of_a_server),
		cmocka_unit_test(moved_peer_is_found_at_once),
		cmocka_unit_test(name_is_asked_once_a_second),
		cmocka_unit_test(time_to_live_is_honoured),
		cmocka_unit_test(order_is_no_news),
		cmocka_unit_test(attempt_to_an_old_address_ends),
		cmocka_unit_test(moved_server_is_found_at_once),
		cmocka_unit_test(silent_server_is_looked_up),
		cmocka_unit_test(client_by_name),
		cmocka_unit_test(client_that_has_moved),
		cmocka_unit_test(strangers_cause_few_look_ups),
		cmocka_unit_test(address_of_a_moment_ago),
		cmocka_unit_test(client_without_dns),
	};

	return cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
}
