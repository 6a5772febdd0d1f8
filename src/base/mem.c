/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Every chunk starts with the pointer to the chunk before it, padded so that objects stay aligned. */
union chunk_head {
	void *next;
	max_align_t align;
};

/* Chunks of about this size: small enough for a router, large enough that malloc does not matter. */
#define CHUNK_BYTES 16384

void
rgw_slab_init(struct rgw_slab *slab, size_t object_size, size_t limit)
{
	size_t align = sizeof(union chunk_head);
	size_t size = (object_size + align - 1) / align * align;

	*slab = (struct rgw_slab){
		.object_size = size,
		.per_chunk = size < CHUNK_BYTES / 2 ? CHUNK_BYTES / size : 1,
		.limit = limit,
	};
}

void
rgw_slab_fini(struct rgw_slab *slab)
{
	void *chunk = slab->chunks;

	while (chunk != NULL) {
		void *next = ((union chunk_head *)chunk)->next;

		free(chunk);
		chunk = next;
	}
	*slab = (struct rgw_slab){ .object_size = slab->object_size };
}

static bool
grow(struct rgw_slab *slab)
{
	size_t n = slab->per_chunk;
	union chunk_head *head;
	char *object;

	if (slab->limit != 0 && slab->limit - slab->total < n)
		n = slab->limit - slab->total;
	if (n == 0)
		return false;
	head = malloc(sizeof *head + n * slab->object_size);
	if (head == NULL)
		return false;
	head->next = slab->chunks;
	slab->chunks = head;
	slab->total += n;
	object = (char *)(head + 1);
	for (size_t i = 0; i < n; i++, object += slab->object_size) {
		*(void **)(void *)object = slab->free_list;
		slab->free_list = object;
	}
	return true;
}

void *
rgw_slab_get(struct rgw_slab *slab)
{
	void *object;

	if (slab->free_list == NULL && !grow(slab))
		return NULL;
	object = slab->free_list;
	slab->free_list = *(void **)object;
	slab->used++;
	return object;
}

void
rgw_slab_put(struct rgw_slab *slab, void *object)
{
	*(void **)object = slab->free_list;
	slab->free_list = object;
	slab->used--;
}

/* Classes double from 128; a 4096-octet packet is the largest there is (P-PKT-2). */
static struct rgw_slab *
class_of(struct rgw_bufs *bufs, size_t n)
{
	size_t class = 0;

	for (size_t size = 128; size < n; size *= 2)
		class++;
	return class < RGW_BUFS_CLASSES ? &bufs->slab[class] : NULL;
}

void
rgw_bufs_init(struct rgw_bufs *bufs)
{
	for (size_t i = 0; i < RGW_BUFS_CLASSES; i++)
		rgw_slab_init(&bufs->slab[i], (size_t)128 << i, 0);
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
	struct rgw_slab *slab = class_of(bufs, n);

	return slab != NULL ? rgw_slab_get(slab) : NULL;
}

void
rgw_bufs_put(struct rgw_bufs *bufs, uint8_t *buf, size_t n)
{
	if (buf == NULL)
		return;
	rgw_wipe(buf, n);
	rgw_slab_put(class_of(bufs, n), buf);
}

size_t
rgw_bufs_used(const struct rgw_bufs *bufs)
{
	size_t used = 0;

	for (size_t i = 0; i < RGW_BUFS_CLASSES; i++)
		used += bufs->slab[i].used;
	return used;
}
