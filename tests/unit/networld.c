/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "networld.h"

#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the engine ---- */

struct rgw_conn *__wrap_rgw_gw_on_accept(struct rgw_gw *gw, uint32_t listen, const struct rgw_addr *from, void *io,
    rgw_ms now);
void __wrap_rgw_conn_on_connected(struct rgw_conn *conn, rgw_ms now);
void __wrap_rgw_conn_on_open(struct rgw_conn *conn, uint32_t peer, enum rgw_proof proof, rgw_ms now);
void __wrap_rgw_conn_on_expiring(struct rgw_conn *conn, rgw_ms now);
void __wrap_rgw_conn_on_data(struct rgw_conn *conn, const uint8_t *data, size_t len, rgw_ms now);
bool __wrap_rgw_conn_on_goodbye(struct rgw_conn *conn, rgw_ms now);
void __wrap_rgw_conn_on_stalled(struct rgw_conn *conn);
void __wrap_rgw_conn_on_lost(struct rgw_conn *conn, const char *why, rgw_ms now);
void __wrap_rgw_gw_on_udp(struct rgw_gw *gw, const struct rgw_udp_from *from, const struct rgw_octets *in, size_t n,
    rgw_ms now);
void __wrap_rgw_gw_count(struct rgw_gw *gw, enum rgw_counter c);
rgw_ms __wrap_rgw_gw_deadline(const struct rgw_gw *gw);

struct rgw_conn *
__wrap_rgw_gw_on_accept(struct rgw_gw *gw, uint32_t listen, const struct rgw_addr *from, void *io, rgw_ms now)
{
	struct world *w = (struct world *)gw;
	struct rgw_conn *conn = &w->conns[w->n_conns++];

	(void)listen;
	(void)from;
	(void)now;
	assert_true(w->n_conns <= WORLD_CONNS);
	*conn = (struct rgw_conn){ .w = w, .t = io };
	return conn;
}

void
__wrap_rgw_conn_on_connected(struct rgw_conn *conn, rgw_ms now)
{
	(void)conn;
	(void)now;
}

void
__wrap_rgw_conn_on_open(struct rgw_conn *conn, uint32_t peer, enum rgw_proof proof, rgw_ms now)
{
	(void)proof;
	(void)now;
	conn->up = true;
	conn->peer = peer;
	conn->ends = conn->t->ends;
}

void
__wrap_rgw_conn_on_expiring(struct rgw_conn *conn, rgw_ms now)
{
	(void)now;
	assert_false(conn->expiring);
	conn->expiring = true;
}

void
__wrap_rgw_conn_on_data(struct rgw_conn *conn, const uint8_t *data, size_t len, rgw_ms now)
{
	(void)conn;
	(void)data;
	(void)len;
	(void)now;
}

bool
__wrap_rgw_conn_on_goodbye(struct rgw_conn *conn, rgw_ms now)
{
	(void)conn;
	(void)now;
	return false;
}

void
__wrap_rgw_conn_on_stalled(struct rgw_conn *conn)
{
	assert_true(conn->up);
}

void
__wrap_rgw_conn_on_lost(struct rgw_conn *conn, const char *why, rgw_ms now)
{
	(void)now;
	conn->lost = true;
	conn->t = NULL;
	snprintf(conn->why, sizeof conn->why, "%s", why);
}

void
__wrap_rgw_gw_on_udp(struct rgw_gw *gw, const struct rgw_udp_from *from, const struct rgw_octets *in, size_t n,
    rgw_ms now)
{
	struct world *w = (struct world *)gw;

	(void)now;
	for (size_t i = 0; i < n; i++) {
		const struct rgw_outgoing answer = { in[i].data, in[i].len, NULL };

		w->listen = from[i].listen;
		w->sock = from[i].sock;
		w->datagram_conf = w->net->conf;
		w->n_datagrams++;
		/* It comes back as it is. */
		rgw_net_ops.udp_send(w->net, from[i].sock, &from[i].local, &from[i].remote, &answer);
	}
}

void
__wrap_rgw_gw_count(struct rgw_gw *gw, enum rgw_counter c)
{
	((struct world *)gw)->counted[c]++;
}

rgw_ms
__wrap_rgw_gw_deadline(const struct rgw_gw *gw)
{
	(void)gw;
	return RGW_NEVER;
}

/* ---- what is said ---- */

static void
add_said(struct world *w, const char *text, size_t len)
{
	size_t at = strlen(w->said);

	if (at + len < sizeof w->said)
		snprintf(w->said + at, sizeof w->said - at, "%.*s", (int)len, text);
}

static bool
hear(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	(void)level;
	add_said(ctx, line, len);
	return true;
}

static void
no_clock(void *ctx, int64_t *sec, uint32_t *nsec)
{
	(void)ctx;
	*sec = 0;
	*nsec = 0;
}

