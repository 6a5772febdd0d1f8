/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "expression.h"

/* Sections home_server_pool and realm. */

/* The section of a home_server that can be asked, or NULL. */
static struct rgw_out_section *
section_of_home(const struct rgw_map *m, const char *name)
{
	const struct rgw_node *home = rgw_fr_find(m, "home_server", name);
	struct rgw_out_section *s = home == NULL ? NULL : rgw_out_of(&m->out, RGW_CONF_PEER, home);

	if (home != NULL && s == NULL)
		s = rgw_out_of(&m->out, RGW_CONF_SERVER, home);
	return s != NULL && !s->off ? s : NULL;
}

static void
fill_pool(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *pool)
{
	struct rgw_node *type = rgw_node_get(pool, "type", NULL);
	const struct rgw_row *row = rgw_map_row(m, RGW_FR_POOL, "type");
	struct rgw_node *node = NULL;
	unsigned n = 0;

	while ((node = rgw_node_get(pool, "home_server", node)) != NULL) {
		const struct rgw_out_section *member = section_of_home(m, node->value);

		n += member != NULL;
		if (member != NULL)
			rgw_out_set(&m->out, s, node, "members", member->name);
	}
	for (const struct rgw_word_pair *pair = row->words; type != NULL && pair->theirs != NULL; pair++)
		if (rgw_word_is(pair->theirs, type->value))
			rgw_out_set(&m->out, s, type, "policy", pair->ours);
	if (type != NULL && rgw_word_is(type->value, "client-balance"))
		rgw_out_set(&m->out, s, type, "hash-key", "NAS-IP-Address");
	else if (type != NULL &&
	    (rgw_word_is(type->value, "client-port-balance") || rgw_word_is(type->value, "keyed-balance")))
		rgw_out_remark(&m->out, s, type,
		    "type = %s: all logins of one device (Calling-Station-Id) go to one member here. "
		    "Another attribute can be given in hash-key.",
		    type->value);
	if (n > 1) {
		rgw_out_set_said(&m->out, s, NULL, "retry-after", "0",
		    "As before, a request goes to one member alone. Without "
		    "this line one that stays unanswered for three seconds is also tried at the next member.");
		rgw_out_set_said(&m->out, s, NULL, "dead-realm", "0",
		    "As before, all realms are asked for in the same order. "
		    "Without this line a member that leaves one realm unanswered is asked last for that realm.");
	}
	if (rgw_node_get(pool, "fallback", NULL) != NULL)
		rgw_out_remark(&m->out, s, rgw_node_get(pool, "fallback", NULL),
		    "fallback = %s: when no member can be reached, "
		    "logins are rejected. A server that shall answer then can be the last of the members.",
		    rgw_node_text(pool, "fallback", ""));
	s->off = n == 0;
	if (n == 0)
		rgw_out_remark(
		    &m->out, s, pool, "home_server_pool %s: none of its servers could be carried over.", pool->value);
}

/* The name of what a pool has become: the only member of a pool stands for it. */
static const char *
target_of(struct rgw_map *m, const char *name)
{
	const struct rgw_node *pool = rgw_fr_find(m, "home_server_pool", name);
	const struct rgw_out_section *s = pool != NULL ? rgw_out_of(&m->out, RGW_CONF_POOL, pool) : NULL;

	return s != NULL && !s->off ? s->name : NULL;
}

/* The names of users lose their realm at the servers of this pool, if there is one. */
static void
strip_at(struct rgw_map *m, const struct rgw_node *pool)
{
	struct rgw_node *node = NULL;

	while (pool != NULL && (node = rgw_node_get(pool, "home_server", node)) != NULL) {
		struct rgw_out_section *to = section_of_home(m, node->value);
		struct rgw_out_section *rewrite = rgw_out_of(&m->out, RGW_CONF_REWRITE, &m->tree->root);

		if (to == NULL || rgw_out_get(to, "rewrite-out") != NULL)
			continue;
		if (rewrite == NULL) {
			rewrite = rgw_out_section(&m->out, RGW_CONF_REWRITE, "strip-realm", &m->tree->root);
			rewrite->their_words = false;
			rgw_out_set(&m->out, rewrite, NULL, "replace", "User-Name /@[^@]*$//");
			rgw_out_set(&m->out, rewrite, NULL, "packets", "access-request");
			rgw_out_set(&m->out, rewrite, NULL, "packets", "accounting-request");
		}
		rgw_out_set(&m->out, to, NULL, "rewrite-out", rewrite->name);
	}
}

