/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "reading.h"

/* The types of options: what they have in common, and what is said about them to people. */

static const struct {
	const char *name;
	unsigned traits;
} types[RGW_OPT_TYPES] = {
	[RGW_OPT_INCLUDE] = { "list of file patterns", RGW_IS_LIST },
	[RGW_OPT_BOOL] = { "yes or no", 0 },
	[RGW_OPT_WORD] = { "word", 0 },
	[RGW_OPT_WORDS] = { "list of words", RGW_IS_LIST },
	[RGW_OPT_COUNT] = { "number", 0 },
	[RGW_OPT_SIZE] = { "size", 0 },
	[RGW_OPT_TIME] = { "time", 0 },
	[RGW_OPT_COUNT_RANGE] = { "range of numbers", 0 },
	[RGW_OPT_TIME_RANGE] = { "range of times", 0 },
	[RGW_OPT_RATE] = { "rate", 0 },
	[RGW_OPT_PER_SECOND] = { "rate", 0 },
	[RGW_OPT_STRING] = { "text", RGW_IS_POINTER },
	[RGW_OPT_STRINGS] = { "list of names", RGW_IS_LIST },
	[RGW_OPT_HOST] = { "host", RGW_IS_POINTER },
	[RGW_OPT_SNI] = { "DNS name", RGW_IS_POINTER | RGW_MAY_BE_EMPTY },
	[RGW_OPT_FILE] = { "file", RGW_IS_POINTER | RGW_IS_PATH },
	[RGW_OPT_KEY_FILE] = { "file", RGW_IS_POINTER | RGW_IS_PATH },
	[RGW_OPT_PATHS] = { "list of files or directories", RGW_IS_LIST | RGW_IS_PATH },
	[RGW_OPT_LOG_TARGET] = { "log target", RGW_IS_POINTER },
	[RGW_OPT_SECRET] = { "secret", RGW_IS_POINTER | RGW_IS_SECRET },
	[RGW_OPT_PASSWORD] = { "password", RGW_IS_POINTER | RGW_IS_SECRET },
	[RGW_OPT_ADDRESSES] = { "list of addresses", RGW_IS_LIST },
	[RGW_OPT_PREFIXES] = { "list of networks", RGW_IS_LIST },
	[RGW_OPT_ORIGINS] = { "list of networks or names", RGW_IS_LIST },
	[RGW_OPT_HOSTS] = { "list of hosts", RGW_IS_LIST },
	[RGW_OPT_CERT_RULES] = { "list of certificate rules", RGW_IS_LIST },
	[RGW_OPT_HIDDEN] = { "list of attributes", RGW_IS_LIST },
	[RGW_OPT_REFERENCE] = { "reference", RGW_IS_POINTER | RGW_IS_REFERENCE },
	[RGW_OPT_REFERENCES] = { "list of references", RGW_IS_LIST | RGW_IS_REFERENCE },
	[RGW_OPT_ACCT] = { "reference or word", RGW_IS_REFERENCE },
	[RGW_OPT_REGEX] = { "regular expression", RGW_IS_POINTER },
	[RGW_OPT_ATTRIBUTE] = { "attribute", 0 },
	[RGW_OPT_RETRANSMIT] = { "retransmission", 0 },
	[RGW_OPT_OPERATOR] = { "operator name", RGW_IS_POINTER },
	[RGW_OPT_ATTRIBUTES] = { "list of attributes", RGW_IS_LIST },
	[RGW_OPT_PAIRS] = { "list of attributes and values", RGW_IS_LIST | RGW_HAS_VARS | RGW_IS_PAIRS },
	[RGW_OPT_REPLACEMENTS] = { "list of replacements", RGW_IS_LIST | RGW_HAS_VARS },
};

bool
rgw_conf_opt_has(const struct rgw_opt *opt, enum rgw_opt_trait trait)
{
	return (types[opt->type].traits & trait) != 0;
}

const char *
rgw_conf_opt_type(const struct rgw_opt *opt)
{
	return types[opt->type].name;
}

/* "auth, acct" */
static void
join_words(const char *const *words, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; words[i] != NULL && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i > 0 ? ", " : "", words[i]);
}

const char *
rgw_conf_opt_refers(const struct rgw_opt *opt, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned kind = 0; kind < RGW_CONF_KINDS && n < size; kind++)
		if ((opt->refers >> kind & 1) != 0)
			n += (size_t)snprintf(buf + n, size - n, "%s[%s]", n > 0 ? " or " : "",
			    rgw_conf_section_of(kind)->name);
	return buf;
}

