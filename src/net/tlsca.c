/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/sha256.h>

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
		{ "-----BEGIN X509 CRL", "it holds no certificate but a revocation list" },
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

static void
load_file(const struct loader *l, const char *path, const struct rgw_blob *f)
{
	struct rgw_blob der;
	unsigned nth = 0;
	size_t at = 0;

	while (rgw_pem_next_cert(f, &at, &der)) {
		(void)load_cert(l, path, ++nth, &der);
		rgw_pem_drop(&der);
	}
	if (nth == 0)
		rgw_tls_tell(l->ear, "ca", "%s is left out: it holds no CA certificate in PEM form; %s", path,
		    guess(f));
}

/* Is the file one that editors and package managers leave behind, and that must not be trusted again? */
static bool
is_left_over(const char *name)
{
	static const char *const ends[] = { "~", "#", ".bak", ".orig", ".old", ".swp", ".tmp", ".dpkg-old",
		".dpkg-dist", ".dpkg-new", ".rpmsave", ".rpmnew", ".rpmorig" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (len > strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static void
load_entry(const struct loader *l, const char *folder, const char *name)
{
	char path[4096];
	char why[512];
	struct rgw_blob f;
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (name[0] == '.' || (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
		return;
	if (is_left_over(name)) {
		rgw_tls_tell(l->ear, "ca", "%s is left out: its name is that of an old version of a file", path);
	} else if (rgw_pem_read(path, &f, why, sizeof why)) {
		load_file(l, path, &f);
		rgw_pem_drop(&f);
	} else {
		rgw_tls_tell(l->ear, "ca", "left out: %s", why);
	}
}

static bool
load_folder(const struct loader *l, const char *path, struct rgw_tls_problem *problem)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);

	if (n < 0)
		return rgw_tls_fail(problem, "ca", "cannot open the directory %s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		load_entry(l, path, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return true;
}

/* Loads one value of the option. A file that the configuration names must be there. */
static bool
load_value(const struct loader *l, const char *path, struct rgw_tls_problem *problem)
{
	struct rgw_blob f;
	char why[512];
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return load_folder(l, path, problem);
	if (rgw_pem_read(path, &f, why, sizeof why)) {
		load_file(l, path, &f);
		rgw_pem_drop(&f);
		return true;
	}
	if (stat(path, &st) != 0 || st.st_size != 0)
		return rgw_tls_fail(problem, "ca", "%s", why);
	rgw_tls_tell(l->ear, "ca", "left out: %s", why);
	return true;
}

/* Digests what is trusted, so that two contexts can be compared. */
static bool
digest_trust(struct rgw_tlsctx *t)
{
	wc_Sha256 sha;
	bool good = wc_InitSha256(&sha) == 0;

	for (size_t i = 0; good && i < t->trust.n; i++)
		good = wc_Sha256Update(&sha, t->trust.v[i].der, (word32)t->trust.v[i].len) == 0;
	return good && wc_Sha256Final(&sha, t->trust_sha256) == 0;
}

bool
rgw_tlsctx_load_trust(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, const struct rgw_tls_ear *ear,
    struct rgw_tls_problem *problem)
{
	const struct loader l = { t, ear };

	for (size_t i = 0; i < conf->ca.n; i++)
		if (!load_value(&l, conf->ca.v[i], problem))
			return false;
	forget_trusted_peers(t);
	if (t->trust.n > 0)
		return digest_trust(t) || rgw_tls_fail(problem, "ca", "the TLS library cannot digest it");
	return rgw_tls_fail(problem, "ca", "%s holds no CA certificate in PEM form that can be used%s",
	    conf->ca.v[0], conf->ca.n > 1 ? ", and neither do the others" : "");
}

size_t
rgw_tlsctx_n_cas(const struct rgw_tlsctx *ctx)
{
	return ctx->trust.n;
}
