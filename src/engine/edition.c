/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/edition.h"

#include <stdlib.h>

#include "radsecgw/mem.h"
#include "radsecgw/realm.h"

/* Editions and their references; see edition.h. */

struct rgw_edition *
rgw_edition_new(const struct rgw_conf *conf, void (*over)(void *ctx, const struct rgw_conf *conf), void *ctx)
{
	struct rgw_edition *edition = rgw_xcalloc(1, sizeof *edition);

	edition->refs = 1;
	edition->conf = conf;
	edition->realms = rgw_realms_new(conf);
	edition->over = over;
	edition->ctx = ctx;
	rgw_link_init(&edition->link);
	return edition;
}

struct rgw_edition *
rgw_edition_hold(struct rgw_edition *edition)
{
	edition->refs++;
	return edition;
}

void
rgw_edition_drop(struct rgw_edition *edition)
{
	if (edition == NULL)
		return;
	if (--edition->refs == 1 && edition->gw != NULL)
		edition->left(edition);
	if (edition->refs > 0)
		return;
	rgw_realms_free(edition->realms);
	if (edition->over != NULL)
		edition->over(edition->ctx, edition->conf);
	free(edition);
}
