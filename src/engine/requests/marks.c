/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/nai.h"

/* What is remembered of members that leave requests unanswered: is the member dead, or is the realm behind it (P-FO-7)?
 * A member that is silent altogether goes last for all realms, a member that is alive goes last for the silent realm
 * only. */

/* A member that left unanswered what another member answered goes last for this long, or until it is heard. */
#define SILENT_MS 60000

/* Within this time an answer to Status-Server shows that not the member was at fault but the realm behind it. */
#define DOUBT_MS 5000

/* The realm that marks are kept for; NULL = none are kept for this request. In a pool with one member there is nothing
 * to choose. */
static const uint8_t *
marked_realm(const struct rgw_req *req, size_t *len)
{
	struct rgw_attr name;

	if (req->pool->n < 2 || req->pool->conf->dead_realm == 0 ||
	    !rgw_packet_get(&req->packet, RGW_AT_USER_NAME, &name))
		return NULL;
	return rgw_realm_of(name.value, name.len, len);
}

rgw_ms
rgw_mark_of(const struct rgw_req *req, const struct rgw_target *target, rgw_ms now)
{
	const struct rgw_conf_pool *conf = req->pool->conf;
	size_t len;
	const uint8_t *realm = marked_realm(req, &len);

	if (realm == NULL)
		return 0;
	return rgw_deadrealms_mark(&target->gw->deadrealms, realm, len, target->number,
	    conf->dead_realm_after, conf->dead_realm, now);
}

static void
mark_realm(const struct rgw_target *t, uint32_t dead_realm_after, const uint8_t *realm, size_t len, rgw_ms now)
{
	if (rgw_deadrealms_silent(&t->gw->deadrealms, realm, len, t->number, now) != dead_realm_after)
		return;
	rgw_count(t->gw, RGW_CTR_realms_marked);
	RGW_LOG(t->gw->log, RGW_LOG_NOTICE, "realm-dead", t->conf->name,
	    "the member is alive but leaves this realm unanswered: other members go first for the realm",
	    rgw_f_target(t), rgw_f_octets("realm", realm, len));
}

void
rgw_mark_unroutable(const struct rgw_attempt *a, rgw_ms now)
{
	size_t len;
	const uint8_t *realm = marked_realm(a->req, &len);

	if (realm != NULL)
		mark_realm(a->target, a->req->pool->conf->dead_realm_after, realm, len, now);
}

/* Notes the realm as doubtful, since nothing came from the target after it was asked. If the target turns out to be
 * alive soon, the realm is dead. */
static void
doubt(const struct rgw_attempt *a, rgw_ms now)
{
	struct rgw_target *t = a->target;
	size_t len;
	const uint8_t *realm = marked_realm(a->req, &len);

	if (realm == NULL || t->ops->ask == NULL)
		return;
	if (t->doubt == NULL)
		t->doubt = malloc(sizeof *t->doubt);
	if (t->doubt == NULL)
		return;
	*t->doubt = (struct rgw_doubt){ .dead_realm_after = a->req->pool->conf->dead_realm_after, .at = now,
		 .len = (uint8_t)len };
	memcpy(t->doubt->realm, realm, len);
}

static void
unmark(const struct rgw_attempt *a)
{
	const struct rgw_target *t = a->target;
	size_t len;
	const uint8_t *realm = marked_realm(a->req, &len);

	if (realm == NULL ||
	    rgw_deadrealms_answered(&t->gw->deadrealms, realm, len, t->number) <
	        a->req->pool->conf->dead_realm_after)
		return;
	rgw_count(t->gw, RGW_CTR_realms_cleared);
	RGW_LOG(t->gw->log, RGW_LOG_NOTICE, "realm-alive", t->conf->name, "the member answers for this realm again",
	    rgw_f_target(t), rgw_f_octets("realm", realm, len));
}

void
rgw_mark_unanswered(const struct rgw_attempt *a, rgw_ms now)
{
	/* Only a target that has said something since it was asked is known to be alive. */
	if (a->state == RGW_ATTEMPT_SENT && a->target->heard_at > a->ticket.sent_at)
		rgw_mark_unroutable(a, now);
}

void
rgw_mark_answered(struct rgw_attempt *winner, rgw_ms now)
{
	struct rgw_req *req = winner->req;

	unmark(winner);
	for (unsigned i = 0; i < RGW_ATTEMPTS; i++) {
		const struct rgw_attempt *a = &req->attempts[i];
		struct rgw_target *t = a->target;

		if (a == winner || a->state != RGW_ATTEMPT_SENT)
			continue;
		rgw_mark_unanswered(a, now);
		if (t->heard_at > a->ticket.sent_at)
			continue;
		if (t->silent_until <= now)
			RGW_LOG(t->gw->log, RGW_LOG_WARNING, "member-silent", t->conf->name,
			    "another member answered a request that this one did not, and nothing came from it "
			    "since: others go first for a while",
			    rgw_f_target(t));
		t->silent_until = now + SILENT_MS;
		doubt(a, now);
		/* Perhaps only one connection of the member was silent (P-TCP-15). */
		if (t->ops->ask != NULL)
			t->ops->ask(t, now);
	}
}

void
rgw_target_heard(struct rgw_target *target, rgw_ms now)
{
	struct rgw_doubt *d = target->doubt;

	target->heard_at = now;
	target->silent_until = 0;
	if (d != NULL && now - d->at < DOUBT_MS)
		mark_realm(target, d->dead_realm_after, d->realm, d->len, now);
	rgw_target_late(target);
}

void
rgw_target_late(struct rgw_target *target)
{
	free(target->doubt);
	target->doubt = NULL;
}
