/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/report.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "doors/doors.h"
#include "engine.h"
#include "links/links.h"
#include "tables.h"

/* What the gateway tells about itself: counters, use of memory, and rows for the status in the log and elsewhere. */

void
rgw_gw_count(struct rgw_gw *gw, enum rgw_counter c)
{
	rgw_count(gw, c);
}

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

const struct rgw_table rgw_report_tables[RGW_REPORT_TABLES] = {
	[RGW_REPORT_PEERS] = { "peers", "peer", false },
	[RGW_REPORT_SERVERS] = { "servers", "server", false },
	[RGW_REPORT_COUNTERS] = { "counters", "counter", false },
	[RGW_REPORT_GATEWAY] = { "gateway", NULL, false },
	[RGW_REPORT_CONNECTIONS] = { "connections", "peer", true },
	[RGW_REPORT_CLIENTS] = { "clients", "client", false },
	[RGW_REPORT_POOLS] = { "pools", "pool", false },
	[RGW_REPORT_REALMS] = { "realms", "realm", false },
	[RGW_REPORT_LISTENERS] = { "listeners", "listener", false },
	[RGW_REPORT_LIMITS] = { "limits", "limit", false },
	[RGW_REPORT_ROUTES] = { "routes", "route", false },
	[RGW_REPORT_DURATIONS] = { "durations", "target", false },
	[RGW_REPORT_ANSWERS] = { "answers", "target", false },
	[RGW_REPORT_NASES] = { "nas", "nas", false },
};

/* The length of what is said of a previous secret. */
#define PREVIOUS_TEXT 48

/* Who is told. */
struct report {
	struct rgw_gw *gw;       /* borrowed */
	rgw_row_fn *row;
	void *ctx;
};

static void
tell(const struct report *r, enum rgw_report_table table, const char *name, const struct rgw_cell *cells, size_t n)
{
	const struct rgw_row row = { .table = &rgw_report_tables[table], .name = name, .cells = cells, .n = n };

	r->row(r->ctx, &row);
}

#define TELL(r, table, name, ...)                                                              \
	do {                                                                                   \
		const struct rgw_cell cells_[] = { __VA_ARGS__ };                              \
		tell((r), (table), (name), cells_, sizeof cells_ / sizeof cells_[0]);          \
	} while (0)

/* When the previous secret of a neighbour was used last, by any worker. `room` holds the text. */
static struct rgw_cell
c_previous(const struct report *r, const char *name, const struct rgw_secret *secret,
    const struct rgw_previous *previous, char room[static PREVIOUS_TEXT])
{
	rgw_ms seconds = (r->gw->log->now - previous->used_at) / 1000;

	if (secret == NULL)
		return rgw_c_best(name, "none", UINT_MAX);
	if (previous->used_at == 0)
		return rgw_c_best(name, "not used since the start", UINT_MAX);
	snprintf(room, PREVIOUS_TEXT, "used %" PRIu64 " s ago", (uint64_t)seconds);
	return rgw_c_best(name, room, (unsigned)seconds);
}

/* ---- who is asked ---- */

/* Milliseconds for which no connection to the peer has been good; 0 = not so. */
static rgw_ms
ailing(const struct report *r, const struct rgw_peer *p)
{
	return p->ailing_since != 0 ? r->gw->log->now - p->ailing_since + 1 : 0;
}

/* Why no connection to the peer is good. Of several workers the one that has gone without for the shortest time counts,
 * as for the time itself. */
static struct rgw_cell
c_ailment(const struct report *r, const struct rgw_peer *p)
{
	return rgw_c_best("ailment", p->ailing_since != 0 ? p->ailment : "", (unsigned)ailing(r, p));
}

