/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "radsecgw/mem.h"

/* Our own identity, which we show to peers: the certificate, the certificates that lead to its root, and the key. */

/* ---- the key ---- */

/* Not all builds of the library know all ways to encrypt a key. */
#ifdef NO_DES3
#define HAS_DES3 false
#else
#define HAS_DES3 true
#endif
#if defined(HAVE_PKCS12) && !defined(NO_DES3)
#define HAS_PBE_DES3 true
#else
#define HAS_PBE_DES3 false
#endif
#ifdef NO_MD5
#define HAS_MD5 false
#else
#define HAS_MD5 true
#endif
#ifdef OPENSSL_EXTRA
#define HAS_OLD_AES true
#else
#define HAS_OLD_AES false
#endif

/* Ways to encrypt a key: a mark in the file, as text or in its octets (an OBJECT IDENTIFIER). The first mark that is
 * found counts. */
static const struct cipher {
	const char *text;
	const char *oid;
	const char *name;
	bool known;
} ciphers[] = {
	{ "DEK-Info: DES-EDE3-CBC", NULL, "DES-EDE3-CBC in the traditional form", HAS_MD5 && HAS_DES3 },
	{ "DEK-Info: DES-CBC", NULL, "DES-CBC in the traditional form", false },
	{ "DEK-Info: AES-", NULL, "AES in the traditional form", HAS_OLD_AES },
	{ "DEK-Info: ", NULL, "an unusual cipher in the traditional form", false },
	{ NULL, "\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b", "PBES2 with scrypt", false },
	{ NULL, "\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03", "PBE-SHA1-3DES", HAS_PBE_DES3 },
	{ NULL, "\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01", "a cipher of PKCS #12", false },
	{ NULL, "\x2a\x86\x48\x86\xf7\x0d\x03\x07", "PBES2 with des-ede3-cbc", HAS_DES3 },
	{ NULL, "\x60\x86\x48\x01\x65\x03\x04\x01\x02", "PBES2 with aes-128-cbc", true },
	{ NULL, "\x60\x86\x48\x01\x65\x03\x04\x01\x2a", "PBES2 with aes-256-cbc", true },
};

/* Decodes the octets of an encrypted key; *out is owned by the caller, and has no data if the file holds no such
 * key. */
