/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"
#include "tls_priv.h"

/* The second opinion on a chain, so that a mistake in the library's way of judging a session does not let
 * anybody in. What it is based on is made anew for each handshake and goes with it: nothing that a peer sends
 * is there when the next one comes. */

bool
rgw_trust_add(struct rgw_trust *trust, const uint8_t *der, size_t len)
{
	struct rgw_anchor a = { .der = malloc(len), .len = len };
	struct rgw_x509 cert;

	if (a.der == NULL)
		return false;
	memcpy(a.der, der, len);
	if (!rgw_x509_parse(&cert, a.der, len)) {
		free(a.der);
		return false;
	}
	a.subject = cert.subject;
	trust->v = rgw_xrealloc(trust->v, (trust->n + 1) * sizeof *trust->v);
	trust->v[trust->n++] = a;
	return true;
}

void
rgw_trust_free(struct rgw_trust *trust)
{
	for (size_t i = 0; i < trust->n; i++)
		free(trust->v[i].der);
	free(trust->v);
}

/* From now on what its key has signed verifies. The library does not look at what the certificate says of
 * that; see rgw_x509_may_issue. */
static void
believe(WOLFSSL_CERT_MANAGER *cm, const uint8_t *der, size_t len)
{
	(void)wolfSSL_CertManagerLoadCABuffer(cm, der, (long)len, WOLFSSL_FILETYPE_ASN1);
}

static bool
same(struct rgw_span a, struct rgw_span b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Believes the anchors that may have issued it; there can be two of one name. All of a whole system's trust
 * would take milliseconds. */
static void
believe_issuers(WOLFSSL_CERT_MANAGER *cm, const struct rgw_trust *trust, const struct rgw_x509 *cert)
{
	for (size_t i = 0; i < trust->n; i++)
		if (same(trust->v[i].subject, cert->issuer))
			believe(cm, trust->v[i].der, trust->v[i].len);
}

static bool
verifies(WOLFSSL_CERT_MANAGER *cm, const WOLFSSL_BUFFER_INFO *cert)
{
	return wolfSSL_CertManagerVerifyBuffer(cm, cert->buffer, (long)cert->length,
	           WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
}

/* From the end of the chain to its leaf, which is the first. */
static bool
climb_down(WOLFSSL_CERT_MANAGER *cm, const struct rgw_trust *trust, const WOLFSSL_BUFFER_INFO *certs, int n)
{
	struct rgw_x509 cert;

	for (int i = n - 1; i >= 0; i--) {
		if (!rgw_x509_parse(&cert, certs[i].buffer, certs[i].length))
			continue;
		believe_issuers(cm, trust, &cert);
		if (i == 0)
			return verifies(cm, &certs[i]);
		if (rgw_x509_may_issue(&cert) && verifies(cm, &certs[i]))
			believe(cm, certs[i].buffer, certs[i].length);
	}
	return false;
}

bool
rgw_trust_verifies(const struct rgw_trust *trust, const WOLFSSL_BUFFER_INFO *certs, int n)
{
	WOLFSSL_CERT_MANAGER *cm = wolfSSL_CertManagerNew();
	bool good = cm != NULL && climb_down(cm, trust, certs, n);

	wolfSSL_CertManagerFree(cm);
	return good;
}
