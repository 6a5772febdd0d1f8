/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

/* The record of reloads in words and numbers (see record.h). */

#define TIME_ROOM 32

const struct rgw_table rgw_record_table = { "configuration", NULL, false };

static void
format_time(time_t t, char text[static TIME_ROOM])
{
	struct tm tm;

	text[0] = '\0';
	if (gmtime_r(&t, &tm) != NULL)
		strftime(text, TIME_ROOM, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Seconds, rounded up: nobody is told that no time is left as long as there is. */
static uint64_t
seconds_left(const struct rgw_record *record)
{
	return record->awaited ? (record->left + 999) / 1000 : 0;
}

void
rgw_record_tell(const struct rgw_record *record, rgw_row_fn *row, void *ctx)
{
	char read[TIME_ROOM], since[TIME_ROOM];
	const struct rgw_cell cells[] = {
		rgw_c_same(rgw_f_str("path", record->path)),
		rgw_c_same(rgw_f_uint("uptime", record->uptime / 1000)),
		rgw_c_same(rgw_f_str("read", read)),
		rgw_c_same(rgw_f_str("since", since)),
		rgw_c_same(rgw_f_uint("reloads", record->done)),
		rgw_c_same(rgw_f_uint("failed", record->failed)),
		rgw_c_same(rgw_f_uint("last_ms", record->took)),
		rgw_c_same(rgw_f_str("can_undo", record->can_undo ? "yes" : "no")),
		rgw_c_same(rgw_f_str("awaits_confirmation", record->awaited ? "yes" : "no")),
		rgw_c_same(rgw_f_uint("confirm_within", seconds_left(record))),
		rgw_c_same(rgw_f_uint("keylogs", record->keylogs)),
	};
	const struct rgw_row one = { .table = &rgw_record_table, .cells = cells, .n = sizeof cells / sizeof cells[0] };

	format_time(record->read, read);
	format_time(record->since, since);
	row(ctx, &one);
}

void
rgw_record_print(const struct rgw_record *record, FILE *out)
{
	char read[TIME_ROOM], since[TIME_ROOM];

	format_time(record->read, read);
	format_time(record->since, since);
	fprintf(out, "up for %ju s; configuration: %s, read at %s, in effect since %s\n",
	    (uintmax_t)record->uptime / 1000, record->path, read, since);
	fprintf(out, "reloads: %ju, failed: %ju", (uintmax_t)record->done, (uintmax_t)record->failed);
	if (record->done > 0)
		fprintf(out, ", the last one took %ju ms", (uintmax_t)record->took);
	fputs(record->can_undo ? "; `radsecgw undo` is possible\n" : "\n", out);
	if (record->awaited)
		fprintf(out, "the configuration before comes back in %ju s, unless `radsecgw confirm` comes before\n",
		    (uintmax_t)seconds_left(record));
	if (record->keylogs > 0)
		fprintf(out, "warning: %u [tls] section%s written to the file of `keylog`\n", record->keylogs,
		    record->keylogs == 1 ? " has the secrets of its sessions" : "s have the secrets of their sessions");
}
