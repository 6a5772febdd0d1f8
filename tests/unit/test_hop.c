/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/hop.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/auth.h"
#include "radsecgw/mem.h"

static int
setup(void **state)
{
	*state = help_hops_new("xyzzy5461", "radsec");
	return 0;
}

static int
teardown(void **state)
{
	help_hops_free(*state);
	return 0;
}

/* The attributes of out, from `at` on, are octet by octet those of in. */
static void
assert_same_attributes(const struct rgw_packet *out, size_t at, const struct rgw_packet *in)
{
	assert_int_equal(out->len - at, in->len - 20u);
	assert_memory_equal(out->data + at, in->data + 20, in->len - 20u);
}

static void
assert_auth(const struct rgw_packet *p, const uint8_t auth[static 16])
{
	assert_memory_equal(rgw_packet_auth(p), auth, 16);
}

/* All types that are not hidden and belong to no hop, several times, in no particular order. */
static void
put_plain_attributes(struct help_packet *p, struct help_rng *rng)
{
	uint8_t value[253];

	for (unsigned i = 0; i < 2 * 256; i++) {
		uint8_t type = (uint8_t)(i * 91);
		size_t n = help_below(rng, 8);

		help_fill(rng, value, n);
		/* 241.4 has its own test. */
		if (type == 2 || type == 69 || type == 80 || type == 33 || type == 70 ||
		    (type == 241 && n > 0 && value[0] == 4))
			continue;
		if (type == 26 && n >= 4)
			value[3] = 9;  /* a vendor without hidden attributes */
		help_attr(p, type, value, n);
	}
}

/* P-ATT-1, P-ATT-2, P-ATT-4, P-ATT-15, P-PRX-11, P-GW-10: everything else stays, octet by octet, in the order in which
 * it came, those of one type apart from each other. */
static void
requests_keep_all_other_octets(void **state)
{
	static const uint8_t codes[] = { 1, 4, 40, 43 };
	struct help_hops *h = *state;
	struct help_rng rng = { 21 };

	for (size_t i = 0; i < 40; i++) {
		uint8_t code = codes[i % COUNT(codes)];
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;

		help_begin(&p, code, 9, h->auth_a);
		put_plain_attributes(&p, &rng);
		in = help_finish(&p);
		out = help_forward(h, &in);
		assert_same_attributes(&out, code == 1 ? 38 : 20, &in);
		if (code == 1)
			assert_auth(&out, h->auth_b);
	}
}

static void
responses_keep_all_other_octets(void **state)
{
	static const uint8_t codes[] = { 2, 3, 11 };
	struct help_hops *h = *state;
	struct help_rng rng = { 22 };

	for (size_t i = 0; i < 30; i++) {
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;

		help_begin(&p, codes[i % COUNT(codes)], 77, NULL);
		put_plain_attributes(&p, &rng);
		in = help_finish(&p);
		out = help_back(h, &in);
		assert_same_attributes(&out, 38, &in);
	}
}

static size_t
forward_with(const struct help_hops *h, bool reverse, const struct rgw_packet *in,
    const uint8_t *fresh, uint8_t *out, size_t cap)
{
	const struct rgw_hop_request hop = {
		.in = in,
		.hidden = h->hidden,
		.from = reverse ? h->secret_b : h->secret_a,
		.to = reverse ? h->secret_a : h->secret_b,
		.fresh_auth = fresh,
		.id = 9,
	};

	return rgw_hop_request(out, cap, &hop);
}

/* Hidden attributes of many kinds with legal and different salts, which a hop may keep. */
static void
put_hidden_attributes(struct help_packet *p, struct help_rng *rng)
{
	const struct rgw_hidden *rows;
	size_t n = rgw_hidden_builtin(&rows);

	for (size_t i = 0; i < n; i++) {
		uint8_t value[80];

		help_fill(rng, value, sizeof value);
		if (rows[i].method == RGW_HIDE_SALT) {
			value[rows[i].tagged] = 0x80;
			value[rows[i].tagged + 1] = (uint8_t)i;
		}
		help_wrap(p, &rows[i], value, rows[i].method == RGW_HIDE_SALT ? 18 + i : 16);
	}
}

/* A -> B -> A with different secrets: back at A everything is what it was, hidden values included,
 * although nothing hidden was equal on B. */
