/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../engine.h"

#include <stdlib.h>
#include <string.h>

/* Where a request goes, and where it goes next. A request is tried at one member of its pool; a second
 * attempt may run beside the first. What is known about a member is its rank. */

/* How long a request is tried at members that are all known to be dead. */
#define OUTAGE_AFTER_MS 2500

/* How good it is to turn to a member now, best first. */
enum rank {
	GOOD,      /* it works, or nothing is known against it */
	SILENT,    /* it seems to work but has not answered what another one did */
	DOUBTFUL,  /* suspected by its watchdog, or back after a failure and not proven yet */
	DOWN,
	UNFIT,     /* it does not take this kind of request, or it is who asked */
};

/* What the name of a peer or server means where a pool is wanted. */
static const struct rgw_conf_pool alone = {
	.policy = RGW_POOL_FAILOVER,
	.outage_auth = RGW_OUTAGE_AUTH_DROP,
	.outage_acct = RGW_OUTAGE_ACCT_DROP,
};

void
rgw_target_init(struct rgw_target *target, struct rgw_gw *gw, const struct rgw_conf_head *conf)
{
	*target = (struct rgw_target){ .conf = conf, .gw = gw, .self = target };
	target->alone = (struct rgw_pool){ .conf = &alone, .members = &target->self, .n = 1 };
}

void
rgw_target_fini(struct rgw_target *target)
{
	free(target->doubt);
}

static struct rgw_target *
target_of(struct rgw_gw *gw, const struct rgw_conf_head *section)
{
	if (section->kind == RGW_CONF_PEER)
		return &gw->peers[section->index].target;
	return &gw->servers[section->index].target;
}

void
rgw_pools_init(struct rgw_gw *gw)
{
	const struct rgw_conf *conf = gw->conf;

	gw->pools = rgw_xcalloc(conf->pool.n, sizeof *gw->pools);
	for (size_t i = 0; i < conf->pool.n; i++) {
		const struct rgw_conf_pool *p = conf->pool.v[i];
		struct rgw_pool *pool = &gw->pools[i];

		pool->conf = p;
		pool->n = p->members.n;
		pool->members = rgw_xcalloc(pool->n, sizeof(struct rgw_target *));
		for (size_t j = 0; j < pool->n; j++)
			pool->members[j] = target_of(gw, p->members.v[j]);
	}
}

void
rgw_pools_fini(struct rgw_gw *gw)
{
	for (size_t i = 0; i < gw->conf->pool.n; i++)
		free(gw->pools[i].members);
	free(gw->pools);
}

struct rgw_pool *
rgw_pool_of(struct rgw_gw *gw, const struct rgw_conf_head *head)
{
	return head->kind == RGW_CONF_POOL ? &gw->pools[head->index] : &target_of(gw, head)->alone;
}

/* ---- ranks ---- */

static bool
is_loop(const struct rgw_target *target, const struct rgw_req *req)
{
	return req->origin.conn != NULL && target == &req->origin.conn->peer->target;
}

static bool
takes(struct rgw_target *target, uint8_t code)
{
	unsigned service = code == RGW_ACCESS_REQUEST ? RGW_SERVICE_AUTH : RGW_SERVICE_ACCT;

	if (target->conf->kind == RGW_CONF_PEER)
		return (rgw_target_peer(target)->conf->allow & service) != 0;
	return rgw_server_port(rgw_target_server(target), code) != NULL;
}

static enum rank
rank_of_peer(const struct rgw_peer *peer, rgw_ms now)
{
	if (peer->n_okay == 0 && peer->n_up > 0)
		return DOUBTFUL;
	/* One whose connection has only just ended may be back before the others have answered. */
	if (peer->n_okay == 0 && peer->failed)
		return rgw_peer_may_be_back(peer) ? DOUBTFUL : DOWN;
	/* One without connections is good: they are opened on demand, but not yet if one has just ended. */
	if (peer->n_okay == 0 && peer->retry_at > now)
		return DOUBTFUL;
	return peer->target.silent_until > now ? SILENT : GOOD;
}

