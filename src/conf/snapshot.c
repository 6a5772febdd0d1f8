/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "reading.h"

/* A configuration as a whole: which files it was made of, and its end, when its owner gives it back and everything in
 * it is freed, secrets wiped. */

/* Tells the files that the options of a section name. */
static void
named_files(const struct rgw_conf_head *section, rgw_conf_each_file *each, void *ctx)
{
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(section->kind, &n);

	for (; n > 0; n--, opt++) {
		const void *field = (const char *)section + opt->where;

		if (!rgw_conf_opt_has(opt, RGW_IS_PATH))
			continue;
		for (size_t i = 0; i < rgw_value_count(opt, field); i++) {
			char *path = rgw_value_text(opt, field, i);

			each(ctx, path);
			free(path);
		}
	}
}

void
rgw_conf_files(const struct rgw_conf *conf, const struct rgw_conf_head *section, rgw_conf_each_file *each, void *ctx)
{
	for (size_t i = 0; section == NULL && i < conf->files.n; i++)
		each(ctx, conf->files.v[i]);
	if (section != NULL)
		named_files(section, each, ctx);
	for (size_t i = 0; i < conf->sources.n; i++)
		if (section == NULL || conf->sources.v[i].section == section)
			each(ctx, conf->sources.v[i].path);
}


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
	for (size_t i = 0; i < conf->sources.n; i++)
		free(conf->sources.v[i].path);
	free(conf->sources.v);
	free(conf);
}
