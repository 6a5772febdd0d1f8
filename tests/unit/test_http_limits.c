/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "httpworld.h"

/* ---- time ---- */

/* Neither an idle connection, nor half a request, nor one that gets an octet each turn lives on. */
static void
slow_writers(void **state)
{
	struct server *s = *state;
	struct rgw_http_limits limits = RGW_HTTP_LIMITS;
	const uint64_t *late;
	struct answer a;
	int idle, half, dribble, used, octets = 0;

	limits.request = 200;
	begin(s, &limits);
	late = &rgw_http_counts(s->http)->late_requests;
	idle = call(s->path);
	half = ask(s, "GET / HTTP/1.1\r\nHo");
	used = ask(s, GET("/x"));
	expect(s, used, &a, 200);
	dribble = ask(s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
	while (*late < 4) {
		/* However fast the machine is, the body is never complete. */
		if (octets++ < 50000)
			(void)send(dribble, "x", 1, MSG_NOSIGNAL);
		turn(s);
	}
	until_open(s, 0);
	expect_closed(s, idle);
	expect_closed(s, half);
	expect_closed(s, used);
	close(idle);
	close(half);
	close(used);
	close(dribble);
	assert_int_equal(rgw_http_counts(s->http)->requests, 1);
}

static void
slow_reader(void **state)
{
	struct server *s = *state;
	struct rgw_http_limits limits = RGW_HTTP_LIMITS;
	char octet[4096];
	size_t got = 0;
	ssize_t n;
	int stuck, slow;

	limits.answer = 200;
	begin(s, &limits);
	stuck = ask(s, GET("/big"));
	slow = ask(s, GET("/big"));
	while (rgw_http_counts(s->http)->late_readers < 2) {
		if (recv(slow, octet, 1, 0) == 1)
			got++;
		turn(s);
	}
	until_open(s, 0);
	while ((n = recv(slow, octet, sizeof octet, 0)) > 0)
		got += (size_t)n;
	assert_in_range(got, 1, BIG / 2);
	close(stuck);
	close(slow);
}

/* ---- who may connect ---- */

static void
limits_of_connections(void **state)
{
	struct server *s = *state;
	struct rgw_http_limits limits = RGW_HTTP_LIMITS;
	struct answer a;
	int fd[3], more;

	limits.connections = 3;
	limits.per_neighbour = 4;
	begin(s, &limits);
	/* None of those who wait for an answer gives way to one of their own. */
	for (size_t i = 0; i < COUNT(fd); i++)
		fd[i] = ask(s, GET("/later"));
	until_waiting(s, 3);
	more = call(s->path);
	expect(s, more, &a, 503);
	close(more);
	assert_int_equal(rgw_http_open(s->http), 3);
	assert_int_equal(rgw_http_counts(s->http)->too_many, 1);
	assert_int_equal(rgw_http_counts(s->http)->gave_way, 0);
	assert_true(s->lines > 0);
	close(fd[0]);
	until_open(s, 2);
	fd[0] = ask(s, GET("/x"));
	expect(s, fd[0], &a, 200);
	for (size_t i = 0; i < COUNT(fd); i++)
		close(fd[i]);
}

/* Whoever has not asked gives way, the one that came first; whoever comes in its place is served. */
static void
silent_ones_give_way(void **state)
{
	struct server *s = *state;
	struct rgw_http_limits limits = RGW_HTTP_LIMITS;
	struct answer a;
	int fd[3], more[8];

	limits.connections = 3;
	begin(s, &limits);
	for (size_t i = 0; i < COUNT(fd); i++) {
		fd[i] = ask(s, "GET /x HTTP/1.1\r\nHo");
		until_open(s, (unsigned)i + 1);
	}
	/* More than the library would hold, all in one turn: each takes the place of the one before. */
	for (size_t i = 0; i < COUNT(more); i++)
		more[i] = call(s->path);
	until(s, &rgw_http_counts(s->http)->gave_way, 3);
	expect_closed(s, fd[0]);
	expect_closed(s, fd[1]);
	expect_closed(s, fd[2]);
	until_open(s, 3);
	for (size_t i = 0; i < COUNT(more); i++)
		close(more[i]);
	until_open(s, 0);
	more[0] = ask(s, GET("/x"));
	expect(s, more[0], &a, 200);
	close(more[0]);
}

static int
call_tcp(uint16_t port, const char *from)
{
	struct sockaddr_in me = { .sin_family = AF_INET }, to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	me.sin_addr.s_addr = inet_addr(from);
	to.sin_addr.s_addr = inet_addr("127.0.0.1");
	assert_int_equal(bind(fd, (struct sockaddr *)&me, sizeof me), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_usec = 1 },
	    sizeof(struct timeval)), 0);
	return fd;
}

static void
limit_of_an_address(void **state)
{
	struct server *s = *state;
	struct rgw_http_limits limits = RGW_HTTP_LIMITS;
	struct rgw_addr addr;
	struct answer a;
	int one, two, other;

	limits.per_neighbour = 1;
	addr = begin_tcp(s, &limits, "127.0.0.1", NULL);
	one = call_tcp(addr.port, "127.0.0.1");
	until_open(s, 1);
	/* The limit is one of each neighbour: its first connection gives way to its second, and nobody else's. */
	other = call_tcp(addr.port, "127.0.0.2");
	until_open(s, 2);
	two = call_tcp(addr.port, "127.0.0.1");
	expect_closed(s, one);
	say(other, GET("/x"));
	expect(s, other, &a, 200);
	say(two, GET("/x"));
	expect(s, two, &a, 200);
	assert_int_equal(rgw_http_counts(s->http)->gave_way, 1);
	close(one);
	close(two);
	close(other);
}

