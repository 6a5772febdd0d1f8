/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/http.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "httpworld.h"

/* ---- requests and answers ---- */

static void
requests(void **state)
{
	struct server *s = *state;
	struct answer a;
	int fd;

	begin(s, &usual);
	fd = ask(s, GET("/a/b?q=one%20%26+two&r=3"));
	assert_string_equal(expect(s, fd, &a, 200), "GET /a/b q=one & two ");
	assert_non_null(strstr(a.text, "Content-Type: text/plain\r\n"));
	/* The connection is used again. */
	say(fd, "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
	assert_string_equal(expect(s, fd, &a, 200), "POST /p q=(none) hello");
	say(fd, "POST /c HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
	assert_string_equal(expect(s, fd, &a, 200), "POST /c q=(none) abcde");
	say(fd, GET("/empty"));
	while (!hear(fd, &a) || strncmp(a.text, "HTTP/1.1 204 ", 13) != 0) {
		a.len = 0;
		turn(s);
	}
	say(fd, GET("/forget"));
	expect(s, fd, &a, 500);
	say(fd, GET("/both"));
	assert_string_equal(expect(s, fd, &a, 200), "at once");
	close(fd);
	until_open(s, 0);
	assert_int_equal(rgw_http_counts(s->http)->requests, 6);
	assert_int_equal(s->gone, 0);
}

static void
pipelined(void **state)
{
	struct server *s = *state;
	struct answer a = { .len = 0 };
	const char *at;
	int fd;

	begin(s, &usual);
	fd = ask(s, GET("/1") GET("/2")
	    "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nz");
	while (!a.closed)
		if (!hear(fd, &a) && !a.closed)
			turn(s);
	at = strstr(a.text, "GET /1 q=(none) ");
	assert_non_null(at);
	at = strstr(at, "GET /2 q=(none) ");
	assert_non_null(at);
	assert_non_null(strstr(at, "POST /3 q=(none) z"));
	close(fd);
}

/* One octet after the other is a request, too; and of a HEAD only the header is answered. */
static void
in_pieces(void **state)
{
	static const char request[] = "HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	struct server *s = *state;
	struct answer a = { .len = 0 };
	int fd;

	begin(s, &usual);
	fd = call(s->path);
	for (size_t i = 0; i < sizeof request - 1; i++) {
		assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
		turn(s);
	}
	while (!a.closed)
		if (!hear(fd, &a) && !a.closed)
			turn(s);
	assert_int_equal(strncmp(a.text, "HTTP/1.1 200 ", 13), 0);
	assert_string_equal(a.text + a.len - 4, "\r\n\r\n");
	close(fd);
}

static void
not_http(void **state)
{
	static const char *const wrong[] = {
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "GET\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
		"GET /?q=a%00b HTTP/1.1\r\nHost: x\r\n\r\n",
	};
	struct server *s = *state;

	begin(s, &usual);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct answer a = { .len = 0 };
		int fd = call(s->path);

		assert_true(send(fd, wrong[i], i == 0 ? 15 : strlen(wrong[i]), MSG_NOSIGNAL) > 0);
		while (!a.closed && !is_whole(&a))
			if (!hear(fd, &a) && !a.closed)
				turn(s);
		/* Either a 400, or no answer to what is nothing like HTTP. */
		if (a.len > 0)
			assert_int_equal(strncmp(a.text + 8, " 400 ", 5), 0);
		close(fd);
	}
	assert_int_equal(rgw_http_counts(s->http)->requests, 0);
}

static void
large(void **state)
{
	struct server *s = *state;
	struct answer a;
	size_t got = 0;
	int fd;

	begin(s, &usual);
	fd = ask(s, GET("/big"));
	while (got < BIG) {
		ssize_t n = recv(fd, a.text, sizeof a.text, 0);

		if (n > 0)
			got += (size_t)n;
		else
			turn(s);
	}
	close(fd);
}

/* ---- sizes ---- */

static void
header_too_large(void **state)
{
	struct server *s = *state;
	char *filler = malloc(40000);
	struct answer a = { .len = 0 };
	int fd;

	begin(s, &usual);
	memset(filler, 'a', 39999);
	filler[39999] = '\0';
	fd = ask(s, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
	say(fd, filler);
	while (!a.closed && !is_whole(&a))
		if (!hear(fd, &a) && !a.closed)
			turn(s);
	assert_non_null(strstr(a.text, " 431 "));
	close(fd);
	until_open(s, 0);
	assert_int_equal(rgw_http_counts(s->http)->requests, 0);
	free(filler);
}

/* As long as allowed, and one octet longer: with its length said before, and without. */
static void
body_limit(void **state)
{
	struct server *s = *state;
	struct rgw_http_limits limits = RGW_HTTP_LIMITS;
	struct answer a;
	int fd;

	limits.body = 4;
	begin(s, &limits);
	fd = ask(s, "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n1234");
	assert_string_equal(expect(s, fd, &a, 200), "POST /p q=(none) 1234");
	say(fd, "POST /p HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n");
	assert_string_equal(expect(s, fd, &a, 200), "POST /p q=(none) abcd");
	say(fd, "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
	expect(s, fd, &a, 413);
	close(fd);
	fd = ask(s, "POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
	expect(s, fd, &a, 413);
	close(fd);
	fd = ask(s, "POST /p HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
	expect_closed(s, fd);
	close(fd);
	until_open(s, 0);
	assert_int_equal(rgw_http_counts(s->http)->too_large, 3);
	assert_int_equal(rgw_http_counts(s->http)->requests, 2);
}

/* ---- deferred answers ---- */

static void
later(void **state)
{
	struct server *s = *state;
	struct answer a;
	int first, second;

	begin(s, &usual);
	first = ask(s, GET("/later"));
	until_waiting(s, 1);
	/* Others are served meanwhile, and one request may be answered from inside the next. */
	second = ask(s, GET("/x"));
	expect(s, second, &a, 200);
	say(second, GET("/wake"));
	assert_string_equal(expect(s, second, &a, 200), "done");
	assert_string_equal(expect(s, first, &a, 200), "woken");
	close(first);
	close(second);
	until_open(s, 0);
	assert_int_equal(s->gone, 0);
}

/* A client that goes away takes the handle with it; another one's answer is not touched. */
static void
gone_before_the_answer(void **state)
{
	struct server *s = *state;
	struct answer a;
	int one, two;

	begin(s, &usual);
	one = ask(s, GET("/later"));
	until_waiting(s, 1);
	two = ask(s, GET("/later"));
	until_waiting(s, 2);
	close(one);
	until_waiting(s, 1);
	assert_int_equal(s->gone, 1);
	until_open(s, 1);
	answer_first(s, "still here");
	assert_string_equal(expect(s, two, &a, 200), "still here");
	/* So does one that ends its sending, which is all that a server on TCP can see. */
	say(two, GET("/later"));
	until_waiting(s, 1);
	assert_int_equal(shutdown(two, SHUT_WR), 0);
	until_waiting(s, 0);
	until_open(s, 0);
	assert_int_equal(s->gone, 2);
	close(two);
	assert_int_equal(rgw_http_counts(s->http)->departed, 2);
}

/* Whoever leaves when the answer is known, but before the server could send it, does no harm. */
static void
gone_with_the_answer(void **state)
{
	struct server *s = *state;
	int fd;

	begin(s, &usual);
	fd = ask(s, GET("/later"));
	until_waiting(s, 1);
	close(fd);
	answer_first(s, "too late");
	until_open(s, 0);
	assert_int_equal(s->gone, 0);
	fd = ask(s, GET("/big"));
	close(fd);
	until(s, &rgw_http_counts(s->http)->connections, 2);
	until_open(s, 0);
}

static void
freed_before_the_answer(void **state)
{
	struct server *s = *state;
	int fd[3];

	begin(s, &usual);
	fd[0] = ask(s, GET("/later"));
	fd[1] = ask(s, GET("/later") GET("/later"));
	fd[2] = ask(s, "GET /half");
	until_waiting(s, 2);
	until_open(s, 3);
	/* This one is answered, but the loop has not run since. */
	answer_first(s, "known");
	rgw_http_free(s->http);
	s->http = NULL;
	assert_int_equal(s->gone, 1);
	for (size_t i = 0; i < COUNT(fd); i++)
		close(fd[i]);
}

static void
deferred_for_too_long(void **state)
{
	struct server *s = *state;
	struct rgw_http_limits limits = RGW_HTTP_LIMITS;
	struct answer a;
	int fd;

	limits.deferred = 20;
	begin(s, &limits);
	fd = ask(s, GET("/later"));
	expect(s, fd, &a, 504);
	assert_int_equal(s->gone, 1);
	assert_int_equal(rgw_http_counts(s->http)->late_deferred, 1);
	say(fd, GET("/x"));
	expect(s, fd, &a, 200);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests),
		TEST(pipelined),
		TEST(in_pieces),
		TEST(not_http),
		TEST(large),
		TEST(header_too_large),
		TEST(body_limit),
		TEST(later),
		TEST(gone_before_the_answer),
		TEST(gone_with_the_answer),
		TEST(freed_before_the_answer),
		TEST(deferred_for_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
