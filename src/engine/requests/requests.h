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

/* A realm that had no answer from a neighbour which may be dead itself. */
struct rgw_doubt {
	uint32_t dead_realm_after;  /* of the pool in which the realm had no answer */
	rgw_ms at;
	uint8_t len;
	uint8_t realm[RGW_ATTR_VALUE_MAX];
};

enum rgw_attempt_state {
	RGW_ATTEMPT_NONE,    /* the attempt is not under way */
	RGW_ATTEMPT_QUEUED,  /* the attempt is on the queue of its target */
	RGW_ATTEMPT_SENT,    /* the attempt is on a lane, under an identifier */
};

/* A request on its way at one target. */
struct rgw_attempt {
	struct rgw_ticket ticket;    /* the attempt on its lane while SENT; sent_at: when the attempt was begun, else */
	struct rgw_req *req;         /* borrowed: the request that the attempt is part of */
	enum rgw_attempt_state state;
	bool sent_before;            /* the request was on a lane that is gone */
	uint16_t sent_len;
	uint32_t prefer;             /* serial of the connection where the request's conversation lives; 0 = any */
	struct rgw_target *target;   /* borrowed */
	struct rgw_link link;        /* place on the queue of the target, while QUEUED */
	rgw_ms queued_at;            /* when the attempt began to wait, while QUEUED */
	uint8_t *sent;               /* owned: octets to be repeated, while SENT; NULL = no repetition */
	struct rgw_retrans retrans;
	struct rgw_timer timer;      /* when the next repetition is due, or response-window ends */
};

/* A request's first attempt, and one that runs beside it (retry-after). */
#define RGW_ATTEMPTS 2

/* The number of connections that a request has left and that are remembered. */
#define RGW_LEFT 4

/* What a request is known by when it comes again. Many entries are kept for a while for their answers, so entries are
 * small, and apart from the few requests that are worked on. */
struct rgw_entry {
	struct rgw_dup dup;          /* the request's key, authenticator and end of life */
	struct rgw_req *req;         /* owned: the request while it is worked on; NULL once answered */
	struct rgw_link origin_link; /* place among the entries of one client or connection */
	uint8_t *answer;             /* owned: the answer, once there is one, unless a connection has taken it */
	uint16_t answer_len;
	uint8_t repeats;             /* number of times that the answer has been sent again */
	bool answer_is_signed : 1;   /* the answer is signed; else it is signed each time it leaves */
	bool authentic : 1;          /* nobody but the client can have sent the request */
	uint16_t kept;               /* octets of the entry in gw->kept, once nobody works on it */
	uint16_t secret;             /* rgw_secret_mark of the secret with which the request was verified, and with
	                              * which its answer was made */
};

/* A request that is worked on. */
struct rgw_req {
	struct rgw_entry *entry;     /* owned: octets of the request as received and verified ... */
	uint8_t *octets;             /* owned: the request as received and verified ... */
	struct rgw_packet packet;    /* ... and where its attributes are; borrows octets */
	struct rgw_origin origin;
	size_t holds;                /* octets of the request in the holdings of its asker and of the gateway */
	rgw_ms accepted_at;
	struct rgw_trail *trail;     /* borrowed: what is remembered of the request; NULL = nothing */
	struct rgw_conversation talk;/* the conversation of an Access-Request, and where it lives */
	struct rgw_edition *edition; /* holds a reference: the edition under which the request began, and ends */
	struct rgw_pool *pool;       /* borrowed: the pool that the request goes to; NULL before that is known */
	uint64_t tried;              /* members of the pool that have had their chance, as bits */
	struct rgw_attempt attempts[RGW_ATTEMPTS];
	uint32_t left[RGW_LEFT];     /* serials of connections that the request was on and that stood when it left
	                              * ... */
	uint8_t n_left;              /* ... them, and their number: the request must not come back to them (P-TCP-27) */
	bool first_suspect;          /* the request was the first that a peer may not have read when a connection
	                              * ended */
	uint8_t n_suspected;         /* number of connections that have ended perhaps because of the request; see
	                              * suspects.c */
	uint8_t n_moved;             /* number of connections that have ended with the request, for no reason that is
	                              * known */
	bool no_hope;                /* all members of the pool were dead a moment ago */
	uint8_t fticks;              /* enum rgw_auto: has its login F-Ticks, as the [realm] section says? */
	uint32_t traced;             /* serial of the request, if a trace follows it; 0 = none does */
	struct rgw_timer retry_timer;/* when the request is tried elsewhere, too, or given up for want of hope */
};

