/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/nearest.h"

#include <stdbool.h>
#include <string.h>

/* The search for the name that somebody probably meant to write. */

/* Names that are longer than this are not compared. */
#define LONGEST (RGW_NEAREST_TEXT - 1)

/* A word with more slips than this, or with more than one in three letters, is another word. */
#define MOST_SLIPS 3

static char
fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + ('a' - 'A'));
	return c == '_' ? '-' : c;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * How many letters must be put in, left out, replaced or swapped with their neighbour to make b of
 * a. Row by row, where row[k] holds the distances for k letters of a less than the current one.
 */
static unsigned
edits(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[3][LONGEST + 1] = { 0 };

	for (size_t j = 0; j <= b_len; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		memmove(row[1], row[0], 2 * sizeof row[0]);
		row[0][0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			unsigned n = least(row[1][j], row[0][j - 1]) + 1;

			n = least(n, row[1][j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				n = least(n, row[2][j - 2] + 1);
			row[0][j] = n;
		}
	}
	return row[0][b_len];
}

/* Does one text begin with the other? It is an abbreviation then ("warn"), or has a word too many ("ca-file").
 * */
static bool
begins_with(const char *text, size_t text_len, const char *name, size_t name_len)
{
	size_t n = text_len < name_len ? text_len : name_len;

	for (size_t i = 0; i < n; i++)
		if (fold(text[i]) != fold(name[i]))
			return false;
	return text_len < name_len || (text_len > name_len && fold(text[name_len]) == '-');
}

/* How many slips in this text are taken for slips. */
static unsigned
slips_in(const char *text)
{
	return least((unsigned)strlen(text) / 3, MOST_SLIPS);
}

void
rgw_nearest_init(struct rgw_nearest *near, const char *text)
{
	*near = (struct rgw_nearest){ .text = text, .distance = slips_in(text) + 1 };
}

void
rgw_nearest_try(struct rgw_nearest *near, const char *name)
{
	size_t a_len = strlen(near->text);
	size_t b_len = strlen(name);
	unsigned slips = slips_in(near->text);
	unsigned n;

	if (a_len > LONGEST || b_len > LONGEST)
		return;
	n = edits(near->text, a_len, name, b_len);
	if (slips > 0 && begins_with(near->text, a_len, name, b_len))
		n = least(n, slips);
	if (n >= near->distance)
		return;
	near->distance = n;
	memcpy(near->best, name, b_len + 1);
}
