/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_NOTES_H
#define RADSECGW_APP_NOTES_H

#include <stdio.h>

#include "radsecgw/confread.h"
#include "radsecgw/json.h"

/*
 * Notes are what there is to say about a reload: what is different in the new configuration, and what was found wrong
 * with it. The loader writes them, and then the process shows them to whoever asked. Both lists end at a bound, and the
 * numbers count on.
 */
#define RGW_NOTES_MAX 1000

/* Something that was found in the files. */
struct rgw_finding {
	enum rgw_conf_severity severity;
	unsigned line;  /* 0 = the file as a whole */
	char *file;     /* owned, as the next one */
	char *text;
};

struct rgw_notes {
	char **changes;                /* owned: "+ realm example.org" */
	size_t n_changes;              /* of them that are kept ... */
	size_t all_changes;            /* ... and that there are */
	struct rgw_finding *findings;  /* owned */
	size_t n_findings;
	struct rgw_conf_report report; /* where findings are reported; it counts them */
};

/* Notes stay where they are until rgw_notes_fini. */
void rgw_notes_init(struct rgw_notes *notes);
void rgw_notes_fini(struct rgw_notes *notes);
/* Notes all differences between two configurations (confchange.h). */
void rgw_notes_compare(struct rgw_notes *notes, const struct rgw_conf *now, const struct rgw_conf *next);

/* Does a finding have these words in its text? */
bool rgw_notes_have(const struct rgw_notes *notes, const char *words);

/* Writes findings, then changes, a line each, and how many more there are. */
void rgw_notes_print(const struct rgw_notes *notes, FILE *out);
/* The same as two arrays in the object that is open. */
void rgw_notes_json(const struct rgw_notes *notes, struct rgw_json *j);

#endif
