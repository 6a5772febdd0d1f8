/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/* What is different between two lists of texts, for people to read. Lists may be long, so nothing here is quadratic. */

/* One item of one of the two lists. */
struct item {
	const char *text;  /* borrowed */
	size_t at;         /* its place in the list */
	size_t other;      /* the place of its like in the other list, or NONE */
};

#define NONE SIZE_MAX

static int
compare_texts(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;
	int order = strcmp(x->text, y->text);

	return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static int
compare_places(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static struct item *
sorted(const struct rgw_strings *list)
{
	struct item *items = rgw_xcalloc(list->n, sizeof *items);

	for (size_t i = 0; i < list->n; i++)
		items[i] = (struct item){ list->v[i], i, NONE };
	qsort(items, list->n, sizeof *items, compare_texts);
	return items;
}

/* Finds for each item its like in the other list, then puts both lists back into their order. Of items that a list has
 * twice, the first goes with the first. */
static void
pair_up(struct item *a, size_t n_a, struct item *b, size_t n_b)
{
	for (size_t i = 0, k = 0; i < n_a && k < n_b;) {
		int order = strcmp(a[i].text, b[k].text);

		if (order == 0) {
			a[i].other = b[k].at;
			b[k].other = a[i].at;
		}
		i += order <= 0;
		k += order >= 0;
	}
	qsort(a, n_a, sizeof *a, compare_places);
	qsort(b, n_b, sizeof *b, compare_places);
}

/* Has something stayed, all in the order in which it was? */
static bool
keeps_order(const struct item *items, size_t n)
{
	size_t last = NONE;

	for (size_t i = 0; i < n; i++) {
		if (items[i].other == NONE)
			continue;
		if (last != NONE && items[i].other < last)
			return false;
		last = items[i].other;
	}
	return last != NONE;
}

static void
list_unpaired(struct rgw_strbuf *out, const char *sign, const struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (items[i].other == NONE) {
			rgw_strbuf_join(out, ", ", sign);
			rgw_strbuf_put(out, items[i].text);
		}
}

char *
rgw_delta(const struct rgw_strings *before, const struct rgw_strings *after)
{
	struct item *a = sorted(before);
	struct item *b = sorted(after);
	struct rgw_strbuf out = { 0 };

	pair_up(a, before->n, b, after->n);
	if (keeps_order(b, after->n)) {
		list_unpaired(&out, "+ ", b, after->n);
		list_unpaired(&out, "- ", a, before->n);
	}
	free(a);
	free(b);
	return out.v;
}
