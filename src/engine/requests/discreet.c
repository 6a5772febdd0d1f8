/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <strings.h>

#include "login.h"
#include "radsecgw/mac.h"

/* A text that others have written may tell who somebody is whom the configuration hides (log identity and station):
 * "hello bob", or a session whose number begins with the address of the device. Such a text is not shown. */

/* Does a text have the address of the device in it, however either of them is written? */
static bool
has_mac(const uint8_t *text, size_t len, const struct rgw_attr *station)
{
	char wanted[RGW_MAC_DIGITS], found[RGW_MAC_DIGITS];

	if (rgw_mac_read(station->value, station->len, wanted) == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (rgw_mac_read(text + i, len - i, found) > 0 && memcmp(found, wanted, sizeof found) == 0)
			return true;
	return false;
}

/* Does a text have these octets in it, in capitals or not? */
static bool
has_word(const uint8_t *text, size_t len, const uint8_t *word, size_t n)
{
	for (size_t i = 0; n > 0 && i + n <= len; i++)
		if (strncasecmp((const char *)text + i, (const char *)word, n) == 0)
			return true;
	return false;
}

/* The name of the user without its realm, wherever that stands: "bob@realm", "DOMAIN\bob", "realm!bob@other". */
static bool
has_name(const uint8_t *text, size_t len, const struct rgw_attr *user)
{
	size_t first = 0, end = 0;

	for (; end < user->len && user->value[end] != '@'; end++)
		if (user->value[end] == '\\' || user->value[end] == '!' || user->value[end] == '/')
			first = end + 1;
	return has_word(text, len, user->value + first, end - first);
}

bool
rgw_login_hides(const struct rgw_conf_log *conf, const struct rgw_packet *request, const uint8_t *text, size_t len)
{
	struct rgw_attr a;

	if (conf->identity != RGW_LOG_ID_FULL && rgw_packet_get(request, RGW_AT_USER_NAME, &a) &&
	    has_name(text, len, &a))
		return true;
	return conf->station != RGW_LOG_STATION_FULL && rgw_packet_get(request, RGW_AT_CALLING_STATION_ID, &a) &&
	    (has_mac(text, len, &a) || has_word(text, len, a.value, a.len));
}

bool
rgw_login_hides_message(const struct rgw_conf_log *conf, const struct rgw_packet *request, const uint8_t *text,
    size_t len)
{
	if (conf->identity != RGW_LOG_ID_FULL &&
	    (rgw_packet_has(request, RGW_AT_EAP_MESSAGE) || !rgw_packet_has(request, RGW_AT_USER_NAME)))
		return true;
	return rgw_login_hides(conf, request, text, len);
}
