/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/import.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "map.h"
#include "radsecgw/mem.h"

/* An import from its beginning to its end: the tree is read, mapped, settled, and written. */

static const struct language {
	const char *word;
	rgw_reader *read;
	bool (*map)(struct rgw_map *m);
} languages[] = {
	[RGW_IMPORT_RADSECPROXY] = { "radsecproxy", rgw_read_radsecproxy, rgw_map_radsecproxy },
	[RGW_IMPORT_UCI] = { "uci", rgw_read_uci, rgw_map_radsecproxy },
	[RGW_IMPORT_FREERADIUS] = { "freeradius", rgw_read_freeradius, rgw_map_freeradius },
};

#define N_LANGUAGES (sizeof languages / sizeof languages[0])

bool
rgw_import_from_word(const char *word, enum rgw_import_from *out)
{
	for (size_t i = RGW_IMPORT_RADSECPROXY; i < N_LANGUAGES; i++)
		if (strcmp(languages[i].word, word) == 0) {
			*out = (enum rgw_import_from)i;
			return true;
		}
	return false;
}

/* ---- which language it is ---- */

/* Words that begin a line in one language only. */
static const struct {
	const char *word;
	enum rgw_import_from from;
} signs[] = {
	{ "config", RGW_IMPORT_UCI },
	{ "package", RGW_IMPORT_UCI },
	{ "home_server", RGW_IMPORT_FREERADIUS },
	{ "home_server_pool", RGW_IMPORT_FREERADIUS },
	{ "proxy", RGW_IMPORT_FREERADIUS },
	{ "ipaddr", RGW_IMPORT_FREERADIUS },
	{ "ipv4addr", RGW_IMPORT_FREERADIUS },
	{ "ipv6addr", RGW_IMPORT_FREERADIUS },
	{ "auth_pool", RGW_IMPORT_FREERADIUS },
	{ "nostrip", RGW_IMPORT_FREERADIUS },
	{ "shortname", RGW_IMPORT_FREERADIUS },
	{ "authhost", RGW_IMPORT_FREERADIUS },
	{ "tls", RGW_IMPORT_RADSECPROXY },
	{ "type", RGW_IMPORT_RADSECPROXY },
	{ "server", RGW_IMPORT_RADSECPROXY },
	{ "listenudp", RGW_IMPORT_RADSECPROXY },
	{ "listentls", RGW_IMPORT_RADSECPROXY },
};

static void
count_sign(const char *word, size_t n, unsigned found[static N_LANGUAGES])
{
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (strlen(signs[i].word) == n && strncasecmp(signs[i].word, word, n) == 0)
			found[signs[i].from]++;
}

static enum rgw_import_from
guess(const char *text, size_t len)
{
	unsigned found[N_LANGUAGES] = { 0 };
	enum rgw_import_from best = RGW_IMPORT_RADSECPROXY;

	for (const char *p = text; p < text + len;) {
		const char *end = memchr(p, '\n', (size_t)(text + len - p));
		size_t n;

		end = end != NULL ? end : text + len;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		for (n = 0; p + n < end && memchr(" \t=\r", p[n], 4) == NULL; n++)
			;
		count_sign(p, n, found);
		p = end + 1;
	}
	if (found[RGW_IMPORT_UCI] > 0)
		return RGW_IMPORT_UCI;
	for (size_t i = RGW_IMPORT_RADSECPROXY; i < N_LANGUAGES; i++)
		if (found[i] > found[best])
			best = (enum rgw_import_from)i;
	return best;
}

/* ---- the comments that nothing else took along ---- */

static void
mark_told(const struct rgw_out *out)
{
	for (size_t i = 0; i < out->sections.n; i++) {
		const struct rgw_out_section *s = out->sections.v[i];

		if (s->from != NULL)
			((struct rgw_node *)(uintptr_t)s->from)->told = true;
		for (size_t j = 0; j < s->lines.n; j++)
			if (s->lines.v[j].from != NULL)
				((struct rgw_node *)(uintptr_t)s->lines.v[j].from)->told = true;
	}
}

/* The section that a block became, whatever its kind. */
static struct rgw_out_section *
home_of(struct rgw_out *out, const struct rgw_node *block, struct rgw_out_section *otherwise)
{
	for (size_t i = 0; i < out->sections.n; i++)
		if (out->sections.v[i]->from == block)
			return out->sections.v[i];
	return otherwise;
}

