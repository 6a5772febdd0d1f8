/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tcp_priv.h"

/* A connection as it lives: its handshake, what is read from it and what is written to it. Octets that it brings go to
 * the engine, which may close the connection in any of these calls; so the connection's stage is looked at after each
 * of them. */

/* ---- the handshake ---- */

static void read_records(struct rgw_tcp *t, rgw_ms now);

/* Hands the session to the shaker for one step with these octets. */
static void
step(struct rgw_tcp *t, const uint8_t *data, size_t len, rgw_ms now)
{
	ev_io_stop(t->net->loop, &t->readable);
	ev_io_stop(t->net->loop, &t->writable);
	rgw_link_remove(&t->dirty);
	if (!rgw_shaker_take(t->net->shaker, &t->handshake->shake, data, len))
		rgw_tcp_lost(t, "out of memory", now);
}

static void
log_session(struct rgw_tcp *t)
{
	char text[128];

	RGW_LOG(t->net->log, RGW_LOG_DEBUG, "tls-up", NULL, "TLS handshake done", rgw_f_addr("addr", &t->addr),
	    rgw_f_str("tls", rgw_session_describe(t->session, text, sizeof text)), rgw_f_via(&t->via));
}

/* Tells the engine that the session stands, and whose it is. */
static void
come_up(struct rgw_tcp *t, rgw_ms now)
{
	const struct rgw_conf_head *peer = rgw_conf_by_id(t->net->conf, RGW_CONF_PEER, t->peer);

	rgw_contexts_drop(t->contexts);
	t->contexts = NULL;
	if (peer == NULL) {
		rgw_tcp_lost(t, "the configuration has changed meanwhile, and has no such peer any more", now);
		return;
	}
	rgw_tcp_mark_dirty(t);
	t->stage = RGW_TCP_OPEN;
	rgw_judge_begin(t);
	if (t->incoming)
		rgw_tcp_set_options(t->fd, (const struct rgw_conf_peer *)peer);
	rgw_conn_on_open(t->conn, t->peer, t->proof, now);
	/* The end of the handshake may have come together with the first packets. */
	read_records(t, now);
}

/* Counts what CRLs had to do with a handshake. Who was let in without one is told: the counter alone does not say
 * whose CRL is missing. */
static void
count_revocation(struct rgw_tcp *t)
{
	struct rgw_addr host = t->addr;
	const char *text;
	char who[RGW_ADDR_TEXT];

	/* Each connection has a port of its own, and would have a limit of its own in the log. */
	host.port = 0;
	switch (rgw_tls_revocation(t->session, &text)) {
	case RGW_TLS_NOT_REVOKED:
		break;
	case RGW_TLS_REVOKED:
		rgw_gw_count(t->net->gw, RGW_CTR_certificates_revoked);
		break;
	case RGW_TLS_NO_CRL:
		rgw_gw_count(t->net->gw, RGW_CTR_certificates_without_crl);
		break;
	case RGW_TLS_UNCHECKED:
		rgw_gw_count(t->net->gw, RGW_CTR_certificates_unchecked);
		RGW_LOG(t->net->log, RGW_LOG_WARNING, "crl-missing", rgw_addr_format(&host, who), text != NULL
		    ? text : "a certificate was let in without a CRL", rgw_f_addr("addr", &t->addr),
		    rgw_f_via(&t->via));
		break;
	}
}

/* The handshake is done. If it began under an older configuration, the current one judges what came of it. */
static void
on_done(struct rgw_tcp *t, rgw_ms now)
{
	const struct rgw_conf_peer *peer = t->handshake->peer;
	bool old = t->contexts != t->net->contexts;
	bool taken = rgw_judge_take(t, peer);
	char why[RGW_JUDGE_TEXT];

	rgw_tcp_end_handshake(t);
	if (!taken) {
		rgw_tcp_lost(t, "out of memory", now);
	} else if (!rgw_judge(t, old, why)) {
		rgw_tcp_lost(t, why, now);
	} else {
		log_session(t);
		come_up(t, now);
	}
}

