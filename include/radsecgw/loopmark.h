/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_LOOPMARK_H
#define RADSECGW_LOOPMARK_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/hash.h"
#include "radsecgw/packet.h"

/*
 * The Proxy-State that we add to requests, and by which we know them if they come back (P-PRX-7): four octets that say
 * which kind of gateway made it, a mark of this process and of the asker that brought the request, which nobody can
 * guess, and the number of gateways of this kind that the request has passed. The attribute belongs to us alone, so
 * others return it in answers and never look inside.
 *
 * A request may pass us twice by right: from a NAS to the home server beside us, and from that to a peer. The request
 * goes in circles when the same asker brings it for the second time. Pure.
 */
#define RGW_LOOPMARK_LEN 13

struct rgw_loopmark {
	struct rgw_hashkey key;
};

/* The marks are made of a key that does not change while the process runs. */
void rgw_loopmark_init(struct rgw_loopmark *mark, const struct rgw_hashkey *key);
/* The number of gateways of this kind that the request has passed, as the marks in it say; 0 = none. */
unsigned rgw_loopmark_passed(const struct rgw_packet *packet);
/* Has the asker with this number brought the request to us before? */
bool rgw_loopmark_is_own(const struct rgw_loopmark *mark, uint64_t asker, const struct rgw_packet *packet);
/* Writes the value of our own Proxy-State for a request of this asker that has passed so many other gateways. */
void rgw_loopmark_write(const struct rgw_loopmark *mark, uint64_t asker, unsigned passed,
    uint8_t out[static RGW_LOOPMARK_LEN]);

#endif
