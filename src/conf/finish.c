/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "reading.h"

/*
 * The end of a draft: defaults are filled in, references resolved, sections numbered and checked. The caller
 * then owns the configuration, or gets none if anything was wrong.
 */

/* Gives each option of a section that was not given its default, or reports that it is missing. */
static void
complete(struct rgw_draft *d, struct rgw_section *section)
{
	const struct rgw_conf_head *head = section->data;
	struct rgw_place at = { head->file, head->line };
	char title[RGW_TITLE_TEXT];
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(section->kind, &n);

	rgw_draft_title(section->data, title);
	for (size_t i = 0; i < n; i++, opt++) {
		struct rgw_given *given = &section->given[i];

		if (given->yes && !given->broken && !given->filled &&
		    rgw_conf_opt_has(opt, RGW_IS_LIST) && opt->type != &rgw_type_include)
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

/* The section that the reference names, among the kinds that its option may refer to, or NULL. */
static struct rgw_section *
find_target(const struct rgw_draft *d, const struct rgw_reference *ref)
{
	struct rgw_section *target = NULL;

	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS && target == NULL; kind++)
		if ((ref->opt->refers >> kind & 1) != 0)
			target = rgw_draft_find(d, kind, ref->name);
	return target;
}

/* Does the reference name a pool although its option takes only peers and servers? */
static bool
means_pool(const struct rgw_draft *d, const struct rgw_reference *ref)
{
	return (ref->opt->refers >> RGW_CONF_PEER & 1) != 0 &&
	    rgw_draft_find(d, RGW_CONF_POOL, ref->name) != NULL;
}

/* Marks the option of a reference that leads nowhere as broken, so that no check draws a conclusion from it. */
static void
mark_broken(const struct rgw_reference *ref)
{
	size_t n;

	ref->section->given[ref->opt - rgw_conf_opts_of(ref->section->kind, &n)].broken = true;
}

static void
report_lost(struct rgw_draft *d, const struct rgw_reference *ref)
{
	char kinds[RGW_KINDS_TEXT];
	struct rgw_nearest near;

	rgw_conf_kinds_text(ref->opt->refers, kinds);
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
	struct rgw_section *target = find_target(d, ref);
	char *field = (char *)ref->section->data + ref->opt->where;

	if (target == NULL) {
		mark_broken(ref);
		report_lost(d, ref);
		return;
	}
	target->used = true;
	if (ref->opt->type == &rgw_type_acct) {
		struct rgw_conf_acct acct = { RGW_ACCT_TARGET, target->data };

		memcpy(field, &acct, sizeof acct);
		return;
	}
	if (ref->opt->type == &rgw_type_references)
		field = rgw_array_grow(field, sizeof target->data);
	memcpy(field, &target->data, sizeof target->data);
}

/* Numbers the sections of each kind: whoever keeps a table beside them finds its row by this number. Their ids are the
 * same as long as no other configuration comes before this one. */
static void
number_sections(struct rgw_conf *conf)
{
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		struct rgw_conf_head *head;

		for (uint32_t i = 0; (head = rgw_conf_section_at(conf, kind, i)) != NULL; i++)
			head->index = i;
	}
	rgw_conf_inherit(conf, NULL);
}

static void
fini(struct rgw_draft *d)
{
	for (size_t i = 0; i < d->sections.n; i++) {
		free(d->sections.v[i]->key);
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
