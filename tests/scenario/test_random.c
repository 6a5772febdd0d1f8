/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Nobody thinks of all orders in which things can happen, so here they happen at random: requests,
 * retransmissions, reused identifiers, answers in time, late, twice or forged, connections that are
 * refused, cut or full, visitors that come and go, servers that are silent or gone, and the end of it
 * all in the middle. What must always hold is checked by sim.c and sim_in.c. A seed replays exactly:
 * SIM_SEED=17 runs only that one, SIM_LOG=1 shows what the engine says.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/mem.h"
#include "sim.h"

#define SEEDS 60
#define STEPS 2500

static struct sim_got *
some_got(struct sim *s)
{
	/* Mostly one of the latest: that is where races are. */
	size_t back = sim_random(s, 4) == 0 ? s->n_got : 40;

	if (s->n_got == 0)
		return NULL;
	if (back > s->n_got)
		back = s->n_got;
	return s->got[s->n_got - 1 - sim_random(s, (uint32_t)back)];
}

/* The first leads to the server, the others to national. */
static const char *const users[] = { "s@server.example", "a@example.org", "b@example.net", "nobody",
	NULL };

static const char *
some_user(struct sim *s)
{
	return sim_random(s, 2) == 0 ? users[0] : users[sim_random(s, 5)];
}

/* One of the latest requests, or NULL; `visitor`: one that can be sent again on its connection. */
static struct sim_req *
some_req(struct sim *s, bool visitor)
{
	uint32_t recent = s->n_reqs < 40 ? (uint32_t)s->n_reqs : 40;
	struct sim_req *r = recent > 0 ? s->reqs[s->n_reqs - 1 - sim_random(s, recent)] : NULL;

	if (r == NULL || (r->conn != NULL) != visitor)
		return NULL;
	return !visitor || r->conn->up ? r : NULL;
}

static void
nas_does_something(struct sim *s)
{
	uint8_t code = sim_random(s, 4) == 0 ? RGW_ACCOUNTING_REQUEST : RGW_ACCESS_REQUEST;

	/* Few ports and identifiers, so that they collide. */
	if (sim_random(s, 3) == 0) {
		struct sim_req *r = some_req(s, false);

		/* A NAS does not go back to an identifier that it has used for something else. */
		if (r != NULL && !r->superseded &&
		    (r->answers == 0 || s->now - r->answered_at < s->conf.gateway.duplicate_window))
			sim_again(s, r);
		return;
	}
	sim_request(s, code, (uint16_t)(5000 + sim_random(s, 3)), (uint8_t)sim_random(s, 120),
	    some_user(s));
}

/* A connection that a visitor opened and that is up (or is not yet), or NULL. */
static struct sim_conn *
some_visit(struct sim *s, bool up)
{
	for (int i = 0; i < 20 && s->n_conns > 0; i++) {
		uint32_t recent = s->n_conns < 30 ? (uint32_t)s->n_conns : 30;
		struct sim_conn *c = s->conns[s->n_conns - 1 - sim_random(s, recent)];

		if (c->incoming && c->engine != NULL && c->up == up)
			return c;
	}
	return NULL;
}

static void
visitor_comes(struct sim *s)
{
	static const char *const from[] = { "203.0.113.5", "203.0.113.6", "2001:db8::1", "198.51.100.9" };
	struct sim_conn *c = sim_accept(s, from[sim_random(s, 4)]);

	/* Some never get further. */
	if (c != NULL && sim_random(s, 3) > 0)
		sim_identify(s, c);
}

/* Something that is no good, or that needs nobody else. */
static void
visitor_is_odd(struct sim *s, struct sim_conn *c)
{
	static const char bad_length[] = "\x01\x02\x00\x03";
	struct sim_req *r = some_req(s, true);
	uint8_t forged[4096];

	switch (sim_random(s, 4)) {
	case 0:
		sim_octets(s, c, bad_length, 4);
		break;
	case 1:
		if (r == NULL || r->data[0] > RGW_ACCOUNTING_REQUEST)
			break;
		memcpy(forged, r->data, r->len);
		forged[r->len - 1] ^= 1;
		sim_octets(s, r->conn, forged, r->len);
		break;
	case 2:
		sim_ask(s, c, RGW_STATUS_SERVER, 0, NULL);
		break;
	default:
		sim_ask(s, c, (uint8_t)(60 + sim_random(s, 3)), 1, NULL);
		break;
	}
}

