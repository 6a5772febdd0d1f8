/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/inspect.h"

#include <stdio.h>
#include <stdlib.h>

#include "../../src/net/tlsinspect.h"
#include "helpers.h"
#include "minipki.h"

/* A session that is inspected, and a server, over memory. */

struct world {
	struct test_cert ca, other, server, own;
	struct rgw_tlsctx *client_ctx, *server_ctx;
	struct rgw_session *client, *far;
	enum rgw_session_result client_result, far_result;
	struct rgw_seen seen;
	bool likes;            /* what the judge says of the server */
	unsigned judged;
	uint8_t kept[65536];   /* octets that the client has got */
	size_t n_kept;
};

static bool
judge(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	struct world *w = arg;

	(void)leaf;
	(void)sha256;
	w->judged++;
	snprintf(why, size, "the judge does not like it");
	return w->likes;
}

static bool
like(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	(void)arg;
	(void)leaf;
	(void)sha256;
	(void)why;
	(void)size;
	return true;
}

static struct rgw_tlsctx *
context(enum rgw_tls_role role, const struct test_cert *own, const struct test_cert *ca)
{
	struct rgw_tls_problem problem = { .text = "" };
	struct rgw_conf_tls section;
	struct rgw_tlsctx *ctx;

	test_tls_section(&section, &own, 1, &ca, 1);
	ctx = rgw_tlsctx_new(&section, role, NULL, NULL, &problem);
	test_tls_section_drop(&section);
	assert_non_null(ctx);
	return ctx;
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	if (w == NULL)
		return -1;
	test_ca_make(&w->ca, "root", NULL);
	test_ca_make(&w->other, "other", NULL);
	test_leaf_make(&w->server, "server.test", &w->ca);
	test_leaf_make(&w->own, "client.test", &w->ca);
	w->server_ctx = context(RGW_TLS_SERVER, &w->server, &w->ca);
	w->seen.alert = -1;
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	rgw_session_free(w->client);
	rgw_session_free(w->far);
	rgw_tlsctx_free(w->client_ctx);
	rgw_tlsctx_free(w->server_ctx);
	rgw_seen_fini(&w->seen);
	free(w);
	return 0;
}

/* Hands over what the other one has to say, and goes on with the handshake. */
static void
step(struct rgw_session *to, enum rgw_session_result *result, struct rgw_session *from, struct world *keeper)
{
	struct rgw_outbuf *out = &from->out;
	size_t n = rgw_outbuf_waiting(out);
	uint8_t *copy = malloc(n + 1);

	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, out->data + out->at, n);
	rgw_outbuf_sent(out, n);
	if (keeper != NULL) {
		memcpy(keeper->kept + keeper->n_kept, copy, n);
		keeper->n_kept += n;
	}
	rgw_session_feed(to, copy, n);
	if (*result == RGW_SESSION_WANT)
		*result = rgw_session_handshake(to);
	rgw_session_feed(to, NULL, 0);
	free(copy);
}

/* A handshake with a client that trusts this CA. */
static void
shake(struct world *w, const struct test_cert *trusted)
{
	w->client_ctx = context(RGW_TLS_CLIENT, &w->own, trusted);
	w->client = rgw_tls_inspect(w->client_ctx, judge, w, "server.test", &w->seen);
	w->far = rgw_tls_new(w->server_ctx, like, w, NULL);
	assert_non_null(w->client);
	assert_non_null(w->far);
	w->client_result = w->far_result = RGW_SESSION_WANT;
	for (int turn = 0; turn < 6; turn++) {
		step(w->client, &w->client_result, w->far, w);
		step(w->far, &w->far_result, w->client, NULL);
	}
	rgw_tls_inspect_end(w->client, w->kept, w->n_kept);
}

static void
who_is_accepted_is_talked_to(void **state)
{
	struct world *w = *state;

	w->likes = true;
	shake(w, &w->ca);
	assert_int_equal(w->client_result, RGW_SESSION_OK);
	assert_true(w->seen.accepted && w->seen.trusted);
	assert_string_equal(w->seen.anchor, "CN=root");
	assert_int_equal(w->seen.n_certs, 1);
	assert_string_equal(w->seen.certs[0].fault, "");
	assert_string_equal(w->seen.version, "TLSv1.3");
	assert_true(rgw_session_write(w->client, (const uint8_t *)"abc", 3));
	assert_true(rgw_outbuf_waiting(&w->client->out) > 0);
}

