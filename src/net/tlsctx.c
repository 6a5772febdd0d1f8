/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "radsecgw/mem.h"

/* Forward secrecy and authenticated encryption only (P-TLS-9, 10; RFC 9325 4.2). */
static const struct rgw_suite suites[] = {
	{ "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", "TLS13-AES128-GCM-SHA256", 0x1301, true },
	{ "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", "TLS13-AES256-GCM-SHA384", 0x1302, true },
	{ "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256",
	    "TLS13-CHACHA20-POLY1305-SHA256", 0x1303, true },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256",
	    "ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b, false },
	{ "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
	    "ECDHE-RSA-AES128-GCM-SHA256", 0xc02f, false },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384",
	    "ECDHE-ECDSA-AES256-GCM-SHA384", 0xc02c, false },
	{ "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
	    "ECDHE-RSA-AES256-GCM-SHA384", 0xc030, false },
	{ "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305",
	    "ECDHE-ECDSA-CHACHA20-POLY1305", 0xcca9, false },
	{ "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305",
	    "ECDHE-RSA-CHACHA20-POLY1305", 0xcca8, false },
};

#define N_SUITES (sizeof suites / sizeof suites[0])

/* The order of preference. Without AES instructions ChaCha20 is more than twice as fast. */
#ifdef WOLFSSL_AESNI
static const uint8_t preferred[N_SUITES] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
#else
static const uint8_t preferred[N_SUITES] = { 2, 0, 1, 7, 8, 3, 4, 5, 6 };
#endif

static const struct {
	const char *name;
	const char *alias;
	int number;
} groups[] = {
	{ "X25519", "x25519", WOLFSSL_ECC_X25519 },
	{ "P-256", "secp256r1", WOLFSSL_ECC_SECP256R1 },
	{ "P-384", "secp384r1", WOLFSSL_ECC_SECP384R1 },
};

#define N_GROUPS (sizeof groups / sizeof groups[0])

/* Longest file of certificates; a system's whole trust store has about 200 KiB. */
#define FILE_MAX_OCTETS (4 << 20)

#define RSA_MIN_BITS 2048
#define ECC_MIN_OCTETS 32
#define CHAIN_DEPTH 9

size_t
rgw_suites(const struct rgw_suite **table)
{
	*table = suites;
	return N_SUITES;
}

