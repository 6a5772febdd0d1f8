/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <string.h>

#include "tlspsk.h"

/* The TLS library's input and output over memory. Octets that come in are looked at before the library sees them; see
 * records.h. */

static void
explain_record(struct rgw_tls *tls, const char *fault)
{
	const uint8_t *h = tls->records.header;

	rgw_tls_explain(tls, "%s: %s (kind %u, version %u.%u, %u octets)", tls->records.n > 1
	    ? "the peer breaks TLS" : "what the peer sent is not TLS, or not TLS 1.2 or 1.3", fault, h[0],
	    h[1], h[2], (unsigned)h[3] << 8 | h[4]);
}

/* Hands octets to the library. A record that the library must not see ends the session here. */
int
rgw_tls_recv(WOLFSSL *ssl, char *buf, int size, void *ctx)
{
	struct rgw_tls *tls = ctx;
	size_t n = (size_t)size < tls->in_len ? (size_t)size : tls->in_len;
	const char *fault = rgw_records_follow(&tls->records, tls->in, n);

	(void)ssl;
	if (fault != NULL) {
		explain_record(tls, fault);
		return WOLFSSL_CBIO_ERR_GENERAL;
	}
	if (n == 0)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	rgw_psk_heard(tls, tls->in, n);
	memcpy(buf, tls->in, n);
	tls->in += n;
	tls->in_len -= n;
	return (int)n;
}

/* Takes all octets that the library writes, since it does not cope with partial writes. Whoever writes has checked the
 * length of the buffer before. */
int
rgw_tls_send(WOLFSSL *ssl, char *buf, int size, void *ctx)
{
	struct rgw_tls *tls = ctx;

	(void)ssl;
	rgw_psk_said(tls, (const uint8_t *)buf, (size_t)size);
	return rgw_outbuf_put(&tls->base.out, buf, (size_t)size) ? size : WOLFSSL_CBIO_ERR_GENERAL;
}
