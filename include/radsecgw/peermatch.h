/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PEERMATCH_H
#define RADSECGW_PEERMATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/addr.h"
#include "radsecgw/conf.h"
#include "radsecgw/list.h"
#include "radsecgw/x509.h"

/*
 * Whose connection is this? By the time this is asked, the chain of the client's certificate has been verified with the
 * trust of a [tls] section. Among the peers with that section and accept = yes, the peer is looked for whose identity
 * rules the leaf satisfies and whose address prefixes contain the source; the address alone is never enough. Peers are
 * tried in the order of the file; peers that take any certificate of the trust come last.
 */

/* May the peer connect from this address, as far as its option `address` tells? */
bool rgw_peer_may_come_from(const struct rgw_conf_peer *peer, const struct rgw_addr *from) RGW_MUST_USE;

/* Longest sentence of rgw_peer_match. */
#define RGW_PEER_MATCH_TEXT 512

/* The peer that matches, or NULL; then `why` says in words what was expected. `sha256` is the digest of the leaf. */
const struct rgw_conf_peer *rgw_peer_match(const struct rgw_conf *conf, const struct rgw_conf_tls *tls,
    const struct rgw_addr *from, const struct rgw_x509 *cert, const uint8_t *sha256, char *why,
    size_t size) RGW_MUST_USE;

/* The peer whose connection over plain TCP comes from this address, or NULL. Only peers with `insecure-tcp` are looked
 * at, which rgw_peer_match never gives; their addresses do not overlap (P-TCP-6, P-TCP-35a). */
const struct rgw_conf_peer *rgw_peer_at(const struct rgw_conf *conf, const struct rgw_addr *from);

#endif
