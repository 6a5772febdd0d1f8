/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <stdlib.h>

#include "radsecgw/confchange.h"

#include "doors/doors.h"
#include "links/links.h"
#include "requests/requests.h"

/*
 * One edition after the other. Taking one up has two parts: first everything that the gateway knows by ids works by
 * its section of the new edition, and nothing happens; then what has changed takes effect, which may move requests.
 * What the new edition does not know any more is gone, and stays until no edition is left that knows it.
 */

/* An edition that nobody else holds is looked at twice before it is given back, this long apart: a packet that is to be
 * signed with one of its secrets leaves at the end of the turn of the loop in which it was made. */
#define SWEEP_MS 100

static const struct rgw_known_ops *const kinds[] = { &rgw_listener_ops, &rgw_client_ops, &rgw_peer_ops,
	&rgw_server_ops };

#define KINDS (sizeof kinds / sizeof kinds[0])

/* ---- old editions ---- */

static void
end_known(struct rgw_known *known, rgw_ms now)
{
	rgw_link_remove(&known->link);
	if (known->ops->close != NULL)
		known->ops->close(known, now);
	known->ops->end(known, now);
}

/* The newest edition that is alive and knows what is gone, beside the one that is about to end; NULL = none. */
static struct rgw_edition *
other_reader(const struct rgw_gw *gw, const struct rgw_known *known, const struct rgw_edition *ends)
{
	for (struct rgw_link *l = gw->editions.prev; l != &gw->editions; l = l->prev) {
		struct rgw_edition *e = RGW_CONTAINER(l, struct rgw_edition, link);

		if (e != ends && e->serial >= known->first && e->serial <= known->last)
			return e;
	}
	return NULL;
}

static void
end_edition(struct rgw_gw *gw, struct rgw_edition *edition, rgw_ms now)
{
	struct rgw_link *next;

	for (struct rgw_link *l = gw->gone.next; l != &gw->gone; l = next) {
		struct rgw_known *known = RGW_CONTAINER(l, struct rgw_known, link);
		struct rgw_edition *other;

		next = l->next;
		if (known->reads != edition->serial)
			continue;
		other = other_reader(gw, known, edition);
		if (other == NULL) {
			end_known(known, now);
			continue;
		}
		known->section = rgw_conf_by_id(other->conf, known->ops->kind, known->section->id);
		known->reads = other->serial;
		known->ops->read(known);
	}
	rgw_link_remove(&edition->link);
	rgw_pools_free(edition);
	edition->gw = NULL;
	rgw_edition_drop(edition);
}

/* Nobody else holds the edition. It is current all the same, or it ends soon. */
static void
on_left(struct rgw_edition *edition)
{
	struct rgw_gw *gw = edition->gw;

	if (edition != gw->edition && !rgw_timer_is_set(&gw->sweep_timer))
		rgw_timer_set(&gw->timers, &gw->sweep_timer, gw->log->now + SWEEP_MS);
}

static void
on_sweep_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_gw *gw = RGW_CONTAINER(timer, struct rgw_gw, sweep_timer);
	struct rgw_link *next;
	bool again = false;

	for (struct rgw_link *l = gw->editions.next; l != &gw->editions; l = next) {
		struct rgw_edition *edition = RGW_CONTAINER(l, struct rgw_edition, link);

		next = l->next;
		if (edition == gw->edition || edition->refs > 1)
			continue;
		if (edition->seen_left)
			end_edition(gw, edition, now);
		else
			again = edition->seen_left = true;
	}
	if (again)
		rgw_timer_set(&gw->timers, timer, now + SWEEP_MS);
}

/* ---- the new one ---- */

static void
make_room(struct rgw_knowns *all, uint32_t n)
{
	if (n <= all->n)
		return;
	all->v = rgw_xrealloc(all->v, n * sizeof(struct rgw_known *));
	while (all->n < n)
		all->v[all->n++] = NULL;
}

static struct rgw_known *
make(struct rgw_gw *gw, const struct rgw_known_ops *ops, const struct rgw_conf_head *section, rgw_ms now)
{
	struct rgw_known *known = ops->make(gw, section, now);

	known->ops = ops;
	known->section = section;
	known->first = known->reads = gw->edition->serial;
	rgw_link_init(&known->link);
	return known;
}

static void
keep(struct rgw_gw *gw, struct rgw_known *known, const struct rgw_conf_head *section)
{
	known->was = known->section;
	known->section = section;
	known->reads = gw->edition->serial;
	known->renewed = rgw_conf_is_changed(known->was, section, RGW_OPT_IDENTITY);
	known->ops->read(known);
}

static void
lose(struct rgw_gw *gw, struct rgw_known *known, const struct rgw_edition *old)
{
	known->was = known->section;
	known->gone = true;
	known->last = old->serial;
	rgw_list_append(&gw->gone, &known->link);
}

