/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fr.h"

#include <stdio.h>
#include <string.h>

/* Sections of FreeRADIUS, as all that map them see them. */

/* Options of FreeRADIUS that these tables do not name are many; most of them are for the server itself. */
void
rgw_fr_note_unknown(struct rgw_map *m, struct rgw_node *block, unsigned bit, struct rgw_out_section *s)
{
	for (size_t i = 0; i < block->n; i++) {
		struct rgw_node *node = block->v[i];

		if (!node->block && rgw_map_row(m, bit, node->word) == NULL && strcmp(node->word, "$INCLUDE") != 0)
			rgw_out_note(&m->out, s, node, "%s = %s: %s", node->word, node->value, RGW_FR_OURS_ALONE);
	}
}

struct rgw_node *
rgw_fr_next(const struct rgw_node *parent, const char *kind, const struct rgw_node *after)
{
	struct rgw_node *node = rgw_node_get(parent, kind, after);

	while (node != NULL && !node->block)
		node = rgw_node_get(parent, kind, node);
	return node;
}

struct rgw_node *
rgw_fr_find(const struct rgw_map *m, const char *kind, const char *name)
{
	struct rgw_node *node = NULL;

	while ((node = rgw_fr_next(&m->tree->root, kind, node)) != NULL)
		if (strcmp(node->value, name) == 0)
			return node;
	return NULL;
}

/* The address of a block, in whichever option it stands; NULL = none. */
struct rgw_node *
rgw_fr_address(const struct rgw_node *block)
{
	static const char *const words[] = { "ipaddr", "ipv4addr", "ipv6addr" };
	struct rgw_node *node = NULL;

	for (size_t i = 0; i < 3 && node == NULL; i++)
		node = rgw_node_get(block, words[i], NULL);
	return node;
}

void
rgw_fr_put_place(const char *host, long port, char *out, size_t size)
{
	if (strcmp(host, "*") == 0)
		host = "::";
	snprintf(out, size, strchr(host, ':') != NULL ? "[%.200s]:%ld" : "%.200s:%ld", host, port);
}
