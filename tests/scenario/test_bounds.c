/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about bounds: of what others can make the gateway remember, and of what it answers without remembering. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/engine/links/links.h"
#include "../../src/engine/requests/requests.h"
#include "radsecgw/wire.h"
#include "sim.h"

#define USER "user@example.org"
#define REFUSED "user@refused.example"

#define KIB 1024u
#define MIB (1024u * KIB)

static struct rgw_gw_usage
usage_of(const struct sim *s)
{
	struct rgw_gw_usage usage;

	rgw_gw_get_usage(s->gw, &usage);
	return usage;
}

/* n octets of Proxy-State, which an answer has to bring back. */
static size_t
proxy_states(uint8_t out[static 4096], size_t n)
{
	struct rgw_wr w = rgw_wr_of(out, 4096);

	while (w.len < n) {
		size_t len = n - w.len < 255 ? n - w.len : 255;

		rgw_wr_u8(&w, RGW_PROXY_STATE);
		rgw_wr_u8(&w, (uint8_t)len);
		for (size_t i = 2; i < len; i++)
			rgw_wr_u8(&w, (uint8_t)i);
	}
	return w.len;
}

/* The NAS sends a request with so many octets of Proxy-State, each from a port of its own. */
static struct sim_req *
login(struct sim *s, const char *user, size_t octets)
{
	uint8_t more[4096];
	struct sim_spec spec = { .port = (uint16_t)(1024 + s->n_reqs), .id = 1, .user = user, .more = more,
		.more_len = proxy_states(more, octets) };

	return sim_request_with(s, &spec);
}

/* The same from the visitor, each under an identifier of its own. */
static struct sim_req *
visitor_login(struct sim *s, struct sim_conn *c, const char *user, size_t octets)
{
	uint8_t more[4096];
	struct sim_spec spec = { .id = (uint8_t)s->n_reqs, .user = user, .more = more,
		.more_len = proxy_states(more, octets) };

	return sim_ask_with(s, c, &spec);
}

/* ---- kept answers ---- */

/* A client makes the gateway refuse many requests, and each refusal has to repeat 3.5 KB of Proxy-State. */
static void
kept_answers_are_bounded_in_octets(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm refused.example]\nreject = No.");
	sim_start(&s);
	for (unsigned i = 0; i < 15000; i++) {
		login(&s, REFUSED, 3500);
		assert_true(usage_of(&s).kept <= 8 * MIB);
		if (i % 100 == 0)
			sim_run(&s, 1);
	}
	assert_in_range(usage_of(&s).kept, 8 * MIB - 8 * KIB, 8 * MIB);
	/* Each takes a buffer of 4096 octets and its entry. */
	assert_in_range(usage_of(&s).requests, 1950, 1990);
	assert_int_equal(sim_counter(&s, RGW_CTR_answers_crowded_out), 15000 - usage_of(&s).requests);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_rejected), 15000);
	assert_true(s.gw->bufs.slab[5].n_chunks * RGW_SLAB_CHUNK < 9 * MIB);
	/* The memory of that goes back when the duplicate window is over. */
	sim_run(&s, 10001);
	assert_int_equal(usage_of(&s).kept, 0);
	assert_int_equal(s.gw->bufs.slab[5].n_chunks, 1);
	assert_int_equal(s.gw->dups.cache.slab.n_chunks, 1);
	assert_true(s.gw->dups.cache.tab.mask < 32);
	sim_end(&s);
}

/* The oldest go first: those who may still wait for their answer get it again. */
static void
oldest_answers_are_forgotten_first(void **state)
{
	struct sim_req *first, *last;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm refused.example]\nreject = No.\n[gateway]\nkept-answers = 64k");
	sim_start(&s);
	first = login(&s, REFUSED, 100);
	for (unsigned i = 0; i < 200; i++)
		login(&s, REFUSED, 100);
	last = login(&s, REFUSED, 100);
	assert_in_range(usage_of(&s).kept, 63 * KIB, 64 * KIB);
	sim_again(&s, last);
	assert_int_equal(last->answers, 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_rejected), 202);
	sim_again(&s, first);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_rejected), 203);
	sim_end(&s);
}

