/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "expression.h"
#include "rsp.h"

/*
 * Blocks `rewrite`. There, attributes are removed, then modified, then supplemented, then added; here they are
 * removed, added, set, given by default and then replaced. Where that makes a difference, because two steps are about
 * one attribute, a block becomes several sections, which are applied one after the other.
 */

/* The steps in their order. */
enum step { STEP_REMOVE, STEP_MODIFY, STEP_SUPPLEMENT, STEP_ADD, N_STEPS };

static const struct rule {
	const char *word;
	enum step step;
	bool vendor;
	const char *key;
} rules[] = {
	{ "removeattribute", STEP_REMOVE, false, "remove" },
	{ "removevendorattribute", STEP_REMOVE, true, "remove" },
	{ "whitelistattribute", STEP_REMOVE, false, "keep-only" },
	{ "whitelistvendorattribute", STEP_REMOVE, true, "keep-only" },
	{ "modifyattribute", STEP_MODIFY, false, "replace" },
	{ "modifyvendorattribute", STEP_MODIFY, true, "replace" },
	{ "supplementattribute", STEP_SUPPLEMENT, false, "default" },
	{ "supplementvendorattribute", STEP_SUPPLEMENT, true, "default" },
	{ "addattribute", STEP_ADD, false, "add" },
	{ "addvendorattribute", STEP_ADD, true, "add" },
};

static const struct rule *
rule_of(const struct rgw_node *node)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rgw_word_is(node->word, rules[i].word))
			return &rules[i];
	return NULL;
}

/* Reads the attribute at the start of a value, and what stands behind it; a vendor alone means all of its attributes.
 */
static bool
read_attribute(const char *text, bool vendor, struct rgw_attr_ref *out, const char **rest)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*out = (struct rgw_attr_ref){ 0 };
	if (strncasecmp(text, "user-name:", 10) == 0 && !vendor) {
		out->type = 1;
		*rest = text + 10;
		return true;
	}
	if (end == text || n == 0)
		return false;
	if (vendor) {
		out->vendor = (uint32_t)n;
		out->any = *end == '\0';
		text = *end == ':' ? end + 1 : end;
		n = strtoul(text, &end, 10);
	}
	out->type = (uint16_t)n;
	*rest = *end == ':' ? end + 1 : end;
	return out->any || (n > 0 && n < 256);
}

static void
put_attribute(const struct rgw_attr_ref *ref, struct rgw_strbuf *out)
{
	char name[RGW_REF_TEXT];

	if (ref->any)
		rgw_strbuf_printf(out, "%u:*", ref->vendor);
	else
		rgw_strbuf_put(out, rgw_attr_format(ref, name));
}

static void
put_octets(const struct rgw_strbuf *octets, struct rgw_strbuf *out)
{
	rgw_strbuf_put(out, "0x");
	for (size_t i = 0; i < octets->n; i++)
		rgw_strbuf_printf(out, "%02x", (unsigned char)octets->v[i]);
}

/* A value that begins with a digit is a number of 32 bits, anything else octets, perhaps behind a "'". */
static void
put_value(const struct rgw_attr_ref *ref, const char *text, struct rgw_strbuf *out)
{
	const struct rgw_attr_name *name = rgw_attr_name_of(ref);
	enum rgw_attr_kind kind = name != NULL ? name->kind : RGW_ATTR_TEXT;
	struct rgw_strbuf octets = { 0 };
	bool plain = kind == RGW_ATTR_TEXT;

	if (isdigit((unsigned char)*text)) {
		unsigned long n = strtoul(text, NULL, 10);

		rgw_strbuf_printf(out, kind == RGW_ATTR_INTEGER ? "%lu" : "0x%08lx", n & 0xffffffff);
		return;
	}
	rgw_rsp_decode(text + (*text == '\''), &octets);
	for (size_t i = 0; i < octets.n; i++)
		plain = plain && (unsigned char)octets.v[i] >= ' ' && octets.v[i] != 0x7f;
	plain = plain && octets.n > 0 && octets.v[0] != ' ' && octets.v[octets.n - 1] != ' ' &&
	    strncasecmp(octets.v, "0x", 2) != 0 && strstr(octets.v, "${") == NULL;
	if (plain)
		rgw_strbuf_put(out, octets.v);
	else
		put_octets(&octets, out);
	rgw_strbuf_fini(&octets);
}

/* "/expression/replacement/": the whole value is what comes out, so the expression is made to match all of it. */
static bool
put_replacement(const char *text, struct rgw_strbuf *out)
{
	struct rgw_strbuf pattern = { 0 };
	const char *middle = text;
	size_t n = strlen(text);
	bool good;

	if (text[0] != '/')
		return false;
	n -= n > 1 && text[n - 1] == '/';
	do
		middle = strchr(middle + 1, '/');
	while (middle != NULL && middle[-1] == '\\');
	if (middle == NULL || (size_t)(middle - text) >= n)
		return false;
	rgw_strbuf_add(&pattern, text + 1, (size_t)(middle - text) - 1);
	rgw_strbuf_put(out, " /");
	good = rgw_expr_whole_counted(pattern.v, out);
	rgw_strbuf_put(out, "/");
	for (const char *p = middle + 1; p < text + n; p++) {
		if (*p == '/' || (*p == '\\' && !(p[1] >= '1' && p[1] <= '9')))
			rgw_strbuf_put(out, "\\");
		rgw_strbuf_add(out, p, 1);
	}
	rgw_strbuf_put(out, "/");
	rgw_strbuf_fini(&pattern);
	return good;
}

