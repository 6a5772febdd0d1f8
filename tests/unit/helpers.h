/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TEST_HELPERS_H
#define RADSECGW_TEST_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/hop.h"
#include "radsecgw/packet.h"

/*
 * What the tests of the packet layers share: random numbers from a seed, hexadecimal text, packets
 * put together octet by octet, and a second implementation of the cryptographic formulas. That one
 * is written from the formulas and shares no code with the library, so the two can be compared.
 */

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Pseudo-random numbers; the same seed gives the same test. */
struct help_rng {
	uint64_t state;
};

uint64_t help_next(struct help_rng *rng);
/* Below n, which must not be 0. */
uint32_t help_below(struct help_rng *rng, uint32_t n);
void help_fill(struct help_rng *rng, void *out, size_t n);

/* Octets from hexadecimal text that may hold blanks; returns how many. Fails the test on others. */
size_t help_hex(const char *text, uint8_t *out, size_t cap);

/* RFC 1321 and RFC 2104, in one go. */
void help_md5(const void *data, size_t len, uint8_t out[static 16]);
void help_hmac(const void *key, size_t key_len, const void *data, size_t len,
    uint8_t out[static 16]);

/* One end of a hop: its secret and the authenticator that counts there. */
struct help_end {
	const void *secret;
	size_t secret_len;
	const uint8_t *auth;
};

static inline struct help_end
help_end_of(const char *secret, const uint8_t *auth)
{
	return (struct help_end){ secret, strlen(secret), auth };
}

/* RFC 2865 5.2 (salt NULL) and RFC 2868 3.5 (salt of two octets), in place. */
void help_hide(const struct help_end *end, const uint8_t *salt, uint8_t *data, size_t n);
void help_unhide(const struct help_end *end, const uint8_t *salt, uint8_t *data, size_t n);
/* The Ascend method is its own inverse; octets behind the sixteenth are not touched (P-ASC-1). */
void help_ascend(const struct help_end *end, uint8_t *data, size_t n);

/* A packet under construction; room for more than is legal. */
struct help_packet {
	uint8_t b[8192];
	size_t len;
};

/* auth NULL writes zeros. */
void help_begin(struct help_packet *p, uint8_t code, uint8_t id, const uint8_t *auth);
void help_attr(struct help_packet *p, uint8_t type, const void *value, size_t n);
void help_text(struct help_packet *p, uint8_t type, const char *value);
/* A Vendor-Specific attribute with these octets behind the Vendor-Id. */
void help_vsa(struct help_packet *p, uint32_t vendor, const void *data, size_t n);
/* As many octets of one type as it takes to reach `len`, which must be possible. */
void help_pad(struct help_packet *p, uint8_t type, size_t len);
/* Sets Length and returns the packet, which must be well-formed. */
struct rgw_packet help_finish(struct help_packet *p);
/* The packet in these octets, which must be well-formed and fill them. */
struct rgw_packet help_parse(const uint8_t *data, size_t len);

/* The first attribute of a type; fails the test without one. */
struct rgw_attr help_find(const struct rgw_packet *p, uint8_t type);
size_t help_count(const struct rgw_packet *p, uint8_t type);

/* MD5(Code + ID + Length + auth + Attributes + S) stands in the packet (P-AUT-2, P-AUT-4). */
bool help_auth_ok(const struct rgw_packet *p, const uint8_t *auth, const void *secret, size_t len);
/* Exactly one Message-Authenticator, right for `auth` (P-MA-1). */
bool help_msgauth_ok(const struct rgw_packet *p, const uint8_t *auth, const void *secret,
    size_t len);

/*
 * Two hops that meet in the gateway. A is where the client is, B where the server is, so requests
 * go from A to B and responses from B to A.
 */
struct help_hops {
	struct rgw_secret *secret_a;
	struct rgw_secret *secret_b;
	struct rgw_hidden_table *hidden;
	uint8_t auth_a[16];      /* of an Access-Request on A */
	uint8_t auth_b[16];      /* of the same on B */
	uint8_t zero[16];
	struct help_end a;       /* the two ends with these authenticators */
	struct help_end b;
	struct help_end zero_a;  /* and with zeros, as for codes 4, 40 and 43 */
	struct help_end zero_b;
	struct help_packet asked;   /* an empty Access-Request on A, which responses answer */
	struct rgw_packet request;  /* the same, parsed */
	uint8_t out[4096];       /* what came out of the last conversion */
};

struct help_hops *help_hops_new(const char *secret_a, const char *secret_b);
void help_hops_free(struct help_hops *h);

/* Converts; the result lies in h->out. It must succeed, verify under the secret of the other hop
 * and parse. */
struct rgw_packet help_forward(struct help_hops *h, const struct rgw_packet *in);
/* As an answer to h->request, with Message-Authenticator. */
struct rgw_packet help_back(struct help_hops *h, const struct rgw_packet *in);

/* Appends the attribute of a row with this value inside, in the format of its vendor. */
void help_wrap(struct help_packet *p, const struct rgw_hidden *row, const void *value, size_t n);
/* The value of the first sub-attribute of that kind, and its length. Fails the test without one. */
const uint8_t *help_unwrap(const struct rgw_packet *p, const struct rgw_hidden *row, size_t *n);

#endif
