/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_CONF_TABLE_H
#define RADSECGW_APP_CONF_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/conf.h"

/*
 * The one list of sections and options. The reader, the defaults, the checks, the dump, the freeing
 * and wiping, the suggestions and the test of the manual page all read it; an option is declared
 * nowhere else.
 */

/* One kind of section. `where` is the place in struct rgw_conf: of the section itself if it has no
 * name, of the list of them otherwise. */
struct rgw_conf_section {
	const char *name;
	const char *argument;  /* what stands behind the name, "NAME"; NULL = nothing */
	size_t where;
	size_t size;
};

enum rgw_opt_type {
	RGW_OPT_INCLUDE,     /* list of patterns; done while reading, not kept */
	RGW_OPT_BOOL,        /* bool */
	RGW_OPT_WORD,        /* an enum whose values are the positions in `words` */
	RGW_OPT_WORDS,       /* unsigned, bit n for words[n]; list */
	RGW_OPT_COUNT,       /* uint32_t */
	RGW_OPT_SIZE,        /* uint32_t, octets */
	RGW_OPT_TIME,        /* rgw_ms */
	RGW_OPT_COUNT_RANGE, /* struct rgw_range_u32 */
	RGW_OPT_TIME_RANGE,  /* struct rgw_range_ms */
	RGW_OPT_RATE,        /* struct rgw_rate */
	RGW_OPT_PER_SECOND,  /* uint32_t */
	RGW_OPT_STRING,      /* char * */
	RGW_OPT_STRINGS,     /* struct rgw_strings; list */
	RGW_OPT_HOST,        /* char *, a name or an address */
	RGW_OPT_SNI,         /* char *, a name or empty */
	RGW_OPT_FILE,        /* char *, a file that can be read */
	RGW_OPT_KEY_FILE,    /* the same, not to be read by others */
	RGW_OPT_PATHS,       /* struct rgw_strings, files or directories; list */
	RGW_OPT_LOG_TARGET,  /* char *: stderr, syslog or a path */
	RGW_OPT_SECRET,      /* struct rgw_secret * */
	RGW_OPT_PASSWORD,    /* char *, a secret that is a text */
	RGW_OPT_ADDRESSES,   /* struct rgw_addrs; list */
	RGW_OPT_PREFIXES,    /* struct rgw_prefixes; list */
	RGW_OPT_ORIGINS,     /* struct rgw_conf_origins; list */
	RGW_OPT_HOSTS,       /* struct rgw_hostports; list */
	RGW_OPT_CERT_RULES,  /* struct rgw_cert_rules; list */
	RGW_OPT_HIDDEN,      /* struct rgw_strings, each for rgw_hidden_parse; list */
	RGW_OPT_REFERENCE,   /* pointer to the head of a section of one of the kinds `refers` */
	RGW_OPT_REFERENCES,  /* struct rgw_conf_refs; list */
	RGW_OPT_ACCT,        /* struct rgw_conf_acct: one of `words`, or a reference */
	RGW_OPT_REGEX,       /* struct rgw_pattern *, for the whole text */
	RGW_OPT_ATTRIBUTE,   /* uint8_t, the type of an attribute */
	RGW_OPT_RETRANSMIT,  /* struct rgw_conf_retransmit */
	RGW_OPT_OPERATOR,    /* char *, an Operator-Name */
	RGW_OPT_ATTRIBUTES,  /* struct rgw_rewrite_rules, of the attributes alone; list, as the next */
	RGW_OPT_PAIRS,       /* struct rgw_rewrite_rules, attributes and values */
	RGW_OPT_REPLACEMENTS,/* struct rgw_rewrite_rules, attributes, expressions and replacements */
	RGW_OPT_TYPES
};

/* What types have in common; bits. */
enum rgw_opt_trait {
	RGW_IS_LIST = 1,
	RGW_IS_SECRET = 2,     /* never shown; x comes with x-file */
	RGW_IS_POINTER = 4,    /* the field is a pointer, NULL when not set */
	RGW_IS_PATH = 8,       /* relative to the file that it stands in */
	RGW_MAY_BE_EMPTY = 16,
	RGW_IS_REFERENCE = 32,
	RGW_HAS_VARS = 64,     /* ${client} and the like stand for themselves */
	RGW_IS_PAIRS = 128,    /* quotes may also stand behind the first "=" of an item */
};

enum {
	RGW_OPT_REQUIRED = 1,
	RGW_OPT_RESTART = 2,  /* a change needs a restart; all others are taken over by a reload */
	RGW_OPT_OR_ZERO = 4,  /* 0 is allowed, too, although it lies below min */
};

struct rgw_opt {
	enum rgw_conf_kind kind;
	const char *key;
	enum rgw_opt_type type;
	size_t where;              /* in the struct of its section */
	const char *def;           /* the default as one would write it; NULL = none */
	const char *unset;         /* with no default: what holds then, in words */
	uint64_t min;              /* of the number, or of the octets of a text */
	uint64_t max;
	const char *unit;          /* what a COUNT counts */
	const char *const *words;  /* ends with NULL */
	unsigned refers;           /* bit n for kind n */
	const char *only_with;     /* it has no effect without this other option of its section */
	const char *not_with;      /* it has no effect with this one ... */
	const char *nor_with;      /* ... nor with this one */
	const char *with_word;     /* the first two are WORDs, and count if they have this value */
	uint16_t port;             /* where a value may have a port: the one that it has without */
	unsigned flags;
	const char *help;
};

const struct rgw_conf_section *rgw_conf_section_of(enum rgw_conf_kind kind);

/* The options of one kind of section, *n of them, in the order of the table. */
const struct rgw_opt *rgw_conf_opts_of(enum rgw_conf_kind kind, size_t *n);

/* The option called `key`. A secret x is also found as x-file; *from_file says which it was. NULL =
 * the section has no such option. */
const struct rgw_opt *rgw_conf_opt_find(enum rgw_conf_kind kind, const char *key, bool *from_file);

bool rgw_conf_opt_has(const struct rgw_opt *opt, enum rgw_opt_trait trait);

/* The kinds that a reference may lead to, "[peer] or [server]"; returns buf. */
const char *rgw_conf_opt_refers(const struct rgw_opt *opt, char *buf, size_t size);

/* What is allowed, in words, "5s to 5m"; returns buf. */
const char *rgw_conf_opt_range(const struct rgw_opt *opt, char *buf, size_t size);

/* The name of the type for people: "time", "list of addresses". */
const char *rgw_conf_opt_type(const struct rgw_opt *opt);

/*
 * The search for the name that was probably meant. Letters match in either case and "_" matches
 * "-", since both are usual slips.
 */
#define RGW_NEAREST_TEXT 64

struct rgw_nearest {
	const char *text;             /* borrowed: what was written */
	char best[RGW_NEAREST_TEXT];  /* the nearest name so far, or empty */
	unsigned distance;            /* its distance; a name must be nearer than this */
};

void rgw_nearest_init(struct rgw_nearest *near, const char *text);
void rgw_nearest_try(struct rgw_nearest *near, const char *name);

#endif
