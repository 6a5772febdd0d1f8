/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <malloc.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "networld.h"

/* The second and later configurations of a network layer that works: what stays, what comes and what goes. */

#define SECOND_UDP "[listen v]\nudp = 127.0.0.1:$UDP1\n"
#define SECOND_TCP "[listen r]\ntls = 127.0.0.1:$TCP1\nprofile = t\n"
#define TAIL WORLD_CLIENT WORLD_PEER("a") WORLD_PEER("b") WORLD_REALM

static struct rgw_udp_socket *
first_socket(const struct world *w)
{
	return RGW_CONTAINER(rgw_list_first(&w->net->udp->sockets), struct rgw_udp_socket, bound.link);
}

static void
expect_said(const struct world *w, const char *words)
{
	if (strstr(w->said, words) == NULL)
		fail_msg("%s", w->said);
}

/* Asks at the port, and waits for the answer. */
static void
expect_answer(struct world *w, uint16_t port)
{
	unsigned before = w->n_datagrams;
	int fd = world_send(w, port);
	char room[16];

	WORLD_UNTIL(w, w->n_datagrams > before);
	world_turns(w, 1);
	assert_int_equal(recv(fd, room, sizeof room, 0), 8);
	close(fd);
}

/* Nobody listens at the TCP port any more. */
static void
expect_nobody(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), -1);
	close(fd);
}

/* ---- what stays ---- */

static void
the_same_again_changes_nothing(void **state)
{
	struct world *w = *state;
	const struct rgw_udp_socket *s = first_socket(w);
	const struct rgw_tlsctx *ctx = w->net->contexts->v[0].server;
	size_t descriptors = world_descriptors();
	int fd = s->bound.fd;
	uint32_t number = s->number;

	assert_non_null(ctx);
	w->said[0] = '\0';
	assert_true(world_take(w, WORLD));
	assert_int_equal(w->n_over, 1);
	assert_ptr_equal(first_socket(w), s);
	assert_int_equal(s->bound.fd, fd);
	assert_int_equal(s->number, number);
	assert_ptr_equal(s->bound.conf, w->conf->listen.v[0]);
	assert_ptr_equal(w->net->contexts->v[0].server, ctx);
	assert_int_equal(world_descriptors(), descriptors);
	/* Nothing is new, so nothing is told. */
	assert_string_equal(w->said, "");
	expect_answer(w, w->udp[0]);
}

/* The address has its socket, whatever the section is called; datagrams are those of the new section. */
static void
a_new_name_keeps_the_socket(void **state)
{
	struct world *w = *state;
	const struct rgw_udp_socket *s = first_socket(w);
	uint32_t number = s->number;

	assert_true(world_take(w, WORLD_TLS "[listen other]\nudp = 127.0.0.1:$UDP0\n" WORLD_TCP TAIL));
	assert_ptr_equal(first_socket(w), s);
	assert_string_equal(s->bound.conf->head.name, "other");
	expect_answer(w, w->udp[0]);
	assert_int_equal(w->sock, number);
	assert_int_equal(w->listen, w->conf->listen.v[0]->head.id);
	assert_int_not_equal(w->listen, w->conf->listen.v[1]->head.id);
}

/* A datagram that has arrived, and has not been read, belongs to the configuration under which it came. */
static void
datagrams_that_wait_are_answered_once(void **state)
{
	struct world *w = *state;
	int fd = world_send(w, w->udp[0]);
	char room[16];

	assert_true(world_take(w, WORLD_TLS "[listen other]\nudp = 127.0.0.1:$UDP0\n" WORLD_TCP TAIL));
	WORLD_UNTIL(w, w->n_datagrams == 1);
	world_turns(w, 1);
	assert_int_equal(recv(fd, room, sizeof room, 0), 8);
	close(fd);
}

/* ---- what comes ---- */

static void
new_addresses_are_listened_at(void **state)
{
	struct world *w = *state;
	struct far far;

	assert_true(world_take(w, WORLD_TLS WORLD_UDP WORLD_TCP SECOND_UDP SECOND_TCP TAIL));
	expect_said(w, "listening for RADIUS/UDP listen=v");
	expect_said(w, "listening for RADIUS/TLS listen=r");
	expect_answer(w, w->udp[1]);
	expect_answer(w, w->udp[0]);
	(void)far_come(w, &far, w->tcp[1], &w->far[0]);
	far_end(&far);
}

