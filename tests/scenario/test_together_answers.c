/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about answers that arrive together: octets of a connection in one piece, datagrams of a server in
 * one call. They are checked side by side before the first of them is taken, and taking one may change what
 * the next one answers. */

#include "sim_priv.h"

#include <string.h>

#include "radsecgw/build.h"

#define USER "user@example.org"
#define MOST 40

static void
expect(const struct sim *s, enum rgw_counter c, uint64_t want)
{
	if (sim_counter(s, c) != want)
		fail_msg("%s is %llu, not %llu", rgw_counter_name(c),
		    (unsigned long long)sim_counter(s, c), (unsigned long long)want);
}

/* Packets that wait to be sent: one behind the other, or each for itself. */
struct pile {
	struct sim *s;
	uint8_t octets[MOST * 256];
	size_t len;
	struct rgw_octets packets[MOST];
	size_t n;
};

static void
pile_octets(struct pile *p, const uint8_t *octets, size_t n)
{
	assert_true(p->n < MOST && p->len + n <= sizeof p->octets);
	memcpy(p->octets + p->len, octets, n);
	p->packets[p->n++] = (struct rgw_octets){ p->octets + p->len, n };
	p->len += n;
}

/* Puts an answer of this kind to the i-th request that came to the far end. */
static void
pile_how(struct pile *p, size_t i, enum sim_answer how)
{
	struct sim_got *g = p->s->got[i];
	uint8_t out[256];
	size_t n = sim_build_how(p->s, g, out, sizeof out, how, g->source != NULL ? SIM_LOCAL : SIM_RADSEC);

	g->answered |= how == SIM_ANSWER;
	pile_octets(p, out, n);
}

static void
pile_answer(struct pile *p, size_t i)
{
	pile_how(p, i, SIM_ANSWER);
}

static void
send_pile(struct pile *p, struct sim_conn *c, size_t piece)
{
	for (size_t at = 0; at < p->len; at += piece)
		sim_octets(p->s, c, p->octets + at, p->len - at < piece ? p->len - at : piece);
	p->len = p->n = 0;
}

/* Sends the datagrams in calls of at most so many. */
static void
send_datagrams(struct pile *p, struct sim_source *source, size_t most)
{
	for (size_t at = 0; at < p->n; at += most)
		rgw_source_on_packets(source->engine, p->packets + at, p->n - at < most ? p->n - at : most,
		    p->s->now);
	p->len = p->n = 0;
}

/* An Access-Accept is 69 octets long: some pieces cut packets, some do not; the last one is all at once. */
static const size_t pieces[] = { 1, 19, 20, 68, 69, 70, 276, 552, 1000, MOST * 256 };
#define N_PIECES (sizeof pieces / sizeof pieces[0])

static const size_t batches[] = { 1, 2, 7, 8, 9, 16, 17, MOST };
#define N_BATCHES (sizeof batches / sizeof batches[0])

static void
ask(struct sim *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sim_request(s, i % 5 == 3 ? 4 : 1, (uint16_t)(6000 + i / 200), (uint8_t)(i % 200), USER);
}

/* A world with one connection, on which twenty requests wait for answers that the story gives. */
static void
begin(struct sim *s, struct pile *p)
{
	s->national.answer = SIM_SILENT;
	sim_ini(s, "[peer national]\nconnections = 0-1\nstatus-server = off");
	sim_start(s);
	ask(s, 20);
	sim_run(s, 100);
	assert_int_equal(s->n_got, 20);
	*p = (struct pile){ .s = s };
}

static void
expect_answers(const struct sim *s, size_t from, size_t to, unsigned want)
{
	for (size_t i = from; i < to; i++)
		assert_int_equal(s->got[i]->req->answers, want);
}

/* P-STR-2, P-STR-7: some answers come twice, a few packets later or much later: the copies are late, and nothing
 * else. */
static void
answers_come_together(void **state)
{
	struct rgw_counters first;

	(void)state;
	for (size_t i = 0; i < N_PIECES; i++) {
		struct sim s;
		struct pile p;

		sim_init(&s, "198.51.100.1");
		begin(&s, &p);
		for (size_t k = 0; k < 20; k++) {
			pile_answer(&p, k);
			if (k == 2)
				pile_answer(&p, 2);
			if (k == 5)
				pile_answer(&p, 0);
		}
		pile_answer(&p, 0);
		pile_octets(&p, (const uint8_t *)"\2\310\0\24an answer to naught", 20);
		send_pile(&p, s.conns[0], pieces[i]);
		expect_answers(&s, 0, 20, 1);
		expect(&s, RGW_CTR_tls_received, 24);
		expect(&s, RGW_CTR_response_late, 3);
		expect(&s, RGW_CTR_response_unmatched, 1);
		assert_int_equal(sim_count_up(&s), 1);
		if (i == 0)
			first = *rgw_gw_counters(s.gw);
		assert_memory_equal(rgw_gw_counters(s.gw), &first, sizeof first);
		sim_end(&s);
	}
}

