/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/peerid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certname.h"
#include "radsecgw/mem.h"

static void
add_rule(struct rgw_cert_rules *rules, const struct rgw_cert_rule *rule)
{
	rules->v = rgw_xrealloc(rules->v, (rules->n + 1) * sizeof *rules->v);
	rules->v[rules->n++] = *rule;
}

/* false = the name makes no rule, so nothing was added. */
static bool
add_host(struct rgw_cert_rules *rules, const char *host)
{
	struct rgw_cert_rule rule = { 0 };
	struct rgw_addr literal;
	char zone[RGW_ZONE_TEXT];
	char ip[RGW_ADDR_TEXT];
	char text[300];

	/* A certificate knows nothing about interfaces. */
	if (rgw_addr_parse_zone(host, 0, &literal, zone)) {
		literal.scope = 0;
		snprintf(text, sizeof text, "ip:%s", rgw_addr_format(&literal, ip));
	} else {
		snprintf(text, sizeof text, "dns:%s", host);
	}
	if (rgw_cert_rule_parse(text, &rule) != NULL)
		return false;
	add_rule(rules, &rule);
	return true;
}

/* Copies the `match` list. Is there a rule that says who the peer is? */
static bool
add_match(struct rgw_cert_rules *rules, const struct rgw_cert_rules *match)
{
	bool named = false;

	for (size_t i = 0; i < match->n; i++) {
		struct rgw_cert_rule rule = match->v[i];

		rule.text = rgw_xstrdup(rule.text);
		add_rule(rules, &rule);
		named |= rule.kind != RGW_CERT_POLICY;
	}
	return named;
}

void
rgw_peer_rules(const struct rgw_conf_peer *peer, const char *host, struct rgw_cert_rules *out)
{
	bool named;

	*out = (struct rgw_cert_rules){ NULL, 0 };
	named = add_match(out, &peer->match);
	if (peer->cert_name != NULL)
		named = add_host(out, peer->cert_name);
	else if (!named && host != NULL)
		named = add_host(out, host);
	else if (!named)
		for (size_t i = 0; i < peer->connect.n; i++)
			named |= add_host(out, peer->connect.v[i].host);
	/* A name that could not be asked for must not leave the other rules weaker than they were
	 * meant, and a policy alone would let in everybody who has it. */
	if (!named)
		rgw_cert_rules_free(out);
}

static struct rgw_span
octets_of(const struct rgw_cert_rule *rule)
{
	return (struct rgw_span){ rule->octets, rule->n_octets };
}

/* What stands before the serial number. */
static struct rgw_span
issuer_of(const struct rgw_cert_rule *rule)
{
	return (struct rgw_span){ (const uint8_t *)rule->text,
		(size_t)(strrchr(rule->text, '/') - rule->text) };
}

/* The same name, or a wildcard and a name below it. Other patterns cover nothing but themselves. */
static bool
have_common_host(const struct rgw_cert_rule *a, const struct rgw_cert_rule *b)
{
	struct rgw_span x = rgw_configured_host(a->text);
	struct rgw_span y = rgw_configured_host(b->text);

	return rgw_span_equal_nocase(x, y) ||
	    (rgw_wildcard_rest(x).len > 0 && rgw_host_covered(x, y)) ||
	    (rgw_wildcard_rest(y).len > 0 && rgw_host_covered(y, x));
}

/* Is there a value that satisfies both rules, which are of one kind? */
static bool
have_common_value(const struct rgw_cert_rule *a, const struct rgw_cert_rule *b)
{
	switch (a->kind) {
	case RGW_CERT_DNS:
		return have_common_host(a, b);
	case RGW_CERT_URI:
	case RGW_CERT_NAIREALM:
		return strcmp(a->text, b->text) == 0;
	case RGW_CERT_CN:
		return rgw_span_equal_nocase(rgw_span_of_text(a->text), rgw_span_of_text(b->text));
	case RGW_CERT_IP:
	case RGW_CERT_RID:
	case RGW_CERT_SHA256:
	case RGW_CERT_POLICY:
		return rgw_span_equal(octets_of(a), octets_of(b));
	case RGW_CERT_ISSUER_SERIAL:
		return rgw_span_equal(octets_of(a), octets_of(b)) &&
		    rgw_span_equal(issuer_of(a), issuer_of(b));
	case RGW_CERT_ANY:
		return true;
	case RGW_CERT_KINDS:
		break;
	}
	return false;
}

#define BIT(kind) (1u << (kind))

bool
rgw_peer_rules_are_any(const struct rgw_cert_rules *rules)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < rules->n; i++)
		kinds |= BIT(rules->v[i].kind);
	return (kinds & ~BIT(RGW_CERT_POLICY)) == BIT(RGW_CERT_ANY);
}

bool
rgw_peer_rules_overlap(const struct rgw_cert_rules *a, const struct rgw_cert_rules *b,
    const struct rgw_cert_rule **shared)
{
	const struct rgw_cert_rule *found = NULL;
	bool any = rgw_peer_rules_are_any(a);
	unsigned both = 0;    /* kinds that both have ... */
	unsigned common = 0;  /* ... with a value that satisfies both */

	if (any != rgw_peer_rules_are_any(b))
		return false;
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++) {
			enum rgw_cert_rule_kind kind = a->v[i].kind;

			/* Beside other rules, "any" demands nothing. */
			if (kind != b->v[j].kind || (kind == RGW_CERT_ANY && !any))
				continue;
			both |= BIT(kind);
			if (!have_common_value(&a->v[i], &b->v[j]))
				continue;
			common |= BIT(kind);
			if (found == NULL && kind != RGW_CERT_POLICY)
				found = &a->v[i];
		}
	if (found == NULL || both != common)
		return false;
	*shared = found;
	return true;
}
