/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_REQUESTS_H
#define ENGINE_REQUESTS_H

#include "objects.h"

/* The way of a request through the engine, from where it comes in to where its answer leaves. */

/* fields.c: what log lines say about neighbours and requests */
/* User-Name of a request as a log field, shortened or hashed as the configuration says. */
struct rgw_identity {
	char text[24];
};
struct rgw_field rgw_f_identity(struct rgw_gw *gw, const struct rgw_packet *packet,
    struct rgw_identity *room);
/* The name of whoever asked, and of where the request goes. */
const char *rgw_origin_name(const struct rgw_origin *origin);
struct rgw_field rgw_f_origin(const struct rgw_origin *origin);
struct rgw_field rgw_f_target(const struct rgw_target *target);
struct rgw_field rgw_f_owner(const struct rgw_conf_head *owner);

/* What a neighbour risks is said once a day: is it time? Then *said_at is now; 0 = it was never said. */
static inline bool
rgw_is_due(rgw_ms *said_at, rgw_ms now)
{
	if (*said_at != 0 && now - *said_at < 86400000)
		return false;
	*said_at = now;
	return true;
}

/* asker.c: those who ask, and their parts of what all of them share */
/* `number` tells askers apart; `probes` is its status-server-rate. */
void rgw_asker_init(struct rgw_asker *asker, uint64_t number, const struct rgw_rate *probes, rgw_ms now);
/* May its request without a request object be answered, as far as status-server-rate is concerned? If not, that
 * is counted and there is a line. */
bool rgw_asker_may_probe(struct rgw_gw *gw, const struct rgw_origin *origin, rgw_ms now);

/* memory.c: octets that requests take while they are worked on, and those that are kept afterwards */
/* May the origin have one more request of len octets worked on? If not, *why is the counter that says why. */
bool rgw_memory_admits(const struct rgw_gw *gw, const struct rgw_origin *origin, size_t len,
    enum rgw_counter *why);
/* A line about a request of the origin that such a bound stops; lines of one event and name are limited together. */
void rgw_memory_log(struct rgw_gw *gw, const struct rgw_origin *origin, const char *event, const char *name,
    const char *text);
/* A request with its packet is there. Kept answers give way to it. */
void rgw_memory_begin(struct rgw_gw *gw, struct rgw_req *req);
/* It ends; its attempts have been detached. */
void rgw_memory_end(struct rgw_gw *gw, struct rgw_req *req);
/* There is room for a copy of len octets, but whoever asked holds too much to get it. */
bool rgw_memory_is_over_share(const struct rgw_gw *gw, const struct rgw_req *req, size_t len);
/* A copy of len octets for repetitions belongs to the request, too. false = max-request-octets is reached. */
bool rgw_memory_copy(struct rgw_gw *gw, struct rgw_req *req, size_t len);
void rgw_memory_uncopy(struct rgw_gw *gw, struct rgw_req *req, size_t len);
/* The entry is kept from now on, with its answer if it has one. The oldest are forgotten when they take too much;
 * that can be this one. */
void rgw_memory_keep(struct rgw_gw *gw, struct rgw_entry *entry);

/* ingress.c: requests, from wherever they come */
/* Somebody who asks: nobody may take back requests for new ones without end (P-DUP-5), since each costs
 * an identifier at the next hop. */
void rgw_ingress_init(struct rgw_bucket *superseding, rgw_ms now);
/* A request that has passed the checks of its transport. Deals with duplicates, then accepts it and
 * sends it on its way. `place` is the socket or connection (P-DUP-1). */
void rgw_ingress_take(struct rgw_gw *gw, const struct rgw_origin *origin, uint32_t place,
    const struct rgw_packet *packet, rgw_ms now);

/* route.c: which way a request takes */
/* Sends it to whoever serves its realm, or ends it as the configuration says for the realm. */
void rgw_route(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);

/* tlsin.c: what peers send on the connections that they opened, checked. false = it was closed. */
bool rgw_tlsin_on_packet(struct rgw_conn *conn, const struct rgw_auth_check *checked, rgw_ms now);

/* entry.c: what requests are known by */
/* A new one, which is found from now on, or NULL for want of room. Kept answers give way to it. */
struct rgw_entry *rgw_entry_new(struct rgw_gw *gw, const struct rgw_dupkey *key, const uint8_t *auth,
    rgw_ms now);
