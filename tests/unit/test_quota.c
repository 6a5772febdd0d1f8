/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/quota.h"

#include <pthread.h>

#include "helpers.h"

static void
takes_up_to_the_limit(void **state)
{
	struct rgw_quota q;

	(void)state;
	rgw_quota_init(&q, 2);
	assert_int_equal(rgw_quota_used(&q), 0);
	assert_true(rgw_quota_take(&q));
	assert_false(rgw_quota_is_full(&q));
	assert_true(rgw_quota_take(&q));
	assert_true(rgw_quota_is_full(&q));
	/* What was not given cannot be missed. */
	assert_false(rgw_quota_take(&q));
	assert_false(rgw_quota_take(&q));
	assert_int_equal(rgw_quota_used(&q), 2);
	rgw_quota_give(&q);
	assert_false(rgw_quota_is_full(&q));
	assert_true(rgw_quota_take(&q));
	assert_false(rgw_quota_take(&q));
}

static void
none_and_many(void **state)
{
	struct rgw_quota q;

	(void)state;
	rgw_quota_init(&q, 0);
	assert_true(rgw_quota_is_full(&q));
	assert_false(rgw_quota_take(&q));
	rgw_quota_init(&q, UINT32_MAX);
	for (int i = 0; i < 1000; i++)
		assert_true(rgw_quota_take(&q));
	assert_int_equal(rgw_quota_used(&q), 1000);
}

#define THREADS 4
#define ROUNDS 20000
#define LIMIT 3

/* What the threads share: the quota, and a count of their own beside it. */
struct crowd {
	struct rgw_quota quota;
	atomic_int inside;
	atomic_int too_many;
	atomic_int served;
};

static void *
come_and_go(void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < ROUNDS; i++) {
		if (!rgw_quota_take(&c->quota))
			continue;
		if (atomic_fetch_add(&c->inside, 1) >= LIMIT)
			atomic_fetch_add(&c->too_many, 1);
		atomic_fetch_add(&c->served, 1);
		atomic_fetch_sub(&c->inside, 1);
		rgw_quota_give(&c->quota);
	}
	return NULL;
}

static void
never_too_many_from_several_threads(void **state)
{
	struct crowd c = { 0 };
	pthread_t threads[THREADS];

	(void)state;
	rgw_quota_init(&c.quota, LIMIT);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &c), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(c.too_many, 0);
	assert_true(c.served >= ROUNDS);
	assert_int_equal(rgw_quota_used(&c.quota), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_up_to_the_limit),
		cmocka_unit_test(none_and_many),
		cmocka_unit_test(never_too_many_from_several_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