static enum rank
rank_of_port(const struct rgw_port *port, rgw_ms now)
{
	switch (port->state) {
	case RGW_PORT_ALIVE:
		return port->server->target.silent_until > now ? SILENT : GOOD;
	case RGW_PORT_SUSPECTED:
		return DOUBTFUL;
	case RGW_PORT_DEAD:
		break;
	}
	return DOWN;
}

static enum rank
rank_of(struct rgw_target *target, const struct rgw_req *req, rgw_ms now)
{
	if (is_loop(target, req) || !takes(target, req->packet.code))
		return UNFIT;
	if (target->conf->kind == RGW_CONF_PEER)
		return rank_of_peer(rgw_target_peer(target), now);
	return rank_of_port(rgw_server_port(rgw_target_server(target), req->packet.code), now);
}

static size_t
load_of(struct rgw_target *target)
{
	const struct rgw_server *server;

	if (target->conf->kind == RGW_CONF_PEER)
		return rgw_peer_load(rgw_target_peer(target));
	server = rgw_target_server(target);
	return server->auth.n_requests + server->acct.n_requests;
}

/* ---- choosing ---- */

static size_t
index_of(const struct rgw_pool *pool, const struct rgw_target *target)
{
	size_t i = 0;

	while (i < pool->n && pool->members[i] != target)
		i++;
	return i;
}

static uint64_t
bit_of(const struct rgw_pool *pool, const struct rgw_target *target)
{
	return UINT64_C(1) << index_of(pool, target);
}

static bool
is_under_way(const struct rgw_req *req, const struct rgw_target *target)
{
	for (unsigned i = 0; i < RGW_ATTEMPTS; i++)
		if (req->attempts[i].state != RGW_ATTEMPT_NONE && req->attempts[i].target == target)
			return true;
	return false;
}

/* Rendezvous hashing: each member has its own order of preference for a key, so that only the keys of
 * a member that goes are spread over the others. */
static uint64_t
weight(const struct rgw_target *target, const struct rgw_req *req, uint8_t key)
{
	struct rgw_gw *gw = target->gw;
	struct rgw_attr a = { 0 };
	struct rgw_hashkey own = gw->common->salt;

	own.k0 ^= rgw_siphash(&gw->common->salt, target->conf->name, strlen(target->conf->name));
	while (rgw_packet_next(&req->packet, &a))
		if (a.type == key)
			return rgw_siphash(&own, a.value, a.len);
	return rgw_siphash(&own, req->entry->dup.auth, sizeof req->entry->dup.auth);
}

/* Smaller is better, among members of one rank. */
static uint64_t
cost(const struct rgw_pool *pool, size_t i, const struct rgw_req *req)
{
	switch (pool->conf->policy) {
	case RGW_POOL_FAILOVER:
		return i;
	case RGW_POOL_ROUND_ROBIN:
		return (i + pool->n - pool->next % pool->n) % pool->n;
	case RGW_POOL_LEAST_OUTSTANDING:
		return load_of(pool->members[i]) * pool->n + i;
	case RGW_POOL_HASH:
		return UINT64_MAX - weight(pool->members[i], req, pool->conf->hash_key);
	}
	return i;
}

/* What is known of a member, as far as it decides; the first that differs does. */
struct choice {
	enum rank rank;
	rgw_ms mark;    /* when it left the realm unanswered; 0 = it did not. Older marks are better */
	uint64_t cost;
};

static bool
is_better(const struct choice *a, const struct choice *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return a->mark != b->mark ? a->mark < b->mark : a->cost < b->cost;
}

/* The best member that has not had its chance, if it is of that rank or better; NULL = none. */
static struct rgw_target *
choose(const struct rgw_req *req, enum rank worst, rgw_ms now)
{
	const struct rgw_pool *pool = req->pool;
	struct rgw_target *best = NULL;
	struct choice least = { .rank = UNFIT };

	if (rgw_blame_suspicion(req) == RGW_SENT_NO_MORE)
		return NULL;
	for (size_t i = 0; i < pool->n; i++) {
		struct rgw_target *t = pool->members[i];
		struct choice c = { .rank = rank_of(t, req, now) };

		if ((req->tried >> i & 1) != 0 || is_under_way(req, t) || c.rank > worst)
			continue;
		c.mark = rgw_mark_of(req, t, now);
		c.cost = cost(pool, i, req);
		if (best != NULL && !is_better(&c, &least))
			continue;
		best = t;
		least = c;
	}
	return best;
}

