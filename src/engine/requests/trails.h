/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_TRAILS_H
#define ENGINE_TRAILS_H

/*
 * The trails of the requests of one worker: those that are open, and the last ones that have ended, as many as
 * [gateway] ring allows together. Requests that did not go well have half of the places for themselves, so that they
 * are found longer. A request borrows its trail while it is worked on. Packets that never became requests have some
 * places of their own: one for each way in which those of one neighbour were dropped.
 */

#include "radsecgw/counters.h"
#include "radsecgw/mem.h"
#include "radsecgw/trail.h"

struct rgw_addr;
struct rgw_attempt;
struct rgw_conf_log;
struct rgw_gw;
struct rgw_packet;
struct rgw_req;
struct rgw_search;

/* Places for packets that never became requests, the first half for those of strangers. */
#define RGW_DROPS 64

/* Rewrites that are noted before there is a request. */
#define RGW_EARLY 4

struct rgw_trails {
	struct rgw_slab slab;
	size_t limit;
	uint64_t serial;                  /* of the last trail */
	struct rgw_link open;             /* owned, oldest first, as the next two */
	struct rgw_link good;
	struct rgw_link bad;
	size_t n_bad;
	const char *early[RGW_EARLY];     /* borrowed: names of the rewrites that changed the packet that comes in */
	unsigned n_early;
	uint64_t drop_keys[RGW_DROPS];    /* what tells drops apart; 0 = the place is empty */
	rgw_ms drop_seen[RGW_DROPS];
	struct rgw_trail *drops[RGW_DROPS]; /* owned */
};

void rgw_trails_init(struct rgw_gw *gw);
void rgw_trails_fini(struct rgw_gw *gw);
/* Works by another configuration. */
void rgw_trails_change(struct rgw_gw *gw);

/* A new request gets its trail, if there is room. */
void rgw_trail_begin(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);
/* The request ends in this counter; `answer`: the code of its answer, 0 = none. */
void rgw_trail_end(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint8_t answer, rgw_ms now);

/* A step of the request's way. */
void rgw_trail_note(const struct rgw_req *req, enum rgw_step what, const char *text, rgw_ms now);
void rgw_trail_note_numbers(const struct rgw_req *req, enum rgw_step what, uint32_t number, uint32_t second,
    const char *text, rgw_ms now);
/* A rewrite of this name has changed a packet; req NULL = that of a request which is coming in. */
void rgw_trail_rewritten(struct rgw_gw *gw, const struct rgw_req *req, const char *name, rgw_ms now);
/* The answer of the member. */
void rgw_trail_answered(const struct rgw_attempt *a, const struct rgw_packet *answer, rgw_ms now);

/* A packet was dropped before it became a request. `asker`: the name of whoever sent it, NULL = a stranger; `p`: NULL =
 * it was no packet. */
void rgw_trail_dropped(struct rgw_gw *gw, enum rgw_counter how, const char *asker, bool is_peer,
    const struct rgw_addr *from, const struct rgw_packet *p, rgw_ms now);

/* A trail without steps, with a number of its own; and what one is known by: facts of the packet, and who sent it. */
void rgw_trail_start(struct rgw_gw *gw, struct rgw_trail *trail, rgw_ms now);
void rgw_trail_put_facts(struct rgw_trail *trail, const struct rgw_conf_log *conf, const struct rgw_packet *p);
void rgw_trail_put_origin(struct rgw_trail *trail, const char *asker, const struct rgw_addr *from);
/* search.c: is it known by the texts that are looked for? */
bool rgw_trail_is_like(const struct rgw_trail *trail, const struct rgw_conf_log *conf, const struct rgw_search *search);

#endif
