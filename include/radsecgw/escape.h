/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ESCAPE_H
#define RADSECGW_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Octets of any kind as the inside of a quoted string, for log lines and for JSON (RFC 8259 section 7). The result
 * is valid UTF-8 (RFC 3629) without control characters, which terminals may obey. JSON has no form for single
 * octets, so there an octet that is not part of UTF-8 becomes the character of the same number; text keeps it as
 * \xNN. Nothing is allocated, and nothing is kept.
 */
enum rgw_escape { RGW_ESCAPE_TEXT, RGW_ESCAPE_JSON };

/* Room for the longest escape of one character, terminator included. */
#define RGW_ESCAPE_ROOM 12

/* The beginning of `data`, of which there are n > 0 octets: as many octets as stand for themselves, or one character
 * that needs an escape. *taken says how many octets that is, and *len how many the result has, which lies in `data`
 * or in `room`. */
const char *rgw_escape(enum rgw_escape how, const uint8_t *data, size_t n, char room[static RGW_ESCAPE_ROOM],
    size_t *taken, size_t *len);

#endif
