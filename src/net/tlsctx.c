/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "radsecgw/mem.h"

/* A TLS context: versions, suites, groups and what makes them safe. Its files are read by tlsca.c and tlsown.c. */

/* The order in which suites are preferred. Without AES instructions ChaCha20 is more than twice as fast. */
#ifdef WOLFSSL_AESNI
static const uint8_t preferred[RGW_SUITES] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
#else
static const uint8_t preferred[RGW_SUITES] = { 2, 0, 1, 7, 8, 3, 4, 5, 6 };
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

#define RSA_MIN_BITS 2048
#define ECC_MIN_OCTETS 32
/* The number of certificates that a peer may send; not every build of the library takes so many. */
#define CHAIN_DEPTH 10

static bool
set_versions(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf)
{
	bool server = t->role == RGW_TLS_SERVER;
	WOLFSSL_METHOD *method;

	if (!t->tls12)
		method = server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method();
	else if (conf->max_version == RGW_TLS_1_2)
		method = server ? wolfTLSv1_2_server_method() : wolfTLSv1_2_client_method();
	else
		method = server ? wolfSSLv23_server_method() : wolfSSLv23_client_method();
	t->ctx = wolfSSL_CTX_new(method);
	if (t->ctx == NULL)
		return false;
	return wolfSSL_CTX_SetMinVersion(t->ctx, t->tls12 ? WOLFSSL_TLSV1_2 : WOLFSSL_TLSV1_3) == WOLFSSL_SUCCESS;
}

/* Does this version of the protocol occur between min and max? */
static bool
uses_tls13(const struct rgw_conf_tls *conf)
{
	return conf->max_version == RGW_TLS_1_3;
}

/* Without a certificate all peers have keys, which are for TLS 1.3 (P-PSK-5). */
static bool
uses_tls12(const struct rgw_conf_tls *conf)
{
	return conf->min_version == RGW_TLS_1_2 && conf->certificate != NULL;
}

static int
find_suite(const char *name)
{
	for (size_t i = 0; i < RGW_SUITES; i++)
		if (strcasecmp(name, rgw_suites[i].iana) == 0 ||
		    strcasecmp(name, rgw_suites[i].openssl) == 0 ||
		    strcasecmp(name, rgw_suites[i].wolfssl) == 0)
			return (int)i;
	return -1;
}

/* Collects the suites in the order of preference: the configured ones, or all. */
static bool
choose_suites(const struct rgw_conf_tls *conf, uint8_t order[static RGW_SUITES], size_t *n,
    struct rgw_tls_problem *problem)
{
	bool have12 = false;
	bool have13 = false;

	*n = 0;
	if (conf->ciphers.n > RGW_SUITES)
		return rgw_tls_fail(problem, "ciphers", "more than the %d suites there are", RGW_SUITES);
	for (size_t i = 0; i < (conf->ciphers.n > 0 ? conf->ciphers.n : RGW_SUITES); i++) {
		int s = conf->ciphers.n > 0 ? find_suite(conf->ciphers.v[i]) : preferred[i];

		if (s < 0)
			return rgw_tls_fail(problem, "ciphers",
			    "%s is not a suite that radsecgw speaks; see radsecgw.ini(5) for the list",
			    conf->ciphers.v[i]);
		order[(*n)++] = (uint8_t)s;
		have12 |= !rgw_suites[s].tls13;
		have13 |= rgw_suites[s].tls13;
	}
	/* The library would fill a gap with suites of its own choice. */
	if (uses_tls13(conf) && !have13)
		return rgw_tls_fail(problem, "ciphers", "no suite for TLS 1.3; add one, or set max-version = 1.2");
	if (uses_tls12(conf) && !have12)
		return rgw_tls_fail(problem, "ciphers", "no suite for TLS 1.2; add one, or set min-version = 1.3");
	return true;
}

static bool
set_suites(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, struct rgw_tls_problem *problem)
{
	uint8_t order[RGW_SUITES];
	char list[512] = "";
	size_t len = 0;
	size_t n;

	if (!choose_suites(conf, order, &n, problem))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct rgw_suite *s = &rgw_suites[order[i]];

		if (s->tls13 ? !uses_tls13(conf) : !uses_tls12(conf))
			continue;
		t->suites |= 1u << order[i];
		len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? ":" : "",
		    s->wolfssl);
	}
	if (wolfSSL_CTX_set_cipher_list(t->ctx, list) != WOLFSSL_SUCCESS)
		return rgw_tls_fail(problem, "ciphers", "the TLS library does not know these: %s", list);
	return true;
}

