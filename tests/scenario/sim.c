/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/mem.h"

void
sim_schedule(struct sim *s, rgw_ms delay, struct sim_event e)
{
	struct sim_event *new = rgw_xcalloc(1, sizeof *new);
	struct sim_event **at = (struct sim_event **)&s->events;

	*new = e;
	new->at = s->now + delay;
	new->serial = s->event_serial++;
	while (*at != NULL && (*at)->at <= new->at)
		at = &(*at)->next;
	new->next = *at;
	*at = new;
}

uint32_t
sim_random(struct sim *s, uint32_t below)
{
	s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(s->seed >> 33) % below;
}

struct rgw_secret *
sim_secret_of(const char *text)
{
	return rgw_secret_new(text, strlen(text));
}

/* Hides or reveals one block of a salted attribute: xor with MD5(S + RA + Salt) (RFC 2868 3.5). */
static void
salted_block(uint8_t block[static 16], const char *secret, const uint8_t *auth, const uint8_t *salt)
{
	uint8_t stream[RGW_MD5_LEN];
	struct rgw_md5 md5;

	rgw_md5_init(&md5);
	rgw_md5_update(&md5, secret, strlen(secret));
	rgw_md5_update(&md5, auth, RGW_AUTH_LEN);
	rgw_md5_update(&md5, salt, 2);
	rgw_md5_final(&md5, stream);
	for (size_t i = 0; i < sizeof stream; i++)
		block[i] ^= stream[i];
}

/* What the far end hides in each answer, and the NAS must find there. */
static const uint8_t key_material[16] = "\017the key, hidden";

/* ---- the world as the engine sees it ---- */

/* The request that an answer is signed for (P-AUT-4, P-MA-1). */
static struct sim_req *
find_req(struct sim *s, const struct rgw_addr *remote, const struct rgw_packet *p)
{
	struct rgw_secret *secret = sim_secret_of(SIM_SECRET);
	struct sim_req *found = NULL;

	for (size_t i = s->n_reqs; i-- > 0 && found == NULL;) {
		struct sim_req *r = s->reqs[i];

		if (r->conn == NULL && r->port == remote->port && r->data[1] == p->id &&
		    rgw_code_answers(p->code, r->data[0]) && rgw_response_auth_ok(p, r->data + 4, secret))
			found = r;
	}
	if (found != NULL)
		assert_int_not_equal(rgw_msgauth_check(p, found->data + 4, secret), RGW_MSGAUTH_BAD);
	rgw_secret_free(secret);
	return found;
}

/* The nonce in an answer, or 0. */
uint32_t
sim_nonce_in(const struct rgw_packet *p, uint8_t type)
{
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(p, &a))
		if (a.type == type && a.len == 8)
			return (uint32_t)strtoul((char[9]){ (char)a.value[0], (char)a.value[1],
			    (char)a.value[2], (char)a.value[3], (char)a.value[4], (char)a.value[5],
			    (char)a.value[6], (char)a.value[7], 0 }, NULL, 16);
	return 0;
}

void
sim_check_key(const struct rgw_packet *p, const struct sim_req *r, const char *secret)
{
	struct rgw_attr a = { 0 };
	uint8_t block[16];

	while (rgw_packet_next(p, &a)) {
		if (a.type != RGW_TUNNEL_PASSWORD)
			continue;
		assert_int_equal(a.len, 19);
		memcpy(block, a.value + 3, sizeof block);
		salted_block(block, secret, r->data + 4, a.value + 1);
		assert_memory_equal(block, key_material, sizeof block);
	}
}