/* A request that is stopped for the harm it does is kept without an answer, and counts for what that takes. */
static void
stopped_request_counts(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national");
	sim_ini(&s, "[pool federation]\noutage-auth = drop");
	s.national.answer = SIM_BAD_MSGAUTH;
	sim_start(&s);
	login(&s, USER, 3500);
	sim_run(&s, 100);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_bad_answer), 1);
	assert_int_equal(usage_of(&s).requests, 1);
	assert_int_equal(usage_of(&s).octets, 0);
	assert_in_range(usage_of(&s).kept, sizeof(struct rgw_entry), sizeof(struct rgw_entry) + 16);
	sim_again(&s, s.reqs[0]);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 1);
	sim_end(&s);
}

/* P-DUP-7, P-TCP-27: of what came on a connection no answer is kept, however many there are. */
static void
connections_keep_no_answers(void **state)
{
	struct sim_conn *c;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm refused.example]\nreject = No.");
	sim_start(&s);
	c = sim_visit(&s);
	for (unsigned i = 0; i < 200; i++)
		visitor_login(&s, c, REFUSED, 3500);
	assert_int_equal(usage_of(&s).requests, 200);
	assert_int_equal(usage_of(&s).buffers, 0);
	assert_true(usage_of(&s).kept <= 200 * (sizeof(struct rgw_entry) + 16));
	sim_ask_again(&s, s.reqs[7]);
	assert_int_equal(s.reqs[7]->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_rejected), 200);
	sim_end(&s);
}

/* ---- requests that are worked on ---- */

/* Nobody answers. A client fills what it may have, and whoever asks little is still served; then the other way
 * round. What is counted never exceeds the bound. */
static void
requests_are_bounded_in_octets(void **state)
{
	struct sim_conn *c;
	struct sim s;
	size_t n;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nqueue = 100000\n[gateway]\nmax-request-octets = 1m");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	for (unsigned i = 0; i < 1000; i++) {
		login(&s, USER, 3500);
		assert_true(usage_of(&s).octets <= 1 * MIB);
	}
	n = rgw_gw_pending(s.gw);
	/* Four fifths of the whole, in pieces of less than 5 KiB each. */
	assert_in_range(usage_of(&s).octets, 814 * KIB, 824 * KIB);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_over_share), 1000 - n);
	assert_string_equal(s.last_event, "requests-over-share");
	assert_non_null(strstr(s.last_line, "client=nas"));
	for (unsigned i = 0; i < 100; i++)
		visitor_login(&s, c, USER, 10);
	assert_int_equal(rgw_gw_pending(s.gw), n + 100);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_over_share), 1000 - n);
	/* The visitor, too, can only have its part. */
	for (unsigned i = 0; i < 150; i++)
		visitor_login(&s, c, USER, 3500);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_no_room), 0);
	assert_string_equal(s.last_event, "requests-over-share");
	assert_non_null(strstr(s.last_line, "from_peer=visitor"));
	assert_true(usage_of(&s).octets <= 1 * MIB);
	assert_true(s.gw->bufs.slab[5].n_chunks * RGW_SLAB_CHUNK < 1 * MIB);
	/* All that goes back when nobody works on it any more. */
	sim_run(&s, 41000);
	assert_int_equal(usage_of(&s).octets, 0);
	assert_int_equal(s.gw->bufs.slab[5].n_chunks, 1);
	assert_int_equal(s.gw->reqs.n_chunks, 1);
	sim_end(&s);
}

/* The same in numbers. */
static void
max_requests_is_shared_fairly(void **state)
{
	struct sim_conn *c;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nqueue = 100000\n[gateway]\nmax-requests = 100");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	for (unsigned i = 0; i < 500; i++)
		login(&s, USER, 10);
	assert_int_equal(rgw_gw_pending(s.gw), 80);
	for (unsigned i = 0; i < 15; i++)
		visitor_login(&s, c, USER, 10);
	assert_int_equal(rgw_gw_pending(s.gw), 95);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_over_share), 420);
	sim_end(&s);
}

