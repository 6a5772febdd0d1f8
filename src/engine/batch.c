/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

/* Packets that came together, from datagrams or from a stream; whoever collects them owns the batch. */

bool
rgw_batch_take(struct rgw_batch *b, bool (*take)(void *arg, struct rgw_auth_check *checked, rgw_ms now), void *arg,
    rgw_ms now)
{
	size_t n = b->n;

	b->n = 0;
	rgw_auth_check(b->checks, n);
	for (size_t i = 0; i < n; i++)
		if (!take(arg, &b->checks[i], now))
			return false;
	return true;
}
