/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CONF_TABLE_H
#define RADSECGW_CONF_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/conf.h"
#include "radsecgw/confchange.h"
#include "radsecgw/nearest.h"

/*
 * The one list of sections and options. The reader, the defaults, the checks, the dump, the freeing
 * and wiping, the suggestions and the test of the manual page all read it; an option is declared
 * nowhere else.
 */

/* One kind of section. `where` is the place in struct rgw_conf: of the section itself if it has no
 * name, of the list of them otherwise. */
struct rgw_conf_section {
	const char *name;
	const char *argument;  /* text behind the name, such as "NAME"; NULL = nothing */
	size_t where;
	size_t size;
};

struct rgw_opt;
struct rgw_setting;
struct rgw_strbuf;

/* A value where it stands: a field, or one item of the array that the field is. */
struct rgw_value {
	const struct rgw_opt *opt;
	const void *p;
};

/* A type of options: a row with all that is known about values of that type. Other files ask the row and do not tell
 * types apart themselves. */
struct rgw_opt_type {
	const char *name;  /* name for people: "time", "list of addresses" */
	unsigned traits;   /* RGW_IS_* and the like */
	size_t size;       /* octets of one value; 0 = none is kept */
	bool (*set)(struct rgw_setting *s);  /* see struct rgw_setting; NULL = a value takes more than a text */
	void (*text)(struct rgw_strbuf *out, const struct rgw_value *v);  /* writes the value without quotes; NULL =
	                                                                   * hidden */
	bool (*equal)(const void *a, const void *b);  /* NULL = values are equal if their texts are */
	void (*clear)(void *value);  /* frees what the value owns; NULL = it owns nothing */
	void (*range)(struct rgw_strbuf *out, const struct rgw_opt *opt);  /* writes what is allowed, in words */
	const char *allowed;  /* what is allowed if that does not depend on the option; neither = too much to say */
};

extern const struct rgw_opt_type
	rgw_type_include,               /* list of patterns; done while reading, not kept */
	rgw_type_bool,                  /* bool */
	rgw_type_word,                  /* an enum whose values are the positions in `words` */
	rgw_type_words,                 /* unsigned, bit n for words[n]; list */
	rgw_type_count,                 /* uint32_t */
	rgw_type_size,                  /* uint32_t, octets */
	rgw_type_time,                  /* rgw_ms */
	rgw_type_count_range,           /* struct rgw_range_u32 */
	rgw_type_time_range,            /* struct rgw_range_ms */
	rgw_type_rate,                  /* struct rgw_rate */
	rgw_type_per_second,            /* uint32_t */
	rgw_type_string,                /* char * */
	rgw_type_strings,               /* struct rgw_strings; list */
	rgw_type_host,                  /* char *, a name or an address */
	rgw_type_sni,                   /* char *, a name or empty */
	rgw_type_file,                  /* char *, a file that can be read */
	rgw_type_key_file,              /* as rgw_type_file, but the file is not to be read by others */
	rgw_type_new_file,              /* char *, a file that is written; the path is relative as with RGW_IS_PATH */
	rgw_type_paths,                 /* struct rgw_strings, files or directories; list */
	rgw_type_log_target,            /* char *: stderr, syslog or a path */
	rgw_type_socket,                /* char *: off or an absolute path */
	rgw_type_mode,                  /* uint32_t, permissions */
	rgw_type_secret,                /* struct rgw_secret * */
	rgw_type_password,              /* char *, a secret that is a text */
	rgw_type_psk,                   /* struct rgw_secret *, in hexadecimal digits */
	rgw_type_psk_identity,          /* char *, UTF-8 */
	rgw_type_addresses,             /* struct rgw_addrs; list */
	rgw_type_prefixes,              /* struct rgw_prefixes; list */
	rgw_type_origins,               /* struct rgw_conf_origins; list */
	rgw_type_hosts,                 /* struct rgw_hostports; list */
	rgw_type_coa,                   /* struct rgw_conf_coa: no, yes, or an address with a port */
	rgw_type_cert_rules,            /* struct rgw_cert_rules; list */
	rgw_type_hidden,                /* struct rgw_strings, each for rgw_hidden_parse; list */
	rgw_type_reference,             /* pointer to the head of a section of one of the kinds `refers` */
	rgw_type_references,            /* struct rgw_conf_refs; list */
	rgw_type_acct,                  /* struct rgw_conf_acct: one of `words`, or a reference */
	rgw_type_regex,                 /* struct rgw_pattern *, for the whole text */
	rgw_type_attribute,             /* uint8_t, the type of an attribute */
	rgw_type_retransmit,            /* struct rgw_retransmit */
	rgw_type_operator,              /* char *, an Operator-Name */
	rgw_type_attributes,            /* struct rgw_rewrite_rules, of the attributes alone; list, as the next */
	rgw_type_pairs,                 /* struct rgw_rewrite_rules, attributes and values */
	rgw_type_replacements;          /* struct rgw_rewrite_rules, attributes, expressions and replacements */

