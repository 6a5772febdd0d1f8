/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "radsecgw/mem.h"
#include "records.h"

static const char alpn[] = "radius/1.0";  /* P-ALP-1 */

/* A failed session explains itself in at most this many octets. */
#define WHY_MAX 1280

/* First size of an output buffer: one ordinary packet as a record. */
#define OUT_FIRST 512

struct rgw_tls {
	WOLFSSL *ssl;                        /* owned */
	struct rgw_tlsctx *ctx;              /* holds a reference */
	rgw_tls_judge *judge;                /* borrowed until the handshake is over ... */
	void *judge_arg;                     /* ... like what it is given */
	const uint8_t *in;                   /* borrowed: input not taken yet */
	size_t in_len;
	struct rgw_records records;          /* what has been taken of it */
	struct rgw_outbuf out;
	char *why;                           /* owned; NULL until something fails */
	bool accepted;                       /* our own judgement of the leaf was yes */
	bool has_pss_key;                    /* the peer's certificate is for a key of that kind */
	bool refused;                        /* a certificate of its chain has been refused */
	int stale;                           /* depth of a certificate of its chain that is not in force, or -1 */
	int stale_error;                     /* the library's number for that */
};

/* Keeps the first explanation: what follows from it says less. */
static void explain(struct rgw_tls *tls, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
explain(struct rgw_tls *tls, const char *fmt, ...)
{
	va_list ap;

	if (tls->why != NULL)
		return;
	tls->why = malloc(WHY_MAX);
	if (tls->why == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(tls->why, WHY_MAX, fmt, ap);
	va_end(ap);
}

const char *
rgw_tls_why(const struct rgw_tls *tls)
{
	return tls->why != NULL ? tls->why : "unknown reason";
}

/* Says what is wrong with a record. What cannot be TLS from its first octet on is named so. */
static void
explain_record(struct rgw_tls *tls, const char *fault)
{
	const uint8_t *h = tls->records.header;

	explain(tls, "%s: %s (kind %u, version %u.%u, %u octets)", tls->records.n > 1
	    ? "the peer breaks TLS" : "what the peer sent is not TLS, or not TLS 1.2 or 1.3", fault, h[0],
	    h[1], h[2], (unsigned)h[3] << 8 | h[4]);
}

/* Hands octets to the library. A record that it must not see ends the session here. */
int
rgw_tls_recv(WOLFSSL *ssl, char *buf, int size, void *ctx)
{
	struct rgw_tls *tls = ctx;
	size_t n = (size_t)size < tls->in_len ? (size_t)size : tls->in_len;
	const char *fault = rgw_records_follow(&tls->records, tls->in, n);

	(void)ssl;
	if (fault != NULL) {
		explain_record(tls, fault);
		return WOLFSSL_CBIO_ERR_GENERAL;
	}
	if (n == 0)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	memcpy(buf, tls->in, n);
	tls->in += n;
	tls->in_len -= n;
	return (int)n;
}

/* Takes everything always: the library does not cope with partial writes. Who writes checks the
 * length of the buffer before. */
int
rgw_tls_send(WOLFSSL *ssl, char *buf, int size, void *ctx)
{
	struct rgw_outbuf *out = &((struct rgw_tls *)ctx)->out;
	size_t cap = out->cap > 0 ? out->cap : OUT_FIRST;
	size_t need;

	(void)ssl;
	/* What has been sent makes room first, or a buffer that is never empty would grow for ever. */
	if (out->at > 0 && out->len + (size_t)size > out->cap) {
		memmove(out->data, out->data + out->at, out->len - out->at);
		out->len -= out->at;
		out->at = 0;
	}
	need = out->len + (size_t)size;
	while (cap < need)
		cap *= 2;
	if (cap != out->cap) {
		uint8_t *bigger = realloc(out->data, cap);

		if (bigger == NULL)
			return WOLFSSL_CBIO_ERR_GENERAL;
		out->data = bigger;
		out->cap = cap;
	}
	memcpy(out->data + out->len, buf, (size_t)size);
	out->len = need;
	return size;
}

struct rgw_outbuf *
rgw_tls_out(struct rgw_tls *tls)
{
	return &tls->out;
}

void
rgw_tls_sent(struct rgw_tls *tls, size_t n)
{
	struct rgw_outbuf *out = &tls->out;

	out->at += n;
	if (out->at < out->len)
		return;
	free(out->data);
	*out = (struct rgw_outbuf){ NULL, 0, 0, 0 };
}

struct rgw_tls *
rgw_tls_new(struct rgw_tlsctx *ctx, rgw_tls_judge *judge, void *arg, const char *sni)
{
	bool client = ctx->role == RGW_TLS_CLIENT;
	struct rgw_tls *tls = calloc(1, sizeof *tls);

	if (tls == NULL)
		return NULL;
	tls->ssl = wolfSSL_new(ctx->ctx);
	if (tls->ssl == NULL) {
		free(tls);
		return NULL;
	}
	ctx->references++;
	tls->ctx = ctx;
	tls->judge = judge;
	tls->judge_arg = arg;
	tls->stale = -1;
	wolfSSL_SetIOReadCtx(tls->ssl, tls);
	wolfSSL_SetIOWriteCtx(tls->ssl, tls);
	wolfSSL_SetCertCbCtx(tls->ssl, tls);
	/* Strict servers want to hear that renegotiation is safe (RFC 5746 3.4), although there is none. */
	if (client && ctx->tls12)
		(void)wolfSSL_UseSecureRenegotiation(tls->ssl);
	if (wolfSSL_UseALPN(tls->ssl, (char *)(uintptr_t)alpn, sizeof alpn - 1,
	        WOLFSSL_ALPN_FAILED_ON_MISMATCH) != WOLFSSL_SUCCESS ||
	    (client && sni != NULL && wolfSSL_UseSNI(tls->ssl, WOLFSSL_SNI_HOST_NAME, sni,
	        (unsigned short)strlen(sni)) != WOLFSSL_SUCCESS)) {
		rgw_tls_free(tls);
		return NULL;
	}
	return tls;
}

bool
rgw_tls_peek_sni(const uint8_t *hello, size_t len, char *out, size_t size)
{
	word32 n = (word32)size;

	/* A longer name is cut off without a word, and then all of the room is used. */
	if (wolfSSL_SNI_GetFromBuffer(hello, (word32)len, WOLFSSL_SNI_HOST_NAME, (byte *)out, &n) !=
	        WOLFSSL_SUCCESS ||
	    n >= size)
		return false;
	out[n] = '\0';
	return strlen(out) == n && n > 0;
}

void
rgw_tls_free(struct rgw_tls *tls)
{
	if (tls == NULL)
		return;
	wolfSSL_free(tls->ssl);
	rgw_tlsctx_free(tls->ctx);
	free(tls->out.data);
	free(tls->why);
	free(tls);
}

void
rgw_tls_feed(struct rgw_tls *tls, const uint8_t *data, size_t len)
{
	tls->in = data;
	tls->in_len = len;
}

/* What may be wrong with a certificate of a chain. */
enum chain_fault {
	HARD,       /* with whatever certificate it is, the chain is refused */
	STALE,      /* it is not in force; the chain may hold without it */
	UNKNOWN,    /* we do not know its issuer; the chain may hold without it, or come in another order */
};

#define NO_SIGNER "no CA in `ca` signed it, or an intermediate is missing from what the peer sends"

/* The library's numbers for that, each in both of its dialects. */
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

/* Its place in the table, or N_CHAIN_ERRORS. */
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

static const char *
chain_error(int code, char *room, size_t size)
{
	size_t i = find_error(code);

	if (i < N_CHAIN_ERRORS)
		return chain_errors[i].text;
	snprintf(room, size, "%s (%d)", wolfSSL_ERR_reason_error_string((unsigned long)code), code);
	return room;
}

const char *
rgw_tls_date(int64_t t, char *buf, size_t size)
{
	time_t when = (time_t)t;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || strftime(buf, size, "%Y-%m-%d", &tm) == 0)
		snprintf(buf, size, "?");
	return buf;
}

/* Says which check failed, and what the certificate is. */
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
		explain(tls, "certificate refused: %s; it cannot be read", what);
		return;
	}
	explain(tls, "certificate refused: %s; presented %s; subject %s; issuer %s; valid %s to %s", what,
	    rgw_cert_presented(&cert, presented, sizeof presented),
	    rgw_name_format(cert.subject, subject, sizeof subject),
	    rgw_name_format(cert.issuer, issuer, sizeof issuer),
	    rgw_tls_date(cert.not_before, from, sizeof from), rgw_tls_date(cert.not_after, until, sizeof until));
}