/* Forgets one that nobody works on. */
void rgw_entry_free(struct rgw_gw *gw, struct rgw_entry *entry);
/* From now on it is kept for its answer, which is copied. It may be gone after that. false = out of memory. */
bool rgw_entry_keep(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_outgoing *answer,
    rgw_ms now);
/* From now on it is kept without an answer, so that retransmissions are absorbed. It may be gone after that. */
void rgw_entry_mute(struct rgw_gw *gw, struct rgw_entry *entry, rgw_ms now);
/* Sends the kept answer once more, if there is one and it has not been sent again too often. */
void rgw_entry_repeat(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_origin *origin);
/* Forgets it; if it is worked on, that ends in this counter. */
void rgw_entry_end(struct rgw_gw *gw, struct rgw_entry *entry, enum rgw_counter how, rgw_ms now);
/* Ends what has taken too long, and forgets what was kept long enough. */
void rgw_entries_expire(struct rgw_gw *gw, rgw_ms now);
/* Ends all, when the gateway does. */
void rgw_entries_end(struct rgw_gw *gw, rgw_ms now);

/* request.c: the life of a request */
/* A request of which the entry is new, or NULL for want of memory. The packet is copied. */
struct rgw_req *rgw_req_new(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_origin *origin,
    const struct rgw_packet *packet, rgw_ms now);