/* Traits that types have in common; bits. */
enum rgw_opt_trait {
	RGW_IS_LIST = 1,
	RGW_IS_SECRET = 2,     /* the value is never shown; x comes with x-file */
	RGW_IS_POINTER = 4,    /* the field is a pointer, NULL when not set */
	RGW_IS_PATH = 8,       /* the path is relative to the file that it stands in */
	RGW_MAY_BE_EMPTY = 16,
	RGW_IS_REFERENCE = 32,
	RGW_HAS_VARS = 64,     /* ${client} and the like stand for themselves */
	RGW_IS_PAIRS = 128,    /* quotes may also stand behind the first "=" of an item */
	RGW_IS_ARRAY = 256,    /* the field is { type *v; size_t n; } */
};

#define RGW_ARRAY (RGW_IS_LIST | RGW_IS_ARRAY)

/* The flags of an option, beside those of enum rgw_opt_effect. */
enum {
	RGW_OPT_REQUIRED = 4,
	RGW_OPT_OR_ZERO = 8,  /* 0 is allowed, too, although it lies below min */
};

struct rgw_opt {
	enum rgw_conf_kind kind;
	const char *key;
	const struct rgw_opt_type *type;
	size_t where;              /* offset of the field in the struct of its section */
	const char *def;           /* the default as one would write it; NULL = none */
	const char *unset;         /* what holds without a value if there is no default, in words */
	uint64_t min;              /* least value of the number, or of the octets of a text */
	uint64_t max;
	const char *unit;          /* what a COUNT counts */
	const char *const *words;  /* ends with NULL */
	unsigned refers;           /* bit n for kind n */
	const char *only_with;     /* the option has no effect without this other option of its section */
	const char *not_with;      /* the option has no effect with this other one ... */
	const char *nor_with;      /* ... nor with this one */
	const char *with_word;     /* only_with and not_with name WORDs, and count if they have this value */
	uint16_t port;             /* port of a value that names none; 0 = a value has no port */
	unsigned flags;
	const char *help;
};

const struct rgw_conf_section *rgw_conf_section_of(enum rgw_conf_kind kind);
/* The kind that `text` (len octets) names; RGW_CONF_KINDS = none. */
enum rgw_conf_kind rgw_conf_kind_of(const char *text, size_t len);
/* The i-th section of a kind; a kind without names has one section. NULL = there are no more. */
void *rgw_conf_section_at(const struct rgw_conf *conf, enum rgw_conf_kind kind, size_t i);
/* "[peer] or [server]", for bit n of kind n, of which there is at least one; returns buf. */
#define RGW_KINDS_TEXT 128
const char *rgw_conf_kinds_text(unsigned kinds, char buf[static RGW_KINDS_TEXT]);

/* The options of one kind of section, *n of them, in the order of the table. */
const struct rgw_opt *rgw_conf_opts_of(enum rgw_conf_kind kind, size_t *n);

/* The option called `key`. A secret x is also found as x-file; *from_file says which it was. NULL =
 * the section has no such option. */
const struct rgw_opt *rgw_conf_opt_find(enum rgw_conf_kind kind, const char *key, bool *from_file);

static inline bool
rgw_conf_opt_has(const struct rgw_opt *opt, enum rgw_opt_trait trait)
{
	return (opt->type->traits & trait) != 0;
}

#endif
