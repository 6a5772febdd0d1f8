/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLSEND_H
#define TLSEND_H

#include "radsecgw/tls.h"

/* One end of a TLS connection on a socket that never blocks, for the tools that speak TLS. */

/* The identity PKI/NAME.pem with trust in PKI/ca.pem, as certs/make-pki.sh makes them. Ends the program
 * on failure. */
struct rgw_tlsctx *tlsend_context(const char *pki, const char *name, enum rgw_tls_role role);

struct tlsend {
	int fd;
	bool up;              /* the handshake is done */
	int64_t at;           /* when what was read last had come, if the kernel stamps it; else 0 */
	struct rgw_session *tls;  /* owned; NULL = this connection has none (yet) */
};

/* false = out of memory. */
bool tlsend_begin(struct tlsend *e, int fd, struct rgw_tlsctx *ctx);
/* Frees the session and closes the socket. */
void tlsend_end(struct tlsend *e);

/* Takes octets of the application. */
typedef void tlsend_data(void *arg, const uint8_t *data, size_t len);

/* Goes on with the handshake, reads what has come and sends what is to be sent. false = it is over. */
bool tlsend_work(struct tlsend *e, tlsend_data *on_data, void *arg);
/* Sends what waits as far as the kernel takes it. false = it is over. */
bool tlsend_flush(struct tlsend *e);
/* Octets that the kernel has not taken yet. */
size_t tlsend_waiting(const struct tlsend *e);

#endif
