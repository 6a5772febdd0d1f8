/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about rewrites: which of them see a packet, in which order, and what becomes of it (P-GW-14,
 * P-ATT-16, P-CPX-3, 4). */

#include "sim_priv.h"

#include <stdio.h>
#include <string.h>

#include "radsecgw/md5.h"
#include "radsecgw/wire.h"

#define USER "bob@example.org"

/* An attribute that nobody knows, for texts that tell where a packet has been. */
#define TRACE 200

static struct sim_req *
login(struct sim *s, const char *user)
{
	return sim_request(s, 1, (uint16_t)(10000 + s->n_reqs), 1, user);
}

/* ---- which, and in which order ---- */

/* Each place leaves its trace. */
static void
add_traces(struct sim *s)
{
	sim_rewrite(s, "gateway", "rewrite-in", "add = 200 = gateway-in");
	sim_rewrite(s, "gateway", "rewrite-out", "add = 200 = gateway-out");
	sim_rewrite(s, "client nas", "rewrite-in", "add = 200 = client-in");
	sim_rewrite(s, "client nas", "rewrite-out", "add = 200 = client-out");
	sim_rewrite(s, "peer visitor", "rewrite-in", "add = 200 = visitor-in");
	sim_rewrite(s, "peer visitor", "rewrite-out", "add = 200 = visitor-out");
	sim_rewrite(s, "peer national", "rewrite-in", "add = 200 = peer-in");
	sim_rewrite(s, "peer national", "rewrite-out", "add = 200 = peer-out");
	sim_rewrite(s, "server local", "rewrite-in", "add = 200 = server-in");
	sim_rewrite(s, "server local", "rewrite-out", "add = 200 = server-out");
}

/* From general to specific on the way in, reversed on the way out; from UDP to TLS ... */
static void
order_of_a_client_and_a_peer(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	add_traces(&s);
	sim_start(&s);
	r = login(&s, USER);
	sim_run(&s, 100);
	EXPECT_GOT(&s, 0, TRACE, "gateway-in,client-in,peer-out,gateway-out,");
	EXPECT_ANSWER(r, TRACE, "gateway-in,peer-in,client-out,gateway-out,");
	sim_end(&s);
}

/* ... and from TLS to UDP, accounting as well as logins. */
static void
order_of_a_peer_and_a_server(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r[2];

	(void)state;
	sim_init(&s, "198.51.100.1");
	add_traces(&s);
	sim_to_server(&s);
	sim_start(&s);
	c = sim_visit(&s);
	r[0] = sim_ask(&s, c, RGW_ACCESS_REQUEST, 1, USER);
	r[1] = sim_ask(&s, c, RGW_ACCOUNTING_REQUEST, 2, USER);
	sim_run(&s, 100);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_GOT(&s, i, TRACE, "gateway-in,visitor-in,server-out,gateway-out,");
		EXPECT_ANSWER(r[i], TRACE, "gateway-in,server-in,visitor-out,gateway-out,");
	}
	assert_int_equal(sim_counter(&s, RGW_CTR_rewrite_changed), 16);
	sim_end(&s);
}

/* Each rewrite goes on from what the one before has left, in the order of the list. */
static void
one_after_the_other(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_rewrite(&s, "gateway", "rewrite-in", "replace = User-Name /bob/ann/");
	sim_rewrite(&s, "client nas", "rewrite-in", "replace = User-Name /ann/eve/");
	sim_rewrite(&s, "client nas", "rewrite-in",
	    "replace = User-Name /eve/joe/, User-Name /bob/no/");
	sim_start(&s);
	login(&s, USER);
	sim_run(&s, 100);
	EXPECT_GOT(&s, 0, RGW_USER_NAME, "joe@example.org,");
	sim_end(&s);
}

/* P-PRX-12: the name that a client's rewrite has made decides where the request goes. */
static void
changed_name_decides_the_route(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_add_second(&s);
	sim_ini(&s, "[realm new.example]\npool = second");
	sim_rewrite(&s, "client nas", "rewrite-in",
	    "replace = User-Name /@old.example$$/@new.example/");
	/* A name that is changed when the request is sent does not decide that. */
	sim_rewrite(&s, "peer national", "rewrite-out", "replace = User-Name /@.*$$/@new.example/");
	sim_start(&s);
	login(&s, "bob@old.example");
	login(&s, USER);
	sim_run(&s, 100);
	assert_int_equal(s.second.requests, 1);
	assert_int_equal(s.national.requests, 1);
	assert_int_equal(sim_answered(&s), 2);
	for (size_t i = 0; i < s.n_got; i++)
		EXPECT_GOT(&s, i, RGW_USER_NAME, "bob@new.example,");
	sim_end(&s);
}

