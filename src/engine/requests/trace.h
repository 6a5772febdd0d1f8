/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_TRACE_H
#define ENGINE_TRACE_H

/*
 * What the way of a request tells the trace, if there is one (radsecgw/trace.h). A request that is followed has
 * `traced`; of others nothing is told.
 */

#include "radsecgw/trace.h"
#include "requests.h"

/* A request has come, and its trail has begun. */
void rgw_trace_came(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);
/* A packet was dropped before it became a request; as rgw_trail_dropped. */
void rgw_trace_dropped(struct rgw_gw *gw, enum rgw_counter how, const char *asker, bool is_peer,
    const struct rgw_addr *from, const struct rgw_packet *p, rgw_ms now);
void rgw_trace_step(const struct rgw_req *req, enum rgw_step what, uint32_t number, uint32_t second, const char *text,
    rgw_ms now);
/* A packet of the request, `kind` being SENT, ANSWERED or REPLIED. */
void rgw_trace_packet(const struct rgw_req *req, enum rgw_trace_kind kind, uint32_t number, const char *text,
    const uint8_t *octets, size_t len, rgw_ms now);
void rgw_trace_ended(const struct rgw_req *req, enum rgw_counter how, enum rgw_result result, rgw_ms now);

#endif
