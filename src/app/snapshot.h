/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_SNAPSHOT_H
#define RADSECGW_APP_SNAPSHOT_H

#include <stdint.h>
#include <time.h>

#include "radsecgw/conf.h"
#include "radsecgw/list.h"

/*
 * A snapshot is a configuration that was read, for as long as anybody needs it: it is in effect, or it was until a
 * moment ago and can come back, or something that began under it has not ended in one of the workers. Its references
 * are plain numbers, which only the thread of the process touches.
 */
struct rgw_snapshot {
	struct rgw_conf *conf;  /* owned */
	uint32_t refs;          /* number of references */
	time_t read;            /* when it was read from its files */
};

/* Takes over the configuration, which was read just now; the caller has the first reference. */
struct rgw_snapshot *rgw_snapshot_new(struct rgw_conf *conf) RGW_MUST_USE;
/* Takes one more reference; returns the snapshot. */
struct rgw_snapshot *rgw_snapshot_hold(struct rgw_snapshot *snapshot);
/* Gives a reference back; the last one frees the configuration. NULL is ignored. */
void rgw_snapshot_drop(struct rgw_snapshot *snapshot);

#endif
