/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "reading.h"

/*
 * The types of options that refer to other sections. A reference points into the same snapshot, which owns both
 * ends.
 */

_Static_assert(offsetof(struct rgw_conf_acct, how) == 0, "set as a word");

/* The head of the section that the field points to: each section begins with its head. */
static const struct rgw_conf_head *
head_in(const void *value)
{
	const struct rgw_conf_head *head;

	memcpy(&head, value, sizeof head);
	return head;
}

static void
show_reference(struct rgw_strbuf *out, const struct rgw_value *v)
{
	rgw_strbuf_put(out, head_in(v->p)->name);
}

static bool
same_section(const struct rgw_conf_head *a, const struct rgw_conf_head *b)
{
	return a->kind == b->kind && strcmp(a->name, b->name) == 0;
}

static bool
same_reference(const void *a, const void *b)
{
	return same_section(head_in(a), head_in(b));
}

static void
range_reference(struct rgw_strbuf *out, const struct rgw_opt *opt)
{
	char kinds[RGW_KINDS_TEXT];

	if (opt->words != NULL)
		rgw_range_words(out, opt);
	rgw_strbuf_join(out, ", ", "the name of a ");
	rgw_strbuf_put(out, rgw_conf_kinds_text(opt->refers, kinds));
}

const struct rgw_opt_type rgw_type_reference = {
	"reference", RGW_IS_POINTER | RGW_IS_REFERENCE, sizeof(void *), .text = show_reference,
	.equal = same_reference, .range = range_reference,
};
const struct rgw_opt_type rgw_type_references = {
	"list of references", RGW_ARRAY | RGW_IS_REFERENCE, sizeof(void *), .text = show_reference,
	.equal = same_reference, .range = range_reference,
};

static void
show_acct(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_conf_acct *acct = v->p;

	rgw_strbuf_put(out, acct->how == RGW_ACCT_TARGET ? acct->target->name : v->opt->words[acct->how]);
}

static bool
same_acct(const void *a, const void *b)
{
	const struct rgw_conf_acct *x = a;
	const struct rgw_conf_acct *y = b;

	return x->how == y->how && (x->how != RGW_ACCT_TARGET || same_section(x->target, y->target));
}

/* The words of `acct` are set at once; a reference waits until all sections are known. */
const struct rgw_opt_type rgw_type_acct = {
	"reference or word", RGW_IS_REFERENCE, sizeof(struct rgw_conf_acct), rgw_set_word, show_acct,
	.equal = same_acct, .range = range_reference,
};
