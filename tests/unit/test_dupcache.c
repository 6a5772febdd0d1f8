/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/dupcache.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"

#define LIFETIME 30000
#define WINDOW 10000
#define LIMIT 1000

/* As the engine makes entries longer. */
struct entry {
	struct rgw_dup dup;
	int more;
};

static const uint8_t auth[RGW_AUTH_LEN] = { 1 };

static const struct rgw_hashkey hashkey = { 1, 2 };

static int
setup(void **state)
{
	struct rgw_dupcache *cache = rgw_xcalloc(1, sizeof *cache);

	rgw_dupcache_init(cache, &hashkey, sizeof(struct entry), LIMIT, LIFETIME, WINDOW);
	*state = cache;
	return 0;
}

static int
teardown(void **state)
{
	rgw_dupcache_fini(*state);
	free(*state);
	return 0;
}

static struct rgw_dupkey
key_of(uint32_t place, const char *from, uint8_t code, uint8_t id)
{
	struct rgw_addr a;

	assert_true(rgw_addr_parse(from, 0, &a));
	return rgw_dupkey_of(place, &a, code, id);
}

/* P-DUP-1: source address and port, place, code and identifier; each difference is another
 * request. */
static void
each_part_of_the_key_counts(void **state)
{
	struct rgw_dupcache *cache = *state;
	struct rgw_dupkey key[7];
	struct rgw_dup *dup[7];

	key[0] = key_of(1, "192.0.2.1:1000", 1, 9);
	key[1] = key_of(2, "192.0.2.1:1000", 1, 9);
	key[2] = key_of(1, "192.0.2.2:1000", 1, 9);
	key[3] = key_of(1, "192.0.2.1:1001", 1, 9);
	key[4] = key_of(1, "192.0.2.1:1000", 4, 9);
	key[5] = key_of(1, "192.0.2.1:1000", 1, 8);
	key[6] = key_of(1, "[2001:db8::1]:1000", 1, 9);
	for (size_t i = 0; i < COUNT(dup); i++) {
		assert_null(rgw_dupcache_find(cache, &key[i]));
		dup[i] = rgw_dupcache_add(cache, &key[i], auth, 0);
		assert_non_null(dup[i]);
		assert_int_equal(((struct entry *)(void *)dup[i])->more, 0);
	}
	for (size_t i = 0; i < COUNT(dup); i++)
		assert_ptr_equal(rgw_dupcache_find(cache, &key[i]), dup[i]);
	for (size_t i = 0; i < COUNT(dup); i++) {
		rgw_dupcache_remove(cache, dup[i]);
		for (size_t k = 0; k < COUNT(dup); k++)
			assert_ptr_equal(rgw_dupcache_find(cache, &key[k]), k <= i ? NULL : dup[k]);
	}
}

/* P-DUP-5: the authenticator is not in the key, so that a new request under the same numbers finds
 * the old one, which it replaces. */
static void
the_authenticator_is_not_in_the_key(void **state)
{
	struct rgw_dupcache *cache = *state;
	struct rgw_dupkey key = key_of(1, "192.0.2.1:1000", 1, 9);
	struct rgw_dup *dup = rgw_dupcache_add(cache, &key, auth, 0);

	assert_non_null(dup);
	assert_memory_equal(dup->auth, auth, sizeof auth);
	memset(dup->auth, 0x77, 16);
	assert_ptr_equal(rgw_dupcache_find(cache, &key), dup);
	rgw_dupcache_remove(cache, dup);
}

/* Equal keys are equal octets, whatever stood in memory before. */
static void
keys_have_no_holes(void **state)
{
	struct rgw_dupkey a;
	struct rgw_dupkey b;
	struct rgw_addr from;

	(void)state;
	assert_int_equal(sizeof a, 16 + 4 + 4 + 2 + 1 + 1);
	assert_true(rgw_addr_parse("192.0.2.1:7", 0, &from));
	memset(&a, 0xee, sizeof a);
	memset(&b, 0x11, sizeof b);
	a = rgw_dupkey_of(3, &from, 1, 2);
	b = rgw_dupkey_of(3, &from, 1, 2);
	assert_memory_equal(&a, &b, sizeof a);
	/* The same link-local address on another link is somebody else. */
	from.scope = 2;
	b = rgw_dupkey_of(3, &from, 1, 2);
	assert_memory_not_equal(&a, &b, sizeof a);
}

