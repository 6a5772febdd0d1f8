/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of certificates, and everything that looks at what it read. */
#include <stdlib.h>
#include <string.h>

#include "radsecgw/certid.h"
#include "radsecgw/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_text(const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	require(n < size);
	for (size_t i = 0; i < n; i++)
		require(text[i] >= ' ' && text[i] <= '~');
}

static void
check_span(struct rgw_span s, const uint8_t *data, size_t size)
{
	if (s.data == NULL)
		return;
	require(s.data >= data && s.data <= data + size && s.len <= (size_t)(data + size - s.data));
}

/* What has a dotted text comes back from it. */
static void
check_oid(struct rgw_span oid)
{
	uint8_t back[256];
	char text[512];
	size_t n;

	check_text(rgw_oid_format(oid, text, sizeof text), sizeof text);
	if (text[0] == '#' || oid.len > 32)
		return;
	n = rgw_oid_parse(text, back, sizeof back);
	require(n == oid.len && memcmp(back, oid.data, n) == 0);
}

static void
check_names(const struct rgw_x509 *cert, const uint8_t *data, size_t size)
{
	struct rgw_span rest = cert->san;
	struct rgw_span policy;
	struct rgw_san san;
	size_t n = 0;

	while (rgw_x509_next_san(&rest, &san)) {
		check_span(san.value, data, size);
		require(++n < size && (unsigned)san.kind <= RGW_SAN_OTHER);
		if (san.kind == RGW_SAN_RID)
			check_oid(san.value);
		if (san.kind == RGW_SAN_DNS && rgw_dns_match(san.value, "radius.test"))
			require(memchr(san.value.data, 0, san.value.len) == NULL);
		rgw_nairealm_match(san.value, "a.wild.test");
	}
	/* The parser has seen every name: the walk ends at the end. */
	require(cert->san.data == NULL || (n > 0 && rest.data != NULL && rest.len == 0));
	rest = cert->policies;
	while (rgw_x509_next_policy(&rest, &policy)) {
		check_span(policy, data, size);
		check_oid(policy);
	}
	require(cert->policies.data == NULL || (rest.data != NULL && rest.len == 0));
}

static void
check_texts(const struct rgw_x509 *cert, size_t size)
{
	char text[300];

	size = size % sizeof text + 1;
	if (size > sizeof text)
		size = sizeof text;
	check_text(rgw_name_format(cert->issuer, text, size), size);
	check_text(rgw_name_format(cert->subject, text, size), size);
	check_text(rgw_cert_presented(cert, text, size), size);
}

static void
check_verdicts(const struct rgw_x509 *cert)
{
	static const char *const texts[] = { "any", "dns:radius.test", "dns:*.radius.test",
		"ip:127.0.0.1", "ip:::1", "uri:uri-victim.test", "nairealm:example.test", "rid:2.999.7",
		"cn:radius.test", "issuer-serial:CN=radsecgw test CA, O=radsecgw tests/8000",
		"policy:2.999.1" };
	const struct rgw_cert_rule *failed;

	/* Whatever its constraints say: a verdict, and no other the second time. */
	require(rgw_x509_permits(cert, cert) == rgw_x509_permits(cert, cert));
	require(cert->constraints.data != NULL || rgw_x509_permits(cert, cert));
	for (size_t i = 0; i <= sizeof texts / sizeof texts[0]; i++) {
		struct rgw_cert_rule rule;
		struct rgw_cert_rules rules = { &rule, i > 0 };
		char text[200];

		require(i == 0 || rgw_cert_rule_parse(texts[i - 1], &rule) == NULL);
		for (int role = RGW_CERT_OF_SERVER; role <= RGW_CERT_OF_CLIENT; role++) {
			enum rgw_cert_verdict verdict = rgw_cert_judge(cert, (enum rgw_cert_role)role, &rules,
			    NULL, &failed);

			require(!cert->is_ca || verdict == RGW_CERT_LEAF_IS_CA);
			require(i > 0 || verdict != RGW_CERT_OK);
			require((failed != NULL) == (verdict == RGW_CERT_NO_MATCH && i > 0));
			check_text(rgw_cert_explain(verdict, failed, text, sizeof text), sizeof text);
		}
		if (i > 0)
			free(rule.text);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rgw_span all = { data, size };
	struct rgw_span rest = all;
	struct rgw_span policy;
	struct rgw_x509 cert;
	struct rgw_san san;
	char text[64];

	/* Each reader of a part alone, on anything. */
	check_text(rgw_name_format(all, text, sizeof text), sizeof text);
	check_oid(all);
	while (rgw_x509_next_san(&rest, &san))
		check_span(san.value, data, size);
	rest = all;
	while (rgw_x509_next_policy(&rest, &policy))
		check_span(policy, data, size);
	if (!rgw_x509_parse(&cert, data, size))
		return 0;
	check_span(cert.serial, data, size);
	check_span(cert.issuer, data, size);
	check_span(cert.subject, data, size);
	check_span(cert.common_name, data, size);
	check_span(cert.san, data, size);
	check_span(cert.policies, data, size);
	check_span(cert.authority_key, data, size);
	check_span(cert.crl_points, data, size);
	check_names(&cert, data, size);
	check_texts(&cert, size);
	check_verdicts(&cert);
	return 0;
}