static void
only_the_packets_it_is_for(void **state)
{
	static const uint8_t session[] = { 0, 0, 0, 60 };
	struct sim s;
	struct sim_req *r[3];

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_SILENT;
	sim_rewrite(&s, "peer national", "rewrite-in", "remove = Session-Timeout\npackets = access-accept");
	sim_rewrite(&s, "peer national", "rewrite-out",
	    "add = 200 = acct\npackets = accounting-request, access-challenge");
	sim_start(&s);
	r[0] = login(&s, USER);
	r[1] = login(&s, USER);
	r[2] = sim_request(&s, 4, 20000, 1, USER);
	sim_run(&s, 100);
	sim_reply_with(&s, s.got[0], RGW_ACCESS_ACCEPT, 27, session, sizeof session);
	sim_reply_with(&s, s.got[1], RGW_ACCESS_REJECT, 27, session, sizeof session);
	sim_reply_with(&s, s.got[2], RGW_ACCOUNTING_RESPONSE, 27, session, sizeof session);
	assert_int_equal(sim_count_attrs(r[0]->answer, r[0]->answer_len, 27), 0);
	assert_int_equal(sim_count_attrs(r[1]->answer, r[1]->answer_len, 27), 1);
	assert_int_equal(sim_count_attrs(r[2]->answer, r[2]->answer_len, 27), 1);
	EXPECT_GOT(&s, 0, TRACE, "");
	EXPECT_GOT(&s, 2, TRACE, "acct,");
	sim_end(&s);
}

static void
variables_in_both_directions(void **state)
{
	static const char all[] = "add = 200 = ${client}/${peer}/${realm}/${source}";
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[realm local.example]\npool = local");
	sim_rewrite(&s, "gateway", "rewrite-in", all);
	sim_rewrite(&s, "gateway", "rewrite-in", "replace = User-Name /@example/@sub.example/");
	sim_rewrite(&s, "gateway", "rewrite-out", all);
	/* What is changed later does not change the realm. */
	sim_rewrite(&s, "peer national", "rewrite-out", "remove = User-Name");
	sim_start(&s);
	r = login(&s, USER);
	sim_run(&s, 100);
	EXPECT_GOT(&s, 0, TRACE,
	    "nas//example.org/192.0.2.10,nas/national/sub.example.org/192.0.2.10,");
	EXPECT_ANSWER(r, TRACE,
	    "nas/national/sub.example.org/192.0.2.10,nas/national/sub.example.org/192.0.2.10,");
	c = sim_visit(&s);
	sim_ask(&s, c, RGW_ACCESS_REQUEST, 1, "bob@local.example");
	sim_run(&s, 100);
	EXPECT_GOT(&s, 1, TRACE,
	    "visitor//local.example/203.0.113.5,visitor/local/local.example/203.0.113.5,");
	r = sim_ask(&s, c, RGW_ACCESS_REQUEST, 2, NULL);
	sim_run(&s, 100);
	EXPECT_GOT(&s, 2, TRACE, "visitor///203.0.113.5,visitor/national//203.0.113.5,");
	EXPECT_ANSWER(r, TRACE, "visitor/national//203.0.113.5,visitor/national//203.0.113.5,");
	sim_end(&s);
}

/* Each member gets what is written for it, from the request as it came in. */
static void
rewritten_for_each_member(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national, second");
	sim_rewrite(&s, "client nas", "rewrite-in", "add = 200 = in");
	sim_rewrite(&s, "peer national", "rewrite-out", "add = 200 = ${peer}");
	sim_rewrite(&s, "peer second", "rewrite-out", "add = 200 = ${peer}");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	r = login(&s, USER);
	sim_run(&s, 100);
	sim_cut(&s, sim_first_to(&s, &s.national));
	sim_run(&s, 100);
	EXPECT_GOT(&s, 0, TRACE, "in,national,");
	EXPECT_GOT(&s, 1, TRACE, "in,second,");
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* ---- what must not change ---- */

/* P-DUP-2: duplicates are known by the octets that came, and get the same answer. */
static void
repeated_requests_are_recognised(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_server(&s);
	sim_rewrite(&s, "client nas", "rewrite-in",
	    "set = User-Name = ann@${realm}\nremove = User-Name");
	sim_rewrite(&s, "client nas", "rewrite-out", "add = 200 = out");
	s.server.answer = SIM_SILENT;
	sim_start(&s);
	r = login(&s, USER);
	sim_again(&s, r);
	/* The server gets the request again, with the same octets, from the gateway alone. */
	sim_run(&s, 3000);
	sim_again(&s, r);
	assert_int_equal(s.n_got, 1);
	assert_int_equal(s.got[0]->copies, 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_absorbed), 2);
	sim_server_reply(&s, s.got[0], 0);
	EXPECT_ANSWER(r, TRACE, "out,");
	sim_again(&s, r);
	sim_again(&s, r);
	assert_int_equal(r->answers, 3);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 1);
	sim_end(&s);
}

