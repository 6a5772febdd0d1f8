/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_TARGET_H
#define ENGINE_TARGET_H

/*
 * A target is a neighbour that requests are sent to: what a peer and a server have in common. A target is part of its
 * peer or server. A request sees nothing of a neighbour but the target, and the lanes that the target lends. The state
 * of a target is told by its standing (P-FO-1, P-TCP-15); requests that no lane can take yet wait on its queue.
 */

#include "radsecgw/conf.h"
#include "radsecgw/counters.h"
#include "radsecgw/list.h"
#include "radsecgw/log.h"
#include "radsecgw/timerq.h"

#include "../engine.h"
#include "lane.h"
#include "measures.h"

struct rgw_doubt;
struct rgw_target;

/* How a target stands, the better first. */
enum rgw_standing {
	RGW_UP,         /* the target works */
	RGW_IDLE,       /* nothing is under way to the target, and nothing is known against it */
	RGW_SHAKY,      /* something speaks against the target, but it is not given up: others go first */
	RGW_PROVING,    /* the target is back after a failure, and not proven yet */
	RGW_RETURNING,  /* the target has failed, but nothing says yet that it cannot be reached again at once */
	RGW_DOUBTFUL,   /* all connections of the target are suspected */
	RGW_DOWN,
	RGW_UNFIT,      /* the target does not offer the service */
};

/* What befalls a request that would wait for a target. */
enum rgw_trouble {
	RGW_TROUBLE_FULL,   /* the target has no room for the request */
	RGW_TROUBLE_WAITS,  /* the request begins to wait */
	RGW_TROUBLE_TIME,   /* the request has waited as long as the target allows */
};

/* What a request wants of a lane. */
struct rgw_wish {
	const struct rgw_packet *packet;  /* borrowed: the request */
	unsigned service;                 /* RGW_SERVICE_* of the request */
	enum rgw_care care;
	uint32_t prefer;                  /* serial of the lane where the request's conversation lives; 0 = any lane */
	const uint32_t *left;             /* borrowed: serials of lanes that the request must not come back to
	                                   * (P-TCP-27) */
	unsigned n_left;
	bool yields;                      /* result: no lane can take the request, but one may take those behind it */
};

/* Requests that wait for a lane of a target, oldest first, and the number of requests that the target has. */
struct rgw_queue {
	struct rgw_target *target;     /* borrowed: the owner */
	struct rgw_link waiting;       /* attempts that wait, oldest first */
	uint32_t n;                    /* number of attempts that wait ... */
	uint32_t n_as[RGW_CARES];      /* ... and the same by the care they are sent with */
	uint32_t n_sent;               /* number of requests that are on a lane */
	uint32_t limit;                /* number of requests that may wait ... */
	bool limits_sent;              /* ... or wait and be sent, if limits_sent; else requests with care are not
	                                * counted */
	bool pumping;                  /* the queue is being worked on */
	rgw_ms time;                   /* milliseconds that a request may wait; RGW_NEVER = as long as it lives */
	struct rgw_timer timer;        /* when the first attempt has waited as long as it may */
};

