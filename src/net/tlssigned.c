/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "radsecgw/mem.h"

/* Signatures: those of CRLs, kept until the key turns up that may have made them (RFC 5280 6.3.3 g). The library's own
 * reader of CRLs has no part in it: its builds differ in what they accept. */

enum kind { BY_RSA, BY_EC, BY_EDWARDS };

/* The algorithms that are understood, by their OBJECT IDENTIFIERs, whole DER. */
static const struct algorithm {
	const char *oid;
	enum kind kind;
	enum wc_HashType hash;
	int hash_oid;
} algorithms[] = {
	{ "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", BY_RSA, WC_HASH_TYPE_SHA256, SHA256h },
	{ "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", BY_RSA, WC_HASH_TYPE_SHA384, SHA384h },
	{ "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", BY_RSA, WC_HASH_TYPE_SHA512, SHA512h },
	{ "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", BY_EC, WC_HASH_TYPE_SHA256, 0 },
	{ "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", BY_EC, WC_HASH_TYPE_SHA384, 0 },
	{ "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04", BY_EC, WC_HASH_TYPE_SHA512, 0 },
	{ "\x06\x03\x2b\x65\x70", BY_EDWARDS, WC_HASH_TYPE_NONE, 0 },
};

#define N_ALGORITHMS (sizeof algorithms / sizeof algorithms[0])

/* Octets of the longest RSA modulus and of its signature, and of the longest DigestInfo. */
#define RSA_MAX 1024
#define DIGEST_INFO_MAX 128

static const struct algorithm *
find(struct rgw_span identifier)
{
	for (size_t i = 0; i < N_ALGORITHMS; i++) {
		size_t len = strlen(algorithms[i].oid);

		/* The SEQUENCE of these has a length of one octet. */
		if (identifier.len >= len + 2 && memcmp(identifier.data + 2, algorithms[i].oid, len) == 0)
			return &algorithms[i];
	}
	return NULL;
}

static bool
copy(struct rgw_blob *out, struct rgw_span from)
{
	out->data = malloc(from.len);
	out->len = from.len;
	if (out->data != NULL)
		memcpy(out->data, from.data, from.len);
	return out->data != NULL;
}

bool
rgw_signed_take(struct rgw_signed *s, const struct rgw_crl *crl)
{
	const struct algorithm *a = find(crl->algorithm);
	uint8_t digest[WC_MAX_DIGEST_SIZE];
	struct rgw_span text = crl->tbs;

	*s = (struct rgw_signed){ .algorithm = a != NULL ? (size_t)(a - algorithms) : 0 };
	if (a == NULL)
		return false;
	/* Edwards keys sign the text itself. */
	if (a->kind != BY_EDWARDS) {
		text = (struct rgw_span){ digest, (size_t)wc_HashGetDigestSize(a->hash) };
		if (wc_Hash(a->hash, crl->tbs.data, (word32)crl->tbs.len, digest, (word32)text.len) != 0)
			return false;
	}
	if (copy(&s->text, text) && copy(&s->signature, crl->signature))
		return true;
	rgw_signed_drop(s);
	return false;
}

void
rgw_signed_drop(struct rgw_signed *s)
{
	free(s->text.data);
	free(s->signature.data);
	*s = (struct rgw_signed){ .algorithm = 0 };
}

static bool
is_by_rsa(const struct rgw_signed *s, struct rgw_span key)
{
	uint8_t wanted[DIGEST_INFO_MAX];
	uint8_t found[RSA_MAX];
	RsaKey rsa;
	word32 at = 0;
	word32 n = 0;
	int len = -1;

	if (s->signature.len > sizeof found || wc_InitRsaKey(&rsa, NULL) != 0)
		return false;
	if (wc_RsaPublicKeyDecode(key.data, &at, &rsa, (word32)key.len) == 0 &&
	    (size_t)wc_RsaEncryptSize(&rsa) == s->signature.len)
		len = wc_RsaSSL_Verify(s->signature.data, (word32)s->signature.len, found, sizeof found, &rsa);
	wc_FreeRsaKey(&rsa);
	if (len > 0)
		n = wc_EncodeSignature(wanted, s->text.data, (word32)s->text.len, algorithms[s->algorithm].hash_oid);
	return n > 0 && n == (word32)len && memcmp(wanted, found, n) == 0;
}

static bool
is_by_ec(const struct rgw_signed *s, struct rgw_span key)
{
	ecc_key *ecc = wc_ecc_key_new(NULL);
	word32 at = 0;
	int good = 0;

	if (ecc == NULL || wc_EccPublicKeyDecode(key.data, &at, ecc, (word32)key.len) != 0 ||
	    wc_ecc_verify_hash(s->signature.data, (word32)s->signature.len, s->text.data, (word32)s->text.len, &good,
	        ecc) != 0)
		good = 0;
	wc_ecc_key_free(ecc);
	return good == 1;
}

static bool
is_by_edwards(const struct rgw_signed *s, struct rgw_span key)
{
	ed25519_key ed;
	word32 at = 0;
	int good = 0;

	if (wc_ed25519_init(&ed) != 0)
		return false;
	if (wc_Ed25519PublicKeyDecode(key.data, &at, &ed, (word32)key.len) != 0 ||
	    wc_ed25519_verify_msg(s->signature.data, (word32)s->signature.len, s->text.data, (word32)s->text.len, &good,
	        &ed) != 0)
		good = 0;
	wc_ed25519_free(&ed);
	return good == 1;
}

bool
rgw_signed_by(const struct rgw_signed *s, struct rgw_span key)
{
	switch (algorithms[s->algorithm].kind) {
	case BY_RSA:
		return is_by_rsa(s, key);
	case BY_EC:
		return is_by_ec(s, key);
	case BY_EDWARDS:
		break;
	}
	return is_by_edwards(s, key);
}

bool
rgw_cert_has_signed(struct rgw_span issuer, struct rgw_span cert)
{
	WOLFSSL_CERT_MANAGER *cm = wolfSSL_CertManagerNew();
	bool good = cm != NULL &&
	    wolfSSL_CertManagerLoadCABuffer(cm, issuer.data, (long)issuer.len, WOLFSSL_FILETYPE_ASN1) ==
	        WOLFSSL_SUCCESS &&
	    wolfSSL_CertManagerVerifyBuffer(cm, cert.data, (long)cert.len, WOLFSSL_FILETYPE_ASN1) ==
	        WOLFSSL_SUCCESS;

	wolfSSL_CertManagerFree(cm);
	return good;
}
