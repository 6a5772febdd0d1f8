/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/cache.h"

#include "helpers.h"

/* The bounded table that duplicates, conversations and marks of realms stand in. */

struct thing {
	struct rgw_cached cached;
	unsigned number;
	uint8_t more[40];
};

static void
finds_what_was_added(void **state)
{
	struct rgw_cache cache;
	struct rgw_cache_row row;
	struct thing *a, *b, *c;

	(void)state;
	rgw_cache_init(&cache, sizeof(struct thing), 10);
	rgw_cache_row_init(&row);
	assert_null(rgw_cache_first(&row));
	assert_null(rgw_cache_find(&cache, 7));
	a = rgw_cache_add(&cache, &row, 7);
	b = rgw_cache_add(&cache, &row, 8);
	c = rgw_cache_add(&cache, &row, 7);
	assert_true(a != NULL && b != NULL && c != NULL);
	assert_int_equal(row.n, 3);
	assert_ptr_equal(rgw_cache_find(&cache, 8), b);
	assert_null(rgw_cache_find_next(b));
	/* Both with the same hash are found, each once. */
	a->number = 1;
	c->number = 2;
	b = rgw_cache_find(&cache, 7);
	assert_non_null(rgw_cache_find_next(b));
	assert_int_equal(b->number + ((struct thing *)rgw_cache_find_next(b))->number, 3);
	rgw_cache_remove(&cache, &row, a);
	assert_ptr_equal(rgw_cache_find(&cache, 7), c);
	assert_null(rgw_cache_find_next(c));
	assert_int_equal(row.n, 2);
	rgw_cache_fini(&cache);
}

/* A new object is zero, whatever stood in the memory that it gets. */
static void
new_objects_are_zero(void **state)
{
	static const uint8_t zero[sizeof(((struct thing *)0)->more)];
	struct rgw_cache cache;
	struct rgw_cache_row row;

	(void)state;
	rgw_cache_init(&cache, sizeof(struct thing), 1);
	rgw_cache_row_init(&row);
	for (unsigned i = 0; i < 3; i++) {
		struct thing *t = rgw_cache_add(&cache, &row, i);

		assert_non_null(t);
		assert_int_equal(t->number, 0);
		assert_memory_equal(t->more, zero, sizeof zero);
		t->number = 9;
		memset(t->more, 0xee, sizeof t->more);
		rgw_cache_remove(&cache, &row, t);
	}
	rgw_cache_fini(&cache);
}

/* The limit is one of all rows together, and nothing changes where it is reached. */
static void
never_more_than_the_limit(void **state)
{
	struct rgw_cache cache;
	struct rgw_cache_row used, kept;
	struct thing *first;

	(void)state;
	rgw_cache_init(&cache, sizeof(struct thing), 4);
	rgw_cache_row_init(&used);
	rgw_cache_row_init(&kept);
	for (unsigned i = 0; i < 4; i++)
		assert_non_null(rgw_cache_add(&cache, i % 2 == 0 ? &used : &kept, i));
	assert_null(rgw_cache_add(&cache, &used, 4));
	assert_null(rgw_cache_find(&cache, 4));
	assert_int_equal(used.n, 2);
	assert_int_equal(cache.slab.used, 4);
	first = rgw_cache_first(&kept);
	rgw_cache_remove(&cache, &kept, first);
	assert_non_null(rgw_cache_add(&cache, &used, 4));
	rgw_cache_fini(&cache);
}

/* Whoever was moved last is the last to give way, in the same row and in another one. */
static void
moves_to_the_end(void **state)
{
	struct rgw_cache cache;
	struct rgw_cache_row a, b;
	struct thing *t[3];

	(void)state;
	rgw_cache_init(&cache, sizeof(struct thing), 3);
	rgw_cache_row_init(&a);
	rgw_cache_row_init(&b);
	for (unsigned i = 0; i < 3; i++) {
		t[i] = rgw_cache_add(&cache, &a, i);
		assert_non_null(t[i]);
	}
	assert_ptr_equal(rgw_cache_first(&a), t[0]);
	rgw_cache_move(&a, &a, t[0]);
	assert_int_equal(a.n, 3);
	assert_ptr_equal(rgw_cache_first(&a), t[1]);
	rgw_cache_move(&a, &b, t[2]);
	rgw_cache_move(&a, &b, t[1]);
	assert_int_equal(a.n, 1);
	assert_int_equal(b.n, 2);
	assert_ptr_equal(rgw_cache_first(&a), t[0]);
	assert_ptr_equal(rgw_cache_first(&b), t[2]);
	/* It is found as before. */
	assert_ptr_equal(rgw_cache_find(&cache, 2), t[2]);
	rgw_cache_fini(&cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_added),
		cmocka_unit_test(new_objects_are_zero),
		cmocka_unit_test(never_more_than_the_limit),
		cmocka_unit_test(moves_to_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
