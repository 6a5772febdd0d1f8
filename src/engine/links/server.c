/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <stdlib.h>
#include <string.h>

/* A server as a target, and its sockets as lanes (P-ID-1). The gateway owns the server, each of its ports the sockets
 * from which it is asked: one socket has 255 identifiers, so more are opened as requests need them, and closed when
 * they are not used any more. Whether a port lives is told by health.c. */

/* A source that was not used for this long is closed; a late answer to it cannot be expected. */
#define UNUSED_MS 60000

/* Milliseconds until the next attempt when no socket can be opened. */
#define RETRY_MS 1000

/* ---- a source as a lane ---- */

static struct rgw_source *
source_of(struct rgw_lane *lane)
{
	return RGW_CONTAINER(lane, struct rgw_source, lane);
}

static bool
lane_send(struct rgw_lane *lane, const struct rgw_outgoing *out, rgw_ms now)
{
	struct rgw_source *source = source_of(lane);
	struct rgw_gw *gw = lane->target->gw;

	(void)now;
	gw->ops->source_send(gw->ops_ctx, source->io, out);
	return true;
}

static void
lane_sent(struct rgw_lane *lane, struct rgw_ticket *ticket, rgw_ms now)
{
	(void)ticket;
	rgw_count(lane->target->gw, RGW_CTR_server_sent);
	source_of(lane)->used_at = now;
}

static void
lane_heard(struct rgw_lane *lane, rgw_ms now)
{
	source_of(lane)->used_at = now;
	rgw_health_heard(source_of(lane)->port, now);
}

static void
lane_status_answered(struct rgw_lane *lane, rgw_ms now)
{
	(void)now;
	rgw_health_probe_answered(source_of(lane)->port);
}

static void
lane_silent(struct rgw_lane *lane, rgw_ms since, rgw_ms now)
{
	rgw_health_silent(source_of(lane)->port, since, now);
}

/* Is nothing new to be sent from the socket? */
static bool
is_retired(const struct rgw_source *source)
{
	return source->retired || source->port->closed || source->port->server->known.gone;
}

static void
lane_settled(struct rgw_lane *lane, rgw_ms now)
{
	struct rgw_port *port = source_of(lane)->port;

	/* The timer is used, since the caller may be in the middle of something. */
	if (port->queue.n > 0 || is_retired(source_of(lane)))
		rgw_timer_set(&lane->target->gw->timers, &port->tidy_timer, now);
}

/* Is an answer without Message-Authenticator to be dropped? An answer with EAP is (P-MA-6), and any answer of a server
 * that has shown that it can send one, or of which the configuration says so (P-BR-5). */
static bool
lane_needs_msgauth(struct rgw_lane *lane, const struct rgw_packet *p)
{
	const struct rgw_id *slot = rgw_idpool_find(lane->ids, p->id);

	if (slot->state != RGW_ID_BUSY || slot->now.code != RGW_ACCESS_REQUEST)
		return false;
	return rgw_packet_has(p, RGW_AT_EAP_MESSAGE) ||
	    source_of(lane)->port->server->require_message_authenticator == RGW_YES;
}

static void
warn(struct rgw_server *server, rgw_ms now)
{
	if (!rgw_is_due(&server->warned_at, now))
		return;
	RGW_LOG(server->target.gw->log, RGW_LOG_WARNING, "server-unprotected", server->conf->head.name,
	    "the server answers without Message-Authenticator: whoever stands between it and us can forge its "
	    "answers (CVE-2024-3596); update it and set require-message-authenticator = yes, or no to be told no "
	    "more",
	    rgw_f_target(&server->target));
}

/* Learns that the server sends Message-Authenticators from the first one that is not there for the sake of EAP
 * (P-BR-8). From a server on this machine nothing is learned, since nobody stands in between. */
static void
lane_learn(struct rgw_lane *lane, const struct rgw_packet *p, uint8_t code, rgw_ms now)
{
	struct rgw_server *server = source_of(lane)->port->server;

	if (code != RGW_ACCESS_REQUEST || rgw_packet_has(p, RGW_AT_EAP_MESSAGE) || rgw_addr_is_loopback(lane->addr) ||
	    server->require_message_authenticator != RGW_AUTO)
		return;
	if (p->n_msgauth == 0) {
		warn(server, now);
		return;
	}
	server->require_message_authenticator = RGW_YES;
	RGW_LOG(lane->target->gw->log, RGW_LOG_NOTICE, "server-learned", lane->target->conf->name,
	    "the server sends Message-Authenticator: from now on its answers must have one",
	    rgw_f_target(lane->target), rgw_f_str("option", "require-message-authenticator"));
}

