/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "networld.h"

/* Connections that are up are judged again when the configuration changes, and do not outlive a certificate. */

#define HEAD WORLD_TLS WORLD_UDP WORLD_TCP WORLD_CLIENT
#define NAMED(x, name_) "[peer " x "]\naccept = yes\ntls = t\nname = " name_ "\n"

static void
expect_lost(struct world *w, const struct rgw_conn *conn, const char *words)
{
	WORLD_UNTIL(w, conn->lost);
	if (strstr(conn->why, words) == NULL)
		fail_msg("%s", conn->why);
}

/* All connections have been judged. */
static void
settle(struct world *w)
{
	WORLD_UNTIL(w, rgw_list_empty(&w->net->unjudged));
	world_turns(w, 2);
}

/* Our certificate with other CAs beside it. */
static void
trust_only(struct world *w, const struct test_cert *ca)
{
	const struct test_cert *chain[] = { &w->server };
	const struct test_cert *trusted[] = { ca };
	struct rgw_conf_tls section;

	test_tls_section(&section, chain, 1, trusted, 1);
	world_replace(&w->own, &section);
}

/* ---- what the configuration says ---- */

/* When a CA goes, so do the connections whose certificates hang on it, and no others. */
static void
connections_go_with_their_ca(void **state)
{
	struct world *w = *state;
	struct far a, b;
	struct rgw_conn *first = far_come(w, &a, w->tcp[0], &w->far[0]);
	struct rgw_conn *second = far_come(w, &b, w->tcp[0], &w->far[1]);

	trust_only(w, &w->ca[0]);
	assert_true(world_take(w, WORLD));
	expect_lost(w, second, "its certificate is not good enough for the new configuration: it does not verify "
	    "against `ca` of [tls t]; presented DNS:b.test");
	settle(w);
	assert_false(first->lost);
	assert_int_equal(w->counted[RGW_CTR_connections_judged_out], 1);
	far_end(&a);
	far_end(&b);
}

static void
connections_go_with_their_name(void **state)
{
	struct world *w = *state;
	struct far a, b;
	struct rgw_conn *first = far_come(w, &a, w->tcp[0], &w->far[0]);
	struct rgw_conn *second = far_come(w, &b, w->tcp[0], &w->far[1]);

	assert_true(world_take(w, HEAD NAMED("a", "other.test") WORLD_PEER("b") WORLD_REALM));
	expect_lost(w, first, "it belongs to no peer: [peer a]: ");
	settle(w);
	assert_false(second->lost);
	far_end(&a);
	far_end(&b);
}

/* A certificate that is another peer's now is not good enough for the peer that it was. */
static void
connections_change_no_peer(void **state)
{
	struct world *w = *state;
	struct far a;
	struct rgw_conn *conn = far_come(w, &a, w->tcp[0], &w->far[0]);

	assert_true(world_take(w, HEAD NAMED("a", "other.test") NAMED("b", "a.test") WORLD_REALM));
	expect_lost(w, conn, "it is that of [peer b] by the new configuration");
	far_end(&a);
}

/* The connections of a peer that is gone drain by the engine. */
static void
connections_of_nobody_drain(void **state)
{
	struct world *w = *state;
	struct far a;
	struct rgw_conn *conn = far_come(w, &a, w->tcp[0], &w->far[0]);

	assert_true(world_take(w, HEAD WORLD_PEER("b") WORLD_REALM));
	settle(w);
	assert_false(conn->lost);
	assert_true(conn->t->peer == RGW_TCP_NOBODY);
	/* But not without the trust by which they came in. */
	trust_only(w, &w->ca[1]);
	assert_true(world_take(w, HEAD WORLD_PEER("b") WORLD_REALM));
	expect_lost(w, conn, "it does not verify against `ca`");
	far_end(&a);
}

/* The certificate of a peer that has become ours shows that somebody has our key (P-CRT-18). */
static void
our_own_certificate_is_nobodys(void **state)
{
	struct world *w = *state;
	struct far a;
	struct rgw_conn *conn = far_come(w, &a, w->tcp[0], &w->far[0]);

	assert_int_equal(rename(w->far[0].certificate, w->own.certificate), 0);
	assert_int_equal(rename(w->far[0].key, w->own.key), 0);
	assert_true(world_take(w, WORLD));
	expect_lost(w, conn, "it is our own");
	far_end(&a);
}

static void
connections_go_with_their_section(void **state)
{
	struct world *w = *state;
	struct far a;
	struct rgw_conn *conn = far_come(w, &a, w->tcp[0], &w->far[0]);

	assert_true(world_take(w, "[tls n]\ncertificate = $CERT\nkey = $KEY\nca = $CA\n" WORLD_UDP
	    "[listen s]\ntls = 127.0.0.1:$TCP0\nprofile = n\n" WORLD_CLIENT
	    "[peer a]\naccept = yes\ntls = n\nname = a.test\n" WORLD_REALM));
	expect_lost(w, conn, "its [tls] section is gone");
	far_end(&a);
}

