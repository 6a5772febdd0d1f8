/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "net_priv.h"

/* The clock of a worker. This is the only place that reads it for the engine and the log. */

rgw_ms
rgw_clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (rgw_ms)ts.tv_sec * 1000 + (rgw_ms)ts.tv_nsec / 1000000;
}

rgw_ms
rgw_net_now(struct rgw_net *net)
{
	net->log->now = rgw_clock_now();
	return net->log->now;
}
