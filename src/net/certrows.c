/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/certrows.h"

#include "net_priv.h"
#include "tls_priv.h"

/* When our own certificates expire; the contexts of the layer own them. */

const struct rgw_table rgw_net_certificates = { "certificates", "tls", false };

static int64_t
first_end(const struct rgw_certs *chain)
{
	int64_t first = chain->v[0].x509.not_after;

	for (size_t i = 1; i < chain->n; i++)
		first = chain->v[i].x509.not_after < first ? chain->v[i].x509.not_after : first;
	return first;
}

void
rgw_net_tell_certificates(const struct rgw_net *net, rgw_row_fn *row, void *ctx)
{
	for (size_t i = 0; i < net->contexts->n; i++) {
		const struct rgw_context *c = &net->contexts->v[i];
		/* The files are the same for both roles. */
		const struct rgw_tlsctx *t = c->client != NULL ? c->client : c->server;
		struct rgw_cell cell;
		struct rgw_row r = { .table = &rgw_net_certificates, .cells = &cell, .n = 1 };
		int64_t end;

		if (t == NULL || t->own.n == 0)
			continue;
		end = first_end(&t->own);
		r.name = c->conf->head.name;
		cell = rgw_c_same(rgw_f_uint("not_after", end > 0 ? (uint64_t)end : 0));
		row(ctx, &r);
	}
}
