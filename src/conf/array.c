/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/*
 * An array of the snapshot is { type *v; size_t n; } with any type of item. The struct that it stands in owns
 * it; the functions here grow, shrink and empty it without knowing the type.
 */

/* Each array of the snapshot looks like this but for the type of v; the array is copied since a cast would
 * break the rules for aliasing. */
struct any_array {
	void *v;
	size_t n;
};

_Static_assert(sizeof(struct any_array) == sizeof(struct rgw_strings), "arrays look alike");
_Static_assert(sizeof(struct any_array) == sizeof(struct rgw_cert_rules), "arrays look alike");
_Static_assert(sizeof(struct any_array) == sizeof(struct rgw_rewrite_rules), "arrays look alike");
_Static_assert(sizeof(struct any_array) == sizeof(struct rgw_rewrite_value), "arrays look alike");
_Static_assert(offsetof(struct any_array, n) == offsetof(struct rgw_addrs, n), "arrays look alike");

static struct any_array
array_of(const void *array)
{
	struct any_array a;

	memcpy(&a, array, sizeof a);
	return a;
}

void *
rgw_array_grow(void *array, size_t item_size)
{
	struct any_array a = array_of(array);
	char *item;

	/* The array gets room for the next power of two, so that a long one is not moved each time. */
	if ((a.n & (a.n - 1)) == 0)
		a.v = rgw_xrealloc(a.v, (a.n > 0 ? 2 * a.n : 1) * item_size);
	item = (char *)a.v + a.n * item_size;
	memset(item, 0, item_size);
	a.n++;
	memcpy(array, &a, sizeof a);
	return item;
}

void
rgw_array_drop(void *array)
{
	struct any_array a = array_of(array);

	if (--a.n == 0) {
		free(a.v);
		a.v = NULL;
	}
	memcpy(array, &a, sizeof a);
}

size_t
rgw_array_count(const void *array)
{
	return array_of(array).n;
}

void *
rgw_array_item(const void *array, size_t i, size_t item_size)
{
	return (char *)array_of(array).v + i * item_size;
}

void *
rgw_array_take(void *array)
{
	struct any_array a = array_of(array);

	memset(array, 0, sizeof a);
	return a.v;
}
