/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DIGESTS_H
#define DIGESTS_H

#include <stdint.h>

#include "radsecgw/md5.h"
#include "radsecgw/radius.h"
#include "radsecgw/secret.h"

/*
 * The two formulas of RADIUS over up to eight packets, worked out side by side. Each message is written out
 * whole, so that the lanes of MD5 can go on together.
 */

/* The longest secret, in octets, that is hashed side by side. Longer secrets are legal and rare; packets with them are
 * hashed alone. */
#define DIGESTS_SECRET_MAX 128
#define DIGESTS_MESSAGE_MAX (RGW_PACKET_MAX + DIGESTS_SECRET_MAX + RGW_MD5_PAD)

/* Packets whose digests are worked out together. The struct is large and unused parts are not touched, so do not clear
 * it. */
struct digests {
	size_t n;
	struct rgw_md5_lane lanes[RGW_MD5_LANES];
	const struct rgw_hmac_key *keys[RGW_MD5_LANES];  /* NULL = plain MD5 */
	size_t ends[RGW_MD5_LANES];                      /* offsets of the ends of the packets: behind a packet may
	                                                  * stand the secret */
	uint8_t messages[RGW_MD5_LANES][DIGESTS_MESSAGE_MAX];
};

/* Both functions take the packet with `auth` in its header. At most RGW_MD5_LANES packets may be added. */
/* MD5(Code + ID + Length + auth + Attributes + S): P-AUT-2 and P-AUT-4. */
void digests_add_authenticator(struct digests *d, const uint8_t *packet, size_t len, const uint8_t *auth,
    const struct rgw_secret *secret);
/* HMAC-MD5 with zeros as the value of the attribute at offset `at`: P-MA-1. */
void digests_add_msgauth(struct digests *d, const uint8_t *packet, size_t len, size_t at, const uint8_t *auth,
    const struct rgw_secret *secret);

/* Works out all digests; afterwards the state of each lane is its digest. */
void digests_run(struct digests *d);

#endif
