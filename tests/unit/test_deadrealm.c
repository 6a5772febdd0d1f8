/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/deadrealm.h"

static const struct rgw_hashkey key = { 3, 4 };

static uint32_t
silent(struct rgw_deadrealms *d, const char *realm, uint32_t who, rgw_ms now)
{
	return rgw_deadrealms_silent(d, realm, strlen(realm), who, now);
}

static uint32_t
answered(struct rgw_deadrealms *d, const char *realm, uint32_t who)
{
	return rgw_deadrealms_answered(d, realm, strlen(realm), who);
}

static rgw_ms
mark(const struct rgw_deadrealms *d, const char *realm, uint32_t who, rgw_ms now)
{
	return rgw_deadrealms_mark(d, realm, strlen(realm), who, 1, 3600000, now);
}

/* P-FO-7: a mark belongs to one realm at one neighbour. */
static void
mark_is_set_and_cleared(void **state)
{
	struct rgw_deadrealms d;

	(void)state;
	rgw_deadrealms_init(&d, &key, 10, 10);
	assert_int_equal(mark(&d, "example.org", 1, 5), 0);
	assert_int_equal(silent(&d, "example.org", 1, 5), 1);
	assert_int_equal(mark(&d, "example.org", 1, 6), 5);
	assert_int_equal(mark(&d, "EXAMPLE.Org", 1, 6), 5);
	assert_int_equal(mark(&d, "example.org", 2, 6), 0);
	assert_int_equal(mark(&d, "example.net", 1, 6), 0);
	assert_int_equal(silent(&d, "example.org", 1, 7), 2);
	assert_int_equal(mark(&d, "example.org", 1, 8), 7);
	assert_int_equal(d.n_marks, 1);
	assert_int_equal(answered(&d, "example.ORG", 1), 2);
	assert_int_equal(mark(&d, "example.org", 1, 9), 0);
	assert_int_equal(answered(&d, "example.org", 1), 0);
	assert_int_equal(d.n_marks, 0);
	rgw_deadrealms_fini(&d);
}

static void
several_in_a_row_may_be_asked_for(void **state)
{
	struct rgw_deadrealms d;

	(void)state;
	rgw_deadrealms_init(&d, &key, 10, 10);
	silent(&d, "x", 1, 1);
	silent(&d, "x", 1, 2);
	assert_int_equal(rgw_deadrealms_mark(&d, "x", 1, 1, 3, 1000, 3), 0);
	silent(&d, "x", 1, 4);
	assert_int_equal(rgw_deadrealms_mark(&d, "x", 1, 1, 3, 1000, 5), 4);
	rgw_deadrealms_fini(&d);
}

static void
marks_expire(void **state)
{
	struct rgw_deadrealms d;

	(void)state;
	rgw_deadrealms_init(&d, &key, 10, 10);
	silent(&d, "x", 1, 1000);
	assert_int_equal(rgw_deadrealms_mark(&d, "x", 1, 1, 1, 500, 1499), 1000);
	assert_int_equal(rgw_deadrealms_mark(&d, "x", 1, 1, 1, 500, 1500), 0);
	rgw_deadrealms_fini(&d);
}

/* A fifth neighbour takes the place of the oldest mark. */
static void
few_marks_for_one_realm(void **state)
{
	struct rgw_deadrealms d;

	(void)state;
	rgw_deadrealms_init(&d, &key, 10, 10);
	for (uint32_t who = 1; who <= 5; who++)
		silent(&d, "x", who, 100 + who);
	assert_int_equal(mark(&d, "x", 1, 200), 0);
	for (uint32_t who = 2; who <= 5; who++)
		assert_int_equal(mark(&d, "x", who, 200), 100 + who);
	assert_int_equal(d.n_marks, 4);
	rgw_deadrealms_fini(&d);
}

/* A hundred thousand invented names displace each other, and no realm that was ever answered. */
static void
flood_displaces_nothing_real(void **state)
{
	struct rgw_deadrealms d;
	char name[32];

	(void)state;
	rgw_deadrealms_init(&d, &key, 1000, 1000);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "real%d.example", i);
		answered(&d, name, 1);
		silent(&d, name, 2, 50);
	}
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "flood%d.example", i);
		silent(&d, name, (uint32_t)(i % 3), 60);
		assert_true(d.cache.slab.used <= 2000);
	}
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "real%d.example", i);
		assert_int_equal(mark(&d, name, 2, 70), 50);
	}
	assert_int_equal(d.unproven.n, 1000);
	assert_int_equal(d.proven.n, 500);
	rgw_deadrealms_fini(&d);
}

static void
longest_unused_realm_is_forgotten(void **state)
{
	struct rgw_deadrealms d;
	char name[32];

	(void)state;
	rgw_deadrealms_init(&d, &key, 10, 10);
	answered(&d, "first", 1);
	silent(&d, "first", 2, 1);
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof name, "real%d", i);
		answered(&d, name, 1);
	}
	assert_int_equal(mark(&d, "first", 2, 2), 1);
	answered(&d, "first", 1);
	answered(&d, "one more", 1);
	assert_int_equal(mark(&d, "first", 2, 2), 1);
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof name, "other%d", i);
		answered(&d, name, 1);
	}
	assert_int_equal(mark(&d, "first", 2, 2), 0);
	assert_int_equal(d.n_marks, 0);
	assert_int_equal(d.proven.n, 10);
	rgw_deadrealms_fini(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mark_is_set_and_cleared),
		cmocka_unit_test(several_in_a_row_may_be_asked_for),
		cmocka_unit_test(marks_expire),
		cmocka_unit_test(few_marks_for_one_realm),
		cmocka_unit_test(flood_displaces_nothing_real),
		cmocka_unit_test(longest_unused_realm_is_forgotten),
	};

	return cmocka_run_group_tests_name("deadrealm", tests, NULL, NULL);
}
