/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_SHA256_H
#define RADSECGW_SHA256_H

#include <stddef.h>
#include <stdint.h>

/*
 * SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104) of short texts, for pseudonyms: in the log, and of NASes
 * (Operator-NAS-Identifier). The TLS library is for everything that protects something. Pure.
 */
#define RGW_SHA256_LEN 32

/* The digest of `len` octets. */
void rgw_sha256(const void *data, size_t len, uint8_t out[static RGW_SHA256_LEN]);
/* The same with a key, of `len` <= 256 octets. */
void rgw_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
    uint8_t out[static RGW_SHA256_LEN]);

#endif