static void
there_and_back_is_the_same(void **state)
{
	static const uint8_t codes[] = { 1, 4, 40, 43 };
	struct help_hops *h = *state;
	struct help_rng rng = { 23 };

	for (size_t i = 0; i < COUNT(codes); i++) {
		uint8_t there[4096];
		uint8_t back[4096];
		size_t head = codes[i] == 1 ? 38 : 20;
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet mid;
		struct rgw_packet out;

		help_begin(&p, codes[i], 9, codes[i] == 1 ? h->auth_a : NULL);
		put_hidden_attributes(&p, &rng);
		in = help_finish(&p);
		mid = help_parse(there, forward_with(h, false, &in, h->auth_b, there,
		    sizeof there));
		assert_int_equal(mid.len, in.len + head - 20);
		assert_memory_not_equal(mid.data + head, in.data + 20, in.len - 20u);
		out = help_parse(back, forward_with(h, true, &mid, h->auth_a, back, sizeof back));
		assert_same_attributes(&out, head, &in);
	}
}

/* P-SLT-10, P-GW-13: codes 4, 40 and 43 hide with sixteen zeros on both hops. */
static void
hashed_requests_hide_with_zeros(void **state)
{
	static const uint8_t codes[] = { 4, 40, 43 };
	struct help_hops *h = *state;

	for (size_t i = 0; i < COUNT(codes); i++) {
		uint8_t value[19] = { 1, 0x81, 0x01, 4, 'c', 'o', 'a', 'p' };
		uint8_t password[16] = "password";
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;
		struct rgw_attr a;

		help_hide(&h->zero_a, value + 1, value + 3, 16);
		help_hide(&h->zero_a, NULL, password, 16);
		help_begin(&p, codes[i], 9, NULL);
		help_attr(&p, 69, value, sizeof value);
		help_attr(&p, 2, password, 16);
		in = help_finish(&p);
		rgw_sign_request(p.b, p.len, 0, h->secret_a);
		out = help_forward(h, &in);  /* which checks the signature on B */
		a = help_find(&out, 69);
		memcpy(value, a.value, sizeof value);
		help_unhide(&h->zero_b, value + 1, value + 3, 16);
		assert_memory_equal(value + 3, "\x04" "coap", 5);
		a = help_find(&out, 2);
		memcpy(password, a.value, 16);
		help_unhide(&h->zero_b, NULL, password, 16);
		assert_memory_equal(password, "password\0\0\0\0\0\0\0\0", 16);
	}
}

/* P-MA-9, P-BR-1, P-BR-12, P-MA-2, P-GW-15: removed wherever it was, and made anew, first, where
 * the code wants one. */
static void
message_authenticator_of_requests(void **state)
{
	static const struct { uint8_t code; bool with; bool without; } rows[] = {
		{ 1, true, true }, { 4, false, false }, { 40, true, false }, { 43, true, false },
	};
	struct help_hops *h = *state;

	for (size_t i = 0; i < COUNT(rows); i++)
		for (int place = 0; place <= 3; place++) {  /* 3 = none came in */
			bool want = place < 3 ? rows[i].with : rows[i].without;
			struct help_packet p;
			struct rgw_packet in;
			struct rgw_packet out;

			help_begin(&p, rows[i].code, 9, h->auth_a);
			for (int k = 0; k < 3; k++) {
				if (k == place)
					help_attr(&p, 80, "0123456789abcdef", 16);
				help_text(&p, 1, k == 0 ? "a" : "b");
			}
			in = help_finish(&p);
			out = help_forward(h, &in);
			assert_int_equal(out.n_msgauth, want);
			assert_int_equal(out.at[RGW_AT_MESSAGE_AUTHENTICATOR], want ? 20 : 0);
			assert_memory_equal(out.data + (want ? 38 : 20),
			    "\x01\x03" "a\x01\x03" "b\x01\x03" "b", 9);
			assert_int_equal(out.len, want ? 47 : 29);
		}
}

/* Whatever comes in more than once or mutilated does not go out again (P-MA-4). */
static void
strange_message_authenticators_are_removed(void **state)
{
	struct help_hops *h = *state;
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;

	help_begin(&p, 1, 9, h->auth_a);
	for (size_t n = 0; n < 30; n++)
		help_attr(&p, 80, "0123456789012345678901234567890", n);
	in = help_finish(&p);
	out = help_forward(h, &in);
	assert_int_equal(out.n_msgauth, 1);
	assert_int_equal(out.len, 38);
}

