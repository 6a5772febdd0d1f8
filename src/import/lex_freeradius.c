/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tree.h"

/*
 * The reader of FreeRADIUS's files: "key = value", "kind [name] {", "}" and $INCLUDE, one to a line; "#" begins a
 * comment anywhere outside of quotes, and a \ at the end of a line continues it.
 */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
trim(const char **p, size_t *len)
{
	while (*len > 0 && is_blank(**p)) {
		++*p;
		--*len;
	}
	while (*len > 0 && is_blank((*p)[*len - 1]))
		--*len;
}

/* Where the comment of a line begins, or its end. */
static size_t
end_of_code(const char *p, size_t len)
{
	char quote = '\0';
	size_t i = 0;

	for (; i < len && (p[i] != '#' || quote != '\0'); i++)
		if (p[i] == '\\' && quote != '\0' && i + 1 < len)
			i++;
		else if (quote != '\0' && p[i] == quote)
			quote = '\0';
		else if (quote == '\0' && (p[i] == '"' || p[i] == '\''))
			quote = p[i];
	return i;
}

/* Puts a line together with those that continue it, without its comment. */
static bool
join_lines(struct rgw_text *text, struct rgw_strbuf *out, bool *commented)
{
	const char *p;
	size_t len;
	bool more = true;

	while (more) {
		size_t i;

		if (!rgw_text_line(text, &p, &len))
			return out->v != NULL;
		i = end_of_code(p, len);
		*commented = i < len;
		if (i < len)
			rgw_text_comment(text, p + i, len - i);
		more = i == len && len > 0 && p[len - 1] == '\\';
		rgw_strbuf_add(out, p, more ? i - 1 : i);
	}
	return true;
}

/* Takes the quotes off a value and undoes \" in them. False = the quotes are not whole. */
static bool
unquote(const char *p, size_t len, struct rgw_strbuf *out)
{
	char quote = len > 0 ? p[0] : '\0';
	size_t i;

	rgw_strbuf_add(out, "", 0);
	if (quote != '"' && quote != '\'') {
		rgw_strbuf_add(out, p, len);
		return true;
	}
	for (i = 1; i < len && p[i] != quote; i++) {
		if (p[i] == '\\' && i + 1 < len && (p[i + 1] == quote || p[i + 1] == '\\'))
			i++;
		rgw_strbuf_add(out, p + i, 1);
	}
	return i + 1 == len;
}

static struct rgw_node *
add(struct rgw_text *text, struct rgw_node *block, const char *word, size_t word_len, const char *value, size_t len)
{
	struct rgw_strbuf plain = { 0 };
	struct rgw_node *node = NULL;

	trim(&value, &len);
	if (unquote(value, len, &plain))
		node = rgw_text_node(text, block, word, word_len, plain.v, plain.n);
	else
		rgw_tree_error(
		    text->tree, text->file, text->line, "the closing quote is missing, or something follows it");
	rgw_strbuf_fini(&plain);
	return node;
}

static size_t
word_of(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && !is_blank(p[n]) && strchr("=:+-!<>{", p[n]) == NULL)
		n++;
	while (n + 1 < len && p[n] == '-' && p[n + 1] != '=') {
		n++;
		while (n < len && !is_blank(p[n]) && strchr("=:+-!<>{", p[n]) == NULL)
			n++;
	}
	return n;
}

/* "key = value", with any of the operators. */
static void
read_pair(struct rgw_text *text, struct rgw_node *block, const char *p, size_t len)
{
	size_t word = word_of(p, len);
	const char *rest = p + word;
	size_t rest_len = len - word;

	trim(&rest, &rest_len);
	if (word > 0 && rest_len == 0) {
		(void)add(text, block, p, word, "", 0);
		return;
	}
	if (rest_len > 1 && strchr(":+-!<>", rest[0]) != NULL && rest[1] == '=') {
		rest++;
		rest_len--;
	}
	if (word == 0 || rest[0] != '=') {
		rgw_tree_error(text->tree, text->file, text->line, "key = value, or kind name { was expected");
		return;
	}
	rest++;
	rest_len--;
	if (rest_len > 0 && (rest[0] == '=' || rest[0] == '~')) {
		rest++;
		rest_len--;
	}
	(void)add(text, block, p, word, rest, rest_len);
}

