/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "radsecgw/mem.h"

/* What we show to peers: our certificate, those that lead to its root, and the key. */

/* ---- the key ---- */

/* The private key, decrypted, in DER. */
static bool
read_key(const struct rgw_conf_tls *conf, struct rgw_octets *der, struct rgw_tls_problem *problem)
{
	struct rgw_octets pem;
	char why[512];
	bool encrypted;
	int n;

	if (!rgw_pem_read(conf->key, &pem, why, sizeof why))
		return rgw_tls_fail(problem, "key", "%s", why);
	der->data = malloc(pem.len);
	der->len = pem.len;
	n = der->data == NULL ? MEMORY_E
	                      : wc_KeyPemToDer(pem.data, (int)pem.len, der->data, (int)der->len,
	                            conf->key_password);
	encrypted = memmem(pem.data, pem.len, "ENCRYPTED", 9) != NULL;
	rgw_pem_drop(&pem);
	if (n > 0) {
		der->len = (size_t)n;
		return true;
	}
	rgw_pem_drop(der);
	if (encrypted)
		return rgw_tls_fail(problem, "key", "%s is encrypted; %s", conf->key, conf->key_password != NULL
		    ? "key-password does not open it" : "key-password is needed");
	return rgw_tls_fail(problem, "key", "%s holds no private key in PEM form that can be used", conf->key);
}

/* Is the public part of an elliptic curve key in the certificate? Not every build of the library
 * notices a key of the right curve that belongs to another certificate. True for other kinds. */
static bool
ecc_key_fits(const struct rgw_octets *key, const struct rgw_kept_cert *leaf)
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
	struct rgw_octets key = { NULL, 0 };
	bool fits;

	if (!read_key(conf, &key, problem))
		return false;
	fits = wolfSSL_CTX_use_PrivateKey_buffer(t->ctx, key.data, (long)key.len, WOLFSSL_FILETYPE_ASN1) ==
	        WOLFSSL_SUCCESS &&
	    wolfSSL_CTX_check_private_key(t->ctx) == WOLFSSL_SUCCESS && ecc_key_fits(&key, &t->own.v[0]);
	rgw_pem_drop(&key);
	return fits || rgw_tls_fail(problem, "key", "%s is not the key of the first certificate in %s", conf->key,
	    conf->certificate);
}

/* ---- the certificates ---- */

/* Keeps what can be read; all of it, that is true. */
static bool
keep_chain(struct rgw_tlsctx *t, const char *path, const struct rgw_octets *pem, const struct rgw_tls_ear *ear)
{
	struct rgw_octets der;
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
	struct rgw_octets pem;
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
