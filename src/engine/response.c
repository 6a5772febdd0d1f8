/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include "radsecgw/auth.h"
#include "radsecgw/hop.h"

/* What a response is, seen from the connection it came on. */
enum match {
	MATCH,       /* answers the request that waits under this identifier */
	LATE,        /* answers one that was given up before (P-ID-5) */
	UNMATCHED,   /* answers nothing we know (P-TCP-38) */
	BAD_PAIR,    /* of a code that the waiting request cannot get (P-COD-2) */
	BAD_AUTH,    /* for the waiting request, but its authenticator is wrong (P-TCP-35g) */
};

static bool
verifies(const struct rgw_packet *p, const struct rgw_id_sent *sent, const struct rgw_secret *secret)
{
	return sent->code != 0 && rgw_response_auth_ok(p, sent->auth, secret);
}

/* Does the response fit the request by its code (P-COD-1, P-ERR-3, P-ERR-5)? */
static bool
is_pair(const struct rgw_packet *p, uint8_t request_code)
{
	uint32_t original;

	if (p->code == RGW_PROTOCOL_ERROR) {
		original = rgw_packet_original_code(p);
		if (original != 0 && original != request_code)
			return false;
	}
	return rgw_code_answers(p->code, request_code);
}

static enum match
match(const struct rgw_conn *conn, const struct rgw_packet *p)
{
	const struct rgw_secret *secret = conn->peer->conf->secret;
	const struct rgw_id *slot = &conn->ids->id[p->id];

	if (slot->state == RGW_ID_BUSY && is_pair(p, slot->now.code) &&
	    verifies(p, &slot->now, secret))
		return MATCH;
	if (slot->state != RGW_ID_BUSY && verifies(p, &slot->now, secret))
		return LATE;
	if (verifies(p, &slot->before, secret))
		return LATE;
	if (slot->state != RGW_ID_BUSY)
		return UNMATCHED;
	return is_pair(p, slot->now.code) ? BAD_AUTH : BAD_PAIR;
}

static void
log_packet(const struct rgw_conn *conn, const struct rgw_packet *p, enum rgw_log_level level,
    const char *event, const char *text)
{
	const char *peer = conn->peer->conf->head.name;

	RGW_LOG(conn->peer->gw->log, level, event, peer, text, rgw_f_str("peer", peer),
	    rgw_f_addr("addr", &conn->addr), rgw_f_uint("conn", conn->serial),
	    rgw_f_str("code", rgw_code_name(p->code)), rgw_f_uint("code_number", p->code),
	    rgw_f_uint("id", p->id));
}

/* An answer that fails a check. Under RFC 6613 2.6.4 the connection closes, and its requests are
 * sent again elsewhere; the successor standard drops the packet only. false = closed. */
static bool
on_bad(struct rgw_conn *conn, const struct rgw_packet *p, const char *what, rgw_ms now)
{
	log_packet(conn, p, RGW_LOG_WARNING, "bad-response", what);
	if (conn->peer->conf->bad_response == RGW_BAD_RESPONSE_DISCARD)
		return true;
	rgw_conn_close(conn, "connection-closed", what, now);
	return false;
}

/* The peer could not serve it; that is not passed on but told in our own words (P-ERR-8, 9). */
static void
on_refused(struct rgw_conn *conn, struct rgw_req *req, const struct rgw_packet *p, const char *event,
    const char *text, rgw_ms now)
{
	struct rgw_gw *gw = conn->peer->gw;
	const char *peer = conn->peer->conf->head.name;
	uint32_t cause = rgw_packet_error_cause(p);
	struct rgw_identity room;

	RGW_LOG(gw->log, RGW_LOG_WARNING, event, peer, text, rgw_f_str("peer", peer),
	    rgw_f_str("client", req->client->conf->head.name), rgw_f_uint("error_cause", cause),
	    rgw_gw_identity(gw, &req->packet, &room));
	rgw_req_refuse(gw, req, RGW_CTR_request_refused,
	    cause != 0 ? cause : RGW_CAUSE_OTHER_PROXY_ERROR, now);
}

static void
pass_on(struct rgw_conn *conn, struct rgw_req *req, const struct rgw_packet *p,
    const uint8_t *request_auth, rgw_ms now)
{
	struct rgw_gw *gw = conn->peer->gw;
	const struct rgw_conf_client *client = req->client->conf;
	struct rgw_identity room;
	struct rgw_hop_response hop = {
		.in = p,
		.hidden = gw->conf->hidden,
		.from = conn->peer->conf->secret,
		.from_auth = request_auth,
		.request = &req->packet,
		.to = client->secret,
		.msgauth = client->reply_message_authenticator,
	};
	size_t len = rgw_hop_response(gw->scratch, sizeof gw->scratch, &hop);

	if (len == 0) {
		log_packet(conn, p, RGW_LOG_WARNING, "answer-too-big",
		    "dropped: with Message-Authenticator and Proxy-State it would exceed 4096 octets");
		rgw_req_refuse(gw, req, RGW_CTR_request_answer_too_big,
		    RGW_CAUSE_OTHER_PROXY_ERROR, now);
		return;
	}
	RGW_LOG(gw->log, RGW_LOG_DEBUG, "answered", client->head.name, rgw_code_name(p->code),
	    rgw_f_str("client", client->head.name), rgw_f_addr("from", &req->remote),
	    rgw_f_str("peer", conn->peer->conf->head.name), rgw_f_uint("conn", conn->serial),
	    rgw_f_uint("ms", now - req->accepted_at), rgw_gw_identity(gw, &req->packet, &room));
	rgw_req_answer(gw, req, gw->scratch, len, now);
}

