/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_HTTP_H
#define RADSECGW_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "radsecgw/addr.h"
#include "radsecgw/log.h"
#include "radsecgw/time.h"

struct ev_loop;

/*
 * An HTTP/1.1 server (RFC 9112) on a libev loop, on a UNIX socket or a TCP address, for commands, status and metrics.
 * It never blocks the loop, and whoever connects can take no more than the limits say: connections, octets, and the
 * time for each part of an exchange, which slow sending or reading does not extend. A client that ends its sending is
 * taken to have gone. All calls belong to the thread of
 * the loop. The library answers by itself what is not HTTP (400) or has a header too large (414, 431).
 */
struct rgw_http;

/* One request and its answer. Its handle is valid from the call of the handler until rgw_http_answer(), or, once the
 * handler has deferred the answer, until rgw_http_gone is called for it. */
struct rgw_http_exchange;

/* Sizes are in octets. One neighbour is one IP address, or one user of the system on a UNIX socket. */
struct rgw_http_limits {
	unsigned connections;    /* at once; whoever comes then takes the place of a connection that has not asked yet,
	                          * that does not take its answer, or whose neighbour has more of them; else, 503 */
	unsigned per_neighbour;  /* of them from one neighbour; likewise, among its own */
	size_t header;           /* memory of a connection: a request's header, and its query a second time */
	size_t body;             /* a longer one is answered 413, or cut off if it did not say its length */
	rgw_ms request;          /* until a whole request is there: from the connection, or from the last answer */
	rgw_ms deferred;         /* until a deferred answer is there; then 504 */
	rgw_ms answer;           /* until the client has taken the answer */
};

#define RGW_HTTP_LIMITS                                                                              \
	{                                                                                            \
		.connections = 32, .per_neighbour = 16, .header = 16384, .body = 65536, .request = 10000, \
		.deferred = 600000, .answer = 30000                                                  \
	}

/* What has happened since the start. */
struct rgw_http_counts {
	uint64_t connections;    /* that were taken */
	uint64_t requests;       /* that reached the handler */
	uint64_t not_allowed;    /* connections from addresses that may not */
	uint64_t too_many;       /* connections above a limit, with nobody who would give way */
	uint64_t gave_way;       /* connections that were closed to make room for others */
	uint64_t too_large;      /* bodies above the limit */
	uint64_t late_requests;  /* connections that had no whole request in time, idle ones included */
	uint64_t late_deferred;  /* exchanges whose deferred answer did not come in time */
	uint64_t late_readers;   /* connections whose client did not take the answer in time */
	uint64_t departed;       /* clients that went away before their deferred answer */
};

/* All pointers are borrowed, and good as long as the exchange is. */
struct rgw_http_request {
	const char *method;  /* "GET"; a HEAD needs no care: its answer is sent without the body */
	const char *path;    /* decoded, without the query */
	const void *body;    /* NULL if empty */
	size_t body_len;
};

/* Must either answer or defer the answer before it returns; a request that it forgets is answered 500. It must not
 * free the server. */
typedef void rgw_http_handler(void *ctx, struct rgw_http_exchange *exchange, const struct rgw_http_request *request);

/* A deferred exchange ends without an answer: the client went away, the time is over, or the server is being freed.
 * Called at most once, and never after rgw_http_answer(). The handle is no longer valid. */
typedef void rgw_http_gone(void *arg, struct rgw_http_exchange *exchange);

/* Borrows all pointers but `limits`, which is copied. NULL = the system gives no descriptor for it. */
struct rgw_http *rgw_http_new(struct ev_loop *loop, struct rgw_log *log, const struct rgw_http_limits *limits,
    rgw_http_handler *handler, void *ctx) __attribute__((warn_unused_result));

/* Ends all exchanges, closes all connections, and removes the UNIX socket. NULL is ignored. */
void rgw_http_free(struct rgw_http *http);

/* Where a UNIX socket is to be. Nobody can connect before it has its owner and mode. */
struct rgw_http_unix {
	const char *path;
	mode_t mode;
	uid_t uid;  /* (uid_t)-1 = as it comes */
	gid_t gid;
};

/* Begins to serve; one of the two, once. A socket file on which nobody answers is replaced, any other file is not.
 * `allow` has the prefixes that may connect; without any, only loopback addresses may. false = it does not work, and
 * `why` has a sentence about it. */
bool rgw_http_listen_unix(struct rgw_http *http, const struct rgw_http_unix *place, char *why, size_t size)
    __attribute__((warn_unused_result));
bool rgw_http_listen_tcp(struct rgw_http *http, const struct rgw_addr *addr, const struct rgw_prefix *allow, size_t n,
    char *why, size_t size) __attribute__((warn_unused_result));

/* Other addresses may connect from now on, as rgw_http_listen_tcp says; connections of those who may not any more are
 * closed. Not in the handler. */
void rgw_http_set_allow(struct rgw_http *http, const struct rgw_prefix *allow, size_t n);

/* Takes no more connections and removes the UNIX socket; those that are open go on. Allowed in the handler. */
void rgw_http_close(struct rgw_http *http);

/* The TCP address of the server, with the port that was chosen for port 0; family 0 on a UNIX socket. */
struct rgw_addr rgw_http_addr(const struct rgw_http *http);
/* Connections that are open now. */
unsigned rgw_http_open(const struct rgw_http *http);
const struct rgw_http_counts *rgw_http_counts(const struct rgw_http *http);  /* borrowed: they go on counting */

/* The decoded value of a parameter of the query, or NULL; good as long as the exchange is. */
const char *rgw_http_query(struct rgw_http_exchange *exchange, const char *name);

/* The value of a header, or NULL; the same, and only in the handler. */
const char *rgw_http_header(struct rgw_http_exchange *exchange, const char *name);

/* Adds a header to the answer to come; both are constants. A further one than RGW_HTTP_HEADERS is ignored. */
#define RGW_HTTP_HEADERS 4
void rgw_http_add_header(struct rgw_http_exchange *exchange, const char *name, const char *value);

/* In the handler: the answer comes later. */
void rgw_http_defer(struct rgw_http_exchange *exchange, rgw_http_gone *gone, void *arg);

/* Answers, in the handler or later; the handle ends with it. The server takes over `octets`, which are of malloc and
 * are sent as they are, without a copy; NULL = none. `type` is the media type, copied. */
void rgw_http_answer(struct rgw_http_exchange *exchange, unsigned status, const char *type, void *octets, size_t len);
/* The same for a short text/plain, which is copied. */
void rgw_http_answer_text(struct rgw_http_exchange *exchange, unsigned status, const char *text);

#endif