/* What is kept only for repetitions makes room for what is worked on. */
static void
kept_answers_give_way_to_requests(void **state)
{
	struct sim s;
	uint64_t kept;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm refused.example]\nreject = No.\n"
	    "[peer national]\nqueue = 100000\n"
	    "[gateway]\nmax-request-octets = 1m\nkept-answers = 512k");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	for (unsigned i = 0; i < 200; i++)
		login(&s, REFUSED, 3500);
	kept = usage_of(&s).kept;
	assert_in_range(kept, 507 * KIB, 512 * KIB);
	assert_int_equal(sim_counter(&s, RGW_CTR_answers_forgotten), 0);
	for (unsigned i = 0; i < 300; i++) {
		login(&s, USER, 3500);
		assert_true(usage_of(&s).octets + usage_of(&s).kept <= 1 * MIB);
	}
	assert_in_range(usage_of(&s).octets, 814 * KIB, 824 * KIB);
	assert_true(usage_of(&s).kept < kept / 2);
	assert_in_range(sim_counter(&s, RGW_CTR_answers_forgotten), 70, 80);
	sim_end(&s);
}

/* Clients that share nearly all there is, so that none has much. */
#define CLIENTS 40

/* A login of one client after the other. */
static struct sim_req *
login_in_turn(struct sim *s, size_t octets)
{
	uint8_t more[4096];
	struct sim_spec spec = { .nas = (uint8_t)(s->n_reqs % CLIENTS), .port = (uint16_t)(1024 + s->n_reqs),
		.id = 1, .user = USER, .more = more, .more_len = proxy_states(more, octets) };

	return sim_request_with(s, &spec);
}

/* Over UDP each has a copy that is sent again. When there is no room for one, the request waits for it. */
static void
copies_count(void **state)
{
	struct sim_req *late;
	struct sim s;
	uint64_t one;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_server(&s);
	sim_ini(&s, "[gateway]\nmax-request-octets = 1m");
	for (unsigned i = 1; i < CLIENTS; i++)
		sim_ini(&s, "[client %u]\naddress = 192.0.2.%u\nsecret = " SIM_SECRET, i, 10 + i);
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	login_in_turn(&s, 3500);
	one = usage_of(&s).octets;
	assert_in_range(one, 8 * KIB, 9 * KIB);
	while (MIB - usage_of(&s).octets >= 2 * one)
		login_in_turn(&s, 3500);
	assert_int_equal(usage_of(&s).octets, s.n_reqs * one);
	while (MIB - usage_of(&s).octets >= one)
		login_in_turn(&s, 10);
	/* This one fits, but its copy does not. */
	assert_int_equal(sim_counter(&s, RGW_CTR_server_waits), 0);
	late = visitor_login(&s, sim_visit(&s), USER, 3500);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_over_share), 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_waits), 1);
	assert_null(late->got);
	sim_server_reply(&s, s.got[0], 0);
	sim_run(&s, 10);
	assert_non_null(late->got);
	for (unsigned i = 1; i < s.n_got; i++)
		sim_server_reply(&s, s.got[i], 0);
	assert_int_equal(late->answers, 1);
	assert_int_equal(usage_of(&s).octets, 0);
	sim_end(&s);
}

/* Requests come from a peer's queue to a server, and there is no memory for their copies. The server's queue is looked
 * at as far as its first request then, and not from one end to the other each time. */
static void
queue_without_memory_costs_little(void **state)
{
	struct sim_conn *c;
	unsigned lines;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, local");
	sim_ini(&s, "[peer national]\nqueue = 1000\n[gateway]\nmax-request-octets = 1m\n[client nas]\npool = local");
	for (unsigned i = 1; i < CLIENTS; i++)
		sim_ini(&s, "[client %u]\naddress = 192.0.2.%u\nsecret = " SIM_SECRET "\npool = local", i, 10 + i);
	sim_rewrite(&s, "server local", "rewrite-out", "add = Filter-Id = x");
	s.national.no_tcp = true;
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	for (unsigned i = 0; i < 150; i++)
		visitor_login(&s, c, USER, 3500);
	for (unsigned i = 0; i < 500 && MIB - usage_of(&s).octets >= 20 * KIB; i++)
		login_in_turn(&s, 3500);
	for (unsigned i = 0; i < 500 && MIB - usage_of(&s).octets >= 4 * KIB; i++)
		login_in_turn(&s, 10);
	assert_true(MIB - usage_of(&s).octets < 4 * KIB);
	sim_run(&s, 5000);
	assert_int_equal(rgw_server_by_id(s.gw, 0)->ports[0].queue.n, 150);
	lines = s.log_lines;
	sim_run(&s, 1000);
	assert_in_range(s.log_lines - lines, 1, 10);
	sim_abort(&s);
}

