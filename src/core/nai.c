/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/nai.h"

#include <string.h>

/* The realm of a User-Name, and what is wrong with it (P-NAI). */

const uint8_t *
rgw_realm_of(const uint8_t *name, size_t len, size_t *realm_len)
{
	const uint8_t *at = len > 0 ? memrchr(name, '@', len) : NULL;

	*realm_len = at != NULL ? (size_t)(name + len - at) - 1 : 0;
	return *realm_len > 0 ? at + 1 : NULL;
}

unsigned
rgw_nai_faults(const uint8_t *name, size_t len)
{
	size_t n;
	const uint8_t *realm = rgw_realm_of(name, len, &n);
	unsigned faults = 0;

	if (realm == NULL)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (realm[i] <= ' ' || realm[i] == 0x7f)
			faults |= RGW_NAI_SPACE;
		if (realm[i] == '.' && i + 1 < n && realm[i + 1] == '.')
			faults |= RGW_NAI_TWO_DOTS;
	}
	if (realm[0] == '.')
		faults |= RGW_NAI_LEADING_DOT;
	if (realm[n - 1] == '.')
		faults |= RGW_NAI_TRAILING_DOT;
	if (memchr(realm, '.', n) == NULL)
		faults |= RGW_NAI_NO_DOT;
	if (memchr(name, '@', len - n - 1) != NULL)
		faults |= RGW_NAI_TWO_ATS;
	return faults;
}

const char *
rgw_nai_fault_text(unsigned faults)
{
	if ((faults & RGW_NAI_SPACE) != 0)
		return "there is a blank or control character in its realm";
	if ((faults & RGW_NAI_TWO_DOTS) != 0)
		return "there are two dots in a row in its realm";
	if ((faults & RGW_NAI_LEADING_DOT) != 0)
		return "its realm begins with a dot";
	if ((faults & RGW_NAI_TRAILING_DOT) != 0)
		return "its realm ends with a dot";
	if ((faults & RGW_NAI_NO_DOT) != 0)
		return "there is no dot in its realm";
	return "there is more than one @ in it";
}
