/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"
#include "radsecgw/radius.h"

/* The checks of [rewrite] and of the options that use it. */

/* ---- what is not for rules ---- */

/* Attributes of the standard space that rules must not change and, if `stays`, not even remove. */
static const struct {
	uint8_t type;
	bool stays;
	const char *why;
} reserved[] = {
	{ RGW_MESSAGE_AUTHENTICATOR, true, "the gateway makes it anew for each hop" },
	{ RGW_PROXY_STATE, true, "each proxy gets its own back as it was" },
	{ RGW_STATE, true, "it belongs to the server that has made it" },
	{ RGW_EAP_MESSAGE, true, "it is between the user's device and the home server" },
	{ RGW_CLASS, false, "it belongs to the server that has made it" },
	{ RGW_CHAP_PASSWORD, false, "only the user's device can make it" },
	{ RGW_CHAP_CHALLENGE, false, "CHAP-Password depends on it" },
	{ RGW_ARAP_PASSWORD, false, "only the user's device can make it" },
};

static const char *
why_reserved(const struct rgw_attr_ref *ref, bool removal)
{
	if (ref->vendor != 0)
		return NULL;
	if (ref->type == RGW_EXTENDED_1 && ref->ext == RGW_ORIGINAL_PACKET_CODE)
		return "it is only in Protocol-Error, which is not passed on";
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		if (reserved[i].type == ref->type && (reserved[i].stays || !removal))
			return reserved[i].why;
	return NULL;
}

static bool
is_hidden(const struct rgw_draft *d, const struct rgw_attr_ref *ref)
{
	return rgw_hidden_find(d->conf->hidden, ref->vendor, ref->type, 0) != NULL ||
	    rgw_hidden_has_tlvs(d->conf->hidden, ref->vendor, ref->type);
}

static void
check_attribute(struct rgw_draft *d, const struct rgw_section *section, const struct rgw_rewrite_rules *rules,
    bool removal, const struct rgw_attr_ref *ref)
{
	const char *why = why_reserved(ref, removal);
	char text[RGW_REF_TEXT];

	if (why == NULL && !removal && is_hidden(d, ref))
		why = "its value is hidden with the secret of a hop";
	if (why != NULL)
		rgw_check_error(d, section, rules, "%s cannot be %s: %s", rgw_attr_format(ref, text), removal ?
		    "removed" : "changed or added", why);
}

/* Warns of a rule that overwrites where the user is, which RFC 8559 wants left as others have set it (P-CPX-4).
 * */
static void
check_operator(struct rgw_draft *d, const struct rgw_section *section, const struct rgw_rewrite_rules *rules,
    const struct rgw_attr_ref *ref)
{
	const struct rgw_conf_rewrite *rewrite = section->data;
	char text[RGW_REF_TEXT];

	if (ref->vendor != 0 || (rewrite->packets & RGW_REWRITE_REQUESTS) == 0 ||
	    !(ref->type == RGW_OPERATOR_NAME ||
	        (ref->type == RGW_EXTENDED_1 && ref->ext == RGW_OPERATOR_NAS_IDENTIFIER)))
		return;
	rgw_check_warn(d, section, rules,
	    "%s tells home servers where the user is, and RFC 8559 wants it left as others have set it; "
	    "`default` does that", rgw_attr_format(ref, text));
}

/* ---- rules beside each other ---- */

static bool
is_among(const struct rgw_rewrite_rules *rules, size_t n, const struct rgw_attr_ref *ref)
{
	for (size_t i = 0; i < n; i++)
		if (rgw_attr_ref_equal(&rules->v[i].attr, ref))
			return true;
	return false;
}

static void
check_twice(struct rgw_draft *d, const struct rgw_section *section, const struct rgw_rewrite_rules *rules)
{
	char text[RGW_REF_TEXT];

	for (size_t i = 0; i < rules->n; i++)
		if (is_among(rules, i, &rules->v[i].attr))
			rgw_check_error(d, section, rules, "%s is given twice",
			    rgw_attr_format(&rules->v[i].attr, text));
}

