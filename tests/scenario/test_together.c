/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about requests that arrive together, datagrams in one call and octets in one piece. Their digests
 * are worked out side by side, and what comes of them must be what comes of them one by one. */

#include "sim_priv.h"

#include <string.h>

#include "radsecgw/build.h"

#define USER "user@example.org"
#define MOST 40

static const uint8_t nas_ip[4] = { 192, 0, 2, 10 };
static const uint8_t other_ip[4] = { 192, 0, 2, 11 };

/* ---- datagrams ---- */

/* Datagrams that wait for their call. The octets are those of requests that the world keeps. */
struct post {
	struct sim *s;
	struct rgw_udp_from from[MOST];
	struct rgw_octets in[MOST];
	size_t n;
};

static void
put(struct post *p, const struct sim_req *r, const uint8_t ip[static 4])
{
	struct rgw_udp_from *f = &p->from[p->n];

	assert_true(p->n < MOST);
	*f = (struct rgw_udp_from){
		.accept = RGW_SERVICE_AUTH | RGW_SERVICE_ACCT,
		.local = { .family = 4, .ip = { 192, 0, 2, 1 }, .port = 1812 },
		.remote = { .family = 4, .port = r->port },
	};
	memcpy(f->remote.ip, ip, 4);
	p->in[p->n++] = (struct rgw_octets){ r->data, r->len };
}

/* A request that has not been sent; the story may still change its octets. */
static struct sim_req *
build(struct sim *s, uint8_t code, uint8_t id, const char *user)
{
	struct sim_req *r = sim_build_request(s, &(struct sim_spec){ .code = code, .id = id, .user = user },
	    SIM_SECRET);

	r->port = 5000;
	r->life = 1;
	r->accepted_at = s->now;
	return r;
}

static struct sim_req *
put_good(struct post *p, uint8_t code, uint8_t id, const char *user)
{
	struct sim_req *r = build(p->s, code, id, user);

	sim_index_req(p->s, r);
	put(p, r, nas_ip);
	return r;
}

/* Spoils a request by changing an octet: one bit of it, or much if it is of Length. */
static void
spoil(struct sim_req *r, size_t at)
{
	r->data[at] ^= at == 2 ? 0x40 : 1;
}

/* Puts a datagram that is to be dropped: an octet is changed, and some are missing at the end. */
static void
put_bad(struct post *p, uint8_t code, size_t at, size_t missing)
{
	struct sim_req *r = build(p->s, code, 200, USER);

	spoil(r, at);
	r->len -= missing;
	put(p, r, nas_ip);
}

/* Hands the datagrams over in calls of at most so many. */
static void
give(struct post *p, size_t most)
{
	for (size_t at = 0; at < p->n; at += most)
		rgw_gw_on_udp(p->s->gw, p->from + at, p->in + at, p->n - at < most ? p->n - at : most,
		    p->s->now);
	p->n = 0;
}

/* All that can happen to a datagram happens more than once, in other places of a batch. */
static void
all_kinds(struct post *p, struct sim_req *reqs[static 5])
{
	struct sim_req *stranger = build(p->s, 1, 201, USER);

	for (uint8_t i = 0; i < 2; i++) {
		uint8_t id = (uint8_t)(10 * i);

		reqs[0] = put_good(p, 1, id, USER);
		put(p, stranger, other_ip);
		reqs[1] = put_good(p, 1, (uint8_t)(id + 1), USER);
		put_bad(p, 1, 25, 0);                                /* Message-Authenticator */
		put_bad(p, 1, 0, 5);                                 /* short */
		put_bad(p, 4, 10, 0);                                /* Request Authenticator */
		put(p, reqs[0], nas_ip);                             /* once more */
		reqs[2] = put_good(p, 4, (uint8_t)(id + 2), USER);
		put_bad(p, 1, 39, 0);                                /* length of an attribute */
		reqs[1] = put_good(p, 1, (uint8_t)(id + 1), USER);   /* another under its identifier */
		put_bad(p, 1, 2, 0);                                 /* Length */
		reqs[3] = put_good(p, RGW_STATUS_SERVER, (uint8_t)(id + 3), NULL);
		put_bad(p, 1, 25, 0);
		reqs[4] = put_good(p, 1, (uint8_t)(id + 4), "user@refused.example");
		put(p, reqs[4], nas_ip);
		put(p, reqs[1], nas_ip);
	}
}

