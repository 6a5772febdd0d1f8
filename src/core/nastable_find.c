/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nastable_priv.h"

#include <string.h>

/* What is asked of the table of NASes and sessions; see nastable.h. */

static enum rgw_nas_finding
find_session(struct rgw_nastable *t, const struct rgw_nas_names *names, rgw_ms now, const struct rgw_nas_item **found)
{
	unsigned kind = rgw_nastable_best_name(names);
	bool contradicts = false;
	struct rgw_hnode *at;

	*found = NULL;
	if (kind == RGW_NAMES)
		return RGW_NAS_UNKNOWN;
	for (struct rgw_nas_item *e = rgw_nastable_first_with(t, names, kind, &at); e != NULL;
	     e = rgw_nastable_next_with(t, rgw_htab_next(at), names, kind, &at)) {
		if (!rgw_nastable_is_fresh(e, now))
			continue;
		if (!rgw_nastable_is_session(e, names, true) || !rgw_nastable_same_nas(t, e, names))
			contradicts = true;
		else if (*found == NULL || e->nth < (*found)->nth)
			*found = e;
	}
	if (*found != NULL)
		return RGW_NAS_FOUND;
	return contradicts ? RGW_NAS_CONTRADICTS : RGW_NAS_UNKNOWN;
}

enum rgw_nas_finding
rgw_nastable_find_session(struct rgw_nastable *t, const struct rgw_nas_names *names, rgw_ms now,
    struct rgw_found_session *found)
{
	enum rgw_nas_finding finding;
	const struct rgw_nas_item *e;

	pthread_mutex_lock(&t->lock);
	finding = find_session(t, names, now, &e);
	found->user_len = 0;
	if (e != NULL) {
		const struct rgw_nas_key *user = rgw_nastable_name_of(e, RGW_NAME_USER);

		found->from = rgw_nastable_teacher_of(e);
		found->user_len = user != NULL ? user->len : 0;
		if (user != NULL)
			memcpy(found->user, rgw_nastable_text(e) + user->at, user->len);
	}
	pthread_mutex_unlock(&t->lock);
	return finding;
}

enum rgw_nas_finding
rgw_nastable_find_nas(struct rgw_nastable *t, const struct rgw_nas_names *names, rgw_ms now, struct rgw_teacher *from)
{
	enum rgw_nas_finding finding = RGW_NAS_UNKNOWN;
	struct rgw_hnode *at;

	pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < RGW_NAS_NAMES; i++) {
		struct rgw_nas_item *e = names->v[i].len > 0 ? rgw_nastable_first_with(t, names, i, &at) : NULL;

		if (e == NULL || !rgw_nastable_is_fresh(e, now))
			continue;
		if (finding == RGW_NAS_FOUND && !rgw_nastable_is_from(e, from)) {
			finding = RGW_NAS_CONTRADICTS;
			break;
		}
		*from = rgw_nastable_teacher_of(e);
		finding = RGW_NAS_FOUND;
	}
	pthread_mutex_unlock(&t->lock);
	return finding;
}

struct rgw_nastable_use
rgw_nastable_used(struct rgw_nastable *t)
{
	struct rgw_nastable_use use;

	pthread_mutex_lock(&t->lock);
	use = (struct rgw_nastable_use){ t->n - t->n_sessions, t->n_sessions, t->octets, t->limit };
	pthread_mutex_unlock(&t->lock);
	return use;
}

void
rgw_nastable_each(struct rgw_nastable *t, void (*visit)(void *ctx, const struct rgw_nas_entry *entry), void *ctx)
{
	pthread_mutex_lock(&t->lock);
	for (struct rgw_link *l = t->owners.next; l != &t->owners; l = l->next) {
		struct rgw_nas_owner *o = RGW_CONTAINER(l, struct rgw_nas_owner, link);

		for (struct rgw_link *k = o->entries.next; k != &o->entries; k = k->next) {
			const struct rgw_nas_item *e = RGW_CONTAINER(k, struct rgw_nas_item, link);
			struct rgw_nas_entry shown = { .is_session = e->is_session, .from = rgw_nastable_teacher_of(e),
				.seen = e->seen };

			for (unsigned i = 0; i < e->n_names; i++) {
				shown.names.v[e->names[i].kind].p = rgw_nastable_text(e) + e->names[i].at;
				shown.names.v[e->names[i].kind].len = e->names[i].len;
			}
			visit(ctx, &shown);
		}
	}
	pthread_mutex_unlock(&t->lock);
}