/* One answer through the gateway; `with` says whether Message-Authenticator went out. */
static bool
answer_has_msgauth(struct help_hops *h, uint8_t asked, bool asked_with, uint8_t code,
    bool came_with, bool wish, bool eap)
{
	struct help_packet request;
	struct help_packet p;
	struct rgw_packet req;
	struct rgw_packet in;
	struct rgw_packet out;
	struct rgw_hop_response hop = { .in = &in, .hidden = h->hidden, .from = h->secret_b,
		.from_auth = h->auth_b, .request = &req, .to = h->secret_a, .msgauth = wish };

	help_begin(&request, asked, 42, h->auth_a);
	if (asked_with)
		help_attr(&request, 80, "0123456789abcdef", 16);
	req = help_finish(&request);
	help_begin(&p, code, 77, NULL);
	help_text(&p, 18, "text");
	if (came_with)
		help_attr(&p, 80, "0123456789abcdef", 16);
	if (eap)
		help_text(&p, 79, "eap");
	in = help_finish(&p);
	out = help_parse(h->out, rgw_hop_response(h->out, sizeof h->out, &hop));
	assert_true(help_auth_ok(&out, h->auth_a, h->a.secret, h->a.secret_len));
	assert_int_equal(out.id, 42);
	assert_int_equal(out.code, code);
	assert_true(out.n_msgauth <= 1);
	if (out.n_msgauth == 0)
		return false;
	/* P-BR-2: directly after the header. */
	assert_int_equal(out.at[RGW_AT_MESSAGE_AUTHENTICATOR], 20);
	assert_true(help_msgauth_ok(&out, h->auth_a, h->a.secret, h->a.secret_len));
	return true;
}

/* P-BR-2, P-MA-5, P-GW-24: when an answer carries it depends on the request, not on what came. */
static void
message_authenticator_of_responses(void **state)
{
	static const struct { uint8_t asked; uint8_t code; } rows[] = {
		{ 1, 2 }, { 1, 3 }, { 1, 11 }, { 4, 5 }, { 40, 41 }, { 40, 42 }, { 43, 44 },
		{ 43, 45 },
	};
	struct help_hops *h = *state;

	for (size_t i = 0; i < COUNT(rows); i++)
		for (unsigned bits = 0; bits < 16; bits++) {
			bool asked_with = bits & 1;
			bool came_with = bits & 2;
			bool wish = bits & 4;
			bool eap = bits & 8;
			bool want = rows[i].asked == 1 ? wish || eap :
			    rows[i].asked == 4 ? false : asked_with;

			assert_int_equal(answer_has_msgauth(h, rows[i].asked, asked_with,
			    rows[i].code, came_with, wish, eap), want);
		}
}

/* P-CHP-1, P-CHP-3: the old authenticator was the challenge, so it comes along, once, and only in
 * Access-Requests that have a CHAP-Password and no challenge of their own. */
static void
chap_challenge_is_added_where_needed(void **state)
{
	static const uint8_t chap[17] = { 0x16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16 };
	struct help_hops *h = *state;

	for (unsigned bits = 0; bits < 8; bits++) {
		bool password = bits & 1;
		bool challenge = bits & 2;
		uint8_t code = bits & 4 ? 4 : 1;
		bool want = code == 1 && password && !challenge;
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;
		struct rgw_attr a;

		help_begin(&p, code, 9, h->auth_a);
		if (challenge)
			help_text(&p, 60, "own challenge");
		if (password)
			help_attr(&p, 3, chap, sizeof chap);
		help_text(&p, 1, "bob");
		in = help_finish(&p);
		out = help_forward(h, &in);
		assert_int_equal(help_count(&out, 60), challenge || want);
		assert_int_equal(help_count(&out, 3), password);
		if (password)
			assert_memory_equal(help_find(&out, 3).value, chap, sizeof chap);
		if (challenge || want) {
			a = help_find(&out, 60);
			assert_int_equal(a.len, challenge ? 13 : 16);
			assert_memory_equal(a.value, challenge ? (const uint8_t *)"own challenge" :
			    h->auth_a, a.len);
		}
		assert_int_equal(out.len, in.len + (code == 1 ? 18 : 0) + (want ? 18 : 0));
	}
}

