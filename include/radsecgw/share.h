/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_SHARE_H
#define RADSECGW_SHARE_H

#include "radsecgw/conf.h"
#include "radsecgw/list.h"

/*
 * The share of one worker. Limits that hold for the whole gateway but are not counted in common (see common.h) are
 * divided here and nowhere else: a worker reads a view of the configuration in which its share stands where the whole
 * stood. Shares add up to the whole; but each share is at least 1 of a limit that is not 0, since a worker with nothing
 * could not work. Rates are divided by a longer period, so they are exact.
 */

/* The view of worker number `worker`, counted from 0, of conf->gateway.workers. It borrows all but the
 * sections that it changes, so the snapshot must outlive it. */
struct rgw_conf *rgw_share_new(const struct rgw_conf *conf, uint32_t worker) RGW_MUST_USE;
/* NULL is ignored. */
void rgw_share_free(struct rgw_conf *view);

#endif
