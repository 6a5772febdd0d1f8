/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpworld.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_S 60.0

/* ---- the server ---- */

static bool
sink(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	struct server *s = ctx;

	(void)level;
	(void)line;
	(void)len;
	s->lines++;
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
on_gone(void *arg, struct rgw_http_exchange *x)
{
	struct server *s = arg;

	for (unsigned i = 0; i < s->n_waiting; i++)
		if (s->waiting[i] == x) {
			s->waiting[i] = s->waiting[--s->n_waiting];
			s->gone++;
			return;
		}
	fail_msg("nobody waits with this handle");
}

/* All that the handler was told. */
static void
echo(struct rgw_http_exchange *x, const struct rgw_http_request *r)
{
	const char *q = rgw_http_query(x, "q");
	size_t room = r->body_len + 256;
	char *text = malloc(room);
	int n;

	assert_non_null(text);
	n = snprintf(text, room, "%s %s q=%s ", r->method, r->path, q != NULL ? q : "(none)");
	if (r->body_len > 0)
		memcpy(text + n, r->body, r->body_len);
	rgw_http_answer(x, 200, "text/plain", text, (size_t)n + r->body_len);
}

void
answer_first(struct server *s, const char *text)
{
	struct rgw_http_exchange *x = s->waiting[0];

	assert_true(s->n_waiting > 0);
	s->waiting[0] = s->waiting[--s->n_waiting];
	rgw_http_answer_text(x, 200, text);
}

void
handle(void *ctx, struct rgw_http_exchange *x, const struct rgw_http_request *r)
{
	struct server *s = ctx;

	if (strcmp(r->path, "/big") == 0) {
		rgw_http_answer(x, 200, "text/plain", calloc(1, BIG), BIG);
	} else if (strcmp(r->path, "/later") == 0) {
		assert_true(s->n_waiting < WAITING);
		s->waiting[s->n_waiting++] = x;
		rgw_http_defer(x, on_gone, s);
	} else if (strcmp(r->path, "/wake") == 0) {
		answer_first(s, "woken");
		rgw_http_answer_text(x, 200, "done");
	} else if (strcmp(r->path, "/both") == 0) {
		rgw_http_defer(x, on_gone, s);
		rgw_http_answer_text(x, 200, "at once");
	} else if (strcmp(r->path, "/empty") == 0) {
		rgw_http_answer(x, 204, "text/plain", NULL, 0);
	} else if (strcmp(r->path, "/forget") != 0) {
		echo(x, r);
	}
}

int
setup(void **state)
{
	struct server *s = calloc(1, sizeof *s);

	snprintf(s->dir, sizeof s->dir, "/tmp/rgw-http-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof s->path, "%s/socket", s->dir);
	s->loop = ev_loop_new(0);
	rgw_log_init(&s->log, sink, no_clock, s);
	s->log.level = RGW_LOG_DEBUG;
	*state = s;
	return 0;
}

int
teardown(void **state)
{
	struct server *s = *state;

	rgw_http_free(s->http);
	assert_int_equal(s->n_waiting, 0);
	/* The socket is gone, or the directory could not be removed. */
	assert_int_equal(rmdir(s->dir), 0);
	ev_loop_destroy(s->loop);
	free(s);
	return 0;
}

const struct rgw_http_limits usual = RGW_HTTP_LIMITS;

bool
listen_at(struct server *s, const char *path, char *why, size_t size)
{
	struct rgw_http_unix place = { path, 0640, (uid_t)-1, (gid_t)-1 };

	return rgw_http_listen_unix(s->http, &place, why, size);
}

void
begin(struct server *s, const struct rgw_http_limits *limits)
{
	char why[256] = "";

	s->http = rgw_http_new(s->loop, &s->log, limits, handle, s);
	assert_non_null(s->http);
	if (!listen_at(s, s->path, why, sizeof why))
		fail_msg("%s", why);
}

struct rgw_addr
begin_tcp(struct server *s, const struct rgw_http_limits *limits, const char *at, const char *allow)
{
	struct rgw_prefix prefix;
	struct rgw_addr addr;
	char why[256] = "";

	assert_true(rgw_addr_parse(at, 0, &addr));
	if (allow != NULL)
		assert_true(rgw_prefix_parse(allow, &prefix));
	s->http = rgw_http_new(s->loop, &s->log, limits, handle, s);
	assert_non_null(s->http);
	if (!rgw_http_listen_tcp(s->http, &addr, &prefix, allow != NULL, why, sizeof why))
		fail_msg("%s", why);
	addr = rgw_http_addr(s->http);
	assert_true(addr.port != 0);
	return addr;
}

/* ---- the loop ---- */

static void
on_patience(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	*(bool *)w->data = true;
}

void
turn(struct server *s)
{
	bool over = false;
	ev_timer patience;

	ev_timer_init(&patience, on_patience, PATIENCE_S, 0);
	patience.data = &over;
	ev_timer_start(s->loop, &patience);
	ev_run(s->loop, EVRUN_ONCE);
	ev_timer_stop(s->loop, &patience);
	assert_false(over);
}

void
until(struct server *s, const uint64_t *count, uint64_t n)
{
	while (*count < n)
		turn(s);
}

void
until_open(struct server *s, unsigned n)
{
	while (rgw_http_open(s->http) != n)
		turn(s);
}

void
until_waiting(struct server *s, unsigned n)
{
	while (s->n_waiting != n)
		turn(s);
}

/* ---- clients ---- */

int
call(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof sun), 0);
	return fd;
}

void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

int
ask(struct server *s, const char *request)
{
	int fd = call(s->path);

	say(fd, request);
	return fd;
}

bool
hear(int fd, struct answer *a)
{
	ssize_t n = recv(fd, a->text + a->len, sizeof a->text - 1 - a->len, 0);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		a->closed = true;
		return false;
	}
	a->len += (size_t)n;
	a->text[a->len] = '\0';
	return true;
}

bool
is_whole(const struct answer *a)
{
	const char *body = strstr(a->text, "\r\n\r\n");
	const char *length = strstr(a->text, "Content-Length: ");

	if (body == NULL || length == NULL)
		return false;
	return a->len >= (size_t)(body + 4 - a->text) + strtoul(length + 16, NULL, 10);
}

const char *
expect(struct server *s, int fd, struct answer *a, int status)
{
	char line[32];

	a->len = 0;
	a->text[0] = '\0';
	a->closed = false;
	snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
	while (!is_whole(a) && !a->closed)
		if (!hear(fd, a) && !a->closed)
			turn(s);
	if (strncmp(a->text, line, strlen(line)) != 0)
		fail_msg("expected %s but got: %.100s", line, a->text);
	return strstr(a->text, "\r\n\r\n") + 4;
}

void
expect_closed(struct server *s, int fd)
{
	struct answer a = { .len = 0 };

	while (!a.closed)
		if (!hear(fd, &a) && !a.closed)
			turn(s);
	assert_int_equal(a.len, 0);
}