/* A challenge that is there in whatever form is the challenge (P-CHP-2): no second one. */
static void
an_odd_chap_challenge_counts(void **state)
{
	struct help_hops *h = *state;
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;

	help_begin(&p, 1, 9, h->auth_a);
	help_attr(&p, 3, "0123456789abcdefg", 17);
	help_attr(&p, 60, NULL, 0);
	in = help_finish(&p);
	out = help_forward(h, &in);
	assert_int_equal(help_count(&out, 60), 1);
}

/* P-CHP-6: with ARAP-Password the authenticator is the challenge and stays; the password beside it
 * is hidden with it on both hops. Without, it is the fresh one (P-AUT-1). */
static void
arap_keeps_the_authenticator(void **state)
{
	struct help_hops *h = *state;

	for (int arap = 0; arap <= 1; arap++) {
		struct help_end end = { h->b.secret, h->b.secret_len,
			arap ? h->auth_a : h->auth_b };
		uint8_t password[32] = "a password";
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;

		help_hide(&h->a, NULL, password, sizeof password);
		help_begin(&p, 1, 9, h->auth_a);
		help_attr(&p, 2, password, sizeof password);
		if (arap)
			help_attr(&p, 70, "0123456789abcdef", 16);
		in = help_finish(&p);
		out = help_forward(h, &in);
		assert_auth(&out, end.auth);
		assert_int_equal(help_count(&out, 70), arap);
		memcpy(password, help_find(&out, 2).value, sizeof password);
		help_unhide(&end, NULL, password, sizeof password);
		assert_string_equal((const char *)password, "a password");
	}
	/* The kept authenticator is one of Access-Requests only. */
	{
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;

		help_begin(&p, 4, 9, h->auth_a);
		help_attr(&p, 70, "0123456789abcdef", 16);
		in = help_finish(&p);
		out = help_forward(h, &in);  /* which checks the hash over zeros */
		assert_int_equal(out.len, in.len);
	}
}

/* P-ATT-3: fragments stay in order and adjacent, even where a Message-Authenticator, a Proxy-State
 * or a CHAP-Password stands in the packet. */
static void
eap_fragments_stay_together(void **state)
{
	struct help_hops *h = *state;
	uint8_t fragment[253];

	for (int response = 0; response <= 1; response++) {
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;
		struct rgw_attr a = { 0 };
		unsigned next = 0;

		help_begin(&p, response ? 11 : 1, 77, h->auth_a);
		help_text(&p, 33, "proxy");
		help_attr(&p, 3, "0123456789abcdefg", 17);
		for (unsigned i = 0; i < 5; i++) {
			memset(fragment, (int)i, sizeof fragment);
			help_attr(&p, 79, fragment, i < 4 ? 253 : 10);
			if (i == 2)
				help_attr(&p, 80, fragment, 16);
		}
		help_text(&p, 24, "state");
		in = help_finish(&p);
		out = response ? help_back(h, &in) : help_forward(h, &in);
		while (rgw_packet_next(&out, &a)) {
			if (a.type == 79) {
				assert_int_equal(a.value[0], next++);
				assert_int_equal(a.len, next < 5 ? 253 : 10);
			} else {
				assert_true(next == 0 || next == 5);
			}
		}
		assert_int_equal(next, 5);
	}
}

/* The request on A with Proxy-States, as it is kept while its answer is awaited. */
static void
ask_with_proxy_states(struct help_hops *h, const char *const *states, size_t n)
{
	help_begin(&h->asked, 1, 42, h->auth_a);
	for (size_t i = 0; i < n; i++) {
		help_text(&h->asked, 33, states[i]);
		help_text(&h->asked, 1, "between");
	}
	h->request = help_finish(&h->asked);
}

/* P-PRX-1, P-PRX-3: the request takes the client's Proxy-States along, and none is added. */
static void
requests_take_proxy_states_along(void **state)
{
	static const char *const states[] = { "one", "", "two", "one" };
	struct help_hops *h = *state;
	struct rgw_packet out;

	ask_with_proxy_states(h, states, COUNT(states));
	out = help_forward(h, &h->request);
	assert_same_attributes(&out, 38, &h->request);
	assert_int_equal(out.n_proxy_state, 4);
}

