/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "radsecgw/fair.h"
#include "radsecgw/mem.h"

/* Keepalive: a NAT forgets idle flows after a few minutes. */
#define KEEPALIVE_IDLE_S 60
#define KEEPALIVE_INTERVAL_S 15
#define KEEPALIVE_PROBES 4

/* How long a closed connection may take for what is still to be sent, and how many may do so. */
#define LINGER_MS 2000
#define LINGER_MAX 256

void
rgw_tcp_bury(struct rgw_tcp *t)
{
	struct ev_loop *loop = t->net->loop;

	if (t->stage == RGW_TCP_LINGER)
		t->net->n_lingering--;
	t->stage = RGW_TCP_DEAD;
	t->conn = NULL;
	ev_io_stop(loop, &t->readable);
	ev_io_stop(loop, &t->writable);
	close(t->fd);
	rgw_link_remove(&t->dirty);
	rgw_link_remove(&t->link);
	if (!t->busy || rgw_shaker_give_back(t->net->shaker, t))
		rgw_list_append(&t->net->dead, &t->link);
}

/* Tries to send what is queued, whatever comes of it. */
static void
send_rest(struct rgw_tcp *t)
{
	const struct rgw_outbuf *out = t->tls != NULL ? rgw_tls_out(t->tls) : NULL;
	ssize_t n;

	if (out == NULL || out->len == out->at)
		return;
	n = send(t->fd, out->data + out->at, out->len - out->at, MSG_NOSIGNAL);
	if (n > 0)
		rgw_tls_sent(t->tls, (size_t)n);
}

void
rgw_tcp_lost(struct rgw_tcp *t, const char *why, rgw_ms now)
{
	struct rgw_conn *conn = t->conn;
	char copy[1280];

	if (conn == NULL) {
		rgw_tcp_bury(t);
		return;
	}
	snprintf(copy, sizeof copy, "%s", why);
	/* Answers may be on the way, and the alert that tells the peer why. */
	if (t->unsealed > 0)
		rgw_sealer_run(t->net);
	send_rest(t);
	rgw_tcp_bury(t);
	rgw_conn_on_lost(conn, copy, now);
}

/* ---- write buffers ---- */

/* Takes note of what the write buffer of a connection takes. Whose it is may have become known since. */
static void
set_out(struct rgw_tcp *t, size_t octets)
{
	struct rgw_net *net = t->net;

	net->out_octets += octets - t->out_octets;
	t->out_octets = octets;
	if (net->out_octets > net->out_peak)
		net->out_peak = net->out_octets;
	if (t->stage < RGW_TCP_OPEN)
		return;
	net->peer_out[t->peer->head.index] += octets - t->peer_out;
	t->peer_out = octets;
}

static void
count_out(struct rgw_tcp *t)
{
	set_out(t, rgw_tls_out(t->tls)->cap);
}

static uint64_t
at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What may wait on a connection that is up, now: no connection takes all that is left, and no peer takes with all
 * of its connections what others need. */
static size_t
most_waiting(const struct rgw_tcp *t)
{
	const struct rgw_conf_gateway *conf = &t->net->conf->gateway;
	uint64_t taken = t->net->out_octets;
	uint64_t part = rgw_fair_free(conf->max_write_octets, taken) / RGW_CONF_WRITE_PARTS;
	uint64_t room = rgw_fair_room(conf->max_write_octets, taken, t->net->peer_out[t->peer->head.index]);

	return (size_t)at_most(conf->write_buffer, at_most(part, room));
}

/* Marks that there is something to send at the end of the turn. */
static void
mark_dirty(struct rgw_tcp *t)
{
	if (!rgw_link_linked(&t->dirty) && (t->broken || rgw_tls_out(t->tls)->len > 0))
		rgw_list_append(&t->net->dirty, &t->dirty);
}

bool
rgw_tcp_is_own_cert(const struct rgw_net *net, const uint8_t *sha256, char *why, size_t size)
{
	bool own = false;

	for (size_t i = 0; i < net->conf->tls.n; i++)
		own |= (net->client[i] != NULL && rgw_tlsctx_is_own(net->client[i], sha256)) ||
		    (net->server[i] != NULL && rgw_tlsctx_is_own(net->server[i], sha256));
	if (own)
		snprintf(why, size, "it is our own, so we have reached ourselves, or somebody who has our key");
	return own;
}

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

