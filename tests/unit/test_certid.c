/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/certid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs.h"
#include "dertext.h"
#include "radsecgw/mem.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define SHA256 "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

#define KEY_SHA256 "2222222222222222222222222222222222222222222222222222222222222222"

/* The digest that SHA256 spells. */
static const uint8_t digest[32] = {
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
};

/* Rules from a text such as "dns:a.example dns:b.example policy:1.2"; "|" stands for a blank. */
static struct rgw_cert_rules
rules_of(const char *text)
{
	struct rgw_cert_rules rules = { NULL, 0 };
	char *copy = rgw_xstrdup(text);
	char *rest = copy;

	for (char *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		for (char *p = word; *p != '\0'; p++)
			if (*p == '|')
				*p = ' ';
		rules.v = rgw_xrealloc(rules.v, (rules.n + 1) * sizeof *rules.v);
		if (rgw_cert_rule_parse(word, &rules.v[rules.n]) != NULL)
			fail_msg("rule '%s'", word);
		rules.n++;
	}
	free(copy);
	return rules;
}

/* Judges by rules given as text; *failed (may be NULL) gets the failed rule as text. */
static enum rgw_cert_verdict
judge(const struct rgw_x509 *cert, enum rgw_cert_role role, const char *text, char failed[64])
{
	struct rgw_cert_rules rules = rules_of(text);
	const struct rgw_cert_rule *unmet;
	enum rgw_cert_verdict verdict = rgw_cert_judge(cert, role, &rules, digest, &unmet);

	assert_true(verdict == RGW_CERT_NO_MATCH || unmet == NULL);
	if (failed != NULL)
		failed[0] = '\0';
	if (failed != NULL && unmet != NULL)
		rgw_cert_rule_format(unmet, failed, 64);
	rgw_cert_rules_free(&rules);
	assert_null(rules.v);
	return verdict;
}

static struct rgw_x509
sample(const char *name, struct test_der *der)
{
	struct rgw_x509 cert;

	assert_non_null(test_cert_hex(name));
	test_der_make(der, test_cert_hex(name));
	assert_true(rgw_x509_parse(&cert, der->octets, der->len));
	assert_false(cert.has_key_sha256);
	cert.has_key_sha256 = true;
	memset(cert.key_sha256, 0x22, sizeof cert.key_sha256);
	return cert;
}

static struct rgw_span
span(const char *text)
{
	return (struct rgw_span){ (const uint8_t *)text, strlen(text) };
}

static void
test_rules_read(void **state)
{
	static const struct {
		const char *text;
		enum rgw_cert_rule_kind kind;
		size_t n_octets;
		const char *octets;
	} rows[] = {
		{ "dns:radius.example.org", RGW_CERT_DNS, 0, "" },
		{ "dns:Radius.Example.ORG.", RGW_CERT_DNS, 0, "" },
		{ "dns:localhost", RGW_CERT_DNS, 0, "" },
		{ "dns:xn--mnchen-3ya.example", RGW_CERT_DNS, 0, "" },
		{ "dns:_radsec-1.example", RGW_CERT_DNS, 0, "" },
		{ "dns:1.example", RGW_CERT_DNS, 0, "" },
		{ "dns:*.example.org", RGW_CERT_DNS, 0, "" },
		{ "dns:*.a.b", RGW_CERT_DNS, 0, "" },
		{ "ip:192.0.2.1", RGW_CERT_IP, 4, "\xc0\x00\x02\x01" },
		{ "ip:2001:db8::1", RGW_CERT_IP, 16, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" },
		{ "uri:radius://a.example/x?y=z", RGW_CERT_URI, 0, "" },
		{ "nairealm:example.org", RGW_CERT_NAIREALM, 0, "" },
		{ "nairealm:m\xc3\xbcnchen.example", RGW_CERT_NAIREALM, 0, "" },
		{ "rid:2.999.7", RGW_CERT_RID, 3, "\x88\x37\x07" },
		{ "policy:1.3.6.1", RGW_CERT_POLICY, 3, "\x2b\x06\x01" },
		{ "cn:radius.example.org", RGW_CERT_CN, 0, "" },
		{ "cn:Gateway of M\xc3\xbcnchen", RGW_CERT_CN, 0, "" },
		{ "cn:a:b", RGW_CERT_CN, 0, "" },
		{ "issuer-serial:CN=CA, O=Example/04D2", RGW_CERT_ISSUER_SERIAL, 2, "\x04\xd2" },
		{ "issuer-serial:CN=CA/B/4f", RGW_CERT_ISSUER_SERIAL, 1, "\x4f" },
		{ "issuer-serial:CN=CA/9f:01", RGW_CERT_ISSUER_SERIAL, 3, "\x00\x9f\x01" },
		{ "issuer-serial:CN=CA/00009f", RGW_CERT_ISSUER_SERIAL, 2, "\x00\x9f" },
		{ "issuer-serial:CN=CA/0000", RGW_CERT_ISSUER_SERIAL, 1, "\x00" },
		{ "dns:/radius[0-9]+\\.example\\.org/", RGW_CERT_DNS, 0, "" },
		{ "uri:/radius://[a-z.]*/", RGW_CERT_URI, 0, "" },
		{ "uri:/", RGW_CERT_URI, 0, "" },
		{ "cn:/(a|b)/", RGW_CERT_CN, 0, "" },
		{ "cn:/a", RGW_CERT_CN, 0, "" },
		{ "nairealm:/a/", RGW_CERT_NAIREALM, 0, "" },
		{ "any", RGW_CERT_ANY, 0, "" },
	};
	static const char colons[] = "sha256:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:"
	    "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF";
	struct rgw_cert_rule rule;
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rgw_cert_rule_parse(rows[i].text, &rule) != NULL)
			fail_msg("%s", rows[i].text);
		assert_int_equal(rule.kind, rows[i].kind);
		assert_int_equal(rule.n_octets, rows[i].n_octets);
		assert_memory_equal(rule.octets, rows[i].octets, rule.n_octets);
		assert_string_equal(rgw_cert_rule_format(&rule, text, sizeof text), rows[i].text);
		rgw_cert_rule_clear(&rule);
	}
	/* P-CRT-11: SHA-256 only, with or without colons, in either case. */
	assert_null(rgw_cert_rule_parse(colons, &rule));
	assert_int_equal(rule.kind, RGW_CERT_SHA256);
	assert_memory_equal(rule.octets, digest, 32);
	rgw_cert_rule_clear(&rule);
	assert_null(rgw_cert_rule_parse("sha256:" SHA256, &rule));
	assert_memory_equal(rule.octets, digest, 32);
	rgw_cert_rule_clear(&rule);
	assert_null(rgw_cert_rule_parse("spki:" SHA256, &rule));
	assert_int_equal(rule.kind, RGW_CERT_SPKI);
	assert_memory_equal(rule.octets, digest, 32);
	rgw_cert_rule_clear(&rule);
	assert_null(rgw_cert_rule_parse("DNS:a.example", &rule));
	assert_string_equal(rgw_cert_rule_format(&rule, text, sizeof text), "dns:a.example");
	rgw_cert_rule_clear(&rule);
}

