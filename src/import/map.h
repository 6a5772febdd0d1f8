/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_IMPORT_MAP_H
#define RADSECGW_IMPORT_MAP_H

#include "out.h"

/*
 * A table of mapping has a row for each option that a language knows: in which blocks it may stand, what its value
 * looks like, and how ours is written. What takes more than one option is written by a function of the language.
 */

/* What a value looks like. */
enum rgw_value_form {
	RGW_FORM_TEXT,   /* once in a block */
	RGW_FORM_MANY,   /* as often as one likes */
	RGW_FORM_SWITCH, /* on or off */
	RGW_FORM_NUMBER, /* from min to max */
	RGW_FORM_WORD,   /* one of `words` */
};

/* How it is written in ours. */
enum rgw_row_how {
	RGW_HOW_ELSEWHERE, /* by a function of the language */
	RGW_HOW_COPY,      /* as it is; a switch as yes or no */
	RGW_HOW_SECONDS,   /* as a time */
	RGW_HOW_WORD,      /* by `words` */
	RGW_HOW_SECRET,    /* as a secret */
	RGW_HOW_NOTHING,   /* nothing is needed, and `words_said` say why */
	RGW_HOW_REMARK,    /* it has no counterpart, and `said` says what that means */
};

/* A word of theirs, and ours. */
struct rgw_word_pair {
	const char *theirs;
	const char *ours;
};

struct rgw_row {
	unsigned blocks; /* bits of the language */
	const char *word;
	enum rgw_value_form form;
	enum rgw_row_how how;
	const char *key;  /* ours, or NULL */
	const char *said; /* for NOTHING and REMARK */
	long min;
	long max;
	const struct rgw_word_pair *words; /* ends with NULL */
	enum rgw_conf_kind kind;           /* for options outside of blocks: the section of ours */
};

struct rgw_map {
	struct rgw_out out;
	struct rgw_tree *tree;      /* borrowed */
	const struct rgw_row *rows; /* borrowed: table of the language */
	size_t n_rows;
};

/* The row of an option in a block, or NULL. */
const struct rgw_row *rgw_map_row(const struct rgw_map *m, unsigned block, const char *word);
/* Tells what is wrong with the options of a block, by the table. */
void rgw_map_check(struct rgw_map *m, struct rgw_node *block, unsigned bit);
/* Writes the options of a block whose rows say how. */
void rgw_map_carry(struct rgw_map *m, const struct rgw_node *block, unsigned bit, struct rgw_out_section *s);

/* Is a switch on? */
bool rgw_map_is_on(const struct rgw_node *block, const char *word, bool otherwise);
/* The number that an option has. */
long rgw_map_number(const struct rgw_node *block, const char *word, long otherwise);

/* The languages: each checks its tree and writes our configuration. False = there were errors, which were told. */
bool rgw_map_radsecproxy(struct rgw_map *m);
bool rgw_map_freeradius(struct rgw_map *m);

#endif
