/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "expression.h"
#include "rsp.h"
#include "radsecgw/mem.h"
#include "radsecgw/pattern.h"

/*
 * Blocks `realm`. There, the first block in the file that fits decides. Here it is the most exact pattern: the realm,
 * then the longest suffix, then expressions in the order of the file, then *. A block keeps its place by this: what
 * an earlier block takes is left out, and behind an expression, suffixes become expressions, too.
 */

struct plan {
	struct rgw_node *node;
	enum rgw_expr_realm kind;
	struct rgw_strbuf text;      /* realm, suffix or expression */
	struct rgw_pattern *pattern; /* owned: of an expression; NULL = it cannot be used */
	bool in_user;
	const struct plan *before; /* it takes all that this one could */
};

struct plans {
	struct plan *v;
	size_t n;
};

/* ---- which section each block becomes ---- */

static void
become_pattern(struct plan *p, const char *before)
{
	struct rgw_strbuf text = { 0 };
	char why[128];

	rgw_strbuf_put(&text, before);
	rgw_expr_quote(p->text.v, &text);
	rgw_strbuf_fini(&p->text);
	p->text = text;
	p->kind = RGW_EXPR_PATTERN;
	p->pattern = rgw_pattern_new(text.v, true, why, sizeof why);
}

static void
read_name(struct plan *p)
{
	const char *name = p->node->value;
	char *expression;
	size_t n;
	char why[128];

	if (strcmp(name, "*") == 0) {
		p->kind = RGW_EXPR_ANY;
		return;
	}
	if (name[0] != '/') {
		p->kind = RGW_EXPR_EXACT;
		rgw_strbuf_put(&p->text, name);
		if (rgw_name_check(RGW_CONF_REALM, name) != NULL || strlen(name) > 38 || name[0] == '.' ||
		    name[0] == '-')
			become_pattern(p, "");
		return;
	}
	expression = rgw_xstrdup(name + 1);
	n = strlen(expression);
	if (n > 0 && expression[n - 1] == '/')
		expression[n - 1] = '\0';
	p->kind = rgw_expr_realm(expression, &p->text, &p->in_user);
	if (p->kind == RGW_EXPR_PATTERN)
		p->pattern = rgw_pattern_new(p->text.v, true, why, sizeof why);
	free(expression);
}

static bool
ends_in(const char *text, const char *suffix)
{
	size_t n = strlen(text);
	size_t m = strlen(suffix);

	return n > m && strcasecmp(text + n - m, suffix) == 0;
}

/* Does the block take this realm? */
static bool
covers(const struct plan *p, const char *realm)
{
	size_t n = strlen(realm);

	switch (p->kind) {
	case RGW_EXPR_ANY:
		return true;
	case RGW_EXPR_EXACT:
		return strcasecmp(p->text.v, realm) == 0;
	case RGW_EXPR_SUFFIX:
		return ends_in(realm, p->text.v);
	case RGW_EXPR_BOTH:
		return strcasecmp(p->text.v, realm) == 0 ||
		    (ends_in(realm, p->text.v) && realm[n - strlen(p->text.v) - 1] == '.');
	case RGW_EXPR_PATTERN:
		return p->pattern != NULL && n < 254 &&
		    rgw_pattern_match(p->pattern, (const uint8_t *)realm, n, NULL);
	default:
		return false;
	}
}

static bool
is_below(const struct plan *p)
{
	return p->kind == RGW_EXPR_SUFFIX || p->kind == RGW_EXPR_BOTH;
}

/* Does the first block take all that the second one could? */
static bool
takes_all(const struct plan *first, const struct plan *p)
{
	if (first->kind == RGW_EXPR_ANY)
		return true;
	switch (p->kind) {
	case RGW_EXPR_EXACT:
		return covers(first, p->text.v);
	case RGW_EXPR_SUFFIX:
	case RGW_EXPR_BOTH:
		return is_below(first) && covers(first, p->text.v);
	case RGW_EXPR_NO_REALM:
		return first->kind == p->kind;
	case RGW_EXPR_PATTERN:
		return first->kind == p->kind && strcmp(p->text.v, first->text.v) == 0;
	default:
		return false;
	}
}

/* An earlier block that takes everything that this one could. */
static const struct plan *
find_cover(const struct plans *plans, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (plans->v[j].before == NULL && takes_all(&plans->v[j], &plans->v[i]))
			return &plans->v[j];
	return NULL;
}

