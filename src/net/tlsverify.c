/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/sha256.h>

/* The judgement on the certificates that the far end shows (P-CRT-1 to 4): the library's opinion of each, our own
 * opinion of the whole chain, and whose the leaf is. It runs within the handshake, in the thread that does it, and
 * reads nothing but the session, its context and what its judge was given. */

/* How much a fault of one certificate says about its chain. */
enum chain_fault {
	HARD,       /* whichever certificate has it, the chain is refused */
	STALE,      /* the certificate is not in force; the chain may hold without it */
	UNKNOWN,    /* we do not know the issuer; the chain may hold without the certificate, or in another order */
};

#define NO_SIGNER "no CA in `ca` signed it, or an intermediate is missing from what the peer sends"

/* The library's numbers for such faults, each in both of its dialects. */
static const struct {
	int code;
	enum chain_fault kind;
	const char *text;
} chain_errors[] = {
	{ 14, STALE, "it has expired" },
	{ ASN_AFTER_DATE_E, STALE, "it has expired" },
	{ 13, STALE, "it is not valid yet (is our clock right?)" },
	{ ASN_BEFORE_DATE_E, STALE, "it is not valid yet (is our clock right?)" },
	{ 20, UNKNOWN, NO_SIGNER },
	{ ASN_NO_SIGNER_E, UNKNOWN, NO_SIGNER },
	{ 7, HARD, "its signature is wrong: not signed by the CA it names" },
	{ 18, UNKNOWN, "it is self-signed and not in `ca`" },
	{ 19, UNKNOWN, "the CA that its chain ends with is not in `ca`" },
	{ 26, HARD, "its extended key usage does not allow this role" },
	{ ASN_SELF_SIGNED_E, UNKNOWN, "it is self-signed and not in `ca`" },
	{ ASN_SIG_CONFIRM_E, HARD, "its signature is wrong: not signed by the CA it names" },
	{ ASN_SIG_OID_E, HARD, "its signature algorithm is not supported" },
	{ EXTKEYUSE_AUTH_E, HARD, "its extended key usage does not allow this role" },
	{ KEYUSAGE_E, HARD, "its key usage does not allow this" },
	{ RSA_KEY_SIZE_E, HARD, "its RSA key is shorter than 2048 bits" },
	{ ECC_KEY_SIZE_E, HARD, "its elliptic curve key is shorter than 256 bits" },
	{ MAX_CHAIN_ERROR, HARD, "the chain is too long" },
	{ ASN_PATHLEN_INV_E, HARD, "the chain is longer than a CA in it allows" },
	{ ASN_NAME_INVALID_E, HARD, "a CA in the chain does not allow its name" },
	{ NOT_CA_ERROR, HARD, "a certificate that it depends on is not that of a CA" },
	{ ASN_CRIT_EXT_E, HARD, "it has a critical extension that is not understood" },
	{ KEYUSE_SIGNATURE_E, HARD, "its key usage does not allow signatures" },
	{ NO_PEER_CERT, HARD, "the peer sent no certificate" },
};

#define N_CHAIN_ERRORS (sizeof chain_errors / sizeof chain_errors[0])

/* The place of the library's number in the table, or N_CHAIN_ERRORS. */
static size_t
find_error(int code)
{
	size_t i = 0;

	while (i < N_CHAIN_ERRORS && chain_errors[i].code != code)
		i++;
	return i;
}

static enum chain_fault
fault_of(int code)
{
	size_t i = find_error(code);

	return i < N_CHAIN_ERRORS ? chain_errors[i].kind : HARD;
}

const char *
rgw_tls_cert_fault(int code)
{
	size_t i = find_error(code);

	return i < N_CHAIN_ERRORS ? chain_errors[i].text : NULL;
}

