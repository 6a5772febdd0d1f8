/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/hide.h"
#include "radsecgw/mem.h"

/* The configuration of the world: one client, two peers that we connect to, one that connects to us, and
 * a server. All requests go to the first peer unless a story says otherwise. */

static void *
one(size_t size)
{
	return rgw_xcalloc(1, size);
}

static struct rgw_conf_head
head(enum rgw_conf_kind kind, const char *name, uint32_t index)
{
	return (struct rgw_conf_head){ .kind = kind, .name = rgw_xstrdup(name), .index = index };
}

struct rgw_conf_peer *
sim_peer_conf(struct sim *s)
{
	return s->conf.peer.v[0];
}

struct rgw_conf_peer *
sim_visitor_conf(struct sim *s)
{
	return s->conf.peer.v[1];
}

struct rgw_conf_peer *
sim_second_conf(struct sim *s)
{
	return s->conf.peer.v[2];
}

struct rgw_conf_client *
sim_client_conf(struct sim *s)
{
	return s->conf.client.v[0];
}

struct rgw_conf_server *
sim_server_conf(struct sim *s)
{
	return s->conf.server.v[0];
}

struct rgw_conf_listen *
sim_listen_conf(struct sim *s)
{
	return s->conf.listen.v[0];
}

void
sim_to_server(struct sim *s)
{
	s->conf.realm.v[0]->pool = &s->conf.server.v[0]->head;
}

struct rgw_conf_realm *
sim_add_realm(struct sim *s, const char *name, const struct rgw_conf_head *to)
{
	struct rgw_conf_realm *r = one(sizeof *r);

	r->head = head(RGW_CONF_REALM, name, (uint32_t)s->conf.realm.n);
	r->kind = RGW_REALM_EXACT;
	r->pool = to;
	s->conf.realm.v = rgw_xrealloc(s->conf.realm.v, (s->conf.realm.n + 1) * sizeof r);
	s->conf.realm.v[s->conf.realm.n++] = r;
	return r;
}

struct rgw_conf_pool *
sim_to_pool(struct sim *s)
{
	struct rgw_conf_pool *p = one(sizeof *p);

	p->head = head(RGW_CONF_POOL, "federation", 0);
	p->policy = RGW_POOL_FAILOVER;
	p->hash_key = RGW_CALLING_STATION_ID;
	p->retry_after = 3000;
	s->conf.pool.v = one(sizeof p);
	s->conf.pool.v[0] = p;
	s->conf.pool.n = 1;
	s->conf.realm.v[0]->pool = &p->head;
	return p;
}

void
sim_add_member(struct sim *s, const struct rgw_conf_head *member)
{
	struct rgw_conf_refs *m = &s->conf.pool.v[0]->members;

	m->v = rgw_xrealloc(m->v, (m->n + 1) * sizeof(const struct rgw_conf_head *));
	m->v[m->n++] = member;
}

static void
make_tls(struct sim *s)
{
	struct rgw_conf_tls *t = one(sizeof *t);
	struct rgw_conf_listen *l = one(sizeof *l);

	t->head = head(RGW_CONF_TLS, "federation", 0);
	s->conf.tls.v = one(sizeof t);
	s->conf.tls.v[0] = t;
	s->conf.tls.n = 1;
	l->head = head(RGW_CONF_LISTEN, "radsec", 0);
	l->tls.v = one(sizeof *l->tls.v);
	l->tls.n = 1;
	l->profile.v = one(sizeof *l->profile.v);
	l->profile.v[0] = &t->head;
	l->profile.n = 1;
	l->handshake_timeout = 5000;
	s->conf.listen.v = one(sizeof l);
	s->conf.listen.v[0] = l;
	s->conf.listen.n = 1;
}

void
sim_conf_connect(struct sim *s, struct rgw_conf_peer *p, const char *connect)
{
	(void)s;
	p->connect.v = one(sizeof *p->connect.v);
	p->connect.v[0] = (struct rgw_hostport){ rgw_xstrdup(connect), 2083 };
	p->connect.n = 1;
	p->connections = (struct rgw_range_u32){ 0, 4 };
}