/* A peer that does not read is not read from either, or its answers would fill our memory. */
static void
balance(struct rgw_tcp *t)
{
	const struct rgw_outbuf *out = rgw_tls_out(t->tls);
	size_t waiting = out->len - out->at;
	size_t limit;

	if (t->stage != RGW_TCP_OPEN || t->heard_out)
		return;
	limit = most_waiting(t);
	if (!t->paused && waiting > limit / 2) {
		t->paused = true;
		ev_io_stop(t->net->loop, &t->readable);
		rgw_conn_on_stalled(t->conn);
	} else if (t->paused && (waiting < limit / 4 || waiting == 0)) {
		t->paused = false;
		ev_io_start(t->net->loop, &t->readable);
	}
}

/* ---- the handshake ---- */

static void read_records(struct rgw_tcp *t, rgw_ms now);

void
rgw_tcp_begin_handshake(struct rgw_tcp *t, rgw_ms now)
{
	t->stage = RGW_TCP_HANDSHAKE;
	rgw_conn_on_connected(t->conn, now);
}

/* Hands the session over for one step with these octets, which are copied. */
static void
step(struct rgw_tcp *t, const uint8_t *data, size_t len, rgw_ms now)
{
	t->lent = malloc(len + 1);
	if (t->lent == NULL) {
		rgw_tcp_lost(t, "out of memory", now);
		return;
	}
	if (len > 0)
		memcpy(t->lent, data, len);
	t->lent_len = len;
	ev_io_stop(t->net->loop, &t->readable);
	ev_io_stop(t->net->loop, &t->writable);
	rgw_link_remove(&t->dirty);
	rgw_shaker_take(t->net->shaker, t);
}

static void
on_step(struct rgw_tcp *t, rgw_ms now)
{
	char text[128];

	switch (t->step) {
	case RGW_TLS_OK:
		break;
	case RGW_TLS_WANT:
		mark_dirty(t);
		return;
	case RGW_TLS_CLOSED:
	case RGW_TLS_FAILED:
		rgw_tcp_lost(t, rgw_tls_why(t->tls), now);
		return;
	}
	mark_dirty(t);
	t->stage = RGW_TCP_OPEN;
	rgw_cert_rules_free(&t->rules);
	if (t->listener != NULL)
		rgw_tcp_set_options(t->fd, t->peer);
	RGW_LOG(t->net->log, RGW_LOG_DEBUG, "tls-up", NULL, "TLS handshake done",
	    rgw_f_addr("addr", &t->addr), rgw_f_str("tls", rgw_tls_describe(t->tls, text, sizeof text)));
	rgw_conn_on_open(t->conn, t->peer, now);
	/* The end of the handshake may have come together with the first packets. */
	read_records(t, now);
}

void
rgw_tcp_stepped(struct rgw_tcp *t, rgw_ms now)
{
	t->busy = false;
	if (t->stage == RGW_TCP_DEAD) {
		rgw_list_append(&t->net->dead, &t->link);
		return;
	}
	ev_io_start(t->net->loop, &t->readable);
	on_step(t, now);
	rgw_tls_feed(t->tls, NULL, 0);
	free(t->lent);
	t->lent = NULL;
}

/* ---- reading ---- */

/* Decrypts as many records as there is room for: packets that are handed over together cost less each. */
static enum rgw_tls_result
decrypt(struct rgw_tcp *t, size_t *len)
{
	struct rgw_net *net = t->net;
	enum rgw_tls_result result = RGW_TLS_OK;
	size_t n;

	*len = 0;
	while (*len < sizeof net->plain && result == RGW_TLS_OK) {
		result = rgw_tls_read(t->tls, net->plain + *len, sizeof net->plain - *len, &n);
		if (result == RGW_TLS_OK)
			*len += n;
	}
	return result;
}

/* The peer sends nothing more. It may still wait for answers. */
static void
on_goodbye(struct rgw_tcp *t, rgw_ms now)
{
	if (!rgw_conn_on_goodbye(t->conn, now)) {
		rgw_tcp_lost(t, "the peer closed the connection", now);
	} else if (t->stage == RGW_TCP_OPEN) {
		t->heard_out = true;
		ev_io_stop(t->net->loop, &t->readable);
		mark_dirty(t);
	}
}

/* Hands over what has been read. What came before an end still counts. */
static void
read_records(struct rgw_tcp *t, rgw_ms now)
{
	size_t len;

	while (t->stage == RGW_TCP_OPEN) {
		enum rgw_tls_result result = decrypt(t, &len);

		if (len > 0)
			rgw_conn_on_data(t->conn, t->net->plain, len, now);
		if (t->stage != RGW_TCP_OPEN)
			return;
		switch (result) {
		case RGW_TLS_OK:
			continue;
		case RGW_TLS_WANT:
			mark_dirty(t);
			return;
		case RGW_TLS_CLOSED:
			on_goodbye(t, now);
			return;
		case RGW_TLS_FAILED:
			rgw_tcp_lost(t, rgw_tls_why(t->tls), now);
			return;
		}
	}
}