/* What has nothing to do with certificates ends no connection. */
static void
other_changes_end_nothing(void **state)
{
	struct world *w = *state;
	struct far a, b;
	struct rgw_conn *first = far_come(w, &a, w->tcp[0], &w->far[0]);
	struct rgw_conn *second = far_come(w, &b, w->tcp[0], &w->far[0]);

	/* They have shown the same. */
	assert_ptr_equal(first->t->chain, second->t->chain);
	assert_int_equal(w->net->chains.count, 1);
	assert_true(world_take(w, HEAD WORLD_PEER("b") WORLD_PEER("a") "max-connections = 3\n" WORLD_REALM));
	settle(w);
	assert_false(first->lost);
	assert_false(second->lost);
	assert_int_equal(first->t->peer, first->peer);
	far_end(&a);
	far_end(&b);
}

/* A handshake that began under an older configuration is judged by the one that there is when it ends. */
static void
handshakes_are_judged_at_their_end(void **state)
{
	struct world *w = *state;
	struct far a, b;

	far_connect(w, &a, w->tcp[0], &w->far[0]);
	far_connect(w, &b, w->tcp[0], &w->far[1]);
	far_pump(&a);
	far_pump(&b);
	WORLD_UNTIL(w, w->conns[0].t->stage == RGW_TCP_HANDSHAKE && w->conns[1].t->stage == RGW_TCP_HANDSHAKE);
	trust_only(w, &w->ca[0]);
	assert_true(world_take(w, WORLD));
	far_meet(w, &a, &w->conns[0]);
	far_meet(w, &b, &w->conns[1]);
	assert_true(w->conns[0].up);
	expect_lost(w, &w->conns[1], "it does not verify against `ca` of [tls t]");
	assert_false(w->conns[1].up);
	far_end(&a);
	far_end(&b);
}

/* ---- plain TCP ---- */

#define PLAIN_TCP "[listen q]\ntls = 127.0.0.1:$TCP1\ninsecure-tcp = yes\n"
#define PLAIN(addr) WORLD_TLS WORLD_UDP PLAIN_TCP WORLD_CLIENT "[peer a]\naccept = yes\ninsecure-tcp = yes\naddress = " \
	addr "\nsecret = a secret of more than twelve octets\n" WORLD_REALM

static void
addresses_are_judged_again(void **state)
{
	struct world *w = *state;
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(w->tcp[1]),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(world_take(w, PLAIN("127.0.0.1")));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	WORLD_UNTIL(w, w->n_conns == 1 && w->conns[0].up);
	assert_true(world_take(w, PLAIN("127.0.0.0/8")));
	settle(w);
	assert_false(w->conns[0].lost);
	assert_true(world_take(w, PLAIN("127.0.0.2")));
	expect_lost(w, &w->conns[0], "no [peer] with `insecure-tcp = yes` at this address");
	assert_int_equal(w->counted[RGW_CTR_connections_judged_out], 1);
	close(fd);
}

/* ---- connections that we open ---- */

#define OUTGOING(name_) HEAD "[peer a]\nconnect = 127.0.0.1:$TCP1\ntls = t\nname = " name_ "\n" WORLD_REALM

/* Opens a connection to a peer that shows this. */
static struct rgw_conn *
go_out(struct world *w, struct far *far, const struct rgw_conf_tls *tls)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(w->tcp[1]),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct rgw_conn *conn = &w->conns[w->n_conns++];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct rgw_tls_problem problem;
	struct rgw_tlsctx *ctx = rgw_tlsctx_new(tls, RGW_TLS_SERVER, NULL, NULL, &problem);
	struct rgw_addr to;
	int yes = 1;

	assert_non_null(ctx);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_true(rgw_addr_from_sockaddr(&to, (struct sockaddr *)&sa));
	*conn = (struct rgw_conn){ .w = w };
	conn->t = rgw_net_ops.conn_open(w->net, conn, w->conf->peer.v[0], "127.0.0.1", &to);
	assert_non_null(conn->t);
	far_wait(far, accept(fd, NULL, NULL), ctx);
	rgw_tlsctx_free(ctx);
	close(fd);
	far_meet(w, far, conn);
	if (!conn->up)
		fail_msg("%s", conn->why);
	return conn;
}

static void
servers_are_judged_again(void **state)
{
	struct world *w = *state;
	struct far a;
	struct rgw_conn *conn;

	assert_true(world_take(w, OUTGOING("a.test")));
	conn = go_out(w, &a, &w->far[0]);
	assert_true(world_take(w, OUTGOING("a.test")));
	settle(w);
	assert_false(conn->lost);
	assert_true(world_take(w, OUTGOING("other.test")));
	expect_lost(w, conn, "no dNSName matches other.test; presented DNS:a.test");
	far_end(&a);
}

/* ---- time ---- */