static const struct rgw_lane_ops lane_ops = {
	.unexpected_code = RGW_CTR_server_unexpected_code,
	.send = lane_send,
	.sent = lane_sent,
	.heard = lane_heard,
	.status_answered = lane_status_answered,
	.silent = lane_silent,
	.settled = lane_settled,
	.needs_msgauth = lane_needs_msgauth,
	.learn = lane_learn,
};

/* ---- sources ---- */

/* The address to be asked now; false = none is known yet. */
static bool
current_addr(const struct rgw_port *port, struct rgw_addr *out)
{
	if (port->host.n_addrs == 0)
		return false;
	*out = port->host.addrs[port->next_addr % port->host.n_addrs];
	return true;
}

static const struct rgw_addr *
own_addr(const struct rgw_conf_server *conf, const struct rgw_addr *to)
{
	for (size_t i = 0; i < conf->source.n; i++)
		if (conf->source.v[i].family == to->family)
			return &conf->source.v[i];
	return NULL;
}

/* The edition by whose section the server works. */
static struct rgw_edition *
edition_of(const struct rgw_server *server)
{
	struct rgw_gw *gw = server->target.gw;
	struct rgw_link *l = gw->editions.prev;

	while (RGW_CONTAINER(l, struct rgw_edition, link)->serial != server->known.reads)
		l = l->prev;
	return RGW_CONTAINER(l, struct rgw_edition, link);
}

static struct rgw_source *
open_source(struct rgw_port *port, const struct rgw_addr *to, rgw_ms now)
{
	struct rgw_server *server = port->server;
	struct rgw_gw *gw = server->target.gw;
	struct rgw_source *source = calloc(1, sizeof *source);
	struct rgw_idpool *ids = source != NULL ? rgw_idpool_new(gw->conf->gateway.request_lifetime) : NULL;

	if (ids != NULL) {
		*source = (struct rgw_source){
			.lane = { .target = &server->target, .ops = &lane_ops, .repeats = &server->conf->retransmit,
			    .side = { server->conf->secret, server->conf->previous_secret }, .ids = ids,
			    .addr = &source->addr },
			.port = port,
			.edition = rgw_edition_hold(edition_of(server)),
			.addr = *to,
			.used_at = now,
		};
		source->io = gw->ops->source_open(gw->ops_ctx, source, own_addr(server->conf, to), to);
	}
	if (ids == NULL || source->io == NULL) {
		rgw_count(gw, RGW_CTR_sources_failed);
		if (ids != NULL)
			rgw_edition_drop(source->edition);
		rgw_idpool_free(ids);
		free(source);
		return NULL;
	}
	rgw_list_append(&port->sources, &source->link);
	port->n_sources++;
	gw->n_sources++;
	rgw_count(gw, RGW_CTR_sources_opened);
	if (!rgw_timer_is_set(&port->tidy_timer))
		rgw_timer_set(&gw->timers, &port->tidy_timer, now + UNUSED_MS);
	return source;
}

/* The number of sockets that is enough for all requests that the server may be given. */
static unsigned
max_sources(const struct rgw_port *port)
{
	return (port->server->conf->max_requests + RGW_PER_LANE - 1) / RGW_PER_LANE;
}

struct rgw_source *
rgw_port_source(struct rgw_port *port, rgw_ms now)
{
	struct rgw_addr to;
	unsigned n = 0;

	if (!current_addr(port, &to))
		return NULL;
	for (struct rgw_link *l = port->sources.next; l != &port->sources; l = l->next) {
		struct rgw_source *source = RGW_CONTAINER(l, struct rgw_source, link);

		if (source->retired || !rgw_addr_equal(&source->addr, &to))
			continue;
		if (rgw_idpool_available(source->lane.ids, now))
			return source;
		n++;
	}
	return n < max_sources(port) ? open_source(port, &to, now) : NULL;
}

