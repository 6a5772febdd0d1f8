/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Nobody thinks of all orders in which things can happen, so here they happen at random: NASes and
 * visitors ask, answers lead to more questions, and all faults of sim_chaos.h come and go. What must
 * always hold is checked by the world and by sim_audit.c; what is promised, here: a request is answered
 * by a far end if a member of the pool was well all the time, and a conversation stays where it is.
 *
 * A seed replays exactly: SIM_SEED=17 runs only that one, SIM_LOG=1 shows what the engine says.
 * `make sim` is the whole of it: it sets SIM_FIRST and SIM_SEEDS. Without them there are as many seeds as
 * SIM_REQUESTS needs, which is a share that takes seconds, for all who run all tests.
 */

#include "sim_chaos.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "radsecgw/mem.h"

/* Requests of one seed. */
#define REQUESTS 2000

/* AddressSanitizer makes everything slower. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SLOW 2
#endif
#endif
#if !defined(SLOW) && defined(__SANITIZE_ADDRESS__)
#define SLOW 2
#endif
#ifndef SLOW
#define SLOW 1
#endif

/* Over all seeds. */
struct totals {
	uint64_t seed;     /* the one that runs; 0 = none */
	uint64_t seeds;
	uint64_t accepted;
	uint64_t promised;
	uint64_t answered;
	uint64_t moved;
	uint64_t doubled;
	uint64_t retried;
	uint64_t suspected;
	uint64_t closed;
	uint64_t stopped;
	uint64_t changed;    /* CoA and Disconnect that were sent ... */
	uint64_t found;      /* ... and how often one came to a NAS */
	rgw_ms ms;
	uint64_t faults[FAULT_COUNT];
};

/* ---- NASes ---- */

/* The first two lead to the server and to national alone, the others to the pool. */
static const char *const users[] = { "s@server.example", "n@national.example", "a@example.org",
	"b@example.net", "nobody", NULL };

/* Requests of these users do harm: peers close the connection, or their answers are bad in each way. They lead
 * to the pool, too, but of what becomes of them nothing is promised. */
static const char *const hostile[] = { "poison@example.org", "poison@example.org", "forged@example.org",
	"wrong-secret@example.org", "bad-msgauth@example.org", "bad-attribute@example.org",
	"too-short@example.org", "too-long@example.org", "wrong-id@example.org", "half@example.org" };

static const char *
some_user(struct sim *s)
{
	uint32_t n = sizeof hostile / sizeof hostile[0];

	/* An answer under the identifier of another request is taken for a bad one to that, and half an
	 * answer holds up those behind it, so nothing could be promised. */
	if (chaos_of(s)->hostile != 0 && sim_random(s, chaos_of(s)->hostile) == 0)
		return hostile[sim_random(s, n - 2 * chaos_of(s)->promises)];
	return users[sim_random(s, 3) == 0 ? sim_random(s, 6) : 2 + sim_random(s, 4)];
}

static bool
is_pooled(const char *user)
{
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
		if (user == hostile[i])
			return false;
	return user != users[0] && user != users[1];
}

static const char *
some_station(struct sim *s)
{
	static const char *const stations[] = { "02-00-00-00-00-01", "02-00-00-00-00-02",
		"02-00-00-00-00-03", "02-00-00-00-00-04", "02-00-00-00-00-05", NULL };

	return stations[sim_random(s, 6)];
}

/* Where sessions are changed, the station tells where it is: behind the NAS, or behind the visitor. */
static const char *
station_at(struct sim *s, bool visitor)
{
	static const char *const stations[2][3] = { { "n-1", "n-2", "n-3" }, { "v-1", "v-2", "v-3" } };

	return stations[visitor][sim_random(s, 3)];
}

/* One of the latest requests, or NULL; `visitor`: one that can be sent again on its connection. */
static struct sim_req *
some_req(struct sim *s, bool visitor)
{
	uint32_t recent = s->n_reqs < 40 ? (uint32_t)s->n_reqs : 40;
	struct sim_req *r = recent > 0 ? s->reqs[s->n_reqs - 1 - sim_random(s, recent)] : NULL;

	if (r == NULL || r->superseded || (r->conn != NULL) != visitor)
		return NULL;
	return !visitor || r->conn->up ? r : NULL;
}

