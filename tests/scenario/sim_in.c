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
	new->to = *to;
	if (from != NULL)
		new->from = *from;
	s->sources = rgw_xrealloc(s->sources, (s->n_sources + 1) * sizeof new);
	s->sources[s->n_sources++] = new;
	return new;
}

void
sim_op_source_close(void *ctx, void *io)
{
	struct sim *s = ctx;
	struct sim_source *source = io;

	assert_non_null(source->engine);
	source->engine = NULL;
	source->closed_at = s->now;
	for (size_t i = 0; i < s->n_got; i++)
		if (s->got[i]->source == source)
			s->got[i]->source = NULL;
}

/* Under one identifier of a socket: the same octets again, or a new request once the old one cannot be
 * answered any more. */
static struct sim_got *
repeated(struct sim *s, const struct sim_source *source, const uint8_t *data, size_t len)
{
	for (size_t i = s->n_got; i-- > 0;) {
		struct sim_got *g = s->got[i];

		if (g->source != source || g->data[1] != data[1])
			continue;
		if (g->len != len || memcmp(g->data, data, len) != 0)
			return NULL;
		/* What is answered does not come again (P-ID-8); but the same record of accounting, sent
		 * once more by its client much later, may come under the same identifier. */
		assert_true(!g->answered || data[0] == RGW_ACCOUNTING_REQUEST);
		return !g->answered ? g : NULL;
	}
	return NULL;
}

void
sim_op_source_send(void *ctx, void *io, const uint8_t *data, size_t len)
{
	struct sim *s = ctx;
	struct sim_source *source = io;
	struct sim_got *g = repeated(s, source, data, len);

	assert_non_null(source->engine);
	if (s->server_gone && (s->server_gone_ip == 0 || source->to.ip[3] == s->server_gone_ip)) {
		sim_schedule(s, 1, (struct sim_event){ .kind = UNREACHABLE, .source = source });
		return;
	}
	if (g != NULL) {
		/* Unchanged, from the same port (P-ID-6). */
		if (g->copies < SIM_COPIES)
			g->copy_at[g->copies] = s->now;
		g->copies++;
	} else {
		g = sim_receive(s, data, len, SIM_LOCAL);
		g->source = source;
		sim_check_identifier(s, g);
	}
	if (data[0] == RGW_STATUS_SERVER) {
		s->probes++;
		assert_int_equal(g->copies, 1);  /* P-SS-8 */
		if (!s->answer_probes)
			return;
	} else if (s->server_answer == SIM_SILENT) {
		return;
	}
	sim_schedule(s, s->server_delay, (struct sim_event){ .kind = SERVER_ANSWER, .got = g });
}

void
sim_server_octets(struct sim *s, struct sim_source *source, const void *data, size_t len)
{
	if (source != NULL && source->engine != NULL)
		rgw_source_on_packet(source->engine, data, len, s->now);
}

void
sim_server_reply(struct sim *s, struct sim_got *g, uint8_t code)
{
	uint8_t out[4096];
	size_t n = sim_build_answer(g, out, sizeof out, code, 0, NULL, 0, SIM_LOCAL);

	g->answered |= rgw_code_answers(out[0], g->data[0]);
	sim_server_octets(s, g->source, out, n);
}

void
sim_server_happen(struct sim *s, const struct sim_event *e)
{
	if (e->kind == SERVER_ANSWER)
		sim_server_reply(s, e->got, 0);
	else if (e->source->engine != NULL)
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

struct sim_conn *
sim_accept(struct sim *s, const char *from)
{
	struct sim_conn *c = sim_new_conn(s);
	struct rgw_addr addr;

	c->incoming = true;
	assert_true(rgw_addr_parse(from, 40000, &addr));
	c->engine = rgw_gw_on_accept(s->gw, 0, &addr, c, s->now);
	return c->engine != NULL ? c : NULL;
}

void
sim_identify(struct sim *s, struct sim_conn *c)
{
	rgw_conn_on_connected(c->engine, s->now);
	c->up = true;
	rgw_conn_on_open(c->engine, sim_visitor_conf(s), s->now);
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

/* The newest request is one that the visitor sends here. */
static struct sim_req *
send_it(struct sim *s, struct sim_conn *c)
{
	struct sim_req *r = s->reqs[s->n_reqs - 1];

	r->conn = c;
	for (size_t i = 0; i + 1 < s->n_reqs; i++)
		if (s->reqs[i]->conn == c && memcmp(s->reqs[i]->data, r->data, 2) == 0)
			s->reqs[i]->superseded = true;
	sim_octets(s, c, r->data, r->len);
	return r;
}

struct sim_req *
sim_ask(struct sim *s, struct sim_conn *c, uint8_t code, uint8_t id, const char *user)
{
	sim_build_request(s, code, id, user, SIM_RADSEC);
	return send_it(s, c);
}

struct sim_req *
sim_ask_octets(struct sim *s, struct sim_conn *c, const void *data, size_t len)
{
	struct sim_req *r = sim_new_req(s);

	memcpy(r->data, data, len);
	r->len = len;
	return send_it(s, c);
}

/* Which request of this connection does it answer, by its authenticator? */
static struct sim_req *
find_asked(struct sim *s, const struct sim_conn *c, const struct rgw_packet *p)
{
	struct rgw_secret *secret = sim_secret_of(SIM_RADSEC);
	struct sim_req *found = NULL;

	for (size_t i = s->n_reqs; i-- > 0 && found == NULL;) {
		struct sim_req *r = s->reqs[i];

		if (r->conn == c && r->data[1] == p->id && rgw_response_auth_ok(p, r->data + 4, secret))
			found = r;
	}
	if (found != NULL)
		assert_int_not_equal(rgw_msgauth_check(p, found->data + 4, secret), RGW_MSGAUTH_BAD);
	rgw_secret_free(secret);
	return found;
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
		s->foreign_datagrams++;
		return;
	}
	assert_false(r->superseded);
	/* Every answer to an Access-Request is signed (P-GW-24). */
	if (p.code == RGW_ACCESS_ACCEPT)
		assert_int_equal(p.data[20], RGW_MESSAGE_AUTHENTICATOR);
	sim_check_key(&p, r, SIM_RADSEC);
	sim_note_answer(s, r, data, len);
}
