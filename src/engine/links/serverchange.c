/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

/*
 * A server from one edition to the next. Its sockets go on, and by the new edition, unless that has changed who the
 * server is or how it is reached: then no further request is sent from them, and they close when nothing is open on
 * them. A server that is gone, or one of its ports, is asked no more; what is open there ends by its own rules.
 */

void
rgw_server_change_sources(struct rgw_port *port, struct rgw_edition *old, rgw_ms now)
{
	struct rgw_server *server = port->server;
	struct rgw_gw *gw = server->target.gw;

	for (struct rgw_link *l = port->sources.next; l != &port->sources; l = l->next) {
		struct rgw_source *source = RGW_CONTAINER(l, struct rgw_source, link);

		rgw_idpool_rest(source->lane.ids, gw->conf->gateway.request_lifetime);
		source->retired |= server->known.renewed;
		if (source->retired || source->edition != old)
			continue;
		source->edition = rgw_edition_hold(gw->edition);
		rgw_edition_drop(old);
		source->lane.side = (struct rgw_side){ server->conf->secret, server->conf->previous_secret };
	}
	/* What waits may be sent, and what is of no use is closed. */
	rgw_timer_set(&gw->timers, &port->tidy_timer, now);
}

/* The server has no such port in its section any more, if it had one. */
static void
close_port(struct rgw_port *port, rgw_ms now)
{
	if (port->server == NULL || port->closed)
		return;
	port->closed = true;
	rgw_host_rest(&port->host);
	rgw_health_stop(port, now);
	rgw_timer_set(&port->server->target.gw->timers, &port->tidy_timer, now);
}

static void
change_port(struct rgw_server *server, unsigned service, const struct rgw_hostports *conf, struct rgw_edition *old,
    rgw_ms now)
{
	struct rgw_port *port = &server->ports[rgw_service_index(service)];

	if (port->server == NULL && conf->n > 0)
		rgw_port_init(server, service, &conf->v[0], now);
	if (port->server == NULL)
		return;
	rgw_queue_change(&port->queue, server->conf->max_requests, RGW_NEVER);
	if (conf->n == 0)
		close_port(port, now);
	else if (port->closed || !rgw_host_is(&port->host, &conf->v[0]))
		rgw_port_set_host(port, &conf->v[0], now);
	port->closed = conf->n == 0;
	rgw_server_change_sources(port, old, now);
	if (!port->closed)
		rgw_health_change(port, now);
}

static void
change(struct rgw_known *known, struct rgw_edition *old, rgw_ms now)
{
	struct rgw_server *server = RGW_CONTAINER(known, struct rgw_server, known);
	const struct rgw_conf_server *was = (const struct rgw_conf_server *)known->was;

	/* What was learned counts as long as it is the same server, and the option leaves it open. */
	if (known->renewed || server->conf->require_message_authenticator != was->require_message_authenticator)
		server->require_message_authenticator = server->conf->require_message_authenticator;
	change_port(server, RGW_SERVICE_AUTH, &server->conf->auth, old, now);
	change_port(server, RGW_SERVICE_ACCT, &server->conf->acct, old, now);
}

static void
leave(struct rgw_known *known, rgw_ms now)
{
	struct rgw_server *server = RGW_CONTAINER(known, struct rgw_server, known);

	for (unsigned i = 0; i < RGW_SERVICES; i++) {
		struct rgw_port *port = &server->ports[i];

		if (port->server == NULL)
			continue;
		rgw_host_rest(&port->host);
		rgw_health_stop(port, now);
		rgw_timer_set(&server->target.gw->timers, &port->tidy_timer, now);
	}
	rgw_on_target(&server->target, RGW_TURN_DOWN, now);
}

const struct rgw_known_ops rgw_server_ops = {
	.kind = RGW_CONF_SERVER,
	.make = rgw_server_make,
	.read = rgw_server_read,
	.change = change,
	.leave = leave,
	.end = rgw_server_end,
};
