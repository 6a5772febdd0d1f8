/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

_Static_assert(sizeof(enum rgw_log_level) == sizeof(unsigned), "enums are stored as unsigned");
_Static_assert(offsetof(struct rgw_conf_acct, how) == 0, "set as a word");

bool
rgw_setting_refuse(struct rgw_setting *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->why, sizeof s->why, fmt, ap);
	va_end(ap);
	return false;
}

static bool
in_range(struct rgw_setting *s, uint64_t n)
{
	char range[128];

	if (n >= s->opt->min && n <= s->opt->max)
		return true;
	if (n == 0 && (s->opt->flags & RGW_OPT_OR_ZERO) != 0)
		return true;
	return rgw_setting_refuse(s,
	    "is out of range; allowed is %s", rgw_conf_opt_range(s->opt, range, sizeof range));
}

bool
rgw_length_in_range(struct rgw_setting *s)
{
	if (s->len == 0 && s->opt->min > 0)
		return rgw_setting_refuse(s, "is empty");
	if (s->len > s->opt->max)
		return rgw_setting_refuse(s,
		    "is too long; at most %ju octets are allowed", (uintmax_t)s->opt->max);
	return true;
}

/* The position of the text among the words, or -1 with the reason set. */
static int
word_index(struct rgw_setting *s)
{
	struct rgw_nearest near;
	char all[128];

	rgw_nearest_init(&near, s->text);
	for (int i = 0; s->opt->words[i] != NULL; i++) {
		if (strcmp(s->opt->words[i], s->text) == 0)
			return i;
		rgw_nearest_try(&near, s->opt->words[i]);
	}
	rgw_conf_opt_range(s->opt, all, sizeof all);
	if (near.best[0] != '\0')
		rgw_setting_refuse(s, "is none of %s; did you mean %s?", all, near.best);
	else
		rgw_setting_refuse(s, "is none of %s", all);
	return -1;
}

static bool
set_bool(struct rgw_setting *s)
{
	bool *field = s->field;
	bool yes = strcmp(s->text, "yes") == 0 || strcmp(s->text, "on") == 0;

	if (!yes && strcmp(s->text, "no") != 0 && strcmp(s->text, "off") != 0)
		return rgw_setting_refuse(s, "is neither yes nor no");
	*field = yes;
	return true;
}

static bool
set_word(struct rgw_setting *s)
{
	unsigned *field = s->field;
	int i = word_index(s);

	if (i < 0)
		return false;
	*field = (unsigned)i;
	return true;
}

static bool
set_words(struct rgw_setting *s)
{
	unsigned *field = s->field;
	int i = word_index(s);

	if (i < 0)
		return false;
	*field |= 1u << i;
	return true;
}

static bool
set_u32(struct rgw_setting *s, const struct rgw_unit *units)
{
	uint32_t *field = s->field;
	uint64_t n;
	const char *why = rgw_unit_parse(s->text, units, &n);

	if (why != NULL)
		return rgw_setting_refuse(s, "%s", why);
	if (!in_range(s, n))
		return false;
	*field = (uint32_t)n;
	return true;
}

static bool
set_count(struct rgw_setting *s)
{
	return set_u32(s, rgw_unit_none);
}

static bool
set_size(struct rgw_setting *s)
{
	return set_u32(s, rgw_unit_size);
}

static bool
set_time(struct rgw_setting *s)
{
	rgw_ms *field = s->field;
	uint64_t n;
	const char *why = rgw_unit_parse(s->text, rgw_unit_time, &n);

	if (why != NULL)
		return rgw_setting_refuse(s, "%s", why);
	if (!in_range(s, n))
		return false;
	*field = n;
	return true;
}

/* "a-b", or "a" for "a-a". */
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
	return in_range(s, *min) && in_range(s, *max);
}

static bool
set_count_range(struct rgw_setting *s)
{
	struct rgw_range_u32 *field = s->field;
	uint64_t min;
	uint64_t max;

	if (!parse_range(s, rgw_unit_none, &min, &max))
		return false;
	*field = (struct rgw_range_u32){ (uint32_t)min, (uint32_t)max };
	return true;
}

static bool
set_time_range(struct rgw_setting *s)
{
	struct rgw_range_ms *field = s->field;
	uint64_t min;
	uint64_t max;

	if (!parse_range(s, rgw_unit_time, &min, &max))
		return false;
	*field = (struct rgw_range_ms){ min, max };
	return true;
}

static bool
set_rate(struct rgw_setting *s)
{
	struct rgw_rate *field = s->field;
	struct rgw_rate rate;
	const char *why = rgw_rate_parse(s->text, &rate);

	if (why != NULL)
		return rgw_setting_refuse(s, "%s", why);
	if (!in_range(s, rate.events) || !in_range(s, rate.burst))
		return false;
	*field = rate;
	return true;
}

