/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about watchdogs: peers that hang, come back, or do not know Status-Server (P-WD, P-FO). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define USER "user@example.org"

/* A pool of national and second; both are asked with Status-Server. */
static void
init(struct sim *s)
{
	sim_init(s, "198.51.100.1");
	sim_to_pool(s, "national, second");
	sim_ini(s, "[pool federation]\nretry-after = 0\n"
	    "[peer national]\nstatus-server = on\n"
	    "[peer second]\nstatus-server = on");
}

/* National is the only peer; `status` is its option status-server. */
static void
init_alone(struct sim *s, const char *status)
{
	sim_init(s, "198.51.100.1");
	sim_ini(s, "[peer national]\nstatus-server = %s", status);
}

static struct sim_req *
login(struct sim *s)
{
	return sim_request(s, 1, (uint16_t)(10000 + s->n_reqs), 1, USER);
}

static void
many(struct sim *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		login(s);
}

/* P-SS-7: the answer to a Status-Server is an Access-Accept, and yet lets nobody in; the login stays open. */
static void
status_answer_is_no_login(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_alone(&s, "on");
	sim_ini(&s, "[peer national]\nwatchdog = 6s");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	r = login(&s);
	sim_run(&s, 25000);
	assert_true(sim_counter(&s, RGW_CTR_watchdogs_answered) >= 2);
	assert_int_equal(r->answers, 0);
	sim_reply(&s, r->got, 0);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* P-WD-2, P-TCP-18, P-TCP-19: a connection that is not used is asked with Status-Server, about twice a minute. */
static void
idle_connection_is_watched(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer second]\nconnections = 0-4");
	sim_start(&s);
	login(&s);
	sim_run(&s, 600000);
	assert_in_range(s.national.probes, 18, 22);
	assert_int_equal(sim_counter(&s, RGW_CTR_watchdogs_answered), s.national.probes);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_suspected), 0);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

/* P-WD-3: packets that come by themselves are as good as answers to Status-Server. */
static void
busy_connection_needs_no_watchdog(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	for (unsigned i = 0; i < 100; i++) {
		login(&s);
		sim_run(&s, 10000);
	}
	/* The only Status-Server is the one with which each connection begins. */
	assert_int_equal(s.national.probes, 1);
	sim_end(&s);
}

/* P-WD-5, P-WD-14, P-FO-1: a hanging peer is suspected after two intervals without a packet, what is open moves at
 * once, and after another interval its connection is closed. */
static void
hanging_peer_is_suspected_then_closed(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	login(&s);
	sim_run(&s, 1000);
	s.national.hang = true;
	many(&s, 50);
	sim_run(&s, 28000 * 2 - 1000);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_suspected), 0);
	/* The requests have ended by now, so there are new ones. */
	many(&s, 50);
	sim_run(&s, 64000 - 28000 * 2 + 100);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_suspected), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_moved), 50);
	assert_int_equal(s.second.requests, 50);
	assert_int_equal(sim_answered(&s), 51);
	assert_int_equal(sim_count_to(&s, &s.national), 1);
	/* New requests go elsewhere from now on. */
	many(&s, 10);
	sim_run(&s, 100);
	assert_int_equal(s.second.requests, 60);
	sim_run(&s, 32000);
	assert_int_equal(sim_count_to(&s, &s.national), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_watchdog_timeouts), 1);
	sim_end(&s);
}

/* P-WD-6, P-WD-7: a peer whose connection was closed by its watchdog is tried again, and must prove itself. That
 * nothing was open any more when it was closed makes no difference. */
static void
closed_by_its_watchdog_it_is_a_failure(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	login(&s);
	sim_run(&s, 1000);
	s.national.answer = SIM_SILENT;
	s.national.no_status = true;
	sim_run(&s, 100000);
	assert_int_equal(sim_counter(&s, RGW_CTR_watchdog_timeouts), 1);
	/* The peer is called again, comes up, and answers nothing. */
	assert_int_equal(sim_count_to(&s, &s.national), 1);
	login(&s);
	sim_run(&s, 100);
	assert_int_equal(s.second.requests, 1);
	assert_int_equal(sim_answered(&s), 2);
	sim_end(&s);
}

