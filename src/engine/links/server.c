/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../engine.h"

#include <stdlib.h>

/* A server's ports and the sockets from which they are asked: one socket has 255 identifiers, so more
 * are opened as requests need them, and closed when they are not used any more. */

/* A source that nobody used for so long is closed; a late answer to it cannot be expected. */
#define UNUSED_MS 60000

/* When no socket can be opened, this long until the next attempt. */
#define RETRY_MS 1000

static void on_tidy_timer(struct rgw_timer *timer, rgw_ms now);

static void
init_port(struct rgw_port *port, struct rgw_server *server, const char *name,
    const struct rgw_hostports *conf, rgw_ms now)
{
	if (conf->n == 0)
		return;
	port->server = server;
	port->name = name;
	rgw_link_init(&port->sources);
	rgw_link_init(&port->queue);
	rgw_timer_init(&port->tidy_timer, on_tidy_timer);
	rgw_health_init(port);
	rgw_host_init(&port->host, server->target.gw, server->target.conf, &conf->v[0], now);
}

void
rgw_server_init(struct rgw_server *server, struct rgw_gw *gw, const struct rgw_conf_server *conf,
    rgw_ms now)
{
	rgw_target_init(&server->target, gw, &conf->head);
	server->conf = conf;
	server->require_message_authenticator = conf->require_message_authenticator;
	init_port(&server->auth, server, "auth", &conf->auth, now);
	init_port(&server->acct, server, "acct", &conf->acct, now);
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
	rgw_wipe(source->lane.ids, sizeof *source->lane.ids);
	free(source->lane.ids);
	free(source);
}

static void
fini_port(struct rgw_port *port)
{
	struct rgw_link *l;

	if (port->server == NULL)
		return;
	rgw_health_fini(port);
	rgw_timer_unset(&port->server->target.gw->timers, &port->tidy_timer);
	while ((l = rgw_list_first(&port->sources)) != NULL)
		close_source(RGW_CONTAINER(l, struct rgw_source, link));
	rgw_host_fini(&port->host);
}

void
rgw_server_fini(struct rgw_server *server)
{
	fini_port(&server->auth);
	fini_port(&server->acct);
}

struct rgw_port *
rgw_server_port(struct rgw_server *server, uint8_t code)
{
	struct rgw_port *port = code == RGW_ACCOUNTING_REQUEST ? &server->acct : &server->auth;

	return port->server != NULL ? port : NULL;
}

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

static struct rgw_source *
open_source(struct rgw_port *port, const struct rgw_addr *to, rgw_ms now)
{
	struct rgw_server *server = port->server;
	struct rgw_gw *gw = server->target.gw;
	struct rgw_source *source = calloc(1, sizeof *source);
	struct rgw_idpool *ids = source != NULL ? malloc(sizeof *ids) : NULL;

	if (ids != NULL) {
		rgw_idpool_init(ids, gw->conf->gateway.request_lifetime);
		*source = (struct rgw_source){
			.lane = { .target = &server->target, .secret = server->conf->secret, .ids = ids,
			    .source = source },
			.port = port,
			.addr = *to,
			.used_at = now,
		};
		source->io = gw->ops->source_open(gw->ops_ctx, source, own_addr(server->conf, to), to);
	}
	if (ids == NULL || source->io == NULL) {
		rgw_count(gw, RGW_CTR_sources_failed);
		free(ids);
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

/* So many sockets are enough for all requests that the server may be given. */
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

		if (!rgw_addr_equal(&source->addr, &to))
			continue;
		if (rgw_idpool_available(source->lane.ids, now))
			return source;
		n++;
	}
	return n < max_sources(port) ? open_source(port, &to, now) : NULL;
}

/* One is kept for the next request; what leads to an address that is not in use goes, too. */
static void
close_unused(struct rgw_port *port, rgw_ms now)
{
	struct rgw_link *next;
	struct rgw_addr to;

	for (struct rgw_link *l = port->sources.next; l != &port->sources; l = next) {
		struct rgw_source *source = RGW_CONTAINER(l, struct rgw_source, link);
		bool current = current_addr(port, &to) && rgw_addr_equal(&source->addr, &to);

		next = l->next;
		if (source->lane.ids->busy == 0 && now - source->used_at >= UNUSED_MS &&
		    (port->n_sources > 1 || !current))
			close_source(source);
	}
}

static void
on_tidy_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_port *port = RGW_CONTAINER(timer, struct rgw_port, tidy_timer);
	bool waiting;

	rgw_port_pump(port, now);
	close_unused(port, now);
	waiting = !rgw_list_empty(&port->queue);
	if (waiting || port->n_sources > 0)
		rgw_timer_set(&port->server->target.gw->timers, timer,
		    now + (waiting ? RETRY_MS : UNUSED_MS));
}

/* ---- requests ---- */

void
rgw_port_joined(struct rgw_port *port)
{
	port->n_requests++;
}

void
rgw_port_left(struct rgw_port *port, rgw_ms now)
{
	port->n_requests--;
	/* Not at once: whoever calls may be in the middle of something. */
	if (!rgw_list_empty(&port->queue))
		rgw_timer_set(&port->server->target.gw->timers, &port->tidy_timer, now);
}

static void
enqueue(struct rgw_port *port, struct rgw_attempt *a, rgw_ms now)
{
	rgw_ms retry = now + RETRY_MS;

	a->state = RGW_ATTEMPT_QUEUED;
	rgw_list_append(&port->queue, &a->link);
	rgw_port_joined(port);
	if (retry < port->tidy_timer.at)
		rgw_timer_set(&port->server->target.gw->timers, &port->tidy_timer, retry);
}

