/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_REWRITE_H
#define RADSECGW_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/packet.h"
#include "radsecgw/pattern.h"

/*
 * Attributes that are removed, added and changed on the way, as [rewrite NAME] says: rules as data, and
 * one function that applies them to a packet. What belongs to the protocol itself (State, Proxy-State,
 * Message-Authenticator, EAP-Message and what is hidden with a secret) is not for rules to change; the
 * check of the configuration sees to that.
 */

/* The attribute that a rule is about. */
struct rgw_attr_ref {
	uint32_t vendor;  /* 0 = the standard space, where 26 stands for all attributes of all vendors */
	uint16_t type;    /* type of the attribute, that of the vendor if there is one */
	uint8_t ext;      /* type 241 to 246: the type inside of it (RFC 6929); 0 = all types inside */
	bool any;         /* the rule is about all attributes of the vendor */
};

/* Variables, whose values are known only when a packet is there. */
enum rgw_rewrite_var {
	RGW_VAR_CLIENT,  /* ${client}: the name of the client or peer that asked */
	RGW_VAR_PEER,    /* ${peer}: the name of the neighbour that is asked; empty before the request is routed */
	RGW_VAR_REALM,   /* ${realm}: the realm of the User-Name of the request, by which it is routed */
	RGW_VAR_SOURCE,  /* ${source}: the address from which the request came */
	RGW_VARS
};

/* Where a piece of a value comes from. */
enum rgw_rewrite_from {
	RGW_FROM_OCTETS,
	RGW_FROM_VAR,
	RGW_FROM_MATCH,  /* REPLACE: \0 to \9, the octets that the pattern or a part of it matched */
};

struct rgw_rewrite_piece {
	enum rgw_rewrite_from from;
	uint8_t n;        /* number of the variable, or of the part of the pattern */
	uint8_t len;
	uint8_t *octets;  /* owned: octets of OCTETS */
};

/* A value to be given to an attribute. */
struct rgw_rewrite_value {
	struct rgw_rewrite_piece *v;  /* owned */
	size_t n;
};

/* The operations, in the order in which they are applied. */
enum rgw_rewrite_op {
	RGW_REWRITE_REMOVE,
	RGW_REWRITE_KEEP,     /* all attributes but those named go, except those of the protocol itself */
	RGW_REWRITE_ADD,
	RGW_REWRITE_SET,      /* the attribute is the only one of its kind afterwards, at the place of the first */
	RGW_REWRITE_DEFAULT,  /* the attribute is added if there is none */
	RGW_REWRITE_REPLACE,  /* what the pattern matches in each value is replaced; the rest of the value stays */
	RGW_REWRITE_OPS
};

/* One rule. Only REMOVE and KEEP can be about more than one attribute: about all of a vendor or of 241 to 246. */
struct rgw_rewrite_rule {
	struct rgw_attr_ref attr;
	struct rgw_rewrite_value value;  /* value of ADD, SET, DEFAULT; for REPLACE what comes instead */
	struct rgw_pattern *pattern;     /* owned: pattern of REPLACE */
};

struct rgw_rewrite_rules {
	struct rgw_rewrite_rule *v;  /* owned */
	size_t n;
};

/* The rules of one [rewrite] section, ready to be applied. */
struct rgw_rewrite {
	struct rgw_rewrite_rules rules[RGW_REWRITE_OPS];
};

/* The values of the variables for one packet; borrowed. A missing value is NULL, which is the empty text. */
struct rgw_rewrite_vars {
	struct { const uint8_t *p; size_t len; } v[RGW_VARS];
};

enum rgw_rewrite_result {
	RGW_REWRITE_UNCHANGED,       /* the packet would be the same; *out was not written to */
	RGW_REWRITE_CHANGED,
	RGW_REWRITE_VALUE_TOO_BIG,   /* a value would not fit into its attribute; *out was not written to */
	RGW_REWRITE_PACKET_TOO_BIG,  /* the packet would not fit into `cap`; *out was not written to */
};

/* The number of octets that a value of the attribute can have; so many also for one of several sub-attributes of a
 * vendor, since sub-attributes that do not fit into one attribute go on in a further one. */
size_t rgw_rewrite_value_max(const struct rgw_attr_ref *attr);

/*
 * Applies the rules to a packet that has been verified and walked. The new packet has the header of the
 * old one; it is not signed, and hidden values stay as they are, so that the next step can go on from it as
 * if it had come that way.
 *
 * An attribute whose value comes out empty is left out (P-PKT-8). A Vendor-Specific attribute whose inside
 * does not parse stays whole (P-ATT-7) unless 26 or all of its vendor is to go, or something else alone is to
 * be kept. The pieces of one value (P-ENC-6, P-ATT-10) go together; REPLACE leaves them as they are. New
 * values are never in pieces.
 *
 * *len is the length of the new packet if it CHANGED, and of the value or packet that is TOO_BIG. The old
 * one may lie in `out` itself.
 */
enum rgw_rewrite_result rgw_rewrite_apply(const struct rgw_rewrite *rewrite, const struct rgw_packet *in,
    const struct rgw_rewrite_vars *vars, uint8_t *out, size_t cap, size_t *len) RGW_MUST_USE;

/* Frees what the rules of a section own, but not the struct. */
void rgw_rewrite_fini(struct rgw_rewrite *rewrite);
/* Frees what one rule owns, but not the struct. */
void rgw_rewrite_rule_fini(struct rgw_rewrite_rule *rule);

#endif
