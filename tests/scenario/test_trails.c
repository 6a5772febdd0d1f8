/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about what is remembered of requests: which of them, for how long, and with what of their way. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/search.h"
#include "sim.h"

#define USER "bob@example.org"

struct found {
	size_t n;
	struct rgw_trail last;
};

static void
keep(void *ctx, const struct rgw_trail *trail)
{
	struct found *f = ctx;

	f->n++;
	if (f->n == 1 || trail->serial > f->last.serial)
		f->last = *trail;
}

static struct found
search(struct sim *s, const struct rgw_search *what)
{
	struct found f = { 0 };

	rgw_gw_search(s->gw, what, keep, &f, s->now);
	return f;
}

static size_t
count(struct sim *s, const char *result)
{
	return search(s, &(struct rgw_search){ .result = result }).n;
}

static void
assert_step(const struct rgw_trail *trail, enum rgw_step what, const char *text)
{
	size_t len;
	const uint8_t *at = rgw_trail_last(trail, what, &len);

	if (at == NULL || len != strlen(text) || memcmp(at, text, len) != 0)
		fail_msg("step %d is '%.*s', not '%s'", (int)what, (int)len, at != NULL ? (const char *)at : "", text);
}

static void
ask(struct sim *s, const char *user)
{
	struct sim_spec spec = { .port = (uint16_t)(10000 + s->n_reqs), .id = 1, .user = user,
		.station = "02-00-00-00-00-01" };

	(void)sim_request_with(s, &spec);
	sim_run(s, 300);
}

/* The way of a request is all there, from where it came to the answer. */
static void
the_whole_way(void **state)
{
	struct sim s;
	struct found f;
	struct rgw_trail_step step = { 0 };
	unsigned sent = 0;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	sim_run(&s, 1000);
	ask(&s, USER);
	f = search(&s, &(struct rgw_search){ .user = USER });
	assert_int_equal(f.n, 1);
	assert_int_equal(f.last.result, RGW_RESULT_ACCEPT);
	assert_int_equal(f.last.rounds, 1);
	assert_step(&f.last, RGW_STEP_USER, USER);
	assert_step(&f.last, RGW_STEP_REALM, "example.org");
	assert_step(&f.last, RGW_STEP_STATION, "02-00-00-00-00-01");
	assert_step(&f.last, RGW_STEP_ASKER, "nas");
	assert_step(&f.last, RGW_STEP_RULE, "*");
	assert_step(&f.last, RGW_STEP_TRIES, "national");
	assert_step(&f.last, RGW_STEP_SENT, "national");
	assert_step(&f.last, RGW_STEP_ANSWER, "national");
	while (rgw_trail_next(&f.last, &step))
		sent += step.what == RGW_STEP_SENT && step.number == 1;
	assert_int_equal(sent, 1);
	assert_false(f.last.cut);
	sim_end(&s);
}

/* The ring holds as many as it may, the newest; those that did not go well have half of it for themselves. */
static void
newest_and_failed_stay(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nring = 20\n[realm nobody.example]\nreject = no");
	sim_start(&s);
	sim_run(&s, 1000);
	for (unsigned i = 0; i < 8; i++)
		ask(&s, "eve@nobody.example");
	for (unsigned i = 0; i < 40; i++)
		ask(&s, USER);
	assert_int_equal(count(&s, "reject"), 8);
	assert_int_equal(count(&s, "accept"), 12);
	for (unsigned i = 0; i < 40; i++)
		ask(&s, "eve@nobody.example");
	assert_int_equal(count(&s, NULL), 20);
	assert_true(count(&s, "accept") <= 10);
	sim_end(&s);
}

/* An open request keeps its place; with all places taken, others go unremembered and nothing else changes. */
static void
open_ones_stay(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nring = 4");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	sim_run(&s, 1000);
	for (unsigned i = 0; i < 10; i++)
		ask(&s, USER);
	assert_int_equal(count(&s, "open"), 4);
	sim_run(&s, 60000);
	assert_int_equal(count(&s, "timeout"), 4);
	ask(&s, USER);
	assert_int_equal(count(&s, "open"), 1);
	sim_end(&s);
}

