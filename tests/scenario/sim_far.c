/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/mem.h"

/* The far ends of the connections that we open. */

static struct sim_far *
far_of(struct sim *s, const struct rgw_conf_peer *peer)
{
	/* A story may give them other names. */
	return strncmp(peer->head.name, "national", 8) == 0 ? &s->national
	    : strncmp(peer->head.name, "second", 6) == 0    ? &s->second
	                                                    : &s->visitor;
}

/* ---- connections ---- */

struct sim_conn *
sim_new_conn(struct sim *s)
{
	struct sim_conn *c = rgw_xcalloc(1, sizeof *c);

	c->opened_at = s->now;
	if ((s->n_conns & (s->n_conns - 1)) == 0)
		s->conns = rgw_xrealloc(s->conns, (s->n_conns * 2 + 1) * sizeof c);
	s->conns[s->n_conns++] = c;
	c->number = (unsigned)s->n_conns;
	return c;
}

void *
sim_op_conn_open(void *ctx, struct rgw_conn *conn, const struct rgw_conf_peer *peer, const char *host,
    const struct rgw_addr *to)
{
	struct sim *s = ctx;
	struct sim_far *far = far_of(s, peer);
	struct sim_conn *c;
	size_t open = 0;

	if (s->no_fds)
		return NULL;
	for (size_t i = 0; i < s->n_conns; i++)
		open += s->conns[i]->engine != NULL && s->conns[i]->far == far;
	assert_true(open < peer->connections.max + s->draining);
	c = sim_new_conn(s);
	c->engine = conn;
	c->peer = peer->head.id;
	c->far = far;
	c->secret = strcmp(peer->head.name, "extra") == 0 ? SIM_RADSEC : far->secret;
	c->to = *to;
	snprintf(c->host, sizeof c->host, "%s", host);
	if (far->refuse || (far->refuse_ip != 0 && to->ip[3] == far->refuse_ip))
		sim_schedule(s, far->connect_delay, (struct sim_event){ .kind = REFUSED, .conn = c });
	else if (!far->no_tcp)
		sim_schedule(s, far->connect_delay, (struct sim_event){ .kind = CONNECTED, .conn = c });
	return c;
}

void
sim_conn_over(struct sim *s, struct sim_conn *c)
{
	(void)s;
	c->engine = NULL;
	c->up = false;
	for (struct sim_got *g = c->got; g != NULL; g = g->next_here) {
		g->poisoned = c->poisoned;
		g->conn = NULL;
	}
}

void
sim_op_conn_close(void *ctx, void *io)
{
	struct sim_conn *c = io;

	assert_non_null(c->engine);
	c->closed_by_engine = true;
	sim_conn_over(ctx, c);
}

/* All that has come meanwhile is read at once. What was on the way when the connection ended is lost. */
static void
on_held(struct sim *s, const struct sim_event *e)
{
	struct sim_conn *c = e->conn;
	uint8_t *held = c->held;
	size_t len = c->held_len;

	c->held = NULL;
	c->held_len = 0;
	if (c->engine != NULL && c->up)
		rgw_conn_on_data(c->engine, held, len, s->now);
	free(held);
}

/* Octets wait for a moment, and those behind them wait, too. */
static void
hold(struct sim *s, struct sim_conn *c, const void *data, size_t len)
{
	if (c->held == NULL)
		sim_schedule(s, sim_random(s, SIM_HELD_MS + 1),
		    (struct sim_event){ .kind = CALL, .call = on_held, .conn = c });
	c->held = rgw_xrealloc(c->held, c->held_len + len);
	memcpy(c->held + c->held_len, data, len);
	c->held_len += len;
}

void
sim_octets(struct sim *s, struct sim_conn *c, const void *data, size_t len)
{
	if (c == NULL || c->engine == NULL || !c->up || len == 0)
		return;
	if (c->held != NULL || (c->far != NULL && sim_percent(s, c->far->held)))
		hold(s, c, data, len);
	else
		rgw_conn_on_data(c->engine, data, len, s->now);
}

void
sim_cut(struct sim *s, struct sim_conn *c)
{
	struct rgw_conn *engine = c->engine;

	assert_non_null(engine);
	sim_conn_over(s, c);
	rgw_conn_on_lost(engine, "Connection reset by peer", s->now);
}

