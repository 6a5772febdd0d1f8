/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/*
 * An option on its way from a line of the file into the field of its section: it is found, expanded, split into
 * items, and each item is set.
 */

/* The file of a shared secret holds a line, not a document. */
#define SECRET_FILE_LIMIT 4096

#define BLANKS " \t\r\n"

/* One option that was given, while its value is on its way into the snapshot. */
struct option {
	struct rgw_draft *d;
	struct rgw_section *section;
	const struct rgw_opt *opt;
	const char *key;           /* as written: x or x-file */
	struct rgw_given *given;
	struct rgw_place at;
	bool hide;                 /* the value must not be shown */
};

static struct rgw_given *
given_of(struct rgw_section *section, const struct rgw_opt *opt)
{
	size_t n;

	return &section->given[opt - rgw_conf_opts_of(section->kind, &n)];
}

/* Returns the value in quotes for a message, cut to a readable length between two UTF-8 sequences. */
static const char *
shown(const struct option *o, const char *text, char *buf, size_t size)
{
	size_t n = strlen(text);
	bool cut = n > 80;

	if (o->hide)
		return "the value";
	if (cut)
		for (n = 80; n > 0 && (text[n] & 0xc0) == 0x80;)
			n--;
	snprintf(buf, size, "`%.*s%s`", (int)n, text, cut ? "..." : "");
	return buf;
}

/* A hint for people who began a comment behind a value with "#": inih knows only ";". */
static const char *
comment_hint(const struct option *o, const char *text)
{
	if (o->hide || strstr(text, " #") == NULL)
		return "";
	return " (a comment behind a value begins with ` ;`)";
}

