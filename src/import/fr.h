/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_IMPORT_FR_H
#define RADSECGW_IMPORT_FR_H

#include "map.h"

/* What the files for FreeRADIUS share. */

/* Sections, as bits of the table. */
enum {
	RGW_FR_CLIENT = 1,
	RGW_FR_HOME = 2,
	RGW_FR_POOL = 4,
	RGW_FR_REALM = 8,
	RGW_FR_TLS = 16,
	RGW_FR_LISTEN = 32,
	RGW_FR_LIMIT = 64,
};

#define RGW_FR_OURS_ALONE "it belongs to the server that answers logins, which stays as it is."

extern const struct rgw_row rgw_fr_rows[];
extern const size_t rgw_fr_n_rows;

/* ---- fr_block.c ---- */

/* The next section of a kind in another one, the first of a kind and name in the file, and the option with the
 * address. */
struct rgw_node *rgw_fr_next(const struct rgw_node *parent, const char *kind, const struct rgw_node *after);
struct rgw_node *rgw_fr_find(const struct rgw_map *m, const char *kind, const char *name);
struct rgw_node *rgw_fr_address(const struct rgw_node *block);
/* Writes an address with its port; * stands for all. */
void rgw_fr_put_place(const char *host, long port, char *out, size_t size);
/* Says of options that are not in the table whose they are. */
void rgw_fr_note_unknown(struct rgw_map *m, struct rgw_node *block, unsigned bit, struct rgw_out_section *s);

/* ---- fr_tls.c ---- */

/* The name of the [tls] section for a tls block; blocks that say the same share one. */
const char *rgw_fr_tls(struct rgw_map *m, struct rgw_node *owner, struct rgw_node *tls);
/* Writes what `limit` says of connections. */
void rgw_fr_limits(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block);

/* ---- fr_home.c ---- */

void rgw_fr_secret(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block);
/* Writes the [server] or [peer] of a home_server. */
void rgw_fr_home(struct rgw_map *m, struct rgw_node *home);

/* ---- fr_realm.c ---- */

void rgw_fr_pool(struct rgw_map *m, struct rgw_node *pool);
void rgw_fr_realm(struct rgw_map *m, struct rgw_node *realm);

#endif
