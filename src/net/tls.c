/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/error-ssl.h>

#include "radsecgw/mem.h"
#include "tlspsk.h"

/* One TLS session: a struct rgw_session whose records the library makes. The context that the session was made from
 * lives as long as the session (P-TLS-1 to 16). */

/* Nothing is sent to such a peer, either. */
#define NOBODY "the peer was not identified"

static const char alpn[] = "radius/1.0";  /* P-ALP-1 */

static struct rgw_tls *
tls_of(struct rgw_session *session)
{
	return (struct rgw_tls *)session;
}

static const char *
why(const struct rgw_session *session)
{
	const struct rgw_tls *tls = (const struct rgw_tls *)session;

	return tls->why != NULL ? tls->why : "unknown reason";
}

static void
drop(struct rgw_session *session)
{
	struct rgw_tls *tls = tls_of(session);

	wolfSSL_free(tls->ssl);
	rgw_tlsctx_free(tls->ctx);
	rgw_outbuf_fini(&session->out);
	rgw_psk_free(tls->psk);
	rgw_wipe(tls->secret, sizeof tls->secret);
	free(tls->chain);
	free(tls->unchecked);
	free(tls->why);
	free(tls);
}

static void
feed(struct rgw_session *session, const uint8_t *data, size_t len)
{
	struct rgw_tls *tls = tls_of(session);

	tls->in = data;
	tls->in_len = len;
}

/* ---- failures ---- */

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
	{ 115, "unknown_psk_identity: it knows no pre-shared key of ours" },
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

/* Explains a failure by an alert of the peer, which says most about it. */
static void
explain_alert(struct rgw_tls *tls)
{
	WOLFSSL_ALERT_HISTORY history;

	memset(&history, 0, sizeof history);
	wolfSSL_get_alert_history(tls->ssl, &history);
	if (history.last_rx.code > 0)
		rgw_tls_explain(tls, "the peer sent TLS alert %d (%s)%s", history.last_rx.code,
		    alert_text(history.last_rx.code), !tls->keys_only ? ""
		        : "; it may know our `psk-identity` not at all, or with another key");
}

/* Turns the library's error into a sentence that tells an operator what to do. Only the first explanation counts. */
static enum rgw_session_result
failed(struct rgw_tls *tls, int error)
{
	const char *reason = wolfSSL_ERR_reason_error_string((unsigned long)error);
	const char *fault = rgw_tls_cert_fault(error);

	rgw_psk_explain(tls);
	explain_alert(tls);
	if (error == NO_PEER_CERT || error == VERIFY_CERT_ERROR)
		/* A certificate that was sent and refused has been explained by then. */
		rgw_tls_explain(tls, "the peer sent no certificate");
	else if (tls->records.n <= 1 &&
	    (error == UNKNOWN_RECORD_TYPE || error == VERSION_ERROR || error == LENGTH_ERROR))
		rgw_tls_explain(tls, "what the peer sent is not TLS, or not TLS 1.2 or 1.3");
	else if (error == UNKNOWN_ALPN_PROTOCOL_NAME_E)
		rgw_tls_explain(tls, "the peer chose another application protocol than radius/1.0 (ALPN)");
	else if (tls->judge != NULL && (tls->has_pss_key || error == ALGO_ID_E))
		rgw_tls_explain(tls, "TLS failed: %s (%d): the peer's certificate is for a key of the kind "
		    "id-RSASSA-PSS, or one that the TLS library does not know; it needs one with an ordinary RSA key, "
		    "or with P-256", reason, error);
	else if (fault != NULL)
		rgw_tls_explain(tls, "certificate refused: %s", fault);
	else
		rgw_tls_explain(tls, "TLS failed: %s (%d)", reason, error);
	return RGW_SESSION_FAILED;
}

/* ---- the handshake ---- */

/* Is the negotiated suite among those that we offered (CVE-2024-5814)? */
static bool
suite_allowed(struct rgw_tls *tls)
{
	unsigned number = (unsigned)wolfSSL_get_current_cipher_suite(tls->ssl);

	for (size_t i = 0; i < RGW_SUITES; i++)
		if (rgw_suites[i].number == number)
			return (tls->ctx->suites >> i & 1) != 0;
	return false;
}

static enum rgw_session_result
handshake(struct rgw_session *session)
{
	struct rgw_tls *tls = tls_of(session);
	int ret = tls->ctx->role == RGW_TLS_CLIENT ? wolfSSL_connect(tls->ssl) : wolfSSL_accept(tls->ssl);
	int error;

	rgw_tlsctx_forget_guests(tls->ctx);
	if (ret != WOLFSSL_SUCCESS) {
		error = wolfSSL_get_error(tls->ssl, ret);
		return error == WOLFSSL_ERROR_WANT_READ ? RGW_SESSION_WANT : failed(tls, error);
	}
	if (tls->psk != NULL ? !rgw_psk_conclude(tls) : !tls->accepted && tls->seen == NULL) {
		rgw_tls_explain(tls, NOBODY);
		return RGW_SESSION_FAILED;
	}
	if (!suite_allowed(tls)) {
		rgw_tls_explain(tls, "the peer chose a cipher suite that was not offered");
		return RGW_SESSION_FAILED;
	}
	tls->judge = NULL;
	rgw_psk_free(tls->psk);
	tls->psk = NULL;
	return RGW_SESSION_OK;
}