/* A response that answers a waiting request. false = the connection was closed. */
static bool
on_match(struct rgw_conn *conn, const struct rgw_packet *p, rgw_ms now)
{
	struct rgw_gw *gw = conn->peer->gw;
	struct rgw_id *slot = &conn->ids->id[p->id];
	struct rgw_req *req = slot->owner;
	const uint8_t *auth = slot->now.auth;

	if (rgw_msgauth_check(p, auth, conn->peer->conf->secret) == RGW_MSGAUTH_BAD) {
		rgw_count(gw, RGW_CTR_response_bad_message_authenticator);
		return on_bad(conn, p, "Message-Authenticator does not verify", now);
	}
	if (!conn->proven) {
		conn->proven = true;
		conn->peer->fails = 0;
	}
	rgw_idpool_answered(conn->ids, p->id);
	req->conn = NULL;
	req->state = RGW_REQ_NEW;
	if (p->code == RGW_PROTOCOL_ERROR) {
		rgw_count(gw, RGW_CTR_protocol_errors_received);
		on_refused(conn, req, p, "protocol-error", "the peer answered with Protocol-Error", now);
	} else if (p->code == RGW_ACCOUNTING_RESPONSE &&
	    rgw_packet_error_cause(p) == RGW_CAUSE_UNSUPPORTED_EXTENSION) {
		/* RFC 6614 2.5: this says that nothing was recorded (P-TLS-32). */
		rgw_count(gw, RGW_CTR_accounting_unsupported);
		on_refused(conn, req, p, "accounting-unsupported",
		    "the peer does not take accounting; the record is not acknowledged", now);
	} else {
		pass_on(conn, req, p, auth, now);
	}
	if (conn->peer->queued > 0)
		rgw_peer_pump(conn->peer, now);
	return true;
}

static bool
on_response(struct rgw_conn *conn, const struct rgw_packet *p, rgw_ms now)
{
	struct rgw_gw *gw = conn->peer->gw;

	switch (match(conn, p)) {
	case MATCH:
		return on_match(conn, p, now);
	case LATE:
		rgw_count(gw, RGW_CTR_response_late);
		log_packet(conn, p, RGW_LOG_DEBUG, "late-response", "answer to a request given up before");
		return true;
	case UNMATCHED:
		rgw_count(gw, RGW_CTR_response_unmatched);
		log_packet(conn, p, RGW_LOG_INFO, "unmatched-response", "answer that matches no request");
		return true;
	case BAD_PAIR:
		rgw_count(gw, RGW_CTR_response_bad_pair);
		log_packet(conn, p, RGW_LOG_WARNING, "bad-pair",
		    "dropped: answer of a code that does not fit the request");
		return true;
	case BAD_AUTH:
		rgw_count(gw, RGW_CTR_response_bad_authenticator);
		return on_bad(conn, p,
		    "Response Authenticator does not verify; is the secret of this peer right?", now);
	}
	return true;
}

bool
rgw_response_on_packet(struct rgw_conn *conn, const uint8_t *data, size_t len, rgw_ms now)
{
	struct rgw_gw *gw = conn->peer->gw;
	struct rgw_packet p;

	rgw_count(gw, RGW_CTR_tls_received);
	if (rgw_packet_parse(&p, data, len) != RGW_PACKET_OK) {
		rgw_count(gw, RGW_CTR_response_malformed);
		rgw_conn_close(conn, "malformed-packet",
		    "attributes do not fill the packet exactly (RFC 6613 2.6.4)", now);
		return false;
	}
	switch (p.code) {
	case RGW_ACCESS_ACCEPT:
	case RGW_ACCESS_REJECT:
	case RGW_ACCESS_CHALLENGE:
	case RGW_ACCOUNTING_RESPONSE:
	case RGW_PROTOCOL_ERROR:
		return on_response(conn, &p, now);
	default:
		/* Not a reason to close (P-TCP-39, P-RCA-6). */
		rgw_count(gw, RGW_CTR_peer_unexpected_code);
		log_packet(conn, &p, RGW_LOG_INFO, "unexpected-code",
		    "dropped: not an answer to what this side asks");
		return true;
	}
}
