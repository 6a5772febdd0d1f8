/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/* The differences between two configurations, option by option of the table. Nothing here outlives a call. */

/* Two configurations while they are compared, and who hears of it. */
struct diff {
	const struct rgw_conf *now;
	const struct rgw_conf *next;
	rgw_conf_on_change *row;
	void *ctx;
};

static const void *
field_of(const struct rgw_opt *opt, const struct rgw_conf_head *section)
{
	return (const char *)section + opt->where;
}

static bool
differs(const struct rgw_opt *opt, const struct rgw_conf_head *a, const struct rgw_conf_head *b)
{
	return !rgw_value_equal(opt, field_of(opt, a), field_of(opt, b));
}

bool
rgw_conf_is_changed(const struct rgw_conf_head *now, const struct rgw_conf_head *next, unsigned effects)
{
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(now->kind, &n);

	for (; n > 0; n--, opt++)
		if ((effects == 0 || (opt->flags & effects) != 0) && differs(opt, now, next))
			return true;
	return false;
}

/* The items of a list as texts, each `words` that is set being one. */
static void
items_of(const struct rgw_opt *opt, const struct rgw_conf_head *section, struct rgw_strings *out)
{
	const void *field = field_of(opt, section);
	size_t n = rgw_value_count(opt, field);

	if (opt->type == &rgw_type_words) {
		for (size_t i = 0; opt->words[i] != NULL; i++)
			if ((*(const unsigned *)field >> i & 1) != 0)
				*(char **)rgw_array_grow(out, sizeof *out->v) = rgw_xstrdup(opt->words[i]);
		return;
	}
	for (size_t i = 0; i < n; i++)
		*(char **)rgw_array_grow(out, sizeof *out->v) = rgw_value_text(opt, field, i);
}

/* What a list has got and lost, or NULL. */
static char *
items_text(const struct rgw_opt *opt, const struct rgw_conf_head *a, const struct rgw_conf_head *b)
{
	struct rgw_strings before = { 0 };
	struct rgw_strings after = { 0 };
	char *text = NULL;

	if (rgw_conf_opt_has(opt, RGW_IS_LIST) && opt->type->size > 0) {
		items_of(opt, a, &before);
		items_of(opt, b, &after);
		text = rgw_delta(&before, &after);
		rgw_strings_fini(&before);
		rgw_strings_fini(&after);
	}
	return text;
}

/* The value of an option as the dump shows it, on one line; with `titles` a reference is "[peer p]" in place of
 * "p". */
static char *
value_of(const struct rgw_opt *opt, const struct rgw_conf_head *section, bool titles)
{
	const void *field = field_of(opt, section);
	size_t n = rgw_value_count(opt, field);
	struct rgw_strbuf out = { 0 };
	char remark[RGW_REMARK_TEXT];
	char title[RGW_TITLE_TEXT];

	if (rgw_value_remark(opt, section, remark))
		return rgw_xstrdup(remark);
	for (size_t i = 0; i < n; i++) {
		const struct rgw_conf_head *target = titles ? rgw_value_target(opt, field, i) : NULL;
		char *text = rgw_value_text(opt, field, i);

		rgw_strbuf_join(&out, ", ", target != NULL ? rgw_draft_title(target, title) :
		    text[0] != '\0' ? text : "\"\"");
		free(text);
	}
	return out.v;
}

static void
tell_option(const struct diff *d, const struct rgw_opt *opt, const struct rgw_conf_head *a,
    const struct rgw_conf_head *b)
{
	bool secret = rgw_conf_opt_has(opt, RGW_IS_SECRET);
	char *before = secret ? NULL : value_of(opt, a, false);
	char *after = secret ? NULL : value_of(opt, b, false);
	char *items = secret ? NULL : items_text(opt, a, b);

	/* A peer of this name may have become a server: the reference leads elsewhere under the same name. */
	if (!secret && strcmp(before, after) == 0 && rgw_conf_opt_has(opt, RGW_IS_REFERENCE)) {
		free(before);
		free(after);
		before = value_of(opt, a, true);
		after = value_of(opt, b, true);
	}
	d->row(d->ctx, &(struct rgw_conf_change){ RGW_CONF_CHANGED, b, opt->key, before, after, items,
	    opt->flags & (RGW_OPT_RESTART | RGW_OPT_IDENTITY) });
	free(before);
	free(after);
	free(items);
}

static void
tell_options(const struct diff *d, const struct rgw_conf_head *a, const struct rgw_conf_head *b)
{
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(b->kind, &n);

	for (; n > 0; n--, opt++)
		if (differs(opt, a, b))
			tell_option(d, opt, a, b);
}

/* Does the order matter in which such sections stand? Of two that fit, the first one is taken. */
static bool
is_ordered(const struct rgw_conf_head *section)
{
	if (section->kind == RGW_CONF_REALM)
		return ((const struct rgw_conf_realm *)section)->kind == RGW_REALM_REGEX;
	return section->kind == RGW_CONF_PEER && ((const struct rgw_conf_peer *)section)->accept;
}

