/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_FAIR_H
#define RADSECGW_FAIR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Fair use of something that is bounded and of which many hold a part: requests, octets, entries of a table.
 *
 * The rule: a holder may take more as long as it holds less than RGW_FAIR_TIMES times what is free. So a single holder
 * can have most of the whole (four fifths), two can have four ninths each, n can have 4 / (1 + 4n) each, and however
 * many take all they can get, 1 / (1 + 4n) stays free for holders that have little. A holder that has more than that,
 * because others have come since, gets nothing until it has given back enough. So the holder that has most is refused
 * first, and nobody needs to be told how many holders there are.
 *
 * Pure, in constant time, and without a list of the holders.
 */
#define RGW_FAIR_TIMES 4

/* The part of the whole that is free. */
static inline uint64_t
rgw_fair_free(uint64_t whole, uint64_t taken)
{
	return taken < whole ? whole - taken : 0;
}

/* May a holder of `mine` take `more`, if all holders together have taken `taken` of the whole? */
static inline bool
rgw_fair_may_take(uint64_t whole, uint64_t taken, uint64_t mine, uint64_t more)
{
	uint64_t left = rgw_fair_free(whole, taken);

	return more <= left && mine + more <= RGW_FAIR_TIMES * left;
}

/* How much more a holder of `mine` may take at once. */
static inline uint64_t
rgw_fair_room(uint64_t whole, uint64_t taken, uint64_t mine)
{
	uint64_t left = rgw_fair_free(whole, taken);
	uint64_t most = RGW_FAIR_TIMES * left;

	if (most <= mine)
		return 0;
	return most - mine < left ? most - mine : left;
}

#endif
