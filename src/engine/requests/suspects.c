/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

/*
 * Requests at which peers may have ended connections; links/blame.c tells which requests of a connection they are.
 * Suspects are sent again a few at a time, so that the next end of a connection, if there is one, leaves few that were
 * there both times. These, and the first suspect of a connection, are sent alone. So the third end shows whose fault it
 * was, and nobody else pays for it.
 */

/* The number of times that a request moves because of connections that it may have ended itself ... */
#define MOVES_AS_SUSPECT 2

/* ... and the number of times that it moves in all, since a request that looks cleared may still be why a peer closes
 * late. */
#define MOVES_IN_ALL 8

enum rgw_care
rgw_suspect_care(const struct rgw_req *req)
{
	if (req->n_suspected > MOVES_AS_SUSPECT || req->n_moved > MOVES_IN_ALL)
		return RGW_CARE_NO_MORE;
	if (req->n_suspected >= MOVES_AS_SUSPECT || req->first_suspect)
		return RGW_CARE_ALONE;
	return req->n_suspected > 0 ? RGW_CARE_FEW : RGW_CARE_NONE;
}

/* May the lane of the attempt still end because of the attempt's request? */
static bool
is_pending(const struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_lane *lane = a->ticket.lane;

	return a->state == RGW_ATTEMPT_SENT && lane->ops->may_end_for != NULL &&
	    lane->ops->may_end_for(lane, &a->ticket, now);
}

bool
rgw_suspect_may_double(const struct rgw_req *req, rgw_ms now)
{
	unsigned n = req->n_suspected;

	if (n == 0)
		return true;
	for (unsigned i = 0; i < RGW_ATTEMPTS; i++)
		n += is_pending(&req->attempts[i], now);
	return n <= MOVES_AS_SUSPECT;
}

static void
stop(struct rgw_attempt *a, enum rgw_counter how, const char *text, const char *why, rgw_ms now)
{
	struct rgw_gw *gw = a->target->gw;
	struct rgw_req *req = a->req;
	struct rgw_identity room;

	RGW_LOG(gw->log, RGW_LOG_WARNING, "request-stopped", rgw_origin_name(&req->origin), text,
	    rgw_f_origin(&req->origin), rgw_f_identity(gw, &req->packet, &room), rgw_f_target(a->target),
	    rgw_f_str("code", rgw_code_name(req->packet.code)), rgw_f_str("reason", why));
	rgw_req_stop(gw, req, how, now);
}

void
rgw_suspect_stop(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	stop(a, RGW_CTR_request_ends_connections,
	    "a request is not sent again: connections have ended again and again while it was open on them; what "
	    "in the request does the peer refuse?", why, now);
}

void
rgw_suspect_stop_bad_answer(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	stop(a, RGW_CTR_request_bad_answer,
	    "a request is not sent again: the answer to it breaks a rule, so the connection is closed", why, now);
}

/* Lets go of an attempt whose request is suspected much but is under way elsewhere: the request is not sent again
 * before it is clear what becomes of it there. */
static void
leave(struct rgw_attempt *a, const char *why, rgw_ms now)
{
	struct rgw_req *req = a->req;
	struct rgw_attempt *other = &req->attempts[a == &req->attempts[0]];
	enum rgw_care care = rgw_suspect_care(req);

	if (other->state == RGW_ATTEMPT_QUEUED)
		rgw_queue_review(other);
	if (care == RGW_CARE_NO_MORE && other->state == RGW_ATTEMPT_SENT)
		rgw_attempt_detach(a, now);
	else if (care == RGW_CARE_NO_MORE)
		rgw_suspect_stop(a, why, now);
	else if (care == RGW_CARE_ALONE && other->state != RGW_ATTEMPT_NONE)
		rgw_pool_put_off(a, now);
	else
		rgw_pool_move(a, now);
}

void
rgw_suspect_lost(struct rgw_attempt *a, bool blamed, bool moved, const char *why, rgw_ms now)
{
	struct rgw_req *req = a->req;

	if (blamed) {
		req->n_suspected++;
		for (unsigned i = 0; i < RGW_ATTEMPTS; i++)
			req->attempts[i].ticket.suspect = true;
	}
	if (moved)
		req->n_moved++;
	leave(a, why, now);
}
