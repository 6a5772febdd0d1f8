/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/mem.h"

/* The other direction: a visitor that opens connections to us, and a server that is asked over UDP. */

/* ---- the server ---- */

void *
sim_op_source_open(void *ctx, struct rgw_source *source, const struct rgw_addr *from,
    const struct rgw_addr *to)
{
	struct sim *s = ctx;
	struct sim_source *new;

	if (s->no_sockets)
		return NULL;
	new = rgw_xcalloc(1, sizeof *new);
	new->engine = source;
	/* A NAS is asked with the secret of the client that it is. */
	new->secret = to->port == SIM_NAS_PORT ? s->nas_secret : s->server.secret;
	new->to = *to;
	if (from != NULL)
		new->from = *from;
	s->sources = rgw_xrealloc(s->sources, (s->n_sources + 1) * sizeof new);
	s->sources[s->n_sources++] = new;
	return new;
}

static void
drop_held(struct sim_source *source)
{
	for (size_t i = 0; i < source->n_held; i++)
		free(source->held[i].octets);
	source->n_held = 0;
}

void
sim_op_source_close(void *ctx, void *io)
{
	struct sim *s = ctx;
	struct sim_source *source = io;

	assert_non_null(source->engine);
	drop_held(source);
	source->engine = NULL;
	source->closed_at = s->now;
	for (struct sim_got *g = source->got; g != NULL; g = g->next_here)
		g->source = NULL;
}

/* Under one identifier of a socket: the same octets again, or a new request once the old one cannot be
 * answered any more. */
static struct sim_got *
repeated(const struct sim_source *source, const uint8_t *data, size_t len)
{
	struct sim_got *g = source->by_id[data[1]];

	if (g == NULL || g->len != len || memcmp(g->data, data, len) != 0)
		return NULL;
	/* What is answered does not come again (P-ID-8); but the same record of accounting, sent once
	 * more by its client much later, may come under the same identifier. */
	assert_true(!g->answered || data[0] == RGW_ACCOUNTING_REQUEST);
	return !g->answered ? g : NULL;
}

static struct sim_got *
arrives(struct sim *s, struct sim_source *source, const uint8_t *data, size_t len)
{
	struct sim_got *g = repeated(source, data, len);

	if (g != NULL) {
		/* Unchanged, from the same port (P-ID-6). */
		if (g->copies < SIM_COPIES)
			g->copy_at[g->copies] = s->now;
		g->copies++;
		return g;
	}
	g = sim_receive(s, &s->server, data, len, source->secret);
	g->source = source;
	g->next_here = source->got;
	source->got = g;
	g->older = source->by_id[data[1]];
	source->by_id[data[1]] = g;
	sim_check_identifier(s, g);
	return g;
}

/* Both ways of the path at once: the request, and what is answered. */
static void
answer_later(struct sim *s, struct sim_got *g, enum sim_answer how)
{
	const struct sim_path *path = &s->server_path;
	int copies = sim_percent(s, path->doubled) ? 2 : 1;

	while (copies-- > 0)
		if (!sim_percent(s, path->loss))
			sim_schedule(s, s->server.delay + path->delay +
			                    sim_random(s, (uint32_t)path->jitter + 1),
			    (struct sim_event){ .kind = SERVER_ANSWER, .got = g, .how = how });
}

void
sim_op_source_send(void *ctx, void *io, const struct rgw_outgoing *packet)
{
	struct sim *s = ctx;
	struct sim_source *source = io;
	uint8_t room[RGW_PACKET_MAX];
	const uint8_t *data = sim_signed(room, packet);
	enum sim_answer how;
	struct sim_got *g;

	assert_non_null(source->engine);
	if (s->server_gone && (s->server_gone_ip == 0 || source->to.ip[3] == s->server_gone_ip)) {
		sim_schedule(s, 1, (struct sim_event){ .kind = UNREACHABLE, .source = source });
		return;
	}
	g = arrives(s, source, data, packet->len);
	if (data[0] == RGW_STATUS_SERVER)
		assert_int_equal(g->copies, 1);  /* P-SS-8 */
	how = sim_choose_how(s, &s->server, g);
	if (how != SIM_SILENT)
		answer_later(s, g, how);
}

