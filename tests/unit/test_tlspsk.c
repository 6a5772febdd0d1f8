/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "../../src/net/tlspsk.h"
#include "helpers.h"
#include "minipki.h"
#include "radsecgw/peerpsk.h"
#include "radsecgw/secret.h"
#include "radsecgw/tls.h"

/* Sessions with pre-shared keys, whose two ends talk to each other over memory (P-PSK-1 to 14). */

static const uint8_t octets[64] = "the key that both sides have, as long as a key may be: 64 octets";
static const uint8_t other[64] = "another key that nobody has but for those who had it before now.";

/* What the server knows. */
struct keyring {
	const char *identity;
	const struct rgw_secret *now;
	const struct rgw_secret *previous;
	unsigned asked;
};

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

static bool
find(void *arg, const uint8_t *identity, size_t len, struct rgw_psk_keys *keys)
{
	struct keyring *ring = arg;

	ring->asked++;
	if (strlen(ring->identity) != len || memcmp(ring->identity, identity, len) != 0)
		return false;
	*keys = (struct rgw_psk_keys){ ring->now, ring->previous };
	return true;
}

static void
step(struct end *end, struct end *from)
{
	struct rgw_outbuf *out = &from->tls->out;
	size_t n = rgw_outbuf_waiting(out);
	uint8_t *copy = malloc(n + 1);
	uint8_t plain[64];
	size_t len;

	assert_non_null(copy);
	if (n > 0) {
		memcpy(copy, out->data + out->at, n);
		rgw_outbuf_sent(out, n);
	}
	rgw_session_feed(end->tls, copy, n);
	if (end->result == RGW_SESSION_WANT)
		end->result = rgw_session_handshake(end->tls);
	if (end->result == RGW_SESSION_OK &&
	    rgw_session_read(end->tls, plain, sizeof plain, &len) == RGW_SESSION_FAILED)
		end->result = RGW_SESSION_FAILED;
	rgw_session_feed(end->tls, NULL, 0);
	free(copy);
}

/* ---- the cast ---- */

struct cast {
	struct test_cert ca, server, visitor;
	struct rgw_tlsctx *bare_client, *bare_server;   /* without certificates */
	struct rgw_tlsctx *client, *full;               /* with certificates */
	struct rgw_secret *key, *wrong;
	struct keyring ring;
	struct end c, s;
};

static struct rgw_tlsctx *
context(enum rgw_tls_role role, const struct test_cert *leaf, const struct test_cert *ca, struct rgw_strings groups,
    struct rgw_strings ciphers)
{
	struct rgw_tls_problem problem = { .text = "" };
	struct rgw_conf_tls bare = { .min_version = RGW_TLS_1_2, .max_version = RGW_TLS_1_3, .groups = groups,
		.ciphers = ciphers };
	struct rgw_conf_tls section = bare;
	struct rgw_tlsctx *ctx;

	if (leaf != NULL)
		test_tls_section(&section, &leaf, 1, &ca, 1);
	ctx = rgw_tlsctx_new(&section, role, NULL, NULL, &problem);
	if (leaf != NULL)
		test_tls_section_drop(&section);
	if (ctx == NULL)
		fail_msg("%s: %s", problem.key, problem.text);
	return ctx;
}

#define NONE ((struct rgw_strings){ NULL, 0 })

static int
set_up(void **state)
{
	struct cast *c = calloc(1, sizeof *c);

	if (c == NULL)
		return -1;
	test_ca_make(&c->ca, "root", NULL);
	test_leaf_make(&c->server, "server.test", &c->ca);
	test_leaf_make(&c->visitor, "visitor.test", &c->ca);
	c->bare_client = context(RGW_TLS_CLIENT, NULL, NULL, NONE, NONE);
	c->bare_server = context(RGW_TLS_SERVER, NULL, NULL, NONE, NONE);
	c->client = context(RGW_TLS_CLIENT, &c->visitor, &c->ca, NONE, NONE);
	c->full = context(RGW_TLS_SERVER, &c->server, &c->ca, NONE, NONE);
	c->key = rgw_secret_new(octets, 32);
	c->wrong = rgw_secret_new(other, 32);
	c->ring = (struct keyring){ "ap7@example.org", c->key, NULL, 0 };
	*state = c;
	return 0;
}

static int
tear_down(void **state)
{
	struct cast *c = *state;

	rgw_tlsctx_free(c->bare_client);
	rgw_tlsctx_free(c->bare_server);
	rgw_tlsctx_free(c->client);
	rgw_tlsctx_free(c->full);
	rgw_secret_free(c->key);
	rgw_secret_free(c->wrong);
	free(c);
	return 0;
}

