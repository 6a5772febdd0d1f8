/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "radsecgw/mem.h"

/* Keepalive: a NAT forgets idle flows after a few minutes. */
#define KEEPALIVE_IDLE_S 60
#define KEEPALIVE_INTERVAL_S 15
#define KEEPALIVE_PROBES 4

enum stage {
	CONNECTING,
	HANDSHAKE,
	OPEN,
	DEAD,  /* closed; memory goes at the end of the turn */
};

/* One TCP connection with its TLS session. */
struct tcp {
	struct rgw_net *net;          /* borrowed: the owner */
	struct rgw_conn *conn;        /* borrowed: the engine's side */
	struct rgw_link link;         /* among all, or among the dead */
	struct rgw_link dirty;        /* among those with octets to send */
	struct rgw_tls *tls;          /* owned */
	struct rgw_cert_rules rules;  /* owned: who the peer must be */
	int fd;
	enum stage stage;
	bool refused;                 /* the engine was told that there is no room */
	bool broken;                  /* writing failed; reported at the end of the turn */
	ev_io readable;
	ev_io writable;
};

static void
bury(struct tcp *t)
{
	struct ev_loop *loop = t->net->loop;

	t->stage = DEAD;
	t->conn = NULL;
	ev_io_stop(loop, &t->readable);
	ev_io_stop(loop, &t->writable);
	close(t->fd);
	rgw_link_remove(&t->dirty);
	rgw_link_remove(&t->link);
	rgw_list_append(&t->net->dead, &t->link);
}

static void
lost(struct tcp *t, const char *why, rgw_ms now)
{
	struct rgw_conn *conn = t->conn;
	char copy[768];

	snprintf(copy, sizeof copy, "%s", why);
	/* The alert that tells the peer why may still be in the buffer. */
	if (t->stage != CONNECTING) {
		const struct rgw_outbuf *out = rgw_tls_out(t->tls);

		if (out->len > out->at)
			(void)!send(t->fd, out->data + out->at, out->len - out->at, MSG_NOSIGNAL);
	}
	bury(t);
	rgw_conn_on_lost(conn, copy, now);
}

/* Marks that there is something to send at the end of the turn. */
static void
mark_dirty(struct tcp *t)
{
	if (!rgw_link_linked(&t->dirty) && (t->broken || rgw_tls_out(t->tls)->len > 0))
		rgw_list_append(&t->net->dirty, &t->dirty);
}

/* Who the certificate must name: the `match` list and `name`, or the host that we connect to. A
 * policy says nothing about who the peer is, so it does not replace the name (P-CRT-5, 9). */
static void
make_rules(struct tcp *t, const struct rgw_conf_peer *peer, const char *host)
{
	const struct rgw_cert_rules *match = &peer->match;
	const char *name = peer->cert_name;
	struct rgw_addr literal;
	bool named = false;
	char text[300];

	t->rules.v = rgw_xcalloc(match->n + 1, sizeof *t->rules.v);
	for (size_t i = 0; i < match->n; i++) {
		struct rgw_cert_rule *rule = &t->rules.v[t->rules.n++];

		*rule = match->v[i];
		rule->text = rgw_xstrdup(match->v[i].text);
		named |= rule->kind != RGW_CERT_POLICY;
	}
	if (name == NULL && !named)
		name = host;
	if (name == NULL)
		return;
	snprintf(text, sizeof text, "%s:%s", rgw_addr_parse(name, 0, &literal) ? "ip" : "dns", name);
	/* A name that makes no rule leaves no rule that could match, so nobody gets in. */
	if (rgw_cert_rule_parse(text, &t->rules.v[t->rules.n]) == NULL)
		t->rules.n++;
	else
		rgw_cert_rules_free(&t->rules);
}

/* SNI is the host name; an address literal is never sent (RFC 6066 section 3). */
static const char *
sni_of(const struct rgw_conf_peer *peer, const char *host)
{
	const char *name = peer->sni != NULL ? peer->sni : host;
	struct rgw_addr literal;

	return name[0] == '\0' || rgw_addr_parse(name, 0, &literal) ? NULL : name;
}