bool
rgw_server_take(struct rgw_server *server, struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_port *port = rgw_server_port(server, a->req->packet.code);
	struct rgw_gw *gw = server->target.gw;
	const char *name = server->conf->head.name;
	struct rgw_source *source;

	if (port->n_requests >= server->conf->max_requests) {
		RGW_LOG(gw->log, RGW_LOG_WARNING, "server-full", name,
		    "max-requests of the server is reached; does it answer?",
		    rgw_f_str("server", name), rgw_f_str("port", port->name),
		    rgw_f_uint("requests", port->n_requests));
		return false;
	}
	source = rgw_list_empty(&port->queue) ? rgw_port_source(port, now) : NULL;
	if (source != NULL && rgw_attempt_send(a, &source->lane, now))
		return true;
	rgw_count(gw, RGW_CTR_server_waits);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "server-wait", name,
	    "a request waits: no address is known, no socket can be opened, or all identifiers wait for "
	    "answers",
	    rgw_f_str("server", name), rgw_f_str("port", port->name),
	    rgw_f_uint("sources", port->n_sources), rgw_f_uint("requests", port->n_requests));
	enqueue(port, a, now);
	return true;
}

void
rgw_port_pump(struct rgw_port *port, rgw_ms now)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&port->queue)) != NULL) {
		struct rgw_attempt *a = RGW_CONTAINER(l, struct rgw_attempt, link);
		struct rgw_source *source = rgw_port_source(port, now);

		if (source == NULL)
			return;
		rgw_attempt_detach(a, now);
		if (!rgw_attempt_send(a, &source->lane, now)) {
			enqueue(port, a, now);
			return;
		}
	}
}

/* ---- what comes back ---- */

/* Anybody can send datagrams: what is wrong with one has no consequence but a line. */
static bool
is_readable(struct rgw_source *source, struct rgw_packet *p, const struct rgw_octets *in)
{
	struct rgw_gw *gw = source->port->server->target.gw;
	enum rgw_packet_error error = rgw_packet_parse(p, in->data, in->len);

	rgw_count(gw, RGW_CTR_server_received);
	if (error == RGW_PACKET_OK)
		return true;
	rgw_count(gw, RGW_CTR_server_malformed);
	rgw_log_packet(&source->lane, p, RGW_LOG_WARNING, "malformed-datagram", rgw_packet_strerror(error));
	return false;
}

void
rgw_source_on_packets(struct rgw_source *source, const struct rgw_octets *in, size_t n, rgw_ms now)
{
	struct rgw_auth_check checks[RGW_TOGETHER];
	struct rgw_packet packets[RGW_TOGETHER];
	size_t some = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_readable(source, &packets[some], &in[i])) {
			checks[some] = rgw_response_check(&source->lane, &packets[some]);
			some++;
		}
		if (some < RGW_TOGETHER && i + 1 < n)
			continue;
		rgw_auth_check(checks, some);
		for (size_t k = 0; k < some; k++)
			(void)rgw_response_take(&source->lane, &checks[k], now);
		some = 0;
	}
}

/* What was on the way on a source goes to another member of its pool, or to another address of the server;
 * if there is neither, it is repeated with its pauses, for the server may come back. */
static void
move_attempts(struct rgw_source *source, bool other_member, bool other_address, rgw_ms now)
{
	for (unsigned id = 1; id < 256; id++) {
		struct rgw_attempt *a = source->lane.ids->id[id].owner;

		if (a == NULL)
			continue;
		if (other_member && rgw_pool_has_other(a, now)) {
			rgw_pool_move(a, now);
		} else if (other_address) {
			rgw_attempt_detach(a, now);
			a->sent_before = true;
			enqueue(source->port, a, now);
		}
	}
	rgw_port_pump(source->port, now);
}

void
rgw_port_moved(struct rgw_port *port, rgw_ms now)
{
	port->next_addr = port->refused = 0;
	if (port->state != RGW_PORT_ALIVE) {
		rgw_health_moved(port, now);
		for (struct rgw_link *l = port->sources.next; l != &port->sources; l = l->next) {
			struct rgw_source *source = RGW_CONTAINER(l, struct rgw_source, link);

			if (!rgw_host_has(&port->host, &source->addr))
				move_attempts(source, false, true, now);
		}
	}
	rgw_port_pump(port, now);
}

/* The port is dead, and what waits for it has little hope left. */
static void
on_all_refused(struct rgw_source *source, const char *why, rgw_ms now)
{
	rgw_health_unreachable(source->port, why, now);
	for (unsigned id = 1; id < 256; id++)
		if (source->lane.ids->id[id].owner != NULL)
			rgw_pool_lose_hope(source->lane.ids->id[id].owner, now);
}

/* Nobody listens at one of its addresses: the next one is asked at once. The server is down when that holds
 * for all of them. */
void
rgw_source_on_refused(struct rgw_source *source, const char *why, rgw_ms now)
{
	struct rgw_port *port = source->port;
	bool was_dead = port->state == RGW_PORT_DEAD;
	struct rgw_addr to;
	bool elsewhere = current_addr(port, &to) && !rgw_addr_equal(&source->addr, &to);

	rgw_count(port->server->target.gw, RGW_CTR_server_unreachable);
	/* Once per round: if no address is listened at, repetition with its pauses goes on. */
	if (was_dead && !elsewhere) {
		on_all_refused(source, why, now);
		return;
	}
	if (!elsewhere && ++port->refused < port->host.n_addrs) {
		port->next_addr++;
		elsewhere = true;
	}
	if (!elsewhere) {
		port->refused = 0;
		on_all_refused(source, why, now);
	}
	move_attempts(source, port->state == RGW_PORT_DEAD, elsewhere, now);
}