/* Does it matter at which place of a value an expression fits? Only if it may be any, and a part of it is kept. */
static bool
picks_place(const char *text)
{
	const char *p = text;

	while ((p = strchr(p, '\\')) != NULL && !isdigit((unsigned char)p[1]))
		p += 1 + (p[1] != '\0');
	return p != NULL && strncmp(text, "/^", 2) != 0 && strncmp(text, "/.*", 3) != 0;
}

static void
map_rule(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *node, const struct rule *rule)
{
	struct rgw_strbuf text = { 0 };
	struct rgw_strbuf why = { 0 };
	struct rgw_attr_ref ref;
	const char *rest;
	bool good = read_attribute(node->value, rule->vendor, &ref, &rest);

	if (good) {
		put_attribute(&ref, &text);
		if (rule->step == STEP_MODIFY) {
			good = put_replacement(rest, &text);
		} else if (rule->step != STEP_REMOVE) {
			rgw_strbuf_put(&text, " = ");
			put_value(&ref, rest, &text);
		}
	}
	if (good && rgw_out_takes_rule(rule->key, text.v, &why))
		rgw_out_set(&m->out, s, node, rule->key, text.v);
	else
		rgw_out_remark(&m->out, s, node, "%s %s: this is no rule here, and is not done%s%s.", node->word,
		    node->value, why.n > 0 ? ": " : "", why.n > 0 ? why.v : "");
	if (good && rule->step == STEP_MODIFY && picks_place(rest))
		rgw_out_remark(&m->out, s, node,
		    "%s %s: where the expression fits at several places of a value, the last one counts here, and the "
		    "first one did there. Begin the expression with ^ if that matters.",
		    node->word, node->value);
	rgw_strbuf_fini(&text);
	rgw_strbuf_fini(&why);
}

/* Is a rule about an attribute that a rule of an earlier step is about, too? */
static bool
meets_earlier(const struct rgw_node *block, const struct rgw_node *node, const struct rule *rule)
{
	struct rgw_attr_ref mine, other;
	const char *rest;

	if (!read_attribute(node->value, rule->vendor, &mine, &rest))
		return false;
	for (size_t i = 0; i < block->n; i++) {
		const struct rule *r = rule_of(block->v[i]);

		if (r != NULL && r->step < rule->step && r->step != STEP_REMOVE &&
		    read_attribute(block->v[i]->value, r->vendor, &other, &rest) && rgw_attr_ref_equal(&mine, &other))
			return true;
	}
	return false;
}

/* Which part of a block a step belongs to, counted from 0. */
static void
divide(const struct rgw_node *block, unsigned part[static N_STEPS])
{
	unsigned n = 0;

	for (unsigned step = 0; step < N_STEPS; step++) {
		bool meets = false;

		for (size_t i = 0; i < block->n; i++) {
			const struct rule *rule = rule_of(block->v[i]);

			meets =
			    meets || (rule != NULL && rule->step == step && meets_earlier(block, block->v[i], rule));
		}
		n += meets;
		part[step] = n;
	}
}

/* Removing is for blocks without whitelist, and keeping for those with one. */
static bool
is_meant(const struct rgw_node *block, const struct rule *rule)
{
	bool keeps = rgw_map_is_on(block, "whitelistmode", false);

	return rule->step != STEP_REMOVE || keeps == (strcmp(rule->key, "keep-only") == 0);
}

static const char requests[] = "access-request, accounting-request";
static const char answers[] = "access-accept, access-reject, access-challenge, accounting-response";

static void
set_packets(struct rgw_map *m, struct rgw_out_section *s, const char *packets)
{
	char word[32];

	while (packets != NULL && *packets != '\0') {
		size_t n = strcspn(packets, ",");

		snprintf(word, sizeof word, "%.*s", (int)n, packets);
		rgw_out_set(&m->out, s, NULL, "packets", word);
		packets += n;
		packets += strspn(packets, ", ");
	}
}

static void
name_part(const struct rgw_node *block, const char *packets, unsigned part, char *name, size_t size)
{
	const char *what = packets == NULL ? "" : packets == requests ? "-requests" : "-answers";

	if (part == 0)
		snprintf(name, size, "%.24s%s", block->value, what);
	else
		snprintf(name, size, "%.24s%s-then%u", block->value, what, part % 10);
}

