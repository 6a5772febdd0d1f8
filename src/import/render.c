/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "radsecgw/mem.h"

/* The writer: sections in the order of their kinds, words wrapped, values in quotes where they need them, and lines
 * no longer than our reader takes. */

#define COLUMNS 100
#define MOST_OCTETS 197

struct writer {
	struct rgw_strbuf *text;
	unsigned line; /* the number of the line that comes next */
	bool plain;    /* for our own reader: without words */
	bool apart;    /* secrets go into files of their own */
};

static void
end_line(struct writer *w)
{
	rgw_strbuf_put(w->text, "\n");
	w->line++;
}

/* Writes words as comments, wrapped. */
static void
put_words(struct writer *w, const char *words)
{
	while (*words != '\0') {
		size_t n = strlen(words);
		size_t cut = n;

		if (n > COLUMNS) {
			for (cut = COLUMNS; cut > 0 && words[cut] != ' '; cut--)
				;
			if (cut == 0)
				cut = COLUMNS;
		}
		rgw_strbuf_put(w->text, "# ");
		rgw_strbuf_add(w->text, words, cut);
		end_line(w);
		words += cut;
		words += strspn(words, " ");
	}
}

/* Writes their comments as they were. They never hold anything but printable octets, and each ends its line. */
static void
put_comment(struct writer *w, const char *comment)
{
	for (const char *p = comment; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, "\n");

		rgw_strbuf_add(w->text, p, n < MOST_OCTETS ? n : MOST_OCTETS - 1);
		end_line(w);
		p += n + (p[n] == '\n');
	}
}

/* Writes a value, in quotes if it needs them; a "$" is doubled. */
static void
put_value(struct rgw_strbuf *out, const char *value, size_t len)
{
	bool quote = len == 0 || strchr(" \t\"#;", value[0]) != NULL || strchr(" \t", value[len - 1]) != NULL ||
	    memchr(value, ',', len) != NULL || memchr(value, ';', len) != NULL || memchr(value, '"', len) != NULL;

	rgw_strbuf_put(out, quote ? "\"" : "");
	for (size_t i = 0; i < len; i++) {
		if ((value[i] == '"' && quote) || value[i] == '$')
			rgw_strbuf_add(out, value + i, 1);
		rgw_strbuf_add(out, value + i, 1);
	}
	rgw_strbuf_put(out, quote ? "\"" : "");
}

/* A secret that goes into a file of its own may be longer than a line; our reader gets this in place of it then. */
#define LONG_SECRET 128
#define ANY_SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
put_option(struct writer *w, const struct rgw_out_line *line, bool off)
{
	bool secret = line->opt != NULL && rgw_conf_opt_has(line->opt, RGW_IS_SECRET);
	bool too_long = w->apart && w->plain && secret && strlen(line->value) > LONG_SECRET;
	const char *p = too_long ? ANY_SECRET : line->value;
	struct rgw_strbuf row = { 0 };
	bool first = true;

	rgw_strbuf_printf(&row, "%s%s = ", off ? "# " : "", line->key);
	do {
		size_t n = strcspn(p, "\n");
		struct rgw_strbuf item = { 0 };

		put_value(&item, p, n);
		if (!first && row.n + item.n > COLUMNS) {
			rgw_strbuf_put(w->text, row.v);
			end_line(w);
			rgw_strbuf_fini(&row);
			rgw_strbuf_put(&row, off ? "#\t" : "\t");
		} else if (!first) {
			rgw_strbuf_put(&row, ", ");
		}
		rgw_strbuf_put(&row, item.v);
		rgw_strbuf_fini(&item);
		p += n + (p[n] == '\n');
		first = false;
	} while (*p != '\0');
	rgw_strbuf_put(w->text, row.v);
	end_line(w);
	rgw_strbuf_fini(&row);
}

