/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/escape.h"

#define FIRST_ROOM 256

void
rgw_json_init(struct rgw_json *j, size_t limit)
{
	*j = (struct rgw_json){ .limit = limit };
}

void
rgw_json_fini(struct rgw_json *j)
{
	free(j->buf);
	rgw_json_init(j, j->limit);
}

/* The writer has no more room: the text is given up. */
static void
fail(struct rgw_json *j)
{
	free(j->buf);
	j->buf = NULL;
	j->len = j->room = 0;
	j->failed = true;
}

/* Makes room for n more octets and a NUL. */
static bool
reserve(struct rgw_json *j, size_t n)
{
	size_t room = j->room > 0 ? j->room : FIRST_ROOM;
	char *grown;

	if (n > j->limit - j->len)
		return false;
	while (room < j->len + n + 1)
		room *= 2;
	if (room == j->room)
		return true;
	grown = realloc(j->buf, room);
	if (grown == NULL)
		return false;
	j->buf = grown;
	j->room = room;
	return true;
}

static void
put(struct rgw_json *j, const char *s, size_t n)
{
	if (j->failed)
		return;
	if (!reserve(j, n)) {
		fail(j);
		return;
	}
	memcpy(j->buf + j->len, s, n);
	j->len += n;
}

static void
put_quoted(struct rgw_json *j, const void *data, size_t n)
{
	char room[RGW_ESCAPE_ROOM];
	size_t taken, len;

	put(j, "\"", 1);
	for (const uint8_t *p = data; n > 0; p += taken, n -= taken) {
		const char *piece = rgw_escape(RGW_ESCAPE_JSON, p, n, room, &taken, &len);

		put(j, piece, len);
	}
	put(j, "\"", 1);
}

static bool
in_object(const struct rgw_json *j)
{
	return j->depth > 0 && (j->objects >> (j->depth - 1) & 1) != 0;
}

/* What stands before a value: a comma, and its name. */
static void
begin(struct rgw_json *j, const char *key)
{
	assert((key != NULL) == in_object(j));
	if (j->comma)
		put(j, ",", 1);
	j->comma = true;
	if (key == NULL)
		return;
	put_quoted(j, key, strlen(key));
	put(j, ":", 1);
}

static void
open_nested(struct rgw_json *j, const char *key, bool object)
{
	begin(j, key);
	put(j, object ? "{" : "[", 1);
	if (j->depth == RGW_JSON_DEPTH)
		fail(j);
	if (j->failed)
		return;
	j->objects = (j->objects & ~(1u << j->depth)) | (uint32_t)object << j->depth;
	j->depth++;
	j->comma = false;
}

void
rgw_json_object(struct rgw_json *j, const char *key)
{
	if (!j->failed)
		open_nested(j, key, true);
}

void
rgw_json_array(struct rgw_json *j, const char *key)
{
	if (!j->failed)
		open_nested(j, key, false);
}

void
rgw_json_end(struct rgw_json *j)
{
	if (j->failed)
		return;
	assert(j->depth > 0);
	put(j, in_object(j) ? "}" : "]", 1);
	j->depth--;
	j->comma = true;
}

static void
put_value(struct rgw_json *j, const char *key, const char *text)
{
	if (j->failed)
		return;
	begin(j, key);
	put(j, text, strlen(text));
}

void
rgw_json_octets(struct rgw_json *j, const char *key, const void *data, size_t n)
{
	if (j->failed)
		return;
	begin(j, key);
	put_quoted(j, data, n);
}

void
rgw_json_str(struct rgw_json *j, const char *key, const char *text)
{
	if (text == NULL)
		rgw_json_null(j, key);
	else
		rgw_json_octets(j, key, text, strlen(text));
}

void
rgw_json_uint(struct rgw_json *j, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRIu64, value);
	put_value(j, key, text);
}

void
rgw_json_int(struct rgw_json *j, const char *key, int64_t value)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRId64, value);
	put_value(j, key, text);
}

void
rgw_json_seconds(struct rgw_json *j, const char *key, rgw_ms value)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRIu64 ".%03u", value / 1000, (unsigned)(value % 1000));
	put_value(j, key, text);
}

void
rgw_json_bool(struct rgw_json *j, const char *key, bool value)
{
	put_value(j, key, value ? "true" : "false");
}

void
rgw_json_null(struct rgw_json *j, const char *key)
{
	put_value(j, key, "null");
}

char *
rgw_json_take(struct rgw_json *j, size_t *len)
{
	char *text = NULL;

	*len = 0;
	if (!j->failed && j->depth == 0 && j->len > 0) {
		j->buf[j->len] = '\0';
		*len = j->len;
		text = j->buf;
		j->buf = NULL;
	}
	rgw_json_fini(j);
	return text;
}
