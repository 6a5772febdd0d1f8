/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "previous.h"

#include "engine.h"

/* Secrets that are being replaced by others: which one a packet was made with, and what the operator hears of it, who
 * takes the previous one away when nobody uses it any more. */

/* Milliseconds between two lines that say that a neighbour still uses its previous secret. */
#define SAID_EVERY 3600000

/* Does the packet show with which secret it was made? Without Message-Authenticator an Access-Request does not. */
static bool
is_proven(const struct rgw_auth_check *checked)
{
	return checked->is_response || checked->msgauth == RGW_MSGAUTH_OK ||
	    rgw_is_signed_request(checked->packet->code);
}

void
rgw_previous_check(struct rgw_auth_check *checked, const struct rgw_side *hop)
{
	if (hop->previous != NULL && (!checked->auth_ok || checked->msgauth == RGW_MSGAUTH_BAD))
		*checked = rgw_auth_check_one(checked->packet, NULL, hop->previous);
}

struct rgw_side
rgw_previous_side(const struct rgw_side *hop, const struct rgw_auth_check *checked)
{
	return (struct rgw_side){ checked->secret, is_proven(checked) ? NULL : hop->previous };
}

/* Counts a use. true = it is time to say so. */
static bool
count_use(struct rgw_gw *gw, struct rgw_previous *previous, rgw_ms now)
{
	gw->counters.v[previous->counter]++;
	previous->used_at = now;
	if (previous->said_at != 0 && now - previous->said_at < SAID_EVERY)
		return false;
	previous->said_at = now;
	return true;
}

void
rgw_previous_psk_used(struct rgw_gw *gw, struct rgw_previous *previous, struct rgw_field who, rgw_ms now)
{
	if (count_use(gw, previous, now))
		RGW_LOG(gw->log, RGW_LOG_NOTICE, "previous-psk-used", who.data,
		    "the peer still uses its previous pre-shared key: give it the new one, and remove previous-psk "
		    "when this is not said any more",
		    who);
}

static void
on_used(struct rgw_gw *gw, struct rgw_previous *previous, struct rgw_field who, rgw_ms now)
{
	if (!count_use(gw, previous, now))
		return;
	RGW_LOG(gw->log, RGW_LOG_NOTICE, "previous-secret-used", who.data,
	    "the neighbour still uses its previous secret: give it the new one, and remove previous-secret when this "
	    "is not said any more",
	    who);
}

static void
on_unproven(struct rgw_gw *gw, struct rgw_previous *previous, struct rgw_field who, rgw_ms now)
{
	if (!rgw_is_due(&previous->unproven_at, now))
		return;
	RGW_LOG(gw->log, RGW_LOG_WARNING, "previous-secret-unproven", who.data,
	    "requests without Message-Authenticator do not show which secret they were made with, and are taken with "
	    "the new one: let the neighbour send Message-Authenticator, or give it the new secret now",
	    who);
}

void
rgw_previous_note(struct rgw_gw *gw, struct rgw_previous *previous, const struct rgw_side *hop,
    const struct rgw_auth_check *checked, struct rgw_field who, rgw_ms now)
{
	if (hop->previous == NULL)
		return;
	if (checked->secret == hop->previous)
		on_used(gw, previous, who, now);
	else if (!is_proven(checked))
		on_unproven(gw, previous, who, now);
}
