/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "health.h"

#include <stdio.h>
#include <string.h>

#include "radsecgw/report.h"

/* Whether the gateway is ready for requests, and why not. Whoever asks owns the rows. */

#define MENTIONED 5

unsigned
rgw_health_tables(void)
{
	return 1u << RGW_REPORT_GATEWAY | 1u << RGW_REPORT_ROUTES;
}

/* What the rows say. */
struct finding {
	bool draining;
	unsigned n;            /* number of routes ... */
	unsigned n_usable;     /* ... and of those that can be used */
	char others[256];      /* names of some of those that cannot */
};

static void
mention(struct finding *f, const char *name)
{
	size_t len = strlen(f->others);
	unsigned n = f->n - f->n_usable;

	if (n < MENTIONED)
		snprintf(f->others + len, sizeof f->others - len, "%s%s", n > 0 ? ", " : "", name);
	else if (n == MENTIONED)
		snprintf(f->others + len, sizeof f->others - len, " and others");
}

static void
read_row(struct finding *f, const struct rgw_row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		const struct rgw_field *cell = &row->cells[i].field;

		if (strcmp(cell->key, "draining") == 0)
			f->draining |= cell->number > 0;
		if (strcmp(cell->key, "usable") != 0)
			continue;
		if (strcmp(cell->data, "yes") == 0)
			f->n_usable++;
		else
			mention(f, row->name);
		f->n++;
	}
}

static struct finding
read_rows(const struct rgw_rows *rows)
{
	struct finding f = { .n = 0 };
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;

	for (size_t i = 0; rgw_rows_get(rows, i, &row, room); i++)
		read_row(&f, &row);
	return f;
}

struct rgw_health_pools
rgw_health_pools(const struct rgw_rows *rows)
{
	struct finding f = read_rows(rows);

	return (struct rgw_health_pools){ .all = f.n, .usable = f.n_usable };
}

bool
rgw_health_is_ready(const struct rgw_rows *rows, enum rgw_ready_requires what, char why[static RGW_HEALTH_TEXT])
{
	struct finding f = read_rows(rows);
	bool enough;

	enough = what == RGW_READY_NONE || (what == RGW_READY_ALL ? f.n_usable == f.n : f.n_usable > 0 || f.n == 0);
	if (f.draining)
		snprintf(why, RGW_HEALTH_TEXT,
		    "not ready: the gateway is drained or stopping, and takes no new requests");
	else if (f.n_usable == f.n)
		snprintf(why, RGW_HEALTH_TEXT, "ready: all pools can be used, of which there are %u", f.n);
	else if (f.n_usable == 0)
		snprintf(why, RGW_HEALTH_TEXT, "%s: no pool can be used: %s", enough ? "ready" : "not ready", f.others);
	else
		snprintf(why, RGW_HEALTH_TEXT, "%s: %u of %u pools can be used, but not %s",
		    enough ? "ready" : "not ready", f.n_usable, f.n, f.others);
	return enough && !f.draining;
}