static void
fill_place(struct sim *s, struct sim_spec *spec)
{
	struct chaos *c = chaos_of(s);

	if (c->collide) {
		spec->port = (uint16_t)(5000 + sim_random(s, 3));
		spec->id = (uint8_t)sim_random(s, 120);
	} else {
		spec->port = (uint16_t)(10000 + c->asked / 200);
		spec->id = (uint8_t)(c->asked % 200);
	}
	c->asked++;
}

static struct sim_spec
some_spec(struct sim *s)
{
	struct sim_spec spec = { .user = some_user(s), .station = some_station(s) };

	spec.code = sim_random(s, 4) == 0 ? RGW_ACCOUNTING_REQUEST : RGW_ACCESS_REQUEST;
	spec.eap = spec.code == RGW_ACCESS_REQUEST && sim_random(s, 2) == 0;
	return spec;
}

static void
nas_asks(struct sim *s, struct sim_spec spec, struct sim_far *home)
{
	struct sim_req *r;

	fill_place(s, &spec);
	if (chaos_of(s)->changes)
		spec.station = station_at(s, false);
	r = sim_build_request(s, &spec, s->nas_secret);
	r->port = spec.port;
	r->home = home;
	r->pooled = is_pooled(spec.user);
	sim_index_req(s, r);
	sim_again(s, r);
	/* Some give up at once. */
	if (sim_random(s, 4) > 0)
		sim_schedule(s, 3000, (struct sim_event){ .kind = NAS_AGAIN, .req = r });
}

static void
nas_does_something(struct sim *s)
{
	struct sim_req *r = sim_random(s, 8) == 0 ? some_req(s, false) : NULL;

	if (r != NULL && (r->answers == 0 || s->now - r->answered_at < 3000))
		sim_again(s, r);
	else if (sim_random(s, 400) == 0)
		for (int i = 0; i < 300; i++)
			nas_asks(s, some_spec(s), NULL);
	else
		nas_asks(s, some_spec(s), NULL);
}

static void
storm(struct sim *s)
{
	chaos_of(s)->faults[FAULT_storm]++;
	for (int i = 0; i < 200; i++) {
		struct sim_req *r = some_req(s, false);

		if (r != NULL && !r->heard)
			sim_again(s, r);
	}
}

/* ---- conversations ---- */

static struct sim_far *
home_of(struct sim *s, char initial)
{
	return initial == 'N' ? &s->national : initial == 'S' ? &s->second : &s->server;
}

struct turn {
	uint8_t state[9];
	const char *user;
};

/* The NAS brings the State back, after a while. */
static void
on_turn(struct sim *s, const struct sim_event *e)
{
	struct turn *turn = e->arg;
	struct sim_spec spec = { .user = turn->user, .state = turn->state, .state_len = 9,
		.eap = true, .station = some_station(s) };

	if (!s->quiet)
		nas_asks(s, spec, home_of(s, (char)turn->state[0]));
	free(turn);
}

/* ---- promises ---- */

/* What is known about a request of which too much was promised. */
static void
explain(const struct sim *s, const struct sim_req *r)
{
	const struct rgw_conf_pool *pool = sim_pool_conf(s, "federation");

	print_message("%llu: request %08x, code %u, port %u, id %u, accepted at %llu, %u answers\n",
	    (unsigned long long)s->now, r->nonce, r->data[0], r->port, r->data[1],
	    (unsigned long long)r->accepted_at, r->answers_here);
	print_message("pool: policy %d, retry-after %llu, %zu members:", (int)pool->policy,
	    (unsigned long long)pool->retry_after, pool->members.n);
	for (size_t i = 0; i < pool->members.n; i++)
		print_message(" %s (sick until %llu)", pool->members.v[i]->name,
		    (unsigned long long)chaos_of(s)->members[i]->sick_until);
	print_message("%s\n", r->home != NULL ? ", has a home" : "");
	sim_explain(s, r);
	for (const struct sim_got *g = r->got; g != NULL; g = g->before)
		print_message("at %llu %s %u on connection %u, life %u of %u, answered %d\n",
		    (unsigned long long)g->at,
		    g->far == &s->national ? "national" : g->far == &s->second ? "second" : "server",
		    g->data[1], g->conn != NULL ? g->conn->number : 0, g->life, r->life, g->answered);
}

