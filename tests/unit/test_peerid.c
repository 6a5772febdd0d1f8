/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/mem.h"
#include "radsecgw/peerid.h"

#define N(array) (sizeof(array) / sizeof(array)[0])
#define MOST 4

/* A NULL ends each list. */
static void
make_rules(const char *const texts[MOST], struct rgw_cert_rules *rules)
{
	*rules = (struct rgw_cert_rules){ NULL, 0 };
	for (size_t i = 0; i < MOST && texts[i] != NULL; i++) {
		rules->v = rgw_xrealloc(rules->v, (rules->n + 1) * sizeof *rules->v);
		assert_null(rgw_cert_rule_parse(texts[i], &rules->v[rules->n++]));
	}
}

static void
expect_rules(const struct rgw_cert_rules *rules, const char *const want[MOST], const char *what)
{
	char text[300];
	size_t n = 0;

	while (n < MOST && want[n] != NULL)
		n++;
	if (rules->n != n)
		fail_msg("%s: %zu rules instead of %zu", what, rules->n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(rgw_cert_rule_format(&rules->v[i], text, sizeof text), want[i]);
}

static const struct {
	const char *what;
	const char *match[MOST];
	const char *name;
	const char *connect[MOST];
	const char *host;           /* that we connect to; NULL = the peer connects to us */
	const char *want[MOST];
} identities[] = {
	{ "the host of the connection", { NULL }, NULL, { "a.x", "b.x" }, "b.x", { "dns:b.x" } },
	{ "an address of the connection", { NULL }, NULL, { "192.0.2.1" }, "192.0.2.1",
	    { "ip:192.0.2.1" } },
	{ "an address in IPv6", { NULL }, NULL, { "2001:db8::1" }, "2001:db8::1", { "ip:2001:db8::1" } },
	{ "an address on an interface", { NULL }, NULL, { "fe80::1%eth0" }, "fe80::1%eth0", { "ip:fe80::1" } },
	{ "a name with a dot behind it", { NULL }, NULL, { "a.x." }, "a.x.", { "dns:a.x." } },
	{ "all hosts", { NULL }, NULL, { "a.x", "b.x" }, NULL, { "dns:a.x", "dns:b.x" } },
	{ "names and addresses", { NULL }, NULL, { "a.x", "::1" }, NULL, { "dns:a.x", "ip:::1" } },
	{ "nothing known", { NULL }, NULL, { NULL }, NULL, { NULL } },
	{ "the name comes first", { NULL }, "n.x", { "a.x" }, "a.x", { "dns:n.x" } },
	{ "the name comes first, inwards", { NULL }, "n.x", { "a.x" }, NULL, { "dns:n.x" } },
	{ "a name alone", { NULL }, "192.0.2.1", { NULL }, NULL, { "ip:192.0.2.1" } },
	{ "rules that name", { "dns:m.x", "cn:M" }, NULL, { "a.x" }, "a.x", { "dns:m.x", "cn:M" } },
	{ "rules that name, inwards", { "uri:u:x" }, NULL, { "a.x" }, NULL, { "uri:u:x" } },
	{ "any names", { "any" }, NULL, { "a.x" }, NULL, { "any" } },
	{ "rules and name", { "dns:m.x" }, "n.x", { "a.x" }, NULL, { "dns:m.x", "dns:n.x" } },
	{ "a policy does not name", { "policy:1.2.3" }, NULL, { "a.x" }, "a.x",
	    { "policy:1.2.3", "dns:a.x" } },
	{ "a policy does not name, inwards", { "policy:1.2.3" }, NULL, { "a.x", "b.x" }, NULL,
	    { "policy:1.2.3", "dns:a.x", "dns:b.x" } },
	{ "a policy and a name", { "policy:1.2.3" }, "n.x", { NULL }, NULL,
	    { "policy:1.2.3", "dns:n.x" } },
	/* Nobody is let in by what is left of rules. */
	{ "a policy alone", { "policy:1.2.3" }, NULL, { NULL }, NULL, { NULL } },
	{ "a policy and a useless host", { "policy:1.2.3" }, NULL, { "a.1" }, "a.1",
	    { NULL } },
	{ "a useless host", { NULL }, NULL, { "a.1" }, "a.1", { NULL } },
	{ "useless hosts", { "policy:1.2.3" }, NULL, { "b.2", "a.1" }, NULL, { NULL } },
	{ "a useless host and another", { NULL }, NULL, { "a.1", "b.x" }, NULL, { "dns:b.x" } },
	{ "rules and a useless name", { "any", "dns:m.x" }, "a.1", { "a.x" }, NULL, { NULL } },
};

static void
follows_from_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(identities); i++) {
		struct rgw_conf_peer peer = { .cert_name = NULL };
		struct rgw_hostport hosts[MOST];
		struct rgw_cert_rules rules;

		make_rules(identities[i].match, &peer.match);
		if (identities[i].name != NULL)
			peer.cert_name = rgw_xstrdup(identities[i].name);
		peer.connect.v = hosts;
		for (; peer.connect.n < MOST && identities[i].connect[peer.connect.n] != NULL;
		     peer.connect.n++)
			hosts[peer.connect.n].host =
			    rgw_xstrdup(identities[i].connect[peer.connect.n]);
		rgw_peer_rules(&peer, identities[i].host, &rules);
		expect_rules(&rules, identities[i].want, identities[i].what);
		/* Both have texts of their own. */
		rgw_cert_rules_free(&peer.match);
		expect_rules(&rules, identities[i].want, identities[i].what);
		rgw_cert_rules_free(&rules);
		for (size_t k = 0; k < peer.connect.n; k++)
			free(hosts[k].host);
		free(peer.cert_name);
	}
}