static void
close_source(struct rgw_source *source)
{
	struct rgw_port *port = source->port;
	struct rgw_gw *gw = port->server->target.gw;

	gw->ops->source_close(gw->ops_ctx, source->io);
	rgw_link_remove(&source->link);
	port->n_sources--;
	gw->n_sources--;
	rgw_idpool_free(source->lane.ids);
	rgw_edition_drop(source->edition);
	free(source);
}

/* Is it the port of a NAS? There may be many of those, and little is sent to each. */
static bool
is_nas(const struct rgw_port *port)
{
	return port->server->target.conf->kind == RGW_CONF_CLIENT;
}

/* Closes sources that are not used. One to the current address of a server is kept for the next request; a source to
 * another address is not. */
static void
close_unused(struct rgw_port *port, rgw_ms now)
{
	struct rgw_link *next;
	struct rgw_addr to;

	for (struct rgw_link *l = port->sources.next; l != &port->sources; l = next) {
		struct rgw_source *source = RGW_CONTAINER(l, struct rgw_source, link);
		bool current = current_addr(port, &to) && rgw_addr_equal(&source->addr, &to);

		next = l->next;
		if (rgw_idpool_busy(source->lane.ids) == 0 && (is_retired(source) ||
		        (now - source->used_at >= UNUSED_MS && (port->n_sources > 1 || !current || is_nas(port)))))
			close_source(source);
	}
}

static void
on_tidy_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_port *port = RGW_CONTAINER(timer, struct rgw_port, tidy_timer);
	bool waiting;

	rgw_on_target(&port->server->target, RGW_TURN_ROOM, now);
	close_unused(port, now);
	waiting = port->queue.n > 0;
	if (waiting || port->n_sources > 0)
		rgw_timer_set(&port->server->target.gw->timers, timer,
		    now + (waiting ? RETRY_MS : UNUSED_MS));
}

/* ---- as a target ---- */

static struct rgw_server *
server_of(struct rgw_target *target)
{
	return RGW_CONTAINER(target, struct rgw_server, target);
}

static struct rgw_port *
port_of(struct rgw_target *target, unsigned service)
{
	/* CoA and Disconnect have one port. */
	if (service == RGW_SERVICE_DISCONNECT)
		service = RGW_SERVICE_COA;
	return &server_of(target)->ports[rgw_service_index(service)];
}

static enum rgw_standing
standing(struct rgw_target *target, unsigned service, rgw_ms now)
{
	const struct rgw_port *port = port_of(target, service);

	(void)now;
	if (port->server == NULL || port->closed)
		return RGW_UNFIT;
	if (port->server->known.gone)
		return RGW_DOWN;
	switch (port->state) {
	case RGW_PORT_ALIVE:
		return RGW_UP;
	case RGW_PORT_SUSPECTED:
		return RGW_SHAKY;
	case RGW_PORT_DEAD:
		break;
	}
	return RGW_DOWN;
}

static size_t
load(struct rgw_target *target)
{
	size_t n = 0;

	for (unsigned i = 0; i < RGW_SERVICES; i++)
		n += server_of(target)->ports[i].queue.n + server_of(target)->ports[i].queue.n_sent;
	return n;
}

static struct rgw_lane *
lane(struct rgw_target *target, struct rgw_wish *wish, rgw_ms now)
{
	struct rgw_source *source = rgw_port_source(port_of(target, wish->service), now);

	return source != NULL ? &source->lane : NULL;
}

static void
wake(struct rgw_target *target, unsigned service, rgw_ms now)
{
	struct rgw_port *port = port_of(target, service);

	if (now + RETRY_MS < port->tidy_timer.at)
		rgw_timer_set(&target->gw->timers, &port->tidy_timer, now + RETRY_MS);
}

static void
complain(struct rgw_target *target, unsigned service, enum rgw_trouble trouble, const struct rgw_field *origin)
{
	const struct rgw_port *port = port_of(target, service);
	size_t requests = port->queue.n + port->queue.n_sent;
	const char *name = target->conf->name;

	(void)origin;
	switch (trouble) {
	case RGW_TROUBLE_FULL:
		RGW_LOG(target->gw->log, RGW_LOG_WARNING, "server-full", name,
		    "max-requests of the server is reached; does it answer?", rgw_f_target(target),
		    rgw_f_str("port", port->name), rgw_f_uint("requests", requests));
		break;
	case RGW_TROUBLE_WAITS:
		rgw_count(target->gw, RGW_CTR_server_waits);
		RGW_LOG(target->gw->log, RGW_LOG_WARNING, "server-wait", name,
		    "a request waits: no address is known, no socket can be opened, or all identifiers wait for "
		    "answers",
		    rgw_f_target(target), rgw_f_str("port", port->name),
		    rgw_f_uint("sources", port->n_sources), rgw_f_uint("requests", requests));
		break;
	case RGW_TROUBLE_TIME:
		break;
	}
}