static void
op_udp_send(void *ctx, uint32_t sock, const struct rgw_addr *local, const struct rgw_addr *remote,
    const uint8_t *data, size_t len)
{
	struct sim *s = ctx;
	struct rgw_packet p;
	struct sim_req *r;

	assert_int_equal(rgw_packet_parse(&p, data, len), RGW_PACKET_OK);
	assert_int_equal(p.len, len);
	r = find_req(s, remote, &p);
	if (r == NULL) {
		s->foreign_datagrams++;
		return;
	}
	assert_false(r->superseded);
	sim_check_key(&p, r, SIM_SECRET);
	/* From the address and port that was asked (P-PKT-11). */
	assert_int_equal(sock, r->sock);
	assert_int_equal(local->port, 1812 + sock);
	sim_note_answer(s, r, data, len);
}

void
sim_note_answer(struct sim *s, struct sim_req *r, const uint8_t *data, size_t len)
{
	struct rgw_packet p;
	uint32_t nonce;

	assert_int_equal(rgw_packet_parse(&p, data, len), RGW_PACKET_OK);
	nonce = sim_nonce_in(&p, RGW_REPLY_MESSAGE);
	assert_true(nonce == 0 || nonce == r->nonce);
	if (r->answers == 0) {
		r->answered_at = s->now;
		memcpy(r->answer, data, len);
		r->answer_len = len;
	} else {
		/* However often it comes, it is the same answer (P-DUP-2). */
		assert_int_equal(r->answer_len, len);
		assert_memory_equal(r->answer, data, len);
	}
	r->answers++;
}

struct sim_conn *
sim_new_conn(struct sim *s)
{
	struct sim_conn *c = rgw_xcalloc(1, sizeof *c);

	c->opened_at = s->now;
	s->conns = rgw_xrealloc(s->conns, (s->n_conns + 1) * sizeof c);
	s->conns[s->n_conns++] = c;
	c->number = (unsigned)s->n_conns;
	return c;
}

static void *
op_conn_open(void *ctx, struct rgw_conn *conn, const struct rgw_conf_peer *peer, const char *host,
    const struct rgw_addr *to)
{
	struct sim *s = ctx;
	struct sim_conn *c;
	size_t open = 0;

	if (s->no_fds)
		return NULL;
	for (size_t i = 0; i < s->n_conns; i++)
		open += s->conns[i]->engine != NULL && !s->conns[i]->incoming;
	assert_true(open < peer->connections.max + s->draining);
	c = sim_new_conn(s);
	c->engine = conn;
	c->to = *to;
	snprintf(c->host, sizeof c->host, "%s", host);
	if (s->refuse || (s->refuse_ip != 0 && to->ip[3] == s->refuse_ip))
		sim_schedule(s, s->connect_delay, (struct sim_event){ .kind = REFUSED, .conn = c });
	else if (!s->no_tcp)
		sim_schedule(s, s->connect_delay, (struct sim_event){ .kind = CONNECTED, .conn = c });
	return c;
}

struct sim_got *
sim_receive(struct sim *s, const uint8_t *data, size_t len, const char *text)
{
	struct rgw_secret *secret = sim_secret_of(text);
	struct sim_got *g = rgw_xcalloc(1, sizeof *g);
	struct rgw_packet p;

	assert_int_equal(rgw_packet_parse(&p, data, len), RGW_PACKET_OK);
	assert_int_equal(p.len, len);
	assert_true(rgw_request_auth_ok(&p, secret));
	assert_int_equal(rgw_msgauth_check(&p, NULL, secret),
	    p.code == RGW_ACCOUNTING_REQUEST ? RGW_MSGAUTH_ABSENT : RGW_MSGAUTH_OK);
	assert_int_not_equal(p.id, 0);
	memcpy(g->data, data, len);
	g->len = len;
	g->nonce = sim_nonce_in(&p, NONCE_ATTR);
	g->at = s->now;
	g->copies = 1;
	g->copy_at[0] = s->now;
	rgw_secret_free(secret);
	s->got = rgw_xrealloc(s->got, (s->n_got + 1) * sizeof g);
	s->got[s->n_got++] = g;
	return g;
}

