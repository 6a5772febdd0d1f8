/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expression.h"

#include <ctype.h>
#include <string.h>

/* A part of an expression. */
struct part {
	const char *p;
	size_t n;
};

/* The end of the set that begins at p. A "]" right at its start is one of its members. */
static const char *
end_of_set(const char *p, const char *end)
{
	p++;
	if (p < end && *p == '^')
		p++;
	if (p < end && *p == ']')
		p++;
	while (p < end && *p != ']')
		p += p + 1 < end && *p == '[' && p[1] == ':' && memchr(p + 2, ']', (size_t)(end - p - 2)) != NULL ?
		    (const char *)memchr(p + 2, ']', (size_t)(end - p - 2)) - p + 1 :
		    1;
	return p < end ? p + 1 : end;
}

/* The end of the element that begins at p: a character, an escaped one, a set, or all in parentheses. */
static const char *
end_of_element(const char *p, const char *end)
{
	unsigned depth = 0;

	do {
		if (*p == '\\' && p + 1 < end) {
			p += 2;
		} else if (*p == '[') {
			p = end_of_set(p, end);
		} else {
			depth += *p == '(';
			depth -= *p == ')' && depth > 0;
			p++;
		}
	} while (depth > 0 && p < end);
	return p;
}

static bool
is(const struct part *part, const char *text)
{
	return part->n == strlen(text) && memcmp(part->p, text, part->n) == 0;
}

static bool
is_any_of(const struct part *part, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		if (is(part, *texts))
			return true;
	return false;
}

/* Takes the next branch, up to a "|" that stands in no parentheses, off the expression. */
static bool
next_branch(const char **p, struct part *branch)
{
	const char *end;
	const char *at = *p;

	if (at == NULL)
		return false;
	end = at + strlen(at);
	while (at < end && *at != '|')
		at = end_of_element(at, end);
	branch->p = *p;
	branch->n = (size_t)(at - *p);
	*p = at < end ? at + 1 : NULL;
	return true;
}

/* Takes "^" and "$" off the ends of a branch. */
static void
take_anchors(struct part *branch, bool *head, bool *tail)
{
	const char *end = branch->p + branch->n;
	const char *last = NULL;

	*head = branch->n > 0 && branch->p[0] == '^';
	if (*head) {
		branch->p++;
		branch->n--;
	}
	for (const char *p = branch->p; p < end; p = end_of_element(p, end))
		last = p;
	*tail = last != NULL && last + 1 == end && *last == '$';
	if (*tail)
		branch->n--;
}

static bool
begins_with(const struct part *part, const char *text)
{
	return part->n >= strlen(text) && memcmp(part->p, text, strlen(text)) == 0;
}

static bool
ends_with_any(const struct part *part)
{
	return part->n >= 2 && memcmp(part->p + part->n - 2, ".*", 2) == 0 &&
	    (part->n == 2 || part->p[part->n - 3] != '\\');
}

static void
add_whole(struct part branch, struct rgw_strbuf *out)
{
	bool head, tail;

	take_anchors(&branch, &head, &tail);
	if (!head && !begins_with(&branch, ".*"))
		rgw_strbuf_put(out, ".*");
	rgw_strbuf_add(out, branch.p, branch.n);
	if (!tail && !ends_with_any(&branch) && !(branch.n == 0 && !head))
		rgw_strbuf_put(out, ".*");
}

void
rgw_expr_whole(const char *theirs, struct rgw_strbuf *out)
{
	struct part branch;

	for (const char *p = theirs; next_branch(&p, &branch);) {
		add_whole(branch, out);
		if (p != NULL)
			rgw_strbuf_put(out, "|");
	}
}

bool
rgw_expr_whole_counted(const char *theirs, struct rgw_strbuf *out)
{
	const char *p = theirs;
	struct part branch;

	if (!next_branch(&p, &branch) || p != NULL)
		return false;
	rgw_strbuf_put(out, "^");
	add_whole(branch, out);
	rgw_strbuf_put(out, "$");
	return true;
}

static bool
add_literal(struct part part, struct rgw_strbuf *out)
{
	rgw_strbuf_put(out, "");
	for (const char *p = part.p; p < part.p + part.n; p++) {
		if (*p == '\\') {
			p++;
			if (p == part.p + part.n || isalnum((unsigned char)*p))
				return false;
		} else if (strchr(".[]()*+?{}|^$", *p) != NULL) {
			return false;
		}
		rgw_strbuf_add(out, p, 1);
	}
	return true;
}

bool
rgw_expr_literal(const char *expression, struct rgw_strbuf *out)
{
	struct part part = { expression, strlen(expression) };
	bool head, tail;

	take_anchors(&part, &head, &tail);
	return head && tail && add_literal(part, out);
}

void
rgw_expr_quote(const char *text, struct rgw_strbuf *out)
{
	for (; *text != '\0'; text++) {
		if (strchr(".[]()*+?{}|^$\\", *text) != NULL)
			rgw_strbuf_put(out, "\\");
		rgw_strbuf_add(out, text, 1);
	}
}

/* The place of an "@" that stands in no parentheses and no set; NULL = there is none. */
static const char *
find_at(struct part part)
{
	const char *end = part.p + part.n;

	for (const char *p = part.p; p < end; p = end_of_element(p, end))
		if (*p == '@' || (*p == '\\' && p + 1 < end && p[1] == '@'))
			return p;
	return NULL;
}

static const char *const anything[] = { "", ".", ".*", ".+", "(.*)", "(.+)", NULL };
static const char *const any_user[] = { "", ".*", ".+", "(.*)", "(.+)", "[^@]*", "[^@]+", "([^@]*)", "([^@]+)",
	NULL };