/* Octets are cut in two at every place, the second half followed by whole packets. */
static void
halves_and_whole_ones(void **state)
{
	size_t len = 1000;

	(void)state;
	for (size_t cut = 1; cut < len; cut++) {
		struct sim s;
		struct pile p;

		sim_init(&s, "198.51.100.1");
		begin(&s, &p);
		for (size_t k = 0; k < 12; k++)
			pile_answer(&p, k);
		len = p.len;
		sim_octets(&s, s.conns[0], p.octets, cut);
		sim_octets(&s, s.conns[0], p.octets + cut, p.len - cut);
		expect_answers(&s, 0, 12, 1);
		assert_int_equal(sim_count_up(&s), 1);
		sim_abort(&s);
	}
}

/* What a far end may do wrong at one place among its answers. */
enum wrong { FORGED, BAD_MSGAUTH, BAD_ATTRIBUTE, BAD_LENGTH, WRONGS };

static void
pile_wrong(struct pile *p, size_t i, enum wrong wrong)
{
	struct sim_got *g = p->s->got[i];
	const uint8_t bad_attribute[] = { 2, g->data[1], 0, 22, [20] = 18, [21] = 1 };
	const uint8_t bad_length[] = { 2, g->data[1], 0, 19 };
	struct rgw_builder b;
	uint8_t out[256];

	switch (wrong) {
	case FORGED:
		pile_how(p, i, SIM_FORGED);
		break;
	case BAD_MSGAUTH:
		rgw_build_begin(&b, out, sizeof out, g->data[0] == 4 ? 5 : 2, g->data[1], NULL, false);
		rgw_build_attr(&b, RGW_MESSAGE_AUTHENTICATOR, "0123456789abcdef", 16);
		pile_octets(p, out, rgw_build_response(&b, g->data + 4,
		    sim_secret_of(p->s, g->source != NULL ? SIM_LOCAL : SIM_RADSEC)));
		break;
	case BAD_ATTRIBUTE:
		pile_octets(p, bad_attribute, sizeof bad_attribute);
		break;
	default:
		pile_octets(p, bad_length, sizeof bad_length);
		break;
	}
}

static const enum rgw_counter wrong_counter[WRONGS] = {
	[FORGED] = RGW_CTR_response_bad_authenticator,
	[BAD_MSGAUTH] = RGW_CTR_response_bad_message_authenticator,
	[BAD_ATTRIBUTE] = RGW_CTR_tls_malformed,
	[BAD_LENGTH] = RGW_CTR_tls_malformed,
};

/* Puts answers to all requests, and at one place something wrong. */
static void
pile_with(struct pile *p, enum wrong wrong, size_t place)
{
	for (size_t k = 0; k < 20; k++) {
		if (k == place)
			pile_wrong(p, k, wrong);
		if (k != place || wrong == BAD_ATTRIBUTE || wrong == BAD_LENGTH)
			pile_answer(p, k);
	}
}

/* P-TCP-35: what came before it is delivered; what comes behind counts for nothing, and what it would have
 * answered is asked again elsewhere. Only the request whose identifier the wrong one carries is stopped. */
static void
wrong_in_the_middle(enum wrong wrong, size_t place, size_t piece)
{
	struct sim s;
	struct pile p;

	sim_init(&s, "198.51.100.1");
	begin(&s, &p);
	pile_with(&p, wrong, place);
	send_pile(&p, s.conns[0], piece);
	assert_true(s.conns[0]->closed_by_engine);
	expect(&s, wrong_counter[wrong], 1);
	expect(&s, RGW_CTR_tls_received, place + (wrong != BAD_LENGTH));
	expect(&s, RGW_CTR_request_answered, place);
	expect_answers(&s, 0, place, 1);
	expect_answers(&s, place, 20, 0);
	s.national.answer = SIM_ANSWER;
	sim_run(&s, 5000);
	expect(&s, RGW_CTR_request_bad_answer, 1);
	expect(&s, RGW_CTR_requests_retried, 19 - place);
	expect_answers(&s, 0, place, 1);
	expect_answers(&s, place, place + 1, 0);
	expect_answers(&s, place + 1, 20, 1);
	assert_int_equal(s.n_got, 39 - place);
	expect(&s, RGW_CTR_response_late, 0);
	sim_end(&s);
}

