/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TLSPSK_H
#define RADSECGW_TLSPSK_H

#include "tls_priv.h"

/*
 * What pre-shared keys add to a session (RFC 9813, P-PSK). The session owns it until its handshake is over. A session
 * stands on the strength of a key if, and only if, all of this is so: the handshake is done; no certificate was shown;
 * the ServerHello, as it stood on the wire, selected the very identity for which we gave the library a key in that
 * ClientHello; and it had a Diffie-Hellman share. What the library says about identities counts for nothing.
 */
struct rgw_psk;

/* Frees it; keys are wiped. NULL is ignored. */
void rgw_psk_free(struct rgw_psk *psk);

/* Octets of the session's own direction, or of the other one, before the library has done anything about them. */
void rgw_psk_heard(struct rgw_tls *tls, const uint8_t *data, size_t len);
void rgw_psk_said(struct rgw_tls *tls, const uint8_t *data, size_t len);

/* The handshake is done. Is the session good as far as keys are concerned? The judge's opinion on the far end's
 * certificate is tls->accepted; it becomes true if a key has proven the far end. */
bool rgw_psk_conclude(struct rgw_tls *tls) RGW_MUST_USE;
/* Explains the failure of a handshake if keys are the reason. */
void rgw_psk_explain(struct rgw_tls *tls);

#endif
