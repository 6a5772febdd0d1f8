/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include "radsecgw/retrans.h"

/*
 * Is a server's port alive? Any valid answer says yes. A request without an answer, while nothing else was answered
 * since it was sent, makes the port suspected; silence from then on for the time `zombie` makes it dead, and so does
 * ICMP at once. A dead port is asked with Status-Server if the server understands that, else it counts as alive again
 * after `revive`. The state does not hold back requests that have nowhere else to go. The state belongs to the port;
 * all of its changes go through enter() (P-SS-12, P-SS-13, P-SS-20, P-SS-21).
 */

/* ICMP is a cheap and quick answer, so a port that sent it is tried again soon. */
#define UNREACHABLE_MS 5000

const char *
rgw_health_name(enum rgw_port_state state)
{
	switch (state) {
	case RGW_PORT_ALIVE:
		return "alive";
	case RGW_PORT_SUSPECTED:
		return "suspected";
	case RGW_PORT_DEAD:
		return "dead";
	}
	return "unknown";
}

/* Nobody asks whether a port lives that gets no more requests. */
static void
set_timer(struct rgw_port *port)
{
	if (port->closed || port->server->known.gone)
		return;
	rgw_timer_set(&port->server->target.gw->timers, &port->timer,
	    rgw_ms_min(port->change_at, port->probe_at));
}

/* All changes of state go through here. */
static void
enter(struct rgw_port *port, enum rgw_port_state state, const char *why, rgw_ms now)
{
	struct rgw_gw *gw = port->server->target.gw;
	const char *name = port->server->conf->head.name;
	bool good = state == RGW_PORT_ALIVE;

	RGW_LOG(gw->log, good ? RGW_LOG_NOTICE : RGW_LOG_WARNING, good ? "server-alive" : "server-down",
	    name, why, rgw_f_target(&port->server->target), rgw_f_str("port", port->name),
	    rgw_f_str("was", rgw_health_name(port->state)), rgw_f_str("is", rgw_health_name(state)));
	port->state = state;
	port->since = now;
	if (!good)
		rgw_host_refresh(&port->host, now);
	if (state == RGW_PORT_SUSPECTED)
		rgw_count(gw, RGW_CTR_server_suspected);
	if (state == RGW_PORT_DEAD)
		rgw_count(gw, RGW_CTR_server_dead);
}

/* A Status-Server that is not answered by now never will be (P-SS-8: each is a new one). */
static void
forget_probe(struct rgw_port *port, rgw_ms now)
{
	if (port->prober != NULL)
		rgw_idpool_given_up(port->prober->lane.ids, port->probe_id, now);
	port->prober = NULL;
}

static void
send_probe(struct rgw_port *port, rgw_ms now)
{
	struct rgw_gw *gw = port->server->target.gw;
	struct rgw_source *source;
	size_t len;

	forget_probe(port, now);
	source = rgw_port_source(port, now);
	if (source == NULL)
		return;
	port->prober = source;
	port->probe_id = rgw_idpool_take(source->lane.ids, NULL, now);
	len = rgw_probe_build(gw, port->probe_id, &source->lane.side);
	rgw_idpool_sent(source->lane.ids, port->probe_id, RGW_STATUS_SERVER, gw->scratch + 4);
	gw->ops->source_send(gw->ops_ctx, source->io, &(struct rgw_outgoing){ gw->scratch, len, NULL });
	rgw_count(gw, RGW_CTR_server_probes);
}

static void
on_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_port *port = RGW_CONTAINER(timer, struct rgw_port, timer);
	const struct rgw_conf_server *conf = port->server->conf;

	if (port->probe_at <= now) {
		/* If the name has several addresses, each is asked in turn. */
		if (port->state == RGW_PORT_DEAD)
			port->next_addr++;
		rgw_host_refresh(&port->host, now);
		send_probe(port, now);
		port->probe_at = now + rgw_jitter(conf->watchdog,
		                           rgw_gw_random16(port->server->target.gw));
	}
	if (port->change_at <= now && port->state == RGW_PORT_SUSPECTED) {
		enter(port, RGW_PORT_DEAD, "silent for the time `zombie`", now);
		port->next_addr++;
		port->change_at = conf->status_server ? RGW_NEVER : now + conf->revive;
	} else if (port->change_at <= now) {
		enter(port, RGW_PORT_ALIVE, "the time of a dead server is over: the server is tried again", now);
		port->change_at = RGW_NEVER;
	}
	set_timer(port);
}

