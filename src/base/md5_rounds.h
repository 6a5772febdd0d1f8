/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MD5_ROUNDS_H
#define MD5_ROUNDS_H

#include <stdint.h>

/*
 * The four rounds of MD5 over a, b, c, d and the block x (RFC 1321 3.4), for numbers and for vectors of
 * numbers alike. Each operation waits for the one before, which made its first operand, so as much as
 * possible is done without it: the two halves of G have no bit in common and can be added.
 */
#define MD5_F(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define MD5_G(x, y, z) (((y) & ~(z)) + ((z) & (x)))
#define MD5_H(x, y, z) ((x) ^ ((y) ^ (z)))
#define MD5_I(x, y, z) ((y) ^ ((x) | ~(z)))

/* One operation of a round; four of them rotate the roles of a, b, c, d. */
#define MD5_OP(f, a, b, c, d, k, s, t)         \
	(a) += x[k] + (t) + f(b, c, d);        \
	(a) = (b) + ((a) << (s) | (a) >> (32 - (s)))
#define MD5_OP4(f, k0, k1, k2, k3, s0, s1, s2, s3, t0, t1, t2, t3)  \
	MD5_OP(f, a, b, c, d, k0, s0, t0);                          \
	MD5_OP(f, d, a, b, c, k1, s1, t1);                          \
	MD5_OP(f, c, d, a, b, k2, s2, t2);                          \
	MD5_OP(f, b, c, d, a, k3, s3, t3)

#define MD5_ROUNDS                                                                                         \
	MD5_OP4(MD5_F, 0, 1, 2, 3, 7, 12, 17, 22, 0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee);         \
	MD5_OP4(MD5_F, 4, 5, 6, 7, 7, 12, 17, 22, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501);         \
	MD5_OP4(MD5_F, 8, 9, 10, 11, 7, 12, 17, 22, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be);       \
	MD5_OP4(MD5_F, 12, 13, 14, 15, 7, 12, 17, 22, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821);     \
	MD5_OP4(MD5_G, 1, 6, 11, 0, 5, 9, 14, 20, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa);         \
	MD5_OP4(MD5_G, 5, 10, 15, 4, 5, 9, 14, 20, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8);        \
	MD5_OP4(MD5_G, 9, 14, 3, 8, 5, 9, 14, 20, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed);         \
	MD5_OP4(MD5_G, 13, 2, 7, 12, 5, 9, 14, 20, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a);        \
	MD5_OP4(MD5_H, 5, 8, 11, 14, 4, 11, 16, 23, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c);       \
	MD5_OP4(MD5_H, 1, 4, 7, 10, 4, 11, 16, 23, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70);        \
	MD5_OP4(MD5_H, 13, 0, 3, 6, 4, 11, 16, 23, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05);        \
	MD5_OP4(MD5_H, 9, 12, 15, 2, 4, 11, 16, 23, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665);       \
	MD5_OP4(MD5_I, 0, 7, 14, 5, 6, 10, 15, 21, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039);        \
	MD5_OP4(MD5_I, 12, 3, 10, 1, 6, 10, 15, 21, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1);       \
	MD5_OP4(MD5_I, 8, 15, 6, 13, 6, 10, 15, 21, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1);       \
	MD5_OP4(MD5_I, 4, 11, 2, 9, 6, 10, 15, 21, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391)

#define MD5_BLOCK 64

static inline uint32_t
md5_load(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void
md5_store(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

#endif
