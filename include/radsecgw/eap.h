/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_EAP_H
#define RADSECGW_EAP_H

#include <stdbool.h>

#include "radsecgw/list.h"
#include "radsecgw/packet.h"

/*
 * The frame of an EAP packet, which is all that a proxy knows of EAP (RFC 3579 2.2, RFC 3748 4).
 */

/* Are all EAP-Messages of the packet together an EAP packet: a code from 1 to 4, a Length that is neither less than the
 * header nor more than the octets that are there, and a type in a Request and in a Response? Octets behind the EAP
 * packet are padding. An EAP-Message without a value is EAP-Start (RFC 3579 2.1), and good, too, and so is a packet
 * without EAP-Message. Pure. */
bool rgw_eap_is_well_formed(const struct rgw_packet *packet) RGW_MUST_USE;

#endif
