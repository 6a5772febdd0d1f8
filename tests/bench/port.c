/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"
#include "radsecgw/radius.h"

#define HANDSHAKE_MS 10000

static void
bind_socket(int fd, const struct rgw_addr *from)
{
	struct sockaddr_storage sa;
	socklen_t len = rgw_addr_to_sockaddr(from, &sa);

	if (bind(fd, (struct sockaddr *)&sa, len) != 0)
		bench_fail("cannot use an address as ours: %s", strerror(errno));
}

static int
open_socket(const struct rgw_addr *from, const struct rgw_addr *to, int type)
{
	struct sockaddr_storage sa;
	socklen_t len = rgw_addr_to_sockaddr(to, &sa);
	int fd = socket(sa.ss_family, type | SOCK_CLOEXEC, 0);
	int yes = 1;

	if (fd >= 0 && from != NULL)
		bind_socket(fd, from);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, len) != 0)
		bench_fail("cannot open a socket: %s", strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
	if (type == SOCK_DGRAM)
		bench_receive_buffer(fd);
	else
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	return fd;
}

void
port_open_udp(struct port *p, const struct rgw_addr *from, const struct rgw_addr *to)
{
	*p = (struct port){ .end.fd = open_socket(from, to, SOCK_DGRAM) };
}

/* ---- TLS ---- */

struct reading {
	struct port *port;
	port_packet *on_packet;
	void *arg;
	int64_t at;
};

static void
on_data(void *arg, const uint8_t *data, size_t len)
{
	struct rgw_rd in = rgw_rd_of(data, len);
	struct reading *r = arg;
	enum rgw_stream_result result;
	struct rgw_rd packet;

	if (r->at == 0)
		r->at = r->port->end.at != 0 ? r->port->end.at : bench_now(CLOCK_REALTIME);
	while ((result = rgw_stream_next(&r->port->stream, &in, 0, &packet)) == RGW_STREAM_PACKET)
		r->on_packet(r->arg, packet.p, rgw_rd_left(&packet), r->at);
	if (result != RGW_STREAM_MORE)
		bench_fail("what comes on the connection is no RADIUS");
}

static bool
receive_tls(struct port *p, port_packet *on_packet, void *arg)
{
	struct reading r = { p, on_packet, arg, 0 };

	if (!tlsend_work(&p->end, on_data, &r))
		bench_fail("the TLS connection has ended");
	return false;
}

static void
no_packet(void *arg, const uint8_t *data, size_t len, int64_t at)
{
	(void)arg;
	(void)data;
	(void)len;
	(void)at;
}

void
port_open_tls(struct port *p, const struct rgw_addr *from, const struct rgw_addr *to,
    struct rgw_tlsctx *ctx)
{
	*p = (struct port){ 0 };
	rgw_stream_init(&p->stream);
	if (!tlsend_begin(&p->end, open_socket(from, to, SOCK_STREAM), ctx))
		bench_fail("out of memory");
	for (;;) {
		struct pollfd fd = { .fd = p->end.fd, .events = POLLIN };

		receive_tls(p, no_packet, NULL);
		if (p->end.up)
			return;
		if (poll(&fd, 1, HANDSHAKE_MS) <= 0)
			bench_fail("no TLS handshake");
	}
}

size_t
port_waiting(const struct port *p)
{
	return p->end.tls != NULL ? tlsend_waiting(&p->end) : 0;
}

void
port_flush(struct port *p)
{
	if (p->end.tls != NULL && !tlsend_flush(&p->end))
		bench_fail("the TLS connection has ended");
}

/* ---- both ---- */

void
port_send(struct port *p, struct iovec *packets, unsigned n)
{
	struct mmsghdr out[PORT_BATCH];
	unsigned done = 0;

	if (p->end.tls != NULL) {
		for (unsigned i = 0; i < n; i++)
			if (!rgw_session_write(p->end.tls, packets[i].iov_base, packets[i].iov_len))
				bench_fail("TLS: %s", rgw_session_why(p->end.tls));
		port_flush(p);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		out[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &packets[i], .msg_iovlen = 1 } };
	for (int tries = 0; done < n && tries < 3; tries++)
		done += bench_send(p->end.fd, out + done, n - done, MSG_DONTWAIT);
}

bool
port_receive(struct port *p, port_packet *on_packet, void *arg)
{
	static uint8_t octets[PORT_BATCH][RGW_PACKET_MAX];
	static char control[PORT_BATCH][64];
	static struct iovec iov[PORT_BATCH];
	static struct mmsghdr in[PORT_BATCH];
	int n;

	if (p->end.tls != NULL)
		return receive_tls(p, on_packet, arg);
	for (size_t i = 0; i < PORT_BATCH; i++) {
		iov[i] = (struct iovec){ octets[i], RGW_PACKET_MAX };
		in[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1,
			.msg_control = control[i], .msg_controllen = sizeof control[i] };
	}
	n = recvmmsg(p->end.fd, in, PORT_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		int64_t at = bench_stamp(&in[i].msg_hdr);

		on_packet(arg, octets[i], in[i].msg_len, at != 0 ? at : bench_now(CLOCK_REALTIME));
	}
	return n == PORT_BATCH;
}
