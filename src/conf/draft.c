/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/* The names come from the configuration, not from the network, so a fixed key is enough. */
static const struct rgw_hashkey name_key = { 0x6e616d6573206f66, 0x73656374696f6e73 };

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
rgw_draft_error(struct rgw_draft *d, struct rgw_place at, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	rgw_conf_complain(d->report, RGW_CONF_ERROR, at.file, at.line, "%s", text);
}

void
rgw_draft_warn(struct rgw_draft *d, struct rgw_place at, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	rgw_conf_complain(d->report, RGW_CONF_WARNING, at.file, at.line, "%s", text);
}

const char *
rgw_draft_file(struct rgw_draft *d, const char *path)
{
	char **file = rgw_array_grow(&d->conf->files, sizeof *file);

	*file = rgw_xstrdup(path);
	return *file;
}

const char *
rgw_draft_title(enum rgw_conf_kind kind, const void *data, char buf[static RGW_TITLE_TEXT])
{
	const struct rgw_conf_head *head = data;
	const char *blank = head->name[0] != '\0' ? " " : "";

	snprintf(buf, RGW_TITLE_TEXT, "[%s%s%s]", rgw_conf_section_of(kind)->name, blank,
	    head->name);
	return buf;
}

/* The kind and the name as one key; realms are the same in either case. */
static char *
section_id(enum rgw_conf_kind kind, const char *name)
{
	size_t len = strlen(name);
	char *id = rgw_xcalloc(1, len + 2);

	id[0] = (char)('a' + kind);
	for (size_t i = 0; i < len; i++)
		id[i + 1] = kind == RGW_CONF_REALM && name[i] >= 'A' && name[i] <= 'Z' ?
		    (char)(name[i] + ('a' - 'A')) : name[i];
	return id;
}

static uint64_t
hash_of(const char *id)
{
	return rgw_siphash(&name_key, id, strlen(id));
}

static struct rgw_section *
find_section(const struct rgw_draft *d, const char *id)
{
	for (struct rgw_hnode *n = rgw_htab_first(&d->names, hash_of(id)); n != NULL;
	     n = rgw_htab_next(n)) {
		struct rgw_section *section = (struct rgw_section *)n;

		if (strcmp(section->id, id) == 0)
			return section;
	}
	return NULL;
}

/* Makes the struct of a section; one without name is part of the snapshot already. */
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
	section->id = section_id(kind, name);
	section->kind = kind;
	section->data = new_data(d->conf, kind, name, at);
	section->given = rgw_xcalloc(n, sizeof *section->given);
	*(struct rgw_section **)rgw_array_grow(&d->sections, sizeof section) = section;

	old = find_section(d, section->id);
	if (old != NULL) {
		const struct rgw_conf_head *head = old->data;
		char title[RGW_TITLE_TEXT];

		rgw_draft_error(d, at, "%s is already at %s:%u; join the two or rename one",
		    rgw_draft_title(kind, old->data, title), head->file, head->line);
		return section;
	}
	rgw_htab_add(&d->names, &section->node, hash_of(section->id));
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
		    "there is no section [%s]; there are gateway, log, tls, listen, client, peer, "
		    "server, pool, realm and rewrite",
		    name);
}

/* Sections without name may come several times; the first one gives them their place. */
static void
reopen(struct rgw_draft *d, enum rgw_conf_kind kind, struct rgw_place at)
{
	char id[2] = { (char)('a' + kind), '\0' };
	struct rgw_conf_head *head;

	d->current = find_section(d, id);
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
	enum rgw_conf_kind kind = rgw_name_kind(text, len);
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

const struct rgw_given *
rgw_draft_given(const struct rgw_section *section, const void *field)
{
	size_t where = (size_t)((const char *)field - (const char *)section->data);
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(section->kind, &n);
	size_t i = 0;

	while (i + 1 < n && (opt[i].where != where || opt[i].type == RGW_OPT_INCLUDE))
		i++;
	return &section->given[i];
}

/* Everything that was not given gets its default, or is missed. */
static void
complete(struct rgw_draft *d, struct rgw_section *section)
{
	const struct rgw_conf_head *head = section->data;
	struct rgw_place at = { head->file, head->line };
	char title[RGW_TITLE_TEXT];
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(section->kind, &n);

	rgw_draft_title(section->kind, section->data, title);
	for (size_t i = 0; i < n; i++, opt++) {
		struct rgw_given *given = &section->given[i];

		if (given->yes && !given->broken && !given->filled &&
		    rgw_conf_opt_has(opt, RGW_IS_LIST) && opt->type != RGW_OPT_INCLUDE)
			rgw_draft_error(d, given->at, "%s: there is no value", opt->key);
		else if (!given->yes && opt->def != NULL)
			rgw_draft_default(d, section, opt);
		else if (!given->yes && (opt->flags & RGW_OPT_REQUIRED) != 0 &&
		    rgw_conf_opt_has(opt, RGW_IS_SECRET))
			rgw_draft_error(d, at,
			    "%s needs `%s` or `%s-file`", title, opt->key, opt->key);
		else if (!given->yes && (opt->flags & RGW_OPT_REQUIRED) != 0)
			rgw_draft_error(d, at, "%s needs `%s`", title, opt->key);
	}
}

const struct rgw_section *
rgw_draft_find(const struct rgw_draft *d, enum rgw_conf_kind kind, const char *name)
{
	char *id = section_id(kind, name);
	const struct rgw_section *section = find_section(d, id);

	free(id);
	return section;
}

/* The section with that name among the kinds that the option may refer to. */
static const struct rgw_section *
find_target(const struct rgw_draft *d, const struct rgw_reference *ref)
{
	const struct rgw_section *target = NULL;

	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS && target == NULL; kind++)
		if ((ref->opt->refers >> kind & 1) != 0)
			target = rgw_draft_find(d, kind, ref->name);
	return target;
}

