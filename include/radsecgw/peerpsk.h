/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PEERPSK_H
#define RADSECGW_PEERPSK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/addr.h"
#include "radsecgw/conf.h"

/*
 * Whose pre-shared key has this name? The identity is what a stranger says; it proves nothing before the handshake is
 * done with the key (RFC 9813, P-PSK-8 to 11). A stranger learns neither by the answer nor by the time that it takes
 * which identities there are.
 */

/* May these octets be an identity: UTF-8 without control characters, of a length that a peer can have (P-PSK-7, 8)?
 * What others use to resume sessions looks otherwise (P-PSK-14). */
bool rgw_psk_is_identity(const uint8_t *octets, size_t len) RGW_MUST_USE;

/* Is there a peer with a pre-shared key that may connect from this address to a listener with this [tls] section? This
 * is asked before anybody looks at an identity (P-PSK-9). */
bool rgw_psk_is_awaited(const struct rgw_conf *conf, const struct rgw_conf_tls *tls,
    const struct rgw_addr *from) RGW_MUST_USE;

/* The peer with this identity that may connect in that way, or NULL. The time for it depends on the configuration and
 * on the length of the identity, and on nothing else. */
const struct rgw_conf_peer *rgw_psk_find(const struct rgw_conf *conf, const struct rgw_conf_tls *tls,
    const struct rgw_addr *from, const uint8_t *identity, size_t len) RGW_MUST_USE;

#endif