static struct rgw_conf_peer *
make_peer(struct sim *s, const char *name, const char *connect)
{
	struct rgw_conf_peer *p = one(sizeof *p);

	p->head = head(RGW_CONF_PEER, name, (uint32_t)s->conf.peer.n);
	if (connect != NULL)
		sim_conf_connect(s, p, connect);
	p->tls = s->conf.tls.v[0];
	p->secret = rgw_secret_new(SIM_RADSEC, strlen(SIM_RADSEC));
	p->connect_timeout = 3000;
	p->handshake_timeout = 5000;
	p->reconnect = (struct rgw_range_ms){ 500, 60000 };
	p->connect_rate = (struct rgw_rate){ 5, 1000, 5 };
	p->queue = 1000;
	p->queue_time = 5000;
	p->max_connections = 16;
	p->status_server_rate = (struct rgw_rate){ 100, 1000, 200 };
	p->protocol_error = true;
	p->status_server = RGW_NO;
	p->watchdog = 30000;
	p->reopen_answers = 3;
	p->allow = RGW_SERVICE_AUTH | RGW_SERVICE_ACCT;
	s->conf.peer.v = rgw_xrealloc(s->conf.peer.v, (s->conf.peer.n + 1) * sizeof p);
	s->conf.peer.v[s->conf.peer.n++] = p;
	return p;
}

static struct rgw_hostports
host(const char *name, uint16_t port)
{
	struct rgw_hostports out = { .v = one(sizeof *out.v), .n = 1 };

	out.v[0] = (struct rgw_hostport){ rgw_xstrdup(name), port };
	return out;
}

static void
make_server(struct sim *s)
{
	struct rgw_conf_server *v = one(sizeof *v);

	v->head = head(RGW_CONF_SERVER, "local", 0);
	v->auth = host("198.51.100.99", 1812);
	v->acct = host("198.51.100.99", 1813);
	v->secret = rgw_secret_new(SIM_LOCAL, strlen(SIM_LOCAL));
	v->retransmit = (struct rgw_retransmit){ 2000, 16000, 30000, 5 };
	v->watchdog = 30000;
	v->zombie = 40000;
	v->revive = 300000;
	v->max_requests = 4096;
	s->conf.server.v = one(sizeof v);
	s->conf.server.v[0] = v;
	s->conf.server.n = 1;
}

static struct rgw_conf_client *
make_client(struct sim *s, const char *name, const char *address)
{
	struct rgw_conf_client *c = one(sizeof *c);

	c->head = head(RGW_CONF_CLIENT, name, (uint32_t)s->conf.client.n);
	c->address.v = one(sizeof *c->address.v);
	assert_true(rgw_prefix_parse(address, &c->address.v[0].prefix));
	c->address.n = 1;
	c->secret = rgw_secret_new(SIM_SECRET, strlen(SIM_SECRET));
	c->require_message_authenticator = RGW_NO;
	c->limit_proxy_state = RGW_NO;
	c->reply_message_authenticator = true;
	c->status_server_rate = (struct rgw_rate){ 100, 1000, 200 };
	s->conf.client.v = rgw_xrealloc(s->conf.client.v, (s->conf.client.n + 1) * sizeof c);
	s->conf.client.v[s->conf.client.n++] = c;
	return c;
}

struct rgw_conf_client *
sim_add_client(struct sim *s)
{
	return make_client(s, "second nas", "192.0.2.11");
}

static void
make_realm(struct sim *s)
{
	struct rgw_conf_realm *r = one(sizeof *r);

	r->head = head(RGW_CONF_REALM, "*", 0);
	r->kind = RGW_REALM_DEFAULT;
	r->pool = &s->conf.peer.v[0]->head;
	s->conf.realm.v = one(sizeof r);
	s->conf.realm.v[0] = r;
	s->conf.realm.n = 1;
}

