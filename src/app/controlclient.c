/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/controlclient.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "radsecgw/time.h"

#define FIRST_ROOM 16384

/* One request on its way. */
struct call {
	const struct rgw_control_request *request;  /* borrowed */
	int fd;
	rgw_ms deadline;
	char *in;      /* owned: the answer as it came */
	size_t len;
	size_t room;   /* octets that `in` has */
	char *why;     /* borrowed: where the reason of a failure goes */
	size_t size;
};

static rgw_ms
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (rgw_ms)ts.tv_sec * 1000 + (rgw_ms)ts.tv_nsec / 1000000;
}

static bool
timed_out(struct call *c)
{
	snprintf(c->why, c->size, "the gateway at %s did not answer within %u.%03u s", c->request->socket,
	    c->request->timeout_ms / 1000, c->request->timeout_ms % 1000);
	return false;
}

static bool
not_http(struct call *c)
{
	snprintf(c->why, c->size, "what came from %s is no HTTP answer; does another program serve this socket?",
	    c->request->socket);
	return false;
}

static bool
broken(struct call *c, int error)
{
	snprintf(c->why, c->size, "the connection to the gateway at %s broke: %s", c->request->socket, strerror(error));
	return false;
}

/* ---- the connection ---- */

static bool
cannot_connect(struct call *c, int error)
{
	const char *path = c->request->socket;

	switch (error) {
	case ENOENT:
	case ENOTDIR:
		snprintf(c->why, c->size, "there is no socket %s; is the gateway running, with this control socket?",
		    path);
		break;
	case EACCES:
	case EPERM:
		snprintf(c->why, c->size,
		    "you have no permission to use the socket %s; its owner, its group and root have", path);
		break;
	case ECONNREFUSED:
		snprintf(c->why, c->size, "nobody listens on the socket %s; the gateway is not running", path);
		break;
	case EAGAIN:
	case EINPROGRESS:
		return timed_out(c);
	default:
		snprintf(c->why, c->size, "cannot connect to the socket %s: %s", path, strerror(error));
		break;
	}
	return false;
}

static bool
connect_to(struct call *c)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const struct rgw_control_request *r = c->request;
	size_t len = strlen(r->socket);
	/* Bounds the connecting, which waits while too many others do. */
	struct timeval patience = { r->timeout_ms / 1000, (suseconds_t)(r->timeout_ms % 1000) * 1000 + 1 };

	if (len == 0 || len >= sizeof sun.sun_path) {
		snprintf(c->why, c->size, "the path of the socket must have 1 to %zu octets", sizeof sun.sun_path - 1);
		return false;
	}
	memcpy(sun.sun_path, r->socket, len);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
		return cannot_connect(c, errno);
	while (connect(c->fd, (struct sockaddr *)&sun, sizeof sun) != 0)
		if (errno != EINTR)
			return cannot_connect(c, errno);
	return true;
}

/* Waits until the socket can be read or written; false when the time is over. */
static bool
wait_for(struct call *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int n;

	do {
		rgw_ms now = clock_now();

		if (now >= c->deadline)
			return timed_out(c);
		n = poll(&p, 1, (int)(c->deadline - now));
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n > 0 || broken(c, errno);
}

/* ---- the request ---- */

static bool
send_all(struct call *c, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(c->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0) {
			data += sent;
			n -= (size_t)sent;
		} else if (errno == EAGAIN) {
			if (!wait_for(c, POLLOUT))
				return false;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			/* The answer may be there all the same: that the body is too long, for example. */
			return true;
		} else if (errno != EINTR) {
			return broken(c, errno);
		}
	}
	return true;
}

static bool
send_request(struct call *c)
{
	const struct rgw_control_request *r = c->request;
	char head[2048];
	int n;

	n = snprintf(head, sizeof head,
	    "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", r->method,
	    r->target, r->body_len);
	if (n < 0 || (size_t)n >= sizeof head) {
		snprintf(c->why, c->size, "the request is too long");
		return false;
	}
	return send_all(c, head, (size_t)n) && send_all(c, r->body, r->body_len);
}

/* ---- the answer ---- */

