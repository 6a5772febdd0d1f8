/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/tls.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"
#include "minipki.h"

/* Two sessions that talk to each other over memory. */

/* ---- sessions ---- */

struct end {
	struct rgw_session *tls;
	enum rgw_session_result result;
	unsigned judged;
};

static bool
judge(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	struct end *end = arg;

	(void)leaf;
	(void)sha256;
	(void)why;
	(void)size;
	end->judged++;
	return true;
}

/* One step with what the other one has to say. */
static void
step(struct end *end, struct end *other)
{
	struct rgw_outbuf *out = &other->tls->out;
	size_t n = out->len - out->at;
	uint8_t *copy = malloc(n + 1);
	uint8_t plain[64];
	size_t len;

	assert_non_null(copy);
	if (n > 0) {
		memcpy(copy, out->data + out->at, n);
		rgw_outbuf_sent(&other->tls->out, n);
	}
	rgw_session_feed(end->tls, copy, n);
	if (end->result == RGW_SESSION_WANT)
		end->result = rgw_session_handshake(end->tls);
	/* The end of the handshake may be followed by the verdict of the other side. */
	if (end->result == RGW_SESSION_OK &&
	    rgw_session_read(end->tls, plain, sizeof plain, &len) == RGW_SESSION_FAILED)
		end->result = RGW_SESSION_FAILED;
	rgw_session_feed(end->tls, NULL, 0);
	free(copy);
}

/* A whole handshake. true = both are content. `why` gets what the server says about a failure. */
static bool
shake(struct rgw_tlsctx *client_ctx, struct rgw_tlsctx *server_ctx, char *why, size_t size)
{
	struct end client = { .result = RGW_SESSION_WANT };
	struct end server = { .result = RGW_SESSION_WANT };
	bool both;

	client.tls = rgw_tls_new(client_ctx, judge, &client, "server.test");
	server.tls = rgw_tls_new(server_ctx, judge, &server, NULL);
	assert_non_null(client.tls);
	assert_non_null(server.tls);
	for (int turn = 0; turn < 6; turn++) {
		step(&client, &server);
		step(&server, &client);
	}
	both = client.result == RGW_SESSION_OK && server.result == RGW_SESSION_OK;
	assert_true(!both || (client.judged == 1 && server.judged == 1));
	if (why != NULL)
		snprintf(why, size, "%s", server.result == RGW_SESSION_FAILED ? rgw_session_why(server.tls) : "");
	rgw_session_free(client.tls);
	rgw_session_free(server.tls);
	return both;
}

/* ---- the cast ---- */

/* A server that trusts one CA, and clients that show what a test wants. */
struct cast {
	struct test_cert ca, server, inter, leaf, visitor;
	struct rgw_tlsctx *ctx;
};

static struct rgw_tlsctx *
context(enum rgw_tls_role role, const struct test_cert *const *chain, size_t n, const struct test_cert *ca)
{
	struct rgw_tls_problem problem = { .text = "" };
	struct rgw_conf_tls section;
	struct rgw_tlsctx *ctx;

	test_tls_section(&section, chain, n, &ca, 1);
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
	test_leaf_make(&c->server, "server.test", &c->ca);
	test_ca_make(&c->inter, "intermediate", &c->ca);
	test_leaf_make(&c->leaf, "leaf.test", &c->inter);
	test_leaf_make(&c->visitor, "visitor.test", &c->ca);
	c->ctx = context(RGW_TLS_SERVER, (const struct test_cert *const[]){ &c->server }, 1, &c->ca);
	*state = c;
	return 0;
}

static int
tear_down(void **state)
{
	struct cast *c = *state;

	rgw_tlsctx_free(c->ctx);
	free(c);
	return 0;
}

/* Does the server take a client that shows up to two certificates, and has the key of the first? */
static bool
takes(struct cast *c, const struct test_cert *first, const struct test_cert *second, char *why, size_t size)
{
	const struct test_cert *chain[] = { first, second };
	struct rgw_tlsctx *client = context(RGW_TLS_CLIENT, chain, second != NULL ? 2 : 1, &c->ca);
	bool taken = shake(client, c->ctx, why, size);

	rgw_tlsctx_free(client);
	return taken;
}