static void
decode_encrypted(const struct rgw_blob *pem, struct rgw_blob *out)
{
	static const char begin[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
	const uint8_t *at = memmem(pem->data, pem->len, begin, strlen(begin));
	const uint8_t *end;
	word32 n = (word32)pem->len;

	*out = (struct rgw_blob){ NULL, 0 };
	if (at == NULL)
		return;
	at += strlen(begin);
	end = memmem(at, pem->len - (size_t)(at - pem->data), "-----END", 8);
	if (end == NULL)
		return;
	out->data = rgw_xcalloc(1, pem->len);
	if (Base64_Decode(at, (word32)(end - at), out->data, &n) != 0)
		n = 0;
	out->len = n;
}

static bool
holds(const struct rgw_blob *f, const char *mark)
{
	return mark != NULL && f->data != NULL && memmem(f->data, f->len, mark, strlen(mark)) != NULL;
}

/* The way in which the key is encrypted; NULL = a way without a name here. */
static const struct cipher *
cipher_of(const struct rgw_blob *pem)
{
	const struct cipher *found = NULL;
	struct rgw_blob der;

	decode_encrypted(pem, &der);
	for (size_t i = 0; found == NULL && i < sizeof ciphers / sizeof ciphers[0]; i++)
		if (holds(pem, ciphers[i].text) || holds(&der, ciphers[i].oid))
			found = &ciphers[i];
	rgw_pem_drop(&der);
	return found;
}

/* Says why a key cannot be had, and what to do. */
static bool
key_failed(const struct rgw_conf_tls *conf, const struct rgw_blob *pem, struct rgw_tls_problem *problem)
{
	const struct cipher *cipher = cipher_of(pem);

	if (cipher == NULL && !holds(pem, "ENCRYPTED"))
		return rgw_tls_fail(problem, "key", "%s holds no private key in PEM form that can be used", conf->key);
	if (cipher == NULL || !cipher->known)
		return rgw_tls_fail(problem, "key", "%s is encrypted with %s, which this build cannot read; write it "
		    "anew with `openssl pkcs8 -topk8 -v2 aes256 -in %s -out NEW` and name that", conf->key,
		    cipher != NULL ? cipher->name : "a cipher that is not known here", conf->key);
	return rgw_tls_fail(problem, "key", "%s is encrypted (%s); %s", conf->key, cipher->name,
	    conf->key_password != NULL ? "key-password does not open it" : "key-password is needed");
}

/* Reads the private key, decrypted, in DER. */
static bool
read_key(const struct rgw_conf_tls *conf, struct rgw_blob *der, struct rgw_tls_problem *problem)
{
	struct rgw_blob pem;
	char why[512];
	int n;

	if (!rgw_pem_read(conf->key, &pem, why, sizeof why))
		return rgw_tls_fail(problem, "key", "%s", why);
	der->data = rgw_xcalloc(1, pem.len);
	der->len = pem.len;
	n = wc_KeyPemToDer(pem.data, (int)pem.len, der->data, (int)der->len, conf->key_password);
	if (n > 0) {
		/* The octets behind the key may be what it was decrypted from. */
		rgw_wipe(der->data + n, der->len - (size_t)n);
		der->len = (size_t)n;
	} else {
		rgw_pem_drop(der);
		(void)key_failed(conf, &pem, problem);
	}
	rgw_pem_drop(&pem);
	return n > 0;
}

/* Is the public part of an elliptic curve key in the certificate? Not every build of the library notices a key of the
 * right curve that belongs to another certificate. True for keys of other kinds. */
static bool
ecc_key_fits(const struct rgw_blob *key, const struct rgw_kept_cert *leaf)
{
	ecc_key *ecc = wc_ecc_key_new(NULL);
	byte public[2 * MAX_ECC_BYTES + 1];
	word32 len = sizeof public;
	word32 at = 0;
	bool fits = true;

	if (ecc != NULL && wc_EccPrivateKeyDecode(key->data, &at, ecc, (word32)key->len) == 0)
		fits = wc_ecc_make_pub(ecc, NULL) == 0 && wc_ecc_export_x963(ecc, public, &len) == 0 &&
		    memmem(leaf->der, leaf->len, public, len) != NULL;
	wc_ecc_key_free(ecc);
	return fits;
}

static bool
load_key(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, struct rgw_tls_problem *problem)
{
	struct rgw_blob key = { NULL, 0 };
	bool fits;

	if (!read_key(conf, &key, problem))
		return false;
	fits = wolfSSL_CTX_use_PrivateKey_buffer(t->ctx, key.data, (long)key.len, WOLFSSL_FILETYPE_ASN1) ==
	        WOLFSSL_SUCCESS &&
	    wolfSSL_CTX_check_private_key(t->ctx) == WOLFSSL_SUCCESS && ecc_key_fits(&key, &t->own.v[0]);
	rgw_pem_drop(&key);
	return fits || rgw_tls_fail(problem, "key", "%s is not the key of the first certificate in %s%s", conf->key,
	    conf->certificate, conf->key_password != NULL ? ", or key-password does not open it" : "");
}

/* ---- the certificates ---- */

/* Keeps the certificates that can be read. true = every one could be read. */
static bool
keep_chain(struct rgw_tlsctx *t, const char *path, const struct rgw_blob *pem, const struct rgw_tls_ear *ear)
{
	struct rgw_blob der;
	unsigned nth = 0;
	size_t at = 0;
	bool all = true;

	while (rgw_pem_next_cert(pem, &at, &der)) {
		bool kept = der.data != NULL && rgw_certs_add(&t->own, der.data, der.len);

		nth++;
		rgw_pem_drop(&der);
		all &= kept;
		if (!kept)
			rgw_tls_tell(ear, "certificate", "certificate %u in %s cannot be read", nth, path);
		if (t->own.n == 0)
			return false;
	}
	return all;
}

static bool
load_chain(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, const struct rgw_tls_ear *ear,
    struct rgw_tls_problem *problem)
{
	struct rgw_blob pem;
	char why[512];
	bool taken;
	bool all;

	if (!rgw_pem_read(conf->certificate, &pem, why, sizeof why))
		return rgw_tls_fail(problem, "certificate", "%s", why);
	all = keep_chain(t, conf->certificate, &pem, ear);
	if (t->own.n > 0 && t->own.v[0].x509.key_kind == RGW_KEY_RSA_PSS) {
		rgw_pem_drop(&pem);
		return rgw_tls_fail(problem, "certificate", "%s is for a key of the kind id-RSASSA-PSS, with which no "
		    "handshake succeeds; ask for one with an ordinary RSA key (rsaEncryption), or with P-256",
		    conf->certificate);
	}
	taken = t->own.n > 0 && wolfSSL_CTX_use_certificate_chain_buffer(t->ctx, pem.data, (long)pem.len) ==
	    WOLFSSL_SUCCESS;
	rgw_pem_drop(&pem);
	if (taken)
		return true;
	if (t->own.n > 0 && !all)
		return rgw_tls_fail(problem, "certificate", "%s holds a certificate behind the first that cannot be "
		    "read", conf->certificate);
	return rgw_tls_fail(problem, "certificate",
	    "%s holds no certificate in PEM form that can be used (RSA needs 2048 bits)", conf->certificate);
}

bool
rgw_tlsctx_load_identity(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, const struct rgw_tls_ear *ear,
    struct rgw_tls_problem *problem)
{
	return load_chain(t, conf, ear, problem) && load_key(t, conf, problem) &&
	    (wc_Sha256Hash(t->own.v[0].der, (word32)t->own.v[0].len, t->sha256) == 0 ||
	        rgw_tls_fail(problem, "certificate", "the TLS library cannot digest it"));
}
