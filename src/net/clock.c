/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "net_priv.h"

/* The clock of a worker. This is the only place that reads it for the engine and the log. */

rgw_ms
rgw_net_now(struct rgw_net *net)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	net->log->now = (rgw_ms)ts.tv_sec * 1000 + (rgw_ms)ts.tv_nsec / 1000000;
	return net->log->now;
}
