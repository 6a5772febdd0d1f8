/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole engine in the simulation's world (tests/scenario): the first octets of the input choose a world,
 * the others are what happens there, one after the other: an octet says what, and a few say how. The world
 * checks what is sent, the audit looks into the engine after each event, and at the end nothing may be left.
 */
#include "../scenario/sim_chaos.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"
#include "radsecgw/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of so many that came last one is chosen. */
#define RECENT 24

/* Requests that arrive together. */
#define TOGETHER 8

/* Values of State that far ends gave. */
#define STATES 4

/* The identifier of requests of codes that are for nobody here. */
#define ODD_ID 255

/* More would make one execution too slow. */
#define CONNS_MAX 200
#define REQS_MAX 300

/* What drives the world; the world knows it by its first member. */
struct driver {
	struct chaos chaos;
	struct sim s;
	const uint8_t *in;
	size_t left;
	size_t split;              /* a visitor's octets are read in two pieces, the first has so many */
	bool loose;                /* answers have come to what the world does not keep */
	bool draining;
	uint8_t states[STATES][9];
	uint8_t n_states;
	uint8_t more[RGW_PACKET_MAX]; /* further attributes of the next request */
};

/* ---- the input ---- */

static uint8_t
take(struct driver *d)
{
	if (d->left == 0)
		return 0;
	d->left--;
	return *d->in++;
}

/* So many octets as there are, up to so many. No attribute in them is taken for the number of a request. */
static size_t
take_octets(struct driver *d, uint8_t *out, size_t most)
{
	size_t n = most < d->left ? most : d->left;

	for (size_t i = 0; i < n; i++) {
		out[i] = *d->in++;
		if (out[i] == NONCE_ATTR)
			out[i] = RGW_CLASS;
	}
	d->left -= n;
	return n;
}

/* One of the latest of n things; n is not 0. */
static size_t
recent(struct driver *d, size_t n)
{
	return n - 1 - take(d) % (n < RECENT ? n : RECENT);
}

/* ---- who is there ---- */

static struct sim_far *
some_far(struct driver *d)
{
	struct sim_far *const fars[] = { &d->s.national, &d->s.second, &d->s.server };

	return fars[take(d) % 3];
}

/* One of the latest requests that can be sent again, or NULL. */
static struct sim_req *
some_req(struct driver *d, bool visitor)
{
	struct sim_req *r = d->s.n_reqs > 0 ? d->s.reqs[recent(d, d->s.n_reqs)] : NULL;

	if (r == NULL || r->superseded || (r->conn != NULL) != visitor)
		return NULL;
	return !visitor || (r->conn->up && !r->conn->half) ? r : NULL;
}

static struct sim_got *
some_got(struct driver *d)
{
	return d->s.n_all > 0 ? d->s.all[recent(d, d->s.n_all)] : NULL;
}

/* One of the latest connections, if it stands; a visitor's, or ours. */
static struct sim_conn *
some_conn(struct driver *d, bool incoming)
{
	struct sim_conn *c = d->s.n_conns > 0 ? d->s.conns[recent(d, d->s.n_conns)] : NULL;

	return c != NULL && c->engine != NULL && c->incoming == incoming ? c : NULL;
}

/* ---- requests ---- */

static const char *const users[] = { "a@example.org", "b@example.net", "s@server.example",
	"n@national.example", "nobody", NULL, "poison@example.org", "poison@national.example",
	"forged@example.org",
	"bad-msgauth@example.org", "bad-attribute@example.org", "half@example.org", "silent@example.org",
	"wrong-id@example.org", "too-long@example.org", "a@example.org@example.net" };

/* The order is the one in which a NAS has them: Status-Server is not the first thought. */
static const uint8_t codes[] = { RGW_ACCESS_REQUEST, RGW_ACCOUNTING_REQUEST, RGW_ACCESS_REQUEST,
	RGW_STATUS_SERVER };

