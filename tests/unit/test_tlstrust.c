/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/net/tls_priv.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "helpers.h"
#include "minipki.h"

/* The second opinion alone: it must hold by itself what the library should have held before. */

#define ANY { .path_length = TEST_UNSAID, .key_usage = TEST_UNSAID, .ca = TEST_UNSAID }
#define NOW time(NULL)
#define PAST "17('200101000000Z') 17('210101000000Z')"

static void
trust(struct rgw_certs *t, const struct test_cert *const *cas, size_t n)
{
	*t = (struct rgw_certs){ NULL, 0 };
	for (size_t i = 0; i < n; i++)
		assert_true(rgw_certs_add(t, cas[i]->der, cas[i]->len));
}

/* Does the first of a list that ends with NULL verify? */
static bool
verifies(const struct rgw_certs *t, const struct test_cert *const *chain)
{
	const struct rgw_standard by = { t, NULL, false };
	struct rgw_finding found;
	WOLFSSL_BUFFER_INFO certs[9];
	int n = 0;

	for (; chain[n] != NULL; n++) {
		certs[n].buffer = (unsigned char *)(uintptr_t)chain[n]->der;
		certs[n].length = (unsigned)chain[n]->len;
	}
	return rgw_trust_verifies(&by, certs, n, NOW, &found);
}

#define VERIFIES(t, ...) verifies(t, (const struct test_cert *const[]){ __VA_ARGS__, NULL })

struct cast {
	struct test_cert root, other, one, two, leaf, leaf1, leaf2;
	struct rgw_certs trust;
};

/* root -> leaf; root -> one -> leaf1; root -> one -> two -> leaf2; and a root that is not trusted. */
static int
set_up(void **state)
{
	struct cast *c = calloc(1, sizeof *c);

	if (c == NULL)
		return -1;
	test_ca_make(&c->root, "root", NULL);
	test_ca_make(&c->other, "other", NULL);
	test_ca_make(&c->one, "one", &c->root);
	test_ca_make(&c->two, "two", &c->one);
	test_leaf_make(&c->leaf, "leaf.test", &c->root);
	test_leaf_make(&c->leaf1, "leaf1.test", &c->one);
	test_leaf_make(&c->leaf2, "leaf2.test", &c->two);
	trust(&c->trust, (const struct test_cert *const[]){ &c->root }, 1);
	*state = c;
	return 0;
}

static int
tear_down(void **state)
{
	struct cast *c = *state;

	rgw_certs_free(&c->trust);
	free(c);
	return 0;
}

static void
good_chains(void **state)
{
	struct cast *c = *state;

	assert_true(VERIFIES(&c->trust, &c->leaf));
	assert_true(VERIFIES(&c->trust, &c->leaf1, &c->one));
	assert_true(VERIFIES(&c->trust, &c->leaf2, &c->two, &c->one));
	/* With the root itself, and with what does not belong there. */
	assert_true(VERIFIES(&c->trust, &c->leaf2, &c->two, &c->one, &c->root));
	assert_true(VERIFIES(&c->trust, &c->leaf1, &c->one, &c->other));
	assert_true(VERIFIES(&c->trust, &c->leaf, &c->leaf1));
}

static void
broken_chains(void **state)
{
	struct cast *c = *state;
	const struct rgw_certs nothing = { NULL, 0 };
	const struct rgw_standard by = { &c->trust, NULL, false };
	struct rgw_finding found;
	struct test_cert strange, copy;

	test_leaf_make(&strange, "strange.test", &c->other);
	assert_false(VERIFIES(&c->trust, &strange));
	assert_false(VERIFIES(&c->trust, &strange, &c->other));
	assert_false(VERIFIES(&c->trust, &c->leaf1));
	assert_false(VERIFIES(&c->trust, &c->leaf2, &c->two));
	assert_false(VERIFIES(&c->trust, &c->leaf2, &c->one));
	assert_false(VERIFIES(&c->trust, &c->other));
	/* One bit of the signature, and one of what is signed. */
	copy = c->leaf;
	copy.der[copy.len - 1] ^= 1;
	assert_false(VERIFIES(&c->trust, &copy));
	copy = c->leaf;
	copy.der[copy.len / 2] ^= 1;
	assert_false(VERIFIES(&c->trust, &copy));
	/* Nothing is trusted, or nothing is shown. */
	assert_false(VERIFIES(&nothing, &c->leaf));
	assert_false(rgw_trust_verifies(&by, NULL, 0, NOW, &found));
}

