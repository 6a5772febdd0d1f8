/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

/* The second opinion on a chain of certificates (P-CRT-2): a mistake in the library's way of judging a session must not
 * let anybody in. The work on a chain is made anew for each handshake and goes with it, so nothing that a peer sends is
 * there when the next one comes. */

bool
rgw_certs_add(struct rgw_certs *certs, const uint8_t *der, size_t len)
{
	struct rgw_kept_cert *c;

	certs->v = rgw_xrealloc(certs->v, (certs->n + 1) * sizeof *certs->v);
	c = &certs->v[certs->n];
	*c = (struct rgw_kept_cert){ .der = malloc(len), .len = len };
	if (c->der == NULL)
		return false;
	memcpy(c->der, der, len);
	if (!rgw_x509_parse(&c->x509, c->der, len)) {
		free(c->der);
		return false;
	}
	certs->n++;
	return true;
}

/* The place of this very certificate, or the number of all. */
static size_t
find_cert(const struct rgw_certs *certs, const uint8_t *der, size_t len)
{
	size_t i = 0;

	while (i < certs->n && (certs->v[i].len != len || memcmp(certs->v[i].der, der, len) != 0))
		i++;
	return i;
}

bool
rgw_certs_have(const struct rgw_certs *certs, const uint8_t *der, size_t len)
{
	return find_cert(certs, der, len) < certs->n;
}

void
rgw_certs_free(struct rgw_certs *certs)
{
	for (size_t i = 0; i < certs->n; i++)
		free(certs->v[i].der);
	free(certs->v);
	*certs = (struct rgw_certs){ NULL, 0 };
}

/* More certificates than any build of the library takes from a peer. */
#define CHAIN_MAX 16

/* The work on one chain. */
struct climb {
	WOLFSSL_CERT_MANAGER *cm;           /* owned: the certificates that are believed by now */
	const struct rgw_standard *by;      /* borrowed, as the next two */
	const struct rgw_certs *trust;      /* the CAs of that */
	const WOLFSSL_BUFFER_INFO *certs;   /* borrowed: certificates of the chain, the leaf first */
	struct rgw_x509 x509[CHAIN_MAX];    /* facts of each certificate that can be read */
	int n;
	int64_t now;
	unsigned issuers;                   /* certificates of the chain that may issue others, as bits */
	unsigned believed;                  /* those of them that verify, as bits */
	struct rgw_chain_finding found;           /* what speaks against the chain */
};

static bool
has(unsigned set, int i)
{
	return (set >> i & 1) != 0;
}

/* Believes a certificate: from now on all that its key has signed verifies. The library does not look at what the
 * certificate says of that; see rgw_x509_may_issue. */
static void
believe(const struct climb *c, const uint8_t *der, size_t len)
{
	(void)wolfSSL_CertManagerLoadCABuffer(c->cm, der, (long)len, WOLFSSL_FILETYPE_ASN1);
}

static bool
is_issuer(const struct rgw_x509 *issuer, const struct rgw_x509 *cert)
{
	return rgw_octets_equal(issuer->subject, cert->issuer);
}

/* Does the anchor hold for certificate i? A peer's own certificate may be trusted, too; that holds for this very leaf,
 * and for nothing that its key has signed. */
static bool
holds_for(const struct rgw_kept_cert *anchor, const struct climb *c, int i)
{
	return rgw_x509_may_anchor(&anchor->x509) || (i == 0 && anchor->len == c->certs[0].length &&
	    memcmp(anchor->der, c->certs[0].buffer, anchor->len) == 0);
}

/* Believes the anchors that may have issued certificate `of`, as far as they are in force; there can be two of one
 * name. To believe all CAs of a whole system's trust would take milliseconds. */
static void
believe_anchors(struct climb *c, int of)
{
	for (size_t i = 0; i < c->trust->n; i++) {
		const struct rgw_kept_cert *anchor = &c->trust->v[i];

		if (!is_issuer(&anchor->x509, &c->x509[of]) || !holds_for(anchor, c, of) ||
		    rgw_revocation_bars(c->by->crls, i))
			continue;
		if (rgw_x509_is_in_force(&anchor->x509, c->now))
			believe(c, anchor->der, anchor->len);
		else
			c->found.stale = anchor;
	}
}

