/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TEST_RULES_H
#define RADSECGW_TEST_RULES_H

#include "helpers.h"
#include "radsecgw/rewrite.h"

/*
 * Rules from a text, without the configuration: "remove 31; set 32=abc; replace 1/old$/new/".
 *
 * An attribute is 31, 9:1, 9:* or 241.5. A value is a text, in which %c %p %r %s stand for client, peer,
 * realm and source and %0 to %9 for what was matched, or 0x and hexadecimal digits.
 */
struct rgw_rewrite rules_of(const char *text);

/* Attributes as hexadecimal text: a value of `n` octets that begins with `head`. */
#define RULES_ROOM 9000
/* The attributes of a packet in hexadecimal digits; returns buf. */
const char *rules_hex(const struct rgw_packet *p, char buf[static RULES_ROOM]);

/* What comes out when the rules are applied to an Access-Request with these attributes: their digits,
 * "same", "value 254" or "packet 4097". The output has memory of exactly `cap` octets. */
const char *rules_apply(const char *rules, const char *attributes,
    const struct rgw_rewrite_vars *vars, size_t cap, char buf[static RULES_ROOM]);

#endif
