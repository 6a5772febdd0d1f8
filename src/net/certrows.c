/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/certrows.h"

#include <stdlib.h>
#include <time.h>

#include "net_priv.h"
#include "tls_priv.h"

/* When our own certificates expire, and when CRLs do; the contexts of the layer own them. */

const struct rgw_table rgw_net_certificates = { "certificates", "tls", false };
const struct rgw_table rgw_net_crls = { "crls", "tls", false };

static int64_t
first_end(const struct rgw_certs *chain)
{
	int64_t first = chain->v[0].x509.not_after;

	for (size_t i = 1; i < chain->n; i++)
		first = chain->v[i].x509.not_after < first ? chain->v[i].x509.not_after : first;
	return first;
}

/* ---- CRLs ---- */

/* The CRLs of a section that count, in the order of their ends. */
struct counting {
	const struct rgw_kept_crl *v[2 * RGW_CRLS_MAX];
	size_t n;
};

static void
collect(struct counting *all, const struct rgw_crls *set, int64_t now)
{
	for (size_t i = 0; i < set->n; i++)
		if (!rgw_crls_is_superseded(set, set->v[i], now))
			all->v[all->n++] = set->v[i];
}

static int
by_end(const void *a, const void *b)
{
	const struct rgw_kept_crl *x = *(const struct rgw_kept_crl *const *)a;
	const struct rgw_kept_crl *y = *(const struct rgw_kept_crl *const *)b;

	return (x->facts.next_update > y->facts.next_update) - (x->facts.next_update < y->facts.next_update);
}

/* Has the issuer of the i-th one been told, with an earlier end? */
static bool
is_told(const struct counting *all, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (rgw_octets_equal(all->v[j]->facts.issuer, all->v[i]->facts.issuer))
			return true;
	return false;
}

static void
tell_crls(const char *section, const struct rgw_revocation *r, rgw_row_fn *row, void *ctx)
{
	struct counting all = { .n = 0 };
	size_t told = 0;
	char issuer[256];

	collect(&all, &r->known, time(NULL));
	collect(&all, &r->unknown, time(NULL));
	qsort(all.v, all.n, sizeof(const struct rgw_kept_crl *), by_end);
	for (size_t i = 0; i < all.n && told < RGW_NET_CRLS_MAX; i++) {
		int64_t end = all.v[i]->facts.next_update;
		const struct rgw_cell cells[] = {
			rgw_c_same(rgw_f_str("issuer", rgw_name_format(all.v[i]->facts.issuer, issuer, sizeof issuer))),
			rgw_c_same(rgw_f_uint("next_update", end > 0 ? (uint64_t)end : 0)),
		};

		if (is_told(&all, i))
			continue;
		told++;
		row(ctx, &(struct rgw_row){ .table = &rgw_net_crls, .name = section, .cells = cells, .n = 2 });
	}
}

static void
tell_certificate(const struct rgw_context *c, const struct rgw_tlsctx *t, rgw_row_fn *row, void *ctx)
{
	int64_t end = first_end(&t->own);
	const struct rgw_cell cell = rgw_c_same(rgw_f_uint("not_after", end > 0 ? (uint64_t)end : 0));

	row(ctx, &(struct rgw_row){ .table = &rgw_net_certificates, .name = c->conf->head.name, .cells = &cell,
	    .n = 1 });
}

/* The files are the same for both roles. */
static const struct rgw_tlsctx *
either(const struct rgw_context *c)
{
	return c->client != NULL ? c->client : c->server;
}

void
rgw_net_tell_certificates(const struct rgw_net *net, rgw_row_fn *row, void *ctx)
{
	const struct rgw_contexts *contexts = net->contexts;

	for (size_t i = 0; i < contexts->n; i++)
		if (either(&contexts->v[i]) != NULL && either(&contexts->v[i])->own.n > 0)
			tell_certificate(&contexts->v[i], either(&contexts->v[i]), row, ctx);
	for (size_t i = 0; i < contexts->n; i++) {
		const struct rgw_tlsctx *t = either(&contexts->v[i]);

		if (t != NULL && t->crls != NULL)
			tell_crls(contexts->v[i].conf->head.name, t->crls, row, ctx);
	}
}