/* The other side closed its direction. */
static const char *
why_eof(const struct rgw_tcp *t)
{
	if (t->stage == RGW_TCP_OPEN)
		return "the peer closed the TCP connection without a goodbye";
	return "the peer closed the TCP connection during the handshake; it may have refused us, its log "
	       "should say why";
}

static void
take_octets(struct rgw_tcp *t, rgw_ms now)
{
	struct rgw_net *net = t->net;
	ssize_t n = recv(t->fd, net->cipher, sizeof net->cipher, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		rgw_tcp_lost(t, n < 0 ? strerror(errno) : why_eof(t), now);
		return;
	}
	if (t->stage == RGW_TCP_LINGER)
		return;
	if (t->stage == RGW_TCP_HANDSHAKE) {
		step(t, net->cipher, (size_t)n, now);
		return;
	}
	rgw_tls_feed(t->tls, net->cipher, (size_t)n);
	read_records(t, now);
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct rgw_tcp *t = w->data;

	(void)loop;
	(void)revents;
	if (t->stage == RGW_TCP_ACCEPTED)
		rgw_listen_peek(t, rgw_net_now(t->net));
	else
		take_octets(t, rgw_net_now(t->net));
}

/* ---- writing ---- */

/* Sends as much as the kernel takes. false = that failed, and the connection is gone. */
static bool
send_queued(struct rgw_tcp *t, rgw_ms now)
{
	struct rgw_outbuf *out = rgw_tls_out(t->tls);

	while (out->len > out->at) {
		ssize_t n = send(t->fd, out->data + out->at, out->len - out->at, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			rgw_tcp_lost(t, strerror(errno), now);
			return false;
		}
		rgw_tls_sent(t->tls, (size_t)n);
	}
	return true;
}

/* Sends what is queued; the connection may be gone after it. */
static void
write_out(struct rgw_tcp *t, rgw_ms now)
{
	const struct rgw_outbuf *out = rgw_tls_out(t->tls);
	size_t waiting;

	if (t->broken) {
		rgw_tcp_lost(t, rgw_tls_why(t->tls), now);
		return;
	}
	if (!send_queued(t, now))
		return;
	count_out(t);
	waiting = out->len - out->at;
	if (waiting > 0)
		ev_io_start(t->net->loop, &t->writable);
	else
		ev_io_stop(t->net->loop, &t->writable);
	if (t->stage == RGW_TCP_LINGER && waiting == 0 && !t->shut) {
		t->shut = true;
		shutdown(t->fd, SHUT_WR);
	}
	balance(t);
	if (t->refused && (waiting < most_waiting(t) / 2 || waiting == 0)) {
		t->refused = false;
		rgw_conn_on_writable(t->conn, now);
	}
}

static void
on_connected(struct rgw_tcp *t, rgw_ms now)
{
	int error = 0;
	socklen_t len = sizeof error;

	getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		rgw_tcp_lost(t, strerror(error), now);
		return;
	}
	ev_io_stop(t->net->loop, &t->writable);
	ev_io_start(t->net->loop, &t->readable);
	rgw_tcp_begin_handshake(t, now);
	if (t->stage == RGW_TCP_HANDSHAKE)
		step(t, NULL, 0, now);
}

static void
on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct rgw_tcp *t = w->data;
	rgw_ms now = rgw_net_now(t->net);

	(void)loop;
	(void)revents;
	if (t->stage == RGW_TCP_CONNECTING)
		on_connected(t, now);
	else
		write_out(t, now);
}

void
rgw_tcp_write(struct rgw_tcp *t, const uint8_t *data, size_t len)
{
	t->broken = t->broken || !rgw_tls_write(t->tls, data, len);
	count_out(t);
	mark_dirty(t);
}

bool
rgw_tcp_send(void *ctx, void *io, const struct rgw_outgoing *packet)
{
	struct rgw_tcp *t = io;
	const struct rgw_outbuf *out = rgw_tls_out(t->tls);
	size_t waiting = out->len - out->at + t->unsealed;

	(void)ctx;
	/* Where nothing waits there is always room for one packet, so that all go on that are read. */
	t->refused = t->broken || (waiting > 0 && waiting >= most_waiting(t));
	/* What may wait has become less since the last turn, perhaps: then it is not read any further, either. */
	if (t->refused) {
		mark_dirty(t);
		return false;
	}
	if (packet->secret != NULL) {
		rgw_sealer_add(t, packet);
		return !t->broken;
	}
	/* Packets leave in the order in which they were handed over: an answer to this one shows that the peer
	 * has read those before it. */
	if (t->unsealed > 0)
		rgw_sealer_run(t->net);
	rgw_tcp_write(t, packet->data, packet->len);
	return !t->broken;
}