/* A reload makes the ring smaller or larger, whoever is open. */
static void
reload_changes_the_ring(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nring = 20");
	sim_start(&s);
	sim_run(&s, 1000);
	for (unsigned i = 0; i < 30; i++)
		ask(&s, USER);
	assert_int_equal(count(&s, NULL), 20);
	s.national.answer = SIM_SILENT;
	for (unsigned i = 0; i < 5; i++)
		ask(&s, USER);
	sim_reload(&s, "[gateway]\nring = 3");
	assert_int_equal(count(&s, NULL), 5);
	sim_run(&s, 60000);
	assert_int_equal(count(&s, NULL), 3);
	sim_reload(&s, "[gateway]\nring = 0");
	assert_int_equal(count(&s, NULL), 0);
	ask(&s, USER);
	assert_int_equal(count(&s, NULL), 0);
	sim_end(&s);
}

/* What may not stand in the log is not remembered, and a name finds its own all the same where hashes are kept. */
static void
privacy(void **state)
{
	struct sim s;
	struct found f;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[log]\nidentity = hash\nstation = hash\nhash-key = k");
	sim_start(&s);
	sim_run(&s, 1000);
	ask(&s, USER);
	ask(&s, "eve@example.org");
	f = search(&s, &(struct rgw_search){ .user = USER });
	assert_int_equal(f.n, 1);
	assert_null(memmem(&f.last, sizeof f.last, "bob", 3));
	assert_null(memmem(&f.last, sizeof f.last, "00-01", 5));
	assert_int_equal(search(&s, &(struct rgw_search){ .mac = "0200.0000.0001" }).n, 2);
	assert_int_equal(search(&s, &(struct rgw_search){ .mac = "0200.0000.0002" }).n, 0);
	sim_end(&s);
}

/* Packets that never became requests are counted where they are found; a flood of strangers does not push out what is
 * known of clients. */
static void
dropped_packets(void **state)
{
	static const uint8_t junk[20] = { RGW_ACCESS_REQUEST, 1, 0, 19 };
	struct sim s;
	struct found f;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	sim_datagram(&s, 0, "192.0.2.10", junk, sizeof junk);
	sim_datagram(&s, 0, "192.0.2.10", junk, sizeof junk);
	for (unsigned i = 0; i < 200; i++) {
		char from[32];

		snprintf(from, sizeof from, "203.0.113.%u", i);
		sim_datagram(&s, 0, from, junk, sizeof junk);
	}
	sim_run(&s, 10);
	f = search(&s, &(struct rgw_search){ .asker = "nas" });
	assert_int_equal(f.n, 1);
	assert_int_equal(f.last.times, 2);
	assert_int_equal(f.last.how, RGW_CTR_udp_bad_length);
	f = search(&s, &(struct rgw_search){ .result = "udp_unknown_client" });
	assert_in_range(f.n, 1, 32);
	sim_end(&s);
}

/* The rewrites of a packet that found no room are not told of the next request. */
static void
rewrites_of_the_dropped(void **state)
{
	struct sim s;
	struct found f;
	uint64_t dropped;
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nmax-requests = 16\n[rewrite short]\nreplace = \"User-Name /^bob@/rob@/\"\n"
	    "[client nas]\nrewrite-in = short");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	sim_run(&s, 1000);
	for (unsigned i = 0; i < 16; i++)
		ask(&s, "eve@example.org");
	dropped = sim_counter(&s, RGW_CTR_requests_no_room) + sim_counter(&s, RGW_CTR_requests_over_share);
	ask(&s, USER);
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_changed), 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_no_room) +
	    sim_counter(&s, RGW_CTR_requests_over_share), dropped + 1);
	s.national.answer = SIM_ANSWER;
	sim_run(&s, 60000);
	ask(&s, "ada@example.org");
	f = search(&s, &(struct rgw_search){ .user = "ada@example.org" });
	assert_int_equal(f.n, 1);
	assert_null(rgw_trail_first(&f.last, RGW_STEP_REWRITE, &len));
	ask(&s, USER);
	f = search(&s, &(struct rgw_search){ .user = "rob@example.org" });
	assert_int_equal(f.n, 1);
	assert_step(&f.last, RGW_STEP_REWRITE, "short");
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_way),
		cmocka_unit_test(newest_and_failed_stay),
		cmocka_unit_test(open_ones_stay),
		cmocka_unit_test(reload_changes_the_ring),
		cmocka_unit_test(privacy),
		cmocka_unit_test(dropped_packets),
		cmocka_unit_test(rewrites_of_the_dropped),
	};

	return cmocka_run_group_tests_name("trails", tests, NULL, NULL);
}
