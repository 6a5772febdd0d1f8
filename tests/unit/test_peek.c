/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/net/tcp_priv.h"
#include "helpers.h"
#include "minipki.h"

/* What a connection costs before its peer has said enough: the network layer of a worker with real sockets on
 * loopback. The engine is not there; its parts that hear of connections are these (see the Makefile). */

struct rgw_conn {
	struct fixture *f;
	struct rgw_tcp *t;
	const struct rgw_conf_peer *peer;   /* who it turned out to be, once it is up */
	bool connected;
	bool lost;
	char why[1280];
	size_t n_data;
};

struct fixture {
	struct test_cert ca, cert;
	struct rgw_conf_tls tls;
	struct rgw_conf_listen listen[2];   /* for TLS, and for plain TCP */
	struct rgw_conf_peer peer[2];
	struct rgw_conf_tls *tls_list[1];
	struct rgw_conf_listen *listen_list[2];
	struct rgw_conf_peer *peer_list[2];
	const struct rgw_conf_head *profiles[1];
	struct rgw_addr addr[2];
	struct rgw_prefix loopback;
	struct rgw_conf conf;
	struct ev_loop *loop;
	struct rgw_log log;
	struct rgw_net *net;
	struct rgw_conn conn;
	bool refuse;                        /* the engine wants no connection */
	int client;
};

/* ---- the engine ---- */

struct rgw_conn *__wrap_rgw_gw_on_accept(struct rgw_gw *gw, uint32_t listen, const struct rgw_addr *from, void *io,
    rgw_ms now);
void __wrap_rgw_conn_on_connected(struct rgw_conn *conn, rgw_ms now);
void __wrap_rgw_conn_on_open(struct rgw_conn *conn, uint32_t peer, enum rgw_proof proof, rgw_ms now);
void __wrap_rgw_conn_on_data(struct rgw_conn *conn, const uint8_t *data, size_t len, rgw_ms now);
void __wrap_rgw_conn_on_lost(struct rgw_conn *conn, const char *why, rgw_ms now);
rgw_ms __wrap_rgw_gw_deadline(const struct rgw_gw *gw);

struct rgw_conn *
__wrap_rgw_gw_on_accept(struct rgw_gw *gw, uint32_t listen, const struct rgw_addr *from, void *io, rgw_ms now)
{
	struct fixture *f = (struct fixture *)gw;

	(void)listen;
	(void)now;
	assert_true(rgw_addr_is_loopback(from));
	f->conn.f = f;
	f->conn.t = io;
	return f->refuse ? NULL : &f->conn;
}

void
__wrap_rgw_conn_on_connected(struct rgw_conn *conn, rgw_ms now)
{
	(void)now;
	assert_false(conn->connected);
	conn->connected = true;
}

void
__wrap_rgw_conn_on_open(struct rgw_conn *conn, uint32_t peer, enum rgw_proof proof, rgw_ms now)
{
	(void)proof;
	(void)now;
	assert_true(conn->connected);
	conn->peer = &conn->f->peer[peer];
}

void
__wrap_rgw_conn_on_data(struct rgw_conn *conn, const uint8_t *data, size_t len, rgw_ms now)
{
	(void)now;
	(void)data;
	conn->n_data += len;
}

void
__wrap_rgw_conn_on_lost(struct rgw_conn *conn, const char *why, rgw_ms now)
{
	(void)now;
	conn->lost = true;
	conn->t = NULL;
	snprintf(conn->why, sizeof conn->why, "%s", why);
}

rgw_ms
__wrap_rgw_gw_deadline(const struct rgw_gw *gw)
{
	(void)gw;
	return RGW_NEVER;
}

static bool
write_nowhere(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	(void)ctx;
	(void)level;
	(void)line;
	(void)len;
	return true;
}

static void
no_clock(void *ctx, int64_t *sec, uint32_t *nsec)
{
	(void)ctx;
	*sec = 0;
	*nsec = 0;
}

/* ---- the world ---- */

/* A port that is free now; the listener takes it at once. */
static void
take_port(struct rgw_addr *out)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_storage sa;
	socklen_t len = sizeof(struct sockaddr_in);

	assert_true(rgw_addr_parse("127.0.0.1", 0, out));
	(void)rgw_addr_to_sockaddr(out, &sa);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_true(rgw_addr_from_sockaddr(out, (struct sockaddr *)&sa));
	close(fd);
}