static void
knows_any(void **state)
{
	static const struct { const char *texts[MOST]; bool any; } rows[] = {
		{ { NULL }, false },
		{ { "any" }, true },
		{ { "any", "any" }, true },
		{ { "policy:1.2", "any" }, true },
		{ { "policy:1.2" }, false },
		{ { "any", "dns:a.x" }, false },
		{ { "dns:a.x" }, false },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct rgw_cert_rules rules;

		make_rules(rows[i].texts, &rules);
		assert_int_equal(rgw_cert_rules_are_any(&rules), rows[i].any);
		rgw_cert_rules_free(&rules);
	}
}

#define SHA "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddee"

#define SPKI "spki:00112233445566778899aabbccddeeff00112233445566778899aabbccddee"

static const struct {
	const char *a[MOST];
	const char *b[MOST];
	const char *shared;  /* NULL = they do not overlap */
} pairs[] = {
	{ { NULL }, { NULL }, NULL },
	{ { "dns:a.x" }, { NULL }, NULL },
	{ { "dns:a.x" }, { "dns:b.x" }, NULL },
	{ { "dns:a.x" }, { "dns:a.x" }, "dns:a.x" },
	{ { "dns:a.x" }, { "dns:A.X" }, "dns:a.x" },
	{ { "dns:a.x." }, { "dns:a.x" }, "dns:a.x." },
	{ { "dns:a.x", "dns:b.x" }, { "dns:c.x", "dns:b.x" }, "dns:b.x" },
	/* A configured wildcard takes every host below, and no deeper one. */
	{ { "dns:*.x.y" }, { "dns:a.x.y" }, "dns:*.x.y" },
	{ { "dns:a.x.y" }, { "dns:*.X.Y" }, "dns:a.x.y" },
	{ { "dns:*.x.y" }, { "dns:*.x.y" }, "dns:*.x.y" },
	{ { "dns:*.x.y" }, { "dns:a.b.x.y" }, NULL },
	{ { "dns:*.x.y" }, { "dns:*.z.y" }, NULL },
	{ { "dns:*.x.y" }, { "dns:x.y" }, NULL },
	/* Different spellings of one value. */
	{ { "ip:2001:db8::1" }, { "ip:2001:0db8:0::1" }, "ip:2001:db8::1" },
	{ { "ip:192.0.2.1" }, { "ip:192.0.2.2" }, NULL },
	{ { SHA "ff" }, { SHA ":FF" }, SHA "ff" },
	{ { SHA "ff" }, { SHA "fe" }, NULL },
	{ { "issuer-serial:CN=x/04D2" }, { "issuer-serial:CN=x/00:04:d2" }, "issuer-serial:CN=x/04D2" },
	{ { "issuer-serial:CN=x/04D2" }, { "issuer-serial:CN=y/04D2" }, NULL },
	{ { "issuer-serial:CN=x/04D2" }, { "issuer-serial:CN=x/04D3" }, NULL },
	{ { "cn:Gate" }, { "cn:gATE" }, "cn:Gate" },
	{ { "cn:Gate" }, { "cn:Gates" }, NULL },
	{ { "rid:1.2.3" }, { "rid:1.2.3" }, "rid:1.2.3" },
	/* These are compared as they are. */
	{ { "uri:radius://a" }, { "uri:radius://a" }, "uri:radius://a" },
	{ { "uri:radius://a" }, { "uri:radius://A" }, NULL },
	{ { "nairealm:a.x" }, { "nairealm:a.x" }, "nairealm:a.x" },
	{ { "nairealm:a.x" }, { "nairealm:b.x" }, NULL },
	/* An expression and a name that it matches; of two expressions only the same one is known to have names in
	 * common. */
	{ { "dns:/r[0-9].x/" }, { "dns:r1.x" }, "dns:/r[0-9].x/" },
	{ { "dns:r1.x." }, { "dns:/r[0-9].x/" }, "dns:r1.x." },
	{ { "dns:/r[0-9].x/" }, { "dns:r.x" }, NULL },
	{ { "dns:/r.x/" }, { "dns:/r.x/" }, "dns:/r.x/" },
	{ { "dns:/r.x/" }, { "dns:/r[.]x/" }, NULL },
	{ { "uri:/radius:.*/" }, { "uri:radius://a" }, "uri:/radius:.*/" },
	{ { "cn:/g.*/" }, { "cn:Gate" }, "cn:/g.*/" },
	{ { SPKI "ff" }, { SPKI ":FF" }, SPKI "ff" },
	{ { SPKI "ff" }, { SPKI "fe" }, NULL },
	{ { SPKI "ff" }, { SHA "ff" }, NULL },
	/* All kinds must hold, so one that differs is enough to tell them apart ... */
	{ { "dns:a.x", "cn:a" }, { "dns:a.x", "cn:b" }, NULL },
	{ { "dns:a.x", "policy:1.2" }, { "dns:a.x", "policy:1.3" }, NULL },
	/* ... and a kind that only one has tells nothing. */
	{ { "dns:a.x", "cn:a" }, { "dns:a.x" }, "dns:a.x" },
	{ { "dns:a.x", "policy:1.2" }, { "dns:a.x" }, "dns:a.x" },
	{ { "cn:a", "dns:a.x" }, { "dns:a.x", "cn:a" }, "cn:a" },
	{ { "dns:a.x" }, { "cn:a.x" }, NULL },
	/* A policy says nothing about who they are. */
	{ { "dns:a.x", "policy:1.2" }, { "cn:a", "policy:1.2" }, NULL },
	{ { "policy:1.2", "dns:a.x" }, { "policy:1.2", "dns:a.x" }, "dns:a.x" },
	/* "any" leaves others theirs, and demands nothing beside other rules. */
	{ { "any" }, { "any" }, "any" },
	{ { "any" }, { "dns:a.x" }, NULL },
	{ { "dns:a.x" }, { "any" }, NULL },
	{ { "any", "policy:1.2" }, { "any" }, "any" },
	{ { "policy:1.2", "any" }, { "any", "policy:1.2" }, "any" },
	{ { "any", "policy:1.2" }, { "any", "policy:1.3" }, NULL },
	{ { "any", "dns:a.x" }, { "any" }, NULL },
	{ { "any", "dns:a.x" }, { "any", "dns:a.x" }, "dns:a.x" },
	{ { "any", "dns:a.x" }, { "any", "cn:a" }, NULL },
	{ { "any", "dns:a.x" }, { "any", "dns:b.x" }, NULL },
};

static void
tells_peers_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(pairs); i++) {
		struct rgw_cert_rules a;
		struct rgw_cert_rules b;
		const struct rgw_cert_rule *shared = NULL;
		char text[300];

		make_rules(pairs[i].a, &a);
		make_rules(pairs[i].b, &b);
		if (rgw_cert_rules_overlap(&a, &b, &shared) != (pairs[i].shared != NULL))
			fail_msg("pair %zu: %s and %s", i, pairs[i].a[0], pairs[i].b[0]);
		if (shared != NULL)
			assert_string_equal(
			    rgw_cert_rule_format(shared, text, sizeof text), pairs[i].shared);
		else
			assert_null(pairs[i].shared);
		/* It does not matter which comes first. */
		assert_int_equal(rgw_cert_rules_overlap(&b, &a, &shared), pairs[i].shared != NULL);
		rgw_cert_rules_free(&a);
		rgw_cert_rules_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_from_options),
		cmocka_unit_test(knows_any),
		cmocka_unit_test(tells_peers_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
