/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/hop.h"
#include "radsecgw/mem.h"

/* The NASes, the datagrams between them and the gateway, and what is remembered of each request. */

/* A NAS sends its request so often, with such pauses. */
#define NAS_SENDS 4
#define NAS_PAUSE_MS 3000

/* Hides or reveals one block of a salted attribute: xor with MD5(S + RA + Salt) (RFC 2868 3.5). */
void
sim_salted_block(uint8_t block[static 16], const char *secret, const uint8_t *auth,
    const uint8_t *salt)
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
const uint8_t sim_key_material[16] = "\017the key, hidden";

/* ---- requests that are remembered ---- */

struct sim_req *
sim_new_req(struct sim *s, const void *data, size_t len)
{
	struct sim_req *r = rgw_xcalloc(1, sizeof *r + len);

	r->data = (uint8_t *)(r + 1);
	memcpy(r->data, data, len);
	r->len = len;
	r->secret = s->nas_secret;
	r->asked_at = s->now;
	if ((s->n_reqs & (s->n_reqs - 1)) == 0)
		s->reqs = rgw_xrealloc(s->reqs, (s->n_reqs * 2 + 1) * sizeof r);
	s->reqs[s->n_reqs++] = r;
	return r;
}

static struct sim_req **
bucket_of(const struct sim *s, const struct sim_conn *conn, uint16_t port, uint8_t id)
{
	uint64_t place = conn != NULL ? conn->number * 3u + 1 : port;

	return &s->by_key[((place * 256 + id) * 0x9e3779b97f4a7c15u >> 32) & (s->n_keys - 1)];
}

struct sim_req *
sim_bucket(const struct sim *s, const struct sim_conn *conn, uint16_t port, uint8_t id)
{
	return s->n_keys > 0 ? *bucket_of(s, conn, port, id) : NULL;
}

/* In each bucket the newest request comes first, and that stays so. */
static void
grow_index(struct sim *s)
{
	struct sim_req **old = s->by_key, *next, *oldest;
	size_t n = s->n_keys;

	s->n_keys = n > 0 ? n * 4 : 64;
	s->by_key = rgw_xcalloc(s->n_keys, sizeof *s->by_key);
	for (size_t i = 0; i < n; i++) {
		oldest = NULL;
		for (struct sim_req *r = old[i]; r != NULL; r = next) {
			next = r->older;
			r->older = oldest;
			oldest = r;
		}
		for (struct sim_req *r = oldest; r != NULL; r = next) {
			struct sim_req **bucket = bucket_of(s, r->conn, r->port, r->data[1]);

			next = r->older;
			r->older = *bucket;
			*bucket = r;
		}
	}
	free(old);
}

bool
sim_is_same_place(const struct sim_req *a, const struct sim_req *b)
{
	return a->conn == b->conn && a->nas == b->nas && a->port == b->port &&
	    memcmp(a->data, b->data, 2) == 0;
}

bool
sim_is_taken_back(const struct sim *s, const struct sim_req *r)
{
	for (const struct sim_req *o = sim_bucket(s, r->conn, r->port, r->data[1]); o != r; o = o->older)
		if (o->life > 0 && sim_is_same_place(o, r))
			return true;
	return false;
}

void
sim_index_req(struct sim *s, struct sim_req *r)
{
	struct sim_req **bucket;

	if (s->n_indexed++ >= s->n_keys)
		grow_index(s);
	bucket = bucket_of(s, r->conn, r->port, r->data[1]);
	for (struct sim_req *o = *bucket; o != NULL; o = o->older)
		if (sim_is_same_place(o, r)) {
			/* Those before it are superseded already. */
			o->superseded = true;
			break;
		}
	r->older = *bucket;
	*bucket = r;
}

