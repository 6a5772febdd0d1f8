/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TESTS_SIM_COA_H
#define RADSECGW_TESTS_SIM_COA_H

#include "sim_priv.h"
#include "radsecgw/wire.h"

/* CoA and Disconnect in stories: requests that the home's server, "second-nas" (sim_add_client), sends over UDP. */

/* Attributes of a request, as they are on the wire. */
struct sim_more {
	struct rgw_wr w;
	uint8_t octets[512];
};

void sim_more_begin(struct sim_more *m);
void sim_more_put(struct sim_more *m, uint8_t type, const void *value, size_t len);
void sim_more_text(struct sim_more *m, uint8_t type, const char *text);
void sim_more_u32(struct sim_more *m, uint8_t type, uint32_t v);

/* The home's server sends a request over UDP. NULL = the request says nothing of the kind. */
struct sim_req *sim_change(struct sim *s, uint8_t code, uint8_t id, const char *user, const char *station,
    const struct sim_more *more);
/* The request has one answer, with this code and Error-Cause (0 = none). */
void sim_expect_cause(const struct sim_req *r, uint8_t code, uint32_t cause);
/* National sends a request down our connection, with the Proxy-State "home". */
void sim_change_by_peer(struct sim *s, uint8_t code, uint8_t id, const char *station, const struct sim_more *more);
/* National has heard this last, with its Proxy-State and this Error-Cause (0 = none). */
void sim_expect_heard(const struct sim *s, uint8_t code, uint8_t id, uint32_t cause);
/* The number of CoA- and Disconnect-Requests that have arrived anywhere. */
size_t sim_n_at_nases(const struct sim *s);

#endif
