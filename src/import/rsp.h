/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_IMPORT_RSP_H
#define RADSECGW_IMPORT_RSP_H

#include "map.h"
#include "radsecgw/addr.h"

/* What the files for radsecproxy.conf share. */

/* Blocks, as bits of the table. */
enum {
	RGW_RSP_GLOBAL = 1,
	RGW_RSP_TLS = 2,
	RGW_RSP_CLIENT = 4,
	RGW_RSP_SERVER = 8,
	RGW_RSP_REALM = 16,
	RGW_RSP_REWRITE = 32,
};

extern const struct rgw_row rgw_rsp_rows[];
extern const size_t rgw_rsp_n_rows;

/* How a neighbour is reached. */
enum rgw_rsp_type { RGW_RSP_UDP, RGW_RSP_TCP, RGW_RSP_OVER_TLS, RGW_RSP_DTLS };

/* A host of a client or server. */
struct rgw_rsp_host {
	char text[256]; /* name or address without brackets, or network */
	uint16_t port;  /* 0 = none was given */
	bool is_address;
	bool is_network;
	struct rgw_prefix prefix; /* of an address or network */
	const struct rgw_node *from;
};

/* ---- rsp_block.c ---- */

/* Undoes %xx; octets may be any. */
void rgw_rsp_decode(const char *raw, struct rgw_strbuf *out);

/* The block of a kind with that name, or NULL. */
struct rgw_node *rgw_rsp_block(const struct rgw_map *m, const char *kind, const char *name);
/* The next block of a kind. */
struct rgw_node *rgw_rsp_next(const struct rgw_map *m, const char *kind, const struct rgw_node *after);
enum rgw_rsp_type rgw_rsp_type(const struct rgw_node *block);
/* The number of hosts, of which host i is written to `out`. */
size_t rgw_rsp_hosts(const struct rgw_node *block);
void rgw_rsp_host(const struct rgw_node *block, size_t i, struct rgw_rsp_host *out);
/* The block `tls` or `rewrite` that a client or server uses, also by its default name; NULL = none. */
struct rgw_node *
rgw_rsp_used(const struct rgw_map *m, const struct rgw_node *block, const char *kind, const char *option);

/* ---- rsp_tls.c, rsp_match.c ---- */

/* Writes [tls] sections. */
void rgw_rsp_tls(struct rgw_map *m);
/* The [tls] section of a client or server; one with a pre-shared key may have an empty one. NULL = none. */
struct rgw_out_section *rgw_rsp_tls_of(struct rgw_map *m, const struct rgw_node *block);
/* Writes the rules for the certificate of a peer that is made of a client, a server or both. Hosts from `first` on
 * which are of one kind are meant. */
void
rgw_rsp_match(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block, size_t first, size_t n);

/* ---- rsp_neighbours.c ---- */

void rgw_rsp_neighbours(struct rgw_map *m);
/* The name of the section to which requests for a server go; NULL = there is none. */
const char *rgw_rsp_target(const struct rgw_map *m, const struct rgw_node *server);
/* The UDP server gets accounting, too, or only that. */
void rgw_rsp_takes(struct rgw_map *m, const struct rgw_node *server, bool acct);

/* ---- rsp_rewrite.c ---- */

/* Writes what a client or server changes in packets into its section. As one peer may be made of a client and a
 * server, `apart` keeps what is for requests from what is for answers. */
void rgw_rsp_rewriting(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block, bool apart);
/* Writes the [rewrite] sections that nobody uses, so that none is lost. */
void rgw_rsp_unused_rewrites(struct rgw_map *m);

/* ---- rsp_realm.c ---- */

void rgw_rsp_realms(struct rgw_map *m);

#endif
