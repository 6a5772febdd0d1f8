/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about the addresses of a server and the sockets from which it is asked (P-ID-1, 4, 5). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/packet.h"
#include "sim.h"

#define USER "user@example.org"

static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_server(s);
}

/* The server stands under a name that has two addresses, 192.0.2.1 and 192.0.2.2. */
static void
init_named(struct sim *s)
{
	init(s);
	sim_ini(s, "[server local]\nauth = radius.example");
	s->dns_ip2 = 2;
}

/* n requests, each under an identifier and port of its own. */
static void
many(struct sim *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned k = (unsigned)s->n_reqs;

		sim_request(s, 1, (uint16_t)(10000 + k / 200), (uint8_t)(k % 200), USER);
	}
}

/* How many requests the server got at an address, copies left aside. */
static size_t
got_at(const struct sim *s, uint8_t ip)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_got; i++)
		n += s->got[i]->source != NULL && s->got[i]->source->to.ip[3] == ip;
	return n;
}

/* The request was answered with a Protocol-Error that says this. */
static void
assert_refused(const struct sim_req *r, uint32_t cause)
{
	struct rgw_packet p;

	assert_int_equal(r->answers, 1);
	assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
	assert_int_equal(p.code, RGW_PROTOCOL_ERROR);
	assert_int_equal(rgw_packet_error_cause(&p), cause);
}

/* ---- names with two addresses ---- */

/* ICMP from the first moves what is open to the second at once, and new requests go there. */
static void
second_address_is_used(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_named(&s);
	s.server_gone = true;
	s.server_gone_ip = 1;
	sim_start(&s);
	many(&s, 20);
	sim_run(&s, 10);
	assert_int_equal(sim_answered(&s), 20);
	assert_int_equal(got_at(&s, 2), 20);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_retried), 20);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 0);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 10);
	assert_int_equal(r->answers, 1);
	assert_int_equal(got_at(&s, 2), 21);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_retried), 20);
	/* The socket that led to the first address is closed when it was not used for a while. */
	sim_run(&s, 120000);
	assert_int_equal(sim_count_sources(&s), 1);
	sim_end(&s);
}

/* With more requests than one socket carries, those of all sockets move. */
static void
second_address_is_used_by_all_sockets(void **state)
{
	struct sim s;

	(void)state;
	init_named(&s);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_run(&s, 10);
	many(&s, 600);
	assert_int_equal(sim_count_sources(&s), 3);
	s.server_gone = true;
	s.server_gone_ip = 1;
	s.server.answer = SIM_ANSWER;
	sim_run(&s, 2300);
	assert_int_equal(sim_answered(&s), 600);
	sim_end(&s);
}

/* Nobody listens at either address: repetition with its pauses goes on, and nothing runs in circles. */
static void
neither_address_is_listened_at(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_named(&s);
	s.server_gone = true;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 29000);
	assert_in_range(sim_counter(&s, RGW_CTR_server_unreachable), 5, 20);
	assert_in_range(s.n_sources, 2, 4);
	s.server_gone = false;
	sim_again(&s, r);
	sim_run(&s, 2000);
	assert_int_equal(rgw_gw_pending(s.gw), 0);
	sim_end(&s);
}

/* The gateway finds whichever of the two addresses comes back, with probes and without. */
static void
either_address_comes_back(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct sim s;
		struct sim_req *r;

		init_named(&s);
		sim_ini(&s, "[server local]\nstatus-server = %s", sim_yes(i >= 2));
		s.server.no_status = false;
		s.server_gone = true;
		sim_start(&s);
		sim_request(&s, 1, 5000, 1, USER);
		sim_run(&s, 60000);
		s.server_gone_ip = (uint8_t)(1 + i % 2);
		sim_run(&s, 70000);
		r = sim_request(&s, 1, 5000, 2, USER);
		sim_run(&s, 20000);
		assert_int_equal(r->answers, 1);
		sim_end(&s);
	}
}

/* Where the next Status-Server goes (last octet). */
static uint8_t
next_probe(struct sim *s)
{
	unsigned probes = s->server.probes;

	while (s->server.probes == probes)
		sim_run(s, 1000);
	return s->all[s->n_all - 1]->source->to.ip[3];
}

/* An address that is silent is dead after a while: requests go to the other one, and Status-Servers to each in turn,
 * for either may be back first. */