struct sim_req *
sim_build_request(struct sim *s, const struct sim_spec *spec, const char *text)
{
	static const uint8_t eap_response[] = { 2, 77, 0, 6, 25, 0 };
	uint8_t code = spec->code != 0 ? spec->code : RGW_ACCESS_REQUEST;
	uint8_t auth[RGW_AUTH_LEN], data[4096];
	struct rgw_builder b;
	struct sim_req *r;
	char nonce[9];
	size_t len;

	sim_fill_random(s, auth, sizeof auth);
	snprintf(nonce, sizeof nonce, "%08x", s->next_nonce);
	rgw_build_begin(&b, data, sizeof data, code, spec->id,
	    code == RGW_ACCOUNTING_REQUEST ? NULL : auth, code != RGW_ACCOUNTING_REQUEST && !spec->bare);
	if (spec->user != NULL)
		rgw_build_attr(&b, RGW_USER_NAME, spec->user, strlen(spec->user));
	if (spec->eap)
		rgw_build_attr(&b, RGW_EAP_MESSAGE, eap_response, sizeof eap_response);
	else if (code == RGW_ACCESS_REQUEST)
		rgw_build_attr(&b, RGW_USER_PASSWORD, "0123456789abcdef", 16);
	if (spec->station != NULL)
		rgw_build_attr(&b, RGW_CALLING_STATION_ID, spec->station, strlen(spec->station));
	if (spec->state != NULL)
		rgw_build_attr(&b, RGW_STATE, spec->state, spec->state_len);
	rgw_wr_bytes(&b.w, spec->more, spec->more_len);
	rgw_build_attr(&b, RGW_PROXY_STATE, nonce, 8);
	rgw_build_attr(&b, NONCE_ATTR, nonce, 8);
	len = rgw_build_request(&b, sim_secret_of(s, text));
	assert_true(len > 0);
	r = sim_new_req(s, data, len);
	r->secret = text;
	r->nonce = s->next_nonce++;
	if ((r->nonce & (r->nonce - 1)) == 0)
		s->by_nonce = rgw_xrealloc(s->by_nonce, r->nonce * 2 * sizeof r);
	s->by_nonce[r->nonce] = r;
	return r;
}

void
sim_deliver(struct sim *s, struct sim_req *r, void (*give)(struct sim *s, struct sim_req *r))
{
	uint64_t before = sim_counter(s, RGW_CTR_requests_accepted);
	struct sim_req old = { .accepted_at = r->accepted_at, .answers_here = r->answers_here,
		.served = r->served };

	r->life++;
	r->poisoned = 0;
	r->accepted_at = s->now;
	r->answers_here = 0;
	r->served = false;
	give(s, r);
	if (sim_counter(s, RGW_CTR_requests_accepted) != before) {
		if (s->on_accepted != NULL)
			s->on_accepted(s, r);
		return;
	}
	/* A retransmission; it may have brought the kept answer, and no other. */
	assert_true(old.answers_here == 0 || r->answer_life != r->life);
	r->life--;
	if (r->answer_life > r->life)
		r->answer_life = r->life;
	r->accepted_at = old.accepted_at;
	r->answers_here += old.answers_here;
	r->served |= old.served;
}

/* ---- datagrams ---- */

/* What the listener takes at the port of this socket. */
static unsigned
accept_of(const struct sim *s, uint32_t sock)
{
	for (size_t i = 0; i < s->conf->listen.n; i++)
		if (strcmp(s->conf->listen.v[i]->head.name, "radius") == 0 && sock == 0)
			return s->conf->listen.v[i]->accept;
	return RGW_SERVICE_ACCT;
}

void
sim_datagram(struct sim *s, uint32_t sock, const char *from, const void *data, size_t len)
{
	struct rgw_udp_from f = {
		.sock = sock,
		.accept = accept_of(s, sock),
	};

	assert_true(sim_listen_id(s, "radius", &f.listen));
	assert_true(rgw_addr_parse(from, 40000, &f.remote));
	assert_true(rgw_addr_parse("192.0.2.1", (uint16_t)(1812 + sock), &f.local));
	rgw_gw_on_udp(s->gw, &f, &(struct rgw_octets){ data, len }, 1, s->now);
}

static void
give_datagram(struct sim *s, struct sim_req *r)
{
	struct rgw_udp_from f = {
		.sock = r->sock,
		.accept = accept_of(s, r->sock),
		.local = { .family = 4, .ip = { 192, 0, 2, 1 }, .port = (uint16_t)(1812 + r->sock) },
		.remote = { .family = 4, .ip = { 192, 0, 2, (uint8_t)(10 + r->nas) }, .port = r->port },
	};

	if (sim_listen_id(s, "radius", &f.listen))
		rgw_gw_on_udp(s->gw, &f, &(struct rgw_octets){ r->data, r->len }, 1, s->now);
}

static bool
is_plain(const struct sim_path *p)
{
	return p->loss == 0 && p->doubled == 0 && p->delay == 0 && p->jitter == 0;
}

/* One datagram on a path: it arrives not at all, once or twice, sooner or later. */
static void
travel(struct sim *s, const struct sim_path *path, struct sim_event e)
{
	int copies = sim_percent(s, path->doubled) ? 2 : 1;

	while (copies-- > 0)
		if (!sim_percent(s, path->loss))
			sim_schedule(s, path->delay + sim_random(s, (uint32_t)path->jitter + 1), e);
}

void
sim_again(struct sim *s, struct sim_req *r)
{
	r->sends++;
	if (is_plain(&s->nas_path))
		sim_deliver(s, r, give_datagram);
	else
		travel(s, &s->nas_path, (struct sim_event){ .kind = NAS_ARRIVES, .req = r });
}