static void
make_plans(const struct rgw_map *m, struct plans *plans)
{
	struct rgw_node *node = NULL;
	bool patterns = false;

	while ((node = rgw_rsp_next(m, "realm", node)) != NULL) {
		struct plan *p = rgw_array_grow(plans, sizeof *p);

		p->node = node;
		read_name(p);
	}
	for (size_t i = 0; i < plans->n; i++) {
		struct plan *p = &plans->v[i];

		p->before = find_cover(plans, i);
		if (is_below(p) && p->before == NULL && (patterns || strlen(p->text.v) > 36))
			become_pattern(p, p->kind == RGW_EXPR_BOTH ? "(.*\\.)?" : ".*");
		patterns = patterns || (p->kind == RGW_EXPR_PATTERN && p->before == NULL);
	}
}

/* ---- where requests go ---- */

/* The names of the targets in a block. */
static void
read_targets(struct rgw_map *m, struct rgw_node *realm, const char *option, struct rgw_strings *out)
{
	for (struct rgw_node *node = NULL; (node = rgw_node_get(realm, option, node)) != NULL;) {
		const char *name = rgw_rsp_target(m, rgw_rsp_block(m, "server", node->value));
		bool have = name == NULL;

		for (size_t i = 0; i < out->n; i++)
			have = have || strcmp(out->v[i], name) == 0;
		if (!have)
			*(char **)rgw_array_grow(out, sizeof(char *)) = rgw_xstrdup(name);
		rgw_out_became(node, name != NULL ? name : "see the remark at the server");
	}
}

static bool
same_targets(const struct rgw_strings *a, const struct rgw_strings *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->v[i], b->v[i]) == 0;
	return same;
}

static bool
has_members(const struct rgw_out_section *s, const struct rgw_strings *targets, const char *reply)
{
	const struct rgw_out_line *line = rgw_out_get(s, "reply-message");
	struct rgw_strbuf text = { 0 };
	bool same;

	for (size_t i = 0; i < targets->n; i++) {
		rgw_strbuf_put(&text, targets->v[i]);
		rgw_strbuf_put(&text, "\n");
	}
	same = strcmp(rgw_out_get(s, "members")->value, text.v) == 0 &&
	    strcmp(line != NULL ? line->value : "", reply != NULL ? reply : "") == 0;
	rgw_strbuf_fini(&text);
	return same;
}

static void
fill_pool(
    struct rgw_map *m, struct rgw_out_section *s, const struct rgw_strings *targets, const struct rgw_node *reply)
{
	for (size_t i = 0; i < targets->n; i++)
		rgw_out_set(&m->out, s, NULL, "members", targets->v[i]);
	if (targets->n > 1) {
		rgw_out_set_said(&m->out, s, NULL, "retry-after", "0",
		    "As before, a request goes to one member alone. Without "
		    "this line one that stays unanswered for three seconds is also tried at the next member.");
		rgw_out_set_said(&m->out, s, NULL, "dead-realm", "0",
		    "As before, all realms are asked for in the same order. "
		    "Without this line a member that leaves one realm unanswered is asked last for that realm.");
	}
	rgw_out_set(&m->out, s, NULL, "outage-auth", reply != NULL ? "reject" : "drop");
	if (reply != NULL)
		rgw_out_set(&m->out, s, reply, "reply-message", reply->value);
}

/* What stands for the targets: the only one, or a pool. */
static const char *
pool_of(struct rgw_map *m, const struct rgw_strings *targets, const struct rgw_node *reply)
{
	struct rgw_strbuf name = { 0 };
	struct rgw_out_section *s;

	if (targets->n == 1 && reply == NULL)
		return targets->v[0];
	for (size_t i = 0; i < m->out.sections.n; i++) {
		s = m->out.sections.v[i];
		if (s->kind == RGW_CONF_POOL && has_members(s, targets, reply != NULL ? reply->value : NULL))
			return s->name;
	}
	for (size_t i = 0; i < targets->n; i++)
		rgw_strbuf_join(&name, "-", targets->v[i]);
	rgw_strbuf_put(&name, targets->n == 1 ? "-or-reject" : "");
	s = rgw_out_section(&m->out, RGW_CONF_POOL, name.v, NULL);
	rgw_strbuf_fini(&name);
	fill_pool(m, s, targets, reply);
	return s->name;
}

static void
set_accounting(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *realm, const struct rgw_strings *auth,
    const struct rgw_strings *acct)
{
	const struct rgw_node *response = rgw_node_get(realm, "accountingresponse", NULL);

	if (acct->n == 0)
		rgw_out_set(
		    &m->out, s, response, "acct", rgw_map_is_on(realm, "accountingresponse", false) ? "ack" : "drop");
	else if (!same_targets(auth, acct))
		rgw_out_set(
		    &m->out, s, rgw_node_get(realm, "accountingserver", NULL), "acct", pool_of(m, acct, NULL));
	if (rgw_map_is_on(realm, "accountinglog", false))
		rgw_out_note(&m->out, s, rgw_node_get(realm, "accountinglog", NULL),
		    "AccountingLog: with level = debug, or "
		    "accounting = yes where there is that option, [log] shows each answer to accounting.");
}

