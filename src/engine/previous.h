/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_PREVIOUS_H
#define ENGINE_PREVIOUS_H

/*
 * The secret that a neighbour had before (previous-secret). What is sent is made with the secret; what is received may
 * have been made with either, and an answer is made with the one that its request was made with. A client, peer or
 * server has one record of how its previous secret is used, embedded in it.
 */

#include "radsecgw/auth.h"
#include "radsecgw/counters.h"
#include "radsecgw/log.h"
#include "radsecgw/side.h"
#include "radsecgw/time.h"

struct rgw_gw;

struct rgw_previous {
	enum rgw_counter counter;  /* counts packets that were made with the previous secret */
	rgw_ms used_at;            /* when the last of them came; 0 = never since the start */
	rgw_ms said_at;            /* when the log last said so; 0 = never */
	rgw_ms unproven_at;        /* when the log last said that the secret of a request cannot be told; 0 = never */
};

/* A request was checked with the secret of its hop: if it does not verify, it is checked once more with the previous
 * one. checked->secret is the one that it was checked with last. */
void rgw_previous_check(struct rgw_auth_check *checked, const struct rgw_side *hop);

/* The side on which a request that was verified came: its answer is made with the same secret. If the packet does not
 * show with which it was made, and no repetition of it can, the previous one stays in mind for an answer that was kept
 * (rgw_entry_repeat). */
struct rgw_side rgw_previous_side(const struct rgw_side *hop, const struct rgw_auth_check *checked);

/* A packet was verified: counts it, and now and then writes a line, if it was made with the previous secret, or if it
 * is a request that does not show with which it was made. `who` is the neighbour's field in the line. */
void rgw_previous_note(struct rgw_gw *gw, struct rgw_previous *previous, const struct rgw_side *hop,
    const struct rgw_auth_check *checked, struct rgw_field who, rgw_ms now);

/* A peer has connected with its previous pre-shared key: counts it, and now and then writes a line. */
void rgw_previous_psk_used(struct rgw_gw *gw, struct rgw_previous *previous, struct rgw_field who, rgw_ms now);

#endif
