/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "radsecgw/report.h"
#include "radsecgw/version.h"
#include "health.h"
#include "radsecgw/certrows.h"
#include "task.h"
#include "verdict.h"

/* The questions: does the gateway work, and how does it stand? Each worker is asked; what they tell is joined and
 * written as JSON, or as tables for people. */

#define JSON_LIMIT (64u << 20)

/* ---- ping ---- */

/* The rows of all workers, added up in those of the first one. */
static const struct rgw_rows *
join_rows(struct rgw_task *task)
{
	for (uint32_t i = 1; i < task->scope->n_workers; i++)
		rgw_rows_join(&task->asks[0].rows, &task->asks[i].rows);
	return &task->asks[0].rows;
}

static enum rgw_ready_requires
ready_requires(const struct rgw_task *task)
{
	return rgw_reloader_conf(task->scope->reloader)->metrics.ready_requires;
}

static void
answer_ping(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	(void)task;
	rgw_gw_report(rgw_worker_gw(worker), rgw_health_tables(), rgw_rows_add, &ask->rows);
}

static void
say_ping(struct rgw_task *task)
{
	char why[RGW_HEALTH_TEXT];

	if (*task->scope->stopping)
		rgw_task_say(task, 503, "the gateway is stopping and takes no new requests");
	else if (task->control->drained)
		rgw_task_say(task, 503, "the gateway is drained and takes no new requests");
	else if (!rgw_health_is_ready(join_rows(task), ready_requires(task), why))
		rgw_task_say_notes(task, 503, why, NULL);
	else
		rgw_task_say(task, 200, "the gateway works");
}

void
rgw_begin_ping(struct rgw_task *task)
{
	rgw_task_round(task, answer_ping, say_ping);
}

/* ---- verdict ---- */

static void
answer_verdict(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	(void)task;
	rgw_gw_report(rgw_worker_gw(worker), rgw_verdict_tables(), rgw_rows_add, &ask->rows);
	rgw_net_tell_certificates(rgw_worker_net(worker), rgw_rows_add, &ask->rows);
}

static void
say_verdict(struct rgw_task *task)
{
	struct rgw_verdict verdict;

	rgw_verdict_make(join_rows(task), ready_requires(task), (int64_t)time(NULL), &verdict);
	rgw_task_say_notes(task, 200, verdict.line, NULL);
}

void
rgw_begin_verdict(struct rgw_task *task)
{
	rgw_task_round(task, answer_verdict, say_verdict);
}

/* ---- which tables ---- */

#define BIT(table) (1u << RGW_REPORT_##table)

/* Reads a list of names of tables, "peers,limits"; no name means those that say most. */
static bool
find_tables(const char *names, unsigned *tables)
{
	*tables = 0;
	while (names != NULL && *names != '\0') {
		size_t len = strcspn(names, ",");
		unsigned i = 0;

		while (i < RGW_REPORT_TABLES && (strlen(rgw_report_tables[i].name) != len ||
		        memcmp(rgw_report_tables[i].name, names, len) != 0))
			i++;
		if (i == RGW_REPORT_TABLES)
			return false;
		*tables |= 1u << i;
		names += len + (names[len] == ',');
	}
	return true;
}

/* ---- tables for people ---- */

#define WIDTHS (RGW_CELLS + 1)

static const char *
cell_text(const struct rgw_row *row, size_t i, char number[static 24])
{
	const struct rgw_field *f;

	if (i == 0)
		return row->name;
	f = &row->cells[i - 1].field;
	if (f->type == RGW_FIELD_STR)
		return f->data;
	snprintf(number, 24, "%ju", (uintmax_t)f->number);
	return number;
}

/* The heading of a column: the key in capitals, with spaces. */
static const char *
heading(const struct rgw_row *row, size_t i, char text[static 64])
{
	const char *key = i == 0 ? row->table->one : row->cells[i - 1].field.key;
	size_t n = 0;

	for (; key[n] != '\0' && n < 63; n++)
		text[n] = key[n] == '_' ? ' ' : (char)(key[n] >= 'a' && key[n] <= 'z' ? key[n] - 32 : key[n]);
	text[n] = '\0';
	return text;
}

/* The width of each column of a table; returns how many rows it has. */
static size_t
measure(const struct rgw_rows *rows, const struct rgw_table *table, size_t widths[static WIDTHS])
{
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;
	char text[64];
	size_t n = 0;

	for (size_t i = 0; rgw_rows_get(rows, i, &row, room); i++) {
		if (row.table != table)
			continue;
		for (size_t c = 0; c <= row.n; c++) {
			size_t wide = strlen(heading(&row, c, text)), len = strlen(cell_text(&row, c, text));

			widths[c] = wide > widths[c] ? wide : widths[c];
			widths[c] = len > widths[c] ? len : widths[c];
		}
		n++;
	}
	return n;
}

static void
put_row(FILE *out, const struct rgw_row *row, bool heads, const size_t widths[static WIDTHS])
{
	char text[64];

	for (size_t c = 0; c <= row->n; c++) {
		const char *value = heads ? heading(row, c, text) : cell_text(row, c, text);
		bool is_number = c > 0 && row->cells[c - 1].field.type == RGW_FIELD_UINT;

		if (is_number)
			fprintf(out, "%*s", (int)widths[c], value);
		else
			fprintf(out, "%-*s", c < row->n ? (int)widths[c] : 0, value);
		fputs(c < row->n ? "  " : "\n", out);
	}
}

