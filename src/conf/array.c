/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/* All lists of the snapshot look like this but for the type of v, hence the copying. */
struct any_array {
	void *v;
	size_t n;
};

_Static_assert(sizeof(struct any_array) == sizeof(struct rgw_strings), "lists look alike");
_Static_assert(sizeof(struct any_array) == sizeof(struct rgw_cert_rules), "lists look alike");
_Static_assert(sizeof(struct any_array) == sizeof(struct rgw_rewrite_rules), "lists look alike");
_Static_assert(sizeof(struct any_array) == sizeof(struct rgw_rewrite_value), "lists look alike");
_Static_assert(offsetof(struct any_array, n) == offsetof(struct rgw_addrs, n), "lists look alike");

static struct any_array
list_of(const void *list)
{
	struct any_array l;

	memcpy(&l, list, sizeof l);
	return l;
}

void *
rgw_array_grow(void *list, size_t item_size)
{
	struct any_array l = list_of(list);
	char *item;

	/* Room for the next power of two, so that long lists are not moved every time. */
	if ((l.n & (l.n - 1)) == 0)
		l.v = rgw_xrealloc(l.v, (l.n > 0 ? 2 * l.n : 1) * item_size);
	item = (char *)l.v + l.n * item_size;
	memset(item, 0, item_size);
	l.n++;
	memcpy(list, &l, sizeof l);
	return item;
}

size_t
rgw_array_count(const void *list)
{
	return list_of(list).n;
}

void *
rgw_array_item(const void *list, size_t i, size_t item_size)
{
	return (char *)list_of(list).v + i * item_size;
}

void *
rgw_array_take(void *list)
{
	struct any_array l = list_of(list);
	struct any_array empty = { 0 };

	memcpy(list, &empty, sizeof empty);
	return l.v;
}

void *
rgw_conf_section_at(const struct rgw_conf *conf, enum rgw_conf_kind kind, size_t i)
{
	const struct rgw_conf_section *section = rgw_conf_section_of(kind);
	char *where = (char *)(uintptr_t)conf + section->where;
	void *data;

	if (section->argument == NULL)
		return i == 0 ? where : NULL;
	if (i >= rgw_array_count(where))
		return NULL;
	memcpy(&data, rgw_array_item(where, i, sizeof data), sizeof data);
	return data;
}