/* Which of the believed certificates may be above this one, at any distance? As bits. */
static unsigned
above(const struct climb *c, int below)
{
	unsigned set = 0;
	unsigned before;

	do {
		before = set;
		for (int i = 1; i < c->n; i++)
			for (int j = 0; has(c->believed, i) && !has(set, i) && j < c->n; j++)
				if ((j == below || has(before, j)) && is_issuer(&c->x509[i], &c->x509[j]))
					set |= 1u << i;
	} while (set != before);
	return set;
}

/* Do all certificates that are above this one allow its names? The library asks only the certificate that has signed
 * it. */
static bool
is_permitted(const struct climb *c, int i)
{
	const struct rgw_x509 *cert = &c->x509[i];
	unsigned set = above(c, i);

	for (int j = 0; j < c->n; j++) {
		if (j != i && !has(set, j))
			continue;
		if (j != i && !rgw_x509_permits(&c->x509[j], cert))
			return false;
		for (size_t k = 0; k < c->trust->n; k++)
			if (is_issuer(&c->trust->v[k].x509, &c->x509[j]) &&
			    !rgw_x509_permits(&c->trust->v[k].x509, cert))
				return false;
	}
	return true;
}

/* ---- whether a certificate is revoked ---- */

/* One that may have issued a certificate: a believed certificate of the right name. */
struct issuer {
	const struct rgw_x509 *x509;
	struct rgw_span der;
};

/* Different keys of one name that are tried. */
#define ISSUERS_MAX 8

struct issuers {
	struct issuer v[ISSUERS_MAX];
	size_t n;
};

/* The key counts, not the certificate: a CA may have several. */
static void
add_issuer(struct issuers *list, const struct rgw_x509 *x509, struct rgw_span der)
{
	for (size_t i = 0; i < list->n; i++)
		if (rgw_octets_equal(list->v[i].x509->key, x509->key) &&
		    rgw_x509_may_sign_crls(list->v[i].x509) >= rgw_x509_may_sign_crls(x509))
			return;
	if (list->n < ISSUERS_MAX)
		list->v[list->n++] = (struct issuer){ x509, der };
}

static void
find_issuers(const struct climb *c, int of, struct issuers *list)
{
	list->n = 0;
	for (size_t i = 0; i < c->trust->n; i++) {
		const struct rgw_kept_cert *anchor = &c->trust->v[i];

		if (is_issuer(&anchor->x509, &c->x509[of]) && holds_for(anchor, c, of) &&
		    rgw_x509_is_in_force(&anchor->x509, c->now))
			add_issuer(list, &anchor->x509, (struct rgw_span){ anchor->der, anchor->len });
	}
	for (int i = 1; i < c->n; i++)
		if (i != of && has(c->believed, i) && is_issuer(&c->x509[i], &c->x509[of]))
			add_issuer(list, &c->x509[i],
			    (struct rgw_span){ c->certs[i].buffer, c->certs[i].length });
}

/* What do the CRLs say of certificate i, which verifies? Of several keys of the issuer's name those count that have
 * signed it. */
static struct rgw_crl_answer
look_up(const struct climb *c, int i)
{
	struct rgw_crl_answer best = { .verdict = RGW_CRL_NOT_COVERED };
	struct rgw_span der = { c->certs[i].buffer, c->certs[i].length };
	struct issuers list;

	find_issuers(c, i, &list);
	for (size_t k = 0; k < list.n; k++) {
		struct rgw_crl_answer answer;

		if (list.n > 1 && !rgw_cert_has_signed(list.v[k].der, der))
			continue;
		answer = rgw_revocation_ask(c->by->crls, &c->x509[i], list.v[k].x509, c->now);
		if (answer.verdict > best.verdict)
			best = answer;
	}
	return best;
}

/* Is certificate i good enough, whatever CRLs there are? Who is trusted by name is not asked for. */
static bool
is_exempt(const struct climb *c, int i)
{
	size_t place = find_cert(c->trust, c->certs[i].buffer, c->certs[i].length);

	return c->by->crls == NULL || (i > 0 && !c->by->crls->chain) ||
	    (place < c->trust->n && !rgw_revocation_bars(c->by->crls, place));
}

