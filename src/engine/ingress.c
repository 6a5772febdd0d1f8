/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <string.h>

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
	struct rgw_req *req;

	if (dup == NULL)
		return false;
	req = RGW_CONTAINER(dup, struct rgw_req, dup);
	if (!rgw_ct_equal(dup->auth, rgw_packet_auth(packet), RGW_AUTH_LEN)) {
		if (req->answered)
			rgw_req_free(gw, req);
		else if (may_supersede(gw, origin, now))
			rgw_req_end(gw, req, RGW_CTR_request_superseded, now);
		else
			return true;
		return false;
	}
	if (req->answered) {
		rgw_count(gw, RGW_CTR_duplicate_replayed);
		rgw_origin_send(gw, origin, req->answer, req->answer_len);
	} else {
		rgw_count(gw, RGW_CTR_duplicate_absorbed);
	}
	return true;
}

/* An object for a request. Kept answers give way to new requests, oldest first: who has its answer asks
 * seldom again. */
static struct rgw_req *
new_request(struct rgw_gw *gw)
{
	struct rgw_req *req = rgw_slab_get(&gw->reqs);
	struct rgw_link *oldest = rgw_list_first(&gw->dups.answered);
	struct rgw_dup *dup;

	if (req != NULL || oldest == NULL)
		return req;
	dup = RGW_CONTAINER(oldest, struct rgw_dup, link);
	rgw_count(gw, RGW_CTR_answers_forgotten);
	rgw_req_free(gw, RGW_CONTAINER(dup, struct rgw_req, dup));
	return rgw_slab_get(&gw->reqs);
}

/* Makes the request object; it is pending and in the duplicate cache from now on. */
static struct rgw_req *
accept_request(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_packet *packet,
    const struct rgw_dupkey *key, rgw_ms now)
{
	uint8_t *copy = rgw_bufs_get(&gw->bufs, packet->len);
	struct rgw_req *req = copy != NULL ? new_request(gw) : NULL;

	if (req == NULL) {
		rgw_bufs_put(&gw->bufs, copy, packet->len);
		return NULL;
	}
	memcpy(copy, packet->data, packet->len);
	rgw_req_init(req, origin, packet, copy, now);
	req->dup.key = *key;
	memcpy(req->dup.auth, rgw_packet_auth(packet), RGW_AUTH_LEN);
	if (!rgw_dupcache_add(&gw->dups, &req->dup, now)) {
		rgw_bufs_put(&gw->bufs, copy, packet->len);
		rgw_slab_put(&gw->reqs, req);
		return NULL;
	}
	if (origin->conn != NULL) {
		rgw_list_append(&origin->conn->requests, &req->origin_link);
		origin->conn->n_pending++;
	}
	gw->pending++;
	rgw_count(gw, RGW_CTR_requests_accepted);
	return req;
}

static void
on_no_room(struct rgw_gw *gw, const struct rgw_origin *origin)
{
	rgw_count(gw, RGW_CTR_requests_no_room);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "requests-no-room", NULL,
	    "dropped: max-requests reached, or out of memory; are all peers and servers answering?",
	    rgw_f_origin(origin), rgw_f_uint("requests", gw->reqs.used));
}

/* The section that a request goes to, or NULL (P-PRX-12). */
static const struct rgw_conf_head *
route(struct rgw_gw *gw, const struct rgw_req *req)
{
	const struct rgw_conf_realm *section;
	const uint8_t *realm = NULL;
	struct rgw_attr a;
	size_t len = 0;

	if (req->origin.client != NULL && req->origin.client->conf->pool != NULL)
		return req->origin.client->conf->pool;
	if (rgw_packet_get(&req->packet, RGW_AT_USER_NAME, &a))
		realm = rgw_realm_of(a.value, a.len, &len);
	section = rgw_realms_find(gw->realms, realm, len);
	return section != NULL ? section->pool : NULL;
}

static void
on_no_route(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	struct rgw_identity room;

	RGW_LOG(gw->log, RGW_LOG_WARNING, "no-route", rgw_origin_name(&req->origin),
	    "no [realm] section matches; add one, or [realm *] as the default",
	    rgw_f_origin(&req->origin), rgw_f_identity(gw, &req->packet, &room));
	rgw_req_refuse(gw, req, RGW_CTR_request_no_route, RGW_CAUSE_NOT_ROUTABLE, now);
}

static void
forward(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	const struct rgw_conf_head *section = route(gw, req);

	if (section == NULL) {
		on_no_route(gw, req, now);
		return;
	}
	req->pool = rgw_pool_of(gw, section);
	rgw_pool_dispatch(gw, req, now);
}

void
rgw_ingress_take(struct rgw_gw *gw, const struct rgw_origin *origin, uint32_t place,
    const struct rgw_packet *packet, rgw_ms now)
{
	struct rgw_dupkey key = rgw_dupkey_of(place, &origin->remote, packet->code, packet->id);
	const struct rgw_packet *rewritten;
	struct rgw_packet room;
	struct rgw_req *req;

	if (is_duplicate(gw, origin, packet, &key, now))
		return;
	if (gw->draining) {
		rgw_count(gw, RGW_CTR_requests_while_draining);
		return;
	}
	rewritten = rgw_rewriting_came(gw, origin, packet, &room);
	req = accept_request(gw, origin, rewritten != NULL ? rewritten : packet, &key, now);
	if (req == NULL)
		on_no_room(gw, origin);
	else if (rewritten == NULL)
		rgw_req_refuse(gw, req, RGW_CTR_request_too_big, RGW_CAUSE_OTHER_PROXY_ERROR, now);
	else
		forward(gw, req, now);
}
