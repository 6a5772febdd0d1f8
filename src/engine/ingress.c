/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

/* What happens to a request that has been verified, whichever way it came. */

/* A client that reuses its identifiers so fast that answers cannot come in between floods us. */
#define SUPERSEDE_PER_S 256
#define SUPERSEDE_BURST 512

void
rgw_ingress_init(struct rgw_bucket *superseding, rgw_ms now)
{
	rgw_bucket_init(superseding, SUPERSEDE_PER_S, 1000, SUPERSEDE_BURST, now);
}

/* May the request that waits give way to a new one? */
static bool
may_supersede(struct rgw_gw *gw, const struct rgw_origin *origin, rgw_ms now)
{
	struct rgw_bucket *bucket =
	    origin->conn != NULL ? &origin->conn->superseding : &origin->client->superseding;
	const char *name = rgw_origin_name(origin);

	if (rgw_bucket_take(bucket, now))
		return true;
	rgw_count(gw, RGW_CTR_superseding_too_fast);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "superseding-too-fast", name,
	    "dropped: identifiers are used for new requests long before the old ones can be answered",
	    rgw_f_origin(origin));
	return false;
}

/* Is this a request we know (P-DUP-1 to 5)? true = it has been dealt with. */
static bool
is_duplicate(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_packet *packet,
    const struct rgw_dupkey *key, rgw_ms now)
{
	struct rgw_dup *dup = rgw_dupcache_find(&gw->dups, key);
	struct rgw_entry *entry;

	if (dup == NULL)
		return false;
	entry = RGW_CONTAINER(dup, struct rgw_entry, dup);
	if (!rgw_ct_equal(dup->auth, rgw_packet_auth(packet), RGW_AUTH_LEN)) {
		if (entry->req != NULL && !may_supersede(gw, origin, now))
			return true;
		rgw_entry_end(gw, entry, RGW_CTR_request_superseded, now);
		return false;
	}
	if (entry->req == NULL)
		rgw_entry_repeat(gw, entry, origin);
	else
		rgw_count(gw, RGW_CTR_duplicate_absorbed);
	return true;
}

/* Makes the request object; it is pending and in the duplicate cache from now on. */
static struct rgw_req *
accept_request(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_packet *packet,
    const struct rgw_dupkey *key, rgw_ms now)
{
	struct rgw_entry *entry = rgw_entry_new(gw, key, rgw_packet_auth(packet), now);
	struct rgw_req *req;

	if (entry == NULL)
		return NULL;
	req = rgw_req_new(gw, entry, origin, packet, now);
	if (req == NULL) {
		rgw_entry_free(gw, entry);
		return NULL;
	}
	if (origin->conn != NULL) {
		rgw_list_append(&origin->conn->requests, &entry->origin_link);
		origin->conn->n_pending++;
	}
	rgw_count(gw, RGW_CTR_requests_accepted);
	return req;
}

static void
on_no_room(struct rgw_gw *gw, const struct rgw_origin *origin, enum rgw_counter why)
{
	bool over_share = why == RGW_CTR_requests_over_share;
	const struct rgw_holding *own = &origin->asker->holding;

	rgw_count(gw, why);
	RGW_LOG(gw->log, RGW_LOG_WARNING, over_share ? "requests-over-share" : "requests-no-room",
	    over_share ? rgw_origin_name(origin) : NULL,
	    over_share ? "dropped: max-requests or max-request-octets is short, and the asker holds more than "
	                 "its share; do the peers and servers that it asks for answer?"
	               : "dropped: max-requests or max-request-octets is reached, or memory is out; are all "
	                 "peers and servers answering?",
	    rgw_f_origin(origin), rgw_f_uint("own_requests", own->n), rgw_f_uint("own_octets", own->octets),
	    rgw_f_uint("requests", gw->holding.n), rgw_f_uint("octets", gw->holding.octets));
}

void
rgw_ingress_take(struct rgw_gw *gw, const struct rgw_origin *origin, uint32_t place,
    const struct rgw_packet *packet, rgw_ms now)
{
	struct rgw_dupkey key = rgw_dupkey_of(place, &origin->remote, packet->code, packet->id);
	enum rgw_counter why = RGW_CTR_requests_no_room;
	const struct rgw_packet *rewritten;
	struct rgw_packet room;
	struct rgw_req *req = NULL;

	if (is_duplicate(gw, origin, packet, &key, now))
		return;
	if (gw->draining) {
		rgw_count(gw, RGW_CTR_requests_while_draining);
		return;
	}
	rewritten = rgw_rewriting_came(gw, origin, packet, &room);
	if (rewritten != NULL)
		packet = rewritten;
	if (rgw_memory_admits(gw, origin, packet->len, &why))
		req = accept_request(gw, origin, packet, &key, now);
	if (req == NULL)
		on_no_room(gw, origin, why);
	else if (rewritten == NULL)
		rgw_req_refuse(gw, req, RGW_CTR_request_too_big, RGW_CAUSE_OTHER_PROXY_ERROR, now);
	else
		rgw_route(gw, req, now);
}
