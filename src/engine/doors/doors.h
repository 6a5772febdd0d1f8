/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_DOORS_H
#define ENGINE_DOORS_H

/*
 * Who asks: clients, which send datagrams (udpin.c) and may be known by names (names.c), and peers, on their
 * connections (tlsin.c). The gateway owns the clients.
 */

#include "../engine.h"

/* A client as it runs: its section and what was learned about it (P-BR-8). */
struct rgw_client {
	struct rgw_known known;
	struct rgw_gw *gw;                           /* borrowed: the owner */
	const struct rgw_conf_client *conf;          /* borrowed */
	struct rgw_host *hosts;                      /* owned: hosts of the names in its `address` ... */
	size_t n_hosts;
	struct rgw_link named;                       /* ... if there are any, its place among such clients */
	enum rgw_auto require_message_authenticator; /* AUTO = not decided, or not yet */
	enum rgw_auto limit_proxy_state;
	rgw_ms warned_at;                            /* when the log last said what such a client risks; 0 = never */
	struct rgw_asked asked;
	struct rgw_asker asker;
};

static inline struct rgw_client *
rgw_client_of(struct rgw_known *known)
{
	return RGW_CONTAINER(known, struct rgw_client, known);
}

static inline struct rgw_client *
rgw_client_by_id(const struct rgw_gw *gw, uint32_t id)
{
	return RGW_CONTAINER(rgw_known_by_id(gw, RGW_CONF_CLIENT, id), struct rgw_client, known);
}

/* client.c */
extern const struct rgw_known_ops rgw_client_ops;

/* names.c: clients that are known by names */
void rgw_names_init(struct rgw_gw *gw);
void rgw_names_fini(struct rgw_gw *gw);
/* Makes the hosts of a client that its section names, in place of those that it has had, and frees them. */
void rgw_names_set(struct rgw_client *client, rgw_ms now);
void rgw_names_free(struct rgw_client *client);
/* The clients of the current edition are there: puts those that are known by names in the order of the file. */
void rgw_names_order(struct rgw_gw *gw);
/* Everything is as the current edition wants it: finds out anew whose the addresses are, if that may have changed. */
void rgw_names_settle(struct rgw_gw *gw);
/* The client that may ask from this address at the [listen] section with this id, in whatever way the address is
 * given; NULL = no client may. Then the names are looked up again soon, for one of them may have moved. */
struct rgw_client *rgw_names_find(struct rgw_gw *gw, const struct rgw_addr *from, uint32_t listen, rgw_ms now);

#endif
