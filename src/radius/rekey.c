/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/hide.h"

#include <string.h>

#include "radsecgw/mem.h"

/*
 * The re-keying of one hidden value in place, from the secret of one hop to that of the next (P-ENC, P-SLT,
 * P-ASC).
 */

#define BLOCK 16

/* The key of the first block: MD5(S + RA [+ Salt]), or for Ascend MD5(RA + S). */
static void
first_stream(uint8_t stream[static BLOCK], uint8_t method, const struct rgw_hide_key *key,
    const uint8_t *salt)
{
	struct rgw_md5 md5;

	if (method == RGW_HIDE_ASCEND) {
		rgw_md5_init(&md5);
		rgw_md5_update(&md5, key->auth, BLOCK);
		rgw_md5_update(&md5, key->secret->octets, key->secret->len);
	} else {
		md5 = key->secret->prefix;
		rgw_md5_update(&md5, key->auth, BLOCK);
		if (method == RGW_HIDE_SALT)
			rgw_md5_update(&md5, salt, 2);
	}
	rgw_md5_final(&md5, stream);
}

/* The key of the next block: MD5(S + ciphertext of the block before). */
static void
next_stream(uint8_t stream[static BLOCK], const struct rgw_secret *secret, const uint8_t *cipher)
{
	struct rgw_md5 md5 = secret->prefix;

	rgw_md5_update(&md5, cipher, BLOCK);
	rgw_md5_final(&md5, stream);
}

void
rgw_rekey_begin(struct rgw_rekey *rk, uint8_t method, struct rgw_hide_key from,
    struct rgw_hide_key to, const uint8_t *salt_from, const uint8_t *salt_to)
{
	rk->from = from;
	rk->to = to;
	rk->method = method;
	rk->at = 0;
	first_stream(rk->stream_in, method, &from, salt_from);
	first_stream(rk->stream_out, method, &to, salt_to);
}

static void
next_block(struct rgw_rekey *rk)
{
	rk->at = 0;
	if (rk->method == RGW_HIDE_ASCEND) {
		/* An Ascend value has one block (P-ASC-1); octets behind it were never hidden. */
		memset(rk->stream_in, 0, BLOCK);
		memset(rk->stream_out, 0, BLOCK);
		return;
	}
	next_stream(rk->stream_in, rk->from.secret, rk->in);
	next_stream(rk->stream_out, rk->to.secret, rk->out);
}

void
rgw_rekey_update(struct rgw_rekey *rk, uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rk->at == BLOCK)
			next_block(rk);
		rk->in[rk->at] = data[i];
		data[i] ^= rk->stream_in[rk->at] ^ rk->stream_out[rk->at];
		rk->out[rk->at] = data[i];
		rk->at++;
	}
}

void
rgw_rekey_end(struct rgw_rekey *rk)
{
	rgw_wipe(rk, sizeof *rk);
}

size_t
rgw_hide_password(struct rgw_hide_key key, const void *password, size_t len, uint8_t out[static RGW_PASSWORD_MAX])
{
	size_t n = (len + BLOCK - 1) / BLOCK * BLOCK;
	uint8_t stream[BLOCK];

	memset(out, 0, n);
	memcpy(out, password, len);
	first_stream(stream, RGW_HIDE_PASSWORD, &key, NULL);
	for (size_t at = 0; at < n; at += BLOCK) {
		if (at > 0)
			next_stream(stream, key.secret, out + at - BLOCK);
		for (size_t i = 0; i < BLOCK; i++)
			out[at + i] ^= stream[i];
	}
	rgw_wipe(stream, sizeof stream);
	return n;
}
