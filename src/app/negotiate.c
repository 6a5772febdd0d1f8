/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <strings.h>

#include "scrape.h"

/* Which of the two formats of metrics a client prefers, by its Accept header (RFC 9110 12.5.1). The client owns the
 * header. */

/* A piece of the header. */
struct piece {
	const char *v;
	size_t n;
};

static struct piece
trim(struct piece p)
{
	while (p.n > 0 && (p.v[0] == ' ' || p.v[0] == '\t')) {
		p.v++;
		p.n--;
	}
	while (p.n > 0 && (p.v[p.n - 1] == ' ' || p.v[p.n - 1] == '\t'))
		p.n--;
	return p;
}

/* Takes the piece up to the next separator off the rest. false = the rest is empty. */
static bool
cut(struct piece *rest, char separator, struct piece *out)
{
	const char *end;

	if (rest->v == NULL)
		return false;
	end = memchr(rest->v, separator, rest->n);
	*out = trim((struct piece){ rest->v, end != NULL ? (size_t)(end - rest->v) : rest->n });
	if (end == NULL)
		*rest = (struct piece){ NULL, 0 };
	else
		*rest = (struct piece){ end + 1, rest->n - (size_t)(end - rest->v) - 1 };
	return true;
}

static bool
is(struct piece p, const char *text)
{
	return p.n == strlen(text) && strncasecmp(p.v, text, p.n) == 0;
}

/* The value of a parameter "name=value" if it has this name, else no value. */
static struct piece
value_of(struct piece p, const char *name)
{
	size_t len = strlen(name);

	if (p.n <= len || strncasecmp(p.v, name, len) != 0 || p.v[len] != '=')
		return (struct piece){ NULL, 0 };
	p = (struct piece){ p.v + len + 1, p.n - len - 1 };
	if (p.n >= 2 && p.v[0] == '"' && p.v[p.n - 1] == '"')
		p = (struct piece){ p.v + 1, p.n - 2 };
	return p;
}

/* A quality in thousandths; one that is not well-formed counts as none at all. */
static unsigned
quality(struct piece p)
{
	unsigned q = 0, digit = 1000;

	for (size_t i = 0; i < p.n; i++) {
		if (i == 1 && p.v[i] == '.')
			continue;
		if (p.v[i] < '0' || p.v[i] > '9' || i > 4)
			return 0;
		q += (unsigned)(p.v[i] - '0') * digit;
		digit /= 10;
	}
	return q <= 1000 ? q : 0;
}

/* What one item of the header says. */
struct item {
	struct piece type;
	struct piece version;
	unsigned q;
};

static struct item
read_item(struct piece text)
{
	struct item item = { .q = 1000 };
	struct piece part, value;

	(void)cut(&text, ';', &item.type);
	while (cut(&text, ';', &part)) {
		value = value_of(part, "q");
		if (value.v != NULL)
			item.q = quality(value);
		value = value_of(part, "version");
		if (value.v != NULL)
			item.version = value;
	}
	return item;
}

static bool
is_openmetrics(const struct item *item)
{
	return is(item->type, "application/openmetrics-text") &&
	    (item->version.v == NULL || is(item->version, "1.0.0") || is(item->version, "0.0.1"));
}

static bool
is_plain(const struct item *item)
{
	return is(item->type, "text/plain") || is(item->type, "text/*") || is(item->type, "*/*");
}

bool
rgw_scrape_wants_openmetrics(const char *accept)
{
	struct piece rest = { accept, accept != NULL ? strlen(accept) : 0 };
	unsigned open = 0, plain = 0;
	struct piece text;

	while (cut(&rest, ',', &text)) {
		struct item item = read_item(text);

		if (is_openmetrics(&item) && item.q > open)
			open = item.q;
		if (is_plain(&item) && item.q > plain)
			plain = item.q;
	}
	return open > 0 && open >= plain;
}