static void
tell_peers(const struct report *r)
{
	static const unsigned ranks[] = { [RGW_PEER_UP] = 0, [RGW_PEER_DOUBTFUL] = 1, [RGW_PEER_OPENING] = 2,
		[RGW_PEER_DOWN] = 3, [RGW_PEER_IDLE] = 4 };

	for (size_t i = 0; i < r->gw->conf->peer.n; i++) {
		const struct rgw_peer *p = rgw_peer_by_id(r->gw, r->gw->conf->peer.v[i]->head.id);
		char previous_psk[PREVIOUS_TEXT];
		char previous[PREVIOUS_TEXT];

		TELL(r, RGW_REPORT_PEERS, p->conf->head.name,
		    rgw_c_best("state", p->target.held ? "drained" : rgw_peer_state_name(p->state),
		        ranks[p->state]),
		    rgw_c_logged(rgw_c_add("up", p->n_up)), rgw_c_logged(rgw_c_add("okay", p->n_okay)),
		    rgw_c_logged(rgw_c_add("opening", p->n_opening)), rgw_c_add("open", p->queue.n_sent),
		    rgw_c_logged(rgw_c_add("queued", p->queue.n)),
		    rgw_c_logged(rgw_c_add("failed_attempts", p->fails)),
		    rgw_c_logged(rgw_c_add("incoming", p->n_incoming)),
		    c_previous(r, "previous_secret", p->conf->previous_secret, &p->target.previous, previous),
		    c_previous(r, "previous_psk", p->conf->previous_psk, &p->previous_psk, previous_psk),
		    rgw_c_least("ailing_ms", ailing(r, p)), c_ailment(r, p));
	}
}

/* The i-th port, over all servers in the order of the file. */
static const struct rgw_port *
port_at(const struct rgw_gw *gw, size_t i)
{
	const struct rgw_conf_server *conf = gw->conf->server.v[i / RGW_SERVICES];

	return &rgw_server_by_id(gw, conf->head.id)->ports[i % RGW_SERVICES];
}

/* Has the server such a port? */
static bool
is_open(const struct rgw_port *port)
{
	return port->server != NULL && !port->closed;
}

static void
tell_servers(const struct report *r)
{
	for (size_t i = 0; i < r->gw->conf->server.n * RGW_SERVICES; i++) {
		const struct rgw_port *port = port_at(r->gw, i);
		const struct rgw_server *server = port->server;
		char previous[PREVIOUS_TEXT];

		if (!is_open(port))
			continue;
		TELL(r, RGW_REPORT_SERVERS, server->conf->head.name,
		    rgw_c_logged(rgw_c_same(rgw_f_str("port", port->name))),
		    rgw_c_logged(rgw_c_best("state", rgw_health_name(port->state), port->state)),
		    rgw_c_logged(rgw_c_add("requests", port->queue.n + port->queue.n_sent)),
		    rgw_c_logged(rgw_c_add("sources", port->n_sources)),
		    rgw_c_best("drained", server->target.held ? "yes" : "no", 0),
		    rgw_c_least("ailing_ms", port->state != RGW_PORT_ALIVE ? r->gw->log->now - port->since + 1 : 0),
		    c_previous(r, "previous_secret", server->conf->previous_secret, &server->target.previous,
		        previous));
	}
}

static void
tell_connection(const struct report *r, const struct rgw_conn *conn)
{
	rgw_ms now = r->gw->log->now;
	bool is_up = conn->state == RGW_CONN_UP || conn->state == RGW_CONN_DRAINING;
	uint64_t open = conn->asked.n_pending + (conn->lane.ids != NULL ? rgw_idpool_busy(conn->lane.ids) : 0);
	char proof[RGW_PROOF_TEXT];

	TELL(r, RGW_REPORT_CONNECTIONS, conn->peer->conf->head.name,
	    rgw_c_same(rgw_f_uint("worker", r->gw->log->worker > 0 ? r->gw->log->worker : 1)),
	    rgw_c_same(rgw_f_uint("conn", conn->lane.serial)), rgw_c_same(rgw_f_addr("address", &conn->addr)),
	    rgw_c_same(rgw_f_str("opened_by", conn->incoming ? "peer" : "us")),
	    rgw_c_same(rgw_f_str("state", rgw_conn_state_name(conn->state))), rgw_c_same(rgw_f_uint("open", open)),
	    rgw_c_same(rgw_f_uint("seconds", is_up ? (now - conn->up_at) / 1000 : 0)),
	    rgw_c_same(rgw_f_str("proven_by", is_up ? rgw_conn_proof_text(conn, proof) : "nothing yet")));
}

