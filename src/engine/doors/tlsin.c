/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doors.h"

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/eventtime.h"

#include "../links/links.h"
#include "../requests/requests.h"

/* Requests from peers: over the connections that they opened, and requests to change or end a session over ours. This
 * file does the checks of P-GW-4, after which rgw_ingress_take goes on. A packet that breaks a rule of RFC 6613 2.6.4
 * closes the connection; nothing else does, or a stranger could cut the link with odd requests (P-TCP-39). */

/* The bit that marks the place of a connection in the duplicate cache; sockets are numbered from 0. */
#define PLACE_OF_CONNECTIONS 0x80000000u

static struct rgw_conn *
conn_of(struct rgw_asked *asked)
{
	return RGW_CONTAINER(asked, struct rgw_conn, asked);
}

static bool
send_on_conn(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_outgoing *answer)
{
	const struct rgw_conn *conn = conn_of(origin->asked);
	const char *name = rgw_origin_name(origin);

	if (gw->ops->conn_send(gw->ops_ctx, conn->io, answer)) {
		rgw_count(gw, RGW_CTR_tls_sent);
		return true;
	}
	rgw_count(gw, RGW_CTR_tls_answers_dropped);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "write-buffer-full", name,
	    "an answer is dropped: the peer does not read, and write-buffer or its part of max-write-octets is full",
	    rgw_f_str("from_peer", name), rgw_f_addr("addr", &conn->addr), rgw_f_uint("conn", conn->lane.serial),
	    rgw_f_via(&conn->via));
	return false;
}

static void
settled(const struct rgw_origin *origin, bool answered, rgw_ms now)
{
	struct rgw_conn *conn = conn_of(origin->asked);

	if (answered)
		conn->used_at = now;
	rgw_conn_settled(conn, now);
}

static const struct rgw_door tls_door = { .field = "from_peer", .is_stream = true, .send = send_on_conn,
	.settled = settled };

static struct rgw_origin
origin_of(struct rgw_conn *conn, const struct rgw_auth_check *checked)
{
	return (struct rgw_origin){ .door = &tls_door, .side = rgw_previous_side(&conn->lane.side, checked),
		.asker = &conn->peer->asker, .asked = &conn->asked, .serial = conn->lane.serial, .remote = conn->addr };
}

/* Counts a packet that is not worked on, and says why. */
static void
note(struct rgw_conn *conn, const struct rgw_packet *p, enum rgw_counter counter, const char *event,
    const char *text)
{
	const char *peer = conn->peer->conf->head.name;

	rgw_count(conn->gw, counter);
	rgw_trail_dropped(conn->gw, counter, peer, true, &conn->addr, p, conn->gw->log->now);
	RGW_LOG(conn->gw->log, RGW_LOG_WARNING, event, peer, text, rgw_f_str("from_peer", peer),
	    rgw_f_addr("addr", &conn->addr), rgw_f_uint("conn", conn->lane.serial),
	    rgw_f_str("code", rgw_code_name(p->code)), rgw_f_uint("code_number", p->code),
	    rgw_f_uint("id", p->id), rgw_f_str("counter", rgw_counter_name(counter)), rgw_f_via(&conn->via));
}

/* Is this the code of an answer, whoever sends it? */
static bool
is_answer(uint8_t code)
{
	switch (code) {
	case RGW_ACCESS_ACCEPT:
	case RGW_ACCESS_REJECT:
	case RGW_ACCESS_CHALLENGE:
	case RGW_ACCOUNTING_RESPONSE:
	case RGW_DISCONNECT_ACK:
	case RGW_DISCONNECT_NAK:
	case RGW_COA_ACK:
	case RGW_COA_NAK:
	case RGW_PROTOCOL_ERROR:
		return true;
	default:
		return false;
	}
}

/* The rule that the packet breaks, or NULL (P-TCP-35f, h). A packet without Message-Authenticator breaks none: TLS
 * protects it (P-BR-12). */