static void
expect(const struct sim *s, enum rgw_counter c, uint64_t want)
{
	if (sim_counter(s, c) != want)
		fail_msg("%s is %llu, not %llu", rgw_counter_name(c),
		    (unsigned long long)sim_counter(s, c), (unsigned long long)want);
}

static void
expect_all_kinds(const struct sim *s)
{
	expect(s, RGW_CTR_udp_received, 32);
	expect(s, RGW_CTR_udp_unknown_client, 2);
	expect(s, RGW_CTR_udp_bad_message_authenticator, 4);
	expect(s, RGW_CTR_udp_short, 2);
	expect(s, RGW_CTR_udp_bad_length, 2);
	expect(s, RGW_CTR_udp_bad_attribute, 2);
	expect(s, RGW_CTR_udp_bad_authenticator, 2);
	expect(s, RGW_CTR_requests_accepted, 10);
	expect(s, RGW_CTR_request_superseded, 2);
	expect(s, RGW_CTR_request_rejected, 2);
	expect(s, RGW_CTR_duplicate_absorbed, 4);
	expect(s, RGW_CTR_duplicate_replayed, 2);
	expect(s, RGW_CTR_status_server_answered, 2);
}

/* Batches of every size, up to more than are looked at together: not one counter differs. */
static void
datagrams_count_as_if_one_by_one(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 8, 9, 15, 16, 17, MOST };
	struct rgw_counters first;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct sim s;
		struct post p = { .s = &s };
		struct sim_req *reqs[5];

		sim_init(&s, "198.51.100.1");
		sim_ini(&s, "[realm refused.example]\nreject = No.");
		sim_start(&s);
		all_kinds(&p, reqs);
		give(&p, sizes[i]);
		expect_all_kinds(&s);
		sim_run(&s, 1000);
		for (size_t k = 0; k < 4; k++)
			assert_int_equal(reqs[k]->answers, 1);
		assert_int_equal(reqs[4]->answers, 2);
		/* The same requests come once more, and are answered from memory. */
		for (size_t k = 0; k < 5; k++)
			put(&p, reqs[k], nas_ip);
		give(&p, sizes[i]);
		expect(&s, RGW_CTR_duplicate_replayed, 2 + 4);
		assert_int_equal(reqs[0]->answers, 2);
		if (i == 0)
			first = *rgw_gw_counters(s.gw);
		assert_memory_equal(rgw_gw_counters(s.gw), &first, sizeof first);
		sim_end(&s);
	}
}

/* ---- what the first datagram teaches ---- */

enum { WITH_MSGAUTH = 1, WITH_PROXY_STATE = 2, WITH_EAP = 4 };

/* The world knows nothing of these: their answers are foreign to it. */
static void
put_made(struct post *p, uint8_t id, unsigned parts)
{
	static const uint8_t auth[RGW_AUTH_LEN] = "random enough..";
	struct rgw_builder b;
	uint8_t data[256];
	size_t len;

	rgw_build_begin(&b, data, sizeof data, RGW_ACCESS_REQUEST, id, auth, (parts & WITH_MSGAUTH) != 0);
	rgw_build_attr(&b, RGW_USER_NAME, USER, strlen(USER));
	if ((parts & WITH_EAP) != 0)
		rgw_build_attr(&b, RGW_EAP_MESSAGE, "\2\1\0\5\1", 5);
	else
		rgw_build_attr(&b, RGW_USER_PASSWORD, "0123456789abcdef", 16);
	if ((parts & WITH_PROXY_STATE) != 0)
		rgw_build_attr(&b, RGW_PROXY_STATE, "abc", 3);
	len = rgw_build_request(&b, sim_secret_of(p->s, SIM_SECRET));
	put(p, sim_new_req(p->s, data, len), nas_ip);
}

