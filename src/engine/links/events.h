/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_EVENTS_H
#define ENGINE_EVENTS_H

/*
 * What links tell those who know requests. These five calls are the only way from links into the rooms above, which
 * define them: requests/events.c, requests/response.c and doors/tlsin.c.
 */

#include "lane.h"
#include "target.h"

struct rgw_conn;

/* What has become of a target. */
enum rgw_turn {
	RGW_TURN_UP,       /* the target works again: requests that wait at targets that are down come to it */
	RGW_TURN_ROOM,     /* the target may have room for requests that wait for it */
	RGW_TURN_OVERDUE,  /* the first of the requests that wait have waited as long as they may */
	RGW_TURN_FAILED,   /* the target cannot be relied on any more: members of its pools that were given up are
	                    * called */
	RGW_TURN_DOWN,     /* the target cannot be reached: requests that wait for it go elsewhere if they can */
};

/* A packet came on a lane; it was checked as rgw_lane_check wants it, but other packets may have been taken in between.
 * NULL = the packet was fine, or dropped; else the rule that it breaks, for which a connection is closed (RFC 6613
 * 2.6.4). */
const char *rgw_on_answer(struct rgw_lane *lane, struct rgw_auth_check *checked, rgw_ms now);

/* A packet that asks something came on a connection, and was checked as a request with the secret of the connection.
 * false = the connection was closed. */
bool rgw_on_request(struct rgw_conn *conn, struct rgw_auth_check *checked, rgw_ms now);

/* Something has happened to the lane: its tickets move, wait or end. `why` is a phrase for the log. */
void rgw_on_lane_lost(struct rgw_lane *lane, enum rgw_loss loss, const char *why, rgw_ms now);

/* Something has happened to the target. */
void rgw_on_target(struct rgw_target *target, enum rgw_turn turn, rgw_ms now);

/* The connection is gone: requests that came on it and wait are not worked on any more, and answers that were kept for
 * repetitions on it are forgotten (P-TLS-28, P-TCP-30, P-TCP-31). */
void rgw_on_conn_gone(struct rgw_conn *conn, rgw_ms now);

#endif