/* A client's requests wait at a peer, where they need no copies. When all of them are tried at a server, too, their
 * copies do not take what others need. */
static void
copies_are_shared_fairly(void **state)
{
	struct sim_conn *c;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[server local]\nmax-requests = 65536");
	sim_to_pool(&s, "national, local");
	sim_ini(&s, "[peer national]\nqueue = 100000\n[gateway]\nmax-request-octets = 1m");
	s.national.answer = s.server.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	for (unsigned i = 0; i < 300; i++)
		login(&s, USER, 3500);
	sim_run(&s, 4000);
	assert_in_range(sim_counter(&s, RGW_CTR_requests_doubled), 1, 300);
	assert_in_range(usage_of(&s).octets, 814 * KIB, 850 * KIB);
	for (unsigned i = 0; i < 50; i++)
		visitor_login(&s, c, USER, 10);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_no_room), 0);
	assert_non_null(s.reqs[349]->got);
	sim_end(&s);
}

/* One asker's requests fit into what it may have, and one of their copies does not: that one ends, and whoever asks
 * little goes on. */
static void
copy_over_the_share_ends_its_request(void **state)
{
	struct sim_conn *c;
	struct sim s;
	uint64_t sent;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_server(&s);
	sim_ini(&s, "[gateway]\nmax-request-octets = 1m");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	c = sim_visit(&s);
	/* What is left in the end is enough for a request, and not for its copy. */
	login(&s, USER, 600);
	while (sim_counter(&s, RGW_CTR_request_over_share) == 0) {
		login(&s, USER, 3500);
		assert_in_range(s.n_reqs, 1, 200);
	}
	assert_string_equal(s.last_event, "requests-over-share");
	sent = sim_counter(&s, RGW_CTR_server_sent);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), sent + 1);
	assert_int_equal(rgw_gw_pending(s.gw), sent);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_over_share), 0);
	visitor_login(&s, c, USER, 10);
	assert_int_equal(sim_counter(&s, RGW_CTR_server_sent), sent + 1);
	sim_end(&s);
}

/* ---- conversations ---- */

/* The visitor is challenged over and over. The NAS's only conversation is still known after that. */
static void
challenges_of_one_push_out_nobody(void **state)
{
	struct sim_conn *c;
	struct sim_req *r;
	struct sim_spec spec = { .port = 9, .id = 9, .user = USER, .eap = true };
	struct rgw_packet p;
	struct rgw_attr a;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	sim_ini(&s, "[gateway]\nmax-requests = 200");
	s.national.answer = s.second.answer = SIM_CHALLENGE;
	s.national.refuse = true;
	sim_start(&s);
	/* The first choice is away for a moment, so the conversation begins at the second. */
	sim_run(&s, 1000);
	r = sim_request_with(&s, &spec);
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	assert_ptr_equal(r->got->far, &s.second);
	s.national.refuse = false;
	sim_run(&s, 20000);
	c = sim_visit(&s);
	for (unsigned i = 0; i < 1000; i++) {
		spec.id = (uint8_t)i;
		sim_ask_with(&s, c, &spec);
		sim_run(&s, 5);
	}
	assert_int_equal(usage_of(&s).conversations, 81);
	assert_in_range(sim_counter(&s, RGW_CTR_conversations_forgotten), 900, 930);
	assert_ptr_equal(s.reqs[900]->got->far, &s.national);
	spec.id = 10;
	p = sim_packet_of(r->answer, r->answer_len);
	assert_true(rgw_packet_get(&p, RGW_AT_STATE, &a));
	spec.state = a.value;
	spec.state_len = a.len;
	r = sim_request_with(&s, &spec);
	sim_run(&s, 100);
	assert_ptr_equal(r->got->far, &s.second);
	/* They are forgotten in time, without anything else happening. */
	sim_run(&s, 320000);
	assert_int_equal(usage_of(&s).conversations, 0);
	sim_end(&s);
}

/* ---- what is answered without being remembered ---- */

/* So many Status-Servers at once, all from one client or on one connection. */
static void
probe(struct sim *s, struct sim_conn *c, uint8_t code, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (c != NULL)
			sim_ask(s, c, code, (uint8_t)i, NULL);
		else
			sim_request(s, code, (uint16_t)(2000 + i / 256), (uint8_t)i, NULL);
	}
}

