/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"
#include "minipki.h"
#include "radsecgw/tls.h"

/* Two sessions of ours that talk to each other over memory. What one has put into its buffer is fed to the other, in
 * pieces of any size. */

#define HEADER 5  /* of a record of TLS */
#define TEXT 1280

struct end {
	struct rgw_session *session;
	enum rgw_session_result result;
	uint8_t got[65536];
	size_t n;
	bool wanted;             /* what the judge says */
	unsigned judged;
};

/* ---- the wire ---- */

static bool
judge(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	struct end *end = arg;

	(void)leaf;
	(void)sha256;
	end->judged++;
	snprintf(why, size, "it is not the one that is expected");
	return end->wanted;
}

static void
read_all(struct end *e)
{
	size_t n;

	while ((e->result = rgw_session_read(e->session, e->got + e->n, 1000, &n)) == RGW_SESSION_OK)
		e->n += n;
}

/* One end gets octets; `up` says whether its handshake is over. */
static void
take(struct end *e, const uint8_t *data, size_t len, bool *up)
{
	uint8_t *copy = malloc(len + 1);

	assert_non_null(copy);
	memcpy(copy, data, len);
	rgw_session_feed(e->session, copy, len);
	if (!*up) {
		e->result = rgw_session_handshake(e->session);
		*up = e->result == RGW_SESSION_OK;
	}
	if (*up)
		read_all(e);
	rgw_session_feed(e->session, NULL, 0);
	free(copy);
}

/* What waits at one end goes to the other, in pieces of at most `piece` octets. false = nothing did. */
static bool
carry(struct end *from, struct end *to, size_t piece, bool *up)
{
	struct rgw_outbuf *out = &from->session->out;
	bool some = rgw_outbuf_waiting(out) > 0;

	while (rgw_outbuf_waiting(out) > 0) {
		size_t n = rgw_outbuf_waiting(out) < piece ? rgw_outbuf_waiting(out) : piece;

		if (to->result != RGW_SESSION_FAILED)
			take(to, out->data + out->at, n, up);
		rgw_outbuf_sent(out, n);
	}
	return some;
}

/* ---- the cast ---- */

struct cast {
	struct test_cert ca, other_ca, server, client, stranger;
	struct rgw_tlsctx *server_ctx, *client_ctx, *stranger_ctx;
	struct end a, b;         /* the client, the server */
	bool a_up, b_up;
};

static struct rgw_tlsctx *
context(enum rgw_tls_role role, const struct test_cert *own, const struct test_cert *ca)
{
	struct rgw_tls_problem problem = { .text = "" };
	struct rgw_conf_tls section;
	struct rgw_tlsctx *ctx;

	test_tls_section(&section, &own, 1, &ca, 1);
	ctx = rgw_tlsctx_new(&section, role, NULL, NULL, &problem);
	test_tls_section_drop(&section);
	if (ctx == NULL)
		fail_msg("%s: %s", problem.key, problem.text);
	return ctx;
}

static int
set_up(void **state)
{
	struct cast *c = calloc(1, sizeof *c);

	if (c == NULL)
		return -1;
	test_ca_make(&c->ca, "root", NULL);
	test_ca_make(&c->other_ca, "other root", NULL);
	test_leaf_make(&c->server, "server.test", &c->ca);
	test_leaf_make(&c->client, "client.test", &c->ca);
	test_leaf_make(&c->stranger, "stranger.test", &c->other_ca);
	c->server_ctx = context(RGW_TLS_SERVER, &c->server, &c->ca);
	c->client_ctx = context(RGW_TLS_CLIENT, &c->client, &c->ca);
	c->stranger_ctx = context(RGW_TLS_CLIENT, &c->stranger, &c->ca);
	*state = c;
	return 0;
}

static int
tear_down(void **state)
{
	struct cast *c = *state;

	rgw_session_free(c->a.session);
	rgw_session_free(c->b.session);
	rgw_tlsctx_free(c->server_ctx);
	rgw_tlsctx_free(c->client_ctx);
	rgw_tlsctx_free(c->stranger_ctx);
	free(c);
	return 0;
}

static void
begin(struct cast *c, struct rgw_tlsctx *client)
{
	c->a.wanted = c->b.wanted = true;
	c->a.result = c->b.result = RGW_SESSION_WANT;
	c->a.session = rgw_tls_new(client, judge, &c->a, "server.test");
	c->b.session = rgw_tls_new(c->server_ctx, judge, &c->b, NULL);
	assert_non_null(c->a.session);
	assert_non_null(c->b.session);
	take(&c->a, (const uint8_t *)"", 0, &c->a_up);
}

static void
talk(struct cast *c, size_t piece)
{
	bool more;

	do {
		more = carry(&c->a, &c->b, piece, &c->b_up);
		more = carry(&c->b, &c->a, piece, &c->a_up) || more;
	} while (more);
}

