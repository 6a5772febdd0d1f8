/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <stdlib.h>

#include "doors/doors.h"
#include "links/links.h"
#include "requests/requests.h"

/* The gateway of one worker from its beginning to its end; the outer layer owns it. */

/* Milliseconds for which it is remembered where a State came from: longer than people need to type a password. */
#define CONVERSATION_MS 300000

/* The numbers of realms that are remembered for their marks: realms that were ever answered, and other names. */
#define REALMS_PROVEN 16384
#define REALMS_UNPROVEN 4096

struct rgw_gw *
rgw_gw_new(struct rgw_edition *edition, struct rgw_common *common, const struct rgw_ops *ops,
    void *ops_ctx, struct rgw_log *log, rgw_ms now)
{
	const struct rgw_conf *conf = edition->conf;
	struct rgw_gw *gw = rgw_xcalloc(1, sizeof *gw);
	struct rgw_hashkey key;

	gw->common = common;
	gw->ops = ops;
	gw->ops_ctx = ops_ctx;
	gw->log = log;
	ops->random(ops_ctx, &key, sizeof key);
	rgw_timerq_init(&gw->timers);
	rgw_dupcache_init(&gw->dups, &key, sizeof(struct rgw_entry), conf->gateway.max_requests,
	    conf->gateway.request_lifetime, conf->gateway.duplicate_window);
	rgw_slab_init(&gw->reqs, sizeof(struct rgw_req), 0);
	rgw_bufs_init(&gw->bufs);
	rgw_loopmark_init(&gw->mark, &common->salt);
	rgw_conversations_init(&gw->conversations, &key, (conf->gateway.max_requests + 1) / 2, CONVERSATION_MS);
	rgw_deadrealms_init(&gw->deadrealms, &key, REALMS_PROVEN, REALMS_UNPROVEN);
	rgw_trails_init(gw);
	rgw_accept_init(gw, conf, &key, now);
	rgw_names_init(gw);
	rgw_adopt_init(gw);
	rgw_gw_adopt(gw, edition, now);
	return gw;
}

void
rgw_gw_abandon(struct rgw_gw *gw)
{
	gw->draining = true;
	rgw_entries_end(gw, gw->log->now);
}

void
rgw_gw_free(struct rgw_gw *gw)
{
	rgw_ms now = gw->log->now;

	rgw_gw_abandon(gw);
	rgw_accept_fini(gw, now);
	rgw_adopt_fini(gw, now);
	rgw_admission_fini(&gw->admission);
	rgw_names_fini(gw);
	rgw_operator_free(gw);
	rgw_conversations_fini(&gw->conversations);
	rgw_trails_fini(gw);
	rgw_deadrealms_fini(&gw->deadrealms);
	rgw_dupcache_fini(&gw->dups);
	rgw_slab_fini(&gw->reqs);
	rgw_bufs_fini(&gw->bufs);
	rgw_wipe(gw, sizeof *gw);
	free(gw);
}

rgw_ms
rgw_gw_deadline(const struct rgw_gw *gw)
{
	rgw_ms next = rgw_ms_min(rgw_timerq_next(&gw->timers), rgw_dupcache_next(&gw->dups));

	return rgw_ms_min(next, rgw_conversations_next(&gw->conversations));
}

void
rgw_gw_on_timer(struct rgw_gw *gw, rgw_ms now)
{
	rgw_entries_expire(gw, now);
	if (rgw_conversations_next(&gw->conversations) <= now)
		rgw_conversations_expire(&gw->conversations, now);
	rgw_timerq_run(&gw->timers, now);
}

void
rgw_gw_drain(struct rgw_gw *gw)
{
	gw->draining = true;
	rgw_accept_drain(gw, gw->log->now);
}

size_t
rgw_gw_pending(const struct rgw_gw *gw)
{
	return gw->holding.n;
}