static void
set_options(int fd, const struct rgw_conf_peer *peer)
{
	const struct {
		int level, name, value;
	} options[] = {
		/* Whole packets are written at once; waiting to fill a segment only delays (P-FO-8). */
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, (int)peer->user_timeout },
		{ SOL_SOCKET, SO_KEEPALIVE, peer->tcp_keepalive },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES },
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
		    sizeof options[i].value);
}

static void
go_on_with_handshake(struct tcp *t, rgw_ms now)
{
	char text[128];

	switch (rgw_tls_handshake(t->tls)) {
	case RGW_TLS_OK:
		break;
	case RGW_TLS_WANT:
		mark_dirty(t);
		return;
	case RGW_TLS_CLOSED:
	case RGW_TLS_FAILED:
		lost(t, rgw_tls_why(t->tls), now);
		return;
	}
	mark_dirty(t);
	t->stage = OPEN;
	rgw_cert_rules_free(&t->rules);
	RGW_LOG(t->net->log, RGW_LOG_DEBUG, "tls-up", NULL, "TLS handshake done",
	    rgw_f_str("tls", rgw_tls_describe(t->tls, text, sizeof text)));
	rgw_conn_on_open(t->conn, now);
}

/* Decrypts what has been read and hands it over, record by record. */
static void
read_records(struct tcp *t, rgw_ms now)
{
	struct rgw_net *net = t->net;
	size_t len;

	while (t->stage == OPEN) {
		switch (rgw_tls_read(t->tls, net->plain, sizeof net->plain, &len)) {
		case RGW_TLS_OK:
			rgw_conn_on_data(t->conn, net->plain, len, now);
			continue;
		case RGW_TLS_WANT:
			mark_dirty(t);
			return;
		case RGW_TLS_CLOSED:
			lost(t, "the peer closed the connection", now);
			return;
		case RGW_TLS_FAILED:
			lost(t, rgw_tls_why(t->tls), now);
			return;
		}
	}
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct tcp *t = w->data;
	struct rgw_net *net = t->net;
	rgw_ms now = rgw_net_now(net);
	ssize_t n = recv(t->fd, net->cipher, sizeof net->cipher, 0);

	(void)loop;
	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		lost(t, strerror(errno), now);
		return;
	}
	if (n == 0) {
		lost(t, t->stage == OPEN ? "the peer closed the TCP connection without a goodbye"
		                         : "the peer closed the TCP connection during the handshake; "
		                           "it may have refused us, its log should say why",
		    now);
		return;
	}
	rgw_tls_feed(t->tls, net->cipher, (size_t)n);
	if (t->stage == HANDSHAKE)
		go_on_with_handshake(t, now);
	if (t->stage == OPEN)
		read_records(t, now);
}

/* Sends what is queued; the connection may be gone after it. */
static void
write_out(struct tcp *t, rgw_ms now)
{
	struct rgw_outbuf *out = rgw_tls_out(t->tls);

	if (t->broken) {
		lost(t, rgw_tls_why(t->tls), now);
		return;
	}
	while (out->len > out->at) {
		ssize_t n = send(t->fd, out->data + out->at, out->len - out->at, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			lost(t, strerror(errno), now);
			return;
		}
		rgw_tls_sent(t->tls, (size_t)n);
	}
	if (out->len > out->at)
		ev_io_start(t->net->loop, &t->writable);
	else
		ev_io_stop(t->net->loop, &t->writable);
	if (t->refused && out->len - out->at < RGW_WRITE_LIMIT / 2) {
		t->refused = false;
		rgw_conn_on_writable(t->conn, now);
	}
}

static void
on_connected(struct tcp *t, rgw_ms now)
{
	int error = 0;
	socklen_t len = sizeof error;

	getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		lost(t, strerror(error), now);
		return;
	}
	ev_io_stop(t->net->loop, &t->writable);
	ev_io_start(t->net->loop, &t->readable);
	t->stage = HANDSHAKE;
	rgw_conn_on_connected(t->conn, now);
	if (t->stage == HANDSHAKE)
		go_on_with_handshake(t, now);
}

