/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/rows.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

/* A collection of rows, owned by whoever asks. Rows, cells and texts are in three arrays that refer to each other by
 * index, so that the collection may grow. */

struct rgw_kept_row {
	const struct rgw_table *table;
	size_t name;    /* in the text; SIZE_MAX = none */
	size_t first;   /* of its cells */
	size_t n;
};

struct rgw_kept_cell {
	const char *key;
	uint64_t number;
	size_t text;    /* SIZE_MAX = it is a number */
	unsigned rank;
	enum rgw_cell_join join;
};

void
rgw_rows_init(struct rgw_rows *rows)
{
	*rows = (struct rgw_rows){ .at = 0 };
}

void
rgw_rows_fini(struct rgw_rows *rows)
{
	free(rows->rows);
	free(rows->cells);
	free(rows->text);
	rgw_rows_init(rows);
}

/* Makes room for n more. */
static void *
grow(void *array, size_t *room, size_t used, size_t n, size_t size)
{
	if (*room - used >= n)
		return array;
	*room = *room * 2 > used + n ? *room * 2 : used + n + 16;
	return rgw_xrealloc(array, *room * size);
}

static size_t
keep_text(struct rgw_rows *rows, const void *text, size_t n)
{
	size_t at = rows->n_text;

	rows->text = grow(rows->text, &rows->text_room, rows->n_text, n + 1, 1);
	memcpy(rows->text + at, text, n);
	rows->text[at + n] = '\0';
	rows->n_text += n + 1;
	return at;
}

/* The text of a field that is no number. */
static size_t
keep_value(struct rgw_rows *rows, const struct rgw_field *f)
{
	char addr[RGW_ADDR_TEXT];

	switch (f->type) {
	case RGW_FIELD_STR:
		return keep_text(rows, f->data, strlen(f->data));
	case RGW_FIELD_OCTETS:
		return keep_text(rows, f->data, (size_t)f->number);
	case RGW_FIELD_ADDR:
		rgw_addr_format(f->data, addr);
		return keep_text(rows, addr, strlen(addr));
	case RGW_FIELD_UINT:
	case RGW_FIELD_END:
		break;
	}
	return SIZE_MAX;
}

static void
append(struct rgw_rows *rows, const struct rgw_row *row)
{
	struct rgw_kept_row kept = { row->table, SIZE_MAX, rows->n_cells, row->n };

	if (row->name != NULL)
		kept.name = keep_text(rows, row->name, strlen(row->name));
	rows->cells = grow(rows->cells, &rows->cells_room, rows->n_cells, row->n, sizeof *rows->cells);
	for (size_t i = 0; i < row->n; i++) {
		const struct rgw_cell *c = &row->cells[i];

		rows->cells[rows->n_cells++] = (struct rgw_kept_cell){ c->field.key, c->field.number,
			keep_value(rows, &c->field), c->rank, c->join };
	}
	rows->rows = grow(rows->rows, &rows->rows_room, rows->n_rows, 1, sizeof *rows->rows);
	rows->rows[rows->n_rows++] = kept;
}

static void
join(struct rgw_rows *rows, const struct rgw_kept_row *kept, const struct rgw_row *row)
{
	for (size_t i = 0; i < kept->n && i < row->n; i++) {
		struct rgw_kept_cell *mine = &rows->cells[kept->first + i];
		const struct rgw_cell *c = &row->cells[i];

		if (mine->join == RGW_CELL_ADD)
			mine->number += c->field.number;
		if (mine->join == RGW_CELL_LEAST && c->field.number < mine->number)
			mine->number = c->field.number;
		if (mine->join != RGW_CELL_BEST || c->rank >= mine->rank)
			continue;
		mine->rank = c->rank;
		mine->text = keep_value(rows, &c->field);
	}
}

static bool
is_same(const struct rgw_rows *rows, const struct rgw_kept_row *kept, const struct rgw_row *row)
{
	if (kept->table != row->table || kept->table->apart)
		return false;
	return row->name == NULL || strcmp(rows->text + kept->name, row->name) == 0;
}

void
rgw_rows_add(void *arg, const struct rgw_row *row)
{
	struct rgw_rows *rows = arg;

	for (size_t i = rows->at; i < rows->n_rows && !row->table->apart; i++) {
		if (!is_same(rows, &rows->rows[i], row))
			continue;
		join(rows, &rows->rows[i], row);
		rows->at = i + 1;
		return;
	}
	/* The first worker tells all rows before any other does. */
	if (rows->at == rows->n_rows)
		rows->at++;
	append(rows, row);
}

void
rgw_rows_join(struct rgw_rows *rows, const struct rgw_rows *other)
{
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;

	rows->at = 0;
	for (size_t i = 0; rgw_rows_get(other, i, &row, room); i++)
		rgw_rows_add(rows, &row);
}

static uint64_t
percent(const struct rgw_kept_cell *cells)
{
	return cells[1].number > 0 ? cells[0].number * 100 / cells[1].number : 0;
}

bool
rgw_rows_get(const struct rgw_rows *rows, size_t i, struct rgw_row *row, struct rgw_cell room[static RGW_CELLS])
{
	const struct rgw_kept_cell *cells;
	const struct rgw_kept_row *kept;

	if (i >= rows->n_rows)
		return false;
	kept = &rows->rows[i];
	cells = &rows->cells[kept->first];
	*row = (struct rgw_row){ .table = kept->table, .cells = room, .n = kept->n };
	row->name = kept->name != SIZE_MAX ? rows->text + kept->name : NULL;
	for (size_t c = 0; c < kept->n; c++) {
		room[c] = (struct rgw_cell){ .join = cells[c].join, .rank = cells[c].rank };
		if (cells[c].text != SIZE_MAX)
			room[c].field = rgw_f_str(cells[c].key, rows->text + cells[c].text);
		else
			room[c].field = rgw_f_uint(cells[c].key,
			    cells[c].join == RGW_CELL_PERCENT ? percent(cells) : cells[c].number);
	}
	return true;
}

static void
json_row(const struct rgw_row *row, const char *key, struct rgw_json *j)
{
	rgw_json_object(j, key);
	if (row->name != NULL)
		rgw_json_str(j, "name", row->name);
	for (size_t i = 0; i < row->n; i++) {
		const struct rgw_field *f = &row->cells[i].field;

		if (f->type == RGW_FIELD_UINT)
			rgw_json_uint(j, f->key, f->number);
		else
			rgw_json_str(j, f->key, f->data);
	}
	rgw_json_end(j);
}

void
rgw_rows_json(const struct rgw_rows *rows, const struct rgw_table *table, struct rgw_json *j)
{
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;

	if (table->one != NULL)
		rgw_json_array(j, table->name);
	for (size_t i = 0; rgw_rows_get(rows, i, &row, room); i++)
		if (row.table == table)
			json_row(&row, table->one != NULL ? NULL : table->name, j);
	if (table->one != NULL)
		rgw_json_end(j);
}