/* ---- the life of a connection ---- */

struct rgw_tcp *
rgw_tcp_new(struct rgw_net *net, int fd, enum rgw_tcp_stage stage, const struct rgw_addr *addr)
{
	struct rgw_tcp *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->net = net;
	t->fd = fd;
	t->stage = stage;
	t->addr = *addr;
	rgw_link_init(&t->link);
	rgw_link_init(&t->dirty);
	rgw_link_init(&t->job);
	rgw_list_append(&net->conns, &t->link);
	ev_io_init(&t->readable, on_readable, fd, EV_READ);
	ev_io_init(&t->writable, on_writable, fd, EV_WRITE);
	t->readable.data = t->writable.data = t;
	ev_io_start(net->loop, stage == RGW_TCP_CONNECTING ? &t->writable : &t->readable);
	return t;
}

static void
free_tcp(struct rgw_tcp *t)
{
	t->net->n_freed++;
	t->net->out_octets -= t->out_octets;
	if (t->peer_out > 0)
		t->net->peer_out[t->peer->head.index] -= t->peer_out;
	rgw_tls_free(t->tls);
	rgw_cert_rules_free(&t->rules);
	free(t->lent);
	free(t);
}

/* What has been written reaches the peer only if we do not close while it still sends: the kernel would
 * answer its octets with a reset, and that may overtake ours. */
static void
linger(struct rgw_tcp *t)
{
	struct rgw_net *net = t->net;
	rgw_ms now = rgw_net_now(net);

	if (net->n_lingering >= LINGER_MAX)
		rgw_tcp_bury(RGW_CONTAINER(rgw_list_first(&net->lingering), struct rgw_tcp, link));
	rgw_link_remove(&t->link);
	rgw_list_append(&net->lingering, &t->link);
	net->n_lingering++;
	t->stage = RGW_TCP_LINGER;
	t->conn = NULL;
	t->refused = false;
	t->linger_until = now + LINGER_MS;
	ev_io_start(net->loop, &t->readable);
	if (!rgw_link_linked(&t->dirty))
		rgw_list_append(&net->dirty, &t->dirty);
	rgw_net_watch_lingering(net);
}

void
rgw_tcp_close(void *ctx, void *io)
{
	static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct rgw_tcp *t = io;

	(void)ctx;
	if (t->unsealed > 0)
		rgw_sealer_run(t->net);
	if (t->stage == RGW_TCP_OPEN && !t->broken) {
		rgw_tls_close(t->tls);
		linger(t);
		return;
	}
	/* Whoever has not said a word gets none either, and leaves nothing behind in the kernel. */
	if (t->stage == RGW_TCP_ACCEPTED)
		(void)setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	else if (t->stage != RGW_TCP_CONNECTING && !t->busy)
		send_rest(t);
	rgw_tcp_bury(t);
}

rgw_ms
rgw_tcp_end_lingering(struct rgw_net *net, rgw_ms now)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&net->lingering)) != NULL) {
		struct rgw_tcp *t = RGW_CONTAINER(l, struct rgw_tcp, link);

		if (t->linger_until > now)
			return t->linger_until;
		rgw_tcp_bury(t);
	}
	return RGW_NEVER;
}

void
rgw_tcp_flush(struct rgw_net *net)
{
	struct rgw_link *l;

	while ((l = rgw_list_pop(&net->dirty)) != NULL) {
		struct rgw_tcp *t = RGW_CONTAINER(l, struct rgw_tcp, dirty);

		if (t->stage != RGW_TCP_CONNECTING)
			write_out(t, rgw_net_now(net));
	}
	while ((l = rgw_list_pop(&net->dead)) != NULL)
		free_tcp(RGW_CONTAINER(l, struct rgw_tcp, link));
}

void
rgw_tcp_free_all(struct rgw_net *net)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&net->conns)) != NULL ||
	    (l = rgw_list_first(&net->lingering)) != NULL)
		rgw_tcp_bury(RGW_CONTAINER(l, struct rgw_tcp, link));
	while ((l = rgw_list_pop(&net->dead)) != NULL)
		free_tcp(RGW_CONTAINER(l, struct rgw_tcp, link));
}
