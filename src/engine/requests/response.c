/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <string.h>

#include "radsecgw/eventtime.h"
#include "radsecgw/hop.h"

#include "../links/events.h"
#include "login.h"

/* Answers that come on lanes: which request an answer belongs to, whether it may be believed (P-TCP-35, P-COD-1), and
 * its way back to whoever asked. */

/* How a response fits the lane that it came on; the first three have the right Response Authenticator. */
enum match {
	MATCH,       /* the response answers the request that waits under its identifier */
	LATE,        /* the response answers the last request of its identifier, which was given up (P-ID-5) */
	LATE_BEFORE, /* the response answers the request before that */
	UNMATCHED,   /* the response answers no request that we know (P-TCP-38) */
	BAD_PAIR,    /* the waiting request cannot get a response of this code (P-COD-2) */
	BAD_AUTH,    /* the response is for the waiting request, but its authenticator is wrong (P-TCP-35g) */
};

/* Does the response answer this request, by either secret of the lane? The check was made with the current secret for
 * the request that stood under the identifier when the octets arrived. */
static bool
verifies(struct rgw_auth_check *check, const struct rgw_side *side, const struct rgw_id_sent *sent)
{
	if (sent->code == 0)
		return false;
	if (memcmp(check->request_auth, sent->auth, RGW_AUTH_LEN) != 0)
		*check = rgw_auth_check_one(check->packet, sent->auth, side->secret);
	if (!check->auth_ok && side->previous != NULL)
		*check = rgw_auth_check_one(check->packet, sent->auth, side->previous);
	return check->auth_ok;
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
match(const struct rgw_id *slot, const struct rgw_side *side, struct rgw_auth_check *check)
{
	const struct rgw_packet *p = check->packet;

	if (slot->state == RGW_ID_BUSY && is_pair(p, slot->now.code) && verifies(check, side, &slot->now))
		return MATCH;
	if (slot->state != RGW_ID_BUSY && verifies(check, side, &slot->now))
		return LATE;
	if (verifies(check, side, &slot->before))
		return LATE_BEFORE;
	if (slot->state != RGW_ID_BUSY)
		return UNMATCHED;
	return is_pair(p, slot->now.code) ? BAD_AUTH : BAD_PAIR;
}

/* Is the fault on the way to the home server, so that another way may do better (P-ERR-9)? */
static bool
is_on_the_way(uint32_t cause)
{
	return cause == RGW_CAUSE_NOT_ROUTABLE || cause == RGW_CAUSE_OTHER_PROXY_ERROR ||
	    cause == RGW_CAUSE_RESOURCES_UNAVAILABLE || cause == RGW_CAUSE_UNSUPPORTED_EXTENSION;
}

/* The target could not serve the request. Its own answer is not passed on; whoever asked is told in our words
 * (P-ERR-8). */
static void
on_refused(struct rgw_lane *lane, struct rgw_attempt *a, const struct rgw_packet *p,
    const char *event, const char *text, rgw_ms now)
{
	struct rgw_gw *gw = lane->target->gw;
	struct rgw_req *req = a->req;
	uint32_t cause = rgw_packet_error_cause(p);
	struct rgw_identity room;

	RGW_LOG(gw->log, RGW_LOG_WARNING, event, lane->target->conf->name, text,
	    rgw_f_target(lane->target), rgw_f_origin(&req->origin), rgw_f_uint("error_cause", cause),
	    rgw_f_identity(gw, &req->packet, &room));
	if (is_on_the_way(cause))
		rgw_pool_failed(a, RGW_FAIL_REFUSED, cause, now);
	else
		rgw_req_refuse(gw, req, RGW_CTR_request_refused,
		    cause != 0 ? cause : RGW_CAUSE_OTHER_PROXY_ERROR, now);
}

/* Keeps in mind from whom a challenge came: the rest of the conversation belongs there (P-TCP-46). */
static void
note_conversation(const struct rgw_lane *lane, const struct rgw_req *req, const struct rgw_packet *p,
    rgw_ms now)
{
	struct rgw_conversation where = req->talk;
	struct rgw_gw *gw = lane->target->gw;
	struct rgw_attr state;

	where.target = lane->target->number;
	where.serial = lane->serial;
	if (p->code == RGW_ACCESS_CHALLENGE && rgw_packet_get(p, RGW_AT_STATE, &state))
		gw->counters.v[RGW_CTR_conversations_forgotten] += rgw_conversations_put(&gw->conversations,
		    &req->origin.asker->talker, state.value, state.len, &where, now);
}

/* Writes the answer for the hop that asked to the scratch buffer. Returns its length, or 0 if it is too big. */
static size_t
write_answer(struct rgw_gw *gw, const struct rgw_origin *origin, struct rgw_hop_response *hop)
{
	size_t len = rgw_hop_response(gw->scratch, sizeof gw->scratch, hop);

	if (len > 0 || !origin->asker->is_shielded || rgw_packet_has(hop->in, RGW_AT_EAP_MESSAGE))
		return len;
	/* Inside TLS a Message-Authenticator is good form, and nothing depends on it (P-ATT-16, P-BR-12). */
	hop->msgauth = false;
	return rgw_hop_response(gw->scratch, sizeof gw->scratch, hop);
}

static void
pass_on(struct rgw_lane *lane, struct rgw_req *req, const struct rgw_auth_check *checked, rgw_ms now)
{
	struct rgw_gw *gw = lane->target->gw;
	const struct rgw_packet *p = checked->packet;
	const struct rgw_origin *origin = &req->origin;
	struct rgw_identity room;
	struct rgw_hop_response hop = {
		.in = p,
		.hidden = req->edition->conf->hidden,
		.from = checked->secret,
		.from_auth = checked->request_auth,
		.request = &req->packet,
		.to = origin->side.secret,
		.msgauth = origin->asker->wants_msgauth,
		.later = true,
	};
	struct rgw_packet rewritten;
	size_t len;

	hop.in = rgw_rewriting_answered(req, lane->target, &hop, &rewritten);
	len = hop.in != NULL ? write_answer(gw, origin, &hop) : 0;
	if (hop.in != NULL && len == 0)
		rgw_lane_log(lane, p, RGW_LOG_WARNING, "answer-too-big",
		    "dropped: with the Proxy-States of the client, and a Message-Authenticator as its option "
		    "reply-message-authenticator asks for, the answer would exceed 4096 octets");
	if (len == 0) {
		rgw_req_refuse(gw, req, RGW_CTR_request_answer_too_big, RGW_CAUSE_OTHER_PROXY_ERROR, now);
		return;
	}
	RGW_LOG(gw->log, RGW_LOG_DEBUG, "answered", rgw_origin_name(origin), rgw_code_name(p->code),
	    rgw_f_origin(origin), rgw_f_addr("from", &origin->remote),
	    rgw_f_target(lane->target), rgw_f_uint("ms", now - req->accepted_at),
	    rgw_f_identity(gw, &req->packet, &room));
	note_conversation(lane, req, p, now);
	rgw_login_answered(lane, req, hop.in, now);
	rgw_req_reply(gw, req, len, now);
}

/* A packet with the right authenticator shows that the target lives. */
static void
heard(struct rgw_lane *lane, const struct rgw_auth_check *checked, rgw_ms now)
{
	rgw_previous_note(lane->target->gw, &lane->target->previous, &lane->side, checked, rgw_f_target(lane->target),
	    now);
	rgw_target_heard(lane->target, now);
	lane->ops->heard(lane, now);
}

/* A response that answers a waiting request. */
static void
on_match(struct rgw_lane *lane, struct rgw_attempt *a, const struct rgw_auth_check *checked, rgw_ms now)
{
	struct rgw_gw *gw = lane->target->gw;
	const struct rgw_packet *p = checked->packet;
	struct rgw_req *req = a->req;
	struct rgw_queue *queue = rgw_target_queue(lane->target, rgw_req_service(req));

	rgw_trail_answered(a, p, now);
	rgw_measures_answered(&lane->target->measures, p->code, now - a->ticket.sent_at);
	if (lane->ops->answered != NULL)
		lane->ops->answered(lane, &a->ticket, now);
	rgw_attempt_answered(a, now);
	if (p->code == RGW_PROTOCOL_ERROR) {
		rgw_count(gw, RGW_CTR_protocol_errors_received);
		on_refused(lane, a, p, "protocol-error", "the next hop answered with Protocol-Error", now);
	} else if (p->code == RGW_ACCOUNTING_RESPONSE &&
	    rgw_packet_error_cause(p) == RGW_CAUSE_UNSUPPORTED_EXTENSION) {
		/* RFC 6614 2.5: this says that nothing was recorded (P-TLS-32). */
		rgw_count(gw, RGW_CTR_accounting_unsupported);
		on_refused(lane, a, p, "accounting-unsupported",
		    "the next hop does not take accounting; the record is not acknowledged", now);
	} else {
		rgw_mark_answered(a, now);
		pass_on(lane, req, checked, now);
	}
	if (queue->n > 0)
		rgw_queue_pump(queue, now);
}

/* The packet fits a waiting request, and its authenticators are right. */
static void
on_verified(struct rgw_lane *lane, const struct rgw_id *slot, const struct rgw_auth_check *checked, rgw_ms now)
{
	uint8_t code = slot->now.code;

	if (lane->ops->learn != NULL)
		lane->ops->learn(lane, checked->packet, code, now);
	if (code == RGW_STATUS_SERVER)
		lane->ops->status_answered(lane, now);
	heard(lane, checked, now);
	if (code != RGW_STATUS_SERVER)
		on_match(lane, RGW_CONTAINER(slot->owner, struct rgw_attempt, ticket), checked, now);
}

static void
on_late(struct rgw_lane *lane, const struct rgw_auth_check *checked, const struct rgw_id_sent *sent, rgw_ms now)
{
	const struct rgw_packet *p = checked->packet;

	/* A late answer proves that the neighbour lives all the same (P-SS-21), and the realm behind it. */
	rgw_target_late(lane->target);
	heard(lane, checked, now);
	if (is_pair(p, sent->code))
		rgw_idpool_late(lane->ids, p->id, sent, now);
	rgw_count(lane->target->gw, RGW_CTR_response_late);
	rgw_lane_log(lane, p, RGW_LOG_DEBUG, "late-response",
	    "the answer to a request came after the request had been given up");
}

/* Drops a packet that answers no waiting request; nobody is harmed by that. */
static void
drop(struct rgw_lane *lane, const struct rgw_packet *p, enum rgw_counter counter, enum rgw_log_level level,
    const char *event, const char *text)
{
	rgw_count(lane->target->gw, counter);
	rgw_lane_log(lane, p, level, event, text);
}

/* Returns the rule that the answer breaks, or NULL. */
static const char *
judge(struct rgw_lane *lane, const struct rgw_id *slot, const struct rgw_auth_check *checked, enum match how,
    rgw_ms now)
{
	const struct rgw_packet *p = checked->packet;

	switch (how) {
	case MATCH:
		on_verified(lane, slot, checked, now);
		return NULL;
	case LATE:
		on_late(lane, checked, &slot->now, now);
		return NULL;
	case LATE_BEFORE:
		on_late(lane, checked, &slot->before, now);
		return NULL;
	case UNMATCHED:
		drop(lane, p, RGW_CTR_response_unmatched, RGW_LOG_INFO, "unmatched-response",
		    "dropped: the answer matches no request");
		return NULL;
	case BAD_PAIR:
		drop(lane, p, RGW_CTR_response_bad_pair, RGW_LOG_WARNING, "bad-pair",
		    "dropped: the code of the answer does not fit the request");
		return NULL;
	case BAD_AUTH:
		break;
	}
	rgw_count(lane->target->gw, RGW_CTR_response_bad_authenticator);
	return "Response Authenticator does not verify; is the secret the same on both sides?";
}

static const char *
on_response(struct rgw_lane *lane, struct rgw_auth_check *check, rgw_ms now)
{
	const struct rgw_packet *p = check->packet;
	const struct rgw_id *slot;
	enum match how;

	if (p->n_msgauth == 0 && lane->ops->needs_msgauth != NULL && lane->ops->needs_msgauth(lane, p)) {
		drop(lane, p, RGW_CTR_response_missing_message_authenticator, RGW_LOG_WARNING,
		    "missing-message-authenticator",
		    "dropped: an answer without Message-Authenticator could be forged (CVE-2024-3596); "
		    "update the software that sent it; for a server see also its option require-message-authenticator");
		return NULL;
	}
	/* Outside of a connection an answer can be an old one (P-COA-31). */
	if (lane->serial == 0 && lane->target->conf->kind == RGW_CONF_CLIENT &&
	    rgw_event_time(p, rgw_gw_wall(lane->target->gw)) == RGW_EVENT_STALE) {
		drop(lane, p, RGW_CTR_response_stale, RGW_LOG_WARNING, "stale-response",
		    "dropped: the Event-Timestamp of the answer is more than 300 s from now; are the clocks right?");
		return NULL;
	}
	slot = rgw_idpool_find(lane->ids, p->id);
	how = match(slot, &lane->side, check);
	if (how <= LATE_BEFORE && check->msgauth == RGW_MSGAUTH_BAD) {
		rgw_count(lane->target->gw, RGW_CTR_response_bad_message_authenticator);
		if (how != MATCH || lane->ops->status_misdone == NULL || slot->now.code != RGW_STATUS_SERVER)
			return "Message-Authenticator does not verify";
		lane->ops->status_misdone(lane, p);
	}
	return judge(lane, slot, check, how, now);
}

/* Is this the code of an answer to anything that we may have asked? */
static bool
may_answer(const struct rgw_gw *gw, uint8_t code)
{
	switch (code) {
	case RGW_ACCESS_ACCEPT:
	case RGW_ACCESS_REJECT:
	case RGW_ACCESS_CHALLENGE:
	case RGW_ACCOUNTING_RESPONSE:
	case RGW_PROTOCOL_ERROR:
		return true;
	case RGW_DISCONNECT_ACK:
	case RGW_DISCONNECT_NAK:
	case RGW_COA_ACK:
	case RGW_COA_NAK:
		return gw->changes;
	default:
		return false;
	}
}

const char *
rgw_on_answer(struct rgw_lane *lane, struct rgw_auth_check *check, rgw_ms now)
{
	const struct rgw_packet *p = check->packet;
	const char *rule;

	if (!may_answer(lane->target->gw, p->code)) {
		/* An odd code is no reason to close (P-TCP-39, P-RCA-6). */
		drop(lane, p, lane->ops->unexpected_code, RGW_LOG_INFO, "unexpected-code",
		    "dropped: a packet of this code answers nothing that this side asks");
		return NULL;
	}
	rule = on_response(lane, check, now);
	if (rule != NULL)
		rgw_lane_log(lane, p, RGW_LOG_WARNING, "bad-response", rule);
	return rule;
}
