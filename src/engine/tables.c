/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tables.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"
#include "engine.h"

/* Further tables of what the gateway tells about itself; see tables.h. The gateway owns all that is told. */

static void
tell(const struct rgw_hearer *to, const char *name, const struct rgw_cell *cells, size_t n)
{
	const struct rgw_row row = { .table = to->table, .name = name, .cells = cells, .n = n };

	to->row(to->ctx, &row);
}

/* ---- routes ---- */

enum rgw_standing
rgw_standing_of(struct rgw_target *target, rgw_ms now)
{
	enum rgw_standing best = RGW_UNFIT;

	/* For CoA others count. */
	for (unsigned i = 0; 1u << i < RGW_SERVICE_COA; i++) {
		enum rgw_standing standing = target->ops->standing(target, 1u << i, now);

		best = standing < best ? standing : best;
	}
	return best;
}

static bool
is_usable(struct rgw_gw *gw, const struct rgw_conf_head *section)
{
	struct rgw_target *target = rgw_target_of(gw, section);

	return !target->held && rgw_standing_of(target, gw->log->now) <= RGW_IDLE;
}

static void
tell_route(const struct rgw_hearer *to, const char *name, bool usable)
{
	const struct rgw_cell cell = rgw_c_best("usable", usable ? "yes" : "no", usable ? 0 : 1);

	tell(to, name, &cell, 1);
}

static void
tell_pool(struct rgw_gw *gw, const struct rgw_hearer *to, const struct rgw_conf_pool *pool)
{
	bool usable = false;

	for (size_t i = 0; i < pool->members.n && !usable; i++)
		usable = is_usable(gw, pool->members.v[i]);
	tell_route(to, pool->head.name, usable);
}

/* Notes a peer or server that requests are led to directly: peers come before servers. */
static void
note(const struct rgw_conf *conf, bool *direct, const struct rgw_conf_head *section)
{
	if (section != NULL && section->kind == RGW_CONF_PEER)
		direct[section->index] = true;
	else if (section != NULL && section->kind == RGW_CONF_SERVER)
		direct[conf->peer.n + section->index] = true;
}

void
rgw_tell_routes(struct rgw_gw *gw, const struct rgw_hearer *to)
{
	const struct rgw_conf *conf = gw->conf;
	bool *direct = rgw_xcalloc(conf->peer.n + conf->server.n, sizeof *direct);

	for (size_t i = 0; i < conf->pool.n; i++)
		tell_pool(gw, to, conf->pool.v[i]);
	for (size_t i = 0; i < conf->client.n; i++)
		note(conf, direct, conf->client.v[i]->pool);
	for (size_t i = 0; i < conf->realm.n; i++) {
		note(conf, direct, conf->realm.v[i]->pool);
		note(conf, direct, conf->realm.v[i]->acct.target);
	}
	for (size_t i = 0; i < conf->peer.n + conf->server.n; i++) {
		const struct rgw_conf_head *section = i < conf->peer.n ? &conf->peer.v[i]->head
		                                                       : &conf->server.v[i - conf->peer.n]->head;

		if (direct[i])
			tell_route(to, section->name, is_usable(gw, section));
	}
	free(direct);
}

/* ---- measures ---- */

static void
tell_durations(const struct rgw_hearer *to, const struct rgw_target *target)
{
	static const char *const ranges[RGW_HISTOGRAM_BOUNDS + 1] = { "1ms", "2ms", "5ms", "10ms", "20ms", "50ms",
		"100ms", "200ms", "500ms", "1s", "2s", "5s", "10s", "30s", "longer" };
	const struct rgw_histogram *h = &target->measures.durations;
	struct rgw_cell cells[RGW_HISTOGRAM_BOUNDS + 2];

	_Static_assert(sizeof cells / sizeof cells[0] <= RGW_CELLS, "a row holds a histogram");
	for (size_t i = 0; i <= RGW_HISTOGRAM_BOUNDS; i++)
		cells[i] = rgw_c_add(ranges[i], h->counts[i]);
	cells[RGW_HISTOGRAM_BOUNDS + 1] = rgw_c_add("sum_ms", h->sum);
	tell(to, target->conf->name, cells, sizeof cells / sizeof cells[0]);
}

