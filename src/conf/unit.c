/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "reading.h"

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

/* The parts of RFC 5080 2.2.1, as they are called there. */
static const struct {
	const char *word;
	size_t where;
	bool is_time;
	uint64_t min;
	uint64_t max;
} retransmit_parts[] = {
	{ "irt", offsetof(struct rgw_retransmit, irt), true, 100, 60000 },
	{ "mrt", offsetof(struct rgw_retransmit, mrt), true, 0, 300000 },
	{ "mrc", offsetof(struct rgw_retransmit, mrc), false, 0, 100 },
	{ "mrd", offsetof(struct rgw_retransmit, mrd), true, 1000, 300000 },
};

#define N_PARTS (sizeof retransmit_parts / sizeof retransmit_parts[0])
#define NOT_A_RETRANSMISSION \
	"is not written as irt TIME mrt TIME mrc NUMBER mrd TIME, with each part at most once"

/* Cuts the next word off; 0 = there is none, or it is too long. */
static size_t
next_word(const char **text, char word[static RGW_UNIT_TEXT])
{
	size_t n;

	*text += strspn(*text, " \t");
	n = strcspn(*text, " \t");
	if (n >= RGW_UNIT_TEXT)
		return 0;
	memcpy(word, *text, n);
	word[n] = '\0';
	*text += n;
	return n;
}

static void
set_part(struct rgw_retransmit *r, size_t part, uint64_t n)
{
	char *field = (char *)r + retransmit_parts[part].where;

	if (retransmit_parts[part].is_time)
		*(rgw_ms *)(void *)field = n;
	else
		*(uint32_t *)(void *)field = (uint32_t)n;
}

const char *
rgw_retransmit_parse(const char *text, struct rgw_retransmit *out)
{
	struct rgw_retransmit r = *out;
	unsigned seen = 0;
	char word[RGW_UNIT_TEXT];
	char value[RGW_UNIT_TEXT];

	while (next_word(&text, word) > 0) {
		const struct rgw_unit *units;
		size_t part = 0;
		uint64_t n;

		while (part < N_PARTS && strcmp(retransmit_parts[part].word, word) != 0)
			part++;
		if (part == N_PARTS || (seen >> part & 1) != 0 || next_word(&text, value) == 0)
			return NOT_A_RETRANSMISSION;
		seen |= 1u << part;
		units = retransmit_parts[part].is_time ? rgw_unit_time : rgw_unit_none;
		if (rgw_unit_parse(value, units, &n) != NULL)
			return NOT_A_RETRANSMISSION;
		if (n < retransmit_parts[part].min || n > retransmit_parts[part].max)
			return "is out of range; allowed are irt 100ms to 60s, mrt 0 to 5m, mrc 0 to 100, "
			       "mrd 1s to 5m";
		set_part(&r, part, n);
	}
	if (seen == 0 || *text != '\0')
		return NOT_A_RETRANSMISSION;
	if (r.mrt != 0 && r.mrt < r.irt)
		return "has an mrt, the longest time-out, below its irt, the first one";
	*out = r;
	return NULL;
}

const char *
rgw_retransmit_format(const struct rgw_retransmit *r, char *buf, size_t size)
{
	char irt[RGW_UNIT_TEXT];
	char mrt[RGW_UNIT_TEXT];
	char mrd[RGW_UNIT_TEXT];

	snprintf(buf, size, "irt %s mrt %s mrc %u mrd %s", rgw_unit_format(r->irt, rgw_unit_time, irt),
	    rgw_unit_format(r->mrt, rgw_unit_time, mrt), r->mrc,
	    rgw_unit_format(r->mrd, rgw_unit_time, mrd));
	return buf;
}
