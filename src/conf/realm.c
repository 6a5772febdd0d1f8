/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/realm.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/hash.h"
#include "radsecgw/list.h"
#include "radsecgw/mem.h"
#include "radsecgw/radius.h"

struct entry {
	struct rgw_hnode node;
	const struct rgw_conf_realm *realm;  /* borrowed */
	char *name;                          /* owned: folded; a suffix with its leading dot */
	size_t len;
};

struct rgw_realms {
	struct rgw_htab tab;
	struct entry *entries;                        /* owned */
	size_t n_entries;
	const struct rgw_conf_realm **regexes;        /* owned array of borrowed ones, in file order */
	size_t n_regexes;
	const struct rgw_conf_realm *no_realm;        /* borrowed, as the next */
	const struct rgw_conf_realm *default_realm;
	size_t longest_suffix;                        /* so that long names are not tried in vain */
};

/* A fixed key is enough: the names in the table come from the configuration; an attacker does not choose them.
 * */
static const struct rgw_hashkey realm_key = { 0x7265616c6d206e61, 0x6d65732066726f6d };

static uint8_t
fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static const struct rgw_conf_realm *
find(const struct rgw_realms *realms, enum rgw_realm_kind kind, const uint8_t *name, size_t len)
{
	uint64_t hash = rgw_siphash(&realm_key, name, len);

	for (struct rgw_hnode *n = rgw_htab_first(&realms->tab, hash); n != NULL;
	     n = rgw_htab_next(n)) {
		const struct entry *e = RGW_CONTAINER(n, struct entry, node);

		if (e->realm->kind == kind && e->len == len && memcmp(e->name, name, len) == 0)
			return e->realm;
	}
	return NULL;
}

static void
add(struct rgw_realms *realms, struct entry *e, const struct rgw_conf_realm *realm)
{
	e->realm = realm;
	e->name = rgw_xstrdup(realm->head.name);
	e->len = strlen(e->name);
	for (size_t i = 0; i < e->len; i++)
		e->name[i] = (char)fold((uint8_t)e->name[i]);
	if (realm->kind == RGW_REALM_SUFFIX && e->len > realms->longest_suffix)
		realms->longest_suffix = e->len;
	rgw_htab_xadd(&realms->tab, &e->node, rgw_siphash(&realm_key, e->name, e->len));
}

struct rgw_realms *
rgw_realms_new(const struct rgw_conf *conf)
{
	struct rgw_realms *realms = rgw_xcalloc(1, sizeof *realms);

	realms->entries = rgw_xcalloc(conf->realm.n, sizeof *realms->entries);
	realms->n_entries = conf->realm.n;
	realms->regexes = rgw_xcalloc(conf->realm.n, sizeof(struct rgw_conf_realm *));
	for (size_t i = 0; i < conf->realm.n; i++) {
		const struct rgw_conf_realm *r = conf->realm.v[i];

		switch (r->kind) {
		case RGW_REALM_DEFAULT:
			realms->default_realm = r;
			break;
		case RGW_REALM_NONE:
			realms->no_realm = r;
			break;
		case RGW_REALM_EXACT:
		case RGW_REALM_SUFFIX:
			add(realms, &realms->entries[i], r);
			break;
		case RGW_REALM_REGEX:
			realms->regexes[realms->n_regexes++] = r;
			break;
		}
	}
	return realms;
}

void
rgw_realms_free(struct rgw_realms *realms)
{
	if (realms == NULL)
		return;
	rgw_htab_fini(&realms->tab);
	for (size_t i = 0; i < realms->n_entries; i++)
		free(realms->entries[i].name);
	free(realms->entries);
	free(realms->regexes);
	free(realms);
}

const struct rgw_conf_realm *
rgw_realms_find(const struct rgw_realms *realms, const uint8_t *realm, size_t len)
{
	const struct rgw_conf_realm *found;
	uint8_t name[RGW_ATTR_VALUE_MAX];

	if (realm == NULL || len == 0)
		return realms->no_realm != NULL ? realms->no_realm : realms->default_realm;
	if (len > sizeof name)
		return realms->default_realm;
	for (size_t i = 0; i < len; i++)
		name[i] = fold(realm[i]);
	found = find(realms, RGW_REALM_EXACT, name, len);
	/* The pattern ".example.org" covers a.example.org and b.a.example.org, so each dot is tried, from the
	 * left. */
	for (size_t i = 1; i < len && found == NULL; i++)
		if (name[i] == '.' && len - i <= realms->longest_suffix)
			found = find(realms, RGW_REALM_SUFFIX, name + i, len - i);
	for (size_t i = 0; i < realms->n_regexes && found == NULL; i++)
		if (rgw_pattern_match(realms->regexes[i]->regex, realm, len, NULL))
			found = realms->regexes[i];
	return found != NULL ? found : realms->default_realm;
}

const struct rgw_conf_realm *
rgw_realms_default(const struct rgw_realms *realms)
{
	return realms->default_realm;
}