void
rgw_health_init(struct rgw_port *port)
{
	port->state = RGW_PORT_ALIVE;
	port->change_at = port->probe_at = RGW_NEVER;
	rgw_timer_init(&port->timer, on_timer);
}

void
rgw_health_fini(struct rgw_port *port)
{
	rgw_timer_unset(&port->server->target.gw->timers, &port->timer);
}

void
rgw_health_stop(struct rgw_port *port, rgw_ms now)
{
	rgw_health_fini(port);
	forget_probe(port, now);
}

void
rgw_health_probe_answered(struct rgw_port *port)
{
	rgw_idpool_answered(port->prober->lane.ids, port->probe_id);
	port->prober = NULL;
}

void
rgw_health_heard(struct rgw_port *port, rgw_ms now)
{
	port->heard_at = now;
	port->refused = 0;
	if (port->state == RGW_PORT_ALIVE)
		return;
	rgw_count(port->server->target.gw, RGW_CTR_server_revived);
	enter(port, RGW_PORT_ALIVE, "the server answers", now);
	forget_probe(port, now);
	port->change_at = port->probe_at = RGW_NEVER;
	set_timer(port);
}

void
rgw_health_silent(struct rgw_port *port, rgw_ms since, rgw_ms now)
{
	const struct rgw_conf_server *conf = port->server->conf;

	if (port->state != RGW_PORT_ALIVE || port->heard_at >= since)
		return;
	enter(port, RGW_PORT_SUSPECTED, "a request had no answer, and nothing else was answered since", now);
	port->change_at = now + conf->zombie;
	port->probe_at = conf->status_server ? now : RGW_NEVER;
	set_timer(port);
}

void
rgw_health_moved(struct rgw_port *port, rgw_ms now)
{
	if (port->server->conf->status_server) {
		port->probe_at = now;
	} else {
		enter(port, RGW_PORT_ALIVE, "the name leads elsewhere now: the server is tried again", now);
		port->change_at = RGW_NEVER;
	}
	set_timer(port);
}

void
rgw_health_change(struct rgw_port *port, rgw_ms now)
{
	const struct rgw_conf_server *conf = port->server->conf;
	const struct rgw_conf_server *was = (const struct rgw_conf_server *)port->server->known.was;
	bool probed = was->status_server && conf->status_server;

	/* A socket that is not used any more need not stay for the answer. */
	if (port->server->known.renewed || !conf->status_server)
		forget_probe(port, now);
	if (port->state == RGW_PORT_ALIVE)
		return;
	if (port->server->known.renewed) {
		rgw_health_moved(port, now);
		return;
	}
	if (port->state == RGW_PORT_SUSPECTED)
		port->change_at = port->since + conf->zombie;
	else if (conf->status_server)
		port->change_at = RGW_NEVER;
	else if (was->status_server || conf->revive != was->revive)
		port->change_at = port->since + conf->revive;
	if (!conf->status_server)
		port->probe_at = RGW_NEVER;
	else if (!probed)
		port->probe_at = now;
	else
		port->probe_at = rgw_ms_min(port->probe_at, now + conf->watchdog);
	set_timer(port);
}

void
rgw_health_unreachable(struct rgw_port *port, const char *why, rgw_ms now)
{
	const struct rgw_conf_server *conf = port->server->conf;
	rgw_ms soon = now + UNREACHABLE_MS;

	if (port->state != RGW_PORT_DEAD)
		enter(port, RGW_PORT_DEAD, why, now);
	else if (conf->status_server)
		return;
	port->probe_at = conf->status_server ? rgw_ms_min(soon, now + conf->watchdog) : RGW_NEVER;
	port->change_at = conf->status_server ? RGW_NEVER : rgw_ms_min(soon, now + conf->revive);
	set_timer(port);
}