static const char *
why_not_authentic(struct rgw_conn *conn, struct rgw_auth_check *check)
{
	const char *peer = conn->peer->conf->head.name;

	rgw_previous_check(check, &conn->lane.side);
	if (!check->auth_ok) {
		rgw_count(conn->gw, RGW_CTR_tls_bad_authenticator);
		rgw_trail_dropped(conn->gw, RGW_CTR_tls_bad_authenticator, peer, true, &conn->addr, check->packet,
		    conn->gw->log->now);
		return "Request Authenticator does not verify; is the secret of this peer right?";
	}
	if (rgw_code_is_request(check->packet->code) && check->msgauth == RGW_MSGAUTH_BAD) {
		rgw_count(conn->gw, RGW_CTR_tls_bad_message_authenticator);
		rgw_trail_dropped(conn->gw, RGW_CTR_tls_bad_message_authenticator, peer, true, &conn->addr,
		    check->packet, conn->gw->log->now);
		return "Message-Authenticator does not verify; is the secret of this peer right?";
	}
	return NULL;
}

/* Does the request lack the protection that it needs? Over plain TCP, as over UDP, only a Message-Authenticator shows
 * that nobody has changed it (P-TCP-5, P-MA-6, P-MA-7). */
static bool
is_unprotected(const struct rgw_conn *conn, const struct rgw_packet *p)
{
	return conn->peer->conf->insecure_tcp && p->n_msgauth == 0 && rgw_auth_needs_msgauth(p);
}

/* Answers a Status-Server, which ends here (P-SS-4, P-SS-9, P-SS-20). */
static void
answer_status(struct rgw_conn *conn, const struct rgw_origin *origin, const struct rgw_packet *p, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;
	size_t len;

	if (p->n_msgauth == 0) {
		note(conn, p, RGW_CTR_tls_missing_message_authenticator, "missing-message-authenticator",
		    "dropped: Status-Server needs a Message-Authenticator");
		return;
	}
	if (!rgw_asker_may_probe(gw, origin, now))
		return;
	len = rgw_build_status_answer(gw->scratch, sizeof gw->scratch, p, false, origin->side.secret);
	rgw_count(gw, RGW_CTR_status_server_answered);
	if (len > 0)
		(void)tls_door.send(gw, origin, &(struct rgw_outgoing){ gw->scratch, len, NULL });
}

/* Answers a request of a code that is not served here (P-ERR-10, P-TLS-31). The answer is made anew each time, so the
 * request needs no place in the duplicate cache. Accounting gets no answer from which it could seem that something was
 * recorded. */
static void
refuse_code(struct rgw_conn *conn, const struct rgw_origin *origin, const struct rgw_packet *p, rgw_ms now)
{
	struct rgw_gw *gw = conn->gw;
	const char *text = "dropped: this code is not served here, or not from this peer; see its option `allow`";
	enum rgw_counter counter = RGW_CTR_tls_bad_code;
	size_t len = 0;

	if (!rgw_asker_may_probe(gw, origin, now))
		return;
	if (rgw_code_is_dynamic(p->code) && gw->changes) {
		/* Who accepts our connections and may not use them so hears nothing (P-RCA-6). */
		if (conn->incoming)
			len = rgw_build_nak(gw->scratch, sizeof gw->scratch, p, RGW_CAUSE_PROHIBITED,
			    origin->side.secret);
		text = "refused: this peer may not change or end sessions; see its option `allow`";
		counter = RGW_CTR_tls_not_allowed;
	} else if (rgw_code_is_dynamic(p->code)) {
		len = rgw_build_nak(gw->scratch, sizeof gw->scratch, p, RGW_CAUSE_UNSUPPORTED_EXTENSION,
		    origin->side.secret);
		text = "answered with a NAK: requests to change or end a session are not served here";
	} else if (origin->asker->hears_errors) {
		len = rgw_build_protocol_error(gw->scratch, sizeof gw->scratch, p,
		    RGW_CAUSE_UNSUPPORTED_EXTENSION, origin->side.secret);
		text = "answered with Protocol-Error: this code is not served here, or not from this peer; see "
		       "its option `allow`";
	} else if (p->code == RGW_ACCESS_REQUEST) {
		len = rgw_build_reject(gw->scratch, sizeof gw->scratch, p, RGW_CAUSE_UNSUPPORTED_EXTENSION, NULL,
		    origin->side.secret);
		text = "rejected: this peer may not ask for authentication; see its option `allow`";
	}
	note(conn, p, counter, "unexpected-code", text);
	if (len > 0)
		(void)tls_door.send(gw, origin, &(struct rgw_outgoing){ gw->scratch, len, NULL });
}