static bool
talk(struct cast *c)
{
	for (int turn = 0; turn < 6; turn++) {
		step(&c->c, &c->s);
		step(&c->s, &c->c);
	}
	return c->c.result == RGW_SESSION_OK && c->s.result == RGW_SESSION_OK;
}

static void
meet(struct cast *c, struct rgw_tlsctx *client, struct rgw_tlsctx *server, const char *identity,
    const struct rgw_secret *key, struct keyring *ring)
{
	c->c = (struct end){ rgw_tls_new(client, judge, &c->c, NULL), RGW_SESSION_WANT, 0 };
	c->s = (struct end){ rgw_tls_new(server, judge, &c->s, NULL), RGW_SESSION_WANT, 0 };
	assert_non_null(c->c.tls);
	assert_non_null(c->s.tls);
	assert_true(identity == NULL || rgw_tls_offer_psk(c->c.tls, identity, key));
	assert_true(ring == NULL || rgw_tls_await_psk(c->s.tls, find, ring));
}

/* A whole handshake. identity NULL = the client offers no key; ring NULL = the server takes none. true = both ends are
 * content. The ends stay, for a look at them, until the next handshake or drop. */
static bool
shake(struct cast *c, struct rgw_tlsctx *client, struct rgw_tlsctx *server, const char *identity,
    const struct rgw_secret *key, struct keyring *ring)
{
	meet(c, client, server, identity, key, ring);
	return talk(c);
}

static void
drop(struct cast *c)
{
	rgw_session_free(c->c.tls);
	rgw_session_free(c->s.tls);
}

static void
assert_proof(const struct rgw_session *tls, enum rgw_proof proof, const char *identity, const struct rgw_secret *key)
{
	uint8_t wanted[RGW_PSK_DIGEST];
	const uint8_t *digest;

	assert_int_equal(rgw_tls_proof(tls, &digest), proof);
	if (proof == RGW_PROVEN_BY_CERTIFICATE)
		return;
	assert_true(rgw_psk_digest(identity, key, wanted));
	assert_memory_equal(digest, wanted, sizeof wanted);
}

static void
assert_refused(struct cast *c, struct rgw_tlsctx *server, const char *identity, const struct rgw_secret *key,
    enum rgw_psk_fault fault)
{
	assert_false(shake(c, c->bare_client, server, identity, key, &c->ring));
	assert_int_equal(c->s.result, RGW_SESSION_FAILED);
	assert_int_equal(rgw_tls_psk_fault(c->s.tls), fault);
	drop(c);
}

/* ---- the tests ---- */

/* P-PSK-2: both ends know each other by keys of 16, 32 and 64 octets, be there certificates or not. */
static void
a_key_opens(void **state)
{
	struct cast *c = *state;
	static const size_t lengths[] = { 16, 17, 32, 64 };

	for (size_t i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
		struct rgw_secret *key = rgw_secret_new(octets, lengths[i / 2]);

		c->ring.now = key;
		assert_true(shake(c, i % 2 == 0 ? c->bare_client : c->client, i % 2 == 0 ? c->bare_server : c->full,
		    c->ring.identity, key, &c->ring));
		assert_proof(c->c.tls, RGW_PROVEN_BY_PSK, c->ring.identity, key);
		assert_proof(c->s.tls, RGW_PROVEN_BY_PSK, c->ring.identity, key);
		assert_int_equal(c->c.judged + c->s.judged, 0);
		assert_null(rgw_tls_take_chain(c->s.tls));
		drop(c);
		rgw_secret_free(key);
	}
}

static void
the_previous_key_opens(void **state)
{
	struct cast *c = *state;

	c->ring.previous = c->wrong;
	assert_true(shake(c, c->bare_client, c->bare_server, c->ring.identity, c->wrong, &c->ring));
	assert_proof(c->s.tls, RGW_PROVEN_BY_PREVIOUS_PSK, c->ring.identity, c->wrong);
	assert_proof(c->c.tls, RGW_PROVEN_BY_PSK, c->ring.identity, c->wrong);
	drop(c);
	assert_true(shake(c, c->bare_client, c->bare_server, c->ring.identity, c->key, &c->ring));
	assert_proof(c->s.tls, RGW_PROVEN_BY_PSK, c->ring.identity, c->key);
	drop(c);
}