void
sim_cut_all(struct sim *s, const struct sim_far *far)
{
	/* Those that are opened meanwhile stay. */
	size_t n = s->n_conns;

	for (size_t i = 0; i < n; i++)
		if (s->conns[i]->far == far && s->conns[i]->engine != NULL)
			sim_cut(s, s->conns[i]);
}

void
sim_set_full(struct sim *s, struct sim_conn *c, bool full)
{
	bool was = c->full;

	c->full = full;
	if (was && !full && c->engine != NULL)
		rgw_conn_on_writable(c->engine, s->now);
}

/* ---- requests ---- */

static void
keep(struct sim_got ***list, size_t *n, struct sim_got *g)
{
	if ((*n & (*n - 1)) == 0)
		*list = rgw_xrealloc(*list, (*n * 2 + 1) * sizeof g);
	(*list)[(*n)++] = g;
}

/* No change of a session reaches a NAS that it was not for: stations of the NAS begin with n, those behind the
 * visitor with v. Nobody else knows any of them, and with three peers no one of them is the only other one that
 * takes it. */
static void
check_change(const struct sim *s, const struct rgw_packet *p, const struct sim_far *far)
{
	bool to_nas = far == &s->server;
	struct rgw_attr station;

	if (!rgw_code_is_dynamic(p->code) || !rgw_packet_get(p, RGW_AT_CALLING_STATION_ID, &station))
		return;
	if (station.value[0] == 'n')
		assert_true(to_nas || s->conf->peer.n < 3);
	if (station.value[0] == 'v')
		assert_true(!to_nas && (far == &s->visitor || s->conf->peer.n < 3));
}

struct sim_got *
sim_receive(struct sim *s, struct sim_far *far, const uint8_t *data, size_t len, const char *text)
{
	const struct rgw_secret *secret = sim_secret_of(s, text);
	struct sim_got *g = rgw_xcalloc(1, sizeof *g + len);
	struct rgw_auth_check check;
	struct rgw_packet p;

	assert_int_equal(rgw_packet_parse(&p, data, len), RGW_PACKET_OK);
	assert_int_equal(p.len, len);
	check = rgw_auth_check_one(&p, NULL, secret);
	assert_true(check.auth_ok);
	assert_int_equal(check.msgauth,
	    p.code == RGW_ACCOUNTING_REQUEST ? RGW_MSGAUTH_ABSENT : RGW_MSGAUTH_OK);
	/* P-TCP-20, P-TCP-41: on connections 0 is for Status-Server, and for nothing else. */
	assert_true((p.id == 0) == (p.code == RGW_STATUS_SERVER && far != &s->server));
	check_change(s, &p, far);
	g->data = (uint8_t *)(g + 1);
	memcpy(g->data, data, len);
	g->len = len;
	g->secret = text;
	g->nonce = sim_nonce_in(&p, NONCE_ATTR);
	g->at = s->now;
	g->copies = 1;
	g->copy_at[0] = s->now;
	g->far = far;
	if (g->nonce != 0 && g->nonce < s->next_nonce) {
		g->req = s->by_nonce[g->nonce];
		g->life = g->req->life;
		g->before = g->req->got;
		g->req->got = g;
	}
	keep(&s->all, &s->n_all, g);
	if (p.code == RGW_STATUS_SERVER) {
		far->probes++;
	} else {
		far->requests++;
		keep(&s->got, &s->n_got, g);
	}
	return g;
}

void
sim_check_identifier(const struct sim *s, struct sim_got *g)
{
	struct sim_got **at = &g->older;
	unsigned n = 0;

	while (*at != NULL && s->now - (*at)->at < s->least_lifetime) {
		/* What is answered never counts again, so that nobody need pass it once more. */
		if ((*at)->answered) {
			*at = (*at)->older;
			continue;
		}
		n++;
		at = &(*at)->older;
	}
	assert_in_range(n, 0, 1);
}

/* P-WD-4: not a second one while one waits for its answer, unless watchdogs were off meanwhile. */
static void
check_probe(const struct sim *s, const struct sim_got *g)
{
	if (g->older != NULL)
		assert_true(g->older->answered || g->conn->far->misdone_status || g->older->at < s->reloaded_at);
}

/* Never twice on one connection (P-TCP-27). */
static void
check_sent_once(const struct sim_got *g)
{
	for (const struct sim_got *o = g->before; o != NULL && o->life == g->life; o = o->before)
		assert_true(o->conn != g->conn);
}

