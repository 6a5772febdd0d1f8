/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../links/links.h"
#include "doors.h"

#include <stdlib.h>
#include <string.h>

/* Clients, from their first edition to their last. The gateway owns them; what they ask comes in by udpin.c. */

static void
read_section(struct rgw_known *known)
{
	struct rgw_client *c = rgw_client_of(known);
	const struct rgw_conf_client *conf = (const struct rgw_conf_client *)known->section;

	c->conf = conf;
	c->asker.conf = &conf->head;
	c->asker.pool = conf->pool;
	c->asker.operator_name = conf->operator_name;
	c->asker.wants_msgauth = conf->reply_message_authenticator;
	c->asker.hears_errors = conf->protocol_error;
	rgw_nases_read(c->gw, known);
}

static struct rgw_known *
make(struct rgw_gw *gw, const struct rgw_conf_head *section, rgw_ms now)
{
	const struct rgw_conf_client *conf = (const struct rgw_conf_client *)section;
	struct rgw_client *c = rgw_xcalloc(1, sizeof *c);

	c->known.section = section;
	c->gw = gw;
	c->previous.counter = RGW_CTR_client_previous_secret;
	c->require_message_authenticator = conf->require_message_authenticator;
	c->limit_proxy_state = conf->limit_proxy_state;
	rgw_asked_init(&c->asked, now);
	rgw_asker_init(&c->asker, gw, &conf->status_server_rate, now);
	rgw_link_init(&c->named);
	read_section(&c->known);
	rgw_names_set(c, now);
	return &c->known;
}

static bool
is_same_address(const struct rgw_conf_origins *a, const struct rgw_conf_origins *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const char *name = a->v[i].name.host;
		const char *other = b->v[i].name.host;

		if ((name == NULL) != (other == NULL) || (name != NULL && strcmp(name, other) != 0))
			return false;
		if (name == NULL && memcmp(&a->v[i].prefix, &b->v[i].prefix, sizeof a->v[i].prefix) != 0)
			return false;
	}
	return true;
}

static void
change(struct rgw_known *known, struct rgw_edition *old, rgw_ms now)
{
	struct rgw_client *c = rgw_client_of(known);
	const struct rgw_conf_client *was = (const struct rgw_conf_client *)known->was;
	bool same = is_same_address(&was->address, &c->conf->address);

	rgw_nases_change(c->gw, known, old, now);
	rgw_bucket_change(&c->asker.probes, &c->conf->status_server_rate, now);
	/* What was learned counts as long as it is the same client, and the option leaves it open. */
	if (!same || c->conf->require_message_authenticator != was->require_message_authenticator)
		c->require_message_authenticator = c->conf->require_message_authenticator;
	if (!same || c->conf->limit_proxy_state != was->limit_proxy_state)
		c->limit_proxy_state = c->conf->limit_proxy_state;
	if (!same)
		rgw_names_set(c, now);
}

static void
leave(struct rgw_known *known, rgw_ms now)
{
	struct rgw_client *c = rgw_client_of(known);

	c->asker.gone = true;
	rgw_names_free(c);
	rgw_nases_leave(c->gw, known, now);
	rgw_nastable_end_owner(&c->gw->common->nases, false, known->section->id);
}

static void
end(struct rgw_known *known, rgw_ms now)
{
	struct rgw_client *c = rgw_client_of(known);

	(void)now;
	rgw_names_free(c);
	rgw_nases_end(c->gw, known);
	rgw_conversations_leave(&c->gw->conversations, &c->asker.talker);
	free(c);
}

const struct rgw_known_ops rgw_client_ops = {
	.kind = RGW_CONF_CLIENT,
	.make = make,
	.read = read_section,
	.change = change,
	.leave = leave,
	.end = end,
};
