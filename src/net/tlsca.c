/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/error-ssl.h>

/* The CAs that a [tls] section trusts. People keep other things beside CAs: a file that holds no CA certificate is left
 * out, and named. */

/* Some builds of the library also put every CA into a table of certificates that are believed by
 * their signature octets alone; a copy of a CA with another key then passes (CVE-2026-93302). */
#ifdef WOLFSSL_TRUST_PEER_CERT
static void
forget_trusted_peers(struct rgw_tlsctx *t)
{
	wolfSSL_CTX_Unload_trust_peers(t->ctx);
}
#else
static void
forget_trusted_peers(struct rgw_tlsctx *t)
{
	(void)t;
}
#endif

/* Makes the library believe a CA. Dates are judged at each handshake: a CA may come into force, or end, while we run,
 * and a clock may be set. An error of dates comes after the CA has been taken, from the table of trusted peers. */
static bool
believe(struct rgw_tlsctx *t, const uint8_t *der, size_t len)
{
	int ret = wolfSSL_CTX_load_verify_buffer_ex(t->ctx, der, (long)len, WOLFSSL_FILETYPE_ASN1, 0,
	    WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY);

	return ret == WOLFSSL_SUCCESS || ret == ASN_AFTER_DATE_E || ret == ASN_BEFORE_DATE_E;
}

/* Intermediates of peers that verified stay in the library's table of CAs, where they would help other peers and add
 * up. Only handshakes look there, and those of one context are done one step at a time. Older versions of the library
 * cannot tell such intermediates from our CAs: there all go, and ours come back, which with a whole system's trust
 * takes milliseconds; so that is not done each time. */
#if LIBWOLFSSL_VERSION_HEX >= 0x05007000
static void
drop_guests(struct rgw_tlsctx *t)
{
	wolfSSL_CertManagerUnloadIntermediateCerts(wolfSSL_CTX_GetCertManager(t->ctx));
}
#else
#define GUESTS_STAY 64

static void
drop_guests(struct rgw_tlsctx *t)
{
	if (++t->chains % GUESTS_STAY != 0 && !t->has_stale_guests)
		return;
	wolfSSL_CTX_UnloadCAs(t->ctx);
	for (size_t i = 0; i < t->trust.n; i++)
		(void)believe(t, t->trust.v[i].der, t->trust.v[i].len);
	forget_trusted_peers(t);
}
#endif

void
rgw_tlsctx_forget_guests(struct rgw_tlsctx *t)
{
	if (t->has_guests)
		drop_guests(t);
	t->has_guests = t->has_stale_guests = false;
}

/* The context that is being loaded, and who is told what is left out. */
struct loader {
	struct rgw_tlsctx *t;
	const struct rgw_tls_ear *ear;
	bool has_crls;  /* the section has CRLs, which may lie beside the CAs */
};

/* Can the certificate be trusted? A certificate that has issued itself was put there by name, as a peer's own; another
 * one that says that it is no CA leads nowhere. */
static bool
is_trustworthy(const struct rgw_x509 *cert)
{
	return rgw_x509_may_anchor(cert) || rgw_x509_is_self_issued(cert);
}

/* Loads one certificate of a file, the nth; true = the certificate is believed, or was before. */
static bool
load_cert(const struct loader *l, const char *path, unsigned nth, const struct rgw_blob *der)
{
	const char *fault = NULL;
	struct rgw_x509 cert;
	char name[128];

	if (der->data == NULL || !rgw_x509_parse(&cert, der->data, der->len)) {
		rgw_tls_tell(l->ear, "ca", "certificate %u in %s is left out: it cannot be read", nth, path);
		return false;
	}
	if (rgw_certs_have(&l->t->trust, der->data, der->len))
		return true;
	if (!is_trustworthy(&cert))
		fault = "it is not the certificate of a CA";
	else if (!believe(l->t, der->data, der->len))
		fault = "the TLS library does not take it (RSA needs 2048 bits)";
	if (fault != NULL) {
		rgw_tls_tell(l->ear, "ca", "certificate %u in %s is left out: %s; subject %s", nth, path, fault,
		    rgw_name_format(cert.subject, name, sizeof name));
		return false;
	}
	if (!rgw_x509_may_anchor(&cert))
		rgw_tls_tell(l->ear, "ca", "certificate %u in %s is not that of a CA: who shows this very one is "
		    "believed, and nobody whose certificate it has signed; subject %s", nth, path,
		    rgw_name_format(cert.subject, name, sizeof name));
	return rgw_certs_add(&l->t->trust, der->data, der->len);
}

/* Guesses what a file holds that is not a certificate in PEM form. */
static const char *
guess(const struct rgw_blob *f)
{
	static const struct {
		const char *text;
		const char *advice;
	} table[] = {
		{ RGW_PEM_CRL_BEGIN, "it holds no certificate but a revocation list" },
		{ "PRIVATE KEY-----", "it holds no certificate but a private key" },
		{ "-----BEGIN CERTIFICATE REQUEST", "it holds no certificate but a request for one" },
		{ "-----BEGIN TRUSTED CERTIFICATE", "write it with `openssl x509 -in FILE -out FILE.pem`" },
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (memmem(f->data, f->len, table[i].text, strlen(table[i].text)) != NULL)
			return table[i].advice;
	if (f->data[0] == 0x30)
		return "if it is one in DER form, write it with `openssl x509 -inform der -in FILE -out FILE.pem`";
	return "there is no line with BEGIN CERTIFICATE";
}

static bool
is_crl(const struct rgw_blob *f)
{
	return memmem(f->data, f->len, RGW_PEM_CRL_BEGIN, strlen(RGW_PEM_CRL_BEGIN)) != NULL;
}

static bool
load_file(void *ctx, const char *path, const struct rgw_blob *f, bool named, struct rgw_tls_problem *problem)
{
	const struct loader *l = ctx;
	struct rgw_blob der;
	unsigned nth = 0;
	size_t at = 0;

	(void)problem;
	while (rgw_pem_next_cert(f, &at, &der)) {
		(void)load_cert(l, path, ++nth, &der);
		rgw_pem_drop(&der);
	}
	if (nth == 0 && (named || !l->has_crls || !is_crl(f)))
		rgw_tls_tell(l->ear, "ca", "%s is left out: it holds no CA certificate in PEM form; %s", path,
		    guess(f));
	return true;
}

bool
rgw_tlsctx_load_trust(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, const struct rgw_tls_ear *ear,
    struct rgw_tls_problem *problem)
{
	struct loader l = { t, ear, conf->crl.n > 0 };
	const struct rgw_tls_files files = { "ca", RGW_PEM_MAX, ear, load_file, &l };

	for (size_t i = 0; i < conf->ca.n; i++)
		if (!rgw_tls_each_file(&files, conf->ca.v[i], problem))
			return false;
	forget_trusted_peers(t);
	if (t->trust.n > 0)
		return true;
	return rgw_tls_fail(problem, "ca", "%s holds no CA certificate in PEM form that can be used%s",
	    conf->ca.v[0], conf->ca.n > 1 ? ", and neither do the others" : "");
}

size_t
rgw_tlsctx_n_cas(const struct rgw_tlsctx *ctx)
{
	return ctx->trust.n;
}