/* After a HelloRetryRequest either key opens, too. */
static void
another_group_is_asked_for(void **state)
{
	struct cast *c = *state;
	char *both[] = { "P-384", "X25519" };
	char *one[] = { "X25519" };
	struct rgw_tlsctx *client = context(RGW_TLS_CLIENT, NULL, NULL, (struct rgw_strings){ both, 2 }, NONE);
	struct rgw_tlsctx *server = context(RGW_TLS_SERVER, NULL, NULL, (struct rgw_strings){ one, 1 }, NONE);

	c->ring.previous = c->wrong;
	assert_true(shake(c, client, server, c->ring.identity, c->key, &c->ring));
	assert_int_equal(c->ring.asked, 2);
	assert_proof(c->s.tls, RGW_PROVEN_BY_PSK, c->ring.identity, c->key);
	drop(c);
	assert_true(shake(c, client, server, c->ring.identity, c->wrong, &c->ring));
	assert_proof(c->s.tls, RGW_PROVEN_BY_PREVIOUS_PSK, c->ring.identity, c->wrong);
	drop(c);
	c->ring.previous = NULL;
	assert_false(shake(c, client, server, c->ring.identity, c->wrong, &c->ring));
	drop(c);
	rgw_tlsctx_free(client);
	rgw_tlsctx_free(server);
}

/* P-PSK-11: whatever is wrong, nobody comes in, and we know why. */
static void
strangers_are_refused(void **state)
{
	struct cast *c = *state;

	for (int certificates = 0; certificates <= 1; certificates++) {
		struct rgw_tlsctx *server = certificates == 1 ? c->full : c->bare_server;

		assert_refused(c, server, c->ring.identity, c->wrong, RGW_PSK_WRONG_KEY);
		assert_refused(c, server, "ap8@example.org", c->key, RGW_PSK_UNKNOWN);
		assert_refused(c, server, "ap7@example.or", c->key, RGW_PSK_UNKNOWN);
	}
}

/* P-PSK-12: who was to take our key and shows a certificate, which we would trust, is refused; so is a client that
 * has neither. */
static void
certificates_do_not_take_the_place_of_keys(void **state)
{
	struct cast *c = *state;

	assert_false(shake(c, c->client, c->full, c->ring.identity, c->key, NULL));
	assert_int_equal(c->c.result, RGW_SESSION_FAILED);
	assert_int_equal(c->c.judged, 0);
	assert_non_null(strstr(rgw_session_why(c->c.tls), "certificate"));
	drop(c);
	assert_false(shake(c, c->bare_client, c->bare_server, NULL, NULL, &c->ring));
	drop(c);
	assert_false(shake(c, c->client, c->bare_server, NULL, NULL, &c->ring));
	drop(c);
}

/* P-PSK-6: a server that has the key, but makes no Diffie-Hellman exchange with it, is left. */
static void
keys_alone_are_not_enough(void **state)
{
	struct cast *c = *state;

	meet(c, c->bare_client, c->bare_server, c->ring.identity, c->key, &c->ring);
	assert_int_equal(wolfSSL_no_dhe_psk(((struct rgw_tls *)c->s.tls)->ssl), 0);
	assert_false(talk(c));
	assert_int_equal(c->c.result, RGW_SESSION_FAILED);
	assert_int_equal(c->s.result, RGW_SESSION_FAILED);
	drop(c);
}

/* A ServerHello, in its record, that takes the key of this place. */
static size_t
server_hello(uint8_t *record, bool share, unsigned place)
{
	static const uint8_t versions[] = { 0, 43, 0, 2, 3, 4 };
	static const uint8_t group[] = { 0, 51, 0, 6, 0, 29, 0, 2, 1, 2 };
	uint8_t body[128] = { 3, 3 };
	size_t n = 2 + 32 + 1;
	size_t at;

	memset(body + 2, 7, 32);
	body[n++] = 0x13;
	body[n++] = 0x01;
	body[n++] = 0;
	at = n;
	n += 2;
	memcpy(body + n, versions, sizeof versions);
	n += sizeof versions;
	if (share) {
		memcpy(body + n, group, sizeof group);
		n += sizeof group;
	}
	memcpy(body + n, (uint8_t[]){ 0, 41, 0, 2, 0, (uint8_t)place }, 6);
	n += 6;
	body[at + 1] = (uint8_t)(n - at - 2);
	memcpy(record, (uint8_t[]){ 22, 3, 3, 0, (uint8_t)(n + 4), 2, 0, 0, (uint8_t)n }, 9);
	memcpy(record + 9, body, n);
	return n + 9;
}

