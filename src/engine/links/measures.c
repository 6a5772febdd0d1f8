/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measures.h"

#include "radsecgw/radius.h"

/* What is measured of a target, which owns its measures; see measures.h. */

void
rgw_measures_answered(struct rgw_measures *m, uint8_t code, rgw_ms duration)
{
	enum rgw_answer answer = RGW_ANSWER_PROTOCOL_ERROR;

	if (code == RGW_ACCESS_ACCEPT)
		answer = RGW_ANSWER_ACCEPT;
	else if (code == RGW_ACCESS_REJECT)
		answer = RGW_ANSWER_REJECT;
	else if (code == RGW_ACCESS_CHALLENGE)
		answer = RGW_ANSWER_CHALLENGE;
	else if (code == RGW_ACCOUNTING_RESPONSE)
		answer = RGW_ANSWER_ACCOUNTING;
	/* Answers to CoA and Disconnect are told by other figures. */
	if (code < RGW_DISCONNECT_REQUEST || code > RGW_COA_NAK)
		m->answers[answer]++;
	rgw_histogram_add(&m->durations, duration);
}
