/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/conversation.h"

#include <stdio.h>

#include "helpers.h"

static const struct rgw_hashkey key = { 1, 2 };
enum { HERE = 1, THERE };

/* A table, and some who talk. */
struct world {
	struct rgw_conversations c;
	struct rgw_talker who[5];
};

static void
init(struct world *w, uint32_t limit)
{
	rgw_conversations_init(&w->c, &key, limit, 1000);
	for (size_t i = 0; i < COUNT(w->who); i++)
		rgw_talker_init(&w->who[i], i);
}

static unsigned
put(struct world *w, size_t who, const char *state, uint32_t target, uint32_t serial, rgw_ms now)
{
	const struct rgw_conversation where = { .target = target, .serial = serial };

	return rgw_conversations_put(&w->c, &w->who[who], state, strlen(state), &where, now);
}

static uint32_t
get(struct world *w, size_t who, const char *state, rgw_ms now)
{
	return rgw_conversations_get(&w->c, &w->who[who], state, strlen(state), now).target;
}

/* So many more of somebody, each with a State of its own; how many older ones were forgotten for them. */
static unsigned
put_many(struct world *w, size_t who, unsigned from, unsigned n, rgw_ms now)
{
	unsigned forgotten = 0;
	char text[24];

	for (unsigned i = from; i < from + n; i++) {
		snprintf(text, sizeof text, "state %u", i);
		forgotten += put(w, who, text, HERE, 1, now);
		assert_true(w->c.cache.slab.used <= w->c.limit);
	}
	return forgotten;
}

static bool
knows(struct world *w, size_t who, unsigned number, rgw_ms now)
{
	char text[24];

	snprintf(text, sizeof text, "state %u", number);
	return get(w, who, text, now) != 0;
}

static void
found_by_state_and_talker(void **state)
{
	struct world w;

	(void)state;
	init(&w, 100);
	put(&w, 1, "abc", HERE, 7, 0);
	put(&w, 2, "abc", THERE, 8, 0);
	assert_int_equal(get(&w, 1, "abc", 1), HERE);
	assert_int_equal(get(&w, 2, "abc", 1), THERE);
	assert_int_equal(rgw_conversations_get(&w.c, &w.who[2], "abc", 3, 1).serial, 8);
	assert_int_equal(get(&w, 1, "abd", 1), 0);
	assert_int_equal(get(&w, 3, "abc", 1), 0);
	rgw_conversations_fini(&w.c);
}

/* The same State again is where the last challenge came from. */
static void
last_one_counts(void **state)
{
	struct world w;

	(void)state;
	init(&w, 100);
	put(&w, 1, "abc", HERE, 7, 0);
	assert_int_equal(put(&w, 1, "abc", THERE, 8, 10), 0);
	assert_int_equal(get(&w, 1, "abc", 1005), THERE);
	assert_int_equal(w.c.cache.slab.used, 1);
	assert_int_equal(w.who[1].n, 1);
	rgw_conversations_fini(&w.c);
}

/* What is too old is not found, and its memory goes, with or without another conversation. */
static void
forgotten_in_time(void **state)
{
	struct world w;

	(void)state;
	init(&w, 100);
	assert_int_equal(rgw_conversations_next(&w.c), RGW_NEVER);
	put(&w, 1, "abc", HERE, 7, 0);
	assert_int_equal(get(&w, 1, "abc", 999), HERE);
	assert_int_equal(get(&w, 1, "abc", 1000), 0);
	assert_int_equal(put(&w, 1, "other", HERE, 7, 1000), 0);
	assert_int_equal(w.c.cache.slab.used, 1);
	put(&w, 2, "third", HERE, 7, 1500);
	assert_int_equal(rgw_conversations_next(&w.c), 2000 + 10000);
	rgw_conversations_expire(&w.c, 1999);
	assert_int_equal(w.c.cache.slab.used, 2);
	rgw_conversations_expire(&w.c, 2000);
	assert_int_equal(w.c.cache.slab.used, 1);
	assert_int_equal(w.who[1].n, 0);
	assert_int_equal(rgw_conversations_next(&w.c), 2500 + 10000);
	rgw_conversations_expire(&w.c, 99999);
	assert_int_equal(w.c.cache.slab.used, 0);
	assert_int_equal(w.c.cache.slab.n_chunks, 1);
	rgw_conversations_fini(&w.c);
}

/* One alone may have four fifths of the table, and forgets its own oldest for the next. */
static void
own_oldest_makes_room(void **state)
{
	struct world w;

	(void)state;
	init(&w, 100);
	assert_int_equal(put_many(&w, 1, 0, 80, 0), 0);
	assert_int_equal(put_many(&w, 1, 80, 120, 1), 120);
	assert_int_equal(w.who[1].n, 80);
	for (unsigned i = 0; i < 200; i++)
		assert_true(knows(&w, 1, i, 2) == (i >= 120));
	rgw_conversations_fini(&w.c);
}