static void
silent_address_is_left(void **state)
{
	(void)state;
	for (int probes = 0; probes <= 1; probes++) {
		struct sim s;

		init_named(&s);
		sim_ini(&s, "[server local]\nstatus-server = %s", sim_yes(probes == 1));
		s.server.answer = SIM_SILENT;
		sim_start(&s);
		many(&s, 1);
		sim_run(&s, 69000);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 0);
		assert_int_equal(got_at(&s, 2), 0);
		sim_run(&s, 2000);
		assert_int_equal(sim_counter(&s, RGW_CTR_server_dead), 1);
		many(&s, 1);
		assert_int_equal(got_at(&s, 2), 1);
		for (unsigned i = 0; i < 2 && probes == 1; i++) {
			assert_int_equal(next_probe(&s), 1);
			assert_int_equal(next_probe(&s), 2);
		}
		sim_end(&s);
	}
}

/* The name has another address now: new requests go there, what is open is answered where it was asked. */
static void
address_changes(void **state)
{
	struct sim s;
	struct sim_req *r, *q;

	(void)state;
	init_named(&s);
	s.dns_ip2 = 0;
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	sim_run(&s, 298000);
	r = sim_request(&s, 1, 5000, 1, USER);
	s.dns_ip = 7;
	sim_run(&s, 3000);
	q = sim_request(&s, 1, 5000, 2, USER);
	assert_int_equal(got_at(&s, 1), 1);
	assert_int_equal(got_at(&s, 7), 1);
	sim_server_reply(&s, s.got[0], 0);
	sim_server_reply(&s, s.got[1], 0);
	assert_int_equal(r->answers, 1);
	assert_int_equal(q->answers, 1);
	sim_end(&s);
}

/* A socket to an address that the name has no longer is closed when nobody uses it, even if it is the only one. */
static void
socket_to_an_old_address_is_closed(void **state)
{
	struct sim s;

	(void)state;
	init_named(&s);
	s.dns_ip2 = 0;
	sim_start(&s);
	many(&s, 1);
	sim_run(&s, 250000);
	assert_int_equal(sim_count_sources(&s), 1);
	s.dns_ip = 7;
	sim_run(&s, 120000);
	assert_int_equal(sim_count_sources(&s), 0);
	many(&s, 1);
	sim_run(&s, 10);
	assert_int_equal(sim_answered(&s), 2);
	assert_int_equal(s.sources[1]->to.ip[3], 7);
	sim_end(&s);
}

/* No address is known yet: the request waits, and goes out when there is one. */
static void
name_resolves_late(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	init_named(&s);
	s.no_dns = true;
	sim_start(&s);
	c = sim_visit(&s);
	r = sim_request(&s, 1, 5000, 1, USER);
	sim_ask(&s, c, 1, 1, USER);
	sim_run(&s, 8000);
	assert_int_equal(s.n_got, 0);
	assert_int_equal(s.n_sources, 0);
	/* One of the requests does not wait so long. */
	sim_cut(&s, c);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_gone), 1);
	s.no_dns = false;
	sim_run(&s, 15000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.n_got, 1);
	sim_end(&s);
}

/* The name never resolves: the request ends with its lifetime, and that is not the server's fault. */
static void
name_never_resolves(void **state)
{
	struct sim s;

	(void)state;
	init_named(&s);
	s.no_dns = true;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, USER);
	sim_run(&s, 30000);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_suspected), 0);
	sim_end(&s);
}

/* ---- sockets ---- */

/* P-ID-4: each socket carries 255 requests, and there are as many sockets as max-requests needs. */
static void
more_sockets_for_more_requests(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes\n[server local]\nmax-requests = 600");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	many(&s, 255);
	assert_int_equal(sim_count_sources(&s), 1);
	many(&s, 1);
	assert_int_equal(sim_count_sources(&s), 2);
	many(&s, 344);
	assert_int_equal(sim_count_sources(&s), 3);
	assert_int_equal(s.n_got, 600);
	/* A peer is told that its request has ended, an ordinary client is not. */
	r = sim_ask(&s, c, 1, 1, USER);
	assert_refused(r, RGW_CAUSE_RESOURCES_UNAVAILABLE);
	many(&s, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_identifier), 2);
	assert_string_equal(s.last_event, "server-full");
	/* The other port has a count of its own, and room for one request is room for one more. */
	sim_request(&s, 4, 5000, 1, USER);
	assert_int_equal(s.n_got, 601);
	sim_server_reply(&s, s.got[17], 0);
	r = sim_ask(&s, c, 1, 2, USER);
	assert_int_equal(s.n_got, 602);
	for (size_t i = 0; i < s.n_got; i++)
		sim_server_reply(&s, s.got[i], 0);
	assert_int_equal(sim_answered(&s), 603);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	sim_end(&s);
}

