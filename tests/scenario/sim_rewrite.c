/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/conf/reading.h"
#include "radsecgw/mem.h"

/* Rewrites of the world, read as the program reads them, and where they are used. */

static void
say(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	(void)file;
	if (severity == RGW_CONF_ERROR)
		fail_msg("line %u: %s", line, text);
}

const struct rgw_conf_head *
sim_add_rewrite(struct sim *s, const char *name, const char *lines)
{
	static const char rest[] = "[tls t]\ncertificate = c\nkey = k\nca = a\n[listen l]\nudp = ::1\n"
	    "[client c]\naddress = ::1\nsecret = some secret\n[peer p]\nconnect = p\ntls = t\n[realm *]\n"
	    "pool = p\n[rewrite x]\n";
	struct rgw_conf_rewrite *new = rgw_xcalloc(1, sizeof *new);
	struct rgw_conf_report report = { .say = say };
	struct rgw_strbuf text = { 0 };
	struct rgw_conf *conf;

	rgw_strbuf_add(&text, rest, strlen(rest));
	rgw_strbuf_add(&text, lines, strlen(lines));
	conf = rgw_conf_load_text(text.v, text.n, &report);
	assert_non_null(conf);
	rgw_strbuf_fini(&text);
	*new = *conf->rewrite.v[0];
	new->head.name = rgw_xstrdup(name);
	new->head.file = "";
	new->head.index = (uint32_t)s->conf.rewrite.n;
	/* The rules are ours now. */
	conf->rewrite.v[0]->rewrite = (struct rgw_rewrite){ 0 };
	rgw_conf_free(conf);
	s->conf.rewrite.v = rgw_xrealloc(s->conf.rewrite.v, (s->conf.rewrite.n + 1) * sizeof new);
	s->conf.rewrite.v[s->conf.rewrite.n++] = new;
	return &new->head;
}

void
sim_use_rewrite(struct rgw_conf_refs *list, const struct rgw_conf_head *rewrite)
{
	list->v = rgw_xrealloc(list->v, (list->n + 1) * sizeof(const struct rgw_conf_head *));
	list->v[list->n++] = rewrite;
}

void
sim_rewrite(struct sim *s, struct rgw_conf_refs *list, const char *lines)
{
	char name[16];

	snprintf(name, sizeof name, "r%zu", s->conf.rewrite.n);
	sim_use_rewrite(list, sim_add_rewrite(s, name, lines));
}

struct rgw_packet
sim_packet_of(const uint8_t *data, size_t len)
{
	struct rgw_packet p;

	assert_int_equal(rgw_packet_parse(&p, data, len), RGW_PACKET_OK);
	return p;
}

size_t
sim_count_attrs(const uint8_t *data, size_t len, uint8_t type)
{
	struct rgw_packet p = sim_packet_of(data, len);
	struct rgw_attr a = { 0 };
	size_t n = 0;

	while (rgw_packet_next(&p, &a))
		n += a.type == type;
	return n;
}

void
sim_expect_values(const uint8_t *data, size_t len, uint8_t type, const char *want)
{
	struct rgw_packet p = sim_packet_of(data, len);
	struct rgw_attr a = { 0 };
	char got[1024] = "";
	size_t n = 0;

	while (rgw_packet_next(&p, &a))
		if (a.type == type)
			n += (size_t)snprintf(got + n, sizeof got - n, "%.*s,", a.len, (const char *)a.value);
	assert_string_equal(got, want);
}

static void
free_lists(struct rgw_conf_refs *in, struct rgw_conf_refs *out)
{
	free(in->v);
	free(out->v);
}

void
sim_free_rewrites(struct sim *s)
{
	free_lists(&s->conf.gateway.rewrite_in, &s->conf.gateway.rewrite_out);
	for (size_t i = 0; i < s->conf.client.n; i++)
		free_lists(&s->conf.client.v[i]->rewrite_in, &s->conf.client.v[i]->rewrite_out);
	for (size_t i = 0; i < s->conf.peer.n; i++)
		free_lists(&s->conf.peer.v[i]->rewrite_in, &s->conf.peer.v[i]->rewrite_out);
	for (size_t i = 0; i < s->conf.server.n; i++)
		free_lists(&s->conf.server.v[i]->rewrite_in, &s->conf.server.v[i]->rewrite_out);
	for (size_t i = 0; i < s->conf.rewrite.n; i++) {
		rgw_rewrite_fini(&s->conf.rewrite.v[i]->rewrite);
		free(s->conf.rewrite.v[i]->head.name);
		free(s->conf.rewrite.v[i]);
	}
	free(s->conf.rewrite.v);
}
