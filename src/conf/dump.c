/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/*
 * The effective configuration as text that can be read back (`radsecgw check --dump`), and the list of all
 * options for the test of the manual page.
 */

/* A line of the dump is no longer than this, or it could not be read again. */
#define LINE_LIMIT 197

/* Does the text need quotes, or would the reader take it for something else? */
static bool
needs_quotes(const struct rgw_opt *opt, const char *text, bool list)
{
	size_t n = strlen(text);

	if (rgw_conf_opt_has(opt, RGW_IS_PAIRS) && strstr(text, "= \"") != NULL)
		return true;
	if (n == 0 || strchr("\";", text[0]) != NULL || text[0] == ' ' || text[n - 1] == ' ')
		return true;
	return strstr(text, " ;") != NULL || (list && strchr(text, ',') != NULL);
}

/* An item on a line of its own must not look like a comment, a section or a key either. */
static bool
looks_like_more(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	n = n > 0 ? n + strspn(text + n, " ") : 0;
	return text[0] == '#' || text[0] == '[' || (n > 0 && text[n] == '=');
}

static char *
written(const struct rgw_opt *opt, const char *text, bool quotes)
{
	bool dollars = !rgw_conf_opt_has(opt, RGW_HAS_VARS);
	struct rgw_strbuf out = { 0 };

	rgw_strbuf_put(&out, quotes ? "\"" : "");
	for (; *text != '\0'; text++) {
		if ((*text == '$' && dollars) || (quotes && *text == '"'))
			rgw_strbuf_add(&out, text, 1);
		rgw_strbuf_add(&out, text, 1);
	}
	rgw_strbuf_put(&out, quotes ? "\"" : "");
	return out.v;
}

static void
dump_value(const struct rgw_opt *opt, const char *text, FILE *out)
{
	/* The words of a list are shown as one text, separated by commas. */
	bool list = rgw_conf_opt_has(opt, RGW_IS_LIST) && opt->type != &rgw_type_words;
	bool quotes = needs_quotes(opt, text, list);
	char *value = written(opt, text, quotes);

	if (strlen(opt->key) + 3 + strlen(value) <= LINE_LIMIT) {
		fprintf(out, "%s = %s\n", opt->key, value);
	} else if (!list) {
		fprintf(out, "%s=%s\n", opt->key, value);
	} else {
		free(value);
		value = written(opt, text, quotes || looks_like_more(text));
		fprintf(out, "%s =\n\t%s\n", opt->key, value);
	}
	free(value);
}

static void
dump_option(const struct rgw_opt *opt, const void *section, FILE *out)
{
	const void *field = (const char *)section + opt->where;
	size_t n = rgw_value_count(opt, field);
	char remark[RGW_REMARK_TEXT];

	if (opt->type == &rgw_type_include)
		return;
	if (rgw_value_remark(opt, section, remark))
		fprintf(out, "# %s = %s\n", opt->key, remark);
	else
		for (size_t i = 0; i < n; i++) {
			char *text = rgw_value_text(opt, field, i);

			dump_value(opt, text, out);
			free(text);
		}
}

static void
dump_section(enum rgw_conf_kind kind, const void *data, FILE *out)
{
	char title[RGW_TITLE_TEXT];
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(kind, &n);

	fprintf(out, "%s\n", rgw_draft_title(data, title));
	for (; n > 0; n--, opt++)
		dump_option(opt, data, out);
}

void
rgw_conf_dump(const struct rgw_conf *conf, FILE *out)
{
	const char *gap = "";

	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		const void *data;

		for (size_t i = 0; (data = rgw_conf_section_at(conf, kind, i)) != NULL; i++) {
			fputs(gap, out);
			dump_section(kind, data, out);
			gap = "\n";
		}
	}
}

static void
put_default(struct rgw_strbuf *s, const struct rgw_opt *opt)
{
	if (opt->def != NULL)
		rgw_strbuf_put(s, opt->def);
	else if ((opt->flags & RGW_OPT_REQUIRED) != 0)
		rgw_strbuf_put(s, "required");
	else
		rgw_strbuf_printf(s, "(%s)", opt->unset);
}

