/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/* The reader takes files apart with inih, which splits lines into sections, keys and values, but cuts what is
 * too long and knows neither files nor lines. So each line passes through here first: a line that inih could
 * not represent is refused with its place, comments are cut, and inih gets the rest. The reader owns the draft
 * that it fills. */

#define FILE_LIMIT (16 * 1024 * 1024)
#define MAX_DEPTH 8

/* The longest key that inih can hold. The title of a section does not reach inih: a realm may have 253 octets.
 * */
#define MAX_NAME 49
#define MAX_TITLE (RGW_TITLE_TEXT - 4)

/* This octet stands for a ";" on its way through inih, which would take it for a comment. */
#define HIDDEN_SEMICOLON '\x01'

#define BLANKS " \t"

/* The line before, which an indented line would continue. */
enum before { NOTHING, A_LIST, A_VALUE, A_REFUSED_LINE };

/* Where a quote counts: at the start of the value, of each item, or also of the value of each pair. */
enum quotes { OF_VALUE, OF_ITEMS, OF_PAIRS };

/* One file while it is read. */
struct source {
	struct rgw_draft *d;
	const struct source *parent;  /* borrowed: the file that includes this one */
	const char *file;             /* borrowed from the snapshot */
	dev_t dev;
	ino_t ino;
	const char *next;             /* borrowed: the text that is still to be read */
	const char *end;
	unsigned line;                /* of what inih has at the moment */
	enum before before;
	enum quotes quotes;           /* in what would be continued */
	char key[MAX_NAME + 1];       /* the last one */
};

/* A line, or what is left of it. */
struct span {
	const char *v;
	size_t n;
};

static void read_file(struct rgw_draft *d, const struct source *parent, const char *path,
    struct rgw_place at);

static struct rgw_place
here(const struct source *src)
{
	return (struct rgw_place){ src->file, src->line };
}

static bool
next_line(struct source *src, struct span *line)
{
	const char *end;

	if (src->next == src->end)
		return false;
	end = memchr(src->next, '\n', (size_t)(src->end - src->next));
	*line = (struct span){ src->next, (size_t)((end != NULL ? end : src->end) - src->next) };
	src->next = end != NULL ? end + 1 : src->end;
	src->line++;
	if (line->n > 0 && line->v[line->n - 1] == '\r')
		line->n--;
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && is_blank(s.v[0])) {
		s.v++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.v[s.n - 1]))
		s.n--;
	return s;
}

/* The end of the quoted text that begins at i: its closing quote or the last octet. */
static size_t
end_of_quotes(struct span s, size_t i)
{
	for (i++; i < s.n; i++) {
		if (s.v[i] != '"')
			continue;
		if (i + 1 == s.n || s.v[i + 1] != '"')
			return i;
		i++;
	}
	return s.n - 1;
}

/* Cuts a comment off: a ";" behind a blank, outside of quotes, begins one. */
static struct span
cut_comment(struct span s, enum quotes quotes)
{
	bool begins = true;
	bool named = false;  /* behind the "=" of a pair */
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.v[i] == '"' && begins)
			i = end_of_quotes(s, i);
		else if (s.v[i] == ';' && i > 0 && is_blank(s.v[i - 1]))
			break;
		begins = (quotes != OF_VALUE && s.v[i] == ',') ||
		    (quotes == OF_PAIRS && s.v[i] == '=' && !named) || (begins && is_blank(s.v[i]));
		named = s.v[i] != ',' && (named || s.v[i] == '=');
	}
	return trim((struct span){ s.v, i });
}

static bool
is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_';
}

/* The length of the key of a "key = value", or 0 if the line is something else. */
static size_t
key_length(struct span s)
{
	size_t n = 0;
	size_t i;

	while (n < s.n && is_key_char(s.v[n]))
		n++;
	for (i = n; i < s.n && is_blank(s.v[i]); i++)
		;
	return i < s.n && s.v[i] == '=' ? n : 0;
}

/* Writes the line that inih is to see, with `lead` before it. */
static void
emit(char *out, const char *lead, struct span s)
{
	size_t n = strlen(lead);

	memcpy(out, lead, n);
	for (size_t i = 0; i < s.n; i++)
		out[n++] = s.v[i] == ';' ? HIDDEN_SEMICOLON : s.v[i];
	out[n] = '\0';
}

/* How many octets a line may have: inih needs the rest of its buffer for an indentation of one and for itself.
 * */
