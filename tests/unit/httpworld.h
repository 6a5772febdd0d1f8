/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TEST_HTTPWORLD_H
#define RADSECGW_TEST_HTTPWORLD_H

#include <ev.h>

#include "helpers.h"
#include "radsecgw/http.h"

/*
 * The HTTP server on a loop, and clients on raw sockets in the same thread. Whatever is waited for, the loop runs until
 * it is there; only a test that fails waits for long.
 *
 * The handler answers /later when it is told to, /wake after it has answered the one that has waited longest, /both
 * although it has deferred the answer, /empty without a body, /big with BIG octets, /forget not at all, and all else
 * with what it was told: "METHOD PATH q=VALUE BODY".
 */
#define BIG (8u << 20)
#define WAITING 8

struct server {
	struct ev_loop *loop;
	struct rgw_log log;
	struct rgw_http *http;                 /* owned */
	char dir[64];
	char path[96];                         /* of the socket */
	unsigned lines;                        /* of the log */
	struct rgw_http_exchange *waiting[WAITING];
	unsigned n_waiting;
	unsigned gone;                         /* exchanges that ended without an answer */
};

extern const struct rgw_http_limits usual;

/* For cmocka. */
int setup(void **state);
int teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Listens on s->path. */
void begin(struct server *s, const struct rgw_http_limits *limits);
bool listen_at(struct server *s, const char *path, char *why, size_t size);
/* Listens at a free port of this address, which is the result; `allow` is a prefix or NULL. */
struct rgw_addr begin_tcp(struct server *s, const struct rgw_http_limits *limits, const char *at, const char *allow);
/* The handler, for servers that a test makes by itself; its context is the struct server. */
void handle(void *ctx, struct rgw_http_exchange *x, const struct rgw_http_request *r);
/* Answers the one that has waited longest. */
void answer_first(struct server *s, const char *text);

/* One turn of the loop that waits for an event, and fails the test if none comes. */
void turn(struct server *s);
void until(struct server *s, const uint64_t *count, uint64_t n);
void until_open(struct server *s, unsigned n);
void until_waiting(struct server *s, unsigned n);

/* Connects to a path; connects and sends. */
int call(const char *path);
void say(int fd, const char *text);
int ask(struct server *s, const char *request);

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

/* What came so far. */
struct answer {
	char text[65536 * 2];
	size_t len;
	bool closed;
};

/* Reads what is there; false if there is nothing. */
bool hear(int fd, struct answer *a);
/* Is a header with Content-Length there, and all of the body? */
bool is_whole(const struct answer *a);
/* Takes one answer, which must have this status. The result is its body, in a->text. */
const char *expect(struct server *s, int fd, struct answer *a, int status);
/* The server closes the connection without a word. */
void expect_closed(struct server *s, int fd);

#endif