/* Has the request lost its way home because of a request that does harm? If no other connection of its home is free
 * from suspicion at that moment, it may go elsewhere. */
static bool
was_cut_off(const struct sim_req *r)
{
	for (const struct sim_got *g = r->got; g != NULL && g->life == r->life; g = g->before)
		if (g->far == r->home && g->poisoned)
			return true;
	return false;
}

static void
on_judge(struct sim *s, const struct sim_event *e)
{
	const struct sim_req *r = e->req;
	const struct sim_got *first = r->got;

	if (r->life != e->query || !sim_chaos_promises(s, r))
		return;
	if (!r->served)
		explain(s, r);
	assert_true(r->served);
	chaos_of(s)->promised++;
	if (r->home == NULL || was_cut_off(r))
		return;
	/* P-PRX-13: where its conversation is, and nowhere else. */
	for (; first != NULL && first->life == r->life; first = first->before) {
		if (first->far != r->home)
			explain(s, r);
		assert_ptr_equal(first->far, r->home);
	}
}

static void
on_accepted(struct sim *s, struct sim_req *r)
{
	sim_schedule(s, SIM_PROMISE_MS,
	    (struct sim_event){ .kind = CALL, .call = on_judge, .req = r, .query = r->life });
}

static void
on_answer(struct sim *s, struct sim_req *r, const struct rgw_packet *p)
{
	struct rgw_attr state;
	struct turn *turn;

	if (r->answers_here != 1 || r->conn != NULL || !r->pooled || p->code != RGW_ACCESS_CHALLENGE ||
	    !rgw_packet_get(p, RGW_AT_STATE, &state) || state.len != 9 || sim_random(s, 6) == 0)
		return;
	turn = rgw_xcalloc(1, sizeof *turn);
	memcpy(turn->state, state.value, 9);
	turn->user = users[2];
	sim_schedule(s, sim_random(s, 2000), (struct sim_event){ .kind = CALL, .call = on_turn,
		.arg = turn });
}

/* ---- visitors ---- */

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
	uint32_t what = sim_random(s, 6);

	/* Some never get further, and strangers hold a handshake as long as they may. */
	if (c != NULL && what == 1)
		sim_shake(s, c);
	else if (c != NULL && what > 1)
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
	struct sim_req *r = sim_random(s, 4) == 0 ? some_req(s, true) : NULL;
	struct sim_spec spec;

	if (r != NULL) {
		/* As long as the answer is kept, even if it did not reach the visitor when it came. */
		if (s->now - r->asked_at < s->conf->gateway.duplicate_window)
			sim_ask_again(s, r);
		return;
	}
	spec = some_spec(s);
	spec.id = (uint8_t)sim_random(s, 200);
	if (chaos_of(s)->changes)
		spec.station = station_at(s, true);
	r = sim_build_request(s, &spec, c->secret);
	r->pooled = is_pooled(spec.user);
	r->conn = c;
	sim_index_req(s, r);
	sim_ask_again(s, r);
}

static void
visitor_has_a_fault(struct sim *s, struct sim_conn *c, uint32_t what)
{
	chaos_of(s)->faults[FAULT_visitor]++;
	if (what < 8)
		sim_cut(s, c);
	else if (what < 12)
		visitor_is_odd(s, c);
	else
		c->full = c->was_full = true;
}

static void
visitor_does_something(struct sim *s)
{
	struct sim_conn *c = some_visit(s, sim_random(s, 20) > 0);
	uint32_t what = sim_random(s, 200);

	if (c != NULL && c->full && sim_random(s, 8) == 0)
		c->full = false;
	if (c == NULL || what < 6)
		visitor_comes(s);
	else if (!c->up && what < 100)
		sim_identify(s, c);
	else if (what < 16 || !c->up)
		visitor_has_a_fault(s, c, c->up ? what : 0);
	else
		visitor_asks(s, c);
}

