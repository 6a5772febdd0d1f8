/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include <stdio.h>

/* What stands in packets, as stories ask for it. */

struct rgw_packet
sim_packet_of(const uint8_t *data, size_t len)
{
	struct rgw_packet p;

	assert_int_equal(rgw_packet_parse(&p, data, len), RGW_PACKET_OK);
	return p;
}

size_t
sim_count_attrs(const uint8_t *data, size_t len, uint8_t type)
{
	struct rgw_packet p = sim_packet_of(data, len);
	struct rgw_attr a = { 0 };
	size_t n = 0;

	while (rgw_packet_next(&p, &a))
		n += a.type == type;
	return n;
}

void
sim_expect_values(const uint8_t *data, size_t len, uint8_t type, const char *want)
{
	struct rgw_packet p = sim_packet_of(data, len);
	struct rgw_attr a = { 0 };
	char got[1024] = "";
	size_t n = 0;

	while (rgw_packet_next(&p, &a))
		if (a.type == type)
			n += (size_t)snprintf(got + n, sizeof got - n, "%.*s,", a.len, (const char *)a.value);
	assert_string_equal(got, want);
}