#define ASSERT_TAKES(c, first, second) \
	do { \
		char why_[1280]; \
		if (!takes(c, first, second, why_, sizeof why_)) \
			fail_msg("refused: %s", why_); \
	} while (0)

static size_t
heap_in_use(void)
{
	return mallinfo2().uordblks;
}

/* ---- tests ---- */

static void
chains_are_taken(void **state)
{
	struct cast *c = *state;

	ASSERT_TAKES(c, &c->visitor, NULL);
	ASSERT_TAKES(c, &c->leaf, &c->inter);
}

/* What one peer sends helps no other. */
static void
an_intermediate_is_for_its_sender(void **state)
{
	struct cast *c = *state;
	char why[1280];

	assert_false(takes(c, &c->leaf, NULL, why, sizeof why));
	ASSERT_TAKES(c, &c->leaf, &c->inter);
	assert_false(takes(c, &c->leaf, NULL, why, sizeof why));
	assert_non_null(strstr(why, "certificate refused: "));
	ASSERT_TAKES(c, &c->leaf, &c->inter);
}

/* A leaf that is sent beside another one becomes nobody's issuer. */
static void
a_leaf_issues_nothing(void **state)
{
	struct cast *c = *state;
	struct test_cert forged;
	char why[1280];

	test_leaf_make(&forged, "leaf.test", &c->visitor);
	assert_false(takes(c, &forged, NULL, why, sizeof why));
	assert_false(takes(c, &forged, &c->visitor, why, sizeof why));
	(void)takes(c, &c->visitor, &c->visitor, why, sizeof why);
	(void)takes(c, &c->server, &c->visitor, why, sizeof why);
	assert_false(takes(c, &forged, NULL, why, sizeof why));
	assert_false(takes(c, &forged, &c->visitor, why, sizeof why));
}

static void
odd_intermediates_are_refused(void **state)
{
	const struct {
		const char *what;
		struct test_spec spec;
	} rows[] = {
		{ "no basicConstraints",
		    { .ca = TEST_UNSAID, .path_length = TEST_UNSAID, .key_usage = 0x04 } },
		{ "CA:FALSE", { .ca = 0, .path_length = TEST_UNSAID, .key_usage = 0x04 } },
		{ "no keyCertSign", { .ca = 1, .path_length = TEST_UNSAID, .key_usage = 0x02 } },
	};
	struct cast *c = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_spec spec = rows[i].spec;
		struct test_cert inter, leaf;

		spec.name = "odd";
		spec.issuer = &c->ca;
		test_cert_make(&inter, &spec);
		test_leaf_make(&leaf, "leaf.test", &inter);
		if (takes(c, &leaf, &inter, NULL, 0))
			fail_msg("%s", rows[i].what);
	}
}

/* Hundreds of certificates that verify are shown beside that of a peer: nothing of them stays. */
static void
nothing_stays(struct cast *c, bool ca)
{
	size_t before = 0;

	for (int round = 0; round < 600; round++) {
		struct test_cert other;
		char name[32];

		snprintf(name, sizeof name, "other-%d.test", round);
		if (ca)
			test_ca_make(&other, name, &c->ca);
		else
			test_leaf_make(&other, name, &c->ca);
		(void)takes(c, &c->visitor, &other, NULL, 0);
		if (round == 99)
			before = heap_in_use();
	}
	if (heap_in_use() > before + 64 * 1024)
		fail_msg("500 %s: %zu octets more", ca ? "intermediates" : "leaves", heap_in_use() - before);
}

static void
leaves_do_not_stay(void **state)
{
	nothing_stays(*state, false);
}

static void
intermediates_do_not_stay(void **state)
{
	nothing_stays(*state, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(chains_are_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_intermediate_is_for_its_sender, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_leaf_issues_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(odd_intermediates_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_do_not_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(intermediates_do_not_stay, set_up, tear_down),
	};
	int failed;

	if (!rgw_tls_library_init())
		return 99;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rgw_tls_thread_fini();
	rgw_tls_library_fini();
	return failed;
}
