/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

rgw_ms
rgw_gw_spread(struct rgw_gw *gw, rgw_ms delay)
{
	const uint8_t *r = rgw_gw_random(gw, 2);
	rgw_ms random = (rgw_ms)r[0] << 8 | r[1];

	return delay + delay / 2 * random / UINT16_MAX;
}

/* Builds the clients and their look-up. A client that covers more than one host learns nothing:
 * one old NAS must not decide for the others (P-BR-8). */
static void
add_clients(struct rgw_gw *gw)
{
	const struct rgw_conf *conf = gw->conf;

	gw->clients_by_ip = rgw_prefixmap_new();
	gw->clients = rgw_xcalloc(conf->client.n, sizeof *gw->clients);
	for (size_t i = 0; i < conf->client.n; i++) {
		struct rgw_client *c = &gw->clients[i];
		const struct rgw_prefixes *prefixes;
		bool one_host;

		c->conf = conf->client.v[i];
		prefixes = &c->conf->address;
		one_host = prefixes->n == 1 &&
		    prefixes->v[0].bits == (prefixes->v[0].family == 4 ? 32 : 128);
		c->require_message_authenticator = c->conf->require_message_authenticator;
		c->limit_proxy_state = c->conf->limit_proxy_state;
		if (c->require_message_authenticator == RGW_AUTO && !one_host)
			c->require_message_authenticator = RGW_NO;
		if (c->limit_proxy_state == RGW_AUTO && !one_host)
			c->limit_proxy_state = RGW_NO;
		for (size_t j = 0; j < prefixes->n; j++)
			rgw_prefixmap_add(gw->clients_by_ip, &prefixes->v[j], c);
	}
}

struct rgw_gw *
rgw_gw_new(const struct rgw_conf *conf, const struct rgw_ops *ops, void *ops_ctx,
    struct rgw_log *log, rgw_ms now)
{
	struct rgw_gw *gw = rgw_xcalloc(1, sizeof *gw);
	struct rgw_hashkey key;

	gw->conf = conf;
	gw->ops = ops;
	gw->ops_ctx = ops_ctx;
	gw->log = log;
	ops->random(ops_ctx, &key, sizeof key);
	rgw_timerq_init(&gw->timers);
	rgw_dupcache_init(&gw->dups, &key, conf->gateway.request_lifetime,
	    conf->gateway.duplicate_window);
	rgw_slab_init(&gw->reqs, sizeof(struct rgw_req), conf->gateway.max_requests);
	rgw_bufs_init(&gw->bufs);
	add_clients(gw);
	gw->realms = rgw_realms_new(conf);
	gw->peers = rgw_xcalloc(conf->peer.n, sizeof *gw->peers);
	for (size_t i = 0; i < conf->peer.n; i++)
		rgw_peer_init(&gw->peers[i], gw, conf->peer.v[i], (uint32_t)i, now);
	return gw;
}

static void
end_all_requests(struct rgw_gw *gw, rgw_ms now)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&gw->dups.pending)) != NULL) {
		struct rgw_dup *dup = RGW_CONTAINER(l, struct rgw_dup, link);

		rgw_req_end(gw, RGW_CONTAINER(dup, struct rgw_req, dup), RGW_CTR_request_abandoned,
		    now);
	}
	while ((l = rgw_list_first(&gw->dups.answered)) != NULL) {
		struct rgw_dup *dup = RGW_CONTAINER(l, struct rgw_dup, link);

		rgw_req_free(gw, RGW_CONTAINER(dup, struct rgw_req, dup));
	}
}

void
rgw_gw_free(struct rgw_gw *gw)
{
	rgw_ms now = gw->log->now;

	gw->draining = true;
	end_all_requests(gw, now);
	for (size_t i = 0; i < gw->conf->peer.n; i++)
		rgw_peer_fini(&gw->peers[i], now);
	free(gw->peers);
	rgw_realms_free(gw->realms);
	rgw_prefixmap_free(gw->clients_by_ip);
	free(gw->clients);
	rgw_dupcache_fini(&gw->dups);
	rgw_slab_fini(&gw->reqs);
	rgw_bufs_fini(&gw->bufs);
	rgw_wipe(gw, sizeof *gw);
	free(gw);
}

