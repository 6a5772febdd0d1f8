/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/* The checks about where requests are sent: [pool], and the options that lead to a pool or to its members. A
 * value that is broken has been reported, and nothing is concluded from it. */

/* Reports a peer as a target to which we do not connect: requests cannot be sent to a peer that only connects
 * to us. */
void
rgw_check_target(struct rgw_draft *d, const struct rgw_section *section, const void *field,
    const struct rgw_conf_head *target)
{
	const struct rgw_section *other;
	const struct rgw_conf_peer *peer;

	if (target == NULL || target->kind != RGW_CONF_PEER)
		return;
	other = rgw_draft_find(d, RGW_CONF_PEER, target->name);
	peer = other->data;
	if (peer->accept && !rgw_draft_given(other, &peer->connect)->yes)
		rgw_check_error(d, section, field,
		    "[peer %s] has no `connect`, so no request can be sent to it", target->name);
}

static bool
takes_acct(const struct rgw_draft *d, const struct rgw_conf_head *target)
{
	const struct rgw_section *section = rgw_draft_find(d, target->kind, target->name);
	const struct rgw_conf_server *server = section->data;
	const struct rgw_conf_peer *peer = section->data;
	const struct rgw_conf_pool *pool = section->data;

	switch (target->kind) {
	case RGW_CONF_SERVER:
		return rgw_draft_given(section, &server->acct)->yes;
	case RGW_CONF_PEER:
		return (peer->allow & RGW_SERVICE_ACCT) != 0 ||
		    rgw_draft_given(section, &peer->allow)->broken;
	default:
		break;
	}
	for (size_t i = 0; i < pool->members.n; i++)
		if (takes_acct(d, pool->members.v[i]))
			return true;
	return rgw_draft_given(section, &pool->members)->broken;
}

void
rgw_check_takes_acct(struct rgw_draft *d, const struct rgw_section *section, const void *field,
    const struct rgw_conf_head *target)
{
	char title[RGW_TITLE_TEXT];

	if (target != NULL && !takes_acct(d, target))
		rgw_check_error(d, section, field,
		    "%s takes no accounting; see `acct` of a server, `allow` of a peer",
		    rgw_draft_title(target, title));
}

/* The kinds of sections that share one set of names, since `pool` may mean any of them. */
static const enum rgw_conf_kind targets[] = { RGW_CONF_PEER, RGW_CONF_SERVER, RGW_CONF_POOL };

#define N_TARGETS (sizeof targets / sizeof targets[0])

void
rgw_check_target_name(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_head *head = section->data;
	char title[RGW_TITLE_TEXT];

	if (strcmp(head->name, "same") == 0 || strcmp(head->name, "ack") == 0 ||
	    strcmp(head->name, "drop") == 0)
		rgw_draft_error(d, (struct rgw_place){ head->file, head->line },
		    "%s: the name means something else in `acct` of a realm; choose another",
		    rgw_draft_title(head, title));
	for (size_t i = 0; i < N_TARGETS && targets[i] != section->kind; i++) {
		const struct rgw_section *other = rgw_draft_find(d, targets[i], head->name);
		const struct rgw_conf_head *there;

		if (other == NULL)
			continue;
		there = other->data;
		rgw_check_error(d, section, NULL,
		    "has the name of the [%s] at %s:%u, so `pool` could mean either; rename one",
		    rgw_conf_section_of(targets[i])->name, there->file, there->line);
	}
}

static void
check_members(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_pool *pool = section->data;
	const struct rgw_conf_refs *list = &pool->members;

	if (list->n > RGW_POOL_MEMBERS_MAX)
		rgw_check_error(d, section, list, "more than %d", RGW_POOL_MEMBERS_MAX);
	for (size_t i = 0; i < list->n; i++)
		rgw_check_target(d, section, list, list->v[i]);
	rgw_check_twice(d, section, list);
}

/* The first member of a kind, or NULL. */
static const struct rgw_conf_head *
member_of(const struct rgw_conf_pool *pool, enum rgw_conf_kind kind)
{
	for (size_t i = 0; i < pool->members.n; i++)
		if (pool->members.v[i]->kind == kind)
			return pool->members.v[i];
	return NULL;
}

/* Reports a pool of peers and servers: a request that was meant to be protected by TLS must not go over UDP
 * when its peer is down (P-TLS-5). */
static void
check_mixture(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_pool *pool = section->data;
	const struct rgw_conf_head *peer = member_of(pool, RGW_CONF_PEER);
	const struct rgw_conf_head *server = member_of(pool, RGW_CONF_SERVER);

	if (peer != NULL && server != NULL)
		rgw_check_warn(d, section, &pool->members,
		    "[peer %s] is reached over TLS and [server %s] over UDP, so some requests lose the "
		    "protection of TLS; make two pools of them", peer->name, server->name);
}

static void
check_retry_after(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_pool *pool = section->data;
	rgw_ms lifetime = rgw_check_lifetime(d);
	char text[RGW_UNIT_TEXT];

	if (rgw_draft_given(section, &pool->retry_after)->yes && pool->retry_after > 0 && pool->members.n == 1 &&
	    !rgw_draft_given(section, &pool->members)->broken)
		rgw_check_warn(d, section, &pool->retry_after, "has no effect with one member");
	if (pool->retry_after >= lifetime)
		rgw_check_error(d, section, &pool->retry_after,
		    "a request lives no longer than request-lifetime, which is %s",
		    rgw_unit_format(lifetime, rgw_unit_time, text));
}

void
rgw_check_pool(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_pool *pool = section->data;

	check_members(d, section);
	check_mixture(d, section);
	check_retry_after(d, section);
	if (pool->outage_acct == RGW_OUTAGE_ACCT_ACK)
		rgw_draft_warn(d, rgw_check_place(section, &pool->outage_acct),
		    "outage-acct = ack: a record that nobody has is acknowledged, so it can be lost");
	rgw_check_target_name(d, section);
}
