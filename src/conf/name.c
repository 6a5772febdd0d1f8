/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "reading.h"

enum rgw_conf_kind
rgw_name_kind(const char *text, size_t len)
{
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		const char *name = rgw_conf_section_of(kind)->name;

		if (strlen(name) == len && memcmp(name, text, len) == 0)
			return kind;
	}
	return RGW_CONF_KINDS;
}

/* Names appear in log lines, metrics and lists, so they have nothing that would need quoting. A
 * realm may be written in UTF-8 (RFC 7542 section 2.2). */
static bool
is_plain(const char *name, bool utf8)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		        (*p >= '0' && *p <= '9') || strchr("._-", *p) != NULL ||
		        (utf8 && (*p & 0x80) != 0)))
			return false;
	return true;
}

enum rgw_realm_kind
rgw_name_realm_kind(const char *pattern)
{
	if (strcmp(pattern, "*") == 0)
		return RGW_REALM_DEFAULT;
	if (strcmp(pattern, "-") == 0)
		return RGW_REALM_NONE;
	return pattern[0] == '.' ? RGW_REALM_SUFFIX : RGW_REALM_EXACT;
}

static const char *
check_realm(const char *pattern)
{
	const char *p = pattern[0] == '.' ? pattern + 1 : pattern;

	switch (rgw_name_realm_kind(pattern)) {
	case RGW_REALM_DEFAULT:
	case RGW_REALM_NONE:
		return NULL;
	case RGW_REALM_EXACT:
	case RGW_REALM_SUFFIX:
	case RGW_REALM_REGEX:
		break;
	}
	if (strncmp(p, "*.", 2) == 0)
		return "a realm takes no wildcard; the sub-realms of example.org are written "
		       ".example.org";
	if (p[0] == '@')
		return "a realm is what stands behind the last @, without the @ itself";
	if (p[0] == '\0' || p[0] == '.' || p[strlen(p) - 1] == '.' || strstr(p, "..") != NULL)
		return "a realm has a name between its dots";
	if (!is_plain(p, true))
		return "a realm pattern is *, -, a realm such as example.org, or .example.org for "
		       "its sub-realms";
	return NULL;
}

const char *
rgw_name_check(enum rgw_conf_kind kind, const char *name)
{
	if (kind == RGW_CONF_REALM)
		return check_realm(name);
	if (!is_plain(name, false))
		return "a name consists of letters, digits and the characters . _ -";
	return NULL;
}

/* "[client] or [peer]": the sections that have the key. */
static void
owners(const char *key, char *buf, size_t size)
{
	size_t n = 0;
	bool from_file;

	buf[0] = '\0';
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++)
		if (rgw_conf_opt_find(kind, key, &from_file) != NULL && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s[%s]", n > 0 ? " or " : "",
			    rgw_conf_section_of(kind)->name);
}

/* The keys of a kind, and x-file of each secret x. */
static void
try_keys(struct rgw_nearest *near, enum rgw_conf_kind kind)
{
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(kind, &n);

	for (; n > 0; n--, opt++) {
		char file[RGW_NEAREST_TEXT];

		rgw_nearest_try(near, opt->key);
		snprintf(file, sizeof file, "%s-file", opt->key);
		if (rgw_conf_opt_has(opt, RGW_IS_SECRET))
			rgw_nearest_try(near, file);
	}
}

void
rgw_name_unknown_key(struct rgw_draft *d, const char *key, struct rgw_place at)
{
	enum rgw_conf_kind kind = d->current->kind;
	const char *section = rgw_conf_section_of(kind)->name;
	struct rgw_nearest near;
	char where[128];

	owners(key, where, sizeof where);
	if (where[0] != '\0') {
		rgw_draft_error(d, at,
		    "key `%s` does not belong in [%s] but in %s", key, section, where);
		return;
	}
	rgw_nearest_init(&near, key);
	try_keys(&near, kind);
	if (near.best[0] != '\0') {
		rgw_draft_error(d, at,
		    "[%s] has no key `%s`; did you mean `%s`?", section, key, near.best);
		return;
	}
	for (enum rgw_conf_kind other = 0; other < RGW_CONF_KINDS; other++)
		try_keys(&near, other);
	if (near.best[0] != '\0') {
		owners(near.best, where, sizeof where);
		rgw_draft_error(d, at,
		    "[%s] has no key `%s`; did you mean `%s`, which belongs in %s?", section, key,
		    near.best, where);
		return;
	}
	rgw_draft_error(d, at, "[%s] has no key `%s`", section, key);
}
