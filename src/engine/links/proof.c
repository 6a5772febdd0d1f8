/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <stdio.h>

/* By what the far end of a connection has proven who it is, in words. Keys are never shown; who has one is known by the
 * name of it (P-CRT-14). */

const char *
rgw_conn_proof_text(const struct rgw_conn *conn, char buf[static RGW_PROOF_TEXT])
{
	const char *identity = conn->peer->conf->psk_identity;
	bool psk = conn->proof == RGW_PROVEN_BY_PSK || conn->proof == RGW_PROVEN_BY_PREVIOUS_PSK;

	if (psk)
		snprintf(buf, RGW_PROOF_TEXT, "%spsk %s", conn->proof == RGW_PROVEN_BY_PSK ? "" : "previous-",
		    identity != NULL ? identity : "");
	else
		snprintf(buf, RGW_PROOF_TEXT, "%s", conn->proof == RGW_PROVEN_BY_ADDRESS ? "address" : "certificate");
	return buf;
}

void
rgw_conn_tell_proof(struct rgw_conn *conn, rgw_ms now)
{
	const char *peer = conn->peer->conf->head.name;
	char proof[RGW_PROOF_TEXT];

	RGW_LOG(conn->gw->log, RGW_LOG_NOTICE, "connection-up", peer,
	    conn->incoming ? "a peer has connected" : "connection to the peer is up",
	    rgw_f_str("peer", peer), rgw_f_addr("addr", &conn->addr),
	    rgw_f_uint("conn", conn->lane.serial), rgw_f_str("opened_by", conn->incoming ? "peer" : "us"),
	    rgw_f_str("state", "up"),
	    rgw_f_str("proven_by", rgw_conn_proof_text(conn, proof)), rgw_f_via(&conn->via));
	if (conn->proof == RGW_PROVEN_BY_PREVIOUS_PSK)
		rgw_previous_psk_used(conn->gw, &conn->peer->previous_psk, rgw_f_str("peer", peer), now);
}