/* The message must be the one of the kind, which begins with its name, or the list of kinds. */
static void
test_rules_refused(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{ "", "a rule begins" }, { ":", "a rule begins" }, { "radius.example", "a rule begins" },
		{ "dn:a.example", "a rule begins" }, { "dnsx:a", "a rule begins" },
		{ " dns:a", "a rule begins" }, { "sha1:00", "a rule begins" }, { "anything", "a rule" },
		{ "any:", "any" }, { "any:x", "any" },
		{ "dns", "dns:" }, { "dns:", "dns:" }, { "dns:.", "dns:" }, { "dns:a..b", "dns:" },
		{ "dns:.a.b", "dns:" }, { "dns:a.b..", "dns:" }, { "dns:a b", "dns:" },
		{ "dns: a.b", "dns:" }, { "dns:a.b:2083", "dns:" }, { "dns:a/b", "dns:" },
		{ "dns:192.0.2.1", "dns:" }, { "dns:::1", "dns:" }, { "dns:1", "dns:" },
		{ "dns:m\xc3\xbcnchen.example", "dns:" },
		/* P-CRT-6 */
		{ "dns:*", "dns:" }, { "dns:*.", "dns:" }, { "dns:*.org", "dns:" }, { "dns:f*o", "dns:" },
		{ "dns:f*o.example.org", "dns:" }, { "dns:*f.example.org", "dns:" },
		{ "dns:a.*.org", "dns:" }, { "dns:*.*.org", "dns:" }, { "dns:*.*.x.org", "dns:" },
		{ "dns:*..org", "dns:" }, { "dns:**.example.org", "dns:" }, { "dns:*.0.2.1", "dns:" },
		{ "ip:", "ip:" }, { "ip:radius.example", "ip:" }, { "ip:192.0.2.1:2083", "ip:" },
		{ "ip:[2001:db8::1]:2083", "ip:" }, { "ip:192.0.2.0/24", "ip:" }, { "ip:192.0.2", "ip:" },
		{ "ip:fe80::1%2", "ip:" },
		{ "uri:", "uri:" }, { "uri:a b", "uri:" }, { "uri:a\x7f", "uri:" },
		{ "uri:a\tb", "uri:" }, { "uri:\xc3\xbc", "uri:" },
		{ "nairealm:", "nairealm:" }, { "nairealm:*.example", "nairealm:" },
		{ "nairealm:*", "nairealm:" }, { "nairealm:a..b", "nairealm:" },
		{ "nairealm:.a", "nairealm:" }, { "nairealm:a.b.", "nairealm:" },
		{ "nairealm:user@a.b", "nairealm:" }, { "nairealm:a b", "nairealm:" },
		{ "nairealm:a\x7f.b", "nairealm:" }, { "nairealm:a\nb", "nairealm:" },
		{ "rid:", "rid:" }, { "rid:1", "rid:" }, { "rid:1.2.x", "rid:" },
		{ "policy:", "policy:" }, { "policy:3.1", "policy:" }, { "policy:anyPolicy", "policy:" },
		{ "cn:", "cn:" }, { "cn:a\nb", "cn:" }, { "cn:a\x7f", "cn:" },
		{ "issuer-serial:", "issuer-serial:" }, { "issuer-serial:CN=CA", "issuer-serial:" },
		{ "issuer-serial:/01", "issuer-serial:" }, { "issuer-serial:CN=CA/", "issuer-serial:" },
		{ "issuer-serial:CN=CA/4d2", "issuer-serial:" },
		{ "issuer-serial:CN=CA/0x04d2", "issuer-serial:" },
		{ "issuer-serial:CN=CA/:04", "issuer-serial:" },
		{ "issuer-serial:CN=CA/04:", "issuer-serial:" },
		{ "issuer-serial:CN=CA/04::d2", "issuer-serial:" },
		{ "issuer-serial:C\nN=CA/04", "issuer-serial:" },
		{ "issuer-serial:CN=CA/" SHA256 "00", "issuer-serial:" },
		{ "issuer-serial:CN=CA/ff" SHA256, "issuer-serial:" },
		/* 32 octets would fit, but not with the zero that keeps them positive. */
		{ "issuer-serial:CN=CA/f" "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		    "issuer-serial:" },
		{ "dns:/", "dns:" }, { "dns://", "dns:" }, { "dns:/a(/", "dns:" }, { "dns:/(a)\\1/", "dns:" },
		{ "dns:/a/b", "dns:" }, { "uri://", "uri:" }, { "uri:/[/", "uri:" }, { "cn:/(/", "cn:" },
		{ "cn://", "cn:" }, { "cn:/a{9999}{99}/", "cn:" },
		{ "spki:", "spki:" }, { "spki:0123", "spki:" }, { "spki:" SHA256 "00", "spki:" },
		{ "sha256:", "sha256:" }, { "sha256:" SHA256 "00", "sha256:" },
		{ "sha256:" SHA256 "0", "sha256:" }, { "sha256:0123", "sha256:" },
		{ "sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "sha256:" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_cert_rule rule = { .kind = RGW_CERT_KINDS };
		const char *message = rgw_cert_rule_parse(rows[i].text, &rule);

		if (message == NULL)
			fail_msg("'%s'", rows[i].text);
		assert_memory_equal(message, rows[i].message, strlen(rows[i].message));
		assert_true(rule.kind == RGW_CERT_KINDS && rule.text == NULL);
	}
}

/* Rules of the longest texts that are allowed, and of one octet more. */
static void
test_rules_have_bounds(void **state)
{
	static const struct {
		const char *before;
		const char *after;
		size_t most;
	} rows[] = {
		{ "dns:", ".example", 63 },  /* a label */
		{ "issuer-serial:CN=", "/01", 512 - 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t n = rows[i].most; n <= rows[i].most + 1; n++) {
			char filler[600] = "";
			char text[700];
			struct rgw_cert_rule rule = { .text = NULL };

			memset(filler, 'a', n);
			snprintf(text, sizeof text, "%s%s%s", rows[i].before, filler, rows[i].after);
			assert_int_equal(rgw_cert_rule_parse(text, &rule) == NULL, n == rows[i].most);
			rgw_cert_rule_clear(&rule);
		}
	}
}

/* P-CRT-6, P-CRT-7. */
static void
test_host_names(void **state)
{
	static const struct {
		const char *pattern;
		const char *name;
		bool match;
	} rows[] = {
		{ "radius.example.org", "radius.example.org", true },
		{ "RADIUS.example.ORG", "radius.Example.org", true },
		{ "radius.example.org", "radius.example.org.", true },
		{ "radius.example.org.", "radius.example.org", false },
		{ "radius.example.org.", "radius.example.org.", false },
		{ "radius.example.org", "radius.example.org..", false },
		{ "radius.example.org", "radius.example.or", false },
		{ "radius.example.org", "adius.example.org", false },
		{ "radius.example.or", "radius.example.org", false },
		{ "example.org", "radius.example.org", false },
		{ ".example.org", "radius.example.org", false },
		{ ".example.org", ".example.org", false },
		{ "localhost", "localhost", true },
		{ "r0.z9-AZ.example", "R0.Z9-az.example", true },
		{ "*.a.b", "x.a.b", true },
		{ "", "", false }, { "", ".", false }, { "", "a", false }, { "a", "", false },
		{ "*.example.org", "radius.example.org", true },
		{ "*.Example.org", "radius.eXample.org.", true },
		{ "*.example.org", "xn--mnchen-3ya.example.org", true },
		{ "*.example.org", "example.org", false },
		{ "*.example.org", ".example.org", false },
		{ "*.example.org", "a.b.example.org", false },
		{ "*.example.org", "aexample.org", false },
		{ "*.example.org", "*.example.org", false },
		{ "*.example.org.", "radius.example.org", false },
		{ "*", "radius", false }, { "*", "localhost", false }, { "*", "a.b", false },
		{ "*.", "a.", false }, { "*.", "a", false }, { "*.a.", "x.a", false },
		{ "*.org", "example.org", false },
		{ "*.*.org", "a.b.org", false }, { "*.*.example.org", "a.b.example.org", false },
		{ "*.*.example.org", "a.*.example.org", false },
		{ "a.*.org", "a.b.org", false }, { "a.*", "a.b", false },
		{ "f*o.example.org", "foo.example.org", false }, { "f*o", "foo", false },
		{ "*o.example.org", "foo.example.org", false },
		{ "f*.example.org", "foo.example.org", false },
		{ "**.example.org", "foo.example.org", false },
		{ "f*o.example.org", "f*o.example.org", false },
		{ "?.example.org", "a.example.org", false },
		{ "192.0.2.1", "192.0.2.1", false }, { "*.0.2.1", "192.0.2.1", false },
		{ "a\xc3\xa4.example", "a\xc3\xa4.example", false },
		{ "a\xc3\x84.example", "a\xc3\xa4.example", false },
		/* Octets 0x20 apart that are no letters. */
		{ "a[.example", "a{.example", false }, { "a@.example", "a`.example", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rgw_dns_match(span(rows[i].pattern), rows[i].name) != rows[i].match)
			fail_msg("%s ~ %s", rows[i].name, rows[i].pattern);
	assert_false(rgw_dns_match((struct rgw_span){ NULL, 0 }, "a"));
	/* P-CRT-7: a NUL never matches, wherever it is. */
	assert_false(rgw_dns_match((struct rgw_span){ (const uint8_t *)"a.b\0", 4 }, "a.b"));
	assert_false(rgw_dns_match((struct rgw_span){ (const uint8_t *)"a.b\0.c", 6 }, "a.b"));
	assert_false(rgw_dns_match((struct rgw_span){ (const uint8_t *)"\0a.b", 4 }, "a.b"));
	assert_false(rgw_dns_match((struct rgw_span){ (const uint8_t *)"*.a\0.b", 6 }, "x.a.b"));
}

/* RFC 1035 2.3.4: 253 octets without the dot of the root, labels of 63. */
static void
test_longest_host_name(void **state)
{
	char name[256] = "";

	(void)state;
	for (size_t n = 253; n <= 254; n++) {
		for (size_t i = 0; i < n; i++)
			name[i] = i % 64 == 63 ? '.' : 'a';
		name[n] = '.';
		name[n + 1] = '\0';
		assert_int_equal(rgw_dns_match((struct rgw_span){ (const uint8_t *)name, n }, name),
		    n == 253);
	}
}

/* The cases begin with the table of P-CRT-10. */
static void
test_realms(void **state)
{
	static const struct {
		const char *pattern;
		const char *realm;
		bool match;
	} rows[] = {
		{ "foo.example", "foo.example", true },
		{ "*.example", "foo.example", true },
		{ "*.example", "bar.foo.example", false },
		{ "*.bar.foo.example", "sub.bar.foo.example", true },
		{ "*ar.foo.example", "bar.foo.example", false },
		{ "bar.*.example", "bar.foo.example", false },
		{ "*.*.example", "bar.foo.example", false },
		{ "*.*.example", "bar.*.example", false },
		{ "*.*.example", "*.*.example", false },
		{ "*.example", "*.example", false },
		{ "*ar.foo.example", "*ar.foo.example", false },
		{ "*", "example", false }, { "*", "foo.example", false }, { "*.", "foo.", false },
		{ "*.example", "example", false }, { "*.example", ".example", false },
		{ "foo.example", "FOO.example", false }, { "FOO.example", "foo.example", false },
		{ "*.Example", "foo.example", false },
		{ "test.local", "test.localhost", false },  /* no prefix, no substring */
		{ "test.local", "test.local.evil.org", false },
		{ "test.local", "xtest.local", false },
		{ "*.local", "test.local.evil.org", false },
		{ "foo.example.", "foo.example", false }, { "foo.example", "foo.example.", false },
		{ "foo.example.", "foo.example.", false },
		{ "m\xc3\xbcnchen.example", "m\xc3\xbcnchen.example", true },
		{ "*.example", "m\xc3\xbcnchen.example", true },
		{ "M\xc3\x9cnchen.example", "m\xc3\xbcnchen.example", false },
		{ "", "", false }, { "", "a", false }, { "a..b", "a..b", false },
		{ "foo.example", "user@foo.example", false },
		{ "user@foo.example", "user@foo.example", false },
		{ "example", "example", true }, { "a.b", "a.b", true }, { "*.a", "x.a", true },
	};
	char longest[257];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rgw_nairealm_match(span(rows[i].pattern), rows[i].realm) != rows[i].match)
			fail_msg("%s ~ %s", rows[i].realm, rows[i].pattern);
	assert_false(rgw_nairealm_match((struct rgw_span){ (const uint8_t *)"a.b\0", 4 }, "a.b"));
	assert_false(rgw_nairealm_match((struct rgw_span){ (const uint8_t *)"a.b\0.c", 6 }, "a.b"));
	assert_false(rgw_nairealm_match((struct rgw_span){ NULL, 0 }, "a"));
	for (size_t n = 255; n <= 256; n++) {
		memset(longest, 'a', n);
		longest[n] = '\0';
		assert_int_equal(rgw_nairealm_match(span(longest), longest), n == 255);
	}
}

/*
 * Whom each certificate identifies and whom not: P-CRT-3, 4, 6, 7, 8, 10, 11, 12. A "!" in front
 * of a rule means that it must not hold.
 */
static const struct {
	const char *name;
	const char *rules;
} sample_rows[] = {
	{ "both", "dns:localhost dns:radius.test dns:RADIUS.TEST. ip:127.0.0.1 ip:::1"
	    " !ip:127.0.0.2 !ip:::2 !ip:::ffff:127.0.0.1 !dns:radius !dns:both !cn:both"
	    " !dns:test !uri:radius.test !nairealm:radius.test !rid:1.2 !policy:1.2" },
	/* P-CRT-3: a URI is no host name, however it reads. */
	{ "uri-bare", "uri:uri-victim.test !dns:uri-victim.test !nairealm:uri-victim.test"
	    " !cn:uri-victim.test !uri:URI-victim.test" },
	{ "uri-radius", "uri:radius://victim.test !uri:radius://victim.test/ !dns:victim.test"
	    " !uri:victim.test !uri:radius://victim" },
	/* P-CRT-6 */
	{ "wildcard-within", "!dns:foo.test !dns:fo.test !dns:foo.radius.test !dns:*.radius.test" },
	{ "wildcard-bare", "!dns:localhost !dns:test !dns:radius.test !ip:127.0.0.1"
	    " !nairealm:test" },
	{ "wildcard-tld", "!dns:radius.test !dns:a.radius.test !dns:test" },
	{ "wildcard", "dns:a.radius.test dns:A.RADIUS.test. dns:*.radius.test dns:*.RADIUS.test."
	    " !dns:radius.test !dns:a.b.radius.test !dns:xradius.test !dns:*.b.radius.test" },
	{ "wildcard-twice", "!dns:a.b.test !dns:a.b.c.test !dns:a.radius.test !dns:*.b.test" },
	/* A configured wildcard accepts each host below, and no deeper one. */
	{ "both", "dns:radius.test !dns:*.radius.test" },
	{ "cn-and-dns", "dns:other.test !dns:*.other.test !dns:*.x.test" },
	/* P-CRT-7 */
	{ "trailing-dot", "!dns:radius.test !dns:radius.test." },
	{ "nul", "!dns:radius.test !dns:evil.test !cn:radius.test !dns:*.evil.test" },
	/* P-CRT-3, P-CRT-8: an address is compared as an address. */
	{ "ip-as-dns", "!ip:127.0.0.1 !cn:127.0.0.1" },
	/* P-CRT-4 */
	{ "cn-only", "cn:radius.test cn:RADIUS.Test !dns:radius.test !cn:radius !cn:radius.test."
	    " !uri:radius.test" },
	{ "cn-and-dns", "!cn:radius.test !dns:radius.test !cn:other.test" },
	{ "cn-wildcard", "!cn:a.radius.test !dns:a.radius.test" },
	/* P-CRT-10 */
	{ "nairealm", "nairealm:example.test nairealm:a.wild.test nairealm:x.tld"
	    " !nairealm:EXAMPLE.test !nairealm:wild.test !nairealm:a.b.wild.test"
	    " !nairealm:example.test.evil !dns:example.test !dns:a.wild.test cn:nairealm" },
	{ "nairealm-bad", "!nairealm:bar.foo.test !nairealm:a.b.example !nairealm:test" },
	{ "rid", "rid:2.999.7 !rid:2.999 !rid:2.999.7.1 !policy:2.999.7" },
	{ "policy", "policy:2.999.1 policy:2.999.2 !policy:2.999 !policy:2.999.3 !rid:2.999.1" },
	/* P-CRT-12: issuer and serial number, together. */
	{ "server", "issuer-serial:CN=radsecgw|test|CA,|O=radsecgw|tests/8000"
	    " issuer-serial:CN=radsecgw|test|CA,|O=radsecgw|tests/00:80:00"
	    " !issuer-serial:CN=radsecgw|test|CA,|O=radsecgw|tests/8001"
	    " !issuer-serial:CN=radsecgw|test|CA,|O=radsecgw|tests/80"
	    " !issuer-serial:CN=radsecgw|test|CA,|O=radsecgw|test/8000"
	    " !issuer-serial:CN=radsecgw|test|CA/8000 !issuer-serial:CN=server/8000" },
	/* P-CRT-11 */
	{ "server", "sha256:" SHA256 },
	{ "server", "!sha256:00:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:"
	    "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF" },
	/* An expression must match the whole of a name, in either case of letters; a wildcard is no host. */
	{ "both", "dns:/radius\\.test/ dns:/RADIUS.*/ dns:/.*/ !dns:/radius/ !dns:/adius\\.test/"
	    " !cn:/.*/ !uri:/.*/ !dns:/127.*/" },
	{ "wildcard", "!dns:/.*/ !dns:/.*\\.radius\\.test/" },
	{ "wildcard-bare", "!dns:/.*/" },
	{ "trailing-dot", "!dns:/.*/" },
	{ "nul", "!dns:/.*/ !cn:/.*/" },
	{ "uri-radius", "uri:/radius://.*/ uri:/radius://victim\\.test/ !uri:/victim\\.test/ !dns:/.*/" },
	{ "cn-only", "cn:/radius\\..*/ !cn:/radius/ !dns:/.*/" },
	{ "cn-and-dns", "!cn:/.*/" },
	{ "server", "spki:" KEY_SHA256 " !spki:" SHA256 " !sha256:" KEY_SHA256 },
	/* P-CRT-9 */
	{ "wrong-name", "any !dns:radius.test" },
	{ "cn-only", "any" },
};

static void
test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sample_rows); i++) {
		struct test_der der;
		struct rgw_x509 cert = sample(sample_rows[i].name, &der);
		char *copy = rgw_xstrdup(sample_rows[i].rules);
		char *rest = copy;

		for (char *rule = strtok_r(rest, " ", &rest); rule != NULL;
		    rule = strtok_r(NULL, " ", &rest)) {
			bool want = rule[0] != '!';
			enum rgw_cert_role role = cert.eku_server ? RGW_CERT_OF_SERVER : RGW_CERT_OF_CLIENT;

			if ((judge(&cert, role, rule + !want, NULL) == RGW_CERT_OK) != want)
				fail_msg("%s: %s", sample_rows[i].name, rule);
		}
		free(copy);
	}
}

