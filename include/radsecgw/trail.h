/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TRAIL_H
#define RADSECGW_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/time.h"

/*
 * A trail is what is remembered of one request, or of packets that never became one: what it is known by, and each
 * step of its way. It has a fixed size: steps that find no room are left out, which `cut` says; how it ended is always
 * there. A trail holds nothing that the configuration wants hidden (log identity and station). Pure.
 */
#define RGW_TRAIL_OCTETS 448

enum rgw_step {
	/* What it is known by, each at most once; texts. */
	RGW_STEP_USER = 1,   /* User-Name, or a hash of it */
	RGW_STEP_REALM,
	RGW_STEP_STATION,    /* Calling-Station-Id, or what may be shown of it */
	RGW_STEP_CALLED,     /* Called-Station-Id */
	RGW_STEP_NAS,        /* NAS-Identifier */
	RGW_STEP_NAS_ADDRESS,/* NAS-IP-Address or NAS-IPv6-Address, of a NAS without NAS-Identifier: 4 or 16 octets */
	RGW_STEP_ASKER,      /* name of the client or peer that asked */
	RGW_STEP_FROM,       /* address that it came from: 4 or 16 octets */
	/* What happened, in this order. */
	RGW_STEP_REWRITE,    /* a rewrite of this name changed something in a packet */
	RGW_STEP_RULE,       /* the [realm] section of this name matched */
	RGW_STEP_POOL,       /* requests go to the pool, peer or server of this name */
	RGW_STEP_TRIES,      /* an attempt begins at the member of this name */
	RGW_STEP_WAITS,      /* no lane takes the attempt: it waits; what the member of this name suffers from, or "" */
	RGW_STEP_SENT,       /* number: serial of the connection, 0 = over UDP; second number: identifier */
	RGW_STEP_LOST,       /* the connection of the attempt ended, or is doubted: why */
	RGW_STEP_FAILED,     /* the attempt at the member of this name came to nothing; number: enum rgw_failure */
	RGW_STEP_ANSWER,     /* the member of this name answered; number: code; second number: Error-Cause */
	RGW_STEP_MESSAGE,    /* Reply-Message of the answer */
	RGW_STEPS
};

/* Why an attempt came to nothing; that decides what becomes of the request if no member is left to try. */
enum rgw_failure {
	RGW_FAIL_FULL,         /* the target's queue is full, or its max-requests reached */
	RGW_FAIL_QUEUE_TIME,   /* no connection took the request in time */
	RGW_FAIL_NO_ANSWER,    /* response-window or all repetitions are over */
	RGW_FAIL_REFUSED,      /* the target says that it cannot serve the request */
	RGW_FAIL_OVER_SHARE,   /* whoever asked holds more octets than its share */
	RGW_FAIL_TOO_BIG,      /* the rewritten request does not fit into a packet */
};

/* What has become of it. */
enum rgw_result {
	RGW_RESULT_OPEN,          /* it is being worked on */
	RGW_RESULT_ACCEPT,
	RGW_RESULT_REJECT,
	RGW_RESULT_CHALLENGE,
	RGW_RESULT_ACKNOWLEDGED,  /* accounting was recorded */
	RGW_RESULT_ERROR,         /* whoever asked was told of an error by Protocol-Error */
	RGW_RESULT_TIMEOUT,       /* nobody answered in time */
	RGW_RESULT_DROPPED,       /* it ended without an answer, or was never taken */
	RGW_RESULTS
};

struct rgw_trail {
	struct rgw_link link;      /* for its owner */
	uint64_t serial;           /* number of it at its worker, from 1 */
	uint64_t conversation;     /* what the log calls its conversation; 0 = none */
	rgw_ms began;
	rgw_ms ended;              /* and the last time, for packets that came `times` times */
	uint32_t times;            /* number of packets that were dropped in this way; 0 = it was a request */
	uint16_t rounds;
	uint16_t worker;           /* number of the worker, from 1 */
	uint8_t code;              /* code of the request */
	uint8_t result;            /* enum rgw_result */
	uint8_t how;               /* enum rgw_counter in which it ended, unless it is open */
	bool is_peer;              /* a peer asked, and not a client */
	bool cut;                  /* not all steps found room */
	uint8_t unused;
	uint16_t len;              /* octets of the steps */
	uint8_t steps[RGW_TRAIL_OCTETS - 64];
};

/* A step as it is read. */
struct rgw_trail_step {
	enum rgw_step what;
	rgw_ms after;              /* milliseconds since the trail began */
	uint32_t number, second;
	const uint8_t *text;       /* borrowed from the trail */
	size_t len;
	size_t at;                 /* where the next one is */
};

/* Empties a trail of which the fields above `len` are set. */
void rgw_trail_clear(struct rgw_trail *trail);
/* Adds a step with a text, of which 64 octets are kept; one that is empty is left out where it would say nothing. */
void rgw_trail_text(struct rgw_trail *trail, enum rgw_step what, const void *text, size_t len, rgw_ms now);
/* Adds a step with numbers and a text. */
void rgw_trail_numbers(struct rgw_trail *trail, enum rgw_step what, uint32_t number, uint32_t second,
    const char *text, rgw_ms now);
/* The next step; a zeroed struct stands before the first. false = there are no more. */
bool rgw_trail_next(const struct rgw_trail *trail, struct rgw_trail_step *step) RGW_MUST_USE;
/* The text of the first step of a kind, or of the last one; NULL = there is none. */
const uint8_t *rgw_trail_first(const struct rgw_trail *trail, enum rgw_step what, size_t *len);
const uint8_t *rgw_trail_last(const struct rgw_trail *trail, enum rgw_step what, size_t *len);

/* Is a fact of this kind an address? */
static inline bool
rgw_step_is_address(enum rgw_step what)
{
	return what == RGW_STEP_FROM || what == RGW_STEP_NAS_ADDRESS;
}

/* "accept", and so on. */
const char *rgw_result_name(enum rgw_result result);

#endif
