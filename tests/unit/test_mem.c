/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/mem.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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
		assert_int_equal((uintptr_t)got[i] % sizeof(uint64_t), 0);
		memset(got[i], (int)(i % 251), object_size);
		assert_int_equal(slab.used, i + 1);
	}
	assert_int_equal(slab.n_chunks, (slab.used + slab.per_chunk - 1) / slab.per_chunk);
	for (size_t i = 0; i < want && got[i] != NULL; i++) {
		for (size_t k = 0; k < object_size; k++)
			assert_int_equal(got[i][k], i % 251);
		rgw_slab_put(&slab, got[i]);
	}
	assert_int_equal(slab.used, 0);
	assert_int_equal(slab.n_chunks, 1);
	rgw_slab_fini(&slab);
	assert_int_equal(slab.n_chunks, 0);
	free(got);
}

static void
slab_objects_do_not_overlap(void **state)
{
	static const size_t sizes[] = { 1, 7, 8, 24, 32, 33, 100, 4096, 8191, 8192, 20000, 32736 };

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
	assert_int_equal(slab.n_chunks, 1);
	/* What is still out goes with the slab. */
	rgw_slab_fini(&slab);
	assert_int_equal(slab.n_chunks, 0);
}

/* Fills a slab; fails the test unless all objects are there. */
static void
take_all(struct rgw_slab *slab, void **held, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		held[i] = rgw_slab_get(slab);
		assert_non_null(held[i]);
	}
}

/* After a flood one chunk is kept, and that is used for the next load before another one is made. */
static void
slab_gives_empty_chunks_back(void **state)
{
	void *held[320];
	struct rgw_slab slab;

	(void)state;
	rgw_slab_init(&slab, 2000, 0);
	assert_int_equal(slab.per_chunk, 32);
	for (unsigned round = 0; round < 3; round++) {
		take_all(&slab, held, COUNT(held));
		assert_int_equal(slab.n_chunks, 10);
		/* In any order; here from both ends. */
		for (size_t i = 0; i < COUNT(held) / 2; i++) {
			rgw_slab_put(&slab, held[i]);
			rgw_slab_put(&slab, held[COUNT(held) - 1 - i]);
		}
		assert_int_equal(slab.used, 0);
		assert_int_equal(slab.n_chunks, 1);
	}
	held[0] = rgw_slab_get(&slab);
	assert_int_equal(slab.n_chunks, 1);
	rgw_slab_put(&slab, held[0]);
	rgw_slab_fini(&slab);
}

/* On the border between two chunks a single object comes and goes: that costs no chunk each time. */
static void
slab_keeps_a_spare_chunk(void **state)
{
	void *held[33];
	struct rgw_slab slab;

	(void)state;
	rgw_slab_init(&slab, 2000, 0);
	take_all(&slab, held, 33);
	assert_int_equal(slab.n_chunks, 2);
	for (unsigned i = 0; i < 100; i++) {
		void *before = held[32];

		rgw_slab_put(&slab, held[32]);
		assert_int_equal(slab.n_chunks, 2);
		held[32] = rgw_slab_get(&slab);
		assert_ptr_equal(held[32], before);
	}
	rgw_slab_fini(&slab);
}

/* Objects come from fuller chunks first: a chunk of which nearly all have come back gets the chance to become
 * empty, although others are handed out meanwhile. */
static void
slab_fills_fuller_chunks_first(void **state)
{
	void *held[96];
	struct rgw_slab slab;

	(void)state;
	rgw_slab_init(&slab, 2000, 0);
	take_all(&slab, held, 96);
	assert_int_equal(slab.n_chunks, 3);
	/* The first chunk keeps two, the second all but two; the third all. */
	for (size_t i = 2; i < 32; i++)
		rgw_slab_put(&slab, held[i]);
	rgw_slab_put(&slab, held[40]);
	rgw_slab_put(&slab, held[41]);
	held[40] = rgw_slab_get(&slab);
	held[41] = rgw_slab_get(&slab);
	for (size_t i = 40; i < 42; i++)
		assert_int_equal((uintptr_t)held[i] / RGW_SLAB_CHUNK, (uintptr_t)held[42] / RGW_SLAB_CHUNK);
	rgw_slab_put(&slab, held[0]);
	rgw_slab_put(&slab, held[1]);
	assert_int_equal(slab.n_chunks, 3);
	assert_non_null(slab.spare);
	rgw_slab_fini(&slab);
}

/* Objects that come and go at random never harm each other, and no more chunks are there than were needed
 * at one time. */
