/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "radsecgw/mem.h"

/* Longest name that leaves room for the longest kind in a heading of 49 octets, and for a number behind it. */
#define NAME_MAX_OCTETS 38

static void
fini_section(struct rgw_out_section *s)
{
	for (size_t i = 0; i < s->lines.n; i++) {
		struct rgw_out_line *line = &s->lines.v[i];

		if (line->value != NULL)
			rgw_wipe(line->value, strlen(line->value));
		free(line->value);
		free(line->key);
		free(line->words);
	}
	free(s->lines.v);
	free(s->name);
	free(s);
}

void
rgw_out_fini(struct rgw_out *out)
{
	for (size_t i = 0; i < out->sections.n; i++)
		fini_section(out->sections.v[i]);
	free(out->sections.v);
}

static struct rgw_out_section *
add_section(struct rgw_out *out, enum rgw_conf_kind kind, const char *name, const struct rgw_node *from)
{
	struct rgw_out_section *s = rgw_xcalloc(1, sizeof *s);

	s->kind = kind;
	s->name = rgw_xstrdup(name);
	s->from = from;
	s->their_words = from != NULL && (from->comment != NULL || from->tail != NULL);
	*(struct rgw_out_section **)rgw_array_grow(&out->sections, sizeof(struct rgw_out_section *)) = s;
	return s;
}

struct rgw_out_section *
rgw_out_single(struct rgw_out *out, enum rgw_conf_kind kind)
{
	for (size_t i = 0; i < out->sections.n; i++)
		if (out->sections.v[i]->kind == kind)
			return out->sections.v[i];
	return add_section(out, kind, "", NULL);
}

struct rgw_out_section *
rgw_out_of(const struct rgw_out *out, enum rgw_conf_kind kind, const struct rgw_node *from)
{
	for (size_t i = 0; i < out->sections.n; i++)
		if (out->sections.v[i]->kind == kind && out->sections.v[i]->from == from)
			return out->sections.v[i];
	return NULL;
}

/* Peers, servers and pools share one set of names. */
static bool
shares_names(enum rgw_conf_kind a, enum rgw_conf_kind b)
{
	unsigned targets = 1u << RGW_CONF_PEER | 1u << RGW_CONF_SERVER | 1u << RGW_CONF_POOL;

	return a == b || ((targets >> a & 1) != 0 && (targets >> b & 1) != 0);
}

static bool
is_taken(const struct rgw_out *out, enum rgw_conf_kind kind, const char *name)
{
	for (size_t i = 0; i < out->sections.n; i++)
		if (shares_names(kind, out->sections.v[i]->kind) && strcasecmp(out->sections.v[i]->name, name) == 0)
			return true;
	return false;
}

static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Makes a name of any text, with room for a number behind it; returns its length. */
static size_t
clean_name(const char *text, char *name, size_t size)
{
	size_t n = 0;

	for (; *text != '\0' && n < NAME_MAX_OCTETS; text++) {
		bool good = is_letter_or_digit(*text) || strchr("._-", *text) != NULL;

		if (n == 0 && !is_letter_or_digit(*text))
			continue;
		if (good || name[n - 1] != '-')
			name[n++] = good ? *text : '-';
	}
	while (n > 0 && strchr("-.", name[n - 1]) != NULL)
		n--;
	name[n] = '\0';
	return n > 0 ? n : (size_t)snprintf(name, size, "unnamed");
}

struct rgw_out_section *
rgw_out_section(struct rgw_out *out, enum rgw_conf_kind kind, const char *wanted, const struct rgw_node *from)
{
	char name[64];
	size_t n;
	bool exact =
	    kind == RGW_CONF_REALM && rgw_name_check(kind, wanted) == NULL && strlen(wanted) <= NAME_MAX_OCTETS;

	if (exact && !is_taken(out, kind, wanted))
		return add_section(out, kind, wanted, from);
	n = clean_name(wanted, name, sizeof name);
	for (unsigned i = 2; is_taken(out, kind, name); i++)
		snprintf(name + n, sizeof name - n, "-%u", i);
	return add_section(out, kind, name, from);
}

bool
rgw_out_has(enum rgw_conf_kind kind, const char *key)
{
	bool from_file;

	return rgw_conf_opt_find(kind, key, &from_file) != NULL;
}

struct rgw_out_line *
rgw_out_get(const struct rgw_out_section *s, const char *key)
{
	for (size_t i = 0; i < s->lines.n; i++)
		if (s->lines.v[i].key != NULL && strcmp(s->lines.v[i].key, key) == 0)
			return &s->lines.v[i];
	return NULL;
}