static void
tell_answers(const struct rgw_hearer *to, const struct rgw_target *target)
{
	static const char *const keys[RGW_ANSWERS] = {
		[RGW_ANSWER_ACCEPT] = "accept", [RGW_ANSWER_REJECT] = "reject", [RGW_ANSWER_CHALLENGE] = "challenge",
		[RGW_ANSWER_ACCOUNTING] = "accounting", [RGW_ANSWER_PROTOCOL_ERROR] = "protocol_error",
	};
	struct rgw_cell cells[RGW_ANSWERS];

	for (size_t i = 0; i < RGW_ANSWERS; i++)
		cells[i] = rgw_c_add(keys[i], target->measures.answers[i]);
	tell(to, target->conf->name, cells, RGW_ANSWERS);
}

/* Tells a row for each target: each peer that we connect to, and each server. */
static void
tell_targets(struct rgw_gw *gw, const struct rgw_hearer *to,
    void (*each)(const struct rgw_hearer *to, const struct rgw_target *target))
{
	for (size_t i = 0; i < gw->conf->peer.n; i++)
		if (gw->conf->peer.v[i]->connect.n > 0)
			each(to, rgw_target_of(gw, &gw->conf->peer.v[i]->head));
	for (size_t i = 0; i < gw->conf->server.n; i++)
		each(to, rgw_target_of(gw, &gw->conf->server.v[i]->head));
}

void
rgw_tell_durations(struct rgw_gw *gw, const struct rgw_hearer *to)
{
	tell_targets(gw, to, tell_durations);
}

void
rgw_tell_answers(struct rgw_gw *gw, const struct rgw_hearer *to)
{
	tell_targets(gw, to, tell_answers);
}

/* ---- NASes ---- */

/* Who is told of the NASes of this gateway. */
struct nases {
	struct rgw_gw *gw;
	const struct rgw_hearer *to;
};

/* The name of a NAS as text: an address, or what it calls itself, in which nothing stands that is not to be printed. */
static const char *
nas_text(const struct rgw_nas_entry *entry, unsigned kind, char text[static RGW_ATTR_VALUE_MAX + 1])
{
	struct rgw_addr addr = { .family = kind == RGW_NAME_IP ? 4 : 6 };
	size_t len = entry->names.v[kind].len;

	if ((kind == RGW_NAME_IP && len == 4) || (kind == RGW_NAME_IPV6 && len == sizeof addr.ip)) {
		memcpy(addr.ip, entry->names.v[kind].p, len);
		return rgw_addr_format(&addr, text);
	}
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(entry->names.v[kind].p[i] >= 0x20 && entry->names.v[kind].p[i] < 0x7f
		        ? entry->names.v[kind].p[i] : '?');
	text[len] = '\0';
	return text;
}

static void
tell_nas(void *ctx, const struct rgw_nas_entry *entry)
{
	static const char *const kinds[RGW_NAS_NAMES] = { "NAS-IP-Address", "NAS-IPv6-Address", "NAS-Identifier" };
	const struct nases *n = ctx;
	const struct rgw_known *known = rgw_known_by_id(n->gw, entry->from.is_peer ? RGW_CONF_PEER : RGW_CONF_CLIENT,
	    entry->from.id);
	char text[RGW_ATTR_VALUE_MAX + 1];
	unsigned kind = 0;

	while (kind < RGW_NAS_NAMES && entry->names.v[kind].len == 0)
		kind++;
	if (entry->is_session || kind == RGW_NAS_NAMES || known == NULL)
		return;
	tell(n->to, nas_text(entry, kind, text), (const struct rgw_cell[]){
		rgw_c_same(rgw_f_str("attribute", kinds[kind])),
		rgw_c_same(rgw_f_str("behind", entry->from.is_peer ? "peer" : "client")),
		rgw_c_same(rgw_f_str("name", known->section->name)),
		rgw_c_same(rgw_f_uint("seconds", (n->gw->log->now - entry->seen) / 1000)),
	}, 4);
}

void
rgw_tell_nases(struct rgw_gw *gw, const struct rgw_hearer *to)
{
	if (gw->log->worker <= 1)
		rgw_nastable_each(&gw->common->nases, tell_nas, &(struct nases){ gw, to });
}