/* One that has been signed by somebody else, and with what nobody should rely on; -1 = there is none. */
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

/* The chain is good in the library's eyes, or it did not find the way (its number for that is `error`); is it
 * good, and is it whom we expect? */
static bool
judge_leaf(struct rgw_tls *tls, const WOLFSSL_BUFFER_INFO *certs, int n, int error)
{
	const uint8_t *der = certs[0].buffer;
	size_t len = certs[0].length;
	uint8_t sha256[WC_SHA256_DIGEST_SIZE];
	const struct rgw_kept_cert *stale;
	struct rgw_x509 cert;
	char why[RGW_TLS_JUDGE_TEXT];

	if (!rgw_trust_verifies(&tls->ctx->trust, certs, n, time(NULL), &stale)) {
		explain_chain(tls, certs, n, error, stale);
		return false;
	}
	if (!rgw_x509_parse(&cert, der, len) || wc_Sha256Hash(der, (word32)len, sha256) != 0) {
		explain_cert(tls, "the certificate is malformed", der, len);
		return false;
	}
	tls->has_pss_key = cert.key_kind == RGW_KEY_RSA_PSS;
	if (tls->judge(tls->judge_arg, &cert, sha256, why, sizeof why))
		return true;
	explain_cert(tls, why, der, len);
	return false;
}

