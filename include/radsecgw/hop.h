/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_HOP_H
#define RADSECGW_HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/auth.h"
#include "radsecgw/hide.h"
#include "radsecgw/list.h"
#include "radsecgw/packet.h"

/*
 * Moves a verified packet from one hop to the next (protocol.md 16.2, 16.3): the attributes stay,
 * byte for byte and in order, except for what belongs to a hop. Message-Authenticator is removed and
 * made anew, first in the packet; hidden attributes are re-keyed; the packet is signed.
 */

/* One request on its way from the hop `from` to the hop `to`. */
struct rgw_hop_request {
	const struct rgw_packet *in;             /* request that was verified under `from` */
	const struct rgw_hidden_table *hidden;
	const struct rgw_secret *from;
	const struct rgw_secret *to;
	const uint8_t *fresh_auth;               /* 16 random octets for code 1 (P-AUT-1) */
	const uint8_t *mark;                     /* the value of a Proxy-State of our own, or NULL (P-PRX-7) */
	uint8_t mark_len;
	uint8_t id;                              /* identifier on the hop `to` */
	bool to_nas;                             /* CoA, Disconnect: the next hop is a NAS, which may refuse what is
	                                          * meant for proxies */
	bool later;                              /* leave the packet unsigned, see rgw_hop_unsigned */
};

/*
 * Writes the request for the next hop to out. The new authenticator stands in out + 4, also for code 1 with
 * ARAP-Password, which keeps the incoming one (P-CHP-6). CHAP-Challenge is added where the old authenticator was the
 * challenge (P-CHP-3). Access-Request always gets a Message-Authenticator (P-BR-1, P-BR-12), Accounting-Request never
 * (P-MA-2), CoA- and Disconnect-Request if they had one. Our own Proxy-State goes last (P-PRX-2), or is left out if it
 * does not fit. A NAS gets no Proxy-State (P-CPX-22), and neither Operator-Name nor Operator-NAS-Identifier (P-CPX-14,
 * P-CPX-15). Returns the length, or 0 if it would exceed cap (P-ATT-16).
 */
size_t rgw_hop_request(uint8_t *out, size_t cap, const struct rgw_hop_request *hop) RGW_MUST_USE;
/* How long the request will be on the next hop, a NAS or another one; the result may be more than a packet can have. */
size_t rgw_hop_request_len(const struct rgw_packet *in, bool to_nas);

/* Is anything in the packet hidden with the secret of its hop, so that it is re-keyed for the next? */
bool rgw_hop_hides(const struct rgw_packet *in, const struct rgw_hidden_table *hidden);

/* One response on its way back from the hop `from` to the hop `to`. */
struct rgw_hop_response {
	const struct rgw_packet *in;             /* response that was verified under `from` and from_auth */
	const struct rgw_hidden_table *hidden;
	const struct rgw_secret *from;
	const uint8_t *from_auth;                /* authenticator of the request that was sent on `from` */
	const struct rgw_packet *request;        /* request as it was received on `to` */
	const struct rgw_secret *to;
	bool msgauth;                            /* sign answers to Access-Request (P-BR-2) */
	bool later;                              /* leave the packet unsigned, see rgw_hop_unsigned */
};

/*
 * Writes the response for the hop that asked: its identifier, exactly its Proxy-States, at the end
 * (P-PRX-6), Message-Authenticator first in answers to Access-Request (if `msgauth`, and always with
 * EAP-Message, P-MA-5) and in CoA and Disconnect answers if the request had one. Protocol-Error must
 * not come here (P-ERR-8). Returns the length, or 0 if it would exceed cap.
 */
size_t rgw_hop_response(uint8_t *out, size_t cap, const struct rgw_hop_response *hop) RGW_MUST_USE;
/* How long the response will be on the hop that asked; the result may be more than a packet can have. */
size_t rgw_hop_response_len(const struct rgw_hop_response *hop);

/* For rgw_sign: a packet that was written with `later`, under the secret of the hop `to`. Packets that leave
 * together are signed side by side. */
struct rgw_unsigned rgw_hop_unsigned(uint8_t *packet, size_t len, const struct rgw_secret *secret);

#endif
