/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notes.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/confchange.h"
#include "radsecgw/mem.h"

/* What there is to say about a reload (see notes.h). */

static void
note_finding(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	struct rgw_notes *notes = ctx;

	if (notes->n_findings == RGW_NOTES_MAX)
		return;
	if (notes->findings == NULL)
		notes->findings = rgw_xcalloc(RGW_NOTES_MAX, sizeof *notes->findings);
	notes->findings[notes->n_findings++] =
	    (struct rgw_finding){ severity, line, rgw_xstrdup(file), rgw_xstrdup(text) };
}

static void
note_change(void *ctx, const struct rgw_conf_change *change)
{
	struct rgw_notes *notes = ctx;

	notes->all_changes++;
	if (notes->n_changes == RGW_NOTES_MAX)
		return;
	if (notes->changes == NULL)
		notes->changes = rgw_xcalloc(RGW_NOTES_MAX, sizeof(char *));
	notes->changes[notes->n_changes++] = rgw_conf_change_text(change);
}

void
rgw_notes_init(struct rgw_notes *notes)
{
	*notes = (struct rgw_notes){ .report = { .say = note_finding, .ctx = notes } };
}

void
rgw_notes_fini(struct rgw_notes *notes)
{
	for (size_t i = 0; i < notes->n_changes; i++)
		free(notes->changes[i]);
	for (size_t i = 0; i < notes->n_findings; i++) {
		free(notes->findings[i].file);
		free(notes->findings[i].text);
	}
	free(notes->changes);
	free(notes->findings);
	rgw_notes_init(notes);
}

void
rgw_notes_compare(struct rgw_notes *notes, const struct rgw_conf *now, const struct rgw_conf *next)
{
	rgw_conf_diff(now, next, note_change, notes);
}

bool
rgw_notes_have(const struct rgw_notes *notes, const char *words)
{
	for (size_t i = 0; i < notes->n_findings; i++)
		if (strstr(notes->findings[i].text, words) != NULL)
			return true;
	return false;
}

static const char *
severity_name(const struct rgw_finding *finding)
{
	return finding->severity == RGW_CONF_ERROR ? "error" : "warning";
}

void
rgw_notes_print(const struct rgw_notes *notes, FILE *out)
{
	size_t all = (size_t)notes->report.errors + notes->report.warnings;

	for (size_t i = 0; i < notes->n_findings; i++) {
		const struct rgw_finding *f = &notes->findings[i];

		if (f->line > 0)
			fprintf(out, "%s:%u: %s: %s\n", f->file, f->line, severity_name(f), f->text);
		else
			fprintf(out, "%s: %s: %s\n", f->file, severity_name(f), f->text);
	}
	if (all > notes->n_findings)
		fprintf(out, "... and %zu more findings\n", all - notes->n_findings);
	for (size_t i = 0; i < notes->n_changes; i++)
		fprintf(out, "%s\n", notes->changes[i]);
	if (notes->all_changes > notes->n_changes)
		fprintf(out, "... and %zu more changes\n", notes->all_changes - notes->n_changes);
}

void
rgw_notes_json(const struct rgw_notes *notes, struct rgw_json *j)
{
	rgw_json_uint(j, "errors", notes->report.errors);
	rgw_json_uint(j, "warnings", notes->report.warnings);
	rgw_json_array(j, "findings");
	for (size_t i = 0; i < notes->n_findings; i++) {
		const struct rgw_finding *f = &notes->findings[i];

		rgw_json_object(j, NULL);
		rgw_json_str(j, "severity", severity_name(f));
		rgw_json_str(j, "file", f->file);
		rgw_json_uint(j, "line", f->line);
		rgw_json_str(j, "text", f->text);
		rgw_json_end(j);
	}
	rgw_json_end(j);
	rgw_json_uint(j, "changed", notes->all_changes);
	rgw_json_array(j, "changes");
	for (size_t i = 0; i < notes->n_changes; i++)
		rgw_json_str(j, NULL, notes->changes[i]);
	rgw_json_end(j);
}
