/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_chaos.h"

#include <stdlib.h>

#include "radsecgw/mem.h"

/* Worlds at random: who stands where, and which options they have. */

static struct rgw_conf_peer *
configure_peer(struct sim *s, struct rgw_conf_peer *p, struct sim_far *far)
{
	static const enum rgw_auto status[] = { RGW_NO, RGW_AUTO, RGW_AUTO, RGW_YES };
	static const rgw_ms intervals[] = { 3000, 6000, 10000 };
	uint32_t which = sim_random(s, 4);

	p->status_server = status[which];
	far->no_status = far->no_status_ever = which < 2;
	far->usual_delay = far->delay = 1 + sim_random(s, 200);
	far->split = sim_random(s, 100);
	far->held = sim_random(s, 100);
	far->closes_after = sim_random(s, 4) == 0 ? sim_random(s, 60) : 0;
	/* The first one is shorter than a configuration may say, so that more happens (P-WD-2). */
	p->watchdog = intervals[sim_random(s, 3)];
	p->connections = (struct rgw_range_u32){ sim_random(s, 3), 2 + sim_random(s, 4) };
	p->connect_rate = (struct rgw_rate){ 20, 1000, 20 };
	p->reconnect = (struct rgw_range_ms){ 500, 4000 };
	p->bad_response = sim_random(s, 2) == 0 ? RGW_BAD_RESPONSE_CLOSE : RGW_BAD_RESPONSE_DISCARD;
	p->lifetime = sim_random(s, 3) * 40000;
	p->idle_timeout = sim_random(s, 3) * 20000;
	p->reopen_answers = 1 + sim_random(s, 3);
	p->response_window = sim_random(s, 4) == 0 ? 4000 : 0;
	if (!chaos_of(s)->promises && sim_random(s, 2) == 0) {
		p->queue = sim_random(s, 20);
		p->queue_time = 500 + sim_random(s, 5000);
	}
	return p;
}

static void
configure_server(struct sim *s)
{
	struct rgw_conf_server *server = sim_server_conf(s);

	s->server.usual_delay = s->server.delay = 1 + sim_random(s, 200);
	s->server.held = sim_random(s, 100);
	server->status_server = sim_random(s, 2) == 0;
	s->server.no_status = s->server.no_status_ever = !server->status_server;
	server->max_requests = sim_random(s, 3) == 0 && !chaos_of(s)->promises ? 20 : 4096;
	if (sim_random(s, 2) == 0 && !chaos_of(s)->promises)
		server->retransmit = (struct rgw_retransmit){ 500, 1000, 2000, 3 };
	server->zombie = 5000;
	server->revive = 10000;
	server->watchdog = 3000;
	if (!chaos_of(s)->promises) {
		free(server->auth.v[0].host);
		server->auth.v[0].host = rgw_xstrdup("auth.example");
	}
}

static void
configure_visitor(struct sim *s)
{
	struct rgw_conf_peer *visitor = sim_visitor_conf(s);

	visitor->lifetime = sim_random(s, 3) * 30000;
	visitor->idle_timeout = sim_random(s, 3) * 20000;
	visitor->max_connections = 1 + sim_random(s, 10);
	s->conf.gateway.max_half_open = 1 + sim_random(s, 4);
	s->conf.gateway.max_half_open_per_address = 1 + sim_random(s, 4);
	s->conf.gateway.max_connections = 5 + sim_random(s, 20);
	s->conf.gateway.max_connections_per_address = 1 + sim_random(s, 10);
}

/* Two or three members, or one, in any order. */
static void
configure_pool(struct sim *s)
{
	struct chaos *c = chaos_of(s);
	struct rgw_conf_pool *pool = sim_to_pool(s);
	struct sim_far *const fars[] = { &s->national, &s->second, &s->server };
	const struct rgw_conf_head *const heads[] = { &sim_peer_conf(s)->head,
		&sim_second_conf(s)->head, &sim_server_conf(s)->head };
	uint32_t first = sim_random(s, 3), step = 1 + sim_random(s, 2);
	uint32_t n = sim_random(s, 6) == 0 ? 1 : 2 + sim_random(s, 2);

	for (uint32_t i = 0; i < n; i++) {
		sim_add_member(s, heads[(first + i * step) % 3]);
		c->members[c->n_members++] = fars[(first + i * step) % 3];
	}
	if (c->promises && sim_random(s, 8) > 0)
		c->spared = c->members[sim_random(s, n)];
	pool->policy = (enum rgw_pool_policy)sim_random(s, 4);
	pool->retry_after = sim_random(s, 4) == 0 ? 0 : 1000 + sim_random(s, 2000);
	pool->outage_auth = (enum rgw_outage_auth)sim_random(s, 2);
	pool->outage_acct = (enum rgw_outage_acct)sim_random(s, 2);
	sim_add_realm(s, "server.example", heads[2]);
	sim_add_realm(s, "national.example", heads[0]);
}

/* In every second world; where nothing is promised some requests cannot go to the second one. */
static void
configure_rewrites(struct sim *s)
{
	if (chaos_of(s)->no_rewrites || s->seed % 2 != 0)
		return;
	sim_rewrite(s, &s->conf.gateway.rewrite_in, "add = 200 = ${client}\nremove = Calling-Station-Id");
	sim_rewrite(s, &s->conf.gateway.rewrite_out, "set = 200 = ${client} ${peer} ${realm}");
	sim_rewrite(s, &sim_client_conf(s)->rewrite_out, "add = Filter-Id = x\npackets = access-accept");
	sim_rewrite(s, &sim_server_conf(s)->rewrite_out, "replace = User-Name /@.*$$//");
	if (!chaos_of(s)->promises)
		sim_rewrite(s, &sim_second_conf(s)->rewrite_out,
		    "replace = 200 /^/${realm}${realm}${realm}${realm}${realm}${realm}${realm}${realm}/\n"
		    "\t200 /^/${realm}${realm}${realm}${realm}${realm}${realm}${realm}${realm}/\n"
		    "\t200 /^/${realm}${realm}${realm}${realm}${realm}${realm}${realm}${realm}/");
}

void
sim_chaos_world(struct sim *s, struct chaos *c)
{
	static const rgw_ms gaps[] = { 10, 60, 250, 1000 };
	static const unsigned calms[] = { 10, 30, 100, 400 };

	s->driver = c;
	s->draining = 1000;
	c->promises = sim_random(s, 4) > 0;
	c->collide = sim_random(s, 4) == 0;
	if (sim_random(s, 3) == 0)
		c->hostile = c->promises ? 1000 + sim_random(s, 1000) : 20 + sim_random(s, 400);
	c->gap = gaps[sim_random(s, 4)];
	c->calm = calms[sim_random(s, 4)];
	/* Time-outs of an attempt to connect, pauses between them, and until a watchdog closes. */
	c->slack = 20000 + 2 * 12000;
	configure_pool(s);
	configure_peer(s, sim_peer_conf(s), &s->national);
	configure_peer(s, sim_second_conf(s), &s->second);
	configure_server(s);
	configure_visitor(s);
	configure_rewrites(s);
	sim_client_conf(s)->protocol_error = sim_random(s, 2) == 0;
	s->dns_ip2 = 2;
	s->dns_ttl = 30;
	/* Lines are written in some worlds, and in others they are not even made. */
	if (sim_random(s, 8) > 0 && getenv("SIM_LOG") == NULL)
		s->log.level = RGW_LOG_ERROR;
}