static void
proxy_states(struct driver *d, struct sim_spec *spec, uint8_t n)
{
	static const uint8_t one[100] = { RGW_PROXY_STATE, sizeof one };

	/* So many fit beside what else is in the request. */
	for (n %= 39; spec->more_len < n * sizeof one; spec->more_len += sizeof one)
		memcpy(d->more + spec->more_len, one, sizeof one);
}

static void
add_more(struct driver *d, struct sim_spec *spec, uint8_t what)
{
	uint8_t n;

	spec->more = d->more;
	switch (what % 4) {
	case 1:
		n = take(d);
		spec->state = d->states[n % STATES];
		spec->state_len = d->n_states > 0 || n > 127 ? 9 : 0;
		break;
	case 2:
		proxy_states(d, spec, take(d));
		break;
	case 3:
		spec->more_len = take_octets(d, d->more, take(d) % 64);
		break;
	default:
		break;
	}
	if (spec->state_len == 0)
		spec->state = NULL;
}

static struct sim_spec
some_spec(struct driver *d)
{
	static const char *const stations[] = { NULL, "02-00-00-00-00-01", "02-00-00-00-00-02", "" };
	struct sim_spec spec = { 0 };
	uint8_t what = take(d), who = take(d), place = take(d);

	spec.code = codes[what & 3];
	spec.eap = (what & 4) != 0 && spec.code == RGW_ACCESS_REQUEST;
	spec.user = users[who & 15];
	spec.station = stations[who >> 4 & 3];
	spec.nas = who >> 6 & 1;
	spec.sock = spec.code == RGW_ACCOUNTING_REQUEST ? who >> 7 : 0;
	spec.id = place & 31;
	/* What is asked of one socket of the gateway supersedes nothing at the other. */
	spec.port = (uint16_t)(5000 + (place >> 5) + spec.sock * 1000);
	add_more(d, &spec, what >> 3);
	return spec;
}

/* The one that this one is to supersede, or NULL. */
static struct sim_req *
predecessor(const struct driver *d, const struct sim_req *r)
{
	for (struct sim_req *o = sim_bucket(&d->s, r->conn, r->port, r->data[1]); o != NULL; o = o->older)
		if (!o->superseded && sim_is_same_place(o, r))
			return o;
	return NULL;
}

/* A new request is sent by `send`. If it is not accepted the one before it goes on instead. */
static void
send_new(struct driver *d, struct sim_req *r, void (*send)(struct sim *s, struct sim_req *r))
{
	struct sim_req *was = predecessor(d, r);
	uint64_t accepted = sim_counter(&d->s, RGW_CTR_requests_accepted);

	sim_index_req(&d->s, r);
	send(&d->s, r);
	if (was != NULL && sim_counter(&d->s, RGW_CTR_requests_accepted) == accepted) {
		was->superseded = false;
		r->superseded = true;
	}
}

static struct sim_req *
nas_request(struct driver *d)
{
	struct sim_spec spec = some_spec(d);
	struct sim_req *r = sim_build_request(&d->s, &spec, SIM_SECRET);

	r->nas = spec.nas;
	r->port = spec.port;
	r->sock = spec.sock;
	return r;
}

static bool
is_enough(const struct driver *d)
{
	return d->s.n_reqs >= REQS_MAX || d->s.n_conns >= CONNS_MAX;
}

static void
op_nas_asks(struct driver *d)
{
	struct sim_req *r;

	if (is_enough(d))
		return;
	r = nas_request(d);
	send_new(d, r, sim_again);
	/* Some give up at once. */
	if ((r->data[1] & 1) != 0)
		sim_schedule(&d->s, 3000, (struct sim_event){ .kind = NAS_AGAIN, .req = r });
}

static void
op_nas_again(struct driver *d)
{
	struct sim_req *r = some_req(d, false);

	if (r != NULL)
		sim_again(&d->s, r);
}

/* Datagrams that are read in one call. They come from one port under different identifiers, so that none
 * supersedes another. */
