/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "radsecgw/mem.h"
#include "radsecgw/peermatch.h"
#include "radsecgw/peerpsk.h"
#include "accept.h"
#include "change.h"
#include "hello.h"
#include "proxyhead.h"
#include "tcp_priv.h"

/* Connections that peers open, and the sockets that take them. Until a whole ClientHello is there, a connection costs a
 * descriptor and a few hundred octets: nothing is read, the kernel is asked to say when enough has come (P-TLS-25). The
 * certificate tells whose connection it is (P-CRT-8), or over plain TCP the address. Where a balancer is in front of
 * us, the header that it sends before all else tells the address. */

/* The number of connections that are taken from one socket in one turn. */
#define ACCEPT_ROUNDS 32

/* Seconds until the next attempt when descriptors or memory are out. */
#define RETRY_S 0.5

struct rgw_listen_socket {
	struct rgw_bound bound;              /* must be first */
	struct rgw_net *net;                 /* borrowed: the owner */
	ev_io readable;
	ev_timer retry;
};

struct rgw_listen {
	struct rgw_net *net;                 /* borrowed: the owner */
	struct rgw_link sockets;             /* owned; only an adoption changes the list */
};

struct rgw_listen *
rgw_listen_new(struct rgw_net *net)
{
	struct rgw_listen *listen = rgw_xcalloc(1, sizeof *listen);

	listen->net = net;
	rgw_link_init(&listen->sockets);
	return listen;
}

static struct rgw_listen_socket *
socket_of(struct rgw_link *l)
{
	return RGW_CONTAINER(l, struct rgw_listen_socket, bound.link);
}

static void
drop(struct rgw_bound *b)
{
	struct rgw_listen_socket *s = RGW_CONTAINER(b, struct rgw_listen_socket, bound);

	rgw_link_remove(&b->link);
	ev_io_stop(s->net->loop, &s->readable);
	ev_timer_stop(s->net->loop, &s->retry);
	if (b->fd >= 0)
		close(b->fd);
	free(s);
}

static void
drop_all(struct rgw_listen *listen)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&listen->sockets)) != NULL)
		drop(&socket_of(l)->bound);
}

void
rgw_listen_free(struct rgw_listen *listen)
{
	if (listen == NULL)
		return;
	drop_all(listen);
	free(listen);
}

/* ---- from the first octet to the session ---- */

/* The [tls] section for the name that the client asks for. A client that asks for no name, or for a name that no
 * certificate has, gets the first section (RFC 6066 section 3 allows to go on). */
static const struct rgw_conf_tls *
choose_profile(const struct rgw_tcp *t, const uint8_t *hello, size_t len)
{
	const struct rgw_conf_refs *profiles = &t->listen->profile;
	char name[256];

	if (profiles->n > 1 && rgw_tls_peek_sni(hello, len, name, sizeof name))
		for (size_t i = 0; i < profiles->n; i++)
			if (rgw_tlsctx_serves(rgw_contexts_find(t->contexts, (const void *)profiles->v[i],
			        RGW_TLS_SERVER), name))
				return (const void *)profiles->v[i];
	return (const void *)profiles->v[0];
}

/* Does the certificate belong to a peer that may connect to us? Runs in the thread of the shaker. */
static bool
judge(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	struct rgw_handshake *h = arg;

	if (rgw_contexts_are_own(h->contexts, sha256, why, size))
		return false;
	h->peer = rgw_peer_match(h->conf, h->profile, &h->from, leaf, sha256, why, size);
	return h->peer != NULL;
}

/* Whose key is it? Runs in the thread of the shaker, too. */
static bool
find_key(void *arg, const uint8_t *identity, size_t len, struct rgw_psk_keys *keys)
{
	struct rgw_handshake *h = arg;
	const struct rgw_conf_peer *peer = rgw_psk_find(h->conf, h->profile, &h->from, identity, len);

	h->peer = peer;
	if (peer != NULL)
		*keys = (struct rgw_psk_keys){ peer->psk, peer->previous_psk };
	return peer != NULL;
}

/* Tells the kernel when to wake us: when this many octets are there, or the connection is over. */
static void
wait_for(struct rgw_tcp *t, int octets)
{
	(void)setsockopt(t->fd, SOL_SOCKET, SO_RCVLOWAT, &octets, sizeof octets);
}

static bool
is_closed(const struct rgw_tcp *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0;
}

