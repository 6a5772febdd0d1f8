/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdio.h>
#include <string.h>

/* What CRLs say of a certificate, in words, and what to do. */

/* A number as hexadecimal digits, as `openssl x509 -serial` has it; what is cut ends with "...". */
static const char *
hex(struct rgw_span number, char *buf, size_t size)
{
	size_t n = 0;

	/* The octet of the sign. */
	if (number.len > 1 && number.data[0] == 0) {
		number.data++;
		number.len--;
	}
	buf[0] = '\0';
	for (size_t i = 0; i < number.len && n + 6 < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%02X", number.data[i]);
	if (n + 6 >= size)
		snprintf(buf + n, size - n, "...");
	return buf;
}

/* "the CRL of CN=ca (number 0C, of 2026-11-30 12:00:00)" */
static const char *
name_crl(const struct rgw_kept_crl *crl, char *buf, size_t size)
{
	char issuer[128];
	char number[48];
	char date[32];

	rgw_name_format(crl->facts.issuer, issuer, sizeof issuer);
	rgw_tls_moment(crl->facts.this_update, date, sizeof date);
	if (crl->facts.number.len > 0)
		snprintf(buf, size, "the CRL of %s (number %s, of %s)", issuer,
		    hex(crl->facts.number, number, sizeof number), date);
	else
		snprintf(buf, size, "the CRL of %s (of %s)", issuer, date);
	return buf;
}

static void
explain_lack(const struct rgw_crl_answer *answer, char *buf, size_t size)
{
	char crl[256];
	char date[32];

	switch (answer->verdict) {
	case RGW_CRL_EXPIRED:
		snprintf(buf, size, "%s has ended on %s: fetch the newer one", name_crl(answer->crl, crl, sizeof crl),
		    rgw_tls_moment(answer->crl->facts.next_update, date, sizeof date));
		return;
	case RGW_CRL_NOT_YET:
		snprintf(buf, size, "%s has not begun yet (is our clock right?)",
		    name_crl(answer->crl, crl, sizeof crl));
		return;
	case RGW_CRL_NOT_COVERED:
	case RGW_CRL_GOOD:
	case RGW_CRL_REVOKED:
		break;
	}
	snprintf(buf, size, "no CRL of its issuer is there: put one into `crl` that this CA has signed");
}

void
rgw_revocation_explain(const struct rgw_chain_finding *found, const WOLFSSL_BUFFER_INFO *certs, bool accepted,
    struct rgw_tls_verdict *out)
{
	const struct rgw_crl_answer *answer = &found->crl;
	char subject[128] = "?";
	char serial[48] = "?";
	struct rgw_x509 cert;
	char lack[384];
	char crl[256];
	char date[32];

	if (rgw_x509_parse(&cert, certs[found->cert].buffer, certs[found->cert].length)) {
		rgw_name_format(cert.subject, subject, sizeof subject);
		hex(cert.serial, serial, sizeof serial);
	}
	if (answer->verdict == RGW_CRL_REVOKED) {
		out->revocation = RGW_TLS_REVOKED;
		snprintf(out->text, sizeof out->text, "serial number %s of %s is revoked since %s (%s) by %s; only a "
		    "new certificate helps", serial, subject, rgw_tls_moment(answer->date, date, sizeof date),
		    rgw_crl_reason_name(answer->reason), name_crl(answer->crl, crl, sizeof crl));
		return;
	}
	explain_lack(answer, lack, sizeof lack);
	out->revocation = accepted ? RGW_TLS_UNCHECKED : RGW_TLS_NO_CRL;
	snprintf(out->text, sizeof out->text, "nobody can tell whether serial number %s of %s is revoked, and "
	    "crl-missing = %s: %s", serial, subject, accepted ? "accept" : "refuse", lack);
}

/* ---- a look at CRLs before it is too late ---- */

/* A CRL is to be replaced before its end; one that is made for a short time is not spoken of all the time. */
#define DAY 86400

static void
review_crl(const struct rgw_tls_ear *ear, const struct rgw_revocation *r, const struct rgw_kept_crl *crl, int64_t now)
{
	int64_t left = crl->facts.next_update - now;
	int64_t life = crl->facts.next_update - crl->facts.this_update;
	const char *then = r->accept_missing ? "is not asked for" : "is refused";
	char text[256];
	char date[32];

	name_crl(crl, text, sizeof text);
	rgw_tls_moment(crl->facts.next_update, date, sizeof date);
	if (left < 0)
		rgw_tls_tell(ear, "crl", "%s has ended on %s: who connects with a certificate of this issuer %s until "
		    "the newer one is there", text, date, then);
	else if (left < (life / 4 < DAY ? life / 4 : DAY))
		rgw_tls_tell(ear, "crl", "%s ends on %s: who connects with a certificate of this issuer %s from then "
		    "on until the newer one is there", text, date, then);
}

static bool
has_crl(const struct rgw_revocation *r, const struct rgw_x509 *ca)
{
	for (size_t i = 0; i < r->known.n; i++)
		if (rgw_octets_equal(r->known.v[i]->facts.issuer, ca->subject))
			return true;
	return false;
}

/* Says which CAs of the trust nobody can connect with. */
static void
review_cas(const struct rgw_tls_ear *ear, const struct rgw_tlsctx *ctx)
{
	const struct rgw_x509 *first = NULL;
	char name[128];
	size_t n = 0;

	for (size_t i = 0; i < ctx->trust.n; i++) {
		const struct rgw_x509 *ca = &ctx->trust.v[i].x509;

		if (rgw_revocation_bars(ctx->crls, i))
			rgw_tls_tell(ear, "ca", "a CA that we trust is revoked by the CRL of its issuer, and nothing "
			    "that depends on it is believed: %s", rgw_name_format(ca->subject, name, sizeof name));
		if (!rgw_x509_may_anchor(ca) || has_crl(ctx->crls, ca))
			continue;
		first = first != NULL ? first : ca;
		n++;
	}
	if (n == 0)
		return;
	rgw_tls_tell(ear, "crl", "%zu of the %zu CAs in `ca` %s no CRL, and crl-missing = %s; the first is %s", n,
	    ctx->trust.n, n == 1 ? "has" : "have", ctx->crls->accept_missing ? "accept" : "refuse",
	    rgw_name_format(first->subject, name, sizeof name));
}

/* Tells the CRLs that count at that time. */
static void
review_set(const struct rgw_tls_ear *ear, const struct rgw_revocation *r, const struct rgw_crls *set, int64_t now)
{
	for (size_t i = 0; i < set->n; i++)
		if (!rgw_crls_is_superseded(set, set->v[i], now))
			review_crl(ear, r, set->v[i], now);
}

void
rgw_tlsctx_review_crls(const struct rgw_tlsctx *ctx, int64_t now, bool first, rgw_tls_say *say, void *arg)
{
	const struct rgw_tls_ear ear = { say, arg };

	if (ctx->crls == NULL || !rgw_tls_clock_is_set(now))
		return;
	if (first)
		review_cas(&ear, ctx);
	review_set(&ear, ctx->crls, &ctx->crls->known, now);
	review_set(&ear, ctx->crls, &ctx->crls->unknown, now);
}
