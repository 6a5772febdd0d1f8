/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <strings.h>

#include "rsp.h"

/* Blocks `tls`. */

/* Our word for a version, or for older ones the oldest that there is; *old tells which. */
static const char *
version_of(const char *text, size_t len, bool *old)
{
	static const char newest[] = "TLS1_3";
	static const char oldest[] = "TLS1_2";

	*old = !(len == sizeof newest - 1 && strncasecmp(text, newest, len) == 0) &&
	    !(len == sizeof oldest - 1 && strncasecmp(text, oldest, len) == 0);
	return len == sizeof newest - 1 && strncasecmp(text, newest, len) == 0 ? "1.3" : "1.2";
}

/* "version", or "oldest:newest", of which one may be left out. */
static void
map_versions(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *node)
{
	const char *text = node->value;
	size_t n = strcspn(text, ":");
	const char *newest = text[n] == ':' ? text + n + 1 : text;
	bool old = false;

	if (n > 0)
		rgw_out_set(&m->out, s, node, "min-version", version_of(text, n, &old));
	if (*newest != '\0')
		rgw_out_set(&m->out, s, node, "max-version", version_of(newest, strlen(newest), &old));
	if (old && *newest != '\0')
		rgw_out_remark(&m->out, s, node,
		    "%s %s: the oldest version here is TLS 1.2. Peers that speak older ones only "
		    "cannot connect; they need an update.",
		    node->word, text);
}

static void
map_crls(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block)
{
	struct rgw_node *check = rgw_node_get(block, "crlcheck", NULL);

	if (check == NULL || !rgw_map_is_on(block, "crlcheck", false))
		return;
	if (!rgw_out_has(RGW_CONF_TLS, "crl")) {
		rgw_out_remark(&m->out, s, check,
		    "CRLCheck on: this version of radsecgw reads no CRLs. A certificate that was "
		    "revoked is accepted until it expires; leave peers with such certificates out by hand.");
		return;
	}
	for (const char *const *w = (const char *const[]){ "cacertificatefile", "cacertificatepath", NULL };
	     *w != NULL; w++)
		if (rgw_node_get(block, *w, NULL) != NULL)
			rgw_out_set(&m->out, s, check, "crl", rgw_node_text(block, *w, ""));
	rgw_out_set(&m->out, s, check, "crl-check", "chain");
	rgw_out_set(&m->out, s, check, "crl-missing", "refuse");
}

static void
map_ciphers(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *node)
{
	if (node != NULL)
		rgw_out_remark(&m->out, s, node,
		    "%s %s: the built-in list of cipher suites is used, all of them with forward "
		    "secrecy and AEAD. If a peer needs others, name them in ciphers.",
		    node->word, node->value);
}

void
rgw_rsp_tls(struct rgw_map *m)
{
	const struct rgw_node *block = NULL;

	while ((block = rgw_rsp_next(m, "tls", block)) != NULL) {
		struct rgw_out_section *s = rgw_out_section(&m->out, RGW_CONF_TLS, block->value, block);
		struct rgw_node *versions = rgw_node_get(block, "tlsversion", NULL);

		rgw_map_carry(m, block, RGW_RSP_TLS, s);
		if (versions != NULL)
			map_versions(m, s, versions);
		map_crls(m, s, block);
		map_ciphers(m, s, rgw_node_get(block, "cipherlist", NULL));
		map_ciphers(m, s, rgw_node_get(block, "ciphersuites", NULL));
		if (s->lines.n == 0)
			rgw_out_note(&m->out, s, block, "This block had no options.");
	}
}

struct rgw_out_section *
rgw_rsp_tls_of(struct rgw_map *m, const struct rgw_node *block)
{
	const struct rgw_node *tls = rgw_rsp_used(m, block, "tls", "tls");
	const struct rgw_node *root = &m->tree->root;
	struct rgw_out_section *s;

	if (tls != NULL)
		return rgw_out_of(&m->out, RGW_CONF_TLS, tls);
	if (rgw_node_get(block, "pskkey", NULL) == NULL || !rgw_out_has(RGW_CONF_PEER, "psk"))
		return NULL;
	s = rgw_out_of(&m->out, RGW_CONF_TLS, root);
	if (s == NULL) {
		s = rgw_out_section(&m->out, RGW_CONF_TLS, "psk", root);
		s->their_words = false;
		rgw_out_set_said(&m->out, s, NULL, "min-version", "1.3", "Pre-shared keys are for TLS 1.3.");
	}
	return s;
}
