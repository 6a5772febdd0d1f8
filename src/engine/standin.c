/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/gateway.h"

/* A stand-in that links, until the engine takes up editions. */
void
rgw_gw_adopt(struct rgw_gw *gw, struct rgw_edition *edition, rgw_ms now)
{
	(void)gw;
	(void)edition;
	(void)now;
}

void
rgw_common_adopt(struct rgw_common *common, const struct rgw_conf *conf)
{
	(void)common;
	(void)conf;
}