/* P-BR-8: the first datagram of a batch decides for the second. */
static void
the_first_decides_for_those_beside_it(void **state)
{
	static const struct {
		unsigned first;
		unsigned then;
		enum rgw_counter drop;  /* where the second ends */
	} cases[] = {
		{ WITH_MSGAUTH, 0, RGW_CTR_udp_missing_message_authenticator },
		{ 0, 0, RGW_CTR_requests_accepted },
		{ WITH_MSGAUTH, WITH_PROXY_STATE, RGW_CTR_udp_missing_message_authenticator },
		{ WITH_PROXY_STATE, WITH_PROXY_STATE, RGW_CTR_requests_accepted },
		{ WITH_MSGAUTH | WITH_EAP, 0, RGW_CTR_requests_accepted },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sim s;
		struct post p = { .s = &s };
		bool accepted = cases[i].drop == RGW_CTR_requests_accepted;

		sim_init(&s, "198.51.100.1");
		sim_start(&s);
		/* A forged datagram teaches nothing. */
		put_bad(&p, 1, 25, 0);
		put_made(&p, 1, cases[i].first);
		put_made(&p, 2, cases[i].then);
		give(&p, MOST);
		expect(&s, RGW_CTR_requests_accepted, accepted ? 2 : 1);
		if (!accepted)
			expect(&s, cases[i].drop, 1);
		sim_run(&s, 1000);
		s.expected_foreign = accepted ? 2 : 1;
		sim_end(&s);
	}
}

/* ---- visitors ---- */

/* Octets that wait to be sent on a connection. */
struct pile {
	struct sim *s;
	struct sim_conn *c;
	uint8_t octets[MOST * 256];
	size_t len;
};

static void
pile_octets(struct pile *p, const void *octets, size_t n)
{
	assert_true(p->len + n <= sizeof p->octets);
	memcpy(p->octets + p->len, octets, n);
	p->len += n;
}

static struct sim_req *
ask(struct pile *p, uint8_t code, uint8_t id)
{
	struct sim_req *r = sim_build_request(p->s, &(struct sim_spec){ .code = code, .id = id,
		.user = USER }, SIM_RADSEC);

	r->conn = p->c;
	r->life = 1;
	r->accepted_at = p->s->now;
	sim_index_req(p->s, r);
	pile_octets(p, r->data, r->len);
	return r;
}

/* Sends the octets as they are read: so many at a time. */
static void
send_pile(struct pile *p, size_t piece)
{
	for (size_t at = 0; at < p->len; at += piece)
		sim_octets(p->s, p->c, p->octets + at, p->len - at < piece ? p->len - at : piece);
	p->len = 0;
}

/* Some cut packets, some do not; the last one is all at once. */
static const size_t pieces[] = { 1, 19, 20, 100, 131, 500, 1000, 3000, MOST * 256 };
#define N_PIECES (sizeof pieces / sizeof pieces[0])

static void
visit(struct sim *s, struct pile *p)
{
	sim_init(s, "198.51.100.1");
	sim_ini(s, "[peer visitor]\nprotocol-error = yes");
	sim_start(s);
	*p = (struct pile){ .s = s, .c = sim_visit(s) };
}

