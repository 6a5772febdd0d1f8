/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PEERID_H
#define RADSECGW_PEERID_H

#include <stdbool.h>

#include "radsecgw/conf.h"

/*
 * From the options of a [peer] to the rules that its certificate must satisfy: the `match` list, and
 * `name`; without a name, and without a rule that says who the peer is, the hosts of `connect`. A
 * policy alone says nothing about who the peer is (P-CRT-5, 9).
 */

/* Makes the rules for the certificate of a peer. `host` is the host that we connect to; NULL takes all hosts, for a
 * connection that the peer opens. No rules at all are the result when nothing says who the peer is, and then nobody
 * matches. Free with rgw_cert_rules_free. */
void rgw_peer_rules(const struct rgw_conf_peer *peer, const char *host, struct rgw_cert_rules *out);

#endif
