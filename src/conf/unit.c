/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "reading.h"

/* Numbers with units: octets, and times in milliseconds. */

const struct rgw_unit rgw_unit_none[] = { { "", 1 }, { NULL, 0 } };

const struct rgw_unit rgw_unit_size[] = {
	{ "", 1 },
	{ "k", 1024 },
	{ "m", 1024 * 1024 },
	{ NULL, 0 },
};

const struct rgw_unit rgw_unit_time[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 60 * 60 * 1000 },
	{ "d", 24 * 60 * 60 * 1000 },
	{ NULL, 0 },
};

bool
rgw_unit_digits(const char **text, uint64_t *out)
{
	const char *p = *text;
	uint64_t n = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = 10 * n + digit;
	}
	if (p == *text)
		return false;
	*text = p;
	*out = n;
	return true;
}

static const char *
wrong(const struct rgw_unit *units)
{
	if (units == rgw_unit_time)
		return "is not a time; write a number with ms, s, m, h or d, such as 500ms or 10s";
	if (units == rgw_unit_size)
		return "is not a size; write a number of octets, or one with k or m, such as 512k";
	return "is not a whole number";
}

const char *
rgw_unit_parse(const char *text, const struct rgw_unit *units, uint64_t *out)
{
	const struct rgw_unit *unit = units;
	uint64_t n;

	if (!rgw_unit_digits(&text, &n))
		return wrong(units);
	if (*text == '\0' && units == rgw_unit_time && n != 0)
		return "has no unit; write ms, s, m, h or d behind the number";
	if (*text == '\0')
		unit = &rgw_unit_none[0];
	while (unit->suffix != NULL && strcmp(unit->suffix, text) != 0)
		unit++;
	if (unit->suffix == NULL || n > UINT64_MAX / unit->factor)
		return wrong(units);
	*out = n * unit->factor;
	return NULL;
}

const char *
rgw_unit_format(uint64_t n, const struct rgw_unit *units, char buf[static RGW_UNIT_TEXT])
{
	const struct rgw_unit *best = units;

	for (const struct rgw_unit *unit = units; unit->suffix != NULL; unit++)
		if (n % unit->factor == 0)
			best = unit;
	if (n == 0)
		snprintf(buf, RGW_UNIT_TEXT, "0");
	else
		snprintf(buf, RGW_UNIT_TEXT, "%ju%s", (uintmax_t)(n / best->factor), best->suffix);
	return buf;
}

const char *
rgw_conf_time(const char *text, rgw_ms *out)
{
	return rgw_unit_parse(text, rgw_unit_time, out);
}
