/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/sha256.h>

#include "radsecgw/mem.h"

/*
 * What a [tls] section knows of revoked certificates (P-CRT-2): CRLs that a CA of `ca` has signed, and CRLs whose
 * issuer may turn up in the chain of a peer. It is made once, from files, by tlscrlfile.c, and never changes; contexts
 * share it. The library's own CRLs are not used: what they say depends on the order of files and on its version.
 */

/* CRLs of one name whose signatures nobody could verify yet: each handshake verifies those of its issuer. */
#define UNKNOWN_MAX 64

/* The greatest size of all CRLs of a section together, in octets that are kept. */
#define KEPT_MAX ((size_t)64 << 20)

struct rgw_revocation *
rgw_revocation_new(const struct rgw_conf_tls *conf)
{
	struct rgw_revocation *r = rgw_xcalloc(1, sizeof *r);

	atomic_init(&r->refs, 1);
	r->chain = conf->crl_check == RGW_CRL_CHAIN;
	r->accept_missing = conf->crl_missing == RGW_CRL_ACCEPT;
	return r;
}

struct rgw_revocation *
rgw_revocation_hold(struct rgw_revocation *r)
{
	if (r != NULL)
		atomic_fetch_add(&r->refs, 1);
	return r;
}

void
rgw_revocation_drop(struct rgw_revocation *r)
{
	if (r == NULL || atomic_fetch_sub(&r->refs, 1) > 1)
		return;
	for (size_t i = 0; i < r->unknown.n; i++)
		rgw_signed_drop(&r->seals[i]);
	free(r->seals);
	free(r->barred);
	rgw_crls_free(&r->known);
	rgw_crls_free(&r->unknown);
	free(r);
}

/* ---- filling it ---- */

static bool
digest_key(struct rgw_span key, uint8_t out[static WC_SHA256_DIGEST_SIZE])
{
	return key.data != NULL && wc_Sha256Hash(key.data, (word32)key.len, out) == 0;
}

static size_t
n_unknown_of(const struct rgw_revocation *r, struct rgw_span issuer)
{
	size_t n = 0;

	for (size_t i = 0; i < r->unknown.n; i++)
		n += rgw_octets_equal(r->unknown.v[i]->facts.issuer, issuer);
	return n;
}

static enum rgw_crls_added
put_unknown(struct rgw_revocation *r, const struct rgw_crl *crl, struct rgw_signed *seal)
{
	enum rgw_crls_added added = rgw_crls_put(&r->unknown, crl);

	if (added != RGW_CRLS_ADDED)
		return added;
	r->seals = rgw_xrealloc(r->seals, r->unknown.n * sizeof *r->seals);
	r->seals[r->unknown.n - 1] = *seal;
	*seal = (struct rgw_signed){ .algorithm = 0 };
	return added;
}

/* What a CA of `ca` has to do with a CRL. */
enum signer { NOBODY, OTHER_KEY, NOT_ALLOWED, SIGNER };

static enum signer
find_signer(const struct rgw_certs *cas, const struct rgw_crl *crl, const struct rgw_signed *seal,
    const struct rgw_x509 **out)
{
	enum signer best = NOBODY;

	for (size_t i = 0; i < cas->n && best != SIGNER; i++) {
		const struct rgw_x509 *ca = &cas->v[i].x509;
		enum signer is;

		if (!rgw_octets_equal(ca->subject, crl->facts.issuer) || !rgw_x509_may_anchor(ca))
			continue;
		is = !rgw_signed_by(seal, ca->key) ? OTHER_KEY : rgw_x509_may_sign_crls(ca) ? SIGNER : NOT_ALLOWED;
		if (is > best) {
			best = is;
			*out = ca;
		}
	}
	return best;
}

static enum rgw_crl_taken
take_unknown(struct rgw_revocation *r, const struct rgw_crl *crl, struct rgw_signed *seal, enum signer signer)
{
	if (n_unknown_of(r, crl->facts.issuer) >= UNKNOWN_MAX)
		return RGW_CRL_TOO_MANY_UNKNOWN;
	switch (put_unknown(r, crl, seal)) {
	case RGW_CRLS_FULL:
		return RGW_CRL_TOO_MANY;
	case RGW_CRLS_NO_MEMORY:
		return RGW_CRL_OUT_OF_MEMORY;
	case RGW_CRLS_ADDED:
	case RGW_CRLS_OLD:
		break;
	}
	return signer == OTHER_KEY ? RGW_CRL_OF_OTHER_KEY : RGW_CRL_TAKEN;
}

