/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reading.h"

/* The checks of options about CoA and Disconnect: who may send such requests, and who is to get them. A value that is
 * broken has been reported, and nothing is concluded from it. */

static bool
may_send(const struct rgw_section *section, const unsigned *allow)
{
	return (*allow & RGW_SERVICE_CHANGES) != 0 || rgw_draft_given(section, allow)->broken;
}

/* Reports an option that is about requests which the neighbour may not send, or does not get. */
static void
check_idle(struct rgw_draft *d, const struct rgw_section *section, const void *field, bool counts, const char *without)
{
	if (!counts && rgw_draft_given(section, field)->yes)
		rgw_check_error(d, section, field, "has no effect without %s", without);
}

#define WITHOUT_ALLOW "coa or disconnect in `allow`"

void
rgw_check_client_changes(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_client *client = section->data;
	bool sends = may_send(section, &client->allow);
	bool takes = client->coa.reached || rgw_draft_given(section, &client->coa)->broken;
	unsigned comes = (sends ? RGW_REWRITE_CHANGES : 0) | (takes ? RGW_REWRITE_CHANGE_ANSWERS : 0);
	unsigned goes = (sends ? RGW_REWRITE_CHANGE_ANSWERS : 0) | (takes ? RGW_REWRITE_CHANGES : 0);

	check_idle(d, section, &client->coa_realms, sends, WITHOUT_ALLOW);
	check_idle(d, section, &client->require_event_timestamp, sends || !client->require_event_timestamp,
	    WITHOUT_ALLOW);
	check_idle(d, section, &client->nas_identifier, takes, "`coa`");
	rgw_check_twice(d, section, &client->nas_identifier);
	rgw_check_rewriting(d, section, &client->rewrite_in, RGW_REWRITE_REQUESTS | comes, &client->rewrite_out,
	    RGW_REWRITE_ANSWERS | goes);
}

/* Operator-NAS-Identifier stands beside Operator-Name only (P-CPX-11). */
static void
check_opnas(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;
	bool has_operator = !peer->operator_nas_identifier;

	for (size_t i = 0; i < d->conf->client.n; i++) {
		const char *operator = d->conf->client.v[i]->operator_name;

		has_operator |= operator != NULL && operator[0] == '1';
	}
	check_idle(d, section, &peer->operator_nas_identifier, has_operator,
	    "a client whose `operator-name` is a realm");
}

void
rgw_check_peer_changes(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_peer *peer = section->data;

	check_idle(d, section, &peer->coa_realms, may_send(section, &peer->allow), WITHOUT_ALLOW);
	check_opnas(d, section);
	/* P-RCA-2 */
	if (peer->insecure_tcp && (peer->allow & RGW_SERVICE_CHANGES) != 0)
		rgw_check_error(d, section, &peer->allow, "coa and disconnect are for TLS only, not for plain TCP");
	/* A request must come to the worker that has the connection. */
	if (peer->accept && (peer->allow & RGW_SERVICE_CHANGES) != 0 && d->conf->gateway.workers > 1)
		rgw_check_error(d, section, &peer->allow,
		    "coa and disconnect of a peer that connects to us need `workers = 1`");
}

void
rgw_check_gateway_changes(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_gateway *gateway = section->data;
	bool counts = false;

	for (size_t i = 0; i < d->conf->peer.n; i++)
		counts |= d->conf->peer.v[i]->operator_nas_identifier;
	check_idle(d, section, &gateway->operator_nas_key, counts, "a peer with `operator-nas-identifier = yes`");
}

static bool
takes_changes(const struct rgw_draft *d, const struct rgw_conf_head *target)
{
	const struct rgw_section *section = rgw_draft_find(d, target->kind, target->name);
	const struct rgw_conf_peer *peer = section->data;
	const struct rgw_conf_pool *pool = section->data;

	if (target->kind == RGW_CONF_PEER)
		return may_send(section, &peer->allow);
	for (size_t i = 0; target->kind == RGW_CONF_POOL && i < pool->members.n; i++)
		if (takes_changes(d, pool->members.v[i]))
			return true;
	return target->kind == RGW_CONF_POOL && rgw_draft_given(section, &pool->members)->broken;
}

void
rgw_check_takes_changes(struct rgw_draft *d, const struct rgw_section *section, const void *field,
    const struct rgw_conf_head *target)
{
	char title[RGW_TITLE_TEXT];

	if (target != NULL && !takes_changes(d, target))
		rgw_check_error(d, section, field, "%s takes neither CoA nor Disconnect; see `allow` of a peer",
		    rgw_draft_title(target, title));
}

/* Does anybody send CoA or Disconnect, or take any? Otherwise nothing need be known about sessions. */
bool
rgw_conf_has_changes(const struct rgw_conf *conf)
{
	for (size_t i = 0; i < conf->client.n; i++)
		if ((conf->client.v[i]->allow & RGW_SERVICE_CHANGES) != 0 || conf->client.v[i]->coa.reached)
			return true;
	for (size_t i = 0; i < conf->peer.n; i++)
		if ((conf->peer.v[i]->allow & RGW_SERVICE_CHANGES) != 0)
			return true;
	return false;
}
