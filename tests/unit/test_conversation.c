/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/conversation.h"

static const struct rgw_hashkey key = { 1, 2 };
static int here;
static int there;

static void
put(struct rgw_conversations *c, uint64_t who, const char *state, void *target, uint32_t serial,
    rgw_ms now)
{
	const struct rgw_conversation where = { target, serial };

	rgw_conversations_put(c, who, state, strlen(state), &where, now);
}

static void *
get(struct rgw_conversations *c, uint64_t who, const char *state, rgw_ms now)
{
	return rgw_conversations_get(c, who, state, strlen(state), now).target;
}

static void
found_by_state_and_asker(void **state)
{
	struct rgw_conversations c;

	(void)state;
	rgw_conversations_init(&c, &key, 100, 1000);
	put(&c, 1, "abc", &here, 7, 0);
	put(&c, 2, "abc", &there, 8, 0);
	assert_ptr_equal(get(&c, 1, "abc", 1), &here);
	assert_ptr_equal(get(&c, 2, "abc", 1), &there);
	assert_int_equal(rgw_conversations_get(&c, 2, "abc", 3, 1).serial, 8);
	assert_null(get(&c, 1, "abd", 1));
	assert_null(get(&c, 3, "abc", 1));
	rgw_conversations_fini(&c);
}

/* The same State again is where the last challenge came from. */
static void
last_one_counts(void **state)
{
	struct rgw_conversations c;

	(void)state;
	rgw_conversations_init(&c, &key, 100, 1000);
	put(&c, 1, "abc", &here, 7, 0);
	put(&c, 1, "abc", &there, 8, 10);
	assert_ptr_equal(get(&c, 1, "abc", 1005), &there);
	assert_int_equal(c.slab.used, 1);
	rgw_conversations_fini(&c);
}

static void
forgotten_in_time(void **state)
{
	struct rgw_conversations c;

	(void)state;
	rgw_conversations_init(&c, &key, 100, 1000);
	put(&c, 1, "abc", &here, 7, 0);
	assert_ptr_equal(get(&c, 1, "abc", 999), &here);
	assert_null(get(&c, 1, "abc", 1000));
	put(&c, 1, "other", &here, 7, 1000);
	assert_int_equal(c.slab.used, 1);
	rgw_conversations_fini(&c);
}

static void
oldest_makes_room(void **state)
{
	struct rgw_conversations c;
	char text[24];

	(void)state;
	rgw_conversations_init(&c, &key, 10, 1000);
	for (int i = 0; i < 25; i++) {
		snprintf(text, sizeof text, "state %d", i);
		put(&c, 1, text, &here, 1, 0);
		assert_true(c.slab.used <= 10);
	}
	assert_null(get(&c, 1, "state 14", 1));
	assert_ptr_equal(get(&c, 1, "state 15", 1), &here);
	rgw_conversations_fini(&c);
}

static void
states_of_any_length(void **state)
{
	struct rgw_conversations c;
	const struct rgw_conversation where = { &here, 1 };
	uint8_t text[253];

	(void)state;
	memset(text, 'x', sizeof text);
	rgw_conversations_init(&c, &key, 300, 1000);
	for (size_t n = 0; n <= sizeof text; n++)
		rgw_conversations_put(&c, 1, text, n, &where, 0);
	assert_int_equal(c.slab.used, sizeof text + 1);
	for (size_t n = 0; n <= sizeof text; n++)
		assert_ptr_equal(rgw_conversations_get(&c, 1, text, n, 1).target, &here);
	rgw_conversations_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_state_and_asker),
		cmocka_unit_test(last_one_counts),
		cmocka_unit_test(forgotten_in_time),
		cmocka_unit_test(oldest_makes_room),
		cmocka_unit_test(states_of_any_length),
	};

	return cmocka_run_group_tests_name("conversation", tests, NULL, NULL);
}