/* An address that somebody else has is refused as a whole, at its place in the file, and nothing is different then. */
static void
taken_addresses_change_nothing(void **state)
{
	struct world *w = *state;
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(w->udp[1]),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int other = socket(AF_INET, SOCK_DGRAM, 0);
	size_t descriptors;

	assert_int_equal(bind(other, (struct sockaddr *)&sa, sizeof sa), 0);
	descriptors = world_descriptors();
	w->said[0] = '\0';
	assert_false(world_take(w, WORLD_TLS WORLD_UDP SECOND_TCP SECOND_UDP TAIL));
	expect_said(w, "main.ini:10: error: [listen v] 127.0.0.1:");
	expect_said(w, "cannot listen on this UDP address: Address already in use\n");
	/* That is for whoever has asked for it, and not for the log. */
	assert_null(strstr(w->said, "listen-failed"));
	assert_int_equal(world_descriptors(), descriptors);
	assert_int_equal(w->n_over, 0);
	expect_nobody(w->tcp[1]);
	expect_answer(w, w->udp[0]);
	close(other);
}

/* Whether a socket for all IPv6 addresses is there for IPv4, too, was settled when it was bound. */
static void
sockets_do_not_change_their_kind(void **state)
{
	struct world *w = *state;

	assert_true(world_take(w, WORLD_TLS "[listen u]\nudp = [::]:$UDP1\n" WORLD_TCP TAIL));
	w->said[0] = '\0';
	assert_false(world_take(w, WORLD_TLS "[listen u]\nudp = [::]:$UDP1, 0.0.0.0:$UDP1\n" WORLD_TCP TAIL));
	expect_said(w, "main.ini:5: error: [listen u] [::]:");
	expect_said(w, "the socket is there for IPv4, too, and that cannot change while it is open");
	expect_answer(w, w->udp[1]);
}

/* What is prepared and given up leaves nothing. */
static void
changes_can_be_given_up(void **state)
{
	struct world *w = *state;
	size_t descriptors = world_descriptors();
	struct rgw_conf *next;
	struct rgw_net_change *change = world_prepare(w, WORLD_TLS SECOND_UDP SECOND_TCP TAIL, &next);

	assert_non_null(change);
	rgw_net_change_free(change);
	rgw_conf_free(next);
	assert_int_equal(world_descriptors(), descriptors);
	expect_nobody(w->tcp[1]);
	expect_answer(w, w->udp[0]);
}

/* ---- what goes ---- */

/* What has arrived at an address that goes is read under the old configuration, its answer leaves under the new one,
 * and then the socket is closed. */
static void
addresses_that_go_are_read_out(void **state)
{
	struct world *w = *state;
	size_t descriptors = world_descriptors();
	const struct rgw_conf *old = w->conf;
	const struct rgw_outgoing late = { (const uint8_t *)"late", 4, NULL };
	int fd = world_send(w, w->udp[0]);
	struct rgw_addr local, remote;
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	char room[16];

	assert_true(world_take(w, WORLD_TLS SECOND_UDP WORLD_TCP TAIL));
	assert_int_equal(w->n_datagrams, 1);
	assert_ptr_equal(w->datagram_conf, old);
	assert_int_equal(recv(fd, room, sizeof room, MSG_DONTWAIT), 8);
	/* An answer that takes its time still has the socket. */
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_true(rgw_addr_from_sockaddr(&remote, (struct sockaddr *)&sa));
	local = first_socket(w)->bound.local;
	local.port = w->udp[0];
	rgw_net_ops.udp_send(w->net, w->sock, &local, &remote, &late);
	rgw_net_flush(w->net);
	assert_int_equal(recv(fd, room, sizeof room, MSG_DONTWAIT), 4);
	/* Nothing is read there any more. */
	assert_int_equal(send(fd, "question", 8, 0), 8);
	world_turns(w, 3);
	assert_int_equal(w->n_datagrams, 1);
	WORLD_UNTIL(w, rgw_list_empty(&w->net->udp->gone));
	close(fd);
	/* One has gone and one has come. */
	assert_int_equal(world_descriptors(), descriptors);
	rgw_net_ops.udp_send(w->net, w->sock, &local, &remote, &late);
	assert_int_equal(w->net->udp->queued, 0);
}

/* An address that comes back while its socket is open has that again, and nothing that came meanwhile. */
static void
addresses_come_back(void **state)
{
	struct world *w = *state;
	const struct rgw_udp_socket *s = first_socket(w);
	int fd;

	assert_true(world_take(w, WORLD_TLS SECOND_UDP WORLD_TCP TAIL));
	((struct rgw_udp_socket *)(uintptr_t)s)->gone_until = RGW_NEVER;
	fd = world_send(w, w->udp[0]);
	assert_true(world_take(w, WORLD));
	assert_ptr_equal(first_socket(w), s);
	assert_false(s->wanted);
	expect_answer(w, w->udp[0]);
	assert_int_equal(w->n_datagrams, 1);
	close(fd);
}

struct preparing {
	struct world *w;
	const char *text;
	struct rgw_conf *next;
	struct rgw_net_change *change;
	atomic_bool done;
};

