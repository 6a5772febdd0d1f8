/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/* The values of options as text, for the dump. */

/* Long enough for every value but texts. */
#define VALUE_TEXT 320

/* Whatever type of object it points to. */
static void *
pointer_in(const void *field)
{
	void *p;

	memcpy(&p, field, sizeof p);
	return p;
}

static void
format_words(const char *const *words, unsigned bits, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; words[i] != NULL && n < size; i++) {
		const char *comma = n > 0 ? ", " : "";

		if ((bits >> i & 1) != 0)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", comma, words[i]);
	}
}

/* Writes value or item i. */
typedef char *text_fn(const struct rgw_opt *opt, const void *field, size_t i);

static char *
bool_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	(void)opt;
	(void)i;
	return rgw_xstrdup(*(const bool *)field ? "yes" : "no");
}

static char *
word_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	(void)i;
	return rgw_xstrdup(opt->words[*(const unsigned *)field]);
}

static char *
words_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	char buf[VALUE_TEXT];

	(void)i;
	format_words(opt->words, *(const unsigned *)field, buf, sizeof buf);
	return rgw_xstrdup(buf);
}

static char *
count_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	char buf[RGW_UNIT_TEXT];

	(void)opt;
	(void)i;
	return rgw_xstrdup(rgw_unit_format(*(const uint32_t *)field, rgw_unit_none, buf));
}

static char *
size_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	char buf[RGW_UNIT_TEXT];

	(void)opt;
	(void)i;
	return rgw_xstrdup(rgw_unit_format(*(const uint32_t *)field, rgw_unit_size, buf));
}

static char *
time_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	char buf[RGW_UNIT_TEXT];

	(void)opt;
	(void)i;
	return rgw_xstrdup(rgw_unit_format(*(const rgw_ms *)field, rgw_unit_time, buf));
}

static char *
count_range_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	const struct rgw_range_u32 *range = field;
	char buf[VALUE_TEXT];

	(void)opt;
	(void)i;
	snprintf(buf, sizeof buf, "%u-%u", range->min, range->max);
	return rgw_xstrdup(buf);
}

static char *
time_range_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	const struct rgw_range_ms *range = field;
	char min[RGW_UNIT_TEXT];
	char max[RGW_UNIT_TEXT];
	char buf[VALUE_TEXT];

	(void)opt;
	(void)i;
	snprintf(buf, sizeof buf, "%s-%s", rgw_unit_format(range->min, rgw_unit_time, min),
	    rgw_unit_format(range->max, rgw_unit_time, max));
	return rgw_xstrdup(buf);
}

static char *
rate_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	char buf[VALUE_TEXT];

	(void)opt;
	(void)i;
	rgw_rate_format(field, buf, sizeof buf);
	return rgw_xstrdup(buf);
}

static char *
per_second_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	uint32_t n = *(const uint32_t *)field;
	char buf[VALUE_TEXT];

	(void)opt;
	(void)i;
	snprintf(buf, sizeof buf, n > 0 ? "%u/s" : "%u", n);
	return rgw_xstrdup(buf);
}

static char *
string_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	(void)opt;
	(void)i;
	return rgw_xstrdup(pointer_in(field));
}

static char *
strings_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	(void)opt;
	return rgw_xstrdup(*(char **)rgw_array_item(field, i, sizeof(char *)));
}

static char *
address_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	char buf[VALUE_TEXT];

	(void)opt;
	rgw_addr_format(rgw_array_item(field, i, sizeof(struct rgw_addr)), buf);
	return rgw_xstrdup(buf);
}

static char *
prefix_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	char buf[VALUE_TEXT];

	(void)opt;
	rgw_prefix_format(rgw_array_item(field, i, sizeof(struct rgw_prefix)), buf);
	return rgw_xstrdup(buf);
}

static char *
origin_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	const struct rgw_conf_origin *origin = rgw_array_item(field, i, sizeof *origin);
	char buf[VALUE_TEXT];

	(void)opt;
	return rgw_xstrdup(origin->name.host != NULL ? origin->name.host : rgw_prefix_format(&origin->prefix, buf));
}