static void
op_nas_together(struct driver *d)
{
	struct rgw_udp_from from[TOGETHER];
	struct rgw_octets in[TOGETHER];
	struct sim_req *r;
	size_t n, most = 1u + take(d) % TOGETHER;

	for (n = 0; n < most && d->left > 0 && !is_enough(d); n++) {
		r = nas_request(d);
		r->life = 1;
		r->accepted_at = d->s.now;
		r->nas = r->port & 1;
		r->port = (uint16_t)(20000 + d->s.n_reqs);
		sim_index_req(&d->s, r);
		from[n] = (struct rgw_udp_from){ .sock = r->sock,
			.accept = r->sock == 0 ? RGW_SERVICE_AUTH | RGW_SERVICE_ACCT : RGW_SERVICE_ACCT,
			.local = { .family = 4, .ip = { 192, 0, 2, 1 }, .port = (uint16_t)(1812 + r->sock) },
			.remote = { .family = 4, .ip = { 192, 0, 2, (uint8_t)(10 + r->nas) },
				.port = r->port } };
		in[n] = (struct rgw_octets){ r->data, r->len };
	}
	if (n > 0)
		rgw_gw_on_udp(d->s.gw, from, in, n, d->s.now);
}

/* A request of which one octet is another, in a packet that no longer verifies. Its code stays, since to an
 * unknown one there is an answer, and so does the first octet after the header, lest its
 * Message-Authenticator becomes an attribute of another type. */
static size_t
damage(struct driver *d, const struct sim_req *r, uint8_t *out)
{
	size_t at = 1 + take(d) % (r->len - 1);
	uint8_t by = take(d);

	memcpy(out, r->data, r->len);
	out[at == RGW_HEADER_LEN ? at + 2 : at] ^= by != 0 ? by : 1;
	return r->len;
}

static void
op_nas_damaged(struct driver *d)
{
	struct sim_req *r = some_req(d, false);
	uint8_t octets[RGW_PACKET_MAX];

	if (r != NULL)
		sim_datagram(&d->s, r->sock, "192.0.2.10", octets, damage(d, r, octets));
}

/* Any attributes behind any header, from a client or from nobody. */
static void
op_nas_raw(struct driver *d)
{
	static const char *const from[] = { "192.0.2.10", "192.0.2.11", "192.0.2.10", "192.0.2.99" };
	uint8_t octets[RGW_HEADER_LEN + 64] = { 0 };
	uint8_t who = take(d);
	size_t n;

	octets[0] = take(d);
	octets[1] = who >> 2;
	n = RGW_HEADER_LEN + take_octets(d, octets + RGW_HEADER_LEN, take(d) % 65);
	octets[3] = (uint8_t)n;
	d->loose = true;
	sim_datagram(&d->s, 0, from[who & 3], octets, (who & 2) != 0 ? n : n - take(d) % n);
}

/* ---- visitors ---- */

static void
op_visitor_comes(struct driver *d)
{
	static const char *const from[] = { "203.0.113.5", "203.0.113.6", "2001:db8::1", "198.51.100.9" };
	uint8_t what = take(d);
	struct sim_conn *c;

	if (is_enough(d))
		return;
	c = sim_accept(&d->s, from[what & 3]);
	if (c != NULL && (what >> 2 & 3) == 1)
		sim_shake(&d->s, c);
	else if (c != NULL && (what >> 2 & 3) > 1)
		sim_identify(&d->s, c);
}

/* Strangers go on with their handshakes, and turn out to be one of the peers that may come. */
static void
op_visitor_goes_on(struct driver *d)
{
	struct sim_conn *c = some_conn(d, true);
	uint8_t what = take(d);
	const struct rgw_conf_peer *peer = d->s.conf->peer.v[(what >> 1) % 3];

	if (c == NULL || c->up)
		return;
	if ((what & 1) != 0 && !c->shaking)
		sim_shake(&d->s, c);
	else
		sim_identify_as(&d->s, c, peer->accept ? peer : sim_peer_conf(&d->s, "visitor"));
}

static void
give_in_two(struct sim *s, struct sim_req *r)
{
	const struct driver *d = s->driver;
	size_t n = d->split < r->len ? d->split : 0;

	sim_octets(s, r->conn, r->data, n);
	sim_octets(s, r->conn, r->data + n, r->len - n);
}

