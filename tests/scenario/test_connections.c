/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about connections that come, go and fill up (P-TCP-29, P-TLS-20 to 23, P-ID-4). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

/* n requests, each of them from a port and under an identifier that no other has. */
static void
many(struct sim *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned k = (unsigned)s->n_reqs;

		sim_request(s, 1, (uint16_t)(10000 + k / 200), (uint8_t)(k % 200), "user@example.org");
	}
}

/* P-TCP-29, P-RTX-8: nothing waits for the NAS; each request goes to the new connection with a new
 * identifier and authenticator. P-TCP-13, P-TCP-29c: the connection is down as soon as the system says so, and the far
 * end verifies what was signed anew, accounting included. */
static void
lost_connection_moves_its_requests(void **state)
{
	struct sim s;
	struct sim_req *acct;
	uint8_t auth[16];
	uint8_t id;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	many(&s, 100);
	acct = sim_request(&s, RGW_ACCOUNTING_REQUEST, 20000, 1, "user@example.org");
	sim_run(&s, 100);
	assert_int_equal(s.n_got, 101);
	memcpy(auth, acct->got->data + 4, 16);
	id = acct->got->data[1];
	s.national.answer = SIM_ANSWER;
	sim_cut(&s, sim_first_up(&s));
	sim_run(&s, 1000);
	assert_int_equal(sim_answered(&s), 101);
	assert_int_equal(s.n_got, 202);
	assert_memory_not_equal(s.got[0]->data + 4, s.got[101]->data + 4, 16);
	/* The authenticator of accounting is a hash of the packet, and the identifier is in it. */
	assert_true(acct->got->data[1] == id || memcmp(acct->got->data + 4, auth, 16) != 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_retried), 101);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 0);
	sim_end(&s);
}

/* A peer that restarts: refused for two seconds, then up again. */
static void
restarted_peer_answers_what_was_open(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	many(&s, 1);
	sim_run(&s, 100);
	s.national.answer = SIM_SILENT;
	many(&s, 50);
	s.national.refuse = true;
	sim_cut(&s, sim_first_up(&s));
	sim_run(&s, 2000);
	s.national.refuse = false;
	s.national.answer = SIM_ANSWER;
	sim_run(&s, 2500);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_timed_out), 0);
	assert_int_equal(sim_answered(&s), 51);
	sim_end(&s);
}

/* More than 255 requests at once need a second connection (P-ID-4). */
static void
three_hundred_at_once(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 500;
	sim_start(&s);
	many(&s, 300);
	sim_run(&s, 1000);
	assert_int_equal(sim_answered(&s), 300);
	assert_int_equal(s.n_got, 300);
	assert_int_equal(s.n_conns, 2);
	sim_end(&s);
}

/* All four connections full, the rest waits its turn: nothing is lost. */
static void
almost_two_thousand_at_once(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-4");
	s.national.delay = 500;
	sim_ini(&s, "[peer national]\nconnect-rate = 0");
	sim_start(&s);
	many(&s, 1);
	sim_run(&s, 1000);
	many(&s, 1000);
	sim_run(&s, 100);
	many(&s, 980);
	sim_run(&s, 3000);
	assert_int_equal(sim_answered(&s), 1981);
	assert_int_equal(s.n_conns, 4);
	sim_end(&s);
}

static void
queue_has_an_end(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nqueue = 10");
	sim_start(&s);
	many(&s, 15);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_full), 5);
	assert_string_equal(s.last_event, "queue-full");
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 10);
	sim_end(&s);
}

static void
waiting_has_an_end(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.refuse = true;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 4999);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_timed_out), 0);
	sim_run(&s, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_queue_timed_out), 1);
	/* The NAS asks again when the peer is back: it is not taken for a duplicate. */
	s.national.refuse = false;
	sim_again(&s, r);
	sim_run(&s, 4900);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 0);
	sim_end(&s);
}