static void set_problem(struct rgw_tls_problem *problem, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
set_problem(struct rgw_tls_problem *problem, const char *key, const char *fmt, ...)
{
	va_list ap;

	problem->key = key;
	va_start(ap, fmt);
	vsnprintf(problem->text, sizeof problem->text, fmt, ap);
	va_end(ap);
}

/* Says what is wrong with an option; its value is false, so that a check can end with it. */
#define FAIL(...) (set_problem(__VA_ARGS__), false)

/* A whole file in memory; free with drop_file. */
struct file {
	uint8_t *data;  /* owned */
	size_t len;
};

static void
drop_file(struct file *f)
{
	if (f->data != NULL)
		rgw_wipe(f->data, f->len);
	free(f->data);
	f->data = NULL;
}

static bool
read_file(const char *path, const char *key, struct file *out, struct rgw_tls_problem *problem)
{
	FILE *in = fopen(path, "re");
	struct stat st;

	if (in == NULL)
		return FAIL(problem, key, "cannot open %s: %s", path, strerror(errno));
	if (fstat(fileno(in), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX_OCTETS) {
		fclose(in);
		return FAIL(problem, key, "%s is not a file of at most 4 MiB", path);
	}
	out->data = malloc((size_t)st.st_size + 1);
	out->len = out->data != NULL ? fread(out->data, 1, (size_t)st.st_size, in) : 0;
	fclose(in);
	if (out->data == NULL || out->len == 0) {
		drop_file(out);
		return FAIL(problem, key, "%s is empty or cannot be read", path);
	}
	return true;
}

static bool
set_versions(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf)
{
	bool server = t->role == RGW_TLS_SERVER;
	WOLFSSL_METHOD *method;

	if (conf->min_version == RGW_TLS_1_3)
		method = server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method();
	else if (conf->max_version == RGW_TLS_1_2)
		method = server ? wolfTLSv1_2_server_method() : wolfTLSv1_2_client_method();
	else
		method = server ? wolfSSLv23_server_method() : wolfSSLv23_client_method();
	t->ctx = wolfSSL_CTX_new(method);
	if (t->ctx == NULL)
		return false;
	return wolfSSL_CTX_SetMinVersion(t->ctx, conf->min_version == RGW_TLS_1_3
	    ? WOLFSSL_TLSV1_3 : WOLFSSL_TLSV1_2) == WOLFSSL_SUCCESS;
}

/* Does this version of the protocol occur between min and max? */
static bool
uses_tls13(const struct rgw_conf_tls *conf)
{
	return conf->max_version == RGW_TLS_1_3;
}

static bool
uses_tls12(const struct rgw_conf_tls *conf)
{
	return conf->min_version == RGW_TLS_1_2;
}

static int
find_suite(const char *name)
{
	for (size_t i = 0; i < N_SUITES; i++)
		if (strcasecmp(name, suites[i].iana) == 0 ||
		    strcasecmp(name, suites[i].openssl) == 0 ||
		    strcasecmp(name, suites[i].wolfssl) == 0)
			return (int)i;
	return -1;
}

/* Collects the suites in the order of preference: the configured ones, or all. */
static bool
choose_suites(const struct rgw_conf_tls *conf, uint8_t order[static N_SUITES], size_t *n,
    struct rgw_tls_problem *problem)
{
	bool have12 = false;
	bool have13 = false;

	*n = 0;
	if (conf->ciphers.n > N_SUITES)
		return FAIL(problem, "ciphers", "more than the %zu suites there are", N_SUITES);
	for (size_t i = 0; i < (conf->ciphers.n > 0 ? conf->ciphers.n : N_SUITES); i++) {
		int s = conf->ciphers.n > 0 ? find_suite(conf->ciphers.v[i]) : preferred[i];

		if (s < 0)
			return FAIL(problem, "ciphers",
			    "%s is not a suite that radsecgw speaks; see radsecgw.ini(5) for the list",
			    conf->ciphers.v[i]);
		order[(*n)++] = (uint8_t)s;
		have12 |= !suites[s].tls13;
		have13 |= suites[s].tls13;
	}
	/* The library would fill a gap with suites of its own choice. */
	if (uses_tls13(conf) && !have13)
		return FAIL(problem, "ciphers", "no suite for TLS 1.3; add one, or set max-version = 1.2");
	if (uses_tls12(conf) && !have12)
		return FAIL(problem, "ciphers", "no suite for TLS 1.2; add one, or set min-version = 1.3");
	return true;
}

static bool
set_suites(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, struct rgw_tls_problem *problem)
{
	uint8_t order[N_SUITES];
	char list[512] = "";
	size_t len = 0;
	size_t n;

	if (!choose_suites(conf, order, &n, problem))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct rgw_suite *s = &suites[order[i]];

		if (s->tls13 ? !uses_tls13(conf) : !uses_tls12(conf))
			continue;
		t->suites |= 1u << order[i];
		len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? ":" : "",
		    s->wolfssl);
	}
	if (wolfSSL_CTX_set_cipher_list(t->ctx, list) != WOLFSSL_SUCCESS)
		return FAIL(problem, "ciphers", "the TLS library does not know these: %s", list);
	return true;
}