/* P-WD-7, P-WD-9, P-FO-2: after three answers in a row a peer is trusted again; what has moved stays away. */
static void
reopened_peer_proves_itself(void **state)
{
	struct sim s;
	unsigned probes;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer second]\nconnections = 0-4");
	sim_start(&s);
	login(&s);
	sim_run(&s, 100);
	s.national.answer = SIM_SILENT;
	login(&s);
	s.national.refuse = true;
	s.second.delay = 20000;
	sim_cut_all(&s, &s.national);
	sim_run(&s, 2000);
	assert_int_equal(s.second.requests, 1);
	s.national.answer = SIM_ANSWER;
	s.national.refuse = false;
	s.national.delay = 1000;
	while (sim_count_to(&s, &s.national) == 0)
		sim_run(&s, 10);
	probes = s.national.probes;
	assert_int_equal(probes, 2);
	/* The Status-Servers go out one after the other, each when the last one was answered. */
	for (unsigned i = 0; i < 3; i++) {
		login(&s);
		assert_int_equal(s.second.requests, 2 + i);
		sim_run(&s, 1000);
	}
	assert_int_equal(s.national.probes, probes + 2);
	assert_string_equal(s.last_event, "connection-okay");
	login(&s);
	assert_int_equal(s.national.requests, 3);
	sim_run(&s, 25000);
	assert_int_equal(sim_answered(&s), 6);
	assert_int_equal(sim_sends(&s, s.reqs[1]->nonce), 2);
	sim_end(&s);
}

/* A peer that has not proven itself is better than nothing. */
static void
reopened_peer_is_used_if_there_is_no_other(void **state)
{
	struct sim s;

	(void)state;
	init_alone(&s, "on");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	many(&s, 20);
	sim_run(&s, 100);
	s.national.no_status = true;
	s.national.answer = SIM_ANSWER;
	sim_cut_all(&s, &s.national);
	sim_run(&s, 1000);
	/* There is another connection or two beside it for requests that may be why the first one has ended. */
	assert_in_range(s.national.probes, 3, 4);
	assert_int_equal(sim_answered(&s), 20);
	login(&s);
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 21);
	sim_end(&s);
}

/* Of two connections the one that has proven itself is used. */
static void
reopened_connection_beside_a_good_one(void **state)
{
	struct sim s;
	size_t n;

	(void)state;
	init_alone(&s, "on");
	sim_ini(&s, "[peer national]\nconnections = 2-4");
	sim_start(&s);
	sim_run(&s, 1000);
	s.national.answer = SIM_SILENT;
	many(&s, 20);
	s.national.answer = SIM_ANSWER;
	n = s.n_conns;
	sim_cut_all(&s, &s.national);
	while (s.n_conns < n + 2)
		sim_run(&s, 1);
	s.conns[n]->mute = true;
	sim_run(&s, 1000);
	assert_in_range(sim_count_up(&s), 2, 4);
	many(&s, 10);
	sim_run(&s, 100);
	/* One of the first twenty may have been tried there, before it was known to be mute. */
	assert_in_range(sim_answered(&s), 29, 30);
	assert_in_range(s.conns[n]->sent, 1, 3);
	sim_end(&s);
}

/* P-WD-7: a peer that gives no answer goes on being no good, and its connection is closed in the end. */
static void
reopened_peer_that_proves_nothing(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	login(&s);
	sim_run(&s, 100);
	s.national.answer = SIM_SILENT;
	login(&s);
	s.national.no_status = true;
	s.national.answer = SIM_ANSWER;
	sim_cut_all(&s, &s.national);
	for (unsigned i = 0; i < 100; i++) {
		login(&s);
		sim_run(&s, 1000);
	}
	assert_int_equal(s.national.requests, 2);
	assert_int_equal(sim_answered(&s), 102);
	assert_in_range(sim_counter(&s, RGW_CTR_watchdog_timeouts), 1, 2);
	sim_end(&s);
}

