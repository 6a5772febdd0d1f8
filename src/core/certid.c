/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/certid.h"

#include <string.h>

#include "certname.h"
#include "certtext.h"
#include "radsecgw/addr.h"

/*
 * The judgement of a certificate whose chain has been verified: does it satisfy the rules of a neighbour
 * (P-CRT-3 to 11)? Nothing here owns memory.
 */

/* The buffer is longer than the longest issuer of a rule by more than a cut can take away, so an issuer that
 * was cut never equals a rule. */
#define ISSUER_BUF (RGW_CERT_MAX_ISSUER + 128)

/* Does the expression match the whole name? Where hosts are named, only proper ones are looked at: a wildcard stands
 * for hosts that the expression may not mean. */
static bool
pattern_matches(struct rgw_span value, const struct rgw_cert_rule *rule)
{
	return (rule->kind != RGW_CERT_DNS || rgw_dns_is_valid(value)) &&
	    rgw_pattern_match(rule->pattern, value.data, value.len, NULL);
}

/* Does a name of the rule's kind in the certificate satisfy the rule? */
static bool
value_matches(struct rgw_span value, const struct rgw_cert_rule *rule)
{
	struct rgw_span host;

	if (rule->pattern != NULL)
		return pattern_matches(value, rule);
	switch (rule->kind) {
	case RGW_CERT_DNS:
		host = rgw_configured_host(rule->text);
		if (rgw_wildcard_rest(host).len == 0)
			return rgw_dns_covers(value, host);
		/* The administrator accepts every host below: one of them, or the same wildcard. */
		return rgw_dns_covers(host, value) || rgw_span_equal_nocase(host, value);
	case RGW_CERT_URI:
		return rgw_span_equal(value, rgw_span_of_text(rule->text));
	case RGW_CERT_NAIREALM:
		return rgw_nairealm_match(value, rule->text);
	case RGW_CERT_IP:
	case RGW_CERT_RID:
	case RGW_CERT_POLICY:
	case RGW_CERT_SHA256:
	case RGW_CERT_SPKI:
		return rgw_span_equal(value, (struct rgw_span){ rule->octets, rule->n_octets });
	case RGW_CERT_CN:
		return rgw_span_equal_nocase(value, rgw_span_of_text(rule->text));
	case RGW_CERT_ISSUER_SERIAL:
	case RGW_CERT_ANY:
	case RGW_CERT_KINDS:
		break;
	}
	return false;
}

/* Only names of this kind are looked at: a URI that reads like a host name is none. */
static bool
san_matches(const struct rgw_x509 *cert, enum rgw_san_kind kind, const struct rgw_cert_rule *rule)
{
	struct rgw_span rest = cert->san;
	struct rgw_san san;

	while (rgw_x509_next_san(&rest, &san))
		if (san.kind == kind && value_matches(san.value, rule))
			return true;
	return false;
}

static bool
has_san(const struct rgw_x509 *cert, enum rgw_san_kind kind)
{
	struct rgw_span rest = cert->san;
	struct rgw_san san;

	while (rgw_x509_next_san(&rest, &san))
		if (san.kind == kind)
			return true;
	return false;
}

/* Does the common name match? It counts only where the alternative names are silent: for a name if there is no
 * dNSName, for an address if there is no iPAddress either (P-CRT-4). */
static bool
cn_matches(const struct rgw_x509 *cert, const struct rgw_cert_rule *rule)
{
	struct rgw_addr a;

	if (has_san(cert, RGW_SAN_DNS))
		return false;
	if (rgw_addr_parse(rule->text, 0, &a) && has_san(cert, RGW_SAN_IP))
		return false;
	return value_matches(cert->common_name, rule);
}

static bool
policy_matches(const struct rgw_x509 *cert, const struct rgw_cert_rule *rule)
{
	struct rgw_span rest = cert->policies;
	struct rgw_span policy;

	while (rgw_x509_next_policy(&rest, &policy))
		if (value_matches(policy, rule))
			return true;
	return false;
}

