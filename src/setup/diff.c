/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "radsecgw/mem.h"

/* The difference between two texts, as a unified diff: by the longest common subsequence of their lines. */

#define CONTEXT 3
/* What is larger is shown as a whole: nobody writes such a configuration by hand. */
#define LINES 3000

struct lines {
	const char **v;   /* where each begins; owned */
	size_t *len;      /* owned */
	size_t n;
};

/* A line of the result: ' ' in both, '-' in the old one, '+' in the new one. */
struct edit {
	char kind;
	size_t old, new;  /* how many lines of each came before */
};

static struct lines
split(const char *text)
{
	struct lines out = { 0 };
	size_t room = 1;

	for (const char *p = text; *p != '\0'; p++)
		room += *p == '\n';
	out.v = rgw_xcalloc(room, sizeof *out.v);
	out.len = rgw_xcalloc(room, sizeof *out.len);
	while (*text != '\0') {
		out.v[out.n] = text;
		out.len[out.n] = strcspn(text, "\n");
		text += out.len[out.n];
		text += *text == '\n';
		out.n++;
	}
	return out;
}

static void
drop(struct lines *l)
{
	free(l->v);
	free(l->len);
}

static bool
equal(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
	return a->len[i] == b->len[j] && memcmp(a->v[i], b->v[j], a->len[i]) == 0;
}

/* common[i * (b->n + 1) + j]: the length of the longest common subsequence of what follows these lines. */
static uint16_t *
measure(const struct lines *a, const struct lines *b)
{
	size_t row = b->n + 1;
	uint16_t *common = rgw_xcalloc((a->n + 1) * row, sizeof *common);

	for (size_t i = a->n; i-- > 0;)
		for (size_t j = b->n; j-- > 0;) {
			uint16_t down = common[(i + 1) * row + j], right = common[i * row + j + 1];

			if (equal(a, i, b, j))
				common[i * row + j] = (uint16_t)(common[(i + 1) * row + j + 1] + 1);
			else
				common[i * row + j] = down > right ? down : right;
		}
	return common;
}

/* Which line comes next: of both, of the old ones or of the new ones? */
static char
next_kind(const struct lines *a, size_t i, const struct lines *b, size_t j, const uint16_t *common)
{
	size_t row = b->n + 1;

	if (i == a->n || j == b->n)
		return i == a->n ? '+' : '-';
	if (common == NULL)
		return '-';
	if (equal(a, i, b, j))
		return ' ';
	return common[(i + 1) * row + j] >= common[i * row + j + 1] ? '-' : '+';
}

static size_t
edit(const struct lines *a, const struct lines *b, struct edit *out)
{
	uint16_t *common = a->n <= LINES && b->n <= LINES ? measure(a, b) : NULL;
	size_t i = 0, j = 0, n = 0;

	while (i < a->n || j < b->n) {
		char kind = next_kind(a, i, b, j, common);

		out[n++] = (struct edit){ kind, i, j };
		i += kind != '+';
		j += kind != '-';
	}
	free(common);
	return n;
}

/* The end of the hunk that begins at `i`: behind its last change there are enough lines that are the same. */
static size_t
hunk_end(const struct edit *e, size_t n, size_t i)
{
	size_t last = i;

	for (; i < n && i - last <= 2 * CONTEXT; i++)
		if (e[i].kind != ' ')
			last = i;
	return last + 1 + CONTEXT < n ? last + 1 + CONTEXT : n;
}

static void
print_hunk(FILE *out, const struct lines *a, const struct lines *b, const struct edit *e, size_t from, size_t to)
{
	size_t olds = 0, news = 0;

	for (size_t i = from; i < to; i++) {
		olds += e[i].kind != '+';
		news += e[i].kind != '-';
	}
	fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", e[from].old + (olds > 0), olds, e[from].new + (news > 0), news);
	for (size_t i = from; i < to; i++) {
		bool new = e[i].kind == '+';

		fprintf(out, "%c%.*s\n", e[i].kind, new ? (int)b->len[e[i].new] : (int)a->len[e[i].old],
		    new ? b->v[e[i].new] : a->v[e[i].old]);
	}
}

void
rgw_setup_diff(FILE *out, const char *old_name, const char *old, const char *new_name, const char *new)
{
	struct lines a = split(old), b = split(new);
	struct edit *e = rgw_xcalloc(a.n + b.n + 1, sizeof *e);
	size_t n = edit(&a, &b, e), end = 0;

	fprintf(out, "--- %s\n+++ %s\n", old_name, new_name);
	for (size_t i = 0; i < n; i++) {
		size_t from = i > end + CONTEXT ? i - CONTEXT : end;

		if (e[i].kind == ' ')
			continue;
		end = hunk_end(e, n, i);
		print_hunk(out, &a, &b, e, from, end);
		i = end - 1;
	}
	free(e);
	drop(&a);
	drop(&b);
}
