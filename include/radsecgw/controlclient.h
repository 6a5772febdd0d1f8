/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CONTROLCLIENT_H
#define RADSECGW_CONTROLCLIENT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The commands of the program ask a running gateway over its UNIX socket: one HTTP/1.1 request (RFC 9112), one answer,
 * one connection. The call blocks until the answer is there or the time is over. Nothing is kept.
 */
struct rgw_control_request {
	const char *socket;   /* path */
	const char *method;   /* "GET" */
	const char *target;   /* path and query, encoded as in a URL: /status?table=peers */
	const void *body;     /* NULL = none */
	size_t body_len;
	unsigned timeout_ms;  /* for all of it */
	size_t limit;         /* octets that the answer may have, its header included */
};

struct rgw_control_answer {
	int status;  /* 200, ... */
	char *body;  /* owned by the caller, who frees it; a NUL that is not counted follows */
	size_t len;
};

/* Asks. false = there was no answer, and `why` is a sentence about it for the user, without a full stop. An answer
 * with any status is an answer. */
bool rgw_control_ask(const struct rgw_control_request *request, struct rgw_control_answer *answer, char *why,
    size_t size) __attribute__((warn_unused_result));

/* Appends a value to a query in `out`, percent-encoded (RFC 3986 section 2.1). `out` holds a NUL-terminated text and
 * has room for `size` octets. false = there is not enough room, and `out` is unchanged. */
bool rgw_control_encode(char *out, size_t size, const char *value) __attribute__((warn_unused_result));

#endif
