/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include "radsecgw/fair.h"

/*
 * Octets that requests take. What is counted is what is really taken: objects, and buffers of the size in which
 * they come. Requests that are worked on and those that are kept to know repetitions share max-request-octets;
 * the kept ones have no more than kept-answers of it, and give way to the others.
 */

/* An entry with its share of the table of entries, which is two pointers at the most. */
#define ENTRY_OCTETS (sizeof(struct rgw_entry) + 2 * sizeof(void *))

static size_t
request_octets(size_t len)
{
	return ENTRY_OCTETS + sizeof(struct rgw_req) + rgw_bufs_octets(len);
}

static size_t
kept_octets(const struct rgw_entry *entry)
{
	return ENTRY_OCTETS + (entry->answer != NULL ? rgw_bufs_octets(entry->answer_len) : 0);
}

static void
forget_oldest(struct rgw_gw *gw, enum rgw_counter why)
{
	struct rgw_link *l = rgw_list_first(&gw->dups.answered);
	struct rgw_dup *dup = RGW_CONTAINER(l, struct rgw_dup, link);

	rgw_count(gw, why);
	rgw_entry_free(gw, RGW_CONTAINER(dup, struct rgw_entry, dup));
}

static void
trim(struct rgw_gw *gw)
{
	const struct rgw_conf_gateway *conf = &gw->conf->gateway;

	while (gw->kept > conf->kept_answers)
		forget_oldest(gw, RGW_CTR_answers_crowded_out);
	while (gw->kept > 0 && gw->holding.octets + gw->kept > conf->max_request_octets)
		forget_oldest(gw, RGW_CTR_answers_forgotten);
}

bool
rgw_memory_admits(const struct rgw_gw *gw, const struct rgw_origin *origin, size_t len,
    enum rgw_counter *why)
{
	const struct rgw_conf_gateway *conf = &gw->conf->gateway;
	const struct rgw_holding *all = &gw->holding;
	const struct rgw_holding *mine = &rgw_origin_asker(origin)->holding;
	size_t octets = request_octets(len);

	if (rgw_fair_may_take(conf->max_requests, all->n, mine->n, 1) &&
	    rgw_fair_may_take(conf->max_request_octets, all->octets, mine->octets, octets))
		return true;
	*why = all->n < conf->max_requests && octets <= rgw_fair_free(conf->max_request_octets, all->octets)
	    ? RGW_CTR_requests_over_share : RGW_CTR_requests_no_room;
	return false;
}

static void
take(struct rgw_gw *gw, struct rgw_req *req, size_t octets)
{
	req->holds += octets;
	rgw_origin_asker(&req->origin)->holding.octets += octets;
	gw->holding.octets += octets;
	trim(gw);
}

static void
give(struct rgw_gw *gw, struct rgw_req *req, size_t octets)
{
	req->holds -= octets;
	rgw_origin_asker(&req->origin)->holding.octets -= octets;
	gw->holding.octets -= octets;
}

void
rgw_memory_begin(struct rgw_gw *gw, struct rgw_req *req)
{
	rgw_origin_asker(&req->origin)->holding.n++;
	gw->holding.n++;
	take(gw, req, request_octets(req->packet.len));
}

void
rgw_memory_end(struct rgw_gw *gw, struct rgw_req *req)
{
	rgw_origin_asker(&req->origin)->holding.n--;
	gw->holding.n--;
	give(gw, req, req->holds);
}

bool
rgw_memory_copy(struct rgw_gw *gw, struct rgw_req *req, size_t len)
{
	size_t octets = rgw_bufs_octets(len);

	if (octets > rgw_fair_free(gw->conf->gateway.max_request_octets, gw->holding.octets))
		return false;
	take(gw, req, octets);
	return true;
}

void
rgw_memory_uncopy(struct rgw_gw *gw, struct rgw_req *req, size_t len)
{
	give(gw, req, rgw_bufs_octets(len));
}

void
rgw_memory_keep(struct rgw_gw *gw, struct rgw_entry *entry)
{
	entry->kept = true;
	gw->kept += kept_octets(entry);
	trim(gw);
}

void
rgw_memory_forget(struct rgw_gw *gw, struct rgw_entry *entry)
{
	if (entry->kept)
		gw->kept -= kept_octets(entry);
	entry->kept = false;
}
