/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "reading.h"

/* The report about a key that its section does not have, with the key that was probably meant. */

/* The kinds of sections that have the key, as bits. */
static unsigned
owners(const char *key)
{
	unsigned kinds = 0;
	bool from_file;

	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++)
		if (rgw_conf_opt_find(kind, key, &from_file) != NULL)
			kinds |= 1u << kind;
	return kinds;
}

/* Tries the keys of a kind of section, and x-file for each secret x. */
static void
try_keys(struct rgw_nearest *near, enum rgw_conf_kind kind)
{
	size_t n;
	const struct rgw_opt *opt = rgw_conf_opts_of(kind, &n);

	for (; n > 0; n--, opt++) {
		char file[RGW_NEAREST_TEXT];

		rgw_nearest_try(near, opt->key);
		snprintf(file, sizeof file, "%s-file", opt->key);
		if (rgw_conf_opt_has(opt, RGW_IS_SECRET))
			rgw_nearest_try(near, file);
	}
}

void
rgw_key_unknown(struct rgw_draft *d, const char *key, struct rgw_place at)
{
	enum rgw_conf_kind kind = d->current->kind;
	const char *section = rgw_conf_section_of(kind)->name;
	struct rgw_nearest near;
	char where[RGW_KINDS_TEXT];

	if (owners(key) != 0) {
		rgw_draft_error(d, at, "key `%s` does not belong in [%s] but in %s", key, section,
		    rgw_conf_kinds_text(owners(key), where));
		return;
	}
	rgw_nearest_init(&near, key);
	try_keys(&near, kind);
	if (near.best[0] != '\0') {
		rgw_draft_error(d, at,
		    "[%s] has no key `%s`; did you mean `%s`?", section, key, near.best);
		return;
	}
	for (enum rgw_conf_kind other = 0; other < RGW_CONF_KINDS; other++)
		try_keys(&near, other);
	if (near.best[0] != '\0') {
		rgw_draft_error(d, at,
		    "[%s] has no key `%s`; did you mean `%s`, which belongs in %s?", section, key,
		    near.best, rgw_conf_kinds_text(owners(near.best), where));
		return;
	}
	rgw_draft_error(d, at, "[%s] has no key `%s`", section, key);
}