static void
visitor_asks(struct sim *s, struct sim_conn *c)
{
	uint8_t code = sim_random(s, 4) == 0 ? RGW_ACCOUNTING_REQUEST : RGW_ACCESS_REQUEST;
	struct sim_req *r = sim_random(s, 3) == 0 ? some_req(s, true) : NULL;

	/* As long as the answer is kept, even if it did not reach the visitor when it came. */
	if (r == NULL)
		sim_ask(s, c, code, (uint8_t)sim_random(s, 60), some_user(s));
	else if (!r->superseded && s->now - r->asked_at < s->conf.gateway.duplicate_window)
		sim_octets(s, r->conn, r->data, r->len);
}

static void
visitor_does_something(struct sim *s)
{
	struct sim_conn *c = some_visit(s, sim_random(s, 20) > 0);
	uint32_t what = sim_random(s, 100);

	if (c == NULL || what < 3)
		visitor_comes(s);
	else if (!c->up && what < 50)
		sim_identify(s, c);
	else if (what < 5 || !c->up)
		sim_cut(s, c);
	else if (what < 9)
		visitor_is_odd(s, c);
	else if (what < 12)
		c->full = !c->full;
	else
		visitor_asks(s, c);
}

static void
server_does_something(struct sim *s, struct sim_got *g)
{
	uint8_t garbage[40];

	switch (sim_random(s, 10)) {
	case 0:
		sim_server_reply(s, g, RGW_PROTOCOL_ERROR);
		break;
	case 1:
		sim_server_reply(s, g, RGW_COA_ACK);
		break;
	case 2:
		for (size_t i = 0; i < sizeof garbage; i++)
			garbage[i] = (uint8_t)sim_random(s, 256);
		sim_server_octets(s, g->source, garbage, sim_random(s, sizeof garbage));
		break;
	default:
		sim_server_reply(s, g, 0);
		break;
	}
}

static void
peer_does_something(struct sim *s)
{
	struct sim_got *g = some_got(s);
	struct sim_conn *c;

	if (g == NULL)
		return;
	if (g->source != NULL) {
		server_does_something(s, g);
		return;
	}
	switch (sim_random(s, 12)) {
	case 0:
		sim_reply_forged(s, g);
		break;
	case 1:
		sim_reply(s, g, RGW_PROTOCOL_ERROR);
		break;
	case 2:
		sim_reply(s, g, RGW_COA_ACK);
		break;
	case 3:
		c = sim_first_ours(s);
		if (c != NULL && sim_random(s, 4) == 0)
			sim_cut(s, c);
		break;
	default:
		sim_reply(s, g, 0);
		break;
	}
}

static void
server_changes(struct sim *s)
{
	switch (sim_random(s, 5)) {
	case 0:
		s->server_answer = sim_random(s, 2) == 0 ? SIM_ANSWER : SIM_SILENT;
		s->server_delay = sim_random(s, 5000);
		break;
	case 1:
		s->server_gone = sim_random(s, 2) == 0;
		s->server_gone_ip = (uint8_t)sim_random(s, 3);
		break;
	case 2:
		s->answer_probes = sim_random(s, 2) == 0;
		break;
	case 3:
		s->no_sockets = sim_random(s, 3) == 0;
		break;
	default:
		s->dns_ip = (uint8_t)(1 + sim_random(s, 3));
		break;
	}
}

static void
world_changes(struct sim *s)
{
	struct sim_conn *c = sim_first_ours(s);

	switch (sim_random(s, 10)) {
	case 7:
	case 8:
	case 9:
		server_changes(s);
		break;
	case 0:
		s->refuse = !s->refuse;
		break;
	case 1:
		s->no_tls = sim_random(s, 3) == 0;
		break;
	case 2:
		s->answer = sim_random(s, 2) == 0 ? SIM_ANSWER : SIM_SILENT;
		s->delay = sim_random(s, 3000);
		break;
	case 3:
		s->no_dns = !s->no_dns;
		break;
	case 4:
		if (c != NULL)
			c->full = true;
		break;
	case 5:
		for (size_t i = 0; i < s->n_conns; i++) {
			struct sim_conn *full = s->conns[i];

			if (full->full && full->engine != NULL && !full->incoming) {
				full->full = false;
				rgw_conn_on_writable(full->engine, s->now);
			}
		}
		break;
	default:
		sim_run(s, sim_random(s, 4000));
		break;
	}
}