void
sim_check_identifier(const struct sim *s, const struct sim_got *g)
{
	unsigned n = 0;

	for (size_t i = 0; i + 1 < s->n_got; i++) {
		const struct sim_got *other = s->got[i];

		if (other->conn == g->conn && other->source == g->source)
			n += other->data[1] == g->data[1] && !other->answered &&
			    s->now - other->at < s->conf.gateway.request_lifetime;
	}
	assert_in_range(n, 0, 1);
}

static bool
op_conn_send(void *ctx, void *io, const uint8_t *data, size_t len)
{
	struct sim *s = ctx;
	struct sim_conn *c = io;
	struct sim_got *g;

	assert_non_null(c->engine);
	assert_true(c->up);
	if (c->full)
		return false;
	c->sent++;
	if (c->incoming) {
		sim_visitor_hears(s, c, data, len);
		return true;
	}
	g = sim_receive(s, data, len, SIM_RADSEC);
	g->conn = c;
	for (size_t i = 0; i + 1 < s->n_got; i++) {
		const struct sim_got *other = s->got[i];

		if (other->conn != c)
			continue;
		/* Never twice on one connection (P-TCP-27). */
		assert_false(other->nonce == g->nonce && g->nonce != 0 && !s->same_again);
	}
	sim_check_identifier(s, g);
	if (s->answer == SIM_ANSWER)
		sim_schedule(s, s->delay, (struct sim_event){ .kind = ANSWER, .got = g });
	return true;
}

void
sim_conn_over(struct sim *s, struct sim_conn *c)
{
	c->engine = NULL;
	c->up = false;
	for (size_t i = 0; i < s->n_got; i++)
		if (s->got[i]->conn == c)
			s->got[i]->conn = NULL;
}

static void
op_conn_close(void *ctx, void *io)
{
	struct sim_conn *c = io;

	assert_non_null(c->engine);
	c->closed_by_engine = true;
	sim_conn_over(ctx, c);
}

static void
op_resolve(void *ctx, uint32_t query, const char *host)
{
	struct sim *s = ctx;

	(void)host;
	s->dns_asked++;
	sim_schedule(s, 1, (struct sim_event){ .kind = RESOLVED, .query = query });
}

void
sim_fill_random(struct sim *s, void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)sim_random(s, 256);
}

static void
op_random(void *ctx, void *out, size_t len)
{
	sim_fill_random(ctx, out, len);
}

static const struct rgw_ops ops = {
	.udp_send = op_udp_send,
	.conn_open = op_conn_open,
	.conn_send = op_conn_send,
	.conn_close = op_conn_close,
	.source_open = sim_op_source_open,
	.source_send = sim_op_source_send,
	.source_close = sim_op_source_close,
	.resolve = op_resolve,
	.random = op_random,
};

static bool
sink(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	struct sim *s = ctx;
	const char *event = line + 25;  /* behind the time stamp */
	const char *end = line + len;   /* nothing ends the text there */

	s->log_lines++;
	if (getenv("SIM_LOG") != NULL)
		fprintf(stderr, "%8llu %d %.*s", (unsigned long long)s->now, level, (int)(end - event),
		    event);
	event += strcspn(event, " ") + 1;
	snprintf(s->last_line, sizeof s->last_line, "%.*s", (int)(end - event), event);
	snprintf(s->last_event, sizeof s->last_event, "%.*s", (int)strcspn(event, ":"), event);
	return true;
}

static void
wall_clock(void *ctx, int64_t *sec, uint32_t *nsec)
{
	(void)ctx;
	*sec = 0;
	*nsec = 0;
}

/* ---- the course of things ---- */

static void
resolved(struct sim *s, uint32_t query)
{
	struct rgw_addr addrs[2];
	size_t n = 0;

	if (!s->no_dns) {
		addrs[n++] = (struct rgw_addr){ .family = 4, .ip = { 192, 0, 2, s->dns_ip } };
		if (s->dns_ip2 != 0)
			addrs[n++] = (struct rgw_addr){ .family = 4, .ip = { 192, 0, 2, s->dns_ip2 } };
	}
	rgw_gw_on_resolved(s->gw, query, addrs, n, s->dns_ttl, "server failure", s->now);
}