static bool
set_per_second(struct rgw_setting *s)
{
	uint32_t *field = s->field;
	struct rgw_rate rate;
	const char *why = rgw_rate_parse(s->text, &rate);
	uint64_t n;

	if (why != NULL)
		return rgw_setting_refuse(s, "%s", why);
	n = (uint64_t)rate.events * 1000 / rate.period;
	if (n * rate.period != (uint64_t)rate.events * 1000 || rate.burst != rate.events)
		return rgw_setting_refuse(s, "is not a whole number per second, such as 10/s");
	if (!in_range(s, n))
		return false;
	*field = (uint32_t)n;
	return true;
}

static bool
set_retransmit(struct rgw_setting *s)
{
	struct rgw_retransmit *field = s->field;
	struct rgw_retransmit r = { 0 };
	const char *why;

	rgw_retransmit_parse(s->opt->def, &r);
	why = rgw_retransmit_parse(s->text, &r);
	if (why != NULL)
		return rgw_setting_refuse(s, "%s", why);
	*field = r;
	return true;
}

static bool
set_regex(struct rgw_setting *s)
{
	struct rgw_pattern **field = s->field;
	char why[128];

	if (!rgw_length_in_range(s))
		return false;
	*field = rgw_pattern_new(s->text, true, why, sizeof why);
	return *field != NULL || rgw_setting_refuse(s, "is no regular expression: %s", why);
}

bool
rgw_set_string(struct rgw_setting *s)
{
	char **field = s->field;

	if (!rgw_length_in_range(s))
		return false;
	*field = rgw_xstrdup(s->text);
	return true;
}

static bool
add_string(struct rgw_setting *s)
{
	if (!rgw_length_in_range(s))
		return false;
	*(char **)rgw_array_grow(s->field, sizeof(char *)) = rgw_xstrdup(s->text);
	return true;
}

static bool
set_password(struct rgw_setting *s)
{
	if (strlen(s->text) != s->len)
		return rgw_setting_refuse(s, "contains a NUL octet");
	return rgw_set_string(s);
}

static bool (*const set[RGW_OPT_TYPES])(struct rgw_setting *) = {
	[RGW_OPT_BOOL] = set_bool,
	[RGW_OPT_WORD] = set_word,
	[RGW_OPT_WORDS] = set_words,
	[RGW_OPT_COUNT] = set_count,
	[RGW_OPT_SIZE] = set_size,
	[RGW_OPT_TIME] = set_time,
	[RGW_OPT_COUNT_RANGE] = set_count_range,
	[RGW_OPT_TIME_RANGE] = set_time_range,
	[RGW_OPT_RATE] = set_rate,
	[RGW_OPT_PER_SECOND] = set_per_second,
	[RGW_OPT_STRING] = rgw_set_string,
	[RGW_OPT_STRINGS] = add_string,
	[RGW_OPT_HOST] = rgw_set_host,
	[RGW_OPT_SNI] = rgw_set_sni,
	[RGW_OPT_FILE] = rgw_set_string,
	[RGW_OPT_KEY_FILE] = rgw_set_string,
	[RGW_OPT_PATHS] = add_string,
	[RGW_OPT_LOG_TARGET] = rgw_set_string,
	[RGW_OPT_SECRET] = rgw_set_secret,
	[RGW_OPT_PASSWORD] = set_password,
	[RGW_OPT_ADDRESSES] = rgw_add_address,
	[RGW_OPT_PREFIXES] = rgw_add_prefix,
	[RGW_OPT_ORIGINS] = rgw_add_origin,
	[RGW_OPT_HOSTS] = rgw_add_host,
	[RGW_OPT_CERT_RULES] = rgw_add_cert_rule,
	[RGW_OPT_HIDDEN] = rgw_add_hidden,
	[RGW_OPT_ATTRIBUTE] = rgw_set_hash_key,
	[RGW_OPT_RETRANSMIT] = set_retransmit,
	[RGW_OPT_REGEX] = set_regex,
	/* Words only; a reference is kept until all sections are known. */
	[RGW_OPT_ACCT] = set_word,
	[RGW_OPT_OPERATOR] = rgw_set_operator,
	[RGW_OPT_ATTRIBUTES] = rgw_add_attribute,
	[RGW_OPT_PAIRS] = rgw_add_pair,
	[RGW_OPT_REPLACEMENTS] = rgw_add_replacement,
};

bool
rgw_value_set(struct rgw_setting *s)
{
	return set[s->opt->type](s);
}