/* A block of User-Password as it was before it was hidden (RFC 2865 5.2). */
static void
reveal(uint8_t block[static 16], const char *secret, const uint8_t *auth)
{
	uint8_t stream[RGW_MD5_LEN];
	struct rgw_md5 md5;

	rgw_md5_init(&md5);
	rgw_md5_update(&md5, secret, strlen(secret));
	rgw_md5_update(&md5, auth, RGW_AUTH_LEN);
	rgw_md5_final(&md5, stream);
	for (size_t i = 0; i < sizeof stream; i++)
		block[i] ^= stream[i];
}

static void
password_of(const uint8_t *data, size_t len, const char *secret, uint8_t out[static 16])
{
	struct rgw_packet p = sim_packet_of(data, len);
	struct rgw_attr a;

	assert_true(rgw_packet_get(&p, RGW_AT_USER_PASSWORD, &a));
	assert_int_equal(a.len, 16);
	memcpy(out, a.value, 16);
	reveal(out, secret, rgw_packet_auth(&p));
}

/* MS-MPPE-Send-Key and another one in one attribute, hidden for the hop where the request was got. */
static size_t
key_attribute(const struct sim_got *g, const char *secret, uint8_t out[static 64])
{
	struct rgw_wr w = rgw_wr_of(out, 64);
	uint8_t key[16];

	memcpy(key, sim_key_material, sizeof key);
	sim_salted_block(key, secret, g->data + 4, (const uint8_t *)"\x80\x09");
	rgw_wr_u32(&w, 311);
	rgw_wr_bytes(&w, "\x07\x06\0\0\0\x01\x10\x14\x80\x09", 10);
	rgw_wr_bytes(&w, key, sizeof key);
	assert_false(w.bad);
	return w.len;
}

/* P-SLT-1, P-PWD-1: hidden values are re-keyed for their own authenticators, whatever stands around them. */
static void
hidden_values_stay_right(void **state)
{
	struct sim s;
	struct sim_req *r;
	struct rgw_packet p;
	struct rgw_attr a = { 0 };
	uint8_t was[16], is[16], vsa[64];
	size_t n;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_SILENT;
	sim_rewrite(&s, "client nas", "rewrite-in", "set = User-Name = somebody.else@example.org");
	sim_rewrite(&s, "peer national", "rewrite-out",
	    "remove = Calling-Station-Id\nadd = Connect-Info = more");
	sim_rewrite(&s, "peer national", "rewrite-in", "remove = MS-MPPE-Encryption-Policy");
	sim_start(&s);
	r = login(&s, USER);
	sim_run(&s, 100);
	password_of(r->data, r->len, SIM_SECRET, was);
	password_of(s.got[0]->data, s.got[0]->len, SIM_RADSEC, is);
	assert_memory_equal(is, was, 16);
	n = key_attribute(s.got[0], SIM_RADSEC, vsa);
	sim_reply_with(&s, s.got[0], 0, RGW_VENDOR_SPECIFIC, vsa, n);
	p = sim_packet_of(r->answer, r->answer_len);
	while (rgw_packet_next(&p, &a) && a.type != RGW_VENDOR_SPECIFIC)
		;
	assert_int_equal(a.len, 4 + 20);
	assert_memory_equal(a.value, "\0\0\x01\x37\x10\x14", 6);
	memcpy(is, a.value + 8, 16);
	sim_salted_block(is, SIM_SECRET, r->data + 4, a.value + 6);
	assert_memory_equal(is, sim_key_material, 16);
	sim_end(&s);
}

/* P-SS-20, P-ERR-8: packets that the gateway makes itself are not rewritten. */
static void
own_packets_are_not_rewritten(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_to_pool(&s, "national");
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes");
	sim_rewrite(&s, "gateway", "rewrite-in", "add = 200 = in");
	sim_rewrite(&s, "gateway", "rewrite-out", "add = 200 = out");
	s.national.refuse = true;
	sim_start(&s);
	c = sim_visit(&s);
	/* A Status-Server, a reject of our own, a Protocol-Error of our own. */
	sim_ask(&s, c, RGW_STATUS_SERVER, 7, NULL);
	sim_expect_values(s.heard, s.heard_len, TRACE, "");
	r = login(&s, USER);
	sim_run(&s, 10000);
	assert_int_equal(r->answer[0], RGW_ACCESS_REJECT);
	EXPECT_ANSWER(r, TRACE, "");
	r = sim_ask(&s, c, RGW_ACCESS_REQUEST, 1, USER);
	sim_run(&s, 10000);
	assert_int_equal(r->answer[0], RGW_PROTOCOL_ERROR);
	EXPECT_ANSWER(r, TRACE, "");
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_a_client_and_a_peer),
		cmocka_unit_test(order_of_a_peer_and_a_server),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(changed_name_decides_the_route),
		cmocka_unit_test(only_the_packets_it_is_for),
		cmocka_unit_test(variables_in_both_directions),
		cmocka_unit_test(rewritten_for_each_member),
		cmocka_unit_test(repeated_requests_are_recognised),
		cmocka_unit_test(hidden_values_stay_right),
		cmocka_unit_test(own_packets_are_not_rewritten),
	};

	return cmocka_run_group_tests_name("rewrites", tests, NULL, NULL);
}