/* P-PRX-4 to 6, P-BR-13: whatever a server does to Proxy-States, the client gets its own, all
 * of them, in order, at the end; in every kind of response (rule 10 of those most often broken). */
static void
proxy_states_are_restored(void **state)
{
	static const char *const ours[] = { "one", "", "two", "one", "\xff\xfe" };
	static const char *const servers[][6] = {
		{ NULL }, { "one", "", "two", "one", "\xff\xfe", NULL }, { "two", "one", NULL },
		{ "one", "", "two", "one", "\xff\xfe", "injected" }, { "attack", NULL },
		{ "", "", NULL },
	};
	static const uint8_t codes[] = { 2, 3, 11 };
	struct help_hops *h = *state;

	ask_with_proxy_states(h, ours, COUNT(ours));
	for (size_t s = 0; s < COUNT(servers) * COUNT(codes); s++) {
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;

		help_begin(&p, codes[s / COUNT(servers)], 77, NULL);
		for (size_t i = 0; i < 6 && servers[s % COUNT(servers)][i] != NULL; i++) {
			help_text(&p, 33, servers[s % COUNT(servers)][i]);
			help_text(&p, 18, "x");
		}
		help_text(&p, 25, "class");
		in = help_finish(&p);
		out = help_back(h, &in);
		assert_int_equal(out.n_proxy_state, COUNT(ours));
		assert_memory_equal(out.data + out.len - 21,
		    "\x21\x05" "one\x21\x02\x21\x05" "two\x21\x05" "one\x21\x04\xff\xfe", 21);
		/* And nothing else changed: n times 18 "x", then the class. */
		assert_int_equal(out.len, 38 + 3 * help_count(&in, 33) + 7 + 21);
	}
}

static void
without_proxy_states_none_come_back(void **state)
{
	struct help_hops *h = *state;
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;

	help_begin(&p, 2, 77, NULL);
	help_text(&p, 33, "injected");
	help_text(&p, 18, "x");
	in = help_finish(&p);
	out = help_back(h, &in);
	assert_int_equal(out.n_proxy_state, 0);
	assert_int_equal(out.len, 38 + 3);
}

/* The same for accounting, CoA and Disconnect: P-PRX-8. */
static void
proxy_states_of_other_requests(void **state)
{
	static const struct { uint8_t asked; uint8_t code; } rows[] = {
		{ 4, 5 }, { 40, 41 }, { 40, 42 }, { 43, 44 }, { 43, 45 },
	};
	struct help_hops *h = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;

		help_begin(&h->asked, rows[i].asked, 42, h->auth_a);
		help_text(&h->asked, 33, "abc");
		h->request = help_finish(&h->asked);
		help_begin(&p, rows[i].code, 77, NULL);
		in = help_finish(&p);
		out = help_back(h, &in);
		assert_int_equal(out.len, 25);
		assert_memory_equal(out.data + 20, "\x21\x05" "abc", 5);
	}
}

/* P-CPX-14, P-CPX-15, P-CPX-22, P-COA-20: a NAS gets nothing that is for proxies; Event-Timestamp and the rest stay. */
static void
nas_gets_what_it_knows(void **state)
{
	static const uint8_t mark[4] = { 1, 2, 3, 4 };
	struct help_hops *h = *state;
	struct help_packet p;
	struct rgw_packet in, out;
	uint8_t octets[4096];
	size_t len;

	help_begin(&p, 43, 9, NULL);
	help_text(&p, 33, "abc");
	help_text(&p, 44, "session");
	help_text(&p, 126, "1example.org");
	help_attr(&p, 241, "\x08token", 6);
	help_attr(&p, 241, "\x05x", 2);
	help_attr(&p, 55, "\x01\x02\x03\x04", 4);
	in = help_finish(&p);
	for (int to_nas = 0; to_nas <= 1; to_nas++) {
		len = rgw_hop_request(octets, sizeof octets, &(struct rgw_hop_request){ .in = &in,
			.hidden = h->hidden, .from = h->secret_a, .to = h->secret_b, .mark = mark,
			.mark_len = sizeof mark, .id = 3, .to_nas = to_nas != 0 });
		assert_int_equal(rgw_packet_parse(&out, octets, len), RGW_PACKET_OK);
		assert_int_equal(out.n_proxy_state, to_nas != 0 ? 0 : 2);
		assert_int_equal(help_count(&out, 126), to_nas == 0);
		assert_int_equal(help_count(&out, 241), to_nas != 0 ? 1 : 2);
		assert_int_equal(help_count(&out, 55), 1);
		assert_int_equal(help_count(&out, 44), 1);
		assert_int_equal(rgw_hop_request_len(&in, to_nas != 0), to_nas != 0 ? len : len - 6);
	}
}

