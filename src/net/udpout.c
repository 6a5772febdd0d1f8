/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "udp_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "radsecgw/hop.h"

/* Datagrams on their way out: what one turn of the loop produces leaves in as few system calls and as few
 * passes through the kernel as possible. */

/* Not in the headers of every C library. */
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* The kernel cuts no datagram that would not fit a network packet; nearly all have room for this one. */
#define SEGMENT_MAX 1200

/* The messages that go to the kernel in one call. A message is one datagram, or several of one length to one address:
 * they go through the kernel as one and are cut apart at its end, which costs a fraction. */
struct batch {
	struct mmsghdr msgs[RGW_UDP_BATCH];
	unsigned n;
	struct iovec parts[RGW_UDP_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[RGW_UDP_BATCH][RGW_UDP_CONTROL];
};

/* The IPv6 address by which an IPv6 socket reaches an IPv4 address (RFC 4291 2.5.5.2). */
static struct in6_addr
mapped(const struct rgw_addr *a)
{
	struct in6_addr out = { 0 };

	if (a->family == 6) {
		memcpy(&out, a->ip, sizeof out);
	} else {
		out.s6_addr[10] = out.s6_addr[11] = 0xff;
		memcpy(&out.s6_addr[12], a->ip, 4);
	}
	return out;
}

static unsigned
put_remote(const struct rgw_udp_socket *s, const struct rgw_addr *remote, struct sockaddr_storage *out)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(remote->port) };

	if (s->bound.local.family == remote->family)
		return rgw_addr_to_sockaddr(remote, out);
	sa.sin6_addr = mapped(remote);
	memcpy(out, &sa, sizeof sa);
	return sizeof sa;
}

/* Adds one item of control data to a message, which has room for it. */
static void
put_control(struct msghdr *msg, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)((uint8_t *)msg->msg_control + msg->msg_controllen);

	memset(c, 0, CMSG_SPACE(len));
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	msg->msg_controllen += CMSG_SPACE(len);
}

/* Makes a datagram leave from the address that its request was sent to (P-PKT-11). */
static void
put_source(struct msghdr *msg, const struct rgw_udp_socket *s, const struct rgw_addr *local)
{
	struct in6_pktinfo six = { .ipi6_addr = mapped(local), .ipi6_ifindex = local->scope };
	struct in_pktinfo four = { 0 };

	if (s->bound.local.family == 4) {
		memcpy(&four.ipi_spec_dst, local->ip, 4);
		put_control(msg, IPPROTO_IP, IP_PKTINFO, &four, sizeof four);
	} else {
		put_control(msg, IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof six);
	}
}

/* Can the two datagrams leave as one message? */
static bool
is_alike(const struct rgw_udp_outgoing *a, const struct rgw_udp_outgoing *b)
{
	return a->socket == b->socket && a->data.iov_len == b->data.iov_len &&
	    a->remote_len == b->remote_len && memcmp(&a->remote, &b->remote, a->remote_len) == 0 &&
	    rgw_addr_equal(&a->local, &b->local);
}

/* Adds one message: the i-th datagram of the queue and those behind it that are alike. */
static void
add_message(struct batch *b, struct rgw_udp_socket *s, size_t i, struct iovec *parts)
{
	struct rgw_udp *udp = s->udp;
	struct rgw_udp_outgoing *first = &udp->queue[i];
	struct msghdr *msg = &b->msgs[b->n].msg_hdr;
	uint16_t length = (uint16_t)first->data.iov_len;

	*msg = (struct msghdr){ .msg_iov = parts, .msg_iovlen = 1, .msg_control = b->control[b->n] };
	b->n++;
	parts[0] = first->data;
	if (first->remote_len > 0) {
		msg->msg_name = &first->remote;
		msg->msg_namelen = first->remote_len;
	}
	for (size_t j = i + 1; j < udp->queued && !s->one_by_one && length <= SEGMENT_MAX; j++) {
		if (!is_alike(first, &udp->queue[j]))
			continue;
		parts[msg->msg_iovlen++] = udp->queue[j].data;
		udp->queue[j].socket = NULL;
	}
	if (s->wildcard)
		put_source(msg, s, &first->local);
	if (msg->msg_iovlen > 1)
		put_control(msg, SOL_UDP, UDP_SEGMENT, &length, sizeof length);
	if (msg->msg_controllen == 0)
		msg->msg_control = NULL;
}

/* Gathers the queued datagrams of one socket. */
static void
gather(struct batch *b, struct rgw_udp_socket *s)
{
	struct rgw_udp *udp = s->udp;
	size_t n_parts = 0;

	b->n = 0;
	for (size_t i = 0; i < udp->queued; i++) {
		if (udp->queue[i].socket != s)
			continue;
		add_message(b, s, i, &b->parts[n_parts]);
		n_parts += b->msgs[b->n - 1].msg_hdr.msg_iovlen;
	}
}

