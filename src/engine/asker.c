/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

/* Clients and peers as those who ask, and what all of them may take (P-DUP-5, P-SS-10). */

/* The rate at which a client may replace its own requests. A client that reuses its identifiers so fast that answers
 * cannot come in between floods us. */
#define SUPERSEDE_PER_S 256
#define SUPERSEDE_BURST 512

void
rgw_asker_init(struct rgw_asker *asker, struct rgw_gw *gw, const struct rgw_rate *probes, rgw_ms now)
{
	rgw_talker_init(&asker->talker, ++gw->n_numbers);
	rgw_bucket_init(&asker->probes, probes->events, probes->period, probes->burst, now);
}

void
rgw_asked_init(struct rgw_asked *asked, rgw_ms now)
{
	rgw_bucket_init(&asked->superseding, SUPERSEDE_PER_S, 1000, SUPERSEDE_BURST, now);
	rgw_link_init(&asked->entries);
	asked->n_pending = 0;
}

bool
rgw_asker_may_probe(struct rgw_gw *gw, const struct rgw_origin *origin, rgw_ms now)
{
	const char *name = rgw_origin_name(origin);

	if (rgw_bucket_take(&origin->asker->probes, now))
		return true;
	rgw_count(gw, RGW_CTR_probes_too_fast);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "probes-too-fast", name,
	    "dropped: more Status-Servers, or requests of a code that is not served, than status-server-rate",
	    rgw_f_origin(origin), rgw_f_addr("from", &origin->remote));
	return false;
}
