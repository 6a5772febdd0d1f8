/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about one request at which peers close the connection, or to which they give an answer that closes
 * it, while others log in: it costs at most three connections, and nobody else a login. */

#include "sim_priv.h"

#include <stdio.h>
#include <string.h>

/* Logins of others come so often, for so long. */
#define GAP_MS 20
#define LOGINS 600

/* The one bad request comes before so many of the others have come. */
#define BEFORE 100

static struct sim_req *
login(struct sim *s, const char *user)
{
	return sim_request(s, 1, (uint16_t)(10000 + s->n_reqs), 1, user);
}

/* What a story is about. */
struct scene {
	const char *user;        /* whose request it is */
	size_t members;
	unsigned most;           /* connections to one peer */
	rgw_ms delay;            /* of answers */
	rgw_ms closes_after;
	unsigned dead;           /* so many of 100 logins have no answer at all, like those of a dead realm */
	const char *status;      /* status-server of the peers; NULL: as shipped; "off": they do not answer, either */
	bool bare;               /* the peer itself stands where a pool is wanted */
};

static void
set(struct sim *s, const char *name, struct sim_far *far, const struct scene *scene)
{
	const char *status = scene->status != NULL ? scene->status : "auto";

	sim_ini(s, "[peer %s]\nconnections = 1-%u\nstatus-server = %s", name, scene->most, status);
	far->no_status = strcmp(status, "off") == 0;
	far->delay = scene->delay;
	far->closes_after = scene->closes_after;
}

static void
prepare(struct sim *s, const struct scene *scene)
{
	sim_init(s, "198.51.100.1");
	if (!scene->bare)
		sim_to_pool(s, scene->members > 1 ? "national, second" : "national");
	set(s, "national", &s->national, scene);
	if (scene->members > 1)
		set(s, "second", &s->second, scene);
}

static void
init(struct sim *s, const struct scene *scene)
{
	prepare(s, scene);
	sim_start(s);
	sim_run(s, 500);
}

/* How long the slowest of a hundred took. */
static rgw_ms
p99(const struct sim *s)
{
	size_t n = 0, slower = 0;
	rgw_ms ms = 0;

	for (; ms < 60000; ms++) {
		n = slower = 0;
		for (size_t i = 0; i < s->n_reqs; i++) {
			const struct sim_req *r = s->reqs[i];

			if (r->answers == 0)
				continue;
			n++;
			slower += r->answered_at - r->asked_at > ms;
		}
		if (slower * 100 <= n)
			break;
	}
	return ms;
}

static size_t
count_lost(const struct sim *s)
{
	size_t lost = 0;

	for (size_t i = 0; i < s->n_conns; i++)
		lost += s->conns[i]->engine == NULL;
	return lost;
}

/* One request among many; returns it. */
static struct sim_req *
play(struct sim *s, const struct scene *scene)
{
	struct sim_req *bad = NULL;
	size_t dead = 0;

	init(s, scene);
	for (unsigned i = 0; i < LOGINS; i++) {
		bool none = sim_percent(s, scene->dead);

		if (i == BEFORE)
			bad = login(s, scene->user);
		login(s, none ? "silent@dead.example" : "bob@example.org");
		dead += none;
		sim_run(s, GAP_MS);
	}
	sim_run(s, 5000);
	for (size_t i = 0; i < s->n_reqs; i++)
		if (s->reqs[i] != bad && s->reqs[i]->answers == 0)
			dead--;
	assert_int_equal(dead, 0);
	/* The requests that are under way when the bad one comes are answered in the third attempt. */
	assert_in_range(p99(s), 0, scene->delay < 100 ? 199 : 150 + 3 * scene->delay);
	return bad;
}

/* The bad request was answered with a reject, at once. */
static void
expect_reject(const struct sim_req *bad)
{
	assert_int_equal(bad->answers, 1);
	assert_int_equal(bad->answer[0], RGW_ACCESS_REJECT);
	assert_in_range(bad->answered_at - bad->asked_at, 0, 1500);
}

static void
run_poison(const struct scene *scene)
{
	struct sim s;
	struct sim_req *bad = play(&s, scene);

	expect_reject(bad);
	assert_int_equal(bad->poisoned, 3);
	assert_int_equal(count_lost(&s), 3);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_ends_connections), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_timed_out), 0);
	s.quiet = true;
	sim_end(&s);
}

