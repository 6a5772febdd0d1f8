/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/controlclient.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "httpworld.h"

/* The client blocks, so a thread runs the server, or says what an odd server would say. */

#define PATIENCE_MS 60000

static struct rgw_control_request
request_to(const char *socket, const char *method, const char *target)
{
	return (struct rgw_control_request){ .socket = socket, .method = method, .target = target,
		.timeout_ms = PATIENCE_MS, .limit = 16 << 20 };
}

/* ---- with the server ---- */

struct runner {
	struct server *s;
	pthread_t thread;
	ev_async stop;
};

static void
on_stop(struct ev_loop *loop, ev_async *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static void *
run(void *arg)
{
	struct runner *r = arg;

	ev_run(r->s->loop, 0);
	return NULL;
}

static void
start(struct runner *r, struct server *s, const struct rgw_http_limits *limits)
{
	begin(s, limits);
	r->s = s;
	ev_async_init(&r->stop, on_stop);
	ev_async_start(s->loop, &r->stop);
	assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
}

static void
stop(struct runner *r)
{
	ev_async_send(r->s->loop, &r->stop);
	assert_int_equal(pthread_join(r->thread, NULL), 0);
	ev_async_stop(r->s->loop, &r->stop);
}

static void
expect_answer(const struct rgw_control_request *request, int status, const char *body)
{
	struct rgw_control_answer answer;
	char why[256] = "";

	if (!rgw_control_ask(request, &answer, why, sizeof why))
		fail_msg("%s", why);
	assert_int_equal(answer.status, status);
	if (body != NULL) {
		assert_string_equal(answer.body, body);
		assert_int_equal(answer.len, strlen(body));
	}
	free(answer.body);
}

static void
expect_failure(const struct rgw_control_request *request, const char *text)
{
	struct rgw_control_answer answer;
	char why[256] = "";

	assert_false(rgw_control_ask(request, &answer, why, sizeof why));
	if (strstr(why, text) == NULL)
		fail_msg("expected '%s' but got: %s", text, why);
	assert_null(answer.body);
}

static void
answers(void **state)
{
	struct server *s = *state;
	struct rgw_control_request r = request_to(s->path, "GET", "/status?q=a%20b");
	struct rgw_control_answer answer;
	struct runner runner;
	char *body = calloc(1, 300000);
	char why[256];

	memset(body, 'b', 300000);
	start(&runner, s, &usual);
	expect_answer(&r, 200, "GET /status q=a b ");
	r.method = "POST";
	r.body = "hello";
	r.body_len = 5;
	expect_answer(&r, 200, "POST /status q=a b hello");
	/* A body that is refused before all of it is sent. */
	r.body = body;
	r.body_len = 300000;
	expect_answer(&r, 413, NULL);
	r = request_to(s->path, "GET", "/forget");
	expect_answer(&r, 500, NULL);
	r = request_to(s->path, "GET", "/big");
	if (!rgw_control_ask(&r, &answer, why, sizeof why))
		fail_msg("%s", why);
	assert_int_equal(answer.len, BIG);
	free(answer.body);
	r.limit = BIG;
	expect_failure(&r, "is longer than 8388608 octets");
	stop(&runner);
	free(body);
}

/* The answer of a gateway that is busy with it is waited for, but not longer than the caller says. */
static void
too_late(void **state)
{
	struct server *s = *state;
	struct rgw_control_request r = request_to(s->path, "GET", "/later");
	struct runner runner;

	start(&runner, s, &usual);
	r.timeout_ms = 50;
	expect_failure(&r, "did not answer within 0.050 s");
	stop(&runner);
	until_waiting(s, 0);
	assert_int_equal(s->gone, 1);
}

/* ---- with none ---- */

static void
nobody_there(void **state)
{
	struct server *s = *state;
	struct rgw_control_request r = request_to(s->path, "GET", "/");
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	expect_failure(&r, "there is no socket");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", s->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof sun), 0);
	close(fd);
	expect_failure(&r, "nobody listens on the socket");
	assert_int_equal(unlink(s->path), 0);
	r.socket = "";
	expect_failure(&r, "must have 1 to 107 octets");
}

/* Root may use every socket, so this asks as somebody else. */
static void
no_permission(void **state)
{
	struct server *s = *state;
	struct rgw_control_request r = request_to(s->path, "GET", "/");
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	begin(s, &usual);
	assert_int_equal(chmod(s->dir, 0755), 0);
	pid = fork();
	if (pid == 0) {
		struct rgw_control_answer answer;
		char why[256] = "";

		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(2);
		if (rgw_control_ask(&r, &answer, why, sizeof why))
			_exit(3);
		_exit(strstr(why, "you have no permission to use the socket") == NULL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- with an odd one ---- */

struct odd {
	int fd;              /* listens */
	const char *text;    /* what it says */
};

static void *
say_it(void *arg)
{
	struct odd *o = arg;
	int fd = accept4(o->fd, NULL, NULL, SOCK_CLOEXEC);
	char in[4096];

	assert_true(recv(fd, in, sizeof in, 0) > 0);
	(void)send(fd, o->text, strlen(o->text), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void
odd_servers(void **state)
{
	static const struct {
		const char *text;
		const char *why;   /* NULL = it is an answer, with this body: */
		const char *body;
	} rows[] = {
		{ "SSH-2.0-OpenSSH_9.2\r\n", "is no HTTP answer", NULL },
		{ "", "is no HTTP answer", NULL },
		{ "HTTP/1.1 2x0 OK\r\n\r\n", "is no HTTP answer", NULL },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "is no HTTP answer", NULL },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "broke", NULL },
		{ "HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello", NULL, "hello" },
		{ "HTTP/1.0 200 OK\r\n\r\nto the end", NULL, "to the end" },
		{ "HTTP/1.1 200 OK\r\nX-Content-Length: 1\r\n\r\nContent-Length: 2", NULL, "Content-Length: 2" },
	};
	struct server *s = *state;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct rgw_control_request r = request_to(s->path, "GET", "/");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", s->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof sun), 0);
	assert_int_equal(listen(fd, 4), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct odd odd = { .fd = fd, .text = rows[i].text };
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, say_it, &odd), 0);
		if (rows[i].why != NULL)
			expect_failure(&r, rows[i].why);
		else
			expect_answer(&r, 200, rows[i].body);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	/* One that takes no connections, and one that takes them and says nothing. */
	r.timeout_ms = 20;
	expect_failure(&r, "did not answer within 0.020 s");
	assert_int_equal(listen(fd, 0), 0);
	expect_failure(&r, "did not answer within 0.020 s");
	close(fd);
	assert_int_equal(unlink(s->path), 0);
}

static void
encoding(void **state)
{
	char out[32] = "/x?q=";

	(void)state;
	assert_true(rgw_control_encode(out, sizeof out, "a-Z.0 &+%/"));
	assert_string_equal(out, "/x?q=a-Z.0%20%26%2B%25%2F");
	assert_true(rgw_control_encode(out, sizeof out, "\xc3\xbc"));
	assert_string_equal(out, "/x?q=a-Z.0%20%26%2B%25%2F%C3%BC");
	assert_false(rgw_control_encode(out, sizeof out, "b"));
	assert_string_equal(out, "/x?q=a-Z.0%20%26%2B%25%2F%C3%BC");
	assert_true(rgw_control_encode(out, sizeof out, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers),
		TEST(too_late),
		TEST(nobody_there),
		TEST(no_permission),
		TEST(odd_servers),
		cmocka_unit_test(encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
