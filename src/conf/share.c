/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/share.h"

#include <stdlib.h>

#include "radsecgw/list.h"
#include "radsecgw/mem.h"

struct share {
	struct rgw_conf conf;              /* borrows what the snapshot owns, but for the next two */
	struct rgw_conf_peer *peers;       /* owned */
	struct rgw_conf_server *servers;   /* owned */
	uint32_t worker;
	uint32_t workers;
};

/* The part of a whole that this worker gets; what is left over goes to the first workers, one each. */
static uint32_t
part(const struct share *s, uint32_t whole)
{
	return whole / s->workers + (s->worker < whole % s->workers);
}

static void
divide(const struct share *s, uint32_t *limit)
{
	if (*limit > 0)
		*limit = part(s, *limit) > 0 ? part(s, *limit) : 1;
}

static void
divide_rate(const struct share *s, struct rgw_rate *rate)
{
	rate->period *= s->workers;
	divide(s, &rate->burst);
}

static void
divide_gateway(const struct share *s, struct rgw_conf_gateway *gateway)
{
	divide(s, &gateway->max_requests);
	divide(s, &gateway->max_request_octets);
	divide(s, &gateway->kept_answers);
	divide(s, &gateway->max_write_octets);
	divide(s, &gateway->max_half_open);
	divide(s, &gateway->ring);
	divide_rate(s, &gateway->connect_rate);
}

static void
divide_peer(const struct share *s, struct rgw_conf_peer *peer)
{
	/* The connections that are kept open are no limit: a worker may have none of them. */
	peer->connections.min = part(s, peer->connections.min);
	divide(s, &peer->connections.max);
	divide_rate(s, &peer->connect_rate);
	divide(s, &peer->queue);
}

static void
divide_peers(struct share *s, const struct rgw_conf *whole)
{
	s->peers = rgw_xcalloc(whole->peer.n, sizeof *s->peers);
	s->conf.peer.v = rgw_xcalloc(whole->peer.n, sizeof(struct rgw_conf_peer *));
	for (size_t i = 0; i < whole->peer.n; i++) {
		s->conf.peer.v[i] = whole->peer.v[i];
		/* A peer that only connects to us has nothing to be divided, and there may be thousands of
		 * them. */
		if (whole->peer.v[i]->connect.n == 0)
			continue;
		s->peers[i] = *whole->peer.v[i];
		divide_peer(s, &s->peers[i]);
		s->conf.peer.v[i] = &s->peers[i];
	}
}

static void
divide_servers(struct share *s, const struct rgw_conf *whole)
{
	s->servers = rgw_xcalloc(whole->server.n, sizeof *s->servers);
	s->conf.server.v = rgw_xcalloc(whole->server.n, sizeof(struct rgw_conf_server *));
	for (size_t i = 0; i < whole->server.n; i++) {
		s->servers[i] = *whole->server.v[i];
		divide(s, &s->servers[i].max_requests);
		s->conf.server.v[i] = &s->servers[i];
	}
}

struct rgw_conf *
rgw_share_new(const struct rgw_conf *conf, uint32_t worker)
{
	struct share *s = rgw_xcalloc(1, sizeof *s);

	s->conf = *conf;
	s->worker = worker;
	s->workers = conf->gateway.workers;
	divide_gateway(s, &s->conf.gateway);
	divide(s, &s->conf.log.rate);
	divide_peers(s, conf);
	divide_servers(s, conf);
	return &s->conf;
}

void
rgw_share_free(struct rgw_conf *view)
{
	struct share *s;

	if (view == NULL)
		return;
	s = RGW_CONTAINER(view, struct share, conf);
	free(s->conf.peer.v);
	free(s->conf.server.v);
	free(s->peers);
	free(s->servers);
	free(s);
}