static void
peer_that_closes_at_a_request(void **state)
{
	static const struct scene scenes[] = {
		{ .user = "poison", .members = 1, .most = 16, .delay = 5 },
		{ .user = "poison", .members = 2, .most = 16, .delay = 5 },
		{ .user = "poison", .members = 1, .most = 1, .delay = 5 },
		{ .user = "poison", .members = 2, .most = 1, .delay = 5 },
		{ .user = "poison", .members = 1, .most = 16, .delay = 5, .status = "off" },
		{ .user = "poison", .members = 2, .most = 16, .delay = 5, .status = "on" },
		/* Many requests are under way when the bad one comes. */
		{ .user = "poison", .members = 1, .most = 16, .delay = 200, .closes_after = 1 },
		{ .user = "poison", .members = 2, .most = 16, .delay = 200, .closes_after = 3 },
		{ .user = "poison", .members = 1, .most = 16, .delay = 5, .closes_after = 40 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++)
		run_poison(&scenes[i]);
}

/* Where the policy for an outage is no reject, the request ends in silence, and so do its retransmissions. */
static void
peer_that_closes_at_a_request_and_its_repetitions(void **state)
{
	static const struct scene scene = { .user = "poison", .members = 1, .most = 16, .delay = 5, .bare = true };
	struct sim s;
	struct sim_req *bad;

	(void)state;
	init(&s, &scene);
	bad = login(&s, "poison");
	for (unsigned i = 0; i < 3; i++) {
		sim_run(&s, 3000);
		sim_again(&s, bad);
	}
	assert_int_equal(bad->answers, 0);
	assert_int_equal(count_lost(&s), 3);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 3);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 1);
	sim_end(&s);
}

/* The log line says who asked, for whom, which peer was asked, and why the request is stopped. */
static void
line_about_a_request_that_is_stopped(void **state)
{
	static const struct scene scene = { .user = "poison", .members = 2, .most = 16, .delay = 5 };
	struct sim s;

	(void)state;
	init(&s, &scene);
	s.log.level = RGW_LOG_WARNING;
	login(&s, "poison");
	sim_run(&s, 1000);
	assert_string_equal(s.last_event, "request-stopped");
	assert_non_null(strstr(s.last_line, "client=nas"));
	assert_non_null(strstr(s.last_line, "user=poison"));
	assert_non_null(strstr(s.last_line, "peer="));
	assert_non_null(strstr(s.last_line, "reason=\"Connection reset by peer\""));
	sim_end(&s);
}

/* The answer shows which request it is, so that is not sent again at all, and one connection ends. */
static void
answer_that_closes_the_connection(void **state)
{
	static const char *const users[] = { "forged", "wrong-secret", "bad-msgauth", "bad-attribute",
		"too-short", "too-long" };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof users / sizeof users[0]; i++) {
		struct scene scene = { .user = users[i / 2], .members = 1 + i % 2, .most = 16, .delay = 5 };
		struct sim s;
		struct sim_req *bad = play(&s, &scene);

		expect_reject(bad);
		assert_int_equal(sim_sends(&s, bad->nonce), 1);
		assert_int_equal(count_lost(&s), 1);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_bad_answer), 1);
		/* That was not the peer's fault, nor that of the others. */
		assert_int_equal(sim_counter(&s, RGW_CTR_connections_failed), 0);
		sim_end(&s);
	}
}

/* The half of the answer that came says whose it is. */
static void
answer_of_which_half_comes(void **state)
{
	static const struct scene scene = { .user = "half", .members = 2, .most = 16, .delay = 5 };
	struct sim s;
	struct sim_req *bad;

	(void)state;
	init(&s, &scene);
	bad = login(&s, "half");
	sim_run(&s, s.conf->gateway.packet_timeout + 1000);
	assert_int_equal(bad->answer[0], RGW_ACCESS_REJECT);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_bad_answer), 1);
	assert_int_equal(count_lost(&s), 1);
	sim_end(&s);
}

/* Requests that wait for a home server that is dead are open on each connection that ends; that is no fault of
 * theirs, and they are not taken for its cause even if that goes on and on. */
static void
requests_that_only_happen_to_be_there(void **state)
{
	static const struct scene scene = { .members = 1, .most = 16, .delay = 5, .dead = 0 };
	struct sim s;
	struct sim_req *waits;

	(void)state;
	init(&s, &scene);
	waits = login(&s, "silent");
	for (unsigned i = 0; i < 2; i++) {
		login(&s, "bob@example.org");
		sim_run(&s, 1000);
		login(&s, "poison");
		sim_run(&s, 3000);
		login(&s, "bob@example.org");
		sim_run(&s, 1000);
	}
	assert_int_equal(count_lost(&s), 6);
	assert_int_equal(waits->answers, 0);
	assert_int_equal(rgw_gw_pending(s.gw), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_ends_connections), 2);
	/* The request is still there, and is answered when its home server comes back. */
	for (struct sim_got *g = waits->got; g != NULL; g = g->before)
		if (g->conn != NULL)
			sim_reply(&s, g, 0);
	assert_int_equal(waits->answers, 1);
	sim_end(&s);
}

/* A peer that is started anew takes many connections with it; who was open on one is not sent to the next, and
 * so is not taken for the cause of that. */
static void
all_connections_of_a_peer_end(void **state)
{
	static const struct scene scene = { .members = 1, .most = 16, .delay = 300 };
	struct sim s;

	(void)state;
	init(&s, &scene);
	for (unsigned i = 0; i < 1200; i++)
		login(&s, "bob@example.org");
	sim_run(&s, 200);
	for (unsigned i = 0; i < 1200; i++)
		login(&s, "bob@example.org");
	sim_run(&s, 100);
	assert_in_range(sim_count_to(&s, &s.national), 5, 16);
	/* The connections end one after the other, with a moment between them. */
	for (size_t i = 0, n = s.n_conns; i < n; i++)
		if (s.conns[i]->engine != NULL) {
			sim_cut(&s, s.conns[i]);
			sim_run(&s, 1);
		}
	sim_run(&s, 10000);
	assert_int_equal(sim_answered(&s), 2400);
	sim_end(&s);
}

