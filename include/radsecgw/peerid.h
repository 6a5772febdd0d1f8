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

/* Rules for the peer. `host` is the one that we connect to; NULL takes all hosts, for a connection
 * that the peer opens. No rules at all are the result when nothing says who the peer is, and then
 * nobody matches. Free with rgw_cert_rules_free. */
void rgw_peer_rules(const struct rgw_conf_peer *peer, const char *host, struct rgw_cert_rules *out);

/* Does "any" stand alone, or with policies only? Such a peer takes the certificates that are no
 * other peer's, so it must be asked last. */
bool rgw_peer_rules_are_any(const struct rgw_cert_rules *rules);

/* Could one certificate satisfy both, as far as the rules tell? Two peers that may connect to us with
 * the same trust and from the same addresses must not be like that. Values of one kind that differ
 * are taken for different peers, and "any" leaves the certificates of others to them. *shared becomes
 * a rule of `a` that says who the peer is and that both have. */
bool rgw_peer_rules_overlap(const struct rgw_cert_rules *a, const struct rgw_cert_rules *b,
    const struct rgw_cert_rule **shared);

#endif
