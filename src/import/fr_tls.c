/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Blocks `tls` and `limit`. */

/* Folders that FreeRADIUS names by variables, as its own files set them. */
static void
expand(const struct rgw_map *m, const char *text, struct rgw_strbuf *out)
{
	static const struct {
		const char *name, *otherwise;
	} known[] = {
		{ "certdir", "/etc/freeradius/3.0/certs" },
		{ "cadir", "/etc/freeradius/3.0/certs" },
		{ "confdir", "/etc/freeradius/3.0" },
		{ "raddbdir", "/etc/freeradius/3.0" },
	};

	rgw_strbuf_put(out, "");
	while (*text != '\0') {
		bool done = false;

		for (size_t i = 0; i < 4 && !done; i++) {
			size_t n = strlen(known[i].name);

			done = strncmp(text, "${", 2) == 0 && strncmp(text + 2, known[i].name, n) == 0 &&
			    text[n + 2] == '}';
			if (done) {
				rgw_strbuf_put(out, rgw_node_text(&m->tree->root, known[i].name, known[i].otherwise));
				text += n + 3;
			}
		}
		if (!done)
			rgw_strbuf_add(out, text++, 1);
	}
}

/* ---- RGW_FR_TLS ---- */

static bool
same_options(const struct rgw_node *a, const struct rgw_node *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!a->v[i]->block && strcmp(rgw_node_text(b, a->v[i]->word, ""), a->v[i]->value) != 0)
			return false;
	return a->n == b->n;
}

static void
map_version(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *node, const char *key)
{
	if (node == NULL)
		return;
	rgw_out_set(&m->out, s, node, key, strcmp(node->value, "1.3") == 0 ? "1.3" : "1.2");
	if (strcmp(node->value, "1.3") != 0 && strcmp(node->value, "1.2") != 0 && strcmp(key, "max-version") == 0)
		rgw_out_remark(&m->out, s, node,
		    "%s = %s: the oldest version here is RGW_FR_TLS 1.2. Peers that speak older ones only "
		    "cannot connect.",
		    node->word, node->value);
}

static void
map_rest_of_tls(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *tls)
{
	struct rgw_node *path = rgw_node_get(tls, "ca_path", NULL);
	struct rgw_node *list = rgw_node_get(tls, "cipher_list", NULL);
	struct rgw_node *crl = rgw_node_get(tls, "check_crl", NULL);

	if (path != NULL && rgw_node_get(tls, "ca_file", NULL) == NULL)
		rgw_out_set(&m->out, s, path, "ca", path->value);
	else if (path != NULL)
		rgw_out_note(&m->out, s, path,
		    "ca_path = %s: ca_file was taken. Add the folder to ca if more authorities are to be "
		    "trusted.",
		    path->value);
	map_version(m, s, rgw_node_get(tls, "tls_min_version", NULL), "min-version");
	map_version(m, s, rgw_node_get(tls, "tls_max_version", NULL), "max-version");
	if (list != NULL && strcasecmp(list->value, "DEFAULT") != 0)
		rgw_out_remark(&m->out, s, list,
		    "cipher_list = %s: the built-in list of cipher suites is used. If a peer needs "
		    "others, name them in ciphers.",
		    list->value);
	if (crl == NULL || !rgw_word_is(crl->value, "yes"))
		return;
	if (!rgw_out_has(RGW_CONF_TLS, "crl")) {
		rgw_out_remark(&m->out, s, crl,
		    "check_crl = yes: this version of radsecgw reads no CRLs. A certificate that was "
		    "revoked is accepted until it expires.");
		return;
	}
	rgw_out_set(&m->out, s, crl, "crl", rgw_node_text(tls, "ca_path", rgw_node_text(tls, "ca_file", "")));
	rgw_out_set(&m->out, s, crl, "crl-check", "leaf");
}

/* The section of a tls block; blocks that say the same share one. */
const char *
rgw_fr_tls(struct rgw_map *m, struct rgw_node *owner, struct rgw_node *tls)
{
	struct rgw_out_section *s;

	for (size_t i = 0; i < tls->n; i++) {
		struct rgw_strbuf text = { 0 };

		if (tls->v[i]->block)
			continue;
		expand(m, tls->v[i]->value, &text);
		free(tls->v[i]->value);
		tls->v[i]->value = text.v;
	}
	for (size_t i = 0; i < m->out.sections.n; i++) {
		s = m->out.sections.v[i];
		if (s->kind == RGW_CONF_TLS && same_options(tls, s->from))
			return s->name;
	}
	s = rgw_out_section(&m->out, RGW_CONF_TLS, *owner->value != '\0' ? owner->value : "federation", tls);
	rgw_map_carry(m, tls, RGW_FR_TLS, s);
	map_rest_of_tls(m, s, tls);
	rgw_fr_note_unknown(m, tls, RGW_FR_TLS, s);
	return s->name;
}

/* ---- limits of connections ---- */

void
rgw_fr_limits(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block)
{
	const struct rgw_node *limit = rgw_fr_next(block, "limit", NULL);
	long most = limit != NULL ? rgw_map_number(limit, "max_connections", 0) : 0;
	char text[32];

	if (limit == NULL)
		return;
	rgw_map_check(m, (struct rgw_node *)(uintptr_t)limit, RGW_FR_LIMIT);
	if (rgw_out_get(s, "connect") != NULL && most > 0)
		snprintf(text, sizeof text, "1-%ld", most > 64 ? 64 : most);
	else
		snprintf(text, sizeof text, "%ld", most);
	if (most > 0)
		rgw_out_set(&m->out, s, rgw_node_get(limit, "max_connections", NULL),
		    rgw_out_get(s, "connect") != NULL ? "connections" : "max-connections", text);
	snprintf(text, sizeof text, "%lds", rgw_map_number(limit, "lifetime", 0));
	if (rgw_map_number(limit, "lifetime", 0) > 0)
		rgw_out_set(&m->out, s, rgw_node_get(limit, "lifetime", NULL), "lifetime", text);
	snprintf(text, sizeof text, rgw_map_number(limit, "idle_timeout", 0) == 0 ? "0" : "%lds",
	    rgw_map_number(limit, "idle_timeout", 0));
	if (rgw_node_get(limit, "idle_timeout", NULL) != NULL)
		rgw_out_set(&m->out, s, rgw_node_get(limit, "idle_timeout", NULL), "idle-timeout", text);
}