static void
happen(struct sim *s, const struct sim_event *e)
{
	struct sim_conn *c = e->conn;
	struct rgw_conn *engine = c != NULL ? c->engine : NULL;

	switch (e->kind) {
	case CONNECTED:
		if (engine == NULL)
			return;
		rgw_conn_on_connected(engine, s->now);
		if (!s->no_tls)
			sim_schedule(s, s->handshake_delay,
			    (struct sim_event){ .kind = HANDSHAKED, .conn = c });
		return;
	case HANDSHAKED:
		if (engine == NULL)
			return;
		c->up = true;
		rgw_conn_on_open(engine, s->conf.peer.v[0], s->now);
		return;
	case REFUSED:
		if (engine == NULL)
			return;
		sim_conn_over(s, c);
		rgw_conn_on_lost(engine, "Connection refused", s->now);
		return;
	case ANSWER:
		sim_reply(s, e->got, 0);
		return;
	case RESOLVED:
		resolved(s, e->query);
		return;
	case SERVER_ANSWER:
	case UNREACHABLE:
		sim_server_happen(s, e);
		return;
	}
}

void
sim_run(struct sim *s, rgw_ms ms)
{
	rgw_ms until = s->now + ms;

	for (;;) {
		struct sim_event *e = s->events;
		rgw_ms deadline = rgw_gw_deadline(s->gw);
		rgw_ms at = e != NULL ? rgw_ms_min(e->at, deadline) : deadline;

		if (at > until)
			break;
		if (at > s->now)
			s->now = at;
		s->log.now = s->now;
		if (e != NULL && e->at <= s->now) {
			s->events = e->next;
			happen(s, e);
			free(e);
		} else {
			rgw_gw_on_timer(s->gw, s->now);
			/* A deadline that stays in the past would hang the real loop, too. */
			assert_true(rgw_gw_deadline(s->gw) > s->now || s->events != NULL);
		}
	}
	s->now = until;
	s->log.now = s->now;
}

/* ---- setting up and ending ---- */

void
sim_init(struct sim *s, const char *connect)
{
	memset(s, 0, sizeof *s);
	s->seed = 42;
	s->now = 1000000;
	s->connect_delay = 10;
	s->handshake_delay = 20;
	s->delay = 5;
	s->server_delay = 5;
	s->dns_ip = 1;
	s->dns_ttl = 300;
	s->next_nonce = 1;
	sim_conf_init(s, connect);
	rgw_log_init(&s->log, sink, wall_clock, s);
	s->log.level = RGW_LOG_DEBUG;
	s->log.rate_per_second = 0;
	s->log.now = s->now;
}

void
sim_start(struct sim *s)
{
	sim_conf_ready(s);
	s->gw = rgw_gw_new(&s->conf, &ops, s, &s->log, s->now);
	sim_run(s, 2);
}

void
sim_abort(struct sim *s)
{
	struct sim_event *e;

	rgw_gw_free(s->gw);
	for (size_t i = 0; i < s->n_conns; i++) {
		assert_null(s->conns[i]->engine);
		free(s->conns[i]);
	}
	for (size_t i = 0; i < s->n_got; i++)
		free(s->got[i]);
	for (size_t i = 0; i < s->n_reqs; i++)
		free(s->reqs[i]);
	while ((e = s->events) != NULL) {
		s->events = e->next;
		free(e);
	}
	sim_free_sources(s);
	free(s->conns);
	free(s->got);
	free(s->reqs);
	sim_conf_free(s);
}