static bool
set_groups(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, struct rgw_tls_problem *problem)
{
	int numbers[N_GROUPS];
	size_t n = conf->groups.n > 0 ? conf->groups.n : N_GROUPS;

	if (n > N_GROUPS)
		return rgw_tls_fail(problem, "groups", "more than the %zu groups there are", N_GROUPS);
	for (size_t i = 0; i < n; i++) {
		size_t g = i;

		if (conf->groups.n > 0)
			for (g = 0; g < N_GROUPS; g++)
				if (strcasecmp(conf->groups.v[i], groups[g].name) == 0 ||
				    strcasecmp(conf->groups.v[i], groups[g].alias) == 0)
					break;
		if (g == N_GROUPS)
			return rgw_tls_fail(problem, "groups", "%s is none of X25519, P-256, P-384",
			    conf->groups.v[i]);
		numbers[i] = groups[g].number;
		/* The curves are for TLS 1.2, too; without them a peer may pick a slow or odd curve. */
		if (wolfSSL_CTX_UseSupportedCurve(t->ctx, (word16)groups[g].number) != WOLFSSL_SUCCESS)
			return rgw_tls_fail(problem, "groups", "the TLS library does not know %s", groups[g].name);
	}
	if (uses_tls13(conf) && wolfSSL_CTX_set_groups(t->ctx, numbers, (int)n) != WOLFSSL_SUCCESS)
		return rgw_tls_fail(problem, "groups", "the TLS library does not take these groups");
	return true;
}

/* Forbids to resume sessions, which could be done in another context, with another trust. Some builds of the library
 * have neither of the ways to resume. */
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

/* The library makes no sessions of a context without certificate, unless that knows of pre-shared keys. Each session
 * that takes them has a call of its own (tlspsk.c); the name of a suite must be there whatever the answer is. */
static unsigned
no_key(WOLFSSL *ssl, const char *identity, unsigned char *key, unsigned max, const char **suite)
{
	(void)ssl;
	(void)identity;
	(void)key;
	(void)max;
	*suite = "TLS13-AES128-GCM-SHA256";
	return 0;
}

/* Does everything that makes a context safe. The library's own defaults check no certificate, allow TLS 1.1 and suites
 * without encryption, and resume sessions across contexts. */
static bool
harden(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf)
{
	int verify = WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;

	wolfSSL_CTX_set_verify(t->ctx, verify, rgw_tls_verify);
	wolfSSL_CTX_set_verify_depth(t->ctx, CHAIN_DEPTH);
	forbid_resumption(t);
	wolfSSL_CTX_SetIORecv(t->ctx, rgw_tls_recv);
	wolfSSL_CTX_SetIOSend(t->ctx, rgw_tls_send);
	if (conf->certificate == NULL && t->role == RGW_TLS_SERVER)
		wolfSSL_CTX_set_psk_server_tls13_callback(t->ctx, no_key);
	return wolfSSL_CTX_SetMinRsaKey_Sz(t->ctx, RSA_MIN_BITS) == WOLFSSL_SUCCESS &&
	    wolfSSL_CTX_SetMinEccKey_Sz(t->ctx, ECC_MIN_OCTETS * 8) == WOLFSSL_SUCCESS;
}

/* Digests what chains are judged by, so that two contexts can be compared. */
static bool
digest_trust(struct rgw_tlsctx *t)
{
	wc_Sha256 sha;
	bool good = wc_InitSha256(&sha) == 0;

	for (size_t i = 0; good && i < t->trust.n; i++)
		good = wc_Sha256Update(&sha, t->trust.v[i].der, (word32)t->trust.v[i].len) == 0;
	if (good && t->crls != NULL)
		good = wc_Sha256Update(&sha, t->crls->sha256, sizeof t->crls->sha256) == 0;
	return good && wc_Sha256Final(&sha, t->trust_sha256) == 0;
}