/* A peer that has not proven itself yet draws nothing from a member that is back in a moment. */
static void
reopened_peer_gets_nothing_from_others(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nconnections = 0-4");
	sim_start(&s);
	/* Second had something to do when it went away. */
	s.national.refuse = true;
	s.second.answer = SIM_SILENT;
	login(&s);
	sim_run(&s, 100);
	assert_int_equal(s.second.requests, 1);
	s.national.refuse = false;
	s.second.no_status = true;
	sim_cut_all(&s, &s.second);
	sim_run(&s, 2000);
	assert_in_range(sim_count_to(&s, &s.second), 1, 2);
	assert_int_equal(sim_count_to(&s, &s.national), 1);
	s.national.answer = SIM_SILENT;
	r = login(&s);
	sim_run(&s, 10);
	s.national.answer = SIM_ANSWER;
	sim_cut_all(&s, &s.national);
	sim_run(&s, 300);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_sends_to(&s, r, &s.second), 0);
	sim_end(&s);
}

/* P-FO-1: if there is nowhere to go, what is open stays where it is, and its answer still counts. */
static void
suspected_alone_nothing_moves(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init_alone(&s, "on");
	sim_ini(&s, "[peer national]\nwatchdog = 6s");
	s.national.answer = SIM_SILENT;
	s.national.no_status = true;
	sim_start(&s);
	r = login(&s);
	while (sim_counter(&s, RGW_CTR_connections_suspected) == 0)
		sim_run(&s, 10);
	assert_int_equal(sim_sends(&s, r->nonce), 1);
	/* A new request goes there, too. */
	login(&s);
	assert_int_equal(s.national.requests, 2);
	sim_reply(&s, r->got, 0);
	assert_int_equal(r->answers, 1);
	/* P-WD-8: any packet ends the suspicion. */
	assert_int_equal(sim_counter(&s, RGW_CTR_watchdog_timeouts), 0);
	sim_run(&s, 3000);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

/* P-TCP-28 allows it because the first connection is not OKAY any more; P-TCP-27 forbids to come back. */
static void
suspected_connection_beside_a_good_one(void **state)
{
	struct sim s;
	struct sim_conn *first, *other;

	(void)state;
	init_alone(&s, "on");
	sim_ini(&s, "[peer national]\nwatchdog = 6s\nconnections = 2-4");
	sim_start(&s);
	sim_run(&s, 1000);
	first = sim_first_to(&s, &s.national);
	other = s.conns[first->number == 1 ? 1 : 0];
	first->mute = true;
	s.national.answer = SIM_SILENT;
	many(&s, 100);
	assert_in_range(first->sent, 51, 53);
	while (sim_counter(&s, RGW_CTR_connections_suspected) == 0)
		sim_run(&s, 10);
	assert_in_range(other->sent, 100, 106);
	/* And now the good one ends: what was on the other one before must not go there again; the world
	 * looks. */
	s.national.answer = SIM_ANSWER;
	sim_cut(&s, other);
	sim_run(&s, 1000);
	assert_int_equal(sim_answered(&s), 50);
	sim_end(&s);
}

/* The neighbour has no room: what was moved waits, and does not come back to where it was. */
static void
suspected_connection_beside_a_full_one(void **state)
{
	struct sim s;
	struct sim_conn *first, *other;
	size_t n;

	(void)state;
	init_alone(&s, "on");
	sim_ini(&s, "[peer national]\nwatchdog = 6s\nconnections = 2-2");
	s.seed = 1;
	sim_start(&s);
	sim_run(&s, 1000);
	first = sim_first_to(&s, &s.national);
	other = s.conns[first->number == 1 ? 1 : 0];
	first->mute = true;
	s.national.answer = SIM_SILENT;
	many(&s, 20);
	/* From now on the connection waits for the answer to its Status-Server. */
	n = first->sent;
	while (first->sent == n)
		sim_run(&s, 10);
	sim_set_full(&s, other, true);
	while (sim_counter(&s, RGW_CTR_connections_suspected) == 0)
		sim_run(&s, 10);
	/* New requests may go to the suspected connection meanwhile, past those that wait. */
	s.national.answer = SIM_ANSWER;
	first->mute = false;
	many(&s, 5);
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 5);
	sim_set_full(&s, other, false);
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 15);
	sim_end(&s);
}