static inline unsigned
rgw_req_service(const struct rgw_req *req)
{
	return rgw_service_of(req->packet.code);
}

/* What has become of an attempt that was to be sent. */
enum rgw_fate {
	RGW_SENT,
	RGW_WAITS,    /* the attempt is on the queue of its target */
	RGW_NO_ROOM,  /* nothing has changed, since the lane could not take the attempt */
	RGW_ENDED,    /* the attempt could not be sent at this target: the request has gone elsewhere, or is gone */
};

/* memory.c: octets that requests take while they are worked on, and those that are kept afterwards */
/* May the origin have one more request of len octets worked on? If not, *why is the counter for the reason. */
bool rgw_memory_admits(const struct rgw_gw *gw, const struct rgw_origin *origin, size_t len,
    enum rgw_counter *why);
/* Writes a line about a request of the origin that one of these bounds stops; lines of one event and name are limited
 * together. */
void rgw_memory_log(struct rgw_gw *gw, const struct rgw_origin *origin, const char *event, const char *name,
    const char *text);
/* Counts a new request with its packet. Kept answers give way to it. */
void rgw_memory_begin(struct rgw_gw *gw, struct rgw_req *req);
/* The request ends; its attempts have been detached. */
void rgw_memory_end(struct rgw_gw *gw, struct rgw_req *req);
/* Does whoever asked hold too much to get a copy of len octets, though there is room for it? */
bool rgw_memory_is_over_share(const struct rgw_gw *gw, const struct rgw_req *req, size_t len);
/* Counts a copy of len octets for repetitions as part of the request. false = max-request-octets is reached. */
bool rgw_memory_copy(struct rgw_gw *gw, struct rgw_req *req, size_t len);
void rgw_memory_uncopy(struct rgw_gw *gw, struct rgw_req *req, size_t len);
/* Keeps the entry from now on, with its answer if it has one. The oldest entries are forgotten when they take too much;
 * that can be this one. */
void rgw_memory_keep(struct rgw_gw *gw, struct rgw_entry *entry);
/* Forgets kept entries until the bounds hold, since these have changed. */
void rgw_memory_trim(struct rgw_gw *gw);

/* ingress.c: requests, from wherever they come */
/* Takes a request that has passed the checks of its door: deals with duplicates, then accepts it and sends it on its
 * way. `place` is the socket or connection (P-DUP-1). */
void rgw_ingress_take(struct rgw_gw *gw, const struct rgw_origin *origin, uint32_t place,
    const struct rgw_packet *packet, rgw_ms now);

/* route.c: which way a request takes */
/* Sends the request to whoever serves its realm, or ends it as the configuration says for the realm. */
void rgw_route(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);
/* The [realm] section for the request, NULL = none, and what is wrong with its realm (rgw_nai_fault). */
const struct rgw_conf_realm *rgw_route_section(const struct rgw_gw *gw, const struct rgw_req *req, unsigned *faults);

/* teach.c: what passing requests tell about NASes and sessions */
/* Learns from an accepted request. */
void rgw_teach(struct rgw_gw *gw, const struct rgw_req *req, rgw_ms now);

/* opnas.c: Operator-NAS-Identifier, by which CoA finds the way back; see opnas.h */
/* Works by the key of the current configuration, or by one of this process if the configuration has none. */
void rgw_opnas_change(struct rgw_gw *gw);

/* change.c: which way CoA and Disconnect take */
/* Sends the request to its NAS, or refuses it. */
void rgw_change_route(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);

/* entry.c: what requests are known by */
/* Makes a new entry, which is found from now on; NULL = there is no room. Kept answers give way to it. */
struct rgw_entry *rgw_entry_new(struct rgw_gw *gw, const struct rgw_dupkey *key, const uint8_t *auth,
    rgw_ms now);
