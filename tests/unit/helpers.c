/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "helpers.h"

#include <stdlib.h>

#include "radsecgw/mem.h"

uint64_t
help_next(struct help_rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15;

	uint64_t z = rng->state;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t
help_below(struct help_rng *rng, uint32_t n)
{
	return (uint32_t)(help_next(rng) >> 16) % n;
}

void
help_fill(struct help_rng *rng, void *out, size_t n)
{
	uint8_t *p = out;

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(help_next(rng) >> 24);
}

static unsigned
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

	if (c == '\0' || at == NULL)
		fail_msg("'%c' is no hexadecimal digit", c);
	return (unsigned)(at - digits);
}

size_t
help_hex(const char *text, uint8_t *out, size_t cap)
{
	size_t digits = 0;

	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		assert_true(digits / 2 < cap);
		if (digits % 2 == 0)
			out[digits / 2] = (uint8_t)(digit(*text) << 4);
		else
			out[digits / 2] |= (uint8_t)digit(*text);
		digits++;
	}
	assert_int_equal(digits % 2, 0);
	return digits / 2;
}

/* The sixteen operations of each round are written as a loop here, as in RFC 1321 section 3.4. */
static void
md5_block(uint32_t s[static 4], const uint8_t *p)
{
	static const uint8_t shift[4][4] = {
		{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
	};
	static const uint8_t step[4][2] = { { 1, 0 }, { 5, 1 }, { 3, 5 }, { 7, 0 } };
	/* floor(2^32 * |sin(i + 1)|) */
	static const uint32_t sine[64] = {
		0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
		0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
		0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
		0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
		0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
		0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
		0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
		0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
		0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
		0xeb86d391,
	};
	uint32_t a = s[0], b = s[1], c = s[2], d = s[3];

	for (unsigned i = 0; i < 64; i++) {
		unsigned round = i / 16;
		const uint8_t *w = p + (i * step[round][0] + step[round][1]) % 16 * 4;
		uint32_t f[4] = { (b & c) | (~b & d), (b & d) | (c & ~d), b ^ c ^ d, c ^ (b | ~d) };
		uint32_t sum = a + f[round] + sine[i] + (uint32_t)w[0] + ((uint32_t)w[1] << 8) +
		    ((uint32_t)w[2] << 16) + ((uint32_t)w[3] << 24);
		unsigned n = shift[round][i % 4];

		a = d;
		d = c;
		c = b;
		b += sum << n | sum >> (32 - n);
	}
	s[0] += a;
	s[1] += b;
	s[2] += c;
	s[3] += d;
}

void
help_md5(const void *data, size_t len, uint8_t out[static 16])
{
	const uint8_t *in = data;
	uint32_t s[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	uint64_t bits = (uint64_t)len * 8;
	uint8_t block[64];

	/* The message, one octet of 0x80, zeros, and its length in the last eight octets. */
	for (size_t at = 0; at < len + 9; at += 64) {
		for (size_t i = 0; i < 64; i++)
			block[i] = at + i < len ? in[at + i] : at + i == len ? 0x80 : 0;
		if (at + 64 >= len + 9)
			for (size_t i = 0; i < 8; i++)
				block[56 + i] = (uint8_t)(bits >> (8 * i));
		md5_block(s, block);
	}
	for (size_t i = 0; i < 16; i++)
		out[i] = (uint8_t)(s[i / 4] >> (i % 4 * 8));
}

void
help_hmac(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[static 16])
{
	uint8_t inner[64 + 8192];
	uint8_t outer[64 + 16];
	uint8_t k[64] = { 0 };

	assert_true(len <= sizeof inner - 64);
	if (key_len > 64)
		help_md5(key, key_len, k);
	else if (key_len > 0)
		memcpy(k, key, key_len);
	for (size_t i = 0; i < 64; i++) {
		inner[i] = k[i] ^ 0x36;
		outer[i] = k[i] ^ 0x5c;
	}
	if (len > 0)
		memcpy(inner + 64, data, len);
	help_md5(inner, 64 + len, outer + 64);
	help_md5(outer, sizeof outer, out);
}

/* b = MD5(S + seed) where the seed is RA, RA + Salt, or the ciphertext block before. */
static void
pad_of(const struct help_end *end, const uint8_t *seed, const uint8_t *salt, uint8_t out[static 16])
{
	uint8_t text[512 + 18];
	size_t n = end->secret_len;

	assert_true(n <= 512);
	memcpy(text, end->secret, n);
	memcpy(text + n, seed, 16);
	n += 16;
	if (salt != NULL) {
		memcpy(text + n, salt, 2);
		n += 2;
	}
	help_md5(text, n, out);
}

static void
cipher(const struct help_end *end, const uint8_t *salt, uint8_t *data, size_t n, bool hide)
{
	uint8_t seed[16];
	uint8_t pad[16];

	memcpy(seed, end->auth, 16);
	for (size_t at = 0; at < n; at += 16) {
		size_t len = n - at < 16 ? n - at : 16;

		pad_of(end, seed, at == 0 ? salt : NULL, pad);
		if (!hide)
			memcpy(seed, data + at, len);
		for (size_t i = 0; i < len; i++)
			data[at + i] ^= pad[i];
		if (hide)
			memcpy(seed, data + at, len);
	}
}

void
help_hide(const struct help_end *end, const uint8_t *salt, uint8_t *data, size_t n)
{
	cipher(end, salt, data, n, true);
}

void
help_unhide(const struct help_end *end, const uint8_t *salt, uint8_t *data, size_t n)
{
	cipher(end, salt, data, n, false);
}

void
help_ascend(const struct help_end *end, uint8_t *data, size_t n)
{
	uint8_t text[16 + 512];
	uint8_t pad[16];

	assert_true(end->secret_len <= 512);
	memcpy(text, end->auth, 16);
	memcpy(text + 16, end->secret, end->secret_len);
	help_md5(text, 16 + end->secret_len, pad);
	for (size_t i = 0; i < n && i < 16; i++)
		data[i] ^= pad[i];
}

static void
put(struct help_packet *p, const void *data, size_t n)
{
	assert_true(p->len + n <= sizeof p->b);
	if (n > 0)
		memcpy(p->b + p->len, data, n);
	p->len += n;
}

void
help_begin(struct help_packet *p, uint8_t code, uint8_t id, const uint8_t *auth)
{
	const uint8_t head[4] = { code, id, 0, 0 };
	const uint8_t zero[16] = { 0 };

	p->len = 0;
	put(p, head, sizeof head);
	put(p, auth != NULL ? auth : zero, 16);
}

void
help_attr(struct help_packet *p, uint8_t type, const void *value, size_t n)
{
	const uint8_t head[2] = { type, (uint8_t)(n + 2) };

	assert_true(n <= 253);
	put(p, head, sizeof head);
	put(p, value, n);
}

void
help_text(struct help_packet *p, uint8_t type, const char *value)
{
	help_attr(p, type, value, strlen(value));
}

void
help_vsa(struct help_packet *p, uint32_t vendor, const void *data, size_t n)
{
	const uint8_t head[6] = { 26, (uint8_t)(n + 6), (uint8_t)(vendor >> 24),
		(uint8_t)(vendor >> 16),
		(uint8_t)(vendor >> 8), (uint8_t)vendor };

	assert_true(n <= 249);
	put(p, head, sizeof head);
	put(p, data, n);
}

void
help_pad(struct help_packet *p, uint8_t type, size_t len)
{
	uint8_t filler[253];

	memset(filler, 'x', sizeof filler);
	while (p->len < len) {
		size_t left = len - p->len;
		/* What remains after this one must be nothing or an attribute again. */
		size_t n = left <= 255 ? left : left - 255 < 2 ? 250 : 255;

		assert_true(n >= 2);
		help_attr(p, type, filler, n - 2);
	}
	assert_int_equal(p->len, len);
}

struct rgw_packet
help_finish(struct help_packet *p)
{
	p->b[2] = (uint8_t)(p->len >> 8);
	p->b[3] = (uint8_t)p->len;
	return help_parse(p->b, p->len);
}

struct rgw_packet
help_parse(const uint8_t *data, size_t len)
{
	struct rgw_packet p;

	assert_int_equal(rgw_packet_parse(&p, data, len), RGW_PACKET_OK);
	assert_int_equal(p.len, len);
	return p;
}

struct rgw_attr
help_find(const struct rgw_packet *p, uint8_t type)
{
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(p, &a))
		if (a.type == type)
			return a;
	fail_msg("no attribute %u", type);
	return a;
}

size_t
help_count(const struct rgw_packet *p, uint8_t type)
{
	struct rgw_attr a = { 0 };
	size_t n = 0;

	while (rgw_packet_next(p, &a))
		n += a.type == type;
	return n;
}

bool
help_auth_ok(const struct rgw_packet *p, const uint8_t *auth, const void *secret, size_t len)
{
	uint8_t text[8192];
	uint8_t expect[16];

	assert_true(p->len + len <= sizeof text);
	memcpy(text, p->data, p->len);
	memcpy(text + 4, auth, 16);
	memcpy(text + p->len, secret, len);
	help_md5(text, p->len + len, expect);
	return memcmp(expect, p->data + 4, 16) == 0;
}

bool
help_msgauth_ok(const struct rgw_packet *p, const uint8_t *auth, const void *secret, size_t len)
{
	uint8_t text[8192];
	uint8_t expect[16];
	struct rgw_attr a;

	if (help_count(p, 80) != 1)
		return false;
	a = help_find(p, 80);
	if (a.len != 16)
		return false;
	memcpy(text, p->data, p->len);
	memcpy(text + 4, auth, 16);
	memset(text + a.at + 2, 0, 16);
	help_hmac(secret, len, text, p->len, expect);
	return memcmp(expect, a.value, 16) == 0;
}

struct help_hops *
help_hops_new(const char *secret_a, const char *secret_b)
{
	struct help_hops *h = rgw_xcalloc(1, sizeof *h);
	struct help_rng rng = { 1234 };

	help_fill(&rng, h->auth_a, 16);
	help_fill(&rng, h->auth_b, 16);
	h->secret_a = rgw_secret_new(secret_a, strlen(secret_a));
	h->secret_b = rgw_secret_new(secret_b, strlen(secret_b));
	h->hidden = rgw_hidden_table_new();
	h->a = (struct help_end){ h->secret_a->octets, h->secret_a->len, h->auth_a };
	h->b = (struct help_end){ h->secret_b->octets, h->secret_b->len, h->auth_b };
	h->zero_a = h->a;
	h->zero_b = h->b;
	h->zero_a.auth = h->zero_b.auth = h->zero;
	help_begin(&h->asked, 1, 42, h->auth_a);
	h->request = help_finish(&h->asked);
	return h;
}

void
help_hops_free(struct help_hops *h)
{
	rgw_secret_free(h->secret_a);
	rgw_secret_free(h->secret_b);
	rgw_hidden_table_free(h->hidden);
	free(h);
}

struct rgw_packet
help_forward(struct help_hops *h, const struct rgw_packet *in)
{
	const struct rgw_hop_request hop = {
		.in = in,
		.hidden = h->hidden,
		.from = h->secret_a,
		.to = h->secret_b,
		.fresh_auth = h->auth_b,
		.id = 77,
	};
	struct rgw_packet out;
	const uint8_t *auth = h->zero;

	out = help_parse(h->out, rgw_hop_request(h->out, sizeof h->out, &hop));
	assert_int_equal(rgw_hop_request_len(in, false), out.len);
	assert_int_equal(out.code, in->code);
	assert_int_equal(out.id, 77);
	if (in->code == RGW_ACCESS_REQUEST)
		auth = rgw_packet_auth(&out);
	else
		assert_true(help_auth_ok(&out, auth, h->b.secret, h->b.secret_len));
	if (out.n_msgauth > 0)
		assert_true(help_msgauth_ok(&out, auth, h->b.secret, h->b.secret_len));
	return out;
}

struct rgw_packet
help_back(struct help_hops *h, const struct rgw_packet *in)
{
	const struct rgw_hop_response hop = {
		.in = in,
		.hidden = h->hidden,
		.from = h->secret_b,
		.from_auth = h->auth_b,
		.request = &h->request,
		.to = h->secret_a,
		.msgauth = true,
	};
	const uint8_t *auth = rgw_packet_auth(&h->request);
	struct rgw_packet out;

	out = help_parse(h->out, rgw_hop_response(h->out, sizeof h->out, &hop));
	assert_int_equal(rgw_hop_response_len(&hop), out.len);
	assert_int_equal(out.code, in->code);
	assert_int_equal(out.id, h->request.id);
	assert_true(help_auth_ok(&out, auth, h->a.secret, h->a.secret_len));
	if (out.n_msgauth > 0)
		assert_true(help_msgauth_ok(&out, auth, h->a.secret, h->a.secret_len));
	return out;
}

/* Octets in front of a sub-attribute's value: P-ENC-6. */
static size_t
sub_header(uint32_t vendor)
{
	return vendor == 4846 || vendor == 24757 ? 3 : 2;
}

void
help_wrap(struct help_packet *p, const struct rgw_hidden *row, const void *value, size_t n)
{
	uint8_t sub[256] = { 0 };
	size_t head = sub_header(row->vendor);
	size_t tlv = row->tlv != 0 ? 2 : 0;

	if (row->vendor == 0) {
		help_attr(p, (uint8_t)row->type, value, n);
		return;
	}
	assert_true(head + tlv + n <= 249);
	if (row->vendor == 4846) {
		sub[0] = (uint8_t)(row->type >> 8);
		sub[1] = (uint8_t)row->type;
		sub[2] = (uint8_t)(head + n);
	} else {
		sub[0] = (uint8_t)row->type;
		sub[1] = (uint8_t)(head + tlv + n);
	}
	if (tlv > 0) {
		sub[head] = row->tlv;
		sub[head + 1] = (uint8_t)(2 + n);
	}
	if (n > 0)
		memcpy(sub + head + tlv, value, n);
	help_vsa(p, row->vendor, sub, head + tlv + n);
}

const uint8_t *
help_unwrap(const struct rgw_packet *p, const struct rgw_hidden *row, size_t *n)
{
	size_t head = sub_header(row->vendor) + (row->tlv != 0 ? 2 : 0);
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(p, &a)) {
		const uint8_t *v = a.value;

		if (row->vendor == 0 && a.type == row->type) {
			*n = a.len;
			return v;
		}
		if (row->vendor == 0 || a.type != 26 || a.len < 4 + head)
			continue;
		if (((uint32_t)v[0] << 24 | v[1] << 16 | v[2] << 8 | v[3]) != row->vendor)
			continue;
		if (row->type != (row->vendor == 4846 ? v[4] << 8 | v[5] : v[4]))
			continue;
		*n = a.len - 4 - head;
		return v + 4 + head;
	}
	fail_msg("no attribute %u:%u", (unsigned)row->vendor, row->type);
	return NULL;
}
