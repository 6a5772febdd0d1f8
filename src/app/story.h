/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_STORY_H
#define RADSECGW_APP_STORY_H

#include <stdio.h>

#include "radsecgw/addr.h"
#include "radsecgw/trail.h"

/*
 * The way of a request told to people, in sentences. Whatever others have sent is escaped, so that no terminal obeys
 * it.
 */

/* The time of day of an engine's time: `wall` milliseconds since 1970 are `now`. */
struct rgw_wall {
	int64_t wall;
	rgw_ms now;
};

/* "2026-11-30T10:42:01.123Z" */
#define RGW_WALL_TEXT 40
const char *rgw_wall_text(const struct rgw_wall *wall, rgw_ms at, char room[static RGW_WALL_TEXT]);

/* "1-57", which `radsecgw explain` takes */
#define RGW_TRAIL_ID 32
const char *rgw_trail_id(const struct rgw_trail *trail, char room[static RGW_TRAIL_ID]);

/* The last text of a kind that the trail has, addresses as text, for which `room` is; NULL = there is none. */
const uint8_t *rgw_story_fact(const struct rgw_trail *trail, enum rgw_step what, char room[static RGW_ADDR_TEXT],
    size_t *len);
/* Writes octets as text without anything that a terminal obeys. */
void rgw_story_octets(FILE *out, const uint8_t *octets, size_t len);
/* Writes a sentence about a step that is no fact. */
void rgw_story_step(FILE *out, const struct rgw_trail_step *s);
/* Writes, in a line, how the request ended: enum rgw_counter and enum rgw_result. */
void rgw_story_end(FILE *out, unsigned how, enum rgw_result result);
/* Writes the story. */
void rgw_story_tell(FILE *out, const struct rgw_trail *trail, const struct rgw_wall *wall);

#endif
