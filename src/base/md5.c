/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/md5.h"

#include <string.h>

#include "md5_rounds.h"
#include "radsecgw/mem.h"

/* MD5 (RFC 1321) and HMAC-MD5 (RFC 2104) for one message; RADIUS has no other hash (P-AUT-2, P-MA-1). */

static void
compress(uint32_t state[static 4], const uint8_t *block)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t x[16];

	for (unsigned i = 0; i < 16; i++)
		x[i] = md5_load(block + 4 * (size_t)i);

	MD5_ROUNDS;
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
	size_t have = ctx->length % MD5_BLOCK;

	if (len == 0)
		return;
	ctx->length += len;
	if (have > 0) {
		size_t n = MD5_BLOCK - have;

		if (len < n) {
			memcpy(ctx->block + have, p, len);
			return;
		}
		memcpy(ctx->block + have, p, n);
		compress(ctx->state, ctx->block);
		p += n;
		len -= n;
	}
	for (; len >= MD5_BLOCK; p += MD5_BLOCK, len -= MD5_BLOCK)
		compress(ctx->state, p);
	if (len > 0)
		memcpy(ctx->block, p, len);
}

void
rgw_md5_digest(const uint32_t state[static 4], uint8_t digest[static RGW_MD5_LEN])
{
	for (unsigned i = 0; i < 4; i++)
		md5_store(digest + 4 * (size_t)i, state[i]);
}

void
rgw_md5_final(struct rgw_md5 *ctx, uint8_t digest[static RGW_MD5_LEN])
{
	size_t have = ctx->length % MD5_BLOCK;

	ctx->block[have++] = 0x80;
	if (have > MD5_BLOCK - 8) {
		memset(ctx->block + have, 0, MD5_BLOCK - have);
		compress(ctx->state, ctx->block);
		have = 0;
	}
	memset(ctx->block + have, 0, MD5_BLOCK - 8 - have);
	md5_store(ctx->block + MD5_BLOCK - 8, (uint32_t)(ctx->length << 3));
	md5_store(ctx->block + MD5_BLOCK - 4, (uint32_t)(ctx->length >> 29));
	compress(ctx->state, ctx->block);
	rgw_md5_digest(ctx->state, digest);
}

/* The state after one block of key xor pad (RFC 2104 section 2). */
static void
key_state(uint32_t state[static 4], const uint8_t *key, uint8_t pad)
{
	uint8_t block[MD5_BLOCK];
	struct rgw_md5 ctx;

	for (size_t i = 0; i < MD5_BLOCK; i++)
		block[i] = key[i] ^ pad;
	rgw_md5_init(&ctx);
	rgw_md5_update(&ctx, block, MD5_BLOCK);
	memcpy(state, ctx.state, sizeof ctx.state);
	rgw_wipe(block, sizeof block);
	rgw_wipe(&ctx, sizeof ctx);
}

void
rgw_hmac_key_init(struct rgw_hmac_key *key, const void *secret, size_t len)
{
	uint8_t padded[MD5_BLOCK] = { 0 };

	if (len > MD5_BLOCK) {
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
	ctx->length = MD5_BLOCK;
}

void
rgw_hmac_end(struct rgw_md5 *ctx, const struct rgw_hmac_key *key,
    uint8_t digest[static RGW_MD5_LEN])
{
	uint8_t inner[RGW_MD5_LEN];

	rgw_md5_final(ctx, inner);
	memcpy(ctx->state, key->outer, sizeof ctx->state);
	ctx->length = MD5_BLOCK;
	rgw_md5_update(ctx, inner, sizeof inner);
	rgw_md5_final(ctx, digest);
}
