/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wolfssl/wolfcrypt/sha256.h>

#include "radsecgw/mem.h"

/* The CRLs of a [tls] section as files. A CRL that cannot be used is left out, and named; what it would have spoken of
 * is then without a CRL. A file that the configuration names must be there and hold one. */

/* The set that is being filled. */
struct loader {
	struct rgw_revocation *r;
	const struct rgw_certs *cas;
	const struct rgw_tls_ear *ear;
	wc_Sha256 sha;
	int64_t now;
	size_t n_read;  /* CRLs that could be read, whoever has signed them ... */
	char why[256];  /* ... and why the last one could not */
};

/* Why a CRL was not taken, or only in part; NULL = it was. */
static const char *
fault_of(enum rgw_crl_taken taken)
{
	switch (taken) {
	case RGW_CRL_OF_OTHER_KEY:
		return "it counts only for another CA of this name in the chain of a peer: its signature is not by the "
		       "key of the one in `ca`";
	case RGW_CRL_UNKNOWN_ALGORITHM:
		return "it is left out: its signature is neither RSA (PKCS #1 v1.5) nor ECDSA nor Ed25519";
	case RGW_CRL_NOT_BY_A_SIGNER:
		return "it is left out: the CA that has signed it may not sign CRLs, since its keyUsage lacks cRLSign";
	case RGW_CRL_TOO_MANY_UNKNOWN:
		return "it is left out: there are 64 others of this issuer, which is not in `ca`";
	case RGW_CRL_TAKEN:
	case RGW_CRL_OLD:
	case RGW_CRL_TOO_MANY:
	case RGW_CRL_TOO_MUCH:
	case RGW_CRL_OUT_OF_MEMORY:
		break;
	}
	return NULL;
}

static bool
take(struct loader *l, const char *path, unsigned nth, struct rgw_crl *crl, struct rgw_tls_problem *problem)
{
	enum rgw_crl_taken taken = rgw_revocation_take(l->r, l->cas, crl, l->now);
	const char *fault = fault_of(taken);
	char name[128];

	if (taken == RGW_CRL_TOO_MANY)
		return rgw_tls_fail(problem, "crl", "there are more than %d CRLs, with %s", RGW_CRLS_MAX, path);
	if (taken == RGW_CRL_TOO_MUCH)
		return rgw_tls_fail(problem, "crl", "all CRLs together take more than 64 MiB, with %s", path);
	if (taken == RGW_CRL_OUT_OF_MEMORY)
		return rgw_tls_fail(problem, "crl", "there is no memory for %s", path);
	if (fault != NULL)
		rgw_tls_tell(l->ear, "crl", "CRL %u in %s: %s; issuer %s", nth, path, fault,
		    rgw_name_format(crl->facts.issuer, name, sizeof name));
	return true;
}

static bool
take_der(struct loader *l, const char *path, unsigned nth, const struct rgw_blob *der, struct rgw_tls_problem *problem)
{
	struct rgw_crl_problem fault;
	struct rgw_crl crl;
	bool good = der->data != NULL && rgw_crl_parse(&crl, der->data, der->len, &fault);

	if (der->data == NULL)
		snprintf(l->why, sizeof l->why, "it cannot be decoded");
	else if (!good)
		rgw_crl_explain(&fault, l->why, sizeof l->why);
	if (!good) {
		rgw_tls_tell(l->ear, "crl", "CRL %u in %s is left out: %s", nth, path, l->why);
		return true;
	}
	l->n_read++;
	return wc_Sha256Update(&l->sha, der->data, (word32)der->len) == 0 && take(l, path, nth, &crl, problem);
}

static bool
holds(const struct rgw_blob *f, const char *mark)
{
	return memmem(f->data, f->len, mark, strlen(mark)) != NULL;
}

/* Takes all CRLs of a file; *n becomes their number. */
static bool
take_each(struct loader *l, const char *path, const struct rgw_blob *f, unsigned *n, struct rgw_tls_problem *problem)
{
	struct rgw_blob der;
	size_t at = 0;
	bool good = true;

	*n = 1;
	if (f->data[0] == 0x30 && !holds(f, RGW_PEM_CRL_BEGIN))
		return take_der(l, path, 1, f, problem);
	for (*n = 0; good && rgw_pem_next_crl(f, &at, &der);) {
		good = take_der(l, path, ++*n, &der, problem);
		rgw_pem_drop(&der);
	}
	return good;
}

/* CAs and their CRLs may lie in one directory. A file of which the configuration knows may be half written: then what
 * was before stays in use. */
static bool
take_file(void *ctx, const char *path, const struct rgw_blob *f, bool named, struct rgw_tls_problem *problem)
{
	struct loader *l = ctx;
	size_t before = l->n_read;
	unsigned n;

	if (!take_each(l, path, f, &n, problem))
		return false;
	if (n == 0 && named)
		return rgw_tls_fail(problem, "crl", "%s holds no CRL, neither in PEM form nor in DER", path);
	if (named && l->n_read == before)
		return rgw_tls_fail(problem, "crl", "%s holds no CRL that can be used: %s", path, l->why);
	if (n == 0 && !holds(f, "-----BEGIN CERTIFICATE"))
		rgw_tls_tell(l->ear, "crl", "%s is left out: it holds no CRL, neither in PEM form nor in DER", path);
	return true;
}

static bool
take_all(struct loader *l, const struct rgw_conf_tls *conf, struct rgw_tls_problem *problem)
{
	const struct rgw_tls_files files = { "crl", RGW_PEM_CRL_MAX, l->ear, take_file, l };
	const uint8_t how[] = { l->r->chain, l->r->accept_missing };

	if (wc_Sha256Update(&l->sha, how, sizeof how) != 0)
		return rgw_tls_fail(problem, "crl", "the TLS library cannot digest it");
	for (size_t i = 0; i < conf->crl.n; i++)
		if (!rgw_tls_each_file(&files, conf->crl.v[i], problem))
			return false;
	return wc_Sha256Final(&l->sha, l->r->sha256) == 0 ||
	    rgw_tls_fail(problem, "crl", "the TLS library cannot digest it");
}

bool
rgw_tlsctx_load_crls(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, const struct rgw_tls_ear *ear,
    struct rgw_tls_problem *problem)
{
	struct loader l = { .cas = &t->trust, .ear = ear, .now = time(NULL) };
	bool good;

	if (conf->crl_check == RGW_CRL_OFF)
		return true;
	if (wc_InitSha256(&l.sha) != 0)
		return rgw_tls_fail(problem, "crl", "the TLS library cannot digest it");
	t->crls = l.r = rgw_revocation_new(conf);
	good = take_all(&l, conf, problem);
	wc_Sha256Free(&l.sha);
	if (good)
		rgw_revocation_bar(l.r, l.cas, l.now);
	return good;
}