static struct rgw_out_line *
add_line(struct rgw_out_section *s, const struct rgw_node *from)
{
	struct rgw_out_line *line = rgw_array_grow(&s->lines, sizeof *line);

	line->from = from;
	line->their_words = from != NULL && from->comment != NULL && from != s->from;
	return line;
}

void
rgw_out_became(const struct rgw_node *from, const char *text)
{
	/* The report is written beside the tree, which nobody else changes any more. */
	if (from != NULL && (from->became.n == 0 || strstr(from->became.v, text) == NULL))
		rgw_strbuf_join((struct rgw_strbuf *)(uintptr_t)&from->became, "; ", text);
}

static void
note_option(const struct rgw_out_section *s, const struct rgw_out_line *line, const struct rgw_node *from)
{
	char text[256];
	bool secret = line->opt != NULL && rgw_conf_opt_has(line->opt, RGW_IS_SECRET);

	snprintf(text, sizeof text, "[%s%s%.50s] %s = %.100s", rgw_conf_section_of(s->kind)->name,
	    s->name[0] != '\0' ? " " : "", s->name, line->key, secret ? "..." : line->value);
	for (char *p = strchr(text, '\n'); p != NULL; p = strchr(p, '\n'))
		*p = p[1] != '\0' ? ' ' : '\0';
	rgw_out_became(from, text);
}

struct rgw_out_line *
rgw_out_set(
    struct rgw_out *out, struct rgw_out_section *s, const struct rgw_node *from, const char *key, const char *value)
{
	bool from_file;
	const struct rgw_opt *opt = rgw_conf_opt_find(s->kind, key, &from_file);
	struct rgw_out_line *line = rgw_out_get(s, key);
	bool list = opt == NULL || rgw_conf_opt_has(opt, RGW_IS_LIST);
	struct rgw_strbuf text = { 0 };

	if (line == NULL || !list) {
		line = line == NULL ? add_line(s, from) : line;
		free(line->key);
		free(line->value);
		line->key = rgw_xstrdup(key);
		line->value = NULL;
		line->opt = opt;
	}
	if (line->value != NULL)
		rgw_strbuf_put(&text, line->value);
	rgw_strbuf_put(&text, value);
	if (list)
		rgw_strbuf_put(&text, "\n");
	free(line->value);
	line->value = text.v;
	if (opt == NULL && !line->off) {
		line->off = line->remark = true;
		out->remarks++;
	}
	note_option(s, line, from);
	return line;
}

void
rgw_out_set_said(struct rgw_out *out, struct rgw_out_section *s, const struct rgw_node *from, const char *key,
    const char *value, const char *words)
{
	struct rgw_out_line *line = rgw_out_set(out, s, from, key, value);

	free(line->words);
	line->words = rgw_xstrdup(words);
}

void
rgw_out_secret(struct rgw_out *out, struct rgw_out_section *s, const struct rgw_node *from, const char *key,
    const char *octets, size_t len)
{
	struct rgw_strbuf text = { 0 };
	bool plain = len < 4 || strncasecmp(octets, "hex:", 4) != 0;

	if (!rgw_out_has(s->kind, key)) {
		rgw_out_remark(out, s, (struct rgw_node *)(uintptr_t)from,
		    "%s: this version of radsecgw does not have %s yet.", from->word, key);
		return;
	}
	for (size_t i = 0; i < len; i++)
		plain = plain && octets[i] >= ' ' && octets[i] != 0x7f;
	rgw_strbuf_put(&text, plain ? "" : "hex:");
	for (size_t i = 0; i < len; i++)
		if (plain)
			rgw_strbuf_add(&text, octets + i, 1);
		else
			rgw_strbuf_printf(&text, "%02x", (unsigned char)octets[i]);
	rgw_out_set(out, s, from, key, text.v);
	rgw_strbuf_fini(&text);
}

static struct rgw_out_line *
add_words(struct rgw_out_section *s, const struct rgw_node *from, const char *fmt, va_list ap)
{
	struct rgw_out_line *line = add_line(s, from);
	char text[1024];

	vsnprintf(text, sizeof text, fmt, ap);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	line->words = rgw_xstrdup(text);
	return line;
}

void
rgw_out_remark(struct rgw_out *out, struct rgw_out_section *s, struct rgw_node *from, const char *fmt, ...)
{
	struct rgw_out_line *line;
	va_list ap;

	va_start(ap, fmt);
	line = add_words(s, from, fmt, ap);
	va_end(ap);
	line->remark = true;
	out->remarks++;
	rgw_out_became(from, "see the remark");
}

void
rgw_out_note(struct rgw_out *out, struct rgw_out_section *s, const struct rgw_node *from, const char *fmt, ...)
{
	va_list ap;

	(void)out;
	va_start(ap, fmt);
	(void)add_words(s, from, fmt, ap);
	va_end(ap);
	rgw_out_became(from, "see the note");
}
