/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "udp_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "radsecgw/mem.h"

/* UDP sockets that listen: they take the requests of clients in batches. The net owns all of them; the engine knows
 * each by its number. */

/* The number of receive calls per turn and socket, so that a flood on one socket does not keep the others waiting. */
#define ROUNDS 4

/* Octets of receive buffer to ask for, more than any kernel gives without special rights. What a kernel gives is room
 * for a burst of a few hundred datagrams, which its default is not. */
#define WIDE (4 << 20)

struct rgw_udp *
rgw_udp_new(struct rgw_net *net)
{
	struct rgw_udp *udp = rgw_xcalloc(1, sizeof *udp);

	udp->net = net;
	rgw_link_init(&udp->sources);
	rgw_link_init(&udp->dirty);
	rgw_link_init(&udp->refused);
	udp->in = rgw_xcalloc(RGW_UDP_BATCH, sizeof *udp->in);
	udp->out = rgw_xcalloc(RGW_UDP_BATCH, sizeof *udp->out);
	return udp;
}

void
rgw_udp_free(struct rgw_udp *udp)
{
	if (udp == NULL)
		return;
	for (size_t i = 0; i < udp->n_sockets; i++) {
		ev_io_stop(udp->net->loop, &udp->sockets[i].readable);
		if (udp->sockets[i].fd >= 0)
			close(udp->sockets[i].fd);
	}
	free(udp->sockets);
	rgw_wipe(udp->in, RGW_UDP_BATCH * sizeof *udp->in);
	rgw_wipe(udp->out, RGW_UDP_BATCH * sizeof *udp->out);
	free(udp->in);
	free(udp->out);
	free(udp);
}

static bool
set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* Asks for a larger receive buffer, and logs it when the kernel gives less than somebody wants. */
static void
set_receive_buffer(const struct rgw_udp_socket *s)
{
	int want = (int)s->conf->receive_buffer;
	int got = 0;
	socklen_t len = sizeof got;

	if (want == 0) {
		rgw_udp_widen(s->fd);
		return;
	}
	if (!set_int(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, want))
		set_int(s->fd, SOL_SOCKET, SO_RCVBUF, want);
	getsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &got, &len);
	/* The kernel doubles the value for its own book-keeping. */
	if (got / 2 < want)
		RGW_LOG(s->udp->net->log, RGW_LOG_WARNING, "receive-buffer", s->conf->head.name,
		    "the kernel gives less than receive-buffer; see net.core.rmem_max",
		    rgw_f_str("listen", s->conf->head.name), rgw_f_uint("wanted", (uint64_t)want),
		    rgw_f_uint("got", (uint64_t)got / 2));
}

void
rgw_udp_widen(int fd)
{
	set_int(fd, SOL_SOCKET, SO_RCVBUF, WIDE);
}