/* Ends a connection whose first octets cannot begin a session. */
static void
not_tls(struct rgw_tcp *t, const char *why, rgw_ms now)
{
	rgw_conn_on_connected(t->conn, now);
	rgw_tcp_lost(t, why, now);
}

static bool
set_up(struct rgw_tcp *t, const uint8_t *hello, size_t len)
{
	struct rgw_handshake *h = rgw_tcp_prepare_handshake(t);
	struct rgw_tlsctx *ctx;

	if (h == NULL)
		return false;
	h->conf = t->contexts->edition->conf;
	h->from = t->addr;
	h->profile = choose_profile(t, hello, len);
	t->tls = h->profile->head.id;
	ctx = rgw_contexts_find(t->contexts, h->profile, RGW_TLS_SERVER);
	h->keys = rgw_psk_is_awaited(h->conf, h->profile, &h->from);
	t->session = rgw_tls_new(ctx, judge, h, NULL);
	return t->session != NULL && (!h->keys || rgw_tls_await_psk(t->session, find_key, h));
}

/* Is there nothing by which whoever comes from there could prove who it is? */
static bool
is_nobody(const struct rgw_tcp *t)
{
	const struct rgw_handshake *h = t->handshake;

	return !h->keys && rgw_tlsctx_is_bare(rgw_contexts_find(t->contexts, h->profile, RGW_TLS_SERVER));
}

static void
make_session(struct rgw_tcp *t, const uint8_t *hello, size_t len, rgw_ms now)
{
	if (!set_up(t, hello, len))
		rgw_tcp_lost(t, "out of memory", now);
	else if (is_nobody(t))
		not_tls(t, "the profile has no certificate, and no [peer] with `psk-identity` may connect from there",
		    now);
	else
		rgw_tcp_begin(t, now);
}

/* Looks at what is there, which goes to net->cipher and stays there for others to read. Returns how many octets that
 * are; 0 = none, or the connection has ended. */
