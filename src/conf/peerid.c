/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/peerid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

static void
add_rule(struct rgw_cert_rules *rules, const struct rgw_cert_rule *rule)
{
	rules->v = rgw_xrealloc(rules->v, (rules->n + 1) * sizeof *rules->v);
	rules->v[rules->n++] = *rule;
}

/* Adds the rule for a host; false = the name makes no rule, so nothing was added. */
static bool
add_host(struct rgw_cert_rules *rules, const char *host)
{
	struct rgw_cert_rule rule = { 0 };
	struct rgw_addr literal;
	char zone[RGW_ZONE_TEXT];
	char ip[RGW_ADDR_TEXT];
	char text[300];

	/* The address in a certificate has no interface. */
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
		struct rgw_cert_rule rule = rgw_cert_rule_copy(&match->v[i]);

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
	/* Without a rule that says who the peer is, there are none: a name that makes no rule must not leave
	 * the others weaker than they were meant, and a policy alone would let in everybody who has it. */
	if (!named)
		rgw_cert_rules_free(out);
}

const char *
rgw_peer_sni(const struct rgw_conf_peer *peer, const char *host, char name[static RGW_HOST_TEXT])
{
	char zone[RGW_ZONE_TEXT];
	struct rgw_addr literal;
	size_t len;

	snprintf(name, RGW_HOST_TEXT, "%s", peer->sni != NULL ? peer->sni : host);
	len = strlen(name);
	if (len > 0 && name[len - 1] == '.')
		name[len - 1] = '\0';
	return name[0] == '\0' || rgw_addr_parse_zone(name, 0, &literal, zone) ? NULL : name;
}
