/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_JSON_H
#define RADSECGW_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/time.h"

/*
 * A writer of JSON texts (RFC 8259), which appends to a buffer of its own that grows up to a limit. Strings may hold
 * any octets: they are escaped by the rule of log lines (escape.h), so the text is valid UTF-8 whatever comes in. If
 * the limit is reached, memory is out or nesting is too deep, the writer fails: what follows is ignored, and the end
 * tells, so that callers check once. No locale matters.
 *
 *     rgw_json_init(&j, 1 << 20);
 *     rgw_json_object(&j, NULL);
 *     rgw_json_str(&j, "name", peer->name);
 *     rgw_json_end(&j);
 *     body = rgw_json_take(&j, &len);
 */
#define RGW_JSON_DEPTH 32

/* All fields are private. */
struct rgw_json {
	char *buf;         /* owned */
	size_t len;
	size_t room;       /* octets that buf has */
	size_t limit;      /* octets that the text may have */
	unsigned depth;    /* objects and arrays that are open */
	uint32_t objects;  /* one bit for each of them: is it an object? */
	bool comma;        /* does a comma come before the next value? */
	bool failed;
};

/* A text of at most `limit` octets. Nothing is allocated before the first value. */
void rgw_json_init(struct rgw_json *j, size_t limit);
/* Gives up the text; also allowed after rgw_json_take. */
void rgw_json_fini(struct rgw_json *j);

/* Ends the text and hands it over: the caller frees it, and *len has its octets; a NUL that is not counted follows.
 * NULL = the writer has failed, or an object or array is open. The writer is then as after rgw_json_fini. */
char *rgw_json_take(struct rgw_json *j, size_t *len) __attribute__((warn_unused_result));

/* Values. `key` is the name in an object, and NULL in an array and for the whole text. A string of NULL is null. */
void rgw_json_object(struct rgw_json *j, const char *key);
void rgw_json_array(struct rgw_json *j, const char *key);
/* Closes the innermost object or array that is open. */
void rgw_json_end(struct rgw_json *j);
void rgw_json_str(struct rgw_json *j, const char *key, const char *text);
/* Octets that may be of any kind, for example a User-Name. */
void rgw_json_octets(struct rgw_json *j, const char *key, const void *data, size_t n);
void rgw_json_uint(struct rgw_json *j, const char *key, uint64_t value);
void rgw_json_int(struct rgw_json *j, const char *key, int64_t value);
/* A duration as seconds with three decimals. */
void rgw_json_seconds(struct rgw_json *j, const char *key, rgw_ms value);
void rgw_json_bool(struct rgw_json *j, const char *key, bool value);
void rgw_json_null(struct rgw_json *j, const char *key);

#endif