/* Lets everything of one kind work by its section of the current edition. */
static void
read_kind(struct rgw_gw *gw, const struct rgw_known_ops *ops, const struct rgw_edition *old, rgw_ms now)
{
	struct rgw_knowns *all = &gw->known[ops->kind];
	uint32_t n = gw->conf->ids[ops->kind].n;

	make_room(all, n);
	for (uint32_t id = 0; id < all->n; id++) {
		const struct rgw_conf_head *section = id < n ? rgw_conf_by_id(gw->conf, ops->kind, id) : NULL;

		if (all->v[id] != NULL && section != NULL) {
			keep(gw, all->v[id], section);
		} else if (section != NULL) {
			all->v[id] = make(gw, ops, section, now);
		} else if (all->v[id] != NULL) {
			lose(gw, all->v[id], old);
			all->v[id] = NULL;
		}
	}
}

static void
change_kind(struct rgw_gw *gw, const struct rgw_known_ops *ops, struct rgw_edition *old, rgw_ms now)
{
	struct rgw_knowns *all = &gw->known[ops->kind];

	for (uint32_t id = 0; id < all->n; id++)
		if (all->v[id] != NULL && all->v[id]->was != NULL) {
			ops->change(all->v[id], old, now);
			all->v[id]->was = NULL;
		}
}

static void
leave_all(struct rgw_gw *gw, rgw_ms now)
{
	for (struct rgw_link *l = gw->gone.next; l != &gw->gone; l = l->next) {
		struct rgw_known *known = RGW_CONTAINER(l, struct rgw_known, link);

		if (known->was == NULL)
			continue;
		known->ops->leave(known, now);
		known->was = NULL;
	}
}

/* Bounds of the gateway as a whole, as far as they are not read where they count. */
static void
set_bounds(struct rgw_gw *gw, rgw_ms now)
{
	const struct rgw_conf_gateway *conf = &gw->conf->gateway;

	rgw_dupcache_change(&gw->dups, conf->max_requests, conf->request_lifetime, conf->duplicate_window);
	rgw_conversations_limit(&gw->conversations, (conf->max_requests + 1) / 2);
	rgw_memory_trim(gw);
	rgw_accept_change(gw, now);
}

void
rgw_gw_adopt(struct rgw_gw *gw, struct rgw_edition *edition, rgw_ms now)
{
	struct rgw_edition *old = gw->edition;

	gw->edition = rgw_edition_hold(edition);
	gw->conf = edition->conf;
	rgw_trails_change(gw);
	gw->changes = rgw_conf_has_changes(gw->conf);
	rgw_opnas_change(gw);
	edition->serial = ++gw->n_editions;
	edition->gw = gw;
	edition->left = on_left;
	rgw_list_append(&gw->editions, &edition->link);
	for (size_t i = 0; i < KINDS; i++)
		read_kind(gw, kinds[i], old, now);
	rgw_pools_make(gw, old);
	rgw_names_order(gw);
	if (old == NULL)
		return;
	set_bounds(gw, now);
	for (size_t i = 0; i < KINDS; i++)
		change_kind(gw, kinds[i], old, now);
	leave_all(gw, now);
	rgw_accept_settle(gw, old, now);
	rgw_names_settle(gw);
	if (old->refs == 1)
		on_left(old);
}

struct rgw_edition *
rgw_gw_edition(const struct rgw_gw *gw)
{
	return gw->edition;
}

/* ---- beginning and end ---- */

void
rgw_adopt_init(struct rgw_gw *gw)
{
	rgw_link_init(&gw->editions);
	rgw_link_init(&gw->gone);
	rgw_link_init(&gw->nases);
	rgw_htab_init(&gw->nas_by_addr);
	rgw_timer_init(&gw->sweep_timer, on_sweep_timer);
}

/* Does that to everything of one kind. */
static void
each(struct rgw_gw *gw, const struct rgw_known_ops *ops, void (*visit)(struct rgw_known *known, rgw_ms now), rgw_ms now)
{
	struct rgw_link *next;

	for (uint32_t id = 0; id < gw->known[ops->kind].n; id++)
		if (gw->known[ops->kind].v[id] != NULL)
			visit(gw->known[ops->kind].v[id], now);
	for (struct rgw_link *l = gw->gone.next; l != &gw->gone; l = next) {
		struct rgw_known *known = RGW_CONTAINER(l, struct rgw_known, link);

		next = l->next;
		if (known->ops == ops)
			visit(known, now);
	}
}

void
rgw_adopt_fini(struct rgw_gw *gw, rgw_ms now)
{
	struct rgw_link *l;

	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i]->close != NULL)
			each(gw, kinds[i], kinds[i]->close, now);
	for (size_t i = 0; i < KINDS; i++) {
		each(gw, kinds[i], end_known, now);
		free(gw->known[kinds[i]->kind].v);
	}
	rgw_timer_unset(&gw->timers, &gw->sweep_timer);
	while ((l = rgw_list_first(&gw->editions)) != NULL)
		end_edition(gw, RGW_CONTAINER(l, struct rgw_edition, link), now);
	rgw_htab_fini(&gw->nas_by_addr);
}