static void
tell_connections_of(const struct report *r, struct rgw_peer *p)
{
	for (struct rgw_link *l = p->conns.next; l != &p->conns; l = l->next)
		tell_connection(r, RGW_CONTAINER(l, struct rgw_conn, link));
	for (struct rgw_link *l = p->incoming.next; l != &p->incoming; l = l->next)
		tell_connection(r, RGW_CONTAINER(l, struct rgw_conn, link));
}

/* Connections of peers that are not in the configuration any more come last. */
static void
tell_connections(const struct report *r)
{
	for (size_t i = 0; i < r->gw->conf->peer.n; i++)
		tell_connections_of(r, rgw_peer_by_id(r->gw, r->gw->conf->peer.v[i]->head.id));
	for (struct rgw_link *l = r->gw->gone.next; l != &r->gw->gone; l = l->next) {
		struct rgw_known *known = RGW_CONTAINER(l, struct rgw_known, link);

		if (known->section->kind == RGW_CONF_PEER)
			tell_connections_of(r, RGW_CONTAINER(known, struct rgw_peer, known));
	}
}

static const char *
standing_name(enum rgw_standing standing)
{
	static const char *const names[] = { [RGW_UP] = "up", [RGW_IDLE] = "idle", [RGW_SHAKY] = "shaky",
		[RGW_PROVING] = "proving", [RGW_RETURNING] = "returning", [RGW_DOUBTFUL] = "doubtful",
		[RGW_DOWN] = "down", [RGW_UNFIT] = "unfit" };

	return names[standing];
}

static void
tell_pools(const struct report *r)
{
	rgw_ms now = r->gw->log->now;

	for (size_t i = 0; i < r->gw->conf->pool.n; i++) {
		const struct rgw_pool *pool = &r->gw->edition->pools[i];

		for (size_t j = 0; j < pool->n; j++) {
			struct rgw_target *target = pool->members[j];
			enum rgw_standing standing = rgw_standing_of(target, now);

			TELL(r, RGW_REPORT_POOLS, pool->conf->head.name,
			    rgw_c_same(rgw_f_str("member", target->conf->name)),
			    rgw_c_best("standing", target->held ? "drained" : standing_name(standing), standing),
			    rgw_c_best("answers", target->silent_until > now ? "no" : "yes",
			        target->silent_until <= now),
			    rgw_c_add("open", target->ops->load(target)));
		}
	}
}

/* ---- who asks ---- */

static void
tell_clients(const struct report *r)
{
	for (size_t i = 0; i < r->gw->conf->client.n; i++) {
		const struct rgw_client *c = rgw_client_by_id(r->gw, r->gw->conf->client.v[i]->head.id);
		char previous[PREVIOUS_TEXT];

		TELL(r, RGW_REPORT_CLIENTS, c->conf->head.name, rgw_c_add("open", c->asker.holding.n),
		    rgw_c_add("octets", c->asker.holding.octets),
		    rgw_c_best("message_authenticator",
		        c->require_message_authenticator == RGW_YES ? "required" : "optional",
		        c->require_message_authenticator != RGW_YES),
		    c_previous(r, "previous_secret", c->conf->previous_secret, &c->previous, previous));
	}
}

