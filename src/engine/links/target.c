/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <stdlib.h>

/* What peers and servers have in common as targets of requests; each of them embeds its target and queues. */

/* The settings of the pool that stands for a single peer or server named where a pool is wanted. */
static const struct rgw_conf_pool alone = {
	.policy = RGW_POOL_FAILOVER,
	.outage_auth = RGW_OUTAGE_AUTH_DROP,
	.outage_acct = RGW_OUTAGE_ACCT_DROP,
};

void
rgw_target_init(struct rgw_target *target, struct rgw_gw *gw, const struct rgw_conf_head *conf,
    const struct rgw_target_ops *ops)
{
	*target = (struct rgw_target){ .conf = conf, .ops = ops, .gw = gw, .number = ++gw->n_numbers, .self = target };
	target->alone = (struct rgw_pool){ .conf = &alone, .members = &target->self, .n = 1 };
}

void
rgw_target_fini(struct rgw_target *target)
{
	free(target->doubt);
}

static void
on_queue_timer(struct rgw_timer *timer, rgw_ms now)
{
	rgw_on_target(RGW_CONTAINER(timer, struct rgw_queue, timer)->target, RGW_TURN_OVERDUE, now);
}

void
rgw_queue_init(struct rgw_queue *queue, struct rgw_target *target, uint32_t limit, rgw_ms time)
{
	*queue = (struct rgw_queue){ .target = target, .limit = limit, .time = time };
	rgw_link_init(&queue->waiting);
	rgw_timer_init(&queue->timer, on_queue_timer);
}

void
rgw_queue_change(struct rgw_queue *queue, uint32_t limit, rgw_ms time)
{
	queue->limit = limit;
	if (time == queue->time)
		return;
	queue->time = time;
	/* Those that wait are looked at, and the timer follows. */
	if (queue->n > 0)
		rgw_timer_set(&queue->target->gw->timers, &queue->timer, queue->target->gw->log->now);
}

void
rgw_queue_fini(struct rgw_queue *queue)
{
	rgw_timer_unset(&queue->target->gw->timers, &queue->timer);
}

struct rgw_target *
rgw_target_of(struct rgw_gw *gw, const struct rgw_conf_head *section)
{
	if (section->kind == RGW_CONF_PEER)
		return &rgw_peer_by_id(gw, section->id)->target;
	return &rgw_server_by_id(gw, section->id)->target;
}