/* Every accepted request must have ended in exactly one of the counters that say so. */
static void
check_balance(const struct sim *s)
{
	static const enum rgw_counter ends[] = { RGW_CTR_request_answered, RGW_CTR_request_timed_out,
		RGW_CTR_request_queue_timed_out, RGW_CTR_request_queue_full,
		RGW_CTR_request_superseded, RGW_CTR_request_no_route, RGW_CTR_request_not_allowed,
		RGW_CTR_request_too_big, RGW_CTR_request_refused, RGW_CTR_request_answer_too_big,
		RGW_CTR_request_no_identifier, RGW_CTR_request_loop, RGW_CTR_request_gone,
		RGW_CTR_request_abandoned };
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		sum += sim_counter(s, ends[i]);
	assert_int_equal(sum, sim_counter(s, RGW_CTR_requests_accepted));
}

void
sim_end(struct sim *s)
{
	struct rgw_gw_usage usage;

	assert_int_equal(s->foreign_datagrams, s->expected_foreign);
	sim_run(s, s->conf.gateway.request_lifetime + s->conf.gateway.duplicate_window + 1);
	check_balance(s);
	rgw_gw_get_usage(s->gw, &usage);
	assert_int_equal(usage.requests, 0);
	assert_int_equal(usage.buffers, 0);
	assert_int_equal(rgw_gw_pending(s->gw), 0);
	sim_abort(s);
}

/* ---- what NASes and peers do ---- */

void
sim_datagram(struct sim *s, uint32_t sock, const char *from, const void *data, size_t len)
{
	struct rgw_udp_from f = {
		.sock = sock,
		.accept = sock == 0 ? RGW_SERVICE_AUTH | RGW_SERVICE_ACCT : RGW_SERVICE_ACCT,
	};

	assert_true(rgw_addr_parse(from, 40000, &f.remote));
	assert_true(rgw_addr_parse("192.0.2.1", (uint16_t)(1812 + sock), &f.local));
	rgw_gw_on_udp(s->gw, &f, data, len, s->now);
}

void
sim_again(struct sim *s, struct sim_req *r)
{
	char from[32];

	snprintf(from, sizeof from, "192.0.2.10:%u", r->port);
	sim_datagram(s, r->sock, from, r->data, r->len);
}

struct sim_req *
sim_new_req(struct sim *s)
{
	struct sim_req *r = rgw_xcalloc(1, sizeof *r);

	r->asked_at = s->now;
	s->reqs = rgw_xrealloc(s->reqs, (s->n_reqs + 1) * sizeof r);
	s->reqs[s->n_reqs++] = r;
	return r;
}

struct sim_req *
sim_build_request(struct sim *s, uint8_t code, uint8_t id, const char *user, const char *text)
{
	struct rgw_secret *secret = sim_secret_of(text);
	struct sim_req *r = sim_new_req(s);
	uint8_t auth[RGW_AUTH_LEN];
	struct rgw_builder b;
	char nonce[9];

	sim_fill_random(s, auth, sizeof auth);
	r->nonce = s->next_nonce++;
	snprintf(nonce, sizeof nonce, "%08x", r->nonce);
	rgw_build_begin(&b, r->data, sizeof r->data, code, id,
	    code == RGW_ACCOUNTING_REQUEST ? NULL : auth, code != RGW_ACCOUNTING_REQUEST);
	if (user != NULL)
		rgw_build_attr(&b, RGW_USER_NAME, user, strlen(user));
	if (code == RGW_ACCESS_REQUEST)
		rgw_build_attr(&b, RGW_USER_PASSWORD, "0123456789abcdef", 16);
	rgw_build_attr(&b, RGW_PROXY_STATE, nonce, 8);
	rgw_build_attr(&b, NONCE_ATTR, nonce, 8);
	r->len = rgw_build_request(&b, secret);
	assert_true(r->len > 0);
	rgw_secret_free(secret);
	return r;
}

struct sim_req *
sim_request(struct sim *s, uint8_t code, uint16_t port, uint8_t id, const char *user)
{
	struct sim_req *r = sim_build_request(s, code, id, user, SIM_SECRET);

	r->port = port;
	for (size_t i = 0; i + 1 < s->n_reqs; i++)
		if (s->reqs[i]->port == port && s->reqs[i]->data[1] == id &&
		    s->reqs[i]->data[0] == code && s->reqs[i]->conn == NULL)
			s->reqs[i]->superseded = true;
	sim_again(s, r);
	return r;
}

