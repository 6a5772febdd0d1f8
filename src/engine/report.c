/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include "links/links.h"

/* What the gateway tells about itself: counters, use of memory, and the status lines. */

const struct rgw_counters *
rgw_gw_counters(const struct rgw_gw *gw)
{
	return &gw->counters;
}

void
rgw_gw_get_usage(const struct rgw_gw *gw, struct rgw_gw_usage *out)
{
	out->requests = gw->dups.cache.slab.used;
	out->buffers = rgw_bufs_used(&gw->bufs) + gw->reqs.used;
	out->conns = gw->n_conns;
	out->sources = gw->n_sources;
	out->octets = gw->holding.octets;
	out->kept = gw->kept;
	out->conversations = gw->conversations.all.n;
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
	    rgw_f_str("state", rgw_health_name(port->state)),
	    rgw_f_uint("requests", port->queue.n + port->queue.n_sent),
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
		    rgw_f_uint("opening", p->n_opening), rgw_f_uint("queued", p->queue.n),
		    rgw_f_uint("failed_attempts", p->fails), rgw_f_uint("incoming", p->n_incoming));
	}
	for (size_t i = 0; i < gw->conf->server.n; i++) {
		for (size_t j = 0; j < RGW_SERVICES; j++)
			log_port(gw, &gw->servers[i], &gw->servers[i].ports[j]);
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
