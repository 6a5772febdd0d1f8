/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "tree.h"

/*
 * The reader of the UCI form: `config KIND ['NAME']` begins a section, `option KEY 'VALUE'` and `list KEY 'VALUE'`
 * are its options. The section "options" holds what stands outside of blocks in radsecproxy.conf, and the name of a
 * block is its option `name`.
 */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Takes one word off the line into `out`: parts in quotes and without them follow each other. False = a quote is not
 * closed. */
static bool
take_word(const char **p, const char *end, struct rgw_strbuf *out)
{
	rgw_strbuf_add(out, "", 0);
	while (*p < end && !is_blank(**p)) {
		char quote = **p;
		const char *close;

		if (quote == '\\' && *p + 1 < end) {
			rgw_strbuf_add(out, *p + 1, 1);
			*p += 2;
			continue;
		}
		if (quote != '\'' && quote != '"') {
			rgw_strbuf_add(out, (*p)++, 1);
			continue;
		}
		close = memchr(*p + 1, quote, (size_t)(end - *p - 1));
		if (close == NULL)
			return false;
		rgw_strbuf_add(out, *p + 1, (size_t)(close - *p - 1));
		*p = close + 1;
	}
	return true;
}

/* One line in its words. */
struct line {
	struct rgw_strbuf word[3];
	size_t n;
};

static const char *
split(struct rgw_text *text, const char *p, size_t len, struct line *line)
{
	const char *end = p + len;

	for (;;) {
		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			return NULL;
		if (*p == '#') {
			rgw_text_comment(text, p, (size_t)(end - p));
			return NULL;
		}
		if (line->n == 3)
			return "at most a key and one value were expected; a value with blanks needs quotes";
		if (!take_word(&p, end, &line->word[line->n++]))
			return "the closing quote is missing";
	}
}

static struct rgw_node *
begin_section(struct rgw_text *text, struct rgw_node *root, const struct line *line)
{
	const struct rgw_strbuf *name = &line->word[2];
	struct rgw_node *node;

	if (strcmp(line->word[1].v, "options") == 0)
		return root;
	node = rgw_text_node(text, root, line->word[1].v, line->word[1].n, name->v, name->n);
	if (node != NULL)
		node->block = true;
	return node;
}

static void
add_option(struct rgw_text *text, struct rgw_node *section, const struct line *line)
{
	if (section == NULL)
		rgw_tree_error(
		    text->tree, text->file, text->line, "a section was expected before its options: config KIND");
	else if (line->word[2].n > 0)
		(void)rgw_text_node(
		    text, section, line->word[1].v, line->word[1].n, line->word[2].v, line->word[2].n);
}

/* Takes a child out of its block. */
static void
drop(struct rgw_node *block, const struct rgw_node *child)
{
	size_t i = 0;

	while (block->v[i] != child)
		i++;
	block->n--;
	memmove(&block->v[i], &block->v[i + 1], (block->n - i) * sizeof(struct rgw_node *));
}

/* The name of each block is one of its options. */
static void
name_blocks(struct rgw_node *root)
{
	for (size_t i = 0; i < root->n; i++) {
		struct rgw_node *block = root->v[i];
		struct rgw_node *name = block->block ? rgw_node_get(block, "name", NULL) : NULL;

		if (name == NULL)
			continue;
		free(block->value);
		block->value = name->value;
		if (block->comment == NULL)
			block->comment = name->comment;
		else
			free(name->comment);
		drop(block, name);
		free(name->word);
		free(name);
	}
}

static void
read_line(struct rgw_text *text, struct rgw_node *root, struct rgw_node **section, const struct line *line)
{
	const char *what = line->n > 0 ? line->word[0].v : "";

	if (line->n == 0 || strcmp(what, "package") == 0)
		return;
	if (strcmp(what, "config") == 0 && line->n > 1)
		*section = begin_section(text, root, line);
	else if ((strcmp(what, "option") == 0 || strcmp(what, "list") == 0) && line->n == 3)
		add_option(text, *section, line);
	else
		rgw_tree_error(text->tree, text->file, text->line,
		    "config KIND, option KEY VALUE or list KEY VALUE was expected");
}

void
rgw_read_uci(struct rgw_text *text, struct rgw_node *root)
{
	struct rgw_node *section = NULL;
	const char *p;
	size_t len;

	text->tree->words = true;
	while (!text->tree->full && rgw_text_line(text, &p, &len)) {
		struct line line = { 0 };
		const char *why = split(text, p, len, &line);

		if (len == 0)
			rgw_text_blank(text);
		if (why != NULL)
			rgw_tree_error(text->tree, text->file, text->line, "%s", why);
		else
			read_line(text, root, &section, &line);
		for (size_t i = 0; i < 3; i++)
			rgw_strbuf_fini(&line.word[i]);
	}
	name_blocks(root);
}
