/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_CONF_PRIV_H
#define RADSECGW_APP_CONF_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "conf_table.h"
#include "radsecgw/confread.h"
#include "radsecgw/hash.h"

/* What the files of the configuration module share, and what their tests look at. */

/* ---- conf_text.c: text that may hold a secret ---- */

/* Grows as needed; old memory is wiped whenever it moves. v ends with a NUL that n does not count,
 * and is NULL as long as nothing was added. */
struct rgw_text {
	char *v;  /* owned */
	size_t n;
	size_t size;
};

void rgw_text_add(struct rgw_text *text, const void *data, size_t n);
void rgw_text_fini(struct rgw_text *text);

/* ---- conf_unit.c: numbers with units ---- */

struct rgw_unit {
	const char *suffix;  /* "" = the plain number */
	uint64_t factor;
};

#define RGW_UNIT_TEXT 32

/* Ascending; each ends with a NULL suffix. */
extern const struct rgw_unit rgw_unit_none[];
extern const struct rgw_unit rgw_unit_size[];
extern const struct rgw_unit rgw_unit_time[];

/* Reads the whole text. NULL on success; otherwise what is wrong with it, in words. */
const char *rgw_unit_parse(const char *text, const struct rgw_unit *units, uint64_t *out);
/* Writes with the largest unit that is exact; returns buf. */
const char *rgw_unit_format(uint64_t n, const struct rgw_unit *units,
    char buf[static RGW_UNIT_TEXT]);

/* "10/s", "600/m", "100/s burst 200" or "0". The burst is the number of events if not given. */
const char *rgw_rate_parse(const char *text, struct rgw_rate *out);
const char *rgw_rate_format(const struct rgw_rate *rate, char *buf, size_t size);

/* "irt 2s mrt 16s mrc 5 mrd 30s", each part at most once; those left out keep what *out has. */
const char *rgw_retransmit_parse(const char *text, struct rgw_conf_retransmit *out);
const char *rgw_retransmit_format(const struct rgw_conf_retransmit *r, char *buf, size_t size);

/* ---- conf_dictionary.c: names of attributes ---- */

/* How the value of an attribute is written. */
enum rgw_attr_kind {
	RGW_ATTR_TEXT,
	RGW_ATTR_INTEGER,
	RGW_ATTR_IPV4,
	RGW_ATTR_IPV6,
	RGW_ATTR_OCTETS,  /* in hexadecimal digits only */
};

struct rgw_attr_name {
	const char *name;
	struct rgw_attr_ref ref;
	enum rgw_attr_kind kind;
};

/* The i-th name, or NULL; the one that a text is; and the one of an attribute. */
const struct rgw_attr_name *rgw_attr_name_at(size_t i);
const struct rgw_attr_name *rgw_attr_name_find(const char *text);
const struct rgw_attr_name *rgw_attr_name_of(const struct rgw_attr_ref *ref);
bool rgw_attr_ref_equal(const struct rgw_attr_ref *a, const struct rgw_attr_ref *b);

/* ---- conf_attribute.c: attributes by name or number ---- */

#define RGW_REF_TEXT 64

/* 241 to 246, which hold attributes of their own (RFC 6929). */
bool rgw_attr_is_extended(unsigned type);
/* The name of an attribute, or its number if it has none here; returns buf. */
const char *rgw_attr_format(const struct rgw_attr_ref *ref, char buf[static RGW_REF_TEXT]);
/* The values that hash-key is likely to have, for messages; returns buf. */
const char *rgw_hash_key_names(char *buf, size_t size);

/* ---- conf_rewrite.c: the values of [rewrite] ---- */

/* The variable that ${name} is there, or RGW_VARS. */
enum rgw_rewrite_var rgw_rewrite_var_find(const char *name, size_t len);
/* A rule as it would be written, but for quotes; the caller frees it. A "$" is "$$" already. */
char *rgw_rewrite_rule_text(const struct rgw_rewrite_rule *rule);

/* ---- conf_file.c: files and their names ---- */

/* The path as seen from where `file` is; the caller frees it. */
char *rgw_path_from(const char *file, const char *path);