/* Does the name of the user of a request begin with this? */
static bool
is_user(const struct sim_got *g, const char *text)
{
	struct rgw_packet p = sim_packet_of(g->data, g->len);
	struct rgw_attr name;

	return rgw_packet_get(&p, RGW_AT_USER_NAME, &name) && name.len >= strlen(text) &&
	    memcmp(name.value, text, strlen(text)) == 0;
}

/* The far end closes the connection, because of what it has read there. */
static void
on_poison(struct sim *s, const struct sim_event *e)
{
	if (e->conn->engine == NULL)
		return;
	/* A request that moved twice is not sent again. */
	if (e->req != NULL && e->req->life == e->query)
		assert_in_range(++e->req->poisoned, 1, 3);
	sim_cut(s, e->conn);
}

static void
answer_later(struct sim *s, struct sim_far *far, struct sim_got *g)
{
	enum sim_answer how = sim_choose_how(s, far, g);

	if (!g->conn->poisoned && !far->hang && is_user(g, "poison")) {
		g->conn->poisoned = true;
		sim_schedule(s, far->closes_after, (struct sim_event){ .kind = CALL, .call = on_poison,
			.conn = g->conn, .req = g->req, .query = g->life });
	}
	if (how == SIM_SILENT || g->conn->poisoned)
		return;
	sim_schedule(s, far->delay, (struct sim_event){ .kind = ANSWER, .got = g, .how = how });
}

bool
sim_op_conn_send(void *ctx, void *io, const struct rgw_outgoing *packet)
{
	struct sim *s = ctx;
	struct sim_conn *c = io;
	uint8_t room[RGW_PACKET_MAX];
	const uint8_t *data = sim_signed(room, packet);
	struct sim_got *g;

	assert_non_null(c->engine);
	assert_true(c->up);
	if (c->full)
		return false;
	c->sent++;
	if (!rgw_code_is_request(data[0])) {
		/* To a request of its own. */
		sim_visitor_hears(s, c, data, packet->len);
		return true;
	}
	/* A connection that the visitor opened carries nothing but what changes sessions. */
	assert_true(!c->incoming || rgw_code_is_dynamic(data[0]));
	g = sim_receive(s, c->incoming ? &s->visitor : c->far, data, packet->len, c->secret);
	g->conn = c;
	g->next_here = c->got;
	c->got = g;
	g->older = c->by_id[data[1]];
	c->by_id[data[1]] = g;
	if (data[0] == RGW_STATUS_SERVER) {
		check_probe(s, g);
	} else {
		check_sent_once(g);
		sim_check_identifier(s, g);
	}
	answer_later(s, g->far, g);
	return true;
}

/* ---- answers ---- */

/* Users to whose requests the answers are always bad, in each way. */
static const struct {
	const char *user;
	enum sim_answer how;
} special[] = {
	{ "forged", SIM_FORGED },
	{ "wrong-secret", SIM_WRONG_SECRET },
	{ "bad-msgauth", SIM_BAD_MSGAUTH },
	{ "bad-attribute", SIM_BAD_ATTRIBUTE },
	{ "half", SIM_HALF },
	{ "too-short", SIM_TOO_SHORT },
	{ "too-long", SIM_TOO_LONG },
	{ "wrong-id", SIM_WRONG_ID },
	{ "silent", SIM_SILENT },
};

enum sim_answer
sim_choose_how(struct sim *s, struct sim_far *far, const struct sim_got *g)
{
	enum sim_answer how = far->answer;

	if (far->hang)
		return SIM_SILENT;
	if (g->data[0] == RGW_STATUS_SERVER)
		return far->no_status      ? SIM_SILENT :
		    far->wrong_status   ? SIM_WRONG_SECRET :
		    far->misdone_status ? SIM_BAD_MSGAUTH : SIM_ANSWER;
	if (sim_percent(s, far->odd))
		how = (enum sim_answer)sim_random(s, SIM_ANSWERS);
	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
		if (is_user(g, special[i].user))
			how = special[i].how;
	/* Answers to accounting have no Message-Authenticator. */
	if (how == SIM_BAD_MSGAUTH && g->data[0] == RGW_ACCOUNTING_REQUEST)
		how = SIM_ANSWER;
	return how;
}

