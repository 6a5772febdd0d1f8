/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/*
 * The ids of sections: what a section keeps from one configuration to the next, whatever its place. The snapshot owns
 * the tables by id.
 */

/* A section of the configuration before, to be found by its key. */
struct known {
	struct rgw_hnode node;
	char *key;                         /* owned */
	const struct rgw_conf_head *head;  /* borrowed */
};

/* All sections of one kind in the configuration before. */
struct before {
	struct rgw_htab tab;
	struct known *v;  /* owned */
	size_t n;
	uint32_t ids;     /* one more than the highest of their ids */
};

static size_t
count(const struct rgw_conf *conf, enum rgw_conf_kind kind)
{
	const struct rgw_conf_section *type = rgw_conf_section_of(kind);

	return type->argument == NULL ? 1 : rgw_array_count((const char *)conf + type->where);
}

static void
before_init(struct before *b, const struct rgw_conf *now, enum rgw_conf_kind kind)
{
	*b = (struct before){ 0 };
	rgw_htab_init(&b->tab);
	if (now == NULL)
		return;
	b->n = count(now, kind);
	b->ids = now->ids[kind].n;
	b->v = rgw_xcalloc(b->n, sizeof *b->v);
	for (size_t i = 0; i < b->n; i++) {
		struct known *k = &b->v[i];

		k->head = rgw_conf_section_at(now, kind, i);
		k->key = rgw_section_key(kind, k->head->name);
		rgw_htab_xadd(&b->tab, &k->node, rgw_section_hash(k->key));
	}
}

static void
before_fini(struct before *b)
{
	rgw_htab_fini(&b->tab);
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].key);
	free(b->v);
}

/* The section of the same name, or NULL. */
static const struct rgw_conf_head *
find(const struct before *b, const struct rgw_conf_head *head)
{
	char *key = rgw_section_key(head->kind, head->name);
	const struct rgw_conf_head *found = NULL;

	for (struct rgw_hnode *n = rgw_htab_first(&b->tab, rgw_section_hash(key)); n != NULL && found == NULL;
	     n = rgw_htab_next(n)) {
		const struct known *k = RGW_CONTAINER(n, struct known, node);

		if (strcmp(k->key, key) == 0)
			found = k->head;
	}
	free(key);
	return found;
}

/* Gives every section of a kind its id. */
static void
give_ids(struct rgw_conf *next, enum rgw_conf_kind kind, const struct before *b)
{
	bool *taken = rgw_xcalloc(b->ids + count(next, kind), sizeof *taken);
	uint32_t lowest = 0;
	struct rgw_conf_head *head;

	for (size_t i = 0; i < b->n; i++)
		taken[b->v[i].head->id] = true;
	for (size_t i = 0; (head = rgw_conf_section_at(next, kind, i)) != NULL; i++) {
		const struct rgw_conf_head *old = find(b, head);

		while (old == NULL && taken[lowest])
			lowest++;
		head->id = old != NULL ? old->id : lowest++;
	}
	free(taken);
}

/* Makes the table by which sections are found by their ids. */
static void
index_ids(struct rgw_conf *conf, enum rgw_conf_kind kind)
{
	struct rgw_conf_ids *ids = &conf->ids[kind];
	const struct rgw_conf_head *head;

	ids->n = 0;
	for (size_t i = 0; (head = rgw_conf_section_at(conf, kind, i)) != NULL; i++)
		if (head->id >= ids->n)
			ids->n = head->id + 1;
	free(ids->place);
	ids->place = rgw_xcalloc(ids->n, sizeof *ids->place);
	for (uint32_t i = 0; (head = rgw_conf_section_at(conf, kind, i)) != NULL; i++)
		ids->place[head->id] = i + 1;
}

void
rgw_conf_inherit(struct rgw_conf *next, const struct rgw_conf *now)
{
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		struct before b;

		before_init(&b, now, kind);
		give_ids(next, kind, &b);
		before_fini(&b);
		index_ids(next, kind);
	}
}

const struct rgw_conf_head *
rgw_conf_by_id(const struct rgw_conf *conf, enum rgw_conf_kind kind, uint32_t id)
{
	const struct rgw_conf_ids *ids = &conf->ids[kind];

	return id < ids->n && ids->place[id] > 0 ? rgw_conf_section_at(conf, kind, ids->place[id] - 1) : NULL;
}
