/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PATTERN_H
#define RADSECGW_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"

/*
 * Regular expressions of the configuration (POSIX extended), for texts of up to 253 octets from the network.
 * Expressions with back-references are refused, since matching them may take for ever, and so are expressions whose
 * repetitions would take too much memory. Letters of ASCII match in either case; other octets match themselves. A
 * pattern remembers what it has learned about texts, within limits; workers, who share the patterns of the
 * configuration, take turns at it.
 */
struct rgw_pattern;

/* Compiles a pattern, which the caller owns; `anchored`: it must match the whole text. On failure returns NULL
 * and says in words what is wrong with the text. */
struct rgw_pattern *rgw_pattern_new(const char *text, bool anchored, char *why, size_t size) RGW_MUST_USE;
void rgw_pattern_free(struct rgw_pattern *pattern);

/* The text that the pattern was made from; borrowed from the pattern. */
const char *rgw_pattern_text(const struct rgw_pattern *pattern);
/* The number of parts in parentheses that the pattern has. */
size_t rgw_pattern_count(const struct rgw_pattern *pattern);

/* Where the whole match and the parts in parentheses are. */
#define RGW_PATTERN_GROUPS 10
struct rgw_pattern_group {
	uint8_t from;
	uint8_t to;
	bool set;  /* the part took part in the match */
};

/* Does the pattern match the octets? groups may be NULL. Octets with a NUL, or more than 253 of them, never
 * match. */
bool rgw_pattern_match(struct rgw_pattern *pattern, const uint8_t *data, size_t len,
    struct rgw_pattern_group groups[RGW_PATTERN_GROUPS]) RGW_MUST_USE;

#endif
