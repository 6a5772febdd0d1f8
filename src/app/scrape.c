/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scrape.h"

#include <stdlib.h>
#include <string.h>

#include "counterfamilies.h"
#include "families.h"
#include "radsecgw/histogram.h"
#include "radsecgw/report.h"
#include "radsecgw/version.h"

/* How all metrics of a moment are written; see scrape.h. The server of metrics owns what is written. */

/* A gateway with a thousand neighbours has three million octets. */
#define LIMIT (256u << 20)

#define LABELS 4

/* Labels that are being put together. */
struct labels {
	struct rgw_label v[LABELS];
	size_t n;
};

static void
add_label(struct labels *labels, const char *name, const char *value)
{
	labels->v[labels->n++] = (struct rgw_label){ name, value };
}

/* ---- families of rows ---- */

/* The cell of a row with this key; NULL = it has none. */
static const struct rgw_field *
find(const struct rgw_row *row, const char *key)
{
	for (size_t i = 0; i < row->n; i++)
		if (strcmp(row->cells[i].field.key, key) == 0)
			return &row->cells[i].field;
	return NULL;
}

static bool
is_word(const struct rgw_family *family, const char *text)
{
	for (size_t i = 0; i < RGW_FAMILY_WORDS && family->words[i] != NULL; i++)
		if (strcmp(family->words[i], text) == 0)
			return true;
	return false;
}

/* A sample for each word. */
static void
write_words(struct rgw_metrictext *t, const struct rgw_family *family, const struct rgw_row *row, struct labels *labels)
{
	const struct rgw_field *state = family->how == RGW_FAMILY_STATE ? find(row, family->key) : NULL;
	size_t n = labels->n;

	for (size_t i = 0; i < RGW_FAMILY_WORDS && family->words[i] != NULL; i++) {
		const char *word = family->words[i];
		const struct rgw_field *cell = state != NULL ? state : find(row, word);

		if (cell == NULL)
			continue;
		labels->n = n;
		add_label(labels, family->by, word);
		rgw_metrictext_add(t, labels->v, labels->n,
		    state != NULL ? strcmp(state->data, word) == 0 : cell->number);
	}
}

static void
write_ranges(struct rgw_metrictext *t, const struct rgw_row *row, const struct labels *labels)
{
	struct rgw_histogram h;

	for (size_t i = 0; i <= RGW_HISTOGRAM_BOUNDS; i++)
		h.counts[i] = row->cells[i].field.number;
	rgw_metrictext_add_histogram(t, labels->v, labels->n, &(struct rgw_metric_histogram){ rgw_histogram_bounds,
	    h.counts, RGW_HISTOGRAM_BOUNDS, row->cells[RGW_HISTOGRAM_BOUNDS + 1].field.number });
}

/* The one sample of a cell. */
static void
write_cell(struct rgw_metrictext *t, const struct rgw_family *family, const struct rgw_row *row,
    const struct labels *labels)
{
	const struct rgw_field *cell = find(row, family->key);

	if (cell == NULL)
		return;
	if (family->how == RGW_FAMILY_MS)
		rgw_metrictext_add_ms(t, labels->v, labels->n, cell->number);
	else if (family->how == RGW_FAMILY_IS)
		rgw_metrictext_add(t, labels->v, labels->n, is_word(family, cell->data));
	else
		rgw_metrictext_add(t, labels->v, labels->n,
		    family->how == RGW_FAMILY_SOME ? cell->number != 0 : cell->number);
}

static void
write_row(struct rgw_metrictext *t, const struct rgw_family *family, const struct rgw_row *row)
{
	struct labels labels = { .n = 0 };

	if (family->label != NULL)
		add_label(&labels, family->label, row->name);
	for (size_t i = 0; i < sizeof family->also / sizeof family->also[0] && family->also[i] != NULL; i++) {
		const struct rgw_field *cell = find(row, family->also[i]);

		if (cell != NULL)
			add_label(&labels, family->also[i], cell->data);
	}
	if (family->how == RGW_FAMILY_STATE || family->how == RGW_FAMILY_CELLS)
		write_words(t, family, row, &labels);
	else if (family->how == RGW_FAMILY_RANGES)
		write_ranges(t, row, &labels);
	else
		write_cell(t, family, row, &labels);
}