/* P-TLS-20 to 22: intervals grow, vary, and stay between the bounds. */
static void
back_off_grows(void **state)
{
	struct sim s;
	rgw_ms expect = 500;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 1-4");
	s.national.refuse = true;
	sim_start(&s);
	sim_run(&s, 600000);
	assert_in_range(s.n_conns, 18, 30);
	for (size_t i = 1; i < s.n_conns; i++) {
		rgw_ms gap = s.conns[i]->opened_at - s.conns[i - 1]->opened_at - s.national.connect_delay;

		assert_in_range(gap, expect, expect + expect / 2);
		expect = expect + expect / 2 > 40000 ? 40000 : expect + expect / 2;
	}
	s.national.refuse = false;
	sim_run(&s, 90000);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

/* P-TLS-22: many gateways lose the same peer at the same time, and their attempts are not in step. */
static void
attempts_are_spread(void **state)
{
	rgw_ms first[2] = { RGW_NEVER, RGW_NEVER }, last[2] = { 0, 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sim s;

		sim_init(&s, "198.51.100.1");
		s.seed = seed;
		sim_ini(&s, "[peer national]\nconnections = 1-4");
		sim_start(&s);
		sim_run(&s, 20000);
		s.national.refuse = true;
		sim_cut(&s, sim_first_up(&s));
		sim_run(&s, 1000);
		for (size_t i = 0; i < 2; i++) {
			/* The time until the second attempt counts from the end of the first. */
			rgw_ms at = s.conns[1 + i]->opened_at - (i == 0 ? 1020002 : s.conns[1]->opened_at + 10);

			first[i] = rgw_ms_min(first[i], at);
			last[i] = at > last[i] ? at : last[i];
		}
		sim_end(&s);
	}
	/* The peer worked until now, so the time is up to a quarter of the first pause. */
	assert_in_range(first[0], 0, 30);
	assert_in_range(last[0], 80, 125);
	/* The peer did not work, so the time is the pause, and up to half of it more. */
	assert_in_range(first[1], 500, 550);
	assert_in_range(last[1], 650, 750);
}

/* New requests do not hurry a connection that fails (P-TLS-23). */
static void
requests_do_not_reset_the_back_off(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.refuse = true;
	sim_start(&s);
	for (unsigned i = 0; i < 600; i++) {
		sim_request(&s, 1, (uint16_t)(5000 + i), 1, "user@example.org");
		sim_run(&s, 100);
	}
	assert_in_range(s.n_conns, 7, 12);
	sim_end(&s);
}

static void
handshake_deadline(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-4");
	s.national.no_tls = true;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 5009);
	assert_false(s.conns[0]->closed_by_engine);
	sim_run(&s, 1);
	assert_true(s.conns[0]->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_handshake_timeouts), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_connect_timeouts), 0);
	sim_end(&s);
}

static void
connect_deadline(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-4");
	s.national.no_tcp = true;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 2999);
	assert_false(s.conns[0]->closed_by_engine);
	sim_run(&s, 1);
	assert_true(s.conns[0]->closed_by_engine);
	assert_int_equal(sim_counter(&s, RGW_CTR_connect_timeouts), 1);
	sim_end(&s);
}

/* The option connect-rate allows so many attempts in a stretch of time, whatever the load asks for. */
static void
connect_rate_bites(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnect-rate = 6/m burst 2\nconnections = 4-4");
	sim_start(&s);
	sim_run(&s, 5000);
	assert_int_equal(s.n_conns, 2);
	assert_true(sim_counter(&s, RGW_CTR_connect_rate_limited) > 0);
	sim_run(&s, 15000);
	assert_int_equal(s.n_conns, 4);
	sim_end(&s);
}

static void
minimum_is_kept_open(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 2-4");
	sim_start(&s);
	sim_run(&s, 1000);
	assert_int_equal(sim_count_up(&s), 2);
	sim_cut(&s, sim_first_up(&s));
	sim_run(&s, 2000);
	assert_int_equal(sim_count_up(&s), 2);
	sim_end(&s);
}

/* `idle-timeout = 0`: nobody closes a connection because it is not used, whoever opened it. */
static void
idle_connections_without_timeout_stay(void **state)
{
	struct sim s;
	struct sim_conn *in;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nidle-timeout = 0\n[peer visitor]\nidle-timeout = 0");
	sim_start(&s);
	many(&s, 1);
	in = sim_visit(&s);
	/* Longer than a time of 32 bits in milliseconds. */
	sim_run(&s, UINT64_C(60) * 86400 * 1000);
	assert_true(s.conns[0]->up);
	assert_true(in->up);
	assert_int_equal(s.n_conns, 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_idle_timeouts), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_lost), 0);
	sim_end(&s);
}

/* The gateway starts without DNS, and what waits goes out when the name resolves (features 76, 77). */
static void
name_that_resolves_later(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "radius.example");
	s.no_dns = true;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 1000);
	assert_int_equal(s.n_conns, 0);
	assert_true(sim_counter(&s, RGW_CTR_resolve_failed) > 0);
	s.no_dns = false;
	sim_run(&s, 3500);
	assert_int_equal(r->answers, 1);
	assert_string_equal(s.conns[0]->host, "radius.example");
	assert_int_equal(s.conns[0]->to.ip[3], 1);
	assert_int_equal(s.conns[0]->to.port, 2083);
	sim_end(&s);
}

/* The address changes; when the record is old it is asked for again, and the next connection goes
 * to the new one. The open connection is left alone. */
