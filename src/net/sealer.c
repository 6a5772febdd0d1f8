/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "radsecgw/hop.h"
#include "tcp_priv.h"

/* The sealer holds packets that still have to be signed and encrypted. They wait until there are as many as can be
 * signed side by side, or until the end of the turn. A connection that ends has its packets sealed before. */

void
rgw_sealer_run(struct rgw_net *net)
{
	struct rgw_sealer *sealer = &net->sealer;
	struct rgw_unsigned packets[RGW_SEALER_MAX];

	for (size_t i = 0; i < sealer->n; i++) {
		struct rgw_unsealed *u = &sealer->waiting[i];

		packets[i] = rgw_hop_unsigned(u->octets, u->len, u->secret);
	}
	rgw_sign(packets, sealer->n);
	for (size_t i = 0; i < sealer->n; i++) {
		struct rgw_unsealed *u = &sealer->waiting[i];

		u->tcp->unsealed -= u->len;
		rgw_tcp_write(u->tcp, u->octets, u->len);
	}
	sealer->n = 0;
}

void
rgw_sealer_add(struct rgw_tcp *t, const struct rgw_outgoing *packet)
{
	struct rgw_sealer *sealer = &t->net->sealer;
	struct rgw_unsealed *u = &sealer->waiting[sealer->n++];

	u->tcp = t;
	u->secret = packet->secret;
	u->len = packet->len;
	memcpy(u->octets, packet->data, packet->len);
	t->unsealed += packet->len;
	if (sealer->n == RGW_SEALER_MAX)
		rgw_sealer_run(t->net);
}