/* So many members of the pool have left the realm unanswered of late. */
static uint64_t
marks_of(const struct rgw_gw *gw, const struct rgw_conf_realm *realm)
{
	const struct rgw_pool *pool;
	uint64_t n = 0;

	if (realm->kind != RGW_REALM_EXACT || realm->pool == NULL || realm->pool->kind != RGW_CONF_POOL)
		return 0;
	pool = &gw->edition->pools[realm->pool->index];
	for (size_t i = 0; i < pool->n; i++)
		n += rgw_deadrealms_mark(&gw->deadrealms, realm->head.name, strlen(realm->head.name),
		         pool->members[i]->number, pool->conf->dead_realm_after, pool->conf->dead_realm,
		         gw->log->now) != 0;
	return n;
}

static void
tell_realms(const struct report *r)
{
	for (size_t i = 0; i < r->gw->conf->realm.n; i++) {
		const struct rgw_conf_realm *realm = r->gw->conf->realm.v[i];
		uint64_t marks = marks_of(r->gw, realm);

		TELL(r, RGW_REPORT_REALMS, realm->head.name,
		    rgw_c_same(rgw_f_str("goes_to", realm->pool != NULL ? realm->pool->name : "(rejected here)")),
		    rgw_c_best("answered", marks > 0 ? "not by all" : "yes", marks == 0));
	}
}

static void
tell_listeners(const struct report *r)
{
	for (size_t i = 0; i < r->gw->conf->listen.n; i++) {
		const struct rgw_conf_listen *l = r->gw->conf->listen.v[i];
		const struct rgw_addrs *addrs = l->udp.n > 0 ? &l->udp : &l->tls;
		uint32_t used = rgw_quota_used(rgw_listener_by_id(r->gw, l->head.id)->quota);

		for (size_t j = 0; j < addrs->n; j++)
			TELL(r, RGW_REPORT_LISTENERS, l->head.name, rgw_c_same(rgw_f_addr("address", &addrs->v[j])),
			    rgw_c_same(rgw_f_str("kind", l->udp.n > 0 ? "udp" : l->insecure_tcp ? "tcp" : "tls")),
			    rgw_c_same(rgw_f_uint("connections", used)));
	}
}

/* ---- bounds ---- */

/* Whose limit it is. */
struct of {
	const char *kind;  /* the kind of section that has the limit */
	const char *name;
};

/* The limits of one worker are its share, and are added up. */
static void
tell_limit(const struct report *r, const char *limit, const struct of *of, uint64_t used, uint64_t max)
{
	TELL(r, RGW_REPORT_LIMITS, limit, rgw_c_add("used", used), rgw_c_add("max", max), rgw_c_percent("percent"),
	    rgw_c_same(rgw_f_str("kind", of->kind)), rgw_c_same(rgw_f_str("of", of->name)));
}

static void
tell_quota(const struct report *r, const char *limit, const struct of *of, const struct rgw_quota *quota)
{
	TELL(r, RGW_REPORT_LIMITS, limit, rgw_c_same(rgw_f_uint("used", rgw_quota_used(quota))),
	    rgw_c_same(rgw_f_uint("max", rgw_quota_max(quota))), rgw_c_percent("percent"),
	    rgw_c_same(rgw_f_str("kind", of->kind)), rgw_c_same(rgw_f_str("of", of->name)));
}

/* The table of NASes and sessions is that of all workers. */
static void
tell_learned(const struct report *r, const struct of *of)
{
	struct rgw_nastable_use use = rgw_nastable_used(&r->gw->common->nases);

	TELL(r, RGW_REPORT_LIMITS, "learned", rgw_c_same(rgw_f_uint("used", use.nases + use.sessions)),
	    rgw_c_same(rgw_f_uint("max", use.limit)), rgw_c_percent("percent"),
	    rgw_c_same(rgw_f_str("kind", of->kind)), rgw_c_same(rgw_f_str("of", of->name)));
}

