/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/sha256.h>

#include "radsecgw/mem.h"

/* The chain of certificates that a peer has shown, kept as long as a connection lives on the strength of it.
 * Connections of one peer show the same, and share it. */

/* More certificates than any build of the library takes from a peer. */
#define CHAIN_MAX 16

struct rgw_chain {
	struct rgw_hnode node;    /* among the chains that are shared */
	unsigned refs;            /* number of connections, or 1 */
	uint8_t sha256[32];       /* digest of the whole */
	uint8_t leaf[32];         /* digest of the leaf */
	uint8_t trust[32];        /* digest of the trust by which the chain was judged last ... */
	int64_t ends;             /* ... and the last second in which it verifies by that */
	int n;
	uint32_t len[CHAIN_MAX];  /* octets of each certificate, the leaf first */
	uint8_t der[];            /* the certificates, one behind the other */
};

static void
borrow(struct rgw_chain *chain, WOLFSSL_BUFFER_INFO out[CHAIN_MAX])
{
	uint8_t *at = chain->der;

	for (int i = 0; i < chain->n; i++) {
		out[i] = (WOLFSSL_BUFFER_INFO){ .buffer = at, .length = chain->len[i] };
		at += chain->len[i];
	}
}

bool
rgw_tls_read_leaf(struct rgw_x509 *out, const uint8_t *der, size_t len)
{
	if (!rgw_x509_parse(out, der, len))
		return false;
	out->has_key_sha256 = wc_Sha256Hash(out->key.data, (word32)out->key.len, out->key_sha256) == 0;
	return true;
}

struct rgw_chain *
rgw_chain_new(const struct rgw_tlsctx *ctx, const WOLFSSL_BUFFER_INFO *certs, int n, const uint8_t *leaf, int64_t now)
{
	struct rgw_chain *chain;
	size_t len = 0;
	uint8_t *at;

	for (int i = 0; i < n; i++)
		len += certs[i].length;
	chain = n <= CHAIN_MAX ? calloc(1, sizeof *chain + len) : NULL;
	if (chain == NULL)
		return NULL;
	chain->refs = 1;
	chain->n = n;
	at = chain->der;
	for (int i = 0; i < n; i++) {
		chain->len[i] = certs[i].length;
		at = mempcpy(at, certs[i].buffer, certs[i].length);
	}
	memcpy(chain->leaf, leaf, sizeof chain->leaf);
	memcpy(chain->trust, ctx->trust_sha256, sizeof chain->trust);
	chain->ends = rgw_trust_ends(&(struct rgw_standard){ &ctx->trust, ctx->crls, true }, certs, n, now);
	if (wc_Sha256Hash(chain->der, (word32)len, chain->sha256) == 0)
		return chain;
	free(chain);
	return NULL;
}

static uint64_t
hash_of(const struct rgw_chain *chain)
{
	uint64_t hash;

	memcpy(&hash, chain->sha256, sizeof hash);
	return hash;
}

struct rgw_chain *
rgw_chain_share(struct rgw_htab *tab, struct rgw_chain *chain)
{
	for (struct rgw_hnode *n = rgw_htab_first(tab, hash_of(chain)); n != NULL; n = rgw_htab_next(n)) {
		struct rgw_chain *known = RGW_CONTAINER(n, struct rgw_chain, node);

		if (memcmp(known->sha256, chain->sha256, sizeof chain->sha256) != 0 ||
		    memcmp(known->len, chain->len, sizeof chain->len) != 0)
			continue;
		memcpy(known->trust, chain->trust, sizeof known->trust);
		known->ends = chain->ends;
		known->refs++;
		free(chain);
		return known;
	}
	if (rgw_htab_add(tab, &chain->node, hash_of(chain)))
		return chain;
	free(chain);
	return NULL;
}

void
rgw_chain_drop(struct rgw_htab *tab, struct rgw_chain *chain)
{
	if (chain == NULL || --chain->refs > 0)
		return;
	rgw_htab_remove(tab, &chain->node);
	free(chain);
}

const uint8_t *
rgw_chain_leaf(const struct rgw_chain *chain, struct rgw_x509 *out)
{
	return rgw_tls_read_leaf(out, chain->der, chain->len[0]) ? chain->leaf : NULL;
}

bool
rgw_chain_judge(struct rgw_chain *chain, const struct rgw_tlsctx *ctx, int64_t now, int64_t *ends,
    struct rgw_tls_verdict *verdict)
{
	const struct rgw_standard by = { &ctx->trust, ctx->crls, true };
	WOLFSSL_BUFFER_INFO certs[CHAIN_MAX];
	struct rgw_chain_finding found = { .cert = -1 };

	*verdict = (struct rgw_tls_verdict){ .revocation = RGW_TLS_NOT_REVOKED };
	/* Each connection hears why a chain is refused. */
	if (chain->ends == INT64_MIN || memcmp(chain->trust, ctx->trust_sha256, sizeof chain->trust) != 0) {
		borrow(chain, certs);
		chain->ends = rgw_trust_verifies(&by, certs, chain->n, now, &found)
		    ? rgw_trust_ends(&by, certs, chain->n, now) : INT64_MIN;
		memcpy(chain->trust, ctx->trust_sha256, sizeof chain->trust);
		if (chain->ends == INT64_MIN && found.cert >= 0)
			rgw_revocation_explain(&found, certs, false, verdict);
	}
	*ends = chain->ends;
	return chain->ends >= now;
}
