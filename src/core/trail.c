/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/trail.h"

#include <string.h>

/* The steps of a trail stand one after the other: kind, length, time, two numbers, text; see radsecgw/trail.h. */

#define TEXT_MOST 64

struct head {
	uint8_t what;
	uint8_t len;
	uint8_t second;   /* identifiers are octets; an Error-Cause is one of some hundreds, see below */
	uint8_t second_high;
	uint32_t after;
	uint32_t number;
};

_Static_assert(sizeof(struct rgw_trail) <= RGW_TRAIL_OCTETS, "as the manual says");

void
rgw_trail_clear(struct rgw_trail *trail)
{
	trail->len = 0;
	trail->cut = false;
}

/* Facts need neither time nor numbers. */
static bool
is_fact(unsigned what)
{
	return what < RGW_STEP_REWRITE;
}

static void
put(struct rgw_trail *trail, const struct head *head, const void *text)
{
	bool fact = is_fact(head->what);
	size_t head_len = fact ? 2 : sizeof *head;
	uint8_t *at = trail->steps + trail->len;

	if (sizeof trail->steps - trail->len < head_len + head->len) {
		trail->cut = true;
		return;
	}
	if (fact)
		memcpy(at, head, 2);
	else
		memcpy(at, head, sizeof *head);
	memcpy(at + head_len, text, head->len);
	trail->len += (uint16_t)(head_len + head->len);
}

void
rgw_trail_text(struct rgw_trail *trail, enum rgw_step what, const void *text, size_t len, rgw_ms now)
{
	struct head head = { .what = (uint8_t)what, .len = (uint8_t)(len < TEXT_MOST ? len : TEXT_MOST),
		.after = (uint32_t)(now - trail->began) };

	if (len > 0 || !is_fact(what))
		put(trail, &head, len > 0 ? text : "");
}

void
rgw_trail_numbers(struct rgw_trail *trail, enum rgw_step what, uint32_t number, uint32_t second, const char *text,
    rgw_ms now)
{
	size_t len = strlen(text);
	struct head head = { .what = (uint8_t)what, .len = (uint8_t)(len < TEXT_MOST ? len : TEXT_MOST),
		.second = (uint8_t)second, .second_high = (uint8_t)(second >> 8),
		.after = (uint32_t)(now - trail->began), .number = number };

	put(trail, &head, text);
}

bool
rgw_trail_next(const struct rgw_trail *trail, struct rgw_trail_step *step)
{
	struct head head = { 0 };
	size_t head_len;

	if (step->at >= trail->len)
		return false;
	head_len = is_fact(trail->steps[step->at]) ? 2 : sizeof head;
	memcpy(&head, trail->steps + step->at, head_len);
	step->what = head.what;
	step->after = head.after;
	step->number = head.number;
	step->second = head.second | (uint32_t)head.second_high << 8;
	step->text = trail->steps + step->at + head_len;
	step->len = head.len;
	step->at += head_len + head.len;
	return true;
}

static const uint8_t *
find(const struct rgw_trail *trail, enum rgw_step what, bool last, size_t *len)
{
	struct rgw_trail_step step = { 0 };
	const uint8_t *found = NULL;

	*len = 0;
	while ((found == NULL || last) && rgw_trail_next(trail, &step)) {
		if (step.what != what)
			continue;
		found = step.text;
		*len = step.len;
	}
	return found;
}

const uint8_t *
rgw_trail_first(const struct rgw_trail *trail, enum rgw_step what, size_t *len)
{
	return find(trail, what, false, len);
}

const uint8_t *
rgw_trail_last(const struct rgw_trail *trail, enum rgw_step what, size_t *len)
{
	return find(trail, what, true, len);
}

const char *
rgw_result_name(enum rgw_result result)
{
	static const char *const names[RGW_RESULTS] = { [RGW_RESULT_OPEN] = "open", [RGW_RESULT_ACCEPT] = "accept",
		[RGW_RESULT_REJECT] = "reject", [RGW_RESULT_CHALLENGE] = "challenge",
		[RGW_RESULT_ACKNOWLEDGED] = "acknowledged", [RGW_RESULT_ERROR] = "error",
		[RGW_RESULT_TIMEOUT] = "timeout", [RGW_RESULT_DROPPED] = "dropped" };

	return names[result];
}
