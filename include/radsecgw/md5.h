/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_MD5_H
#define RADSECGW_MD5_H

#include <stddef.h>
#include <stdint.h>

/*
 * MD5 (RFC 1321) and HMAC-MD5 (RFC 2104) as RADIUS needs them. The code is ours, because TLS libraries leave MD5 out by
 * now, and because RADIUS hashes short inputs that begin with the same secret again and again: a state that has taken
 * the secret can be copied, which saves most of the work. MD5 is broken as a hash; it is here because the protocol is
 * defined on it.
 */
#define RGW_MD5_LEN 16

struct rgw_md5 {
	uint32_t state[4];
	uint64_t length;    /* number of octets taken so far */
	uint8_t block[64];  /* the unfinished block */
};

void rgw_md5_init(struct rgw_md5 *ctx);
/* Adds len more octets to the message. */
void rgw_md5_update(struct rgw_md5 *ctx, const void *data, size_t len);
/* Ends the message and writes its digest; ctx is unusable until the next init or copy. */
void rgw_md5_final(struct rgw_md5 *ctx, uint8_t digest[static RGW_MD5_LEN]);

/*
 * Several digests side by side. The operations of one MD5 wait for each other; with vector registers a
 * processor does eight at once in about the time of three.
 */
#define RGW_MD5_LANES 8
#define RGW_MD5_PAD 72  /* octets that rgw_md5_pad may add */

struct rgw_md5_lane {
	uint32_t state[4];      /* state in which the lane begins, and then what has become of it */
	const uint8_t *blocks;  /* borrowed: n whole blocks of 64 octets */
	size_t n;
};

/* Adds all blocks of all lanes, of any lengths, to their states. There are at most RGW_MD5_LANES. */
void rgw_md5_run(struct rgw_md5_lane *lanes, size_t n);
/* Ends a message of len octets as RFC 1321 3.1 and 3.2 say; `before` octets (whole blocks) went into the
 * state already. Returns the number of blocks at `message`. */
size_t rgw_md5_pad(uint8_t *message, size_t len, uint64_t before);
void rgw_md5_digest(const uint32_t state[static 4], uint8_t digest[static RGW_MD5_LEN]);

/* The two states of HMAC after the key block; they are made once per secret. */
struct rgw_hmac_key {
	uint32_t inner[4];
	uint32_t outer[4];
};

void rgw_hmac_key_init(struct rgw_hmac_key *key, const void *secret, size_t len);

/* HMAC in pieces: begin with a kept key, feed with rgw_md5_update, end. */
void rgw_hmac_begin(struct rgw_md5 *ctx, const struct rgw_hmac_key *key);
void rgw_hmac_end(struct rgw_md5 *ctx, const struct rgw_hmac_key *key,
    uint8_t digest[static RGW_MD5_LEN]);

#endif
