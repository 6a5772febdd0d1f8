/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_RETRANS_H
#define RADSECGW_RETRANS_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/time.h"

/* How a request is repeated (RFC 5080 2.2.1): first time-out, longest time-out, number of transmissions and time in
 * all; 0 = no limit. */
struct rgw_retransmit {
	rgw_ms irt;
	rgw_ms mrt;
	rgw_ms mrd;
	uint32_t mrc;
};

/*
 * When a request over UDP is sent again, and when that has no use any more (RFC 5080 2.2.1, P-RTX-1,
 * P-RTX-4). Pure: the caller brings the time and 16 random bits for the jitter.
 */
struct rgw_retrans {
	rgw_ms rt;      /* milliseconds of the current time-out */
	rgw_ms since;   /* when the request was sent first */
	uint32_t sent;  /* number of transmissions so far */
};

/* Begins when the request was sent for the first time. Returns the time at which to call rgw_retrans_again. */
rgw_ms rgw_retrans_begin(struct rgw_retrans *r, const struct rgw_retransmit *conf,
    uint16_t random, rgw_ms now);

/* Decides after no answer came in time. true = send the request again now and ask again at *next; false = give
 * up. */
bool rgw_retrans_again(struct rgw_retrans *r, const struct rgw_retransmit *conf, uint16_t random,
    rgw_ms now, rgw_ms *next) RGW_MUST_USE;

/* Returns the value with jitter: up to a tenth more or less. */
rgw_ms rgw_jitter(rgw_ms value, uint16_t random);

#endif