static enum rgw_crl_taken
take_known(struct rgw_revocation *r, struct rgw_crl *crl, const struct rgw_x509 *ca, int64_t now)
{
	uint8_t key[WC_SHA256_DIGEST_SIZE];

	if (!digest_key(ca->key, key))
		return RGW_CRL_OUT_OF_MEMORY;
	crl->facts.key = (struct rgw_span){ key, sizeof key };
	switch (rgw_crls_add(&r->known, crl, now)) {
	case RGW_CRLS_FULL:
		return RGW_CRL_TOO_MANY;
	case RGW_CRLS_NO_MEMORY:
		return RGW_CRL_OUT_OF_MEMORY;
	case RGW_CRLS_OLD:
		return RGW_CRL_OLD;
	case RGW_CRLS_ADDED:
		break;
	}
	return RGW_CRL_TAKEN;
}

static size_t
octets_of(const struct rgw_crl *crl)
{
	return sizeof(struct rgw_kept_crl) + crl->facts.n_entries * (crl->facts.serial_octets + 5);
}

enum rgw_crl_taken
rgw_revocation_take(struct rgw_revocation *r, const struct rgw_certs *cas, struct rgw_crl *crl, int64_t now)
{
	const struct rgw_x509 *ca = NULL;
	enum rgw_crl_taken taken;
	struct rgw_signed seal;
	enum signer signer;

	if (r->octets + octets_of(crl) > KEPT_MAX)
		return RGW_CRL_TOO_MUCH;
	if (!rgw_signed_take(&seal, crl))
		return RGW_CRL_UNKNOWN_ALGORITHM;
	signer = find_signer(cas, crl, &seal, &ca);
	if (signer == SIGNER)
		taken = take_known(r, crl, ca, now);
	else if (signer == NOT_ALLOWED)
		taken = RGW_CRL_NOT_BY_A_SIGNER;
	else
		taken = take_unknown(r, crl, &seal, signer);
	rgw_signed_drop(&seal);
	if (taken == RGW_CRL_TAKEN || taken == RGW_CRL_OF_OTHER_KEY)
		r->octets += octets_of(crl);
	return taken;
}

/* ---- asking ---- */

/* Collects the CRLs that the key of this issuer has signed. */
static size_t
collect(const struct rgw_revocation *r, const struct rgw_x509 *issuer, struct rgw_kept_crl *out[RGW_CRLS_MAX])
{
	uint8_t key[WC_SHA256_DIGEST_SIZE];
	size_t n = 0;

	if (!digest_key(issuer->key, key))
		return 0;
	for (size_t i = 0; i < r->known.n; i++)
		if (rgw_octets_equal(r->known.v[i]->facts.key, (struct rgw_span){ key, sizeof key }))
			out[n++] = r->known.v[i];
	if (n > 0 || !rgw_x509_may_sign_crls(issuer))
		return n;
	for (size_t i = 0; i < r->unknown.n; i++)
		if (rgw_octets_equal(r->unknown.v[i]->facts.issuer, issuer->subject) &&
		    rgw_signed_by(&r->seals[i], issuer->key))
			out[n++] = r->unknown.v[i];
	return n;
}

struct rgw_crl_answer
rgw_revocation_ask(const struct rgw_revocation *r, const struct rgw_x509 *cert, const struct rgw_x509 *issuer,
    int64_t now)
{
	struct rgw_kept_crl *v[RGW_CRLS_MAX];
	struct rgw_crls view = { v, collect(r, issuer, v) };

	return rgw_crls_ask(&view, cert, now);
}

/* ---- CAs of `ca` ---- */

/* Is a CA listed by a CRL of the CA that issued it? Only trust knows of that one. */
static bool
is_listed(const struct rgw_revocation *r, const struct rgw_certs *cas, const struct rgw_kept_cert *ca, int64_t now)
{
	const struct rgw_span der = { ca->der, ca->len };

	for (size_t i = 0; i < cas->n; i++) {
		const struct rgw_span issuer = { cas->v[i].der, cas->v[i].len };

		if (rgw_octets_equal(cas->v[i].x509.subject, ca->x509.issuer) && rgw_cert_has_signed(issuer, der) &&
		    rgw_revocation_ask(r, &ca->x509, &cas->v[i].x509, now).verdict == RGW_CRL_REVOKED)
			return true;
	}
	return false;
}

void
rgw_revocation_bar(struct rgw_revocation *r, const struct rgw_certs *cas, int64_t now)
{
	r->barred = rgw_xcalloc(cas->n, sizeof *r->barred);
	for (size_t i = 0; r->chain && i < cas->n; i++)
		r->barred[i] = !rgw_x509_is_self_issued(&cas->v[i].x509) && is_listed(r, cas, &cas->v[i], now);
}

bool
rgw_revocation_bars(const struct rgw_revocation *r, size_t ca)
{
	return r != NULL && r->barred[ca];
}