static bool
has_address(struct rgw_target *target, const struct rgw_addr *addr)
{
	const struct rgw_server *server = server_of(target);

	for (unsigned i = 0; i < RGW_SERVICES; i++)
		for (size_t k = 0; k < server->ports[i].host.n_addrs; k++)
			if (server->ports[i].host.addrs[k].family == addr->family &&
			    memcmp(server->ports[i].host.addrs[k].ip, addr->ip, sizeof addr->ip) == 0)
				return true;
	return false;
}

const struct rgw_target_ops rgw_server_target_ops = {
	.field = "server",
	.unanswered = "no answer from the server; is it up, and does it know us and our secret?",
	.full = RGW_CTR_request_no_identifier,
	.standing = standing,
	.load = load,
	.lane = lane,
	.wake = wake,
	.has_address = has_address,
	.complain = complain,
};

/* ---- life ---- */

static void
on_host_changed(struct rgw_host *host, bool news, rgw_ms now)
{
	struct rgw_port *port = RGW_CONTAINER(host, struct rgw_port, host);

	if (!news)
		return;
	port->next_addr = port->refused = 0;
	if (port->state != RGW_PORT_ALIVE) {
		rgw_health_moved(port, now);
		for (struct rgw_link *l = port->sources.next; l != &port->sources; l = l->next) {
			struct rgw_source *source = RGW_CONTAINER(l, struct rgw_source, link);

			if (!rgw_host_has(&port->host, &source->addr))
				rgw_on_lane_lost(&source->lane, RGW_LOSS_MOVED, "the name leads elsewhere now", now);
		}
	}
	rgw_on_target(&port->server->target, RGW_TURN_ROOM, now);
}

void
rgw_port_set_host(struct rgw_port *port, const struct rgw_hostport *conf, rgw_ms now)
{
	if (port->host.name != NULL)
		rgw_host_fini(&port->host);
	rgw_host_init(&port->host, port->server->target.gw, &port->server->known, port->server->target.ops->field, conf,
	    now);
	port->host.changed = on_host_changed;
	port->next_addr = port->refused = 0;
}

void
rgw_port_init(struct rgw_server *server, unsigned service, const struct rgw_hostport *conf, rgw_ms now)
{
	struct rgw_port *port = &server->ports[rgw_service_index(service)];
	struct rgw_target *target = &server->target;

	port->server = server;
	port->name = service == RGW_SERVICE_AUTH ? "auth" : service == RGW_SERVICE_ACCT ? "acct" : "coa";
	rgw_link_init(&port->sources);
	rgw_queue_init(&port->queue, target, server->conf->max_requests, RGW_NEVER);
	port->queue.limits_sent = true;
	target->queues[rgw_service_index(service)] = &port->queue;
	if (service == RGW_SERVICE_COA)
		target->queues[rgw_service_index(RGW_SERVICE_DISCONNECT)] = &port->queue;
	rgw_timer_init(&port->tidy_timer, on_tidy_timer);
	rgw_health_init(port);
	rgw_port_set_host(port, conf, now);
}

void
rgw_server_read(struct rgw_known *known)
{
	struct rgw_server *server = RGW_CONTAINER(known, struct rgw_server, known);

	server->conf = (const struct rgw_conf_server *)known->section;
	server->target.conf = known->section;
	for (unsigned i = 0; i < RGW_SERVICES; i++) {
		struct rgw_link *head = &server->ports[i].sources;

		for (struct rgw_link *l = head->next; server->ports[i].server != NULL && l != head; l = l->next)
			RGW_CONTAINER(l, struct rgw_source, link)->lane.repeats = &server->conf->retransmit;
	}
}