/* Have the two the same CAs, in the same order? Somebody may have replaced a file between them. */
static bool
trust_the_same(const struct rgw_certs *a, const struct rgw_certs *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = a->v[i].len == b->v[i].len && memcmp(a->v[i].der, b->v[i].der, a->v[i].len) == 0;
	return same;
}

static bool
load_trust(struct rgw_tlsctx *t, const struct rgw_tlsctx *twin, const struct rgw_conf_tls *conf,
    const struct rgw_tls_ear *ear, struct rgw_tls_problem *problem)
{
	if (!rgw_tlsctx_load_trust(t, conf, ear, problem))
		return false;
	if (twin != NULL && trust_the_same(&twin->trust, &t->trust))
		t->crls = rgw_revocation_hold(twin->crls);
	else if (!rgw_tlsctx_load_crls(t, conf, ear, problem))
		return false;
	return digest_trust(t) || rgw_tls_fail(problem, "ca", "the TLS library cannot digest it");
}

struct rgw_tlsctx *
rgw_tlsctx_new(const struct rgw_conf_tls *conf, enum rgw_tls_role role, rgw_tls_say *say, void *arg,
    struct rgw_tls_problem *problem)
{
	return rgw_tlsctx_like(NULL, conf, role, say, arg, problem);
}

struct rgw_tlsctx *
rgw_tlsctx_like(const struct rgw_tlsctx *twin, const struct rgw_conf_tls *conf, enum rgw_tls_role role,
    rgw_tls_say *say, void *arg, struct rgw_tls_problem *problem)
{
	const struct rgw_tls_ear ear = { say, arg };
	struct rgw_tlsctx *t = rgw_xcalloc(1, sizeof *t);

	t->role = role;
	t->references = 1;
	t->tls12 = uses_tls12(conf);
	if (!set_versions(t, conf) || !harden(t, conf)) {
		rgw_tls_fail(problem, "min-version", "the TLS library cannot make a context for this");
		rgw_tlsctx_free(t);
		return NULL;
	}
	if (!set_suites(t, conf, problem) || !set_groups(t, conf, problem) ||
	    (conf->certificate != NULL && (!load_trust(t, twin, conf, &ear, problem) ||
	        !rgw_tlsctx_load_identity(t, conf, &ear, problem))) || !rgw_tlsctx_load_keylog(t, conf, problem)) {
		rgw_tlsctx_free(t);
		return NULL;
	}
	return t;
}

void
rgw_tlsctx_hold(struct rgw_tlsctx *ctx)
{
	ctx->references++;
}

void
rgw_tlsctx_free(struct rgw_tlsctx *ctx)
{
	if (ctx == NULL || --ctx->references > 0)
		return;
	if (ctx->ctx != NULL)
		wolfSSL_CTX_free(ctx->ctx);
	rgw_certs_free(&ctx->trust);
	rgw_certs_free(&ctx->own);
	rgw_revocation_drop(ctx->crls);
	free(ctx->keylog);
	free(ctx);
}

size_t
rgw_tlsctx_n_crls(const struct rgw_tlsctx *ctx)
{
	return ctx->crls != NULL ? ctx->crls->known.n + ctx->crls->unknown.n : 0;
}

const struct rgw_x509 *
rgw_tlsctx_own(const struct rgw_tlsctx *ctx, size_t i)
{
	return i < ctx->own.n ? &ctx->own.v[i].x509 : NULL;
}

bool
rgw_tlsctx_is_own(const struct rgw_tlsctx *ctx, const uint8_t *sha256)
{
	return ctx->own.n > 0 && memcmp(ctx->sha256, sha256, sizeof ctx->sha256) == 0;
}

bool
rgw_tlsctx_is_bare(const struct rgw_tlsctx *ctx)
{
	return ctx->own.n == 0;
}

bool
rgw_tlsctx_serves(const struct rgw_tlsctx *ctx, const char *name)
{
	struct rgw_span rest;
	struct rgw_san san;

	if (ctx->own.n == 0)
		return false;
	rest = ctx->own.v[0].x509.san;
	while (rgw_x509_next_san(&rest, &san))
		if (san.kind == RGW_SAN_DNS && rgw_dns_match(san.value, name))
			return true;
	return false;
}