/* Counts a handshake that a pre-shared key made fail. */
static void
count_fault(struct rgw_tcp *t)
{
	static const enum rgw_counter counters[] = {
		[RGW_PSK_UNKNOWN] = RGW_CTR_psk_unknown_identity,
		[RGW_PSK_WRONG_KEY] = RGW_CTR_psk_wrong_key,
		[RGW_PSK_NO_SECRECY] = RGW_CTR_psk_without_secrecy,
		[RGW_PSK_NO_SUITE] = RGW_CTR_psk_without_suite,
	};
	enum rgw_psk_fault fault = rgw_tls_psk_fault(t->session);

	if (fault != RGW_PSK_NO_FAULT)
		rgw_gw_count(t->net->gw, counters[fault]);
}

static void
on_step(struct rgw_tcp *t, rgw_ms now)
{
	struct rgw_handshake *h = t->handshake;

	switch (h->shake.result) {
	case RGW_SESSION_OK:
		break;
	case RGW_SESSION_WANT:
		rgw_tcp_mark_dirty(t);
		return;
	case RGW_SESSION_CLOSED:
	case RGW_SESSION_FAILED:
		count_revocation(t);
		count_fault(t);
		rgw_tcp_lost(t, rgw_session_why(t->session), now);
		return;
	}
	count_revocation(t);
	on_done(t, now);
}

/* Goes on after a step that the shaker has done. */
static void
stepped(struct rgw_shake *shake)
{
	struct rgw_handshake *h = RGW_CONTAINER(shake, struct rgw_handshake, shake);
	struct rgw_tcp *t = h->tcp;

	if (t->stage == RGW_TCP_DEAD) {
		rgw_tcp_let_go(t);
		return;
	}
	ev_io_start(t->net->loop, &t->readable);
	on_step(t, rgw_net_now(t->net));
	rgw_session_feed(t->session, NULL, 0);
}

struct rgw_handshake *
rgw_tcp_prepare_handshake(struct rgw_tcp *t)
{
	struct rgw_handshake *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	rgw_link_init(&h->shake.job);
	h->shake.stepped = stepped;
	h->tcp = t;
	h->contexts = t->contexts;
	t->handshake = h;
	return h;
}

void
rgw_tcp_begin(struct rgw_tcp *t, rgw_ms now)
{
	t->stage = RGW_TCP_HANDSHAKE;
	if (t->handshake != NULL)
		t->handshake->shake.session = t->session;
	rgw_conn_on_connected(t->conn, now);
	if (t->stage == RGW_TCP_HANDSHAKE && t->session->ops->handshake == NULL)
		come_up(t, now);
}

/* ---- reading ---- */

/* Decrypts as many records as there is room for: packets that are handed over together cost less each. */
static enum rgw_session_result
decrypt(struct rgw_tcp *t, size_t *len)
{
	struct rgw_net *net = t->net;
	enum rgw_session_result result = RGW_SESSION_OK;
	size_t n;

	*len = 0;
	while (*len < sizeof net->plain && result == RGW_SESSION_OK) {
		result = rgw_session_read(t->session, net->plain + *len, sizeof net->plain - *len, &n);
		if (result == RGW_SESSION_OK)
			*len += n;
	}
	return result;
}

/* The peer sends nothing more, but may still wait for answers. */
static void
on_goodbye(struct rgw_tcp *t, rgw_ms now)
{
	if (!rgw_conn_on_goodbye(t->conn, now)) {
		rgw_tcp_lost(t, "the peer closed the connection", now);
	} else if (t->stage == RGW_TCP_OPEN) {
		t->heard_out = true;
		ev_io_stop(t->net->loop, &t->readable);
		rgw_tcp_mark_dirty(t);
	}
}

/* Hands over what has been read. Packets that came before an end still count. */
static void
read_records(struct rgw_tcp *t, rgw_ms now)
{
	size_t len;

	while (t->stage == RGW_TCP_OPEN) {
		enum rgw_session_result result = decrypt(t, &len);

		if (len > 0)
			rgw_conn_on_data(t->conn, t->net->plain, len, now);
		if (t->stage != RGW_TCP_OPEN)
			return;
		switch (result) {
		case RGW_SESSION_OK:
			continue;
		case RGW_SESSION_WANT:
			rgw_tcp_mark_dirty(t);
			return;
		case RGW_SESSION_CLOSED:
			on_goodbye(t, now);
			return;
		case RGW_SESSION_FAILED:
			rgw_tcp_lost(t, rgw_session_why(t->session), now);
			return;
		}
	}
}