/* Rows of one table stand together. */
static void
write_family(struct rgw_metrictext *t, const struct rgw_family *family, const struct rgw_rows *rows, size_t first)
{
	struct rgw_cell room[RGW_CELLS];
	char before[256] = "";
	struct rgw_row row;

	rgw_metrictext_family(t, family->name, family->type, family->help);
	for (size_t i = first; rgw_rows_get(rows, i, &row, room) && row.table == family->table; i++) {
		if (family->once && row.name != NULL && strcmp(row.name, before) == 0)
			continue;
		if (family->once)
			snprintf(before, sizeof before, "%s", row.name);
		write_row(t, family, &row);
	}
}

/* Where the rows of a table begin. */
static size_t
first_of(const struct rgw_rows *rows, const struct rgw_table *table)
{
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;
	size_t i = 0;

	while (rgw_rows_get(rows, i, &row, room) && row.table != table)
		i++;
	return i;
}

static void
write_families(struct rgw_metrictext *t, const struct rgw_rows *rows)
{
	const struct rgw_table *table = NULL;
	const struct rgw_family *family;
	size_t first = 0;

	for (unsigned i = 0; (family = rgw_family_at(i)) != NULL; i++) {
		if (family->table != table)
			first = first_of(rows, family->table);
		table = family->table;
		write_family(t, family, rows, first);
	}
}

/* ---- counters ---- */

/* Counters have rows in their order. */
static void
read_counters(const struct rgw_rows *rows, struct rgw_counters *out)
{
	const struct rgw_table *table = &rgw_report_tables[RGW_REPORT_COUNTERS];
	size_t first = first_of(rows, table);
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;

	*out = (struct rgw_counters){ .v = { 0 } };
	for (unsigned c = 0; c < RGW_COUNTER_COUNT && rgw_rows_get(rows, first + c, &row, room); c++)
		if (row.table == table)
			out->v[c] = room[0].field.number;
}

static void
write_counters(struct rgw_metrictext *t, const struct rgw_counters *counters)
{
	const struct rgw_counter_family *family;
	const char *value;
	char name[96];
	unsigned of;

	for (unsigned i = 0; (family = rgw_counter_family_at(i)) != NULL; i++) {
		rgw_metrictext_family(t, family->name, RGW_METRIC_COUNTER, family->help);
		for (unsigned c = 0; c < RGW_COUNTER_COUNT; c++)
			if (rgw_counter_place(c, &of, &value) && of == i)
				rgw_metrictext_add(t, &(struct rgw_label){ family->label, value },
				    family->label != NULL ? 1 : 0, counters->v[c]);
	}
	for (unsigned c = 0; c < RGW_COUNTER_COUNT; c++) {
		if (rgw_counter_place(c, &of, &value))
			continue;
		snprintf(name, sizeof name, "radsecgw_%s", rgw_counter_name(c));
		rgw_metrictext_family(t, name, RGW_METRIC_COUNTER, rgw_counter_help(c));
		rgw_metrictext_add(t, NULL, 0, counters->v[c]);
	}
}

/* ---- the process and its server of metrics ---- */

/* Metrics that stand alone; the names of the process are those of all programs. */
#define ALONE(X)                                                                                                \
	X("radsecgw_workers", GAUGE, add, scrape->workers, "Event loops that share the work.")                  \
	X("process_cpu_seconds", COUNTER, add_ms, f->cpu, "Processor time of all threads.")                     \
	X("process_resident_memory_bytes", GAUGE, add, f->resident, "Memory that is in RAM.")                   \
	X("process_virtual_memory_bytes", GAUGE, add, f->virtual, "Address space.")                             \
	X("process_threads", GAUGE, add, f->threads, "Threads.")                                                \
	X("process_open_fds", GAUGE, add, f->descriptors, "File descriptors that are open.")                    \
	X("process_max_fds", GAUGE, add, f->allowed, "File descriptors that may be open.")                      \
	X("process_start_time_seconds", GAUGE, add_ms, scrape->started, "When the process began.")              \
	X("radsecgw_http_connections", COUNTER, add, h->connections, "Connections to the server of metrics.")   \
	X("radsecgw_http_requests", COUNTER, add, h->requests, "Requests that this server was asked.")          \
	X("radsecgw_http_clients_departed", COUNTER, add, h->departed, "Its clients that left without an answer.")

#define REFUSALS(X)                           \
	X("not_allowed", h->not_allowed)      \
	X("too_many", h->too_many)            \
	X("gave_way", h->gave_way)            \
	X("too_large", h->too_large)          \
	X("late_request", h->late_requests)   \
	X("late_answer", h->late_deferred)    \
	X("late_reader", h->late_readers)

