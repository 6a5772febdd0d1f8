/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/peermatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs.h"
#include "dertext.h"
#include "radsecgw/mem.h"

#define PEERS_MAX 6
#define ANYWHERE ""

/* A configuration: some peers, each with rules and prefixes as texts. */
struct world {
	struct rgw_conf conf;
	struct rgw_conf_tls tls[2];
	struct rgw_conf_peer peers[PEERS_MAX];
	struct rgw_conf_peer *list[PEERS_MAX];
	struct rgw_prefix prefixes[PEERS_MAX][2];
	char why[RGW_PEER_MATCH_TEXT];
	uint8_t sha256[32];
};

static void
begin(struct world *w)
{
	memset(w, 0, sizeof *w);
	w->tls[0].head.name = rgw_xstrdup("federation");
	w->tls[1].head.name = rgw_xstrdup("campus");
	w->conf.peer.v = w->list;
	memset(w->sha256, 0x5a, sizeof w->sha256);
}

/* Words of `rules` and `from` are separated by blanks. */
static struct rgw_conf_peer *
add(struct world *w, const char *name, const char *rules, const char *from)
{
	struct rgw_conf_peer *p = &w->peers[w->conf.peer.n];
	char *copy = rgw_xstrdup(rules);
	char *rest = copy;

	p->head.name = rgw_xstrdup(name);
	p->accept = true;
	p->tls = &w->tls[0];
	for (char *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		p->identity.v = rgw_xrealloc(p->identity.v, (p->identity.n + 1) * sizeof *p->identity.v);
		assert_null(rgw_cert_rule_parse(word, &p->identity.v[p->identity.n++]));
	}
	free(copy);
	p->address.v = w->prefixes[w->conf.peer.n];
	copy = rest = rgw_xstrdup(from);
	for (char *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		assert_true(rgw_prefix_parse(word, &p->address.v[p->address.n++]));
	free(copy);
	w->list[w->conf.peer.n++] = p;
	return p;
}

static void
end(struct world *w)
{
	for (size_t i = 0; i < w->conf.peer.n; i++) {
		rgw_cert_rules_free(&w->peers[i].identity);
		free(w->peers[i].head.name);
	}
	free(w->tls[0].head.name);
	free(w->tls[1].head.name);
}

/* The name of the peer whose it is, or "nobody"; the reason is in w->why. */
static const char *
whose(struct world *w, const char *cert_name, const char *from)
{
	const struct rgw_conf_peer *peer;
	struct rgw_addr addr;
	struct rgw_x509 cert;
	struct test_der der;

	assert_non_null(test_cert_hex(cert_name));
	test_der_make(&der, test_cert_hex(cert_name));
	assert_true(rgw_x509_parse(&cert, der.octets, der.len));
	assert_true(rgw_addr_parse(from, 40000, &addr));
	memset(w->why, 'x', sizeof w->why);
	peer = rgw_peer_match(&w->conf, &w->tls[0], &addr, &cert, w->sha256, w->why, sizeof w->why);
	assert_non_null(memchr(w->why, '\0', sizeof w->why));
	return peer != NULL ? peer->head.name : "nobody";
}

/* The names in the certificate decide (P-CRT-3, P-CRT-9). */
static void
certificates_tell_peers_apart(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	add(&w, "one", "dns:client.test", ANYWHERE);
	add(&w, "two", "dns:radius.test", ANYWHERE);
	add(&w, "three", "cn:nobody nairealm:example.test", ANYWHERE);
	assert_string_equal(whose(&w, "client", "192.0.2.1"), "one");
	assert_string_equal(whose(&w, "both", "192.0.2.1"), "two");
	assert_string_equal(whose(&w, "both", "2001:db8::1"), "two");
	assert_string_equal(whose(&w, "wildcard-bare", "192.0.2.1"), "nobody");
	end(&w);
}

/* One value of a kind is enough, of several kinds each must hold; the digest is passed on. */
static void
all_kinds_of_rules_must_hold(void **state)
{
	static const char sha[] = "sha256:"
	    "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
	struct world w;

	(void)state;
	begin(&w);
	add(&w, "policy", "dns:radius.test policy:2.999.3", ANYWHERE);
	add(&w, "pinned", sha, ANYWHERE);
	assert_string_equal(whose(&w, "both", "192.0.2.1"), "pinned");
	w.sha256[31] ^= 1;
	assert_string_equal(whose(&w, "both", "192.0.2.1"), "nobody");
	end(&w);
}

/* P-TLS-26: the address must fit, too; it is never enough. */
static void
address_must_fit(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	add(&w, "here", "dns:client.test", "192.0.2.0/24 2001:db8::/32");
	add(&w, "there", "dns:radius.test", "203.0.113.0/24");
	assert_string_equal(whose(&w, "client", "192.0.2.200"), "here");
	assert_string_equal(whose(&w, "client", "2001:db8:1::1"), "here");
	assert_string_equal(whose(&w, "client", "203.0.113.1"), "nobody");
	assert_string_equal(w.why,
	    "it is that of [peer here], which may not connect from there; see its option `address`");
	assert_string_equal(whose(&w, "client", "2001:db9::1"), "nobody");
	assert_string_equal(whose(&w, "wildcard", "203.0.113.1"), "nobody");
	assert_null(strstr(w.why, "address"));
	end(&w);
}

/* Two sites may show one certificate: the address tells them apart. */
static void
address_chooses_among_equals(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	add(&w, "north", "dns:client.test", "192.0.2.0/24");
	add(&w, "south", "dns:client.test", "203.0.113.0/24");
	assert_string_equal(whose(&w, "client", "203.0.113.7"), "south");
	assert_string_equal(whose(&w, "client", "192.0.2.7"), "north");
	assert_string_equal(whose(&w, "client", "198.51.100.7"), "nobody");
	end(&w);
}

static void
first_in_the_file_wins(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	add(&w, "other", "dns:radius.test", ANYWHERE);
	add(&w, "first", "dns:client.test", ANYWHERE);
	add(&w, "second", "dns:client.test", ANYWHERE);
	assert_string_equal(whose(&w, "client", "192.0.2.1"), "first");
	end(&w);
}

/* A peer that takes any certificate takes only those that are nobody else's, wherever it stands. */
static void
any_comes_last(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	add(&w, "rest", "any", ANYWHERE);
	add(&w, "late rest", "any", ANYWHERE);
	add(&w, "one", "dns:client.test", ANYWHERE);
	add(&w, "narrow", "dns:wrong.test", "192.0.2.0/24");
	assert_string_equal(whose(&w, "client", "192.0.2.1"), "one");
	assert_string_equal(whose(&w, "both", "192.0.2.1"), "rest");
	assert_string_equal(whose(&w, "wrong-name", "192.0.2.1"), "narrow");
	assert_string_equal(whose(&w, "wrong-name", "192.0.3.1"), "rest");
	end(&w);
}

/* The certificate belongs to one peer by its name, so the sentence is about that one, not about the
 * one that takes all the rest. */
static void
wrong_address_is_told_of_the_named_peer(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	add(&w, "rest", "any", "203.0.113.0/24");
	add(&w, "one", "dns:client.test", "192.0.2.0/24");
	assert_string_equal(whose(&w, "client", "198.51.100.1"), "nobody");
	assert_non_null(strstr(w.why, "[peer one]"));
	assert_string_equal(whose(&w, "both", "198.51.100.1"), "nobody");
	assert_non_null(strstr(w.why, "[peer rest]"));
	end(&w);
}

/* A peer that does not connect to us, or has another trust, does not take part. */
static void
only_peers_of_this_trust(void **state)
{
	struct world w;
	struct rgw_conf_peer *outgoing, *foreign;

	(void)state;
	begin(&w);
	outgoing = add(&w, "outgoing", "dns:client.test", ANYWHERE);
	foreign = add(&w, "foreign", "dns:client.test", ANYWHERE);
	outgoing->accept = false;
	foreign->tls = &w.tls[1];
	assert_string_equal(whose(&w, "client", "192.0.2.1"), "nobody");
	assert_string_equal(w.why, "no [peer] with `accept = yes` has [tls federation]");
	add(&w, "rest", "any", ANYWHERE);
	assert_string_equal(whose(&w, "client", "192.0.2.1"), "rest");
	foreign->tls = &w.tls[0];
	assert_string_equal(whose(&w, "client", "192.0.2.1"), "foreign");
	outgoing->accept = true;
	assert_string_equal(whose(&w, "client", "192.0.2.1"), "outgoing");
	end(&w);
}

/* P-CRT-5: a peer that says nothing about the certificate gets nobody's. */
static void
no_rules_match_nobody(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	add(&w, "open", "", ANYWHERE);
	assert_string_equal(whose(&w, "client", "192.0.2.1"), "nobody");
	assert_non_null(strstr(w.why, "no rule says which certificate to accept"));
	end(&w);
}

/* A fault that no peer could accept is said once, not for each peer. */
static void
certificate_that_cannot_be_a_client(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	add(&w, "one", "dns:radius.test", ANYWHERE);
	add(&w, "two", "any", ANYWHERE);
	assert_string_equal(whose(&w, "server", "192.0.2.1"), "nobody");
	assert_string_equal(w.why,
	    "the extended key usage does not allow this role (TLS server or client)");
	assert_string_equal(whose(&w, "leaf-ca", "192.0.2.1"), "nobody");
	assert_string_equal(w.why, "a CA certificate stands where a server or client must be");
	end(&w);
}

/* Three peers are named, with what was expected of each. */
static void
explanation_names_the_peers(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	add(&w, "one", "dns:a.test", ANYWHERE);
	assert_string_equal(whose(&w, "client", "192.0.2.1"), "nobody");
	assert_string_equal(w.why, "it belongs to no peer: [peer one]: no dNSName matches a.test");
	add(&w, "two", "cn:b", ANYWHERE);
	add(&w, "three", "ip:192.0.2.1", ANYWHERE);
	whose(&w, "client", "192.0.2.1");
	assert_non_null(strstr(w.why, "a.test; [peer two]: "));
	assert_non_null(strstr(w.why, "; [peer three]: no iPAddress is 192.0.2.1"));
	assert_null(strstr(w.why, "and so on"));
	add(&w, "four", "dns:d.test", ANYWHERE);
	add(&w, "five", "dns:e.test", ANYWHERE);
	whose(&w, "client", "192.0.2.1");
	assert_null(strstr(w.why, "four"));
	assert_non_null(strstr(w.why, "192.0.2.1; and so on"));
	assert_ptr_equal(strstr(w.why, "and so on"), w.why + strlen(w.why) - strlen("and so on"));
	end(&w);
}

/* The sentence ends within its room, however little there is. */
static void
explanation_is_cut(void **state)
{
	struct world w;
	struct rgw_addr addr = { .family = 4 };
	struct rgw_x509 cert;
	struct test_der der;

	(void)state;
	begin(&w);
	for (int i = 0; i < 5; i++)
		add(&w, "a peer of a name that is rather long", "dns:a.test", ANYWHERE);
	test_der_make(&der, test_cert_hex("client"));
	assert_true(rgw_x509_parse(&cert, der.octets, der.len));
	for (size_t size = 1; size < 300; size++) {
		char *why = rgw_xcalloc(1, size);

		memset(why, 'x', size);
		assert_null(rgw_peer_match(&w.conf, &w.tls[0], &addr, &cert, w.sha256, why, size));
		assert_in_range(strlen(why), 0, size - 1);
		free(why);
	}
	end(&w);
}

/* Over plain TCP the address alone tells, of peers for plain TCP; and those never match a certificate (P-TCP-23). */
static void
plain_peers_are_known_by_their_address(void **state)
{
	struct rgw_conf_peer *plain, *tls;
	struct rgw_addr addr;
	struct world w;

	(void)state;
	begin(&w);
	tls = add(&w, "tls", "dns:client.test", "192.0.2.0/24");
	plain = add(&w, "plain", "dns:client.test", "192.0.2.128/25 2001:db8::/32");
	plain->insecure_tcp = true;
	assert_true(rgw_addr_parse("192.0.2.200", 40000, &addr));
	assert_ptr_equal(rgw_peer_at(&w.conf, &addr), plain);
	assert_true(rgw_addr_parse("2001:db8::1", 40000, &addr));
	assert_ptr_equal(rgw_peer_at(&w.conf, &addr), plain);
	assert_true(rgw_addr_parse("192.0.2.1", 40000, &addr));
	assert_null(rgw_peer_at(&w.conf, &addr));
	assert_string_equal(whose(&w, "client", "192.0.2.200"), "tls");
	tls->accept = false;
	assert_string_equal(whose(&w, "client", "192.0.2.200"), "nobody");
	/* Without `accept`, and without addresses, nobody is known. */
	assert_true(rgw_addr_parse("192.0.2.200", 40000, &addr));
	plain->accept = false;
	assert_null(rgw_peer_at(&w.conf, &addr));
	plain->accept = true;
	plain->address.n = 0;
	assert_null(rgw_peer_at(&w.conf, &addr));
	end(&w);
}

/* Which peers a listener is for, as far as the kind of session tells. */
static void
listeners_are_for_one_kind(void **state)
{
	struct rgw_conf_tls tls[2] = { 0 };
	const struct rgw_conf_head *profile[] = { &tls[0].head };
	struct rgw_conf_listen over_tls = { .profile = { profile, 1 } };
	struct rgw_conf_listen plain = { .insecure_tcp = true };
	struct rgw_conf_peer peer = { .tls = &tls[0] };

	(void)state;
	assert_true(rgw_conf_lets_in(&over_tls, &peer));
	assert_false(rgw_conf_lets_in(&plain, &peer));
	peer.tls = &tls[1];
	assert_false(rgw_conf_lets_in(&over_tls, &peer));
	peer = (struct rgw_conf_peer){ .insecure_tcp = true };
	assert_false(rgw_conf_lets_in(&over_tls, &peer));
	assert_true(rgw_conf_lets_in(&plain, &peer));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_tell_peers_apart),
		cmocka_unit_test(all_kinds_of_rules_must_hold),
		cmocka_unit_test(address_must_fit),
		cmocka_unit_test(address_chooses_among_equals),
		cmocka_unit_test(first_in_the_file_wins),
		cmocka_unit_test(any_comes_last),
		cmocka_unit_test(wrong_address_is_told_of_the_named_peer),
		cmocka_unit_test(only_peers_of_this_trust),
		cmocka_unit_test(no_rules_match_nobody),
		cmocka_unit_test(certificate_that_cannot_be_a_client),
		cmocka_unit_test(explanation_names_the_peers),
		cmocka_unit_test(explanation_is_cut),
		cmocka_unit_test(plain_peers_are_known_by_their_address),
		cmocka_unit_test(listeners_are_for_one_kind),
	};

	return cmocka_run_group_tests_name("peermatch", tests, NULL, NULL);
}
