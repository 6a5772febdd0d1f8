/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <stdlib.h>

/* How long it is remembered where a State came from: longer than people need to type a password. */
#define CONVERSATION_MS 300000

/* Realms that are remembered for their marks: those that were ever answered, and other names. */
#define REALMS_PROVEN 16384
#define REALMS_UNPROVEN 4096

const uint8_t *
rgw_gw_random(struct rgw_gw *gw, size_t n)
{
	if (gw->random_left < n) {
		gw->ops->random(gw->ops_ctx, gw->random, sizeof gw->random);
		gw->random_left = sizeof gw->random;
	}
	gw->random_left -= n;
	return gw->random + gw->random_left;
}

uint16_t
rgw_gw_random16(struct rgw_gw *gw)
{
	const uint8_t *r = rgw_gw_random(gw, 2);

	return (uint16_t)(r[0] << 8 | r[1]);
}

rgw_ms
rgw_gw_below(struct rgw_gw *gw, rgw_ms most)
{
	return most * rgw_gw_random16(gw) / UINT16_MAX;
}

rgw_ms
rgw_gw_spread(struct rgw_gw *gw, rgw_ms delay)
{
	return delay + rgw_gw_below(gw, delay / 2);
}

static void
init_client(struct rgw_client *c, const struct rgw_conf_client *conf, rgw_ms now)
{
	c->conf = conf;
	rgw_ingress_init(&c->superseding, now);
	rgw_asker_init(&c->asker, conf->head.index, &conf->status_server_rate, now);
	c->require_message_authenticator = conf->require_message_authenticator;
	c->limit_proxy_state = conf->limit_proxy_state;
}

/* Clients, peers and servers stand at the index of their section. */
static void
add_neighbours(struct rgw_gw *gw, rgw_ms now)
{
	const struct rgw_conf *conf = gw->conf;

	gw->clients = rgw_xcalloc(conf->client.n, sizeof *gw->clients);
	for (size_t i = 0; i < conf->client.n; i++)
		init_client(&gw->clients[i], conf->client.v[i], now);
	rgw_names_init(gw, now);
	gw->peers = rgw_xcalloc(conf->peer.n, sizeof *gw->peers);
	for (size_t i = 0; i < conf->peer.n; i++)
		rgw_peer_init(&gw->peers[i], gw, conf->peer.v[i], now);
	gw->servers = rgw_xcalloc(conf->server.n, sizeof *gw->servers);
	for (size_t i = 0; i < conf->server.n; i++)
		rgw_server_init(&gw->servers[i], gw, conf->server.v[i], now);
	rgw_pools_init(gw);
}

struct rgw_gw *
rgw_gw_new(const struct rgw_conf *conf, struct rgw_common *common, const struct rgw_ops *ops,
    void *ops_ctx, struct rgw_log *log, rgw_ms now)
{
	struct rgw_gw *gw = rgw_xcalloc(1, sizeof *gw);
	struct rgw_hashkey key;

	gw->conf = conf;
	gw->common = common;
	gw->ops = ops;
	gw->ops_ctx = ops_ctx;
	gw->log = log;
	ops->random(ops_ctx, &key, sizeof key);
	rgw_timerq_init(&gw->timers);
	rgw_dupcache_init(&gw->dups, &key, conf->gateway.request_lifetime,
	    conf->gateway.duplicate_window);
	rgw_slab_init(&gw->entries, sizeof(struct rgw_entry), conf->gateway.max_requests);
	rgw_slab_init(&gw->reqs, sizeof(struct rgw_req), 0);
	rgw_bufs_init(&gw->bufs);
	gw->realms = rgw_realms_new(conf);
	rgw_loopmark_init(&gw->mark, &common->salt);
	rgw_conversations_init(&gw->conversations, &key, (conf->gateway.max_requests + 1) / 2, CONVERSATION_MS);
	rgw_deadrealms_init(&gw->deadrealms, &key, REALMS_PROVEN, REALMS_UNPROVEN);
	rgw_accept_init(gw, &key, now);
	add_neighbours(gw, now);
	return gw;
}

void
rgw_gw_abandon(struct rgw_gw *gw)
{
	gw->draining = true;
	rgw_entries_end(gw, gw->log->now);
}