static void
hear_finding(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	char whole[1400];
	int n = snprintf(whole, sizeof whole, "%s:%u: %s: %s\n", file, line,
	    severity == RGW_CONF_ERROR ? "error" : "warning", text);

	add_said(ctx, whole, (size_t)n);
}

/* ---- configurations ---- */

/* Writes the text with the names of files and the ports in their places. */
static void
expand(const struct world *w, const char *text, char *out, size_t size)
{
	char port[4][8];
	const struct {
		const char *word;
		const char *value;
	} table[] = { { "$CERT", w->own.certificate }, { "$KEY", w->own.key }, { "$CA", w->own.ca.v[0] },
		{ "$FARCERT", w->far[0].certificate }, { "$FARKEY", w->far[0].key }, { "$FARCA", w->far[0].ca.v[0] },
		{ "$UDP0", port[0] }, { "$UDP1", port[1] }, { "$TCP0", port[2] }, { "$TCP1", port[3] } };
	size_t at = 0;

	for (size_t i = 0; i < 4; i++)
		snprintf(port[i], sizeof port[i], "%u", i < 2 ? w->udp[i] : w->tcp[i - 2]);
	while (*text != '\0') {
		size_t i = 0;

		while (i < sizeof table / sizeof table[0] &&
		    strncmp(text, table[i].word, strlen(table[i].word)) != 0)
			i++;
		if (i < sizeof table / sizeof table[0]) {
			at += (size_t)snprintf(out + at, size - at, "%s", table[i].value);
			text += strlen(table[i].word);
		} else {
			out[at++] = *text++;
		}
		assert_true(at + 1 < size);
	}
	out[at] = '\0';
}

static void
count_over(void *ctx, const struct rgw_conf *conf)
{
	struct world *w = ctx;

	w->n_over++;
	if (conf == w->older) {
		rgw_conf_free(w->older);
		w->older = NULL;
	}
}

struct rgw_net_change *
world_prepare(struct world *w, const char *text, struct rgw_conf **next)
{
	struct rgw_conf_report report = { .say = hear_finding, .ctx = w };
	struct rgw_net_change *change;
	char whole[8192];

	expand(w, text, whole, sizeof whole);
	*next = conf_load(w->files, whole);
	if (*next == NULL)
		fail_msg("%s", w->files->said);
	(*next)->gateway.request_lifetime = 100;
	rgw_conf_inherit(*next, w->conf);
	change = rgw_net_prepare(w->net, *next, NULL, &report);
	assert_int_equal(change == NULL, report.errors > 0);
	return change;
}

void
world_adopt(struct world *w, struct rgw_net_change *change, struct rgw_conf *next)
{
	struct rgw_edition *edition = rgw_edition_new(next, count_over, w);

	assert_null(w->older);
	w->older = w->conf;
	w->conf = next;
	rgw_net_adopt(w->net, change, edition);
	rgw_edition_drop(edition);
}

bool
world_take(struct world *w, const char *text)
{
	struct rgw_conf *next;
	struct rgw_net_change *change = world_prepare(w, text, &next);

	if (change == NULL) {
		rgw_conf_free(next);
		return false;
	}
	world_adopt(w, change, next);
	return true;
}

/* ---- the world ---- */

static uint16_t
free_port(int kind)
{
	int fd = socket(AF_INET, kind, 0);
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sa;

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	close(fd);
	return ntohs(sa.sin_port);
}

static void
make_certificates(struct world *w)
{
	const struct test_cert *both[] = { &w->ca[0], &w->ca[1] };
	const struct test_cert *server[] = { &w->server };

	test_ca_make(&w->ca[0], "first", NULL);
	test_ca_make(&w->ca[1], "second", NULL);
	test_leaf_make(&w->server, "gw.test", &w->ca[0]);
	test_leaf_make(&w->peer[0], "a.test", &w->ca[0]);
	test_leaf_make(&w->peer[1], "b.test", &w->ca[1]);
	test_tls_section(&w->own, server, 1, both, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct test_cert *chain[] = { &w->peer[i] };

		test_tls_section(&w->far[i], chain, 1, both, 2);
	}
}

