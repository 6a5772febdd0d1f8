/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "radsecgw/addr.h"
#include "radsecgw/mem.h"

/* What an answer must look like. Each function gets one item and says what is wrong with it. */

#define DIGITS "0123456789"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS ".-_"

static bool
is_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < RGW_HOST_TEXT - 1 && strspn(text, NAME_LETTERS) == len && text[0] != '.' &&
	    text[0] != '-' && strstr(text, "..") == NULL;
}

static bool
is_host(const char *text)
{
	struct rgw_addr addr;

	/* What consists of digits and dots is meant as an address. */
	if (rgw_addr_parse(text, 0, &addr))
		return addr.port == 0;
	return is_name(text) && strspn(text, DIGITS ".") != strlen(text);
}

const char *
rgw_wrong_host(enum rgw_setup_profile profile, const char *item)
{
	char host[RGW_HOST_TEXT];
	uint16_t port = 1;
	const char *colon = strrchr(item, ':');

	(void)profile;
	if (!rgw_addr_split_host(item, host, sizeof host, &port) || port == 0)
		return colon != NULL && colon[1] != '\0' && strspn(colon + 1, DIGITS) == strlen(colon + 1)
		    ? "is no HOST:PORT; a port is a number from 1 to 65535"
		    : "is neither a host name nor an address, with a :PORT or without";
	return is_host(host) ? NULL : "is neither a host name nor an address, with a :PORT or without";
}

const char *
rgw_wrong_realm(enum rgw_setup_profile profile, const char *item)
{
	(void)profile;
	if (rgw_name_realm_kind(item) != RGW_REALM_EXACT)
		return "is no realm such as example.org";
	if (strchr(item, '@') != NULL)
		return "has an @; a realm is what stands behind it";
	return rgw_name_check(RGW_CONF_REALM, item) != NULL ? "is no realm such as example.org" : NULL;
}

const char *
rgw_wrong_operator(enum rgw_setup_profile profile, const char *item)
{
	size_t len = strlen(item);
	const char *first = profile == RGW_FOR_OPENROAMING ? "01234" : "0123";

	if (len < 2 || len > 200 || strchr(first, item[0]) == NULL || strspn(item + 1, NAME_LETTERS ":") != len - 1)
		return profile == RGW_FOR_OPENROAMING
		    ? "is no Operator-Name such as 4PROVIDER:XX, with the WBA's name of the network behind the 4"
		    : "is no Operator-Name such as 1example.org, with the digit of its namespace first";
	return NULL;
}

const char *
rgw_wrong_peer(enum rgw_setup_profile profile, const char *item)
{
	const char *equals = strchr(item, '=');
	const char *why = NULL;
	char realm[256] = "";

	if (equals == NULL)
		return rgw_wrong_host(profile, item);
	if (profile != RGW_FOR_NATIONAL)
		return "names a realm, but only peers of a national proxy have realms of their own";
	if ((size_t)(equals - item) < sizeof realm) {
		memcpy(realm, item, (size_t)(equals - item));
		why = rgw_wrong_realm(profile, realm);
	}
	return why != NULL || realm[0] == '\0' ? "has no realm such as example.org before its =" :
	                                         rgw_wrong_host(profile, equals + 1);
}

const char *
rgw_wrong_client(enum rgw_setup_profile profile, const char *item)
{
	struct rgw_prefix prefix;

	(void)profile;
	if (rgw_prefix_parse(item, &prefix))
		return NULL;
	if (strchr(item, '/') != NULL)
		return "is no network such as 192.0.2.0/24; the bits behind the length must be zero";
	return is_host(item) ? NULL : "is neither an address nor a network such as 192.0.2.0/24, nor a host name";
}

/* A path has to fit into a line of the configuration as it is. */
const char *
rgw_wrong_path(enum rgw_setup_profile profile, const char *item)
{
	(void)profile;
	for (const char *p = item; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || strchr("\",;$\\", *p) != NULL)
			return "has a character that a path in a configuration cannot have: one of \" , ; $ \\";
	return strlen(item) > 1024 ? "is too long for a path" : NULL;
}

const char *
rgw_wrong_name(enum rgw_setup_profile profile, const char *item)
{
	(void)profile;
	return is_host(item) && strcmp(item, "ca") != 0 ? NULL : "is neither a host name nor an address";
}

const char *
rgw_wrong_address(enum rgw_setup_profile profile, const char *item)
{
	struct rgw_addr addr;

	(void)profile;
	if (!rgw_addr_parse(item, 0, &addr) || addr.port == 0)
		return "is no ADDRESS:PORT such as 192.0.2.1:2083 or [::]:2083; a port is a number from 1 to 65535";
	return NULL;
}

const char *
rgw_wrong_udp(enum rgw_setup_profile profile, const char *item)
{
	struct rgw_addr addr;
	const char *why = rgw_wrong_address(profile, item);

	if (why == NULL && rgw_addr_parse(item, 0, &addr) && addr.port == UINT16_MAX)
		return "has no port behind it for accounting";
	return why;
}
