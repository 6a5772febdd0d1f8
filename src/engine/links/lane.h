/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_LANE_H
#define ENGINE_LANE_H

/*
 * A lane is a space of identifiers towards a target: one connection, or one UDP socket (P-ID-1, P-TCP-20). It is part
 * of the connection or source that it belongs to. Whatever waits for an answer on it embeds a ticket, which the lane
 * borrows through its identifiers from rgw_lane_send until the owner of the ticket gives the identifier back.
 */

#include "radsecgw/addr.h"
#include "radsecgw/auth.h"
#include "radsecgw/counters.h"
#include "radsecgw/gateway.h"
#include "radsecgw/idpool.h"
#include "radsecgw/log.h"
#include "radsecgw/packet.h"
#include "radsecgw/side.h"
#include "radsecgw/time.h"

struct rgw_retransmit;
struct rgw_lane;
struct rgw_target;

/* Requests that one lane carries: all identifiers but the watchdog's. */
#define RGW_PER_LANE 255

/* With what care a request is sent on a connection, since connections have ended while it was open on them; see
 * blame.c. */
enum rgw_care {
	RGW_CARE_NONE,
	RGW_CARE_FEW,      /* the request is sent with a few other suspects */
	RGW_CARE_ALONE,    /* the request is sent alone, until the peer has read it */
	RGW_CARE_NO_MORE,  /* the request is not sent again; only the attempts that are under way go on */
};

#define RGW_CARES (RGW_CARE_NO_MORE + 1)

struct rgw_ticket {
	struct rgw_lane *lane;  /* borrowed; NULL = the ticket is on no lane */
	uint64_t nth;           /* number of the ticket's request among those of its connection, from 1 */
	rgw_ms sent_at;
	uint8_t id;             /* the identifier on the lane */
	uint8_t care;           /* enum rgw_care of the ticket's request */
	bool suspect;           /* the ticket's request was open on a connection that has ended, and may be why */
	bool blamed;            /* the ticket's request may be why the lane ends; only while that end is told */
};

/* What happens to the lane of a ticket; see rgw_on_lane_lost in events.h. */
enum rgw_loss {
	RGW_LOSS_CLOSED,       /* the connection is gone, for a reason that no request has given, or that one has given
	                        * which has been stopped */
	RGW_LOSS_BROKEN,       /* the connection is gone, since the peer has broken a rule for no reason that a request
	                        * has given */
	RGW_LOSS_ENDED,        /* the connection is gone, and any of the blamed tickets may be why */
	RGW_LOSS_EXPLAINED,    /* the connection is gone, and the only blamed ticket was alone on it */
	RGW_LOSS_ANSWER,       /* the connection still stands, but the answer to the blamed ticket breaks a rule */
	RGW_LOSS_SUSPECT,      /* the connection stands, but its watchdog doubts it (P-FO-1) */
	RGW_LOSS_REFUSED,      /* nobody listens at the address of the lane, and the target has another address */
	RGW_LOSS_UNREACHABLE,  /* nobody listens at any address of the target, for the first time in this round ... */
	RGW_LOSS_HOPELESS,     /* ... or not for the first time */
	RGW_LOSS_MOVED,        /* the target has other addresses by now */
};

#define RGW_LOSSES (RGW_LOSS_MOVED + 1)

/* What differs between connections and sources. An operation that is NULL has nothing to do. */
struct rgw_lane_ops {
	enum rgw_counter unexpected_code;  /* counts packets that are no answers */
	/* Hands over one packet. false = the lane is full, and nothing was taken. */
	bool (*send)(struct rgw_lane *lane, const struct rgw_outgoing *out, rgw_ms now);
	/* The ticket was sent. */
	void (*sent)(struct rgw_lane *lane, struct rgw_ticket *ticket, rgw_ms now);
	/* The answer to the ticket's request came. */
	void (*answered)(struct rgw_lane *lane, const struct rgw_ticket *ticket, rgw_ms now);
	/* A packet with the right authenticator came. */
	void (*heard)(struct rgw_lane *lane, rgw_ms now);
	/* The answer to a Status-Server of the lane itself came. */
	void (*status_answered)(struct rgw_lane *lane, rgw_ms now);
	/* The answer to a Status-Server came with a wrong Message-Authenticator. If this is not NULL, the answer counts
	 * all the same. */
	void (*status_misdone)(struct rgw_lane *lane, const struct rgw_packet *p);
	/* A request that was sent first at `since` had no answer in the end. */
	void (*silent)(struct rgw_lane *lane, rgw_ms since, rgw_ms now);
	/* An identifier is free again. */
	void (*settled)(struct rgw_lane *lane, rgw_ms now);
	/* May the lane still end because of the ticket? NULL = lanes of this kind do not end for requests. */
	bool (*may_end_for)(struct rgw_lane *lane, const struct rgw_ticket *ticket, rgw_ms now);
	/* Has a Status-Server on the lane been without an answer since then, or longer? NULL = lanes of this kind are
	 * not asked. */
	bool (*is_mute)(struct rgw_lane *lane, rgw_ms since);
	/* Is an answer without Message-Authenticator to be dropped? NULL = what comes on the lane is protected. */
	bool (*needs_msgauth)(struct rgw_lane *lane, const struct rgw_packet *p);
	/* An answer to a request of this code was verified: notes whether that shows that the target signs. */
	void (*learn)(struct rgw_lane *lane, const struct rgw_packet *p, uint8_t code, rgw_ms now);
};

struct rgw_lane {
	struct rgw_target *target;                 /* borrowed, as the next three; NULL = the target is not known yet */
	const struct rgw_lane_ops *ops;
	const struct rgw_retransmit *repeats; /* how a request is repeated (P-RTX-4); NULL = never (P-TCP-27) */
	const rgw_ms *window;                      /* milliseconds that an answer may take if requests are not repeated;
	                                            * 0 = no limit */
	struct rgw_side side;
	struct rgw_idpool *ids;                    /* owned by the connection or source of the lane; NULL = nothing can
	                                            * be sent */
	const struct rgw_addr *addr;               /* borrowed: address of the far end */
	uint32_t serial;                           /* serial of the connection; 0 = the lane is a source */
	bool gone;                                 /* the lane is being taken apart */
};

/* lane.c */
/* Sends a packet under the identifier of the ticket, which is taken on the lane. false = the lane is full, and the
 * identifier is not used. */
bool rgw_lane_send(struct rgw_lane *lane, struct rgw_ticket *ticket, const struct rgw_outgoing *out, rgw_ms now)
    __attribute__((warn_unused_result));
/* The check of a response that came on the lane, prepared for rgw_auth_check. */
struct rgw_auth_check rgw_lane_check(const struct rgw_lane *lane, const struct rgw_packet *p);
/* Writes a log line about a packet that came on the lane. */
void rgw_lane_log(const struct rgw_lane *lane, const struct rgw_packet *p, enum rgw_log_level level,
    const char *event, const char *text);

#endif