struct rgw_known *
rgw_server_make(struct rgw_gw *gw, const struct rgw_conf_head *section, rgw_ms now)
{
	struct rgw_server *server = rgw_xcalloc(1, sizeof *server);

	server->known.section = section;
	rgw_target_init(&server->target, gw, section, &rgw_server_target_ops);
	rgw_server_read(&server->known);
	server->require_message_authenticator = server->conf->require_message_authenticator;
	if (server->conf->auth.n > 0)
		rgw_port_init(server, RGW_SERVICE_AUTH, &server->conf->auth.v[0], now);
	if (server->conf->acct.n > 0)
		rgw_port_init(server, RGW_SERVICE_ACCT, &server->conf->acct.v[0], now);
	return &server->known;
}

static void
fini_port(struct rgw_port *port)
{
	struct rgw_link *l;

	if (port->server == NULL)
		return;
	rgw_health_fini(port);
	rgw_queue_fini(&port->queue);
	rgw_timer_unset(&port->server->target.gw->timers, &port->tidy_timer);
	while ((l = rgw_list_first(&port->sources)) != NULL)
		close_source(RGW_CONTAINER(l, struct rgw_source, link));
	rgw_host_fini(&port->host);
}

void
rgw_server_fini(struct rgw_server *server)
{
	for (unsigned i = 0; i < RGW_SERVICES; i++)
		fini_port(&server->ports[i]);
	rgw_target_fini(&server->target);
}

void
rgw_server_end(struct rgw_known *known, rgw_ms now)
{
	struct rgw_server *server = RGW_CONTAINER(known, struct rgw_server, known);

	(void)now;
	rgw_server_fini(server);
	free(server);
}

/* ---- what comes back ---- */

/* Can the datagram be read? Anybody can send datagrams, so a malformed one has no consequence but a line. */
static bool
is_readable(struct rgw_source *source, struct rgw_packet *p, const struct rgw_octets *in)
{
	struct rgw_gw *gw = source->port->server->target.gw;
	enum rgw_packet_error error = rgw_packet_parse(p, in->data, in->len);

	rgw_count(gw, RGW_CTR_server_received);
	if (error == RGW_PACKET_OK)
		return true;
	rgw_count(gw, RGW_CTR_server_malformed);
	rgw_lane_log(&source->lane, p, RGW_LOG_WARNING, "malformed-datagram", rgw_packet_strerror(error));
	return false;
}

static bool
take(void *arg, struct rgw_auth_check *checked, rgw_ms now)
{
	struct rgw_source *source = arg;

	(void)rgw_on_answer(&source->lane, checked, now);
	return true;
}

void
rgw_source_on_packets(struct rgw_source *source, const struct rgw_octets *in, size_t n, rgw_ms now)
{
	struct rgw_batch b;

	b.n = 0;
	for (size_t i = 0; i < n; i++) {
		if (is_readable(source, &b.packets[b.n], &in[i])) {
			b.checks[b.n] = rgw_lane_check(&source->lane, &b.packets[b.n]);
			b.n++;
		}
		if (b.n == RGW_TOGETHER || i + 1 == n)
			(void)rgw_batch_take(&b, take, source, now);
	}
}

/* Nobody listens at one of the server's addresses: the next address is asked at once. The server is down when nobody
 * listens at any. */
void
rgw_source_on_refused(struct rgw_source *source, const char *why, rgw_ms now)
{
	struct rgw_port *port = source->port;
	bool was_dead = port->state == RGW_PORT_DEAD;
	struct rgw_addr to;
	bool elsewhere = current_addr(port, &to) && !rgw_addr_equal(&source->addr, &to);

	rgw_count(port->server->target.gw, RGW_CTR_server_unreachable);
	/* This is done once per round: if no address is listened at, repetition with its pauses goes on. */
	if (was_dead && !elsewhere) {
		rgw_health_unreachable(port, why, now);
		rgw_on_lane_lost(&source->lane, RGW_LOSS_HOPELESS, why, now);
		return;
	}
	if (!elsewhere && ++port->refused < port->host.n_addrs) {
		port->next_addr++;
		elsewhere = true;
	}
	if (!elsewhere) {
		port->refused = 0;
		rgw_health_unreachable(port, why, now);
	}
	rgw_on_lane_lost(&source->lane, elsewhere ? RGW_LOSS_REFUSED : RGW_LOSS_UNREACHABLE, why, now);
	rgw_on_target(&port->server->target, RGW_TURN_ROOM, now);
}
