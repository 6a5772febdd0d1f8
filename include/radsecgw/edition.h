/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_EDITION_H
#define RADSECGW_EDITION_H

#include "radsecgw/conf.h"
#include "radsecgw/list.h"

struct rgw_gw;
struct rgw_pool;
struct rgw_realms;

/*
 * An edition is a configuration as one worker has it, for as long as anything lives that began under it: while a
 * gateway takes up a new configuration, requests, connections and handshakes end under the one under which they
 * began, so several editions are alive. Whoever reads the configuration of an edition beyond the call that showed it
 * holds a reference: the gateway holds each edition until nobody else does, and the current one always; each request,
 * connection, socket towards a server and handshake holds the edition that it needs.
 *
 * An edition belongs to one worker. It is made by any thread, and after that only the thread of the worker touches
 * it, so references are plain numbers.
 */
struct rgw_edition {
	unsigned refs;               /* number of references */
	const struct rgw_conf *conf; /* borrowed until `over`: the worker's view */
	struct rgw_realms *realms;   /* owned */
	struct rgw_pool *pools;      /* owned: pools by the index of their section, from the moment when a gateway takes
	                              * the edition up; see engine/requests/pool.c */
	uint64_t serial;             /* set by the gateway: editions are counted in the order in which they came */
	struct rgw_link link;        /* among the editions that the gateway still knows */
	struct rgw_gw *gw;           /* borrowed: the gateway that has taken up the edition; NULL = none has, or it is
	                              * gone ... */
	void (*left)(struct rgw_edition *edition);  /* ... and what it does when only its own reference is left */
	bool seen_left;              /* the gateway has seen it so */
	/* Called when nobody holds the edition any more, which is gone after the call: its configuration may be freed.
	 * It may be NULL. */
	void (*over)(void *ctx, const struct rgw_conf *conf);
	void *ctx;                   /* borrowed: what `over` is given */
};

/* Makes an edition of this configuration; the caller has the first reference. This takes a while for thousands of
 * realms, and is better done where no traffic waits for it. */
struct rgw_edition *rgw_edition_new(const struct rgw_conf *conf, void (*over)(void *ctx, const struct rgw_conf *conf),
    void *ctx) RGW_MUST_USE;
/* Takes one more reference; returns the edition. */
struct rgw_edition *rgw_edition_hold(struct rgw_edition *edition);
/* Gives a reference back. The edition may be over then. NULL is ignored. */
void rgw_edition_drop(struct rgw_edition *edition);

#endif