/* P-TCP-15, P-FO-1: a peer is not given up because of one connection. What is open on that one moves to the other
 * one, and the pool goes on choosing the peer. */
static void
suspected_connection_does_not_condemn_its_peer(void **state)
{
	struct sim s;
	struct sim_conn *first;
	size_t n;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nwatchdog = 6s\nconnections = 2-2");
	sim_start(&s);
	sim_run(&s, 1000);
	first = sim_first_to(&s, &s.national);
	first->mute = true;
	s.national.answer = SIM_SILENT;
	many(&s, 20);
	s.national.answer = SIM_ANSWER;
	n = first->sent;
	while (sim_counter(&s, RGW_CTR_connections_suspected) == 0)
		sim_run(&s, 10);
	assert_in_range(n, 10, 12);
	sim_run(&s, 100);
	assert_in_range(sim_answered(&s), 10, 11);
	many(&s, 20);
	sim_run(&s, 100);
	assert_in_range(sim_answered(&s), 30, 31);
	assert_true(first->up);
	assert_int_equal(s.second.requests, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_moved), 0);
	sim_end(&s);
}

/* P-TCP-15: what another member answered came to nothing on one connection of the first choice. That it was silent
 * altogether is not known before its other connection has been asked. */
static void
silent_connection_does_not_condemn_its_peer(void **state)
{
	(void)state;
	for (int alive = 0; alive <= 1; alive++) {
		struct sim s;

		init(&s);
		sim_ini(&s, "[pool federation]\ndead-realm = 0\nretry-after = 3s\n[peer national]\nconnections = 2-2");
		sim_start(&s);
		sim_run(&s, 1000);
		login(&s);
		sim_run(&s, 10);
		s.national.hang = alive == 0;
		s.national.answer = SIM_SILENT;
		login(&s);
		s.reqs[1]->got->conn->mute = true;
		sim_run(&s, 3100);
		assert_int_equal(s.reqs[1]->answers, 1);
		assert_int_equal(s.second.requests, 1);
		s.national.answer = SIM_ANSWER;
		login(&s);
		sim_run(&s, 100);
		assert_int_equal(s.reqs[2]->answers, 1);
		assert_int_equal(s.second.requests, 1 + !alive);
		sim_end(&s);
	}
}

/* P-WD-12: whatever packet comes shows that the peer lives, even one that is of no use. Inside TLS nobody else can
 * have sent it. */
static void
any_packet_shows_that_the_peer_lives(void **state)
{
	enum kind { NOTHING, REQUEST, UNKNOWN_CODE, UNMATCHED, FORGED, KINDS };

	(void)state;
	for (enum kind kind = NOTHING; kind < KINDS; kind++) {
		uint8_t packet[20] = { kind == REQUEST ? RGW_COA_REQUEST : kind == UNMATCHED ? RGW_ACCESS_REJECT : 99,
			77, 0, sizeof packet };
		struct sim s;

		init_alone(&s, "on");
		sim_ini(&s, "[peer national]\nbad-response = discard\n[gateway]\nrequest-lifetime = 300s");
		sim_start(&s);
		login(&s);
		sim_run(&s, 1000);
		s.national.no_status = true;
		s.national.answer = SIM_SILENT;
		login(&s);
		for (unsigned i = 0; i < 20; i++) {
			sim_run(&s, 10000);
			if (kind == FORGED)
				sim_reply_forged(&s, s.reqs[1]->got);
			else if (kind != NOTHING)
				sim_octets(&s, s.conns[0], packet, sizeof packet);
		}
		assert_int_equal(sim_counter(&s, RGW_CTR_connections_suspected) > 0, kind == NOTHING);
		assert_int_equal(sim_counter(&s, RGW_CTR_watchdog_timeouts) > 0, kind == NOTHING);
		sim_end(&s);
	}
}

/* ---- peers that do not answer Status-Server (P-WD-11) ---- */