static void
describe_times(const struct rgw_opt *opt, char *buf, size_t size)
{
	char min[RGW_UNIT_TEXT];
	char max[RGW_UNIT_TEXT];

	snprintf(buf, size, "%s%s to %s", (opt->flags & RGW_OPT_OR_ZERO) != 0 ? "0, or " : "",
	    rgw_unit_format(opt->min, rgw_unit_time, min),
	    rgw_unit_format(opt->max, rgw_unit_time, max));
}

static void
describe_references(const struct rgw_opt *opt, char *buf, size_t size)
{
	char words[64] = "";
	char kinds[64];

	if (opt->words != NULL)
		join_words(opt->words, words, sizeof words);
	snprintf(buf, size, "%s%sthe name of a %s", words, opt->words != NULL ? ", " : "",
	    rgw_conf_opt_refers(opt, kinds, sizeof kinds));
}

static void
describe_sizes(const struct rgw_opt *opt, char *buf, size_t size)
{
	char min[RGW_UNIT_TEXT];
	char max[RGW_UNIT_TEXT];

	snprintf(buf, size, "%s to %s", rgw_unit_format(opt->min, rgw_unit_size, min),
	    rgw_unit_format(opt->max, rgw_unit_size, max));
}

static void
describe_addresses(const struct rgw_opt *opt, char *buf, size_t size)
{
	const char *kind = opt->type == RGW_OPT_HOSTS ? "host" : "address";

	if (opt->port == 0)
		snprintf(buf, size, "any %s, without a port", kind);
	else
		snprintf(buf, size, "any %s, with port %u if it has none", kind, opt->port);
}

const char *
rgw_conf_opt_range(const struct rgw_opt *opt, char *buf, size_t size)
{
	const char *unit = opt->unit != NULL ? opt->unit : "";
	const char *blank = opt->unit != NULL ? " " : "";

	switch (opt->type) {
	case RGW_OPT_BOOL:
		snprintf(buf, size, "yes, no");
		break;
	case RGW_OPT_WORD:
	case RGW_OPT_WORDS:
		join_words(opt->words, buf, size);
		break;
	case RGW_OPT_COUNT:
	case RGW_OPT_COUNT_RANGE:
		snprintf(buf, size, "%ju to %ju%s%s", (uintmax_t)opt->min, (uintmax_t)opt->max,
		    blank, unit);
		break;
	case RGW_OPT_SIZE:
		describe_sizes(opt, buf, size);
		break;
	case RGW_OPT_TIME:
	case RGW_OPT_TIME_RANGE:
		describe_times(opt, buf, size);
		break;
	case RGW_OPT_RATE:
		snprintf(buf, size, "%ju to %ju%s%s per s, m, h or d", (uintmax_t)opt->min,
		    (uintmax_t)opt->max, blank, unit);
		break;
	case RGW_OPT_PER_SECOND:
		snprintf(buf, size, "%ju to %ju/s", (uintmax_t)opt->min, (uintmax_t)opt->max);
		break;
	case RGW_OPT_STRING:
	case RGW_OPT_SECRET:
	case RGW_OPT_PASSWORD:
	case RGW_OPT_REGEX:
		snprintf(buf, size, "%ju to %ju octets", (uintmax_t)opt->min, (uintmax_t)opt->max);
		break;
	case RGW_OPT_LOG_TARGET:
		snprintf(buf, size, "stderr, syslog, a path");
		break;
	case RGW_OPT_REFERENCE:
	case RGW_OPT_REFERENCES:
	case RGW_OPT_ACCT:
		describe_references(opt, buf, size);
		break;
	case RGW_OPT_RETRANSMIT:
		snprintf(buf, size, "irt TIME mrt TIME mrc NUMBER mrd TIME");
		break;
	case RGW_OPT_ADDRESSES:
	case RGW_OPT_HOSTS:
		describe_addresses(opt, buf, size);
		break;
	case RGW_OPT_ATTRIBUTE:
		rgw_hash_key_names(buf, size);
		break;
	case RGW_OPT_OPERATOR:
		snprintf(buf, size, "0, 1, 2 or 3 and a name of that namespace");
		break;
	case RGW_OPT_INCLUDE:
	case RGW_OPT_STRINGS:
	case RGW_OPT_HOST:
	case RGW_OPT_SNI:
	case RGW_OPT_FILE:
	case RGW_OPT_KEY_FILE:
	case RGW_OPT_PATHS:
	case RGW_OPT_PREFIXES:
	case RGW_OPT_ORIGINS:
	case RGW_OPT_CERT_RULES:
	case RGW_OPT_HIDDEN:
	case RGW_OPT_ATTRIBUTES:
	case RGW_OPT_PAIRS:
	case RGW_OPT_REPLACEMENTS:
	case RGW_OPT_TYPES:
		snprintf(buf, size, "-");
		break;
	}
	return buf;
}