/* Forgets the oldest kept answer, and counts that in this counter. false = no answer is kept. */
bool rgw_entry_forget_oldest(struct rgw_gw *gw, enum rgw_counter why);
/* Forgets an entry that nobody works on. */
void rgw_entry_free(struct rgw_gw *gw, struct rgw_entry *entry);
/* Keeps the entry for its answer, which is copied. The entry may be gone after that. false = out of memory. */
bool rgw_entry_keep(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_outgoing *answer,
    rgw_ms now);
/* Keeps the entry without an answer, so that retransmissions are absorbed. The entry may be gone after that. */
void rgw_entry_mute(struct rgw_gw *gw, struct rgw_entry *entry, rgw_ms now);
/* Whether the request of an entry was made with the secret of the side on which it comes again, or with the previous
 * one: that secret is the result, and NULL if it was neither. */
const struct rgw_secret *rgw_entry_secret(const struct rgw_entry *entry, const struct rgw_side *side);
/* Sends the kept answer once more, if there is one and it has not been sent again too often. rgw_entry_secret must not
 * be NULL. */
void rgw_entry_repeat(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_origin *origin);
/* Forgets the entry; if its request is worked on, the request ends in this counter. */
void rgw_entry_end(struct rgw_gw *gw, struct rgw_entry *entry, enum rgw_counter how, rgw_ms now);
/* Ends requests that have taken too long, and forgets entries that were kept long enough. */
void rgw_entries_expire(struct rgw_gw *gw, rgw_ms now);
/* Ends all requests and forgets all entries, when the gateway ends. */
void rgw_entries_end(struct rgw_gw *gw, rgw_ms now);

/* request.c: the life of a request */
/* Makes a request for a new entry; NULL = out of memory. The packet is copied. */
struct rgw_req *rgw_req_new(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_origin *origin,
    const struct rgw_packet *packet, rgw_ms now);
