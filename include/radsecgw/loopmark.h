/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_LOOPMARK_H
#define RADSECGW_LOOPMARK_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/hash.h"
#include "radsecgw/packet.h"

/*
 * The Proxy-State that we add to requests, and by which we know them if they come back (P-PRX-7): four octets
 * that say whose it is, a mark of this process and of whoever brought the request, which nobody can guess, and how
 * many gateways of this kind the request has passed. It belongs to us alone, so others return it in answers and
 * never look inside.
 *
 * A request may pass us twice by right: from a NAS to the home server beside us, and from that to a peer. It goes in
 * circles when the same one who asks brings it for the second time. Pure.
 */
#define RGW_LOOPMARK_LEN 13

struct rgw_loopmark {
	struct rgw_hashkey key;
};

/* The marks are made of a key that does not change while the process runs. */
void rgw_loopmark_init(struct rgw_loopmark *mark, const struct rgw_hashkey *key);
/* How many gateways of this kind the request has passed, as the marks in it say; 0 = none. */
unsigned rgw_loopmark_passed(const struct rgw_packet *packet);
/* Has the same asker, by the number that tells askers apart, brought it to us before? */
bool rgw_loopmark_is_own(const struct rgw_loopmark *mark, uint64_t asker, const struct rgw_packet *packet);
/* The value of our own for a request of this asker that has passed so many others. */
void rgw_loopmark_write(const struct rgw_loopmark *mark, uint64_t asker, unsigned passed,
    uint8_t out[static RGW_LOOPMARK_LEN]);

#endif