void
sim_nas_happen(struct sim *s, const struct sim_event *e)
{
	struct sim_req *r = e->req;

	if (s->quiet && e->kind != NAS_HEARS)
		return;
	switch (e->kind) {
	case NAS_ARRIVES:
		sim_deliver(s, r, give_datagram);
		return;
	case NAS_HEARS:
		r->heard = true;
		return;
	default:
		break;
	}
	if (r->heard || r->superseded || r->sends >= NAS_SENDS)
		return;
	sim_again(s, r);
	sim_schedule(s, NAS_PAUSE_MS, *e);
}

struct sim_req *
sim_request_with(struct sim *s, const struct sim_spec *spec)
{
	struct sim_req *r = sim_build_request(s, spec, s->nas_secret);

	r->nas = spec->nas;
	r->port = spec->port;
	r->sock = spec->sock;
	sim_index_req(s, r);
	sim_again(s, r);
	return r;
}

struct sim_req *
sim_request(struct sim *s, uint8_t code, uint16_t port, uint8_t id, const char *user)
{
	return sim_request_with(s,
	    &(struct sim_spec){ .code = code, .port = port, .id = id, .user = user });
}

struct sim_req *
sim_login(struct sim *s, const struct sim_spec *spec)
{
	struct sim_req *r = sim_request_with(s, spec);

	sim_schedule(s, NAS_PAUSE_MS, (struct sim_event){ .kind = NAS_AGAIN, .req = r });
	return r;
}

/* ---- answers ---- */

/* The request that an answer is signed for (P-AUT-4, P-MA-1). */
static struct sim_req *
find_req(struct sim *s, const struct rgw_addr *remote, const struct rgw_packet *p)
{
	for (struct sim_req *r = sim_bucket(s, NULL, remote->port, p->id); r != NULL; r = r->older) {
		struct rgw_auth_check check;

		if (r->conn != NULL || 10 + r->nas != remote->ip[3] || r->port != remote->port ||
		    r->data[1] != p->id || !rgw_code_answers(p->code, r->data[0]))
			continue;
		check = rgw_auth_check_one(p, r->data + 4, sim_secret_of(s, r->secret));
		if (!check.auth_ok)
			continue;
		assert_int_not_equal(check.msgauth, RGW_MSGAUTH_BAD);
		return r;
	}
	return NULL;
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
		sim_salted_block(block, secret, r->data + 4, a.value + 1);
		assert_memory_equal(block, sim_key_material, sizeof block);
	}
}

const uint8_t *
sim_signed(uint8_t *room, const struct rgw_outgoing *packet)
{
	struct rgw_unsigned u;

	if (packet->secret == NULL)
		return packet->data;
	memcpy(room, packet->data, packet->len);
	u = rgw_hop_unsigned(room, packet->len, packet->secret);
	rgw_sign(&u, 1);
	return room;
}

void
sim_op_udp_send(void *ctx, uint32_t sock, const struct rgw_addr *local,
    const struct rgw_addr *remote, const struct rgw_outgoing *packet)
{
	struct sim *s = ctx;
	uint8_t room[RGW_PACKET_MAX];
	const uint8_t *data = sim_signed(room, packet);
	struct rgw_packet p;
	struct sim_req *r;

	assert_int_equal(rgw_packet_parse(&p, data, packet->len), RGW_PACKET_OK);
	assert_int_equal(p.len, packet->len);
	r = find_req(s, remote, &p);
	if (r == NULL) {
		s->foreign_datagrams++;
		return;
	}
	assert_false(sim_is_taken_back(s, r));
	sim_check_key(&p, r, r->secret);
	/* From the address and port that was asked (P-PKT-11). */
	assert_int_equal(sock, r->sock);
	assert_int_equal(local->port, 1812 + sock);
	sim_note_answer(s, r, &p);
	if (is_plain(&s->nas_path))
		r->heard = true;
	else
		travel(s, &s->nas_path, (struct sim_event){ .kind = NAS_HEARS, .req = r });
}

void
sim_note_answer(struct sim *s, struct sim_req *r, const struct rgw_packet *p)
{
	uint32_t nonce = sim_nonce_in(p, RGW_REPLY_MESSAGE);

	assert_true(nonce == 0 || nonce == r->nonce);
	if (r->answers_here == 0 && (r->answers == 0 || r->answer_len != p->len ||
	        memcmp(r->answer, p->data, p->len) != 0)) {
		r->answered_at = s->now;
		r->answer = rgw_xrealloc(r->answer, p->len);
		memcpy(r->answer, p->data, p->len);
		r->answer_len = p->len;
		r->answer_life = r->life;
	} else {
		/* However often it comes, it is the same answer (P-DUP-2). */
		assert_int_equal(r->answer_len, p->len);
		assert_memory_equal(r->answer, p->data, p->len);
	}
	r->served |= nonce != 0;
	r->answers++;
	r->answers_here++;
	if (s->on_answer != NULL)
		s->on_answer(s, r, p);
}
