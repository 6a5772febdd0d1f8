/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/metrictext.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/escape.h"

/* The text formats of metrics; see metrictext.h. Whoever is to send the text owns the writer. */

#define FIRST_ROOM 4096

/* A number of 64 bits, with a dot and a line feed. */
#define NUMBER_ROOM 24

/* ---- the buffer ---- */

void
rgw_metrictext_init(struct rgw_metrictext *t, bool openmetrics, size_t limit)
{
	*t = (struct rgw_metrictext){ .openmetrics = openmetrics, .limit = limit };
}

/* Makes room for n more octets, for which there is none. */
static bool
grow(struct rgw_metrictext *t, size_t n)
{
	size_t room = t->room > 0 ? t->room : FIRST_ROOM;
	char *grown;

	if (n > t->limit - t->len)
		return false;
	while (room < t->len + n)
		room *= 2;
	room = room < t->limit ? room : t->limit;
	grown = realloc(t->buf, room);
	if (grown == NULL)
		return false;
	t->buf = grown;
	t->room = room;
	return true;
}

static bool
reserve(struct rgw_metrictext *t, size_t n)
{
	if (t->room - t->len < n && !t->failed)
		t->failed = !grow(t, n);
	return !t->failed;
}

static void
put(struct rgw_metrictext *t, const char *s, size_t n)
{
	if (!reserve(t, n))
		return;
	memcpy(t->buf + t->len, s, n);
	t->len += n;
}

static void
put_text(struct rgw_metrictext *t, const char *s)
{
	put(t, s, strlen(s));
}

char *
rgw_metrictext_take(struct rgw_metrictext *t, size_t *len)
{
	char *buf;

	if (t->openmetrics)
		put_text(t, "# EOF\n");
	/* An empty text is a text, too. */
	if (t->buf == NULL)
		(void)reserve(t, 1);
	if (t->failed) {
		free(t->buf);
		t->buf = NULL;
		t->len = 0;
	}
	buf = t->buf;
	*len = t->len;
	rgw_metrictext_init(t, t->openmetrics, t->limit);
	return buf;
}

/* ---- families ---- */

static const struct {
	const char *name;    /* what Prometheus calls the type ... */
	const char *open;    /* ... and what OpenMetrics does */
	const char *suffix;  /* of the name of a sample */
} types[] = {
	[RGW_METRIC_COUNTER] = { "counter", "counter", "_total" },
	[RGW_METRIC_GAUGE] = { "gauge", "gauge", "" },
	[RGW_METRIC_INFO] = { "gauge", "info", "_info" },
	[RGW_METRIC_HISTOGRAM] = { "histogram", "histogram", "" },
};

void
rgw_metrictext_family(struct rgw_metrictext *t, const char *name, enum rgw_metric_type type, const char *help)
{
	t->family = name;
	t->type = type;
	t->help = help;
}

/* One line of the head of a family. Prometheus knows the name of a family with the suffix of its samples, OpenMetrics
 * without. */
static void
put_head_line(struct rgw_metrictext *t, const char *what, const char *text)
{
	put_text(t, what);
	put_text(t, t->family);
	put_text(t, t->openmetrics ? "" : types[t->type].suffix);
	put(t, " ", 1);
	put_text(t, text);
	put(t, "\n", 1);
}

static void
put_head(struct rgw_metrictext *t)
{
	if (t->help == NULL)
		return;
	put_head_line(t, "# HELP ", t->help);
	put_head_line(t, "# TYPE ", t->openmetrics ? types[t->type].open : types[t->type].name);
	t->help = NULL;
}

/* ---- samples ---- */

/* The value of a label. Both formats know three escapes and no others, so the backslash of any other escape is one of
 * the value. */
