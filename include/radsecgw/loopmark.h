/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_LOOPMARK_H
#define RADSECGW_LOOPMARK_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/hash.h"
#include "radsecgw/packet.h"

/*
 * The Proxy-State that we add to requests, and by which we know them if they come back (P-PRX-7): four octets
 * that say whose it is, a mark of this process that nobody can guess, and how many gateways of this kind the
 * request has passed. It belongs to us alone, so others return it in answers and never look inside. Pure.
 */
#define RGW_LOOPMARK_LEN 13

struct rgw_loopmark {
	uint8_t own[8];
};

/* The mark is made of a key that does not change while the process runs. */
void rgw_loopmark_init(struct rgw_loopmark *mark, const struct rgw_hashkey *key);
/* How many gateways of this kind the request has passed, as the marks in it say; 0 = none. */
unsigned rgw_loopmark_passed(const struct rgw_packet *packet);
/* Has it passed us? */
bool rgw_loopmark_is_own(const struct rgw_loopmark *mark, const struct rgw_packet *packet);
/* The value of our own for a request that has passed so many others. */
void rgw_loopmark_write(const struct rgw_loopmark *mark, unsigned passed, uint8_t out[static RGW_LOOPMARK_LEN]);

#endif