static void
a_wrong_one_in_the_middle_closes(void **state)
{
	static const size_t places[] = { 0, 1, 7, 8, 9, 15, 19 };

	(void)state;
	for (int wrong = 0; wrong < WRONGS; wrong++)
		for (size_t k = 0; k < sizeof places / sizeof places[0]; k++)
			for (size_t i = 0; i < N_PIECES; i++)
				wrong_in_the_middle((enum wrong)wrong, places[k], pieces[i]);
}

/* P-TCP-36: only the wrong answer is dropped, and the right one may still come. */
static void
a_wrong_one_is_discarded_if_so_configured(void **state)
{
	(void)state;
	for (size_t place = 0; place < 20; place++)
		for (int wrong = FORGED; wrong <= BAD_MSGAUTH; wrong++) {
			struct sim s;
			struct pile p;

			sim_init(&s, "198.51.100.1");
			sim_ini(&s, "[peer national]\nbad-response = discard");
			begin(&s, &p);
			pile_with(&p, (enum wrong)wrong, place);
			pile_answer(&p, place);
			send_pile(&p, s.conns[0], MOST * 256);
			expect(&s, wrong_counter[wrong], 1);
			expect_answers(&s, 0, 20, 1);
			assert_int_equal(sim_count_up(&s), 1);
			sim_end(&s);
		}
}

/* ---- identifiers that serve again ---- */

/* All identifiers of the connection are in use, and ten requests wait for one. */
static void
fill(struct sim *s)
{
	s->national.answer = s->server.answer = SIM_SILENT;
	sim_start(s);
	ask(s, 1);
	sim_run(s, 100);
	s->no_sockets = true;
	for (unsigned i = 0; i < 264; i++)
		sim_request(s, 1, (uint16_t)(7000 + i / 200), (uint8_t)(i % 200), USER);
	assert_int_equal(s->n_got, 255);
}

/* The first answers are followed by copies of them, by when their identifiers belong to others. */
static void
pile_stale(struct pile *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pile_answer(p, i);
	for (size_t i = 0; i < n; i++)
		pile_answer(p, i);
}

/* The requests that have waited got the identifiers in turn; none took a copy for its answer. */
static void
check_stale(const struct sim *s, size_t n)
{
	assert_int_equal(s->n_got, 255 + n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(s->got[255 + i]->data[1], s->got[i]->data[1]);
	expect_answers(s, 0, n, 1);
	expect_answers(s, n, 255 + n, 0);
	expect(s, RGW_CTR_response_late, n);
	expect(s, RGW_CTR_request_answered, n);
}

static void
identifiers_change_hands_meanwhile(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 10; n++)
		for (size_t i = 0; i < N_PIECES; i++) {
			struct sim s;
			struct pile p = { .s = &s };

			sim_init(&s, "198.51.100.1");
			sim_ini(&s, "[peer national]\nconnections = 0-1\nstatus-server = off");
			fill(&s);
			pile_stale(&p, n);
			send_pile(&p, s.conns[0], pieces[i]);
			check_stale(&s, n);
			assert_int_equal(sim_count_up(&s), 1);
			/* These are the answers that the requests wait for. */
			for (size_t k = 0; k < n; k++)
				pile_answer(&p, 255 + k);
			send_pile(&p, s.conns[0], pieces[i]);
			expect_answers(&s, 255, 255 + n, 1);
			sim_end(&s);
		}
}

/* A forged copy is an answer to nobody, whoever has the identifier by then. */
static void
a_forged_copy_closes_whoever_has_the_identifier(void **state)
{
	struct sim s;
	struct pile p = { .s = &s };

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-1\nstatus-server = off");
	fill(&s);
	pile_answer(&p, 0);
	pile_how(&p, 0, SIM_FORGED);
	send_pile(&p, s.conns[0], MOST * 256);
	assert_true(s.conns[0]->closed_by_engine);
	expect(&s, RGW_CTR_response_bad_authenticator, 1);
	expect(&s, RGW_CTR_request_answered, 1);
	s.national.answer = SIM_ANSWER;
	sim_run(&s, 5000);
	expect(&s, RGW_CTR_request_bad_answer, 1);
	expect(&s, RGW_CTR_request_answered, 264);
	sim_end(&s);
}

