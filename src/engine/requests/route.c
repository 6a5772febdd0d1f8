/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include "radsecgw/nai.h"
#include "radsecgw/realm.h"

/* Which way a request takes (P-PRX-12): to the pool of its client, or as the [realm] section of its
 * User-Name says, which may also mean that it ends here. */

/* Does the section do anything with accounting but refuse it? */
static bool
takes_acct(const struct rgw_conf_realm *section)
{
	return section->pool != NULL || section->acct.how != RGW_ACCT_SAME;
}

/* The section for a request, or NULL. `name` is its User-Name, or NULL. */
static const struct rgw_conf_realm *
section_of(const struct rgw_gw *gw, const struct rgw_req *req, const struct rgw_attr *name)
{
	const struct rgw_conf_realm *section;
	const uint8_t *realm = NULL;
	size_t len = 0;

	if (name != NULL)
		realm = rgw_realm_of(name->value, name->len, &len);
	section = rgw_realms_find(gw->edition->realms, realm, len);
	/* Accounting-On and Off are about the whole NAS: a section that turns away users without a realm does not mean
	 * them. */
	if (name == NULL && req->packet.code == RGW_ACCOUNTING_REQUEST && section != NULL &&
	    !takes_acct(section))
		section = rgw_realms_default(gw->edition->realms);
	return section;
}

static void
on_no_route(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	struct rgw_identity room;

	RGW_LOG(gw->log, RGW_LOG_WARNING, "no-route", rgw_origin_name(&req->origin),
	    "no [realm] section matches; add one, or [realm *] as the default",
	    rgw_f_origin(&req->origin), rgw_f_identity(gw, &req->packet, &room));
	rgw_req_turn_away(gw, req, RGW_CTR_request_no_route, now);
}

/* What is wrong with a realm, as bits (P-NAI-10). A realm that has a section of its own is fine, whatever it is
 * called. */
static unsigned
faults_of(const struct rgw_gw *gw, const struct rgw_attr *name, const struct rgw_conf_realm *section)
{
	if (name == NULL || (section != NULL && section->kind == RGW_REALM_EXACT))
		return 0;
	return rgw_nai_faults(name->value, name->len) & gw->conf->gateway.malformed_realms;
}

static void
on_malformed(struct rgw_gw *gw, struct rgw_req *req, unsigned faults, rgw_ms now)
{
	struct rgw_identity room;

	RGW_LOG(gw->log, RGW_LOG_NOTICE, "malformed-realm", rgw_origin_name(&req->origin),
	    "rejected: nobody can have the realm of this name; see malformed-realms",
	    rgw_f_origin(&req->origin), rgw_f_str("reason", rgw_nai_fault_text(faults)),
	    rgw_f_identity(gw, &req->packet, &room));
	rgw_req_reject(gw, req, RGW_CTR_request_malformed_realm, RGW_CAUSE_NOT_ROUTABLE, NULL, now);
}

/* Ends a request whose section has no pool. */
static void
on_rejected(struct rgw_gw *gw, struct rgw_req *req, const struct rgw_conf_realm *section, rgw_ms now)
{
	struct rgw_identity room;

	RGW_LOG(gw->log, RGW_LOG_INFO, "realm-rejected", section->head.name,
	    "rejected, as the [realm] section says", rgw_f_str("section", section->head.name),
	    rgw_f_origin(&req->origin), rgw_f_identity(gw, &req->packet, &room));
	rgw_req_reject(gw, req, RGW_CTR_request_rejected, RGW_CAUSE_PROHIBITED, section->reject, now);
}

static void
follow(struct rgw_gw *gw, struct rgw_req *req, const struct rgw_conf_realm *section, rgw_ms now)
{
	if (section->pool != NULL)
		rgw_pool_dispatch(gw, req, section->pool, now);
	else
		on_rejected(gw, req, section, now);
}

static void
follow_acct(struct rgw_gw *gw, struct rgw_req *req, const struct rgw_conf_realm *section, rgw_ms now)
{
	switch (section->acct.how) {
	case RGW_ACCT_SAME:
		follow(gw, req, section, now);
		break;
	case RGW_ACCT_ACK:
		rgw_req_acknowledge(gw, req, RGW_CTR_request_acct_acked, now);
		break;
	case RGW_ACCT_DROP:
		rgw_req_end(gw, req, RGW_CTR_request_acct_dropped, now);
		break;
	case RGW_ACCT_TARGET:
		rgw_pool_dispatch(gw, req, section->acct.target, now);
		break;
	}
}

const struct rgw_conf_realm *
rgw_route_section(const struct rgw_gw *gw, const struct rgw_req *req, unsigned *faults)
{
	const struct rgw_conf_realm *section;
	const struct rgw_attr *name = NULL;
	struct rgw_attr attr;

	if (rgw_packet_get(&req->packet, RGW_AT_USER_NAME, &attr))
		name = &attr;
	section = section_of(gw, req, name);
	*faults = faults_of(gw, name, section);
	return section;
}

void
rgw_route(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	const struct rgw_conf_head *pool = req->origin.asker->pool;
	const struct rgw_conf_realm *section;
	unsigned faults;

	if (rgw_code_is_dynamic(req->packet.code)) {
		rgw_change_route(gw, req, now);
		return;
	}
	if (pool != NULL) {
		rgw_pool_dispatch(gw, req, pool, now);
		return;
	}
	section = rgw_route_section(gw, req, &faults);
	if (section != NULL) {
		rgw_trail_note(req, RGW_STEP_RULE, section->head.name, now);
		req->fticks = (uint8_t)section->fticks;
	}
	if (faults != 0)
		on_malformed(gw, req, faults, now);
	else if (section == NULL)
		on_no_route(gw, req, now);
	else if (req->packet.code == RGW_ACCOUNTING_REQUEST)
		follow_acct(gw, req, section, now);
	else
		follow(gw, req, section, now);
}
