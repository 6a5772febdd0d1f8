/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "conf_priv.h"

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

/* The decimal digits at the start of a text. false = there are none, or too many. */
static bool
take_digits(const char **text, uint64_t *out)
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

	if (!take_digits(&text, &n))
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

#define NOT_A_RATE "is not a rate; write a number per s, m, h or d, such as 10/s, or 0 for no limit"

const char *
rgw_rate_parse(const char *text, struct rgw_rate *out)
{
	static const char burst_word[] = " burst ";
	const struct rgw_unit *unit = rgw_unit_time + 1;  /* events per millisecond make no sense */
	uint64_t events;
	uint64_t burst;

	if (!take_digits(&text, &events) || events > UINT32_MAX)
		return NOT_A_RATE;
	burst = events;
	if (*text == '\0' && events == 0) {
		*out = (struct rgw_rate){ 0, 1000, 0 };
		return NULL;
	}
	if (*text++ != '/')
		return NOT_A_RATE;
	while (unit->suffix != NULL && unit->suffix[0] != *text)
		unit++;
	if (unit->suffix == NULL)
		return NOT_A_RATE;
	text++;
	if (strncmp(text, burst_word, strlen(burst_word)) == 0) {
		text += strlen(burst_word);
		if (!take_digits(&text, &burst) || burst == 0 || burst > UINT32_MAX)
			return "has a burst that is not a whole number from 1 on";
	}
	if (*text != '\0')
		return NOT_A_RATE;
	*out = (struct rgw_rate){ (uint32_t)events, unit->factor, (uint32_t)burst };
	return NULL;
}

const char *
rgw_rate_format(const struct rgw_rate *rate, char *buf, size_t size)
{
	const struct rgw_unit *unit = rgw_unit_time;

	while (unit->suffix != NULL && unit->factor != rate->period)
		unit++;
	if (rate->events == 0 || unit->suffix == NULL)
		snprintf(buf, size, "0");
	else if (rate->burst == rate->events)
		snprintf(buf, size, "%u/%s", rate->events, unit->suffix);
	else
		snprintf(buf, size, "%u/%s burst %u", rate->events, unit->suffix, rate->burst);
	return buf;
}