static void
put_line(struct writer *w, const struct rgw_out_section *s, struct rgw_out_line *line)
{
	bool off = s->off || line->off;
	char place[128];

	if (!w->plain && line->their_words)
		put_comment(w, line->from->comment);
	if (!w->plain && line->remark) {
		struct rgw_strbuf text = { 0 };

		if (line->from != NULL)
			snprintf(place, sizeof place, "%.100s:%u: ", line->from->file, line->from->line);
		rgw_strbuf_put(&text, "REMARK ");
		rgw_strbuf_put(&text, line->from != NULL ? place : "");
		rgw_strbuf_put(&text,
		    line->words != NULL ? line->words : "this version of radsecgw does not have the option yet.");
		put_words(w, text.v);
		rgw_strbuf_fini(&text);
	} else if (!w->plain && line->words != NULL) {
		put_words(w, line->words);
	}
	line->at = w->line;
	if (line->key != NULL && !(w->plain && off))
		put_option(w, line, off);
}

static void
put_section(struct writer *w, struct rgw_out_section *s)
{
	if (w->line > 1)
		end_line(w);
	if (!w->plain && s->their_words)
		put_comment(w, s->from->comment);
	s->at = w->line;
	rgw_strbuf_put(w->text, s->off ? "# [" : "[");
	rgw_strbuf_put(w->text, rgw_conf_section_of(s->kind)->name);
	rgw_strbuf_put(w->text, s->name[0] != '\0' ? " " : "");
	rgw_strbuf_put(w->text, s->name);
	rgw_strbuf_put(w->text, "]");
	end_line(w);
	for (size_t i = 0; i < s->lines.n; i++)
		put_line(w, s, &s->lines.v[i]);
	if (!w->plain && s->their_words)
		put_comment(w, s->from->tail);
}

void
rgw_out_render(struct rgw_out *out, struct rgw_strbuf *text, bool plain)
{
	struct writer w = { .text = text, .line = 1, .plain = plain, .apart = out->secrets != NULL };

	rgw_strbuf_put(text, "");
	if (!plain)
		put_comment(&w, out->tree->root.comment);
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++)
		for (size_t i = 0; i < out->sections.n; i++) {
			struct rgw_out_section *s = out->sections.v[i];

			if (s->kind == kind && s->lines.n > 0 && !(plain && s->off))
				put_section(&w, s);
		}
	if (!plain && out->tree->root.tail != NULL) {
		end_line(&w);
		put_comment(&w, out->tree->root.tail);
	}
}

