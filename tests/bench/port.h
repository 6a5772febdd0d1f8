/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PORT_H
#define PORT_H

#include <sys/uio.h>

#include "radsecgw/addr.h"
#include "radsecgw/stream.h"
#include "tlsend.h"

/* Where a client sends requests from: a UDP port or a TLS connection. It never waits. */
struct port {
	struct tlsend end;         /* of UDP only the descriptor is used */
	struct rgw_stream stream;
};

/* Datagrams that one call sends or receives at most. */
#define PORT_BATCH 64

/* `from` is an address of ours, or NULL for the system's choice. Both end the program on failure; with TLS
 * the handshake is done when it returns. */
void port_open_udp(struct port *p, const struct rgw_addr *from, const struct rgw_addr *to);
void port_open_tls(struct port *p, const struct rgw_addr *from, const struct rgw_addr *to,
    struct rgw_tlsctx *ctx);

/* Sends up to PORT_BATCH packets. What the kernel does not take counts as lost in the end, as on a real
 * network; TLS keeps it for port_flush. */
void port_send(struct port *p, struct iovec *packets, unsigned n);
/* Octets that TLS keeps. */
size_t port_waiting(const struct port *p);
void port_flush(struct port *p);

/* Takes one packet; `at` is when it had come (CLOCK_REALTIME). */
typedef void port_packet(void *arg, const uint8_t *data, size_t len, int64_t at);

/* Reads once. true = there may be more. */
bool port_receive(struct port *p, port_packet *on_packet, void *arg);

#endif