static void
stand(struct cast *c, size_t piece)
{
	begin(c, c->client_ctx);
	talk(c, piece);
	if (!c->a_up || !c->b_up)
		fail_msg("client: %s; server: %s", rgw_session_why(c->a.session), rgw_session_why(c->b.session));
}

/* ---- TLS ---- */

/* In pieces of one octet as in one go; each side is judged once. */
static void
handshakes_stand(void **state)
{
	struct cast *c = *state;
	char text[128];

	stand(c, 1);
	assert_int_equal(c->a.judged, 1);
	assert_int_equal(c->b.judged, 1);
	rgw_session_describe(c->b.session, text, sizeof text);
	assert_memory_equal(text, "TLSv1.3, TLS13-", 15);
	assert_non_null(strstr(text, ", ALPN radius/1.0"));
	assert_false(c->b.session->ops->ends_with_stream);
}

/* One packet is one record (P-STR-4), whatever its length; and what comes out is what went in. */
static void
packets_are_records(void **state)
{
	static const size_t lengths[] = { 1, 20, 255, 4095, 4096 };
	struct cast *c = *state;
	uint8_t packet[4096];
	size_t all = 0;

	stand(c, SIZE_MAX);
	for (size_t i = 0; i < sizeof packet; i++)
		packet[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		const struct rgw_outbuf *out = &c->a.session->out;
		size_t before = rgw_outbuf_waiting(out);
		const uint8_t *record;

		assert_true(rgw_session_write(c->a.session, packet, lengths[i]));
		record = out->data + out->at + before;
		assert_int_equal(record[0], 23);
		assert_int_equal(rgw_outbuf_waiting(out), before + HEADER + ((size_t)record[3] << 8 | record[4]));
	}
	talk(c, 11);
	assert_int_equal(c->b.result, RGW_SESSION_WANT);
	for (size_t i = 0; i < COUNT(lengths); all += lengths[i++])
		assert_memory_equal(c->b.got + all, packet, lengths[i]);
	assert_int_equal(c->b.n, all);
	assert_true(rgw_session_write(c->b.session, packet, 20));
	talk(c, SIZE_MAX);
	assert_int_equal(c->a.n, 20);
}

/* A goodbye ends one direction: what came before it has come, and the other side may still write (RFC 8446 6.1). */
static void
goodbyes_end_one_direction(void **state)
{
	struct cast *c = *state;

	stand(c, SIZE_MAX);
	assert_true(rgw_session_write(c->a.session, (const uint8_t *)"last", 4));
	rgw_session_close(c->a.session);
	carry(&c->a, &c->b, SIZE_MAX, &c->b_up);
	assert_int_equal(c->b.result, RGW_SESSION_CLOSED);
	assert_int_equal(c->b.n, 4);
	assert_true(rgw_session_write(c->b.session, (const uint8_t *)"answer", 6));
	carry(&c->b, &c->a, SIZE_MAX, &c->a_up);
	assert_int_equal(c->a.n, 6);
}

/* The side that refuses a certificate says so with an alert, and each side has a sentence for the log. */
static void
refusals_are_told_by_an_alert(void **state)
{
	struct cast *c = *state;

	begin(c, c->stranger_ctx);
	talk(c, SIZE_MAX);
	assert_int_equal(c->b.result, RGW_SESSION_FAILED);
	assert_non_null(strstr(rgw_session_why(c->b.session), "certificate refused: "));
	assert_int_equal(c->a.result, RGW_SESSION_FAILED);
	assert_non_null(strstr(rgw_session_why(c->a.session), "the peer sent TLS alert "));
	assert_int_equal(c->b.judged, 0);
	assert_false(c->b_up);
}

/* The chain of the certificate is good, and our own judgement is no. */
static void
the_judge_refuses(void **state)
{
	struct cast *c = *state;

	begin(c, c->client_ctx);
	c->a.wanted = false;
	talk(c, SIZE_MAX);
	assert_int_equal(c->a.result, RGW_SESSION_FAILED);
	assert_non_null(strstr(rgw_session_why(c->a.session), "it is not the one that is expected"));
	assert_int_equal(c->b.result, RGW_SESSION_FAILED);
	assert_non_null(strstr(rgw_session_why(c->b.session), "the peer sent TLS alert "));
	assert_int_equal(c->a.judged, 1);
}

/* Gives an end that is up some octets of an attacker, and says what it makes of them. */
static const char *
attack(struct end *e, const uint8_t *data, size_t len)
{
	bool up = true;

	take(e, data, len, &up);
	assert_int_equal(e->result, RGW_SESSION_FAILED);
	return rgw_session_why(e->session);
}