/* Do issuer and serial number match? Only both together name a certificate (P-CRT-12). */
static bool
issuer_serial_matches(const struct rgw_x509 *cert, const struct rgw_cert_rule *rule)
{
	char issuer[ISSUER_BUF];
	struct rgw_span want = { (const uint8_t *)rule->text,
		(size_t)(strrchr(rule->text, '/') - rule->text) };

	return rgw_span_equal(cert->serial, (struct rgw_span){ rule->octets, rule->n_octets }) &&
	    rgw_span_equal(want, rgw_span_of_text(rgw_name_format(cert->issuer, issuer, sizeof issuer)));
}

static bool
rule_holds(const struct rgw_x509 *cert, const uint8_t *sha256, const struct rgw_cert_rule *rule)
{
	switch (rule->kind) {
	case RGW_CERT_DNS:
		return san_matches(cert, RGW_SAN_DNS, rule);
	case RGW_CERT_IP:
		return san_matches(cert, RGW_SAN_IP, rule);
	case RGW_CERT_URI:
		return san_matches(cert, RGW_SAN_URI, rule);
	case RGW_CERT_NAIREALM:
		return san_matches(cert, RGW_SAN_NAIREALM, rule);
	case RGW_CERT_RID:
		return san_matches(cert, RGW_SAN_RID, rule);
	case RGW_CERT_CN:
		return cn_matches(cert, rule);
	case RGW_CERT_ISSUER_SERIAL:
		return issuer_serial_matches(cert, rule);
	case RGW_CERT_SHA256:
		return sha256 != NULL && value_matches((struct rgw_span){ sha256, 32 }, rule);
	case RGW_CERT_SPKI:
		return cert->has_key_sha256 && value_matches((struct rgw_span){ cert->key_sha256, 32 }, rule);
	case RGW_CERT_POLICY:
		return policy_matches(cert, rule);
	case RGW_CERT_ANY:
		return true;
	case RGW_CERT_KINDS:
		break;
	}
	return false;
}

/* The first rule of a kind of which none holds, or NULL. */
static const struct rgw_cert_rule *
first_unmet(const struct rgw_x509 *cert, const struct rgw_cert_rules *rules, const uint8_t *sha256)
{
	const struct rgw_cert_rule *first[RGW_CERT_KINDS] = { NULL };
	bool held[RGW_CERT_KINDS] = { false };

	for (size_t i = 0; i < rules->n; i++) {
		const struct rgw_cert_rule *rule = &rules->v[i];

		if (first[rule->kind] == NULL)
			first[rule->kind] = rule;
		if (!held[rule->kind])
			held[rule->kind] = rule_holds(cert, sha256, rule);
	}
	for (size_t kind = 0; kind < RGW_CERT_KINDS; kind++)
		if (first[kind] != NULL && !held[kind])
			return first[kind];
	return NULL;
}

enum rgw_cert_verdict
rgw_cert_judge(const struct rgw_x509 *cert, enum rgw_cert_role role,
    const struct rgw_cert_rules *rules, const uint8_t *sha256, const struct rgw_cert_rule **failed)
{
	*failed = NULL;
	if (cert == NULL)
		return RGW_CERT_MALFORMED;
	/* The public certificate of a CA, with a key of the attacker's, has passed as a leaf before. */
	if (cert->is_ca)
		return RGW_CERT_LEAF_IS_CA;
	if (cert->has_eku && !(role == RGW_CERT_OF_SERVER ? cert->eku_server : cert->eku_client))
		return RGW_CERT_WRONG_EKU;
	if (rules->n == 0)
		return RGW_CERT_NO_MATCH;
	*failed = first_unmet(cert, rules, sha256);
	return *failed == NULL ? RGW_CERT_OK : RGW_CERT_NO_MATCH;
}

