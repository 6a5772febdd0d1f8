/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "doors/doors.h"
#include "links/links.h"
#include "radsecgw/nai.h"
#include "radsecgw/search.h"
#include "requests/requests.h"

/* What would become of a request, see radsecgw/search.h. It is asked of the functions that decide for real ones. */

struct answer {
	struct rgw_gw *gw;
	struct rgw_req req;        /* its entry is the next one, in no cache, and it has no octets to be freed */
	struct rgw_entry entry;
	struct rgw_asker nobody;   /* who asks, if nobody is named */
	struct rgw_conf_head head;
	uint8_t octets[RGW_HEADER_LEN + 2 + RGW_ATTR_VALUE_MAX];
	void (*say)(void *ctx, const char *sentence);
	void *ctx;
	rgw_ms now;
};

static void say(struct answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
say(struct answer *a, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	a->say(a->ctx, text);
}

/* ---- the request ---- */

static bool
find_asker(struct answer *a, const char *name)
{
	const struct rgw_conf *conf = a->gw->conf;

	a->nobody.conf = &a->head;
	a->req.origin.asker = &a->nobody;
	if (name == NULL)
		return true;
	for (size_t i = 0; i < conf->client.n; i++)
		if (strcmp(conf->client.v[i]->head.name, name) == 0) {
			a->req.origin.asker = &rgw_client_by_id(a->gw, conf->client.v[i]->head.id)->asker;
			return true;
		}
	for (size_t i = 0; i < conf->peer.n; i++)
		if (strcmp(conf->peer.v[i]->head.name, name) == 0) {
			a->req.origin.asker = &rgw_peer_by_id(a->gw, conf->peer.v[i]->head.id)->asker;
			return true;
		}
	return false;
}

static bool
make_request(struct answer *a, const struct rgw_would *would)
{
	size_t len = strlen(would->user);

	if (len == 0 || len > RGW_ATTR_VALUE_MAX)
		return false;
	a->octets[0] = would->acct ? RGW_ACCOUNTING_REQUEST : RGW_ACCESS_REQUEST;
	a->octets[3] = (uint8_t)(RGW_HEADER_LEN + 2 + len);
	a->octets[2] = (uint8_t)((RGW_HEADER_LEN + 2 + len) >> 8);
	a->octets[RGW_HEADER_LEN] = RGW_USER_NAME;
	a->octets[RGW_HEADER_LEN + 1] = (uint8_t)(len + 2);
	memcpy(a->octets + RGW_HEADER_LEN + 2, would->user, len);
	a->req.edition = a->gw->edition;
	a->req.entry = &a->entry;
	return rgw_packet_parse(&a->req.packet, a->octets, RGW_HEADER_LEN + 2 + len) == RGW_PACKET_OK;
}

/* ---- what becomes of it ---- */

static const char *
why(enum rgw_rank rank, struct rgw_target *target, const struct rgw_req *req)
{
	static const char *const texts[] = {
		[RGW_RANK_GOOD] = "nothing is known against it",
		[RGW_RANK_SILENT] = "it seems to work but left unanswered what another one answered",
		[RGW_RANK_DOUBTFUL] = "it is suspected, or back after a failure and not proven yet",
		[RGW_RANK_DOWN] = "it is down",
	};

	if (rank != RGW_RANK_UNFIT)
		return texts[rank];
	if (target->held)
		return "it gets no new requests since `radsecgw drain`";
	if (rgw_rank_is_loop(target, req))
		return "the request would come from there";
	return "it does not take this kind of request";
}

static void
say_member(struct answer *a, struct rgw_target *target, unsigned place)
{
	const struct rgw_req *req = &a->req;
	enum rgw_rank rank = rgw_rank_of(target, req, a->now);
	rgw_ms mark = rank != RGW_RANK_UNFIT ? rgw_mark_of(req, target, a->now) : 0;
	char number[24] = "not at all";

	if (place > 0)
		(void)snprintf(number, sizeof number, "as number %u", place);
	say(a, "The %s %s would be asked %s: %s%s%s%s.", target->ops->field, target->conf->name, number,
	    why(rank, target, req), mark != 0 ? ", but it has left this realm unanswered of late" : "",
	    target->trouble[0] != '\0' ? "; connecting failed last: " : "", target->trouble);
}

static void
follow(struct answer *a, const struct rgw_conf_head *section)
{
	struct rgw_req *req = &a->req;
	struct rgw_target *next;
	unsigned place = 0;

	req->pool = rgw_pool_of(a->gw, section);
	say(a, "It would go to %s.", section->name);
	while ((next = rgw_rank_best(req, RGW_RANK_DOWN, a->now)) != NULL) {
		say_member(a, next, ++place);
		req->tried |= rgw_pool_bit(req->pool, next);
	}
	for (size_t i = 0; i < req->pool->n; i++)
		if (rgw_rank_of(req->pool->members[i], req, a->now) == RGW_RANK_UNFIT)
			say_member(a, req->pool->members[i], 0);
}

static void
follow_section(struct answer *a, const struct rgw_conf_realm *section)
{
	bool acct = a->req.packet.code == RGW_ACCOUNTING_REQUEST;

	if (acct && section->acct.how == RGW_ACCT_ACK)
		say(a, "It would be acknowledged here, as the section says for accounting.");
	else if (acct && section->acct.how == RGW_ACCT_DROP)
		say(a, "It would be dropped, as the section says for accounting.");
	else if (acct && section->acct.how == RGW_ACCT_TARGET)
		follow(a, section->acct.target);
	else if (section->pool != NULL)
		follow(a, section->pool);
	else
		say(a, "It would be rejected here, as the section says (reason rejected).");
}

static void
route(struct answer *a)
{
	const struct rgw_conf_realm *section;
	unsigned faults;

	if (a->req.origin.asker->pool != NULL) {
		say(a, "The option `pool` of the client decides, whatever the realm.");
		follow(a, a->req.origin.asker->pool);
		return;
	}
	section = rgw_route_section(a->gw, &a->req, &faults);
	if (section != NULL)
		say(a, "[realm %s] matches.", section->head.name);
	if (faults != 0)
		say(a, "It would be rejected here: %s (reason malformed_realm).", rgw_nai_fault_text(faults));
	else if (section == NULL)
		say(a, "No [realm] section matches, so it would be turned away (reason no_route).");
	else
		follow_section(a, section);
}

bool
rgw_gw_would(struct rgw_gw *gw, const struct rgw_would *would, void (*sentence)(void *ctx, const char *sentence),
    void *ctx, rgw_ms now)
{
	struct answer a = { .gw = gw, .say = sentence, .ctx = ctx, .now = now };

	if (!find_asker(&a, would->asker)) {
		say(&a, "there is no [client] or [peer] called '%s'", would->asker);
		return false;
	}
	if (!make_request(&a, would)) {
		say(&a, "a name has 1 to %d octets", RGW_ATTR_VALUE_MAX);
		return false;
	}
	say(&a, "An %s of this user would come%s%s.", rgw_code_name(a.req.packet.code),
	    would->asker != NULL ? " from " : " from a client without the option `pool`",
	    would->asker != NULL ? would->asker : "");
	route(&a);
	return true;
}