static void
ask_in_two(struct sim *s, struct sim_req *r)
{
	sim_deliver(s, r, give_in_two);
}

static void
op_visitor_asks(struct driver *d)
{
	struct sim_conn *c = some_conn(d, true);
	struct sim_spec spec;
	struct sim_req *r;

	if (c == NULL || !c->up || c->half || is_enough(d))
		return;
	spec = some_spec(d);
	r = sim_build_request(&d->s, &spec, SIM_RADSEC);
	r->conn = c;
	d->split = spec.station != NULL ? (size_t)spec.id * 4 : 0;
	send_new(d, r, ask_in_two);
}

/* Requests that are read in one piece. */
static void
op_visitor_together(struct driver *d)
{
	uint8_t octets[RGW_PACKET_MAX * TOGETHER];
	struct sim_conn *c = some_conn(d, true);
	size_t len = 0, most = 1u + take(d) % TOGETHER;

	if (c == NULL || !c->up || c->half)
		return;
	for (size_t n = 0; n < most && d->left > 0 && !is_enough(d); n++) {
		struct sim_spec spec = some_spec(d);
		struct sim_req *r;

		spec.id = (uint8_t)(128 + d->s.n_reqs);
		r = sim_build_request(&d->s, &spec, SIM_RADSEC);
		r->conn = c;
		if (predecessor(d, r) != NULL)
			break;
		r->life = 1;
		r->accepted_at = d->s.now;
		sim_index_req(&d->s, r);
		memcpy(octets + len, r->data, r->len);
		len += r->len;
	}
	sim_octets(&d->s, c, octets, len);
}

static void
op_visitor_again(struct driver *d)
{
	struct sim_req *r = some_req(d, true);

	d->split = take(d);
	if (r != NULL && d->s.now - r->asked_at < d->s.conf->gateway.duplicate_window)
		ask_in_two(&d->s, r);
}

static void
op_visitor_damaged(struct driver *d)
{
	struct sim_req *r = some_req(d, true);
	uint8_t octets[RGW_PACKET_MAX];
	struct sim_conn *c;

	/* To an unknown code there is an answer, whatever the rest is. */
	if (r == NULL || r->data[1] == ODD_ID)
		return;
	c = r->conn;
	sim_octets(&d->s, c, octets, damage(d, r, octets));
	/* Where the next packet begins is not sure any more. */
	c->half = true;
}

static void
op_visitor_raw(struct driver *d)
{
	struct sim_conn *c = some_conn(d, true);
	uint8_t octets[64];
	size_t n = take_octets(d, octets, take(d) % sizeof octets);

	if (c == NULL || !c->up)
		return;
	d->loose = c->half = true;
	sim_octets(&d->s, c, octets, n);
}

/* Codes that are for nobody here. */
static void
op_visitor_asks_oddly(struct driver *d)
{
	struct sim_conn *c = some_conn(d, true);
	uint8_t code = take(d);

	if (c == NULL || !c->up || c->half || is_enough(d))
		return;
	if (code == RGW_ACCESS_REQUEST || code == RGW_ACCOUNTING_REQUEST)
		code = RGW_COA_REQUEST;
	sim_ask(&d->s, c, code, ODD_ID, users[code & 3]);
}

/* A connection of either side ends, or is not read, or is again. */
static void
op_conn(struct driver *d)
{
	uint8_t what = take(d);
	struct sim_conn *c = some_conn(d, (what & 1) != 0);

	if (c == NULL)
		return;
	switch (what >> 1 & 3) {
	case 0:
		sim_cut(&d->s, c);
		break;
	case 1:
		c->full = c->was_full = c->up;
		break;
	case 2:
		if (c->up)
			sim_set_full(&d->s, c, false);
		break;
	default:
		if (c->up)
			rgw_conn_on_stalled(c->engine);
		break;
	}
}

/* ---- far ends ---- */

