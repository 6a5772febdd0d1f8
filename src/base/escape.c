/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/escape.h"

#include <stdbool.h>
#include <stdio.h>

/* Length of the well-formed UTF-8 sequence at p (RFC 3629), or 0. */
static size_t
utf8_len(const uint8_t *p, size_t n)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	uint32_t c;

	if (len == 0 || len > n)
		return 0;
	c = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < smallest[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len;
}

/* U+0080 to U+009F in UTF-8: control characters, which terminals may obey as they do ESC. */
static bool
is_c1(const uint8_t *p, size_t len)
{
	return len == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

/* The length of the character at p if it stands for itself, or 0. */
static size_t
plain_len(const uint8_t *p, size_t n)
{
	size_t len;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f && p[0] != '"' && p[0] != '\\';
	len = utf8_len(p, n);
	return is_c1(p, len) ? 0 : len;
}

const char *
rgw_escape(enum rgw_escape how, const uint8_t *data, size_t n, char room[static RGW_ESCAPE_ROOM], size_t *taken,
    size_t *len)
{
	bool json = how == RGW_ESCAPE_JSON;
	size_t run = 0;

	while (run < n) {
		size_t one = plain_len(data + run, n - run);

		if (one == 0)
			break;
		run += one;
	}
	*taken = *len = run;
	if (run > 0)
		return (const char *)data;
	*taken = 1;
	if (data[0] == '"' || data[0] == '\\') {
		*len = (size_t)snprintf(room, RGW_ESCAPE_ROOM, "\\%c", data[0]);
	} else if (data[0] >= 0x80 && is_c1(data, utf8_len(data, n))) {
		*taken = 2;
		*len = (size_t)snprintf(room, RGW_ESCAPE_ROOM, json ? "\\u%04x" : "\\xc2\\x%02x", data[1]);
	} else {
		*len = (size_t)snprintf(room, RGW_ESCAPE_ROOM, json ? "\\u%04x" : "\\x%02x", data[0]);
	}
	return room;
}
