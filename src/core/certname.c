/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "certname.h"

#include <string.h>

#include "radsecgw/certid.h"

/* The comparison of names in certificates with configured ones (see certname.h). */

/* The most octets of a host name (RFC 1035 2.3.4, without the dot of the root), and of a NAIRealm (P-CRT-10).
 * */
#define MAX_HOST 253
#define MAX_LABEL 63
#define MAX_REALM 255

struct rgw_span
rgw_span_of_text(const char *s)
{
	return (struct rgw_span){ (const uint8_t *)s, strlen(s) };
}

/* What is left behind the first n octets. */
static struct rgw_span
behind(struct rgw_span s, size_t n)
{
	return n < s.len ? (struct rgw_span){ s.data + n, s.len - n } : (struct rgw_span){ NULL, 0 };
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool
rgw_span_equal(struct rgw_span a, struct rgw_span b)
{
	return a.len == b.len && a.len > 0 && memcmp(a.data, b.data, a.len) == 0;
}

bool
rgw_span_equal_nocase(struct rgw_span a, struct rgw_span b)
{
	size_t i = 0;

	if (a.len != b.len || a.len == 0)
		return false;
	while (i < a.len && lower(a.data[i]) == lower(b.data[i]))
		i++;
	return i == a.len;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_host_octet(uint8_t c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_';
}

bool
rgw_dns_is_valid(struct rgw_span s)
{
	size_t label = 0;
	bool number = true;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (c == '.' && label > 0) {
			label = 0;
			number = true;
			continue;
		}
		if (!is_host_octet(c) || ++label > MAX_LABEL)
			return false;
		number = number && is_digit(c);
	}
	return s.len <= MAX_HOST && label > 0 && !number;
}

bool
rgw_realm_is_valid(struct rgw_span s)
{
	size_t label = 0;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (c == '.' && label == 0)
			return false;
		if (c <= ' ' || c == 0x7f || c == '*' || c == '@')
			return false;
		label = c == '.' ? 0 : label + 1;
	}
	return s.len <= MAX_REALM && label > 0;
}

struct rgw_span
rgw_wildcard_rest(struct rgw_span pattern)
{
	if (pattern.len < 3 || pattern.data[0] != '*' || pattern.data[1] != '.')
		return (struct rgw_span){ NULL, 0 };
	return behind(pattern, 2);
}

/* The part of a name behind its first label: "b.c" of "a.b.c", or nothing if there is one label only. */
static struct rgw_span
without_first_label(struct rgw_span name)
{
	const uint8_t *dot = name.len > 0 ? memchr(name.data, '.', name.len) : NULL;

	if (dot == NULL)
		return (struct rgw_span){ NULL, 0 };
	return behind(name, (size_t)(dot - name.data) + 1);
}

bool
rgw_dns_pattern_is_valid(struct rgw_span pattern)
{
	struct rgw_span rest = rgw_wildcard_rest(pattern);

	if (rest.len == 0)
		return rgw_dns_is_valid(pattern);
	return rgw_dns_is_valid(rest) && without_first_label(rest).len > 0;
}

/* As the name is a proper host name, an equal pattern is one too: so neither NUL nor a second
 * wildcard nor a trailing dot in the pattern needs a test of its own. */
bool
rgw_dns_covers(struct rgw_span pattern, struct rgw_span name)
{
	struct rgw_span rest = rgw_wildcard_rest(pattern);

	if (!rgw_dns_is_valid(name))
		return false;
	if (rgw_span_equal_nocase(pattern, name))
		return true;
	return without_first_label(rest).len > 0 &&
	    rgw_span_equal_nocase(rest, without_first_label(name));
}

struct rgw_span
rgw_configured_host(const char *text)
{
	struct rgw_span s = rgw_span_of_text(text);

	if (s.len > 0 && s.data[s.len - 1] == '.')
		s.len--;
	return s;
}

bool
rgw_dns_match(struct rgw_span pattern, const char *name)
{
	return rgw_dns_covers(pattern, rgw_configured_host(name));
}

bool
rgw_nairealm_match(struct rgw_span pattern, const char *realm)
{
	struct rgw_span name = rgw_span_of_text(realm);

	if (!rgw_realm_is_valid(name))
		return false;
	return rgw_span_equal(pattern, name) ||
	    rgw_span_equal(rgw_wildcard_rest(pattern), without_first_label(name));
}
