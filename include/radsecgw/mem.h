/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_MEM_H
#define RADSECGW_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"

/*
 * Memory: allocation that the callers of start-up code may rely on, slabs for the request path,
 * wiping and comparing of secrets.
 */

/* These return memory (rgw_xcalloc zeroed) that the caller frees, or end the process with a message: for
 * start-up and configuration only. The request path uses slabs and sheds work when they are empty. */
void *rgw_xcalloc(size_t n, size_t size) RGW_MUST_USE;
void *rgw_xrealloc(void *p, size_t size) RGW_MUST_USE;
char *rgw_xstrdup(const char *s) RGW_MUST_USE;

/* Overwrites n octets in a way that the compiler cannot leave out. */
void rgw_wipe(void *p, size_t n);

/* Compares n octets in a time that does not depend on their values (P-AUT-6). */
bool rgw_ct_equal(const void *a, const void *b, size_t n) RGW_MUST_USE;

/*
 * A slab hands out objects of one size. It takes memory from the system in chunks of RGW_SLAB_CHUNK octets and
 * gives a chunk back as soon as all objects of it have come back, but for one that it keeps for the next load.
 * Objects come from the fullest chunks first, so that others become empty after a flood. Memory that has never
 * been handed out is not touched, so a slab that is little used costs a page or two.
 *
 * Getting and putting an object take constant time. Objects are not zeroed; they are aligned for pointers and
 * for numbers of 64 bits. With AddressSanitizer, memory that is not handed out is poisoned. Not thread-safe.
 */
#define RGW_SLAB_CHUNK 65536

struct rgw_slab_chunk;

struct rgw_slab {
	size_t object_size;             /* octets of an object, rounded up to hold a pointer, and to keep the
	                                 * alignment */
	uint32_t per_chunk;
	size_t limit;                   /* greatest number of objects; 0 = no limit */
	size_t used;                    /* number of objects that are handed out */
	size_t n_chunks;                /* number of chunks that the slab has, the spare one included */
	struct rgw_link roomy;          /* owned: chunks that may have objects left; fuller first */
	struct rgw_link full;           /* owned: chunks with all objects out */
	struct rgw_slab_chunk *spare;   /* owned: an empty chunk, or NULL */
};

/* Prepares a slab of objects of up to half a chunk each. */
void rgw_slab_init(struct rgw_slab *slab, size_t object_size, size_t limit);
/* Gives all memory of the slab back, also that of objects which are still handed out. */
void rgw_slab_fini(struct rgw_slab *slab);
/* Hands out an object, which is not zeroed; NULL when the limit is reached or memory is out. */
void *rgw_slab_get(struct rgw_slab *slab) RGW_MUST_USE;
void rgw_slab_put(struct rgw_slab *slab, void *object);

/*
 * Buffers for whole packets in a few sizes (128 to 4096 octets), each a slab: packets are kept for
 * the duplicate window, most are small, and none may cost 4096 octets for that.
 */
#define RGW_BUFS_CLASSES 6
#define RGW_BUFS_FIRST 7  /* the smallest are of 2 to this power octets, the others double */

/* The class of a buffer for n octets, and the octets that such a buffer takes, which may be more than n. */
static inline unsigned
rgw_bufs_class(size_t n)
{
	return n <= 1u << RGW_BUFS_FIRST ? 0 : 32 - RGW_BUFS_FIRST - (unsigned)__builtin_clz((unsigned)(n - 1));
}

static inline size_t
rgw_bufs_octets(size_t n)
{
	return (size_t)1 << (RGW_BUFS_FIRST + rgw_bufs_class(n));
}

struct rgw_bufs {
	struct rgw_slab slab[RGW_BUFS_CLASSES];
};

void rgw_bufs_init(struct rgw_bufs *bufs);
void rgw_bufs_fini(struct rgw_bufs *bufs);
/* Hands out a buffer of at least n octets (n <= 4096), or NULL if memory is out. The caller remembers n for the
 * put. */
uint8_t *rgw_bufs_get(struct rgw_bufs *bufs, size_t n) RGW_MUST_USE;
/* Takes a buffer back and wipes its n octets; NULL is ignored. */
void rgw_bufs_put(struct rgw_bufs *bufs, uint8_t *buf, size_t n);
/* The number of buffers that are handed out, over all sizes. */
size_t rgw_bufs_used(const struct rgw_bufs *bufs);

#endif