/* ---- changes of sessions ---- */

/* The home's server over UDP, or national down a connection of ours. */
static void
home_changes_something(struct sim *s)
{
	struct chaos *c = chaos_of(s);
	struct sim_conn *conn = sim_random(s, 2) == 0 ? sim_first_to(s, &s->national) : NULL;
	struct sim_spec spec = { .nas = 1, .port = (uint16_t)(20000 + c->changed / 200),
		.id = (uint8_t)(c->changed % 200), .station = station_at(s, sim_random(s, 2) == 0) };

	spec.code = sim_random(s, 2) == 0 ? RGW_COA_REQUEST : RGW_DISCONNECT_REQUEST;
	c->changed++;
	if (conn != NULL && conn->up)
		(void)sim_ask_with(s, conn, &spec);
	else
		(void)sim_login(s, &spec);
}

/* ---- a world ---- */

static void
configure(struct sim *s, struct chaos *c)
{
	c->changes = c->no_rewrites = s->seed % 4 == 2;
	sim_chaos_world(s, c);
	s->on_accepted = on_accepted;
	s->on_answer = on_answer;
	/* Taking up a configuration is dear, so not in every world. */
	c->reloads = s->seed % 2 == 0 ? 0 : 20 + sim_random(s, 200);
}

static void
something_happens(struct sim *s)
{
	struct chaos *c = chaos_of(s);

	if (sim_random(s, c->calm) == 0) {
		if (sim_random(s, 12) == 0)
			storm(s);
		else
			sim_chaos_fault(s);
	}
	sim_chaos_follow(s);
	if (c->reloads > 0 && sim_random(s, c->reloads) == 0)
		sim_chaos_reload(s);
	if (c->changes && sim_random(s, 6) == 0)
		home_changes_something(s);
	else if (sim_random(s, 4) == 0)
		visitor_does_something(s);
	else
		nas_does_something(s);
	/* Some of the logins are conversations. */
	if (sim_random(s, 50) == 0)
		for (size_t i = 0; i < c->n_members; i++)
			if (c->members[i]->answer == SIM_ANSWER || c->members[i]->answer == SIM_CHALLENGE)
				c->members[i]->answer = sim_random(s, 2) == 0 ? SIM_CHALLENGE : SIM_ANSWER;
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
	sim_run(s, s->conf->gateway.request_lifetime);
	for (size_t i = 0; i < s->n_conns; i++)
		assert_true(!s->conns[i]->incoming || s->conns[i]->engine == NULL);
	assert_int_equal(rgw_gw_pending(s->gw), 0);
}

static void
add_up(struct totals *t, const struct sim *s, rgw_ms began)
{
	const struct chaos *c = chaos_of(s);

	t->seeds++;
	t->accepted += sim_counter(s, RGW_CTR_requests_accepted);
	t->answered += sim_counter(s, RGW_CTR_request_answered);
	t->moved += sim_counter(s, RGW_CTR_requests_moved);
	t->doubled += sim_counter(s, RGW_CTR_requests_doubled);
	t->retried += sim_counter(s, RGW_CTR_requests_retried);
	t->suspected += sim_counter(s, RGW_CTR_connections_suspected);
	t->closed += sim_counter(s, RGW_CTR_watchdog_timeouts);
	t->stopped += sim_counter(s, RGW_CTR_request_ends_connections);
	t->stopped += sim_counter(s, RGW_CTR_request_bad_answer);
	t->promised += c->promised;
	t->changed += c->changed;
	for (size_t i = 0; i < s->n_got; i++)
		t->found += rgw_code_is_dynamic(s->got[i]->data[0]);
	t->ms += s->now - began;
	for (size_t i = 0; i < FAULT_COUNT; i++)
		t->faults[i] += c->faults[i];
}

