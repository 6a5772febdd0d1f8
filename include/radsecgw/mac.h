/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_MAC_H
#define RADSECGW_MAC_H

#include <stddef.h>
#include <stdint.h>

/*
 * Addresses of devices (MAC), which everybody writes in another way: "02-00-00-00-00-01", "0200.0000.0001",
 * "020000000001", and in Called-Station-Id often with a name behind it. Pure.
 */
#define RGW_MAC_DIGITS 12

/* Reads the hexadecimal digits of the address with which a text begins, in lower case. Between them may stand `-`, `:`
 * and `.`. Returns how many octets of the text they take; 0 = it begins with none. */
size_t rgw_mac_read(const uint8_t *text, size_t len, char digits[static RGW_MAC_DIGITS]);

#endif