/* A configured wildcard stands for one label of a host that the certificate names in full. */
static void
test_configured_wildcard(void **state)
{
	static const struct {
		const char *san;
		const char *rule;
		bool match;
	} rows[] = {
		{ "'a.example.org'", "dns:*.example.org", true },
		{ "'A.EXAMPLE.org'", "dns:*.example.org.", true },
		{ "'*.example.org'", "dns:*.Example.org", true },
		{ "'example.org'", "dns:*.example.org", false },
		{ "'a.b.example.org'", "dns:*.example.org", false },
		{ "'.example.org'", "dns:*.example.org", false },
		{ "'a.example.org.'", "dns:*.example.org", false },
		{ "'f*o.example.org'", "dns:*.example.org", false },
		{ "'*.*.example.org'", "dns:*.example.org", false },
		{ "'*.org'", "dns:*.example.org", false },
		{ "'*'", "dns:*.example.org", false },
		{ "'a' 00 '.example.org'", "dns:*.example.org", false },
		{ "00 '.example.org'", "dns:*.example.org", false },
		{ "'a b.example.org'", "dns:*.example.org", false },
		{ "e4 '.example.org'", "dns:*.example.org", false },
		{ "", "dns:*.example.org", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[64];
		struct test_der der;
		struct rgw_x509 cert = { .is_ca = false };

		snprintf(text, sizeof text, "82(%s)", rows[i].san);
		test_der_make(&der, text);
		cert.san = (struct rgw_span){ der.octets, der.len };
		if ((judge(&cert, RGW_CERT_OF_SERVER, rows[i].rule, NULL) == RGW_CERT_OK) != rows[i].match)
			fail_msg("%s ~ %s", rows[i].san, rows[i].rule);
	}
}

/* P-CRT-4: the common name yields to alternative names of its kind, even to odd ones. */
static void
test_common_name(void **state)
{
	static const struct {
		const char *cn;
		const char *san;
		const char *rule;
		bool match;
	} rows[] = {
		{ "gw.test", "", "cn:gw.test", true },
		{ "gw.test", "87(c0000201)", "cn:gw.test", true },
		{ "gw.test", "86('x:y')", "cn:gw.test", true },
		{ "gw.test", "82('gw.test')", "cn:gw.test", false },
		{ "gw.test", "82()", "cn:gw.test", false },
		{ "gw.test", "86('x:y') 82('a' 00)", "cn:gw.test", false },
		{ "192.0.2.1", "", "cn:192.0.2.1", true },
		{ "192.0.2.1", "87(c0000201)", "cn:192.0.2.1", false },
		{ "192.0.2.1", "82('a')", "cn:192.0.2.1", false },
		{ "192.0.2.1", "", "ip:192.0.2.1", false },
		{ "", "", "cn:x", false },
		{ "Serial 7", "", "cn:serial|7", true },
		{ "Serial 7", "", "cn:serial", false },
		{ "*.gw.test", "", "cn:a.gw.test", false },
		{ "*.gw.test", "", "cn:*.gw.test", true },  /* the text itself; it stands for no other */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der;
		struct rgw_x509 cert = { .common_name = span(rows[i].cn) };

		test_der_make(&der, rows[i].san);
		cert.san = (struct rgw_span){ der.len > 0 ? der.octets : NULL, der.len };
		if ((judge(&cert, RGW_CERT_OF_CLIENT, rows[i].rule, NULL) == RGW_CERT_OK) != rows[i].match)
			fail_msg("%s, %s: %s", rows[i].cn, rows[i].san, rows[i].rule);
	}
}

/* RFC 5280 4.2.1.12; a CA certificate is no end entity (P-CRT-2). */
static void
test_roles(void **state)
{
	static const struct {
		const char *name;
		enum rgw_cert_verdict as_server, as_client;
	} rows[] = {
		{ "server", RGW_CERT_OK, RGW_CERT_WRONG_EKU },
		{ "client", RGW_CERT_WRONG_EKU, RGW_CERT_OK },
		{ "server-as-client", RGW_CERT_WRONG_EKU, RGW_CERT_OK },
		{ "client-as-server", RGW_CERT_OK, RGW_CERT_WRONG_EKU },
		{ "both", RGW_CERT_OK, RGW_CERT_OK },
		{ "any-eku", RGW_CERT_OK, RGW_CERT_OK },
		{ "no-eku", RGW_CERT_OK, RGW_CERT_OK },
		{ "leaf-ca", RGW_CERT_LEAF_IS_CA, RGW_CERT_LEAF_IS_CA },
		{ "ca", RGW_CERT_LEAF_IS_CA, RGW_CERT_LEAF_IS_CA },
		{ "intermediate", RGW_CERT_LEAF_IS_CA, RGW_CERT_LEAF_IS_CA },
		{ "clone", RGW_CERT_LEAF_IS_CA, RGW_CERT_LEAF_IS_CA },
	};
	struct rgw_x509 other = { .has_eku = true };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_der der;
		struct rgw_x509 cert = sample(rows[i].name, &der);

		assert_int_equal(judge(&cert, RGW_CERT_OF_SERVER, "any", NULL), rows[i].as_server);
		assert_int_equal(judge(&cert, RGW_CERT_OF_CLIENT, "any", NULL), rows[i].as_client);
	}
	assert_int_equal(judge(&other, RGW_CERT_OF_SERVER, "any", NULL), RGW_CERT_WRONG_EKU);
	assert_int_equal(judge(&other, RGW_CERT_OF_CLIENT, "any", NULL), RGW_CERT_WRONG_EKU);
	assert_int_equal(judge(NULL, RGW_CERT_OF_CLIENT, "any", NULL), RGW_CERT_MALFORMED);
}

