/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CONFCHANGE_H
#define RADSECGW_CONFCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "radsecgw/conf.h"
#include "radsecgw/list.h"

/*
 * What is different between two configurations that are alive at once. Both belong to the caller and are only read;
 * sections of the two are the same one if kind and id are, so the second must have inherited from the first
 * (rgw_conf_inherit in confread.h).
 */

/* What the change of an option means to a gateway that runs; bits. */
enum rgw_opt_effect {
	RGW_OPT_RESTART = 1,   /* it is refused: only a new start brings it into effect */
	RGW_OPT_IDENTITY = 2,  /* who the neighbour is, or how we reach and know it: what is open with it drains */
};

enum rgw_conf_what {
	RGW_CONF_ADDED,    /* a section that only the second configuration has */
	RGW_CONF_REMOVED,  /* one that only the first has */
	RGW_CONF_CHANGED,  /* an option has another value */
	RGW_CONF_MOVED,    /* it stands before others of its kind, in an order that matters */
};

/* One difference. All texts are lent for the time of the call. */
struct rgw_conf_change {
	enum rgw_conf_what what;
	const struct rgw_conf_head *section;  /* in the second configuration; in the first one if it was REMOVED */
	const char *key;     /* CHANGED: the option */
	const char *before;  /* CHANGED: its value in words, "(...)" if it has none or no effect; NULL: a secret */
	const char *after;   /* the same now; MOVED: the name of the section before which it stands now */
	const char *items;   /* CHANGED: "+ b, - c" of a list whose other items stay as they are; NULL: other changes */
	unsigned effects;    /* CHANGED: RGW_OPT_* bits of the option */
};

typedef void rgw_conf_on_change(void *ctx, const struct rgw_conf_change *change);

/* Tells every difference: by kind in the order of enum rgw_conf_kind, and within a kind in the order of the second
 * configuration, with what was removed behind that, in the order of the first. Where something stands in the files is
 * no difference, but the order of realms with `regex`, and that of peers with `accept`, is one: each such order is told
 * once, at the first section that has another place in it. Secrets are never shown. The values of options that have no
 * effect are compared like others. */
void rgw_conf_diff(const struct rgw_conf *now, const struct rgw_conf *next, rgw_conf_on_change *row, void *ctx);

/* The difference as a line for an operator, without a line break, which the caller frees:
 *     + realm example.org
 *     - client old
 *     ~ peer tld1: watchdog 30s -> 6s
 *     ~ pool home: members + b, - c
 *     ~ client nas: secret changed
 *     ~ realm b: comes before a now */
char *rgw_conf_change_text(const struct rgw_conf_change *change) RGW_MUST_USE;

/* Is there a change among the options that have one of these effects? With 0: of any option. The two are sections of
 * the same kind. A section to which an option refers is the same if its kind and name are; what has changed in it is a
 * question about that section. */
bool rgw_conf_is_changed(const struct rgw_conf_head *now, const struct rgw_conf_head *next, unsigned effects);

struct rgw_conf_report;

/* Reports every change that needs a restart as an error of the second configuration, at its place (confread.h). */
bool rgw_conf_needs_restart(const struct rgw_conf *now, const struct rgw_conf *next, struct rgw_conf_report *report);

#endif