static bool
open_socket(struct rgw_udp_socket *s)
{
	int family = s->local.family == 4 ? AF_INET : AF_INET6;
	struct sockaddr_storage sa;
	unsigned len = rgw_addr_to_sockaddr(&s->local, &sa);
	bool ok = true;

	s->wildcard = rgw_bind_is_wildcard(&s->local);
	s->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return false;
	if (family == AF_INET6)
		ok = set_int(s->fd, IPPROTO_IPV6, IPV6_V6ONLY,
		    !rgw_bind_takes_ipv4(s->udp->net->conf, &s->local, false));
	if (s->wildcard && family == AF_INET)
		ok = ok && set_int(s->fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (s->wildcard && family == AF_INET6)
		ok = ok && set_int(s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	set_receive_buffer(s);
	return ok && rgw_spread_bind(&s->udp->net->spread, s->fd, (struct sockaddr *)&sa, len, 0);
}

bool
rgw_udp_open(struct rgw_udp *udp)
{
	const struct rgw_conf *conf = udp->net->conf;
	size_t n = 0;

	for (size_t i = 0; i < conf->listen.n; i++)
		n += conf->listen.v[i]->udp.n;
	udp->sockets = rgw_xcalloc(n, sizeof *udp->sockets);
	for (size_t i = 0; i < conf->listen.n; i++) {
		const struct rgw_conf_listen *l = conf->listen.v[i];

		for (size_t j = 0; j < l->udp.n; j++) {
			struct rgw_udp_socket *s = &udp->sockets[udp->n_sockets++];

			*s = (struct rgw_udp_socket){ .udp = udp, .conf = l, .local = l->udp.v[j],
				.fd = -1 };
			rgw_link_init(&s->dirty);
			rgw_link_init(&s->refused);
			if (!open_socket(s)) {
				RGW_LOG(udp->net->log, RGW_LOG_ERROR, "listen-failed", NULL,
				    "cannot listen on this UDP address", rgw_f_str("listen", l->head.name),
				    rgw_f_addr("addr", &s->local), rgw_f_str("reason", strerror(errno)));
				return false;
			}
			if (udp->net->spread.worker == 0)
				RGW_LOG(udp->net->log, RGW_LOG_NOTICE, "listening", NULL,
				    "listening for RADIUS/UDP", rgw_f_str("listen", l->head.name),
				    rgw_f_addr("addr", &s->local));
		}
	}
	return true;
}

/* The address that a datagram was sent to, from its control data. */
static void
destination(const struct rgw_udp_socket *s, struct msghdr *msg, struct rgw_addr *out)
{
	*out = s->local;
	if (!s->wildcard)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof info);
			memcpy(out->ip, &info.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			struct sockaddr_in6 sa = { .sin6_family = AF_INET6,
				.sin6_port = htons(s->local.port) };

			memcpy(&info, CMSG_DATA(c), sizeof info);
			sa.sin6_addr = info.ipi6_addr;
			if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
				sa.sin6_scope_id = info.ipi6_ifindex;
			if (!rgw_addr_from_sockaddr(out, (struct sockaddr *)&sa))
				continue;
		}
	}
}

/* Hands n datagrams to the engine. A datagram without a sender's address is left out. */
static void
hand_over(struct rgw_udp_socket *s, size_t n, rgw_ms now)
{
	struct rgw_udp *udp = s->udp;
	struct rgw_udp_from from[RGW_UDP_BATCH];
	struct rgw_octets in[RGW_UDP_BATCH];
	size_t some = 0;

	for (size_t i = 0; i < n; i++) {
		struct rgw_udp_from *f = &from[some];

		f->sock = (uint32_t)(s - udp->sockets);
		f->listen = s->conf->head.index;
		f->accept = s->conf->accept;
		if (!rgw_addr_from_sockaddr(&f->remote, (struct sockaddr *)&udp->in_from[i]))
			continue;
		destination(s, &udp->in_msgs[i].msg_hdr, &f->local);
		in[some++] = (struct rgw_octets){ udp->in[i], udp->in_msgs[i].msg_len };
	}
	rgw_gw_on_udp(udp->net->gw, from, in, some, now);
}

int
rgw_udp_receive(struct rgw_udp_socket *s)
{
	struct rgw_udp *udp = s->udp;

	for (size_t i = 0; i < RGW_UDP_BATCH; i++) {
		udp->in_iov[i] = (struct iovec){ udp->in[i], RGW_UDP_DATAGRAM };
		udp->in_msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &udp->in_from[i],
			.msg_namelen = sizeof udp->in_from[i],
			.msg_iov = &udp->in_iov[i],
			.msg_iovlen = 1,
			.msg_control = s->wildcard ? udp->in_control[i] : NULL,
			.msg_controllen = s->wildcard ? RGW_UDP_CONTROL : 0,
		};
	}
	return recvmmsg(s->fd, udp->in_msgs, RGW_UDP_BATCH, 0, NULL);
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct rgw_udp_socket *s = w->data;
	rgw_ms now = rgw_net_now(s->udp->net);
	int n = RGW_UDP_BATCH;

	(void)loop;
	(void)revents;
	for (int round = 0; round < ROUNDS && n == RGW_UDP_BATCH; round++) {
		n = rgw_udp_receive(s);
		if (n > 0)
			hand_over(s, (size_t)n, now);
	}
}

void
rgw_udp_start(struct rgw_udp *udp)
{
	for (size_t i = 0; i < udp->n_sockets; i++) {
		struct rgw_udp_socket *s = &udp->sockets[i];

		ev_io_init(&s->readable, on_readable, s->fd, EV_READ);
		s->readable.data = s;
		ev_io_start(udp->net->loop, &s->readable);
		rgw_spread_admit(&udp->net->spread, s->fd);
	}
}
