/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "reading.h"

/* The types of options that are numbers or words of a list. */

_Static_assert(sizeof(enum rgw_log_level) == sizeof(unsigned), "enums are stored as unsigned");

/* ---- yes and no ---- */

static bool
set_bool(struct rgw_setting *s)
{
	bool yes = strcmp(s->text, "yes") == 0 || strcmp(s->text, "on") == 0;

	if (!yes && strcmp(s->text, "no") != 0 && strcmp(s->text, "off") != 0)
		return rgw_setting_refuse(s, "is neither yes nor no");
	*(bool *)s->field = yes;
	return true;
}

static void
show_bool(struct rgw_strbuf *out, const struct rgw_value *v)
{
	rgw_strbuf_put(out, *(const bool *)v->p ? "yes" : "no");
}

const struct rgw_opt_type rgw_type_bool = {
	"yes or no", 0, sizeof(bool), set_bool, show_bool, .allowed = "yes, no",
};

/* ---- words ---- */

void
rgw_range_words(struct rgw_strbuf *out, const struct rgw_opt *opt)
{
	for (const char *const *word = opt->words; *word != NULL; word++)
		rgw_strbuf_join(out, ", ", *word);
}

/* The position of the text among the words, or -1 with the reason set. */
static int
word_index(struct rgw_setting *s)
{
	struct rgw_strbuf all = { 0 };
	struct rgw_nearest near;

	rgw_nearest_init(&near, s->text);
	for (int i = 0; s->opt->words[i] != NULL; i++) {
		if (strcmp(s->opt->words[i], s->text) == 0)
			return i;
		rgw_nearest_try(&near, s->opt->words[i]);
	}
	rgw_range_words(&all, s->opt);
	if (near.best[0] != '\0')
		rgw_setting_refuse(s, "is none of %s; did you mean %s?", all.v, near.best);
	else
		rgw_setting_refuse(s, "is none of %s", all.v);
	rgw_strbuf_fini(&all);
	return -1;
}

bool
rgw_set_word(struct rgw_setting *s)
{
	int i = word_index(s);

	if (i >= 0)
		*(unsigned *)s->field = (unsigned)i;
	return i >= 0;
}

static void
show_word(struct rgw_strbuf *out, const struct rgw_value *v)
{
	rgw_strbuf_put(out, v->opt->words[*(const unsigned *)v->p]);
}

const struct rgw_opt_type rgw_type_word = {
	"word", 0, sizeof(unsigned), rgw_set_word, show_word, .range = rgw_range_words,
};

static bool
set_words(struct rgw_setting *s)
{
	int i = word_index(s);

	if (i >= 0)
		*(unsigned *)s->field |= 1u << i;
	return i >= 0;
}

static void
show_words(struct rgw_strbuf *out, const struct rgw_value *v)
{
	for (unsigned i = 0; v->opt->words[i] != NULL; i++)
		if ((*(const unsigned *)v->p >> i & 1) != 0)
			rgw_strbuf_join(out, ", ", v->opt->words[i]);
}

const struct rgw_opt_type rgw_type_words = {
	"list of words", RGW_IS_LIST, sizeof(unsigned), set_words, show_words, .range = rgw_range_words,
};

/* ---- numbers ---- */

static bool
parse_number(struct rgw_setting *s, const struct rgw_unit *units, uint64_t *out)
{
	const char *why = rgw_unit_parse(s->text, units, out);

	return why != NULL ? rgw_setting_refuse(s, "%s", why) : rgw_setting_in_range(s, *out);
}

static bool
set_u32(struct rgw_setting *s, const struct rgw_unit *units)
{
	uint64_t n;

	if (!parse_number(s, units, &n))
		return false;
	*(uint32_t *)s->field = (uint32_t)n;
	return true;
}

static bool
set_count(struct rgw_setting *s)
{
	return set_u32(s, rgw_unit_none);
}

static bool
set_mode(struct rgw_setting *s)
{
	uint32_t mode = 0;
	size_t n = strspn(s->text, "01234567");

	if (n < 3 || n > 4 || s->text[n] != '\0')
		return rgw_setting_refuse(s, "is not a mode; write three or four octal digits, such as 0660");
	for (size_t i = 0; i < n; i++)
		mode = mode * 8 + (uint32_t)(s->text[i] - '0');
	if (mode > 0777)
		return rgw_setting_refuse(s, "is more than the permissions of a file; expected 0000 to 0777");
	*(uint32_t *)s->field = mode;
	return true;
}

static bool
set_size(struct rgw_setting *s)
{
	return set_u32(s, rgw_unit_size);
}

static bool
set_time(struct rgw_setting *s)
{
	uint64_t n;

	if (!parse_number(s, rgw_unit_time, &n))
		return false;
	*(rgw_ms *)s->field = n;
	return true;
}

static void
show_number(struct rgw_strbuf *out, uint64_t n, const struct rgw_unit *units)
{
	char buf[RGW_UNIT_TEXT];

	rgw_strbuf_put(out, rgw_unit_format(n, units, buf));
}