/* Reports a default without effect: the same attribute is added or set anyway. */
static void
check_defaults(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_rewrite *rewrite = section->data;
	const struct rgw_rewrite_rules *rules = rewrite->rewrite.rules;
	const struct rgw_rewrite_rules *defaults = &rules[RGW_REWRITE_DEFAULT];

	for (size_t i = 0; i < defaults->n; i++) {
		const struct rgw_attr_ref *ref = &defaults->v[i].attr;
		bool added = is_among(&rules[RGW_REWRITE_ADD], rules[RGW_REWRITE_ADD].n, ref);
		char text[RGW_REF_TEXT];

		if (added || is_among(&rules[RGW_REWRITE_SET], rules[RGW_REWRITE_SET].n, ref))
			rgw_check_error(d, section, defaults, "%s has no effect, since `%s` has it, too",
			    rgw_attr_format(ref, text), added ? "add" : "set");
	}
}

static void
check_rules(struct rgw_draft *d, const struct rgw_section *section, enum rgw_rewrite_op op)
{
	const struct rgw_conf_rewrite *rewrite = section->data;
	const struct rgw_rewrite_rules *rules = &rewrite->rewrite.rules[op];
	bool others = op == RGW_REWRITE_REMOVE || op == RGW_REWRITE_SET || op == RGW_REWRITE_REPLACE;

	for (size_t i = 0; i < rules->n; i++) {
		check_attribute(d, section, rules, op == RGW_REWRITE_REMOVE, &rules->v[i].attr);
		if (others)
			check_operator(d, section, rules, &rules->v[i].attr);
	}
}

void
rgw_check_rewrite(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_rewrite *rewrite = section->data;
	const struct rgw_rewrite_rules *rules = rewrite->rewrite.rules;
	bool any = false;

	for (enum rgw_rewrite_op op = 0; op < RGW_REWRITE_OPS; op++) {
		any = any || rgw_draft_given(section, &rules[op])->yes;
		/* Rules of `keep-only` may name any attribute. */
		if (op != RGW_REWRITE_KEEP)
			check_rules(d, section, op);
	}
	check_twice(d, section, &rules[RGW_REWRITE_SET]);
	check_twice(d, section, &rules[RGW_REWRITE_DEFAULT]);
	check_defaults(d, section);
	if (!any)
		rgw_check_error(d, section, NULL,
		    "has no rule; it needs `remove`, `keep-only`, `add`, `set`, `default` or `replace`");
}

/* ---- where rewrites are used ---- */

/* Does the rewrite have anything to do with any of these packets? */
static bool
is_for(const struct rgw_draft *d, const struct rgw_conf_head *head, unsigned packets)
{
	const struct rgw_section *section = rgw_draft_find(d, RGW_CONF_REWRITE, head->name);
	const struct rgw_conf_rewrite *rewrite = section->data;

	return (rewrite->packets & packets) != 0 || rgw_draft_given(section, &rewrite->packets)->broken;
}

/* `way` is how packets of a rewrite get here: they come from the section, or go to it. */
static void
check_list(struct rgw_draft *d, const struct rgw_section *section, const struct rgw_conf_refs *list,
    unsigned packets, const char *way)
{
	char title[RGW_TITLE_TEXT];

	rgw_check_twice(d, section, list);
	for (size_t i = 0; i < list->n; i++)
		if (!is_for(d, list->v[i], packets))
			rgw_check_error(d, section, list,
			    "[rewrite %s] has no effect here, since no packet of its `packets` %s %s",
			    list->v[i]->name, way, rgw_draft_title(section->data, title));
}

void
rgw_check_rewriting(struct rgw_draft *d, const struct rgw_section *section,
    const struct rgw_conf_refs *in, unsigned comes, const struct rgw_conf_refs *out, unsigned goes)
{
	check_list(d, section, in, comes, "comes from");
	check_list(d, section, out, goes, "goes to");
}