static void
op_far(struct driver *d)
{
	static const uint32_t causes[] = { 502, 505, 506, 406, 404, 0, 501, 70000 };
	struct sim_far *far = some_far(d);
	uint8_t what = take(d);

	far->answer = (enum sim_answer)(what % SIM_ANSWERS);
	far->error_cause = causes[what >> 5];
	what = take(d);
	far->delay = (what & 31u) * (what & 31u) * 8;
	far->odd = (what >> 5) * 10;
	what = take(d);
	far->closes_after = what & 127;
	far->no_status = (what & 128) != 0;
}

static bool
can_answer(const struct sim_got *g)
{
	const struct sim_conn *c = g != NULL ? g->conn : NULL;

	return (c != NULL && !c->half && !c->mute && !c->poisoned) || (g != NULL && g->source != NULL);
}

static void
op_answer(struct driver *d)
{
	struct sim_got *g = some_got(d);
	enum sim_answer how = (enum sim_answer)(take(d) % SIM_ANSWERS);

	if (!can_answer(g))
		return;
	/* Answers to accounting have no Message-Authenticator. */
	if (how == SIM_BAD_MSGAUTH && g->data[0] == RGW_ACCOUNTING_REQUEST)
		how = SIM_FORGED;
	if (g->source != NULL)
		sim_server_reply_how(&d->s, g, how);
	else
		sim_reply_how(&d->s, g, how);
}

/* A good answer of any code with any attribute but those by which the world knows whose it is. */
static void
op_answer_with(struct driver *d)
{
	struct sim_got *g = some_got(d);
	uint8_t code = take(d), type = take(d), value[64];
	size_t n = take_octets(d, value, take(d) % sizeof value);

	if (!can_answer(g))
		return;
	if (type == RGW_REPLY_MESSAGE || type == RGW_TUNNEL_PASSWORD)
		type = RGW_CLASS;
	if (g->source != NULL)
		sim_server_reply_with(&d->s, g, code, type, value, n);
	else
		sim_reply_with(&d->s, g, code, type, value, n);
}

static void
op_far_raw(struct driver *d)
{
	struct sim_conn *c = some_conn(d, false);
	uint8_t octets[64];
	size_t n = take_octets(d, octets, take(d) % sizeof octets);

	if (c != NULL && c->up) {
		c->half = true;
		sim_octets(&d->s, c, octets, n);
	} else if (d->s.n_sources > 0) {
		sim_server_octets(&d->s, d->s.sources[d->s.n_sources - 1], octets, n);
	}
}

/* A request that we sent comes back, by another peer, under another authenticator. */
static void
op_comes_back(struct driver *d)
{
	struct rgw_wr w = rgw_wr_of(d->more, sizeof d->more - 300);
	struct sim_conn *c = some_conn(d, true);
	struct sim_got *g = some_got(d);
	struct sim_spec spec = { .id = take(d), .more = d->more };
	struct rgw_packet p;
	struct rgw_attr a = { 0 };
	struct sim_req *r;

	if (c == NULL || !c->up || c->half || g == NULL || g->data[0] == RGW_STATUS_SERVER || is_enough(d))
		return;
	p = sim_packet_of(g->data, g->len);
	while (rgw_packet_next(&p, &a))
		if (a.type != RGW_MESSAGE_AUTHENTICATOR && a.type != NONCE_ATTR)
			rgw_wr_bytes(&w, p.data + a.at, a.len + 2u);
	if (w.bad)
		return;
	spec.code = g->data[0];
	spec.more_len = w.len;
	r = sim_build_request(&d->s, &spec, SIM_RADSEC);
	r->conn = c;
	d->split = 0;
	send_new(d, r, ask_in_two);
}

/* ---- all else ---- */

static void
op_fault(struct driver *d)
{
	enum sim_fault fault = (enum sim_fault)(take(d) % FAULT_COUNT);
	struct sim_far *far = some_far(d);
	rgw_ms duration = take(d) * 64u;

	/* Few ports and identifiers allow no old datagrams; the last two are for other drivers. */
	if (fault != FAULT_nas_path && fault < FAULT_storm)
		sim_chaos_begin(&d->s, fault, far, duration);
}