/* Reports why the value is not usable, and marks the option as broken. */
static void spoil(struct option *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
spoil(struct option *o, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	o->given->broken = true;
	rgw_draft_error(o->d, o->at, "%s: %s", o->key, text);
}

static void
set_value(struct option *o, const char *text, size_t len)
{
	struct rgw_setting s = {
		.opt = o->opt,
		.field = (char *)o->section->data + o->opt->where,
		.text = text,
		.len = len,
	};
	char buf[128];

	if (rgw_value_set(&s))
		return;
	spoil(o, "%s %s%s", shown(o, text, buf, sizeof buf), s.why, comment_hint(o, text));
}

static void
warn_exposed(struct option *o, const char *path)
{
	rgw_draft_warn(o->d, o->at,
	    "%s: %s can be read by everybody; take that right away (chmod o-rwx)", o->key, path);
}

/* Checks that a file is there and can be read; what is in it is for the network layer to find out. */
static void
check_path(struct option *o, const char *path)
{
	const char *label = o->hide ? "the file" : path;
	struct stat st;
	char buf[RGW_ERRNO_TEXT];
	const char *why = rgw_file_check(path, o->opt->type == &rgw_type_paths, &st, buf);

	if (why != NULL) {
		spoil(o, "cannot read %s: %s%s", label, why, comment_hint(o, path));
	} else if (o->opt->type == &rgw_type_key_file && (st.st_mode & S_IROTH) != 0) {
		warn_exposed(o, label);
	}
}

static void
set_path(struct option *o, const char *text)
{
	char *path = rgw_path_from(o->at.file, text);

	if (!o->d->no_files && rgw_conf_opt_has(o->opt, RGW_IS_PATH))
		check_path(o, path);
	set_value(o, path, strlen(path));
	free(path);
}

static void
set_log_target(struct option *o, const char *text)
{
	if (strcmp(text, "stderr") == 0 || strcmp(text, "syslog") == 0) {
		set_value(o, text, strlen(text));
	} else if (strchr(text, '/') != NULL) {
		set_path(o, text);
	} else {
		char buf[128];

		spoil(o, "%s is neither stderr, syslog nor a path with a `/`", shown(o, text, buf, sizeof buf));
	}
}

static void
add_reference(struct option *o, const char *text)
{
	struct rgw_reference *ref = rgw_array_grow(&o->d->references, sizeof *ref);

	*ref = (struct rgw_reference){ o->opt, o->section, rgw_xstrdup(text), o->hide, o->at };
}

/* Is the text one of the words of an option that also takes references? */
static bool
is_word(const struct rgw_opt *opt, const char *text)
{
	for (size_t i = 0; opt->words != NULL && opt->words[i] != NULL; i++)
		if (strcmp(opt->words[i], text) == 0)
			return true;
	return false;
}

static bool
is_blank(char c)
{
	return c != '\0' && strchr(BLANKS, c) != NULL;
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* Warns of marks at the start of a value that other programs take for quotes; here they are a part of it. */
static void
warn_quotes(struct option *o, const char *text, size_t len)
{
	static const char *const marks[] = { "'", "\u2018", "\u2019", "\u201c", "\u201d", "\u201e" };

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		size_t n = strlen(marks[i]);

		if (len > n && memcmp(text, marks[i], n) == 0) {
			rgw_draft_warn(o->d, o->at,
			    "%s: the value begins with %s, which is a part of it; what quotes a value here is \"",
			    o->key, marks[i]);
			return;
		}
	}
}

/* Sets one value or item, which is expanded but not yet parsed. */
static void
set_item(struct option *o, const char *text, size_t len)
{
	const char *why = NULL;

	o->given->filled = true;
	if (len == 0 && !rgw_conf_opt_has(o->opt, RGW_MAY_BE_EMPTY))
		why = "the value is empty";
	else if (!rgw_conf_opt_has(o->opt, RGW_IS_SECRET) && has_control(text))
		why = "the value contains a control character";
	if (why != NULL) {
		spoil(o, "%s", why);
	} else if (rgw_conf_opt_has(o->opt, RGW_IS_PATH) || o->opt->type == &rgw_type_new_file) {
		set_path(o, text);
	} else if (o->opt->type == &rgw_type_log_target) {
		set_log_target(o, text);
	} else if (rgw_conf_opt_has(o->opt, RGW_IS_REFERENCE) && !is_word(o->opt, text)) {
		add_reference(o, text);
	} else {
		set_value(o, text, len);
		if (!o->given->broken)
			warn_quotes(o, text, len);
	}
}

/* Sets a secret. White space at its ends comes from an editor more often than anybody wants it. */
static void
set_secret(struct option *o, const char *text, size_t len)
{
	set_item(o, text, len);
	if (!o->given->broken && (is_blank(text[0]) || is_blank(text[len - 1])))
		rgw_draft_warn(o->d, o->at,
		    "%s: the value begins or ends with white space", o->key);
}

/* Sets a secret from the file that x-file names: all that is in the file, but for one line break at its end. */
static void
read_secret(struct option *o, const char *name, bool hide_name)
{
	char *path = rgw_path_from(o->at.file, name);
	const char *label = hide_name ? "the file" : path;
	struct rgw_strbuf text = { 0 };
	struct stat st;
	char buf[RGW_ERRNO_TEXT];
	const char *why = rgw_file_value(o->d->no_files, path, SECRET_FILE_LIMIT, &text, &st, buf);

	if (why != NULL) {
		spoil(o, "cannot read %s: %s", label, why);
	} else {
		if ((st.st_mode & S_IROTH) != 0)
			warn_exposed(o, label);
		rgw_draft_source(o->d, o->section, path);
		set_secret(o, text.v, text.n);
	}
	rgw_strbuf_fini(&text);
	free(path);
}

static void
set_expanded(struct option *o, const struct rgw_expansion *e)
{
	char *rest = e->text.v;
	char *item;

	if (rgw_conf_opt_has(o->opt, RGW_IS_SECRET) && o->given->from_file) {
		read_secret(o, e->text.v, e->files.n > 0);
	} else if (rgw_conf_opt_has(o->opt, RGW_IS_SECRET)) {
		if (e->exposed != NULL)
			warn_exposed(o, e->exposed);
		set_secret(o, e->text.v, e->text.n);
	} else if (rgw_conf_opt_has(o->opt, RGW_IS_LIST)) {
		while ((item = rgw_draft_next_item(o->d, e, o->key, &rest, o->at)) != NULL)
			set_item(o, item, strlen(item));
		/* A list whose only item is an empty ${VAR:-} counts as not given. */
		if (e->expanded && !o->given->broken && !o->given->filled)
			o->given->yes = false;
	} else {
		set_item(o, e->text.v, e->text.n);
	}
}

static void
expand_and_set(struct option *o, const char *raw)
{
	struct rgw_expansion e = {
		.file = o->at.file,
		.list = rgw_conf_opt_has(o->opt, RGW_IS_LIST),
		.pairs = rgw_conf_opt_has(o->opt, RGW_IS_PAIRS),
		.vars = rgw_conf_opt_has(o->opt, RGW_HAS_VARS),
		.no_files = o->d->no_files,
	};

	if (rgw_conf_expand(&e, raw)) {
		for (size_t i = 0; i < e.files.n; i++)
			rgw_draft_source(o->d, o->section, e.files.v[i]);
		o->hide = o->hide || e.files.n > 0;
		set_expanded(o, &e);
	} else {
		spoil(o, "%s", e.why);
	}
	rgw_expansion_fini(&e);
}

char *
rgw_draft_next_item(struct rgw_draft *d, const struct rgw_expansion *e, const char *key,
    char **rest, struct rgw_place at)
{
	while (*rest != NULL) {
		char *item = *rest + strspn(*rest, BLANKS);
		char *end = strchr(item, RGW_ITEM_END);
		char *last = end != NULL ? end : item + strlen(item);

		*rest = end != NULL ? end + 1 : NULL;
		while (last > item && is_blank(last[-1]))
			last--;
		*last = '\0';
		if (*item != '\0')
			return item;
		/* Nothing between two commas is an error. A comma at the end promises more on the next line,
		 * and a variable may be empty. */
		if (!e->expanded && end != NULL)
			rgw_draft_error(d, at, "%s: there is nothing between two commas", key);
	}
	return NULL;
}

static void
given_twice(struct option *o, bool from_file)
{
	const struct rgw_given *given = o->given;

	if (from_file != given->from_file)
		rgw_draft_error(o->d, o->at,
		    "only one of `%s` and `%s-file` may be given; the other is at %s:%u",
		    o->opt->key, o->opt->key, given->at.file, given->at.line);
	else
		rgw_draft_error(o->d, o->at, "`%s` is given twice, first at %s:%u", o->key,
		    given->at.file, given->at.line);
}

/* Finds the option and marks it as given. false = there is nothing more to do. */
static bool
open_option(struct option *o)
{
	bool from_file = false;

	if (o->section == NULL) {
		if (!o->d->skipping)
			rgw_draft_error(o->d, o->at, "key `%s` before the first [section]", o->key);
		o->d->skipping = true;
		return false;
	}
	o->opt = rgw_conf_opt_find(o->section->kind, o->key, &from_file);
	if (o->opt == NULL) {
		rgw_key_unknown(o->d, o->key, o->at);
		return false;
	}
	o->given = given_of(o->section, o->opt);
	if (o->given->yes && !rgw_conf_opt_has(o->opt, RGW_IS_LIST)) {
		given_twice(o, from_file);
		return false;
	}
	if (!o->given->yes)
		o->given->at = o->at;
	o->given->yes = true;
	o->given->from_file = from_file;
	o->hide = rgw_conf_opt_has(o->opt, RGW_IS_SECRET);
	return true;
}

void
rgw_draft_option(struct rgw_draft *d, const char *key, const char *raw, struct rgw_place at)
{
	struct option o = { .d = d, .section = d->current, .key = key, .at = at };

	if (open_option(&o))
		expand_and_set(&o, raw);
}

void
rgw_draft_broken(struct rgw_draft *d, const char *key, struct rgw_place at)
{
	struct option o = { .d = d, .section = d->current, .key = key, .at = at };

	if (open_option(&o))
		o.given->broken = true;
}

void
rgw_draft_default(struct rgw_draft *d, struct rgw_section *section, const struct rgw_opt *opt)
{
	const struct rgw_conf_head *head = section->data;
	struct option o = {
		.d = d,
		.section = section,
		.opt = opt,
		.key = opt->key,
		.given = given_of(section, opt),
		.at = { head->file, head->line },
	};

	expand_and_set(&o, opt->def);
}
