/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_SIDE_H
#define RADSECGW_SIDE_H

#include "radsecgw/secret.h"

/*
 * How packets look on one hop: what they are signed with, and what hides their attributes (RFC 2865 section 3). A
 * packet crosses the gateway from the side of whoever asked to the side of the lane that it is sent on, and its answer
 * goes the other way. Whoever has a side borrows the secrets from the configuration.
 */
struct rgw_side {
	const struct rgw_secret *secret;    /* what is sent is made with it */
	const struct rgw_secret *previous;  /* what is received may have been made with it, too; NULL = none */
};

#endif
