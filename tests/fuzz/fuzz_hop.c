/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any packet through the gateway and back. The first octet of the input chooses: bit 0 a response,
 * bits 1 and 2 the pair of secrets, bit 3 answers without Message-Authenticator, bits 4 to 6 the
 * Proxy-States of the request that is answered, bit 7 a smaller buffer. The rest is the packet.
 *
 * Which octets may change is worked out here a second time: all others must survive, in order.
 */
#include <stdlib.h>
#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/hop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t auth_a[RGW_AUTH_LEN] = { 0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
static const uint8_t auth_b[RGW_AUTH_LEN] = { 0xb0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* Both ends and what the first octet chose. */
struct setting {
	struct rgw_hidden_table *hidden;
	struct rgw_secret *a;
	struct rgw_secret *b;
	unsigned choice;
};

/* The attributes that should come out, with a mark for each octet that may be another one. */
struct expected {
	uint8_t octets[2 * RGW_PACKET_MAX];
	bool free[2 * RGW_PACKET_MAX];
	size_t len;
	uint16_t salt[RGW_PACKET_MAX];  /* where salts stand */
	size_t n_salts;
	unsigned chain;   /* the WiMAX attribute whose value goes on in the next one; 0 = none */
	bool chain_free;  /* and its octets may change, since it began with a salt */
	unsigned cut;     /* the WiMAX attribute of TLVs that goes on in the next one */
};

static const struct rgw_hidden *
row_of(uint32_t vendor, unsigned type, unsigned tlv)
{
	const struct rgw_hidden *rows;
	size_t n = rgw_hidden_builtin(&rows);

	for (size_t i = 0; i < n; i++)
		if (rows[i].vendor == vendor && rows[i].type == type && rows[i].tlv == tlv)
			return &rows[i];
	return NULL;
}

static void
set_free(struct expected *e, size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		e->free[at + i] = true;
}

/* The octets of a value that a row allows to change. */
static void
free_value(struct expected *e, const struct rgw_hidden *row, size_t at, size_t n)
{
	size_t tag = row->tagged ? 1 : 0;

	if (row->method == RGW_HIDE_ASCEND)
		set_free(e, at, n < 16 ? n : 16);
	else if (row->method == RGW_HIDE_PASSWORD)
		set_free(e, at, n);
	if (row->method != RGW_HIDE_SALT || n < tag + 2)
		return;
	set_free(e, at + tag, n - tag);
	e->salt[e->n_salts++] = (uint16_t)(at + tag);
}

/* The same for a value that may be one piece of several. */
static void
free_piece(struct expected *e, const struct rgw_hidden *row, size_t at, size_t n, bool more)
{
	bool goes_on = row->vendor == 24757 && e->chain == row->type;

	if (!goes_on)
		free_value(e, row, at, n);
	else if (e->chain_free)
		set_free(e, at, n);
	if (!goes_on && more)
		e->chain_free = n >= 2;
	if (more)
		e->chain = row->type;
	else if (goes_on)
		e->chain = 0;
}

static void
free_tlvs(struct expected *e, unsigned type, size_t at, size_t end)
{
	while (end - at >= 2 && e->octets[at + 1] >= 2 && e->octets[at + 1] <= end - at) {
		size_t len = e->octets[at + 1];
		const struct rgw_hidden *row = row_of(24757, type, e->octets[at]);

		if (row != NULL && row->tlv != 0)
			free_value(e, row, at + 2, len - 2);
		at += len;
	}
}

/* Walks the sub-attributes from `at`; marks them if `mark`. false = they do not parse. */
static bool
walk_subs(struct expected *e, uint32_t vendor, size_t at, size_t end, bool mark)
{
	size_t types = vendor == 4846 ? 2 : 1;
	size_t head = types + 1 + (vendor == 24757 ? 1 : 0);

	while (at < end) {
		const uint8_t *sub = e->octets + at;
		unsigned type = types == 2 ? (unsigned)sub[0] << 8 | sub[1] : sub[0];
		const struct rgw_hidden *row = row_of(vendor, type, 0);
		size_t len = end - at >= head ? sub[types] : 0;

		if (len < head || len > end - at)
			return false;
		if (mark && row != NULL) {
			free_piece(e, row, at + head, len - head, vendor == 24757 && sub[2] & 0x80);
		} else if (mark && row_of(vendor, type, 3) != NULL) {
			if (e->cut != type)
				free_tlvs(e, type, at + head, at + len);
			e->cut = sub[2] & 0x80 ? type : 0;
		}
		at += len;
	}
	return true;
}

static void
expect_attr(struct expected *e, const struct rgw_attr *a)
{
	size_t at = e->len + 2;
	const struct rgw_hidden *row;
	uint32_t vendor;

	e->octets[e->len] = a->type;
	e->octets[e->len + 1] = (uint8_t)(2 + a->len);
	if (a->len > 0)
		memcpy(e->octets + at, a->value, a->len);
	e->len = at + a->len;
	row = row_of(0, a->type, 0);
	if (row != NULL)
		free_value(e, row, at, a->len);
	if (a->type != RGW_VENDOR_SPECIFIC || a->len < 4)
		return;
	vendor = (uint32_t)a->value[0] << 24 | (uint32_t)a->value[1] << 16 |
	    (uint32_t)a->value[2] << 8 | a->value[3];
	if (vendor != 0 && walk_subs(e, vendor, at + 4, e->len, false))
		walk_subs(e, vendor, at + 4, e->len, true);
}

static void
expect_raw(struct expected *e, uint8_t type, const uint8_t *value, uint8_t len)
{
	const struct rgw_attr a = { value, 0, type, len };

	expect_attr(e, &a);
}

static void
expect(struct expected *e, const struct rgw_packet *in, const struct rgw_packet *request)
{
	struct rgw_attr a = { 0 };

	memset(e, 0, sizeof *e);
	while (rgw_packet_next(in, &a)) {
		if (a.type == 80 || (a.type == 241 && a.len > 0 && a.value[0] == 4))
			continue;
		if (a.type == 33 && request != NULL)
			continue;
		expect_attr(e, &a);
	}
	if (request == NULL && in->code == 1 && in->at[RGW_AT_CHAP_PASSWORD] != 0 &&
	    in->at[RGW_AT_CHAP_CHALLENGE] == 0)
		expect_raw(e, 60, rgw_packet_auth(in), RGW_AUTH_LEN);
	a = (struct rgw_attr){ 0 };
	while (request != NULL && rgw_packet_next(request, &a))
		if (a.type == 33)
			expect_raw(e, 33, a.value, a.len);
}

/* All salts are legal and different, and stay where they were so before (P-SLT-5). */
static void
check_salts(const struct expected *e, const uint8_t *attrs)
{
	bool seen[0x10000] = { false };

	for (size_t i = 0; i < e->n_salts; i++) {
		size_t at = e->salt[i];
		unsigned was = (unsigned)e->octets[at] << 8 | e->octets[at + 1];
		unsigned is = (unsigned)attrs[at] << 8 | attrs[at + 1];

		require(is >= 0x8000 && !seen[is]);
		require(is == was || was < 0x8000 || seen[was]);
		seen[is] = true;
	}
}

/* Holds what came out against what should. head = 38 with a Message-Authenticator, else 20. */
static void
compare(const struct expected *e, const uint8_t *out, size_t len, size_t head, size_t cap)
{
	size_t most = cap < RGW_PACKET_MAX ? cap : RGW_PACKET_MAX;

	require(len == (head + e->len <= most ? head + e->len : 0));
	for (size_t i = 0; len > 0 && i < e->len; i++)
		require(e->free[i] || out[head + i] == e->octets[i]);
	if (len > 0)
		check_salts(e, out + head);
}

/* Converts into memory of exactly that size and returns it, or NULL. */
static uint8_t *
forward(const struct setting *s, bool reverse, const struct rgw_packet *in, size_t cap, size_t *len)
{
	const struct rgw_hop_request hop = {
		.in = in,
		.hidden = s->hidden,
		.from = reverse ? s->b : s->a,
		.to = reverse ? s->a : s->b,
		.fresh_auth = reverse ? auth_a : auth_b,
		.id = 7,
	};
	uint8_t *out = malloc(cap > 0 ? cap : 1);

	require(out != NULL);
	*len = rgw_hop_request(out, cap, &hop);
	if (*len > 0)
		return out;
	free(out);
	return NULL;
}

static struct rgw_packet
parse_signed(const uint8_t *out, size_t len, const uint8_t *request_auth,
    const struct rgw_secret *secret, size_t head)
{
	struct rgw_auth_check check;
	struct rgw_packet p;

	require(rgw_packet_parse(&p, out, len) == RGW_PACKET_OK && p.len == len);
	check = rgw_auth_check_one(&p, request_auth, secret);
	require(check.auth_ok);
	require(p.n_msgauth == (head == 38));
	require(check.msgauth == (head == 38 ? RGW_MSGAUTH_OK : RGW_MSGAUTH_ABSENT));
	return p;
}

/* There, back, and there again. After the first hop all salts are legal and different, so from then
 * on nothing may be lost: the second time there gives the same octets. */
static void
try_request(const struct setting *s, const struct rgw_packet *in, size_t cap)
{
	size_t head = in->code == 1 || (in->code != 4 && in->n_msgauth > 0) ? 38 : 20;
	struct expected e;
	struct rgw_packet p;
	uint8_t *there;
	uint8_t *back;
	uint8_t *again;
	size_t n;
	size_t m;
	size_t k;

	expect(&e, in, NULL);
	there = forward(s, false, in, cap, &n);
	compare(&e, there, n, head, cap);
	if (there == NULL)
		return;
	p = parse_signed(there, n, NULL, s->b, head);
	back = forward(s, true, &p, RGW_PACKET_MAX, &m);
	require(back != NULL && m == n);
	expect(&e, &p, NULL);
	compare(&e, back, m, head, RGW_PACKET_MAX);
	p = parse_signed(back, m, NULL, s->a, head);
	/* ARAP keeps the authenticator that came in, so only then it need not be ours. */
	again = forward(s, false, &p, RGW_PACKET_MAX, &k);
	require(again != NULL && k == n && memcmp(again, there, n) == 0);
	free(again);
	free(back);
	free(there);
}

/* The request on A that is answered, with its Proxy-States. */
static struct rgw_packet
asked(const struct setting *s, uint8_t *buf, uint8_t code)
{
	static const uint8_t states[][6] = { { 33, 5, 'a', 'b', 'c' }, { 33, 2 },
		{ 33, 6, 1, 2, 3, 4 } };
	struct rgw_packet p;
	uint8_t len = RGW_HEADER_LEN;

	memset(buf, 0, RGW_HEADER_LEN);
	buf[0] = code;
	buf[1] = 99;
	memcpy(buf + 4, auth_a, RGW_AUTH_LEN);
	for (unsigned i = 0; i < 3; i++) {
		if (!(s->choice >> (4 + i) & 1))
			continue;
		memcpy(buf + len, states[i], states[i][1]);
		len = (uint8_t)(len + states[i][1]);
	}
	buf[3] = len;
	require(rgw_packet_parse(&p, buf, len) == RGW_PACKET_OK);
	return p;
}

static void
try_response(const struct setting *s, const struct rgw_packet *in, size_t cap)
{
	uint8_t request_octets[64];
	uint8_t code = in->code == 5 ? 4 : in->code >= 40 ? 43 : 1;
	const struct rgw_packet request = asked(s, request_octets, code);
	const struct rgw_hop_response hop = {
		.in = in,
		.hidden = s->hidden,
		.from = s->b,
		.from_auth = auth_b,
		.request = &request,
		.to = s->a,
		.msgauth = !(s->choice & 8),
	};
	bool msgauth = code == 1 && (hop.msgauth || in->at[RGW_AT_EAP_MESSAGE] != 0);
	size_t head = msgauth ? 38 : 20;
	uint8_t *out = malloc(cap > 0 ? cap : 1);
	struct expected e;
	size_t n;

	require(out != NULL);
	expect(&e, in, &request);
	n = rgw_hop_response(out, cap, &hop);
	compare(&e, out, n, head, cap);
	if (n > 0) {
		struct rgw_packet p = parse_signed(out, n, auth_a, s->a, head);

		require(p.id == 99 && p.code == in->code &&
		    p.n_proxy_state == request.n_proxy_state);
	}
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const secrets[][2] = {
		{ "xyzzy5461", "radsec" }, { "a", "b" }, { "same", "same" },
		{ "one that is longer than a block of the hash, which has sixty-four octets", "x" },
	};
	struct rgw_packet in;
	struct setting s;
	const char *const *pair;
	size_t cap = RGW_PACKET_MAX;

	if (size < 1 || rgw_packet_parse(&in, data + 1, size - 1) != RGW_PACKET_OK)
		return 0;
	s.choice = data[0];
	pair = secrets[s.choice >> 1 & 3];
	s.a = rgw_secret_new(pair[0], strlen(pair[0]));
	s.b = rgw_secret_new(pair[1], strlen(pair[1]));
	s.hidden = rgw_hidden_table_new();
	if (s.choice & 0x80)
		cap = in.len / 2u + in.id;
	/* No answer has the code of a request with a random authenticator: it would not be signed as one. */
	if ((s.choice & 1) != 0 && in.code != RGW_ACCESS_REQUEST && in.code != RGW_STATUS_SERVER)
		try_response(&s, &in, cap);
	if ((s.choice & 1) == 0 && (in.code == 1 || in.code == 4 || in.code == 40 || in.code == 43))
		try_request(&s, &in, cap);
	rgw_hidden_table_free(s.hidden);
	rgw_secret_free(s.a);
	rgw_secret_free(s.b);
	return 0;
}
