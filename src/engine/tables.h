/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_TABLES_H
#define ENGINE_TABLES_H

#include "radsecgw/rows.h"

#include "links/target.h"

/* Tables of the report that need more than a row for each neighbour; each function tells the rows of one table, which
 * is a constant, to `row`. */

/* How a target stands for the service for which it stands best. */
enum rgw_standing rgw_standing_of(struct rgw_target *target, rgw_ms now);

/* Who is told. All pointers are borrowed. */
struct rgw_hearer {
	const struct rgw_table *table;
	rgw_row_fn *row;
	void *ctx;
};

/* Each pool, and each peer or server that a realm or a client has in place of one: can it be used? */
void rgw_tell_routes(struct rgw_gw *gw, const struct rgw_hearer *to);
/* How long the answers of each peer and server take. */
void rgw_tell_durations(struct rgw_gw *gw, const struct rgw_hearer *to);
/* Each name of a NAS that was learned, by whom, and the use of the table that they are in; the first worker tells it
 * for all. */
void rgw_tell_nases(struct rgw_gw *gw, const struct rgw_hearer *to);
/* Which answers they give. */
void rgw_tell_answers(struct rgw_gw *gw, const struct rgw_hearer *to);

#endif