static void read_block(struct rgw_text *text, struct rgw_node *block, unsigned depth);

/* "kind name {"; whether the } stands on the same line is told in `closed`. */
static void
read_section(struct rgw_text *text, struct rgw_node *block, const char *p, size_t len, bool closed, unsigned depth)
{
	size_t word = 0;
	struct rgw_node *node;

	while (word < len && !is_blank(p[word]))
		word++;
	if (word == 0 || depth + 1 >= RGW_IMPORT_DEPTH) {
		rgw_tree_error(text->tree, text->file, text->line,
		    word == 0 ? "the { has no kind of section before it" :
		                "sections stand in sections more than %d deep",
		    RGW_IMPORT_DEPTH);
		return;
	}
	node = add(text, block, p, word, p + word, len - word);
	if (node == NULL)
		return;
	node->block = true;
	if (!closed)
		read_block(text, node, depth + 1);
}

static void
read_line(struct rgw_text *text, struct rgw_node *block, const char *p, size_t len, unsigned depth)
{
	static const char include[] = "$INCLUDE";
	size_t n = sizeof include - 1;

	if (len > n && (memcmp(p, include, n) == 0 || memcmp(p, "$-INCLUDE", n) == 0)) {
		const char *path = p + n + (p[1] == '-');
		size_t path_len = len - (size_t)(path - p);
		struct rgw_node *node;

		trim(&path, &path_len);
		node = add(text, block, include, n, path, path_len);
		if (node != NULL && strchr(node->value, '$') == NULL && p[1] != '-')
			rgw_tree_include(text, node->value, rgw_read_freeradius, block);
	} else if (p[len - 1] == '{') {
		len--;
		trim(&p, &len);
		read_section(text, block, p, len, false, depth);
	} else if (len > 1 && p[len - 1] == '}' && memchr(p, '{', len) != NULL && memchr(p, '=', len) == NULL) {
		len = (size_t)((const char *)memchr(p, '{', len) - p);
		trim(&p, &len);
		read_section(text, block, p, len, true, depth);
	} else {
		read_pair(text, block, p, len);
	}
}

/* Takes one line into the block; false = it ends the block. */
static bool
take_line(
    struct rgw_text *text, struct rgw_node *block, const struct rgw_strbuf *line, bool commented, unsigned depth)
{
	const char *p = line->v;
	size_t len = line->n;

	trim(&p, &len);
	if (len == 0 && !commented)
		rgw_text_blank(text);
	if (len == 0)
		return true;
	if (len == 1 && *p == '}' && depth > 0)
		return false;
	if (*p == '}')
		rgw_tree_error(text->tree, text->file, text->line, "a } was expected alone, at the end of a section");
	else
		read_line(text, block, p, len, depth);
	return true;
}

static void
read_block(struct rgw_text *text, struct rgw_node *block, unsigned depth)
{
	unsigned began = text->line;
	struct rgw_strbuf line = { 0 };
	bool open = true;
	bool commented = false;

	while (open && !text->tree->full && join_lines(text, &line, &commented)) {
		open = take_line(text, block, &line, commented, depth);
		rgw_strbuf_fini(&line);
	}
	rgw_strbuf_fini(&line);
	if (depth > 0)
		rgw_text_close(text, block);
	if (open && depth > 0 && !text->tree->full)
		rgw_tree_error(text->tree, text->file, began, "the } of this section is missing");
}

void
rgw_read_freeradius(struct rgw_text *text, struct rgw_node *block)
{
	read_block(text, block, 0);
}
