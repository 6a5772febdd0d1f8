/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_MEASURES_H
#define ENGINE_MEASURES_H

/*
 * What is measured of a target: how long its answers take, and which answers it gives. The measures are part of the
 * target, and take the same few octets whatever happens.
 */

#include <stdint.h>

#include "radsecgw/histogram.h"
#include "radsecgw/time.h"

/* The kinds of answers that are told apart. */
enum rgw_answer {
	RGW_ANSWER_ACCEPT,
	RGW_ANSWER_REJECT,
	RGW_ANSWER_CHALLENGE,
	RGW_ANSWER_ACCOUNTING,
	RGW_ANSWER_PROTOCOL_ERROR,
	RGW_ANSWERS,
};

struct rgw_measures {
	struct rgw_histogram durations;  /* from when a request was first sent on a lane until its answer came there */
	uint64_t answers[RGW_ANSWERS];
};

/* An answer of this code came to a request; `duration` in milliseconds. */
void rgw_measures_answered(struct rgw_measures *m, uint8_t code, rgw_ms duration);

#endif
