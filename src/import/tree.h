/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_IMPORT_TREE_H
#define RADSECGW_IMPORT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "../conf/reading.h"
#include "radsecgw/import.h"

/*
 * The tree is what all languages have in common: blocks with options in them, each with the place where it stands and
 * the comments above it. Readers make it, the tables of mapping read it.
 */

/* These bounds keep the memory small whatever stands in a file. */
enum {
	RGW_IMPORT_OCTETS = 8 * 1024 * 1024, /* of all files together */
	RGW_IMPORT_NODES = 200000,
	RGW_IMPORT_DEPTH = 8, /* of files that include each other, and of blocks in blocks */
	RGW_IMPORT_FILES = 1000,
	RGW_IMPORT_ERRORS = 100, /* those that are told */
};

struct rgw_node {
	const char *file; /* borrowed from the tree */
	unsigned line;
	char *word;    /* owned: the option or the kind of block; NULL at the root */
	char *value;   /* owned: the value, or the name of the block; "" if there is none */
	char *comment; /* owned: comments above it, each with its "#" and "\n", or NULL */
	char *tail;    /* owned: comments behind the last option of a block, or NULL */
	bool block;
	bool told;           /* something of ours was made of it, and its comments went along */
	struct rgw_node **v; /* owned: the children in their order */
	size_t n;
	size_t room;
	struct rgw_strbuf became; /* what it has become, for the report */
};

struct rgw_tree {
	struct rgw_node root; /* its comment speaks of the whole */
	char **files;         /* owned: names of files, for places to borrow */
	size_t n_files;
	size_t octets; /* read so far */
	size_t n_nodes;
	bool no_files; /* the text is from memory: includes are refused */
	bool words;    /* yes and no may be written in any usual way, as in UCI */
	bool full;     /* a bound was reached, which has been told */
	FILE *said;    /* borrowed */
	unsigned errors;
};

/* A text on its way into the tree, and the file that it came from. */
struct rgw_text {
	struct rgw_tree *tree;
	const char *file; /* borrowed from the tree */
	unsigned line;    /* of what was read last */
	unsigned depth;   /* 0 = nobody has included it */
	const char *p;
	const char *end;
	struct rgw_strbuf comment; /* comments that wait for what they speak of */
};

typedef void rgw_reader(struct rgw_text *text, struct rgw_node *block);

/* Tells an error: "file:line: error: ..." and counts it. */
void rgw_tree_error(struct rgw_tree *tree, const char *file, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
#define rgw_node_error(tree, node, ...) rgw_tree_error((tree), (node)->file, (node)->line, __VA_ARGS__)

void rgw_tree_fini(struct rgw_tree *tree);

/* Reads a text into the tree. False = there were errors, which were told. */
bool rgw_tree_text(struct rgw_tree *tree, const char *name, const char *text, size_t len, rgw_reader *reader);
/* Reads the files that a pattern means, seen from the file of the text, in sorted order into the block. */
void rgw_tree_include(struct rgw_text *from, const char *pattern, rgw_reader *reader, struct rgw_node *block);
/* All octets of a file; NULL on success, or what is wrong. */
const char *
rgw_tree_slurp(struct rgw_tree *tree, const char *path, struct rgw_strbuf *out, char buf[static RGW_ERRNO_TEXT]);

/* The next line without its end, or false at the end of the text. */
bool rgw_text_line(struct rgw_text *text, const char **line, size_t *len);
/* Says that a line is empty: comments at the very beginning that stand before one speak of the whole file. */
void rgw_text_blank(struct rgw_text *text);
/* Keeps a comment, from its "#" on, until something follows to which it belongs. */
void rgw_text_comment(struct rgw_text *text, const char *p, size_t len);
/* Adds a child to a block, with the comments that were kept; NULL = there are too many. The word and the value are
 * octets of the text. */
struct rgw_node *rgw_text_node(struct rgw_text *text, struct rgw_node *parent, const char *word, size_t word_len,
    const char *value, size_t value_len);
/* Gives the comments that are left to the end of the block. */
void rgw_text_close(struct rgw_text *text, struct rgw_node *block);

/* The first option of that name in a block, in upper or lower case, or the next one behind `after`; NULL = none. */
struct rgw_node *rgw_node_get(const struct rgw_node *block, const char *word, const struct rgw_node *after);
/* Its value, or `otherwise` if there is none. */
const char *rgw_node_text(const struct rgw_node *block, const char *word, const char *otherwise);
/* Is the word among those of the list, in upper or lower case? */
bool rgw_word_is(const char *text, const char *word);

/* The readers. */
rgw_reader rgw_read_radsecproxy, rgw_read_uci, rgw_read_freeradius;

#endif