/* Who was not accepted is seen, but gets not one octet of ours. */
static void
nothing(struct world *w)
{
	assert_int_equal(w->client_result, RGW_SESSION_OK);
	assert_false(w->seen.accepted);
	assert_int_equal(w->seen.n_certs, 1);
	assert_true(w->seen.certs[0].readable);
	assert_int_equal(rgw_outbuf_waiting(&w->client->out), 0);
	assert_false(rgw_session_write(w->client, (const uint8_t *)"abc", 3));
	assert_int_equal(rgw_outbuf_waiting(&w->client->out), 0);
}

static void
who_has_another_name_gets_nothing(void **state)
{
	struct world *w = *state;

	shake(w, &w->ca);
	nothing(w);
	assert_true(w->seen.trusted);
	assert_int_equal(w->judged, 1);
	assert_non_null(strstr(w->seen.refusal, "the judge does not like it"));
}

static void
who_is_of_a_foreign_ca_gets_nothing(void **state)
{
	struct world *w = *state;

	w->likes = true;
	shake(w, &w->other);
	nothing(w);
	assert_false(w->seen.trusted || w->seen.has_anchor);
	assert_int_equal(w->judged, 0);
	assert_string_not_equal(w->seen.certs[0].fault, "");
}

/* The same server, and a session that is not inspected. */
static void
a_gateway_stops_there(void **state)
{
	struct world *w = *state;

	w->client_ctx = context(RGW_TLS_CLIENT, &w->own, &w->ca);
	w->client = rgw_tls_new(w->client_ctx, judge, w, "server.test");
	w->far = rgw_tls_new(w->server_ctx, like, w, NULL);
	w->client_result = w->far_result = RGW_SESSION_WANT;
	for (int turn = 0; turn < 6; turn++) {
		step(w->client, &w->client_result, w->far, NULL);
		step(w->far, &w->far_result, w->client, NULL);
	}
	assert_int_equal(w->client_result, RGW_SESSION_FAILED);
	assert_non_null(strstr(rgw_session_why(w->client), "the judge does not like it"));
}

/* What claims to be a CertificateRequest, cut off anywhere and with any octets. */
static void
odd_octets_are_read_with_care(void **state)
{
	static const uint8_t request[] = {
		22, 3, 3, 0, 19, 13, 0, 0, 15, 1, 64, 0, 2, 4, 3, 0, 7, 0, 5, 0x30, 3, 1, 2, 3,
	};
	struct world *w = *state;
	uint8_t octets[sizeof request];

	w->client_ctx = context(RGW_TLS_CLIENT, &w->own, &w->ca);
	for (size_t n = 0; n <= sizeof request; n++)
		for (unsigned flip = 0; flip < sizeof request; flip++) {
			w->client = rgw_tls_inspect(w->client_ctx, judge, w, NULL, &w->seen);
			memcpy(octets, request, sizeof request);
			octets[flip] ^= flip % 3 == 0 ? 0xff : (uint8_t)n;
			rgw_tls_inspect_end(w->client, octets, n);
			rgw_session_free(w->client);
			rgw_seen_fini(&w->seen);
			w->seen = (struct rgw_seen){ .alert = -1 };
		}
	w->client = rgw_tls_inspect(w->client_ctx, judge, w, NULL, &w->seen);
	rgw_tls_inspect_end(w->client, request, sizeof request);
	assert_int_equal(w->seen.asked, RGW_ASKED);
	assert_int_equal(w->seen.n_names, 1);
	assert_int_equal(w->seen.names[0].len, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_accepted_is_talked_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_has_another_name_gets_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_of_a_foreign_ca_gets_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gateway_stops_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(odd_octets_are_read_with_care, set_up, tear_down),
	};
	int failed;

	if (!rgw_tls_library_init())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rgw_tls_library_fini();
	return failed;
}
