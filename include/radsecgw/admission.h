/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ADMISSION_H
#define RADSECGW_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/addr.h"
#include "radsecgw/hash.h"
#include "radsecgw/list.h"
#include "radsecgw/ratelimit.h"
#include "radsecgw/time.h"

/*
 * Who may open one more connection to us, and who makes room for it (P-TCP-48, P-TLS-24, P-TLS-25).
 *
 * An address is an IPv4 address or an IPv6 /64, since nobody gets less than that. Addresses are of two
 * classes: an address is known if the configuration names it or if a peer has proven its identity from
 * it within RGW_PROVEN_MS; all others are strangers. Each class has a rate of new connections and a
 * number of half-open places (connections whose handshake is not over) of its own, so strangers never
 * use up what known addresses need, however many strangers there are.
 *
 * Within a class, addresses are treated fairly:
 *  - Tokens of the rate are dealt evenly when they are short. Once half of the burst is gone, an address
 *    gets a token only if it asked at most half as often of late as there are tokens left; how often it
 *    asked is halved every RGW_ASKED_HALF_MS. An address that has not asked gets any token that is there.
 *  - When the half-open places are taken, the address that holds most of them gives one up. An address
 *    that holds as many as one address may have gives up one of its own.
 *  - An address gives up its oldest connection, those that have not said a word before the others.
 *    No connection that is younger than RGW_SETTLE_MS gives way while an older one is there.
 *
 * Pure but for the memory of addresses. Not thread-safe: a worker has its own, with its share of the
 * limits of a class; an address meets one worker only, so its limits are not divided.
 *
 * Memory: addresses without connections are remembered, RGW_ADDRESSES_IDLE that have proven themselves
 * and as many others, the longest unused forgotten first; besides them only addresses with connections
 * are there. Each takes less than RGW_ADDRESS_OCTETS with its share of the hash table.
 */
#define RGW_PROVEN_MS 86400000
#define RGW_ASKED_HALF_MS 30000
#define RGW_SETTLE_MS 1000
#define RGW_ADDRESSES_IDLE 4096
#define RGW_ADDRESS_OCTETS 256

enum rgw_class { RGW_STRANGERS, RGW_KNOWN, RGW_CLASSES };

struct rgw_admission_limits {
	uint32_t per_address;             /* number of connections of one address that are up */
	uint32_t half_open;               /* number of half-open connections of one class */
	uint32_t half_open_per_address;   /* number of half-open connections of one address; at least 1 */
	struct rgw_rate rate;             /* new connections of one class */
	struct rgw_rate rate_per_address; /* new connections of one address */
};

/* An address that is remembered; owned by the table. */
struct rgw_caller;

/* One connection, from its admission to its end; embedded in what the caller knows it by. */
struct rgw_visit {
	struct rgw_caller *from;  /* borrowed: the address that the connection comes from */
	struct rgw_link age;      /* half-open: place among the connections of its class, oldest first ... */
	struct rgw_link link;     /* ... and among those of its address, oldest first */
	rgw_ms since;             /* when the connection was admitted */
	bool half_open;
	bool shaking;             /* the peer has said something; never taken back */
};

/* What the addresses of one class share. */
struct rgw_admission_class {
	struct rgw_bucket rate;
	struct rgw_link half_open;  /* half-open connections, oldest first */
	uint32_t n_half_open;
	struct rgw_link *holders;   /* owned: addresses, by how many half-open connections they hold ... */
	uint32_t n_holders;         /* ... and how many such numbers there are */
};

struct rgw_admission {
	struct rgw_admission_limits limits;
	struct rgw_hashkey hashkey;
	struct rgw_admission_class classes[RGW_CLASSES];
	struct rgw_htab tab;
	struct rgw_link idle[2];    /* addresses without connections, longest unused first: [proven] */
	uint32_t n_idle[2];
};

enum rgw_admit {
	RGW_ADMIT_OK,
	RGW_ADMIT_HALF_OPEN_PER_ADDRESS, /* the address holds as many half-open connections as it may, all younger than
	                                  * RGW_SETTLE_MS */
	RGW_ADMIT_RATE_PER_ADDRESS,
	RGW_ADMIT_RATE_STRANGERS,
	RGW_ADMIT_RATE_KNOWN,
	RGW_ADMIT_NO_MEMORY,
};

/* Begins an empty table; the limits and the key are copied. */
void rgw_admission_init(struct rgw_admission *a, const struct rgw_admission_limits *limits,
    const struct rgw_hashkey *hashkey, rgw_ms now);
/* Changes the limits. Connections that are half-open may be more than these allow then: rgw_admission_surplus tells. */
void rgw_admission_change(struct rgw_admission *a, const struct rgw_admission_limits *limits, rgw_ms now);
/* A half-open connection that is one too many, of its address or of its class, and must be closed, as if a new one had
 * come. NULL = none is. */
struct rgw_visit *rgw_admission_surplus(const struct rgw_admission *a, rgw_ms now) RGW_MUST_USE;
/* Frees the table; all connections must have left before. */
void rgw_admission_fini(struct rgw_admission *a);

/* The network that counts as one address. */
struct rgw_prefix rgw_admission_network(const struct rgw_addr *addr);

/* May this address have one more connection? `named`: the configuration names it. OK: a token is taken,
 * *caller may enter before the next call, and *evict is NULL or the half-open connection that must be closed
 * (and leave) once it has, to make room. What one address is denied takes nothing from what others have. */
enum rgw_admit rgw_admission_ask(struct rgw_admission *a, const struct rgw_addr *from, bool named,
    rgw_ms now, struct rgw_caller **caller, struct rgw_visit **evict) RGW_MUST_USE;
/* Enters a connection that is half-open. `visit` counts until it is given to rgw_admission_leave. */
void rgw_admission_enter(struct rgw_admission *a, struct rgw_caller *caller, struct rgw_visit *visit,
    rgw_ms now);
/* Notes that a peer has proven its identity: the connection is up and not half-open any more, and its address is known
 * from now on. false = as many connections are up from that address as may be; nothing has changed. */
bool rgw_admission_identified(struct rgw_admission *a, struct rgw_visit *visit, rgw_ms now) RGW_MUST_USE;
void rgw_admission_leave(struct rgw_admission *a, struct rgw_visit *visit, rgw_ms now);

/* Is a connection up from this address? */
bool rgw_admission_is_connected(const struct rgw_admission *a, const struct rgw_addr *from);
/* The number of half-open connections of the visit's address, this one included if it is half-open. */
uint32_t rgw_admission_held(const struct rgw_visit *visit);
enum rgw_class rgw_admission_class_of(const struct rgw_visit *visit);
/* Returns any half-open connection, or NULL, for a caller that closes all. */
struct rgw_visit *rgw_admission_any(const struct rgw_admission *a);

#endif