/* Do the CRLs let in certificate i, which verifies? A revoked one weighs more than one without a CRL. */
static bool
is_let_in(struct climb *c, int i)
{
	struct rgw_crl_answer answer;
	bool revoked;

	if (is_exempt(c, i))
		return true;
	answer = look_up(c, i);
	revoked = answer.verdict == RGW_CRL_REVOKED;
	if (answer.verdict == RGW_CRL_GOOD || (!revoked && c->by->is_live))
		return true;
	if (revoked || c->found.cert < 0) {
		c->found.cert = i;
		c->found.crl = answer;
	}
	return !revoked && c->by->crls->accept_missing;
}

/* ---- the climb ---- */

/* Does certificate i verify: has a believed key signed it, and does what it says of itself hold, too? */
static bool
verifies(const struct climb *c, int i)
{
	return rgw_x509_is_in_force(&c->x509[i], c->now) && rgw_x509_is_strong(&c->x509[i]) &&
	    is_permitted(c, i) &&
	    wolfSSL_CertManagerVerifyBuffer(c->cm, c->certs[i].buffer, (long)c->certs[i].length,
	        WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
}

/* Goes through all certificates but the leaf once, from the end: there most chains have the one nearest to the trust.
 * true = one more certificate is believed. */
static bool
believe_more(struct climb *c)
{
	unsigned before = c->believed;

	for (int i = CHAIN_MAX - 1; i > 0; i--) {
		if (!has(c->issuers, i) || has(c->believed, i) || !verifies(c, i) || !is_let_in(c, i))
			continue;
		believe(c, c->certs[i].buffer, c->certs[i].length);
		c->believed |= 1u << i;
	}
	return c->believed != before;
}

static bool
read_chain(struct climb *c)
{
	for (int i = 0; i < c->n; i++) {
		if (!rgw_x509_parse(&c->x509[i], c->certs[i].buffer, c->certs[i].length)) {
			if (i == 0)
				return false;
			continue;
		}
		believe_anchors(c, i);
		if (i > 0 && rgw_x509_may_issue(&c->x509[i]))
			c->issuers |= 1u << i;
	}
	return true;
}

static bool
climb_down(struct climb *c)
{
	if (!read_chain(c))
		return false;
	while (!verifies(c, 0))
		if (!believe_more(c))
			return false;
	return is_let_in(c, 0);
}

bool
rgw_trust_verifies(const struct rgw_standard *by, const WOLFSSL_BUFFER_INFO *certs, int n, int64_t now,
    struct rgw_chain_finding *found)
{
	struct climb c = { .cm = wolfSSL_CertManagerNew(), .by = by, .trust = by->cas, .certs = certs, .n = n,
		.now = now, .found = { .cert = -1 } };
	bool good = c.cm != NULL && n >= 1 && n <= CHAIN_MAX && climb_down(&c);

	wolfSSL_CertManagerFree(c.cm);
	*found = c.found;
	if (good)
		found->stale = NULL;
	return good;
}

/* The earliest end of a certificate that the chain may depend on, at that time or after it. */
static int64_t
next_end(const struct climb *c, int64_t from)
{
	int64_t first = c->x509[0].not_after;

	for (int i = 0; i < c->n; i++) {
		if (c->x509[i].not_after >= from && c->x509[i].not_after < first)
			first = c->x509[i].not_after;
		for (size_t k = 0; k < c->trust->n; k++) {
			const struct rgw_x509 *anchor = &c->trust->v[k].x509;

			if (anchor->not_after >= from && anchor->not_after < first &&
			    is_issuer(anchor, &c->x509[i]))
				first = anchor->not_after;
		}
	}
	return first;
}

int64_t
rgw_trust_ends(const struct rgw_standard *by, const WOLFSSL_BUFFER_INFO *certs, int n, int64_t now)
{
	const struct rgw_standard live = { by->cas, by->crls, true };
	struct climb c = { .by = &live, .trust = by->cas, .certs = certs };
	struct rgw_chain_finding found;
	int64_t end;

	/* Certificates that cannot be read have no part in it. */
	for (int i = 0; i < n && i < CHAIN_MAX; i++)
		if (rgw_x509_parse(&c.x509[c.n], certs[i].buffer, certs[i].length))
			c.n++;
	if (c.n == 0)
		return INT64_MIN;
	/* Peers send more than is needed, and there may be another way to the trust. */
	end = next_end(&c, now);
	while (end < c.x509[0].not_after && rgw_trust_verifies(&live, certs, n, end + 1, &found))
		end = next_end(&c, end + 1);
	return end;
}
