/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "reading.h"

/* The names of sections: which ones are allowed, and how the pattern of a [realm] is meant. */

/* Is the name free of characters that would need quotes in log lines, metrics and lists? A realm may be written
 * in UTF-8 (RFC 7542 section 2.2). */
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
	enum rgw_realm_kind kind = rgw_name_realm_kind(pattern);
	const char *p = kind == RGW_REALM_SUFFIX ? pattern + 1 : pattern;

	if (kind == RGW_REALM_DEFAULT || kind == RGW_REALM_NONE)
		return NULL;
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
