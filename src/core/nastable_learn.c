/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nastable_priv.h"

#include <string.h>

/* What requests teach the table of NASes and sessions, and what they end; see nastable.h. */

static void
learn_nas(struct rgw_nastable *t, struct rgw_nas_owner *o, const struct rgw_nas_names *names, unsigned kind,
    const struct rgw_nas_where *where, rgw_ms now, struct rgw_lesson *lesson)
{
	struct rgw_hnode *at;
	struct rgw_nas_item *e;

	if (names->v[kind].len == 0)
		return;
	e = rgw_nastable_first_with(t, names, kind, &at);
	if (e != NULL && rgw_nastable_is_from(e, where->from)) {
		rgw_nastable_hear(t, e, where, now);
		return;
	}
	if (e != NULL && rgw_nastable_is_fresh(e, now)) {
		lesson->conflicts++;
		return;
	}
	if (e != NULL)
		rgw_nastable_forget(t, e);
	lesson->crowded_out += rgw_nastable_make_room(t, o, now);
	(void)rgw_nastable_add(t, o, names, kind, kind + 1, where, now);
}

/* The session that the neighbour has told of before; *foreign = another one has it, too, and had it first. */
static struct rgw_nas_item *
own_session(struct rgw_nastable *t, const struct rgw_nas_names *names, const struct rgw_teacher *from, rgw_ms now,
    bool *foreign)
{
	unsigned kind = rgw_nastable_best_name(names);
	struct rgw_hnode *at;
	struct rgw_nas_item *found = NULL;

	*foreign = false;
	for (; kind < RGW_NAMES && found == NULL; kind++) {
		if (names->v[kind].len == 0)
			continue;
		for (struct rgw_nas_item *e = rgw_nastable_first_with(t, names, kind, &at); e != NULL;
		     e = rgw_nastable_next_with(t, rgw_htab_next(at), names, kind, &at)) {
			bool same = rgw_nastable_is_session(e, names, false) && rgw_nastable_same_nas(t, e, names);

			if (same && rgw_nastable_is_from(e, from))
				found = e;
			else if (same && kind != RGW_NAME_USER && rgw_nastable_is_fresh(e, now) &&
			    (found == NULL || e->nth < found->nth))
				*foreign = true;
		}
		/* One name of a session is enough, but not the user's alone, who may have many. */
		if (kind == RGW_NAME_STATION)
			break;
	}
	return found;
}

/* The names of the session as they are now: those of the packet, and those that it does not say from before. */
static void
merge(struct rgw_nas_names *names, const struct rgw_nas_item *e)
{
	for (unsigned i = RGW_NAS_NAMES; i < RGW_NAMES; i++) {
		const struct rgw_nas_key *name = rgw_nastable_name_of(e, i);

		if (names->v[i].len > 0 || name == NULL)
			continue;
		names->v[i].p = rgw_nastable_text(e) + name->at;
		names->v[i].len = name->len;
	}
}

static bool
says_nothing_new(const struct rgw_nas_item *e, const struct rgw_nas_names *names)
{
	for (unsigned i = RGW_NAS_NAMES; i < RGW_NAMES; i++) {
		const struct rgw_nas_key *name = rgw_nastable_name_of(e, i);

		if (names->v[i].len > 0 && (name == NULL || !rgw_nastable_is_equal(e, name, names, i)))
			return false;
	}
	return true;
}

static void
learn_session(struct rgw_nastable *t, struct rgw_nas_owner *o, const struct rgw_nas_names *names,
    const struct rgw_nas_where *where, rgw_ms now, struct rgw_lesson *lesson)
{
	struct rgw_nas_names all = *names;
	struct rgw_nas_where at = *where;
	struct rgw_nas_item *old, *e;
	bool foreign;

	old = own_session(t, names, where->from, now, &foreign);
	lesson->conflicts += foreign;
	if (old == NULL) {
		lesson->crowded_out += rgw_nastable_make_room(t, o, now);
		(void)rgw_nastable_add(t, o, names, RGW_NAS_NAMES, RGW_NAMES, where, now);
		return;
	}
	/* What was said of its NAS before, and is not said now, holds. */
	for (unsigned i = 0; i < RGW_NAS_NAMES; i++)
		if (at.marks[i] == 0)
			at.marks[i] = old->place->marks[i];
	if (says_nothing_new(old, names)) {
		rgw_nastable_hear(t, old, &at, now);
		return;
	}
	merge(&all, old);
	e = rgw_nastable_add(t, o, &all, RGW_NAS_NAMES, RGW_NAMES, &at, now);
	if (e != NULL)
		e->nth = old->nth;
	rgw_nastable_forget(t, old);
}

struct rgw_lesson
rgw_nastable_learn(struct rgw_nastable *t, const struct rgw_nas_names *names, const struct rgw_teacher *from,
    rgw_ms now)
{
	struct rgw_lesson lesson = { 0, 0 };
	struct rgw_nas_where where;
	struct rgw_nas_place *place;
	struct rgw_nas_owner *o;

	pthread_mutex_lock(&t->lock);
	where = rgw_nastable_where(t, names, from);
	place = rgw_nastable_find_place(t, &where);
	o = place != NULL ? place->owner : rgw_nastable_owner_for(t, from);
	for (unsigned i = 0; o != NULL && i < RGW_NAS_NAMES; i++)
		learn_nas(t, o, names, i, &where, now, &lesson);
	if (o != NULL && rgw_nas_names_session(names))
		learn_session(t, o, names, &where, now, &lesson);
	pthread_mutex_unlock(&t->lock);
	return lesson;
}

void
rgw_nastable_end_session(struct rgw_nastable *t, const struct rgw_nas_names *names, const struct rgw_teacher *from)
{
	struct rgw_nas_item *e;
	bool foreign;

	pthread_mutex_lock(&t->lock);
	e = rgw_nas_names_session(names) ? own_session(t, names, from, 0, &foreign) : NULL;
	if (e != NULL)
		rgw_nastable_forget(t, e);
	pthread_mutex_unlock(&t->lock);
}

void
rgw_nastable_end_nas(struct rgw_nastable *t, const struct rgw_nas_names *names, const struct rgw_teacher *from)
{
	struct rgw_nas_where where;
	struct rgw_nas_place *p;
	struct rgw_link *l, *next;

	pthread_mutex_lock(&t->lock);
	where = rgw_nastable_where(t, names, from);
	p = rgw_nastable_find_place(t, &where);
	for (l = p != NULL ? p->items.next : NULL; l != NULL; l = next) {
		/* The place ends with its last entry. */
		next = l->next != &p->items ? l->next : NULL;
		t->steps++;
		rgw_nastable_forget(t, RGW_CONTAINER(l, struct rgw_nas_item, beside));
	}
	pthread_mutex_unlock(&t->lock);
}

void
rgw_nastable_end_owner(struct rgw_nastable *t, bool is_peer, uint32_t id)
{
	struct rgw_nas_owner *o;

	pthread_mutex_lock(&t->lock);
	o = rgw_nastable_find_owner(t, is_peer, id);
	if (o != NULL)
		rgw_nastable_free_owner(t, o);
	pthread_mutex_unlock(&t->lock);
}

