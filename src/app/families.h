/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_FAMILIES_H
#define RADSECGW_APP_FAMILIES_H

#include "radsecgw/metrictext.h"
#include "radsecgw/rows.h"

/* Families of metrics that are made of the cells of rows; a family is a constant. */

/* What becomes of a cell. */
enum rgw_family_how {
	RGW_FAMILY_NUMBER,  /* its number */
	RGW_FAMILY_SOME,    /* 1 if its number is not 0, else 0 */
	RGW_FAMILY_MS,      /* its number is milliseconds */
	RGW_FAMILY_IS,      /* 1 if its text is one of `words`, else 0 */
	RGW_FAMILY_STATE,   /* a sample for each of `words`, 1 for that of its text and 0 for the others */
	RGW_FAMILY_CELLS,   /* a sample for each cell that `words` names: its number */
	RGW_FAMILY_RANGES,  /* the cells are a histogram, as in the table of durations */
};

#define RGW_FAMILY_WORDS 8

struct rgw_family {
	const char *name;
	enum rgw_metric_type type;
	const struct rgw_table *table;
	const char *key;                      /* of the cell */
	enum rgw_family_how how;
	const char *label;                    /* for the name of the row; NULL = it has none */
	const char *also[2];                  /* keys of cells that are further labels, under the same name */
	const char *by;                       /* STATE, CELLS: the label for the word */
	const char *words[RGW_FAMILY_WORDS];  /* ends with NULL unless full */
	bool once;                            /* of rows with the same name the first one counts */
	const char *help;
};

/* The i-th family; NULL = there are no more. */
const struct rgw_family *rgw_family_at(unsigned i);

#endif