/* All kinds of a rule must hold, and one value of each is enough; P-CRT-5, P-CRT-9. */
static void
test_rules_together(void **state)
{
	static const struct {
		const char *rules;
		enum rgw_cert_verdict verdict;
		const char *failed;
	} rows[] = {
		{ "", RGW_CERT_NO_MATCH, "" },
		{ "any", RGW_CERT_OK, "" },
		{ "dns:a.test", RGW_CERT_NO_MATCH, "dns:a.test" },
		{ "dns:a.test dns:radius.test", RGW_CERT_OK, "" },
		{ "dns:radius.test dns:a.test", RGW_CERT_OK, "" },
		{ "dns:a.test dns:b.test", RGW_CERT_NO_MATCH, "dns:a.test" },
		{ "dns:radius.test ip:::1", RGW_CERT_OK, "" },
		{ "dns:radius.test ip:::2", RGW_CERT_NO_MATCH, "ip:::2" },
		{ "ip:::2 dns:radius.test ip:127.0.0.1", RGW_CERT_OK, "" },
		{ "ip:::2 dns:radius.test ip:127.0.0.2", RGW_CERT_NO_MATCH, "ip:::2" },
		{ "dns:radius.test policy:1.2", RGW_CERT_NO_MATCH, "policy:1.2" },
		{ "any policy:1.2", RGW_CERT_NO_MATCH, "policy:1.2" },
		{ "any dns:a.test", RGW_CERT_NO_MATCH, "dns:a.test" },
		{ "any dns:radius.test", RGW_CERT_OK, "" },
		{ "sha256:" SHA256 " dns:radius.test", RGW_CERT_OK, "" },
	};
	struct test_der der;
	struct rgw_x509 cert = sample("both", &der);
	struct rgw_cert_rules pinned = rules_of("sha256:" SHA256);
	const struct rgw_cert_rule *failed;
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (judge(&cert, RGW_CERT_OF_SERVER, rows[i].rules, text) != rows[i].verdict)
			fail_msg("%s", rows[i].rules);
		assert_string_equal(text, rows[i].failed);
	}
	/* A digest that the caller does not have matches nothing. */
	assert_int_equal(rgw_cert_judge(&cert, RGW_CERT_OF_SERVER, &pinned, NULL, &failed),
	    RGW_CERT_NO_MATCH);
	assert_ptr_equal(failed, pinned.v);
	rgw_cert_rules_free(&pinned);
	rgw_cert_rules_free(&pinned);
}

