/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "change.h"
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

/* The same for a socket that is read for the last time: enough for what waits there, but for a flood. */
#define LAST_ROUNDS 64

/* Octets of receive buffer to ask for, more than any kernel gives without special rights. What a kernel gives is room
 * for a burst of a few hundred datagrams, which its default is not. */
#define WIDE (4 << 20)

static void on_end(struct ev_loop *loop, ev_timer *w, int revents);

struct rgw_udp *
rgw_udp_new(struct rgw_net *net)
{
	struct rgw_udp *udp = rgw_xcalloc(1, sizeof *udp);

	udp->net = net;
	rgw_link_init(&udp->sockets);
	rgw_link_init(&udp->gone);
	pthread_mutex_init(&udp->lock, NULL);
	ev_timer_init(&udp->end, on_end, 0, 0);
	udp->end.data = udp;
	rgw_htab_init(&udp->by_number);
	rgw_link_init(&udp->sources);
	rgw_link_init(&udp->dirty);
	rgw_link_init(&udp->refused);
	udp->in = rgw_xcalloc(RGW_UDP_BATCH, sizeof *udp->in);
	udp->out = rgw_xcalloc(RGW_UDP_BATCH, sizeof *udp->out);
	return udp;
}

static struct rgw_udp_socket *
socket_of(struct rgw_link *l)
{
	return RGW_CONTAINER(l, struct rgw_udp_socket, bound.link);
}

/* Closes a socket that listens. */
static void
drop(struct rgw_bound *b)
{
	struct rgw_udp_socket *s = RGW_CONTAINER(b, struct rgw_udp_socket, bound);
	struct rgw_udp *udp = s->udp;

	/* Answers that wait leave first. */
	if (rgw_link_linked(&s->dirty))
		rgw_udp_flush(udp);
	if (s->number != 0)
		rgw_htab_remove(&udp->by_number, &s->by_number);
	rgw_link_remove(&b->link);
	ev_io_stop(udp->net->loop, &s->readable);
	if (b->fd >= 0)
		close(b->fd);
	free(s);
}

void
rgw_udp_free(struct rgw_udp *udp)
{
	struct rgw_link *l;

	if (udp == NULL)
		return;
	while ((l = rgw_list_first(&udp->sockets)) != NULL || (l = rgw_list_first(&udp->gone)) != NULL)
		drop(&socket_of(l)->bound);
	ev_timer_stop(udp->net->loop, &udp->end);
	pthread_mutex_destroy(&udp->lock);
	rgw_htab_fini(&udp->by_number);
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
	int want = (int)s->bound.conf->receive_buffer;
	int got = 0;
	socklen_t len = sizeof got;

	if (want == 0) {
		rgw_udp_widen(s->bound.fd);
		return;
	}
	if (!set_int(s->bound.fd, SOL_SOCKET, SO_RCVBUFFORCE, want))
		set_int(s->bound.fd, SOL_SOCKET, SO_RCVBUF, want);
	getsockopt(s->bound.fd, SOL_SOCKET, SO_RCVBUF, &got, &len);
	/* The kernel doubles the value for its own book-keeping. */
	if (got / 2 < want)
		RGW_LOG(s->udp->net->log, RGW_LOG_WARNING, "receive-buffer", s->bound.conf->head.name,
		    "the kernel gives less than receive-buffer; see net.core.rmem_max",
		    rgw_f_str("listen", s->bound.conf->head.name), rgw_f_uint("wanted", (uint64_t)want),
		    rgw_f_uint("got", (uint64_t)got / 2));
}

void
rgw_udp_widen(int fd)
{
	set_int(fd, SOL_SOCKET, SO_RCVBUF, WIDE);
}

/* ---- the sockets of a change ---- */

static void on_readable(struct ev_loop *loop, ev_io *w, int revents);

static struct rgw_bound *
make(struct rgw_net *net)
{
	struct rgw_udp_socket *s = rgw_xcalloc(1, sizeof *s);

	s->udp = net->udp;
	s->bound.fd = -1;
	rgw_link_init(&s->bound.link);
	rgw_link_init(&s->dirty);
	rgw_link_init(&s->refused);
	ev_io_init(&s->readable, on_readable, -1, EV_READ);
	s->readable.data = s;
	return &s->bound;
}

