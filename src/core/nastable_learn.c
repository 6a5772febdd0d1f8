/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nastable_priv.h"

#include <string.h>

/* What requests teach the table of NASes and sessions, and what they end; see nastable.h. */

static void
learn_nas(struct rgw_nastable *t, struct rgw_nas_owner *o, const struct rgw_nas_names *names, unsigned kind,
    const struct rgw_teacher *from, rgw_ms now, struct rgw_lesson *lesson)
{
	struct rgw_hnode *at;
	struct rgw_nas_item *e;

	if (names->v[kind].len == 0)
		return;
	e = rgw_nastable_first_with(t, names, kind, &at);
	if (e != NULL && rgw_nastable_is_from(e, from)) {
		rgw_nastable_hear(e, from, now);
		return;
	}
	if (e != NULL && rgw_nastable_is_fresh(e, now)) {
		lesson->conflicts++;
		return;
	}
	if (e != NULL)
		rgw_nastable_forget(t, e);
	lesson->crowded_out += rgw_nastable_make_room(t, o, now);
	(void)rgw_nastable_add(t, o, names, kind, 1, from, now);
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
		     e = rgw_nastable_next_with(rgw_htab_next(at), names, kind, &at)) {
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
		names->v[i].p = e->text + name->at;
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
    const struct rgw_teacher *from, rgw_ms now, struct rgw_lesson *lesson)
{
	struct rgw_nas_names all = *names;
	uint64_t nth = 0;
	bool foreign;
	struct rgw_nas_item *old, *e;

	old = own_session(t, names, from, now, &foreign);
	lesson->conflicts += foreign;
	if (old != NULL && says_nothing_new(old, names)) {
		rgw_nastable_hear(old, from, now);
		e = old;
	} else {
		if (old != NULL) {
			merge(&all, old);
			nth = old->nth;
		} else {
			lesson->crowded_out += rgw_nastable_make_room(t, o, now);
		}
		e = rgw_nastable_add(t, o, &all, RGW_NAS_NAMES, RGW_SESSION_NAMES, from, now);
		if (old != NULL && e != NULL)
			memcpy(e->marks, old->marks, sizeof e->marks);
		if (old != NULL)
			rgw_nastable_forget(t, old);
	}
	if (e == NULL)
		return;
	if (nth != 0)
		e->nth = nth;
	for (unsigned i = 0; i < RGW_NAS_NAMES; i++)
		if (names->v[i].len > 0)
			e->marks[i] = rgw_nastable_mark_of(t, names, i);
}

struct rgw_lesson
rgw_nastable_learn(struct rgw_nastable *t, const struct rgw_nas_names *names, const struct rgw_teacher *from,
    rgw_ms now)
{
	struct rgw_lesson lesson = { 0, 0 };
	struct rgw_nas_owner *o;

	pthread_mutex_lock(&t->lock);
	o = rgw_nastable_owner_for(t, from);
	for (unsigned i = 0; o != NULL && i < RGW_NAS_NAMES; i++)
		learn_nas(t, o, names, i, from, now, &lesson);
	if (o != NULL && rgw_nas_names_session(names))
		learn_session(t, o, names, from, now, &lesson);
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

/* Is the entry one of the NAS, or of a session there? */
static bool
is_at(const struct rgw_nastable *t, const struct rgw_nas_item *e, const struct rgw_nas_names *names)
{
	unsigned kind = e->names[0].kind;

	return e->is_session ? rgw_nastable_same_nas(t, e, names)
	                     : names->v[kind].len > 0 && rgw_nastable_is_equal(e, &e->names[0], names, kind);
}

void
rgw_nastable_end_nas(struct rgw_nastable *t, const struct rgw_nas_names *names, const struct rgw_teacher *from)
{
	struct rgw_link *next;
	struct rgw_nas_owner *o;

	pthread_mutex_lock(&t->lock);
	o = rgw_nastable_find_owner(t, from->is_peer, from->id);
	for (struct rgw_link *l = o != NULL ? o->entries.next : NULL; l != NULL && l != &o->entries; l = next) {
		struct rgw_nas_item *e = RGW_CONTAINER(l, struct rgw_nas_item, link);

		next = l->next;
		if (rgw_nastable_is_from(e, from) && is_at(t, e, names))
			rgw_nastable_forget(t, e);
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