void
sim_conf_init(struct sim *s, const char *connect)
{
	struct rgw_conf_gateway *g = &s->conf.gateway;

	g->request_lifetime = 30000;
	g->duplicate_window = 10000;
	g->packet_timeout = 10000;
	g->max_requests = 65536;
	g->max_request_octets = 16 << 20;
	g->kept_answers = 8 << 20;
	g->max_connections = 1024;
	g->max_connections_per_address = 64;
	g->max_half_open = 64;
	g->max_half_open_per_address = 32;
	g->loop_limit = 32;
	g->loop_marker = true;
	g->verify_eap = true;
	s->conf.hidden = rgw_hidden_table_new();
	make_tls(s);
	make_peer(s, "national", connect);
	make_peer(s, "visitor", NULL)->accept = true;
	make_peer(s, "second", "198.51.100.2");
	make_server(s);
	make_client(s, "nas", "192.0.2.10");
	s->conf.listen.v[0]->clients = rgw_prefixmap_new();
	make_realm(s);
}

void
sim_conf_ready(struct sim *s)
{
	for (size_t i = 0; i < s->conf.client.n; i++) {
		struct rgw_conf_client *c = s->conf.client.v[i];

		for (size_t j = 0; j < c->address.n; j++)
			if (c->address.v[j].name.host == NULL && rgw_conf_may_ask(c, 0))
				rgw_prefixmap_add(s->conf.listen.v[0]->clients, &c->address.v[j].prefix, c);
	}
}

static void
free_hosts(struct rgw_hostports *hosts)
{
	for (size_t i = 0; i < hosts->n; i++)
		free(hosts->v[i].host);
	free(hosts->v);
}

static void
free_neighbours(struct sim *s)
{
	for (size_t i = 0; i < s->conf.peer.n; i++) {
		struct rgw_conf_peer *p = s->conf.peer.v[i];

		free(p->head.name);
		free_hosts(&p->connect);
		free(p->address.v);
		rgw_secret_free(p->secret);
		free(p);
	}
	for (size_t i = 0; i < s->conf.server.n; i++) {
		struct rgw_conf_server *v = s->conf.server.v[i];

		free(v->head.name);
		free_hosts(&v->auth);
		free_hosts(&v->acct);
		free(v->source.v);
		rgw_secret_free(v->secret);
		free(v);
	}
	for (size_t i = 0; i < s->conf.client.n; i++) {
		struct rgw_conf_client *c = s->conf.client.v[i];

		free(c->head.name);
		for (size_t j = 0; j < c->address.n; j++)
			free(c->address.v[j].name.host);
		free(c->address.v);
		rgw_secret_free(c->secret);
		free(c);
	}
}

void
sim_conf_free(struct sim *s)
{
	sim_free_rewrites(s);
	free_neighbours(s);
	rgw_prefixmap_free(s->conf.listen.v[0]->clients);
	free(s->conf.listen.v[0]->head.name);
	free(s->conf.listen.v[0]->tls.v);
	free(s->conf.listen.v[0]->profile.v);
	free(s->conf.listen.v[0]);
	free(s->conf.listen.v);
	free(s->conf.tls.v[0]->head.name);
	free(s->conf.tls.v[0]);
	free(s->conf.tls.v);
	for (size_t i = 0; i < s->conf.realm.n; i++) {
		rgw_pattern_free(s->conf.realm.v[i]->regex);
		free(s->conf.realm.v[i]->head.name);
		free(s->conf.realm.v[i]);
	}
	free(s->conf.realm.v);
	for (size_t i = 0; i < s->conf.pool.n; i++) {
		free(s->conf.pool.v[i]->head.name);
		free(s->conf.pool.v[i]->members.v);
		free(s->conf.pool.v[i]);
	}
	free(s->conf.pool.v);
	free(s->conf.peer.v);
	free(s->conf.server.v);
	free(s->conf.client.v);
	rgw_hidden_table_free(s->conf.hidden);
}