/* ---- a server ---- */

static void
begin_at_server(struct sim *s, struct pile *p)
{
	sim_to_server(s);
	s->server.answer = SIM_SILENT;
	sim_start(s);
	for (unsigned i = 0; i < 20; i++)
		sim_request(s, 1, 6000, (uint8_t)i, USER);
	assert_int_equal(s->n_got, 20);
	*p = (struct pile){ .s = s };
}

/* A datagram of a server has no consequence for those beside it. */
static void
datagrams_of_a_server_come_together(void **state)
{
	struct rgw_counters first;

	(void)state;
	for (size_t i = 0; i < N_BATCHES; i++) {
		struct sim s;
		struct pile p;

		sim_init(&s, "198.51.100.1");
		begin_at_server(&s, &p);
		for (size_t k = 0; k < 20; k++) {
			if (k % 7 == 3)
				pile_wrong(&p, k, FORGED);
			if (k % 7 == 4)
				pile_wrong(&p, k, BAD_MSGAUTH);
			if (k % 7 == 5)
				pile_wrong(&p, k, k == 5 ? BAD_ATTRIBUTE : BAD_LENGTH);
			pile_answer(&p, k);
			if (k % 10 == 2)
				pile_answer(&p, 0);
		}
		send_datagrams(&p, s.sources[0], batches[i]);
		expect_answers(&s, 0, 20, 1);
		expect(&s, RGW_CTR_server_received, 31);
		expect(&s, RGW_CTR_response_bad_authenticator, 3);
		expect(&s, RGW_CTR_response_bad_message_authenticator, 3);
		expect(&s, RGW_CTR_server_malformed, 3);
		expect(&s, RGW_CTR_response_late, 2);
		if (i == 0)
			first = *rgw_gw_counters(s.gw);
		assert_memory_equal(rgw_gw_counters(s.gw), &first, sizeof first);
		sim_end(&s);
	}
}

static void
identifiers_of_a_socket_change_hands_meanwhile(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 10; n++)
		for (size_t i = 0; i < N_BATCHES; i++) {
			struct sim s;
			struct pile p = { .s = &s };

			sim_init(&s, "198.51.100.1");
			sim_to_server(&s);
			fill(&s);
			pile_stale(&p, n);
			send_datagrams(&p, s.sources[0], batches[i]);
			check_stale(&s, n);
			for (size_t k = 0; k < n; k++)
				pile_answer(&p, 255 + k);
			send_datagrams(&p, s.sources[0], batches[i]);
			expect_answers(&s, 255, 255 + n, 1);
			sim_end(&s);
		}
}

/* P-BR-8: the first answer with a Message-Authenticator shows that the server sends them. */
static void
the_first_decides_for_those_beside_it(void **state)
{
	struct sim s;
	struct pile p;
	uint8_t out[256];
	struct rgw_builder b;

	(void)state;
	sim_init(&s, "198.51.100.1");
	begin_at_server(&s, &p);
	for (size_t k = 0; k < 3; k++) {
		const uint8_t *asked = s.got[k]->data;

		rgw_build_begin(&b, out, sizeof out, RGW_ACCESS_ACCEPT, asked[1], NULL, k == 1);
		pile_octets(&p, out, rgw_build_response(&b, asked + 4, sim_secret_of(&s, SIM_LOCAL)));
	}
	send_datagrams(&p, s.sources[0], MOST);
	expect_answers(&s, 0, 2, 1);
	expect_answers(&s, 2, 3, 0);
	expect(&s, RGW_CTR_response_missing_message_authenticator, 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_together),
		cmocka_unit_test(halves_and_whole_ones),
		cmocka_unit_test(a_wrong_one_in_the_middle_closes),
		cmocka_unit_test(a_wrong_one_is_discarded_if_so_configured),
		cmocka_unit_test(identifiers_change_hands_meanwhile),
		cmocka_unit_test(a_forged_copy_closes_whoever_has_the_identifier),
		cmocka_unit_test(datagrams_of_a_server_come_together),
		cmocka_unit_test(identifiers_of_a_socket_change_hands_meanwhile),
		cmocka_unit_test(the_first_decides_for_those_beside_it),
	};

	return cmocka_run_group_tests_name("together_answers", tests, NULL, NULL);
}
