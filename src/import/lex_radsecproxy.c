/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tree.h"

/*
 * The reader of radsecproxy.conf: a line is an option with its value, the beginning of a block ("kind name {"), its
 * end, or a comment. A value with blanks stands in quotes. How %xx in a value is meant depends on the option, so
 * values stay as they are written.
 */

#define MOST_WORDS 4

/* A word of a line, without its quotes. */
struct word {
	const char *p;
	size_t len;
	bool quoted;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Takes a word off the line; NULL on success, or what is wrong. */
static const char *
take_word(const char **p, const char *end, struct word *out)
{
	const char *start = *p;
	char quote = *start;

	out->quoted = quote == '"' || quote == '\'';
	if (!out->quoted) {
		while (*p < end && !is_blank(**p))
			++*p;
		out->p = start;
		out->len = (size_t)(*p - start);
		return NULL;
	}
	out->p = start + 1;
	for (++*p; *p < end && **p != quote; ++*p)
		;
	out->len = (size_t)(*p - out->p);
	if (*p == end)
		return "the closing quote is missing";
	++*p;
	return *p < end && !is_blank(**p) ? "a blank was expected behind the closing quote" : NULL;
}

static bool
is_word(const struct word *word, const char *text)
{
	return !word->quoted && word->len == strlen(text) && memcmp(word->p, text, word->len) == 0;
}

/* Splits a line into words, a comment left out; NULL on success. */
static const char *
split(struct rgw_text *text, const char *p, size_t len, struct word words[static MOST_WORDS], size_t *n)
{
	const char *end = p + len;
	const char *why = NULL;

	*n = 0;
	while (why == NULL) {
		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			break;
		/* "#" begins a comment, but a value may begin with it. */
		if (*p == '#' && *n != 1) {
			rgw_text_comment(text, p, (size_t)(end - p));
			break;
		}
		if (*n == MOST_WORDS)
			return "an option and one value were expected; a value with blanks needs quotes";
		why = take_word(&p, end, &words[(*n)++]);
	}
	return why;
}

/* What a line is. */
enum line { LINE_EMPTY, LINE_END, LINE_OPTION, LINE_BLOCK, LINE_WRONG };

static enum line
kind_of(const struct word *words, size_t n, struct word *value)
{
	if (n == 0)
		return LINE_EMPTY;
	if (words[0].len > 0 && words[0].p[0] == '}' && !words[0].quoted)
		return LINE_END;
	if (n == 2)
		*value = words[1];
	if (n == 2 && !is_word(&words[1], "=") && !is_word(&words[1], "{"))
		return LINE_OPTION;
	if (n == 3 && is_word(&words[1], "=")) {
		*value = words[2];
		return LINE_OPTION;
	}
	if (n == 3 && is_word(&words[2], "{")) {
		*value = words[1];
		return LINE_BLOCK;
	}
	return LINE_WRONG;
}

static void read_block(struct rgw_text *text, struct rgw_node *block, unsigned depth);

static void
add(struct rgw_text *text, struct rgw_node *block, unsigned depth, enum line line, const struct word words[2])
{
	struct rgw_node *node;

	if (words[1].len == 0) {
		rgw_tree_error(
		    text->tree, text->file, text->line, "%.*s needs a value", (int)words[0].len, words[0].p);
		return;
	}
	node = rgw_text_node(text, block, words[0].p, words[0].len, words[1].p, words[1].len);
	if (node == NULL)
		return;
	if (line == LINE_BLOCK && depth + 1 < RGW_IMPORT_DEPTH) {
		node->block = true;
		read_block(text, node, depth + 1);
	} else if (line == LINE_BLOCK) {
		rgw_node_error(text->tree, node, "blocks stand in blocks more than %d deep", RGW_IMPORT_DEPTH);
	} else if (rgw_word_is(node->word, "include")) {
		rgw_tree_include(text, node->value, rgw_read_radsecproxy, block);
	}
}

/* Takes one line into the block; false = it ends the block. */
static bool
take_line(struct rgw_text *text, struct rgw_node *block, unsigned depth, const char *p, size_t len)
{
	struct word words[MOST_WORDS] = { 0 };
	struct word value = { 0 };
	size_t n;
	const char *why = split(text, p, len, words, &n);
	enum line line = why == NULL ? kind_of(words, n, &value) : LINE_WRONG;

	if (why == NULL && line == LINE_WRONG)
		why = n == 1 ? "a value was expected behind the option" :
		               "an option and its value, or a kind of block, its name and { were expected";
	if (line == LINE_END && depth > 0)
		return false;
	if (line == LINE_END)
		why = "the } ends no block";
	if (why != NULL) {
		rgw_tree_error(text->tree, text->file, text->line, "%s", why);
	} else if (line != LINE_EMPTY) {
		words[1] = value;
		add(text, block, depth, line, words);
	} else if (len == 0) {
		rgw_text_blank(text);
	}
	return true;
}

static void
read_block(struct rgw_text *text, struct rgw_node *block, unsigned depth)
{
	unsigned began = text->line;
	const char *p;
	size_t len;

	while (!text->tree->full && rgw_text_line(text, &p, &len))
		if (!take_line(text, block, depth, p, len)) {
			rgw_text_close(text, block);
			return;
		}
	if (depth > 0 && !text->tree->full)
		rgw_tree_error(text->tree, text->file, began, "the } of this block is missing");
}

void
rgw_read_radsecproxy(struct rgw_text *text, struct rgw_node *block)
{
	read_block(text, block, 0);
}
