/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "reading.h"

/*
 * A setting is one value on its way from a text into its field. Types of options parse it and say here why they
 * refuse it.
 */

bool
rgw_setting_refuse(struct rgw_setting *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->why, sizeof s->why, fmt, ap);
	va_end(ap);
	return false;
}

bool
rgw_setting_in_range(struct rgw_setting *s, uint64_t n)
{
	struct rgw_strbuf range = { 0 };

	if (n >= s->opt->min && n <= s->opt->max)
		return true;
	if (n == 0 && (s->opt->flags & RGW_OPT_OR_ZERO) != 0)
		return true;
	s->opt->type->range(&range, s->opt);
	rgw_setting_refuse(s, "is out of range; allowed is %s", range.v);
	rgw_strbuf_fini(&range);
	return false;
}

bool
rgw_setting_length_in_range(struct rgw_setting *s)
{
	if (s->len == 0 && s->opt->min > 0)
		return rgw_setting_refuse(s, "is empty");
	if (s->len < s->opt->min)
		return rgw_setting_refuse(s,
		    "is too short; at least %ju octets are needed", (uintmax_t)s->opt->min);
	if (s->len > s->opt->max)
		return rgw_setting_refuse(s,
		    "is too long; at most %ju octets are allowed", (uintmax_t)s->opt->max);
	return true;
}
