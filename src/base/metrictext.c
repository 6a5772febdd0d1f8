/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/metrictext.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/escape.h"

/* The text formats of metrics; see metrictext.h. Whoever is to send the text owns the writer. */

#define FIRST_ROOM 4096

/* A number of 64 bits, or the seconds of one with three decimals, and a NUL. */
#define NUMBER_ROOM 24

/* ---- the buffer ---- */

void
rgw_metrictext_init(struct rgw_metrictext *t, bool openmetrics, size_t limit)
{
	*t = (struct rgw_metrictext){ .openmetrics = openmetrics, .limit = limit };
}

/* Makes room for n more octets. */
static bool
reserve(struct rgw_metrictext *t, size_t n)
{
	size_t room = t->room > 0 ? t->room : FIRST_ROOM;
	char *grown;

	if (n > t->limit - t->len)
		return false;
	while (room < t->len + n)
		room *= 2;
	if (room == t->room)
		return true;
	grown = realloc(t->buf, room);
	if (grown == NULL)
		return false;
	t->buf = grown;
	t->room = room;
	return true;
}

static void
put(struct rgw_metrictext *t, const char *s, size_t n)
{
	if (t->failed || !reserve(t, n)) {
		t->failed = true;
		return;
	}
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
	if (!t->failed && t->buf == NULL)
		t->failed = !reserve(t, 0);
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

/* The name of a sample and its labels. `le` is the bound of a bucket, or NULL. */
static void
put_name(struct rgw_metrictext *t, const char *suffix, const struct rgw_label *labels, size_t n, const char *le)
{
	put_head(t);
	put_text(t, t->family);
	put_text(t, suffix);
	if (n > 0 || le != NULL)
		put(t, "{", 1);
	for (size_t i = 0; i < n; i++) {
		put_text(t, i > 0 ? "," : "");
		put_text(t, labels[i].name);
		put(t, "=\"", 2);
		put_value(t, labels[i].value);
		put(t, "\"", 1);
	}
	if (le != NULL) {
		put_text(t, n > 0 ? ",le=\"" : "le=\"");
		put_text(t, le);
		put(t, "\"", 1);
	}
	put_text(t, n > 0 || le != NULL ? "} " : " ");
}

static void
put_number(struct rgw_metrictext *t, uint64_t value)
{
	char text[NUMBER_ROOM];

	put(t, text, (size_t)snprintf(text, sizeof text, "%" PRIu64 "\n", value));
}

/* Seconds with at least one decimal, which OpenMetrics wants of the bounds of a histogram, and no more than are needed.
 * Returns their number of octets. */
static size_t
seconds(rgw_ms value, char text[static NUMBER_ROOM])
{
	size_t n = (size_t)snprintf(text, NUMBER_ROOM, "%" PRIu64 ".%03u", value / 1000, (unsigned)(value % 1000));

	while (text[n - 1] == '0' && text[n - 2] != '.')
		n--;
	text[n] = '\0';
	return n;
}

void
rgw_metrictext_add(struct rgw_metrictext *t, const struct rgw_label *labels, size_t n, uint64_t value)
{
	put_name(t, types[t->type].suffix, labels, n, NULL);
	put_number(t, value);
}

static void
put_seconds(struct rgw_metrictext *t, rgw_ms value)
{
	char text[NUMBER_ROOM];

	put(t, text, seconds(value, text));
	put(t, "\n", 1);
}

void
rgw_metrictext_add_ms(struct rgw_metrictext *t, const struct rgw_label *labels, size_t n, rgw_ms value)
{
	put_name(t, types[t->type].suffix, labels, n, NULL);
	put_seconds(t, value);
}

void
rgw_metrictext_add_histogram(struct rgw_metrictext *t, const struct rgw_label *labels, size_t n,
    const struct rgw_metric_histogram *h)
{
	char le[NUMBER_ROOM];
	uint64_t all = 0;

	for (size_t i = 0; i < h->n_bounds; i++) {
		all += h->counts[i];
		seconds(h->bounds[i], le);
		put_name(t, "_bucket", labels, n, le);
		put_number(t, all);
	}
	all += h->counts[h->n_bounds];
	put_name(t, "_bucket", labels, n, "+Inf");
	put_number(t, all);
	put_name(t, "_sum", labels, n, NULL);
	put_seconds(t, h->sum);
	put_name(t, "_count", labels, n, NULL);
	put_number(t, all);
}