/* P-ATT-9 to 13, P-ENC-5: the extended attributes and chains of fragments with the More flag,
 * finished or not, with others in between, are not touched; nor is what looks hidden inside
 * them. */
static void
extended_attributes_are_untouched(void **state)
{
	struct help_hops *h = *state;
	uint8_t value[253];
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;

	memset(value, 0x45, sizeof value);
	help_begin(&p, 1, 9, h->auth_a);
	for (uint8_t type = 241; type <= 246; type++) {
		help_attr(&p, type, NULL, 0);
		help_attr(&p, type, "\x05", 1);
		help_attr(&p, type, "\x1a\x00\x00\x01\x37\x10secretsecret", 18);  /* EVS 311:16 */
		help_attr(&p, type, "\x02\x12" "0123456789abcdef", 18);
		help_attr(&p, type, "\x45\x15\x01\x80\x01" "0123456789abcdef", 21);
	}
	for (int i = 0; i < 4; i++) {
		value[0] = 1;
		value[1] = i < 3 ? 0x80 : 0x00;
		help_attr(&p, 245, value, sizeof value);
		help_text(&p, 1, "between");
	}
	value[1] = 0x80;
	help_attr(&p, 246, value, sizeof value);  /* never finished */
	in = help_finish(&p);
	out = help_forward(h, &in);
	assert_same_attributes(&out, 38, &in);
}

/* P-ERR-7: Original-Packet-Code is for Protocol-Error only; its neighbours stay. */
static void
original_packet_code_is_removed(void **state)
{
	struct help_hops *h = *state;

	for (int response = 0; response <= 1; response++) {
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;

		help_begin(&p, response ? 2 : 1, 77, h->auth_a);
		help_attr(&p, 241, "\x04\0\0\0\x01", 5);
		help_attr(&p, 241, "\x04", 1);
		help_attr(&p, 241, "\x03\0\0\x10\0", 5);
		help_attr(&p, 242, "\x04\0\0\0\x01", 5);
		help_attr(&p, 241, "\x04\0\0\0\x01", 5);
		help_attr(&p, 241, NULL, 0);
		in = help_finish(&p);
		out = response ? help_back(h, &in) : help_forward(h, &in);
		assert_int_equal(out.len, 38 + 7 + 7 + 2);
		assert_memory_equal(out.data + 38,
		    "\xf1\x07\x03\0\0\x10\0\xf2\x07\x04\0\0\0\x01\xf1\x02", 16);
	}
}

/* P-PKT-2, P-ATT-16, P-CHP-5: exactly 4096 octets still go, one more does not. */
static void
the_largest_request(void **state)
{
	static const struct { uint8_t code; bool chap; size_t grows; } rows[] = {
		{ 1, false, 18 }, { 1, true, 36 }, { 4, false, 0 }, { 43, false, 0 },
	};
	struct help_hops *h = *state;
	uint8_t out[5000];

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t over = 0; over <= rows[i].grows && over <= 2; over++) {
			struct help_packet p;
			struct rgw_packet in;

			help_begin(&p, rows[i].code, 9, h->auth_a);
			if (rows[i].chap)
				help_attr(&p, 3, "0123456789abcdefg", 17);
			help_pad(&p, 18, 4096 - rows[i].grows + over);
			in = help_finish(&p);
			memset(out, 0xee, sizeof out);
			assert_int_equal(forward_with(h, false, &in, h->auth_b, out, sizeof out),
			    over == 0 ? 4096 : 0);
			for (size_t k = 4096; k < sizeof out; k++)
				assert_int_equal(out[k], 0xee);
		}
}

/* The incoming one makes room for the outgoing one. */
static void
a_full_request_with_its_own_message_authenticator(void **state)
{
	struct help_hops *h = *state;
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;

	help_begin(&p, 1, 9, h->auth_a);
	help_pad(&p, 18, 4096 - 18);
	help_attr(&p, 80, "0123456789abcdef", 16);
	in = help_finish(&p);
	out = help_forward(h, &in);
	assert_int_equal(out.len, 4096);
}