/* P-CRT-12: an issuer whose text would be cut does not equal a rule that ends where the cut is. */
static void
test_long_issuer(void **state)
{
	char name[2000];
	char filler[900] = "";
	struct test_der der;
	struct rgw_x509 cert = { .serial = { (const uint8_t *)"\x01", 1 } };

	(void)state;
	for (size_t n = 500; n < 800; n++) {
		char issuer[1000];
		char rule[1100];
		struct rgw_cert_rules rules = { NULL, 1 };
		const struct rgw_cert_rule *failed;

		memset(filler, 'a', n);
		snprintf(name, sizeof name, "30(31(30(0603550403 0c('%s'))))", filler);
		test_der_make(&der, name);
		cert.issuer = (struct rgw_span){ der.octets, der.len };
		rgw_name_format(cert.issuer, issuer, sizeof issuer);
		issuer[n + 3 < 512 ? n + 3 : 512] = '\0';
		snprintf(rule, sizeof rule, "issuer-serial:%s/01", issuer);
		rules.v = rgw_xcalloc(1, sizeof *rules.v);
		assert_null(rgw_cert_rule_parse(rule, rules.v));
		assert_int_equal(rgw_cert_judge(&cert, RGW_CERT_OF_CLIENT, &rules, NULL, &failed),
		    n + 3 <= 512 ? RGW_CERT_OK : RGW_CERT_NO_MATCH);
		rgw_cert_rules_free(&rules);
	}
}