/* All that has come meanwhile is read at once. */
static void
on_held(struct sim *s, const struct sim_event *e)
{
	struct sim_source *source = e->source;
	struct rgw_octets in[SIM_HELD];

	for (size_t i = 0; i < source->n_held; i++) {
		struct sim_datagram *d = &source->held[i];

		in[i] = (struct rgw_octets){ d->octets, d->len };
		if (d->answers != NULL)
			d->answers->answered = true;
	}
	if (source->engine != NULL)
		rgw_source_on_packets(source->engine, in, source->n_held, s->now);
	drop_held(source);
}

/* A datagram waits for a moment, and so do those behind it. */
static void
hold(struct sim *s, struct sim_source *source, const void *data, size_t len, struct sim_got *answers)
{
	uint8_t *copy = rgw_xcalloc(1, len);

	if (source->n_held == 0)
		sim_schedule(s, sim_random(s, SIM_HELD_MS + 1),
		    (struct sim_event){ .kind = CALL, .call = on_held, .source = source });
	memcpy(copy, data, len);
	source->held[source->n_held++] = (struct sim_datagram){ copy, len, answers };
}

/* A datagram from the server; `answers`: to which it is a good answer. */
static void
arrives_from(struct sim *s, struct sim_source *source, const void *data, size_t len,
    struct sim_got *answers)
{
	if (source == NULL || source->engine == NULL)
		return;
	if (source->n_held < SIM_HELD && (source->n_held > 0 || sim_percent(s, s->server.held))) {
		hold(s, source, data, len, answers);
		return;
	}
	if (answers != NULL)
		answers->answered = true;
	rgw_source_on_packets(source->engine, &(struct rgw_octets){ data, len }, 1, s->now);
}

void
sim_server_octets(struct sim *s, struct sim_source *source, const void *data, size_t len)
{
	arrives_from(s, source, data, len, NULL);
}

void
sim_server_reply_with(struct sim *s, struct sim_got *g, uint8_t code, uint8_t type, const void *value,
    size_t len)
{
	uint8_t out[4096];
	size_t n = sim_build_answer(s, g, out, sizeof out, code, type, value, len, sim_answer_secret(g));

	arrives_from(s, g->source, out, n, rgw_code_answers(out[0], g->data[0]) ? g : NULL);
}

void
sim_server_reply(struct sim *s, struct sim_got *g, uint8_t code)
{
	sim_server_reply_with(s, g, code, 0, NULL, 0);
}

void
sim_server_reply_how(struct sim *s, struct sim_got *g, enum sim_answer how)
{
	uint8_t out[4096];
	size_t n = sim_build_how(s, g, out, sizeof out, how, sim_answer_secret(g));

	/* Half a datagram is none. */
	if (how == SIM_HALF)
		n /= 2;
	if (sim_is_bad(how) || how == SIM_HALF) {
		sim_server_octets(s, g->source, out, n);
		return;
	}
	arrives_from(s, g->source, out, n, g);
	if (how == SIM_TWICE)
		arrives_from(s, g->source, out, n, g);
}

void
sim_server_happen(struct sim *s, const struct sim_event *e)
{
	if (e->kind == SERVER_ANSWER && !s->server.hang)
		sim_server_reply_how(s, e->got, e->how);
	else if (e->kind == UNREACHABLE && e->source->engine != NULL)
		rgw_source_on_refused(e->source->engine, "ICMP port unreachable", s->now);
}

void
sim_free_sources(struct sim *s)
{
	for (size_t i = 0; i < s->n_sources; i++) {
		assert_null(s->sources[i]->engine);
		free(s->sources[i]);
	}
	free(s->sources);
}

size_t
sim_count_sources(const struct sim *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_sources; i++)
		n += s->sources[i]->engine != NULL;
	return n;
}

/* ---- the visitor ---- */

static struct sim_conn *
come(struct sim *s, const char *from, bool balanced)
{
	struct sim_conn *c;
	struct rgw_addr addr;
	uint32_t listen;

	if (!sim_listen_id(s, "radsec", &listen))
		return NULL;
	c = sim_new_conn(s);
	c->incoming = true;
	c->secret = s->visitor.secret;
	assert_true(rgw_addr_parse(from, 40000, &addr));
	c->engine = (balanced ? rgw_gw_on_balanced : rgw_gw_on_accept)(s->gw, listen, &addr, c, s->now);
	return c->engine != NULL ? c : NULL;
}

struct sim_conn *
sim_accept(struct sim *s, const char *from)
{
	return come(s, from, false);
}

struct sim_conn *
sim_balanced(struct sim *s, const char *balancer)
{
	return come(s, balancer, true);
}