/* Whoever holds many connections keeps nobody out who has none, even with questions that nobody has answered, or with
 * answers that it does not take. */
static void
many_give_way_to_one(void **state)
{
	static const char *const says[] = { GET("/later"), GET("/big") };
	struct server *s = *state;
	struct rgw_http_limits limits = RGW_HTTP_LIMITS;
	struct rgw_addr addr;
	struct answer a;
	int greedy[4], fd;

	limits.connections = 4;
	addr = begin_tcp(s, &limits, "127.0.0.1", NULL);
	for (unsigned round = 0; round < COUNT(says); round++) {
		const uint64_t asked = rgw_http_counts(s->http)->requests;

		for (size_t i = 0; i < COUNT(greedy); i++) {
			greedy[i] = call_tcp(addr.port, "127.0.0.1");
			say(greedy[i], says[round]);
		}
		until(s, &rgw_http_counts(s->http)->requests, asked + COUNT(greedy));
		fd = call_tcp(addr.port, "127.0.0.2");
		say(fd, GET("/x"));
		expect(s, fd, &a, 200);
		assert_int_equal(rgw_http_counts(s->http)->gave_way, round + 1);
		assert_int_equal(s->gone, 1);
		close(fd);
		for (size_t i = 0; i < COUNT(greedy); i++)
			close(greedy[i]);
		until_open(s, 0);
		s->gone = 1;
		s->n_waiting = 0;
	}
}

static void
allow_list(void **state)
{
	struct server *s = *state;
	struct rgw_addr addr = begin_tcp(s, &usual, "::", "127.0.0.2/32");
	struct answer a;
	int fd = call_tcp(addr.port, "127.0.0.1");

	expect(s, fd, &a, 503);
	close(fd);
	assert_int_equal(rgw_http_counts(s->http)->not_allowed, 1);
	fd = call_tcp(addr.port, "127.0.0.2");
	say(fd, GET("/x"));
	expect(s, fd, &a, 200);
	/* No more come in, but who is inside goes on. */
	rgw_http_close(s->http);
	say(fd, GET("/x"));
	expect(s, fd, &a, 200);
	close(fd);
	assert_int_equal(rgw_http_addr(s->http).family, 0);
}

/* Without a list only this machine may. */
static void
nobody_is_allowed(void **state)
{
	struct server *s = *state;
	struct rgw_addr addr = begin_tcp(s, &usual, "::", NULL);
	struct answer a;
	int fd = call_tcp(addr.port, "127.0.0.3");

	say(fd, GET("/x"));
	expect(s, fd, &a, 200);
	close(fd);
}

/* ---- the socket file ---- */

static void
socket_file(void **state)
{
	struct server *s = *state;
	struct stat st;

	begin(s, &usual);
	assert_int_equal(lstat(s->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0640);
	rgw_http_free(s->http);
	s->http = NULL;
	assert_int_equal(lstat(s->path, &st), -1);
}

/* A socket that a process left behind is replaced; one that is served, or another kind of file, is not. */
static void
stale_socket(void **state)
{
	struct server *s = *state;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct rgw_http *served;
	char why[256] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", s->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof sun), 0);
	close(fd);
	begin(s, &usual);
	served = s->http;

	s->http = rgw_http_new(s->loop, &s->log, &usual, handle, s);
	assert_false(listen_at(s, s->path, why, sizeof why));
	assert_non_null(strstr(why, "another process serves the socket"));
	assert_false(listen_at(s, s->dir, why, sizeof why));
	assert_non_null(strstr(why, "exists and is no socket"));
	assert_false(listen_at(s, "/nowhere/at/all", why, sizeof why));
	assert_false(listen_at(s, "", why, sizeof why));
	/* None of these attempts has taken the file away, and its owner does not take that of its successor. */
	assert_int_equal(access(s->path, F_OK), 0);
	assert_int_equal(unlink(s->path), 0);
	assert_true(listen_at(s, s->path, why, sizeof why));
	rgw_http_free(served);
	assert_int_equal(access(s->path, F_OK), 0);
}

static void
on_marker(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	*(bool *)w->data = true;
}

/* With no descriptor left the loop does not spin, and who came then is served when there is one again. */
static void
out_of_descriptors(void **state)
{
	struct server *s = *state;
	struct rlimit before, none;
	int fd, spare[64], n = 0;
	bool marked = false;
	struct answer a;
	ev_timer marker;

	begin(s, &usual);
	fd = ask(s, GET("/x"));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	while (n < 64 && (spare[n] = dup(fd)) >= 0)
		n++;
	/* A few turns, and then one that waits, which the marker ends; a loop that spins takes thousands until then. */
	ev_timer_init(&marker, on_marker, 0.05, 0);
	marker.data = &marked;
	ev_timer_start(s->loop, &marker);
	for (int i = 0; i < 10 && !marked; i++)
		ev_run(s->loop, EVRUN_ONCE);
	assert_true(marked);
	assert_int_equal(rgw_http_open(s->http), 0);
	while (n > 0)
		close(spare[--n]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect(s, fd, &a, 200);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(slow_writers),
		TEST(slow_reader),
		TEST(limits_of_connections),
		TEST(limit_of_an_address),
		TEST(silent_ones_give_way),
		TEST(many_give_way_to_one),
		TEST(allow_list),
		TEST(nobody_is_allowed),
		TEST(socket_file),
		TEST(stale_socket),
		TEST(out_of_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
