/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TLSINSPECT_H
#define RADSECGW_TLSINSPECT_H

#include "radsecgw/inspect.h"
#include "radsecgw/session.h"

/* Sessions of inspections: they go on with a far end that is not accepted, to see the rest, but send it nothing. No
 * other file than inspect.c may make one, which tests/lint/code.py holds. */

/* Starts a session that fills in `seen`, which it borrows; else as rgw_tls_new. */
struct rgw_session *rgw_tls_inspect(struct rgw_tlsctx *ctx, rgw_tls_judge *judge, void *arg, const char *sni,
    struct rgw_seen *seen) RGW_MUST_USE;
/* Adds what is to be seen at the end of a handshake, good or not. `octets` are those that have come. */
void rgw_tls_inspect_end(struct rgw_session *session, const uint8_t *octets, size_t len);
/* Looks what alert has come last. */
void rgw_tls_inspect_alert(struct rgw_session *session);
/* Frees what was seen. */
void rgw_seen_fini(struct rgw_seen *seen);

#endif