static void
tell_limits_of_peer(const struct report *r, const struct rgw_peer *p)
{
	const struct of of = { "peer", p->conf->head.name };

	if (p->conf->connect.n > 0) {
		tell_limit(r, "connections", &of, p->n_up + p->n_opening, p->conf->connections.max);
		tell_limit(r, "queue", &of, p->queue.n, p->queue.limit);
		tell_limit(r, "identifiers", &of, p->queue.n_sent, (uint64_t)p->n_up * RGW_PER_LANE);
	}
	if (p->conf->accept)
		tell_quota(r, "max-connections", &of, p->quota);
}

static void
tell_limits_of_gateway(const struct report *r)
{
	static const struct of of = { "gateway", "gateway" };
	static const struct of classes[RGW_CLASSES] = { { "gateway", "strangers" }, { "gateway", "known addresses" } };
	const struct rgw_gw *gw = r->gw;
	const struct rgw_conf_gateway *conf = &gw->conf->gateway;

	tell_limit(r, "max-requests", &of, gw->dups.cache.slab.used, conf->max_requests);
	tell_limit(r, "max-request-octets", &of, gw->holding.octets + gw->kept, conf->max_request_octets);
	tell_limit(r, "kept-answers", &of, gw->kept, conf->kept_answers);
	tell_quota(r, "max-connections", &of, &gw->common->incoming);
	if (gw->changes)
		tell_learned(r, &of);
	for (unsigned i = 0; i < RGW_CLASSES; i++)
		tell_limit(r, "max-half-open", &classes[i], gw->admission.classes[i].n_half_open, conf->max_half_open);
}

static void
tell_limits(const struct report *r)
{
	struct rgw_gw *gw = r->gw;

	tell_limits_of_gateway(r);
	for (size_t i = 0; i < gw->conf->listen.n; i++)
		if (gw->conf->listen.v[i]->max_connections != 0)
			tell_quota(r, "max-connections", &(struct of){ "listen", gw->conf->listen.v[i]->head.name },
			    rgw_listener_by_id(gw, gw->conf->listen.v[i]->head.id)->quota);
	for (size_t i = 0; i < gw->conf->peer.n; i++)
		tell_limits_of_peer(r, rgw_peer_by_id(gw, gw->conf->peer.v[i]->head.id));
	for (size_t i = 0; i < gw->conf->server.n * RGW_SERVICES; i++) {
		const struct rgw_port *port = port_at(gw, i);
		char of[128];

		if (!is_open(port))
			continue;
		snprintf(of, sizeof of, "%s %s", port->server->conf->head.name, port->name);
		tell_limit(r, "max-requests", &(struct of){ "server", of }, port->queue.n + port->queue.n_sent,
		    port->queue.limit);
	}
}

/* ---- the gateway as a whole ---- */

static void
tell_counters(const struct report *r)
{
	r->gw->counters.v[RGW_CTR_log_lines_lost] = r->gw->log->dropped;
	for (unsigned c = 0; c < RGW_COUNTER_COUNT; c++) {
		const struct rgw_cell value = rgw_c_logged(rgw_c_add("value", r->gw->counters.v[c]));
		const struct rgw_row row = { .table = &rgw_report_tables[RGW_REPORT_COUNTERS],
			.name = rgw_counter_name(c), .text = rgw_counter_help(c), .cells = &value, .n = 1 };

		r->row(r->ctx, &row);
	}
}

static void
tell_gateway(const struct report *r)
{
	const struct rgw_gw *gw = r->gw;
	const struct rgw_admission_class *classes = gw->admission.classes;

	TELL(r, RGW_REPORT_GATEWAY, NULL, rgw_c_logged(rgw_c_add("pending", gw->holding.n)),
	    rgw_c_logged(rgw_c_add("connections", gw->n_conns)),
	    rgw_c_logged(rgw_c_add("half_open", classes[RGW_STRANGERS].n_half_open)),
	    rgw_c_logged(rgw_c_add("half_open_known", classes[RGW_KNOWN].n_half_open)),
	    rgw_c_logged(rgw_c_add("realm_marks", gw->deadrealms.n_marks)), rgw_c_add("draining", gw->draining));
}

