/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/net/tls_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "helpers.h"
#include "minipki.h"

/* Revoked certificates: whose CRLs count, and what the judgement on a chain makes of them. In the library a later file
 * wins over a newer CRL, a missing directory is no error, and a CRL that has ended looks like a missing one: none of
 * this may reach the verdict. */

#define NOW time(NULL)
#define PAST "17('200101000000Z') 17('210101000000Z')"
#define FUTURE "18('20980101000000Z') 18('20990101000000Z')"
#define REVOKED(...) .revoked = (const struct test_cert *const[]){ __VA_ARGS__, NULL }

struct cast {
	struct test_cert root, thief, one, mute, leaf, leaf1, leaf_mute, spare;
	struct rgw_certs cas;
	struct rgw_revocation *crls;
};

/* root -> leaf, spare; root -> one -> leaf1; mute -> leaf_mute; root and mute are trusted. */
static int
set_up(void **state)
{
	const struct test_spec mute = { .name = "mute", .ca = 1, .path_length = TEST_UNSAID, .key_usage = 0x04 };
	struct cast *c = calloc(1, sizeof *c);

	if (c == NULL)
		return -1;
	test_ca_make(&c->root, "root", NULL);
	test_ca_make(&c->thief, "root", NULL);
	test_ca_make(&c->one, "one", &c->root);
	test_cert_make(&c->mute, &mute);
	test_leaf_make(&c->leaf, "leaf.test", &c->root);
	test_leaf_make(&c->spare, "spare.test", &c->root);
	test_leaf_make(&c->leaf1, "leaf1.test", &c->one);
	test_leaf_make(&c->leaf_mute, "leaf-mute.test", &c->mute);
	assert_true(rgw_certs_add(&c->cas, c->root.der, c->root.len));
	assert_true(rgw_certs_add(&c->cas, c->mute.der, c->mute.len));
	*state = c;
	return 0;
}

static int
tear_down(void **state)
{
	struct cast *c = *state;

	rgw_revocation_drop(c->crls);
	rgw_certs_free(&c->cas);
	free(c);
	return 0;
}

static void
begin(struct cast *c, enum rgw_crl_check check, enum rgw_crl_missing missing)
{
	const struct rgw_conf_tls conf = { .crl_check = check, .crl_missing = missing };

	rgw_revocation_drop(c->crls);
	c->crls = rgw_revocation_new(&conf);
	rgw_revocation_bar(c->crls, &c->cas, NOW);
}

static enum rgw_crl_taken
take_der(struct cast *c, const uint8_t *der, size_t len)
{
	struct rgw_crl_problem problem;
	struct rgw_crl crl;

	assert_true(rgw_crl_parse(&crl, der, len, &problem));
	return rgw_revocation_take(c->crls, &c->cas, &crl, NOW);
}

static enum rgw_crl_taken
take(struct cast *c, const struct test_crl_spec *spec)
{
	struct test_crl crl;

	test_crl_make(&crl, spec);
	return take_der(c, crl.der, crl.len);
}

#define TAKE(c, ...) take(c, &(struct test_crl_spec){ __VA_ARGS__ })

/* Judges a list that ends with NULL. */
static bool
judge(const struct cast *c, bool is_live, struct rgw_finding *found, const struct test_cert *const *chain)
{
	const struct rgw_standard by = { &c->cas, c->crls, is_live };
	WOLFSSL_BUFFER_INFO certs[9];
	int n = 0;

	for (; chain[n] != NULL; n++) {
		certs[n].buffer = (unsigned char *)(uintptr_t)chain[n]->der;
		certs[n].length = (unsigned)chain[n]->len;
	}
	return rgw_trust_verifies(&by, certs, n, NOW, found);
}

#define JUDGE(c, is_live, found, ...) judge(c, is_live, found, (const struct test_cert *const[]){ __VA_ARGS__, NULL })

static void
expect(const struct rgw_finding *found, int cert, enum rgw_crl_verdict verdict)
{
	assert_int_equal(found->cert, cert);
	if (cert >= 0)
		assert_int_equal(found->crl.verdict, verdict);
}

static void
leaves(void **state)
{
	struct cast *c = *state;
	struct rgw_finding found;

	begin(c, RGW_CRL_LEAF, RGW_CRL_ACCEPT);
	assert_int_equal(TAKE(c, .issuer = &c->root, REVOKED(&c->leaf)), RGW_CRL_TAKEN);
	assert_false(JUDGE(c, false, &found, &c->leaf));
	expect(&found, 0, RGW_CRL_REVOKED);
	assert_int_equal(found.crl.reason, 1);
	/* What is up hears of it, too. */
	assert_false(JUDGE(c, true, &found, &c->leaf));
	assert_true(JUDGE(c, false, &found, &c->spare));
	expect(&found, -1, 0);
	/* With whatever else the peer sends. */
	assert_false(JUDGE(c, false, &found, &c->leaf, &c->root, &c->spare));
}

