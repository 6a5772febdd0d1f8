/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "change.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/confchange.h"
#include "radsecgw/mem.h"

/* A change of the configuration in its two phases; see net.h and change.h. */

/* The next peer that may connect to us, from the place *at on, or NULL. */
static const struct rgw_conf_peer *
next_accepted(const struct rgw_conf *conf, size_t *at)
{
	while (*at < conf->peer.n) {
		const struct rgw_conf_peer *peer = conf->peer.v[(*at)++];

		if (peer->accept)
			return peer;
	}
	return NULL;
}

/* Is what tells whose a certificate is, or an address, the same for both? Peers are asked in their order. */
static bool
has_other_names(const struct rgw_conf *now, const struct rgw_conf *next)
{
	const struct rgw_conf_peer *a, *b;
	size_t i = 0;
	size_t j = 0;

	do {
		a = next_accepted(now, &i);
		b = next_accepted(next, &j);
		if ((a == NULL) != (b == NULL))
			return true;
		if (a != NULL && (a->head.id != b->head.id ||
		    rgw_conf_is_changed(&a->head, &b->head, RGW_OPT_IDENTITY)))
			return true;
	} while (a != NULL);
	return false;
}

static bool
prepare(struct rgw_net_change *change)
{
	struct rgw_net *net = change->net;

	change->names = net->conf != NULL && has_other_names(net->conf, change->next);
	change->contexts = rgw_contexts_prepare(change);
	return change->contexts != NULL && rgw_udp_prepare(net->udp, change) && rgw_listen_prepare(net->listen, change);
}

struct rgw_net_change *
rgw_net_prepare(struct rgw_net *net, const struct rgw_conf *next, const struct rgw_net_change *first,
    struct rgw_conf_report *report)
{
	struct rgw_net_change *change = rgw_xcalloc(1, sizeof *change);

	change->net = net;
	change->next = next;
	change->first = first;
	change->report = report;
	change->peer_out = rgw_xcalloc(next->ids[RGW_CONF_PEER].n, sizeof *change->peer_out);
	rgw_link_init(&change->udp);
	rgw_link_init(&change->tcp);
	if (net->edition == NULL)
		rgw_net_now(net);
	if (prepare(change)) {
		change->report = NULL;
		change->first = NULL;
		return change;
	}
	rgw_net_change_free(change);
	return NULL;
}

void
rgw_net_change_free(struct rgw_net_change *change)
{
	if (change == NULL)
		return;
	rgw_contexts_discard(change->contexts);
	rgw_udp_discard(&change->udp);
	rgw_listen_discard(&change->tcp);
	free(change->peer_out);
	free(change);
}

/* What has arrived at sockets that go is for the configuration that they belong to; and what waits to be signed is
 * signed while all secrets of that are there. */
static void
finish_old(struct rgw_net *net)
{
	if (net->gw == NULL)
		return;
	rgw_udp_read_out(net->udp);
	rgw_listen_take_rest(net->listen);
	rgw_net_flush(net);
}

/* Octets that wait for each peer: they are counted by its id. */
static void
take_peer_out(struct rgw_net *net, struct rgw_net_change *change)
{
	uint32_t n = change->next->ids[RGW_CONF_PEER].n;

	if (net->n_peer_out > 0)
		memcpy(change->peer_out, net->peer_out,
		    (n < net->n_peer_out ? n : net->n_peer_out) * sizeof *net->peer_out);
	free(net->peer_out);
	net->peer_out = change->peer_out;
	net->n_peer_out = n;
	change->peer_out = NULL;
}

void
rgw_net_adopt(struct rgw_net *net, struct rgw_net_change *change, struct rgw_edition *edition)
{
	struct rgw_edition *old = net->edition;

	rgw_places_part(&change->udp);
	rgw_places_part(&change->tcp);
	finish_old(net);
	net->edition = rgw_edition_hold(edition);
	net->conf = edition->conf;
	take_peer_out(net, change);
	rgw_contexts_adopt(net, change->contexts, edition);
	change->contexts = NULL;
	rgw_udp_adopt(net->udp, &change->udp, old != NULL ? old->conf->gateway.request_lifetime : 0);
	rgw_listen_adopt(net->listen, &change->tcp);
	rgw_tcp_adopt(net);
	if (old != NULL)
		rgw_judge_all(net, change->names);
	rgw_net_change_free(change);
	rgw_edition_drop(old);
}
