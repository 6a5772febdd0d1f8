/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_SECRET_H
#define RADSECGW_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/md5.h"

/*
 * The shared secret of a hop with the hash states that begin with it, so that no packet hashes the
 * secret again. Secrets are octet strings (P-PKT-14). Immutable after it is made.
 */
struct rgw_secret {
	struct rgw_hmac_key hmac;  /* key states for Message-Authenticator */
	struct rgw_md5 prefix;     /* state of MD5 after the secret, for hiding: MD5(S + ...) */
	size_t len;
	uint8_t octets[];
};

/* Makes a secret of a copy of the octets; len must be at least 1 (P-PKT-13). It never fails (start-up only). */
struct rgw_secret *rgw_secret_new(const void *octets, size_t len) RGW_MUST_USE;
/* A number that is the same for equal secrets, and seldom for others: whoever keeps it can tell later whether it was
 * the same secret. Like the secret it must not be shown. */
static inline uint16_t
rgw_secret_mark(const struct rgw_secret *secret)
{
	return (uint16_t)secret->hmac.inner[0];
}

/* Wipes and frees a secret; NULL is ignored. */
void rgw_secret_free(struct rgw_secret *secret);

#endif