static const char *
chain_error(int code, char *room, size_t size)
{
	const char *fault = rgw_tls_cert_fault(code);

	if (fault != NULL)
		return fault;
	snprintf(room, size, "%s (%d)", wolfSSL_ERR_reason_error_string((unsigned long)code), code);
	return room;
}
/* Explains a refusal by the check that failed, and what the certificate is. */
static void
explain_cert(struct rgw_tls *tls, const char *what, const uint8_t *der, size_t len)
{
	char presented[256];
	char subject[128];
	char issuer[128];
	char from[16];
	char until[16];
	struct rgw_x509 cert;

	if (!rgw_x509_parse(&cert, der, len)) {
		rgw_tls_explain(tls, "certificate refused: %s; it cannot be read", what);
		return;
	}
	rgw_tls_explain(tls, "certificate refused: %s; presented %s; subject %s; issuer %s; valid %s to %s", what,
	    rgw_cert_presented(&cert, presented, sizeof presented),
	    rgw_name_format(cert.subject, subject, sizeof subject),
	    rgw_name_format(cert.issuer, issuer, sizeof issuer),
	    rgw_tls_date(cert.not_before, from, sizeof from), rgw_tls_date(cert.not_after, until, sizeof until));
}

/* Finds a certificate that another key has signed in a way that nobody should rely on; -1 = there is none. */
static int
find_weak(const WOLFSSL_BUFFER_INFO *certs, int n)
{
	struct rgw_x509 cert;

	for (int i = 0; i < n; i++)
		if (rgw_x509_parse(&cert, certs[i].buffer, certs[i].length) && !rgw_x509_is_self_issued(&cert) &&
		    !rgw_x509_is_strong(&cert))
			return i;
	return -1;
}

/* Says why a chain leads to no CA that we trust, as far as we know. */
static void
explain_chain(struct rgw_tls *tls, const WOLFSSL_BUFFER_INFO *certs, int n, int error,
    const struct rgw_kept_cert *stale)
{
	int weak = find_weak(certs, n);
	char what[512];
	char name[128];
	char from[16];
	char until[16];

	if (tls->stale >= 0) {
		explain_cert(tls, chain_error(tls->stale_error, what, sizeof what), certs[tls->stale].buffer,
		    certs[tls->stale].length);
		return;
	}
	if (weak >= 0) {
		explain_cert(tls, "it is signed with SHA-1 or MD5, or its key is too short", certs[weak].buffer,
		    certs[weak].length);
		return;
	}
	snprintf(what, sizeof what, "it does not verify against `ca`, or an intermediate is missing from what the "
	    "peer sends");
	if (stale != NULL)
		snprintf(what, sizeof what, "its CA in `ca` is not in force (is our clock right?): %s, valid %s to %s",
		    rgw_name_format(stale->x509.subject, name, sizeof name),
		    rgw_tls_date(stale->x509.not_before, from, sizeof from),
		    rgw_tls_date(stale->x509.not_after, until, sizeof until));
	explain_cert(tls, stale == NULL && error != 0 ? chain_error(error, what, sizeof what) : what, certs[0].buffer,
	    certs[0].length);
}

/* Says what CRLs had to do with the verdict. */
static void
explain_revocation(struct rgw_tls *tls, const WOLFSSL_BUFFER_INFO *certs, const struct rgw_chain_finding *found,
    bool accepted)
{
	struct rgw_tls_verdict verdict;

	rgw_revocation_explain(found, certs, accepted, &verdict);
	tls->revocation = verdict.revocation;
	if (!accepted) {
		explain_cert(tls, verdict.text, certs[found->cert].buffer, certs[found->cert].length);
		return;
	}
	free(tls->unchecked);
	tls->unchecked = strdup(verdict.text);
}

/* Judges the leaf of a chain that is good in the library's eyes, or to which it did not find the way (its number for
 * that is `error`): is the chain good, and is the leaf that of the peer that we expect? */
