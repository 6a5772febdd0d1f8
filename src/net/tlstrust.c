/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

/* The second opinion on a chain, so that a mistake in the library's way of judging a session does not let
 * anybody in. What it is based on is made anew for each handshake and goes with it: nothing that a peer sends
 * is there when the next one comes. */

bool
rgw_certs_add(struct rgw_certs *certs, const uint8_t *der, size_t len)
{
	struct rgw_kept_cert c = { .der = malloc(len), .len = len };

	if (c.der == NULL)
		return false;
	memcpy(c.der, der, len);
	if (!rgw_x509_parse(&c.x509, c.der, len)) {
		free(c.der);
		return false;
	}
	certs->v = rgw_xrealloc(certs->v, (certs->n + 1) * sizeof *certs->v);
	certs->v[certs->n++] = c;
	return true;
}

bool
rgw_certs_have(const struct rgw_certs *certs, const uint8_t *der, size_t len)
{
	for (size_t i = 0; i < certs->n; i++)
		if (certs->v[i].len == len && memcmp(certs->v[i].der, der, len) == 0)
			return true;
	return false;
}

void
rgw_certs_free(struct rgw_certs *certs)
{
	for (size_t i = 0; i < certs->n; i++)
		free(certs->v[i].der);
	free(certs->v);
	*certs = (struct rgw_certs){ NULL, 0 };
}

/* The work on one chain. */
struct climb {
	WOLFSSL_CERT_MANAGER *cm;           /* owned: whom we believe by now */
	const struct rgw_certs *trust;      /* borrowed, as the next one */
	const WOLFSSL_BUFFER_INFO *certs;
	int n;
	int64_t now;
	unsigned believed;                  /* which of the chain, as bits */
	const struct rgw_kept_cert *stale;  /* borrowed from the trust: needed, and out of date */
};

/* More certificates than any build of the library takes from a peer. */
#define CHAIN_MAX 16

/* From now on what its key has signed verifies. The library does not look at what the certificate says of
 * that; see rgw_x509_may_issue. */
static void
believe(const struct climb *c, const uint8_t *der, size_t len)
{
	(void)wolfSSL_CertManagerLoadCABuffer(c->cm, der, (long)len, WOLFSSL_FILETYPE_ASN1);
}

static bool
same(struct rgw_span a, struct rgw_span b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Believes the anchors that may have issued it, as far as they are in force; there can be two of one name. All
 * of a whole system's trust would take milliseconds. */
static void
believe_anchors(struct climb *c, const struct rgw_x509 *cert)
{
	for (size_t i = 0; i < c->trust->n; i++) {
		const struct rgw_kept_cert *anchor = &c->trust->v[i];

		if (!same(anchor->x509.subject, cert->issuer))
			continue;
		if (rgw_x509_is_in_force(&anchor->x509, c->now))
			believe(c, anchor->der, anchor->len);
		else
			c->stale = anchor;
	}
}

/* Has somebody signed it whom we believe? What it says of itself must hold, too. */
static bool
verifies(const struct climb *c, int i, const struct rgw_x509 *cert)
{
	return rgw_x509_is_in_force(cert, c->now) && rgw_x509_is_strong(cert) &&
	    wolfSSL_CertManagerVerifyBuffer(c->cm, c->certs[i].buffer, (long)c->certs[i].length,
	        WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
}

/* Goes through all but the leaf once. true = one more of them is believed. */
static bool
believe_more(struct climb *c)
{
	bool more = false;
	struct rgw_x509 cert;

	for (int i = c->n - 1; i > 0; i--) {
		if ((c->believed >> i & 1) != 0 ||
		    !rgw_x509_parse(&cert, c->certs[i].buffer, c->certs[i].length) ||
		    !rgw_x509_may_issue(&cert))
			continue;
		believe_anchors(c, &cert);
		if (!verifies(c, i, &cert))
			continue;
		believe(c, c->certs[i].buffer, c->certs[i].length);
		c->believed |= 1u << i;
		more = true;
	}
	return more;
}

/* The leaf is the first, the others may come in any order; most come with the one nearest to the trust last. */
static bool
climb_down(struct climb *c)
{
	struct rgw_x509 leaf;

	if (c->n < 1 || c->n > CHAIN_MAX || !rgw_x509_parse(&leaf, c->certs[0].buffer, c->certs[0].length))
		return false;
	believe_anchors(c, &leaf);
	while (!verifies(c, 0, &leaf))
		if (!believe_more(c))
			return false;
	return true;
}

bool
rgw_trust_verifies(const struct rgw_certs *trust, const WOLFSSL_BUFFER_INFO *certs, int n, int64_t now,
    const struct rgw_kept_cert **stale)
{
	struct climb c = { .cm = wolfSSL_CertManagerNew(), .trust = trust, .certs = certs, .n = n, .now = now };
	bool good = c.cm != NULL && climb_down(&c);

	wolfSSL_CertManagerFree(c.cm);
	*stale = good ? NULL : c.stale;
	return good;
}