/* P-PSK-6: the verdict is ours, whatever the library makes of it: the key that we gave, and an exchange. */
static void
verdict_wants_the_key_and_an_exchange(void **state)
{
	static const struct {
		bool share;
		unsigned place;
		bool good;
		const char *why;
	} rows[] = {
		{ true, 0, true, "" }, { false, 0, false, "forward secrecy" }, { true, 1, false, "not identified" },
	};
	struct cast *c = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t record[160];
		struct rgw_tls *tls;
		size_t n = server_hello(record, rows[i].share, rows[i].place);

		meet(c, c->bare_client, c->bare_server, c->ring.identity, c->key, &c->ring);
		tls = (struct rgw_tls *)c->c.tls;
		assert_int_equal(rgw_session_handshake(c->c.tls), RGW_SESSION_WANT);
		rgw_psk_heard(tls, record, n);
		assert_int_equal(rgw_psk_conclude(tls), rows[i].good);
		assert_non_null(strstr(rgw_session_why(c->c.tls), rows[i].why));
		drop(c);
	}
}

/* One listener serves both. */
static void
certificates_go_beside_keys(void **state)
{
	struct cast *c = *state;

	assert_true(shake(c, c->client, c->full, NULL, NULL, &c->ring));
	assert_proof(c->s.tls, RGW_PROVEN_BY_CERTIFICATE, NULL, NULL);
	assert_int_equal(c->s.judged, 1);
	assert_int_equal(c->ring.asked, 0);
	drop(c);
}

/* A suite with SHA-256 is needed, whichever it is; without one there is no offer. */
static void
suites_fit_the_key(void **state)
{
	struct cast *c = *state;
	char *suites[] = { "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384" };

	for (size_t i = 0; i < 3; i++) {
		struct rgw_strings one = { &suites[i], 1 };
		struct rgw_tlsctx *client = context(RGW_TLS_CLIENT, NULL, NULL, NONE, one);
		struct rgw_tlsctx *server = context(RGW_TLS_SERVER, NULL, NULL, NONE, one);
		struct rgw_session *session = rgw_tls_new(client, judge, NULL, NULL);

		assert_int_equal(rgw_tlsctx_can_psk(client), i < 2);
		assert_int_equal(rgw_tls_offer_psk(session, c->ring.identity, c->key), i < 2);
		rgw_session_free(session);
		if (i < 2) {
			assert_true(shake(c, client, c->bare_server, c->ring.identity, c->key, &c->ring));
			drop(c);
			assert_true(shake(c, c->bare_client, server, c->ring.identity, c->key, &c->ring));
			drop(c);
		} else {
			assert_refused(c, server, c->ring.identity, c->key, RGW_PSK_NO_SUITE);
		}
		rgw_tlsctx_free(client);
		rgw_tlsctx_free(server);
	}
}

/* P-PSK-7, 8, 14 */
static void
identities_are_texts(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		bool good;
	} rows[] = {
		{ "a", 1, true }, { "", 0, false }, { "a b\"\\,;#", 8, true }, { "K\xc3\xa4se", 5, true },
		{ "K\xe4se", 4, false }, { "a\0", 2, false }, { "\0a", 2, false }, { "a\nb", 3, false },
		{ "\x7f", 1, false }, { "\xc2\x9b", 2, false }, { "\xed\xa0\x80", 3, false },
		{ "\xf0\x9f\x98\x80", 4, true }, { "\xc3", 1, false },
	};
	uint8_t longest[RGW_PSK_IDENTITY_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rgw_psk_is_identity((const uint8_t *)rows[i].octets, rows[i].len) != rows[i].good)
			fail_msg("row %zu", i);
	memset(longest, 'x', sizeof longest);
	assert_true(rgw_psk_is_identity(longest, sizeof longest - 1));
	assert_false(rgw_psk_is_identity(longest, sizeof longest));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_key_opens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_previous_key_opens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_group_is_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(strangers_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(certificates_do_not_take_the_place_of_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keys_alone_are_not_enough, set_up, tear_down),
		cmocka_unit_test_setup_teardown(verdict_wants_the_key_and_an_exchange, set_up, tear_down),
		cmocka_unit_test_setup_teardown(certificates_go_beside_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(suites_fit_the_key, set_up, tear_down),
		cmocka_unit_test(identities_are_texts),
	};
	int failed;

	if (!rgw_tls_library_init())
		return 99;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rgw_tls_thread_fini();
	rgw_tls_library_fini();
	return failed;
}