#define BUILD "radsecgw_build"
#define BUILD_HELP "The version of the program and of its TLS library."
#define REFUSED "radsecgw_http_refused"
#define REFUSED_HELP "Clients of the server of metrics that were turned away or cut off."

static void
write_alone(struct rgw_metrictext *t, const struct rgw_scrape *scrape)
{
	const struct rgw_http_counts *h = &scrape->http;
	const struct rgw_figures *f = &scrape->figures;
	char tls[64];
	const struct rgw_label build[] = { { "version", rgw_version() },
		{ "tls", rgw_version_tls(tls, sizeof tls) } };

	rgw_metrictext_family(t, BUILD, RGW_METRIC_INFO, BUILD_HELP);
	rgw_metrictext_add(t, build, 2, 1);
#define WRITE(name, type, how, value, help)                           \
	rgw_metrictext_family(t, name, RGW_METRIC_##type, help);      \
	rgw_metrictext_##how(t, NULL, 0, value);
	ALONE(WRITE)
#undef WRITE
	rgw_metrictext_family(t, REFUSED, RGW_METRIC_COUNTER, REFUSED_HELP);
#define WRITE(reason, value) rgw_metrictext_add(t, &(struct rgw_label){ "reason", reason }, 1, value);
	REFUSALS(WRITE)
#undef WRITE
}

/* ---- the whole ---- */

unsigned
rgw_scrape_tables(void)
{
	unsigned tables = 1u << RGW_REPORT_COUNTERS;
	const struct rgw_family *family;

	for (unsigned i = 0; (family = rgw_family_at(i)) != NULL; i++)
		for (unsigned table = 0; table < RGW_REPORT_TABLES; table++)
			if (family->table == &rgw_report_tables[table])
				tables |= 1u << table;
	return tables;
}

char *
rgw_scrape_write(const struct rgw_scrape *scrape, bool openmetrics, size_t *len)
{
	struct rgw_counters counters;
	struct rgw_metrictext t;

	rgw_metrictext_init(&t, openmetrics, LIMIT);
	write_alone(&t, scrape);
	read_counters(scrape->rows, &counters);
	write_counters(&t, &counters);
	write_families(&t, scrape->rows);
	return rgw_metrictext_take(&t, len);
}

static void
print(FILE *out, const char *name, enum rgw_metric_type type, const char *labels, const char *help)
{
	static const char *const types[] = { [RGW_METRIC_COUNTER] = "counter", [RGW_METRIC_GAUGE] = "gauge",
		[RGW_METRIC_INFO] = "info", [RGW_METRIC_HISTOGRAM] = "histogram" };
	const char *suffix = type == RGW_METRIC_COUNTER ? "_total" : type == RGW_METRIC_INFO ? "_info" : "";

	fprintf(out, "%s%s\t%s\t%s\t%s\n", name, suffix, types[type], labels, help);
}

static void
print_rows_families(FILE *out)
{
	const struct rgw_family *family;

	for (unsigned i = 0; (family = rgw_family_at(i)) != NULL; i++) {
		const char *parts[LABELS] = { family->label, family->also[0], family->also[1], family->by };
		char labels[128] = "-";
		size_t n = 0;

		for (unsigned p = 0; p < LABELS; p++)
			if (parts[p] != NULL)
				n += (size_t)snprintf(labels + n, sizeof labels - n, "%s%s", n > 0 ? ", " : "",
				    parts[p]);
		print(out, family->name, family->type, labels, family->help);
	}
}

void
rgw_scrape_print_families(FILE *out)
{
	const struct rgw_counter_family *family;
	const char *value;
	char name[96];
	unsigned of;

	print(out, BUILD, RGW_METRIC_INFO, "version, tls", BUILD_HELP);
#define PRINT(name_, type, how, value_, help) print(out, name_, RGW_METRIC_##type, "-", help);
	ALONE(PRINT)
#undef PRINT
	print(out, REFUSED, RGW_METRIC_COUNTER, "reason", REFUSED_HELP);
	for (unsigned i = 0; (family = rgw_counter_family_at(i)) != NULL; i++)
		print(out, family->name, RGW_METRIC_COUNTER, family->label != NULL ? family->label : "-", family->help);
	for (unsigned c = 0; c < RGW_COUNTER_COUNT; c++) {
		if (rgw_counter_place(c, &of, &value))
			continue;
		snprintf(name, sizeof name, "radsecgw_%s", rgw_counter_name(c));
		print(out, name, RGW_METRIC_COUNTER, "-", rgw_counter_help(c));
	}
	print_rows_families(out);
}
