/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_BIND_H
#define NET_BIND_H

#include <stdbool.h>

#include "radsecgw/addr.h"
#include "radsecgw/conf.h"
#include "radsecgw/list.h"

struct rgw_net;
struct rgw_net_change;

/*
 * What the sockets of [listen] sections have in common, whether they take datagrams or connections. A socket belongs to
 * its address, not to its section: as long as the configuration names the address, the socket stays.
 */
struct rgw_bound {
	struct rgw_link link;                 /* among the sockets of its kind */
	const struct rgw_conf_listen *conf;   /* borrowed: the section; NULL = the configuration has none, or the
	                                       * socket asks a server */
	struct rgw_addr local;                /* the address that the socket is bound to */
	bool takes_ipv4;                      /* an IPv6 socket that is there for IPv4, too */
	int fd;
};

/* One kind of such sockets. */
struct rgw_bound_kind {
	bool tcp;
	/* Makes a socket without a descriptor. */
	struct rgw_bound *(*make)(struct rgw_net *net);
	/* Binds it; nothing is received yet. false = errno says why. */
	bool (*open)(struct rgw_net *net, struct rgw_bound *b);
	/* Closes it, if it has a descriptor, and frees it. */
	void (*free)(struct rgw_bound *b);
	/* Finds a socket of that address which has gone from the configuration and is still open; it stays so until it
	 * is let go, or adopted. NULL = there is none. These operations are NULL if sockets do not stay open. */
	struct rgw_bound *(*take_back)(struct rgw_net *net, const struct rgw_addr *a);
	void (*let_go)(struct rgw_bound *b);
	/* Is a socket of that port still open which has gone? */
	bool (*has_gone)(struct rgw_net *net, uint16_t port);
};

/* An address of the configuration that is prepared, and the socket that it will have. */
struct rgw_place {
	struct rgw_link link;
	const struct rgw_conf_listen *conf;   /* borrowed */
	struct rgw_bound *bound;              /* owned if it is new; otherwise borrowed from the layer, which has it */
	bool is_new;
	bool is_back;                         /* the socket had gone, and was taken back */
};

/* Does the address stand for all addresses of its family? */
bool rgw_bind_is_wildcard(const struct rgw_addr *a);

/* Has a socket of the list this port? */
bool rgw_bound_has_port(const struct rgw_link *list, uint16_t port);
/* The socket of this address in the list, or NULL. */
struct rgw_bound *rgw_bound_find(const struct rgw_link *list, const struct rgw_addr *a);
/* Finds the socket of every address of this kind, and binds those that are new. Sockets that the layer has are in
 * `live`, which is only read. false = an address cannot be had, and that was told. */
bool rgw_places_find(struct rgw_net_change *change, const struct rgw_bound_kind *kind, const struct rgw_link *live,
    struct rgw_link *places) RGW_MUST_USE;
/* Gives up what was found: closes the sockets that are new. */
void rgw_places_drop(struct rgw_link *places, const struct rgw_bound_kind *kind);
/* Takes the sockets that stay, or come back, out of the layer's lists, so that `live` has only those that go. */
void rgw_places_part(struct rgw_link *places);

#endif
