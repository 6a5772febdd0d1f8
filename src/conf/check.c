/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "reading.h"
#include "radsecgw/nai.h"

/*
 * The checks of a whole configuration: what one option cannot know alone. This file has the sections [gateway],
 * [log], [tls], [client] and [realm] and calls the checks of the others. A value that is broken has been
 * reported when it was read, and nothing is concluded from it.
 */

static void
check_malformed_realms(struct rgw_draft *d, const struct rgw_section *section)
{
	const unsigned *faults = &((const struct rgw_conf_gateway *)section->data)->malformed_realms;

	if ((*faults & RGW_NAI_NONE) != 0 && *faults != RGW_NAI_NONE)
		rgw_check_error(d, section, faults, "`none` stands alone");
}

/* A bound that can never be reached, because another bound is lower, is somebody's mistake. */
static void
check_octets(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_gateway *g = section->data;
	char text[RGW_UNIT_TEXT];

	if (g->kept_answers > g->max_request_octets)
		rgw_check_warn(d, section, &g->kept_answers,
		    "requests and kept answers take no more than max-request-octets, which is %s",
		    rgw_unit_format(g->max_request_octets, rgw_unit_size, text));
	if (g->write_buffer > g->max_write_octets / RGW_CONF_WRITE_PARTS)
		rgw_check_warn(d, section, &g->write_buffer,
		    "one connection gets no more than a fourth of max-write-octets, which is %s",
		    rgw_unit_format(g->max_write_octets, rgw_unit_size, text));
}

static void
check_gateway(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_gateway *gateway = section->data;
	const struct rgw_strings *list = &gateway->encrypted_attribute;

	check_malformed_realms(d, section);
	check_octets(d, section);
	rgw_check_gateway_changes(d, section);
	for (size_t i = 0; i < list->n; i++) {
		struct rgw_hidden row;
		struct rgw_hidden before;

		/* Each item of the list was parsed when it was set, so this never fails. */
		if (rgw_hidden_parse(list->v[i], &row) != NULL)
			continue;
		rgw_hidden_table_add(d->conf->hidden, &row);
		for (size_t j = 0; j < i; j++)
			if (rgw_hidden_parse(list->v[j], &before) == NULL && before.vendor == row.vendor &&
			    before.type == row.type)
				rgw_check_error(d, section, list, "%s and %s are the same attribute",
				    list->v[j], list->v[i]);
	}
	rgw_check_rewriting(d, section, &gateway->rewrite_in, ~0u, &gateway->rewrite_out, ~0u);
}

/* Nothing in a line may look like its next part. */
static void
check_fticks_text(struct rgw_draft *d, const struct rgw_section *section, char *const *text)
{
	if (*text != NULL && strpbrk(*text, "# \t") != NULL)
		rgw_draft_error(d, rgw_check_place(section, text), "F-Ticks cannot have `#` or blanks in `%s`", *text);
}

static void
check_fticks(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_log *log = section->data;
	bool keyed = log->fticks_mac == RGW_FTICKS_VENDOR_KEYED_HASH || log->fticks_mac == RGW_FTICKS_FULLY_KEYED_HASH;

	check_fticks_text(d, section, &log->fticks_prefix);
	check_fticks_text(d, section, &log->fticks_country);
	check_fticks_text(d, section, &log->fticks_institution);
	check_fticks_text(d, section, &log->fticks_tag);
	if (log->fticks != RGW_FTICKS_NO && keyed && !rgw_draft_given(section, &log->fticks_key)->yes &&
	    !rgw_draft_given(section, &log->fticks_mac)->broken)
		rgw_draft_error(d, rgw_check_place(section, &log->fticks),
		    "fticks needs `fticks-key` or `fticks-key-file` for its keyed hashes, or another fticks-mac");
}

static void
check_log(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_log *log = section->data;
	const struct rgw_given *key = rgw_draft_given(section, &log->hash_key);

	bool identity = log->identity == RGW_LOG_ID_HASH, station = log->station == RGW_LOG_STATION_HASH;

	check_fticks(d, section);
	if (rgw_draft_given(section, &log->identity)->broken || rgw_draft_given(section, &log->station)->broken)
		return;
	if (identity && !key->yes)
		rgw_draft_error(d, rgw_check_place(section, &log->identity),
		    "identity = hash needs `hash-key` or `hash-key-file`");
	else if (station && !key->yes)
		rgw_draft_error(d, rgw_check_place(section, &log->station),
		    "station = hash needs `hash-key` or `hash-key-file`");
	if (!identity && !station && key->yes)
		rgw_draft_error(d, key->at,
		    "hash-key has no effect without identity = hash or station = hash; remove one or set the other");
}

