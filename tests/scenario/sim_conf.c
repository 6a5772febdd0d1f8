/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/conf/reading.h"
#include "radsecgw/mem.h"

/* The configuration of the world is text. It is kept line by line until the engine starts, so that a
 * story can change single options; then the program's own reader reads it. */

/* One option, or the beginning of a section. */
struct sim_line {
	char *section; /* owned: "peer national" */
	char *key;     /* owned; "" is the beginning of the section */
	char *value;   /* owned */
};

/* ---- lines ---- */

static struct sim_line *
find(const struct sim *s, const char *section, const char *key)
{
	for (size_t i = 0; i < s->n_ini; i++)
		if (strcmp(s->ini[i].section, section) == 0 && strcmp(s->ini[i].key, key) == 0)
			return &s->ini[i];
	return NULL;
}

static void
free_line(struct sim_line *l)
{
	free(l->section);
	free(l->key);
	free(l->value);
}

static struct sim_line *
add(struct sim *s, const char *section, const char *key)
{
	struct sim_line *l;

	s->ini = rgw_xrealloc(s->ini, (s->n_ini + 1) * sizeof *l);
	l = &s->ini[s->n_ini++];
	*l = (struct sim_line){ rgw_xstrdup(section), rgw_xstrdup(key), NULL };
	return l;
}

static struct sim_line *
set(struct sim *s, const char *section, const char *key, const char *value)
{
	struct sim_line *l = find(s, section, key);

	if (l == NULL)
		l = add(s, section, key);
	free(l->value);
	l->value = rgw_xstrdup(value);
	return l;
}

static void
append(struct sim_line *l, const char *between, const char *more)
{
	size_t old = strlen(l->value), size = old + strlen(between) + strlen(more) + 1;

	l->value = rgw_xrealloc(l->value, size);
	snprintf(l->value + old, size - old, "%s%s", between, more);
}

/* ---- text to lines ---- */

struct cursor {
	char *section;           /* borrowed from the text */
	struct sim_line *last;
};

/* One line of text, which may be changed. */
static void
take(struct sim *s, struct cursor *at, char *line)
{
	char *equals = strstr(line, " =");

	if (*line == '\0')
		return;
	if (*line == '[') {
		line[strlen(line) - 1] = '\0';
		at->section = line + 1;
		at->last = find(s, at->section, "");
		if (at->last == NULL)
			at->last = set(s, at->section, "", "");
	} else if (*line == '\t') {
		append(at->last, "\n", line);
	} else {
		assert_non_null(equals);
		assert_non_null(at->section);
		*equals = '\0';
		at->last = set(s, at->section, line, equals + 2 + (equals[2] == ' '));
	}
}

void
sim_ini(struct sim *s, const char *fmt, ...)
{
	struct cursor at = { NULL, NULL };
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	assert_in_range(n, 1, sizeof text - 1);
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;)
		take(s, &at, line);
}

void
sim_drop(struct sim *s, const char *section)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_ini; i++)
		if (strcmp(s->ini[i].section, section) == 0)
			free_line(&s->ini[i]);
		else
			s->ini[n++] = s->ini[i];
	s->n_ini = n;
}

/* ---- lines to text ---- */

static void
write_section(const struct sim *s, const char *section, FILE *out)
{
	fprintf(out, "[%s]\n", section);
	for (size_t i = 0; i < s->n_ini; i++)
		if (strcmp(s->ini[i].section, section) == 0 && s->ini[i].value[0] != '\0')
			fprintf(out, "%s = %s\n", s->ini[i].key, s->ini[i].value);
}

static void
say(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	(void)file;
	if (severity == RGW_CONF_ERROR && ctx != NULL)
		print_error("line %u: %s, in\n%s", line, text, (const char *)ctx);
}

struct rgw_conf *
sim_conf_read(struct sim *s, const struct rgw_conf *now)
{
	struct rgw_conf_report report = { .say = say };
	struct rgw_conf *conf;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; i < s->n_ini; i++)
		if (s->ini[i].key[0] == '\0')
			write_section(s, s->ini[i].section, out);
	fclose(out);
	report.ctx = s->may_be_wrong ? NULL : text;
	conf = rgw_conf_load_text(text, len, &report);
	if (conf != NULL && now != NULL)
		rgw_conf_inherit(conf, now);
	free(text);
	return conf;
}

void
sim_conf_forget(struct sim_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free_line(&lines->v[i]);
	free(lines->v);
}

void
sim_conf_free(struct sim *s)
{
	sim_conf_forget(&(struct sim_lines){ s->ini, s->n_ini });
}