/* Certificates that end in so many seconds. */
static void
short_lived(struct test_cert *out, const char *name, const struct test_cert *issuer, int seconds, bool ca)
{
	time_t end = time(NULL) + seconds;
	char dates[64];
	struct tm tm;

	gmtime_r(&end, &tm);
	strftime(dates, sizeof dates, "17('200101000000Z') 18('%Y%m%d%H%M%SZ')", &tm);
	test_cert_make(out, &(struct test_spec){ .name = name, .issuer = issuer, .ca = ca, .path_length = TEST_UNSAID,
	    .key_usage = ca ? 0x06 : 0x80, .dates = dates });
}

static void
section_of(struct world *w, struct rgw_conf_tls *out, const struct test_cert *const *chain, size_t n)
{
	const struct test_cert *both[] = { &w->ca[0], &w->ca[1] };

	test_tls_section(out, chain, n, both, 2);
}

static void
connections_end_with_the_peers_certificate(void **state)
{
	struct world *w = *state;
	struct test_cert leaf;
	const struct test_cert *chain[] = { &leaf };
	struct rgw_conf_tls section;
	struct far a, b;
	struct rgw_conn *conn, *other;

	short_lived(&leaf, "a.test", &w->ca[0], 3, false);
	section_of(w, &section, chain, 1);
	other = far_come(w, &b, w->tcp[0], &w->far[1]);
	conn = far_come(w, &a, w->tcp[0], &section);
	expect_lost(w, conn, "the peer's certificate, or one that it depends on, has come to its end: it was valid until 20");
	assert_false(conn->expiring);
	assert_false(other->lost);
	assert_int_equal(w->counted[RGW_CTR_certificates_ended], 1);
	far_end(&a);
	far_end(&b);
	test_tls_section_drop(&section);
}

/* An intermediate that ends before the leaf ends the connection; one that is not needed does not. */
static void
connections_end_with_what_they_depend_on(void **state)
{
	struct world *w = *state;
	struct test_cert issuer, spare, leaf[2];
	const struct test_cert *needs[] = { &leaf[0], &issuer };
	const struct test_cert *has[] = { &leaf[1], &spare };
	struct rgw_conf_tls section[2];
	struct far a, b;
	struct rgw_conn *first, *second;

	short_lived(&issuer, "issuer", &w->ca[0], 3, true);
	short_lived(&spare, "spare", &w->ca[0], 3, true);
	test_leaf_make(&leaf[0], "a.test", &issuer);
	test_leaf_make(&leaf[1], "b.test", &w->ca[1]);
	section_of(w, &section[0], needs, 2);
	section_of(w, &section[1], has, 2);
	first = far_come(w, &a, w->tcp[0], &section[0]);
	second = far_come(w, &b, w->tcp[0], &section[1]);
	assert_true(first->t->ends < time(NULL) + 10);
	assert_true(second->t->ends > time(NULL) + 10);
	expect_lost(w, first, "has come to its end");
	settle(w);
	assert_false(second->lost);
	far_end(&a);
	far_end(&b);
	test_tls_section_drop(&section[0]);
	test_tls_section_drop(&section[1]);
}

/* Our own certificate counts as well: that which the connection was made with. A connection that we have opened is
 * replaced before. */
static void
connections_end_with_our_certificate(void **state)
{
	struct world *w = *state;
	struct test_cert leaf;
	const struct test_cert *chain[] = { &leaf };
	struct rgw_conf_tls section;
	struct rgw_conn *conn;
	struct far a;

	short_lived(&leaf, "gw.test", &w->ca[0], 3, false);
	section_of(w, &section, chain, 1);
	world_replace(&w->own, &section);
	assert_true(world_take(w, OUTGOING("a.test")));
	conn = go_out(w, &a, &w->far[0]);
	WORLD_UNTIL(w, conn->expiring);
	assert_false(conn->lost);
	expect_lost(w, conn, "our own certificate has come to its end: it was valid until 20");
	far_end(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(connections_go_with_their_ca),
		WORLD_TEST(connections_go_with_their_name),
		WORLD_TEST(connections_change_no_peer),
		WORLD_TEST(connections_of_nobody_drain),
		WORLD_TEST(our_own_certificate_is_nobodys),
		WORLD_TEST(connections_go_with_their_section),
		WORLD_TEST(other_changes_end_nothing),
		WORLD_TEST(handshakes_are_judged_at_their_end),
		WORLD_TEST(addresses_are_judged_again),
		WORLD_TEST(servers_are_judged_again),
		WORLD_TEST(connections_end_with_the_peers_certificate),
		WORLD_TEST(connections_end_with_what_they_depend_on),
		WORLD_TEST(connections_end_with_our_certificate),
	};
	int failed;

	if (!rgw_tls_library_init())
		return 99;
	failed = cmocka_run_group_tests_name("judge", tests, NULL, NULL);
	rgw_tls_thread_fini();
	rgw_tls_library_fini();
	return failed;
}