/* Does it lead to a pool where only peers and servers can stand? */
static bool
means_pool(const struct rgw_draft *d, const struct rgw_reference *ref)
{
	return (ref->opt->refers >> RGW_CONF_PEER & 1) != 0 &&
	    rgw_draft_find(d, RGW_CONF_POOL, ref->name) != NULL;
}

/* Whatever the reference is needed for cannot be judged any more. */
static void
mark_broken(const struct rgw_reference *ref)
{
	size_t n;

	ref->section->given[ref->opt - rgw_conf_opts_of(ref->section->kind, &n)].broken = true;
}

static void
report_lost(struct rgw_draft *d, const struct rgw_reference *ref)
{
	char kinds[64];
	struct rgw_nearest near;

	rgw_conf_opt_refers(ref->opt, kinds, sizeof kinds);
	if (ref->hide) {
		rgw_draft_error(d, ref->at, "%s: there is no %s with that name", ref->opt->key, kinds);
		return;
	}
	if (means_pool(d, ref)) {
		rgw_draft_error(d, ref->at, "%s: [pool %s] is no %s", ref->opt->key, ref->name,
		    kinds);
		return;
	}
	rgw_nearest_init(&near, ref->name);
	for (size_t i = 0; i < d->sections.n; i++)
		if ((ref->opt->refers >> d->sections.v[i]->kind & 1) != 0)
			rgw_nearest_try(&near,
			    ((struct rgw_conf_head *)d->sections.v[i]->data)->name);
	if (near.best[0] != '\0')
		rgw_draft_error(d, ref->at, "%s: there is no %s called `%.60s`; did you mean `%s`?",
		    ref->opt->key, kinds, ref->name, near.best);
	else
		rgw_draft_error(d, ref->at, "%s: there is no %s called `%.60s`", ref->opt->key, kinds,
		    ref->name);
}

static void
resolve(struct rgw_draft *d, const struct rgw_reference *ref)
{
	const struct rgw_section *target = find_target(d, ref);
	char *field = (char *)ref->section->data + ref->opt->where;

	if (target == NULL) {
		mark_broken(ref);
		report_lost(d, ref);
		return;
	}
	if (ref->opt->type == RGW_OPT_ACCT) {
		struct rgw_conf_acct acct = { RGW_ACCT_TARGET, target->data };

		memcpy(field, &acct, sizeof acct);
		return;
	}
	if (ref->opt->type == RGW_OPT_REFERENCES)
		field = rgw_array_grow(field, sizeof target->data);
	memcpy(field, &target->data, sizeof target->data);
}

/* Whoever keeps a table beside the sections finds its row by this number. */
static void
number_sections(struct rgw_conf *conf)
{
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		struct rgw_conf_head *head;

		for (uint32_t i = 0; (head = rgw_conf_section_at(conf, kind, i)) != NULL; i++)
			head->index = i;
	}
}

static void
fini(struct rgw_draft *d)
{
	for (size_t i = 0; i < d->sections.n; i++) {
		free(d->sections.v[i]->id);
		free(d->sections.v[i]->given);
		free(d->sections.v[i]);
	}
	free(d->sections.v);
	for (size_t i = 0; i < d->references.n; i++)
		free(d->references.v[i].name);
	free(d->references.v);
	free(d->seen.v);
	rgw_htab_fini(&d->names);
}

struct rgw_conf *
rgw_draft_finish(struct rgw_draft *d, const char *path)
{
	struct rgw_conf *conf = d->conf;

	if (!d->unreadable) {
		for (size_t i = 0; i < d->sections.n; i++)
			complete(d, d->sections.v[i]);
		for (size_t i = 0; i < d->references.n; i++)
			resolve(d, &d->references.v[i]);
		number_sections(conf);
		rgw_check_all(d, path);
	}
	fini(d);
	if (d->report->errors == d->errors_before)
		return conf;
	rgw_conf_free(conf);
	return NULL;
}

static void
clear_section(enum rgw_conf_kind kind, void *data)
{
	struct rgw_conf_head *head = data;
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(kind, &n);

	for (; n > 0; n--, opt++)
		rgw_value_clear(opt, (char *)data + opt->where);
	if (kind == RGW_CONF_PEER)
		rgw_cert_rules_free(&((struct rgw_conf_peer *)data)->identity);
	if (kind == RGW_CONF_LISTEN)
		rgw_prefixmap_free(((struct rgw_conf_listen *)data)->clients);
	free(head->name);
}

void
rgw_conf_free(struct rgw_conf *conf)
{
	if (conf == NULL)
		return;
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		const struct rgw_conf_section *type = rgw_conf_section_of(kind);
		void *data;

		for (size_t i = 0; (data = rgw_conf_section_at(conf, kind, i)) != NULL; i++) {
			clear_section(kind, data);
			if (type->argument != NULL)
				free(data);
		}
		if (type->argument != NULL)
			free(rgw_array_take((char *)conf + type->where));
	}
	rgw_hidden_table_free(conf->hidden);
	rgw_strings_fini(&conf->files);
	free(conf);
}