static void *
prepare(void *arg)
{
	struct preparing *p = arg;

	p->change = world_prepare(p->w, p->text, &p->next);
	atomic_store(&p->done, true);
	return NULL;
}

/* A socket that is about to be closed is waited for, since those of other workers may be closed before. Meanwhile the
 * loop goes on, in its own thread. */
static void
addresses_come_back_at_the_last_moment(void **state)
{
	struct world *w = *state;
	struct preparing p = { .w = w, .text = WORLD };
	uint32_t number = first_socket(w)->number;
	pthread_t thread;

	assert_true(world_take(w, WORLD_TLS SECOND_UDP WORLD_TCP TAIL));
	assert_int_equal(pthread_create(&thread, NULL, prepare, &p), 0);
	while (!atomic_load(&p.done))
		ev_run(w->loop, EVRUN_NOWAIT);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_non_null(p.change);
	assert_true(rgw_list_empty(&w->net->udp->gone));
	world_adopt(w, p.change, p.next);
	assert_int_not_equal(first_socket(w)->number, number);
	expect_answer(w, w->udp[0]);
}

/* A listener goes at once; who has connected to it stays, even if no octet has come yet. */
static void
listeners_go_without_their_connections(void **state)
{
	struct world *w = *state;
	struct far up, early;
	struct rgw_conn *conn = far_come(w, &up, w->tcp[0], &w->far[0]);

	far_connect(w, &early, w->tcp[0], &w->far[1]);
	assert_true(world_take(w, WORLD_TLS WORLD_UDP SECOND_TCP TAIL));
	expect_nobody(w->tcp[0]);
	assert_int_equal(w->n_over, 0);
	far_meet(w, &early, &w->conns[1]);
	assert_true(w->conns[1].up);
	assert_string_equal(rgw_conf_by_id(w->conf, RGW_CONF_PEER, w->conns[1].peer)->name, "b");
	/* Nobody needs the old edition any more. */
	assert_int_equal(w->n_over, 1);
	world_turns(w, 5);
	assert_false(conn->lost);
	far_end(&up);
	far_end(&early);
}

/* Connections that wait to be accepted have been made, as far as their peers know. */
static void
connections_that_wait_are_taken(void **state)
{
	struct world *w = *state;
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(w->tcp[0]),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_true(world_take(w, WORLD_TLS WORLD_UDP SECOND_TCP TAIL));
	assert_int_equal(w->n_conns, 1);
	close(fd);
}

/* ---- certificates ---- */

/* New handshakes show the new certificate, and connections that stand are not touched. */
static void
certificates_are_replaced(void **state)
{
	struct world *w = *state;
	const struct test_cert *both[] = { &w->ca[0], &w->ca[1] };
	struct test_cert renewed;
	const struct test_cert *chain[] = { &renewed };
	struct rgw_conf_tls section;
	struct far before, after, early;
	struct rgw_conn *conn = far_come(w, &before, w->tcp[0], &w->far[0]);

	far_connect(w, &early, w->tcp[0], &w->far[1]);
	test_leaf_make(&renewed, "gw.test", &w->ca[1]);
	test_tls_section(&section, chain, 1, both, 2);
	world_replace(&w->own, &section);
	w->said[0] = '\0';
	assert_true(world_take(w, WORLD));
	expect_said(w, "trust-loaded");
	(void)far_come(w, &after, w->tcp[0], &w->far[0]);
	assert_memory_not_equal(before.shown, after.shown, sizeof before.shown);
	/* So does one whose first octets had not come. */
	far_meet(w, &early, &w->conns[1]);
	assert_true(w->conns[1].up);
	assert_memory_equal(early.shown, after.shown, sizeof after.shown);
	world_turns(w, 5);
	assert_false(conn->lost);
	far_end(&before);
	far_end(&after);
	far_end(&early);
}

/* A certificate that does not fit its key is refused, and the old pair stays. */
static void
pairs_that_do_not_fit_change_nothing(void **state)
{
	struct world *w = *state;
	const struct rgw_tlsctx *ctx = w->net->contexts->v[0].server;

	assert_int_equal(rename(w->far[1].key, w->own.key), 0);
	w->said[0] = '\0';
	assert_false(world_take(w, WORLD));
	expect_said(w, "main.ini:1: error: [tls t] key: ");
	expect_said(w, "is not the key of the first certificate in");
	assert_null(strstr(w->said, "tls-context"));
	assert_ptr_equal(w->net->contexts->v[0].server, ctx);
	expect_answer(w, w->udp[0]);
}

/* What was said of files explains why nothing could be made of them. */
static void
what_is_left_out_is_reported(void **state)
{
	struct world *w = *state;

	assert_int_equal(rename(w->own.key, w->own.ca.v[0]), 0);
	assert_int_equal(rename(w->far[0].key, w->own.key), 0);
	w->said[0] = '\0';
	assert_false(world_take(w, WORLD));
	expect_said(w, "main.ini:1: warning: [tls t] ca: ");
	expect_said(w, "main.ini:1: error: [tls t] ca: ");
}