static void
peer_that_ignores_status_server(void **state)
{
	struct sim s;
	unsigned probes;

	(void)state;
	init_alone(&s, "auto");
	s.national.no_status = true;
	sim_start(&s);
	login(&s);
	/* A Status-Server, then an answer to something else. */
	sim_run(&s, 33000);
	assert_int_equal(s.national.probes, 1);
	login(&s);
	sim_run(&s, 33000);
	assert_int_equal(s.national.probes, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_suspected), 0);
	sim_run(&s, 3600000);
	probes = s.national.probes;
	assert_int_equal(probes, 1);
	assert_int_equal(sim_count_up(&s), 1);
	/* The peer is not asked on another connection either, even after a failure. */
	s.national.answer = SIM_SILENT;
	login(&s);
	sim_cut_all(&s, &s.national);
	s.national.answer = SIM_ANSWER;
	sim_run(&s, 60000);
	assert_int_equal(s.national.probes, 1);
	assert_int_equal(sim_answered(&s), 3);
	sim_end(&s);
}

/* The secret of the peer is right, so its software is wrong, which is said once. It lives, and no login depends on
 * it. */
static void
peer_that_signs_status_answers_wrongly(void **state)
{
	static const char *const modes[] = { "auto", "on" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sim s;
		unsigned lines;

		init_alone(&s, modes[i]);
		s.national.misdone_status = true;
		sim_start(&s);
		login(&s);
		sim_run(&s, 300000);
		lines = s.log_lines;
		sim_run(&s, 600000);
		assert_int_equal(s.log_lines, lines);
		assert_true(sim_counter(&s, RGW_CTR_response_bad_message_authenticator) > 0);
		assert_int_equal(sim_counter(&s, RGW_CTR_connections_lost), 0);
		assert_int_equal(sim_counter(&s, RGW_CTR_watchdog_timeouts), 0);
		assert_in_range(s.national.probes, 25, 35);
		login(&s);
		sim_run(&s, 100);
		assert_int_equal(sim_answered(&s), 2);
		assert_int_equal(sim_count_up(&s), 1);
		sim_end(&s);
	}
}

/* The peer has answered something after the Status-Server with which the connection began, so it does not hang. */
static void
idle_peer_that_ignores_status_server(void **state)
{
	struct sim s;

	(void)state;
	init_alone(&s, "auto");
	s.national.no_status = true;
	sim_start(&s);
	login(&s);
	sim_run(&s, 3600000);
	assert_int_equal(sim_counter(&s, RGW_CTR_watchdog_timeouts), 0);
	assert_int_equal(s.n_conns, 1);
	login(&s);
	sim_run(&s, 100);
	assert_int_equal(sim_answered(&s), 2);
	sim_end(&s);
}

/* A peer that has answered Status-Server before does not ignore it: it hangs. */
static void
peer_that_answered_before_does_not_ignore_it(void **state)
{
	struct sim s;

	(void)state;
	init_alone(&s, "auto");
	sim_start(&s);
	login(&s);
	sim_run(&s, 40000);
	assert_int_equal(s.national.probes, 2);
	s.national.no_status = true;
	sim_run(&s, 25000);
	login(&s);
	sim_run(&s, 70000);
	assert_int_equal(sim_counter(&s, RGW_CTR_watchdog_timeouts), 1);
	sim_end(&s);
}

/* A peer from which nothing at all came since hangs, whether it knows Status-Server or not. */
static void
hanging_peer_does_not_ignore_it(void **state)
{
	struct sim s;

	(void)state;
	init_alone(&s, "auto");
	sim_start(&s);
	login(&s);
	sim_run(&s, 1000);
	s.national.hang = true;
	sim_run(&s, 97000);
	assert_int_equal(sim_counter(&s, RGW_CTR_watchdog_timeouts), 1);
	sim_end(&s);
}

static void
watchdog_switched_off(void **state)
{
	struct sim s;

	(void)state;
	init_alone(&s, "off");
	sim_start(&s);
	login(&s);
	sim_run(&s, 100);
	s.national.hang = true;
	sim_run(&s, 3600000);
	assert_int_equal(s.national.probes, 0);
	assert_int_equal(sim_count_up(&s), 1);
	sim_end(&s);
}