static void
configure(struct fixture *f)
{
	const struct test_cert *own[] = { &f->cert };
	const struct test_cert *trusted[] = { &f->ca };

	test_ca_make(&f->ca, "root", NULL);
	test_leaf_make(&f->cert, "both.test", &f->ca);
	test_tls_section(&f->tls, own, 1, trusted, 1);
	f->tls_list[0] = &f->tls;
	f->profiles[0] = &f->tls.head;
	assert_true(rgw_prefix_parse("127.0.0.0/8", &f->loopback));
	for (size_t i = 0; i < 2; i++) {
		take_port(&f->addr[i]);
		f->listen[i].head.name = f->peer[i].head.name = "x";
		f->listen[i].head.index = f->peer[i].head.index = (uint32_t)i;
		f->listen[i].head.id = f->peer[i].head.id = (uint32_t)i;
		f->listen[i].tls.v = &f->addr[i];
		f->listen[i].tls.n = 1;
		f->listen_list[i] = &f->listen[i];
		f->peer_list[i] = &f->peer[i];
		f->peer[i].accept = true;
	}
	f->listen[0].profile.v = f->profiles;
	f->listen[0].profile.n = 1;
	f->peer[0].tls = &f->tls;
	f->listen[1].insecure_tcp = f->peer[1].insecure_tcp = true;
	f->peer[1].address.v = &f->loopback;
	f->peer[1].address.n = 1;
	f->conf.gateway.workers = 1;
	f->conf.gateway.write_buffer = f->conf.gateway.max_write_octets = 1 << 20;
	f->conf.tls.v = f->tls_list;
	f->conf.tls.n = 1;
	f->conf.listen.v = f->listen_list;
	f->conf.listen.n = 2;
	f->conf.peer.v = f->peer_list;
	f->conf.peer.n = 2;
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct rgw_conf_report report = { 0 };
	struct rgw_net_change *change;
	struct rgw_edition *edition;

	if (f == NULL)
		return -1;
	configure(f);
	f->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	rgw_log_init(&f->log, write_nowhere, no_clock, NULL);
	f->net = rgw_net_new(0, 1, f->loop, &f->log);
	f->conf.gateway.head.name = f->conf.log.head.name = f->conf.control.head.name = f->conf.metrics.head.name = "";
	rgw_conf_inherit(&f->conf, NULL);
	change = rgw_net_prepare(f->net, &f->conf, NULL, &report);
	assert_non_null(change);
	edition = rgw_edition_new(&f->conf, NULL, NULL);
	rgw_net_adopt(f->net, change, edition);
	rgw_edition_drop(edition);
	rgw_net_start(f->net, (struct rgw_gw *)f);
	f->client = -1;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->conn.t != NULL && !f->refuse)
		rgw_net_ops.conn_close(f->net, f->conn.t);
	rgw_net_free(f->net);
	ev_loop_destroy(f->loop);
	for (size_t kind = 0; kind < RGW_CONF_KINDS; kind++)
		free(f->conf.ids[kind].place);
	if (f->client >= 0)
		close(f->client);
	test_tls_section_drop(&f->tls);
	free(f);
	return 0;
}

static void
too_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
	fail_msg("nothing happens any more");
}

/* Runs the loop until something has happened. */
#define RUN_UNTIL(f, condition)                                \
	do {                                                   \
		ev_timer guard_;                               \
		ev_timer_init(&guard_, too_late, 30, 0);       \
		ev_timer_start((f)->loop, &guard_);            \
		while (!(condition))                           \
			ev_run((f)->loop, EVRUN_ONCE);         \
		ev_timer_stop((f)->loop, &guard_);             \
	} while (0)

static void
call(struct fixture *f, size_t listener)
{
	struct sockaddr_storage sa;
	unsigned len = rgw_addr_to_sockaddr(&f->addr[listener], &sa);

	f->client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(f->client, (struct sockaddr *)&sa, len), 0);
	RUN_UNTIL(f, f->conn.t != NULL || f->conn.lost);
}

/* Sends octets, of which `all` must then wait at the other end, and lets the loop see them. */
static void
say(struct fixture *f, const void *data, size_t len, int all)
{
	int waiting = 0;

	assert_int_equal(send(f->client, data, len, 0), len);
	while (f->conn.t != NULL && waiting < all)
		assert_int_equal(ioctl(f->conn.t->fd, FIONREAD, &waiting), 0);
	ev_run(f->loop, EVRUN_NOWAIT);
	ev_run(f->loop, EVRUN_NOWAIT);
}

