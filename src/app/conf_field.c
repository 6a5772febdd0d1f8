/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_priv.h"
#include "radsecgw/mem.h"

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

/* Does another option take the effect away, by being there or by missing? Then `buf` says so. */
static bool
is_idle(const struct rgw_opt *because, const void *section, bool without, const char *word, char *buf, size_t size)
{
	if (is_on(because, (const char *)section + because->where, word) == without)
		return false;
	if (word == NULL && because->type == RGW_OPT_BOOL)
		word = "yes";
	snprintf(buf, size, "%s `%s%s%s`", without ? "without" : "with", because->key, word != NULL ? " = " : "",
	    word != NULL ? word : "");
	return true;
}

const char *
rgw_value_idle(const struct rgw_opt *opt, const void *section, const struct rgw_opt **because,
    char *buf, size_t size)
{
	const struct {
		const char *key, *word;
		bool without;
	} rules[] = {
		{ opt->only_with, opt->with_word, true },
		{ opt->not_with, opt->with_word, false },
		{ opt->nor_with, NULL, false },
	};
	bool from_file;

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (rules[i].key == NULL)
			continue;
		*because = rgw_conf_opt_find(opt->kind, rules[i].key, &from_file);
		if (is_idle(*because, section, rules[i].without, rules[i].word, buf, size))
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
clear_origins(struct rgw_conf_origins *origins)
{
	for (size_t i = 0; i < origins->n; i++)
		free(origins->v[i].name.host);
	free(rgw_list_take(origins));
}

static void
clear_secret(struct rgw_secret **field)
{
	rgw_secret_free(*field);
	*field = NULL;
}

static void
clear_regex(struct rgw_pattern **field)
{
	rgw_pattern_free(*field);
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
	case RGW_OPT_ORIGINS:
		clear_origins(field);
		break;
	case RGW_OPT_CERT_RULES:
		rgw_cert_rules_free(field);
		break;
	case RGW_OPT_REGEX:
		clear_regex(field);
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
	case RGW_OPT_ACCT:
	case RGW_OPT_ATTRIBUTE:
	case RGW_OPT_RETRANSMIT:
	case RGW_OPT_TYPES:
		break;
	}
}