static void
whole_chains(void **state)
{
	struct cast *c = *state;
	struct rgw_finding found;

	for (enum rgw_crl_check check = RGW_CRL_LEAF; check <= RGW_CRL_CHAIN; check++) {
		begin(c, check, RGW_CRL_REFUSE);
		assert_int_equal(TAKE(c, .issuer = &c->root, REVOKED(&c->one)), RGW_CRL_TAKEN);
		assert_int_equal(TAKE(c, .issuer = &c->one), RGW_CRL_TAKEN);
		assert_int_equal(JUDGE(c, false, &found, &c->leaf1, &c->one), check == RGW_CRL_LEAF);
		expect(&found, check == RGW_CRL_LEAF ? -1 : 1, RGW_CRL_REVOKED);
	}
	/* The CRL of a CA that only the peer sends. */
	begin(c, RGW_CRL_LEAF, RGW_CRL_REFUSE);
	assert_int_equal(TAKE(c, .issuer = &c->one, REVOKED(&c->leaf1)), RGW_CRL_TAKEN);
	assert_false(JUDGE(c, false, &found, &c->leaf1, &c->one));
	expect(&found, 0, RGW_CRL_REVOKED);
}

static void
a_ca_that_is_trusted_and_revoked(void **state)
{
	struct cast *c = *state;
	struct rgw_finding found;

	assert_true(rgw_certs_add(&c->cas, c->one.der, c->one.len));
	begin(c, RGW_CRL_CHAIN, RGW_CRL_ACCEPT);
	assert_int_equal(TAKE(c, .issuer = &c->root, REVOKED(&c->one)), RGW_CRL_TAKEN);
	free(c->crls->barred);
	rgw_revocation_bar(c->crls, &c->cas, NOW);
	assert_false(rgw_revocation_bars(c->crls, 0));
	assert_true(rgw_revocation_bars(c->crls, 2));
	assert_false(JUDGE(c, false, &found, &c->leaf1));
	assert_false(JUDGE(c, false, &found, &c->leaf1, &c->one));
	assert_true(JUDGE(c, false, &found, &c->leaf));
}

/* A new handshake and a connection that is up, under both settings. */
static void
missing_ended_and_early(void **state)
{
	static const struct {
		const char *dates;  /* NULL = there is no CRL */
		enum rgw_crl_verdict verdict;
	} rows[] = {
		{ NULL, RGW_CRL_NOT_COVERED },
		{ PAST, RGW_CRL_EXPIRED },
		{ FUTURE, RGW_CRL_NOT_YET },
	};
	struct cast *c = *state;
	struct rgw_finding found;

	for (size_t i = 0; i < COUNT(rows); i++)
		for (enum rgw_crl_missing missing = RGW_CRL_REFUSE; missing <= RGW_CRL_ACCEPT; missing++) {
			begin(c, RGW_CRL_LEAF, missing);
			if (rows[i].dates != NULL)
				assert_int_equal(TAKE(c, .issuer = &c->root, .dates = rows[i].dates,
				    REVOKED(&c->spare)), RGW_CRL_TAKEN);
			assert_int_equal(JUDGE(c, false, &found, &c->leaf), missing == RGW_CRL_ACCEPT);
			expect(&found, 0, rows[i].verdict);
			assert_true(JUDGE(c, true, &found, &c->leaf));
			expect(&found, -1, 0);
			/* Being listed counts, whatever the dates are. */
			if (rows[i].dates != NULL)
				assert_false(JUDGE(c, true, &found, &c->spare));
		}
}

static void
whose_signature_it_is(void **state)
{
	struct cast *c = *state;
	struct rgw_finding found;

	begin(c, RGW_CRL_LEAF, RGW_CRL_ACCEPT);
	/* The name of the root, another key; and a CA that may not sign CRLs. */
	assert_int_equal(TAKE(c, .issuer = &c->root, .key = &c->thief.key, .number = 99, REVOKED(&c->leaf)),
	    RGW_CRL_OF_OTHER_KEY);
	assert_true(JUDGE(c, false, &found, &c->leaf));
	expect(&found, 0, RGW_CRL_NOT_COVERED);
	assert_int_equal(TAKE(c, .issuer = &c->mute, REVOKED(&c->leaf_mute)), RGW_CRL_NOT_BY_A_SIGNER);
	assert_true(JUDGE(c, false, &found, &c->leaf_mute));
	/* The true one is not in its shade. */
	assert_int_equal(TAKE(c, .issuer = &c->root, .number = 1, REVOKED(&c->spare)), RGW_CRL_TAKEN);
	assert_false(JUDGE(c, false, &found, &c->spare));
	assert_true(JUDGE(c, false, &found, &c->leaf));
	expect(&found, -1, 0);
}

