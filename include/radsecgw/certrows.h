/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CERTROWS_H
#define RADSECGW_CERTROWS_H

#include "radsecgw/net.h"
#include "radsecgw/rows.h"

/* What the network layer tells about our own certificates, as rows of this table: one for each [tls] section that is
 * used, with the cell `not_after`: when the first certificate of its chain expires, in seconds since 1970. */
extern const struct rgw_table rgw_net_certificates;

/* The CRLs of the [tls] sections: a row for each issuer, with the cells `issuer` and `next_update`: when the first of
 * its CRLs that count has to be replaced, in seconds since 1970. Of each section at most so many are told, those that
 * end first. */
#define RGW_NET_CRLS_MAX 64
extern const struct rgw_table rgw_net_crls;

/* Tells all rows of both. For the thread of the layer. */
void rgw_net_tell_certificates(const struct rgw_net *net, rgw_row_fn *row, void *ctx);

#endif