static void
slab_at_random(void **state)
{
	struct rgw_slab slab;
	struct help_rng rng = { 1 };
	uint64_t *held[400] = { NULL };
	size_t n = 0;

	(void)state;
	rgw_slab_init(&slab, 1000, 0);
	for (size_t i = 0; i < 200000; i++) {
		/* Many for a while, and then few. */
		size_t at = help_below(&rng, i / 20000 % 2 == 0 ? COUNT(held) : 40);

		if (held[at] == NULL) {
			held[at] = rgw_slab_get(&slab);
			held[at][0] = held[at][124] = at;
			n++;
		} else {
			assert_true(held[at][0] == at && held[at][124] == at);
			rgw_slab_put(&slab, held[at]);
			held[at] = NULL;
			n--;
		}
		assert_int_equal(slab.used, n);
		assert_true(slab.n_chunks <= COUNT(held) / slab.per_chunk + 2);
		if (i % 20000 == 19999) {
			for (size_t k = 40; k < COUNT(held); k++) {
				n -= held[k] != NULL;
				if (held[k] != NULL)
					rgw_slab_put(&slab, held[k]);
				held[k] = NULL;
			}
		}
	}
	rgw_slab_fini(&slab);
}

/* What the slab does not touch costs nothing: a slab with one object has one page or two of its chunk. */
static void
slab_touches_only_what_it_hands_out(void **state)
{
	unsigned char resident[RGW_SLAB_CHUNK / 4096];
	struct rgw_slab slab;
	uint8_t *object, *chunk;
	size_t n = 0;

	(void)state;
	rgw_slab_init(&slab, 100, 0);
	object = rgw_slab_get(&slab);
	chunk = object - (uintptr_t)object % RGW_SLAB_CHUNK;
	assert_int_equal(mincore(chunk, RGW_SLAB_CHUNK, resident), 0);
	for (size_t i = 0; i < (size_t)(RGW_SLAB_CHUNK / sysconf(_SC_PAGESIZE)); i++)
		n += resident[i] & 1;
	assert_in_range(n, 1, 2);
	rgw_slab_fini(&slab);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

/* A use of what has been given back, or was never handed out, is seen by AddressSanitizer. */
static void
slab_poisons_what_is_free(void **state)
{
	struct rgw_slab slab;
	uint8_t *a, *b;

	(void)state;
	rgw_slab_init(&slab, 100, 0);
	a = rgw_slab_get(&slab);
	b = rgw_slab_get(&slab);
	assert_null(__asan_region_is_poisoned(a, 100));
	rgw_slab_put(&slab, a);
	for (size_t i = 0; i < 100; i++)
		assert_true(__asan_address_is_poisoned(a + i));
	assert_null(__asan_region_is_poisoned(b, 100));
	assert_true(__asan_address_is_poisoned(b + slab.object_size));
	assert_ptr_equal(rgw_slab_get(&slab), a);
	assert_null(__asan_region_is_poisoned(a, 100));
	rgw_slab_put(&slab, a);
	rgw_slab_put(&slab, b);
	/* The spare chunk, too. */
	assert_true(__asan_address_is_poisoned(a) && __asan_address_is_poisoned(b));
	rgw_slab_fini(&slab);
}

/* In a process of its own: it does not outlive such a use. */
static void
use_after_free_is_seen(void **state)
{
	struct rgw_bufs bufs;
	volatile uint8_t *p;
	int status;
	pid_t pid;

	(void)state;
	rgw_bufs_init(&bufs);
	p = rgw_bufs_get(&bufs, 200);
	rgw_bufs_put(&bufs, (uint8_t *)(uintptr_t)p, 200);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		p[100] = 1;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	rgw_bufs_fini(&bufs);
}
#endif

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
		assert_int_equal(rgw_bufs_octets(want[i].n), 128 << want[i].class);
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
		cmocka_unit_test(slab_gives_empty_chunks_back),
		cmocka_unit_test(slab_keeps_a_spare_chunk),
		cmocka_unit_test(slab_fills_fuller_chunks_first),
		cmocka_unit_test(slab_at_random),
		cmocka_unit_test(slab_touches_only_what_it_hands_out),
#ifdef __SANITIZE_ADDRESS__
		cmocka_unit_test(slab_poisons_what_is_free),
		cmocka_unit_test(use_after_free_is_seen),
#endif
		cmocka_unit_test(bufs_hold_what_was_asked_for),
		cmocka_unit_test(bufs_use_the_smallest_class),
		cmocka_unit_test(bufs_wipe_what_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
