/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <string.h>

/* What connections and sources have in common as lanes of requests; each of them embeds its lane. */

bool
rgw_lane_send(struct rgw_lane *lane, struct rgw_ticket *ticket, const struct rgw_outgoing *out, rgw_ms now)
{
	if (!lane->ops->send(lane, out, now)) {
		rgw_idpool_unused(lane->ids, ticket->id);
		return false;
	}
	rgw_idpool_sent(lane->ids, ticket->id, out->data[0], out->data + 4);
	ticket->lane = lane;
	ticket->sent_at = now;
	if (lane->ops->sent != NULL)
		lane->ops->sent(lane, ticket, now);
	return true;
}

struct rgw_auth_check
rgw_lane_check(const struct rgw_lane *lane, const struct rgw_packet *p)
{
	struct rgw_auth_check check = { .packet = p, .secret = lane->side.secret, .is_response = true };

	memcpy(check.request_auth, rgw_idpool_find(lane->ids, p->id)->now.auth, RGW_AUTH_LEN);
	return check;
}

void
rgw_lane_log(const struct rgw_lane *lane, const struct rgw_packet *p, enum rgw_log_level level, const char *event,
    const char *text)
{
	RGW_LOG(lane->target->gw->log, level, event, lane->target->conf->name, text,
	    rgw_f_target(lane->target), rgw_f_addr("addr", lane->addr), rgw_f_uint("conn", lane->serial),
	    rgw_f_str("code", rgw_code_name(p->code)), rgw_f_uint("code_number", p->code),
	    rgw_f_uint("id", p->id));
}
