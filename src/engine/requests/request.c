/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <string.h>

#include "login.h"
#include "radsecgw/build.h"
#include "trace.h"

/* The life of a request, from its object to one of the ways in which it ends: each way counts it in exactly one
 * counter, and frees it (P-PRX-1, P-ERR-8 to 11). A request is owned by its entry. */

bool
rgw_req_is_tried(const struct rgw_req *req)
{
	for (unsigned i = 0; i < RGW_ATTEMPTS; i++)
		if (req->attempts[i].state != RGW_ATTEMPT_NONE)
			return true;
	return false;
}

struct rgw_req *
rgw_req_new(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_origin *origin,
    const struct rgw_packet *packet, rgw_ms now)
{
	struct rgw_req *req = rgw_slab_get(&gw->reqs);

	if (req == NULL)
		return NULL;
	*req = (struct rgw_req){
		.entry = entry,
		.octets = rgw_bufs_get(&gw->bufs, packet->len),
		.packet = *packet,
		.origin = *origin,
		.accepted_at = now,
	};
	if (req->octets == NULL) {
		rgw_slab_put(&gw->reqs, req);
		return NULL;
	}
	memcpy(req->octets, packet->data, packet->len);
	req->packet.data = req->octets;
	req->edition = rgw_edition_hold(gw->edition);
	rgw_memory_begin(gw, req);
	rgw_retry_init(req);
	for (unsigned i = 0; i < RGW_ATTEMPTS; i++)
		rgw_attempt_init(&req->attempts[i], req);
	rgw_login_begin(gw, req, now);
	rgw_trail_begin(gw, req, now);
	if (gw->trace != NULL)
		rgw_trace_came(gw, req, now);
	entry->req = req;
	return req;
}

static void
free_req(struct rgw_gw *gw, struct rgw_req *req)
{
	rgw_memory_end(gw, req);
	rgw_bufs_put(&gw->bufs, req->octets, req->packet.len);
	rgw_edition_drop(req->edition);
	rgw_slab_put(&gw->reqs, req);
}

/* Notes that the request does not wait any more; nor does the connection that it came on wait for it. */
static void
not_pending(struct rgw_gw *gw, struct rgw_req *req, bool answered, rgw_ms now)
{
	const struct rgw_origin *origin = &req->origin;

	for (unsigned i = 0; i < RGW_ATTEMPTS; i++)
		rgw_attempt_detach(&req->attempts[i], now);
	rgw_timer_unset(&gw->timers, &req->retry_timer);
	if (!origin->door->is_stream)
		return;
	origin->asked->n_pending--;
	origin->door->settled(origin, answered, now);
}

void
rgw_req_end(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now)
{
	struct rgw_entry *entry = req->entry;

	rgw_count(gw, how);
	rgw_trail_end(gw, req, how, 0, now);
	not_pending(gw, req, false, now);
	free_req(gw, req);
	rgw_entry_free(gw, entry);
}

/* Counts how the request ends, sends the answer and keeps it. Nothing that this calls may use the scratch buffer: the
 * answer lies there. */
static void
send_and_keep(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, const struct rgw_outgoing *answer,
    rgw_ms now)
{
	struct rgw_entry *entry = req->entry;
	const struct rgw_door *door = req->origin.door;
	bool sent = door->send(gw, &req->origin, answer);

	rgw_count(gw, how);
	if (req->traced != 0)
		rgw_trace_packet(req, RGW_TRACE_REPLIED, 0, "", answer->data, answer->len, now);
	rgw_trail_end(gw, req, how, answer->data[0], now);
	not_pending(gw, req, true, now);
	free_req(gw, req);
	/* An answer that a connection has taken arrives, or the connection ends and the entry with it (P-TCP-30). A
	 * peer that repeats the request there breaks a rule (P-TCP-27), and all that is needed is not to work on the
	 * request twice (P-DUP-7, P-TCP-32). Any other answer may be lost, and is kept to be sent again (P-DUP-2); if
	 * there is no memory for it, a repetition finds nothing and is a new request. */
	if (door->is_stream && sent)
		rgw_entry_mute(gw, entry, now);
	else if (!rgw_entry_keep(gw, entry, answer, now))
		rgw_entry_free(gw, entry);
}

void
rgw_req_reply(struct rgw_gw *gw, struct rgw_req *req, size_t len, rgw_ms now)
{
	send_and_keep(gw, req, RGW_CTR_request_answered, &(struct rgw_outgoing){ gw->scratch, len,
		req->origin.side.secret }, now);
}

/* Ends the request in this counter with an answer of our own, which is signed as it is built. */
static void
send_own(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, size_t len, rgw_ms now)
{
	send_and_keep(gw, req, how, &(struct rgw_outgoing){ gw->scratch, len, NULL }, now);
}