static void
log_failure(const struct rgw_udp_socket *s, int error)
{
	const char *name = s->bound.conf != NULL ? s->bound.conf->head.name : NULL;

	RGW_LOG(s->udp->net->log, RGW_LOG_WARNING, "udp-send-failed", name,
	    s->source == NULL ? "an answer could not be sent; the client will ask again"
	                    : "a request could not be sent; it will be sent again",
	    rgw_f_addr("from", &s->bound.local), rgw_f_str("reason", strerror(error)));
}

/* Sends the datagrams of a message one by one, now and from now on, since the kernel or the network card cannot cut
 * them apart. */
static void
send_apart(struct rgw_udp_socket *s, const struct msghdr *all)
{
	struct msghdr msg = *all;
	size_t parts = all->msg_iovlen;  /* an int in some C libraries */

	s->one_by_one = true;
	msg.msg_iovlen = 1;
	/* The length of the parts is the last item of control data. */
	msg.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
	if (msg.msg_controllen == 0)
		msg.msg_control = NULL;
	for (size_t i = 0; i < parts; i++) {
		msg.msg_iov = &all->msg_iov[i];
		if (sendmsg(s->bound.fd, &msg, MSG_NOSIGNAL) < 0)
			log_failure(s, errno);
	}
}

bool
rgw_udp_is_unreachable(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENOPROTOOPT:
		return true;
	default:
		return false;
	}
}

/* Notes the error for later, since this may be in the middle of an operation of the engine. */
void
rgw_udp_source_error(struct rgw_udp_socket *s, int error)
{
	s->error = error;
	if (!rgw_link_linked(&s->refused))
		rgw_list_append(&s->udp->refused, &s->refused);
}

/* Deals with the first message of the rest, which was not sent. false = the message is to be tried again. */
static bool
on_failure(struct rgw_udp_socket *s, const struct msghdr *msg, bool *told)
{
	int error = errno;

	if (error == EINTR)
		return false;
	/* The error is ICMP's for an earlier datagram: this one has not been tried yet. */
	if (s->source != NULL && rgw_udp_is_unreachable(error) && !*told) {
		*told = true;
		rgw_udp_source_error(s, error);
		return false;
	}
	if (msg->msg_iovlen > 1 && (error == EINVAL || error == EIO || error == EOPNOTSUPP ||
	        error == EMSGSIZE))
		send_apart(s, msg);
	else
		log_failure(s, error);
	return true;
}

/* Sends the queued datagrams of one socket. Datagrams that the kernel does not take now are lost, as datagrams may be;
 * whoever asked asks again. */
static void
flush_socket(struct rgw_udp_socket *s)
{
	struct batch b;
	unsigned sent = 0;
	bool told = false;

	gather(&b, s);
	while (sent < b.n) {
		int done = sendmmsg(s->bound.fd, b.msgs + sent, b.n - sent, MSG_NOSIGNAL);

		if (done > 0)
			sent += (unsigned)done;
		/* An error belongs to the first message; the others may still go. */
		else if (on_failure(s, &b.msgs[sent].msg_hdr, &told))
			sent++;
	}
}

static void
sign_queue(const struct rgw_udp *udp)
{
	struct rgw_unsigned packets[RGW_UDP_BATCH];
	size_t n = 0;

	for (size_t i = 0; i < udp->queued; i++)
		if (udp->queue[i].secret != NULL)
			packets[n++] = rgw_hop_unsigned(udp->out[i], udp->queue[i].data.iov_len,
			    udp->queue[i].secret);
	rgw_sign(packets, n);
}

void
rgw_udp_flush(struct rgw_udp *udp)
{
	struct rgw_link *l;

	sign_queue(udp);
	while ((l = rgw_list_pop(&udp->dirty)) != NULL)
		flush_socket(RGW_CONTAINER(l, struct rgw_udp_socket, dirty));
	udp->queued = 0;
}

void
rgw_udp_queue(struct rgw_udp_socket *s, const struct rgw_addr *local, const struct rgw_addr *remote,
    const struct rgw_outgoing *packet)
{
	struct rgw_udp *udp = s->udp;
	struct rgw_udp_outgoing *o;

	if (udp->queued == RGW_UDP_BATCH)
		rgw_udp_flush(udp);
	memcpy(udp->out[udp->queued], packet->data, packet->len);
	o = &udp->queue[udp->queued];
	o->socket = s;
	o->local = *local;
	o->remote_len = remote != NULL ? put_remote(s, remote, &o->remote) : 0;
	o->data = (struct iovec){ udp->out[udp->queued], packet->len };
	o->secret = packet->secret;
	udp->queued++;
	if (!rgw_link_linked(&s->dirty))
		rgw_list_append(&udp->dirty, &s->dirty);
}

void
rgw_udp_send(struct rgw_udp *udp, uint32_t sock, const struct rgw_addr *local,
    const struct rgw_addr *remote, const struct rgw_outgoing *packet)
{
	struct rgw_hnode *n = rgw_htab_first(&udp->by_number, sock);

	/* The socket has gone, and so has everybody whom the answer concerns. */
	if (n == NULL)
		return;
	rgw_udp_queue(RGW_CONTAINER(n, struct rgw_udp_socket, by_number), local, remote, packet);
}