/* A member whose secret is wrong gets no login if it answers Status-Server. Otherwise it costs one, and then has
 * to prove itself before it gets another one. */
static void
member_with_a_wrong_secret(void **state)
{
	static const struct scene scene = { .members = 2, .most = 16, .delay = 5 };

	(void)state;
	for (unsigned lost = 0; lost < 2; lost++) {
		struct sim s;

		prepare(&s, &scene);
		s.national.answer = SIM_WRONG_SECRET;
		s.national.wrong_status = lost == 0;
		s.national.no_status = lost == 1;
		sim_start(&s);
		sim_run(&s, 500);
		for (unsigned i = 0; i < 500; i++) {
			login(&s, "bob@example.org");
			sim_run(&s, GAP_MS);
		}
		sim_run(&s, 1000);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_bad_answer), lost);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_answered), 500 - lost);
		sim_end(&s);
	}
}

/* A peer at which every request ends the connection is not called without a pause for ever. */
static void
peer_that_closes_at_every_request(void **state)
{
	static const struct scene scene = { .members = 1, .most = 4, .delay = 5 };
	struct sim s;

	(void)state;
	init(&s, &scene);
	for (unsigned i = 0; i < 3000; i++) {
		login(&s, "poison");
		sim_run(&s, GAP_MS);
	}
	sim_run(&s, 10000);
	/* Within sixty seconds the pauses grow to some seconds. */
	assert_in_range(s.n_conns, 10, 60);
	assert_int_equal(sim_answered(&s), 3000);
	sim_end(&s);
}

/* A request was on a connection that stands, is suspected, and is good again; then five others that it was on end one
 * after the other. That makes nobody forget where it must not come back (P-TCP-27). */
static void
ended_connections_do_not_hide_one_that_stands(void **state)
{
	struct sim s;
	struct sim_conn *first;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nstatus-server = on\nwatchdog = 6s\nconnections = 2-2");
	sim_start(&s);
	sim_run(&s, 1000);
	r = login(&s, "silent@dead.example");
	first = r->got->conn;
	first->mute = true;
	while (sim_counter(&s, RGW_CTR_connections_suspected) == 0)
		sim_run(&s, 10);
	first->mute = false;
	/* The answer comes too late for the request, but it shows that the connection is good. */
	sim_reply(&s, r->got->before, 0);
	sim_run(&s, 10);
	for (unsigned i = 0; i < 5; i++) {
		struct sim_conn *c = r->got->conn;

		assert_ptr_not_equal(c, first);
		/* The answer to what was sent later says that the request was read. */
		sim_set_full(&s, first, true);
		login(&s, "bob@example.org");
		sim_run(&s, 100);
		assert_int_equal(sim_answered(&s), i + 1);
		sim_set_full(&s, first, false);
		sim_cut(&s, c);
		sim_run(&s, 1000);
	}
	assert_int_equal(sim_sends(&s, r->nonce), 7);
	assert_true(first->up);
	sim_reply(&s, r->got, 0);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* A peer that takes its time to close leaves the suspect under way while it is tried elsewhere, too: all that may still
 * end counts. */
static void
suspect_that_is_under_way_twice(void **state)
{
	static const struct scene scene = { .user = "poison", .members = 2, .most = 16, .delay = 5,
		.closes_after = 100, .status = "on" };
	struct sim s;

	(void)state;
	prepare(&s, &scene);
	sim_ini(&s, "[pool federation]\nretry-after = 1s");
	sim_start(&s);
	sim_run(&s, 500);
	login(&s, scene.user);
	sim_run(&s, 50);
	/* The first connection ends soon, the next ones of this peer late, and those of the other one soon. */
	s.second.closes_after = 400;
	sim_run(&s, 60);
	s.national.closes_after = 4500;
	sim_run(&s, 25000);
	assert_in_range(sim_counter(&s, RGW_CTR_connections_lost), 1, 3);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_ends_connections), 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suspect_that_is_under_way_twice),
		cmocka_unit_test(peer_that_closes_at_a_request),
		cmocka_unit_test(peer_that_closes_at_a_request_and_its_repetitions),
		cmocka_unit_test(line_about_a_request_that_is_stopped),
		cmocka_unit_test(answer_that_closes_the_connection),
		cmocka_unit_test(answer_of_which_half_comes),
		cmocka_unit_test(requests_that_only_happen_to_be_there),
		cmocka_unit_test(all_connections_of_a_peer_end),
		cmocka_unit_test(member_with_a_wrong_secret),
		cmocka_unit_test(peer_that_closes_at_every_request),
		cmocka_unit_test(ended_connections_do_not_hide_one_that_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