static char *
host_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	const struct rgw_hostport *hp = rgw_array_item(field, i, sizeof *hp);
	char buf[VALUE_TEXT];

	(void)opt;
	snprintf(buf, sizeof buf, strchr(hp->host, ':') != NULL ? "[%s]:%u" : "%s:%u", hp->host, hp->port);
	return rgw_xstrdup(buf);
}

/* A rule may be as long as a line. */
static char *
cert_rule_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	const struct rgw_cert_rule *rule = rgw_array_item(field, i, sizeof *rule);
	size_t size = strlen(rule->text) + VALUE_TEXT;
	char *buf = rgw_xcalloc(1, size);

	(void)opt;
	rgw_cert_rule_format(rule, buf, size);
	return buf;
}

/* Every section begins with its head. */
static char *
reference_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	(void)opt;
	(void)i;
	return rgw_xstrdup(((const struct rgw_conf_head *)pointer_in(field))->name);
}

static char *
references_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	return reference_text(opt, rgw_array_item(field, i, sizeof(struct rgw_conf_head *)), 0);
}

static char *
acct_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	const struct rgw_conf_acct *acct = field;

	(void)i;
	return rgw_xstrdup(acct->how == RGW_ACCT_TARGET ? acct->target->name : opt->words[acct->how]);
}

static char *
regex_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	(void)opt;
	(void)i;
	return rgw_xstrdup(rgw_pattern_text(pointer_in(field)));
}

static char *
attribute_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	const struct rgw_attr_ref ref = { .type = *(const uint8_t *)field };
	char buf[VALUE_TEXT];

	(void)opt;
	(void)i;
	rgw_attr_format(&ref, buf);
	return rgw_xstrdup(buf);
}

static char *
rule_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	(void)opt;
	return rgw_rewrite_rule_text(rgw_array_item(field, i, sizeof(struct rgw_rewrite_rule)));
}

static char *
retransmit_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	char buf[VALUE_TEXT];

	(void)opt;
	(void)i;
	rgw_retransmit_format(field, buf, sizeof buf);
	return rgw_xstrdup(buf);
}

/* What is read only while the file is, and what is secret, has no text. */
static text_fn *const texts[RGW_OPT_TYPES] = {
	[RGW_OPT_BOOL] = bool_text,
	[RGW_OPT_WORD] = word_text,
	[RGW_OPT_WORDS] = words_text,
	[RGW_OPT_COUNT] = count_text,
	[RGW_OPT_SIZE] = size_text,
	[RGW_OPT_TIME] = time_text,
	[RGW_OPT_COUNT_RANGE] = count_range_text,
	[RGW_OPT_TIME_RANGE] = time_range_text,
	[RGW_OPT_RATE] = rate_text,
	[RGW_OPT_PER_SECOND] = per_second_text,
	[RGW_OPT_STRING] = string_text,
	[RGW_OPT_STRINGS] = strings_text,
	[RGW_OPT_HOST] = string_text,
	[RGW_OPT_SNI] = string_text,
	[RGW_OPT_FILE] = string_text,
	[RGW_OPT_KEY_FILE] = string_text,
	[RGW_OPT_PATHS] = strings_text,
	[RGW_OPT_LOG_TARGET] = string_text,
	[RGW_OPT_ADDRESSES] = address_text,
	[RGW_OPT_PREFIXES] = prefix_text,
	[RGW_OPT_ORIGINS] = origin_text,
	[RGW_OPT_HOSTS] = host_text,
	[RGW_OPT_CERT_RULES] = cert_rule_text,
	[RGW_OPT_HIDDEN] = strings_text,
	[RGW_OPT_REFERENCE] = reference_text,
	[RGW_OPT_REFERENCES] = references_text,
	[RGW_OPT_ACCT] = acct_text,
	[RGW_OPT_REGEX] = regex_text,
	[RGW_OPT_ATTRIBUTE] = attribute_text,
	[RGW_OPT_RETRANSMIT] = retransmit_text,
	[RGW_OPT_ATTRIBUTES] = rule_text,
	[RGW_OPT_PAIRS] = rule_text,
	[RGW_OPT_REPLACEMENTS] = rule_text,
	[RGW_OPT_OPERATOR] = string_text,
};

char *
rgw_value_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	return texts[opt->type](opt, field, i);
}
