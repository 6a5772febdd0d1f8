/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"

/*
 * The value in the field of an option, whatever its type: it is set, counted, shown, compared and cleared here.
 */

static bool
is_null(const void *field)
{
	static const void *const null;

	return memcmp(field, &null, sizeof null) == 0;
}

size_t
rgw_value_count(const struct rgw_opt *opt, const void *field)
{
	if (opt->type->size == 0)
		return 0;
	if (opt->type == &rgw_type_words)
		return *(const unsigned *)field != 0 ? 1 : 0;
	if (rgw_conf_opt_has(opt, RGW_IS_ARRAY))
		return rgw_array_count(field);
	return rgw_conf_opt_has(opt, RGW_IS_POINTER) && is_null(field) ? 0 : 1;
}

/* Item i of an array, or the field itself. */
static const void *
item_of(const struct rgw_opt *opt, const void *field, size_t i)
{
	return rgw_conf_opt_has(opt, RGW_IS_ARRAY) ? rgw_array_item(field, i, opt->type->size) : field;
}

bool
rgw_value_set(struct rgw_setting *s)
{
	void *array = s->field;
	bool good;

	if (!rgw_conf_opt_has(s->opt, RGW_IS_ARRAY))
		return s->opt->type->set(s);
	s->before = rgw_array_count(array);
	s->field = rgw_array_grow(array, s->opt->type->size);
	good = s->opt->type->set(s);
	if (!good)
		rgw_array_drop(array);
	s->field = array;
	return good;
}

char *
rgw_value_text(const struct rgw_opt *opt, const void *field, size_t i)
{
	struct rgw_strbuf out = { 0 };

	rgw_strbuf_put(&out, "");
	opt->type->text(&out, &(struct rgw_value){ opt, item_of(opt, field, i) });
	return out.v;
}

/* Is item i of one field the same as item k of the other? */
static bool
is_same(const struct rgw_opt *opt, const void *a, size_t i, const void *b, size_t k)
{
	char *x;
	char *y;
	bool same;

	/* The same octets are the same value, which spares most values their text. */
	if (memcmp(item_of(opt, a, i), item_of(opt, b, k), opt->type->size) == 0)
		return true;
	if (opt->type->equal != NULL)
		return opt->type->equal(item_of(opt, a, i), item_of(opt, b, k));
	x = rgw_value_text(opt, a, i);
	y = rgw_value_text(opt, b, k);
	same = strcmp(x, y) == 0;
	free(x);
	free(y);
	return same;
}

bool
rgw_value_equal(const struct rgw_opt *opt, const void *a, const void *b)
{
	size_t n = rgw_value_count(opt, a);

	if (n != rgw_value_count(opt, b))
		return false;
	while (n > 0 && is_same(opt, a, n - 1, b, n - 1))
		n--;
	return n == 0;
}

const struct rgw_conf_head *
rgw_value_target(const struct rgw_opt *opt, const void *field, size_t i)
{
	const struct rgw_conf_head *head;

	if (i >= rgw_value_count(opt, field))
		return NULL;
	if (opt->type == &rgw_type_acct)
		return ((const struct rgw_conf_acct *)field)->target;
	memcpy(&head, item_of(opt, field, i), sizeof head);
	return head;
}

bool
rgw_value_repeats(const struct rgw_opt *opt, const void *field, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_same(opt, field, k, field, i))
			return true;
	return false;
}

void
rgw_value_clear(const struct rgw_opt *opt, void *field)
{
	void (*clear)(void *value) = opt->type->clear;

	if (!rgw_conf_opt_has(opt, RGW_IS_ARRAY)) {
		if (clear != NULL)
			clear(field);
		return;
	}
	for (size_t i = 0; clear != NULL && i < rgw_array_count(field); i++)
		clear(rgw_array_item(field, i, opt->type->size));
	free(rgw_array_take(field));
}

/* Is the other option set in such a way that options which depend on it count? */
static bool
is_on(const struct rgw_opt *opt, const void *field, const char *word)
{
	if (word != NULL)
		return strcmp(opt->words[*(const unsigned *)field], word) == 0;
	if (opt->type == &rgw_type_bool)
		return *(const bool *)field;
	return rgw_value_count(opt, field) > 0;
}

/* Does another option take the effect away, by being there or by missing? Then `buf` says so. */
static bool
is_idle(const struct rgw_opt *because, const void *section, bool without, const char *word, char *buf, size_t size)
{
	if (is_on(because, (const char *)section + because->where, word) == without)
		return false;
	if (word == NULL && because->type == &rgw_type_bool)
		word = "yes";
	snprintf(buf, size, "%s `%s%s%s`", without ? "without" : "with", because->key, word != NULL ? " = " : "",
	    word != NULL ? word : "");
	return true;
}

bool
rgw_value_remark(const struct rgw_opt *opt, const void *section, char buf[static RGW_REMARK_TEXT])
{
	const struct rgw_opt *because;
	char why[128];

	if (rgw_value_idle(opt, section, &because, why, sizeof why) != NULL)
		snprintf(buf, RGW_REMARK_TEXT, "(no effect %s)", why);
	else if (rgw_value_count(opt, (const char *)section + opt->where) == 0)
		snprintf(buf, RGW_REMARK_TEXT, "(%s)", opt->unset != NULL ? opt->unset : "none");
	else if (rgw_conf_opt_has(opt, RGW_IS_SECRET))
		snprintf(buf, RGW_REMARK_TEXT, "(hidden)");
	else
		return false;
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
