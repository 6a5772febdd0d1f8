/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_X509_H
#define RADSECGW_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"

/*
 * A reader of X.509 certificates (RFC 5280) for the facts that RADIUS/TLS decides on. TLS libraries
 * differ in what they show of a certificate and confuse kinds of names; so the names are read here,
 * from the DER octets, by a parser that is bounds-checked, never recurses without limit, allocates
 * nothing and is fuzzed. Signatures, validity and the chain are the TLS library's work.
 */

/* Octets borrowed from the certificate. */
struct rgw_span {
	const uint8_t *data;
	size_t len;
};

/* Are these the same octets? */
bool rgw_octets_equal(struct rgw_span a, struct rgw_span b);

/* What kind of key a certificate is for. */
enum rgw_key_kind {
	RGW_KEY_OTHER,    /* a kind of key that is unknown here */
	RGW_KEY_RSA,
	RGW_KEY_RSA_PSS,  /* id-RSASSA-PSS: a key for that kind of signature only (RFC 4055 1.2) */
	RGW_KEY_EC,
	RGW_KEY_EDWARDS,  /* Ed25519, Ed448 */
};

struct rgw_x509 {
	struct rgw_span serial;       /* INTEGER contents, as encoded */
	struct rgw_span issuer;       /* Name, whole DER */
	struct rgw_span subject;      /* Name, whole DER */
	struct rgw_span common_name;  /* last commonName of the subject; len 0 = none, or none that is text octet by
	                               * octet (BMPString, UniversalString) */
	struct rgw_span san;          /* GeneralNames contents; data NULL = no such extension */
	struct rgw_span policies;     /* certificatePolicies contents; data NULL = none */
	struct rgw_span constraints;  /* nameConstraints contents; data NULL = none */
	struct rgw_span authority_key;  /* keyIdentifier of authorityKeyIdentifier: what the issuer calls the key that
	                               * it signed with; len 0 = not said, or malformed */
	struct rgw_span crl_points;  /* cRLDistributionPoints contents; data NULL = none, or malformed */
	struct rgw_span key;          /* SubjectPublicKeyInfo, whole DER */
	enum rgw_key_kind key_kind;
	unsigned key_bits;            /* bits of the modulus or the field; 0 = unknown */
	bool signed_with_sha2;        /* the signature uses SHA-256, 384, 512, or an Edwards curve */
	int64_t not_before;           /* seconds since 1970 */
	int64_t not_after;
	/* SHA-256 digest of `key`, of which certificates with the same key have the same. The parser makes no digests:
	 * whoever reads a leaf fills it in. */
	bool has_key_sha256;
	uint8_t key_sha256[32];
	bool is_v1;                   /* the certificate is of version 1, which has no extensions to say anything in */
	bool is_ca;                   /* basicConstraints cA TRUE */
	bool has_key_usage;
	bool key_cert_sign;           /* keyUsage has keyCertSign; a malformed keyUsage has nothing */
	bool crl_sign;                /* keyUsage has cRLSign */
	bool has_eku;
	bool eku_server;              /* serverAuth or anyExtendedKeyUsage */
	bool eku_client;              /* clientAuth or anyExtendedKeyUsage */
};

/* Reads a certificate; *out borrows from der. false = not a well-formed certificate (an extension
 * that is needed here and malformed, or that occurs twice, counts). */
bool rgw_x509_parse(struct rgw_x509 *out, const uint8_t *der, size_t len) RGW_MUST_USE;

/* May certificates be signed with the key of this certificate (RFC 5280 4.2.1.3, 4.2.1.9)? A certificate that says
 * nothing about the use of its key allows all. */
bool rgw_x509_may_issue(const struct rgw_x509 *cert);
/* May certificates be signed with the key of this certificate, which is trusted as it is? A certificate of version 1
 * may, too. Others that do not say that they are CAs are trusted for themselves and for nobody else (RFC 5280 6.1.4
 * k). */
bool rgw_x509_may_anchor(const struct rgw_x509 *cert);

/* May CRLs be signed with the key of this certificate (RFC 5280 4.2.1.3, 6.3.3 f)? */
bool rgw_x509_may_sign_crls(const struct rgw_x509 *cert);

/* Are the names of issuer and subject of the certificate the same? */
bool rgw_x509_is_self_issued(const struct rgw_x509 *cert);
/* Is the certificate valid at that time, in seconds since 1970? */
bool rgw_x509_is_in_force(const struct rgw_x509 *cert, int64_t now);
/* Do the name constraints of a CA allow all names of a certificate below it, however far (RFC 5280 4.2.1.10)?
 * Kinds of names that are not understood here are not allowed where they are constrained. */
bool rgw_x509_permits(const struct rgw_x509 *ca, const struct rgw_x509 *cert) RGW_MUST_USE;
/* Are key and signature of the certificate good enough for today: RSA of 2048 bits, a curve of 256, no SHA-1? */
bool rgw_x509_is_strong(const struct rgw_x509 *cert);

enum rgw_san_kind {
	RGW_SAN_DNS,       /* text */
	RGW_SAN_IP,        /* 4 or 16 octets */
	RGW_SAN_URI,       /* text */
	RGW_SAN_EMAIL,     /* text */
	RGW_SAN_RID,       /* registeredID: OBJECT IDENTIFIER contents */
	RGW_SAN_NAIREALM,  /* otherName id-on 8 (RFC 7585 2.2): UTF8String contents */
	RGW_SAN_BAD_NAIREALM,  /* a NAIRealm of another type of string, empty or too long; it names nothing */
	RGW_SAN_OTHER,     /* any other kind: contents of the GeneralName */
};

struct rgw_san {
	enum rgw_san_kind kind;
	struct rgw_span value;
};

/* Walks the subject alternative names: start with *rest = cert->san, call until it gives false. */
bool rgw_x509_next_san(struct rgw_span *rest, struct rgw_san *out) RGW_MUST_USE;
/* Walks the policies in the same way: *out is the OBJECT IDENTIFIER contents of each. */
bool rgw_x509_next_policy(struct rgw_span *rest, struct rgw_span *out) RGW_MUST_USE;

/* Dotted text of OBJECT IDENTIFIER contents, cut to size; returns buf. Malformed ones, and numbers
 * above 64 bits, appear as "#" and hexadecimal digits. What is cut ends with "...". */
const char *rgw_oid_format(struct rgw_span oid, char *buf, size_t size);
/* The contents octets of a dotted text. Returns their number, or 0 if malformed or too long. */
size_t rgw_oid_parse(const char *text, uint8_t *out, size_t size) RGW_MUST_USE;

/* "CN=gw.example.org, O=Example" of a whole DER Name, escaped for a log line, cut to size; returns
 * buf. Last part first, as RFC 4514 has it. Unknown attribute types appear as dotted numbers.
 * Names that differ in more than the type of a string give texts that differ, unless cut; what is
 * cut ends with "...". */
const char *rgw_name_format(struct rgw_span name, char *buf, size_t size);

#endif