/* What differs between peers and servers. An operation that is NULL has nothing to do. */
struct rgw_target_ops {
	const char *field;              /* what log lines call the target: "peer", "server" */
	const char *unanswered;         /* what it may mean that the target does not answer, for the log */
	enum rgw_counter full;          /* counts requests that end since the target has no room */
	bool is_many;                   /* a request that one lane has lost may be sent on another one at once */
	/* `service` is one of RGW_SERVICE_*. */
	enum rgw_standing (*standing)(struct rgw_target *target, unsigned service, rgw_ms now);
	/* The number of requests that the target has or that wait for it. */
	size_t (*load)(struct rgw_target *target);
	/* A lane that can take a request now; NULL = there is none. */
	struct rgw_lane *(*lane)(struct rgw_target *target, struct rgw_wish *wish, rgw_ms now);
	/* The request that is to give way because all identifiers are taken: the one that has waited longest for an
	 * answer. NULL as a result: none has waited long enough. */
	struct rgw_ticket *(*longest)(struct rgw_target *target, rgw_ms now);
	/* A request waits: brings about a turn RGW_TURN_ROOM soon. */
	void (*wake)(struct rgw_target *target, unsigned service, rgw_ms now);
	/* The load has changed: opens the connections that it asks for. Not to be called in a loop over requests, which
	 * this may move. */
	void (*grow)(struct rgw_target *target, rgw_ms now);
	/* Asks on all lanes whether the far end lives. NULL = that cannot be asked. */
	void (*ask)(struct rgw_target *target, rgw_ms now);
	/* The target is needed: if it was given up, it is tried soon. */
	void (*call)(struct rgw_target *target, rgw_ms now);
	/* Does the target have the address, whatever the port? NULL = that is not known. */
	bool (*has_address)(struct rgw_target *target, const struct rgw_addr *addr);
	/* Writes a line, and may count, about a request that waits or would. */
	void (*complain)(struct rgw_target *target, unsigned service, enum rgw_trouble trouble,
	    const struct rgw_field *origin);
};

/* Targets that can serve the same requests, as [pool] says (P-FO-3). An edition owns its pools, but for the pool that
 * the name of a single target means, which is part of the target. */
struct rgw_pool {
	const struct rgw_conf_pool *conf;  /* borrowed */
	struct rgw_target **members;       /* owned array of borrowed targets */
	size_t n;
	size_t next;                       /* round-robin: index of the member that is next */
};

struct rgw_target {
	const struct rgw_conf_head *conf;         /* borrowed: the target's section, as the next one */
	const struct rgw_target_ops *ops;
	struct rgw_gw *gw;                        /* borrowed: the owner */
	uint32_t number;                          /* number by which targets are told apart; never 0, nor used twice */
	struct rgw_queue *queues[RGW_SERVICES];   /* borrowed: parts of the peer or server; the same queue for both
	                                           * services if these share lanes; NULL = no such service */
	/* What requests know about it: */
	struct rgw_pool alone;                    /* the pool of one member that the target's name means */
	struct rgw_target *self;                  /* the only member of that pool */
	struct rgw_previous previous;             /* use of the target's previous secret, as an asker, too */
	bool held;                                /* the target gets no new requests, but for logins that began there */
	rgw_ms asked_at;                          /* when a request was given to the target last */
	rgw_ms heard_at;                          /* when the last packet with the right authenticator came from the
	                                           * target */
	rgw_ms silent_until;                      /* time until which others go first, since they answered what the
	                                           * target did not */
	struct rgw_measures measures;             /* of its answers */
	char trouble[64];                         /* why the last connection to the target did not come up, for people;
	                                           * empty = it did, or there was none */
	struct rgw_doubt *doubt;                  /* owned: the realm for which the target was silent; NULL = none */
};

static inline struct rgw_queue *
rgw_target_queue(const struct rgw_target *target, unsigned service)
{
	return target->queues[rgw_service_index(service)];
}

/* The queue of the service with this index; NULL = the target has no such service, or the queue is that of an earlier
 * service, too. So a loop over all indexes meets each queue once. */
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
/* Changes the limit and the time, also for the requests that wait. */
void rgw_queue_change(struct rgw_queue *queue, uint32_t limit, rgw_ms time);
/* nas.c: the NAS of a client at this address, as a target, from now until it is not used for long. NULL = there are too
 * many, or there is no memory. */
struct rgw_target *rgw_nas_target(struct rgw_gw *gw, struct rgw_known *client, const struct rgw_addr *addr, rgw_ms now);
/* The target of a [peer] or [server] section of the current edition. */
struct rgw_target *rgw_target_of(struct rgw_gw *gw, const struct rgw_conf_head *section);

#endif