static void
expect_lost(struct fixture *f, const char *words)
{
	RUN_UNTIL(f, f->conn.lost);
	if (strstr(f->conn.why, words) == NULL)
		fail_msg("%s", f->conn.why);
	assert_null(f->conn.peer);
}

/* ---- the other side ---- */

static bool
content(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	(void)arg;
	(void)leaf;
	(void)sha256;
	(void)why;
	(void)size;
	return true;
}

/* A client whose ClientHello waits in its buffer. */
static struct rgw_session *
client_session(struct fixture *f)
{
	struct rgw_tls_problem problem;
	struct rgw_tlsctx *ctx = rgw_tlsctx_new(&f->tls, RGW_TLS_CLIENT, NULL, NULL, &problem);
	struct rgw_session *session;

	assert_non_null(ctx);
	session = rgw_tls_new(ctx, content, NULL, NULL);
	assert_non_null(session);
	rgw_tlsctx_free(ctx);
	assert_int_equal(rgw_session_handshake(session), RGW_SESSION_WANT);
	return session;
}

/* ---- tests ---- */

/* As long as one octet of the ClientHello is missing there is neither a session nor a handshake, and nothing has been
 * read (P-TLS-25). */
static void
hello_in_pieces_costs_nothing(void **state)
{
	struct fixture *f = *state;
	struct rgw_session *client = client_session(f);
	const uint8_t *hello = client->out.data;
	size_t len = client->out.len;
	int at = 0;

	call(f, 0);
	for (; at < 8; at++) {
		say(f, hello + at, 1, at + 1);
		assert_int_equal(f->conn.t->stage, RGW_TCP_ACCEPTED);
		assert_null(f->conn.t->session);
		assert_null(f->conn.t->handshake);
	}
	say(f, hello + at, len - 9, (int)len - 1);
	assert_int_equal(f->conn.t->stage, RGW_TCP_ACCEPTED);
	assert_false(f->conn.connected);
	assert_int_equal(send(f->client, hello + len - 1, 1, 0), 1);
	RUN_UNTIL(f, f->conn.connected);
	assert_non_null(f->conn.t->session);
	assert_non_null(f->conn.t->handshake);
	assert_false(f->conn.lost);
	rgw_session_free(client);
}

/* A certificate of our own shows that we have reached ourselves (P-CRT-18): the judge in the thread of the shaker
 * says so, by what it was handed. */
static void
our_own_certificate_is_refused(void **state)
{
	struct fixture *f = *state;
	struct rgw_session *client = client_session(f);
	enum rgw_session_result result = RGW_SESSION_WANT;
	uint8_t octets[16384];

	call(f, 0);
	while (!f->conn.lost) {
		ssize_t n;

		if (rgw_outbuf_waiting(&client->out) > 0) {
			n = send(f->client, client->out.data + client->out.at, rgw_outbuf_waiting(&client->out),
			    MSG_NOSIGNAL);
			assert_true(n > 0);
			rgw_outbuf_sent(&client->out, (size_t)n);
		}
		ev_run(f->loop, EVRUN_NOWAIT);
		n = recv(f->client, octets, sizeof octets, MSG_DONTWAIT);
		if (n <= 0 || result != RGW_SESSION_WANT)
			continue;
		rgw_session_feed(client, octets, (size_t)n);
		result = rgw_session_handshake(client);
		rgw_session_feed(client, NULL, 0);
	}
	expect_lost(f, "it is our own");
	rgw_session_free(client);
}

static void
garbage_is_refused_by_its_first_octet(void **state)
{
	struct fixture *f = *state;

	call(f, 0);
	assert_int_equal(send(f->client, "G", 1, 0), 1);
	expect_lost(f, "what came first is not TLS");
	assert_true(f->conn.connected);
}

static void
records_too_long_are_refused_by_their_header(void **state)
{
	struct fixture *f = *state;

	call(f, 0);
	assert_int_equal(send(f->client, "\x16\x03\x01\x40\x01", 5, 0), 5);
	expect_lost(f, "its record is too long");
}

static void
ends_before_the_hello(void **state)
{
	struct fixture *f = *state;

	call(f, 0);
	assert_int_equal(shutdown(f->client, SHUT_WR), 0);
	expect_lost(f, "the connection was closed before its first octet");
	assert_false(f->conn.connected);
}