void
rgw_req_refuse(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    rgw_ms now)
{
	size_t len = 0;

	/* CoA and Disconnect have an answer of their own for that, which everybody understands. */
	if (rgw_code_is_dynamic(req->packet.code))
		len = rgw_build_nak(gw->scratch, sizeof gw->scratch, &req->packet, error_cause,
		    req->origin.side.secret);
	else if (req->origin.asker->hears_errors)
		len = rgw_build_protocol_error(gw->scratch, sizeof gw->scratch, &req->packet,
		    error_cause, req->origin.side.secret);
	if (len == 0) {
		rgw_req_end(gw, req, how, now);
		return;
	}
	send_own(gw, req, how, len, now);
}

void
rgw_req_reject(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    const char *message, rgw_ms now)
{
	size_t len = 0;

	if (req->packet.code == RGW_ACCESS_REQUEST)
		len = rgw_build_reject(gw->scratch, sizeof gw->scratch, &req->packet, error_cause, message,
		    req->origin.side.secret);
	if (len == 0) {
		rgw_req_refuse(gw, req, how, error_cause, now);
		return;
	}
	rgw_login_made_here(gw, req, how, error_cause, message, now);
	send_own(gw, req, how, len, now);
}

void
rgw_req_turn_away(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now)
{
	if (req->origin.asker->hears_errors)
		rgw_req_refuse(gw, req, how, RGW_CAUSE_NOT_ROUTABLE, now);
	else
		rgw_req_reject(gw, req, how, RGW_CAUSE_NOT_ROUTABLE, NULL, now);
}

void
rgw_req_acknowledge(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now)
{
	size_t len = rgw_build_status_answer(gw->scratch, sizeof gw->scratch, &req->packet, true,
	    req->origin.side.secret);

	rgw_login_made_here(gw, req, how, 0, NULL, now);
	send_own(gw, req, how, len, now);
}

bool
rgw_req_answer_outage(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now)
{
	const struct rgw_conf_pool *pool = req->pool->conf;

	/* An asker that understands the error can turn to another server; a reject would end the login. */
	if (req->origin.asker->hears_errors || rgw_code_is_dynamic(req->packet.code)) {
		rgw_req_refuse(gw, req, how, RGW_CAUSE_NOT_ROUTABLE, now);
	} else if (req->packet.code == RGW_ACCESS_REQUEST &&
	    pool->outage_auth == RGW_OUTAGE_AUTH_REJECT) {
		rgw_count(gw, RGW_CTR_outage_rejects);
		rgw_req_reject(gw, req, how, RGW_CAUSE_NOT_ROUTABLE, pool->reply_message, now);
	} else if (req->packet.code == RGW_ACCOUNTING_REQUEST &&
	    pool->outage_acct == RGW_OUTAGE_ACCT_ACK) {
		rgw_count(gw, RGW_CTR_outage_acks);
		rgw_req_acknowledge(gw, req, how, now);
	} else {
		return false;
	}
	return true;
}

void
rgw_req_outage(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now)
{
	if (!rgw_req_answer_outage(gw, req, how, now))
		rgw_req_end(gw, req, how, now);
}

void
rgw_req_stop(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now)
{
	struct rgw_entry *entry = req->entry;

	if (rgw_req_answer_outage(gw, req, how, now))
		return;
	rgw_count(gw, how);
	rgw_trail_end(gw, req, how, 0, now);
	not_pending(gw, req, false, now);
	free_req(gw, req);
	rgw_entry_mute(gw, entry, now);
}

void
rgw_req_time_out(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	const struct rgw_target *target = req->pool->members[0];
	struct rgw_identity room;

	for (unsigned i = 0; i < RGW_ATTEMPTS; i++)
		if (req->attempts[i].state != RGW_ATTEMPT_NONE)
			target = req->attempts[i].target;
	RGW_LOG(gw->log, RGW_LOG_WARNING, "request-timeout", target->conf->name,
	    target->ops->unanswered, rgw_f_target(target), rgw_f_origin(&req->origin),
	    rgw_f_identity(gw, &req->packet, &room));
	for (unsigned i = 0; i < RGW_ATTEMPTS; i++) {
		const struct rgw_attempt *a = &req->attempts[i];

		rgw_mark_unanswered(a, now);
		if (a->state == RGW_ATTEMPT_SENT && a->ticket.lane->ops->silent != NULL)
			a->ticket.lane->ops->silent(a->ticket.lane, a->retrans.since, now);
	}
	/* Over UDP the sender repeats the request, and may have an answer then; on a connection it waits for one. */
	if (rgw_code_is_dynamic(req->packet.code) && req->origin.door->is_stream)
		rgw_req_refuse(gw, req, RGW_CTR_request_timed_out, RGW_CAUSE_RESOURCES_UNAVAILABLE, now);
	else
		rgw_req_end(gw, req, RGW_CTR_request_timed_out, now);
}