/* ---- attempts ---- */

static void
arm_retry(struct rgw_req *req, rgw_ms now)
{
	const struct rgw_pool *pool = req->pool;
	rgw_ms after = pool->n > 1 ? pool->conf->retry_after : 0;

	if (req->no_hope && (after == 0 || after > OUTAGE_AFTER_MS))
		after = OUTAGE_AFTER_MS;
	if (after != 0)
		rgw_timer_set(&pool->members[0]->gw->timers, &req->retry_timer, now + after);
}

static bool
take(struct rgw_attempt *a, rgw_ms now)
{
	if (a->target->conf->kind == RGW_CONF_PEER)
		return rgw_peer_take(rgw_target_peer(a->target), a, now);
	return rgw_server_take(rgw_target_server(a->target), a, now);
}

/* An attempt that is not under way; if there is none, the one that has waited longest gives way. */
static struct rgw_attempt *
free_attempt(struct rgw_req *req, rgw_ms now)
{
	struct rgw_attempt *a = &req->attempts[0];

	for (unsigned i = 0; i < RGW_ATTEMPTS; i++) {
		if (req->attempts[i].state == RGW_ATTEMPT_NONE)
			return &req->attempts[i];
		if (req->attempts[i].sent_at < a->sent_at)
			a = &req->attempts[i];
	}
	rgw_attempt_detach(a, now);
	return a;
}

/* The request may be gone after this. */
static void
start(struct rgw_attempt *a, struct rgw_target *target, uint32_t prefer, rgw_ms now)
{
	struct rgw_req *req = a->req;

	a->target = target;
	a->suspicion = rgw_blame_suspicion(req);
	a->prefer = prefer;
	a->sent_at = now;
	req->tried |= bit_of(req->pool, target);
	arm_retry(req, now);
	if (!take(a, now))
		rgw_pool_failed(a, RGW_FAIL_FULL, 0, now);
}

/* No member takes it, whatever its state. */
static void
on_unfit(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	const struct rgw_target *first = req->pool->members[0];
	enum rgw_counter how = RGW_CTR_request_not_allowed;
	struct rgw_identity room;

	for (size_t i = 0; i < req->pool->n; i++)
		if (is_loop(req->pool->members[i], req))
			how = RGW_CTR_request_loop;
	if (how == RGW_CTR_request_loop)
		/* Two gateways would play ball with it. */
		RGW_LOG(gw->log, RGW_LOG_WARNING, "loop", first->conf->name,
		    "the realm leads back to the peer that the request came from; who serves it?",
		    rgw_f_target(first), rgw_f_origin(&req->origin),
		    rgw_f_identity(gw, &req->packet, &room));
	else
		RGW_LOG(gw->log, RGW_LOG_WARNING, "not-allowed", first->conf->name,
		    "it does not take this kind of request; see `allow` of a peer, `auth` and `acct` of "
		    "a server",
		    rgw_f_target(first), rgw_f_origin(&req->origin),
		    rgw_f_str("code", rgw_code_name(req->packet.code)));
	rgw_req_turn_away(gw, req, how, now);
}

/* A conversation belongs to one home server, and another member may not know it: if the connection to the
 * request's own one has only just ended, the request waits for the next attempt to connect. */
static bool
waits_at(const struct rgw_req *req, struct rgw_target *own)
{
	return own->conf->kind == RGW_CONF_PEER && rgw_packet_has(&req->packet, RGW_AT_STATE) &&
	    rgw_peer_may_be_back(rgw_target_peer(own));
}

