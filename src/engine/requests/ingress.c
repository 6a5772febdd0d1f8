/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include "radsecgw/eap.h"
#include "radsecgw/hop.h"
#include "radsecgw/loopmark.h"
#include "radsecgw/nai.h"

/* What happens to a request that has been verified, by whichever door it came: duplicates are told from new requests
 * (P-DUP-1 to 5), and those that are accepted get an entry and go to route.c. */

/* Can nobody but the asker have sent the packet? Outside of TLS an Access-Request proves that with a
 * Message-Authenticator only, which has been verified by now; between an asker on this machine and us nobody else can
 * stand. */
static bool
is_authentic(const struct rgw_origin *origin, const struct rgw_packet *packet)
{
	return origin->asker->is_shielded || packet->code != RGW_ACCESS_REQUEST || packet->n_msgauth > 0 ||
	    rgw_addr_is_loopback(&origin->remote);
}

/* May the request that waits give way to a new one? */
static bool
may_supersede(struct rgw_gw *gw, const struct rgw_entry *entry, const struct rgw_origin *origin,
    const struct rgw_packet *packet, rgw_ms now)
{
	const char *name = rgw_origin_name(origin);

	if (entry->authentic && !is_authentic(origin, packet)) {
		rgw_count(gw, RGW_CTR_superseding_unproven);
		RGW_LOG(gw->log, RGW_LOG_WARNING, "superseding-unproven", name,
		    "dropped: a request without Message-Authenticator uses the identifier of a signed one that "
		    "waits for its answer; the new one may be forged",
		    rgw_f_origin(origin), rgw_f_addr("from", &origin->remote), rgw_f_uint("id", packet->id));
		return false;
	}
	if (rgw_bucket_take(&origin->asked->superseding, now))
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
		if (entry->req != NULL && !may_supersede(gw, entry, origin, packet, now))
			return true;
		rgw_entry_end(gw, entry, RGW_CTR_request_superseded, now);
		return false;
	}
	/* An answer that was made with another secret is of no use any more; what is hidden in it could not be read. */
	if (entry->req == NULL && rgw_entry_secret(entry, &origin->side) == NULL) {
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
	entry->authentic = is_authentic(origin, packet);
	entry->secret = rgw_secret_mark(origin->side.secret);
	req = rgw_req_new(gw, entry, origin, packet, now);
	if (req == NULL) {
		rgw_entry_free(gw, entry);
		return NULL;
	}
	if (origin->door->is_stream) {
		rgw_list_append(&origin->asked->entries, &entry->origin_link);
		origin->asked->n_pending++;
	}
	rgw_count(gw, RGW_CTR_requests_accepted);
	return req;
}

/* Counts a request that is dropped before it has an object. */
static void
count(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_packet *packet, enum rgw_counter why)
{
	rgw_count(gw, why);
	rgw_trail_dropped(gw, why, rgw_origin_name(origin), origin->door->is_stream, &origin->remote, packet,
	    gw->log->now);
}

static void
on_no_room(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_packet *packet,
    enum rgw_counter why)
{
	count(gw, origin, packet, why);
	if (why == RGW_CTR_requests_over_share)
		rgw_memory_log(gw, origin, "requests-over-share", rgw_origin_name(origin),
		    "dropped: max-requests or max-request-octets is short, and the asker holds more than its "
		    "share; do the peers and servers that it asks for answer?");
	else
		rgw_memory_log(gw, origin, "requests-no-room", NULL,
		    "dropped: max-requests or max-request-octets is reached, or memory is out; are all peers and "
		    "servers answering?");
}

/* Does ARAP-Password stand beside another hidden attribute? With ARAP-Password the authenticator of the next hop is the
 * one that the sender has chosen (P-CHP-6), and all other attributes would be hidden under that: whoever sees the hop
 * could learn what is hidden in the requests of others. */
static bool
is_arap_trap(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_packet *packet)
{
	const char *name = rgw_origin_name(origin);

	if (packet->code != RGW_ACCESS_REQUEST || !rgw_packet_has(packet, RGW_AT_ARAP_PASSWORD) ||
	    !rgw_hop_hides(packet, gw->conf->hidden))
		return false;
	count(gw, origin, packet, RGW_CTR_arap_beside_hidden);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "arap-beside-hidden", name,
	    "dropped: a request has ARAP-Password and another hidden attribute, which could not be protected on "
	    "the next hop",
	    rgw_f_origin(origin), rgw_f_uint("id", packet->id));
	return true;
}

/* Is the EAP-Message malformed? No home server could make anything of it, and some do not bear it well (RFC 3579
 * 2.2). */
static bool
is_bad_eap(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_packet *packet)
{
	const char *name = rgw_origin_name(origin);

	if (!gw->conf->gateway.verify_eap || packet->code != RGW_ACCESS_REQUEST || rgw_eap_is_well_formed(packet))
		return false;
	count(gw, origin, packet, RGW_CTR_malformed_eap);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "malformed-eap", name,
	    "dropped: the EAP-Message of a request is no EAP packet: its code, its length or its type is wrong",
	    rgw_f_origin(origin), rgw_f_uint("id", packet->id));
	return true;
}

/* Ends a request that has come back to us, since it would go round for ever. */
static void
on_loop(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	const char *name = rgw_origin_name(&req->origin);
	const uint8_t *realm = NULL;
	struct rgw_attr attr;
	size_t len = 0;

	if (rgw_packet_get(&req->packet, RGW_AT_USER_NAME, &attr))
		realm = rgw_realm_of(attr.value, attr.len, &len);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "loop", name,
	    "a request has come back to us: its realm goes in circles; whose route leads back here?",
	    rgw_f_octets("realm", realm, len), rgw_f_origin(&req->origin),
	    rgw_f_uint("gateways", rgw_loopmark_passed(&req->packet)));
	rgw_req_turn_away(gw, req, RGW_CTR_request_loop, now);
}

static void
go_on(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	if (gw->changes)
		rgw_teach(gw, req, now);
	rgw_route(gw, req, now);
}

void
rgw_ingress_take(struct rgw_gw *gw, const struct rgw_origin *origin, uint32_t place,
    const struct rgw_packet *packet, rgw_ms now)
{
	struct rgw_dupkey key = rgw_dupkey_of(place, &origin->remote, packet->code, packet->id);
	enum rgw_counter why = RGW_CTR_requests_no_room;
	const struct rgw_packet *rewritten, *kept;
	struct rgw_packet room;
	struct rgw_req *req = NULL;

	if (is_arap_trap(gw, origin, packet) || is_bad_eap(gw, origin, packet) ||
	    is_duplicate(gw, origin, packet, &key, now))
		return;
	if (gw->draining || origin->asker->gone) {
		count(gw, origin, packet, RGW_CTR_requests_while_draining);
		return;
	}
	rewritten = rgw_rewriting_came(gw, origin, packet, &room);
	kept = rewritten != NULL ? rewritten : packet;
	if (rgw_memory_admits(gw, origin, kept->len, &why))
		req = accept_request(gw, origin, kept, &key, now);
	if (req == NULL)
		on_no_room(gw, origin, packet, why);
	else if (rgw_loopmark_is_own(&gw->mark, origin->asker->talker.number, packet))
		on_loop(gw, req, now);
	else if (rewritten == NULL)
		rgw_req_refuse(gw, req, RGW_CTR_request_too_big, RGW_CAUSE_OTHER_PROXY_ERROR, now);
	else
		go_on(gw, req, now);
}