static void
show_count(struct rgw_strbuf *out, const struct rgw_value *v)
{
	show_number(out, *(const uint32_t *)v->p, rgw_unit_none);
}

static void
show_mode(struct rgw_strbuf *out, const struct rgw_value *v)
{
	rgw_strbuf_printf(out, "%04o", *(const uint32_t *)v->p);
}

static void
show_size(struct rgw_strbuf *out, const struct rgw_value *v)
{
	show_number(out, *(const uint32_t *)v->p, rgw_unit_size);
}

static void
show_time(struct rgw_strbuf *out, const struct rgw_value *v)
{
	show_number(out, *(const rgw_ms *)v->p, rgw_unit_time);
}

/* Writes what is allowed: "0, or 5s to 5m", "1 to 16 connections". */
static void
range_units(struct rgw_strbuf *out, const struct rgw_opt *opt, const struct rgw_unit *units)
{
	rgw_strbuf_put(out, (opt->flags & RGW_OPT_OR_ZERO) != 0 ? "0, or " : "");
	show_number(out, opt->min, units);
	rgw_strbuf_put(out, " to ");
	show_number(out, opt->max, units);
	if (opt->unit != NULL)
		rgw_strbuf_printf(out, " %s", opt->unit);
}

static void
range_count(struct rgw_strbuf *out, const struct rgw_opt *opt)
{
	range_units(out, opt, rgw_unit_none);
}

static void
range_size(struct rgw_strbuf *out, const struct rgw_opt *opt)
{
	range_units(out, opt, rgw_unit_size);
}

static void
range_time(struct rgw_strbuf *out, const struct rgw_opt *opt)
{
	range_units(out, opt, rgw_unit_time);
}

const struct rgw_opt_type rgw_type_count = {
	"number", 0, sizeof(uint32_t), set_count, show_count, .range = range_count,
};
const struct rgw_opt_type rgw_type_mode = {
	"mode", 0, sizeof(uint32_t), set_mode, show_mode, .allowed = "0000 to 0777",
};
const struct rgw_opt_type rgw_type_size = {
	"size", 0, sizeof(uint32_t), set_size, show_size, .range = range_size,
};
const struct rgw_opt_type rgw_type_time = {
	"time", 0, sizeof(rgw_ms), set_time, show_time, .range = range_time,
};

/* ---- ranges ---- */

/* Parses a range "a-b", or "a" for "a-a". */
static bool
parse_range(struct rgw_setting *s, const struct rgw_unit *units, uint64_t *min, uint64_t *max)
{
	const char *dash = strchr(s->text, '-');
	char low[RGW_UNIT_TEXT] = "";
	const char *high = dash != NULL ? dash + 1 + strspn(dash + 1, " ") : s->text;
	size_t len = dash != NULL ? (size_t)(dash - s->text) : strlen(s->text);
	const char *why;

	while (len > 0 && s->text[len - 1] == ' ')
		len--;
	if (len < sizeof low)
		memcpy(low, s->text, len);
	why = rgw_unit_parse(low, units, min);
	if (why == NULL)
		why = rgw_unit_parse(high, units, max);
	if (why != NULL && dash != NULL)
		return rgw_setting_refuse(s,
		    "is not a range; write the least, a `-` and the most, such as %s", s->opt->def);
	if (why != NULL)
		return rgw_setting_refuse(s, "%s", why);
	if (*min > *max)
		return rgw_setting_refuse(s, "is a range whose end is before its start");
	if (*max == 0)
		return rgw_setting_refuse(s, "allows none at all");
	return rgw_setting_in_range(s, *min) && rgw_setting_in_range(s, *max);
}

static bool
set_count_range(struct rgw_setting *s)
{
	uint64_t min;
	uint64_t max;

	if (!parse_range(s, rgw_unit_none, &min, &max))
		return false;
	*(struct rgw_range_u32 *)s->field = (struct rgw_range_u32){ (uint32_t)min, (uint32_t)max };
	return true;
}

static bool
set_time_range(struct rgw_setting *s)
{
	uint64_t min;
	uint64_t max;

	if (!parse_range(s, rgw_unit_time, &min, &max))
		return false;
	*(struct rgw_range_ms *)s->field = (struct rgw_range_ms){ min, max };
	return true;
}

static void
show_count_range(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_range_u32 *range = v->p;

	rgw_strbuf_printf(out, "%u-%u", range->min, range->max);
}

static void
show_time_range(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_range_ms *range = v->p;

	show_number(out, range->min, rgw_unit_time);
	rgw_strbuf_put(out, "-");
	show_number(out, range->max, rgw_unit_time);
}

const struct rgw_opt_type rgw_type_count_range = {
	"range of numbers", 0, sizeof(struct rgw_range_u32), set_count_range, show_count_range,
	.range = range_count,
};
const struct rgw_opt_type rgw_type_time_range = {
	"range of times", 0, sizeof(struct rgw_range_ms), set_time_range, show_time_range,
	.range = range_time,
};
