/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"
#include "tlsinspect.h"

#include <stdio.h>
#include <string.h>

/* The sessions of inspections, and what was negotiated on them (see inspect.h). */

#define RECORD_ALERT 21

static void
take_protection(struct rgw_tls *tls)
{
	struct rgw_seen *seen = tls->seen;
	const char *group = wolfSSL_get_curve_name(tls->ssl);
	char *protocol = NULL;
	unsigned short len = 0;

	snprintf(seen->version, sizeof seen->version, "%s", wolfSSL_get_version(tls->ssl));
	snprintf(seen->suite, sizeof seen->suite, "%s", wolfSSL_get_cipher_name(tls->ssl));
	snprintf(seen->group, sizeof seen->group, "%s", group != NULL ? group : "");
	if (wolfSSL_ALPN_GetProtocol(tls->ssl, &protocol, &len) == WOLFSSL_SUCCESS)
		snprintf(seen->alpn, sizeof seen->alpn, "%.*s", (int)len, protocol);
}

void
rgw_tls_inspect_alert(struct rgw_session *session)
{
	struct rgw_tls *tls = (struct rgw_tls *)session;
	WOLFSSL_ALERT_HISTORY history;

	memset(&history, 0, sizeof history);
	wolfSSL_get_alert_history(tls->ssl, &history);
	if (history.last_rx.code > 0)
		tls->seen->alert = history.last_rx.code;
}

/* An alert that was sent before the sender encrypts anything. Not all versions of the library tell of it. */
static void
find_alert(struct rgw_seen *seen, const uint8_t *octets, size_t len)
{
	size_t at = 0;

	while (len - at >= RGW_RECORD_HEADER) {
		const uint8_t *record = octets + at;
		size_t n = (size_t)record[3] << 8 | record[4];

		if (n > len - at - RGW_RECORD_HEADER)
			return;
		if (record[0] == RECORD_ALERT && n == 2)
			seen->alert = record[RGW_RECORD_HEADER + 1];
		at += RGW_RECORD_HEADER + n;
	}
}

void
rgw_tls_inspect_end(struct rgw_session *session, const uint8_t *octets, size_t len)
{
	struct rgw_tls *tls = (struct rgw_tls *)session;

	tls->seen->accepted = tls->accepted;
	tls->seen->proof = tls->proof;
	if (tls->judge == NULL)
		take_protection(tls);
	if (tls->ctx->role == RGW_TLS_CLIENT)
		rgw_certreq_find(tls, octets, len);
	if (tls->judge != NULL)
		find_alert(tls->seen, octets, len);
	rgw_tls_inspect_alert(session);
}

struct rgw_session *
rgw_tls_inspect(struct rgw_tlsctx *ctx, rgw_tls_judge *judge, void *arg, const char *sni, struct rgw_seen *seen)
{
	struct rgw_session *session = rgw_tls_new(ctx, judge, arg, sni);

	if (session != NULL) {
		((struct rgw_tls *)session)->seen = seen;
		rgw_tls_hear_secrets((struct rgw_tls *)session);
	}
	return session;
}
