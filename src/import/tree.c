/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "radsecgw/mem.h"

/* The tree owns its nodes and the names of its files. */

void
rgw_tree_error(struct rgw_tree *tree, const char *file, unsigned line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (tree->errors++ >= RGW_IMPORT_ERRORS)
		return;
	/* What stands in a file may be anything, and goes to a terminal. */
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	if (line > 0)
		fprintf(tree->said, "%s:%u: error: %s\n", file, line, text);
	else
		fprintf(tree->said, "%s: error: %s\n", file, text);
}

static void
fini_node(struct rgw_node *node)
{
	for (size_t i = 0; i < node->n; i++) {
		fini_node(node->v[i]);
		free(node->v[i]);
	}
	free(node->v);
	free(node->word);
	if (node->value != NULL)
		rgw_wipe(node->value, strlen(node->value));
	free(node->value);
	free(node->comment);
	free(node->tail);
	rgw_strbuf_fini(&node->became);
}

void
rgw_tree_fini(struct rgw_tree *tree)
{
	fini_node(&tree->root);
	for (size_t i = 0; i < tree->n_files; i++)
		free(tree->files[i]);
	free(tree->files);
}

static const char *
keep_name(struct rgw_tree *tree, const char *path)
{
	tree->files = rgw_xrealloc(tree->files, (tree->n_files + 1) * sizeof *tree->files);
	tree->files[tree->n_files] = rgw_xstrdup(path);
	return tree->files[tree->n_files++];
}

static void
read_text(struct rgw_tree *tree, const char *file, unsigned depth, const struct rgw_strbuf *octets,
    rgw_reader *reader, struct rgw_node *block)
{
	struct rgw_text text = {
		.tree = tree,
		.file = file,
		.depth = depth,
		.p = octets->v,
		.end = octets->v + octets->n,
	};

	reader(&text, block);
	rgw_text_close(&text, block);
	rgw_strbuf_fini(&text.comment);
}

bool
rgw_tree_text(struct rgw_tree *tree, const char *name, const char *text, size_t len, rgw_reader *reader)
{
	struct rgw_strbuf octets = { 0 };

	if (len > RGW_IMPORT_OCTETS) {
		rgw_tree_error(tree, name, 0, "the file has more than %d octets", RGW_IMPORT_OCTETS);
		return false;
	}
	rgw_strbuf_add(&octets, text, len);
	tree->root.file = keep_name(tree, name);
	read_text(tree, tree->root.file, 0, &octets, reader, &tree->root);
	rgw_strbuf_fini(&octets);
	return tree->errors == 0;
}

const char *
rgw_tree_slurp(struct rgw_tree *tree, const char *path, struct rgw_strbuf *out, char buf[static RGW_ERRNO_TEXT])
{
	struct stat st;
	const char *why = rgw_file_read(path, RGW_IMPORT_OCTETS - tree->octets, out, &st, buf);

	if (why == NULL)
		tree->octets += out->n;
	return why;
}

static void
include_file(struct rgw_text *from, const char *path, rgw_reader *reader, struct rgw_node *block)
{
	struct rgw_tree *tree = from->tree;
	struct rgw_strbuf octets = { 0 };
	char buf[RGW_ERRNO_TEXT];
	const char *why = tree->n_files < RGW_IMPORT_FILES ? rgw_tree_slurp(tree, path, &octets, buf) :
	                                                     "too many files are included";

	if (why != NULL)
		rgw_tree_error(tree, from->file, from->line, "the file %s cannot be included: %s", path, why);
	else
		read_text(tree, keep_name(tree, path), from->depth + 1, &octets, reader, block);
	rgw_strbuf_fini(&octets);
}

void
rgw_tree_include(struct rgw_text *from, const char *pattern, rgw_reader *reader, struct rgw_node *block)
{
	struct rgw_strings paths = { 0 };
	char buf[RGW_ERRNO_TEXT];
	const char *why;

	if (from->tree->no_files || from->depth >= RGW_IMPORT_DEPTH) {
		rgw_tree_error(from->tree, from->file, from->line,
		    from->tree->no_files ? "no file can be included here" :
		                           "files include each other more than %d deep",
		    RGW_IMPORT_DEPTH);
		return;
	}
	why = rgw_file_match(from->file, pattern, &paths, buf);
	if (why != NULL)
		rgw_tree_error(from->tree, from->file, from->line, "%s cannot be included: %s", pattern, why);
	for (size_t i = 0; i < paths.n; i++)
		include_file(from, paths.v[i], reader, block);
	rgw_strings_fini(&paths);
}