static bool
set_groups(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, struct rgw_tls_problem *problem)
{
	int numbers[N_GROUPS];
	size_t n = conf->groups.n > 0 ? conf->groups.n : N_GROUPS;

	if (n > N_GROUPS)
		return FAIL(problem, "groups", "more than the %zu groups there are", N_GROUPS);
	for (size_t i = 0; i < n; i++) {
		size_t g = i;

		if (conf->groups.n > 0)
			for (g = 0; g < N_GROUPS; g++)
				if (strcasecmp(conf->groups.v[i], groups[g].name) == 0 ||
				    strcasecmp(conf->groups.v[i], groups[g].alias) == 0)
					break;
		if (g == N_GROUPS)
			return FAIL(problem, "groups", "%s is none of X25519, P-256, P-384",
			    conf->groups.v[i]);
		numbers[i] = groups[g].number;
		/* For TLS 1.2; without it a peer may pick a slow or odd curve. */
		if (wolfSSL_CTX_UseSupportedCurve(t->ctx, (word16)groups[g].number) != WOLFSSL_SUCCESS)
			return FAIL(problem, "groups", "the TLS library does not know %s", groups[g].name);
	}
	if (uses_tls13(conf) && wolfSSL_CTX_set_groups(t->ctx, numbers, (int)n) != WOLFSSL_SUCCESS)
		return FAIL(problem, "groups", "the TLS library does not take these groups");
	return true;
}

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

static bool
believe(struct rgw_tlsctx *t, const uint8_t *der, size_t len)
{
	return wolfSSL_CTX_load_verify_buffer(t->ctx, der, (long)len, WOLFSSL_FILETYPE_ASN1) ==
	    WOLFSSL_SUCCESS;
}

/* Intermediates of peers that verified stay in the library's table of CAs, where they would help others and
 * add up. Only handshakes look there, and those of one context are done one step at a time. Older versions
 * cannot tell them from ours: there all go, and ours come back, which with a whole system's trust takes
 * milliseconds; so not each time. */
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
	if (++t->chains % GUESTS_STAY != 0)
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
	t->has_guests = false;
}

/* One certificate in PEM form. */
static bool
load_ca(struct rgw_tlsctx *t, const uint8_t *pem, size_t len)
{
	uint8_t *der = rgw_xcalloc(1, len);
	int n = wc_CertPemToDer(pem, (int)len, der, (int)len, CA_TYPE);
	bool ok = n > 0 && believe(t, der, (size_t)n) && rgw_trust_add(&t->trust, der, (size_t)n);

	free(der);
	return ok;
}

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"

/* Loads what can be used; returns how many. */
static size_t
load_cas(struct rgw_tlsctx *t, const struct file *f)
{
	const uint8_t *at = f->data;
	const uint8_t *end = f->data + f->len;
	size_t n = 0;

	while ((at = memmem(at, (size_t)(end - at), PEM_BEGIN, strlen(PEM_BEGIN))) != NULL) {
		const uint8_t *last = memmem(at, (size_t)(end - at), PEM_END, strlen(PEM_END));

		if (last == NULL)
			break;
		last += strlen(PEM_END);
		n += load_ca(t, at, (size_t)(last - at));
		at = last;
	}
	forget_trusted_peers(t);
	return n;
}

static bool
load_ca_file(struct rgw_tlsctx *t, const char *path, struct rgw_tls_problem *problem)
{
	struct file f = { NULL, 0 };
	size_t n;

	if (!read_file(path, "ca", &f, problem))
		return false;
	n = load_cas(t, &f);
	drop_file(&f);
	if (n == 0)
		return FAIL(problem, "ca", "%s holds no CA certificate in PEM form that can be used", path);
	return true;
}

static bool
load_ca_dir(struct rgw_tlsctx *t, const char *path, struct rgw_tls_problem *problem)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t loaded = 0;
	bool ok = true;

	if (dir == NULL)
		return FAIL(problem, "ca", "cannot open the directory %s: %s", path, strerror(errno));
	while (ok && (entry = readdir(dir)) != NULL) {
		char file[4096];
		struct stat st;

		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] == '.' || stat(file, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		ok = load_ca_file(t, file, problem);
		loaded++;
	}
	closedir(dir);
	if (ok && loaded == 0)
		return FAIL(problem, "ca", "the directory %s holds no files", path);
	return ok;
}

