/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_priv.h"
#include "radsecgw/mem.h"

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

size_t
rgw_value_count(const struct rgw_opt *opt, const void *field)
{
	if (opt->type == RGW_OPT_INCLUDE)
		return 0;
	if (opt->type == RGW_OPT_WORDS)
		return *(const unsigned *)field != 0 ? 1 : 0;
	if (rgw_conf_opt_has(opt, RGW_IS_LIST))
		return rgw_list_count(field);
	return rgw_conf_opt_has(opt, RGW_IS_POINTER) && pointer_in(field) == NULL ? 0 : 1;
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

static void
format_host(const struct rgw_hostport *hp, char *buf, size_t size)
{
	if (strchr(hp->host, ':') != NULL)
		snprintf(buf, size, "[%s]:%u", hp->host, hp->port);
	else
		snprintf(buf, size, "%s:%u", hp->host, hp->port);
}

static void
format_count_range(const struct rgw_range_u32 *range, char *buf, size_t size)
{
	snprintf(buf, size, "%u-%u", range->min, range->max);
}

static void
format_time_range(const struct rgw_range_ms *range, char *buf, size_t size)
{
	char min[RGW_UNIT_TEXT];
	char max[RGW_UNIT_TEXT];

	snprintf(buf, size, "%s-%s", rgw_unit_format(range->min, rgw_unit_time, min),
	    rgw_unit_format(range->max, rgw_unit_time, max));
}

/* A rule may be as long as a line. */
static char *
cert_rule_text(const struct rgw_cert_rule *rule)
{
	size_t size = strlen(rule->text) + VALUE_TEXT;
	char *buf = rgw_xcalloc(1, size);

	rgw_cert_rule_format(rule, buf, size);
	return buf;
}

static char *
reference_text(const void *field)
{
	/* Every section begins with its head. */
	return rgw_xstrdup(((const struct rgw_conf_head *)pointer_in(field))->name);
}

char *
rgw_value_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	char buf[VALUE_TEXT] = "";

	switch (opt->type) {
	case RGW_OPT_BOOL:
		return rgw_xstrdup(*(const bool *)field ? "yes" : "no");
	case RGW_OPT_WORD:
		return rgw_xstrdup(opt->words[*(const unsigned *)field]);
	case RGW_OPT_WORDS:
		format_words(opt->words, *(const unsigned *)field, buf, sizeof buf);
		break;
	case RGW_OPT_COUNT:
		snprintf(buf, sizeof buf, "%u", *(const uint32_t *)field);
		break;
	case RGW_OPT_SIZE:
		rgw_unit_format(*(const uint32_t *)field, rgw_unit_size, buf);
		break;
	case RGW_OPT_TIME:
		rgw_unit_format(*(const rgw_ms *)field, rgw_unit_time, buf);
		break;
	case RGW_OPT_COUNT_RANGE:
		format_count_range(field, buf, sizeof buf);
		break;
	case RGW_OPT_TIME_RANGE:
		format_time_range(field, buf, sizeof buf);
		break;
	case RGW_OPT_RATE:
		rgw_rate_format(field, buf, sizeof buf);
		break;
	case RGW_OPT_PER_SECOND:
		snprintf(buf, sizeof buf, *(const uint32_t *)field > 0 ? "%u/s" : "%u",
		    *(const uint32_t *)field);
		break;
	case RGW_OPT_STRING:
	case RGW_OPT_HOST:
	case RGW_OPT_SNI:
	case RGW_OPT_FILE:
	case RGW_OPT_KEY_FILE:
	case RGW_OPT_LOG_TARGET:
	case RGW_OPT_OPERATOR:
		return rgw_xstrdup(pointer_in(field));
	case RGW_OPT_STRINGS:
	case RGW_OPT_PATHS:
	case RGW_OPT_HIDDEN:
		return rgw_xstrdup(*(char **)rgw_list_item(field, i, sizeof(char *)));
	case RGW_OPT_ADDRESSES:
		rgw_addr_format(rgw_list_item(field, i, sizeof(struct rgw_addr)), buf);
		break;
	case RGW_OPT_PREFIXES:
		rgw_prefix_format(rgw_list_item(field, i, sizeof(struct rgw_prefix)), buf);
		break;
	case RGW_OPT_HOSTS:
		format_host(rgw_list_item(field, i, sizeof(struct rgw_hostport)), buf, sizeof buf);
		break;
	case RGW_OPT_CERT_RULES:
		return cert_rule_text(rgw_list_item(field, i, sizeof(struct rgw_cert_rule)));
	case RGW_OPT_REFERENCE:
		return reference_text(field);
	case RGW_OPT_REFERENCES:
		return reference_text(rgw_list_item(field, i, sizeof(void *)));
	case RGW_OPT_ATTRIBUTE:
		rgw_attr_format(&(struct rgw_attr_ref){ .type = *(const uint8_t *)field }, buf);
		break;
	case RGW_OPT_ATTRIBUTES:
	case RGW_OPT_PAIRS:
	case RGW_OPT_REPLACEMENTS:
		return rgw_rewrite_rule_text(rgw_list_item(field, i, sizeof(struct rgw_rewrite_rule)));
	case RGW_OPT_RETRANSMIT:
		rgw_retransmit_format(field, buf, sizeof buf);
		break;
	case RGW_OPT_INCLUDE:
	case RGW_OPT_SECRET:
	case RGW_OPT_PASSWORD:
	case RGW_OPT_TYPES:
		break;
	}
	return rgw_xstrdup(buf);
}