static bool
judge_leaf(struct rgw_tls *tls, const WOLFSSL_BUFFER_INFO *certs, int n, int error)
{
	const uint8_t *der = certs[0].buffer;
	size_t len = certs[0].length;
	uint8_t sha256[WC_SHA256_DIGEST_SIZE];
	const struct rgw_standard by = { &tls->ctx->trust, tls->ctx->crls, false };
	int64_t now = time(NULL);
	struct rgw_chain_finding found;
	struct rgw_x509 cert;
	char why[RGW_TLS_JUDGE_TEXT];

	if (!rgw_trust_verifies(&by, certs, n, now, &found)) {
		if (found.cert >= 0)
			explain_revocation(tls, certs, &found, false);
		else
			explain_chain(tls, certs, n, error, found.stale);
		return false;
	}
	if (!rgw_tls_read_leaf(&cert, der, len) || wc_Sha256Hash(der, (word32)len, sha256) != 0) {
		explain_cert(tls, "the certificate is malformed", der, len);
		return false;
	}
	tls->has_pss_key = cert.key_kind == RGW_KEY_RSA_PSS;
	if (!tls->judge(tls->judge_arg, &cert, sha256, why, sizeof why)) {
		explain_cert(tls, why, der, len);
		return false;
	}
	free(tls->chain);
	tls->chain = rgw_chain_new(tls->ctx, certs, n, sha256, now);
	if (tls->chain == NULL)
		rgw_tls_explain(tls, "out of memory");
	if (found.cert >= 0)
		explain_revocation(tls, certs, &found, true);
	return tls->chain != NULL;
}

/* Passes over a certificate above the leaf that the library cannot use. Peers send more than is needed, some of it out
 * of date, and not in order; a certificate that the library could not make use of does not help it to verify the leaf,
 * and a certificate that is out of date, which the library goes on to use, is not believed by our own judgement. All
 * else is refused. */
static int
pass_over(struct rgw_tls *tls, int error, int depth)
{
	enum chain_fault fault = fault_of(error);

	if (fault == STALE) {
		tls->ctx->has_stale_guests = true;
		tls->stale = depth;
		tls->stale_error = error;
	}
	return fault != HARD;
}

/* Judges one certificate of a chain. */
static int
judge_cert(struct rgw_tls *tls, int preverify, const WOLFSSL_X509_STORE_CTX *store)
{
	int depth = store->error_depth;
	char room[96];

	tls->ctx->has_guests |= store->totalCerts > 1;
	/* There is no second handshake on a connection, whatever the library was built with. */
	if (tls->judge == NULL || tls->keys_only)
		return 0;
	if (depth < 0 || depth >= store->totalCerts)
		return 0;
	if (depth > 0 && (preverify == 1 || pass_over(tls, store->error, depth)))
		return 1;
	/* Older versions of the library go on to the leaf after a refusal. */
	if (tls->refused)
		return 0;
	/* The library goes through a chain only once, from its end. A leaf whose issuer it has not found may
	 * verify all the same, and then has nothing else against it. */
	if (preverify == 1 || (depth == 0 && fault_of(store->error) == UNKNOWN))
		tls->accepted = judge_leaf(tls, store->certs, store->totalCerts,
		    preverify == 1 ? 0 : store->error);
	else
		explain_cert(tls, chain_error(store->error, room, sizeof room), store->certs[depth].buffer,
		    store->certs[depth].length);
	tls->refused = !tls->accepted;
	return tls->accepted ? 1 : 0;
}

/* An inspection goes on in any case, to see the rest. */
int
rgw_tls_verify(int preverify, WOLFSSL_X509_STORE_CTX *store)
{
	struct rgw_tls *tls = store->userCtx;
	int verdict = judge_cert(tls, preverify, store);
	char room[96];

	if (tls->seen == NULL || tls->judge == NULL)
		return verdict;
	rgw_tls_inspect_cert(tls, store, preverify == 1 ? NULL : chain_error(store->error, room, sizeof room));
	if (store->error_depth == 0)
		rgw_tls_inspect_verdict(tls);
	return 1;
}
