/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf_priv.h"

/* Attributes that say whose request it is, so that requests which belong together can be told. */
static const struct {
	const char *name;
	uint8_t type;
} attributes[] = {
	{ "Calling-Station-Id", 31 },
	{ "Called-Station-Id", 30 },
	{ "User-Name", 1 },
	{ "NAS-Identifier", 32 },
	{ "NAS-IP-Address", 4 },
	{ "NAS-IPv6-Address", 95 },
	{ "NAS-Port-Id", 87 },
};

#define N_ATTRIBUTES (sizeof attributes / sizeof attributes[0])

/*
 * Those that differ from packet to packet or from hop to hop: User-Password, CHAP-Password, State,
 * Proxy-State, CHAP-Challenge, EAP-Message, Message-Authenticator. And those that stand for many:
 * Vendor-Specific and the extended types.
 */
static bool
says_nothing(uint64_t type)
{
	static const uint8_t list[] = { 2, 3, 24, 26, 33, 60, 79, 80 };

	return memchr(list, (int)type, sizeof list) != NULL || (type >= 241 && type <= 246);
}

const char *
rgw_attribute_format(uint8_t type, char *buf, size_t size)
{
	snprintf(buf, size, "%u", type);
	for (size_t i = 0; i < N_ATTRIBUTES; i++)
		if (attributes[i].type == type)
			snprintf(buf, size, "%s", attributes[i].name);
	return buf;
}

const char *
rgw_attribute_names(char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < N_ATTRIBUTES && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s, ", attributes[i].name);
	if (n < size)
		snprintf(buf + n, size - n, "1 to 255");
	return buf;
}

static bool
reject_name(struct rgw_setting *s)
{
	struct rgw_nearest near;
	char names[160];

	rgw_nearest_init(&near, s->text);
	for (size_t i = 0; i < N_ATTRIBUTES; i++)
		rgw_nearest_try(&near, attributes[i].name);
	if (near.best[0] != '\0')
		return rgw_reject(s, "is not known here; did you mean %s?", near.best);
	return rgw_reject(s,
	    "is not known here; allowed is %s", rgw_attribute_names(names, sizeof names));
}

bool
rgw_set_attribute(struct rgw_setting *s)
{
	uint8_t *field = s->field;
	uint64_t n;

	/* Names of attributes are the same in either case. */
	for (size_t i = 0; i < N_ATTRIBUTES; i++)
		if (strcasecmp(attributes[i].name, s->text) == 0) {
			*field = attributes[i].type;
			return true;
		}
	if (rgw_unit_parse(s->text, rgw_unit_none, &n) != NULL)
		return reject_name(s);
	if (n < 1 || n > 255)
		return rgw_reject(s, "is not the number of an attribute, which is from 1 to 255");
	if (says_nothing(n))
		return rgw_reject(s,
		    "does not say whose request it is; 2, 3, 24, 26, 33, 60, 79, 80 and 241 to 246 "
		    "cannot be used");
	*field = (uint8_t)n;
	return true;
}
