/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include "radsecgw/fair.h"

/*
 * Octets that requests take. The figures count what is really taken: objects, and buffers of the size in which they
 * come. Requests that are worked on and those that are kept to know repetitions share max-request-octets; the kept ones
 * have no more than kept-answers of it, and give way to the others.
 */

/* An entry with its share of the table of entries, which is two pointers at the most. */
#define ENTRY_OCTETS (sizeof(struct rgw_entry) + 2 * sizeof(void *))

_Static_assert(ENTRY_OCTETS + RGW_PACKET_MAX <= UINT16_MAX, "rgw_entry.kept has room");
_Static_assert(ENTRY_OCTETS <= 144 && ENTRY_OCTETS + sizeof(struct rgw_req) <= 768, "as the manual says");

static size_t
request_octets(size_t len)
{
	return ENTRY_OCTETS + sizeof(struct rgw_req) + rgw_bufs_octets(len);
}

static void trim(struct rgw_gw *gw) __attribute__((noinline));

static void
trim(struct rgw_gw *gw)
{
	const struct rgw_conf_gateway *conf = &gw->conf->gateway;

	while (gw->kept > conf->kept_answers)
		(void)rgw_entry_forget_oldest(gw, RGW_CTR_answers_crowded_out);
	while (gw->holding.octets + gw->kept > conf->max_request_octets && gw->kept > 0)
		(void)rgw_entry_forget_oldest(gw, RGW_CTR_answers_forgotten);
}

/* Forgets kept entries until the bounds hold again, after something has been added. */
static inline void
keep_bounds(struct rgw_gw *gw)
{
	const struct rgw_conf_gateway *conf = &gw->conf->gateway;

	if (gw->kept > conf->kept_answers || gw->holding.octets + gw->kept > conf->max_request_octets)
		trim(gw);
}

bool
rgw_memory_admits(const struct rgw_gw *gw, const struct rgw_origin *origin, size_t len,
    enum rgw_counter *why)
{
	const struct rgw_conf_gateway *conf = &gw->conf->gateway;
	const struct rgw_holding *all = &gw->holding;
	const struct rgw_holding *mine = &origin->asker->holding;
	size_t octets = request_octets(len);

	if (rgw_fair_may_take(conf->max_requests, all->n, mine->n, 1) &&
	    rgw_fair_may_take(conf->max_request_octets, all->octets, mine->octets, octets))
		return true;
	*why = all->n < conf->max_requests && octets <= rgw_fair_free(conf->max_request_octets, all->octets)
	    ? RGW_CTR_requests_over_share : RGW_CTR_requests_no_room;
	return false;
}

void
rgw_memory_log(struct rgw_gw *gw, const struct rgw_origin *origin, const char *event, const char *name,
    const char *text)
{
	const struct rgw_holding *own = &origin->asker->holding;

	RGW_LOG(gw->log, RGW_LOG_WARNING, event, name, text, rgw_f_origin(origin),
	    rgw_f_uint("own_requests", own->n), rgw_f_uint("own_octets", own->octets),
	    rgw_f_uint("requests", gw->holding.n), rgw_f_uint("octets", gw->holding.octets));
}

static inline void
take(struct rgw_gw *gw, struct rgw_req *req, size_t octets)
{
	req->holds += octets;
	req->origin.asker->holding.octets += octets;
	gw->holding.octets += octets;
	keep_bounds(gw);
}

static inline void
give(struct rgw_gw *gw, struct rgw_req *req, size_t octets)
{
	req->holds -= octets;
	req->origin.asker->holding.octets -= octets;
	gw->holding.octets -= octets;
}

void
rgw_memory_begin(struct rgw_gw *gw, struct rgw_req *req)
{
	req->origin.asker->holding.n++;
	gw->holding.n++;
	take(gw, req, request_octets(req->packet.len));
}

void
rgw_memory_end(struct rgw_gw *gw, struct rgw_req *req)
{
	req->origin.asker->holding.n--;
	gw->holding.n--;
	give(gw, req, req->holds);
}

bool
rgw_memory_is_over_share(const struct rgw_gw *gw, const struct rgw_req *req, size_t len)
{
	uint64_t whole = gw->conf->gateway.max_request_octets;
	uint64_t taken = gw->holding.octets;
	size_t octets = rgw_bufs_octets(len);

	return octets <= rgw_fair_free(whole, taken) &&
	    !rgw_fair_may_take(whole, taken, req->origin.asker->holding.octets, octets);
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
	size_t answer = entry->answer != NULL ? rgw_bufs_octets(entry->answer_len) : 0;

	entry->kept = (uint16_t)(ENTRY_OCTETS + answer);
	gw->kept += entry->kept;
	keep_bounds(gw);
}

void
rgw_memory_trim(struct rgw_gw *gw)
{
	trim(gw);
	while (gw->dups.cache.slab.used > gw->conf->gateway.max_requests)
		if (!rgw_entry_forget_oldest(gw, RGW_CTR_answers_forgotten))
			break;
}
