/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_SEARCH_H
#define RADSECGW_SEARCH_H

#include "radsecgw/gateway.h"
#include "radsecgw/trail.h"

/*
 * Questions about requests, for people: which ones were there, and what would become of one. Nothing here changes
 * anything.
 */

/* What is looked for; NULL and 0 mean anything. All pointers are borrowed. */
struct rgw_search {
	const char *user;        /* as it was sent: it is hashed if the log shows hashes */
	const char *mac;         /* the same, written in any way */
	const char *realm;
	const char *asker;       /* name of a client or peer */
	const char *result;      /* name of a result, or of a reason (rgw_reason_name) */
	rgw_ms slower;           /* it took, or takes, as long as that or longer */
	rgw_ms since;            /* it was begun within this time, or ended */
	uint64_t serial;
	uint32_t worker;
	uint64_t conversation;
};

/* Hands over the trails that fit, in no order; each is borrowed during the call. */
void rgw_gw_search(struct rgw_gw *gw, const struct rgw_search *search,
    void (*found)(void *ctx, const struct rgw_trail *trail), void *ctx, rgw_ms now);

/* A request that nobody has sent. */
struct rgw_would {
	const char *user;
	const char *asker;       /* name of a client or peer; NULL = one without an option `pool` */
	bool acct;               /* an Accounting-Request, and not an Access-Request */
};

/* Says sentence by sentence what would become of it now. false = there is no such client or peer, or the name is too
 * long, which is said, too. */
bool rgw_gw_would(struct rgw_gw *gw, const struct rgw_would *would, void (*say)(void *ctx, const char *sentence),
    void *ctx, rgw_ms now) RGW_MUST_USE;

#endif