/* Who gives CRLs wants them to be asked, unless they say that they do not. */
static void
check_crl(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_tls *tls = section->data;

	if (tls->crl.n > 0 && !rgw_draft_given(section, &tls->crl_check)->yes)
		rgw_check_warn(d, section, &tls->crl, "nobody looks into these CRLs, since `crl-check` is not given; "
		    "set crl-check = leaf or chain, or off");
}

static void
check_tls(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_tls *tls = section->data;
	bool min_given = rgw_draft_given(section, &tls->min_version)->yes;

	if (tls->min_version > tls->max_version)
		rgw_draft_error(d,
		    rgw_check_place(section, min_given ? &tls->min_version : &tls->max_version),
		    "min-version is newer than max-version");
	check_crl(d, section);
	rgw_check_psk_tls(d, section);
}

/* Enters the address of a client at each [listen] where the client may ask. Returns another client that already
 * has the address at one of them, or NULL. */
static const struct rgw_conf_client *
add_prefix(const struct rgw_conf *conf, struct rgw_conf_client *client, const struct rgw_prefix *p)
{
	const struct rgw_conf_client *taken = NULL;

	for (size_t i = 0; i < conf->listen.n; i++) {
		struct rgw_conf_listen *listen = conf->listen.v[i];
		const struct rgw_conf_client *other = NULL;

		if (listen->clients == NULL)
			listen->clients = rgw_prefixmap_new();
		if (rgw_conf_may_ask(client, listen->head.index))
			other = rgw_prefixmap_add(listen->clients, p, client);
		if (other != NULL)
			taken = other;
	}
	return taken;
}

static void
check_places(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_client *client = section->data;

	for (size_t i = 0; i < client->listen.n; i++) {
		const struct rgw_conf_listen *listen = d->conf->listen.v[client->listen.v[i]->index];

		if (listen->udp.n == 0)
			rgw_check_error(d, section, &client->listen,
			    "[listen %s] is for peers, over TLS; a client needs one with `udp`",
			    listen->head.name);
	}
}

static void
check_prefix(struct rgw_draft *d, const struct rgw_section *section, const struct rgw_prefix *p)
{
	struct rgw_conf_client *client = section->data;
	const struct rgw_conf_client *other = add_prefix(d->conf, client, p);
	char title[RGW_TITLE_TEXT];
	char text[RGW_ADDR_TEXT];

	rgw_prefix_format(p, text);
	if (other == client)
		rgw_check_error(d, section, &client->address, "%s is given twice", text);
	else if (other != NULL)
		rgw_check_error(d, section, &client->address, "%s is already that of %s at %s:%u", text,
		    rgw_draft_title(other, title), other->head.file, other->head.line);
	rgw_check_public(d, section, &client->address, p, text);
}

/* Reports a host name as an address: whoever reads the configuration should see that no address stands there.
 * */
static void
check_name(struct rgw_draft *d, const struct rgw_section *section, const char *name)
{
	const struct rgw_conf_client *client = section->data;
	unsigned times = 0;

	for (size_t i = 0; i < d->conf->client.n; i++) {
		const struct rgw_conf_client *other = d->conf->client.v[i];

		for (size_t j = 0; j < other->address.n; j++)
			times += other->address.v[j].name.host != NULL &&
			    strcasecmp(other->address.v[j].name.host, name) == 0;
	}
	if (times > 1)
		rgw_check_error(d, section, &client->address,
		    "%s is given %u times; a name can be that of one client only", name, times);
	else
		rgw_check_warn(d, section, &client->address,
		    "%s is a host name: it is looked up while the gateway runs, and requests are taken from "
		    "the addresses that it has then", name);
}