/* The name of the root with another key, in each place. */
static void
a_root_of_the_same_name(void **state)
{
	struct cast *c = *state;
	struct test_cert twin, forged;
	struct rgw_certs both;

	test_ca_make(&twin, "root", NULL);
	test_leaf_make(&forged, "leaf.test", &twin);
	assert_false(VERIFIES(&c->trust, &forged));
	assert_false(VERIFIES(&c->trust, &forged, &twin));
	assert_false(VERIFIES(&c->trust, &forged, &twin, &c->root));
	/* Where both are trusted both are good, in either order. */
	trust(&both, (const struct test_cert *const[]){ &c->root, &twin }, 2);
	assert_true(VERIFIES(&both, &forged));
	assert_true(VERIFIES(&both, &c->leaf));
	rgw_certs_free(&both);
	trust(&both, (const struct test_cert *const[]){ &twin, &c->root }, 2);
	assert_true(VERIFIES(&both, &forged));
	assert_true(VERIFIES(&both, &c->leaf));
	rgw_certs_free(&both);
}

/* The very octets of the root, but for the key: its signature is the true one, and does not fit
 * (CVE-2026-93302). */
static void
a_clone_of_the_root(void **state)
{
	struct cast *c = *state;
	struct test_cert clone = c->root;
	struct test_cert forged;
	uint8_t *place = memmem(clone.der, clone.len, clone.key.public, sizeof clone.key.public);

	assert_non_null(place);
	clone.key = c->other.key;
	memcpy(place, clone.key.public, sizeof clone.key.public);
	test_leaf_make(&forged, "leaf.test", &clone);
	assert_false(VERIFIES(&c->trust, &clone));
	assert_false(VERIFIES(&c->trust, &forged));
	assert_false(VERIFIES(&c->trust, &forged, &clone));
	assert_false(VERIFIES(&c->trust, &forged, &clone, &c->root));
}

/* An issuer below the root that must not be one, or may. */
static void
who_may_issue(void **state)
{
	static const struct {
		const char *what;
		struct test_spec spec;
		bool may;
	} rows[] = {
		{ "no extensions", ANY, false },
		{ "CA:FALSE", { .ca = 0, .path_length = TEST_UNSAID, .key_usage = 0x04 }, false },
		{ "CA:FALSE, no keyUsage", { .ca = 0, .path_length = TEST_UNSAID, .key_usage = TEST_UNSAID },
		    false },
		{ "keyCertSign only", { .ca = TEST_UNSAID, .path_length = TEST_UNSAID, .key_usage = 0x04 },
		    false },
		{ "no keyCertSign", { .ca = 1, .path_length = TEST_UNSAID, .key_usage = 0x82 }, false },
		{ "empty keyUsage", { .ca = 1, .path_length = TEST_UNSAID, .key_usage = 0x00 }, false },
		{ "expired",
		    { .ca = 1, .path_length = TEST_UNSAID, .key_usage = 0x04, .dates = PAST }, false },
		{ "no keyUsage", { .ca = 1, .path_length = TEST_UNSAID, .key_usage = TEST_UNSAID }, true },
		{ "keyCertSign", { .ca = 1, .path_length = TEST_UNSAID, .key_usage = 0x04 }, true },
		{ "path length 0", { .ca = 1, .path_length = 0, .key_usage = 0x04 }, true },
	};
	struct cast *c = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct test_spec spec = rows[i].spec;
		struct test_cert issuer, leaf;

		spec.name = "issuer.test";
		spec.issuer = &c->root;
		test_cert_make(&issuer, &spec);
		test_leaf_make(&leaf, "below.test", &issuer);
		if (VERIFIES(&c->trust, &leaf, &issuer) != rows[i].may)
			fail_msg("%s", rows[i].what);
		/* Neither alone, afterwards. */
		assert_false(VERIFIES(&c->trust, &leaf));
	}
}

static void
path_length_holds(void **state)
{
	struct cast *c = *state;
	struct test_cert last, below, leaf, leaf_of_last;

	test_cert_make(&last, &(struct test_spec){ .name = "last", .issuer = &c->root, .ca = 1,
	    .path_length = 0, .key_usage = 0x06 });
	test_ca_make(&below, "below", &last);
	test_leaf_make(&leaf_of_last, "leaf.test", &last);
	test_leaf_make(&leaf, "leaf.test", &below);
	assert_true(VERIFIES(&c->trust, &leaf_of_last, &last));
	assert_false(VERIFIES(&c->trust, &leaf, &below, &last));
	/* Two steps below one that allows one. */
	test_cert_make(&last, &(struct test_spec){ .name = "last", .issuer = &c->root, .ca = 1,
	    .path_length = 1, .key_usage = 0x06 });
	test_ca_make(&below, "below", &last);
	test_leaf_make(&leaf, "leaf.test", &below);
	assert_true(VERIFIES(&c->trust, &leaf, &below, &last));
	test_ca_make(&c->two, "two", &below);
	test_leaf_make(&leaf, "leaf.test", &c->two);
	assert_false(VERIFIES(&c->trust, &leaf, &c->two, &below, &last));
}

