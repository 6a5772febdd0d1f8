/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "expression.h"
#include "rsp.h"
#include "radsecgw/mem.h"

/*
 * Which certificate is a peer's. There, all rules must hold, and the name of the host beside them; here, of each kind
 * of rule one must hold, and `name` beside them.
 */

/* The kinds of rules. Those with an expression have it between slashes. */
static const struct kind {
	const char *theirs;
	const char *ours;
	bool expression;
} kinds[] = {
	{ "CN:", "dns:", true },
	{ "SubjectAltName:DNS:", "dns:", true },
	{ "SubjectAltName:URI:", "uri:", true },
	{ "SubjectAltName:IP:", "ip:", false },
	{ "SubjectAltName:rID:", "rid:", false },
	/* NAIRealm (RFC 7585 2.2) is the one otherName that has a rule here. */
	{ "SubjectAltName:otherName:1.3.6.1.5.5.7.8.8:", "nairealm:", true },
};

static const struct kind *
find_kind(const char *text)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strncasecmp(text, kinds[i].theirs, strlen(kinds[i].theirs)) == 0)
			return &kinds[i];
	return NULL;
}

static bool
has_kind(const struct rgw_out_section *s, const char *ours)
{
	const struct rgw_out_line *line = rgw_out_get(s, "match");
	const char *p = line != NULL ? line->value : NULL;

	for (; p != NULL && *p != '\0'; p += strcspn(p, "\n") + 1)
		if (strncmp(p, ours, strlen(ours)) == 0)
			return true;
	return false;
}

static void
add_rule(
    struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *from, const char *kind, const char *value)
{
	struct rgw_strbuf rule = { 0 };

	rgw_strbuf_put(&rule, kind);
	rgw_strbuf_put(&rule, value);
	rgw_out_set(&m->out, s, from, "match", rule.v);
	rgw_strbuf_fini(&rule);
}

/* An expression between slashes; the last slash may be missing. */
static bool
add_expression(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *node, const struct kind *kind)
{
	char *text = rgw_xstrdup(node->value + strlen(kind->theirs));
	size_t n = strlen(text);
	struct rgw_strbuf value = { 0 };
	bool literal;

	if (n > 1 && text[n - 1] == '/')
		text[n - 1] = '\0';
	literal = text[0] == '/' && rgw_expr_literal(text + 1, &value);
	if (!literal) {
		rgw_strbuf_fini(&value);
		rgw_strbuf_put(&value, "/");
		rgw_expr_whole(text[0] == '/' ? text + 1 : text, &value);
		rgw_strbuf_put(&value, "/");
	}
	if (literal || strcmp(kind->ours, "nairealm:") != 0)
		add_rule(m, s, node, kind->ours, value.v);
	free(text);
	rgw_strbuf_fini(&value);
	return literal || strcmp(kind->ours, "nairealm:") != 0;
}

static void
map_attribute(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *node)
{
	const struct kind *kind = find_kind(node->value);

	if (kind == NULL) {
		rgw_out_remark(&m->out, s, node,
		    "%s %s: there is no rule for this name in a certificate here, so it is not "
		    "asked for. Look at match in radsecgw.ini(5) for another way to know this peer.",
		    node->word, node->value);
	} else if (has_kind(s, kind->ours)) {
		rgw_out_remark(&m->out, s, node,
		    "%s %s: of each kind of rule one is enough here, so a second one would ask for "
		    "less. It was left out; write one expression that asks for both.",
		    node->word, node->value);
	} else if (!kind->expression) {
		add_rule(m, s, node, kind->ours, node->value + strlen(kind->theirs));
	} else if (!add_expression(m, s, node, kind)) {
		rgw_out_remark(&m->out, s, node,
		    "%s %s: NAIRealm is compared with a realm here, not with an expression. Write "
		    "match = nairealm:REALM.",
		    node->word, node->value);
	} else if (rgw_word_is(kind->theirs, "CN:")) {
		rgw_out_remark(&m->out, s, node,
		    "%s %s: names are looked for in the DNS names of a certificate (subjectAltName) "
		    "here. If the certificate of this peer has none, write cn: in place of dns:.",
		    node->word, node->value);
	}
}

/* The names of which the certificate must have one: those of the hosts, and ServerName. */
static void
map_names(
    struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block, size_t first, size_t n, bool more)
{
	const struct rgw_node *server = rgw_node_get(block, "servername", NULL);
	struct rgw_rsp_host h;

	rgw_rsp_host(block, first, &h);
	if (server != NULL) {
		rgw_out_set(&m->out, s, server, "name", server->value);
		return;
	}
	if (n == 1 && (more || rgw_out_get(s, "connect") == NULL)) {
		rgw_out_set(&m->out, s, NULL, "name", h.text);
		return;
	}
	if (!more && rgw_out_get(s, "connect") != NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		rgw_rsp_host(block, first + i, &h);
		add_rule(m, s, NULL, h.is_address ? "ip:" : "dns:", h.text);
	}
}

void
rgw_rsp_match(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block, size_t first, size_t n)
{
	const struct rgw_node *tls = rgw_rsp_used(m, block, "tls", "tls");
	struct rgw_node *attribute = rgw_node_get(block, "matchcertificateattribute", NULL);
	const struct rgw_node *policy = NULL;
	struct rgw_rsp_host h;
	bool named;

	rgw_rsp_host(block, first, &h);
	named = rgw_map_is_on(block, "certificatenamecheck", true) && !h.is_network;
	if (named)
		map_names(m, s, block, first, n, attribute != NULL);
	for (; attribute != NULL; attribute = rgw_node_get(block, "matchcertificateattribute", attribute))
		map_attribute(m, s, attribute);
	if (!named && rgw_out_get(s, "match") == NULL)
		rgw_out_set_said(&m->out, s, rgw_node_get(block, "certificatenamecheck", NULL), "match", "any",
		    "As before, every certificate of this trust is taken for this peer's. A name would be safer.");
	while (tls != NULL && (policy = rgw_node_get(tls, "policyoid", policy)) != NULL)
		add_rule(m, s, policy, "policy:", policy->value);
}