/* Twenty requests and what may stand between them. */
static void
requests_of_a_visitor_come_together(void **state)
{
	struct rgw_counters first;

	(void)state;
	for (size_t i = 0; i < N_PIECES; i++) {
		struct sim_req *reqs[22];
		struct sim s;
		struct pile p;

		visit(&s, &p);
		for (uint8_t id = 0; id < 20; id++) {
			reqs[id] = ask(&p, id % 3 == 0 ? 4 : 1, id);
			if (id == 4)
				pile_octets(&p, reqs[2]->data, reqs[2]->len);
			if (id == 9)
				reqs[20] = ask(&p, RGW_STATUS_SERVER, 100);
			if (id == 10)
				reqs[21] = ask(&p, 60, 101);
			if (id == 11)
				pile_octets(&p, "\2\1\0\24an answer to naught", 20);
			if (id == 14)
				reqs[13] = ask(&p, 1, 13);
		}
		send_pile(&p, pieces[i]);
		expect(&s, RGW_CTR_tls_received, 25);
		expect(&s, RGW_CTR_requests_accepted, 21);
		expect(&s, RGW_CTR_duplicate_absorbed, 1);
		expect(&s, RGW_CTR_request_superseded, 1);
		expect(&s, RGW_CTR_status_server_answered, 1);
		expect(&s, RGW_CTR_tls_bad_code, 1);
		expect(&s, RGW_CTR_peer_unexpected_code, 1);
		sim_run(&s, 1000);
		for (size_t k = 0; k < 22; k++)
			assert_int_equal(reqs[k]->answers, 1);
		if (i == 0)
			first = *rgw_gw_counters(s.gw);
		assert_memory_equal(rgw_gw_counters(s.gw), &first, sizeof first);
		sim_end(&s);
	}
}

/* A packet that closes the connection: what is wrong with it, and where it is counted. */
static const struct bad {
	uint8_t code;
	size_t at;               /* the octet that is changed */
	enum rgw_counter counter;
	unsigned received;       /* does it count as a packet? */
} bads[] = {
	{ 1, 25, RGW_CTR_tls_bad_message_authenticator, 1 },
	{ 12, 25, RGW_CTR_tls_bad_message_authenticator, 1 },
	{ 4, 10, RGW_CTR_tls_bad_authenticator, 1 },
	{ 1, 39, RGW_CTR_tls_malformed, 1 },
	{ 1, 2, RGW_CTR_tls_malformed, 0 },
};

/* P-TCP-35: packets before the bad one are taken, and those behind it have never been there. */
static void
visit_with_a_bad_one(const struct bad *bad, uint8_t place, size_t piece)
{
	struct sim_req *status, *spoilt;
	struct sim s;
	struct pile p;

	visit(&s, &p);
	status = ask(&p, RGW_STATUS_SERVER, 100);
	for (uint8_t id = 0; id < place; id++)
		ask(&p, 1, id);
	spoilt = sim_build_request(&s, &(struct sim_spec){ .code = bad->code, .id = 200, .user = USER },
	    SIM_RADSEC);
	spoil(spoilt, bad->at);
	pile_octets(&p, spoilt->data, spoilt->len);
	for (uint8_t id = place; id < 20; id++)
		ask(&p, 1, id);
	send_pile(&p, piece);
	assert_true(p.c->closed_by_engine);
	expect(&s, bad->counter, 1);
	expect(&s, RGW_CTR_tls_received, 1 + place + bad->received);
	expect(&s, RGW_CTR_requests_accepted, place);
	expect(&s, RGW_CTR_request_gone, place);
	assert_int_equal(status->answers, 1);
	sim_end(&s);
}

static void
a_bad_one_in_the_middle_closes(void **state)
{
	static const uint8_t places[] = { 0, 1, 6, 7, 8, 12, 19 };

	(void)state;
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++)
		for (size_t k = 0; k < sizeof places; k++)
			for (size_t n = 0; n < N_PIECES; n++)
				visit_with_a_bad_one(&bads[i], places[k], pieces[n]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_count_as_if_one_by_one),
		cmocka_unit_test(the_first_decides_for_those_beside_it),
		cmocka_unit_test(requests_of_a_visitor_come_together),
		cmocka_unit_test(a_bad_one_in_the_middle_closes),
	};

	return cmocka_run_group_tests_name("together", tests, NULL, NULL);
}