/* The member where the conversation of a request lives, if it can be reached (P-TCP-46). */
static struct rgw_target *
home_of(struct rgw_gw *gw, const struct rgw_req *req, uint32_t *serial, rgw_ms now)
{
	struct rgw_conversation where;
	struct rgw_attr state;

	*serial = 0;
	if (!rgw_packet_get(&req->packet, RGW_AT_STATE, &state))
		return NULL;
	where = rgw_conversations_get(&gw->conversations, &req->origin.asker->talker, state.value,
	    state.len, now);
	if (where.target == NULL || index_of(req->pool, where.target) == req->pool->n ||
	    rank_of(where.target, req, now) > DOUBTFUL)
		return NULL;
	*serial = where.serial;
	return where.target;
}

void
rgw_pool_dispatch(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	uint32_t serial;
	struct rgw_target *target = home_of(gw, req, &serial, now);

	if (target == NULL)
		target = choose(req, DOWN, now);
	req->pool->next++;
	if (target == NULL) {
		on_unfit(gw, req, now);
		return;
	}
	req->no_hope = rank_of(target, req, now) == DOWN;
	start(&req->attempts[0], target, serial, now);
}

static void
move_to(struct rgw_attempt *a, struct rgw_target *target, rgw_ms now)
{
	rgw_count(target->gw, RGW_CTR_requests_moved);
	start(a, target, 0, now);
}

/* ---- waiting too long ---- */

/* Has nothing at all come from those who were asked? Else it is the realm that is silent. */
static bool
is_unheard(const struct rgw_req *req)
{
	bool asked = false;

	for (unsigned i = 0; i < RGW_ATTEMPTS; i++) {
		const struct rgw_attempt *a = &req->attempts[i];

		if (a->state == RGW_ATTEMPT_SENT && a->target->heard_at > a->sent_at)
			return false;
		asked = asked || a->state == RGW_ATTEMPT_SENT;
	}
	return asked;
}

/* A request with State belongs to one home server, so it is not tried at two (P-PRX-13), and that it waits
 * means nothing by itself (P-WD-13). But a peer of which nothing has come since is asked whether it lives,
 * and if it leaves that unanswered for as long, the request takes another way to the same home server. */
static void
doubt_way(struct rgw_req *req, struct rgw_target *other, rgw_ms now)
{
	struct rgw_attempt *a = &req->attempts[0];

	if (a->state != RGW_ATTEMPT_SENT)
		a = &req->attempts[1];
	if (a->state == RGW_ATTEMPT_SENT && a->lane->conn != NULL && is_unheard(req)) {
		if (rgw_guard_is_mute(a->lane->conn, now - req->pool->conf->retry_after)) {
			rgw_attempt_detach(a, now);
			move_to(a, other, now);
			return;
		}
		rgw_guard_ask_all(a->lane->conn->peer, now);
	}
	arm_retry(req, now);
}

static bool
are_all_dead(const struct rgw_req *req, rgw_ms now)
{
	for (size_t i = 0; i < req->pool->n; i++)
		if (rank_of(req->pool->members[i], req, now) < DOWN)
			return false;
	return true;
}

void
rgw_pool_lose_hope(struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_req *req = a->req;

	if (req->no_hope || !are_all_dead(req, now))
		return;
	req->no_hope = true;
	arm_retry(req, now);
}

/* A request for which all members are dead is tried all the same, for one of them may be back. If none has shown
 * itself it is answered as in an outage; where that is no answer, it lives on. */
static bool
ends_without_hope(struct rgw_req *req, rgw_ms now)
{
	struct rgw_gw *gw = req->pool->members[0]->gw;

	if (!req->no_hope)
		return false;
	req->no_hope = false;
	if (!are_all_dead(req, now))
		return false;
	return rgw_req_answer_outage(gw, req, RGW_CTR_request_outage, now);
}

static void
on_retry_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_req *req = RGW_CONTAINER(timer, struct rgw_req, retry_timer);
	struct rgw_target *other;

	if (ends_without_hope(req, now))
		return;
	other = rgw_blame_may_double(req, now) ? choose(req, SILENT, now) : NULL;
	if (other == NULL) {
		arm_retry(req, now);  /* somebody may come back */
		if (is_unheard(req))
			rgw_recall_members(req->pool, now);
		return;
	}
	if (rgw_packet_has(&req->packet, RGW_AT_STATE)) {
		doubt_way(req, other, now);
		return;
	}
	rgw_count(other->gw, RGW_CTR_requests_doubled);
	start(free_attempt(req, now), other, 0, now);
}