/* Tells of a CoA or Disconnect that seems old. On a connection nobody can repeat it, so it goes on (P-COA-35). */
static void
look_at_time(struct rgw_conn *conn, const struct rgw_packet *p)
{
	if (rgw_code_is_dynamic(p->code) && rgw_event_time(p, rgw_gw_wall(conn->gw)) == RGW_EVENT_STALE)
		note(conn, p, RGW_CTR_tls_stale, "stale-request",
		    "the Event-Timestamp of a request is more than 300 s from now: are the clocks right? It goes on, "
		    "since TLS protects it");
}

static bool
is_allowed(const struct rgw_conn *conn, uint8_t code)
{
	return (conn->peer->conf->allow & rgw_service_of(code)) != 0;
}

/* Takes a request whose sender may send requests here, and which is authentic: it is answered, refused, dropped or goes
 * on. */
static void
take(struct rgw_conn *conn, const struct rgw_auth_check *checked, rgw_ms now)
{
	struct rgw_origin origin = origin_of(conn, checked);
	const struct rgw_packet *p = checked->packet;
	uint32_t loop_limit = conn->gw->conf->gateway.loop_limit;

	rgw_previous_note(conn->gw, &conn->peer->target.previous, &conn->lane.side, checked, rgw_f_origin(&origin),
	    now);
	if (p->code == RGW_STATUS_SERVER)
		answer_status(conn, &origin, p, now);
	else if (is_unprotected(conn, p))
		note(conn, p, RGW_CTR_tls_missing_message_authenticator, "missing-message-authenticator",
		    "dropped: over plain TCP a request with EAP, or without a password, needs a Message-Authenticator");
	else if (!is_allowed(conn, p->code))
		refuse_code(conn, &origin, p, now);
	else if (loop_limit != 0 && p->n_proxy_state > loop_limit)
		note(conn, p, RGW_CTR_tls_too_many_proxy_states, "loop-suspected",
		    "dropped: more Proxy-States than loop-limit; does a route lead back here?");
	else {
		look_at_time(conn, p);
		rgw_ingress_take(conn->gw, &origin, PLACE_OF_CONNECTIONS | conn->lane.serial, p, now);
	}
	/* Watchdogs do not count as use of a connection (P-TLS-27). */
	if (p->code != RGW_STATUS_SERVER)
		conn->used_at = now;
}

bool
rgw_on_request(struct rgw_conn *conn, struct rgw_auth_check *check, rgw_ms now)
{
	const struct rgw_packet *p = check->packet;
	const char *rule;

	if (!conn->incoming && !rgw_code_is_dynamic(p->code)) {
		/* An odd code is no reason to close (P-TCP-39, P-RCA-6). */
		rgw_count(conn->gw, RGW_CTR_peer_unexpected_code);
		rgw_lane_log(&conn->lane, p, RGW_LOG_INFO, "unexpected-code",
		    "dropped: a packet of this code answers nothing that this side asks");
		return true;
	}
	if (is_answer(p->code)) {
		note(conn, p, RGW_CTR_peer_unexpected_code, "unexpected-code",
		    "dropped: the packet is an answer, and nothing was asked on this connection");
		return true;
	}
	rule = why_not_authentic(conn, check);
	if (rule != NULL && conn->incoming) {
		rgw_conn_close_for(conn, p, rule, now);
		return false;
	}
	if (rule != NULL) {
		/* Our own requests on this connection are not touched by the request that fails. */
		note(conn, p, RGW_CTR_peer_unexpected_code, "unexpected-code",
		    "dropped: the authenticator of a request to change or end a session does not verify");
		return true;
	}
	take(conn, check, now);
	return true;
}

void
rgw_on_conn_gone(struct rgw_conn *conn, rgw_ms now)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&conn->asked.entries)) != NULL)
		rgw_entry_end(conn->gw, RGW_CONTAINER(l, struct rgw_entry, origin_link), RGW_CTR_request_gone, now);
}
