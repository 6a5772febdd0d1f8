/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "health.h"
#include "radsecgw/certrows.h"
#include "radsecgw/report.h"

/* The verdict for monitoring in one line; see verdict.h. Whoever asks owns the rows. */

#define DAY 86400
/* A certificate that ends within so many days has to be renewed now. */
#define CERTIFICATE_DAYS 14
/* A bound is near when so many percent of it are in use. */
#define NEAR_PERCENT 90

struct finding {
	struct rgw_verdict *verdict;
	int64_t time;             /* seconds since 1970 */
	bool has_certificate;
	int64_t first_end;        /* when the first certificate ends; the same clock */
	char figures[256];
};

unsigned
rgw_verdict_tables(void)
{
	return rgw_health_tables() | 1u << RGW_REPORT_LIMITS;
}

/* Adds a sentence, and makes the state as bad as this. */
static void
add(struct finding *f, enum rgw_verdict_state state, const char *sentence)
{
	struct rgw_verdict *v = f->verdict;
	size_t len = strlen(v->text);

	v->state = state > v->state ? state : v->state;
	snprintf(v->text + len, sizeof v->text - len, "%s%s", len > 0 ? "; " : "", sentence);
}

static void
judge_certificate(struct finding *f, const struct rgw_row *row)
{
	int64_t end = (int64_t)row->cells[0].field.number;
	int64_t days = (end - f->time) / DAY;
	char text[256];

	f->first_end = f->has_certificate && f->first_end < end ? f->first_end : end;
	f->has_certificate = true;
	if (end < f->time) {
		snprintf(text, sizeof text, "a certificate of [tls %s] has expired", row->name);
		add(f, RGW_VERDICT_CRITICAL, text);
	} else if (days < CERTIFICATE_DAYS) {
		snprintf(text, sizeof text, "a certificate of [tls %s] expires in %" PRId64 " days", row->name, days);
		add(f, RGW_VERDICT_WARNING, text);
	}
}

/* The cell of this key; NULL = there is none. */
static const struct rgw_field *
cell_of(const struct rgw_row *row, const char *key)
{
	for (size_t i = 0; i < row->n; i++)
		if (strcmp(row->cells[i].field.key, key) == 0)
			return &row->cells[i].field;
	return NULL;
}

static void
judge_limit(struct finding *f, const struct rgw_row *row)
{
	const struct rgw_field *percent = cell_of(row, "percent");
	const struct rgw_field *kind = cell_of(row, "kind"), *of = cell_of(row, "of");
	char text[256];

	if (percent == NULL || kind == NULL || of == NULL || percent->number < NEAR_PERCENT)
		return;
	snprintf(text, sizeof text, "the limit %s of %s %s is used to %ju %%", row->name, (const char *)kind->data,
	    (const char *)of->data, (uintmax_t)percent->number);
	add(f, RGW_VERDICT_WARNING, text);
}

static void
note_figures(struct finding *f, const struct rgw_row *row)
{
	static const char *const keys[] = { "pending", "connections", "half_open" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const struct rgw_field *cell = cell_of(row, keys[i]);
		size_t len = strlen(f->figures);

		if (cell != NULL)
			snprintf(f->figures + len, sizeof f->figures - len, " %s=%ju;;;0", keys[i],
			    (uintmax_t)cell->number);
	}
}

static void
judge_row(struct finding *f, const struct rgw_row *row)
{
	if (row->table == &rgw_net_certificates && row->n > 0)
		judge_certificate(f, row);
	else if (row->table == &rgw_report_tables[RGW_REPORT_LIMITS])
		judge_limit(f, row);
	else if (row->table == &rgw_report_tables[RGW_REPORT_GATEWAY])
		note_figures(f, row);
}

static void
judge_health(struct finding *f, const struct rgw_rows *rows, enum rgw_ready_requires what)
{
	struct rgw_health_pools pools = rgw_health_pools(rows);
	char why[RGW_HEALTH_TEXT];
	bool ready = rgw_health_is_ready(rows, what, why);

	add(f, !ready ? RGW_VERDICT_CRITICAL : pools.usable < pools.all ? RGW_VERDICT_WARNING : RGW_VERDICT_OK, why);
	snprintf(f->figures, sizeof f->figures, "usable_pools=%u;;;0;%u", pools.usable, pools.all);
}

void
rgw_verdict_make(const struct rgw_rows *rows, enum rgw_ready_requires what, int64_t time, struct rgw_verdict *verdict)
{
	struct finding f = { .verdict = verdict, .time = time };
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;
	size_t len;

	*verdict = (struct rgw_verdict){ .state = RGW_VERDICT_OK };
	judge_health(&f, rows, what);
	for (size_t i = 0; rgw_rows_get(rows, i, &row, room); i++)
		judge_row(&f, &row);
	len = strlen(f.figures);
	if (f.has_certificate)
		snprintf(f.figures + len, sizeof f.figures - len, " certificate_days=%" PRId64 ";%d:;0:",
		    (f.first_end - f.time) / DAY, CERTIFICATE_DAYS);
	snprintf(verdict->line, sizeof verdict->line, "%s: %s|%s", rgw_verdict_words[verdict->state], verdict->text,
	    f.figures);
	/* What stands behind the bar is for machines; a name must not begin it. */
	for (char *c = verdict->line; c < strrchr(verdict->line, '|'); c++)
		*c = *c == '|' ? '/' : *c;
}

const char *const rgw_verdict_words[RGW_VERDICT_STATES] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

enum rgw_verdict_state
rgw_verdict_read(const char *line, size_t len)
{
	for (unsigned i = 0; i < RGW_VERDICT_STATES; i++) {
		size_t n = strlen(rgw_verdict_words[i]);

		if (len > n && memcmp(line, rgw_verdict_words[i], n) == 0 && line[n] == ':')
			return (enum rgw_verdict_state)i;
	}
	return RGW_VERDICT_UNKNOWN;
}