static void
test_explanations(void **state)
{
	static const struct {
		const char *rule;
		const char *text;
	} rows[] = {
		{ "dns:radius.example.org", "no dNSName matches radius.example.org" },
		{ "ip:2001:db8::1", "no iPAddress is 2001:db8::1" },
		{ "uri:radius://a", "no uniformResourceIdentifier is radius://a" },
		{ "nairealm:\xc3\xbc.example", "no NAIRealm matches \\C3\\BC.example" },
		{ "rid:1.2", "no registeredID is 1.2" },
		{ "cn:a", "no common name (it counts only without a dNSName) is a" },
		{ "issuer-serial:CN=a/01", "issuer and serial number are not CN=a/01" },
		{ "sha256:" SHA256, "the SHA-256 fingerprint is not " SHA256 },
		{ "policy:1.2", "no certificate policy is 1.2" },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_cert_rule rule;

		assert_null(rgw_cert_rule_parse(rows[i].rule, &rule));
		rgw_cert_explain(RGW_CERT_NO_MATCH, &rule, text, sizeof text);
		assert_string_equal(text, rows[i].text);
		rgw_cert_rule_clear(&rule);
	}
	assert_string_equal(rgw_cert_explain(RGW_CERT_NO_MATCH, NULL, text, sizeof text),
	    "no rule says which certificate to accept");
	assert_non_null(strstr(rgw_cert_explain(RGW_CERT_OK, NULL, text, sizeof text), "accepted"));
	assert_non_null(strstr(rgw_cert_explain(RGW_CERT_MALFORMED, NULL, text, sizeof text),
	    "malformed"));
	assert_non_null(strstr(rgw_cert_explain(RGW_CERT_LEAF_IS_CA, NULL, text, sizeof text), "CA"));
	assert_non_null(strstr(rgw_cert_explain(RGW_CERT_WRONG_EKU, NULL, text, sizeof text),
	    "extended key usage"));
	assert_string_equal(rgw_cert_explain(RGW_CERT_OK, NULL, text, 8), "the ...");
}

