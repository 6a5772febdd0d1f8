/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_LOGIN_H
#define ENGINE_LOGIN_H

/*
 * What an operator looks for after a login: one line for each Access-Accept and Access-Reject, and for each answer to
 * accounting. Whoever ends a request with an answer calls one of the functions below before the answer leaves.
 */

#include "requests.h"

/* What people know a request by: attributes of it, borrowed from its packet; without a value, the packet has none. */
struct rgw_facts {
	struct rgw_attr user;
	struct rgw_attr station;       /* Calling-Station-Id */
	struct rgw_attr called;        /* Called-Station-Id */
	struct rgw_attr nas_name;      /* NAS-Identifier */
	struct rgw_attr nas_address;   /* NAS-IP-Address, else NAS-IPv6-Address */
	struct rgw_attr operator_name;
	struct rgw_attr user_id;       /* Chargeable-User-Identity */
	struct rgw_attr session;       /* Acct-Session-Id */
	struct rgw_attr status;        /* Acct-Status-Type */
};

/* Finds them; of several attributes of one type, the first counts. */
void rgw_facts_find(const struct rgw_packet *packet, struct rgw_facts *facts);
/* The NAS as a text: its name, else its address, for which `room` is. Returns the length. */
const uint8_t *rgw_facts_nas(const struct rgw_facts *facts, char room[static RGW_ADDR_TEXT], size_t *len);

/* discreet.c: does a text that came with a request, or with its answer, tell of the user or of the device what the
 * configuration hides? And: does a message for the user do so? With EAP nobody here knows the name in the tunnel. */
bool rgw_login_hides(const struct rgw_conf_log *conf, const struct rgw_packet *request, const uint8_t *text,
    size_t len);
bool rgw_login_hides_message(const struct rgw_conf_log *conf, const struct rgw_packet *request, const uint8_t *text,
    size_t len);

/* Says to which conversation a new request belongs, which is a new one unless its State tells. */
void rgw_login_begin(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now);
/* The answer, as whoever asked gets it, has come on the lane. */
void rgw_login_answered(const struct rgw_lane *lane, const struct rgw_req *req, const struct rgw_packet *answer,
    rgw_ms now);
/* fticks.c: has a login such a line, as its realm says, else its pool, else [log]? And: writes the line of a login for
 * the statistics of a federation, in the way that the configuration says. */
bool rgw_fticks_wanted(const struct rgw_gw *gw, const struct rgw_req *req);
void rgw_fticks_write(struct rgw_gw *gw, const struct rgw_facts *facts, bool accept);

/* The gateway itself answers with a reject, or acknowledges a record. `message`: for the user, or NULL. */
void rgw_login_made_here(struct rgw_gw *gw, const struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    const char *message, rgw_ms now);

#endif