/* Why the connection ends when the other side has closed its direction. */
static const char *
why_eof(const struct rgw_tcp *t)
{
	if (t->stage == RGW_TCP_OPEN)
		return "the peer closed the TCP connection without a goodbye";
	return "the peer closed the TCP connection during the handshake; it may have refused us, its log "
	       "should say why";
}

/* Does the peer only listen? The connection is closed, and the peer may still take what is queued for it. */
static bool
only_listens(const struct rgw_tcp *t)
{
	return t->stage == RGW_TCP_LINGER && rgw_outbuf_waiting(&t->session->out) > 0;
}

static void
take_octets(struct rgw_tcp *t, rgw_ms now)
{
	struct rgw_net *net = t->net;
	ssize_t n = recv(t->fd, net->cipher, sizeof net->cipher, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && t->stage == RGW_TCP_OPEN && t->session->ops->ends_with_stream) {
		on_goodbye(t, now);
		return;
	}
	if (n == 0 && only_listens(t)) {
		ev_io_stop(net->loop, &t->readable);
		return;
	}
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
	rgw_session_feed(t->session, net->cipher, (size_t)n);
	read_records(t, now);
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct rgw_tcp *t = w->data;

	(void)loop;
	(void)revents;
	if (t->stage == RGW_TCP_ACCEPTED)
		t->peek(t, rgw_net_now(t->net));
	else
		take_octets(t, rgw_net_now(t->net));
}

/* ---- writing ---- */

/* Stops reading from a peer that does not read, or its answers would fill our memory; begins again when the peer
 * does. */
static void
balance(struct rgw_tcp *t)
{
	const struct rgw_outbuf *out = &t->session->out;
	size_t waiting = rgw_outbuf_waiting(out);
	size_t limit;

	if (t->stage != RGW_TCP_OPEN || t->heard_out)
		return;
	limit = rgw_tcp_most_waiting(t);
	if (!t->paused && waiting > limit / 2) {
		t->paused = true;
		ev_io_stop(t->net->loop, &t->readable);
		rgw_conn_on_stalled(t->conn);
	} else if (t->paused && (waiting < limit / 4 || waiting == 0)) {
		t->paused = false;
		ev_io_start(t->net->loop, &t->readable);
	}
}

/* Sends as much as the kernel takes. false = sending failed, and the connection is gone. */
static bool
send_queued(struct rgw_tcp *t, rgw_ms now)
{
	struct rgw_outbuf *out = &t->session->out;

	while (rgw_outbuf_waiting(out) > 0) {
		ssize_t n = send(t->fd, out->data + out->at, rgw_outbuf_waiting(out), MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			rgw_tcp_lost(t, strerror(errno), now);
			return false;
		}
		rgw_outbuf_sent(out, (size_t)n);
	}
	return true;
}

/* Sends what is queued; the connection may be gone after this. */
static void
write_out(struct rgw_tcp *t, rgw_ms now)
{
	const struct rgw_outbuf *out = &t->session->out;
	size_t waiting;

	if (t->broken) {
		rgw_tcp_lost(t, rgw_session_why(t->session), now);
		return;
	}
	if (!send_queued(t, now))
		return;
	rgw_tcp_count_out(t);
	waiting = rgw_outbuf_waiting(out);
	if (waiting > 0)
		ev_io_start(t->net->loop, &t->writable);
	else
		ev_io_stop(t->net->loop, &t->writable);
	if (t->stage == RGW_TCP_LINGER && waiting == 0 && !t->shut) {
		t->shut = true;
		shutdown(t->fd, SHUT_WR);
		/* The end of the peer's stream may have come already. */
		ev_io_start(t->net->loop, &t->readable);
	}
	balance(t);
	if (t->refused && (waiting < rgw_tcp_most_waiting(t) / 2 || waiting == 0)) {
		t->refused = false;
		rgw_conn_on_writable(t->conn, now);
	}
}