static void
check_client(struct rgw_draft *d, const struct rgw_section *section)
{
	struct rgw_conf_client *client = section->data;

	rgw_check_target(d, section, &client->pool, client->pool);
	check_places(d, section);
	for (size_t i = 0; i < client->address.n; i++)
		if (client->address.v[i].name.host != NULL)
			check_name(d, section, client->address.v[i].name.host);
		else
			check_prefix(d, section, &client->address.v[i].prefix);
	rgw_check_secret(d, section, &client->secret);
	rgw_check_secret(d, section, &client->previous_secret);
	rgw_check_previous_secret(d, section, &client->secret, &client->previous_secret);
	rgw_check_client_changes(d, section);
	if (!rgw_draft_given(section, &client->pool)->yes && d->conf->realm.n == 0)
		rgw_check_error(d, section, NULL,
		    "has no `pool`, and there is no [realm PATTERN] to route its requests; add one of them");
}

/* Reports options that have no effect in their section: an option that is read and then ignored is somebody's
 * mistake. */
static void
check_effects(struct rgw_draft *d, const struct rgw_section *section)
{
	size_t n;
	const struct rgw_opt *opts = rgw_conf_opts_of(section->kind, &n);

	for (size_t i = 0; i < n; i++) {
		const struct rgw_given *given = &section->given[i];
		const struct rgw_opt *because;
		char why[128];

		if (given->yes &&
		    rgw_value_idle(&opts[i], section->data, &because, why, sizeof why) != NULL &&
		    !section->given[because - opts].broken)
			rgw_draft_error(d, given->at, "%s: has no effect %s", opts[i].key, why);
	}
}

static void
check_regex(struct rgw_draft *d, const struct rgw_section *section)
{
	struct rgw_conf_realm *realm = section->data;

	if (realm->kind == RGW_REALM_EXACT)
		realm->kind = RGW_REALM_REGEX;
	else
		rgw_check_error(d, section, &realm->regex,
		    "[realm %s] means something already; give the section any other name", realm->head.name);
}

/* Reports realms whose name means something special elsewhere; here such a name is a realm like any
 * other. */
static void
check_realm_name(struct rgw_draft *d, const struct rgw_section *section)
{
	static const struct {
		const char *name, *pattern, *what;
	} rows[] = {
		{ "DEFAULT", "*", "all other users" },
		{ "NULL", "-", "users without a realm" },
		{ "LOCAL", "-", "users without a realm" },
	};
	const struct rgw_conf_realm *realm = section->data;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (realm->kind == RGW_REALM_EXACT && strcasecmp(realm->head.name, rows[i].name) == 0)
			rgw_check_warn(d, section, NULL,
			    "is for users whose realm is called so; %s are [realm %s]", rows[i].what,
			    rows[i].pattern);
}

static void
check_realm(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_realm *realm = section->data;

	check_realm_name(d, section);
	if (rgw_draft_given(section, &realm->regex)->yes)
		check_regex(d, section);
	if (!rgw_draft_given(section, &realm->pool)->yes &&
	    !rgw_draft_given(section, &realm->reject)->yes)
		rgw_check_error(d, section, NULL, "needs `pool`, or `reject` with a text for the user");
	rgw_check_target(d, section, &realm->pool, realm->pool);
	rgw_check_target(d, section, &realm->acct, realm->acct.target);
	rgw_check_takes_acct(d, section, &realm->acct, realm->acct.target);
	rgw_check_takes_changes(d, section, &realm->coa, realm->coa);
}

static void
check_control(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_control *control = section->data;

	if ((control->mode & 02) != 0)
		rgw_check_warn(d, section, &control->mode, "lets everybody on this machine give commands");
}

/* Are there none at all? A word that is broken does not say so. */
static bool
no_fticks(const struct rgw_draft *d)
{
	const struct rgw_section *section = rgw_draft_find(d, RGW_CONF_LOG, "");
	const enum rgw_log_fticks *fticks = &d->conf->log.fticks;

	return *fticks == RGW_FTICKS_NO && (section == NULL || !rgw_draft_given(section, fticks)->broken);
}

/* Where F-Ticks of a pool or realm would go is for [log] to say. Returns whether there are any. */
static bool
check_chosen(struct rgw_draft *d, enum rgw_conf_kind kind, size_t field)
{
	bool any = false;

	for (size_t i = 0; i < d->sections.n; i++) {
		const struct rgw_section *section = d->sections.v[i];
		const enum rgw_auto *fticks = (const void *)((const char *)section->data + field);

		if (section->kind != kind || *fticks != RGW_YES)
			continue;
		any = true;
		if (no_fticks(d))
			rgw_check_error(d, section, fticks, "has no effect without `fticks` in [log]");
	}
	return any;
}