/* Without one of these a section would mean more than it did, so it goes as a whole. */
static bool
is_narrowing(const char *key)
{
	static const char *const keys[] = { "regex", "match", "name", "address", "reject", "psk", "acct", "packets" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

/* What our own reader has said about the text that was written last. */
struct verdict {
	struct rgw_out *out;
	unsigned changed;
};

static bool
has_line(const struct rgw_out_section *s, size_t i, unsigned line)
{
	unsigned next = i + 1 < s->lines.n ? s->lines.v[i + 1].at : UINT32_MAX;

	return s->lines.v[i].key != NULL && !s->lines.v[i].off && s->lines.v[i].at <= line && line < next;
}

/* The section that a line of the text belongs to. */
static struct rgw_out_section *
section_at(struct rgw_out *out, unsigned line)
{
	struct rgw_out_section *found = NULL;

	for (size_t i = 0; i < out->sections.n; i++) {
		struct rgw_out_section *s = out->sections.v[i];

		if (!s->off && s->lines.n > 0 && s->at <= line && (found == NULL || s->at > found->at))
			found = s;
	}
	return found;
}

/* Two peers with the same certificate rule are told apart by their host names there, and here one of them stands for
 * both where they connect to us. Whom we connect to stays as it is. */
static bool
leave_to_other(struct rgw_out_section *s, const char *text)
{
	char words[512];

	if (strstr(text, "could be that of [peer ") == NULL)
		return false;
	for (size_t i = 0; i < s->lines.n; i++) {
		struct rgw_out_line *line = &s->lines.v[i];

		if (line->key == NULL || line->off || strcmp(line->key, "accept") != 0)
			continue;
		snprintf(words, sizeof words,
		    "where this one connects to us, it counts as another peer, because %.*s.",
		    (int)(strstr(text, " at text:") != NULL ? strstr(text, " at text:") - text : 300), text);
		line->off = line->remark = true;
		free(line->words);
		line->words = rgw_xstrdup(words);
		return true;
	}
	return false;
}

static void
strike(struct verdict *v, struct rgw_out_section *s, unsigned at, const char *text)
{
	char words[512];

	snprintf(words, sizeof words,
	    "radsecgw does not take this (%.300s), so it was left out; look at what it was for.", text);
	v->changed++;
	v->out->n_off++;
	v->out->remarks++;
	if (at == s->at && leave_to_other(s, text))
		return;
	for (size_t i = 0; i < s->lines.n; i++) {
		struct rgw_out_line *line = &s->lines.v[i];

		if (at == s->at || !has_line(s, i, at))
			continue;
		line->off = line->remark = true;
		s->off = is_narrowing(line->key);
		free(line->words);
		line->words = rgw_xstrdup(words);
		return;
	}
	s->off = true;
	s->lines.v[0].remark = true;
	free(s->lines.v[0].words);
	s->lines.v[0].words = rgw_xstrdup(words);
}

static void
hear(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	struct verdict *v = ctx;
	struct rgw_out_section *s = line > 0 ? section_at(v->out, line) : NULL;

	(void)file;
	if (severity == RGW_CONF_ERROR && s != NULL && !s->off)
		strike(v, s, line, text);
}

bool
rgw_out_settle(struct rgw_out *out)
{
	for (;;) {
		struct verdict verdict = { .out = out };
		struct rgw_conf_report report = { .say = hear, .ctx = &verdict };
		struct rgw_strbuf text = { 0 };
		struct rgw_conf *conf;

		rgw_out_render(out, &text, true);
		conf = rgw_conf_load_text(text.v, text.n, &report);
		rgw_strbuf_fini(&text);
		rgw_conf_free(conf);
		if (conf != NULL || verdict.changed == 0)
			return conf != NULL;
	}
}

static void
keep_first(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	struct rgw_strbuf *why = ctx;

	(void)file;
	(void)line;
	if (severity == RGW_CONF_ERROR && why->n == 0)
		rgw_strbuf_put(why, text);
}

bool
rgw_out_takes_rule(const char *key, const char *rule, struct rgw_strbuf *why)
{
	static const char rest[] = "[listen l]\nudp = ::1\n[client c]\naddress = ::1\nsecret = 0123456789abcdef\n"
	    "rewrite-in = r\n[server s]\nauth = ::2\nsecret = 0123456789abcdef\n[realm *]\npool = s\n[rewrite r]\n";
	struct rgw_conf_report report = { .say = keep_first, .ctx = why };
	struct rgw_strbuf text = { 0 };
	struct rgw_conf *conf;
	bool takes;

	rgw_strbuf_put(&text, rest);
	rgw_strbuf_put(&text, key);
	rgw_strbuf_put(&text, " = ");
	put_value(&text, rule, strlen(rule));
	rgw_strbuf_put(&text, "\n");
	conf = rgw_conf_load_text(text.v, text.n, &report);
	takes = conf != NULL;
	rgw_conf_free(conf);
	rgw_strbuf_fini(&text);
	return takes;
}

/* A value that nobody else should read. */
static bool
is_hidden(const struct rgw_node *node)
{
	static const char *const words[] = { "secret", "pskkey", "certificatekeypassword", "logkey", "ftickskey",
		"private_key_password", "psk_hexphrase" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (rgw_word_is(node->word, words[i]))
			return true;
	return false;
}

void
rgw_out_report(struct rgw_out *out, const struct rgw_node *block, FILE *to)
{
	for (size_t i = 0; i < block->n; i++) {
		const struct rgw_node *node = block->v[i];

		fprintf(to, "%s:%u: %s%s%.80s%s -> %s\n", node->file, node->line, node->word, *node->value ? " " : "",
		    is_hidden(node) ? "..." : node->value, node->block ? " {" : "",
		    node->became.n > 0 ? node->became.v : "nothing is needed");
		rgw_out_report(out, node, to);
	}
}