void
rgw_pool_init_retry(struct rgw_req *req)
{
	rgw_timer_init(&req->retry_timer, on_retry_timer);
}

/* The targets say that they cannot serve it. That they know no way is as good as an outage here, and where no pool
 * says what becomes of those it is an answer that the user should hear. */
static void
on_all_refused(struct rgw_gw *gw, struct rgw_req *req, uint32_t error_cause, rgw_ms now)
{
	if (error_cause != RGW_CAUSE_NOT_ROUTABLE)
		rgw_req_refuse(gw, req, RGW_CTR_request_refused, error_cause, now);
	else if (req->pool->conf == &alone)
		rgw_req_turn_away(gw, req, RGW_CTR_request_refused, now);
	else
		rgw_req_outage(gw, req, RGW_CTR_request_refused, now);
}

/* Nobody is left to try. */
static void
give_up(struct rgw_gw *gw, struct rgw_req *req, enum rgw_failure how, bool peer, uint32_t error_cause,
    rgw_ms now)
{
	switch (how) {
	case RGW_FAIL_FULL:
		rgw_req_refuse(gw, req,
		    peer ? RGW_CTR_request_queue_full : RGW_CTR_request_no_identifier,
		    RGW_CAUSE_RESOURCES_UNAVAILABLE, now);
		break;
	case RGW_FAIL_QUEUE_TIME:
		rgw_req_outage(gw, req, RGW_CTR_request_queue_timed_out, now);
		break;
	case RGW_FAIL_NO_ANSWER:
		rgw_req_time_out(gw, req, now);
		break;
	case RGW_FAIL_REFUSED:
		on_all_refused(gw, req, error_cause, now);
		break;
	case RGW_FAIL_OVER_SHARE:
		rgw_req_refuse(gw, req, RGW_CTR_request_over_share, RGW_CAUSE_RESOURCES_UNAVAILABLE, now);
		break;
	case RGW_FAIL_TOO_BIG:
		rgw_req_refuse(gw, req, RGW_CTR_request_too_big, RGW_CAUSE_OTHER_PROXY_ERROR, now);
		break;
	}
}

void
rgw_pool_failed(struct rgw_attempt *a, enum rgw_failure how, uint32_t error_cause, rgw_ms now)
{
	struct rgw_req *req = a->req;
	struct rgw_gw *gw = a->target->gw;
	bool peer = a->target->conf->kind == RGW_CONF_PEER;
	struct rgw_target *next;

	if (how == RGW_FAIL_NO_ANSWER)
		rgw_mark_unanswered(a, now);
	if (how == RGW_FAIL_REFUSED && error_cause == RGW_CAUSE_NOT_ROUTABLE)
		rgw_mark_unroutable(a, now);
	rgw_attempt_detach(a, now);
	if (rgw_req_is_tried(req))
		return;
	next = choose(req, DOUBTFUL, now);
	if (next != NULL)
		move_to(a, next, now);
	else
		give_up(gw, req, how, peer, error_cause, now);
}

bool
rgw_pool_has_other(struct rgw_attempt *a, rgw_ms now)
{
	return choose(a->req, SILENT, now) != NULL;
}

/* Is there a reason to try another member before other connections of the same? A request at which connections
 * have ended twice gets its last try elsewhere if it can. */
static bool
leaves(const struct rgw_req *req, struct rgw_target *own)
{
	if (own->conf->kind != RGW_CONF_PEER)
		return true;
	if (waits_at(req, own))
		return false;
	return rgw_target_peer(own)->n_okay == 0 || rgw_blame_suspicion(req) == RGW_SENT_ALONE;
}