/* Where nobody listens at a port that the system also gives to those who connect, a connection within this machine can
 * meet itself (RFC 9293 3.5, simultaneous open); over plain TCP its own octets would then look like those of a peer. */
static bool
meets_itself(const struct rgw_tcp *t)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	struct rgw_addr own;

	return getsockname(t->fd, (struct sockaddr *)&sa, &len) == 0 &&
	    rgw_addr_from_sockaddr(&own, (struct sockaddr *)&sa) && rgw_addr_equal(&own, &t->addr);
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
	if (meets_itself(t)) {
		rgw_tcp_lost(t, "nobody listens there, and the connection has met itself", now);
		return;
	}
	ev_io_stop(t->net->loop, &t->writable);
	ev_io_start(t->net->loop, &t->readable);
	rgw_tcp_begin(t, now);
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

bool
rgw_tcp_send(void *ctx, void *io, const struct rgw_outgoing *packet)
{
	struct rgw_tcp *t = io;
	const struct rgw_outbuf *out = &t->session->out;
	size_t waiting = rgw_outbuf_waiting(out) + t->unsealed;

	(void)ctx;
	/* Where nothing waits there is always room for one packet, so that all connections go on that are read. */
	t->refused = t->broken || (waiting > 0 && waiting >= rgw_tcp_most_waiting(t));
	/* The octets that may wait have become fewer since the last turn, perhaps: then the connection is not read any
	 * further, either. */
	if (t->refused) {
		rgw_tcp_mark_dirty(t);
		return false;
	}
	if (packet->secret != NULL) {
		rgw_sealer_add(t, packet);
		return !t->broken;
	}
	/* Packets leave in the order in which they were handed over: an answer to this one shows that the peer has read
	 * the packets before it. */
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
	t->peer = t->tls = RGW_TCP_NOBODY;
	rgw_link_init(&t->link);
	rgw_link_init(&t->dirty);
	rgw_list_append(&net->conns, &t->link);
	ev_io_init(&t->readable, on_readable, fd, EV_READ);
	ev_io_init(&t->writable, on_writable, fd, EV_WRITE);
	t->readable.data = t->writable.data = t;
	ev_io_start(net->loop, stage == RGW_TCP_CONNECTING ? &t->writable : &t->readable);
	return t;
}

/* The peer of a connection is not in the configuration any more. */
static void
forget_peer(struct rgw_tcp *t)
{
	if (t->peer < t->net->n_peer_out)
		t->net->peer_out[t->peer] -= t->peer_out;
	t->peer_out = 0;
	t->peer = RGW_TCP_NOBODY;
}

/* Ids are those of the edition that has been taken up. A connection whose first octets have not come begins under it,
 * unless its [listen] section has gone. */
static void
adopt(struct rgw_tcp *t)
{
	const struct rgw_net *net = t->net;
	const struct rgw_conf_listen *listen;

	if (t->peer != RGW_TCP_NOBODY && rgw_conf_by_id(net->conf, RGW_CONF_PEER, t->peer) == NULL)
		forget_peer(t);
	if (rgw_conf_by_id(net->conf, RGW_CONF_TLS, t->tls) == NULL)
		t->tls = RGW_TCP_NOBODY;
	if (t->stage != RGW_TCP_ACCEPTED || t->contexts == net->contexts)
		return;
	listen = (const void *)rgw_conf_by_id(net->conf, RGW_CONF_LISTEN, t->listen->head.id);
	if (listen == NULL || listen->profile.n == 0)
		return;
	rgw_contexts_drop(t->contexts);
	t->contexts = rgw_contexts_hold(net->contexts);
	t->listen = listen;
}

void
rgw_tcp_adopt(struct rgw_net *net)
{
	for (struct rgw_link *l = net->conns.next; l != &net->conns; l = l->next)
		adopt(RGW_CONTAINER(l, struct rgw_tcp, link));
	for (struct rgw_link *l = net->unjudged.next; l != &net->unjudged; l = l->next)
		adopt(RGW_CONTAINER(l, struct rgw_tcp, link));
	for (struct rgw_link *l = net->lingering.next; l != &net->lingering; l = l->next)
		adopt(RGW_CONTAINER(l, struct rgw_tcp, link));
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
	rgw_tcp_free_dead(net);
}
