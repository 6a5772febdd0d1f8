/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/mac.h"

#include <ctype.h>

/* The reader of addresses of devices; see mac.h. */

size_t
rgw_mac_read(const uint8_t *text, size_t len, char digits[static RGW_MAC_DIGITS])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (isxdigit(text[i]))
			digits[n++] = (char)tolower(text[i]);
		else if (n == 0 || (text[i] != '-' && text[i] != ':' && text[i] != '.'))
			return 0;
		if (n == RGW_MAC_DIGITS)
			return i + 1;
	}
	return 0;
}
