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

/* The name to be sent as SNI: the host name, without the dot that a complete name may have at its end. NULL = none, as
 * for an address literal, which is never sent (RFC 6066 section 3). */
const char *rgw_peer_sni(const struct rgw_conf_peer *peer, const char *host, char name[static RGW_HOST_TEXT]);

#endif