static size_t
look(struct rgw_tcp *t, size_t most, rgw_ms now)
{
	ssize_t n = recv(t->fd, t->net->cipher, most, MSG_PEEK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		rgw_tcp_lost(t, n < 0 ? strerror(errno) : "the connection was closed before its first octet", now);
	return n > 0 ? (size_t)n : 0;
}

static void
peek(struct rgw_tcp *t, rgw_ms now)
{
	uint8_t *hello = t->net->cipher;
	size_t n = look(t, sizeof t->net->cipher, now);
	size_t need;

	if (n == 0)
		return;
	switch (rgw_hello_look(hello, n, &need)) {
	case RGW_HELLO_NO_TLS:
		not_tls(t, "what came first is not TLS; is this RADIUS/TCP without TLS, or HTTP?", now);
		return;
	case RGW_HELLO_TOO_LONG:
		not_tls(t, "what came first is not TLS: its record is too long", now);
		return;
	case RGW_HELLO_WHOLE:
		wait_for(t, 1);
		make_session(t, hello, need, now);
		return;
	case RGW_HELLO_MORE:
		break;
	}
	if (is_closed(t))
		rgw_tcp_lost(t, "the connection was closed in the middle of the ClientHello", now);
	else
		wait_for(t, (int)need);
}

/* Begins a connection over plain TCP, where there is nothing to wait for: the address tells whose connection it is, and
 * the engine lets in nobody else (P-TCP-23, P-TCP-35a). */
static void
begin_plain(struct rgw_tcp *t, rgw_ms now)
{
	const struct rgw_conf_peer *peer = rgw_peer_at(t->net->conf, &t->addr);

	t->session = rgw_plain_new();
	t->proof = RGW_PROVEN_BY_ADDRESS;
	t->peer = peer != NULL ? peer->head.id : RGW_TCP_NOBODY;
	if (peer == NULL)
		rgw_tcp_lost(t, "no [peer] with `insecure-tcp = yes` may connect from this address", now);
	else if (t->session == NULL)
		rgw_tcp_lost(t, "out of memory", now);
	else
		rgw_tcp_begin(t, now);
}

/* Begins the session of whoever is at the far end, as far as it can begin now. */
static void
begin(struct rgw_tcp *t, rgw_ms now)
{
	t->peek = peek;
	if (t->listen->insecure_tcp)
		begin_plain(t, now);
}

/* ---- behind a balancer ---- */

static bool
is_balancer(const struct rgw_conf_listen *listen, const struct rgw_addr *from)
{
	for (size_t i = 0; i < listen->proxy_protocol.n; i++)
		if (rgw_prefix_contains(&listen->proxy_protocol.v[i], from))
			return true;
	return false;
}

/* Goes on as if this address had connected by itself. */
static void
go_on_as(struct rgw_tcp *t, const struct rgw_addr *from, rgw_ms now)
{
	if (!rgw_conn_on_named(t->conn, from, now))
		return;
	if (!rgw_addr_equal(&t->addr, from))
		t->via = t->addr;
	t->addr = *from;
	begin(t, now);
}

/* A connection that the balancer has opened for itself counts as its own once there is something on it. Most often it
 * only asks whether we are there, and hangs up. */
static void
peek_own(struct rgw_tcp *t, rgw_ms now)
{
	const struct rgw_addr own = t->addr;

	if (look(t, 1, now) > 0)
		go_on_as(t, &own, now);
}

/* Ends a connection that a balancer does not begin as it should. */
static void
no_header(struct rgw_tcp *t, const char *why, rgw_ms now)
{
	const char *name = t->listen->head.name;

	rgw_gw_count(t->net->gw, RGW_CTR_proxy_refused);
	RGW_LOG(t->net->log, RGW_LOG_WARNING, "proxy-header-refused", name,
	    "a connection from an address of `proxy-protocol` is closed: its PROXY header is of no use",
	    rgw_f_str("listen", name), rgw_f_addr("from", &t->addr), rgw_f_str("reason", why),
	    rgw_f_str("counter", rgw_counter_name(RGW_CTR_proxy_refused)));
	rgw_tcp_lost(t, why, now);
}

/* Takes the header off the connection, so that what is behind it comes first from now on. */
static void
take_header(struct rgw_tcp *t, const struct rgw_proxyhead *head, rgw_ms now)
{
	if (recv(t->fd, t->net->cipher, head->len, 0) != (ssize_t)head->len) {
		no_header(t, "its PROXY header cannot be read any more", now);
		return;
	}
	wait_for(t, 1);
	/* Some say in version 1 that they connect for themselves by naming this very connection. */
	if (head->kind == RGW_PROXYHEAD_OWN || rgw_addr_equal(&head->from, &t->addr)) {
		rgw_gw_count(t->net->gw, RGW_CTR_proxy_own);
		t->peek = peek_own;
	} else {
		rgw_gw_count(t->net->gw, RGW_CTR_proxy_headers);
		go_on_as(t, &head->from, now);
	}
}

static void
peek_header(struct rgw_tcp *t, rgw_ms now)
{
	size_t n = look(t, RGW_PROXYHEAD_MAX, now);
	struct rgw_proxyhead head;

	if (n == 0)
		return;
	head = rgw_proxyhead_look(t->net->cipher, n);
	if (head.kind == RGW_PROXYHEAD_BAD)
		no_header(t, head.why, now);
	else if (head.kind != RGW_PROXYHEAD_MORE)
		take_header(t, &head, now);
	else if (is_closed(t))
		no_header(t, "the connection was closed in the middle of its PROXY header", now);
	else
		wait_for(t, (int)head.len);
}

/* ---- the listening sockets ---- */

static void
reset(int fd)
{
	static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd);
}

static void
take(struct rgw_listen_socket *s, int fd, const struct rgw_addr *from, rgw_ms now)
{
	struct rgw_tcp *t = rgw_tcp_new(s->net, fd, RGW_TCP_ACCEPTED, from);
	bool balanced = is_balancer(s->bound.conf, from);

	if (t == NULL) {
		reset(fd);
		return;
	}
	t->incoming = true;
	t->listen = s->bound.conf;
	t->contexts = rgw_contexts_hold(s->net->contexts);
	t->peek = peek_header;
	t->conn = (balanced ? rgw_gw_on_balanced : rgw_gw_on_accept)(s->net->gw, t->listen->head.id, from, t, now);
	if (t->conn == NULL) {
		rgw_tcp_close(s->net, t);
		return;
	}
	rgw_tcp_set_options(fd, NULL);
	/* A header is most often there already, and then the connection does not count as one that waits for it. */
	if (balanced)
		peek_header(t, now);
	else
		begin(t, now);
}

