/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/loopmark.h"

#include <string.h>

#include "radsecgw/mem.h"

/* A loop mark is a Proxy-State of ours by which the gateway knows its own requests when they come back. */

static const uint8_t kind[4] = { 'r', 's', 'g', 'w' };

#define AT_OWN 4
#define AT_HOPS 12

void
rgw_loopmark_init(struct rgw_loopmark *mark, const struct rgw_hashkey *key)
{
	static const char what[] = "loop mark";

	mark->key = *key;
	mark->key.k0 ^= rgw_siphash(key, what, sizeof what);
}

static uint64_t
own_of(const struct rgw_loopmark *mark, uint64_t asker)
{
	return rgw_siphash(&mark->key, &asker, sizeof asker);
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
rgw_loopmark_is_own(const struct rgw_loopmark *mark, uint64_t asker, const struct rgw_packet *packet)
{
	uint64_t own = own_of(mark, asker);
	struct rgw_attr a = { 0 };

	while (next_mark(packet, &a))
		if (rgw_ct_equal(a.value + AT_OWN, &own, sizeof own))
			return true;
	return false;
}

void
rgw_loopmark_write(const struct rgw_loopmark *mark, uint64_t asker, unsigned passed,
    uint8_t out[static RGW_LOOPMARK_LEN])
{
	uint64_t own = own_of(mark, asker);

	memcpy(out, kind, sizeof kind);
	memcpy(out + AT_OWN, &own, sizeof own);
	out[AT_HOPS] = passed < UINT8_MAX ? (uint8_t)(passed + 1) : UINT8_MAX;
}