/* Is any attempt of the request under way? */
bool rgw_req_is_tried(const struct rgw_req *req);
/* Ends the request without an answer, in this counter; the request is gone after that. */
void rgw_req_end(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Ends a request that nobody answered in time, and the log says so. */
void rgw_req_time_out(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);
/* Sends the answer in gw->scratch, as rgw_hop_response has left it, to whoever asked, and keeps it for
 * retransmissions. */
void rgw_req_reply(struct rgw_gw *gw, struct rgw_req *req, size_t len, rgw_ms now);
/* Tells whoever asked about a failure, with a NAK if it was CoA or Disconnect, else if they want to hear of it
 * (protocol-error), and ends the request. */
void rgw_req_refuse(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    rgw_ms now);
/* Ends the request with an Access-Reject; if it is no Access-Request, in the way of rgw_req_refuse. error_cause and
 * message as in rgw_build_reject. */
void rgw_req_reject(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    const char *message, rgw_ms now);
/* Ends a request for which there is no way, with Error-Cause 502: an asker that understands Protocol-Error can try
 * elsewhere, an Access-Request of another asker is rejected. */
void rgw_req_turn_away(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Ends an Accounting-Request as if it had been recorded. */
void rgw_req_acknowledge(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Ends the request in the way that its pool has for an outage, if that is an answer. false = the request lives on. */
bool rgw_req_answer_outage(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Ends the request in the way that its pool has for an outage, or without an answer. */
void rgw_req_outage(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);
/* Does as rgw_req_outage for a request that does harm: even if it is dropped, retransmissions of it are absorbed. */
void rgw_req_stop(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, rgw_ms now);

/* rewriting.c: attributes that the configuration changes on the way. Each function returns the packet itself if nothing
 * is to be changed; or *room, which then describes a packet that is valid until the next call; or NULL if the packet is
 * to be refused, about which there is a line already. */
struct rgw_hop_response;
/* Rewrites a request that has come in. */
const struct rgw_packet *rgw_rewriting_came(struct rgw_gw *gw, const struct rgw_origin *origin,
    const struct rgw_packet *packet, struct rgw_packet *room);
/* Rewrites a request that is to be sent. */
const struct rgw_packet *rgw_rewriting_goes(const struct rgw_attempt *a, struct rgw_packet *room);
/* Rewrites an answer that has come from the target and is to go back as `hop` says. */
const struct rgw_packet *rgw_rewriting_answered(const struct rgw_req *req,
    const struct rgw_target *target, const struct rgw_hop_response *hop, struct rgw_packet *room);

/* attempt.c: a request at one target */
void rgw_attempt_init(struct rgw_attempt *a, struct rgw_req *req);
/* Sends the attempt on a lane; NO_ROOM: the lane could not take it. */
enum rgw_fate rgw_attempt_send(struct rgw_attempt *a, struct rgw_lane *lane, rgw_ms now)
    __attribute__((warn_unused_result));
/* Takes the attempt from its lane or queue; the identifier rests if an answer may still come. */
void rgw_attempt_detach(struct rgw_attempt *a, rgw_ms now);
/* Takes the attempt from its lane when its answer has come: the identifier is free. */
void rgw_attempt_answered(struct rgw_attempt *a, rgw_ms now);

/* queue.c: attempts that wait for a lane of their target */
/* Sends the attempt to its target, or lets it wait there. */
enum rgw_fate rgw_queue_take(struct rgw_attempt *a, rgw_ms now) __attribute__((warn_unused_result));
/* Lets an attempt that was on a lane wait for another one, whether the queue has room or not. */
void rgw_queue_take_back(struct rgw_attempt *a, rgw_ms now);
/* Takes an attempt from its queue. */
void rgw_queue_leave(struct rgw_attempt *a);
/* Counts the attempt anew, since the care with which its request is to be sent may have changed while it waits. */
void rgw_queue_review(struct rgw_attempt *a);
/* Does the queue take one more request that it has not had yet? */
bool rgw_queue_has_room(const struct rgw_queue *queue);
/* Sends the attempts that wait, as far as there is room. For events and timers only: sending can end or move other
 * requests. */
void rgw_queue_pump(struct rgw_queue *queue, rgw_ms now);
/* Moves attempts that have waited too long elsewhere, or ends their requests. */
void rgw_queue_expire(struct rgw_queue *queue, rgw_ms now);
/* Visits each attempt that waits, oldest first; the visit may take this attempt and others from the queue. */
void rgw_queue_each(struct rgw_queue *queue, void (*visit)(struct rgw_attempt *a, void *arg, rgw_ms now), void *arg,
    rgw_ms now);

/* pool.c: where a request goes first, and where it goes next */
/* Makes the pools of the current edition, whose targets must be there. Pools that the edition before had, if there was
 * one, go on in their round. */
void rgw_pools_make(struct rgw_gw *gw, const struct rgw_edition *old);
void rgw_pools_free(struct rgw_edition *edition);
/* The pool that a section of a pool, peer or server means. */
struct rgw_pool *rgw_pool_of(struct rgw_gw *gw, const struct rgw_conf_head *section);
/* Sends a request on its way to the pool, peer or server of this section. */
void rgw_pool_dispatch(struct rgw_gw *gw, struct rgw_req *req, const struct rgw_conf_head *section, rgw_ms now);
/* The same for a pool, and a connection of its only member that is preferred, by its serial; 0 = none. */
void rgw_pool_dispatch_in(struct rgw_gw *gw, struct rgw_req *req, struct rgw_pool *pool, uint32_t prefer, rgw_ms now);
/* Begins the attempt at a target. The request may be gone after this. */
void rgw_pool_start(struct rgw_attempt *a, struct rgw_target *target, uint32_t prefer, rgw_ms now);
/* Begins the attempt at a target for a request that was elsewhere before. */
void rgw_pool_move_to(struct rgw_attempt *a, struct rgw_target *target, rgw_ms now);

/* The attempt came to nothing: the next member is tried, or the request ends. error_cause: what the
 * target said, for REFUSED. */
void rgw_pool_failed(struct rgw_attempt *a, enum rgw_failure how, uint32_t error_cause, rgw_ms now);
/* Moves an attempt whose lane is gone or suspected elsewhere, or lets it wait at its target. */
void rgw_pool_move(struct rgw_attempt *a, rgw_ms now);
/* Does as rgw_pool_move, but not before another retry-after has passed. */
void rgw_pool_put_off(struct rgw_attempt *a, rgw_ms now);
/* Is there a better member to turn to than the attempt's own target? */
bool rgw_pool_has_other(struct rgw_attempt *a, rgw_ms now);
/* Moves requests that wait at a target which cannot be reached elsewhere if they can go there. */
void rgw_pool_evacuate(struct rgw_target *target, rgw_ms now);
/* Moves requests to a target that can be reached again, if they wait at other members of its pools that cannot. */
void rgw_pool_attract(struct rgw_target *target, rgw_ms now);

/* rank.c: how good it is to turn to a member of a pool now */
enum rgw_rank rgw_rank_of(struct rgw_target *target, const struct rgw_req *req, rgw_ms now);
/* The rank of the target for a request whose conversation lives there, which goes on even if the target gets no new
 * requests. */
enum rgw_rank rgw_rank_at_home(struct rgw_target *target, const struct rgw_req *req, rgw_ms now);
/* The best member that has not had its chance, if its rank is `worst` or better; NULL = no member is. */
struct rgw_target *rgw_rank_best(const struct rgw_req *req, enum rgw_rank worst, rgw_ms now);
/* Would the target serve the peer that the request came from? */
bool rgw_rank_is_loop(const struct rgw_target *target, const struct rgw_req *req);
/* Does the request wait for its own target's next attempt to connect? A conversation belongs to one home server, and
 * another member may not know it; so it waits if the connection to that target has only just ended. */
bool rgw_rank_waits_at(const struct rgw_req *req, struct rgw_target *own, rgw_ms now);
/* The place of a target in a pool; pool->n = the target is no member. */
size_t rgw_pool_index(const struct rgw_pool *pool, const struct rgw_target *target);
uint64_t rgw_pool_bit(const struct rgw_pool *pool, const struct rgw_target *target);
bool rgw_req_is_at(const struct rgw_req *req, const struct rgw_target *target);

/* retry.c: requests that wait too long for an answer */
/* Makes the timer of a new request. */
void rgw_retry_init(struct rgw_req *req);
/* The request waits for an answer from now on. */
void rgw_retry_arm(struct rgw_req *req, rgw_ms now);
/* The target of the attempt has turned out to be dead: if all members of the pool are, the request is given up soon, in
 * the way of an outage. Ends nothing now. */
void rgw_retry_lose_hope(struct rgw_attempt *a, rgw_ms now);

/* suspects.c: requests at which connections may have ended */
enum rgw_care rgw_suspect_care(const struct rgw_req *req);
/* May the request be sent on one more connection, beside where it is under way? If all of these connections ended, too,
 * there would have to be no more of them than a suspect may cost. */
bool rgw_suspect_may_double(const struct rgw_req *req, rgw_ms now);
/* Ends the request of the attempt, which is to be sent no more; `why`: how its last connection ended. */
void rgw_suspect_stop(struct rgw_attempt *a, const char *why, rgw_ms now);
/* Ends the request of the attempt, since its answer breaks a rule. */
void rgw_suspect_stop_bad_answer(struct rgw_attempt *a, const char *why, rgw_ms now);
/* Deals with an attempt whose connection has ended, perhaps because of its request if `blamed`. */
void rgw_suspect_lost(struct rgw_attempt *a, bool blamed, bool moved, const char *why, rgw_ms now);

/* marks.c: is the member silent, or the realm behind it? */
/* When the target left the realm of the request unanswered; 0 = it did not, as far as is known. */
rgw_ms rgw_mark_of(const struct rgw_req *req, const struct rgw_target *target, rgw_ms now);
/* An attempt that was sent ends without an answer: if its target is alive, the realm behind it is marked. */
void rgw_mark_unanswered(const struct rgw_attempt *a, rgw_ms now);
/* The target says that it has no way to the realm. */
void rgw_mark_unroutable(const struct rgw_attempt *a, rgw_ms now);
/* An answer came at one target: notes what follows for the other targets that the request was sent to. */
void rgw_mark_answered(struct rgw_attempt *a, rgw_ms now);
/* A valid packet came from the target. */
void rgw_target_heard(struct rgw_target *target, rgw_ms now);
/* The target answers, if late: nothing is held against the realm. */
void rgw_target_late(struct rgw_target *target);

/* recall.c: members that were given up */
/* Tries members of the pool that were given up soon. */
void rgw_recall_members(struct rgw_pool *pool, rgw_ms now);
/* Does as rgw_recall_members for the pools of a failed target in which no member works any more. */
void rgw_recall_others(struct rgw_target *target, rgw_ms now);

#endif
