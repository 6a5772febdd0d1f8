/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "answers.h"

/* Templates and values make a text. What the directives mean is told in answers.h. */

struct render {
	struct rgw_rendered *out;
	struct rgw_strbuf *to;          /* the part of `out` that is being written */
	const struct rgw_values *values;
	const struct rgw_item *item;    /* the one that stands in %for; NULL = none */
};

#define NAME_MAX_LEN 32

static void
unknown(struct render *r, const char *name)
{
	if (r->out->wrong[0] == '\0')
		snprintf(r->out->wrong, sizeof r->out->wrong, "%s", name);
}

static const char *
value_of(struct render *r, const char *name)
{
	const char *text;

	if (r->item != NULL && (strcmp(name, "peer") == 0 || strcmp(name, "each") == 0))
		return r->item->name;
	if (r->item != NULL && strcmp(name, "connect") == 0)
		return r->item->connect;
	if (r->item != NULL && strcmp(name, "peer-realm") == 0)
		return r->item->realm;
	text = rgw_values_get(r->values, name);
	if (text == NULL)
		unknown(r, name);
	return text != NULL ? text : "";
}

/* Writes a line with its values. */
static void
put_line(struct render *r, const char *line, size_t len)
{
	const char *end = line + len;

	while (line < end) {
		const char *at = memchr(line, '@', (size_t)(end - line));
		const char *close = at != NULL ? memchr(at + 1, '@', (size_t)(end - at - 1)) : NULL;
		char name[NAME_MAX_LEN];

		if (close == NULL || close - at > NAME_MAX_LEN)
			break;
		rgw_strbuf_add(r->to, line, (size_t)(at - line));
		snprintf(name, sizeof name, "%.*s", (int)(close - at - 1), at + 1);
		rgw_strbuf_put(r->to, name[0] == '\0' ? "@" : value_of(r, name));
		line = close + 1;
	}
	rgw_strbuf_add(r->to, line, (size_t)(end - line));
	rgw_strbuf_put(r->to, "\n");
}

static bool
has_items(const struct rgw_values *v, const char *group)
{
	for (size_t i = 0; i < v->n_items; i++)
		if (strcmp(v->items[i].group, group) == 0)
			return true;
	return false;
}

/* The name of a condition may be that of a group without items, too. */
static bool
holds(struct render *r, const char *name)
{
	const char *text = rgw_values_get(r->values, name);

	if (text == NULL && strcmp(name, "up") != 0 && strcmp(name, "home") != 0 && strcmp(name, "realm") != 0)
		unknown(r, name);
	return text != NULL ? text[0] != '\0' : has_items(r->values, name);
}

/* Does the line begin with this directive? Then `word` is what stands behind it. */
static bool
is_directive(const char *line, size_t len, const char *directive, char word[static NAME_MAX_LEN])
{
	size_t n = strlen(directive);

	if (len < n || strncmp(line, directive, n) != 0 || (len > n && line[n] != ' '))
		return false;
	snprintf(word, NAME_MAX_LEN, "%.*s", len > n ? (int)(len - n - 1) : 0, line + n + (len > n));
	return true;
}

static const char *block(struct render *r, const char *text, bool live);

static const char *
next_line(const char *text)
{
	text += strcspn(text, "\n");
	return *text == '\n' ? text + 1 : text;
}

/* %if: the part that holds, and where it ends. */
static const char *
choice(struct render *r, const char *name, const char *text, bool live)
{
	bool yes = holds(r, name);
	const char *end = block(r, text, live && yes);

	if (strncmp(end, "%else", 5) == 0)
		end = block(r, next_line(end), live && !yes);
	return next_line(end);
}

/* %for: the part for each item, and where it ends. */
static const char *
loop(struct render *r, const char *group, const char *text, bool live)
{
	const char *end = block(r, text, false);

	for (size_t i = 0; live && i < r->values->n_items; i++)
		if (strcmp(r->values->items[i].group, group) == 0) {
			r->item = &r->values->items[i];
			(void)block(r, text, true);
		}
	r->item = NULL;
	return next_line(end);
}

static void
include(struct render *r, const char *name)
{
	const struct rgw_template *t = rgw_setup_templates;

	while (t->name != NULL && strcmp(t->name, name) != 0)
		t++;
	if (t->name != NULL)
		(void)block(r, t->text, true);
	else
		unknown(r, name);
}

/* Writes what stands up to the %end or %else of this block, or up to the end, if it is live; returns where that is. */
static const char *
block(struct render *r, const char *text, bool live)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		const char *line = text;
		char word[NAME_MAX_LEN];

		if (is_directive(line, len, "%end", word) || is_directive(line, len, "%else", word))
			return text;
		text = next_line(text);
		if (is_directive(line, len, "%if", word))
			text = choice(r, word, text, live);
		else if (is_directive(line, len, "%for", word))
			text = loop(r, word, text, live);
		else if (!live)
			continue;
		else if (is_directive(line, len, "%include", word))
			include(r, word);
		else if (is_directive(line, len, "%todo", word))
			r->to = &r->out->todo;
		else
			put_line(r, line, len);
	}
	return text;
}

void
rgw_setup_render(struct rgw_rendered *out, const struct rgw_values *values, const char *name)
{
	struct render r = { .out = out, .to = &out->file, .values = values };

	*out = (struct rgw_rendered){ 0 };
	rgw_strbuf_put(&out->file, "");
	rgw_strbuf_put(&out->todo, "");
	include(&r, name);
}

void
rgw_rendered_fini(struct rgw_rendered *out)
{
	rgw_strbuf_fini(&out->file);
	rgw_strbuf_fini(&out->todo);
}