static void
the_newest_counts_in_any_order(void **state)
{
	struct cast *c = *state;
	struct rgw_finding found;

	for (unsigned first = 1; first <= 2; first++) {
		begin(c, RGW_CRL_LEAF, RGW_CRL_REFUSE);
		for (unsigned i = 0; i < 2; i++) {
			unsigned number = i == 0 ? first : 3 - first;
			const struct test_cert *listed = number == 2 ? &c->leaf : &c->spare;

			assert_int_equal(TAKE(c, .issuer = &c->root, .number = number, REVOKED(listed)),
			    i == 1 && number == 1 ? RGW_CRL_OLD : RGW_CRL_TAKEN);
		}
		assert_false(JUDGE(c, false, &found, &c->leaf));
		assert_true(JUDGE(c, false, &found, &c->spare));
	}
}

static void
unknown_issuers_are_bounded(void **state)
{
	struct cast *c = *state;

	begin(c, RGW_CRL_LEAF, RGW_CRL_REFUSE);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(TAKE(c, .issuer = &c->one, .number = i), RGW_CRL_TAKEN);
	assert_int_equal(TAKE(c, .issuer = &c->one, .number = 64), RGW_CRL_TOO_MANY_UNKNOWN);
	assert_int_equal(TAKE(c, .issuer = &c->root), RGW_CRL_TAKEN);
}

/* ---- signatures that OpenSSL has made ---- */

static size_t
read_file(const char *path, uint8_t *out, size_t size)
{
	FILE *in = fopen(path, "re");
	size_t n;

	assert_non_null(in);
	n = fread(out, 1, size, in);
	fclose(in);
	return n;
}

static void
kinds_of_signatures(void **state)
{
	static const char *const kinds[] = { "rsa", "ed25519" };

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct rgw_crl_problem problem;
		struct rgw_signed seal;
		struct rgw_x509 ca;
		struct rgw_crl crl;
		uint8_t der[1024], list[1024];
		char path[64];
		size_t n, m;

		snprintf(path, sizeof path, "tests/vectors/crl/%s.ca.der", kinds[i]);
		n = read_file(path, der, sizeof der);
		snprintf(path, sizeof path, "tests/vectors/crl/%s.crl.der", kinds[i]);
		m = read_file(path, list, sizeof list);
		assert_true(rgw_x509_parse(&ca, der, n));
		for (size_t at = 0; at < m; at++) {
			bool spoil = at > 0;

			list[at] ^= spoil;
			if (rgw_crl_parse(&crl, list, m, &problem) && rgw_signed_take(&seal, &crl)) {
				assert_int_equal(rgw_signed_by(&seal, ca.key), !spoil);
				rgw_signed_drop(&seal);
			} else {
				assert_true(spoil);
			}
			list[at] ^= spoil;
		}
	}
}

/* ---- contexts ---- */

static void
note(void *arg, const char *key, const char *text)
{
	char *all = arg;
	size_t n = strlen(all);

	snprintf(all + n, 4096 - n, "%s: %s\n", key, text);
}