/* Does the option say what makes others count? */
static bool
is_on(const struct rgw_opt *opt, const void *field, const char *word)
{
	if (word != NULL)
		return strcmp(opt->words[*(const unsigned *)field], word) == 0;
	if (opt->type == RGW_OPT_BOOL)
		return *(const bool *)field;
	return rgw_value_count(opt, field) > 0;
}

const char *
rgw_value_idle(const struct rgw_opt *opt, const void *section, const struct rgw_opt **because,
    char *buf, size_t size)
{
	bool without = opt->only_with != NULL;
	const char *key = without ? opt->only_with : opt->not_with;
	const char *word = opt->with_word;
	bool from_file;

	if (key == NULL)
		return NULL;
	*because = rgw_conf_opt_find(opt->kind, key, &from_file);
	if (is_on(*because, (const char *)section + (*because)->where, word) != without) {
		if (word == NULL && (*because)->type == RGW_OPT_BOOL)
			word = "yes";
		snprintf(buf, size, "%s `%s%s%s`", without ? "without" : "with", key,
		    word != NULL ? " = " : "", word != NULL ? word : "");
		return buf;
	}
	return NULL;
}

static void
clear_password(char **field)
{
	if (*field != NULL)
		rgw_wipe(*field, strlen(*field));
	free(*field);
	*field = NULL;
}

static void
clear_hosts(struct rgw_hostports *hosts)
{
	for (size_t i = 0; i < hosts->n; i++)
		free(hosts->v[i].host);
	free(rgw_list_take(hosts));
}

static void
clear_secret(struct rgw_secret **field)
{
	rgw_secret_free(*field);
	*field = NULL;
}

void
rgw_value_clear(const struct rgw_opt *opt, void *field)
{
	switch (opt->type) {
	case RGW_OPT_STRING:
	case RGW_OPT_HOST:
	case RGW_OPT_SNI:
	case RGW_OPT_FILE:
	case RGW_OPT_KEY_FILE:
	case RGW_OPT_LOG_TARGET:
	case RGW_OPT_OPERATOR:
		free(*(char **)field);
		*(char **)field = NULL;
		break;
	case RGW_OPT_PASSWORD:
		clear_password(field);
		break;
	case RGW_OPT_SECRET:
		clear_secret(field);
		break;
	case RGW_OPT_STRINGS:
	case RGW_OPT_PATHS:
	case RGW_OPT_HIDDEN:
		rgw_strings_fini(field);
		break;
	case RGW_OPT_HOSTS:
		clear_hosts(field);
		break;
	case RGW_OPT_CERT_RULES:
		rgw_cert_rules_free(field);
		break;
	case RGW_OPT_ATTRIBUTES:
	case RGW_OPT_PAIRS:
	case RGW_OPT_REPLACEMENTS:
		rgw_rewrite_rules_fini(field);
		break;
	case RGW_OPT_ADDRESSES:
	case RGW_OPT_PREFIXES:
	case RGW_OPT_REFERENCES:
		free(rgw_list_take(field));
		break;
	case RGW_OPT_INCLUDE:
	case RGW_OPT_BOOL:
	case RGW_OPT_WORD:
	case RGW_OPT_WORDS:
	case RGW_OPT_COUNT:
	case RGW_OPT_SIZE:
	case RGW_OPT_TIME:
	case RGW_OPT_COUNT_RANGE:
	case RGW_OPT_TIME_RANGE:
	case RGW_OPT_RATE:
	case RGW_OPT_PER_SECOND:
	case RGW_OPT_REFERENCE:
	case RGW_OPT_ATTRIBUTE:
	case RGW_OPT_RETRANSMIT:
	case RGW_OPT_TYPES:
		break;
	}
}
