/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

/* Random numbers of the gateway, which come from the outer layer in batches. */

const uint8_t *
rgw_gw_random(struct rgw_gw *gw, size_t n)
{
	if (gw->random_left < n) {
		gw->ops->random(gw->ops_ctx, gw->random, sizeof gw->random);
		gw->random_left = sizeof gw->random;
	}
	gw->random_left -= n;
	return gw->random + gw->random_left;
}

uint16_t
rgw_gw_random16(struct rgw_gw *gw)
{
	const uint8_t *r = rgw_gw_random(gw, 2);

	return (uint16_t)(r[0] << 8 | r[1]);
}

rgw_ms
rgw_gw_below(struct rgw_gw *gw, rgw_ms most)
{
	return most * rgw_gw_random16(gw) / UINT16_MAX;
}

rgw_ms
rgw_gw_spread(struct rgw_gw *gw, rgw_ms delay)
{
	return delay + rgw_gw_below(gw, delay / 2);
}
