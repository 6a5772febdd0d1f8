/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_TARGET_H
#define ENGINE_TARGET_H

/*
 * A target is a neighbour that requests are sent to: what a peer and a server have in common. It is part of the peer or
 * server. A request sees nothing else of them but targets, and the lanes that they lend. The state of a target is told
 * by its standing (P-FO-1, P-TCP-15); requests that no lane can take yet wait on its queue.
 */

#include "radsecgw/conf.h"
#include "radsecgw/counters.h"
#include "radsecgw/list.h"
#include "radsecgw/log.h"
#include "radsecgw/timerq.h"

#include "../engine.h"
#include "lane.h"

struct rgw_doubt;
struct rgw_target;

/* How a target stands, the better first. */
enum rgw_standing {
	RGW_UP,         /* it works */
	RGW_IDLE,       /* nothing is under way to it, and nothing is known against it */
	RGW_SHAKY,      /* something speaks against it, but it is not given up: others go first */
	RGW_PROVING,    /* it is back after a failure, and not proven yet */
	RGW_RETURNING,  /* it has failed, but nothing says yet that it cannot be reached again at once */
	RGW_DOUBTFUL,   /* all of its connections are suspected */
	RGW_DOWN,
	RGW_UNFIT,      /* it does not offer the service */
};

/* What becomes of who would wait for a target. */
enum rgw_trouble {
	RGW_TROUBLE_FULL,   /* there is no room */
	RGW_TROUBLE_WAITS,  /* it begins to wait */
	RGW_TROUBLE_TIME,   /* it has waited as long as the target allows */
};

/* What a request wants of a lane. */
struct rgw_wish {
	const struct rgw_packet *packet;  /* borrowed: the request */
	unsigned service;                 /* RGW_SERVICE_* of it */
	enum rgw_care care;
	uint32_t prefer;                  /* serial of the lane where its conversation lives; 0 = any */
	const uint32_t *left;             /* borrowed: serials of lanes that it must not come back to (P-TCP-27) */
	unsigned n_left;
	bool yields;                      /* result: there is none for it, but there may be for those behind it */
};

/* Requests that wait for a lane of a target, oldest first, and how many of its requests there are. */
struct rgw_queue {
	struct rgw_target *target;     /* borrowed: the owner */
	struct rgw_link waiting;       /* attempts */
	uint32_t n;                    /* how many they are ... */
	uint32_t n_as[RGW_CARES];      /* ... and the same by their care */
	uint32_t n_sent;               /* requests that are on a lane */
	uint32_t limit;                /* so many may wait ... */
	bool limits_sent;              /* ... and be sent; else those with care are not counted */
	bool pumping;                  /* it is being worked on */
	rgw_ms time;                   /* so long one may wait; RGW_NEVER = as long as it lives */
	struct rgw_timer timer;        /* the first of them has waited as long as it may */
};

/* What differs between peers and servers. An operation that is NULL has nothing to do. */
struct rgw_target_ops {
	const char *field;              /* what log lines call it */
	const char *unanswered;         /* what it may mean that it does not answer, for the log */
	enum rgw_counter full;          /* counts requests that end since it has no room */
	bool is_many;                   /* what one lane has lost may be sent on another one at once */
	/* `service` is one of RGW_SERVICE_*. */
	enum rgw_standing (*standing)(struct rgw_target *target, unsigned service, rgw_ms now);
	/* Requests that it has or that wait for it. */
	size_t (*load)(struct rgw_target *target);
	/* A lane that can take a request now; NULL = there is none. */
	struct rgw_lane *(*lane)(struct rgw_target *target, struct rgw_wish *wish, rgw_ms now);
	/* All identifiers are taken, and it is time that somebody gives way: whoever has waited longest for an answer.
	 * NULL as a result: nobody. */
	struct rgw_ticket *(*longest)(struct rgw_target *target, rgw_ms now);
	/* Somebody waits: there is a turn RGW_TURN_ROOM soon. */
	void (*wake)(struct rgw_target *target, unsigned service, rgw_ms now);
	/* The load has changed: opens what it asks for. Not to be called in a loop over requests, which it may move. */
	void (*grow)(struct rgw_target *target, rgw_ms now);
	/* Asks on all lanes whether the far end lives. NULL = that cannot be asked. */
	void (*ask)(struct rgw_target *target, rgw_ms now);
	/* It is needed: if it was given up, it is tried soon. */
	void (*call)(struct rgw_target *target, rgw_ms now);
	/* A line, and a counter perhaps, about a request that waits or would. */
	void (*complain)(struct rgw_target *target, unsigned service, enum rgw_trouble trouble,
	    const struct rgw_field *origin);
};

/* Targets that can serve the same requests, as [pool] says (P-FO-3). The gateway owns pools, but for those of one that
 * the name of a target means. */
struct rgw_pool {
	const struct rgw_conf_pool *conf;  /* borrowed */
	struct rgw_target **members;       /* owned array of borrowed targets */
	size_t n;
	size_t next;                       /* round-robin: who is next */
};

struct rgw_target {
	const struct rgw_conf_head *conf;         /* borrowed: its section, as the next three */
	const struct rgw_target_ops *ops;
	const struct rgw_conf_refs *rewrite_in;
	const struct rgw_conf_refs *rewrite_out;
	struct rgw_gw *gw;                        /* borrowed: the owner */
	uint32_t number;                          /* tells targets apart */
	struct rgw_queue *queues[RGW_SERVICES];   /* borrowed: part of what the target is part of; the same one for both
	                                           * services where these share lanes; NULL = no such service */
	/* What requests know about it: */
	struct rgw_pool alone;                    /* the pool of one that its name means */
	struct rgw_target *self;                  /* the only member of that pool */
	bool held;                                /* it gets no new requests, but for logins that have begun there */
	rgw_ms asked_at;                          /* when a request was given to it last */
	rgw_ms heard_at;                          /* the last packet from it with the right authenticator */
	rgw_ms silent_until;                      /* others answered what it did not: they go first until then */
	struct rgw_doubt *doubt;                  /* owned: for which realm that was; NULL = none */
};

static inline struct rgw_queue *
rgw_target_queue(const struct rgw_target *target, unsigned service)
{
	return target->queues[rgw_service_index(service)];
}

/* The queue of the service with this index; NULL = there is none, or it is that of a service before, too. So a loop
 * over all indexes meets each queue once. */
static inline struct rgw_queue *
rgw_target_nth_queue(const struct rgw_target *target, unsigned i)
{
	for (unsigned j = 0; j < i; j++)
		if (target->queues[j] == target->queues[i])
			return NULL;
	return target->queues[i];
}

static inline struct rgw_field
rgw_f_target(const struct rgw_target *target)
{
	return rgw_f_str(target->ops->field, target->conf->name);
}

/* target.c */
void rgw_target_init(struct rgw_target *target, struct rgw_gw *gw, const struct rgw_conf_head *conf,
    const struct rgw_target_ops *ops);
void rgw_target_fini(struct rgw_target *target);
void rgw_queue_init(struct rgw_queue *queue, struct rgw_target *target, uint32_t limit, rgw_ms time);
void rgw_queue_fini(struct rgw_queue *queue);
/* The target of a [peer] or [server] section. */
struct rgw_target *rgw_target_of(struct rgw_gw *gw, const struct rgw_conf_head *section);

#endif