/* A socket that nobody used for a minute is closed, but for one of each port. */
static void
unused_sockets_are_closed(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	s.server.delay = 100;
	sim_start(&s);
	many(&s, 700);
	sim_run(&s, 200);
	assert_int_equal(sim_answered(&s), 700);
	assert_int_equal(sim_count_sources(&s), 3);
	sim_run(&s, 59000);
	assert_int_equal(sim_count_sources(&s), 3);
	sim_run(&s, 61000);
	assert_int_equal(sim_count_sources(&s), 1);
	for (size_t i = 0; i < s.n_sources; i++)
		if (s.sources[i]->engine == NULL)
			assert_in_range(s.sources[i]->closed_at - 1000102, 60000, 120000);
	sim_run(&s, 3600000);
	assert_int_equal(sim_count_sources(&s), 1);
	assert_int_equal(s.n_sources, 3);
	many(&s, 1);
	sim_run(&s, 200);
	assert_int_equal(sim_answered(&s), 701);
	assert_int_equal(s.n_sources, 3);
	sim_end(&s);
}

/* A socket on which somebody waits is not unused. */
static void
used_sockets_stay(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[gateway]\nrequest-lifetime = 300s\n"
	    "[server local]\nretransmit = irt 60s mrt 0 mrc 0 mrd 300s");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	many(&s, 256);
	sim_server_reply(&s, s.got[0], 0);
	for (size_t i = 2; i < 256; i++)
		sim_server_reply(&s, s.got[i], 0);
	sim_run(&s, 200000);
	assert_int_equal(sim_count_sources(&s), 1);
	sim_server_reply(&s, s.got[1], 0);
	assert_int_equal(sim_answered(&s), 256);
	sim_end(&s);
}

/* If no socket can be opened, it is tried again once a second, not for each request. */
static void
no_socket_for_a_while(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	s.no_sockets = true;
	sim_start(&s);
	many(&s, 50);
	sim_run(&s, 4500);
	assert_in_range(sim_counter(&s, RGW_CTR_sources_failed), 4, 6);
	assert_int_equal(s.n_got, 0);
	s.no_sockets = false;
	sim_run(&s, 1000);
	assert_int_equal(sim_answered(&s), 50);
	assert_int_equal(sim_counter(&s, RGW_CTR_sources_opened), 1);
	sim_end(&s);
}

/* P-ID-5: identifiers that may still be answered twice have to wait. */
static void
identifiers_rest(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[server local]\nmax-requests = 255");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	/* The NAS changes its mind twice. */
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 255; i++)
			sim_request(&s, 1, 5000, (uint8_t)i, USER);
		sim_run(&s, 1000);
	}
	assert_int_equal(s.n_got, 510);
	assert_int_equal(sim_count_sources(&s), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 510);
	sim_run(&s, 26000);
	assert_int_equal(s.n_got, 510);
	s.server.answer = SIM_ANSWER;
	sim_run(&s, 3000);
	assert_int_equal(sim_answered(&s), 255);
	sim_end(&s);
}

/* The option `source` gives the address to send from, of the family of the server. */
static void
own_address(void **state)
{
	struct sim s;
	struct rgw_addr own;

	(void)state;
	assert_true(rgw_addr_parse("192.0.2.1", 0, &own));
	init(&s);
	sim_ini(&s, "[server local]\nsource = 2001:db8::1, 192.0.2.1");
	sim_start(&s);
	many(&s, 1);
	assert_true(rgw_addr_equal(&s.sources[0]->from, &own));
	sim_end(&s);
	init(&s);
	sim_ini(&s, "[server local]\nsource = 2001:db8::1");
	sim_start(&s);
	many(&s, 1);
	assert_int_equal(s.sources[0]->from.family, 0);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_address_is_used),
		cmocka_unit_test(second_address_is_used_by_all_sockets),
		cmocka_unit_test(neither_address_is_listened_at),
		cmocka_unit_test(either_address_comes_back),
		cmocka_unit_test(silent_address_is_left),
		cmocka_unit_test(address_changes),
		cmocka_unit_test(socket_to_an_old_address_is_closed),
		cmocka_unit_test(name_resolves_late),
		cmocka_unit_test(name_never_resolves),
		cmocka_unit_test(more_sockets_for_more_requests),
		cmocka_unit_test(unused_sockets_are_closed),
		cmocka_unit_test(used_sockets_stay),
		cmocka_unit_test(no_socket_for_a_while),
		cmocka_unit_test(identifiers_rest),
		cmocka_unit_test(own_address),
	};

	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
