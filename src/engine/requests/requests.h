/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_REQUESTS_H
#define ENGINE_REQUESTS_H

/*
 * The way of a request through the engine, from where it has come in to where its answer leaves. A request is owned by
 * its entry in the duplicate cache while it is worked on. It is tried at a target by an attempt, which is part of it; a
 * second attempt may be under way at another target. A lane borrows the ticket of an attempt through its identifiers,
 * and a queue the attempt itself; rgw_attempt_detach is the one place where they let go of each other.
 */

#include "radsecgw/retrans.h"

#include "../engine.h"
#include "../links/target.h"
#include "choose.h"

/* A realm that had no answer from a neighbour which may be dead itself, or not. */
struct rgw_doubt {
	const struct rgw_conf_pool *pool;  /* borrowed */
	rgw_ms at;
	uint8_t len;
	uint8_t realm[RGW_ATTR_VALUE_MAX];
};

enum rgw_attempt_state {
	RGW_ATTEMPT_NONE,    /* not under way */
	RGW_ATTEMPT_QUEUED,  /* on the queue of its target */
	RGW_ATTEMPT_SENT,    /* on a lane, under an identifier */
};

/* A request on its way at one target. */
struct rgw_attempt {
	struct rgw_ticket ticket;    /* on its lane while SENT; sent_at: when it was begun, else */
	struct rgw_req *req;         /* borrowed: what it is part of */
	enum rgw_attempt_state state;
	bool sent_before;            /* the request was on a lane that is gone */
	uint16_t sent_len;
	uint32_t prefer;             /* serial of the connection where its conversation lives; 0 = any */
	struct rgw_target *target;   /* borrowed */
	struct rgw_link link;        /* on the queue of the target, while QUEUED */
	rgw_ms queued_until;
	uint8_t *sent;               /* owned: while SENT and to be repeated, the octets */
	struct rgw_retrans retrans;
	struct rgw_timer timer;      /* the next repetition, or the end of response-window */
};

/* The first one, and one that runs beside it (retry-after). */
#define RGW_ATTEMPTS 2

/* So many connections that a request has left are remembered. */
#define RGW_LEFT 4

/* By what a request is known when it comes again. Many are kept for a while for their answers, so they are
 * small, and apart from the few that are worked on. */
struct rgw_entry {
	struct rgw_dup dup;          /* key, authenticator and end of life */
	struct rgw_req *req;         /* owned: while it is worked on; NULL once answered */
	struct rgw_link origin_link; /* among those that came on one connection */
	uint8_t *answer;             /* owned: once answered, unless a connection has taken it */
	uint16_t answer_len;
	bool answer_is_signed;       /* else that is done each time it leaves */
	uint8_t repeats;             /* how often the answer has been sent again */
	uint16_t kept;               /* once nobody works on it: its octets in gw->kept */
	bool authentic;              /* nobody but the client can have sent the request */
};

/* A request that is worked on. */
struct rgw_req {
	struct rgw_entry *entry;     /* borrowed: its owner */
	uint8_t *octets;             /* owned: the request as received and verified ... */
	struct rgw_packet packet;    /* ... and where its attributes are; borrows octets */
	struct rgw_origin origin;
	size_t holds;                /* octets of it in the holdings of its asker and of the gateway */
	rgw_ms accepted_at;
	struct rgw_pool *pool;       /* borrowed: where it goes; NULL before that is known */
	uint64_t tried;              /* members of the pool that have had their chance; bits */
	struct rgw_attempt attempts[RGW_ATTEMPTS];
	uint32_t left[RGW_LEFT];     /* serials of connections it was on and that stood when it left ... */
	uint8_t n_left;              /* ... them: it must not come back (P-TCP-27) */
	bool first_suspect;          /* it was the first that a peer may not have read when a connection ended */
	uint8_t n_suspected;         /* connections that have ended perhaps because of it; see suspects.c */
	uint8_t n_moved;             /* connections that have ended with it, for no reason that is known */
	bool no_hope;                /* all members of the pool were dead a moment ago */
	struct rgw_timer retry_timer;/* when it is tried elsewhere, too, or given up for want of hope */
};