static void
the_largest_response(void **state)
{
	static const char *const ours[] = { "12345678", "123456" };  /* 18 octets together */
	struct help_hops *h = *state;

	ask_with_proxy_states(h, ours, COUNT(ours));
	for (size_t over = 0; over <= 2; over++) {
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_hop_response hop = { .in = &in, .hidden = h->hidden, .from = h->secret_b,
			.from_auth = h->auth_b, .request = &h->request, .to = h->secret_a,
			.msgauth = true };
		uint8_t out[5000];

		help_begin(&p, 2, 77, NULL);
		help_pad(&p, 18, 4096 - 36 + over);
		in = help_finish(&p);
		assert_int_equal(rgw_hop_response(out, sizeof out, &hop), over == 0 ? 4096 : 0);
		hop.msgauth = false;
		assert_int_equal(rgw_hop_response(out, sizeof out, &hop), 4096 - 18 + over);
		assert_int_equal(rgw_hop_response_len(&hop), 4096 - 18 + over);
	}
}

/* Every cap that is too small gives 0, and nothing is written behind it. */
static void
small_buffers(void **state)
{
	struct help_hops *h = *state;
	struct help_rng rng = { 5 };
	uint8_t out[4096];
	struct help_packet p;
	struct rgw_packet in;
	size_t need;

	help_begin(&p, 1, 9, h->auth_a);
	help_attr(&p, 3, "0123456789abcdefg", 17);
	put_hidden_attributes(&p, &rng);
	in = help_finish(&p);
	need = in.len + 36u;
	assert_int_equal(rgw_hop_request_len(&in, false), need);
	for (size_t cap = 0; cap <= need + 1; cap++) {
		const struct rgw_hop_request hop = { .in = &in, .hidden = h->hidden,
			.from = h->secret_a, .to = h->secret_b, .fresh_auth = h->auth_b };

		memset(out, 0xee, sizeof out);
		assert_int_equal(rgw_hop_request(out, cap, &hop), cap < need ? 0 : need);
		for (size_t i = cap; i < need + 2; i++)
			assert_int_equal(out[i], 0xee);
	}
}

/* P-PRX-7, P-ATT-16: our own Proxy-State comes last, and is left out where there is no room for it. */
static void
a_mark_comes_last_if_there_is_room(void **state)
{
	struct help_hops *h = *state;
	uint8_t out[4096];
	struct help_packet p;
	struct rgw_packet in;

	help_begin(&p, 1, 9, h->auth_a);
	help_attr(&p, 33, "of another", 10);
	in = help_finish(&p);
	for (size_t room = 0; room < 8; room++) {
		const struct rgw_hop_request hop = { .in = &in, .hidden = h->hidden, .from = h->secret_a,
			.to = h->secret_b, .fresh_auth = h->auth_b, .mark = (const uint8_t *)"mark", .mark_len = 4 };
		size_t bare = in.len + 18u;
		size_t len = rgw_hop_request(out, bare + room, &hop);

		assert_int_equal(len, room < 6 ? bare : bare + 6);
		help_parse(out, len);
		if (room >= 6)
			assert_memory_equal(out + bare, "\x21\x06mark", 6);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_keep_all_other_octets),
		TEST(responses_keep_all_other_octets),
		TEST(there_and_back_is_the_same),
		TEST(hashed_requests_hide_with_zeros),
		TEST(message_authenticator_of_requests),
		TEST(strange_message_authenticators_are_removed),
		TEST(message_authenticator_of_responses),
		TEST(chap_challenge_is_added_where_needed),
		TEST(an_odd_chap_challenge_counts),
		TEST(arap_keeps_the_authenticator),
		TEST(eap_fragments_stay_together),
		TEST(requests_take_proxy_states_along),
		TEST(proxy_states_are_restored),
		TEST(without_proxy_states_none_come_back),
		TEST(proxy_states_of_other_requests),
		TEST(nas_gets_what_it_knows),
		TEST(extended_attributes_are_untouched),
		TEST(original_packet_code_is_removed),
		TEST(the_largest_request),
		TEST(a_full_request_with_its_own_message_authenticator),
		TEST(the_largest_response),
		TEST(small_buffers),
		TEST(a_mark_comes_last_if_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