static void
ends_within_the_hello(void **state)
{
	struct fixture *f = *state;

	call(f, 0);
	say(f, "\x16\x03\x01\x01\x00\x01", 6, 6);
	assert_int_equal(f->conn.t->stage, RGW_TCP_ACCEPTED);
	assert_int_equal(shutdown(f->client, SHUT_WR), 0);
	expect_lost(f, "the connection was closed in the middle of the ClientHello");
}

/* A connection that is not wanted is reset, and nothing is left. */
static void
unwanted_connections_are_reset(void **state)
{
	struct fixture *f = *state;
	char octet;

	f->refuse = true;
	call(f, 0);
	ev_run(f->loop, EVRUN_NOWAIT);
	assert_int_equal(recv(f->client, &octet, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_true(rgw_list_empty(&f->net->conns));
	assert_true(rgw_list_empty(&f->net->dead));
}

/* Over plain TCP a connection is up at once, and without what a handshake needs (P-TCP-23). */
static void
plain_connections_are_up_at_once(void **state)
{
	struct fixture *f = *state;

	call(f, 1);
	assert_ptr_equal(f->conn.peer, &f->peer[1]);
	assert_int_equal(f->conn.t->stage, RGW_TCP_OPEN);
	assert_null(f->conn.t->handshake);
	assert_int_equal(send(f->client, "\x0c\x01", 2, 0), 2);
	RUN_UNTIL(f, f->conn.n_data == 2);
}

/* The engine lets in only addresses of such peers. If it did not, nobody would be taken for one of them. */
static void
plain_strangers_are_nobody(void **state)
{
	struct fixture *f = *state;

	assert_true(rgw_prefix_parse("127.0.0.2", &f->loopback));
	call(f, 1);
	expect_lost(f, "no [peer] with `insecure-tcp = yes`");
}

/* The end of the peer's stream says that it asks nothing more, not that it does not listen: what waits for it is sent
 * even if the kernel does not take it at once. */
static void
rest_goes_to_who_has_said_all(void **state)
{
	static const uint8_t packet[4096];
	const struct rgw_outgoing out = { packet, sizeof packet, NULL };
	struct fixture *f = *state;
	int small = 4096;
	size_t sent = 0, heard = 0;
	uint8_t room[4096];
	ssize_t n;

	f->conf.gateway.max_write_octets = 1 << 26;
	call(f, 1);
	assert_int_equal(setsockopt(f->conn.t->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	while (sent < 1 << 20 && rgw_net_ops.conn_send(f->net, f->conn.t, &out))
		sent += sizeof packet;
	assert_in_range(sent, 1 << 19, 1 << 20);
	assert_int_equal(shutdown(f->client, SHUT_WR), 0);
	rgw_net_ops.conn_close(f->net, f->conn.t);
	f->conn.t = NULL;
	/* It reads nothing for some turns. */
	for (int turn = 0; turn < 5; turn++)
		ev_run(f->loop, EVRUN_NOWAIT);
	do {
		ev_run(f->loop, EVRUN_NOWAIT);
		n = recv(f->client, room, sizeof room, MSG_DONTWAIT);
		heard += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EAGAIN));
	assert_int_equal(n, 0);
	assert_int_equal(heard, sent);
	/* Both sides are done, so nothing waits for the time to pass. */
	ev_run(f->loop, EVRUN_NOWAIT);
	ev_run(f->loop, EVRUN_NOWAIT);
	assert_true(rgw_list_empty(&f->net->lingering));
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(hello_in_pieces_costs_nothing),
		WORLD(our_own_certificate_is_refused),
		WORLD(garbage_is_refused_by_its_first_octet),
		WORLD(records_too_long_are_refused_by_their_header),
		WORLD(ends_before_the_hello),
		WORLD(ends_within_the_hello),
		WORLD(unwanted_connections_are_reset),
		WORLD(plain_connections_are_up_at_once),
		WORLD(plain_strangers_are_nobody),
		WORLD(rest_goes_to_who_has_said_all),
	};
	int failed;

	if (!rgw_tls_library_init())
		return 99;
	failed = cmocka_run_group_tests_name("peek", tests, NULL, NULL);
	rgw_tls_thread_fini();
	rgw_tls_library_fini();
	return failed;
}
