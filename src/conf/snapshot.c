/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "reading.h"

/* The end of a configuration: its owner gives it back, and everything in it is freed, secrets wiped. */

static void
clear_section(enum rgw_conf_kind kind, void *data)
{
	struct rgw_conf_head *head = data;
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(kind, &n);

	for (; n > 0; n--, opt++)
		rgw_value_clear(opt, (char *)data + opt->where);
	if (kind == RGW_CONF_PEER)
		rgw_cert_rules_free(&((struct rgw_conf_peer *)data)->identity);
	if (kind == RGW_CONF_LISTEN)
		rgw_prefixmap_free(((struct rgw_conf_listen *)data)->clients);
	free(head->name);
}

void
rgw_conf_free(struct rgw_conf *conf)
{
	if (conf == NULL)
		return;
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		const struct rgw_conf_section *type = rgw_conf_section_of(kind);
		void *data;

		for (size_t i = 0; (data = rgw_conf_section_at(conf, kind, i)) != NULL; i++) {
			clear_section(kind, data);
			if (type->argument != NULL)
				free(data);
		}
		if (type->argument != NULL)
			free(rgw_array_take((char *)conf + type->where));
		free(conf->ids[kind].place);
	}
	rgw_hidden_table_free(conf->hidden);
	rgw_strings_fini(&conf->files);
	free(conf);
}