static void
name_constraints_hold(void **state)
{
	struct cast *c = *state;
	struct test_cert issuer, good, bad;

	test_cert_make(&issuer, &(struct test_spec){ .name = "issuer", .issuer = &c->root, .ca = 1,
	    .path_length = TEST_UNSAID, .key_usage = 0x06, .constraints = "30(a0(30(82('good.test'))))" });
	test_leaf_make(&good, "a.good.test", &issuer);
	test_leaf_make(&bad, "a.evil.test", &issuer);
	assert_true(VERIFIES(&c->trust, &good, &issuer));
	assert_false(VERIFIES(&c->trust, &bad, &issuer));
}

/* The order of those above the leaf does not matter, and what is missing still is. */
static void
any_order(void **state)
{
	struct cast *c = *state;

	assert_true(VERIFIES(&c->trust, &c->leaf2, &c->one, &c->two));
	assert_true(VERIFIES(&c->trust, &c->leaf2, &c->root, &c->leaf, &c->one, &c->other, &c->two));
	assert_false(VERIFIES(&c->trust, &c->leaf2, &c->other, &c->two, &c->root));
}

/* A CA is asked for its dates at each handshake; if it is to blame it is named. */
static void
anchors_have_dates(void **state)
{
	static const struct {
		int64_t now;
		bool good;
	} rows[] = {
		{ 946684799, false },  /* one second before 2000 */
		{ 1893456000, true },  /* 2030 */
		{ 4073000000, false }, /* 2099, when it is over */
	};
	struct cast *c = *state;
	struct test_cert ca, leaf;
	struct rgw_certs trust_it;
	const struct rgw_standard by = { &trust_it, NULL, false };
	struct rgw_finding found;
	WOLFSSL_BUFFER_INFO cert;

	test_ca_make(&ca, "ca", NULL);
	test_leaf_make(&leaf, "leaf.test", &ca);
	trust(&trust_it, (const struct test_cert *const[]){ &c->root, &ca }, 2);
	cert.buffer = leaf.der;
	cert.length = (unsigned)leaf.len;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(rgw_trust_verifies(&by, &cert, 1, rows[i].now, &found), rows[i].good);
		assert_ptr_equal(found.stale, rows[i].good ? NULL : &trust_it.v[1]);
	}
	rgw_certs_free(&trust_it);
}

static void
too_many(void **state)
{
	struct cast *c = *state;
	const struct rgw_standard by = { &c->trust, NULL, false };
	struct rgw_finding found;
	WOLFSSL_BUFFER_INFO certs[17];

	for (size_t i = 0; i < COUNT(certs); i++)
		certs[i] = (WOLFSSL_BUFFER_INFO){ c->leaf.der, (unsigned)c->leaf.len };
	assert_true(rgw_trust_verifies(&by, certs, 16, NOW, &found));
	assert_false(rgw_trust_verifies(&by, certs, 17, NOW, &found));
}

static void
dates_hold(void **state)
{
	struct cast *c = *state;
	struct test_cert leaf;

	test_cert_make(&leaf, &(struct test_spec){ .name = "leaf.test", .issuer = &c->root,
	    .path_length = TEST_UNSAID, .key_usage = TEST_UNSAID, .dates = PAST });
	assert_false(VERIFIES(&c->trust, &leaf));
}

/* The certificate of one peer, which verifies, beside that of another one: its key signs for nobody, neither
 * in this handshake nor in the next. */
static void
a_leaf_issues_nothing(void **state)
{
	struct cast *c = *state;
	struct test_cert forged;

	test_leaf_make(&forged, "leaf2.test", &c->leaf1);
	for (int round = 0; round < 2; round++) {
		assert_false(VERIFIES(&c->trust, &forged));
		assert_false(VERIFIES(&c->trust, &forged, &c->leaf1));
		assert_false(VERIFIES(&c->trust, &forged, &c->leaf1, &c->one));
		assert_false(VERIFIES(&c->trust, &forged, &c->one, &c->leaf1));
		assert_true(VERIFIES(&c->trust, &c->leaf, &c->leaf1, &c->one));
	}
}

static void
nothing_stays(void **state)
{
	struct cast *c = *state;
	size_t before = 0;

	for (int round = 0; round < 400; round++) {
		assert_true(VERIFIES(&c->trust, &c->leaf2, &c->two, &c->one));
		assert_false(VERIFIES(&c->trust, &c->leaf2, &c->leaf1, &c->one));
		if (round == 50)
			before = mallinfo2().uordblks;
	}
	assert_true(mallinfo2().uordblks <= before + 1024);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_chains),
		TEST(broken_chains),
		TEST(a_root_of_the_same_name),
		TEST(a_clone_of_the_root),
		TEST(who_may_issue),
		TEST(path_length_holds),
		TEST(name_constraints_hold),
		TEST(any_order),
		TEST(anchors_have_dates),
		TEST(too_many),
		TEST(dates_hold),
		TEST(a_leaf_issues_nothing),
		TEST(nothing_stays),
	};
	int failed;

	if (!rgw_tls_library_init())
		return 99;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rgw_tls_thread_fini();
	rgw_tls_library_fini();
	return failed;
}