static void
put_range(struct rgw_strbuf *s, const struct rgw_opt *opt)
{
	struct rgw_strbuf range = { 0 };

	if (opt->type->range != NULL)
		opt->type->range(&range, opt);
	else
		rgw_strbuf_put(&range, opt->type->allowed != NULL ? opt->type->allowed : "-");
	rgw_strbuf_put(s, range.v);
	rgw_strbuf_fini(&range);
}

void
rgw_conf_print_options(FILE *out)
{
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		const char *section = rgw_conf_section_of(kind)->name;
		size_t n;
		const struct rgw_opt *opt = rgw_conf_opts_of(kind, &n);

		for (; n > 0; n--, opt++) {
			struct rgw_strbuf line = { 0 };

			put_default(&line, opt);
			rgw_strbuf_put(&line, "\t");
			put_range(&line, opt);
			fprintf(out, "%s\t%s\t%s\t%s\t%s\n", section, opt->key, opt->type->name, line.v, opt->help);
			rgw_strbuf_fini(&line);
			if (rgw_conf_opt_has(opt, RGW_IS_SECRET))
				fprintf(out, "%s\t%s-file\tfile\t(none)\t-\tfile that holds %s\n",
				    section, opt->key, opt->key);
		}
	}
}

/* ---- for people ---- */

#define WIDTH 78

/* Prints a text in lines that fit on a screen, with this before each, and ends it. */
static void
print_lines(struct rgw_strbuf *text, const char *indent, FILE *out)
{
	size_t column = 0;

	for (const char *word = text->v; *word != '\0'; word += strspn(word, " ")) {
		size_t len = strcspn(word, " ");

		if (column == 0 || column + 1 + len > WIDTH) {
			fprintf(out, "%s%s%.*s", column > 0 ? "\n" : "", indent, (int)len, word);
			column = strlen(indent) + len;
		} else {
			fprintf(out, " %.*s", (int)len, word);
			column += 1 + len;
		}
		word += len;
	}
	fputs("\n", out);
	rgw_strbuf_fini(text);
	*text = (struct rgw_strbuf){ 0 };
}

static void
describe(const struct rgw_opt *opt, const char *section, const char *argument, FILE *out)
{
	struct rgw_strbuf text = { 0 };

	fprintf(out, "  [%s%s%s] %s\n", section, argument != NULL ? " " : "", argument != NULL ? argument : "",
	    opt->key);
	rgw_strbuf_put(&text, opt->help);
	print_lines(&text, "      ", out);
	rgw_strbuf_printf(&text, "Value: %s", opt->type->name);
	if (opt->type != &rgw_type_bool && (opt->type->range != NULL || opt->type->allowed != NULL)) {
		rgw_strbuf_put(&text, ", ");
		put_range(&text, opt);
	}
	print_lines(&text, "      ", out);
	rgw_strbuf_put(&text, "Default: ");
	put_default(&text, opt);
	print_lines(&text, "      ", out);
}

unsigned
rgw_conf_describe(const char *name, FILE *out)
{
	unsigned found = 0;

	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		const struct rgw_conf_section *section = rgw_conf_section_of(kind);
		bool all = strcmp(section->name, name) == 0;
		size_t n;
		const struct rgw_opt *opt = rgw_conf_opts_of(kind, &n);

		for (; n > 0; n--, opt++) {
			if (!all && strcmp(opt->key, name) != 0)
				continue;
			describe(opt, section->name, section->argument, out);
			found++;
		}
	}
	return found;
}

void
rgw_conf_each_name(void (*each)(void *ctx, const char *name), void *ctx)
{
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		size_t n;
		const struct rgw_opt *opt = rgw_conf_opts_of(kind, &n);

		each(ctx, rgw_conf_section_of(kind)->name);
		for (; n > 0; n--, opt++)
			each(ctx, opt->key);
	}
}