static void
put_unmet(struct rgw_wr *w, const struct rgw_cert_rule *failed)
{
	/* These words are followed by the first value of the kind. */
	static const char *const unmet[RGW_CERT_KINDS] = {
		[RGW_CERT_DNS] = "no dNSName matches ",
		[RGW_CERT_IP] = "no iPAddress is ",
		[RGW_CERT_URI] = "no uniformResourceIdentifier is ",
		[RGW_CERT_NAIREALM] = "no NAIRealm matches ",
		[RGW_CERT_RID] = "no registeredID is ",
		[RGW_CERT_CN] = "no common name (it counts only without a dNSName) is ",
		[RGW_CERT_ISSUER_SERIAL] = "issuer and serial number are not ",
		[RGW_CERT_SHA256] = "the SHA-256 fingerprint is not ",
		[RGW_CERT_SPKI] = "the SHA-256 digest of its public key is not ",
		[RGW_CERT_POLICY] = "no certificate policy is ",
		[RGW_CERT_ANY] = "",
	};

	if (failed == NULL) {
		rgw_text_put(w, "no rule says which certificate to accept");
		return;
	}
	rgw_text_put(w, unmet[failed->kind]);
	rgw_text_escape(w, rgw_span_of_text(failed->text));
}

const char *
rgw_cert_explain(enum rgw_cert_verdict verdict, const struct rgw_cert_rule *failed, char *buf,
    size_t size)
{
	struct rgw_wr w = rgw_text_of(buf, size);

	switch (verdict) {
	case RGW_CERT_OK:
		rgw_text_put(&w, "the certificate is accepted");
		break;
	case RGW_CERT_MALFORMED:
		rgw_text_put(&w, "the certificate is malformed");
		break;
	case RGW_CERT_LEAF_IS_CA:
		rgw_text_put(&w, "a CA certificate stands where a server or client must be");
		break;
	case RGW_CERT_WRONG_EKU:
		rgw_text_put(&w, "the extended key usage does not allow this role (TLS server or client)");
		break;
	case RGW_CERT_NO_MATCH:
		put_unmet(&w, failed);
		break;
	}
	return rgw_text_end(&w, buf, size);
}

static void
put_ip(struct rgw_wr *w, struct rgw_span ip)
{
	struct rgw_addr a = { .family = ip.len == 4 ? 4 : 6 };
	char text[RGW_ADDR_TEXT];

	memcpy(a.ip, ip.data, ip.len);
	rgw_text_put(w, rgw_addr_format(&a, text));
}

static void
put_san(struct rgw_wr *w, const struct rgw_san *san)
{
	static const char *const names[] = {
		[RGW_SAN_DNS] = "DNS:",
		[RGW_SAN_IP] = "IP:",
		[RGW_SAN_URI] = "URI:",
		[RGW_SAN_EMAIL] = "email:",
		[RGW_SAN_RID] = "RID:",
		[RGW_SAN_NAIREALM] = "NAIRealm:",
		[RGW_SAN_BAD_NAIREALM] = "NAIRealm (ignored, not a UTF8String of 1 to 255 octets):",
		[RGW_SAN_OTHER] = "other:",
	};

	rgw_text_put(w, names[san->kind]);
	switch (san->kind) {
	case RGW_SAN_IP:
		put_ip(w, san->value);
		break;
	case RGW_SAN_RID:
		rgw_oid_put(w, san->value);
		break;
	case RGW_SAN_OTHER:
		rgw_text_hex_all(w, san->value);
		break;
	case RGW_SAN_DNS:
	case RGW_SAN_URI:
	case RGW_SAN_EMAIL:
	case RGW_SAN_NAIREALM:
	case RGW_SAN_BAD_NAIREALM:
		rgw_text_escape(w, san->value);
		break;
	}
}

const char *
rgw_cert_presented(const struct rgw_x509 *cert, char *buf, size_t size)
{
	struct rgw_wr w = rgw_text_of(buf, size);
	struct rgw_span rest = cert->san;
	struct rgw_san san;
	struct rgw_span policy;
	const char *between = "";

	for (; !w.bad && rgw_x509_next_san(&rest, &san); between = ", ") {
		rgw_text_put(&w, between);
		put_san(&w, &san);
	}
	if (cert->common_name.len > 0) {
		rgw_text_put(&w, between);
		rgw_text_put(&w, "CN=");
		rgw_text_escape(&w, cert->common_name);
		between = ", ";
	}
	rest = cert->policies;
	for (; !w.bad && rgw_x509_next_policy(&rest, &policy); between = ", ") {
		rgw_text_put(&w, between);
		rgw_text_put(&w, "policy:");
		rgw_oid_put(&w, policy);
	}
	if (*between == '\0')
		rgw_text_put(&w, "no names");
	return rgw_text_end(&w, buf, size);
}
