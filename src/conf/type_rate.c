/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "reading.h"

/* The types of options that are rates, and the retransmission of RFC 5080 2.2.1. */

/* ---- rates ---- */

#define NOT_A_RATE "is not a rate; write a number per s, m, h or d, such as 10/s, or 0 for no limit"

static const char *
parse_rate(const char *text, struct rgw_rate *out)
{
	static const char burst_word[] = " burst ";
	const struct rgw_unit *unit = rgw_unit_time + 1;  /* events per millisecond make no sense */
	uint64_t events;
	uint64_t burst;

	if (!rgw_unit_digits(&text, &events) || events > UINT32_MAX)
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
		if (!rgw_unit_digits(&text, &burst) || burst == 0 || burst > UINT32_MAX)
			return "has a burst that is not a whole number from 1 on";
	}
	if (*text != '\0')
		return NOT_A_RATE;
	*out = (struct rgw_rate){ (uint32_t)events, unit->factor, (uint32_t)burst };
	return NULL;
}

static bool
set_rate(struct rgw_setting *s)
{
	struct rgw_rate rate;
	const char *why = parse_rate(s->text, &rate);

	if (why != NULL)
		return rgw_setting_refuse(s, "%s", why);
	if (!rgw_setting_in_range(s, rate.events) || !rgw_setting_in_range(s, rate.burst))
		return false;
	*(struct rgw_rate *)s->field = rate;
	return true;
}

static void
show_rate(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_rate *rate = v->p;
	const struct rgw_unit *unit = rgw_unit_time;

	while (unit->suffix != NULL && unit->factor != rate->period)
		unit++;
	if (rate->events == 0 || unit->suffix == NULL)
		rgw_strbuf_put(out, "0");
	else if (rate->burst == rate->events)
		rgw_strbuf_printf(out, "%u/%s", rate->events, unit->suffix);
	else
		rgw_strbuf_printf(out, "%u/%s burst %u", rate->events, unit->suffix, rate->burst);
}

static void
range_rate(struct rgw_strbuf *out, const struct rgw_opt *opt)
{
	rgw_strbuf_printf(out, "%ju to %ju %s per s, m, h or d", (uintmax_t)opt->min, (uintmax_t)opt->max,
	    opt->unit);
}

const struct rgw_opt_type rgw_type_rate = {
	"rate", 0, sizeof(struct rgw_rate), set_rate, show_rate, .range = range_rate,
};

/* ---- events per second ---- */

static bool
set_per_second(struct rgw_setting *s)
{
	struct rgw_rate rate;
	const char *why = parse_rate(s->text, &rate);
	uint64_t n;

	if (why != NULL)
		return rgw_setting_refuse(s, "%s", why);
	n = (uint64_t)rate.events * 1000 / rate.period;
	if (n * rate.period != (uint64_t)rate.events * 1000 || rate.burst != rate.events)
		return rgw_setting_refuse(s, "is not a whole number per second, such as 10/s");
	if (!rgw_setting_in_range(s, n))
		return false;
	*(uint32_t *)s->field = (uint32_t)n;
	return true;
}

static void
show_per_second(struct rgw_strbuf *out, const struct rgw_value *v)
{
	uint32_t n = *(const uint32_t *)v->p;

	rgw_strbuf_printf(out, n > 0 ? "%u/s" : "%u", n);
}

static void
range_per_second(struct rgw_strbuf *out, const struct rgw_opt *opt)
{
	rgw_strbuf_printf(out, "%ju to %ju/s", (uintmax_t)opt->min, (uintmax_t)opt->max);
}

const struct rgw_opt_type rgw_type_per_second = {
	"rate", 0, sizeof(uint32_t), set_per_second, show_per_second, .range = range_per_second,
};

/* ---- retransmission ---- */

/* The parts of a retransmission, as RFC 5080 2.2.1 calls them. */
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

/* Cuts the next word of the text off and returns its length; 0 = there is none, or it is too long. */
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

/* Parses a retransmission; parts that the text leaves out keep what *out has. */
static const char *
parse_retransmit(const char *text, struct rgw_retransmit *out)
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

static bool
set_retransmit(struct rgw_setting *s)
{
	struct rgw_retransmit r = { 0 };
	const char *why;

	parse_retransmit(s->opt->def, &r);
	why = parse_retransmit(s->text, &r);
	if (why != NULL)
		return rgw_setting_refuse(s, "%s", why);
	*(struct rgw_retransmit *)s->field = r;
	return true;
}

static void
show_retransmit(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_retransmit *r = v->p;
	char irt[RGW_UNIT_TEXT];
	char mrt[RGW_UNIT_TEXT];
	char mrd[RGW_UNIT_TEXT];

	rgw_strbuf_printf(out, "irt %s mrt %s mrc %u mrd %s", rgw_unit_format(r->irt, rgw_unit_time, irt),
	    rgw_unit_format(r->mrt, rgw_unit_time, mrt), r->mrc, rgw_unit_format(r->mrd, rgw_unit_time, mrd));
}

const struct rgw_opt_type rgw_type_retransmit = {
	"retransmission", 0, sizeof(struct rgw_retransmit), set_retransmit, show_retransmit,
	.allowed = "irt TIME mrt TIME mrc NUMBER mrd TIME",
};
