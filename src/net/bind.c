/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "net_priv.h"

/* What the sockets of [listen] sections, for datagrams and for connections, have in common: which addresses of
 * the machine a bound address stands for. */

bool
rgw_bind_is_wildcard(const struct rgw_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof zero) == 0;
}

bool
rgw_bind_takes_ipv4(const struct rgw_conf *conf, const struct rgw_addr *a, bool tls)
{
	if (a->family != 6 || !rgw_bind_is_wildcard(a))
		return false;
	for (size_t i = 0; i < conf->listen.n; i++) {
		const struct rgw_conf_listen *l = conf->listen.v[i];
		const struct rgw_addrs *addrs = tls ? &l->tls : &l->udp;

		for (size_t j = 0; j < addrs->n; j++)
			if (addrs->v[j].family == 4 && addrs->v[j].port == a->port)
				return false;
	}
	return true;
}
