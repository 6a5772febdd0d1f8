/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/hash.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/list.h"
#include "radsecgw/mem.h"

/* SipHash-2-4 of 00, 00 01, ... under the key 00..0f: the vectors of its authors. */
static const uint64_t siphash_of_length[64] = {
	0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
	0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
	0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
	0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
	0x3f2acc7f57c29bdb, 0x699ae9f52cbe4794, 0x4bc1b3f0968dd39c, 0xbb6dc91da77961bd,
	0xbed65cf21aa2ee98, 0xd0f2cbb02e3b67c7, 0x93536795e3a33e88, 0xa80c038ccd5ccec8,
	0xb8ad50c6f649af94, 0xbce192de8a85b8ea, 0x17d835b85bbb15f3, 0x2f2e6163076bcfad,
	0xde4daaaca71dc9a5, 0xa6a2506687956571, 0xad87a3535c49ef28, 0x32d892fad841c342,
	0x7127512f72f27cce, 0xa7f32346f95978e3, 0x12e0b01abb051238, 0x15e034d40fa197ae,
	0x314dffbe0815a3b4, 0x027990f029623981, 0xcadcd4e59ef40c4d, 0x9abfd8766a33735c,
	0x0e3ea96b5304a7d0, 0xad0c42d6fc585992, 0x187306c89bc215a9, 0xd4a60abcf3792b95,
	0xf935451de4f21df2, 0xa9538f0419755787, 0xdb9acddff56ca510, 0xd06c98cd5c0975eb,
	0xe612a3cb9ecba951, 0xc766e62cfcadaf96, 0xee64435a9752fe72, 0xa192d576b245165a,
	0x0a8787bf8ecb74b2, 0x81b3e73d20b49b6f, 0x7fa8220ba3b2ecea, 0x245731c13ca42499,
	0xb78dbfaf3a8d83bd, 0xea1ad565322a1a0b, 0x60e61c23a3795013, 0x6606d7e446282b93,
	0x6ca4ecb15c5f91e1, 0x9f626da15c9625f3, 0xe51b38608ef25f57, 0x958a324ceb064572,
};

static void
siphash_reference_vectors(void **state)
{
	const struct rgw_hashkey key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t data[64 + 1];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	for (size_t n = 0; n < 64; n++)
		assert_true(rgw_siphash(&key, data, n) == siphash_of_length[n]);
	/* The same from an address that is not aligned. */
	memmove(data + 1, data, 64);
	for (size_t n = 0; n < 64; n++)
		assert_true(rgw_siphash(&key, data + 1, n) == siphash_of_length[n]);
}

static void
siphash_other_keys(void **state)
{
	const struct rgw_hashkey zeros = { 0, 0 };
	const struct rgw_hashkey ones = { UINT64_MAX, UINT64_MAX };
	uint8_t data[256];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	/* A length of 256 shows that only its low octet goes into the last block. */
	assert_true(rgw_siphash(&zeros, data, sizeof data) == 0x9d3b1c289668a3d1);
	assert_true(rgw_siphash(&ones, data, 0) == 0x35dd279ee86ce565);
}

struct item {
	struct rgw_hnode node;
	unsigned number;
};

/* How often an item stands in the table under a hash. */
static size_t
times_found(const struct rgw_htab *tab, const struct item *item, uint64_t hash)
{
	size_t n = 0;

	for (struct rgw_hnode *h = rgw_htab_first(tab, hash); h != NULL; h = rgw_htab_next(h))
		n += h == &item->node;
	return n;
}

static void
an_empty_table_has_nothing(void **state)
{
	struct rgw_htab tab;

	(void)state;
	rgw_htab_init(&tab);
	assert_null(rgw_htab_first(&tab, 0));
	assert_int_equal(tab.count, 0);
	rgw_htab_fini(&tab);
	assert_null(rgw_htab_first(&tab, 0));
}

