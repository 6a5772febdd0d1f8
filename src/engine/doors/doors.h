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
	const struct rgw_conf_client *conf;          /* borrowed */
	enum rgw_auto require_message_authenticator; /* AUTO = not decided, or not yet */
	enum rgw_auto limit_proxy_state;
	rgw_ms warned_at;                            /* when the log last said what such a client risks; 0 = never */
	struct rgw_previous previous;
	struct rgw_asked asked;
	struct rgw_asker asker;
};

/* udpin.c */
void rgw_client_init(struct rgw_client *client, const struct rgw_conf_client *conf, rgw_ms now);

/* names.c: clients that are known by names */
void rgw_names_init(struct rgw_gw *gw, rgw_ms now);
void rgw_names_fini(struct rgw_gw *gw);
/* The client that may ask from this address at the [listen] section with this index, in whatever way the address is
 * given; NULL = no client may. Then the names are looked up again soon, for one of them may have moved. */
const struct rgw_conf_client *rgw_names_find(struct rgw_gw *gw, const struct rgw_addr *from, uint32_t listen,
    rgw_ms now);

#endif