/* Row upon row of challenges to one talker push out nothing of the others, and these still find room. */
static void
nobody_pushes_out_the_others(void **state)
{
	struct world w;

	(void)state;
	init(&w, 1000);
	put_many(&w, 1, 0, 3, 0);
	put_many(&w, 2, 0, 100, 0);
	put_many(&w, 0, 0, 100000, 1);
	assert_int_equal(w.who[1].n, 3);
	assert_int_equal(w.who[2].n, 100);
	assert_in_range(w.who[0].n, 700, 720);
	for (unsigned i = 0; i < 3; i++)
		assert_true(knows(&w, 1, i, 2));
	for (unsigned i = 0; i < 100; i++)
		assert_true(knows(&w, 2, i, 2));
	/* A newcomer, and one with few: nothing is forgotten for them. */
	assert_int_equal(put_many(&w, 3, 0, 50, 2), 0);
	assert_int_equal(put_many(&w, 1, 3, 50, 2), 0);
	/* Whoever has too much by now gives way with each of its own, and the others do not. */
	assert_in_range(put_many(&w, 0, 100000, 5000, 3), 5000, 5200);
	assert_in_range(w.who[0].n, 630, 650);
	assert_int_equal(w.who[1].n + w.who[2].n + w.who[3].n, 53 + 100 + 50);
	rgw_conversations_fini(&w.c);
}

/* Two that take all they can get have as much as each other in the end, whoever came first. */
static void
parts_become_even(void **state)
{
	struct world w;

	(void)state;
	init(&w, 900);
	put_many(&w, 1, 0, 2000, 0);
	assert_int_equal(w.who[1].n, 720);
	for (unsigned i = 0; i < 1000; i++) {
		put_many(&w, 1, 10000 + i, 1, 500 + i);
		put_many(&w, 2, 10000 + i, 1, 500 + i);
	}
	assert_in_range(w.who[1].n, 395, 405);
	assert_in_range(w.who[2].n, 395, 405);
	rgw_conversations_fini(&w.c);
}

/* So many have so little that no place is left: one that has nothing gets the place of the oldest. */
static void
oldest_of_all_makes_room_for_a_newcomer(void **state)
{
	struct world w;

	(void)state;
	init(&w, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(put_many(&w, i, 0, 1, i), 0);
	assert_int_equal(w.c.cache.slab.used, 4);
	assert_int_equal(put_many(&w, 4, 0, 1, 5), 1);
	assert_false(knows(&w, 0, 0, 6));
	assert_true(knows(&w, 1, 0, 6) && knows(&w, 4, 0, 6));
	assert_int_equal(w.who[0].n, 0);
	/* One that has something gives that. */
	assert_int_equal(put_many(&w, 3, 1, 1, 6), 1);
	assert_true(knows(&w, 1, 0, 7) && knows(&w, 3, 1, 7));
	rgw_conversations_fini(&w.c);
}

/* A flood leaves nothing behind but a chunk: neither entries nor the table of them stay. */
static void
memory_comes_back(void **state)
{
	struct world w;

	(void)state;
	init(&w, 32768);
	put_many(&w, 1, 0, 40000, 0);
	assert_true(w.c.cache.slab.n_chunks > 20 && w.c.cache.tab.mask >= 16383);
	rgw_conversations_expire(&w.c, 1000);
	assert_int_equal(w.c.cache.slab.n_chunks, 1);
	assert_true(w.c.cache.tab.mask < 32);
	rgw_conversations_fini(&w.c);
}

static void
states_of_any_length(void **state)
{
	const struct rgw_conversation where = { .target = HERE, .serial = 1 };
	struct world w;
	uint8_t text[253];

	(void)state;
	memset(text, 'x', sizeof text);
	init(&w, 400);
	for (size_t n = 0; n <= sizeof text; n++)
		rgw_conversations_put(&w.c, &w.who[1], text, n, &where, 0);
	assert_int_equal(w.c.cache.slab.used, sizeof text + 1);
	for (size_t n = 0; n <= sizeof text; n++)
		assert_ptr_equal(rgw_conversations_get(&w.c, &w.who[1], text, n, 1).target, HERE);
	rgw_conversations_fini(&w.c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_state_and_talker),
		cmocka_unit_test(last_one_counts),
		cmocka_unit_test(forgotten_in_time),
		cmocka_unit_test(own_oldest_makes_room),
		cmocka_unit_test(nobody_pushes_out_the_others),
		cmocka_unit_test(parts_become_even),
		cmocka_unit_test(oldest_of_all_makes_room_for_a_newcomer),
		cmocka_unit_test(memory_comes_back),
		cmocka_unit_test(states_of_any_length),
	};

	return cmocka_run_group_tests_name("conversation", tests, NULL, NULL);
}