/* A handshake that is under way ends under the configuration with which it began, and holds it that long. */
static void
handshakes_hold_their_edition(void **state)
{
	struct world *w = *state;
	struct far far;

	far_connect(w, &far, w->tcp[0], &w->far[0]);
	far_pump(&far);
	WORLD_UNTIL(w, w->conns[0].t->stage == RGW_TCP_HANDSHAKE);
	assert_true(world_take(w, WORLD));
	assert_int_equal(w->n_over, 0);
	far_meet(w, &far, &w->conns[0]);
	assert_true(w->conns[0].up);
	assert_int_equal(w->n_over, 1);
	far_end(&far);
}

/* Octets that a peer does not read are counted for it, whatever its place in the next configuration. */
static void
octets_that_wait_stay_counted(void **state)
{
	static const uint8_t octets[4096] = { RGW_ACCESS_REQUEST, 1, 0x10, 0 };
	const struct rgw_outgoing packet = { octets, sizeof octets, NULL };
	struct world *w = *state;
	struct far far;
	struct rgw_conn *conn = far_come(w, &far, w->tcp[0], &w->far[1]);
	unsigned n = 0;

	while (rgw_net_ops.conn_send(w->net, conn->t, &packet) && ++n < 10000)
		rgw_net_flush(w->net);
	assert_true(n < 10000);
	assert_true(conn->t->peer_out > 0);
	assert_true(world_take(w, WORLD_TLS WORLD_UDP WORLD_TCP SECOND_TCP TAIL));
	assert_int_equal(w->net->peer_out[conn->t->peer], conn->t->peer_out);
	far_end(&far);
}

/* ---- again and again ---- */

static void
nothing_adds_up(void **state)
{
	struct world *w = *state;
	static const char *const texts[] = {
		WORLD,
		WORLD_TLS WORLD_UDP WORLD_TCP SECOND_TCP TAIL,
		WORLD_TLS "[listen x]\nudp = 127.0.0.1:$UDP0\n" WORLD_TCP WORLD_CLIENT WORLD_PEER("b") WORLD_REALM,
		WORLD_TLS WORLD_UDP WORLD_TCP "[tls u]\ncertificate = $CERT\nkey = $KEY\nca = $CA\n" TAIL,
	};
	struct far far;
	struct rgw_conn *conn = far_come(w, &far, w->tcp[0], &w->far[1]);
	size_t descriptors = world_descriptors();
	size_t octets = 0;

	for (unsigned i = 1; i <= 1000; i++) {
		assert_true(world_take(w, texts[i % 4]));
		assert_int_equal(w->n_over, i);
		w->said[0] = '\0';
		if (i % 10 == 0)
			world_turns(w, 2);
		if (i == 100)
			octets = mallinfo2().uordblks;
	}
	/* There may be less than before, and no more than two editions are apart; 900 of whatever adds up are more. */
	assert_true(mallinfo2().uordblks < octets + 49152);
	assert_true(world_take(w, WORLD));
	world_turns(w, 3);
	assert_false(conn->lost);
	far_end(&far);
	WORLD_UNTIL(w, conn->lost);
	world_turns(w, 1);
	/* Both ends of the connection have gone, and nothing else. */
	assert_int_equal(world_descriptors(), descriptors - 2);
	assert_int_equal(w->net->chains.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(the_same_again_changes_nothing),
		WORLD_TEST(a_new_name_keeps_the_socket),
		WORLD_TEST(datagrams_that_wait_are_answered_once),
		WORLD_TEST(new_addresses_are_listened_at),
		WORLD_TEST(taken_addresses_change_nothing),
		WORLD_TEST(sockets_do_not_change_their_kind),
		WORLD_TEST(changes_can_be_given_up),
		WORLD_TEST(addresses_that_go_are_read_out),
		WORLD_TEST(addresses_come_back),
		WORLD_TEST(addresses_come_back_at_the_last_moment),
		WORLD_TEST(listeners_go_without_their_connections),
		WORLD_TEST(connections_that_wait_are_taken),
		WORLD_TEST(certificates_are_replaced),
		WORLD_TEST(pairs_that_do_not_fit_change_nothing),
		WORLD_TEST(what_is_left_out_is_reported),
		WORLD_TEST(handshakes_hold_their_edition),
		WORLD_TEST(octets_that_wait_stay_counted),
		WORLD_TEST(nothing_adds_up),
	};
	int failed;

	if (!rgw_tls_library_init())
		return 99;
	failed = cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
	rgw_tls_thread_fini();
	rgw_tls_library_fini();
	return failed;
}