rgw_ms
rgw_gw_deadline(const struct rgw_gw *gw)
{
	return rgw_ms_min(rgw_timerq_next(&gw->timers), rgw_dupcache_next(&gw->dups));
}

void
rgw_gw_on_timer(struct rgw_gw *gw, rgw_ms now)
{
	rgw_req_expire(gw, now);
	rgw_timerq_run(&gw->timers, now);
}

void
rgw_gw_drain(struct rgw_gw *gw)
{
	gw->draining = true;
}

size_t
rgw_gw_pending(const struct rgw_gw *gw)
{
	return gw->pending;
}

const struct rgw_counters *
rgw_gw_counters(const struct rgw_gw *gw)
{
	return &gw->counters;
}

void
rgw_gw_get_usage(const struct rgw_gw *gw, struct rgw_gw_usage *out)
{
	out->requests = gw->reqs.used;
	out->buffers = rgw_bufs_used(&gw->bufs);
	out->conns = gw->n_conns;
}

struct rgw_field
rgw_gw_identity(struct rgw_gw *gw, const struct rgw_packet *packet, struct rgw_identity *room)
{
	const struct rgw_conf_log *conf = &gw->conf->log;
	const uint8_t *realm;
	struct rgw_attr a;
	struct rgw_hashkey key;
	struct rgw_md5 md5;
	uint8_t digest[RGW_MD5_LEN];
	size_t len;

	if (!rgw_packet_get(packet, RGW_AT_USER_NAME, &a))
		return rgw_f_str("user", "");
	switch (conf->identity) {
	case RGW_LOG_ID_FULL:
		break;
	case RGW_LOG_ID_REALM:
		realm = rgw_realm_of(a.value, a.len, &len);
		return rgw_f_octets("realm", realm, realm != NULL ? len : 0);
	case RGW_LOG_ID_HASH:
		/* Equal names give equal texts, and only who has the key can try names out. */
		rgw_md5_init(&md5);
		rgw_md5_update(&md5, conf->hash_key, strlen(conf->hash_key));
		rgw_md5_final(&md5, digest);
		memcpy(&key, digest, sizeof key);
		snprintf(room->text, sizeof room->text, "%016llx",
		    (unsigned long long)rgw_siphash(&key, a.value, a.len));
		return rgw_f_str("user", room->text);
	}
	return rgw_f_octets("user", a.value, a.len);
}

void
rgw_gw_log_status(struct rgw_gw *gw)
{
	for (size_t i = 0; i < gw->conf->peer.n; i++) {
		const struct rgw_peer *p = &gw->peers[i];

		RGW_LOG(gw->log, RGW_LOG_NOTICE, "status-peer", p->conf->head.name, "state of a peer",
		    rgw_f_str("peer", p->conf->head.name), rgw_f_uint("up", p->n_up),
		    rgw_f_uint("opening", p->n_opening), rgw_f_uint("queued", p->queued),
		    rgw_f_uint("failed_attempts", p->fails));
	}
	for (unsigned c = 0; c < RGW_COUNTER_COUNT; c++) {
		if (gw->counters.v[c] == 0)
			continue;
		RGW_LOG(gw->log, RGW_LOG_NOTICE, "status-counter", rgw_counter_name(c),
		    rgw_counter_help(c), rgw_f_str("counter", rgw_counter_name(c)),
		    rgw_f_uint("value", gw->counters.v[c]));
	}
	RGW_LOG(gw->log, RGW_LOG_NOTICE, "status-end", NULL, "end of the status",
	    rgw_f_uint("pending", gw->pending), rgw_f_uint("connections", gw->n_conns));
}