bool
rgw_text_line(struct rgw_text *text, const char **line, size_t *len)
{
	const char *end;

	if (text->p >= text->end)
		return false;
	end = memchr(text->p, '\n', (size_t)(text->end - text->p));
	if (end == NULL)
		end = text->end;
	*line = text->p;
	*len = (size_t)(end - text->p);
	if (*len > 0 && (*line)[*len - 1] == '\r')
		--*len;
	text->p = end < text->end ? end + 1 : end;
	text->line++;
	return true;
}

void
rgw_text_comment(struct rgw_text *text, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = (unsigned char)p[i] < ' ' || p[i] == 0x7f ? ' ' : p[i];

		rgw_strbuf_add(&text->comment, &c, 1);
	}
	while (text->comment.n > 0 && text->comment.v[text->comment.n - 1] == ' ')
		text->comment.v[--text->comment.n] = '\0';
	rgw_strbuf_put(&text->comment, "\n");
}

static char *
take_comment(struct rgw_text *text)
{
	char *comment = text->comment.n > 0 ? rgw_xstrdup(text->comment.v) : NULL;

	rgw_strbuf_fini(&text->comment);
	return comment;
}

void
rgw_text_blank(struct rgw_text *text)
{
	struct rgw_tree *tree = text->tree;

	if (tree->n_nodes == 0 && tree->root.comment == NULL && text->depth == 0)
		tree->root.comment = take_comment(text);
}

void
rgw_text_close(struct rgw_text *text, struct rgw_node *block)
{
	char *rest = take_comment(text);
	struct rgw_strbuf both = { 0 };

	if (rest == NULL)
		return;
	if (block->tail != NULL)
		rgw_strbuf_put(&both, block->tail);
	rgw_strbuf_put(&both, rest);
	free(block->tail);
	free(rest);
	block->tail = both.v;
}

/* A copy of octets as a text. NUL octets end it, as they do for the programs that we read for. */
static char *
copy(const char *p, size_t len)
{
	char *text = rgw_xcalloc(1, len + 1);

	if (len > 0)
		memcpy(text, p, len);
	return text;
}

struct rgw_node *
rgw_text_node(struct rgw_text *text, struct rgw_node *parent, const char *word, size_t word_len, const char *value,
    size_t value_len)
{
	struct rgw_tree *tree = text->tree;
	struct rgw_node *node;

	if (tree->n_nodes >= RGW_IMPORT_NODES) {
		if (!tree->full)
			rgw_tree_error(
			    tree, text->file, text->line, "there are more than %d options", RGW_IMPORT_NODES);
		tree->full = true;
		return NULL;
	}
	tree->n_nodes++;
	node = rgw_xcalloc(1, sizeof *node);
	node->file = text->file;
	node->line = text->line;
	node->word = copy(word, word_len);
	node->value = copy(value, value_len);
	node->comment = take_comment(text);
	if (parent->n == parent->room) {
		parent->room = parent->room * 2 + 8;
		parent->v = rgw_xrealloc(parent->v, parent->room * sizeof(struct rgw_node *));
	}
	parent->v[parent->n++] = node;
	return node;
}

bool
rgw_word_is(const char *text, const char *word)
{
	return strcasecmp(text, word) == 0;
}

struct rgw_node *
rgw_node_get(const struct rgw_node *block, const char *word, const struct rgw_node *after)
{
	size_t i = 0;

	while (after != NULL && i < block->n && block->v[i++] != after)
		;
	for (; i < block->n; i++)
		if (rgw_word_is(block->v[i]->word, word))
			return block->v[i];
	return NULL;
}

const char *
rgw_node_text(const struct rgw_node *block, const char *word, const char *otherwise)
{
	const struct rgw_node *node = rgw_node_get(block, word, NULL);

	return node != NULL ? node->value : otherwise;
}
