/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *
or_die(void *p)
{
	if (p == NULL) {
		fputs("radsecgw: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
rgw_xcalloc(size_t n, size_t size)
{
	return or_die(calloc(n > 0 ? n : 1, size));
}

void *
rgw_xrealloc(void *p, size_t size)
{
	return or_die(realloc(p, size));
}

char *
rgw_xstrdup(const char *s)
{
	return or_die(strdup(s));
}

void
rgw_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

bool
rgw_ct_equal(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t differ = 0;

	for (size_t i = 0; i < n; i++)
		differ |= x[i] ^ y[i];
	return differ == 0;
}

/* ---- slabs ---- */

#if defined(__SANITIZE_ADDRESS__)
#define POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONS 1
#endif
#endif

/* Memory that is not handed out must not be touched: with AddressSanitizer that is seen. */
#ifdef POISONS
#include <sanitizer/asan_interface.h>

/*
 * Memory: allocation that ends the process when there is none, slabs and buffers for requests, wiping and
 * comparing of secrets.
 */
#define POISON(p, n) __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

/* What a chunk begins with. Chunks lie at multiples of their size, so the chunk of an object is found by its
 * address. */
struct rgw_slab_chunk {
	struct rgw_link link;  /* in `roomy` or `full` of the slab, unless it is the spare one */
	bool in_full;
	void *free;            /* objects that came back; each begins with a pointer to the next */
	uint32_t used;         /* objects handed out */
	uint32_t fresh;        /* objects from this one on were never handed out, and are not in `free` */
};

/* Objects follow the head of their chunk at a cache line of their own. */
#define CHUNK_HEAD 64

_Static_assert(sizeof(struct rgw_slab_chunk) <= CHUNK_HEAD, "the head has room");

#define OBJECT_ALIGN sizeof(uint64_t)

static struct rgw_slab_chunk *
chunk_of(void *object)
{
	return (struct rgw_slab_chunk *)((uintptr_t)object & ~(uintptr_t)(RGW_SLAB_CHUNK - 1));
}

static void *
map(size_t octets)
{
	void *p = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED ? p : NULL;
}

/* Takes a chunk from the system, at a multiple of its size; NULL = memory is out. The system puts each mapping
 * next to the one before, so that only the first chunk has to be moved into its place. */
static struct rgw_slab_chunk *
map_chunk(void)
{
	uint8_t *p = map(RGW_SLAB_CHUNK);
	size_t before;

	if (p == NULL || (uintptr_t)p % RGW_SLAB_CHUNK == 0)
		return (void *)p;
	munmap(p, RGW_SLAB_CHUNK);
	p = map(2 * (size_t)RGW_SLAB_CHUNK);
	if (p == NULL)
		return NULL;
	before = -(uintptr_t)p % RGW_SLAB_CHUNK;
	if (before > 0)
		munmap(p, before);
	munmap(p + before + RGW_SLAB_CHUNK, RGW_SLAB_CHUNK - before);
	return (void *)(p + before);
}

static void
unmap_chunk(struct rgw_slab *slab, struct rgw_slab_chunk *chunk)
{
	UNPOISON(chunk, RGW_SLAB_CHUNK);
	munmap(chunk, RGW_SLAB_CHUNK);
	slab->n_chunks--;
}

void
rgw_slab_init(struct rgw_slab *slab, size_t object_size, size_t limit)
{
	size_t size = (object_size + OBJECT_ALIGN - 1) / OBJECT_ALIGN * OBJECT_ALIGN;

	*slab = (struct rgw_slab){
		.object_size = size,
		.per_chunk = (uint32_t)((RGW_SLAB_CHUNK - CHUNK_HEAD) / size),
		.limit = limit,
	};
	rgw_link_init(&slab->roomy);
	rgw_link_init(&slab->full);
}

static struct rgw_slab_chunk *
first_of(const struct rgw_link *list)
{
	struct rgw_link *l = rgw_list_first(list);

	return l != NULL ? RGW_CONTAINER(l, struct rgw_slab_chunk, link) : NULL;
}

void
rgw_slab_fini(struct rgw_slab *slab)
{
	struct rgw_link *const lists[] = { &slab->roomy, &slab->full };
	struct rgw_slab_chunk *chunk;

	for (size_t i = 0; i < 2; i++) {
		while ((chunk = first_of(lists[i])) != NULL) {
			rgw_link_remove(&chunk->link);
			unmap_chunk(slab, chunk);
		}
	}
	if (slab->spare != NULL)
		unmap_chunk(slab, slab->spare);
	slab->spare = NULL;
	slab->used = 0;
}

/* Adds an empty chunk to those with room. */
static struct rgw_slab_chunk *
add_chunk(struct rgw_slab *slab)
{
	struct rgw_slab_chunk *chunk = slab->spare;

	slab->spare = NULL;
	if (chunk == NULL) {
		chunk = map_chunk();
		if (chunk == NULL)
			return NULL;
		slab->n_chunks++;
		rgw_link_init(&chunk->link);
		POISON((uint8_t *)chunk + CHUNK_HEAD, RGW_SLAB_CHUNK - CHUNK_HEAD);
	}
	rgw_list_prepend(&slab->roomy, &chunk->link);
	return chunk;
}

/* Finds a chunk with room when the first one has none; NULL = memory is out. A chunk that has become full stays
 * in its list until here, for the next object may just as well come back to it. */
static struct rgw_slab_chunk *find_room(struct rgw_slab *slab) __attribute__((noinline));

static struct rgw_slab_chunk *
find_room(struct rgw_slab *slab)
{
	struct rgw_slab_chunk *chunk;

	while ((chunk = first_of(&slab->roomy)) != NULL && chunk->used == slab->per_chunk) {
		rgw_link_remove(&chunk->link);
		rgw_list_append(&slab->full, &chunk->link);
		chunk->in_full = true;
	}
	return chunk != NULL ? chunk : add_chunk(slab);
}

void *
rgw_slab_get(struct rgw_slab *slab)
{
	struct rgw_slab_chunk *chunk;
	void *object;

	if (slab->limit != 0 && slab->used >= slab->limit)
		return NULL;
	chunk = first_of(&slab->roomy);
	if (chunk == NULL || chunk->used == slab->per_chunk)
		chunk = find_room(slab);
	if (chunk == NULL)
		return NULL;
	object = chunk->free;
	if (object == NULL)
		object = (uint8_t *)chunk + CHUNK_HEAD + chunk->fresh++ * slab->object_size;
	UNPOISON(object, slab->object_size);
	if (chunk->free != NULL)
		chunk->free = *(void **)object;
	slab->used++;
	chunk->used++;
	return object;
}

/* Puts a chunk from which an object came back into its place among the others, or gives it back to the system.
 * */
static void settle(struct rgw_slab *slab, struct rgw_slab_chunk *chunk) __attribute__((noinline));

static void
settle(struct rgw_slab *slab, struct rgw_slab_chunk *chunk)
{
	bool was_full = chunk->in_full;

	chunk->in_full = false;
	rgw_link_remove(&chunk->link);
	if (chunk->used == 0 && slab->spare != NULL)
		unmap_chunk(slab, chunk);
	else if (chunk->used == 0)
		slab->spare = chunk;
	else if (was_full)
		rgw_list_prepend(&slab->roomy, &chunk->link);
	else
		rgw_list_append(&slab->roomy, &chunk->link);
}

void
rgw_slab_put(struct rgw_slab *slab, void *object)
{
	struct rgw_slab_chunk *chunk = chunk_of(object);

	*(void **)object = chunk->free;
	chunk->free = object;
	POISON(object, slab->object_size);
	chunk->used--;
	slab->used--;
	if (chunk->in_full || chunk->used == 0 ||
	    (chunk->used == slab->per_chunk / 2 && slab->roomy.prev != &chunk->link))
		settle(slab, chunk);
}

/* ---- buffers ---- */

/* A 4096-octet packet is the largest there is (P-PKT-2). */
static struct rgw_slab *
slab_for(struct rgw_bufs *bufs, size_t n)
{
	unsigned class = rgw_bufs_class(n);

	return class < RGW_BUFS_CLASSES ? &bufs->slab[class] : NULL;
}

void
rgw_bufs_init(struct rgw_bufs *bufs)
{
	for (size_t i = 0; i < RGW_BUFS_CLASSES; i++)
		rgw_slab_init(&bufs->slab[i], (size_t)1 << (RGW_BUFS_FIRST + i), 0);
}

void
rgw_bufs_fini(struct rgw_bufs *bufs)
{
	for (size_t i = 0; i < RGW_BUFS_CLASSES; i++)
		rgw_slab_fini(&bufs->slab[i]);
}

uint8_t *
rgw_bufs_get(struct rgw_bufs *bufs, size_t n)
{
	struct rgw_slab *slab = slab_for(bufs, n);

	return slab != NULL ? rgw_slab_get(slab) : NULL;
}

void
rgw_bufs_put(struct rgw_bufs *bufs, uint8_t *buf, size_t n)
{
	if (buf == NULL)
		return;
	rgw_wipe(buf, n);
	rgw_slab_put(slab_for(bufs, n), buf);
}

size_t
rgw_bufs_used(const struct rgw_bufs *bufs)
{
	size_t used = 0;

	for (size_t i = 0; i < RGW_BUFS_CLASSES; i++)
		used += bufs->slab[i].used;
	return used;
}