static void
check_fticks_for(struct rgw_draft *d)
{
	const struct rgw_section *section = rgw_draft_find(d, RGW_CONF_LOG, "");
	bool pools = check_chosen(d, RGW_CONF_POOL, offsetof(struct rgw_conf_pool, fticks));
	bool realms = check_chosen(d, RGW_CONF_REALM, offsetof(struct rgw_conf_realm, fticks));

	if (section == NULL || d->conf->log.fticks_for == RGW_FTICKS_FOR_ALL)
		return;
	if (no_fticks(d))
		rgw_check_error(d, section, &d->conf->log.fticks_for, "has no effect without `fticks`");
	else if (!pools && !realms)
		rgw_check_error(d, section, &d->conf->log.fticks_for,
		    "needs a [pool] or [realm] with `fticks = yes`, or no login has any");
}

static void (*const checks[RGW_CONF_KINDS])(struct rgw_draft *d, const struct rgw_section *section) = {
	[RGW_CONF_GATEWAY] = check_gateway,
	[RGW_CONF_LOG] = check_log,
	[RGW_CONF_CONTROL] = check_control,
	[RGW_CONF_METRICS] = rgw_check_metrics,
	[RGW_CONF_TLS] = check_tls,
	[RGW_CONF_LISTEN] = rgw_check_listen,
	[RGW_CONF_CLIENT] = check_client,
	[RGW_CONF_PEER] = rgw_check_peer,
	[RGW_CONF_SERVER] = rgw_check_server,
	[RGW_CONF_POOL] = rgw_check_pool,
	[RGW_CONF_REALM] = check_realm,
	[RGW_CONF_REWRITE] = rgw_check_rewrite,
};

static bool
some_udp_listener(const struct rgw_draft *d)
{
	for (size_t i = 0; i < d->sections.n; i++) {
		const struct rgw_section *section = d->sections.v[i];
		const struct rgw_conf_listen *listen = section->data;

		/* A section that has neither `udp` nor `tls` has been reported. */
		if (section->kind == RGW_CONF_LISTEN &&
		    (rgw_draft_given(section, &listen->udp)->yes ||
		        !rgw_draft_given(section, &listen->tls)->yes))
			return true;
	}
	return false;
}

/* Reports sections of a kind that nothing refers to: such a section does no harm, but it is not what was meant.
 * After an error nothing is said, for the error may be the reason. */
static void
check_unused(struct rgw_draft *d, enum rgw_conf_kind kind, const char *what, const char *who)
{
	char title[RGW_TITLE_TEXT];

	for (size_t i = 0; i < d->sections.n && d->report->errors == d->errors_before; i++) {
		const struct rgw_section *section = d->sections.v[i];
		const struct rgw_conf_head *head = section->data;

		if (section->kind == kind && !section->used)
			rgw_draft_warn(d, (struct rgw_place){ head->file, head->line }, "%s %s: no %s", what,
			    rgw_draft_title(head, title), who);
	}
}

void
rgw_check_all(struct rgw_draft *d, const char *path)
{
	struct rgw_place whole = { path, 0 };

	for (size_t i = 0; i < d->sections.n; i++) {
		check_effects(d, d->sections.v[i]);
		checks[d->sections.v[i]->kind](d, d->sections.v[i]);
	}
	check_fticks_for(d);
	if (d->conf->listen.n == 0)
		rgw_draft_error(d, whole,
		    "there is no [listen NAME], so nothing would be received");
	else if (d->conf->client.n > 0 && !some_udp_listener(d))
		rgw_draft_error(d, whole,
		    "there is no [listen NAME] with `udp`, so no [client NAME] could send requests");
	if (d->conf->client.n == 0 && !rgw_check_some_peer(d, true))
		rgw_draft_error(d, whole,
		    "there is no [client NAME] and no [peer NAME] with `accept = yes`, so nobody may "
		    "send requests");
	if (d->conf->server.n == 0 && !rgw_check_some_peer(d, false))
		rgw_draft_error(d, whole,
		    "there is no [peer NAME] with `connect` and no [server NAME], so requests could go "
		    "nowhere");
	check_unused(d, RGW_CONF_POOL, "nothing leads to", "[client] or [realm] has it as `pool`, `acct` or `coa`");
	check_unused(d, RGW_CONF_REWRITE, "nothing uses",
	    "[gateway], [client], [peer] or [server] has it in `rewrite-in` or `rewrite-out`");
}