/* ---- no failures ---- */

/* A connection that nobody used ends in order: no proof is needed, and no other member is. */
static void
idle_end_is_no_failure(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_ini(&s, "[peer national]\nconnections = 0-4");
	sim_start(&s);
	login(&s);
	sim_run(&s, 20000);
	sim_cut_all(&s, &s.national);
	sim_run(&s, 5000);
	/* The peer is not called before it is needed. */
	assert_int_equal(sim_count_to(&s, &s.national), 0);
	login(&s);
	sim_run(&s, 100);
	assert_int_equal(s.national.requests, 2);
	assert_int_equal(s.national.probes, 2);
	assert_int_equal(s.second.requests, 0);
	sim_end(&s);
}

/* The machine was suspended for an hour: all time limits have passed at once. */
static void
suspended_machine(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	login(&s);
	sim_run(&s, 1000);
	s.national.delay = 100;
	many(&s, 10);
	sim_jump(&s, 3600000);
	sim_run(&s, 1000);
	assert_int_equal(sim_counter(&s, RGW_CTR_connections_suspected), 0);
	many(&s, 10);
	sim_run(&s, 1000);
	/* The answers were there before the time limits were looked at. */
	assert_int_equal(sim_answered(&s), 21);
	assert_int_equal(s.second.requests, 0);
	assert_int_equal(sim_count_to(&s, &s.national), 1);
	sim_end(&s);
}

/* The machine was suspended while a Status-Server was under way, and the connection is dead when it wakes up. */
static void
suspended_machine_with_a_dead_connection(void **state)
{
	struct sim s;

	(void)state;
	init(&s);
	sim_start(&s);
	login(&s);
	sim_run(&s, 31000);
	s.national.hang = true;
	sim_run(&s, 31000);
	sim_jump(&s, 3600000);
	many(&s, 10);
	sim_run(&s, 1000);
	/* Nothing is lost, whatever was suspected meanwhile. */
	s.national.hang = false;
	many(&s, 10);
	sim_run(&s, 33000 * 2);
	many(&s, 10);
	sim_run(&s, 1000);
	assert_true(sim_answered(&s) >= 21);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_answer_is_no_login),
		cmocka_unit_test(idle_connection_is_watched),
		cmocka_unit_test(busy_connection_needs_no_watchdog),
		cmocka_unit_test(hanging_peer_is_suspected_then_closed),
		cmocka_unit_test(closed_by_its_watchdog_it_is_a_failure),
		cmocka_unit_test(reopened_peer_proves_itself),
		cmocka_unit_test(reopened_peer_is_used_if_there_is_no_other),
		cmocka_unit_test(reopened_connection_beside_a_good_one),
		cmocka_unit_test(reopened_peer_that_proves_nothing),
		cmocka_unit_test(reopened_peer_gets_nothing_from_others),
		cmocka_unit_test(suspected_alone_nothing_moves),
		cmocka_unit_test(suspected_connection_beside_a_good_one),
		cmocka_unit_test(suspected_connection_beside_a_full_one),
		cmocka_unit_test(suspected_connection_does_not_condemn_its_peer),
		cmocka_unit_test(silent_connection_does_not_condemn_its_peer),
		cmocka_unit_test(any_packet_shows_that_the_peer_lives),
		cmocka_unit_test(peer_that_ignores_status_server),
		cmocka_unit_test(peer_that_signs_status_answers_wrongly),
		cmocka_unit_test(idle_peer_that_ignores_status_server),
		cmocka_unit_test(peer_that_answered_before_does_not_ignore_it),
		cmocka_unit_test(hanging_peer_does_not_ignore_it),
		cmocka_unit_test(watchdog_switched_off),
		cmocka_unit_test(idle_end_is_no_failure),
		cmocka_unit_test(suspended_machine),
		cmocka_unit_test(suspended_machine_with_a_dead_connection),
	};

	return cmocka_run_group_tests_name("watchdogs", tests, NULL, NULL);
}
