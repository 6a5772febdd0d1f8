/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcp_priv.h"

/* How connections end. A connection that has failed ends at once. A connection that is closed in good order may take a
 * moment for octets that are still to be sent, and while it lingers nobody but the net knows of it. */

/* Milliseconds that a closed connection may take for octets that are still to be sent, and the number of connections
 * that may do so. */
#define LINGER_MS 2000
#define LINGER_MAX 256

/* The session goes with the connection, not with the handshake: the shaker may still have it. */
void
rgw_tcp_end_handshake(struct rgw_tcp *t)
{
	if (t->handshake == NULL)
		return;
	rgw_cert_rules_free(&t->handshake->rules);
	rgw_shake_fini(&t->handshake->shake);
	free(t->handshake);
	t->handshake = NULL;
}

void
rgw_tcp_let_go(struct rgw_tcp *t)
{
	rgw_list_append(&t->net->dead, &t->link);
}

static bool
is_busy(const struct rgw_tcp *t)
{
	return t->handshake != NULL && t->handshake->shake.busy;
}

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
	if (!is_busy(t) || rgw_shaker_give_back(t->net->shaker, &t->handshake->shake))
		rgw_tcp_let_go(t);
}

/* Tries to send what is queued, whatever comes of it. */
static void
send_rest(struct rgw_tcp *t)
{
	struct rgw_outbuf *out = t->session != NULL ? &t->session->out : NULL;
	ssize_t n;

	if (out == NULL || rgw_outbuf_waiting(out) == 0)
		return;
	n = send(t->fd, out->data + out->at, rgw_outbuf_waiting(out), MSG_NOSIGNAL);
	if (n > 0)
		rgw_outbuf_sent(out, (size_t)n);
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
	/* Answers may be in the sealer, and the alert that tells the peer why the connection ends. */
	if (t->unsealed > 0)
		rgw_sealer_run(t->net);
	send_rest(t);
	rgw_tcp_bury(t);
	rgw_conn_on_lost(conn, copy, now);
}

static void
free_tcp(struct rgw_tcp *t)
{
	t->net->n_freed++;
	rgw_tcp_forget_out(t);
	rgw_tcp_end_handshake(t);
	rgw_session_free(t->session);
	rgw_contexts_drop(t->contexts);
	rgw_chain_drop(&t->net->chains, t->chain);
	free(t->host);
	free(t);
}

void
rgw_tcp_free_dead(struct rgw_net *net)
{
	struct rgw_link *l;

	while ((l = rgw_list_pop(&net->dead)) != NULL)
		free_tcp(RGW_CONTAINER(l, struct rgw_tcp, link));
}

/* ---- lingering ---- */

/* Closes lingering connections whose time is over; returns when the time of the next one is. */
static rgw_ms
end_lingering(struct rgw_net *net, rgw_ms now)
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

static void
on_linger(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_net *net = w->data;
	rgw_ms now = rgw_net_now(net);
	rgw_ms next = end_lingering(net, now);

	(void)revents;
	if (next == RGW_NEVER)
		return;
	ev_timer_set(w, (double)(next - now + 1) / 1000, 0);
	ev_timer_start(loop, w);
}

/* Lets a closed connection linger. Octets that have been written reach the peer only if we do not close while it still
 * sends: the kernel would answer the peer's octets with a reset, and that may overtake ours. */
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
	if (!ev_is_active(&net->linger))
		on_linger(net->loop, &net->linger, 0);
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
		rgw_session_close(t->session);
		linger(t);
		return;
	}
	/* A peer that has not said a word gets none either, and leaves nothing behind in the kernel. */
	if (t->stage == RGW_TCP_ACCEPTED)
		(void)setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	else if (t->stage != RGW_TCP_CONNECTING && !is_busy(t))
		send_rest(t);
	rgw_tcp_bury(t);
}

void
rgw_tcp_init(struct rgw_net *net)
{
	rgw_link_init(&net->dirty);
	rgw_link_init(&net->dead);
	rgw_link_init(&net->conns);
	rgw_link_init(&net->lingering);
	ev_timer_init(&net->linger, on_linger, 0, 0);
	net->linger.data = net;
}

void
rgw_tcp_fini(struct rgw_net *net)
{
	struct rgw_link *l;

	ev_timer_stop(net->loop, &net->linger);
	while ((l = rgw_list_first(&net->conns)) != NULL || (l = rgw_list_first(&net->unjudged)) != NULL ||
	    (l = rgw_list_first(&net->lingering)) != NULL)
		rgw_tcp_bury(RGW_CONTAINER(l, struct rgw_tcp, link));
	rgw_tcp_free_dead(net);
}
