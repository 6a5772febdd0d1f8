/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/opnas.h"

#include <string.h>

#include "radsecgw/hash.h"
#include "radsecgw/mem.h"

/*
 * The value of Operator-NAS-Identifier: a tag, and what it says under a key stream that is made of the tag. The tag is
 * the HMAC of what it says, so it serves as the nonce, too: equal plain texts have equal values, and others never share
 * a stream.
 */

#define TAG 11
#define PLAIN_MAX (RGW_OPNAS_MAX - TAG)

/* Bits of the first octet. */
enum { IS_V6 = 1, HIDES = 2, HAS_IP = 4, ALL = 7 };

void
rgw_opnas_init(struct rgw_opnas_key *key, const void *secret, size_t len)
{
	uint8_t digest[RGW_SHA256_LEN];
	static const char what[] = "operator nas";

	rgw_sha256(secret, len, digest);
	rgw_hmac_sha256(digest, sizeof digest, what, sizeof what, key->octets);
	rgw_wipe(digest, sizeof digest);
}

/* The HMAC of some octets, with a letter before them that says what it is for. */
static void
digest(const struct rgw_opnas_key *key, char purpose, const void *data, size_t len,
    uint8_t out[static RGW_SHA256_LEN])
{
	uint8_t text[256];

	if (len > sizeof text - 1)
		len = sizeof text - 1;
	text[0] = (uint8_t)purpose;
	memcpy(text + 1, data, len);
	rgw_hmac_sha256(key->octets, sizeof key->octets, text, 1 + len, out);
}

uint32_t
rgw_opnas_client(const struct rgw_opnas_key *key, const char *name)
{
	struct rgw_hashkey hash;

	memcpy(&hash, key->octets, sizeof hash);
	return (uint32_t)rgw_siphash(&hash, name, strlen(name));
}

/* Puts the key stream of the tag over the octets, which encrypts them and decrypts them. */
static void
stream_over(const struct rgw_opnas_key *key, const uint8_t tag[static TAG], uint8_t *octets, size_t len)
{
	uint8_t stream[RGW_SHA256_LEN];

	digest(key, 's', tag, TAG, stream);
	for (size_t i = 0; i < len; i++)
		octets[i] ^= stream[i];
}

size_t
rgw_opnas_write(const struct rgw_opnas_key *key, const struct rgw_opnas *nas, uint8_t out[static RGW_OPNAS_MAX])
{
	size_t addr_len = nas->addr.family == 6 ? 16 : 4;
	size_t len = 1 + sizeof nas->client + addr_len + (nas->has_ip ? sizeof nas->ip : 0);
	uint8_t tag[RGW_SHA256_LEN];
	uint8_t *at = out + TAG;

	if (nas->addr.scope != 0 || len > PLAIN_MAX)
		return 0;
	*at++ = (uint8_t)((nas->addr.family == 6 ? IS_V6 : 0) | (nas->hides ? HIDES : 0) | (nas->has_ip ? HAS_IP : 0));
	memcpy(at, &nas->client, sizeof nas->client);
	at += sizeof nas->client;
	memcpy(at, nas->addr.ip, addr_len);
	if (nas->has_ip)
		memcpy(at + addr_len, nas->ip, sizeof nas->ip);
	digest(key, 't', out + TAG, len, tag);
	memcpy(out, tag, TAG);
	stream_over(key, out, out + TAG, len);
	return TAG + len;
}

bool
rgw_opnas_read(const struct rgw_opnas_key *key, const uint8_t *value, size_t len, struct rgw_opnas *out)
{
	uint8_t plain[PLAIN_MAX], tag[RGW_SHA256_LEN];
	size_t n = len - TAG, addr_len;

	if (len <= TAG || n > sizeof plain)
		return false;
	memcpy(plain, value + TAG, n);
	stream_over(key, value, plain, n);
	digest(key, 't', plain, n, tag);
	if (!rgw_ct_equal(tag, value, TAG) || (plain[0] & ~ALL) != 0)
		return false;
	addr_len = (plain[0] & IS_V6) != 0 ? 16 : 4;
	*out = (struct rgw_opnas){ .addr.family = addr_len == 16 ? 6 : 4, .hides = (plain[0] & HIDES) != 0,
		.has_ip = (plain[0] & HAS_IP) != 0 };
	if (n != 1 + sizeof out->client + addr_len + (out->has_ip ? sizeof out->ip : 0))
		return false;
	memcpy(&out->client, plain + 1, sizeof out->client);
	memcpy(out->addr.ip, plain + 1 + sizeof out->client, addr_len);
	if (out->has_ip)
		memcpy(out->ip, plain + 1 + sizeof out->client + addr_len, sizeof out->ip);
	return true;
}
