/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snapshot.h"

#include <stdlib.h>

#include "radsecgw/confread.h"
#include "radsecgw/mem.h"

/* Snapshots and their references (see snapshot.h). */

struct rgw_snapshot *
rgw_snapshot_new(struct rgw_conf *conf)
{
	struct rgw_snapshot *snapshot = rgw_xcalloc(1, sizeof *snapshot);

	snapshot->conf = conf;
	snapshot->refs = 1;
	snapshot->read = time(NULL);
	return snapshot;
}

struct rgw_snapshot *
rgw_snapshot_hold(struct rgw_snapshot *snapshot)
{
	snapshot->refs++;
	return snapshot;
}

void
rgw_snapshot_drop(struct rgw_snapshot *snapshot)
{
	if (snapshot == NULL || --snapshot->refs > 0)
		return;
	rgw_conf_free(snapshot->conf);
	free(snapshot);
}