static const char *const no_realm[] = { "[^@]*", "[^@]+", "([^@]*)", "([^@]+)", "[^@]{1,}", NULL };
/* What may stand before a realm for it and all realms below it. */
static const char *const at_or_dot[] = { "(@|\\.)", "(\\.|@)", "[@.]", "[.@]", "[@\\.]", "[\\.@]", "(@|[.])", NULL };
static const char *const or_below[] = { "(.*\\.)?", "(.+\\.)?", "(.*\\.|)", "(|.*\\.)", "([^@]*\\.)?", "([^@]+\\.)?",
	"(.*[.])?", "(.+[.])?", NULL };
static const char *const below[] = { ".*\\.", ".+\\.", "(.*)\\.", "(.+)\\.", ".*[.]", ".+[.]", NULL };

static bool
take_prefix(struct part *part, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		if (begins_with(part, *texts)) {
			part->p += strlen(*texts);
			part->n -= strlen(*texts);
			return true;
		}
	return false;
}

/* What an expression for whole realms means. */
static enum rgw_expr_realm
of_realm(const char *expression, struct rgw_strbuf *out)
{
	static const char *const words[] = { "", ".", "" };
	static const enum rgw_expr_realm kinds[] = { RGW_EXPR_EXACT, RGW_EXPR_SUFFIX, RGW_EXPR_BOTH };

	for (size_t i = 0; i < 3; i++) {
		struct part rest = { expression, strlen(expression) };
		struct rgw_strbuf text = { 0 };
		bool fits = i == 0 || take_prefix(&rest, i == 1 ? below : or_below);

		rgw_strbuf_put(&text, words[i]);
		if (fits && rest.n > 0 && add_literal(rest, &text) && strlen(text.v) <= 253 &&
		    rgw_name_check(RGW_CONF_REALM, text.v) == NULL) {
			rgw_strbuf_put(out, text.v);
			rgw_strbuf_fini(&text);
			return kinds[i];
		}
		rgw_strbuf_fini(&text);
	}
	rgw_strbuf_put(out, expression);
	return RGW_EXPR_PATTERN;
}

/* What a branch without an "@" of its own means, but for the expression for realms. `low`: "@ or ." stood before it.
 */
static enum rgw_expr_realm
kind_of_plain(const struct part *b, bool head, bool tail, bool low)
{
	if (low)
		return head ? RGW_EXPR_USER : RGW_EXPR_PATTERN;
	if (head && tail && is_any_of(b, no_realm))
		return RGW_EXPR_NO_REALM;
	if (memchr(b->p, '@', b->n) != NULL || (head && tail && b->n < 2))
		return RGW_EXPR_USER;
	if (is_any_of(b, anything))
		return RGW_EXPR_ANY;
	return head && !begins_with(b, ".*") ? RGW_EXPR_USER : RGW_EXPR_PATTERN;
}

static enum rgw_expr_realm
of_plain(struct part b, bool head, bool tail, struct rgw_strbuf *out, bool *in_user)
{
	bool low = take_prefix(&b, at_or_dot);
	enum rgw_expr_realm kind = kind_of_plain(&b, head, tail, low);

	if (kind != RGW_EXPR_PATTERN)
		return kind;
	if (low)
		rgw_strbuf_put(out, "(.*\\.)?");
	else if (!begins_with(&b, ".*"))
		rgw_strbuf_put(out, ".*");
	rgw_strbuf_add(out, b.p, b.n);
	if (!tail && !ends_with_any(&b))
		rgw_strbuf_put(out, ".*");
	*in_user |= !tail && !low;
	return RGW_EXPR_PATTERN;
}

static enum rgw_expr_realm
of_branch(struct part b, struct rgw_strbuf *out, bool *in_user)
{
	bool head, tail;
	const char *at;
	struct part user, realm;

	take_anchors(&b, &head, &tail);
	at = find_at(b);
	if (at == NULL)
		return of_plain(b, head, tail, out, in_user);
	user = (struct part){ b.p, (size_t)(at - b.p) };
	realm.p = at + (*at == '\\' ? 2 : 1);
	realm.n = (size_t)(b.p + b.n - realm.p);
	if (!is_any_of(&user, any_user) || (head && user.n == 0) || find_at(realm) != NULL || (tail && realm.n == 0))
		return RGW_EXPR_USER;
	rgw_strbuf_add(out, realm.p, realm.n);
	if (!tail && !ends_with_any(&realm))
		rgw_strbuf_put(out, ".*");
	return RGW_EXPR_PATTERN;
}

enum rgw_expr_realm
rgw_expr_realm(const char *theirs, struct rgw_strbuf *out, bool *in_user)
{
	struct rgw_strbuf text = { 0 };
	struct part branch;
	enum rgw_expr_realm kind = RGW_EXPR_PATTERN;
	unsigned n = 0;

	*in_user = false;
	for (const char *p = theirs; next_branch(&p, &branch); n++) {
		enum rgw_expr_realm one;

		if (n > 0)
			rgw_strbuf_put(&text, "|");
		one = of_branch(branch, &text, in_user);
		if (one == RGW_EXPR_ANY || kind == RGW_EXPR_ANY)
			kind = RGW_EXPR_ANY;
		else if (n > 0 && (one != RGW_EXPR_PATTERN || kind != RGW_EXPR_PATTERN))
			kind = RGW_EXPR_USER;
		else
			kind = one;
	}
	rgw_strbuf_put(&text, "");
	if (kind == RGW_EXPR_PATTERN && strspn(text.v, "^$") > 0)
		kind = RGW_EXPR_USER;
	if (kind == RGW_EXPR_PATTERN)
		kind = of_realm(text.v, out);
	rgw_strbuf_fini(&text);
	return kind;
}