static void
on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct tcp *t = w->data;
	rgw_ms now = rgw_net_now(t->net);

	(void)loop;
	(void)revents;
	if (t->stage == CONNECTING)
		on_connected(t, now);
	else
		write_out(t, now);
}

static int
start_connect(const struct rgw_conf_peer *peer, const struct rgw_addr *to)
{
	struct sockaddr_storage sa;
	unsigned len = rgw_addr_to_sockaddr(to, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	set_options(fd, peer);
	if (connect(fd, (struct sockaddr *)&sa, len) != 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
free_tcp(struct tcp *t)
{
	rgw_tls_free(t->tls);
	rgw_cert_rules_free(&t->rules);
	free(t);
}

void *
rgw_tcp_open(void *ctx, struct rgw_conn *conn, const struct rgw_conf_peer *peer, const char *host,
    const struct rgw_addr *to)
{
	struct rgw_net *net = ctx;
	struct tcp *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->net = net;
	t->conn = conn;
	rgw_link_init(&t->link);
	rgw_link_init(&t->dirty);
	make_rules(t, peer, host);
	t->tls = rgw_tls_new(net->client[peer->tls->head.index], &t->rules, sni_of(peer, host));
	t->fd = t->tls != NULL ? start_connect(peer, to) : -1;
	if (t->fd < 0) {
		RGW_LOG(net->log, RGW_LOG_WARNING, "connect-failed", peer->head.name,
		    "cannot start to connect", rgw_f_str("peer", peer->head.name), rgw_f_addr("addr", to),
		    rgw_f_str("reason", t->tls != NULL ? strerror(errno) : "out of memory"));
		free_tcp(t);
		return NULL;
	}
	rgw_list_append(&net->conns, &t->link);
	ev_io_init(&t->readable, on_readable, t->fd, EV_READ);
	ev_io_init(&t->writable, on_writable, t->fd, EV_WRITE);
	t->readable.data = t->writable.data = t;
	ev_io_start(net->loop, &t->writable);
	return t;
}

bool
rgw_tcp_send(void *ctx, void *io, const uint8_t *data, size_t len)
{
	struct tcp *t = io;
	const struct rgw_outbuf *out = rgw_tls_out(t->tls);

	(void)ctx;
	t->refused = t->broken || out->len - out->at >= RGW_WRITE_LIMIT;
	if (t->refused)
		return false;
	t->broken = !rgw_tls_write(t->tls, data, len);
	mark_dirty(t);
	return !t->broken;
}

void
rgw_tcp_close(void *ctx, void *io)
{
	struct tcp *t = io;
	struct rgw_outbuf *out;

	(void)ctx;
	if (t->stage == OPEN)
		rgw_tls_close(t->tls);
	out = rgw_tls_out(t->tls);
	if (t->stage != CONNECTING && out->len > out->at)
		(void)!send(t->fd, out->data + out->at, out->len - out->at, MSG_NOSIGNAL);
	bury(t);
}

void
rgw_tcp_flush(struct rgw_net *net)
{
	struct rgw_link *l;

	while ((l = rgw_list_pop(&net->dirty)) != NULL) {
		struct tcp *t = RGW_CONTAINER(l, struct tcp, dirty);

		if (t->stage != CONNECTING)
			write_out(t, rgw_net_now(net));
	}
	while ((l = rgw_list_pop(&net->dead)) != NULL)
		free_tcp(RGW_CONTAINER(l, struct tcp, link));
}

void
rgw_tcp_free_all(struct rgw_net *net)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&net->conns)) != NULL)
		bury(RGW_CONTAINER(l, struct tcp, link));
	while ((l = rgw_list_pop(&net->dead)) != NULL)
		free_tcp(RGW_CONTAINER(l, struct tcp, link));
}