void
rgw_pool_move(struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_req *req = a->req;
	struct rgw_target *own = a->target;
	struct rgw_target *other;

	if (rgw_blame_suspicion(req) == RGW_SENT_NO_MORE) {
		rgw_blame_stop(a, "it is not answered where it was sent last", now);
		return;
	}
	rgw_attempt_detach(a, now);
	a->sent_before = true;
	if (leaves(req, own)) {
		other = choose(req, SILENT, now);
		/* On another connection it may be tried there again. */
		req->tried &= ~bit_of(req->pool, own);
		if (other != NULL) {
			move_to(a, other, now);
			return;
		}
	}
	start(a, own, 0, now);
}

void
rgw_pool_put_off(struct rgw_attempt *a, rgw_ms now)
{
	rgw_attempt_detach(a, now);
	a->req->tried &= ~bit_of(a->req->pool, a->target);
	arm_retry(a->req, now);
}

/* Looks once at each attempt that waits on a queue, oldest first. What is done with one may take others from
 * the queue or add some: those that are still to be looked at are on a list of their own, which they leave
 * like the queue itself. */
static void
each_queued(struct rgw_link *queue, void (*visit)(struct rgw_attempt *a, void *arg, rgw_ms now), void *arg,
    rgw_ms now)
{
	struct rgw_link all;
	struct rgw_link *l;

	rgw_link_init(&all);
	while ((l = rgw_list_pop(queue)) != NULL)
		rgw_list_append(&all, l);
	while ((l = rgw_list_pop(&all)) != NULL) {
		rgw_list_append(queue, l);
		visit(RGW_CONTAINER(l, struct rgw_attempt, link), arg, now);
	}
}

/* Does it take one more that waits? */
static bool
has_room(struct rgw_target *to, uint8_t code)
{
	const struct rgw_server *server;

	if (to->conf->kind == RGW_CONF_PEER)
		return rgw_peer_has_room(rgw_target_peer(to));
	server = rgw_target_server(to);
	return rgw_server_port(rgw_target_server(to), code)->n_requests < server->conf->max_requests;
}

/* Takes an attempt that waits to another member. If that has no room, the attempt goes on waiting: its own
 * target may be back before it is too late. */
static void
lead_away(struct rgw_attempt *a, struct rgw_target *to, rgw_ms now)
{
	if (!has_room(to, a->req->packet.code))
		return;
	rgw_attempt_detach(a, now);
	a->req->tried &= ~bit_of(a->req->pool, a->target);
	move_to(a, to, now);
}

static void
evacuate(struct rgw_attempt *a, void *arg, rgw_ms now)
{
	struct rgw_target *other = waits_at(a->req, a->target) ? NULL : choose(a->req, SILENT, now);

	(void)arg;
	if (other != NULL)
		lead_away(a, other, now);
}

void
rgw_pool_evacuate(struct rgw_link *queue, rgw_ms now)
{
	each_queued(queue, evacuate, NULL, now);
}

/* To whom attempts of which pool are attracted. */
struct attraction {
	struct rgw_pool *pool;
	struct rgw_target *target;
};

static void
attract(struct rgw_attempt *a, void *arg, rgw_ms now)
{
	const struct attraction *to = arg;

	if (a->req->pool == to->pool && !is_under_way(a->req, to->target) && !waits_at(a->req, a->target) &&
	    (a->req->tried & bit_of(to->pool, to->target)) == 0 && rank_of(to->target, a->req, now) <= SILENT)
		lead_away(a, to->target, now);
}

void
rgw_pool_attract(struct rgw_target *target, rgw_ms now)
{
	struct rgw_gw *gw = target->gw;

	for (size_t i = 0; i < gw->conf->pool.n; i++) {
		struct rgw_pool *pool = &gw->pools[i];

		if (index_of(pool, target) == pool->n)
			continue;
		for (size_t j = 0; j < pool->n; j++) {
			struct rgw_target *m = pool->members[j];

			if (m != target && m->conf->kind == RGW_CONF_PEER &&
			    rgw_target_peer(m)->n_up == 0 && rgw_target_peer(m)->failed)
				each_queued(&rgw_target_peer(m)->queue, attract,
				    &(struct attraction){ pool, target }, now);
		}
	}
}
