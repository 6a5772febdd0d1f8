/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdio.h>
#include <time.h>

/* What an operator should know about the certificates of a [tls] section before it is too late. */

#define DAY 86400
#define WARN_DAYS 30

bool
rgw_tls_clock_is_set(int64_t now)
{
	return now >= RGW_WRITTEN;
}

/* Says whether a certificate is out of date, or will be `soon`. */
static void
review_dates(const struct rgw_tls_ear *ear, const char *key, const char *what, const struct rgw_kept_cert *cert,
    int64_t now, int64_t soon)
{
	const struct rgw_x509 *x = &cert->x509;
	int64_t days = (x->not_after - now) / DAY;
	char name[128];
	char date[16];

	rgw_name_format(x->subject, name, sizeof name);
	if (now > x->not_after)
		rgw_tls_tell(ear, key, "%s has expired on %s: %s", what, rgw_tls_date(x->not_after, date, sizeof date),
		    name);
	else if (now < x->not_before)
		rgw_tls_tell(ear, key, "%s is not valid before %s: %s", what,
		    rgw_tls_date(x->not_before, date, sizeof date), name);
	else if (x->not_after - now < soon)
		rgw_tls_tell(ear, key, "%s expires on %s, in %lld day%s: %s", what,
		    rgw_tls_date(x->not_after, date, sizeof date), (long long)days, days == 1 ? "" : "s", name);
}

/* Says whether our certificate lacks a purpose that we use it for, since peers look at that (RFC 5280 4.2.1.12). */
static void
review_purpose(const struct rgw_tls_ear *ear, const struct rgw_x509 *leaf, unsigned uses)
{
	if (!leaf->has_eku)
		return;
	if ((uses & RGW_TLS_USED_AS_CLIENT) != 0 && !leaf->eku_client)
		rgw_tls_tell(ear, "certificate", "it is not for clients, and peers that we connect to will refuse it: "
		    "its extended key usage lacks clientAuth");
	if ((uses & RGW_TLS_USED_AS_SERVER) != 0 && !leaf->eku_server)
		rgw_tls_tell(ear, "certificate", "it is not for servers, and peers that connect to us will refuse it: "
		    "its extended key usage lacks serverAuth");
}

void
rgw_tlsctx_review(const struct rgw_tlsctx *ctx, int64_t now, unsigned uses, rgw_tls_say *say, void *arg)
{
	const struct rgw_tls_ear ear = { say, arg };
	const struct rgw_x509 *leaf;

	if (ctx->own.n == 0)
		return;
	leaf = &ctx->own.v[0].x509;
	review_purpose(&ear, leaf, uses);
	if (ctx->keylog != NULL)
		rgw_tls_tell(&ear, "keylog", "the secrets of all sessions are written to %s, with which whoever has "
		    "them can read passwords and keys; take this out when you have seen enough", ctx->keylog);
	if (ctx->tls12 && leaf->key_kind == RGW_KEY_EC && leaf->key_bits > 384)
		rgw_tls_tell(&ear, "certificate", "its key is on a curve longer than P-384, which peers with TLS 1.2 "
		    "do not understand from us; take P-256, or set min-version = 1.3");
	if (!rgw_tls_clock_is_set(now))
		return;
	for (size_t i = 0; i < ctx->own.n; i++)
		review_dates(&ear, "certificate", i == 0 ? "our certificate" : "a certificate of our chain",
		    &ctx->own.v[i], now, WARN_DAYS * DAY);
	for (size_t i = 0; i < ctx->trust.n; i++)
		review_dates(&ear, "ca", "a CA that we trust", &ctx->trust.v[i], now, WARN_DAYS * DAY);
}
