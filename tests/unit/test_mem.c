/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/mem.h"

#include <stdlib.h>

#include "helpers.h"

static void
xcalloc_gives_zeroed_memory(void **state)
{
	uint8_t *p = rgw_xcalloc(10, 100);

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(p[i], 0);
	memset(p, 7, 1000);
	p = rgw_xrealloc(p, 2000);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(p[i], 7);
	free(p);
	p = rgw_xcalloc(0, 8);
	assert_non_null(p);
	free(p);
}

static void
xstrdup_copies(void **state)
{
	const char *text = "abc";
	char *copy = rgw_xstrdup(text);

	(void)state;
	assert_string_equal(copy, text);
	assert_true(copy != text);
	free(copy);
}

static void
wipe_clears_exactly_n(void **state)
{
	uint8_t buf[32];

	(void)state;
	for (size_t n = 0; n <= 30; n++) {
		memset(buf, 0xaa, sizeof buf);
		rgw_wipe(buf + 1, n);
		assert_int_equal(buf[0], 0xaa);
		for (size_t i = 1; i < sizeof buf; i++)
			assert_int_equal(buf[i], i <= n ? 0 : 0xaa);
	}
	rgw_wipe(NULL, 0);
}

/* P-AUT-6: every single bit counts, and nothing behind n does. */
static void
ct_equal_sees_every_bit(void **state)
{
	uint8_t a[20];
	uint8_t b[20];

	(void)state;
	for (size_t i = 0; i < sizeof a; i++)
		a[i] = (uint8_t)(i * 37);
	for (size_t n = 0; n <= 16; n++) {
		memcpy(b, a, sizeof b);
		assert_true(rgw_ct_equal(a, b, n));
		for (size_t bit = 0; bit < 8 * n; bit++) {
			b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(rgw_ct_equal(a, b, n));
			b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		b[n] ^= 1;
		assert_true(rgw_ct_equal(a, b, n));
	}
}

/* Differences that cancel out in a sum or an xor must still be seen. */
static void
ct_equal_is_not_fooled_by_pairs(void **state)
{
	static const struct { const char *a; const char *b; } pairs[] = {
		{ "\x01\x00", "\x00\x01" }, { "\xff\x01", "\x00\x02" }, { "\x80\x80", "\x00\x00" },
		{ "ab", "ba" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		assert_false(rgw_ct_equal(pairs[i].a, pairs[i].b, 2));
}

/* Takes `want` objects, fills each with its number, and checks at the end that none was harmed. */
static void
check_slab(size_t object_size, size_t limit, size_t want)
{
	struct rgw_slab slab;
	uint8_t **got = rgw_xcalloc(want, sizeof *got);

	rgw_slab_init(&slab, object_size, limit);
	assert_true(slab.object_size >= object_size && slab.object_size >= sizeof(void *));
	for (size_t i = 0; i < want; i++) {
		got[i] = rgw_slab_get(&slab);
		if (limit != 0 && i >= limit) {
			assert_null(got[i]);
			continue;
		}
		assert_non_null(got[i]);
		assert_int_equal((uintptr_t)got[i] % _Alignof(max_align_t), 0);
		memset(got[i], (int)(i % 251), object_size);
		assert_int_equal(slab.used, i + 1);
		assert_true(slab.total >= slab.used && (limit == 0 || slab.total <= limit));
	}
	for (size_t i = 0; i < want && got[i] != NULL; i++) {
		for (size_t k = 0; k < object_size; k++)
			assert_int_equal(got[i][k], i % 251);
		rgw_slab_put(&slab, got[i]);
	}
	assert_int_equal(slab.used, 0);
	rgw_slab_fini(&slab);
	free(got);
}

static void
slab_objects_do_not_overlap(void **state)
{
	static const size_t sizes[] = { 1, 7, 8, 24, 32, 33, 100, 4096, 8191, 8192, 20000 };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		check_slab(sizes[i], 0, 100);
		check_slab(sizes[i], 1, 3);
		check_slab(sizes[i], 37, 40);
	}
	check_slab(32, 5000, 5002);
}

static void
slab_takes_back_and_hands_out_again(void **state)
{
	struct rgw_slab slab;
	void *a;
	void *b;

	(void)state;
	rgw_slab_init(&slab, 64, 2);
	a = rgw_slab_get(&slab);
	b = rgw_slab_get(&slab);
	assert_true(a != b);
	assert_null(rgw_slab_get(&slab));
	rgw_slab_put(&slab, a);
	assert_ptr_equal(rgw_slab_get(&slab), a);
	assert_null(rgw_slab_get(&slab));
	assert_int_equal(slab.total, 2);
	rgw_slab_put(&slab, a);
	rgw_slab_put(&slab, b);
	rgw_slab_fini(&slab);
	assert_null(rgw_slab_get(&slab));
}

/* A flood costs memory once: total does not grow when objects come and go. */
static void
slab_does_not_grow_by_use(void **state)
{
	struct rgw_slab slab;
	struct help_rng rng = { 1 };
	void *held[50] = { NULL };
	size_t total;

	(void)state;
	rgw_slab_init(&slab, 2000, 0);
	for (size_t i = 0; i < COUNT(held); i++)
		held[i] = rgw_slab_get(&slab);
	total = slab.total;
	for (size_t i = 0; i < 10000; i++) {
		size_t at = help_below(&rng, COUNT(held));

		if (held[at] != NULL)
			rgw_slab_put(&slab, held[at]);
		held[at] = held[at] != NULL ? NULL : rgw_slab_get(&slab);
	}
	assert_int_equal(slab.total, total);
	rgw_slab_fini(&slab);
}

static void
bufs_hold_what_was_asked_for(void **state)
{
	struct rgw_bufs bufs;

	(void)state;
	rgw_bufs_init(&bufs);
	for (size_t n = 0; n <= 4096; n++) {
		uint8_t *a = rgw_bufs_get(&bufs, n);
		uint8_t *b = rgw_bufs_get(&bufs, n);

		assert_true(a != NULL && b != NULL);
		memset(a, 0x11, n);
		memset(b, 0x22, n);
		assert_true(n == 0 || (a[0] == 0x11 && a[n - 1] == 0x11));
		assert_int_equal(rgw_bufs_used(&bufs), 2);
		rgw_bufs_put(&bufs, a, n);
		rgw_bufs_put(&bufs, b, n);
		assert_int_equal(rgw_bufs_used(&bufs), 0);
	}
	assert_null(rgw_bufs_get(&bufs, 4097));
	assert_null(rgw_bufs_get(&bufs, 65535));
	rgw_bufs_put(&bufs, NULL, 100);
	assert_int_equal(rgw_bufs_used(&bufs), 0);
	rgw_bufs_fini(&bufs);
}

/* A small packet must not cost a large buffer: each class serves its own sizes. */
static void
bufs_use_the_smallest_class(void **state)
{
	struct rgw_bufs bufs;
	static const struct { size_t n; size_t class; } want[] = {
		{ 0, 0 }, { 20, 0 }, { 128, 0 }, { 129, 1 }, { 256, 1 }, { 257, 2 }, { 512, 2 },
		{ 513, 3 }, { 1025, 4 }, { 2048, 4 }, { 2049, 5 }, { 4096, 5 },
	};

	(void)state;
	rgw_bufs_init(&bufs);
	for (size_t i = 0; i < COUNT(want); i++) {
		uint8_t *p = rgw_bufs_get(&bufs, want[i].n);

		assert_int_equal(bufs.slab[want[i].class].used, 1);
		rgw_bufs_put(&bufs, p, want[i].n);
	}
	rgw_bufs_fini(&bufs);
}

/* P-PWD-6: a buffer that comes back holds nothing of the packet; only the slab's own link. */
static void
bufs_wipe_what_comes_back(void **state)
{
	struct rgw_bufs bufs;
	uint8_t *p;

	(void)state;
	rgw_bufs_init(&bufs);
	p = rgw_bufs_get(&bufs, 1000);
	memset(p, 0xaa, 1000);
	rgw_bufs_put(&bufs, p, 1000);
	assert_ptr_equal(rgw_bufs_get(&bufs, 1000), p);
	for (size_t i = sizeof(void *); i < 1000; i++)
		assert_int_equal(p[i], 0);
	rgw_bufs_fini(&bufs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xcalloc_gives_zeroed_memory),
		cmocka_unit_test(xstrdup_copies),
		cmocka_unit_test(wipe_clears_exactly_n),
		cmocka_unit_test(ct_equal_sees_every_bit),
		cmocka_unit_test(ct_equal_is_not_fooled_by_pairs),
		cmocka_unit_test(slab_objects_do_not_overlap),
		cmocka_unit_test(slab_takes_back_and_hands_out_again),
		cmocka_unit_test(slab_does_not_grow_by_use),
		cmocka_unit_test(bufs_hold_what_was_asked_for),
		cmocka_unit_test(bufs_use_the_smallest_class),
		cmocka_unit_test(bufs_wipe_what_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