static void
records_that_are_too_long(void **state)
{
	static const uint8_t header[HEADER] = { 23, 3, 3, 0x41, 0x01 };  /* 16384 + 257 octets */
	struct cast *c = *state;

	stand(c, SIZE_MAX);
	assert_non_null(strstr(attack(&c->b, header, sizeof header), "a record that is longer than TLS allows"));
}

/* A record that has been changed on its way is refused, and nothing of it comes out. */
static void
changed_records_fail(void **state)
{
	struct cast *c = *state;

	stand(c, SIZE_MAX);
	assert_true(rgw_session_write(c->a.session, (const uint8_t *)"packet", 6));
	c->a.session->out.data[c->a.session->out.len - 1] ^= 1;
	carry(&c->a, &c->b, SIZE_MAX, &c->b_up);
	assert_int_equal(c->b.result, RGW_SESSION_FAILED);
	assert_int_equal(c->b.n, 0);
	assert_non_null(strstr(rgw_session_why(c->b.session), "TLS failed"));
}

static void
what_is_not_tls(void **state)
{
	static const uint8_t http[] = "GET / HTTP/1.1\r\n\r\n";
	struct cast *c = *state;

	begin(c, c->client_ctx);
	take(&c->b, http, sizeof http - 1, &c->b_up);
	assert_int_equal(c->b.result, RGW_SESSION_FAILED);
	assert_non_null(strstr(rgw_session_why(c->b.session), "what the peer sent is not TLS"));
}

/* An idle session keeps no buffer, and its context lives as long as it. */
static void
sessions_keep_their_context(void **state)
{
	struct cast *c = *state;

	begin(c, c->client_ctx);
	rgw_tlsctx_free(c->client_ctx);
	rgw_tlsctx_free(c->server_ctx);
	c->client_ctx = c->server_ctx = NULL;
	talk(c, SIZE_MAX);
	assert_true(c->a_up && c->b_up);
	assert_null(c->a.session->out.data);
	assert_null(c->b.session->out.data);
}

/* ---- plain TCP ---- */

/* Octets that go into a plain session come out, in pieces of any size; there is no handshake, and the end of the stream
 * is the goodbye. */
static void
plain_sessions_change_nothing(void **state)
{
	struct cast *c = *state;
	char text[64];
	bool up = true;

	c->a.session = rgw_plain_new();
	c->b.session = rgw_plain_new();
	assert_null(c->a.session->ops->handshake);
	assert_true(c->a.session->ops->ends_with_stream);
	assert_true(rgw_session_write(c->a.session, (const uint8_t *)"first,", 6));
	assert_true(rgw_session_write(c->a.session, (const uint8_t *)"second", 6));
	assert_int_equal(rgw_outbuf_waiting(&c->a.session->out), 12);
	carry(&c->a, &c->b, 5, &up);
	assert_int_equal(c->b.result, RGW_SESSION_WANT);
	assert_int_equal(c->b.n, 12);
	assert_memory_equal(c->b.got, "first,second", 12);
	rgw_session_close(c->a.session);
	assert_int_equal(rgw_outbuf_waiting(&c->a.session->out), 0);
	assert_string_equal(rgw_session_describe(c->a.session, text, sizeof text), "none");
}

/* A reader with little room gets the rest with its next calls. */
static void
plain_sessions_fill_any_room(void **state)
{
	struct rgw_session *session = rgw_plain_new();
	uint8_t room[3];
	size_t n = 99;

	(void)state;
	assert_non_null(session);
	assert_int_equal(rgw_session_read(session, room, sizeof room, &n), RGW_SESSION_WANT);
	rgw_session_feed(session, (const uint8_t *)"abcd", 4);
	assert_int_equal(rgw_session_read(session, room, sizeof room, &n), RGW_SESSION_OK);
	assert_int_equal(n, 3);
	assert_memory_equal(room, "abc", 3);
	assert_int_equal(rgw_session_read(session, room, sizeof room, &n), RGW_SESSION_OK);
	assert_int_equal(n, 1);
	assert_int_equal(room[0], 'd');
	assert_int_equal(rgw_session_read(session, room, sizeof room, &n), RGW_SESSION_WANT);
	rgw_session_free(session);
	rgw_session_free(NULL);
}

#define CAST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CAST(handshakes_stand),
		CAST(packets_are_records),
		CAST(goodbyes_end_one_direction),
		CAST(refusals_are_told_by_an_alert),
		CAST(the_judge_refuses),
		CAST(records_that_are_too_long),
		CAST(changed_records_fail),
		CAST(what_is_not_tls),
		CAST(sessions_keep_their_context),
		CAST(plain_sessions_change_nothing),
		cmocka_unit_test(plain_sessions_fill_any_room),
	};
	int failed;

	if (!rgw_tls_library_init())
		return 99;
	failed = cmocka_run_group_tests_name("session", tests, NULL, NULL);
	rgw_tls_thread_fini();
	rgw_tls_library_fini();
	return failed;
}