static uint8_t
usual_answer(uint8_t request)
{
	if (rgw_code_is_dynamic(request))
		return (uint8_t)(request + 1);
	return request == RGW_ACCOUNTING_REQUEST ? RGW_ACCOUNTING_RESPONSE : RGW_ACCESS_ACCEPT;
}

size_t
sim_build_answer(const struct sim *s, const struct sim_got *g, uint8_t *out, size_t cap, uint8_t code,
    uint8_t type, const void *value, size_t len, const char *text)
{
	struct rgw_builder b;
	uint8_t hidden[19] = { 1, 0x80, 7 };
	char nonce[9];

	snprintf(nonce, sizeof nonce, "%08x", g->nonce);
	if (code == 0)
		code = usual_answer(g->data[0]);
	rgw_build_begin(&b, out, cap, code, g->data[1], NULL, code != RGW_ACCOUNTING_RESPONSE);
	if (type != 0)
		rgw_build_attr(&b, type, value, len);
	memcpy(hidden + 3, sim_key_material, sizeof sim_key_material);
	sim_salted_block(hidden + 3, text, g->data + 4, hidden + 1);
	rgw_build_attr(&b, RGW_TUNNEL_PASSWORD, hidden, sizeof hidden);
	rgw_build_attr(&b, RGW_REPLY_MESSAGE, nonce, 8);
	return rgw_build_response(&b, g->data + 4, sim_secret_of(s, text));
}

/* A State says whose it is. */
static char
initial_of(const struct sim *s, const struct sim_far *far)
{
	return far == &s->national ? 'N' : far == &s->second ? 'S' : far == &s->server ? 'L' : 'V';
}

bool
sim_is_bad(enum sim_answer how)
{
	switch (how) {
	case SIM_FORGED:
	case SIM_WRONG_SECRET:
	case SIM_BAD_MSGAUTH:
	case SIM_BAD_ATTRIBUTE:
	case SIM_TOO_SHORT:
	case SIM_TOO_LONG:
	case SIM_WRONG_ID:
		return true;
	default:
		return false;
	}
}

const char *
sim_answer_secret(const struct sim_got *g)
{
	return g->far->answers_with != NULL ? g->far->answers_with : g->secret;
}

/* Makes the Message-Authenticator wrong, and the Response Authenticator right for that. */
static void
spoil_msgauth(const struct sim_got *g, uint8_t *out, size_t len, const char *secret)
{
	struct rgw_packet p = sim_packet_of(out, len);
	struct rgw_attr a;
	struct rgw_md5 md5;

	assert_true(rgw_packet_get(&p, RGW_AT_MESSAGE_AUTHENTICATOR, &a));
	out[a.value - out] ^= 1;
	memcpy(out + 4, g->data + 4, RGW_AUTH_LEN);
	rgw_md5_init(&md5);
	rgw_md5_update(&md5, out, len);
	rgw_md5_update(&md5, secret, strlen(secret));
	rgw_md5_final(&md5, out + 4);
}

/* Makes of a good answer one that no gateway may believe. */
static void
spoil(const struct sim_got *g, uint8_t *out, size_t len, enum sim_answer how, const char *secret)
{
	switch (how) {
	case SIM_FORGED:
		out[4] ^= 1;
		break;
	case SIM_BAD_MSGAUTH:
		spoil_msgauth(g, out, len, secret);
		break;
	case SIM_BAD_ATTRIBUTE:
		/* The last attribute is the one of eight octets with the nonce. */
		out[len - 9] = 0;
		break;
	case SIM_TOO_SHORT:
		out[2] = 0;
		out[3] = RGW_HEADER_LEN - 1;
		break;
	case SIM_TOO_LONG:
		out[2] = (RGW_PACKET_MAX + 1) >> 8;
		out[3] = (RGW_PACKET_MAX + 1) & 0xff;
		break;
	case SIM_WRONG_ID:
		out[1]++;
		break;
	default:
		break;
	}
}

size_t
sim_build_how(const struct sim *s, const struct sim_got *g, uint8_t *out, size_t cap,
    enum sim_answer how, const char *secret)
{
	uint32_t cause = g->far->error_cause;
	const uint8_t value[4] = { (uint8_t)(cause >> 24), (uint8_t)(cause >> 16),
		(uint8_t)(cause >> 8), (uint8_t)cause };
	char state[10];
	size_t n;

