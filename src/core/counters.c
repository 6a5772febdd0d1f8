/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/counters.h"

#include <string.h>

/* The names of the counters and what they count, from the one list in radsecgw/counters.h. */

static const struct {
	const char *name;
	const char *help;
} table[] = {
#define ROW(name, help) { #name, help },
	RGW_COUNTERS(ROW)
#undef ROW
};

const char *
rgw_counter_name(enum rgw_counter c)
{
	return table[c].name;
}

const char *
rgw_counter_help(enum rgw_counter c)
{
	return table[c].help;
}

const char *
rgw_reason_name(enum rgw_counter c)
{
	static const char prefix[] = "request_";
	size_t len = sizeof prefix - 1;

	return strncmp(table[c].name, prefix, len) == 0 ? table[c].name + len : table[c].name;
}
