/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ROWS_H
#define RADSECGW_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/json.h"
#include "radsecgw/log.h"

/*
 * Rows are what the program tells about itself: each belongs to a table, has a name and cells. Whoever knows something
 * hands rows to a function; a collection of rows keeps them, and adds up those of several workers.
 */

/* What becomes of cells of one row that several workers tell. */
enum rgw_cell_join {
	RGW_CELL_SAME,     /* all workers say the same, or the first one counts */
	RGW_CELL_ADD,      /* numbers are added up */
	RGW_CELL_BEST,     /* the text with the lowest rank */
	RGW_CELL_LEAST,    /* the lowest number */
	RGW_CELL_PERCENT,  /* the part of the second cell that the first is; worked out when a row is read */
};

struct rgw_cell {
	struct rgw_field field;    /* its key is a constant */
	enum rgw_cell_join join;
	unsigned rank;             /* of a text: the lower, the better */
	bool logged;               /* the log's status has it, too */
};

/* A table is a constant. */
struct rgw_table {
	const char *name;  /* "peers" */
	const char *one;   /* what a row is: "peer"; NULL = the table has one row, without a name */
	bool apart;        /* rows of several workers are told apart, and not added up */
};

/* Cells that a row may have. */
#define RGW_CELLS 16

/* All pointers are borrowed for the duration of the call. */
struct rgw_row {
	const struct rgw_table *table;
	const char *name;            /* NULL if the table has no names */
	const char *text;            /* a sentence about it for the log; NULL = there is one for the table */
	const struct rgw_cell *cells;
	size_t n;
};

typedef void rgw_row_fn(void *ctx, const struct rgw_row *row);

static inline struct rgw_cell
rgw_c_add(const char *key, uint64_t value)
{
	return (struct rgw_cell){ rgw_f_uint(key, value), RGW_CELL_ADD, 0, false };
}

static inline struct rgw_cell
rgw_c_same(struct rgw_field field)
{
	return (struct rgw_cell){ field, RGW_CELL_SAME, 0, false };
}

static inline struct rgw_cell
rgw_c_best(const char *key, const char *text, unsigned rank)
{
	return (struct rgw_cell){ rgw_f_str(key, text), RGW_CELL_BEST, rank, false };
}

static inline struct rgw_cell
rgw_c_least(const char *key, uint64_t value)
{
	return (struct rgw_cell){ rgw_f_uint(key, value), RGW_CELL_LEAST, 0, false };
}

static inline struct rgw_cell
rgw_c_percent(const char *key)
{
	return (struct rgw_cell){ rgw_f_uint(key, 0), RGW_CELL_PERCENT, 0, false };
}

/* The same cell, as one that the log has, too. */
static inline struct rgw_cell
rgw_c_logged(struct rgw_cell cell)
{
	cell.logged = true;
	return cell;
}

/* A collection; all fields are private. Texts are copied into it. */
struct rgw_rows {
	struct rgw_kept_row *rows;    /* owned, as the next two */
	struct rgw_kept_cell *cells;
	char *text;
	size_t n_rows, n_cells, n_text;
	size_t rows_room, cells_room, text_room;
	size_t at;                    /* where the next row of another worker is expected */
};

void rgw_rows_init(struct rgw_rows *rows);
void rgw_rows_fini(struct rgw_rows *rows);
/* Takes a row, a rgw_row_fn: if it is there already, told by another worker, it is joined. */
void rgw_rows_add(void *rows, const struct rgw_row *row);
/* Takes all rows of another worker, which tells its rows in the same order. */
void rgw_rows_join(struct rgw_rows *rows, const struct rgw_rows *other);

/* The i-th row, with its cells in `room`: texts and numbers only. false = there are no more. Its pointers are good
 * until the collection changes. */
bool rgw_rows_get(const struct rgw_rows *rows, size_t i, struct rgw_row *row, struct rgw_cell room[static RGW_CELLS]);
/* Writes the rows of one table: an array of objects under the name of the table, or one object if it has no names. */
void rgw_rows_json(const struct rgw_rows *rows, const struct rgw_table *table, struct rgw_json *j);

#endif
