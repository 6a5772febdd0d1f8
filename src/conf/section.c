/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/* The kinds of sections, their places in struct rgw_conf, and what tells one section from another. */

/* A fixed key is enough: the names come from the configuration, not from the network. */
static const struct rgw_hashkey name_key = { 0x6e616d6573206f66, 0x73656374696f6e73 };

/* clang-format off */
static const struct rgw_conf_section sections[RGW_CONF_KINDS] = {
#define SECTION(field) offsetof(struct rgw_conf, field), sizeof(struct rgw_conf_##field)
	[RGW_CONF_GATEWAY] = { "gateway", NULL,      SECTION(gateway) },
	[RGW_CONF_LOG]     = { "log",     NULL,      SECTION(log) },
	[RGW_CONF_CONTROL] = { "control", NULL,   SECTION(control) },
	[RGW_CONF_METRICS] = { "metrics", NULL,   SECTION(metrics) },
	[RGW_CONF_TLS]     = { "tls",     "NAME",    SECTION(tls) },
	[RGW_CONF_LISTEN]  = { "listen",  "NAME",    SECTION(listen) },
	[RGW_CONF_CLIENT]  = { "client",  "NAME",    SECTION(client) },
	[RGW_CONF_PEER]    = { "peer",    "NAME",    SECTION(peer) },
	[RGW_CONF_SERVER]  = { "server",  "NAME",    SECTION(server) },
	[RGW_CONF_POOL]    = { "pool",    "NAME",    SECTION(pool) },
	[RGW_CONF_REALM]   = { "realm",   "PATTERN", SECTION(realm) },
	[RGW_CONF_REWRITE] = { "rewrite", "NAME",    SECTION(rewrite) },
#undef SECTION
};
/* clang-format on */

const struct rgw_conf_section *
rgw_conf_section_of(enum rgw_conf_kind kind)
{
	return &sections[kind];
}

void *
rgw_conf_section_at(const struct rgw_conf *conf, enum rgw_conf_kind kind, size_t i)
{
	char *where = (char *)(uintptr_t)conf + sections[kind].where;
	void *data;

	if (sections[kind].argument == NULL)
		return i == 0 ? where : NULL;
	if (i >= rgw_array_count(where))
		return NULL;
	memcpy(&data, rgw_array_item(where, i, sizeof data), sizeof data);
	return data;
}

char *
rgw_section_key(enum rgw_conf_kind kind, const char *name)
{
	size_t len = strlen(name);
	char *key = rgw_xcalloc(1, len + 2);

	key[0] = (char)('a' + kind);
	for (size_t i = 0; i < len; i++)
		key[i + 1] = kind == RGW_CONF_REALM && name[i] >= 'A' && name[i] <= 'Z' ?
		    (char)(name[i] + ('a' - 'A')) : name[i];
	return key;
}

uint64_t
rgw_section_hash(const char *key)
{
	return rgw_siphash(&name_key, key, strlen(key));
}

enum rgw_conf_kind
rgw_conf_kind_of(const char *text, size_t len)
{
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		const char *name = rgw_conf_section_of(kind)->name;

		if (strlen(name) == len && memcmp(name, text, len) == 0)
			return kind;
	}
	return RGW_CONF_KINDS;
}

const char *
rgw_conf_kinds_text(unsigned kinds, char buf[static RGW_KINDS_TEXT])
{
	size_t n = 0;

	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS && n < RGW_KINDS_TEXT; kind++)
		if ((kinds >> kind & 1) != 0)
			n += (size_t)snprintf(buf + n, RGW_KINDS_TEXT - n, "%s[%s]", n > 0 ? " or " : "",
			    sections[kind].name);
	return buf;
}