/* A second realm, which leads to the server. */
static void
add_realm(struct sim *s)
{
	struct rgw_conf_realm *r = rgw_xcalloc(1, sizeof *r);

	r->head = (struct rgw_conf_head){ .kind = RGW_CONF_REALM, .name = rgw_xstrdup("server.example"),
		.index = 1 };
	r->kind = RGW_REALM_EXACT;
	r->pool = &sim_server_conf(s)->head;
	s->conf.realm.v = rgw_xrealloc(s->conf.realm.v, 2 * sizeof r);
	s->conf.realm.v[s->conf.realm.n++] = r;
}

static void
configure(struct sim *s)
{
	struct rgw_conf_server *server = sim_server_conf(s);
	struct rgw_hostport *auth = server->auth.v;
	struct rgw_conf_peer *peer = sim_peer_conf(s), *visitor = sim_visitor_conf(s);

	s->same_again = true;
	s->draining = 1000;
	add_realm(s);
	peer->connections = (struct rgw_range_u32){ sim_random(s, 2), 1 + sim_random(s, 4) };
	peer->bad_response = sim_random(s, 2) == 0 ? RGW_BAD_RESPONSE_CLOSE : RGW_BAD_RESPONSE_DISCARD;
	peer->lifetime = sim_random(s, 3) * 40000;
	peer->idle_timeout = sim_random(s, 3) * 20000;
	visitor->lifetime = sim_random(s, 3) * 30000;
	visitor->idle_timeout = sim_random(s, 3) * 20000;
	visitor->max_connections = 1 + sim_random(s, 10);
	s->conf.gateway.max_half_open = 1 + sim_random(s, 4);
	s->conf.gateway.max_connections = 5 + sim_random(s, 20);
	s->conf.gateway.max_connections_per_address = 1 + sim_random(s, 10);
	sim_client_conf(s)->protocol_error = sim_random(s, 2) == 0;
	server->status_server = sim_random(s, 2) == 0;
	server->max_requests = sim_random(s, 3) == 0 ? 20 : 1000;
	if (sim_random(s, 2) == 0)
		server->retransmit = (struct rgw_conf_retransmit){ 500, 1000, 2000, 3 };
	server->zombie = 5000;
	server->revive = 10000;
	server->watchdog = 3000;
	s->dns_ip2 = 2;
	s->dns_ttl = 30;
	if (sim_random(s, 2) == 0) {
		free(auth->host);
		auth->host = rgw_xstrdup("auth.example");
	}
}

static void
something_happens(struct sim *s)
{
	switch (sim_random(s, 16)) {
	case 0:
		world_changes(s);
		break;
	case 1:
	case 2:
	case 3:
	case 4:
		peer_does_something(s);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
	case 9:
	case 10:
		visitor_does_something(s);
		break;
	default:
		nas_does_something(s);
		break;
	}
}

/* The gateway stops while all goes on: those that came are gone when their requests are. */
static void
stop(struct sim *s)
{
	rgw_gw_drain(s->gw);
	for (int i = 0; i < 100; i++) {
		something_happens(s);
		sim_run(s, sim_random(s, 50));
	}
	sim_run(s, s->conf.gateway.request_lifetime);
	for (size_t i = 0; i < s->n_conns; i++)
		assert_true(!s->conns[i]->incoming || s->conns[i]->engine == NULL);
	assert_int_equal(rgw_gw_pending(s->gw), 0);
}

static void
one_seed(uint64_t seed)
{
	struct sim s;

	sim_init(&s, "radius.example");
	s.seed = seed;
	configure(&s);
	sim_start(&s);
	for (int i = 0; i < STEPS; i++) {
		something_happens(&s);
		if (sim_random(&s, 3) == 0)
			sim_run(&s, sim_random(&s, 50));
	}
	if (seed % 3 == 0)
		stop(&s);
	if (seed % 3 == 1)
		sim_abort(&s);
	else
		sim_end(&s);
}

static void
random_orders_of_events(void **state)
{
	const char *only = getenv("SIM_SEED");

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		if (only != NULL && strtoull(only, NULL, 10) != seed)
			continue;
		/* Shown when an assertion fails. */
		print_message("seed %llu\n", (unsigned long long)seed);
		one_seed(seed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_orders_of_events) };

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