static void
put_table(FILE *out, const struct rgw_rows *rows, const struct rgw_table *table)
{
	size_t widths[WIDTHS] = { 0 };
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;
	bool first = true;

	if (measure(rows, table, widths) == 0) {
		fprintf(out, "There are no %s.\n", table->name);
		return;
	}
	for (size_t i = 0; rgw_rows_get(rows, i, &row, room); i++) {
		if (row.table != table)
			continue;
		if (first)
			put_row(out, &row, true, widths);
		first = false;
		put_row(out, &row, false, widths);
	}
}

/* The row of a table that has one, without a name. */
static bool
find_row(const struct rgw_rows *rows, const struct rgw_table *table, struct rgw_row *row,
    struct rgw_cell room[static RGW_CELLS])
{
	for (size_t i = 0; rgw_rows_get(rows, i, row, room); i++)
		if (row->table == table)
			return true;
	return false;
}

/* The gateway as a whole is some lines and not a table. */
static void
put_whole(FILE *out, const struct rgw_task *task, const struct rgw_rows *rows)
{
	struct rgw_cell room[RGW_CELLS];
	struct rgw_record record;
	struct rgw_row row;

	fprintf(out, "radsecgw %s, workers: %u%s\n", rgw_version(), task->scope->n_workers,
	    *task->scope->stopping ? ", stopping" : task->control->drained ? ", drained" : "");
	if (find_row(rows, &rgw_report_tables[RGW_REPORT_GATEWAY], &row, room))
		for (size_t c = 0; c < row.n; c++)
			fprintf(out, "%s%s: %ju%s", c > 0 ? ", " : "", room[c].field.key,
			    (uintmax_t)room[c].field.number, c + 1 < row.n ? "" : "\n");
	record = rgw_reloader_record(task->scope->reloader);
	rgw_record_print(&record, out);
}

static void
send_text(struct rgw_task *task, const struct rgw_rows *rows)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool first = true, whole;

	if (out == NULL) {
		rgw_task_send(task, NULL, 0);
		return;
	}
	if ((task->tables & BIT(GATEWAY)) != 0) {
		put_whole(out, task, rows);
		first = false;
	}
	for (unsigned i = 0; i < RGW_REPORT_TABLES; i++) {
		if (i == RGW_REPORT_GATEWAY || (task->tables >> i & 1) == 0)
			continue;
		fputs(first ? "" : "\n", out);
		put_table(out, rows, &rgw_report_tables[i]);
		first = false;
	}
	whole = fclose(out) == 0;
	rgw_task_send(task, whole ? text : NULL, len);
}

/* ---- JSON ---- */

static void
send_json(struct rgw_task *task, const struct rgw_rows *rows)
{
	struct rgw_json j;
	size_t len = 0;
	char *body;

	rgw_json_init(&j, JSON_LIMIT);
	rgw_json_object(&j, NULL);
	rgw_json_str(&j, "version", rgw_version());
	rgw_json_uint(&j, "workers", task->scope->n_workers);
	rgw_json_bool(&j, "stopping", *task->scope->stopping);
	rgw_json_bool(&j, "drained", task->control->drained);
	for (unsigned i = 0; i < RGW_REPORT_TABLES; i++)
		if ((task->tables >> i & 1) != 0)
			rgw_rows_json(rows, &rgw_report_tables[i], &j);
	if ((task->tables & BIT(GATEWAY)) != 0)
		rgw_rows_json(rows, &rgw_record_table, &j);
	rgw_json_end(&j);
	body = rgw_json_take(&j, &len);
	rgw_task_send(task, body, len);
}

/* ---- status ---- */

static void
answer_status(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	rgw_gw_report(rgw_worker_gw(worker), task->tables, rgw_rows_add, &ask->rows);
}

static void
send_status(struct rgw_task *task)
{
	struct rgw_record record = rgw_reloader_record(task->scope->reloader);
	struct rgw_rows all;

	rgw_rows_init(&all);
	for (uint32_t i = 0; i < task->scope->n_workers; i++)
		rgw_rows_join(&all, &task->asks[i].rows);
	rgw_record_tell(&record, rgw_rows_add, &all);
	if (task->wants_text)
		send_text(task, &all);
	else
		send_json(task, &all);
	rgw_rows_fini(&all);
}

void
rgw_begin_status(struct rgw_task *task)
{
	if (!find_tables(rgw_task_parameter(task, "tables"), &task->tables)) {
		rgw_task_say(task, 400, "the status has the tables peers, servers, counters, gateway, connections, "
		    "clients, pools, realms, listeners, limits, routes, durations, answers");
		return;
	}
	if (task->tables == 0)
		task->tables = task->wants_text ? BIT(GATEWAY) | BIT(PEERS) | BIT(SERVERS) | BIT(POOLS)
		                                : (1u << RGW_REPORT_TABLES) - 1;
	rgw_task_round(task, answer_status, send_status);
}