static uint8_t
usual_answer(uint8_t request)
{
	return request == RGW_ACCOUNTING_REQUEST ? RGW_ACCOUNTING_RESPONSE : RGW_ACCESS_ACCEPT;
}

size_t
sim_build_answer(const struct sim_got *g, uint8_t *out, size_t cap, uint8_t code, uint8_t type,
    const void *value, size_t len, const char *text)
{
	struct rgw_secret *secret = sim_secret_of(text);
	struct rgw_builder b;
	uint8_t hidden[19] = { 1, 0x80, 7 };
	char nonce[9];
	size_t n;

	snprintf(nonce, sizeof nonce, "%08x", g->nonce);
	if (code == 0)
		code = usual_answer(g->data[0]);
	rgw_build_begin(&b, out, cap, code, g->data[1], NULL, code != RGW_ACCOUNTING_RESPONSE);
	if (type != 0)
		rgw_build_attr(&b, type, value, len);
	memcpy(hidden + 3, key_material, sizeof key_material);
	salted_block(hidden + 3, text, g->data + 4, hidden + 1);
	rgw_build_attr(&b, RGW_TUNNEL_PASSWORD, hidden, sizeof hidden);
	rgw_build_attr(&b, RGW_REPLY_MESSAGE, nonce, 8);
	n = rgw_build_response(&b, g->data + 4, secret);
	rgw_secret_free(secret);
	return n;
}

void
sim_octets(struct sim *s, struct sim_conn *c, const void *data, size_t len)
{
	if (c != NULL && c->engine != NULL && c->up)
		rgw_conn_on_data(c->engine, data, len, s->now);
}

void
sim_reply_with(struct sim *s, struct sim_got *g, uint8_t code, uint8_t type, const void *value,
    size_t len)
{
	uint8_t out[4096];
	size_t n = sim_build_answer(g, out, sizeof out, code, type, value, len, SIM_RADSEC);

	g->answered = true;
	sim_octets(s, g->conn, out, n);
}

void
sim_reply(struct sim *s, struct sim_got *g, uint8_t code)
{
	sim_reply_with(s, g, code, 0, NULL, 0);
}

void
sim_reply_forged(struct sim *s, struct sim_got *g)
{
	uint8_t out[4096];
	size_t n = sim_build_answer(g, out, sizeof out, 0, 0, NULL, 0, SIM_RADSEC);

	out[4] ^= 1;
	sim_octets(s, g->conn, out, n);
}

void
sim_cut(struct sim *s, struct sim_conn *c)
{
	struct rgw_conn *engine = c->engine;

	assert_non_null(engine);
	sim_conn_over(s, c);
	rgw_conn_on_lost(engine, "Connection reset by peer", s->now);
}

struct sim_conn *
sim_first_up(struct sim *s)
{
	for (size_t i = 0; i < s->n_conns; i++)
		if (s->conns[i]->up)
			return s->conns[i];
	return NULL;
}

struct sim_conn *
sim_first_ours(struct sim *s)
{
	for (size_t i = 0; i < s->n_conns; i++)
		if (s->conns[i]->up && !s->conns[i]->incoming)
			return s->conns[i];
	return NULL;
}

size_t
sim_count_up(const struct sim *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_conns; i++)
		n += s->conns[i]->up;
	return n;
}

uint64_t
sim_counter(const struct sim *s, enum rgw_counter c)
{
	return rgw_gw_counters(s->gw)->v[c];
}

size_t
sim_answered(const struct sim *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_reqs; i++)
		n += s->reqs[i]->answers > 0;
	return n;
}

size_t
sim_sends(const struct sim *s, uint32_t nonce)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_got; i++)
		n += s->got[i]->nonce == nonce;
	return n;
}
