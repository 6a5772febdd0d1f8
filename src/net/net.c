/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net_priv.h"
#include "shaker.h"

#include <ares.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>

#include "radsecgw/mem.h"

/* The network layer as a whole: the turn of the loop, the engine's timer, and the operations of the engine. */

/* The number of connections that are freed before it is worth while to look for memory that can be given back ... */
#define TRIM_AFTER 256
/* ... or the number of octets of write buffers. */
#define TRIM_OCTETS (1024 * 1024)

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

/* Writes out all connections that have something to send, and again until none has: writing can fail, and then requests
 * move to other connections, which have to be written. */
static void
flush_connections(struct rgw_net *net)
{
	rgw_sealer_run(net);
	while (!rgw_list_empty(&net->dirty) || !rgw_list_empty(&net->dead)) {
		rgw_tcp_flush(net);
		rgw_sealer_run(net);
	}
}

void
rgw_net_flush(struct rgw_net *net)
{
	/* Sending shows which servers are not there, and then requests move, too. The loop comes to an end: once the
	 * engine has heard of all addresses of a server that nobody is there, it sends nothing there at once. */
	do {
		flush_connections(net);
		rgw_udp_flush(net->udp);
	} while (rgw_udp_report(net->udp));
	if (net->n_freed >= TRIM_AFTER || net->out_peak - net->out_octets >= TRIM_OCTETS) {
		net->out_peak = net->out_octets;
		rgw_net_tidy(net);
	}
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

static void
on_resolved(void *arg, void *asker, const struct rgw_addr *addrs, size_t n, uint32_t ttl, const char *why)
{
	rgw_host_on_resolved(asker, addrs, n, ttl, why, rgw_net_now(arg));
}

struct rgw_net *
rgw_net_new(uint32_t worker, uint32_t workers, struct ev_loop *loop, struct rgw_log *log)
{
	struct rgw_net *net = rgw_xcalloc(1, sizeof *net);

	net->spread = (struct rgw_spread){ .worker = worker, .workers = workers };
	net->loop = loop;
	net->log = log;
	net->tick_at = RGW_NEVER;
	rgw_tcp_init(net);
	rgw_trim_init(net);
	rgw_contexts_init(net);
	rgw_judge_init(net);
	rgw_htab_init(&net->chains);
	ev_timer_init(&net->tick, on_tick, 0, 0);
	ev_prepare_init(&net->flush, on_turn_end);
	net->tick.data = net->flush.data = net;
	net->udp = rgw_udp_new(net);
	net->listen = rgw_listen_new(net);
	net->resolver = rgw_resolver_new(net->loop, on_resolved, net);
	net->shaker = rgw_shaker_new(net);
	return net;
}

void
rgw_net_start(struct rgw_net *net, struct rgw_gw *gw)
{
	net->gw = gw;
	ev_prepare_start(net->loop, &net->flush);
	rgw_contexts_start(net);
	rgw_net_tidy(net);
	rgw_udp_start(net->udp);
	rgw_listen_start(net->listen);
}

void
rgw_net_free(struct rgw_net *net)
{
	if (net == NULL)
		return;
	rgw_shaker_free(net->shaker);
	ev_prepare_stop(net->loop, &net->flush);
	ev_timer_stop(net->loop, &net->tick);
	ev_timer_stop(net->loop, &net->trim);
	rgw_judge_fini(net);
	rgw_tcp_fini(net);
	rgw_htab_fini(&net->chains);
	rgw_udp_free_sources(net->udp);
	rgw_udp_free(net->udp);
	rgw_listen_free(net->listen);
	rgw_resolver_free(net->resolver);
	free(net->peer_out);
	rgw_contexts_fini(net);
	rgw_edition_drop(net->edition);
	rgw_wipe(net, sizeof *net);
	free(net);
}

static void
op_udp_send(void *ctx, uint32_t sock, const struct rgw_addr *local, const struct rgw_addr *remote,
    const struct rgw_outgoing *packet)
{
	rgw_udp_send(((struct rgw_net *)ctx)->udp, sock, local, remote, packet);
}

static void
op_resolve(void *ctx, struct rgw_host *host, const char *name)
{
	rgw_resolver_ask(((struct rgw_net *)ctx)->resolver, host, name);
}

static void
op_resolve_cancel(void *ctx, struct rgw_host *host)
{
	rgw_resolver_forget(((struct rgw_net *)ctx)->resolver, host);
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
	.source_open = rgw_udp_source_open,
	.source_send = rgw_udp_source_send,
	.source_close = rgw_udp_source_close,
	.resolve = op_resolve,
	.resolve_cancel = op_resolve_cancel,
	.random = op_random,
};

bool
rgw_net_library_init(void)
{
#ifdef __GLIBC__
	/* Where another allocator stands in the place of glibc's (a sanitizer's, a preloaded one), the first
	 * call makes glibc's ready, and threads that did so at the same time would break it. */
	malloc_trim(0);
#endif
	return ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
}

void
rgw_net_library_fini(void)
{
	ares_library_cleanup();
}