static bool
open_socket(struct rgw_net *net, struct rgw_bound *b)
{
	struct rgw_udp_socket *s = RGW_CONTAINER(b, struct rgw_udp_socket, bound);
	int family = b->local.family == 4 ? AF_INET : AF_INET6;
	struct sockaddr_storage sa;
	unsigned len = rgw_addr_to_sockaddr(&b->local, &sa);
	bool ok = true;

	s->wildcard = rgw_bind_is_wildcard(&b->local);
	b->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (b->fd < 0)
		return false;
	if (family == AF_INET6)
		ok = set_int(b->fd, IPPROTO_IPV6, IPV6_V6ONLY, !b->takes_ipv4);
	if (s->wildcard && family == AF_INET)
		ok = ok && set_int(b->fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (s->wildcard && family == AF_INET6)
		ok = ok && set_int(b->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	return ok && rgw_spread_bind(&net->spread, b->fd, (struct sockaddr *)&sa, len, 0);
}

/* ---- sockets that have gone ---- */

/* Milliseconds more than a request may live, in which its answer leaves. */
#define LAST_MS 250
/* A socket that has less left is not taken back: all workers must have theirs still, or none. */
#define TAKE_BACK_MS 5000
/* Milliseconds until the next look at a socket that is wanted. */
#define WANTED_MS 1000

/* Takes a socket whose time is over out of the list; *next is the time of the next one. */
static struct rgw_udp_socket *
pick_ended(struct rgw_udp *udp, rgw_ms now, rgw_ms *next)
{
	*next = RGW_NEVER;
	for (struct rgw_link *l = udp->gone.next; l != &udp->gone; l = l->next) {
		struct rgw_udp_socket *s = socket_of(l);

		if (s->gone_until <= now && !s->wanted) {
			rgw_link_remove(l);
			return s;
		}
		*next = rgw_ms_min(*next, s->wanted ? now + WANTED_MS : s->gone_until);
	}
	return NULL;
}

static void
on_end(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_udp *udp = w->data;
	rgw_ms now = rgw_net_now(udp->net);
	struct rgw_udp_socket *s;
	rgw_ms next;

	(void)revents;
	ev_timer_stop(loop, w);
	do {
		pthread_mutex_lock(&udp->lock);
		s = pick_ended(udp, now, &next);
		pthread_mutex_unlock(&udp->lock);
		if (s != NULL)
			drop(&s->bound);
	} while (s != NULL);
	if (next == RGW_NEVER)
		return;
	ev_timer_set(w, (double)(next - now + 1) / 1000, 0);
	ev_timer_start(loop, w);
}

/* Stops reading. What comes from now on is for nobody, even if the address comes back. */
static void
retire(struct rgw_udp_socket *s, rgw_ms until)
{
	ev_io_stop(s->udp->net->loop, &s->readable);
	(void)rgw_spread_refuse(s->bound.fd);
	s->gone_until = until;
	s->bound.conf = NULL;
	rgw_list_append(&s->udp->gone, &s->bound.link);
}

/* Looks for a socket that has gone and takes it back. The first worker decides whether there is time for that; then the
 * others have theirs still. */
static struct rgw_bound *
take_back(struct rgw_net *net, const struct rgw_addr *a)
{
	struct rgw_udp *udp = net->udp;
	struct rgw_bound *b;
	struct rgw_udp_socket *s;

	pthread_mutex_lock(&udp->lock);
	b = rgw_bound_find(&udp->gone, a);
	s = b != NULL ? RGW_CONTAINER(b, struct rgw_udp_socket, bound) : NULL;
	if (s != NULL && net->spread.worker == 0 && s->gone_until < rgw_clock_now() + TAKE_BACK_MS)
		b = NULL;
	if (b != NULL)
		s->wanted = true;
	pthread_mutex_unlock(&udp->lock);
	return b;
}

static void
let_go(struct rgw_bound *b)
{
	struct rgw_udp_socket *s = RGW_CONTAINER(b, struct rgw_udp_socket, bound);

	pthread_mutex_lock(&s->udp->lock);
	s->wanted = false;
	pthread_mutex_unlock(&s->udp->lock);
}

static bool
has_gone(struct rgw_net *net, uint16_t port)
{
	bool has;

	pthread_mutex_lock(&net->udp->lock);
	has = rgw_bound_has_port(&net->udp->gone, port);
	pthread_mutex_unlock(&net->udp->lock);
	return has;
}

static const struct rgw_bound_kind kind = {
	.tcp = false,
	.make = make,
	.open = open_socket,
	.free = drop,
	.take_back = take_back,
	.let_go = let_go,
	.has_gone = has_gone,
};

/* ---- the two phases ---- */

bool
rgw_udp_prepare(struct rgw_udp *udp, struct rgw_net_change *change)
{
	return rgw_places_find(change, &kind, &udp->sockets, &change->udp);
}

void
rgw_udp_discard(struct rgw_link *places)
{
	rgw_places_drop(places, &kind);
}

static void
start(struct rgw_udp_socket *s)
{
	if (ev_is_active(&s->readable))
		return;
	ev_io_set(&s->readable, s->bound.fd, EV_READ);
	ev_io_start(s->udp->net->loop, &s->readable);
	rgw_spread_admit(s->bound.fd);
}

void
rgw_udp_start(struct rgw_udp *udp)
{
	for (struct rgw_link *l = udp->sockets.next; l != &udp->sockets; l = l->next)
		start(socket_of(l));
}

static void
settle(struct rgw_udp_socket *s, const struct rgw_place *place)
{
	struct rgw_net *net = s->udp->net;

	s->bound.conf = place->conf;
	s->wanted = false;
	rgw_list_append(&s->udp->sockets, &s->bound.link);
	set_receive_buffer(s);
	if (!place->is_new)
		return;
	s->number = ++s->udp->last_number;
	rgw_htab_xadd(&s->udp->by_number, &s->by_number, s->number);
	if (net->spread.worker == 0)
		RGW_LOG(net->log, RGW_LOG_NOTICE, "listening", NULL, "listening for RADIUS/UDP",
		    rgw_f_str("listen", place->conf->head.name), rgw_f_addr("addr", &s->bound.local));
}

void
rgw_udp_adopt(struct rgw_udp *udp, struct rgw_link *places, rgw_ms lifetime)
{
	rgw_ms until = rgw_net_now(udp->net) + lifetime + LAST_MS;
	struct rgw_link *l;

	pthread_mutex_lock(&udp->lock);
	while ((l = rgw_list_pop(&udp->sockets)) != NULL)
		retire(socket_of(l), until);
	pthread_mutex_unlock(&udp->lock);
	while ((l = rgw_list_pop(places)) != NULL) {
		struct rgw_place *place = RGW_CONTAINER(l, struct rgw_place, link);

		settle(RGW_CONTAINER(place->bound, struct rgw_udp_socket, bound), place);
		free(place);
	}
	on_end(udp->net->loop, &udp->end, 0);
	if (udp->net->gw != NULL)
		rgw_udp_start(udp);
}

/* ---- what arrives ---- */

/* The address that a datagram was sent to, from its control data. */
static void
destination(const struct rgw_udp_socket *s, struct msghdr *msg, struct rgw_addr *out)
{
	*out = s->bound.local;
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
				.sin6_port = htons(s->bound.local.port) };

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

		f->sock = s->number;
		f->listen = s->bound.conf->head.id;
		f->accept = s->bound.conf->accept;
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
	return recvmmsg(s->bound.fd, udp->in_msgs, RGW_UDP_BATCH, 0, NULL);
}

/* Reads a socket for so many calls at the most. */
static void
read_some(struct rgw_udp_socket *s, int rounds)
{
	rgw_ms now = rgw_net_now(s->udp->net);
	int n = RGW_UDP_BATCH;

	for (int round = 0; round < rounds && n == RGW_UDP_BATCH; round++) {
		n = rgw_udp_receive(s);
		if (n > 0)
			hand_over(s, (size_t)n, now);
	}
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	read_some(w->data, ROUNDS);
}

void
rgw_udp_read_out(struct rgw_udp *udp)
{
	for (struct rgw_link *l = udp->sockets.next; l != &udp->sockets; l = l->next)
		read_some(socket_of(l), LAST_ROUNDS);
}