static void
put_value(struct rgw_metrictext *t, const char *value)
{
	char room[RGW_ESCAPE_ROOM];
	size_t taken, len;

	for (size_t n = strlen(value); n > 0; value += taken, n -= taken) {
		const char *piece = rgw_escape(RGW_ESCAPE_TEXT, (const uint8_t *)value, n, room, &taken, &len);

		if (*value == '\n') {
			put(t, "\\n", 2);
			continue;
		}
		if (piece[0] == '\\' && piece[1] == 'x')
			put(t, "\\", 1);
		put(t, piece, len);
	}
}

/* The name of a sample and its labels, up to where one more label or the end of them would stand. */
static void
put_labels(struct rgw_metrictext *t, const char *suffix, const struct rgw_label *labels, size_t n)
{
	put_head(t);
	put_text(t, t->family);
	put_text(t, suffix);
	for (size_t i = 0; i < n; i++) {
		put(t, i > 0 ? "," : "{", 1);
		put_text(t, labels[i].name);
		put(t, "=\"", 2);
		put_value(t, labels[i].value);
		put(t, "\"", 1);
	}
}

static void
put_name(struct rgw_metrictext *t, const char *suffix, const struct rgw_label *labels, size_t n)
{
	put_labels(t, suffix, labels, n);
	put_text(t, n > 0 ? "} " : " ");
}

/* Writes digits before `end`, at least so many. Returns where they begin. */
static char *
digits(uint64_t value, char *end, unsigned least)
{
	for (; value > 0 || least > 0; value /= 10, least -= least > 0)
		*--end = (char)('0' + value % 10);
	return end;
}

static void
put_number(struct rgw_metrictext *t, uint64_t value)
{
	char text[NUMBER_ROOM], *end = text + NUMBER_ROOM, *begin;

	*--end = '\n';
	begin = digits(value, end, 1);
	put(t, begin, (size_t)(text + NUMBER_ROOM - begin));
}

/* Seconds with at least one decimal, which OpenMetrics wants of the bounds of a histogram, and no more than are
 * needed. */
static void
put_seconds(struct rgw_metrictext *t, rgw_ms value)
{
	char text[NUMBER_ROOM], *end = text + NUMBER_ROOM, *begin;

	begin = digits(value % 1000, end, 3);
	*--begin = '.';
	begin = digits(value / 1000, begin, 1);
	while (end[-1] == '0' && end[-2] != '.')
		end--;
	put(t, begin, (size_t)(end - begin));
}

void
rgw_metrictext_add(struct rgw_metrictext *t, const struct rgw_label *labels, size_t n, uint64_t value)
{
	put_name(t, types[t->type].suffix, labels, n);
	put_number(t, value);
}

void
rgw_metrictext_add_ms(struct rgw_metrictext *t, const struct rgw_label *labels, size_t n, rgw_ms value)
{
	put_name(t, types[t->type].suffix, labels, n);
	put_seconds(t, value);
	put(t, "\n", 1);
}

/* Writes what already stands at `from` once more. */
static void
put_again(struct rgw_metrictext *t, size_t from, size_t n)
{
	if (!reserve(t, n))
		return;
	memcpy(t->buf + t->len, t->buf + from, n);
	t->len += n;
}

void
rgw_metrictext_add_histogram(struct rgw_metrictext *t, const struct rgw_label *labels, size_t n,
    const struct rgw_metric_histogram *h)
{
	uint64_t all = 0;
	size_t from, len;

	put_head(t);
	from = t->len;
	put_labels(t, "_bucket", labels, n);
	put_text(t, n > 0 ? ",le=\"" : "{le=\"");
	len = t->len - from;
	for (size_t i = 0; i < h->n_bounds; i++) {
		all += h->counts[i];
		put_seconds(t, h->bounds[i]);
		put(t, "\"} ", 3);
		put_number(t, all);
		put_again(t, from, len);
	}
	all += h->counts[h->n_bounds];
	put(t, "+Inf\"} ", 7);
	put_number(t, all);
	put_name(t, "_sum", labels, n);
	put_seconds(t, h->sum);
	put(t, "\n", 1);
	put_name(t, "_count", labels, n);
	put_number(t, all);
}
