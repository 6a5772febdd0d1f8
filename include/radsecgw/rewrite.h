/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_REWRITE_H
#define RADSECGW_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/packet.h"
#include "radsecgw/pattern.h"

/*
 * Attributes that are removed, added and changed on the way, as [rewrite NAME] says: rules as data, and
 * one function that applies them to a packet. What belongs to the protocol itself (State, Proxy-State,
 * Message-Authenticator, EAP-Message and what is hidden with a secret) is not for rules to change.
 */

/* What a rule is about. */
struct rgw_attr_ref {
	uint32_t vendor;  /* 0 = the standard space */
	uint16_t type;    /* of the vendor if there is one */
	uint8_t ext;      /* type is 241 to 246: the type inside it (RFC 6929); 0 = all of them */
	bool any;         /* all attributes of the vendor */
};

/* What is known only when a packet is there. */
enum rgw_rewrite_var {
	RGW_VAR_CLIENT,  /* ${client}: the name of who asked */
	RGW_VAR_PEER,    /* ${peer}: the name of who is asked; empty before the request is routed */
	RGW_VAR_REALM,   /* ${realm}: of the User-Name of the request as it came */
	RGW_VAR_SOURCE,  /* ${source}: the address from which the request came */
	RGW_VARS
};

/* A text between variables. */
struct rgw_rewrite_piece {
	enum rgw_rewrite_var var;  /* RGW_VARS = the octets */
	uint8_t *octets;           /* owned */
	uint8_t len;
};

/* A value to be given to an attribute. */
struct rgw_rewrite_value {
	struct rgw_rewrite_piece *v;  /* owned */
	size_t n;
};

/* In the order in which they are applied. */
enum rgw_rewrite_op {
	RGW_REWRITE_REMOVE,
	RGW_REWRITE_KEEP,     /* together: all others go, but for those of the protocol itself */
	RGW_REWRITE_ADD,
	RGW_REWRITE_SET,      /* the only one of its kind afterwards */
	RGW_REWRITE_DEFAULT,  /* added if there is none */
	RGW_REWRITE_REPLACE,  /* each value that matches the pattern */
	RGW_REWRITE_OPS
};

struct rgw_rewrite_rule {
	struct rgw_attr_ref attr;
	struct rgw_rewrite_value value;  /* ADD, SET, DEFAULT */
	struct rgw_pattern *pattern;     /* owned: REPLACE ... */
	char *replacement;               /* owned: ... with \0 to \9 for what it matched */
};

struct rgw_rewrite_rules {
	struct rgw_rewrite_rule *v;  /* owned */
	size_t n;
};

/* One section, ready to be applied. */
struct rgw_rewrite {
	struct rgw_rewrite_rules rules[RGW_REWRITE_OPS];
};

/* The values of the variables for one packet; borrowed. Missing ones are NULL, which is the empty text. */
struct rgw_rewrite_vars {
	struct { const uint8_t *p; size_t len; } v[RGW_VARS];
};

enum rgw_rewrite_result {
	RGW_REWRITE_UNCHANGED,  /* no rule had anything to do; *out was not written to */
	RGW_REWRITE_CHANGED,
	RGW_REWRITE_TOO_BIG,    /* a value would exceed 253 octets, or the packet `cap` */
};

/*
 * Applies the rules to a packet that has been verified and walked. The new packet has the header of the
 * old one; it is not signed, and hidden values stay as they are, so that the next step can go on from it as
 * if it had come that way. An attribute whose value comes out empty is left out (P-PKT-8). *len is the
 * length of the new packet if it CHANGED. out must not overlap the packet.
 */
enum rgw_rewrite_result rgw_rewrite_apply(const struct rgw_rewrite *rewrite, const struct rgw_packet *in,
    const struct rgw_rewrite_vars *vars, uint8_t *out, size_t cap, size_t *len);

#endif
