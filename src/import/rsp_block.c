/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rsp.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Blocks of radsecproxy.conf, and what stands in them, as all that map them see it. */

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

void
rgw_rsp_decode(const char *raw, struct rgw_strbuf *out)
{
	rgw_strbuf_add(out, "", 0);
	for (; *raw != '\0'; raw++) {
		char c = *raw;

		if (c == '%' && isxdigit((unsigned char)raw[1]) && isxdigit((unsigned char)raw[2])) {
			c = (char)(hex_digit(raw[1]) << 4 | hex_digit(raw[2]));
			raw += 2;
		}
		rgw_strbuf_add(out, &c, 1);
	}
}

struct rgw_node *
rgw_rsp_next(const struct rgw_map *m, const char *kind, const struct rgw_node *after)
{
	struct rgw_node *node = rgw_node_get(&m->tree->root, kind, after);

	while (node != NULL && !node->block)
		node = rgw_node_get(&m->tree->root, kind, node);
	return node;
}

struct rgw_node *
rgw_rsp_block(const struct rgw_map *m, const char *kind, const char *name)
{
	struct rgw_node *node = NULL;

	while ((node = rgw_rsp_next(m, kind, node)) != NULL)
		if (strcasecmp(node->value, name) == 0)
			return node;
	return NULL;
}

enum rgw_rsp_type
rgw_rsp_type(const struct rgw_node *block)
{
	static const char *const words[] = { "udp", "tcp", "tls", "dtls" };
	const char *text = rgw_node_text(block, "type", "udp");

	for (unsigned i = 1; i < 4; i++)
		if (rgw_word_is(text, words[i]))
			return (enum rgw_rsp_type)i;
	return RGW_RSP_UDP;
}

size_t
rgw_rsp_hosts(const struct rgw_node *block)
{
	size_t n = 0;

	for (const struct rgw_node *host = NULL; (host = rgw_node_get(block, "host", host)) != NULL;)
		n++;
	return n > 0 ? n : 1;
}

/* A network whose host bits are set means the network, too. */
static bool
read_network(struct rgw_rsp_host *h)
{
	char *slash = strchr(h->text, '/');
	struct rgw_prefix *p = &h->prefix;
	struct rgw_addr a;
	char buf[RGW_ADDR_TEXT];
	long bits;

	*slash = '\0';
	if (!rgw_addr_parse(h->text, 0, &a) || !isdigit((unsigned char)slash[1])) {
		*slash = '/';
		return false;
	}
	bits = strtol(slash + 1, NULL, 10);
	bits = bits > (a.family == 4 ? 32 : 128) ? (a.family == 4 ? 32 : 128) : bits;
	*p = (struct rgw_prefix){ .family = a.family, .bits = (uint8_t)bits };
	memcpy(p->ip, a.ip, sizeof p->ip);
	for (long i = bits; i < 128; i++)
		p->ip[i / 8] &= (uint8_t) ~(0x80 >> (i % 8));
	snprintf(h->text, sizeof h->text, "%s", rgw_prefix_format(p, buf));
	return true;
}

/* Takes brackets off, and a port. */
static void
split_port(struct rgw_rsp_host *h)
{
	char *close = h->text[0] == '[' ? strchr(h->text, ']') : NULL;
	char *colon = close != NULL ? close + 1 : strchr(h->text, ':');

	if (close == NULL && colon != NULL && strchr(colon + 1, ':') != NULL)
		return;
	if (colon != NULL && *colon == ':') {
		h->port = (uint16_t)strtoul(colon + 1, NULL, 10);
		*colon = '\0';
	}
	if (close != NULL) {
		memmove(close, close + 1, strlen(close + 1) + 1);
		memmove(h->text, h->text + 1, strlen(h->text));
	}
}

void
rgw_rsp_host(const struct rgw_node *block, size_t i, struct rgw_rsp_host *out)
{
	const struct rgw_node *node = rgw_node_get(block, "host", NULL);
	struct rgw_addr a;

	for (; node != NULL && i > 0; i--)
		node = rgw_node_get(block, "host", node);
	*out = (struct rgw_rsp_host){ .from = node != NULL ? node : block };
	snprintf(out->text, sizeof out->text, "%.250s", out->from->value);
	split_port(out);
	if (strchr(out->text, '/') != NULL) {
		out->is_network = read_network(out);
	} else if (rgw_addr_parse(out->text, 0, &a)) {
		out->is_address = true;
		out->prefix = (struct rgw_prefix){ .family = a.family, .bits = a.family == 4 ? 32 : 128 };
		memcpy(out->prefix.ip, a.ip, sizeof out->prefix.ip);
	}
}

struct rgw_node *
rgw_rsp_used(const struct rgw_map *m, const struct rgw_node *block, const char *kind, const char *option)
{
	const char *name = rgw_node_text(block, option, NULL);
	struct rgw_node *found;

	if (name != NULL)
		return rgw_rsp_block(m, kind, name);
	found = rgw_rsp_block(m, kind, rgw_word_is(block->word, "client") ? "defaultclient" : "defaultserver");
	return found != NULL ? found : rgw_rsp_block(m, kind, "default");
}