bool
sim_named(struct sim *s, struct sim_conn *c, const char *from)
{
	struct rgw_addr addr;

	assert_true(rgw_addr_parse(from, 40000, &addr));
	return rgw_conn_on_named(c->engine, &addr, s->now);
}

void
sim_shake(struct sim *s, struct sim_conn *c)
{
	c->shaking = true;
	rgw_conn_on_connected(c->engine, s->now);
}

void
sim_identify_as(struct sim *s, struct sim_conn *c, const struct rgw_conf_peer *peer)
{
	if (!c->shaking)
		sim_shake(s, c);
	c->up = true;
	c->secret = s->visitor.secret;
	rgw_conn_on_open(c->engine, peer->head.id, RGW_PROVEN_BY_CERTIFICATE, s->now);
}

/* Whom nobody knows any more cannot say who it is. */
void
sim_identify(struct sim *s, struct sim_conn *c)
{
	for (size_t i = 0; i < s->conf->peer.n; i++)
		if (strcmp(s->conf->peer.v[i]->head.name, "visitor") == 0) {
			sim_identify_as(s, c, s->conf->peer.v[i]);
			return;
		}
	sim_cut(s, c);
}

struct sim_conn *
sim_visit(struct sim *s)
{
	struct sim_conn *c = sim_accept(s, "203.0.113.5");

	assert_non_null(c);
	sim_identify(s, c);
	assert_non_null(c->engine);
	return c;
}

static void
give_octets(struct sim *s, struct sim_req *r)
{
	sim_octets(s, r->conn, r->data, r->len);
}

void
sim_ask_again(struct sim *s, struct sim_req *r)
{
	sim_deliver(s, r, give_octets);
}

static const char *
visitor_secret(const struct sim *s, const struct sim_conn *c)
{
	return s->visitor_secret != NULL ? s->visitor_secret : c->secret;
}

static struct sim_req *
send_it(struct sim *s, struct sim_conn *c, struct sim_req *r)
{
	r->conn = c;
	sim_index_req(s, r);
	sim_ask_again(s, r);
	return r;
}

struct sim_req *
sim_ask_with(struct sim *s, struct sim_conn *c, const struct sim_spec *spec)
{
	return send_it(s, c, sim_build_request(s, spec, visitor_secret(s, c)));
}

struct sim_req *
sim_ask(struct sim *s, struct sim_conn *c, uint8_t code, uint8_t id, const char *user)
{
	return sim_ask_with(s, c, &(struct sim_spec){ .code = code, .id = id, .user = user });
}

struct sim_req *
sim_ask_octets(struct sim *s, struct sim_conn *c, const void *data, size_t len)
{
	struct sim_req *r = sim_new_req(s, data, len);

	r->secret = visitor_secret(s, c);
	return send_it(s, c, r);
}

/* Which request of this connection does it answer, by its authenticator? */
static struct sim_req *
find_asked(struct sim *s, const struct sim_conn *c, const struct rgw_packet *p)
{
	for (struct sim_req *r = sim_bucket(s, c, 0, p->id); r != NULL; r = r->older) {
		struct rgw_auth_check check;

		if (r->conn != c || r->data[1] != p->id)
			continue;
		check = rgw_auth_check_one(p, r->data + 4, sim_secret_of(s, r->secret));
		if (!check.auth_ok)
			continue;
		assert_int_not_equal(check.msgauth, RGW_MSGAUTH_BAD);
		return r;
	}
	return NULL;
}

void
sim_visitor_hears(struct sim *s, struct sim_conn *c, const uint8_t *data, size_t len)
{
	struct rgw_packet p;
	struct sim_req *r;

	assert_int_equal(rgw_packet_parse(&p, data, len), RGW_PACKET_OK);
	assert_int_equal(p.len, len);
	memcpy(s->heard, data, len);
	s->heard_len = len;
	r = find_asked(s, c, &p);
	if (r == NULL) {
		s->foreign_datagrams += c->incoming;
		return;
	}
	assert_false(sim_is_taken_back(s, r));
	/* Every answer to an Access-Request is signed if there is room for it (P-GW-24, P-ATT-16). */
	if (p.code == RGW_ACCESS_ACCEPT && len + 18 <= RGW_PACKET_MAX)
		assert_int_equal(p.data[20], RGW_MESSAGE_AUTHENTICATOR);
	sim_check_key(&p, r, r->secret);
	sim_note_answer(s, r, &p);
}