/* What is still to happen and is owned by nobody else. */
static void
drop_turns(struct sim *s)
{
	for (size_t i = 0; i < s->n_events; i++)
		if (s->events[i].call == on_turn)
			free(s->events[i].arg);
	s->n_events = 0;
}

static void
one_seed(struct totals *t, uint64_t seed)
{
	struct chaos c = { 0 };
	struct sim s;
	rgw_ms began;

	sim_init(&s, seed % 4 == 0 ? "radius.example" : "198.51.100.1");
	s.seed = seed;
	began = s.now;
	configure(&s, &c);
	sim_start(&s);
	sim_run(&s, 1000);
	for (unsigned i = 0; sim_counter(&s, RGW_CTR_requests_accepted) < REQUESTS && i < 4 * REQUESTS; i++) {
		something_happens(&s);
		if (sim_random(&s, 2) == 0)
			sim_run(&s, sim_random(&s, (uint32_t)c.gap));
		if (i % 32 == 0)
			sim_audit(&s);
	}
	if (seed % 3 == 0)
		stop(&s);
	s.quiet = true;
	if (seed % 3 != 1) {
		sim_run(&s, 40000);
		sim_chaos_heal(&s);
		/* What a reload has left to be replaced is replaced when connections may be opened again. */
		rgw_gw_resume(s.gw, s.now);
		sim_run(&s, 5000);
	}
	add_up(t, &s, began);
	drop_turns(&s);
	if (seed % 3 == 1)
		sim_abort(&s);
	else
		sim_end(&s);
}

/* ---- all of them ---- */

static uint64_t
number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* Valgrind makes everything some fifty times slower. */
static uint64_t
default_requests(void)
{
	const char *preload = getenv("LD_PRELOAD");
	bool valgrind = preload != NULL && strstr(preload, "vgpreload") != NULL;

	return 200000 / (valgrind ? 10 : SLOW);
}

static void
show(const struct totals *t, double seconds)
{
	print_message("seeds               %12llu\n", (unsigned long long)t->seeds);
	print_message("requests            %12llu  answered %llu, moved %llu, doubled %llu, promised %llu\n",
	    (unsigned long long)t->accepted, (unsigned long long)t->answered,
	    (unsigned long long)t->moved, (unsigned long long)t->doubled,
	    (unsigned long long)t->promised);
	print_message("sent again          %12llu  connections suspected %llu, closed by watchdogs %llu\n",
	    (unsigned long long)t->retried, (unsigned long long)t->suspected,
	    (unsigned long long)t->closed);
	print_message("stopped             %12llu\n", (unsigned long long)t->stopped);
	print_message("sessions changed    %12llu  at a NAS or on the way there %llu\n", (unsigned long long)t->changed,
	    (unsigned long long)t->found);
	print_message("simulated seconds   %12llu\n", (unsigned long long)(t->ms / 1000));
	print_message("requests per second %12.0f  in %.1f s\n", (double)t->accepted / seconds, seconds);
	for (size_t i = 0; i < FAULT_COUNT; i++)
		print_message("faults              %12llu  %s\n", (unsigned long long)t->faults[i],
		    sim_fault_help(i));
}

static void
random_orders_of_events(void **state)
{
	struct totals *t = *state;
	uint64_t only = number("SIM_SEED", 0);
	uint64_t first = only != 0 ? only : number("SIM_FIRST", 1);
	uint64_t seeds = number("SIM_SEEDS", number("SIM_REQUESTS", default_requests()) / REQUESTS);
	clock_t began = clock();

	if (only != 0)
		seeds = 1;
	for (uint64_t seed = first; seed < first + seeds; seed++) {
		t->seed = seed;
		one_seed(t, seed);
	}
	t->seed = 0;
	show(t, (double)(clock() - began + 1) / CLOCKS_PER_SEC);
}

static int
begin(void **state)
{
	*state = rgw_xcalloc(1, sizeof(struct totals));
	return 0;
}

static int
end(void **state)
{
	const struct totals *t = *state;

	if (t->seed != 0)
		print_message("it was SIM_SEED=%llu\n", (unsigned long long)t->seed);
	free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_orders_of_events, begin, end),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