static void
keep_comments(struct rgw_out *out, const struct rgw_node *block, struct rgw_out_section *home)
{
	for (size_t i = 0; i < block->n; i++) {
		struct rgw_node *node = block->v[i];

		if (node->comment != NULL && !node->told) {
			struct rgw_out_line *line = rgw_array_grow(&home->lines, sizeof *line);

			line->from = node;
			line->their_words = true;
		}
		if (node->block)
			keep_comments(out, node, home_of(out, node, home));
	}
}

/* ---- the whole ---- */

static void
tell_remarks(const struct rgw_out *out, FILE *to)
{
	for (size_t i = 0; i < out->sections.n; i++) {
		const struct rgw_out_section *s = out->sections.v[i];

		for (size_t j = 0; j < s->lines.n; j++) {
			const struct rgw_out_line *line = &s->lines.v[j];

			if (!line->remark)
				continue;
			if (line->from != NULL)
				fprintf(to, "%s:%u: ", line->from->file, line->from->line);
			if (line->words != NULL)
				fprintf(to, "remark: %s\n", line->words);
			else
				fprintf(to, "remark: this version of radsecgw does not have %s yet.\n", line->key);
		}
	}
}

static enum rgw_import_result
write_out(const struct rgw_import_request *request, struct rgw_map *m)
{
	struct rgw_strbuf text = { 0 };

	if (!rgw_out_settle(&m->out)) {
		tell_remarks(&m->out, request->said);
		rgw_tree_error(m->tree, request->path, 0,
		    "nothing in it makes a gateway: there has to be somebody who may ask, "
		    "somebody to be asked, and a realm");
		return RGW_IMPORT_UNREADABLE;
	}
	if (m->out.secrets != NULL && !rgw_out_keep_secrets(&m->out))
		return RGW_IMPORT_UNREADABLE;
	mark_told(&m->out);
	keep_comments(&m->out, &m->tree->root, rgw_out_single(&m->out, RGW_CONF_GATEWAY));
	rgw_out_render(&m->out, &text, false);
	fwrite(text.v, 1, text.n, request->out);
	rgw_strbuf_fini(&text);
	tell_remarks(&m->out, request->said);
	if (request->report)
		rgw_out_report(&m->out, &m->tree->root, request->said);
	return m->out.remarks > 0 ? RGW_IMPORT_REMARKS : RGW_IMPORT_WHOLE;
}

static enum rgw_import_result
import_tree(const struct rgw_import_request *request, struct rgw_tree *tree, const char *text, size_t len)
{
	enum rgw_import_from from = request->from != RGW_IMPORT_GUESS ? request->from : guess(text, len);
	struct rgw_map m = { .tree = tree, .out = { .tree = tree, .secrets = request->secrets } };
	enum rgw_import_result result = RGW_IMPORT_UNREADABLE;

	/* The mapping has errors of its own to tell, even if the text has some. */
	(void)rgw_tree_text(tree, request->path, text, len, languages[from].read);
	if (languages[from].map(&m))
		result = write_out(request, &m);
	if (tree->errors > RGW_IMPORT_ERRORS)
		fprintf(request->said, "%s: %u errors in all\n", request->path, tree->errors);
	rgw_out_fini(&m.out);
	return result;
}

enum rgw_import_result
rgw_import_text(const struct rgw_import_request *request, const char *text, size_t len)
{
	struct rgw_tree tree = { .said = request->said, .no_files = true };
	struct rgw_import_request copy = *request;
	enum rgw_import_result result;

	copy.secrets = NULL;
	result = import_tree(&copy, &tree, text, len);
	rgw_tree_fini(&tree);
	return result;
}

enum rgw_import_result
rgw_import(const struct rgw_import_request *request)
{
	struct rgw_tree tree = { .said = request->said };
	struct rgw_strbuf text = { 0 };
	char buf[RGW_ERRNO_TEXT];
	const char *why = rgw_tree_slurp(&tree, request->path, &text, buf);
	enum rgw_import_result result = RGW_IMPORT_UNREADABLE;

	if (why != NULL)
		rgw_tree_error(&tree, request->path, 0, "the file cannot be read: %s", why);
	else
		result = import_tree(request, &tree, text.v, text.n);
	rgw_strbuf_fini(&text);
	rgw_tree_fini(&tree);
	return result;
}