/* From place *i on, the next section whose order matters in both configurations; NULL = there are no more. *i is
 * behind it then. */
static const struct rgw_conf_head *
next_ordered(const struct rgw_conf *conf, const struct rgw_conf *other, enum rgw_conf_kind kind, size_t *i)
{
	const struct rgw_conf_head *section;

	while ((section = rgw_conf_section_at(conf, kind, *i)) != NULL) {
		const struct rgw_conf_head *same = rgw_conf_by_id(other, kind, section->id);

		++*i;
		if (is_ordered(section) && same != NULL && is_ordered(same))
			return section;
	}
	return NULL;
}

static void
tell_order(const struct diff *d, enum rgw_conf_kind kind)
{
	const struct rgw_conf_head *a;
	const struct rgw_conf_head *b;
	size_t i = 0;
	size_t k = 0;

	do {
		a = next_ordered(d->now, d->next, kind, &i);
		b = next_ordered(d->next, d->now, kind, &k);
	} while (a != NULL && b != NULL && a->id == b->id);
	if (a != NULL && b != NULL)
		d->row(d->ctx, &(struct rgw_conf_change){ .what = RGW_CONF_MOVED, .section = b, .after = a->name });
}

static void
tell_kind(const struct diff *d, enum rgw_conf_kind kind)
{
	const struct rgw_conf_head *section;

	for (size_t i = 0; (section = rgw_conf_section_at(d->next, kind, i)) != NULL; i++) {
		const struct rgw_conf_head *old = rgw_conf_by_id(d->now, kind, section->id);

		if (old != NULL)
			tell_options(d, old, section);
		else
			d->row(d->ctx, &(struct rgw_conf_change){ .what = RGW_CONF_ADDED, .section = section });
	}
	tell_order(d, kind);
	for (size_t i = 0; (section = rgw_conf_section_at(d->now, kind, i)) != NULL; i++)
		if (rgw_conf_by_id(d->next, kind, section->id) == NULL)
			d->row(d->ctx, &(struct rgw_conf_change){ .what = RGW_CONF_REMOVED, .section = section });
}

void
rgw_conf_diff(const struct rgw_conf *now, const struct rgw_conf *next, rgw_conf_on_change *row, void *ctx)
{
	struct diff d = { now, next, row, ctx };

	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++)
		tell_kind(&d, kind);
}

/* Writes what has become of an option. */
static void
put_option(struct rgw_strbuf *out, const struct rgw_conf_change *change)
{
	rgw_strbuf_put(out, change->key);
	rgw_strbuf_put(out, " ");
	if (change->items != NULL) {
		rgw_strbuf_put(out, change->items);
	} else if (change->before != NULL) {
		rgw_strbuf_put(out, change->before);
		rgw_strbuf_put(out, " -> ");
		rgw_strbuf_put(out, change->after);
	} else {
		rgw_strbuf_put(out, "changed");
	}
}

char *
rgw_conf_change_text(const struct rgw_conf_change *change)
{
	static const char *const signs[] = {
		[RGW_CONF_ADDED] = "+ ", [RGW_CONF_REMOVED] = "- ", [RGW_CONF_CHANGED] = "~ ", [RGW_CONF_MOVED] = "~ ",
	};
	const struct rgw_conf_head *section = change->section;
	struct rgw_strbuf out = { 0 };

	rgw_strbuf_put(&out, signs[change->what]);
	rgw_strbuf_put(&out, rgw_conf_section_of(section->kind)->name);
	rgw_strbuf_put(&out, section->name[0] != '\0' ? " " : "");
	rgw_strbuf_put(&out, section->name);
	if (change->what == RGW_CONF_CHANGED) {
		rgw_strbuf_put(&out, ": ");
		put_option(&out, change);
	} else if (change->what == RGW_CONF_MOVED) {
		rgw_strbuf_put(&out, ": comes before ");
		rgw_strbuf_put(&out, change->after);
		rgw_strbuf_put(&out, " now");
	}
	return out.v;
}

/* Who hears of changes that need a restart. */
struct refusal {
	const struct rgw_conf *next;
	struct rgw_conf_report *report;
	bool any;
};

static void
refuse_restart(void *ctx, const struct rgw_conf_change *change)
{
	struct refusal *r = ctx;
	const struct rgw_conf_head *head = change->section;

	if ((change->effects & RGW_OPT_RESTART) == 0)
		return;
	r->any = true;
	/* A section that is not written at all has no place; the file as a whole has. */
	rgw_conf_complain(r->report, RGW_CONF_ERROR, head->line > 0 ? head->file : r->next->files.v[0], head->line,
	    "%s: a change from %s to %s needs a restart", change->key, change->before, change->after);
}

bool
rgw_conf_needs_restart(const struct rgw_conf *now, const struct rgw_conf *next, struct rgw_conf_report *report)
{
	struct refusal r = { .next = next, .report = report };

	rgw_conf_diff(now, next, refuse_restart, &r);
	return r.any;
}