	if (how == SIM_ERROR)
		return sim_build_answer(s, g, out, cap, RGW_PROTOCOL_ERROR, RGW_ERROR_CAUSE, value,
		    sizeof value, secret);
	if (how == SIM_CHALLENGE && g->data[0] == RGW_ACCESS_REQUEST) {
		snprintf(state, sizeof state, "%c%08x", initial_of(s, g->far), g->nonce);
		return sim_build_answer(s, g, out, cap, RGW_ACCESS_CHALLENGE, RGW_STATE, state, 9,
		    secret);
	}
	n = sim_build_answer(s, g, out, cap, 0, 0, NULL, 0,
	    how == SIM_WRONG_SECRET ? SIM_SECRET : secret);
	spoil(g, out, n, how, secret);
	return n;
}

/* As it is read: in one piece or in two. */
static void
give(struct sim *s, struct sim_got *g, const uint8_t *data, size_t len)
{
	struct sim_conn *c = g->conn;
	size_t first = sim_percent(s, g->far->split) ? sim_random(s, (uint32_t)len) : len;

	sim_octets(s, c, data, first);
	if (first < len)
		sim_octets(s, c, data + first, len - first);
}

/* Whoever the bad answer seems to be for. */
static void
note_spoiled(const struct sim_got *g)
{
	if (g != NULL && g->req != NULL)
		g->req->spoiled = true;
}

void
sim_reply_how(struct sim *s, struct sim_got *g, enum sim_answer how)
{
	uint8_t out[4096];
	size_t n;

	if (g->conn == NULL || g->conn->half || how == SIM_SILENT)
		return;
	n = sim_build_how(s, g, out, sizeof out, how, sim_answer_secret(g));
	if (sim_is_bad(how) || how == SIM_HALF)
		note_spoiled(how == SIM_WRONG_ID ? g->conn->by_id[out[1]] : g);
	if (how == SIM_HALF) {
		g->conn->half = true;
		sim_octets(s, g->conn, out, n / 2);
		return;
	}
	g->answered |= !sim_is_bad(how);
	give(s, g, out, n);
	if (how == SIM_TWICE)
		give(s, g, out, n);
}

void
sim_conn_happen(struct sim *s, const struct sim_event *e)
{
	struct sim_conn *c = e->kind == ANSWER ? e->got->conn : e->conn;
	struct rgw_conn *engine = c != NULL ? c->engine : NULL;

	if (engine == NULL)
		return;
	switch (e->kind) {
	case CONNECTED:
		rgw_conn_on_connected(engine, s->now);
		if (!c->far->no_tls && !c->far->hang)
			sim_schedule(s, c->far->handshake_delay,
			    (struct sim_event){ .kind = HANDSHAKED, .conn = c });
		return;
	case HANDSHAKED:
		c->up = true;
		rgw_conn_on_open(engine, c->peer, RGW_PROVEN_BY_CERTIFICATE, s->now);
		return;
	case REFUSED:
		sim_conn_over(s, c);
		rgw_conn_on_lost(engine, "Connection refused", s->now);
		return;
	default:
		if (!e->got->far->hang && !c->mute)
			sim_reply_how(s, e->got, e->how);
		return;
	}
}

void
sim_reply_with(struct sim *s, struct sim_got *g, uint8_t code, uint8_t type, const void *value,
    size_t len)
{
	uint8_t out[4096];
	size_t n = sim_build_answer(s, g, out, sizeof out, code, type, value, len, sim_answer_secret(g));

	g->answered = true;
	sim_octets(s, g->conn, out, n);
}

void
sim_reply(struct sim *s, struct sim_got *g, uint8_t code)
{
	sim_reply_with(s, g, code, 0, NULL, 0);
}

void
sim_reply_error(struct sim *s, struct sim_got *g, uint32_t cause)
{
	const uint8_t value[4] = { (uint8_t)(cause >> 24), (uint8_t)(cause >> 16),
		(uint8_t)(cause >> 8), (uint8_t)cause };

	sim_reply_with(s, g, RGW_PROTOCOL_ERROR, RGW_ERROR_CAUSE, value, sizeof value);
}

void
sim_reply_forged(struct sim *s, struct sim_got *g)
{
	sim_reply_how(s, g, SIM_FORGED);
}
