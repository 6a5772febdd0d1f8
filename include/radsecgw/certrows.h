/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CERTROWS_H
#define RADSECGW_CERTROWS_H

#include "radsecgw/net.h"
#include "radsecgw/rows.h"

/* What the network layer tells about our own certificates, as rows of this table: one for each [tls] section that is
 * used, with the cell `not_after`: when the first certificate of its chain expires, in seconds since 1970. */
extern const struct rgw_table rgw_net_certificates;

/* Tells all rows. For the thread of the layer. */
void rgw_net_tell_certificates(const struct rgw_net *net, rgw_row_fn *row, void *ctx);

#endif