static inline unsigned
rgw_req_service(const struct rgw_req *req)
{
	return rgw_service_of(req->packet.code);
}

/* What has become of an attempt that was to be sent. */
enum rgw_fate {
	RGW_SENT,
	RGW_WAITS,    /* it is on the queue of its target */
	RGW_NO_ROOM,  /* nothing has changed */
	RGW_ENDED,    /* it could not be sent at this target: the request has gone elsewhere, or is gone */
};

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
/* A request that has passed the checks of its door. Deals with duplicates, then accepts it and
 * sends it on its way. `place` is the socket or connection (P-DUP-1). */
void rgw_ingress_take(struct rgw_gw *gw, const struct rgw_origin *origin, uint32_t place,
    const struct rgw_packet *packet, rgw_ms now);

/* route.c: which way a request takes */
/* Sends it to whoever serves its realm, or ends it as the configuration says for the realm. */
void rgw_route(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);

/* entry.c: what requests are known by */
/* A new one, which is found from now on, or NULL for want of room. Kept answers give way to it. */
struct rgw_entry *rgw_entry_new(struct rgw_gw *gw, const struct rgw_dupkey *key, const uint8_t *auth,
    rgw_ms now);
/* The oldest kept answer is forgotten, which this counter counts. false = there is none. */
bool rgw_entry_forget_oldest(struct rgw_gw *gw, enum rgw_counter why);
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
/* Ends it in the way that its pool has for an outage, if that is an answer. false = it lives on. */
bool rgw_req_answer_outage(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Ends it in that way, or without an answer. */
void rgw_req_outage(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* The same for a request that does harm: even if it is dropped, retransmissions of it are absorbed. */
void rgw_req_stop(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);

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
/* Sends it on a lane; NO_ROOM: the lane could not take it. */
enum rgw_fate rgw_attempt_send(struct rgw_attempt *a, struct rgw_lane *lane, rgw_ms now)
    __attribute__((warn_unused_result));
/* Takes it from its lane or queue; the identifier rests if an answer may still come. */
void rgw_attempt_detach(struct rgw_attempt *a, rgw_ms now);
/* The same when its answer has come: the identifier is free. */
void rgw_attempt_answered(struct rgw_attempt *a, rgw_ms now);

/* queue.c: attempts that wait for a lane of their target */
/* Sends the attempt to its target, or lets it wait there. */
enum rgw_fate rgw_queue_take(struct rgw_attempt *a, rgw_ms now) __attribute__((warn_unused_result));
/* An attempt that was on a lane waits for another one, whether there is room or not. */
void rgw_queue_take_back(struct rgw_attempt *a, rgw_ms now);
/* An attempt leaves its queue. */
void rgw_queue_leave(struct rgw_attempt *a);
/* The care with which its request is to be sent may be another one than when it came on the queue. */
void rgw_queue_review(struct rgw_attempt *a);
/* Does it take one more request that it has not had yet? */
bool rgw_queue_has_room(const struct rgw_queue *queue);
/* Sends what waits as far as there is room. For events and timers only: sending can end or move other requests. */
void rgw_queue_pump(struct rgw_queue *queue, rgw_ms now);
/* Those that have waited too long go elsewhere, or end. */
void rgw_queue_expire(struct rgw_queue *queue, rgw_ms now);
/* Visits each attempt that waits, oldest first; it may be taken from the queue, and others may. */
void rgw_queue_each(struct rgw_queue *queue, void (*visit)(struct rgw_attempt *a, void *arg, rgw_ms now), void *arg,
    rgw_ms now);

/* pool.c: where a request goes first, and where it goes next */
void rgw_pools_init(struct rgw_gw *gw);
void rgw_pools_fini(struct rgw_gw *gw);
/* Sends a request on its way to the pool, peer or server that this section is of. */
void rgw_pool_dispatch(struct rgw_gw *gw, struct rgw_req *req, const struct rgw_conf_head *section, rgw_ms now);
/* Begins the attempt at a target. The request may be gone after this. */
void rgw_pool_start(struct rgw_attempt *a, struct rgw_target *target, uint32_t prefer, rgw_ms now);
/* The same for a request that was elsewhere before. */
void rgw_pool_move_to(struct rgw_attempt *a, struct rgw_target *target, rgw_ms now);

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
/* Is there anybody better to turn to than the attempt's own target? */
bool rgw_pool_has_other(struct rgw_attempt *a, rgw_ms now);
/* The target cannot be reached: what waits there goes elsewhere if it can. */
void rgw_pool_evacuate(struct rgw_target *target, rgw_ms now);
/* The target can be reached again: what waits at others of its pools, who cannot, comes to it. */
void rgw_pool_attract(struct rgw_target *target, rgw_ms now);

/* rank.c: how good it is to turn to a member of a pool now */
enum rgw_rank rgw_rank_of(struct rgw_target *target, const struct rgw_req *req, rgw_ms now);
/* The same for a request whose conversation lives there: that goes on if the target gets no new requests. */
enum rgw_rank rgw_rank_at_home(struct rgw_target *target, const struct rgw_req *req, rgw_ms now);
/* The best member that has not had its chance, if it is of that rank or better; NULL = none. */
struct rgw_target *rgw_rank_best(const struct rgw_req *req, enum rgw_rank worst, rgw_ms now);
/* Would the target serve the peer that the request came from? */
bool rgw_rank_is_loop(const struct rgw_target *target, const struct rgw_req *req);
/* A conversation belongs to one home server, and another member may not know it: if the connection to the
 * request's own one has only just ended, the request waits for the next attempt to connect. */
bool rgw_rank_waits_at(const struct rgw_req *req, struct rgw_target *own, rgw_ms now);
/* The place of a target in a pool; pool->n = it is no member. */
size_t rgw_pool_index(const struct rgw_pool *pool, const struct rgw_target *target);
uint64_t rgw_pool_bit(const struct rgw_pool *pool, const struct rgw_target *target);
bool rgw_req_is_at(const struct rgw_req *req, const struct rgw_target *target);

/* retry.c: requests that wait too long for an answer */
/* Makes the timer of a new request. */
void rgw_retry_init(struct rgw_req *req);
/* The request waits for an answer from now on. */
void rgw_retry_arm(struct rgw_req *req, rgw_ms now);
/* Its target has turned out to be dead: if all members of the pool are, the request is given up soon, in the way of an
 * outage. Ends nothing now. */
void rgw_retry_lose_hope(struct rgw_attempt *a, rgw_ms now);

/* suspects.c: requests at which connections may have ended */
enum rgw_care rgw_suspect_care(const struct rgw_req *req);
/* May it be sent to one more, beside where it is under way? If all of these connections ended, too, there would have to
 * be no more of them than a suspect may cost. */
bool rgw_suspect_may_double(const struct rgw_req *req, rgw_ms now);
/* The request of the attempt is to be sent no more, and ends; `why`: how its last connection ended. */
void rgw_suspect_stop(struct rgw_attempt *a, const char *why, rgw_ms now);
/* The same, for its answer breaks a rule. */
void rgw_suspect_stop_bad_answer(struct rgw_attempt *a, const char *why, rgw_ms now);
/* The connection of an attempt has ended, perhaps because of it if `blamed`. */
void rgw_suspect_lost(struct rgw_attempt *a, bool blamed, bool moved, const char *why, rgw_ms now);

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

/* recall.c: members that were given up */
/* Tries those of the pool soon. */
void rgw_recall_members(struct rgw_pool *pool, rgw_ms now);
/* The target has failed: does the same for its pools of which nobody works any more. */
void rgw_recall_others(struct rgw_target *target, rgw_ms now);

#endif
