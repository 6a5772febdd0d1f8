/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_SHAKER_H
#define RADSECGW_SHAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/session.h"

struct rgw_net;

/*
 * The shaker does the handshakes of a worker in a thread of its own. One step of a handshake costs as much as hundreds
 * of packets, so a thousand peers that connect at once do not hold up peers that are connected. The thread is there
 * only while there is work. The thread sees nothing but the struct rgw_shake of the step that it takes, its session,
 * and what the session's judge was given; so whatever else a worker has may change meanwhile.
 */
struct rgw_shaker;

/* A handshake under way, as a part of what its owner keeps about it. */
struct rgw_shake {
	struct rgw_link job;                   /* among the jobs of the shaker, whose lock is for this link */
	struct rgw_session *session;           /* borrowed */
	void (*stepped)(struct rgw_shake *);   /* called in the loop's thread when a step has been done */
	enum rgw_session_result result;        /* result of the step */
	uint8_t *lent;                         /* owned: octets that the step reads */
	size_t lent_len;
	bool busy;                             /* the shaker has the handshake: the session is not to be touched */
};

/* Borrows the net. Does not fail. */
struct rgw_shaker *rgw_shaker_new(struct rgw_net *net);
/* Ends the thread. All handshakes that have not been given back are stepped once more, and must not begin
 * another step. NULL is ignored. */
void rgw_shaker_free(struct rgw_shaker *shaker);

/* Hands the session over for one step with these octets, which are copied; len may be 0. `stepped` is called in
 * another turn of the loop, and the handshake is busy until then. false = there is no memory. */
bool rgw_shaker_take(struct rgw_shaker *shaker, struct rgw_shake *shake, const uint8_t *data, size_t len)
    __attribute__((warn_unused_result));
/* Takes a handshake back in which the owner has lost interest. true = the handshake is not busy any more and may be
 * freed; false = the thread is at it, and `stepped` follows. */
bool rgw_shaker_give_back(struct rgw_shaker *shaker, struct rgw_shake *shake) __attribute__((warn_unused_result));
/* Frees the octets that a step has read. */
void rgw_shake_fini(struct rgw_shake *shake);

#endif
