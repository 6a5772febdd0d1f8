/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tcp_priv.h"

/* The options of TCP sockets. A socket for which the kernel refuses one of them works all the same. */

/* Keepalive (P-TCP-26): a NAT forgets idle flows after a few minutes. */
#define KEEPALIVE_IDLE_S 60
#define KEEPALIVE_INTERVAL_S 15
#define KEEPALIVE_PROBES 4

void
rgw_tcp_set_options(int fd, const struct rgw_conf_peer *peer)
{
	const struct {
		int level, name, value;
	} options[] = {
		/* Whole packets are written at once; waiting to fill a segment only delays (P-FO-8). */
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, peer != NULL ? (int)peer->user_timeout : 0 },
		{ SOL_SOCKET, SO_KEEPALIVE, peer == NULL || peer->tcp_keepalive },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES },
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
		    sizeof options[i].value);
}
