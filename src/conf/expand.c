/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/*
 * The expansion of one raw value: quotes go, ${NAME} and ${file:PATH} are replaced, and the items of a list are
 * told apart.
 */

/* The contents of a ${file:} are a line or a small file, never a document. */
#define FILE_LIMIT 65536

static void fail(struct rgw_expansion *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
fail(struct rgw_expansion *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->why, sizeof e->why, fmt, ap);
	va_end(ap);
}

static void
add(struct rgw_expansion *e, const char *s, size_t n, bool split)
{
	static const char end = RGW_ITEM_END;

	for (size_t i = 0; i < n; i++)
		rgw_strbuf_add(&e->text, split && s[i] == ',' ? &end : s + i, 1);
}

/* Adds text that comes from a file or from the environment, where a "$" is nothing but that. */
static void
add_foreign(struct rgw_expansion *e, const char *s, size_t n, bool split)
{
	for (size_t i = 0; i < n; i++) {
		if (e->vars && s[i] == '$')
			add(e, s + i, 1, split);
		add(e, s + i, 1, split);
	}
}

/* Adds the contents of a ${file:path}. */
static bool
add_file(struct rgw_expansion *e, const char *name, bool split)
{
	char *path = rgw_path_from(e->file, name);
	struct rgw_strbuf text = { 0 };
	struct stat st;
	char buf[RGW_ERRNO_TEXT];
	const char *why = rgw_file_value(e->no_files, path, FILE_LIMIT, &text, &st, buf);

	if (why == NULL && memchr(text.v, '\0', text.n) != NULL)
		why = "it contains a NUL octet";
	if (why != NULL) {
		fail(e, "cannot read %.160s: %s", path, why);
	} else {
		add_foreign(e, text.v, text.n, split);
		*(char **)rgw_array_grow(&e->files, sizeof *e->files.v) = rgw_xstrdup(path);
		if ((st.st_mode & S_IROTH) != 0 && e->exposed == NULL)
			e->exposed = rgw_xstrdup(path);
	}
	rgw_strbuf_fini(&text);
	free(path);
	return why == NULL;
}

static bool
is_name(const char *s, size_t n)
{
	if (n == 0 || (s[0] >= '0' && s[0] <= '9'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= 'a' && s[i] <= 'z') || s[i] == '_' ||
		        (s[i] >= '0' && s[i] <= '9')))
			return false;
	return true;
}

/* Adds the value of ${NAME} or ${NAME:-default}; as in a shell, an empty variable takes the default, too. */
static bool
add_variable(struct rgw_expansion *e, char *body, bool split)
{
	char *fallback = strstr(body, ":-");
	const char *value;

	if (fallback != NULL) {
		*fallback = '\0';
		fallback += 2;
	}
	if (!is_name(body, strlen(body))) {
		fail(e,
		    "`${` needs the name of a variable or file: behind it; a `$` itself is written "
		    "`$$`");
		return false;
	}
	value = getenv(body);
	if (fallback != NULL && (value == NULL || value[0] == '\0'))
		value = fallback;
	if (value == NULL) {
		fail(e, "the environment has no variable %.60s; set it, or write ${%.60s:-default}",
		    body, body);
		return false;
	}
	add_foreign(e, value, strlen(value), split);
	return true;
}

/* Is this ${client} or the like, which stands for what a packet will bring? */
static bool
is_kept(struct rgw_expansion *e, const char *body)
{
	return e->vars && rgw_rewrite_var_find(body, strcspn(body, ":")) != RGW_VARS;
}

static bool
keep_variable(struct rgw_expansion *e, const char *body)
{
	if (strchr(body, ':') != NULL) {
		fail(e, "${%.*s} is no variable of the environment here, so it takes no default",
		    (int)strcspn(body, ":"), body);
		return false;
	}
	add(e, "${", 2, false);
	add(e, body, strlen(body), false);
	add(e, "}", 1, false);
	return true;
}

/* Reads what begins with the "$" at p; returns what follows it. */
static const char *
dollar(struct rgw_expansion *e, const char *p, bool split)
{
	const char *end;
	struct rgw_strbuf body = { 0 };
	bool ok;

	if (p[1] == '$') {
		add(e, p, e->vars ? 2 : 1, false);
		return p + 2;
	}
	end = p[1] == '{' ? strchr(p, '}') : NULL;
	if (p[1] != '{')
		fail(e, "a single `$` means nothing; write `$$` for the character, or ${NAME}");
	else if (end == NULL)
		fail(e, "`${` without `}` behind it (a ` ;` begins a comment)");
	if (end == NULL)
		return NULL;
	rgw_strbuf_add(&body, p + 2, (size_t)(end - (p + 2)));
	e->expanded = e->expanded || !is_kept(e, body.v);
	if (is_kept(e, body.v))
		ok = keep_variable(e, body.v);
	else if (strncmp(body.v, "file:", 5) == 0)
		ok = add_file(e, body.v + 5, split);
	else
		ok = add_variable(e, body.v, split);
	rgw_strbuf_fini(&body);
	return ok ? end + 1 : NULL;
}

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* Reads a quoted text from behind its first quote; returns what follows the last. */
static const char *
quoted(struct rgw_expansion *e, const char *p)
{
	while (p != NULL && *p != '\0' && !(p[0] == '"' && p[1] != '"')) {
		if (*p == '$') {
			p = dollar(e, p, false);
			continue;
		}
		add(e, p, 1, false);
		p += p[0] == '"' ? 2 : 1;
	}
	if (p == NULL)
		return NULL;
	if (*p == '\0') {
		fail(e, "a `\"` at the start needs one at the end");
		return NULL;
	}
	p = skip_blanks(p + 1);
	if (*p != '\0' && !(e->list && *p == ',')) {
		fail(e,
		    "text behind the closing `\"` (inside of quotes, a `\"` is written `\"\"`)");
		return NULL;
	}
	return p;
}

bool
rgw_conf_expand(struct rgw_expansion *e, const char *raw)
{
	const char *p = skip_blanks(raw);
	bool begins = true;      /* at the start of the value or of an item, or of the ... */
	bool named = !e->pairs;  /* ... second half of a pair */

	rgw_strbuf_add(&e->text, "", 0);
	while (p != NULL && *p != '\0') {
		if (e->list && *p == ',') {
			add(e, p, 1, true);
			p = skip_blanks(p + 1);
			begins = true;
			named = !e->pairs;
			continue;
		}
		if (*p == '=' && !named) {
			add(e, "= ", 2, false);
			p = skip_blanks(p + 1);
			begins = named = true;
			continue;
		}
		if (begins && *p == '"')
			p = quoted(e, p + 1);
		else if (*p == '$')
			p = dollar(e, p, e->list);
		else
			add(e, p++, 1, false);
		begins = false;
	}
	return p != NULL;
}

void
rgw_expansion_fini(struct rgw_expansion *e)
{
	rgw_strbuf_fini(&e->text);
	rgw_strings_fini(&e->files);
	free(e->exposed);
	e->exposed = NULL;
}