struct sim_lines
sim_conf_copy(const struct sim *s)
{
	struct sim_lines lines = { rgw_xcalloc(s->n_ini, sizeof *lines.v), s->n_ini };

	for (size_t i = 0; i < lines.n; i++)
		lines.v[i] = (struct sim_line){ rgw_xstrdup(s->ini[i].section), rgw_xstrdup(s->ini[i].key),
			rgw_xstrdup(s->ini[i].value) };
	return lines;
}

void
sim_conf_restore(struct sim *s, struct sim_lines *lines)
{
	sim_conf_free(s);
	s->ini = lines->v;
	s->n_ini = lines->n;
}

void
sim_move(struct sim *s, const char *section, bool front)
{
	struct sim_lines all = { rgw_xcalloc(s->n_ini, sizeof *all.v), 0 };

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < s->n_ini; i++)
			if ((strcmp(s->ini[i].section, section) == 0) == (front == (pass == 0)))
				all.v[all.n++] = s->ini[i];
	free(s->ini);
	s->ini = all.v;
}

bool
sim_listen_id(const struct sim *s, const char *name, uint32_t *id)
{
	for (size_t i = 0; i < s->conf->listen.n; i++) {
		*id = s->conf->listen.v[i]->head.id;
		if (strcmp(s->conf->listen.v[i]->head.name, name) == 0)
			return true;
	}
	return false;
}

/* ---- what stories share ---- */

void
sim_conf_init(struct sim *s, const char *connect)
{
	sim_ini(s,
	    "[gateway]\n"
	    "[tls federation]\ncertificate = own.pem\nkey = own.key\nca = ca.pem\n"
	    "[listen radsec]\ntls = 192.0.2.1\nprofile = federation\n"
	    "[listen radius]\nudp = 192.0.2.1\n"
	    "[client nas]\naddress = 192.0.2.10\nsecret = " SIM_SECRET "\n"
	    "[peer national]\nconnect = %s\nname = national.example\ntls = federation\n"
	    "[peer visitor]\naccept = yes\nname = visitor.example\ntls = federation\n"
	    "[server local]\nauth = 198.51.100.99\nacct = 198.51.100.99\nsecret = " SIM_LOCAL "\n"
	    "[realm *]\npool = national\n", connect);
}

void
sim_add_client(struct sim *s)
{
	sim_ini(s, "[client second-nas]\naddress = 192.0.2.11\nsecret = " SIM_SECRET);
}

void
sim_add_second(struct sim *s)
{
	sim_ini(s, "[peer second]\nconnect = 198.51.100.2\nname = second.example\ntls = federation");
}

void
sim_visitor_without_tls(struct sim *s)
{
	sim_ini(s, "[listen radsec]\ntls = 192.0.2.1:1812\nprofile =\ninsecure-tcp = yes\ninsecure-tcp-over = ipsec\n"
	    "[peer visitor]\ntls =\nname =\ninsecure-tcp = yes\ninsecure-tcp-over = ipsec\naddress = 203.0.113.0/24\n"
	    "secret = " SIM_RADSEC);
}

void
sim_to_server(struct sim *s)
{
	sim_drop(s, "peer national");
	sim_ini(s, "[realm *]\npool = local");
}

void
sim_to_pool(struct sim *s, const char *members)
{
	if (strstr(members, "second") != NULL)
		sim_add_second(s);
	sim_ini(s, "[pool federation]\nmembers = %s\n[realm *]\npool = federation", members);
}

void
sim_rewrite(struct sim *s, const char *section, const char *key, const char *lines)
{
	struct sim_line *list = find(s, section, key);
	size_t n = 0;
	char name[16];

	for (size_t i = 0; i < s->n_ini; i++)
		n += s->ini[i].key[0] == '\0' && strncmp(s->ini[i].section, "rewrite ", 8) == 0;
	snprintf(name, sizeof name, "r%zu", n);
	if (list == NULL)
		set(s, section, key, name);
	else
		append(list, ", ", name);
	sim_ini(s, "[rewrite %s]\n%s", name, lines);
}

const struct rgw_conf_peer *
sim_peer_conf(const struct sim *s, const char *name)
{
	for (size_t i = 0; i < s->conf->peer.n; i++)
		if (strcmp(s->conf->peer.v[i]->head.name, name) == 0)
			return s->conf->peer.v[i];
	fail_msg("no peer %s", name);
	return NULL;
}

const struct rgw_conf_pool *
sim_pool_conf(const struct sim *s, const char *name)
{
	for (size_t i = 0; i < s->conf->pool.n; i++)
		if (strcmp(s->conf->pool.v[i]->head.name, name) == 0)
			return s->conf->pool.v[i];
	fail_msg("no pool %s", name);
	return NULL;
}
