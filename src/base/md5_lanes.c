/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "md5_rounds.h"
#include "radsecgw/md5.h"

/* MD5 of several messages at once, one in each lane of a vector register. */

size_t
rgw_md5_pad(uint8_t *message, size_t len, uint64_t before)
{
	size_t n = (len + 8) / MD5_BLOCK + 1;
	uint64_t bits = (before + len) << 3;

	message[len] = 0x80;
	memset(message + len + 1, 0, n * MD5_BLOCK - 8 - len - 1);
	md5_store(message + n * MD5_BLOCK - 8, (uint32_t)bits);
	md5_store(message + n * MD5_BLOCK - 4, (uint32_t)(bits >> 32));
	return n;
}

/* The way for few lanes, for lanes of very different lengths, and for machines without vectors. */
static void
run_alone(struct rgw_md5_lane *lane)
{
	struct rgw_md5 md5;

	rgw_md5_init(&md5);
	memcpy(md5.state, lane->state, sizeof md5.state);
	rgw_md5_update(&md5, lane->blocks, lane->n * MD5_BLOCK);
	memcpy(lane->state, md5.state, sizeof md5.state);
}

#if defined(__SSE2__) || defined(__ARM_NEON) || defined(__ALTIVEC__)

/* A step for all lanes costs as much as three for one. */
#define STEP_COST 3

/* A vector has one number of each lane; where a register is shorter, the compiler takes two. */
typedef uint32_t lanes_u32 __attribute__((vector_size(4 * RGW_MD5_LANES)));

static void
compress(lanes_u32 state[static 4], const uint8_t *const block[static RGW_MD5_LANES])
{
	lanes_u32 a = state[0], b = state[1], c = state[2], d = state[3];
	lanes_u32 x[16];

	for (unsigned i = 0; i < 16; i++)
		for (unsigned lane = 0; lane < RGW_MD5_LANES; lane++)
			x[i][lane] = md5_load(block[lane] + 4 * (size_t)i);
	MD5_ROUNDS;
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

/* A lane that has ended goes on with its last block, and its result is not looked at. */
static void
run_steps(struct rgw_md5_lane *lanes, size_t n, size_t steps)
{
	static const uint8_t nothing[MD5_BLOCK];
	const uint8_t *block[RGW_MD5_LANES];
	lanes_u32 state[4] = { 0 };

	for (size_t i = 0; i < RGW_MD5_LANES; i++)
		block[i] = i < n && lanes[i].n > 0 ? lanes[i].blocks : nothing;
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < 4; k++)
			state[k][i] = lanes[i].state[k];
	for (size_t done = 1; done <= steps; done++) {
		compress(state, block);
		for (size_t i = 0; i < n; i++) {
			if (done < lanes[i].n)
				block[i] += MD5_BLOCK;
			else if (done == lanes[i].n)
				for (unsigned k = 0; k < 4; k++)
					lanes[i].state[k] = state[k][i];
		}
	}
}

/* Hashes the lanes together; false = it would not pay, and nothing was done. */
static bool
run_together(struct rgw_md5_lane *lanes, size_t n)
{
	size_t steps = 0;
	size_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += lanes[i].n;
		if (steps < lanes[i].n)
			steps = lanes[i].n;
	}
	if (sum <= STEP_COST * steps)
		return false;
	run_steps(lanes, n, steps);
	return true;
}

#else

static bool
run_together(struct rgw_md5_lane *lanes, size_t n)
{
	(void)lanes;
	(void)n;
	return false;
}

#endif

void
rgw_md5_run(struct rgw_md5_lane *lanes, size_t n)
{
	if (run_together(lanes, n))
		return;
	for (size_t i = 0; i < n; i++)
		run_alone(&lanes[i]);
}
