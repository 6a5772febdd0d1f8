/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/eventtime.h"

#include "radsecgw/wire.h"

/* The age of a packet by its Event-Timestamp, four octets of Unix time. */

enum rgw_event_time
rgw_event_time(const struct rgw_packet *packet, int64_t now)
{
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(packet, &a)) {
		struct rgw_rd r = rgw_rd_of(a.value, a.len);
		int64_t age;

		if (a.type != RGW_EVENT_TIMESTAMP || a.len != 4)
			continue;
		age = now - (int64_t)rgw_rd_u32(&r);
		return age <= RGW_EVENT_WINDOW && age >= -RGW_EVENT_WINDOW ? RGW_EVENT_FRESH : RGW_EVENT_STALE;
	}
	return RGW_EVENT_UNTOLD;
}