void
rgw_gw_free(struct rgw_gw *gw)
{
	rgw_ms now = gw->log->now;

	rgw_gw_abandon(gw);
	rgw_accept_fini(gw, now);
	for (size_t i = 0; i < gw->conf->peer.n; i++)
		rgw_peer_fini(&gw->peers[i], now);
	for (size_t i = 0; i < gw->conf->server.n; i++)
		rgw_server_fini(&gw->servers[i]);
	rgw_names_fini(gw);
	rgw_pools_fini(gw);
	free(gw->peers);
	free(gw->servers);
	free(gw->clients);
	free(gw->hosts);
	rgw_realms_free(gw->realms);
	rgw_conversations_fini(&gw->conversations);
	rgw_deadrealms_fini(&gw->deadrealms);
	rgw_dupcache_fini(&gw->dups);
	rgw_slab_fini(&gw->entries);
	rgw_slab_fini(&gw->reqs);
	rgw_bufs_fini(&gw->bufs);
	rgw_wipe(gw, sizeof *gw);
	free(gw);
}

rgw_ms
rgw_gw_deadline(const struct rgw_gw *gw)
{
	rgw_ms next = rgw_ms_min(rgw_timerq_next(&gw->timers), rgw_dupcache_next(&gw->dups));

	return rgw_ms_min(next, rgw_conversations_next(&gw->conversations));
}

void
rgw_gw_on_timer(struct rgw_gw *gw, rgw_ms now)
{
	rgw_entries_expire(gw, now);
	if (rgw_conversations_next(&gw->conversations) <= now)
		rgw_conversations_expire(&gw->conversations, now);
	rgw_timerq_run(&gw->timers, now);
}

void
rgw_gw_drain(struct rgw_gw *gw)
{
	gw->draining = true;
	rgw_accept_drain(gw, gw->log->now);
}

size_t
rgw_gw_pending(const struct rgw_gw *gw)
{
	return gw->holding.n;
}

const struct rgw_counters *
rgw_gw_counters(const struct rgw_gw *gw)
{
	return &gw->counters;
}

void
rgw_gw_get_usage(const struct rgw_gw *gw, struct rgw_gw_usage *out)
{
	out->requests = gw->entries.used;
	out->buffers = rgw_bufs_used(&gw->bufs) + gw->reqs.used;
	out->conns = gw->n_conns;
	out->sources = gw->n_sources;
	out->octets = gw->holding.octets;
	out->kept = gw->kept;
	out->conversations = gw->conversations.slab.used;
	out->realm_marks = gw->deadrealms.n_marks;
}

static void
log_port(struct rgw_gw *gw, const struct rgw_server *server, const struct rgw_port *port)
{
	const char *name = server->conf->head.name;

	if (port->server == NULL)
		return;
	RGW_LOG(gw->log, RGW_LOG_NOTICE, "status-server-port", name, "state of a server",
	    rgw_f_str("server", name), rgw_f_str("port", port->name),
	    rgw_f_str("state", rgw_health_name(port->state)), rgw_f_uint("requests", port->n_requests),
	    rgw_f_uint("sources", port->n_sources));
}

void
rgw_gw_log_status(struct rgw_gw *gw)
{
	for (size_t i = 0; i < gw->conf->peer.n; i++) {
		const struct rgw_peer *p = &gw->peers[i];

		RGW_LOG(gw->log, RGW_LOG_NOTICE, "status-peer", p->conf->head.name, "state of a peer",
		    rgw_f_str("peer", p->conf->head.name), rgw_f_uint("up", p->n_up),
		    rgw_f_uint("okay", p->n_okay),
		    rgw_f_uint("opening", p->n_opening), rgw_f_uint("queued", p->queued),
		    rgw_f_uint("failed_attempts", p->fails), rgw_f_uint("incoming", p->n_incoming));
	}
	for (size_t i = 0; i < gw->conf->server.n; i++) {
		log_port(gw, &gw->servers[i], &gw->servers[i].auth);
		log_port(gw, &gw->servers[i], &gw->servers[i].acct);
	}
	for (unsigned c = 0; c < RGW_COUNTER_COUNT; c++) {
		if (gw->counters.v[c] == 0)
			continue;
		RGW_LOG(gw->log, RGW_LOG_NOTICE, "status-counter", rgw_counter_name(c),
		    rgw_counter_help(c), rgw_f_str("counter", rgw_counter_name(c)),
		    rgw_f_uint("value", gw->counters.v[c]));
	}
	RGW_LOG(gw->log, RGW_LOG_NOTICE, "status-end", NULL, "end of the status",
	    rgw_f_uint("pending", gw->holding.n), rgw_f_uint("connections", gw->n_conns),
	    rgw_f_uint("half_open", gw->admission.classes[RGW_STRANGERS].n_half_open),
	    rgw_f_uint("half_open_known", gw->admission.classes[RGW_KNOWN].n_half_open),
	    rgw_f_uint("realm_marks", gw->deadrealms.n_marks));
}