static size_t
limit_of(int size)
{
	return (size_t)size - 3;
}

static bool
take_section(struct source *src, struct span s, char *out)
{
	const char *close = memchr(s.v, ']', s.n);
	struct span name;
	struct span rest;
	char title[MAX_TITLE + 1];

	src->before = NOTHING;
	rgw_draft_no_section(src->d, true);
	if (close == NULL) {
		rgw_draft_error(src->d, here(src),
		    "`[` without `]`; a section begins with [section] or [section name]");
		return false;
	}
	name = trim((struct span){ s.v + 1, (size_t)(close - s.v) - 1 });
	rest = cut_comment((struct span){ close + 1, (size_t)(s.v + s.n - close) - 1 }, OF_VALUE);
	if (rest.n > 0) {
		rgw_draft_error(src->d, here(src),
		    "text behind `]`; a comment there begins with ` ;`");
		return false;
	}
	if (name.n > MAX_TITLE) {
		rgw_draft_error(src->d, here(src),
		    "the section has %zu octets between its brackets; at most %d are possible",
		    name.n, MAX_TITLE);
		return false;
	}
	memcpy(title, name.v, name.n);
	title[name.n] = '\0';
	rgw_draft_section(src->d, title, here(src));
	/* All that inih has to know is that another section begins. */
	emit(out, "[]", (struct span){ NULL, 0 });
	return true;
}

/* Reports a line that is too long; what to do about it depends on the option. */
static void
too_long(struct source *src, const struct rgw_opt *opt, size_t n, size_t limit)
{
	struct rgw_strbuf advice = { 0 };

	if (opt != NULL && rgw_conf_opt_has(opt, RGW_IS_SECRET))
		rgw_strbuf_printf(&advice, "put the value into a file and name it with `%s-file`", opt->key);
	else if (opt != NULL && rgw_conf_opt_has(opt, RGW_IS_LIST))
		rgw_strbuf_put(&advice, "continue the list on further, indented lines");
	else
		rgw_strbuf_put(&advice, "put the value into a file and write ${file:...}");
	rgw_draft_error(src->d, here(src), "the line has %zu octets, at most %zu are possible; %s", n, limit, advice.v);
	rgw_strbuf_fini(&advice);
	rgw_draft_broken(src->d, src->key, here(src));
}

static enum quotes
quotes_of(const struct rgw_opt *opt)
{
	if (opt == NULL || !rgw_conf_opt_has(opt, RGW_IS_LIST))
		return OF_VALUE;
	return rgw_conf_opt_has(opt, RGW_IS_PAIRS) ? OF_PAIRS : OF_ITEMS;
}

/* The option of the current section that this is, or NULL. */
static const struct rgw_opt *
find_option(const struct source *src, struct span key)
{
	char name[MAX_NAME + 1];
	bool from_file;

	if (src->d->current == NULL || key.n > MAX_NAME)
		return NULL;
	memcpy(name, key.v, key.n);
	name[key.n] = '\0';
	return rgw_conf_opt_find(src->d->current->kind, name, &from_file);
}

static bool
take_key(struct source *src, struct span s, size_t key_len, char *out, int size)
{
	const struct rgw_opt *opt;
	size_t value_at = (size_t)((const char *)memchr(s.v, '=', s.n) + 1 - s.v);
	struct span value;

	src->before = A_REFUSED_LINE;
	if (key_len > MAX_NAME) {
		rgw_draft_error(src->d, here(src),
		    "the key has %zu octets; no key is longer than %d", key_len, MAX_NAME);
		return false;
	}
	memcpy(src->key, s.v, key_len);
	src->key[key_len] = '\0';
	opt = find_option(src, (struct span){ s.v, key_len });
	src->quotes = quotes_of(opt);
	value = cut_comment((struct span){ s.v + value_at, s.n - value_at }, src->quotes);
	s.n = value.n > 0 ? (size_t)(value.v + value.n - s.v) : value_at;
	if (s.n > limit_of(size)) {
		too_long(src, opt, s.n, limit_of(size));
		return false;
	}
	if (opt != NULL)
		src->before = src->quotes != OF_VALUE ? A_LIST : A_VALUE;
	emit(out, "", s);
	return true;
}

