/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/loopmark.h"

#include <string.h>

#include "radsecgw/mem.h"

static const uint8_t kind[4] = { 'r', 's', 'g', 'w' };

#define AT_OWN 4
#define AT_HOPS 12

void
rgw_loopmark_init(struct rgw_loopmark *mark, const struct rgw_hashkey *key)
{
	static const char what[] = "loop mark";
	uint64_t hash = rgw_siphash(key, what, sizeof what);

	memcpy(mark->own, &hash, sizeof mark->own);
}

/* The next mark in a packet, from an attribute on. */
static bool
next_mark(const struct rgw_packet *packet, struct rgw_attr *a)
{
	while (packet->n_proxy_state > 0 && rgw_packet_next(packet, a))
		if (a->type == RGW_PROXY_STATE && a->len == RGW_LOOPMARK_LEN &&
		    memcmp(a->value, kind, sizeof kind) == 0)
			return true;
	return false;
}

unsigned
rgw_loopmark_passed(const struct rgw_packet *packet)
{
	struct rgw_attr a = { 0 };
	unsigned hops = 0;

	while (next_mark(packet, &a))
		if (a.value[AT_HOPS] > hops)
			hops = a.value[AT_HOPS];
	return hops;
}

bool
rgw_loopmark_is_own(const struct rgw_loopmark *mark, const struct rgw_packet *packet)
{
	struct rgw_attr a = { 0 };

	while (next_mark(packet, &a))
		if (rgw_ct_equal(a.value + AT_OWN, mark->own, sizeof mark->own))
			return true;
	return false;
}

void
rgw_loopmark_write(const struct rgw_loopmark *mark, unsigned passed, uint8_t out[static RGW_LOOPMARK_LEN])
{
	memcpy(out, kind, sizeof kind);
	memcpy(out + AT_OWN, mark->own, sizeof mark->own);
	out[AT_HOPS] = passed < UINT8_MAX ? (uint8_t)(passed + 1) : UINT8_MAX;
}