/* Adds the contents of a file of at most `limit` octets. NULL or, in words, what is wrong. */
const char *rgw_file_read(const char *path, size_t limit, struct rgw_text *out, struct stat *st);
/* Can it be read, and is it a regular file or, if `directory`, a directory? */
const char *rgw_file_check(const char *path, bool directory, struct stat *st);

/* All paths that match a pattern, sorted, as seen from where `file` is. */
const char *rgw_file_match(const char *file, const char *pattern, struct rgw_strings *out);
void rgw_strings_fini(struct rgw_strings *strings);

/* ---- conf_expand.c: quotes, ${} and lists ---- */

/* Between two items of a list, once quotes are gone; no file can contain it. */
#define RGW_ITEM_END '\x1f'

struct rgw_expansion {
	const char *file;      /* borrowed: where it is written; ${file:} starts from there */
	bool list;             /* commas separate items */
	bool no_files;         /* refuse ${file:} */
	bool pairs;            /* quotes may also stand behind the first "=" of an item */
	bool vars;             /* ${client} and the like stay as they are, and so does $$ */
	struct rgw_text text;  /* owned: the result */
	bool expanded;         /* there was a ${} */
	bool from_file;        /* there was a ${file:}, so the text is not to be shown */
	char *exposed;         /* owned: a ${file:} that others can read, or NULL */
	char why[256];         /* after a failure: what is wrong */
};

bool rgw_conf_expand(struct rgw_expansion *e, const char *raw);
void rgw_expansion_fini(struct rgw_expansion *e);

/* ---- conf_value.c, conf_value_net.c: from text to the types of options ---- */

/* One value, or one item of a list, on its way into its field. */
struct rgw_setting {
	const struct rgw_opt *opt;
	void *field;
	const char *text;
	size_t len;     /* secrets may contain NUL */
	char why[256];  /* after a failure: what is wrong, a predicate: "is not a time; ..." */
};

/* Not for INCLUDE and REFERENCE, which need more than the text. */
bool rgw_value_set(struct rgw_setting *s);

/* The parts of it. Each parses s->text into s->field, or sets the reason and returns false. */
bool rgw_set_string(struct rgw_setting *s);
bool rgw_set_host(struct rgw_setting *s);
bool rgw_set_sni(struct rgw_setting *s);
bool rgw_set_secret(struct rgw_setting *s);
bool rgw_add_address(struct rgw_setting *s);
bool rgw_add_prefix(struct rgw_setting *s);
bool rgw_add_origin(struct rgw_setting *s);
bool rgw_add_host(struct rgw_setting *s);
bool rgw_add_cert_rule(struct rgw_setting *s);
bool rgw_add_hidden(struct rgw_setting *s);
bool rgw_set_operator(struct rgw_setting *s);
bool rgw_set_hash_key(struct rgw_setting *s);   /* in conf_attribute.c, as the next */
bool rgw_add_attribute(struct rgw_setting *s);
bool rgw_add_pair(struct rgw_setting *s);       /* in conf_rewrite.c, as the next */
bool rgw_add_replacement(struct rgw_setting *s);
/* An attribute by name or number, as a part of s->text. */
bool rgw_attr_parse(struct rgw_setting *s, const char *text, struct rgw_attr_ref *out);

