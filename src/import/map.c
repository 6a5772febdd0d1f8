/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "map.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What all tables of mapping have in common. */

const struct rgw_row *
rgw_map_row(const struct rgw_map *m, unsigned block, const char *word)
{
	for (size_t i = 0; i < m->n_rows; i++)
		if ((m->rows[i].blocks & block) != 0 && rgw_word_is(word, m->rows[i].word))
			return &m->rows[i];
	return NULL;
}

/* Reads on and off, and with `usual` all the usual ways to write them; -1 = it is neither. */
static int
read_switch(const char *text, bool usual)
{
	static const char *const on[] = { "on", "yes", "1", "true", "enabled" };
	static const char *const off[] = { "off", "no", "0", "false", "disabled" };

	for (size_t i = 0; i < (usual ? sizeof on / sizeof on[0] : 1); i++) {
		if (strcasecmp(text, on[i]) == 0)
			return 1;
		if (strcasecmp(text, off[i]) == 0)
			return 0;
	}
	return -1;
}

static bool
read_number(const char *text, long *out)
{
	char *end;

	*out = strtol(text, &end, 0);
	return end != text && *end == '\0';
}

static const struct rgw_word_pair *
find_word(const struct rgw_row *row, const char *text)
{
	for (const struct rgw_word_pair *pair = row->words; pair != NULL && pair->theirs != NULL; pair++)
		if (strcasecmp(pair->theirs, text) == 0)
			return pair;
	return NULL;
}

static void
expect_word(struct rgw_map *m, const struct rgw_node *node, const struct rgw_row *row)
{
	struct rgw_strbuf words = { 0 };

	for (const struct rgw_word_pair *pair = row->words; pair->theirs != NULL; pair++)
		rgw_strbuf_join(&words, ", ", pair->theirs);
	rgw_node_error(m->tree, node, "%s %.60s: one of these was expected: %s", node->word, node->value, words.v);
	rgw_strbuf_fini(&words);
}

static void
check_value(struct rgw_map *m, const struct rgw_node *node, const struct rgw_row *row)
{
	long n;

	if (row->form == RGW_FORM_SWITCH && read_switch(node->value, m->tree->words) < 0)
		rgw_node_error(m->tree, node, "%s %.60s: on or off was expected", node->word, node->value);
	if (row->form == RGW_FORM_NUMBER && (!read_number(node->value, &n) || n < row->min || n > row->max))
		rgw_node_error(m->tree, node, "%s %.60s: a number from %ld to %ld was expected", node->word,
		    node->value, row->min, row->max);
	if (row->form == RGW_FORM_WORD && find_word(row, node->value) == NULL)
		expect_word(m, node, row);
}

static void
unknown(struct rgw_map *m, const struct rgw_node *node, unsigned bit)
{
	struct rgw_nearest near;

	rgw_nearest_init(&near, node->word);
	for (size_t i = 0; i < m->n_rows; i++)
		if ((m->rows[i].blocks & bit) != 0)
			rgw_nearest_try(&near, m->rows[i].word);
	if (near.best[0] != '\0')
		rgw_node_error(
		    m->tree, node, "there is no option %.60s here; did you mean %s?", node->word, near.best);
	else
		rgw_node_error(m->tree, node, "there is no option %.60s here", node->word);
}

void
rgw_map_check(struct rgw_map *m, struct rgw_node *block, unsigned bit)
{
	for (size_t i = 0; i < block->n; i++) {
		struct rgw_node *node = block->v[i];
		const struct rgw_row *row = rgw_map_row(m, bit, node->word);
		const struct rgw_node *first = rgw_node_get(block, node->word, NULL);

		if (node->block)
			continue;
		if (row == NULL)
			unknown(m, node, bit);
		else if (row->form != RGW_FORM_MANY && first != node)
			rgw_node_error(m->tree, node, "%s was given in line %u already, and can be given once only",
			    node->word, first->line);
		else
			check_value(m, node, row);
	}
}

static void
write_option(struct rgw_map *m, const struct rgw_node *node, const struct rgw_row *row, struct rgw_out_section *s)
{
	const struct rgw_word_pair *pair = find_word(row, node->value);
	char text[32];
	long n = 0;

	switch (row->how) {
	case RGW_HOW_WORD:
		rgw_out_set(&m->out, s, node, row->key, pair != NULL ? pair->ours : node->value);
		break;
	case RGW_HOW_SECONDS:
		(void)read_number(node->value, &n);
		snprintf(text, sizeof text, n == 0 ? "0" : "%lds", n);
		rgw_out_set(&m->out, s, node, row->key, text);
		break;
	case RGW_HOW_SECRET:
		rgw_out_secret(&m->out, s, node, row->key, node->value, strlen(node->value));
		break;
	default:
		rgw_out_set(&m->out, s, node, row->key,
		    row->form != RGW_FORM_SWITCH            ? node->value :
		        read_switch(node->value, true) == 1 ? "yes" :
		                                              "no");
	}
}

void
rgw_map_carry(struct rgw_map *m, const struct rgw_node *block, unsigned bit, struct rgw_out_section *s)
{
	for (size_t i = 0; i < block->n; i++) {
		struct rgw_node *node = block->v[i];
		const struct rgw_row *row = node->block ? NULL : rgw_map_row(m, bit, node->word);
		struct rgw_out_section *to = s;

		if (row == NULL || row->how == RGW_HOW_ELSEWHERE)
			continue;
		if (to == NULL)
			to = rgw_out_single(&m->out, row->kind);
		if (row->how == RGW_HOW_NOTHING)
			rgw_out_note(&m->out, to, node, "%s: %s", node->word, row->said);
		else if (row->how == RGW_HOW_REMARK &&
		    (row->form != RGW_FORM_SWITCH || read_switch(node->value, true) == 1))
			rgw_out_remark(&m->out, to, node, "%s %s: %s", node->word, node->value, row->said);
		else if (row->how != RGW_HOW_REMARK && (rgw_out_has(to->kind, row->key) || s == NULL))
			write_option(m, node, row, to);
	}
}

bool
rgw_map_is_on(const struct rgw_node *block, const char *word, bool otherwise)
{
	const char *text = rgw_node_text(block, word, NULL);

	return text != NULL ? read_switch(text, true) == 1 : otherwise;
}

long
rgw_map_number(const struct rgw_node *block, const char *word, long otherwise)
{
	const char *text = rgw_node_text(block, word, NULL);
	long n;

	return text != NULL && read_number(text, &n) ? n : otherwise;
}