/* P-CRT-14: all names and policies, printable whatever they hold. */
static void
test_presented(void **state)
{
	static const struct {
		const char *san;
		const char *cn;
		const char *text;
	} rows[] = {
		{ "82('a.example') 87(c0000201)", "a", "DNS:a.example, IP:192.0.2.1, CN=a" },
		{ "8710 20010db8000000000000000000000001", "", "IP:2001:db8::1" },
		{ "86('x:y') 81('a@b') 88028837", "", "URI:x:y, email:a@b, RID:2.999" },
		{ "a0(06082b06010505070808 a0(0c('a.b')))", "", "NAIRealm:a.b" },
		{ "a0(06082b06010505070808 a0(16('a.b')))", "",
		    "NAIRealm (ignored, not a UTF8String of 1 to 255 octets):a.b" },
		{ "a0(0603551d11 a0(0500))", "", "other:#0603551D11A0020500" },
		{ "82('a' 00 0a '\x1b[2J' ff ', DNS:b')", "", "DNS:a\\00\\0A\\1B[2J\\FF\\, DNS:b" },
		{ "8200", "x\ny", "DNS:, CN=x\\0Ay" },
		{ "", "", "no names" },
	};
	struct test_der der;
	struct rgw_x509 cert = sample("policy", &der);
	char text[128];

	(void)state;
	assert_string_equal(rgw_cert_presented(&cert, text, sizeof text), "DNS:localhost,"
	    " DNS:radius.test, IP:127.0.0.1, IP:::1, CN=policy, policy:2.999.1, policy:2.999.2");
	for (size_t size = 1; size < 90; size++)
		assert_true(strlen(rgw_cert_presented(&cert, text, size)) < size);
	assert_string_equal(rgw_cert_presented(&cert, text, 20), "DNS:localhost, D...");
	for (size_t i = 0; i < COUNT(rows); i++) {
		test_der_make(&der, rows[i].san);
		cert = (struct rgw_x509){ .common_name = span(rows[i].cn) };
		cert.san = (struct rgw_span){ der.len > 0 ? der.octets : NULL, der.len };
		assert_string_equal(rgw_cert_presented(&cert, text, sizeof text), rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_read),
		cmocka_unit_test(test_rules_refused),
		cmocka_unit_test(test_rules_have_bounds),
		cmocka_unit_test(test_host_names),
		cmocka_unit_test(test_longest_host_name),
		cmocka_unit_test(test_realms),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_configured_wildcard),
		cmocka_unit_test(test_common_name),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_rules_together),
		cmocka_unit_test(test_long_issuer),
		cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_presented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
