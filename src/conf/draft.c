/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/*
 * A draft is a configuration while its files are read: the snapshot that is being filled, and beside it where
 * each section and option was given. The reader owns the draft; finish.c turns it into a configuration.
 */

void
rgw_conf_complain(struct rgw_conf_report *report, enum rgw_conf_severity severity, const char *file,
    unsigned line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (severity == RGW_CONF_ERROR)
		report->errors++;
	else
		report->warnings++;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* One finding is one line, whatever a path or a variable has in it. */
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	if (report->say != NULL)
		report->say(report->ctx, severity, file, line, text);
}

void
rgw_draft_say(struct rgw_draft *d, enum rgw_conf_severity severity, struct rgw_place at, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	rgw_conf_complain(d->report, severity, at.file, at.line, "%s", text);
}

const char *
rgw_draft_file(struct rgw_draft *d, const char *path)
{
	char **file = rgw_array_grow(&d->conf->files, sizeof *file);

	*file = rgw_xstrdup(path);
	return *file;
}

void
rgw_draft_source(struct rgw_draft *d, const struct rgw_section *section, const char *path)
{
	struct rgw_conf_source *source = rgw_array_grow(&d->conf->sources, sizeof *source);

	*source = (struct rgw_conf_source){ rgw_xstrdup(path), section->data };
}

const char *
rgw_draft_title(const void *data, char buf[static RGW_TITLE_TEXT])
{
	const struct rgw_conf_head *head = data;
	const char *blank = head->name[0] != '\0' ? " " : "";

	snprintf(buf, RGW_TITLE_TEXT, "[%s%s%s]", rgw_conf_section_of(head->kind)->name, blank,
	    head->name);
	return buf;
}

static struct rgw_section *
find_section(const struct rgw_draft *d, const char *key)
{
	for (struct rgw_hnode *n = rgw_htab_first(&d->names, rgw_section_hash(key)); n != NULL;
	     n = rgw_htab_next(n)) {
		struct rgw_section *section = (struct rgw_section *)n;

		if (strcmp(section->key, key) == 0)
			return section;
	}
	return NULL;
}

/* Makes the struct of a section, or takes the one in the snapshot if the section has no name. */
static void *
new_data(struct rgw_conf *conf, enum rgw_conf_kind kind, const char *name, struct rgw_place at)
{
	const struct rgw_conf_section *type = rgw_conf_section_of(kind);
	char *where = (char *)conf + type->where;
	struct rgw_conf_head *head;
	void *data = where;

	if (type->argument != NULL) {
		data = rgw_xcalloc(1, type->size);
		memcpy(rgw_array_grow(where, sizeof data), &data, sizeof data);
	}
	head = data;
	head->kind = kind;
	head->name = rgw_xstrdup(name);
	head->file = at.file;
	head->line = at.line;
	if (kind == RGW_CONF_REALM)
		((struct rgw_conf_realm *)data)->kind = rgw_name_realm_kind(name);
	return data;
}

static struct rgw_section *
add_section(struct rgw_draft *d, enum rgw_conf_kind kind, const char *name, struct rgw_place at)
{
	struct rgw_section *section = rgw_xcalloc(1, sizeof *section);
	struct rgw_section *old;
	size_t n;

	rgw_conf_opts_of(kind, &n);
	section->key = rgw_section_key(kind, name);
	section->kind = kind;
	section->data = new_data(d->conf, kind, name, at);
	section->given = rgw_xcalloc(n, sizeof *section->given);
	*(struct rgw_section **)rgw_array_grow(&d->sections, sizeof section) = section;

	old = find_section(d, section->key);
	if (old != NULL) {
		const struct rgw_conf_head *head = old->data;
		char title[RGW_TITLE_TEXT];

		rgw_draft_error(d, at, "%s is already at %s:%u; join the two or rename one",
		    rgw_draft_title(old->data, title), head->file, head->line);
		return section;
	}
	rgw_htab_xadd(&d->names, &section->node, rgw_section_hash(section->key));
	return section;
}

void
rgw_draft_init(struct rgw_draft *d, struct rgw_conf_report *report)
{
	struct rgw_place nowhere = { "", 0 };

	*d = (struct rgw_draft){ .report = report, .errors_before = report->errors };
	rgw_htab_init(&d->names);
	d->conf = rgw_xcalloc(1, sizeof *d->conf);
	d->conf->hidden = rgw_hidden_table_new();
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++)
		if (rgw_conf_section_of(kind)->argument == NULL)
			add_section(d, kind, "", nowhere);
}

static void
unknown_section(struct rgw_draft *d, const char *name, struct rgw_place at)
{
	struct rgw_nearest near;

	rgw_nearest_init(&near, name);
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++)
		rgw_nearest_try(&near, rgw_conf_section_of(kind)->name);
	if (near.best[0] != '\0')
		rgw_draft_error(d, at,
		    "there is no section [%s]; did you mean [%s]?", name, near.best);
	else
		rgw_draft_error(d, at,
		    "there is no section [%s]; there are gateway, log, control, metrics, tls, listen, client, peer, "
		    "server, pool, realm and rewrite",
		    name);
}

/* Goes on with a section without name, which may come several times; the first time gives it its place. */
static void
reopen(struct rgw_draft *d, enum rgw_conf_kind kind, struct rgw_place at)
{
	struct rgw_conf_head *head;

	d->current = rgw_draft_find(d, kind, "");
	head = d->current->data;
	if (head->line == 0) {
		head->file = at.file;
		head->line = at.line;
	}
}

void
rgw_draft_section(struct rgw_draft *d, const char *text, struct rgw_place at)
{
	size_t len = strcspn(text, " \t");
	enum rgw_conf_kind kind = rgw_conf_kind_of(text, len);
	const char *name = text + len + strspn(text + len, " \t");
	const struct rgw_conf_section *type;
	const char *why;
	char word[RGW_NEAREST_TEXT];

	rgw_draft_no_section(d, true);
	if (kind == RGW_CONF_KINDS) {
		snprintf(word, sizeof word, "%.*s", (int)len, text);
		unknown_section(d, word, at);
		return;
	}
	type = rgw_conf_section_of(kind);
	if (type->argument == NULL && name[0] != '\0') {
		rgw_draft_error(d, at, "[%s] takes no name", type->name);
	} else if (type->argument == NULL) {
		reopen(d, kind, at);
	} else if (name[0] == '\0') {
		rgw_draft_error(d, at,
		    "[%s] needs a name: [%s %s]", type->name, type->name, type->argument);
	} else {
		why = rgw_name_check(kind, name);
		if (why != NULL)
			rgw_draft_error(d, at, "[%s]: %s", text, why);
		d->current = add_section(d, kind, name, at);
	}
}

void
rgw_draft_no_section(struct rgw_draft *d, bool reported)
{
	d->current = NULL;
	d->skipping = reported;
}

const struct rgw_opt *
rgw_draft_opt(const struct rgw_section *section, const void *field)
{
	size_t where = (size_t)((const char *)field - (const char *)section->data);
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(section->kind, &n);

	for (; n > 1 && (opt->where != where || opt->type == &rgw_type_include); n--)
		opt++;
	return opt;
}

const struct rgw_given *
rgw_draft_given(const struct rgw_section *section, const void *field)
{
	size_t n;

	return &section->given[rgw_draft_opt(section, field) - rgw_conf_opts_of(section->kind, &n)];
}

struct rgw_section *
rgw_draft_find(const struct rgw_draft *d, enum rgw_conf_kind kind, const char *name)
{
	char *key = rgw_section_key(kind, name);
	struct rgw_section *section = find_section(d, key);

	free(key);
	return section;
}
