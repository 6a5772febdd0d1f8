/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/md5.h"

#include <string.h>

#include "radsecgw/mem.h"

#define BLOCK 64

static uint32_t
load_le(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void
store_le(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static inline uint32_t
rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

/* The four auxiliary functions of RFC 1321 3.4. Each operation waits for the one before, which made x, so
 * as much as possible is done without it: the two halves of G have no bit in common and can be added. */
#define F(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define G(x, y, z) (((y) & ~(z)) + ((z) & (x)))
#define H(x, y, z) ((x) ^ ((y) ^ (z)))
#define I(x, y, z) ((y) ^ ((x) | ~(z)))

/* One operation; four of them rotate the roles of a, b, c, d. */
#define OP(f, a, b, c, d, k, s, t) ((a) = (b) + rotate((a) + x[k] + (t) + f(b, c, d), s))
#define OP4(f, k0, k1, k2, k3, s0, s1, s2, s3, t0, t1, t2, t3)  \
	OP(f, a, b, c, d, k0, s0, t0);                          \
	OP(f, d, a, b, c, k1, s1, t1);                          \
	OP(f, c, d, a, b, k2, s2, t2);                          \
	OP(f, b, c, d, a, k3, s3, t3)

static void
compress(uint32_t state[static 4], const uint8_t *block)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t x[16];

	for (unsigned i = 0; i < 16; i++)
		x[i] = load_le(block + 4 * (size_t)i);

	OP4(F, 0, 1, 2, 3, 7, 12, 17, 22, 0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee);
	OP4(F, 4, 5, 6, 7, 7, 12, 17, 22, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501);
	OP4(F, 8, 9, 10, 11, 7, 12, 17, 22, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be);
	OP4(F, 12, 13, 14, 15, 7, 12, 17, 22, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821);

	OP4(G, 1, 6, 11, 0, 5, 9, 14, 20, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa);
	OP4(G, 5, 10, 15, 4, 5, 9, 14, 20, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8);
	OP4(G, 9, 14, 3, 8, 5, 9, 14, 20, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed);
	OP4(G, 13, 2, 7, 12, 5, 9, 14, 20, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a);

	OP4(H, 5, 8, 11, 14, 4, 11, 16, 23, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c);
	OP4(H, 1, 4, 7, 10, 4, 11, 16, 23, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70);
	OP4(H, 13, 0, 3, 6, 4, 11, 16, 23, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05);
	OP4(H, 9, 12, 15, 2, 4, 11, 16, 23, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665);

	OP4(I, 0, 7, 14, 5, 6, 10, 15, 21, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039);
	OP4(I, 12, 3, 10, 1, 6, 10, 15, 21, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1);
	OP4(I, 8, 15, 6, 13, 6, 10, 15, 21, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1);
	OP4(I, 4, 11, 2, 9, 6, 10, 15, 21, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391);

	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

void
rgw_md5_init(struct rgw_md5 *ctx)
{
	ctx->state[0] = 0x67452301;
	ctx->state[1] = 0xefcdab89;
	ctx->state[2] = 0x98badcfe;
	ctx->state[3] = 0x10325476;
	ctx->length = 0;
}

void
rgw_md5_update(struct rgw_md5 *ctx, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t have = ctx->length % BLOCK;

	if (len == 0)
		return;
	ctx->length += len;
	if (have > 0) {
		size_t n = BLOCK - have;

		if (len < n) {
			memcpy(ctx->block + have, p, len);
			return;
		}
		memcpy(ctx->block + have, p, n);
		compress(ctx->state, ctx->block);
		p += n;
		len -= n;
	}
	for (; len >= BLOCK; p += BLOCK, len -= BLOCK)
		compress(ctx->state, p);
	if (len > 0)
		memcpy(ctx->block, p, len);
}

void
rgw_md5_final(struct rgw_md5 *ctx, uint8_t digest[static RGW_MD5_LEN])
{
	size_t have = ctx->length % BLOCK;

	ctx->block[have++] = 0x80;
	if (have > BLOCK - 8) {
		memset(ctx->block + have, 0, BLOCK - have);
		compress(ctx->state, ctx->block);
		have = 0;
	}
	memset(ctx->block + have, 0, BLOCK - 8 - have);
	store_le(ctx->block + BLOCK - 8, (uint32_t)(ctx->length << 3));
	store_le(ctx->block + BLOCK - 4, (uint32_t)(ctx->length >> 29));
	compress(ctx->state, ctx->block);
	for (unsigned i = 0; i < 4; i++)
		store_le(digest + 4 * (size_t)i, ctx->state[i]);
}

/* The state after one block of key xor pad (RFC 2104 section 2). */
static void
key_state(uint32_t state[static 4], const uint8_t *key, uint8_t pad)
{
	uint8_t block[BLOCK];
	struct rgw_md5 ctx;

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ pad;
	rgw_md5_init(&ctx);
	rgw_md5_update(&ctx, block, BLOCK);
	memcpy(state, ctx.state, sizeof ctx.state);
	rgw_wipe(block, sizeof block);
	rgw_wipe(&ctx, sizeof ctx);
}

void
rgw_hmac_key_init(struct rgw_hmac_key *key, const void *secret, size_t len)
{
	uint8_t padded[BLOCK] = { 0 };

	if (len > BLOCK) {
		struct rgw_md5 ctx;

		rgw_md5_init(&ctx);
		rgw_md5_update(&ctx, secret, len);
		rgw_md5_final(&ctx, padded);
	} else if (len > 0) {
		memcpy(padded, secret, len);
	}
	key_state(key->inner, padded, 0x36);
	key_state(key->outer, padded, 0x5c);
	rgw_wipe(padded, sizeof padded);
}

void
rgw_hmac_begin(struct rgw_md5 *ctx, const struct rgw_hmac_key *key)
{
	memcpy(ctx->state, key->inner, sizeof ctx->state);
	ctx->length = BLOCK;
}

void
rgw_hmac_end(struct rgw_md5 *ctx, const struct rgw_hmac_key *key,
    uint8_t digest[static RGW_MD5_LEN])
{
	uint8_t inner[RGW_MD5_LEN];

	rgw_md5_final(ctx, inner);
	memcpy(ctx->state, key->outer, sizeof ctx->state);
	ctx->length = BLOCK;
	rgw_md5_update(ctx, inner, sizeof inner);
	rgw_md5_final(ctx, digest);
}