/* Is an attempt under way? */
bool rgw_req_is_tried(const struct rgw_req *req);
/* The request ends without an answer, in this counter; it is gone after that. */
void rgw_req_end(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Nobody answered it in time: it ends, and the log says so. */
void rgw_req_time_out(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);
/* Sends the answer in gw->scratch, as rgw_hop_response has left it, to whoever asked, and keeps it for
 * retransmissions. */
void rgw_req_reply(struct rgw_gw *gw, struct rgw_req *req, size_t len, rgw_ms now);
/* Tells whoever asked about a failure if they want to hear of it (protocol-error),
 * and ends it. */
void rgw_req_refuse(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    rgw_ms now);
/* Ends it with an Access-Reject; if it is no Access-Request, in the way of rgw_req_refuse. error_cause and
 * message as in rgw_build_reject. */
void rgw_req_reject(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    const char *message, rgw_ms now);
/* Ends one for which there is no way, with Error-Cause 502: who understands Protocol-Error can try elsewhere, an
 * Access-Request of others is rejected. */
void rgw_req_turn_away(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Ends an Accounting-Request as if it had been recorded. */
void rgw_req_acknowledge(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Does whoever asked understand Protocol-Error? The configuration says so (P-ERR-10, 11). */
bool rgw_origin_hears_errors(const struct rgw_origin *origin);
/* Ends it in the way that its pool has for an outage, if that is an answer. false = it lives on. */
bool rgw_req_answer_outage(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Ends it in that way, or without an answer. */
void rgw_req_outage(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* The same for a request that does harm: even if it is dropped, retransmissions of it are absorbed. */
void rgw_req_stop(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Sends an answer to whoever asked. false = a connection did not take it, which is counted. */
bool rgw_origin_send(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_outgoing *answer);

/* rewriting.c: attributes that the configuration changes on the way. Each returns the packet itself if
 * nothing is to be changed; or *room, which then describes one that is valid until the next call; or NULL if
 * the packet is to be refused, about which there is a line already. */
struct rgw_hop_response;
/* A request has come in. */
const struct rgw_packet *rgw_rewriting_came(struct rgw_gw *gw, const struct rgw_origin *origin,
    const struct rgw_packet *packet, struct rgw_packet *room);
/* It is to be sent. */
const struct rgw_packet *rgw_rewriting_goes(const struct rgw_attempt *a, struct rgw_packet *room);
/* Its answer has come from the target and is to go back as `hop` says. */
const struct rgw_packet *rgw_rewriting_answered(const struct rgw_req *req,
    const struct rgw_target *target, const struct rgw_hop_response *hop, struct rgw_packet *room);

/* attempt.c: a request at one target */
void rgw_attempt_init(struct rgw_attempt *a, struct rgw_req *req);
/* Tries to send on a lane; false = it could not take it. May end the request. */
bool rgw_attempt_send(struct rgw_attempt *a, struct rgw_lane *lane, rgw_ms now);
/* Takes it from its lane or queue; the identifier rests if an answer may still come. */
void rgw_attempt_detach(struct rgw_attempt *a, rgw_ms now);
/* The same when its answer has come: the identifier is free. */
void rgw_attempt_answered(struct rgw_attempt *a, rgw_ms now);

/* pool.c: where a request goes, first and next */
void rgw_pools_init(struct rgw_gw *gw);
void rgw_pools_fini(struct rgw_gw *gw);
void rgw_target_init(struct rgw_target *target, struct rgw_gw *gw, const struct rgw_conf_head *conf);
void rgw_target_fini(struct rgw_target *target);
/* The pool that a reference means. */
struct rgw_pool *rgw_pool_of(struct rgw_gw *gw, const struct rgw_conf_head *head);
/* Makes the timer of a new request, which tries it elsewhere when it is left unanswered. */
void rgw_pool_init_retry(struct rgw_req *req);
/* Sends a request on its way. Its pool is set. */
void rgw_pool_dispatch(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);

/* marks.c: is it the member that does not answer, or the realm behind it? */
/* When the target left the realm of the request unanswered; 0 = it did not, as far as is known. */
rgw_ms rgw_mark_of(const struct rgw_req *req, const struct rgw_target *target, rgw_ms now);
/* An attempt that was sent ends without an answer: if its target is alive, it is the realm behind it. */
void rgw_mark_unanswered(const struct rgw_attempt *a, rgw_ms now);
/* The target says that it has no way to the realm. */
void rgw_mark_unroutable(const struct rgw_attempt *a, rgw_ms now);
/* An answer came at one target; what is known about the others of the request follows. */
void rgw_mark_answered(struct rgw_attempt *a, rgw_ms now);
/* A valid packet came from the target. */
void rgw_target_heard(struct rgw_target *target, rgw_ms now);
/* It answers, if late: nothing is held against the realm. */
void rgw_target_late(struct rgw_target *target);

/* Why an attempt came to nothing; it decides what becomes of the request if nobody is left to try. */
enum rgw_failure {
	RGW_FAIL_FULL,         /* the target's queue is full, or its max-requests reached */
	RGW_FAIL_QUEUE_TIME,   /* no connection took it in time */
	RGW_FAIL_NO_ANSWER,    /* response-window or all repetitions are over */
	RGW_FAIL_REFUSED,      /* the target says that it cannot serve it */
	RGW_FAIL_OVER_SHARE,   /* whoever asked holds more octets than its share */
	RGW_FAIL_TOO_BIG,      /* what is rewritten for the target does not fit into a packet */
};

/* The attempt came to nothing: the next member is tried, or the request ends. error_cause: what the
 * target said, for REFUSED. */
void rgw_pool_failed(struct rgw_attempt *a, enum rgw_failure how, uint32_t error_cause, rgw_ms now);
/* The lane of the attempt is gone or suspected: it goes elsewhere, or waits at its target. */
void rgw_pool_move(struct rgw_attempt *a, rgw_ms now);
/* The same, but not before another retry-after has passed. */
void rgw_pool_put_off(struct rgw_attempt *a, rgw_ms now);
/* Its target has turned out to be dead: if all members of the pool are, the request is given up soon, in the way of an
 * outage. Ends nothing now. */
void rgw_pool_lose_hope(struct rgw_attempt *a, rgw_ms now);
/* Is there anybody better to turn to than the attempt's own target? */
bool rgw_pool_has_other(struct rgw_attempt *a, rgw_ms now);
/* The target cannot be reached: what waits on the queue goes elsewhere if it can. */
void rgw_pool_evacuate(struct rgw_link *queue, rgw_ms now);
/* The target can be reached again: what waits at others of its pools, who cannot, comes to it. */
void rgw_pool_attract(struct rgw_target *target, rgw_ms now);

/* recall.c: members that were given up */
/* Tries those of the pool soon. */
void rgw_recall_members(struct rgw_pool *pool, rgw_ms now);
/* The target has failed: does the same for its pools of which nobody works any more. */
void rgw_recall_others(struct rgw_target *target, rgw_ms now);

/* response.c: what targets answer */
/* What rgw_auth_check is to look at before rgw_response_take. */
struct rgw_auth_check rgw_response_check(const struct rgw_lane *lane, const struct rgw_packet *packet);
/* Takes an answer that came on a lane, checked; others may have been taken in between. NULL = fine, or
 * dropped; else the rule that it breaks, for which a connection is closed (RFC 6613 2.6.4). */
const char *rgw_response_take(struct rgw_lane *lane, struct rgw_auth_check *checked, rgw_ms now);
/* A line about a packet that came on a lane. */
void rgw_log_packet(const struct rgw_lane *lane, const struct rgw_packet *packet,
    enum rgw_log_level level, const char *event, const char *text);

#endif