/* Growth over several doublings keeps every entry reachable, in every order of removal. */
static void
grows_and_shrinks(void **state)
{
	enum { N = 10000 };
	const struct rgw_hashkey key = { 1, 2 };
	struct item *items = rgw_xcalloc(N, sizeof *items);
	struct rgw_htab tab;

	(void)state;
	rgw_htab_init(&tab);
	for (unsigned i = 0; i < N; i++) {
		items[i].number = i;
		assert_true(rgw_htab_add(&tab, &items[i].node, rgw_siphash(&key, &i, sizeof i)));
		assert_int_equal(tab.count, i + 1);
	}
	assert_true(tab.mask + 1 >= N / 2 && tab.mask + 1 <= 2 * N);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(times_found(&tab, &items[i], rgw_siphash(&key, &i, sizeof i)), 1);
	for (unsigned i = 0; i < N; i++) {
		unsigned at = (i * 7919u + 13) % N;

		rgw_htab_remove(&tab, &items[at].node);
		assert_int_equal(tab.count, N - 1 - i);
		assert_null(rgw_htab_first(&tab, rgw_siphash(&key, &at, sizeof at)));
		/* It becomes smaller, but not at once: what comes and goes on a border must not cost anything. */
		assert_true(tab.mask + 1 <= 16 || tab.count >= (tab.mask + 1) / 8);
		if (tab.count == N / 4)
			assert_true(tab.mask + 1 >= N);
		at = ((i + 1) * 7919u + 13) % N;
		if (i + 1 < N)
			assert_int_equal(times_found(&tab, &items[at], rgw_siphash(&key, &at, sizeof at)), 1);
	}
	assert_int_equal(tab.mask + 1, 16);
	rgw_htab_fini(&tab);
	free(items);
}

static void
equal_hashes_stand_beside_each_other(void **state)
{
	struct item items[50];
	struct rgw_htab tab;

	(void)state;
	rgw_htab_init(&tab);
	/* Three hashes that share all low bits and so one bucket for long. */
	for (unsigned i = 0; i < COUNT(items); i++)
		assert_true(rgw_htab_add(&tab, &items[i].node, 5 + ((uint64_t)(i % 3) << 40)));
	for (unsigned i = 0; i < COUNT(items); i++)
		for (uint64_t h = 0; h < 4; h++)
			assert_int_equal(times_found(&tab, &items[i], 5 + (h << 40)), h == i % 3);
	rgw_htab_remove(&tab, &items[25].node);  /* 25 % 3 == 1 */
	assert_int_equal(times_found(&tab, &items[25], 5 + (1ull << 40)), 0);
	for (unsigned i = 0; i < COUNT(items); i++)
		if (i != 25)
			assert_int_equal(times_found(&tab, &items[i],
			    5 + ((uint64_t)(i % 3) << 40)), 1);
	rgw_htab_fini(&tab);
}

static void
add_and_remove_at_random(void **state)
{
	enum { N = 300 };
	struct item items[N];
	bool in[N] = { false };
	struct help_rng rng = { 99 };
	struct rgw_htab tab;
	size_t count = 0;

	(void)state;
	rgw_htab_init(&tab);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = help_below(&rng, N);

		/* Few distinct hashes, so that chains are long and ends are hit. */
		if (in[i])
			rgw_htab_remove(&tab, &items[i].node);
		else
			assert_true(rgw_htab_add(&tab, &items[i].node, i % 40));
		in[i] = !in[i];
		count += in[i] ? 1 : (size_t)-1;
		assert_int_equal(tab.count, count);
		i = help_below(&rng, N);
		assert_int_equal(times_found(&tab, &items[i], i % 40), in[i]);
	}
	rgw_htab_fini(&tab);
}

/* The intrusive list lives beside the table in the caches, so it is tested here, too. */
static void
list_keeps_order(void **state)
{
	struct rgw_link head;
	struct rgw_link l[4];

	(void)state;
	rgw_link_init(&head);
	assert_true(rgw_list_empty(&head));
	assert_null(rgw_list_first(&head));
	for (size_t i = 0; i < 4; i++) {
		rgw_link_init(&l[i]);
		assert_false(rgw_link_linked(&l[i]));
	}
	rgw_list_append(&head, &l[1]);
	rgw_list_append(&head, &l[2]);
	rgw_list_prepend(&head, &l[0]);
	rgw_list_append(&head, &l[3]);
	rgw_link_remove(&l[2]);
	assert_false(rgw_link_linked(&l[2]));
	rgw_link_remove(&l[2]);
	assert_ptr_equal(rgw_list_first(&head), &l[0]);
	assert_ptr_equal(l[0].next, &l[1]);
	assert_ptr_equal(l[1].next, &l[3]);
	assert_ptr_equal(l[3].next, &head);
	assert_ptr_equal(head.prev, &l[3]);
	rgw_link_remove(&l[0]);
	rgw_link_remove(&l[3]);
	rgw_link_remove(&l[1]);
	assert_true(rgw_list_empty(&head));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_reference_vectors),
		cmocka_unit_test(siphash_other_keys),
		cmocka_unit_test(an_empty_table_has_nothing),
		cmocka_unit_test(grows_and_shrinks),
		cmocka_unit_test(equal_hashes_stand_beside_each_other),
		cmocka_unit_test(add_and_remove_at_random),
		cmocka_unit_test(list_keeps_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
