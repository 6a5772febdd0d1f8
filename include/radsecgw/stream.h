/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_STREAM_H
#define RADSECGW_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/time.h"
#include "radsecgw/wire.h"

/*
 * Cuts packets out of a stream (P-STR). Whole packets are handed out where they lie; only the start of a packet that
 * has not arrived yet is copied, into a buffer that exists no longer than needed, so an idle connection keeps none.
 */
struct rgw_stream {
	uint8_t *part;    /* owned: the incomplete packet, or NULL */
	uint16_t have;    /* number of octets in `part` */
	rgw_ms since;     /* when the first octet of `part` came (P-STR-6); RGW_NEVER without one */
};

void rgw_stream_init(struct rgw_stream *s);
void rgw_stream_fini(struct rgw_stream *s);

enum rgw_stream_result {
	RGW_STREAM_PACKET,     /* *packet is one whole packet by its Length */
	RGW_STREAM_MORE,       /* all input is taken; wait for the next octets */
	RGW_STREAM_BAD_LENGTH, /* Length below 20 or above 4096: close (P-STR-5, P-TCP-35b, c); *packet
	                        * is the four octets up to it, for the log */
	RGW_STREAM_NO_MEMORY,
};

/* Takes input from `in` and gives the next packet. Call again with the same cursor until the result is something other
 * than PACKET (P-STR-7). *packet borrows from the input or from the stream and is valid until the next call. */
enum rgw_stream_result rgw_stream_next(struct rgw_stream *s, struct rgw_rd *in, rgw_ms now,
    struct rgw_rd *packet) RGW_MUST_USE;

#endif