static void
on_acceptable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct rgw_listen_socket *s = w->data;
	rgw_ms now = rgw_net_now(s->net);

	(void)revents;
	for (int round = 0; round < ACCEPT_ROUNDS; round++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof sa;
		int fd = accept4(s->bound.fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct rgw_addr from;

		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (fd < 0 && !rgw_accept_is_out(errno))
			continue;
		if (fd < 0) {
			rgw_gw_on_accept_failed(s->net->gw, s->bound.conf->head.id, strerror(errno), now);
			ev_io_stop(loop, w);
			ev_timer_start(loop, &s->retry);
			return;
		}
		if (rgw_addr_from_sockaddr(&from, (struct sockaddr *)&sa))
			take(s, fd, &from, now);
		else
			reset(fd);
	}
}

static void
on_retry(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_listen_socket *s = w->data;

	(void)revents;
	ev_timer_set(w, RETRY_S, 0);
	ev_io_start(loop, &s->readable);
}

/* ---- the sockets of a change ---- */

static struct rgw_bound *
make(struct rgw_net *net)
{
	struct rgw_listen_socket *s = rgw_xcalloc(1, sizeof *s);

	s->net = net;
	s->bound.fd = -1;
	rgw_link_init(&s->bound.link);
	ev_io_init(&s->readable, on_acceptable, -1, EV_READ);
	ev_timer_init(&s->retry, on_retry, RETRY_S, 0);
	s->readable.data = s->retry.data = s;
	return &s->bound;
}

static bool
open_socket(struct rgw_net *net, struct rgw_bound *b)
{
	struct sockaddr_storage sa;
	unsigned len = rgw_addr_to_sockaddr(&b->local, &sa);
	int yes = 1;
	int v6only = !b->takes_ipv4;

	b->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (b->fd < 0)
		return false;
	if (setsockopt(b->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0)
		return false;
	if (sa.ss_family == AF_INET6 &&
	    setsockopt(b->fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only) != 0)
		return false;
	return rgw_spread_bind(&net->spread, b->fd, (struct sockaddr *)&sa, len, SOMAXCONN);
}

static const struct rgw_bound_kind kind = { .tcp = true, .make = make, .open = open_socket, .free = drop };

bool
rgw_listen_prepare(struct rgw_listen *listen, struct rgw_net_change *change)
{
	return rgw_places_find(change, &kind, &listen->sockets, &change->tcp);
}

void
rgw_listen_discard(struct rgw_link *places)
{
	rgw_places_drop(places, &kind);
}

/* Connections that wait at a socket that goes have been made, as far as their peers know. */
void
rgw_listen_take_rest(struct rgw_listen *listen)
{
	for (struct rgw_link *l = listen->sockets.next; l != &listen->sockets; l = l->next)
		on_acceptable(listen->net->loop, &socket_of(l)->readable, 0);
}

static void
settle(struct rgw_listen *listen, const struct rgw_place *place)
{
	const struct rgw_conf_listen *conf = place->conf;

	place->bound->conf = conf;
	rgw_list_append(&listen->sockets, &place->bound->link);
	if (place->is_new && listen->net->spread.worker == 0)
		RGW_LOG(listen->net->log, RGW_LOG_NOTICE, "listening", NULL,
		    conf->insecure_tcp ? "listening for RADIUS over plain TCP" : "listening for RADIUS/TLS",
		    rgw_f_str("listen", conf->head.name), rgw_f_addr("addr", &place->bound->local));
}

void
rgw_listen_adopt(struct rgw_listen *listen, struct rgw_link *places)
{
	struct rgw_link *l;

	drop_all(listen);
	while ((l = rgw_list_pop(places)) != NULL) {
		struct rgw_place *place = RGW_CONTAINER(l, struct rgw_place, link);

		settle(listen, place);
		free(place);
	}
	if (listen->net->gw != NULL)
		rgw_listen_start(listen);
}

void
rgw_listen_start(struct rgw_listen *listen)
{
	for (struct rgw_link *l = listen->sockets.next; l != &listen->sockets; l = l->next) {
		struct rgw_listen_socket *s = socket_of(l);

		if (ev_is_active(&s->readable) || ev_is_active(&s->retry))
			continue;
		ev_io_set(&s->readable, s->bound.fd, EV_READ);
		ev_io_start(listen->net->loop, &s->readable);
		rgw_spread_admit(s->bound.fd);
	}
}
