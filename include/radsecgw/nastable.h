/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_NASTABLE_H
#define RADSECGW_NASTABLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/addr.h"
#include "radsecgw/hash.h"
#include "radsecgw/list.h"
#include "radsecgw/mem.h"
#include "radsecgw/packet.h"
#include "radsecgw/time.h"

/*
 * What requests that pass have taught about NASes and sessions: where they came from, so that CoA- and Disconnect-
 * Requests find their way back (P-CPX-23). One table serves all workers; each call takes its lock for a moment.
 *
 * Whatever is learned belongs to the neighbour that taught it. What another neighbour says of the same NAS is a
 * conflict and changes nothing as long as the first one is fresh; two neighbours may each have a session with the same
 * name, and then the one that was there first counts. The table is bounded: a neighbour that fills it gives up its own
 * oldest entries, by the rule of fair.h. Entries are forgotten a day after they were last heard of. No call walks
 * through more than a few entries of one name: of the many sessions with one User-Name or Chargeable-User-Identity
 * only 64 are found by that alone, which neighbours share by the rule of fair.h, and of those of one neighbour with one
 * other name 16. Times are milliseconds.
 */

/* What a packet may say about a NAS (the first ones) and about a session (P-COA-4, P-COA-5). */
enum rgw_nas_name {
	RGW_NAME_IP,          /* NAS-IP-Address */
	RGW_NAME_IPV6,        /* NAS-IPv6-Address */
	RGW_NAME_IDENTIFIER,  /* NAS-Identifier */
	RGW_NAME_SESSION,     /* Acct-Session-Id; the first that is about a session */
	RGW_NAME_STATION,     /* Calling-Station-Id */
	RGW_NAME_CUI,         /* Chargeable-User-Identity */
	RGW_NAME_USER,        /* User-Name */
	RGW_NAMES,
};

#define RGW_NAS_NAMES ((unsigned)RGW_NAME_SESSION)
#define RGW_SESSION_NAMES (RGW_NAMES - RGW_NAS_NAMES)

/* The values of one packet; all pointers are borrowed from it. */
struct rgw_nas_names {
	struct {
		const uint8_t *p;
		uint8_t len;        /* 0 = the packet does not say it */
	} v[RGW_NAMES];
};

/* Collects the names in the packet: the first of each kind. */
void rgw_nas_names_of(struct rgw_nas_names *names, const struct rgw_packet *packet);
/* Is there a name of a NAS, or one of a session, among them? */
bool rgw_nas_names_nas(const struct rgw_nas_names *names);
bool rgw_nas_names_session(const struct rgw_nas_names *names);

/* Where something was heard from. */
struct rgw_teacher {
	bool is_peer;
	uint32_t id;            /* id of its [peer] or [client] section */
	uint32_t worker;        /* a peer: worker that has ... */
	uint32_t serial;        /* ... the connection, by its serial */
	struct rgw_addr addr;   /* a client: address that its requests come from, port 0 */
};

/* What has become of something that was to be learned; numbers of entries. */
struct rgw_lesson {
	unsigned conflicts;     /* names that another neighbour has taught before */
	unsigned crowded_out;   /* entries that gave way for want of room */
};

struct rgw_nastable {
	pthread_mutex_t lock;     /* of all below */
	struct rgw_hashkey key;
	size_t limit;             /* greatest number of entries */
	struct rgw_htab names;    /* entries by each of their names */
	struct rgw_htab places;   /* owned: where entries were heard from, with these */
	struct rgw_link owners;   /* owned: neighbours that have entries, with these */
	uint64_t taught;          /* number of entries that there have been */
	size_t n;                 /* number of entries ... */
	size_t n_sessions;        /* ... and of those that are sessions */
	uint64_t octets;          /* octets that entries take ... */
	uint64_t max_octets;      /* ... and the greatest number of them */
	uint64_t steps;           /* entries that were looked at since the start, which tells what calls cost */
};

/* Makes an empty table, which takes no memory of its own, for so many entries and so many octets. */
void rgw_nastable_init(struct rgw_nastable *table, const struct rgw_hashkey *key, size_t limit, uint64_t max_octets);
void rgw_nastable_fini(struct rgw_nastable *table);

/* The neighbour has sent a request with these names. */
struct rgw_lesson rgw_nastable_learn(struct rgw_nastable *table, const struct rgw_nas_names *names,
    const struct rgw_teacher *from, rgw_ms now);
/* The session that the names say is over: the neighbour said so. */
void rgw_nastable_end_session(struct rgw_nastable *table, const struct rgw_nas_names *names,
    const struct rgw_teacher *from);
/* The NAS that the names say has started anew or ends: what was last told of it with just these names is over. Takes as
 * many steps as there are such entries, whatever else the neighbour has. */
void rgw_nastable_end_nas(struct rgw_nastable *table, const struct rgw_nas_names *names,
    const struct rgw_teacher *from);
/* The neighbour with this section is no more: all that it taught is forgotten. */
void rgw_nastable_end_owner(struct rgw_nastable *table, bool is_peer, uint32_t id);

enum rgw_nas_finding {
	RGW_NAS_FOUND,
	RGW_NAS_UNKNOWN,     /* nothing is known by these names */
	RGW_NAS_CONTRADICTS, /* something has one of the names, and not the others */
};

/* Of a session that was found: who taught it, and the session's User-Name. */
struct rgw_found_session {
	struct rgw_teacher from;
	uint8_t user[RGW_ATTR_VALUE_MAX];
	uint8_t user_len;
};

/* Finds the one session that has all these names, as far as both say them (P-COA-6). Of sessions of several neighbours
 * the one counts that was there first. */
enum rgw_nas_finding rgw_nastable_find_session(struct rgw_nastable *table, const struct rgw_nas_names *names,
    rgw_ms now, struct rgw_found_session *found) RGW_MUST_USE;
/* Finds the NAS by its names alone. */
enum rgw_nas_finding rgw_nastable_find_nas(struct rgw_nastable *table, const struct rgw_nas_names *names, rgw_ms now,
    struct rgw_teacher *from) RGW_MUST_USE;

/* What the table holds. */
struct rgw_nastable_use {
	size_t nases;
	size_t sessions;
	uint64_t octets;
	size_t limit;
};
struct rgw_nastable_use rgw_nastable_used(struct rgw_nastable *table);

/* An entry, as it is shown; all pointers are borrowed for the duration of the call. */
struct rgw_nas_entry {
	bool is_session;
	struct rgw_nas_names names;   /* a NAS has one name, a session those about sessions */
	struct rgw_teacher from;
	rgw_ms seen;
};
/* Visits all entries under the lock: `visit` must not call the table. */
void rgw_nastable_each(struct rgw_nastable *table, void (*visit)(void *ctx, const struct rgw_nas_entry *entry),
    void *ctx);

#endif