static bool
take_indented(struct source *src, struct span s, char *out, int size)
{
	switch (src->before) {
	case NOTHING:
		rgw_draft_error(src->d, here(src),
		    "an indented line without a list that it could continue");
		return false;
	case A_VALUE:
		rgw_draft_error(src->d, here(src),
		    "an indented line continues a list, but `%s` takes one value", src->key);
		return false;
	case A_REFUSED_LINE:
		return false;
	case A_LIST:
		break;
	}
	s = cut_comment(s, src->quotes);
	if (s.n > limit_of(size)) {
		too_long(src, NULL, s.n, limit_of(size));
		return false;
	}
	/* The blank tells inih that this is one more value of the same key. */
	emit(out, " ", s);
	return s.n > 0;
}

static bool
has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.v[i] < 0x20 && s.v[i] != '\t') || s.v[i] == 0x7f)
			return true;
	return false;
}

/* Does the line begin a section? Below a key, a "[" may also begin an address; [client a] is a section wherever
 * it stands. */
static bool
is_section(const struct source *src, struct span s, bool indented)
{
	size_t n = 1;

	if (s.v[0] != '[')
		return false;
	if (!indented || src->before == NOTHING)
		return true;
	while (n < s.n && !is_blank(s.v[n]) && s.v[n] != ']')
		n++;
	return rgw_conf_kind_of(s.v + 1, n - 1) != RGW_CONF_KINDS;
}

/* Is a "name = value" below a list of pairs one more of them? It is unless the section has such an option. */
static bool
is_pair(const struct source *src, struct span s, size_t key_len, bool indented)
{
	return indented && src->before == A_LIST && src->quotes == OF_PAIRS &&
	    find_option(src, (struct span){ s.v, key_len }) == NULL;
}

/* Looks at one line of the file. true = inih gets what is in `out`. */
static bool
take_line(struct source *src, struct span line, char *out, int size)
{
	struct span s = trim(line);
	bool indented = s.v > line.v;
	size_t key_len;

	if (s.n == 0 || s.v[0] == '#' || s.v[0] == ';')
		return false;
	key_len = key_length(s);
	if (has_control(s)) {
		rgw_draft_error(src->d, here(src), "the line contains a control character");
		src->before = A_REFUSED_LINE;
		return false;
	}
	if (is_section(src, s, indented))
		return take_section(src, s, out);
	if (key_len > 0 && !is_pair(src, s, key_len, indented))
		return take_key(src, s, key_len, out, size);
	if (indented)
		return take_indented(src, s, out, size);
	rgw_draft_error(src->d, here(src),
	    "this is neither `key = value` nor [section] nor a comment; further lines of a list "
	    "are indented");
	src->before = A_REFUSED_LINE;
	return false;
}

/* The fgets of inih: returns the next line that inih may see, or NULL at the end. */
static char *
read_line(char *out, int size, void *stream)
{
	struct source *src = stream;
	struct span line;

	while (next_line(src, &line))
		if (take_line(src, line, out, size))
			return out;
	/* The last line is wiped, for it may hold a secret, and inih leaves it on the stack. */
	rgw_wipe(out, (size_t)size);
	return NULL;
}

static void
include(struct source *src, const char *raw)
{
	struct rgw_place at = here(src);
	struct rgw_expansion e = { .file = src->file, .list = true };
	struct rgw_strings paths = { 0 };
	struct rgw_section *gateway = src->d->current;
	char buf[RGW_ERRNO_TEXT];
	char *rest;
	char *item;

	if (src->d->no_files)
		rgw_draft_error(src->d, at, "include: files are not read here");
	else if (!rgw_conf_expand(&e, raw))
		rgw_draft_error(src->d, at, "include: %s", e.why);
	rest = src->d->no_files || e.why[0] != '\0' ? NULL : e.text.v;
	while ((item = rgw_draft_next_item(src->d, &e, "include", &rest, at)) != NULL) {
		const char *why = rgw_file_match(src->file, item, &paths, buf);
		char *searched = rgw_file_searched(src->file, item);

		if (why != NULL)
			rgw_draft_error(src->d, at, "include: cannot read %s: %s",
			    e.files.n > 0 ? "the file" : item, why);
		if (searched != NULL)
			rgw_draft_source(src->d, gateway, searched);
		free(searched);
	}
	for (size_t i = 0; i < e.files.n; i++)
		rgw_draft_source(src->d, gateway, e.files.v[i]);
	for (size_t i = 0; i < paths.n; i++)
		read_file(src->d, src, paths.v[i], at);
	src->d->current = gateway;
	rgw_strings_fini(&paths);
	rgw_expansion_fini(&e);
}