static void
name_is_resolved_again_by_ttl(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "radius.example");
	s.dns_ttl = 120;
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 1000);
	s.dns_ip = 77;
	sim_run(&s, 118000);
	assert_int_equal(s.dns_asked, 1);
	sim_run(&s, 2000);
	assert_int_equal(s.dns_asked, 2);
	assert_int_equal(sim_count_up(&s), 1);
	sim_cut(&s, sim_first_up(&s));
	sim_request(&s, 1, 5001, 1, "user@example.org");
	sim_run(&s, 1000);
	assert_int_equal(sim_first_up(&s)->to.ip[3], 77);
	/* A look-up that fails takes no address away. */
	s.no_dns = true;
	sim_run(&s, 300000);
	sim_cut(&s, sim_first_up(&s));
	sim_request(&s, 1, 5002, 1, "user@example.org");
	sim_run(&s, 1000);
	assert_int_equal(sim_first_up(&s)->to.ip[3], 77);
	sim_end(&s);
}

/* A record that is good for years is asked for once a day all the same. */
static void
name_is_resolved_again_after_a_day(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "radius.example");
	sim_ini(&s, "[peer national]\nconnections = 0-4");
	s.dns_ttl = UINT32_MAX;
	sim_start(&s);
	sim_run(&s, 86399000);
	assert_int_equal(s.dns_asked, 1);
	s.dns_ip = 77;
	sim_run(&s, 2000);
	assert_int_equal(s.dns_asked, 2);
	sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 1000);
	assert_int_equal(sim_first_up(&s)->to.ip[3], 77);
	sim_end(&s);
}

/* One address refuses: the next is tried (P-TLS-20). */
static void
all_addresses_are_tried(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "radius.example");
	s.dns_ip2 = 2;
	s.national.refuse_ip = 1;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(s.conns[0]->to.ip[3], 1);
	assert_int_equal(s.conns[1]->to.ip[3], 2);
	sim_end(&s);
}

static void
out_of_descriptors(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.no_fds = true;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 2000);
	assert_in_range(sim_counter(&s, RGW_CTR_connections_failed), 1, 4);
	s.no_fds = false;
	sim_run(&s, 2500);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* The peer does not read: its buffer is full. Requests wait, and go on when there is room. */
static void
full_buffer_is_waited_for(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-1");
	sim_start(&s);
	sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 100);
	c = sim_first_up(&s);
	c->full = true;
	r = sim_request(&s, 1, 5000, 2, "user@example.org");
	sim_run(&s, 100);
	assert_int_equal(sim_sends(&s, r->nonce), 0);
	c->full = false;
	rgw_conn_on_writable(c->engine, s.now);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* SIGTERM: what is in flight is finished, new work is not begun. */
static void
drain_finishes_what_is_open(void **state)
{
	struct sim s;
	struct sim_req *open;
	struct sim_req *late;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 1000;
	sim_start(&s);
	open = sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 500);
	rgw_gw_drain(s.gw);
	late = sim_request(&s, 1, 5000, 2, "user@example.org");
	sim_again(&s, open);
	sim_run(&s, 1000);
	assert_int_equal(open->answers, 1);
	assert_int_equal(late->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_while_draining), 1);
	assert_int_equal(rgw_gw_pending(s.gw), 0);
	sim_end(&s);
}

/* The gateway stops in the middle of everything: all memory comes back (the sanitizer looks). */
static void
stop_in_the_middle(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	many(&s, 400);
	sim_run(&s, 100);
	many(&s, 20);
	sim_abort(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_connection_moves_its_requests),
		cmocka_unit_test(restarted_peer_answers_what_was_open),
		cmocka_unit_test(three_hundred_at_once),
		cmocka_unit_test(almost_two_thousand_at_once),
		cmocka_unit_test(queue_has_an_end),
		cmocka_unit_test(waiting_has_an_end),
		cmocka_unit_test(back_off_grows),
		cmocka_unit_test(attempts_are_spread),
		cmocka_unit_test(requests_do_not_reset_the_back_off),
		cmocka_unit_test(handshake_deadline),
		cmocka_unit_test(connect_deadline),
		cmocka_unit_test(connect_rate_bites),
		cmocka_unit_test(minimum_is_kept_open),
		cmocka_unit_test(idle_connections_without_timeout_stay),
		cmocka_unit_test(name_that_resolves_later),
		cmocka_unit_test(name_is_resolved_again_by_ttl),
		cmocka_unit_test(name_is_resolved_again_after_a_day),
		cmocka_unit_test(all_addresses_are_tried),
		cmocka_unit_test(out_of_descriptors),
		cmocka_unit_test(full_buffer_is_waited_for),
		cmocka_unit_test(drain_finishes_what_is_open),
		cmocka_unit_test(stop_in_the_middle),
	};

	return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