/* ---- the data ---- */

static enum rgw_session_result
take(struct rgw_session *session, uint8_t *buf, size_t cap, size_t *len)
{
	struct rgw_tls *tls = tls_of(session);
	int ret = wolfSSL_read(tls->ssl, buf, (int)cap);
	int error;

	if (ret > 0) {
		rgw_records_progress(&tls->records);
		*len = (size_t)ret;
		return RGW_SESSION_OK;
	}
	error = wolfSSL_get_error(tls->ssl, ret);
	if (error == WOLFSSL_ERROR_WANT_READ)
		return RGW_SESSION_WANT;
	if (error == WOLFSSL_ERROR_ZERO_RETURN)
		return RGW_SESSION_CLOSED;
	return failed(tls, error);
}

static bool
put(struct rgw_session *session, const uint8_t *data, size_t len)
{
	struct rgw_tls *tls = tls_of(session);
	int ret;

	if (!tls->accepted) {
		rgw_tls_explain(tls, NOBODY);
		return false;
	}
	ret = wolfSSL_write(tls->ssl, data, (int)len);
	if (ret == (int)len)
		return true;
	(void)failed(tls, wolfSSL_get_error(tls->ssl, ret));
	return false;
}

static void
say_goodbye(struct rgw_session *session)
{
	wolfSSL_shutdown(tls_of(session)->ssl);
}

static const char *
describe(struct rgw_session *session, char *buf, size_t size)
{
	const struct rgw_tls *tls = tls_of(session);
	WOLFSSL *ssl = tls->ssl;
	char *protocol = NULL;
	unsigned short len = 0;

	if (wolfSSL_ALPN_GetProtocol(ssl, &protocol, &len) != WOLFSSL_SUCCESS)
		len = 0;
	snprintf(buf, size, "%s, %s, ALPN %.*s%s", wolfSSL_get_version(ssl), wolfSSL_get_cipher_name(ssl),
	    len > 0 ? (int)len : 4, len > 0 ? protocol : "none",
	    tls->keylog_failed ? ", secrets not in keylog: the file cannot be written" : "");
	return buf;
}

static const struct rgw_session_ops ops = {
	.ends_with_stream = false,
	.handshake = handshake,
	.feed = feed,
	.read = take,
	.write = put,
	.close = say_goodbye,
	.why = why,
	.describe = describe,
	.free = drop,
};

/* ---- its beginning ---- */

struct rgw_session *
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
	tls->base.ops = &ops;
	ctx->references++;
	tls->ctx = ctx;
	tls->judge = judge;
	tls->judge_arg = arg;
	tls->stale = -1;
	wolfSSL_SetIOReadCtx(tls->ssl, tls);
	wolfSSL_SetIOWriteCtx(tls->ssl, tls);
	wolfSSL_SetCertCbCtx(tls->ssl, tls);
	if (ctx->keylog != NULL)
		rgw_tls_hear_secrets(tls);
	/* Strict servers want to hear that renegotiation is safe (RFC 5746 3.4), although there is none. */
	if (client && ctx->tls12)
		(void)wolfSSL_UseSecureRenegotiation(tls->ssl);
	if (wolfSSL_UseALPN(tls->ssl, (char *)(uintptr_t)alpn, sizeof alpn - 1,
	        WOLFSSL_ALPN_FAILED_ON_MISMATCH) != WOLFSSL_SUCCESS ||
	    (client && sni != NULL && wolfSSL_UseSNI(tls->ssl, WOLFSSL_SNI_HOST_NAME, sni,
	        (unsigned short)strlen(sni)) != WOLFSSL_SUCCESS)) {
		drop(&tls->base);
		return NULL;
	}
	return &tls->base;
}

struct rgw_chain *
rgw_tls_take_chain(struct rgw_session *session)
{
	struct rgw_chain *chain;

	if (session->ops != &ops)
		return NULL;
	chain = tls_of(session)->chain;
	tls_of(session)->chain = NULL;
	return chain;
}

enum rgw_tls_revocation
rgw_tls_revocation(const struct rgw_session *session, const char **text)
{
	const struct rgw_tls *tls = (const struct rgw_tls *)session;

	*text = NULL;
	if (session->ops != &ops)
		return RGW_TLS_NOT_REVOKED;
	*text = tls->unchecked;
	return tls->revocation;
}

int64_t
rgw_tls_own_ends(const struct rgw_session *session)
{
	const struct rgw_tls *tls = (const struct rgw_tls *)session;

	return tls->ctx->own.n > 0 ? tls->ctx->own.v[0].x509.not_after : INT64_MAX;
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