/* The text for users of realms that nobody serves. */
#define NOT_SERVED "This realm is not served here."

static void
fill_realm(struct rgw_map *m, struct rgw_out_section *s, const struct plan *p)
{
	struct rgw_strings auth = { 0 };
	struct rgw_strings acct = { 0 };
	struct rgw_node *reply = rgw_node_get(p->node, "replymessage", NULL);
	const struct rgw_node *server = rgw_node_get(p->node, "server", NULL);

	read_targets(m, p->node, "server", &auth);
	read_targets(m, p->node, "accountingserver", &acct);
	if (p->kind == RGW_EXPR_PATTERN)
		rgw_out_set(&m->out, s, p->node, "regex", p->text.v);
	if (auth.n > 0)
		rgw_out_set(&m->out, s, server, "pool", pool_of(m, &auth, reply));
	else if (reply != NULL)
		rgw_out_set(&m->out, s, reply, "reject", reply->value);
	else if (server == NULL)
		rgw_out_set_said(&m->out, s, NULL, "reject", NOT_SERVED,
		    "Nobody was to be asked, and there was no text for the user. A login is rejected with this one.");
	else
		rgw_out_remark(&m->out, s, p->node,
		    "realm %s: none of its servers could be carried over, so its logins are rejected.", p->node->value);
	if (auth.n == 0 && reply == NULL && server != NULL)
		rgw_out_set(&m->out, s, NULL, "reject", NOT_SERVED);
	set_accounting(m, s, p->node, &auth, &acct);
	rgw_strings_fini(&auth);
	rgw_strings_fini(&acct);
}

/* ---- sections ---- */

static void
make_section(struct rgw_map *m, const struct plan *p, const char *name)
{
	struct rgw_out_section *s = rgw_out_section(&m->out, RGW_CONF_REALM, name, p->node);

	if (p->in_user)
		rgw_out_note(
		    &m->out, s, p->node, "The expression is asked for realms, and not for what stands before the @.");
	fill_realm(m, s, p);
}

static void
leave_out(struct rgw_map *m, const struct plan *p)
{
	struct rgw_out_section *s = rgw_out_section(&m->out, RGW_CONF_REALM, p->node->value, p->node);

	if (p->before != NULL)
		rgw_out_note(&m->out, s, p->node,
		    "realm %s: nothing ever came here, for realm %s in line %u takes all of it.", p->node->value,
		    p->before->node->value, p->before->node->line);
	else
		rgw_out_remark(&m->out, s, p->node,
		    "realm %s: requests are told apart by their realm, the text behind the last @. "
		    "This expression also asks for something else, so its requests go where their realm goes. Write "
		    "realms in its "
		    "place, or use a [client] with pool for those who send them.",
		    p->node->value);
	s->off = true;
}

static bool
is_made(const struct rgw_map *m, const char *name)
{
	for (size_t i = 0; i < m->out.sections.n; i++)
		if (m->out.sections.v[i]->kind == RGW_CONF_REALM && strcasecmp(m->out.sections.v[i]->name, name) == 0)
			return true;
	return false;
}

static void
make_realm(struct rgw_map *m, const struct plan *p)
{
	struct rgw_strbuf name = { 0 };

	switch (p->before != NULL ? RGW_EXPR_USER : p->kind) {
	case RGW_EXPR_USER:
		leave_out(m, p);
		break;
	case RGW_EXPR_ANY:
		make_section(m, p, "*");
		break;
	case RGW_EXPR_NO_REALM:
		make_section(m, p, "-");
		break;
	case RGW_EXPR_BOTH:
		rgw_strbuf_put(&name, ".");
		rgw_strbuf_put(&name, p->text.v);
		if (!is_made(m, p->text.v))
			make_section(m, p, p->text.v);
		make_section(m, p, name.v);
		break;
	default:
		make_section(m, p, p->kind == RGW_EXPR_PATTERN ? p->node->value : p->text.v);
	}
	rgw_strbuf_fini(&name);
}

void
rgw_rsp_realms(struct rgw_map *m)
{
	struct plans plans = { 0 };
	bool any = false;

	make_plans(m, &plans);
	for (size_t i = 0; i < plans.n; i++) {
		make_realm(m, &plans.v[i]);
		any = any || plans.v[i].kind == RGW_EXPR_ANY;
	}
	if (!any && plans.n > 0)
		rgw_out_note(&m->out, rgw_out_single(&m->out, RGW_CONF_GATEWAY), NULL,
		    "There was no realm *: requests of realms "
		    "that are not below were left unanswered. Here, their logins are rejected at once.");
	for (size_t i = 0; i < plans.n; i++) {
		rgw_strbuf_fini(&plans.v[i].text);
		rgw_pattern_free(plans.v[i].pattern);
	}
	free(plans.v);
}
