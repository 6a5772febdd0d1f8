/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_EVENTTIME_H
#define RADSECGW_EVENTTIME_H

#include <stdint.h>

#include "radsecgw/packet.h"

/* Event-Timestamp, which tells whether a CoA or Disconnect, or the answer to one, was made just now or is an old one
 * that somebody repeats (P-COA-30 to 32). */

/* Seconds that the time may lie before or after ours. */
#define RGW_EVENT_WINDOW 300

enum rgw_event_time {
	RGW_EVENT_UNTOLD,  /* the packet has no Event-Timestamp of the right length */
	RGW_EVENT_FRESH,
	RGW_EVENT_STALE,
};

/* `now`: seconds of wall time. If there are several, the first one counts. */
enum rgw_event_time rgw_event_time(const struct rgw_packet *packet, int64_t now);

#endif
