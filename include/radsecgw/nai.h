/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_NAI_H
#define RADSECGW_NAI_H

#include <stddef.h>
#include <stdint.h>

/*
 * User names with a realm (RFC 7542). What a realm may look like is its home's business (P-NAI-7), but
 * some forms cannot be anybody's realm, and federations do not want them (P-NAI-10).
 */

/* What may be wrong with a name; bits. */
enum rgw_nai_fault {
	RGW_NAI_NONE = 1,           /* for the configuration: no name is at fault */
	RGW_NAI_SPACE = 2,          /* a blank, control character or NUL in the realm */
	RGW_NAI_TWO_DOTS = 4,       /* an empty label between two dots */
	RGW_NAI_LEADING_DOT = 8,
	RGW_NAI_TRAILING_DOT = 16,
	RGW_NAI_NO_DOT = 32,        /* one label, which is not enough outside of one's own house */
	RGW_NAI_TWO_ATS = 64,       /* more than one "@" in the name */
};

/* The realm of a name: what stands behind the last "@" (P-NAI-2), borrowed; NULL if there is no "@"
 * or nothing behind it. The name is not changed (P-NAI-5). */
const uint8_t *rgw_realm_of(const uint8_t *name, size_t len, size_t *realm_len);

/* All faults of a name that has a realm, without RGW_NAI_NONE; 0 for a name without a realm. */
unsigned rgw_nai_faults(const uint8_t *name, size_t len);

/* The first of the faults in words: "its realm ends with a dot". */
const char *rgw_nai_fault_text(unsigned faults);

#endif