static void
tell_routes(const struct report *r)
{
	rgw_tell_routes(r->gw, &(struct rgw_hearer){ &rgw_report_tables[RGW_REPORT_ROUTES], r->row, r->ctx });
}

static void
tell_durations(const struct report *r)
{
	rgw_tell_durations(r->gw, &(struct rgw_hearer){ &rgw_report_tables[RGW_REPORT_DURATIONS], r->row, r->ctx });
}

static void
tell_answers(const struct report *r)
{
	rgw_tell_answers(r->gw, &(struct rgw_hearer){ &rgw_report_tables[RGW_REPORT_ANSWERS], r->row, r->ctx });
}

static void
tell_nases(const struct report *r)
{
	rgw_tell_nases(r->gw, &(struct rgw_hearer){ &rgw_report_tables[RGW_REPORT_NASES], r->row, r->ctx });
}

void
rgw_gw_report(struct rgw_gw *gw, unsigned tables, rgw_row_fn *row, void *ctx)
{
	static void (*const tells[RGW_REPORT_TABLES])(const struct report *) = {
		[RGW_REPORT_PEERS] = tell_peers,
		[RGW_REPORT_SERVERS] = tell_servers,
		[RGW_REPORT_COUNTERS] = tell_counters,
		[RGW_REPORT_GATEWAY] = tell_gateway,
		[RGW_REPORT_CONNECTIONS] = tell_connections,
		[RGW_REPORT_CLIENTS] = tell_clients,
		[RGW_REPORT_POOLS] = tell_pools,
		[RGW_REPORT_REALMS] = tell_realms,
		[RGW_REPORT_LISTENERS] = tell_listeners,
		[RGW_REPORT_LIMITS] = tell_limits,
		[RGW_REPORT_ROUTES] = tell_routes,
		[RGW_REPORT_DURATIONS] = tell_durations,
		[RGW_REPORT_ANSWERS] = tell_answers,
		[RGW_REPORT_NASES] = tell_nases,
	};
	const struct report r = { gw, row, ctx };

	for (unsigned i = 0; i < RGW_REPORT_TABLES; i++)
		if ((tables >> i & 1) != 0)
			tells[i](&r);
}

/* ---- the status in the log ---- */

/* The lines that the log has of some tables. */
struct rgw_report_line {
	const char *event;
	const char *text;
};

static const struct rgw_report_line lines[] = {
	[RGW_REPORT_PEERS] = { "status-peer", "state of a peer" },
	[RGW_REPORT_SERVERS] = { "status-server-port", "state of a server" },
	[RGW_REPORT_COUNTERS] = { "status-counter", NULL },
	[RGW_REPORT_GATEWAY] = { "status-end", "end of the status" },
};

/* A counter that is zero has no line. */
static void
log_row(void *ctx, const struct rgw_row *row)
{
	const struct rgw_report_line *line = &lines[row->table - rgw_report_tables];
	struct rgw_field fields[RGW_CELLS + 2];
	size_t n = 0;

	if (row->table == &rgw_report_tables[RGW_REPORT_COUNTERS] && row->cells[0].field.number == 0)
		return;
	if (row->name != NULL)
		fields[n++] = rgw_f_str(row->table->one, row->name);
	for (size_t i = 0; i < row->n; i++)
		if (row->cells[i].logged)
			fields[n++] = row->cells[i].field;
	fields[n] = (struct rgw_field){ .type = RGW_FIELD_END };
	rgw_log_write(ctx, RGW_LOG_NOTICE, line->event, row->name, row->text != NULL ? row->text : line->text, fields);
}

void
rgw_gw_log_status(struct rgw_gw *gw)
{
	if (gw->log->level < RGW_LOG_NOTICE)
		return;
	rgw_gw_report(gw, 1u << RGW_REPORT_PEERS | 1u << RGW_REPORT_SERVERS | 1u << RGW_REPORT_COUNTERS |
	    1u << RGW_REPORT_GATEWAY, log_row, gw->log);
}
