/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include "radsecgw/build.h"

/* The Status-Server by which we ask whether a target lives; peers (guard.c) and servers (health.c) are asked alike. */

size_t
rgw_probe_build(struct rgw_gw *gw, uint8_t id, const struct rgw_side *side)
{
	static const char name[] = "radsecgw";
	struct rgw_builder b;

	rgw_build_begin(&b, gw->scratch, sizeof gw->scratch, RGW_STATUS_SERVER, id,
	    rgw_gw_random(gw, RGW_AUTH_LEN), true);
	rgw_build_attr(&b, RGW_NAS_IDENTIFIER, name, sizeof name - 1);
	return rgw_build_request(&b, side->secret);
}