/* Servers got logins and records with names that have lost their realm, unless nostrip says otherwise. */
static void
map_strip(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *realm, const char *auth, const char *acct)
{
	if (rgw_node_get(realm, "nostrip", NULL) != NULL || rgw_word_is(realm->value, "NULL"))
		return;
	rgw_out_remark(&m->out, s, realm,
	    "realm %s: without nostrip, servers got names without their realm. Here, names that go "
	    "to the servers of its pools lose their realm, whichever realm that is.",
	    realm->value);
	strip_at(m, rgw_fr_find(m, "home_server_pool", auth));
	strip_at(m, acct != NULL ? rgw_fr_find(m, "home_server_pool", acct) : NULL);
}

static void
fill_realm(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *realm)
{
	const char *both = rgw_node_text(realm, "pool", NULL);
	const char *auth = rgw_node_text(realm, "auth_pool", both);
	const char *acct = rgw_node_text(realm, "acct_pool", both);
	const char *target = auth != NULL ? target_of(m, auth) : NULL;
	const char *second = acct != NULL ? target_of(m, acct) : NULL;

	if (target == NULL) {
		rgw_out_remark(&m->out, s, realm, "realm %s: %s", realm->value,
		    auth != NULL ? "none of its servers could be carried over." :
		                   "its logins were answered by the server itself, and are not sent on. If that "
		                   "server is to answer behind the "
		                   "gateway, give it a [server] and write pool here.");
		s->off = true;
		return;
	}
	rgw_out_set(&m->out, s, rgw_node_get(realm, both != NULL ? "pool" : "auth_pool", NULL), "pool", target);
	if (second == NULL)
		rgw_out_set_said(&m->out, s, NULL, "acct", "ack",
		    "The server kept these records itself. They are acknowledged here "
		    "and kept nowhere.");
	else if (strcmp(second, target) != 0)
		rgw_out_set(&m->out, s, rgw_node_get(realm, "acct_pool", NULL), "acct", second);
	if (rgw_node_get(realm, "coa_pool", NULL) != NULL)
		rgw_out_remark(&m->out, s, rgw_node_get(realm, "coa_pool", NULL),
		    "coa_pool = %s: CoA is not sent by way of a "
		    "[realm] here; see coa in radsecgw.ini(5).",
		    rgw_node_text(realm, "coa_pool", ""));
	map_strip(m, s, realm, auth, acct);
}

void
rgw_fr_realm(struct rgw_map *m, struct rgw_node *realm)
{
	const char *name = realm->value;
	struct rgw_strbuf text = { 0 };
	struct rgw_out_section *s;

	if (name[0] == '~')
		rgw_expr_whole(name + 1, &text);
	else if (rgw_name_check(RGW_CONF_REALM, name) != NULL || name[0] == '.' || name[0] == '-' ||
	    strlen(name) > 38)
		rgw_expr_quote(name, &text);
	s = rgw_out_section(&m->out, RGW_CONF_REALM,
	    rgw_word_is(name, "DEFAULT")  ? "*" :
	        rgw_word_is(name, "NULL") ? "-" :
	                                    name,
	    realm);
	if (text.n > 0)
		rgw_out_set(&m->out, s, realm, "regex", text.v);
	rgw_strbuf_fini(&text);
	if (rgw_node_get(realm, "authhost", NULL) != NULL) {
		rgw_out_remark(&m->out, s, realm,
		    "realm %s: servers are [server] sections here. Write authhost as a home_server with "
		    "a home_server_pool, and import again.",
		    name);
		s->off = true;
		return;
	}
	fill_realm(m, s, realm);
}

void
rgw_fr_pool(struct rgw_map *m, struct rgw_node *pool)
{
	fill_pool(m, rgw_out_section(&m->out, RGW_CONF_POOL, pool->value, pool), pool);
}
