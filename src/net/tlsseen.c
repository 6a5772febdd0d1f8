/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"
#include "tlsinspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wolfssl/wolfcrypt/sha256.h>

#include "radsecgw/mem.h"

/* What an inspection sees of certificates: each of them with what is to be said against it, and the judgement that a
 * gateway would come to (see inspect.h). */

static bool
is_issued_by(const struct rgw_x509 *cert, const struct rgw_x509 *ca)
{
	return cert->issuer.len == ca->subject.len && memcmp(cert->issuer.data, ca->subject.data, ca->subject.len) == 0;
}

/* Finds the CA that the chain seems to lead to: one that is in force goes first. */
static void
find_anchor(struct rgw_seen *seen, const struct rgw_certs *trust, int64_t now)
{
	for (size_t i = 0; i < seen->n_certs; i++)
		for (size_t k = 0; k < trust->n && !seen->anchor_in_force; k++) {
			const struct rgw_x509 *ca = &trust->v[k].x509;

			if (!seen->certs[i].readable || !is_issued_by(&seen->certs[i].x509, ca))
				continue;
			seen->has_anchor = true;
			seen->anchor_in_force = rgw_x509_is_in_force(ca, now);
			seen->anchor_ends = ca->not_after;
			rgw_name_format(ca->subject, seen->anchor, sizeof seen->anchor);
		}
}

static void
take_certs(struct rgw_seen *seen, const WOLFSSL_X509_STORE_CTX *store)
{
	for (int i = 0; i < store->totalCerts && i < RGW_SEEN_CERTS; i++) {
		const WOLFSSL_BUFFER_INFO *from = &store->certs[i];
		struct rgw_seen_cert *cert = &seen->certs[seen->n_certs++];

		cert->len = from->length;
		cert->der = rgw_xcalloc(1, cert->len);
		memcpy(cert->der, from->buffer, cert->len);
		cert->readable = rgw_x509_parse(&cert->x509, cert->der, cert->len);
		(void)wc_Sha256Hash(cert->der, (word32)cert->len, cert->sha256);
	}
}

static void
judge_trust(struct rgw_seen *seen, const struct rgw_tlsctx *ctx, const WOLFSSL_X509_STORE_CTX *store)
{
	const struct rgw_standard trust = { &ctx->trust, NULL, false };
	const struct rgw_standard all = { &ctx->trust, ctx->crls, false };
	int64_t now = time(NULL);
	struct rgw_chain_finding found;
	struct rgw_tls_verdict verdict;
	bool good;

	find_anchor(seen, &ctx->trust, now);
	seen->trusted = rgw_trust_verifies(&trust, store->certs, store->totalCerts, now, &found);
	if (!seen->trusted)
		return;
	seen->ends = rgw_trust_ends(&trust, store->certs, store->totalCerts, now);
	seen->crls_asked = ctx->crls != NULL;
	if (!seen->crls_asked)
		return;
	good = rgw_trust_verifies(&all, store->certs, store->totalCerts, now, &found);
	if (found.cert < 0)
		return;
	rgw_revocation_explain(&found, store->certs, good, &verdict);
	seen->revocation = verdict.revocation;
	snprintf(seen->crl, sizeof seen->crl, "%s", verdict.text);
}

void
rgw_tls_inspect_cert(struct rgw_tls *tls, const WOLFSSL_X509_STORE_CTX *store, const char *fault)
{
	struct rgw_seen *seen = tls->seen;
	int depth = store->error_depth;

	if (seen->n_certs == 0) {
		take_certs(seen, store);
		judge_trust(seen, tls->ctx, store);
	}
	if (fault != NULL && depth >= 0 && (size_t)depth < seen->n_certs)
		snprintf(seen->certs[depth].fault, sizeof seen->certs[depth].fault, "%s", fault);
}

/* What a gateway would say goes apart, so that what happens later can be explained, too. */
void
rgw_tls_inspect_verdict(struct rgw_tls *tls)
{
	tls->seen->accepted = tls->accepted;
	if (tls->accepted || tls->why == NULL)
		return;
	snprintf(tls->seen->refusal, sizeof tls->seen->refusal, "%s", tls->why);
	free(tls->why);
	tls->why = NULL;
}

void
rgw_seen_fini(struct rgw_seen *seen)
{
	for (size_t i = 0; i < seen->n_certs; i++)
		free(seen->certs[i].der);
	for (size_t i = 0; i < seen->n_names; i++)
		free(seen->names[i].der);
}
