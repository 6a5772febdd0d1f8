/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history.h"

#include <string.h>

#include "radsecgw/counters.h"
#include "radsecgw/report.h"

/* Samples of the last ten minutes; see history.h. Whoever serves the status page owns them. */

#define SPAN (RGW_HISTORY_EACH * (RGW_HISTORY_SAMPLES - 1))

unsigned
rgw_history_tables(void)
{
	return 1u << RGW_REPORT_COUNTERS | 1u << RGW_REPORT_ANSWERS | 1u << RGW_REPORT_DURATIONS;
}

/* ---- a sample ---- */

static void
add_counter(struct rgw_sample *s, const char *name, uint64_t value)
{
	static const enum rgw_counter unanswered[] = { RGW_CTR_request_timed_out, RGW_CTR_request_queue_timed_out,
		RGW_CTR_request_queue_full, RGW_CTR_request_outage, RGW_CTR_request_no_identifier,
		RGW_CTR_request_drained };

	if (strcmp(name, rgw_counter_name(RGW_CTR_requests_accepted)) == 0)
		s->accepted += value;
	for (size_t i = 0; i < sizeof unanswered / sizeof unanswered[0]; i++)
		if (strcmp(name, rgw_counter_name(unanswered[i])) == 0)
			s->unanswered += value;
}

static void
add_answers(struct rgw_sample *s, const struct rgw_row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		const struct rgw_field *cell = &row->cells[i].field;

		if (strcmp(cell->key, "accept") == 0)
			s->accepts += cell->number;
		else if (strcmp(cell->key, "reject") == 0)
			s->rejects += cell->number;
	}
}

struct rgw_sample
rgw_history_sample(const struct rgw_rows *rows, rgw_ms now)
{
	struct rgw_sample s = { .at = now };
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;

	for (size_t i = 0; rgw_rows_get(rows, i, &row, room); i++) {
		if (row.table == &rgw_report_tables[RGW_REPORT_COUNTERS])
			add_counter(&s, row.name, room[0].field.number);
		else if (row.table == &rgw_report_tables[RGW_REPORT_ANSWERS])
			add_answers(&s, &row);
		else if (row.table == &rgw_report_tables[RGW_REPORT_DURATIONS])
			for (size_t r = 0; r <= RGW_HISTOGRAM_BOUNDS; r++)
				s.durations[r] += room[r].field.number;
	}
	return s;
}

/* ---- all of them ---- */

void
rgw_history_add(struct rgw_history *h, const struct rgw_sample *sample)
{
	h->v[h->next] = *sample;
	h->next = (h->next + 1) % RGW_HISTORY_SAMPLES;
	if (h->n < RGW_HISTORY_SAMPLES)
		h->n++;
}

static void
write_sample(struct rgw_json *j, const struct rgw_sample *s, rgw_ms now)
{
	rgw_json_object(j, NULL);
	rgw_json_uint(j, "ago_ms", now - s->at);
	rgw_json_uint(j, "accepted", s->accepted);
	rgw_json_uint(j, "unanswered", s->unanswered);
	rgw_json_uint(j, "accepts", s->accepts);
	rgw_json_uint(j, "rejects", s->rejects);
	rgw_json_array(j, "durations");
	for (size_t r = 0; r <= RGW_HISTOGRAM_BOUNDS; r++)
		rgw_json_uint(j, NULL, s->durations[r]);
	rgw_json_end(j);
	rgw_json_end(j);
}

void
rgw_history_json(const struct rgw_history *h, const struct rgw_sample *now, struct rgw_json *j)
{
	rgw_json_object(j, "history");
	rgw_json_array(j, "bounds_ms");
	for (size_t r = 0; r < RGW_HISTOGRAM_BOUNDS; r++)
		rgw_json_uint(j, NULL, rgw_histogram_bounds[r]);
	rgw_json_end(j);
	rgw_json_array(j, "samples");
	for (size_t i = 0; i < h->n; i++) {
		const struct rgw_sample *s = &h->v[(h->next + RGW_HISTORY_SAMPLES - h->n + i) % RGW_HISTORY_SAMPLES];

		if (now->at - s->at <= SPAN)
			write_sample(j, s, now->at);
	}
	write_sample(j, now, now->at);
	rgw_json_end(j);
	rgw_json_end(j);
}