/* The handler of inih for one key and value. It never fails, for errors are counted in the report. */
static int
on_value(void *user, const char *section, const char *name, const char *value)
{
	struct source *src = user;
	const struct rgw_section *current = src->d->current;
	struct rgw_strbuf raw = { 0 };

	(void)section;  /* known already, with its place */
	rgw_strbuf_add(&raw, value, strlen(value));
	for (size_t i = 0; i < raw.n; i++)
		if (raw.v[i] == HIDDEN_SEMICOLON)
			raw.v[i] = ';';
	if (current != NULL && current->kind == RGW_CONF_GATEWAY && strcmp(name, "include") == 0)
		include(src, raw.v);
	else
		rgw_draft_option(src->d, name, raw.v, here(src));
	rgw_strbuf_fini(&raw);
	return 1;
}

/* Reads a text that is in memory. */
static void
read_text(struct source *src, const char *text, size_t n)
{
	static const char bom[] = "\xef\xbb\xbf";
	const char *nul = memchr(text, '\0', n);
	int rc;

	if (nul != NULL) {
		for (const char *p = text; p < nul; p++)
			src->line += *p == '\n';
		src->line++;
		rgw_draft_error(src->d, here(src),
		    "a NUL octet; this is no text file in UTF-8 or ASCII");
		src->d->unreadable = true;
		return;
	}
	if (n >= 3 && memcmp(text, bom, 3) == 0) {
		text += 3;
		n -= 3;
	}
	src->next = text;
	src->end = text + n;
	rgw_draft_no_section(src->d, false);
	rc = ini_parse_stream(read_line, src, on_value, src);
	if (rc != 0)
		rgw_draft_error(src->d, (struct rgw_place){ src->file, 0 },
		    "the INI library failed (%d)", rc);
}

/* Why the file must not be read (again), or NULL. */
static const char *
refuse(struct rgw_draft *d, const struct source *parent, const struct stat *st)
{
	struct rgw_file_id *id;
	unsigned depth = 0;

	for (const struct source *p = parent; p != NULL; p = p->parent, depth++)
		if (p->dev == st->st_dev && p->ino == st->st_ino)
			return "it includes itself, directly or through others";
	if (depth >= MAX_DEPTH)
		return "files include one another too deeply";
	for (size_t i = 0; i < d->seen.n; i++)
		if (d->seen.v[i].dev == st->st_dev && d->seen.v[i].ino == st->st_ino)
			return "it has been included before";
	id = rgw_array_grow(&d->seen, sizeof *id);
	id->dev = st->st_dev;
	id->ino = st->st_ino;
	return NULL;
}

/* `at` is where the file is named: in another file, or nowhere. */
static void
read_file(struct rgw_draft *d, const struct source *parent, const char *path, struct rgw_place at)
{
	struct source src = { .d = d, .parent = parent, .file = rgw_draft_file(d, path) };
	struct rgw_strbuf text = { 0 };
	struct stat st;
	char buf[RGW_ERRNO_TEXT];
	const char *why = rgw_file_read(path, FILE_LIMIT, &text, &st, buf);

	if (why == NULL)
		why = refuse(d, parent, &st);
	if (why == NULL) {
		src.dev = st.st_dev;
		src.ino = st.st_ino;
		read_text(&src, text.v, text.n);
	} else if (parent != NULL) {
		rgw_draft_error(d, at, "include: cannot read %s: %s", path, why);
	} else {
		rgw_draft_error(d, (struct rgw_place){ src.file, 0 }, "cannot read it: %s", why);
		d->unreadable = true;
	}
	rgw_strbuf_fini(&text);
}

struct rgw_conf *
rgw_conf_load(const char *path, struct rgw_conf_report *report)
{
	struct rgw_draft d;

	rgw_draft_init(&d, report);
	read_file(&d, NULL, path, (struct rgw_place){ path, 0 });
	return rgw_draft_finish(&d, path);
}

struct rgw_conf *
rgw_conf_load_text(const char *text, size_t len, struct rgw_conf_report *report)
{
	struct rgw_draft d;
	struct source src = { .d = &d };

	rgw_draft_init(&d, report);
	d.no_files = true;
	src.file = rgw_draft_file(&d, "text");
	read_text(&src, text, len);
	return rgw_draft_finish(&d, src.file);
}
