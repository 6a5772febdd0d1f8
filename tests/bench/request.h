/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REQUEST_H
#define REQUEST_H

#include "bench.h"

/* The requests of load: a model that is made once, and what makes each of them another one. */

enum request_kind { REQUEST_PAP, REQUEST_EAP, REQUEST_ACCT };

struct request_model {
	enum request_kind kind;
	uint8_t octets[RGW_PACKET_MAX];
	size_t len;
	size_t msgauth_at, password_at, session_at;  /* offsets of what differs; 0 = it has none */
	struct rgw_packet view;                      /* of the model; but for data and id it fits all */
};

/* Ends the program if it is no kind (pap, eap, acct) or does not fit. */
void request_model(struct request_model *m, const char *kind, const char *user,
    const struct rgw_secret *secret);
/* Makes a copy of the model, or of what it became, a new request, and signs it. */
void request_renew(const struct request_model *m, uint8_t *packet, const struct rgw_secret *secret);
/* Is the answer good (bench_answer_ok)? */
bool request_answered(const struct request_model *m, const uint8_t *packet,
    const struct rgw_packet *answer, const struct rgw_secret *secret);

#endif
