/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CERTID_H
#define RADSECGW_CERTID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/pattern.h"
#include "radsecgw/x509.h"

/*
 * Whose certificate is this? By the time this is asked, the chain has been verified; here the names in the leaf are
 * held against what the configuration expects (P-CRT-3 to 11). Pure: no I/O, no allocation except for reading rules.
 * A rule of the form kind:/EXPRESSION/ has a regular expression that must match the whole of a name.
 */
enum rgw_cert_rule_kind {
	RGW_CERT_DNS,            /* dns:NAME, dNSName with the wildcard rule of P-CRT-6; dns:*.NAME: any
	                          * one host below NAME, or the same wildcard; dns:/EXPRESSION/: a
	                          * dNSName without wildcard */
	RGW_CERT_IP,             /* ip:ADDRESS, iPAddress of either family */
	RGW_CERT_URI,            /* uri:TEXT, uniformResourceIdentifier, exactly; or uri:/EXPRESSION/ */
	RGW_CERT_NAIREALM,       /* nairealm:REALM (P-CRT-10) */
	RGW_CERT_RID,            /* rid:1.2.3, registeredID */
	RGW_CERT_CN,             /* cn:TEXT, last commonName; only when the leaf has no dNSName (P-CRT-4); or
	                          * cn:/EXPRESSION/ */
	RGW_CERT_ISSUER_SERIAL,  /* issuer-serial:NAME/HEX, the issuer as rgw_name_format writes it */
	RGW_CERT_SHA256,         /* sha256:HEX of the whole leaf, colons allowed */
	RGW_CERT_SPKI,           /* spki:HEX, SHA-256 of the SubjectPublicKeyInfo: certificates with this key */
	RGW_CERT_POLICY,         /* policy:1.2.3, certificatePolicies */
	RGW_CERT_ANY,            /* any: every certificate of this trust */
	RGW_CERT_KINDS
};

struct rgw_cert_rule {
	enum rgw_cert_rule_kind kind;
	char *text;            /* owned: the value as configured, without the kind */
	uint8_t octets[32];    /* octets of an IP address (4 or 16), OID contents of RID and POLICY, digest of
	                        * SHA256 and SPKI, INTEGER contents of ISSUER_SERIAL; else unused */
	size_t n_octets;
	struct rgw_pattern *pattern;  /* owned: the expression of DNS, URI or CN; NULL = the text is meant as it is */
};

struct rgw_cert_rules {
	struct rgw_cert_rule *v;  /* owned */
	size_t n;
};

/* Reads one rule such as "dns:radius.example.org". On failure returns what was expected, in words,
 * and leaves *out alone; NULL on success. A bare "*", "f*o", "*.*.x" and names with empty labels
 * are refused (P-CRT-6). */
const char *rgw_cert_rule_parse(const char *text, struct rgw_cert_rule *out) RGW_MUST_USE;
/* A copy with texts of its own. */
struct rgw_cert_rule rgw_cert_rule_copy(const struct rgw_cert_rule *rule) RGW_MUST_USE;
/* Frees what the rule owns. */
void rgw_cert_rule_clear(struct rgw_cert_rule *rule);
void rgw_cert_rules_free(struct rgw_cert_rules *rules);

/* Writes the rule as it would stand in a configuration file; returns buf. */
const char *rgw_cert_rule_format(const struct rgw_cert_rule *rule, char *buf, size_t size);

/* Does the rule "any" stand alone, or with policies only? A peer with such rules takes the certificates that are no
 * other peer's, so it must be asked last. */
bool rgw_cert_rules_are_any(const struct rgw_cert_rules *rules);

/* Could one certificate satisfy both sets of rules, as far as the rules tell? Two peers that may connect to us with the
 * same trust and from the same addresses must not be like that. Values of one kind that differ are taken for different
 * peers, and "any" leaves the certificates of others to them. *shared becomes a rule of `a` that says who the peer is
 * and that both have. */
bool rgw_cert_rules_overlap(const struct rgw_cert_rules *a, const struct rgw_cert_rules *b,
    const struct rgw_cert_rule **shared) RGW_MUST_USE;

enum rgw_cert_verdict {
	RGW_CERT_OK,
	RGW_CERT_MALFORMED,   /* the parser refused the certificate */
	RGW_CERT_LEAF_IS_CA,  /* the certificate is that of a CA, used as an end entity */
	RGW_CERT_WRONG_EKU,   /* the extended key usage does not allow this role */
	RGW_CERT_NO_MATCH,    /* a kind of rule was matched by no value */
};

/* The role that the other side plays. */
enum rgw_cert_role { RGW_CERT_OF_SERVER, RGW_CERT_OF_CLIENT };

/*
 * Judges a leaf. All kinds of rules given must hold; one value per kind is enough. No rules at all
 * is RGW_CERT_NO_MATCH: nobody is accepted without an identity check (P-CRT-5); RGW_CERT_ANY must be
 * said. `sha256` is the digest of the leaf and may be NULL when no rule needs it. A leaf without key_sha256
 * matches no SPKI. A cert of NULL is RGW_CERT_MALFORMED.
 * On NO_MATCH *failed is the first rule of the kind that nothing matched (NULL with no rules).
 */
enum rgw_cert_verdict rgw_cert_judge(const struct rgw_x509 *cert, enum rgw_cert_role role,
    const struct rgw_cert_rules *rules, const uint8_t *sha256, const struct rgw_cert_rule **failed) RGW_MUST_USE;

/* Writes a verdict as a sentence for the log: "no dNSName matches radius.example.org". Returns buf. */
const char *rgw_cert_explain(enum rgw_cert_verdict verdict, const struct rgw_cert_rule *failed,
    char *buf, size_t size);

/* Writes what the certificate presents, for people: "DNS:a.example, IP:192.0.2.1, CN=a". The text is printable
 * and cut to size; returns buf. */
const char *rgw_cert_presented(const struct rgw_x509 *cert, char *buf, size_t size);

/* Does a dNSName pattern from a certificate cover this configured name? ASCII case-insensitive;
 * "*" only as the whole left-most label of at least three labels, covering exactly one label. */
bool rgw_dns_match(struct rgw_span pattern, const char *name);
/* Does a NAIRealm pattern stand for this realm (P-CRT-10)? Octets must be equal, except for a left-most label
 * "*". */
bool rgw_nairealm_match(struct rgw_span pattern, const char *realm);

#endif