/* A certificate above the leaf that the library cannot use. Peers send more than is needed, some of it out of
 * date, and not in order; what the library could not make use of does not help it to verify the leaf, and one
 * that is out of date, which it goes on to use, is not believed by our own judgement. All else is refused. */
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

int
rgw_tls_verify(int preverify, WOLFSSL_X509_STORE_CTX *store)
{
	struct rgw_tls *tls = store->userCtx;
	int depth = store->error_depth;
	char room[96];

	tls->ctx->has_guests |= store->totalCerts > 1;
	/* There is no second handshake on a connection, whatever the library was built with. */
	if (tls->judge == NULL)
		return 0;
	if (depth < 0 || depth >= store->totalCerts)
		return 0;
	if (depth > 0 && (preverify == 1 || pass_over(tls, store->error, depth)))
		return 1;
	/* Older versions go on to the leaf after a refusal. */
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

static const struct {
	int code;
	const char *text;
} alerts[] = {
	{ 0, "close_notify" },
	{ 20, "bad_record_mac" },
	{ 40, "handshake_failure: no common suite, group or signature algorithm; with TLS 1.2 also if its "
	    "certificate has a P-521 key" },
	{ 42, "bad_certificate: it refuses our certificate" },
	{ 43, "unsupported_certificate: it refuses our certificate (extended key usage?)" },
	{ 44, "certificate_revoked: it refuses our certificate" },
	{ 45, "certificate_expired: it refuses our certificate" },
	{ 46, "certificate_unknown: it refuses our certificate" },
	{ 47, "illegal_parameter" },
	{ 48, "unknown_ca: it does not know the CA of our certificate" },
	{ 49, "access_denied: our certificate is good but not allowed there" },
	{ 50, "decode_error" },
	{ 51, "decrypt_error" },
	{ 70, "protocol_version: no common TLS version" },
	{ 71, "insufficient_security" },
	{ 80, "internal_error" },
	{ 86, "inappropriate_fallback" },
	{ 109, "missing_extension" },
	{ 112, "unrecognized_name: it has no certificate for the name we sent (SNI)" },
	{ 115, "unknown_psk_identity" },
	{ 116, "certificate_required: it wants a certificate" },
	{ 120, "no_application_protocol: it does not speak radius/1.0 (ALPN)" },
};

static const char *
alert_text(int code)
{
	for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
		if (alerts[i].code == code)
			return alerts[i].text;
	return "alert";
}

/* Turns the library's error into a sentence that tells an operator what to do. */
static enum rgw_tls_result
failed(struct rgw_tls *tls, int error)
{
	WOLFSSL_ALERT_HISTORY history;

	memset(&history, 0, sizeof history);
	wolfSSL_get_alert_history(tls->ssl, &history);
	if (history.last_rx.code > 0)
		explain(tls, "the peer sent TLS alert %d (%s)", history.last_rx.code,
		    alert_text(history.last_rx.code));
	else if (error == NO_PEER_CERT || error == VERIFY_CERT_ERROR)
		/* One that was sent and refused has been explained by then. */
		explain(tls, "the peer sent no certificate");
	else if (tls->records.n <= 1 &&
	    (error == UNKNOWN_RECORD_TYPE || error == VERSION_ERROR || error == LENGTH_ERROR))
		explain(tls, "what the peer sent is not TLS, or not TLS 1.2 or 1.3");
	else if (error == UNKNOWN_ALPN_PROTOCOL_NAME_E)
		explain(tls, "the peer chose another application protocol than radius/1.0 (ALPN)");
	else if (tls->judge != NULL && (tls->has_pss_key || error == ALGO_ID_E))
		explain(tls, "TLS failed: %s (%d): the peer's certificate is for a key of the kind id-RSASSA-PSS, or "
		    "one that the TLS library does not know; it needs one with an ordinary RSA key, or with P-256",
		    wolfSSL_ERR_reason_error_string((unsigned long)error), error);
	else if (find_error(error) < N_CHAIN_ERRORS)
		explain(tls, "certificate refused: %s", chain_errors[find_error(error)].text);
	else
		explain(tls, "TLS failed: %s (%d)", wolfSSL_ERR_reason_error_string((unsigned long)error),
		    error);
	return RGW_TLS_FAILED;
}

/* What was negotiated must be among what we offered (CVE-2024-5814). */
static bool
suite_allowed(struct rgw_tls *tls)
{
	unsigned number = (unsigned)wolfSSL_get_current_cipher_suite(tls->ssl);
	const struct rgw_suite *table;
	size_t n = rgw_suites(&table);

	for (size_t i = 0; i < n; i++)
		if (table[i].number == number)
			return (tls->ctx->suites >> i & 1) != 0;
	return false;
}

enum rgw_tls_result
rgw_tls_handshake(struct rgw_tls *tls)
{
	int ret = tls->ctx->role == RGW_TLS_CLIENT ? wolfSSL_connect(tls->ssl)
	                                          : wolfSSL_accept(tls->ssl);
	int error;

	rgw_tlsctx_forget_guests(tls->ctx);
	if (ret != WOLFSSL_SUCCESS) {
		error = wolfSSL_get_error(tls->ssl, ret);
		return error == WOLFSSL_ERROR_WANT_READ ? RGW_TLS_WANT : failed(tls, error);
	}
	if (!tls->accepted) {
		explain(tls, "the peer was not identified");
		return RGW_TLS_FAILED;
	}
	if (!suite_allowed(tls)) {
		explain(tls, "the peer chose a cipher suite that was not offered");
		return RGW_TLS_FAILED;
	}
	tls->judge = NULL;
	return RGW_TLS_OK;
}

enum rgw_tls_result
rgw_tls_read(struct rgw_tls *tls, uint8_t *buf, size_t cap, size_t *len)
{
	int ret = wolfSSL_read(tls->ssl, buf, (int)cap);
	int error;

	if (ret > 0) {
		rgw_records_progress(&tls->records);
		*len = (size_t)ret;
		return RGW_TLS_OK;
	}
	error = wolfSSL_get_error(tls->ssl, ret);
	if (error == WOLFSSL_ERROR_WANT_READ)
		return RGW_TLS_WANT;
	if (error == WOLFSSL_ERROR_ZERO_RETURN)
		return RGW_TLS_CLOSED;
	return failed(tls, error);
}

bool
rgw_tls_write(struct rgw_tls *tls, const uint8_t *data, size_t len)
{
	int ret = wolfSSL_write(tls->ssl, data, (int)len);

	if (ret == (int)len)
		return true;
	failed(tls, wolfSSL_get_error(tls->ssl, ret));
	return false;
}

void
rgw_tls_close(struct rgw_tls *tls)
{
	wolfSSL_shutdown(tls->ssl);
}

const char *
rgw_tls_describe(struct rgw_tls *tls, char *buf, size_t size)
{
	char *protocol = NULL;
	unsigned short len = 0;

	if (wolfSSL_ALPN_GetProtocol(tls->ssl, &protocol, &len) != WOLFSSL_SUCCESS)
		len = 0;
	snprintf(buf, size, "%s, %s, ALPN %.*s", wolfSSL_get_version(tls->ssl),
	    wolfSSL_get_cipher_name(tls->ssl), len > 0 ? (int)len : 4, len > 0 ? protocol : "none");
	return buf;
}

/* The first version that is not known to read outside of its memory before the peer has shown a
 * certificate. */
#define SAFE_VERSION 0x05007000

const char *
rgw_tls_library_version(void)
{
	return wolfSSL_lib_version();
}

const char *
rgw_tls_library_warning(void)
{
	if (wolfSSL_lib_version_hex() >= SAFE_VERSION)
		return NULL;
	return "the TLS library is older than wolfSSL 5.7; records that make it read outside of its "
	       "memory (CVE-2024-0901) are refused before it sees them, but a newer one closes more: build "
	       "the lean one";
}

bool
rgw_tls_library_init(void)
{
	return wolfSSL_Init() == WOLFSSL_SUCCESS;
}

/* Some builds of the library keep products of elliptic curve points, for each thread apart. */
#ifdef FP_ECC
void
rgw_tls_thread_fini(void)
{
	wc_ecc_fp_free();
}
#else
void
rgw_tls_thread_fini(void)
{
}
#endif

void
rgw_tls_library_fini(void)
{
	wolfSSL_Cleanup();
}