int
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	assert_int_equal(conf_setup((void **)&w->files), 0);
	make_certificates(w);
	for (size_t i = 0; i < 2; i++) {
		w->udp[i] = free_port(SOCK_DGRAM);
		w->tcp[i] = free_port(SOCK_STREAM);
	}
	w->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	rgw_log_init(&w->log, hear, no_clock, w);
	w->net = rgw_net_new(0, 1, w->loop, &w->log);
	if (!world_take(w, WORLD))
		fail_msg("%s", w->said);
	rgw_net_start(w->net, (struct rgw_gw *)w);
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < w->n_conns; i++)
		if (w->conns[i].t != NULL)
			rgw_net_ops.conn_close(w->net, w->conns[i].t);
	rgw_net_free(w->net);
	ev_loop_destroy(w->loop);
	rgw_conf_free(w->conf);
	rgw_conf_free(w->older);
	test_tls_section_drop(&w->own);
	test_tls_section_drop(&w->far[0]);
	test_tls_section_drop(&w->far[1]);
	assert_int_equal(conf_teardown((void **)&w->files), 0);
	free(w);
	return 0;
}

static void
too_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	fail_msg("nothing happens any more: %s", ((struct world *)w->data)->said);
}

void
world_watch(struct world *w, ev_timer *guard)
{
	ev_timer_init(guard, too_late, 30, 0);
	guard->data = w;
	ev_timer_start(w->loop, guard);
}

void
world_turns(struct world *w, unsigned n)
{
	while (n-- > 0)
		ev_run(w->loop, EVRUN_NOWAIT);
}

/* ---- the other end ---- */

static bool
note_shown(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	struct far *far = arg;

	(void)leaf;
	(void)why;
	(void)size;
	memcpy(far->shown, sha256, sizeof far->shown);
	return true;
}

static struct sockaddr_in
at_port(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

void
far_wait(struct far *far, int fd, struct rgw_tlsctx *ctx)
{
	assert_true(fd >= 0);
	*far = (struct far){ .fd = fd, .result = RGW_SESSION_WANT };
	far->session = rgw_tls_new(ctx, note_shown, far, NULL);
	assert_non_null(far->session);
}

void
far_connect(struct world *w, struct far *far, uint16_t port, const struct rgw_conf_tls *tls)
{
	struct sockaddr_in sa = at_port(port);
	struct rgw_tls_problem problem;
	struct rgw_tlsctx *ctx = rgw_tlsctx_new(tls, RGW_TLS_CLIENT, NULL, NULL, &problem);
	size_t before = w->n_conns;

	assert_non_null(ctx);
	*far = (struct far){ .fd = socket(AF_INET, SOCK_STREAM, 0), .result = RGW_SESSION_WANT };
	far->session = rgw_tls_new(ctx, note_shown, far, NULL);
	assert_non_null(far->session);
	rgw_tlsctx_free(ctx);
	assert_int_equal(connect(far->fd, (struct sockaddr *)&sa, sizeof sa), 0);
	WORLD_UNTIL(w, w->n_conns > before);
	assert_int_equal(rgw_session_handshake(far->session), RGW_SESSION_WANT);
}

void
far_pump(struct far *far)
{
	uint8_t octets[16384];
	ssize_t n;

	while (rgw_outbuf_waiting(&far->session->out) > 0) {
		n = send(far->fd, far->session->out.data + far->session->out.at,
		    rgw_outbuf_waiting(&far->session->out), MSG_NOSIGNAL);
		if (n <= 0)
			return;
		rgw_outbuf_sent(&far->session->out, (size_t)n);
	}
	n = recv(far->fd, octets, sizeof octets, MSG_DONTWAIT);
	if (n <= 0 || far->result != RGW_SESSION_WANT)
		return;
	rgw_session_feed(far->session, octets, (size_t)n);
	far->result = rgw_session_handshake(far->session);
	rgw_session_feed(far->session, NULL, 0);
}

void
far_meet(struct world *w, struct far *far, const struct rgw_conn *conn)
{
	ev_timer guard;

	world_watch(w, &guard);
	while (!conn->up && !conn->lost) {
		far_pump(far);
		ev_run(w->loop, EVRUN_NOWAIT);
	}
	ev_timer_stop(w->loop, &guard);
}

struct rgw_conn *
far_come(struct world *w, struct far *far, uint16_t port, const struct rgw_conf_tls *tls)
{
	struct rgw_conn *conn = &w->conns[w->n_conns];

	far_connect(w, far, port, tls);
	far_meet(w, far, conn);
	if (!conn->up)
		fail_msg("%s", conn->why);
	return conn;
}

void
far_end(struct far *far)
{
	rgw_session_free(far->session);
	close(far->fd);
}

/* ---- the rest ---- */

int
world_send(struct world *w, uint16_t port)
{
	struct sockaddr_in sa = at_port(port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)w;
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(send(fd, "question", 8, 0), 8);
	return fd;
}

size_t
world_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

void
world_replace(const struct rgw_conf_tls *to, struct rgw_conf_tls *from)
{
	assert_int_equal(rename(from->certificate, to->certificate), 0);
	assert_int_equal(rename(from->key, to->key), 0);
	assert_int_equal(rename(from->ca.v[0], to->ca.v[0]), 0);
	test_tls_section_drop(from);
}
