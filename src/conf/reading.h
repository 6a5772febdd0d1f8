/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CONF_READING_H
#define RADSECGW_CONF_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "table.h"
#include "radsecgw/confread.h"
#include "radsecgw/errnotext.h"
#include "radsecgw/hash.h"

/* What the files of this layer share among themselves and with their tests. The public interface is
 * radsecgw/confread.h, and radsecgw/conf.h for the result. */

/* ---- strbuf.c: text that may hold a secret ---- */

/* A string buffer grows as needed, and its old memory is wiped whenever it moves. v ends with a NUL that n does
 * not count, and is NULL as long as nothing was added. */
struct rgw_strbuf {
	char *v;  /* owned */
	size_t n;
	size_t size;
};

void rgw_strbuf_add(struct rgw_strbuf *buf, const void *data, size_t n);
void rgw_strbuf_put(struct rgw_strbuf *buf, const char *text);
/* Adds formatted text of at most 511 octets. */
void rgw_strbuf_printf(struct rgw_strbuf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds an item: `between` goes before it unless it is the first. */
void rgw_strbuf_join(struct rgw_strbuf *buf, const char *between, const char *text);
void rgw_strbuf_fini(struct rgw_strbuf *buf);

/* ---- unit.c: numbers with units ---- */

struct rgw_unit {
	const char *suffix;  /* suffix of the unit; "" = the plain number */
	uint64_t factor;
};

#define RGW_UNIT_TEXT 32

/* The units of each kind in ascending order, ended by a NULL suffix. */
extern const struct rgw_unit rgw_unit_none[];
extern const struct rgw_unit rgw_unit_size[];
extern const struct rgw_unit rgw_unit_time[];

/* Reads a number with its unit, which must be the whole text. NULL on success; otherwise what is wrong, in
 * words. */
const char *rgw_unit_parse(const char *text, const struct rgw_unit *units, uint64_t *out) RGW_MUST_USE;
/* Writes a number with the largest unit that is exact; returns buf. */
const char *rgw_unit_format(uint64_t n, const struct rgw_unit *units,
    char buf[static RGW_UNIT_TEXT]);

/* Moves over the decimal digits at the start of a text. false = there are none, or too many. */
bool rgw_unit_digits(const char **text, uint64_t *out) RGW_MUST_USE;

/* ---- dictionary.c: names of attributes ---- */

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

/* The i-th row of the dictionary, the row of a name, and the row of an attribute; each NULL if there is none.
 * */
const struct rgw_attr_name *rgw_attr_name_at(size_t i);
const struct rgw_attr_name *rgw_attr_name_find(const char *text);
const struct rgw_attr_name *rgw_attr_name_of(const struct rgw_attr_ref *ref);
bool rgw_attr_ref_equal(const struct rgw_attr_ref *a, const struct rgw_attr_ref *d);

#define RGW_REF_TEXT 64

/* Is this one of the types 241 to 246, which hold attributes of their own (RFC 6929)? */
bool rgw_attr_is_extended(unsigned type);
/* The name of an attribute, or its number if it has none here; returns buf. */
const char *rgw_attr_format(const struct rgw_attr_ref *ref, char buf[static RGW_REF_TEXT]);

/* ---- rule.c: the values of [rewrite] ---- */

/* The variable of a rule that ${name} means; RGW_VARS = there is none. */
enum rgw_rewrite_var rgw_rewrite_var_find(const char *name, size_t len);

/* ---- file.c: files and their names ---- */

/* The path of a file that is named in `file`, relative to its directory; the caller frees it. */
char *rgw_path_from(const char *file, const char *path) RGW_MUST_USE;

/* What is wrong may stand in `buf`, which the caller lends to these functions. */

/* Adds the contents of a file of at most `limit` octets to a buffer. Returns NULL or, in words, what is wrong.
 * */
const char *rgw_file_read(const char *path, size_t limit, struct rgw_strbuf *out, struct stat *st,
    char buf[static RGW_ERRNO_TEXT]) RGW_MUST_USE;
/* The same for a file that holds a value: one line break at its end is left out, since editors put it there.
 * With `no_files` no file is read, and that is what is wrong. */
const char *rgw_file_value(bool no_files, const char *path, size_t limit, struct rgw_strbuf *out, struct stat *st,
    char buf[static RGW_ERRNO_TEXT]) RGW_MUST_USE;
/* Checks that a path can be read and leads to a regular file or, if `directory`, to a directory. Returns NULL
 * or what is wrong. */
const char *rgw_file_check(const char *path, bool directory, struct stat *st, char buf[static RGW_ERRNO_TEXT])
    RGW_MUST_USE;

/* Adds all paths that match a pattern in `file`, sorted. Returns NULL or what is wrong. */
const char *rgw_file_match(const char *file, const char *pattern, struct rgw_strings *out,
    char buf[static RGW_ERRNO_TEXT]) RGW_MUST_USE;
/* The directory that is searched for such a pattern (the first one, if its directories are patterns, too), which the
 * caller frees. NULL = it is no pattern but a name. */
char *rgw_file_searched(const char *file, const char *pattern) RGW_MUST_USE;
void rgw_strings_fini(struct rgw_strings *strings);

/* ---- expand.c: quotes, ${} and lists ---- */

/* This octet stands between two items of a list once quotes are gone; no file can contain it. */
#define RGW_ITEM_END '\x1f'

struct rgw_expansion {
	const char *file;      /* borrowed: the file in which the text is written; ${file:} starts from there */
	bool list;             /* commas separate items */
	bool no_files;         /* refuse ${file:} */
	bool pairs;            /* quotes may also stand behind the first "=" of an item */
	bool vars;             /* ${client} and the like stay as they are, and so does $$ */
	struct rgw_strbuf text;  /* owned: the result */
	bool expanded;         /* there was a ${} */
	struct rgw_strings files;  /* owned: those of each ${file:}; if there are any, the text is not to be shown */
	char *exposed;         /* owned: a ${file:} that others can read, or NULL */
	char why[256];         /* after a failure: what is wrong */
};

bool rgw_conf_expand(struct rgw_expansion *e, const char *raw) RGW_MUST_USE;
void rgw_expansion_fini(struct rgw_expansion *e);

/* ---- setting.c: from text to a value ---- */

/* One value, or one item of a list, on its way into its field. */
struct rgw_setting {
	const struct rgw_opt *opt;
	void *field;
	const char *text;
	size_t len;     /* octets of `text`, since secrets may contain NUL */
	size_t before;  /* number of items of the array that stand before this one */
	char why[256];  /* after a failure: what is wrong, a predicate: "is not a time; ..." */
};

/* Sets the reason why the value is refused; returns false for the caller to return. */
bool rgw_setting_refuse(struct rgw_setting *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool rgw_setting_in_range(struct rgw_setting *s, uint64_t n) RGW_MUST_USE;
bool rgw_setting_length_in_range(struct rgw_setting *s) RGW_MUST_USE;

/* ---- type_*.c, attribute.c, rule.c: the types of options (see table.h), and what they share ---- */

bool rgw_set_word(struct rgw_setting *s);
void rgw_range_words(struct rgw_strbuf *out, const struct rgw_opt *opt);

bool rgw_set_string(struct rgw_setting *s);
void rgw_show_string(struct rgw_strbuf *out, const struct rgw_value *v);
void rgw_clear_string(void *value);
/* The fields that all rows of types kept as a text have in common, behind name and traits. */
#define RGW_STRING sizeof(char *), rgw_set_string, rgw_show_string, .clear = rgw_clear_string

/* Parses an attribute by name or number, which is a part of s->text. */
bool rgw_attr_parse(struct rgw_setting *s, const char *text, struct rgw_attr_ref *out) RGW_MUST_USE;
/* Adds the octets that pairs of hexadecimal digits stand for; false = the text is something else. */
bool rgw_decode_hex(const char *text, size_t len, struct rgw_strbuf *out) RGW_MUST_USE;

/* ---- value.c: the value of a field ---- */

/* Parses s->text and puts the value into the field, or adds it to the array there. Not for INCLUDE and
 * REFERENCE, which need more than the text. */
bool rgw_value_set(struct rgw_setting *s) RGW_MUST_USE;
/* The number of lines that the option has in the dump; 0 = the option is not set. */
size_t rgw_value_count(const struct rgw_opt *opt, const void *field);
/* Returns the value, or item i of it, as text without quotes; the caller frees it. Secrets have no text. */
char *rgw_value_text(const struct rgw_opt *opt, const void *field, size_t i) RGW_MUST_USE;
/* Do two fields, of one or of two configurations, say the same? A reference does if the name and kind of the
 * section are the same. */
bool rgw_value_equal(const struct rgw_opt *opt, const void *a, const void *b);
/* Does item i of a list stand before it already? */
bool rgw_value_repeats(const struct rgw_opt *opt, const void *field, size_t i);
/* Frees what the field owns, and wipes secrets. */
void rgw_value_clear(const struct rgw_opt *opt, void *field);
/* Why an option has no effect in its section, such as "without `connect`", and which other option is the reason. NULL =
 * the option has an effect. */
const char *rgw_value_idle(const struct rgw_opt *opt, const void *section,
    const struct rgw_opt **because, char *buf, size_t size);
/* What is to be shown in place of the value, in parentheses: that it has no effect, is not set, or is a secret.
 * false = the value is to be shown. */
#define RGW_REMARK_TEXT 160
bool rgw_value_remark(const struct rgw_opt *opt, const void *section, char buf[static RGW_REMARK_TEXT]) RGW_MUST_USE;
/* The section to which the field, or item i of it, refers; NULL = none. For options that are references only. */
const struct rgw_conf_head *rgw_value_target(const struct rgw_opt *opt, const void *field, size_t i);

/* ---- delta.c: what is different between two lists ---- */

/* What was added to a list and removed from it, "+ b, - c", which the caller frees. NULL = that does not tell it all,
 * for nothing has stayed or what has stayed stands in another order. */
char *rgw_delta(const struct rgw_strings *before, const struct rgw_strings *after) RGW_MUST_USE;

/* ---- array.c: arrays of any type, as they stand in struct rgw_conf ---- */

/* Adds one zeroed item to { type *v; size_t n; } and returns it. */
void *rgw_array_grow(void *array, size_t item_size);
/* Takes the last item off again. */
void rgw_array_drop(void *array);
size_t rgw_array_count(const void *array);
void *rgw_array_item(const void *array, size_t i, size_t item_size);
/* Takes the items out of the array for the caller to free; the array is empty then. */
void *rgw_array_take(void *array) RGW_MUST_USE;

/* ---- section.c: what a section is known by ---- */

/* The kind and the name of a section as one key, which the caller frees. A realm is the same in upper and lower case.
 * */
char *rgw_section_key(enum rgw_conf_kind kind, const char *name) RGW_MUST_USE;
uint64_t rgw_section_hash(const char *key);

/* ---- draft.c: sections under construction ---- */

struct rgw_place {
	const char *file;  /* borrowed from the snapshot */
	unsigned line;
};

/* Whether and where an option of a section was given in the files. */
struct rgw_given {
	struct rgw_place at;
	bool yes;
	bool from_file;  /* the option was given as x-file */
	bool filled;     /* the option was given with at least one value, good or bad */
	bool broken;     /* the option was given but its value is not usable, which has been reported */
};

struct rgw_section {
	struct rgw_hnode node;    /* in rgw_draft.names */
	char *key;                /* owned: see rgw_section_key */
	enum rgw_conf_kind kind;
	void *data;               /* borrowed: struct of the section in the snapshot */
	struct rgw_given *given;  /* owned: one for each option of the kind */
	bool used;                /* a reference leads to the section */
};

/* A reference by name that can be resolved when all sections are known. */
struct rgw_reference {
	const struct rgw_opt *opt;
	const struct rgw_section *section;  /* section where the reference stands */
	char *name;                         /* owned: name that the reference gives */
	bool hide;                          /* the name must not be shown */
	struct rgw_place at;
};

struct rgw_file_id {
	dev_t dev;
	ino_t ino;
};

struct rgw_draft {
	struct rgw_conf *conf;           /* owned until the configuration is handed out */
	struct rgw_conf_report *report;  /* borrowed */
	unsigned errors_before;
	bool no_files;                   /* the text is from memory: no file is touched */
	bool unreadable;                 /* a file could not be read, and options that are missing may be in it */
	struct rgw_htab names;
	struct { struct rgw_section **v; size_t n; } sections;     /* owned */
	struct { struct rgw_reference *v; size_t n; } references;  /* owned */
	struct { struct rgw_file_id *v; size_t n; } seen;          /* owned: files read so far */
	struct rgw_section *current;     /* section that keys go to; NULL = keys go nowhere */
	bool skipping;                   /* the reason for current = NULL has been reported */
};

void rgw_draft_init(struct rgw_draft *d, struct rgw_conf_report *report);
/* Notes in the snapshot that a file or directory was read for a section. */
void rgw_draft_source(struct rgw_draft *d, const struct rgw_section *section, const char *path);
/* Keeps a copy of a file name in the snapshot, for places to borrow. */
const char *rgw_draft_file(struct rgw_draft *d, const char *path);
/* Begins the section of which "[text]" was read. */
void rgw_draft_section(struct rgw_draft *d, const char *text, struct rgw_place at);
/* Keys belong to no section until the next one begins. */
void rgw_draft_no_section(struct rgw_draft *d, bool reported);
/* The option of this field of a section, and the facts about it. */
const struct rgw_opt *rgw_draft_opt(const struct rgw_section *section, const void *field);
const struct rgw_given *rgw_draft_given(const struct rgw_section *section, const void *field);
/* The first section of a kind with that name, or NULL. */
struct rgw_section *rgw_draft_find(
    const struct rgw_draft *d, enum rgw_conf_kind kind, const char *name);

/* Reports a finding: rgw_draft_error(d, at, fmt, ...) or rgw_draft_warn, as printf. */
void rgw_draft_say(struct rgw_draft *d, enum rgw_conf_severity severity, struct rgw_place at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
#define rgw_draft_error(d, ...) rgw_draft_say(d, RGW_CONF_ERROR, __VA_ARGS__)
#define rgw_draft_warn(d, ...) rgw_draft_say(d, RGW_CONF_WARNING, __VA_ARGS__)

/* Writes the title of a section, "[client a]", for messages; returns buf. */
#define RGW_TITLE_TEXT 304
const char *rgw_draft_title(const void *data, char buf[static RGW_TITLE_TEXT]);

/* ---- option.c: options under construction ---- */

/* Takes a "key = raw" that was read, or one more line of a list. */
void rgw_draft_option(struct rgw_draft *d, const char *key, const char *raw, struct rgw_place at);
/* Marks an option as given but broken: its line is not usable, which has been reported. */
void rgw_draft_broken(struct rgw_draft *d, const char *key, struct rgw_place at);
/* Gives an option its default. */
void rgw_draft_default(struct rgw_draft *d, struct rgw_section *section, const struct rgw_opt *opt);
/* Splits an expanded list in place and returns the next item, or NULL. `rest` starts as the text. An empty item
 * that stands in the file as such is reported. */
char *rgw_draft_next_item(struct rgw_draft *d, const struct rgw_expansion *e, const char *key,
    char **rest, struct rgw_place at);

/* ---- key.c, name.c: names of keys and sections ---- */

/* Reports a key that the current section does not have, with the name that was probably meant. */
void rgw_key_unknown(struct rgw_draft *d, const char *key, struct rgw_place at);
/* Checks the name of a section; NULL or what is wrong with it. */
const char *rgw_name_check(enum rgw_conf_kind kind, const char *name) RGW_MUST_USE;
enum rgw_realm_kind rgw_name_realm_kind(const char *pattern);

/* ---- finish.c ---- */

/* Fills in defaults, resolves references and checks the whole, then frees the draft. The caller owns the
 * configuration; NULL if there was any error. */
struct rgw_conf *rgw_draft_finish(struct rgw_draft *d, const char *path) RGW_MUST_USE;

/* ---- check_common.c: what the checks share ---- */

/* Where the option of this field was given, or where its section begins. */
struct rgw_place rgw_check_place(const struct rgw_section *section, const void *field);
/* Reports a finding about the option of a field ("key: what is wrong") or, with NULL, about the section ("[peer a]
 * needs ..."): rgw_check_error(d, section, field, fmt, ...) or rgw_check_warn, as printf. */
void rgw_check_say(struct rgw_draft *d, enum rgw_conf_severity severity, const struct rgw_section *section,
    const void *field, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
#define rgw_check_error(d, ...) rgw_check_say(d, RGW_CONF_ERROR, __VA_ARGS__)
#define rgw_check_warn(d, ...) rgw_check_say(d, RGW_CONF_WARNING, __VA_ARGS__)
/* Reports items that a list has twice. */
void rgw_check_twice(struct rgw_draft *d, const struct rgw_section *section, const void *field);
/* Warn of a short secret (P-PKT-13), and of an address to which RADIUS/UDP should not go (P-DEP-1). */
void rgw_check_secret(struct rgw_draft *d, const struct rgw_section *section, struct rgw_secret *const *secret);
/* Warns of a previous secret that is no other than the secret. */
void rgw_check_previous_secret(struct rgw_draft *d, const struct rgw_section *section, struct rgw_secret *const *secret,
    struct rgw_secret *const *previous);
void rgw_check_public(struct rgw_draft *d, const struct rgw_section *section, const void *field,
    const struct rgw_prefix *p, const char *text);
/* Is there an address in both lists? An empty list stands for all addresses. */
bool rgw_check_overlap(const struct rgw_prefixes *a, const struct rgw_prefixes *b) RGW_MUST_USE;
/* Is there a peer that may connect to us, or one that we connect to? */
bool rgw_check_some_peer(const struct rgw_draft *d, bool accepts);
/* How long a request lives; RGW_NEVER if that is not known because the option is broken. */
rgw_ms rgw_check_lifetime(const struct rgw_draft *d);

/* ---- check.c, check_changes.c, check_metrics.c, check_net.c, check_plain.c, check_pool.c, check_psk.c,
 * check_rewrite.c: what one option cannot know alone ---- */

void rgw_check_all(struct rgw_draft *d, const char *path);
void rgw_check_metrics(struct rgw_draft *d, const struct rgw_section *section);
void rgw_check_listen(struct rgw_draft *d, const struct rgw_section *section);
void rgw_check_peer(struct rgw_draft *d, const struct rgw_section *section);
/* Checks the same two sections as far as plain TCP is concerned (P-TCP-1 to 3). */
void rgw_check_plain_listen(struct rgw_draft *d, const struct rgw_section *section);
void rgw_check_plain_peer(struct rgw_draft *d, const struct rgw_section *section);
/* Checks the same section as far as pre-shared keys are concerned (P-PSK-2 to 5, 12, 13), and what the [tls] section
 * lacks if it has peers with certificates. */
void rgw_check_psk_peer(struct rgw_draft *d, const struct rgw_section *section);
void rgw_check_psk_tls(struct rgw_draft *d, const struct rgw_section *section);
void rgw_check_server(struct rgw_draft *d, const struct rgw_section *section);
void rgw_check_pool(struct rgw_draft *d, const struct rgw_section *section);
void rgw_check_rewrite(struct rgw_draft *d, const struct rgw_section *section);
/* Reports rewrites of a section that have nothing to do there. The packets that come from the neighbour and
 * that go to it are RGW_REWRITE_* bits. */
void rgw_check_rewriting(struct rgw_draft *d, const struct rgw_section *section,
    const struct rgw_conf_refs *in, unsigned comes, const struct rgw_conf_refs *out, unsigned goes);
/* Reports a reference to a target to which no requests can be sent. */
void rgw_check_target(struct rgw_draft *d, const struct rgw_section *section, const void *field,
    const struct rgw_conf_head *target);
/* Reports an `acct` that leads to a target which takes no accounting. */
void rgw_check_takes_acct(struct rgw_draft *d, const struct rgw_section *section, const void *field,
    const struct rgw_conf_head *target);
/* Check the options about CoA and Disconnect of [gateway], of a [client], of a [peer], and of what leads to a target
 * that takes none. The one for a client also checks its rewrites. */
void rgw_check_gateway_changes(struct rgw_draft *d, const struct rgw_section *section);
void rgw_check_client_changes(struct rgw_draft *d, const struct rgw_section *section);
void rgw_check_peer_changes(struct rgw_draft *d, const struct rgw_section *section);
void rgw_check_takes_changes(struct rgw_draft *d, const struct rgw_section *section, const void *field,
    const struct rgw_conf_head *target);
/* Reports a target whose name also means something else: each name must lead to one target. */
void rgw_check_target_name(struct rgw_draft *d, const struct rgw_section *section);

/* ---- reader.c ---- */

/* Does the same as rgw_conf_load for a text in memory. Nothing on disk is read or looked at: includes and
 * secrets from files are refused, and files named for other use are taken to be there. */
struct rgw_conf *rgw_conf_load_text(const char *text, size_t len, struct rgw_conf_report *report) RGW_MUST_USE;

#endif
