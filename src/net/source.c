/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "udp_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "radsecgw/mem.h"

/* A source is a UDP socket from which one server is asked. The socket is connected, so the kernel drops what comes from
 * anywhere else, gives each source its own port, and reports what ICMP says. The engine opens and closes sources; the
 * net owns those that are open. */

#define ROUNDS 4

bool
rgw_udp_report(struct rgw_udp *udp)
{
	bool some = !rgw_list_empty(&udp->refused);
	struct rgw_link *l;

	while ((l = rgw_list_pop(&udp->refused)) != NULL) {
		struct rgw_udp_socket *s = RGW_CONTAINER(l, struct rgw_udp_socket, refused);

		rgw_source_on_refused(s->source, s->error == ECONNREFUSED
		        ? "ICMP port unreachable: nobody listens there" : strerror(s->error),
		    rgw_net_now(udp->net));
	}
	return some;
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct rgw_udp_socket *s = w->data;
	struct rgw_udp *udp = s->udp;
	rgw_ms now = rgw_net_now(udp->net);
	struct rgw_octets in[RGW_UDP_BATCH];
	int n = RGW_UDP_BATCH;

	(void)loop;
	(void)revents;
	for (int round = 0; round < ROUNDS && n == RGW_UDP_BATCH; round++) {
		n = rgw_udp_receive(s);
		if (n < 0 && rgw_udp_is_unreachable(errno))
			rgw_udp_source_error(s, errno);
		for (int i = 0; i < n; i++)
			in[i] = (struct rgw_octets){ udp->in[i], udp->in_msgs[i].msg_len };
		if (n > 0)
			rgw_source_on_packets(s->source, in, (size_t)n, now);
	}
}

/* Makes the socket, binds it if somebody wants that, and connects it. false = errno says why. */
static bool
set_up(struct rgw_udp_socket *s, const struct rgw_addr *from, const struct rgw_addr *to)
{
	struct sockaddr_storage sa;
	socklen_t len = rgw_addr_to_sockaddr(to, &sa);

	s->bound.fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->bound.fd < 0)
		return false;
	/* All answers to what one socket may ask can come at once. */
	rgw_udp_widen(s->bound.fd);
	if (from != NULL) {
		struct sockaddr_storage own;
		socklen_t own_len = rgw_addr_to_sockaddr(from, &own);

		if (bind(s->bound.fd, (struct sockaddr *)&own, own_len) != 0)
			return false;
	}
	if (connect(s->bound.fd, (struct sockaddr *)&sa, len) != 0)
		return false;
	len = sizeof sa;
	return getsockname(s->bound.fd, (struct sockaddr *)&sa, &len) == 0 &&
	    rgw_addr_from_sockaddr(&s->bound.local, (struct sockaddr *)&sa);
}

void *
rgw_udp_source_open(void *ctx, struct rgw_source *source, const struct rgw_addr *from,
    const struct rgw_addr *to)
{
	struct rgw_net *net = ctx;
	struct rgw_udp_socket *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->udp = net->udp;
	s->source = source;
	s->bound.fd = -1;
	rgw_link_init(&s->bound.link);
	rgw_link_init(&s->dirty);
	rgw_link_init(&s->refused);
	if (!set_up(s, from, to)) {
		RGW_LOG(net->log, RGW_LOG_WARNING, "source-failed", NULL,
		    "cannot open a UDP socket towards a server; see `source`", rgw_f_addr("to", to),
		    rgw_f_str("reason", strerror(errno)));
		if (s->bound.fd >= 0)
			close(s->bound.fd);
		free(s);
		return NULL;
	}
	rgw_list_append(&net->udp->sources, &s->bound.link);
	ev_io_init(&s->readable, on_readable, s->bound.fd, EV_READ);
	s->readable.data = s;
	ev_io_start(net->loop, &s->readable);
	return s;
}

void
rgw_udp_source_send(void *ctx, void *io, const struct rgw_outgoing *packet)
{
	struct rgw_udp_socket *s = io;

	(void)ctx;
	rgw_udp_queue(s, &s->bound.local, NULL, packet);
}

void
rgw_udp_source_close(void *ctx, void *io)
{
	struct rgw_udp_socket *s = io;
	struct rgw_udp *udp = s->udp;

	(void)ctx;
	for (size_t i = 0; i < udp->queued; i++)
		if (udp->queue[i].socket == s)
			udp->queue[i].socket = NULL;
	rgw_link_remove(&s->bound.link);
	rgw_link_remove(&s->dirty);
	rgw_link_remove(&s->refused);
	ev_io_stop(udp->net->loop, &s->readable);
	close(s->bound.fd);
	free(s);
}

void
rgw_udp_free_sources(struct rgw_udp *udp)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&udp->sources)) != NULL) {
		struct rgw_udp_socket *s = RGW_CONTAINER(l, struct rgw_udp_socket, bound.link);

		rgw_udp_source_close(udp->net, s);
	}
}