static void
status_server_of_a_client_is_limited(void **state)
{
	struct sim_conn *c;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	probe(&s, NULL, RGW_STATUS_SERVER, 2000);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 200);
	assert_int_equal(sim_counter(&s, RGW_CTR_probes_too_fast), 1800);
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_sent), 200);
	assert_string_equal(s.last_event, "probes-too-fast");
	assert_non_null(strstr(s.last_line, "client=nas"));
	/* A peer has its own, and requests are served as ever. */
	c = sim_visit(&s);
	probe(&s, c, RGW_STATUS_SERVER, 100);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 300);
	login(&s, USER, 10);
	sim_run(&s, 1000);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_answered), 1);
	probe(&s, NULL, RGW_STATUS_SERVER, 200);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 400);
	sim_end(&s);
}

/* On all its connections together, and with what is answered with Protocol-Error. */
static void
status_server_of_a_peer_is_limited(void **state)
{
	struct sim_conn *c, *d;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer visitor]\nstatus-server-rate = 10/s burst 30");
	sim_start(&s);
	c = sim_visit(&s);
	d = sim_visit(&s);
	probe(&s, c, RGW_STATUS_SERVER, 10);
	probe(&s, d, RGW_COA_REQUEST, 10);
	probe(&s, d, RGW_STATUS_SERVER, 20);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 20);
	assert_int_equal(sim_counter(&s, RGW_CTR_tls_bad_code), 10);
	assert_int_equal(sim_counter(&s, RGW_CTR_probes_too_fast), 10);
	assert_string_equal(s.last_event, "probes-too-fast");
	assert_non_null(strstr(s.last_line, "from_peer=visitor"));
	probe(&s, c, RGW_COA_REQUEST, 100);
	assert_int_equal(sim_counter(&s, RGW_CTR_tls_bad_code), 10);
	assert_int_equal(sim_counter(&s, RGW_CTR_probes_too_fast), 110);
	assert_int_equal(sim_counter(&s, RGW_CTR_tls_sent), 30);
	assert_true(c->up && d->up);
	sim_run(&s, 1000);
	probe(&s, c, RGW_STATUS_SERVER, 100);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 30);
	sim_end(&s);
}

static void
status_server_without_limit(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[client nas]\nstatus-server-rate = 0");
	sim_start(&s);
	probe(&s, NULL, RGW_STATUS_SERVER, 5000);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 5000);
	sim_end(&s);
}

/* Somebody repeats a request that he has seen: the client gets its answer again a few times, not each time. Who
 * waits for another answer loses nothing by that. */
static void
answer_is_sent_again_only_so_often(void **state)
{
	struct sim_req *r, *q;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	r = login(&s, USER, 10);
	q = login(&s, USER, 10);
	sim_run(&s, 100);
	for (unsigned i = 0; i < 1000; i++)
		sim_again(&s, r);
	assert_int_equal(r->answers, 11);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 10);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_too_many), 990);
	assert_string_equal(s.last_event, "duplicates-too-many");
	assert_non_null(strstr(s.last_line, "client=nas"));
	assert_int_equal(s.n_got, 2);
	sim_again(&s, q);
	assert_int_equal(q->answers, 2);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_answers_are_bounded_in_octets),
		cmocka_unit_test(oldest_answers_are_forgotten_first),
		cmocka_unit_test(stopped_request_counts),
		cmocka_unit_test(connections_keep_no_answers),
		cmocka_unit_test(requests_are_bounded_in_octets),
		cmocka_unit_test(max_requests_is_shared_fairly),
		cmocka_unit_test(kept_answers_give_way_to_requests),
		cmocka_unit_test(copies_count),
		cmocka_unit_test(queue_without_memory_costs_little),
		cmocka_unit_test(copies_are_shared_fairly),
		cmocka_unit_test(copy_over_the_share_ends_its_request),
		cmocka_unit_test(challenges_of_one_push_out_nobody),
		cmocka_unit_test(status_server_of_a_client_is_limited),
		cmocka_unit_test(status_server_of_a_peer_is_limited),
		cmocka_unit_test(status_server_without_limit),
		cmocka_unit_test(answer_is_sent_again_only_so_often),
	};

	return cmocka_run_group_tests_name("bounds", tests, NULL, NULL);
}
