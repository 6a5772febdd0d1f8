/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_OPNAS_H
#define RADSECGW_OPNAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/addr.h"
#include "radsecgw/list.h"
#include "radsecgw/sha256.h"

/*
 * Operator-NAS-Identifier (P-CPX-11, P-CPX-13): a value that we put into requests on their way out, and that says where
 * they came from to nobody but us. It holds the client and the NAS themselves, encrypted, so nothing need be remembered
 * for it: a CoA-Request that brings it back is understood by every worker, and after a restart as well if the key is
 * the same. Without the key nobody can read or make one (88 bits of HMAC-SHA256, from which the key stream is made),
 * and the same NAS always has the same value. Pure.
 */

/* The octets that a value may have (P-CPX-11); ours have 20 to 32. */
#define RGW_OPNAS_MAX 32

struct rgw_opnas_key {
	uint8_t octets[RGW_SHA256_LEN];
};

/* Where a request came from. */
struct rgw_opnas {
	uint32_t client;      /* number of the client, from rgw_opnas_client */
	struct rgw_addr addr; /* address that the request came from, port 0 */
	bool hides;           /* the names of the NAS were taken out of the request (P-CPX-12): ... */
	bool has_ip;
	uint8_t ip[4];        /* ... this NAS-IP-Address if has_ip, else NAS-IPv6-Address, the same as `addr` */
};

/* Makes the key of a secret of any length. */
void rgw_opnas_init(struct rgw_opnas_key *key, const void *secret, size_t len);
/* The number of the client with this name; it is the same as long as the key is. */
uint32_t rgw_opnas_client(const struct rgw_opnas_key *key, const char *name);
/* Writes the value. Returns its length; 0 = there is none for this address, which is valid on one link only. */
size_t rgw_opnas_write(const struct rgw_opnas_key *key, const struct rgw_opnas *nas, uint8_t out[static RGW_OPNAS_MAX])
    RGW_MUST_USE;
/* Reads a value. false = it was not made with this key. */
bool rgw_opnas_read(const struct rgw_opnas_key *key, const uint8_t *value, size_t len, struct rgw_opnas *out)
    RGW_MUST_USE;

#endif
