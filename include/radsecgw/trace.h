/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TRACE_H
#define RADSECGW_TRACE_H

#include "radsecgw/packet.h"
#include "radsecgw/search.h"

/*
 * A trace follows the requests of one worker that come from now on and are like those that somebody looks for: what
 * happens to them gathers as events until it is fetched. Packets are events with their attributes as people read them,
 * without secrets, and with no more of users and devices than the log may show (decode.h). There is one trace at the
 * most. It takes RGW_TRACE_OCTETS and no more: what finds no room is counted. It ends when its time is over, or if
 * nobody has fetched anything for RGW_TRACE_FETCH_MS. Without a trace nothing of this costs anything.
 */
#define RGW_TRACE_OCTETS (128u << 10)
#define RGW_TRACE_FETCH_MS 5000

enum rgw_trace_kind {
	RGW_TRACE_CAME,      /* a request came; text: who asked; its packet */
	RGW_TRACE_DROPPED,   /* a packet was dropped before it became a request; the same, number: enum rgw_counter */
	RGW_TRACE_STEP,      /* `step` as in a trail */
	RGW_TRACE_SENT,      /* it was sent; text: to whom; number: serial of the connection, 0 = UDP; its packet */
	RGW_TRACE_ANSWERED,  /* an answer came; text: from whom; its packet */
	RGW_TRACE_REPLIED,   /* a packet goes back to whoever asked */
	RGW_TRACE_ENDED,     /* it has ended; number: enum rgw_counter; second: enum rgw_result */
};

/* All pointers are borrowed during the call that hands it over. */
struct rgw_trace_event {
	enum rgw_trace_kind kind;
	rgw_ms at;
	rgw_ms after;             /* milliseconds since the request came */
	uint32_t serial;          /* of the request at its worker; 0 = it never became one */
	uint16_t worker;          /* from 1 */
	uint8_t code, id;         /* of the packet; code 0 = there is none */
	bool is_peer;             /* a peer asked, and not a client */
	enum rgw_step step;
	uint32_t number, second;
	struct rgw_addr from;
	const char *text;
	const char *attributes;   /* see rgw_trace_attribute */
	size_t len;
};

/* Begins a trace that ends at `until`; one that there was is over. What is looked for is copied; only its texts
 * count. */
void rgw_gw_trace(struct rgw_gw *gw, const struct rgw_search *search, rgw_ms until, rgw_ms now);
/* Hands over what has gathered, oldest first, and the number of events that found no room. false = there is no trace
 * (any more). */
bool rgw_gw_trace_fetch(struct rgw_gw *gw, void (*take)(void *ctx, const struct rgw_trace_event *event), void *ctx,
    uint64_t *left_out, rgw_ms now) RGW_MUST_USE;
void rgw_gw_trace_end(struct rgw_gw *gw);

/* The attribute at *at, which moves on, of an event: its name, and its value of *len octets, any of which may be there.
 * NULL = there are no more. */
const char *rgw_trace_attribute(const struct rgw_trace_event *event, size_t *at, const uint8_t **value, size_t *len);

#endif
