/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_COUNTERFAMILIES_H
#define RADSECGW_APP_COUNTERFAMILIES_H

#include <stdbool.h>

#include "radsecgw/counters.h"

/* How counters are called as metrics. Counters of which each counts one way in which the same thing can go are one
 * family with a label; every other counter is a family of its own, named after it. */
struct rgw_counter_family {
	const char *name;   /* without "_total" */
	const char *label;  /* NULL = the family is one counter */
	const char *help;
};

/* The i-th family that is not named after a counter; NULL = there are no more. */
const struct rgw_counter_family *rgw_counter_family_at(unsigned i);

/* The place of a counter: the family with this index, and the value of its label, or NULL. false = the counter is a
 * family of its own. */
bool rgw_counter_place(enum rgw_counter c, unsigned *family, const char **value);

#endif
