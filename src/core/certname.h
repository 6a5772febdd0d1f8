/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CORE_CERTNAME_H
#define RADSECGW_CORE_CERTNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/x509.h"

/*
 * Comparing names of certificates with configured ones. Both are spans of octets, so a NUL within
 * is an octet like any other, and equals nothing that a configuration can hold.
 */

/* The longest issuer name that a rule may have. */
#define RGW_CERT_MAX_ISSUER 512

struct rgw_span rgw_span_of_text(const char *s);
/* Are the spans equal octet by octet, or with ASCII letters in either case (P-CRT-7)? An empty span equals
 * nothing: an absent name must not match an empty one. */
bool rgw_span_equal(struct rgw_span a, struct rgw_span b);
bool rgw_span_equal_nocase(struct rgw_span a, struct rgw_span b);

/* Is this a host name: labels of letters, digits, hyphens and underscores? The last label has something else
 * than digits, which keeps addresses apart. NUL, "*" and the dot of the root are no part of a host name. */
bool rgw_dns_is_valid(struct rgw_span s);
/* Is this a realm: proper labels, and nothing that could pass for a wildcard or a whole user name? */
bool rgw_realm_is_valid(struct rgw_span s);

/* The part of "*.example.org" behind its "*.", or nothing if the pattern is not of that form. */
struct rgw_span rgw_wildcard_rest(struct rgw_span pattern);
/* Is the pattern a wildcard of at least three labels, or a host name? */
bool rgw_dns_pattern_is_valid(struct rgw_span pattern);
/* Does the pattern stand for this host name (P-CRT-6, P-CRT-7)? */
bool rgw_dns_covers(struct rgw_span pattern, struct rgw_span name);
/* Returns a configured name without the dot of the root, which has no place in a certificate. */
struct rgw_span rgw_configured_host(const char *text);

#endif
