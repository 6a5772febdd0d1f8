/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Nobody thinks of all orders in which things can happen, so here they happen at random: requests,
 * retransmissions, reused identifiers, answers in time, late, twice or forged, connections that are
 * refused, cut or full. What must always hold is checked by sim.c. A seed replays exactly:
 * SIM_SEED=17 runs only that one, SIM_LOG=1 shows what the engine says.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define SEEDS 60
#define STEPS 1500

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

static void
nas_does_something(struct sim *s)
{
	static const char *const users[] = { "a@example.org", "b@example.net", "nobody", NULL };
	uint8_t code = sim_random(s, 4) == 0 ? RGW_ACCOUNTING_REQUEST : RGW_ACCESS_REQUEST;

	/* Few ports and identifiers, so that they collide. */
	if (s->n_reqs > 0 && sim_random(s, 3) == 0) {
		uint32_t recent = s->n_reqs < 30 ? (uint32_t)s->n_reqs : 30;
		struct sim_req *r = s->reqs[s->n_reqs - 1 - sim_random(s, recent)];

		/* A NAS does not go back to an identifier that it has used for something else. */
		if (!r->superseded && s->now - r->answered_at < s->conf.gateway.duplicate_window)
			sim_again(s, r);
		return;
	}
	sim_request(s, code, (uint16_t)(5000 + sim_random(s, 3)), (uint8_t)sim_random(s, 120),
	    users[sim_random(s, 4)]);
}

static void
peer_does_something(struct sim *s)
{
	struct sim_got *g = some_got(s);
	struct sim_conn *c;

	if (g == NULL)
		return;
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
		c = sim_first_up(s);
		if (c != NULL && sim_random(s, 4) == 0)
			sim_cut(s, c);
		break;
	default:
		sim_reply(s, g, 0);
		break;
	}
}

static void
world_changes(struct sim *s)
{
	struct sim_conn *c = sim_first_up(s);

	switch (sim_random(s, 7)) {
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

			if (full->full && full->engine != NULL) {
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

static void
one_seed(uint64_t seed)
{
	struct sim s;

	sim_init(&s, "radius.example");
	s.seed = seed;
	s.same_again = true;
	sim_peer_conf(&s)->connections = (struct rgw_range_u32){ sim_random(&s, 2), 1 + sim_random(&s, 4) };
	sim_peer_conf(&s)->bad_response = sim_random(&s, 2) == 0 ? RGW_BAD_RESPONSE_CLOSE
	                                                        : RGW_BAD_RESPONSE_DISCARD;
	sim_client_conf(&s)->protocol_error = sim_random(&s, 2) == 0;
	sim_start(&s);
	for (int i = 0; i < STEPS; i++) {
		switch (sim_random(&s, 10)) {
		case 0:
			world_changes(&s);
			break;
		case 1:
		case 2:
		case 3:
			peer_does_something(&s);
			break;
		default:
			nas_does_something(&s);
			break;
		}
		if (sim_random(&s, 3) == 0)
			sim_run(&s, sim_random(&s, 50));
	}
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