/* Makes room for more of the answer, and a NUL. */
static bool
grow(struct call *c)
{
	size_t room = c->room > 0 ? c->room * 2 : FIRST_ROOM;
	char *grown;

	if (c->room - c->len > 1)
		return true;
	grown = realloc(c->in, room);
	if (grown == NULL)
		return broken(c, ENOMEM);
	c->in = grown;
	c->in[c->len] = '\0';
	c->room = room;
	return true;
}

/* Reads on; *end = there is no more. */
static bool
receive(struct call *c, bool *end)
{
	ssize_t n;

	if (!grow(c))
		return false;
	n = recv(c->fd, c->in + c->len, c->room - c->len - 1, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return wait_for(c, POLLIN);
	if (n < 0 && errno == EINTR)
		return true;
	/* A reset after the last octet is an end like any other. */
	if (n < 0 && errno != ECONNRESET)
		return broken(c, errno);
	*end = n <= 0;
	c->len += n > 0 ? (size_t)n : 0;
	c->in[c->len] = '\0';
	if (c->len <= c->request->limit)
		return true;
	snprintf(c->why, c->size, "the answer from %s is longer than %zu octets", c->request->socket,
	    c->request->limit);
	return false;
}

/* The three digits behind "HTTP/1.1 ", or 0. */
static int
status_of(const char *in)
{
	const char *d = in + 9;

	if (strncmp(in, "HTTP/1.", 7) != 0 || in[7] < '0' || in[7] > '9' || in[8] != ' ')
		return 0;
	for (int i = 0; i < 3; i++)
		if (d[i] < '0' || d[i] > '9')
			return 0;
	return (d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0');
}

/* The value of a field of the header, up to the end of its line, or NULL. */
static const char *
field(const char *in, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = strstr(in, "\r\n"); line != NULL && line[2] != '\r'; line = strstr(line + 2, "\r\n"))
		if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':')
			return line + 3 + len + strspn(line + 3 + len, " \t");
	return NULL;
}

/* Takes apart what has come, which has no NUL in its header. `end` = no more will come. */
static bool
take_apart(struct call *c, bool end, bool *whole, struct rgw_control_answer *answer)
{
	char *body = strstr(c->in, "\r\n\r\n");
	const char *length;
	size_t len;

	*whole = false;
	if (body == NULL)
		return !end || not_http(c);
	answer->status = status_of(c->in);
	if (answer->status < 200 || field(c->in, "Transfer-Encoding") != NULL)
		return not_http(c);
	body += 4;
	len = c->len - (size_t)(body - c->in);
	length = field(c->in, "Content-Length");
	if (length != NULL) {
		unsigned long long said = strtoull(length, NULL, 10);

		if (len < said)
			return !end || broken(c, EPIPE);
		len = (size_t)said;
	} else if (!end) {
		return true;
	}
	*whole = true;
	memmove(c->in, body, len);
	c->in[len] = '\0';
	answer->body = c->in;
	answer->len = len;
	c->in = NULL;
	return true;
}

static bool
get_answer(struct call *c, struct rgw_control_answer *answer)
{
	bool end = false, whole = false;

	while (!whole) {
		if (!receive(c, &end) || !take_apart(c, end, &whole, answer))
			return false;
	}
	return true;
}

bool
rgw_control_ask(const struct rgw_control_request *request, struct rgw_control_answer *answer, char *why, size_t size)
{
	struct call c = { .request = request, .fd = -1, .deadline = clock_now() + request->timeout_ms, .why = why,
		.size = size };
	bool ok;

	*answer = (struct rgw_control_answer){ .status = 0 };
	ok = connect_to(&c) && send_request(&c) && get_answer(&c, answer);
	if (c.fd >= 0)
		close(c.fd);
	free(c.in);
	return ok;
}

bool
rgw_control_encode(char *out, size_t size, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	size_t begin = strlen(out), at = begin;

	for (const char *p = value; *p != '\0'; p++) {
		bool is_plain = strchr(plain, *p) != NULL;

		if (size - at <= (is_plain ? 1u : 3u)) {
			out[begin] = '\0';
			return false;
		}
		at += (size_t)snprintf(out + at, size - at, is_plain ? "%c" : "%%%02X", (unsigned char)*p);
	}
	return true;
}
