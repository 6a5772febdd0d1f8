/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net_priv.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "radsecgw/mem.h"

rgw_ms
rgw_net_now(struct rgw_net *net)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	net->log->now = (rgw_ms)ts.tv_sec * 1000 + (rgw_ms)ts.tv_nsec / 1000000;
	return net->log->now;
}

static void
on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_net *net = w->data;

	(void)loop;
	(void)revents;
	net->tick_at = RGW_NEVER;
	rgw_gw_on_timer(net->gw, rgw_net_now(net));
}

/* Sets the one timer to the engine's next deadline. Most deadlines move on before they come; a timer
 * that fires too early costs less than setting it anew each turn. */
static void
set_tick(struct rgw_net *net)
{
	rgw_ms at = rgw_gw_deadline(net->gw);
	rgw_ms now;

	if (net->tick_at <= at)
		return;
	net->tick_at = at;
	ev_timer_stop(net->loop, &net->tick);
	now = rgw_net_now(net);
	ev_now_update(net->loop);
	ev_timer_set(&net->tick, at > now ? (double)(at - now + 1) / 1000 : 0, 0);
	ev_timer_start(net->loop, &net->tick);
}

void
rgw_net_flush(struct rgw_net *net)
{
	/* Writing can fail, and then requests move to other connections, which have to be written. */
	while (!rgw_list_empty(&net->dirty) || !rgw_list_empty(&net->dead))
		rgw_tcp_flush(net);
	rgw_udp_flush(net->udp);
}

static void
on_turn_end(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct rgw_net *net = w->data;

	(void)loop;
	(void)revents;
	rgw_net_flush(net);
	set_tick(net);
}

struct rgw_net *
rgw_net_new(const struct rgw_conf *conf, struct ev_loop *loop, struct rgw_log *log)
{
	struct rgw_net *net = rgw_xcalloc(1, sizeof *net);

	net->conf = conf;
	net->loop = loop;
	net->log = log;
	net->tick_at = RGW_NEVER;
	rgw_link_init(&net->dirty);
	rgw_link_init(&net->dead);
	rgw_link_init(&net->conns);
	ev_timer_init(&net->tick, on_tick, 0, 0);
	ev_prepare_init(&net->flush, on_turn_end);
	net->tick.data = net->flush.data = net;
	net->udp = rgw_udp_new(net);
	net->resolver = rgw_resolver_new(net);
	net->client = rgw_xcalloc(conf->tls.n, sizeof(struct rgw_tlsctx *));
	return net;
}

static bool
make_contexts(struct rgw_net *net)
{
	struct rgw_tls_problem problem;

	for (size_t i = 0; i < net->conf->tls.n; i++) {
		const struct rgw_conf_tls *conf = net->conf->tls.v[i];

		net->client[i] = rgw_tlsctx_new(conf, RGW_TLS_CLIENT, &problem);
		if (net->client[i] == NULL) {
			RGW_LOG(net->log, RGW_LOG_ERROR, "tls-context", NULL, problem.text,
			    rgw_f_str("tls", conf->head.name), rgw_f_str("key", problem.key));
			return false;
		}
	}
	return true;
}

bool
rgw_net_open(struct rgw_net *net)
{
	rgw_net_now(net);
	return make_contexts(net) && rgw_udp_open(net->udp);
}

void
rgw_net_start(struct rgw_net *net, struct rgw_gw *gw)
{
	net->gw = gw;
	ev_prepare_start(net->loop, &net->flush);
	rgw_udp_start(net->udp);
}

void
rgw_net_free(struct rgw_net *net)
{
	if (net == NULL)
		return;
	ev_prepare_stop(net->loop, &net->flush);
	ev_timer_stop(net->loop, &net->tick);
	rgw_tcp_free_all(net);
	rgw_udp_free(net->udp);
	rgw_resolver_free(net->resolver);
	for (size_t i = 0; i < net->conf->tls.n; i++)
		rgw_tlsctx_free(net->client[i]);
	free(net->client);
	rgw_wipe(net, sizeof *net);
	free(net);
}

static void
op_udp_send(void *ctx, uint32_t sock, const struct rgw_addr *local, const struct rgw_addr *remote,
    const uint8_t *data, size_t len)
{
	rgw_udp_send(((struct rgw_net *)ctx)->udp, sock, local, remote, data, len);
}

static void
op_resolve(void *ctx, uint32_t query, const char *host)
{
	rgw_resolver_ask(((struct rgw_net *)ctx)->resolver, query, host);
}

static void
op_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	rgw_random(out, len);
}

const struct rgw_ops rgw_net_ops = {
	.udp_send = op_udp_send,
	.conn_open = rgw_tcp_open,
	.conn_send = rgw_tcp_send,
	.conn_close = rgw_tcp_close,
	.resolve = op_resolve,
	.random = op_random,
};