/* Sets the reason; returns false for the caller to return. */
bool rgw_reject(struct rgw_setting *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool rgw_length_in_range(struct rgw_setting *s);

/* Adds the octets that pairs of hexadecimal digits stand for; false = the text is something else. */
bool rgw_decode_hex(const char *text, size_t len, struct rgw_text *out);

/* Is it a name that DNS could know? */
bool rgw_is_dns_name(const char *text);

/* ---- conf_field.c: what stands in a field ---- */

/* How many lines of the dump the option has: 0 = it is not set. */
size_t rgw_value_count(const struct rgw_opt *opt, const void *field);
/* Frees, and wipes secrets. */
void rgw_value_clear(const struct rgw_opt *opt, void *field);
/* Why an option has no effect in its section, such as "without `connect`", and which other option is
 * the reason. NULL = it has one. */
const char *rgw_value_idle(const struct rgw_opt *opt, const void *section,
    const struct rgw_opt **because, char *buf, size_t size);

/* ---- conf_show.c: values as text ---- */

/* Value or item i as text, without quotes; the caller frees it. Not for secrets. */
char *rgw_value_text(const struct rgw_opt *opt, const void *field, size_t i);

/* ---- conf_list.c: lists of any type, as they stand in struct rgw_conf ---- */

/* Adds one zeroed item to { type *v; size_t n; } and returns it. */
void *rgw_list_grow(void *list, size_t item_size);
size_t rgw_list_count(const void *list);
void *rgw_list_item(const void *list, size_t i, size_t item_size);
/* The array, to be freed; the list is empty then. */
void *rgw_list_take(void *list);
/* The i-th section of a kind; sections without name have one. NULL = there are no more. */
void *rgw_conf_section_at(const struct rgw_conf *conf, enum rgw_conf_kind kind, size_t i);

/* ---- conf_build.c: sections under construction ---- */

struct rgw_place {
	const char *file;  /* borrowed from the snapshot */
	unsigned line;
};

/* Whether and where an option of a section was given. */
struct rgw_given {
	struct rgw_place at;
	bool yes;
	bool from_file;  /* as x-file */
	bool filled;     /* with at least one value, good or bad */
	bool broken;     /* but its value is not usable, which has been reported */
};

struct rgw_section {
	struct rgw_hnode node;    /* in rgw_build.names */
	char *id;                 /* owned: kind and name, folded where case does not matter */
	enum rgw_conf_kind kind;
	void *data;               /* borrowed: its struct in the snapshot */
	struct rgw_given *given;  /* owned: one for each option of the kind */
};

/* A reference by name that can be resolved when all sections are known. */
struct rgw_reference {
	const struct rgw_opt *opt;
	const struct rgw_section *section;  /* where it stands */
	char *name;                         /* owned */
	bool hide;                          /* the name must not be shown */
	struct rgw_place at;
};

struct rgw_file_id {
	dev_t dev;
	ino_t ino;
};

struct rgw_build {
	struct rgw_conf *conf;           /* owned until it is handed out */
	struct rgw_conf_report *report;  /* borrowed */
	unsigned errors_before;
	bool no_files;                   /* the text is from memory: touch no file */
	bool unreadable;                 /* what was not read cannot be missed */
	struct rgw_htab names;
	struct { struct rgw_section **v; size_t n; } sections;     /* owned */
	struct { struct rgw_reference *v; size_t n; } references;  /* owned */
	struct { struct rgw_file_id *v; size_t n; } seen;          /* owned: files read so far */
	struct rgw_section *current;     /* keys go here; NULL = nowhere */
	bool skipping;                   /* the reason for current = NULL has been reported */
};

void rgw_build_init(struct rgw_build *b, struct rgw_conf_report *report);
/* Defaults, required options, references, checks. NULL if there was any error. */
struct rgw_conf *rgw_build_finish(struct rgw_build *b, const char *path);

/* Keeps a file name for places to borrow. */
const char *rgw_build_file(struct rgw_build *b, const char *path);
/* "[text]" was read. */
void rgw_build_section(struct rgw_build *b, const char *text, struct rgw_place at);
/* Keys belong to no section until the next one begins. */
void rgw_build_no_section(struct rgw_build *b, bool reported);
/* The facts about the option of this field. */
const struct rgw_given *rgw_build_given(const struct rgw_section *section, const void *field);
/* The first section of a kind with that name, or NULL. */
const struct rgw_section *rgw_build_find(
    const struct rgw_build *b, enum rgw_conf_kind kind, const char *name);

void rgw_build_error(struct rgw_build *b, struct rgw_place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void rgw_build_warn(struct rgw_build *b, struct rgw_place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "[client a]", for messages; returns buf. */
#define RGW_TITLE_TEXT 304
const char *rgw_build_title(enum rgw_conf_kind kind, const void *data,
    char buf[static RGW_TITLE_TEXT]);

/* ---- conf_option.c: options under construction ---- */

/* "key = raw" was read, or one more line of a list. */
void rgw_build_option(struct rgw_build *b, const char *key, const char *raw, struct rgw_place at);
/* The option was given but its line is not usable, which has been reported. */
void rgw_build_broken(struct rgw_build *b, const char *key, struct rgw_place at);
/* Gives an option its default. */
void rgw_build_default(struct rgw_build *b, struct rgw_section *section, const struct rgw_opt *opt);
/* Splits an expanded list in place: the next item, or NULL. `rest` starts as the text. Empty items
 * that stand in the file as such are reported. */
char *rgw_build_next_item(struct rgw_build *b, const struct rgw_expansion *e, const char *key,
    char **rest, struct rgw_place at);

/* ---- conf_name.c: names of sections and keys ---- */

/* Reports a key that the current section does not have, with the name that was probably meant. */
void rgw_name_unknown_key(struct rgw_build *b, const char *key, struct rgw_place at);
/* The kind that `text` (len octets) names, or RGW_CONF_KINDS. */
enum rgw_conf_kind rgw_name_kind(const char *text, size_t len);
/* Checks the name of a section; NULL or what is wrong with it. Sets the kind of a realm. */
const char *rgw_name_check(enum rgw_conf_kind kind, const char *name);
enum rgw_realm_kind rgw_name_realm_kind(const char *pattern);

/* ---- conf_check.c, conf_check_net.c, conf_check_pool.c, conf_check_rewrite.c: what one option cannot
 * know alone ---- */

void rgw_check_all(struct rgw_build *b, const char *path);
/* Where the option of this field was given, or where its section begins. */
struct rgw_place rgw_check_place(const struct rgw_section *section, const void *field);
/* A short secret brings a warning, and so does an address to which RADIUS/UDP should not go. */
void rgw_check_secret(
    struct rgw_build *b, const struct rgw_section *section, struct rgw_secret *const *secret);
bool rgw_check_is_public(const struct rgw_prefix *p);
/* Is there a peer that may connect to us, or one that we connect to? */
bool rgw_check_some_peer(const struct rgw_build *b, bool accepts);
void rgw_check_listen(struct rgw_build *b, const struct rgw_section *section);
void rgw_check_peer(struct rgw_build *b, const struct rgw_section *section);
/* Is there an address in both? An empty list stands for all addresses. */
bool rgw_check_overlap(const struct rgw_prefixes *a, const struct rgw_prefixes *b);
/* conf_check_plain.c: the same for plain TCP. */
void rgw_check_plain_listen(struct rgw_build *b, const struct rgw_section *section);
void rgw_check_plain_peer(struct rgw_build *b, const struct rgw_section *section);
void rgw_check_server(struct rgw_build *b, const struct rgw_section *section);
void rgw_check_pool(struct rgw_build *b, const struct rgw_section *section);
/* Is there a pool that nothing leads to? To be asked last. */
void rgw_check_unused_pools(struct rgw_build *b);
void rgw_check_rewrite(struct rgw_build *b, const struct rgw_section *section);
/* Do the rewrites of a section have anything to do there? The packets that come to it from that side,
 * and that go to that side, are RGW_REWRITE_* bits. */
void rgw_check_rewriting(struct rgw_build *b, const struct rgw_section *section,
    const struct rgw_conf_refs *in, unsigned comes, const struct rgw_conf_refs *out, unsigned goes);
/* Is there a rewrite that nothing refers to? To be asked last. */
void rgw_check_unused_rewrites(struct rgw_build *b);
/* Can requests be sent to what the option of this field refers to? */
void rgw_check_target(struct rgw_build *b, const struct rgw_section *section, const void *field,
    const char *key, const struct rgw_conf_head *target);
/* Does any of them take accounting, which it was explicitly meant for? */
void rgw_check_takes_acct(struct rgw_build *b, const struct rgw_section *section, const void *field,
    const struct rgw_conf_head *target);
/* A name that leads to a target must lead to one. */
void rgw_check_target_name(struct rgw_build *b, const struct rgw_section *section);
/* How long a request lives; RGW_NEVER if that is not known because the option is broken. */
rgw_ms rgw_check_lifetime(const struct rgw_build *b);

/* ---- conf_source.c ---- */

/* The same as rgw_conf_load for a text in memory. Nothing on disk is read or looked at: includes
 * and secrets from files are refused, and files named for other use are taken to be there. */
struct rgw_conf *rgw_conf_load_text(const char *text, size_t len, struct rgw_conf_report *report);

#endif