/* The section of a part that was made before, or NULL. */
static struct rgw_out_section *
find_part(const struct rgw_map *m, const struct rgw_node *block, const char *name)
{
	for (size_t i = 0; i < m->out.sections.n; i++) {
		struct rgw_out_section *s = m->out.sections.v[i];

		if (s->kind == RGW_CONF_REWRITE && s->from == block && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

static struct rgw_out_section *
make_part(struct rgw_map *m, struct rgw_node *block, const char *packets, unsigned part, const unsigned *parts,
    const char *name)
{
	struct rgw_out_section *s = rgw_out_section(&m->out, RGW_CONF_REWRITE, name, block);

	for (size_t i = 0; i < block->n; i++) {
		const struct rule *rule = rule_of(block->v[i]);

		if (rule != NULL && is_meant(block, rule) && parts[rule->step] == part)
			map_rule(m, s, block->v[i], rule);
		else if (rule != NULL && !is_meant(block, rule) && part == 0)
			rgw_out_note(&m->out, s, block->v[i], "%s %s had no effect, because of WhitelistMode.",
			    block->v[i]->word, block->v[i]->value);
	}
	if (rgw_map_is_on(block, "whitelistmode", false) && part == 0)
		rgw_out_note(&m->out, s, rgw_node_get(block, "whitelistmode", NULL),
		    "Whether they are on the list or not, State, EAP-Message and Proxy-State stay here.");
	if (rgw_map_is_on(block, "whitelistmode", false) && part == 0 && rgw_out_get(s, "keep-only") == NULL)
		rgw_out_set(&m->out, s, NULL, "keep-only", "Proxy-State");
	set_packets(m, s, packets);
	s->their_words = s->their_words && part == 0;
	return s;
}

/* Writes a block, for some packets or for all (NULL), and names its sections in an option of a neighbour. */
static void
use(struct rgw_map *m, struct rgw_out_section *to, const char *key, const struct rgw_node *from,
    struct rgw_node *block, const char *packets)
{
	unsigned parts[N_STEPS];

	divide(block, parts);
	for (unsigned part = 0; part <= parts[N_STEPS - 1]; part++) {
		char name[64];
		struct rgw_out_section *s;

		name_part(block, packets, part, name, sizeof name);
		s = find_part(m, block, name);
		if (s == NULL)
			s = make_part(m, block, packets, part, parts, name);
		if (to != NULL &&
		    (rgw_out_get(s, "remove") != NULL || rgw_out_get(s, "keep-only") != NULL ||
		        rgw_out_get(s, "replace") != NULL || rgw_out_get(s, "default") != NULL ||
		        rgw_out_get(s, "add") != NULL))
			rgw_out_set(&m->out, to, from, key, s->name);
		else if (to != NULL)
			s->off = true;
	}
}

/* RewriteAttribute: for requests only; there, the answer gets the old name back. */
static void
map_user_name(struct rgw_map *m, struct rgw_out_section *to, struct rgw_node *node)
{
	struct rgw_out_section *s;
	struct rgw_strbuf text = { 0 };
	char name[64];

	if (node == NULL)
		return;
	snprintf(name, sizeof name, "%.24s-user-name", to->name);
	s = rgw_out_section(&m->out, RGW_CONF_REWRITE, name, node);
	rgw_strbuf_put(&text, "User-Name");
	if (strncasecmp(node->value, "User-Name:", 10) == 0 && put_replacement(node->value + 10, &text)) {
		rgw_out_set(&m->out, s, node, "replace", text.v);
		set_packets(m, s, requests);
		rgw_out_set(&m->out, to, node, "rewrite-in", s->name);
		rgw_out_remark(&m->out, s, node,
		    "%s %s: a User-Name in the answer stays as the server has written it; there, it "
		    "became the one of the request again. Clients that compare both need a rewrite-out.",
		    node->word, node->value);
	} else {
		rgw_out_remark(&m->out, to, node, "%s %s: this cannot be written as a rule here, and is not done.",
		    node->word, node->value);
	}
	rgw_strbuf_fini(&text);
}

void
rgw_rsp_rewriting(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block, bool apart)
{
	bool client = rgw_word_is(block->word, "client");
	const char *old = rgw_node_get(block, "rewritein", NULL) != NULL ? "rewritein" : "rewrite";
	const struct rgw_node *in = rgw_node_get(block, old, NULL);
	const struct rgw_node *out = rgw_node_get(block, "rewriteout", NULL);
	struct rgw_node *block_in = rgw_rsp_used(m, block, "rewrite", old);

	if (block_in != NULL)
		use(m, s, "rewrite-in", in, block_in, !apart ? NULL : client ? requests : answers);
	map_user_name(m, s, rgw_node_get(block, "rewriteattribute", NULL));
	if (out != NULL)
		use(m, s, "rewrite-out", out, rgw_rsp_block(m, "rewrite", out->value),
		    !apart     ? NULL :
		        client ? answers :
		                 requests);
}

void
rgw_rsp_unused_rewrites(struct rgw_map *m)
{
	struct rgw_node *block = NULL;

	while ((block = rgw_rsp_next(m, "rewrite", block)) != NULL)
		if (rgw_out_of(&m->out, RGW_CONF_REWRITE, block) == NULL)
			use(m, NULL, NULL, NULL, block, NULL);
}
