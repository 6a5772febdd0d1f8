/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_IMPORT_OUT_H
#define RADSECGW_IMPORT_OUT_H

#include "tree.h"

/*
 * Our configuration under construction: sections, options and the words beside them. Options that the program does
 * not have, and what the reader of our own configuration refuses, are written as comments.
 */

/* An option of ours, or words of our own alone. */
struct rgw_out_line {
	const struct rgw_node *from; /* borrowed: what it was, or NULL for a default that differs */
	const struct rgw_opt *opt;   /* NULL = a comment alone */
	char *key;                   /* owned; NULL in a comment alone */
	char *value;                 /* owned: as written in a file, without quotes; items of a list end with "\n" */
	char *words;                 /* owned: words of our own above it, or NULL */
	bool their_words;            /* the comments of `from` go above it */
	bool remark;                 /* the words say what is different, or is left out */
	bool off;                    /* it is written as a comment */
	unsigned at;                 /* line in the text that was written last */
};

struct rgw_out_section {
	enum rgw_conf_kind kind;
	char *name;                  /* owned; "" for those without a name */
	const struct rgw_node *from; /* borrowed, or NULL */
	struct {
		struct rgw_out_line *v;
		size_t n;
	} lines; /* owned */
	bool off;
	bool their_words;
	unsigned at; /* line of the heading in the text that was written last */
};

struct rgw_out {
	struct {
		struct rgw_out_section **v;
		size_t n;
	} sections;            /* owned */
	struct rgw_tree *tree; /* borrowed */
	const char *secrets;   /* directory, or NULL */
	unsigned remarks;
	unsigned n_off; /* what our own reader has refused */
};

void rgw_out_fini(struct rgw_out *out);

/* The section of a kind without name. */
struct rgw_out_section *rgw_out_single(struct rgw_out *out, enum rgw_conf_kind kind);
/* A new section. The name is made of `wanted`, with what names may not have replaced, and unlike all others. */
struct rgw_out_section *
rgw_out_section(struct rgw_out *out, enum rgw_conf_kind kind, const char *wanted, const struct rgw_node *from);
/* The first section of a kind that was made of a block, or NULL. */
struct rgw_out_section *rgw_out_of(const struct rgw_out *out, enum rgw_conf_kind kind, const struct rgw_node *from);

/* Does the program have the option? */
bool rgw_out_has(enum rgw_conf_kind kind, const char *key);
/* Adds an option, or an item to one that is a list; `from` and `words` may be NULL. */
struct rgw_out_line *rgw_out_set(
    struct rgw_out *out, struct rgw_out_section *s, const struct rgw_node *from, const char *key, const char *value);
/* The same with words of our own above it. */
void rgw_out_set_said(struct rgw_out *out, struct rgw_out_section *s, const struct rgw_node *from, const char *key,
    const char *value, const char *words);
/* The option of a section that was set, or NULL. */
struct rgw_out_line *rgw_out_get(const struct rgw_out_section *s, const char *key);
/* Adds a secret, whose octets may be any: in a file, if there is a folder for it. */
void rgw_out_secret(struct rgw_out *out, struct rgw_out_section *s, const struct rgw_node *from, const char *key,
    const char *octets, size_t len);
/* Adds words alone: a remark that counts, and is told, or a note that does neither. */
void rgw_out_remark(struct rgw_out *out, struct rgw_out_section *s, struct rgw_node *from, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void rgw_out_note(struct rgw_out *out, struct rgw_out_section *s, const struct rgw_node *from, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Notes for the report what an option of theirs has become, where no line of ours says so. */
void rgw_out_became(const struct rgw_node *from, const char *text);

/* ---- render.c ---- */

/* Writes the configuration into a buffer. `plain`: for our own reader, with secrets in the text. */
void rgw_out_render(struct rgw_out *out, struct rgw_strbuf *text, bool plain);
/* Writes options as comments until our own reader takes the whole. False = nothing usable is left. */
bool rgw_out_settle(struct rgw_out *out);
/* Does our own reader take one rule of a [rewrite] section? If not, it says why. */
bool rgw_out_takes_rule(const char *key, const char *rule, struct rgw_strbuf *why);
/* Lists each line of theirs with ours. */
void rgw_out_report(struct rgw_out *out, const struct rgw_node *block, FILE *to);

/* ---- secrets.c ---- */

/* Writes the secret of a line into a file of its own, and makes the line name that file. False = it could not, which
 * was told. */
bool rgw_out_keep_secrets(struct rgw_out *out);

#endif
