/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SIM_CHAOS_H
#define SIM_CHAOS_H

#include "sim_priv.h"

/*
 * What can go wrong, and what is promised all the same. A fault begins at some far end, or everywhere,
 * and ends after a while; a far end that has had none for long enough is well, and what is asked of the
 * gateway while a member of the pool is well must be answered by a far end within SIM_PROMISE_MS.
 */
#define SIM_FAULTS(X)                                                                              \
	X(refuse, "connections are refused")                                                       \
	X(black_hole, "nothing comes back, not even for TCP")                                      \
	X(no_tls, "TCP is accepted, the handshake hangs")                                          \
	X(silent, "requests are not answered")                                                     \
	X(hang, "no packet at all, connections stand")                                             \
	X(slow, "answers take seconds")                                                            \
	X(odd, "some answers are forged, doubled, halves, errors, challenges")                      \
	X(errors, "all answers are Protocol-Errors")                                               \
	X(no_status, "Status-Server is not answered")                                              \
	X(mute, "one connection hangs")                                                            \
	X(full, "a write buffer is full")                                                          \
	X(cut, "a connection is cut")                                                              \
	X(cut_all, "all connections are cut")                                                      \
	X(stray, "answers to what nobody waits for any more")                                      \
	X(gone, "ICMP from the server")                                                            \
	X(no_sockets, "no UDP socket can be opened")                                               \
	X(no_fds, "no connection can be opened")                                                   \
	X(dns, "names lead elsewhere or nowhere")                                                  \
	X(nas_path, "datagrams of NASes are lost, late, doubled")                                  \
	X(server_path, "datagrams of the server are lost, late, doubled")                          \
	X(jump, "the machine is suspended")                                                        \
	X(storm, "NASes send again for no reason")                                                 \
	X(visitor, "visitors are cut, are odd, or do not read")

enum sim_fault {
#define SIM_FAULT_ENUM(name, help) FAULT_##name,
	SIM_FAULTS(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
	    FAULT_COUNT
};

#define SIM_PROMISE_MS 15000

struct chaos {
	struct sim_far *members[3];   /* of the pool */
	size_t n_members;
	struct sim_far *spared;       /* nothing ever happens to this one; NULL = none */
	bool promises;                /* no faults that hit everybody */
	unsigned hostile;             /* one of so many requests does harm; 0 = none */
	bool no_rewrites;             /* to read them would take too long */
	unsigned reloads;             /* one of so many things is another configuration; 0 = none */
	bool changes;                 /* CoA and Disconnect go both ways */
	unsigned changed;             /* so many have been sent */
	bool collide;                 /* NASes use few ports and identifiers again and again */
	rgw_ms slack;                 /* after a fault nothing is promised for so long */
	rgw_ms gap;                   /* between two things that happen, on average half of it */
	unsigned calm;                /* one of so many things is a fault */
	uint64_t faults[FAULT_COUNT];
	uint64_t promised;            /* requests of which an answer was promised, and came */
	unsigned asked;
	uint64_t suspected;           /* connections, so far */
};

const char *sim_fault_help(enum sim_fault fault);
/* Builds a world at random and, in *c, what is to happen there; after sim_init. */
void sim_chaos_world(struct sim *s, struct chaos *c);
/* A fault begins now, at this far end if it is one of those that far ends have, and lasts so long. */
void sim_chaos_begin(struct sim *s, enum sim_fault fault, struct sim_far *far, rgw_ms duration);
/* Lets a fault happen, of any kind at any place where it may. */
void sim_chaos_fault(struct sim *s);
/* One that goes on where something has just gone wrong: that is where mistakes are. */
void sim_chaos_follow(struct sim *s);
/* The gateway takes up another configuration, or is offered a wrong one. */
void sim_chaos_reload(struct sim *s);
/* Whatever lasts ends now. */
void sim_chaos_heal(struct sim *s);
/* Is an answer promised to a request that was accepted then, up to now? */
bool sim_chaos_promises(const struct sim *s, const struct sim_req *r);

static inline struct chaos *
chaos_of(const struct sim *s)
{
	return s->driver;
}

#endif