static void
files_of_a_section(void **state)
{
	struct cast *c = *state;
	const struct test_cert *const chain[] = { &c->leaf };
	const struct test_cert *const trusted[] = { &c->root };
	struct test_crl old, new, delta;
	char path[64] = "/tmp/radsecgw-crl-XXXXXX";
	char said[4096] = "";
	char *v[] = { path };
	struct rgw_tls_problem problem;
	struct rgw_conf_tls section;
	struct rgw_tlsctx *client, *server;
	uint8_t before[RGW_TLS_DIGEST], after[RGW_TLS_DIGEST];

	close(mkstemp(path));
	test_tls_section(&section, chain, 1, trusted, 1);
	section.crl = (struct rgw_strings){ .v = v, .n = 1 };
	section.crl_check = RGW_CRL_LEAF;
	test_crl_make(&old, &(struct test_crl_spec){ .issuer = &c->root, .number = 1 });
	test_crl_make(&new, &(struct test_crl_spec){ .issuer = &c->root, .number = 2, REVOKED(&c->spare) });
	test_crl_make(&delta, &(struct test_crl_spec){ .issuer = &c->root, .number = 3,
	    .extension = "30(0603551d1b 0101ff 04(020101))" });
	/* The older one comes last, and the delta CRL is named. */
	test_crl_write(path, (const struct test_crl *const[]){ &new, &delta, &old }, 3);
	assert_true(rgw_tls_digest(&section, before));
	client = rgw_tlsctx_new(&section, RGW_TLS_CLIENT, note, said, &problem);
	assert_non_null(client);
	assert_int_equal(rgw_tlsctx_n_crls(client), 1);
	assert_int_equal(client->crls->known.v[0]->facts.number.data[0], 2);
	assert_non_null(strstr(said, "crl: CRL 2 in /tmp/radsecgw-crl-"));
	assert_non_null(strstr(said, "is a delta CRL"));
	/* The other role shares what they say, and a new file is another digest. */
	server = rgw_tlsctx_like(client, &section, RGW_TLS_SERVER, NULL, NULL, &problem);
	assert_non_null(server);
	assert_ptr_equal(server->crls, client->crls);
	assert_memory_equal(server->trust_sha256, client->trust_sha256, sizeof client->trust_sha256);
	rgw_tlsctx_free(client);
	test_crl_write(path, (const struct test_crl *const[]){ &old }, 1);
	assert_true(rgw_tls_digest(&section, after));
	assert_memory_not_equal(before, after, sizeof before);
	client = rgw_tlsctx_new(&section, RGW_TLS_CLIENT, NULL, NULL, &problem);
	assert_memory_not_equal(server->trust_sha256, client->trust_sha256, sizeof client->trust_sha256);
	rgw_tlsctx_free(client);
	rgw_tlsctx_free(server);
	/* What is not there is an error, and not no CRLs. */
	unlink(path);
	assert_null(rgw_tlsctx_new(&section, RGW_TLS_CLIENT, NULL, NULL, &problem));
	assert_string_equal(problem.key, "crl");
	section.crl_check = RGW_CRL_OFF;
	client = rgw_tlsctx_new(&section, RGW_TLS_CLIENT, NULL, NULL, &problem);
	assert_non_null(client);
	assert_null(client->crls);
	rgw_tlsctx_free(client);
	section.crl = (struct rgw_strings){ NULL, 0 };
	test_tls_section_drop(&section);
}

/* Warnings before the end of a CRL: a day before, or in the last fourth of its life. */
static void
reviews(void **state)
{
	static const struct {
		const char *dates;
		const char *at;   /* what is said at 2026-12-10 12:00; NULL = nothing */
	} rows[] = {
		{ "17('261201000000Z') 17('261220000000Z')", NULL },
		{ "17('261201000000Z') 17('261211110000Z')", "ends on 2026-12-11T11:00:00Z" },
		{ "17('261201000000Z') 17('261210110000Z')", "has ended on 2026-12-10T11:00:00Z" },
		{ "17('261210060000Z') 17('261210180000Z')", NULL },  /* six of twelve hours are left */
		{ "17('261210020000Z') 17('261210140000Z')", "ends on 2026-12-10T14:00:00Z" },  /* two */
	};
	struct cast *c = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_tlsctx ctx = { .ctx = NULL };
		char said[4096] = "";

		begin(c, RGW_CRL_LEAF, RGW_CRL_REFUSE);
		assert_int_equal(TAKE(c, .issuer = &c->root, .dates = rows[i].dates), RGW_CRL_TAKEN);
		ctx.crls = c->crls;
		ctx.trust = c->cas;
		rgw_tlsctx_review_crls(&ctx, 1796904000, false, note, said);
		if (rows[i].at == NULL)
			assert_string_equal(said, "");
		else
			assert_non_null(strstr(said, rows[i].at));
		said[0] = '\0';
		rgw_tlsctx_review_crls(&ctx, 1796904000, true, note, said);
		assert_non_null(strstr(said, "1 of the 2 CAs in `ca` has no CRL, and crl-missing = refuse; the first "
		    "is CN=mute"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(leaves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whole_chains, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_ca_that_is_trusted_and_revoked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_ended_and_early, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whose_signature_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_newest_counts_in_any_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unknown_issuers_are_bounded, set_up, tear_down),
		cmocka_unit_test(kinds_of_signatures),
		cmocka_unit_test_setup_teardown(files_of_a_section, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reviews, set_up, tear_down),
	};
	int failed;

	if (!rgw_tls_library_init())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rgw_tls_library_fini();
	return failed;
}