static bool
load_trust(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, struct rgw_tls_problem *problem)
{
	for (size_t i = 0; i < conf->ca.n; i++) {
		const char *path = conf->ca.v[i];
		struct stat st;

		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			if (!load_ca_dir(t, path, problem))
				return false;
		} else if (!load_ca_file(t, path, problem)) {
			return false;
		}
	}
	return true;
}

/* The private key, decrypted, in DER. */
static bool
read_key(const struct rgw_conf_tls *conf, struct file *der, struct rgw_tls_problem *problem)
{
	struct file pem = { NULL, 0 };
	bool encrypted;
	int n;

	if (!read_file(conf->key, "key", &pem, problem))
		return false;
	der->data = malloc(pem.len);
	der->len = pem.len;
	n = der->data == NULL ? MEMORY_E
	                      : wc_KeyPemToDer(pem.data, (int)pem.len, der->data, (int)der->len,
	                            conf->key_password);
	encrypted = memmem(pem.data, pem.len, "ENCRYPTED", 9) != NULL;
	drop_file(&pem);
	if (n > 0) {
		der->len = (size_t)n;
		return true;
	}
	drop_file(der);
	if (encrypted)
		return FAIL(problem, "key", "%s is encrypted; %s", conf->key, conf->key_password != NULL
		    ? "key-password does not open it" : "key-password is needed");
	return FAIL(problem, "key", "%s holds no private key in PEM form that can be used", conf->key);
}

/* Is the public part of an elliptic curve key in the certificate? Not every build of the library
 * notices a key of the right curve that belongs to another certificate. True for other kinds. */
static bool
ecc_key_fits(const struct file *key, const struct file *leaf)
{
	ecc_key *ecc = wc_ecc_key_new(NULL);
	byte public[2 * MAX_ECC_BYTES + 1];
	word32 len = sizeof public;
	word32 at = 0;
	bool fits = true;

	if (ecc != NULL && wc_EccPrivateKeyDecode(key->data, &at, ecc, (word32)key->len) == 0)
		fits = wc_ecc_make_pub(ecc, NULL) == 0 && wc_ecc_export_x963(ecc, public, &len) == 0 &&
		    memmem(leaf->data, leaf->len, public, len) != NULL;
	wc_ecc_key_free(ecc);
	return fits;
}

/* Loads the certificate chain; *leaf gets the first certificate in DER. */
static bool
load_chain(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, struct file *leaf,
    struct rgw_tls_problem *problem)
{
	struct file pem = { NULL, 0 };
	int n = -1;

	if (!read_file(conf->certificate, "certificate", &pem, problem))
		return false;
	leaf->data = rgw_xcalloc(1, pem.len);
	if (wolfSSL_CTX_use_certificate_chain_buffer(t->ctx, pem.data, (long)pem.len) ==
	    WOLFSSL_SUCCESS)
		n = wc_CertPemToDer(pem.data, (int)pem.len, leaf->data, (int)pem.len, CERT_TYPE);
	drop_file(&pem);
	if (n > 0) {
		leaf->len = (size_t)n;
		return true;
	}
	free(leaf->data);
	return FAIL(problem, "certificate",
	    "%s holds no certificate in PEM form that can be used (RSA needs 2048 bits)",
	    conf->certificate);
}