static void
op_heal(struct driver *d)
{
	sim_chaos_heal(&d->s);
}

static void
op_time(struct driver *d)
{
	sim_run(&d->s, take(d));
}

static void
op_more_time(struct driver *d)
{
	sim_run(&d->s, take(d) * 100u);
}

static void
op_drain(struct driver *d)
{
	/* Not by accident, since little happens then. */
	if (take(d) == 0xff)
		rgw_gw_drain(d->s.gw);
}

static void
op_status(struct driver *d)
{
	rgw_gw_log_status(d->s.gw);
}

static void (*const ops[])(struct driver *d) = {
	op_time, op_nas_asks, op_visitor_comes, op_visitor_asks, op_more_time, op_answer, op_nas_again,
	op_visitor_again, op_far, op_fault, op_conn, op_answer_with, op_nas_together, op_visitor_together,
	op_visitor_goes_on, op_nas_damaged, op_nas_raw, op_visitor_damaged, op_visitor_raw,
	op_visitor_asks_oddly, op_far_raw, op_comes_back, op_heal, op_drain, op_status,
};

/* ---- a world ---- */

/* The last challenges are remembered, so that their conversations can go on. */
static void
on_answer(struct sim *s, struct sim_req *r, const struct rgw_packet *p)
{
	struct driver *d = s->driver;
	struct rgw_attr state;

	(void)r;
	if (rgw_packet_get(p, RGW_AT_STATE, &state) && state.len == sizeof d->states[0])
		memcpy(d->states[d->n_states++ % STATES], state.value, state.len);
}

/* Tables are small, so that they are full soon, and times short. */
static void
configure(struct driver *d, uint8_t how)
{
	static const unsigned requests[] = { 64, 16, 24, 64 };

	sim_add_client(&d->s);
	/* They are read anew each time, which takes longer than all else. */
	d->chaos.no_rewrites = (how & 192) != 192;
	sim_chaos_world(&d->s, &d->chaos);
	d->chaos.spared = NULL;
	d->chaos.promises = false;
	d->s.driver = d;
	d->s.on_answer = on_answer;
	d->s.log.level = (how & 4) != 0 ? RGW_LOG_DEBUG : RGW_LOG_ERROR;
	sim_ini(&d->s, "[gateway]\nmax-requests = %u\nrequest-lifetime = 8s\nduplicate-window = %s\n"
	    "[client second-nas]\nrequire-message-authenticator = yes\nlimit-proxy-state = yes\n"
	    "protocol-error = %s\n"
	    "[peer national]\naccept = %s", requests[how & 3], (how & 32) != 0 ? "5s" : "10s",
	    sim_yes((how & 8) != 0), sim_yes((how & 16) != 0));
	/* Beside some Proxy-States this is too much for a packet. */
	if ((how & 224) == 224)
		sim_rewrite(&d->s, "gateway", "rewrite-out", "add = 200 = 01234567890123456789012345"
		    "0123456789012345678901234567890123456789012345678901234567890123456789");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct driver *d;
	uint64_t seed;
	bool waits;

	/* The world's assertions stop the program. */
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	d = rgw_xcalloc(1, sizeof *d);
	d->in = data;
	d->left = size;
	seed = take(d);
	seed = seed << 8 | take(d);
	sim_init(&d->s, seed % 4 == 0 ? "radius.example" : "198.51.100.1");
	d->s.seed = seed;
	configure(d, take(d));
	waits = take(d) % 4 != 3;
	sim_start(&d->s);
	sim_run(&d->s, 500);
	while (d->left > 0) {
		ops[take(d) % (sizeof ops / sizeof ops[0])](d);
		sim_audit(&d->s);
	}
	if (d->loose)
		d->s.expected_foreign = d->s.foreign_datagrams;
	if (waits) {
		sim_chaos_heal(&d->s);
		sim_end(&d->s);
	} else {
		sim_abort(&d->s);
	}
	free(d);
	return 0;
}
