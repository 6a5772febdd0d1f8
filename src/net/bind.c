/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "change.h"
#include "radsecgw/errnotext.h"
#include "radsecgw/mem.h"

/* The addresses of [listen] sections, for datagrams and for connections, and the search for the sockets that they keep
 * when the configuration changes; see bind.h. */

/* Ports below this one are for who has the right to them. */
#define PORT_FREE 1024

/* Milliseconds to wait for sockets that are about to be closed, and between two attempts. */
#define WAIT_MS 6000
#define MOMENT_MS 50

bool
rgw_bind_is_wildcard(const struct rgw_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof zero) == 0;
}

static const struct rgw_addrs *
addrs_of(const struct rgw_conf_listen *conf, const struct rgw_bound_kind *kind)
{
	return kind->tcp ? &conf->tls : &conf->udp;
}

/* Does [::] take IPv4, too? It does unless another section listens for IPv4 at the same port. */
static bool
takes_ipv4(const struct rgw_conf *conf, const struct rgw_addr *a, const struct rgw_bound_kind *kind)
{
	if (a->family != 6 || !rgw_bind_is_wildcard(a))
		return false;
	for (size_t i = 0; i < conf->listen.n; i++) {
		const struct rgw_addrs *addrs = addrs_of(conf->listen.v[i], kind);

		for (size_t j = 0; j < addrs->n; j++)
			if (addrs->v[j].family == 4 && addrs->v[j].port == a->port)
				return false;
	}
	return true;
}

struct rgw_bound *
rgw_bound_find(const struct rgw_link *list, const struct rgw_addr *a)
{
	for (struct rgw_link *l = list->next; l != list; l = l->next) {
		struct rgw_bound *b = RGW_CONTAINER(l, struct rgw_bound, link);

		if (rgw_addr_equal(&b->local, a))
			return b;
	}
	return NULL;
}

bool
rgw_bound_has_port(const struct rgw_link *list, uint16_t port)
{
	for (struct rgw_link *l = list->next; l != list; l = l->next)
		if (RGW_CONTAINER(l, struct rgw_bound, link)->local.port == port)
			return true;
	return false;
}

static bool
has_gone(struct rgw_net *net, const struct rgw_bound_kind *kind, uint16_t port)
{
	return kind->has_gone != NULL && kind->has_gone(net, port);
}

/* Says why a socket could not be bound, for somebody who does not know errno. */
static void
explain(int error, const struct rgw_addr *a, bool ours, char *why, size_t size)
{
	char text[RGW_ERRNO_TEXT];
	const char *hint = "";

	if ((error == EACCES || error == EPERM) && a->port < PORT_FREE)
		hint = "; ports below 1024 need rights that the gateway gives up when it has started, so this needs a "
		       "restart, or the capability CAP_NET_BIND_SERVICE";
	else if (error == EADDRINUSE && ours)
		hint = "; we have a socket at this port ourselves: take that out first, and add this one when "
		       "request-lifetime has passed";
	snprintf(why, size, "%s%s", rgw_errno_text(error, text), hint);
}

/* Binds a new socket. If sockets have gone from the port, those of all workers may have a moment left, for which this
 * thread may wait. false = errno says why. */
static bool
open_new(struct rgw_net *net, const struct rgw_bound_kind *kind, struct rgw_bound *b, bool wait)
{
	static const struct timespec moment = { .tv_nsec = MOMENT_MS * 1000000 };

	for (int left = wait ? WAIT_MS : 0; !kind->open(net, b); left -= MOMENT_MS) {
		if (errno != EADDRINUSE || left <= 0)
			return false;
		close(b->fd);
		b->fd = -1;
		(void)nanosleep(&moment, NULL);
	}
	return true;
}

/* Gives the place a new socket. false = errno says why not. */
static bool
occupy(struct rgw_place *place, struct rgw_net *net, const struct rgw_bound_kind *kind, const struct rgw_addr *a,
    bool ipv4)
{
	place->bound = kind->make(net);
	place->is_new = true;
	place->bound->local = *a;
	place->bound->takes_ipv4 = ipv4;
	place->bound->conf = place->conf;
	return open_new(net, kind, place->bound, has_gone(net, kind, a->port));
}

static struct rgw_bound *
find(struct rgw_place *place, struct rgw_net *net, const struct rgw_bound_kind *kind, const struct rgw_link *live,
    const struct rgw_addr *a)
{
	struct rgw_bound *b = rgw_bound_find(live, a);

	if (b != NULL || kind->take_back == NULL)
		return b;
	b = kind->take_back(net, a);
	place->is_back = b != NULL;
	return b;
}

static bool
find_place(struct rgw_net_change *change, const struct rgw_bound_kind *kind, const struct rgw_link *live,
    struct rgw_place *place, const struct rgw_addr *a)
{
	bool ipv4 = takes_ipv4(change->next, a, kind);
	char why[RGW_CHANGE_WHY];

	place->bound = find(place, change->net, kind, live, a);
	if (place->bound != NULL && place->bound->takes_ipv4 == ipv4)
		return true;
	if (place->bound != NULL)
		snprintf(why, sizeof why, "the socket is there %s, and that cannot change while it is open; restart "
		    "the gateway", ipv4 ? "for IPv6 alone" : "for IPv4, too");
	else if (occupy(place, change->net, kind, a, ipv4))
		return true;
	else
		explain(errno, a, rgw_bound_has_port(live, a->port) || has_gone(change->net, kind, a->port), why, sizeof why);
	rgw_change_cannot_listen(change, place->conf, kind->tcp, a, why);
	return false;
}

bool
rgw_places_find(struct rgw_net_change *change, const struct rgw_bound_kind *kind, const struct rgw_link *live,
    struct rgw_link *places)
{
	const struct rgw_conf *conf = change->next;
	bool good = true;

	for (size_t i = 0; i < conf->listen.n; i++) {
		const struct rgw_addrs *addrs = addrs_of(conf->listen.v[i], kind);

		for (size_t j = 0; j < addrs->n; j++) {
			struct rgw_place *place = rgw_xcalloc(1, sizeof *place);

			rgw_link_init(&place->link);
			rgw_list_append(places, &place->link);
			place->conf = conf->listen.v[i];
			good &= find_place(change, kind, live, place, &addrs->v[j]);
		}
	}
	return good;
}

void
rgw_places_drop(struct rgw_link *places, const struct rgw_bound_kind *kind)
{
	struct rgw_link *l;

	while ((l = rgw_list_pop(places)) != NULL) {
		struct rgw_place *place = RGW_CONTAINER(l, struct rgw_place, link);

		if (place->is_new)
			kind->free(place->bound);
		else if (place->is_back)
			kind->let_go(place->bound);
		free(place);
	}
}

void
rgw_places_part(struct rgw_link *places)
{
	for (struct rgw_link *l = places->next; l != places; l = l->next)
		rgw_link_remove(&RGW_CONTAINER(l, struct rgw_place, link)->bound->link);
}