static void
pending_ones_end_after_their_lifetime(void **state)
{
	struct rgw_dupcache *cache = *state;
	struct rgw_dupkey key = key_of(1, "192.0.2.1:1000", 1, 9);
	struct rgw_dup *dup;

	assert_true(rgw_dupcache_next(cache) == RGW_NEVER);
	assert_null(rgw_dupcache_expired(cache, RGW_NEVER));
	dup = rgw_dupcache_add(cache, &key, auth, 500);
	assert_non_null(dup);
	assert_int_equal(dup->since, 500);
	assert_int_equal(rgw_dupcache_next(cache), 500 + LIFETIME);
	assert_null(rgw_dupcache_expired(cache, 500 + LIFETIME - 1));
	assert_ptr_equal(rgw_dupcache_expired(cache, 500 + LIFETIME), dup);
	/* It is still in the cache until it is removed. */
	assert_ptr_equal(rgw_dupcache_find(cache, &key), dup);
	rgw_dupcache_remove(cache, dup);
	assert_true(rgw_dupcache_next(cache) == RGW_NEVER);
}

/* P-DUP-2, P-DUP-4: an answered one stays for the window, counted from the answer. */
static void
answered_ones_stay_for_the_window(void **state)
{
	struct rgw_dupcache *cache = *state;
	struct rgw_dupkey key = key_of(1, "192.0.2.1:1000", 1, 9);
	struct rgw_dup *dup = rgw_dupcache_add(cache, &key, auth, 0);

	assert_non_null(dup);
	rgw_dupcache_answered(cache, dup, 25000);
	assert_int_equal(rgw_dupcache_next(cache), 25000 + WINDOW);
	assert_null(rgw_dupcache_expired(cache, 25000 + WINDOW - 1));
	assert_ptr_equal(rgw_dupcache_find(cache, &key), dup);
	assert_ptr_equal(rgw_dupcache_expired(cache, 25000 + WINDOW), dup);
	rgw_dupcache_remove(cache, dup);
	assert_null(rgw_dupcache_find(cache, &key));
}

/* The model: an array with what each entry should be. */
enum { ENTRIES = 300, STEPS = 40000 };

struct model {
	struct rgw_dupkey key[ENTRIES];
	struct rgw_dup *dup[ENTRIES];
	bool in[ENTRIES];
	bool answered[ENTRIES];
	rgw_ms expires[ENTRIES];
};

static rgw_ms
model_next(const struct model *m)
{
	rgw_ms next = RGW_NEVER;

	for (size_t i = 0; i < ENTRIES; i++)
		if (m->in[i])
			next = rgw_ms_min(next, m->expires[i]);
	return next;
}

/* As the owner does: take out whatever is over. */
static void
expire(struct rgw_dupcache *cache, struct model *m, rgw_ms now)
{
	struct rgw_dup *dup;

	while ((dup = rgw_dupcache_expired(cache, now)) != NULL) {
		size_t i = dup->key.port * 3u + dup->key.place;

		assert_true(m->in[i] && m->expires[i] <= now);
		m->in[i] = false;
		rgw_dupcache_remove(cache, dup);
	}
	assert_true(model_next(m) > now);
}

static void
against_an_array(void **state)
{
	struct rgw_dupcache *cache = *state;
	struct model *m = rgw_xcalloc(1, sizeof *m);
	struct help_rng rng = { 55 };
	rgw_ms now = 0;

	for (size_t i = 0; i < ENTRIES; i++)
		m->key[i] = (struct rgw_dupkey){ .place = (uint32_t)i % 3,
			.port = (uint16_t)(i / 3), .code = 1, .id = 7 };
	for (size_t step = 0; step < STEPS; step++) {
		size_t i = help_below(&rng, ENTRIES);

		now += help_below(&rng, 300);
		expire(cache, m, now);
		assert_ptr_equal(rgw_dupcache_find(cache, &m->key[i]), m->in[i] ? m->dup[i] : NULL);
		if (!m->in[i]) {
			m->dup[i] = rgw_dupcache_add(cache, &m->key[i], auth, now);
			assert_non_null(m->dup[i]);
			m->in[i] = true;
			m->answered[i] = false;
			m->expires[i] = now + LIFETIME;
		} else if (!m->answered[i]) {
			rgw_dupcache_answered(cache, m->dup[i], now);
			m->answered[i] = true;
			m->expires[i] = now + WINDOW;
		} else {
			rgw_dupcache_remove(cache, m->dup[i]);
			m->in[i] = false;
		}
		assert_true(rgw_dupcache_next(cache) == model_next(m));
	}
	expire(cache, m, now + LIFETIME);
	assert_true(rgw_dupcache_next(cache) == RGW_NEVER);
	free(m);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_part_of_the_key_counts),
		TEST(the_authenticator_is_not_in_the_key),
		cmocka_unit_test(keys_have_no_holes),
		TEST(pending_ones_end_after_their_lifetime),
		TEST(answered_ones_stay_for_the_window),
		TEST(against_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