static bool
load_identity(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, struct rgw_tls_problem *problem)
{
	struct file leaf = { NULL, 0 };
	struct file key = { NULL, 0 };
	bool ok;

	if (!load_chain(t, conf, &leaf, problem))
		return false;
	if (!read_key(conf, &key, problem)) {
		drop_file(&leaf);
		return false;
	}
	ok = wolfSSL_CTX_use_PrivateKey_buffer(t->ctx, key.data, (long)key.len,
	         WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
	    wolfSSL_CTX_check_private_key(t->ctx) == WOLFSSL_SUCCESS && ecc_key_fits(&key, &leaf);
	drop_file(&key);
	t->leaf = leaf.data;
	t->leaf_len = leaf.len;
	ok = ok && wc_Sha256Hash(leaf.data, (word32)leaf.len, t->sha256) == 0;
	if (!ok)
		return FAIL(problem, "key", "%s is not the key of the first certificate in %s", conf->key,
		    conf->certificate);
	return true;
}

/* Sessions could be resumed in another context, with another trust. Some builds of the library have
 * neither of the ways to do so. */
static void
forbid_resumption(struct rgw_tlsctx *t)
{
#ifndef NO_SESSION_CACHE
	wolfSSL_CTX_set_session_cache_mode(t->ctx, WOLFSSL_SESS_CACHE_OFF);
#endif
#ifdef HAVE_SESSION_TICKET
	if (t->role == RGW_TLS_SERVER) {
		wolfSSL_CTX_no_ticket_TLSv13(t->ctx);
		wolfSSL_CTX_NoTicketTLSv12(t->ctx);
	}
#endif
	(void)t;
}

/* Everything that makes a context safe. The library's own defaults check no certificate, allow
 * TLS 1.1 and suites without encryption, and resume sessions across contexts. */
static bool
harden(struct rgw_tlsctx *t)
{
	int verify = WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;

	wolfSSL_CTX_set_verify(t->ctx, verify, rgw_tls_verify);
	wolfSSL_CTX_set_verify_depth(t->ctx, CHAIN_DEPTH);
	forbid_resumption(t);
	wolfSSL_CTX_SetIORecv(t->ctx, rgw_tls_recv);
	wolfSSL_CTX_SetIOSend(t->ctx, rgw_tls_send);
	return wolfSSL_CTX_SetMinRsaKey_Sz(t->ctx, RSA_MIN_BITS) == WOLFSSL_SUCCESS &&
	    wolfSSL_CTX_SetMinEccKey_Sz(t->ctx, ECC_MIN_OCTETS * 8) == WOLFSSL_SUCCESS;
}

struct rgw_tlsctx *
rgw_tlsctx_new(const struct rgw_conf_tls *conf, enum rgw_tls_role role,
    struct rgw_tls_problem *problem)
{
	struct rgw_tlsctx *t = rgw_xcalloc(1, sizeof *t);

	t->role = role;
	t->references = 1;
	if (!set_versions(t, conf) || !harden(t)) {
		set_problem(problem, "min-version", "the TLS library cannot make a context for this");
		rgw_tlsctx_free(t);
		return NULL;
	}
	if (!set_suites(t, conf, problem) || !set_groups(t, conf, problem) ||
	    !load_trust(t, conf, problem) || !load_identity(t, conf, problem)) {
		rgw_tlsctx_free(t);
		return NULL;
	}
	return t;
}

void
rgw_tlsctx_free(struct rgw_tlsctx *ctx)
{
	if (ctx == NULL || --ctx->references > 0)
		return;
	if (ctx->ctx != NULL)
		wolfSSL_CTX_free(ctx->ctx);
	rgw_trust_free(&ctx->trust);
	free(ctx->leaf);
	free(ctx);
}

bool
rgw_tlsctx_is_own(const struct rgw_tlsctx *ctx, const uint8_t *sha256)
{
	return memcmp(ctx->sha256, sha256, sizeof ctx->sha256) == 0;
}

bool
rgw_tlsctx_serves(const struct rgw_tlsctx *ctx, const char *name)
{
	struct rgw_x509 cert;
	struct rgw_san san;

	if (!rgw_x509_parse(&cert, ctx->leaf, ctx->leaf_len))
		return false;
	while (rgw_x509_next_san(&cert.san, &san))
		if (san.kind == RGW_SAN_DNS && rgw_dns_match(san.value, name))
			return true;
	return false;
}
